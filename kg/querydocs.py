"""Saved queries as others read them: the SIB form in RDF, and a Markdown table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from kg.savedqueries import Parameter, SavedQuery
from kg.sparql import expanded
from kg.vocab import BASE, PREFIXES, RDF_TYPE, Names, Term, encode_local, iri, literal
from kg.write import turtle_text

__all__ = ["queries_markdown", "queries_turtle", "query_nodes"]

_FORMS: Final = {
    "SELECT": ("SPARQLSelectExecutable", "select"),
    "ASK": ("SPARQLAskExecutable", "ask"),
    "CONSTRUCT": ("SPARQLConstructExecutable", "construct"),
    "DESCRIBE": ("SPARQLSelectExecutable", "describe"),
}


def _term(namespace: str, local: str) -> Term:
    return Term(f"<{PREFIXES[namespace]}{local}>")


Node = tuple[Term, list[tuple[Term, Term]]]
"""A subject and its (predicate, value) pairs."""


def query_nodes(queries: Iterable[SavedQuery], *, base: str = BASE, target: str | None = None) -> list[Node]:
    """The queries in the form of SIB's SPARQL examples, their defaults filled in, so that each runs as it stands.

    Args:
        queries: saved queries.
        base: the IRI that the queries' own IRIs, and the graph's own terms, hang on.
        target: `schema:target`, the endpoint that holds the graph; an IRI under the base without it.

    Source:
        https://github.com/sib-swiss/sparql-examples: `sh:SPARQLExecutable`, `rdfs:comment`, `schema:target`,
        `schema:keywords`, `spex:federatesWith`.
    """
    names = Names(base)
    aim = iri(target) if target else names.own("sparql")
    nodes = [(names.own(f"queries/{encode_local(query.name)}"), _facts(query, base, aim)) for query in queries]
    return sorted(nodes)


def _facts(query: SavedQuery, base: str, aim: Term) -> list[tuple[Term, Term]]:
    kind, predicate = _FORMS[query.form]
    text = query.with_defaults().replace(BASE, base).strip()
    facts = [
        (RDF_TYPE, _term("sh", "SPARQLExecutable")),
        (RDF_TYPE, _term("sh", kind)),
        (_term("rdfs", "comment"), literal(query.summary)),
        (_term("sh", predicate), literal(text + "\n")),
        (_term("schema", "target"), aim),
        *((_term("schema", "keywords"), literal(tag)) for tag in query.tags),
        *((_term("spex", "federatesWith"), iri(endpoint)) for endpoint in query.endpoints),
    ]
    return list(dict.fromkeys(facts))


def queries_turtle(queries: Iterable[SavedQuery], *, base: str = BASE, target: str | None = None) -> str:
    """The same as Turtle."""
    return turtle_text(query_nodes(queries, base=base, target=target), Names(base))


def queries_markdown(queries: Iterable[SavedQuery]) -> str:
    """A table of the queries: name, what it asks, parameters with their types and defaults, endpoints."""
    lines = ["| query | asks | parameters (type): defaults | calls |", "| --- | --- | --- | --- |"]
    for query in queries:
        told = "<br>".join(map(_parameter, query.parameters))
        calls = "<br>".join(endpoint.split("/")[2] for endpoint in query.endpoints)
        lines.append(f"| `{query.name}` | {_cell(query.summary)} | {told} | {calls} |")
    return "\n".join(lines) + "\n"


def _parameter(parameter: Parameter) -> str:
    kind = f"{parameter.type}{' list' if parameter.many else ''}{', may be left out' if parameter.optional else ''}"
    default = ", ".join(f"`{Names().curie(value)}`" for value in parameter.default)
    return f"`{parameter.name}` ({kind}){f': {default}' if default else ''}"


def _cell(text: str) -> str:
    return expanded(text).replace("|", "\\|")
