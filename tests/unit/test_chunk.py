"""Records are cut into chunks between papers, in order."""

from __future__ import annotations

import itertools
import pickle
import random

import pytest

from kg.chunk import Chunk, chunks
from kg.errors import Problem
from kg.pending import Pending


def pending(paper: int, number: int = 1) -> Pending:
    name = f"PMC{paper}__f{number}"
    return Pending(paper=paper, figid=name, path=f"{name}.md", stem=name, data=None, tables={})


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
@pytest.mark.parametrize("seed", range(5))
def test_records_are_cut_between_papers(size: int, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 (no secret)
    records = [pending(paper, n) for paper in range(30) for n in range(dice.choice((1, 1, 1, 2, 9)))]
    parts = list(chunks(iter(records), size))
    assert [record for part in parts for record in part] == records
    for part, following in itertools.pairwise(parts):
        assert part[-1].paper < following[0].paper
        assert len(part) >= size
        assert len([record for record in part if record.paper != part[-1].paper]) < size
    assert all(parts)


def test_nothing_makes_no_chunk() -> None:
    assert list(chunks([], 3)) == []


def test_chunks_are_cut_as_they_are_taken() -> None:
    taken: list[int] = []

    def records() -> object:
        for paper in range(100):
            taken.append(paper)
            yield pending(paper)

    cut = chunks(records(), 5)  # type: ignore[arg-type]
    assert [record.paper for record in next(cut)] == [0, 1, 2, 3, 4]
    assert len(taken) == 6


def test_a_chunk_goes_to_another_process_and_is_the_same_there() -> None:
    problem = Problem(severity="error", code="worker-crash", what="w", why="", mend="", path="\udcff.md")
    odd = pending(1)._replace(path="\udcff.md", data=b"\x00", tables={"genes": ("a!b", b"x"), "chemicals": ("c", None)})
    chunk = Chunk(3, (odd, pending(2)), elsewhere={(1, "f"): "other.md"}, skipped={"\udcff.md": problem})
    assert pickle.loads(pickle.dumps(chunk)) == chunk  # noqa: S301 (ours)
