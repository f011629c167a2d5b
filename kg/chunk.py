"""A part of an export: the records that one process takes at a time, and what it makes of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from kg.errors import Problem
from kg.parts import Part
from kg.pending import Pending
from kg.pmcids import PaperIds
from kg.read import RawRecord
from kg.report import Counts, PartLog
from kg.sharedtally import SharedTally
from kg.tally import Tally

__all__ = ["Chunk", "ChunkResult", "LeftOut", "chunks"]


@dataclass(frozen=True, slots=True)
class Chunk:
    """Records of whole papers, in order.

    Args:
        number: of the chunk, from 0.
        records: to read.
        ids: PMID and DOI by the number of a PMC id, where NCBI's list was given.
        elsewhere: by paper and figure id, the file that has the figure under another paper that comes first.
        skipped: paths of records that brought a process down, with what is to be said of them.
    """

    number: int
    records: tuple[Pending, ...]
    ids: Mapping[int, PaperIds] | None = None
    elsewhere: Mapping[tuple[int, str], str] = field(default_factory=dict)
    skipped: Mapping[str, Problem] = field(default_factory=dict)


class LeftOut(NamedTuple):
    """A bad record with its problems, for the quarantine."""

    raw: RawRecord
    problems: list[Problem]


@dataclass(slots=True)
class ChunkResult:
    """What became of a chunk: text (UTF-8) by layer, counts, problems in order, and what it shares with other chunks.

    `digests` are the SHA-256 of each record that was kept, one after the other. `failed` ends a strict export. `part`
    is the file with the texts, where the process that made them wrote it; then they are not here.
    """

    number: int
    records: int
    texts: dict[str, bytes] = field(default_factory=dict)
    counts: Counts = field(default_factory=Counts)
    tally: Tally = field(default_factory=Tally)
    shared: SharedTally = field(default_factory=SharedTally)
    log: PartLog = field(default_factory=PartLog)
    digests: bytearray = field(default_factory=bytearray)
    left_out: list[LeftOut] = field(default_factory=list)
    failed: Problem | None = None
    embedded: bool = False
    part: Part | None = None


def chunks(records: Iterable[Pending], size: int) -> Iterator[tuple[Pending, ...]]:
    """Cut records into parts of at least so many (the last may have fewer), never within a paper."""
    part: list[Pending] = []
    for _, of_paper in groupby(records, key=attrgetter("paper")):
        part += of_paper
        if len(part) >= size:
            yield tuple(part)
            part = []
    if part:
        yield tuple(part)
