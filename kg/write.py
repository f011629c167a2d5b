"""Nodes to text: Turtle, N-Triples, N-Quads, TriG and JSON-LD, one subject a block, in a stable order.

Writers make text; where it goes, and that it appears whole, is `output`'s matter.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final, NamedTuple, Protocol

from kg.node import Fact, Groups, Mentions, grouped, ungrouped
from kg.vocab import PREFIXES, RDF_TYPE, RDFS_LABEL, Names, Term, plain

__all__ = ["FORMATS", "BlockWriter", "Format", "make_writer", "turtle_text"]


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
_QUOTE: Final = '"'
_SEVERAL: Final = ",\n        "
_NEXT: Final = " ;\n    "


class _Shortener(dict[str, str]):
    """Terms in Turtle's short form; those that come again (predicates, genes) are looked up, not made again."""

    def __init__(self, prefixes: dict[str, str]) -> None:
        super().__init__()
        self.namespaces = {namespace: prefix for prefix, namespace in prefixes.items()}

    def __missing__(self, term: str) -> str:
        short = self._iri(term) if term[0] == "<" else self._literal(term)
        if short is not term:  # figures and mentions have no short form, and come too many to keep
            if len(self) >= _CACHE_LIMIT:
                self.clear()
            self[term] = short
        return short

    def _iri(self, term: str) -> str:
        address = term[1:-1]
        cut = max(address.rfind("/"), address.rfind("#")) + 1
        prefix = self.namespaces.get(address[:cut])
        if prefix is not None and _LOCAL.fullmatch(address, cut):
            return f"{prefix}:{address[cut:]}"
        return term

    def _literal(self, term: str) -> str:
        if term[-1] != ">":
            return term
        text, _, datatype = term.rpartition("^^")
        pattern = _BARE_NUMBER.get(f'"^^{datatype}')
        if pattern and pattern.fullmatch(text, 1, len(text) - 1):
            return text[1:-1]
        return f"{text}^^{self[datatype]}"


class BlockWriter(Protocol):
    """Turns blocks of one subject each into text; what `head` and `tail` give frames them."""

    joint: str
    """What every block begins with, and the first one after the head must not."""

    def head(self) -> str:
        """What stands first."""

    def text(self, subject: Term, facts: Sequence[Fact], graph: Term | None) -> str:
        """One subject's facts, in a named graph where the format has such."""

    def groups(self, subject: Term, groups: Groups, graph: Term | None) -> str:
        """The same, of values by predicate."""

    def mentions(self, mentions: Mentions, graph: Term | None) -> str:
        """The blocks of mentions of one figure."""

    def tail(self) -> str:
        """What stands last."""


_FIGURE: Final = Term("<\0>")
"""Stands for the figure in a form's text; a term never holds a NUL."""


def _filled(mentions: Mentions, graph: Term | None, writer: BlockWriter) -> str:
    """The texts of mentions, which are kept with their forms, with their figure filled in."""
    key = (writer, graph)
    texts: list[str] = []
    for form in mentions.forms:
        text = form.texts.get(key)
        if text is None:
            node = form.node(_FIGURE)
            text = form.texts[key] = writer.text(node.subject, node.facts, graph)
        texts.append(text)
    return "".join(texts).replace("\0", mentions.figure[1:-1])


class _Order(dict[Term, tuple[str, str]]):
    """Predicates with what they are sorted by, and their short form."""

    def __init__(self, short: _Shortener) -> None:
        super().__init__()
        self._short = short

    def __missing__(self, predicate: Term) -> tuple[str, str]:
        name = "a" if predicate == RDF_TYPE else self._short[predicate]
        first = "0" if predicate == RDF_TYPE else "1" if predicate == RDFS_LABEL else "2"
        rank = self[predicate] = (first + name, name)
        return rank


