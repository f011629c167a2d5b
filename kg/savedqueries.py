"""Saved queries: SPARQL files with a header that tells what they ask and which parameters they take.

The header is grlc's (`#+` lines of YAML: https://github.com/CLARIAH/grlc), the parameters are BASIL's (variables
that begin with `?_`: https://github.com/basilapi/basil), so that a file is valid SPARQL as it stands. Two keys are
our own: `types` says what a parameter is (so that people may type a symbol or a name), `bind-join` names the
variables whose local values are sent along to a federated endpoint.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from importlib.resources.abc import Traversable
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import yaml

from kg.errors import Problem, QueryError
from kg.resources import data_dir
from kg.sparql import bind, calls_out, expanded, query_form, services, tokens
from kg.vocab import PREFIXES, Names, Term, is_iri, literal

__all__ = [
    "TYPES",
    "Parameter",
    "SavedQuery",
    "find_query",
    "load_queries",
    "parse_query",
    "query_files",
    "read_query",
    "with_prefixes",
]

TYPES: Final = (
    "gene", "chemical", "disease", "figure", "paper", "taxon", "lexicon", "doi", "pubmed", "wikipathway",
    "iri", "text", "integer",
)  # fmt: skip
"""What a parameter can be; `kg.parameters` tells which texts each takes."""

_BASIL: Final = re.compile(r"(_{1,2})([^\W_]\w*?)(?:_(iri|integer|literal))?")
_KEYS: Final = frozenset(
    {
        "summary", "description", "tags", "types", "defaults", "bind-join",
        "endpoint", "method", "pagination", "enumerate", "transform", "endpoint_in_url", "mime",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter of a query.

    `variable` is its name in the text, without `?`; `many` tells that it takes a list, `optional` that the
    query runs without it; `default` are texts, none where it must be given.
    """

    name: str
    variable: str
    type: str
    optional: bool = False
    many: bool = False
    default: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedQuery:
    """A query with its header. `text` is the file as it stands, `path` where it was found."""

    name: str
    text: str
    path: str = ""
    summary: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    bind_join: tuple[str, ...] = ()
    form: str = "SELECT"
    endpoints: tuple[str, ...] = ()

    @property
    def federated(self) -> bool:
        """Whether it calls other endpoints."""
        return calls_out(expanded(self.sparql))

    @property
    def sparql(self) -> str:
        """The text without its header; each line keeps its number."""
        return "\n".join("" if line.startswith("#+") else line for line in self.text.split("\n"))

    def bound(self, values: Mapping[str, Sequence[Term]]) -> str:
        """The SPARQL text with terms in the place of the parameters.

        Args:
            values: parameter name to its terms: one, or several for a list. An optional parameter may be left out:
                its variable then matches anything.

        Raises:
            QueryError: a parameter is missing, or a value is no single term.
        """
        by_name = {parameter.name: parameter for parameter in self.parameters}
        terms = {by_name[name].variable: terms for name, terms in values.items()}
        lists = frozenset(parameter.variable for parameter in self.parameters if parameter.many)
        return bind(expanded(self.sparql), terms, lists)

    def with_defaults(self) -> str:
        """The SPARQL text with the header's own defaults in it."""
        return self.bound({p.name: _header_terms(p) for p in self.parameters if p.default})


def _header_terms(parameter: Parameter) -> list[Term]:
    """Defaults are written as what they are: IRIs, or the text of a literal."""
    kind = parameter.variable.rpartition("_")[2] if not parameter.many else "iri"
    if kind == "iri":
        _require_iris(parameter)
        return [Term(f"<{value}>") for value in parameter.default]
    if kind == "integer":
        return [Term(f'"{value}"^^<{PREFIXES["xsd"]}integer>') for value in parameter.default]
    return [literal(value) for value in parameter.default]


def _require_iris(parameter: Parameter) -> None:
    wrong = [value for value in parameter.default if not is_iri(value)]
    if wrong:
        raise QueryError.of(
            "bad-query-header",
            f"the default of {parameter.name} is {wrong[0]!r}",
            "a default is written as what it is: here an absolute IRI",
            "write the IRI in full, without <>",
        )


