"""The traps of DATA_MODEL.md by name, the repairs and `--no-repair`, contexts, and that nothing is fetched."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
import rdflib
from pyld import jsonld as pyld_jsonld
from typer.testing import CliRunner

import kg
from kg.cli import app
from tests.conftest import ROOT, SEEDS
from tests.variants.records import (
    ABSENT,
    FLY,
    Exported,
    Graph,
    Mention,
    Record,
    chemicals,
    expand,
    export,
    export_source,
    figure_iri,
    front,
    gene,
    genes,
    jsonld,
    record,
    record_text,
    write_source,
)

Run = Callable[..., Exported]

FIGURE: Final = figure_iri()
PAPER: Final = "pmc:PMC1234567"
SEED: Final = "PMC12080488__ITT-14-523-g0004"
NO_FETCH: Final = ("connect", "connect_ex", "sendto")


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Exports records and gives the graph and the report."""
    return lambda *records, **settings: export(tmp_path, *records, **settings)


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """The seeds, exported."""
    return export_source(SEEDS, tmp_path_factory.mktemp("seeds") / "seeds.nt")


def seed_rows(kind: str) -> list[dict[str, str]]:
    """The rows of a table of the seed, read without the package."""
    head, *lines = (SEEDS / "_data" / f"{SEED}-{kind}.tsv").read_text("utf-8").splitlines()
    return [dict(zip(head.split("\t"), line.split("\t"), strict=True)) for line in lines]


# 1. rdflib binds `schema` to the https namespace


def test_trap_1_schema_prefix_stays_ours(tmp_path: Path) -> None:
    (figure,) = kg.read_records(write_source(tmp_path, record("D")))
    graph = kg.record_graph(figure)
    assert dict(graph.namespaces())["schema"] == rdflib.URIRef("http://schema.org/")
    turtle = graph.serialize(format="turtle")
    assert "schema1" not in turtle
    assert "@prefix schema: <http://schema.org/> ." in turtle
    assert "https://schema.org" not in turtle


def test_trap_1_written_turtle_uses_the_http_namespace(tmp_path: Path) -> None:
    kg.export(write_source(tmp_path / "source", record("D")), tmp_path / "out.ttl")
    text = (tmp_path / "out.ttl").read_text("utf-8")
    assert re.findall(r"^@prefix (schema\w*): (\S+) \.$", text, re.MULTILINE) == [("schema", "<http://schema.org/>")]
    assert "<https://schema.org" not in text


# 2. YAML and tables: everything stays text

TEXTS: Final = ["NO", "ON", "~", "1_000", "1e5", "12:30:45", "2025-01-01"]


@pytest.mark.parametrize("text", TEXTS)
def test_trap_2_yaml_scalars_stay_text(run: Run, text: str) -> None:
    lines = record_text(front("D")).replace("  - AKT1\n  - JUN\n", f"  - {text}\n")
    if text != "~":  # a null in a field is a missing value; as a keyword it stays text
        lines = lines.replace("figtitle: Signalling by growth factors\n", f"figtitle: {text}\n")
    graph = run(Record(text=lines, tables={})).graph
    assert graph.values(FIGURE, "schema:keywords") == [text]
    assert graph.datatypes(FIGURE, "schema:keywords") == {expand("xsd:string")}
    assert graph.value(FIGURE, "dcterms:title") == (text if text != "~" else "Signalling by growth factors")


@pytest.mark.parametrize("text", TEXTS)
def test_trap_2_table_cells_stay_text(run: Run, text: str) -> None:
    tables = {"genes": genes(gene(text, "207")), "chemicals": chemicals((text, "NA", text, text, "chebi:1"))}
    graph = run(record(tables=tables)).graph
    assert [m[:2] for m in graph.mentions() + graph.mentions("Chemical")] == [(text, text)] * 2
    assert graph.value("ncbigene:207", "rdfs:label") == graph.value("obo:CHEBI_1", "rdfs:label") == text


# 3. Absent is spelt many ways


