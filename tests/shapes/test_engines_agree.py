"""The fast engine says what the reference engine says, and the short cut over shared nodes hides nothing."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Final

import pytest

import kg
from kg import work
from kg.check import ENGINES, Checker, Result, make_checker
from kg.link import Linker
from kg.node import Node
from kg.options import ExportOptions
from kg.process import Processor
from kg.recordcheck import RecordChecker, ntriples
from kg.source import open_sources
from kg.vocab import PREFIXES, Names, Term
from tests.shapes.cases import BASE, NODES, Case, damaged, term

CORPUS_RECORDS: Final = 89
HISTORY_RECORDS: Final = 14
DAMAGED_BASES: Final = 150
DAMAGED_RECORDS: Final = 50
SMALL_RECORD: Final = 200
"""Triples; the reference engine takes a tenth of a second for a middling record."""

XSD: Final = PREFIXES["xsd"]
Records = list[list[Node]]


@cache
def checker(engine: str) -> Checker:
    return make_checker(kg.load_shapes(), engine)


def both(graph: str) -> tuple[list[Result], list[Result]]:
    """What the engines say, with one label for all blank nodes: labels mean nothing outside their graph."""
    return unlabelled(checker("shacl").check(graph)), unlabelled(checker("pyshacl").check(graph))


def unlabelled(results: Iterable[Result]) -> list[Result]:
    return sorted(r._replace(focus=Term(_blank(r.focus)), value=_blank(r.value)) for r in results)


def _blank(text: str) -> str:
    return "_:b" if text.startswith("_:") else text


def read(folder: Path) -> Iterator[list[Node]]:
    """The nodes of every record of a folder that becomes a graph."""
    processor = Processor(Linker())
    with open_sources([folder], ()) as source:
        for entry in source.entries:
            outcome = processor.run(source.raw(entry))
            if outcome.nodes:
                yield outcome.nodes


@pytest.fixture(scope="module")
def current(corpus: Path) -> Records:
    """The nodes of the corpus, record by record."""
    return list(read(corpus))


@pytest.fixture(scope="module")
def history(corpus: Path) -> Records:
    """The nodes of the older versions of records."""
    return [nodes for folder in sorted((corpus / "history").iterdir()) for nodes in read(folder)]


@pytest.fixture(scope="module")
def records(current: Records, history: Records) -> Records:
    return current + history


def test_every_record_is_compared(corpus: Path, current: Records, history: Records) -> None:
    assert len(current) == CORPUS_RECORDS == len(list((corpus / "_figures").glob("*.md")))
    assert len(history) == HISTORY_RECORDS == len(list((corpus / "history").rglob("*.md")))


def test_the_engines_agree_on_every_record(records: Records) -> None:
    found = 0
    for nodes in records:
        fast, reference = both(ntriples(nodes))
        assert fast == reference, nodes[0].subject
        found += len(fast)
    assert found > 0, "agreement in silence would prove little"


# --- damage -----------------------------------------------------------------------------------------

_VALUES: Final = (
    '""', '"NA"', '".na.character"', '"CreativeWork"', '"text"', '"text"@en',
    f'"7"^^<{XSD}integer>', f'"-7"^^<{XSD}integer>', f'"1.5"^^<{XSD}decimal>', f'"-0.5"^^<{XSD}decimal>',
    f'"2021"^^<{XSD}gYear>', f'"2021-02-03"^^<{XSD}date>',
    "<https://example.net/thing>", "<file:///tmp/CC0>", "_:stray",
)  # fmt: skip

Damage = Callable[[list[tuple[str, str, str]], random.Random], None]
"""Changes a list of triples in place."""


def _drop(graph: list[tuple[str, str, str]], dice: random.Random) -> None:
    graph.remove(dice.choice(graph))


def _replace_object(graph: list[tuple[str, str, str]], dice: random.Random) -> None:
    place = dice.randrange(len(graph))
    subject, predicate, _ = graph[place]
    graph[place] = (subject, predicate, dice.choice(_VALUES))


def _swap_object(graph: list[tuple[str, str, str]], dice: random.Random) -> None:
    place = dice.randrange(len(graph))
    subject, predicate, _ = graph[place]
    graph[place] = (subject, predicate, dice.choice(graph)[2])


def _swap_predicate(graph: list[tuple[str, str, str]], dice: random.Random) -> None:
    place = dice.randrange(len(graph))
    subject, _, value = graph[place]
    graph[place] = (subject, dice.choice(graph)[1], value)


def _add_value(graph: list[tuple[str, str, str]], dice: random.Random) -> None:
    subject, predicate, _ = dice.choice(graph)
    graph.append((subject, predicate, dice.choice(_VALUES)))


def _rename(graph: list[tuple[str, str, str]], dice: random.Random) -> None:
    old = dice.choice(graph)[0]
    new = dice.choice(("_:renamed", "<https://example.net/renamed>", old[:-1] + "%20>"))
    graph[:] = [(new if s == old else s, p, o) for s, p, o in graph]


_DAMAGES: Final[Sequence[Damage]] = (_drop, _replace_object, _swap_object, _swap_predicate, _add_value, _rename)


def broken(lines: Iterable[str], dice: random.Random) -> str:
    """A graph after one to eight random damages; of a seeded die, so always the same."""
    graph = [_split(line) for line in sorted(lines)]
    for _ in range(dice.randint(1, 8)):
        dice.choice(_DAMAGES)(graph, dice)
    return "\n".join(f"{s} {p} {o} ." for s, p, o in graph)


def _split(line: str) -> tuple[str, str, str]:
    subject, predicate, value = line.removesuffix(" .").split(" ", 2)
    return subject, predicate, value


def damaged_graphs(records: Records) -> Iterator[str]:
    dice = random.Random(20260101)  # noqa: S311 (no secret)
    for _ in range(DAMAGED_BASES):
        yield broken(BASE, dice)
    small = [lines for lines in (ntriples(nodes).split("\n") for nodes in records) if len(lines) <= SMALL_RECORD]
    for number in range(DAMAGED_RECORDS):
        yield broken(small[number % len(small)], dice)


def test_the_engines_agree_on_damaged_graphs(records: Records) -> None:
    severities: Counter[str] = Counter()
    components: set[str] = set()
    graphs = noisy = 0
    for graph in damaged_graphs(records):
        fast, reference = both(graph)
        assert fast == reference, graph
        severities.update(result.severity for result in fast)
        components.update(result.component.removesuffix("ConstraintComponent") for result in fast)
        graphs += 1
        noisy += bool(fast)
    assert graphs == DAMAGED_BASES + DAMAGED_RECORDS
    assert noisy > graphs * 3 // 4
    assert set(severities) == {"Violation", "Warning", "Info"}
    assert components >= {
        "MinCount",
        "MaxCount",
        "NodeKind",
        "Datatype",
        "Pattern",
        "Class",
        "Not",
        "MinLength",
        "HasValue",
    }


_ODD: Final = [
    (node, path, value)
    for node, path, values in (
        ("figure", "pfo:pathwayScore", '"0.75e0"^^xsd:double "+0.750"^^xsd:decimal'),
        ("figure", "pfo:pathwayScore", '"1.50"^^xsd:decimal "-00.5"^^xsd:decimal'),
        ("gene", "pfo:figureCount", '"abc"^^xsd:integer "007"^^xsd:integer "-07"^^xsd:integer'),
        ("gene", "dcterms:identifier", '"07157"^^xsd:integer "7157"^^xsd:string'),
        ("paper", "fabio:hasPublicationYear", '"20"^^xsd:gYear "soon"^^xsd:gYear "2020Z"^^xsd:gYear'),
        ("dataset", "dcterms:issued", '"2026-02-30"^^xsd:date "2026"^^xsd:date "soon"^^xsd:date'),
        # Not "1_000" and "1e3"^^xsd:decimal, which rdflib takes for numbers as Python does; see below.
        ("dataset", "void:triples", '"1000.0"^^xsd:integer ""^^xsd:integer'),
    )
    for value in values.split()
]
"""Values of a good datatype in an odd spelling, or in none that the datatype knows."""


def test_there_are_odd_spellings_of_every_kind_of_number() -> None:
    assert len(_ODD) == 17


@pytest.mark.parametrize(("node", "path", "value"), _ODD)
def test_the_engines_agree_on_odd_spellings_of_values(node: str, path: str, value: str) -> None:
    # SHACL looks at the text of a literal (sh:pattern) and reports it (sh:value) as it stands.
    fast, reference = both(damaged(Case("", node, path, "*", value, frozenset())))
    assert fast == reference


@pytest.mark.parametrize(
    ("node", "path", "value", "shape"),
    [
        ("gene", "pfo:figureCount", '"abc"^^xsd:integer', "gene-figure-count"),
        ("dataset", "void:triples", '"1_000"^^xsd:integer', "dataset-triples"),
        ("dataset", "dcterms:issued", '"2026-02-30"^^xsd:date', "dataset-issued"),
        ("paper", "fabio:hasPublicationYear", '"20"^^xsd:gYear', "paper-year"),
        ("figure", "pfo:pathwayScore", '"1e3"^^xsd:decimal', "figure-score"),
    ],
)
def test_ill_formed_values_are_found_and_reported_as_they_stand(node: str, path: str, value: str, shape: str) -> None:
    results = checker("shacl").check(damaged(Case("", node, path, "*", value, frozenset())))
    of_shape = [r for r in results if r.shape.endswith(f"#{shape}>")]
    assert {(r.focus, r.value) for r in of_shape} == {(term(NODES[node]), term(value))}


# --- the short cut over shared nodes ------------------------------------------------------------------


def checkers() -> tuple[RecordChecker, RecordChecker]:
    """The short cut, and the whole graph every time."""
    shapes = kg.load_shapes()
    return (
        RecordChecker(shapes, "shacl", Names(), whole=False),
        RecordChecker(shapes, "shacl", Names(), whole=True),
    )


def assert_same(sequence: Iterable[list[Node]]) -> list[list[Result]]:
    """Both checkers say the same of each record of a sequence; returns what they say."""
    short, whole = checkers()
    said = []
    for number, nodes in enumerate(sequence):
        expected = unlabelled(whole.check(nodes))
        assert unlabelled(short.check(nodes)) == expected, f"record {number}: {nodes[0].subject}"
        said.append(expected)
    return said


def test_the_short_cut_says_the_same_over_the_corpus(records: Records) -> None:
    said = assert_same(records)
    assert len(said) == CORPUS_RECORDS + HISTORY_RECORDS
    assert any(said)


@pytest.mark.parametrize("seed", range(3))
def test_the_short_cut_says_the_same_in_any_order(records: Records, seed: int) -> None:
    shuffled = records * 2
    random.Random(seed).shuffle(shuffled)  # noqa: S311 (no secret)
    assert len(assert_same(shuffled)) == 2 * len(records)


def _damaged_nodes(nodes: list[Node], dice: random.Random) -> list[Node]:
    """A record of which one to three nodes have lost, changed or gained a fact; or are gone."""
    changed = [node._replace(facts=list(node.facts), form=None) for node in nodes]
    for _ in range(dice.randint(1, 3)):
        # The kind first: a record has a hundred genes and one taxon.
        kind_of_node = dice.choice(sorted({node.kind for node in changed}))
        node = dice.choice([node for node in changed if node.kind == kind_of_node])
        kind = dice.randrange(5)
        if kind == 0 and len(changed) > 1:
            changed.remove(node)
        facts = node.facts
        assert isinstance(facts, list)
        if kind == 1 and facts:
            facts.pop(dice.randrange(len(facts)))
        elif kind == 2:
            facts.append((dice.choice(node.facts or nodes[0].facts)[0], Term(dice.choice(_VALUES[:-1]))))
        elif kind > 2 and facts:
            place = dice.randrange(len(facts))
            facts[place] = (facts[place][0], Term(dice.choice(_VALUES[:-1])))
    return changed


@pytest.mark.parametrize("seed", range(3))
def test_the_short_cut_says_the_same_of_damaged_nodes(records: Records, seed: int) -> None:
    # Sound first, so that the short cut knows the shared nodes, then damaged, then the same damage again.
    dice = random.Random(seed)  # noqa: S311 (no secret)
    short, whole = checkers()
    hidden: list[tuple[Term, Result]] = []
    added: list[tuple[Term, Result]] = []
    severities: set[str] = set()
    for nodes in records:
        worse = _damaged_nodes(nodes, dice)
        for version in (nodes, worse, worse):
            said, expected = Counter(unlabelled(short.check(version))), Counter(unlabelled(whole.check(version)))
            hidden += ((nodes[0].subject, result) for result in expected - said)
            added += ((nodes[0].subject, result) for result in said - expected)
            severities.update(result.severity for result in expected)
    assert severities >= {"Violation", "Info"}
    assert hidden == []
    assert added == []


_SUBJECTS: Final = (
    "figure", "image", "agent", "paper", "journal", "publisher",
    "gene", "taxon", "gene-mention", "lexicon", "lexicon-scheme",
)  # fmt: skip
_KINDS: Final = {"lexicon-scheme": "scheme"}


def _node(subject: str, kind: str) -> Node:
    facts = [(Term(p), Term(o)) for s, p, o in map(_split, sorted(BASE)) if s == subject]
    assert facts, subject
    return Node(Term(subject), kind, facts)  # type: ignore[arg-type]


def small_record() -> list[Node]:
    """The nodes of a record that mentions one gene and one chemical that only ChEBI has."""
    nodes = [_node(term(NODES[name]), _KINDS.get(name, name)) for name in _SUBJECTS]
    chemical = "<http://purl.obolibrary.org/obo/CHEBI_59761>"
    kind = Term(term("a"))
    facts = _node(chemical, "chemical").facts
    nodes.append(Node(Term(chemical), "chemical", [fact for fact in facts if fact[0] == kind]))
    nodes.append(Node(Term(chemical), "mapping", [fact for fact in facts if fact[0] != kind]))
    return nodes


def _without(nodes: list[Node], kind: str, predicate: str = "") -> list[Node]:
    """The record without the nodes of a kind, or without their facts of one predicate."""
    if not predicate:
        return [node for node in nodes if node.kind != kind]
    wanted = term(predicate)
    return [
        node._replace(facts=[fact for fact in node.facts if fact[0] != wanted]) if node.kind == kind else node
        for node in nodes
    ]


def _shapes(results: Iterable[Result]) -> set[str]:
    return {result.shape.rpartition("#")[2].rstrip(">") for result in results}


def test_a_faulty_gene_is_reported_in_every_record_that_has_it() -> None:
    sound, faulty = small_record(), _without(small_record(), "gene", "dcterms:identifier")
    said = assert_same([faulty, faulty, sound, faulty, sound])
    assert ["gene-identifier" in _shapes(results) for results in said] == [True, True, False, True, False]


def test_a_gene_that_may_do_without_is_reported_in_every_record() -> None:
    nameless = _without(small_record(), "gene", "rdfs:label")
    said = assert_same([nameless] * 3)
    assert ["gene-symbol-missing" in _shapes(results) for results in said] == [True] * 3


def test_a_known_gene_whose_taxon_is_missing_here_is_reported() -> None:
    said = assert_same([small_record(), _without(small_record(), "taxon")])
    assert ["gene-taxon" in _shapes(results) for results in said] == [False, True]


def test_a_known_gene_whose_taxon_has_lost_its_class_is_reported() -> None:
    said = assert_same([small_record(), _without(small_record(), "taxon", "a")])
    assert ["gene-taxon" in _shapes(results) for results in said] == [False, True]


def test_a_damaged_mapping_of_a_known_chemical_is_reported() -> None:
    nodes = small_record()
    bad = [
        node._replace(facts=[(Term(term("skos:exactMatch")), Term("<https://example.net/59761>"))])
        if node.kind == "mapping"
        else node
        for node in nodes
    ]
    said = assert_same([nodes, bad, bad])
    assert ["chemical-exact-match" in _shapes(results) for results in said] == [False, True, True]


def test_what_the_jsonld_states_of_a_known_gene_is_checked() -> None:
    # A record's JSON-LD may say something of any IRI; the whole graph has it on the gene.
    nodes = small_record()
    stated = Node(Term(term(NODES["gene"])), "part", [(Term(term("dcterms:identifier")), Term('"4843"'))])
    said = assert_same([nodes, [*nodes, stated]])
    assert ["gene-identifier" in _shapes(results) for results in said] == [False, True]


def test_what_the_jsonld_calls_a_gene_is_checked_as_a_gene() -> None:
    nodes = small_record()
    stated = Node(Term("<https://example.net/gene>"), "part", [(Term(term("a")), Term(term("pfo:Gene")))])
    said = assert_same([nodes, [*nodes, stated]])
    assert ["gene-identifier" in _shapes(results) for results in said] == [False, True]


def test_a_figure_that_calls_itself_a_gene_is_checked_as_one() -> None:
    nodes = small_record()
    nodes[0] = nodes[0]._replace(facts=[*nodes[0].facts, (Term(term("a")), Term(term("pfo:Gene")))])
    (said,) = assert_same([nodes])
    assert "gene-entrez" in _shapes(said)


_SMUGGLED: Final = """\
---
figid: PMC900__a
figtitle: A title
pmcid: PMC900
filename: a.jpg
figlink: /pmc/articles/PMC900/figure/F1/
number: F1
caption: A caption
papertitle: A paper
schema-jsonld:
  '@context': https://schema.org/
  '@id': https://pfocr.wikipathways.org/figures/PMC900__a.html
  '@type': Dataset
  license: CC0
  about:
    '@id': https://example.net/gene
    '@type': https://w3id.org/pfocr-kg/vocab#Gene
