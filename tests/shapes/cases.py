"""One minimal damage for every constraint of every shape, and the results that it must have.

A damage takes objects of one predicate away from one node of `base.ttl`, gives it others, or both. Its
`components` are all the constraints of its shape that it breaks; where another shape looks at the same
path, `twins` says what that one must report besides.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyoxigraph as ox

BASE_FILE: Final = Path(__file__).with_name("base.ttl")
BASE_TEXT: Final = BASE_FILE.read_text("utf-8")
_PREFIXES: Final = "".join(line + "\n" for line in BASE_TEXT.splitlines() if line.startswith("@prefix"))

_FIGURE: Final = "https://pfocr.wikipathways.org/figures/PMC100__x.1-g001.html"
NODES: Final = {
    "figure": f"<{_FIGURE}>",
    "image": "<https://europepmc.org/articles/PMC100/bin/x.1-g001.jpg>",
    "agent": "wd:Q7999828",
    "paper": "<https://identifiers.org/pmc/PMC100>",
    "journal": "<https://w3id.org/pfocr-kg/journal/j-test>",
    "publisher": "<https://w3id.org/pfocr-kg/publisher/test-press>",
    "gene-mention": f"<{_FIGURE}#g-0123456789ab>",
    "chemical-mention": f"<{_FIGURE}#c-0123456789ab>",
    "disease-mention": f"<{_FIGURE}#d-0123456789ab>",
    "keyword-mention": f"<{_FIGURE}#g-ba9876543210>",
    "evidence": f"<{_FIGURE}#t-9606>",
    "gene": "ncbigene:7157",
    "chemical": "mesh:D009569",
    "disease": "mesh:D009369",
    "taxon": "obo:NCBITaxon_9606",
    "lexicon": "lex:ncbigene_synonym",
    "keyword-lexicon": "lex:keyword_symbol",
    "lexicon-scheme": "<https://w3id.org/pfocr-kg/lexicon>",
    "dataset": "<https://w3id.org/pfocr-kg/dataset/1>",
}
"""A node of each class, by the name that the shapes of its properties begin with."""

WARNINGS: Final = {
    "paper-title-missing": "Warning",
    "figure-name-constant": "Warning",
    "figure-license": "Warning",
    "figure-score-range": "Warning",
    "gene-one-taxon": "Warning",
    "gene-symbol-missing": "Info",
}
"""Shapes whose breach leaves a record usable; all others are violations."""

UNREACHABLE: Final = {
    (shape, "MinCount"): "a node is found by its rdf:type, so it always has one"
    for shape in ("figure-class", "gene-class", "image-class", "keyword-lexicon-class")
}
"""Constraints that no graph can break."""

ABSENT: Final = ("NA", "NaN", ".na.character", ".na", ".na.real")

Expected = frozenset[tuple[str, str]]
"""Pairs of shape and constraint component."""


@dataclass(frozen=True, slots=True)
class Case:
    """One damage: objects of `path` that `node` loses (`*` for all), those it gets, and what must be reported."""

    shape: str
    node: str
    path: str
    lose: str
    gain: str
    components: frozenset[str]
    twins: Expected = frozenset()

    @property
    def expected(self) -> Expected:
        """All pairs of shape and component that the damaged graph must report."""
        return frozenset((self.shape, component) for component in self.components) | self.twins

    @property
    def id(self) -> str:
        """A name for the test's report."""
        return f"{self.shape} -{self.lose or 'nothing'} +{self.gain or 'nothing'}"


def triples(text: str) -> frozenset[str]:
    """The triples of Turtle text, which may use the prefixes of `base.ttl`, as lines of N-Triples."""
    return frozenset(
        f"{t.subject} {t.predicate} {t.object} ." for t in ox.parse(_PREFIXES + text, format=ox.RdfFormat.TURTLE)
    )


BASE: Final = triples(BASE_TEXT)


def term(text: str) -> str:
    """A Turtle term in N-Triples' spelling; `a` is rdf:type, as for a predicate."""
    place = f"<urn:s> {text} <urn:o>" if text == "a" else f"<urn:s> <urn:p> {text}"
    (line,) = triples(f"{place} .")
    _, predicate, value = line.removesuffix(" .").split(" ", 2)
    return predicate if text == "a" else value