def load_queries(
    folder: Path | None = None, *, on_problem: Callable[[Problem], None] | None = None
) -> dict[str, SavedQuery]:
    """The saved queries of a folder, or the shipped ones, by name: local ones first, then the federated.

    Args:
        folder: holds `NAME.rq` files.
        on_problem: told of each broken file, which is then left out; without it the first one is raised.

    Raises:
        QueryError: the folder cannot be read or holds no query.
    """
    found: list[SavedQuery] = []
    for file in query_files(folder):
        try:
            found.append(read_query(file))
        except QueryError as error:
            if on_problem is None:
                raise
            on_problem(error.problem)
    return {query.name: query for query in sorted(found, key=lambda query: (query.federated, query.name))}


def find_query(name: str, folder: Path | None = None) -> SavedQuery:
    """One saved query by its name.

    Raises:
        QueryError: there is none of that name, or its header is broken.
    """
    files = {file.name.removesuffix(".rq"): file for file in query_files(folder)}
    if name not in files:
        near = get_close_matches(name, files, n=3, cutoff=0.4)
        raise QueryError.of(
            "unknown-query",
            f"there is no saved query {name!r}",
            f"the nearest names are {', '.join(near)}" if near else "",
            "`kg queries list` shows them all",
        )
    return read_query(files[name])


def query_files(folder: Path | None = None) -> list[Traversable]:
    """The `.rq` files of a folder, or the shipped ones, by name.

    Raises:
        QueryError: the folder cannot be read or holds none.
    """
    root: Traversable = data_dir("queries") if folder is None else folder
    try:
        files = [item for item in root.iterdir() if item.name.endswith(".rq") and not item.name.startswith(".")]
    except OSError as error:
        raise _unreadable(str(root), error.strerror or str(error)) from None
    if not files:
        raise _unreadable(str(root), "the folder holds no .rq file")
    return sorted(files, key=lambda item: item.name)


def _unreadable(shown: str, reason: str) -> QueryError:
    return QueryError.of("unreadable-queries", f"{shown}: {reason}", "", "name a folder of .rq files, each one query")


def read_query(file: Traversable) -> SavedQuery:
    """The query in a file, a `Path` or one that ships with the package.

    Raises:
        QueryError: the file cannot be read, or holds no query.
    """
    try:
        text = file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(str(file), getattr(error, "strerror", None) or str(error)) from None
    return parse_query(text, file.name.removesuffix(".rq"), str(file))


def with_prefixes(text: str) -> str:
    """The query with the graph's own prefixes in front, those that it uses and does not declare.

    They stand on the first line, so that each line keeps its number.

    >>> with_prefixes("ASK { ?s foaf:page ?o }")
    'PREFIX foaf: <http://xmlns.com/foaf/0.1/> ASK { ?s foaf:page ?o }'
    """
    read = list(tokens(text))
    declared = {after.text for before, after in pairwise(read) if before.is_word("PREFIX")}
    used = {f"{token.text.partition(':')[0]}:" for token in read if token.kind == "name"}
    known = {f"{prefix}:": namespace for prefix, namespace in Names().prefixes.items()}
    missing = sorted((used - declared) & known.keys())
    return "".join(f"PREFIX {prefix} <{known[prefix]}> " for prefix in missing) + text


def parse_query(text: str, name: str = "", path: str = "") -> SavedQuery:
    """A query from its text, with or without a header.

    Raises:
        QueryError: the header is broken, the text is no query, or it changes data.
    """
    try:
        header = _header(text, path)
        plain = expanded(text)
        form = query_form(plain)
        parameters = _parameters(plain, header, path)
        called = tuple(dict.fromkeys(service.endpoint for service in services(plain)))
    except QueryError as error:
        raise _placed(error, path) from None
    return SavedQuery(
        name=name,
        text=text,
        path=path,
        summary=str(header.get("summary", "")).strip(),
        description=str(header.get("description", "")).strip(),
        tags=_texts(header, "tags", path),
        parameters=tuple(parameters),
        bind_join=_texts(header, "bind-join", path),
        form=form,
        endpoints=called,
    )


def _placed(error: QueryError, path: str) -> QueryError:
    return QueryError(replace(error.problem, path=error.problem.path or path))


