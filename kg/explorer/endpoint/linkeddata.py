"""Nodes of the graph as RDF at the addresses of their pages, and files to download."""

from __future__ import annotations

from functools import partial
from typing import Final

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from kg.errors import QueryError
from kg.explorer.context import Explorer
from kg.explorer.endpoint.negotiate import HTML, accepted
from kg.explorer.endpoint.problems import problem_response
from kg.explorer.endpoint.spool import SpooledResponse
from kg.explorer.engine.media import BY_NAME, GRAPHS
from kg.querydocs import queries_turtle
from kg.rdffiles import FORMATS
from kg.resources import data_dir
from kg.sparql import safe
from kg.vocab import iri

__all__ = ["linked_data", "routes"]

_NODE: Final = """
CONSTRUCT {{ {node} ?p ?o . ?part ?q ?r . ?o rdfs:label ?label ; dcterms:title ?title . ?r rdfs:label ?name }}
WHERE {{
  {{
    {node} ?p ?o
    OPTIONAL {{ ?o rdfs:label ?label }}
    OPTIONAL {{ ?o dcterms:title ?title }}
  }} UNION {{
    ?part oa:hasTarget {node} ; ?q ?r
    OPTIONAL {{ ?r rdfs:label ?name }}
  }}
}}
"""
_DATASET: Final = """
CONSTRUCT { ?node ?p ?o }
WHERE {
  { SELECT DISTINCT ?node {
    { ?start a void:Dataset } UNION { ?start a void:Linkset }
    ?start (void:classPartition|void:propertyPartition|voidext:datatypePartition|void:objectsTarget|
      dcat:distribution|spdx:checksum|prov:wasGeneratedBy|prov:wasAssociatedWith|prov:used|sh:declare)* ?node
  } }
  ?node ?p ?o
}
"""
_TURTLE: Final = "text/turtle"


async def linked_data(explorer: Explorer, request: Request, node: str) -> Response | None:
    """A node as RDF, where a program asks for that; None where the page is wanted.

    It holds what the graph says of the node, for a figure also what was read in it (the nodes that have it as target),
    and the names of all that it points to.

    Args:
        explorer: what is served.
        request: who asks; `Accept` or `?format=` (ttl, nt, jsonld, rdf) tell the format.
        node: the node's IRI in the graph.

    Raises:
        QueryError: the query was stopped, or too many wait.
    """
    asked = [media for media in BY_NAME.get(request.query_params.get("format", ""), ()) if media in GRAPHS]
    media = asked or accepted(request.headers.get("accept"), [HTML, "application/xhtml+xml", *GRAPHS])
    if not media:
        wanted = f"accept one of {', '.join([HTML, *GRAPHS])}"
        return problem_response(QueryError.of("not-acceptable", "no format that is accepted can be given", "", wanted))
    if media[0] not in GRAPHS or ("format" in request.query_params and not asked):
        return None
    spooled = await explorer.workers.answer(_NODE.format(node=safe(iri(node))), media=media[0])
    return SpooledResponse(spooled)


def routes(explorer: Explorer) -> list[BaseRoute]:
    """The downloads."""
    return [
        Route("/download/graph", partial(_graph, explorer)),
        Route("/download/report.json", partial(_report, explorer)),
        Route("/download/void.ttl", partial(_void, explorer)),
        Route("/download/queries.ttl", partial(_queries, explorer)),
        Route("/download/shapes.ttl", _shapes),
        Route("/.well-known/void", _well_known),
    ]


async def _graph(explorer: Explorer, _request: Request) -> Response:
    """The file that is served, as it is."""
    file = explorer.graph_file
    if file is None or explorer.unchanged_size() is None:
        missing = QueryError.of(
            "no-file", "there is no file of the graph", "a store is served, or the file has changed since the start",
            "ask /sparql with a CONSTRUCT query, or start the explorer again",
        )  # fmt: skip
        return problem_response(missing, 404)
    return FileResponse(file, media_type=_media_type(file.name), filename=file.name)


def _media_type(name: str) -> str:
    """The media type of a file of RDF, by its name.

    >>> _media_type("pfocr.ttl"), _media_type("pfocr.nt.zst")
    ('text/turtle', 'application/zstd')
    """
    suffix = name.lower().rpartition(".")[2]
    packed = {"gz": "application/gzip", "zst": "application/zstd"}.get(suffix)
    return packed or (FORMATS[suffix].media_type if suffix in FORMATS else "application/octet-stream")


async def _report(explorer: Explorer, _request: Request) -> Response:
    """The export's own report."""
    file = explorer.report.file if explorer.report else None
    if file is None or not file.is_file():
        missing = QueryError.of(
            "no-file", "there is no report", "none lies beside the graph", "write one with `kg export --report`"
        )
        return problem_response(missing, 404)
    return FileResponse(file, media_type="application/json", filename="report.json")


async def _void(explorer: Explorer, _request: Request) -> Response:
    spooled = await explorer.workers.answer(_DATASET, media=_TURTLE)
    return SpooledResponse(spooled, _attached("void.ttl"))


async def _queries(explorer: Explorer, request: Request) -> Response:
    target = f"{str(request.base_url).rstrip('/')}/sparql"
    text = queries_turtle(explorer.queries.values(), base=explorer.settings.base, target=target)
    return PlainTextResponse(text, headers=_attached("queries.ttl"), media_type=_TURTLE)


async def _shapes(_request: Request) -> Response:
    files = sorted((f for f in data_dir("shapes").iterdir() if f.name.endswith(".ttl")), key=lambda file: file.name)
    text = "\n".join(file.read_text("utf-8") for file in files)
    return PlainTextResponse(text, headers=_attached("shapes.ttl"), media_type=_TURTLE)


async def _well_known(_request: Request) -> Response:
    """Where the description of the dataset is: https://www.w3.org/TR/void/#well-known."""
    return RedirectResponse("/dataset", 303)


def _attached(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}
