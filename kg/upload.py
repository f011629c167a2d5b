"""A graph into a triple store over HTTP: batch by batch, by the SPARQL 1.1 Graph Store Protocol or by SPARQL Update.

Batches are N-Triples lines behind one `@prefix` line, sent as Turtle with their length: one store guesses the format
from the first bytes, and takes a body without length for an empty one. What is sent twice adds the same triples once,
so a batch may be repeated when the connection breaks; blank nodes, which would not be the same ones, are refused.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

import pyoxigraph as ox
import requests

from kg.errors import QueryError, SourceError, UsageError
from kg.rdffiles import RdfFile, bad_rdf, opened, rdf_files, readable
from kg.remote import ask_endpoint, open_session, refused, require_url, unreachable
from kg.vocab import is_iri

__all__ = ["UploadReport", "query_address", "upload_graph"]

_BATCH: Final = 10_000
# Virtuoso's SPARQL compiler stops at some 5,000 statements in one update.
_UPDATE_BATCH: Final = 1_000
_MOST_WAITING: Final = 8
"""Batches that may wait in memory, where a file mixes many graphs."""
_PREFIX: Final = "@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .\n"
_SECONDS: Final = 300
_WAITS: Final = (1, 2, 4, 8, 16)
_DROPS_BODY: Final = frozenset({301, 302, 303})
_PASSING: Final = frozenset({429, 502, 503, 504})
_QUERY_ADDRESSES: Final = (
    (r"/store/?$", "/query"),  # Oxigraph
    (r"/update/?$", "/query"),  # Oxigraph, Fuseki
    (r"/data/?$", "/query"),  # Fuseki
    (r"/sparql-graph-crud(?:-auth)?/?$", "/sparql"),  # Virtuoso
    (r"/sparql-auth/?$", "/sparql"),  # Virtuoso
    (r"/(?:rdf-graphs/service|statements)/?$", ""),  # RDF4J, GraphDB
    (r"(/sparql)/?$", r"\1"),  # Blazegraph and others
)


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadReport:
    """What an upload did: triples sent, triples that the store counts afterwards in each graph, requests, seconds.

    `counted` maps a graph's IRI (empty for the default graph) to (triples before, sent, after).
    """

    sent: int
    counted: dict[str, tuple[int, int, int]]
    requests: int
    seconds: float

    @property
    def complete(self) -> bool:
        """Whether the store holds exactly what was sent, and what it held before."""
        return all(before + sent == after for before, sent, after in self.counted.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Target:
    """Where triples go: the store's address, whether by update, and where the count is asked."""

    session: requests.Session
    url: str
    update: bool
    query_session: requests.Session
    query_url: str


def query_address(url: str) -> str | None:
    """The query endpoint of a store, from the address of its graph store or update endpoint; None where unknown.

    >>> query_address("http://localhost:8890/sparql-graph-crud-auth")
    'http://localhost:8890/sparql'
    """
    for pattern, replacement in _QUERY_ADDRESSES:
        found, changed = re.subn(pattern, replacement, url)
        if changed:
            return found
    return None


