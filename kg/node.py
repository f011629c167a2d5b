"""Nodes: subjects with their facts, as they travel from linking to checking and writing.

What stands in many records alike (a gene, or the match of a word to a gene) is a `Form`: made once, kept while it is
often met, and remembered by the checker and the writers, which need not look at it again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, Literal, NamedTuple

from kg.vocab import OA_TARGET, Term

__all__ = [
    "LAYERS",
    "Content",
    "Fact",
    "Form",
    "Groups",
    "Linked",
    "MentionForm",
    "Mentions",
    "Node",
    "NodeKind",
    "grouped",
    "ungrouped",
]

NodeKind = Literal[
    "figure", "part", "paper", "image", "journal", "publisher", "agent",
    "gene-mention", "chemical-mention", "disease-mention", "organism-evidence",
    "gene", "chemical", "disease", "taxon", "mapping", "lexicon", "scheme",
]  # fmt: skip

LAYERS: Final[dict[str, str]] = {
    "figure": "core", "part": "core", "paper": "core", "image": "core", "journal": "core",
    "publisher": "core", "agent": "core",
    "gene-mention": "genes", "organism-evidence": "genes",
    "chemical-mention": "chemicals", "disease-mention": "diseases",
    "gene": "links", "chemical": "links", "disease": "links", "taxon": "links", "mapping": "links",
    "lexicon": "links", "scheme": "links",
    "dataset": "meta", "vocabulary": "meta",
}  # fmt: skip
"""The layer (file, or named graph) that the nodes of each kind stand in."""


Fact = tuple[Term, Term]


Groups = dict[Term, list[Term]]
"""Facts of one subject as values by predicate."""


def grouped(facts: Iterable[Fact]) -> Groups:
    """Facts as values by predicate."""
    groups: Groups = {}
    for predicate, value in facts:
        if predicate in groups:
            groups[predicate].append(value)
        else:
            groups[predicate] = [value]
    return groups


def ungrouped(groups: Groups) -> list[Fact]:
    """The facts one by one."""
    return [(predicate, value) for predicate, values in groups.items() for value in values]


Content = tuple[str, str, tuple[str, ...], tuple[str, ...], tuple[str, ...], tuple[str, ...]]
"""Kind, id, names, words (only where there is no name), mapped ids, taxa of an entity, as one record has them."""


class Form:
    """Facts that stand in many records alike.

    Args:
        facts: all that is said; of a mention, what is said besides its target.
        content: what an entity's facts were made of.

    `passed` is the checker that found nothing wrong with them.
    """

    __slots__ = ("content", "facts", "passed")

    def __init__(self, facts: tuple[Fact, ...], content: Content | None = None) -> None:
        self.facts, self.content = facts, content
        self.passed: object = None


class MentionForm(Form):
    """A word matched to an identifier, wherever it stands: the facts of a mention besides its target.

    Args:
        kind: of the mention.
        local: what its IRI has behind the figure's.
        facts: without the target.
        pattern: kind and predicates, the same text object for all forms that have them alike.

    `texts` is what writers made of it.
    """

    __slots__ = ("kind", "local", "pattern", "texts")

    def __init__(self, kind: NodeKind, local: str, facts: tuple[Fact, ...], pattern: str) -> None:
        super().__init__(facts)
        self.kind, self.local, self.pattern = kind, local, pattern
        self.texts: dict[object, str] = {}

    def node(self, figure: Term, table: str = "", rows: tuple[int, ...] = ()) -> Node:
        """The mention in a figure."""
        return Node(Term(figure[:-1] + self.local), self.kind, [(OA_TARGET, figure), *self.facts], table, rows, self)


class Node(NamedTuple):
    """A subject with its facts (predicate, object), without duplicates.

    `rows` are the line numbers in the table `table` that the node comes from; both are empty for nodes
    that the front matter describes, and for those that are the same object in all records that have them alike.
    `form` is set where the facts are a form's (a mention has its figure besides).
    """

    subject: Term
    kind: NodeKind
    facts: Sequence[Fact]
    table: str = ""
    rows: tuple[int, ...] = ()
    form: Form | None = None


class Mentions(NamedTuple):
    """The mentions of one kind in one figure: their forms, the table that they stand in, and their rows of it."""

    figure: Term
    kind: NodeKind
    forms: Sequence[MentionForm]
    table: str
    rows: Sequence[tuple[int, ...]]

    def nodes(self) -> list[Node]:
        """Each as a node."""
        both = zip(self.forms, self.rows, strict=True)
        return [form.node(self.figure, self.table, rows) for form, rows in both]


class Linked(NamedTuple):
    """All that one record says: the figure, further nodes of its own, its mentions, and what it shares with others.

    The figure has the most facts by far, so they are kept as values by predicate.
    """

    figure: Term
    facts: Groups
    paper: Node
    own: list[Node]
    mentions: list[Mentions]
    shared: list[Node]

    @property
    def nodes(self) -> list[Node]:
        """All nodes, the figure's own first."""
        figure = Node(self.figure, "figure", ungrouped(self.facts))
        mentions = [node for mentions in self.mentions for node in mentions.nodes()]
        parts = [node for node in self.own if node.kind == "part"]
        others = [node for node in self.own if node.kind != "part"]
        return [figure, *parts, self.paper, *others, *mentions, *self.shared]
