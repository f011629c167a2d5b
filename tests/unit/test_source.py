"""Where records and tables are found, in which order, and the git commit of a source."""

from __future__ import annotations

import io
import os
import random
import subprocess
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest
import rdflib

import kg
from kg.commit import source_commit
from kg.source import Source, open_sources
from tests.small import chemicals, genes, good, kg_run, record, write

ONE: Final = "PMC9900001__f1"
TABLE: Final = f"{ONE}-genes.tsv"


def found(source: Source) -> list[tuple[str, dict[str, str]]]:
    """Each record's figure id with its tables' paths, in order."""
    with source:
        return [
            (entry.figid, {kind: path for kind, (path, _) in source.raw(entry).tables.items()})
            for entry in source.entries
        ]


def gene(ident: str) -> str:
    """A gene table that tells from which file it was read."""
    return genes({"ncbigene_id": ident})


def read(*paths: Path, data: tuple[Path, ...] = ()) -> dict[str, list[str]]:
    """Figure id -> ids of its genes, as read from the tables that were found."""
    return {
        figure.figid: [mention.ident for mention in figure.mentions if mention.ident]
        for figure in kg.read_records(paths, data=data)
    }


# --- layouts -----------------------------------------------------------------------------------------------------

# Name -> files, and what of it is opened.
LAYOUTS: Final[dict[str, tuple[dict[str, str], str]]] = {
    "flat": ({"a.md": record(), TABLE: gene("1")}, "."),
    "flat, table named like the file": ({"a.md": record(), "a-genes.tsv": gene("1")}, "."),
    "flat with _data": ({f"{ONE}.md": record(), f"_data/{TABLE}": gene("1")}, "."),
    "database": ({f"_figures/{ONE}.md": record(), f"_data/{TABLE}": gene("1")}, "."),
    "database, _figures named": ({f"_figures/{ONE}.md": record(), f"_data/{TABLE}": gene("1")}, "_figures"),
    "tables beside the records of _figures": ({f"_figures/{ONE}.md": record(), f"_figures/{TABLE}": gene("1")}, "."),
    "README beside _figures": (
        {"README.md": "# Read me", f"_figures/{ONE}.md": record(), f"_data/{TABLE}": gene("1")},
        ".",
    ),
    "one file, table beside it": ({"a.md": record(), TABLE: gene("1")}, "a.md"),
    "one file, table in ../_data": ({"_figures/a.md": record(), f"_data/{TABLE}": gene("1")}, "_figures/a.md"),
    "one file, table in _data": ({"a.md": record(), f"_data/{TABLE}": gene("1")}, "a.md"),
    "one file of any name": ({"notes.txt": record(), TABLE: gene("1")}, "notes.txt"),
    "one file without suffix": ({"odd name #1": record(), "odd name #1-genes.tsv": gene("1")}, "odd name #1"),
    "hidden files": ({".a.md": "x", "._b.md": "x", "a.md": record(), TABLE: gene("1")}, "."),
    "other suffix": ({"a.Markdown": record(), "b.txt": "x", TABLE: gene("1")}, "."),
    "quoted figid": ({"a.md": record(fields={"figid": f"'{ONE}'"}), TABLE: gene("1")}, "."),
    "double-quoted figid, CRLF": (
        {"a.md": record(fields={"figid": f'"{ONE}"'}).replace("\n", "\r\n"), TABLE: gene("1")},
        ".",
    ),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_layout(name: str, tmp_path: Path) -> None:
    """The one record is found, and its table, and nothing else is taken for a record."""
    assert len(LAYOUTS) == 16
    files, opened = LAYOUTS[name]
    write(tmp_path, files)
    assert read(tmp_path / opened) == {ONE: ["1"]}


def test_dot_in_the_figure_id(tmp_path: Path) -> None:
    """A table's name may hold `_` where the id has `.`; the exact name wins."""
    figid = "PMC9900001__j.x.001"
    write(tmp_path, {f"{figid}.md": record(figid), "PMC9900001__j_x_001-genes.tsv": gene("1")})
    assert read(tmp_path) == {figid: ["1"]}
    write(tmp_path, {f"{figid}-genes.tsv": gene("2")})
    assert read(tmp_path) == {figid: ["2"]}


def test_data_comes_first(tmp_path: Path) -> None:
    """`--data` in the order given, kind by kind, then the usual places."""
    source = write(tmp_path / "in", {f"_figures/{ONE}.md": record(), f"_data/{TABLE}": gene("1")})
    write(source, {f"_data/{ONE}-chemicals.tsv": chemicals()})
    one, two = (write(tmp_path / name, {TABLE: gene(name)}) for name in ("11", "12"))
    nested = write(tmp_path / "13", {f"_data/{TABLE}": gene("13")})
    for data, ident in (((), "1"), ((one,), "11"), ((two, one), "12"), ((nested, one), "13")):
        (mentions,) = read(source, data=data).values()
        assert mentions[0] == ident
        assert len(mentions) == 2, "the chemical of the usual place is found all the same"


# --- archives ----------------------------------------------------------------------------------------------------


def pack(files: Mapping[str, str], path: Path) -> Path:
    """An archive of the files by the path's suffix, in an order of its own."""
    names = random.Random(7).sample(sorted(files), len(files))  # noqa: S311 (a fixed shuffle)
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in names:
                archive.writestr(name, files[name])
        return path
    with tarfile.open(path, "w:gz" if path.name.endswith("gz") else "w") as tar:
        for name in names:
            info = tarfile.TarInfo(name)
            info.size = len(files[name].encode())
            tar.addfile(info, io.BytesIO(files[name].encode()))
    return path


def database() -> dict[str, str]:
    """Three records in the database's layout, each with another gene, and what else lies there."""
    files = {"README.md": "# Read me", "_layouts/page.md": "no record"}
    for number in (1, 2, 3):
        figid = f"PMC990000{number}__f1"
        symbol = ("A1BG", "A2M", "A2MP1")[number - 1]
        rows = genes({"ncbigene_id": str(number), "ncbigene_symbol": symbol, "word": symbol, "match": symbol})
        files |= {f"_figures/{figid}.md": record(figid), f"_data/{figid}-genes.tsv": rows}
    return files


@pytest.mark.parametrize("top", ["", "./", "pfocr-database-main/"])
@pytest.mark.parametrize("suffix", ["zip", "tar", "tar.gz", "tgz"])
def test_archive(suffix: str, top: str, tmp_path: Path) -> None:
    """Archives with and without a top folder give the folder's bytes; older copies further down are left alone."""
    old = {f"history/1a2b/{name}": text.replace("JAK2", "OLD") for name, text in database().items()}
    files = {f"{top}{name}": text for name, text in (database() | old).items()}
    archive = pack(files, tmp_path / f"db.{suffix}")
    assert read(archive) == {f"PMC990000{number}__f1": [str(number)] for number in (1, 2, 3)}
    kg.export(write(tmp_path / "folder", database()), tmp_path / "folder.nt", check=False)
    report = kg.export(archive, tmp_path / "archive.nt", check=False)
    assert (tmp_path / "archive.nt").read_bytes() == (tmp_path / "folder.nt").read_bytes()
    assert report.problems.counts == {}


def test_flat_archive_under_a_foreign_name(tmp_path: Path) -> None:
    """What an archive is shows in its bytes; resource forks of macOS are no records."""
    files = {"in/a.md": record(), f"in/{TABLE}": gene("1"), "__MACOSX/in/._a.md": "x", "in/.b.md": "x"}
    for suffix in ("zip", "tar.gz"):
        archive = pack(files, tmp_path / f"a.{suffix}").rename(tmp_path / f"download-{suffix[:3]}")
        assert read(archive) == {ONE: ["1"]}


def test_paths_in_archives_are_named(tmp_path: Path) -> None:
    """Messages name archive and member; data from an archive too."""
    archive = pack({"top/_figures/a.md": record(), f"top/_data/{TABLE}": gene("1")}, tmp_path / "a.zip")
    (paths,) = [tables for _, tables in found(open_sources([archive]))]
    assert paths == {"genes": f"{archive}!top/_data/{TABLE}"}
    single = write(tmp_path / "alone", {"a.md": record()}) / "a.md"
    assert found(open_sources([single], [archive])) == [(ONE, paths)]


# --- order, orphans ----------------------------------------------------------------------------------------------


def test_order_is_by_paper_number_then_figure_id(tmp_path: Path) -> None:
    """Numbers, not text; whatever the files are called, and from whichever source they come."""
    ids = ["PMC9__z", "PMC10__a", "PMC10__b", "PMC100__a", "PMC2000__F10", "PMC2000__F2"]
    shuffled = random.Random(3).sample(ids, len(ids))  # noqa: S311 (a fixed shuffle)
    assert shuffled != ids
    for number, figid in enumerate(shuffled):
        # Some can only be keyed by reading the YAML whole.
        text = record(figid) if number % 2 else record(figid, {"figid": f"&x '{figid}'"})
        write(tmp_path / str(number % 2), {f"{number}.md": text})
    for order in ((0, 1), (1, 0)):
        with open_sources([tmp_path / str(number) for number in order]) as source:
            assert [entry.figid for entry in source.entries] == ids


def test_orphan_tables(tmp_path: Path) -> None:
    """A table that no record asks for is told of, but not beside a single file, whose folder may hold anything."""
    source = good(tmp_path / "in", 2)
    write(source, {"_data/PMC1__gone-genes.tsv": genes(), "_data/PMC1__gone-diseases.tsv": "x", "_data/notes.tsv": "x"})
    with open_sources([source]) as opened:
        for entry in opened.entries:
            opened.raw(entry)
        assert list(opened.orphans()) == [
            str(source / "_data" / f"PMC1__gone-{kind}.tsv") for kind in ("diseases", "genes")
        ]
    assert kg.export(source, tmp_path / "g.nt").problems.counts == {"orphan-table": 2}
    single = source / "_figures" / f"{ONE}.md"
    assert kg.export(single, tmp_path / "g.nt").problems.counts == {}


# --- the commit of a source --------------------------------------------------------------------------------------


def git(folder: Path, *arguments: str) -> str:
    """Run git without the user's settings, on a fixed day."""
    quiet = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    days = {"GIT_AUTHOR_DATE": "2020-01-01T12:00:00Z", "GIT_COMMITTER_DATE": "2024-05-06T12:00:00Z"}
    command = ["git", "-C", str(folder), "-c", "user.name=A", "-c", "user.email=a@example.net", *arguments]
    return subprocess.run(
        command, check=True, capture_output=True, text=True, env={**os.environ, **quiet, **days}
    ).stdout


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A git checkout with three records and one commit."""
    source = good(tmp_path / "db")
    git(source, "init", "-q")
    git(source, "add", ".")
    git(source, "commit", "-q", "-m", "records")
    return source


def test_commit_of_a_checkout(checkout: Path) -> None:
    """The top of a checkout, or its `_figures/`, has the commit and the day it was committed."""
    commit = git(checkout, "rev-parse", "HEAD").strip()
    assert len(commit) == 40
    for path in (checkout, checkout / "_figures"):
        assert source_commit([path]) == (commit, "2024-05-06")


def test_commit_in_the_graph(checkout: Path, tmp_path: Path) -> None:
    """Version, date and source of the dataset tell the commit; what the user says goes before."""
    commit = git(checkout, "rev-parse", "HEAD").strip()
    report = kg.export(checkout, tmp_path / "g.ttl")
    assert (report.commit, report.version) == (commit, commit[:12])
    graph = rdflib.Graph().parse(tmp_path / "g.ttl")
    dataset = rdflib.URIRef(f"https://w3id.org/pfocr-kg/dataset/{commit[:12]}")
    source = rdflib.URIRef(f"https://github.com/wikipathways/pfocr-database/tree/{commit}")
    version = rdflib.URIRef("http://purl.org/pav/version")
    assert graph.value(dataset, rdflib.PROV.wasDerivedFrom) == source
    assert graph.value(dataset, version) == rdflib.Literal(commit[:12])
    assert graph.value(dataset, rdflib.DCTERMS.issued) == rdflib.Literal("2024-05-06", datatype=rdflib.XSD.date)
    assert graph.value(source, version) == rdflib.Literal(commit)
    kg_run("export", checkout, "-o", tmp_path / "own.ttl", "--release", "r7", "--issued", "2025-01-02")
    own = rdflib.Graph().parse(tmp_path / "own.ttl")
    dataset = rdflib.URIRef("https://w3id.org/pfocr-kg/dataset/r7")
    assert own.value(dataset, rdflib.DCTERMS.issued) == rdflib.Literal("2025-01-02", datatype=rdflib.XSD.date)
    assert own.value(dataset, rdflib.PROV.wasDerivedFrom) == source


def test_no_commit(checkout: Path, tmp_path: Path) -> None:
    """A folder inside another project's checkout, a file, two sources, a plain folder, a checkout without commits."""
    inside = good(checkout / "records")
    plain = good(tmp_path / "plain")
    fresh = good(tmp_path / "fresh")
    git(fresh, "init", "-q")
    (broken := good(tmp_path / "broken") / ".git").write_text("gitdir: nowhere\n")
    sources = [
        [inside], [inside / "_figures"], [checkout / "_figures" / f"{ONE}.md"], [checkout, plain], [checkout, checkout],
        [plain], [fresh], [broken.parent], [tmp_path / "missing"], [],
    ]  # fmt: skip
    assert [source_commit(paths) for paths in sources] == [("", "")] * 10


def test_commit_without_git(checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where git is missing, the export goes on, and the version is a digest of the records."""
    commit = git(checkout, "rev-parse", "HEAD").strip()
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    assert source_commit([checkout]) == ("", "")
    report = kg.export(checkout, tmp_path / "g.ttl")
    assert (report.ok, report.commit) == (True, "")
    assert report.version
    assert commit[:12] not in (tmp_path / "g.ttl").read_text("utf-8")
    assert "dcterms:issued" not in (tmp_path / "g.ttl").read_text("utf-8")


def test_commit_inside_a_git_hook(checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a hook git names its own repository in the environment, which is not the source's."""
    commit = git(checkout, "rev-parse", "HEAD").strip()
    other = good(tmp_path / "other", 1)
    git(other, "init", "-q")
    git(other, "commit", "-q", "--allow-empty", "-m", "another")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    assert source_commit([checkout]) == (commit, "2024-05-06")
