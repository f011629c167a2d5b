"""Measure `kg load` and every local saved query on the graph of many figures.

    python -m bench.queries                      # 20,000 figures
    python -m bench.queries --records 2000 --rounds 1

The graph is that of a made corpus (`make_corpus.py`) and the seeds together, so that the queries' defaults find the
seed. Loading is measured as whole processes, in turns with `oxigraph load` on the same file. Queries are measured
through the library, as a user's second query would be: `first` is the first call on a store just opened, `again` the
best of three more. Each query runs with its defaults, and with the values that give it most to do in this graph: the
gene, chemical and disease that most figures mention, the figure with most mentions, or no narrowing at all.
Prints two Markdown tables.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import kg
from bench.measure import MIB, ROOT, WORK, Usage, ensure_corpus, machine, run_measured, warm
from kg.graphstore import GraphStore
from kg.vocab import plain

PATIENCE = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """One query with one set of values: rows, seconds of the first and of the best later call."""

    query: str
    values: str
    rows: int
    first: float
    again: float


def make_graph(records: int) -> Path:
    """The Turtle of the corpus and the seeds, made once."""
    output = WORK / f"queries-{records}.ttl"
    corpus = ensure_corpus(WORK / f"corpus-{records}", records=records, source=None, seed=1)
    if not output.exists():
        kg.export([corpus, ROOT / "seeds"], output, options=kg.ExportOptions(check=False))
    return output


def measure_loads(graph: Path, rounds: int) -> dict[str, list[tuple[Usage, int]]]:
    """Usage and bytes on disk of each loader, in turns, so that both meet the same noise."""
    bin_folder = Path(sys.executable).parent
    commands: dict[str, Callable[[Path], list[str]]] = {
        "kg load": lambda store: [str(bin_folder / "kg"), "load", str(graph), "--store", str(store)],
        "oxigraph load": lambda store: [
            str(bin_folder / "oxigraph"),
            "load",
            "--location",
            str(store),
            "--file",
            str(graph),
        ],
    }
    found: dict[str, list[tuple[Usage, int]]] = {name: [] for name in commands}
    warm(graph.parent / graph.name) if graph.is_dir() else graph.read_bytes()
    for _ in range(rounds):
        for name, command in commands.items():
            with tempfile.TemporaryDirectory(dir=WORK) as folder:
                work = Path(folder)
                usage = run_measured(command(work / "store"), stdout=work / "out", stderr=work / "err")
                if usage.exit_code:
                    sys.exit(f"{name} failed: {(work / 'err').read_text('utf-8')}")
                size = sum(path.stat().st_size for path in (work / "store").rglob("*") if path.is_file())
                found[name].append((usage, size))
    return found


def heaviest(store: GraphStore) -> dict[str, str]:
    """The entities that most figures mention, and the figure with most mentions."""
    found: dict[str, str] = {}
    for name in ("Gene", "Chemical", "Disease"):
        text = (
            f"SELECT ?e WHERE {{ ?e a <https://w3id.org/pfocr-kg/vocab#{name}> ; "
            "<https://w3id.org/pfocr-kg/vocab#figureCount> ?n } ORDER BY DESC(?n) ?e LIMIT 2"
        )
        rows = [plain(row[0] or "") for row in store.query(text, timeout=PATIENCE).terms()]
        found[name.lower()], found[f"second {name.lower()}"] = rows[0], rows[-1]
    text = (
        "SELECT ?f WHERE { ?m <http://www.w3.org/ns/oa#hasTarget> ?f } GROUP BY ?f ORDER BY DESC(COUNT(?m)) ?f LIMIT 1"
    )
    found["figure"] = plain(next(iter(store.query(text, timeout=PATIENCE).terms()))[0] or "")
    return found


def most_work(most: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """For each query that takes parameters, the values that give it most to do."""
    gene, gene_two = most["gene"], most["second gene"]
    return {
        "ambiguous-words": {"figure": ""},
        "caption-search": {"text": "signaling"},
        "co-mentioned-genes": {"gene": gene},
        "figures-for-gene": {"gene": gene},
        "figures-for-gene-and-chemical": {"gene": gene, "chemical": most["chemical"]},
        "figures-for-gene-list": {"genes": f"{gene},{gene_two},ncbigene:6774,ncbigene:7157"},
        "figures-for-symbol-strict": {"symbol": "AKT1"},
        "figures-for-two-genes": {"a": gene, "b": gene_two},
        "gene-trend": {"gene": gene},
        "genes-for-disease": {"disease": most["disease"]},
        "genes-of-figure": {"figure": most["figure"]},
        "suspect-mentions": {"figure": ""},
    }


def timed(store: GraphStore, name: str, values: Mapping[str, str]) -> tuple[int, float]:
    """Rows and seconds of one call, its answer on disk."""
    start = time.perf_counter()
    answer = store.query(name, params=values, timeout=PATIENCE)
    seconds = time.perf_counter() - start
    return sum(1 for _ in answer.terms()), seconds


def measure_query(store: Path, name: str, values: Mapping[str, str], shown: str) -> Timing:
    """One query on a store just opened, then three times more."""
    with kg.open_store(store) as opened:
        opened.query("ASK { }")  # starts the process and opens the store
        rows, first = timed(opened, name, values)
        again = min(timed(opened, name, values)[1] for _ in range(3 if first < 3 else 1))
    return Timing(query=name, values=shown, rows=rows, first=first, again=again)


def measure_queries(store: Path) -> list[Timing]:
    """All local queries with their defaults, then with most work."""
    local = [query.name for query in kg.load_queries().values() if not query.federated]
    with kg.open_store(store) as opened:
        heavy = most_work(heaviest(opened))
    timings = [measure_query(store, name, {}, "defaults") for name in local]
    return timings + [
        measure_query(store, name, values, ", ".join(f"{key}={value}" for key, value in values.items()))
        for name, values in heavy.items()
    ]


def load_table(loads: Mapping[str, list[tuple[Usage, int]]], triples: int) -> list[str]:
    """A Markdown table of the loaders: medians over the rounds."""
    lines = [
        "| loader | seconds | triples/s | CPU s | peak memory, MiB | on disk, MB |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, rounds in loads.items():
        wall = statistics.median(usage.wall for usage, _ in rounds)
        cpu = statistics.median(usage.cpu for usage, _ in rounds)
        peak = max(usage.peak_rss for usage, _ in rounds) / MIB
        lines.append(
            f"| `{name}` | {wall:.1f} | {triples / wall:,.0f} | {cpu:.1f} | {peak:,.0f} | {rounds[0][1] / 1e6:,.0f} |"
        )
    return lines


def query_table(timings: list[Timing]) -> list[str]:
    """A Markdown table of the queries."""
    lines = ["| query | values | rows | first, s | again, s |", "| --- | --- | ---: | ---: | ---: |"]
    for t in timings:
        values = t.values.replace("https://", "").replace("http://", "")
        lines.append(f"| `{t.query}` | {values} | {t.rows:,} | {t.first:.3f} | {t.again:.3f} |")
    return lines


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--records", type=int, default=20_000, metavar="N", help="figures beside the seeds")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="times that each loader runs")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures")
    options = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    graph = make_graph(options.records)
    loads = measure_loads(graph, options.rounds)
    store = WORK / "queries.store"
    shutil.rmtree(store, ignore_errors=True)
    report = kg.load_graph(graph, store)
    timings = measure_queries(store)
    about = {
        "machine": machine(),
        "figures": options.records + 7,
        "triples": report.triples,
        "bytes": graph.stat().st_size,
    }
    print(json.dumps(about), *load_table(loads, report.triples), "", *query_table(timings), sep="\n")
    if options.json:
        usages = {name: [asdict(usage) for usage, _ in rounds] for name, rounds in loads.items()}
        options.json.write_text(
            json.dumps(about | {"loads": usages, "queries": [asdict(t) for t in timings]}, indent=2)
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
