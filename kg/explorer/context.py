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

__all__ = ["Explorer"]


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
    report: ExportCounts | None = None
    """What the export said of its repairs and problems, where its report lies beside the graph."""
