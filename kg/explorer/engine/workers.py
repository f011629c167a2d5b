"""A pool of processes that answer SPARQL: killed at the deadline and replaced, so that one query never stops others.

Nothing here blocks the event loop: a process is spoken to through pipes, and its answer lies in a temporary file in the
format asked for, so that a client that reads slowly holds no process.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import tempfile
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO, Any, Final, Self

from anyio import from_thread
from starlette.concurrency import run_in_threadpool

from kg.answer import Answer
from kg.errors import QueryError
from kg.explorer.engine.process import WorkerProcess
from kg.explorer.settings import Settings
from kg.parameters import resolve_values
from kg.savedqueries import SavedQuery
from kg.vocab import Term

__all__ = ["Spooled", "Workers"]

_CHUNK: Final = 256 << 10
_WAITING: Final = 64
"""Queries that may wait for a process, by default."""
_PATIENCE: Final = 5.0
"""Seconds that a query waits longer than those before it may run."""
_KEPT: Final = 0.5
"""The part of its memory that a process may once have had and still be kept: it gives little of it back."""
_SPOOLS: Final = 8
"""How many of the largest answers may lie on disk at a time, waiting for their readers."""
_ROWS: Final = ("application/sparql-results+json", "application/n-triples")
"""The formats that `Answer` reads."""


class Spooled:
    """An answer in a temporary file, which goes when this is closed: read it whole, or in chunks (`async for`)."""

    def __init__(self, path: Path, media: str, on_close: Callable[[int], None] = lambda _size: None) -> None:
        self.media, self._on_close = media, on_close
        self._file: IO[bytes] = path.open("rb")
        with contextlib.suppress(PermissionError):  # where an open file cannot be removed, its folder goes at the end
            path.unlink()
        self.size: int = os.fstat(self._file.fileno()).st_size

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The answer from its beginning, part by part."""
        self._file.seek(0)
        while chunk := await run_in_threadpool(self._file.read, _CHUNK):
            yield chunk

    def read(self) -> bytes:
        """All of it."""
        self._file.seek(0)
        return self._file.read()

    def close(self) -> None:
        """Remove the file."""
        if not self._file.closed:
            self._file.close()
            self._on_close(self.size)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()