class TurtleWriter:
    """Turtle: prefixes first, `a` first in a block, then the label, then predicates in alphabetical order."""

    def __init__(self, names: Names) -> None:
        self.prefixes = names.prefixes
        self.short = _Shortener(names.prefixes)
        self._order = _Order(self.short)

    joint = ""

    def head(self) -> str:
        """The prefixes."""
        return "".join(f"@prefix {prefix}: <{namespace}> .\n" for prefix, namespace in self.prefixes.items())

    def mentions(self, mentions: Mentions, graph: Term | None) -> str:
        """The blocks of mentions of one figure."""
        return _filled(mentions, graph, self)

    def text(self, subject: Term, facts: Sequence[Fact], graph: Term | None) -> str:
        """The block of one subject, with a blank line before it; a graph has no place in Turtle and is ignored."""
        return self.groups(subject, grouped(facts), graph)

    def groups(self, subject: Term, groups: Groups, graph: Term | None) -> str:  # noqa: ARG002 (the protocol's)
        """The same, of values by predicate."""
        short, order = self.short, self._order
        lines = []
        for predicate in sorted(groups, key=order.__getitem__):
            name, values = order[predicate][1], groups[predicate]
            if len(values) == 1:
                value = values[0]
                lines.append(f"{name} {value if value[-1] == _QUOTE else short[value]}")
                continue
            texts = [value if value[-1] == _QUOTE else short[value] for value in values]
            texts.sort(key=_natural if values[0][0] == "<" else None)
            lines.append(f"{name} {_SEVERAL.join(texts)}")
        return f"\n{short[subject]} {_NEXT.join(lines)} .\n"

    def tail(self) -> str:
        """Nothing closes a Turtle file."""
        return ""


@lru_cache(maxsize=1 << 14)
def _natural(text: str) -> tuple[str, int, str]:
    """Sorts ncbigene:412 before ncbigene:6774, and plain text as it is."""
    head, _, tail = text.rpartition(":")
    return (head, int(tail), "") if tail.isascii() and tail.isdigit() and len(tail) < 16 else (text, 0, "")


class LinesWriter:
    """N-Triples, or N-Quads: a triple a line, facts sorted within a subject."""

    def __init__(self, *, graphs: bool) -> None:
        self.graphs = graphs

    joint = ""

    def head(self) -> str:
        """Nothing stands first."""
        return ""

    def text(self, subject: Term, facts: Sequence[Fact], graph: Term | None) -> str:
        """One subject's triples."""
        tail = f" {graph} .\n" if self.graphs and graph else " .\n"
        return "".join(sorted([f"{subject} {predicate} {value}{tail}" for predicate, value in facts]))

    def groups(self, subject: Term, groups: Groups, graph: Term | None) -> str:
        """The same, of values by predicate."""
        return self.text(subject, ungrouped(groups), graph)

    def mentions(self, mentions: Mentions, graph: Term | None) -> str:
        """The triples of mentions of one figure."""
        return _filled(mentions, graph, self)

    def tail(self) -> str:
        """Nothing stands last."""
        return ""


class JsonLdWriter:
    """JSON-LD: a context of prefixes, then one node a line, so that it can be written and read as a stream."""

    def __init__(self, names: Names) -> None:
        self.prefixes = names.prefixes
        self.short = _Shortener(names.prefixes)

    joint = ","

    def head(self) -> str:
        """The context."""
        return f'{{"@context": {json.dumps(self.prefixes)},\n"@graph": ['

    def mentions(self, mentions: Mentions, graph: Term | None) -> str:
        """The nodes of mentions of one figure."""
        return "".join([self.text(node.subject, node.facts, graph) for node in mentions.nodes()])

    def text(self, subject: Term, facts: Sequence[Fact], graph: Term | None) -> str:
        """One node."""
        return self.groups(subject, grouped(facts), graph)

    def groups(self, subject: Term, groups: Groups, graph: Term | None) -> str:  # noqa: ARG002 (the protocol's)
        """The same, of values by predicate."""
        node: dict[str, object] = {"@id": self._id(subject)}
        for predicate, values in sorted(groups.items()):
            if predicate == RDF_TYPE:
                node["@type"] = sorted(self._id(value) for value in values)
                continue
            objects = [self._value(value) for value in sorted(values)]
            node[self._id(predicate)] = objects[0] if len(objects) == 1 else objects
        return ",\n" + json.dumps(node, ensure_ascii=False)

    def _id(self, term: Term) -> str:
        short = self.short[term]
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

    def tail(self) -> str:
        """Closes the graph."""
        return "\n]}\n"


def turtle_text(blocks: Iterable[tuple[Term, Sequence[Fact]]], names: Names) -> str:
    """A whole Turtle file of blocks of one subject each."""
    writer = TurtleWriter(names)
    return "".join((writer.head(), *(writer.text(subject, facts, None) for subject, facts in blocks), writer.tail()))


def make_writer(form: str, names: Names) -> BlockWriter:
    """The writer of a format by its name in `FORMATS`."""
    if form in ("turtle", "trig"):  # TriG is Turtle with graphs around it, which the sink writes
        return TurtleWriter(names)
    if form == "jsonld":
        return JsonLdWriter(names)
    return LinesWriter(graphs=form == "nquads")
