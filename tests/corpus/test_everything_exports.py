"""All records of the corpus and of its history: which are in the graph, and each field of them against the record."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

import pyoxigraph as ox
import pytest

import kg
from tests.corpus.support import (
    ABSENT,
    DCTERMS,
    FABIO,
    FIGURES,
    FOAF,
    GRAPH,
    KINDS,
    OBO,
    PFO,
    PRISM,
    RDFS,
    SCHEMA,
    SKOS,
    TYPE,
    VOID,
    VOIDEXT,
    WD,
    WDT,
    WP,
    Graph,
    Record,
    corpus_records,
    history_folders,
    history_records,
    read_graph,
    tidied,
    tidied_title,
)

CORPUS_FIGURES: Final = 89  # ls _figures | wc -l
HISTORY: Final = {"00069392": 7, "00c09bb5": 3, "1619a3cc": 1, "365bf0ea": 1, "c00a8fc9": 1, "fa77e5f5": 1}
"""Commit to the number of its records."""

SUPERSEDED: Final = {
    "PMC100003__mb2410470011",
    "PMC100008__mb2411709009",
    "PMC100028__ii1110348001",
    "PMC122160__pq0326589001",
    "PMC1949883__pp1441899f04",
    "PMC2168916__zmb0200770520007",
    "PMC3122218__zbc0301167130001",
}
"""Older records that the corpus has in their newer form (`comm` of the two listings)."""

STALE_LINK: Final = "PMC6386537__IAI.00613-18-f003a"
CC0: Final = "<http://creativecommons.org/publicdomain/zero/1.0/>"
BASE: Final = "https://w3id.org/pfocr-kg/"
META: Final = f"{GRAPH}meta"

# By NCBI Taxonomy; the gene tables name the others with their ids.
UNTABLED_TAXA: Final = {
    "Bubalus bubalis": "89462",
    "Capra hircus": "9925",
    "Equus asinus": "9793",
    "Equus caballus": "9796",
    "Glycine max": "3847",
    "Macaca mulatta": "9544",
    "Solanum lycopersicum": "4081",
    "Sus scrofa": "9823",
}

Facts = dict[str, list[str]]


@pytest.fixture(scope="module")
def new(corpus: Path, corpus_tables_graph: Path) -> tuple[list[Record], Graph]:
    """The corpus and its graph; what keywords add to it is held against this in `test_tables_both_ways.py`."""
    return corpus_records(corpus), read_graph(corpus_tables_graph)


@pytest.fixture(scope="module")
def old(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Record], Graph]:
    """The older records and their graph."""
    folders = history_folders(corpus)
    output = tmp_path_factory.mktemp("old") / "old.ttl"
    kg.export(folders, output, ground=False)
    return history_records(folders), read_graph(output)


@pytest.fixture(params=["new", "old"])
def each(request: pytest.FixtureRequest) -> tuple[list[Record], Graph]:
    """Both in turn."""
    found: tuple[list[Record], Graph] = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="module")
def taxa(corpus: Path) -> dict[str, str]:
    """Organism name to NCBI Taxonomy id, as gene tables pair them."""
    rows = (
        line.split("\t") for path in corpus.glob("_data/*-genes.tsv") for line in path.read_text("utf-8").split("\n")
    )
    pairs = {cells[1]: cells[0] for cells in rows if cells[0].isdigit()}
    assert len(pairs) == 14  # cut -f1,2 | sort -u | wc -l
    return pairs | UNTABLED_TAXA


# --- Which figures are in the graph


def figures_in(graph: Graph) -> set[str]:
    """The figure ids of a graph."""
    subjects = graph.of_type(f"{PFO}PathwayFigure")
    return {subject.removeprefix(FIGURES).removesuffix(".html") for subject in subjects}


def problem_codes(report: kg.ExportReport) -> Counter[tuple[str, str]]:
    return Counter((problem.severity, problem.code) for problem in report.problems)


def test_all_records_of_the_corpus_are_in_the_graph(corpus: Path, tmp_path: Path) -> None:
    report = kg.export(corpus, tmp_path / "graph.ttl")
    graph = read_graph(tmp_path / "graph.ttl")
    assert figures_in(graph) == {path.stem for path in corpus.glob("_figures/*.md")}
    assert (report.records, report.figures, len(figures_in(graph))) == (CORPUS_FIGURES,) * 3
    assert report.left_out == Counter()
    assert report.ok
    codes = problem_codes(report)
    unlinked = {code for severity, code in codes if severity == "note"}
    assert unlinked == {"keyword-ambiguous", "keyword-not-guessed", "keyword-uncovered", "keyword-unknown"}
    faults = {key: number for key, number in codes.items() if key[1] not in unlinked}
    assert faults == {("warning", "foreign-figlink"): 1, ("warning", "orphan-table"): 6}
    assert [p.figid for p in report.problems if p.code == "foreign-figlink"] == [STALE_LINK]


def test_report_counts_what_the_graph_has(corpus: Path, tmp_path: Path) -> None:
    report = kg.export(corpus, tmp_path / "graph.ttl")
    graph = read_graph(tmp_path / "graph.ttl")
    classes = {"genes": "Gene", "chemicals": "Chemical", "diseases": "Disease", "taxa": "Taxon"}
    assert {name: getattr(report, name) for name in classes} == {
        name: len(graph.of_type(PFO + kind)) for name, kind in classes.items()
    }
    assert report.mentions == {kind.lower(): len(graph.of_type(f"{PFO}{kind}Mention")) for kind in KINDS.values()}
    assert report.papers == len(graph.of_type(f"{FABIO}JournalArticle"))
    assert report.triples == len(graph.triples)


@pytest.mark.parametrize("commit", HISTORY)
def test_each_older_version_is_in_the_graph_whole(corpus: Path, tmp_path: Path, commit: str) -> None:
    folder = next(path for path in history_folders(corpus) if path.name.startswith(commit))
    report = kg.export(folder, tmp_path / "graph.ttl")
    found = figures_in(read_graph(tmp_path / "graph.ttl"))
    assert found == {path.stem for path in folder.glob("_figures/*.md")}
    assert (len(found), report.left_out, report.ok) == (HISTORY[commit], Counter(), True)
    assert problem_codes(report) == {}


def test_history_has_no_further_commit(corpus: Path) -> None:
    assert [path.name[:8] for path in history_folders(corpus)] == list(HISTORY)


@pytest.mark.parametrize("newest_first", [True, False])
def test_older_duplicates_are_left_out_by_name(
    corpus: Path, corpus_graph: Path, tmp_path: Path, newest_first: bool
) -> None:
    sources = [corpus, *history_folders(corpus)]
    report = kg.export(sources if newest_first else sources[::-1], tmp_path / "graph.ttl")
    graph, newest = read_graph(tmp_path / "graph.ttl"), read_graph(corpus_graph)
    older = [problem for problem in report.problems if problem.code == "duplicate-figure"]
    assert {problem.figid for problem in older} == SUPERSEDED
    assert sorted(Path(p.path).stem for p in older) == sorted(SUPERSEDED)
    assert all("/history/" in Path(p.path).as_posix() for p in older)
    assert all("_figures" in p.what and "/history/" not in p.what for p in older)
    assert report.left_out == {"duplicate-figure": len(SUPERSEDED)}
    assert report.records == CORPUS_FIGURES + sum(HISTORY.values())
    assert (len(figures_in(graph)), report.figures) == (CORPUS_FIGURES + 7, CORPUS_FIGURES + 7)
    assert own_facts(graph, SUPERSEDED) == own_facts(newest, SUPERSEDED)


def own_facts(graph: Graph, figids: Iterable[str]) -> dict[str, dict[str, list[str]]]:
    """All that a graph says of some figures and of the nodes below them."""
    starts = {f"{FIGURES}{figid}.html" for figid in figids}
    return {
        subject: {predicate: graph.values(subject, predicate) for predicate in facts}
        for subject, facts in graph.facts.items()
        if subject.partition("#")[0] in starts
    }


# --- What each figure and paper says, all of it


def organism_names(record: Record) -> set[str]:
    """Names of the front matter, absent ones left out."""
    fields = [record.front.get(name, []) for name in ("organisms", "organisms_ner")]
    names = [name for value in fields for name in (value if isinstance(value, list) else [value])]
    return {tidied(name) for name in names} - ABSENT


def keyword_literals(record: Record) -> set[str]:
    """Distinct keywords of the record's JSON-LD; one record has a single text for a list."""
    keywords = record.front["schema-jsonld"].get("keywords", [])
    return set([keywords] if isinstance(keywords, str) else keywords) - ABSENT


