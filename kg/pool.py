"""Chunks to results, in order, by one process or several.

The processes are started afresh (`forkserver` where there is one), so that no thread or lock of the calling program is
copied. At most a few chunks are under way at a time, whatever their number.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import tempfile
import threading
from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from itertools import islice
from multiprocessing.context import BaseContext
from pathlib import Path
from typing import Final

from kg.chunk import Chunk, ChunkResult
from kg.errors import Problem
from kg.garbage import fewer_collections
from kg.options import ExportOptions
from kg.work import Worker

__all__ = ["in_order"]

_AHEAD: Final = 2
"""Chunks that wait for a free process, so that none of them waits for a chunk."""


def in_order(worker: Worker, chunks: Iterator[Chunk], jobs: int) -> Iterator[ChunkResult]:
    """The results of chunks, in their order.

    Args:
        worker: does them where there is only one job, and tells others what to do.
        chunks: taken as they are needed.
        jobs: processes to use besides this one, or 1 to do all the work in it.
    """
    if jobs <= 1:
        return map(worker.run, chunks)
    return _Pool(worker.options, worker.output, jobs).results(chunks)


def _context() -> BaseContext:
    """Processes that begin clean, and soon: where there is a fork server it imports everything once for all of them."""
    methods = multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")
    if "forkserver" in methods:
        context.set_forkserver_preload(["__main__", "kg.work"])
    return context


@dataclass(slots=True)
class _Here:
    """What a working process holds."""

    worker: Worker
    notes: int

    def note(self, path: str) -> None:
        """Write down which record is being worked on, for the case that this process does not live to tell."""
        os.pwrite(self.notes, os.fsencode(path) + b"\0", 0)


_here: list[_Here] = []


def _begin(options: ExportOptions, output: Path, notes: str) -> None:
    """Make ready a working process: it leaves Ctrl-C to its parent, and ends when that is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    place = os.open(os.path.join(notes, str(os.getpid())), os.O_RDWR | os.O_CREAT, 0o600)  # noqa: PTH118
    fewer_collections().__enter__()  # for the whole life of this process
    here = _Here(Worker(options, output), place)
    here.worker.on_record = here.note
    _here[:] = [here]


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _do(chunk: Chunk) -> ChunkResult:
    return _here[0].worker.run(chunk)


_UnderWay = list[tuple[Chunk, ChunkResult | None]]


class _Pool:
    """Working processes; one that dies costs the chunks under way, which are then done again, one at a time."""

    def __init__(self, options: ExportOptions, output: Path, jobs: int) -> None:
        self.options, self.output, self.jobs = options, output, jobs

    def results(self, chunks: Iterator[Chunk]) -> Iterator[ChunkResult]:
        chunks = iter(chunks)
        while True:
            broken = yield from self._until_broken(chunks)
            if not broken:
                return
            for chunk, done in broken:
                yield done if done is not None else self._alone(chunk)

    def _until_broken(self, chunks: Iterator[Chunk]) -> Generator[ChunkResult, None, _UnderWay]:
        """Yields results; returns the chunks that were under way when a process died, with those results that came."""
        under_way: deque[tuple[Chunk, Future[ChunkResult]]] = deque()
        with tempfile.TemporaryDirectory() as notes, self._executor(self.jobs, notes) as executor:
            try:
                while True:
                    for chunk in islice(chunks, self.jobs + _AHEAD - len(under_way)):
                        under_way.append((chunk, executor.submit(_do, chunk)))
                    if not under_way:
                        return []
                    result = under_way[0][1].result()
                    under_way.popleft()
                    yield result
            except BrokenProcessPool:
                return [(chunk, _result_of(future)) for chunk, future in under_way]
            finally:
                executor.shutdown(wait=True, cancel_futures=True)

    def _executor(self, jobs: int, notes: str) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(
            jobs, mp_context=_context(), initializer=_begin, initargs=(self.options, self.output, notes)
        )

    def _alone(self, chunk: Chunk) -> ChunkResult:
        """A chunk in a process of its own; a record that brings this one down, too, is left out and reported."""
        while True:
            with tempfile.TemporaryDirectory() as notes:
                try:
                    with self._executor(1, notes) as executor:
                        return executor.submit(_do, chunk).result()
                except BrokenProcessPool:
                    path = _noted(Path(notes))
                    if path in chunk.skipped or path not in {record.path for record in chunk.records}:
                        raise
                    chunk = replace(chunk, skipped={**chunk.skipped, path: _crash(path)})


def _result_of(future: Future[ChunkResult]) -> ChunkResult | None:
    return future.result() if future.done() and not future.cancelled() and future.exception() is None else None


def _noted(notes: Path) -> str:
    """The record that the one process was working on."""
    return next((os.fsdecode(file.read_bytes().partition(b"\0")[0]) for file in notes.iterdir()), "")


def _crash(path: str) -> Problem:
    return Problem(
        severity="error",
        code="worker-crash",
        what="the process that worked on this record died, twice",
        why="a library crashed on it, or the system ended the process for want of memory",
        mend="export it alone with --jobs 1 to see more, and tell the project",
        path=path,
    )
