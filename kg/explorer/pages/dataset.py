"""The dataset's page: licence, version, source, counts, downloads, and what the export repaired or could not use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from kg.explorer.context import Explorer
from kg.explorer.model import Count, NamedLink, Release
from kg.explorer.pages.plots import counted
from kg.explorer.pages.render import page
from kg.explorer.pages.tabular import Listing, asked_csv

__all__ = ["routes"]


def routes(explorer: Explorer) -> list[BaseRoute]:
    """The addresses of this module."""
    return [Route("/dataset", partial(_dataset, explorer), name="dataset")]


async def _dataset(explorer: Explorer, request: Request) -> Response:
    release = await run_in_threadpool(explorer.index.release)
    listings = _listings(explorer, release)
    if wanted := asked_csv(request, listings):
        return await wanted.csv(request)

    def context() -> Mapping[str, Any]:
        return {
            "release": release,
            "summary": explorer.index.summary(),
            "tables": {listing.name: listing.view(request) for listing in listings},
            "downloads": _downloads(explorer),
            "facts": _grouped(release.facts),
            "reported": explorer.report is not None,
        }

    return await page(explorer, request, "dataset.html", context)


def _listings(explorer: Explorer, release: Release) -> Sequence[Listing[Count]]:
    report = explorer.report
    return (
        counted("repairs", "Repairs of the records", report.repairs if report else (), heads=("Repair", "Times")),
        counted("problems", "Problems of the records", report.problems if report else (), heads=("Problem", "Times")),
        counted("left-out", "Records left out", report.left_out if report else (), heads=("Reason", "Records")),
        counted("classes", "Things by class", release.classes, heads=("Class", "Things")),
        counted("properties", "Triples by property", release.properties, heads=("Property", "Triples")),
        counted("linksets", "Links to other databases", release.linksets, heads=("Database", "Links")),
    )


def _grouped(facts: Sequence[tuple[str, str]]) -> Mapping[str, Sequence[str]]:
    """Facts with one label together.

    >>> _grouped([("Vocabulary", "a"), ("Made by", "b"), ("Vocabulary", "c")])
    {'Vocabulary': ['a', 'c'], 'Made by': ['b']}
    """
    found: dict[str, list[str]] = {}
    for label, value in facts:
        found.setdefault(label, []).append(value)
    return found


def _downloads(explorer: Explorer) -> Sequence[tuple[NamedLink, str]]:
    """What can be saved from here: the link, and what it is."""
    graph, unchanged = explorer.graph_file, explorer.unchanged_size()
    whole = (
        [(NamedLink(graph.name, "/download/graph"), f"the whole graph, {_size(unchanged)}")]
        if graph and unchanged is not None
        else []
    )
    report = (
        [(NamedLink("report.json", "/download/report.json"), "the report of the export")] if explorer.report else []
    )
    return [
        *whole,
        *report,
        (NamedLink("void.ttl", "/download/void.ttl"), "the dataset's description (VoID and DCAT)"),
        (NamedLink("queries.ttl", "/download/queries.ttl"), "the saved queries, as SIB's tools read them"),
        (NamedLink("shapes.ttl", "/download/shapes.ttl"), "the SHACL shapes that the graph was checked with"),
    ]


def _size(size: float) -> str:
    """A number of bytes as people read it.

    >>> _size(512), _size(386_083_199)
    ('512 bytes', '386.1 MB')
    """
    if size < 1000:
        return f"{size:.0f} bytes"
    for unit in ("kB", "MB"):
        size /= 1000
        if size < 1000:
            return f"{size:.1f} {unit}"
    return f"{size / 1000:.1f} GB"
