"""`kg export` beside other ways to the same graph, in one run, on the same records.

    python -m bench.compare                                # 1,000 and 10,000 figures
    python -m bench.compare --sizes 200 --only plain floor # ours, and these
    python -m bench.compare --plain-limit 1000 --json build/bench/compare.json

Ours is run as it is, in two processes, without its checks, and without looking keywords up as well. The others are the
scripts of `bench/peers/`:

* `plain`: PyYAML, pyld, rdflib and pyshacl, in this environment; the same graph, which is verified.
* `morph_kgc`, `linkml_peer`, `linkml_rust`, `sparql_anything`: the frameworks, each in a virtual environment of its own
  under `build/bench/envs/`, made from `NAME.requirements.txt` and kept until that file changes. The share of our
  triples that they make is counted. They check no shapes and look no keywords up, so their job is that of our run
  with `--no-check --no-ground`.
* `floor`: reads the same files, parses the YAML, writes as many bytes as ours. No program can be quicker.

A script is called as `python NAME.py SOURCE --output FILE --work FOLDER` and prints a JSON object on its last line,
with `figures`, `triples`, and where it has them `steps` and `preparation_seconds` (making what the tool can read; part
of the total). What takes less than a minute is run `--repeats` times, in turns, and the medians are shown. Graphs are
compared outside the clock. A contender that fails, or that cannot be set up, has a row that says why.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shlex
import shutil
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from bench.graphs import export_triples, hashed_triples
from bench.measure import (
    MIB,
    ROOT,
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

PEERS: Final = ROOT / "bench" / "peers"
FRAMEWORKS: Final = ("morph_kgc", "linkml_peer", "linkml_rust", "sparql_anything")
OURS: Final = "kg export --jobs 1"


@dataclass(slots=True)
class Contender:
    """One way to the graph: what it is called, how it is started, and what came of it at one size."""

    name: str
    command: Callable[[Path, Path, Path], list[str]]
    own: bool = False
    why_not: str = ""
    usages: list[Usage] = field(default_factory=list)
    told: list[dict[str, Any]] = field(default_factory=list)
    output: Path | None = None


@dataclass(slots=True, kw_only=True)
class Row:
    """One line of the result: seconds, bytes and counts; `note` tells what is special, or why there is nothing."""

    name: str
    runs: int = 0
    wall: float | None = None
    cpu: float | None = None
    memory: int | None = None
    figures: int | None = None
    triples: int | None = None
    output_bytes: int | None = None
    preparation: float | None = None
    steps: dict[str, float] = field(default_factory=dict)
    share: float | None = None
    equal: bool | None = None
    wall_ratio: float | None = None
    cpu_ratio: float | None = None
    note: str = ""


def ours() -> list[Contender]:
    """Our own ways."""
    jobs = supports("--jobs")
    one, two = (["--jobs", number] if jobs else [] for number in "12")
    return [
        _export(OURS, one),
        _export("kg export --jobs 2", two, "" if jobs else "kg export has no --jobs"),
        _export(f"{OURS} --no-check", [*one, "--no-check"]),
        _export(f"{OURS} --no-check --no-ground", [*one, "--no-check", "--no-ground"]),
    ]


def _export(name: str, options: list[str], why_not: str = "") -> Contender:
    def command(source: Path, output: Path, work: Path) -> list[str]:
        report = ["--report", str(work / "report.json")]
        return [sys.executable, "-m", "kg", "export", str(source), "--output", str(output), *report, *options]

    return Contender(name, command, own=True, why_not=why_not)


def peer(name: str, envs: Path, floor_bytes: Callable[[], int]) -> Contender:
    """The contender of a script, its environment made."""
    script, python, why_not = PEERS / f"{name}.py", Path(sys.executable), ""
    if not script.is_file():
        why_not = f"there is no bench/peers/{name}.py; bench/peers/README.md tells why"
    elif script.with_suffix(".requirements.txt").is_file():
        try:
            python = environment(name, envs)
        except BenchError as error:
            why_not = f"its environment cannot be made: {error}"

    def command(source: Path, output: Path, work: Path) -> list[str]:
        extra = ["--bytes", str(floor_bytes())] if name == "floor" else []
        return [str(python), str(script), str(source), "--output", str(output), "--work", str(work), *extra]

    return Contender(name, command, why_not=why_not)


def environment(name: str, envs: Path) -> Path:
    """The Python of a peer's own virtual environment, made anew when its requirements have changed.

    Raises:
        BenchError: it cannot be made; the last line of pip says why.
    """
    requirements = PEERS / f"{name}.requirements.txt"
    key = hashlib.sha256(requirements.read_bytes() + sys.version.encode()).hexdigest()[:12]
    folder = envs / f"{name}-{key}"
    python, ready = folder / "bin" / "python", folder / "ready"
    if not ready.is_file():
        print(f"making the environment of {name} ...", file=sys.stderr)
        _run([sys.executable, "-m", "venv", "--clear", str(folder)])
        _run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", str(requirements)])
        ready.touch()
    return python


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise BenchError(last_line(done.stderr) or f"exit code {done.returncode}")


def run_once(contender: Contender, source: Path, work: Path, patience: float) -> None:
    """Run a contender once and note what it took, or why it cannot be run."""
    folder = work / contender.name.replace(" ", "")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    output, printed, errors = folder / "out.ttl", folder / "stdout", folder / "stderr"
    command = contender.command(source, output, folder)
    print(f"{source.name}: {contender.name} ...", end=" ", file=sys.stderr, flush=True)
    usage = run_measured(command, stdout=printed, stderr=errors, patience=patience)
    print(f"{usage.wall:.1f} s", file=sys.stderr)
    # `kg export` exits with 1 when it has problems to report; the export itself is then complete.
    if usage.exit_code not in ((0, 1) if contender.own else (0,)) or not output.is_file():
        over = usage.wall >= patience
        complaint = last_line(errors.read_text(encoding="utf-8", errors="replace"))
        contender.why_not = f"stopped after {patience:.0f} s" if over else f"exit code {usage.exit_code}: {complaint}"
        return
    told = folder / "report.json" if contender.own else printed
    text = told.read_text(encoding="utf-8", errors="replace")
    contender.usages.append(usage)
    contender.told.append(read_json(text if contender.own else last_line(text)))
    contender.output = output


def run_turns(contenders: Sequence[Contender], source: Path, work: Path, options: argparse.Namespace) -> None:
    """Run all in turns, so that all meet the same noise; those that take long, once."""
    for turn in range(options.repeats):
        for contender in contenders:
            short = turn == 0 or (contender.usages and contender.usages[0].wall < SHORT)
            if short and not contender.why_not:
                run_once(contender, source, work, options.patience)


def row_of(contender: Contender) -> Row:
    """A contender's line: medians of what was measured, and what it last told of itself."""
    if contender.why_not or not contender.usages:
        return Row(name=contender.name, note=contender.why_not)
    told = contender.told[-1]
    output = contender.output
    return Row(
        name=contender.name,
        runs=len(contender.usages),
        wall=statistics.median(usage.wall for usage in contender.usages),
        cpu=statistics.median(usage.cpu for usage in contender.usages),
        memory=max(usage.tree_memory for usage in contender.usages),
        figures=find_count(told, "figures"),
        triples=find_count(told, "triples"),
        output_bytes=output.stat().st_size if output else None,
        preparation=told.get("preparation_seconds"),
        steps={} if contender.own else told.get("steps", {}),
    )


