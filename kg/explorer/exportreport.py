"""What the export of a graph repaired and could not use: the report of `kg export`, where it lies beside the graph."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from kg.errors import UsageError
from kg.explorer.model import Count
from kg.storefolder import read_meta

__all__ = ["SUFFIX", "ExportCounts", "read_export_report"]

SUFFIX: Final = ".report.json"
"""What `make export` adds to a graph's name for its report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportCounts:
    """Counts of a report, each the most frequent first, and the file that they are from."""

    file: Path
    repairs: tuple[Count, ...]
    problems: tuple[Count, ...]
    left_out: tuple[Count, ...]


def read_export_report(source: Path) -> ExportCounts | None:
    """The report of the export that made a graph, or None where none lies beside it.

    Args:
        source: the graph, or a store: then the report beside the file that it was loaded from, if it was one.

    Raises:
        UsageError: there is a report, and it is none of `kg export`.
    """
    graph = _loaded_from(source) if source.is_dir() else source
    file = graph.with_name(graph.name + SUFFIX) if graph else None
    if file is None or not file.is_file():
        return None
    try:
        told = json.loads(file.read_text("utf-8"))
        return ExportCounts(
            file=file,
            repairs=_counts(told["repairs"]),
            problems=_counts(told["problem_counts"]),
            left_out=_counts(told["left_out"]),
        )
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise UsageError.of(
            "unreadable-report",
            f"{file} is no report of kg export: {error}",
            "the page of the dataset shows its counts",
            "write it again with `kg export --report`, or remove it",
        ) from None


def _loaded_from(store: Path) -> Path | None:
    sources = (read_meta(store) or {}).get("sources", [])
    return Path(sources[0]["path"]) if len(sources) == 1 else None


def _counts(numbers: Mapping[str, Any]) -> tuple[Count, ...]:
    counted = [Count(name, int(number)) for name, number in numbers.items()]
    return tuple(sorted(counted, key=lambda count: (-count.number, count.label)))