---
"""


@pytest.mark.parametrize("engine", ENGINES)
def test_a_record_that_states_a_faulty_gene_is_left_out(engine: str, tmp_path: Path) -> None:
    (tmp_path / "PMC900__a.md").write_text(_SMUGGLED, "utf-8")
    report = kg.export(tmp_path / "PMC900__a.md", tmp_path / "out.ttl", engine=engine)
    assert (report.figures, report.left_out.total()) == (0, 1)
    assert report.problems.counts["gene-identifier"] == 1
    assert kg.check_graph(tmp_path / "out.ttl").conforms


def test_a_class_that_only_the_jsonld_states_counts_as_one() -> None:
    nodes = small_record()
    stated = Node(Term(term(NODES["taxon"])), "part", [(Term(term("a")), Term(term("pfo:Taxon")))])
    said = assert_same([[*_without(nodes, "taxon"), stated], _without(nodes, "taxon")])
    assert ["gene-taxon" in _shapes(results) for results in said] == [False, True]


def test_one_id_as_chemical_and_disease_is_checked_as_one_node() -> None:
    mesh = Term("<http://id.nlm.nih.gov/mesh/D000001>")
    same = (Term(term("skos:exactMatch")), Term("<http://identifiers.org/mesh/D000001>"))
    names = [(Term(term("rdfs:label")), Term(f'"{name}"')) for name in ("one", "other")]
    chemical, disease = (
        Node(mesh, kind, [(Term(term("a")), Term(term(f"pfo:{kind.capitalize()}"))), same, name])  # type: ignore[arg-type]
        for kind, name in zip(("chemical", "disease"), names, strict=True)
    )
    rest = small_record()
    said = assert_same([[*rest, chemical], [*rest, disease], [*rest, chemical, disease]])
    wanted = {"chemical-label", "disease-label"}
    assert [wanted <= _shapes(results) for results in said] == [False, False, True]


def test_the_small_record_is_sound() -> None:
    assert assert_same([small_record(), small_record()]) == [[], []]


def test_foreign_shapes_and_engines_see_whole_graphs(tmp_path: Path) -> None:
    """Shapes of which nothing is known, and the reference, never get the shortcut."""
    (tmp_path / "own.ttl").write_text(
        "@prefix sh: <http://www.w3.org/ns/shacl#> .\n@prefix e: <http://e/#> .\n"
        "@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .\n"
        "e:N a sh:NodeShape ; sh:targetClass e:C ; sh:property e:p .\n"
        "e:p a sh:PropertyShape ; sh:path e:q ; sh:minCount 1 ;\n"
        ' sh:severity sh:Violation ; sh:message "m." ; rdfs:comment "c." .\n',
        "utf-8",
    )
    assert work._checker(ExportOptions(shapes=tmp_path), Names()).whole
    assert work._checker(ExportOptions(engine="pyshacl"), Names()).whole
    assert not work._checker(ExportOptions(), Names()).whole
