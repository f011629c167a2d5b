"""A record's `schema-jsonld` to triples, by pyld, with a context that ships with the package.

Nothing is ever fetched: schema.org's address (four spellings) means our dated subset of its context, any
other context is an error. The named repairs of the generator's constants are made on the expansion.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final
from urllib.parse import unquote

from cachetools import LRUCache
from pyld import ContextResolver, jsonld

from kg.errors import ExpansionError
from kg.record import ABSENT, Figure, Findings
from kg.resources import package_file
from kg.tidy import tidy_title
from kg.vocab import (
    DCTERMS_RIGHTS,
    RDF_TYPE,
    SCHEMA_CREATOR,
    SCHEMA_DESCRIPTION,
    SCHEMA_KEYWORDS,
    SCHEMA_LICENSE,
    SCHEMA_NAME,
    WIKIPATHWAYS,
    Term,
    Triple,
    encode_local,
    iri,
    literal,
    plain,
)

__all__ = ["CONTEXT_URLS", "FIGURE_BASE", "LICENSES", "REPAIRS", "expand_jsonld", "figure_iri"]

FIGURE_BASE: Final = "https://pfocr.wikipathways.org/figures/"

CONTEXT_URLS: Final = ("https://schema.org/", "http://schema.org/", "https://schema.org", "http://schema.org")

LICENSES: Final = {
    "CC0": "http://creativecommons.org/publicdomain/zero/1.0/",
    "CC0-1.0": "http://creativecommons.org/publicdomain/zero/1.0/",
    "CC0 1.0": "http://creativecommons.org/publicdomain/zero/1.0/",
    "CC-BY-4.0": "http://creativecommons.org/licenses/by/4.0/",
    "CC BY 4.0": "http://creativecommons.org/licenses/by/4.0/",
    "CC-BY-SA-4.0": "http://creativecommons.org/licenses/by-sa/4.0/",
    "CC BY-SA 4.0": "http://creativecommons.org/licenses/by-sa/4.0/",
}
"""Licence codes and the IRIs that they stand for."""

REPAIRS: Final = {
    "license-iri": "a licence code (CC0) became the licence's IRI",
    "name-from-figtitle": "the constant name 'CreativeWork' became the figure's title",
    "creator-wikidata": "the unnamed organization 'WikiPathways' became wd:Q7999828",
    "description-once": "the copy of the caption was tidied and stored once",
    "absent-keyword-dropped": "a keyword that spells 'missing' (.na.character, NA) was dropped",
    "text-tidied": "tags, entities or doubled blanks were taken out of a text",
    "doi-bare": "a DOI given as URL or with a prefix was made bare",
    "pmcid-from-figid": "a missing pmcid was taken from the figure id",
}
"""Every repair by the name under which the report counts it."""

_MAX_VALUES: Final = 100_000
_SCHEMA: Final = "http://schema.org/"
_XSD_STRING: Final = "http://www.w3.org/2001/XMLSchema#string"


def figure_iri(figid: str) -> Term:
    """The IRI that PFOCR gives a figure.

    >>> figure_iri("PMC1__f1")
    '<https://pfocr.wikipathways.org/figures/PMC1__f1.html>'
    """
    return iri(f"{FIGURE_BASE}{encode_local(figid)}.html")


@cache
def _context() -> dict[str, Any]:
    context: dict[str, Any] = json.loads(package_file("schemaorg.context.jsonld").read_text("utf-8"))
    return context


def _load(url: str, _options: object = None) -> dict[str, Any]:
    if url not in CONTEXT_URLS:
        raise jsonld.JsonLdError(
            "not a context that ships with this package", "jsonld.LoadDocumentError", {"url": url}, "loading document failed"
        )
    # 'static' lets pyld keep the processed context; without it each record would process it again.
    return {"contentType": "application/ld+json", "contextUrl": None, "documentUrl": url, "document": _context(), "tag": "static"}


@cache
def _resolver() -> Any:
    return ContextResolver(LRUCache(maxsize=16), _load)


def _refuse(code: str, what: str, why: str, mend: str, *key: str | int) -> ExpansionError:
    return ExpansionError(ExpansionError.of(code, what, why, mend, key=("schema-jsonld", *key)).problem)


def _nodes(document: object) -> list[dict[str, Any]]:
    """The top-level nodes of a `schema-jsonld`, which is a mapping or a list of mappings."""
    nodes = document if isinstance(document, list) else [document]
    if not nodes or not all(isinstance(node, dict) for node in nodes):
        raise _refuse(
            "no-jsonld",
            "schema-jsonld is missing or is no mapping",
            "it holds the figure's IRI, licence and keywords",
            "add the schema-jsonld block as other records have it",
        )
    return nodes


def _check_contexts(value: object, key: tuple[str | int, ...], budget: list[int]) -> None:
    """Refuse any context but schema.org's, wherever it stands, and documents that aliases blow up."""
    budget[0] -= 1
    if budget[0] < 0:
        raise _refuse(
            "bad-jsonld",
            f"schema-jsonld holds more than {_MAX_VALUES} values",
            "a real one has at most some hundred; YAML aliases can multiply",
            "remove the aliases",
        )
    if isinstance(value, list):
        for number, item in enumerate(value):
            if not isinstance(item, str):
                _check_contexts(item, (*key, number), budget)
        budget[0] -= len(value)
    elif isinstance(value, dict):
        for name, item in value.items():
            if name == "@context":
                _check_context(item, (*key, name))
            elif not isinstance(item, str):
                _check_contexts(item, (*key, name), budget)


