"""Working processes: order, errors that arrive as themselves, how much is under way, and an end to all of it."""

from __future__ import annotations

import multiprocessing
import pickle
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Final

import pytest

import kg.pool
from kg.chunk import Chunk, ChunkResult
from kg.errors import ExpansionError, KgError, Problem, QueryError, ShapesError, SourceError, UsageError
from kg.options import ExportOptions
from kg.pending import Pending
from kg.pool import in_order
from kg.work import Worker
from tests.small import record

PROBLEM: Final = Problem(
    severity="error", code="c", what="w", why="y", mend="m", path="\udcff/ä.md", line=3, column=4, figid="f",
    key=("schema-jsonld", "license", 0),
)  # fmt: skip
ERRORS: Final = (KgError, SourceError, ExpansionError, UsageError, ShapesError, QueryError)


@pytest.fixture(scope="module")
def worker() -> Worker:
    return Worker(ExportOptions(check=False, ground=False), Path("g.nt"))


def chunk(number: int, text: str | None = None) -> Chunk:
    """A chunk of one record, or of one that the process finds no bytes of."""
    figid = f"PMC{number + 1}__f"
    data = (record(figid) if text is None else text).encode()
    return Chunk(number, (Pending(number + 1, figid, f"{figid}.md", figid, data, {}),))


def lines_of(result: ChunkResult) -> int:
    return sum(text.count(b"\n") for text in result.texts.values())


@pytest.mark.parametrize("error", ERRORS)
def test_errors_go_from_process_to_process(error: type[KgError]) -> None:
    sent = pickle.loads(pickle.dumps(error(PROBLEM)))  # noqa: S301 (ours)
    assert type(sent) is error
    assert sent.problem == PROBLEM
    assert str(sent) == PROBLEM.text()


@pytest.mark.parametrize("jobs", [1, 2, 5])
def test_results_come_in_order(jobs: int, worker: Worker) -> None:
    results = list(in_order(worker, map(chunk, range(12)), jobs))
    assert [result.number for result in results] == list(range(12))
    assert [result.counts.figures for result in results] == [1] * 12
    assert all(f"PMC{n + 1}__f".encode() in results[n].texts[""] for n in range(12))


def test_no_chunk_gives_no_result(worker: Worker) -> None:
    assert list(in_order(worker, iter(()), 2)) == []


def test_few_chunks_are_under_way(worker: Worker) -> None:
    """However long one chunk takes, no more of the others are read or held than processes can soon take."""
    read = 0

    def counted() -> Iterator[Chunk]:
        nonlocal read
        for number in range(40):
            read += 1
            yield chunk(number)

    most = 0
    for number, _ in enumerate(in_order(worker, counted(), 2)):
        most = max(most, read - number)
    assert read == 40
    assert 2 <= most <= 2 + kg.pool._AHEAD


def test_an_error_of_the_chunks_is_raised_and_ends_the_processes(worker: Worker) -> None:
    def failing() -> Iterator[Chunk]:
        yield chunk(0)
        yield chunk(1)
        raise UsageError(PROBLEM)

    with pytest.raises(UsageError) as caught:
        list(in_order(worker, failing(), 2))
    assert caught.value.problem == PROBLEM
    assert multiprocessing.active_children() == []


@pytest.mark.parametrize(
    "error", [ShapesError(PROBLEM), UsageError(PROBLEM), MemoryError(), ZeroDivisionError("a bug")], ids=repr
)
def test_errors_of_a_process_arrive_as_themselves(error: Exception, worker: Worker) -> None:
    bad = chunk(1)
    bad = Chunk(1, (_Raising(*bad.records[0])._replace(stem=error),))  # type: ignore[arg-type]
    with pytest.raises(type(error)) as caught:
        list(in_order(worker, iter([chunk(0), bad, chunk(2)]), 2))
    assert str(caught.value) == str(error)
    assert multiprocessing.active_children() == []


class _Raising(Pending):
    """A record whose reading raises what its stem is, wherever that happens."""

    def load(self) -> Any:
        error: Any = self.stem
        raise error


def test_closing_ends_the_processes(worker: Worker) -> None:
    results = in_order(worker, map(chunk, range(1000)), 2)
    next(results)
    assert len(multiprocessing.active_children()) == 2
    results.close()
    assert multiprocessing.active_children() == []
    assert list(results) == []


def test_several_pools_at_once(worker: Worker) -> None:
    found: dict[int, list[int]] = {}

    def work(which: int) -> None:
        found[which] = [result.number for result in in_order(worker, map(chunk, range(6)), 2)]

    threads = [threading.Thread(target=work, args=(which,)) for which in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {which: list(range(6)) for which in range(3)}
    assert multiprocessing.active_children() == []


def test_the_calling_program_is_as_before(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    """While processes begin it is hidden from them."""
    main = sys.modules["__main__"]
    monkeypatch.setattr(main, "__file__", "no-such-script.py", raising=False)
    held = (main.__spec__, main.__file__)
    assert [result.number for result in in_order(worker, map(chunk, range(3)), 2)] == [0, 1, 2]
    assert (main.__spec__, main.__file__) == held


def test_a_program_without_a_file_stays_without(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    main = sys.modules["__main__"]
    monkeypatch.delattr(main, "__file__", raising=False)
    assert [result.number for result in in_order(worker, map(chunk, range(3)), 2)] == [0, 1, 2]
    assert not hasattr(main, "__file__")


def test_a_chunk_that_finds_the_processes_dead_is_done_again(monkeypatch: pytest.MonkeyPatch, worker: Worker) -> None:
    """A process may die between two chunks: the one that is handed over then must not be lost."""
    from concurrent.futures.process import BrokenProcessPool

    submit = kg.pool._Processes.submit
    calls = 0

    def submitted(self: kg.pool._Processes, given: Chunk) -> Future[ChunkResult]:
        nonlocal calls
        calls += 1
        if calls == 6:
            raise BrokenProcessPool
        return submit(self, given)

    monkeypatch.setattr(kg.pool._Processes, "submit", submitted)
    results = list(in_order(worker, map(chunk, range(12)), 2))
    assert [result.number for result in results] == list(range(12))
    assert all(lines_of(result) > 10 for result in results)
