"""The gene list: paste symbols, get figures ranked by how many of them they draw."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from kg.explorer.context import Explorer
from kg.explorer.index.genelist import FEWEST, MOST
from kg.explorer.model import STRICTNESS, GeneListResult, ListedFigure, Page, Strictness
from kg.explorer.pages.cells import entity_link, figure_link, joined
from kg.explorer.pages.params import choice, form
from kg.explorer.pages.render import page
from kg.explorer.pages.tabular import Column, Listing, Wanted, asked_csv

__all__ = ["routes", "symbols"]

_LONGEST: Final = 100
_HUMAN: Final = "9606"
_ORGANISMS: Final = 100
_BETWEEN: Final = re.compile(r"[\s,;|]+")

_COLUMNS: Final[tuple[Column[ListedFigure], ...]] = (
    Column(
        name="title",
        head="Figure",
        value=lambda row: row.figure.title,
        shown=lambda row: figure_link(row.figure),
        css="title",
        sorts=False,
    ),
    Column(name="figure", head="Figure id", value=lambda row: row.figure.id, only_csv=True, sorts=False),
    Column(
        name="year",
        head="Year",
        value=lambda row: row.figure.year or "",
        shown=lambda row: str(row.figure.year or ""),
        numeric=True,
    ),
    Column(name="overlap", head="Of the list", value=lambda row: row.overlap, numeric=True),
    Column(name="genes", head="Genes", value=lambda row: row.genes, numeric=True),
    Column(name="p", head="p", value=lambda row: row.p, shown=lambda row: _small(row.p), numeric=True, rises=True),
    Column(name="q", head="q", value=lambda row: row.q, shown=lambda row: _small(row.q), numeric=True, rises=True),
    Column(
        name="shared",
        head="Genes shared",
        value=lambda row: "; ".join(one.label for one in row.shared),
        shown=lambda row: joined(map(entity_link, row.shared[:12]), len(row.shared)),
        sorts=False,
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What a gene list asks for: the symbols as they were pasted, and how to look for them."""

    genes: str
    organism: str
    strictness: Strictness

    @property
    def symbols(self) -> Sequence[str]:
        return symbols(self.genes)


def routes(explorer: Explorer) -> list[BaseRoute]:
    """The addresses of this module."""
    return [
        Route("/gene-list", partial(_gene_list, explorer), name="gene-list"),
        Route("/gene-list", partial(_posted, explorer), methods=["POST"]),
    ]


def symbols(pasted: str) -> list[str]:
    """The symbols of a text, each once, in their order; blanks, commas, semicolons and bars stand between them.

    >>> symbols("STAT3, JAK2;TP53 STAT3")
    ['STAT3', 'JAK2', 'TP53']
    """
    return list(dict.fromkeys(part for part in _BETWEEN.split(pasted) if part))


async def _posted(explorer: Explorer, request: Request) -> Response:
    """A list too long for a form that asks by address: to the same with the list in short, which can be shared."""
    asked = await run_in_threadpool(_asked, explorer, await form(request))
    if fault := _fault(asked.symbols):
        return await page(explorer, request, "gene-list.html", partial(_form, explorer, asked, fault=fault), status=400)
    short = {"genes": " ".join(asked.symbols), "organism": asked.organism, "strictness": asked.strictness}
    return RedirectResponse(f"/gene-list?{urlencode(short)}#result", 303)


def _asked(explorer: Explorer, fields: Mapping[str, str]) -> _Asked:
    known = explorer.index.entity("organism", _HUMAN) is not None
    organism = fields.get("organism", _HUMAN if known else "").strip()
    strictness = choice(fields, "strictness", STRICTNESS, "all")
    return _Asked(genes=fields.get("genes", ""), organism=organism, strictness=strictness)


async def _gene_list(explorer: Explorer, request: Request) -> Response:
    asked = await run_in_threadpool(_asked, explorer, request.query_params)
    fault = _fault(asked.symbols) if "genes" in request.query_params else None
    if fault or not asked.symbols:
        context = partial(_form, explorer, asked, fault=fault)
        return await page(explorer, request, "gene-list.html", context, status=400 if fault else 200)
    listing, told = _listing(explorer, asked)
    if asked_csv(request, [listing]):
        return await listing.csv(request)

    def context_of_result() -> Mapping[str, Any]:
        view = listing.view(request)
        return {**_form(explorer, asked), "result": told[-1], "listed": view}

    return await page(explorer, request, "gene-list.html", context_of_result)


def _listing(explorer: Explorer, asked: _Asked) -> tuple[Listing[ListedFigure], list[GeneListResult]]:
    """The table of the figures, and what was found out on the way once it has been looked at."""
    told: list[GeneListResult] = []

    def source(wanted: Wanted) -> Page[ListedFigure]:
        found = explorer.index.gene_list(
            asked.symbols, organism=asked.organism, strictness=asked.strictness,
            sort=wanted.sort, descending=wanted.descending, page=wanted.page, size=wanted.size,
        )  # fmt: skip
        told.append(found)
        return found.rows

    return (
        Listing(
            name="result",
            caption="Figures by overlap with the list",
            columns=_COLUMNS,
            source=source,
            sort="q",
            descending=False,
            file="gene-list-figures",
            empty="No figure draws any of these genes.",
        ),
        told,
    )


def _form(explorer: Explorer, asked: _Asked, *, fault: Mapping[str, str] | None = None) -> dict[str, Any]:
    organisms = explorer.index.entities("organism", size=_ORGANISMS).rows
    return {
        "asked": asked,
        "fault": fault,
        "organisms": organisms,
        "result": None,
        "listed": None,
        "fewest": FEWEST,
        "most": MOST,
        "example": explorer.index.summary().top_genes[:8],
    }


def _fault(given: Sequence[str]) -> Mapping[str, str] | None:
    """What is wrong with a list, why that matters, and how to mend it."""
    if len(given) < FEWEST:
        many = "nothing" if not given else f"{len(given)} symbol{'s' if len(given) > 1 else ''}"
        return {
            "what": f"The list holds {many}.",
            "why": f"Overlap says something from {FEWEST} genes on.",
            "mend": f"Paste {FEWEST} to {MOST} symbols; for one gene, use the search.",
        }
    if len(given) > MOST:
        return {
            "what": f"The list holds {len(given):,} symbols.",
            "why": f"With more than {MOST} genes nearly every figure overlaps.",
            "mend": f"Take the {MOST} that matter most.",
        }
    longest = max(given, key=len)
    if len(longest) > _LONGEST:
        return {
            "what": f"“{longest[:30]}…” has {len(longest):,} characters.",
            "why": "No gene symbol is that long.",
            "mend": "Put a blank, a comma or a new line between symbols.",
        }
    return None


def _small(value: float) -> str:
    """A probability as people read it.

    >>> _small(0.0312), _small(1.23e-9), _small(0.0)
    ('0.031', '1.2e-09', '0')
    """
    return f"{value:.2g}"
