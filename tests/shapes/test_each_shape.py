"""Every shape passes a sound graph and fails a damaged one, constraint by constraint, on both engines."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Final

import pyoxigraph as ox
import pytest

import kg
from kg.check import ENGINES, Checker, Result, make_checker
from kg.vocab import Term
from tests.conftest import ROOT
from tests.shapes.cases import (
    BASE,
    CASES,
    NODES,
    SHAPES_OF,
    STRAYS,
    UNREACHABLE,
    WARNINGS,
    Case,
    Stray,
    damaged,
    renamed,
    term,
)

PROPERTY_SHAPES: Final = 110
NODE_SHAPES: Final = 20
CONSTRAINTS: Final = 427
"""Lines of `shapes/*.ttl` that state a constraint: 466, less 38 of node shapes and the second `sh:hasValue` of one."""

NOT_MET: Final = {
    "chemical-alternative-label": "no MeSH or ChEBI id has two names in the tables of the corpus",
    "dataset-issued": "the corpus is no git checkout, and the fixture gives no date",
    "disease-alternative-label": "no MeSH or DOID id has two names in the tables of the corpus",
    "disease-mention-occurrences": "the two repeated disease rows stand in tables whose records are not in the corpus",
    "figure-annotation": "annotations stand in records of 2020-21 only, which are in the history, not in the corpus",
    "gene-alternative-symbol": "no NCBI Gene id has two symbols in the tables of the corpus",
    "paper-pmid": "needs NCBI's PMC-ids file",
    "paper-pmid-wikidata": "needs NCBI's PMC-ids file",
    "taxon-alternative-label": "no taxon has two names in the tables of the corpus",
}
"""Shapes on whose path no focus node of the corpus has a value; each checked against the records themselves."""

SH: Final = "http://www.w3.org/ns/shacl#"
PFOSH: Final = "https://w3id.org/pfocr-kg/shapes#"
_COMPONENTS: Final = {
    "nodeKind": "NodeKind", "datatype": "Datatype", "minCount": "MinCount", "maxCount": "MaxCount",
    "minLength": "MinLength", "pattern": "Pattern", "class": "Class", "in": "In", "not": "Not",
    "hasValue": "HasValue", "minInclusive": "MinInclusive", "maxInclusive": "MaxInclusive",
}  # fmt: skip
_OTHER_TERMS: Final = {"path", "severity", "message", "property", "targetClass"}

Found = Counter[tuple[str, str, str, str, str]]
"""How often a focus, a path, a shape and a component go together, and how severe that is."""


@cache
def checker(engine: str) -> Checker:
    return make_checker(kg.load_shapes(), engine)


@cache
def shapes_store() -> ox.Store:
    """The triples of the shapes, read by another way than the tool's own."""
    store = ox.Store()
    for file in sorted((ROOT / "shapes").glob("*.ttl")):
        store.bulk_load(path=str(file), format=ox.RdfFormat.TURTLE)
    return store


def constraints(shape: str) -> set[str]:
    """The components of the constraints that a shape's Turtle states itself."""
    found = set()
    for quad in shapes_store().quads_for_pattern(ox.NamedNode(PFOSH + shape), None, None):
        local = quad.predicate.value.removeprefix(SH)
        if quad.predicate.value.startswith(SH) and local not in _OTHER_TERMS:
            found.add(_COMPONENTS[local])
    return found


def found(results: Iterable[Result]) -> Found:
    return Counter(
        (
            r.focus,
            r.path,
            r.shape.removeprefix(f"<{PFOSH}").removesuffix(">"),
            r.component.removesuffix("ConstraintComponent"),
            r.severity,
        )
        for r in results
    )


def unlabelled(results: Iterable[Result]) -> list[Result]:
    """The results with one label for all blank nodes, as labels mean nothing outside their graph."""
    blank = re.compile(r"_:\S+")
    return sorted(r._replace(focus=Term(blank.sub("_:b", r.focus)), value=blank.sub("_:b", r.value)) for r in results)


def expected(case: Case) -> Found:
    focus = term(NODES[case.node])
    return Counter(
        {(focus, term(case.path), shape, part, WARNINGS.get(shape, "Violation")): 1 for shape, part in case.expected}
    )


each_engine = pytest.mark.parametrize("engine", ENGINES)
each_case = pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])


def first_of_each_shape() -> list[Case]:
    firsts = {case.shape: case for case in reversed(CASES)}
    return list(firsts.values())


def rounds() -> list[list[Case]]:
    """The cases in as few graphs as possible, none of which has two on the same path of the same node."""
    graphs: list[dict[tuple[str, str], Case]] = []
    for case in CASES:
        place = (case.node, case.path)
        graph = next((graph for graph in graphs if place not in graph), None)
        if graph is None:
            graphs.append(graph := {})
        graph[place] = case
    return [list(graph.values()) for graph in graphs]


ROUNDS: Final = rounds()


def test_the_cases_cover_exactly_the_property_shapes() -> None:
    names = [shape.name for shape in kg.load_shapes().properties.values()]
    assert len(names) == len(set(names)) == PROPERTY_SHAPES
    assert {case.shape for case in CASES} == set(names)


def test_the_cases_cover_exactly_the_constraints_of_the_shapes() -> None:
    stated = {(case.shape, part) for case in CASES for part in constraints(case.shape)}
    broken = {(case.shape, part) for case in CASES for part in case.components}
    assert stated == broken | set(UNREACHABLE)
    assert not broken & set(UNREACHABLE)
    assert len(stated) == CONSTRAINTS


def test_the_severities_are_those_that_were_meant() -> None:
    told = {shape.name: shape.severity for shape in kg.load_shapes().properties.values()}
    assert told == {name: WARNINGS.get(name, "Violation") for name in told}
    assert set(WARNINGS) <= set(told)


