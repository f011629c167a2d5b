"""The log of problems and the report: nothing lost beyond a megabyte, counts, records left out."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any, Literal

import pytest

import kg
from kg.errors import Problem
from kg.report import ExportReport, ProblemLog, write_report
from tests.small import good, record, write

Severity = Literal["error", "warning", "note"]


def problem(number: int, severity: Severity = "warning", code: str = "bad-year") -> Problem:
    """A problem with something in every field, and characters that JSON and text files treat in their own way."""
    return Problem(
        severity=severity, code=code, path=f"a/{number}.md", line=number + 1, column=2, figid=f"PMC{number}__f",
        what=f"year is '\u03b2\u2028{number}'\n\"x\"", why="\u00e9", mend="\U0001d6fc",
        key=("schema-jsonld", "keywords", number),
    )  # fmt: skip


@pytest.fixture
def temporary_files(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The temporary files that were opened."""
    opened: list[Any] = []
    real = tempfile.TemporaryFile

    def counted(*arguments: Any, **options: Any) -> Any:
        opened.append(real(*arguments, **options))
        return opened[-1]

    monkeypatch.setattr(tempfile, "TemporaryFile", counted)
    return opened


@pytest.mark.parametrize(("count", "files"), [(3, 0), (6000, 1)])
def test_problems_come_back_as_they_went_in(count: int, files: int, temporary_files: list[Any]) -> None:
    """In order and whole, from memory, or from one file beyond a megabyte; and again, also between two additions."""
    problems = [problem(number) for number in range(count)]
    log = ProblemLog()
    for one in problems[:-1]:
        log.add(one)
    assert list(log) == problems[:-1]
    log.add(problems[-1])
    assert list(log) == list(log) == problems
    assert sum(len(json.dumps(one.to_json())) for one in problems) > files * (1 << 20)
    assert len(temporary_files) == files
    assert log.counts == {"bad-year": count}


def test_the_temporary_file_goes_with_the_log(temporary_files: list[Any]) -> None:
    """Nothing stays open; a warning of an unclosed file would be an error here."""
    log = ProblemLog()
    for number in range(6000):
        log.add(problem(number))
    (file,) = temporary_files
    assert not file.closed
    del log
    assert file.closed


def test_counts_by_code_and_severity() -> None:
    """Errors are counted apart; what is only counted makes no problem, and keeps a severity that is known."""
    log = ProblemLog()
    met: list[tuple[Severity, str]] = [
        ("error", "bad-yaml"),
        ("warning", "bad-year"),
        ("error", "no-title"),
        ("error", "bad-yaml"),
    ]
    for number, (severity, code) in enumerate(met):
        log.add(problem(number, severity, code), left_out=severity == "error")
    log.count(Counter({"repeated-row": 4, "bad-year": 2}))
    log.count(Counter({"repeated-row": 1}))
    assert dict(log.counts) == {"bad-yaml": 2, "bad-year": 3, "no-title": 1, "repeated-row": 5}
    assert log.errors == 3
    assert log.severities["repeated-row"] == "note"
    assert log.severities["bad-year"] == "warning"
    assert dict(log.left_out) == {"bad-yaml": 2, "no-title": 1}
    assert [told.get("left_out", False) for told in log.records()] == [True, False, True, True]
    assert len(list(log)) == 4


def test_the_listener_hears_each_problem_once() -> None:
    """In order, and also when the problem lies in a file by then."""
    heard: list[Problem] = []
    log = ProblemLog(heard.append)
    problems = [problem(number) for number in range(6000)]
    for one in problems:
        log.add(one)
    assert heard == problems


@pytest.mark.parametrize(("severity", "ok"), [("note", True), ("warning", True), ("error", False)])
def test_only_errors_make_a_report_bad(severity: Severity, ok: bool) -> None:
    """Warnings and notes leave the exit status alone."""
    log = ProblemLog()
    log.add(problem(1, severity))
    assert ExportReport(problems=log).ok is ok


def test_report_of_an_export(tmp_path: Path) -> None:
    """The library's report counts what was written, what was left out and why; the JSON says the same."""
    source = good(tmp_path / "in")
    rejected = {"_figures/PMC9900008__f1.md": record("PMC9900008__f1", {"number": "REJECT"})}
    broken = {"_figures/PMC9900009__f1.md": record("PMC9900009__f1", {"year": "[1]"})}
    report = kg.export(write(source, rejected | broken), tmp_path / "g.ttl")
    assert (report.records, report.figures, report.papers, report.genes, report.taxa) == (5, 3, 3, 1, 1)
    assert report.mentions == {"gene": 3}
    assert report.left_out == {"rejected-figure": 1, "bad-field-type": 1}
    assert report.records == report.figures + report.left_out.total()
    assert not report.ok
    rows = dict(report.rows())
    assert rows["figures"] == "3 of 5 records"
    assert rows["left out"] == "2"
    assert rows["mentions"] == "3 (3 gene)"
    write_report(report, tmp_path / "r.json")
    told = json.loads((tmp_path / "r.json").read_text("utf-8"))
    assert told == json.loads(json.dumps(report.to_json()))
    assert {one["code"]: one["left_out"] for one in told["problems"]} == {
        "rejected-figure": True,
        "bad-field-type": True,
    }
    assert told["seconds"] > 0


def test_report_keeps_an_older_one_where_it_cannot_be_written(tmp_path: Path) -> None:
    """A folder in its place is refused; nothing temporary stays."""
    (tmp_path / "r.json").mkdir()
    with pytest.raises(kg.UsageError):
        write_report(ExportReport(problems=ProblemLog()), tmp_path / "r.json")
    assert [path.name for path in tmp_path.iterdir()] == ["r.json"]


@pytest.mark.parametrize("count", [3, 6000])
def test_problems_can_be_read_while_they_are_being_read(count: int) -> None:
    """`report.problems` is as iterable as a list: one look neither ends another nor spoils what is added later."""
    problems = [problem(number) for number in range(count)]
    log = ProblemLog()
    for one in problems:
        log.add(one)
    outer = iter(log)
    assert next(outer) == problems[0]
    log.add(problem(count))
    assert list(log) == [*problems, problem(count)]
    assert list(outer)[: count - 1] == problems[1:]
