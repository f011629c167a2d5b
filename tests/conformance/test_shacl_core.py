"""The W3C SHACL core suite holds for the engine we ship with and for the reference engine.

A case passes when the report an engine returns and the report in the manifest, both reduced to the
properties the suite compares, are isomorphic graphs.

Source:
    SHACL Test Suite and Implementation Report (W3C); manifests below `shared/w3c/shacl/tests/core`.
"""

import os
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import pyshacl
import pytest
import rdflib
import shacl
from pyshacl.errors import ReportableRuntimeError, ShapeLoadError
from rdflib import RDF, BNode, Graph, Namespace, URIRef
from rdflib.collection import Collection
from rdflib.compare import isomorphic
from rdflib.term import Node
from rdflib.util import from_n3

MF = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#")
SH = Namespace("http://www.w3.org/ns/shacl#")
SHT = Namespace("http://www.w3.org/ns/shacl-test#")

EXPECTED_CASES = 98

# What the suite compares on each sh:result; sh:resultMessage is added where the manifest has it.
RESULT_PROPERTIES = (
    RDF.type,
    SH.focusNode,
    SH.resultPath,
    SH.resultSeverity,
    SH.sourceConstraintComponent,
    SH.sourceShape,
    SH.value,
)
PATH_PROPERTIES = (
    RDF.first,
    RDF.rest,
    SH.alternativePath,
    SH.inversePath,
    SH.oneOrMorePath,
    SH.zeroOrMorePath,
    SH.zeroOrOnePath,
)

# The suite holds ill-formed booleans on purpose, and rdflib warns of each.
WEIRD_BOOLEAN = "Parsing weird boolean"
pytestmark = pytest.mark.filterwarnings(f"ignore:{WEIRD_BOOLEAN}:UserWarning")

SUITE = Path(__file__).parents[2].parent / "shared" / "w3c" / "shacl"
CORE = SUITE / "tests" / "core"

if not (CORE / "manifest.ttl").is_file():
    ABSENT = "../shared/w3c is not here"
    # A suite that quietly disappears from CI would look like a suite that passes.
    if os.environ.get("CI"):
        pytest.fail(f"{ABSENT}, and CI must run the suite", pytrace=False)
    pytest.skip(ABSENT, allow_module_level=True)


@dataclass(frozen=True)
class Case:
    """One manifest entry; `failure` is set where the suite demands that validation fails."""

    id: str
    data: Path
    shapes: Path
    expected: Graph
    failure: bool


@cache
def parse(path: Path) -> Graph:
    """Return the triples of a Turtle file, relative IRIs resolved against the file's own IRI."""
    return Graph().parse(path, format="turtle", publicID=path.as_uri())


def to_path(iri: Node | None) -> Path:
    """Return the local file that a `file:` IRI of a manifest names."""
    return Path(url2pathname(urlsplit(str(iri)).path))


def copy_path(source: Graph, node: Node, target: Graph) -> Node:
    """Copy a SHACL property path, and nothing else said of its nodes; return the copy's root."""
    if not isinstance(node, BNode):
        return node
    copy = BNode()
    for prop in PATH_PROPERTIES:
        for value in source.objects(node, prop):
            target.add((copy, prop, copy_path(source, value, target)))
    return copy


def reduce_report(source: Graph, report: Node, *, messages: bool) -> Graph:
    """Return the triples of a validation report that the suite compares.

    Each result gets a path of its own: whether results share the blank node of a path says nothing
    about the path, and engines differ in it.
    """
    reduced = Graph()
    for prop in (RDF.type, SH.conforms, SH.result):
        for value in source.objects(report, prop):
            reduced.add((report, prop, value))
    properties = (*RESULT_PROPERTIES, SH.resultMessage) if messages else RESULT_PROPERTIES
    for result in source.objects(report, SH.result):
        for prop in properties:
            for value in source.objects(result, prop):
                kept = copy_path(source, value, reduced) if prop == SH.resultPath else value
                reduced.add((result, prop, kept))
    return reduced


def find_cases(manifest: Path) -> Iterator[Case]:
    """Yield the entries of a manifest and of all manifests it includes, in file order."""
    graph = parse(manifest)
    this = URIRef(manifest.as_uri())
    for included in sorted(graph.objects(this, MF.include), key=str):
        yield from find_cases(to_path(included))
    for entries in graph.objects(this, MF.entries):
        for entry in Collection(graph, entries):
            if graph.value(entry, RDF.type) != SHT.Validate:
                msg = f"{entry} is not a sht:Validate test"
                raise ValueError(msg)
            action = graph.value(entry, MF.action)
            result = graph.value(entry, MF.result)
            if action is None or result is None:
                msg = f"{entry} lacks mf:action or mf:result"
                raise ValueError(msg)
            yield Case(
                id=str(entry).removeprefix(f"{CORE.as_uri()}/"),
                data=to_path(graph.value(action, SHT.dataGraph)),
                shapes=to_path(graph.value(action, SHT.shapesGraph)),
                expected=reduce_report(graph, result, messages=True),
                failure=result == SHT.Failure,
            )