def damaged(*cases: Case) -> str:
    """The base graph with some damages, as N-Triples."""
    graph = set(BASE)
    for case in cases:
        graph -= _lost(case)
        if case.gain:
            graph |= triples(f"{NODES[case.node]} {case.path} {case.gain} .")
    return "\n".join(sorted(graph)) + "\n"


def _lost(case: Case) -> frozenset[str]:
    if not case.lose:
        return frozenset()
    if case.lose == "*":
        start = f"{term(NODES[case.node])} {term(case.path)} "
        lost = frozenset(line for line in BASE if line.startswith(start))
    else:
        lost = triples(f"{NODES[case.node]} {case.path} {case.lose} .") & BASE
    assert lost, f"{case.id} takes away what is not there"
    return lost


def _text(
    shape: str,
    path: str,
    *,
    node: str = "",
    bad: str = "",
    more: str = "",
    required: bool = False,
    real_na: bool = False,
) -> Iterator[Case]:
    """Damages of a property whose values are text that says something.

    Args:
        shape: name of the shape.
        path: the predicate.
        node: key in `NODES`, where the shape's name does not begin with it.
        bad: text that the pattern refuses; empty where there is none.
        more: a good value beside which no other may stand; empty where any number may.
        required: whether there must be a value.
        real_na: whether "NA" may be the text.
    """
    node = node or shape.rpartition("-")[0]
    pattern = {"Pattern"} if bad else set()
    absent = set() if real_na else {"Not"}

    def case(lose: str, gain: str, *components: str) -> Case:
        return Case(shape, node, path, lose, gain, frozenset(components))

    if required:
        yield case("*", "", "MinCount")
    if more:
        yield case("", more, "MaxCount")
    yield case("*", "<https://example.net/thing>", "NodeKind", "Datatype", *pattern)
    yield case("*", '"2020-01-31"^^xsd:date', "Datatype", *pattern)
    yield case("*", '"none of this"@en', "Datatype", *pattern)
    yield case("*", '""', "MinLength", *absent, *pattern)
    if not real_na:
        for text in ABSENT:
            yield case("*", f'"{text}"', "Not", *pattern)
    if bad:
        yield case("*", f'"{bad}"', "Pattern")


def _link(
    shape: str, path: str, *, node: str = "", bad: str = "", stranger: str = "", more: str = "", required: bool = False
) -> Iterator[Case]:
    """Damages of a property whose values are IRIs.

    Args:
        shape: name of the shape.
        path: the predicate.
        node: key in `NODES`, where the shape's name does not begin with it.
        bad: an IRI that the pattern refuses; empty where there is no pattern.
        stranger: an IRI of the right form that is of no class; empty where the class is open.
        more: a good value beside which no other may stand; empty where any number may.
        required: whether there must be a value.
    """
    node = node or shape.rpartition("-")[0]
    others = ({"Pattern"} if bad else set()) | ({"Class"} if stranger else set())

    def case(lose: str, gain: str, *components: str) -> Case:
        return Case(shape, node, path, lose, gain, frozenset(components))

    if required:
        yield case("*", "", "MinCount")
    if more:
        yield case("", more, "MaxCount")
    yield case("*", '"some text"', "NodeKind", *others)
    yield case("*", "[]", "NodeKind", *others)
    if bad:
        yield case("*", bad, *others)
    if stranger:
        yield case("*", stranger, "Class")


def _number(shape: str, path: str, *, node: str = "", least: int = 0, single: bool = True) -> Iterator[Case]:
    """Damages of a property whose values are whole numbers from `least` on."""
    node = node or shape.rpartition("-")[0]
    if single:
        yield Case(shape, node, path, "", "70", frozenset({"MaxCount"}))
    yield Case(shape, node, path, "*", "70.5", frozenset({"Datatype"}))
    yield Case(shape, node, path, "*", '"70"', frozenset({"Datatype", "MinInclusive"}))
    yield Case(shape, node, path, "*", "<https://example.net/70>", frozenset({"Datatype", "MinInclusive"}))
    yield Case(shape, node, path, "*", str(least - 1), frozenset({"MinInclusive"}))


