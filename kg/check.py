"""A graph against the shapes: the fast engine by default, pyshacl as the reference.

Both take N-Triples text and give the same `Result`s, sorted, which the tests hold them to.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple, Protocol

import pyoxigraph as ox
import shacl

from kg.errors import ShapesError
from kg.shapes import PropertyShape, ShapesGraph
from kg.vocab import PREFIXES, Term

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
    """Compiled shapes; `check` validates N-Triples text and returns sorted results."""

    def check(self, ntriples: str) -> list[Result]: ...


class _Fast:
    """PyPI `shacl` (Rust): shapes compiled once, 0.6 ms for a record of 450 triples."""

    def __init__(self, shapes: ShapesGraph) -> None:
        try:
            self._shapes = shacl.Shapes.from_text(shapes.ntriples, format="ntriples")
        except ValueError as error:
            raise ShapesError(ShapesError.of("bad-shapes", str(error), "the engine cannot compile them", "correct the shapes").problem) from None

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

        self._shapes = rdflib.Graph().parse(data=shapes.ntriples, format="nt")

    def check(self, ntriples: str) -> list[Result]:
        import pyshacl  # noqa: PLC0415 (as above)
        import rdflib  # noqa: PLC0415

        data = rdflib.Graph().parse(data=ntriples, format="nt")
        _, report, _ = pyshacl.validate(data, shacl_graph=self._shapes, inference="none", advanced=False)
        if not isinstance(report, rdflib.Graph):
            raise ShapesError(ShapesError.of("bad-shapes", str(report), "pyshacl cannot use them", "correct the shapes").problem)
        sh = rdflib.Namespace(_SH)
        results = []
        for node in report.objects(None, sh.result):
            get = lambda name: report.value(node, sh[name])  # noqa: B023, E731 (used at once)
            shape = get("sourceShape")
            while isinstance(shape, rdflib.BNode):
                shape = next(iter(self._shapes.subjects(None, shape)), None)
            results.append(
                Result(
                    Term(_n3(get("focusNode"))),
                    _n3(get("resultPath")),
                    _n3(get("value")),
                    str(get("sourceConstraintComponent")).removeprefix(_SH),
                    _n3(shape),
                    str(get("resultSeverity")).removeprefix(_SH),
                    str(get("resultMessage") or ""),
                )
            )
        return sorted(results)


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
    raise ShapesError(
        ShapesError.of("unknown-engine", f"there is no engine {engine!r}", "", f"choose one of {', '.join(ENGINES)}").problem
    )


def shape_of(result: Result, shapes: ShapesGraph) -> PropertyShape | None:
    """The property shape that a result comes from; None for constraints of a node shape itself."""
    return shapes.properties.get(Term(result.shape))
