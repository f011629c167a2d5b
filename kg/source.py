"""Where records lie: single files, folders, the database's `_figures/` + `_data/`, zip and tar archives; here or far.

A source lists its files once; a file's bytes are fetched only when its record's turn comes. Records are
ordered by paper and figure id, which are read from the files themselves, so that the order or place of
the input changes nothing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Final, NamedTuple, Self

from kg.entries import Entries, Entry
from kg.errors import SourceError, UsageError
from kg.frontmatter import MAX_RECORD_BYTES, decode, parse_front_matter, split_front_matter
from kg.pending import Pending, unreadable_file
from kg.read import RawRecord
from kg.stores import Store, fetch_errors, open_store, unreadable
from kg.tables import KINDS
from kg.urls import as_place, remote_errors

__all__ = ["Source", "open_sources"]

_TABLE_NAME = re.compile(r"(.+)-(genes|chemicals|diseases)\.tsv", re.DOTALL)
_HEAD_FIGID = re.compile(rb"^figid:[ \t]+['\"]?([A-Za-z0-9_.-]+)['\"]?[ \t]*\r?$", re.MULTILINE)
_HEAD_PMCID = re.compile(rb"^pmcid:[ \t]+['\"]?PMC([0-9]{1,15})['\"]?[ \t]*\r?$", re.MULTILINE)
_END = re.compile(rb"^---[ \t]*\r?$", re.MULTILINE)


class _Layout:
    """Which files of a store are records, which are tables, and which table belongs to which record."""

    def __init__(self, store: Store) -> None:
        names = list(store.names())
        self.records = _topmost([name for name in names if store.single or _is_record(name)])
        roots = {_root(name) for name in self.records or names}
        self.store = store
        self._tables = _Tables()
        for name in names:
            folder, _, base = name.rpartition("/")
            if (found := _TABLE_NAME.fullmatch(base)) and _root(name) in roots:
                self._tables.add(folder, found[1], found[2])

    def find(self, ids: Iterable[str], kind: str) -> str | None:
        """The table of a record: under its exact name, else with `_` where the id has `.`."""
        for figid in ids:
            for spelling in (figid, figid.replace(".", "_")):
                path = self._tables.use(spelling, kind)
                if path is not None:
                    return path
        return None

    def unused(self) -> list[str]:
        return sorted(self._tables.unused())


_State = tuple[str | None, ...]
"""The folders of a figure's tables by kind, None for a table that there is not, and once more when it was asked for."""


class _Tables:
    """Tables by figure id and kind, with a mark on those that a record asked for.

    A figure's tables have one entry, and entries that say the same are one object, so that 200,000 tables cost little.
    """

    def __init__(self) -> None:
        self._states: dict[str, _State] = {}
        self._same: dict[_State, _State] = {}

    def add(self, folder: str, figid: str, kind: str) -> None:
        """Note a table. Where two folders hold one of the same name, the same one must win wherever they are listed."""
        state = self._states.get(figid, _NONE)
        known = state[_PLACES[kind]]
        if known is None or folder < known:
            self._set(figid, _PLACES[kind], state, folder)

    def use(self, figid: str, kind: str) -> str | None:
        """The path of a table, which is now marked as asked for; None where there is none."""
        state = self._states.get(figid)
        if state is None or (folder := state[_PLACES[kind]]) is None:
            return None
        if state[_PLACES[kind] + len(KINDS)] is None:
            self._set(figid, _PLACES[kind] + len(KINDS), state, folder)
        return _table_path(folder, figid, kind)

    def _set(self, figid: str, place: int, state: _State, folder: str) -> None:
        changed = (*state[:place], folder, *state[place + 1 :])
        self._states[figid] = self._same.setdefault(changed, changed)

    def unused(self) -> Iterator[str]:
        """The paths of tables that no record asked for."""
        for figid, state in self._states.items():
            for kind, place in _PLACES.items():
                folder = state[place]
                if folder is not None and state[place + len(KINDS)] is None:
                    yield _table_path(folder, figid, kind)


_PLACES: Final = {kind: place for place, kind in enumerate(KINDS)}
_NONE: Final[_State] = (None,) * (2 * len(KINDS))


