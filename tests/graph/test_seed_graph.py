"""The seed's graph holds what its record and tables say, and every reader takes it without a word."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import warnings
from pathlib import Path

import pyoxigraph as ox
import pytest
import rdflib

import kg
from tests.conftest import SEEDS

SEED = "PMC12080488__ITT-14-523-g0004"
FIGURE = f"https://pfocr.wikipathways.org/figures/{SEED}.html"
PAPER = "https://identifiers.org/pmc/PMC12080488"
PREFIXES = """
PREFIX pfo: <https://w3id.org/pfocr-kg/vocab#> PREFIX oa: <http://www.w3.org/ns/oa#>
PREFIX schema: <http://schema.org/> PREFIX dcterms: <http://purl.org/dc/terms/>
PREFIX obo: <http://purl.obolibrary.org/obo/> PREFIX fabio: <http://purl.org/spar/fabio/>
"""


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The seed record exported alone; its tables are found in the `_data/` beside its folder."""
    output = tmp_path_factory.mktemp("seed") / "seed.ttl"
    kg.export(SEEDS / "_figures" / f"{SEED}.md", output)
    return output


@pytest.fixture(scope="module")
def store(alone: Path) -> ox.Store:
    loaded = ox.Store()
    loaded.load(path=str(alone), format=ox.RdfFormat.TURTLE)
    return loaded


def rows(store: ox.Store, query: str) -> list[tuple[str, ...]]:
    solutions = store.query(PREFIXES + query)
    assert isinstance(solutions, ox.QuerySolutions)
    return [tuple(getattr(term, "value", "") for term in solution) for solution in solutions]


def test_gene_mentions_by_strictness(store: ox.Store) -> None:
    query = f"""SELECT ?s (COUNT(?m) AS ?n) {{ ?m a pfo:GeneMention ; oa:hasTarget <{FIGURE}> ;
      pfo:lexicon/pfo:strictness ?s }} GROUP BY ?s"""
    assert set(rows(store, query)) == {("strict", "6"), ("synonyms", "21"), ("all", "40")}


def test_distinct_genes_all_human(store: ox.Store) -> None:
    query = f"SELECT DISTINCT ?g ?t {{ <{FIGURE}> schema:mentions ?g . ?g a pfo:Gene ; obo:RO_0002162 ?t }}"
    found = rows(store, query)
    assert len(found) == 67
    assert {taxon for _, taxon in found} == {"http://purl.obolibrary.org/obo/NCBITaxon_9606"}


def test_chemical_mentions(store: ox.Store) -> None:
    query = "SELECT ?word ?body { ?m a pfo:ChemicalMention ; pfo:word ?word ; oa:hasBody ?body }"
    obo = "http://purl.obolibrary.org/obo/"
    assert set(rows(store, query)) == {("Tyrosine residue", f"{obo}CHEBI_32789"), ("MMP", f"{obo}CHEBI_59761")}


def test_false_friends_are_tellable(store: ox.Store) -> None:
    """`Cl` was read for C1, and through the family C1 for five genes."""
    query = """SELECT ?symbol { ?m pfo:word "Cl" ; pfo:match "C1" ; pfo:lexicon/pfo:strictness "all" ;
      oa:hasBody/<http://www.w3.org/2000/01/rdf-schema#label> ?symbol }"""
    assert {symbol for (symbol,) in rows(store, query)} == {"C1QA", "C1QB", "C1QC", "C1R", "C1S"}


def test_doi_in_every_join_form(store: ox.Store) -> None:
    found = set(rows(store, f"SELECT ?p ?o {{ <{PAPER}> ?p ?o }}"))
    doi = "10.2147/ITT.S485670"
    wanted = {
        ("http://prismstandard.org/namespaces/basic/2.0/doi", doi),
        ("http://www.wikidata.org/prop/direct/P356", doi.upper()),
        ("http://purl.org/dc/terms/identifier", f"doi:{doi}"),
        ("http://www.w3.org/2004/02/skos/core#exactMatch", f"https://doi.org/{doi}"),
        ("http://www.w3.org/2004/02/skos/core#exactMatch", f"https://doi.org/{doi.lower()}"),
        ("http://www.wikidata.org/prop/direct/P932", "12080488"),
        ("http://purl.org/spar/fabio/hasPubMedCentralId", "PMC12080488"),
        ("http://purl.org/spar/fabio/hasPublicationYear", "2025"),
    }
    assert wanted <= found


def test_title_keywords_licence(store: ox.Store) -> None:
    front = (SEEDS / "_figures" / f"{SEED}.md").read_text("utf-8")
    title = " ".join(re.findall(r"^figtitle: (.*?)^organisms:", front, re.DOTALL | re.MULTILINE)[0].split())
    assert rows(store, f"SELECT ?t {{ <{FIGURE}> dcterms:title ?t ; schema:name ?t }}") == [(title,)]
    assert len(rows(store, f"SELECT ?k {{ <{FIGURE}> schema:keywords ?k }}")) == 69
    licence = "http://creativecommons.org/publicdomain/zero/1.0/"
    for predicate in ("dcterms:license", "schema:license"):
        assert rows(store, f"SELECT ?l {{ <{FIGURE}> {predicate} ?l FILTER(isIRI(?l)) }}") == [(licence,)]


ABSENT = {"", "NA", "NaN", ".na.character", ".na", ".na.real"}


def test_no_blank_node_no_relative_iri_no_absent_value(seed_graph: Path) -> None:
    seen = 0
    for triple in ox.parse(seed_graph.read_bytes(), format=ox.RdfFormat.TURTLE):
        for term in (triple.subject, triple.predicate, triple.object):
            assert not isinstance(term, ox.BlankNode)
            if isinstance(term, ox.NamedNode):
                assert re.match(r"https?://", term.value)
                assert "example.org" not in term.value
            if isinstance(term, ox.Literal):
                assert term.value not in ABSENT
            seen += 1
    assert seen > 9000


def test_readers_take_it_without_a_warning(alone: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        graph = rdflib.Graph().parse(alone)
    triples = {str(t) for t in ox.parse(alone.read_bytes(), format=ox.RdfFormat.TURTLE)}
    assert len(graph) == len(triples) > 2000


def test_rapper_takes_it_without_a_warning(alone: Path) -> None:
    rapper = shutil.which("rapper")
    if rapper is None:
        if os.environ.get("CI"):
            pytest.fail("CI must have rapper (raptor2-utils)")
        pytest.skip("rapper is not installed")
    count = len({str(t) for t in ox.parse(alone.read_bytes(), format=ox.RdfFormat.TURTLE)})
    done = subprocess.run([rapper, "-c", "-i", "turtle", str(alone)], capture_output=True, text=True, check=True)
    lines = [line for line in done.stderr.splitlines() if "Parsing URI" not in line]
    assert lines == [f"rapper: Parsing returned {count} triples"]


def test_rdflib_keeps_the_prefix_schema() -> None:
    """Rdflib binds another `schema`, and would call ours `schema1`."""
    figure = next(figure for figure in kg.read_records(SEEDS) if figure.figid == SEED)
    text = kg.record_graph(figure).serialize(format="turtle")
    assert "@prefix schema: <http://schema.org/>" in text
    assert "schema1" not in text
