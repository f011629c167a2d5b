"""Where records lie: single files, folders, the database's `_figures/` + `_data/`, zip and tar archives.

A source lists its files once; a file's bytes are fetched only when its record's turn comes. Records are
ordered by paper and figure id, which are read from the files themselves, so that the order or place of
the input changes nothing.
"""

from __future__ import annotations

import gzip
import os
import re
import shutil
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import IO, Final, NamedTuple, Protocol, Self

from kg.errors import SourceError, UsageError
from kg.frontmatter import MAX_RECORD_BYTES, decode, parse_front_matter, split_front_matter
from kg.read import RawRecord
from kg.tables import KINDS

__all__ = ["Entry", "Source", "open_sources"]

_TABLE_NAME = re.compile(r"(.+)-(genes|chemicals|diseases)\.tsv", re.DOTALL)
_HEAD_FIGID = re.compile(rb"^figid:[ \t]+['\"]?([A-Za-z0-9_.-]+)['\"]?[ \t]*\r?$", re.MULTILINE)
_HEAD_PMCID = re.compile(rb"^pmcid:[ \t]+['\"]?PMC([0-9]{1,15})['\"]?[ \t]*\r?$", re.MULTILINE)
_END = re.compile(rb"^---[ \t]*\r?$", re.MULTILINE)
_TAR_SUFFIXES: Final = (".tar", ".tar.gz", ".tgz")
_BAD_ARCHIVE: Final = (zipfile.BadZipFile, tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error, ValueError)


class Store(Protocol):
    """A set of named files: `names` lists them (posix paths), `fetch` reads one whole."""

    label: str

    def names(self) -> Iterable[str]: ...
    def fetch(self, name: str) -> bytes: ...
    def shown(self, name: str) -> str: ...
    def close(self) -> None: ...


class Entry(NamedTuple):
    """One record found in a source, in sorting order: paper number, figure id, source, file."""

    paper: int
    figid: str
    source: int
    name: str


class _Folder:
    """A folder on disk; only its own level and, for the database's layout, `_figures/` and `_data/` are listed."""

    def __init__(self, root: Path) -> None:
        self.root, self.label = root, str(root)

    def names(self) -> Iterator[str]:
        for folder in ("", "_figures", "_data"):
            path = self.root / folder
            if path.is_dir():
                with os.scandir(path) as entries:
                    for entry in entries:
                        if not entry.name.startswith(".") and _is_listed(entry):
                            yield f"{folder}/{entry.name}" if folder else entry.name

    def fetch(self, name: str) -> bytes:
        with open(os.path.join(self.root, name), "rb", buffering=0) as file:  # noqa: PTH118, PTH123 (twice as quick as Path here, and once a record)
            return file.readall()

    def shown(self, name: str) -> str:
        return os.path.join(self.root, name)  # noqa: PTH118

    def close(self) -> None:
        """Nothing is held open."""


def _is_listed(entry: os.DirEntry[str]) -> bool:
    """Files, and links that lead nowhere: those are reported when their turn comes, not passed over."""
    try:
        return entry.is_file() or (entry.is_symlink() and not os.path.exists(entry.path))  # noqa: PTH110 (an entry of scandir)
    except OSError:  # a link to itself
        return True


class _File(_Folder):
    """A single record; its tables are looked for beside it and in a `_data/` beside its folder."""

    def __init__(self, path: Path) -> None:
        super().__init__(path.parent)
        self.name = path.name

    def names(self) -> Iterator[str]:
        yield self.name


class _Zip:
    """A zip archive, read in place."""

    def __init__(self, path: Path) -> None:
        self.label = str(path)
        self.archive = zipfile.ZipFile(path)

    def names(self) -> Iterator[str]:
        return (info.filename for info in self.archive.infolist() if not info.is_dir())

    def fetch(self, name: str) -> bytes:
        try:
            return self.archive.read(name)
        except RuntimeError as error:  # encrypted, or packed by a method that Python lacks
            raise zipfile.BadZipFile(str(error)) from None

    def shown(self, name: str) -> str:
        return f"{self.label}!{name}"

    def close(self) -> None:
        self.archive.close()


class _Tar:
    """A tar archive read in place by member offset; a compressed one is first unpacked to a nameless temporary file.

    Gzip has no random access, and the records must come in order.
    """

    def __init__(self, path: Path) -> None:
        self.label = str(path)
        self.places: dict[str, tuple[int, int]] = {}
        self.file = _plain_tar(path)
        try:
            self._list()
        except BaseException:
            self.file.close()
            raise

    def _list(self) -> None:
        with tarfile.open(fileobj=self.file, mode="r:") as archive:
            for member in archive:
                if member.isreg():
                    self.places[member.name.removeprefix("./")] = (member.offset_data, member.size)
                archive.members = []  # type: ignore[attr-defined]  # a TarInfo has about 1 kB; only the offset is needed

    def names(self) -> Iterator[str]:
        return iter(self.places)

    def fetch(self, name: str) -> bytes:
        offset, size = self.places[name]
        self.file.seek(offset)
        data = self.file.read(size)
        if len(data) != size:
            msg = f"{name} is cut short"
            raise tarfile.ReadError(msg)
        return data

    def shown(self, name: str) -> str:
        return f"{self.label}!{name}"

    def close(self) -> None:
        self.file.close()


