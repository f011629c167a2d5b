"""Which field or table row a triple comes from: for the places of violations and for `kg explain`."""

from __future__ import annotations

from typing import Final, NamedTuple

from kg.link import Node
from kg.record import Figure
from kg.vocab import PREFIXES

__all__ = ["Place", "field_of"]


class Place(NamedTuple):
    """A place in the input: the field's key path, or a table's path with line and column name.

    `note` says what the tool added where no field holds the value as such.
    """

    key: tuple[str | int, ...] = ()
    path: str = ""
    line: int | None = None
    note: str = ""


_JSONLD: Final = "schema-jsonld"

# Node kind -> predicate (prefixed) -> key path of the field. `*` is any other predicate.
_FIELDS: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "figure": {
        "rdf:type": (_JSONLD, "@type"),
        "dcterms:identifier": ("figid",),
        "dcterms:isPartOf": ("pmcid",),
        "dcterms:title": ("figtitle",),
        "schema:name": ("figtitle",),
        "schema:description": (_JSONLD, "description"),
        "schema:license": (_JSONLD, "license"),
        "dcterms:license": (_JSONLD, "license"),
        "dcterms:rights": (_JSONLD, "license"),
        "schema:creator": (_JSONLD, "creator"),
        "schema:keywords": (_JSONLD, "keywords"),
        "foaf:depiction": ("filename",),
        "foaf:page": ("figlink",),
        "pfo:figureNumber": ("number",),
        "pfo:figureType": ("figtype",),
        "pfo:figureAlias": ("figid_alias",),
        "pfo:pathwayScore": ("automl_pathway",),
        "pfo:annotation": ("annotations",),
        "wp:organismName": ("organisms",),
        "wp:organism": ("organisms_ner",),
        "*": (_JSONLD,),
    },
    "paper": {
        "dcterms:title": ("papertitle",),
        "dcterms:bibliographicCitation": ("reftext",),
        "dcterms:isPartOf": ("journal_nlm_ta",),
        "dcterms:publisher": ("publisher_name",),
        "fabio:hasPublicationYear": ("year",),
        "prism:keyword": ("keywords",),
        "prism:doi": ("doi",),
        "dcterms:identifier": ("doi",),
        "wdt:P356": ("doi",),
        "skos:exactMatch": ("doi",),
        "*": ("pmcid",),
    },
    "part": {"*": (_JSONLD,)},
    "image": {"*": ("filename",)},
    "journal": {"dcterms:title": ("journal_title",), "*": ("journal_nlm_ta",)},
    "publisher": {"*": ("publisher_name",)},
    "agent": {"*": (_JSONLD, "creator")},
}
_MENTION: Final = {"pfo:word": "word", "pfo:match": "match"}
_COLUMNS: Final[dict[str, dict[str, str]]] = {
    "gene-mention": {**_MENTION, "pfo:lexicon": "source", "*": "ncbigene_id"},
    "chemical-mention": {**_MENTION, "*": "mesh"},
    "disease-mention": {**_MENTION, "*": "mesh"},
    "gene": {"rdfs:label": "ncbigene_symbol", "skos:altLabel": "ncbigene_symbol", "obo:RO_0002162": "organism_id", "*": "ncbigene_id"},
    "chemical": {"rdfs:label": "name", "skos:altLabel": "name", "skos:closeMatch": "chebi", "*": "mesh"},
    "disease": {"rdfs:label": "name", "skos:altLabel": "name", "skos:closeMatch": "doid", "*": "mesh"},
    "organism-evidence": {
        "pfo:directCount": "count_direct", "pfo:synonymCount": "count_synonym", "pfo:matchCount": "count_match",
        "*": "organism_id",
    },
    "taxon": {"rdfs:label": "organism_name", "pfo:organismGroup": "organism_group", "*": "organism_id"},
}  # fmt: skip
_INLINE_COLUMNS: Final = {"ncbigene_id": "entrez", "ncbigene_symbol": "hgnc_symbol", "match": "symbol", "mesh": "identifier"}
_TABLE_OF: Final = {"gene": "genes", "chemical": "chemicals", "disease": "diseases", "organism-evidence": "genes", "taxon": "genes"}
_CONSTANT: Final = {
    "mapping": "ChEBI's other spelling of the id",
    "lexicon": "the lexicons that the tables name",
    "scheme": "the lexicons that the tables name",
}
_WITHOUT_FIELD: Final = {"dcterms:isPartOf", "rdf:type"}


def _prefixed(predicate: str) -> str:
    address = predicate.strip("<>")
    for prefix, namespace in PREFIXES.items():
        if address.startswith(namespace):
            return f"{prefix}:{address.removeprefix(namespace)}"
    return f"pfo:{address.rpartition('#')[2]}"


def field_of(node: Node, predicate: str, figure: Figure) -> Place:
    """Where a node's facts under a predicate come from.

    Args:
        node: one of the record's nodes.
        predicate: term of the predicate; empty for the node itself.
        figure: the record.
    """
    name = _prefixed(predicate) if predicate else "*"
    if name == "schema:mentions" or (name == "wp:organism" and figure.organisms):
        return Place(note="the ids of the tables")
    if name == "rdfs:seeAlso":
        return Place(("wpid",) if figure.wpid else ("ndex",))
    if name == "pfo:pathwayScore" and figure.generation in "AB":
        return Place(("pathway_score",))
    if node.kind in _FIELDS:
        fields = _FIELDS[node.kind]
        return Place(fields.get(name, fields["*"]))
    if node.kind in _COLUMNS:
        return _table_place(node, name, figure)
    return Place(note=_CONSTANT.get(node.kind, ""))


def _table_place(node: Node, name: str, figure: Figure) -> Place:
    columns = _COLUMNS[node.kind]
    column = columns.get(name, columns["*"])
    kind = node.kind.removesuffix("-mention")
    table = node.table or figure.tables.get(_TABLE_OF[kind], "")
    row = node.rows[0] if node.rows else None
    if not table:
        return Place(("organisms_ner",) if kind == "taxon" else ())
    if table in ("genes", "chemicals", "diseases"):  # an inline list in the front matter
        inline = _INLINE_COLUMNS.get(column, column)
        return Place((table, row - 1, inline) if row else (table,))
    return Place((column,), table, row)
