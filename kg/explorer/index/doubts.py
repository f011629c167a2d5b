"""Reasons to look twice at what was read in a figure, each as a sentence."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final

from kg.words import spellings

__all__ = ["doubts", "meanings"]

_NAMED: Final = 6
_SHORT: Final = 2
_NOT_ALNUM: Final = re.compile(r"[\W_]+")
_MIXED_UP: Final = str.maketrans({"l": "1", "i": "1", "|": "1", "o": "0"})
"""Signs that reading takes for each other, in small letters: l, I, | and 1, O and 0."""


def meanings(readings: Iterable[tuple[str, str, str]]) -> dict[str, tuple[str, ...]]:
    """Of each word of a figure that stands for several genes: their labels.

    Args:
        readings: word, id and label of each gene that was read.
    """
    found: dict[str, dict[str, str]] = {}
    for word, id_, label in readings:
        found.setdefault(word, {})[id_] = label
    return {word: tuple(genes.values()) for word, genes in found.items() if len(genes) > 1}


def doubts(word: str, match: str, *, several: Mapping[str, Sequence[str]], gene: bool) -> tuple[str, ...]:
    """The doubts about a mention.

    Args:
        word: as it was read in the figure.
        match: the lexicon's term; empty where it is not known.
        several: words of the same figure that stand for several genes, as `meanings` gives them.
        gene: whether it stands for a gene.

    >>> doubts("Cl", "C1", several={"Cl": ("C1QA", "C1QB")}, gene=True)  # doctest: +NORMALIZE_WHITESPACE
    ('Cl stands for 2 genes here: C1QA, C1QB.',
     'Cl and C1 differ only in signs that reading mixes up, such as l, I and 1, or O and 0.',
     'Cl is short: 2 letters or fewer often are something else.')
    """
    found = []
    if gene and word in several:
        found.append(f"{word} stands for {len(several[word])} genes here: {_some(several[word])}.")
    if match and _look_alike(word, match):
        found.append(f"{word} and {match} differ only in signs that reading mixes up, such as l, I and 1, or O and 0.")
    elif match and _reads_otherwise(word, match):
        found.append(f"{word} was read, but {match} matched: they differ in letters or digits.")
    if gene and 0 < len(_bare(word)) <= _SHORT:
        found.append(f"{word} is short: {_SHORT} letters or fewer often are something else.")
    return tuple(found)


def _some(labels: Sequence[str]) -> str:
    more = len(labels) - _NAMED
    return ", ".join(labels[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _bare(text: str) -> str:
    return _NOT_ALNUM.sub("", text)


def _look_alike(word: str, match: str) -> bool:
    """Whether two texts differ, yet not when signs that look alike are taken as one."""
    one, other = _bare(word), _bare(match)
    if one.casefold() == other.casefold():
        return False
    return one.casefold().translate(_MIXED_UP) == other.casefold().translate(_MIXED_UP)


@lru_cache(maxsize=1 << 14)
def _reads_otherwise(word: str, match: str) -> bool:
    """Whether no mild change (case, Greek letters, signs, a part of a list, a phospho-prefix) gives the match."""
    wanted = _bare(match).casefold()
    return all(_bare(spelling.text).casefold() != wanted for spelling in spellings(word) if spelling.step < 3)
