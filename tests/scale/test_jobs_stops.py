"""A run that is stopped, by whatever signal, ends soon and leaves nothing: no traceback, no file, no process."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.small import ROOT, environment, good, kg_command

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")

SOON = 3.0
"""Seconds in which everything must be over."""


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder with a short name: it is the processes' folder for sockets, whose paths have 107 characters at most."""
    with tempfile.TemporaryDirectory(prefix="kg-") as folder:
        yield Path(folder).resolve()


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Records enough for some seconds of work with the reference engine, and for several chunks."""
    return good(tmp_path_factory.mktemp("many") / "records", 300)


def working(place: Path) -> list[int]:
    """Processes that work in a folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").resolve() == place and (process / "cmdline").read_bytes():
                found.append(int(process.name))
        except OSError:
            continue
    return found


def gone(place: Path, since: float) -> bool:
    """Whether all processes of a folder have ended within the time."""
    while working(place):
        if time.monotonic() - since > SOON:
            return False
        time.sleep(0.02)
    return True


@contextmanager
def exporting(source: Path, place: Path, *more: str) -> Iterator[subprocess.Popen[str]]:
    """An export that would take long, in a session (and so a group) of its own."""
    place.mkdir()
    process = subprocess.Popen(
        kg_command("export", source, "-o", "out/g.ttl", "--jobs", 2, "--engine", "pyshacl", *more),
        cwd=place, env={**environment(), "TMPDIR": str(place)}, text=True, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    (place / "out").mkdir()
    try:
        yield process
    finally:
        for pid in working(place):
            os.kill(pid, signal.SIGKILL)
        process.communicate()


def until_working(place: Path, number: int) -> None:
    """Wait until there are so many processes: the command, the fork server and its helper, and those that work."""
    end = time.monotonic() + 20
    while len(working(place)) < number and time.monotonic() < end:
        time.sleep(0.01)
    assert len(working(place)) >= number


@pytest.mark.parametrize("to_all", [False, True], ids=["to the command", "to the group"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_run_leaves_nothing(number: signal.Signals, to_all: bool, many: Path, tmp_path: Path) -> None:
    place = tmp_path / "run"
    with exporting(many, place) as process:
        until_working(place, 5)
        time.sleep(0.6)  # in the middle of the first chunks
        started = time.monotonic()
        (os.killpg if to_all else os.kill)(process.pid, number)
        told = process.communicate(timeout=10)
        assert gone(place, started)
        assert time.monotonic() - started < SOON
    assert process.returncode == 130
    assert told == ("", "stopped; nothing was written\n")
    assert list((place / "out").iterdir()) == []


@pytest.mark.parametrize("seed", range(6))
def test_a_stop_at_any_moment_leaves_nothing(seed: int, many: Path, tmp_path: Path) -> None:
    """While the fork server begins, processes begin, or they work: Ctrl-C to all of them, SIGTERM to the command."""
    dice = random.Random(seed)  # noqa: S311 (no secret)
    place = tmp_path / "run"
    with exporting(many, place) as process:
        until_working(place, 2 + seed // 2)
        time.sleep(dice.random() * 0.2)
        started = time.monotonic()
        if seed % 2:
            os.kill(process.pid, signal.SIGTERM)
        else:
            os.killpg(process.pid, signal.SIGINT)
        told = process.communicate(timeout=10)
        assert gone(place, started)
    assert process.returncode == 130
    assert told == ("", "stopped; nothing was written\n")
    assert list((place / "out").iterdir()) == []


def test_when_the_command_is_killed_its_processes_end(many: Path, tmp_path: Path) -> None:
    place = tmp_path / "run"
    with exporting(many, place) as process:
        until_working(place, 5)
        time.sleep(0.3)
        started = time.monotonic()
        process.kill()
        process.wait(timeout=10)
        assert gone(place, started)
    assert [path.name for path in (place / "out").iterdir() if not path.name.startswith(".")] == []


def test_a_run_that_ends_leaves_no_process_and_no_file(many: Path, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    done = subprocess.run(
        kg_command("export", many, "-o", "g.ttl", "--jobs", 2),
        cwd=tmp_path / "run", env={**environment(), "TMPDIR": str(tmp_path / "run")}, capture_output=True, text=True,
        check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert working(tmp_path / "run") == []
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == ["g.ttl", "g.void.ttl"]


_THREE: str = """\
import sys
import kg, kg.pipeline
from tests.scale.test_jobs_stops import working
from pathlib import Path
kg.pipeline._CHUNK = 20
for _ in range(3):
    kg.export(sys.argv[1], "g.ttl", jobs=2)
    print(len(working(Path.cwd().resolve())))
"""


def test_a_programs_exports_do_not_pile_up_processes(many: Path, tmp_path: Path) -> None:
    """Between exports only the program, the fork server and Python's tracker of resources are there."""
    done = subprocess.run(
        [sys.executable, "-c", _THREE, str(many)],
        cwd=tmp_path, env={**environment(), "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
        timeout=60,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("3\n3\n3\n", "")
    assert working(tmp_path) == []


def test_a_folder_for_temporary_files_with_a_long_path(many: Path, tmp_path: Path) -> None:
    """Its socket would have no name; one process needs none."""
    far = tmp_path / ("long" * 20)
    far.mkdir()
    for jobs, ends, told in ((2, 2, "error[long-tmpdir]"), (1, 0, "300 of 300 records")):
        done = subprocess.run(
            kg_command("export", many, "-o", "g.ttl", "--jobs", jobs), cwd=tmp_path, text=True, capture_output=True,
            env={**environment(), "TMPDIR": str(far)}, check=False, timeout=60,
        )  # fmt: skip
        assert (done.returncode, told in done.stderr) == (ends, True), done.stderr
