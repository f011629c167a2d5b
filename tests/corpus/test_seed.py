"""What the graph of all seeds says of the real one, beside `tests/graph/test_seed_graph.py`, which looks at it alone.

Here: exact mention rows, spellings, the paper's node, and what three readers of RDF print, log and give back.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pyoxigraph as ox
import pytest
import rdflib

import kg
from kg.vocab import Names
from tests.conftest import ROOT, SEEDS
from tests.corpus.support import (
    ABSENT,
    DCTERMS,
    FABIO,
    FIGURES,
    FOAF,
    GENE,
    LEX,
    OBO,
    PFO,
    PRISM,
    RDFS,
    SCHEMA,
    SKOS,
    TYPE,
    WDT,
    Graph,
    Row,
    graph_mentions,
    read_graph,
)

FIGURE: Final = f"{FIGURES}PMC12080488__ITT-14-523-g0004.html"
PAPER: Final = "https://identifiers.org/pmc/PMC12080488"
CC0: Final = "http://creativecommons.org/publicdomain/zero/1.0/"


SEED: Final = SEEDS / "_figures" / "PMC12080488__ITT-14-523-g0004.md"


@pytest.fixture(scope="module", params=["alone", "among the seeds"])
def turtle(request: pytest.FixtureRequest, seed_graph: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real record's graph: exported by itself, with its tables found in `_data/`, and among all seeds."""
    if request.param == "among the seeds":
        return seed_graph
    output = tmp_path_factory.mktemp("alone") / "seed.ttl"
    kg.export(SEED, output)
    return output


@pytest.fixture(scope="module")
def graph(turtle: Path) -> Graph:
    """The same, by subject and predicate."""
    return read_graph(turtle)


def mentions(graph: Graph, kind: str) -> list[Row]:
    """The seed's mentions of a kind."""
    return [row for _, figure, row, _ in graph_mentions(graph) if figure == FIGURE and row.kind == kind]


def test_gene_mentions_by_lexicon(graph: Graph) -> None:
    found = Counter(row.lexicon.removeprefix(LEX) for row in mentions(graph, "Gene"))
    assert found == {"ncbigene_symbol": 6, "ncbigene_synonym": 21, "famplex_relations": 40}
    assert found.total() == 67


def test_gene_mentions_by_strictness(graph: Graph) -> None:
    found = Counter(graph.one(row.lexicon, f"{PFO}strictness") for row in mentions(graph, "Gene"))
    assert found == {"strict": 6, "synonyms": 21, "all": 40}


def test_genes_are_distinct_and_human(graph: Graph) -> None:
    genes = {row.body for row in mentions(graph, "Gene")}
    assert len(genes) == 67
    assert {gene for gene in graph.iris(FIGURE, f"{SCHEMA}mentions") if gene.startswith(GENE)} == genes
    assert {taxon for gene in genes for taxon in graph.iris(gene, f"{OBO}RO_0002162")} == {f"{OBO}NCBITaxon_9606"}
    assert all(graph.one(gene, f"{DCTERMS}identifier") == gene.removeprefix(GENE) for gene in genes)


def test_gene_spellings_that_others_join_on(graph: Graph) -> None:
    """STAT3, in the spelling of each database of the model."""
    assert graph.one(f"{GENE}6774", f"{RDFS}label") == "STAT3"
    assert graph.one(f"{GENE}6774", f"{WDT}P351") == "6774"
    assert graph.iris(f"{GENE}6774", TYPE) == {f"{PFO}Gene", f"{SCHEMA}Gene"}
    assert graph.iris(f"{GENE}6774", f"{SKOS}exactMatch") == {
        "http://identifiers.org/ncbigene/6774",
        "http://purl.uniprot.org/geneid/6774",
        "http://rdf.ncbi.nlm.nih.gov/pubchem/gene/GID6774",
        "https://www.ncbi.nlm.nih.gov/gene/6774",
    }


def test_chemical_mentions(graph: Graph) -> None:
    chebi = f"{LEX}chebi"
    assert sorted(mentions(graph, "Chemical")) == [
        Row("Chemical", "MMP", "MMP", f"{OBO}CHEBI_59761", chebi),
        Row("Chemical", "Tyrosine residue", "tyrosine residue", f"{OBO}CHEBI_32789", chebi),
    ]
    assert graph.one(f"{OBO}CHEBI_59761", f"{RDFS}label") == "methyl phosphate"
    assert graph.iris(f"{OBO}CHEBI_59761", f"{SKOS}exactMatch") == {"https://identifiers.org/chebi/CHEBI:59761"}
    assert mentions(graph, "Disease") == []
    assert len(graph.iris(FIGURE, f"{SCHEMA}mentions")) == 67 + 2


