"""The seed record without its tables: 67 genes by the embedded lexicon, with the ids of its table; and with them."""

from __future__ import annotations

import csv
import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Final

import pyoxigraph as ox
import pytest

import kg
from tests.small import ROOT, kg_run
from tests.variants.records import Graph, expand

FIGID: Final = "PMC12080488__ITT-14-523-g0004"
RECORD: Final = Path("_figures") / f"{FIGID}.md"
TABLES: Final = tuple(Path("_data") / f"{FIGID}-{kind}.tsv" for kind in ("genes", "chemicals"))
SEEDS: Final = ROOT / "seeds"
NCBI: Final = "https://identifiers.org/ncbigene/"
LAYERS: Final = "https://w3id.org/pfocr-kg/graph/"
NO_GENES: Final = frozenset({"MMP", "Tyrosine residue"})


def source(folder: Path, *, tables: bool) -> Path:
    """The seed in a folder of its own, alone or with its tables."""
    for name in (RECORD, *(TABLES if tables else ())):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(SEEDS / name, folder / name)
    return folder


def layers(path: Path) -> dict[str, list[str]]:
    """The lines of an N-Quads file in order, by the last part of their graph's name, without that name."""
    found: dict[str, list[str]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        statement, _, graph = line.removesuffix(" .").rpartition(" ")
        assert graph.startswith(f"<{LAYERS}"), line
        found.setdefault(graph[len(LAYERS) + 1 : -1], []).append(statement)
    return found


def graph_of(path: Path) -> Graph:
    return Graph(quad.triple for quad in ox.parse(path=path))


@pytest.fixture(scope="module")
def table_ids() -> dict[str, str]:
    """NCBI Gene id by symbol, as the seed's own table has them."""
    with (SEEDS / TABLES[0]).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    assert {row["organism_id"] for row in rows} == {"9606"}
    ids = {row["ncbigene_symbol"]: row["ncbigene_id"] for row in rows}
    assert len(ids) == len(set(ids.values())) == 67
    return ids


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> tuple[kg.ExportReport, Path]:
    folder = tmp_path_factory.mktemp("alone")
    report = kg.export(source(folder / "in", tables=False), folder / "out.nq")
    return report, folder / "out.nq"


@pytest.fixture(scope="module")
def graph(alone: tuple[kg.ExportReport, Path]) -> Graph:
    return graph_of(alone[1])


def test_the_seed_alone_has_67_gene_links_with_the_ids_of_its_table(graph: Graph, table_ids: dict[str, str]) -> None:
    mentioned = graph.mentioned(FIGID)
    assert len(mentioned) == 67
    assert set(mentioned) == {NCBI + ident for ident in table_ids.values()}


def test_each_keyword_goes_to_the_gene_that_the_table_names_so(graph: Graph, table_ids: dict[str, str]) -> None:
    mentions = graph.mentions("Gene", FIGID)
    assert len(mentions) == 67
    assert {mention.word: mention.body.removeprefix(NCBI) for mention in mentions} == table_ids
    assert all(mention.match == mention.word and not mention.occurrences for mention in mentions)


def test_its_chemicals_are_no_genes_and_stay_keywords(
    alone: tuple[kg.ExportReport, Path], graph: Graph, table_ids: dict[str, str]
) -> None:
    report, _ = alone
    assert not NO_GENES & {mention.word for kind in ("Gene", "Chemical", "Disease") for mention in graph.mentions(kind)}
    assert set(graph.values(f"https://pfocr.wikipathways.org/figures/{FIGID}.html", "schema:keywords")) == (
        NO_GENES | table_ids.keys()
    )
    assert not graph.subjects("pfo:Chemical")
    assert not graph.subjects("pfo:Disease")
    # `MMP` names a human family, so it could be a gene; the other is a word that no lexicon here knows.
    assert report.problems.counts == Counter({"keyword-not-guessed": 1, "keyword-unknown": 1})
    assert report.ok
    assert dict(report.mentions) == {"gene": 67}


def test_every_mention_says_that_it_is_a_keyword_with_an_official_symbol(graph: Graph) -> None:
    nodes = graph.subjects("pfo:GeneMention")
    assert len(nodes) == 67
    assert graph.subjects("pfo:KeywordMention") == nodes
    assert {value for node in nodes for value in graph.values(node, "pfo:lexicon")} == {expand("lex:keyword_symbol")}
    assert graph.values("lex:keyword_symbol", "pfo:strictness") == ["all"]
    assert [node for node in graph.subjects("skos:Concept") if "/lexicon/" in node] == [expand("lex:keyword_symbol")]


def test_genes_have_their_official_symbol_and_the_human_taxon(graph: Graph, table_ids: dict[str, str]) -> None:
    for symbol, ident in table_ids.items():
        assert graph.value(NCBI + ident, "rdfs:label") == symbol
        assert graph.values(NCBI + ident, "obo:RO_0002162") == [expand("obo:NCBITaxon_9606")]


def test_the_lexicon_stands_in_the_provenance_of_the_run(graph: Graph) -> None:
    told = json.loads(kg_run("lexicon", "info", "--format", "json").stdout)
    (run,) = graph.subjects("http://www.w3.org/ns/prov#Activity")
    used = [value for value in graph.values(run, "http://www.w3.org/ns/prov#used") if "lexicon" in value]
    assert used == [f"https://w3id.org/pfocr-kg/lexicon-file/{told['version']}"]
    (lexicon,) = used
    assert graph.value(lexicon, "http://purl.org/pav/version") == told["version"]
    assert graph.values(lexicon, "dcterms:license") == sorted({source["licence"] for source in told["sources"]})
    homes = graph.values(lexicon, "http://www.w3.org/ns/prov#wasDerivedFrom")
    assert homes == sorted({source["home"] for source in told["sources"]})
    assert any("hgnc" in home for home in homes)
    assert graph.values(lexicon, "rdf:type") == ["http://www.w3.org/ns/prov#Entity"]


def test_a_record_file_named_alone_is_grounded_where_its_tables_are_not_found(
    tmp_path: Path, table_ids: dict[str, str]
) -> None:
    record = shutil.copy(SEEDS / RECORD, tmp_path / "record.md")
    kg.export(record, tmp_path / "out.nq")
    assert len(graph_of(tmp_path / "out.nq").mentioned(FIGID)) == len(table_ids)


@pytest.mark.parametrize("tables", [False, True])
def test_two_runs_write_the_same_bytes(tmp_path: Path, *, tables: bool) -> None:
    folder = source(tmp_path / "in", tables=tables)
    for name in ("a.nq", "b.nq"):
        kg.export(folder, tmp_path / name)
    assert (tmp_path / "a.nq").read_bytes() == (tmp_path / "b.nq").read_bytes()


def test_without_grounding_there_is_no_mention_and_no_lexicon(tmp_path: Path) -> None:
    folder = source(tmp_path / "in", tables=False)
    report = kg.export(folder, tmp_path / "out.nq", ground=False)
    graph = graph_of(tmp_path / "out.nq")
    assert report.ok
    assert not report.problems.counts
    assert not report.mentions
    assert not graph.mentioned(FIGID)
    assert not any(graph.subjects(kind) for kind in ("pfo:KeywordMention", "pfo:GeneMention", "pfo:Gene"))
    (run,) = graph.subjects("http://www.w3.org/ns/prov#Activity")
    assert graph.values(run, "pfo:options") == ["--no-ground"]
    text = (tmp_path / "out.nq").read_text(encoding="utf-8")
    assert "lexicon-file" not in text
    assert "lexicon/keyword_" not in text


def test_without_the_embedded_lexicon_nothing_is_known(tmp_path: Path) -> None:
    report = kg.export(source(tmp_path / "in", tables=False), tmp_path / "out.nq", embedded=False)
    graph = graph_of(tmp_path / "out.nq")
    assert not graph.mentioned(FIGID)
    # No gene is known, so nothing tells where they end: short words are not guessed, the longer one is unknown.
    assert report.problems.counts.total() == 69
    (run,) = graph.subjects("http://www.w3.org/ns/prov#Activity")
    assert graph.values(run, "pfo:options") == ["--no-embedded-lexicon"]
    assert "lexicon-file" not in (tmp_path / "out.nq").read_text(encoding="utf-8")


def test_with_its_tables_grounding_changes_nothing_but_the_description(tmp_path: Path) -> None:
    folder = source(tmp_path / "in", tables=True)
    reports = [kg.export(folder, tmp_path / f"{ground}.nq", ground=ground) for ground in (True, False)]
    grounded, plain = (layers(tmp_path / f"{ground}.nq") for ground in (True, False))
    assert set(grounded) == {"core", "genes", "chemicals", "links", "meta"}
    for layer in ("core", "genes", "chemicals", "links"):
        assert grounded[layer] == plain[layer], layer
        assert grounded[layer]
    assert not reports[0].problems.counts
    assert reports[0].mentions == reports[1].mentions
    assert "KeywordMention" not in "".join(grounded["genes"] + grounded["chemicals"] + grounded["links"])
    # Of the description: options, the lexicon that ids were checked against, and the number of its own triples.
    different = set(grounded["meta"]) ^ set(plain["meta"])
    told = ("lexicon-file/", "vocab#options", "void#triples")
    assert any("vocab#options" in line for line in different)
    assert all(any(word in line for word in told) for line in different), different


def test_layers_of_the_seed_alone_hold_only_what_belongs_there(alone: tuple[kg.ExportReport, Path]) -> None:
    found = layers(alone[1])
    assert set(found) == {"core", "genes", "links", "meta"}
    mentions = {line.split(" ", 1)[0] for line in found["genes"]}
    assert len(mentions) == 67
    assert all("#g-" in mention for mention in mentions)


def test_the_seed_with_its_tables_alone_keeps_the_tables_lexicons(tmp_path: Path) -> None:
    kg.export(source(tmp_path / "in", tables=True), tmp_path / "out.nq")
    graph = graph_of(tmp_path / "out.nq")
    used = {value for node in graph.subjects("pfo:GeneMention") for value in graph.values(node, "pfo:lexicon")}
    assert used
    assert all("keyword_" not in value for value in used)
