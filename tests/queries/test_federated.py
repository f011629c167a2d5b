"""The nine federated queries against stub endpoints that spell things as the real ones do, also when one fails."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias

import pyoxigraph as ox
import pytest
import rdflib
import yaml

import kg
from tests.corpus.support import front_matter, table
from tests.queries.stubs import FORM, JSON_RESULTS, QUERY, Endpoint, calls_service

pytestmark = pytest.mark.loopback

ROOT: Final = Path(__file__).parents[2]
QUERIES: Final = ROOT / "queries"
SEEDS: Final = ROOT / "seeds"
ENDPOINTS: Final = Path(__file__).parent / "endpoints"

WIKIPATHWAYS: Final = "https://sparql.wikipathways.org/sparql"
UNIPROT: Final = "https://sparql.uniprot.org/sparql"
MESH_RDF: Final = "https://id.nlm.nih.gov/mesh/sparql"
SCHOLARLY: Final = "https://query-scholarly.wikidata.org/sparql"
WIKIDATA: Final = "https://query.wikidata.org/sparql"
RDF_PORTAL: Final = "https://rdfportal.org/ncbi/sparql"
GRAPHS: Final = {
    WIKIPATHWAYS: ENDPOINTS / "wikipathways.ttl",
    UNIPROT: ENDPOINTS / "uniprot.ttl",
    MESH_RDF: ENDPOINTS / "mesh.ttl",
    SCHOLARLY: ENDPOINTS / "wikidata-scholarly.ttl",
    WIKIDATA: ENDPOINTS / "wikidata.ttl",
    RDF_PORTAL: ENDPOINTS / "rdfportal.trig",
}

FIGURES: Final = "https://pfocr.wikipathways.org/figures/"
GENE: Final = "https://identifiers.org/ncbigene/"
PAPER: Final = "https://identifiers.org/pmc/"
PATHWAY: Final = "https://identifiers.org/wikipathways/"
PROTEIN: Final = "http://purl.uniprot.org/uniprot/"
MESH: Final = "http://id.nlm.nih.gov/mesh/"
TAXON: Final = "http://purl.obolibrary.org/obo/NCBITaxon_"
WD: Final = "http://www.wikidata.org/entity/"
PUBMED: Final = "http://rdf.ncbi.nlm.nih.gov/pubmed/"
XSD: Final = "http://www.w3.org/2001/XMLSchema#"

SEED: Final = "PMC12080488__ITT-14-523-g0004"
SEED_TITLE: Final = (
    "Figure illustrates the JAK/STAT signaling pathway and its role in cancer progression, "
    "highlighting its influence on tumor invasion, progression, autophagy, and apoptosis"
)
JAK_STAT_PAPER: Final = "JAK-STAT Signaling in Autoimmunity and Cancer"
STAT3_NAME: Final = "Signal transducer and activator of transcription 3"

Value: TypeAlias = str | int | None
Row: TypeAlias = tuple[Value, ...]


TEXTS: Final = {path.stem: path.read_text(encoding="utf-8") for path in sorted(QUERIES.glob("*.rq"))}
HEADERS: Final[dict[str, dict[str, Any]]] = {
    name: yaml.safe_load("\n".join(line[2:].removeprefix(" ") for line in text.splitlines() if line.startswith("#+")))
    for name, text in TEXTS.items()
}


@dataclass(frozen=True, kw_only=True)
class Case:
    """A query, its parameters and the rows it must give, in order, worked out from the seeds and the stub's graph.

    `asked`: whether there is anything to ask the endpoint; `pmids`: on the graph with PMIDs.
    """

    query: str
    endpoint: str
    rows: Sequence[Row]
    parameters: Mapping[str, str] = field(default_factory=dict)
    asked: bool = True
    pmids: bool = False

    @property
    def name(self) -> str:
        told = ",".join(f"{key}={value.rsplit('/', 1)[-1]}" for key, value in self.parameters.items())
        return f"{self.query}({told}){'+pmids' if self.pmids else ''}"


# By HGNC, what the keywords of the one seed without tables mean; `Oxygen` among them is no gene.
KEYWORD_GENES: Final = {"3091": "HIF1A", "405": "ARNT", "7422": "VEGFA", "2056": "EPO"}


def _gene_rows() -> Iterator[tuple[str, str, str, str]]:
    """Figure, taxon, NCBI Gene id and symbol of each gene row or keyword of the seeds, from the files themselves."""
    yield from (("PMC99000001__made-g001.md", "9606", gene, symbol) for gene, symbol in KEYWORD_GENES.items())
    for path in sorted((SEEDS / "_data").glob("*-genes.tsv")):
        for row in table(path):
            yield path.name, row["organism_id"], row["ncbigene_id"], row["ncbigene_symbol"]
    for path in sorted((SEEDS / "_figures").glob("*.md")):
        # Records of 2020-21 are human only.
        for row in front_matter(path).get("genes", []):
            yield path.name, "9606", row["entrez"], row["hgnc_symbol"]


def genes_of(figid: str) -> dict[str, str]:
    """Symbol by NCBI Gene id."""
    return {gene: symbol for name, _, gene, symbol in _gene_rows() if name == f"{figid}-genes.tsv"}


def by_symbol(genes: Mapping[str, str]) -> list[tuple[str, str]]:
    """IRI and symbol of the genes, sorted as the queries sort them."""
    return sorted(((f"{GENE}{gene}", symbol) for gene, symbol in genes.items()), key=lambda row: (row[1], row[0]))


def missing_genes(taxon: str, present: set[str]) -> list[Row]:
    """The genes of a taxon that are not among those present, with their number of figures."""
    rows = {row for row in _gene_rows() if row[1] == taxon and row[2] not in present}
    figures = Counter(gene for _, _, gene, _ in rows)
    symbols = {gene: symbol for _, _, gene, symbol in rows}
    listed = ((iri, symbol, figures[iri.removeprefix(GENE)]) for iri, symbol in by_symbol(symbols))
    return [*sorted(listed, key=lambda row: -row[2])]


# In the stub's titled human pathways, spelt as today: STAT3, JAK2, EPO, MAPT (and App, which is no human gene).
IN_HUMAN_PATHWAYS: Final = {"6774", "3717", "2056", "4137", "11820"}
# In the stub's PubTator graph for the seed's paper: STAT3, TP53.
IN_PUBTATOR: Final = {"6774", "7157"}

LOWER_DOI: Final = "https://doi.org/10.2147/itt.s485670"
GIVEN_DOI: Final = "https://doi.org/10.2147/ITT.S485670"
CITED_BY_DOI: Final[list[Row]] = [
    (f"{PAPER}PMC12080488", JAK_STAT_PAPER, GIVEN_DOI, f"{PATHWAY}WP4315_r100003"),
    (f"{PAPER}PMC12080488", JAK_STAT_PAPER, LOWER_DOI, f"{PATHWAY}WP4313_r100001"),
]

CASES: Final = (
    Case(
        query="wikipathways-missing-genes",
        endpoint=WIKIPATHWAYS,
        parameters={"least": "1"},
        rows=missing_genes("9606", IN_HUMAN_PATHWAYS),
    ),
    Case(
        query="wikipathways-missing-genes",
        endpoint=WIKIPATHWAYS,
        parameters={"taxon": f"{TAXON}10090", "least": "1"},
        rows=[(f"{GENE}11820", "App", 1)],
    ),
    Case(query="wikipathways-missing-genes", endpoint=WIKIPATHWAYS, rows=[], asked=False),
    Case(
        query="figures-for-wikipathway",
        endpoint=WIKIPATHWAYS,
        rows=[
            (f"{FIGURES}{SEED}.html", SEED_TITLE, 2),
            (f"{FIGURES}PMC99000001__made-g001.html", "Hypoxia turns on VEGFA and EPO through HIF1A", 1),
            (f"{FIGURES}PMC99000001__made-g002.html", "EPO makes red blood cells", 1),
        ],
    ),
    Case(query="figures-for-wikipathway", endpoint=WIKIPATHWAYS, parameters={"wpid": "WP4314"}, rows=[]),
    Case(query="figures-for-wikipathway", endpoint=WIKIPATHWAYS, parameters={"wpid": "WP4317"}, rows=[]),
    Case(query="papers-cited-by-wikipathways", endpoint=WIKIPATHWAYS, rows=CITED_BY_DOI),
    Case(
        query="papers-cited-by-wikipathways",
        endpoint=WIKIPATHWAYS,
        pmids=True,
        rows=[
            *CITED_BY_DOI,
            (
                f"{PAPER}PMC12080488",
                JAK_STAT_PAPER,
                "https://identifiers.org/pubmed/99000001",
                f"{PATHWAY}WP4315_r100003",
            ),
            (
                f"{PAPER}PMC99000001",
                "An example paper on hypoxia",
                "https://identifiers.org/pubmed/99000002",
                f"{PATHWAY}WP4315_r100003",
            ),
        ],
    ),
    Case(
        query="uniprot-proteins-of-figure",
        endpoint=UNIPROT,
        rows=[
            (f"{GENE}3717", "JAK2", f"{PROTEIN}O60674", "Tyrosine-protein kinase JAK2", None),
            (f"{GENE}6774", "STAT3", f"{PROTEIN}P40763", STAT3_NAME, "Cytoplasm"),
            (f"{GENE}6774", "STAT3", f"{PROTEIN}P40763", STAT3_NAME, "Nucleus"),
        ],
    ),
    Case(
        query="uniprot-proteins-of-figure",
        endpoint=UNIPROT,
        parameters={"figure": f"{FIGURES}PMC99000004__made-g004.html"},
        rows=[(f"{GENE}351", "APP", f"{PROTEIN}P05067", "Amyloid-beta precursor protein", "Cell membrane")],
    ),
    Case(
        query="uniprot-proteins-of-figure",
        endpoint=UNIPROT,
        parameters={"figure": f"{FIGURES}PMC99000005__made-g005.html"},
        rows=[],
    ),
    # Chemicals only: there is nothing to ask for.
    Case(
        query="uniprot-proteins-of-figure",
        endpoint=UNIPROT,
        parameters={"figure": f"{FIGURES}PMC99000003__made.0003.g003.html"},
        rows=[],
        asked=False,
    ),
    Case(
        query="disease-genes-without-uniprot-disease",
        endpoint=UNIPROT,
        rows=[(f"{GENE}11820", "App", 1)],
    ),
    Case(
        query="disease-genes-without-uniprot-disease",
        endpoint=UNIPROT,
        parameters={"disease": f"{MESH}D003920"},
        rows=[],
    ),
    Case(
        query="figures-for-mesh-branch",
        endpoint=MESH_RDF,
        rows=[(f"{MESH}D000544", "Alzheimer Disease", 1)],
    ),
    Case(
        query="figures-for-mesh-branch",
        endpoint=MESH_RDF,
        parameters={"disease": f"{MESH}D003920"},
        rows=[(f"{MESH}D003920", "Diabetes Mellitus", 1)],
    ),
    Case(query="figures-for-mesh-branch", endpoint=MESH_RDF, parameters={"disease": f"{MESH}D009369"}, rows=[]),
    Case(
        query="wikidata-topics-for-gene",
        endpoint=SCHOLARLY,
        rows=[(f"{WD}Q900000001", 2), (f"{WD}Q900000002", 1)],
    ),
    Case(
        query="wikidata-topics-for-gene",
        endpoint=SCHOLARLY,
        parameters={"gene": f"{GENE}2057"},
        rows=[(f"{WD}Q900000006", 1)],
    ),
    Case(query="wikidata-topics-for-gene", endpoint=SCHOLARLY, parameters={"gene": f"{GENE}4087"}, rows=[]),
    Case(
        query="wikidata-drugs-for-figure",
        endpoint=WIKIDATA,
        rows=[
            (f"{GENE}3717", "JAK2", f"{WD}Q900004002", None),
            (f"{GENE}3717", "JAK2", f"{WD}Q900004001", "madeupinib"),
            (f"{GENE}6774", "STAT3", f"{WD}Q900004001", "madeupinib"),
        ],
    ),
    Case(
        query="wikidata-drugs-for-figure",
        endpoint=WIKIDATA,
        parameters={"figure": f"{FIGURES}PMC99000005__made-g005.html"},
        rows=[],
    ),
    Case(
        query="genes-pubtator-lacks",
        endpoint=RDF_PORTAL,
        parameters={"pmid": f"{PUBMED}99000001"},
        pmids=True,
        rows=by_symbol({gene: symbol for gene, symbol in genes_of(SEED).items() if gene not in IN_PUBTATOR}),
    ),
    # Both genes of the paper's table are in PubTator, those of its keywords but for EPO are not.
    Case(
        query="genes-pubtator-lacks",
        endpoint=RDF_PORTAL,
        parameters={"pmid": f"{PUBMED}99000002"},
        pmids=True,
        rows=by_symbol({gene: symbol for gene, symbol in KEYWORD_GENES.items() if symbol != "EPO"}),
    ),
    # No paper of the seeds has this one.
    Case(
        query="genes-pubtator-lacks",
        endpoint=RDF_PORTAL,
        parameters={"pmid": f"{PUBMED}99000003"},
        pmids=True,
        rows=[],
    ),
)

FEDERATED: Final = tuple(sorted({case.query for case in CASES}))
every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


@pytest.fixture(scope="module")
def pmid_graph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The seeds' graph with PMIDs for two papers."""
    folder = tmp_path_factory.mktemp("pmids")
    columns = "Journal Title,ISSN,eISSN,Year,Volume,Issue,Page,DOI,PMCID,PMID,Manuscript Id,Release Date"
    lines = [columns, "J,,,2025,14,,,,PMC12080488,99000001,,live", "J,,,2021,1,,,,PMC99000001,99000002,,live"]
    (folder / "PMC-ids.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    kg.export(SEEDS, folder / "seeds.ttl", pmc_ids=folder / "PMC-ids.csv")
    return folder / "seeds.ttl"


def graph_of(case: Case, seed_graph: Path, pmid_graph: Path) -> Path:
    return pmid_graph if case.pmids else seed_graph


def rows_of(answer: Any) -> list[Row]:
    """The answer's rows as tuples in the order of its variables, None where a variable is not bound."""
    return [tuple(row.get(name) for name in answer.variables) for row in answer.rows()]


# --- the cases themselves ---------------------------------------------------------------------------------------------


def test_the_cases_cover_the_federated_queries() -> None:
    assert len(CASES) == 25
    assert len(FEDERATED) == 9
    assert set(FEDERATED) == {path.stem for path in QUERIES.glob("*.rq") if "SERVICE" in path.read_text("utf-8")}
    assert {case.query for case in CASES if case.rows} == set(FEDERATED)
    # papers-cited-by-wikipathways has no parameters.
    assert {case.query for case in CASES if not case.rows} == set(FEDERATED) - {"papers-cited-by-wikipathways"}
    assert {case.endpoint for case in CASES} == set(GRAPHS)


def test_the_rows_that_are_worked_out_by_code_are_the_right_number() -> None:
    # The seed's table has 67 rows, each of a gene of its own; the seeds have 85 genes, of which one is of the mouse
    # and three stand in keywords only.
    assert len(genes_of(SEED)) == 67
    assert len({gene for _, taxon, gene, _ in _gene_rows() if taxon == "9606"}) == 84
    assert len(missing_genes("9606", IN_HUMAN_PATHWAYS)) == 80
    assert len(next(case for case in CASES if case.query == "genes-pubtator-lacks").rows) == 65
    assert (f"{GENE}6775", "STAT4", 1) in missing_genes("9606", IN_HUMAN_PATHWAYS)


# --- the queries by the tool ------------------------------------------------------------------------------------------


@every_case
def test_rows(case: Case, seed_graph: Path, pmid_graph: Path) -> None:
    with Endpoint(graph=GRAPHS[case.endpoint]) as stub, kg.open_store(graph_of(case, seed_graph, pmid_graph)) as store:
        answer = store.query(
            case.query, params=case.parameters, federate=True, timeout=30, services={case.endpoint: stub.url}
        )
        assert rows_of(answer) == list(case.rows)
    assert bool(stub.requests) == case.asked
    assert len(stub.queries) == len(stub.requests), "each request has a query in it"


@every_case
def test_without_federate_nothing_is_sent(case: Case, seed_graph: Path, pmid_graph: Path) -> None:
    with Endpoint(graph=GRAPHS[case.endpoint]) as stub, kg.open_store(graph_of(case, seed_graph, pmid_graph)) as store:
        with pytest.raises(kg.QueryError, match="--federate"):
            store.query(case.query, params=case.parameters, timeout=30, services={case.endpoint: stub.url}).rows()
        assert stub.requests == []


def test_requests_are_polite(seed_graph: Path) -> None:
    """Wikimedia blocks callers that do not say who they are; MeSH answers in HTML unless asked for JSON."""
    with Endpoint(graph=GRAPHS[WIKIDATA]) as stub, kg.open_store(seed_graph) as store:
        store.query("wikidata-drugs-for-figure", federate=True, timeout=30, services={WIKIDATA: stub.url}).rows()
    assert stub.requests
    for request in stub.requests:
        assert JSON_RESULTS in request.headers["accept"]
        assert "pfocr-kg" in request.headers["user-agent"]
        assert re.search(r"https?://|@", request.headers["user-agent"]), "it has a way to reach someone"


# --- values that are sent along ---------------------------------------------------------------------------------------

_VALUES: Final = re.compile(r"VALUES\s*\(?\s*[?$](\w+)\s*\)?\s*\{([^}]*)\}", re.IGNORECASE)
_TERM: Final = re.compile(r'<[^>]*>|"[^"]*"')
# What Virtuoso takes in one VALUES block is 4,095 terms; much less keeps each answer below the endpoints' row limits.
MOST_VALUES: Final = 1_000


def values_sent(query: str) -> dict[str, list[str]]:
    """The terms of each VALUES block, by variable."""
    return {name: _TERM.findall(block) for name, block in _VALUES.findall(query)}


def spellings(gene: str) -> set[str]:
    """What the graph says a gene is `skos:exactMatch` to."""
    return {
        f"<http://identifiers.org/ncbigene/{gene}>",
        f"<http://purl.uniprot.org/geneid/{gene}>",
        f"<http://rdf.ncbi.nlm.nih.gov/pubchem/gene/GID{gene}>",
        f"<https://www.ncbi.nlm.nih.gov/gene/{gene}>",
    }


SENT: Final[dict[str, tuple[str, str, set[str]]]] = {
    "uniprot-proteins-of-figure": (UNIPROT, "geneid", {iri for gene in genes_of(SEED) for iri in spellings(gene)}),
    "disease-genes-without-uniprot-disease": (
        UNIPROT,
        "geneid",
        {iri for gene in ("351", "4137", "11820") for iri in spellings(gene)},
    ),
    "wikidata-drugs-for-figure": (WIKIDATA, "entrez", {f'"{gene}"' for gene in genes_of(SEED)}),
    "wikidata-topics-for-gene": (SCHOLARLY, "pmcid", {'"12080488"'}),
}


def triples(graph: Path, predicate: str) -> list[tuple[str, str]]:
    """Subject and object of all triples with a predicate, in N-Triples syntax."""
    quads = ox.parse(graph.read_bytes(), format=ox.RdfFormat.TURTLE)
    return [(str(quad.subject), str(quad.object)) for quad in quads if quad.predicate.value == predicate]


def human_genes(graph: Path) -> set[str]:
    """The genes that `wikipathways-missing-genes` asks about when every gene counts."""
    human = "<http://purl.obolibrary.org/obo/NCBITaxon_9606>"
    return {gene for gene, taxon in triples(graph, "http://purl.obolibrary.org/obo/RO_0002162") if taxon == human}


def references(graph: Path) -> set[str]:
    """Every spelling of every paper."""
    same = triples(graph, "http://www.w3.org/2004/02/skos/core#exactMatch")
    return {other for paper, other in same if paper.startswith("<https://identifiers.org/pmc/")}


SENT_OF_GRAPH: Final = {
    "wikipathways-missing-genes": ("gene", human_genes, {"least": "1"}),
    "papers-cited-by-wikipathways": ("reference", references, {}),
}


@pytest.mark.parametrize("name", SENT_OF_GRAPH)
def test_values_of_the_whole_graph_are_sent_along(name: str, seed_graph: Path) -> None:
    variable, expected, parameters = SENT_OF_GRAPH[name]
    with Endpoint(graph=GRAPHS[WIKIPATHWAYS]) as stub, kg.open_store(seed_graph) as store:
        store.query(name, federate=True, timeout=30, services={WIKIPATHWAYS: stub.url}, params=parameters).rows()
    sent = [term for query in stub.queries for term in values_sent(query)[variable]]
    assert len(sent) > 5
    assert sorted(sent) == sorted(expected(seed_graph))


def test_each_bind_join_has_a_case() -> None:
    assert len(SENT) == 4
    of_graph = {name: [variable] for name, (variable, _, _) in SENT_OF_GRAPH.items()}
    assert of_graph | {name: [variable] for name, (_, variable, _) in SENT.items()} == {
        name: header["bind-join"] for name, header in HEADERS.items() if "bind-join" in header
    }


@pytest.mark.parametrize("name", SENT)
def test_values_are_sent_along(name: str, seed_graph: Path) -> None:
    endpoint, variable, expected = SENT[name]
    with Endpoint(graph=GRAPHS[endpoint]) as stub, kg.open_store(seed_graph) as store:
        store.query(name, federate=True, timeout=30, services={endpoint: stub.url}).rows()
    batches = [values_sent(query)[variable] for query in stub.queries]
    assert batches
    assert max(len(batch) for batch in batches) <= MOST_VALUES
    assert sorted(term for batch in batches for term in batch) == sorted(expected)


def _many_genes(number: int) -> str:
    """A graph with one figure of so many genes, Turtle."""
    prefixes = """
        @prefix pfo: <https://w3id.org/pfocr-kg/vocab#> .
        @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
        @prefix schema: <http://schema.org/> .
        @prefix wdt: <http://www.wikidata.org/prop/direct/> .
    """
    figure = f"<{FIGURES}PMC1__big.html>"
    genes = "".join(
        f"{figure} schema:mentions <{GENE}{gene}> .\n"
        f'<{GENE}{gene}> a pfo:Gene ; rdfs:label "G{gene:05}" ; wdt:P351 "{gene}" .\n'
        for gene in range(1, number + 1)
    )
    return f"{prefixes}\n{figure} a pfo:PathwayFigure .\n{genes}"


def _many_drugs(number: int) -> str:
    """As many genes in Wikidata's spelling, a drug for every hundredth, Turtle."""
    genes = "".join(
        f'wd:Q{900000000 + gene} wdt:P351 "{gene}" ; wdt:P688 wd:Q{910000000 + gene} .\n'
        for gene in range(1, number + 1)
    )
    drugs = "".join(f"wd:Q{920000000 + gene} wdt:P129 wd:Q{910000000 + gene} .\n" for gene in range(100, number, 100))
    return (
        "@prefix wd: <http://www.wikidata.org/entity/> .\n@prefix wdt: <http://www.wikidata.org/prop/direct/> .\n"
        f"{genes}{drugs}"
    )


def test_many_values_go_in_batches(tmp_path: Path) -> None:
    number = 2_500
    (tmp_path / "big.ttl").write_text(_many_genes(number), encoding="utf-8")
    (tmp_path / "drugs.ttl").write_text(_many_drugs(number), encoding="utf-8")
    with Endpoint(graph=tmp_path / "drugs.ttl") as stub, kg.open_store(tmp_path / "big.ttl") as store:
        answer = store.query(
            "wikidata-drugs-for-figure",
            federate=True,
            timeout=60,
            services={WIKIDATA: stub.url},
            figure=f"{FIGURES}PMC1__big.html",
        )
        rows = rows_of(answer)
    batches = [values_sent(query)["entrez"] for query in stub.queries]
    assert len(batches) > 1
    assert max(len(batch) for batch in batches) <= MOST_VALUES
    assert sorted(term for batch in batches for term in batch) == sorted(f'"{n}"' for n in range(1, number + 1))
    assert rows == [(f"{GENE}{n}", f"G{n:05}", f"{WD}Q{920000000 + n}", None) for n in range(100, number, 100)]


# --- endpoints that fail ----------------------------------------------------------------------------------------------


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def refused(store: Any, url: str, timeout: float) -> str:
    """The problem of a query to a failing endpoint, as text; the store must answer afterwards."""
    with pytest.raises(kg.QueryError) as caught:
        store.query(
            "uniprot-proteins-of-figure", federate=True, timeout=timeout, services={UNIPROT: url}, figure=SEED
        ).rows()
    problem = caught.value.problem
    assert problem.code
    assert problem.mend
    [row] = store.query("figures-for-gene").rows()
    assert row["figure"] == f"{FIGURES}{SEED}.html"
    return str(problem.text())


@pytest.mark.parametrize("status", [400, 401, 403, 404, 500, 503])
def test_an_endpoint_that_answers_an_error(status: int, seed_graph: Path) -> None:
    with Endpoint(status=status) as stub, kg.open_store(seed_graph) as store:
        text = refused(store, stub.url, 30)
        assert stub.requests
    assert str(status) in text
    assert UNIPROT in text or stub.url in text


@pytest.mark.parametrize("status", [429, 503])
def test_an_endpoint_that_is_busy_for_a_moment(status: int, seed_graph: Path) -> None:
    with (
        Endpoint(graph=GRAPHS[UNIPROT], status=status, failures=1, headers={"Retry-After": "0"}) as stub,
        kg.open_store(seed_graph) as store,
    ):
        answer = store.query("uniprot-proteins-of-figure", federate=True, timeout=30, services={UNIPROT: stub.url})
        assert len(rows_of(answer)) == 3
    assert stub.queries[0] == stub.queries[1]


def test_an_endpoint_that_is_not_there(seed_graph: Path) -> None:
    url = f"http://127.0.0.1:{_free_port()}/sparql"
    with kg.open_store(seed_graph) as store:
        text = refused(store, url, 30)
    assert UNIPROT in text or url in text


def test_an_endpoint_that_hangs(seed_graph: Path) -> None:
    with Endpoint(graph=GRAPHS[UNIPROT], delay=60) as stub, kg.open_store(seed_graph) as store:
        start = time.monotonic()
        text = refused(store, stub.url, 1.5)
        assert time.monotonic() - start < 10
        assert stub.requests
    assert re.search(r"time|second", text)


def test_an_endpoint_that_answers_with_a_page(seed_graph: Path) -> None:
    with Endpoint(page="<!doctype html><title>Maintenance</title>") as stub, kg.open_store(seed_graph) as store:
        text = refused(store, stub.url, 30)
    assert UNIPROT in text or stub.url in text


PARTIAL: Final[dict[str, dict[str, Any]]] = {
    "206 Partial Content": {"status": 206},
    "row limit of Virtuoso": {"most_rows": 1, "headers": {"X-SPARQL-MaxRows": "1"}},
    "time limit of Virtuoso": {"most_rows": 1, "headers": {"X-SQL-State": "S1TAT"}},
}


@pytest.mark.parametrize("told", PARTIAL)
def test_an_endpoint_that_says_it_gives_a_part_only(told: str, seed_graph: Path) -> None:
    """A part of the genes that WikiPathways has would make the others seem to be missing there."""
    with Endpoint(graph=GRAPHS[WIKIPATHWAYS], **PARTIAL[told]) as stub, kg.open_store(seed_graph) as store:
        with pytest.raises(kg.QueryError) as caught:
            store.query(
                "wikipathways-missing-genes",
                federate=True,
                timeout=30,
                services={WIKIPATHWAYS: stub.url},
                least="1",
            ).rows()
        assert caught.value.problem.code
        assert stub.requests


def test_no_password_goes_to_other_peoples_endpoints(seed_graph: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """User and password in the environment are for the user's own store."""
    monkeypatch.setenv("KG_USER", "someone")
    monkeypatch.setenv("KG_PASSWORD", "secret")
    asks = {"WWW-Authenticate": 'Basic realm="stub"'}
    with Endpoint(status=401, headers=asks) as stub, kg.open_store(seed_graph) as store:
        refused(store, stub.url, 30)
    assert stub.requests
    assert [request.headers["authorization"] for request in stub.requests if "authorization" in request.headers] == []


# --- one fact told twice ----------------------------------------------------------------------------------------------

# UniProt tells the places of each isoform, Wikidata each product of a gene.
TWICE: Final = {
    "uniprot-proteins-of-figure": (
        UNIPROT,
        """
        <P40763> up:annotation <P40763#SIP8> .
        <P40763#SIP8> up:locatedIn <P40763#SIP9> .
        <P40763#SIP9> up:cellularComponent <http://purl.uniprot.org/locations/191> .
        """,
    ),
    "wikidata-drugs-for-figure": (
        WIKIDATA,
        """
        wd:Q900002001 wdt:P688 wd:Q900003009 .
        wd:Q900004001 wdt:P129 wd:Q900003009 .
        """,
    ),
}


@pytest.mark.parametrize("name", TWICE)
def test_what_is_told_twice_is_one_row(name: str, seed_graph: Path, tmp_path: Path) -> None:
    endpoint, more = TWICE[name]
    (tmp_path / "more.ttl").write_text(GRAPHS[endpoint].read_text("utf-8") + more, encoding="utf-8")
    with Endpoint(graph=tmp_path / "more.ttl") as stub, kg.open_store(seed_graph) as store:
        rows = rows_of(store.query(name, federate=True, timeout=30, services={endpoint: stub.url}))
    assert rows == next(list(case.rows) for case in CASES if case.query == name)


# --- second opinions --------------------------------------------------------------------------------------------------

_OXIGRAPH: Final = """
import sys
import pyoxigraph as ox
store = ox.Store()
store.bulk_load(path=sys.argv[1], format=ox.RdfFormat.TURTLE)
found = store.query(sys.stdin.read())
sys.stdout.buffer.write(found.serialize(format=ox.QueryResultsFormat.JSON))
"""


def with_values(case: Case, stub: Endpoint) -> str:
    """The query's text with its parameters and the stub's address put in, by code of our own."""
    header = HEADERS[case.query]
    values = {name: value for default in header.get("defaults", []) for name, value in default.items()}
    values |= case.parameters
    text = TEXTS[case.query].replace(f"<{case.endpoint}>", f"<{stub.url}>")
    for name, value in values.items():
        terms = {"_iri": f"<{value}>", "_integer": str(value), "": f'"{value}"'}
        for suffix, term in terms.items():
            text = re.sub(rf"\?_{name}{suffix}\b", term, text)
    assert "?_" not in text
    assert stub.url in text
    return text


def _plain(term: Mapping[str, str] | None) -> Value:
    if term is None:
        return None
    return int(term["value"]) if term.get("datatype") == f"{XSD}integer" else term["value"]


def _json_rows(data: bytes) -> list[Row]:
    document = json.loads(data)
    names = document["head"]["vars"]
    return [tuple(_plain(row.get(name)) for name in names) for row in document["results"]["bindings"]]


def oxigraph_rows(graph: Path, text: str) -> list[Row]:
    """The rows by Oxigraph, which follows SERVICE itself: in a process of its own, as it has no time limit."""
    done = subprocess.run(
        [sys.executable, "-c", _OXIGRAPH, graph], input=text.encode(), capture_output=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr.decode()
    return _json_rows(done.stdout)


@every_case
def test_oxigraph_agrees(case: Case, seed_graph: Path, pmid_graph: Path) -> None:
    with Endpoint(graph=GRAPHS[case.endpoint]) as stub:
        assert oxigraph_rows(graph_of(case, seed_graph, pmid_graph), with_values(case, stub)) == list(case.rows)
    assert stub.queries or not case.asked


# Blocks in other places than the saved queries have them; STUB is the stub's address.
ELSEWHERE: Final = {
    "optional": "SELECT ?gene ?drug { ?gene wdt:P351 ?id OPTIONAL { SERVICE <STUB> { %s } } }",
    "union": "SELECT ?gene ?drug { { ?gene wdt:P351 ?id } UNION { SERVICE <STUB> { %s } } }",
    "minus": "SELECT ?gene { ?gene wdt:P351 ?id MINUS { SERVICE <STUB> { %s } } }",
    "exists": "SELECT ?gene { ?gene wdt:P351 ?id FILTER EXISTS { SERVICE <STUB> { %s } } }",
    "sub-select": "SELECT ?id (COUNT(?drug) AS ?n) { { SELECT ?id ?drug { SERVICE <STUB> { %s } } } } GROUP BY ?id",
    "all variables": "SELECT * { ?gene wdt:P351 ?id . SERVICE <STUB> { %s } }",
    "twice": 'SELECT ?drug { SERVICE <STUB> { %s } SERVICE <STUB> { ?item wdt:P351 "6774" } }',
    "silent": "SELECT ?gene ?drug { ?gene wdt:P351 ?id . SERVICE SILENT <STUB> { %s } }",
    "group inside": (
        "SELECT ?id ?n { SERVICE <STUB> { SELECT ?id (COUNT(?drug) AS ?n) { %s } GROUP BY ?id } ?gene wdt:P351 ?id }"
    ),
    "braces in texts": (
        "SELECT ?drug { SERVICE <STUB> { %s # a comment with }\n FILTER(?id != '} SERVICE {') } FILTER(?id != '}') }"
    ),
    "values inside": 'SELECT ?id ?drug { SERVICE <STUB> { VALUES ?id { "6774" UNDEF } %s } }',
    "no rows": "SELECT ?gene { ?gene wdt:P351 ?id . SERVICE <STUB> { ?drug wdt:P129 wd:Q1 ; wdt:P351 ?id } }",
    "no variables": "SELECT ?gene { ?gene wdt:P351 '3717' . SERVICE <STUB> { wd:Q900002002 wdt:P351 '3717' } }",
    "languages": ("SELECT ?name { SERVICE <STUB> { ?drug rdfs:label ?name } FILTER(?name = 'Namenlosin'@de) }"),
}
_ASKED_THERE: Final = "?item wdt:P351 ?id ; wdt:P688 ?protein . ?drug wdt:P129 ?protein ."
_PREFIXES: Final = """
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX wd: <http://www.wikidata.org/entity/>
PREFIX wdt: <http://www.wikidata.org/prop/direct/>
"""


@pytest.mark.parametrize("place", ELSEWHERE)
def test_services_in_other_places(place: str, seed_graph: Path) -> None:
    """The same rows as Oxigraph gives when it follows the block itself."""
    with Endpoint(graph=GRAPHS[WIKIDATA]) as stub:
        inner = _ASKED_THERE if "%s" in ELSEWHERE[place] else ""
        text = _PREFIXES + ELSEWHERE[place].replace("%s", inner).replace("STUB", stub.url)
        expected = oxigraph_rows(seed_graph, text)
        asked = len(stub.requests)
        with kg.open_store(seed_graph) as store:
            rows = rows_of(store.query(text, federate=True, timeout=30))
    assert len(stub.requests) > asked > 0
    # `SELECT *` has its columns in order of appearance here, in another order there.
    assert sorted(sorted(map(str, row)) for row in rows) == sorted(sorted(map(str, row)) for row in expected)
    assert bool(expected) == (place != "no rows")


# Ways to write a call to an endpoint, AT.
CALLS: Final = (
    "SELECT * { SERVICE <AT> { ?s ?p ?o } }",
    "SELECT * { service silent <AT> { ?s ?p ?o } }",
    "SELECT * { VALUES ?at { <AT> } SERVICE ?at { ?s ?p ?o } }",
    "PREFIX s: <AT> SELECT * { SERVICE s: { ?s ?p ?o } }",
    "BASE <AT> SELECT * { SERVICE <> { ?s ?p ?o } }",
    r"SELECT * { \u0053ERVICE <AT> { ?s ?p ?o } }",
    "SELECT * { SERVICE# <http://127.0.0.1:1/>\n<AT> { ?s ?p ?o } }",
    "SELECT * { ?s ?p ?o FILTER EXISTS { SERVICE <AT> { ?s ?p ?o } } }",
    "SELECT * { { SELECT * { SERVICE <AT> { ?s ?p ?o } } } }",
    "ASK { SERVICE <AT> { ?s ?p ?o } }",
    "CONSTRUCT { ?s ?p ?o } WHERE { SERVICE <AT> { ?s ?p ?o } }",
    "DESCRIBE ?s { SERVICE <AT> { ?s ?p ?o } }",
    "LOAD <AT>",
    "INSERT { ?s ?p ?o } WHERE { SERVICE <AT> { ?s ?p ?o } }",
)


@pytest.mark.parametrize("text", CALLS)
def test_no_call_slips_through(text: str, seed_graph: Path) -> None:
    with Endpoint(graph=GRAPHS[WIKIDATA]) as stub, kg.open_store(seed_graph) as store:
        with pytest.raises(kg.QueryError):
            store.query(text.replace("AT", stub.url), timeout=30)
        assert stub.requests == []


# What rdflib 7.6 cannot do itself: it sends a sub-SELECT without the prefixes, reads the endpoint's IRI up to the last
# IRI before a brace, and makes a row of nothing where GROUP BY has no solutions to group.
RDFLIB_FAULTS: Final = {
    "wikipathways-missing-genes": "sub-SELECT",
    "figures-for-wikipathway": "sub-SELECT",
    "genes-pubtator-lacks": "GRAPH <IRI> in the block",
    "disease-genes-without-uniprot-disease(disease=D003920)": "empty GROUP BY",
    "wikidata-topics-for-gene(gene=4087)": "empty GROUP BY",
}
RDFLIB_CASES: Final = [case for case in CASES if not {case.query, case.name} & RDFLIB_FAULTS.keys()]


def test_rdflib_can_be_asked_enough() -> None:
    assert len(RDFLIB_CASES) == 14
    assert len({case.query for case in RDFLIB_CASES if case.rows}) == 6


@pytest.mark.parametrize("case", RDFLIB_CASES, ids=lambda case: case.name)
def test_rdflib_agrees(case: Case, seed_graph: Path, pmid_graph: Path) -> None:
    graph = rdflib.Graph().parse(graph_of(case, seed_graph, pmid_graph))
    with Endpoint(graph=GRAPHS[case.endpoint]) as stub:
        data = graph.query(with_values(case, stub)).serialize(format="json")
    assert data is not None
    assert stub.queries or not case.asked
    assert _json_rows(data) == list(case.rows)


# --- the texts --------------------------------------------------------------------------------------------------------

federated_texts = pytest.mark.parametrize("name", FEDERATED)


def body(name: str) -> str:
    """The query without comments."""
    return "\n".join(line for line in TEXTS[name].splitlines() if not line.startswith("#"))


def service_blocks(text: str) -> list[tuple[str, str]]:
    """What follows each SERVICE up to its brace, and what stands between its braces."""
    found = []
    for match in re.finditer(r"\bSERVICE\b([^{]*)\{", text, re.IGNORECASE):
        depth, end = 1, match.end()
        while depth:
            depth += {"{": 1, "}": -1}.get(text[end], 0)
            end += 1
        found.append((match[1].strip(), text[match.end() : end - 1]))
    return found


def test_all_queries_are_looked_at() -> None:
    assert len(TEXTS) == 25
    assert {name for name in TEXTS if service_blocks(body(name))} == set(FEDERATED)
    assert {name for name, header in HEADERS.items() if "federated" in header["tags"]} == set(FEDERATED)


STRING_SURGERY: Final = (
    "STR", "REPLACE", "SUBSTR", "CONCAT", "STRAFTER", "STRBEFORE", "IRI", "URI", "STRSTARTS", "STRENDS", "CONTAINS",
    "REGEX", "ENCODE_FOR_URI", "STRDT", "STRLANG", "LCASE", "UCASE",
)  # fmt: skip


@federated_texts
@pytest.mark.parametrize("function", STRING_SURGERY)
def test_no_string_surgery(name: str, function: str) -> None:
    assert re.search(rf"\b{function}\s*\(", body(name), re.IGNORECASE) is None


@federated_texts
def test_services_are_the_real_endpoints(name: str) -> None:
    [(service, inner)] = service_blocks(body(name))
    # No SILENT: a failing endpoint is an error, not an answer with fewer rows.
    assert service in {f"<{endpoint}>" for endpoint in GRAPHS}
    assert service == f"<{next(case.endpoint for case in CASES if case.query == name)}>"
    assert "SERVICE" not in inner


@federated_texts
def test_bind_join_variables_are_shared(name: str) -> None:
    text = body(name)
    [(_, inner)] = service_blocks(text)
    outside = text.replace(inner, "")
    for variable in HEADERS[name].get("bind-join", []):
        assert re.search(rf"\?{variable}\b", inner)
        assert re.search(rf"\?{variable}\b", outside)


def names_with(part: str) -> set[str]:
    return {name for name in FEDERATED if part in body(name)}


def test_wikipathways_joins() -> None:
    asked = names_with(WIKIPATHWAYS)
    assert len(asked) == 3
    assert names_with("wp:bdbEntrezGene ?gene") | names_with("cito:cites ?reference") == asked
    by_class = names_with("?pathway a wp:Pathway")
    assert len(by_class) == 2
    for name in by_class:
        [(_, inner)] = service_blocks(body(name))
        assert re.search(r"\?pathway a wp:Pathway ;[^.]*\bdc:title \?\w+ [;.]", inner, re.DOTALL)
        assert "PREFIX dc: <http://purl.org/dc/elements/1.1/>" in TEXTS[name]


def test_wikidata_joins() -> None:
    assert names_with("https://query.wikidata.org/") == {"wikidata-drugs-for-figure"}
    assert names_with("https://query-scholarly.wikidata.org/") == {"wikidata-topics-for-gene"}
    for name, predicate in (("wikidata-drugs-for-figure", "wdt:P351"), ("wikidata-topics-for-gene", "wdt:P932")):
        text = body(name)
        [(_, inner)] = service_blocks(text)
        [variable] = HEADERS[name]["bind-join"]
        assert f"{predicate} ?{variable}" in inner
        assert f"{predicate} ?{variable}" in text.replace(inner, "")


# --- the stubs --------------------------------------------------------------------------------------------------------

COUNT: Final = "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }"


def call(url: str, data: str | None = None, **headers: str) -> tuple[int, str]:
    """Status and text of an answer."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(url, data.encode() if data is not None else None, named)  # noqa: S310 (loopback)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_the_stub_speaks_the_three_ways_of_the_protocol() -> None:
    encoded = urllib.parse.urlencode({"query": COUNT})
    with Endpoint(graph=GRAPHS[MESH_RDF]) as stub:
        answers = {
            call(f"{stub.url}?{encoded}"),
            call(stub.url, encoded, Content_Type=FORM),
            call(stub.url, COUNT, Content_Type=f"{QUERY}; charset=utf-8"),
        }
        assert [request.method for request in stub.requests] == ["GET", "POST", "POST"]
        assert stub.queries == [COUNT] * 3
    [(status, text)] = answers
    assert status == 200
    assert _json_rows(text.encode()) == [(44,)]


def test_the_stub_refuses() -> None:
    nested = "SELECT * WHERE { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }"
    with Endpoint(graph=GRAPHS[MESH_RDF]) as stub:
        assert call(stub.url)[0] == 400
        assert call(stub.url, "INSERT DATA { <a:a> <a:b> <a:c> }", Content_Type=QUERY)[0] == 400
        assert call(stub.url, COUNT, Content_Type="text/plain")[0] == 400
        assert call(stub.url, "SELECT nonsense", Content_Type=QUERY)[0] == 400
        assert call(stub.url, COUNT, Content_Type=QUERY, Accept="text/html")[0] == 406
        assert call(stub.url, nested, Content_Type=QUERY) == (400, "this endpoint calls no service")
        assert call(f"{stub.url}/elsewhere?query=ASK%7B%7D")[0] == 400
        assert len(stub.requests) == 7


def test_the_stub_can_be_told_to_fail_and_to_cut() -> None:
    rows = "SELECT ?s WHERE { ?s ?p ?o }"
    with Endpoint(status=503) as failing, Endpoint(graph=GRAPHS[MESH_RDF], most_rows=5) as short:
        assert call(failing.url, rows, Content_Type=QUERY)[0] == 503
        assert len(_json_rows(call(short.url, rows, Content_Type=QUERY)[1].encode())) == 5
        assert json.loads(call(short.url, "ASK { ?s ?p ?o }", Content_Type=QUERY)[1])["boolean"] is True


def test_closing_the_stub_ends_its_wait() -> None:
    start = time.monotonic()
    with ExitStack() as stack:
        stub = stack.enter_context(Endpoint(graph=GRAPHS[MESH_RDF], delay=60))
        with pytest.raises(TimeoutError):
            urllib.request.urlopen(f"{stub.url}?query=ASK%7B%7D", timeout=0.2)  # noqa: S310 (loopback)
        assert len(stub.requests) == 1
    assert time.monotonic() - start < 10


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (COUNT, False),
        ("SELECT * { SERVICE <http://a/> { } }", True),
        ("SELECT * { service ?where { } }", True),
        ("SELECT * { { SELECT * { SERVICE SILENT <http://a/> { } } } }", True),
        ("SELECT * { ?service <http://service/SERVICE> ' SERVICE ' }", False),
        ('SELECT * { ?s ?p """ SERVICE """ } # SERVICE', False),
        ("PREFIX service: <http://a/> SELECT * { ?s service:SERVICE 1 }", False),
    ],
)
def test_services_are_seen(query: str, expected: bool) -> None:
    assert calls_service(query) is expected
