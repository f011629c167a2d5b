"""A figure to its nodes: paper, DOI, journal, image, mentions, and the entities that it mentions.

A node is a subject with its facts and the place in the record that they come from. Nodes that many
records share (genes, journals, taxa) are made here too, so that a record's own graph is complete; the
export merges them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from kg.record import KEYWORD_LEXICON, Entity, Figure, Mention, Organism, Paper
from kg.repair import licence_iri
from kg.taxa import TAXON_IDS, TAXON_NAMES
from kg.vocab import (
    DCTERMS_CITATION,
    DCTERMS_IDENTIFIER,
    DCTERMS_IS_PART_OF,
    DCTERMS_LICENSE,
    DCTERMS_PUBLISHER,
    DCTERMS_TITLE,
    DOCO_FIGURE,
    FABIO_ARTICLE,
    FABIO_JOURNAL,
    FABIO_JOURNAL_ABBREVIATION,
    FABIO_PMCID,
    FABIO_PMID,
    FABIO_YEAR,
    FOAF_DEPICTION,
    FOAF_IMAGE,
    FOAF_NAME,
    FOAF_ORGANIZATION,
    FOAF_PAGE,
    IN_TAXON,
    OA_ANNOTATION,
    OA_BODY,
    OA_TARGET,
    PREFIXES,
    PRISM_DOI,
    PRISM_KEYWORD,
    RDF_TYPE,
    RDFS_LABEL,
    RDFS_SEE_ALSO,
    SCHEMA_ARTICLE,
    SCHEMA_CREATOR,
    SCHEMA_DATASET,
    SCHEMA_DESCRIPTION,
    SCHEMA_GENE,
    SCHEMA_IMAGE,
    SCHEMA_LICENSE,
    SCHEMA_MENTIONS,
    SCHEMA_NAME,
    SCHEMA_ORGANIZATION,
    SKOS_ALT_LABEL,
    SKOS_CLOSE_MATCH,
    SKOS_CONCEPT,
    SKOS_CONCEPT_SCHEME,
    SKOS_EXACT_MATCH,
    SKOS_IN_SCHEME,
    SKOS_PREF_LABEL,
    WDT_DOI,
    WDT_ENTREZ,
    WDT_PMCID,
    WDT_PMID,
    WIKIPATHWAYS,
    WP_ORGANISM,
    WP_ORGANISM_NAME,
    XSD_DECIMAL,
    XSD_GYEAR,
    Names,
    Term,
    Triple,
    encode_local,
    integer,
    iri,
    literal,
    mention_iri,
    slug,
)

__all__ = [
    "IMAGE_URL",
    "LAYERS",
    "STRICTNESS",
    "Fact",
    "Linker",
    "Node",
    "NodeKind",
    "entity_iri",
    "label_of",
    "taxids_of",
    "taxon_iri",
]

NodeKind = Literal[
    "figure", "part", "paper", "image", "journal", "publisher", "agent",
    "gene-mention", "chemical-mention", "disease-mention", "organism-evidence",
    "gene", "chemical", "disease", "taxon", "mapping", "lexicon", "scheme",
]  # fmt: skip

LAYERS: Final[dict[str, str]] = {
    "figure": "core", "part": "core", "paper": "core", "image": "core", "journal": "core",
    "publisher": "core", "agent": "core",
    "gene-mention": "genes", "organism-evidence": "genes",
    "chemical-mention": "chemicals", "disease-mention": "diseases",
    "gene": "links", "chemical": "links", "disease": "links", "taxon": "links", "mapping": "links",
    "lexicon": "links", "scheme": "links",
    "dataset": "meta", "vocabulary": "meta",
}  # fmt: skip
"""The layer (file, or named graph) that the nodes of each kind stand in."""

IMAGE_URL: Final = "https://europepmc.org/articles/{pmcid}/bin/{filename}"
"""Where a figure's image is shown; NCBI's own `/bin/` addresses died in October 2024."""

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

Fact = tuple[Term, Term]


class Node(NamedTuple):
    """A subject with its facts (predicate, object), without duplicates.

    `rows` are the line numbers in the table `table` that the node comes from; both are empty for nodes
    that the front matter describes.
    """

    subject: Term
    kind: NodeKind
    facts: list[Fact]
    table: str = ""
    rows: tuple[int, ...] = ()


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


class Linker:
    """Makes the nodes of figures, under one base IRI and one image address template.

    Args:
        names: the project's own terms.
        image_url: template with `{pmcid}` and `{filename}`.
    """

    def __init__(self, names: Names | None = None, *, image_url: str = IMAGE_URL) -> None:
        self.names = names or Names()
        self.image_url = image_url
        pfo = self.names.pfo
        self._word, self._match, self._lexicon = pfo("word"), pfo("match"), pfo("lexicon")
        self._occurrences, self.figure_count = pfo("occurrences"), pfo("figureCount")
        self._mention_types = {
            kind: [(RDF_TYPE, OA_ANNOTATION), (RDF_TYPE, pfo(f"{name}Mention"))] for kind, name in _CLASS.items()
        }
        self._entity_types = {kind: (RDF_TYPE, pfo(name)) for kind, name in _CLASS.items()}
        self._keyword_type = (RDF_TYPE, pfo("KeywordMention"))
        self._lexicons: dict[str, Term] = {}

    def nodes(self, figure: Figure, subject: Term, stated: Iterable[Triple]) -> list[Node]:
        """All nodes of one record, the figure's own first.

        Args:
            figure: the record.
            subject: term of the figure.
            stated: triples that its JSON-LD states.
        """
        own, others = _split(stated, subject)
        nodes = [self._figure(figure, subject, own)]
        nodes += [Node(s, "part", facts) for s, facts in others.items()]
        nodes.append(self.paper(figure.paper))
        nodes += self._image(figure)
        nodes += self.journal_nodes(figure.paper)
        nodes += (self._mention(subject, mention, figure) for mention in figure.mentions)
        nodes += (self._evidence(subject, organism, figure) for organism in figure.organisms)
        nodes += self._entities(figure)
        nodes += self._taxa(figure)
        nodes += self._lexicon_nodes(figure)
        if any(fact == (SCHEMA_CREATOR, WIKIPATHWAYS) for fact in nodes[0].facts):
            nodes.append(wikipathways())
        return nodes

    def paper_iri(self, pmcid: str) -> Term:
        """The IRI of a paper, which is always known."""
        return Term(f"<https://identifiers.org/pmc/{pmcid}>")

    def _figure(self, figure: Figure, subject: Term, stated: list[Fact]) -> Node:
        pfo = self.names.pfo
        facts = list(stated)
        facts += ((RDF_TYPE, value) for value in (SCHEMA_DATASET, DOCO_FIGURE, pfo("PathwayFigure")))
        facts += [(DCTERMS_IDENTIFIER, literal(figure.figid)), (DCTERMS_IS_PART_OF, self.paper_iri(figure.pmcid))]
        licences = (licence_iri(value, subject) for predicate, value in stated if predicate == SCHEMA_LICENSE)
        facts += ((DCTERMS_LICENSE, value) for value in licences if value)
        facts += _texts(DCTERMS_TITLE, figure.title)
        facts += _missing(stated, SCHEMA_NAME, figure.title) + _missing(stated, SCHEMA_DESCRIPTION, figure.caption)
        facts += _texts(pfo("figureNumber"), figure.number) + _texts(pfo("figureType"), figure.figure_type)
        facts += _texts(pfo("figureAlias"), figure.alias)
        facts += ((pfo("annotation"), literal(text)) for text in figure.annotations)
        if figure.score:
            facts.append((pfo("pathwayScore"), literal(figure.score, XSD_DECIMAL)))
        facts += self._figure_links(figure)
        facts += self._figure_organisms(figure)
        facts += ((SCHEMA_MENTIONS, entity_iri(e.kind, e.ident)) for e in figure.entities)
        return Node(subject, "figure", list(dict.fromkeys(facts)))

    def _figure_links(self, figure: Figure) -> Iterator[Fact]:
        if figure.filename:
            yield FOAF_DEPICTION, self._image_iri(figure)
        if figure.page:
            yield FOAF_PAGE, iri(f"https://pmc.ncbi.nlm.nih.gov/{encode_local(figure.page)}")
        if figure.wpid:
            yield RDFS_SEE_ALSO, iri(f"https://identifiers.org/wikipathways/{figure.wpid}")
        if figure.ndex:
            yield RDFS_SEE_ALSO, iri(f"https://www.ndexbio.org/viewer/networks/{figure.ndex}")

    def _figure_organisms(self, figure: Figure) -> Iterator[Fact]:
        for name in (*figure.organism_names, *(o.name for o in figure.organisms if o.name)):
            yield WP_ORGANISM_NAME, literal(name)
        for taxid in _taxids(figure):
            yield WP_ORGANISM, taxon_iri(taxid)

    def _image_iri(self, figure: Figure) -> Term:
        filename = encode_local(figure.filename)
        return iri(self.image_url.replace("{pmcid}", figure.pmcid).replace("{filename}", filename))

    def _image(self, figure: Figure) -> list[Node]:
        if not figure.filename:
            return []
        return [Node(self._image_iri(figure), "image", [(RDF_TYPE, FOAF_IMAGE), (RDF_TYPE, SCHEMA_IMAGE)])]

    def paper(self, paper: Paper) -> Node:
        """The node of a paper."""
        facts: list[Fact] = [(RDF_TYPE, FABIO_ARTICLE), (RDF_TYPE, SCHEMA_ARTICLE)]
        facts += _texts(DCTERMS_TITLE, paper.title)
        if paper.year:
            facts.append((FABIO_YEAR, literal(paper.year, XSD_GYEAR)))
        facts += [(FABIO_PMCID, literal(paper.pmcid)), (WDT_PMCID, literal(paper.pmcid.removeprefix("PMC")))]
        facts.append((FOAF_PAGE, iri(f"https://europepmc.org/articles/{paper.pmcid}")))
        facts += _doi_facts(paper.doi) + _pmid_facts(paper.pmid)
        facts += _texts(DCTERMS_CITATION, paper.citation)
        facts += ((PRISM_KEYWORD, literal(word)) for word in paper.keywords)
        if journal := self._journal_iri(paper):
            facts.append((DCTERMS_IS_PART_OF, journal))
        if paper.publisher:
            facts.append((DCTERMS_PUBLISHER, self._publisher_iri(paper.publisher)))
        return Node(self.paper_iri(paper.pmcid), "paper", list(dict.fromkeys(facts)))

    def _journal_iri(self, paper: Paper) -> Term | None:
        """Journals go by NLM's abbreviation, which is one a journal; titles come in several spellings."""
        name = paper.journal_abbreviation or paper.journal
        return self.names.own(f"journal/{slug(name)}") if name else None

    def _publisher_iri(self, name: str) -> Term:
        return self.names.own(f"publisher/{slug(name)}")

    def journal_nodes(self, paper: Paper) -> Iterator[Node]:
        """The nodes of a paper's journal and publisher, where it names them."""
        if journal := self._journal_iri(paper):
            node = self.journal(journal, paper.journal or paper.journal_abbreviation)
            node.facts.extend(_texts(FABIO_JOURNAL_ABBREVIATION, paper.journal_abbreviation))
            yield node
        if paper.publisher:
            facts = [(RDF_TYPE, FOAF_ORGANIZATION), (FOAF_NAME, literal(paper.publisher))]
            yield Node(self._publisher_iri(paper.publisher), "publisher", facts)

    def journal(self, subject: Term, title: str) -> Node:
        """The node of a journal with its title."""
        return Node(subject, "journal", [(RDF_TYPE, FABIO_JOURNAL), (DCTERMS_TITLE, literal(title))])

    def _mention(self, figure_term: Term, mention: Mention, figure: Figure) -> Node:
        kind, word, match, ident, lexicon, rows = mention
        subject = mention_iri(figure_term, _LETTER[kind], word, match, ident, lexicon)
        facts = [*self._mention_types[kind], (OA_TARGET, figure_term), (self._word, literal(word))]
        if ident:
            facts.append((OA_BODY, entity_iri(kind, ident)))
        if match:
            facts.append((self._match, literal(match)))
        if lexicon:
            facts.append((self._lexicon, self._lexicon_iri(lexicon)))
            if lexicon.startswith(KEYWORD_LEXICON):
                facts.append(self._keyword_type)
        if len(rows) > 1:
            facts.append((self._occurrences, integer(len(rows))))
        node_kind: NodeKind = f"{kind}-mention"  # type: ignore[assignment]
        return Node(subject, node_kind, facts, figure.tables.get(f"{kind}s", ""), rows)

    def _lexicon_iri(self, name: str) -> Term:
        term = self._lexicons.get(name)
        if term is None:
            term = self._lexicons[name] = self.names.lexicon(name)
        return term

    def _evidence(self, figure_term: Term, organism: Organism, figure: Figure) -> Node:
        pfo = self.names.pfo
        facts = [
            (RDF_TYPE, pfo("OrganismEvidence")),
            (OA_TARGET, figure_term),
            (pfo("organism"), taxon_iri(organism.taxid)),
        ]
        for name, numbers in zip(
            ("directCount", "synonymCount", "matchCount"), zip(*organism.counts, strict=True), strict=True
        ):
            facts += ((pfo(name), integer(n)) for n in dict.fromkeys(numbers) if n is not None)
        subject = Term(f"{figure_term[:-1]}#t-{organism.taxid}>")
        return Node(subject, "organism-evidence", facts, figure.tables.get("genes", ""), (organism.row,))

    def _entities(self, figure: Figure) -> Iterator[Node]:
        """A node an entity; where a MeSH id is listed as chemical and as disease, only the first has the label."""
        labelled: set[str] = set()
        for entity in figure.entities:
            label = () if entity.ident in labelled else label_of(entity)
            labelled.add(entity.ident)
            node = self.entity(entity.kind, entity.ident, label, entity.maps, entity.taxa)
            yield node._replace(table=figure.tables.get(f"{entity.kind}s", ""), rows=(entity.row,))
            for local in (*entity.maps, entity.ident):
                if local.startswith("CHEBI_"):
                    yield chebi_mapping(local)

    def entity(self, kind: str, ident: str, labels: Iterable[str], maps: Iterable[str], taxa: Iterable[str]) -> Node:
        """The node of a gene, chemical or disease; the first label is its name, further ones are alternatives."""
        subject = entity_iri(kind, ident)
        facts: list[Fact] = [self._entity_types[kind]]
        facts += ((SKOS_ALT_LABEL if number else RDFS_LABEL, literal(label)) for number, label in enumerate(labels))
        if kind == "gene":
            facts += _gene_facts(ident)
            facts += ((IN_TAXON, taxon_iri(taxid)) for taxid in taxa)
        elif "_" not in ident:
            facts.append((SKOS_EXACT_MATCH, Term(f"<http://identifiers.org/mesh/{ident}>")))
        facts += ((SKOS_CLOSE_MATCH, _obo(local)) for local in maps)
        node_kind: NodeKind = kind  # type: ignore[assignment]
        return Node(subject, node_kind, facts)

    def _taxa(self, figure: Figure) -> Iterator[Node]:
        named = {organism.taxid: organism for organism in figure.organisms}
        for taxid in taxids_of(figure):
            organism = named.get(taxid)
            name = (organism.name if organism else "") or TAXON_NAMES.get(taxid, "")
            node = self.taxon(taxid, [name] if name else [], organism.groups if organism else ())
            rows = (organism.row,) if organism else ()
            yield node._replace(table=figure.tables.get("genes", "") if organism else "", rows=rows)

    def taxon(self, taxid: str, labels: Iterable[str], groups: Iterable[str]) -> Node:
        """The node of a taxon."""
        facts: list[Fact] = [(RDF_TYPE, self.names.pfo("Taxon"))]
        facts += ((SKOS_ALT_LABEL if number else RDFS_LABEL, literal(label)) for number, label in enumerate(labels))
        facts += ((self.names.pfo("organismGroup"), literal(group)) for group in groups)
        facts += (
            (SKOS_EXACT_MATCH, Term(f"<{address}{taxid}>"))
            for address in ("http://purl.uniprot.org/taxonomy/", "http://identifiers.org/taxonomy/")
        )
        return Node(taxon_iri(taxid), "taxon", facts)

    def _lexicon_nodes(self, figure: Figure) -> Iterator[Node]:
        used = dict.fromkeys(mention.lexicon for mention in figure.mentions if mention.lexicon)
        for name in used:
            yield self.lexicon(name)
        if used:
            yield self.scheme()

    def lexicon(self, name: str) -> Node:
        """The concept of a lexicon, with its strictness where that is known."""
        facts: list[Fact] = [(RDF_TYPE, SKOS_CONCEPT), (SKOS_PREF_LABEL, literal(name))]
        facts.append((SKOS_IN_SCHEME, self.names.own("lexicon")))
        if name.startswith(KEYWORD_LEXICON):
            facts.insert(1, (RDF_TYPE, self.names.pfo("KeywordLexicon")))
        if name in STRICTNESS:
            facts.append((self.names.pfo("strictness"), literal(STRICTNESS[name])))
        return Node(self._lexicon_iri(name), "lexicon", facts)

    def scheme(self) -> Node:
        """The scheme that all lexicons belong to."""
        facts = [
            (RDF_TYPE, SKOS_CONCEPT_SCHEME),
            (DCTERMS_TITLE, literal("Lexicons that words of figures were matched with")),
        ]
        return Node(self.names.own("lexicon"), "scheme", facts)


