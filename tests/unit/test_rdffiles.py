"""RDF files as streams: which files they are, several frames, tiny reads, files that are cut short."""

from __future__ import annotations

import gzip
import io
import random
import tracemalloc
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import IO, Final, cast

import pytest
import zstandard

from kg.errors import KgError, UsageError
from kg.rdffiles import FORMATS, RdfFile, opened, rdf_files, readable, unpacked

LINES: Final = b"".join(b'<https://example.net/%d> <https://example.net/p> "%d" .\n' % (n, n * n) for n in range(3000))


def zstd(data: bytes, *, checksum: bool = True) -> bytes:
    """One zstd frame."""
    return zstandard.ZstdCompressor(level=3, write_checksum=checksum).compress(data)


class Dripping:
    """A file that gives so many bytes at a time, as pipes and slow disks do."""

    def __init__(self, data: bytes, most: int) -> None:
        self._data, self._most = io.BytesIO(data), most

    def read(self, size: int = -1, /) -> bytes:
        """At most the few bytes."""
        return self._data.read(self._most if size < 0 else min(size, self._most))


def read_all(compression: str, raw: IO[bytes] | Dripping, sizes: Callable[[], int]) -> bytes:
    """A packed file's bytes, read by pieces of the sizes given."""
    pieces: list[bytes] = []
    with opened(RdfFile(Path("g.nt"), FORMATS["nt"], compression), cast("IO[bytes]", raw)) as stream:
        while piece := stream.read(sizes()):
            pieces.append(piece)
        assert stream.read(10) == b""  # the end stays the end
    return b"".join(pieces)


SKIPPED: Final = (0x184D2A50).to_bytes(4, "little") + (5).to_bytes(4, "little") + b"notes"
"""A frame that holds no data: https://www.rfc-editor.org/rfc/rfc8878#name-skippable-frames."""
THIRDS: Final = (LINES[:20_000], LINES[20_000:20_001], LINES[20_001:])
PACKED: Final[dict[str, tuple[str, bytes]]] = {
    "gz": ("gz", gzip.compress(LINES)),
    "gz of three members": ("gz", b"".join(map(gzip.compress, THIRDS))),
    "zst": ("zst", zstd(LINES)),
    "zst without a checksum": ("zst", zstd(LINES, checksum=False)),
    "zst of three frames": ("zst", b"".join(map(zstd, THIRDS))),
    "zst with empty frames": ("zst", zstd(b"") + zstd(LINES) + zstd(b"")),
    "zst with skippable frames": ("zst", SKIPPED + zstd(THIRDS[0]) + SKIPPED + zstd(LINES[20_000:]) + SKIPPED),
    "zst in many small frames": ("zst", b"".join(zstd(LINES[n : n + 999]) for n in range(0, len(LINES), 999))),
    "plain": ("", LINES),
}
SIZES: Final[dict[str, Callable[[], Callable[[], int]]]] = {
    "all at once": lambda: lambda: -1,
    "one byte": lambda: lambda: 1,
    "8 kB": lambda: lambda: 8192,
    "more than there is": lambda: lambda: 1 << 30,
    "any": lambda: partial(random.Random(7).randint, 1, 3000),  # noqa: S311 (no secret)
}


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("name", PACKED)
def test_bytes_come_whole(name: str, sizes: str) -> None:
    """However a file is packed and read, its bytes are the same."""
    assert (len(PACKED), len(SIZES)) == (9, 5)
    compression, data = PACKED[name]
    assert read_all(compression, io.BytesIO(data), SIZES[sizes]()) == LINES


@pytest.mark.parametrize("most", [1, 7, 4096])
@pytest.mark.parametrize("name", [name for name in PACKED if not name.startswith("gz")])
def test_slow_files(name: str, most: int) -> None:
    """A frame's header that comes byte by byte is no broken frame."""
    compression, data = PACKED[name]
    assert read_all(compression, Dripping(data, most), lambda: 8192) == LINES


@pytest.mark.parametrize("name", PACKED)
def test_unpacked(name: str, tmp_path: Path) -> None:
    """The reader of whole files gives the same bytes as the stream, for what both can read."""
    compression, data = PACKED[name]
    path = tmp_path / f"g.nt{'.' * bool(compression)}{compression}"
    path.write_bytes(data)
    (file,) = rdf_files(path)
    assert file.compression == compression
    assert unpacked(file) == LINES


SMALL: Final = b"<https://example.net/s> <https://example.net/p> <https://example.net/o> .\n" * 3
CUTTABLE: Final = {
    "gz": gzip.compress(SMALL),
    "zst": zstd(SMALL),
    "zst without a checksum": zstd(SMALL, checksum=False),
}


