"""`load_graph`: formats, named graphs, replacing and adding, broken input, readers and other loads at the same time."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pyoxigraph as ox
import pytest
import zstandard

import kg
from tests.conftest import SEEDS
from tests.small import environment, kg_command

TRIPLES: Final = "SELECT ?s ?p ?o { ?s ?p ?o }"
COUNT: Final = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
SUFFIXES: Final = {
    "ttl": ox.RdfFormat.TURTLE,
    "turtle": ox.RdfFormat.TURTLE,
    "nt": ox.RdfFormat.N_TRIPLES,
    "nq": ox.RdfFormat.N_QUADS,
    "trig": ox.RdfFormat.TRIG,
    "n3": ox.RdfFormat.N3,
    "rdf": ox.RdfFormat.RDF_XML,
    "xml": ox.RdfFormat.RDF_XML,
    "owl": ox.RdfFormat.RDF_XML,
    "jsonld": ox.RdfFormat.JSON_LD,
    "json": ox.RdfFormat.JSON_LD,
}
SAVED: Final[dict[str, dict[str, str]]] = {
    "figures-for-gene": {"gene": "STAT3"},
    "figures-for-gene-and-chemical": {},
    "co-mentioned-genes": {},
    "gene-sets": {},
    "dataset-card": {},
    "journal-profile": {},
    "genes-of-figure": {},
    "suspect-mentions": {},
}
SMALL: Final = "<https://example.net/s> <https://example.net/p> 1, 2, 3 .\n"


def triples(store: Path) -> Counter[tuple[Any, ...]]:
    """All that a store answers, as terms; a triple that comes twice counts twice."""
    with kg.open_store(store) as opened:
        return Counter(opened.query(TRIPLES).terms())


def size(store: Path) -> int:
    """The number of triples that a store counts."""
    with kg.open_store(store) as opened:
        number = opened.query(COUNT).rows()[0]["n"]
    assert isinstance(number, int)
    return number


def saved_rows(store: Path, name: str) -> Counter[tuple[tuple[str, str], ...]]:
    """The rows of a saved query in no order, since some leave the order of equals open."""
    with kg.open_store(store) as opened:
        return Counter(tuple((k, repr(v)) for k, v in row.items()) for row in opened.query(name, params=SAVED[name]))


def entries(folder: Path) -> dict[str, bytes]:
    """All files below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def write(path: Path, text: str | bytes) -> Path:
    """A file with a text."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def code_of(*arguments: Any, **options: Any) -> str:
    """The code of the error that a load ends with."""
    with pytest.raises(kg.KgError) as caught:
        kg.load_graph(*arguments, **options)
    return caught.value.problem.code


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory, seed_graph: Path) -> Path:
    """A folder with the seeds' graph as Turtle, as N-Quads and TriG with named graphs, and as a folder of layers."""
    folder = tmp_path_factory.mktemp("all")
    shutil.copy(seed_graph, folder / "g.ttl")
    for name in ("g.nq", "g.trig", "layers"):
        kg.export(SEEDS, folder / name)
    return folder


@pytest.fixture(scope="module")
def loaded(seeds: Path) -> dict[str, Path]:
    """Stores of the Turtle file and of the N-Quads file."""
    for name in ("ttl", "nq"):
        kg.load_graph(seeds / f"g.{name}", seeds / f"{name}.store")
    return {name: seeds / f"{name}.store" for name in ("ttl", "nq")}


# --- formats -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("packed", ["", "gz", "zst"])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_format_gives_the_same_store(suffix: str, packed: str, seeds: Path, tmp_path: Path) -> None:
    """The same triples from every format, packed or not."""
    assert len(SUFFIXES) == 11
    graph = list(ox.parse(path=seeds / "g.ttl"))
    data = ox.serialize((quad.triple for quad in graph), format=SUFFIXES[suffix])
    assert data is not None
    if packed:
        data = gzip.compress(data) if packed == "gz" else zstandard.compress(data)
    path = write(tmp_path / f"g.{suffix}{'.' * bool(packed)}{packed}", data)
    report = kg.load_graph(path, tmp_path / "s")
    assert (report.triples, report.graphs, report.bytes_read) == (len(graph), (), len(data))
    wanted = Counter((str(q.subject), str(q.predicate), str(q.object)) for q in graph)
    assert len(wanted) > 3000
    assert triples(tmp_path / "s") == wanted


