"""What two corpora are made of, side by side, so that a made one can be seen to be like the real one.

    python -m bench.corpus_stats ../shared/corpus build/bench/1000

`make_corpus.py --stats` prints the same. Records are read by the peer of plain libraries, not by the package.
"""

from __future__ import annotations

import statistics
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from bench.measure import markdown
from bench.peers.plain_read import KINDS, FastLoader, Record, SkippedError, find_records, read_record

__all__ = ["side_by_side"]

KIND_NAMES: Final = {"gene": "genes", "chemical": "chemicals", "disease": "diseases"}


def read_records(folder: Path) -> Iterator[Record]:
    """The records of a folder that can be read."""
    for path in find_records(folder):
        try:
            yield read_record(path, FastLoader)
        except SkippedError:
            continue


def _entities(kind: str) -> Callable[[Record], int]:
    return lambda record: sum(entity.kind == kind for entity in record.entities.values())


def _words(record: Record) -> int:
    return len({word for _, word, *_ in record.mentions})


COUNTS: Final[dict[str, Callable[[Record], int]]] = {
    **{f"{plural} in tables": _entities(kind) for kind, plural in KIND_NAMES.items()},
    "mentions": lambda record: sum(record.mentions.values()),
    "words": _words,
    "organisms": lambda record: len({*record.organisms} | {*record.named}),
}
"""What is counted in each record."""

SHARES: Final[dict[str, Callable[[Record], bool]]] = {
    "without DOI": lambda record: not record.paper.doi,
    "without any table": lambda record: not record.tables,
    **{f"without {name}": lambda record, name=name: name not in record.tables for name in KINDS},  # type: ignore[misc]
    "human": lambda record: "Homo sapiens" in record.named or "9606" in record.organisms,
    "without organism": lambda record: not record.named and not record.organisms,
}
"""What a record has or has not."""


def describe(folder: Path) -> dict[str, str]:
    """The facts of a corpus, by name."""
    records = list(read_records(folder))
    if not records:
        return {"records": "0"}
    facts = {"records": f"{len(records):,}"}
    papers = Counter(record.paper.pmcid for record in records)
    facts["figures of a paper, mean"] = f"{len(records) / len(papers):.2f}"
    facts |= {name: f"{sum(map(has, records)) / len(records):.1%}" for name, has in SHARES.items()}
    for name, count in COUNTS.items():
        numbers = sorted(map(count, records))
        tenths = [numbers[min(len(numbers) * part // 10, len(numbers) - 1)] for part in (5, 9)]
        facts[f"{name}: mean, median, 90 %, most"] = (
            f"{statistics.fmean(numbers):.1f}, {tenths[0]}, {tenths[1]}, {numbers[-1]}"
        )
    generations = Counter(record.generation for record in records)
    facts |= {f"generation {name}": f"{generations[name] / len(records):.1%}" for name in sorted(generations)}
    return facts


def side_by_side(folders: Sequence[Path]) -> str:
    """The facts of some corpora as a Markdown table."""
    told = [describe(folder) for folder in folders]
    names = dict.fromkeys(name for facts in told for name in facts)
    rows = [[name, *(facts.get(name, "-") for facts in told)] for name in names]
    return markdown(["of the records", *map(str, folders)], rows)


if __name__ == "__main__":
    print(side_by_side([Path(name) for name in sys.argv[1:]]))
