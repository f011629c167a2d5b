"""The process in which a query runs, so that a runaway query can be stopped: engines offer no way to cancel one.

It reads one JSON request a line from standard input and answers one line each. The first request opens a graph; each
later one is a query, whose result goes to a file: SPARQL 1.1 Query Results JSON, or N-Triples for CONSTRUCT and
DESCRIBE.
"""

from __future__ import annotations

import json
import os
import re
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from queue import SimpleQueue
from typing import IO, Any, Final, Protocol

import pyoxigraph as ox

from kg.errors import KgError, QueryError
from kg.federate import Rows, inline_services, without_services
from kg.merge import merge_graphs
from kg.rdffiles import bulk_load, rdf_files, readable
from kg.sparql import calls_out, query_form, star_variables
from kg.vocab import Term

__all__ = ["Graph", "Local", "main", "read_only", "serve", "with_rows_of_services", "write_first"]

_SIGNS: Final = re.compile(r",? \[.*", re.DOTALL)


class Graph(Protocol):
    """What a query is put to."""

    def answer(self, request: dict[str, Any], out: Path) -> dict[str, Any]:
        """Write the answer to a file; what is returned is told to the other side."""


class Local:
    """A store on disk, or a file read into memory."""

    def __init__(self, store: ox.Store, *, union: bool) -> None:
        self.store, self.union = store, union

    def answer(self, request: dict[str, Any], out: Path) -> dict[str, Any]:
        """Run a query; blocks that call other endpoints are answered first, by us."""
        text = request["text"]
        if calls_out(text):
            text = with_rows_of_services(self, request)
        result = self.query(
            text
        )  # what endpoints gave stands in it as data; `with_rows_of_services` has looked at the rest
        limit = request.get("limit")
        columns = star_variables(request["text"]) if isinstance(result, ox.QuerySolutions) else None
        if not isinstance(result, ox.QueryBoolean) and (limit is not None or columns):
            write_first(result, limit, out, columns)
        elif isinstance(result, ox.QueryTriples):
            result.serialize(output=out, format=ox.RdfFormat.N_TRIPLES)
        else:
            result.serialize(output=out, format=ox.QueryResultsFormat.JSON)
        return {}

    def rows(self, text: str) -> Rows:
        """The rows of a SELECT query."""
        _require_no_call(text)
        result = self.query(text)
        if not isinstance(result, ox.QuerySolutions):
            msg = "a SELECT query was expected"
            raise TypeError(msg)
        return [variable.value for variable in result.variables], ([_term(value) for value in row] for row in result)

    def query(self, text: str, **how: Any) -> ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples:
        """What the engine gives; `how` are further arguments for it.

        Raises:
            QueryError: the query is no SPARQL.
        """
        try:
            return self.store.query(text, **({"use_default_graph_as_union": self.union} | how))
        except SyntaxError as error:
            raise QueryError.of(
                "bad-query",
                f"the query is no SPARQL 1.1: {_readable(str(error.msg))}",
                "",
                "line and column count in the query as it ran",
            ) from None


def _readable(message: str) -> str:
    """The engine's message without lists of signs, which no one reads.

    >>> _readable("error at 1:21: expected one of Prefix not found, ['%'], ['-' | '0' ..= '9']")
    'error at 1:21: a prefix is not declared'
    >>> _readable("error at 1:29: expected one of HAVING, OFFSET, ['0'..='9']")
    'error at 1:29: expected one of HAVING, OFFSET'
    """
    if "Prefix not found" in message:
        return message.partition(": expected")[0] + ": a prefix is not declared"
    return _SIGNS.sub("", message)


def _require_no_call(text: str) -> None:
    """Refuse what is about to go to the engine if it might reach the network from there."""
    if calls_out(text):
        raise QueryError.of(
            "bad-service", "a SERVICE stands where it cannot be read as a block of its own", "",
            "write SERVICE <https://...> { ... } with blanks around it, inside the WHERE clause",
        )  # fmt: skip


class _Remote:
    """A SPARQL endpoint."""

    def __init__(self, url: str) -> None:
        from kg.remote import open_session, require_url  # noqa: PLC0415 (HTTP takes a tenth of a second to import)

        self.url, self.session = require_url(url), open_session(url, retries=2)

    def answer(self, request: dict[str, Any], out: Path) -> dict[str, Any]:
        """Send a query; the endpoint itself follows `SERVICE`."""
        from kg.remote import RESULTS, ask_endpoint  # noqa: PLC0415

        form, text, limit = query_form(request["text"]), request["text"], request.get("limit")
        graph = form in ("CONSTRUCT", "DESCRIBE")
        accept = "application/n-triples" if graph else RESULTS
        data = ask_endpoint(self.session, self.url, text, accept=accept, timeout=_patience(request))
        with _whole_results(self.url):
            if graph:
                triples = (quad.triple for quad in islice(ox.parse(data, format=ox.RdfFormat.N_TRIPLES), limit))
                out.write_bytes(ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES) or b"")
                return {}
            found = ox.parse_query_results(data, format=ox.QueryResultsFormat.JSON)
            if form == "ASK" and isinstance(found, ox.QuerySolutions):
                out.write_text(json.dumps({"head": {}, "boolean": _is_yes(found)}))
            elif isinstance(found, ox.QuerySolutions) and limit is not None:
                write_first(found, limit, out)
            else:
                found.serialize(output=out, format=ox.QueryResultsFormat.JSON)
        return {}


def _is_yes(rows: ox.QuerySolutions) -> bool:
    """Virtuoso answers ASK with a row that holds 1, or with none."""
    first = next(rows, None)
    return first is not None and getattr(first[0], "value", "") in ("1", "true")


