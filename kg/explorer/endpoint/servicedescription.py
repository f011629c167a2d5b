"""The endpoint's description of itself: https://www.w3.org/TR/sparql11-service-description/."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pyoxigraph as ox
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from kg.explorer.context import Explorer
from kg.explorer.engine.media import GRAPH_FORMATS, GRAPHS, content_type
from kg.vocab import PREFIXES, RDF_TYPE

__all__ = ["service_description"]

_SD: Final = PREFIXES["sd"]
_FORMATS: Final = "http://www.w3.org/ns/formats/"
_GIVEN: Final = (
    "SPARQL_Results_JSON", "SPARQL_Results_XML", "SPARQL_Results_CSV", "SPARQL_Results_TSV",
    "Turtle", "N-Triples", "RDF_XML", "JSON-LD",
)  # fmt: skip
"""https://www.w3.org/ns/formats/"""
_A: Final = ox.NamedNode(RDF_TYPE[1:-1])


async def service_description(explorer: Explorer, address: str, media: str) -> Response:
    """The description, in one of the media types of graphs.

    Args:
        explorer: what is served.
        address: the endpoint's own.
        media: the media type.
    """
    dataset = (await run_in_threadpool(explorer.index.release)).iri
    triples = _triples(address, dataset, federates=explorer.settings.federate)
    prefixes = {name: PREFIXES[name] for name in ("rdf", "sd", "void")} | {"formats": _FORMATS}
    data = ox.serialize(triples, format=GRAPH_FORMATS[GRAPHS[media]], prefixes=prefixes) or b""
    return Response(data, headers={"Vary": "Accept", "Cache-Control": "no-cache"}, media_type=content_type(media))


def _triples(address: str, dataset: str, *, federates: bool) -> Iterator[ox.Triple]:
    service, data, graph = (ox.NamedNode(f"{address}{part}") for part in ("", "#dataset", "#graph"))
    yield ox.Triple(service, _A, _sd("Service"))
    yield ox.Triple(service, _sd("endpoint"), service)
    yield ox.Triple(service, _sd("supportedLanguage"), _sd("SPARQL11Query"))
    for name in _GIVEN:
        yield ox.Triple(service, _sd("resultFormat"), ox.NamedNode(f"{_FORMATS}{name}"))
    if federates:
        yield ox.Triple(service, _sd("feature"), _sd("BasicFederatedQuery"))
    yield ox.Triple(service, _sd("defaultDataset"), data)
    yield ox.Triple(data, _A, _sd("Dataset"))
    yield ox.Triple(data, _sd("defaultGraph"), graph)
    yield ox.Triple(graph, _A, _sd("Graph"))
    if dataset:  # as the graph describes itself, with its counts
        void = ox.NamedNode(dataset)
        yield ox.Triple(service, ox.NamedNode(f"{PREFIXES['void']}inDataset"), void)
        yield ox.Triple(void, _A, ox.NamedNode(f"{PREFIXES['void']}Dataset"))
        yield ox.Triple(void, ox.NamedNode(f"{PREFIXES['void']}sparqlEndpoint"), service)


def _sd(name: str) -> ox.NamedNode:
    return ox.NamedNode(f"{_SD}{name}")
