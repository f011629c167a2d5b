"""Records to triples of rdflib, their JSON-LD expanded by pyld: the second half of `plain.py`."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, unquote

from pyld import jsonld
from rdflib import RDF, RDFS, SKOS, XSD, Literal, Namespace, URIRef

from bench.peers.plain_read import ABSENT, Entity, Paper, Record, SkippedError
from kg.taxa import TAXON_IDS, TAXON_NAMES
from kg.tidy import tidy_title
from kg.vocab import BASE, FIGURE_BASE, PREFIXES

__all__ = [
    "LEX",
    "PFO",
    "Triple",
    "entity_iri",
    "entity_triples",
    "figure_iri",
    "figure_triples",
    "journal_iri",
    "journal_triples",
    "lexicon_triples",
    "paper_triples",
    "publisher_triples",
    "stated_triples",
    "taxids_of",
    "taxon_iri",
    "taxon_triples",
    "wikipathways_triples",
]

Triple = tuple[URIRef, URIRef, URIRef | Literal]

PFO, LEX = Namespace(f"{BASE}vocab#"), Namespace(f"{BASE}lexicon/")
DCTERMS, DOCO, FABIO, FOAF, OA, OBO = (
    Namespace(PREFIXES[prefix]) for prefix in ("dcterms", "doco", "fabio", "foaf", "oa", "obo")
)
PRISM, SCHEMA, WD, WDT, WP, MESH, NCBIGENE = (
    Namespace(PREFIXES[prefix]) for prefix in ("prism", "schema", "wd", "wdt", "wp", "mesh", "ncbigene")
)
WIKIPATHWAYS: Final = WD.Q7999828
CONTEXT: Final = Path(__file__).resolve().parents[2] / "kg" / "data" / "schemaorg.context.jsonld"
CONTEXT_URLS: Final = ("https://schema.org/", "http://schema.org/", "https://schema.org", "http://schema.org")
LETTERS: Final = {"gene": "g", "chemical": "c", "disease": "d"}
CLASSES: Final = {"gene": PFO.Gene, "chemical": PFO.Chemical, "disease": PFO.Disease}
GENE_SPELLINGS: Final = (
    "http://identifiers.org/ncbigene/",
    "http://purl.uniprot.org/geneid/",
    "http://rdf.ncbi.nlm.nih.gov/pubchem/gene/GID",
    "https://www.ncbi.nlm.nih.gov/gene/",
)
TAXON_SPELLINGS: Final = ("http://purl.uniprot.org/taxonomy/", "http://identifiers.org/taxonomy/")
CC: Final = "http://creativecommons.org/"
LICENSES: Final = {
    **dict.fromkeys(("CC0", "CC0-1.0", "CC0 1.0"), f"{CC}publicdomain/zero/1.0/"),
    **dict.fromkeys(("CC-BY-4.0", "CC BY 4.0"), f"{CC}licenses/by/4.0/"),
    **dict.fromkeys(("CC-BY-SA-4.0", "CC BY-SA 4.0"), f"{CC}licenses/by-sa/4.0/"),
}
STRICTNESS: Final = {
    **dict.fromkeys(("ncbigene_symbol", "hgnc_symbol", "keyword_name"), "strict"),
    **dict.fromkeys(("ncbigene_synonym", "hgnc_alias_symbol", "hgnc_prev_symbol", "keyword_synonym"), "synonyms"),
    **dict.fromkeys(("famplex_relations", "bioentities_symbol"), "all"),
    **dict.fromkeys(("keyword_symbol", "keyword_previous", "keyword_alias"), "all"),
}
ILLEGAL: Final = re.compile(r'[\x00-\x20<>"{}|\\^`\x7f-\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]')
BARE_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")


def iri(text: str) -> URIRef:
    """An IRI; only what is illegal in one is percent-encoded."""
    return URIRef(ILLEGAL.sub(lambda found: quote(found[0]), BARE_PERCENT.sub("%25", text)))


def local(text: str) -> str:
    """One part of an IRI, where `#`, `?` and brackets would end it or break it."""
    return str(iri(re.sub(r"[#?\[\]]", lambda found: quote(found[0]), BARE_PERCENT.sub("%25", text))))


def slug(name: str) -> str:
    """A readable part of an IRI; a hash keeps apart what ASCII cannot spell."""
    words = re.sub("[^a-z0-9]+", "-", name.lower()).strip("-")
    if words and name.isascii():
        return words
    return f"{words or 'x'}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def typed(text: object, datatype: URIRef) -> Literal:
    """A literal as it is spelt: rdflib would rewrite `0.0000001`."""
    return Literal(str(text), datatype=datatype, normalize=False)


def figure_iri(figid: str) -> URIRef:
    """The figure's IRI at PFOCR."""
    return iri(f"{FIGURE_BASE}{local(figid)}.html")