def label_of(entity: Entity) -> tuple[str, ...]:
    """The name of an entity as one record has it; a chemical or disease without one goes by the word read for it."""
    return entity.names or entity.words[:1]


def wikipathways() -> Node:
    """The creator of all records, stated once."""
    facts = [(RDF_TYPE, SCHEMA_ORGANIZATION), (SCHEMA_NAME, literal("WikiPathways"))]
    return Node(WIKIPATHWAYS, "agent", facts)


def chebi_mapping(local: str) -> Node:
    """ChEBI's own other spelling, for every ChEBI id that the graph uses."""
    number = local.removeprefix("CHEBI_")
    return Node(_obo(local), "mapping", [(SKOS_EXACT_MATCH, Term(f"<https://identifiers.org/chebi/CHEBI:{number}>"))])


@lru_cache(maxsize=65536)
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


@lru_cache(maxsize=1024)
def taxon_iri(taxid: str) -> Term:
    """The IRI of a taxon by its NCBI Taxonomy id."""
    return _obo(f"NCBITaxon_{taxid}")


def _taxids(figure: Figure) -> dict[str, None]:
    """Taxa of the gene table first, then of names whose id is known."""
    ids = [organism.taxid for organism in figure.organisms]
    ids += (TAXON_IDS[name] for name in figure.organism_names if name in TAXON_IDS)
    return dict.fromkeys(ids)


