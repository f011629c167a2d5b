"""Files and folders that appear whole or not at all, and what the description says of them."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Final, cast

import pytest
import zstandard

import kg
from kg.output import COMPRESSIONS, AtomicFile, AtomicFolder, Written
from tests.conftest import ROOT
from tests.corpus.support import DCTERMS, Graph, read_graph
from tests.small import good

TEXT: Final = "".join(f"line {number} of γάμμα 𝛼\n" for number in range(40_000))  # several of the writer's portions
LAYERS: Final = ("core", "genes", "links", "meta")
"""What an export of figures with genes only has."""
DCAT: Final = "http://www.w3.org/ns/dcat#"
SPDX: Final = "http://spdx.org/rdf/terms#"


def unpacked(data: bytes, compression: str) -> bytes:
    if compression == "gz":
        return gzip.decompress(data)
    if compression == "zst":
        return zstandard.ZstdDecompressor().stream_reader(io.BytesIO(data)).read()
    return data


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def written_file(path: Path, text: str = TEXT, compression: str = "") -> Written:
    file = AtomicFile(path, compression)
    for start in range(0, len(text), 100_000):
        file.write(text[start : start + 100_000])
    told = file.finish()
    file.commit()
    return told


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_content_size_and_checksum(compression: str, tmp_path: Path) -> None:
    told = written_file(tmp_path / "g", compression=compression)
    data = (tmp_path / "g").read_bytes()
    assert unpacked(data, compression).decode() == TEXT
    assert told == Written("g", len(data), hashlib.sha256(data).hexdigest())
    assert names_in(tmp_path) == ["g"]


def test_all_compressions_are_tested() -> None:
    assert COMPRESSIONS == ("", "gz", "zst")


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_empty_file(compression: str, tmp_path: Path) -> None:
    told = written_file(tmp_path / "g", "", compression)
    data = (tmp_path / "g").read_bytes()
    assert unpacked(data, compression) == b""
    assert told[1:] == (len(data), hashlib.sha256(data).hexdigest())


def test_text_and_bytes_keep_their_order(tmp_path: Path) -> None:
    file = AtomicFile(tmp_path / "g")
    file.write("a")
    file.write_bytes(b"b")
    file.write("c")
    file.finish()
    file.commit()
    assert (tmp_path / "g").read_bytes() == b"abc"


def test_gzip_names_no_time_and_no_file(tmp_path: Path) -> None:
    """RFC 1952, 2.3: the fourth byte tells of a name, the next four are the time; both make bytes differ."""
    written_file(tmp_path / "secret.ttl.gz", compression="gz")
    head = (tmp_path / "secret.ttl.gz").read_bytes()[:64]
    assert head[:2] == b"\x1f\x8b"
    assert head[3] == 0
    assert head[4:8] == b"\0\0\0\0"
    assert b"secret" not in head


@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("finished", [False, True], ids=["half", "finished"])
def test_abort_leaves_the_old_file_and_nothing_else(compression: str, finished: bool, tmp_path: Path) -> None:
    (tmp_path / "g").write_text("old")
    file = AtomicFile(tmp_path / "g", compression)
    file.write(TEXT)
    if finished:
        file.finish()
    assert (tmp_path / "g").read_text() == "old"
    file.abort()
    file.abort()
    assert names_in(tmp_path) == ["g"]
    assert (tmp_path / "g").read_text() == "old"


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_abort_says_nothing(compression: str, tmp_path: Path) -> None:
    """Buffers that are thrown away must not be flushed to a closed file: newer Pythons print that as an error."""
    code = (
        "import sys; from pathlib import Path; from kg.output import AtomicFile\n"
        "file = AtomicFile(Path(sys.argv[1]), sys.argv[2])\n"
        "file.write('x' * 300_000); file.write('y'); file.abort()"
    )
    command = [sys.executable, "-X", "dev", "-c", code, str(tmp_path / "g"), compression]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert names_in(tmp_path) == []


def test_abort_after_commit_changes_nothing(tmp_path: Path) -> None:
    file = AtomicFile(tmp_path / "g")
    file.write("new")
    file.finish()
    file.commit()
    file.abort()
    assert (tmp_path / "g").read_text() == "new"


def test_a_folder_in_the_place_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "g").mkdir()
    with pytest.raises(IsADirectoryError):
        AtomicFile(tmp_path / "g")
    assert names_in(tmp_path) == ["g"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_what_is_no_file_is_never_replaced(tmp_path: Path) -> None:
    """A device under the name of the output (`-o /dev/null`, as root) would be gone."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(kg.UsageError, match="is no file"):
        AtomicFile(tmp_path / "pipe")
    assert (tmp_path / "pipe").is_fifo()
    assert names_in(tmp_path) == ["pipe"]


