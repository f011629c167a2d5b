"""The pages of queries: the SPARQL editor with the saved queries at its side, and a form for each saved query.

Both work without a script: the server answers a query with a table. With scripts the editor is Yasgui's.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final
from urllib.parse import quote, urlencode

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from kg.answer import Answer
from kg.errors import Problem, QueryError
from kg.explorer.context import Explorer
from kg.explorer.endpoint.negotiate import named_formats
from kg.explorer.endpoint.problems import status_of
from kg.explorer.endpoint.spool import SpooledResponse
from kg.explorer.engine.media import BY_NAME, content_type
from kg.explorer.limits import LONGEST_ADDRESS
from kg.explorer.pages.params import form
from kg.explorer.pages.places import PLACES, PMC_BASE
from kg.explorer.pages.queryforms import fields, given, resolved
from kg.explorer.pages.queryresults import MOST_ROWS, shown
from kg.explorer.pages.render import page
from kg.savedqueries import SavedQuery
from kg.vocab import FIGURE_BASE, Names, Term

__all__ = ["routes"]

_FIRST: Final = """PREFIX dcterms: <http://purl.org/dc/terms/>
PREFIX pfo: <https://w3id.org/pfocr-kg/vocab#>

SELECT ?figure ?title WHERE {
  ?figure a pfo:PathwayFigure ;
          dcterms:title ?title .
}
LIMIT 20
"""
"""What the editor holds at first."""

_DOWNLOADED: Final = ("csv", "tsv", "json", "xml", "ttl")
"""Formats in which `Answer` writes itself."""


def routes(explorer: Explorer) -> list[BaseRoute]:
    """The addresses of this module."""
    return [
        Route("/query", partial(_editor, explorer), name="query"),
        Route("/query", partial(_posted, explorer), methods=["POST"]),
        Route("/query/{name:path}", partial(_saved, explorer), name="saved-query"),
    ]


async def _posted(explorer: Explorer, request: Request) -> Response:
    """A query from the form of a page without scripts: to the same by address, which can be shared."""
    asked = await form(request)
    told = urlencode({key: asked[key] for key in ("query", "format") if asked.get(key)})
    if len(told) < LONGEST_ADDRESS - 1_000:
        return RedirectResponse(f"/query?{told}#result" if told else "/query", 303)
    error = QueryError.of(
        "query-too-long",
        f"the query has {len(asked['query']):,} characters",
        "without scripts it must fit an address",
        "switch scripts on for this page, or send it to /sparql with POST",
    )
    return await _editor_page(explorer, request, asked["query"], error=error)


async def _editor(explorer: Explorer, request: Request) -> Response:
    """The editor, with the answer where the address holds a query; `run=no` only opens it."""
    asked = request.query_params
    text = asked.get("query", "")
    if not text.strip() or asked.get("run") == "no":
        return await _editor_page(explorer, request, text)
    try:
        if asked.get("format"):
            return await _file(explorer, text, asked["format"], "query")
        return await _editor_page(explorer, request, text, answer=await _rows(explorer, text))
    except QueryError as error:
        return await _editor_page(explorer, request, text, error=error)


async def _rows(explorer: Explorer, text: str) -> Answer:
    """The first rows of an answer, one more than are shown."""
    if explorer.settings.federate:
        return await explorer.workers.saved(SavedQuery(name="", text=text), {}, limit=MOST_ROWS + 1)
    return await explorer.workers.rows(text, limit=MOST_ROWS + 1)


async def _editor_page(
    explorer: Explorer, request: Request, text: str, *, answer: Answer | None = None, error: QueryError | None = None
) -> Response:
    def context() -> Mapping[str, Any]:
        return {
            "text": text or _FIRST,
            "local": [query for query in explorer.queries.values() if not query.federated],
            "federated": [query for query in explorer.queries.values() if query.federated],
            "editor": _for_the_script(explorer),
            "error": _told(error),
            "result": None if answer is None else shown(explorer, request, answer, title="Answer", file="query"),
        }

    try:
        response = await page(explorer, request, "query.html", context, status=status_of(error) if error else 200)
    finally:
        if answer is not None:
            answer.close()
    return response


def _for_the_script(explorer: Explorer) -> str:
    """What the editor has to know: prefixes to complete, and which IRIs have a page here."""
    alone = [(base, local, kinds) for base, local, kinds in PLACES if " " not in kinds]
    prefixes = {"pfocr": FIGURE_BASE, "pmc": PMC_BASE} | Names(explorer.settings.base).prefixes
    return json.dumps({"prefixes": prefixes, "places": alone})


async def _saved(explorer: Explorer, request: Request) -> Response:
    """A saved query: its form, and its answer where the address says what to ask."""
    query = explorer.queries.get(request.path_params["name"])
    if query is None:
        raise HTTPException(404, "There is no saved query of that name.")
    values = await run_in_threadpool(given, explorer, query, request.query_params)
    problems: dict[str, Problem] = {}
    terms: dict[str, list[Term]] | None = None
    answer = error = None
    try:
        if values is not None:
            _require_allowed(explorer, query)
            terms, problems = await resolved(explorer, query, values)
        if values is not None and terms is not None and not problems:
            if request.query_params.get("format"):
                return await _saved_file(explorer, query, values, terms, request.query_params["format"])
            answer = await _saved_rows(explorer, query, values, terms)
    except QueryError as told:
        error = told
    status = 400 if problems else status_of(error) if error else 200

    def context() -> Mapping[str, Any]:
        return {
            "query": query,
            "fields": [
                (field, _told_of_field(field.problem, field.parameter.name))
                for field in fields(explorer, query, values, problems)
            ],
            "allowed": explorer.settings.federate or not query.federated,
            "problems": len(problems),
            "error": _told(error),
            "result": None
            if answer is None
            else shown(explorer, request, answer, title=_title(query), file=query.name),
            **_text(query, terms if not problems else None),
        }

    try:
        return await page(explorer, request, "query-saved.html", context, status=status)
    finally:
        if answer is not None:
            answer.close()


def _require_allowed(explorer: Explorer, query: SavedQuery) -> None:
    if query.federated and not explorer.settings.federate:
        raise QueryError.of(
            "federation-refused",
            f"this query calls {', '.join(query.endpoints) or 'another endpoint'}",
            "nothing is sent anywhere unless whoever runs the explorer says so",
            "start it with --federate",
        )


async def _saved_rows(
    explorer: Explorer, query: SavedQuery, values: Mapping[str, str], terms: Mapping[str, Sequence[Term]]
) -> Answer:
    if query.federated:  # by way of its own values: what it sends along depends on the query's header
        return await explorer.workers.saved(query, values, limit=MOST_ROWS + 1)
    return await explorer.workers.rows(query.bound(terms), limit=MOST_ROWS + 1)


async def _saved_file(
    explorer: Explorer, query: SavedQuery, values: Mapping[str, str], terms: Mapping[str, Sequence[Term]], name: str
) -> Response:
    """The whole answer as a file."""
    media = named_formats(name)
    if not query.federated:
        return await _file(explorer, query.bound(terms), name, query.name)
    if name not in _DOWNLOADED:
        raise QueryError.of("not-acceptable", f"format is {name[:80]!r}", "", f"use one of {', '.join(_DOWNLOADED)}")
    answer, out = await explorer.workers.saved(query, values), io.BytesIO()
    try:
        await run_in_threadpool(answer.write, name, out)
    finally:
        answer.close()
    return Response(out.getvalue(), headers=_attached(query.name, name), media_type=content_type(media[0]))


async def _file(explorer: Explorer, text: str, name: str, stem: str) -> Response:
    """The whole answer to a query as a file, in a format that is named in short."""
    media = named_formats(name)
    spooled = await explorer.workers.answer(text, media=media, federate=explorer.settings.federate)
    return SpooledResponse(spooled, _attached(stem, name))


def _attached(stem: str, name: str) -> dict[str, str]:
    """The header that names a file.

    >>> _attached('a"b', "csv")
    {'Content-Disposition': 'attachment; filename="a_b.csv"'}
    """
    ending = name if name in BY_NAME and "+" not in name else "txt"
    return {"Content-Disposition": f'attachment; filename="{re.sub("[^A-Za-z0-9._-]", "_", stem)[:80]}.{ending}"'}


def _title(query: SavedQuery) -> str:
    return query.summary or query.name


def _text(query: SavedQuery, terms: Mapping[str, Sequence[Term]] | None) -> dict[str, str]:
    """The SPARQL text with its values in it, and the address that opens it in the editor."""
    try:
        text = query.with_defaults() if terms is None else query.bound(terms)
    except QueryError:  # a default is wrong, or there is none
        text = query.sparql
    return {
        "sparql": text.strip(),
        "in_editor": f"/query?{urlencode({'run': 'no', 'query': text.strip()}, quote_via=quote)}",
    }


def _told(error: QueryError | None) -> list[str]:
    """What is wrong, why, and how to mend it, as sentences."""
    if error is None:
        return []
    problem = error.problem
    return [_sentence(part) for part in (problem.what, problem.why, problem.mend) if part]


def _told_of_field(problem: Problem | None, name: str) -> list[str]:
    """The same beside a field, whose name and hint need not be said again."""
    if problem is None:
        return []
    what = "It needs a value" if problem.code == "missing-parameter" else problem.what
    parts = [part.removeprefix(f"{name}=").replace(f" {name}=", " ") for part in (what, problem.mend) if part]
    return [_sentence(part) for part in parts]


def _sentence(text: str) -> str:
    """A text with a capital and a full stop.

    >>> _sentence("no such gene")
    'No such gene.'
    """
    whole = text[:1].upper() + text[1:]
    return whole if whole.endswith((".", "!", "?")) else f"{whole}."
