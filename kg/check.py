"""A graph against the shapes: the fast engine by default, pyshacl as the reference.

Both take N-Triples text and give the same `Result`s, sorted, which the tests hold them to.
"""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, Protocol

import pyoxigraph as ox
import shacl

from kg.errors import ShapesError
from kg.shapes import ShapesGraph
from kg.vocab import PREFIXES, Term

if TYPE_CHECKING:
    import rdflib

__all__ = ["ENGINES", "Checker", "Result", "make_checker"]

ENGINES: Final = ("shacl", "pyshacl")
EngineName = Literal["shacl", "pyshacl"]

_SH: Final = PREFIXES["sh"]


class Result(NamedTuple):
    """One validation result: which node breaks which shape, how, and how bad that is.

    `severity` is Violation, Warning or Info; `path` and `value` are empty where the constraint names none.
    """

    focus: Term
    path: str
    value: str
    component: str
    shape: str
    severity: str
    message: str


class Checker(Protocol):
    """Compiled shapes."""

    def check(self, ntriples: str) -> list[Result]:
        """Validate N-Triples text; the results are sorted."""


def _unusable(what: str) -> ShapesError:
    return ShapesError.of("bad-shapes", what, "the engine cannot use these shapes", "correct them")


class _Fast:
    """PyPI `shacl` (Rust): shapes compiled once, 0.6 ms for a record of 450 triples."""

    def __init__(self, shapes: ShapesGraph) -> None:
        try:
            self._shapes = shacl.Shapes.from_text(shapes.ntriples, format="ntriples")
        except ValueError as error:
            raise _unusable(str(error)) from None

    def check(self, ntriples: str) -> list[Result]:
        report = self._shapes.validate_text(ntriples, format="ntriples")
        return sorted(
            Result(
                Term(r.focus_node),
                r.path or "",
                r.value or "",
                r.component,
                r.root_shape or r.source_shape or "",
                r.severity,
                r.message or "",
            )
            for r in report.results
        )


class _Reference:
    """pyshacl, the reference: 25 to 40 times slower, for tests and second opinions."""

    def __init__(self, shapes: ShapesGraph) -> None:
        import rdflib  # noqa: PLC0415 (0.3 s of imports that only this engine needs)

        # What it logs there it raises too, and here it becomes a message.
        logging.getLogger("pyshacl-validate").setLevel(logging.CRITICAL + 1)
        self._shapes = rdflib.Graph().parse(data=shapes.ntriples, format="nt")

    def check(self, ntriples: str) -> list[Result]:
        import pyshacl  # noqa: PLC0415 (as above)
        import rdflib  # noqa: PLC0415

        data, normalize = rdflib.Graph(), rdflib.NORMALIZE_LITERALS
        try:
            # rdflib would rewrite literals ("07" to "7"), and pyshacl sets it back to that after each call.
            rdflib.NORMALIZE_LITERALS = False
            data.parse(data=ntriples, format="nt")
            _, report, _ = pyshacl.validate(data, shacl_graph=self._shapes, inference="none", advanced=False)
        except (pyshacl.errors.ReportableRuntimeError, re.error) as error:
            raise _unusable(str(error)) from None
        finally:
            rdflib.NORMALIZE_LITERALS = normalize
        if not isinstance(report, rdflib.Graph):
            raise _unusable(str(report))
        return sorted(self._result(report, node) for node in report.objects(None, rdflib.URIRef(_SH + "result")))

    def _result(self, report: rdflib.Graph, node: rdflib.term.Node) -> Result:
        """One `sh:ValidationResult` of a report graph."""
        import rdflib  # noqa: PLC0415

        found = {str(p).removeprefix(_SH): o for p, o in report.predicate_objects(node)}
        shape: rdflib.term.Node | None = found.get("sourceShape")
        while isinstance(shape, rdflib.BNode):
            shape = next(iter(self._shapes.subjects(None, shape)), None)
        return Result(
            Term(_n3(found.get("focusNode"))),
            _n3(found.get("resultPath")),
            _n3(found.get("value")),
            str(found["sourceConstraintComponent"]).removeprefix(_SH),
            _n3(shape),
            str(found["resultSeverity"]).removeprefix(_SH),
            str(found.get("resultMessage", "")),
        )


def _n3(term: object) -> str:
    """An rdflib term as N-Triples text, without the datatype that plain strings have anyway."""
    n3 = getattr(term, "n3", None)
    if n3 is None:
        return ""
    import rdflib  # noqa: PLC0415

    if isinstance(term, rdflib.Literal):
        datatype = ox.NamedNode(str(term.datatype)) if term.datatype else None
        return str(ox.Literal(str(term), datatype=datatype, language=term.language))
    return str(n3())


def make_checker(shapes: ShapesGraph, engine: str = "shacl") -> Checker:
    """The engine by name, with the shapes compiled.

    Raises:
        ShapesError: no engine has this name, or it cannot compile the shapes.
    """
    if engine == "shacl":
        return _Fast(shapes)
    if engine == "pyshacl":
        return _Reference(shapes)
    raise ShapesError.of("unknown-engine", f"there is no engine {engine!r}", "", f"choose one of {', '.join(ENGINES)}")
