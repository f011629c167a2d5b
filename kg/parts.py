"""A graph in parts: a folder, or a place named by a URL, with a file for each chunk and a manifest, written last.

Names and contents of parts depend on records and options alone. So a part may be written again by anybody, and a
folder that has a manifest is complete.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final, NamedTuple, cast

from kg.errors import KgError, UsageError
from kg.output import AtomicFile, Written, disk_errors
from kg.urls import as_place, filesystem, remote_errors

__all__ = ["DESCRIPTION", "MANIFEST", "SHARED", "Part", "PartFolder", "PartWriter", "part_name", "place_errors"]

MANIFEST: Final = "manifest.json"
DESCRIPTION: Final = "void.ttl"
SHARED: Final = "shared"
"""What the part with the nodes that records share, and the description, is called."""

_SUFFIX: Final = r"\.(?:ttl|nt|nq)(?:\.gz|\.zst)?"
_OURS: Final = re.compile(rf"part-[0-9]{{6,}}{_SUFFIX}|{SHARED}{_SUFFIX}|void\.ttl|manifest\.json")
_UNFINISHED: Final = re.compile(rf"\.(?:{_OURS.pattern})\..*\.part")


class Part(NamedTuple):
    """One file of a graph in parts."""

    name: str
    size: int
    sha256: str
    triples: int
    records: int


def part_name(number: int) -> str:
    """The name of a chunk's part, without suffix.

    >>> part_name(12)
    'part-000012'
    """
    return f"part-{number:06}"


@contextmanager
def place_errors(place: str | Path) -> Iterator[None]:
    """Turn what a disk or a far store refuses into one clear message.

    Raises:
        UsageError: it cannot be written.
    """
    with disk_errors(place):
        try:
            yield
        except OSError:
            raise
        except remote_errors() as error:
            raise OSError(str(error)) from None


@dataclass(frozen=True, slots=True)
class PartWriter:
    """Writes parts, in any process.

    Args:
        place: a folder as any process finds it, or a URL.
        suffix: of the parts, such as `.nt.gz`.
        compression: empty, `gz` or `zst`.
        head: what each part begins with.
    """

    place: Path | str
    suffix: str
    compression: str
    head: str

    def put(self, stem: str, text: bytes, *, triples: int, records: int) -> Part:
        """Write one part, in place of an earlier one of its name; it appears whole or not at all."""
        with self.file(stem) as file:
            file.write_bytes(text)
        return Part(*cast("Written", file.written), triples, records)

    @contextmanager
    def file(self, stem: str) -> Iterator[_PartFile]:
        """A part to write to; it appears when the context ends well."""
        with _beside(self.place) as folder:
            file = _PartFile(folder / f"{stem}{self.suffix}", self.compression)
            try:
                file.write(self.head)
                yield file
                file.written = file.finish()
                file.commit()
            finally:
                file.abort()
            if isinstance(self.place, str):
                _send(folder / file.path.name, self.place)


class _PartFile(AtomicFile):
    """A part that is being written; at the end it knows its size and checksum."""

    written: Written | None = None


@contextmanager
def _beside(place: Path | str) -> Iterator[Path]:
    """Where files for a place are made: in a folder itself, under other names; on this machine for a far one."""
    if isinstance(place, Path):
        yield place
    else:
        with tempfile.TemporaryDirectory(prefix="kg-") as folder:
            yield Path(folder)


def _send(file: Path, url: str) -> None:
    """Send a file to a far place; object stores show it when all of it has come."""
    fs, root = filesystem(url)
    fs.put_file(str(file), f"{root}/{file.name}")


class PartFolder:
    """The place of a graph in parts, seen from the process that leads the export.

    Args:
        place: a folder, or a URL.
    """

    def __init__(self, place: Path | str) -> None:
        self.place = as_place(place)
        if isinstance(self.place, Path):
            self.place = self.place.absolute()

    def shown(self, name: str) -> str:
        """A file's path as messages name it."""
        return f"{self.place}/{name}"

    def begin(self) -> None:
        """Make the folder, and take away the manifest of an earlier export: from now on it is not complete.

        Raises:
            UsageError: it holds other files, or cannot be written.
        """
        with place_errors(self.place):
            self._make()
            names = self.sizes()
            foreign = sorted(name for name in names if not (_OURS.fullmatch(name) or _UNFINISHED.fullmatch(name)))
            if foreign:
                raise UsageError.of(
                    "folder-in-use",
                    f"{self.place} holds other files ({', '.join(foreign[:3])}{', ...' if len(foreign) > 3 else ''})",
                    "an export replaces all parts of an older one, so that none of them is left in it",
                    "name a new or empty folder, or one that an export with --shards wrote",
                )
            self.remove([MANIFEST] if MANIFEST in names else [])
            self.remove(name for name in names if _UNFINISHED.fullmatch(name))

    def _make(self) -> None:
        if not isinstance(self.place, Path):
            return
        if self.place.exists() and self.place.resolve() == Path.cwd():
            raise UsageError.of(
                "folder-in-use",
                "the working folder cannot be the output",
                "an export replaces all parts of an older one",
                "name a folder inside it, such as parts/",
            )
        self.place.mkdir(exist_ok=True)

    def sizes(self) -> dict[str, int]:
        """What lies there by name, with sizes; a folder in it has the size -1."""
        if isinstance(self.place, Path):
            return {p.name: p.stat().st_size if p.is_file() else -1 for p in self.place.iterdir()}
        fs, root = filesystem(self.place)
        fs.invalidate_cache()
        try:
            listed = fs.ls(root, detail=True)
        except FileNotFoundError:  # an object store has no empty folders
            return {}
        found = {str(entry["name"]).rstrip("/").rpartition("/")[2]: _size(entry) for entry in listed}
        found.pop(root.rstrip("/").rpartition("/")[2], None)  # the mark of an empty folder, which some tools make
        return found

    def remove(self, names: Iterable[str]) -> None:
        """Take files away."""
        for name in names:
            if isinstance(self.place, Path):
                (self.place / name).unlink(missing_ok=True)
            else:
                fs, root = filesystem(self.place)
                fs.rm_file(f"{root}/{name}")

    def write(self, name: str, text: str) -> Written:
        """Write a small file."""
        stem, _, suffix = name.rpartition(".")
        with PartWriter(self.place, f".{suffix}", "", "").file(stem) as file:
            file.write(text)
        return cast("Written", file.written)

    def complete(self, parts: Iterable[Part], described: str, manifest: Mapping[str, object]) -> list[Written]:
        """Remove what is older, then write the description and last the manifest.

        Args:
            parts: all of them.
            described: text of the description beside.
            manifest: what to tell besides the files.

        Raises:
            KgError: a part that was written is not there.
        """
        parts = sorted(parts)
        sizes = self.sizes()
        missing = [part.name for part in parts if sizes.get(part.name) != part.size]
        if missing:
            raise _lost(self.shown(missing[0]), len(missing))
        self.remove(sorted(sizes.keys() - {part.name for part in parts}))
        description = self.write(DESCRIPTION, described)
        told = {**manifest, "parts": [part._asdict() for part in parts], "description": description._asdict()}
        written = self.write(MANIFEST, json.dumps(told, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
        return [description, written]

    def read(self, name: str) -> bytes:
        """A small file, whole."""
        with self.open(name) as file:
            return file.read()

    def open(self, name: str) -> IO[bytes]:
        """A file to read."""
        if isinstance(self.place, Path):
            return (self.place / name).open("rb")
        fs, root = filesystem(self.place)
        return cast("IO[bytes]", fs.open(f"{root}/{name}", "rb"))


def _size(entry: Mapping[str, Any]) -> int:
    return int(entry["size"] or 0) if entry["type"] == "file" else -1


def _lost(path: str, number: int) -> KgError:
    return KgError.of(
        "lost-part",
        f"{path} is not as it was written" + (f", nor are {number - 1} other parts" if number > 1 else ""),
        "somebody removed or replaced it, or the workers write to a folder of their own machines",
        "write to a folder that all machines share, or to an object store, and give the same command again",
    )
