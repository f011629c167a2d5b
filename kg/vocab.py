"""Names: namespaces, IRI patterns, RDF terms as N-Triples text, classes and predicates.

Between the steps a term travels as its N-Triples text (`<http://...>`, `"text"`,
`"2025"^^<http://www.w3.org/2001/XMLSchema#gYear>`): quick to make, quick to compare, and the
fast SHACL engine reads it as it is.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import Final, NewType

__all__ = [
    "BASE",
    "FIGURE_BASE",
    "PREFIXES",
    "Names",
    "Term",
    "Triple",
    "encode_local",
    "integer",
    "iri",
    "is_iri",
    "literal",
    "mention_digest",
    "plain",
    "slug",
]

Term = NewType("Term", str)
"""An RDF term (never a blank node) in N-Triples syntax."""

Triple = tuple[Term, Term, Term]

BASE: Final = "https://w3id.org/pfocr-kg/"
"""The one place where the project's own namespace is named; `Names(base)` takes another."""

FIGURE_BASE: Final = "https://pfocr.wikipathways.org/figures/"
"""Where PFOCR's figures have their IRIs."""

PREFIXES: Final[dict[str, str]] = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcterms": "http://purl.org/dc/terms/",
    "doco": "http://purl.org/spar/doco/",
    "fabio": "http://purl.org/spar/fabio/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "mesh": "http://id.nlm.nih.gov/mesh/",
    "ncbigene": "https://identifiers.org/ncbigene/",
    "oa": "http://www.w3.org/ns/oa#",
    "obo": "http://purl.obolibrary.org/obo/",
    "owl": "http://www.w3.org/2002/07/owl#",
    "pav": "http://purl.org/pav/",
    "prism": "http://prismstandard.org/namespaces/basic/2.0/",
    "prov": "http://www.w3.org/ns/prov#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "schema": "http://schema.org/",
    "sd": "http://www.w3.org/ns/sparql-service-description#",
    "sh": "http://www.w3.org/ns/shacl#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "spdx": "http://spdx.org/rdf/terms#",
    "spex": "https://purl.expasy.org/sparql-examples/ontology#",
    "void": "http://rdfs.org/ns/void#",
    "voidext": "http://ldf.fi/void-ext#",
    "wd": "http://www.wikidata.org/entity/",
    "wdt": "http://www.wikidata.org/prop/direct/",
    "wp": "http://vocabularies.wikipathways.org/wp#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
"""Prefix to namespace, sorted; `pfo` and `lex` hang on the base and are added by `Names`."""

_NO_CHARACTERS: Final = "".join(
    f"{chr(plane * 0x10000 + 0xFFFE)}{chr(plane * 0x10000 + 0xFFFF)}" for plane in range(1, 15)
)
_UNSAFE_IN_IRI = re.compile(
    # RFC 3987, ucschar: no controls, space, <>"{}|\^`, private use, tags or non-characters; a bare % is not one either.
    '[\x00-\x20<>"{}|\\\\^`\x7f-\x9f\ud800-\udfff\ue000-\uf8ff\ufdd0-\ufdef\ufff0-\uffff'
    # ... and no blanks of Unicode, which an IRI may hold, but rdflib cannot read.
    "\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
    f"\U000e0000-\U000e0fff\U000f0000-\U0010ffff{_NO_CHARACTERS}]|%(?![0-9A-Fa-f]{{2}})"
)
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:.")
_UNSAFE_IN_LOCAL = re.compile(_UNSAFE_IN_IRI.pattern + r"|[#?\[\]]")
_PLAIN_IRI = re.compile(r"[A-Za-z0-9_.:/#?=&;,()+~!*@-]*")
_PLAIN_LOCAL = re.compile(r"[A-Za-z0-9_.:/=&;,()+~!*@-]*")
"""Characters that are safe without doubt; the search for unsafe ones takes ten times as long."""
_ESCAPED = re.compile('["\\\\\x00-\x1f\x7f]')
_ESCAPES: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
_UNESCAPE = re.compile(r'\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|([tbnrf"\\\']))')
_UNESCAPES: Final = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f", '"': '"', "\\": "\\", "'": "'"}


def _percent(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match[0].encode("utf-8", "surrogatepass"))


def encode_local(text: str) -> str:
    """Percent-encode what may not stand inside one part of an IRI, and only that.

    >>> encode_local("10.1002/(SICI)1<1::AID>3.0.CO;2-#")
    '10.1002/(SICI)1%3C1::AID%3E3.0.CO;2-%23'
    """
    return text if _PLAIN_LOCAL.fullmatch(text) else _UNSAFE_IN_LOCAL.sub(_percent, text)


