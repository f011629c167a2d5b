"""Records at a URL: found, ordered and read as on disk, with the same messages; and how little their listing costs."""

from __future__ import annotations

import io
import pathlib
import tarfile
import tracemalloc
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import kg
from kg.errors import KgError
from kg.pending import read_file
from kg.source import open_sources
from tests.small import genes, good, record, write

fsspec = pytest.importorskip("fsspec", reason="fsspec is not installed")


@pytest.fixture
def far() -> Iterator[Any]:
    """The memory of this process as a far store."""
    fs = fsspec.filesystem("memory")
    yield fs
    fs.store.clear()
    fs.pseudo_dirs[:] = [""]


def send(fs: Any, folder: Path, place: str) -> None:
    """Copy a folder to a far place."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            fs.pipe_file(f"{place}/{path.relative_to(folder).as_posix()}", path.read_bytes())


def packed(folder: Path) -> dict[str, bytes]:
    """The folder as archives."""
    zipped, tarred, squeezed = io.BytesIO(), io.BytesIO(), io.BytesIO()
    with (
        zipfile.ZipFile(zipped, "w") as archive,
        tarfile.open(fileobj=tarred, mode="w") as tar,
        tarfile.open(fileobj=squeezed, mode="w:gz") as tar_gz,
    ):
        for path in folder.rglob("*"):
            if path.is_file():
                name = path.relative_to(folder).as_posix()
                archive.write(path, name)
                tar.add(path, name)
                tar_gz.add(path, name)
    return {"zip": zipped.getvalue(), "tar": tarred.getvalue(), "tar.gz": squeezed.getvalue()}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Records of which some need to be read whole to be put in order."""
    source = good(tmp_path / "in", 7)
    long = "  " + "word " * 1200
    for number, fields in enumerate(({"figid": "&x 'PMC3__odd'"}, {"caption": long}, {"pmcid": "&y PMC12"})):
        write(source, {f"_figures/{number}.md": record(f"PMC{number + 3}__odd", fields)})
    return write(source, {"_data/PMC4__odd-genes.tsv": genes(), "README.md": "# no record", "_figures/.a.md": "x"})


def test_a_far_folder_gives_the_bytes_of_a_near_one(source: Path, tmp_path: Path, far: Any) -> None:
    send(far, source, "/db")
    wanted = kg.export(source, tmp_path / "near.nq")
    assert wanted.figures == 10
    for number, url in enumerate(("memory://db", "memory://db/", "memory://db/_figures")):
        for jobs in (1, 2):
            report = kg.export(url, tmp_path / f"{number}.nq", jobs=jobs)
            assert (report.figures, report.problems.counts) == (10, wanted.problems.counts)
            assert (tmp_path / f"{number}.nq").read_bytes() == (tmp_path / "near.nq").read_bytes()


def test_far_archives_files_and_tables(source: Path, tmp_path: Path, far: Any) -> None:
    kg.export(source, tmp_path / "near.nq")
    for suffix, data in packed(source).items():
        far.pipe_file(f"/db.{suffix}", data)
        kg.export(f"memory://db.{suffix}", tmp_path / "far.nq")
        assert (tmp_path / "far.nq").read_bytes() == (tmp_path / "near.nq").read_bytes()
    send(far, source, "/db")
    (figure,) = kg.read_records("memory://db/_figures/1.md")
    assert figure.tables["genes"] == "memory://db/_data/PMC4__odd-genes.tsv"
    (figure,) = kg.read_records(source / "_figures" / "1.md", data=["memory://db/_data"])
    assert figure.tables["genes"] == "memory://db/_data/PMC4__odd-genes.tsv"


def code_of(source: str, output: Path) -> tuple[str, str]:
    with pytest.raises(KgError) as caught:
        kg.export(source, output)
    return caught.value.problem.code, caught.value.problem.text()


def test_what_is_not_there(tmp_path: Path, far: Any) -> None:
    code, text = code_of("memory://nothing", tmp_path / "g.nt")
    assert (code, "memory://nothing" in text) == ("unreadable-source", True)
    far.pipe_file("/bad.zip", b"no archive")
    assert code_of("memory://bad.zip", tmp_path / "g.nt")[0] == "bad-archive"
    far.pipe_file("/empty/README", b"")
    assert code_of("memory://empty", tmp_path / "g.nt")[0] == "no-records"


