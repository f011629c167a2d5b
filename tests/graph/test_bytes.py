"""The same records give the same bytes, wherever they lie, in every format; and every format the same triples."""

from __future__ import annotations

import gzip
import io
import random
import shutil
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyoxigraph as ox
import pytest
import rdflib
import zstandard

import kg
from tests.conftest import SEEDS

FORMATS = ("ttl", "nt", "nq", "trig", "jsonld")


def files_of(folder: Path) -> list[Path]:
    """Records and tables in a shuffled, but fixed order."""
    found = sorted(path for part in ("_figures", "_data") for path in (folder / part).iterdir())
    random.Random(7).shuffle(found)  # noqa: S311 (no secret)
    return found


def as_copy(folder: Path, place: Path) -> list[Path]:
    for path in files_of(folder):
        target = place / "copy" / path.parent.name / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    return [place / "copy"]


def as_flat(folder: Path, place: Path) -> list[Path]:
    (place / "flat").mkdir()
    for path in files_of(folder):
        shutil.copyfile(path, place / "flat" / path.name)
    return [place / "flat"]


def as_zip(folder: Path, place: Path) -> list[Path]:
    with zipfile.ZipFile(place / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files_of(folder):
            archive.write(path, f"database-main/{path.parent.name}/{path.name}")
    return [place / "a.zip"]


def _tar(folder: Path, path: Path, mode: str, top: str) -> list[Path]:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for file in files_of(folder):
            archive.add(file, f"{top}{file.parent.name}/{file.name}")
    return [path]


def as_tar(folder: Path, place: Path) -> list[Path]:
    return _tar(folder, place / "a.tar", "w", "./")


def as_tar_gz(folder: Path, place: Path) -> list[Path]:
    return _tar(folder, place / "a.tar.gz", "w:gz", "top/")


def as_files(folder: Path, _place: Path) -> list[Path]:
    return [path for path in files_of(folder) if path.suffix == ".md"]


def as_halves(folder: Path, place: Path) -> list[Path]:
    """Two folders, each with half of the records and their tables."""
    for path in files_of(folder):
        figid = path.name.removesuffix(".md").split(".tsv")[0]
        for kind in ("-genes", "-chemicals", "-diseases"):
            figid = figid.removesuffix(kind)
        half = "left" if sum(figid.replace(".", "_").encode()) % 2 else "right"
        target = place / half / path.parent.name / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    return [place / "right", place / "left"]


PLACES: tuple[Callable[[Path, Path], list[Path]], ...] = (
    as_copy, as_flat, as_zip, as_tar, as_tar_gz, as_files, as_halves,
)  # fmt: skip


def exported(source: Path | list[Path], output: Path) -> bytes:
    kg.export(source, output)
    return output.read_bytes()


@pytest.mark.parametrize("place", PLACES, ids=lambda place: str(getattr(place, "__name__", place)))
def test_wherever_the_seeds_lie(place: Callable[[Path, Path], list[Path]], tmp_path: Path, seed_graph: Path) -> None:
    assert exported(place(SEEDS, tmp_path), tmp_path / "g.ttl") == seed_graph.read_bytes()


@pytest.mark.parametrize("place", [as_zip, as_tar_gz, as_flat], ids=["zip", "tar.gz", "flat"])
def test_wherever_the_corpus_lies(
    place: Callable[[Path, Path], list[Path]], tmp_path: Path, corpus: Path, corpus_graph: Path
) -> None:
    # Tables of no record are told of, and change nothing in the graph.
    assert exported(place(corpus, tmp_path), tmp_path / "g.ttl") == corpus_graph.read_bytes()


def test_tables_from_elsewhere(tmp_path: Path, seed_graph: Path) -> None:
    shutil.copytree(SEEDS / "_figures", tmp_path / "records")
    kg.export(tmp_path / "records", tmp_path / "g.ttl", data=(SEEDS / "_data",))
    assert (tmp_path / "g.ttl").read_bytes() == seed_graph.read_bytes()


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_twice_and_packed(suffix: str, tmp_path: Path) -> None:
    plain = exported(SEEDS, tmp_path / f"g.{suffix}")
    assert exported(SEEDS, tmp_path / f"h.{suffix}") == plain
    packed = exported(SEEDS, tmp_path / f"g.{suffix}.gz")
    assert gzip.decompress(packed) == plain
    assert exported(SEEDS, tmp_path / f"g2.{suffix}.gz") == packed
    squeezed = exported(SEEDS, tmp_path / f"g.{suffix}.zst")
    assert zstandard.ZstdDecompressor().stream_reader(io.BytesIO(squeezed)).read() == plain


def triples_of(data: bytes, form: ox.RdfFormat) -> set[str]:
    return {str(quad.triple) for quad in ox.parse(data, format=form)}


def test_every_format_holds_the_same_triples(tmp_path: Path, seed_graph: Path) -> None:
    wanted = triples_of(seed_graph.read_bytes(), ox.RdfFormat.TURTLE)
    assert len(wanted) > 3000
    forms = {
        "nt": ox.RdfFormat.N_TRIPLES,
        "nq": ox.RdfFormat.N_QUADS,
        "trig": ox.RdfFormat.TRIG,
        "jsonld": ox.RdfFormat.JSON_LD,
    }
    for suffix, form in forms.items():
        assert triples_of(exported(SEEDS, tmp_path / f"g.{suffix}"), form) == wanted


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")  # rdflib's own JSON-LD parser uses it
def test_rdflib_reads_the_json_ld(tmp_path: Path, seed_graph: Path) -> None:
    exported(SEEDS, tmp_path / "g.jsonld")
    assert set(rdflib.Graph().parse(tmp_path / "g.jsonld")) == set(rdflib.Graph().parse(seed_graph))


@pytest.mark.parametrize(("suffix", "form"), [("nq", ox.RdfFormat.N_QUADS), ("trig", ox.RdfFormat.TRIG)])
def test_layers_are_named_graphs_and_files(suffix: str, form: ox.RdfFormat, tmp_path: Path) -> None:
    """What a folder has as files, N-Quads and TriG have as named graphs; only the description may differ."""
    data = exported(SEEDS, tmp_path / f"g.{suffix}")
    graphs: dict[str, set[str]] = {}
    for quad in ox.parse(data, format=form):
        assert isinstance(quad.graph_name, ox.NamedNode)
        graphs.setdefault(quad.graph_name.value.removeprefix("https://w3id.org/pfocr-kg/graph/"), set()).add(
            str(quad.triple)
        )
    kg.export(SEEDS, tmp_path / "layers")
    files = {path.stem: triples_of(path.read_bytes(), ox.RdfFormat.TURTLE) for path in (tmp_path / "layers").iterdir()}
    assert set(graphs) == set(files) == {"core", "genes", "chemicals", "diseases", "links", "meta"}
    assert {name: found for name, found in graphs.items() if name != "meta"} == {
        name: found for name, found in files.items() if name != "meta"
    }
    if suffix == "trig":
        assert data.count(b"pfocr-kg/graph/core> {") == 1


def test_a_folder_of_layers_is_the_same_from_everywhere(tmp_path: Path) -> None:
    kg.export(SEEDS, tmp_path / "one")
    kg.export(as_zip(SEEDS, tmp_path), tmp_path / "two")
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert len(names) == 6
    assert names == sorted(path.name for path in (tmp_path / "two").iterdir())
    assert all((tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes() for name in names)
