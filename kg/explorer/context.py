"""What every page and address of a running explorer has at hand: its settings, the index, and the SPARQL workers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kg.savedqueries import SavedQuery
from kg.vocab import BASE

if TYPE_CHECKING:
    from kg.explorer.endpoint.workers import Workers
    from kg.explorer.exportreport import ExportCounts
    from kg.explorer.index.reader import Index

__all__ = ["TIMEOUT", "Explorer", "Settings"]

TIMEOUT: Final = 30.0
"""Seconds after which a query is stopped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How the explorer is served.

    Args:
        host: address to listen at; the loopback unless told otherwise.
        port: port to listen at.
        timeout: seconds after which a query is stopped.
        workers: processes that answer SPARQL.
        memory: bytes that each of them may take.
        largest_answer: bytes of an answer at most.
        federate: whether queries may call other endpoints (`SERVICE`).
        cors: whether pages of other sites may read from here.
        images: whether figures are shown as pictures, which browsers fetch from Europe PMC.
        base: the graph's base, of the IRIs of the project's own terms.
    """

    host: str = "127.0.0.1"
    port: int = 7878
    timeout: float = TIMEOUT
    workers: int = 4
    memory: int = 2 << 30
    largest_answer: int = 256 << 20
    federate: bool = False
    cors: bool = False
    images: bool = True
    base: str = BASE


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
