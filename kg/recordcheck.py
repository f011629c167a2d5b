"""Records' nodes against the shapes, without checking again what many records have alike.

With the shipped shapes, whose constraints each look at one node and the classes of what it points to, a node whose
facts are a `Form`'s (a gene, a lexicon, the match of a word to a gene) is checked when its form is first met; what
comes later needs no second look. Neither does a keyword or mentioned entity of a figure, which shapes look at one by
one. The rest of several records is checked in one call where no two of them describe the same node; those of which
anything is found there are looked at again alone. Tests compare the results with those of whole graphs. Foreign shapes
get each record's whole graph every time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from kg.check import Checker, Result, make_checker
from kg.node import Form, Groups, Linked, Node, grouped
from kg.shapes import ShapesGraph
from kg.vocab import (
    FABIO_JOURNAL,
    FOAF_ORGANIZATION,
    RDF_TYPE,
    RDFS_SUBCLASS,
    SCHEMA_KEYWORDS,
    SCHEMA_MENTIONS,
    SCHEMA_ORGANIZATION,
    SKOS_CONCEPT,
    SKOS_CONCEPT_SCHEME,
    Names,
    Term,
)

__all__ = ["RecordChecker", "ntriples"]

_SHARED: Final = frozenset(
    ("gene", "chemical", "disease", "taxon", "mapping", "journal", "publisher", "lexicon", "scheme", "agent")
)
"""Kinds of nodes that stand in many records; their classes are targets of shapes of their own."""

_KEPT: Final = 1 << 16
_MENTIONS: Final = frozenset(("gene-mention", "chemical-mention", "disease-mention"))

_POINTED_AT: Final = frozenset(("taxon", "journal", "publisher"))
"""Shared kinds whose class is asked for by figures, papers and organism evidence; others by mentions alone."""


def ntriples(nodes: Iterable[Node]) -> str:
    """The triples of some nodes as N-Triples text."""
    return "\n".join([f"{s} {p} {o} ." for s, _, facts, *_ in nodes for p, o in facts])


class RecordChecker:
    """Checks the nodes of records.

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
        own = [names.pfo(name) for name in ("Gene", "Chemical", "Disease", "Taxon", "KeywordLexicon")]
        others = (FABIO_JOURNAL, FOAF_ORGANIZATION, SCHEMA_ORGANIZATION, SKOS_CONCEPT, SKOS_CONCEPT_SCHEME)
        self._classes = frozenset((*own, *others))
        self._pointing = shapes.class_paths()
        # Keywords and mentions are most of a figure's facts, and the same ones stand in many figures.
        single = {SCHEMA_KEYWORDS, SCHEMA_MENTIONS} & shapes.value_by_value()
        self._seen = {predicate: _Seen() for predicate in single}
        if not whole:
            self._own = make_checker(shapes.without_targets(self._classes), engine)

    def suspects(self, records: Sequence[Linked]) -> list[int]:
        """Which of some records need to be checked alone; of the others it is known that nothing is wrong."""
        if self.whole:
            return list(range(len(records)))
        found = {
            place for place, one in enumerate(records) if self._says_more(one.facts, [one.paper, *one.own, *one.shared])
        }
        parts = {place: self._part(linked) for place, linked in enumerate(records) if place not in found}
        for group in _disjoint(parts):
            results = self._own.check("\n".join([text for place in group for text in parts[place].own]))
            found |= _blamed(results, {place: parts[place].subjects for place in group})
        for group in _compatible(parts):
            nodes = {id(node): node for place in group for node in parts[place].shared}
            results = self.full.check(ntriples(nodes.values()))
            found |= _blamed(results, {place: [node.subject for node in parts[place].shared] for place in group})
        for place, part in parts.items():
            if place not in found:
                part.passed(self)
        return sorted(found)

    def check(self, nodes: list[Node]) -> list[Result]:
        """The results for one record, sorted."""
        if self.whole or self._says_more(grouped(nodes[0].facts), nodes):
            return self.full.check(ntriples(nodes))
        mentions = [node for node in nodes if node.kind in _MENTIONS]
        own = [node for node in nodes if node.kind not in _SHARED and node.kind not in _MENTIONS]
        part = self._of([*own, *mentions], [node for node in nodes if node.kind in _SHARED], mentions)
        results = self._own.check("\n".join(part.own))
        if part.shared:
            wanted = {node.subject for node in part.shared}
            results = sorted(results + [r for r in self.full.check(ntriples(part.shared)) if r.focus in wanted])
        return results

    def _part(self, linked: Linked) -> _Part:
        new = [
            form.node(mentions.figure)
            for mentions in linked.mentions
            for form in mentions.forms
            if form.passed is not self
        ]
        part = self._of([linked.paper, *linked.own, *new], linked.shared, new)
        subject = linked.figure
        for predicate, values in linked.facts.items():
            seen = self._seen.get(predicate)
            unseen = values if seen is None else seen.unseen(values)
            part.own.extend([f"{subject} {predicate} {value} ." for value in unseen])
            if seen is not None and unseen:
                part.values.append((seen, unseen))
        part.subjects.append(subject)
        return part

    def _of(self, own: list[Node], shared: list[Node], mentions: list[Node]) -> _Part:
        """What must be looked at of a record; `mentions` are those of its own nodes that are new."""
        # Of genes, chemicals, diseases and lexicons a shape asks for the class only where a new mention points to them.
        wanted = {value for node in mentions for _, value in node.facts}
        pointed = [node for node in shared if node.kind in _POINTED_AT or node.subject in wanted]
        classes = [f"{node.subject} {RDF_TYPE} {o} ." for node in pointed for p, o in node.facts if p == RDF_TYPE]
        new = [node for node in shared if node.form is None or node.form.passed is not self]
        subjects = [node.subject for node in shared]
        if len(set(subjects)) < len(subjects):
            # Two nodes of one subject (an id listed as chemical and as disease) are one node in the graph: never kept.
            twice = {subject for subject, number in Counter(subjects).items() if number > 1}
            alone = [node._replace(form=None) if node.subject in twice else node for node in shared]
            new = [node for node in alone if node.form is None or node.form.passed is not self]
        forms = [node.form for node in (*own, *new) if node.form is not None]
        return _Part([ntriples(own), *classes], [node.subject for node in own], _with_taxa(new, shared), forms, [])

    def _says_more(self, facts: Groups, nodes: Iterable[Node]) -> bool:
        """Whether a record's JSON-LD says what the short cuts do not reckon with.

        It describes other nodes, makes its figure a gene (or a class, whose instances count as those of another), or
        lets it point to what the record itself does not describe and another one could.
        """
        if not self._classes.isdisjoint(facts[RDF_TYPE]) or RDFS_SUBCLASS in facts:
            return True
        described = set()
        for node in nodes:
            if node.kind == "part":
                return True
            described.add(node.subject)
        return any(not described.issuperset(facts[path]) for path in self._pointing if path in facts)