def test_doi_in_every_join_form(graph: Graph) -> None:
    assert graph.iris(FIGURE, f"{DCTERMS}isPartOf") == {PAPER}
    assert graph.values(PAPER, f"{PRISM}doi") == ["10.2147/ITT.S485670"]
    assert graph.values(PAPER, f"{WDT}P356") == ["10.2147/ITT.S485670"]
    assert graph.values(PAPER, f"{DCTERMS}identifier") == ["doi:10.2147/ITT.S485670"]
    forms = {"https://doi.org/10.2147/ITT.S485670", "https://doi.org/10.2147/itt.s485670"}
    assert graph.iris(PAPER, f"{SKOS}exactMatch") == forms


def test_paper(graph: Graph) -> None:
    assert graph.values(PAPER, f"{FABIO}hasPubMedCentralId") == ["PMC12080488"]
    assert graph.values(PAPER, f"{WDT}P932") == ["12080488"]
    assert graph.terms(PAPER, f"{FABIO}hasPublicationYear") == {
        ox.Literal("2025", datatype=ox.NamedNode("http://www.w3.org/2001/XMLSchema#gYear"))
    }
    assert graph.values(PAPER, f"{DCTERMS}title") == ["JAK-STAT Signaling in Autoimmunity and Cancer"]
    words = ["JAK-STAT pathway", "autoimmune diseases", "cancer", "inflammation"]
    assert graph.values(PAPER, f"{PRISM}keyword") == words
    assert graph.iris(PAPER, f"{FOAF}page") == {"https://europepmc.org/articles/PMC12080488"}


def test_figure_text_is_its_own(graph: Graph) -> None:
    title = (
        "Figure illustrates the JAK/STAT signaling pathway and its role in cancer progression, "
        "highlighting its influence on tumor invasion, progression, autophagy, and apoptosis"
    )
    assert graph.values(FIGURE, f"{SCHEMA}name") == graph.values(FIGURE, f"{DCTERMS}title") == [title]
    (caption,) = graph.values(FIGURE, f"{SCHEMA}description")
    assert caption.endswith("Key factors like p16, p21, p53, and Bcl-xl are involved in these processes")
    assert len(graph.values(FIGURE, f"{SCHEMA}keywords")) == 69
    assert {"STAT3", "MMP", "Tyrosine residue"} <= set(graph.values(FIGURE, f"{SCHEMA}keywords"))


def test_licence_and_creator_are_iris(graph: Graph) -> None:
    assert graph.iris(FIGURE, f"{SCHEMA}license") == graph.iris(FIGURE, f"{DCTERMS}license") == {CC0}
    creator = "http://www.wikidata.org/entity/Q7999828"
    assert graph.iris(FIGURE, f"{SCHEMA}creator") == {creator}
    assert graph.values(creator, f"{SCHEMA}name") == ["WikiPathways"]


# --- Readers of RDF