@pytest.mark.parametrize("absent", ABSENT)
def test_trap_3_absent_values_are_never_written(run: Run, absent: str) -> None:
    fields = ("doi", "journal_title", "journal_nlm_ta", "publisher_name", "keywords", "year", "reftext", "ndex", "wpid")
    gone: dict[str, Any] = dict.fromkeys(fields, absent)
    block = jsonld(keywords=["AKT1", absent])
    result = run(record("D", schema=block, organisms=[absent, "Mus musculus"], **gone))
    # `export` has looked at every literal; here at what an absent value would have made.
    assert result.graph.values(FIGURE, "schema:keywords") == ["AKT1"]
    assert result.graph.values(PAPER, "skos:exactMatch") == []
    assert result.graph.values(PAPER, "dcterms:isPartOf") == result.graph.values(PAPER, "dcterms:publisher") == []
    assert result.report.figures == 1
    assert not result.codes


def test_trap_3_na_is_a_word_of_genes(run: Run) -> None:
    rows = [gene("NA", "45338", match="NA", symbol="NA", taxon=FLY)]
    graph = run(record(tables={"genes": genes(*rows)})).graph
    lexicon = expand("lex:ncbigene_symbol")
    assert graph.mentions() == [Mention("NA", "NA", expand("ncbigene:45338"), lexicon, "")]
    assert graph.values("ncbigene:45338", "rdfs:label") == []


# 4. Keywords mix genes, chemicals and diseases


def test_trap_4_tables_decide_what_a_keyword_is(seeds: Exported) -> None:
    keywords = seeds.graph.values(figure_iri(SEED), "schema:keywords")
    assert {"MMP", "Tyrosine residue"} <= set(keywords)
    assert len(keywords) == 69
    held = {m.word: m.body for m in seeds.graph.mentions("Chemical", SEED)}
    assert held == {"MMP": expand("obo:CHEBI_59761"), "Tyrosine residue": expand("obo:CHEBI_32789")}
    # The same word was matched to a family of genes too: its members are other keywords, and none is called MMP.
    members = {seeds.graph.value(m.body, "rdfs:label") for m in seeds.graph.mentions("Gene", SEED) if m.word == "MMP"}
    assert members == {row["ncbigene_symbol"] for row in seed_rows("genes") if row["word"] == "MMP"}
    assert "MMP1" in members <= set(keywords) - {"MMP"}


def test_trap_4_without_tables_keywords_go_through_the_lexicon(run: Run) -> None:
    """The family `MMP` is no gene, nor is its name a symbol: of the two only the gene itself is linked."""
    result = run(record("D", schema=jsonld(keywords=["MMP1", "MMP"])))
    assert result.graph.values(FIGURE, "schema:keywords") == ["MMP", "MMP1"]
    assert result.graph.mentioned() == [expand("ncbigene:4312")]
    assert result.graph.words() == ["MMP1"]
    assert result.codes == {"keyword-not-guessed": 1}


def test_trap_4_no_entity_is_made_of_a_keyword_unless_looked_up(run: Run) -> None:
    graph = run(record("D", schema=jsonld(keywords=["MMP1", "MMP"])), ground=False).graph
    assert graph.values(FIGURE, "schema:keywords") == ["MMP", "MMP1"]
    assert graph.mentioned() == []
    assert graph.subjects("pfo:Mention") == graph.subjects("pfo:GeneMention") == set()


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The seed's record without its tables."""
    text = (SEEDS / "_figures" / f"{SEED}.md").read_bytes()
    return write_source(tmp_path_factory.mktemp("bare"), Record(text=text, tables={}, stem=SEED))


