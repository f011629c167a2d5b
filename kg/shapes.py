"""The shapes graph: read from a folder of Turtle files, checked itself, listed for people.

A misspelt constraint (`sh:minCont`) or an empty shapes graph passes in nearly every engine, so the terms
are held against a list, and a shape that tells nobody anything is refused.
"""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from kg.errors import ShapesError
from kg.resources import data_dir
from kg.vocab import BASE, PREFIXES, Term

__all__ = ["PropertyShape", "ShapesGraph", "load_shapes"]

_SH: Final = PREFIXES["sh"]
_ALLOWED: Final = frozenset((
    "NodeShape", "PropertyShape", "IRI", "Literal", "BlankNode", "Violation", "Warning", "Info", "targetClass",
    "targetNode", "targetSubjectsOf", "targetObjectsOf", "property", "path", "nodeKind", "datatype", "minCount",
    "maxCount", "minLength", "maxLength", "minInclusive", "maxInclusive", "minExclusive", "maxExclusive",
    "pattern", "flags", "in", "hasValue", "class", "not", "or", "and", "xone", "node", "severity", "message",
    "name", "description", "order", "group", "deactivated", "inversePath", "alternativePath", "zeroOrMorePath",
    "oneOrMorePath", "zeroOrOnePath", "uniqueLang", "languageIn", "equals", "disjoint", "lessThan",
    "lessThanOrEquals", "closed", "ignoredProperties", "qualifiedValueShape", "qualifiedMinCount",
    "qualifiedMaxCount", "qualifiedValueShapesDisjoint", "BlankNodeOrIRI", "BlankNodeOrLiteral", "IRIOrLiteral",
    "sparql", "select", "ask", "prefixes", "declare", "prefix", "namespace", "SPARQLConstraint",
))  # fmt: skip

