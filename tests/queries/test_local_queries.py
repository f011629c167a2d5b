"""Each local query, on the seeds and on the real records, against rows worked out from the records by other code.

Parameters are chosen from the records too, so that no case is empty unknowingly; each set runs through the library
(pyoxigraph) and through rdflib.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, TypeVar

import pyoxigraph as ox
import pytest
import rdflib
import yaml

import kg
from kg.savedqueries import load_queries
from kg.vocab import Term
from tests.conftest import ROOT, SEEDS
from tests.corpus.support import FIGURES, GENE, LEX, MESH, OBO, PFO, Hit, Row
from tests.queries import oracle
from tests.queries.oracle import ANSWERS, ORDER, Cells, Figure, Params, Records
from tests.small import chemicals, genes, record, write

QUERIES: Final = ROOT / "queries"
STAT3: Final = f"{GENE}6774"
NO_GENE: Final = f"{GENE}999999999"
NO_TAXON: Final = f"{OBO}NCBITaxon_999999999"
NO_DISEASE: Final = f"{MESH}D999999"
NO_PAPER: Final = "https://identifiers.org/pmc/PMC1"
NO_CLASS: Final = "http://www.w3.org/2002/07/owl#Nothing"

IRI_COLUMNS: Final = frozenset(
    ("figure", "paper", "image", "gene", "other", "lexicon", "journal", "dataset", "license", "source", "class")
)
NUMBER_COLUMNS: Final = frozenset(("genes", "figures", "hits", "size", "jaccard", "entities", "triples"))


# --- the graphs


@dataclass(frozen=True, slots=True)
class World:
    """A folder of records and its graph, in the library's store and in rdflib."""

    records: Records
    store: Any
    graph: rdflib.Graph


def _world(folder: Path, graph: Path, keywords: Mapping[str, Iterable[Hit]] | None = None) -> Iterator[World]:
    with kg.open_store(graph) as store:
        yield World(oracle.read(folder, graph, keywords), store, rdflib.Graph().parse(graph))


def keyword_hit(word: str, ident: str, *, symbol: str = "", lexicon: str = "keyword_symbol") -> Hit:
    """A keyword that is the official symbol of a human gene, or another name of it."""
    return Hit(Row("Gene", word, word, GENE + ident, LEX + lexicon), symbol or word, "9606", "", ("", "", ""))


# What the keywords of the records without gene table mean, by HGNC; of the seed's, `Oxygen` is none.
SEED_KEYWORDS: Final = {
    "PMC99000001__made-g001": [
        keyword_hit("HIF1A", "3091"), keyword_hit("ARNT", "405"),
        keyword_hit("VEGFA", "7422"), keyword_hit("EPO", "2056"),
    ],
}  # fmt: skip
MADE_KEYWORDS: Final = {
    "PMC9900004__f1": [
        keyword_hit("LFS1", "7157", symbol="TP53", lexicon="keyword_alias"), keyword_hit("JAK2", "3717"),
        keyword_hit("MDM2", "4193"),
    ],
}  # fmt: skip


@pytest.fixture(scope="session")
def seeds(seed_graph: Path) -> Iterator[World]:
    yield from _world(SEEDS, seed_graph, SEED_KEYWORDS)


@pytest.fixture(scope="session")
def corpus_world(corpus: Path, corpus_tables_graph: Path) -> Iterator[World]:
    """Without its keywords, of which there are too many to be told here; seeds and invented records have theirs."""
    yield from _world(corpus, corpus_tables_graph)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = write(tmp_path_factory.mktemp("made"), MADE)
    graph = folder / "made.ttl"
    kg.export(folder, graph)
    yield from _world(folder, graph, MADE_KEYWORDS)


