"""Counts of what was written: triples by layer, class, property, datatype and link target."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from typing import Final, NamedTuple

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


Fact = tuple[Term, Term]


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


@lru_cache(maxsize=4096)
def _target(term: Term) -> str:
    """The key of the database that an IRI belongs to, empty for none of them."""
    return next((target.key for target in TARGETS if term.startswith(target.start, 1)), "")


class Tally:
    """Counts the blocks that are written; every subject must come once for the entity counts to hold."""

    def __init__(self) -> None:
        self.layers: Counter[str] = Counter()
        self._blocks: Counter[tuple[Term, ...]] = Counter()
        self._facts: dict[tuple[Term, ...], dict[tuple[Term, str], int]] = {}
        self._links: Counter[tuple[Term, str]] = Counter()
        self._uniform: Counter[tuple[Term, ...]] = Counter()
        self._samples: dict[tuple[Term, ...], list[Fact]] = {}

    def add(self, layer: str, facts: list[Fact], *, uniform: str = "") -> None:
        """Count one block.

        Args:
            layer: that it stands in.
            facts: predicates and objects.
            uniform: a kind of node (a mention) in which predicates determine classes and datatypes and none is
                a link: such blocks come by the million, so only their number is counted, and one is kept.
        """
        self.layers[layer] += len(facts)
        if uniform:
            form = (Term(uniform), *[predicate for predicate, _ in facts])
            self._uniform[form] += 1
            if form not in self._samples:
                self._samples[form] = facts
            return
        self._count(facts, 1)

    def _settle(self) -> None:
        """Turn the numbers of uniform blocks into counts."""
        for form, number in self._uniform.items():
            self._count(self._samples[form], number)
        self._uniform.clear()

    def _count(self, facts: list[Fact], times: int) -> None:
        types = tuple(value for predicate, value in facts if predicate == RDF_TYPE)
        self._blocks[types] += times
        counts = self._facts.setdefault(types, {})
        for predicate, value in facts:
            if value[0] == "<":
                tag = ""
                if predicate in _LINKS:
                    self._links[predicate, _target(value)] += times
            elif value[-1] == ">":
                tag = value[value.rindex("^") + 1 :]
            else:
                tag = _STRING
            key = (predicate, tag)
            counts[key] = counts.get(key, 0) + times

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
