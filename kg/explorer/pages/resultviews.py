"""How the rows of an answer can be shown besides as a table: as a plot, or as a network. Only the columns decide."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from itertools import chain, combinations
from typing import Final, Literal, NamedTuple

from kg.explorer.pages.plots import PlotKind
from kg.vocab import PREFIXES, Term, plain

__all__ = ["Cell", "NetworkColumns", "PlotColumns", "Rows", "cell", "network_columns", "plot_columns", "read_rows"]

CellKind = Literal["iri", "text", "number", "year", "blank", "none"]

_XSD: Final = PREFIXES["xsd"]
_INTEGERS: Final = frozenset(
    f"{_XSD}{name}"
    for name in (
        "integer", "int", "long", "short", "byte", "nonNegativeInteger", "positiveInteger", "nonPositiveInteger",
        "negativeInteger", "unsignedInt", "unsignedLong", "unsignedShort", "unsignedByte",
    )
)  # fmt: skip
_DECIMALS: Final = frozenset(f"{_XSD}{name}" for name in ("decimal", "double", "float"))
_LONGEST_INTEGER: Final = 300
"""Digits of a number; more are shown as text."""


class Cell(NamedTuple):
    """A value of an answer: its text, what it is, and its number where it is one (of a year, the year)."""

    text: str
    kind: CellKind
    number: int | float | None = None


class Rows(NamedTuple):
    """The first rows of an answer, and whether there are more."""

    names: Sequence[str]
    cells: Sequence[Sequence[Cell]]
    more: bool


class PlotColumns(NamedTuple):
    """Which column names the bars, which one tells how long they are, and whether they lie or stand."""

    label: int
    value: int
    kind: PlotKind


class NetworkColumns(NamedTuple):
    """The two columns whose values a row joins, and the columns that hold their names; None where there is none."""

    source: int
    target: int
    source_name: int | None
    target_name: int | None


def cell(term: Term | None) -> Cell:
    """A term of an answer as a cell.

    >>> cell(Term('"7"^^<http://www.w3.org/2001/XMLSchema#integer>')), cell(Term("<http://example.com/a>")).kind
    (Cell(text='7', kind='number', number=7), 'iri')
    """
    if term is None:
        return Cell("", "none")
    text = plain(term)
    if term.startswith("<"):
        return Cell(text, "iri")
    if term.startswith("_:"):
        return Cell(text, "blank")
    datatype = term[term.rindex('"') + 1 :].removeprefix("^^<").removesuffix(">")
    number = _number(text, datatype)
    kind: CellKind = "text" if number is None else "year" if datatype == f"{_XSD}gYear" else "number"
    return Cell(text, kind, number)


def _number(text: str, datatype: str) -> int | float | None:
    try:
        if datatype in _INTEGERS or datatype == f"{_XSD}gYear":
            return int(text) if len(text) <= _LONGEST_INTEGER else None
        found = float(text) if datatype in _DECIMALS else math.nan
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def read_rows(names: Sequence[str], terms: Iterable[tuple[Term | None, ...]], *, most: int, characters: int) -> Rows:
    """The first rows of an answer, as many as are asked for and fit in so many characters of text."""
    kept: list[Sequence[Cell]] = []
    for row in terms:
        cells = [cell(term) for term in row]
        characters -= sum(len(one.text) for one in cells)
        if len(kept) == most or (characters < 0 and kept):
            return Rows(names, kept, more=True)
        kept.append(cells)
    return Rows(names, kept, more=False)


def plot_columns(rows: Rows) -> PlotColumns | None:
    """The columns to plot: a number for each year, else a number for each name; None where nothing fits.

    A name fits when every row has another one; a number when every row has one and it is no identifier.
    """
    if len(rows.cells) < 2:
        return None
    columns = range(len(rows.names))
    years = [at for at in columns if _is_year(rows, at) and _distinct(rows, at)]
    values = [
        at for at in columns if _all(rows, at, "number") and not _is_id(rows.names[at]) and not _is_year(rows, at)
    ]
    names = [at for at in columns if _all(rows, at, "text") and _distinct(rows, at)]
    names += [at for at in columns if _all(rows, at, "iri") and _distinct(rows, at)]
    if not values or not (years or names):
        return None
    if years:
        return PlotColumns(years[0], values[0], "columns")
    return PlotColumns(names[0], values[0], "bars")


def network_columns(rows: Rows, kind_of: Callable[[str], str]) -> NetworkColumns | None:
    """The first two columns of things that the explorer knows, where rows join them to more than pairs.

    Args:
        rows: the answer.
        kind_of: the kind of what an IRI names (`gene`, `figure`, ...); empty for anything else.
    """
    known = [at for at in range(len(rows.names)) if _all(rows, at, "iri") and all(map(kind_of, _texts(rows, at)))]
    for source, target in combinations(known, 2):
        edges = {(row[source].text, row[target].text) for row in rows.cells if row[source].text != row[target].text}
        nodes = {end for edge in edges for end in edge}
        if len(edges) >= 2 and 2 * len(nodes) <= 3 * len(edges):  # in pairs there are two nodes an edge
            return NetworkColumns(source, target, _name_of(rows, source), _name_of(rows, target))
    return None


def _name_of(rows: Rows, column: int) -> int | None:
    """The column of text with one value for each value of another: the nearest at its right, else at its left."""
    for at in chain(range(column + 1, len(rows.names)), range(column - 1, -1, -1)):
        if not _all(rows, at, "text"):
            continue
        names: dict[str, set[str]] = {}
        for row in rows.cells:
            names.setdefault(row[column].text, set()).add(row[at].text)
        told = {name for values in names.values() for name in values}
        if all(len(values) == 1 for values in names.values()) and 2 * len(told) > len(names):
            return at
    return None


def _texts(rows: Rows, column: int) -> list[str]:
    return [row[column].text for row in rows.cells]


def _all(rows: Rows, column: int, kind: CellKind) -> bool:
    return bool(rows.cells) and all(row[column].kind == kind for row in rows.cells)


def _distinct(rows: Rows, column: int) -> bool:
    return len(set(_texts(rows, column))) == len(rows.cells)


def _is_year(rows: Rows, column: int) -> bool:
    named = rows.names[column].lower().endswith("year") and _all(rows, column, "number")
    return named or _all(rows, column, "year")


def _is_id(name: str) -> bool:
    return name.lower().endswith(("id", "identifier"))
