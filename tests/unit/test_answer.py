r"""Answers: read back the same from every format, as Python values, as data frames and graphs; no file stays behind."""

from __future__ import annotations

import gc
import io
import json
import sys
import tempfile
import unicodedata
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pyoxigraph as ox
import pytest
import rdflib
import rdflib.query
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

import kg
from kg import UsageError
from kg.answer import FORMS, Answer, short
from tests.small import ROOT, write

XSD: Final = "http://www.w3.org/2001/XMLSchema#"
RESULTS: Final = {
    "csv": ox.QueryResultsFormat.CSV,
    "tsv": ox.QueryResultsFormat.TSV,
    "json": ox.QueryResultsFormat.JSON,
    "xml": ox.QueryResultsFormat.XML,
}
GRAPH: Final = """
<https://identifiers.org/ncbigene/1> <http://www.w3.org/2000/01/rdf-schema#label> "A", "B"@en, "C"@en-GB .
<https://identifiers.org/ncbigene/2> <http://www.w3.org/2000/01/rdf-schema#label> "D" .
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[kg.GraphStore]:
    folder = write(tmp_path_factory.mktemp("answer"), {"graph.ttl": GRAPH})
    with kg.open_store(folder / "graph.ttl") as opened:
        yield opened


def rows_of(*values: Any, names: Sequence[str] = ("x",)) -> Answer:
    """An answer of one row."""
    cells = {}
    for name, value in zip(names, values, strict=True):
        if value is not None:
            cells[name] = value if isinstance(value, dict) else {"type": "literal", "value": value}
    told = {"head": {"vars": list(names)}, "results": {"bindings": [cells]}}
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", delete=False) as file:
        json.dump(told, file)
    return Answer(Path(file.name), graph=False)  # which removes it


def written(answer: Answer, form: str, **options: Any) -> bytes:
    out = io.BytesIO()
    answer.write(form, out, **options)
    return out.getvalue()


def read_back(data: bytes, form: str) -> list[tuple[Any, ...]]:
    found = ox.parse_query_results(data, format=RESULTS[form])
    assert isinstance(found, ox.QuerySolutions)
    return [tuple(row) for row in found]


# --- rows

MIXED: Final = """
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
SELECT ?iri ?text ?other WHERE { VALUES (?iri ?text ?other) {
  (<http://example.org/a#b> "plain, \\"quoted\\" | [x] <b> & \\\\ \\n\\t'" 1)
  (<urn:x> "caf\u00e9"@fr UNDEF)
  (UNDEF "" "2024"^^xsd:gYear)
  (UNDEF "  two  blanks " 1.50)
  (UNDEF "\U0001f600" 1e3)
  (UNDEF "NA" true)
  (UNDEF "1" "x"^^<urn:type>)
} }
"""


@pytest.mark.parametrize("form", ["tsv", "json", "xml"])
def test_rows_are_read_back_the_same(form: str, store: kg.GraphStore) -> None:
    with_limit = store.query(MIXED, limit=100)  # another writer
    answer = store.query(MIXED)
    wanted = read_back(written(answer, "json"), "json")
    assert len(wanted) == 7
    assert {type(cell) for row in wanted for cell in row} == {ox.NamedNode, ox.Literal, type(None)}
    assert read_back(written(answer, form), form) == wanted
    assert read_back(written(with_limit, form), form) == wanted


def test_rows_are_read_back_the_same_by_rdflib(store: kg.GraphStore) -> None:
    answer = store.query(MIXED)
    for form in ("json", "xml"):
        found = rdflib.query.Result.parse(io.BytesIO(written(answer, form)), format=form)
        terms = [row.asdict() for row in found if isinstance(row, rdflib.query.ResultRow)]
        wanted = [zip(answer.variables, row, strict=True) for row in answer.terms()]
        assert terms == [{name: rdflib.util.from_n3(term) for name, term in row if term} for row in wanted]
        assert len(terms) == 7


def test_csv_has_the_plain_values(store: kg.GraphStore) -> None:
    import csv

    text = written(store.query(MIXED), "csv").decode()
    lines = list(csv.reader(io.StringIO(text, newline="")))
    assert lines[0] == ["iri", "text", "other"]
    assert lines[1] == ["http://example.org/a#b", 'plain, "quoted" | [x] <b> & \\ \n\t\'', "1"]
    assert lines[2] == ["urn:x", "caf\u00e9", ""]
    assert len(lines) == 8


TEXTS: Final = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@settings(max_examples=100, deadline=None)
@given(TEXTS)
def test_any_text_is_read_back_from_json_and_tsv(text: str) -> None:
    answer = rows_of(text)
    assert [read_back(written(answer, form), form) for form in ("json", "tsv")] == [[(ox.Literal(text),)]] * 2
    assert [row["x"] for row in answer.rows()] == [text]


@pytest.mark.parametrize("text", ["a\rb", "a\r\nb", "\x01", "\x00", "\x1b[31m", "\ufffe", "\x0b\x0c"], ids=ascii)
def test_xml_is_well_formed_whatever_the_text(text: str) -> None:
    """What XML cannot hold at all is replaced, and a carriage return is not taken for a line's end."""
    import xml.etree.ElementTree as ET

    found = ET.fromstring(written(rows_of(text), "xml"))  # noqa: S314 (our own)
    if "\r" in text:
        assert "".join(found.itertext()) == text


# --- booleans and graphs


def test_a_boolean_in_every_format(store: kg.GraphStore) -> None:
    for word, wanted in (("ASK {}", True), ("ASK { <urn:x> ?p ?o }", False)):
        answer = store.query(word)
        assert (answer.form, answer.boolean, answer.variables) == ("boolean", wanted, ["boolean"])
        assert answer.rows() == [{"boolean": wanted}]
        assert list(answer.to_pandas()["boolean"]) == [wanted]
        for form in ("csv", "tsv", "json", "xml"):
            if form != "csv":  # which has no rule for booleans
                found = ox.parse_query_results(written(answer, form), format=RESULTS[form])
                assert isinstance(found, ox.QueryBoolean)
                assert bool(found) is wanted
        shown = str(wanted).lower()
        assert written(answer, "csv").decode().split()[-1] == shown
        assert written(answer, "table").decode().split() == ["boolean", shown]
        assert written(answer, "md").decode() == f"| boolean |\n| --- |\n| {shown} |\n"


CONSTRUCT: Final = "CONSTRUCT { ?s ?p ?o . ?s <urn:p> ?s } WHERE { ?s ?p ?o }"


def test_a_graph_in_every_format(store: kg.GraphStore) -> None:
    answer = store.query(CONSTRUCT)
    assert (answer.form, answer.variables) == ("graph", ["subject", "predicate", "object"])
    triples = set(answer.terms())
    assert len(triples) == 6  # the second template names a triple twice
    assert len(list(answer.terms())) == 6
    parsed = {tuple(str(t) for t in q.triple) for q in ox.parse(written(answer, "ttl"), format=ox.RdfFormat.TURTLE)}
    assert parsed == triples
    assert b"@prefix ncbigene: " in written(answer, "ttl")
    for form in ("tsv", "json", "xml"):
        found = read_back(written(answer, form), form)
        assert {tuple(map(str, row)) for row in found} == triples
        assert len(found) == 6
    for form in ("csv", "table", "md"):
        assert len(written(answer, form).decode().splitlines()) == 6 + (2 if form == "md" else 1)


def test_a_graph_as_rdflib_graph_and_data_frame(store: kg.GraphStore) -> None:
    graph = store.query(CONSTRUCT).to_graph()
    assert len(graph) == 6
    gene = rdflib.URIRef("https://identifiers.org/ncbigene/1")
    assert (gene, rdflib.RDFS.label, rdflib.Literal("C", lang="en-GB")) in graph
    assert graph.namespace_manager.qname(gene) == "ncbigene:1"
    assert store.query(CONSTRUCT).to_pandas().shape == (6, 3)


def test_without_pandas_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)  # as where it is not installed
    with pytest.raises(UsageError) as caught:
        rows_of(1).to_pandas()
    assert caught.value.problem.code == "missing-pandas"
    assert "pfocr-kg[pandas]" in caught.value.problem.mend