def test_a_record_that_vanishes(source: Path, far: Any) -> None:
    send(far, source, "/db")
    with open_sources(["memory://db"]) as opened:
        entry = opened.entries[0]
        far.rm_file(f"/db/{entry.name}")
        with pytest.raises(KgError) as caught:
            opened.raw(entry)
    assert caught.value.problem.code == "unreadable-file"
    assert caught.value.problem.path == f"memory://db/{entry.name}"
    with pytest.raises(KgError, match="unreadable-file"):
        read_file("memory://db/none.md")


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A bucket of an S3 server on this machine."""
    server = pytest.importorskip("moto.server", reason="moto is not installed (pip install 'moto[server]')")
    pytest.importorskip("s3fs", reason="s3fs is not installed")
    running = server.ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)
    fs = fsspec.filesystem("s3", skip_instance_cache=False)
    fs.mkdir("pfocr")
    yield "s3://pfocr"
    running.stop()
    fs.clear_instance_cache()


@pytest.mark.loopback
@pytest.mark.filterwarnings("ignore")
def test_s3(bucket: str, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Records and parts in a bucket; what is not there is told as of a disk."""
    monkeypatch.setattr("kg.pipeline._CHUNK", 3)
    kg.export(source, tmp_path / "near.nq.gz")
    kg.export(source, tmp_path / "parts", shards=True, form="nq.gz")
    fs = fsspec.filesystem("s3")
    send(fs, source, "pfocr/db")
    far = f"{bucket}/run"
    for jobs in (1, 2):
        report = kg.export(f"{bucket}/db", far, shards=True, form="nq.gz", jobs=jobs)
        assert report.figures == 10
        found = {path.rpartition("/")[2]: fs.cat_file(path) for path in fs.ls("pfocr/run", detail=False, refresh=True)}
        assert found == {path.name: path.read_bytes() for path in (tmp_path / "parts").iterdir()}
    from kg.mergeparts import merge_parts

    merge_parts(far, tmp_path / "far.nq.gz")
    assert (tmp_path / "far.nq.gz").read_bytes() == (tmp_path / "near.nq.gz").read_bytes()
    code, text = code_of("s3://nobucket/db", tmp_path / "g.nt")
    assert (code, "s3://nobucket/db" in text) == ("unreadable-source", True)
    with pytest.raises(KgError) as caught:
        kg.export(source, "s3://nobucket/run", shards=True)
    assert caught.value.problem.code == "unwritable-output"


# --- what a listing costs ----------------------------------------------------------------------------------------


def test_a_listing_is_small(tmp_path: Path) -> None:
    """Less than 600 bytes for a record with two tables: 60 MB for the 100,000 of the database."""
    number = 3000
    files: dict[str, str] = {}
    for i in range(number):
        figid = f"PMC{2_000_000 + i}__109_2023_2289_Fig1_HTML"
        files |= {f"_figures/{figid}.md": f"---\nfigid: {figid}\npmcid: PMC{2_000_000 + i}\n---\n"}
        files |= {f"_data/{figid}-{kind}.tsv": "" for kind in ("genes", "chemicals")}
    write(tmp_path, files)
    del files
    with open_sources([tmp_path]) as opened:
        del opened
    tracemalloc.start()
    try:
        with open_sources([tmp_path]) as opened:
            held = tracemalloc.take_snapshot()
            assert len(opened.entries) == number
    finally:
        tracemalloc.stop()
    # Python's own table of names, which pathlib may make grow just now, is not ours.
    own = held.filter_traces([tracemalloc.Filter(False, pathlib.__file__)])
    assert sum(trace.size for trace in own.traces) / number < 600


HEADS = {
    "ids at the top": "---\nfigid: PMC7__a\npmcid: PMC7\n{filler}---\n",
    "ids at the bottom": "---\n{filler}figid: PMC7__a\npmcid: PMC7\n---\n",
    "an id across the 4,096th byte": "---\n{long}\nfigid: PMC7__a\npmcid: PMC7\n{filler}---\n",
    "ids behind the front matter": "---\nfigtitle: x\n---\nfigid: PMC9__b\npmcid: PMC9\n{filler}",
    "one behind it": "---\nfigid: PMC7__c\n---\npmcid: PMC9\n{filler}",
    "twice": "---\nfigid: PMC7__a\nfigid: PMC8__b\npmcid: PMC7\n{filler}---\n",
    "no end of line": "---\nfigid: PMC7__a\npmcid: PMC7",
    "empty": "",
}


@pytest.mark.parametrize("head", HEADS)
def test_the_first_bytes_tell_what_the_whole_tells(head: str, tmp_path: Path) -> None:
    """Records are put in order by what a reader of all of them finds."""
    from kg.source import _key

    filler = "".join(f"key{number}: {'word ' * 20}\n" for number in range(60))
    for cut in range(30):
        text = HEADS[head].format(filler=filler, long="k: " + "x" * (4096 - 30 + cut))
        write(tmp_path, {"a.md": text})
        with open_sources([tmp_path]) as opened:
            (entry,) = opened.entries
        assert entry[:2] == _key(text.encode(), "a.md")
        assert entry.name == "a.md"
