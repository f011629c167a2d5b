"""NCBI's list of ids: read whole or refused, only for the papers asked for, and what it adds to the graph."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import pytest

import kg
from kg.pmcids import PaperIds, read_pmc_ids
from tests.corpus.support import DCTERMS, FABIO, PRISM, SKOS, WDT, Graph, read_graph
from tests.small import record, write

# The columns of NCBI's file, in its order.
COLUMNS: Final = (
    *("Journal Title", "ISSN", "eISSN", "Year", "Volume", "Issue"),
    *("Page", "DOI", "PMCID", "PMID", "Manuscript Id", "Release Date"),
)
USUAL: Final = dict.fromkeys(COLUMNS, "") | {"Journal Title": "Cells", "Year": "2024", "Release Date": "live"}
PROV_USED: Final = "http://www.w3.org/ns/prov#used"
LIST_IRI: Final = "https://ftp.ncbi.nlm.nih.gov/pub/pmc/PMC-ids.csv.gz"


def row(number: int, pmid: str = "", doi: str = "", title: str = "Cells") -> dict[str, str]:
    return USUAL | {"PMCID": f"PMC{number}", "PMID": pmid, "DOI": doi, "Journal Title": title}


def listing(*rows: Mapping[str, str], columns: Sequence[str] = COLUMNS, end: str = "\n") -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, lineterminator=end, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def read(folder: Path, data: bytes, wanted: set[int]) -> dict[int, PaperIds]:
    (folder / "PMC-ids.csv").write_bytes(data)
    return read_pmc_ids(folder / "PMC-ids.csv", wanted)


ROWS: Final = (
    row(1, "111", "10.1234/One"),
    row(2, "222", title='Cells, Tissues, "Organs"'),
    row(12, "333", "10.1234/twelve", title="Journal, of, PMC1, papers"),
)
FOUND: Final = {1: PaperIds("111", "10.1234/One"), 2: PaperIds("222", ""), 12: PaperIds("333", "10.1234/twelve")}
PACKINGS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "plain": bytes,
    "gz": gzip.compress,
    "gz of two members": lambda data: gzip.compress(data[:200]) + gzip.compress(data[200:]),
    "bom": lambda data: b"\xef\xbb\xbf" + data,
    "gz with bom": lambda data: gzip.compress(b"\xef\xbb\xbf" + data),
    "crlf": lambda data: data.replace(b"\n", b"\r\n"),
    "no end of line": lambda data: data.removesuffix(b"\n"),
    "blank lines": lambda data: data.replace(b"\n", b"\n\n"),
}


@pytest.mark.parametrize("packing", PACKINGS)
def test_packings(packing: str, tmp_path: Path) -> None:
    """The kind of file goes by its bytes, not by its name."""
    assert read(tmp_path, PACKINGS[packing](listing(*ROWS)), {1, 2, 12}) == FOUND


def test_only_wanted_papers(tmp_path: Path) -> None:
    """PMC1 is not PMC12, and a title that names PMC1 is not its row."""
    for wanted in ({1}, {2}, {12}, {1, 12}, {3}, set[int]()):
        expected = {number: ids for number, ids in FOUND.items() if number in wanted}
        assert read(tmp_path, listing(*ROWS), wanted) == expected


ORDERS: Final = {
    "reversed": COLUMNS[::-1],
    "PMCID first": ["PMCID", *(name for name in COLUMNS if name != "PMCID")],
    "PMCID last": [*(name for name in COLUMNS if name != "PMCID"), "PMCID"],
    "only the needed": ["DOI", "PMID", "PMCID"],
    "more than today": ["New", *COLUMNS, "Newer"],
}


@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize("order", ORDERS)
def test_columns_go_by_name(order: str, end: str, tmp_path: Path) -> None:
    assert read(tmp_path, listing(*ROWS, columns=ORDERS[order], end=end), {1, 2, 12}) == FOUND


@pytest.mark.parametrize("quoting", [csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC])
def test_every_cell_quoted(quoting: int, tmp_path: Path) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, quoting=quoting).writerows([COLUMNS, *(list(cells.values()) for cells in ROWS)])  # type: ignore[arg-type]
    assert read(tmp_path, text.getvalue().encode(), {1, 2, 12}) == FOUND


@pytest.mark.parametrize("pmid", ["", "0", "NA", " ", "12a", "-5", "\u0661\u0662"])
def test_pmid_that_is_none(pmid: str, tmp_path: Path) -> None:
    """NCBI writes 0 for papers that PubMed does not have; the last case is digits of another script."""
    assert read(tmp_path, listing(row(1, pmid, "10.1234/One")), {1}) == {1: PaperIds("", "10.1234/One")}


@pytest.mark.parametrize("doi", ["", "NA", ".na.character", "11.1234/x", "10.1234/", "10.1234/a b"])
def test_doi_that_is_none(doi: str, tmp_path: Path) -> None:
    assert read(tmp_path, listing(row(1, "111", doi)), {1}) == {1: PaperIds("111", "")}


BROKEN_LINES: Final = {
    "open quote": '"Cells,,,2024,,,,10.1/x,PMC99,9,,live',
    "too few cells": "Cells,PMC99,9",
    "too many cells": "Cells" + "," * 40 + "PMC99,9",
    "endless cell": f"{'x' * 200_000},,,,,,,,PMC99,9,,live",
    "not a table": "<html>PMC99</html>",
}


@pytest.mark.parametrize("broken", BROKEN_LINES)
def test_a_broken_line_of_another_paper_is_harmless(broken: str, tmp_path: Path) -> None:
    """Only wanted lines are parsed: ten million others cost nothing and can break nothing."""
    head, *lines = listing(*ROWS).decode().splitlines()
    data = "\n".join([head, lines[0], BROKEN_LINES[broken], *lines[1:], ""]).encode()
    assert read(tmp_path, data, {1, 2, 12}) == FOUND


def test_an_endless_cell_of_a_wanted_paper_is_no_crash(tmp_path: Path) -> None:
    """Its line is refused by name or passed over; the csv module's own error is nothing for users."""
    data = listing(*ROWS, row(99, "9", title="x" * 200_000))
    try:
        found = read(tmp_path, data, {1, 2, 12, 99})
    except kg.UsageError as error:
        assert error.problem.code == "bad-pmc-ids"  # noqa: PT017 (either end is right)
    else:
        assert {number: ids for number, ids in found.items() if number != 99} == FOUND