def _one(shape: str, node: str, path: str, lose: str, gain: str, *components: str, twins: str = "") -> Case:
    also = frozenset((name, component) for name, component in (twin.split("/") for twin in twins.split()))
    return Case(shape, node, path, lose, gain, frozenset(components), also)


def _figure() -> Iterator[Case]:
    yield _one("figure-class", "figure", "a", "doco:Figure", "", "HasValue")
    yield _one("figure-class", "figure", "a", "schema:Dataset", "", "HasValue")
    yield from _text("figure-identifier", "dcterms:identifier", more='"PMC100__F1"', required=True)
    yield from _text("figure-title", "dcterms:title", more='"Another title"', required=True)
    yield from _text("figure-name", "schema:name", more='"Another name"', required=True)
    yield _one("figure-name-constant", "figure", "schema:name", "*", '"CreativeWork"', "Not")
    yield from _text("figure-description", "schema:description", more='"Another caption"')
    yield from _link(
        "figure-paper", "dcterms:isPartOf", bad="<https://www.ncbi.nlm.nih.gov/pmc/articles/PMC100>",
        stranger="<https://identifiers.org/pmc/PMC999>", more="<https://identifiers.org/pmc/PMC101>", required=True,
    )  # fmt: skip
    yield from _link("figure-license", "dcterms:license", required=True)
    yield from _link("figure-license-iri", "schema:license", node="figure", bad="<file:///tmp/CC0>")
    yield from _link("figure-creator", "schema:creator")
    yield from _text("figure-keyword", "schema:keywords")
    yield from _link("figure-mentions", "schema:mentions", bad="<http://identifiers.org/ncbigene/7157>")
    yield from _link(
        "figure-depiction", "foaf:depiction", bad="<ftp://europepmc.org/x.jpg>",
        stranger="<https://europepmc.org/x.jpg>", more="<https://europepmc.org/articles/PMC100/bin/second.jpg>",
    )  # fmt: skip
    yield from _link(
        "figure-page", "foaf:page", bad="<https://pmc.ncbi.nlm.nih.gov/>",
        more="<https://pmc.ncbi.nlm.nih.gov/articles/PMC100/figure/F2/>",
    )  # fmt: skip
    yield from _text("figure-number", "pfo:figureNumber", more='"F2"')
    yield from _text("figure-kind", "pfo:figureType", more='"Scheme"')
    yield from _text("figure-alias", "pfo:figureAlias", more='"PMC100__F2"')
    out_of_range = "figure-score-range/MinInclusive figure-score-range/MaxInclusive"
    yield _one("figure-score", "figure", "pfo:pathwayScore", "", "0.5", "MaxCount")
    yield _one("figure-score", "figure", "pfo:pathwayScore", "*", '"0.75"^^xsd:double', "Datatype")
    yield _one("figure-score", "figure", "pfo:pathwayScore", "*", '"0.75"', "Datatype", twins=out_of_range)
    yield _one("figure-score-range", "figure", "pfo:pathwayScore", "*", "-0.001", "MinInclusive")
    yield _one("figure-score-range", "figure", "pfo:pathwayScore", "*", "1.001", "MaxInclusive")
    yield from _text("figure-annotation", "pfo:annotation")
    yield from _text("figure-organism-name", "wp:organismName", node="figure")
    yield from _link(
        "figure-organism", "wp:organism", bad="<http://purl.uniprot.org/taxonomy/9606>", stranger="obo:NCBITaxon_1"
    )
    yield from _link(
        "figure-see-also", "rdfs:seeAlso", node="figure", bad="<https://www.wikipathways.org/instance/WP1>"
    )
    yield from _text("agent-name", "schema:name", more='"PFOCR"', required=True)
    yield _one("image-class", "image", "a", "schema:ImageObject", "", "HasValue")


