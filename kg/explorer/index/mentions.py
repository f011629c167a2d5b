"""All mentions of a graph as columns of numbers: joined by sorting, so that millions take little memory.

A mention has a word, a lexicon, and mostly an entity and a match. Each comes as a stream of its own, in which a mention
is told by a 64-bit hash of its IRI. The figure is the IRI up to `#`.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from kg.explorer.index.graph import Graph

__all__ = ["Dictionary", "Ints", "Mentions", "read_mentions"]

Ints = NDArray[np.int64]

_KINDS: Final = {"g": 0, "c": 1, "d": 2}
_CLASSES: Final = ("pfo:GeneMention", "pfo:ChemicalMention", "pfo:DiseaseMention")
_TELL_EVERY: Final = 1 << 15


class Dictionary:
    """Texts with numbers from 0, in the order in which they come."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    def number(self, text: str) -> int:
        """The number of a text, a new one where it has none."""
        return self.numbers.setdefault(text, len(self.numbers))

    def __len__(self) -> int:
        return len(self.numbers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mentions:
    """Columns of the same length, one row a mention that has an entity; -1 stands for what a mention has not.

    `unlinked` are figure, kind and word of the mentions that have none, in rows.
    """

    figure: Ints
    kind: Ints
    body: Ints
    word: Ints
    match: Ints
    lexicon: Ints
    occurrences: Ints
    unlinked: Ints
    texts: Dictionary
    bodies: Dictionary
    lexicons: Dictionary


def read_mentions(graph: Graph, figures: Mapping[str, int], on_progress: Callable[[int, int], None]) -> Mentions:
    """The mentions of a graph's figures.

    Args:
        graph: the graph.
        figures: numbers of the figures' IRIs.
        on_progress: told facts read, and about how many there are in all.
    """
    texts, bodies, lexicons = Dictionary(), Dictionary(), Dictionary()
    keys, figure, kind, word = _words(graph, figures, texts, on_progress)
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]

    def column(predicate: str, number: Callable[[str], int], absent: int, step: int) -> Ints:
        found, values = _numbered(
            graph, predicate, number, lambda done: on_progress(step * len(keys) + done, 4 * len(keys))
        )
        filled = np.full(len(keys), absent, dtype=np.int64)
        if len(keys):
            place = np.minimum(np.searchsorted(ordered, found), len(keys) - 1)
            known = ordered[place] == found
            filled[order[place[known]]] = values[known]
        return filled

    columns = {
        "body": column("oa:hasBody", bodies.number, -1, 1),
        "match": column("pfo:match", texts.number, -1, 2),
        "lexicon": column("pfo:lexicon", lexicons.number, -1, 3),
        "occurrences": column("pfo:occurrences", int, 1, 4),
        "figure": figure,
        "kind": kind,
        "word": word,
    }
    placed = (figure >= 0) & (kind >= 0)
    kept = placed & (columns["body"] >= 0)
    bare = placed & ~kept
    if (columns["lexicon"][kept] < 0).any():
        columns["lexicon"][columns["lexicon"] < 0] = lexicons.number("")
    chosen: dict[str, Any] = {name: values[kept] for name, values in columns.items()}
    unlinked = np.stack([figure[bare], kind[bare], word[bare]], axis=1)
    return Mentions(texts=texts, bodies=bodies, lexicons=lexicons, unlinked=unlinked, **chosen)


def _words(
    graph: Graph, figures: Mapping[str, int], texts: Dictionary, on_progress: Callable[[int, int], None]
) -> tuple[Ints, Ints, Ints, Ints]:
    """Of each mention: its hash, figure, kind and word."""
    keys, figure, kind, word = array("q"), array("q"), array("q"), array("q")
    for done, (mention, text) in enumerate(graph.pairs("pfo:word")):
        iri, _, local = mention.rpartition("#")
        number, letter = figures.get(iri, -1), _KINDS.get(local[:1], -1)
        if number < 0 or letter < 0:  # a graph of others may name its mentions otherwise
            number = figures.get(graph.value(mention, "oa:hasTarget"), -1)
            letter = _kind(graph, mention)
        keys.append(hash(mention))
        figure.append(number)
        kind.append(letter)
        word.append(texts.number(text))
        if not done % _TELL_EVERY:
            on_progress(done, 8 * done)
    return _ints(keys), _ints(figure), _ints(kind), _ints(word)


def _kind(graph: Graph, mention: str) -> int:
    classes = graph.values(mention, "rdf:type")
    return next((n for n, name in enumerate(_CLASSES) if graph.node(name).value in classes), -1)


def _numbered(
    graph: Graph, predicate: str, number: Callable[[str], int], on_progress: Callable[[int], None]
) -> tuple[Ints, Ints]:
    keys, values = array("q"), array("q")
    for done, (mention, value) in enumerate(graph.pairs(predicate)):
        keys.append(hash(mention))
        values.append(number(value))
        if not done % _TELL_EVERY:
            on_progress(done)
    return _ints(keys), _ints(values)


def _ints(values: array[int]) -> Ints:
    return np.frombuffer(values, dtype=np.int64) if values else np.empty(0, dtype=np.int64)
