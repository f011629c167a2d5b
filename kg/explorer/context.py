"""What every page and address of a running explorer has at hand: its settings, the index, and the SPARQL workers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kg.explorer.engine.workers import Workers
from kg.explorer.exportreport import ExportCounts
from kg.explorer.index.reader import Index
from kg.explorer.settings import Settings
from kg.savedqueries import SavedQuery

__all__ = ["Explorer", "stamp_of"]


def stamp_of(file: Path | None) -> tuple[int, int]:
    """Size in bytes and time of change in nanoseconds of a file; zeros where there is none."""
    try:
        told = file.stat() if file else None
    except OSError:
        told = None
    return (told.st_size, told.st_mtime_ns) if told else (0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Explorer:
    """A running explorer. `name` is the file or folder that is served, as people know it."""

    settings: Settings
    index: Index
    workers: Workers
    name: str
    graph_file: Path | None = None
    """The RDF file that is served, for downloads; none for a store."""
    queries: Mapping[str, SavedQuery] = field(default_factory=dict)
    graph_stamp: tuple[int, int] = (0, 0)
    """Size and time of the file (`stamp_of`) when its data were taken from it."""
    report: ExportCounts | None = None
    """What the export said of its repairs and problems, where its report lies beside the graph."""

    def unchanged_size(self) -> int | None:
        """Bytes of the file that is served; None where there is none, or no longer the one that is shown."""
        stamp = stamp_of(self.graph_file)
        return stamp[0] if stamp[1] and stamp == self.graph_stamp else None
