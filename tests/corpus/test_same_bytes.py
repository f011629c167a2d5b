"""The same records give the same bytes, from every place in every format (beside `tests/graph/test_bytes.py`).

Also what no other test varies: the order in which files were made, the order of sources that hold two
versions of a figure, hash seeds, locale and time zone, and the description beside the graph.
"""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyoxigraph as ox
import pytest
import rdflib
import zstandard

import kg
from tests.conftest import ROOT, SEEDS
from tests.corpus.support import GRAPH, history_folders

FORMATS: Final = {
    "ttl": ox.RdfFormat.TURTLE,
    "nt": ox.RdfFormat.N_TRIPLES,
    "nq": ox.RdfFormat.N_QUADS,
    "trig": ox.RdfFormat.TRIG,
    "jsonld": ox.RdfFormat.JSON_LD,
}
LAYERS: Final = {"core", "genes", "chemicals", "diseases", "links", "meta"}


@dataclass(frozen=True, slots=True)
class Input:
    """What an export is given: sources, and further places of tables."""

    sources: Sequence[Path]
    data: Sequence[Path] = ()


def files_of(root: Path, seed: int) -> list[Path]:
    """Records and tables, shuffled."""
    found = sorted(path for part in ("_figures", "_data") for path in (root / part).iterdir() if path.is_file())
    assert found
    random.Random(seed).shuffle(found)  # noqa: S311 (no secret)
    return found


def copied(root: Path, place: Path, seed: int) -> Path:
    """A copy whose files were made in a shuffled order, which is often the order of their listing."""
    for path in files_of(root, seed):
        target = place / path.parent.name / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    return place


def folder(root: Path, place: Path) -> Input:
    return Input([copied(root, place / "one", 1)])


def folder_made_in_another_order(root: Path, place: Path) -> Input:
    return Input([copied(root, place / "deeper" / "two", 2)])


def flat_folder(root: Path, place: Path) -> Input:
    (place / "flat").mkdir()
    for path in files_of(root, 3):
        shutil.copyfile(path, place / "flat" / path.name)
    return Input([place / "flat"])


def zipped(root: Path, place: Path) -> Input:
    with zipfile.ZipFile(place / "records.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files_of(root, 4):
            archive.write(path, f"{path.parent.name}/{path.name}")
    return Input([place / "records.zip"])


def tarred(root: Path, place: Path) -> Input:
    with tarfile.open(place / "records.tar", "w") as archive:
        for path in files_of(root, 5):
            archive.add(path, f"top/{path.parent.name}/{path.name}")
    return Input([place / "records.tar"])


def tarred_and_packed(root: Path, place: Path) -> Input:
    with tarfile.open(place / "records.tar.gz", "w:gz") as archive:
        for path in files_of(root, 6):
            archive.add(path, f"./{path.parent.name}/{path.name}")
    return Input([place / "records.tar.gz"])


def zipped_with_a_top_folder(root: Path, place: Path) -> Input:
    """As GitHub packs a repository, with entries for the folders."""
    with zipfile.ZipFile(place / "main.zip", "w") as archive:
        for name in ("pfocr-main/", "pfocr-main/_figures/", "pfocr-main/_data/"):
            archive.writestr(name, "")
        for path in files_of(root, 9):
            archive.write(path, f"pfocr-main/{path.parent.name}/{path.name}")
    return Input([place / "main.zip"])


def tarred_without_a_top_folder(root: Path, place: Path) -> Input:
    with tarfile.open(place / "bare.tar", "w") as archive:
        for path in files_of(root, 10):
            archive.add(path, f"{path.parent.name}/{path.name}")
    return Input([place / "bare.tar"])


def packed_with_a_top_folder(root: Path, place: Path) -> Input:
    """The whole copy as `tar czf` takes it, folders included."""
    with tarfile.open(place / "main.tgz", "w:gz") as archive:
        archive.add(copied(root, place / "pfocr-main", 11), "pfocr-main")
    return Input([place / "main.tgz"])


def zipped_flat(root: Path, place: Path) -> Input:
    with zipfile.ZipFile(place / "flat.zip", "w") as archive:
        for path in files_of(root, 12):
            archive.write(path, path.name)
    return Input([place / "flat.zip"])


def single_files(root: Path, place: Path) -> Input:
    found = files_of(copied(root, place / "single", 7), 8)
    return Input([path for path in found if path.parent.name == "_figures"])


def tables_elsewhere(root: Path, place: Path) -> Input:
    shutil.copytree(root / "_figures", place / "records")
    shutil.copytree(root / "_data", place / "tables")
    return Input([place / "records"], [place / "tables"])


PLACES: Final[tuple[Callable[[Path, Path], Input], ...]] = (
    folder,
    folder_made_in_another_order,
    flat_folder,
    zipped,
    tarred,
    tarred_and_packed,
    single_files,
    tables_elsewhere,
)

FURTHER_PLACES: Final[tuple[Callable[[Path, Path], Input], ...]] = (
    zipped_with_a_top_folder,
    tarred_without_a_top_folder,
    packed_with_a_top_folder,
    zipped_flat,
)


def exported(given: Input, output: Path) -> dict[str, bytes]:
    """The files that an export makes in an empty folder, by name; the description beside a graph is one of them."""
    output.parent.mkdir(parents=True)
    kg.export(given.sources, output, data=tuple(given.data))
    made = output if output.is_dir() else output.parent
    return {path.name: path.read_bytes() for path in made.iterdir()}


def outputs(given: Input, place: Path, names: Sequence[str]) -> dict[str, dict[str, bytes]]:
    return {name: exported(given, place / name / name) for name in names}


def place_name(place: Callable[[Path, Path], Input]) -> str:
    return place.__name__


SEED_OUTPUTS: Final = (*(f"g.{suffix}" for suffix in FORMATS), "g.ttl.gz", "g.nq.zst", "layers")


@pytest.fixture(scope="module")
def from_seeds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, bytes]]:
    """Every output of the seeds where they lie."""
    return outputs(Input([SEEDS]), tmp_path_factory.mktemp("reference"), SEED_OUTPUTS)


