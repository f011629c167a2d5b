"""Measure `kg export` as a whole process, at several corpus sizes.

    python bench/export.py                          # 2,000 and 20,000 records
    python bench/export.py --peer --json out.json   # and the plain-library pipeline beside it
    python bench/export.py --sizes 5000 -- --jobs 1 # what follows `--` goes to `kg export`

Every size is one process of its own, so wall time, CPU time and peak memory hold all that a user
waits for: the start of Python, imports, reading, checking, writing. Corpora are made by
`make_corpus.py` under `build/bench/` when they are not there. Files are read once before the
clock starts, so a cold disk is not measured. Prints a Markdown table.

Two figures are given for memory. `peak RSS` is the kernel's own, `ru_maxrss` of the process: exact,
but of the largest single process where there are workers. `all processes` is the sum over the
process and its descendants, sampled ten times a second: pages they share count in each.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

ROOT = Path(__file__).resolve().parents[1]
BENCH = ROOT / "bench"
PEER_RECORDS = 200
SAMPLE_SECONDS = 0.1
KIB, MIB = 1024, 1024 * 1024
# `kg export` exits with 1 when it has problems to report; the export itself is then complete.
DONE = (0, 1)


class BenchError(Exception):
    """Something could not be measured; the message is one line for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What one process took: seconds and bytes."""

    exit_code: int
    wall: float
    cpu: float
    peak_rss: int
    tree_rss: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table. Times in seconds, sizes in bytes, None for what is not known."""

    what: str
    records: int
    wall: float
    cpu: float
    peak_rss: int
    tree_rss: int
    figures: int | None
    triples: int | None
    output_bytes: int
    figures_per_second: float | None
    triples_per_second: float | None


def run_measured(command: Sequence[str], *, stdout: Path, stderr: Path) -> Usage:
    """Run a command to its end and return what it took.

    On Linux a child's `ru_maxrss` is never less than its parent's memory at the fork, so this
    script imports no library and leaves the making of corpora to a process of its own.
    """
    with stdout.open("wb") as out, stderr.open("wb") as err:
        start = time.perf_counter()
        child = subprocess.Popen(command, stdout=out, stderr=err, cwd=ROOT)
        sampler = TreeSampler(child.pid)
        sampler.start()
        try:
            _, status, usage = os.wait4(child.pid, 0)
        finally:
            wall = time.perf_counter() - start
            sampler.stop()
        child.returncode = os.waitstatus_to_exitcode(status)
    peak = usage.ru_maxrss * KIB
    return Usage(
        exit_code=child.returncode,
        wall=wall,
        cpu=usage.ru_utime + usage.ru_stime,
        peak_rss=peak,
        tree_rss=max(peak, sampler.peak),
    )


