"""A second look for `SERVICE`, by another parser: rdflib reads the query, and its tree is walked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = ["calls_in_tree"]


def calls_in_tree(text: str) -> bool | None:
    """Whether rdflib sees a call of another endpoint in a query; None where it cannot read the query.

    `kg.sparql.calls_out` decides, by tokens and in doubt with yes. This is for the queries in which the word stands but
    is no call (in a text, a comment, a variable): a second reader must see none either. Its tree is that of the whole
    syntax, of which the algebra can only leave parts out.

    >>> calls_in_tree("SELECT * { SERVICE <http://example.com/> { ?s ?p ?o } }")
    True
    >>> calls_in_tree("SELECT * { ?service ?p 'SERVICE' }")
    False
    """
    from pyparsing import ParseBaseException  # noqa: PLC0415 (a fifth of a second that most queries do without)
    from rdflib.plugins.sparql.parser import parseQuery  # noqa: PLC0415

    try:
        return _holds_call(parseQuery(text))
    except (ParseBaseException, RecursionError):
        return None


def _holds_call(tree: Any) -> bool:
    """Whether a `SERVICE` stands anywhere in a parse tree."""
    waiting = [tree]
    while waiting:
        part = waiting.pop()
        if getattr(part, "name", None) == "ServiceGraphPattern":
            return True
        if isinstance(part, dict):
            waiting.extend(part.values())
        elif isinstance(part, Sequence) and not isinstance(part, str):  # pyparsing's results are sequences, too
            waiting.extend(part)
    return False
