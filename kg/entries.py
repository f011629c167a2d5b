"""The records of a source, told by paper, figure id and file, and held so that 100,000 of them take little memory."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from itertools import accumulate, chain
from typing import Final, NamedTuple

__all__ = ["Entries", "Entry"]

_ID: Final = "\0"
"""Stands for the figure id in the name of a file; no name holds it."""


class Entry(NamedTuple):
    """One record found in a source: paper number, figure id, source, and the file's name."""

    paper: int
    figid: str
    source: int
    name: str


class Entries:
    """Entries in a given order, in a few arrays: an object of its own for each would take three times the memory.

    Most files are named for their figure. What is kept of their names has a NUL where the id stands, one text for all.
    """

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        entries = list(entries)
        self._papers = array("q", (entry.paper for entry in entries))
        self._sources = array("L", (entry.source for entry in entries))
        self._figids = "".join(entry.figid for entry in entries)
        self._cuts = array("Q", chain((0,), accumulate(len(entry.figid) for entry in entries)))
        places: dict[str, int] = {}
        self._patterns = array("L", (places.setdefault(_pattern(entry), len(places)) for entry in entries))
        self._names = list(places)

    def __len__(self) -> int:
        return len(self._papers)

    def __iter__(self) -> Iterator[Entry]:
        return map(self.__getitem__, range(len(self)))

    def __getitem__(self, place: int) -> Entry:
        figid = self._figids[self._cuts[place] : self._cuts[place + 1]]
        name = self._names[self._patterns[place]]
        return Entry(
            self._papers[place], figid, self._sources[place], name.replace(_ID, figid) if _ID in name else name
        )


def _pattern(entry: Entry) -> str:
    return entry.name if _ID in entry.name else entry.name.replace(entry.figid, _ID, 1)
