"""Sets of named files: folders, single files, zip and tar archives, read in place; or at a URL."""

from __future__ import annotations

import gzip
import os
import shutil
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import IO, Final, Protocol

from kg.errors import UsageError
from kg.urls import filesystem, remote_errors

__all__ = ["Store", "fetch_errors", "open_store", "unreadable"]

_TAR_SUFFIXES: Final = (".tar", ".tar.gz", ".tgz")
_BAD_ARCHIVE: Final = (zipfile.BadZipFile, tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error, ValueError)


_HEAD: Final = 4096
"""Bytes that hold the ids of nearly every record."""
_READ: Final = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_BATCH: Final = 512
"""Files that a far store is asked for at a time."""


def fetch_errors() -> tuple[type[Exception], ...]:
    """What a store raises where a file of it cannot be had."""
    return (*remote_errors(), *_BAD_ARCHIVE)


class Store(Protocol):
    """A set of named files: `names` lists them (posix paths), `fetch` reads one whole.

    `single`: it is one record. `anywhere`: any process can read a file at the path that messages name it by.
    """

    label: str
    single: bool
    anywhere: bool

    def names(self) -> Iterable[str]:
        """The files, as posix paths."""

    def fetch(self, name: str) -> bytes:
        """One file, whole."""

    def heads(self, names: Iterable[str]) -> Iterator[tuple[bytes, bool]]:
        """What files begin with, and whether that is all of it; nothing where a file cannot be read."""

    def neighbours(self) -> list[Path | str]:
        """Folders outside in which the tables of its records may lie."""

    def shown(self, name: str) -> str:
        """A file's path as messages name it."""

    def close(self) -> None:
        """Let go of what is held open."""


class Folder:
    """A folder on disk; only its own level and, for the database's layout, `_figures/` and `_data/` are listed."""

    single = False
    anywhere = True

    def __init__(self, root: Path) -> None:
        self.root, self.label = root, str(root)
        self._start = os.path.join(root, "")  # noqa: PTH118 (names are put behind it, several a record)

    def names(self) -> Iterator[str]:
        """The files, as posix paths."""
        for folder in ("", "_figures", "_data"):
            path = self.root / folder
            if path.is_dir():
                with os.scandir(path) as entries:
                    for entry in entries:
                        if not entry.name.startswith(".") and _is_listed(entry):
                            yield f"{folder}/{entry.name}" if folder else entry.name

    def fetch(self, name: str) -> bytes:
        """One file, whole."""
        with open(self._start + name, "rb", buffering=0) as file:  # noqa: PTH123 (twice as quick as Path here, and once a record)
            return file.readall()

    def heads(self, names: Iterable[str]) -> Iterator[tuple[bytes, bool]]:
        """What files begin with, and whether that is all of it; nothing where a file cannot be read."""
        for name in names:
            try:
                handle = os.open(self._start + name, _READ)
                try:
                    head = os.read(handle, _HEAD)
                finally:
                    os.close(handle)
            except OSError:
                head = b""
            yield head, not head

    def neighbours(self) -> list[Path | str]:
        """Folders outside in which the tables of its records may lie: those of a bare `_figures/` stand beside it."""
        beside = self.root.parent / "_data"
        return [beside] if self.root.name == "_figures" and beside.is_dir() else []

    def shown(self, name: str) -> str:
        """A file's path as messages name it."""
        return self._start + name

    def close(self) -> None:
        """Nothing is held open."""


def _is_listed(entry: os.DirEntry[str]) -> bool:
    """Files, and links that lead nowhere: those are reported when their turn comes, not passed over."""
    try:
        return entry.is_file() or (entry.is_symlink() and not os.path.exists(entry.path))  # noqa: PTH110 (an entry of scandir)
    except OSError:  # a link to itself
        return True


class SingleFile(Folder):
    """A single record; its tables are looked for beside it and in a `_data/` beside its folder."""

    single = True

    def __init__(self, path: Path) -> None:
        super().__init__(path.parent)
        self.name = path.name

    def names(self) -> Iterator[str]:
        """The files, as posix paths."""
        yield self.name

    def neighbours(self) -> list[Path | str]:
        """Folders in which its tables may lie."""
        return [self.root, *(p for p in (self.root / "_data", self.root.parent / "_data") if p.is_dir())]


class _Archive:
    """What archives have in common: their files are read by the process that opened them."""

    single = False
    anywhere = False

    def fetch(self, name: str) -> bytes:
        raise NotImplementedError

    def heads(self, names: Iterable[str]) -> Iterator[tuple[bytes, bool]]:
        """Whole files: only at its end does it show whether a member is sound."""
        for name in names:
            try:
                yield self.fetch(name), True
            except fetch_errors():
                yield b"", True

    def neighbours(self) -> list[Path | str]:
        return []


class _Zip(_Archive):
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


class _Tar(_Archive):
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