def upload_graph(
    graph: str | os.PathLike[str],
    to: str,
    *,
    graph_iri: str | None = None,
    update: bool = False,
    add: bool = False,
    query_url: str | None = None,
    form: str | None = None,
    on_progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> UploadReport:
    """Send an RDF file to a store, replacing its graph there, and count what arrived.

    Args:
        graph: RDF file, plain, .gz or .zst, or a folder of them.
        to: address of the store's Graph Store Protocol, or of its update endpoint.
        graph_iri: named graph for triples that have none; the store's default graph without it.
        update: `to` takes SPARQL Update (`INSERT DATA`) instead.
        add: keep what the store's graphs hold.
        query_url: where the count is asked; worked out from `to` for well-known stores.
        form: format of the file where its suffix does not tell.
        on_progress: told bytes read and bytes in all.

    Raises:
        QueryError: the store refuses or does not answer.
        UsageError: the file cannot be read, or the query endpoint is not known.
        SourceError: a syntax error, a blank node, or no triple at all; nothing was sent then.
    """
    started = time.monotonic()
    if graph_iri is not None and not is_iri(graph_iri):
        raise QueryError.of("bad-value", f"the graph's name {graph_iri!r} is no absolute IRI", "", "write https://...")
    asked = query_url or query_address(require_url(to))
    if asked is None:
        raise UsageError.of(
            "unknown-query-url", f"where {to} answers queries is not known", "the triples are counted at the end",
            "name its query endpoint with --query-url",
        )  # fmt: skip
    files = rdf_files(Path(graph), form)
    _require_sendable(files)
    target = _Target(
        session=open_session(require_url(to), retries=0),
        url=to,
        update=update,
        query_session=open_session(require_url(asked)),
        query_url=asked,
    )
    before: dict[str, int] = {}
    sent: dict[str, int] = {}
    calls = 0
    for name, triples in _batches(files, graph_iri, _UPDATE_BATCH if update else _BATCH, on_progress):
        if name not in before:
            _empty(target, name, keep=add)
            before[name] = _count(target, name)
        _send(target, name, triples)
        sent[name] = sent.get(name, 0) + len(triples)
        calls += 1
    counted = {name: (before[name], number, _count(target, name)) for name, number in sent.items()}
    return UploadReport(sent=sum(sent.values()), counted=counted, requests=calls, seconds=time.monotonic() - started)


def _require_sendable(files: list[RdfFile]) -> None:
    """Read everything once before anything is sent: a store must not be left with a part of a broken file."""
    number = 0
    for file in files:
        with readable(file.path), file.path.open("rb") as raw, opened(file, raw) as stream:
            number += sum(1 for _ in _quads(file, stream))
    if not number:
        raise SourceError.of(
            "no-triples", "there is no triple in it", "an upload would only empty a graph", "name a graph with triples",
            path=str(files[0].path),
        )  # fmt: skip


def _batches(
    files: list[RdfFile], graph_iri: str | None, size: int, on_progress: Callable[[int, int], None]
) -> Iterator[tuple[str, list[str]]]:
    """Graph IRI and lines of N-Triples, some at a time; the triples of a file that names its graphs stay in order."""
    total = sum(file.path.stat().st_size for file in files)
    done = 0
    for file in files:
        with readable(file.path), file.path.open("rb") as raw, opened(file, raw) as stream:
            quads = _quads(file, stream)
            waiting: dict[str, list[str]] = {}
            while part := list(islice(quads, size)):
                for quad in part:
                    waiting.setdefault(_graph_of(quad, graph_iri), []).append(f"{quad.triple} .\n")
                many = sum(map(len, waiting.values())) > _MOST_WAITING * size
                for name in [name for name, lines in waiting.items() if many or len(lines) >= size]:
                    yield name, waiting.pop(name)
                on_progress(done + raw.tell(), total)
            yield from waiting.items()
        done += file.path.stat().st_size


def _quads(file: RdfFile, stream: Any) -> Iterator[ox.Quad]:
    try:
        for quad in ox.parse(stream, format=file.format):
            if any(isinstance(term, ox.BlankNode) for term in (quad.subject, quad.object, quad.graph_name)):
                raise SourceError.of(
                    "blank-node", f"{quad} has a blank node",
                    "its name would mean another node in each batch",
                    "replace blank nodes by IRIs, or use the store's own loader",
                    path=str(file.path),
                )  # fmt: skip
            yield quad
    except (SyntaxError, ValueError) as error:
        raise bad_rdf(file, error) from None


def _graph_of(quad: ox.Quad, graph_iri: str | None) -> str:
    return quad.graph_name.value if isinstance(quad.graph_name, ox.NamedNode) else (graph_iri or "")


def _empty(target: _Target, name: str, *, keep: bool) -> None:
    """Empty a graph before its first batch; one that is not there yet is empty."""
    if keep:
        return
    if target.update:
        _request(target, "POST", data={"update": f"CLEAR SILENT {f'GRAPH <{name}>' if name else 'DEFAULT'}"})
    else:
        _request(target, "DELETE", params=_graph_parameter(name), absent_is_fine=True)


def _send(target: _Target, name: str, triples: list[str]) -> None:
    if target.update:
        body = "".join(triples)
        data = f"GRAPH <{name}> {{ {body} }}" if name else body
        _request(target, "POST", data={"update": f"INSERT DATA {{ {data} }}"})
        return
    _request(
        target,
        "POST",
        params=_graph_parameter(name),
        data=(_PREFIX + "".join(triples)).encode(),
        headers={"Content-Type": "text/turtle"},
    )


def _graph_parameter(name: str) -> dict[str, str]:
    return {"graph": name} if name else {"default": ""}


def _request(target: _Target, method: str, *, absent_is_fine: bool = False, **arguments: Any) -> None:
    """One request, repeated with growing waits where the fault may pass."""
    for pause in (*_WAITS, None):
        wait: float | None = pause
        try:
            answer = target.session.request(method, target.url, timeout=_SECONDS, **arguments)
        except requests.RequestException as error:
            if wait is None:
                raise unreachable(target.url, error) from None
        else:
            _require_same_method(target.url, answer)
            if answer.ok or (absent_is_fine and answer.status_code == requests.codes.not_found):
                return
            if wait is None or answer.status_code not in _PASSING:
                raise refused(target.url, answer)
            wait = _asked_wait(answer) or wait
        time.sleep(wait)


def _require_same_method(url: str, answer: requests.Response) -> None:
    """Refuse a redirect after which a POST is a GET: the triples would be lost without a word."""
    moved = next((step for step in answer.history if step.status_code in _DROPS_BODY), None)
    if moved is not None:
        raise QueryError.of(
            "endpoint-failed", f"{url} answered {moved.status_code} and leads to {answer.url}",
            "on the way there what is sent would be dropped", "give the address that it leads to",
        )  # fmt: skip


def _asked_wait(answer: requests.Response) -> float | None:
    """The seconds of a Retry-After header, a minute at most."""
    value = answer.headers.get("Retry-After", "")
    return min(float(value), 60.0) if re.fullmatch(r"\d{1,6}", value) else None


def _count(target: _Target, name: str) -> int:
    pattern = "?s ?p ?o"
    where = f"GRAPH <{name}> {{ {pattern} }}" if name else pattern
    text = f"SELECT (COUNT(*) AS ?n) WHERE {{ {where} }}"
    found = ask_endpoint(target.query_session, target.query_url, text, timeout=_SECONDS)
    try:
        return int(json.loads(found)["results"]["bindings"][0]["n"]["value"])
    except (ValueError, LookupError, TypeError) as error:
        raise QueryError.of(
            "endpoint-failed",
            f"{target.query_url} did not count: {error}",
            "",
            "name the query endpoint with --query-url",
        ) from None
