r"""Values of parameters: every spelling that people use becomes the right term; wrong ones are told what is wanted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pytest

import kg
from kg import QueryError
from kg.parameters import KINDS, resolve_values
from kg.savedqueries import TYPES, SavedQuery, load_queries, parse_query
from tests.small import write

GENE: Final = "https://identifiers.org/ncbigene/"
MESH: Final = "http://id.nlm.nih.gov/mesh/"
OBO: Final = "http://purl.obolibrary.org/obo/"
PMC: Final = "https://identifiers.org/pmc/"
PUBMED: Final = "http://rdf.ncbi.nlm.nih.gov/pubmed/"
FIGURES: Final = "https://pfocr.wikipathways.org/figures/"
PFO: Final = "https://w3id.org/pfocr-kg/vocab#"
LEXICON: Final = "https://w3id.org/pfocr-kg/lexicon/"

MADE: Final = f"""
PREFIX pfo: <{PFO}> PREFIX gene: <{GENE}> PREFIX mesh: <{MESH}> PREFIX obo: <{OBO}>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#> PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX dcterms: <http://purl.org/dc/terms/> PREFIX wdt: <http://www.wikidata.org/prop/direct/>

obo:NCBITaxon_9606 a pfo:Taxon ; rdfs:label "Homo sapiens" .
obo:NCBITaxon_10090 a pfo:Taxon ; rdfs:label "Mus musculus" .

# One symbol in two species, and another gene that is called so too: the label wins.
gene:1 a pfo:Gene ; rdfs:label "ABC1" ; pfo:figureCount 3 ; obo:RO_0002162 obo:NCBITaxon_9606 .
gene:2 a pfo:Gene ; rdfs:label "ABC1" ; pfo:figureCount 12 ; obo:RO_0002162 obo:NCBITaxon_10090 .
gene:3 a pfo:Gene ; rdfs:label "Xyz" ; skos:altLabel "ABC1", "DEF", "p38" .
gene:4 a pfo:Gene ; rdfs:label "DEF" ; pfo:figureCount 1 .
gene:5 a pfo:Gene ; rdfs:label "def" .
gene:6 a pfo:Gene ; rdfs:label "Ghi" ; skos:altLabel "only other", "shared" .
gene:7 a pfo:Gene ; rdfs:label "Jkl" ; skos:altLabel "shared", "XYZ" .
gene:8 a pfo:Gene ; rdfs:label "a,b \\"c\\" \\\\u0041" .
{"".join(f'gene:{900 + n} a pfo:Gene ; rdfs:label "MANY" ; pfo:figureCount {n} .' for n in range(13))}

mesh:D000544 a pfo:Disease ; rdfs:label "Alzheimer Disease" .
mesh:D005947 a pfo:Chemical ; rdfs:label "Glucose" ; skos:altLabel "dextrose" .
obo:CHEBI_17234 a pfo:Chemical ; rdfs:label "a-D-glucose" .

<{FIGURES}PMC1__f1.html> a pfo:PathwayFigure ; dcterms:identifier "PMC1__f1" ; pfo:figureAlias "PMC1__F1", "two" .
<{FIGURES}PMC1__f2.html> a pfo:PathwayFigure ; dcterms:identifier "PMC1__f2" ; pfo:figureAlias "two" .
<{PMC}PMC1> wdt:P356 "10.1234/ABC.DEF" ; wdt:P698 "4711" ; dcterms:identifier "PMC1__paper" .
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[kg.GraphStore]:
    folder = write(tmp_path_factory.mktemp("parameters"), {"made.ttl": MADE})
    with kg.open_store(folder / "made.ttl") as opened:
        yield opened


def asking(kind: str, *, optional: bool = False, default: str = "") -> SavedQuery:
    suffix = {"text": "", "doi": "", "wikipathway": "", "integer": "_integer"}.get(kind, "_iri")
    header = f"#+ types:\n#+   - v: {kind}\n" + (f"#+ defaults:\n#+   - v: {default}\n" if default else "")
    return parse_query(f"{header}SELECT (1 AS ?one) {{ ?s ?p ?{'__' if optional else '_'}v{suffix} }}", f"ask-{kind}")


