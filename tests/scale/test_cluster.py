"""Exports on a Dask cluster: the same bytes as here, whatever is lost on the way."""

from __future__ import annotations

import os
import re
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest

import kg
from kg import cluster as module
from kg.cluster import Setup
from kg.errors import KgError, UsageError
from kg.mergeparts import merge_parts
from kg.options import ExportOptions
from kg.parts import PartWriter
from tests.scale.clusters import Cluster, cluster, killed, made_records
from tests.small import genes, kg_process, kg_run, record, write

pytest.importorskip("distributed", reason="distributed is not installed (pip install 'pfocr-kg[dask]')")
pytestmark = pytest.mark.loopback

MOUSE: Final = {"organism_id": "10090", "organism_name": "Mus musculus", "ncbigene_id": "16452"}
SMALL: Final = 10
"""Records in a chunk, so that there are many."""


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_records(tmp_path_factory.mktemp("scale") / "records")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster(tmp_path_factory.mktemp("cluster")) as started:
        yield started


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kg.pipeline._CHUNK", SMALL)
    monkeypatch.setattr("kg.pipeline._SLOW_CHUNK", SMALL)


def files_of(folder: Path) -> dict[str, bytes]:
    """All files of a folder, hidden ones too."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def at(number: int, act: Callable[[], object]) -> Callable[[int, int], None]:
    """Does something once, when so many records are done."""
    waiting = [act]

    def on_progress(done: int, _all: int) -> None:
        if done >= number and waiting:
            waiting.pop()()

    return on_progress


def code_of(source: object, output: object, **settings: Any) -> tuple[str, str]:
    """The error of an export: its code and its text."""
    with pytest.raises(KgError) as caught:
        kg.export(source, output, **settings)  # type: ignore[arg-type]
    return caught.value.problem.code, caught.value.problem.text()


# --- the same result ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["g.ttl", "g.nq.gz", "g.trig", "layers"])
def test_the_bytes_are_those_of_one_process(name: str, records: Path, running: Cluster, tmp_path: Path) -> None:
    for place, settings in (("here", {"jobs": 1}), ("there", {"scheduler": running.address})):
        (tmp_path / place).mkdir()
        report = kg.export(records, tmp_path / place / name, **settings)
        assert (report.records, report.figures) == (400, 400)
    here, there = tmp_path / "here", tmp_path / "there"
    if name == "layers":
        here, there = here / name, there / name
    assert files_of(here) == files_of(there)


@pytest.mark.parametrize("form", ["ttl", "nt", "nq.gz"])
def test_parts_are_the_same_by_whomever_and_make_the_file(
    form: str, records: Path, running: Cluster, tmp_path: Path
) -> None:
    kg.export(records, tmp_path / f"g.{form}", jobs=1)
    for jobs in (1, 2, 5):
        kg.export(records, tmp_path / f"jobs-{jobs}", jobs=jobs, shards=True, form=form)
    report = kg.export(records, tmp_path / "dask", shards=True, form=form, scheduler=running.address)
    assert len(report.files) > 40
    wanted = files_of(tmp_path / "jobs-1")
    assert set(wanted) == {file.name for file in report.files}
    for other in ("jobs-2", "jobs-5", "dask"):
        assert files_of(tmp_path / other) == wanted, other
    assert kg_run("merge", tmp_path / "dask", "-o", tmp_path / f"m.{form}").exit_code == 0
    assert (tmp_path / f"m.{form}").read_bytes() == (tmp_path / f"g.{form}").read_bytes()


def test_relative_names_and_messages(running: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers have another working folder; broken records are reported and kept aside all the same."""
    write(tmp_path / "in", {"a.md": record("PMC1__a"), "b.md": "---\nfigid: [\n---\n", "c.md": record("PMC3__c")})
    monkeypatch.chdir(tmp_path)
    report = kg.export("in", "out.ttl", scheduler=running.address, quarantine=Path("bad"))
    assert (report.figures, report.left_out.total()) == (2, 1)
    assert [problem.path for problem in report.problems] == [str(tmp_path / "in" / "b.md")]
    assert (tmp_path / "bad" / "_figures" / "b.md").exists()
    code, text = code_of("in", "strict.ttl", scheduler=running.address, strict=True)
    assert "b.md" in text
    assert not (tmp_path / "strict.ttl").exists(), code


