"""Counts of what was written: triples by layer, class, property, datatype and link target."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final, NamedTuple

from kg.node import Fact, Groups, Mentions, grouped
from kg.vocab import (
    FOAF_DEPICTION,
    FOAF_PAGE,
    IN_TAXON,
    PREFIXES,
    RDF_TYPE,
    RDFS_SEE_ALSO,
    SCHEMA_MENTIONS,
    SKOS_CLOSE_MATCH,
    SKOS_EXACT_MATCH,
    WP_ORGANISM,
    Term,
)

__all__ = ["TARGETS", "Tally", "Target"]


class Target(NamedTuple):
    """A database that the graph links to: key, title, home page, and the beginning of its IRIs."""

    key: str
    title: str
    homepage: str
    start: str


TARGETS: Final = (
    Target("ncbigene", "NCBI Gene (identifiers.org)", "https://www.ncbi.nlm.nih.gov/gene", PREFIXES["ncbigene"]),
    Target("ncbigene-http", "NCBI Gene (identifiers.org, http)", "https://www.ncbi.nlm.nih.gov/gene", "http://identifiers.org/ncbigene/"),
    Target("ncbigene-pages", "NCBI Gene (web pages)", "https://www.ncbi.nlm.nih.gov/gene", "https://www.ncbi.nlm.nih.gov/gene/"),
    Target("uniprot-geneid", "UniProt, NCBI Gene cross-references", "https://www.uniprot.org/", "http://purl.uniprot.org/geneid/"),
    Target("uniprot-taxonomy", "UniProt taxonomy", "https://www.uniprot.org/taxonomy/", "http://purl.uniprot.org/taxonomy/"),
    Target("uniprot-pubmed", "UniProt, PubMed citations", "https://www.uniprot.org/", "http://purl.uniprot.org/pubmed/"),
    Target("pubchem-gene", "PubChem genes", "https://pubchem.ncbi.nlm.nih.gov/", "http://rdf.ncbi.nlm.nih.gov/pubchem/gene/"),
    Target("mesh", "MeSH RDF", "https://id.nlm.nih.gov/mesh/", PREFIXES["mesh"]),
    Target("mesh-identifiers", "MeSH (identifiers.org)", "https://id.nlm.nih.gov/mesh/", "http://identifiers.org/mesh/"),
    Target("chebi", "ChEBI", "https://www.ebi.ac.uk/chebi/", PREFIXES["obo"] + "CHEBI_"),
    Target("chebi-identifiers", "ChEBI (identifiers.org)", "https://www.ebi.ac.uk/chebi/", "https://identifiers.org/chebi/"),
    Target("doid", "Disease Ontology", "https://disease-ontology.org/", PREFIXES["obo"] + "DOID_"),
    Target("ncbitaxon", "NCBI Taxonomy (OBO)", "https://www.ncbi.nlm.nih.gov/taxonomy", PREFIXES["obo"] + "NCBITaxon_"),
    Target("taxonomy-identifiers", "NCBI Taxonomy (identifiers.org)", "https://www.ncbi.nlm.nih.gov/taxonomy", "http://identifiers.org/taxonomy/"),
    Target("doi", "DOI", "https://doi.org/", "https://doi.org/"),
    Target("pubmed", "PubMed (identifiers.org)", "https://pubmed.ncbi.nlm.nih.gov/", "https://identifiers.org/pubmed/"),
    Target("pubmed-rdf", "PubMed RDF", "https://pubmed.ncbi.nlm.nih.gov/", "http://rdf.ncbi.nlm.nih.gov/pubmed/"),
    Target("pmc-pages", "PubMed Central (figure pages)", "https://pmc.ncbi.nlm.nih.gov/", "https://pmc.ncbi.nlm.nih.gov/"),
    Target("europepmc", "Europe PMC", "https://europepmc.org/", "https://europepmc.org/"),
    Target("wikipathways", "WikiPathways", "https://www.wikipathways.org/", "https://identifiers.org/wikipathways/"),
    Target("ndex", "NDEx", "https://www.ndexbio.org/", "https://www.ndexbio.org/"),
)  # fmt: skip
"""The databases of the linksets."""

_LINKS: Final = frozenset(
    (
        FOAF_DEPICTION,
        FOAF_PAGE,
        IN_TAXON,
        RDFS_SEE_ALSO,
        SCHEMA_MENTIONS,
        SKOS_CLOSE_MATCH,
        SKOS_EXACT_MATCH,
        WP_ORGANISM,
    )
)


_TARGET: Final = re.compile("<(?:" + "|".join(f"({re.escape(target.start)})" for target in TARGETS) + ")")


class _Targets(dict[Term, str]):
    """The key of the database that an IRI belongs to, empty for none of them."""

    def __missing__(self, term: Term) -> str:
        found = _TARGET.match(term)
        key = TARGETS[found.lastindex - 1].key if found and found.lastindex else ""
        if key in _COME_AGAIN:
            if len(self) >= _KEPT:
                self.clear()
            self[term] = key
        return key


_COME_AGAIN: Final = frozenset(("ncbigene", "mesh", "chebi", "doid", "ncbitaxon"))
"""Databases whose IRIs stand in many records; those of papers and pages come too many to keep."""
_KEPT: Final = 20_000
_targets = _Targets()


def _tag(value: Term) -> str:
    """The datatype of a literal, or empty text for an IRI."""
    if value[0] == "<":
        return ""
    return value[value.rindex("^") + 1 :] if value[-1] == ">" else _STRING


class Tally:
    """Counts the blocks that are written; every subject must come once for the entity counts to hold."""

    def __init__(self) -> None:
        self.layers: Counter[str] = Counter()
        self._blocks: Counter[tuple[Term, ...]] = Counter()
        self._facts: dict[tuple[Term, ...], dict[tuple[Term, str], int]] = {}
        self._links: Counter[tuple[Term, str]] = Counter()
        self._uniform: Counter[str] = Counter()
        self._samples: dict[str, list[Fact]] = {}

    def add(self, layer: str, facts: Sequence[Fact]) -> None:
        """Count one block that stands in a layer."""
        self.add_groups(layer, grouped(facts))

    def add_groups(self, layer: str, groups: Groups) -> None:
        """Count one block, given as values by predicate."""
        self.layers[layer] += self._count(groups, 1)

    def add_mentions(self, layer: str, mentions: Mentions) -> None:
        """Count mentions, in which predicates determine classes and datatypes, and none is a link.

        They come by the million, so only the number of each pattern is counted, and one of each is kept.
        """
        forms = mentions.forms
        self.layers[layer] += sum([len(form.facts) for form in forms]) + len(forms)
        for pattern, number in Counter([form.pattern for form in forms]).items():
            self._uniform[pattern] += number
            if pattern not in self._samples:
                sample = next(form for form in forms if form.pattern == pattern)
                self._samples[pattern] = list(sample.node(mentions.figure).facts)

    def merge(self, other: Tally) -> None:
        """Add what was counted elsewhere."""
        self.layers.update(other.layers)
        self._blocks.update(other._blocks)
        self._links.update(other._links)
        self._uniform.update(other._uniform)
        self._samples = other._samples | self._samples
        for types, counts in other._facts.items():
            mine = self._facts.setdefault(types, {})
            for key, number in counts.items():
                mine[key] = mine.get(key, 0) + number

    def _settle(self) -> None:
        """Turn the numbers of patterns into counts."""
        for pattern, number in self._uniform.items():
            self._count(grouped(self._samples[pattern]), number)
        self._uniform.clear()

    def _count(self, groups: Groups, times: int) -> int:
        """Count a block that stands so many times; returns its triples."""
        types = tuple(groups.get(RDF_TYPE, ()))
        self._blocks[types] += times
        counts, links = self._facts.setdefault(types, {}), self._links
        number = 0
        for predicate, values in groups.items():
            many = len(values)
            number += many
            first = values[0]
            if many == 1 or "".join([value[-1] for value in values]) == '"' * many:
                key = (predicate, _tag(first))
                counts[key] = counts.get(key, 0) + many * times
            elif min(values)[0] == "<" == max(values)[0]:  # all of them are IRIs
                key = (predicate, "")
                counts[key] = counts.get(key, 0) + many * times
            else:
                for value in values:
                    key = (predicate, _tag(value))
                    counts[key] = counts.get(key, 0) + times
            if predicate in _LINKS:
                for value in values:
                    if value[0] == "<":
                        link = (predicate, _targets[value])
                        links[link] = links.get(link, 0) + times
        return number

    @property
    def triples(self) -> int:
        """All triples counted so far."""
        return self.layers.total()

    def classes(self) -> dict[Term, int]:
        """Entities of each class."""
        self._settle()
        counts: Counter[Term] = Counter()
        for types, number in self._blocks.items():
            for name in types:
                counts[name] += number
        return dict(sorted(counts.items()))

    def properties(self, of_class: Term | None = None) -> dict[Term, dict[str, int]]:
        """Triples of each property by datatype (empty text for IRIs), for all subjects or those of one class."""
        self._settle()
        found: dict[Term, Counter[str]] = {}
        for types, facts in self._facts.items():
            if of_class is None or of_class in types:
                for (predicate, tag), number in facts.items():
                    found.setdefault(predicate, Counter())[tag] += number
        return {predicate: dict(sorted(found[predicate].items())) for predicate in sorted(found)}

    def links(self) -> dict[tuple[Term, str], int]:
        """Triples by linking predicate and the key of the target database."""
        return {key: self._links[key] for key in sorted(self._links) if key[1]}


_STRING: Final = f"<{PREFIXES['xsd']}string>"
