"""What figures share: genes, chemicals, diseases, taxa, lexicons, and how a word was matched to one of them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from kg.node import Fact, Form, MentionForm, Node, NodeKind
from kg.record import KEYWORD_LEXICON, Entity
from kg.vocab import (
    DCTERMS_IDENTIFIER,
    DCTERMS_TITLE,
    IN_TAXON,
    OA_ANNOTATION,
    OA_BODY,
    PREFIXES,
    RDF_TYPE,
    RDFS_LABEL,
    SCHEMA_GENE,
    SCHEMA_NAME,
    SCHEMA_ORGANIZATION,
    SKOS_ALT_LABEL,
    SKOS_CLOSE_MATCH,
    SKOS_CONCEPT,
    SKOS_CONCEPT_SCHEME,
    SKOS_EXACT_MATCH,
    SKOS_IN_SCHEME,
    SKOS_PREF_LABEL,
    WDT_ENTREZ,
    WIKIPATHWAYS,
    Names,
    Term,
    integer,
    literal,
    mention_digest,
)

__all__ = ["STRICTNESS", "Entities", "chebi_mapping", "entity_iri", "label_of", "taxon_iri", "wikipathways"]

STRICTNESS: Final = {
    "ncbigene_symbol": "strict", "hgnc_symbol": "strict",
    "ncbigene_synonym": "synonyms", "hgnc_alias_symbol": "synonyms", "hgnc_prev_symbol": "synonyms",
    "famplex_relations": "all", "bioentities_symbol": "all",
    "keyword_symbol": "all", "keyword_previous": "all", "keyword_alias": "all",
    "keyword_name": "strict", "keyword_synonym": "synonyms",
}  # fmt: skip
"""How strict a match by each lexicon is: official symbol or main name, synonym, or member of a family.

