"""pyld with the context that ships with the package: a `schema-jsonld` to the triples that it states.

Nothing is ever fetched: schema.org's address (four spellings) means our dated subset of its context.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache, lru_cache
from importlib import import_module
from typing import Any, Final

import pyoxigraph as ox
from cachetools import LRUCache

from kg.errors import ExpansionError
from kg.resources import package_file
from kg.vocab import (
    FIGURE_BASE,
    PREFIXES,
    RDF_TYPE,
    SCHEMA_CREATOR,
    SCHEMA_DATASET,
    SCHEMA_LICENSE,
    SCHEMA_NAME,
    Term,
    Triple,
    encode_local,
    iri,
    literal,
)

__all__ = ["CONTEXT_URLS", "check_contexts", "planned_parts", "refusal", "stated_triples"]

CONTEXT_URLS: Final = ("https://schema.org/", "http://schema.org/", "https://schema.org", "http://schema.org")
"""The spellings of schema.org's address that mean the shipped context."""

_MAX_VALUES: Final = 100_000
_SCHEMA: Final = PREFIXES["schema"]
_XSD_STRING: Final = PREFIXES["xsd"] + "string"


def refusal(code: str, what: str, why: str, mend: str, *key: str | int) -> ExpansionError:
    """The error for a `schema-jsonld`; `key` is the path below it."""
    return ExpansionError.of(code, what, why, mend, key=("schema-jsonld", *key))


@cache
def _pyld() -> Any:
    """The library, imported when a record first needs it: most need it not, and its HTTP clients take long to load."""
    return import_module("pyld")


@cache
def _context() -> dict[str, Any]:
    context: dict[str, Any] = json.loads(package_file("schemaorg.context.jsonld").read_text("utf-8"))
    return context


def _load(url: str, _options: object = None) -> dict[str, Any]:
    if url not in CONTEXT_URLS:
        raise _pyld().jsonld.JsonLdError(
            "not a context that ships with this package",
            "jsonld.LoadDocumentError",
            {"url": url},
            "loading document failed",
        )
    # 'static' lets pyld keep the processed context; without it each record would process it again.
    return {
        "contentType": "application/ld+json",
        "contextUrl": None,
        "documentUrl": url,
        "document": _context(),
        "tag": "static",
    }


@cache
def _resolver() -> Any:
    return _pyld().ContextResolver(LRUCache(maxsize=16), _load)


def check_contexts(nodes: list[dict[str, Any]]) -> None:
    """Refuse any context but schema.org's, wherever it stands, and documents that YAML aliases blow up.

    Raises:
        ExpansionError: another context, or too many values.
    """
    for number, node in enumerate(nodes):
        _check_contexts(node, (number,) if len(nodes) > 1 else (), [_MAX_VALUES])