MADE: Final = {
    # One gene under two symbols, in two figures of a paper whose records differ; rows that differ in little.
    "_figures/PMC9900001__f1.md": record("PMC9900001__f1", {"figtitle": "The <bold>JAK2</bold> &bgr; loop "}),
    "_data/PMC9900001__f1-genes.tsv": genes(
        {}, {}, {"match": "Jak2"}, {"word": "(Jak2", "match": "Jak2"}, {"word": "STRASSE", "match": "straße"}
    ),
    "_figures/PMC9900001__f2.md": record(
        "PMC9900001__f2", {"year": "'2020'", "doi": ".na.character", "journal_title": "Cases (old)", "number": "F2"}
    ),
    "_data/PMC9900001__f2-genes.tsv": genes({"ncbigene_symbol": "JTK10"}, {"word": "Jak", "ncbigene_id": "3716"}),
    # Its journal under another title, a gene without symbol, and one id listed as chemical and as disease.
    "_figures/PMC9900002__f1.md": record("PMC9900002__f1", {"journal_title": "The Journal of Cases", "year": "''"}),
    "_data/PMC9900002__f1-genes.tsv": genes({}, {"ncbigene_symbol": "NA", "ncbigene_id": "44819"}),
    "_data/PMC9900002__f1-chemicals.tsv": chemicals({}, {}, {"mesh": "mesh:D011488", "chebi": "NA", "name": "NA"}),
    "_data/PMC9900002__f1-diseases.tsv": (
        "word\tmesh\tmatch\tname\tdoid\nProtein deficiency\tmesh:D011488\tNA\tNA\tNA\n"
    ),
    # Rejected, so that no figure of it counts.
    "_figures/PMC9900003__f1.md": record("PMC9900003__f1", {"number": "REJECT"}),
    "_data/PMC9900003__f1-genes.tsv": genes(),
    # Without tables, so that its keywords tell the genes: one by an alias, one that tables have too, one of its own.
    "_figures/PMC9900004__f1.md": record("PMC9900004__f1").replace(
        "  keywords:\n  - JAK2\n", "  keywords:\n  - LFS1\n  - JAK2\n  - MDM2\n"
    ),
}
"""Invented records for what the seeds and the corpus do not have."""


GRAPHS: Final = {"seeds": "seeds", "corpus": "corpus_world", "made": "made"}
"""The fixture of each graph."""
REAL: Final = ("seeds", "corpus")


# --- what parameters a query has


def header(name: str) -> dict[str, dict[str, Any]]:
    """`types` and `defaults` of a query's `#+` header."""
    lines = (QUERIES / f"{name}.rq").read_text("utf-8").split("\n")
    told = yaml.safe_load("\n".join(line.removeprefix("#+").removeprefix(" ") for line in lines if line[:2] == "#+"))
    return {part: {k: v for item in told.get(part, ()) for k, v in item.items()} for part in ("types", "defaults")}


def defaults_of(name: str) -> Params:
    """The defaults; a parameter that has none is left out."""
    found = header(name)["defaults"]
    return {key: tuple(value) if isinstance(value, list) else (str(value),) for key, value in found.items()}


def keywords(name: str, params: Params) -> dict[str, str | list[str]]:
    """A set of parameters for `Store.query`, in which an empty text lifts an optional one."""
    values = {key: list(value) if len(value) > 1 else value[0] for key, value in params.items()}
    return {**dict.fromkeys(header(name)["types"], ""), **values}


def term(kind: str, value: str) -> Term:
    """A value as an N-Triples term."""
    if kind in ("text", "integer"):
        return Term(str(ox.Literal(value if kind == "text" else int(value))))
    return Term(str(ox.NamedNode(value)))


# --- parameters chosen from the records


Item = TypeVar("Item", str, tuple[str, str])


def most(items: Iterable[Item], *, but: Item | None = None) -> Item:
    """The most frequent item, of equals the smallest."""
    counts = Counter(item for item in items if item != but)
    return min(counts, key=lambda item: (-counts[item], item))


def oldest(records: Records, wanted: Callable[[Figure], object]) -> Figure:
    """The first figure by year that fulfils a condition: in the seeds, one with its tables in the front matter."""
    fits = [figure for figure in records.figures if wanted(figure)]
    return min(fits, key=lambda figure: (records.year(figure) or "9999", figure.iri))


def common_gene(records: Records) -> Params:
    return {"gene": (most((gene for figure in records.figures for gene in figure.genes), but=STAT3),)}


def old_gene(records: Records) -> Params:
    return {"gene": (min(oldest(records, lambda figure: figure.genes).genes),)}