class Workers:
    """Answers queries in processes that can be killed; start it, and close it, or use it in `async with`.

    Args:
        data: an Oxigraph database, which nobody writes.
        settings: how many processes, their time, memory and largest answer, and whether queries may call endpoints.
        union: whether a query that names no graph sees all of them (for a database in which nobody merged them).
        waiting: how many queries may wait for a process; further ones are turned away.
    """

    def __init__(
        self, data: Path, settings: Settings | None = None, *, union: bool = False, waiting: int = _WAITING
    ) -> None:
        self.settings = settings or Settings()
        self._opening = {
            "path": str(data),
            "union": union,
            "base": self.settings.base,
            "memory": self.settings.memory,
            "largest_answer": self.settings.largest_answer,
        }
        self._folder: Path | None = None
        self._processes = [WorkerProcess(self._opening) for _ in range(max(1, self.settings.workers))]
        self._idle = deque(self._processes)
        self._free = asyncio.Semaphore(len(self._processes))
        self._waiting, self._most_waiting = 0, waiting
        self._spooled = 0

    async def start(self) -> None:
        """Start the processes, so that the first query need not wait.

        Raises:
            QueryError: the database cannot be opened.
        """
        self._folder = self._folder or Path(tempfile.mkdtemp(prefix="kg-serve-"))
        started = await asyncio.gather(*(process.start() for process in self._processes), return_exceptions=True)
        failed = [fault for fault in started if fault is not None]
        if failed:
            await self.close()  # nobody else would: whoever could not enter does not exit
            raise failed[0]

    async def close(self) -> None:
        """End the processes, and remove what they wrote."""
        await asyncio.gather(*(process.stop() for process in self._processes))
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_exception: object) -> None:
        await self.close()

    @property
    def pids(self) -> list[int]:
        """The processes that are alive."""
        return [process.pid for process in self._processes if process.pid is not None]

    async def answer(
        self,
        text: str,
        *,
        media: str | Sequence[str],
        timeout: float | None = None,  # noqa: ASYNC109 (a process is killed, which no timeout of asyncio does)
        default_graphs: Sequence[str] = (),
        named_graphs: Sequence[str] = (),
        federate: bool = False,
        base: str | None = None,
    ) -> Spooled:
        """The answer to a query from anywhere, in a temporary file.

        Args:
            text: SPARQL 1.1, which may use the graph's own prefixes undeclared.
            media: a media type of `engine.media`, or several: the first that fits what the query gives is taken.
            timeout: seconds after which the query is stopped; those of the settings where there is none.
            default_graphs: IRIs of graphs that make up the default graph; with these or named graphs given, no others
                are seen.
            named_graphs: IRIs of the named graphs.
            federate: whether it may call other endpoints, where the settings allow that.
            base: IRI that relative ones are resolved against.

        Raises:
            QueryError: `bad-query`, `update-refused`, `federation-refused`, `not-acceptable`, `query-timeout`,
                `query-crashed`, `query-failed`, `answer-too-large`, `server-busy`, `endpoint-failed`.
        """
        request = {
            "text": text,
            "media": [media] if isinstance(media, str) else list(media),
            "default_graphs": list(default_graphs),
            "named_graphs": list(named_graphs),
            "federate": federate and self.settings.federate,
            "base": base,
        }
        path, reply = await self._ask(request, timeout)
        return self._kept(path, reply["media"])

    async def rows(
        self,
        text: str,
        *,
        timeout: float | None = None,  # noqa: ASYNC109 (as above)
        limit: int | None = None,
    ) -> Answer:
        """The answer to a query as `Answer`, never with calls of other endpoints; errors as `answer`."""
        return await self._rows({"text": text, "limit": limit}, timeout)

    async def saved(
        self,
        query: SavedQuery,
        values: Mapping[str, str],
        *,
        timeout: float | None = None,  # noqa: ASYNC109 (as above)
        limit: int | None = None,
    ) -> Answer:
        """The answer to a saved query.

        Args:
            query: the query.
            values: parameters: IRI, CURIE, or what a person types; an empty text for none.
            timeout: seconds for all of it, looking names up included; those of the settings where there is none.
            limit: rows or triples at most.

        Raises:
            QueryError: as `answer`; a value is wrong, or the query calls other endpoints and may not.
        """
        if query.federated and not self.settings.federate:
            raise QueryError.of(
                "federation-refused",
                f"{query.name or 'the query'} calls {', '.join(query.endpoints) or 'another endpoint'}",
                "nothing is sent anywhere unless you say so",
                "start the explorer with --federate",
            )
        end = time.monotonic() + self._seconds(timeout)

        def look_up(text: str) -> Iterable[tuple[Term | None, ...]]:
            return from_thread.run(self._rows, {"text": text}, _left(end)).terms()

        terms = await run_in_threadpool(resolve_values, query, values, look_up)
        request = {
            "text": query.bound(terms),
            "limit": limit,
            "federate": self.settings.federate,
            "bind_join": query.bind_join,
        }
        return await self._rows(request, _left(end))

    async def _rows(self, request: Mapping[str, Any], limit_seconds: float | None) -> Answer:
        asked = {"media": _ROWS, "default_graphs": [], "named_graphs": [], **request}
        path, reply = await self._ask(asked, limit_seconds)
        return await run_in_threadpool(Answer, path, graph=reply["media"] == _ROWS[1])

    def _seconds(self, timeout: float | None) -> float:
        return self.settings.timeout if timeout is None else min(timeout, self.settings.timeout)

    async def _ask(self, request: Mapping[str, Any], limit_seconds: float | None) -> tuple[Path, dict[str, Any]]:
        """The file that holds the answer, and what the process said of it."""
        seconds = self._seconds(limit_seconds)
        async with self._process() as process:
            path = self._new_file()
            try:
                reply = await process.ask({**request, "out": str(path), "timeout": seconds}, seconds)
            except BaseException:
                path.unlink(missing_ok=True)
                raise
            if reply.get("peak", 0) > _KEPT * self.settings.memory:
                process.replace()  # memory that it took once, it keeps
            return path, reply

    @asynccontextmanager
    async def _process(self) -> AsyncIterator[WorkerProcess]:
        """A process of one's own for a while."""
        if self._waiting >= self._most_waiting or self._spooled > _SPOOLS * self.settings.largest_answer:
            raise _busy("too many queries are waiting already")
        self._waiting += 1
        try:
            async with asyncio.timeout(self.settings.timeout + _PATIENCE):
                await self._free.acquire()
        except TimeoutError:
            raise _busy("no process became free in time") from None
        finally:
            self._waiting -= 1
        process = self._idle.popleft()
        try:
            yield process
        finally:
            self._idle.append(process)
            self._free.release()

    def _new_file(self) -> Path:
        if self._folder is None or not self._folder.is_dir():  # systems tidy up their temporary folders
            self._folder = Path(tempfile.mkdtemp(prefix="kg-serve-"))
        handle, name = tempfile.mkstemp(dir=self._folder)
        os.close(handle)
        return Path(name)

    def _kept(self, path: Path, media: str) -> Spooled:
        spooled = Spooled(path, media, self._released)
        self._spooled += spooled.size
        return spooled

    def _released(self, size: int) -> None:
        self._spooled -= size


def _left(end: float) -> float:
    return max(end - time.monotonic(), 0.0)


def _busy(what: str) -> QueryError:
    return QueryError.of(
        "server-busy", what, "each process answers one query at a time", "try again in a moment, or give --workers"
    )
