"""Small bulk files made from a few values, lexicons built from them, and their content as plain SQLite has it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import zstandard

from kg.bulk.files import BulkFile
from kg.errors import Problem
from kg.lexicon import Lexicon
from kg.lexiconbuild import build_lexicon

SAMPLES: Final = Path(__file__).parent / "samples"
DATE: Final = "2024-05-06"
"""Given to every build: dates of change would else go into the result."""

MAN: Final = 9606
MOUSE: Final = 10090

_GENE_INFO: Final = (
    "#tax_id", "GeneID", "Symbol", "LocusTag", "Synonyms", "dbXrefs", "chromosome", "map_location", "description",
    "type_of_gene", "Symbol_from_nomenclature_authority", "Full_name_from_nomenclature_authority",
    "Nomenclature_status", "Other_designations", "Modification_date", "Feature_type",
)  # fmt: skip
_GENE_HISTORY: Final = ("#tax_id", "GeneID", "Discontinued_GeneID", "Discontinued_Symbol", "Discontinue_Date")
_HGNC: Final = ("hgnc_id", "symbol", "name", "status", "alias_symbol", "prev_symbol", "date_modified", "entrez_id")
_PMC_IDS: Final = (
    "Journal Title", "ISSN", "eISSN", "Year", "Volume", "Issue", "Page", "DOI", "PMCID", "PMID", "Manuscript Id",
    "Release Date",
)  # fmt: skip


class G(NamedTuple):
    """A gene of a made `gene_info` or HGNC file; `previous` is HGNC's only."""

    ident: int | str
    symbol: str
    aliases: str = "-"
    taxon: int | str = MAN
    previous: str = ""


JAK2: Final = G(3717, "JAK2", "JTK10|THCYT3")
TP53: Final = G(7157, "TP53", "BCC7|LFS1|P53|TRP53")
MOUSE_TP53: Final = G(22059, "Trp53", "bbl|p44|p53", MOUSE)
AKT: Final = (G(207, "AKT1", "PKB|RAC"), G(208, "AKT2", "PKBB"), G(10000, "AKT3", "PKBG"))
MAPK: Final = (G(5594, "MAPK1", "ERK2|p38"), G(5595, "MAPK3", "ERK1"), G(1432, "MAPK14", "CSBP|p38"))


def _lines(*rows: Iterable[object], separator: str = "\t") -> str:
    return "".join(separator.join(map(str, row)) + "\n" for row in rows)


def gene_info(*genes: G) -> str:
    """NCBI's `gene_info` in today's columns."""
    rows = (
        (
            *(gene.taxon, gene.ident, gene.symbol, "-", gene.aliases, "-", "1", "-", "-", "protein-coding"),
            *("-", "-", "-", "-", "20240310", "-"),
        )
        for gene in genes
    )
    return _lines(_GENE_INFO, *rows)


def gene_history(*rows: tuple[object, ...]) -> str:
    """NCBI's `gene_history`; a row is a withdrawn id, the id in its place (`-`: none), and perhaps symbol and taxon."""
    full = ((*row, *("OLD", MAN)[len(row) - 2 :]) for row in rows)
    return _lines(_GENE_HISTORY, *((taxon, to, ident, symbol, "20200912") for ident, to, symbol, taxon in full))


def hgnc(*genes: G) -> str:
    """HGNC's complete set with the columns that matter."""
    rows = (
        (
            *(f"HGNC:{number}", gene.symbol, "a gene", "Approved"),
            *(gene.aliases.replace("-", "") if gene.aliases == "-" else gene.aliases, gene.previous, "2023-01-20"),
            gene.ident,
        )
        for number, gene in enumerate(genes, start=1)
    )
    return _lines(_HGNC, *rows)


def relations(*rows: tuple[str, str]) -> str:
    """FamPlex's members of families; a member that begins with `+` is a family itself."""
    return _lines(
        *(
            ("FPLX" if member.startswith("+") else "HGNC", member.removeprefix("+"), "isa", "FPLX", family)
            for member, family in rows
        ),
        separator=",",
    )


