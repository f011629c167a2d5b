"""The processes that answer queries: stopped in time, bound in memory and output, replaced, never left behind."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from kg.errors import QueryError
from kg.explorer.engine.workers import Workers
from kg.explorer.settings import Settings
from kg.savedqueries import find_query, parse_query
from tests.explorer.inside import loaded

JSON: Final = "application/sparql-results+json"
RUNAWAY: Final = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
NUMBERS: Final = " ".join(map(str, range(100)))
GREEDY: Final = (
    "SELECT ?a (GROUP_CONCAT(?text) AS ?all) { "
    + " ".join(f"VALUES ?{name} {{ {NUMBERS} }}" for name in "abcd")
    + " BIND(REPEAT AS ?text) } GROUP BY ?a"
).replace("REPEAT", f'"{"x" * 1000}"')
LARGE: Final = "SELECT * { " + " ".join(f"VALUES ?{name} {{ {NUMBERS} }}" for name in "abc") + " }"


@pytest.fixture(scope="module")
def database(seed_graph: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return loaded(seed_graph, tmp_path_factory.mktemp("workers") / "store")


def run(database: Path, work: Callable[[Workers], Awaitable[None]], **settings: object) -> Workers:
    """Let some work be done with workers, and see that nothing of them stays."""
    waiting = settings.pop("waiting", 64)
    workers = Workers(database, Settings(**({"workers": 2, "timeout": 20.0} | settings)), waiting=waiting)  # type: ignore[arg-type]

    async def main() -> list[int]:
        async with workers:
            assert len(workers.pids) == workers.settings.workers
            await work(workers)
            folder = workers._folder
            assert folder is not None
            assert list(folder.iterdir()) == []
            pids = workers.pids
        assert not folder.exists()
        return pids

    pids = asyncio.run(main())
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]
    return workers


async def text(workers: Workers, query: str, media: str = JSON, **more: object) -> str:
    with await workers.answer(query, media=media, **more) as spooled:  # type: ignore[arg-type]
        return spooled.read().decode()


async def refused(workers: Workers, query: str, code: str, **more: object) -> QueryError:
    with pytest.raises(QueryError) as told:
        await text(workers, query, **more)  # type: ignore[arg-type]
    assert told.value.problem.code == code, told.value
    return told.value


def test_a_runaway_query_is_stopped_while_others_go_on(database: Path) -> None:
    async def work(workers: Workers) -> None:
        before = set(workers.pids)
        start = time.monotonic()
        runaway = asyncio.create_task(refused(workers, RUNAWAY, "query-timeout", timeout=1))
        slowest = 0.0
        answers = 0
        while not runaway.done():
            asked = time.monotonic()
            assert '"boolean":true' in await text(workers, "ASK {}")
            answers += 1
            slowest = max(slowest, time.monotonic() - asked)
        error = await runaway
        assert "stopped after 1 s" in error.problem.what
        assert 1 <= time.monotonic() - start < 2.5
        assert answers > 10
        assert slowest < 1
        await text(workers, "ASK {}")
        await asyncio.sleep(0.6)
        assert len(set(workers.pids) & before) == 1

    run(database, work)


def test_all_at_once_that_run_away_leave_the_others_their_turn(database: Path) -> None:
    async def work(workers: Workers) -> None:
        runaways = [asyncio.create_task(refused(workers, RUNAWAY, "query-timeout")) for _ in range(4)]
        await asyncio.sleep(0.2)
        assert '"boolean":true' in await text(workers, "ASK {}")
        await asyncio.gather(*runaways)

    run(database, work, timeout=0.5)


def test_whoever_gives_up_takes_the_query_along(database: Path) -> None:
    async def work(workers: Workers) -> None:
        (before,) = workers.pids
        runaway = asyncio.create_task(text(workers, RUNAWAY))
        await asyncio.sleep(0.3)
        runaway.cancel()
        with pytest.raises(asyncio.CancelledError):
            await runaway
        start = time.monotonic()
        assert '"boolean":true' in await text(workers, "ASK {}")
        assert time.monotonic() - start < 3
        assert workers.pids != [before]

    run(database, work, workers=1)


def test_those_who_give_up_waiting_cost_nothing(database: Path) -> None:
    async def work(workers: Workers) -> None:
        runaway = asyncio.create_task(refused(workers, RUNAWAY, "query-timeout", timeout=0.6))
        await asyncio.sleep(0.1)
        waiting = [asyncio.create_task(text(workers, "ASK {}")) for _ in range(5)]
        await asyncio.sleep(0.1)
        for each in waiting:
            each.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        await runaway
        assert '"boolean":true' in await text(workers, "ASK {}")

    run(database, work, workers=1)


def test_too_many_that_wait_are_turned_away_at_once(database: Path) -> None:
    async def work(workers: Workers) -> None:
        runaway = asyncio.create_task(refused(workers, RUNAWAY, "query-timeout", timeout=0.6))
        await asyncio.sleep(0.1)
        waiting = [asyncio.create_task(text(workers, "ASK {}")) for _ in range(3)]
        await asyncio.sleep(0.1)
        start = time.monotonic()
        await refused(workers, "ASK {}", "server-busy")
        assert time.monotonic() - start < 0.5
        await runaway
        assert all('"boolean":true' in answer for answer in await asyncio.gather(*waiting))

    run(database, work, workers=1, waiting=3)


def test_an_answer_too_large_is_told_as_one(database: Path) -> None:
    async def work(workers: Workers) -> None:
        before = workers.pids
        for media in (JSON, "application/sparql-results+xml", "text/csv"):
            error = await refused(workers, LARGE, "answer-too-large", media=media)
            assert "more than 1 MiB" in error.problem.what
        assert '"boolean":true' in await text(workers, "ASK {}")
        assert workers.pids == before, "the process is as good as before"

    run(database, work, largest_answer=1 << 20)


@pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX")
def test_a_query_that_wants_all_memory_ends_its_process_only(database: Path) -> None:
    async def work(workers: Workers) -> None:
        before = set(workers.pids)
        await refused(workers, GREEDY, "query-crashed")
        assert '"boolean":true' in await text(workers, "ASK {}")
        assert '"boolean":true' in await text(workers, "ASK {}")
        assert set(workers.pids) != before

    run(database, work, memory=400 << 20)


def test_a_process_that_took_much_memory_is_replaced(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kg.explorer.engine.workers._KEPT", 0.001)

    async def work(workers: Workers) -> None:
        (before,) = workers.pids
        assert '"boolean":true' in await text(workers, "ASK {}")
        assert '"boolean":true' in await text(workers, "ASK {}")
        assert workers.pids != [before]

    run(database, work, workers=1)


def test_a_process_that_was_killed_from_outside_is_replaced(database: Path) -> None:
    async def work(workers: Workers) -> None:
        (before,) = workers.pids
        os.kill(before, signal.SIGKILL)
        await asyncio.sleep(0.3)
        assert '"boolean":true' in await text(workers, "ASK {}")
        assert workers.pids != [before]

    run(database, work, workers=1)


def test_a_database_that_is_none_is_told_at_the_start(tmp_path: Path) -> None:
    async def main() -> None:
        async with Workers(tmp_path / "none"):
            pass

    with pytest.raises(QueryError, match="cannot be opened"):
        asyncio.run(main())


def test_a_large_answer_is_read_in_parts_and_holds_no_process(database: Path) -> None:
    async def work(workers: Workers) -> None:
        held = [await workers.answer(LARGE, media="text/csv") for _ in range(2)]
        assert '"boolean":true' in await text(workers, "ASK {}")
        parts = [part async for part in held[0]]
        assert len(parts) > 5
        assert sum(map(len, parts)) == held[0].size
        assert b"".join(parts).count(b"\r\n") == 1_000_001
        for each in held:
            each.close()
        assert workers._spooled == 0

    run(database, work, workers=1)


def test_answers_that_nobody_reads_bring_no_more(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kg.explorer.engine.workers._SPOOLS", 1)

    async def work(workers: Workers) -> None:
        held = [await workers.answer(LARGE, media="text/csv") for _ in range(2)]
        await refused(workers, "ASK {}", "server-busy")
        held.pop().close()
        assert '"boolean":true' in await text(workers, "ASK {}")
        for each in held:
            each.close()

    run(database, work, workers=1, largest_answer=10_000_000)


def test_saved_queries_take_what_people_type(database: Path) -> None:
    async def work(workers: Workers) -> None:
        answer = await workers.saved(find_query("figures-for-gene"), {"gene": "STAT3"}, limit=1)
        assert "PMC12080488" in str(answer.rows())
        with pytest.raises(QueryError) as told:
            await workers.saved(find_query("figures-for-gene"), {"gene": "no such gene"})
        assert told.value.problem.code == "unknown-value"
        with pytest.raises(QueryError) as told:
            await workers.saved(parse_query("SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }"), {})
        assert told.value.problem.code == "federation-refused"
        with pytest.raises(QueryError) as told:
            await workers.saved(parse_query(RUNAWAY), {}, timeout=0.5)
        assert told.value.problem.code == "query-timeout"

    run(database, work)


def test_rows_and_graphs_come_as_answers(database: Path) -> None:
    async def work(workers: Workers) -> None:
        rows = await workers.rows("SELECT * { ?gene a pfo:Gene ; rdfs:label 'STAT3' }")
        assert rows.rows() == [{"gene": "https://identifiers.org/ncbigene/6774"}]
        assert (await workers.rows("ASK {}")).boolean is True
        graph = await workers.rows("DESCRIBE ncbigene:6774")
        assert graph.form == "graph"
        assert "STAT3" in str(graph.rows())
        assert len((await workers.rows("SELECT ?s { ?s ?p ?o }", limit=3)).rows()) == 3
        assert len((await workers.rows("CONSTRUCT WHERE { ?s ?p ?o }", limit=3)).rows()) == 3

    run(database, work)


def test_a_temporary_folder_that_was_tidied_away_is_made_again(database: Path) -> None:
    async def work(workers: Workers) -> None:
        assert workers._folder is not None
        workers._folder.rmdir()
        assert '"boolean":true' in await text(workers, "ASK {}")

    run(database, work, workers=1)


def test_the_processes_go_with_a_server_that_is_killed(database: Path, tmp_path: Path) -> None:
    script = (
        "import asyncio, sys\nfrom pathlib import Path\nfrom kg.explorer.engine.workers import Workers\n"
        "async def main():\n"
        "    async with Workers(Path(sys.argv[1])) as workers:\n"
        "        print(*workers.pids, flush=True)\n"
        f"        await workers.answer({RUNAWAY!r}, media={JSON!r})\n"
        "asyncio.run(main())"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(database)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "TMPDIR": str(tmp_path)},
    ) as process:
        assert process.stdout is not None
        pids = [int(pid) for pid in process.stdout.readline().split()]
        assert len(pids) == Settings().workers
        time.sleep(0.3)
        process.kill()
    assert _gone(pids)


def _gone(pids: list[int]) -> bool:
    for _ in range(100):
        if not any(map(_alive, pids)):
            return True
        time.sleep(0.05)
    return False


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture(autouse=True)
def _no_leaks() -> Iterator[None]:
    """Pipes of processes that are left to the collector would warn; they must not."""
    yield
    import gc

    gc.collect()
