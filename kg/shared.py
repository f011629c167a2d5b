"""Nodes that many records share: genes, chemicals, diseases, taxa, journals, publishers, lexicons.

Each is written once, after all records: with the name that most of them use, the other names as alternatives, and the
number of figures that mention it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from kg.entities import chebi_mapping, taxon_iri, wikipathways
from kg.link import Linker
from kg.node import Node
from kg.sharedtally import SharedTally
from kg.vocab import DCTERMS_ALTERNATIVE, FABIO_JOURNAL_ABBREVIATION, IN_TAXON, SKOS_IN_SCHEME, Term, integer, literal

__all__ = ["SharedNodes"]


@dataclass(slots=True)
class _Told:
    """What all records together tell of one thing: in how many figures it is, and under which names."""

    figures: int = 0
    names: Counter[str] = field(default_factory=Counter)
    words: Counter[str] = field(default_factory=Counter)
    further: set[str] = field(default_factory=set)
    taxa: set[str] = field(default_factory=set)

    def labels(self) -> tuple[str, ...]:
        """Names, the most frequent first (then alphabetical); the one word read most often where there is no name."""
        return _by_frequency(self.names) if self.names else _by_frequency(self.words)[:1]


def _by_frequency(counts: Counter[str]) -> tuple[str, ...]:
    return tuple(sorted(counts, key=lambda name: (-counts[name], name)))


class SharedNodes:
    """Makes the nodes of what a tally counted.

    Args:
        tally: of all figures.
        linker: makes single nodes.
    """

    def __init__(self, tally: SharedTally, linker: Linker) -> None:
        self.tally, self.linker, self.make = tally, linker, linker.entities
        self.entities: dict[str, dict[str, _Told]] = {"gene": {}, "chemical": {}, "disease": {}}
        for (kind, ident, names, words, maps, taxa), number in tally.entities.items():
            told = self.entities[kind].setdefault(ident, _Told())
            told.figures += number
            for name in names:
                told.names[name] += number
            for word in words:
                told.words[word] += number
            told.further.update(maps)
            told.taxa.update(taxa)
        self.taxa: dict[str, _Told] = {}
        for (taxid, name, groups), number in tally.taxa.items():
            told = self.taxa.setdefault(taxid, _Told())
            told.figures += number
            told.names.update({name: number} if name else {})
            told.further.update(groups)

    def nodes(self) -> Iterator[Node]:
        """All shared nodes, each subject once, in stable order."""
        if self.tally.wikipathways:
            yield wikipathways()
        for subject in sorted(self.tally.parts):
            yield Node(subject, "part", sorted(self.tally.parts[subject]))
        yield from self._journals()
        publishers = {self.linker.publisher_iri(name): name for name in sorted(self.tally.publishers)}
        yield from (self.linker.publisher(publishers[subject]) for subject in sorted(publishers))
        for ident in sorted(self.entities["gene"], key=int):
            yield self._entity("gene", ident)
        yield from self._terms()
        for taxid in sorted(self.taxa, key=int):
            yield self._taxon(taxid)
        lexicons = sorted(name for name in self.tally.lexicons if name)
        if lexicons:
            yield self.make.scheme
        yield from (self.make.lexicon(name) for name in lexicons)

    def targets(self, nodes: Iterable[Node]) -> list[Node]:
        """The shared nodes that some nodes point to and whose class a check of these alone asks for."""
        known = {node.subject for node in nodes}
        wanted = {o for node in nodes for p, o in node.facts if p in (IN_TAXON, SKOS_IN_SCHEME)} - known
        taxa = [self._taxon(taxid) for taxid in self.taxa if taxon_iri(taxid) in wanted]
        scheme = self.make.scheme
        return [*taxa, *([scheme] if scheme.subject in wanted else [])]

    def _taxon(self, taxid: str) -> Node:
        told = self.taxa[taxid]
        return self._counted(self.make.taxon(taxid, told.labels(), tuple(sorted(told.further))), told.figures)

    def _journals(self) -> Iterator[Node]:
        """The journals; one goes by its abbreviation where it has one, under the titles that its papers give it."""
        titles: dict[Term, _Told] = {}
        for (title, abbreviation), figures in self.tally.journals.items():
            told = titles.setdefault(self.linker.journal_iri(title, abbreviation), _Told())
            told.figures += figures
            told.names[title or abbreviation] += figures
            told.further.update([abbreviation] if abbreviation else [])
        for subject in sorted(titles):
            told = titles[subject]
            title, *others = told.labels()
            node = self.linker.journal(subject, title)
            alternatives = [(DCTERMS_ALTERNATIVE, literal(other)) for other in others]
            short = [(FABIO_JOURNAL_ABBREVIATION, literal(text)) for text in sorted(told.further)]
            yield self._counted(node._replace(facts=[*node.facts, *alternatives, *short]), told.figures)

    def _entity(self, kind: str, ident: str) -> Node:
        told = self.entities[kind][ident]
        taxa = tuple(sorted(told.taxa, key=int)) if kind == "gene" else ()
        node = self.make.entity(kind, ident, told.labels(), tuple(sorted(told.further)), taxa)
        return self._counted(node, told.figures)

    def _counted(self, node: Node, figures: int) -> Node:
        return node._replace(facts=[*node.facts, (self.linker.figure_count, integer(figures))], form=None)

    def _terms(self) -> Iterator[Node]:
        """Chemicals, diseases and ChEBI's spellings; an id that is listed as both is one node."""
        chemicals, diseases = self.entities["chemical"], self.entities["disease"]
        mapped = {local for told in chemicals.values() for local in told.further}
        for ident in sorted({*chemicals, *diseases, *mapped}):
            if ident in chemicals and ident in diseases:
                yield self._both_kinds(ident)
            elif ident in chemicals or ident in diseases:
                yield self._entity("chemical" if ident in chemicals else "disease", ident)
            elif ident.startswith("CHEBI_"):
                yield chebi_mapping(ident)

    def _both_kinds(self, ident: str) -> Node:
        """A MeSH id that tables list as chemical and as disease (D011488): one node of two classes."""
        one, two = self.entities["chemical"][ident], self.entities["disease"][ident]
        merged = _Told(
            figures=one.figures + two.figures - self.tally.both[ident],
            names=one.names + two.names,
            words=one.words + two.words,
            further=one.further | two.further,
        )
        labels, maps = merged.labels(), tuple(sorted(merged.further))
        nodes = [self.make.entity(kind, ident, labels, maps, ()) for kind in ("chemical", "disease")]
        facts = list(dict.fromkeys(fact for node in nodes for fact in node.facts))
        return self._counted(nodes[0]._replace(facts=facts), merged.figures)