def test_workers_remember_nothing_of_another_export(tmp_path: Path) -> None:
    """Only the first of the two looks into the embedded lexicon, and says so."""
    alone = write(tmp_path / "alone", {"a.md": record("PMC1__a", {"keywords": "STAT3 | JAK2"})})
    tabled = write(tmp_path / "tabled", {"b.md": record("PMC2__b"), "PMC2__b-genes.tsv": genes(MOUSE)})
    with cluster(tmp_path / "cluster", workers=1) as running:
        kg.export(alone, tmp_path / "alone.nt", scheduler=running.address)
        kg.export(tabled, tmp_path / "there.nt", scheduler=running.address)
    kg.export(tabled, tmp_path / "here.nt", jobs=1)
    assert "lexicon-file" in (tmp_path / "alone.nt").read_text("utf-8")
    assert "lexicon-file" not in (tmp_path / "here.nt").read_text("utf-8")
    assert (tmp_path / "there.nt").read_bytes() == (tmp_path / "here.nt").read_bytes()


def test_own_shapes_must_be_there(running: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = write(tmp_path / "in", {"a.md": record("PMC1__a")})
    own = tmp_path / "shapes"
    shutil.copytree(Path(kg.__file__).parents[1] / "shapes", own)
    monkeypatch.chdir(tmp_path)
    assert kg.export(source, "g.ttl", scheduler=running.address, shapes=Path("shapes")).figures == 1


def test_files_must_be_the_same_on_the_workers(running: Cluster, tmp_path: Path) -> None:
    import distributed

    writer = PartWriter(tmp_path / "none", ".ttl", "", "")
    options = ExportOptions()
    with distributed.Client(running.address, set_as_default=False) as client:  # type: ignore[no-untyped-call]
        with pytest.raises(UsageError, match=r"has no such .*none") as caught:
            module._check_workers(client, Setup(options, Path("g.ttl"), writer))
        assert caught.value.problem.code == "not-on-workers"
        (tmp_path / "none").mkdir()
        module._check_workers(client, Setup(options, Path("g.ttl"), writer))


def test_other_versions_are_refused(running: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = write(tmp_path / "in", {"a.md": record("PMC1__a")})
    monkeypatch.setattr(module, "_versions", lambda: {"Python": "3.9", "pfocr-kg": "9.9"})
    code, text = code_of(source, tmp_path / "g.ttl", scheduler=running.address)
    assert code == "differing-versions"
    assert "for 3.9, pfocr-kg" in text
    assert "for 9.9" in text
    # A worker that comes later looks by itself.
    monkeypatch.setattr(module, "_check_workers", lambda *_: None)
    code, text = code_of(source, tmp_path / "g.ttl", scheduler=running.address)
    assert (code, "this worker has Python" in text) == ("differing-versions", True)
    assert not (tmp_path / "g.ttl").exists()


# --- what is lost on the way -------------------------------------------------------------------------------------


@pytest.mark.parametrize("shards", [False, True])
def test_a_lost_worker_costs_its_chunks_only(shards: bool, records: Path, tmp_path: Path) -> None:
    kg.export(records, tmp_path / "here.ttl", jobs=1)
    with cluster(tmp_path / "cluster") as running:
        name = "parts" if shards else "there.ttl"
        report = kg.export(
            records, tmp_path / name, form="ttl", shards=shards, scheduler=running.address,
            on_progress=at(50, lambda: killed(running.workers[0])),
        )  # fmt: skip
    assert report.figures == 400
    if shards:
        merge_parts(tmp_path / name, tmp_path / "there.ttl")
    assert (tmp_path / "there.ttl").read_bytes() == (tmp_path / "here.ttl").read_bytes()


def test_a_lost_scheduler_is_told_and_the_same_command_goes_on(records: Path, tmp_path: Path) -> None:
    kg.export(records, tmp_path / "whole", jobs=1, shards=True)
    with cluster(tmp_path / "cluster") as running:
        kg.export(records, tmp_path / "parts", shards=True, scheduler=running.address)
        assert (tmp_path / "parts" / "manifest.json").exists()
        lost = at(50, lambda: killed(running.scheduler))
        code, text = code_of(records, tmp_path / "parts", shards=True, scheduler=running.address, on_progress=lost)
        assert code == "lost-scheduler"
        assert "give the same command again" in text
        assert not (tmp_path / "parts" / "manifest.json").exists()
        running.stop()
        with cluster(tmp_path / "again", port=running.port) as again:
            kg.export(records, tmp_path / "parts", shards=True, scheduler=again.address)
    assert files_of(tmp_path / "parts") == files_of(tmp_path / "whole")


def test_a_lost_scheduler_leaves_no_file(records: Path, tmp_path: Path) -> None:
    with cluster(tmp_path / "cluster") as running:
        lost = at(50, lambda: killed(running.scheduler))
        code, _ = code_of(records, tmp_path / "g.ttl", scheduler=running.address, on_progress=lost)
    assert code == "lost-scheduler"
    assert [path.name for path in tmp_path.iterdir()] == ["cluster"]


def test_a_chunk_that_no_worker_lives_through(records: Path, tmp_path: Path) -> None:
    """The last record cannot be read to its end, and the workers that try it die."""
    source = tmp_path / "in"
    shutil.copytree(records, source)
    last = max(source.glob("_figures/*.md"), key=lambda path: int(path.name[3:].partition("__")[0]))

    def kill_readers() -> None:
        with last.open("wb"):  # waits for somebody to read
            for worker in running.workers:
                killed(worker)

    def prepare() -> None:
        last.unlink()
        os.mkfifo(last)
        thread.start()

    thread = threading.Thread(target=kill_readers, daemon=True)
    with cluster(tmp_path / "cluster", DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="0") as running:
        code, text = code_of(source, tmp_path / "g.ttl", scheduler=running.address, on_progress=at(50, prepare))
    thread.join(10)
    assert code == "worker-crash"
    (ends,) = re.findall(r"records from (\S+) to (\S+) died", text)
    assert [Path(path).parent for path in ends] == [source / "_figures"] * 2
    assert not (tmp_path / "g.ttl").exists()


def test_no_workers(records: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_NO_WORKERS", 0.3)
    with cluster(tmp_path / "cluster", workers=0) as running:
        assert code_of(records, tmp_path / "g.ttl", scheduler=running.address)[0] == "no-workers"


def test_workers_that_come_later(records: Path, tmp_path: Path) -> None:
    """A run begins with the first worker; when all are lost it waits for others."""
    with cluster(tmp_path / "cluster", workers=1) as running:

        def change() -> None:
            killed(running.workers[0])
            running.add_workers(1)

        report = kg.export(records, tmp_path / "g.nt", scheduler=running.address, on_progress=at(50, change))
    assert report.figures == 400


def test_stopping_takes_back_what_is_under_way(records: Path, running: Cluster, tmp_path: Path) -> None:
    import distributed

    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        kg.export(records, tmp_path / "g.ttl", scheduler=running.address, on_progress=at(50, stop))
    assert list(tmp_path.iterdir()) == []
    with distributed.Client(running.address, set_as_default=False) as client:  # type: ignore[no-untyped-call]
        assert not [key for keys in client.has_what().values() for key in keys if str(key).startswith("kg-")]


# --- wrong calls -------------------------------------------------------------------------------------------------


def test_no_scheduler(records: Path, tmp_path: Path) -> None:
    """In our words, soon, without a traceback, by the command itself."""
    done = kg_process("export", records, "-o", tmp_path / "g.ttl", "--scheduler", "tcp://127.0.0.1:9")
    assert done.returncode == 2
    assert done.stderr.startswith("error[unreachable-scheduler]: no Dask scheduler answers at tcp://127.0.0.1:9")
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 3


def test_no_dask(records: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    code, text = code_of(records, tmp_path / "g.ttl", scheduler="tcp://127.0.0.1:9")
    assert code == "missing-package"
    assert "pip install 'pfocr-kg[dask]'" in text


def test_no_address(records: Path, tmp_path: Path) -> None:
    assert code_of(records, tmp_path / "g.ttl", scheduler="localhost")[0] == "bad-scheduler"