def page_of(record: Record) -> list[str]:
    """The figure's page at PMC, unless its address is another paper's."""
    path = record.front["figlink"].lstrip("/").removeprefix("pmc/")
    return [f"<https://pmc.ncbi.nlm.nih.gov/{path}>"] if record.front["pmcid"] in path.split("/") else []


def see_also(record: Record) -> list[str]:
    front = record.front
    pathway, network = front.get("wpid", ""), front.get("ndex", "")
    found = [f"<https://identifiers.org/wikipathways/{pathway}>"] if pathway else []
    return found + ([f"<https://www.ndexbio.org/viewer/networks/{network}>"] if network else [])


def figure_facts(record: Record, taxa: Mapping[str, str]) -> Facts:
    """All that the model says of a figure, made from its record."""
    front, title = record.front, tidied_title(record.front["figtitle"])
    names = organism_names(record) | ({"Homo sapiens"} if has_inline_genes(record) else set())
    tabled = {hit.taxon for hit in record.hits if hit.row.kind == "Gene"}
    taxids = tabled | {taxa[name] for name in names if name in taxa}
    names |= {name for name, taxid in taxa.items() if taxid in tabled}
    facts = {
        TYPE: [f"<{name}>" for name in (f"{SCHEMA}Dataset", f"{PFO}PathwayFigure", "http://purl.org/spar/doco/Figure")],
        f"{DCTERMS}identifier": [record.figid],
        f"{DCTERMS}title": [title],
        f"{SCHEMA}name": [title],
        f"{SCHEMA}description": [tidied_title(front["caption"])],
        f"{SCHEMA}license": [CC0],
        f"{DCTERMS}license": [CC0],
        f"{SCHEMA}creator": [f"<{WD}Q7999828>"],
        f"{SCHEMA}keywords": [*keyword_literals(record)],
        f"{SCHEMA}mentions": [f"<{body}>" for body in {hit.row.body for hit in record.hits} if body],
        f"{DCTERMS}isPartOf": [f"<{record.paper}>"],
        f"{FOAF}depiction": [f"<https://europepmc.org/articles/{front['pmcid']}/bin/{front['filename']}>"],
        f"{FOAF}page": page_of(record),
        f"{RDFS}seeAlso": see_also(record),
        f"{PFO}figureNumber": [front["number"]],
        f"{PFO}figureType": [front.get("figtype", "")],
        f"{PFO}figureAlias": [front.get("figid_alias", "")],
        f"{PFO}pathwayScore": [front.get("automl_pathway") or front["pathway_score"]],
        f"{WP}organismName": [*names],
        f"{WP}organism": [f"<{OBO}NCBITaxon_{taxid}>" for taxid in taxids],
    }
    return given(facts)


