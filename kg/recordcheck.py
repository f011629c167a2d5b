"""One record's nodes against the shapes, without checking again what many records share.

A gene has the same facts in every record that mentions it. With the shipped shapes, whose constraints each
look at one node and the classes of what it points to, such a node is checked when it is first met and only
its class is given to later checks; a third of a record's triples need not be read by the engine again. A
test compares the results with those of the whole graph. Foreign shapes get the whole graph every time.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from kg.check import Checker, Result, make_checker
from kg.link import Node
from kg.shapes import ShapesGraph
from kg.vocab import RDF_TYPE, Names

__all__ = ["RecordChecker", "ntriples"]

_SHARED: Final = frozenset(("gene", "chemical", "disease", "taxon", "mapping"))
_SHARED_CLASSES: Final = ("Gene", "Chemical", "Disease", "Taxon")


def ntriples(nodes: Iterable[Node]) -> str:
    """The triples of some nodes as N-Triples text."""
    return "\n".join([f"{s} {p} {o} ." for s, _, facts, _, _ in nodes for p, o in facts])


class RecordChecker:
    """Checks the nodes of records, one record a call.

    Args:
        shapes: the shapes graph.
        engine: name of the engine.
        names: the project's own terms.
        whole: check every record's graph as a whole.
    """

    def __init__(self, shapes: ShapesGraph, engine: str, names: Names, *, whole: bool) -> None:
        self.shapes = shapes
        self.full: Checker = make_checker(shapes, engine)
        self.whole = whole
        self._known: set[int] = set()
        if not whole:
            classes = [names.pfo(name) for name in _SHARED_CLASSES]
            self._own = make_checker(shapes.without_targets(classes), engine)

    def check(self, nodes: list[Node]) -> list[Result]:
        """The results for one record, sorted."""
        if self.whole:
            return self.full.check(ntriples(nodes))
        own: list[Node] = []
        types: list[str] = []
        new: dict[int, Node] = {}
        for node in nodes:
            if node.kind not in _SHARED:
                own.append(node)
                continue
            types += [f"{node.subject} {p} {o} ." for p, o in node.facts if p == RDF_TYPE]
            key = hash((node.subject, *node.facts))
            if key not in self._known:
                new[key] = node
        results = self._own.check("\n".join((ntriples(own), *types)))
        return sorted(results + self._check_new(new, nodes)) if new else results

    def _check_new(self, new: dict[int, Node], nodes: list[Node]) -> list[Result]:
        """Results for shared nodes not met before; one with any result is looked at again in the next record."""
        context = [node for node in nodes if node.kind == "taxon"]
        subjects = {node.subject for node in new.values()}
        found = self.full.check(ntriples([*new.values(), *context]))
        results = [result for result in found if result.focus in subjects]
        faulty = {result.focus for result in results}
        self._known.update(key for key, node in new.items() if node.subject not in faulty)
        return results
