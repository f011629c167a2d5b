"""Sets of named files: folders, single files, zip and tar archives, read in place."""

from __future__ import annotations

import gzip
import os
import shutil
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Final, Protocol

from kg.errors import UsageError

__all__ = ["BAD_ARCHIVE", "Folder", "SingleFile", "Store", "open_store", "unreadable"]

_TAR_SUFFIXES: Final = (".tar", ".tar.gz", ".tgz")
BAD_ARCHIVE: Final = (zipfile.BadZipFile, tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error, ValueError)


class Store(Protocol):
    """A set of named files: `names` lists them (posix paths), `fetch` reads one whole."""

    label: str

    def names(self) -> Iterable[str]:
        """The files, as posix paths."""

    def fetch(self, name: str) -> bytes:
        """One file, whole."""

    def shown(self, name: str) -> str:
        """A file's path as messages name it."""

    def close(self) -> None:
        """Let go of what is held open."""


class Folder:
    """A folder on disk; only its own level and, for the database's layout, `_figures/` and `_data/` are listed."""

    def __init__(self, root: Path) -> None:
        self.root, self.label = root, str(root)

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
        with open(os.path.join(self.root, name), "rb", buffering=0) as file:  # noqa: PTH118, PTH123 (twice as quick as Path here, and once a record)
            return file.readall()

    def shown(self, name: str) -> str:
        """A file's path as messages name it."""
        return os.path.join(self.root, name)  # noqa: PTH118

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

    def __init__(self, path: Path) -> None:
        super().__init__(path.parent)
        self.name = path.name

    def names(self) -> Iterator[str]:
        """The files, as posix paths."""
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


def open_store(path: Path) -> Store:
    """The store for a path; every way in which it can be unusable has its own message.

    Raises:
        UsageError: the path cannot be read, or is a damaged archive.
    """
    try:
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
    except BAD_ARCHIVE as error:
        raise UsageError.of(
            "bad-archive",
            f"{path} cannot be read as an archive: {error}",
            "it is damaged, cut short, or of another kind than its name says",
            "fetch it again; zip, tar and tar.gz are read",
        ) from None
    except OSError as error:
        raise unreadable(str(path), error) from None


def unreadable(shown: str, error: OSError) -> UsageError:
    """The error for a source that the system refuses."""
    mend = "check the path" if isinstance(error, FileNotFoundError) else "check that you may read it"
    return UsageError.of("unreadable-source", f"{shown}: {error.strerror or error}", "", mend)