def taxids_of(figure: Figure) -> dict[str, None]:
    """All taxa that a record's nodes name: those of the figure, and those of genes that only keywords tell of."""
    return _taxids(figure) | dict.fromkeys(taxid for entity in figure.entities for taxid in entity.taxa)


def _split(stated: Iterable[Triple], subject: Term) -> tuple[list[Fact], Mapping[Term, list[Fact]]]:
    own: list[Fact] = []
    others: dict[Term, list[Fact]] = {}
    for s, p, o in stated:
        (own if s == subject else others.setdefault(s, [])).append((p, o))
    return own, others


def _texts(predicate: Term, text: str) -> list[Fact]:
    return [(predicate, literal(text))] if text else []


def _missing(stated: list[Fact], predicate: Term, text: str) -> list[Fact]:
    """What the JSON-LD should have said and did not."""
    return [] if any(known == predicate for known, _ in stated) else _texts(predicate, text)


def _doi_facts(doi: str) -> list[Fact]:
    """Every form in which others join on a DOI: as given, in capitals (Wikidata), as IRI as given and in lower case."""
    if not doi:
        return []
    local = encode_local(doi)
    return [
        (PRISM_DOI, literal(doi)),
        (WDT_DOI, literal(doi.upper())),
        (DCTERMS_IDENTIFIER, literal(f"doi:{doi}")),
        (SKOS_EXACT_MATCH, iri(f"https://doi.org/{local}")),
        (SKOS_EXACT_MATCH, iri(f"https://doi.org/{encode_local(doi.lower())}")),
    ]


def _pmid_facts(pmid: str) -> list[Fact]:
    if not pmid:
        return []
    addresses = (
        "https://identifiers.org/pubmed/",
        "http://rdf.ncbi.nlm.nih.gov/pubmed/",
        "http://purl.uniprot.org/pubmed/",
    )
    matches: list[Fact] = [(SKOS_EXACT_MATCH, Term(f"<{address}{pmid}>")) for address in addresses]
    return [(FABIO_PMID, literal(pmid)), (WDT_PMID, literal(pmid)), *matches]
