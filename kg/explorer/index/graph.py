"""The graph as the index needs it: streams of facts, one predicate at a time, from the database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from kg.vocab import BASE, PREFIXES

__all__ = ["Graph", "base_of"]

_TYPE: Final = ox.NamedNode(f"{PREFIXES['rdf']}type")
_FIGURE: Final = ox.NamedNode(f"{PREFIXES['doco']}Figure")
_CLASS: Final = "vocab#PathwayFigure"


def base_of(store: ox.Store) -> str:
    """The base of a graph's own terms: the class of its figures tells."""
    for quad in store.quads_for_pattern(None, _TYPE, _FIGURE, ox.DefaultGraph()):
        for typed in store.quads_for_pattern(quad.subject, _TYPE, None, ox.DefaultGraph()):
            if isinstance(typed.object, ox.NamedNode) and typed.object.value.endswith(_CLASS):
                return typed.object.value.removesuffix(_CLASS)
        break
    return BASE


class Graph:
    """The default graph of a database. Names are CURIEs of `kg.vocab.PREFIXES`, and `pfo:`."""

    def __init__(self, data: Path) -> None:
        self.store = ox.Store.read_only(str(data))
        self.base = base_of(self.store)
        self._prefixes = {**PREFIXES, "pfo": f"{self.base}vocab#"}

    def node(self, curie: str) -> ox.NamedNode:
        """The node of a CURIE."""
        prefix, _, local = curie.partition(":")
        return ox.NamedNode(f"{self._prefixes[prefix]}{local}")

    def pairs(self, predicate: str) -> Iterator[tuple[str, str]]:
        """Subject and value of each triple with a predicate; those of one value come together."""
        for quad in self.store.quads_for_pattern(None, self.node(predicate), None, ox.DefaultGraph()):
            yield quad.subject.value, quad.object.value  # type: ignore[union-attr]  # no quoted triples

    def instances(self, class_: str) -> list[str]:
        """The members of a class, sorted."""
        found = self.store.quads_for_pattern(None, _TYPE, self.node(class_), ox.DefaultGraph())
        return sorted(quad.subject.value for quad in found)  # type: ignore[union-attr]

    def firsts(self, predicate: str) -> dict[str, str]:
        """The value of each subject; the first in the alphabet where there are several."""
        found: dict[str, str] = {}
        for subject, value in self.pairs(predicate):
            if subject not in found or value < found[subject]:
                found[subject] = value
        return found

    def all(self, predicate: str) -> dict[str, list[str]]:
        """All values of each subject, sorted."""
        found: dict[str, list[str]] = {}
        for subject, value in self.pairs(predicate):
            found.setdefault(subject, []).append(value)
        return {subject: sorted(values) for subject, values in found.items()}

    def value(self, subject: str, predicate: str) -> str:
        """One value of one subject; empty where there is none."""
        return min(self.values(subject, predicate), default="")

    def values(self, subject: str, predicate: str) -> list[str]:
        """The values of one subject, sorted."""
        found = self.store.quads_for_pattern(ox.NamedNode(subject), self.node(predicate), None, ox.DefaultGraph())
        return sorted(quad.object.value for quad in found)  # type: ignore[union-attr]