def test_an_export_is_a_graph_and_its_description_or_a_file_a_layer(from_seeds: dict[str, dict[str, bytes]]) -> None:
    for name in SEED_OUTPUTS[:-1]:
        assert from_seeds[name].keys() == {name, "g.void.ttl"}
    assert from_seeds["layers"].keys() == {f"{layer}.ttl" for layer in LAYERS}


@pytest.mark.parametrize("place", PLACES, ids=place_name)
def test_seeds_in_every_format(
    place: Callable[[Path, Path], Input], tmp_path: Path, from_seeds: dict[str, dict[str, bytes]]
) -> None:
    made = outputs(place(SEEDS, tmp_path), tmp_path / "out", SEED_OUTPUTS)
    assert {name: made[name] == wanted for name, wanted in from_seeds.items()} == dict.fromkeys(SEED_OUTPUTS, True)


@pytest.mark.parametrize("place", FURTHER_PLACES, ids=place_name)
def test_seeds_in_archives_of_other_layouts(
    place: Callable[[Path, Path], Input], tmp_path: Path, from_seeds: dict[str, dict[str, bytes]]
) -> None:
    names = ("g.ttl", "layers")
    made = outputs(place(SEEDS, tmp_path), tmp_path / "out", names)
    assert {name: made[name] == from_seeds[name] for name in names} == dict.fromkeys(names, True)


def test_twice_in_a_row_into_the_same_place(tmp_path: Path, from_seeds: dict[str, dict[str, bytes]]) -> None:
    """The second export finds the first where it is to write."""
    for name in SEED_OUTPUTS:
        place = tmp_path / name
        place.mkdir()
        for _ in range(2):
            kg.export(SEEDS, place / name)
        made = place / name if name == "layers" else place
        assert {path.name: path.read_bytes() for path in made.iterdir()} == from_seeds[name], name


@pytest.mark.parametrize("name", ["g.nq", "g.trig", "g.nq.zst"])
def test_layers_are_named_graphs(name: str, from_seeds: dict[str, dict[str, bytes]]) -> None:
    """What a folder holds as files; only the descriptions differ, of which one knows the layers' checksums."""
    data = from_seeds[name][name]
    if name.endswith(".zst"):
        data = zstandard.ZstdDecompressor().stream_reader(data).read()
    graphs: dict[str, set[ox.Triple]] = {}
    for quad in ox.parse(data, format=FORMATS[name.split(".")[1]]):
        assert isinstance(quad.graph_name, ox.NamedNode)
        graphs.setdefault(quad.graph_name.value, set()).add(quad.triple)
    assert graphs.keys() == {f"{GRAPH}{layer}" for layer in LAYERS}
    for layer in LAYERS - {"meta"}:
        assert graphs[f"{GRAPH}{layer}"] == set(triples_of(from_seeds["layers"][f"{layer}.ttl"], FORMATS["ttl"])), layer


