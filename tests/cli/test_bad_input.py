"""Bad input: each problem's exact message and place, and runs that meet it without harm to anything else."""

from __future__ import annotations

import ast
import errno
import gzip
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, NoReturn

import pytest

import kg
from tests.lexicon import made
from tests.small import environment, genes, good, kg_command, kg_process, kg_run, record, write

CASES: Final = Path(__file__).parents[1] / "cases" / "reject"
CODES: Final = sorted(path.stem for path in CASES.glob("*.txt"))
PACKAGE: Final = Path(__file__).parents[2] / "kg"
NEEDS_LEXICON: Final = frozenset(["taxon-contradicts-id", "withdrawn-id"])
"""Codes of what the embedded lexicon cannot know: genes of other organisms, and ids that were withdrawn."""
# The limit that the message of record-too-large names.
LIMIT: Final = 16 * 1024 * 1024


# --- one case per code -------------------------------------------------------------------------------------------


def case_files(code: str) -> dict[str, bytes]:
    """The files of a case: those of its folder, or `CODE.md` with its tables."""
    if (CASES / code).is_dir():
        return {path.name: path.read_bytes() for path in sorted((CASES / code).iterdir())}
    names = [f"{code}.md", *(f"{code}-{kind}.tsv" for kind in ("genes", "chemicals", "diseases"))]
    return {name: (CASES / name).read_bytes() for name in names if (CASES / name).exists()}


def crc_broken(folder: Path) -> Path:
    """A zip archive whose one record does not have the bytes that its checksum tells of."""
    path = folder / "in.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("unreadable-file.md", record())
    path.write_bytes(path.read_bytes().replace(b"TGF-", b"TGG-"))
    return path


def messages(source: Path | str, *, check: bool = True, lexicons: Sequence[Path] = ()) -> list[str]:
    """The problems of an export as people see them."""
    found: list[str] = []
    kg.export(source, "out.ttl", check=check, lexicons=lexicons, on_problem=lambda p: found.append(p.text() + "\n"))
    return found


def gene_lexicon(folder: Path) -> Path:
    """A lexicon with a human and a mouse gene, and an id that was withdrawn: more than the embedded one knows."""
    return made.built(
        folder / "lexicon", made.gene_info(made.JAK2, made.MOUSE_TP53), made.gene_history((100, 3717, "JAKX", made.MAN))
    )


def case_messages(code: str, folder: Path, change: Callable[[bytes], bytes] = bytes, *, check: bool = True) -> str:
    """The problems of a case, whose files lie in `in/`, or in `in.zip` where no plain file can be so broken."""
    if code == "unreadable-file":
        return "".join(messages(crc_broken(folder).name, check=check))
    files = case_files(code)
    if code == "record-too-large":
        text = record().encode()
        files = {f"{code}.md": text + b" " * (LIMIT + 1 - len(text))}
    write(folder / "in", {name: change(data) for name, data in files.items()})
    lexicons = [gene_lexicon(folder)] if code in NEEDS_LEXICON else []
    return "".join(messages("in", check=check, lexicons=lexicons))


def test_there_is_a_case_for_every_code() -> None:
    """Each case is a record (or folder of records) with its message; two are too large or too broken to be kept."""
    built = {"record-too-large", "unreadable-file"}
    assert len(CODES) == 45
    assert {code for code in CODES if not case_files(code)} == built
    used = {name for code in CODES for name in case_files(code)}
    kept = {path.name for path in CASES.rglob("*") if path.is_file() and path.suffix != ".txt"}
    assert kept == used
    assert len(kept) == 53


