"""Small helps for people who ask: near names, prefixes nobody declared, files, answers as truth values."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import kg
from tests.conftest import ROOT
from tests.small import kg_run

FIGURE = "PMC12080488__ITT-14-523-g0004"


@pytest.fixture(scope="module")
def store(seed_graph: Path) -> Iterator[kg.GraphStore]:
    with kg.open_store(seed_graph) as opened:
        yield opened


def test_an_answer_is_true_where_it_says_yes_or_holds_rows(store: kg.GraphStore) -> None:
    assert store.query("ASK { ?s a pfo:Gene }")
    assert not store.query("ASK { ?s a pfo:Nothing }")
    assert store.query("SELECT ?s { ?s a pfo:Gene }")
    assert not store.query("SELECT ?s { ?s a pfo:Nothing }")
    assert repr(store.query("SELECT ?s { }")) == "<Answer: rows, s>"


def test_columns_of_a_star_stand_in_order_of_appearance(store: kg.GraphStore) -> None:
    answer = store.query("SELECT DISTINCT * { ?s foaf:page ?page ; dcterms:title ?a }", limit=2)
    assert answer.variables == ["s", "page", "a"]
    assert [list(row) for row in answer] == [["s", "page", "a"]] * 2


def test_a_query_file_is_taken_by_its_path(store: kg.GraphStore, tmp_path: Path) -> None:
    (tmp_path / "mine.rq").write_text("\ufeff" + (ROOT / "queries" / "gene-trend.rq").read_text("utf-8"), "utf-8")
    rows = store.query("gene-trend").rows()
    assert rows == [{"year": 2025, "figures": 1}]
    assert store.query(tmp_path / "mine.rq").rows() == store.query(str(tmp_path / "mine.rq")).rows() == rows


@pytest.mark.parametrize("figure", [FIGURE, f"pfocr:{FIGURE}", f"https://pfocr.wikipathways.org/figures/{FIGURE}"])
def test_a_figure_needs_no_html(figure: str, store: kg.GraphStore) -> None:
    assert len(store.query("genes-of-figure", figure=figure).rows()) == 67


def test_near_names_are_told(store: kg.GraphStore) -> None:
    with pytest.raises(kg.QueryError) as caught:
        store.query("genes-for-disease", disease="Alzheimer")
    assert caught.value.problem.code == "unknown-value"
    assert "Alzheimer's disease" in caught.value.problem.what


def test_an_address_for_an_endpoint_that_is_not_called_is_refused(store: kg.GraphStore) -> None:
    with pytest.raises(kg.QueryError) as caught:
        store.query("gene-trend", services={"https://example.org/sparql": "http://127.0.0.1:1/"})
    assert caught.value.problem.code == "bad-value"


def test_the_plain_text_of_a_query_runs_by_itself(store: kg.GraphStore) -> None:
    result = kg_run("queries", "show", "figures-for-two-genes", "--plain")
    assert result.exit_code == 0
    assert "?_" not in result.stdout
    assert store.query(result.stdout).rows() == store.query("figures-for-two-genes").rows() != []


def test_iris_of_the_sib_form_must_be_absolute() -> None:
    result = kg_run("queries", "build", "--target", "nope")
    assert (result.exit_code, "[bad-value]" in result.stderr) == (2, True)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_behind_the_output_is_told(seed_graph: Path) -> None:
    import subprocess

    from tests.small import kg_command

    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            kg_command("query", "genes-of-figure", "--graph", seed_graph),
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode == 2
    assert b"unwritable-output" in done.stderr
    assert b"Traceback" not in done.stderr
