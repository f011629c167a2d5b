"""Nodes to text: Turtle, N-Triples, N-Quads, TriG and JSON-LD, one subject a block, in a stable order.

Writers append to a text stream; where the stream leads, and that it appears whole, is `output`'s matter.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple, Protocol

from kg.vocab import PREFIXES, RDF_TYPE, RDFS_LABEL, Names, Term, plain

__all__ = ["FORMATS", "BlockWriter", "Format", "TextStream", "make_writer"]


class TextStream(Protocol):
    """Anything that takes text."""

    def write(self, text: str, /) -> object:
        """Append text."""


class Format(NamedTuple):
    """A serialization: its name, file suffix, media type, and whether it keeps named graphs."""

    name: str
    suffix: str
    media_type: str
    has_graphs: bool


FORMATS: Final = {
    form.name: form
    for form in (
        Format("turtle", "ttl", "text/turtle", has_graphs=False),
        Format("ntriples", "nt", "application/n-triples", has_graphs=False),
        Format("nquads", "nq", "application/n-quads", has_graphs=True),
        Format("trig", "trig", "application/trig", has_graphs=True),
        Format("jsonld", "jsonld", "application/ld+json", has_graphs=False),
    )
}
"""The serializations by name."""

_LOCAL = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*|[0-9]+")
_BARE_NUMBER: Final = {
    f'"^^<{PREFIXES["xsd"]}integer>': re.compile(r"[+-]?[0-9]+"),
    f'"^^<{PREFIXES["xsd"]}decimal>': re.compile(r"[+-]?[0-9]*\.[0-9]+"),
}
_CACHE_LIMIT: Final = 20_000
_SHORT_BLOCK: Final = 16
_PLANS: Final = 1_000

Fact = tuple[Term, Term]


class _Shortener:
    """Terms in Turtle's short form; those that come again (predicates, genes) are looked up, not made again."""

    def __init__(self, prefixes: dict[str, str]) -> None:
        self.namespaces = {namespace: prefix for prefix, namespace in prefixes.items()}
        self.cache: dict[str, str] = {}

    def iri(self, term: str) -> str:
        short = self.cache.get(term)
        if short is None:
            short = self._make(term)
            if short is not term:  # figures and mentions have no short form, and come too many to keep
                if len(self.cache) >= _CACHE_LIMIT:
                    self.cache.clear()
                self.cache[term] = short
        return short

    def _make(self, term: str) -> str:
        address = term[1:-1]
        cut = max(address.rfind("/"), address.rfind("#")) + 1
        prefix = self.namespaces.get(address[:cut])
        if prefix is not None and _LOCAL.fullmatch(address, cut):
            return f"{prefix}:{address[cut:]}"
        return term

    def term(self, term: str) -> str:
        if term[0] == "<":
            return self.iri(term)
        if term[-1] != ">":
            return term
        text, _, datatype = term.rpartition("^^")
        pattern = _BARE_NUMBER.get(f'"^^{datatype}')
        if pattern and pattern.fullmatch(text, 1, len(text) - 1):
            return text[1:-1]
        return f"{text}^^{self.iri(datatype)}"


class BlockWriter(Protocol):
    """Writes blocks of one subject each; `start` and `end` frame them."""

    def start(self, stream: TextStream) -> None:
        """Write what stands first."""

    def block(self, stream: TextStream, subject: Term, facts: Iterable[Fact], graph: Term | None) -> None:
        """Write one subject's facts, in a named graph where the format has such."""

    def end(self, stream: TextStream) -> None:
        """Write what stands last."""


def _grouped(facts: Iterable[Fact]) -> dict[Term, list[Term]]:
    grouped: dict[Term, list[Term]] = {}
    for predicate, value in facts:
        grouped.setdefault(predicate, []).append(value)
    return grouped