def _paper() -> Iterator[Case]:
    yield from _text("paper-title", "dcterms:title", more='"Another title"')
    yield _one("paper-title-missing", "paper", "dcterms:title", "*", "", "MinCount")
    year = "fabio:hasPublicationYear"
    yield _one("paper-year", "paper", year, "", '"2021"^^xsd:gYear', "MaxCount")
    yield _one("paper-year", "paper", year, "*", '"2020"', "Datatype")
    yield _one("paper-year", "paper", year, "*", '"12020"^^xsd:gYear', "Pattern")
    yield _one("paper-year", "paper", year, "*", "<https://example.net/2020>", "Datatype", "Pattern")
    yield from _text("paper-pmcid", "fabio:hasPubMedCentralId", bad="100", more='"PMC101"', required=True)
    yield from _text("paper-pmcid-digits", "wdt:P932", node="paper", bad="PMC100", more='"101"', required=True)
    yield from _link(
        "paper-page", "foaf:page", bad="<https://europepmc.org/article/PMC/PMC100>",
        more="<https://europepmc.org/articles/PMC101>", required=True,
    )  # fmt: skip
    yield from _text("paper-doi", "prism:doi", bad="https://doi.org/10.1000/Ab.1", more='"10.1000/Ab.2"')
    yield from _text("paper-doi-capitals", "wdt:P356", node="paper", bad="10.1000/Ab.1", more='"10.1000/AB.2"')
    yield from _text("paper-identifier", "dcterms:identifier", bad="10.1000/Ab.1", more='"doi:10.1000/Ab.2"')
    yield from _link("paper-exact-match", "skos:exactMatch", node="paper", bad="<https://doi.org/.na.character>")
    yield from _text("paper-pmid", "fabio:hasPubMedId", bad="PMID200", more='"201"')
    yield from _text("paper-pmid-wikidata", "wdt:P698", node="paper", bad="0200", more='"201"')
    yield from _text("paper-citation", "dcterms:bibliographicCitation", more='"Another citation"')
    yield from _text("paper-keyword", "prism:keyword")
    own = "https://w3id.org/pfocr-kg"
    yield from _link(
        "paper-journal", "dcterms:isPartOf", bad=f"<{own}/journal/J_Test>", stranger=f"<{own}/journal/unknown>",
        more=f"<{own}/journal/j-other>",
    )  # fmt: skip
    yield from _link(
        "paper-publisher", "dcterms:publisher", bad=f"<{own}/publisher/>", stranger=f"<{own}/publisher/unknown>",
        more=f"<{own}/publisher/other-press>",
    )  # fmt: skip
    yield from _text("journal-title", "dcterms:title", more='"Another title"', required=True)
    yield from _text("journal-alternative", "dcterms:alternative")
    yield from _text("journal-abbreviation", "fabio:hasNLMJournalTitleAbbreviation")
    yield from _text("publisher-name", "foaf:name", required=True)


def _mentions() -> Iterator[Case]:
    bodies = {
        "gene": ("<http://identifiers.org/ncbigene/7157>", "ncbigene:1", "ncbigene:4843"),
        "chemical": ("<http://id.nlm.nih.gov/mesh/mesh:D009569>", "mesh:D000001", "obo:CHEBI_59761"),
        "disease": ("obo:CHEBI_59761", "mesh:D000001", "obo:DOID_8893"),
    }
    for kind, (bad, stranger, more) in bodies.items():
        name = f"{kind}-mention"
        yield from _target(f"{name}-target")
        yield from _link(f"{name}-body", "oa:hasBody", bad=bad, stranger=stranger, more=more)
        yield from _text(f"{name}-word", "pfo:word", more='"another"', required=True, real_na=True)
        yield from _text(f"{name}-match", "pfo:match", more='"another"', real_na=True)
        second = "lex:mesh" if kind == "gene" else "lex:ncbigene_synonym"
        scheme = NODES["lexicon-scheme"]
        yield from _link(f"{name}-lexicon", "pfo:lexicon", bad=scheme, stranger="lex:unknown", more=second)
        yield from _number(f"{name}-occurrences", "pfo:occurrences", least=2)
    yield from _target("evidence-target")
    yield from _link(
        "evidence-organism", "pfo:organism", bad="<http://purl.uniprot.org/taxonomy/9606>",
        stranger="obo:NCBITaxon_1", more="obo:NCBITaxon_10090", required=True,
    )  # fmt: skip
    for count in ("direct", "synonym", "match"):
        yield from _number(f"evidence-{count}-count", f"pfo:{count}Count", node="evidence", single=False)


