"""A figure id that several papers claim stands once: under the first paper with a good record of it."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

import kg
import kg.pipeline
from kg.elsewhere import figures_elsewhere
from kg.errors import Problem
from kg.link import Linker
from kg.process import Processor
from kg.source import open_sources
from tests.small import record, write

FIGURE: Final = "PMC20__f"
BAD: Final = {"caption": "[a, b"}


def claim(pmcid: str | None, **fields: str | None) -> str:
    """A record of the figure under a paper."""
    return record(FIGURE, {"pmcid": pmcid, **fields})


def claims(folder: Path, **files: str) -> Path:
    return write(folder, {f"{name}.md": text for name, text in files.items()})


def elsewhere(folder: Path) -> dict[tuple[int, str], str]:
    with open_sources([folder], ()) as source:
        return {key: Path(path).name for key, path in figures_elsewhere(source, Processor(Linker())).items()}


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"a": claim("PMC20")}, {}),
        ({"a": claim("PMC20"), "b": claim("PMC20")}, {}),
        ({"a": claim("PMC20"), "b": claim("PMC30")}, {30: "a.md"}),
        ({"a": claim("PMC20"), "b": claim("PMC10")}, {20: "b.md"}),
        ({"a": claim("PMC30"), "b": claim("PMC10")}, {30: "b.md"}),
        ({"a": claim("PMC10"), "b": claim("PMC20"), "c": claim("PMC30")}, {20: "a.md", 30: "a.md"}),
        ({"a": claim("PMC10", **BAD), "b": claim("PMC20"), "c": claim("PMC30")}, {30: "b.md"}),
        ({"a": claim("PMC10", **BAD), "b": claim("PMC20", **BAD), "c": claim("PMC30")}, {}),
        ({"a": claim("PMC10", **BAD), "b": claim("PMC20", **BAD), "c": claim("PMC30", **BAD)}, {}),
        ({"a": claim("PMC10", **BAD), "a2": claim("PMC10"), "b": claim("PMC20")}, {20: "a2.md"}),
        ({"a": claim(None), "b": claim("PMC30")}, {30: "a.md"}),
        ({"a": claim("''"), "b": claim("PMC30")}, {30: "a.md"}),
        ({"a": claim("PMC020"), "b": claim("PMC30")}, {}),  # no PMC id: the record is bad
        ({"a": claim("12"), "b": claim("PMC30")}, {}),
        ({"a": claim("'PMC20 '"), "b": claim("PMC30")}, {30: "a.md"}),
        ({"a": claim("PMC20"), "b": claim('"PMC30" # x')}, {30: "a.md"}),
    ],
)
def test_later_papers_yield(files: Mapping[str, str], found: dict[int, str], tmp_path: Path) -> None:
    assert elsewhere(claims(tmp_path, **files)) == {(paper, FIGURE): name for paper, name in found.items()}


def test_odd_ids_are_told_from_those_that_name_their_paper(tmp_path: Path) -> None:
    names = ("f1", "PMC0__x", "PMC7", "PMC0007__f", "PMC12345678901234567890__f")
    files = {f"r{n}{paper}": record(name, {"pmcid": f"PMC{paper}"}) for n, name in enumerate(names) for paper in (7, 8)}
    assert elsewhere(claims(tmp_path, **files)) == {(8, name): f"r{n}7.md" for n, name in enumerate(names)}


def test_no_record_is_read_where_each_names_its_paper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Processor, "run", lambda *_: pytest.fail("read"))
    assert elsewhere(claims(tmp_path, a=record("PMC1__f"), b=record("PMC2__f"))) == {}


_PAPERS: Final = (5, 20, 31)


@pytest.mark.parametrize("bad", list(itertools.product((False, True), repeat=3)), ids=str)
def test_the_first_good_one_keeps_the_figure(
    bad: tuple[bool, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever chunk each stands in, exactly one is in the graph, and each other one is told of."""
    files = {
        f"r{paper}": claim(f"PMC{paper}", **(BAD if broken else {})) for paper, broken in zip(_PAPERS, bad, strict=True)
    }
    files |= {f"s{n}": record(f"PMC{n}__s") for n in range(1, 40, 3)}
    folder = claims(tmp_path / "in", **files)
    good = [paper for paper, broken in zip(_PAPERS, bad, strict=True) if not broken]
    seen = []
    for chunk, jobs in ((1, 1), (4, 2), (100, 1)):
        monkeypatch.setattr(kg.pipeline, "_CHUNK", chunk)
        told: list[Problem] = []
        report = kg.export(folder, tmp_path / "g.nt", jobs=jobs, on_problem=told.append)
        text = (tmp_path / "g.nt").read_text("utf-8")
        papers = [
            paper
            for paper in _PAPERS
            if f"{FIGURE}.html> <http://purl.org/dc/terms/isPartOf> <https://identifiers.org/pmc/PMC{paper}>" in text
        ]
        assert papers == good[:1]
        assert report.left_out["duplicate-figure"] == max(0, len(good) - 1)
        assert {problem.path for problem in told if problem.code == "duplicate-figure"} == {
            str(folder / f"r{paper}.md") for paper in good[1:]
        }
        assert all(f"r{good[0]}.md" in problem.what for problem in told if problem.code == "duplicate-figure")
        seen.append((text, told))
    assert seen[0] == seen[1] == seen[2]