LISTED: Final = parse_query("#+ types:\n#+   - v: gene list\nSELECT ?v { VALUES ?v { <urn:default> } }", "ask-list")


def resolved(store: kg.GraphStore, query: SavedQuery, /, **given: Any) -> list[str]:
    """The terms of `v` in N-Triples syntax."""
    return [str(term) for term in resolve_values(query, given, lambda text: store.query(text).terms()).get("v", [])]


def refused(store: kg.GraphStore, query: SavedQuery, /, **given: Any) -> kg.Problem:
    with pytest.raises(QueryError) as error:
        resolved(store, query, **given)
    return error.value.problem


# --- every accepted spelling

XSD_INTEGER: Final = "^^<http://www.w3.org/2001/XMLSchema#integer>"
SPELLINGS: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "gene": {
        f"<{GENE}6774>": (
            "6774", " 6774 ", "ncbigene:6774", "NCBIGene:6774", "NCBIGENE:6774", "geneid:6774", "GeneID:6774",
            "entrez:6774", f"{GENE}6774", f"<{GENE}6774>", "https://identifiers.org/ncbigene:6774",
            "http://identifiers.org/ncbigene/6774", "https://www.ncbi.nlm.nih.gov/gene/6774",
            "https://www.ncbi.nlm.nih.gov/gene/6774/", "http://purl.uniprot.org/geneid/6774",
        ),
        f"<{GENE}3>": ("Xyz", "xyz"),
        f"<{GENE}4>": ("DEF",),
        f"<{GENE}5>": ("def",),
        f"<{GENE}6>": ("Ghi", "GHI", "ghi", "only other", "ONLY OTHER", "  Ghi\n"),
        f"<{GENE}7>": ("XYZ", "JKL"),
        f"<{GENE}8>": ('a,b "c" \\u0041', 'A,B "C" \\U0041'),
        "<urn:my:gene>": ("urn:my:gene", "<urn:my:gene>"),
    },
    "chemical": {
        f"<{MESH}D005947>": (
            "D005947", "d005947", "mesh:D005947", "MeSH:D005947", "MESH:d005947", f"{MESH}D005947",
            f"https{MESH[4:]}D005947", "https://identifiers.org/mesh:D005947", "http://identifiers.org/mesh/D005947",
            "https://meshb.nlm.nih.gov/record/ui?ui=D005947", "Glucose", "GLUCOSE", "glucose", "dextrose", "Dextrose",
        ),
        f"<{MESH}C000001>": ("C000001",),
        f"<{OBO}CHEBI_17234>": (
            "CHEBI:17234", "chebi:17234", "ChEBI:17234", "CHEBI_17234", "chebi:CHEBI:17234", "obo:CHEBI_17234",
            f"{OBO}CHEBI_17234", "A-D-Glucose",
        ),
    },
    "disease": {
        f"<{MESH}D000544>": (
            "D000544", "mesh:D000544", "Alzheimer Disease", "ALZHEIMER DISEASE", "alzheimer disease",
            "https://meshb.nlm.nih.gov/record/ui?ui=D000544",
        ),
        f"<{OBO}DOID_10652>": ("DOID:10652", "doid:10652", "DOID_10652", "doid:DOID:10652", "obo:DOID_10652"),
    },
    "figure": {
        f"<{FIGURES}PMC1__f1.html>": (
            "PMC1__f1", "PMC1__f1.html", "PMC1__f1.md", "PMC1__F1", " PMC1__f1 ", f"{FIGURES}PMC1__f1.html",
            f"<{FIGURES}PMC1__f1.html>", "pfocr:PMC1__f1.html", "PFOCR:PMC1__f1.html",
        ),
    },
    "paper": {
        f"<{PMC}PMC1>": (
            "PMC1", "pmc1", "pmc:PMC1", "PMC:pmc1", f"{PMC}PMC1", f"<{PMC}PMC1>", "https://identifiers.org/pmc:PMC1",
            "https://www.ncbi.nlm.nih.gov/pmc/articles/PMC1/", "https://pmc.ncbi.nlm.nih.gov/articles/PMC1",
            "https://pmc.ncbi.nlm.nih.gov/articles/PMC1/", "https://europepmc.org/articles/PMC1",
            "10.1234/ABC.DEF", "10.1234/abc.def", "doi:10.1234/abc.DEF", "DOI: 10.1234/abc.def",
            "https://doi.org/10.1234/abc.def", "http://dx.doi.org/10.1234/ABC.def", "HTTPS://DOI.ORG/10.1234/abc.def",
            "4711", "pmid:4711", "PMID: 4711", "PMID:4711", "pubmed:4711", "https://pubmed.ncbi.nlm.nih.gov/4711/",
        ),
    },
    "taxon": {
        f"<{OBO}NCBITaxon_9606>": (
            "9606", "NCBITaxon:9606", "ncbitaxon:9606", "NCBITaxon_9606", "taxonomy:9606", "taxid:9606",
            "obo:NCBITaxon_9606", f"{OBO}NCBITaxon_9606", "http://purl.uniprot.org/taxonomy/9606",
            "https://identifiers.org/taxonomy:9606", "Homo sapiens", "homo sapiens", "HOMO SAPIENS",
        ),
    },
    "lexicon": {
        f"<{LEXICON}ncbigene_symbol>": (
            "ncbigene_symbol", "lex:ncbigene_symbol", "LEX:ncbigene_symbol", f"{LEXICON}ncbigene_symbol",
            f"<{LEXICON}ncbigene_symbol>",
        ),
    },
    "doi": {
        '"10.1234/ABC.DEF"': (
            "10.1234/ABC.DEF", "10.1234/abc.def", "doi:10.1234/abc.def", "DOI: 10.1234/abc.def",
            "https://doi.org/10.1234/abc.def", "http://doi.org/10.1234/abc.def", "https://dx.doi.org/10.1234/abc.def",
        ),
        '"10.1016/S0092-8674(00)1<1::AID>3.0;2-#"': ("10.1016/s0092-8674(00)1<1::aid>3.0;2-#",),
    },
    "pubmed": {
        f"<{PUBMED}4711>": (
            "4711", "pmid:4711", "PMID:4711", "PMID: 4711", "pubmed:4711", f"{PUBMED}4711", f"<{PUBMED}4711>",
            "https://pubmed.ncbi.nlm.nih.gov/4711/", "https://pubmed.ncbi.nlm.nih.gov/4711",
            "https://identifiers.org/pubmed:4711", "http://purl.uniprot.org/pubmed/4711",
        ),
    },
    "wikipathway": {
        '"WP4313"': (
            "WP4313", "wp4313", "WP4313_r12345", "wikipathways:WP4313", "https://www.wikipathways.org/pathways/WP4313",
            "https://www.wikipathways.org/pathways/WP4313.html", "https://www.wikipathways.org/instance/WP4313",
            "https://www.wikipathways.org/instance/WP4313_r12345", "https://identifiers.org/wikipathways:WP4313",
            "http://identifiers.org/wikipathways/WP4313_r99",
        ),
    },
    "iri": {
        f"<{PFO}Gene>": ("pfo:Gene", "PFO:Gene", f"{PFO}Gene", f"<{PFO}Gene>", f"  {PFO}Gene  ", "<pfo:Gene>"),
        "<http://www.w3.org/2004/02/skos/core#Concept>": ("skos:Concept",),
        "<urn:x:y>": ("urn:x:y", "<urn:x:y>"),
        "<https://example.org/a(b)'c;d,e%20f?g=h#i>": ("https://example.org/a(b)'c;d,e%20f?g=h#i",),
    },
    "text": {
        '"JAK/STAT"': ("JAK/STAT",),
        '" two  blanks "': (" two  blanks ",),
        '""': ("",),
        '" "': (" ",),
        '"pfo:Gene"': ("pfo:Gene",),
        '"a, b"': ("a, b",),
        r'"\"<x>\"\n\\"': ('"<x>"\n\\',),
    },
    "integer": {
        f'"20"{XSD_INTEGER}': ("20", " 20 ", "+20", "0020"),
        f'"-5"{XSD_INTEGER}': ("-5",),
        f'"0"{XSD_INTEGER}': ("0", "-0", "+0"),
        f'"{"9" * 18}"{XSD_INTEGER}': ("9" * 18,),
    },
}  # fmt: skip
CASES: Final = [
    (kind, value, term) for kind, terms in SPELLINGS.items() for term, values in terms.items() for value in values
]


