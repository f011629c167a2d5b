"""Chunks to results, in order, by the workers of a Dask cluster that is running already.

Dask hands a chunk to a worker, and to another one when the first is lost. At most a few chunks are under way for each
of the workers' threads, whatever their number.
"""

from __future__ import annotations

import asyncio
import logging
import platform
import threading
import time
import uuid
import warnings
from collections import deque
from collections.abc import Generator, Iterator, Mapping
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from kg.chunk import Chunk, ChunkResult
from kg.errors import KgError, UsageError
from kg.options import ExportOptions
from kg.parts import PartWriter, part_name
from kg.pending import fetched
from kg.work import Worker

__all__ = ["Setup", "on_cluster"]

_CONNECT: Final = 5.0
"""Seconds that the scheduler has for an answer."""
_NO_WORKERS: Final = 120.0
"""Seconds that a cluster may be without workers."""
_LOOK: Final = 2.0
"""Seconds after which the workers are counted again."""
_NOTHING: Final = -2
_SAME: Final = ("pfocr-kg", "PyYAML", "PyLD", "shacl")
"""Packages that the result hangs on."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What a process must know to work on chunks.

    Args:
        options: of the export.
        output: a name that tells what kind of output it is.
        parts: where to write texts to, which else go back with the result.
    """

    options: ExportOptions
    output: Path
    parts: PartWriter | None = None


# --- on the workers ----------------------------------------------------------------------------------------------

_here = threading.local()


def _worker(run: str, setup: Setup) -> Worker:
    """This thread's worker, made once for an export: one of another export remembers which lexicons that one used."""
    if getattr(_here, "run", None) != run:
        _here.worker = Worker(setup.options, setup.output)
        _here.run = run
    worker: Worker = _here.worker
    return worker


def _do(run: str, setup: Setup, chunk: Chunk, versions: Mapping[str, str]) -> ChunkResult:
    """What becomes of a chunk of an export; runs on a worker."""
    if (mine := _versions()) != versions:  # a worker that came later than the first look at all of them
        raise _differing("this worker", mine, versions)
    result = _worker(run, setup).run(replace(chunk, records=fetched(chunk.records)))
    if setup.parts is not None and result.failed is None:
        text = b"".join(result.texts.values())
        result.part = setup.parts.put(
            part_name(chunk.number), text, triples=result.tally.triples, records=result.records
        )
        result.texts = {}
    return result


def _versions() -> dict[str, str]:
    """Versions of all that the result hangs on, here."""
    found = {"Python": platform.python_version().rpartition(".")[0]}
    for package in _SAME:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "none"
    return found


def _look(paths: tuple[Path, ...]) -> tuple[dict[str, str], tuple[int, ...]]:
    """Versions on a worker, and of each path the size of the file, -1 for a folder, `_NOTHING` where there is none."""
    return _versions(), tuple(map(_size, paths))


def _size(path: Path) -> int:
    try:
        return -1 if path.is_dir() else path.stat().st_size
    except OSError:
        return _NOTHING


# --- here --------------------------------------------------------------------------------------------------------


def on_cluster(address: str, setup: Setup, chunks: Iterator[Chunk]) -> Generator[ChunkResult]:
    """The results of chunks, in their order. Closing it takes back what is under way.

    Args:
        address: of the scheduler.
        setup: what every worker must know.
        chunks: taken as they are needed.

    Raises:
        UsageError: Dask is missing, the cluster cannot be reached, or its workers lack something.
        KgError: the scheduler or all workers are lost, or a chunk brings down each worker that takes it.
    """
    with _quiet(), _client(address) as client:
        _check_workers(client, setup)
        yield from _Cluster(client, address, setup).results(iter(chunks))


@contextmanager
def _quiet() -> Iterator[None]:
    """Dask tells of lost connections in its log as well; we do so in our words."""
    loggers = [logging.getLogger(name) for name in ("distributed", "distributed.client", "distributed.core")]
    levels = [logger.level for logger in loggers]
    try:
        for logger in loggers:
            logger.setLevel(logging.CRITICAL + 1)
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


@contextmanager
def _client(address: str) -> Iterator[Any]:
    """A connection to the scheduler."""
    try:
        import distributed  # noqa: PLC0415 (half a second, and an extra)
        from distributed.versions import VersionMismatchWarning  # noqa: PLC0415
    except ImportError as error:
        raise UsageError.of(
            "missing-package",
            f"--scheduler needs Dask: {error}",
            "a plain installation works on one machine only",
            "pip install 'pfocr-kg[dask]', here and on the workers",
        ) from None
    try:
        with warnings.catch_warnings():  # versions that matter are compared by us
            warnings.simplefilter("ignore", VersionMismatchWarning)
            client = distributed.Client(  # type: ignore[no-untyped-call]
                address, timeout=_CONNECT, name="pfocr-kg", set_as_default=False
            )
    except (OSError, ValueError) as error:
        raise UsageError.of(
            "unreachable-scheduler",
            f"no Dask scheduler answers at {address}: {_reason(error)}",
            f"it has {_CONNECT:.0f} seconds for it",
            "start one with `dask scheduler`, and give the address that it tells",
        ) from None
    try:
        yield client
    finally:
        with suppress(OSError, asyncio.CancelledError, CancelledError):
            client.close(timeout=_LOOK)  # type: ignore[no-untyped-call]


def _reason(error: Exception) -> str:
    """Why there is no connection, without Dask's own words for it."""
    cause = error
    while isinstance(cause.__cause__, Exception):
        cause = cause.__cause__
    return str(cause).strip().partition("\n")[0] or type(cause).__name__