class _Seen:
    """Values of a predicate that shapes look at one by one, and of which they found nothing to say."""

    def __init__(self) -> None:
        self._values: set[Term] = set()

    def unseen(self, values: Iterable[Term]) -> set[Term]:
        return set(values) - self._values

    def add(self, values: Iterable[Term]) -> None:
        if len(self._values) > _KEPT:
            self._values.clear()
        self._values.update(values)


class _Part(NamedTuple):
    """What must be looked at of one record: text of its own nodes, nodes that others share, and the forms of both."""

    own: list[str]
    subjects: list[Term]
    shared: list[Node]
    forms: list[Form]
    values: list[tuple[_Seen, Collection[Term]]]

    def passed(self, checker: RecordChecker) -> None:
        """Remember that nothing was wrong."""
        for form in self.forms:
            form.passed = checker
        for seen, values in self.values:
            seen.add(values)


def _blamed(results: Collection[Result], subjects: Mapping[int, Collection[Term]]) -> set[int]:
    """Which records some results are about, by the subjects of each; all of them where that cannot be told."""
    if not results:
        return set()
    foci = {result.focus for result in results}
    return {place for place, own in subjects.items() if not foci.isdisjoint(own)} or set(subjects)


def _with_taxa(new: list[Node], shared: list[Node]) -> list[Node]:
    """New nodes with those of the record whose class they ask for: a gene its taxon's, a lexicon its scheme's."""
    if not new:
        return []
    subjects = {node.subject for node in new}
    return [node for node in shared if node.kind in ("taxon", "scheme") or node.subject in subjects]


def _disjoint(parts: Mapping[int, _Part]) -> list[set[int]]:
    """Records in groups in which no two describe the same node: together they could hide what each of them lacks."""
    groups: list[tuple[set[int], set[Term]]] = []
    for place, part in parts.items():
        group = next((group for group in groups if group[1].isdisjoint(part.subjects)), None)
        if group is None:
            group = (set(), set())
            groups.append(group)
        group[0].add(place)
        group[1].update(part.subjects)
    return [members for members, _ in groups]


def _compatible(parts: Mapping[int, _Part]) -> list[set[int]]:
    """Records in groups in which each shared node that must be looked at is the same in all of them."""
    alone: list[set[int]] = []
    groups: list[tuple[set[int], dict[Term, Form | None]]] = []
    for place, part in parts.items():
        if not part.shared:
            continue
        mine = {node.subject: node.form for node in part.shared}
        if None in mine.values() or len(mine) < len(part.shared):  # of no form, or two nodes that are one in the graph
            alone.append({place})
            continue
        group = next(
            (g for g in groups if all(g[1].get(subject, form) is form for subject, form in mine.items())), None
        )
        if group is None:
            group = (set(), {})
            groups.append(group)
        group[0].add(place)
        group[1].update(mine)
    return alone + [members for members, _ in groups]