def paper_iri(pmcid: str) -> URIRef:
    """The paper's IRI."""
    return URIRef(f"https://identifiers.org/pmc/{pmcid}")


@cache
def taxon_iri(taxid: str) -> URIRef:
    """The taxon's IRI."""
    return OBO[f"NCBITaxon_{taxid}"]


@cache
def entity_iri(kind: str, ident: str) -> URIRef:
    """The IRI of a gene, chemical or disease."""
    if kind == "gene":
        return NCBIGENE[ident]
    return OBO[ident] if "_" in ident else MESH[ident]


@cache
def context() -> dict[str, Any]:
    """The schema.org context that ships with the package."""
    document: dict[str, Any] = json.loads(CONTEXT.read_text("utf-8"))
    return document


@cache
def addresses() -> frozenset[str]:
    """The keys whose texts the context takes for IRIs."""
    terms = context()["@context"].items()
    return frozenset(key for key, value in terms if isinstance(value, dict) and value.get("@type") == "@id") | {"@id"}


def with_encoded_addresses(node: dict[str, Any]) -> dict[str, Any]:
    """A node whose IRIs are legal ones: pyld leaves out every triple of one that is not (`CC BY 4.0`).

    Raises:
        SkippedError: one cannot be made legal, since its signs are in the wrong places.
    """
    made = dict(node)
    for key in addresses() & node.keys():
        items = node[key] if isinstance(node[key], list) else [node[key]]
        if any(isinstance(item, str) and re.search(r"[\[\]]|#.*#|^:", item) for item in items):
            raise SkippedError("an IRI that is none")
        made[key] = [str(iri(item)) if isinstance(item, str) else item for item in items]
        if not isinstance(node[key], list):
            (made[key],) = made[key]
    return made


def load(url: str, _options: object = None) -> dict[str, Any]:
    """Pyld's document loader: one context from disk, nothing else, and never from the network."""
    if url not in CONTEXT_URLS:
        raise jsonld.JsonLdError("not on disk", "jsonld.LoadDocumentError", {"url": url})
    # "static" lets pyld keep the processed context, which is most of the time it would take else.
    document = context()
    return {
        "contentType": "application/ld+json",
        "contextUrl": None,
        "documentUrl": url,
        "document": document,
        "tag": "static",
    }


def stated_triples(record: Record) -> list[Triple]:
    """What the record's JSON-LD states, its generator's constants put right.

    Raises:
        SkippedError: it is missing, is another figure's, or cannot be expanded.
    """
    subject = figure_iri(record.figid)
    nodes = record.jsonld if isinstance(record.jsonld, list) else [record.jsonld]
    own = next((n for n in nodes if isinstance(n, dict) and iri(str(n.get("@id", n.get("id", "")))) == subject), None)
    if own is None or "@context" not in own or not all(isinstance(node, dict) for node in nodes):
        raise SkippedError("no JSON-LD of this figure")
    base = str(own.get("@id", own.get("id")))
    try:
        dataset = jsonld.to_rdf(
            [with_encoded_addresses(node) for node in nodes], {"base": base, "documentLoader": load}
        )
    except jsonld.JsonLdError as error:
        raise SkippedError(error) from None
    quads = [quad for graph in dataset.values() for quad in graph]
    triples = [tuple(term(quad[part], subject) for part in ("subject", "predicate", "object")) for quad in quads]
    return list(repaired(triples, subject, base, record))  # type: ignore[arg-type]


def term(value: dict[str, str], subject: URIRef) -> URIRef | Literal:
    """A term of pyld's as one of rdflib's; blank nodes get an IRI under the figure."""
    if value["type"] == "IRI":
        return iri(value["value"])
    if value["type"] == "blank node":
        return URIRef(f"{subject}#{value['value'].removeprefix('_:')}")
    datatype = value.get("datatype", str(XSD.string))
    if "language" in value:
        return Literal(value["value"], lang=value["language"])
    return typed(value["value"], URIRef(datatype)) if datatype != str(XSD.string) else Literal(value["value"])