def _check_workers(client: Any, setup: Setup) -> None:
    """Wait for workers, and see that they can do the work.

    Raises:
        UsageError: there are none, or they lack something.
    """
    _wait_for_workers(client)
    options = setup.options
    places = (setup.parts.place if setup.parts else None, *options.lexicons, options.shapes, *options.data)
    paths = tuple(place for place in places if isinstance(place, Path))
    mine, here = _look(paths)
    for worker, told in sorted(client.run(_look, paths, on_error="return").items()):
        if isinstance(told, ImportError):
            raise _differing(worker, {**mine, "pfocr-kg": "none, or another one"}, mine)
        if isinstance(told, BaseException):
            continue  # a worker that is just leaving
        versions, there = told
        if versions != mine:
            raise _differing(worker, versions, mine)
        for path, size, wanted in zip(paths, there, here, strict=True):
            if size == _NOTHING or size != wanted:
                raise _not_there(worker, path, "no such" if size == _NOTHING else "another")


def _not_there(worker: str, path: Path, what: str) -> UsageError:
    return UsageError.of(
        "not-on-workers",
        f"worker {worker} has {what} {path}",
        "files and folders are named to the workers, not sent to them",
        "put it where all machines find it under this path, such as a shared file system",
    )


def _wait_for_workers(client: Any) -> None:
    end = time.monotonic() + _NO_WORKERS
    while not client.nthreads():
        if time.monotonic() > end:
            raise _no_workers(UsageError)
        time.sleep(0.1)


def _no_workers(kind: type[KgError]) -> KgError:
    return kind.of(
        "no-workers",
        f"the cluster has had no worker for {_NO_WORKERS:.0f} seconds",
        "a scheduler does no work itself",
        "start some with `dask worker SCHEDULER --nthreads 1 --nworkers N`, then give the same command again",
    )


def _differing(worker: str, theirs: Mapping[str, str], mine: Mapping[str, str]) -> UsageError:
    told = ", ".join(f"{name} {theirs.get(name)} for {mine[name]}" for name in mine if theirs.get(name) != mine[name])
    return UsageError.of(
        "differing-versions",
        f"{worker} has {told}",
        "parts of one graph must be made in one way",
        "install the same versions of Python and pfocr-kg on all machines, and start the workers again",
    )


class _Cluster:
    """The chunks under way on a cluster, the first of which is waited for."""

    def __init__(self, client: Any, address: str, setup: Setup) -> None:
        self.client, self.address, self.setup = client, address, setup
        self.run, self.versions = uuid.uuid4().hex[:12], _versions()
        self.under_way: deque[tuple[Chunk, Any]] = deque()
        self._looked, self._seen = 0.0, time.monotonic()
        self._window = 0

    def results(self, chunks: Iterator[Chunk]) -> Iterator[ChunkResult]:
        try:
            while True:
                self._fill(chunks)
                if not self.under_way:
                    return
                chunk, future = self.under_way[0]
                result = self._result(chunk, future)
                self.under_way.popleft()
                yield result
        finally:
            if self.under_way and self.client.status == "running":
                with suppress(OSError, CancelledError, asyncio.CancelledError):
                    self.client.cancel([future for _, future in self.under_way], force=True)

    def _fill(self, chunks: Iterator[Chunk]) -> None:
        self._look()
        while len(self.under_way) < self._window and (chunk := next(chunks, None)) is not None:
            with self._lost_scheduler():
                future = self.client.submit(
                    _do,
                    self.run,
                    self.setup,
                    chunk,
                    self.versions,
                    key=f"kg-{self.run}-{chunk.number:06}",
                    pure=False,
                    retries=2 if self.setup.parts else 0,  # a far store may refuse once and take it then
                )
            self.under_way.append((chunk, future))

    def _look(self) -> None:
        """Count the workers now and then: more of them get more chunks, and none at all must not last for ever."""
        now = time.monotonic()
        if now - self._looked < _LOOK:
            return
        self._looked = now
        with self._lost_scheduler():
            threads = sum(self.client.nthreads().values())
        if threads:
            self._seen, self._window = now, 2 * threads + 2
        elif now - self._seen > _NO_WORKERS:
            raise _no_workers(KgError)

    def _result(self, chunk: Chunk, future: Any) -> ChunkResult:
        import distributed  # noqa: PLC0415 (loaded already)

        while True:
            with self._lost_scheduler():
                try:
                    with self.client.as_current():
                        distributed.wait(future, timeout=_LOOK)  # type: ignore[no-untyped-call]
                    result: ChunkResult = future.result()
                except TimeoutError:
                    if future.done() and future.status == "error":
                        raise  # the chunk's own
                except distributed.KilledWorker:
                    raise _deadly(chunk) from None
                else:
                    return result
            self._look()

    @contextmanager
    def _lost_scheduler(self) -> Iterator[None]:
        """Tell what a broken connection means; errors of the work itself pass."""
        try:
            yield
        except (CancelledError, asyncio.CancelledError):
            raise self._gone() from None
        except OSError:
            if self.client.status == "running" and self.client.scheduler_comm is not None:
                raise
            raise self._gone() from None

    def _gone(self) -> KgError:
        return KgError.of(
            "lost-scheduler",
            f"the Dask scheduler at {self.address} is gone, or was started anew",
            "it alone knows who works on what; what was written of the graph does not count",
            "start it again and give the same command again: nothing is lost or twice",
        )


def _deadly(chunk: Chunk) -> KgError:
    """The error for a chunk that no worker lives through."""
    return KgError.of(
        "worker-crash",
        f"each worker that took the {len(chunk.records)} records from {chunk.records[0].path} "
        f"to {chunk.records[-1].path} died",
        "a library crashes on one of them, or the workers have too little memory",
        "give the workers more memory; or export these records alone with --jobs 2, which finds the one to blame",
    )