def has_inline_genes(record: Record) -> bool:
    return bool(record.front.get("genes"))


def given(facts: Mapping[str, list[str]]) -> Facts:
    """The facts that there are, in order."""
    present = {predicate: sorted({value for value in values if value}) for predicate, values in facts.items()}
    return {predicate: values for predicate, values in present.items() if values}


def given_text(record: Record, key: str) -> str:
    value = record.front.get(key, "")
    return "" if value in ABSENT else str(value)


def doi_facts(doi: str) -> Facts:
    """Every form that others join a DOI on."""
    if not doi:
        return {}
    return {
        f"{PRISM}doi": [doi],
        f"{WDT}P356": [doi.upper()],
        f"{DCTERMS}identifier": [f"doi:{doi}"],
        f"{SKOS}exactMatch": [f"<https://doi.org/{doi}>", f"<https://doi.org/{doi.lower()}>"],
    }


def paper_facts(record: Record) -> Facts:
    """All that the model says of a paper, but for its journal and publisher."""
    pmcid = str(record.front["pmcid"])
    facts = {
        TYPE: [f"<{FABIO}JournalArticle>", f"<{SCHEMA}ScholarlyArticle>"],
        # Until 2023 titles end in a full stop, later ones do not.
        f"{DCTERMS}title": [tidied(record.front["papertitle"]).rstrip(". ")],
        f"{FABIO}hasPublicationYear": [given_text(record, "year")],
        f"{FABIO}hasPubMedCentralId": [pmcid],
        f"{WDT}P932": [pmcid.removeprefix("PMC")],
        f"{FOAF}page": [f"<https://europepmc.org/articles/{pmcid}>"],
        f"{DCTERMS}bibliographicCitation": [tidied(record.front["reftext"])],
        f"{PRISM}keyword": given_text(record, "keywords").split(" | "),
    }
    return given(facts | doi_facts(given_text(record, "doi")))