@pytest.mark.parametrize(("kind", "value", "term"), CASES, ids=[f"{kind}-{value}" for kind, value, _ in CASES])
def test_every_spelling_becomes_the_term(kind: str, value: str, term: str, store: kg.GraphStore) -> None:
    assert resolved(store, asking(kind), v=value) == [term]


def test_every_type_has_spellings() -> None:
    assert set(SPELLINGS) == set(KINDS) == set(TYPES)
    assert (len(KINDS), len(CASES)) == (13, 172)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "text"])
def test_the_examples_of_the_messages_are_taken(kind: str, store: kg.GraphStore) -> None:
    """What people are told to write must work, or at most be unknown to this small graph."""
    examples = [example.strip("'") for example in KINDS[kind].example.split(", ")]
    for example in examples:
        try:
            (term,) = resolved(store, asking(kind), v=example)
        except QueryError as error:
            unknown: QueryError | None = error
        else:
            unknown = None
            assert term[0] in '<"'
        assert unknown is None or unknown.problem.code == "unknown-value"


def test_numbers_may_be_python_numbers(store: kg.GraphStore) -> None:
    assert resolved(store, asking("integer"), v=20) == [f'"20"{XSD_INTEGER}']
    assert resolved(store, asking("gene"), v=6774) == [f"<{GENE}6774>"]
    assert resolved(store, LISTED, v=[6774, "3717"]) == [f"<{GENE}6774>", f"<{GENE}3717>"]
    assert resolved(store, LISTED, v=6774) == [f"<{GENE}6774>"]