@pytest.fixture(autouse=True)
def exact_literals(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stop rdflib from rewriting literals, since `sh:value` has to keep its lexical form."""
    monkeypatch.setattr(rdflib, "NORMALIZE_LITERALS", False)


def collect() -> list[Case]:
    """Return all cases of the core suite, their literals as written."""
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        patch.setattr(rdflib, "NORMALIZE_LITERALS", False)
        warnings.filterwarnings("ignore", message=WEIRD_BOOLEAN)
        return list(find_cases(CORE / "manifest.ttl"))


CASES = collect()
each_case = pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])


def validate_with_shacl(case: Case) -> shacl.Report:
    """Return what the `shacl` engine reports.

    Raises:
        ValueError: the engine refuses the shapes or the data.
    """
    shapes = shacl.Shapes.from_text(case.shapes.read_text("utf-8"), base=case.shapes.as_uri())
    return shapes.validate_text(case.data.read_text("utf-8"), base=case.data.as_uri())


def run_shacl(case: Case) -> Graph:
    """Return the report of the `shacl` engine, as RDF."""
    return Graph().parse(data=validate_with_shacl(case).serialize("ntriples"), format="nt")


def run_pyshacl(case: Case) -> Graph:
    """Return the report of the reference engine, as RDF.

    Raises:
        ReportableRuntimeError: the engine gave a failure in place of a report.
    """
    # Paths, because pySHACL tells "1"^^xsd:boolean from "true" only in files it reads itself.
    _, report, text = pyshacl.validate(str(case.data), shacl_graph=str(case.shapes))
    if not isinstance(report, Graph):
        raise ReportableRuntimeError(text)
    return report


def check(case: Case, run: Callable[[Case], Graph]) -> None:
    """Assert that an engine answers a case as its manifest says."""
    if case.failure:
        with pytest.raises((ValueError, ReportableRuntimeError, ShapeLoadError)):
            run(case)
        return
    actual = run(case)
    (report,) = actual.subjects(RDF.type, SH.ValidationReport)
    messages = (None, SH.resultMessage, None) in case.expected
    reduced = reduce_report(actual, report, messages=messages)
    assert isomorphic(reduced, case.expected), reduced.serialize(format="turtle")


def test_suite_has_98_cases() -> None:
    assert len(CASES) == EXPECTED_CASES
    assert len({case.id for case in CASES}) == EXPECTED_CASES


@each_case
def test_shacl_engine(case: Case) -> None:
    check(case, run_shacl)


# pySHACL 0.40 uses names of rdflib 7.6 that are to go.
@pytest.mark.filterwarnings("ignore:Dataset:DeprecationWarning")
@each_case
def test_reference_engine(case: Case) -> None:
    check(case, run_pyshacl)


def mask(term: object) -> object:
    """Give every blank node one name, since its label means nothing outside its graph."""
    return "_:" if isinstance(term, BNode) else term


@each_case
def test_shacl_result_objects_agree_with_the_manifest(case: Case) -> None:
    # Code reads these objects rather than the RDF report, so they are held to the same manifest.
    report = validate_with_shacl(case)
    (conforms,) = case.expected.objects(None, SH.conforms)
    assert report.conforms is (str(conforms) == "true")
    actual = Counter(
        (
            mask(from_n3(result.focus_node)),
            mask(from_n3(result.value)) if result.value is not None else None,
            mask(from_n3(result.source_shape)) if result.source_shape is not None else None,
            URIRef(result.component_iri),
            URIRef(result.severity_iri),
        )
        for result in report.results
    )
    properties = (
        SH.focusNode,
        SH.value,
        SH.sourceShape,
        SH.sourceConstraintComponent,
        SH.resultSeverity,
    )
    expected = Counter(
        tuple(mask(case.expected.value(result, prop)) for prop in properties)
        for result in case.expected.objects(None, SH.result)
    )
    assert actual == expected


@pytest.mark.parametrize(
    "prop",
    [*RESULT_PROPERTIES, *PATH_PROPERTIES, SH.conforms, SH.result, SH.resultMessage],
    ids=lambda prop: prop.rpartition("#")[2],
)
def test_comparison_notices_a_changed(prop: URIRef) -> None:
    # Without this a reduction that drops too much would let every case pass.
    case = next(case for case in CASES if (None, prop, None) in case.expected)
    (report,) = case.expected.subjects(RDF.type, SH.ValidationReport)
    damaged = Graph() + case.expected
    subject, value = next(damaged.subject_objects(prop))
    damaged.remove((subject, prop, value))
    assert isomorphic(reduce_report(case.expected, report, messages=True), case.expected)
    assert not isomorphic(reduce_report(damaged, report, messages=True), case.expected)