def _plain_tar(path: Path) -> IO[bytes]:
    """A tar archive opened for reading at any place, unpacked to a temporary file where it is compressed."""
    file: IO[bytes] = path.open("rb")
    packed = file.read(2) == b"\x1f\x8b"
    file.seek(0)
    if not packed:
        return file
    plain = tempfile.TemporaryFile()  # noqa: SIM115 (lives as long as the source, whose `close` ends it)
    try:
        with file, gzip.open(file, "rb") as unpacked:
            shutil.copyfileobj(unpacked, plain, 1 << 20)
        plain.seek(0)
    except BaseException:
        plain.close()
        raise
    return plain


def _open_store(path: Path) -> Store:
    """The store for a path; every way in which it can be unusable has its own message."""
    try:
        if path.is_dir():
            return _Folder(path)
        if zipfile.is_zipfile(path):
            return _Zip(path)
        if path.name.lower().endswith(_TAR_SUFFIXES) or tarfile.is_tarfile(path):
            return _Tar(path)
        if path.name.lower().endswith(".zip"):
            msg = "it is no zip archive, or is cut short"
            raise zipfile.BadZipFile(msg)
        path.stat()
        return _File(path)
    except _BAD_ARCHIVE as error:
        raise UsageError.of(
            "bad-archive",
            f"{path} cannot be read as an archive: {error}",
            "it is damaged, cut short, or of another kind than its name says",
            "fetch it again; zip, tar and tar.gz are read",
        ) from None
    except OSError as error:
        raise _unreadable(str(path), error) from None


def _unreadable(shown: str, error: OSError) -> UsageError:
    mend = "check the path" if isinstance(error, FileNotFoundError) else "check that you may read it"
    return UsageError(UsageError.of("unreadable-source", f"{shown}: {error.strerror or error}", "", mend).problem)


class _Layout:
    """Which files of a store are records, which are tables, and which table belongs to which record."""

    def __init__(self, store: Store) -> None:
        names = list(store.names())
        single = isinstance(store, _File)
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
            self._layouts = [_Layout(_open_store(path)) for path in paths]
            self._data = [_Layout(_open_store(path)) for path in data]
            self._find_neighbours()
            self.entries = self._list()
        except OSError as error:
            self.close()
            raise _unreadable(str(error.filename or paths[0]), error) from None
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
            if not isinstance(store, _Folder):
                continue
            wanted = [store.root] if isinstance(store, _File) else []
            wanted += [p for p in (store.root / "_data", store.root.parent / "_data") if p.is_dir()]
            if not isinstance(store, _File):
                wanted = [p for p in wanted if store.root.name == "_figures" and p.parent == store.root.parent]
            for folder in wanted:
                folders.setdefault(folder, _Layout(_Folder(folder)))
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
        except (OSError, *_BAD_ARCHIVE):
            return b""

    def shown(self, entry: Entry) -> str:
        """The path of a record as messages name it."""
        return self._layouts[entry.source].store.shown(entry.name)

    def raw(self, entry: Entry) -> RawRecord:
        """The bytes of a record and of its tables.

        Raises:
            SourceError: the file cannot be read (any more).
        """
        layout = self._layouts[entry.source]
        stem = PurePosixPath(entry.name).stem
        path = layout.store.shown(entry.name)
        return RawRecord(path, _read(layout.store, entry.name), self._tables(entry, stem), stem)

    def _tables(self, entry: Entry, stem: str) -> dict[str, tuple[str, bytes]]:
        places = (*self._data, self._layouts[entry.source], *self._beside.get(entry.source, ()))
        ids = dict.fromkeys((entry.figid, stem))
        tables: dict[str, tuple[str, bytes]] = {}
        for kind in KINDS:
            for layout in places:
                name = layout.find(ids, kind)
                if name is not None:
                    tables[kind] = (layout.store.shown(name), _read(layout.store, name))
                    break
        return tables

    def orphans(self) -> Iterator[str]:
        """Tables that no record asked for, once all records were read; not those beside a single file."""
        for layout in self._layouts:
            if not isinstance(layout.store, _File):
                yield from (layout.store.shown(name) for name in layout.unused())


def _read(store: Store, name: str) -> bytes:
    try:
        return store.fetch(name)
    except (OSError, *_BAD_ARCHIVE) as error:
        raise SourceError.of(
            "unreadable-file",
            f"the file cannot be read: {getattr(error, 'strerror', None) or error}",
            "it vanished, is protected or is damaged",
            "check the file and its rights, then run again",
            path=store.shown(name),
        ) from None


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
