"""The SPARQL 1.1 Protocol at `/sparql`, for queries: https://www.w3.org/TR/sparql11-protocol/.

GET, and POST both ways; `default-graph-uri` and `named-graph-uri`; the answer's format by `Accept` or `?format=`.
Without a query it gives the service's description, or sends a browser to the page for queries. Updates are refused
with 403 however they are sent, as an operation or as the text of a query: they are understood, and nobody may make
them here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

from mimeparse import MimeTypeParseException, parse_mime_type
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from kg.errors import KgError, QueryError
from kg.explorer.context import Explorer
from kg.explorer.endpoint.negotiate import HTML, accepted, named_formats
from kg.explorer.endpoint.problems import problem_response
from kg.explorer.endpoint.servicedescription import service_description
from kg.explorer.endpoint.spool import SpooledResponse
from kg.explorer.engine.media import GRAPHS, RESULTS
from kg.vocab import is_iri

__all__ = ["LONGEST_QUERY", "routes"]

LONGEST_QUERY: Final = 1 << 20
"""Characters of a query's text."""
_METHODS: Final = "GET, HEAD, POST, OPTIONS"
_MOST_PARAMETERS: Final = 200
_FORM: Final = "application/x-www-form-urlencoded"
_DIRECT: Final = "application/sparql-query"
_UPDATE: Final = "application/sparql-update"


def routes(explorer: Explorer) -> list[BaseRoute]:
    """The endpoint's address, with and without a slash at its end."""
    endpoint = _Endpoint(explorer)
    return [Route("/sparql", endpoint, name="sparql"), Route("/sparql/", endpoint)]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """A query operation as the protocol defines it; no query where only the service was asked for."""

    query: str | None
    default_graphs: tuple[str, ...]
    named_graphs: tuple[str, ...]
    form: str | None


class _Endpoint:
    """Takes every method itself, so that each refusal is the protocol's."""

    def __init__(self, explorer: Explorer) -> None:
        self.explorer = explorer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except KgError as error:
            response = problem_response(error)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(status_code=204, headers={"Allow": _METHODS})
        if request.method not in ("GET", "HEAD", "POST"):
            refused = QueryError.of("bad-method", f"the method is {request.method}", "", f"use one of {_METHODS}")
            response = problem_response(refused, 405)
            response.headers["Allow"] = _METHODS
            return response
        asked = await _read(request)
        if asked.query is None:
            return await self._description(request)
        return await self._result(request, asked, asked.query)

    async def _description(self, request: Request) -> Response:
        """What is here, for programs; the page for queries, for people."""
        media = accepted(request.headers.get("accept"), [*GRAPHS, HTML])
        if not media:
            raise _not_acceptable([*GRAPHS, HTML])
        if media[0] == HTML:
            return RedirectResponse("/query", 303, {"Vary": "Accept"})
        return await service_description(self.explorer, _address(request), media[0])

    async def _result(self, request: Request, asked: _Asked, query: str) -> Response:
        if len(query) > LONGEST_QUERY:
            raise QueryError.of(
                "query-too-long", f"the query has {len(query):,} characters", "", f"{LONGEST_QUERY:,} are taken"
            )
        offered = [*RESULTS, *GRAPHS]
        media = named_formats(asked.form) if asked.form else accepted(request.headers.get("accept"), offered)
        if not media:
            raise _not_acceptable(offered)
        spooled = await self.explorer.workers.answer(
            query,
            media=media,
            default_graphs=asked.default_graphs,
            named_graphs=asked.named_graphs,
            federate=self.explorer.settings.federate,
            base=_address(request),
        )
        return SpooledResponse(spooled)


def _address(request: Request) -> str:
    """The endpoint's address as the client knows it."""
    return f"{str(request.base_url).rstrip('/')}/sparql"


def _not_acceptable(offered: list[str]) -> QueryError:
    return QueryError.of(
        "not-acceptable",
        "none of the formats that are accepted can be given",
        "",
        f"accept one of {', '.join(offered)}",
    )


async def _read(request: Request) -> _Asked:
    """What is asked, from the address and the body.

    Raises:
        QueryError: it is no query operation of the protocol.
    """
    pairs = list(_pairs(request.scope["query_string"], "the address"))
    queries = []
    if request.method == "POST":
        body = await request.body()
        kind = _content_type(request)
        if kind == _FORM:
            pairs += _pairs(body, "the body")
        else:
            queries.append(_text(body, "the body"))
    queries += [value for name, value in pairs if name == "query"]
    _require_query_operation(request, queries, pairs)
    return _Asked(
        query=queries[0] if queries else None,
        default_graphs=tuple(_graphs(pairs, "default-graph-uri")),
        named_graphs=tuple(_graphs(pairs, "named-graph-uri")),
        form=next((value for name, value in pairs if name == "format" and value), None),
    )


def _require_query_operation(request: Request, queries: list[str], pairs: list[tuple[str, str]]) -> None:
    if any(name == "update" for name, _ in pairs):
        raise _update_refused()
    if len(queries) > 1:
        raise QueryError.of("bad-request", f"there are {len(queries)} queries", "the protocol takes one", "send one")
    dataset = any(name.endswith("-graph-uri") for name, _ in pairs)
    if not queries and (request.method == "POST" or dataset):
        raise QueryError.of("bad-request", "there is no query", "", "send one as the parameter 'query'")


def _content_type(request: Request) -> str:
    """`_FORM` or `_DIRECT`.

    Raises:
        QueryError: the body is of another type, of none, or not in UTF-8.
    """
    given = request.headers.get("content-type", "")
    try:
        main, sub, parameters = parse_mime_type(given)
    except MimeTypeParseException:
        main, sub, parameters = "", "", {}
    kind = f"{main}/{sub}".lower()
    if kind == _UPDATE:
        raise _update_refused()
    if kind not in (_FORM, _DIRECT):
        raise QueryError.of(
            "bad-media-type", f"the body's Content-Type is {given[:80]!r}", "", f"send {_FORM} or {_DIRECT}"
        )
    charset = str(parameters.get("charset", "utf-8")).lower()
    if charset not in ("utf-8", "utf8"):
        raise QueryError.of("bad-media-type", f"the body's charset is {charset[:80]!r}", "", "send UTF-8")
    return kind


def _update_refused() -> QueryError:
    return QueryError.of(
        "update-refused",
        "an update was sent",
        "the explorer only reads",
        "change the records and export again, or send the update to your own store",
    )


def _pairs(data: bytes, place: str) -> Iterator[tuple[str, str]]:
    """Name and value of each parameter."""
    text = _text(data, place)
    try:
        yield from parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_MOST_PARAMETERS)
    except UnicodeDecodeError:
        raise _not_utf8(place) from None
    except ValueError:
        raise QueryError.of(
            "bad-request", f"{place} has too many parameters", "", f"{_MOST_PARAMETERS} are taken"
        ) from None


def _text(data: bytes, place: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _not_utf8(place) from None


def _not_utf8(place: str) -> QueryError:
    return QueryError.of("bad-request", f"{place} is not UTF-8", "", "send UTF-8, percent-encoded in parameters")


def _graphs(pairs: list[tuple[str, str]], wanted: str) -> Iterator[str]:
    for name, value in pairs:
        if name == wanted:
            if not is_iri(value):
                raise QueryError.of("bad-request", f"{wanted} is {value[:80]!r}", "", "name a graph by its whole IRI")
            yield value
