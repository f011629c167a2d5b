"""What the benchmarks share: a command run as a whole process and measured, corpora, the machine.

A process is measured with all that it starts: seconds on the clock, CPU seconds (user and system of the process and of
every child that it waited for, as the kernel counts them), and memory. Memory is the sum of the proportional set sizes
(PSS: a page that n processes share counts 1/n in each) of the whole process tree, sampled ten times a second, and never
less than the kernel's own exact maximum of the largest single process.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import platform
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

__all__ = [
    "MIB",
    "ROOT",
    "SHORT",
    "WORK",
    "BenchError",
    "Usage",
    "count_records",
    "descendants",
    "ensure_corpus",
    "find_count",
    "held_bytes",
    "last_line",
    "machine",
    "machine_line",
    "markdown",
    "read_json",
    "run_measured",
    "supports",
    "thousands",
    "warm",
]

ROOT: Final = Path(__file__).resolve().parents[1]
WORK: Final = ROOT / "build" / "bench"
SAMPLE_SECONDS: Final = 0.1
KIB, MIB = 1024, 1024 * 1024
SHORT: Final = 60.0
"""Seconds; what takes longer is run once."""


class BenchError(Exception):
    """Something could not be measured; the message is one line for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What one process and its children took: seconds and bytes. `exit_code` is negative for a signal."""

    exit_code: int
    wall: float
    cpu: float
    peak_rss: int
    tree_memory: int


def run_measured(command: Sequence[str], *, stdout: Path, stderr: Path, patience: float | None = None) -> Usage:
    """Run a command to its end and return what it took.

    On Linux a child's `ru_maxrss` is never less than its parent's memory at the fork; where it is no more than what
    this process once had, the samples alone tell.

    Args:
        command: program and arguments.
        stdout: file for what it prints.
        stderr: file for its messages.
        patience: seconds after which it is killed, with all that it started.
    """
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with stdout.open("wb") as out, stderr.open("wb") as err:
        start = time.perf_counter()
        child = subprocess.Popen(command, stdout=out, stderr=err, cwd=ROOT, env=_environment(), start_new_session=True)
        sampler = _Sampler(child.pid)
        sampler.start()
        killer = threading.Timer(patience or threading.TIMEOUT_MAX, _kill_group, [child.pid])
        killer.daemon = True
        killer.start()
        try:
            _, status, usage = os.wait4(child.pid, 0)
        except BaseException:
            _kill_group(child.pid)
            raise
        finally:
            wall = time.perf_counter() - start
            killer.cancel()
            sampler.stop()
        child.returncode = os.waitstatus_to_exitcode(status)
    peak = usage.ru_maxrss * KIB if usage.ru_maxrss > own else sampler.peak
    return Usage(
        exit_code=child.returncode,
        wall=wall,
        cpu=usage.ru_utime + usage.ru_stime,
        peak_rss=peak,
        tree_memory=max(peak, sampler.peak),
    )


def _kill_group(pid: int) -> None:
    # The child leads a session of its own, so its group is its tree and nothing else.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def _environment() -> dict[str, str]:
    """The environment, with compiled modules kept as usual; to compile them at each start takes long."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


class _Sampler(threading.Thread):
    """A thread that keeps the highest memory seen of a process and its descendants."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid = pid
        self.peak = 0
        self._over = threading.Event()

    def run(self) -> None:
        """Sample until stopped."""
        while not self._over.wait(SAMPLE_SECONDS):
            self.peak = max(self.peak, sum(map(held_bytes, descendants(self.pid))))

    def stop(self) -> None:
        """End the sampling and wait for it."""
        self._over.set()
        self.join()


def descendants(pid: int) -> Iterator[int]:
    """A process and all processes under it, as far as Linux still knows them."""
    yield pid
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        children = [child for task in tasks for child in (task / "children").read_text().split()]
    except OSError:  # ended meanwhile, or no /proc
        return
    for child in children:
        yield from descendants(int(child))


def held_bytes(pid: int) -> int:
    """The bytes of a process's proportional set, 0 when it has ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * KIB for line in lines if line.startswith("Pss:")), 0)


def ensure_corpus(folder: Path, *, records: int, source: Path | None = None, seed: int = 1) -> Path:
    """Make a corpus unless it is there, and return its folder."""
    # Figures are written after their tables, so a full count means a whole corpus.
    if count_records(folder) != records:
        script = [sys.executable, str(ROOT / "bench" / "make_corpus.py"), "--force"]
        options = ["--records", str(records), "--out", str(folder), "--seed", str(seed)]
        _must_succeed([*script, *options, *(["--source", str(source)] if source else [])])
    return folder


def count_records(folder: Path) -> int:
    """How many records a corpus holds, 0 when there is none."""
    return sum(1 for _ in (folder / "_figures").glob("*.md"))


def warm(folder: Path) -> None:
    """Read every file of a corpus, so that what follows finds it in memory."""
    for path in folder.glob("*/*"):
        path.read_bytes()


def _must_succeed(command: Sequence[str]) -> None:
    done = subprocess.run(command, cwd=ROOT, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        raise BenchError(last_line(done.stderr) or f"exit code {done.returncode}")


def supports(option: str) -> bool:
    """Whether `kg export` knows an option; running it also compiles the package before any clock starts."""
    command = [sys.executable, "-m", "kg", "export", "--help"]
    # A wide terminal, so that no option is broken in two.
    environment = {**os.environ, "COLUMNS": "200"}
    done = subprocess.run(command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True)
    if done.returncode:
        raise BenchError(last_line(done.stderr) or "kg export --help failed")
    return f" {option} " in done.stdout


def last_line(text: str) -> str:
    """The last line that is not blank, or nothing."""
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")


def read_json(text: str) -> dict[str, Any]:
    """A JSON object, empty when the text is none."""
    try:
        told = json.loads(text)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def find_count(report: object, key: str) -> int | None:
    """The count of that name nearest to the top of a report, or None.

    >>> find_count({"run": {"seconds": 1}, "counts": {"triples": 7}}, "triples")
    7
    """
    level = [report]
    while level:
        mappings = [item for item in level if isinstance(item, dict)]
        for mapping in mappings:
            value = mapping.get(key)
            if isinstance(value, int) and not isinstance(value, bool):
                return value
        level = [value for mapping in mappings for value in mapping.values()]
    return None


def machine() -> dict[str, str | int]:
    """The facts without which no speed means anything."""
    return {
        "cpu": _cpu_model(),
        "cores": len(os.sched_getaffinity(0)),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "system": f"{platform.system()} {platform.release()}",
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
    }


def machine_line(facts: Mapping[str, Any]) -> str:
    """The same for people."""
    known = (facts["cpu"], f"{facts['cores']} cores", *map(facts.get, ("python", "system", "date")))
    return ", ".join(map(str, known))


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown"
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.machine())


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table whose first column is text and whose others are numbers.

    >>> print(markdown(["what", "s"], [["one", "1.0"]]))
    | what | s |
    | --- | ---: |
    | one | 1.0 |
    """
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def thousands(number: float | None) -> str:
    """A number with its thousands apart, a small one with a decimal, a dash for one that is not known."""
    if number is None:
        return "-"
    return f"{number:,.0f}" if number >= 100 or isinstance(number, int) else f"{number:.1f}"