@pytest.fixture(scope="module")
def from_corpus(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The corpus as TriG, whose layers go their own way to the file."""
    return exported(Input([corpus]), tmp_path_factory.mktemp("reference") / "out" / "g.trig")


@pytest.mark.parametrize("place", PLACES, ids=place_name)
def test_corpus(
    place: Callable[[Path, Path], Input], corpus: Path, tmp_path: Path, from_corpus: dict[str, bytes]
) -> None:
    made = exported(place(corpus, tmp_path), tmp_path / "out" / "g.trig")
    assert made.keys() == from_corpus.keys() == {"g.trig", "g.void.ttl"}
    assert {name: data == from_corpus[name] for name, data in made.items()} == {"g.trig": True, "g.void.ttl": True}


def test_two_versions_of_a_figure_in_any_order(corpus: Path, tmp_path: Path) -> None:
    """Seven figures of the corpus have an older version: which one stays does not hang on which came first."""
    sources = [corpus, *history_folders(corpus)]
    assert len(sources) == 7
    made = []
    for number in range(3):
        random.Random(number).shuffle(sources)  # noqa: S311 (no secret)
        made.append(exported(Input(sources), tmp_path / str(number) / "g.ttl"))
    assert made[0] == made[1] == made[2]


SURROUNDINGS: Final = (
    {"PYTHONHASHSEED": "1", "LC_ALL": "C", "TZ": "Asia/Tokyo"},
    {"PYTHONHASHSEED": "2", "LC_ALL": "C.UTF-8", "TZ": "America/New_York"},
)


def test_whatever_surrounds_the_process(corpus: Path, corpus_graph: Path, tmp_path: Path) -> None:
    """Sets have another order under another hash seed; nothing that is written may follow it."""
    for number, surroundings in enumerate(SURROUNDINGS):
        output = tmp_path / str(number) / corpus_graph.name
        output.parent.mkdir()
        command = [sys.executable, "-m", "kg", "export", str(corpus), "--output", str(output)]
        subprocess.run(command, cwd=ROOT, env=os.environ | surroundings, check=True, capture_output=True, timeout=120)
        assert output.read_bytes() == corpus_graph.read_bytes()
        beside = "corpus.void.ttl"
        assert output.with_name(beside).read_bytes() == corpus_graph.with_name(beside).read_bytes()


def triples_of(data: bytes, form: ox.RdfFormat) -> list[ox.Triple]:
    return [quad.triple for quad in ox.parse(data, format=form)]


def test_every_format_of_the_corpus_holds_the_same_triples(corpus: Path, corpus_graph: Path, tmp_path: Path) -> None:
    wanted = triples_of(corpus_graph.read_bytes(), ox.RdfFormat.TURTLE)
    assert len(wanted) == len(set(wanted)) > 40_000
    for suffix, form in FORMATS.items():
        made = exported(Input([corpus]), tmp_path / suffix / f"corpus.{suffix}")[f"corpus.{suffix}"]
        found = triples_of(made, form)
        assert (len(found), set(found) == set(wanted)) == (len(wanted), True), suffix


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")  # rdflib's own JSON-LD parser uses it
def test_rdflib_reads_the_json_ld_of_the_seeds(from_seeds: dict[str, dict[str, bytes]]) -> None:
    loaded = rdflib.Graph().parse(data=from_seeds["g.jsonld"]["g.jsonld"], format="json-ld")
    again = triples_of(loaded.serialize(format="nt", encoding="utf-8"), ox.RdfFormat.N_TRIPLES)
    assert set(again) == set(triples_of(from_seeds["g.ttl"]["g.ttl"], ox.RdfFormat.TURTLE))


def test_the_description_beside_a_graph_knows_the_file(from_seeds: dict[str, dict[str, bytes]]) -> None:
    """Its size and checksum, which the graph itself cannot hold."""
    spdx, size = "http://spdx.org/rdf/terms#checksumValue", "http://www.w3.org/ns/dcat#byteSize"
    for name in SEED_OUTPUTS[:-1]:
        stated: dict[str, list[str]] = {}
        for triple in triples_of(from_seeds[name]["g.void.ttl"], ox.RdfFormat.TURTLE):
            if isinstance(triple.object, ox.Literal):
                stated.setdefault(triple.predicate.value, []).append(triple.object.value)
        data = from_seeds[name][name]
        assert (stated[spdx], stated[size]) == ([hashlib.sha256(data).hexdigest()], [str(len(data))]), name