@pytest.mark.parametrize("name", ["g.nq", "g.trig", "layers"])
def test_layers_give_the_same_triples(name: str, seeds: Path, loaded: dict[str, Path], tmp_path: Path) -> None:
    """Named graphs and folders of layers hold the triples of the one Turtle file."""
    report = kg.load_graph(seeds / name, tmp_path / "s")
    found, wanted = triples(tmp_path / "s"), triples(loaded["ttl"])
    assert len(report.graphs) == (0 if name == "layers" else 6)
    assert len(report.files) == (6 if name == "layers" else 1)
    if name == "layers":  # a folder of layers is described in another way
        found, wanted = (
            Counter(
                {t: n for t, n in each.items() if "/pfocr-kg/dataset/" not in t[0] and "/pfocr-kg/graph/" not in t[0]}
            )
            for each in (found, wanted)
        )
    assert len(wanted) > 2000
    assert found == wanted


def test_format_that_the_suffix_does_not_tell(tmp_path: Path) -> None:
    """`form` tells it; without it the file is refused."""
    path = write(tmp_path / "graph.txt", SMALL)
    assert code_of(path, tmp_path / "s") == "unknown-format"
    assert not (tmp_path / "s").exists()
    assert kg.load_graph(path, tmp_path / "s", form="ttl").triples == 3


def test_several_files(tmp_path: Path) -> None:
    """Several files, of several formats, make one store; a triple that two files hold is there once."""
    one, two = write(tmp_path / "a.ttl", SMALL), write(tmp_path / "b.ttl", SMALL.replace("3", "4"))
    three = write(tmp_path / "c.nq", "<https://example.net/s> <https://example.net/p> <https://example.net/o> .\n")
    report = kg.load_graph([one, two, three], tmp_path / "s")
    assert (report.triples, len(report.files), size(tmp_path / "s")) == (5, 3, 5)