def differences(graph: Graph, subject: str, wanted: Facts, ignored: Iterable[str] = ()) -> dict[str, object]:
    """Predicates on which a graph and a record disagree: what the graph has, what is wanted."""
    found = {predicate: graph.values(subject, predicate) for predicate in graph.facts.get(subject, {})}
    keys = (found.keys() | wanted.keys()) - set(ignored)
    return {key: (found.get(key), wanted.get(key)) for key in keys if found.get(key) != wanted.get(key)}


def test_figures_say_what_their_records_say_and_nothing_else(
    each: tuple[list[Record], Graph], taxa: Mapping[str, str]
) -> None:
    records, graph = each
    wrong = {record.figid: differences(graph, record.subject, figure_facts(record, taxa)) for record in records}
    assert len(wrong) == len(records)
    assert {figid: found for figid, found in wrong.items() if found} == {}


def test_papers_say_what_their_records_say_and_nothing_else(each: tuple[list[Record], Graph]) -> None:
    records, graph = each
    named = (f"{DCTERMS}isPartOf", f"{DCTERMS}publisher")
    wrong = {record.figid: differences(graph, record.paper, paper_facts(record), named) for record in records}
    assert set(graph.of_type(f"{FABIO}JournalArticle")) == {record.paper for record in records}
    assert {figid: found for figid, found in wrong.items() if found} == {}


def test_values_have_the_datatypes_of_the_model(each: tuple[list[Record], Graph]) -> None:
    _, graph = each
    types: dict[str, set[str]] = {}
    for triple in graph.triples:
        if isinstance(triple.object, ox.Literal):
            types.setdefault(triple.predicate.value, set()).add(triple.object.datatype.value.rpartition("#")[2])
    assert types[f"{FABIO}hasPublicationYear"] == {"gYear"}
    assert types[f"{PFO}pathwayScore"] == {"decimal"}
    assert types[f"{PFO}figureCount"] == {"integer"}
    texts = (f"{WDT}P932", f"{WDT}P351", f"{DCTERMS}title", f"{SCHEMA}keywords", f"{PFO}word", f"{DCTERMS}identifier")
    assert {name: types[name] for name in texts} == {name: {"string"} for name in texts}


def test_journals_and_publishers_are_those_of_the_records(new: tuple[list[Record], Graph]) -> None:
    records, graph = new
    journals: dict[str, str] = {}
    for record in records:
        title, short = given_text(record, "journal_title"), given_text(record, "journal_nlm_ta")
        journal, publisher = (graph.one(record.paper, DCTERMS + name)[1:-1] for name in ("isPartOf", "publisher"))
        assert bool(journal) == bool(title), record.figid
        assert graph.one(publisher, f"{FOAF}name") == given_text(record, "publisher_name"), record.figid
        if journal:
            assert journal.startswith(f"{BASE}journal/")
            assert title in graph.values(journal, f"{DCTERMS}title") + graph.values(journal, f"{DCTERMS}alternative")
            assert graph.one(journal, f"{FABIO}hasNLMJournalTitleAbbreviation") == short
            assert journals.setdefault(short, journal) == journal
    assert set(graph.of_type(f"{FABIO}Journal")) == set(journals.values())
    assert len(set(journals.values())) == len(journals) > 0