A gene's keyword is a symbol that PFOCR found by any of these, and does not tell by which: in the tables of the corpus
half of such genes are members of a family that was read. A chemical's or disease's keyword is the word itself.
"""

_LETTER: Final = {"gene": "g", "chemical": "c", "disease": "d"}
_CLASS: Final = {"gene": "Gene", "chemical": "Chemical", "disease": "Disease"}
_KEPT: Final = 1 << 14
"""Forms kept of each sort: the words and genes that most figures have."""


def _obo(local: str) -> Term:
    return Term(f"<{PREFIXES['obo']}{local}>")


@lru_cache(maxsize=65536)
def entity_iri(kind: str, ident: str) -> Term:
    """The IRI of a gene, chemical or disease by its local id.

    >>> entity_iri("chemical", "CHEBI_59761")
    '<http://purl.obolibrary.org/obo/CHEBI_59761>'
    """
    if kind == "gene":
        return Term(f"<{PREFIXES['ncbigene']}{ident}>")
    return _obo(ident) if "_" in ident else Term(f"<{PREFIXES['mesh']}{ident}>")


@lru_cache(maxsize=1024)
def taxon_iri(taxid: str) -> Term:
    """The IRI of a taxon by its NCBI Taxonomy id."""
    return _obo(f"NCBITaxon_{taxid}")


class Entities:
    """Makes the nodes of what figures share, under one base IRI; those met often are made once.

    Args:
        names: the project's own terms.
    """

    def __init__(self, names: Names) -> None:
        self.names = names
        pfo = names.pfo
        self._word, self._match, self._lexicon = pfo("word"), pfo("match"), pfo("lexicon")
        self._occurrences = pfo("occurrences")
        self._mention_types = {
            kind: ((RDF_TYPE, OA_ANNOTATION), (RDF_TYPE, pfo(f"{name}Mention"))) for kind, name in _CLASS.items()
        }
        self._types = {kind: (RDF_TYPE, pfo(name)) for kind, name in _CLASS.items()}
        self._keyword_type = (RDF_TYPE, pfo("KeywordMention"))
        self._patterns: dict[str, str] = {}
        self.mention = lru_cache(_KEPT)(self._make_mention)
        self.entity = lru_cache(_KEPT)(self._make_entity)
        self.taxon = lru_cache(1024)(self._make_taxon)
        self.lexicon = lru_cache(1024)(self._make_lexicon)
        self.scheme = _constant(
            names.own("lexicon"),
            "scheme",
            (RDF_TYPE, SKOS_CONCEPT_SCHEME),
            (DCTERMS_TITLE, literal("Lexicons that words of figures were matched with")),
        )
        self.lexicon_iri = lru_cache(1024)(names.lexicon)

    def _make_mention(
        self, kind: str, word: str, match: str, ident: str, lexicon: str, *, rows: int = 1
    ) -> MentionForm:
        """The form of a mention that stands in so many rows of its table."""
        facts: list[Fact] = [*self._mention_types[kind], (self._word, literal(word))]
        if ident:
            facts.append((OA_BODY, entity_iri(kind, ident)))
        if match:
            facts.append((self._match, literal(match)))
        if lexicon:
            facts.append((self._lexicon, self.lexicon_iri(lexicon)))
            if lexicon.startswith(KEYWORD_LEXICON):
                facts.append(self._keyword_type)
        if rows > 1:
            facts.append((self._occurrences, integer(rows)))
        pattern = " ".join((kind, *[predicate for predicate, _ in facts]))
        node_kind: NodeKind = f"{kind}-mention"  # type: ignore[assignment]
        local = f"#{_LETTER[kind]}-{mention_digest(word, match, ident, lexicon)}>"
        return MentionForm(node_kind, local, tuple(facts), self._patterns.setdefault(pattern, pattern))

    def _make_entity(
        self, kind: str, ident: str, labels: Iterable[str], maps: Iterable[str], taxa: Iterable[str]
    ) -> Node:
        """The node of a gene, chemical or disease; the first label is its name, further ones are alternatives."""
        facts: list[Fact] = [self._types[kind], *_labels(labels)]
        if kind == "gene":
            facts += _gene_facts(ident)
            facts += ((IN_TAXON, taxon_iri(taxid)) for taxid in taxa)
        elif ident.startswith("CHEBI_"):
            facts += chebi_mapping(ident).facts
        elif "_" not in ident:
            facts.append((SKOS_EXACT_MATCH, Term(f"<http://identifiers.org/mesh/{ident}>")))
        facts += ((SKOS_CLOSE_MATCH, _obo(local)) for local in maps)
        node_kind: NodeKind = kind  # type: ignore[assignment]
        form = Form(tuple(facts), (kind, ident, tuple(labels), (), tuple(maps), tuple(taxa)))
        return Node(entity_iri(kind, ident), node_kind, form.facts, form=form)

    def _make_taxon(self, taxid: str, labels: Iterable[str], groups: Iterable[str]) -> Node:
        """The node of a taxon."""
        facts: list[Fact] = [(RDF_TYPE, self.names.pfo("Taxon")), *_labels(labels)]
        facts += ((self.names.pfo("organismGroup"), literal(group)) for group in groups)
        facts += (
            (SKOS_EXACT_MATCH, Term(f"<{address}{taxid}>"))
            for address in ("http://purl.uniprot.org/taxonomy/", "http://identifiers.org/taxonomy/")
        )
        return _constant(taxon_iri(taxid), "taxon", *facts)

    def _make_lexicon(self, name: str) -> Node:
        """The concept of a lexicon, with its strictness where that is known."""
        facts: list[Fact] = [(RDF_TYPE, SKOS_CONCEPT), (SKOS_PREF_LABEL, literal(name))]
        facts.append((SKOS_IN_SCHEME, self.names.own("lexicon")))
        if name.startswith(KEYWORD_LEXICON):
            facts.insert(1, (RDF_TYPE, self.names.pfo("KeywordLexicon")))
        if name in STRICTNESS:
            facts.append((self.names.pfo("strictness"), literal(STRICTNESS[name])))
        return _constant(self.lexicon_iri(name), "lexicon", *facts)


def _constant(subject: Term, kind: NodeKind, *facts: Fact) -> Node:
    form = Form(facts)
    return Node(subject, kind, form.facts, form=form)


def _labels(labels: Iterable[str]) -> Iterable[Fact]:
    return ((SKOS_ALT_LABEL if number else RDFS_LABEL, literal(label)) for number, label in enumerate(labels))


def label_of(entity: Entity) -> tuple[str, ...]:
    """The name of an entity as one record has it; a chemical or disease without one goes by the word read for it."""
    return entity.names or entity.words[:1]


def wikipathways() -> Node:
    """The creator of all records, stated once."""
    return _WIKIPATHWAYS


_WIKIPATHWAYS: Final = _constant(
    WIKIPATHWAYS, "agent", (RDF_TYPE, SCHEMA_ORGANIZATION), (SCHEMA_NAME, literal("WikiPathways"))
)


@lru_cache(maxsize=_KEPT)
def chebi_mapping(local: str) -> Node:
    """ChEBI's own other spelling, for every ChEBI id that the graph uses."""
    other = Term(f"<https://identifiers.org/chebi/CHEBI:{local.removeprefix('CHEBI_')}>")
    return _constant(_obo(local), "mapping", (SKOS_EXACT_MATCH, other))


def _gene_facts(ident: str) -> tuple[Fact, ...]:
    number = literal(ident)
    spellings = (
        "http://identifiers.org/ncbigene/",
        "http://purl.uniprot.org/geneid/",
        "http://rdf.ncbi.nlm.nih.gov/pubchem/gene/GID",
        "https://www.ncbi.nlm.nih.gov/gene/",
    )
    matches = ((SKOS_EXACT_MATCH, Term(f"<{address}{ident}>")) for address in spellings)
    return ((RDF_TYPE, SCHEMA_GENE), (DCTERMS_IDENTIFIER, number), (WDT_ENTREZ, number), *matches)