def no_gene(_: Records) -> Params:
    return {"gene": (NO_GENE,)}


def beside_unnamed_gene(records: Records) -> Params:
    """A gene beside one that has no symbol."""
    unnamed = next(gene for gene in records.genes if records.label(gene) is None)
    return {"gene": (min(next(records.figures_with(unnamed)).genes - {unnamed}),)}


def paper_of_unnamed_gene(records: Records) -> Params:
    unnamed = next(gene for gene in records.genes if records.label(gene) is None)
    return {"paper": (next(records.figures_with(unnamed)).paper,)}


def old_figure(records: Records) -> Params:
    return {"figure": (oldest(records, lambda figure: figure.genes).iri,)}


def figure_without_genes(records: Records) -> Params:
    return {"figure": (oldest(records, lambda figure: not figure.genes).iri,)}


def figure_without(name: str) -> Callable[[Records], Params]:
    """A figure that has genes, none of which the query shows."""

    def choose(records: Records) -> Params:
        shown = {row[0] for row in ANSWERS[name](records, {})}
        return {"figure": (oldest(records, lambda figure: figure.genes and figure.iri not in shown).iri,)}

    return choose


def most_ambiguous(records: Records) -> Cells:
    return max(oracle.ambiguous_words(records, {}), key=lambda row: (int(row[2] or 0), row))


def ambiguous_word(records: Records) -> Params:
    return {"word": (str(most_ambiguous(records)[1]),)}


def ambiguous_word_of_figure(records: Records) -> Params:
    figure, word, *_ = most_ambiguous(records)
    return {"figure": (str(figure),), "word": (str(word),)}


def end_of_caption(records: Records) -> Params:
    """Words that stand in a caption and in no title, in capitals."""
    longest = max(records.figures, key=lambda figure: len(figure.caption))
    text = longest.caption[-25:].upper()
    assert not any(text.lower() in figure.title.lower() for figure in records.figures)
    return {"text": (text,)}


def odd_title(records: Records) -> Params:
    """The title with most quotes and letters beyond ASCII, capitals and small letters exchanged."""
    found = max(records.figures, key=lambda figure: len(re.findall(r'[^\x00-\x7f]|["\']', figure.title)))
    return {"text": (found.title.swapcase(),)}


def pairs(records: Records, kind: str) -> Iterator[tuple[str, str]]:
    """Each gene beside each other gene, chemical or disease of a figure."""
    for figure in records.figures:
        yield from ((gene, other) for gene in figure.genes for other in figure.entities(kind) if gene != other)


def together(kind: str, a: str, b: str) -> Callable[[Records], Params]:
    """The pair that most figures show, not with the gene of the defaults."""

    def choose(records: Records) -> Params:
        gene, other = most(pair for pair in pairs(records, kind) if pair[0] != STAT3)
        return {a: (gene,), b: (other,)}

    return choose


def apart(kind: str, a: str, b: str) -> Callable[[Records], Params]:
    """A gene and something else that both are drawn, in no figure together."""

    def choose(records: Records) -> Params:
        known = set(pairs(records, kind))
        others = sorted({other for _, other in known})
        return next(
            {a: (gene,), b: (other,)}
            for gene in sorted(records.genes)
            for other in others
            if gene != other and (gene, other) not in known
        )

    return choose


def old_gene_list(records: Records) -> Params:
    """All genes of a figure, one from elsewhere and one that no figure shows."""
    own = oldest(records, lambda figure: figure.genes).genes
    return {"genes": (*sorted(own), *common_gene(records)["gene"], NO_GENE)}


def repeated_gene_list(records: Records) -> Params:
    (gene,) = common_gene(records)["gene"]
    return {"genes": (gene, STAT3, gene)}


def common_symbol(records: Records) -> Params:
    """The symbol with most rows, but for that of the defaults."""
    symbols = {symbol for gene in records.genes.values() for symbol in gene.symbols} - {"STAT3"}
    rows = {symbol: len(ANSWERS["figures-for-symbol-strict"](records, {"symbol": (symbol,)})) for symbol in symbols}
    return {"symbol": (min(rows, key=lambda symbol: (-rows[symbol], symbol)),)}