def repaired(triples: list[Triple], subject: URIRef, base: str, record: Record) -> Iterator[Triple]:
    """The triples with name, creator, description, keywords and licence of the figure put right."""
    called = Literal("WikiPathways")
    creators = {s for s, p, o in triples if p == SCHEMA.name and o == called and s.startswith(f"{subject}#b")}
    for s, p, o in triples:
        if s in creators:
            continue
        if s != subject:
            yield s, p, o
        elif p == SCHEMA.creator:
            yield s, p, WIKIPATHWAYS if o in creators else o
        elif p == SCHEMA.license:
            yield licence(s, o, base)
        elif p == SCHEMA.name and o == Literal("CreativeWork"):
            yield from texts(s, p, record.texts["title"])
        elif p == SCHEMA.description and isinstance(o, Literal):
            text = tidy_title(str(o))
            yield from texts(s, p, "" if text in ABSENT else text)
        elif p != SCHEMA.keywords or str(o) not in ABSENT:
            yield s, p, o


def licence(subject: URIRef, value: URIRef | Literal, base: str) -> Triple:
    """`CC0` was resolved against the record's own folder: its IRI, or the text of an unknown one."""
    folder = base.rpartition("/")[0] + "/"
    if isinstance(value, URIRef) and not value.startswith(folder):
        return subject, SCHEMA.license, value
    code = unquote(value.removeprefix(folder)) if isinstance(value, URIRef) else str(value)
    if code in LICENSES:
        return subject, SCHEMA.license, iri(LICENSES[code])
    return subject, DCTERMS.rights, Literal(code)


def texts(subject: URIRef, predicate: URIRef, text: str) -> Iterator[Triple]:
    """A triple where there is a text."""
    if text:
        yield subject, predicate, Literal(text)


def figure_triples(record: Record) -> Iterator[Triple]:
    """The figure, its image, mentions and organism evidence."""
    subject = figure_iri(record.figid)
    stated = stated_triples(record)
    yield from stated
    for kind in (SCHEMA.Dataset, DOCO.Figure, PFO.PathwayFigure):
        yield subject, RDF.type, kind
    yield subject, DCTERMS.identifier, Literal(record.figid)
    yield subject, DCTERMS.isPartOf, paper_iri(record.paper.pmcid)
    yield from ((s, DCTERMS.license, o) for s, p, o in stated if s == subject and p == SCHEMA.license)
    said = {p for s, p, _ in stated if s == subject}
    yield from texts(subject, DCTERMS.title, record.texts["title"])
    for predicate, key in ((SCHEMA.name, "title"), (SCHEMA.description, "caption")):
        yield from texts(subject, predicate, "" if predicate in said else record.texts[key])
    yield from own_texts(record, subject)
    yield from figure_links(record, subject)
    yield from ((subject, SCHEMA.mentions, entity_iri(kind, ident)) for kind, ident in record.entities)
    yield from mention_triples(record, subject)
    yield from evidence_triples(record, subject)


def own_texts(record: Record, subject: URIRef) -> Iterator[Triple]:
    """Number, type, alias, score, annotations and organisms."""
    for predicate, key in ((PFO.figureNumber, "number"), (PFO.figureType, "figtype"), (PFO.figureAlias, "figid_alias")):
        yield from texts(subject, predicate, record.texts[key])
    if record.texts["score"]:
        yield subject, PFO.pathwayScore, typed(record.texts["score"], XSD.decimal)
    yield from ((subject, PFO.annotation, Literal(text)) for text in record.annotations)
    for name in [*record.named, *(organism.name for organism in record.organisms.values())]:
        yield from texts(subject, WP.organismName, name)
    for taxid in [*record.organisms, *(TAXON_IDS[name] for name in record.named if name in TAXON_IDS)]:
        yield subject, WP.organism, taxon_iri(taxid)