def compare_graphs(contenders: Sequence[Contender], rows: dict[str, Row]) -> None:
    """Add the share of our triples that each peer makes, and whether its graph is ours."""
    first = contenders[0].output
    if first is None:
        return
    reference = export_triples(first)
    for contender in contenders[1:]:
        row, output = rows[contender.name], contender.output
        if row.note or output is None or contender.name == "floor":
            continue
        try:
            found = export_triples(output) if contender.own else hashed_triples(output)
        except (SyntaxError, OSError, ValueError) as error:
            row.note = f"its output cannot be read: {error}"
            continue
        row.share, row.equal = len(found & reference) / len(reference), found == reference
        if not contender.own:
            row.triples = len(found)  # of distinct ones, whatever it counted


def add_ratios(rows: Sequence[Row]) -> None:
    """Add our seconds divided by theirs."""
    base = rows[0]
    for row in rows:
        if row.wall and row.cpu and base.wall and base.cpu:
            row.wall_ratio, row.cpu_ratio = base.wall / row.wall, base.cpu / row.cpu


def run_size(size: int, options: argparse.Namespace, envs: Path) -> list[Row]:
    """All lines of one size."""
    source = ensure_corpus(options.work / str(size), records=size)
    warm(source)
    work = options.work / f"compare-{size}"
    contenders = ours()

    def written() -> int:
        return contenders[0].output.stat().st_size if contenders[0].output else 0

    wanted = ["plain", *FRAMEWORKS, "floor"]
    contenders += [peer(name, envs, written) for name in wanted if not options.only or name in options.only]
    for contender in contenders:
        if contender.name == "plain" and options.plain_limit and size > options.plain_limit:
            contender.why_not = f"not run on more than {options.plain_limit:,} figures (--plain-limit)"
    try:
        run_turns(contenders, source, work, options)
        rows = {contender.name: row_of(contender) for contender in contenders}
        compare_graphs(contenders, rows)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    result = list(rows.values())
    add_ratios(result)
    return result