def test_the_corpus_has_each_variant_that_the_fields_are_checked_for(new: tuple[list[Record], Graph]) -> None:
    """Counts by grep over the front matter, so that no comparison above can be about nothing."""
    records, graph = new
    stated = Counter(key for r in records for key in ("doi", "year", "ndex", "wpid", "keywords") if given_text(r, key))
    assert stated == {"doi": 35, "year": 87, "ndex": 26, "wpid": 4, "keywords": 19}
    assert Counter(str(r.front["doi"]) for r in records)[".na.character"] == 54
    assert sum(isinstance(r.front["schema-jsonld"]["keywords"], str) for r in records) == 1
    assert sum(".na.character" in r.front["schema-jsonld"]["keywords"] for r in records) == 3
    titles = {r.figid: graph.one(r.subject, f"{DCTERMS}title") for r in records}
    assert titles["PMC209413__JCI0113863.f1"].startswith("The TGF-β/Smad pathway")
    assert titles["PMC4142901__IJCP-06-036f1"].startswith("Hh signalling and cancer: Growth factors")
    assert titles["PMC7022273__biomolecules-10-00100-g002"].startswith("Ca2+-calpain")
    stale = next(r for r in records if r.figid == STALE_LINK)
    assert (stale.front["figlink"], graph.values(stale.subject, f"{FOAF}page")) == (
        "/pmc/articles/PMC149053/figure/fig7/",
        [],
    )


# --- What must not be anywhere


def iris_of(graph: Graph) -> set[str]:
    terms = (term for triple in graph.triples for term in (triple.subject, triple.predicate, triple.object))
    return {term.value for term in terms if isinstance(term, ox.NamedNode)}


def test_no_blank_node_and_no_iri_that_is_not_absolute(each: tuple[list[Record], Graph]) -> None:
    _, graph = each
    terms = [term for triple in graph.triples for term in (triple.subject, triple.object)]
    assert not any(isinstance(term, ox.BlankNode) for term in terms)
    iris = iris_of(graph)
    assert len(iris) > 1000
    assert [iri for iri in iris if not re.fullmatch(r"https?://[a-z0-9.-]+/[^\s<>\"{}|\\^`]*", iri)] == []
    assert [
        iri for iri in iris if re.match(r"https?://(?:[a-z0-9-]+\.)*(?:example\.(?:org|com)|localhost)\b", iri)
    ] == []
    # The whole address of a folder would be a licence of `CC0` resolved against the record's own.
    assert [iri for iri in iris if iri.endswith("/CC0")] == []


def test_no_absent_value_is_stated(each: tuple[list[Record], Graph]) -> None:
    _, graph = each
    words = (f"{PFO}word", f"{PFO}match")
    spelt = ABSENT | {"null", "None", "nan", "~", "REJECT"}
    literals = [(t.predicate.value, t.object.value) for t in graph.triples if isinstance(t.object, ox.Literal)]
    assert [found for found in literals if found[1].strip() in spelt and found[0] not in words] == []
    # The words that look absent are real ones, so that this test would see one elsewhere.
    assert all(name in words for name, text in literals if text == "NA")


def test_no_iri_is_made_of_an_absent_value(each: tuple[list[Record], Graph]) -> None:
    _, graph = each
    own = [f"{BASE}dataset/", GRAPH]  # the description names the beginnings of IRIs
    data = {s: facts for s, facts in graph.facts.items() if not s.startswith(tuple(own))}
    iris = set(data) | {o.value for facts in data.values() for objects in facts.values() for o in objects if is_iri(o)}
    nothing = re.compile(r"na\.character|[/:_#=](?:NA|NaN|null|None)?$")
    suspects = {iri for iri in iris if nothing.search(iri)}
    # Figure pages and the licence end in a slash as their owners write them.
    assert {iri for iri in suspects if not re.search(r"/articles/PMC\d+/figure/[^/]+/$|/zero/1\.0/$", iri)} == set()
    assert suspects


def is_iri(term: object) -> bool:
    return isinstance(term, ox.NamedNode)


def blocks_of(text: str) -> Iterator[str]:
    """The subject of each block of the project's Turtle: what stands at the beginning of a line."""
    for line in text.split("\n"):
        if line and not line[0].isspace() and not line.startswith("@prefix "):
            yield line.partition(" ")[0]


