"""The home page, search, suggestions while typing, help, and the reader's choices."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache, partial
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from kg.explorer.context import Explorer
from kg.explorer.model import Count, Hit, Summary
from kg.explorer.pages.cells import link, tag
from kg.explorer.pages.lists import PLURALS
from kg.explorer.pages.params import choice, form, local_path, text
from kg.explorer.pages.plots import Plot, counted, shares
from kg.explorer.pages.render import STATIC, THEMES, page
from kg.explorer.pages.tabular import Column, Listing, asked_csv

__all__ = ["routes"]

_YEAR: Final = 365 * 24 * 3600
_SUGGESTIONS: Final = 10
_BARS: Final = 12
"""Lying bars of a plot at most, so that plots side by side are about as high."""

_HIT_COLUMNS: Final[tuple[Column[Hit], ...]] = (
    Column(
        name="label",
        head="Found",
        value=lambda hit: hit.label,
        shown=lambda hit: link(hit.path, hit.label),
        sorts=False,
        css="title",
    ),
    Column(name="kind", head="Kind", value=lambda hit: hit.kind, shown=lambda hit: tag(hit.kind), sorts=False),
    Column(name="id", head="Id", value=lambda hit: hit.id, sorts=False),
    Column(name="matched", head="Found by", value=lambda hit: hit.matched, sorts=False),
    Column(name="figures", head="Figures", value=lambda hit: hit.figures, numeric=True, sorts=False),
)


def routes(explorer: Explorer) -> list[BaseRoute]:
    """The addresses of this module."""
    return [
        Route("/", partial(_home, explorer), name="home"),
        Route("/search", partial(_search, explorer), name="search"),
        Route("/suggest", partial(_suggest, explorer), name="suggest"),
        Route("/about", partial(_about, explorer), name="about"),
        Route("/settings", _settings, methods=["POST"], name="settings"),
    ]


async def _home(explorer: Explorer, request: Request) -> Response:
    summary = await run_in_threadpool(explorer.index.summary)
    drawn = _drawn(summary)
    if wanted := asked_csv(request, [listing for _, listing, _ in drawn]):
        return await wanted.csv(request)

    def context() -> Mapping[str, Any]:
        plots = [
            Plot(
                kind="columns" if standing else "bars",
                title=title,
                table=listing.view(request),
                most=0 if standing else _BARS,
            )
            for title, listing, standing in drawn
        ]
        return {"summary": summary, "plots": [plot for plot in plots if plot.table.rows]}

    return await page(explorer, request, "home.html", context)


def _drawn(summary: Summary) -> Sequence[tuple[str, Listing[Count], bool]]:
    """The plots of the home page: title, table, and whether its bars stand."""
    years, sizes = ("Year", "Figures"), ("Genes in the figure", "Figures")
    return (
        (
            "Figures by year",
            counted("years", "Figures by year of the paper", summary.years, heads=years, columns=True),
            True,
        ),
        ("Genes drawn most", _top("gene", summary.top_genes), False),
        (
            "Genes per figure",
            counted("sizes", "Figures by number of genes", summary.genes_per_figure, heads=sizes, columns=True),
            True,
        ),
        (
            "Where words were found",
            shares("lexicons", "Mentions by lexicon", summary.lexicons, heads=("Lexicon", "Mentions")),
            False,
        ),
        ("Organisms", _top("organism", summary.top_organisms), False),
        ("Chemicals drawn most", _top("chemical", summary.top_chemicals), False),
        ("Diseases drawn most", _top("disease", summary.top_diseases), False),
    )


def _top(kind: str, counts: Sequence[Count]) -> Listing[Count]:
    many = PLURALS[kind]
    return counted(f"top-{many}", f"{many.capitalize()} in most figures", counts, heads=(kind.capitalize(), "Figures"))


async def _search(explorer: Explorer, request: Request) -> Response:
    asked = text(request.query_params, "q")
    kind = choice(request.query_params, "kind", tuple(PLURALS), "")
    listing = Listing(
        caption="What was found, best first",
        columns=_HIT_COLUMNS,
        source=lambda wanted: explorer.index.search_all(asked, kind=kind, page=wanted.page, size=wanted.size),
        sort="",
        file="search",
    )
    if asked and asked_csv(request, [listing]):
        return await listing.csv(request)

    def context() -> Mapping[str, Any]:
        view = listing.view(request) if asked else None
        return {"asked": asked, "kind": kind, "found": view, "kinds": PLURALS}

    return await page(explorer, request, "search.html", context)


async def _suggest(explorer: Explorer, request: Request) -> Response:
    asked = text(request.query_params, "q")
    hits = await run_in_threadpool(partial(explorer.index.search, asked, limit=_SUGGESTIONS)) if asked else []
    return JSONResponse([hit._asdict() for hit in hits], headers={"Cache-Control": "private, max-age=60"})


async def _about(explorer: Explorer, request: Request) -> Response:
    return await page(explorer, request, "about.html", {"vendored": _vendored()})


@cache
def _vendored() -> Sequence[Mapping[str, Any]]:
    """The parts of others that are served, with their licences."""
    found: Sequence[Mapping[str, Any]] = json.loads((STATIC / "vendor" / "vendor.json").read_text("utf-8"))
    return found


async def _settings(request: Request) -> Response:
    """Keep what the reader chose, and go back to where they were."""
    fields = await form(request)
    answer = RedirectResponse(local_path(fields.get("back", "/")), 303, {"Cache-Control": "no-store"})
    for name, allowed in (("theme", THEMES), ("images", ("on", "off"))):
        if chosen := choice(fields, name, allowed, ""):
            answer.set_cookie(name, chosen, max_age=_YEAR, samesite="lax", httponly=True)
    return answer