class TreeSampler(threading.Thread):
    """A thread that keeps the highest memory seen of a process and its descendants."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid = pid
        self.peak = 0
        self._over = threading.Event()

    def run(self) -> None:
        """Sample until stopped."""
        while not self._over.wait(SAMPLE_SECONDS):
            self.peak = max(self.peak, sum(map(resident, descendants(self.pid))))

    def stop(self) -> None:
        """End the sampling and wait for it."""
        self._over.set()
        self.join()


def descendants(pid: int) -> Iterator[int]:
    """Yield a process and all processes under it, as far as Linux still knows them."""
    yield pid
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        children = [child for task in tasks for child in (task / "children").read_text().split()]
    except OSError:  # ended meanwhile, or no /proc
        return
    for child in children:
        yield from descendants(int(child))


def resident(pid: int) -> int:
    """Return the bytes of memory a process holds now, 0 when it has ended."""
    try:
        pages = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]
    except (OSError, IndexError):
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def ensure_corpus(folder: Path, *, records: int, source: Path | None, seed: int) -> Path:
    """Make a corpus unless it is there, and return its folder."""
    # Figures are written after their tables, so a full count means a whole corpus.
    if count_records(folder) != records:
        script = [sys.executable, str(BENCH / "make_corpus.py"), "--force"]
        options = ["--records", str(records), "--out", str(folder), "--seed", str(seed)]
        wanted = ["--source", str(source)] if source else []
        subprocess_or_fail([*script, *options, *wanted])
    return folder


def count_records(folder: Path) -> int:
    """Return how many records a corpus holds, 0 when there is none."""
    return sum(1 for _ in (folder / "_figures").glob("*.md"))


def first_records(corpus: Path, folder: Path, *, count: int) -> Path:
    """Make a folder of links to the first records of a corpus and to their tables."""
    figures, tables = folder / "_figures", folder / "_data"
    for made in (figures, tables):
        made.mkdir(parents=True, exist_ok=True)
        for old in made.iterdir():
            old.unlink()
    for record in sorted((corpus / "_figures").glob("*.md"))[:count]:
        (figures / record.name).symlink_to(record.resolve())
        # Table names may have `_` for `.`, so they are found by paper and compared loosely.
        for table in (corpus / "_data").glob(f"{record.stem.split('__')[0]}__*.tsv"):
            if loose(table.stem.rpartition("-")[0]) == loose(record.stem):
                (tables / table.name).symlink_to(table.resolve())
    return folder


def loose(stem: str) -> str:
    """Return a file stem with the two spellings of the dot made one."""
    return stem.replace(".", "_")


def warm(folder: Path) -> None:
    """Read every file of a corpus, so that what follows finds it in memory."""
    for path in folder.glob("*/*"):
        path.read_bytes()


def subprocess_or_fail(command: Sequence[str]) -> None:
    """Run a command that must succeed.

    Raises:
        BenchError: it did not; the message is its last line on stderr.

    """
    done = subprocess.run(command, cwd=ROOT, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        raise BenchError(last_line(done.stderr) or f"exit code {done.returncode}")


def last_line(text: str) -> str:
    """Return the last line that is not blank, or nothing."""
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")


def measure_export(corpus: Path, *, records: int, extra: Sequence[str], name: str = "kg export") -> Row:
    """Return the measured export of one corpus.

    Raises:
        BenchError: the export did not come to its end.

    """
    warm(corpus)
    with tempfile.TemporaryDirectory(dir=corpus.parent) as folder:
        work = Path(folder)
        output, report = work / "out.ttl", work / "report.json"
        target = ["-o", str(output), "--report", str(report)]
        command = [sys.executable, "-m", "kg", "export", str(corpus), *target, *extra]
        usage = run_measured(command, stdout=work / "stdout", stderr=work / "stderr")
        written = sum(path.stat().st_size for path in work.glob("out*"))
        # A traceback exits with 1 as well, so the exit code alone does not tell.
        if usage.exit_code not in DONE or not written:
            complaint = last_line((work / "stderr").read_text(encoding="utf-8", errors="replace"))
            message = f"kg export of {records} records failed ({usage.exit_code}): {complaint}"
            raise BenchError(message)
        return make_row(name, records, usage, read_report(report), written)


def measure_peer(corpus: Path, *, extra: Sequence[str]) -> tuple[Row, dict[str, Any]]:
    """Return the measured plain-library pipeline, and what it says of itself.

    Raises:
        BenchError: the pipeline did not come to its end.

    """
    warm(corpus)
    with tempfile.TemporaryDirectory(dir=corpus.parent) as name:
        work = Path(name)
        script = [sys.executable, str(BENCH / "peer_plain.py"), str(corpus)]
        options = ["--limit", str(PEER_RECORDS), "--output", str(work / "out.ttl"), *extra]
        usage = run_measured([*script, *options], stdout=work / "out.json", stderr=work / "stderr")
        if usage.exit_code:
            complaint = last_line((work / "stderr").read_text(encoding="utf-8", errors="replace"))
            message = f"the plain pipeline failed ({usage.exit_code}): {complaint}"
            raise BenchError(message)
        told = read_report(work / "out.json")
        written = (work / "out.ttl").stat().st_size
        return make_row("plain libraries, JSON-LD part only", count_records(corpus), usage, told, written), told


def read_report(path: Path) -> dict[str, Any]:
    """Return a JSON report, empty when it is missing or no JSON object."""
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return report if isinstance(report, dict) else {}


def find_count(report: object, key: str) -> int | None:
    """Return the count of that name nearest to the top of a report, or None.

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


