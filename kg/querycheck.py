"""Checks of saved queries: the header tells what is needed, the text is SPARQL 1.1, and the defaults find something."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from kg.errors import KgError, Problem
from kg.graphstore import GraphStore
from kg.savedqueries import SavedQuery, parse_query
from kg.sparql import Token, expanded, services, tokens

__all__ = ["check_query"]


def check_query(path: Path, store: GraphStore) -> list[Problem]:
    """What is wrong with a query file.

    Args:
        path: the file.
        store: the graph that its defaults are to find something in.
    """
    try:
        query = parse_query(path.read_text("utf-8-sig"), path.stem, str(path))
    except KgError as error:
        return [error.problem]
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        return [_problem(path, "unreadable-queries", reason, "", "check the path")]
    try:
        problems = [*_header(path, query), *_uses(path, query), *_lists(path, query)]
        return problems or [*_standard(path, query)] or [*_runs(path, query, store)]
    except KgError as error:
        return [replace(error.problem, path=str(path))]


def _problem(path: Path, code: str, what: str, why: str, mend: str, *, severity: str = "error") -> Problem:
    return Problem(
        severity="error" if severity == "error" else "warning", code=code, what=what, why=why, mend=mend, path=str(path)
    )


def _header(path: Path, query: SavedQuery) -> Iterator[Problem]:
    if not query.summary:
        yield _problem(
            path, "bad-query-header", "there is no summary", "lists show it", "write '#+ summary: ...' at the top"
        )
    if not query.tags:
        yield _problem(
            path,
            "bad-query-header",
            "there are no tags",
            "lists are narrowed by them",
            "write '#+ tags:' and '#+   - gene'",
        )
    for parameter in query.parameters:
        if not (parameter.default or parameter.optional):
            yield _problem(
                path,
                "bad-query-header",
                f"{parameter.name} has no default",
                "a query is to run as it stands",
                f"write '#+ defaults:' and '#+   - {parameter.name}: ...', or call it ?_{parameter.variable}",
            )


def _uses(path: Path, query: SavedQuery) -> Iterator[Problem]:
    """A parameter becomes a term, so it cannot be selected or assigned."""
    plain = {parameter.variable for parameter in query.parameters if not parameter.many}
    read = list(tokens(expanded(query.text)))
    for before, token in pairwise(read):
        if token.kind == "variable" and token.text[1:] in plain and before.is_word("AS"):
            yield _misused(path, token)
    for token in _selected(read):
        if token.text[1:] in plain:
            yield _misused(path, token)


def _misused(path: Path, token: Token) -> Problem:
    return _problem(
        path,
        "bad-parameter-name",
        f"the parameter {token.text} is selected or assigned",
        "a value takes its place, and a value can be neither",
        "use another variable there",
    )


def _selected(read: list[Token]) -> Iterator[Token]:
    """The variables that stand by themselves behind SELECT, in the query and its sub-queries."""
    depth, selecting = 0, False
    for token in read:
        if token.is_word("SELECT"):
            selecting, depth = True, 0
        elif token.text == "{" or token.is_word("WHERE", "FROM"):
            selecting = False
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if selecting and depth == 0 and token.kind == "variable":
            yield token


def _lists(path: Path, query: SavedQuery) -> Iterator[Problem]:
    """As it stands, a file runs with the list in its VALUES blocks: it must be that of the header."""
    for parameter in query.parameters:
        if parameter.many and _squeezed(query.with_defaults()) != _squeezed(query.text):
            yield _problem(
                path,
                "bad-query-header",
                f"the defaults of {parameter.name} are not those of its VALUES block",
                "the file would answer differently elsewhere",
                "write the same IRIs in full in both",
            )


def _squeezed(text: str) -> list[str]:
    return [token.text for token in tokens(text)]


def _standard(path: Path, query: SavedQuery) -> Iterator[Problem]:
    """A second parser must take it, as it stands and with its defaults."""
    from pyparsing.exceptions import ParseBaseException  # noqa: PLC0415 (with rdflib, a fifth of a second)
    from rdflib.plugins.sparql import prepareQuery  # noqa: PLC0415

    for text in dict.fromkeys((query.text, query.with_defaults())):
        try:
            prepareQuery(text)
        except ParseBaseException as error:
            yield Problem(
                severity="error",
                code="bad-query",
                what=f"the query is no SPARQL 1.1: {error.msg}",
                why="other engines must read it too",
                mend="correct it at this place",
                path=str(path),
                line=error.lineno,
                column=error.column,
            )
            return
        except Exception as error:  # noqa: BLE001 (rdflib raises bare exceptions for undeclared prefixes and wrong variables)
            yield _problem(
                path, "bad-query", f"rdflib refuses the query: {error}", "other engines must read it too", ""
            )
            return


def _runs(path: Path, query: SavedQuery, store: GraphStore) -> Iterator[Problem]:
    """Run it with its defaults; blocks that call other endpoints are left empty."""
    text = query.with_defaults()
    for service in reversed(services(text)):
        text = f"{text[: service.start]}{{}}{text[service.end :]}"
    try:
        answer = store.query(parse_query(text, query.name, query.path))
    except KgError as error:
        yield replace(error.problem, path=str(path))
        return
    if not query.federated and next(answer.terms(), None) is None:
        yield _problem(
            path,
            "finds-nothing",
            "the defaults find nothing in this graph",
            "nobody can tell whether the query is right",
            "choose defaults that the graph has",
        )
