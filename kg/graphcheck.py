"""Any RDF file against the shapes, and the report as text, JSON or a SHACL validation report."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox

from kg.check import Result, make_checker
from kg.rdffiles import RdfFile, bad_rdf, rdf_files, readable, unpacked
from kg.shapes import ShapesGraph, load_shapes
from kg.vocab import BASE, PREFIXES, RDF_TYPE, Names, Term, literal, plain
from kg.write import TurtleWriter

if TYPE_CHECKING:
    import rdflib

__all__ = ["CheckReport", "check_graph", "read_graph"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReport:
    """The outcome of a check.

    `focus_nodes` counts the nodes that each shape's class met; `violations` are the results of severity Violation.
    """

    results: Sequence[Result]
    focus_nodes: dict[str, int]
    triples: int
    shapes: ShapesGraph

    @property
    def conforms(self) -> bool:
        """Whether there is no result at all, of whatever severity (as SHACL defines `sh:conforms`)."""
        return not self.results

    @property
    def violations(self) -> list[Result]:
        """The results that make a graph unfit."""
        return [result for result in self.results if result.severity == "Violation"]

    @property
    def checked(self) -> int:
        """How many focus nodes there were; none means that nothing was checked."""
        return sum(self.focus_nodes.values())

    def text(self, limit: int | None = None) -> str:
        """The report for people: a few lines a result, then what was checked."""
        shown = self.results if limit is None else self.results[:limit]
        lines = [self._lines(result) for result in shown]
        if len(shown) < len(self.results):
            lines.append(f"... and {len(self.results) - len(shown):,} further results")
        severities = Counter(result.severity for result in self.results)
        found = ", ".join(f"{n:,} {name.lower()}{'s' if n != 1 else ''}" for name, n in sorted(severities.items()))
        lines.append(f"{self.checked:,} focus nodes, {self.triples:,} triples: {found or 'no problem'}")
        return "\n".join(lines)

    def _lines(self, result: Result) -> str:
        shape = self.shapes.properties.get(Term(result.shape))
        name = shape.name if shape else result.shape.rstrip(">").rpartition("#")[2]
        short = TurtleWriter(Names()).short
        component = result.component.removesuffix("ConstraintComponent")
        head = f"{plain(result.focus)}: {result.severity.lower()}[{name}]: {component}"
        head += f" of {short[result.path]}" if result.path else ""
        head += f", value {short[result.value]}" if result.value else ""
        why = f"\n    why: guards {shape.comment}" if shape else ""
        return f"{head}{why}\n    mend: {result.message}"

    def to_json(self) -> dict[str, Any]:
        """The report as a mapping that `json` can write."""
        return {
            "conforms": self.conforms,
            "violations": len(self.violations),
            "focus_nodes": self.focus_nodes,
            "triples": self.triples,
            "results": [result._asdict() for result in self.results],
        }

    def to_turtle(self) -> str:
        """The report as a `sh:ValidationReport` (https://www.w3.org/TR/shacl/#validation-report)."""
        head = "".join(f"@prefix {p}: <{PREFIXES[p]}> .\n" for p in ("sh", "xsd"))
        results = [f"    sh:result {_result_turtle(result)}" for result in self.results]
        conforms = f"[] a sh:ValidationReport ;\n    sh:conforms {str(self.conforms).lower()}"
        return head + "\n" + " ;\n".join([conforms, *results]) + " .\n"


def _result_turtle(result: Result) -> str:
    facts = [
        "a sh:ValidationResult",
        f"sh:focusNode {result.focus}",
        f"sh:resultSeverity sh:{result.severity}",
        f"sh:sourceConstraintComponent sh:{result.component}",
        f"sh:sourceShape {result.shape}",
        *(
            [f"sh:resultPath {result.path}"] if result.path.startswith("<") else []
        ),  # a path of several steps has no IRI
        *([f"sh:value {result.value}"] if result.value else []),
        *([f"sh:resultMessage {literal(result.message)}"] if result.message else []),
    ]
    return "[\n        " + " ;\n        ".join(facts) + "\n    ]"


def read_graph(path: Path, form: str | None = None) -> str:
    """The triples of an RDF file, or of all RDF files in a folder, as N-Triples text; graph names are dropped.

    Args:
        path: a file in Turtle, N-Triples, N-Quads, TriG, N3, RDF/XML or JSON-LD (inline contexts only), packed or not.
        form: its format where the suffix does not tell, such as `ttl`.

    Raises:
        UsageError: the file cannot be read, or its format is unknown.
        SourceError: a syntax error, with line and column.
    """
    files = rdf_files(path, form)
    if len(files) > 1 or path.is_dir():
        return _distinct("".join(_to_ntriples(file) for file in files))
    return _to_ntriples(files[0])


def _to_ntriples(file: RdfFile) -> str:
    with readable(file.path):
        data = unpacked(file)
    try:
        # Two files may call two blank nodes by one name.
        quads = ox.parse(data, format=file.format, rename_blank_nodes=True)
        out = ox.serialize((quad.triple for quad in quads), format=ox.RdfFormat.N_TRIPLES)
    except (SyntaxError, ValueError) as error:
        raise bad_rdf(file, error) from None
    text = (out or b"").decode()
    return _distinct(text) if file.format in (ox.RdfFormat.N_QUADS, ox.RdfFormat.TRIG) else text


def _distinct(ntriples: str) -> str:
    """A triple that stands in several graphs or files is one."""
    return "".join(dict.fromkeys(f"{line}\n" for line in ntriples.split("\n")[:-1]))


def check_graph(
    graph: str | os.PathLike[str] | rdflib.Graph,
    *,
    engine: str = "shacl",
    shapes: str | os.PathLike[str] | None = None,
    form: str | None = None,
    base: str = BASE,
) -> CheckReport:
    """Check a graph against the shapes.

    Args:
        graph: an RDF file, a folder of them, or an `rdflib.Graph`.
        engine: `shacl` (fast) or `pyshacl` (reference).
        shapes: folder of shapes; the shipped ones by default.
        form: format of the file where its suffix does not tell.
        base: the IRI that the project's own terms hang on in this graph.

    Raises:
        UsageError: the file cannot be read.
        SourceError: the file has a syntax error.
        ShapesError: the shapes are broken.
    """
    text = read_graph(Path(graph), form) if isinstance(graph, (str, os.PathLike)) else str(graph.serialize(format="nt"))
    loaded = load_shapes(None if shapes is None else Path(shapes), base=base)
    return CheckReport(
        results=make_checker(loaded, engine).check(text),
        focus_nodes=_focus_nodes(text, loaded),
        triples=text.count("\n"),
        shapes=loaded,
    )


def _focus_nodes(ntriples: str, shapes: ShapesGraph) -> dict[str, int]:
    """How many nodes each node shape looks at."""
    found: dict[str, set[str]] = {name: set() for name, _, _ in shapes.targets}
    by_class: dict[str, list[str]] = {}
    by_predicate: dict[str, list[tuple[str, int]]] = {}
    for name, kind, term in shapes.targets:
        if kind == "Class":
            by_class.setdefault(term, []).append(name)
        elif kind == "Node":
            found[name].add(term)
        else:
            by_predicate.setdefault(term, []).append((name, 0 if kind == "SubjectsOf" else 2))
    for line in ntriples.split("\n")[:-1]:  # not splitlines: literals may hold other line ends
        parts = line[:-2].split(" ", 2)  # neither a subject nor a predicate holds a blank
        if parts[1] == RDF_TYPE:
            for name in by_class.get(parts[2], ()):
                found[name].add(parts[0])
        for name, place in by_predicate.get(parts[1], ()):
            found[name].add(parts[place])
    return {name: len(nodes) for name, nodes in found.items()}