@pytest.mark.parametrize("name", ["with space", "α β 図", "a%20b", "quote'\"s", "new\nline", "-dash"])
def test_odd_paths(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names of files and folders are names, not patterns or addresses."""
    write(tmp_path / name / f"{name}.ttl.gz", gzip.compress(SMALL.encode()))
    monkeypatch.chdir(tmp_path)
    store = Path(name) / f"{name}.store"
    kg.load_graph(Path(name) / f"{name}.ttl.gz", store)
    kg.load_graph(Path(name) / f"{name}.ttl.gz", store, add=True)
    assert size(store) == 3
    assert len([path for path in store.iterdir() if path.is_dir()]) == 1


def test_progress(tmp_path: Path) -> None:
    """The bar is told bytes that never go back and end at all of them, over several files."""
    lines = "".join(f'<https://example.net/{n}> <https://example.net/p> "{n}" .\n' for n in range(20_000))
    paths = [write(tmp_path / "a.nt", lines), write(tmp_path / "b.nt.gz", gzip.compress(lines.encode()))]
    total, told = sum(path.stat().st_size for path in paths), list[tuple[int, int]]()
    kg.load_graph(paths, tmp_path / "s", on_progress=lambda done, of_all: told.append((done, of_all)))
    assert len(told) > 5
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert {of_all for _, of_all in told} == {total}
    assert told[-1][0] == total


# --- named graphs ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SAVED)
def test_queries_with_and_without_named_graphs(name: str, loaded: dict[str, Path]) -> None:
    """A saved query gives the same rows where the layers are named graphs."""
    assert len(SAVED) == 8
    rows = saved_rows(loaded["ttl"], name)
    assert rows
    assert saved_rows(loaded["nq"], name) == rows


def test_named_graphs_are_kept(loaded: dict[str, Path]) -> None:
    """`GRAPH ?g` finds each layer with its triples in the store of N-Quads, and none in that of Turtle."""
    text = "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g"
    with kg.open_store(loaded["nq"]) as store:
        sizes = {row["g"]: row["n"] for row in store.query(text)}
    assert {str(name).rsplit("/", 1)[1] for name in sizes} == {
        "chemicals", "core", "diseases", "genes", "links", "meta",
    }  # fmt: skip
    assert sum(number for number in sizes.values() if isinstance(number, int)) == size(loaded["ttl"])
    with kg.open_store(loaded["ttl"]) as store:
        assert store.query(text).rows() == []


def test_report_names_the_graphs(tmp_path: Path) -> None:
    """IRIs in order, those of an earlier load too where it is kept."""
    line = "<https://example.net/s> <https://example.net/p> 1 <https://example.net/{}> .\n".replace(" 1 ", ' "1" ')
    kg.load_graph(write(tmp_path / "a.nq", line.format("b") + line.format("a")), tmp_path / "s")
    report = kg.load_graph(write(tmp_path / "b.nq", line.format("c")), tmp_path / "s", add=True)
    assert report.graphs == ("https://example.net/a", "https://example.net/b", "https://example.net/c")
    assert report.triples == 1  # one triple, in three graphs


def test_triple_in_several_graphs_counts_once(tmp_path: Path) -> None:
    """What queries are put to is the merge of all graphs, and a graph is a set."""
    line = '<https://example.net/s> <https://example.net/p> "1" {} .\n'
    text = "".join(line.format(g) for g in ("", "<https://example.net/a>", "<https://example.net/b>"))
    kg.load_graph(write(tmp_path / "g.nq", text), tmp_path / "s")
    assert (size(tmp_path / "s"), triples(tmp_path / "s").total()) == (1, 1)


def test_layers_added_to_the_same_graph(seeds: Path, loaded: dict[str, Path], tmp_path: Path) -> None:
    """Adding the N-Quads of a graph to its Turtle changes no query's rows."""
    kg.load_graph([seeds / "g.ttl", seeds / "g.nq"], tmp_path / "s")
    assert saved_rows(tmp_path / "s", "figures-for-gene") == saved_rows(loaded["ttl"], "figures-for-gene")


# --- again, and more ---------------------------------------------------------------------------------------------


def test_repeatable(seeds: Path, tmp_path: Path) -> None:
    """The same file twice gives the same answers, and the folder does not grow."""
    found = []
    for _ in range(3):
        report = kg.load_graph(seeds / "g.ttl", tmp_path / "s")
        found.append((report.triples, triples(tmp_path / "s"), len(list((tmp_path / "s").glob("data-*[!k]")))))
    assert found[0][0] == found[0][1].total() > 3000
    assert found[0][2] == 1
    assert found[1:] == found[:1] * 2


def test_replace_and_add(tmp_path: Path) -> None:
    """A load replaces what there was; with `add` it keeps it; adding again changes nothing."""
    one, two = write(tmp_path / "a.ttl", SMALL), write(tmp_path / "b.ttl", SMALL.replace("/s>", "/t>"))
    store = tmp_path / "s"
    assert kg.load_graph(one, store, add=True).triples == 3  # there is nothing yet to add to
    assert kg.load_graph(two, store).triples == 3
    assert {subject for subject, _, _ in triples(store)} == {"<https://example.net/t>"}
    for _ in range(3):
        assert kg.load_graph(one, store, add=True).triples == 6
        assert set(triples(store).values()) == {1}
        assert size(store) == 6
    assert kg.load_graph(one, store).triples == 3
    assert {subject for subject, _, _ in triples(store)} == {"<https://example.net/s>"}


def test_adding_again_notes_a_file_once(tmp_path: Path) -> None:
    """Else the warning that a file has changed would come twice, and stay after the new file was added."""
    path, store = write(tmp_path / "a.ttl", SMALL), tmp_path / "s"
    kg.load_graph(path, store)
    write(path, SMALL.replace("3", "4"))
    kg.load_graph(path, store, add=True)
    sources = json.loads((store / "store.json").read_text("utf-8"))["sources"]
    assert [source["path"] for source in sources] == [str(path.resolve())]
    assert sources[0]["mtime"] == path.stat().st_mtime_ns


def test_blank_nodes_of_two_files_stay_apart(tmp_path: Path) -> None:
    """_:a of one file is not _:a of another (RDF 1.1, section 3.4)."""
    paths = [write(tmp_path / f"{n}.ttl", f"_:a <https://example.net/p> {n} .\n") for n in (1, 2)]
    kg.load_graph(paths, tmp_path / "s")
    assert len({subject for subject, _, _ in triples(tmp_path / "s")}) == 2


def test_empty_graph(tmp_path: Path) -> None:
    """An empty Turtle file is a graph; its store answers."""
    assert kg.load_graph(write(tmp_path / "g.ttl", "# nothing\n"), tmp_path / "s").triples == 0
    assert triples(tmp_path / "s") == Counter()


# --- broken input ------------------------------------------------------------------------------------------------

BROKEN: Final[dict[str, tuple[str | bytes, str]]] = {
    "g.ttl": (SMALL + "<https://example.net/s> <https://example.net/p> oops .\n", "g.ttl:2:49: error[bad-rdf]: "),
    "g.nt": ('<https://example.net/s> <https://example.net/p> "1" .\n\nnonsense\n', "g.nt:3:1: error[bad-rdf]: "),
    "g.nq": ("<https://example.net/s> <p q> <https://example.net/o> .\n", "g.nq:1:25: error[bad-rdf]: "),
    "g.trig": ("<https://example.net/g> { <https://example.net/s> ; } .\n", "g.trig:1:51: error[bad-rdf]: "),
    "g.rdf": ("<rdf:RDF>\n<a></b>\n", "g.rdf"),
    "g.jsonld": ('{"@id": "https://example.net/s",\n', "g.jsonld"),
    "remote.jsonld": ('{"@context": "https://example.net/c", "name": "x"}', "names a remote context"),
    "cut.ttl.gz": (gzip.compress(SMALL.encode() * 99)[:-12], "cut.ttl.gz: "),
    "cut.ttl.zst": (zstandard.compress(SMALL.encode() * 99)[:-6], "cut.ttl.zst: the file is cut short"),
    "none.ttl.gz": (SMALL, "none.ttl.gz: "),
    "none.ttl.zst": (SMALL, "none.ttl.zst: "),
    "empty.ttl.gz": (b"", "empty.ttl.gz: "),
    "empty.ttl.zst": (b"", "empty.ttl.zst: "),
    "latin.ttl": ('<https://example.net/s> <https://example.net/p> "f\xfcr" .'.encode("latin-1"), "latin.ttl"),
    "late.nt": (f"{SMALL.replace(', 2, 3', '')}".replace(" 1", ' "1"') * 150_000 + "x\n", "late.nt:150001:1: "),
}


@pytest.mark.parametrize("add", [False, True], ids=["replace", "add"])
@pytest.mark.parametrize("name", BROKEN)
def test_broken_file(name: str, add: bool, tmp_path: Path) -> None:
    """The error tells file, line and column; the store is as it was, byte for byte, even behind good files."""
    assert len(BROKEN) == 15
    text, message = BROKEN[name]
    good, bad = write(tmp_path / "good.ttl", SMALL.replace("/s>", "/t>")), write(tmp_path / "in" / name, text)
    store = tmp_path / "s"
    kg.load_graph(write(tmp_path / "old.ttl", SMALL), store)
    before = entries(store)
    with pytest.raises(kg.KgError) as caught:
        kg.load_graph([good, bad], store, add=add)
    assert message in caught.value.problem.text()
    assert str(bad) in caught.value.problem.text()
    assert type(caught.value) is (kg.UsageError if bad.suffix in (".gz", ".zst") else kg.SourceError)
    assert entries(store) == before
    assert sum(triples(store).values()) == 3


def test_broken_file_and_no_store_before(tmp_path: Path) -> None:
    """There is no store after it; what is left of its folder does not stand in the way of anything."""
    bad = write(tmp_path / "bad.ttl", "oops")
    assert code_of(bad, tmp_path / "s") == "bad-rdf"
    with pytest.raises(kg.QueryError) as caught:
        size(tmp_path / "s")
    assert caught.value.problem.code == "no-store"
    kg.load_graph(write(tmp_path / "good.ttl", SMALL), tmp_path / "s")
    assert size(tmp_path / "s") == 3


@pytest.mark.parametrize("name", ["missing.ttl", "missing.nq.gz", "missing", "folder/missing.ttl"])
def test_missing_file(name: str, tmp_path: Path) -> None:
    """A missing file is noticed before anything is made, also behind good ones."""
    good = write(tmp_path / "good.ttl", SMALL)
    with pytest.raises(kg.UsageError) as caught:
        kg.load_graph([good, tmp_path / name], tmp_path / "s", form=None if "." in name else "ttl")
    assert caught.value.problem.code == "unreadable-graph"
    assert str(tmp_path / name) in caught.value.problem.text()
    assert not (tmp_path / "s").exists()


def test_folder_of_other_files_is_refused(tmp_path: Path) -> None:
    """A folder that holds anything else is left alone, a file too."""
    graph = write(tmp_path / "g.ttl", SMALL)
    for name in ("mine/thesis.txt", "deep/data/file", "hidden/.gitignore", "rocks/CURRENT"):
        write(tmp_path / name, "mine")
        before = entries(tmp_path)
        assert code_of(graph, tmp_path / name.split("/", maxsplit=1)[0]) == "folder-in-use"
        assert entries(tmp_path) == before
    assert code_of(graph, tmp_path / "mine" / "thesis.txt") in ("unwritable-output", "folder-in-use")
    assert entries(tmp_path) == before


def test_store_with_a_broken_description_can_be_loaded_again(tmp_path: Path) -> None:
    """The error of a broken store.json says to load the graph again, so that must work."""
    graph, store = write(tmp_path / "g.ttl", SMALL), tmp_path / "s"
    kg.load_graph(graph, store)
    write(store / "store.json", "{")
    with pytest.raises(kg.QueryError) as caught:
        size(store)
    assert caught.value.problem.code == "unreadable-store"
    assert "load the graph again" in caught.value.problem.text()
    kg.load_graph(graph, store)
    assert size(store) == 3


def test_data_that_is_gone(tmp_path: Path) -> None:
    """A store without its data says so, both to a query and to `--add`, and can be loaded again."""
    graph, store = write(tmp_path / "g.ttl", SMALL), tmp_path / "s"
    kg.load_graph(graph, store)
    (data,) = (path for path in store.iterdir() if path.is_dir())
    shutil.rmtree(data)
    with pytest.raises(kg.QueryError) as caught:
        size(store)
    assert caught.value.problem.code == "unreadable-store"
    assert code_of(graph, store, add=True) in ("unreadable-store", "no-store")
    kg.load_graph(graph, store)
    assert size(store) == 3


# --- at the same time --------------------------------------------------------------------------------------------


@contextlib.contextmanager
def held_load(folder: Path, store: Path) -> Iterator[subprocess.Popen[str]]:
    """A load that waits in the midst of its file until the block ends, and is good then: its file is a FIFO."""
    fifo = folder / "slow.nt"
    os.mkfifo(fifo)
    process = subprocess.Popen(
        kg_command("load", fifo, "--store", store), stderr=subprocess.PIPE, text=True, env=environment()
    )
    try:
        with fifo.open("w") as writer:  # opens once the load reads
            writer.write('<https://example.net/slow> <https://example.net/p> "1" .\n')
            writer.flush()
            yield process
    finally:
        process.wait(timeout=30)
        assert process.stderr is not None
        process.stderr.close()


@pytest.mark.skipif(os.name != "posix", reason="needs a FIFO")
def test_two_loads_at_once(tmp_path: Path) -> None:
    """The second is refused and leaves no trace; the first goes on, and the store answers all the while."""
    store, other = tmp_path / "s", write(tmp_path / "other.ttl", SMALL)
    kg.load_graph(other, store)
    with held_load(tmp_path, store) as process:
        before = sorted(store.rglob("*"))
        for add in (False, True):
            assert code_of(other, store, add=add) == "store-busy"
        assert sorted(store.rglob("*")) == before
        assert process.poll() is None
        assert size(store) == 3
        assert kg.load_graph(other, tmp_path / "elsewhere").triples == 3
    assert process.returncode == 0
    assert set(triples(store)) == {("<https://example.net/slow>", "<https://example.net/p>", '"1"')}
    kg.load_graph(other, store)
    assert size(store) == 3


def test_two_loads_of_one_process(tmp_path: Path) -> None:
    """Threads of one process are kept apart too."""
    store, graph = tmp_path / "s", write(tmp_path / "g.ttl", SMALL)
    codes: list[str] = []
    kg.load_graph(graph, store, on_progress=lambda _done, _all: codes.append(code_of(graph, store)))
    assert set(codes) == {"store-busy"}
    assert size(store) == 3


@pytest.mark.skipif(os.name != "posix", reason="needs locks of files")
def test_reader_goes_on_while_the_store_is_replaced(tmp_path: Path) -> None:
    """Who has a store open sees it as it was until closed; its data goes with the first load after that."""
    store = tmp_path / "s"
    first, second = write(tmp_path / "a.ttl", SMALL), write(tmp_path / "b.ttl", SMALL.replace(", 3", ""))
    kg.load_graph(first, store)

    def data() -> set[str]:
        return {path.name for path in store.iterdir() if path.is_dir()}

    (old,) = data()
    with kg.open_store(store) as reader, kg.open_store(store) as other:
        assert reader.query(COUNT).rows() == other.query(COUNT).rows() == [{"n": 3}]
        for _ in range(2):
            kg.load_graph(second, store)
            assert reader.query(COUNT).rows() == [{"n": 3}]
            assert len(data()) == 2
            assert old in data()
        other.close()
        kg.load_graph(second, store)
        assert old in data()  # one of the two still reads
        assert size(store) == 2
    kg.load_graph(second, store)
    assert len(data()) == 1
    assert old not in data()
    assert [path.name for path in store.glob("*.lock") if path.stem != "load" and path.stem not in data()] == []


def test_readers_and_loads_over_and_over(tmp_path: Path) -> None:
    """Whenever a store is opened while loads replace it, it answers with all of one load."""
    store, number = tmp_path / "s", 0
    graphs = [write(tmp_path / f"{n}.ttl", SMALL.replace("/s>", f"/{n}>")) for n in range(2)]
    kg.load_graph(graphs[0], store)
    stop, failed = threading.Event(), list[BaseException]()

    def load() -> None:
        turn = 0
        try:
            while not stop.is_set():
                turn += 1
                kg.load_graph(graphs[turn % 2], store)
        except BaseException as error:  # noqa: BLE001 (told by the test)
            failed.append(error)

    thread = threading.Thread(target=load)
    thread.start()
    try:
        until = time.monotonic() + 2
        while time.monotonic() < until:
            found = triples(store)
            assert found.total() == 3
            assert len({subject for subject, _, _ in found}) == 1
            number += 1
    finally:
        stop.set()
        thread.join()
    assert failed == []
    assert number >= 3
    kg.load_graph(graphs[0], store)
    assert len([path for path in store.iterdir() if path.is_dir()]) == 1


# --- other stores and folders ------------------------------------------------------------------------------------


def test_plain_oxigraph_database(tmp_path: Path) -> None:
    """A database that Oxigraph itself made opens, and nothing is written in it or beside it."""
    plain = tmp_path / "db"
    database = ox.Store(str(plain))
    database.load(SMALL.encode(), format=ox.RdfFormat.TURTLE)
    database.flush()
    del database
    before = entries(tmp_path)
    assert size(plain) == 3
    assert entries(tmp_path) == before
    assert code_of(write(tmp_path / "g.ttl", SMALL), plain) == "folder-in-use"


# Root may write anywhere until it gives up CAP_DAC_OVERRIDE (1, linux/capability.h) by PR_CAPBSET_DROP (24).
_BOUND: Final = (
    "import ctypes, os, sys\n"
    "ctypes.CDLL(None).prctl(24, 1)\n"
    "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])\n"
)


def bound_by_modes(*arguments: object) -> subprocess.CompletedProcess[str]:
    """The command as a user whom file modes bind."""
    command = [sys.executable, "-c", _BOUND, *kg_command(*arguments)[1:]]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment())


@pytest.mark.skipif(sys.platform != "linux", reason="file modes and Linux's capabilities")
def test_read_only_folder(tmp_path: Path) -> None:
    """A store that may only be read answers; a load into it is refused with one clear message."""
    folder = tmp_path / "closed"
    store, graph = folder / "s", write(folder / "g.ttl", SMALL)
    kg.load_graph(graph, store)
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    before = entries(folder)
    try:
        done = bound_by_modes("query", COUNT, "--store", store, "--format", "csv")
        assert (done.returncode, done.stdout.split()) == (0, ["n", "3"]), done.stderr
        for target in (store, folder / "new"):
            done = bound_by_modes("load", graph, "--store", target)
            assert (done.returncode, done.stdout) == (2, ""), done.stderr
            assert "error[unwritable-output]: " in done.stderr
            assert "Permission denied" in done.stderr
        assert entries(folder) == before
    finally:
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o755)