def _keywords() -> Iterator[Case]:
    """Damages of what is said of keywords only; the mention is a gene's, the lexicon one of all lexicons."""
    mention, lexicon = "keyword-mention", "keyword-lexicon"
    body, match, named = "oa:hasBody", "pfo:match", "pfo:lexicon"
    wrong = "gene-mention-body/Pattern gene-mention-body/Class"
    yield _one("keyword-mention-body", mention, body, "*", "", "MinCount")
    yield _one(
        "keyword-mention-body", mention, body, "", "ncbigene:4843", "MaxCount", twins="gene-mention-body/MaxCount"
    )
    for text in ('"some text"', "[]"):
        twins = f"gene-mention-body/NodeKind {wrong}"
        yield _one("keyword-mention-body", mention, body, "*", text, "NodeKind", twins=twins)
    yield _one("keyword-mention-match", mention, match, "*", "", "MinCount")
    yield _one("keyword-mention-lexicon", mention, named, "*", "", "MinCount")
    yield _one("keyword-mention-lexicon", mention, named, "*", "lex:mesh", "Class")
    yield _one(
        "keyword-mention-lexicon", mention, named, "*", "lex:unknown", "Class", twins="gene-mention-lexicon/Class"
    )
    yield _one(
        "keyword-mention-lexicon", mention, named, "*", '"keyword_alias"', "Class",
        twins="gene-mention-lexicon/NodeKind gene-mention-lexicon/Pattern gene-mention-lexicon/Class",
    )  # fmt: skip
    yield _one("keyword-lexicon-class", lexicon, "a", "skos:Concept", "", "HasValue")
    yield _one("keyword-lexicon-strictness", lexicon, "pfo:strictness", "*", "", "MinCount")


def _target(shape: str) -> Iterator[Case]:
    figures = "https://pfocr.wikipathways.org/figures"
    yield from _link(
        shape, "oa:hasTarget", bad=f"<{figures}/PMC100__x.1-g001.html#g-1>", stranger=f"<{figures}/PMC1__unknown.html>",
        more=f"<{figures}/PMC100__second.html>", required=True,
    )  # fmt: skip


def _entities() -> Iterator[Case]:
    yield _one("gene-class", "gene", "a", "schema:Gene", "", "HasValue")
    yield from _text("gene-symbol", "rdfs:label", more='"P53"')
    yield _one("gene-symbol-missing", "gene", "rdfs:label", "*", "", "MinCount")
    yield from _text("gene-alternative-symbol", "skos:altLabel", node="gene")
    yield from _text("gene-identifier", "dcterms:identifier", bad="ncbigene:7157", more='"4843"', required=True)
    yield from _text("gene-entrez", "wdt:P351", bad="07157", more='"4843"', required=True)
    yield from _link(
        "gene-taxon", "obo:RO_0002162", bad="<http://purl.uniprot.org/taxonomy/9606>", stranger="obo:NCBITaxon_1"
    )
    yield _one("gene-one-taxon", "gene", "obo:RO_0002162", "*", "", "MinCount")
    yield _one("gene-one-taxon", "gene", "obo:RO_0002162", "", "obo:NCBITaxon_10090", "MaxCount")
    spelling = "<http://purl.uniprot.org/geneid/7157>"
    yield from _spellings(
        "gene-exact-match",
        spelling,
        "<https://www.ncbi.nlm.nih.gov/gene/?term=7157>",
        more="<https://www.ncbi.nlm.nih.gov/gene/1>",
    )
    yield from _text("chemical-label", "rdfs:label", more='"NO"')
    yield from _text("chemical-alternative-label", "skos:altLabel", node="chemical")
    yield from _link(
        "chemical-close-match", "skos:closeMatch", node="chemical", bad="<https://identifiers.org/chebi/CHEBI:16480>"
    )
    yield from _link(
        "chemical-exact-match", "skos:exactMatch", node="chemical", bad="<https://identifiers.org/chebi/16480>",
        more="<http://identifiers.org/mesh/D000002>",
    )  # fmt: skip
    yield from _text("disease-label", "rdfs:label", more='"Neoplasms"')
    yield from _text("disease-alternative-label", "skos:altLabel", node="disease")
    yield from _link(
        "disease-close-match", "skos:closeMatch", node="disease", bad="<http://purl.obolibrary.org/obo/doid_162>"
    )
    yield from _link(
        "disease-exact-match", "skos:exactMatch", node="disease", bad="<http://identifiers.org/mesh/mesh:D009369>",
        more="<http://identifiers.org/mesh/D000002>",
    )  # fmt: skip
    yield from _text("taxon-label", "rdfs:label", more='"human"')
    yield from _text("taxon-alternative-label", "skos:altLabel", node="taxon")
    yield from _text("taxon-group", "pfo:organismGroup")
    spelling = "<http://purl.uniprot.org/taxonomy/9606>"
    yield from _spellings(
        "taxon-exact-match",
        spelling,
        "<https://identifiers.org/taxonomy/9606>",
        more="<http://identifiers.org/taxonomy/1>",
    )
    for entity in ("gene", "chemical", "disease", "taxon", "journal"):
        yield from _number(f"{entity}-figure-count", "pfo:figureCount", node=entity)