class _FarFolder:
    """A folder at a URL; as of one on disk, its own level, `_figures/` and `_data/` are listed, in one call each."""

    single = False

    def __init__(self, url: str) -> None:
        self.label = url
        self.fs, self.root = filesystem(url)
        self.root = self.root.rstrip("/")
        # What lies in the memory of this process is for tests.
        self.anywhere = not url.startswith("memory:")

    def names(self) -> Iterator[str]:
        for folder in ("", "_figures", "_data"):
            self.fs.invalidate_cache()  # a listing is kept otherwise, with a kilobyte for each file
            try:
                listed = self.fs.ls(f"{self.root}/{folder}" if folder else self.root, detail=True)
            except FileNotFoundError:
                if not folder:
                    raise
                continue
            for entry in listed:
                base = str(entry["name"]).rpartition("/")[2]
                if entry["type"] == "file" and base and not base.startswith("."):
                    yield f"{folder}/{base}" if folder else base
        self.fs.invalidate_cache()

    def fetch(self, name: str) -> bytes:
        return bytes(self.fs.cat_file(f"{self.root}/{name}"))

    def heads(self, names: Iterable[str]) -> Iterator[tuple[bytes, bool]]:
        names = iter(names)
        while batch := [f"{self.root}/{name}" for name in islice(names, _BATCH)]:
            for answer in self.fs.cat_ranges(batch, 0, _HEAD, on_error="return"):
                head = answer if isinstance(answer, bytes) else b""
                yield head, False  # one that could not be read so (it is empty, say) is asked for whole

    def neighbours(self) -> list[Path | str]:
        beside = self.label.rpartition("/")[0] + "/_data"
        return [beside] if self.label.endswith("/_figures") and self.fs.isdir(_stripped(self.fs, beside)) else []

    def shown(self, name: str) -> str:
        return f"{self.label}/{name}"

    def close(self) -> None:
        """Nothing is held open."""


class _FarFile(_FarFolder):
    """A single record at a URL."""

    single = True

    def __init__(self, url: str) -> None:
        folder, _, self.name = url.rpartition("/")
        super().__init__(folder)

    def names(self) -> Iterator[str]:
        yield self.name

    def neighbours(self) -> list[Path | str]:
        near = (f"{self.label}/_data", f"{self.label.rpartition('/')[0]}/_data")
        return [self.label, *(url for url in near if self.fs.isdir(_stripped(self.fs, url)))]


class _FarArchive(_Archive):
    """An archive at a URL, fetched whole: its members are read in an order of their own."""

    def __init__(self, url: str, held: Store, folder: tempfile.TemporaryDirectory[str]) -> None:
        self.label, self._held, self._folder = url, held, folder

    def names(self) -> Iterable[str]:
        return self._held.names()

    def fetch(self, name: str) -> bytes:
        return self._held.fetch(name)

    def shown(self, name: str) -> str:
        return f"{self.label}!{name}"

    def close(self) -> None:
        self._held.close()
        self._folder.cleanup()


def _stripped(fs: object, url: str) -> str:
    return str(fs._strip_protocol(url))  # type: ignore[attr-defined]  # noqa: SLF001 (fsspec's own way from URL to path)


def open_store(place: Path | str) -> Store:
    """The store for a path or URL; every way in which it can be unusable has its own message.

    Raises:
        UsageError: it cannot be read, or is a damaged archive.
    """
    try:
        return _open_path(place) if isinstance(place, Path) else _open_url(place)
    except _BAD_ARCHIVE as error:
        raise UsageError.of(
            "bad-archive",
            f"{place} cannot be read as an archive: {error}",
            "it is damaged, cut short, or of another kind than its name says",
            "fetch it again; zip, tar and tar.gz are read",
        ) from None
    except remote_errors() as error:
        raise unreadable(str(place), error) from None


def _open_path(path: Path) -> Store:
    if path.is_dir():
        return Folder(path)
    if zipfile.is_zipfile(path):
        return _Zip(path)
    if path.name.lower().endswith(_TAR_SUFFIXES) or tarfile.is_tarfile(path):
        return _Tar(path)
    if path.name.lower().endswith(".zip"):
        msg = "it is no zip archive, or is cut short"
        raise zipfile.BadZipFile(msg)
    path.stat()
    return SingleFile(path)


def _open_url(url: str) -> Store:
    fs, root = filesystem(url)
    fs.invalidate_cache()
    if fs.info(root)["type"] == "directory":
        return _FarFolder(url)
    if url.lower().endswith((".md", ".markdown")):
        return _FarFile(url)
    folder = tempfile.TemporaryDirectory(prefix="kg-")
    try:
        place = Path(folder.name) / url.rpartition("/")[2]
        fs.get_file(root, str(place))
        held = _open_path(place)
    except BaseException:
        folder.cleanup()
        raise
    if not held.single:
        return _FarArchive(url, held, folder)
    folder.cleanup()
    return _FarFile(url)


def unreadable(shown: str, error: Exception) -> UsageError:
    """The error for a source that the system refuses."""
    mend = "check the path" if isinstance(error, FileNotFoundError) else "check that you may read it"
    return UsageError.of("unreadable-source", f"{shown}: {getattr(error, 'strerror', None) or error}", "", mend)
