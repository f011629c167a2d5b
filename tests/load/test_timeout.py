"""Runaway queries are stopped, nothing of them goes on, and what was asked next is answered."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import pytest

import kg
from tests.queries.stubs import Endpoint
from tests.small import ROOT, environment, kg_command

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes in Linux's /proc")

# Thousands of triples to the third power: minutes to hours, in each way that an engine may be busy.
RUNAWAY: Final = {
    "count": "SELECT (COUNT(*) AS ?n) { ?a ?p ?b . ?c ?q ?d . ?e ?r ?f FILTER(?b != ?d) }",
    "no row ever": 'SELECT ?a { ?a ?p ?b . ?c ?q ?d . ?e ?r ?f FILTER(CONCAT(STR(?b), STR(?d), STR(?f)) = "#") }',
    "ask": 'ASK { ?a ?p ?b . ?c ?q ?d . ?e ?r ?f FILTER(CONCAT(STR(?b), STR(?d), STR(?f)) = "#") }',
    "construct": "CONSTRUCT { ?a ?q ?f } { ?a ?p ?b . ?c ?q ?d . ?e ?r ?f FILTER(STR(?b) = CONCAT(STR(?d), STR(?f))) }",
    "sort": "SELECT ?a { ?a ?p ?b . ?c ?q ?d FILTER(?b != ?d) } ORDER BY ?d ?q ?a",
}
QUICK: Final = "SELECT (COUNT(*) AS ?n) { ?s a <http://purl.org/spar/doco/Figure> }"
SMALL: Final = "<https://example.net/s> <https://example.net/p> 1, 2, 3 .\n"
VALUES: Final = "SELECT ?o { ?s ?p ?o } ORDER BY ?o"


def children(parent: int) -> dict[int, str]:
    """The command lines of a process's living children."""
    found: dict[int, str] = {}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            fields = (path / "stat").read_text().rpartition(")")[2].split()
            command = (path / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if fields[0] not in "ZX" and int(fields[1]) == parent:
            found[int(path.name)] = command
    return found


OTHERS: set[int] = set()


def workers(parent: int | None = None) -> list[int]:
    """The processes that run queries for a process, this one by default."""
    found = children(parent or os.getpid()).items()
    return [pid for pid, command in found if "kg.queryworker" in command and pid not in OTHERS]


def running(pid: int) -> bool:
    """Whether a process is there and no mere entry in the table."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def gone(pid: int, seconds: float = 3) -> bool:
    """Whether a process ends within that time."""
    until = time.monotonic() + seconds
    while running(pid) and time.monotonic() < until:
        time.sleep(0.01)
    return not running(pid)


def answers_left() -> set[str]:
    """Temporary files of answers."""
    return {path.name for path in Path(tempfile.gettempdir()).glob("kg-answer-*")}


@pytest.fixture(scope="module", autouse=True)
def _others() -> None:
    """Other tests of the same run may hold a store open."""
    OTHERS.update(children(os.getpid()))


@pytest.fixture(autouse=True)
def _nothing_left(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """After each test no process runs and no temporary file of an answer lies about."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    yield
    gc.collect()
    left = workers()
    for pid in left:  # so that one fault does not fail all tests that come after
        os.kill(pid, signal.SIGKILL)
    assert left == []
    assert answers_left() == set()


@pytest.fixture(scope="module")
def seed_store(seed_graph: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of the seeds' graph."""
    folder = tmp_path_factory.mktemp("store") / "s"
    kg.load_graph(seed_graph, folder)
    return folder


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A file of three triples."""
    path = tmp_path / "small.ttl"
    path.write_text(SMALL)
    return path


def code_of(store: kg.GraphStore, query: str, timeout: float | None = 60.0) -> str:
    """The code of the error that a query ends with."""
    with pytest.raises(kg.QueryError) as caught:
        store.query(query, timeout=timeout)
    return caught.value.problem.code


# --- the timeout -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["store", "file"])
@pytest.mark.parametrize("name", RUNAWAY)
def test_stopped_at_the_timeout(name: str, kind: str, seed_store: Path, seed_graph: Path) -> None:
    """The query ends when its time is up, its process too, with a clear message; the next query is answered."""
    assert len(RUNAWAY) == 5
    with kg.open_store(seed_store if kind == "store" else seed_graph) as store:
        wanted = store.query(QUICK).rows()
        assert wanted[0]["n"]
        (worker,) = workers()
        started = time.monotonic()
        with pytest.raises(kg.QueryError) as caught:
            store.query(RUNAWAY[name], timeout=0.5)
        assert 0.5 <= time.monotonic() - started < 1.5
        assert caught.value.problem.code == "query-timeout"
        assert "stopped after 0.5 s" in caught.value.problem.text()
        assert "--timeout" in caught.value.problem.text()
        assert not running(worker)
        assert workers() == []
        assert answers_left() == set()
        assert store.query(QUICK).rows() == wanted


def test_stopped_again_and_again(seed_store: Path) -> None:
    """Runaway queries one after the other pile nothing up."""
    with kg.open_store(seed_store) as store:
        for _ in range(4):
            assert code_of(store, RUNAWAY["count"], 0.2) == "query-timeout"
            assert workers() == []
        assert store.query(QUICK).rows()[0]["n"]
        assert len(workers()) == 1


def test_limit_ends_no_runaway(seed_store: Path) -> None:
    """Rows that never come are waited for no longer with a limit."""
    with kg.open_store(seed_store) as store, pytest.raises(kg.QueryError) as caught:
        store.query(RUNAWAY["no row ever"], timeout=0.5, limit=1)
    assert caught.value.problem.code == "query-timeout"


def test_limit_spares_the_rest(seed_store: Path) -> None:
    """A few rows of billions come at once: the rest is not worked out."""
    started = time.monotonic()
    with kg.open_store(seed_store) as store:
        answer = store.query("SELECT * { ?a ?p ?b . ?c ?q ?d . ?e ?r ?f }", limit=3, timeout=20)
        assert len(answer.rows()) == 3
        graph = store.query("CONSTRUCT { ?a ?q ?f } { ?a ?p ?b . ?c ?q ?d . ?e ?r ?f }", limit=3, timeout=20)
        assert 1 <= len(graph.rows()) <= 3
    assert time.monotonic() - started < 5


@pytest.mark.skipif(sys.platform == "win32", reason="needs a FIFO")
def test_file_that_takes_long_to_read(tmp_path: Path) -> None:
    """The time that a file takes to be read counts too: here it never ends."""
    fifo = tmp_path / "slow.nt"
    os.mkfifo(fifo)
    ended = threading.Event()

    def feed() -> None:
        with fifo.open("w") as file:
            file.write('<https://example.net/s> <https://example.net/p> "1" .\n')
            file.flush()
            ended.wait(3)

    writer = threading.Thread(target=feed)
    writer.start()
    started = time.monotonic()
    try:
        with kg.open_store(fifo) as store:
            assert code_of(store, QUICK, 0.5) == "query-timeout"
        assert time.monotonic() - started < 2.5
    finally:
        ended.set()
        writer.join()


@pytest.mark.loopback
def test_endpoint_that_hangs() -> None:
    """A server that does not answer is given up in time; the message names it, and it is asked but once."""
    with Endpoint(delay=30) as endpoint, kg.open_endpoint(endpoint.url) as store:
        started = time.monotonic()
        with pytest.raises(kg.QueryError) as caught:
            store.query(QUICK, timeout=1)
        assert time.monotonic() - started < 2.5
        assert caught.value.problem.code in ("query-timeout", "endpoint-failed")
        assert len(endpoint.requests) == 1
        assert endpoint.url in caught.value.problem.text()


@pytest.mark.loopback
def test_endpoint_that_hangs_once(small: Path) -> None:
    """After a timeout the same object asks again."""
    with Endpoint(graph=small, delay=30) as endpoint, kg.open_endpoint(endpoint.url) as store:
        assert code_of(store, VALUES, 0.5) in ("query-timeout", "endpoint-failed")
        endpoint.delay = 0
        assert [row["o"] for row in store.query(VALUES)] == [1, 2, 3]


@pytest.mark.parametrize("timeout", [None, 1e9, 1e12, float("inf")])
def test_no_end(timeout: float | None, small: Path) -> None:
    """None, and more seconds than any clock holds, are no end."""
    with kg.open_store(small) as store:
        assert [row["o"] for row in store.query(VALUES, timeout=timeout)] == [1, 2, 3]


@pytest.mark.parametrize("timeout", [-1, float("nan")])
def test_no_time_at_all(timeout: float, small: Path) -> None:
    """What is no time is a wrong value, as a limit below 0 is."""
    with kg.open_store(small) as store, pytest.raises(kg.QueryError) as caught:
        store.query(VALUES, timeout=timeout)
    assert caught.value.problem.code == "bad-value"


# --- stopped, killed, forgotten ----------------------------------------------------------------------------------

PARENT: Final = """
import sys, kg
with kg.open_store(sys.argv[1]) as store:
    store.query({quick!r})
    print("ready", flush=True)
    store.query({query!r}, timeout=60)
"""


@pytest.mark.parametrize("name", RUNAWAY)
def test_no_orphan(name: str, seed_store: Path) -> None:
    """When the parent is killed in the midst of a query, the query's process goes too, whatever it does."""
    code = PARENT.format(quick=QUICK, query=RUNAWAY[name])
    parent = subprocess.Popen(
        [sys.executable, "-c", code, str(seed_store)], stdout=subprocess.PIPE, text=True, env=environment()
    )
    assert parent.stdout is not None
    assert parent.stdout.readline() == "ready\n"
    (worker,) = workers(parent.pid)
    time.sleep(0.2)
    assert parent.poll() is None
    parent.kill()
    parent.communicate()
    assert gone(worker)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_command_is_stopped(number: signal.Signals, seed_store: Path) -> None:
    """Ctrl-C or SIGTERM while a query runs: exit 130, no traceback, no process left."""
    process = subprocess.Popen(
        kg_command("query", RUNAWAY["count"], "--store", seed_store),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(),
    )  # fmt: skip
    until = time.monotonic() + 20
    while not (found := workers(process.pid)) and time.monotonic() < until:
        time.sleep(0.01)
    time.sleep(0.3)
    process.send_signal(number)
    out, told = process.communicate(timeout=20)
    assert (process.returncode, out, told) == (130, "", "stopped\n")
    assert len(found) == 1
    assert gone(found[0])


def interrupt(seconds: float) -> None:
    """Have this process be interrupted some time later."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGINT)).start()


def test_interrupted_in_the_midst(seed_store: Path) -> None:
    """Ctrl-C in a notebook: the query ends at once, and the store goes on to answer."""
    with kg.open_store(seed_store) as store:
        wanted = store.query(QUICK).rows()
        for timeout in (30.0, None):
            (worker,) = workers()
            started = time.monotonic()
            interrupt(0.3)
            with pytest.raises(KeyboardInterrupt):
                store.query(RUNAWAY["count"], timeout=timeout)
            assert time.monotonic() - started < 3
            assert not running(worker)
            assert store.query(QUICK).rows() == wanted


PROMPT: Final = """
import signal, sys, time, kg
signal.signal(signal.SIGINT, signal.default_int_handler)
with kg.open_store(sys.argv[1]) as store:
    print(len(store.query(sys.argv[2]).rows()), flush=True)
    try:
        time.sleep(20)
    except KeyboardInterrupt:
        time.sleep(0.3)
    print(len(store.query(sys.argv[2]).rows()), flush=True)
"""


def test_interrupt_while_nothing_runs(small: Path) -> None:
    """A terminal sends Ctrl-C to all processes of a program; one at the prompt costs the next query nothing."""
    program = subprocess.Popen(
        [sys.executable, "-c", PROMPT, str(small), VALUES],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(), start_new_session=True,
    )  # fmt: skip
    assert program.stdout is not None
    assert program.stdout.readline() == "3\n"
    time.sleep(0.2)
    os.killpg(program.pid, signal.SIGINT)
    out, told = program.communicate(timeout=30)
    assert (program.returncode, out, told) == (0, "3\n", "")


@pytest.mark.parametrize("busy", [False, True], ids=["idle", "busy"])
def test_killed_process_of_a_query(busy: bool, seed_store: Path) -> None:
    """A process that the system kills (memory) is an error of that query alone."""
    with kg.open_store(seed_store) as store:
        wanted = store.query(QUICK).rows()
        (worker,) = workers()
        if busy:
            threading.Timer(0.3, os.kill, (worker, signal.SIGKILL)).start()
        else:
            os.kill(worker, signal.SIGKILL)
            assert gone(worker)
        with pytest.raises(kg.QueryError) as caught:
            store.query(RUNAWAY["count"] if busy else QUICK)
        assert caught.value.problem.code == "query-crashed"
        assert "-9" in caught.value.problem.text()
        assert workers() == []
        assert store.query(QUICK).rows() == wanted


def test_wrong_query_costs_nothing(seed_store: Path) -> None:
    """After a syntax error, a refused update and a wrong name the same process goes on."""
    with kg.open_store(seed_store) as store:
        wanted = store.query(QUICK).rows()
        before = workers()
        for query in (
            "SELECT {",
            "CLEAR ALL",
            "no-such-query",
            "SELECT ?x { SERVICE <http://127.0.0.1/> { ?x ?y ?z } }",
        ):
            code_of(store, query)
        assert store.query(QUICK).rows() == wanted
        assert workers() == before


def test_forgotten_store(small: Path) -> None:
    """A store that nobody closes leaves no process once it is out of use; answers outlive it."""
    store = kg.open_store(small)
    answer = store.query(VALUES)
    assert len(workers()) == 1
    del store
    gc.collect()
    assert workers() == []
    assert len(answer.rows()) == 3


def test_store_that_cannot_be_opened_leaves_no_process(tmp_path: Path) -> None:
    """The process that was to open it is gone while the error is still looked at."""
    folder = tmp_path / "s"
    (folder / "data-1").mkdir(parents=True)
    (folder / "store.json").write_text('{"data": "data-2"}')
    store = kg.open_store(folder)
    with pytest.raises(kg.QueryError) as caught:
        store.query(VALUES)
    assert workers() == []
    assert caught.value.problem.code == "unreadable-store"


def test_process_ends_with_the_program(small: Path) -> None:
    """A program that ends without closing leaves nothing, and says nothing."""
    code = (
        f"import kg; store = kg.open_store({str(small)!r}); "
        f"print(len(store.query({VALUES!r}).rows()), store._worker._process.pid)"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False, env=environment()
    )
    number, worker = map(int, done.stdout.split())
    assert (done.returncode, done.stderr, number) == (0, "", 3)
    assert gone(worker)


def test_closing_twice_and_asking_again(small: Path) -> None:
    """Closing is no farewell: the next query starts another process."""
    store = kg.open_store(small)
    store.close()
    for _ in range(2):
        assert len(store.query(VALUES).rows()) == 3
        store.close()
        store.close()
        assert workers() == []


def test_path_is_that_of_the_time_of_opening(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative path stays what it was when the program changes its folder."""
    monkeypatch.chdir(small.parent)
    with kg.open_store(small.name) as store:
        monkeypatch.chdir(ROOT)
        assert len(store.query(VALUES).rows()) == 3


# --- threads -----------------------------------------------------------------------------------------------------


def test_threads(seed_store: Path) -> None:
    """Queries of eight threads to one store each get their own answer."""
    with kg.open_store(seed_store) as store, ThreadPoolExecutor(8) as pool:

        def ask(number: int) -> list[object]:
            return [row["n"] for row in store.query(f"SELECT (({number} * 2) AS ?n) (COUNT(*) AS ?m) {{ ?s ?p ?o }}")]

        assert list(pool.map(ask, range(64))) == [[number * 2] for number in range(64)]
        assert len(workers()) == 1


def test_threads_with_timeouts(seed_store: Path) -> None:
    """A runaway query of one thread is stopped alone; the others' are answered."""
    with kg.open_store(seed_store) as store, ThreadPoolExecutor(8) as pool:

        def ask(number: int) -> object:
            if number % 4 == 0:
                return code_of(store, RUNAWAY["count"], 0.3)
            return store.query(f"SELECT ({number} AS ?n) {{}}").rows()[0]["n"]

        found = list(pool.map(ask, range(16)))
    assert found == ["query-timeout" if number % 4 == 0 else number for number in range(16)]


def test_many_stores_at_once(small: Path) -> None:
    """Stores are apart: each has a process, and each goes with its own."""
    stores = [kg.open_store(small) for _ in range(5)]
    with ThreadPoolExecutor(5) as pool:
        assert [len(answer.rows()) for answer in pool.map(lambda store: store.query(VALUES), stores)] == [3] * 5
    assert len(workers()) == 5
    for number, store in enumerate(stores, 1):
        store.close()
        assert len(workers()) == 5 - number