def never_strict_symbol(records: Records) -> Params:
    """The symbol of a gene that is drawn under other names or as one of a family only."""
    symbols = sorted(symbol for gene in records.genes.values() for symbol in gene.symbols)
    answer = ANSWERS["figures-for-symbol-strict"]
    return {"symbol": (next(symbol for symbol in symbols if not answer(records, {"symbol": (symbol,)})),)}


def paper_with_most_figures(records: Records) -> Params:
    return {"paper": (most(figure.paper for figure in records.figures),)}


def old_paper(records: Records) -> Params:
    return {"paper": (oldest(records, lambda figure: figure.genes).paper,)}


def paper_without_genes(records: Records) -> Params:
    return {"paper": (oldest(records, lambda figure: not figure.genes).paper,)}


def second_taxon(records: Records) -> Params:
    taxon = most((taxon for gene in records.genes.values() for taxon in gene.taxa), but="9606")
    return {"taxon": (f"{OBO}NCBITaxon_{taxon}",)}


def common_disease(records: Records) -> Params:
    """The disease with most genes beside it, but for that of the defaults."""
    (default,) = defaults_of("genes-for-disease")["disease"]
    return {"disease": (most(disease for _, disease in pairs(records, "Disease") if disease != default),)}


def figures_of_journals(records: Records) -> list[int]:
    return [int(row[2] or 0) for row in oracle.journal_profile(records, {"least": ("0",)})]


def busiest_journal(records: Records) -> Params:
    return {"least": (str(max(figures_of_journals(records))),)}


def too_many_figures(records: Records) -> Params:
    return {"least": (str(max(figures_of_journals(records)) + 1),)}


def suspect_lexicon(records: Records) -> Params:
    return {"lexicon": (most(str(row[3]) for row in oracle.suspect_mentions(records, {})),)}


def suspect_lexicon_of_figure(records: Records) -> Params:
    figure, _, _, lexicon, *_ = min(oracle.suspect_mentions(records, {}))
    return {"figure": (str(figure),), "lexicon": (str(lexicon),)}


def const(**params: str) -> Callable[[Records], Params]:
    return lambda _: {key: (value,) for key, value in params.items()}


@dataclass(frozen=True, slots=True)
class Case:
    """A set of parameters for a query; `choose` is None for the defaults."""

    query: str
    label: str
    choose: Callable[[Records], Params] | None = None
    graphs: tuple[str, ...] = REAL

    @property
    def empty(self) -> bool:
        return self.label.startswith("empty")


def everything(_: Records) -> Params:
    return {}


