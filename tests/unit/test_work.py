"""Records of one paper whose figure ids are spelt differently, but name the same IRI."""

from __future__ import annotations

from pathlib import Path

import kg
from tests.small import record, write


def test_two_spellings_of_one_iri_give_one_figure(tmp_path: Path) -> None:
    spellings = ("PMC20__a b", "PMC20__a%20b")
    files = {f"{number}.md": record(figid, {"pmcid": "PMC20"}) for number, figid in enumerate(spellings)}
    report = kg.export(write(tmp_path / "in", files), tmp_path / "g.ttl")
    assert (report.figures, report.left_out["duplicate-figure"]) == (1, 1)
    (problem,) = [problem for problem in report.problems if problem.code == "duplicate-figure"]
    assert (Path(problem.path).name, problem.severity) == ("1.md", "warning")
    assert "0.md" in problem.what
    assert not kg.check_graph(tmp_path / "g.ttl").violations