def iri(text: str) -> Term:
    """The term of an absolute IRI; illegal characters are percent-encoded.

    >>> iri("http://example.com/a b")
    '<http://example.com/a%20b>'
    """
    return Term(f"<{text if _PLAIN_IRI.fullmatch(text) else _UNSAFE_IN_IRI.sub(_percent, text)}>")


def is_iri(text: str) -> bool:
    """Whether a text is an absolute IRI as it stands.

    >>> is_iri("http://example.com/a"), is_iri("http://example.com/a b")
    (True, False)
    """
    return _SCHEME.match(text) is not None and _UNSAFE_IN_IRI.search(text) is None


def _escape(match: re.Match[str]) -> str:
    char = match[0]
    return _ESCAPES.get(char) or f"\\u{ord(char):04X}"


def literal(text: str, datatype: Term | None = None) -> Term:
    r"""The term of a plain literal, or of one with a datatype.

    >>> print(literal('the "p53" gene'))
    "the \"p53\" gene"
    """
    # What is printable has no control characters; the search for these takes three times as long.
    safe = text.isprintable() and '"' not in text and "\\" not in text
    quoted = f'"{text if safe else _ESCAPED.sub(_escape, text)}"'
    return Term(f"{quoted}^^{datatype}" if datatype else quoted)


def _unescape(match: re.Match[str]) -> str:
    code = match[1] or match[2]
    return chr(int(code, 16)) if code else _UNESCAPES[match[3]]


def plain(term: str) -> str:
    r"""The text of a literal or the address of an IRI, without its RDF syntax.

    >>> plain(r'"a\tb"') == "a\tb"
    True
    """
    if term.startswith("<"):
        return term[1:-1]
    if term.startswith("_:"):  # of a foreign graph; ours have none
        return term
    return _UNESCAPE.sub(_unescape, term[1 : term.rindex('"')])


def integer(number: int) -> Term:
    """The term of a whole number (`xsd:integer`)."""
    return Term(f'"{number}"^^{XSD_INTEGER}')


def slug(name: str) -> str:
    """A readable local id for a name; what ASCII cannot spell gets a short hash so that names stay apart.

    >>> slug("Front Immunol")
    'front-immunol'
    >>> slug("\u4e2d\u534e\u533b\u5b66").startswith("x-")
    True
    """
    parts = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    if name.isascii() and parts:
        return parts
    return f"{parts or 'x'}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def mention_digest(*parts: str) -> str:
    """What tells the mentions of a figure apart: 12 hex digits, the head of a SHA-256.

    Args:
        parts: word, match, identifier and lexicon.

    >>> mention_digest("ASC", "ASC", "412", "ncbigene_synonym")
    '3ad0a37f5852'
    """
    return hashlib.sha256("\t".join(parts).encode()).hexdigest()[:12]


def _in(prefix: str, local: str) -> Term:
    return Term(f"<{PREFIXES[prefix]}{local}>")


XSD_INTEGER: Final = _in("xsd", "integer")
XSD_DECIMAL: Final = _in("xsd", "decimal")
XSD_GYEAR: Final = _in("xsd", "gYear")
XSD_DATE: Final = _in("xsd", "date")
RDF_TYPE: Final = _in("rdf", "type")
RDFS_LABEL: Final = _in("rdfs", "label")
RDFS_SUBCLASS: Final = _in("rdfs", "subClassOf")
RDFS_SEE_ALSO: Final = _in("rdfs", "seeAlso")