def table(rows: Sequence[Row]) -> str:
    """The lines of one size as Markdown; the notes follow below it."""
    head = ("way", "runs", "wall s", "CPU s", "memory MiB", "figures/s", "triples", "triples/s", "of our triples")
    lines = markdown([*head, "our wall / its", "our CPU / its"], [_cells(row) for row in rows])
    notes = [f"* {row.name}: {_told(row)}" for row in rows if _told(row)]
    return "\n".join([lines, "", *notes])


def _cells(row: Row) -> list[str]:
    def rate(count: int | None) -> str:
        return thousands(count / row.wall if count and row.wall else None)

    seconds = [f"{value:.2f}" if value is not None else "-" for value in (row.wall, row.cpu)]
    memory = f"{row.memory / MIB:,.0f}" if row.memory else "-"
    share = "equal" if row.equal else f"{row.share:.2%}" if row.share is not None else "-"
    ratios = [f"{value:.3g}" if value is not None else "-" for value in (row.wall_ratio, row.cpu_ratio)]
    triples = thousands(row.triples or None)
    return [
        row.name, str(row.runs), *seconds, memory, rate(row.figures), triples, rate(row.triples), share, *ratios,
    ]  # fmt: skip


def _told(row: Row) -> str:
    """The note of a line: why there is nothing, or the seconds that it gives for its own steps."""
    if row.note:
        return row.note
    steps = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in row.steps.items())
    prepared = f"preparation {row.preparation:.2f} s" if row.preparation is not None else ""
    return "; ".join(part for part in (prepared, steps) if part)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="kg export beside other ways to the same graph.")
    add = parser.add_argument
    add("--sizes", type=int, nargs="+", default=[1000, 10000], metavar="N", help="figures")
    add("--only", nargs="+", metavar="NAME", help="only these peers beside ours")
    add("--plain-limit", type=int, metavar="N", help="leave the plain libraries out of larger sizes")
    add("--repeats", type=int, default=3, metavar="N", help="runs of what takes less than a minute (default: 3)")
    add("--patience", type=float, default=7200, metavar="SECONDS", help="a run is stopped after so long")
    add("--work", type=Path, default=WORK, metavar="FOLDER", help="where corpora and environments are")
    add("--json", type=Path, metavar="FILE", help="where to write the result (default: FOLDER/compare.json)")
    return parser.parse_args()


def main() -> int:
    """Run the command and return its exit code: 0, or 2 when it cannot be done."""
    options = _parse()
    options.work = options.work.resolve()
    target = options.json or options.work / "compare.json"
    result: dict[str, Any] = {
        "machine": machine(),
        "command": shlex.join(["python", "-m", "bench.compare", *sys.argv[1:]]),
    }
    result["sizes"] = []
    print(f"{machine_line(result['machine'])}; file cache warm, whole processes.")
    try:
        for size in sorted(set(options.sizes)):
            rows = run_size(size, options, options.work / "envs")
            print(f"\n{size:,} figures\n\n{table(rows)}", flush=True)
            result["sizes"].append({"figures": size, "rows": [asdict(row) for row in rows]})
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    except (BenchError, OSError) as error:
        print(f"bench.compare: error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