@pytest.mark.parametrize("name", CUTTABLE)
def test_cut_anywhere(name: str) -> None:
    """A file that lacks its end is noticed wherever it is cut, so that half a graph never passes for a whole one."""
    assert len(CUTTABLE) == 3
    data, passed = CUTTABLE[name], []
    for length in range(1, len(data)):
        try:
            with readable(Path("g.nt")):
                read_all(name[:3].strip(), io.BytesIO(data[:length]), lambda: 50)
        except UsageError as error:
            assert error.problem.code == "unreadable-graph"  # noqa: PT017 (each length is its own case)
        else:
            passed.append(length)
    assert len(data) > 40
    assert passed == []


@pytest.mark.parametrize("compression", ["gz", "zst"])
def test_cut_to_nothing(compression: str) -> None:
    """An empty file is no packed file: it was cut at its first byte; `kg check` refuses it too."""
    with pytest.raises(UsageError), readable(Path("g.nt")):
        read_all(compression, io.BytesIO(b""), lambda: 50)


def test_cut_in_the_second_frame() -> None:
    """A whole frame in front does not hide the cut."""
    data, second = zstd(SMALL), zstd(SMALL)
    for length in range(1, len(second)):
        with pytest.raises(EOFError):
            read_all("zst", io.BytesIO(data + second[:length]), lambda: 50)
    assert read_all("zst", io.BytesIO(data + second), lambda: 50) == SMALL * 2


@pytest.mark.parametrize(
    "name", ["garbage behind", "no zstd at all", "a bit turned", "gz: garbage", "gz: a bit turned"]
)
def test_broken(name: str) -> None:
    """What is no frame, or has another checksum, is refused as a file that cannot be read."""
    packed, zipped = zstd(SMALL), gzip.compress(SMALL)
    data = {
        "garbage behind": packed + b"garbage garbage",
        "no zstd at all": SMALL,
        "a bit turned": packed[:-1] + bytes([packed[-1] ^ 1]),
        "gz: garbage": SMALL,
        "gz: a bit turned": zipped[:-6] + bytes([zipped[-6] ^ 1]) + zipped[-5:],
    }[name]
    with pytest.raises(UsageError) as caught, readable(Path("g.nt")):
        read_all("gz" if name.startswith("gz") else "zst", io.BytesIO(data), lambda: 50)
    assert caught.value.problem.code == "unreadable-graph"
    assert "g.nt: " in caught.value.problem.text()


@pytest.mark.parametrize("compression", ["gz", "zst"])
def test_bounded_memory(compression: str) -> None:
    """A file that packs very well is not unpacked at a stroke."""
    text = SMALL * (48_000_000 // len(SMALL))
    data = gzip.compress(text, 1) if compression == "gz" else zstd(text)
    total = 0
    with opened(RdfFile(Path("g.nt"), FORMATS["nt"], compression), io.BytesIO(data)) as stream:
        tracemalloc.start()
        while piece := stream.read(1 << 20):
            total += len(piece)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert total == len(text)
    assert peak < 16_000_000, f"{peak:,} bytes"


# --- which files -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", FORMATS)
def test_format_by_suffix(suffix: str, tmp_path: Path) -> None:
    """Every suffix, in any case and packed either way, tells its format."""
    assert len(FORMATS) == 11
    for name in (f"g.{suffix}", f"g.v2.{suffix}", f"G.{suffix.upper()}"):
        for end, compression in (("", ""), (".gz", "gz"), (".ZST", "zst")):
            path = tmp_path / f"{name}{end}"
            assert rdf_files(path) == [RdfFile(path, FORMATS[suffix], compression)]


@pytest.mark.parametrize("name", ["g", "g.txt", "ttl", "g.ttl.bz2", "g.gz", "g."])
def test_no_format(name: str, tmp_path: Path) -> None:
    """A name that tells nothing is refused; --format tells."""
    with pytest.raises(KgError) as caught:
        rdf_files(tmp_path / name)
    assert caught.value.problem.code == "unknown-format"
    (file,) = rdf_files(tmp_path / name, "ttl")
    assert file.format == FORMATS["ttl"]
    assert file.compression == ("gz" if name == "g.gz" else "")


@pytest.mark.parametrize("form", ["ttl", ".ttl", "TTL", "turtle"])
def test_format_as_people_write_it(form: str, tmp_path: Path) -> None:
    """A dot in front and capitals do no harm."""
    assert rdf_files(tmp_path / "g.txt", form)[0].format == FORMATS["ttl"]


def test_files_of_a_folder(tmp_path: Path) -> None:
    """RDF files in order of their names, whatever the case of the suffix; other files are passed over."""
    for name in ("b.ttl", "a.nq.gz", "c.TTL", "readme.md", "table.csv", "d.nt.zst"):
        (tmp_path / name).touch()
    assert [file.path.name for file in rdf_files(tmp_path)] == ["a.nq.gz", "b.ttl", "c.TTL", "d.nt.zst"]


def test_folder_without_rdf(tmp_path: Path) -> None:
    """A folder of other things is refused."""
    (tmp_path / "readme.md").touch()
    with pytest.raises(UsageError) as caught:
        rdf_files(tmp_path)
    assert caught.value.problem.code == "unknown-format"
    assert "holds no RDF file" in caught.value.problem.text()