def figure_links(record: Record, subject: URIRef) -> Iterator[Triple]:
    """Image, page at PMC, WikiPathways and NDEx."""
    if filename := record.texts["filename"]:
        image = iri(f"https://europepmc.org/articles/{record.paper.pmcid}/bin/{local(filename)}")
        yield subject, FOAF.depiction, image
        yield image, RDF.type, FOAF.Image
        yield image, RDF.type, SCHEMA.ImageObject
    if page := record.texts["page"]:
        yield subject, FOAF.page, iri(f"https://pmc.ncbi.nlm.nih.gov/{local(page)}")
    if wpid := record.texts["wpid"]:
        yield subject, RDFS.seeAlso, URIRef(f"https://identifiers.org/wikipathways/{wpid}")
    if ndex := record.texts["ndex"]:
        yield subject, RDFS.seeAlso, URIRef(f"https://www.ndexbio.org/viewer/networks/{ndex}")


def mention_triples(record: Record, figure: URIRef) -> Iterator[Triple]:
    """One annotation for each word, match, id and lexicon."""
    for (kind, word, match, ident, lexicon), times in record.mentions.items():
        digits = hashlib.sha256(f"{word}\t{match}\t{ident}\t{lexicon}".encode()).hexdigest()[:12]
        subject = URIRef(f"{figure}#{LETTERS[kind]}-{digits}")
        yield subject, RDF.type, OA.Annotation
        yield subject, RDF.type, PFO[f"{kind.capitalize()}Mention"]
        yield subject, OA.hasTarget, figure
        yield subject, PFO.word, Literal(word)
        yield from texts(subject, PFO.match, match)
        if ident:
            yield subject, OA.hasBody, entity_iri(kind, ident)
        if lexicon:
            yield subject, PFO.lexicon, LEX[local(lexicon)]
        if lexicon.startswith("keyword_"):
            yield subject, RDF.type, PFO.KeywordMention
        if times > 1:
            yield subject, PFO.occurrences, typed(times, XSD.integer)


def evidence_triples(record: Record, figure: URIRef) -> Iterator[Triple]:
    """The counts that the gene table gives for each organism."""
    for taxid, organism in record.organisms.items():
        subject = URIRef(f"{figure}#t-{taxid}")
        yield subject, RDF.type, PFO.OrganismEvidence
        yield subject, OA.hasTarget, figure
        yield subject, PFO.organism, taxon_iri(taxid)
        for name, numbers in organism.counts.items():
            yield from ((subject, PFO[f"{name}Count"], typed(number, XSD.integer)) for number in numbers)


def paper_triples(paper: Paper) -> Iterator[Triple]:
    """The paper."""
    subject = paper_iri(paper.pmcid)
    yield subject, RDF.type, FABIO.JournalArticle
    yield subject, RDF.type, SCHEMA.ScholarlyArticle
    yield from texts(subject, DCTERMS.title, paper.title)
    if paper.year:
        yield subject, FABIO.hasPublicationYear, typed(paper.year, XSD.gYear)
    yield subject, FABIO.hasPubMedCentralId, Literal(paper.pmcid)
    yield subject, WDT.P932, Literal(paper.pmcid.removeprefix("PMC"))
    yield subject, FOAF.page, URIRef(f"https://europepmc.org/articles/{paper.pmcid}")
    if paper.doi:
        yield subject, PRISM.doi, Literal(paper.doi)
        yield subject, WDT.P356, Literal(paper.doi.upper())
        yield subject, DCTERMS.identifier, Literal(f"doi:{paper.doi}")
        for spelling in (paper.doi, paper.doi.lower()):
            yield subject, SKOS.exactMatch, URIRef(f"https://doi.org/{local(spelling)}")
    yield from texts(subject, DCTERMS.bibliographicCitation, paper.citation)
    yield from ((subject, PRISM.keyword, Literal(word)) for word in paper.keywords)
    if paper.journal or paper.abbreviation:
        yield subject, DCTERMS.isPartOf, journal_iri(paper)
    if paper.publisher:
        yield subject, DCTERMS.publisher, URIRef(f"{BASE}publisher/{slug(paper.publisher)}")


def journal_iri(paper: Paper) -> URIRef:
    """The journal's IRI, of NLM's abbreviation where there is one."""
    return URIRef(f"{BASE}journal/{slug(paper.abbreviation or paper.journal)}")


def journal_triples(subject: URIRef, titles: Iterable[str], abbreviations: Iterable[str]) -> Iterator[Triple]:
    """A journal under its titles, the best first."""
    yield subject, RDF.type, FABIO.Journal
    for number, title in enumerate(titles):
        yield subject, DCTERMS.alternative if number else DCTERMS.title, Literal(title)
    yield from ((subject, FABIO.hasNLMJournalTitleAbbreviation, Literal(text)) for text in abbreviations)


