"""The peer of plain libraries is a second implementation of the data model: its graph must be the export's."""

from pathlib import Path

import pyoxigraph as ox
import pytest

import kg
from bench.make_corpus import make_corpus
from bench.peers import plain
from bench.peers.plain_read import FastLoader

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT.parent / "shared" / "corpus"
HISTORY = sorted(folder for folder in CORPUS.glob("history/*") if folder.is_dir())


def triples(path: Path, described: frozenset[object] = frozenset()) -> set[str]:
    return {
        f"{quad.subject} {quad.predicate} {quad.object}"
        for quad in ox.parse(path=path)
        if quad.subject not in described
    }


def assert_equal_graphs(source: Path, folder: Path) -> None:
    """Compare the two graphs, but for the description of the run itself, whose subjects the side file has."""
    kg.export(source, folder / "kg.ttl", check=False)
    told = plain.run(source, folder / "plain.ttl", loader=FastLoader, checked=False)
    described = frozenset(quad.subject for quad in ox.parse(path=folder / "kg.void.ttl"))
    ours, theirs = triples(folder / "kg.ttl", described), triples(folder / "plain.ttl")
    assert told["triples"] == len(theirs)
    assert sorted(ours - theirs) == []
    assert sorted(theirs - ours) == []


def test_seeds(tmp_path: Path) -> None:
    assert_equal_graphs(ROOT / "seeds", tmp_path)


@pytest.mark.skipif(not CORPUS.is_dir(), reason="no ../shared/corpus beside the checkout")
def test_every_record_of_the_corpus(tmp_path: Path) -> None:
    assert_equal_graphs(CORPUS, tmp_path)


@pytest.mark.skipif(not HISTORY, reason="no ../shared/corpus/history beside the checkout")
@pytest.mark.parametrize("folder", HISTORY or [ROOT], ids=lambda folder: folder.name[:8])
def test_older_versions(folder: Path, tmp_path: Path) -> None:
    assert_equal_graphs(folder, tmp_path)


@pytest.mark.skipif(not CORPUS.is_dir(), reason="no ../shared/corpus beside the checkout")
def test_papers_with_several_figures(tmp_path: Path) -> None:
    make_corpus(CORPUS, tmp_path / "made", records=200, seed=3)
    assert_equal_graphs(tmp_path / "made", tmp_path)
