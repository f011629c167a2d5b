"""A figure to its nodes: paper, DOI, journal, image, mentions, and the entities that it mentions.

A node is a subject with its facts and the place in the record that they come from. Nodes that many
records share (genes, journals, taxa) are made here too, so that a record's own graph is complete; the
export merges them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import Final

from kg.entities import Entities, chebi_mapping, taxon_iri, wikipathways
from kg.expand import Stated
from kg.node import Fact, Form, Groups, Linked, Mentions, Node
from kg.record import Figure, Organism, Paper
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
    OA_TARGET,
    PRISM_DOI,
    PRISM_KEYWORD,
    RDF_TYPE,
    RDFS_SEE_ALSO,
    SCHEMA_ARTICLE,
    SCHEMA_CREATOR,
    SCHEMA_DATASET,
    SCHEMA_DESCRIPTION,
    SCHEMA_IMAGE,
    SCHEMA_LICENSE,
    SCHEMA_MENTIONS,
    SCHEMA_NAME,
    SKOS_EXACT_MATCH,
    WDT_DOI,
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
    slug,
)

__all__ = ["IMAGE_URL", "Linker", "taxids_of"]

IMAGE_URL: Final = "https://europepmc.org/articles/{pmcid}/bin/{filename}"
"""Where a figure's image is shown; NCBI's own `/bin/` addresses died in October 2024."""

_JOURNALS: Final = 1 << 13


class Linker:
    """Makes the nodes of figures, under one base IRI and one image address template.

    Args:
        names: the project's own terms.
        image_url: template with `{pmcid}` and `{filename}`.
    """

    def __init__(self, names: Names | None = None, *, image_url: str = IMAGE_URL) -> None:
        self.names = names or Names()
        self.image_url = image_url
        self.entities = Entities(self.names)
        self._figure_class = self.names.pfo("PathwayFigure")
        self.figure_count = self.names.pfo("figureCount")
        self._journal = lru_cache(_JOURNALS)(self._make_journal)
        self.publisher = lru_cache(_JOURNALS)(self._make_publisher)

    def link(self, figure: Figure, subject: Term, stated: Stated) -> Linked:
        """The nodes of one record.

        Args:
            figure: the record.
            subject: term of the figure.
            stated: what its JSON-LD states.
        """
        entities = self._entities(figure)
        facts = self._figure(figure, subject, stated.own, entities)
        own = _parts(stated.others) if stated.others else []
        own += self._image(figure)
        own += [self._evidence(subject, organism, figure) for organism in figure.organisms]
        shared = [*self.journal_nodes(figure.paper), *entities, *self._taxa(figure), *self._lexicon_nodes(figure)]
        if WIKIPATHWAYS in facts.get(SCHEMA_CREATOR, ()):
            shared.append(wikipathways())
        return Linked(subject, facts, self.paper(figure.paper), own, self._mentions(figure, subject), shared)

    def _mentions(self, figure: Figure, subject: Term) -> list[Mentions]:
        form = self.entities.mention
        found = []
        for kind, of_kind in groupby(figure.mentions, key=itemgetter(0)):
            same = list(of_kind)
            forms = [form(*m[:5]) if len(m[5]) == 1 else form(*m[:5], rows=len(m[5])) for m in same]
            table = figure.tables.get(f"{kind}s", "")
            found.append(Mentions(subject, forms[0].kind, forms, table, [m[5] for m in same]))
        return found

    def paper_iri(self, pmcid: str) -> Term:
        """The IRI of a paper, which is always known."""
        return Term(f"<https://identifiers.org/pmc/{pmcid}>")

    def _figure(self, figure: Figure, subject: Term, stated: Groups, entities: list[Node]) -> Groups:
        pfo = self.names.pfo
        facts = dict(stated)
        _add(facts, RDF_TYPE, (SCHEMA_DATASET, DOCO_FIGURE, self._figure_class))
        _add(facts, DCTERMS_IDENTIFIER, (literal(figure.figid),))
        _add(facts, DCTERMS_IS_PART_OF, (self.paper_iri(figure.pmcid),))
        licences = [licence_iri(value, subject) for value in stated.get(SCHEMA_LICENSE, ())]
        _add(facts, DCTERMS_LICENSE, [value for value in licences if value])
        title = [literal(figure.title)] if figure.title else []
        _add(facts, DCTERMS_TITLE, title)
        # What the JSON-LD should have said and did not.
        facts.setdefault(SCHEMA_NAME, title)
        if SCHEMA_DESCRIPTION not in facts:
            facts[SCHEMA_DESCRIPTION] = [literal(figure.caption)] if figure.caption else []
        for name, text in (
            ("figureNumber", figure.number), ("figureType", figure.figure_type), ("figureAlias", figure.alias)
        ):  # fmt: skip
            if text:
                _add(facts, pfo(name), (literal(text),))
        _add(facts, pfo("annotation"), [literal(text) for text in figure.annotations])
        if figure.score:
            _add(facts, pfo("pathwayScore"), (literal(figure.score, XSD_DECIMAL),))
        for predicate, value in (*self._figure_links(figure), *self._figure_organisms(figure)):
            _add(facts, predicate, (value,))
        _add(facts, SCHEMA_MENTIONS, [node.subject for node in entities if node.kind != "mapping"])
        return {predicate: values for predicate, values in facts.items() if values}

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
        facts += (
            (DCTERMS_PUBLISHER if node.kind == "publisher" else DCTERMS_IS_PART_OF, node.subject)
            for node in self.journal_nodes(paper)
        )
        return Node(self.paper_iri(paper.pmcid), "paper", list(dict.fromkeys(facts)))

    def journal_iri(self, title: str, abbreviation: str) -> Term:
        """Journals go by NLM's abbreviation, which is one a journal; titles come in several spellings."""
        return self.names.own(f"journal/{slug(abbreviation or title)}")

    def publisher_iri(self, name: str) -> Term:
        """The IRI of a publisher by its name."""
        return self.names.own(f"publisher/{slug(name)}")

    def journal_nodes(self, paper: Paper) -> Iterator[Node]:
        """The nodes of a paper's journal and publisher, where it names them."""
        if paper.journal or paper.journal_abbreviation:
            yield self._journal(paper.journal, paper.journal_abbreviation)
        if paper.publisher:
            yield self.publisher(paper.publisher)

    def _make_journal(self, title: str, abbreviation: str) -> Node:
        node = self.journal(self.journal_iri(title, abbreviation), title or abbreviation)
        form = Form((*node.facts, *_texts(FABIO_JOURNAL_ABBREVIATION, abbreviation)))
        return node._replace(facts=form.facts, form=form)

    def journal(self, subject: Term, title: str) -> Node:
        """The node of a journal with its title."""
        return Node(subject, "journal", [(RDF_TYPE, FABIO_JOURNAL), (DCTERMS_TITLE, literal(title))])

    def _make_publisher(self, name: str) -> Node:
        form = Form(((RDF_TYPE, FOAF_ORGANIZATION), (FOAF_NAME, literal(name))))
        return Node(self.publisher_iri(name), "publisher", form.facts, form=form)

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

    def _entities(self, figure: Figure) -> list[Node]:
        """A node an entity; where a MeSH id is listed as chemical and as disease, only the first has the label."""
        node = self.entities.entity
        nodes: list[Node] = []
        labelled: set[str] = set()
        for kind, ident, names, words, maps, taxa, _, _ in figure.entities:
            if kind == "gene":
                nodes.append(node(kind, ident, names or words[:1], maps, taxa))
                continue
            nodes.append(node(kind, ident, () if ident in labelled else names or words[:1], maps, taxa))
            labelled.add(ident)
            nodes += [chebi_mapping(local) for local in maps if local.startswith("CHEBI_")]
        return nodes

    def _taxa(self, figure: Figure) -> Iterator[Node]:
        named = {organism.taxid: organism for organism in figure.organisms}
        for taxid in taxids_of(figure):
            organism = named.get(taxid)
            name = (organism.name if organism else "") or TAXON_NAMES.get(taxid, "")
            yield self.entities.taxon(taxid, (name,) if name else (), organism.groups if organism else ())

    def _lexicon_nodes(self, figure: Figure) -> Iterator[Node]:
        used = dict.fromkeys(mention.lexicon for mention in figure.mentions if mention.lexicon)
        for name in used:
            yield self.entities.lexicon(name)
        if used:
            yield self.entities.scheme


