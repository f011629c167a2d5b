"""Nodes that many records share: genes, chemicals, diseases, taxa, journals, publishers, lexicons.

Each is tallied while records go by and written once, after them: with the name that most records use, the
other names as alternatives, and the number of figures that mention it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from kg.link import Linker, Node, chebi_mapping, label_of, taxids_of, taxon_iri, wikipathways
from kg.record import Figure, Paper
from kg.taxa import TAXON_NAMES
from kg.vocab import (
    DCTERMS_ALTERNATIVE,
    FABIO_JOURNAL_ABBREVIATION,
    IN_TAXON,
    SCHEMA_CREATOR,
    SKOS_IN_SCHEME,
    WIKIPATHWAYS,
    Term,
    integer,
    literal,
)

__all__ = ["SharedNodes"]


@dataclass(slots=True)
class _Tally:
    """How many figures mention an entity, and under which names, best kind first."""

    figures: int = 0
    names: dict[str, int] = field(default_factory=dict)
    words: dict[str, int] | None = None
    maps: set[str] | None = None
    groups: set[str] | None = None

    def count(self, names: Iterable[str], words: Iterable[str] = ()) -> None:
        for name in names:
            self.names[name] = self.names.get(name, 0) + 1
        if not self.names:
            self.words = self.words or {}
            for word in words:
                self.words[word] = self.words.get(word, 0) + 1

    def labels(self) -> list[str]:
        """Names, the most frequent first (then alphabetical); the one word read most often where there is no name."""
        if self.names:
            return _by_frequency(self.names)
        return _by_frequency(self.words or {})[:1]


def _by_frequency(counts: dict[str, int]) -> list[str]:
    return sorted(counts, key=lambda name: (-counts[name], name))


@dataclass(slots=True)
class _JournalTally:
    figures: int = 0
    titles: dict[str, int] = field(default_factory=dict)
    abbreviations: set[str] = field(default_factory=set)


class SharedNodes:
    """Collects what the figures of an export share.

    Its memory grows with the number of distinct entities, not with the number of records.
    """

    def __init__(self, linker: Linker) -> None:
        self.linker = linker
        self.entities: dict[str, dict[str, _Tally]] = {"gene": {}, "chemical": {}, "disease": {}}
        self._taxa_of: dict[str, set[str]] = {}
        self._taxa: dict[str, _Tally] = {}
        self._both: dict[str, int] = {}
        self._lexicons: set[str] = set()
        self._journals: dict[Term, _JournalTally] = {}
        self._publishers: dict[Term, Node] = {}
        self._parts: dict[Term, dict[tuple[Term, Term], None]] = {}
        self._wikipathways = False

    @property
    def taxa_count(self) -> int:
        """How many taxa were met."""
        return len(self._taxa)

    def add(self, figure: Figure, nodes: list[Node]) -> None:
        """Count one figure and what it mentions."""
        idents: dict[str, set[str]] = {}
        for entity in figure.entities:
            tally = self.entities[entity.kind].setdefault(entity.ident, _Tally())
            tally.figures += 1
            names = label_of(entity) if entity.kind == "gene" else entity.names
            tally.count(names, entity.words)
            if entity.maps:
                tally.maps = (tally.maps or set()) | set(entity.maps)
            if entity.taxa:
                self._taxa_of.setdefault(entity.ident, set()).update(entity.taxa)
            if entity.kind != "gene":
                idents.setdefault(entity.kind, set()).add(entity.ident)
        for ident in idents.get("chemical", set()) & idents.get("disease", set()):
            self._both[ident] = self._both.get(ident, 0) + 1
        self._add_taxa(figure)
        self._lexicons.update(mention.lexicon for mention in figure.mentions if mention.lexicon)
        self._wikipathways |= (SCHEMA_CREATOR, WIKIPATHWAYS) in nodes[0].facts

    def _add_taxa(self, figure: Figure) -> None:
        found: dict[str, tuple[str, tuple[str, ...]]] = {
            taxid: (TAXON_NAMES.get(taxid, ""), ()) for taxid in taxids_of(figure)
        }
        found |= {o.taxid: (o.name or found[o.taxid][0], o.groups) for o in figure.organisms}
        for taxid, (name, groups) in found.items():
            tally = self._taxa.setdefault(taxid, _Tally())
            tally.figures += 1
            tally.count([name] if name else [])
            tally.groups = (tally.groups or set()) | set(groups)

    def add_part(self, node: Node) -> None:
        """Keep what a record's JSON-LD says of something that is not the figure's own; others may say it too."""
        self._parts.setdefault(node.subject, {}).update(dict.fromkeys(node.facts))

    def add_paper(self, paper: Paper, figures: int) -> None:
        """Count a paper's journal and publisher."""
        for node in self.linker.journal_nodes(paper):
            if node.kind == "publisher":
                self._publishers[node.subject] = node
                continue
            tally = self._journals.setdefault(node.subject, _JournalTally())
            tally.figures += figures
            title = paper.journal or paper.journal_abbreviation
            tally.titles[title] = tally.titles.get(title, 0) + figures
            if paper.journal_abbreviation:
                tally.abbreviations.add(paper.journal_abbreviation)

    def nodes(self) -> Iterator[Node]:
        """All shared nodes, each subject once, in stable order."""
        if self._wikipathways:
            yield wikipathways()
        for subject in sorted(self._parts):
            yield Node(subject, "part", sorted(self._parts[subject]))
        for subject in sorted(self._journals):
            yield self._journal(subject, self._journals[subject])
        yield from (self._publishers[subject] for subject in sorted(self._publishers))
        for ident in sorted(self.entities["gene"], key=int):
            yield self._entity("gene", ident)
        yield from self._terms()
        for taxid in sorted(self._taxa, key=int):
            yield self._taxon(taxid)
        if self._lexicons:
            yield self.linker.scheme()
        yield from (self.linker.lexicon(name) for name in sorted(self._lexicons))

    def targets(self, nodes: Iterable[Node]) -> list[Node]:
        """The shared nodes that some nodes point to and whose class a check of these alone asks for."""
        known = {node.subject for node in nodes}
        wanted = {o for node in nodes for p, o in node.facts if p in (IN_TAXON, SKOS_IN_SCHEME)} - known
        taxa = [self._taxon(taxid) for taxid in self._taxa if taxon_iri(taxid) in wanted]
        scheme = self.linker.scheme()
        return [*taxa, *([scheme] if scheme.subject in wanted else [])]

    def _taxon(self, taxid: str) -> Node:
        tally = self._taxa[taxid]
        return self._counted(self.linker.taxon(taxid, tally.labels(), sorted(tally.groups or ())), tally.figures)

    def _journal(self, subject: Term, tally: _JournalTally) -> Node:
        title, *others = _by_frequency(tally.titles)
        node = self.linker.journal(subject, title)
        node.facts.extend((DCTERMS_ALTERNATIVE, literal(other)) for other in others)
        node.facts.extend((FABIO_JOURNAL_ABBREVIATION, literal(text)) for text in sorted(tally.abbreviations))
        return self._counted(node, tally.figures)

    def _entity(self, kind: str, ident: str) -> Node:
        tally = self.entities[kind][ident]
        taxa = sorted(self._taxa_of.get(ident, ()), key=int) if kind == "gene" else ()
        node = self.linker.entity(kind, ident, tally.labels(), sorted(tally.maps or ()), taxa)
        return self._counted(node, tally.figures)

    def _counted(self, node: Node, figures: int) -> Node:
        node.facts.append((self.linker.figure_count, integer(figures)))
        return node

    def _terms(self) -> Iterator[Node]:
        """Chemicals, diseases and ChEBI's spellings; an id that is listed as both is one node."""
        chemicals, diseases = self.entities["chemical"], self.entities["disease"]
        mapped = {local for tally in chemicals.values() for local in tally.maps or ()}
        for ident in sorted({*chemicals, *diseases, *mapped}):
            mapping = [chebi_mapping(ident)] if ident.startswith("CHEBI_") else []
            if ident in chemicals and ident in diseases:
                yield self._both_kinds(ident)
            elif ident in chemicals or ident in diseases:
                node = self._entity("chemical" if ident in chemicals else "disease", ident)
                node.facts.extend(fact for extra in mapping for fact in extra.facts)
                yield node
            else:
                yield from mapping

    def _both_kinds(self, ident: str) -> Node:
        """A MeSH id that tables list as chemical and as disease (D011488): one node of two classes."""
        one, two = self.entities["chemical"][ident], self.entities["disease"][ident]
        merged = _Tally(
            figures=one.figures + two.figures - self._both.get(ident, 0),
            names=_sum(one.names, two.names),
            words=_sum(one.words or {}, two.words or {}),
            maps=(one.maps or set()) | (two.maps or set()),
        )
        labels, maps = merged.labels(), sorted(merged.maps or ())
        nodes = [self.linker.entity(kind, ident, labels, maps, ()) for kind in ("chemical", "disease")]
        facts = list(dict.fromkeys(fact for node in nodes for fact in node.facts))
        return self._counted(nodes[0]._replace(facts=facts), merged.figures)


def _sum(one: dict[str, int], two: dict[str, int]) -> dict[str, int]:
    return {name: one.get(name, 0) + two.get(name, 0) for name in {**one, **two}}
