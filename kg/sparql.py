r"""The text of a SPARQL query as tokens: what it asks, whom it calls, and how values take the place of parameters.

A value never goes into a query as text. It becomes one RDF term, and that term takes the place of one variable token;
`bind` then reads its own result again and refuses it unless all other tokens are as they were.

The tokens follow the terminals of https://www.w3.org/TR/sparql11-query/#sparqlGrammar.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from kg.errors import QueryError
from kg.vocab import Term

__all__ = [
    "Service",
    "Token",
    "bind",
    "calls_out",
    "data_block",
    "expanded",
    "place",
    "query_form",
    "safe",
    "services",
    "star_variables",
    "tokens",
]

_TOKEN: Final = re.compile(
    r"""
      (?P<comment>\#[^\r\n]*)
    | (?P<string>\"{3}(?:[^"\\]|\\.|"(?!""))*\"{3} | '{3}(?:[^'\\]|\\.|'(?!''))*'{3}
                | "(?:[^"\\\r\n]|\\.)*" | '(?:[^'\\\r\n]|\\.)*')
    | (?P<iri><[^<>"{}|^`\\\x00-\x20]*>)
    | (?P<variable>[?$]\w+)
    | (?P<language>@[A-Za-z]+(?:-[A-Za-z0-9]+)*)
    | (?P<name>(?:[^\W\d_][\w.\-]*)?:(?:[\w:%]|\\.|[.\-](?=[\w:%.\-\\]))*)
    | (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
    | (?P<word>[A-Za-z_]\w*)
    | (?P<space>\s+)
    | (?P<other>\\?.)
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE: Final = re.compile(r"(?<!\\)((?:\\\\)*)\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8}))")
_FORMS: Final = ("SELECT", "ASK", "CONSTRUCT", "DESCRIBE")
_UPDATES: Final = (
    "INSERT", "DELETE", "LOAD", "CLEAR", "DROP", "CREATE", "ADD", "MOVE", "COPY", "WITH",
)  # fmt: skip
# What stands between `<` and `>` is an IRI to us; behind an operand, parsers may see `?a < 1) SERVICE ?b #>` in it.
_DOUBTFUL: Final = re.compile(r"<(?:(?!//)[^'#])*['#]")
_BACKSLASH: Final = re.compile(r"\\\\([uU])|\\u([0-9A-Fa-f]{4})|\\.")
_SERVICE: Final = re.compile("service", re.IGNORECASE)


class Token(NamedTuple):
    """One terminal of a query: its kind (a group of the pattern above), text and place (code points from 0)."""

    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        """The place after its last character."""
        return self.start + len(self.text)

    def is_word(self, *words: str) -> bool:
        """Whether it is one of these keywords (capitals), in any letter case."""
        return self.kind == "word" and self.text.upper() in words


def expanded(text: str) -> str:
    r"""The text with its code point escapes resolved, as SPARQL asks before anything else is read (section 19.2).

    >>> expanded(r"\u0053ELECT * {}")
    'SELECT * {}'
    """
    before = ""
    while text != before:
        before = text
        text = _ESCAPE.sub(lambda match: match[1] + _character(int(match[2] or match[3], 16)), text)
    return text


def _character(code: int) -> str:
    if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        raise QueryError.of(
            "bad-query", f"\\U{code:08X} is no character", "", "write a code point below 110000 that is no surrogate"
        )
    return chr(code)


def tokens(text: str) -> Iterator[Token]:
    """The tokens of a query that matter: no blanks, no comments.

    >>> [token.text for token in tokens('ASK { ?s ?p "a } b" } # end')]
    ['ASK', '{', '?s', '?p', '"a } b"', '}']
    """
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or "other"
        if kind not in ("space", "comment"):
            yield Token(kind, match[0], match.start())


def query_form(text: str) -> str:
    """`SELECT`, `ASK`, `CONSTRUCT` or `DESCRIBE`.

    Raises:
        QueryError: it is an update, or no query at all.
    """
    after_prologue = (token for token in tokens(text) if token.is_word(*_FORMS, *_UPDATES))
    first = next(after_prologue, None)
    if first is not None and first.text.upper() in _FORMS:
        return first.text.upper()
    if first is not None:
        line, column = place(text, first.start)
        raise QueryError.of(
            "update-refused",
            f"{first.text.upper()} at {line}:{column} would change the graph",
            "queries are read-only",
            "change the records and export again, or send the update to your own store",
        )
    raise QueryError.of(
        "bad-query", "no query form is found", "", "start with SELECT, ASK, CONSTRUCT or DESCRIBE after the prefixes"
    )


def place(text: str, start: int) -> tuple[int, int]:
    """Line and column of a place in a text, both from 1."""
    before = text[:start]
    return before.count("\n") + 1, start - before.rfind("\n")


def calls_out(text: str) -> bool:
    """Whether a query might call another endpoint; in doubt yes.

    >>> calls_out("SELECT * { ?service ?p 'SERVICE' }"), calls_out("SELECT * { service <http://example.com/> {} }")
    (False, True)
    """
    read = list(tokens(text))
    brackets: list[str] = []
    for index, token in enumerate(read):
        if token.kind == "word" and _SERVICE.search(token.text):
            return True
        if token.kind == "name" and _glued(token, read[index + 1 : index + 2]):
            return True
        if token.kind == "iri" and brackets[-1:] == ["("] and _compared(read[index - 1]) and _doubtful(text, token):
            return True
        if token.text in ("(", "{", "["):
            brackets.append(token.text)
        elif token.text in (")", "}", "]") and brackets:
            brackets.pop()
    return False


def _glued(name: Token, after: Sequence[Token]) -> bool:
    """Whether a prefixed name before a brace may be read as `SERVICE` and a shorter name."""
    return bool(after) and after[0].text == "{" and _SERVICE.search(name.text.partition(":")[0]) is not None


def _compared(before: Token) -> bool:
    """Whether what stands before a `<` is an operand, so that it may be a comparison."""
    return before.kind != "other" or before.text == ")"


def _doubtful(text: str, address: Token) -> bool:
    """Whether an IRI may hide the start of a string or comment, with a call behind it."""
    return _DOUBTFUL.match(address.text) is not None and _SERVICE.search(text, address.start) is not None


def star_variables(text: str) -> list[str] | None:
    """The variables of a `SELECT *` in order of appearance, which is the order that people expect; else None.

    >>> star_variables("SELECT * { ?s ?p ?o }")
    ['s', 'p', 'o']
    """
    read = list(tokens(text))
    behind = [after for before, after in pairwise(read) if before.is_word("SELECT", "DISTINCT", "REDUCED")]
    first = next((token for token in behind if not token.is_word("DISTINCT", "REDUCED")), None)
    if first is None or first.text != "*":
        return None
    return list(dict.fromkeys(token.text[1:] for token in read if token.kind == "variable"))


class Service(NamedTuple):
    """A `SERVICE` block: whom it calls, its places in the query, and the text between its braces."""

    endpoint: str
    silent: bool
    start: int
    end: int
    body: str
    outer: tuple[int, int]
    """The element of the outermost group that holds the block: the block itself, or the MINUS or OPTIONAL around it."""
    group: tuple[int, int]
    """The outermost group: the places after its `{` and of its `}`."""


def services(text: str) -> list[Service]:
    """The `SERVICE` blocks of a query that are not inside another one, in order.

    Raises:
        QueryError: an endpoint is no IRI, or a brace is missing.
    """
    read = list(tokens(text))
    found: list[Service] = []
    opened: list[int] = []
    for index, token in enumerate(read):
        if found and token.start < found[-1].end:
            continue
        if token.text == "{":
            opened.append(index)
        elif token.text == "}" and opened:
            opened.pop()
        elif token.is_word("SERVICE"):
            found.append(_service(text, read, index, opened))
    return found


def _service(text: str, read: Sequence[Token], index: int, opened: Sequence[int]) -> Service:
    silent = read[index + 1].is_word("SILENT") if index + 1 < len(read) else False
    at = index + 1 + silent
    if at + 1 >= len(read) or read[at + 1].text != "{" or read[at].kind != "iri" or not opened:
        line, column = place(text, read[index].start)
        raise QueryError.of(
            "bad-service",
            f"the SERVICE at {line}:{column} names no endpoint by its IRI",
            "a variable or prefixed name could lead anywhere",
            "write SERVICE <https://...> { ... } inside the WHERE clause",
        )
    end = _closing(text, read, at + 1)
    if len(opened) == 1:
        outer = (read[index].start, read[end].end)
    else:
        first = opened[1]
        while first > 0 and read[first - 1].is_word("MINUS", "OPTIONAL", "FILTER", "NOT", "EXISTS", "GRAPH"):
            first -= 1
        outer = (read[first].start, read[_closing(text, read, opened[1])].end)
    return Service(
        endpoint=read[at].text[1:-1],
        silent=silent,
        start=read[index].start,
        end=read[end].end,
        body=text[read[at + 1].end : read[end].start],
        outer=outer,
        group=(read[opened[0]].end, read[_closing(text, read, opened[0])].start),
    )


def _closing(text: str, read: Sequence[Token], opening: int) -> int:
    depth = 0
    for index in range(opening, len(read)):
        depth += {"{": 1, "}": -1}.get(read[index].text, 0)
        if depth == 0:
            return index
    line, column = place(text, read[opening].start)
    raise QueryError.of("bad-query", f"the brace at {line}:{column} is never closed", "", "add the missing '}'")


def data_block(variables: Sequence[str], rows: Sequence[Sequence[Term | None]]) -> str:
    """Rows as the inline data of a query; None stands for no value.

    >>> print(data_block(["a", "b"], [(Term('"x"'), None)]))
    VALUES (?a ?b) { ("x" UNDEF) }
    """
    head = " ".join(f"?{name}" for name in variables)
    body = " ".join(f"({' '.join(safe(term) if term else 'UNDEF' for term in row)})" for row in rows)
    return f"VALUES ({head}) {{ {body} }}"


def safe(term: Term) -> str:
    r"""A term as SPARQL text in which no code point escape is hidden.

    Some engines resolve `\u....` before they read strings (section 19.2), so a backslash before a u needs care.

    >>> print(safe(Term(r'"C:\\users"')))
    "C:\\\U00000075sers"
    """
    return _BACKSLASH.sub(_long_escape, term)


def _long_escape(match: re.Match[str]) -> str:
    """Escapes of eight digits cannot run into digits that follow."""
    if match[1]:
        return f"\\\\\\U{ord(match[1]):08X}"
    return f"\\U0000{match[2]}" if match[2] else match[0]


def bind(text: str, values: Mapping[str, Sequence[Term]], lists: frozenset[str] = frozenset()) -> str:
    """A query with terms in the place of variables.

    Args:
        text: the query.
        values: variable, without `?`, to its terms; one term, or several for a list.
        lists: the variables whose `VALUES ?name { ... }` blocks take the terms, instead of the variable itself.

    Raises:
        QueryError: the query would not be the same one with the values in it.

    >>> bind("ASK { ?s ?p ?_o_iri }", {"_o_iri": [Term("<http://example.com/>")]})
    'ASK { ?s ?p <http://example.com/> }'
    """
    parts: list[str] = []
    wanted: list[str] = []
    done = 0
    read = list(tokens(text))
    for index, token in enumerate(read):
        name = token.text[1:] if token.kind == "variable" else ""
        if token.start < done:
            continue
        if name in lists and name in values and index and read[index - 1].is_word("VALUES"):
            terms = [safe(term) for term in values[name]]
            opening, closing = read[index + 1], read[_closing(text, read, index + 1)]
            parts += [text[done : opening.end], " ", " ".join(terms), " "]
            wanted += [token.text, "{", *(part for term in terms for part in _term_tokens(term))]
            done = closing.start
        elif name in values and name not in lists:
            term = safe(values[name][0])
            parts += [text[done : token.start], term]
            wanted += _term_tokens(term)
            done = token.end
        else:
            wanted.append(token.text)
    bound = "".join([*parts, text[done:]])
    if [token.text for token in tokens(bound)] != wanted:
        raise _would_change()
    return bound


def _term_tokens(term: str) -> list[str]:
    """The tokens of one term: an IRI, or a string with its datatype or language."""
    read = list(tokens(term))
    kinds = [token.kind for token in read]
    if kinds not in (["iri"], ["string"], ["string", "language"], ["string", "other", "other", "iri"]):
        raise _would_change()
    return [token.text for token in read]


def _would_change() -> QueryError:
    return QueryError.of(
        "bad-parameter", "a value would change the query", "a value is one term, never a part of the query", ""
    )