def test_trap_4_the_seed_without_tables_has_their_genes_and_no_chemical_among_them(bare: Path, tmp_path: Path) -> None:
    graph = export_source(bare, tmp_path / "bare.nt").graph
    keywords = graph.values(figure_iri(SEED), "schema:keywords")
    assert graph.mentioned(SEED) == sorted({expand(f"ncbigene:{row['ncbigene_id']}") for row in seed_rows("genes")})
    assert set(graph.words("Gene", SEED)) == set(keywords) - {"Tyrosine residue", "MMP"}
    assert {m.lexicon for m in graph.mentions("Gene", SEED)} == {expand("lex:keyword_symbol")}
    assert graph.words("Chemical", SEED) == []


def test_trap_4_the_seed_without_tables_keeps_its_keywords_as_text(bare: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["export", str(bare), "-o", str(tmp_path / "bare.ttl"), "--no-ground"])
    assert done.exit_code == 0, done.output
    text = (tmp_path / "bare.ttl").read_text("utf-8")
    assert '"Tyrosine residue"' in text
    assert "schema:mentions" not in text.split("<https://w3id.org/pfocr-kg/dataset/")[0]
    assert "KeywordMention" not in text


# 5. One word, several genes; several words, one gene


def test_trap_5_a_mention_is_a_row(run: Run) -> None:
    rows = [
        gene("ASC", "412", symbol="STS", source="ncbigene_synonym"),
        gene("ASC", "29108", symbol="PYCARD", source="ncbigene_synonym"),
        gene("PYCARD", "29108"),
        gene("PYCARD", "29108"),
    ]
    result = run(record(tables={"genes": genes(*rows)}))
    synonym, symbol = expand("lex:ncbigene_synonym"), expand("lex:ncbigene_symbol")
    assert result.graph.mentions() == [
        Mention("ASC", "ASC", expand("ncbigene:29108"), synonym, ""),
        Mention("ASC", "ASC", expand("ncbigene:412"), synonym, ""),
        Mention("PYCARD", "PYCARD", expand("ncbigene:29108"), symbol, "2"),
    ]
    assert result.graph.mentioned() == [expand("ncbigene:29108"), expand("ncbigene:412")]
    assert result.codes == {"repeated-row": 1}


def test_trap_5_no_row_of_the_seed_vanishes(seeds: Exported) -> None:
    rows = seed_rows("genes")
    wanted = sorted(
        (r["word"], r["match"], expand(f"ncbigene:{r['ncbigene_id']}"), expand(f"lex:{r['source']}")) for r in rows
    )
    assert [m[:4] for m in seeds.graph.mentions("Gene", SEED)] == wanted
    assert len(wanted) == 67


# 6. OCR false friends are kept but tellable


def test_trap_6_false_friends_are_tellable(seeds: Exported) -> None:
    labels = {
        m.body: seeds.graph.value(m.body, "rdfs:label") for m in seeds.graph.mentions("Gene", SEED) if m.word == "Cl"
    }
    assert sorted(labels.values()) == ["C1QA", "C1QB", "C1QC", "C1R", "C1S"]
    mentions = [m for m in seeds.graph.mentions("Gene", SEED) if m.word == "Cl"]
    assert {(m.match, m.lexicon) for m in mentions} == {("C1", expand("lex:famplex_relations"))}
    strictness = {seeds.graph.value(m.lexicon, "pfo:strictness") for m in seeds.graph.mentions("Gene", SEED)}
    assert seeds.graph.value("lex:famplex_relations", "pfo:strictness") == "all"
    assert strictness == {"strict", "synonyms", "all"}


# 7. Names with `.` or `_`, characters illegal in IRIs, DOIs as they come


@pytest.mark.parametrize("stem", ["PMC1234567__fig.g001", "PMC1234567__fig_g001"])
def test_trap_7_companion_name_may_hold_underscores_for_dots(run: Run, stem: str) -> None:
    text = record_text(front("D"))
    result = run(Record(text=text, tables={"genes": genes(gene("AKT1", "207"))}, table_stem=stem))
    assert result.graph.words() == ["AKT1"]
    assert not result.codes


