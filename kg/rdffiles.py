"""RDF files of any format, plain, gzip or zstd: which they are, and their bytes as a stream."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final, NamedTuple

import pyoxigraph as ox
import zstandard

from kg.errors import SourceError, UsageError

__all__ = ["FORMATS", "RdfFile", "bad_rdf", "bulk_load", "opened", "rdf_files", "readable", "unpacked"]

FORMATS: Final = {
    "ttl": ox.RdfFormat.TURTLE,
    "turtle": ox.RdfFormat.TURTLE,
    "nt": ox.RdfFormat.N_TRIPLES,
    "nq": ox.RdfFormat.N_QUADS,
    "trig": ox.RdfFormat.TRIG,
    "n3": ox.RdfFormat.N3,
    "rdf": ox.RdfFormat.RDF_XML,
    "xml": ox.RdfFormat.RDF_XML,
    "owl": ox.RdfFormat.RDF_XML,
    "jsonld": ox.RdfFormat.JSON_LD,
    "json": ox.RdfFormat.JSON_LD,
}


_PIECE: Final = 512
"""Packed bytes that are unpacked at a time: a block of at most 128 KiB may take as few as four."""


class RdfFile(NamedTuple):
    """A file, its RDF format and its compression (empty, `gz` or `zst`)."""

    path: Path
    format: ox.RdfFormat
    compression: str


def rdf_files(path: Path, form: str | None = None) -> list[RdfFile]:
    """The RDF file at a path, or those of a folder in order of their names.

    Args:
        path: a file in Turtle, N-Triples, N-Quads, TriG, N3, RDF/XML or JSON-LD, packed or not; or a folder.
        form: the format where a suffix does not tell, such as `ttl`.

    Raises:
        UsageError: a format is unknown, or the folder holds no RDF.
    """
    if not path.is_dir():
        return [_rdf_file(path, form)]
    inside = sorted(p for p in path.iterdir() if any(part in FORMATS for part in p.name.lower().split(".")[1:]))
    if not inside:
        raise UsageError.of(
            "unknown-format", f"{path} holds no RDF file", "", "name a file or a folder that an export wrote"
        )
    return [_rdf_file(p, form) for p in inside]


def _rdf_file(path: Path, form: str | None) -> RdfFile:
    parts = path.name.lower().split(".")[1:]
    compression = parts.pop() if parts and parts[-1] in ("gz", "zst") else ""
    kind = FORMATS.get((form or (parts[-1] if parts else "")).lower().lstrip("."))
    if kind is None:
        raise UsageError.of(
            "unknown-format",
            f"{path.name!r} does not tell an RDF format",
            "",
            f"give --format, one of {', '.join(FORMATS)}",
        )
    return RdfFile(path, kind, compression)


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Turn what the system or an unpacker refuses into one clear message.

    Raises:
        UsageError: the file cannot be read.
    """
    try:
        yield
    except (OSError, EOFError, zlib.error, zstandard.ZstdError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError.of(
            "unreadable-graph", f"{path}: {reason}", "", "check the path, and that the file is whole"
        ) from None


def bad_rdf(file: RdfFile, error: SyntaxError | ValueError) -> SourceError:
    """The error for a file that its parser refuses, with line and column where they are known."""
    if isinstance(error, SyntaxError) and "LoadDocumentCallback" in str(error.msg):
        return SourceError.of(
            "bad-rdf",
            "the JSON-LD names a remote context",
            "nothing is ever fetched",
            "put the context inline, or convert the file to Turtle",
            path=str(file.path),
        )
    place = {"line": error.lineno, "column": error.offset} if isinstance(error, SyntaxError) else {}
    return SourceError.of(
        "bad-rdf",
        str(error.msg) if isinstance(error, SyntaxError) else str(error),
        f"the file is no {file.format.name}",
        "correct it at this place, or give --format if the suffix is wrong",
        path=str(file.path),
        **place,
    )


def unpacked(file: RdfFile) -> bytes:
    """A file's bytes, whole and unpacked."""
    with file.path.open("rb") as raw, opened(file, raw) as stream:
        return stream.read()


def bulk_load(store: ox.Store, file: RdfFile, raw: IO[bytes]) -> None:
    """Load a file into a store, read from `raw`, the file as it lies on disk.

    Raises:
        SourceError: a syntax error.
    """
    try:
        with opened(file, raw) as stream:
            store.bulk_load(input=stream, format=file.format)
    except (SyntaxError, ValueError) as error:
        raise bad_rdf(file, error) from None


class _Zstd:
    """A reader of zstd frames in bounded memory that notices a file that is cut short."""

    def __init__(self, raw: _NotEmpty) -> None:
        self.raw, self.frame, self.left = raw, zstandard.ZstdDecompressor().decompressobj(), b""
        self.ready, self.place, self.begun = b"", 0, False

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes, fewer at the end; all of them where it is negative."""
        parts: list[bytes] = []
        while size < 0 or size > 0:
            if self.place == len(self.ready) and not self._more():
                break
            part = self.ready[self.place :] if size < 0 else self.ready[self.place : self.place + size]
            self.place += len(part)
            size -= len(part) if size > 0 else 0
            parts.append(part)
        return b"".join(parts)

    def _more(self) -> bool:
        """Unpack the next piece; a few bytes may unpack to much, so pieces are small."""
        while True:
            data = self.left or self.raw.read(_PIECE)
            self.left = b""
            if not data:
                if self.begun and not self.frame.eof:
                    msg = "the file is cut short"
                    raise EOFError(msg)
                return False
            if self.frame.eof:
                self.frame = zstandard.ZstdDecompressor().decompressobj()
            self.begun = True
            self.ready, self.place = self.frame.decompress(data), 0
            self.left = self.frame.unused_data if self.frame.eof else b""
            if self.ready:
                return True


class _NotEmpty:
    """A stream that must hold something: no packed file is empty, not even one of nothing."""

    def __init__(self, raw: IO[bytes]) -> None:
        self.raw, self.begun = raw, False

    def read(self, size: int = -1) -> bytes:
        """Bytes of the stream."""
        data = self.raw.read(size)
        if not data and not self.begun:
            msg = "the file is empty"
            raise EOFError(msg)
        self.begun = True
        return data

    def __getattr__(self, name: str) -> Any:
        return getattr(self.raw, name)


@contextmanager
def opened(file: RdfFile, raw: IO[bytes]) -> Iterator[IO[bytes]]:
    """A stream of a file's unpacked bytes in bounded memory, read from `raw`, the file as it lies on disk."""
    if file.compression == "gz":
        with gzip.GzipFile(fileobj=_NotEmpty(raw), mode="rb") as packed:
            yield packed  # type: ignore[misc]  # reads like any binary file
    elif file.compression == "zst":
        yield _Zstd(_NotEmpty(raw))  # type: ignore[misc]  # only `read` is asked for
    else:
        yield raw