DCTERMS_CITATION: Final = _in("dcterms", "bibliographicCitation")
DCTERMS_ALTERNATIVE: Final = _in("dcterms", "alternative")
DCTERMS_IDENTIFIER: Final = _in("dcterms", "identifier")
DCTERMS_IS_PART_OF: Final = _in("dcterms", "isPartOf")
DCTERMS_LICENSE: Final = _in("dcterms", "license")
DCTERMS_PUBLISHER: Final = _in("dcterms", "publisher")
DCTERMS_RIGHTS: Final = _in("dcterms", "rights")
DCTERMS_TITLE: Final = _in("dcterms", "title")
DOCO_FIGURE: Final = _in("doco", "Figure")
FABIO_ARTICLE: Final = _in("fabio", "JournalArticle")
FABIO_JOURNAL: Final = _in("fabio", "Journal")
FABIO_JOURNAL_ABBREVIATION: Final = _in("fabio", "hasNLMJournalTitleAbbreviation")
FABIO_PMCID: Final = _in("fabio", "hasPubMedCentralId")
FABIO_PMID: Final = _in("fabio", "hasPubMedId")
FABIO_YEAR: Final = _in("fabio", "hasPublicationYear")
FOAF_DEPICTION: Final = _in("foaf", "depiction")
FOAF_IMAGE: Final = _in("foaf", "Image")
FOAF_NAME: Final = _in("foaf", "name")
FOAF_ORGANIZATION: Final = _in("foaf", "Organization")
FOAF_PAGE: Final = _in("foaf", "page")
IN_TAXON: Final = _in("obo", "RO_0002162")
OA_ANNOTATION: Final = _in("oa", "Annotation")
OA_BODY: Final = _in("oa", "hasBody")
OA_TARGET: Final = _in("oa", "hasTarget")
PRISM_DOI: Final = _in("prism", "doi")
PRISM_KEYWORD: Final = _in("prism", "keyword")
SCHEMA_ARTICLE: Final = _in("schema", "ScholarlyArticle")
SCHEMA_CREATOR: Final = _in("schema", "creator")
SCHEMA_DATASET: Final = _in("schema", "Dataset")
SCHEMA_DESCRIPTION: Final = _in("schema", "description")
SCHEMA_GENE: Final = _in("schema", "Gene")
SCHEMA_IMAGE: Final = _in("schema", "ImageObject")
SCHEMA_KEYWORDS: Final = _in("schema", "keywords")
SCHEMA_LICENSE: Final = _in("schema", "license")
SCHEMA_MENTIONS: Final = _in("schema", "mentions")
SCHEMA_NAME: Final = _in("schema", "name")
SCHEMA_ORGANIZATION: Final = _in("schema", "Organization")
SKOS_ALT_LABEL: Final = _in("skos", "altLabel")
SKOS_CLOSE_MATCH: Final = _in("skos", "closeMatch")
SKOS_CONCEPT: Final = _in("skos", "Concept")
SKOS_CONCEPT_SCHEME: Final = _in("skos", "ConceptScheme")
SKOS_EXACT_MATCH: Final = _in("skos", "exactMatch")
SKOS_IN_SCHEME: Final = _in("skos", "inScheme")
SKOS_PREF_LABEL: Final = _in("skos", "prefLabel")
WDT_DOI: Final = _in("wdt", "P356")
WDT_ENTREZ: Final = _in("wdt", "P351")
WDT_PMCID: Final = _in("wdt", "P932")
WDT_PMID: Final = _in("wdt", "P698")
WIKIPATHWAYS: Final = _in("wd", "Q7999828")
WP_ORGANISM: Final = _in("wp", "organism")
WP_ORGANISM_NAME: Final = _in("wp", "organismName")


_RECORDS: Final = {"pfocr": FIGURE_BASE, "pmc": "https://identifiers.org/pmc/"}
"""Prefixes for reading, which the graph does not declare."""


@dataclass(frozen=True, slots=True)
class Names:
    """The project's own terms under one base IRI (which ends in `/` or `#`).

    >>> Names().pfo("word")
    '<https://w3id.org/pfocr-kg/vocab#word>'
    """

    base: str = BASE
    prefixes: dict[str, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        own = {"lex": f"{self.base}lexicon/", "pfo": f"{self.base}vocab#"}
        object.__setattr__(self, "prefixes", dict(sorted((PREFIXES | own).items())))

    def pfo(self, local: str) -> Term:
        """A term of the project's vocabulary."""
        return Term(f"<{self.base}vocab#{local}>")

    def curie(self, address: str) -> str:
        """An IRI as people read it: a CURIE where a prefix is known, else as it is.

        >>> Names().curie("https://identifiers.org/ncbigene/6774")
        'ncbigene:6774'
        """
        for prefix, namespace in {**_RECORDS, **self.prefixes}.items():
            local = address.removeprefix(namespace)
            if local != address and "/" not in local:
                return f"{prefix}:{local}"
        return address

    def own(self, path: str) -> Term:
        """An own IRI that is no vocabulary term: `journal/...`, `publisher/...`, `dataset/...`."""
        return Term(f"<{self.base}{path}>")

    def lexicon(self, name: str) -> Term:
        """The concept of a lexicon such as `ncbigene_symbol`."""
        return Term(f"<{self.base}lexicon/{encode_local(name)}>")