@pytest.fixture(params=[0o022, 0o027, 0o077, 0o002], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    mask: int = request.param
    before = os.umask(mask)
    yield mask
    os.umask(before)


def test_permissions_follow_the_umask(umask: int, tmp_path: Path) -> None:
    """Temporary files are private; the result must not be."""
    written_file(tmp_path / "g")
    folder = AtomicFolder(tmp_path / "layers", frozenset({"core.ttl"}))
    written_file(folder.temporary / "core.ttl")
    folder.commit()
    assert (tmp_path / "g").stat().st_mode & 0o777 == 0o666 & ~umask
    assert (tmp_path / "layers").stat().st_mode & 0o777 == 0o777 & ~umask
    assert (tmp_path / "layers" / "core.ttl").stat().st_mode & 0o777 == 0o666 & ~umask
    assert os.umask(umask) == umask


# Folders

OURS: Final = frozenset({"core.ttl", "genes.ttl"})


def filled(path: Path, **files: str) -> AtomicFolder:
    folder = AtomicFolder(path, OURS)
    for name, text in files.items():
        written_file(folder.temporary / f"{name}.ttl", text)
    return folder


@pytest.mark.parametrize("existing", [False, True], ids=["new", "empty"])
def test_folder(existing: bool, tmp_path: Path) -> None:
    if existing:
        (tmp_path / "layers").mkdir()
    folder = filled(tmp_path / "layers", core="1")
    assert (tmp_path / "layers").exists() == existing
    folder.commit()
    folder.abort()
    assert names_in(tmp_path) == ["layers"]
    assert names_in(tmp_path / "layers") == ["core.ttl"]


def test_earlier_folder_is_replaced_as_a_whole(tmp_path: Path) -> None:
    filled(tmp_path / "layers", core="old", genes="old").commit()
    filled(tmp_path / "layers", core="new").commit()
    assert names_in(tmp_path) == ["layers"]
    assert names_in(tmp_path / "layers") == ["core.ttl"]
    assert (tmp_path / "layers" / "core.ttl").read_text() == "new"


def test_aborted_folder_leaves_the_earlier_one(tmp_path: Path) -> None:
    filled(tmp_path / "layers", core="old").commit()
    folder = filled(tmp_path / "layers", core="new", genes="new")
    folder.abort()
    assert names_in(tmp_path) == ["layers"]
    assert names_in(tmp_path / "layers") == ["core.ttl"]
    assert (tmp_path / "layers" / "core.ttl").read_text() == "old"


def test_failed_commit_leaves_the_earlier_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The earlier export is moved aside first; when the new one cannot take its place, it must come back."""
    filled(tmp_path / "layers", core="old").commit()
    folder = filled(tmp_path / "layers", core="new")
    rename = Path.rename

    def refuse(self: Path, target: Path) -> Path:
        if self == folder.temporary:
            raise PermissionError(13, "Permission denied", str(self))
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(PermissionError):
        folder.commit()
    folder.abort()
    assert names_in(tmp_path) == ["layers"]
    assert (tmp_path / "layers" / "core.ttl").read_text() == "old"


def foreign_file(folder: Path) -> None:
    (folder / "notes.txt").write_text("mine")


def foreign_folder(folder: Path) -> None:
    (folder / "genes.ttl").mkdir()


def foreign_hidden(folder: Path) -> None:
    (folder / ".git").mkdir()


@pytest.mark.parametrize("foreign", [foreign_file, foreign_folder, foreign_hidden])
def test_folder_with_foreign_files_is_refused(foreign: Callable[[Path], None], tmp_path: Path) -> None:
    filled(tmp_path / "layers", core="old").commit()
    foreign(tmp_path / "layers")
    before = names_in(tmp_path / "layers")
    assert len(before) == 2
    with pytest.raises(kg.UsageError) as caught:
        AtomicFolder(tmp_path / "layers", OURS)
    assert caught.value.problem.code == "folder-in-use"
    assert names_in(tmp_path) == ["layers"]
    assert names_in(tmp_path / "layers") == before


# Whole exports


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return good(tmp_path_factory.mktemp("records"), 3)


def test_export_replaces_a_folder_of_another_format(records: Path, tmp_path: Path) -> None:
    kg.export(records, tmp_path / "layers", form="nt.gz")
    assert names_in(tmp_path / "layers") == [f"{layer}.nt.gz" for layer in LAYERS]
    kg.export(records, tmp_path / "layers")
    assert names_in(tmp_path / "layers") == [f"{layer}.ttl" for layer in LAYERS]
    assert names_in(tmp_path) == ["layers"]


def stated_files(graph: Graph) -> dict[str, tuple[str, str]]:
    """Size and checksum of each distribution that the dataset names, by file name."""
    files = {}
    (dataset,) = graph.of_type(f"{DCAT}Dataset")
    nodes = graph.iris(dataset, f"{DCAT}distribution")
    assert nodes == set(graph.of_type(f"{DCAT}Distribution"))
    for node in nodes:
        (checksum,) = graph.iris(node, f"{SPDX}checksum")
        assert graph.iris(checksum, f"{SPDX}algorithm") == {f"{SPDX}checksumAlgorithm_sha256"}
        name = graph.one(node, f"{DCTERMS}title")
        files[name] = (graph.one(node, f"{DCAT}byteSize"), graph.one(checksum, f"{SPDX}checksumValue"))
    return files


def size_and_digest(path: Path) -> tuple[str, str]:
    data = path.read_bytes()
    return str(len(data)), hashlib.sha256(data).hexdigest()


SINGLE: Final = [f"g.{form}{dot}" for form in ("ttl", "nt", "nq", "trig", "jsonld") for dot in ("", ".gz", ".zst")]


@pytest.mark.parametrize("name", SINGLE)
def test_description_beside_a_file_knows_it(name: str, records: Path, tmp_path: Path) -> None:
    report = kg.export(records, tmp_path / name)
    assert names_in(tmp_path) == sorted([name, "g.void.ttl"])
    assert stated_files(read_graph(tmp_path / "g.void.ttl")) == {name: size_and_digest(tmp_path / name)}
    told = {file.name: (str(file.size), file.sha256) for file in report.files}
    assert told == {file: size_and_digest(tmp_path / file) for file in (name, "g.void.ttl")}


@pytest.mark.parametrize("form", ["ttl", "ttl.gz", "nt.zst", "nq"])
def test_description_in_a_folder_knows_the_layers(form: str, records: Path, tmp_path: Path) -> None:
    """All but the layer that it stands in itself."""
    report = kg.export(records, tmp_path / "layers", form=form)
    made = {name: size_and_digest(tmp_path / "layers" / name) for name in names_in(tmp_path / "layers")}
    assert made.keys() == {f"{layer}.{form}" for layer in LAYERS}
    meta = tmp_path / "layers" / f"meta.{form}"
    plain = tmp_path / "meta.ttl"
    text = unpacked(meta.read_bytes(), form.partition(".")[2])
    plain.write_bytes(text if form != "nq" else b"".join(_triple(line) for line in text.splitlines()))
    assert stated_files(read_graph(plain)) == {name: told for name, told in made.items() if name != meta.name}
    assert {file.name: (str(file.size), file.sha256) for file in report.files} == made


def _triple(quad: bytes) -> bytes:
    """An N-Quads line without its graph, which is Turtle."""
    return quad.removesuffix(b" .").rpartition(b" ")[0] + b" .\n"


@pytest.mark.parametrize("name", ["g.ttl", "g.ttl.gz", "layers"])
def test_strict_export_that_stops_leaves_nothing(name: str, tmp_path: Path) -> None:
    good(tmp_path / "in", 2)
    (tmp_path / "in" / "_figures" / "PMC9900003__f1.md").write_text("no record")
    with pytest.raises(kg.KgError):
        kg.export(tmp_path / "in", tmp_path / name, strict=True)
    assert names_in(tmp_path) == ["in"]


def linked(folder: Path, name: str, *, as_folder: bool) -> tuple[Path, Path]:
    """A link in one folder to an earlier output in another."""
    target = folder / "target" / name
    target.parent.mkdir()
    if as_folder:
        target.mkdir()
    else:
        target.write_text("old")
    (folder / "here").mkdir()
    (folder / "here" / name).symlink_to(target, target_is_directory=as_folder)
    return folder / "here" / name, target


def test_output_that_is_a_link_to_a_file(records: Path, tmp_path: Path) -> None:
    """The graph is found under the given name; the link's target is either the old file or the new one, whole."""
    link, target = linked(tmp_path, "g.nt", as_folder=False)
    kg.export(records, link)
    (tmp_path / "wanted").mkdir()
    kg.export(records, tmp_path / "wanted" / "g.nt")
    wanted = (tmp_path / "wanted" / "g.nt").read_bytes()
    assert link.read_bytes() == wanted
    assert target.read_bytes() in (b"old", wanted)
    assert names_in(link.parent) == ["g.nt", "g.void.ttl"]
    assert names_in(target.parent) == ["g.nt"]


def test_output_that_is_a_link_to_a_folder(records: Path, tmp_path: Path) -> None:
    link, target = linked(tmp_path, "layers", as_folder=True)
    kg.export(records, link)
    assert names_in(link) == [f"{layer}.ttl" for layer in LAYERS]
    assert names_in(link.parent) == ["layers"]
    assert names_in(target.parent) == ["layers"]
    assert names_in(target) in ([], names_in(link))


def test_output_that_is_a_link_to_nowhere(records: Path, tmp_path: Path) -> None:
    (tmp_path / "g.nt").symlink_to(tmp_path / "none.nt")
    kg.export(records, tmp_path / "g.nt")
    assert (tmp_path / "g.nt").read_bytes().startswith(b"<http")
    assert set(names_in(tmp_path)) - {"none.nt"} == {"g.nt", "g.void.ttl"}


FULL: Final = """
import resource, sys
from pathlib import Path
from kg.output import AtomicFile
file = AtomicFile(Path(sys.argv[1]), sys.argv[2])
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), int(sys.argv[3])))
try:
    file.write("".join(str(number) for number in range(40_000)))
    file.finish()
    file.commit()
except OSError:
    print("refused")
    file.abort()
"""


def written_with_limit(path: Path, compression: str, limit: int) -> tuple[int, str]:
    command = [sys.executable, "-c", FULL, str(path), compression, str(limit)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="there is no limit of file size on Windows")
@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_no_room_for_the_last_bytes(compression: str, tmp_path: Path) -> None:
    """A full disk takes a part of the last write and tells so only by its count: that is no success.

    A limit of file size does the same, so it stands in for the disk.
    """
    text = "".join(str(number) for number in range(40_000))
    size = written_file(tmp_path / "whole", text, compression).size
    assert written_with_limit(tmp_path / "fits", compression, size) == (0, "")
    assert (tmp_path / "fits").read_bytes() == (tmp_path / "whole").read_bytes()
    for short in (1, 7, 1000):
        assert written_with_limit(tmp_path / "cut", compression, size - short) == (0, "refused\n")
        assert names_in(tmp_path) == ["fits", "whole"]


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_checksum_where_the_disk_takes_writes_in_parts(compression: str, tmp_path: Path) -> None:
    """Systems may take less than was given (Linux at most 2 GB at once); nothing is lost or counted twice."""
    file = AtomicFile(tmp_path / "g", compression)
    file._tally.file = cast("IO[bytes]", Slow(file._file))
    file.write(TEXT)
    told = file.finish()
    file.commit()
    data = (tmp_path / "g").read_bytes()
    assert unpacked(data, compression).decode() == TEXT
    assert told == Written("g", len(data), hashlib.sha256(data).hexdigest())


class Slow:
    """A raw file that takes at most 1,000 bytes at once."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file

    def write(self, data: bytes) -> int:
        return self.file.write(data[:1000])
