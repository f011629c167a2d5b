"""Chunks to results, in order, by one process or several.

The processes are started afresh (`forkserver` where there is one), so that no thread, lock or module of the calling
program is copied. At most a few chunks are under way at a time, whatever their number.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from pathlib import Path
from typing import Final, Self

from kg.chunk import Chunk, ChunkResult, chunks
from kg.errors import Problem, UsageError
from kg.garbage import collect_seldom
from kg.options import ExportOptions
from kg.work import Worker

__all__ = ["in_order"]

_LONGEST_FOLDER: Final = 70
_AHEAD: Final = 2
"""Chunks that wait for a free process, so that none of them waits for a chunk."""


def in_order(worker: Worker, chunks: Iterator[Chunk], jobs: int) -> Generator[ChunkResult]:
    """The results of chunks, in their order. Closing it ends the processes, and leaves out what is under way.

    Args:
        worker: does them where there is only one job, and tells others what to do.
        chunks: taken as they are needed.
        jobs: processes to use besides this one, or 1 to do all the work in it.

    Raises:
        UsageError: processes cannot be started.
    """
    if jobs <= 1:
        yield from map(worker.run, chunks)
    else:
        yield from _Pool(worker.options, worker.output, jobs).results(chunks)


def _require_short_folder() -> None:
    """A fork server listens at a socket in a folder of its own below the one for temporary files."""
    size = len(os.fsencode(tempfile.gettempdir()))
    if size > _LONGEST_FOLDER:
        raise UsageError.of(
            "long-tmpdir",
            f"the path of the folder for temporary files has {size} bytes",
            "processes meet at a socket in it, whose path may have 107",
            "set TMPDIR to a shorter one, or give --jobs 1",
        )


def _context() -> BaseContext:
    """Processes that begin clean, and soon: where there is a fork server it imports everything once for all of them."""
    methods = multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")
    if "forkserver" in methods:
        _require_short_folder()
        context.set_forkserver_preload(["kg.work"])
    return context


_starting: Final = threading.Lock()


@contextmanager
def _starting_processes() -> Iterator[None]:
    """Processes that are started meanwhile leave Ctrl-C to this one, and do not import the calling program.

    They need nothing of it; a script without `if __name__ == "__main__"` would run again in each of them, and one that
    is read from standard input cannot be imported at all.
    """
    with _starting, _undisturbed():
        main = sys.modules["__main__"]
        held = {name: getattr(main, name) for name in ("__file__", "__spec__") if hasattr(main, name)}
        masks = hasattr(signal, "pthread_sigmask")  # not on Windows
        before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT]) if masks else ()
        try:
            vars(main).pop("__file__", None)
            main.__spec__ = None
            yield
        finally:
            vars(main).update(held)
            if masks:
                signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """What stops the program is heeded afterwards: a process that is half begun would be nobody's, and complain."""
    came: list[int] = []
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    if threading.current_thread() is not threading.main_thread() or None in before.values():
        yield
        return
    try:
        for number in before:
            signal.signal(number, lambda number, _frame: came.append(number))
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for signalled in came:
            signal.raise_signal(signalled)


@dataclass(slots=True)
class _Here:
    """What a working process holds."""

    worker: Worker
    notes: int

    def note(self, path: str) -> None:
        """Write down which record is being worked on, for the case that this process does not live to tell."""
        os.lseek(self.notes, 0, os.SEEK_SET)
        os.write(self.notes, os.fsencode(path) + b"\0")


_here: list[_Here] = []


