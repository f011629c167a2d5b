"""A record's `schema-jsonld` to triples about its figure, with the named repairs."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple

from kg.jsonld import check_contexts, planned_parts, refusal, stated_triples
from kg.record import Figure, Findings
from kg.repair import Repairs
from kg.vocab import FIGURE_BASE, Term, Triple, encode_local, iri

__all__ = ["Stated", "expand_jsonld", "figure_iri"]


@lru_cache(maxsize=64)
def figure_iri(figid: str) -> Term:
    """The IRI that PFOCR gives a figure.

    >>> figure_iri("PMC1__f1")
    '<https://pfocr.wikipathways.org/figures/PMC1__f1.html>'
    """
    return iri(f"{FIGURE_BASE}{encode_local(figid)}.html")


def _nodes(document: object) -> list[dict[str, Any]]:
    """The top-level nodes of a `schema-jsonld`, which is a mapping or a list of mappings."""
    items = document if isinstance(document, list) else [document]
    nodes = [node for node in items if isinstance(node, dict)]
    if not nodes or len(nodes) != len(items):
        raise refusal(
            "no-jsonld",
            "schema-jsonld is missing or is no mapping",
            "it holds the figure's IRI, licence and keywords",
            "add the schema-jsonld block as other records have it",
        )
    return nodes


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
    raise refusal(
        code,
        what,
        f"figid is {figid!r}; a figure under another's IRI would mix the two",
        "correct @id or figid so that they name the same figure",
        *(["@id"] if code == "identity-differs" else []),
    )


class Stated(NamedTuple):
    """What a record's JSON-LD states: the figure's values by predicate, and triples about other things."""

    own: dict[Term, list[Term]]
    others: list[Triple]

    def triples(self, subject: Term) -> list[Triple]:
        """All triples; `subject` is the figure's term."""
        own = [(subject, predicate, value) for predicate, values in self.own.items() for value in values]
        return own + self.others


def expand_jsonld(figure: Figure, findings: Findings, *, repair: bool = True) -> Stated:
    """What a record's JSON-LD states about its figure, nothing twice.

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
    check_contexts(nodes)
    own, own_id = _own_node(nodes, figure.figid)
    if "@context" not in own:
        raise refusal(
            "unknown-context",
            "schema-jsonld has no @context",
            "without it no key has a meaning",
            "add '@context': https://schema.org/",
        )
    subject = figure_iri(figure.figid)
    planned = planned_parts(nodes, subject)
    triples, texts = (stated_triples(nodes, subject, own_id), []) if planned is None else planned
    if repair:
        mend = Repairs(triples, subject, own_id, figure, findings)
        triples = mend.triples(triples)
        texts = [mended for predicate, values in texts for mended in mend.texts(predicate, values)]
    return _grouped(triples, texts, subject)


def _grouped(triples: Iterable[Triple], texts: Iterable[tuple[Term, list[Term]]], subject: Term) -> Stated:
    own: dict[Term, list[Term]] = {}
    others: list[Triple] = []
    for triple in triples:
        if triple[0] == subject:
            own.setdefault(triple[1], []).append(triple[2])
        else:
            others.append(triple)
    for predicate, values in texts:
        own.setdefault(predicate, []).extend(values)
    return Stated(
        {predicate: list(dict.fromkeys(values)) for predicate, values in own.items()}, list(dict.fromkeys(others))
    )
