"""The pages of a figure and of a paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final, cast

from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from kg.explorer.context import Explorer
from kg.explorer.endpoint.linkeddata import linked_data
from kg.explorer.model import KINDS, STRICTNESS, Figure, FigureRow, Mention, Strictness
from kg.explorer.pages.cells import entity_link, tag
from kg.explorer.pages.lists import FIGURE_COLUMNS, PLURALS, SHARING_COLUMNS
from kg.explorer.pages.network import network
from kg.explorer.pages.params import choice, text
from kg.explorer.pages.render import page
from kg.explorer.pages.tabular import Column, Listing, asked_csv, in_memory

__all__ = ["routes"]

_NEIGHBOURS: Final = 10
_MENTIONS: Final = 250
"""Rows of a page of what was read; most figures have fewer, and so are shown whole."""

_MENTION_COLUMNS: Final[tuple[Column[Mention], ...]] = (
    Column(name="word", head="Word read", value=lambda row: row.word, css="words"),
    Column(name="match", head="Matched to", value=lambda row: row.match, css="words"),
    Column(
        name="entity", head="Stands for", value=lambda row: row.entity.label, shown=lambda row: entity_link(row.entity)
    ),
    Column(name="id", head="Id", value=lambda row: row.entity.id, only_csv=True, sorts=False),
    Column(name="kind", head="Kind", value=lambda row: row.entity.kind, shown=lambda row: tag(row.entity.kind)),
    Column(name="lexicon", head="Lexicon", value=lambda row: row.lexicon),
    Column(
        name="strictness", head="Strictness", value=lambda row: row.strictness, shown=lambda row: tag(row.strictness)
    ),
    Column(name="occurrences", head="Times", value=lambda row: row.occurrences, numeric=True),
    Column(
        name="doubts",
        head="Doubts",
        value=lambda row: " ".join(row.doubts),
        shown=lambda row: _doubts(row.doubts),
    ),
)

_SIGN: Final = Markup(
    '<svg class="sign" viewBox="0 0 16 16" aria-hidden="true"><path fill="none" stroke="currentColor"'
    ' stroke-width="1.6" stroke-linejoin="round" stroke-linecap="round" d="M8 2 15 14H1Z M8 6.5v3.6 M8 12.1v.1"/></svg>'
)


def routes(explorer: Explorer) -> list[BaseRoute]:
    """The addresses of this module."""
    return [
        Route("/figure/{id:path}", partial(_figure, explorer), name="figure"),
        Route("/paper/{id}", partial(_paper, explorer), name="paper"),
    ]


async def _figure(explorer: Explorer, request: Request) -> Response:
    """The page of one figure, or its triples."""
    id_ = request.path_params["id"]
    figure = await run_in_threadpool(explorer.index.figure, id_)
    if figure is None:
        raise HTTPException(404, f"The graph has no figure {id_[:100]}.")
    mentions, neighbours = await run_in_threadpool(_evidence, explorer, id_)
    listings = _listings(request, figure, mentions, neighbours)
    if wanted := asked_csv(request, listings):
        return await wanted.csv(request)
    if (told := await linked_data(explorer, request, figure.iri)) is not None:
        return told

    def context() -> Mapping[str, Any]:
        return {
            "figure": figure,
            "mentions": listings[0].view(request),
            "neighbours": listings[1].view(request),
            "network": network(figure, mentions, neighbours),
            "counts": _counts(mentions),
            "unlinked": explorer.index.unlinked(figure.id),
            "doubtful": sum(bool(one.doubts) for one in mentions),
            "filters": _mention_filter(request),
            "entities": _by_kind(mentions),
        }

    return await page(explorer, request, "figure.html", context)


def _evidence(explorer: Explorer, id_: str) -> tuple[Sequence[Mention], Sequence[FigureRow]]:
    return explorer.index.mentions(id_), explorer.index.neighbours(id_, limit=_NEIGHBOURS)


def _listings(
    request: Request, figure: Figure, mentions: Sequence[Mention], neighbours: Sequence[FigureRow]
) -> tuple[Listing[Mention], Listing[FigureRow]]:
    """The tables of a figure's page: what was read, and the nearest figures."""
    return (
        Listing(
            caption="What was read in the figure",
            columns=_MENTION_COLUMNS,
            source=in_memory(_kept(mentions, _mention_filter(request)), _MENTION_COLUMNS),
            sort="",
            size=_MENTIONS,
            file=f"{figure.id}-mentions",
            empty="Nothing that was read fits. Take a filter away to see more."
            if mentions
            else "No gene, chemical or disease was read in this figure.",
        ),
        Listing(
            name="neighbours",
            caption="Figures that share most genes",
            columns=SHARING_COLUMNS,
            source=in_memory(neighbours, SHARING_COLUMNS),
            sort="shared",
            file=f"{figure.id}-neighbours",
            empty="No other figure of the graph shares a gene with this one.",
        ),
    )


