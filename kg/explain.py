"""One record's triples, grouped by node, each with the field or table row that it comes from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from kg.errors import KgError, Problem
from kg.frontmatter import decode, locate
from kg.keywords import unlinked_problem
from kg.node import Node
from kg.origin import Place, field_of
from kg.process import Outcome
from kg.read import locate_problem
from kg.record import Figure
from kg.repair import REPAIRS
from kg.vocab import RDF_TYPE, Names, Term
from kg.write import TurtleWriter

__all__ = ["Explanation", "Line", "explain"]


_TEXT_WIDTH: Final = 100
"""Longer values are cut in the text form; JSON has them whole."""


@dataclass(frozen=True, slots=True)
class Line:
    """One triple in Turtle's short form and where it comes from: the field, and `path:line:column` or table rows."""

    subject: Term
    predicate: str
    value: str
    field: str
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A record explained: its nodes in order, each with its kind and lines; repairs, notes and problems."""

    figid: str
    path: str
    groups: Sequence[tuple[str, Term, list[Line]]]
    repairs: Counter[str]
    notes: Counter[str]
    problems: list[Problem]
    unlinked: list[Problem]

    def text(self) -> Iterator[str]:
        """The explanation line by line; places in the record itself as line:column only, in tables as file:rows."""
        yield f"{self.figid}  ({self.path})"
        for kind, subject, lines in self.groups:
            yield f"\n{kind} {subject}"
            for line in lines:
                value = line.value if len(line.value) <= _TEXT_WIDTH else f"{line.value[:_TEXT_WIDTH]}..."
                place = line.place.removeprefix(f"{self.path}:").rpartition("/")[2]
                origin = " ".join(part for part in (line.field, f"({place})" if place else "") if part)
                yield f"    {line.predicate} {value}  # {origin}"
        yield ""
        for name, number in sorted(self.repairs.items()):
            yield f"repair {name} ({number}): {REPAIRS.get(name, '')}"
        for code, number in sorted(self.notes.items()):
            yield f"note {code} ({number})"
        for problem in self.unlinked:
            yield f"    {problem.line}:{problem.column} {problem.what} ({problem.code}): {problem.why}"

    def to_json(self) -> dict[str, Any]:
        """The explanation as a mapping that `json` can write."""
        return {
            "figid": self.figid,
            "path": self.path,
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
            "unlinked": [problem.to_json() for problem in self.unlinked],
        }


def explain(outcome: Outcome, names: Names) -> Explanation:
    """Where each triple of a processed record comes from.

    Raises:
        KgError: the record has no triples, because it is broken or rejected.
    """
    figure, nodes = outcome.figure, outcome.nodes
    if figure is None or nodes is None:
        raise KgError(outcome.failure) if outcome.failure else AssertionError("an outcome without cause")
    explainer = _Explainer(outcome, figure, names)
    findings = outcome.findings
    return Explanation(
        figid=figure.figid,
        path=outcome.raw.path,
        groups=[(node.kind, node.subject, list(explainer.lines(node))) for node in _once(nodes)],
        repairs=findings.repairs,
        notes=findings.notes,
        problems=findings.problems,
        unlinked=[
            locate_problem(outcome.raw, unlinked_problem(one, figure.path, figure.figid)) for one in findings.unlinked
        ],
    )


def _once(nodes: list[Node]) -> Iterator[Node]:
    """Nodes as they come; a ChEBI spelling that several rows need is shown once."""
    shown: set[tuple[str, Term]] = set()
    for node in nodes:
        if (node.kind, node.subject) not in shown:
            shown.add((node.kind, node.subject))
            yield node


class _Explainer:
    def __init__(self, outcome: Outcome, figure: Figure, names: Names) -> None:
        self.figure, self.path = figure, outcome.raw.path
        self.record = decode(outcome.raw.data, outcome.raw.path)
        self.short = TurtleWriter(names).short
        self.known: dict[tuple[str | int, ...], str] = {}

    def lines(self, node: Node) -> Iterator[Line]:
        for predicate, value in node.facts:
            name = "a" if predicate == RDF_TYPE else self.short[predicate]
            field, place = self._origin(field_of(node, predicate, self.figure, value), node)
            yield Line(node.subject, name, self.short[value], field, place)

    def _origin(self, place: Place, node: Node) -> tuple[str, str]:
        if place.note:
            return place.note, ""
        field = ".".join(str(step) for step in place.key)
        if place.path:
            rows = node.rows or ((place.line,) if place.line else ())
            return field, ":".join((place.path, ",".join(map(str, rows)))).rstrip(":")
        return field, self._line(place.key) if place.key else ""

    def _line(self, key: tuple[str | int, ...]) -> str:
        if key not in self.known:
            line, column = locate(self.record, key)
            self.known[key] = f"{self.path}:{line}:{column}"
        return self.known[key]
