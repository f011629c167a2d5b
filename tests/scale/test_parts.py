"""Graphs in parts: what is refused, what is cleaned up, what `kg merge` finds."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pyoxigraph as ox
import pytest

import kg
from kg.errors import KgError
from kg.mergeparts import merge_parts
from tests.small import good, kg_run, write

RDF: Final = {"ttl": ox.RdfFormat.TURTLE, "nt": ox.RdfFormat.N_TRIPLES, "nq": ox.RdfFormat.N_QUADS}


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kg.pipeline._CHUNK", 2)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return good(tmp_path / "in", 5)


def parts_of(source: Path, place: Path, **settings: Any) -> Path:
    """An export in parts."""
    kg.export(source, place, shards=True, **settings)
    return place


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def code_of(act: Callable[[], object]) -> tuple[str, str]:
    with pytest.raises(KgError) as caught:
        act()
    return caught.value.problem.code, caught.value.problem.text()


@pytest.mark.parametrize("form", ["ttl", "nt", "nq"])
def test_each_part_is_a_file_of_its_own(form: str, source: Path, tmp_path: Path) -> None:
    place = parts_of(source, tmp_path / "parts", form=form)
    parts = [f"part-00000{number}.{form}" for number in range(3)]
    assert names(place) == ["manifest.json", *parts, f"shared.{form}", "void.ttl"]
    told = json.loads((place / "manifest.json").read_text("utf-8"))
    read = {
        path.name: sum(1 for _ in ox.parse(path.read_bytes(), format=RDF[form])) for path in place.glob("*." + form)
    }
    assert {part["name"]: part["triples"] for part in told["parts"]} == {n: read[n] for n in read if n != "void.ttl"}
    assert told["triples"] == sum(part["triples"] for part in told["parts"])
    assert [part["records"] for part in told["parts"]] == [2, 2, 1, 0]
    assert told["records"] == 5
    described = (place / "void.ttl").read_text("utf-8")
    assert all(f'"{part["name"]}"' in described and part["sha256"] in described for part in told["parts"])


@pytest.mark.parametrize("form", ["ttl", "nt.gz", "nq.zst"])
def test_parts_make_the_single_file(form: str, source: Path, tmp_path: Path) -> None:
    kg.export(source, tmp_path / f"g.{form}")
    place = parts_of(source, tmp_path / "parts", form=form, jobs=2)
    written = merge_parts(place, tmp_path / f"m.{form}")
    assert (tmp_path / f"m.{form}").read_bytes() == (tmp_path / f"g.{form}").read_bytes()
    assert written.size == (tmp_path / f"m.{form}").stat().st_size
    # Packed otherwise, too.
    bare = form.partition(".")[0]
    kg.export(source, tmp_path / f"g.{bare}")
    merge_parts(str(place), tmp_path / f"m.{bare}")
    assert (tmp_path / f"m.{bare}").read_bytes() == (tmp_path / f"g.{bare}").read_bytes()


def test_a_later_export_replaces_all(source: Path, tmp_path: Path) -> None:
    """More parts than now, another format, what a killed process left: all of it goes, the manifest first."""
    place = parts_of(source, tmp_path / "parts", form="nt.gz")
    (place / ".part-000001.nt.gz.abc.part").write_bytes(b"x")
    seen: list[bool] = []
    small = good(tmp_path / "small", 2)
    kg.export(
        small, place, shards=True, on_progress=lambda *_: seen.append((place / "manifest.json").exists())
    )  # fmt: skip
    assert seen == [False]
    assert names(place) == ["manifest.json", "part-000000.ttl", "shared.ttl", "void.ttl"]
    again = parts_of(small, tmp_path / "again")
    assert {path.name: path.read_bytes() for path in place.iterdir()} == {
        path.name: path.read_bytes() for path in again.iterdir()
    }


def test_a_failed_export_has_no_manifest(source: Path, tmp_path: Path) -> None:
    place = parts_of(source, tmp_path / "parts")
    write(source, {"_figures/bad.md": "---\nfigid: [\n---\n"})
    with pytest.raises(KgError):
        parts_of(source, place, strict=True)
    assert "manifest.json" not in names(place)
    assert "shared.ttl" in names(place), "what an earlier export left stays until another one ends"
    assert not [name for name in names(place) if name.startswith(".")]


def test_foreign_files_are_kept(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = parts_of(source, tmp_path / "parts")
    write(place, {"notes.txt": "mine"})
    before = names(place)
    code, text = code_of(lambda: parts_of(source, place))
    assert (code, "notes.txt" in text) == ("folder-in-use", True)
    assert names(place) == before
    (place / "notes.txt").unlink()
    monkeypatch.chdir(place)
    assert code_of(lambda: parts_of(source, Path()))[0] == "folder-in-use"


def test_what_cannot_be_written_in_parts(source: Path, tmp_path: Path) -> None:
    for form in ("trig", "jsonld.gz"):
        assert code_of(lambda form=form: parts_of(source, tmp_path / "p", form=form))[0] == "not-in-parts"  # type: ignore[misc]
    assert code_of(lambda: parts_of(source, tmp_path / "none" / "p"))[0] == "unwritable-output"
    (tmp_path / "file").write_text("x")
    assert code_of(lambda: parts_of(source, tmp_path / "file"))[0] == "unwritable-output"
    assert code_of(lambda: kg.export(source, "memory://far/g.ttl"))[0] == "far-output"


def test_parts_that_vanish_before_the_end(source: Path, tmp_path: Path) -> None:
    place = tmp_path / "parts"

    def lose(done: int, _all: int) -> None:
        part = place / "part-000000.ttl"
        while done == 4 and not part.exists():  # another thread writes it
            time.sleep(0.01)
        part.unlink(missing_ok=done != 4)

    code, text = code_of(lambda: kg.export(source, place, shards=True, on_progress=lose))
    assert (code, "part-000000.ttl" in text) == ("lost-part", True)
    assert "manifest.json" not in names(place)


def flipped(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


DAMAGES: Final[dict[str, tuple[Callable[[Path], object], str, str]]] = {
    "no manifest": (lambda place: (place / "manifest.json").unlink(), "no-manifest", "give the command of the export"),
    "cut manifest": (lambda place: (place / "manifest.json").write_text("{"), "bad-manifest", "manifest.json"),
    "other manifest": (lambda place: (place / "manifest.json").write_text('{"a": 1}'), "bad-manifest", "manifest.json"),
    "list": (lambda place: (place / "manifest.json").write_text("[]"), "bad-manifest", "manifest.json"),
    "missing part": (lambda place: (place / "part-000001.nt.gz").unlink(), "broken-part", "part-000001.nt.gz"),
    "changed part": (lambda place: flipped(place / "part-000001.nt.gz"), "broken-part", "part-000001.nt.gz"),
    "cut part": (
        lambda place: (place / "shared.nt.gz").write_bytes((place / "shared.nt.gz").read_bytes()[:-1]),
        "broken-part",
        "bytes, the manifest says",
    ),
    "longer part": (
        lambda place: (place / "shared.nt.gz").write_bytes((place / "shared.nt.gz").read_bytes() + b"x"),
        "broken-part",
        "bytes, the manifest says",
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_parts_are_not_joined(damage: str, source: Path, tmp_path: Path) -> None:
    act, wanted, words = DAMAGES[damage]
    place = parts_of(source, tmp_path / "parts", form="nt.gz")
    act(place)
    result = kg_run("merge", place, "-o", tmp_path / "m.nt")
    assert f"error[{wanted}]" in result.output
    assert words in result.output
    assert result.exit_code == (1 if wanted == "broken-part" else 2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "parts"]


def test_merging_to_another_format(source: Path, tmp_path: Path) -> None:
    place = parts_of(source, tmp_path / "parts", form="nt")
    for name in ("m.ttl", "layers"):
        assert code_of(lambda name=name: merge_parts(place, tmp_path / name))[0] == "other-format"  # type: ignore[misc]
    assert code_of(lambda: merge_parts(tmp_path / "none", tmp_path / "m.nt"))[0] == "no-manifest"


def test_parts_at_a_url(source: Path, tmp_path: Path) -> None:
    """Far parts are the same; foreign files there are kept."""
    fsspec = pytest.importorskip("fsspec", reason="fsspec is not installed")
    place = parts_of(source, tmp_path / "parts", form="nt.gz")
    far = fsspec.filesystem("memory")
    kg.export(good(tmp_path / "more", 9), "memory://far/run/", shards=True, form="nt.gz", jobs=2)
    kg.export(source, "memory://far/run", shards=True, form="nt.gz")
    found = {path.rpartition("/")[2]: far.cat_file(path) for path in far.ls("/far/run", detail=False)}
    assert found == {path.name: path.read_bytes() for path in place.iterdir()}
    assert kg_run("merge", "memory://far/run", "-o", tmp_path / "m.nt").exit_code == 0
    merge_parts(place, tmp_path / "n.nt")
    assert (tmp_path / "m.nt").read_bytes() == (tmp_path / "n.nt").read_bytes()
    assert code_of(lambda: merge_parts("memory://far/none", tmp_path / "m.nt"))[0] == "no-manifest"
    far.pipe_file("/far/run/notes.txt", b"mine")
    assert code_of(lambda: kg.export(source, "memory://far/run", shards=True))[0] == "folder-in-use"
    far.rm("/far", recursive=True)


def test_a_file_url_is_a_path(source: Path, tmp_path: Path) -> None:
    kg.export(source.as_uri(), (tmp_path / "parts x").as_uri(), shards=True)
    assert names(tmp_path / "parts x") == names(parts_of(source, tmp_path / "parts"))
    assert code_of(lambda: kg.export("file://elsewhere/in", tmp_path / "g.ttl"))[0] == "bad-url"


def test_a_missing_package(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec", None)
    for act in (
        lambda: kg.export(source, "s3://bucket/run", shards=True),
        lambda: kg.export("s3://bucket/in", tmp_path / "g.ttl"),
        lambda: merge_parts("s3://bucket/run", tmp_path / "g.ttl"),
    ):
        code, text = code_of(act)
        assert (code, "pip install fsspec s3fs" in text) == ("missing-package", True)
    monkeypatch.undo()
    pytest.importorskip("fsspec", reason="fsspec is not installed")
    monkeypatch.setitem(sys.modules, "gcsfs", None)
    code, text = code_of(lambda: kg.export("gs://bucket/in", tmp_path / "g.ttl"))
    assert (code, text.endswith("pip install gcsfs")) == ("missing-package", True)
    assert code_of(lambda: kg.export("nowhere://bucket/in", tmp_path / "g.ttl"))[0] == "bad-url"