def make_row(what: str, records: int, usage: Usage, report: dict[str, Any], output_bytes: int) -> Row:
    """Return a line of the table from what was measured and what was reported."""
    figures, triples = find_count(report, "figures"), find_count(report, "triples")
    return Row(
        what=what,
        records=records,
        wall=usage.wall,
        cpu=usage.cpu,
        peak_rss=usage.peak_rss,
        tree_rss=usage.tree_rss,
        figures=figures,
        triples=triples,
        output_bytes=output_bytes,
        figures_per_second=None if figures is None else figures / usage.wall,
        triples_per_second=None if triples is None else triples / usage.wall,
    )


def machine() -> dict[str, str | int]:
    """Return the facts without which no speed means anything."""
    return {
        "cpu": cpu_model(),
        "cores": len(os.sched_getaffinity(0)),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "system": f"{platform.system()} {platform.release()}",
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
    }


def cpu_model() -> str:
    """Return the processor's name as Linux gives it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown"
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.machine())


def memory_growth(rows: Iterable[Row]) -> float | None:
    """Return by how many percent peak memory grows from the smallest corpus to the largest."""
    by_size = sorted(rows, key=lambda row: row.records)
    if len(by_size) < 2:
        return None
    return 100 * (by_size[-1].peak_rss / by_size[0].peak_rss - 1)


def to_markdown(result: dict[str, Any], rows: Sequence[Row]) -> str:
    """Return the result as Markdown: machine, table, growth, peer."""
    facts = result["machine"]
    head = (
        "| run | records | wall s | CPU s | peak RSS MiB | all processes MiB "
        "| figures/s | triples | triples/s | output MiB |"
    )
    known = (facts["cpu"], f"{facts['cores']} cores", *map(facts.get, ("python", "system", "date")))
    lines = [
        f"{', '.join(known)}; file cache warm.",
        "",
        head,
        "| --- |" + " ---: |" * (head.count("|") - 2),
        *map(table_line, rows),
        *growth_line(result),
        *peer_line(result.get("peer")),
    ]
    return "\n".join(lines)


def table_line(row: Row) -> str:
    """Return one row of the Markdown table."""
    cells = (
        row.what,
        f"{row.records:,}",
        f"{row.wall:.2f}",
        f"{row.cpu:.2f}",
        f"{row.peak_rss / MIB:.1f}",
        f"{row.tree_rss / MIB:.1f}",
        count_or_dash(row.figures_per_second),
        count_or_dash(row.triples),
        count_or_dash(row.triples_per_second),
        f"{row.output_bytes / MIB:.1f}",
    )
    return f"| {' | '.join(cells)} |"


def count_or_dash(number: float | None) -> str:
    """Return a number in thousands, or a dash for one that is not known."""
    if number is None:
        return "-"
    return f"{number:,.0f}" if number >= 100 else f"{number:.1f}"


def growth_line(result: dict[str, Any]) -> list[str]:
    """Return the sentence on memory, when there are two sizes to compare."""
    growth = result["peak_rss_growth_percent"]
    if growth is None:
        return []
    low, high = min(result["sizes"]), max(result["sizes"])
    return ["", f"Peak memory grows by {growth:.1f} % from {low:,} to {high:,} records."]


def peer_line(peer: dict[str, Any] | None) -> list[str]:
    """Return the sentences on the plain-library pipeline, when it was run."""
    if peer is None:
        return []
    steps = ", ".join(f"{name} {seconds:.2f}" for name, seconds in peer["steps"].items())
    shapes = "no shapes were there to check" if not peer["shapes"] else f"{peer['shapes']} shapes"
    speed = count_or_dash(peer["figures"] / peer["seconds"])
    sentence = (
        f"Plain libraries: {speed} figures/s without the start of Python (seconds: {steps}; "
        f"{shapes}). They do the JSON-LD part only, no tables; `kg export` above does all."
    )
    return ["", sentence]


def run_peer(corpus: Path, work: Path, options: argparse.Namespace) -> tuple[list[Row], Any]:
    """Return both pipelines measured on the same first records, and the peer's own report."""
    few = first_records(corpus, work / f"first-{PEER_RECORDS}", count=PEER_RECORDS)
    ours = measure_export(few, records=count_records(few), extra=options.extra)
    # The same job, the same graph, with the reference engine in the place of the fast one.
    engine = ["--engine", "pyshacl"]
    name = "kg export --engine pyshacl"
    reference = measure_export(few, records=count_records(few), extra=[*options.extra, *engine], name=name)
    context = ["--context", str(options.peer_context)] if options.peer_context else []
    row, told = measure_peer(few, extra=context)
    return [ours, reference, row], told