def _table_path(folder: str, figid: str, kind: str) -> str:
    base = f"{figid}-{kind}.tsv"
    return f"{folder}/{base}" if folder else base


class _Where(NamedTuple):
    """What a folder's name tells of the files in it, the same for all of them."""

    root: PurePosixPath
    figures: bool
    hidden: bool


@lru_cache(maxsize=1024)
def _where(folder: str) -> _Where:
    path = PurePosixPath(folder)
    hidden = any(part.startswith(".") or part == "__MACOSX" for part in path.parts)
    return _Where(path.parent if path.name in ("_figures", "_data") else path, path.name == "_figures", hidden)


def _root(name: str) -> PurePosixPath:
    """The folder that a file belongs to: its own, or the parent of `_figures/` and `_data/`."""
    return _where(name.rpartition("/")[0]).root


def _topmost(names: list[str]) -> list[str]:
    """The records nearest to the top: those in a `_figures/`, where there is one, else those in plain folders.

    A README beside `_figures/` is no record, and an archive may hold older copies further down.
    """
    in_figures = [name for name in names if _where(name.rpartition("/")[0]).figures]
    chosen = in_figures or names
    depth = min((name.count("/") for name in chosen), default=0)
    return [name for name in chosen if name.count("/") == depth]


def _is_record(name: str) -> bool:
    folder, _, base = name.rpartition("/")
    named = base.lower().endswith((".md", ".markdown")) and not base.startswith(".")
    return named and not _where(folder).hidden


def _stem(name: str) -> str:
    """The same as `PurePosixPath(name).stem`, ten times as quick."""
    base = name.rpartition("/")[2]
    stem, dot, suffix = base.rpartition(".")
    return stem if stem and dot and suffix else base


def _key(data: bytes, name: str) -> tuple[int, str]:
    """Paper number and figure id: from plain front-matter lines where possible, which is 50 times quicker than YAML."""
    end = _END.search(data, 4)
    head = data[: end.start()] if end else data
    return _plain_key(head) or _parsed_key(data, _stem(name))


def _plain_key(head: bytes) -> tuple[int, str] | None:
    """The same from the first lines of a record, None where they do not tell it."""
    figid, pmcid = _HEAD_FIGID.search(head), _HEAD_PMCID.search(head)
    if figid is None or pmcid is None or _END.search(head, 4, max(figid.start(), pmcid.start())):
        return None
    return int(pmcid[1]), figid[1].decode()


def _parsed_key(data: bytes, stem: str) -> tuple[int, str]:
    """The same by reading the record whole; one that cannot be read is sorted by its file's name."""
    try:
        front = parse_front_matter(split_front_matter(decode(data[:MAX_RECORD_BYTES], ""), "")[0], "")
    except SourceError:
        front = {}
    figid = str(front.get("figid", "")).strip() or stem
    number = re.match(r"PMC([0-9]{1,15})", str(front.get("pmcid", "")).strip() or figid)
    return (int(number[1]) if number else 0), figid


