"""Which answers can be plotted or drawn as a network, told by their columns."""

from __future__ import annotations

import pytest

from kg.explorer.pages.places import place_of
from kg.explorer.pages.resultviews import (
    Cell,
    NetworkColumns,
    PlotColumns,
    Rows,
    cell,
    network_columns,
    plot_columns,
    read_rows,
)
from kg.vocab import PREFIXES, Term, integer, literal

XSD = PREFIXES["xsd"]
GENE = "https://identifiers.org/ncbigene/"


def number(value: object, datatype: str = "integer") -> Term:
    return Term(f'"{value}"^^<{XSD}{datatype}>')


def gene(id_: int) -> Term:
    return Term(f"<{GENE}{id_}>")


def figure(id_: str) -> Term:
    return Term(f"<https://pfocr.wikipathways.org/figures/{id_}.html>")


def paper(id_: int) -> Term:
    return Term(f"<https://identifiers.org/pmc/PMC{id_}>")


def rows(names: str, *terms: tuple[Term | None, ...]) -> Rows:
    return read_rows(names.split(), terms, most=1000, characters=100_000)


def kind_of(iri: str) -> str:
    place = place_of(iri)
    return place.kind if place else ""


@pytest.mark.parametrize(
    ("term", "wanted"),
    [
        (None, Cell("", "none")),
        (gene(1), Cell(f"{GENE}1", "iri")),
        (Term("_:b0"), Cell("_:b0", "blank")),
        (literal("a\tb"), Cell("a\tb", "text")),
        (Term('"de"@en'), Cell("de", "text")),
        (number(7), Cell("7", "number", 7)),
        (number("1.5", "decimal"), Cell("1.5", "number", 1.5)),
        (number("2e3", "double"), Cell("2e3", "number", 2000.0)),
        (number(2025, "gYear"), Cell("2025", "year", 2025)),
        (number("NaN", "double"), Cell("NaN", "text")),
        (number("INF", "double"), Cell("INF", "text")),
        (number("seven"), Cell("seven", "text")),
        (number("9" * 5000), Cell("9" * 5000, "text")),
        (Term(f'"<b>^^<{XSD}integer>"'), Cell(f"<b>^^<{XSD}integer>", "text")),
    ],
)
def test_cells(term: Term | None, wanted: Cell) -> None:
    assert cell(term) == wanted


YEARS = [(number(2020 + place, "gYear"), integer(place)) for place in range(3)]
NAMES = [(gene(place), literal(f"G{place}"), integer(9 - place)) for place in range(3)]


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        (rows("year figures", *YEARS), PlotColumns(0, 1, "columns")),
        (rows("figures year", *((b, a) for a, b in YEARS)), PlotColumns(1, 0, "columns")),
        (rows("pubYear n", (integer(2001), integer(1)), (integer(2002), integer(2))), PlotColumns(0, 1, "columns")),
        (rows("other symbol figures", *NAMES), PlotColumns(1, 2, "bars")),
        (rows("gene figures", *((a, c) for a, _, c in NAMES)), PlotColumns(0, 1, "bars")),
        (rows("name share", (literal("a"), number("0.5", "decimal")), (literal("b"), number("0.1", "decimal"))),
         PlotColumns(0, 1, "bars")),
        # one symbol of two genes: the genes name the bars
        (rows("gene symbol n", (gene(1), literal("A"), integer(1)), (gene(2), literal("A"), integer(2))),
         PlotColumns(0, 2, "bars")),
        # a year twice, one row, no number, a number that lacks, an identifier, nothing distinct
        (rows("year figures", YEARS[0], YEARS[0]), None),
        (rows("year figures", YEARS[0]), None),
        (rows("symbol word", (literal("a"), literal("b")), (literal("c"), literal("d"))), None),
        (rows("symbol n", (literal("a"), integer(1)), (literal("b"), None)), None),
        (rows("symbol ncbiId", (literal("a"), integer(1)), (literal("b"), integer(2))), None),
        (rows("title year", (literal("a"), number(2020, "gYear")), (literal("b"), number(2020, "gYear"))), None),
        (rows("a b"), None),
    ],
)  # fmt: skip
def test_plots(found: Rows, wanted: PlotColumns | None) -> None:
    assert plot_columns(found) == wanted


TITLED = [
    (figure("a"), literal("A"), gene(1)),
    (figure("b"), literal("B"), gene(1)),
    (figure("b"), literal("B"), gene(2)),
]
STAR = [(figure("PMC1__a"), gene(place), literal(f"G{place}")) for place in range(3)]


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        (rows("figure gene symbol", *STAR), NetworkColumns(0, 1, None, 2)),
        (rows("symbol gene figure", *((c, b, a) for a, b, c in STAR)), NetworkColumns(1, 2, 0, None)),
        (rows("figure title gene", *TITLED), NetworkColumns(0, 2, 1, None)),
        # pairs that nothing joins, one edge, other IRIs, one column only, an edge to itself
        (rows("figure paper", *((figure(str(place)), paper(place)) for place in range(4))), None),
        (rows("figure gene", STAR[0][:2]), None),
        (rows("gene lexicon", *((gene(1), Term(f"<http://example.com/{place}>")) for place in range(4))), None),
        (rows("gene", (gene(1),), (gene(2),)), None),
        (rows("a b", (gene(1), gene(1)), (gene(2), gene(2)), (gene(3), gene(3))), None),
        (rows("figure gene", *((a, b) for a, b, _ in STAR), (figure("x"), None)), None),
    ],
)  # fmt: skip
def test_networks(found: Rows, wanted: NetworkColumns | None) -> None:
    assert network_columns(found, kind_of) == wanted


def test_rows_are_bounded() -> None:
    terms = [(literal("x" * 100),) for _ in range(50)]
    by_rows = read_rows(["x"], terms, most=10, characters=100_000)
    assert (len(by_rows.cells), by_rows.more) == (10, True)
    by_text = read_rows(["x"], terms, most=100, characters=1_000)
    assert (len(by_text.cells), by_text.more) == (10, True)
    one = read_rows(["x"], terms[:1], most=100, characters=1)
    assert (len(one.cells), one.more) == (1, False), "a single large row is shown all the same"
    exact = read_rows(["x"], terms, most=50, characters=100_000)
    assert (len(exact.cells), exact.more) == (50, False)
