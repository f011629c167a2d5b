"""`SERVICE` blocks: ask each endpoint ourselves, and put its rows into the query as inline data.

The engine never goes to the network. What is sent is the block's own text, with the prefixes of the query. For the
variables of a query's `bind-join` header the local values are found first and sent along in batches, so that an
endpoint with millions of proteins is asked for a figure's few dozen only. The meaning stays that of SPARQL 1.1
Federated Query: the block is joined with what stands around it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from kg.errors import QueryError
from kg.sparql import Service, Token, data_block, services, tokens
from kg.vocab import Term

__all__ = ["BATCH", "Rows", "inline_services", "without_services"]

BATCH: Final = 500
"""Local values that one request carries."""
_MOST_ROWS: Final = 1_000_000

Row = Sequence[Term | None]
Rows = tuple[Sequence[str], Iterable[Row]]
"""Variables and rows of a result."""


def inline_services(
    text: str,
    ask_local: Callable[[str], Rows],
    ask_remote: Callable[[str, str], Rows],
    *,
    bind_join: Sequence[str] = (),
    addresses: Mapping[str, str] | None = None,
) -> str:
    """A query without `SERVICE`, each block replaced by the rows that its endpoint gave.

    Args:
        text: the query, its parameters bound.
        ask_local: answers a query on the local graph.
        ask_remote: answers a query at an endpoint: address, query.
        bind_join: variables whose local values are sent along.
        addresses: endpoint to the address that is asked instead, such as a mirror.

    Raises:
        QueryError: an endpoint fails (and the block is not SILENT), or names no IRI.
    """
    prologue = _prologue(text)
    for service in reversed(services(text)):
        asked = _asked_variables(text, service)
        address = (addresses or {}).get(service.endpoint, service.endpoint)
        pushed = [name for name in bind_join if name in _names(service.body)]
        try:
            rows = [
                row
                for number, values in enumerate(_batches(text, prologue, service, pushed, ask_local))
                for row in _rows(
                    asked, ask_remote(address, _remote_query(prologue, service, asked, pushed, values)), number
                )
            ]
        except QueryError:
            if not service.silent:
                raise
            rows = [[None] * len(asked)]
        if len(rows) > _MOST_ROWS:
            raise QueryError.of(
                "endpoint-failed", f"{address} gave more than {_MOST_ROWS:,} rows", "", "narrow what is asked of it"
            )
        text = f"{text[: service.start]}{data_block(asked, rows)}{text[service.end :]}"
    return text


def without_services(text: str) -> str:
    """The text with each `SERVICE` block cut out, whether it is a whole query or the inside of a group."""
    wrapped = f"{{{text}}}"
    for service in reversed(services(wrapped)):
        wrapped = f"{wrapped[: service.start]} {wrapped[service.end :]}"
    return wrapped[1:-1]


def _names(text: str) -> list[str]:
    """The variables of a text in order of appearance."""
    return list(dict.fromkeys(token.text[1:] for token in tokens(text) if token.kind == "variable"))


def _asked_variables(text: str, service: Service) -> list[str]:
    """What the rest of the query can see of a block: all of it under `SELECT *`."""
    inside = _names(service.body)
    head: list[Token] = []
    for token in tokens(text):
        if token.text == "{":
            break
        head.append(token)
    if any(token.text == "*" for token in head):
        return inside
    outside = _names(f"{text[: service.start]} {text[service.end :]}")
    return [name for name in inside if name in outside]


def _prologue(text: str) -> str:
    """The BASE and PREFIX lines of a query."""
    read = list(tokens(text))
    for token in read:
        if token.is_word("SELECT", "ASK", "CONSTRUCT", "DESCRIBE"):
            return "\n".join(line for line in text[: token.start].splitlines() if not line.lstrip().startswith("#"))
    return ""


def _batches(
    text: str, prologue: str, service: Service, pushed: Sequence[str], ask_local: Callable[[str], Rows]
) -> Iterator[list[Row] | None]:
    """The local values to send along, some at a time; None where nothing is sent along."""
    if not pushed:
        yield None
        return
    group = without_services(text[service.group[0] : service.outer[0]] + text[service.outer[1] : service.group[1]])
    names = " ".join(f"?{name}" for name in pushed)
    variables, found = ask_local(f"{prologue}\nSELECT DISTINCT {names} WHERE {{ {group} }}")
    places = [list(variables).index(name) for name in pushed]
    rows = [[row[place] for place in places] for row in found]
    for start in range(0, len(rows), BATCH):
        yield list(rows[start : start + BATCH])


def _remote_query(
    prologue: str, service: Service, asked: Sequence[str], pushed: Sequence[str], values: Sequence[Row] | None
) -> str:
    select = " ".join(f"?{name}" for name in asked) or "*"
    sent = data_block(pushed, values) if values is not None else ""
    first = next(tokens(service.body), None)
    body = f"{{ {service.body} }}" if first is not None and first.is_word("SELECT") and sent else service.body
    return f"{prologue}\nSELECT {select} WHERE {{ {sent}{body} }}"


def _rows(asked: Sequence[str], result: Rows, answer: int) -> Iterator[Row]:
    """The rows of an endpoint's answer (by its number) in the order of the variables that were asked for."""
    variables, rows = result
    places = [list(variables).index(name) if name in variables else None for name in asked]
    for row in rows:
        yield [_no_blank(row[place], answer) if place is not None else None for place in places]


def _no_blank(term: Term | None, answer: int) -> Term | None:
    """Blank nodes have no name outside their answer; IRIs keep them apart."""
    return Term(f"<urn:blank:{answer}:{term[2:]}>") if term is not None and term.startswith("_:") else term