def expanded(subject: str, prefixes: Mapping[str, str]) -> str:
    if subject.startswith("<"):
        return subject[1:-1]
    prefix, _, local = subject.partition(":")
    return prefixes[prefix] + local


def test_each_subject_is_one_block_of_the_turtle(corpus_graph: Path) -> None:
    text = corpus_graph.read_text(encoding="utf-8")
    prefixes = dict(re.findall(r"^@prefix ([a-z]+): <([^>]+)> \.$", text, re.MULTILINE))
    blocks = Counter(expanded(subject, prefixes) for subject in blocks_of(text))
    assert {subject for subject, times in blocks.items() if times > 1} == set()
    assert blocks.keys() == read_graph(corpus_graph).facts.keys()


def test_no_triple_is_written_twice(each: tuple[list[Record], Graph]) -> None:
    _, graph = each
    twice = [triple for triple, times in Counter(graph.triples).items() if times > 1]
    assert twice == []


# --- Counts that the graph states of itself


def counted_figures(graph: Graph) -> Counter[str]:
    """Recounted: how many figures mention each gene, chemical, disease, have each taxon, stand in each journal."""
    counts: Counter[str] = Counter()
    for figure in graph.of_type(f"{PFO}PathwayFigure"):
        counts.update(graph.iris(figure, f"{SCHEMA}mentions"))
        counts.update(graph.iris(figure, f"{WP}organism"))
        papers = graph.iris(figure, f"{DCTERMS}isPartOf")
        counts.update({journal for paper in papers for journal in graph.iris(paper, f"{DCTERMS}isPartOf")})
    return counts


def test_figure_counts_are_right(each: tuple[list[Record], Graph]) -> None:
    _, graph = each
    stated = {s: graph.one(s, f"{PFO}figureCount") for s, facts in graph.facts.items() if f"{PFO}figureCount" in facts}
    assert stated == {subject: str(number) for subject, number in counted_figures(graph).items()}
    classes = [f"{PFO}{name}" for name in ("Gene", "Chemical", "Disease", "Taxon")] + [f"{FABIO}Journal"]
    assert stated.keys() == {subject for name in classes for subject in graph.of_type(name)}


PREFIXES: Final = f"PREFIX void: <{VOID}> PREFIX ext: <{VOIDEXT}> PREFIX dcat: <http://www.w3.org/ns/dcat#> "


class Described:
    """A graph in two stores: its data, and the description that counts them."""

    def __init__(self, path: Path) -> None:
        self.data, self.meta, self.triples = ox.Store(), ox.Store(), Counter[str]()
        quads = list(ox.parse(path=str(path), format=ox.RdfFormat.N_QUADS))
        for quad in dict.fromkeys(quads):
            assert isinstance(quad.graph_name, ox.NamedNode)
            self.triples[quad.graph_name.value] += 1
            store = self.meta if quad.graph_name.value == META else self.data
            store.add(ox.Quad(quad.subject, quad.predicate, quad.object))

    def stated(self, query: str) -> Counter[tuple[str, ...]]:
        """What the description says: all variables but the last, to the number that is the last."""
        return self._rows(self.meta, query)

    def recounted(self, query: str) -> Counter[tuple[str, ...]]:
        """The same from the data themselves."""
        return self._rows(self.data, query)

    def _rows(self, store: ox.Store, query: str) -> Counter[tuple[str, ...]]:
        found: Counter[tuple[str, ...]] = Counter()
        solutions = store.query(PREFIXES + query)
        assert isinstance(solutions, ox.QuerySolutions)
        for solution in solutions:
            *key, number = ("" if term is None else getattr(term, "value", "") for term in solution)
            # A partition that states two numbers must not look like one that states their sum.
            assert tuple(key) not in found, (key, number)
            found[tuple(key)] = int(number)
        return found