CASES: Final = (
    *(Case(name, "defaults") for name in ANSWERS),
    Case("ambiguous-words", "all figures", everything),
    Case("ambiguous-words", "one word", ambiguous_word),
    Case("ambiguous-words", "one word of a figure", ambiguous_word_of_figure),
    Case("ambiguous-words", "empty: each word one gene", figure_without("ambiguous-words")),
    Case("caption-search", "in a caption, capitals", end_of_caption),
    Case("caption-search", "in a title, quotes and Greek", odd_title),
    Case("caption-search", "empty", const(text='no figure "says" this')),
    Case("co-mentioned-genes", "common gene", common_gene),
    Case("co-mentioned-genes", "old figure", old_gene),
    Case("co-mentioned-genes", "beside a gene without symbol", beside_unnamed_gene, ("corpus",)),
    Case("co-mentioned-genes", "empty: unknown gene", no_gene),
    Case("dataset-card", "genes", const(**{"class": f"{PFO}Gene"})),
    Case("dataset-card", "taxa", const(**{"class": f"{PFO}Taxon"})),
    Case("dataset-card", "empty: no such class", const(**{"class": NO_CLASS})),
    Case("figures-for-gene", "common gene", common_gene),
    Case("figures-for-gene", "old figure", old_gene),
    Case("figures-for-gene", "empty: unknown gene", no_gene),
    Case("figures-for-gene-and-chemical", "most often", together("Chemical", "gene", "chemical")),
    Case("figures-for-gene-and-chemical", "empty: never together", apart("Chemical", "gene", "chemical")),
    Case("figures-for-gene-list", "all of a figure and more", old_gene_list),
    Case("figures-for-gene-list", "one twice", repeated_gene_list),
    Case("figures-for-gene-list", "empty: unknown gene", const(genes=NO_GENE)),
    Case("figures-for-symbol-strict", "common symbol", common_symbol),
    Case("figures-for-symbol-strict", "empty: never strict", never_strict_symbol),
    Case("figures-for-two-genes", "most often", together("Gene", "a", "b")),
    Case("figures-for-two-genes", "empty: never together", apart("Gene", "a", "b")),
    Case("figures-of-paper", "most figures", paper_with_most_figures),
    Case("figures-of-paper", "old figure", old_paper),
    Case("figures-of-paper", "figure without genes", paper_without_genes),
    Case("figures-of-paper", "a gene without symbol", paper_of_unnamed_gene, ("corpus",)),
    Case("figures-of-paper", "empty: unknown paper", const(paper=NO_PAPER)),
    Case("gene-sets", "second taxon", second_taxon),
    Case("gene-sets", "empty: unknown taxon", const(taxon=NO_TAXON)),
    Case("gene-trend", "common gene", common_gene),
    Case("gene-trend", "old figure", old_gene),
    Case("gene-trend", "empty: unknown gene", no_gene),
    Case("genes-for-disease", "common disease", common_disease),
    Case("genes-for-disease", "empty: unknown disease", const(disease=NO_DISEASE)),
    Case("genes-of-figure", "old figure", old_figure),
    Case("genes-of-figure", "empty: figure without genes", figure_without_genes),
    Case("journal-profile", "all", const(least="0")),
    Case("journal-profile", "busiest", busiest_journal, ("corpus",)),
    Case("journal-profile", "empty: too many", too_many_figures),
    Case("suspect-mentions", "all figures", everything),
    Case("suspect-mentions", "one lexicon", suspect_lexicon),
    Case("suspect-mentions", "one lexicon of a figure", suspect_lexicon_of_figure),
    Case("suspect-mentions", "empty: all alike", figure_without("suspect-mentions")),
    # Genes that only keywords tell; of no keyword it is known whether the figure shows the symbol itself.
    Case("figures-for-gene", "gene of a keyword", const(gene=f"{GENE}3091"), ("seeds",)),
    Case("figures-for-symbol-strict", "empty: symbol among keywords", const(symbol="HIF1A"), ("seeds",)),
    Case("genes-of-figure", "genes of keywords", const(figure=f"{FIGURES}PMC99000001__made-g001.html"), ("seeds",)),
    Case("figures-for-gene", "gene of an alias among keywords", const(gene=f"{GENE}7157"), ("made",)),
    Case("genes-of-figure", "alias among keywords", const(figure=f"{FIGURES}PMC9900004__f1.html"), ("made",)),
    Case("figures-for-symbol-strict", "empty: alias among keywords", const(symbol="TP53"), ("made",)),
    # What only the invented records have.
    Case("ambiguous-words", "gene without symbol", everything, ("made",)),
    Case("caption-search", "tags and entities off", const(text="the jak2 Β LOOP"), ("made",)),
    Case("co-mentioned-genes", "gene without symbol", const(gene=f"{GENE}3717"), ("made",)),
    Case("dataset-card", "a chemical that is a disease too", everything, ("made",)),
    Case("figures-for-gene", "paper with two years, paper with none", const(gene=f"{GENE}3717"), ("made",)),
    Case("figures-for-symbol-strict", "symbol, rows alike", const(symbol="JAK2"), ("made",)),
    Case("figures-for-symbol-strict", "other symbol", const(symbol="JTK10"), ("made",)),
    Case("figures-of-paper", "two figures", const(paper="https://identifiers.org/pmc/PMC9900001"), ("made",)),
    Case("gene-sets", "gene without symbol", const(taxon=f"{OBO}NCBITaxon_9606"), ("made",)),
    Case("gene-trend", "paper with two years, paper with none", const(gene=f"{GENE}3717"), ("made",)),
    Case("genes-for-disease", "a chemical that is a disease too", const(disease=f"{MESH}D011488"), ("made",)),
    Case("genes-of-figure", "rows alike", const(figure=f"{FIGURES}PMC9900001__f1.html"), ("made",)),
    Case("journal-profile", "one gene in several figures, two titles", const(least="3"), ("made",)),
    Case("suspect-mentions", "letter case, letters beyond ASCII", everything, ("made",)),
)
RUNS: Final = [
    pytest.param(case, graph, id=f"{case.query}: {case.label} ({graph})") for case in CASES for graph in case.graphs
]


