"""The form of a saved query: a field for each parameter, and the RDF terms that what people typed stands for."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, cast
from urllib.parse import unquote

from anyio import from_thread
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import QueryParams

from kg.errors import Problem, QueryError
from kg.explorer.context import Explorer
from kg.explorer.model import EntityKind
from kg.explorer.pages.places import Place, place_of
from kg.parameters import KINDS, resolve_values
from kg.savedqueries import Parameter, SavedQuery
from kg.vocab import Names, Term

__all__ = ["Field", "field_name", "fields", "given", "resolved"]

_RESERVED: Final = frozenset({"format", "view", "table", "run"})
"""What the address of a query's page says itself."""

_SUGGESTED: Final[Mapping[str, str]] = {
    "gene": "gene",
    "chemical": "chemical",
    "disease": "disease",
    "taxon": "organism",
    "figure": "figure",
    "paper": "paper",
}
"""Types of parameters to the kinds of hits that fit them."""

_OF_A_VALUE: Final = frozenset({"missing-parameter", "bad-value", "unknown-value", "ambiguous-value"})
_CURIES: Final = Names()


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A parameter as a form shows it; `suggests` is the kind of hits that help to fill it, `problem` what is wrong."""

    parameter: Parameter
    name: str
    label: str
    value: str
    suggests: str
    problem: Problem | None = None

    @property
    def hint(self) -> str:
        """What may be typed."""
        wanted = KINDS[self.parameter.type].wanted
        if self.parameter.many:
            return f"One or more, with commas or new lines between them. Each is {wanted}."
        return f"{wanted[:1].upper()}{wanted[1:]}."

    @property
    def example(self) -> str:
        """What to type for example."""
        return KINDS[self.parameter.type].example


def field_name(parameter: str) -> str:
    """The name of a parameter in addresses.

    >>> field_name("gene"), field_name("format")
    ('gene', 'p-format')
    """
    return f"p-{parameter}" if parameter in _RESERVED else parameter


def given(explorer: Explorer, query: SavedQuery, asked: QueryParams) -> dict[str, str] | None:
    """What an address says of a query's parameters; None where it asks for no answer.

    A form that was sent (`run`) says all of them: what it lacks is empty. Without it, what lacks has its default.
    """
    told = {p.name: asked[field_name(p.name)] for p in query.parameters if field_name(p.name) in asked}
    if asked.get("run"):
        return {p.name: told.get(p.name, "") for p in query.parameters}
    if not told:
        return None
    return {p.name: _default(explorer, p) for p in query.parameters if p.default} | told


def fields(
    explorer: Explorer, query: SavedQuery, values: Mapping[str, str] | None, problems: Mapping[str, Problem]
) -> list[Field]:
    """The form's fields, with what was typed, else with the defaults as people write them."""
    return [
        Field(
            parameter=parameter,
            name=field_name(parameter.name),
            label=_label(parameter.name),
            value=_default(explorer, parameter) if values is None else values.get(parameter.name, ""),
            suggests="" if parameter.many else _SUGGESTED.get(parameter.type, ""),
            problem=problems.get(parameter.name),
        )
        for parameter in query.parameters
    ]


def _label(name: str) -> str:
    """A parameter's name as a label.

    >>> _label("gene"), _label("first_year")
    ('Gene', 'First year')
    """
    words = name.replace("_", " ").strip()
    return f"{words[:1].upper()}{words[1:]}"


def _default(explorer: Explorer, parameter: Parameter) -> str:
    return ", ".join(_friendly(explorer, parameter, value) for value in parameter.default)


def _friendly(explorer: Explorer, parameter: Parameter, value: str) -> str:
    """A default as people write it: a name where the graph has one thing of that name, else an id."""
    if parameter.type in ("text", "integer", "doi", "wikipathway"):
        return value
    place = place_of(value)
    if place is None:
        return unquote(_CURIES.curie(value))
    if not parameter.many:
        other = _instead(explorer, place)
        if other:
            return other
    if place.kind in ("figure", "paper"):
        return place.id
    return _name(explorer, place.kinds, place.id, listed=parameter.many) or _CURIES.curie(value)


def _instead(explorer: Explorer, place: Place) -> str:
    """A figure, paper or gene of the graph where it lacks the one that a query has as default; else nothing."""
    index = explorer.index
    if place.kind == "gene" and index.entity("gene", place.id) is None:
        example = index.summary().example_gene
        return example and f"ncbigene:{example}"
    if place.kind == "figure" and index.figure(place.id) is None:
        return next((row.id for row in index.summary().newest), "")
    if place.kind == "paper" and index.paper(place.id) is None:
        return next((row.paper for row in index.summary().newest), "")
    return ""


def _name(explorer: Explorer, kinds: Sequence[str], id_: str, *, listed: bool) -> str:
    """The label of an entity, if nothing else of its kind has it and it can stand in the form."""
    for kind in kinds:
        entity = explorer.index.entity(cast("EntityKind", kind), id_)
        if entity is None or not entity.label or (listed and "," in entity.label):
            continue
        hits = explorer.index.search(entity.label, limit=20)
        alike = {hit.id for hit in hits if hit.kind == kind and entity.label in (hit.label, hit.matched)}
        if alike <= {id_}:
            return entity.label
    return ""


async def resolved(
    explorer: Explorer, query: SavedQuery, values: Mapping[str, str]
) -> tuple[dict[str, list[Term]], dict[str, Problem]]:
    """The terms of a query's parameters, and what is wrong with those that have none, both by parameter.

    Raises:
        QueryError: names could not be looked up (the time is over, too many wait).
    """
    end = time.monotonic() + explorer.settings.timeout

    def look_up(text: str) -> Iterable[tuple[Term | None, ...]]:
        return from_thread.run(_asked, explorer, text, end)

    return await run_in_threadpool(_resolved, query, values, look_up)


async def _asked(explorer: Explorer, text: str, end: float) -> list[tuple[Term | None, ...]]:
    answer = await explorer.workers.rows(text, timeout=max(0.0, end - time.monotonic()))
    try:
        return list(answer.terms())
    finally:
        answer.close()


def _resolved(
    query: SavedQuery, values: Mapping[str, str], look_up: object
) -> tuple[dict[str, list[Term]], dict[str, Problem]]:
    terms: dict[str, list[Term]] = {}
    problems: dict[str, Problem] = {}
    for parameter in query.parameters:
        one = {parameter.name: values[parameter.name]} if parameter.name in values else {}
        try:
            terms |= resolve_values(replace(query, parameters=(parameter,)), one, look_up)  # type: ignore[arg-type]
        except QueryError as error:
            if error.problem.code not in _OF_A_VALUE:
                raise
            problems[parameter.name] = error.problem
    return terms, problems