def test_trap_7_a_dotted_table_is_not_lent_to_an_underscored_figure(run: Run) -> None:
    dotted = record("D", "PMC1__fig.1", tables={"genes": genes(gene("AKT1", "207"))})
    graph = run(dotted, record("D", "PMC1__fig_1"), ground=False).graph
    assert graph.words("Gene", "PMC1__fig.1") == ["AKT1"]
    assert graph.words("Gene", "PMC1__fig_1") == []


def test_trap_7_only_illegal_characters_are_encoded(run: Run) -> None:
    item = record("E", filename="a b(1),µ.jpg", doi="10.1000/A<b>(c);2_µ%")
    graph = run(item).graph
    assert graph.value(FIGURE, "foaf:depiction").endswith("/a%20b(1),µ.jpg")
    assert graph.values(PAPER, "skos:exactMatch") == [
        "https://doi.org/10.1000/A%3Cb%3E(c);2_µ%25",
        "https://doi.org/10.1000/a%3Cb%3E(c);2_µ%25",
    ]
    assert graph.value(PAPER, "prism:doi") == "10.1000/A<b>(c);2_µ%"


BLANKS: Final = {"no-break": "\u00a0", "ideographic": "\u3000", "line separator": "\u2028", "thin": "\u2009"}


@pytest.mark.parametrize("blank", BLANKS.values(), ids=BLANKS)
@pytest.mark.parametrize("form", ["nt", "turtle"])
def test_trap_7_unicode_blanks_in_ids_load_in_rdflib(tmp_path: Path, blank: str, form: str) -> None:
    """RFC 3987 lets them stand in an IRI, but rdflib takes no N-Triples with any kind of blank in one."""
    output = tmp_path / f"out.{'ttl' if form == 'turtle' else form}"
    kg.export(write_source(tmp_path / "source", _with_blank(blank)), output)
    graph = rdflib.Graph().parse(output, format=form)
    assert len(set(graph.objects(rdflib.URIRef(FIGURE), rdflib.FOAF.depiction))) == 1


@pytest.mark.parametrize("blank", BLANKS.values(), ids=BLANKS)
def test_trap_7_unicode_blanks_in_ids_make_a_record_graph(tmp_path: Path, blank: str) -> None:
    (figure,) = kg.read_records(write_source(tmp_path, _with_blank(blank)))
    graph = kg.record_graph(figure)
    assert len(set(graph.objects(rdflib.URIRef(FIGURE), rdflib.FOAF.depiction))) == 1


def _with_blank(blank: str) -> Record:
    return record("E", filename=f"a{blank}b.jpg", schema=jsonld(image=f"https://images.org/a{blank}b"))


# 8. Joins with WikiPathways and Wikidata


def test_trap_8_join_forms(run: Run) -> None:
    graph = run(record("E", doi="10.1234/Sig.s42a", tables={"genes": genes(gene("AKT1", "207"))})).graph
    assert graph.value(PAPER, "wdt:P356") == "10.1234/SIG.S42A"
    assert graph.value(PAPER, "wdt:P932") == "1234567"
    assert graph.value("https://identifiers.org/ncbigene/207", "wdt:P351") == "207"
    assert graph.value("https://identifiers.org/ncbigene/207", "dcterms:identifier") == "207"


# Repairs of the record's own JSON-LD

CC0: Final = "http://creativecommons.org/publicdomain/zero/1.0/"


@pytest.mark.parametrize("code", ["CC0", "CC0-1.0", CC0])
def test_repair_licence_code_becomes_its_iri(run: Run, code: str) -> None:
    result = run(record("D", schema=jsonld(license=code)))
    assert result.graph.values(FIGURE, "schema:license") == result.graph.values(FIGURE, "dcterms:license") == [CC0]
    assert result.repairs["license-iri"] == (code != CC0)


def test_repair_unknown_licence_is_no_iri(run: Run) -> None:
    result = run(record("D", schema=jsonld(license="my own terms")))
    assert result.graph.values(FIGURE, "schema:license") == result.graph.values(FIGURE, "dcterms:license") == []
    assert "my own terms" in result.graph.literals()
    assert result.codes["unknown-license"] == 1
    assert result.report.figures == 1


