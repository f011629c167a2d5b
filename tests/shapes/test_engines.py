"""Both engines give the same results on the corpus and on damaged records, with and without the shortcut."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from kg.check import Result, make_checker
from kg.errors import KgError
from kg.expand import expand_jsonld, figure_iri
from kg.link import Linker, Node
from kg.read import read_record
from kg.record import Findings
from kg.recordcheck import RecordChecker, ntriples
from kg.shapes import load_shapes
from kg.source import open_sources
from kg.vocab import RDF_TYPE, Names, Term

SHAPES = load_shapes()


@pytest.fixture(scope="module")
def records(corpus: Path) -> list[list[Node]]:
    """The nodes of every record of the corpus and its history."""
    sources = [[corpus], *([folder] for folder in sorted((corpus / "history").iterdir()))]
    linker = Linker()
    found: list[list[Node]] = []
    for paths in sources:
        with open_sources(paths) as source:
            for entry in source.entries:
                findings = Findings()
                figure = read_record(source.raw(entry), findings)
                stated = expand_jsonld(figure, findings)
                found.append(linker.nodes(figure, figure_iri(figure.figid), stated))
    assert len(found) == 89 + 14
    return found


def masked(results: list[Result]) -> Counter[Result]:
    """Blank nodes have another label in each engine."""
    return Counter(result._replace(value=re.sub(r"^_:.*", "_:", result.value)) for result in results)


def test_engines_agree_on_every_record(records: list[list[Node]]) -> None:
    fast, reference = make_checker(SHAPES, "shacl"), make_checker(SHAPES, "pyshacl")
    severities: Counter[str] = Counter()
    for nodes in records:
        text = ntriples(nodes)
        found = fast.check(text)
        assert masked(found) == masked(reference.check(text))
        severities.update(result.severity for result in found)
    # One gene of the corpus has no symbol (44819), and nothing else is to be said.
    assert severities == {"Info": 1}


def damage(nodes: list[Node], chance: random.Random) -> list[Node]:
    """Some facts dropped, doubled under another value, or retyped."""
    damaged = [node._replace(facts=list(node.facts)) for node in nodes]
    for _ in range(chance.randint(1, 6)):
        facts = chance.choice(damaged).facts
        if not facts:
            continue
        place = chance.randrange(len(facts))
        predicate, value = facts[place]
        if chance.random() < 0.4:
            facts.pop(place)
        else:
            other = chance.choice(
                [
                    '"NA"',
                    '""',
                    '"x"',
                    "<http://example.net/x>",
                    '"7"^^<http://www.w3.org/2001/XMLSchema#integer>',
                    '"CreativeWork"',
                ]
            )
            facts.append((predicate, Term(other))) if chance.random() < 0.5 else facts.__setitem__(
                place, (predicate, Term(other))
            )
        _ = value
    return damaged


def damaged_records(records: list[list[Node]], number: int, seed: int) -> Iterator[list[Node]]:
    chance = random.Random(seed)  # noqa: S311 (no secret)
    for _ in range(number):
        yield damage(chance.choice(records), chance)


def test_engines_agree_on_damaged_records(records: list[list[Node]]) -> None:
    fast, reference = make_checker(SHAPES, "shacl"), make_checker(SHAPES, "pyshacl")
    severities: Counter[str] = Counter()
    shapes: set[str] = set()
    for nodes in damaged_records(records, 120, 1):
        text = ntriples(nodes)
        found = fast.check(text)
        assert masked(found) == masked(reference.check(text))
        severities.update(result.severity for result in found)
        shapes.update(result.shape for result in found)
    assert set(severities) == {"Violation", "Warning", "Info"}
    assert len(shapes) > 30


def both(records: list[list[Node]]) -> tuple[int, int]:
    """The shortcut against the whole graph, record after record; the number of results and of records with any."""
    short, whole = (RecordChecker(SHAPES, "shacl", Names(), whole=flag) for flag in (False, True))
    results = faulty = 0
    for nodes in records:
        expected = whole.check(nodes)
        assert Counter(short.check(nodes)) == Counter(expected)
        results += len(expected)
        faulty += bool(expected)
    return results, faulty


def test_the_shortcut_hides_nothing_in_the_corpus(records: list[list[Node]]) -> None:
    assert both(records + records) == (2, 2)


def test_the_shortcut_hides_nothing_in_damaged_records(records: list[list[Node]]) -> None:
    damaged = list(damaged_records(records, 300, 2))
    results, faulty = both([nodes for pair in zip(damaged, damaged, strict=True) for nodes in pair])
    assert faulty > 400
    assert results > 800


def test_a_faulty_gene_is_told_in_each_of_its_records(records: list[list[Node]]) -> None:
    nodes = next(nodes for nodes in records if any(node.kind == "gene" for node in nodes))
    gene = next(place for place, node in enumerate(nodes) if node.kind == "gene")
    broken = list(nodes)
    broken[gene] = nodes[gene]._replace(facts=[fact for fact in nodes[gene].facts if fact[0] == RDF_TYPE])
    checker = RecordChecker(SHAPES, "shacl", Names(), whole=False)
    assert checker.check(nodes) == []
    first = checker.check(broken)
    assert len(first) >= 3
    assert checker.check(broken) == first
    assert checker.check(nodes) == []


def test_every_shape_met_a_value_in_the_corpus(corpus_graph: Path) -> None:
    """A shape that nothing in the corpus has a value for is named here, with the reason."""
    import pyoxigraph as ox

    not_met = {
        "paper-pmid": "PMIDs come only from NCBI's file",
        "paper-pmid-wikidata": "PMIDs come only from NCBI's file",
        "figure-annotation": "annotations are empty in all records at hand",
        "dataset-issued": "the corpus is no git checkout",
        "disease-mention-occurrences": "no row of a disease table stands twice",
        "gene-alternative-symbol": "each gene of the corpus has one symbol",
        "chemical-alternative-label": "each chemical of the corpus has one name",
        "disease-alternative-label": "each disease of the corpus has one name",
        "taxon-alternative-label": "each taxon of the corpus has one name",
    }
    store = ox.Store()
    store.load(path=str(corpus_graph), format=ox.RdfFormat.TURTLE)
    unmet = {
        shape.name
        for shape in SHAPES.properties.values()
        if not store.query(f"ASK {{ ?node a {shape.target} ; {shape.path} ?value }}")
    }
    assert len(SHAPES.properties) == 105
    assert unmet == set(not_met)


def test_foreign_shapes_see_whole_graphs(tmp_path: Path) -> None:
    """An engine or shapes of which nothing is known never get the shortcut."""
    from kg.options import ExportOptions
    from kg.pipeline import _checker

    (tmp_path / "own.ttl").write_text(
        "@prefix sh: <http://www.w3.org/ns/shacl#> .\n@prefix e: <http://e/#> .\n"
        "@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .\n"
        "e:N a sh:NodeShape ; sh:targetClass e:C ; sh:property e:p .\n"
        "e:p a sh:PropertyShape ; sh:path e:q ; sh:minCount 1 ;\n"
        ' sh:severity sh:Violation ; sh:message "m." ; rdfs:comment "c." .\n',
        "utf-8",
    )
    assert _checker(ExportOptions(shapes=tmp_path), Names()).whole
    assert _checker(ExportOptions(engine="pyshacl"), Names()).whole
    assert not _checker(ExportOptions(), Names()).whole
    with pytest.raises(KgError, match="no engine"):
        make_checker(SHAPES, "jena")
