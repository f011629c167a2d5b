"""The answer to a query as a page shows it: a table whose IRIs lead to pages of the explorer, a plot, a network."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast
from urllib.parse import urlencode

from markupsafe import Markup
from starlette.requests import Request

from kg.answer import Answer
from kg.explorer.context import Explorer
from kg.explorer.model import EntityKind
from kg.explorer.pages.places import place_of, short
from kg.explorer.pages.plots import Plot, PlotKind
from kg.explorer.pages.render import safe_url
from kg.explorer.pages.resultviews import (
    Cell,
    NetworkColumns,
    PlotColumns,
    Rows,
    network_columns,
    plot_columns,
    read_rows,
)
from kg.explorer.pages.tabular import Column, Listing, TableView, Value, in_memory

__all__ = ["MOST_ROWS", "Shown", "read", "shown"]

MOST_ROWS: Final = 10_000
"""Rows of an answer that its page shows; the files have all."""

_MOST_CHARACTERS: Final = 8_000_000
_LONGEST_CELL: Final = 1_500
_PAGE: Final = 50
_MOST_BARS: Final[Mapping[PlotKind, int]] = {"bars": 30, "columns": 200}
_MOST_EDGES: Final = 300
_LONGEST_NAME: Final = 48


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An answer as a template shows it.

    `boolean` is the answer to ASK; `views` are the ways to show it as label, address and whether it is the one that is
    shown; `files` the whole answer as label and address.
    """

    form: str
    boolean: bool | None
    table: TableView | None
    plot: Plot | None
    network: str
    view: str
    views: Sequence[tuple[str, str, bool]]
    files: Sequence[tuple[str, str]]
    rows: int
    more: bool
    cut: str = ""


def read(answer: Answer, most: int = MOST_ROWS) -> Rows:
    """The first rows of an answer."""
    return read_rows(answer.variables, answer.terms(), most=most, characters=_MOST_CHARACTERS)


def shown(explorer: Explorer, request: Request, answer: Answer, *, title: str, file: str, size: int = _PAGE) -> Shown:
    """What a page shows of an answer; the address (`view`, `rows-sort`, `rows-page`) tells how.

    Args:
        explorer: what is served.
        request: who asks.
        answer: its rows, of which the first `MOST_ROWS` are looked at.
        title: what was asked, as people read it.
        file: name of files with the answer.
        size: rows of a page of the table.
    """
    rows = read(answer)
    known = _Known(explorer)
    plot, network = plot_columns(rows), network_columns(rows, known.kind)
    offered = ["table", *(["plot"] if plot else []), *(["network"] if network else [])]
    asked = request.query_params.get("view", "table")
    view = asked if asked in offered else "table"
    cut = ""
    drawn = network_text = None
    if view == "plot" and plot:
        drawn, cut = _plot(request, rows, plot, known, title, file)
    if view == "network" and network:
        network_text, cut = _network(rows, network, known, title)
    table = (
        None if answer.form == "boolean" or view == "plot" else _listing(rows, known, title, file, size).view(request)
    )
    return Shown(
        form=answer.form,
        boolean=answer.boolean,
        table=table,
        plot=drawn,
        network=network_text or "",
        view=view,
        views=[(_VIEWS[one], _address(request, view=one), one == view) for one in offered] if len(offered) > 1 else [],
        files=[(name, _address(request, format=form)) for form, name in _FILES[answer.form]],
        rows=len(rows.cells),
        more=rows.more,
        cut=cut,
    )


_VIEWS: Final = {"table": "Table", "plot": "Plot", "network": "Network"}
_ROW_FILES: Final = (("csv", "CSV"), ("tsv", "TSV"), ("json", "JSON"), ("xml", "XML"))
_FILES: Final[Mapping[str, Sequence[tuple[str, str]]]] = {
    "rows": _ROW_FILES,
    "boolean": _ROW_FILES[2:],
    "graph": (("ttl", "Turtle"), ("nt", "N-Triples"), ("jsonld", "JSON-LD"), ("rdf", "RDF/XML")),
}


def _address(request: Request, **changes: str) -> str:
    """The page's address with other parameters; fields that were left empty stay, since that says something."""
    kept = [(key, value) for key, value in request.query_params.multi_items() if key not in {*changes, "format"}]
    anchor = "" if "format" in changes else "#result"
    return f"?{urlencode([*kept, *changes.items()])}{anchor}"


class _Known:
    """What IRIs name in the graph that is served, each looked up once."""

    def __init__(self, explorer: Explorer) -> None:
        self._index = explorer.index
        self._found: dict[str, tuple[str, str]] = {}

    def kind(self, iri: str) -> str:
        """The kind of what an IRI names; empty for anything else."""
        return self._look(iri)[0]

    def path(self, iri: str) -> str:
        """Its page; empty where it has none."""
        return self._look(iri)[1]

    def _look(self, iri: str) -> tuple[str, str]:
        if iri not in self._found:
            self._found[iri] = self._placed(iri)
        return self._found[iri]

    def _placed(self, iri: str) -> tuple[str, str]:
        place = place_of(iri)
        if place is None:
            return "", ""
        if len(place.kinds) == 1:
            return place.kind, place.path(place.kind)
        kinds = (kind for kind in place.kinds if self._index.entity(cast("EntityKind", kind), place.id))
        kind = next(kinds, "")
        return kind, place.path(kind) if kind else ""


