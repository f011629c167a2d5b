"""The project's own vocabulary: labels, comments, domains and ranges, as shipped in `data/vocabulary.ttl`."""

from __future__ import annotations

import pyoxigraph as ox

from kg.resources import package_file
from kg.vocab import BASE, Term

__all__ = ["vocabulary_nodes", "vocabulary_turtle"]


def vocabulary_turtle(base: str = BASE) -> str:
    """The vocabulary as Turtle, under another base where one is given."""
    return package_file("vocabulary.ttl").read_text("utf-8").replace(BASE, base)


def vocabulary_nodes(base: str = BASE) -> list[tuple[Term, list[tuple[Term, Term]]]]:
    """The vocabulary as blocks of one subject each, sorted."""
    blocks: dict[Term, list[tuple[Term, Term]]] = {}
    for quad in ox.parse(vocabulary_turtle(base), format=ox.RdfFormat.TURTLE):
        subject, predicate, value = (Term(str(term)) for term in (quad.subject, quad.predicate, quad.object))
        blocks.setdefault(subject, []).append((predicate, value))
    return sorted((subject, sorted(facts)) for subject, facts in blocks.items())
