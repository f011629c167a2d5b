"""A graph in parts to one file: the very bytes that an export without parts writes."""

from __future__ import annotations

import hashlib
import json
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, Final

import zstandard

from kg.errors import KgError, UsageError
from kg.options import output_kind
from kg.output import AtomicFile, Written
from kg.parts import MANIFEST, Part, PartFolder, place_errors
from kg.urls import remote_errors
from kg.write import FORMATS

__all__ = ["merge_parts"]

_BLOCK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class _Manifest:
    """What the manifest says of the parts."""

    form: str
    compression: str
    head: bytes
    parts: list[Part]


def merge_parts(
    place: str | PathLike[str],
    output: str | PathLike[str],
    *,
    on_progress: Callable[[int, int], object] | None = None,
) -> Written:
    """Join the parts of an export; each is checked against the manifest first.

    Args:
        place: folder or URL that `kg export --shards` wrote.
        output: the file; its format must be that of the parts, its compression may be another.
        on_progress: called with the bytes of parts that were read, and all bytes.

    Raises:
        UsageError: there is no manifest, it is damaged, or the output cannot be written.
        KgError: a part is missing, or is not as the manifest says.
    """
    folder, output = PartFolder(Path(place) if isinstance(place, PathLike) else place), Path(output)
    manifest = _manifest(folder)
    kind = output_kind(output, None)
    if kind.folder or kind.form != manifest.form:
        suffix = FORMATS[manifest.form].suffix
        raise UsageError.of(
            "other-format",
            f"{output} cannot be made of parts in {suffix}",
            "parts are joined as they are",
            f"name a file that ends in .{suffix}, .{suffix}.gz or .{suffix}.zst",
        )
    total, done = sum(part.size for part in manifest.parts), 0
    with place_errors(output):
        file = AtomicFile(output, kind.compression)
        try:
            file.write_bytes(manifest.head)
            for part in manifest.parts:
                for block in _body(folder, part, manifest):
                    file.write_bytes(block)
                done += part.size
                if on_progress is not None:
                    on_progress(done, total)
            written = file.finish()
            file.commit()
        finally:
            file.abort()
    return written


def _manifest(folder: PartFolder) -> _Manifest:
    try:
        data = folder.read(MANIFEST)
    except FileNotFoundError:
        raise UsageError.of(
            "no-manifest",
            f"{folder.place} has no {MANIFEST}",
            "an export with --shards writes it last: this one has not ended, or this is no such folder",
            "check the name, or give the command of the export again",
        ) from None
    except remote_errors() as error:
        raise UsageError.of(
            "unreadable-file",
            f"{folder.shown(MANIFEST)} cannot be read: {getattr(error, 'strerror', None) or error}",
            "",
            "check the name and your rights",
        ) from None
    try:
        return _parsed(json.loads(data))
    except (ValueError, KeyError, TypeError):
        raise UsageError.of(
            "bad-manifest",
            f"{folder.shown(MANIFEST)} is no manifest of parts",
            "it is damaged, or of another program",
            "give the command of the export again",
        ) from None


def _parsed(told: dict[str, Any]) -> _Manifest:
    """The manifest of what its JSON says.

    Raises:
        ValueError, KeyError, TypeError: it is none.
    """
    parts = [Part(**part) for part in told["parts"]]
    right = all(re.fullmatch(r"[a-z0-9.-]+", part.name) and int(part.size) >= 0 for part in parts)
    if not parts or not right or told["format"] not in FORMATS or told["compression"] not in ("", "gz", "zst"):
        raise ValueError
    return _Manifest(told["format"], told["compression"], str(told["head"]).encode(), parts)


def _body(folder: PartFolder, part: Part, manifest: _Manifest) -> Iterator[bytes]:
    """The unpacked bytes of a part behind its head.

    Raises:
        KgError: it is not what was written.
    """
    digest, size = hashlib.sha256(), 0
    unpack, head = _unpacker(manifest.compression), manifest.head
    try:
        with folder.open(part.name) as file:
            while data := file.read(_BLOCK):
                digest.update(data)
                size += len(data)
                text = unpack(data)
                if not text.startswith(head[: len(text)]):
                    raise _broken(folder, part, "it does not begin as the others do")
                yield text[len(head) :]
                head = head[len(text) :]
    except (zlib.error, zstandard.ZstdError) as error:
        raise _broken(folder, part, f"it cannot be unpacked ({error})") from None
    except remote_errors() as error:
        raise _broken(folder, part, f"it cannot be read ({getattr(error, 'strerror', None) or error})") from None
    if size != part.size:
        raise _broken(folder, part, f"it has {size:,} bytes, the manifest says {part.size:,}")
    if digest.hexdigest() != part.sha256:
        raise _broken(folder, part, "its SHA-256 is not that of the manifest")


def _unpacker(compression: str) -> Callable[[bytes], bytes]:
    if compression == "gz":
        return zlib.decompressobj(31).decompress
    if compression == "zst":
        return zstandard.ZstdDecompressor().decompressobj().decompress
    return bytes


def _broken(folder: PartFolder, part: Part, what: str) -> KgError:
    return KgError.of(
        "broken-part",
        f"{folder.shown(part.name)} is not the part that was written: {what}",
        "it was damaged, replaced or removed since",
        "give the command of the export again, which writes every part anew",
    )
