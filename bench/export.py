"""Measure how `kg export` grows: with the records, and with the processes.

    python bench/export.py                              # 1,000, 10,000 and 100,000 figures, --jobs 1 and 2
    python bench/export.py --sizes 1000 --jobs 1        # some of it
    python bench/export.py --sizes 5000 -- --no-check   # what follows `--` goes to `kg export`

Every run is one process of its own, so wall time, CPU time and peak memory hold all that a user waits for: the start of
Python, imports, reading, checking, writing. Corpora are made by `make_corpus.py` under `build/bench/` when they are not
there. Files are read once before the clock starts, so a cold disk is not measured. What takes less than a minute is run
`--repeats` times, in turns, and the medians are shown. Prints a Markdown table; `measure.py` tells how it measures.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from bench.measure import (
    MIB,
    SHORT,
    WORK,
    BenchError,
    Usage,
    ensure_corpus,
    find_count,
    last_line,
    machine,
    machine_line,
    markdown,
    read_json,
    run_measured,
    supports,
    thousands,
    warm,
)

# `kg export` exits with 1 when it has problems to report; the export itself is then complete.
DONE: Final = (0, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One export: what it took, and what it made."""

    usage: Usage
    figures: int | None
    triples: int | None
    output_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table, medians of its runs: seconds, bytes, counts."""

    records: int
    jobs: int
    runs: int
    wall: float
    cpu: float
    memory: int
    figures: int | None
    triples: int | None
    output_bytes: int
    milliseconds_per_figure: float
    speed_up: float | None = None


def export_once(corpus: Path, options: Sequence[str]) -> Run:
    """One measured export of a corpus.

    Raises:
        BenchError: it did not come to its end.
    """
    with tempfile.TemporaryDirectory(dir=corpus.parent) as folder:
        work = Path(folder)
        output, report = work / "out.ttl", work / "report.json"
        target = ["-o", str(output), "--report", str(report)]
        command = [sys.executable, "-m", "kg", "export", str(corpus), *target, *options]
        usage = run_measured(command, stdout=work / "stdout", stderr=work / "stderr")
        # A traceback exits with 1 as well, so the exit code alone does not tell.
        if usage.exit_code not in DONE or not output.is_file():
            complaint = last_line((work / "stderr").read_text(encoding="utf-8", errors="replace"))
            raise BenchError(f"kg export of {corpus} failed ({usage.exit_code}): {complaint}")
        told = read_json(report.read_text(encoding="utf-8"))
        return Run(
            usage=usage,
            figures=find_count(told, "figures"),
            triples=find_count(told, "triples"),
            output_bytes=sum(path.stat().st_size for path in work.glob("out*")),
        )


def measure(corpus: Path, records: int, ways: Mapping[int, list[str]], repeats: int) -> list[Row]:
    """The lines of one corpus, one for each number of processes with its options, measured in turns."""
    warm(corpus)
    runs: dict[int, list[Run]] = {number: [] for number in ways}
    for turn in range(repeats):
        for number, done in runs.items():
            if turn == 0 or done[0].usage.wall < SHORT:
                done.append(export_once(corpus, ways[number]))
                print(f"{records:,} records, --jobs {number}: {done[-1].usage.wall:.1f} s", file=sys.stderr)
    rows = [make_row(records, number, done) for number, done in runs.items()]
    base = next((row.wall for row in rows if row.jobs == 1), None)
    return [with_speed_up(row, base) for row in rows]


def make_row(records: int, jobs: int, runs: Sequence[Run]) -> Row:
    """A line of the table."""
    wall = statistics.median(run.usage.wall for run in runs)
    return Row(
        records=records,
        jobs=jobs,
        runs=len(runs),
        wall=wall,
        cpu=statistics.median(run.usage.cpu for run in runs),
        memory=max(run.usage.tree_memory for run in runs),
        figures=runs[0].figures,
        triples=runs[0].triples,
        output_bytes=runs[0].output_bytes,
        milliseconds_per_figure=1000 * wall / records,
    )


def with_speed_up(row: Row, base: float | None) -> Row:
    """The line with how many times as quick it is as one process."""
    return Row(**{**asdict(row), "speed_up": base / row.wall if base else None})


def to_markdown(facts: dict[str, Any], rows: Sequence[Row]) -> str:
    """The result for people."""
    head = ("figures", "jobs", "runs", "wall s", "CPU s", "ms/figure", "figures/s", "speed-up", "memory MiB")
    table = markdown([*head, "triples", "triples/s", "output MiB"], [cells(row) for row in rows])
    return "\n".join([f"{machine_line(facts)}; file cache warm, whole processes.", "", table, *growth(rows)])


def cells(row: Row) -> list[str]:
    """A line of the table as texts."""
    return [
        f"{row.records:,}",
        str(row.jobs),
        str(row.runs),
        f"{row.wall:.2f}",
        f"{row.cpu:.2f}",
        f"{row.milliseconds_per_figure:.2f}",
        thousands((row.figures or 0) / row.wall),
        f"{row.speed_up:.2f}" if row.speed_up else "-",
        f"{row.memory / MIB:,.0f}",
        thousands(row.triples),
        thousands((row.triples or 0) / row.wall),
        f"{row.output_bytes / MIB:,.1f}",
    ]


def growth(rows: Sequence[Row]) -> list[str]:
    """A sentence for each number of processes: what more figures do to the time for one, and to memory."""
    told = [""]
    for jobs in dict.fromkeys(row.jobs for row in rows):
        own = [row for row in rows if row.jobs == jobs]
        few, many = own[0], own[-1]
        if few.records < many.records:
            time = many.milliseconds_per_figure / few.milliseconds_per_figure
            told.append(
                f"--jobs {jobs}: from {few.records:,} to {many.records:,} figures, the time for one becomes {time:.2f} "
                f"times and memory {many.memory / few.memory:.2f} times as much."
            )
    return told if len(told) > 1 else []


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """The options; `extra` is what stands after `--`."""
    parser = argparse.ArgumentParser(
        prog="export.py",
        description="Measure how kg export grows.",
        epilog="What follows -- is passed to kg export.",
    )
    add = parser.add_argument
    add("--sizes", type=int, nargs="+", default=[1000, 10000, 100000], metavar="N", help="corpus sizes")
    add("--jobs", type=int, nargs="+", default=[1, 2], metavar="N", help="numbers of processes")
    add("--repeats", type=int, default=3, metavar="N", help="runs of what takes less than a minute (default: 3)")
    add("--work", type=Path, default=WORK, help="where the corpora are")
    add("--source", type=Path, help="real records (default: as make_corpus.py)")
    add("--seed", type=int, default=1, help="seed of the corpora")
    add("--json", type=Path, metavar="FILE", help="write the result as JSON, too")
    at = argv.index("--") if "--" in argv else len(argv)
    options = parser.parse_args(argv[:at])
    if min(*options.sizes, *options.jobs, options.repeats) < 1:
        parser.error("sizes, jobs and repeats are at least 1")
    options.extra = list(argv[at + 1 :])
    options.work = options.work.resolve()
    options.source = options.source.resolve() if options.source else None
    return options


def run_all(options: argparse.Namespace) -> list[Row]:
    """Measure what was asked for."""
    ways = {number: ["--jobs", str(number), *options.extra] for number in options.jobs}
    if not supports("--jobs"):
        ways = {1: options.extra}
    rows: list[Row] = []
    for size in sorted(set(options.sizes)):
        corpus = ensure_corpus(options.work / str(size), records=size, source=options.source, seed=options.seed)
        rows += measure(corpus, size, ways, options.repeats)
    return rows


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code: 0, or 2 when it cannot be done."""
    options = parse(sys.argv[1:] if argv is None else argv)
    try:
        rows = run_all(options)
        facts = machine()
        print(to_markdown(facts, rows))
        if options.json:
            options.json.parent.mkdir(parents=True, exist_ok=True)
            result = {"machine": facts, "options": options.extra, "runs": [asdict(row) for row in rows]}
            options.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    except (BenchError, OSError) as error:
        print(f"export.py: error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
