"""A record that is still to be read: which files it is made of, so that any process can read it when its turn comes."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from kg.errors import Problem, SourceError
from kg.read import RawRecord
from kg.urls import filesystem, is_url, remote_errors

_READ: Final = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_MOST: Final = 1 << 16
"""Bytes that one call reads: more than nearly any record or table has."""

__all__ = ["Pending", "fetched", "read_file", "unreadable_file"]


class Pending(NamedTuple):
    """One record: paper number and figure id, which order the records, and where its bytes are.

    `data` and the tables hold the bytes where only the process that listed them can fetch them (archives), and
    otherwise nothing: then each is read from the path (or URL) that messages name it by. `failure` says why not.
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


def fetched(records: Iterable[Pending]) -> tuple[Pending, ...]:
    """The same records, with the bytes of those that lie far away: many are fetched at a time.

    What cannot be fetched is left for `load`, which says why.
    """
    records = tuple(records)
    wanted = [path for record in records for path in _to_read(record) if is_url(path)]
    if not wanted:
        return records
    found = _fetch(wanted)
    return tuple(
        record._replace(
            data=found.get(record.path) if record.data is None else record.data,
            tables={k: (path, found.get(path) if held is None else held) for k, (path, held) in record.tables.items()},
        )
        for record in records
    )


def _to_read(record: Pending) -> list[str]:
    return [path for path, held in ((record.path, record.data), *record.tables.values()) if held is None]


def _fetch(urls: list[str]) -> dict[str, bytes]:
    """Bytes by address, of what could be had."""
    found: dict[str, bytes] = {}
    for start in sorted({url.partition("://")[0] for url in urls}):
        same = [url for url in dict.fromkeys(urls) if url.partition("://")[0] == start]
        fs, _ = filesystem(same[0])
        places = {fs._strip_protocol(url): url for url in same}  # noqa: SLF001 (there is no other way to ask for many)
        answers = fs.cat(list(places), on_error="return")
        found.update({places[place]: data for place, data in answers.items() if isinstance(data, bytes)})
    return found


def read_file(path: str) -> bytes:
    """A file's bytes, of the path or URL.

    Raises:
        SourceError: it cannot be read.
    """
    if "://" in path and is_url(path):
        return _read_far(path)
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


def _read_far(url: str) -> bytes:
    fs, place = filesystem(url)
    try:
        return bytes(fs.cat_file(place))
    except remote_errors() as error:
        raise unreadable_file(url, error) from None


def unreadable_file(path: str, error: Exception) -> SourceError:
    """The error for a file of a record that the system or its archive does not give."""
    return SourceError.of(
        "unreadable-file",
        f"the file cannot be read: {getattr(error, 'strerror', None) or error}",
        "it vanished, is protected or is damaged",
        "check the file and its rights, then run again",
        path=path,
    )