def _check_context(context: object, key: tuple[str | int, ...]) -> None:
    for item in context if isinstance(context, list) else [context]:
        if item not in CONTEXT_URLS:
            raise _refuse(
                "unknown-context",
                f"the context is {item!r}, 'https://schema.org/' is wanted",
                "only schema.org's context ships with this package, and none is ever fetched",
                "write '@context': https://schema.org/",
                *key,
            )


def _own_node(nodes: list[dict[str, Any]], figid: str) -> tuple[dict[str, Any], str]:
    """The node that describes the figure itself, and its `@id`."""
    wanted = figure_iri(figid)
    ids = [str(node.get("@id", node.get("id", ""))) for node in nodes]
    for node, node_id in zip(nodes, ids, strict=True):
        if node_id and iri(node_id) == wanted:
            return node, node_id
    if not any(ids):
        what, code = "schema-jsonld has no @id", "no-id"
    else:
        what, code = f"@id is {ids[0]!r}, {wanted[1:-1]!r} is wanted", "identity-differs"
    raise _refuse(
        code,
        what,
        f"figid is {figid!r}; a figure under another's IRI would mix the two",
        "correct @id or figid so that they name the same figure",
        *(["@id"] if code == "identity-differs" else []),
    )


def expand_jsonld(figure: Figure, findings: Findings, *, repair: bool = True) -> list[Triple]:
    """The triples that a record's JSON-LD states about its figure, without duplicates.

    Args:
        figure: the record; its `jsonld` is expanded, its title stands in for the constant name.
        findings: receives the repairs, each counted once a record.
        repair: False gives the verbatim expansion, with relative IRIs resolved against the figure's
            own and unnamed nodes given an IRI under it.

    Raises:
        ExpansionError: no usable JSON-LD, another context than schema.org's, or an @id that is not the figure's.

    Source:
        JSON-LD 1.1 expansion (https://www.w3.org/TR/json-ld11-api/#expansion-algorithm).
    """
    nodes = _nodes(figure.jsonld)
    _check_contexts(nodes, (), [_MAX_VALUES])
    own, own_id = _own_node(nodes, figure.figid)
    if "@context" not in own:
        raise _refuse("unknown-context", "schema-jsonld has no @context", "without it no key has a meaning", "add '@context': https://schema.org/")
    expanded = _pyld(jsonld.expand, nodes, own_id)
    subject = figure_iri(figure.figid)
    triples = list(_Walk(subject).triples(expanded, nodes, own_id))
    if repair:
        triples = list(_repaired(triples, subject, own_id, figure, findings))
    return list(dict.fromkeys(triples))


