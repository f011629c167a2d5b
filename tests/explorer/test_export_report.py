"""The report of an export that lies beside the graph: its counts, and what is no report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import kg
from kg.errors import UsageError
from kg.explorer.exportreport import read_export_report
from tests.conftest import SEEDS
from tests.small import kg_process


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A graph of the seeds with its report, as `make export` leaves them."""
    made = tmp_path_factory.mktemp("reported") / "seeds.ttl"
    kg_process("export", SEEDS, "--output", made, "--report", f"{made}.report.json")
    return made


def test_its_counts(graph: Path) -> None:
    found = read_export_report(graph)
    assert found is not None
    told = json.loads(found.file.read_text("utf-8"))
    assert {count.label: count.number for count in found.repairs} == told["repairs"]
    assert {count.label: count.number for count in found.problems} == told["problem_counts"] != {}
    assert found.repairs[0].number == 7
    assert found.left_out == ()


def test_that_of_the_file_a_store_was_loaded_from(graph: Path, tmp_path: Path) -> None:
    kg.load_graph(graph, tmp_path / "store")
    assert read_export_report(tmp_path / "store") == read_export_report(graph)


def test_none_beside_it(seed_graph: Path, tmp_path: Path) -> None:
    assert read_export_report(seed_graph) is None
    assert read_export_report(tmp_path) is None


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"repairs": {"a": "b"}}', "\0"])
def test_what_is_no_report(tmp_path: Path, text: str) -> None:
    (tmp_path / "g.ttl.report.json").write_text(text)
    with pytest.raises(UsageError) as raised:
        read_export_report(tmp_path / "g.ttl")
    assert raised.value.problem.code == "unreadable-report"