PACKED: Final = gzip.compress(listing(*(row(n, str(n), f"10.1234/{n * 7919}") for n in range(1, 3000))))
REFUSED: Final[dict[str, tuple[bytes, str]]] = {
    "empty": (b"", "no column PMCID, PMID, DOI"),
    "empty gz": (gzip.compress(b""), "no column PMCID, PMID, DOI"),
    "no PMID": (listing(columns=["PMCID", "DOI"]), "no column PMID"),
    "no DOI": (listing(columns=["PMCID", "PMID"]), "no column DOI"),
    "no PMCID": (listing(columns=["PMID", "DOI"]), "no column PMCID"),
    "another file": (b"@prefix : <http://a.example/> .\n", "no column PMCID, PMID, DOI"),
    "one endless line": (b"x" * 200_000, ""),
    "cut gz": (PACKED[: len(PACKED) // 2], "cut short"),
    "gz without its end": (PACKED[:-8], "cut short"),
    "gz cut in its head": (PACKED[:5], "cut short"),
    "damaged gz": (PACKED[:500] + b"\0" * 500 + PACKED[1000:], "damaged"),
    "gz with a wrong checksum": (PACKED[:-8] + b"\0" * 4 + PACKED[-4:], "damaged"),
    "gz with rubbish behind": (PACKED + b"rubbish", "damaged"),
    "latin-1": (listing(row(1, "1", title="Zellen")).replace(b"Zellen", b"Z\xe4hne"), "not UTF-8"),
    "utf-16": (listing(*ROWS).decode().encode("utf-16"), "not UTF-8"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str, tmp_path: Path) -> None:
    """A file that is not read to its end must not pass for one with few papers."""
    data, what = REFUSED[name]
    with pytest.raises(kg.UsageError) as caught:
        read(tmp_path, data, {1})
    problem = caught.value.problem
    assert problem.code == "bad-pmc-ids"
    assert "PMC-ids.csv" in problem.what
    assert what in problem.what
    assert problem.mend


def test_no_such_file_and_a_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(kg.UsageError, match="cannot be used as a PMC-ids file"):
            read_pmc_ids(path, {1})


# What it adds to the graph

PAPER: Final = "https://identifiers.org/pmc/PMC{}"
NO_DOI: Final = {"doi": ".na.character"}


def exported(folder: Path, records: Mapping[str, Mapping[str, str | None]], ids: bytes) -> tuple[Graph, list[str]]:
    """The graph of invented records with a list of ids, and the codes of the problems met."""
    write(folder / "in", {f"_figures/{figid}.md": record(figid, fields) for figid, fields in records.items()})
    (folder / "PMC-ids.csv").write_bytes(ids)
    codes: list[str] = []
    kg.export(
        folder / "in",
        folder / "g.ttl",
        pmc_ids=folder / "PMC-ids.csv",
        on_problem=lambda problem: codes.append(problem.code),
    )
    return read_graph(folder / "g.ttl"), codes


def doi_matches(doi: str) -> set[str]:
    return {f"https://doi.org/{doi}", f"https://doi.org/{doi.lower()}"}


def pmid_matches(pmid: str) -> set[str]:
    starts = (
        "https://identifiers.org/pubmed/",
        "http://rdf.ncbi.nlm.nih.gov/pubmed/",
        "http://purl.uniprot.org/pubmed/",
    )
    return {start + pmid for start in starts}


def doi_forms(graph: Graph, paper: str) -> list[list[str]]:
    return [graph.values(paper, name) for name in (f"{PRISM}doi", f"{WDT}P356", f"{DCTERMS}identifier")]


def test_pmid_in_every_join_form(tmp_path: Path) -> None:
    """The record's own DOI stays, whatever the list says."""
    graph, codes = exported(tmp_path, {"PMC71__f1": {"doi": "10.1234/Own"}}, listing(row(71, "7171", "10.1234/other")))
    paper = PAPER.format(71)
    assert codes == []
    assert graph.values(paper, f"{FABIO}hasPubMedId") == graph.values(paper, f"{WDT}P698") == ["7171"]
    assert doi_forms(graph, paper) == [["10.1234/Own"], ["10.1234/OWN"], ["doi:10.1234/Own"]]
    assert graph.iris(paper, f"{SKOS}exactMatch") == doi_matches("10.1234/Own") | pmid_matches("7171")


@pytest.mark.parametrize("doi", [".na.character", "''", "NA", None], ids=str)
def test_missing_doi_is_filled(doi: str | None, tmp_path: Path) -> None:
    graph, codes = exported(tmp_path, {"PMC71__f1": {"doi": doi}}, listing(row(71, "7171", "10.1234/Filled")))
    paper = PAPER.format(71)
    assert codes == []
    assert doi_forms(graph, paper) == [["10.1234/Filled"], ["10.1234/FILLED"], ["doi:10.1234/Filled"]]
    assert graph.iris(paper, f"{SKOS}exactMatch") == doi_matches("10.1234/Filled") | pmid_matches("7171")


def test_nothing_is_made_of_nothing(tmp_path: Path) -> None:
    """PMID 0, an empty line for a paper, and a paper that is not in the list."""
    figures: dict[str, Mapping[str, str | None]] = {f"PMC{number}__f1": NO_DOI for number in (71, 72, 73)}
    graph, codes = exported(tmp_path, figures, listing(row(71, "0"), row(72)))
    assert codes == []
    for number in (71, 72, 73):
        paper = PAPER.format(number)
        assert graph.values(paper, f"{FABIO}hasPubMedCentralId") == [f"PMC{number}"]
        for name in (f"{FABIO}hasPubMedId", f"{WDT}P698", f"{SKOS}exactMatch", f"{PRISM}doi", f"{WDT}P356"):
            assert graph.values(paper, name) == []


def test_a_record_s_doi_beats_the_list_s_for_all_figures_of_a_paper(tmp_path: Path) -> None:
    """The first figure has no DOI, the second has one: no record contradicts it, so nobody is to be warned."""
    figures: dict[str, Mapping[str, str | None]] = {"PMC71__f1": NO_DOI, "PMC71__f2": {"doi": "10.1234/Own"}}
    graph, codes = exported(tmp_path, figures, listing(row(71, "7171", "10.1234/own")))
    assert graph.values(PAPER.format(71), f"{PRISM}doi") == ["10.1234/Own"]
    assert codes == []


def test_the_list_is_named_as_used(tmp_path: Path) -> None:
    """Provenance: what went in is told, and only where it did."""
    graph, _ = exported(tmp_path, {"PMC71__f1": {}}, listing(row(71, "7171")))
    runs = [subject for subject in graph.facts if f"<{LIST_IRI}>" in graph.values(subject, PROV_USED)]
    assert [run.rpartition("#")[2] for run in runs] == ["run"]
    kg.export(tmp_path / "in", tmp_path / "without.ttl")
    assert LIST_IRI not in (tmp_path / "without.ttl").read_text("utf-8")


def test_packed_or_plain_list_gives_the_same_bytes(tmp_path: Path) -> None:
    data = listing(row(71, "7171", "10.1234/x"))
    for name, content in {"plain": data, "packed": gzip.compress(data)}.items():
        (tmp_path / name).mkdir()
        exported(tmp_path / name, {"PMC71__f1": NO_DOI}, content)
    assert (tmp_path / "plain" / "g.ttl").read_bytes() == (tmp_path / "packed" / "g.ttl").read_bytes()


def test_a_list_that_cannot_be_used_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(kg.UsageError, match="no column"):
        exported(tmp_path, {"PMC71__f1": {}}, b"")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["PMC-ids.csv", "in"]
