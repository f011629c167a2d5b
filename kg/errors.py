"""Errors and problems: where, what, why, and how to mend.

    KgError
    +- SourceError       a record cannot be read, or says something that cannot be true
    +- ExpansionError    its JSON-LD cannot become triples
    +- UsageError        what was asked for cannot be done: no such folder, unknown format, output in use
    +- ShapesError       our own shapes or settings are broken
    +- QueryError        a query, or the value of a parameter of it, is wrong, or got no answer

A bad record is a result, not a crash: its error carries a `Problem`, the run goes on and the report counts it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, Self

__all__ = [
    "ExpansionError",
    "KgError",
    "Problem",
    "QueryError",
    "Severity",
    "ShapesError",
    "SourceError",
    "UsageError",
    "printable",
]

Severity = Literal["error", "warning", "note"]
"""`error`: the record is left out. `warning`: a part of it is unusable. `note`: worth counting."""


def printable(text: str) -> str:
    r"""The text with bytes of file names that are no UTF-8 written out, so that any terminal and file takes it.

    >>> printable("a\udcff.md")
    'a\\udcff.md'
    """
    return text.encode("utf-8", "backslashreplace").decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong with the input, in the words a person needs to mend it.

    `line` and `column` count from 1, in code points, from the top of the file; None where the
    problem has no place in it. `path` is as the user gave it, with `archive.zip!member` for archives.
    `key` is the field, such as `('schema-jsonld', 'license')`, or `(table column,)`.

    >>> p = Problem(severity="error", code="bad-doi", path="x.md", what="doi is 'x'", why="", mend="")
    >>> p.place
    'x.md'
    """

    severity: Severity
    code: str
    what: str
    why: str
    mend: str
    path: str = ""
    line: int | None = None
    column: int | None = None
    figid: str = ""
    key: tuple[str | int, ...] = ()

    @property
    def place(self) -> str:
        """The clickable `path:line:column`, as much of it as is known."""
        parts = [self.path, *(str(n) for n in (self.line, self.column) if n is not None)]
        return ":".join(parts)

    def text(self) -> str:
        """The problem as three lines of text: place and what, why, how to mend."""
        head = f"{self.place}: " if self.place else ""
        lines = [f"{head}{self.severity}[{self.code}]: {self.what}"]
        if self.why:
            lines.append(f"    why: {self.why}")
        if self.mend:
            lines.append(f"    mend: {self.mend}")
        return printable("\n".join(lines))

    def to_json(self) -> dict[str, object]:
        """The same fields as a mapping that `json` can write."""
        told = ((name, getattr(self, name)) for name in self.__slots__)
        kept = {k: printable(v) if isinstance(v, str) else v for k, v in told if v not in (None, "", ())}
        return kept | ({"key": list(self.key)} if self.key else {})


class KgError(Exception):
    """Anything this package refuses; `problem` says where, what, why and how to mend."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.text())
        self.problem = problem

    def __reduce__(self) -> tuple[type[Self], tuple[Problem]]:
        """From one process to another."""
        return type(self), (self.problem,)

    @classmethod
    def of(cls, code: str, what: str, why: str = "", mend: str = "", **where: object) -> Self:
        """The error for a problem of severity `error`; `where` are further fields of `Problem`."""
        base = Problem(severity="error", code=code, what=what, why=why, mend=mend)
        return cls(replace(base, **where))  # type: ignore[arg-type]


class SourceError(KgError):
    """A record or table cannot be read, or a field of it cannot be true."""


class ExpansionError(KgError):
    """The record's JSON-LD cannot become triples."""


class UsageError(KgError):
    """What the user asked for cannot be done as asked."""


class ShapesError(KgError):
    """Our own shapes or settings are broken: a fault of this package or of a user's shapes folder."""


class QueryError(KgError):
    """A query, or the value of a parameter of it, is wrong; or it got no answer."""