def texts(*rows: tuple[str, str]) -> str:
    """FamPlex's texts that mean a family."""
    return _lines(*((text, "FPLX", family) for text, family in rows), separator=",")


def obo(ontology: str, *terms: Mapping[str, object]) -> str:
    """An OBO file; a term is its tags, of which a list is a repeated one."""
    head = f"format-version: 1.2\ndata-version: {ontology}/releases/2024-05-29/{ontology}.obo\nontology: {ontology}\n"
    return head + "".join(f"\n[Term]\n{''.join(_tags(term))}" for term in terms)


def _tags(term: Mapping[str, object]) -> Iterable[str]:
    for tag, value in term.items():
        for one in value if isinstance(value, (list, tuple)) else (value,):
            yield f'{tag}: "{one}" EXACT []\n' if tag == "synonym" else f"{tag}: {one}\n"


ATP: Final = {"id": "CHEBI:15422", "name": "ATP", "alt_id": "CHEBI:10789", "synonym": "Adenosine triphosphate"}
CANCER: Final = {"id": "DOID:162", "name": "cancer", "alt_id": "DOID:1000", "synonym": "malignant tumor"}


def mesh(*records: tuple[str, str, str, tuple[str, ...]]) -> str:
    """MeSH descriptors: id, name, tree number, further terms."""
    told = "".join(
        f"<DescriptorRecord><DescriptorUI>{ident}</DescriptorUI><DescriptorName><String>{name}</String>"
        f"</DescriptorName><TreeNumberList><TreeNumber>{tree}</TreeNumber></TreeNumberList><ConceptList><Concept>"
        f"<TermList>{''.join(f'<Term><String>{term}</String></Term>' for term in (name, *terms))}</TermList>"
        f"</Concept></ConceptList></DescriptorRecord>\n"
        for ident, name, tree, terms in records
    )
    return f'<?xml version="1.0"?>\n<DescriptorRecordSet LanguageCode="eng">\n{told}</DescriptorRecordSet>\n'


def pmc_ids(*rows: tuple[str, str, str]) -> str:
    """NCBI's list of papers: PMC id, PMID, DOI."""
    filled = (("J", "1", "2", "2020", "1", "1", "1", doi, pmcid, pmid, "", "live") for pmcid, pmid, doi in rows)
    return _lines(_PMC_IDS, *filled, separator=",")


def written(folder: Path, name: str, content: str | bytes) -> Path:
    """A file of this content in a folder, made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def built(folder: Path, *contents: str | bytes, output: str = "made.lexicon", **options: Any) -> Path:
    """A lexicon in the folder, built from bulk files of these contents, in this order."""
    files = [written(folder / "bulk", f"{number}.txt", content) for number, content in enumerate(contents)]
    build_lexicon(files, folder / output, **({"date": DATE} | options))
    return folder / output


def lexicon(folder: Path, *contents: str | bytes, **options: Any) -> Lexicon:
    """The same, opened."""
    return Lexicon(built(folder, *contents, **options))


def tables(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables of a lexicon, in order, by plain SQLite."""
    data = path.read_bytes()
    if data.startswith(b"\x28\xb5\x2f\xfd"):
        data = zstandard.ZstdDecompressor().decompressobj().decompress(data)
    held = sqlite3.connect(":memory:")
    try:
        held.deserialize(data)
        assert held.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        names = [name for (name,) in held.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY 1")]
        return {name: sorted(held.execute(f"SELECT * FROM {name}"), key=repr) for name in names}  # noqa: S608 (ours)
    finally:
        held.close()


def samples() -> dict[str, Path]:
    """The sample files by name."""
    return {path.name: path for path in sorted(SAMPLES.iterdir()) if path.is_file()}


def rows_of(path: Path, taxa: frozenset[int] = frozenset()) -> tuple[list[Any], list[Problem]]:
    """What the reader gives of a bulk file, and what it warns of."""
    from kg.lexiconbuild import _format_of

    problems: list[Problem] = []
    file = BulkFile(path, problems.append)
    return list(_format_of(file).rows(file, taxa)), problems