def _mention_filter(request: Request) -> dict[str, str]:
    asked = request.query_params
    return {
        "kind": choice(asked, "kind", KINDS, cast("Any", "")),
        "strictness": choice(asked, "strictness", STRICTNESS, "all"),
        "text": text(asked, "text"),
        "doubts": choice(asked, "doubts", ("only",), ""),
    }


def _kept(mentions: Sequence[Mention], wanted: Mapping[str, str]) -> list[Mention]:
    """The mentions that pass the filter; what was read more strictly passes, too."""
    trusted = STRICTNESS[: STRICTNESS.index(cast("Strictness", wanted["strictness"])) + 1]
    sought = wanted["text"].casefold()
    return [
        one
        for one in mentions
        if (not wanted["kind"] or one.entity.kind == wanted["kind"])
        and (one.strictness in trusted or wanted["strictness"] == "all")
        and (one.doubts or not wanted["doubts"])
        and sought in f"{one.word}\n{one.match}\n{one.entity.label}\n{one.lexicon}".casefold()
    ]


def _counts(mentions: Sequence[Mention]) -> list[tuple[str, int, int]]:
    """Of each kind that was read: its name, how many mentions, of how many entities."""
    found = []
    for kind, group in _by_kind(mentions).items():
        rows = sum(one.entity.kind == kind for one in mentions)
        found.append((PLURALS[kind] if len(group) > 1 else kind, rows, len(group)))
    return found


def _by_kind(mentions: Sequence[Mention]) -> dict[str, list[tuple[str, str]]]:
    """The distinct entities of each kind that was read, as label and path."""
    found: dict[str, list[tuple[str, str]]] = {}
    for kind in KINDS:
        names = {(one.entity.label or one.entity.id, one.entity.path) for one in mentions if one.entity.kind == kind}
        if names:
            found[kind] = sorted(names)
    return found


def _doubts(doubts: Sequence[str]) -> Markup:
    """The doubts of a mention, folded under a sign and words."""
    if not doubts:
        return Markup()
    items = Markup().join(Markup("<li>{}</li>").format(doubt) for doubt in doubts)
    return Markup('<details class="doubt"><summary>{} Look twice</summary><ul>{}</ul></details>').format(_SIGN, items)


async def _paper(explorer: Explorer, request: Request) -> Response:
    """The page of one paper, or its triples."""
    id_ = request.path_params["id"]
    paper = await run_in_threadpool(explorer.index.paper, id_)
    if paper is None:
        raise HTTPException(404, f"The graph has no paper {id_[:100]}.")
    rows = await run_in_threadpool(explorer.index.figures_of_paper, id_)
    columns = tuple(column for column in FIGURE_COLUMNS if column.name not in ("paper", "journal", "year"))
    listing = Listing(
        caption="Pathway figures of the paper",
        columns=columns,
        source=in_memory(rows, columns),
        sort="",
        descending=False,
        file=f"{id_}-figures",
        empty="The graph has no figure of this paper.",
    )
    if asked_csv(request, [listing]):
        return await listing.csv(request)
    if (told := await linked_data(explorer, request, paper.iri)) is not None:
        return told
    return await page(explorer, request, "paper.html", lambda: {"paper": paper, "listed": listing.view(request)})
