"""A record that is still to be read: which files it is made of, so that any process can read it when its turn comes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final, NamedTuple

from kg.errors import Problem, SourceError
from kg.read import RawRecord

_READ: Final = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_MOST: Final = 1 << 16
"""Bytes that one call reads: more than nearly any record or table has."""

__all__ = ["Pending", "read_file", "unreadable_file"]


class Pending(NamedTuple):
    """One record: paper number and figure id, which order the records, and where its bytes are.

    `data` and the tables hold the bytes where only the process that listed them can fetch them (archives), and
    otherwise nothing: then each is read from the path that messages name it by. `failure` says why not.
    """

    paper: int
    figid: str
    path: str
    stem: str
    data: bytes | None
    tables: Mapping[str, tuple[str, bytes | None]]
    failure: Problem | None = None

    def load(self) -> RawRecord:
        """The bytes of the record and of its tables.

        Raises:
            SourceError: a file cannot be read (any more).
        """
        if self.failure is not None:
            raise SourceError(self.failure)
        data = read_file(self.path) if self.data is None else self.data
        tables = {k: (path, read_file(path) if held is None else held) for k, (path, held) in self.tables.items()}
        return RawRecord(self.path, data, tables, self.stem)


def read_file(path: str) -> bytes:
    """A file's bytes.

    Raises:
        SourceError: it cannot be read.
    """
    try:
        handle = os.open(path, _READ)  # a third of the time of `open`, and several times a record
        try:
            data = os.read(handle, _MOST)
            while more := os.read(handle, _MOST):
                data += more
            return data
        finally:
            os.close(handle)
    except OSError as error:
        raise unreadable_file(path, error) from None


def unreadable_file(path: str, error: Exception) -> SourceError:
    """The error for a file of a record that the system or its archive does not give."""
    return SourceError.of(
        "unreadable-file",
        f"the file cannot be read: {getattr(error, 'strerror', None) or error}",
        "it vanished, is protected or is damaged",
        "check the file and its rights, then run again",
        path=path,
    )
