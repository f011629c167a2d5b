"""One record's nodes against the shapes, without checking again what many records share.

A gene has the same facts in every record that mentions it. With the shipped shapes, whose constraints each
look at one node and the classes of what it points to, such a node is checked when it is first met and only
its class is given to later checks; a third of a record's triples need not be read by the engine again. A
test compares the results with those of the whole graph. Foreign shapes get the whole graph every time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from kg.check import Checker, Result, make_checker
from kg.link import Fact, Node
from kg.shapes import ShapesGraph
from kg.vocab import IN_TAXON, RDF_TYPE, Names, Term

__all__ = ["RecordChecker", "ntriples"]

_SHARED: Final = frozenset(("gene", "chemical", "disease", "taxon", "mapping"))
_SHARED_CLASSES: Final = ("Gene", "Chemical", "Disease", "Taxon")


def ntriples(nodes: Iterable[Node]) -> str:
    """The triples of some nodes as N-Triples text."""
    return "\n".join([f"{s} {p} {o} ." for s, _, facts, _, _ in nodes for p, o in facts])


def _key(subject: Term, facts: list[Fact], types: Mapping[Term, list[Term]]) -> int:
    """All that a check of a shared node looks at: its facts, and the classes of the taxa that it points to."""
    return hash((subject, *facts, *[tuple(types.get(o, ())) for p, o in facts if p == IN_TAXON]))


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
        self._classes = [names.pfo(name) for name in _SHARED_CLASSES]
        if not whole:
            self._own = make_checker(shapes.without_targets(self._classes), engine)

    def check(self, nodes: list[Node]) -> list[Result]:
        """The results for one record, sorted."""
        if self.whole or self._says_more(nodes):
            return self.full.check(ntriples(nodes))
        own = [node for node in nodes if node.kind not in _SHARED]
        shared: dict[Term, list[Fact]] = {}
        for subject, kind, facts, _, _ in nodes:
            if kind in _SHARED:  # one subject can have several nodes: a ChEBI id as chemical and as mapping
                known = shared.get(subject)
                shared[subject] = facts if known is None else known + facts
        types = {s: [o for p, o in facts if p == RDF_TYPE] for s, facts in shared.items()}
        classes = [f"{s} {RDF_TYPE} {o} ." for s, found in types.items() for o in found]
        results = self._own.check("\n".join((ntriples(own), *classes)))
        keys = {s: _key(s, facts, types) for s, facts in shared.items()}
        new = {s: key for s, key in keys.items() if key not in self._known}
        return sorted(results + self._check_new(new, nodes)) if new else results

    def _says_more(self, nodes: list[Node]) -> bool:
        """Whether a record's JSON-LD could be about a gene: it describes other nodes, or calls its figure one."""
        called = {(RDF_TYPE, name) for name in self._classes}
        return any(
            node.kind == "part" or (node.kind == "figure" and not called.isdisjoint(node.facts)) for node in nodes
        )

    def _check_new(self, new: dict[Term, int], nodes: list[Node]) -> list[Result]:
        """Results for shared nodes not met before; one with any result is looked at again in the next record."""
        looked_at = [node for node in nodes if node.kind in _SHARED and (node.subject in new or node.kind == "taxon")]
        results = [result for result in self.full.check(ntriples(looked_at)) if result.focus in new]
        faulty = {result.focus for result in results}
        self._known.update(key for subject, key in new.items() if subject not in faulty)
        return results