def test_a_graph_is_what_describe_gives_too(store: kg.GraphStore) -> None:
    answer = store.query("DESCRIBE <https://identifiers.org/ncbigene/2>")
    assert answer.form == "graph"
    assert len(answer.to_graph()) == 1


@pytest.mark.parametrize("query", ["SELECT * { ?s ?p ?o }", "ASK {}"])
def test_rows_are_no_graph(query: str, store: kg.GraphStore) -> None:
    answer = store.query(query)
    for ask in (answer.to_graph, lambda: written(answer, "ttl")):
        with pytest.raises(UsageError, match="is for CONSTRUCT and DESCRIBE") as error:
            ask()
        assert error.value.problem.code == "rows-are-no-graph"


def test_an_unknown_format_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(UsageError, match="table, csv, tsv, json, xml, ttl, md") as error:
        written(rows_of("a"), "xlsx")
    assert error.value.problem.code == "unknown-format"
    assert len(FORMS) == 7


# --- limits


def test_a_limit_of_the_query_cuts_rows_and_triples(store: kg.GraphStore) -> None:
    everything = "SELECT * { ?s ?p ?o }"
    assert [len(store.query(everything, limit=n).rows()) for n in (0, 1, 3, 4, 99)] == [0, 1, 3, 4, 4]
    assert [len(store.query(CONSTRUCT, limit=n).rows()) for n in (0, 1, 2)] == [0, 1, 2]
    assert store.query("ASK {}", limit=0).boolean is True