def test_repair_creator_is_stated_once(run: Run) -> None:
    result = run(record("D", "PMC1__a"), record("D", "PMC2__b"))
    assert result.graph.subjects("schema:Organization") == {expand("wd:Q7999828")}
    assert result.graph.values("wd:Q7999828", "schema:name") == ["WikiPathways"]
    assert [result.graph.values(figure_iri(f), "schema:creator") for f in ("PMC1__a", "PMC2__b")] == [
        ["http://www.wikidata.org/entity/Q7999828"]
    ] * 2
    assert result.repairs["creator-wikidata"] == 2


def test_repair_spares_another_creator(run: Run) -> None:
    block = jsonld(creator={"@type": "Organization", "name": "Someone else"})
    result = run(record("D", schema=block))
    (creator,) = result.graph.values(FIGURE, "schema:creator")
    assert creator.startswith(f"{FIGURE}#")
    assert result.graph.value(creator, "schema:name") == "Someone else"
    assert "creator-wikidata" not in result.repairs


def test_repair_spares_another_name(run: Run) -> None:
    result = run(record("D", schema=jsonld(name="A real name")))
    assert result.graph.values(FIGURE, "schema:name") == ["A real name"]
    assert "name-from-figtitle" not in result.repairs


def test_repairs_are_counted_by_record(run: Run) -> None:
    result = run(*(record("D", f"PMC{n}__f") for n in range(1, 4)))
    names = ("creator-wikidata", "description-once", "license-iri", "name-from-figtitle")
    assert result.repairs == dict.fromkeys(names, 3)


# --no-repair


def _verbatim(block: dict[str, object]) -> set[tuple[str, str, str]]:
    """What pyld makes of a block, blank nodes all written as `_:`."""
    context = json.loads((ROOT / "kg" / "data" / "schemaorg.context.jsonld").read_text("utf-8"))

    def load(url: str, _options: object) -> dict[str, object]:
        return {"contentType": "application/ld+json", "contextUrl": None, "documentUrl": url, "document": context}

    quads = pyld_jsonld.to_rdf(block, {"base": FIGURE, "documentLoader": load})["@default"]
    texts = [[q[part]["value"] for part in ("subject", "predicate", "object")] for q in quads]
    return {(_blank(s), p, _blank(o)) for s, p, o in texts}


def _blank(text: str) -> str:
    return "_:" if text.startswith(("_:", f"{FIGURE}#b")) else text


def _as_texts(graph: Graph) -> set[tuple[str, str, str]]:
    texts = ((t.subject.value, t.predicate.value, t.object.value) for t in graph.triples)  # type: ignore[union-attr]
    return {(_blank(s), p, _blank(o)) for s, p, o in texts}


def test_no_repair_is_the_verbatim_expansion(run: Run) -> None:
    block = jsonld(description="  Two   blanks <b>here</b>")
    result = run(record("D", schema=block), repair=False)
    verbatim = _verbatim(block)
    assert len(verbatim) == 9
    assert verbatim <= _as_texts(result.graph)
    assert result.graph.values(FIGURE, "schema:name") == ["CreativeWork"]
    assert result.graph.values(FIGURE, "schema:description") == ["  Two   blanks <b>here</b>"]
    assert not result.repairs


def test_no_repair_makes_no_relative_iri_and_no_blank_node(run: Run) -> None:
    # `export` refuses a graph with either.
    graph = run(record("D"), repair=False).graph
    (licence,) = graph.values(FIGURE, "schema:license")
    (creator,) = graph.values(FIGURE, "schema:creator")
    assert licence == "https://pfocr.wikipathways.org/figures/CC0"
    assert creator.startswith(f"{FIGURE}#")
    assert graph.value(creator, "schema:name") == "WikiPathways"


