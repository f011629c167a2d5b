"""One record's triples, grouped by node, each with the field or table row that it comes from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from kg.errors import KgError, Problem
from kg.expand import REPAIRS
from kg.frontmatter import decode, locate
from kg.link import Node
from kg.origin import Place, field_of
from kg.process import Outcome
from kg.record import Figure
from kg.vocab import Names, Term
from kg.write import TurtleWriter

__all__ = ["Explanation", "Line", "explain"]


@dataclass(frozen=True, slots=True)
class Line:
    """One triple in Turtle's short form, and where it comes from: `path:line:column` and the field's name."""

    subject: Term
    predicate: str
    value: str
    field: str
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A record explained: its nodes in order, each with its kind and lines; repairs, notes and problems."""

    figid: str
    groups: list[tuple[str, Term, list[Line]]]
    repairs: Counter[str]
    notes: Counter[str]
    problems: list[Problem]

    def text(self) -> Iterator[str]:
        """The explanation line by line."""
        for kind, subject, lines in self.groups:
            yield f"{kind} {subject}"
            width = min(max((len(f"{line.predicate} {line.value}") for line in lines), default=0), 72)
            for line in lines:
                origin = ", ".join(part for part in (line.field, line.place) if part)
                yield f"    {f'{line.predicate} {line.value}':<{width}}  # {origin}"
            yield ""
        for name, number in sorted(self.repairs.items()):
            yield f"repair {name} ({number}): {REPAIRS.get(name, '')}"
        for code, number in sorted(self.notes.items()):
            yield f"note {code} ({number})"

    def to_json(self) -> dict[str, Any]:
        """The explanation as a mapping that `json` can write."""
        return {
            "figid": self.figid,
            "nodes": [
                {
                    "kind": kind,
                    "subject": subject[1:-1],
                    "triples": [
                        {"predicate": x.predicate, "value": x.value, "field": x.field, "place": x.place} for x in lines
                    ],
                }
                for kind, subject, lines in self.groups
            ],
            "repairs": dict(self.repairs),
            "notes": dict(self.notes),
            "problems": [problem.to_json() for problem in self.problems],
        }


def explain(outcome: Outcome, names: Names) -> Explanation:
    """Where each triple of a processed record comes from.

    Raises:
        KgError: the record has no triples, because it is broken or rejected.
    """
    figure, nodes = outcome.figure, outcome.nodes
    if figure is None or nodes is None:
        raise KgError(outcome.failure) if outcome.failure else AssertionError("an outcome without cause")
    text = decode(outcome.raw.data, outcome.raw.path)

    @cache
    def line_of(key: tuple[str | int, ...]) -> str:
        line, column = locate(text, key)
        return f"{outcome.raw.path}:{line}:{column}"

    def place_of(place: Place, node: Node) -> tuple[str, str]:
        if place.note:
            return place.note, ""
        if place.path:
            rows = ",".join(map(str, node.rows)) if node.rows else ""
            return ".".join(map(str, place.key)), f"{place.path}:{rows}" if rows else place.path
        return ".".join(map(str, place.key)), line_of(place.key) if place.key else ""

    writer = TurtleWriter(names)
    groups = [(node.kind, node.subject, list(_lines(node, figure, writer, place_of))) for node in _merged(nodes)]
    findings = outcome.findings
    return Explanation(
        figid=figure.figid, groups=groups, repairs=findings.repairs, notes=findings.notes, problems=findings.problems
    )


def _merged(nodes: list[Node]) -> Iterator[Node]:
    """Nodes as they come; a ChEBI spelling that several rows need is shown once."""
    shown: set[tuple[str, Term]] = set()
    for node in nodes:
        if (node.kind, node.subject) not in shown:
            shown.add((node.kind, node.subject))
            yield node


def _lines(node: Node, figure: Figure, writer: TurtleWriter, place_of: Any) -> Iterator[Line]:
    for predicate, value in node.facts:
        name = "a" if writer.short.iri(predicate) == "rdf:type" else writer.short.iri(predicate)
        field, place = place_of(field_of(node, predicate, figure), node)
        yield Line(node.subject, name, writer.short.term(value), field, place)