@pytest.mark.parametrize("code", CODES)
def test_case(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message has the place, what, why and how to mend, word for word."""
    monkeypatch.chdir(tmp_path)
    expected = (CASES / f"{code}.txt").read_text("utf-8")
    assert f"[{code}]: " in expected.split("\n")[0]
    assert case_messages(code, tmp_path) == expected


CHANGES: Final[dict[str, Callable[[bytes], bytes]]] = {
    "crlf": lambda data: data.replace(b"\n", b"\r\n"),
    "bom": lambda data: b"\xef\xbb\xbf" + data,
    "bom-crlf": lambda data: b"\xef\xbb\xbf" + data.replace(b"\n", b"\r\n"),
    "cr": lambda data: data.replace(b"\n", b"\r"),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("code", [code for code in CODES if case_files(code)])
def test_case_with_other_line_ends(code: str, change: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Line ends and a byte-order mark move no place: lines and columns are those that an editor shows."""
    monkeypatch.chdir(tmp_path)
    expected = (CASES / f"{code}.txt").read_text("utf-8")
    # Without the check, where no shape has a part in the message: most of the time goes into making the shapes ready.
    assert case_messages(code, tmp_path, CHANGES[change], check=" breaks " in expected) == expected


# --- places ------------------------------------------------------------------------------------------------------

HERE: Final = "⟦"
"""Stands in a text where the message must point; the tests count it out and take it away."""

FLOW: Final = (
    "---\n{{figid: PMC9900001__f1, figtitle: 'α-{astral} Ωmega', pmcid: PMC9900001, year: {value}, "
    "schema-jsonld: {{'@context': 'https://schema.org/', "
    "'@id': 'https://pfocr.wikipathways.org/figures/PMC9900001__f1.html', '@type': Dataset, license: CC0}}, "
    "papertitle: 'A paper'}}\n---\n"
)
INLINE: Final = "\n- word: ' β2'\n  symbol: JAK2\n  source: hgnc_symbol\n  hgnc_symbol: JAK2\n  entrez: {}"
PLACES: Final[dict[str, tuple[str, str]]] = {
    "flow mapping behind Greek and an astral letter": ("bad-year", FLOW.format(astral="𝛼", value=f"{HERE}'24'")),
    "second line of a folded caption": ("bad-doi", record(fields={"caption": "α\n  β\n  γ", "doi": f"{HERE}none"})),
    "behind a literal block": ("bad-wpid", record(fields={"caption": "|-\n  α: β\n\n  γ # δ", "wpid": f"{HERE}5"})),
    "quoted key": ("bad-year", record(fields={"year": None, "'year'": f"  {HERE}'1'"})),
    "inline gene row": ("bad-id", record(fields={"genes": INLINE.format(f"'3717'{INLINE.format(f'{HERE}JAK-2')}")})),
    "control character": ("bad-yaml", record(fields={"caption": f"Σήμα {HERE}\a bell"})),
    "NUL": ("bad-yaml", record(fields={"caption": f"Σήμα 𝛼 {HERE}\0 nul"})),
    "tab as indent": ("bad-yaml", record(fields={"organisms": f"\n{HERE}\t- Homo sapiens"})),
    "key twice in the JSON-LD": (
        "duplicate-key",
        record().replace("  license: CC0\n", f"  license: CC0\n  {HERE}license: CC0\n"),
    ),
    "key of a list": ("bad-yaml", record(fields={f"{HERE}[a, b]": "c"})),
    "nested too deep": ("bad-yaml", record(fields={"keywords": "[" * 99 + f"{HERE}[" + "]" * 100})),
    "list that holds itself": ("bad-yaml", record(fields={"organisms": f"{HERE}&a [*a]"})),
}


def take_mark(text: str) -> tuple[str, int, int]:
    """The text without its mark, and the mark's line and column from 1."""
    assert text.count(HERE) == 1
    line, column = next((n, row.index(HERE)) for n, row in enumerate(text.split("\n"), 1) if HERE in row)
    return text.replace(HERE, ""), line, column + 1


@pytest.mark.parametrize("name", PLACES)
def test_place(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines and columns count code points from the top of the file, whatever stands before."""
    monkeypatch.chdir(tmp_path)
    assert len(PLACES) == 12
    code, marked = PLACES[name]
    text, line, column = take_mark(marked)
    write(tmp_path / "in", {"a.md": text})
    first = messages("in", check=False)[0]
    assert re.match(r"[^ ]+ \w+\[[a-z0-9-]+\]", first)
    place, found = first.split(" ", 1)[0], first.partition("[")[2].partition("]")[0]
    assert (place, found) == (f"in/a.md:{line}:{column}:", code)


def test_place_in_a_table_behind_wide_letters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cell's column is where the cell begins in its line."""
    monkeypatch.chdir(tmp_path)
    text, line, column = take_mark(
        genes({}, {"word": "ΙκΒα", "match": "𝛼", "ncbigene_symbol": "β", "ncbigene_id": f"{HERE}12a"})
    )
    write(tmp_path / "in", {"a.md": record(), "a-genes.tsv": text.replace("\n", "\r\n")})
    assert messages("in")[0].startswith(f"in/a-genes.tsv:{line}:{column}: warning[bad-id]: ncbigene_id is '12a'")
    assert line == 3
    assert column == len("9606.Homo sapiens.Primates.ΙκΒα.𝛼.β.") + 1


def test_place_of_a_byte_in_a_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table in another encoding is named itself, not its record."""
    monkeypatch.chdir(tmp_path)
    table = genes({"word": "β@"}).encode().replace(b"@", b"\xfc")
    write(tmp_path / "in", {"a.md": record(), "a-genes.tsv": b"\xef\xbb\xbf" + table})
    assert messages("in")[0].startswith(
        f"in/a-genes.tsv:2:{len('9606.Homo sapiens.Primates.β') + 1}: error[not-utf8]: byte 0xFC"
    )


# --- every code has a case ---------------------------------------------------------------------------------------

# Codes that no record causes but a call, a shape, or the machine: all of these are met in this file.
SCALE: Final = Path(__file__).parents[1] / "scale"
RUN_LEVEL: Final = frozenset([
    "bad-archive", "bad-base", "bad-bulk-file", "bad-bulk-row", "bad-date", "bad-image-url", "bad-jobs",
    "bad-lexicon", "bad-manifest", "bad-pmc-ids", "bad-quarantine", "bad-rdf", "bad-release", "bad-scheduler",
    "bad-shapes", "bad-source-iri", "bad-url", "broken-part", "differing-versions", "disk-full",
    "empty-lexicon", "far-output", "folder-in-use", "long-tmpdir", "lost-part", "lost-scheduler", "missing-package",
    "no-bulk-file", "no-lexicon", "no-manifest", "no-records", "no-source", "no-workers", "not-in-parts",
    "not-on-workers", "other-format", "output-is-input", "unknown-engine", "unknown-format", "unknown-taxon",
    "unreachable-scheduler", "unreadable-graph", "unreadable-source", "unwritable-output", "which-record",
    "worker-crash",
])  # fmt: skip
_KEBAB: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)+")
_MAKERS: Final = frozenset(("of", "warn", "refusal", "_refuse", "matching", "_refused", "_Doubt"))


def kebab(node: ast.AST) -> set[str]:
    """The texts in an expression that look like a code."""
    found = (n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str))
    return {text for text in found if _KEBAB.fullmatch(text)}


def codes_of(function: ast.AST) -> Iterator[str]:
    """The codes that calls in a function pass on, also through a local name such as `code`."""
    for node in ast.walk(function):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            position = 2 if name == "matching" else 0
            if name in _MAKERS and len(node.args) > position:
                yield from kebab(node.args[position])
            yield from (code for word in node.keywords if word.arg == "code" for code in kebab(word.value))
        if isinstance(node, ast.Assign) and any(
            isinstance(n, ast.Name) and n.id == "code" for target in node.targets for n in ast.walk(target)
        ):
            yield from kebab(node.value)


# What asks and what goes over HTTP: tests/project looks for the tests of these.
ASKING: Final = frozenset([
    "answer", "federate", "graphstore", "load", "parameters", "querycheck", "queryworker", "remote", "savedqueries",
    "queriescli", "servecli", "sparql", "storecli", "storefolder", "upload",
])  # fmt: skip


def is_asking(path: Path) -> bool:
    """Whether a module of the package loads, asks or serves graphs."""
    return path.stem in ASKING or "explorer" in path.parts


def source_codes() -> set[str]:
    """Every code of an error or warning in the package's source about records, graphs and lexicons."""
    sources = [path for path in PACKAGE.rglob("*.py") if not is_asking(path)]
    assert len(sources) > 60
    assert PACKAGE / "bulk" / "files.py" in sources
    return {code for path in sources for code in codes_of(ast.parse(path.read_text("utf-8")))}


def test_every_code_of_the_source_has_a_case() -> None:
    """A new code needs a case in the folder, or a test of a run that meets it."""
    found = source_codes()
    assert {"bad-doi", "no-id", "disk-full", "duplicate-figure", "bad-jsonld", "bad-score"} <= found
    shape_codes = {code for code in CODES if code.startswith(("figure-", "paper-title"))}
    assert len(shape_codes) == 7
    assert found - RUN_LEVEL == set(CODES) - shape_codes
    assert found & RUN_LEVEL == RUN_LEVEL
    before, _, after = Path(__file__).read_text("utf-8").partition("RUN_LEVEL: Final")
    text = before + after.partition("# fmt: skip")[2]
    text += "".join(path.read_text("utf-8") for path in sorted(SCALE.glob("*.py")))
    met = {code for code in RUN_LEVEL if re.search(rf'"{code}(?:"|: )|(?:error|warning)\[{code}\]', text)}
    assert met == RUN_LEVEL


# --- one broken record among good ones ---------------------------------------------------------------------------

BROKEN: Final = "PMC9900002__f9"


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """Three good records, and a broken one with two tables that sorts in the middle of them."""
    source = good(tmp_path / "mixed")
    broken = {f"_figures/{BROKEN}.md": record(BROKEN, {"year": "[2024]"}), f"_data/{BROKEN}-genes.tsv": genes()}
    return write(source, {**broken, f"_data/{BROKEN}-chemicals.tsv": "word\tmesh\tchebi\nATP\tmesh:D000255\tNA\n"})


def names_in(folder: Path) -> list[str]:
    """All file names of a folder, temporary ones too."""
    return sorted(path.name for path in folder.iterdir())


def test_the_others_come_out_as_if_it_were_not_there(mixed: Path, tmp_path: Path) -> None:
    """The run goes on; graph and description are those of the good records alone, byte for byte."""
    result = kg_run("export", mixed, "-o", tmp_path / "a" / ".." / "with.ttl")
    assert result.exit_code == 2, "a missing folder in the path is not made"
    result = kg_run("export", mixed, "-o", tmp_path / "with.ttl", "--report", tmp_path / "r.json")
    assert result.exit_code == 1
    assert (
        f"{BROKEN}.md:{record(BROKEN).split('year:')[0].count(chr(10)) + 1}:7: error[bad-field-type]: year is a list"
        in result.stderr
    )
    assert re.search(r"left out +1\n", result.stderr) or re.search(r"left out +1 +\n", result.stderr)
    assert result.stdout == ""
    clean = kg_run("export", good(tmp_path / "good"), "-o", tmp_path / "without.ttl")
    assert clean.exit_code == 0
    assert (tmp_path / "with.ttl").read_bytes() == (tmp_path / "without.ttl").read_bytes()
    told = json.loads((tmp_path / "r.json").read_text("utf-8"))
    assert told["left_out"] == {"bad-field-type": 1}
    assert [(p["code"], p["figid"], p["left_out"]) for p in told["problems"]] == [("bad-field-type", BROKEN, True)]
    assert (told["records"], told["figures"]) == (4, 3)


def test_its_tables_are_no_orphans(mixed: Path, tmp_path: Path) -> None:
    """Tables of a record that is left out belong to it all the same; they are in no other way a problem."""
    report = kg.export(mixed, tmp_path / "g.ttl")
    assert dict(report.problems.counts) == {"bad-field-type": 1}


@pytest.mark.parametrize("name", ["g.ttl", "g.trig", "layers"])
def test_strict_stops_and_writes_nothing(name: str, mixed: Path, tmp_path: Path) -> None:
    """The first error ends the run; what stood there before stays, and nothing else appears."""
    out = tmp_path / "out"
    out.mkdir()
    result = kg_run("export", mixed, "-o", out / name, "--strict")
    assert result.exit_code == 1
    assert "error[bad-field-type]" in result.stderr
    assert names_in(out) == []
    if name != "layers":
        (out / name).write_text("earlier")
        assert kg_run("export", mixed, "-o", out / name, "--strict").exit_code == 1
        assert {path.name: path.read_text() for path in out.iterdir()} == {name: "earlier"}


def test_strict_lets_warnings_pass(tmp_path: Path) -> None:
    """Only an error leaves a record out, so only an error stops a strict run."""
    source = write(tmp_path / "in", {"a.md": record(fields={"year": "'24'"})})
    assert kg_run("export", source, "-o", tmp_path / "g.ttl", "--strict").exit_code == 0


def test_quarantine_can_be_mended_and_exported(mixed: Path, tmp_path: Path) -> None:
    """The folder holds record, tables and problems, in a form that the same command reads."""
    bad = tmp_path / "bad"
    assert kg_run("export", mixed, "-o", tmp_path / "g.ttl", "--quarantine", bad).exit_code == 1
    held = sorted(str(path.relative_to(bad)) for path in bad.rglob("*") if path.is_file())
    assert held == [
        f"_data/{BROKEN}-chemicals.tsv", f"_data/{BROKEN}-genes.tsv", f"_figures/{BROKEN}.md",
        f"problems/{BROKEN}.json", f"problems/{BROKEN}.txt",
    ]  # fmt: skip
    for name in held[:3]:
        assert (bad / name).read_bytes() == (mixed / name).read_bytes()
    told = json.loads((bad / held[3]).read_text("utf-8"))
    assert [(p["severity"], p["code"], p["figid"]) for p in told] == [("error", "bad-field-type", BROKEN)]
    assert "error[bad-field-type]: year is a list" in (bad / held[4]).read_text("utf-8")
    mended = bad / held[2]
    mended.write_text(mended.read_text("utf-8").replace("[2024]", "'2024'"), "utf-8")
    again = kg.export(bad, tmp_path / "again.ttl")
    assert (again.ok, again.figures, again.genes, again.chemicals) == (True, 1, 1, 1)
    assert dict(again.problems.counts) == {}


def test_quarantine_keeps_records_of_one_name_apart(tmp_path: Path) -> None:
    """Two broken records under one file name, from two folders, are both kept."""
    for name in ("one", "two"):
        write(tmp_path / name, {"a.md": record(f"PMC1__{name}", {"year": "[2024]"})})
    sources = (tmp_path / "one", tmp_path / "two")
    result = kg_run("export", *sources, "-o", tmp_path / "g.ttl", "--quarantine", tmp_path / "bad")
    assert result.exit_code == 1
    texts = [path.read_text("utf-8") for path in sorted((tmp_path / "bad" / "_figures").iterdir())]
    assert sorted("PMC1__one" in text for text in texts) == [False, True]


def test_rejected_records_are_no_error(tmp_path: Path) -> None:
    """Curators' rejects are left out and told of; the run is clean."""
    source = write(
        good(tmp_path / "in"), {"_figures/PMC9900009__f1.md": record("PMC9900009__f1", {"number": "REJECT"})}
    )
    result = kg_run("export", source, "-o", tmp_path / "g.ttl")
    assert result.exit_code == 0
    assert "note[rejected-figure]" in result.stderr
    assert b"PMC9900009" not in (tmp_path / "g.ttl").read_bytes()


# --- wrong calls -------------------------------------------------------------------------------------------------


def archive_of(folder: Path, path: Path) -> Path:
    """The folder as zip or tar archive, by the path's suffix."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            for file in sorted(folder.rglob("*.*")):
                archive.write(file, file.relative_to(folder))
    else:
        with tarfile.open(path, "w:gz" if path.name.endswith("gz") else "w") as tar:
            tar.add(folder, ".")
    return path


def cut(path: Path, keep: float = 0.6) -> Path:
    """The file without its end."""
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * keep)])
    return path


# Code -> arguments behind `kg`, with {} for the folder that `calls` fills. The first word of the key is the code.
CALLS: Final[dict[str, str]] = {
    "usage: unknown option": "export {}/in -o {}/g.ttl --frobnicate",
    "usage: no source": "export -o {}/g.ttl",
    "usage: unknown engine": "export {}/in -o {}/g.ttl --engine jena",
    "usage: unknown command": "exprot {}/in",
    "usage: option without value": "export {}/in -o",
    "unknown-format: option": "export {}/in -o {}/g.ttl --format rdfxml",
    "unknown-format: compression": "export {}/in -o {}/g.ttl --format ttl.bz2",
    "unknown-format: suffix": "export {}/in -o {}/g.rdf",
    "unknown-format: packed suffix": "export {}/in -o {}/g.csv.gz",
    "unknown-format: check": "check {}/text.zip",
    "unreadable-source: missing": "export {}/missing -o {}/g.ttl",
    "unreadable-source: dangling": "export {}/dangling.md -o {}/g.ttl",
    "unreadable-source: data": "export {}/in -o {}/g.ttl --data {}/missing",
    "no-records: empty folder": "export {}/empty -o {}/g.ttl",
    "no-records: only tables": "export {}/in/_data -o {}/g.ttl",
    "no-records: folder named like a record": "export {}/folder.md -o {}/g.ttl",
    "no-records: archive": "export {}/norecords.zip -o {}/g.ttl",
    "bad-archive: cut zip": "export {}/cut.zip -o {}/g.ttl",
    "bad-archive: cut tar": "export {}/cut.tar -o {}/g.ttl",
    "bad-archive: cut tar.gz": "export {}/cut.tar.gz -o {}/g.ttl",
    "bad-archive: text named zip": "export {}/text.zip -o {}/g.ttl",
    "bad-archive: text named tar": "export {}/text.tar -o {}/g.ttl",
    "bad-archive: text named tar.gz": "export {}/text.tar.gz -o {}/g.ttl",
    "bad-archive: empty zip file": "export {}/nothing.zip -o {}/g.ttl",
    "unwritable-output: missing folder": "export {}/in -o {}/no/g.ttl",
    "unwritable-output: missing folder for layers": "export {}/in -o {}/no/layers",
    "unwritable-output: a file where a folder should be": "export {}/in -o {}/plainfile",
    "unwritable-output: report": "export {}/in -o {}/g.ttl --report {}/no/r.json",
    "folder-in-use: foreign files": "export {}/in -o {}/foreign",
    "folder-in-use: the source itself": "export {}/in -o {}/in",
    "folder-in-use: another file named like a layer": "export {}/in -o {}/others",
    "bad-quarantine: a file": "export {}/in -o {}/g.ttl --quarantine {}/plainfile",
    "bad-base: relative": "export {}/in -o {}/g.ttl --base vocab/",
    "bad-base: no slash": "export {}/in -o {}/g.ttl --base https://example.net/x",
    "bad-image-url: no file name": "export {}/in -o {}/g.ttl --image-url https://example.net/",
    "bad-image-url: relative": "export {}/in -o {}/g.ttl --image-url bin/{{filename}}",
    "bad-source-iri: relative": "export {}/in -o {}/g.ttl --source-iri records",
    "bad-release: blank": "export {}/in -o {}/g.ttl --release a/b",
    "bad-date: no date": "export {}/in -o {}/g.ttl --issued 2025-02-30",
    "bad-date: basic form": "export {}/in -o {}/g.ttl --issued 20250203",
    "bad-pmc-ids: missing": "export {}/in -o {}/g.ttl --pmc-ids {}/missing.csv",
    "bad-pmc-ids: no column": "export {}/in -o {}/g.ttl --pmc-ids {}/plainfile",
    "bad-pmc-ids: cut": "export {}/in -o {}/g.ttl --pmc-ids {}/cut.csv.gz",
    "which-record: several": "explain {}/in",
    "which-record: none of that name": "explain {}/in --figure PMC1__f1",
    "bad-lexicon: missing": "export {}/in -o {}/g.ttl --lexicon {}/missing.lexicon",
    "bad-lexicon: a text": "ground JAK2 --lexicon {}/plainfile",
    "bad-lexicon: explained with": "explain {}/in --figure PMC9900001__f1 --lexicon {}/plainfile",
    "bad-lexicon: shown": "lexicon info {}/plainfile",
    "bad-lexicon: cut": "lexicon info {}/cut.lexicon",
    "usage: no bulk file": "lexicon build -o {}/g.lexicon",
    "bad-bulk-file: missing": "lexicon build {}/missing.txt -o {}/g.lexicon",
    "bad-bulk-file: of no known format": "lexicon build {}/plainfile -o {}/g.lexicon",
    "bad-bulk-file: cut": "lexicon build {}/gene_info {}/cut.gene_info.gz -o {}/g.lexicon",
    "output-is-input: a bulk file": "lexicon build {}/gene_info -o {}/gene_info",
    "empty-lexicon: no gene of the taxon": "lexicon build {}/gene_info --taxon 3702 -o {}/g.lexicon",
    "unknown-taxon: no name that is known": "lexicon build {}/gene_info --taxon mankind -o {}/g.lexicon",
    "unknown-taxon: in no lexicon": "ground Trp53 --taxon 10090",
    "no-lexicon: none at all": "ground JAK2 --no-embedded-lexicon",
    "unwritable-output: missing folder for a lexicon": "lexicon build {}/gene_info -o {}/no/g.lexicon",
    "unreadable-graph: missing": "check {}/missing.ttl",
    "unreadable-graph: cut gz": "check {}/cut.ttl.gz",
    "unreadable-graph: not zst": "check {}/text.ttl.zst",
}  # fmt: skip


@pytest.fixture(scope="session")
def calls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Good records, and all that a wrong call can name instead."""
    folder = tmp_path_factory.mktemp("calls")
    source = good(folder / "in")
    for suffix in ("zip", "tar", "tar.gz"):
        cut(archive_of(source, folder / f"cut.{suffix}"))
        (folder / f"text.{suffix}").write_text("no archive at all\n" * 50)
    with zipfile.ZipFile(folder / "norecords.zip", "w") as archive:
        archive.writestr("readme.txt", "nothing")
    (folder / "cut.csv.gz").write_bytes(gzip.compress(b"PMCID,PMID,DOI\n" + os.urandom(5000))[:2000])
    (folder / "cut.ttl.gz").write_bytes(gzip.compress(os.urandom(5000))[:2000])
    genes_of = made.gene_info(made.JAK2, made.TP53, made.MOUSE_TP53)
    (folder / "gene_info").write_text(genes_of)
    (folder / "cut.gene_info.gz").write_bytes(gzip.compress(genes_of.encode())[:-12])
    cut(made.built(folder, genes_of, output="cut.lexicon"))
    (folder / "nothing.zip").touch()
    (folder / "dangling.md").symlink_to("nowhere.md")
    for name in ("empty", "folder.md", "foreign", "others"):
        (folder / name).mkdir()
    write(
        folder, {"plainfile": "a,b,c\n", "text.ttl.zst": "text", "foreign/mine.txt": "mine", "others/genes.csv": "mine"}
    )
    return folder


@pytest.mark.parametrize("name", CALLS)
def test_wrong_call(name: str, calls: Path) -> None:
    """Exit 2, one clear message on stderr, nothing on stdout, nothing written, nothing touched."""
    assert len(CALLS) == 63
    before = {path: path.read_bytes() for path in calls.rglob("*") if path.is_file()}
    result = kg_run(*(word.format(*[calls] * word.count("{}")) for word in CALLS[name].split()))
    assert result.exit_code == 2, result.stderr
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    code = name.split(":", maxsplit=1)[0]
    assert ("Error" if code == "usage" else f"error[{code}]: ") in result.stderr
    after = {path: path.read_bytes() for path in calls.rglob("*") if path.is_file()}
    made = {path for path in after if path not in before}
    if name == "unwritable-output: report":  # the graph was whole by then; it may stay, but whole
        assert made <= {calls / "g.ttl", calls / "g.void.ttl"}
        for path in made:
            path.unlink()
        made = set()
    assert made == set()
    assert {path: data for path, data in after.items() if path in before} == before


def test_wrong_call_of_the_library(tmp_path: Path) -> None:
    """What the command line cannot get wrong, the library can."""
    with pytest.raises(kg.UsageError) as caught:
        kg.export([], tmp_path / "g.ttl")
    assert caught.value.problem.code == "no-source"
    with pytest.raises(kg.UsageError) as caught:
        kg.export(good(tmp_path / "in"), tmp_path / "g.ttl", engine="jena")
    assert caught.value.problem.code == "unknown-engine"
    with pytest.raises(kg.UsageError) as caught:
        kg.build_lexicon([], tmp_path / "g.lexicon")
    assert caught.value.problem.code == "no-bulk-file"
    assert names_in(tmp_path) == ["in"]


def test_a_row_of_a_bulk_file_that_cannot_be_used(tmp_path: Path) -> None:
    """It is told with its place, and the lexicon is made of the rest."""
    file = made.written(tmp_path, "gene_info", made.gene_info(made.JAK2, made.TP53._replace(ident="7157x")))
    result = kg_run("lexicon", "build", file, "-o", tmp_path / "g.lexicon")
    assert result.exit_code == 0, result.stderr
    assert result.stdout == ""
    assert f"{file}:3" in result.stderr
    assert "warning[bad-bulk-row]: " in result.stderr
    assert "7157x" in result.stderr
    assert kg.Lexicon(tmp_path / "g.lexicon").info().counts["genes"] == 1


def test_layers_into_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`-o .` in an empty folder works, or is refused; either way nothing temporary stays."""
    source = good(tmp_path / "in")
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    result = kg_run("export", source, "-o", ".")
    assert result.exit_code in (0, 2)
    wanted = ["core.ttl", "genes.ttl", "links.ttl", "meta.ttl"] if result.exit_code == 0 else []
    assert [name for name in names_in(here) if not (name.startswith("queries") and wanted)] == wanted
    assert names_in(tmp_path) == ["here", "in"]


# --- broken shapes -----------------------------------------------------------------------------------------------

SHAPE: Final = """@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix x: <https://example.net/shapes#> .
x:S a sh:NodeShape ; sh:targetClass <http://purl.org/spar/doco/Figure> ; sh:property x:p .
x:p a sh:PropertyShape ; sh:path <http://purl.org/dc/terms/title> ; sh:minCount 1 ;
    sh:severity sh:Violation ; sh:message "A title." ; rdfs:comment "figtitle." .
"""
BROKEN_SHAPES: Final[dict[str, bytes]] = {
    "no Turtle": b"x:S a sh:NodeShape",
    "misspelt": SHAPE.replace("minCount", "minCont").encode(),
    "no message": SHAPE.replace('sh:message "A title." ;', "").encode(),
    "no comment": SHAPE.replace('; rdfs:comment "figtitle." ', "").encode(),
    "no shape": b"",
    "blank property shape": SHAPE.replace("sh:property x:p .", "sh:property [ sh:path x:q ] .").encode(),
    "bad pattern": SHAPE.replace("sh:minCount 1", 'sh:pattern "("').encode(),
    "bad count": SHAPE.replace("sh:minCount 1", 'sh:minCount "one"').encode(),
    "not UTF-8": SHAPE.replace("A title", "Ein Titel f@r").encode().replace(b"@", b"\xfc"),
}


@pytest.mark.parametrize("engine", ["shacl", "pyshacl"])
@pytest.mark.parametrize("name", BROKEN_SHAPES)
def test_broken_shapes(name: str, engine: str, tmp_path: Path) -> None:
    """Exit 3, one message, nothing written."""
    assert len(BROKEN_SHAPES) == 9
    shapes = write(tmp_path / "shapes", {"s.ttl": BROKEN_SHAPES[name]})
    out = tmp_path / "out"
    out.mkdir()
    result = kg_run("export", good(tmp_path / "in", 1), "-o", out / "g.ttl", "--shapes", shapes, "--engine", engine)
    assert result.exit_code == 3, result.stderr
    assert "error[bad-shapes]: " in result.stderr
    assert names_in(out) == []


def test_shapes_of_the_users_own_are_used(tmp_path: Path) -> None:
    """The good form of the shapes above passes, so the broken forms fail for their fault alone."""
    shapes = write(tmp_path / "shapes", {"s.ttl": SHAPE})
    for engine in ("shacl", "pyshacl"):
        result = kg_run(
            "export", good(tmp_path / "in", 1), "-o", tmp_path / "g.ttl", "--shapes", shapes, "--engine", engine
        )
        assert result.exit_code == 0, result.stderr
    assert kg_run("shapes", "--shapes", tmp_path / "missing").exit_code == 3
    assert kg_run("check", tmp_path / "g.ttl", "--shapes", tmp_path / "missing").exit_code == 3


# --- the machine -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["g.ttl", "g.nq.gz", "g.trig.zst", "layers"])
def test_full_disk(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is full when the data is synced: one message, an earlier output stays, nothing half-written."""

    def full(_handle: int) -> NoReturn:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    source, out = good(tmp_path / "in"), tmp_path / "out"
    out.mkdir()
    assert kg_run("export", source, "-o", out / name).exit_code == 0
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    assert len(before) >= 2
    monkeypatch.setattr(os, "fsync", full)
    result = kg_run("export", source, "-o", out / name)
    assert result.exit_code == 2
    assert "error[disk-full]: " in result.stderr
    assert "No space left on device" in result.stderr
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
    assert len(names_in(out)) == (1 if name == "layers" else 2)


LIMITED: Final = (
    "import resource, runpy, sys\n"
    "kind, limit = sys.argv[1:3]\n"
    "resource.setrlimit(getattr(resource, kind), (int(limit), int(limit)))\n"
    "sys.argv = ['kg', *sys.argv[3:]]\n"
    "runpy.run_module('kg', run_name='__main__')\n"
)


def limited(kind: str, limit: int, *arguments: object, timeout: float = 60) -> subprocess.CompletedProcess[str]:
    """The command in a process that may write files of so many bytes, or have so much memory."""
    command = [sys.executable, "-c", LIMITED, kind, str(limit), *(str(argument) for argument in arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=timeout, env=environment())


@pytest.mark.parametrize("name", ["g.ttl", "g.trig", "layers"])
def test_file_size_limit(name: str, tmp_path: Path) -> None:
    """A write that the system refuses half way leaves nothing behind."""
    source, out = good(tmp_path / "in", 60), tmp_path / "out"
    out.mkdir()
    done = limited("RLIMIT_FSIZE", 20_000, "export", source, "-o", out / name)
    assert done.returncode == 2, done.stderr
    assert "error[unwritable-output]: " in done.stderr
    assert "File too large" in done.stderr
    assert "Traceback" not in done.stderr
    assert names_in(out) == []


def test_description_that_cannot_be_written(tmp_path: Path) -> None:
    """Graph and description appear together or not at all; here a folder stands where the description should."""
    out = tmp_path / "out"
    (out / "g.void.ttl").mkdir(parents=True)
    result = kg_run("export", good(tmp_path / "in"), "-o", out / "g.ttl")
    assert result.exit_code == 2
    assert "error[unwritable-output]: " in result.stderr
    assert names_in(out) == ["g.void.ttl"]


@pytest.mark.parametrize("kind", ["folder", "dangling", "loop", "unreadable"])
def test_unreadable_file_among_good_ones(kind: str, tmp_path: Path) -> None:
    """A record that cannot be read is reported, the others are exported; a folder named x.md is no record."""
    source = good(tmp_path / "in")
    place = source / "_figures" / "PMC9900002__f9.md"
    if kind == "folder":
        place.mkdir()
    elif kind == "unreadable":  # a file that opens and then fails to read, for root too
        if not Path("/proc/self/mem").exists():
            pytest.skip("needs Linux's /proc")
        place.symlink_to("/proc/self/mem")
    else:
        place.symlink_to(place.name if kind == "loop" else "nowhere.md")
    result = kg_run("export", source, "-o", tmp_path / "g.ttl")
    assert "3 of " in result.stderr
    assert (tmp_path / "g.ttl").exists()
    if kind != "folder":
        assert "PMC9900002__f9.md: error[unreadable-file]: the file cannot be read: " in result.stderr
        assert result.exit_code == 1


def test_unreadable_table(tmp_path: Path) -> None:
    """A record whose table cannot be read is left out: without its rows it would be another figure."""
    if not Path("/proc/self/mem").exists():
        pytest.skip("needs Linux's /proc")
    source = good(tmp_path / "in")
    table = source / "_data" / "PMC9900002__f1-genes.tsv"
    table.unlink()
    table.symlink_to("/proc/self/mem")
    result = kg_run("export", source, "-o", tmp_path / "g.ttl")
    assert (result.exit_code, "2 of 3 records" in result.stderr) == (1, True)
    assert "PMC9900002__f1-genes.tsv: error[unreadable-file]" in result.stderr


# --- interrupted -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Records enough for a few seconds of work, made from one by the benchmark's corpus maker."""
    folder = tmp_path_factory.mktemp("many")
    source = good(folder / "one", 1)
    write(source, {"_data/PMC9900001__f1-genes.tsv": genes(*({"ncbigene_id": str(n)} for n in range(1, 120)))})
    maker = PACKAGE.parent / "bench" / "make_corpus.py"
    command = [sys.executable, str(maker), "--records", "1500", "--source", str(source), "--out", str(folder / "many")]
    subprocess.run(command, check=True, capture_output=True)
    return folder / "many"


def unfinished(folder: Path) -> list[Path]:
    """The temporary files of an export that is under way."""
    return [path for path in folder.rglob("*") if ".part" in str(path.relative_to(folder)) and path.is_file()]


def started(source: Path, output: Path) -> subprocess.Popen[str]:
    """An export that is known to be writing."""
    process = subprocess.Popen(
        kg_command("export", source, "-o", output), stderr=subprocess.PIPE, text=True, env=environment()
    )
    until = time.monotonic() + 30
    while not any(file.stat().st_size for file in unfinished(output.parent)):
        assert process.poll() is None, "the export ended before it could be interrupted"
        assert time.monotonic() < until
        time.sleep(0.005)
    return process


@pytest.mark.parametrize("name", ["g.ttl", "layers"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
def test_interrupted(number: signal.Signals, name: str, many: Path, tmp_path: Path) -> None:
    """Nothing half-written under the final name, an earlier output untouched; only SIGKILL may leave a temporary."""
    output = tmp_path / "out" / name
    output.parent.mkdir()
    kg.export(good(tmp_path / "in", 1), output)
    before = {path: path.read_bytes() for path in output.parent.rglob("*") if path.is_file()}
    process = started(many, output)
    process.send_signal(number)
    _, told = process.communicate(timeout=30)
    assert process.returncode == (-9 if number == signal.SIGKILL else 130)
    assert "Traceback" not in told
    kept = {path: path.read_bytes() for path in output.parent.rglob("*") if path.is_file() and ".part" not in str(path)}
    assert kept == before
    left = [entry for entry in names_in(output.parent) if entry.endswith(".part")]
    assert len(left) == (1 if number == signal.SIGKILL else 0)
    if number != signal.SIGKILL:
        assert "stopped; nothing was written" in told


def test_export_after_a_kill(many: Path, tmp_path: Path) -> None:
    """What a kill left behind does not stop, or stain, the next export."""
    output = tmp_path / "g.ttl"
    process = started(many, output)
    process.kill()
    process.communicate(timeout=30)
    source = good(tmp_path / "in", 1)
    kg.export(source, output)
    kg.export(source, tmp_path / "other.ttl")
    assert output.read_bytes() == (tmp_path / "other.ttl").read_bytes()


def test_reader_of_the_messages_goes_away(tmp_path: Path) -> None:
    """`kg export ... 2>&1 | head` ends the listing, not the export; at worst the exit status says so."""
    source = good(tmp_path / "in", 1)
    for number in range(400):
        figid = f"PMC{8000000 + number}__f1"
        write(source, {f"_figures/{figid}.md": record(figid, {"year": "'24'", f"colour{number}": "x"})})
    output = tmp_path / "g.ttl"
    process = subprocess.Popen(kg_command("export", source, "-o", output), stderr=subprocess.PIPE, env=environment())
    assert process.stderr is not None
    process.stderr.close()
    status = process.wait(timeout=60)
    assert output.exists() or status != 0, "exit 0 without a graph"
    assert [name for name in names_in(tmp_path) if name.endswith(".part")] == []


# --- hostile -----------------------------------------------------------------------------------------------------

# Nine levels of ten aliases each: a thousand million items in 300 bytes.
BOMB: Final = "\n".join(
    [
        "bomb0: &b0 [x, x, x, x, x, x, x, x, x, x]",
        *(f"bomb{n}: &b{n} [{', '.join([f'*b{n - 1}'] * 10)}]" for n in range(1, 9)),
    ]
)
BOMBED: Final = {
    "figid": {"figid": "*b8"},
    "figtitle": {"figtitle": "*b8"},
    "number": {"number": "*b8"},
    "pmcid": {"pmcid": "*b8"},
    "caption": {"caption": "*b8"},
    "organisms": {"organisms": "*b8"},
    "annotations": {"annotations": "\n- type: a\n  value: *b8"},
    "genes": {"genes": "*b8"},
    "gene cell": {"genes": "\n- word: *b8"},
    "jsonld": {"schema-jsonld": "*b8"},
    "jsonld keywords": {"schema-jsonld": "\n  '@context': https://schema.org/\n  keywords: *b8"},
    "jsonld context": {"schema-jsonld": "\n  '@context': *b8"},
    "jsonld id": {"schema-jsonld": "\n  '@context': https://schema.org/\n  '@id': *b8"},
}


def bombed(fields: dict[str, str]) -> str:
    """A record whose field is an alias that stands for more than memory can hold."""
    return record(fields=dict(fields)).replace("---\n", f"---\n{BOMB}\n", 1)


def told_of(files: dict[str, bytes], done: subprocess.CompletedProcess[str]) -> dict[str, list[str]]:
    """The codes of the errors that the messages give for each file."""
    found = re.findall(r"/([^/\n]+)\.md(?::\d+:\d+)?: error\[([a-z0-9-]+)\]: ", done.stderr)
    return {name: [code for file, code in found if file == name.replace(" ", "-")] for name in files}


def hostile_folder(folder: Path, files: dict[str, bytes]) -> Path:
    """One good record, and hostile ones."""
    return write(good(folder, 1), {f"_figures/{name.replace(' ', '-')}.md": data for name, data in files.items()})


def test_alias_bombs(tmp_path: Path) -> None:
    """A small text that stands for a huge one is refused before it is spelt out, and the good record comes out."""
    assert len(BOMBED) == 13
    files = {name: bombed(fields).encode() for name, fields in BOMBED.items()}
    source = hostile_folder(tmp_path / "in", files)
    # 1.5 GB is ten times what a run takes, and a hundredth of what one of the texts stands for.
    done = limited("RLIMIT_AS", 1_500_000_000, "export", source, "-o", tmp_path / "g.ttl", timeout=20)
    assert "Traceback" not in done.stderr
    assert done.returncode == 1, done.stderr[-2000:]
    assert {name: len(codes) for name, codes in told_of(files, done).items()} == dict.fromkeys(files, 1)
    assert "1 of 14 records" in done.stderr
    assert len(done.stderr) < 100_000
    assert (tmp_path / "g.ttl").exists()


HOSTILE: Final[dict[str, tuple[str, bytes]]] = {
    "flow nesting": ("bad-yaml", record(fields={"caption": "[" * 100_000}).encode()),
    "flow maps": ("bad-yaml", record(fields={"caption": "{a: " * 30_000}).encode()),
    "block nesting": ("bad-yaml", record(fields={"caption": "\n" + "- " * 50_000 + "x"}).encode()),
    "complex keys": ("bad-yaml", record(fields={"caption": "\n" + "? " * 50_000 + "x"}).encode()),
    "indented nesting": (
        "bad-yaml", record(fields={"caption": "\n" + "".join(f"{' ' * n}a:\n" for n in range(1, 450))}).encode(),
    ),
    "nested JSON-LD": ("bad-yaml", record(fields={"schema-jsonld": "{a: " * 200 + "x" + "}" * 200}).encode()),
    "20 MB": ("record-too-large", record(fields={"caption": "x" * 20_000_000}).encode()),
    "NUL bytes": ("bad-yaml", record().replace("signals", "sig\0nals").encode()),
    "only NUL bytes": ("no-front-matter", b"\0" * 5000),
    "empty": ("no-front-matter", b""),
    "UTF-16": ("not-utf8", record().encode("utf-16")),
    "binary": ("not-utf8", bytes(range(256)) * 40),
    "surrogate": ("not-utf8", record().encode().replace(b"signals", b"\xed\xa0\x80")),
    "unknown alias": ("bad-yaml", record(fields={"caption": "*nothing"}).encode()),
    "two documents": ("no-jsonld", record().encode().replace(b"schema-jsonld:", b"---\nschema-jsonld:")),
    "long PMC id": ("bad-pmcid", record(fields={"pmcid": "PMC" + "9" * 5000}).encode()),
    "figid of two lines": ("missing-figid", record(fields={"figid": '"a\\nb"'}).encode()),
    "list in the JSON-LD's id": ("identity-differs", record().encode().replace(b"'@id': ", b"'@id':\n  - ")),
}  # fmt: skip


def test_hostile_records(tmp_path: Path) -> None:
    """Whatever a record holds, it is reported and the good one comes out, soon and without a traceback."""
    assert len(HOSTILE) == 18
    files = {name: data for name, (_, data) in HOSTILE.items()}
    done = kg_process("export", hostile_folder(tmp_path / "in", files), "-o", tmp_path / "g.ttl", timeout=20)
    assert "Traceback" not in done.stderr
    assert done.returncode == 1, (done.returncode, done.stderr[-2000:])
    assert told_of(files, done) == {name: [code] for name, (code, _) in HOSTILE.items()}
    assert "1 of 19 records" in done.stderr
    assert len(done.stderr) < 100_000
    assert (tmp_path / "g.ttl").exists()


def test_long_dots_in_a_title(tmp_path: Path) -> None:
    """A title of many dots is tidied in a moment, not in minutes."""
    source = write(tmp_path / "in", {"a.md": record(fields={"papertitle": "'A" + " ." * 100_000 + "z'"})})
    done = kg_process("export", source, "-o", tmp_path / "g.ttl", timeout=20)
    assert done.returncode == 0


@pytest.mark.parametrize("column", ["ncbigene_id", "organism_id", "count_direct"])
def test_long_numbers_in_a_table(column: str, tmp_path: Path) -> None:
    """Python turns no text of 5,000 digits into a number; such an id is a problem of its row, not of the run."""
    source = write(good(tmp_path / "in", 1), {"a.md": ""})
    (source / "a.md").unlink()
    write(source, {"_data/PMC9900001__f1-genes.tsv": genes({}, {column: "9" * 5000, "word": "long"})})
    result = kg_run("export", source, "-o", tmp_path / "g.ttl")
    assert result.exit_code in (0, 1)
    assert (tmp_path / "g.ttl").exists()


def test_control_characters_in_a_table(tmp_path: Path) -> None:
    """A word is kept as it was read, NUL and all, in a graph that others can load."""
    source = write(tmp_path / "in", {"a.md": record(), "a-genes.tsv": genes({"word": 'a\0\x07\x85\u2028"\\'})})
    result = kg_run("export", source, "-o", tmp_path / "g.nt")
    assert result.exit_code == 0
    assert kg_run("check", tmp_path / "g.nt").exit_code == 0


def patched_zip(path: Path, offset_local: int, offset_central: int, value: int) -> Path:
    """A zip archive in which one field of a record's two headers is overwritten."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("_figures/PMC9900001__f1.md", record())
        archive.writestr("_figures/PMC9900002__f1.md", record("PMC9900002__f1"))
    data = bytearray(path.read_bytes())
    local, central = data.rindex(b"PK\x03\x04"), data.rindex(b"PK\x01\x02")
    data[local + offset_local] = data[central + offset_central] = value
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(("name", "offsets", "value"), [("encrypted", (6, 8), 1), ("unknown method", (8, 10), 99)])
def test_zip_member_that_cannot_be_unpacked(name: str, offsets: tuple[int, int], value: int, tmp_path: Path) -> None:
    """A password or a foreign compression makes one record unreadable, not the run."""
    path = patched_zip(tmp_path / "in.zip", *offsets, value)
    result = kg_run("export", path, "-o", tmp_path / "g.ttl")
    assert result.exit_code == 1, name
    assert "in.zip!_figures/PMC9900002__f1.md: error[unreadable-file]: " in result.stderr
    assert "1 of 2 records" in result.stderr


def test_archive_names_that_lead_outside(tmp_path: Path) -> None:
    """Nothing is unpacked, so `../` in a name leads nowhere."""
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    with zipfile.ZipFile(inner / "in.zip", "w") as archive:
        archive.writestr("_figures/PMC9900001__f1.md", record())
        archive.writestr("../../evil.md", record("PMC6__f1", {"year": "[1]"}))
        archive.writestr(str(tmp_path / "absolute.md"), record("PMC7__f1", {"year": "[1]"}))
    with tarfile.open(inner / "in.tar", "w") as tar:
        for name in ("../../evil.md", "_figures/PMC9900001__f1.md"):
            member = tarfile.TarInfo(name)
            member.size = len(record().encode())
            tar.addfile(member, io.BytesIO(record().encode()))
        link = tarfile.TarInfo("_figures/PMC9900002__f1.md")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    for archive_name in ("in.zip", "in.tar"):
        result = kg_run("export", inner / archive_name, "-o", tmp_path / "g.ttl", "--quarantine", inner / "bad")
        assert "1 of 1 records" in result.stderr
    assert names_in(tmp_path) == ["a", "g.ttl", "g.void.ttl"]
    assert names_in(inner) == ["in.tar", "in.zip"]


def test_folder_that_links_to_itself(tmp_path: Path) -> None:
    """Links in a circle are not followed for ever, and no record comes twice for it."""
    source = good(tmp_path / "in")
    (source / "again").symlink_to(source)
    (source / "_figures" / "_figures").symlink_to(source / "_figures")
    result = kg_run("export", source, "-o", tmp_path / "g.ttl")
    assert (result.exit_code, "3 of 3 records" in result.stderr) == (0, True)


NAMES: Final = ("μ-Abbildung 図.md", "a b#c?.md", 'it\'s "quoted".md', "[red]x[bold].md", "%41.md", "-o.md", "a\nb.md")


@pytest.mark.parametrize("name", NAMES)
def test_odd_file_names(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A record in a file of any name is read with its tables, and messages name it as it is."""
    monkeypatch.chdir(tmp_path)
    stem = name.removesuffix(".md")
    write(tmp_path / "in", {name: record(fields={"year": "'24'"}), f"{stem}-genes.tsv": genes()})
    report = kg.export("in", "g.ttl")
    assert (report.figures, report.genes, dict(report.problems.counts)) == (1, 1, {"bad-year": 1})
    assert next(iter(report.problems)).path == f"in/{name}"
    result = kg_run("export", Path("in") / name, "-o", "h.ttl", "--quarantine", "bad")
    assert result.exit_code == 0
    assert f"in/{name}:" in result.stderr
    assert Path("h.ttl").read_bytes() == Path("g.ttl").read_bytes()


def test_file_name_that_is_no_text(tmp_path: Path) -> None:
    """A name in another encoding is shown as well as it can be, in messages, report and quarantine."""
    source = good(tmp_path / "in")
    try:
        Path(os.fsdecode(os.fsencode(source / "_figures") + b"/caf\xe9.md")).write_text(
            record("PMC5__f1", {"year": "[1]"}), "utf-8"
        )
    except OSError:
        pytest.skip("this file system has only UTF-8 names")
    done = kg_process(
        "export", source, "-o", tmp_path / "g.ttl", "--report", tmp_path / "r.json", "--quarantine", tmp_path / "bad"
    )
    assert "Traceback" not in done.stderr
    assert done.returncode == 1
    assert json.loads((tmp_path / "r.json").read_text("utf-8"))["left_out"] == {"bad-field-type": 1}
    assert len(list((tmp_path / "bad" / "_figures").iterdir())) == 1


# --- kg check and kg explain on bad input ------------------------------------------------------------------------


def test_graph_with_a_syntax_error(tmp_path: Path) -> None:
    """The place of the error, exit 1."""
    path = tmp_path / "g.ttl"
    path.write_text('@prefix x: <https://example.net/> .\nx:a x:b "β" .\nx:a x:b .\n', "utf-8")
    result = kg_run("check", path)
    assert result.exit_code == 1
    assert f"{path}:3:" in result.stderr
    assert "error[bad-rdf]: " in result.stderr


def test_graph_without_anything_to_check(tmp_path: Path) -> None:
    """A graph that no shape is about is not called good."""
    path = tmp_path / "g.ttl"
    path.write_text("<https://example.net/a> <https://example.net/b> 1 .\n")
    result = kg_run("check", path)
    assert result.exit_code == 1
    assert "nothing was checked" in result.stderr


def test_graph_with_a_foreign_context(tmp_path: Path) -> None:
    """JSON-LD whose context would have to be fetched is refused; sockets are shut in tests."""
    path = tmp_path / "g.jsonld"
    path.write_text('{"@context": "https://example.net/c", "@id": "https://example.net/a", "b": 1}')
    result = kg_run("check", path)
    assert result.exit_code in (1, 2)
    assert "error[bad-rdf]: " in result.stderr


@pytest.mark.parametrize("suffix", ["nt.gz", "nt.zst"])
def test_graph_that_is_cut_short(suffix: str, tmp_path: Path) -> None:
    """A part of a packed graph is not the graph: it is refused even where the part has no syntax error."""
    path = tmp_path / f"g.{suffix}"
    kg.export(good(tmp_path / "in", 40), path)
    assert kg_run("check", path).exit_code == 0
    path.write_bytes(path.read_bytes()[:-5])
    result = kg_run("check", path)
    assert result.exit_code == 2
    assert "error[unreadable-graph]: " in result.stderr


def test_graph_in_two_zstd_frames(tmp_path: Path) -> None:
    """`cat a.nt.zst b.nt.zst` is a good zstd file; all of it is checked."""
    one, two = tmp_path / "one.nt.zst", tmp_path / "two.nt.zst"
    kg.export(good(tmp_path / "in", 2), one)
    bad = "<https://pfocr.wikipathways.org/figures/a.html> a <https://w3id.org/pfocr-kg/vocab#PathwayFigure> .\n"
    import zstandard

    two.write_bytes(one.read_bytes() + zstandard.ZstdCompressor().compress(bad.encode()))
    assert kg_run("check", one).exit_code == 0
    assert kg_run("check", two).exit_code == 1


def test_explain_of_a_broken_record(mixed: Path) -> None:
    """The same message as at export, exit 1."""
    result = kg_run("explain", mixed / "_figures" / f"{BROKEN}.md")
    assert result.exit_code == 1
    assert "error[bad-field-type]: year is a list" in result.stderr
    assert result.stdout == ""


def test_repeated_messages_are_cut_on_the_terminal_only(tmp_path: Path) -> None:
    """After twenty of a kind the rest is counted; the report has all."""
    source = tmp_path / "in"
    for number in range(25):
        figid = f"PMC{100 + number}__f1"
        write(source, {f"{figid}.md": record(figid, {"year": "'24'"})})
    result = kg_run("export", source, "-o", tmp_path / "g.ttl", "--report", tmp_path / "r.json")
    assert result.stderr.count("warning[bad-year]") == 20
    assert result.stderr.count("further bad-year are counted") == 1
    assert json.loads((tmp_path / "r.json").read_text("utf-8"))["problem_counts"] == {"bad-year": 25}


def test_cases_are_not_the_tools_only_input(tmp_path: Path) -> None:
    """All cases in one folder: each is reported, none hides another, and nothing but errors is left out."""
    source = tmp_path / "in"
    source.mkdir()
    for code in CODES:
        for name, data in case_files(code).items():
            shutil.copy2(CASES / name, source) if (CASES / name).is_file() else (source / name).write_bytes(data)
    result = kg_run("export", source, "-o", tmp_path / "g.ttl")
    assert result.exit_code == 1
    wanted = {code for code in CODES if case_files(code)} - {"orphan-table", "duplicate-figure", "paper-differs"}
    # Warnings of records that lose to another of the same figure id are not told, errors are.
    errors = {code for code in wanted if f"error[{code}]" in (CASES / f"{code}.txt").read_text("utf-8").split("\n")[0]}
    assert len(errors) == 20
    assert {code for code in errors if f"error[{code}]" not in result.stderr} == set()
