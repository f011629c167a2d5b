"""What a format of bulk files is: how it is told, whose it is, and how its rows are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from kg.bulk.files import BulkFile
from kg.bulk.rows import Row

__all__ = ["Format", "Reader"]

Reader = Callable[[BulkFile, AbstractSet[int]], Iterator[Row]]
"""From a file, and the NCBI Taxonomy ids that are wanted (none: all), to its rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A format of bulk files.

    Args:
        name: short, as `kg lexicon info` shows it.
        title: of the database and file.
        home: address that the file is published at.
        licence: IRI of the licence, or of the page with the terms of use.
        recognise: whether the first 64 kB of a file's text are of this format.
        rows: its reader.
    """

    name: str
    title: str
    home: str
    licence: str
    recognise: Callable[[str], bool]
    rows: Reader
