"""Where records lie: single files, folders, the database's `_figures/` + `_data/`, zip and tar archives.

A source lists its files once; a file's bytes are fetched only when its record's turn comes. Records are
ordered by paper and figure id, which are read from the files themselves, so that the order or place of
the input changes nothing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import NamedTuple, Self

from kg.errors import SourceError, UsageError
from kg.frontmatter import MAX_RECORD_BYTES, decode, parse_front_matter, split_front_matter
from kg.pending import Pending, unreadable_file
from kg.read import RawRecord
from kg.stores import BAD_ARCHIVE, Folder, SingleFile, Store, open_store, unreadable
from kg.tables import KINDS

__all__ = ["Entry", "Source", "open_sources"]

_TABLE_NAME = re.compile(r"(.+)-(genes|chemicals|diseases)\.tsv", re.DOTALL)
_HEAD_FIGID = re.compile(rb"^figid:[ \t]+['\"]?([A-Za-z0-9_.-]+)['\"]?[ \t]*\r?$", re.MULTILINE)
_HEAD_PMCID = re.compile(rb"^pmcid:[ \t]+['\"]?PMC([0-9]{1,15})['\"]?[ \t]*\r?$", re.MULTILINE)
_END = re.compile(rb"^---[ \t]*\r?$", re.MULTILINE)


class Entry(NamedTuple):
    """One record found in a source, in sorting order: paper number, figure id, source, file."""

    paper: int
    figid: str
    source: int
    name: str


class _Layout:
    """Which files of a store are records, which are tables, and which table belongs to which record."""

    def __init__(self, store: Store) -> None:
        names = list(store.names())
        single = isinstance(store, SingleFile)
        self.records = _topmost([name for name in names if single or _is_record(name)])
        roots = {_root(name) for name in self.records or names}
        self.store = store
        # Table name -> its folder; a folder's two entries are shared, so that 200,000 tables cost little.
        self._tables: dict[str, _TableFolder] = {}
        folders: dict[str, _TableFolder] = {}
        for name in names:
            folder, _, base = name.rpartition("/")
            if _TABLE_NAME.fullmatch(base) and _root(name) in roots:
                place = folders.setdefault(folder, _TableFolder(folder))
                known = self._tables.get(base)
                # Where two folders hold a table of one name, the same one must win wherever they are listed.
                if known is None or folder < known.folder:
                    self._tables[base] = place

    def find(self, ids: Iterable[str], kind: str) -> str | None:
        """The table of a record: under its exact name, else with `_` where the id has `.`."""
        for figid in ids:
            for spelling in (figid, figid.replace(".", "_")):
                base = f"{spelling}-{kind}.tsv"
                place = self._tables.get(base)
                if place is not None:
                    self._tables[base] = place.as_used
                    return place.path(base)
        return None

    def unused(self) -> list[str]:
        return sorted(place.path(base) for base, place in self._tables.items() if not place.used)


class _TableFolder:
    """A folder of tables, in two states: tables that a record asked for, and those that none did so far."""

    def __init__(self, folder: str, *, used: bool = False) -> None:
        self.folder, self.used = folder, used
        self.as_used: _TableFolder = self if used else _TableFolder(folder, used=True)

    def path(self, base: str) -> str:
        return f"{self.folder}/{base}" if self.folder else base


def _root(name: str) -> PurePosixPath:
    """The folder that a file belongs to: its own, or the parent of `_figures/` and `_data/`."""
    parent = PurePosixPath(name).parent
    return parent.parent if parent.name in ("_figures", "_data") else parent


def _topmost(names: list[str]) -> list[str]:
    """The records nearest to the top: those in a `_figures/`, where there is one, else those in plain folders.

    A README beside `_figures/` is no record, and an archive may hold older copies further down.
    """
    in_figures = [name for name in names if PurePosixPath(name).parent.name == "_figures"]
    chosen = in_figures or names
    depth = min((name.count("/") for name in chosen), default=0)
    return [name for name in chosen if name.count("/") == depth]


def _is_record(name: str) -> bool:
    path = PurePosixPath(name)
    hidden = any(part.startswith(".") or part == "__MACOSX" for part in path.parts)
    return path.suffix.lower() in (".md", ".markdown") and not hidden


def _key(data: bytes, name: str) -> tuple[int, str]:
    """Paper number and figure id: from plain front-matter lines where possible, which is 50 times quicker than YAML."""
    end = _END.search(data, 4)
    head = data[: end.start()] if end else data
    figid, pmcid = _HEAD_FIGID.search(head), _HEAD_PMCID.search(head)
    if figid and pmcid:
        return int(pmcid[1]), figid[1].decode()
    return _parsed_key(data, PurePosixPath(name).stem)


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

    def __init__(self, paths: Sequence[Path], data: Sequence[Path] = ()) -> None:
        self.paths = list(paths)
        self._layouts: list[_Layout] = []
        self._data: list[_Layout] = []
        self._beside: dict[int, list[_Layout]] = {}
        try:
            self._layouts = [_Layout(open_store(path)) for path in paths]
            self._data = [_Layout(open_store(path)) for path in data]
            self._find_neighbours()
            self.entries = self._list()
        except OSError as error:
            self.close()
            raise unreadable(str(error.filename or paths[0]), error) from None
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
        folders: dict[Path, _Layout] = {}
        for number, layout in enumerate(self._layouts):
            store = layout.store
            if not isinstance(store, Folder):
                continue
            wanted = [store.root] if isinstance(store, SingleFile) else []
            wanted += [p for p in (store.root / "_data", store.root.parent / "_data") if p.is_dir()]
            if not isinstance(store, SingleFile):
                wanted = [p for p in wanted if store.root.name == "_figures" and p.parent == store.root.parent]
            for folder in wanted:
                folders.setdefault(folder, _Layout(Folder(folder)))
            self._beside[number] = [folders[folder] for folder in wanted]

    def _list(self) -> list[Entry]:
        entries: list[Entry] = []
        for number, layout in enumerate(self._layouts):
            entries += (Entry(*_key(self._fetch(layout, name), name), number, name) for name in layout.records)
            layout.records = []
        entries.sort()
        return entries

    def _fetch(self, layout: _Layout, name: str) -> bytes:
        """A file's bytes; one that cannot be read is empty here and reported when its turn comes."""
        try:
            return layout.store.fetch(name)
        except (OSError, *BAD_ARCHIVE):
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
        stem = PurePosixPath(entry.name).stem
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
            if not isinstance(layout.store, SingleFile):
                yield from (layout.store.shown(name) for name in layout.unused())


def _held(store: Store, name: str) -> tuple[str, bytes | None]:
    """A file's path for messages, and its bytes unless any process can read it at that path."""
    path = store.shown(name)
    if isinstance(store, Folder):
        return path, None
    try:
        return path, store.fetch(name)
    except (OSError, *BAD_ARCHIVE) as error:
        raise unreadable_file(path, error) from None


def open_sources(paths: Sequence[str | os.PathLike[str]], data: Sequence[str | os.PathLike[str]] = ()) -> Source:
    """Open records for reading: files, folders and archives in any mixture.

    Args:
        paths: record files, folders (flat or the database's layout), `.zip`, `.tar`, `.tar.gz`.
        data: further folders or archives in which companion tables are looked for first.

    Raises:
        UsageError: a path cannot be read, an archive is damaged, or no record is found at all.
    """
    if not paths:
        raise UsageError.of("no-source", "no source was named", "", "name a record, a folder or an archive")
    source = Source([Path(path) for path in paths], [Path(path) for path in data])
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
