"""The index: the seed graph's exact figures, and a made graph's answers against SPARQL on the same database."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pytest

from kg.errors import QueryError
from kg.explorer.index.doubts import doubts, meanings
from kg.explorer.index.links import figure_links, paper_links
from kg.explorer.index.prepare import Prepared, prepare
from kg.explorer.index.reader import Index
from kg.explorer.model import KINDS, FigureFilter, FigureRow, Mention
from tests.explorer.graphs import LEXICONS, Read, asked, figure_facts, mention_facts, random_graph, write_graph

SEED: Final = "PMC12080488__ITT-14-523-g0004"
GENES: Final = ("1", "2", "3", "17", "60")
HOSTILE: Final = "<script>alert('x')</script> & \"q\" \\ %00 '; DROP TABLE figures; -- \u202e\ufdfa\U0001f9ec"


@pytest.fixture(scope="session")
def seed_prepared(seed_graph: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prepared]:
    made = prepare(seed_graph, cache=tmp_path_factory.mktemp("seed-explorer"))
    yield made
    made.close()


@pytest.fixture(scope="session")
def seed(seed_prepared: Prepared) -> Index:
    return Index(seed_prepared.index)


@pytest.fixture(scope="session")
def made_prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prepared]:
    folder = tmp_path_factory.mktemp("made-explorer")
    made = prepare(random_graph(folder / "made.nt"), cache=folder / "cache")
    yield made
    made.close()


@pytest.fixture(scope="session")
def made(made_prepared: Prepared) -> Index:
    return Index(made_prepared.index)


@pytest.fixture(scope="session")
def data(made_prepared: Prepared) -> Path:
    return made_prepared.data


def of_kind(mentions: tuple[Mention, ...], kind: str) -> list[Mention]:
    return [one for one in mentions if one.entity.kind == kind]


# The seed graph


def test_stat3_stands_in_the_seed_figure(seed: Index) -> None:
    found = seed.entity("gene", "6774")
    assert found is not None
    assert (found.label, found.figures, found.organism, found.organism_name) == ("STAT3", 1, "9606", "Homo sapiens")
    assert found.path == "/gene/6774"
    assert {link.label: link.url for link in found.links} == {
        "NCBI Gene": "https://www.ncbi.nlm.nih.gov/gene/6774",
        "WikiPathways": "https://www.wikipathways.org/search.html?query=STAT3",
        "UniProt": "https://www.uniprot.org/uniprotkb?query=xref%3Ageneid-6774",
    }
    page = seed.figures_of("gene", "6774", FigureFilter())
    assert [(row.id, row.year, row.genes, row.words, row.strictness) for row in page.rows] == [
        (SEED, 2025, 67, ("STAT3",), "strict")
    ]
    assert seed.figures_of("gene", "6774", FigureFilter(organism="10090")).total == 0
    assert [count.number for count in seed.strictness_of("gene", "6774")] == [1, 1, 1]


def test_the_seed_figure_has_67_genes(seed: Index) -> None:
    figure = seed.figure(SEED)
    assert figure is not None
    assert (figure.genes, figure.chemicals, figure.diseases) == (67, 2, 0)
    assert figure.number == "F4"
    assert figure.image.endswith("/PMC12080488/bin/ITT-14-523-g0004.jpg")
    assert figure.paper.doi == "10.2147/ITT.S485670"
    assert [link.label for link in figure.paper.links] == ["DOI", "PMC", "Europe PMC"]
    assert [one.id for one in figure.organisms] == ["9606"]
    mentions = seed.mentions(SEED)
    genes = of_kind(mentions, "gene")
    assert len({one.entity.id for one in genes}) == len(genes) == 67
    assert Counter(one.strictness for one in genes) == {"strict": 6, "synonyms": 21, "all": 40}
    assert {one.entity.label for one in of_kind(mentions, "chemical")} == {"methyl phosphate", "Tyrosine residue"}


def test_doubts_of_the_seed_figure(seed: Index) -> None:
    told = {(one.word, one.entity.label): one.doubts for one in seed.mentions(SEED)}
    assert told["STAT3", "STAT3"] == told["(IL-6", "IL6"] == told["Twist-1", "TWIST1"] == ()
    assert told["JUNB", "JUNB"] == ("JUNB stands for 2 genes here: JUNB, RNASEH2A.",)
    assert told["Cl", "C1R"] == (
        "Cl stands for 5 genes here: C1QA, C1QB, C1QC, C1R, C1S.",
        "Cl and C1 differ only in signs that reading mixes up, such as l, I and 1, or O and 0.",
        "Cl is short: 2 letters or fewer often are something else.",
    )
    assert "differ only in signs" in " ".join(told["Real", "MDN1"])


def test_what_the_home_page_shows_of_the_seeds(seed: Index, seed_prepared: Prepared) -> None:
    summary = seed.summary()
    genes = asked(seed_prepared.data, "SELECT ?g { ?g a pfo:Gene }")
    assert (summary.figures, summary.papers, summary.genes, summary.organisms) == (7, 6, len(genes), 2)
    assert len(genes) >= 82
    assert summary.example_gene == "6774"
    assert summary.newest[0].id == SEED
    assert sum(count.number for count in summary.genes_per_figure) == 7
    assert summary.top_organisms[0] == ("Homo sapiens", 6, "/organism/9606")
    mentions = asked(seed_prepared.data, "SELECT ?m { ?m a oa:Annotation }")
    assert summary.mentions == len(mentions) == 98
    assert sum(count.number for count in summary.lexicons) == 96, "two words have no identifier, and so no lexicon"


def test_words_without_an_identifier(seed: Index, seed_prepared: Prepared) -> None:
    rows = asked(
        seed_prepared.data,
        """SELECT ?id ?word { ?m pfo:word ?word ; oa:hasTarget/dcterms:identifier ?id
        FILTER NOT EXISTS { ?m oa:hasBody ?b } }""",
    )
    assert len(rows) == 2
    for figure, word in rows:
        assert word in [one.word for one in seed.unlinked(figure)]
    assert seed.unlinked(SEED) == seed.unlinked("none") == ()


def test_figure_counts_are_those_that_the_graph_states(seed: Index, seed_prepared: Prepared) -> None:
    stated = {(iri, int(n)) for iri, n in asked(seed_prepared.data, "SELECT ?e ?n { ?e pfo:figureCount ?n ; a ?c "
        "FILTER(?c IN (pfo:Gene, pfo:Chemical, pfo:Disease, pfo:Taxon)) }")}  # fmt: skip
    found = {(one.iri, one.figures) for kind in KINDS for one in seed.entities(kind, size=1000).rows}
    assert found == stated
    assert len(found) >= 93


def test_release_of_the_seeds(seed: Index, seed_prepared: Prepared) -> None:
    release = seed.release()
    stated = asked(seed_prepared.data, "SELECT ?d ?t ?v { ?d a dcat:Dataset ; void:triples ?t ; pav:version ?v }")
    assert [(release.iri, str(release.triples), release.version)] == stated
    assert release.license == "http://creativecommons.org/publicdomain/zero/1.0/"
    assert dict(release.facts)["Figures"] == "7"
    assert ("pfo:PathwayFigure", 7, "") in release.classes
    assert any(count.label == "pfo:word" and count.number >= 94 for count in release.properties)
    assert any(count.label.startswith("NCBI Gene") for count in release.linksets)


def test_a_paper_with_its_figures(seed: Index) -> None:
    paper = seed.paper("PMC99000001")
    assert paper is not None
    assert (paper.title, paper.year, paper.doi) == ("An example paper on hypoxia", 2021, "")
    assert [row.id for row in seed.figures_of_paper("PMC99000001")] == [
        "PMC99000001__made-g001",
        "PMC99000001__made-g002",
    ]


@pytest.mark.parametrize("kind", ["gene", "organism", "nothing"])
def test_what_the_graph_has_not(seed: Index, kind: str) -> None:
    assert seed.entity(kind, "0") is None
    assert seed.figures_of(kind, "0", FigureFilter()).total == 0  # type: ignore[arg-type]
    assert seed.words_of(kind, "0").total == seed.together(kind, "0", "gene").total == 0  # type: ignore[arg-type]
    assert seed.years_of(kind, "0") == seed.organisms_of(kind, "0") == ()  # type: ignore[arg-type]
    assert seed.figure("0") is None
    assert seed.mentions("0") == ()
    assert seed.neighbours("0") == seed.figures_of_paper("0") == ()
    assert seed.paper("0") is None
    assert seed.paper("") is None


# Against SPARQL on the same database


@pytest.mark.parametrize("gene", GENES)
@pytest.mark.parametrize("strictness", ["strict", "synonyms", "all"])
def test_figures_of_a_gene_as_sparql_finds_them(made: Index, data: Path, gene: str, strictness: str) -> None:
    levels = ["strict", "synonyms", "all"]
    trusted = {name for name, level in LEXICONS.items() if levels.index(level or "all") <= levels.index(strictness)}
    rows = asked(
        data,
        f"SELECT ?id ?lex {{ ?m oa:hasBody ncbigene:{gene} ; oa:hasTarget/dcterms:identifier ?id ; pfo:lexicon ?lex }}",
    )
    wanted = {id_ for id_, lexicon in rows if lexicon.rpartition("/")[2] in trusted}
    page = made.figures_of("gene", gene, FigureFilter(strictness=strictness, size=500))  # type: ignore[arg-type]
    assert {row.id for row in page.rows} == wanted
    assert page.total == len(page.rows) == len(wanted)
    counts = {count.label: count.number for count in made.strictness_of("gene", gene)}
    assert counts[strictness] == len(wanted)


def test_there_are_figures_to_compare(made: Index) -> None:
    found = [made.entity("gene", gene) for gene in GENES]
    assert [one is not None and one.figures > 2 for one in found] == [True] * len(GENES)
    assert made.summary().figures == 200


@pytest.mark.parametrize("gene", GENES)
def test_filters_as_sparql_applies_them(made: Index, data: Path, gene: str) -> None:
    wanted = {
        row[0]
        for row in asked(
            data,
            f"""SELECT DISTINCT ?id {{
        ?m oa:hasBody ncbigene:{gene} ; oa:hasTarget ?f . ?f dcterms:identifier ?id ; wp:organism obo:NCBITaxon_10090 ;
        dcterms:isPartOf/fabio:hasPublicationYear ?y
        FILTER(xsd:integer(STR(?y)) >= 2010 && xsd:integer(STR(?y)) <= 2018) }}""",
        )
    }
    found = made.figures_of("gene", gene, FigureFilter(organism="10090", first_year=2010, last_year=2018, size=500))
    assert {row.id for row in found.rows} == wanted
    assert all(2010 <= row.year <= 2018 and "Mus musculus" in row.organisms for row in found.rows)


@pytest.mark.parametrize(
    ("kind", "iri"), [("gene", "ncbigene:1"), ("chemical", "mesh:D000003"), ("disease", "obo:DOID_2")]
)
@pytest.mark.parametrize(("other", "class_"), [("gene", "Gene"), ("chemical", "Chemical"), ("disease", "Disease")])
def test_together_as_sparql_counts_it(made: Index, data: Path, kind: str, iri: str, other: str, class_: str) -> None:
    rows = asked(
        data,
        f"""SELECT ?o (COUNT(DISTINCT ?f) AS ?n) {{ ?m oa:hasBody {iri} ; oa:hasTarget ?f .
        ?x oa:hasTarget ?f ; oa:hasBody ?o . ?o a pfo:{class_} FILTER(?o != {iri}) }} GROUP BY ?o""",
    )
    wanted = {(entity, int(number)) for entity, number in rows if entity}
    id_ = iri.partition(":")[2]
    page = made.together(kind, id_, other, size=500)  # type: ignore[arg-type]
    assert {(row.entity.iri, row.shared) for row in page.rows} == wanted
    assert [row.shared for row in page.rows] == sorted((row.shared for row in page.rows), reverse=True)
    assert page.total == len(wanted)
    assert wanted or kind == other == "disease"


def test_together_with_organisms(made: Index, data: Path) -> None:
    rows = asked(
        data,
        """SELECT ?o (COUNT(DISTINCT ?f) AS ?n) { ?m oa:hasBody ncbigene:1 ; oa:hasTarget ?f .
        ?f wp:organism ?o } GROUP BY ?o""",
    )
    wanted = {(entity, int(number)) for entity, number in rows}
    assert {(row.entity.iri, row.shared) for row in made.together("gene", "1", "organism").rows} == wanted
    assert {count.number for count in made.organisms_of("gene", "1")} == {number for _, number in wanted}
    figures = asked(data, "SELECT ?f { ?f wp:organism obo:NCBITaxon_9606 }")
    assert made.figures_of("organism", "9606", FigureFilter()).total == len(figures) > 50


@pytest.mark.parametrize("gene", GENES)
def test_words_as_sparql_counts_them(made: Index, data: Path, gene: str) -> None:
    rows = asked(
        data,
        f"""SELECT ?w ?x ?l (COUNT(DISTINCT ?f) AS ?n) {{ ?m oa:hasBody ncbigene:{gene} ; oa:hasTarget ?f ;
        pfo:word ?w ; pfo:lexicon ?l OPTIONAL {{ ?m pfo:match ?x }} }} GROUP BY ?w ?x ?l""",
    )
    wanted = {(word, match, lexicon.rpartition("/")[2], int(n)) for word, match, lexicon, n in rows}
    page = made.words_of("gene", gene, size=500)
    assert {(row.word, row.match, row.lexicon, row.figures) for row in page.rows} == wanted
    assert page.total == len(wanted)
    assert [row.figures for row in page.rows] == sorted((row.figures for row in page.rows), reverse=True)


def test_mentions_as_sparql_finds_them(made: Index, data: Path) -> None:
    seen = 0
    for row in made.figures(wanted=FigureFilter(sort="genes", size=20)).rows:
        found = asked(
            data,
            f"""SELECT ?e ?w ?x ?o {{ ?m oa:hasTarget/dcterms:identifier "{row.id}" ; oa:hasBody ?e ;
            pfo:word ?w OPTIONAL {{ ?m pfo:match ?x }} OPTIONAL {{ ?m pfo:occurrences ?o }} }}""",
        )
        mentions = made.mentions(row.id)
        told = Counter((one.entity.iri, one.word, one.match, one.occurrences) for one in mentions)
        assert told == Counter((entity, word, match, int(times or 1)) for entity, word, match, times in found)
        assert row.genes == len({one.entity.id for one in mentions if one.entity.kind == "gene"})
        seen += len(mentions)
    assert seen > 200


def test_neighbours_as_sparql_counts_them(made: Index, data: Path) -> None:
    for row in made.figures(wanted=FigureFilter(sort="genes", size=5)).rows:
        rows = asked(
            data,
            f"""SELECT ?id (COUNT(DISTINCT ?g) AS ?n) {{ ?m oa:hasTarget/dcterms:identifier "{row.id}" ;
            oa:hasBody ?g . ?g a pfo:Gene . ?x oa:hasBody ?g ; oa:hasTarget/dcterms:identifier ?id
            FILTER(?id != "{row.id}") }} GROUP BY ?id""",
        )
        wanted = {id_: int(number) for id_, number in rows}
        near = made.neighbours(row.id, limit=10)
        assert [one.shared for one in near] == sorted(wanted.values(), reverse=True)[:10]
        assert all(wanted[one.id] == one.shared and len(one.shared_labels) == min(12, one.shared) for one in near)


def test_years_as_sparql_counts_them(made: Index, data: Path) -> None:
    rows = asked(
        data,
        """SELECT ?y (COUNT(DISTINCT ?f) AS ?n) { ?m oa:hasBody ncbigene:1 ; oa:hasTarget ?f .
        ?f dcterms:isPartOf/fabio:hasPublicationYear ?y } GROUP BY ?y ORDER BY ?y""",
    )
    years = made.years_of("gene", "1")
    assert [(count.label, str(count.number)) for count in years if count.number] == rows
    assert [int(count.label) for count in years] == list(range(int(rows[0][0]), int(rows[-1][0]) + 1))


# Sorting and paging


@pytest.mark.parametrize("sort", ["year", "title", "journal", "genes", "paper"])
@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("size", [1, 7, 50])
def test_pages_of_figures_make_up_the_whole(made: Index, sort: str, size: int, *, descending: bool) -> None:
    wanted = FigureFilter(sort=sort, descending=descending, size=1000)  # type: ignore[arg-type]
    whole = made.figures_of("gene", "1", wanted).rows
    assert len(whole) > 10
    parts: list[FigureRow] = []
    for number in range(1, -(-len(whole) // size) + 1):
        page = made.figures_of("gene", "1", FigureFilter(sort=sort, descending=descending, page=number, size=size))  # type: ignore[arg-type]
        assert (page.total, page.number, page.size) == (len(whole), number, size)
        parts += page.rows
    assert parts == list(whole)
    column: dict[str, Callable[[FigureRow], Any]] = {
        "title": lambda row: row.title.casefold(),
        "paper": lambda row: int(row.paper[3:]),
        "year": lambda row: row.year,
        "journal": lambda row: row.journal,
        "genes": lambda row: row.genes,
    }
    values = [column[sort](row) for row in whole]
    assert values == sorted(values, reverse=descending)


def test_a_page_beyond_the_last_is_empty(made: Index) -> None:
    page = made.figures_of("gene", "1", FigureFilter(page=10_000))
    assert (page.rows, page.total > 0) == ((), True)
    assert made.entities("gene", page=10_000).rows == ()
    assert made.words_of("gene", "1", page=10_000).rows == ()


@pytest.mark.parametrize("sort", ["figures", "label"])
@pytest.mark.parametrize("descending", [True, False])
def test_entities_are_sorted(made: Index, sort: str, *, descending: bool) -> None:
    rows = made.entities("gene", sort=sort, descending=descending, size=100).rows  # type: ignore[arg-type]
    values = [row.figures if sort == "figures" else row.label.casefold() for row in rows]
    assert len(rows) == 60
    assert values == sorted(values, reverse=descending)


def test_words_are_sorted(made: Index) -> None:
    for sort in ("word", "match", "lexicon"):
        values = [getattr(row, sort).casefold() for row in made.words_of("gene", "1", sort=sort, descending=False).rows]
        assert len(values) > 3
        assert values == sorted(values)


# Texts, threads, and broken files


def test_hostile_texts_survive(tmp_path: Path) -> None:
    figid = "PMC77__f.1"
    facts = figure_facts(figid, title=HOSTILE, year=2020, caption=f"caption {HOSTILE}", paper_title=HOSTILE)
    facts += [("ncbigene:5", "rdf:type", "pfo:Gene"), ("ncbigene:5", "rdfs:label", (HOSTILE,))]
    facts += mention_facts(figid, 1, Read("g", "ncbigene:5", HOSTILE, HOSTILE))
    with closing(prepare(write_graph(facts, tmp_path / "hostile.nt"), cache=tmp_path / "cache")) as prepared:
        index = Index(prepared.index)
    figure = index.figure(figid)
    assert figure is not None
    assert (figure.title, figure.caption) == (HOSTILE, f"caption {HOSTILE}")
    assert [(one.word, one.match, one.entity.label) for one in index.mentions(figid)] == [(HOSTILE,) * 3]
    assert index.words_of("gene", "5").rows[0].word == HOSTILE
    assert index.figures_of("gene", "5", FigureFilter()).rows[0].words == (HOSTILE,)
    assert {hit.kind for hit in index.search(HOSTILE)} == {"gene", "figure", "paper"}
    assert index.entity("gene", "5' OR 1=1 --") is None


def test_many_threads_get_the_same_answers(made: Index) -> None:
    wanted = made.figures_of("gene", "1", FigureFilter()), made.search("gen1"), made.together("gene", "1", "gene")
    found: list[object] = []

    def ask() -> None:
        for _ in range(5):
            found.append(  # noqa: PERF401 (as it comes)
                (made.figures_of("gene", "1", FigureFilter()), made.search("gen1"), made.together("gene", "1", "gene"))
            )

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 40
    assert all(one == wanted for one in found)


def test_a_file_that_is_no_index_is_told(tmp_path: Path, seed_prepared: Prepared) -> None:
    (tmp_path / "text.sqlite").write_text("no index", encoding="utf-8")
    (tmp_path / "cut.sqlite").write_bytes(seed_prepared.index.read_bytes()[:30_000])
    for name in ("text", "cut", "missing"):
        with pytest.raises(QueryError, match="bad-index"):
            Index(tmp_path / f"{name}.sqlite")


def test_an_empty_graph(tmp_path: Path) -> None:
    with closing(prepare(write_graph([], tmp_path / "empty.nt"), cache=tmp_path / "cache")) as prepared:
        index = Index(prepared.index)
    assert (index.summary().figures, index.summary().newest, index.summary().example_gene) == (0, (), "")
    assert index.figures(wanted=FigureFilter()).total == index.entities("gene").total == 0
    assert index.search("a") == []
    assert index.release().iri == ""


# Small parts


def test_meanings_are_of_one_figure() -> None:
    several = meanings(
        [("ASC", "412", "STS"), ("ASC", "29108", "PYCARD"), ("STS", "412", "STS"), ("STS", "412", "STS")]
    )
    assert several == {"ASC": ("STS", "PYCARD")}
    assert doubts("ASC", "ASC", several=several, gene=True) == ("ASC stands for 2 genes here: STS, PYCARD.",)


@pytest.mark.parametrize(
    ("word", "match"),
    [("IL-6", "IL6"), ("pSTAT3", "STAT3"), ("TGF-β", "TGFB"), ("YAP/TAZ", "TAZ"), ("p53", "P53"), ("x", "")],
)
def test_mild_changes_are_no_doubt(word: str, match: str) -> None:
    assert doubts(word, match, several={}, gene=False) == ()


@pytest.mark.parametrize(("word", "match"), [("Sc02", "SCO2"), ("lL6", "IL6"), ("CI", "C1")])
def test_look_alikes_are_doubts(word: str, match: str) -> None:
    assert f"{word} and {match} differ only in signs" in doubts(word, match, several={}, gene=False)[0]


def test_links_keep_signs_apart() -> None:
    links = paper_links("PMC1", '10.1/a b"<c>?#', "12")
    assert links[0].url == "https://doi.org/10.1/a%20b%22%3Cc%3E%3F%23"
    assert links[-1].url == "https://pubmed.ncbi.nlm.nih.gov/12/"
    shown = figure_links("https://pfocr.wikipathways.org/figures/x.html", "javascript:alert(1)",
        ["https://identifiers.org/wikipathways/WP4", "https://www.ndexbio.org/viewer/networks/1", "javascript:x"],
    )  # fmt: skip
    assert [link.label for link in shown] == ["Record at PFOCR", "WikiPathways WP4", "NDEx"]
