"""Small invented records that export cleanly, and ways to run the command on them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from typer.testing import CliRunner, Result

from kg.cli import app

ROOT: Final = Path(__file__).parents[1]

GENE_COLUMNS: Final = (
    "organism_id", "organism_name", "organism_group", "word", "match", "ncbigene_symbol", "ncbigene_id", "source",
    "count_direct", "count_synonym", "count_match",
)  # fmt: skip
CHEMICAL_COLUMNS: Final = ("word", "mesh", "match", "name", "chebi")
_JAK2: Final = ("9606", "Homo sapiens", "Primates", "JAK2", "JAK2", "JAK2", "3717", "ncbigene_symbol", "1", "0", "0")
_ATP: Final = ("ATP", "mesh:D000255", "ATP", "ATP", "chebi:15422")

_FIELDS: Final = {
    "figid": "{figid}",
    "figtitle": "Signal {figid} of JAK2",
    "organisms": "[NA]",
    "organisms_ner": "[Homo sapiens]",
    "pmcid": "{pmcid}",
    "filename": "{rest}.jpg",
    "figlink": "/pmc/articles/{pmcid}/figure/F1/",
    "number": "F1",
    "caption": "TGF-β signals.",
    "papertitle": "Signals in cells",
    "reftext": "A Writer, et al. J Cases. 2024;1(1).",
    "year": "'2024'",
    "doi": "10.1234/Case.{pmcid}",
    "journal_title": "Journal of Cases",
    "journal_nlm_ta": "J Cases",
    "publisher_name": "Case Press",
    "keywords": "signal | case",
    "automl_pathway": "0.75",
    "figid_alias": "{pmcid}__F1",
    "figtype": "Figure",
    "redirect_from": "/figures/{pmcid}__F1",
    "ndex": "''",
    "seo": "CreativeWork",
}
_JSONLD: Final = """schema-jsonld:
  '@context': https://schema.org/
  '@id': https://pfocr.wikipathways.org/figures/{figid}.html
  '@type': Dataset
  description: TGF-β signals.
  license: CC0
  name: CreativeWork
  creator:
    '@type': Organization
    name: WikiPathways
  keywords:
  - JAK2
"""


def record(figid: str = "PMC9900001__f1", fields: Mapping[str, str | None] | None = None) -> str:
    """A record's text; `fields` are YAML values that replace or add fields, None takes one out."""
    pmcid, _, rest = figid.partition("__")
    names = {"figid": figid, "pmcid": pmcid, "rest": rest}
    values = {key: value.format(**names) for key, value in _FIELDS.items()}
    lines = [f"{key}: {value}\n" for key, value in {**values, **(fields or {})}.items() if value is not None]
    body = [line for line in lines if not line.startswith("schema-jsonld:")]
    own = [line for line in lines if line.startswith("schema-jsonld:")]
    dropped = fields is not None and "schema-jsonld" in fields
    return "".join(["---\n", *body, *(own if dropped else [_JSONLD.format(**names)]), "---\n"])


def genes(*rows: Mapping[str, str]) -> str:
    """A gene table; a row is the human gene JAK2 (3717) but for the cells given."""
    return _table(GENE_COLUMNS, _JAK2, rows)


def chemicals(*rows: Mapping[str, str]) -> str:
    """A chemical table; a row is ATP but for the cells given."""
    return _table(CHEMICAL_COLUMNS, _ATP, rows)


def _table(columns: Sequence[str], usual: Sequence[str], rows: Sequence[Mapping[str, str]]) -> str:
    cells = ([row.get(column, value) for column, value in zip(columns, usual, strict=True)] for row in rows or ({},))
    return "".join("\t".join(line) + "\n" for line in (columns, *cells))


def write(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write files below a folder, made if need be; gives the folder back."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def good(folder: Path, count: int = 3) -> Path:
    """A folder in the database's layout with so many good records, each with a gene table."""
    for number in range(1, count + 1):
        figid = f"PMC{9900000 + number}__f1"
        write(folder, {f"_figures/{figid}.md": record(figid), f"_data/{figid}-genes.tsv": genes()})
    return folder


def kg_run(*arguments: object) -> Result:
    """The command in this process; anything but a clean exit is an error here."""
    result = CliRunner().invoke(app, [os.fspath(a) if isinstance(a, Path) else str(a) for a in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), repr(result.exception)
    return result


def kg_command(*arguments: object) -> list[str]:
    """The command line of the command in a process of its own."""
    return [sys.executable, "-m", "kg", *(str(argument) for argument in arguments)]


def kg_process(*arguments: object, cwd: Path | None = None, timeout: float = 60) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, from any folder, with both streams piped."""
    return subprocess.run(
        kg_command(*arguments), capture_output=True, text=True, check=False, timeout=timeout, cwd=cwd, env=environment()
    )


def environment() -> dict[str, str]:
    """This process's environment with the checkout on Python's path."""
    return {**os.environ, "PYTHONPATH": str(ROOT)}