def test_rdflib_and_pyoxigraph_read_the_same_triples(turtle: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Pytest turns warnings into errors; what rdflib thinks of a literal or IRI, it logs."""
    caplog.set_level("DEBUG", logger="rdflib")
    by_rdflib = rdflib.Graph().parse(turtle, format="turtle")
    quads = {quad.triple for quad in ox.parse(path=str(turtle), format=ox.RdfFormat.TURTLE)}
    assert caplog.records == []
    assert len(by_rdflib) == len(quads) > 1000
    assert by_rdflib.serialize(format="nt").count("_:") == 0
    again = ox.parse(by_rdflib.serialize(format="nt", encoding="utf-8"), format=ox.RdfFormat.N_TRIPLES)
    assert {quad.triple for quad in again} == quads


def test_rdflib_keeps_the_schema_prefix_of_the_file(turtle: Path) -> None:
    """Rdflib binds `schema` to the https namespace by itself, and calls another `schema1` unless it is told."""
    loaded = rdflib.Graph(bind_namespaces="none").parse(turtle, format="turtle")
    assert dict(loaded.namespaces())["schema"] == rdflib.URIRef(SCHEMA)
    assert "schema1" not in loaded.serialize(format="turtle")


def test_our_prefixes_survive_rdflib(turtle: Path) -> None:
    """A graph with rdflib's own prefixes keeps `schema` for ours where it is told to replace, and only there."""
    careless = rdflib.Graph()
    careless.bind("schema", SCHEMA, replace=False)
    assert dict(careless.namespaces())["schema"] != rdflib.URIRef(SCHEMA)
    loaded = rdflib.Graph().parse(turtle, format="turtle")
    for prefix, namespace in Names().prefixes.items():
        loaded.bind(prefix, namespace, replace=True)
    text = loaded.serialize(format="turtle")
    assert "@prefix schema: <http://schema.org/> ." in text
    assert "schema1" not in text
    assert "schema:mentions" in text
    assert set(rdflib.Graph().parse(data=text, format="turtle")) == set(loaded)


def test_record_graph_keeps_the_schema_prefix() -> None:
    (figure,) = kg.read_records(SEED)
    made = kg.record_graph(figure)
    assert dict(made.namespaces())["schema"] == rdflib.URIRef(SCHEMA)
    text = made.serialize(format="turtle")
    assert "schema1" not in text
    assert "schema:mentions" in text


def terms(graph: Graph) -> Iterator[ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple]:
    for triple in graph.triples:
        yield from (triple.subject, triple.predicate, triple.object)


def test_every_iri_is_absolute(graph: Graph) -> None:
    """No blank node, no `file:` or made-up host, nothing relative (a reader resolves that to this very file)."""
    seen = list(terms(graph))
    assert len(seen) > 6000
    assert not [term for term in seen if isinstance(term, (ox.BlankNode, ox.Triple))]
    iris = {term.value for term in seen if isinstance(term, ox.NamedNode)}
    assert not [iri for iri in iris if not re.fullmatch(r"https?://[a-z0-9.-]+/[^\s<>\"{}|\\^`]*", iri)]
    assert not [iri for iri in iris if re.match(r"https?://[^/]*\bexample\.", iri) or "na.character" in iri]


def test_no_literal_stands_for_an_absent_value(graph: Graph) -> None:
    texts = [term.value for term in terms(graph) if isinstance(term, ox.Literal)]
    assert len(texts) > 800
    assert not [text for text in texts if text.strip() in ABSENT or "na.character" in text]


@pytest.fixture(scope="module")
def rapper() -> str:
    """The command of Raptor; CI must have it."""
    found = shutil.which("rapper")
    if found is None:
        reason = "rapper is not on PATH (apt-get install raptor2-utils)"
        if os.environ.get("CI"):
            pytest.fail(f"{reason}, and CI must have it")
        pytest.skip(reason)
    return found


def run_rapper(rapper: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([rapper, *arguments], capture_output=True, text=True, check=False, timeout=60)


def test_rapper_reads_it_without_a_word(rapper: str, turtle: Path) -> None:
    done = run_rapper(rapper, "-q", "-c", "-i", "turtle", str(turtle))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_rapper_warns_of_nothing(rapper: str, turtle: Path, graph: Graph) -> None:
    done = run_rapper(rapper, "-c", "-i", "turtle", str(turtle))
    assert done.returncode == 0
    first, last, *rest = done.stderr.splitlines()
    assert first.startswith("rapper: Parsing URI file://")
    assert last == f"rapper: Parsing returned {len(graph.triples)} triples"
    assert rest == []


def test_rapper_would_complain(rapper: str, tmp_path: Path) -> None:
    """The two tests above can fail: a triple without object is noticed."""
    broken = tmp_path / "broken.ttl"
    broken.write_text("<http://a.example/s> <http://a.example/p> .\n", encoding="utf-8")
    assert run_rapper(rapper, "-q", "-c", "-i", "turtle", str(broken)).returncode != 0


def test_command_makes_this_graph(tmp_path: Path, seed_graph: Path) -> None:
    """`make export` runs this command on the seeds; it says nothing of trouble."""
    output = tmp_path / seed_graph.name
    command = [sys.executable, "-W", "error", "-m", "kg", "export", "seeds", "--output", str(output)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert not [line for line in done.stderr.splitlines() if "Warning" in line or "error[" in line]
    assert output.read_bytes() == seed_graph.read_bytes()