# --- the two engines


@dataclass(frozen=True, slots=True)
class Table:
    """An answer: its columns, and each cell as an N-Triples term."""

    columns: list[str]
    rows: list[tuple[str | None, ...]]


def by_library(world: World, case: Case, params: Params) -> Table:
    """Through the library, which fills in defaults itself."""
    answer = world.store.query(case.query, **({} if case.choose is None else keywords(case.query, params)))
    table = Table(list(answer.variables), [tuple(row) for row in answer.terms()])
    # The same as plain values, but for the decimals, of which a store may write some digits more.
    values = [{k: v if v is None else str(v) for k, v in row.items() if k != "jaccard"} for row in answer.rows()]
    texts = [dict(zip(table.columns, map(text_of, row), strict=True)) for row in table.rows]
    assert values == [{k: v for k, v in row.items() if k != "jaccard"} for row in texts]
    return table


def by_rdflib(world: World, case: Case, params: Params) -> Table:
    types = header(case.query)["types"]
    bound = {key: tuple(term(types[key], value) for value in values) for key, values in params.items()}
    result = world.graph.query(load_queries()[case.query].bound(bound))
    rows = [tuple(None if cell is None else cell.n3() for cell in row) for row in result]  # type: ignore[union-attr]
    return Table([str(name) for name in result.vars or ()], rows)


ENGINES: Final[dict[str, Callable[[World, Case, Params], Table]]] = {"library": by_library, "rdflib": by_rdflib}


# --- comparing


def text_of(cell: str | None) -> str | None:
    """An IRI's address or a literal's text."""
    if cell is None or cell.startswith("<"):
        return cell and cell[1:-1]
    text: str = json.loads(cell[: cell.rindex('"') + 1], strict=False) if cell.startswith('"') else cell
    return text


def settled(columns: list[str], rows: Iterable[Cells]) -> list[Cells]:
    """Rows with the members of a concatenated group in order, sorted by all that is compared as text."""
    place = columns.index("symbols") if "symbols" in columns else None
    if place is not None:
        rows = [(*row[:place], ", ".join(sorted(str(row[place]).split(", "))), *row[place + 1 :]) for row in rows]
    texts = [number for number, name in enumerate(columns) if name != "jaccard"]
    return sorted(rows, key=lambda row: [row[number] or "" for number in texts])


def same_rows(columns: list[str], found: list[Cells], expected: list[Cells]) -> bool:
    """Whether rows are the same, texts as they are and the Jaccard index as a number."""
    exact = [number for number, name in enumerate(columns) if name != "jaccard"]
    if [[row[n] for n in exact] for row in found] != [[row[n] for n in exact] for row in expected]:
        return False
    near = [number for number, name in enumerate(columns) if name == "jaccard"]
    pairs = [(row[n], other[n]) for row, other in zip(found, expected, strict=True) for n in near]
    return all(math.isclose(float(one or "nan"), float(two or "nan"), abs_tol=1e-9) for one, two in pairs)


def sort_key(column: str, cell: str | None) -> tuple[bool, Decimal | str]:
    """How a cell stands among others of its column: absent ones first."""
    if cell is None:
        return False, Decimal(0) if column in NUMBER_COLUMNS else ""
    return True, Decimal(cell) if column in NUMBER_COLUMNS else cell


