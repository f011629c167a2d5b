"""One process that answers queries, seen from the server: started, asked, killed at the deadline, replaced."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, cast

from kg.errors import KgError, QueryError
from kg.graphstore import reported_error

__all__ = ["WorkerProcess"]

_ROOT: Final = str(Path(__file__).parents[3])
_STARTER: Final = "import sys; sys.path.insert(0, sys.argv[1]); from kg.explorer.engine.worker import main; main()"
_KILL: Final = getattr(signal, "SIGKILL", signal.SIGTERM)  # on Windows, SIGTERM is the same
_OPENING_SECONDS: Final = 60.0
_LONGEST_LINE: Final = 16 << 20
"""Bytes of a reply: a message may quote a part of the query."""


class WorkerProcess:
    """The other side of `kg.explorer.engine.worker`; asked by one task at a time.

    After it was stopped it starts anew: at once where a query was killed, else with the next query.

    Args:
        opening: the first request, which opens the database.
    """

    def __init__(self, opening: Mapping[str, Any]) -> None:
        self._opening = dict(opening)
        self._process: asyncio.subprocess.Process | None = None
        self._starting: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def pid(self) -> int | None:
        """The number of the process; None where there is none."""
        return None if self._process is None or self._process.returncode is not None else self._process.pid

    async def start(self) -> None:
        """Start it unless it is there, and wait until it has opened the database.

        Raises:
            QueryError: it cannot open the database.
        """
        if self._closed:
            raise QueryError.of("server-busy", "the explorer is stopping", "", "")
        if self._starting is None and self.pid is None:
            self._begin()
        if self._starting is None:
            return
        starting = self._starting
        try:
            await asyncio.shield(starting)  # whoever waits may give up; the start goes on for the next
        finally:
            if starting.done() and self._starting is starting:
                self._starting = None

    def _begin(self) -> None:
        self._starting = asyncio.create_task(self._start())
        # Who asks next hears of a failure; where nobody does, it is no news.
        self._starting.add_done_callback(lambda task: task.cancelled() or task.exception())

    async def _start(self) -> None:
        await self._kill()
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            "-c",
            _STARTER,
            _ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={**os.environ, "PYTHONIOENCODING": "utf-8"},
            limit=_LONGEST_LINE,
            start_new_session=True,  # Ctrl-C is for the server, which then stops this one
        )
        if self._closed:
            await self._kill()
            return
        try:
            async with asyncio.timeout(_OPENING_SECONDS):
                await self._exchange(self._opening)
        except BaseException as error:
            await self._kill()
            if isinstance(error, TimeoutError):
                raise QueryError.of(
                    "query-crashed", f"the database was not open after {_OPENING_SECONDS:g} s", "", "try again"
                ) from None
            raise

    async def ask(self, request: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        """What the process says of a query; the answer itself is in the file that the request names.

        Raises:
            QueryError: it took more than so many seconds, failed, or ended the process.
        """
        await self.start()
        try:
            async with asyncio.timeout(seconds):
                return await self._exchange(request)
        except TimeoutError:
            self.replace()
            raise QueryError.of(
                "query-timeout",
                f"the query was stopped after {seconds:g} s",
                "it asks for more than can be found in that time",
                "narrow it, or start the explorer with a longer --timeout",
            ) from None
        except KgError as error:
            if error.problem.code == "query-crashed":
                self.replace()
            raise
        except BaseException:  # nobody waits for the answer any more
            self.replace()
            raise

    async def _exchange(self, request: Mapping[str, Any]) -> dict[str, Any]:
        process = cast("asyncio.subprocess.Process", self._process)
        stdin = cast("asyncio.StreamWriter", process.stdin)
        stdout = cast("asyncio.StreamReader", process.stdout)
        line = b""
        with contextlib.suppress(ConnectionError, ValueError):  # gone, or a line too long to be one of ours
            stdin.write(json.dumps(request).encode() + b"\n")
            await stdin.drain()
            line = await stdout.readline()
        if not line.endswith(b"\n"):
            raise QueryError.of(
                "query-crashed",
                "the process of the query ended",
                "it may have asked for more memory than it is given",
                "ask for less at a time",
            )
        reply: dict[str, Any] = json.loads(line)
        if "class" in reply:
            raise reported_error(reply)
        return reply

    def replace(self) -> None:
        """Kill it, and start another in the background."""
        self._kill_now()
        if self._starting is None and not self._closed:
            self._begin()

    def _kill_now(self) -> None:
        """Kill it, once or more often.

        Not by `Process.kill`: that looks first whether the process has ended, and takes the news of it from asyncio.
        """
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid, _KILL)

    async def _kill(self) -> None:
        """Kill it and wait for its end."""
        self._kill_now()
        process, self._process = self._process, None
        if process is None:
            return
        await process.wait()
        transport = getattr(process, "_transport", None)
        if transport is not None:  # or its pipes stay open until they are collected
            transport.close()

    async def stop(self) -> None:
        """End it for good, whatever it does."""
        self._closed = True
        self._kill_now()
        if self._starting is not None:  # not cancelled: a process in the making would be lost from sight
            with contextlib.suppress(QueryError):
                await self._starting
            self._starting = None
        await self._kill()
