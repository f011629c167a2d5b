"""A record that brings down the process that works on it is left out alone; a crash that happens once costs nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from tests.small import ROOT, environment, good, kg_command, record, write

RECORDS: Final = 24
CHUNK: Final = 4

_HOOK: Final = '''\
"""Loaded by Python as it starts: ends working processes at certain records, as a crash in a library would."""
import json, multiprocessing, os, pathlib, signal, sys

plan = json.loads(os.environ["PLAN"])

def die(step, paths):
    if multiprocessing.parent_process() is None:
        return
    for path in paths:
        name = pathlib.PurePath(path).name
        if name in plan.get(step, ()):
            os.kill(os.getpid(), signal.SIGKILL)
        if name in plan.get(step + "-once", ()):
            try:
                pathlib.Path(plan["seen"], name).touch(exist_ok=False)
            except FileExistsError:
                continue
            os.kill(os.getpid(), signal.SIGKILL)

import kg.work
import kg.pipeline

kg.pipeline._CHUNK = plan["chunk"]
prepare, check, write = kg.work.Processor.prepare, kg.work.Processor.check, kg.work.Worker._write

def prepared(self, raw):
    die("prepare", [raw.path])
    return prepare(self, raw)

def checked(self, outcomes):
    die("check", [outcome.raw.path for outcome in outcomes if outcome.linked])
    return check(self, outcomes)

def written(self, outcome, result):
    die("write", [outcome.raw.path])
    return write(self, outcome, result)

kg.work.Processor.prepare, kg.work.Processor.check, kg.work.Worker._write = prepared, checked, written

import concurrent.futures.process as pools
if plan.get("at-start"):
    worker = pools._process_worker
    def broken(*_):
        os.kill(os.getpid(), signal.SIGKILL)
    if multiprocessing.parent_process() is None:
        import kg.pool
        kg.pool._begin = broken
'''


@dataclass
class Ran:
    """What came of the command: exit status, what it told, the report, and the lines of the graph."""

    status: int
    told: str
    report: dict[str, Any]
    lines: list[str]

    def crashed(self) -> list[str]:
        """The names of the records that are reported to have brought down their process."""
        return [Path(p["path"]).name for p in self.report["problems"] if p["code"] == "worker-crash"]


def run(source: Path, place: Path, *more: str, jobs: int = 2, **plan: Any) -> Ran:
    """Export with crashes as planned: names of files by step (`prepare`, `check`, `write`, or each with `-once`)."""
    place.mkdir()
    write(place, {"hook/sitecustomize.py": _HOOK, "seen/.keep": ""})
    env = environment()
    env["PYTHONPATH"] = f"{place / 'hook'}:{ROOT}"
    env["PLAN"] = json.dumps({"chunk": CHUNK, "seen": str(place / "seen"), **plan})
    done = subprocess.run(
        [*kg_command("export", source, "-o", "g.nt", "--report", "r.json", "--jobs", jobs, "--release", "1"), *more],
        cwd=place, env=env, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    left = left_over(place)
    assert not left, left
    report = json.loads((place / "r.json").read_text("utf-8")) if (place / "r.json").exists() else {}
    graph = place / "g.nt"
    return Ran(done.returncode, done.stderr, report, graph.read_text("utf-8").splitlines() if graph.exists() else [])


def left_over(place: Path) -> list[str]:
    """Processes that still work in a folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").resolve() == place:
                found.append((process / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    return found


pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")


def name(number: int) -> str:
    return f"PMC{9900000 + number}__f1.md"


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Records of papers of their own, and one paper of three figures."""
    folder = good(tmp_path_factory.mktemp("crashes") / "records", RECORDS)
    write(folder, {f"_figures/PMC9900010__f{n}.md": record(f"PMC9900010__f{n}") for n in (2, 3)})
    return folder


@pytest.fixture(scope="module")
def sound(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """What comes of it without a crash."""
    ran = run(source, tmp_path_factory.mktemp("sound") / "run")
    assert ran.status == 0
    assert ran.report["figures"] == RECORDS + 2
    return ran


def without(ran: Ran, names: Sequence[str]) -> set[str]:
    """The lines about figures and what belongs to them, without some figures."""
    figures = [f"figures/{name.removesuffix('.md')}.html" for name in names]
    return {line for line in ran.lines if "/figures/PMC" in line and not any(figure in line for figure in figures)}


@pytest.mark.parametrize(
    "crashes",
    [
        {"prepare": [1, RECORDS]},
        {"prepare": [6, 7, 15]},
        {"check": [1, 6, RECORDS]},
        {"write": [1, 8, 9]},
        {"prepare": [3], "check": [2], "write": [4]},
    ],
    ids=str,
)
def test_records_that_crash_their_process_are_left_out_alone(
    crashes: dict[str, list[int]], source: Path, sound: Ran, tmp_path: Path
) -> None:
    names = sorted(name(number) for numbers in crashes.values() for number in numbers)
    plan: dict[str, Any] = {step: [*map(name, numbers)] for step, numbers in crashes.items()}
    ran = run(source, tmp_path / "run", **plan)
    assert ran.status == 1
    assert ran.crashed() == names
    assert ran.report["left_out"] == {"worker-crash": len(names)}
    assert ran.told.count("error[worker-crash]") == len(names)
    assert ran.report["figures"] == RECORDS + 2 - len(names)
    assert without(ran, names) == without(sound, names)


@pytest.mark.parametrize(("step", "figures"), [("prepare", [1]), ("check", [2]), ("write", [1, 3])])
def test_of_a_papers_figures_those_to_blame_are_left_out(
    step: str, figures: list[int], source: Path, sound: Ran, tmp_path: Path
) -> None:
    names = [f"PMC9900010__f{figure}.md" for figure in figures]
    plan: dict[str, Any] = {step: names}
    ran = run(source, tmp_path / "run", **plan)
    assert (ran.status, ran.crashed()) == (1, names)
    assert without(ran, names) == without(sound, names)


def test_crashes_that_happen_once_cost_nothing(source: Path, sound: Ran, tmp_path: Path) -> None:
    once: dict[str, Any] = {"prepare-once": [name(3), name(15)], "check-once": [name(20)], "write-once": [name(9)]}
    ran = run(source, tmp_path / "run", **once)
    assert sorted(path.name for path in (tmp_path / "run" / "seen").iterdir() if path.name != ".keep") == sorted(
        name for names in once.values() for name in names
    )
    assert ran.status == 0
    assert ran.lines == sound.lines
    assert ran.report["problem_counts"] == sound.report["problem_counts"]


def test_every_record_of_a_run_may_crash(tmp_path: Path) -> None:
    source = good(tmp_path / "records", 3)
    ran = run(source, tmp_path / "run", chunk=2, prepare=[name(n) for n in range(1, 4)])
    assert (ran.status, ran.report["figures"], len(ran.crashed())) == (1, 0, 3)


def test_more_processes_than_two(source: Path, sound: Ran, tmp_path: Path) -> None:
    names = [name(4), name(5), name(22)]
    ran = run(source, tmp_path / "run", jobs=5, chunk=2, prepare=names[:2], write=names[2:])
    assert (ran.status, ran.crashed()) == (1, names)
    assert without(ran, names) == without(sound, names)


def test_a_strict_run_stops_at_the_crash(source: Path, tmp_path: Path) -> None:
    ran = run(source, tmp_path / "run", "--strict", prepare=[name(6)])
    assert ran.status == 1
    assert ran.told.count("worker-crash") == 1 or name(6) in ran.told
    assert not (tmp_path / "run" / "g.nt").exists()


def test_processes_that_cannot_begin_are_told_of(source: Path, tmp_path: Path) -> None:
    ran = run(source, tmp_path / "run", **{"at-start": True})
    assert ran.status == 2
    assert "worker-crash" in ran.told
    assert "--jobs 1" in ran.told
    assert not (tmp_path / "run" / "g.nt").exists()
