"""A load that is killed at any moment leaves a store that opens and holds all of the earlier load, or of the new."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, Final

import pytest

import kg
import kg.load
import kg.output
import kg.storefolder
from tests.small import environment, kg_command

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")

OLD, NEW = 15_000, 60_000
KILLS: Final = 20
# All that can be asked for: the number of triples, the sum of all values, and what three predicates hold.
WHOLE: Final = "SELECT (COUNT(*) AS ?n) (SUM(?v) AS ?sum) { ?s ?p ?v }"
BY_PREDICATE: Final = "SELECT ?p (COUNT(?v) AS ?n) { ?s ?p ?v } GROUP BY ?p ORDER BY ?p"
BY_VALUE: Final = "SELECT ?s { ?s ?p 0 } ORDER BY ?s"

Held = tuple[object, ...]


def write_graph(path: Path, name: str, size: int) -> Path:
    """N-Triples with so many triples."""
    with path.open("w", encoding="ascii") as file:
        for n in range(size):
            file.write(
                f"<https://example.net/{name}/{n}> <https://example.net/p{n % 3}> "
                f'"{n}"^^<http://www.w3.org/2001/XMLSchema#integer> .\n'
            )
    return path


def expected(*graphs: tuple[str, int]) -> Held:
    """What `held` gives for graphs that `write_graph` wrote, by arithmetic."""
    return (
        sum(size for _, size in graphs),
        sum(size * (size - 1) // 2 for _, size in graphs),
        tuple(sum(len(range(p, size, 3)) for _, size in graphs) for p in range(3)),
        tuple(sorted(f"https://example.net/{name}/0" for name, _ in graphs)),
    )


def held(folder: Path) -> Held:
    """What a store answers; its three indexes are each asked."""
    with kg.open_store(folder) as store:
        (whole,) = store.query(WHOLE).rows()
        counts = tuple(row["n"] for row in store.query(BY_PREDICATE))
        subjects = tuple(row["s"] for row in store.query(BY_VALUE))
    return whole["n"], whole["sum"], counts, subjects


def data_of(folder: Path) -> set[str]:
    """The names of the folders of data that are there, current or not."""
    return {path.name for path in folder.glob("data-*") if path.is_dir()}


def left_over(folder: Path) -> list[str]:
    """What there is beside the current data, the lock of loads, and locks of readers of the current data."""
    meta = kg.storefolder.read_meta(folder) or {"data": "none"}
    ours = {"store.json", "load.lock", meta["data"], f"{meta['data']}.lock"}
    return sorted(path.name for path in folder.iterdir() if path.name not in ours)


@dataclass(frozen=True)
class Graphs:
    """Two graphs, and the seconds that a load of the larger takes, from the command's start to its end."""

    old: Path
    new: Path
    seconds: float


@pytest.fixture(scope="module")
def graphs(tmp_path_factory: pytest.TempPathFactory) -> Graphs:
    """Graphs for the kills; a load of the larger takes about a second."""
    folder = tmp_path_factory.mktemp("graphs")
    old, new = write_graph(folder / "old.nt", "old", OLD), write_graph(folder / "new.nt", "new", NEW)
    times = []
    for number in range(2):
        started = time.monotonic()
        subprocess.run(
            kg_command("load", new, "--store", folder / f"s{number}"),
            check=True,
            capture_output=True,
            env=environment(),
        )
        times.append(time.monotonic() - started)
    assert held(folder / "s1") == expected(("new", NEW))
    return Graphs(old, new, min(times))


def start(graph: Path, folder: Path, *options: str) -> subprocess.Popen[str]:
    """A load in a process of its own."""
    return subprocess.Popen(
        kg_command("load", graph, "--store", folder, *options),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )


@dataclass
class Tally:
    """Where kills came, so that none of the tests passes by killing always too early or too late."""

    early: int = 0  # before the load wrote anything
    midst: int = 0  # while it wrote new data that nothing named yet
    late: int = 0  # the process lived, the new store was in place
    after: int = 0  # the process had ended
    moments: list[float] = field(default_factory=list)

    def kill(self, process: subprocess.Popen[str], folder: Path, before: set[str], named: str | None) -> None:
        """Kill a load, and count where it was.

        Args:
            process: the load.
            folder: its store.
            before: folders of data that were there before it.
            named: the data that was current before it.
        """
        process.kill()
        alive = process.wait() == -signal.SIGKILL
        _, told = process.communicate()
        assert "Traceback" not in told
        now = (kg.storefolder.read_meta(folder) or {}).get("data") if folder.is_dir() else None
        if now != named:
            self.late, self.after = self.late + alive, self.after + (not alive)
        else:
            assert alive, "a load that ended left the old store in place"
            made = bool(data_of(folder) - before) if folder.is_dir() else False
            self.midst, self.early = self.midst + made, self.early + (not made)


