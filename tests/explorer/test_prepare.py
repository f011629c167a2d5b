"""What the explorer makes of a graph: from files and stores, once, whole or not at all, and never in the source."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pyoxigraph as ox
import pytest

import kg.explorer.index.prepare as preparing
from kg.errors import QueryError, SourceError, UsageError
from kg.explorer.index.prepare import Prepared, prepare
from kg.explorer.index.reader import Index
from kg.load import load_graph
from kg.savedqueries import load_queries
from tests.conftest import ROOT
from tests.explorer.graphs import asked, random_graph

PREFIXES = "SELECT ?prefix ?namespace { [] sh:prefix ?prefix ; sh:namespace ?namespace }"
QUERIES = "SELECT DISTINCT ?sq ?c ?q { ?sq a sh:SPARQLExecutable ; rdfs:comment ?c ; sh:select|sh:ask|sh:construct ?q }"
VOID = """SELECT ?class ?property { ?d void:classPartition ?c . ?c void:class ?class ; void:propertyPartition ?p .
    ?p void:property ?property }"""


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    return random_graph(tmp_path / "graph.nt", figures=10)


def figures(made: Prepared) -> int:
    return Index(made.index).summary().figures


def content(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    """Every file of a folder with its size, time and bytes; RocksDB's diary of who opened it left out."""
    return {
        str(path.relative_to(folder)): (path.stat().st_size, path.stat().st_mtime_ns, path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".lock"
    }


def test_from_a_file(seed_graph: Path, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    with closing(prepare(seed_graph, cache=tmp_path / "cache", on_progress=lambda *step: told.append(step))) as made:
        assert (made.name, made.graph_file) == (seed_graph.name, seed_graph)
        assert figures(made) == 7
        assert {"rdfs", "pfo", "lex"} <= {prefix for prefix, _ in asked(made.data, PREFIXES)}
        assert len({iri for iri, _, _ in asked(made.data, QUERIES)}) == len(load_queries()) > 20
        assert ("https://w3id.org/pfocr-kg/vocab#Gene", "http://www.w3.org/2000/01/rdf-schema#label") in asked(
            made.data, VOID
        )
    assert told
    assert all(0 <= done <= of_all for done, of_all in told)


def test_each_query_runs_as_it_stands(seed_graph: Path, tmp_path: Path) -> None:
    with closing(prepare(seed_graph, cache=tmp_path / "cache")) as made:
        texts = {iri: text for iri, _, text in asked(made.data, QUERIES)}
        alone = [text for text in texts.values() if "SERVICE" not in text]
        store = ox.Store.read_only(str(made.data))
        assert len(alone) > 15
        assert sum(next(iter(store.query(text)), None) is not None for text in alone) > 10  # type: ignore[arg-type]


def test_prefixes_where_the_graph_has_none(graph: Path, tmp_path: Path) -> None:
    with closing(prepare(graph, cache=tmp_path / "cache")) as made:
        found = {row[0]: row[1] for row in asked(made.data, PREFIXES)}
    assert found["pfo"] == "https://w3id.org/pfocr-kg/vocab#"
    assert len(found) > 20


def test_another_base(seed_graph: Path, tmp_path: Path) -> None:
    text = seed_graph.read_text("utf-8").replace("https://w3id.org/pfocr-kg/", "https://example.org/other/")
    (tmp_path / "other.ttl").write_text(text, "utf-8")
    with closing(prepare(tmp_path / "other.ttl", cache=tmp_path / "cache")) as made:
        index = Index(made.index)
        stat3 = index.entity("gene", "6774")
        assert stat3 is not None
        assert stat3.figures == 1
        assert index.release().iri.startswith("https://example.org/other/dataset/")
        assert all(iri.startswith("https://example.org/other/queries/") for iri, _, _ in asked(made.data, QUERIES))


@pytest.mark.parametrize("packed", [".nt.gz", ".nq", ".trig"])
def test_other_formats(graph: Path, tmp_path: Path, packed: str) -> None:
    output = tmp_path / f"packed{packed}"
    if packed == ".nt.gz":
        output.write_bytes(gzip.compress(graph.read_bytes()))
    else:  # all in a named graph
        name = ox.NamedNode("https://example.org/graph")
        form = ox.RdfFormat.N_QUADS if packed == ".nq" else ox.RdfFormat.TRIG
        quads = (ox.Quad(one.subject, one.predicate, one.object, name) for one in ox.parse(path=str(graph)))
        ox.serialize(quads, str(output), format=form)
    with closing(prepare(output, cache=tmp_path / "cache")) as made:
        assert figures(made) == 10


@pytest.mark.parametrize("plain", [False, True])
def test_a_store_is_taken_over_and_not_changed(graph: Path, tmp_path: Path, *, plain: bool) -> None:
    source = tmp_path / "source.store"
    if plain:
        store = ox.Store(str(source))
        named = ox.NamedNode("https://example.org/graph")
        store.bulk_load(path=str(graph), format=ox.RdfFormat.N_TRIPLES, to_graph=named)
        store.flush()
        del store
    else:
        load_graph(graph, source)
    before = content(source)
    with closing(prepare(source, cache=tmp_path / "cache")) as made:
        assert figures(made) == 10
        assert made.graph_file is None
        assert asked(made.data, QUERIES)
        again = prepare(source, cache=tmp_path / "cache")
        assert (again.data, again.index) == (made.data, made.index)
        again.close()
    assert content(source) == before
    assert asked(source if plain else next(source.glob("data-????????")), QUERIES) == []


def test_beside_the_source_unless_told(graph: Path, tmp_path: Path) -> None:
    with closing(prepare(graph)) as made:
        assert made.data.is_relative_to(tmp_path / "graph.nt.explorer")
        assert made.index.is_relative_to(tmp_path / "graph.nt.explorer")


def test_used_again_until_something_changes(graph: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def made() -> tuple[Path, Path]:
        with closing(prepare(graph, cache=tmp_path / "cache")) as found:
            return found.data, found.index

    first = made()
    assert made() == first
    os.utime(graph, ns=(1, 1))
    second = made()
    assert second[0] != first[0]
    random_graph(graph, figures=11)
    third = made()
    assert Index(third[1]).summary().figures == 11
    monkeypatch.setattr(preparing, "tool_version", lambda: "99")
    fourth = made()
    assert fourth[0] != third[0]
    monkeypatch.setattr(preparing, "FORMAT", 99)
    fifth = made()
    assert fifth[0] != fourth[0]
    assert [path for path, _ in (first, second, third, fourth) if path.exists()] == []
    assert [path for _, path in (first, second, third, fourth) if path.exists()] == []
    assert made() == fifth


def test_what_is_served_stays(graph: Path, tmp_path: Path) -> None:
    with closing(prepare(graph, cache=tmp_path / "cache")) as served:
        random_graph(graph, figures=12)
        with closing(prepare(graph, cache=tmp_path / "cache")) as newer:
            assert (figures(served), figures(newer)) == (10, 12)
            assert asked(served.data, QUERIES)
    os.utime(graph, ns=(1, 1))
    with closing(prepare(graph, cache=tmp_path / "cache")):
        assert not served.data.exists()
        assert not served.index.exists()


@pytest.mark.parametrize("step", ["_add_queries", "build_index", "_commit"])
def test_a_failed_start_leaves_nothing_that_is_taken_for_whole(
    graph: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(preparing, step, fail)
        with pytest.raises(KeyboardInterrupt):
            prepare(graph, cache=tmp_path / "cache")
    assert not (tmp_path / "cache" / "prepared.json").exists()
    with closing(prepare(graph, cache=tmp_path / "cache")) as made:
        assert figures(made) == 10
        assert asked(made.data, QUERIES)
    assert not list((tmp_path / "cache").glob(".*.part"))


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_a_killed_start(tmp_path: Path) -> None:
    graph = random_graph(tmp_path / "graph.nt", figures=400)
    script = f"from pathlib import Path; from kg.explorer.index.prepare import prepare; prepare(Path({str(graph)!r}))"
    for patience in (0.3, 0.6, 0.9):
        with subprocess.Popen([sys.executable, "-c", script], cwd=ROOT) as process:
            time.sleep(patience)
            process.send_signal(signal.SIGKILL)
    with closing(prepare(graph)) as made:
        assert figures(made) == 400
        assert asked(made.data, QUERIES)


def test_two_starts_at_once(tmp_path: Path) -> None:
    graph = random_graph(tmp_path / "graph.nt", figures=100)
    script = (
        "from pathlib import Path; from kg.explorer.index.prepare import prepare;"
        "from kg.explorer.index.reader import Index;"
        f"made = prepare(Path({str(graph)!r})); print(made.data, Index(made.index).summary().figures); made.close()"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    answers = [process.communicate(timeout=60)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert len(set(answers)) == 1
    assert answers[0].split()[-1] == "100"


@pytest.mark.parametrize("broken", ["prepared.json", "store/store.json", "index", "data"])
def test_a_broken_cache_is_made_again(graph: Path, tmp_path: Path, broken: str) -> None:
    with closing(prepare(graph, cache=tmp_path / "cache")) as made:
        paths = {"index": made.index, "data": made.data}
    path = paths.get(broken, tmp_path / "cache" / broken)
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    if broken == "prepared.json":
        path.write_text(json.dumps({"data": 1}), encoding="utf-8")
    with closing(prepare(graph, cache=tmp_path / "cache")) as again:
        assert figures(again) == 10
        assert asked(again.data, QUERIES)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written(graph: Path, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with closing(prepare(graph)) as made:
            assert figures(made) == 10
            assert not made.data.is_relative_to(tmp_path)
    finally:
        tmp_path.chmod(0o700)


def test_a_temporary_folder_goes_with_it(graph: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparing, "_writable", lambda _folder: False)
    with closing(prepare(graph)) as made:
        assert figures(made) == 10
        assert not made.data.is_relative_to(tmp_path)
        assert made.data.is_dir()
    assert not made.data.exists()
    assert not (tmp_path / "graph.nt.explorer").exists()


def test_what_cannot_be_served(graph: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.ttl").write_text("<a> <b>", encoding="utf-8")
    (tmp_path / "text.txt").write_text("text", encoding="utf-8")
    (tmp_path / "broken.store").mkdir()
    (tmp_path / "broken.store" / "CURRENT").write_text("MANIFEST-000001\n", encoding="utf-8")
    with pytest.raises(UsageError, match="unreadable-graph"):
        prepare(tmp_path / "missing.ttl")
    with pytest.raises(SourceError, match="bad-rdf"):
        prepare(tmp_path / "bad.ttl")
    with pytest.raises(UsageError, match="unknown-format"):
        prepare(tmp_path / "text.txt")
    with pytest.raises(QueryError, match="unreadable-store"):
        prepare(tmp_path / "broken.store")
    with pytest.raises(UsageError, match="folder-in-use"):
        prepare(graph, cache=tmp_path)