def _begin(options: ExportOptions, output: Path, notes: str, end: Connection) -> None:
    """Make ready a working process: it leaves Ctrl-C to its parent, and ends when that is gone or wants no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(end,), daemon=True).start()
    collect_seldom()
    place = os.open(os.path.join(notes, str(os.getpid())), os.O_RDWR | os.O_CREAT, 0o600)  # noqa: PTH118
    here = _Here(Worker(options, output), place)
    here.worker.on_record = here.note
    _here[:] = [here]


def _end_with(end: Connection) -> None:
    end.poll(None)  # nothing is ever sent: this waits until the other end is closed
    os._exit(1)


def _do(chunk: Chunk) -> ChunkResult:
    return _here[0].worker.run(chunk)


class _Processes:
    """Some working processes. Leaving the context by an error ends them at once, whatever they are doing."""

    def __init__(self, options: ExportOptions, output: Path, jobs: int) -> None:
        self._notes = tempfile.TemporaryDirectory(prefix="kg-")
        context = _context()
        end, self._keep = context.Pipe(duplex=False)
        self._executor = ProcessPoolExecutor(
            jobs, mp_context=context, initializer=_begin, initargs=(options, output, self._notes.name, end)
        )
        self._end = end

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self._keep.close()
        self._executor.shutdown(wait=True, cancel_futures=True)
        self._keep.close()
        self._end.close()
        self._notes.cleanup()

    def submit(self, chunk: Chunk) -> Future[ChunkResult]:
        with _starting_processes():
            return self._executor.submit(_do, chunk)

    def noted(self) -> set[str]:
        """The records that the processes worked on last."""
        files = Path(self._notes.name).iterdir()
        return {os.fsdecode(note) for file in files if (note := file.read_bytes().partition(b"\0")[0])}


_UnderWay = list[tuple[Chunk, ChunkResult | None]]


class _Pool:
    """Working processes; one that dies costs the chunks under way, which are then done again, a paper at a time."""

    def __init__(self, options: ExportOptions, output: Path, jobs: int) -> None:
        self.options, self.output, self.jobs = options, output, jobs

    def results(self, chunks: Iterator[Chunk]) -> Iterator[ChunkResult]:
        while broken := (yield from self._until_broken(chunks)):
            for chunk, done in broken:
                if done is None:
                    yield from self._by_paper(chunk)
                else:
                    yield done

    def _until_broken(self, chunks: Iterator[Chunk]) -> Generator[ChunkResult, None, _UnderWay]:
        """Yields results; returns the chunks that were under way when a process died, with those results that came."""
        under_way: deque[tuple[Chunk, Future[ChunkResult]]] = deque()
        with self._processes(self.jobs) as processes:
            while True:
                try:
                    for chunk in islice(chunks, self.jobs + _AHEAD - len(under_way)):
                        under_way.append((chunk, Future()))  # kept should the next line find the processes dead
                        under_way[-1] = (chunk, processes.submit(chunk))
                    if not under_way:
                        return []
                    result = under_way[0][1].result()
                except BrokenProcessPool:
                    return [(chunk, _result_of(future)) for chunk, future in under_way]
                under_way.popleft()
                yield result

    def _processes(self, jobs: int) -> _Processes:
        return _Processes(self.options, self.output, jobs)

    def _by_paper(self, chunk: Chunk) -> Iterator[ChunkResult]:
        """A chunk again, in one process and a paper at a time; records that bring this one down, too, are left out."""
        papers = deque(replace(chunk, records=records) for records in chunks(chunk.records, 1))
        crashes = 0
        while papers:
            with self._processes(1) as processes:
                while papers:
                    try:
                        result = processes.submit(papers[0]).result()
                    except BrokenProcessPool:
                        crashes += 1
                        papers[0] = self._without_culprits(papers[0], processes.noted(), last=crashes > 1)
                        break
                    papers.popleft()
                    crashes = 0
                    yield result

    def _without_culprits(self, paper: Chunk, noted: set[str], *, last: bool) -> Chunk:
        """A paper without the records that bring a process down when they are tried alone.

        Where none does, the `last` resort is to leave out what was noted last, which need not be what was to blame.
        """
        left = [record for record in paper.records if record.path not in paper.skipped]
        found = [record.path for record in left if self._dies(replace(paper, records=(record,)))] if noted else []
        if last and not found:
            found = [record.path for record in left if record.path in noted] or [record.path for record in left[-1:]]
            if not noted or not found:
                raise UsageError.of(
                    "worker-crash",
                    "the processes that should work on records die before they begin",
                    "a library crashed, or the system ended them for want of memory",
                    "use --jobs 1",
                )
        return replace(paper, skipped={**paper.skipped, **{path: _crash(path) for path in found}})

    def _dies(self, record: Chunk) -> bool:
        with self._processes(1) as processes:
            try:
                processes.submit(record).result()
            except BrokenProcessPool:
                return True
        return False


def _result_of(future: Future[ChunkResult]) -> ChunkResult | None:
    return future.result() if future.done() and not future.cancelled() and future.exception() is None else None


def _crash(path: str) -> Problem:
    return Problem(
        severity="error",
        code="worker-crash",
        what="the process that worked on this record died, again and again",
        why="a library crashed on it, or the system ended the process for want of memory",
        mend="export it alone with --jobs 1 to see more, and tell the project",
        path=path,
    )
