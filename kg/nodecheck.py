"""Nodes that are merged from many records against the shapes, in the words of a report."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kg.errors import Problem
from kg.node import Node
from kg.recordcheck import RecordChecker, ntriples
from kg.vocab import Term

__all__ = ["node_problems"]


def node_problems(
    checker: RecordChecker, nodes: Sequence[Node], targets: Iterable[Node] = (), path: str = ""
) -> list[Problem]:
    """What the shapes find wrong with some nodes; notes are left out.

    Args:
        checker: holds the shapes.
        nodes: to check.
        targets: nodes that these point to and whose class the shapes ask for.
        path: what the problems give as their place.
    """
    subjects = {node.subject for node in nodes}
    problems = []
    for result in checker.full.check(ntriples([*nodes, *targets])):
        if result.focus not in subjects or result.severity == "Info":
            continue
        shape = checker.shapes.properties.get(Term(result.shape))
        problems.append(
            Problem(
                severity="error" if result.severity == "Violation" else "warning",
                code=shape.name if shape else "shape",
                what=f"{result.focus} breaks {result.component.removesuffix('ConstraintComponent')} {result.value}",
                why=f"guards {shape.comment}" if shape else "",
                mend=result.message,
                path=path,
            )
        )
    return problems
