"""The gene list: how texts become genes, and p and q against sums of exact fractions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from fractions import Fraction
from math import comb
from pathlib import Path

import pytest

from kg.errors import QueryError
from kg.explorer.index.prepare import Prepared, prepare
from kg.explorer.index.reader import Index
from kg.explorer.model import ListedFigure, Strictness
from tests.explorer.graphs import (
    LEXICONS,
    Fact,
    Read,
    asked,
    figure_facts,
    mention_facts,
    random_graph,
    write_graph,
)

LEVELS = ("strict", "synonyms", "all")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prepared]:
    folder = tmp_path_factory.mktemp("gene-list")
    with closing(prepare(random_graph(folder / "made.nt", figures=120, seed=7), cache=folder / "cache")) as made:
        yield made


@pytest.fixture(scope="module")
def index(prepared: Prepared) -> Index:
    return Index(prepared.index)


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    """Genes with the same symbol in two organisms, in two cases, and with shared aliases."""
    folder = tmp_path_factory.mktemp("named")
    facts: list[Fact] = []
    genes = {1: ("APP", "9606"), 2: ("App", "10090"), 3: ("AKT1", "9606"), 4: ("abc", "9606"), 5: ("ABC", "9606")}
    for n, (label, taxon) in genes.items():
        facts += [
            (f"ncbigene:{n}", "rdf:type", "pfo:Gene"),
            (f"ncbigene:{n}", "rdfs:label", (label,)),
            (f"ncbigene:{n}", "obo:RO_0002162", f"obo:NCBITaxon_{taxon}"),
        ]
    facts += figure_facts("PMC1__f1", title="All", year=2020)
    reads = [Read("g", f"ncbigene:{n}", label, label) for n, (label, _) in genes.items()]
    reads += [Read("g", "ncbigene:3", "PKB", "PKB", "ncbigene_synonym")]
    reads += [Read("g", f"ncbigene:{n}", "shared", "shared", "ncbigene_synonym") for n in (3, 4)]
    reads += [Read("g", f"ncbigene:{n}", "FAM", "FAM", "famplex_relations") for n in (1, 3)]
    for number, read in enumerate(reads):
        facts += mention_facts("PMC1__f1", number, read)
    facts += [(f"lex:{name}", "pfo:strictness", (level,)) for name, level in LEXICONS.items() if level]
    with closing(prepare(write_graph(facts, folder / "named.nt"), cache=folder / "cache")) as made:
        yield Index(made.index)


def drawn(data: Path, organism: str, strictness: str) -> dict[str, set[str]]:
    """Of each figure, the genes of an organism that are read in it so strictly, by SPARQL and plain sets."""
    of = f"?g obo:RO_0002162 obo:NCBITaxon_{organism} ." if organism else ""
    rows = asked(data, f"SELECT ?id ?g ?l {{ ?m oa:hasBody ?g ; oa:hasTarget/dcterms:identifier ?id ; pfo:lexicon ?l . "
        f"?g a pfo:Gene . {of} }}")  # fmt: skip
    found: dict[str, set[str]] = {}
    for figure, gene, lexicon in rows:
        level = LEXICONS[lexicon.rpartition("/")[2]] or "all"
        if LEVELS.index(level) <= LEVELS.index(strictness):
            found.setdefault(figure, set()).add(gene.rpartition("/")[2])
    return found


def exact(figures: Mapping[str, set[str]], asked_for: Sequence[str]) -> dict[str, tuple[int, Fraction, Fraction]]:
    """Overlap, p and q of each figure that overlaps, in fractions: sums of binomials, and the definition of q."""
    background = set().union(*figures.values())
    listed = set(asked_for) & background
    whole, drawn_ = len(background), len(listed)
    p = {}
    for figure, genes in figures.items():
        share, inside = len(genes & listed), len(genes)
        ways = sum(comb(inside, k) * comb(whole - inside, drawn_ - k) for k in range(share, min(inside, drawn_) + 1))
        p[figure] = Fraction(ways, comb(whole, drawn_))
    ordered = sorted(p.values())
    tests = len(ordered)
    q = {}
    for figure, value in p.items():
        q[figure] = min(Fraction(tests, place) * other for place, other in enumerate(ordered, 1) if other >= value)
    return {f: (len(genes & listed), p[f], min(Fraction(1), q[f])) for f, genes in figures.items() if genes & listed}


@pytest.mark.parametrize("organism", ["9606", "10090", ""])
@pytest.mark.parametrize("strictness", LEVELS)
@pytest.mark.parametrize("genes", [(1, 2, 3), (4, 8, 12, 16, 20), tuple(range(1, 31)), (57, 58, 59)])
def test_p_and_q_are_exact(
    index: Index, prepared: Prepared, genes: Sequence[int], organism: str, strictness: Strictness
) -> None:
    figures = drawn(prepared.data, organism, strictness)
    of = [n for n in genes if not organism or (n % 4 == 0) == (organism == "10090")]
    wanted = exact(figures, list(map(str, of)))
    result = index.gene_list([f"GEN{n}" for n in genes], organism=organism, strictness=strictness, size=500)
    assert {row.figure.id: row.overlap for row in result.rows.rows} == {f: told[0] for f, told in wanted.items()}
    for row in result.rows.rows:
        _, p, q = wanted[row.figure.id]
        assert row.p == pytest.approx(float(p), rel=1e-9)
        assert row.q == pytest.approx(float(q), rel=1e-9)
        assert row.genes == len(figures[row.figure.id])
        assert {gene.id for gene in row.shared} == figures[row.figure.id] & set(map(str, of))
    assert result.tested == len(figures)
    assert result.background == len(set().union(*figures.values()))
    assert {gene.id for gene in result.genes} == set(map(str, of))
    assert len(result.unknown) == len(genes) - len(of)


def test_there_is_something_to_test(index: Index) -> None:
    result = index.gene_list([f"GEN{n}" for n in range(1, 31)], organism="")
    assert result.rows.total > 50
    assert result.rows.rows[0].q <= result.rows.rows[-1].q
    assert 0 < result.rows.rows[0].p < 0.2


def test_the_background_in_words(index: Index) -> None:
    many = index.gene_list(["GEN1", "GEN2", "GEN3"]).background
    assert many > 10
    assert index.gene_list(["GEN1", "GEN2", "GEN3"]).background_name == (
        f"{many} human genes that are drawn in at least one figure of this graph (all mentions)"
    )
    told = index.gene_list(["GEN1", "GEN2", "GEN3"], organism="10090", strictness="strict").background_name
    assert "Mus musculus genes that are drawn" in told
    assert told.endswith("(official symbols only)")


@pytest.mark.parametrize("sort", ["q", "p", "overlap", "genes", "year"])
@pytest.mark.parametrize("descending", [None, True, False])
def test_sorting_and_pages(index: Index, sort: str, *, descending: bool | None) -> None:
    texts = [f"GEN{n}" for n in range(1, 20)]
    whole = index.gene_list(texts, organism="", sort=sort, descending=descending, size=500).rows
    values = [row.figure.year if sort == "year" else getattr(row, sort) for row in whole.rows]
    down = sort in ("overlap", "genes", "year") if descending is None else descending
    assert values == sorted(values, reverse=down)
    parts: list[ListedFigure] = []
    for page in range(1, -(-whole.total // 7) + 1):
        parts += index.gene_list(texts, organism="", sort=sort, descending=descending, page=page, size=7).rows.rows
    assert parts == list(whole.rows)


def test_symbols_of_the_organism_come_first(named: Index) -> None:
    def ids(*texts: str, organism: str = "9606") -> list[str]:
        return [gene.id for gene in named.gene_list([*texts, "x", "y", "z"], organism=organism).genes]

    assert ids("APP") == ids("app") == ids("App") == ids("1") == ["1"]
    assert ids("App", organism="10090") == ["2"]
    assert ids("App", organism="") == ["2"]
    assert ids("APP", organism="") == ["1"]
    assert ids("abc") == ["4"]
    assert ids("ABC") == ["5"]
    assert ids("PKB") == ids("pkb") == ids("AKT1", "PKB", "3") == ["3"]


def test_what_cannot_be_told(named: Index) -> None:
    result = named.gene_list(["Abc", "shared", "FAM", "nothing", "2", " AKT1 ", "AKT1"])
    assert result.asked == 6
    assert result.unknown == ("nothing", "2")
    assert {text: {gene.id for gene in genes} for text, genes in result.ambiguous} == {
        "Abc": {"4", "5"},
        "shared": {"3", "4"},
        "FAM": {"1", "3"},
    }
    assert [gene.id for gene in result.genes] == ["3"]
    assert {text for text, _ in named.gene_list(["app", "y", "z"], organism="").ambiguous} == {"app"}


@pytest.mark.parametrize("texts", [[], ["a"], ["a", "b"], ["a", " a", "a ", "b"], [str(n) for n in range(501)]])
def test_too_few_and_too_many(named: Index, texts: list[str]) -> None:
    with pytest.raises(QueryError, match="3 to 500"):
        named.gene_list(texts)


def test_an_unknown_strictness(named: Index) -> None:
    with pytest.raises(QueryError, match="strictness"):
        named.gene_list(["a", "b", "c"], strictness="very")  # type: ignore[arg-type]


def test_nothing_known(named: Index) -> None:
    result = named.gene_list(["q1", "q2", "q3"], organism="4932")
    assert (result.genes, result.rows.total, result.background, result.tested) == ((), 0, 0, 0)
    assert len(result.unknown) == 3