def _pyld(function: Any, nodes: list[dict[str, Any]], base: str, **options: object) -> Any:
    try:
        return function(
            nodes,
            {"base": base, "contextResolver": _resolver(), "documentLoader": _load, "processingMode": "json-ld-1.1", **options},
        )
    except jsonld.JsonLdError as error:
        cause = error
        while isinstance(cause.cause, jsonld.JsonLdError):
            cause = cause.cause
        code = cause.code or cause.type
        raise _refuse("bad-jsonld", f"the JSON-LD cannot be expanded ({code})", str(cause.args[0]), "compare the block with that of other records") from None
    except RecursionError:
        raise _refuse("bad-jsonld", "the JSON-LD is nested too deep", "no record nests deeper than three levels", "flatten it") from None


class _Walk:
    """Expanded JSON-LD to triples: the plain cases here, anything unusual by pyld's own to_rdf.

    pyld's to_rdf takes 3 ms a record, five times the expansion, for node maps that a record does not need. A
    test compares the two on every record at hand.
    """

    def __init__(self, figure: Term) -> None:
        self.figure = figure
        self.unnamed = 0

    def triples(self, expanded: list[Any], nodes: list[dict[str, Any]], base: str) -> Iterator[Triple]:
        if not all(_is_plain(node) for node in expanded):
            yield from _skolemized(_pyld(jsonld.to_rdf, nodes, base), self.figure)
            return
        for node in expanded:
            yield from self._node(node, self._subject(node))

    def _subject(self, node: Mapping[str, Any]) -> Term:
        if "@id" in node:
            return iri(node["@id"])
        name = Term(f"{self.figure[:-1]}#b{self.unnamed}>")
        self.unnamed += 1
        return name

    def _node(self, node: Mapping[str, Any], subject: Term) -> Iterator[Triple]:
        for key, values in node.items():
            if key == "@id":
                continue
            if key == "@type":
                for value in values:
                    yield subject, RDF_TYPE, iri(value)
                continue
            predicate = iri(key)
            for value in values:
                if "@value" in value:
                    yield subject, predicate, _value(value)
                else:
                    child = self._subject(value)
                    yield subject, predicate, child
                    yield from self._node(value, child)


_PLAIN_VALUE: Final = ({"@value"}, {"@value", "@type"})


def _is_plain(node: object) -> bool:
    """Whether a node of an expansion has only properties with text values, IRIs and such nodes again."""
    if not isinstance(node, dict):
        return False
    for key, values in node.items():
        if key == "@id":
            continue
        if key == "@type":
            if not all(":" in value and not value.startswith("_:") for value in values):
                return False
        elif key.startswith("@") or ":" not in key or not all(_is_plain_item(value) for value in values):
            return False
    return not str(node.get("@id", "")).startswith("_:")


def _is_plain_item(value: dict[str, Any]) -> bool:
    if "@value" in value:
        return value.keys() in _PLAIN_VALUE and isinstance(value["@value"], str) and ":" in value.get("@type", ":")
    return _is_plain(value)


def _value(value: Mapping[str, str]) -> Term:
    datatype = value.get("@type", _XSD_STRING)
    return literal(value["@value"], None if datatype == _XSD_STRING else iri(datatype))


def _skolemized(dataset: Mapping[str, list[dict[str, dict[str, str]]]], figure: Term) -> Iterator[Triple]:
    """pyld's RDF with every blank node named under the figure."""
    for quads in dataset.values():
        for quad in quads:
            subject, predicate, value = (_rdf_term(quad[part], figure) for part in ("subject", "predicate", "object"))
            yield subject, predicate, value


