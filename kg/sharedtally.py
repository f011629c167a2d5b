"""What the figures of an export share, counted: genes, chemicals, diseases, taxa, journals, publishers, lexicons.

Each distinct content (an entity under one name, say) is counted once a figure. Counts of parts of an export add up to
those of the whole, in whatever order, so that each part can be counted where it is made.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from kg.entities import label_of
from kg.link import taxids_of
from kg.node import Content, Fact, Form, Linked, Node
from kg.record import Entity, Figure, Paper
from kg.taxa import TAXON_NAMES
from kg.vocab import SCHEMA_CREATOR, WIKIPATHWAYS, Term

__all__ = ["SharedTally"]


@dataclass(slots=True)
class SharedTally:
    """How many figures have each content. Memory grows with the number of distinct contents, not of records."""

    entities: Counter[Content] = field(default_factory=Counter)
    forms: Counter[Form] = field(default_factory=Counter)
    both: Counter[str] = field(default_factory=Counter)
    taxa: Counter[tuple[str, str, tuple[str, ...]]] = field(default_factory=Counter)
    journals: Counter[tuple[str, str]] = field(default_factory=Counter)
    publishers: dict[str, None] = field(default_factory=dict)
    lexicons: dict[str, None] = field(default_factory=dict)
    parts: dict[Term, dict[Fact, None]] = field(default_factory=dict)
    wikipathways: bool = False

    def add(self, figure: Figure, linked: Linked) -> None:
        """Count one figure and what it mentions."""
        if any(entity.words and not entity.names for entity in figure.entities):
            self.entities.update(map(_content, figure.entities))
        else:  # their forms tell the same, and are quicker to count
            self.forms.update([node.form for node in linked.shared if node.form is not None])
        if "diseases" in figure.tables:
            self._add_both(figure.entities)
        self.taxa.update(_taxa(figure))
        self.lexicons.update(dict.fromkeys([mention.lexicon for mention in figure.mentions]))
        self.wikipathways = self.wikipathways or WIKIPATHWAYS in linked.facts.get(SCHEMA_CREATOR, ())

    def _add_both(self, entities: Iterable[Entity]) -> None:
        """Ids that a figure has as chemical and as disease count one figure there, not two."""
        kinds = Counter(e.ident for e in entities if e.kind != "gene")
        self.both.update([ident for ident, number in kinds.items() if number > 1])

    def add_part(self, node: Node) -> None:
        """Keep what a record's JSON-LD says of something that is not the figure's own; others may say it too."""
        self.parts.setdefault(node.subject, {}).update(dict.fromkeys(node.facts))

    def add_paper(self, paper: Paper, figures: int) -> None:
        """Count a paper's journal and publisher."""
        if paper.journal or paper.journal_abbreviation:
            self.journals[paper.journal, paper.journal_abbreviation] += figures
        if paper.publisher:
            self.publishers[paper.publisher] = None

    def settle(self) -> SharedTally:
        """The same, ready for another process: forms are turned into what they are made of."""
        for form, number in self.forms.items():
            if form.content is not None:
                self.entities[form.content] += number
        self.forms.clear()
        return self

    def merge(self, other: SharedTally) -> None:
        """Add the counts of another part of the export."""
        self.entities.update(other.entities)
        self.both.update(other.both)
        self.taxa.update(other.taxa)
        self.journals.update(other.journals)
        self.publishers.update(other.publishers)
        self.lexicons.update(other.lexicons)
        self.wikipathways = self.wikipathways or other.wikipathways
        for subject, facts in other.parts.items():
            self.parts.setdefault(subject, {}).update(facts)


def _content(entity: Entity) -> Content:
    kind, ident, names, words, maps, taxa, _, _ = entity
    if kind == "gene":
        return kind, ident, label_of(entity), (), maps, taxa
    return kind, ident, names, () if names else words, maps, taxa


def _taxa(figure: Figure) -> Iterable[tuple[str, str, tuple[str, ...]]]:
    """The taxa of a figure, with the name and groups that its table gives."""
    found: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
        taxid: (taxid, TAXON_NAMES.get(taxid, ""), ()) for taxid in taxids_of(figure)
    }
    return {
        **found,
        **{o.taxid: (o.taxid, o.name or found[o.taxid][1], o.groups) for o in figure.organisms},
    }.values()