@pytest.fixture(scope="module")
def described(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Described:
    """The corpus as N-Quads, where the description is a graph of its own."""
    output = tmp_path_factory.mktemp("void") / "corpus.nq"
    kg.export(corpus, output)
    return Described(output)


def test_stated_triples_are_the_triples(described: Described) -> None:
    stated = described.stated("SELECT ?d ?n { ?d a void:Dataset ; void:triples ?n }")
    whole = {key: number for key, number in stated.items() if not key[0].startswith(GRAPH)}
    assert list(whole.values()) == [described.triples.total()]
    layers = {key[0]: number for key, number in stated.items() if key[0].startswith(GRAPH)}
    assert layers == described.triples
    assert len(layers) == 6


def test_stated_entities_are_the_figures(described: Described) -> None:
    assert described.stated("SELECT ?n { ?d a dcat:Dataset ; void:entities ?n }") == {(): CORPUS_FIGURES}


def test_class_partitions_are_right(described: Described) -> None:
    stated = described.stated(
        "SELECT ?c ?n { ?d a dcat:Dataset ; void:classPartition [ void:class ?c ; void:entities ?n ] }"
    )
    assert stated == described.recounted("SELECT ?c (COUNT(DISTINCT ?s) AS ?n) { ?s a ?c } GROUP BY ?c")
    assert len(stated) > 20


def test_property_partitions_are_right(described: Described) -> None:
    stated = described.stated(
        "SELECT ?p ?n { ?d a dcat:Dataset ; void:propertyPartition [ void:property ?p ; void:triples ?n ] }"
    )
    assert stated == described.recounted("SELECT ?p (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY ?p")
    assert stated.total() + described.triples[META] == described.triples.total()


def test_datatype_partitions_are_right(described: Described) -> None:
    stated = described.stated(
        "SELECT ?p ?t ?n { ?d a dcat:Dataset ; void:propertyPartition [ void:property ?p ; "
        "ext:datatypePartition [ ext:datatype ?t ; void:triples ?n ] ] }"
    )
    recount = (
        "SELECT ?p ?t (COUNT(*) AS ?n) { ?s ?p ?o . FILTER(isLiteral(?o)) BIND(DATATYPE(?o) AS ?t) } GROUP BY ?p ?t"
    )
    assert stated == described.recounted(recount)


def test_property_partitions_of_classes_are_right(described: Described) -> None:
    stated = described.stated(
        "SELECT ?c ?p ?n { ?d a dcat:Dataset ; void:classPartition [ void:class ?c ; "
        "void:propertyPartition [ void:property ?p ; void:triples ?n ] ] }"
    )
    assert stated == described.recounted("SELECT ?c ?p (COUNT(*) AS ?n) { ?s a ?c ; ?p ?o } GROUP BY ?c ?p")


def test_linksets_are_right(described: Described) -> None:
    stated = described.stated(
        "SELECT ?p ?space ?n { ?l a void:Linkset ; void:linkPredicate ?p ; void:triples ?n ; "
        "void:objectsTarget [ void:uriSpace ?space ] }"
    )
    links = described.recounted("SELECT ?p ?o (COUNT(*) AS ?n) { ?s ?p ?o . FILTER(isIRI(?o)) } GROUP BY ?p ?o")
    recounted: Counter[tuple[str, ...]] = Counter()
    predicates, spaces = {key[0] for key in stated}, {key[1] for key in stated}
    for (predicate, target), number in links.items():
        for space in spaces:
            if predicate in predicates and target.startswith(space):
                recounted[predicate, space] += number
    assert stated == recounted
    # All spellings of another database belong to a linkset.
    spellings = {key: n for key, n in links.items() if key[0] in (f"{SKOS}exactMatch", f"{SKOS}closeMatch")}
    assert [target for _, target in spellings if not any(target.startswith(space) for space in spaces)] == []
    assert len(stated) > 15


def test_linksets_name_this_dataset_as_their_source(described: Described) -> None:
    query = "SELECT ?d (COUNT(?l) AS ?n) { ?d a dcat:Dataset . ?l a void:Linkset ; void:subjectsTarget ?d } GROUP BY ?d"
    sources = described.stated(query)
    subsets = described.stated("SELECT (COUNT(?l) AS ?n) { ?d a dcat:Dataset ; void:subset ?l . ?l a void:Linkset }")
    assert list(sources.values()) == list(subsets.values())
