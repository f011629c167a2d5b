"""The pages of a gene, chemical, disease or organism, and the lists of all of a kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final, cast

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from kg.explorer.context import Explorer
from kg.explorer.endpoint.linkeddata import linked_data
from kg.explorer.model import KINDS, Entity, EntityKind, Together
from kg.explorer.pages.lists import (
    ENTITY_COLUMNS,
    FIGURE_COLUMNS,
    FOUND_COLUMNS,
    PLURALS,
    TOGETHER_COLUMNS,
    WORD_COLUMNS,
    figure_filter,
    figures,
    options,
)
from kg.explorer.pages.plots import Plot, counted
from kg.explorer.pages.render import page
from kg.explorer.pages.tabular import Listing, TableView, Wanted, asked_csv

__all__ = ["routes"]

_TOGETHER: Final[Sequence[EntityKind]] = ("gene", "chemical", "disease")
"""What is shown as drawn with an entity."""

_SOME: Final = 20
"""Rows of a table that stands beside others."""


def routes(explorer: Explorer) -> list[BaseRoute]:
    """The addresses of this module."""
    made: list[BaseRoute] = []
    for kind in KINDS:
        made.append(Route(f"/{kind}/{{id}}", partial(_entity, explorer, kind), name=kind))
        made.append(Route(f"/{PLURALS[kind]}", partial(_entities, explorer, kind), name=PLURALS[kind]))
    return [*made, Route("/figures", partial(_figures, explorer), name="figures")]


async def _entity(explorer: Explorer, kind: EntityKind, request: Request) -> Response:
    """The page of one entity, or its triples."""
    id_ = request.path_params["id"]
    entity = await run_in_threadpool(explorer.index.entity, kind, id_)
    if entity is None:
        raise HTTPException(404, f"The graph has no {kind} {id_[:100]}.")
    listings = await run_in_threadpool(_listings, explorer, request, entity)
    if wanted := asked_csv(request, listings.values()):
        return await wanted.csv(request)
    if (told := await linked_data(explorer, request, entity.iri)) is not None:
        return told
    return await page(explorer, request, "entity.html", partial(_shown, explorer, request, entity, listings))


def _listings(explorer: Explorer, request: Request, entity: Entity) -> dict[str, Listing[Any]]:
    """The tables of an entity's page by name."""
    index, kind, id_ = explorer.index, entity.kind, entity.id
    file = f"{kind}-{id_}"
    found: dict[str, Listing[Any]] = {
        "figures": figures(
            request,
            f"Figures that {_verb(kind)} {entity.label}",
            lambda wanted: index.figures_of(kind, id_, wanted),
            columns=FIGURE_COLUMNS if kind == "organism" else FOUND_COLUMNS,
            file=f"{file}-figures",
            size=25,
        ),
        "years": counted(
            "years", f"Figures with {entity.label} by year of the paper", index.years_of(kind, id_),
            heads=("Year", "Figures"), columns=True, file=f"{file}-years",
        ),
        "words": Listing(
            name="words",
            caption=f"Words of figures that were read as {entity.label}",
            columns=WORD_COLUMNS,
            source=lambda wanted: index.words_of(
                kind, id_, sort=wanted.sort, descending=wanted.descending, page=wanted.page, size=wanted.size
            ),
            sort="figures",
            size=_SOME,
            file=f"{file}-words",
            empty="No word: it was named by the record itself.",
        ),
    }  # fmt: skip
    return found | {other: _together(explorer, entity, other) for other in _TOGETHER}


def _together(explorer: Explorer, entity: Entity, other: EntityKind) -> Listing[Together]:
    many = PLURALS[other]

    def source(wanted: Wanted) -> Any:
        return explorer.index.together(
            entity.kind, entity.id, other,
            sort=wanted.sort, descending=wanted.descending, page=wanted.page, size=wanted.size,
        )  # fmt: skip

    return Listing(
        name=many,
        caption=f"{many.capitalize()} in figures with {entity.label}",
        columns=TOGETHER_COLUMNS,
        source=source,
        sort="shared",
        size=_SOME,
        file=f"{entity.kind}-{entity.id}-{many}",
        empty=f"No {other} was read in these figures.",
    )


def _verb(kind: str) -> str:
    return "are about" if kind == "organism" else "draw"


def _shown(
    explorer: Explorer, request: Request, entity: Entity, listings: Mapping[str, Listing[Any]]
) -> Mapping[str, Any]:
    """What the page of an entity shows."""
    index, kind, id_ = explorer.index, entity.kind, entity.id
    views: dict[str, TableView] = {name: listing.view(request) for name, listing in listings.items()}
    filters = figure_filter(request, listings["figures"].wanted(request))
    return {
        "entity": entity,
        "listed": views["figures"],
        "words": views["words"],
        "years": Plot(kind="columns", title=f"{entity.label} by year", table=views["years"]),
        "together": [(PLURALS[other], _drawn(entity, other, views[other])) for other in _TOGETHER],
        "filters": filters,
        "filtered": bool(filters.organism or filters.first_year or filters.last_year or filters.strictness != "all"),
        "organisms": [] if kind == "organism" else options(index.organisms_of(kind, id_)),
        "strictness": [] if kind == "organism" else index.strictness_of(kind, id_),
    }


def _drawn(entity: Entity, other: str, table: TableView) -> Plot:
    many = PLURALS[other]
    title = f"{many.capitalize()} drawn with {entity.label}"
    note = "In how many figures both were read" if entity.kind != "organism" else "In how many figures of the organism"
    return Plot(kind="bars", title=title, note=note, table=table)


async def _entities(explorer: Explorer, kind: EntityKind, request: Request) -> Response:
    """The list of all genes, chemicals, diseases or organisms."""
    many = PLURALS[kind]
    columns = tuple(column for column in ENTITY_COLUMNS if column.name != "organism" or kind == "gene")
    listing = Listing(
        caption=f"{many.capitalize()} of the graph",
        columns=columns,
        source=lambda wanted: explorer.index.entities(
            kind,
            sort=cast("Any", wanted.sort),
            descending=wanted.descending,
            page=wanted.page,
            size=wanted.size,
        ),
        sort="figures",
        file=many,
        empty=f"The graph has no {many}.",
    )
    if asked_csv(request, [listing]):
        return await listing.csv(request)
    return await page(
        explorer, request, "list.html", lambda: {"kind": kind, "many": many, "listed": listing.view(request)}
    )


async def _figures(explorer: Explorer, request: Request) -> Response:
    """The list of all figures."""
    listing = figures(request, "Figures of the graph", lambda wanted: explorer.index.figures(wanted=wanted))
    if asked_csv(request, [listing]):
        return await listing.csv(request)

    def context() -> Mapping[str, Any]:
        filters = figure_filter(request, listing.wanted(request))
        return {
            "listed": listing.view(request),
            "filters": filters,
            "filtered": bool(filters.organism or filters.first_year or filters.last_year),
            "organisms": options(explorer.index.summary().top_organisms),
        }

    return await page(explorer, request, "figures.html", context)