def _header(text: str, path: str) -> dict[str, Any]:
    """The `#+` lines as YAML; every scalar stays text."""
    lines = [line[2:].removeprefix(" ") if line.startswith("#+") else "" for line in text.splitlines()]
    try:
        header = yaml.load("\n".join(lines), Loader=yaml.CBaseLoader)  # noqa: S506 (BaseLoader makes text only)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise QueryError.of(
            "bad-query-header",
            f"the header is no YAML: {getattr(error, 'problem', error)}",
            "the lines that begin with #+ tell what the query asks",
            "quote texts that hold ': ' or '#'",
            path=path,
            line=mark.line + 1 if mark else None,
            column=mark.column + 4 if mark else None,
        ) from None
    if header in (None, ""):
        return {}
    if not isinstance(header, dict):
        raise QueryError.of("bad-query-header", "the header is no mapping", "", "write '#+ summary: ...'", path=path)
    strange = sorted(set(header) - _KEYS)
    if strange:
        raise QueryError.of(
            "bad-query-header", f"unknown key {strange[0]!r}", "", f"use one of {', '.join(sorted(_KEYS))}", path=path
        )
    return header


def _texts(header: Mapping[str, Any], key: str, path: str) -> tuple[str, ...]:
    """A list of texts."""
    entries = header.get(key) or []
    if not isinstance(entries, list) or not all(isinstance(entry, str) for entry in entries):
        raise QueryError.of(
            "bad-query-header", f"{key} is no list", "", f"write '#+ {key}:' and '#+   - name' below it", path=path
        )
    return tuple(entries)


def _pairs(header: Mapping[str, Any], key: str, path: str) -> dict[str, Any]:
    """A list of one-key mappings, grlc's way, as one mapping."""
    found: dict[str, Any] = {}
    entries = header.get(key) or []
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise QueryError.of(
            "bad-query-header", f"{key} is no list of 'name: value'", "", f"write '#+ {key}:' and '#+   - name: value'",
            path=path,
        )  # fmt: skip
    for entry in entries:
        found |= entry
    return found


def _parameters(text: str, header: Mapping[str, Any], path: str) -> list[Parameter]:
    types, defaults = _pairs(header, "types", path), _pairs(header, "defaults", path)
    found: dict[str, Parameter] = {}
    for variable in dict.fromkeys(token.text[1:] for token in tokens(text) if token.kind == "variable"):
        match = _BASIL.fullmatch(variable)
        if match is None:
            continue
        name, kind = match[2], match[3]
        given = str(types.get(name) or {"iri": "iri", "integer": "integer"}.get(kind or "", "text"))
        if name in found and found[name].variable != variable:
            raise QueryError.of(
                "bad-parameter-name", f"?{variable} and ?{found[name].variable} are one parameter", "",
                "spell it one way", path=path,
            )  # fmt: skip
        found[name] = _parameter(name, variable, given, defaults, path, optional=len(match[1]) == 2)
    for name, given in types.items():
        if str(given).endswith(" list"):
            _require_values_block(text, name, path)
            found[name] = _parameter(name, name, str(given).removesuffix(" list"), defaults, path, many=True)
    missing = sorted((set(types) | set(defaults)) - set(found))
    if missing:
        raise QueryError.of(
            "bad-parameter-name", f"the header names {missing[0]!r}, the query does not", "",
            f"write ?_{missing[0]} or ?_{missing[0]}_iri in it, or take it out of the header", path=path,
        )  # fmt: skip
    return [found[name] for name in [*types, *(name for name in found if name not in types)]]


def _parameter(
    name: str,
    variable: str,
    kind: str,
    defaults: Mapping[str, Any],
    path: str,
    *,
    optional: bool = False,
    many: bool = False,
) -> Parameter:
    if kind not in TYPES:
        raise QueryError.of(
            "bad-parameter-type", f"{name} is of type {kind!r}", "", f"use one of {', '.join(TYPES)}", path=path
        )
    default = defaults.get(name)
    values = () if default is None else tuple(map(str, default)) if isinstance(default, list) else (str(default),)
    return Parameter(name=name, variable=variable, type=kind, optional=optional, many=many, default=values)


def _require_values_block(text: str, name: str, path: str) -> None:
    read = list(tokens(text))
    blocks = [
        token for before, token, after in zip(read, read[1:], read[2:], strict=False)
        if token.text[1:] == name and before.is_word("VALUES") and after.text == "{"
    ]  # fmt: skip
    if not blocks:
        raise QueryError.of(
            "bad-parameter-name", f"{name} is a list, but no VALUES ?{name} {{ ... }} takes it", "",
            "write such a block, with the defaults in it", path=path,
        )  # fmt: skip
