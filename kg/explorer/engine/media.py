"""Media types of answers, as they are asked for and given: SPARQL results and RDF."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pyoxigraph as ox

__all__ = ["BY_NAME", "GRAPHS", "GRAPH_FORMATS", "RESULTS", "content_type"]

RESULTS: Final[Mapping[str, str]] = {
    "application/sparql-results+json": "json",
    "application/sparql-results+xml": "xml",
    "text/csv": "csv",
    "text/tab-separated-values": "tsv",
    "application/json": "json",
    "application/xml": "xml",
    "text/xml": "xml",
}
"""Media type of rows and of yes or no to its format, the server's favourite first, older names last."""

GRAPHS: Final[Mapping[str, str]] = {
    "text/turtle": "ttl",
    "application/n-triples": "nt",
    "application/rdf+xml": "rdf",
    "application/ld+json": "jsonld",
    "application/x-turtle": "ttl",
    "application/turtle": "ttl",
}
"""Media type of a graph to its format."""

GRAPH_FORMATS: Final = {
    "ttl": ox.RdfFormat.TURTLE,
    "nt": ox.RdfFormat.N_TRIPLES,
    "rdf": ox.RdfFormat.RDF_XML,
    "jsonld": ox.RdfFormat.JSON_LD,
}
"""The engine's formats of graphs."""

_JSON: Final = "application/sparql-results+json"
_XML: Final = "application/sparql-results+xml"
BY_NAME: Final[Mapping[str, tuple[str, ...]]] = {
    "json": (_JSON, "application/ld+json"),
    "xml": (_XML, "application/rdf+xml"),
    "csv": ("text/csv",),
    "tsv": ("text/tab-separated-values",),
    "ttl": ("text/turtle",),
    "nt": ("application/n-triples",),
    "rdf": ("application/rdf+xml",),
    "jsonld": ("application/ld+json",),
    # As SPARQLWrapper and other clients write them.
    "turtle": ("text/turtle",),
    "n3": ("text/turtle",),
    "ntriples": ("application/n-triples",),
    "rdf+xml": ("application/rdf+xml",),
    "json-ld": ("application/ld+json",),
}
"""What `?format=` may say: the media types that it stands for, for rows and for graphs."""

_HAVE_CHARSET: Final = frozenset({"csv", "tsv", "ttl"})


def content_type(media: str) -> str:
    """The header's value: text types say that they are UTF-8.

    >>> content_type("text/turtle"), content_type("application/n-triples")
    ('text/turtle; charset=utf-8', 'application/n-triples')
    """
    form = RESULTS.get(media) or GRAPHS.get(media)
    return f"{media}; charset=utf-8" if form in _HAVE_CHARSET else media