def _listing(rows: Rows, known: _Known, title: str, file: str, size: int) -> Listing[Sequence[Cell]]:
    columns = [
        Column(
            name=name,
            head=name,
            value=_value(at),
            shown=_shown_in(at, known),
            numeric=bool(rows.cells) and all(row[at].number is not None or not row[at].text for row in rows.cells),
            css=_width(rows, at),
        )
        for at, name in enumerate(rows.names)
    ]
    return Listing(
        name="rows",
        caption=title,
        columns=columns,
        source=in_memory(rows.cells, columns),
        sort="",
        size=size,
        file=file,
        empty="Nothing in the graph fits.",
    )


def _width(rows: Rows, column: int) -> str:
    """Columns of long texts are given room."""
    return "title" if any(row[column].kind == "text" and len(row[column].text) > 60 for row in rows.cells[:200]) else ""


def _value(column: int) -> Callable[[Sequence[Cell]], Value]:
    def value(row: Sequence[Cell]) -> Value:
        number = row[column].number
        return row[column].text if number is None else number

    return value


def _shown_in(column: int, known: _Known) -> Callable[[Sequence[Cell]], Value]:
    return lambda row: _cell(row[column], known)


def _cell(cell: Cell, known: _Known) -> Value:
    """An IRI as a link to its page here, or to another site; a long text cut."""
    text = cell.text if len(cell.text) <= _LONGEST_CELL else f"{cell.text[:_LONGEST_CELL]}…"
    if cell.kind != "iri":
        return text
    path = known.path(cell.text)
    if path:
        return Markup('<a href="{}">{}</a>').format(path, short(cell.text))
    url = safe_url(cell.text)
    if not url:
        return text
    link = Markup('<a href="{}" rel="external noopener noreferrer">{}<span aria-hidden="true"> ↗</span></a>')
    return link.format(url, short(cell.text))


def _plot(request: Request, rows: Rows, wanted: PlotColumns, known: _Known, title: str, file: str) -> tuple[Plot, str]:
    """The plot of two columns, and what was left out of it."""
    most = _MOST_BARS[wanted.kind]
    columns: list[Column[Sequence[Cell]]] = [
        Column(
            name=rows.names[wanted.label],
            head=rows.names[wanted.label],
            value=_value(wanted.label),
            shown=_shown_in(wanted.label, known),
        ),
        Column(
            name=rows.names[wanted.value],
            head=rows.names[wanted.value],
            value=_value(wanted.value),
            shown=lambda row: _plain_number(row[wanted.value]),
            numeric=True,
        ),
    ]
    kept = rows.cells[:most]
    if wanted.kind == "columns":
        kept = sorted(kept, key=lambda row: row[wanted.label].number or 0)
    listing = Listing(
        name="rows", caption=title, columns=columns, source=in_memory(kept, columns), sort="", size=most, file=file
    )
    heads = f"{rows.names[wanted.value]} by {rows.names[wanted.label]}"
    cut = f"The first {most} of {len(rows.cells):,} rows are drawn." if len(rows.cells) > most else ""
    return Plot(kind=wanted.kind, title=title, note=heads, table=listing.view(request)), cut


def _plain_number(cell: Cell) -> str:
    """A number in digits that a script can read.

    >>> _plain_number(Cell("1.5E-2", "number", 0.015)), _plain_number(Cell("7", "number", 7))
    ('0.015', '7')
    """
    number = cell.number or 0
    return str(number) if isinstance(number, int) else f"{number:.6f}".rstrip("0").rstrip(".")


def _network(rows: Rows, wanted: NetworkColumns, known: _Known, title: str) -> tuple[str, str]:
    """Nodes and edges as JSON, as `kg.explorer.pages.network` has them, and what was left out."""
    nodes: dict[str, dict[str, Any]] = {}
    edges: dict[tuple[str, str], None] = {}
    cut = ""
    for row in rows.cells:
        ends = [(row[wanted.source], wanted.source_name), (row[wanted.target], wanted.target_name)]
        pair = (ends[0][0].text, ends[1][0].text)
        if pair[0] == pair[1] or pair in edges:
            continue
        if len(edges) == _MOST_EDGES:
            cut = f"The first {_MOST_EDGES} links are drawn; the table has all."
            break
        edges[pair] = None
        for end, name in ends:
            if end.text not in nodes:
                nodes[end.text] = _node(end.text, row[name].text if name is not None else "", known)
    text = json.dumps({"title": title, "nodes": list(nodes.values()), "edges": [list(edge) for edge in edges]})
    return text, cut


def _node(iri: str, name: str, known: _Known) -> dict[str, Any]:
    kind = known.kind(iri)
    label = name or short(iri)
    return {
        "id": iri,
        "kind": "near" if kind in ("figure", "paper") else kind,
        "label": label if len(label) <= _LONGEST_NAME else f"{label[: _LONGEST_NAME - 1].rstrip()}…",
        "path": known.path(iri),
    }