def moments(seed: int, number: int, seconds: float) -> list[float]:
    """Random moments of a load's time, one in each of as many equal parts, and a little past its end."""
    rolled = random.Random(seed)  # noqa: S311 (no secret)
    return [(n + rolled.random()) / number * seconds * 1.2 for n in range(number)]


def kill_at(moment: float, graph: Path, folder: Path, tally: Tally, *options: str) -> None:
    """Start a load and kill it so many seconds later."""
    before = data_of(folder) if folder.is_dir() else set()
    named = (kg.storefolder.read_meta(folder) or {}).get("data") if folder.is_dir() else None
    process = start(graph, folder, *options)
    time.sleep(moment)
    tally.kill(process, folder, before, named)


@pytest.mark.alone
def test_kills_while_a_store_is_replaced(graphs: Graphs, tmp_path: Path) -> None:
    """After each of twenty kills the store opens, and its answer is that of the earlier load or of the new, whole."""
    folder, tally = tmp_path / "s", Tally()
    kg.load_graph(graphs.old, folder)
    pristine = tmp_path / "pristine"
    shutil.copytree(folder, pristine)
    old, new = expected(("old", OLD)), expected(("new", NEW))
    for moment in moments(3, KILLS, graphs.seconds):
        replaced = tally.late + tally.after
        kill_at(moment, graphs.new, folder, tally)
        assert held(folder) == (new if tally.late + tally.after > replaced else old), moment
        if tally.late + tally.after > replaced:  # the next kill finds the old store again
            shutil.rmtree(folder)
            shutil.copytree(pristine, folder)
    assert tally.early + tally.midst + tally.late + tally.after == KILLS
    assert tally.midst >= 3, tally
    assert tally.late + tally.after >= 1, tally
    # What the kills left is removed by the next load.
    kg.load_graph(graphs.new, folder)
    assert (held(folder), left_over(folder)) == (new, [])


@pytest.mark.alone
def test_kills_while_a_store_is_added_to(graphs: Graphs, tmp_path: Path) -> None:
    """A kill of `--add` leaves all of what there was, or that with all that was added; nothing between."""
    folder, tally = tmp_path / "s", Tally()
    kg.load_graph(graphs.new, folder)
    old, both = expected(("new", NEW)), expected(("new", NEW), ("old", OLD))
    for number, moment in enumerate((*moments(4, 6, graphs.seconds), *moments(6, 20, graphs.seconds))):
        if number >= 6 and tally.midst:  # a machine that turns quicker meanwhile makes all kills late: go on then
            break
        kill_at(moment, graphs.old, folder, tally, "--add")
        assert held(folder) == (both if tally.late + tally.after else old), moment
    assert tally.midst >= 1, tally
    kg.load_graph(graphs.old, folder, add=True)
    assert (held(folder), left_over(folder)) == (both, [])


@pytest.mark.alone
def test_kills_of_the_very_first_load(graphs: Graphs, tmp_path: Path) -> None:
    """There is no store then, or all of it; never a part."""
    tally, new = Tally(), expected(("new", NEW))
    for number, moment in enumerate((*moments(5, 5, graphs.seconds), *moments(7, 20, graphs.seconds))):
        if number >= 5 and tally.midst:
            break
        folder = tmp_path / f"s{number}"
        done = tally.late + tally.after
        kill_at(moment, graphs.new, folder, tally)
        if tally.late + tally.after > done:
            assert held(folder) == new
            continue
        assert not (folder / "store.json").exists()
        with pytest.raises(kg.KgError):
            held(folder)
        if folder.exists():  # leftovers do not stand in the way of the next load
            kg.load_graph(graphs.old, folder)
            assert (held(folder), left_over(folder)) == (expected(("old", OLD)), [])
    assert tally.early + tally.midst + tally.late + tally.after >= 5
    assert tally.midst >= 1, tally