def _check_contexts(value: object, key: tuple[str | int, ...], budget: list[int]) -> None:
    budget[0] -= 1
    if budget[0] < 0:
        raise refusal(
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
            raise refusal(
                "unknown-context",
                f"the context is {item!r}, 'https://schema.org/' is wanted",
                "only schema.org's context ships with this package, and none is ever fetched",
                "write '@context': https://schema.org/",
                *key,
            )


def stated_triples(nodes: list[dict[str, Any]], subject: Term, own_id: str) -> list[Triple]:
    """The triples of a document, relative IRIs resolved against the figure's own, unnamed nodes named under it.

    Args:
        nodes: the top-level nodes, contexts checked.
        subject: term of the figure.
        own_id: its `@id` as the document spells it.

    Raises:
        ExpansionError: pyld refuses the document.

    Source:
        JSON-LD 1.1 expansion (https://www.w3.org/TR/json-ld11-api/#expansion-algorithm).
    """
    planned = planned_parts(nodes, subject)
    if planned is None:
        return _by_pyld(nodes, subject, own_id)
    rest, texts = planned
    return [*rest, *((subject, predicate, value) for predicate, values in texts for value in values)]


_MARK: Final = f"{FIGURE_BASE}--plan--"
_PLAN_SUBJECT: Final = Term(f"<{_MARK}>")
_PLAINLY_NAMED = re.compile(re.escape(f"<{FIGURE_BASE}") + r"[A-Za-z0-9_.-]+>")


Texts = list[tuple[Term, list[Term]]]
"""Predicates, each with its texts."""


def planned_parts(nodes: list[dict[str, Any]], subject: Term) -> tuple[list[Triple], Texts] | None:
    """The triples of a record whose shape pyld has expanded before; None where pyld must look at the record itself.

    Texts under keys that the context does not coerce expand to themselves whatever they say, so they are set
    apart, and given as the figure's values under each predicate; what remains (context, type, licence, creator) is
    nearly the same in all records. Anything whose expansion could hang on more than that is pyld's. A test compares
    the two on every record at hand.
    """
    if len(nodes) != 1 or not _PLAINLY_NAMED.fullmatch(subject) or not _is_usual(nodes[0]):
        return None
    texts: Texts = []
    rest: dict[str, Any] = {}
    for key, value in nodes[0].items():
        values = value if type(value) is list else [value]
        predicate = _text_predicate(key)
        if predicate and values and {str}.issuperset(map(type, values)):
            texts.append((predicate, [_text(value) for value in values]))
        elif key != "@id":
            rest[key] = value
    shape = json.dumps(rest)
    plan = None if _MARK in shape else _plan(shape)
    if plan is None:
        return None
    mark, own = _MARK, subject[1:-1]
    return [(Term(s.replace(mark, own)), p, Term(o.replace(mark, own))) for s, p, o in plan], texts


@lru_cache(maxsize=1024)
def _text_predicate(key: str) -> Term | None:
    """The predicate of a key whose texts the context does not coerce; None for any other key."""
    special = _context()["@context"]
    return iri(_SCHEMA + key) if key.isascii() and key.isalpha() and key not in special else None


def _is_usual(node: dict[str, Any]) -> bool:
    """Whether schema.org's context holds, and no keyword (`@list`, `@nest`, ...) can change what the texts mean."""
    keywords = {key for key in node if key[:1] == "@"}
    return keywords <= {"@context", "@id", "@type"} and "id" not in node and node.get("@context") in CONTEXT_URLS


_text = lru_cache(maxsize=1 << 14)(literal)


_PLAN_CREATOR: Final = Term(f"<{_MARK}#b0>")
_USUAL: Final[dict[str, tuple[Triple, ...]]] = {
    json.dumps(
        {
            "@context": "https://schema.org/",
            "@type": "Dataset",
            "license": "CC0",
            "creator": {"@type": "Organization", "name": "WikiPathways"},
        }
    ): (
        (_PLAN_SUBJECT, RDF_TYPE, SCHEMA_DATASET),
        (_PLAN_SUBJECT, SCHEMA_CREATOR, _PLAN_CREATOR),
        (_PLAN_CREATOR, RDF_TYPE, iri(f"{_SCHEMA}Organization")),
        (_PLAN_CREATOR, SCHEMA_NAME, literal("WikiPathways")),
        (_PLAN_SUBJECT, SCHEMA_LICENSE, iri(f"{FIGURE_BASE}CC0")),
    )
}
"""What remains of nearly every record, with the triples that pyld makes of it; a test compares."""


@lru_cache(maxsize=1024)
def _plan(rest: str) -> tuple[Triple, ...] | None:
    """The triples of what remains of a record, under a placeholder for the figure; None where no plan fits."""
    return _USUAL[rest] if rest in _USUAL else _new_plan(rest)


def _new_plan(rest: str) -> tuple[Triple, ...] | None:
    node = {**json.loads(rest), "@id": _MARK}
    triples = tuple(_by_pyld([node], _PLAN_SUBJECT, _MARK))
    named = all(o == _PLAN_SUBJECT or _MARK not in o or f"{_MARK}#b" in o for _, _, o in triples)
    to_itself = any(o == _PLAN_SUBJECT for _, _, o in triples)
    return triples if named and not to_itself else None


def _by_pyld(nodes: list[dict[str, Any]], subject: Term, own_id: str) -> list[Triple]:
    expanded = _asked(_pyld().jsonld.expand, nodes, own_id)
    triples = list(_Walk(subject).triples(expanded, nodes, own_id))
    for term in dict.fromkeys(term for triple in triples for term in triple if term[-1] != '"'):
        if not _is_iri(term):
            raise refusal(
                "bad-jsonld",
                f"{term} is no IRI" if term[0] == "<" else f"{term} has no such datatype or language",
                "no reader would take a graph with it",
                "correct it: one '#', brackets only round an IPv6 host, a port of digits",
            )
    return triples


@lru_cache(maxsize=4096)
def _is_iri(term: Term) -> bool:
    """Whether an RDF reader takes it for one; misplaced signs ('[', a second '#') are not encoded, but refused."""
    try:
        return len(list(ox.parse(f"<http://e/> <http://e/> {term} .", format=ox.RdfFormat.N_TRIPLES))) == 1
    except SyntaxError:
        return False


def _asked(function: Callable[..., Any], nodes: list[dict[str, Any]], base: str, **options: object) -> Any:
    refused = _pyld().jsonld.JsonLdError
    try:
        return function(
            nodes,
            {
                "base": base,
                "contextResolver": _resolver(),
                "documentLoader": _load,
                "processingMode": "json-ld-1.1",
                **options,
            },
        )
    except refused as error:
        cause: Any = error
        while isinstance(cause.__cause__, refused):
            cause = cause.__cause__
        code = cause.code or cause.type
        raise refusal(
            "bad-jsonld",
            f"the JSON-LD cannot be expanded ({code})",
            str(cause.args[0]),
            "compare the block with that of other records",
        ) from None
    except (TypeError, AttributeError, KeyError) as error:
        # pyld trips over some odd documents, such as an @id that looks like a keyword ('@id': '@x') beside a list.
        raise refusal(
            "bad-jsonld",
            "the JSON-LD cannot be expanded",
            f"the JSON-LD library stumbles over it ({error})",
            "compare the block with that of other records",
        ) from None
    except RecursionError:
        raise refusal(
            "bad-jsonld", "the JSON-LD is nested too deep", "no record nests deeper than three levels", "flatten it"
        ) from None


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
            yield from _skolemized(_asked(_pyld().jsonld.to_rdf, nodes, base), self.figure)
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
            if not all(value and ":" in value and not value.startswith("_:") for value in values):
                return False
        elif key.startswith(("@", "_:")) or ":" not in key or not all(_is_plain_item(value) for value in values):
            return False
    node_id = node.get("@id", "https:")
    return isinstance(node_id, str) and ":" in node_id and not node_id.startswith("_:")


def _is_plain_item(value: dict[str, Any]) -> bool:
    if "@value" in value:
        return value.keys() in _PLAIN_VALUE and isinstance(value["@value"], str) and ":" in value.get("@type", ":")
    return _is_plain(value)


def _value(value: Mapping[str, str]) -> Term:
    datatype = value.get("@type", _XSD_STRING)
    return literal(value["@value"], None if datatype == _XSD_STRING else iri(datatype))


def _skolemized(dataset: Mapping[str, list[dict[str, Any]]], figure: Term) -> Iterator[Triple]:
    """The RDF that pyld makes, with every blank node named under the figure."""
    for quads in dataset.values():
        for quad in quads:
            parts = [quad[part] for part in ("subject", "predicate", "object")]
            if (
                None not in parts
            ):  # pyld makes nothing of an @id that looks like a keyword, and JSON-LD drops such triples
                subject, predicate, value = (_rdf_term(part, figure) for part in parts)
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