# --- wrong ones

WRONG: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "bad-value": {
        "gene": ("https://example.org/a b", "urn:x>", "ncbigene:67 74"),
        "figure": ("https://example.org/<x>", "pfocr:a b"),
        "paper": ("no paper", "10.12/short", "PMC", "doi:", "10.1234/a b"),
        "doi": ("10.1234", "10.12/x", "doi:", "PMC1", "10.1234/a b", "https://example.org/10.1234/x"),
        "pubmed": ("PMC1", "12a", "-1", "1.5"),
        "wikipathway": ("4313", "WP", "WPx", "Apoptosis", "WP4313 WP1"),
        "iri": ("Gene", "nobody:Gene", "example.org/x", "https://example.org/{x}", "_:b", "pfo: Gene"),
        "integer": ("1.5", "1e3", "ten", "0x10", "1 000", "1_000", "--1", "9" * 19, "\u0663", "+"),
        "lexicon": ("two words", "ncbigene-symbol!"),
        "text": ("\ud800",),
    },
    "unknown-value": {
        "gene": ("nothing", "ABC", "\u00b2"),
        "chemical": ("aspirin", "Xyz"),
        "disease": ("Glucose",),
        "taxon": ("Homo", "Rattus norvegicus"),
        "figure": ("PMC9__f9", "PMC1__paper", "pmc1__f1"),
        "paper": ("10.1234/unknown", "pmid:1", "99"),
    },
    "missing-parameter": {kind: ("", "  ") for kind in KINDS if kind != "text"},
}
WRONG_CASES: Final = [
    (code, kind, value) for code, kinds in WRONG.items() for kind, values in kinds.items() for value in values
]