def wait_for(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    """Wait until something is so, while a process runs."""
    until = time.monotonic() + 30
    while not condition():
        assert process.poll() is None, "the load ended first"
        assert time.monotonic() < until
        time.sleep(0.001)


def test_kill_as_soon_as_the_new_store_is_named(graphs: Graphs, tmp_path: Path) -> None:
    """From that moment on it is the new store, whatever happens to the load."""
    folder, tally = tmp_path / "s", Tally()
    for _ in range(2):
        kg.load_graph(graphs.old, folder)
        before, named = data_of(folder), kg.storefolder.current_data(folder)
        process = start(graphs.new, folder)
        wait_for(lambda: kg.storefolder.current_data(folder) != named, process)  # noqa: B023 (asked within the loop)
        tally.kill(process, folder, before, named.name)
        assert held(folder) == expected(("new", NEW))
    assert (tally.midst, tally.late + tally.after) == (0, 2)


def test_killed_first_load_does_not_hide_the_graph(
    graphs: Graphs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`kg query` without options goes on answering from build/pfocr.ttl after the first `kg load` was killed."""
    build = tmp_path / "build"
    build.mkdir()
    (build / "pfocr.ttl").write_text("<https://example.net/s> <https://example.net/p> 42 .\n")
    process = start(graphs.new, build / "pfocr.store")
    wait_for(lambda: bool(data_of(build / "pfocr.store")), process)
    process.kill()
    process.communicate()
    monkeypatch.chdir(tmp_path)
    done = subprocess.run(
        kg_command("query", "SELECT ?o { ?s ?p ?o }"), capture_output=True, text=True, check=False, env=environment()
    )
    assert (done.returncode, done.stdout.split()) == (0, ["o", "42"]), done.stderr


# --- stopped by the user -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [(), ("--add",)], ids=["replace", "add"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_stopped(number: signal.Signals, options: tuple[str, ...], graphs: Graphs, tmp_path: Path) -> None:
    """Ctrl-C and SIGTERM: exit 130, one line, the old store as it was, and nothing left behind."""
    folder = tmp_path / "s"
    kg.load_graph(graphs.old, folder)
    before = data_of(folder)
    process = start(graphs.new, folder, *options)
    wait_for(lambda: bool(data_of(folder) - before), process)
    process.send_signal(number)
    out, told = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, "")
    assert told == "stopped; the store is as it was\n"
    assert (data_of(folder), left_over(folder)) == (before, [])
    assert held(folder) == expected(("old", OLD))


class _Stopper:
    """Raises KeyboardInterrupt, as Ctrl-C does, at the first line of a load's code that is not among those given."""

    FILES: Final = frozenset(module.__file__ for module in (kg.load, kg.output, kg.storefolder))

    def __init__(self, done: set[str]) -> None:
        self.done, self.place = done, ""

    def __call__(self, frame: FrameType, event: str, _argument: Any) -> _Stopper | None:
        if frame.f_code.co_filename not in self.FILES:
            return None
        place = f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}"
        if event == "line" and not self.place and place not in self.done:
            self.place = place
            raise KeyboardInterrupt
        return self


def stopped_loads(graph: Path, folder: Path, *, add: bool) -> Iterator[str]:
    """Loads that are stopped at their first line, their second and so on; gives the line, empty for the whole load."""
    done: set[str] = set()
    while "" not in done:
        stopper, before = _Stopper(done), sys.gettrace()
        sys.settrace(stopper)
        with contextlib.suppress(KeyboardInterrupt):
            kg.load_graph(graph, folder, add=add)
        sys.settrace(before)
        done.add(stopper.place)
        yield stopper.place


# Who is stopped between two lines cannot close what the first one opened.
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_stopped_at_every_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C at any line of a load leaves a store that opens, with the added triples or without them.

    `--add` runs every line that a replacing load runs, and some more.
    """
    monkeypatch.setattr(os, "fsync", lambda _handle: None)  # the power stays on here, and the disk is slow
    old, new = write_graph(tmp_path / "old.nt", "old", 5), write_graph(tmp_path / "new.nt", "new", 7)
    pristine, folder = tmp_path / "pristine", tmp_path / "s"
    kg.load_graph(old, pristine)
    shutil.copytree(pristine, folder)
    found: Counter[int | str] = Counter()
    broken: list[str] = []
    for place in stopped_loads(new, folder, add=True):
        size = triples_in(folder)
        found[size] += 1
        if size not in (5, 12):
            broken.append(f"{place}: {size}")
        shutil.rmtree(folder)
        shutil.copytree(pristine, folder)
    assert broken == []
    assert found[5] > 60
    assert found[12] > 5


def triples_in(folder: Path) -> int | str:
    """The size of a store's current data, or why it cannot be opened; quicker than a process for a query."""
    import pyoxigraph as ox

    data = kg.storefolder.current_data(folder)
    if not data.is_dir():
        return f"{data.name} is missing"
    return len(ox.Store.read_only(str(data)))


def test_temporary_file_of_a_killed_load_goes(tmp_path: Path) -> None:
    """A kill just before the rename leaves a temporary store.json; the next load removes that too."""
    folder = tmp_path / "s"
    graph = write_graph(tmp_path / "g.nt", "g", 3)
    kg.load_graph(graph, folder)
    (folder / ".store.json.k1ll3d.part").write_text("{}")
    kg.load_graph(graph, folder)
    assert left_over(folder) == []