def _spellings(shape: str, spelling: str, bad: str, *, more: str) -> Iterator[Case]:
    """Damages of a fixed number of other spellings of an IRI: one lost, one too many, one replaced."""
    node = shape.partition("-")[0]
    yield _one(shape, node, "skos:exactMatch", spelling, "", "MinCount")
    yield _one(shape, node, "skos:exactMatch", "", more, "MaxCount")
    yield _one(shape, node, "skos:exactMatch", spelling, '"7157"', "NodeKind", "Pattern")
    yield _one(shape, node, "skos:exactMatch", spelling, "[]", "NodeKind", "Pattern")
    yield _one(shape, node, "skos:exactMatch", spelling, bad, "Pattern")


def _rest() -> Iterator[Case]:
    yield from _text("lexicon-label", "skos:prefLabel", more='"another"', required=True)
    yield from _link(
        "lexicon-scheme", "skos:inScheme", bad="lex:mesh", stranger="<https://example.net/lexicon>",
        more="<https://example.net/other/lexicon>", required=True,
    )  # fmt: skip
    yield _one("lexicon-strictness", "lexicon", "pfo:strictness", "", '"all"', "MaxCount")
    yield _one("lexicon-strictness", "lexicon", "pfo:strictness", "*", '"synonym"', "In")
    yield _one("lexicon-strictness", "lexicon", "pfo:strictness", "*", '"strict"@en', "In")
    yield from _text("lexicon-scheme-title", "dcterms:title", more='"Another title"', required=True)
    yield Case("dataset-triples", "dataset", "void:triples", "*", "", frozenset({"MinCount"}))
    yield from _number("dataset-triples", "void:triples")
    yield from _text("dataset-title", "dcterms:title", more='"Another title"', required=True)
    more = "<http://creativecommons.org/licenses/by/4.0/>"
    yield from _link("dataset-license", "dcterms:license", bad="<urn:CC0>", more=more, required=True)
    yield from _text("dataset-version", "pav:version", more='"2"', required=True)
    yield _one("dataset-issued", "dataset", "dcterms:issued", "", '"2026-02-01"^^xsd:date', "MaxCount")
    yield _one("dataset-issued", "dataset", "dcterms:issued", "*", '"2026-01-31"', "Datatype")
    yield from _link("dataset-source", "prov:wasDerivedFrom", bad="<file:///data/pfocr-database>", required=True)
    own = "https://w3id.org/pfocr-kg/dataset/1"
    yield from _link(
        "dataset-activity", "prov:wasGeneratedBy", stranger=f"<{own}#unknown>", more=f"<{own}#rerun>", required=True
    )