@pytest.mark.parametrize(("code", "kind", "value"), WRONG_CASES, ids=[f"{k}-{v!a}" for _, k, v in WRONG_CASES])
def test_a_wrong_value_is_told_what_is_wanted(code: str, kind: str, value: str, store: kg.GraphStore) -> None:
    problem = refused(store, asking(kind), v=value)
    text = problem.text()
    assert problem.code == code
    assert KINDS[kind].wanted in text
    assert f"v={KINDS[kind].example.split(', ')[0]}" in problem.mend
    assert ("ask-" if code == "missing-parameter" else f"v={value.strip()!r}"[:40]) in problem.what


def test_all_wrong_values_are_tried() -> None:
    assert len(WRONG_CASES) == 82


def test_a_long_value_is_shown_in_part(store: kg.GraphStore) -> None:
    assert len(refused(store, asking("gene"), v="x" * 100_000).text()) < 400


# --- names


def test_a_label_wins_over_another_name_and_the_spelling_over_letter_case(store: kg.GraphStore) -> None:
    assert resolved(store, asking("gene"), v="DEF") == [f"<{GENE}4>"]
    assert resolved(store, asking("gene"), v="def") == [f"<{GENE}5>"]
    assert resolved(store, asking("gene"), v="p38") == [f"<{GENE}3>"]
    assert refused(store, asking("gene"), v="Def").code == "ambiguous-value"


def test_several_hits_are_listed_with_organism_and_figures(store: kg.GraphStore) -> None:
    problem = refused(store, asking("gene"), v="ABC1")
    assert problem.code == "ambiguous-value"
    assert problem.what == (
        f"v='ABC1' is the name of 2: {GENE}2 (ABC1, Mus musculus, 12 figures); {GENE}1 (ABC1, Homo sapiens, 3 figures)"
    )
    assert f"write v={GENE}2, or another" in problem.mend
    assert resolved(store, asking("gene"), v=f"{GENE}2") == [f"<{GENE}2>"]


def test_hits_by_other_names_are_listed_with_their_labels(store: kg.GraphStore) -> None:
    what = refused(store, asking("gene"), v="shared").what
    assert f"{GENE}6 (Ghi)" in what
    assert f"{GENE}7 (Jkl)" in what


def test_of_many_hits_ten_are_listed(store: kg.GraphStore) -> None:
    what = refused(store, asking("gene"), v="many").what
    assert "is the name of 13: " in what
    assert what.count(GENE) == 10
    assert what.count("and 3 more") == 1
    assert what.index(f"{GENE}912") < what.index(f"{GENE}911")


def test_an_alias_of_two_figures_is_ambiguous(store: kg.GraphStore) -> None:
    problem = refused(store, asking("figure"), v="two")
    assert problem.code == "ambiguous-value"
    assert f"{FIGURES}PMC1__f1.html" in problem.what
    assert f"{FIGURES}PMC1__f2.html" in problem.what


# --- missing, unknown, optional


def test_a_missing_parameter_is_named_with_what_it_takes(store: kg.GraphStore) -> None:
    for given in ({}, {"v": None}, {"v": ""}):
        problem = refused(store, asking("gene"), **given)
        assert problem.code == "missing-parameter"
        assert problem.text() == (
            "error[missing-parameter]: ask-gene needs v\n"
            "    why: it takes a gene: its symbol, NCBI Gene id, CURIE or IRI\n"
            "    mend: write v=STAT3"
        )