def test_no_repair_warns_rather_than_leaves_out(run: Run) -> None:
    result = run(record("D"), repair=False)
    assert result.report.figures == 1
    assert result.codes["figure-name-constant"] == 1
    assert {problem.severity for problem in result.report.problems} == {"warning"}
    assert result.report.ok


def test_no_repair_of_the_seeds_leaves_none_out(tmp_path: Path) -> None:
    result = export_source(SEEDS, tmp_path / "seeds.nt", repair=False)
    assert result.report.figures == result.report.records == len(list((SEEDS / "_figures").glob("*.md")))


def test_no_repair_on_the_command_line(tmp_path: Path) -> None:
    source = write_source(tmp_path / "source", record("D"))
    done = CliRunner().invoke(app, ["export", str(source), "-o", str(tmp_path / "out.nt"), "--no-repair"])
    assert done.exit_code in (0, 1), done.output
    assert '"CreativeWork"' in (tmp_path / "out.nt").read_text("utf-8")


# Contexts

SPELLINGS: Final = ["https://schema.org/", "http://schema.org/", "https://schema.org", "http://schema.org"]


def test_four_spellings_of_the_context_are_one(run: Run) -> None:
    exported = [run(record("D", schema=jsonld(context=url))) for url in SPELLINGS]
    graphs = [{str(t) for t in e.graph.triples if "/dataset" not in f"{t.subject}{t.object}"} for e in exported]
    assert graphs[0]
    assert all(graph == graphs[0] for graph in graphs)


OTHER_CONTEXTS: Final[list[object]] = [
    "https://example.com/context.jsonld",
    "https://schema.org/docs/jsonldcontext.jsonld",
    "file:///etc/passwd",
    "",
    {"@vocab": "http://schema.org/"},
    ["https://schema.org/", {"name": "http://xmlns.com/foaf/0.1/name"}],
    ["https://schema.org/", "https://example.com/context.jsonld"],
]


@pytest.mark.parametrize("context", OTHER_CONTEXTS)
def test_other_contexts_are_refused(run: Run, context: object) -> None:
    result = run(record("D", schema=jsonld(context=context)), record("D", "PMC2__f2"))
    assert result.report.left_out == {"unknown-context": 1}
    (problem,) = result.report.problems
    assert "https://schema.org/" in problem.text()
    assert problem.key == ("schema-jsonld", "@context")
    assert problem.line is not None
    assert problem.why
    assert problem.mend
    assert result.graph.subjects("pfo:PathwayFigure") == {figure_iri("PMC2__f2")}


@pytest.mark.parametrize("place", ["creator", "keywords"])
def test_other_contexts_further_in_are_refused(run: Run, place: str) -> None:
    inner = {"@context": "https://example.com/c", "name": "x"}
    block = jsonld(creator=inner) if place == "creator" else jsonld(keywords=[inner])
    result = run(record("D", schema=block), record("D", "PMC2__f2"))
    assert result.report.left_out == {"unknown-context": 1}


def test_missing_context_is_refused(run: Run) -> None:
    result = run(record("D", schema=jsonld(context=None)), record("D", "PMC2__f2"))
    assert result.report.left_out == {"unknown-context": 1}


# Nothing is fetched


def test_nothing_is_fetched(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sockets are shut in all tests; here even a swallowed attempt would be seen."""
    attempts: list[object] = []

    def note(*args: object, **_kwargs: object) -> None:
        attempts.append(args)
        raise OSError

    for name in NO_FETCH:
        monkeypatch.setattr(socket.socket, name, note)
    for name in ("getaddrinfo", "create_connection", "gethostbyname"):
        monkeypatch.setattr(socket, name, note)
    blocks = [jsonld(f"PMC{n}__f", context=context) for n, context in enumerate([*SPELLINGS, *OTHER_CONTEXTS], 1)]
    records = [record("D", f"PMC{n}__f", schema=block) for n, block in enumerate(blocks, start=1)]
    for repair in (True, False):
        result = run(*records, repair=repair)
        assert (result.report.figures, result.report.left_out.total()) == (4, 7)
    assert attempts == []