def _taxids(figure: Figure) -> dict[str, None]:
    """Taxa of the gene table first, then of names whose id is known."""
    ids = [organism.taxid for organism in figure.organisms]
    ids += (TAXON_IDS[name] for name in figure.organism_names if name in TAXON_IDS)
    return dict.fromkeys(ids)


def taxids_of(figure: Figure) -> dict[str, None]:
    """All taxa that a record's nodes name: those of the figure, and those of genes that only keywords tell of."""
    return _taxids(figure) | dict.fromkeys(taxid for entity in figure.entities for taxid in entity.taxa)


def _parts(triples: Iterable[Triple]) -> list[Node]:
    """The nodes that a record's JSON-LD describes besides its figure."""
    others: dict[Term, list[Fact]] = {}
    for subject, predicate, value in triples:
        others.setdefault(subject, []).append((predicate, value))
    return [Node(subject, "part", facts) for subject, facts in others.items()]


def _add(facts: Groups, predicate: Term, values: Sequence[Term]) -> None:
    """Add values, none twice."""
    known = facts.get(predicate)
    if known or len(values) > 1:
        facts[predicate] = list(dict.fromkeys((*(known or ()), *values)))
    elif values:
        facts[predicate] = list(values)


def _texts(predicate: Term, text: str) -> list[Fact]:
    return [(predicate, literal(text))] if text else []


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