def test_an_unknown_parameter_is_told_those_that_are_known(store: kg.GraphStore) -> None:
    problem = refused(store, asking("gene"), v="6774", gen="x")
    assert problem.code == "unknown-parameter"
    assert "ask-gene has no parameter 'gen'" in problem.what
    assert "v (a gene: its symbol" in problem.why
    assert problem.mend == "`kg queries show ask-gene` tells more"
    none = refused(store, parse_query("ASK {}"), v=1)
    assert (none.what, none.why, none.mend) == ("the query has no parameter 'v'", "it takes none", "")


def test_a_default_is_taken_where_nothing_is_given(store: kg.GraphStore) -> None:
    query = asking("gene", default="Ghi")
    assert resolved(store, query) == resolved(store, query, v=None) == [f"<{GENE}6>"]
    assert resolved(store, query, v="Jkl") == [f"<{GENE}7>"]
    assert refused(store, query, v="").code == "missing-parameter"


def test_an_optional_parameter_is_lifted_by_an_empty_text(store: kg.GraphStore) -> None:
    query = asking("gene", optional=True, default="Ghi")
    assert resolved(store, query) == [f"<{GENE}6>"]
    assert resolved(store, query, v="") == []
    assert resolved(store, query, v="Jkl") == [f"<{GENE}7>"]
    assert resolved(store, asking("gene", optional=True)) == []
    assert resolved(store, asking("text", optional=True), v="") == []
    assert "?__v_iri" in query.bound({})


# --- lists


@pytest.mark.parametrize(
    "given",
    [
        "Ghi,Jkl,3717", " Ghi , Jkl ,3717,", "Ghi\nJkl\n3717\n", ["Ghi", "Jkl", "3717"], ("Ghi", "Jkl", 3717),
        "Ghi,Ghi,Jkl,ghi,ncbigene:3717,3717", ["Ghi", "GHI", "Jkl", "only other", "3717", f"{GENE}3717"],
    ],
    ids=str,
)  # fmt: skip
def test_a_list_is_text_with_commas_or_lines_or_a_list(given: Any, store: kg.GraphStore) -> None:
    assert resolved(store, LISTED, v=given) == [f"<{GENE}6>", f"<{GENE}7>", f"<{GENE}3717>"]


def test_a_name_with_a_comma_goes_into_a_list_as_an_item(store: kg.GraphStore) -> None:
    assert resolved(store, LISTED, v=['a,b "c" \\u0041', "Ghi"]) == [f"<{GENE}8>", f"<{GENE}6>"]


def test_an_empty_list_is_a_missing_parameter(store: kg.GraphStore) -> None:
    for given in ("", " , ", [], [""], None):
        problem = refused(store, LISTED, v=given)
        assert problem.code == "missing-parameter"
        assert "one or more of: a gene" in problem.why


def test_one_wrong_item_refuses_the_list(store: kg.GraphStore) -> None:
    problem = refused(store, LISTED, v="Ghi,nobody")
    assert (problem.code, "v='nobody'" in problem.what) == ("unknown-value", True)


def test_an_answer_takes_values_by_name_and_by_params(seed_graph: Any) -> None:
    with kg.open_store(seed_graph) as opened:
        by_name = opened.query("figures-for-gene", gene="STAT3").rows()
        by_params = opened.query("figures-for-gene", params={"gene": "ncbigene:6774"}).rows()
        listed = opened.query("figures-for-gene-list", genes="STAT3,JAK2").rows()
        again = opened.query("figures-for-gene-list", genes=["JAK2", "6774", "stat3"]).rows()
        assert by_name == by_params
        assert len(by_name) == 1
        assert listed == again
        assert len(listed) == 1


def test_the_defaults_of_shipped_queries_resolve_to_themselves(store: kg.GraphStore) -> None:
    """They are written as IRIs, so that no graph is needed to understand them."""
    queries = [query for query in load_queries().values() if any(p.default for p in query.parameters)]
    for query in queries:
        values = resolve_values(query, {}, lambda text: store.query(text).terms())
        assert query.bound(values) == query.with_defaults()
    assert len(queries) == 23