@each_engine
def test_the_base_graph_passes_every_shape(engine: str) -> None:
    assert checker(engine).check("\n".join(BASE)) == []


def test_the_base_graph_has_a_value_for_every_property_shape() -> None:
    # A graph that no shape looks at would pass, too.
    store = ox.Store()
    store.load("\n".join(BASE), format=ox.RdfFormat.N_TRIPLES)
    shapes = kg.load_shapes().properties.values()
    assert [shape.name for shape in shapes if not _is_met(store, str(shape.target), str(shape.path))] == []


def _is_met(store: ox.Store, target: str, path: str) -> bool:
    return bool(store.query(f"ASK {{ ?node a {target} ; {path} ?value }}"))


@each_case
def test_a_damage_breaks_exactly_its_shape(case: Case) -> None:
    # Equality of focus, path and shape proves that the shape met the damaged node, and none else complained.
    assert found(checker("shacl").check(damaged(case))) == expected(case)


@pytest.mark.parametrize("case", first_of_each_shape(), ids=lambda case: case.shape)
def test_both_engines_say_the_same_of_a_damage(case: Case) -> None:
    graph = damaged(case)
    reference = checker("pyshacl").check(graph)
    assert found(reference) == expected(case)
    assert unlabelled(checker("shacl").check(graph)) == unlabelled(reference)


# One graph a damage would take the reference engine half a minute; damages of different places do not meet.
@pytest.mark.parametrize("cases", ROUNDS, ids=range(len(ROUNDS)))
def test_the_reference_engine_finds_every_damage(cases: list[Case]) -> None:
    graph = damaged(*cases)
    reference = checker("pyshacl").check(graph)
    assert found(reference) == sum((expected(case) for case in cases), Counter())
    assert unlabelled(checker("shacl").check(graph)) == unlabelled(reference)


def test_the_rounds_hold_every_case_once() -> None:
    assert Counter(case.id for cases in ROUNDS for case in cases) == Counter(case.id for case in CASES)
    assert len({case.id for case in CASES}) == len(CASES)


@pytest.mark.parametrize("kind", ["gene", "chemical", "disease"])
@pytest.mark.parametrize("word", ["NA", "NaN", "~", " "])
def test_words_that_look_missing_are_words(kind: str, word: str) -> None:
    # The fly gene na is written NA in tables; a word is never taken for a missing one.
    place = f"{term(NODES[f'{kind}-mention'])} <https://w3id.org/pfocr-kg/vocab#word> "
    graph = {line for line in BASE if not line.startswith(place)} | {f'{place}"{word}" .'}
    assert len(graph) == len(BASE)
    assert checker("shacl").check("\n".join(graph)) == []


def test_the_node_cases_cover_exactly_the_node_shapes() -> None:
    names = set(re.findall(r"^pfosh:(\w+) a sh:NodeShape", _all_shapes(), re.MULTILINE))
    assert {stray.shape for stray in STRAYS} == names
    assert len(names) == NODE_SHAPES
    for stray in STRAYS:
        assert constraints(stray.shape) == ({"NodeKind", "Pattern"} if stray.pattern else {"NodeKind"})
        assert bool(stray.iri) is stray.pattern


def _all_shapes() -> str:
    return "".join(file.read_text("utf-8") for file in sorted((ROOT / "shapes").glob("*.ttl")))


@each_engine
@pytest.mark.parametrize(
    "stray", [stray for stray in STRAYS if stray.iri], ids=lambda stray: f"{stray.shape} {stray.iri}"
)
def test_a_node_with_an_iri_of_another_form_is_found(stray: Stray, engine: str) -> None:
    assert _named_wrongly(engine, stray, stray.iri) == Counter(
        {(stray.iri, "", stray.shape, "Pattern", "Violation"): 1}
    )


def _named_wrongly(engine: str, stray: Stray, name: str) -> Found:
    """What is found of a renamed node, but for what the other shape of a node of two says."""
    results = found(checker(engine).check(renamed(stray, name)))
    assert {focus for focus, *_ in results} == {name}
    others = set(SHAPES_OF.get(stray.node, ())) - {stray.shape}
    return Counter({key: n for key, n in results.items() if key[2] not in others})


@pytest.mark.parametrize("shape", sorted({stray.shape for stray in STRAYS}))
def test_a_blank_node_is_found(shape: str) -> None:
    stray = next(stray for stray in STRAYS if stray.shape == shape)
    results = found(checker("shacl").check(renamed(stray, "_:b")))
    parts = {(name, part) for name in SHAPES_OF.get(stray.node, (shape,)) for part in constraints(name)}
    assert {(key[2], key[3]) for key in results} == parts
    assert {key[4] for key in results} == {"Violation"}
    assert len({key[0] for key in results}) == 1
    assert next(iter(results))[0].startswith("_:")
    assert Counter((key[2], key[3]) for key in found(checker("pyshacl").check(renamed(stray, "_:b")))) == Counter(parts)


def _not_met(graph: Path) -> set[str]:
    store = ox.Store()
    store.bulk_load(path=str(graph), format=ox.RdfFormat.TURTLE)
    shapes = kg.load_shapes().properties.values()
    assert len(shapes) == PROPERTY_SHAPES
    return {shape.name for shape in shapes if not _is_met(store, str(shape.target), str(shape.path))}


def test_every_shape_meets_a_value_in_the_corpus_or_is_named_as_not_met(corpus: Path, corpus_graph: Path) -> None:
    listed = set(NOT_MET)
    if any((folder / ".git").exists() for folder in (corpus, *corpus.resolve().parents)):
        listed.discard("dataset-issued")  # then the date of the last commit is the date of issue
    assert _not_met(corpus_graph) == listed
