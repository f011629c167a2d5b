"""A bulk file on disk, plain or gzip: lines or bytes of its content, bytes read so far, clear errors."""

from __future__ import annotations

import gzip
import hashlib
import io
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final, cast

from kg.errors import Problem, UsageError

__all__ = ["BulkFile"]

_HEAD: Final = 1 << 16
_BUFFER: Final = 1 << 18


class _Counted(io.RawIOBase):
    """Counts what is read of a file."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__()
        self.file, self.size = file, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        count = cast("io.RawIOBase", self.file).readinto(buffer) or 0
        self.size += count
        return count


class BulkFile:
    """One downloaded file.

    Args:
        path: of the file, plain or gzip (told by its first bytes).
        on_problem: called with each row that cannot be used.
    """

    def __init__(self, path: Path, on_problem: Callable[[Problem], None] | None = None) -> None:
        self.path = path
        self.line = 0
        """Number of the line that `lines` gave last, from 1."""
        self.version = ""
        """The release that the file names itself; set by its reader."""
        self.date = ""
        """The date (YYYY-MM-DD, or its beginning) that the file names itself; set by its reader."""
        self.notes: Counter[str] = Counter()
        """What its reader counts: rows that were passed over, by reason."""
        self._on_problem = on_problem or (lambda _problem: None)
        self._counted: _Counted | None = None
        self._file: io.FileIO | None = None
        with self._refusing():
            self.size = path.stat().st_size
            with path.open("rb") as file:
                self._packed = file.read(2) == b"\x1f\x8b"

    @property
    def done(self) -> int:
        """Bytes read of the file as it lies on disk."""
        return self._counted.size if self._counted else 0

    def sha256(self) -> str:
        """SHA-256 of the file as it lies on disk."""
        with self._refusing(), self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def head(self) -> str:
        """The first 64 kB of the content, to tell the format by; bytes that are no UTF-8 are replaced."""
        with self._refusing(), self._open() as file:
            return file.read(_HEAD).decode("utf-8-sig", "replace")

    def lines(self) -> Iterator[str]:
        """Lines of text (UTF-8) without their ends.

        Raises:
            UsageError: the file cannot be read, is cut short or no UTF-8.
        """
        self.line = 0
        line = "\n"
        with self._refusing(), self._open() as file:
            for line in io.TextIOWrapper(file, encoding="utf-8-sig", newline=""):
                self.line += 1
                yield line.rstrip("\r\n")
        if not line.endswith(("\n", "\r")):
            self.warn("the last line has no end: the file may be cut short", "compare its size with the published one")

    def whole_lines(self) -> Iterator[str]:
        """Lines of text (UTF-8) with their ends, of a format in which a cut last line would look whole.

        Raises:
            UsageError: the file cannot be read, is no UTF-8, is cut short, or its last line has no end.
        """
        self.line = 0
        line = "\n"
        with self.stream() as content:
            for line in io.TextIOWrapper(content, encoding="utf-8-sig", newline=""):
                self.line += 1
                yield line
        if not line.endswith(("\n", "\r")):
            raise self.refused(
                "its last line has no end: it is cut short",
                "fetch it again, or end the line where you know that it is whole",
                line=self.line,
                column=1,
            )

    @contextmanager
    def stream(self) -> Iterator[IO[bytes]]:
        """The content as bytes.

        Raises:
            UsageError: the file cannot be read, or is cut short.
        """
        with self._refusing(), self._open() as file:
            yield file

    def refused(self, what: str, mend: str = "fetch it again", **where: object) -> UsageError:
        """The error for a file that cannot be used, which is closed; `where` are further fields of `Problem`."""
        self.close()
        return UsageError.of(
            "bad-bulk-file", what, "a lexicon is built from whole files or not at all", mend,
            path=str(self.path), **where,
        )  # fmt: skip

    def warn(self, what: str, mend: str = "nothing to do; the row is left out", *, column: int | None = None) -> None:
        """Tell of a row, the one read last, that cannot be used."""
        self._on_problem(
            Problem(
                severity="warning",
                code="bad-bulk-row",
                what=what,
                why="nothing of a file is to be lost unseen",
                mend=mend,
                path=str(self.path),
                line=self.line or None,
                column=column,
            )
        )

    def close(self) -> None:
        """Close what a reader that stopped half-way left open."""
        if self._file is not None:
            self._file.close()

    @contextmanager
    def _open(self) -> Iterator[IO[bytes]]:
        with self.path.open("rb", buffering=0) as file:
            self._file = file
            self._counted = _Counted(cast("IO[bytes]", file))
            with io.BufferedReader(self._counted, _BUFFER) as raw:
                if not self._packed:
                    yield cast("IO[bytes]", raw)
                    return
                with gzip.GzipFile(fileobj=raw) as unpacked:
                    yield cast("IO[bytes]", io.BufferedReader(cast("io.RawIOBase", unpacked), _BUFFER))

    @contextmanager
    def _refusing(self) -> Iterator[None]:
        try:
            yield
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise self.refused(f"it is damaged or cut short: {error}") from None
        except UnicodeDecodeError as error:
            raise self.refused(f"it is not UTF-8: {error.reason}", line=self.line + 1) from None
        except OSError as error:
            raise self.refused(str(error.strerror or error), "check the path") from None