def run_all(options: argparse.Namespace) -> tuple[dict[str, Any], list[Row]]:
    """Measure what was asked for and return it, as data and as rows."""
    subprocess_or_fail([sys.executable, "-m", "kg", "--help"])  # compiles the package, too
    rows = []
    for size in options.sizes:
        folder = options.work / str(size)
        corpus = ensure_corpus(folder, records=size, source=options.source, seed=options.seed)
        rows.append(measure_export(corpus, records=size, extra=options.extra))
    result: dict[str, Any] = {
        "machine": machine(),
        "sizes": options.sizes,
        "peak_rss_growth_percent": memory_growth(rows),
    }
    if options.peer:
        smallest = options.work / str(min(options.sizes))
        compared, result["peer"] = run_peer(smallest, options.work, options)
        rows += compared
    result["runs"] = [asdict(row) for row in rows]
    return result, rows


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Return the options; `extra` is what stands after `--`."""
    parser = argparse.ArgumentParser(
        prog="export.py",
        description="Measure kg export as a whole process.",
        epilog="What follows -- is passed to kg export.",
    )
    add = parser.add_argument
    add("--sizes", type=int, nargs="+", default=[2000, 20000], metavar="N", help="corpus sizes")
    add("--work", type=Path, default=ROOT / "build" / "bench", help="where the corpora are")
    add("--source", type=Path, help="real records (default: as make_corpus.py)")
    add("--seed", type=int, default=1, help="seed of the corpora")
    add("--json", type=Path, metavar="FILE", help="write the result as JSON, too")
    add("--peer", action="store_true", help=f"the plain libraries on {PEER_RECORDS} records, too")
    add("--peer-context", type=Path, metavar="FILE", help="its schema.org context")
    own, extra = partition(argv)
    options = parser.parse_args(own)
    if min(options.sizes) < 1:
        parser.error("a corpus has at least one record")
    options.sizes = sorted(set(options.sizes))
    options.extra = extra
    options.work, options.source = absolute(options.work), absolute(options.source)
    options.peer_context = absolute(options.peer_context)
    return options


def partition(argv: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return what stands before `--` and what stands after it."""
    at = argv.index("--") if "--" in argv else len(argv)
    return list(argv[:at]), list(argv[at + 1 :])


def absolute(path: Path | None) -> Path | None:
    """Return a path as the user means it, since children run in the checkout."""
    return path.resolve() if path else None


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code: 0, or 2 when it cannot be done."""
    options = parse(sys.argv[1:] if argv is None else argv)
    try:
        result, rows = run_all(options)
        print(to_markdown(result, rows))
        if options.json:
            options.json.parent.mkdir(parents=True, exist_ok=True)
            options.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    except (BenchError, OSError) as error:
        print(f"export.py: error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