@contextmanager
def _whole_results(url: str) -> Iterator[None]:
    """Turn what no result is into an error that names the endpoint."""
    try:
        yield
    except (SyntaxError, ValueError) as error:
        raise QueryError.of(
            "endpoint-failed", f"{url} answered what is no SPARQL result: {error}", "", "check the address"
        ) from None


def _patience(request: dict[str, Any]) -> float | None:
    """Seconds to wait for a server: a little less than the query has, so that the message names the server."""
    timeout = request.get("timeout")
    return None if timeout is None else max(0.9 * timeout, 0.05)


def with_rows_of_services(local: Local, request: dict[str, Any]) -> str:
    """The query with each block's rows in its place; only asked for by name."""
    if not request.get("federate"):
        raise QueryError.of(
            "federation-refused",
            "the query calls another endpoint",
            "nothing is sent anywhere unless you say so",
            "add --federate (in Python federate=True)",
        )
    from kg.remote import ask_endpoint, open_session, require_url  # noqa: PLC0415 (as above)

    _require_no_call(without_services(request["text"]))

    session = open_session(retries=2)  # without the user's password: a query names these endpoints, not the user

    def ask_remote(url: str, text: str) -> Rows:
        data = ask_endpoint(session, require_url(url), text, timeout=_patience(request))
        with _whole_results(url):
            found = ox.parse_query_results(data, format=ox.QueryResultsFormat.JSON)
            if isinstance(found, ox.QuerySolutions):
                rows = [[_term(value) for value in row] for row in found]
                return [variable.value for variable in found.variables], rows
        raise QueryError.of("endpoint-failed", f"{url} answered no rows", "", "check that it is a SPARQL endpoint")

    return inline_services(
        request["text"],
        local.rows,
        ask_remote,
        bind_join=request.get("bind_join") or (),
        addresses=request.get("services") or {},
    )


def _term(value: object) -> Term | None:
    return None if value is None else Term(str(value))


def write_first(
    result: ox.QuerySolutions | ox.QueryTriples, limit: int | None, out: Path, columns: list[str] | None = None
) -> None:
    """Write the first rows or triples only (the rest is never worked out), or all, with columns in this order."""
    with out.open("w", encoding="utf-8") as file:
        if isinstance(result, ox.QueryTriples):
            file.writelines(f"{triple} .\n" for triple in islice(result, limit))
            return
        names = [variable.value for variable in result.variables]
        shown = [name for name in columns or names if name in names]
        file.write(json.dumps({"head": {"vars": shown}})[:-1] + ', "results": {"bindings": [')
        for number, row in enumerate(islice(result, limit)):
            cells = {name: _json_term(value) for name, value in zip(names, row, strict=True) if value is not None}
            file.write((", " if number else "") + json.dumps(cells))
        file.write("]}}")


def _json_term(term: object) -> dict[str, str]:
    """A term of https://www.w3.org/TR/sparql11-results-json/#select-encode-terms."""
    if isinstance(term, ox.NamedNode):
        return {"type": "uri", "value": term.value}
    if isinstance(term, ox.BlankNode):
        return {"type": "bnode", "value": term.value}
    if not isinstance(term, ox.Literal):
        raise QueryError.of("bad-query", "the answer holds triples as values", "", "select terms")
    told = {"type": "literal", "value": term.value}
    if term.language:
        return told | {"xml:lang": term.language}
    return told if term.datatype.value.endswith("#string") else told | {"datatype": term.datatype.value}


def _open(request: dict[str, Any]) -> Graph:
    if request["kind"] == "endpoint":
        return _Remote(request["url"])
    if request["kind"] == "folder":
        return Local(read_only(request["path"]), union=request["union"])
    return Local(_in_memory(request["path"], request.get("format")), union=False)


def read_only(path: str) -> ox.Store:
    """A database, opened so that nothing in it can change.

    Raises:
        QueryError: it cannot be opened.
    """
    try:
        return ox.Store.read_only(path)
    except (OSError, RuntimeError) as error:
        raise QueryError.of(
            "unreadable-store", f"{path} cannot be opened: {error}", "it is no store, or one of another version",
            "load the graph again with `kg load`",
        ) from None  # fmt: skip


def _in_memory(path: str, form: str | None) -> ox.Store:
    store = ox.Store()
    for file in rdf_files(Path(path), form):
        with readable(file.path), file.path.open("rb") as raw:
            bulk_load(store, file, raw)
    merge_graphs(store)
    return store


def _requests(stream: IO[str]) -> Iterator[dict[str, Any]]:
    """Requests as they come; when the other side is gone, so is this process, even in the midst of a query."""
    queue: SimpleQueue[str] = SimpleQueue()

    def read() -> None:
        for line in stream:
            queue.put(line)
        os._exit(0)

    threading.Thread(target=read, daemon=True).start()
    while True:
        yield json.loads(queue.get())


def main() -> None:
    """Serve requests until the other side hangs up."""
    serve(_open)


def serve(open_graph: Callable[[dict[str, Any]], Graph]) -> None:
    """Serve requests until the other side hangs up; the first one says which graph to open."""
    graph: Graph | None = None
    for request in _requests(sys.stdin):
        reply: dict[str, Any] = {}
        try:
            if graph is None:
                graph = open_graph(request)
            else:
                reply = graph.answer(request, Path(request["out"]))
        except KgError as error:
            reply = {"class": type(error).__name__, "problem": error.problem.to_json()}
        except (OSError, RuntimeError, ValueError) as error:  # an engine's own: evaluation, input and output
            reply = {"class": "QueryError", "engine": str(error)}
        except MemoryError:
            reply = {"class": "QueryError", "engine": "out of memory"}
        print(json.dumps(reply), flush=True)  # noqa: T201 (the protocol)


if __name__ == "__main__":
    main()