def in_order(name: str, columns: list[str], rows: list[Cells]) -> list[Cells]:
    """The rows as the query promises to order them."""
    for key in reversed(ORDER[name]):
        column = key.removeprefix("-")
        place = columns.index(column)
        rows = sorted(rows, key=lambda row, c=column, p=place: sort_key(c, row[p]), reverse=key[0] == "-")  # type: ignore[misc]
    return rows


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("case", "graph"), RUNS)
def test_rows_are_those_of_the_records(case: Case, graph: str, engine: str, request: pytest.FixtureRequest) -> None:
    world: World = request.getfixturevalue(GRAPHS[graph])
    params = case.choose(world.records) if case.choose else defaults_of(case.query)
    expected = ANSWERS[case.query](world.records, params)
    if case.choose is not None or graph == "seeds":  # the defaults are for the seeds
        assert bool(expected) is not case.empty, params

    table = ENGINES[engine](world, case, params)
    found = [tuple(text_of(cell) for cell in row) for row in table.rows]

    assert same_rows(table.columns, settled(table.columns, found), settled(table.columns, expected)), params
    assert found == in_order(case.query, table.columns, found), params
    cells = [(name, cell) for row in table.rows for name, cell in zip(table.columns, row, strict=True) if cell]
    assert all(cell.startswith("<") is (name in IRI_COLUMNS) for name, cell in cells)


def test_every_local_query_is_covered() -> None:
    local = {path.stem for path in QUERIES.glob("*.rq") if not re.search(r"\bSERVICE\b", path.read_text("utf-8"))}
    assert set(ANSWERS) == set(ORDER) == local
    assert len(local) == 16
    for name in local:
        cases = [case for case in CASES if case.query == name and case.graphs == REAL]
        assert [case.choose for case in cases].count(None) == 1, name
        assert sum(case.empty for case in cases) >= 1, name
        assert sum(case.choose is not None and not case.empty for case in cases) >= 1, name


def test_optional_parameters_are_asked_bound_and_lifted(seeds: World) -> None:
    optional = [
        (name, key)
        for name in ANSWERS
        for key in header(name)["types"]
        if re.search(rf"\?__{key}(_iri)?\b", (QUERIES / f"{name}.rq").read_text("utf-8"))
    ]
    assert len(optional) == 5, optional
    for name, key in optional:
        chosen = [case.choose(seeds.records) for case in CASES if case.query == name and case.choose]
        assert {key in params for params in [*chosen, defaults_of(name)]} == {True, False}, (name, key)


@pytest.mark.parametrize("graph", REAL)
def test_each_query_has_two_sets_beside_its_defaults(graph: str, request: pytest.FixtureRequest) -> None:
    world: World = request.getfixturevalue(GRAPHS[graph])
    for name in ANSWERS:
        cases = [case for case in CASES if case.query == name and graph in case.graphs and case.choose]
        sets = [case.choose(world.records) for case in cases if case.choose]
        assert defaults_of(name) not in sets, (name, sets)
        distinct = [one for number, one in enumerate(sets) if one not in sets[:number]]
        assert len(distinct) >= 2, (name, sets)


# --- mentions that come from keywords


WITHOUT_KEYWORDS: Final = """
PREFIX oa: <http://www.w3.org/ns/oa#>
PREFIX pfo: <https://w3id.org/pfocr-kg/vocab#>
SELECT DISTINCT ?gene {
  ?mention a pfo:GeneMention ; oa:hasBody ?gene FILTER NOT EXISTS { ?mention a pfo:KeywordMention }
}
"""


@pytest.mark.parametrize(("world", "keywords"), [("seeds", SEED_KEYWORDS), ("made", MADE_KEYWORDS)])
def test_a_query_can_leave_out_what_comes_from_keywords(
    world: str, keywords: Mapping[str, list[Hit]], request: pytest.FixtureRequest
) -> None:
    asked: World = request.getfixturevalue(world)
    found = {row["gene"] for row in asked.store.query(WITHOUT_KEYWORDS)}
    of_tables = {
        mention.entity
        for figure in asked.records.figures
        for mention in figure.mentions
        if mention.kind == "Gene" and mention.entity and not mention.lexicon.startswith(f"{LEX}keyword_")
    }
    assert found == of_tables
    only_keywords = {hit.row.body for hits in keywords.values() for hit in hits} - of_tables
    assert only_keywords
    for gene in only_keywords:
        assert asked.store.query("figures-for-gene", gene=gene).terms(), gene
