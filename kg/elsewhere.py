"""Figure ids that records of several papers claim: a figure is one node, and the first good record keeps it.

Records are ordered by paper, so all others of one figure id come together and are told apart there. Only where two
papers claim it must one part of an export know of another; such ids are rare, and settled before the work begins.
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import Final

from kg.entries import Entry
from kg.errors import SourceError
from kg.process import Processor
from kg.source import Source

__all__ = ["figures_elsewhere"]

_OWN_PAPER: Final = re.compile(r"PMC0*([0-9]{1,15})__")


def figures_elsewhere(source: Source, processor: Processor) -> dict[tuple[int, str], str]:
    """For each paper and figure id that must yield, the file whose record keeps the figure.

    Args:
        source: the records.
        processor: tells good records from bad ones.
    """
    # Of two papers one at least is not the one that the id itself names.
    odd = {entry.figid for entry in source.entries if not _names_its_paper(entry)}
    claims: dict[str, list[Entry]] = {}
    for entry in source.entries if odd else ():
        if entry.figid in odd:
            claims.setdefault(entry.figid, []).append(entry)
    found: dict[tuple[int, str], str] = {}
    for figid, entries in claims.items():
        papers = [list(same) for _, same in groupby(entries, key=lambda entry: entry.paper)]
        keeper = next((path for same in papers[:-1] if (path := _good(source, same, processor))), "")
        at = next((number for number, same in enumerate(papers) if keeper in map(source.shown, same)), len(papers))
        found.update({(same[0].paper, figid): keeper for same in papers[at + 1 :]})
    return found


def _names_its_paper(entry: Entry) -> bool:
    named = _OWN_PAPER.match(entry.figid)
    return named is not None and int(named[1]) == entry.paper


def _good(source: Source, entries: list[Entry], processor: Processor) -> str:
    """The path of the first of some records that can stand in the graph, empty where none can."""
    for entry in entries:
        try:
            if processor.run(source.raw(entry)).figure is not None:
                return source.shown(entry)
        except SourceError:
            continue
    return ""