class Source:
    """The opened input: one or more stores, their records in order, and the tables that belong to them.

    Use as a context manager. `entries` are sorted by paper and figure id.
    """

    def __init__(self, paths: Sequence[Path | str], data: Sequence[Path | str] = ()) -> None:
        self.paths = list(paths)
        self._layouts: list[_Layout] = []
        self._data: list[_Layout] = []
        self._beside: dict[int, list[_Layout]] = {}
        try:
            self._layouts = [_Layout(open_store(path)) for path in paths]
            self._data = [_Layout(open_store(path)) for path in data]
            self._find_neighbours()
            self.entries = self._list()
        except remote_errors() as error:
            self.close()
            raise unreadable(str(getattr(error, "filename", None) or paths[0]), error) from None
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close archives; temporary files go with them."""
        for layout in (*self._layouts, *self._data):
            layout.store.close()

    def _find_neighbours(self) -> None:
        """Tables of a single file, or of a bare `_figures/` folder, lie beside it or in the `_data/` next to it."""
        folders: dict[Path | str, _Layout] = {}
        for number, layout in enumerate(self._layouts):
            wanted = layout.store.neighbours()
            for place in wanted:
                folders.setdefault(place, _Layout(open_store(place)))
            self._beside[number] = [folders[place] for place in wanted]

    def _list(self) -> Entries:
        entries: list[Entry] = []
        for number, layout in enumerate(self._layouts):
            entries += [Entry(*key, number, name) for name, key in self._keys(layout)]
            layout.records = []
        entries.sort()
        return Entries(entries)

    def _keys(self, layout: _Layout) -> Iterator[tuple[str, tuple[int, str]]]:
        """The records of a layout by name, each with paper number and figure id."""
        for name, (head, whole) in zip(layout.records, layout.store.heads(layout.records), strict=True):
            # What was cut off may have been the rest of the last line.
            key = None if whole else _plain_key(head[: head.rfind(b"\n") + 1])
            yield name, key or _key(head if whole else self._fetch(layout, name), name)

    def _fetch(self, layout: _Layout, name: str) -> bytes:
        """A file's bytes; one that cannot be read is empty here and reported when its turn comes."""
        try:
            return layout.store.fetch(name)
        except fetch_errors():
            return b""

    def shown(self, entry: Entry) -> str:
        """The path of a record as messages name it."""
        return self._layouts[entry.source].store.shown(entry.name)

    def raw(self, entry: Entry) -> RawRecord:
        """The bytes of a record and of its tables.

        Raises:
            SourceError: a file cannot be read (any more).
        """
        return self.pending(entry).load()

    def pending(self, entry: Entry) -> Pending:
        """Where a record and its tables are; what only this process can fetch is fetched."""
        store = self._layouts[entry.source].store
        stem = _stem(entry.name)
        path = store.shown(entry.name)
        tables: dict[str, tuple[str, bytes | None]] = {}
        data = None
        try:
            tables = {kind: _held(*place) for kind, place in self._tables(entry, stem).items()}
            data = _held(store, entry.name)[1]
        except SourceError as error:
            return Pending(entry.paper, entry.figid, path, stem, data, tables, error.problem)
        return Pending(entry.paper, entry.figid, path, stem, data, tables)

    def _tables(self, entry: Entry, stem: str) -> dict[str, tuple[Store, str]]:
        places = (*self._data, self._layouts[entry.source], *self._beside.get(entry.source, ()))
        ids = dict.fromkeys((entry.figid, stem))
        tables: dict[str, tuple[Store, str]] = {}
        for kind in KINDS:
            for layout in places:
                name = layout.find(ids, kind)
                if name is not None:
                    tables[kind] = (layout.store, name)
                    break
        return tables

    def orphans(self) -> Iterator[str]:
        """Tables that no record asked for, once all records were read; not those beside a single file."""
        for layout in self._layouts:
            if not layout.store.single:
                yield from (layout.store.shown(name) for name in layout.unused())


def _held(store: Store, name: str) -> tuple[str, bytes | None]:
    """A file's path for messages, and its bytes unless any process can read it at that path."""
    path = store.shown(name)
    if store.anywhere:
        return path, None
    try:
        return path, store.fetch(name)
    except fetch_errors() as error:
        raise unreadable_file(path, error) from None


def open_sources(paths: Sequence[str | os.PathLike[str]], data: Sequence[str | os.PathLike[str]] = ()) -> Source:
    """Open records for reading: files, folders and archives in any mixture, here or at a URL.

    Args:
        paths: record files, folders (flat or the database's layout), `.zip`, `.tar`, `.tar.gz`; or URLs of such.
        data: further folders or archives in which companion tables are looked for first.

    Raises:
        UsageError: a path cannot be read, an archive is damaged, or no record is found at all.
    """
    if not paths:
        raise UsageError.of("no-source", "no source was named", "", "name a record, a folder or an archive")
    source = Source([as_place(path) for path in paths], [as_place(path) for path in data])
    if not source.entries:
        source.close()
        names = ", ".join(str(path) for path in paths)
        raise UsageError.of(
            "no-records",
            f"no record was found in {names}",
            "records are .md files, in the folder itself or in its _figures/",
            "name the folder that holds _figures/, or the records themselves",
        )
    return source