def test_a_limit_of_a_table_cuts_what_is_shown_and_tells(store: kg.GraphStore) -> None:
    answer = store.query("SELECT ?o { ?s ?p ?o } ORDER BY ?o")
    for form, head in (("table", 1), ("md", 2)):
        out = io.BytesIO()
        assert answer.write(form, out, limit=3) is False
        assert len(out.getvalue().decode().splitlines()) == head + 3
        assert answer.write(form, io.BytesIO(), limit=4) is True
        assert answer.write(form, io.BytesIO(), limit=None) is True
    assert answer.write("csv", io.BytesIO(), limit=1) is True
    assert len(written(answer, "csv", limit=1).splitlines()) == 5


# --- Python values

VALUES: Final = (
    ("7", "integer", 7),
    ("-7", "long", -7),
    ("+7", "int", 7),
    ("7", "nonNegativeInteger", 7),
    ("2024", "gYear", 2024),
    ("1.50", "decimal", Decimal("1.50")),
    ("1.5e3", "double", 1500.0),
    ("0.5", "float", 0.5),
    ("INF", "double", float("inf")),
    ("true", "boolean", True),
    ("1", "boolean", True),
    ("false", "boolean", False),
    ("0", "boolean", False),
    ("2024-01-02", "date", "2024-01-02"),
    ("text", "string", "text"),
    # What the datatype cannot be stays text.
    ("seven", "integer", "seven"),
    ("2024Z", "gYear", "2024Z"),
    ("1,5", "decimal", "1,5"),
    ("much", "double", "much"),
    ("yes", "boolean", "yes"),
)


@pytest.mark.parametrize(("text", "datatype", "wanted"), VALUES)
def test_literals_become_python_values(text: str, datatype: str, wanted: object) -> None:
    answer = rows_of({"type": "literal", "value": text, "datatype": f"{XSD}{datatype}"})
    (row,) = answer.rows()
    assert row == {"x": wanted}
    assert type(row["x"]) is type(wanted)


def test_other_terms_become_text_and_nothing_stays_nothing() -> None:
    answer = rows_of(
        {"type": "uri", "value": "http://example.org/"},
        {"type": "literal", "value": "caf\u00e9", "xml:lang": "fr"},
        {"type": "bnode", "value": "b0"},
        {"type": "literal", "value": "1", "datatype": "urn:t"},
        None,
        names="abcde",
    )
    assert answer.rows() == [{"a": "http://example.org/", "b": "caf\u00e9", "c": "b0", "d": "1", "e": None}]
    assert list(answer.terms()) == [("<http://example.org/>", '"caf\u00e9"@fr', "_:b0", '"1"^^<urn:t>', None)]


def test_a_data_frame_has_the_columns_and_values(store: kg.GraphStore) -> None:
    frame = store.query("SELECT ?a ?b { VALUES (?a ?b) { (1 'x') (2 UNDEF) } }").to_pandas()
    assert list(frame.columns) == ["a", "b"]
    assert list(frame["a"]) == [1, 2]
    assert frame["b"].isna().tolist() == [False, True]
    assert store.query("SELECT ?a ?b { VALUES (?a ?b) {} }").to_pandas().shape == (0, 2)


def test_rows_may_be_read_again_and_side_by_side(store: kg.GraphStore) -> None:
    many = " ".join(f"({n} '{'x' * 100}')" for n in range(5000))
    answer = store.query(f"SELECT ?n ?x {{ VALUES (?n ?x) {{ {many} }} }}")
    assert answer.rows() == answer.rows() == list(answer)
    assert [row["n"] for row in answer] == list(range(5000))
    pairs = [(one["n"], other["n"]) for one, other in zip(answer, answer, strict=True)]
    assert pairs == [(n, n) for n in range(5000)]


# --- tables and Markdown

FEARED: Final = (
    "a|b", "|", "a\\|b", "\\", "\\\\", "[x](http://evil.example/)", "![x](http://evil.example/y.png)", "<b>x</b>",
    "<script>", "&lt;b&gt;", "&amp;", "*a*", "**a**", "_b_", "`c`", "``", "~~d~~", "a\nb", "a\r\nb\n\nc", "# head",
    "- item", "1. item", "---", "http://example.org/", "<http://example.org/>", "[a]", "a]b[c", "$x$", "x^2^",
)  # fmt: skip


