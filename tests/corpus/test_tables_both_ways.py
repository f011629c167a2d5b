"""Every row of every table against the mentions in the graph, both ways, with nothing unexplained on either side.

The figures were counted in a shell, where no code of this project or of the tests reads a cell. Lines of
the corpus's tables (`cat *-genes.tsv | wc -l`): genes 1,772, chemicals 359 (one file ends without a line
end, so 360), diseases 43. Off go the headers (53, 39 and 12) and the rows of the six tables whose record is
not there (3 genes, 12 diseases). Inline rows are the `- word:` lines below each key (`awk`).
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import chain
from pathlib import Path

import pyoxigraph as ox
import pytest

import kg
from tests.conftest import shared_folder
from tests.corpus.support import (
    GENE,
    KINDS,
    LEX,
    OA,
    OBO,
    PFO,
    RDFS,
    SCHEMA,
    SKOS,
    TYPE,
    WP,
    Graph,
    Record,
    Row,
    corpus_records,
    counted_rows,
    graph_mentions,
    history_folders,
    history_records,
    read_graph,
)

TABLES = {"Gene": 52, "Chemical": 39, "Disease": 7}
ROWS = {"Gene": 1716, "Chemical": 321, "Disease": 19}
INLINE_ROWS = {"Gene": 193, "Chemical": 72, "Disease": 2}
ORPHANS = {
    "PMC10003241__ijms-24-04893-g003-diseases.tsv",
    "PMC10030845__fimmu-14-1150879-g001-diseases.tsv",
    "PMC10033547__fimmu-14-1063018-g008-diseases.tsv",
    "PMC10033682__41598_2023_31924_Fig4_HTML-diseases.tsv",
    "PMC6073361__ijms-19-02039-g003-genes.tsv",
    "PMC6127641__fnagi-10-00246-g001-diseases.tsv",
}
LEXICONS = {
    "ncbigene_symbol": "strict",
    "ncbigene_synonym": "synonyms",
    "famplex_relations": "all",
    "hgnc_symbol": "strict",
    "hgnc_alias_symbol": "synonyms",
    "hgnc_prev_symbol": "synonyms",
    "bioentities_symbol": "all",
}
MENTION_PREDICATES = {
    TYPE,
    *(f"{OA}{name}" for name in ("hasTarget", "hasBody")),
    *(f"{PFO}{name}" for name in ("word", "match", "lexicon", "occurrences")),
}

Both = tuple[list[Record], Graph]
"""Records as read here, and the graph that the project made of them."""


@pytest.fixture(scope="module")
def tables(corpus: Path, corpus_tables_graph: Path) -> Both:
    """The corpus."""
    return corpus_records(corpus), read_graph(corpus_tables_graph)


@pytest.fixture(scope="module")
def inline(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Both:
    """The older records, in one graph."""
    folders = history_folders(corpus)
    output = tmp_path_factory.mktemp("history") / "history.ttl"
    kg.export(folders, output, ground=False)
    return history_records(folders), read_graph(output)


@pytest.fixture(params=["tables", "inline"])
def both(request: pytest.FixtureRequest) -> Both:
    """Each of the two in turn."""
    found: Both = request.getfixturevalue(request.param)
    return found


def lines_of(path: Path) -> int:
    """The lines of a file, the last of which may lack its end."""
    data = path.read_bytes()
    return data.count(b"\n") + (not data.endswith(b"\n"))


def row_counts(records: Iterable[Record]) -> Counter[str]:
    return Counter(hit.row.kind for record in records for hit in record.hits)


def test_all_tables_are_compared(tables: Both, inline: Both) -> None:
    records, _ = tables
    companions = dict.fromkeys(KINDS.values(), 0)
    lines = dict.fromkeys(KINDS.values(), 0)
    names = {record.path.stem for record in records}
    for name, kind in KINDS.items():
        paths = [p for p in shared_folder("corpus/_data").glob(f"*-{name}.tsv") if p.name not in ORPHANS]
        assert all(path.name.removesuffix(f"-{name}.tsv") in names for path in paths)
        companions[kind], lines[kind] = len(paths), sum(lines_of(path) - 1 for path in paths)
    assert (len(records), companions, lines) == (89, TABLES, ROWS)
    assert row_counts(records) == ROWS
    assert (len(inline[0]), row_counts(inline[0])) == (14, INLINE_ROWS)


def test_every_row_has_its_mention(both: Both) -> None:
    records, graph = both
    found: defaultdict[str, Counter[Row]] = defaultdict(Counter)
    for _, figure, row, times in graph_mentions(graph):
        found[figure][row] += times
    missing = {figure: rows - found[figure] for figure, rows in counted_rows(records).items()}
    assert {figure: rows for figure, rows in missing.items() if rows} == {}


def test_every_mention_has_its_rows(both: Both) -> None:
    records, graph = both
    rows_of = counted_rows(records)
    unexplained = [
        (subject, row, times)
        for subject, figure, row, times in graph_mentions(graph)
        if rows_of.get(figure, Counter())[row] != times
    ]
    assert unexplained == []


def test_identical_rows_are_one_mention(both: Both) -> None:
    records, graph = both
    mentions = list(graph_mentions(graph))
    distinct = sum(len(rows) for rows in counted_rows(records).values())
    assert len(mentions) == distinct
    assert len({(figure, row) for _, figure, row, _ in mentions}) == distinct
    repeated = sum(times - 1 for *_, times in mentions)
    assert repeated == sum(row_counts(records).values()) - distinct


def test_the_corpus_has_repeated_rows_rows_without_id_and_words_that_look_absent(tables: Both) -> None:
    """What the comparison is about really is there: it would hold for tables without such rows too."""
    records, _ = tables
    rows = [hit.row for record in records for hit in record.hits]
    # awk '$2=="NA" && $5=="NA"' over the tables of five columns; one gene row (Cox) has the id NaN.
    assert Counter(row.kind for row in rows if not row.body) == {"Chemical": 14, "Disease": 2, "Gene": 1}
    assert [(row.word, row.body) for row in rows if row.kind == "Gene" and not row.body] == [("Cox", "")]
    assert {row.word for row in rows if row.match == "NA"} == {"NA", "na", "Na*"}
    assert {row.body for row in rows if row.match == "NA"} == {f"{GENE}45338"}


def test_mention_nodes_say_nothing_else(both: Both) -> None:
    _, graph = both
    seen = 0
    for subject, figure, row, times in graph_mentions(graph):
        seen += 1
        assert re.fullmatch(rf"{re.escape(figure)}#{row.kind[0].lower()}-[0-9a-f]{{12}}", subject)
        assert graph.facts[subject].keys() <= MENTION_PREDICATES
        assert graph.iris(subject, TYPE) == {f"{OA}Annotation", f"{PFO}{row.kind}Mention"}
        assert bool(graph.values(subject, f"{PFO}occurrences")) == (times > 1)
    assert seen == len(graph.of_type(f"{OA}Annotation")) > 0


def test_figures_mention_the_distinct_ids_of_their_tables(both: Both) -> None:
    records, graph = both
    for record in records:
        wanted = {hit.row.body for hit in record.hits if hit.row.body}
        assert graph.iris(record.subject, f"{SCHEMA}mentions") == wanted, record.figid
    assert graph.of_type(f"{PFO}PathwayFigure") == sorted(record.subject for record in records)


def test_lexicons_are_those_of_the_tables_with_their_strictness(tables: Both, inline: Both) -> None:
    names = set()
    for records, graph in (tables, inline):
        used = {hit.row.lexicon for record in records for hit in record.hits if hit.row.lexicon}
        assert {s for s in graph.of_type(f"{SKOS}Concept") if s.startswith(LEX)} == used
        for lexicon in used:
            name = lexicon.removeprefix(LEX)
            assert graph.one(lexicon, f"{PFO}strictness") == LEXICONS.get(name, "")
            names.add(name)
    assert names == {*LEXICONS, "mesh", "chebi", "doid"}


def names_by_entity(records: Iterable[Record]) -> dict[str, Counter[str]]:
    """For each entity, how many figures call it by each name; where none has a name, by the words read for it."""
    named: defaultdict[str, Counter[str]] = defaultdict(Counter)
    read: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for record in records:
        for body, name in {(hit.row.body, hit.name) for hit in record.hits if hit.name}:
            named[body][name] += 1
        for hit in record.hits:
            if hit.row.kind != "Gene":
                read[hit.row.body][hit.row.word] += 1
    return {**read, **named}


def test_labels_are_the_names_in_the_tables(both: Both) -> None:
    records, graph = both
    names_of = names_by_entity(records)
    entities = list(chain.from_iterable(graph.of_type(f"{PFO}{kind}") for kind in KINDS.values()))
    assert set(entities) == {hit.row.body for record in records for hit in record.hits if hit.row.body}
    for entity in entities:
        names = names_of.get(entity, Counter())
        label, others = graph.one(entity, f"{RDFS}label"), graph.values(entity, f"{SKOS}altLabel")
        assert bool(label) == bool(names), entity
        assert {label, *others} - {""} <= set(names), entity
        assert names[label] == max(names.values(), default=0) or not record_names(records, entity), entity


def record_names(records: Iterable[Record], entity: str) -> set[str]:
    """The names, not the words, that tables have for an entity."""
    return {hit.name for record in records for hit in record.hits if hit.row.body == entity and hit.name}


def test_gene_symbols_are_all_kept(both: Both) -> None:
    records, graph = both
    symbols: defaultdict[str, set[str]] = defaultdict(set)
    for hit in (hit for record in records for hit in record.hits if hit.row.kind == "Gene" and hit.name):
        symbols[hit.row.body].add(hit.name)
    genes = graph.of_type(f"{PFO}Gene")
    unnamed = {gene for gene in genes if not symbols[gene]}
    for gene in genes:
        found = {*graph.values(gene, f"{RDFS}label"), *graph.values(gene, f"{SKOS}altLabel")}
        assert found == symbols[gene], gene
    # The fly's gene 44819 stands in one table, without a symbol; its id is valid all the same.
    assert unnamed == {f"{GENE}44819"} & set(genes)


def test_genes_have_the_taxon_of_their_tables(both: Both) -> None:
    records, graph = both
    taxa: defaultdict[str, set[str]] = defaultdict(set)
    for hit in (hit for record in records for hit in record.hits if hit.row.kind == "Gene" and hit.row.body):
        taxa[hit.row.body].add(f"{OBO}NCBITaxon_{hit.taxon}")
    assert set(graph.of_type(f"{PFO}Gene")) == taxa.keys()
    for gene, wanted in taxa.items():
        assert graph.iris(gene, f"{OBO}RO_0002162") == wanted, gene
        assert all(graph.iris(taxon, TYPE) == {f"{PFO}Taxon"} for taxon in wanted)


def test_mesh_terms_match_the_ids_that_tables_map_them_to(tables: Both) -> None:
    records, graph = tables
    mapped: defaultdict[str, set[str]] = defaultdict(set)
    for hit in (hit for record in records for hit in record.hits if hit.mapped):
        mapped[hit.row.body].add(hit.mapped)
    kinds = Counter(target.removeprefix(OBO).partition("_")[0] for targets in mapped.values() for target in targets)
    assert kinds["CHEBI"] > 0
    found = {s: graph.iris(s, f"{SKOS}closeMatch") for s in graph.facts if graph.iris(s, f"{SKOS}closeMatch")}
    assert found == mapped
    for chebi in (t for targets in mapped.values() for t in targets if "CHEBI_" in t):
        number = chebi.rpartition("_")[2]
        assert graph.iris(chebi, f"{SKOS}exactMatch") == {f"https://identifiers.org/chebi/CHEBI:{number}"}


def evidence_of(record: Record) -> dict[str, dict[str, set[str]]]:
    """By taxon, the distinct counts that a gene table has for it, absent ones left out."""
    names = ("directCount", "synonymCount", "matchCount")
    found: dict[str, dict[str, set[str]]] = {}
    for hit in record.hits:
        if hit.row.kind == "Gene":
            counts = found.setdefault(hit.taxon, {name: set() for name in names})
            for name, value in zip(names, hit.counts, strict=True):
                counts[name] |= {value} - {""}
    return found


def test_organism_evidence_has_the_counts_of_the_tables(both: Both) -> None:
    records, graph = both
    wanted = set()
    for record in records:
        for taxid, counts in evidence_of(record).items():
            subject = f"{record.subject}#t-{taxid}"
            wanted.add(subject)
            assert graph.iris(subject, f"{OA}hasTarget") == {record.subject}
            assert graph.iris(subject, f"{PFO}organism") == {f"{OBO}NCBITaxon_{taxid}"}
            found = {name: set(graph.values(subject, f"{PFO}{name}")) for name in counts}
            assert found == counts, subject
    assert set(graph.of_type(f"{PFO}OrganismEvidence")) == wanted


def test_tables_without_record_are_reported(corpus: Path, tmp_path: Path) -> None:
    report = kg.export(corpus, tmp_path / "graph.ttl")
    problems = [problem for problem in report.problems if problem.code == "orphan-table"]
    assert {Path(problem.path).name for problem in problems} == ORPHANS
    assert (len(problems), {problem.severity for problem in problems}) == (6, {"warning"})


# --- What keywords add


@pytest.fixture(scope="module")
def grounded(corpus_graph: Path) -> Graph:
    """The corpus with its keywords looked up, as an export does it unless told otherwise."""
    return read_graph(corpus_graph)


def of_keywords(graph: Graph) -> dict[str, tuple[str, Row]]:
    """The mentions that a graph has from keywords, with their figures."""
    made = set(graph.of_type(f"{PFO}KeywordMention"))
    return {subject: (figure, row) for subject, figure, row, _ in graph_mentions(graph) if subject in made}


def test_keywords_are_looked_up_where_a_record_has_no_table_of_the_kind(tables: Both, grounded: Graph) -> None:
    """Each is a keyword of the record, matched to one human gene: that is what the embedded lexicon knows."""
    records = {record.subject: record for record in tables[0]}
    mentions = of_keywords(grounded)
    assert mentions
    for subject, (figure, row) in mentions.items():
        record = records[figure]
        assert row.kind == "Gene"
        assert "Gene" not in {hit.row.kind for hit in record.hits}
        assert row.word in record.front["schema-jsonld"]["keywords"]
        assert row.match.casefold() == row.word.casefold()
        assert re.fullmatch(rf"{GENE}[1-9]\d*", row.body)
        assert row.lexicon in {f"{LEX}keyword_{name}" for name in ("symbol", "previous", "alias")}
        assert grounded.one(row.lexicon, f"{PFO}strictness") == "all"  # a keyword does not tell how it was found
        assert grounded.iris(subject, TYPE) == {f"{OA}Annotation", f"{PFO}GeneMention", f"{PFO}KeywordMention"}
        assert grounded.facts[subject].keys() == MENTION_PREDICATES - {f"{PFO}occurrences"}
        assert grounded.iris(row.body, f"{OBO}RO_0002162") == {f"{OBO}NCBITaxon_9606"}
        assert grounded.one(row.body, f"{RDFS}label")
        assert "Homo sapiens" in (record.front["organisms_ner"] or ["Homo sapiens"])


def test_figures_mention_the_genes_of_their_keywords_too(tables: Both, grounded: Graph) -> None:
    records, graph = tables
    added: defaultdict[str, set[str]] = defaultdict(set)
    for figure, row in of_keywords(grounded).values():
        added[figure].add(row.body)
    for record in records:
        wanted = graph.iris(record.subject, f"{SCHEMA}mentions") | added[record.subject]
        assert grounded.iris(record.subject, f"{SCHEMA}mentions") == wanted, record.figid


def test_keywords_change_nothing_that_tables_say(tables: Both, grounded: Graph) -> None:
    """Of what is said without them only counts and the choice of a label may differ, and the run's description."""
    _, graph = tables
    movable = {f"{PFO}figureCount", f"{RDFS}label", f"{SKOS}altLabel"}
    entities = {subject for kind in ("Gene", "Taxon") for subject in graph.of_type(PFO + kind)}

    def told(triple: ox.Triple) -> bool:
        subject = str(getattr(triple.subject, "value", ""))
        described = subject.startswith(("https://w3id.org/pfocr-kg/dataset/", "https://w3id.org/pfocr-kg/graph/"))
        return not described and not (subject in entities and triple.predicate.value in movable)

    lost = {triple for triple in graph.triples if told(triple)} - set(grounded.triples)
    assert lost == set()
    names = (f"{RDFS}label", f"{SKOS}altLabel")
    for entity in entities:
        before, after = ({n for name in names for n in g.values(entity, name)} for g in (graph, grounded))
        assert before <= after, entity


def test_what_keywords_add_is_about_them(tables: Both, grounded: Graph) -> None:
    _, graph = tables
    mentions = of_keywords(grounded)
    bodies = {row.body for _, row in mentions.values()}
    lexicons = {row.lexicon for _, row in mentions.values()}
    human = f"{OBO}NCBITaxon_9606"
    added = set(grounded.triples) - set(graph.triples)
    subjects = {str(getattr(triple.subject, "value", "")) for triple in added}
    figures = {figure for figure, _ in mentions.values()}
    unexplained = subjects - mentions.keys() - bodies - lexicons - figures - {human}
    assert {name for name in unexplained if not re.search(r"/pfocr-kg/(dataset|graph|lexicon-file)/", name)} == set()
    of_figures = {triple.predicate.value for triple in added if str(getattr(triple.subject, "value", "")) in figures}
    assert of_figures <= {f"{SCHEMA}mentions", f"{WP}organism", f"{WP}organismName"}
    assert set(grounded.of_type(f"{PFO}KeywordLexicon")) == lexicons
