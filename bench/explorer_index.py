"""Measure the explorer's index on a graph of many figures: the time to make it, its size, and how soon it answers.

    python -m bench.explorer_index                          # 20,000 figures
    python -m bench.explorer_index --store build/pfocr.store

Each question is asked for the entities that most figures mention, and for as many drawn by chance. Prints Markdown.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from bench.measure import MIB, held_bytes, machine, machine_line, markdown
from bench.queries import make_graph
from kg.explorer.index.build import build_index
from kg.explorer.index.reader import Index
from kg.explorer.model import KINDS, FigureFilter
from kg.load import load_graph
from kg.storefolder import current_data

TYPED: Final = (
    "stat3", "tp53", "interleukin 6", "glucose", "p53", "10.2147/itt", "pmc12080488", "signaling pathway", "mmp",
    'a "quoted* (text', "homo sapiens",
)  # fmt: skip
LISTS: Final = (5, 50, 500)


def questions(index: Index, each: int, rng: random.Random) -> Iterator[tuple[str, Callable[[], Any]]]:
    """What is asked, by name, each with different entities."""
    for kind in KINDS:
        ids = [entity.id for entity in index.entities(kind, size=100_000).rows]
        for who, chosen in (("hubs", ids[:each]), ("random", rng.sample(ids, min(each, len(ids))))):
            for id_ in chosen:
                yield from _of_entity(index, f"{kind}, {who}", kind, id_)
    for row in rng.sample(index.figures(wanted=FigureFilter(size=1_000_000)).rows, each):
        yield "figure", lambda id_=row.id: index.figure(id_)  # type: ignore[misc]
        yield "mentions", lambda id_=row.id: index.mentions(id_)  # type: ignore[misc]
        yield "neighbours", lambda id_=row.id: index.neighbours(id_)  # type: ignore[misc]
        yield "paper", lambda id_=row.paper: (index.paper(id_), index.figures_of_paper(id_))  # type: ignore[misc]
    for text in TYPED:
        for length in range(1, len(text) + 1):
            yield "search", lambda typed=text[:length]: index.search(typed)  # type: ignore[misc]
            yield "search_all", lambda typed=text[:length]: index.search_all(typed)  # type: ignore[misc]
    yield from _of_lists(index, each, rng)
    for page in range(1, each + 1):
        yield "figures, a page", lambda n=page: index.figures(wanted=FigureFilter(page=n, sort="title"))  # type: ignore[misc]
        yield "summary and release", lambda: (index.summary(), index.release())


def _of_entity(index: Index, who: str, kind: Any, id_: str) -> Iterator[tuple[str, Callable[[], Any]]]:
    yield f"entity ({who})", lambda: index.entity(kind, id_)
    yield f"figures_of ({who})", lambda: index.figures_of(kind, id_, FigureFilter())
    narrow = FigureFilter(organism="9606", first_year=2010, strictness="synonyms", sort="title", descending=False)
    yield f"figures_of, filtered ({who})", lambda: index.figures_of(kind, id_, narrow)
    yield f"words_of ({who})", lambda: index.words_of(kind, id_)
    yield f"together ({who})", lambda: index.together(kind, id_, "gene")
    yield f"years, organisms, strictness ({who})", lambda: (
        index.years_of(kind, id_), index.organisms_of(kind, id_), index.strictness_of(kind, id_),
    )  # fmt: skip


def _of_lists(index: Index, each: int, rng: random.Random) -> Iterator[tuple[str, Callable[[], Any]]]:
    genes = [entity.label for entity in index.entities("gene", size=100_000).rows]
    for size in LISTS:
        for _ in range(each):
            texts = rng.sample(genes, min(size, len(genes)))
            yield f"gene_list of {size}", lambda asked=texts: index.gene_list(asked, organism="")  # type: ignore[misc]
        hubs = genes[:size]
        yield f"gene_list of {size} hubs", lambda asked=hubs: index.gene_list(asked, organism="")  # type: ignore[misc]


def latencies(asked: Iterator[tuple[str, Callable[[], Any]]]) -> list[tuple[str, list[float]]]:
    """Seconds that each question took, by name."""
    found: dict[str, list[float]] = {}
    for name, ask in asked:
        start = time.perf_counter()
        ask()
        found.setdefault(name, []).append(time.perf_counter() - start)
    return list(found.items())


def table(rows: Sequence[tuple[str, list[float]]]) -> str:
    """Latencies for people, in milliseconds."""
    return markdown(
        ("question", "asked", "median ms", "95th percentile ms", "slowest ms"), [_cells(*row) for row in rows]
    )


def _cells(name: str, seconds: list[float]) -> list[str]:
    several = seconds * 2 if len(seconds) == 1 else seconds
    p95 = statistics.quantiles(several, n=20, method="inclusive")[-1]
    return [name, str(len(seconds)), *(f"{1000 * n:,.1f}" for n in (statistics.median(seconds), p95, max(seconds)))]


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description="Measure the explorer's index.")
    parser.add_argument("--records", type=int, default=20_000)
    parser.add_argument("--each", type=int, default=40, help="entities of each kind (default: 40)")
    parser.add_argument("--store", type=Path, help="a store to make the index of instead")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kg-bench-index-") as folder:
        store = given.store or load_graph(make_graph(given.records), Path(folder) / "store").store
        path, start = Path(folder) / "explorer.sqlite", time.perf_counter()
        build_index(current_data(store), path)
        took, memory, size = time.perf_counter() - start, held_bytes(os.getpid()), path.stat().st_size
        index = Index(path)
        figures = index.summary().figures
        rows = latencies(questions(index, min(given.each, figures), random.Random(1)))  # noqa: S311 (repeatable)
    print(f"{machine_line(machine())}; {figures:,} figures\n")
    print(f"made in {took:.1f} s, {memory / MIB:,.0f} MiB held at its end; ", end="")
    print(f"{size / MIB:,.1f} MiB, {1000 * size / MIB / max(1, figures):.2f} MiB for 1,000 figures\n")
    print(table(rows))


if __name__ == "__main__":
    main()
