"""Which field or table row a triple comes from: for the places of violations and for `kg explain`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from kg.entities import entity_iri, taxon_iri
from kg.keywords import keywords_of
from kg.node import Node
from kg.record import KEYWORDS, Figure
from kg.taxa import TAXON_IDS
from kg.vocab import OA_BODY, PREFIXES, SCHEMA_DATASET, literal, plain

__all__ = ["Place", "field_of", "row_place"]


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
        "dcterms:identifier": ("figid",),
        "dcterms:isPartOf": ("pmcid",),
        "dcterms:title": ("figtitle",),
        "schema:description": (_JSONLD, "description"),
        "schema:license": (_JSONLD, "license"),
        "dcterms:license": (_JSONLD, "license"),
        "dcterms:rights": (_JSONLD, "license"),
        "schema:creator": (_JSONLD, "creator"),
        "foaf:depiction": ("filename",),
        "foaf:page": ("figlink",),
        "pfo:figureNumber": ("number",),
        "pfo:figureType": ("figtype",),
        "pfo:figureAlias": ("figid_alias",),
        "pfo:annotation": ("annotations",),
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
_MENTION: Final = {"pfo:word": "word", "pfo:match": "match", "rdf:type": "word", "oa:hasTarget": "word"}
_COLUMNS: Final[dict[str, dict[str, str]]] = {
    "gene-mention": {**_MENTION, "pfo:lexicon": "source", "*": "ncbigene_id"},
    "chemical-mention": {**_MENTION, "*": "mesh"},
    "disease-mention": {**_MENTION, "*": "mesh"},
    "gene": {
        "rdfs:label": "ncbigene_symbol", "skos:altLabel": "ncbigene_symbol", "obo:RO_0002162": "organism_id",
        "*": "ncbigene_id",
    },
    "chemical": {"rdfs:label": "name", "skos:altLabel": "name", "skos:closeMatch": "chebi", "*": "mesh"},
    "disease": {"rdfs:label": "name", "skos:altLabel": "name", "skos:closeMatch": "doid", "*": "mesh"},
    "organism-evidence": {
        "pfo:directCount": "count_direct", "pfo:synonymCount": "count_synonym", "pfo:matchCount": "count_match",
        "*": "organism_id",
    },
    "taxon": {"rdfs:label": "organism_name", "pfo:organismGroup": "organism_group", "*": "organism_id"},
}  # fmt: skip
_INLINE_COLUMNS: Final = {
    "ncbigene_id": "entrez",
    "ncbigene_symbol": "hgnc_symbol",
    "match": "symbol",
    "mesh": "identifier",
}
_INLINE: Final = ("genes", "chemicals", "diseases")
_TABLE_OF: Final = {
    "gene": "genes",
    "chemical": "chemicals",
    "disease": "diseases",
    "organism-evidence": "genes",
    "taxon": "genes",
}
_CONSTANT: Final = {
    "mapping": "ChEBI's other spelling of the id",
    "lexicon": "the lexicons that words were matched with",
    "scheme": "the lexicons that words were matched with",
}


def _prefixed(predicate: str) -> str:
    address = predicate.strip("<>")
    for prefix, namespace in PREFIXES.items():
        if address.startswith(namespace):
            return f"{prefix}:{address.removeprefix(namespace)}"
    return f"pfo:{address.rpartition('#')[2]}"


def field_of(node: Node, predicate: str, figure: Figure, value: str = "") -> Place:
    """Where a node's facts under a predicate come from.

    Args:
        node: one of the record's nodes.
        predicate: term of the predicate; empty for the node itself.
        figure: the record.
        value: term of the object, which tells the item of a list.
    """
    name = _prefixed(predicate) if predicate else "*"
    if node.kind == "figure" and name in _SPECIAL:
        return _SPECIAL[name](figure, value)
    if node.kind in _FIELDS:
        fields = _FIELDS[node.kind]
        return Place(fields.get(name, fields["*"]))
    if node.kind in _COLUMNS:
        return _table_place(node, name, figure)
    return Place(note=_CONSTANT.get(node.kind, ""))


def _type(_figure: Figure, value: str) -> Place:
    own = value in ("", SCHEMA_DATASET)
    return Place((_JSONLD, "@type")) if own else Place(note="every record is a pathway figure")


def _name(figure: Figure, value: str) -> Place:
    own = value in ("", literal(figure.title))
    return Place(("figtitle",) if own else (_JSONLD, "name"))


def _keyword(figure: Figure, value: str) -> Place:
    return Place((_JSONLD, "keywords", *_item(figure.jsonld, value)))


def _organism(figure: Figure, value: str) -> Place:
    for organism in figure.organisms:
        if taxon_iri(organism.taxid) == value:
            return row_place(figure.tables.get("genes", ""), "organism_id", organism.row)
    name = next((name for name, taxid in TAXON_IDS.items() if taxon_iri(taxid) == value), "")
    if name not in figure.organism_names:
        return Place(note="keywords are taken for human genes where a record names no organism")
    return _named_organism(figure, name)


def _organism_name(figure: Figure, value: str) -> Place:
    return _named_organism(figure, plain(value) if value else "")


def _named_organism(figure: Figure, name: str) -> Place:
    return Place(("organisms_ner",) if name in figure.organisms_ner else ("organisms",))


def _mentioned(figure: Figure, value: str) -> Place:
    """The first table row with the id that a figure mentions."""
    for entity in figure.entities:
        if entity_iri(entity.kind, entity.ident) == value:
            table = figure.tables.get(f"{entity.kind}s", "")
            return row_place(table, _id_column(f"{entity.kind}", entity.ident), entity.row)
    return Place(note="the ids of the tables")


def _see_also(figure: Figure, value: str) -> Place:
    return Place(("wpid",) if "wikipathways" in value or not figure.ndex else ("ndex",))


def _score(figure: Figure, _value: str) -> Place:
    return Place(("pathway_score",) if figure.generation in "AB" else ("automl_pathway",))


_SPECIAL: Final[dict[str, Callable[[Figure, str], Place]]] = {
    "rdf:type": _type,
    "rdfs:seeAlso": _see_also,
    "pfo:pathwayScore": _score,
    "schema:keywords": _keyword,
    "schema:name": _name,
    "schema:mentions": _mentioned,
    "wp:organism": _organism,
    "wp:organismName": _organism_name,
}


def _id_column(kind: str, ident: str) -> str:
    if kind == "gene":
        return "ncbigene_id"
    return ident.partition("_")[0].lower() if "_" in ident else "mesh"


def _item(jsonld: object, value: str) -> tuple[int, ...]:
    """The position of a keyword in its list."""
    keywords, text = keywords_of(jsonld), plain(value) if value else ""
    return (keywords.index(text),) if text and text in keywords else ()


def _table_place(node: Node, name: str, figure: Figure) -> Place:
    columns = _COLUMNS[node.kind]
    column = columns.get(name, columns["*"])
    if column == "mesh" and "/obo/" in (_body(node) or node.subject):
        column = "chebi" if node.kind.startswith("chemical") else "doid"
    if column == "name" and not _has_name(node, figure):
        column = "word"
    kind = node.kind.removesuffix("-mention")
    table = node.table or figure.tables.get(_TABLE_OF[kind], "")
    if kind == "taxon" and (table in ("", KEYWORDS) or _row_of(node, figure) is None):
        return _organism(figure, node.subject)
    return row_place(table, column, node.rows[0] if node.rows else _row_of(node, figure)) if table else Place()


def _row_of(node: Node, figure: Figure) -> int | None:
    """The first row that has a gene, chemical, disease or taxon."""
    if node.kind == "taxon":
        return next((o.row for o in figure.organisms if taxon_iri(o.taxid) == node.subject), None)
    same = (e for e in figure.entities if e.kind == node.kind and entity_iri(e.kind, e.ident) == node.subject)
    return next((entity.row for entity in same), None)


def _body(node: Node) -> str:
    return next((value for predicate, value in node.facts if predicate == OA_BODY), "")


def _has_name(node: Node, figure: Figure) -> bool:
    """Whether a table names the entity of a node; otherwise its label is the word that was read."""
    return any(e.names for e in figure.entities if e.kind == node.kind and entity_iri(e.kind, e.ident) == node.subject)


def row_place(table: str, column: str, row: int | None) -> Place:
    """The place of a cell in a table of the record (`Figure.tables`)."""
    if table == KEYWORDS:
        return Place((_JSONLD, "keywords", *([row - 1] if row else [])))
    if table in _INLINE:  # an inline list in the front matter
        if column.startswith(("organism_", "count_")):
            return Place(note="inline gene lists are human only")
        inline = _INLINE_COLUMNS.get(column, column)
        return Place((table, row - 1, inline) if row else (table,))
    return Place((column,), table, row)
