"""The quick reader of front matter against PyYAML: it gives the very same value, or leaves the text to PyYAML."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import pytest
import yaml

from kg import frontmatter
from kg.errors import SourceError
from kg.frontmatter import decode, parse_front_matter, split_front_matter
from kg.plainyaml import read_plain
from tests.conftest import SEEDS
from tests.property.hostile_records import SIGNS, hostile_texts

RECORD: Final = """\
a: b c
d: 'e ''f''
  g'
"h": "i \\"j\\"
  k"
l:
- m
- 'n'
'@o':
  p: q
    r
  s:
  - t: u
    v: w
  - x: []
"""


def front_matter(folder: Path) -> list[str]:
    files = sorted(folder.rglob("_figures/*.md"))
    return [split_front_matter(decode(file.read_bytes(), ""), "")[0] for file in files]


def by_pyyaml(text: str) -> object:
    """None stands for a refusal: no text of YAML is None here, every scalar is text."""
    try:
        return frontmatter._by_pyyaml(text, "")
    except SourceError:
        return None


def same(found: object, expected: object) -> bool:
    """Equal in all: types and the order of keys too."""
    return repr(found) == repr(expected)


def share_read(texts: Iterable[str]) -> float:
    """Check each text; the share that the quick reader took."""
    taken = total = 0
    for text in texts:
        found = read_plain(text)
        total += 1
        taken += found is not None
        assert found is None or same(found, by_pyyaml(text)), text
    return taken / total


def test_all_records_at_hand_are_read_quickly(corpus: Path) -> None:
    texts = front_matter(corpus)
    assert len(texts) == 89 + 14
    assert share_read(texts) == 1


def test_the_seeds_are_read_quickly() -> None:
    assert share_read(front_matter(SEEDS)) == 1


def test_hostile_records_are_read_as_pyyaml_reads_them() -> None:
    share = share_read(hostile_texts(front_matter(SEEDS), 100_000, seed=1))
    assert 0.3 < share < 0.9


def test_real_records_changed_at_random_are_read_as_pyyaml_reads_them(corpus: Path) -> None:
    share = share_read(hostile_texts(front_matter(corpus), 10_000, seed=2))
    assert 0.3 < share < 0.9


def test_each_sign_in_each_place_of_a_record() -> None:
    """Put in before every character of a record that has all layouts."""
    share = share_read(RECORD[:place] + sign + RECORD[place:] for place in range(len(RECORD)) for sign in SIGNS)
    assert 0.15 < share < 0.9


@pytest.mark.parametrize(
    ("before", "parts", "most"),
    [
        ("k:", ("a", " ", "\n", ":", "-", "#", "'", '"'), 6),
        ("k:\n- ", ("a", " ", "\n", ":", "-", "#", "'", '"'), 4),
        ("k:", ("a", "\n", "  ", "- ", "b:", " c", "'"), 5),
        ('k: "', ("a", "\n  ", "\\", '"', "x", "41", " "), 5),
        ("k:", ("\n- ", "\n  - ", "\n  ", "a: b", "c", "\n", "d:"), 5),
    ],
)
def test_all_short_texts(before: str, parts: tuple[str, ...], most: int) -> None:
    """Whatever few signs can make together."""
    ends = itertools.chain.from_iterable(itertools.product(parts, repeat=count) for count in range(1, most + 1))
    assert share_read(f"{before}{''.join(end)}\n" for end in ends) > 0.005


def test_pyyaml_without_libyaml_reads_the_same() -> None:
    """PyYAML's own parser stands in where libyaml is missing."""
    compared = 0
    for text in hostile_texts(front_matter(SEEDS), 3_000, seed=3):
        found = read_plain(text)
        if found is not None:
            compared += 1
            assert same(found, yaml.load(text, Loader=yaml.BaseLoader)), text  # noqa: S506
    assert compared > 900


@pytest.mark.parametrize("opening", ["k:", "- k:"])
def test_the_limit_of_depth_holds(opening: str) -> None:
    width = len(opening) - 1
    text = "k:\n" + "".join(f"{' ' * width * depth}{opening}\n" for depth in range(1, 150))
    assert read_plain(text) is None
    with pytest.raises(SourceError, match="nested more than 100 deep"):
        parse_front_matter(text, "")


@pytest.mark.parametrize(
    "text",
    [
        "k: " + " " * 1_000_000,
        "k: '" + "a\n " * 300_000,
        "k:\n" + "- a\n" * 300_000 + "-",
        "k:\n" + "- k: a\n" * 100_000 + "-",
        "k:\n" + "  k:\n" * 100_000 + "  -",
        "k" * 1_000_000,
        "k: " + "#:" * 500_000 + " #",
        "k:" + "".join(f"\n{' ' * depth}k:" for depth in range(1, 2_000)),
    ],
)
def test_hostile_texts_are_left_to_pyyaml_soon(text: str) -> None:
    start = time.process_time()
    assert read_plain(text) is None
    assert time.process_time() - start < 2