CASES: Final = tuple(case for part in (_figure, _paper, _mentions, _keywords, _entities, _rest) for case in part())
"""All damages."""


@dataclass(frozen=True, slots=True)
class Stray:
    """A node shape, and an IRI of a form that it refuses; `pattern` is False where it asks for no form."""

    shape: str
    node: str
    iri: str
    pattern: bool = True


_FIGURES: Final = "https://pfocr.wikipathways.org/figures"
STRAYS: Final = (
    Stray("FigureShape", "figure", f"<{_FIGURES}/PMC100__x>"),
    Stray("FigureShape", "figure", "<https://example.net/figures/PMC100__x.html>"),
    Stray("ImageShape", "image", "<file:///tmp/x.jpg>"),
    Stray("AgentShape", "agent", "", pattern=False),
    Stray("PaperShape", "paper", "<http://identifiers.org/pmc/PMC100>"),
    Stray("PaperShape", "paper", "<https://identifiers.org/pmc/100>"),
    Stray("JournalShape", "journal", "<https://w3id.org/pfocr-kg/journal/J%20Test>"),
    Stray("PublisherShape", "publisher", "<https://w3id.org/pfocr-kg/journal/test-press>"),
    Stray("GeneMentionShape", "gene-mention", f"<{_FIGURES}/PMC100__x.1-g001.html#c-0123456789ab0>"),
    Stray("ChemicalMentionShape", "chemical-mention", f"<{_FIGURES}/PMC100__x.1-g001.html#c-0123456789AB>"),
    Stray("DiseaseMentionShape", "disease-mention", f"<{_FIGURES}/PMC100__x.1-g001.html#d-0123>"),
    Stray("KeywordMentionShape", "keyword-mention", f"<{_FIGURES}/PMC100__x.1-g001.html#g-ba987654321>"),
    Stray("KeywordMentionShape", "keyword-mention", f"<{_FIGURES}/PMC100__x.1-g001.html#t-ba9876543210>"),
    Stray("OrganismEvidenceShape", "evidence", f"<{_FIGURES}/PMC100__x.1-g001.html#t-0>"),
    Stray("GeneShape", "gene", "<http://identifiers.org/ncbigene/7157>"),
    Stray("GeneShape", "gene", "<https://identifiers.org/ncbigene/NaN>"),
    Stray("ChemicalShape", "chemical", "<http://id.nlm.nih.gov/mesh/mesh:D009569>"),
    Stray("DiseaseShape", "disease", "<http://purl.obolibrary.org/obo/CHEBI_162>"),
    Stray("TaxonShape", "taxon", "<http://purl.uniprot.org/taxonomy/9606>"),
    Stray("LexiconShape", "lexicon", "<https://w3id.org/pfocr-kg/lexicon/a/b>"),
    Stray("KeywordLexiconShape", "keyword-lexicon", "<https://w3id.org/pfocr-kg/lexicon/ncbigene_symbol>"),
    Stray("KeywordLexiconShape", "keyword-lexicon", "<https://w3id.org/pfocr-kg/lexicon/keyword_2>"),
    Stray("LexiconSchemeShape", "lexicon-scheme", "<https://w3id.org/pfocr-kg/lexicons>"),
    Stray("DatasetShape", "dataset", "", pattern=False),
    Stray("ReleaseShape", "dataset", "<https://w3id.org/pfocr-kg/dataset/1/2>"),
)
"""For every node shape a node that is sound but for its own name."""

SHAPES_OF: Final = {
    "dataset": ("DatasetShape", "ReleaseShape"),
    "keyword-mention": ("GeneMentionShape", "KeywordMentionShape"),
    "keyword-lexicon": ("LexiconShape", "KeywordLexiconShape"),
}
"""Nodes of two classes, with the shapes of both."""


def renamed(stray: Stray, subject: str) -> str:
    """The base graph, and a copy of a node's facts under another name, as N-Triples."""
    start = f"{term(NODES[stray.node])} "
    copies = {f"{subject} {line.removeprefix(start)}" for line in BASE if line.startswith(start)}
    return "\n".join(sorted(BASE | copies)) + "\n"