def _rdf_term(term: Mapping[str, str], figure: Term) -> Term:
    if term["type"] == "IRI":
        return iri(term["value"])
    if term["type"] == "blank node":
        return Term(f"{figure[:-1]}#{encode_local(term['value'].removeprefix('_:'))}>")
    if "language" in term:
        return Term(f"{literal(term['value'])}@{term['language']}")
    datatype = term.get("datatype", _XSD_STRING)
    return literal(term["value"], None if datatype == _XSD_STRING else iri(datatype))


def _repaired(triples: list[Triple], subject: Term, base: str, figure: Figure, findings: Findings) -> Iterator[Triple]:
    """The triples of the figure with the generator's constants put right; those of other nodes as they are."""
    unnamed = _wikipathways_nodes(triples, subject)
    done: set[str] = set()
    for triple in triples:
        if triple[0] in unnamed:
            continue
        fixed = _repair_one(triple, subject, base, figure, findings, unnamed)
        if fixed is None:
            yield triple
            continue
        name, replacement = fixed
        if name:
            if name not in done or name == "absent-keyword-dropped":
                findings.repairs[name] += 1
            done.add(name)
        if replacement is not None:
            yield replacement


def _repair_one(
    triple: Triple, subject: Term, base: str, figure: Figure, findings: Findings, unnamed: frozenset[Term]
) -> tuple[str, Triple | None] | None:
    """The name of the repair and the triple in its place; None where nothing is wrong."""
    _, predicate, value = triple
    if triple[0] != subject:
        return None
    if predicate == SCHEMA_KEYWORDS:
        return ("absent-keyword-dropped", None) if value[1:-1] in ABSENT else None
    if predicate == SCHEMA_LICENSE:
        return _licence(triple, base, findings)
    if predicate == SCHEMA_NAME and value == literal("CreativeWork"):
        return "name-from-figtitle", (subject, SCHEMA_NAME, literal(figure.title)) if figure.title else None
    if predicate == SCHEMA_CREATOR and value in unnamed:
        return "creator-wikidata", (subject, SCHEMA_CREATOR, WIKIPATHWAYS)
    if predicate == SCHEMA_DESCRIPTION and value.startswith('"'):
        return _description(triple, figure, findings)
    return None


def _wikipathways_nodes(triples: list[Triple], subject: Term) -> frozenset[Term]:
    """Unnamed creators that are called WikiPathways."""
    prefix = f"{subject[:-1]}#b"
    called = literal("WikiPathways")
    return frozenset(s for s, p, o in triples if p == SCHEMA_NAME and o == called and s.startswith(prefix))


def _licence(triple: Triple, base: str, findings: Findings) -> tuple[str, Triple | None] | None:
    """A licence code resolved against the record's own address is no licence: map it, or keep it as text."""
    subject, predicate, value = triple
    folder = f"<{base.rpartition('/')[0]}/"
    if value.startswith(folder):
        text = unquote(value[len(folder) : -1])
    elif value.startswith('"'):
        text = plain(value)
    else:
        return None
    if text in LICENSES:
        return "license-iri", (subject, predicate, iri(LICENSES[text]))
    findings.warn(
        "unknown-license",
        f"license is {text!r}, a licence's IRI or a code such as CC0 is wanted",
        "reuse hangs on it; it is kept as text (dcterms:rights)",
        f"write one of {', '.join(LICENSES)}, or the licence's full IRI",
        key=("schema-jsonld", "license"),
    )
    return "", (subject, DCTERMS_RIGHTS, literal(text))


def _description(triple: Triple, figure: Figure, findings: Findings) -> tuple[str, Triple | None] | None:
    text = tidy_title(plain(triple[2]))
    if figure.caption and text != figure.caption:
        findings.notes["description-differs"] += 1
    if text in ABSENT:
        return "description-once", None
    return "description-once", (triple[0], triple[1], literal(text))