def publisher_triples(name: str) -> Iterator[Triple]:
    """A publisher."""
    subject = URIRef(f"{BASE}publisher/{slug(name)}")
    yield subject, RDF.type, FOAF.Organization
    yield subject, FOAF.name, Literal(name)


def entity_triples(entity: Entity, labels: Iterable[str]) -> Iterator[Triple]:
    """A gene, chemical or disease under its labels, the best first."""
    subject = entity_iri(entity.kind, entity.ident)
    yield subject, RDF.type, CLASSES[entity.kind]
    yield from label_triples(subject, labels)
    if entity.kind == "gene":
        yield from gene_triples(subject, entity)
    elif "_" not in entity.ident:
        yield subject, SKOS.exactMatch, URIRef(f"http://identifiers.org/mesh/{entity.ident}")
    for other in entity.maps:
        yield subject, SKOS.closeMatch, OBO[other]
    for chebi in (entity.ident, *entity.maps):
        if chebi.startswith("CHEBI_"):
            number = chebi.removeprefix("CHEBI_")
            yield OBO[chebi], SKOS.exactMatch, URIRef(f"https://identifiers.org/chebi/CHEBI:{number}")


def label_triples(subject: URIRef, labels: Iterable[str]) -> Iterator[Triple]:
    """The first label, and the others as alternatives."""
    for number, label in enumerate(labels):
        yield subject, SKOS.altLabel if number else RDFS.label, Literal(label)


def gene_triples(subject: URIRef, gene: Entity) -> Iterator[Triple]:
    """What only genes have."""
    yield subject, RDF.type, SCHEMA.Gene
    yield subject, DCTERMS.identifier, Literal(gene.ident)
    yield subject, WDT.P351, Literal(gene.ident)
    yield from ((subject, SKOS.exactMatch, URIRef(address + gene.ident)) for address in GENE_SPELLINGS)
    yield from ((subject, OBO.RO_0002162, taxon_iri(taxid)) for taxid in gene.taxa)


def taxids_of(record: Record) -> dict[str, tuple[str, list[str]]]:
    """Every taxon that the record names, with its name and groups."""
    ids = [TAXON_IDS[name] for name in record.named if name in TAXON_IDS]
    ids += (taxid for entity in record.entities.values() for taxid in entity.taxa)
    found: dict[str, tuple[str, list[str]]] = {taxid: (TAXON_NAMES.get(taxid, ""), []) for taxid in ids}
    for taxid, organism in record.organisms.items():
        found[taxid] = organism.name or TAXON_NAMES.get(taxid, ""), organism.groups
    return found


def taxon_triples(taxid: str, labels: Iterable[str], groups: Iterable[str]) -> Iterator[Triple]:
    """A taxon under its labels."""
    subject = taxon_iri(taxid)
    yield subject, RDF.type, PFO.Taxon
    yield from label_triples(subject, labels)
    yield from ((subject, PFO.organismGroup, Literal(group)) for group in groups)
    yield from ((subject, SKOS.exactMatch, URIRef(address + taxid)) for address in TAXON_SPELLINGS)


def lexicon_triples(names: Iterable[str]) -> Iterator[Triple]:
    """The lexicons that words were matched with, and their scheme."""
    scheme = URIRef(f"{BASE}lexicon")
    for name in names:
        subject = LEX[local(name)]
        yield subject, RDF.type, SKOS.Concept
        yield subject, SKOS.prefLabel, Literal(name)
        yield subject, SKOS.inScheme, scheme
        if name.startswith("keyword_"):
            yield subject, RDF.type, PFO.KeywordLexicon
        if name in STRICTNESS:
            yield subject, PFO.strictness, Literal(STRICTNESS[name])
        yield scheme, RDF.type, SKOS.ConceptScheme
        yield scheme, DCTERMS.title, Literal("Lexicons that words of figures were matched with")


def wikipathways_triples() -> Iterator[Triple]:
    """The creator of all records."""
    yield WIKIPATHWAYS, RDF.type, SCHEMA.Organization
    yield WIKIPATHWAYS, SCHEMA.name, Literal("WikiPathways")
