"""Where text goes: files that appear whole or not at all, plain, gzip or zstd, with their size and SHA-256."""

from __future__ import annotations

import errno
import gzip
import hashlib
import io
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple, cast

import zstandard

from kg.errors import UsageError

__all__ = ["COMPRESSIONS", "AtomicFile", "AtomicFolder", "Written", "disk_errors"]

COMPRESSIONS = ("", "gz", "zst")


class Written(NamedTuple):
    """A file that was written: name, size in bytes and SHA-256 (hexadecimal) as it lies on disk."""

    name: str
    size: int
    sha256: str


class _Tally(io.RawIOBase):
    """Counts and digests what passes through to a file."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__()
        self.file, self.size, self.digest = file, 0, hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        """Write all of it: a raw file may take a part only (the disk fills up), and packers do not look."""
        rest = memoryview(data)
        while rest:
            taken = self.file.write(rest)
            self.digest.update(rest[:taken])
            self.size += taken
            rest = rest[taken:]
        return len(data)


def _packed(raw: _Tally, compression: str) -> IO[bytes]:
    """A byte stream in front of `raw`; no time or name goes into it, so the same text gives the same bytes."""
    if compression == "gz":
        return cast("IO[bytes]", gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0, compresslevel=6))
    if compression == "zst":
        compressor = zstandard.ZstdCompressor(level=6, write_checksum=True)
        return cast("IO[bytes]", compressor.stream_writer(cast("IO[bytes]", raw), closefd=False))
    return cast("IO[bytes]", io.BufferedWriter(raw, 1 << 20))


class AtomicFile:
    """A text file (UTF-8) under a temporary name beside its place until `commit` renames it.

    Args:
        path: its final place.
        compression: empty, `gz` or `zst`.
    """

    def __init__(self, path: Path, compression: str = "") -> None:
        self.path = path
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if path.exists() and not path.is_file():
            raise UsageError.of(
                "unwritable-output",
                f"{path} is no file, but a device, pipe or socket",
                "a finished file takes its place under the same name: the device would be gone",
                "name a file",
            )
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
        self._temporary: Path | None = Path(name)
        self._file = os.fdopen(handle, "wb", buffering=0)
        self._tally = _Tally(cast("IO[bytes]", self._file))
        self._bytes = _packed(self._tally, compression)
        self._text: list[str] = []
        self._pending = 0

    def write(self, text: str) -> None:
        """Append text."""
        self._text.append(text)
        self._pending += len(text)
        if self._pending > 1 << 18:
            self._flush()

    def write_bytes(self, data: bytes) -> None:
        """Append bytes as they are."""
        self._flush()
        self._bytes.write(data)

    def _flush(self) -> None:
        self._bytes.write("".join(self._text).encode())
        self._text.clear()
        self._pending = 0

    def finish(self) -> Written:
        """Write out and sync what was given; the file keeps its temporary name until `commit`."""
        self._flush()
        self._bytes.close() if not isinstance(self._bytes, io.BufferedWriter) else self._bytes.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        return Written(self.path.name, self._tally.size, self._tally.digest.hexdigest())

    def commit(self) -> None:
        """Give the finished file its name."""
        if self._temporary is not None:
            self._temporary.chmod(0o666 & ~_umask())
            self._temporary.replace(self.path)
            self._temporary = None
            _sync_folder(self.path.parent)

    def abort(self) -> None:
        """Remove what was written; nothing happens after a commit."""
        if self._temporary is not None:
            # What buffers still hold goes nowhere; closing them would write it to the file.
            self._tally.file = io.BytesIO()
            if not self._bytes.closed:
                self._bytes.close()
            self._file.close()
            self._temporary.unlink(missing_ok=True)
            self._temporary = None


class AtomicFolder:
    """A folder that is filled under a temporary name and takes the place of an earlier export at once.

    Args:
        path: its final place.
        ours: names of files that an export writes; a folder that holds anything else is not replaced.
    """

    def __init__(self, path: Path, ours: frozenset[str]) -> None:
        self.path = path
        if path.exists() and path.resolve() == Path.cwd():
            raise UsageError.of(
                "folder-in-use",
                "the working folder cannot be the output",
                "an export replaces its folder as a whole",
                "name a folder inside it, such as layers/",
            )
        if path.exists():
            foreign = sorted(p.name for p in path.iterdir() if p.name not in ours or not p.is_file())
            if foreign:
                raise UsageError.of(
                    "folder-in-use",
                    f"{path} holds other files ({', '.join(foreign[:3])}{', ...' if len(foreign) > 3 else ''})",
                    "an export replaces its folder as a whole, so that no file of an older one is left in it",
                    "name a new or empty folder, or one that an export wrote",
                )
        self.temporary = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent))
        self._done = False

    def commit(self) -> None:
        """Give the folder its name; an earlier one is moved aside first and removed last."""
        self.temporary.chmod(0o777 & ~_umask())
        _sync_folder(self.temporary)
        old = None
        if self.path.exists():
            old = Path(tempfile.mkdtemp(prefix=f".{self.path.name}.", suffix=".old", dir=self.path.parent))
            self.path.rename(old / "old")
        try:
            self.temporary.rename(self.path)
        except BaseException:
            if old is not None:
                (old / "old").rename(self.path)
                old.rmdir()
            raise
        self._done = True
        _sync_folder(self.path.parent)
        if old is not None:
            shutil.rmtree(old, ignore_errors=True)

    def abort(self) -> None:
        """Remove what was written; nothing happens after a commit."""
        if not self._done:
            shutil.rmtree(self.temporary, ignore_errors=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _sync_folder(folder: Path) -> None:
    """Make a rename last through a power cut; not every system lets folders be opened."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextmanager
def disk_errors(path: Path | str) -> Iterator[None]:
    """Turn what the disk refuses into one clear message.

    Raises:
        UsageError: the disk is full, the folder is missing or protected.
    """
    try:
        yield
    except BrokenPipeError:  # somebody else's pipe: we write files
        raise
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        raise UsageError.of(
            "disk-full" if full else "unwritable-output",
            f"{path} cannot be written: {error.strerror or error}",
            "nothing half-written is left behind",
            "free some space or name another disk" if full else "check that the folder exists and may be written to",
        ) from None