_ONE_VALUE: Final = frozenset((
    "path", "severity", "message", "name", "description", "order", "group", "nodeKind", "datatype", "pattern", "flags",
    "minLength", "maxLength", "minInclusive", "maxInclusive", "minExclusive", "maxExclusive", "in", "languageIn",
))  # fmt: skip
"""What a shape may say whose result for a value hangs on that value alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertyShape:
    """One property shape: what it asks of which nodes, in which words, and the field that it guards."""

    name: str
    iri: Term
    node_shape: str
    target: Term
    path: Term
    severity: str
    message: str
    comment: str


def _turtle_files(folder: Traversable) -> list[Traversable]:
    return sorted((f for f in folder.iterdir() if f.name.endswith(".ttl")), key=lambda f: f.name)


class ShapesGraph:
    """The triples of the shapes, and the property shapes among them by IRI.

    Args:
        files: name and Turtle text of each file.
        base: the project's base IRI; the shipped shapes are written under the default one.

    Raises:
        ShapesError: a file is no Turtle, a term is no SHACL term, a shape lacks message, severity or comment.
    """

    def __init__(self, files: list[tuple[str, str]], *, base: str = BASE) -> None:
        self.store = ox.Store()
        for name, text in files:
            try:
                self.store.extend(
                    ox.parse(text.replace(BASE, base), format=ox.RdfFormat.TURTLE, rename_blank_nodes=True)
                )
            except SyntaxError as error:
                raise _broken(f"{name}: {error}", "shapes are Turtle", "correct the file") from None
        self._check_terms()
        self.properties = {shape.iri: shape for shape in self._property_shapes()}
        if not self.properties:
            raise _broken(
                "there is no property shape",
                "a graph without shapes passes whatever it is given",
                "name a folder with shapes in .ttl files",
            )

    @cached_property
    def ntriples(self) -> str:
        """The shapes as N-Triples text, which both engines read."""
        data = ox.serialize(self.store.quads_for_pattern(None, None, None, None), format=ox.RdfFormat.N_QUADS)
        return (data or b"").decode()

    @property
    def targets(self) -> list[tuple[str, str, Term]]:
        """What each node shape looks at: its name, `Class`, `Node`, `SubjectsOf` or `ObjectsOf`, and the term."""
        kinds = ("Class", "Node", "SubjectsOf", "ObjectsOf")
        return sorted(
            (_local(str(quad.subject)), kind, Term(str(quad.object)))
            for kind in kinds
            for quad in self.store.quads_for_pattern(None, _sh(f"target{kind}"), None)
        )

    def without_targets(self, classes: Iterable[Term]) -> ShapesGraph:
        """The same shapes, of which those for some classes look at nothing."""
        ends = tuple(f"<{_SH}targetClass> {name} ." for name in classes)
        kept = "\n".join(line for line in self.ntriples.split("\n") if not line.endswith(ends))
        reduced = copy(self)
        reduced.__dict__["ntriples"] = kept
        return reduced

    def class_paths(self) -> frozenset[Term]:
        """Paths of which shapes ask the class of what they lead to."""
        with_class = {quad.subject for quad in self.store.quads_for_pattern(None, _sh("class"), None)}
        paths = (quad.object for shape in with_class for quad in self.store.quads_for_pattern(shape, _sh("path"), None))
        return frozenset(Term(str(path)) for path in paths)

    def value_by_value(self) -> frozenset[Term]:
        """Paths that all shapes with them look at one value at a time: no count, no other node, no other value."""
        if any(self.store.quads_for_pattern(None, _sh("sparql"), None)):
            return frozenset()  # a query can look at anything
        return frozenset(path for path in {s.path for s in self.properties.values()} if self._is_by_value(path))

    def _is_by_value(self, path: Term) -> bool:
        """Whether a predicate stands in the shapes as the path of such property shapes alone."""
        if path.startswith("<_:"):  # a path of several steps, or backwards
            return False
        return all(
            quad.predicate == _sh("path")
            and isinstance(quad.subject, ox.NamedNode)
            and Term(str(quad.subject)) in self.properties
            and self._looks_at_values(quad.subject)
            for quad in self.store.quads_for_pattern(None, None, ox.NamedNode(path[1:-1]))
        )

    def _looks_at_values(self, shape: ox.NamedNode | ox.BlankNode) -> bool:
        for quad in self.store.quads_for_pattern(shape, None, None):
            term = quad.predicate.value
            inner = quad.object
            if term == _SH + "not":
                if not isinstance(inner, ox.BlankNode) or not self._looks_at_values(inner):
                    return False
            elif term.startswith(_SH) and term.removeprefix(_SH) not in _ONE_VALUE:
                return False
        return True

    def _check_terms(self) -> None:
        for quad in self.store:
            for term in (quad.predicate, quad.object):
                if isinstance(term, ox.NamedNode) and term.value.startswith(_SH):
                    local = term.value.removeprefix(_SH)
                    if local not in _ALLOWED:
                        raise _broken(
                            f"sh:{local} is no term that shapes may use",
                            "an engine would skip it in silence",
                            "correct its spelling",
                        )

    def _property_shapes(self) -> list[PropertyShape]:
        found: list[PropertyShape] = []
        for quad in self.store.quads_for_pattern(None, _sh("property"), None):
            shape, node = quad.object, quad.subject
            if isinstance(shape, ox.BlankNode):
                raise _broken(
                    f"a property shape of {node} has no IRI", "the IRI becomes the problem's code", "give it one"
                )
            texts = {key: self._value(shape, _sh(key)) for key in ("path", "severity", "message")}
            texts["comment"] = self._value(shape, ox.NamedNode(PREFIXES["rdfs"] + "comment"))
            for key, value in texts.items():
                if not value:
                    raise _broken(
                        f"{shape} has no {key}",
                        "a violation must say what is wrong, how bad it is and which field it guards",
                        f"add its {key}",
                    )
            found.append(
                PropertyShape(
                    name=_local(str(shape)), iri=Term(str(shape)), node_shape=_local(str(node)),
                    target=Term(f"<{self._value(node, _sh('targetClass'))}>"), path=Term(f"<{texts['path']}>"),
                    severity=_local(texts["severity"]), message=texts["message"], comment=texts["comment"],
                )
            )  # fmt: skip
        return sorted(found, key=lambda shape: (shape.node_shape, shape.name))

    def _value(self, subject: ox.NamedNode | ox.BlankNode | ox.Triple | ox.Literal, predicate: ox.NamedNode) -> str:
        for quad in self.store.quads_for_pattern(subject, predicate, None):  # type: ignore[arg-type]
            value = quad.object
            return value.value if isinstance(value, (ox.NamedNode, ox.Literal)) else str(value)
        return ""


def _sh(local: str) -> ox.NamedNode:
    return ox.NamedNode(_SH + local)


def _local(term: str) -> str:
    return term.rstrip(">").rpartition("#")[2]


def _broken(what: str, why: str, mend: str) -> ShapesError:
    return ShapesError.of("bad-shapes", what, why, mend)


def load_shapes(folder: str | Path | None = None, *, base: str = BASE) -> ShapesGraph:
    """The shapes of a folder of Turtle files, by default those that ship with the package.

    Raises:
        ShapesError: the folder cannot be read or its shapes are broken.
    """
    place: Traversable = data_dir("shapes") if folder is None else Path(folder)
    try:
        files = [(file.name, file.read_text("utf-8")) for file in _turtle_files(place)]
    except OSError as error:
        raise _broken(f"{place}: {error.strerror or error}", "", "name a folder with shapes in .ttl files") from None
    except UnicodeDecodeError as error:
        raise _broken(
            f"{place}: a file is not UTF-8: {error.reason}", "shapes are Turtle", "correct the file"
        ) from None
    return ShapesGraph(files, base=base)
