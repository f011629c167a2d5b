"""An open graph that answers queries: a store on disk, an RDF file, or a SPARQL endpoint."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Iterator, Mapping
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import IO, Any, Final, Self, cast

import kg.errors
from kg.answer import Answer
from kg.errors import KgError, Problem, QueryError
from kg.parameters import resolve_values
from kg.savedqueries import SavedQuery, find_query, parse_query, read_query, with_prefixes
from kg.storefolder import current_data, hold
from kg.vocab import Term

__all__ = ["TIMEOUT", "GraphStore", "open_endpoint", "open_store", "reported_error"]

TIMEOUT: Final = 60.0
"""Seconds after which a query is stopped."""
_ROOT: Final = str(Path(__file__).parents[1])
_STARTER: Final = "import sys; sys.path.insert(0, sys.argv[1]); from kg.queryworker import main; main()"
_NAME: Final = re.compile(r"[\w\-.]+")


class GraphStore:
    """Answers queries; close it, or use it in a `with` statement.

    After `close` it may be asked again, and starts anew.
    A query runs in a process of its own, which is stopped when the query takes too long; the next query starts another.
    May be used from several threads: their queries wait for each other.
    """

    def __init__(self, opening: Mapping[str, Any], *, queries: Path | None = None) -> None:
        self._opening, self._queries = dict(opening), queries
        self._worker: _Worker | None = None
        self._lock = threading.Lock()

    def query(
        self,
        query: str | os.PathLike[str] | SavedQuery,
        /,
        *,
        params: Mapping[str, Any] | None = None,
        limit: int | None = None,
        timeout: float | None = TIMEOUT,
        federate: bool = False,
        services: Mapping[str, str] | None = None,
        **parameters: Any,
    ) -> Answer:
        """The answer to a saved query or to SPARQL text.

        Args:
            query: the name of a saved query, the path of a file ending in .rq, a `SavedQuery`, or SPARQL 1.1 (SELECT,
                ASK, CONSTRUCT, DESCRIBE), which may use the graph's own prefixes undeclared.
            params: values of parameters, for names that are also arguments of this method.
            limit: rows or triples at most.
            timeout: seconds after which the query is stopped; None for never.
            federate: whether other endpoints may be called (`SERVICE`).
            services: endpoint to the address that is asked in its place, such as a mirror.
            parameters: values of parameters: IRI, CURIE, or what a person types; several for a list.

        Raises:
            QueryError: the query or a value is wrong, it took too long, or an endpoint failed.

        >>> from kg import open_store
        >>> with open_store("seeds.ttl") as store:  # doctest: +SKIP
        ...     store.query("figures-for-gene", gene="STAT3").rows()
        """
        saved = query if isinstance(query, SavedQuery) else self._find(query)
        if saved.federated and not federate:
            raise QueryError.of(
                "federation-refused",
                f"{saved.name or 'the query'} calls {', '.join(saved.endpoints) or 'another endpoint'}",
                "nothing is sent anywhere unless you say so",
                "add --federate (in Python federate=True)",
            )
        strange = sorted(set(services or ()) - set(saved.endpoints))
        if strange:
            raise QueryError.of(
                "bad-value", f"the query does not call {strange[0]}", "an address was given to be asked in its place",
                f"it calls {', '.join(saved.endpoints) or 'no endpoint'}",
            )  # fmt: skip
        if limit is not None and limit < 0:
            raise QueryError.of("bad-value", f"limit is {limit}", "", "write a whole number from 0")
        patience = _Patience(timeout)
        with self._lock:
            given = {**(params or {}), **parameters}
            values = resolve_values(saved, given, lambda text: self._lookup(text, patience))
            request = {
                "text": saved.bound(values),
                "limit": limit,
                "federate": federate,
                "bind_join": saved.bind_join,
                "services": dict(services or {}),
            }
            return self._run(request, patience, graph=saved.form in ("CONSTRUCT", "DESCRIBE"))

    def _find(self, query: str | os.PathLike[str]) -> SavedQuery:
        if not isinstance(query, str) or (query.endswith(".rq") and "\n" not in query):
            return read_query(Path(query))
        return find_query(query, self._queries) if _NAME.fullmatch(query) else parse_query(with_prefixes(query))

    def _lookup(self, text: str, patience: _Patience) -> Iterator[tuple[Term | None, ...]]:
        return self._run({"text": text}, patience, graph=False).terms()

    def _run(self, request: dict[str, Any], patience: _Patience, *, graph: bool) -> Answer:
        if self._worker is None:
            self._worker = _Worker(self._opening, patience)
        handle, name = tempfile.mkstemp(prefix="kg-answer-")
        os.close(handle)
        try:
            self._worker.ask(request | {"out": name, "timeout": patience.left()}, patience)
            return Answer(Path(name), graph=graph)
        except BaseException as error:
            Path(name).unlink(missing_ok=True)
            if not isinstance(error, KgError) or not self._worker.alive:
                self.close()
            raise

    def close(self) -> None:
        """Stop the process; another one starts with the next query."""
        if self._worker is not None:
            self._worker.stop()
            self._worker = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()


class _Patience:
    """The time that one query may take in all: opening the graph, looking names up, and the query itself."""

    def __init__(self, seconds: float | None) -> None:
        if seconds is not None and not seconds >= 0:
            raise QueryError.of("bad-value", f"timeout is {seconds}", "", "write seconds from 0, or None for no end")
        # What a clock cannot count is for ever.
        self.seconds = None if seconds is not None and seconds > threading.TIMEOUT_MAX else seconds
        self._start = time.monotonic()

    def left(self) -> float | None:
        """Seconds left, 0 where none are; None for no end."""
        return None if self.seconds is None else max(self.seconds - (time.monotonic() - self._start), 0.0)


class _Worker:
    """The other side of `kg.queryworker`."""

    def __init__(self, opening: Mapping[str, Any], patience: _Patience) -> None:
        self._process = subprocess.Popen(  # noqa: S603 (our own module)
            [sys.executable, "-P", "-c", _STARTER, _ROOT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            env={**os.environ, "PYTHONIOENCODING": "utf-8"},
            start_new_session=True,  # Ctrl-C is for this process, which then stops the other
        )
        self._replies: SimpleQueue[str] = SimpleQueue()
        threading.Thread(target=_read, args=(self._process.stdout, self._replies), daemon=True).start()
        self._finalizer = weakref.finalize(self, _end, self._process)
        self.alive = True
        self._held: IO[bytes] | None = None
        try:
            request = dict(opening)
            if request["kind"] == "folder":
                folder = Path(request["path"])
                self._held, request["path"] = _held_data(folder)
                # A load of ours has merged all graphs into the default graph.
                request["union"] = str(folder) == request["path"]
            self.ask(request, patience)
        except BaseException:
            self.stop()
            raise

    def ask(self, request: Mapping[str, Any], patience: _Patience) -> None:
        """Send a request and wait for its end.

        Raises:
            QueryError: it took too long or failed.
        """
        stdin = cast("IO[str]", self._process.stdin)
        try:
            stdin.write(json.dumps(request) + "\n")
            stdin.flush()
            line = self._replies.get(timeout=patience.left())
        except Empty:
            self.stop()
            raise QueryError.of(
                "query-timeout",
                f"the query was stopped after {patience.seconds:g} s",
                "it asks for more than can be found in that time, reading the graph included",
                "narrow it, load a large file once with `kg load`, or give --timeout SECONDS (0 for no end)",
            ) from None
        except BrokenPipeError:
            line = ""
        if not line:
            raise self._crashed()
        reply = json.loads(line)
        if reply:
            raise reported_error(reply)

    def _crashed(self) -> QueryError:
        self.stop()
        return QueryError.of(
            "query-crashed",
            f"the process of the query ended (status {self._process.returncode})",
            "it may have run out of memory",
            "ask for less at a time",
        )

    def stop(self) -> None:
        """End the process, whatever it does."""
        self.alive = False
        self._finalizer()
        if self._held is not None:
            self._held.close()


def _held_data(folder: Path) -> tuple[IO[bytes] | None, str]:
    """The data of a store folder, held so that no load removes it while it is read."""
    for _ in range(5):
        data = current_data(folder)
        held = hold(data)
        if data.is_dir():
            return held, str(data)
        if held is not None:  # a load has just put newer data in its place
            held.close()
    raise QueryError.of("unreadable-store", f"{folder} has no data", "", "load the graph again with `kg load`")


def _read(stream: IO[str], replies: SimpleQueue[str]) -> None:
    with stream:
        for line in stream:
            replies.put(line)
    replies.put("")


def _end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()
    if process.stdin is not None:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()


def reported_error(reply: Mapping[str, Any]) -> KgError:
    """The error that a worker reports."""
    if "engine" in reply:
        return QueryError.of("query-failed", f"the query failed: {reply['engine']}", "", "")
    kind = cast("type[KgError]", getattr(kg.errors, reply["class"]))
    fields = {"why": "", "mend": ""} | reply["problem"]
    return kind(Problem(**(fields | {"key": tuple(fields.get("key", ()))})))


def open_store(
    path: str | os.PathLike[str], *, queries: str | os.PathLike[str] | None = None, form: str | None = None
) -> GraphStore:
    """A graph to query: a store that `kg load` wrote, one of Oxigraph, or an RDF file (read into memory when asked).

    Args:
        path: a store's folder, an RDF file in any format that `kg check` reads, or a folder of such files.
        queries: folder of saved queries; the shipped ones by default.
        form: format of a file where its suffix does not tell.

    Raises:
        QueryError: there is nothing at the path.
    """
    path, folder = Path(path).absolute(), None if queries is None else Path(queries).absolute()
    unfinished = path.is_dir() and (path / "load.lock").exists() and not (path / "store.json").exists()
    if not path.exists() or unfinished:
        raise QueryError.of(
            "no-store",
            f"{path} {'is a store that no load has finished' if unfinished else 'does not exist'}",
            "",
            "make a graph with `kg export`, and a store of it with `kg load`",
        )
    is_store = path.is_dir() and any((path / name).exists() for name in ("store.json", "CURRENT"))
    opening = {"kind": "folder" if is_store else "file", "path": str(path), "format": form}
    return GraphStore(opening, queries=folder)


def open_endpoint(url: str, *, queries: str | os.PathLike[str] | None = None) -> GraphStore:
    """A SPARQL 1.1 endpoint to query; user and password come from `KG_USER` and `KG_PASSWORD`, else from netrc.

    Args:
        url: address of the endpoint.
        queries: folder of saved queries; the shipped ones by default.

    Raises:
        QueryError: the address is none.
    """
    from kg.remote import require_url  # noqa: PLC0415 (HTTP is loaded by those who need it)

    return GraphStore({"kind": "endpoint", "url": require_url(url)}, queries=None if queries is None else Path(queries))