class TurtleWriter:
    """Turtle: prefixes first, `a` first in a block, then the label, then predicates in alphabetical order."""

    def __init__(self, names: Names) -> None:
        self.prefixes = names.prefixes
        self.short = _Shortener(names.prefixes)
        self._order: dict[Term, tuple[str, str]] = {}
        self._plans: dict[tuple[Term, ...], list[tuple[str, list[int]]]] = {}

    def start(self, stream: TextStream) -> None:
        """Write the prefixes."""
        stream.write("".join(f"@prefix {prefix}: <{namespace}> .\n" for prefix, namespace in self.prefixes.items()))

    def block(self, stream: TextStream, subject: Term, facts: Iterable[Fact], graph: Term | None) -> None:  # noqa: ARG002 (the protocol's)
        """Write one subject; a graph has no place in Turtle and is ignored."""
        stream.write(self.text(subject, list(facts)))

    def text(self, subject: Term, facts: Sequence[Fact]) -> str:
        """The block of one subject, with a blank line before it."""
        short = self.short.term
        lines = []
        for name, places in self._plan(tuple([predicate for predicate, _ in facts])):
            if len(places) == 1:
                lines.append(f"{name} {short(facts[places[0]][1])}")
            else:
                lines.append(f"{name} {self._objects([facts[place][1] for place in places])}")
        return "\n" + self.short.iri(subject) + " " + " ;\n    ".join(lines) + " .\n"

    def _plan(self, predicates: tuple[Term, ...]) -> list[tuple[str, list[int]]]:
        """Which facts stand under which predicate, in order; the plans of short blocks (mentions) are kept."""
        plan = self._plans.get(predicates)
        if plan is None:
            places: dict[Term, list[int]] = {}
            for place, predicate in enumerate(predicates):
                places.setdefault(predicate, []).append(place)
            plan = [(self._rank(predicate)[1], places[predicate]) for predicate in sorted(places, key=self._rank)]
            if len(predicates) < _SHORT_BLOCK and len(self._plans) < _PLANS:
                self._plans[predicates] = plan
        return plan

    def _rank(self, predicate: Term) -> tuple[str, str]:
        rank = self._order.get(predicate)
        if rank is None:
            name = "a" if predicate == RDF_TYPE else self.short.iri(predicate)
            first = "0" if predicate == RDF_TYPE else "1" if predicate == RDFS_LABEL else "2"
            rank = self._order[predicate] = (first + name, name)
        return rank

    def _objects(self, values: list[Term]) -> str:
        texts = [self.short.term(value) for value in values]
        texts.sort(key=_natural if values[0][0] == "<" else None)
        return ",\n        ".join(texts)

    def end(self, stream: TextStream) -> None:
        """Nothing closes a Turtle file."""


def _natural(text: str) -> tuple[str, int, str]:
    """Sorts ncbigene:412 before ncbigene:6774, and plain text as it is."""
    head, _, tail = text.rpartition(":")
    return (head, int(tail), "") if tail.isascii() and tail.isdigit() and len(tail) < 16 else (text, 0, "")


class LinesWriter:
    """N-Triples, or N-Quads: a triple a line, facts sorted within a subject."""

    def __init__(self, *, graphs: bool) -> None:
        self.graphs = graphs

    def start(self, stream: TextStream) -> None:
        """Nothing stands first."""

    def block(self, stream: TextStream, subject: Term, facts: Iterable[Fact], graph: Term | None) -> None:
        """Write one subject's triples."""
        tail = f" {graph} .\n" if self.graphs and graph else " .\n"
        stream.write("".join(sorted(f"{subject} {predicate} {value}{tail}" for predicate, value in facts)))

    def end(self, stream: TextStream) -> None:
        """Nothing stands last."""


class JsonLdWriter:
    """JSON-LD: a context of prefixes, then one node a line, so that it can be written and read as a stream."""

    def __init__(self, names: Names) -> None:
        self.prefixes = names.prefixes
        self.short = _Shortener(names.prefixes)
        self._first = True

    def start(self, stream: TextStream) -> None:
        """Write the context."""
        self._first = True
        stream.write(f'{{"@context": {json.dumps(self.prefixes)},\n"@graph": [')

    def block(self, stream: TextStream, subject: Term, facts: Iterable[Fact], graph: Term | None) -> None:  # noqa: ARG002 (the protocol's)
        """Write one node."""
        node: dict[str, object] = {"@id": self._id(subject)}
        for predicate, values in sorted(_grouped(facts).items()):
            if predicate == RDF_TYPE:
                node["@type"] = sorted(self._id(value) for value in values)
                continue
            objects = [self._value(value) for value in sorted(values)]
            node[self._id(predicate)] = objects[0] if len(objects) == 1 else objects
        stream.write(("\n" if self._first else ",\n") + json.dumps(node, ensure_ascii=False))
        self._first = False

    def _id(self, term: Term) -> str:
        short = self.short.iri(term)
        return short[1:-1] if short[0] == "<" else short

    def _value(self, term: Term) -> object:
        if term[0] == "<":
            return {"@id": self._id(term)}
        text, mark, datatype = term.rpartition("^^")
        if mark and term[-1] == ">":
            return {"@value": plain(text), "@type": self._id(Term(datatype))}
        if term[-1] != '"':
            text, _, language = term.rpartition("@")
            return {"@value": plain(text), "@language": language}
        return plain(term)

    def end(self, stream: TextStream) -> None:
        """Close the graph."""
        stream.write("\n]}\n")


def make_writer(form: str, names: Names) -> BlockWriter:
    """The writer of a format by its name in `FORMATS`."""
    if form in ("turtle", "trig"):  # TriG is Turtle with graphs around it, which the sink writes
        return TurtleWriter(names)
    if form == "jsonld":
        return JsonLdWriter(names)
    return LinesWriter(graphs=form == "nquads")