def cells_of(markdown: str) -> list[str]:
    """The cells of a Markdown table as a reader shows them."""
    html = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    return [
        "".join(_shown(child) for child in token.children or [])
        for token in html.parse(markdown)
        if token.type == "inline"
    ]


def _shown(token: Any) -> str:
    return f"<{token.type}>" if token.type not in ("text", "text_special") else str(token.content)


@pytest.mark.parametrize("text", FEARED, ids=ascii)
def test_markdown_shows_the_text_and_nothing_else(text: str) -> None:
    found = cells_of(written(rows_of(text, "end", names=("x", "y")), "md").decode())
    assert found == ["x", "y", " ".join(text.split()), "end"]


def test_markdown_links_iris(store: kg.GraphStore) -> None:
    answer = store.query("SELECT (<https://identifiers.org/ncbigene/1> AS ?g) (<http://e.org/a_b_(c)> AS ?h) {}")
    text = written(answer, "md").decode()
    assert "[ncbigene:1](<https://identifiers.org/ncbigene/1>)" in text
    assert written(rows_of({"type": "uri", "value": "javascript:alert(1)"}), "md").decode().count("](") == 0
    assert cells_of(text)[2] == "<link_open>ncbigene:1<link_close>"
    assert cells_of(text)[3] == "<link_open>http://e.org/a_b_(c)<link_close>"


CONTROLS: Final = "".join(map(chr, [*range(0x20), *range(0x7F, 0xA0)]))


@pytest.mark.parametrize("form", ["table", "md"])
def test_no_control_character_reaches_a_terminal(form: str) -> None:
    """A caption must not be able to move the cursor, change colours or ring."""
    text = written(rows_of(f"a{CONTROLS}b"), form).decode()
    assert {char for char in text if unicodedata.category(char) == "Cc"} <= {"\n"}
    assert len(CONTROLS) == 65


def test_a_tab_makes_no_empty_lines() -> None:
    assert written(rows_of("a\tb", "c", names=("x", "y")), "table").decode().count("\n") == 2


def test_a_table_cuts_nothing_off_and_folds_to_the_width(store: kg.GraphStore) -> None:
    long = "x" * 500
    assert long in written(rows_of(long), "table").decode()
    folded = written(rows_of(long), "table", width=40).decode()
    assert max(map(len, folded.splitlines())) <= 40
    assert folded.count("x") == 501
    assert "[bold]" in written(rows_of("[bold]a[/bold] [/]"), "table").decode()
    numbers = store.query("SELECT ?n { VALUES ?n { 1 100 } }")
    assert written(numbers, "table").decode() == "  n\n  1\n100\n"


def test_iris_are_shown_short_where_a_prefix_is_known() -> None:
    known = {
        "https://identifiers.org/ncbigene/6774": "ncbigene:6774",
        "http://www.w3.org/1999/02/22-rdf-syntax-ns#type": "rdf:type",
        "https://pfocr.wikipathways.org/figures/PMC1__a.html": "pfocr:PMC1__a.html",
        "https://identifiers.org/ncbigene/6774/x": "https://identifiers.org/ncbigene/6774/x",
        "https://example.org/": "https://example.org/",
    }
    assert {iri: short(ox.NamedNode(iri)) for iri in known} == known
    assert (short(None), short(ox.Literal("x")), short(ox.BlankNode("b"))) == ("", "x", "b")


# --- files


def files() -> set[Path]:
    return set(Path(tempfile.gettempdir()).glob("kg-answer-*"))


@pytest.fixture
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Temporary files of this test only."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


@pytest.mark.usefixtures("own_folder")
def test_the_file_goes_with_close_and_with_the_object(store: kg.GraphStore) -> None:
    answer = store.query("SELECT * { ?s ?p ?o }")
    file = answer._file
    before = file.closed
    answer.close()
    answer.close()
    assert (before, file.closed) == (False, True)
    other = store.query("SELECT * { ?s ?p ?o }")
    file = other._file
    before = file.closed
    del other
    gc.collect()
    assert (before, file.closed) == (False, True)
    assert files() == set()


@pytest.mark.usefixtures("own_folder")
def test_no_file_stays_after_an_error_or_a_looked_up_name(store: kg.GraphStore) -> None:
    for text in ("SELECT * {", "SELECT (<urn:f>(1) AS ?x) {}", "SELECT ?s { ?s ?p ?o"):
        with pytest.raises(kg.QueryError):
            store.query(text)
    with pytest.raises(kg.QueryError):
        store.query("figures-for-gene", gene="no such gene")
    gc.collect()
    assert files() == set()


def test_this_file_tests_the_checkout() -> None:
    assert Path(kg.__file__).is_relative_to(ROOT)
