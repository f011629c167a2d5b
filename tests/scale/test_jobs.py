"""The number of processes and how records are cut into chunks change nothing: graph, description, report, problems."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest

import kg
import kg.pipeline
from kg.errors import UsageError
from kg.options import ExportOptions
from tests.scale.mixed import SEEDS, everything, mixed
from tests.small import ROOT, environment, kg_command, kg_run, record, write

FORMATS: Final = (
    "g.ttl", "g.nt", "g.nq", "g.trig", "g.jsonld", "g.ttl.gz", "g.nq.zst", "g.trig.gz", "g.jsonld.zst", "layers",
)  # fmt: skip


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return mixed(tmp_path_factory.mktemp("mixed") / "records")


def differing(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """What differs, in few words: nobody wants to read two graphs."""
    keys = [key for key in one.keys() | other.keys() if key != "files" and one.get(key) != other.get(key)]
    files = [f for f in one["files"].keys() | other["files"].keys() if one["files"].get(f) != other["files"].get(f)]
    return sorted(keys) + sorted(files)


def assert_same(
    source: object,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    name: str = "g.nq",
    chunk: int = 9,
    jobs: tuple[int, ...] = (2,),
    **settings: Any,
) -> dict[str, Any]:
    """One process and several say the same, and the same as if all stood in one chunk; gives what they say."""
    monkeypatch.setattr(kg.pipeline, "_CHUNK", 1 << 20)
    monkeypatch.setattr(kg.pipeline, "_SLOW_CHUNK", 1 << 20)
    whole = everything(source, folder / "whole", name, jobs=1, **settings)
    monkeypatch.setattr(kg.pipeline, "_CHUNK", chunk)
    monkeypatch.setattr(kg.pipeline, "_SLOW_CHUNK", chunk)
    assert differing(whole, everything(source, folder / "cut", name, jobs=1, **settings)) == []
    for number in jobs:
        assert differing(whole, everything(source, folder / str(number), name, jobs=number, **settings)) == [], number
    return whole


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_the_same(name: str, records: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = (2, 5) if name in {"g.ttl", "layers"} else (2,)
    told = assert_same(records, tmp_path, monkeypatch, name=name, jobs=jobs)
    assert told["report"]["figures"] > 30
    assert told["report"]["left_out"]["duplicate-figure"] >= 6
    assert len(told["told"]) > 30
    assert len(told["files"]) == (6 if name == "layers" else 2)


@pytest.mark.parametrize(
    "settings",
    [
        {"check": False},
        {"repair": False},
        {"ground": False},
        {"embedded": False},
        {"quarantine": True},
        {"strict": True},
        {"strict": True, "quarantine": True},
        {"vocabulary": True, "queries": True, "base": "https://example.org/kg/"},
        {"image_url": "https://example.org/{pmcid}/{filename}"},
    ],
    ids="-".join,
)
def test_every_option_is_the_same(
    settings: dict[str, Any], records: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = assert_same(records, tmp_path, monkeypatch, **settings)
    assert ("error" in told) == ("strict" in settings)
    if "strict" in settings:
        assert next(problem for problem in told["told"] if problem.severity == "error") == told["error"][0]
        assert "g.nq" not in told["files"]
    if "quarantine" in settings:
        assert any(Path(file).parts[:2] == ("bad", "problems") for file in told["files"])


def test_more_of_a_paper_is_the_same(records: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ["PMCID,PMID,DOI", *(f"PMC{n},{n + 1000},10.1234/x{n}" for n in range(30, 80))]
    lines[0] = "Journal Title,ISSN,eISSN,Year,Volume,Issue,Page,DOI,PMCID,PMID,Manuscript Id,Release Date"
    lines[1:] = [f"J,,,2020,,,,10.1234/x{n},PMC{n},{n + 1000},,live" for n in range(30, 80)]
    (tmp_path / "ids.csv").write_text("\n".join(lines) + "\n", "utf-8")
    told = assert_same(records, tmp_path, monkeypatch, pmc_ids=tmp_path / "ids.csv")
    assert b'"1030"' in told["files"]["g.nq"]


def test_an_own_lexicon_is_the_same(records: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from kg.lexiconbuild import build_lexicon

    bulk = tmp_path / "gene_info"
    head = (
        "#tax_id\tGeneID\tSymbol\tLocusTag\tSynonyms\tdbXrefs\tchromosome\tmap_location\tdescription\ttype_of_gene\t"
        "Symbol_from_nomenclature_authority\tFull_name_from_nomenclature_authority\tNomenclature_status\t"
        "Other_designations\tModification_date\tFeature_type\n"
    )
    row = "9606\t3717\tJAK2\t-\tJTK10\t-\t9\t-\tJanus kinase 2\tprotein-coding\tJAK2\t-\tO\t-\t20250101\t-\n"
    bulk.write_text(head + row, "utf-8")
    build_lexicon([bulk], tmp_path / "own.lexicon", date="2026-01-01")
    assert_same(records, tmp_path, monkeypatch, lexicons=(tmp_path / "own.lexicon",), embedded=False)


def test_the_reference_engine_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = write(tmp_path / "few", {f"PMC{n}__f.md": record(f"PMC{n}__f") for n in range(1, 6)})
    assert_same(source, tmp_path, monkeypatch, chunk=2, engine="pyshacl", ground=False)


def zipped(records: Path, place: Path) -> object:
    with zipfile.ZipFile(place / "r.zip", "w") as archive:
        for path in sorted(records.rglob("*.*")):
            archive.write(path, path.relative_to(records))
    return place / "r.zip"


def tarred(records: Path, place: Path) -> object:
    with tarfile.open(place / "r.tar.gz", "w:gz", compresslevel=1) as archive:
        archive.add(records, "top")
    return place / "r.tar.gz"


def several(records: Path, place: Path) -> object:
    """Twice the same folder, the seeds again, a single file, and an archive of it all."""
    return [records, SEEDS, records, zipped(records, place), records / "_figures" / "twin-1.md"]


@pytest.mark.parametrize("made", [zipped, tarred, several])
def test_every_source_is_the_same(
    made: Callable[[Path, Path], object], records: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = made(records, tmp_path)
    told = assert_same(source, tmp_path / "out", monkeypatch, quarantine=True, jobs=(2, 5))
    plain = everything(records, tmp_path / "plain", "g.nq")
    assert told["report"]["figures"] == plain["report"]["figures"]


@pytest.mark.parametrize("chunk", [1, 2, 5, 32, 33])
def test_any_size_of_chunk_is_the_same(
    chunk: int, records: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = everything(records, tmp_path / "whole", "g.ttl", quarantine=True)
    monkeypatch.setattr(kg.pipeline, "_CHUNK", chunk)
    cut = everything(records, tmp_path / "cut", "g.ttl", quarantine=True, jobs=2 if chunk == 1 else 1)
    assert differing(whole, cut) == []


@pytest.mark.parametrize("part", ["corpus", "history"])
def test_the_corpus_is_the_same(part: str, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = [corpus] if part == "corpus" else [corpus, *sorted((corpus / "history").iterdir())]
    told = assert_same(source, tmp_path, monkeypatch, chunk=20, quarantine=True)
    assert told["report"]["figures"] >= 89


def test_the_command_is_the_same(tmp_path: Path) -> None:
    """The whole command in processes of its own, with chunks as they are; in a fresh folder each, under one name."""
    made = tmp_path / "many"
    command = [sys.executable, str(ROOT / "bench" / "make_corpus.py"), "--records", "650", "--out", str(made)]
    subprocess.run([*command, "--source", str(SEEDS)], check=True, capture_output=True, env=environment())
    write(made, {f"_figures/PMC2000010{n}__bad.md": record(f"PMC2000010{n}__bad", {"pmcid": "12"}) for n in range(5)})
    said: list[tuple[list[str], dict[str, bytes]]] = []
    for jobs in (["--jobs", "1"], ["--jobs", "2"], []):
        place = tmp_path / f"out{len(said)}"
        place.mkdir()
        done = subprocess.run(
            [*kg_command("export", made, "-o", "g.ttl", "--report", "r.json", "--quarantine", "bad"), *jobs],
            cwd=place, env=environment(), capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert done.returncode == 1, done.stderr
        told = [line for line in done.stderr.splitlines() if not line.startswith("time ")]
        files = {str(p.relative_to(place)): p.read_bytes() for p in sorted(place.rglob("*")) if p.is_file()}
        files["r.json"] = b"\n".join(line for line in files["r.json"].split(b"\n") if b'"seconds"' not in line)
        assert len(files) == 3 + 5 * 3
        said.append((told, files))
    assert said[0][0] == said[1][0] == said[2][0]
    assert said[0][1] == said[1][1] == said[2][1]


# --- the option ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", ["0", "-1", "abc", "1.5", ""])
def test_the_command_refuses_what_is_no_number_of_jobs(given: str, tmp_path: Path) -> None:
    result = kg_run("export", SEEDS, "-o", tmp_path / "g.ttl", "--jobs", given)
    assert result.exit_code == 2
    assert "--jobs" in result.output
    assert not (tmp_path / "g.ttl").exists()


@pytest.mark.parametrize("given", [0, -1])
def test_the_library_refuses_what_is_no_number_of_jobs(given: int) -> None:
    with pytest.raises(UsageError) as caught:
        ExportOptions(jobs=given)
    assert caught.value.problem.code == "bad-jobs"


def test_the_library_uses_one_process_unless_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[int] = []

    def noted(_worker: object, chunks: object, jobs: int) -> Iterator[Any]:
        assert chunks
        asked.append(jobs)
        yield from ()

    monkeypatch.setattr(kg.pipeline, "_CHUNK", 1)
    monkeypatch.setattr(kg.pipeline, "in_order", noted)
    monkeypatch.setattr(kg.pipeline, "usable_cores", lambda: 3)
    for settings in ({}, {"jobs": None}, {"jobs": 2}, {"jobs": 99}):
        kg.export(SEEDS, tmp_path / "g.ttl", **settings, check=False)
    assert asked == [1, 3, 2, 7]  # no more than there are chunks


def test_relative_sources_are_found_from_another_folder(
    records: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kg.pipeline, "_CHUNK", 9)
    copy = shutil.copytree(records, tmp_path / "here" / "copy")
    for place in (tmp_path, tmp_path / "here"):
        monkeypatch.chdir(place)
        report = kg.export(copy.relative_to(place), tmp_path / "g.ttl", jobs=2)
        assert report.problems.counts["unreadable-file"] == 0


_UNGUARDED: Final = """\
import kg, kg.pipeline
print("begins", __name__)
kg.pipeline._CHUNK = 2
print("figures", kg.export({seeds!r}, {output!r}, jobs=2).figures)
"""


@pytest.mark.parametrize("stdin", [False, True], ids=["file", "stdin"])
def test_a_script_without_a_guard_runs_once(stdin: bool, tmp_path: Path) -> None:
    text = _UNGUARDED.format(seeds=str(SEEDS), output=str(tmp_path / "g.ttl"))
    (tmp_path / "script.py").write_text(text, "utf-8")
    done = subprocess.run(
        [sys.executable, "-" if stdin else str(tmp_path / "script.py")],
        input=text if stdin else "", env=environment(), capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.stdout == "begins __main__\nfigures 7\n"
    assert done.stderr == ""
