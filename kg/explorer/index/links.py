"""Addresses of other sites for entities, papers and figures: pages for people, made of ids that the graph states."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from urllib.parse import quote

from kg.explorer.model import EntityKind, NamedLink

__all__ = ["entity_links", "figure_links", "paper_links"]

_CHEBI: Final = "http://purl.obolibrary.org/obo/CHEBI_"
_DOID: Final = "http://purl.obolibrary.org/obo/DOID_"
_MESH: Final = "http://id.nlm.nih.gov/mesh/"
_NCBI_GENE: Final = "https://www.ncbi.nlm.nih.gov/gene/"
_WIKIPATHWAYS: Final = "https://identifiers.org/wikipathways/"


def entity_links(kind: EntityKind, id_: str, label: str, spellings: Iterable[str]) -> tuple[NamedLink, ...]:
    """Pages about an entity.

    Args:
        kind: what it is.
        id_: its id here.
        label: its name.
        spellings: its IRI, and those that the graph says are the same (`skos:exactMatch`) or close to it.
    """
    known = sorted(set(spellings))
    if kind == "gene":
        return tuple(_gene(id_, label, known))
    if kind == "organism":
        taxon = quote(id_, safe="")
        return (
            NamedLink("NCBI Taxonomy", f"https://www.ncbi.nlm.nih.gov/Taxonomy/Browser/wwwtax.cgi?id={taxon}"),
            NamedLink("UniProt Taxonomy", f"https://www.uniprot.org/taxonomy/{taxon}"),
        )
    return tuple(link for iri in known if (link := _term(iri)) is not None)


def _gene(id_: str, label: str, known: Iterable[str]) -> list[NamedLink]:
    pages = [iri for iri in known if iri.startswith(_NCBI_GENE)] or [f"{_NCBI_GENE}{quote(id_, safe='')}"]
    return [
        NamedLink("NCBI Gene", pages[0]),
        NamedLink("WikiPathways", f"https://www.wikipathways.org/search.html?query={quote(label, safe='')}"),
        NamedLink("UniProt", f"https://www.uniprot.org/uniprotkb?query=xref%3Ageneid-{quote(id_, safe='')}"),
    ]


def _term(iri: str) -> NamedLink | None:
    """The page of a term of a vocabulary, where the IRI is the vocabulary's own."""
    for start, label, page in (
        (_MESH, "MeSH", "https://meshb.nlm.nih.gov/record/ui?ui={}"),
        (_CHEBI, "ChEBI", "https://www.ebi.ac.uk/chebi/searchId.do?chebiId=CHEBI:{}"),
        (_DOID, "Disease Ontology", "https://disease-ontology.org/?id=DOID:{}"),
    ):
        if iri.startswith(start):
            return NamedLink(label, page.format(quote(iri.removeprefix(start), safe="")))
    return None


def paper_links(id_: str, doi: str, pmid: str) -> tuple[NamedLink, ...]:
    """Pages of a paper: `id_` is its PMC id; DOI and PMID where they are known."""
    local = quote(id_, safe="")
    links = [NamedLink("DOI", f"https://doi.org/{quote(doi, safe='/:;()')}")] if doi else []
    links += [
        NamedLink("PMC", f"https://pmc.ncbi.nlm.nih.gov/articles/{local}/"),
        NamedLink("Europe PMC", f"https://europepmc.org/articles/{local}"),
    ]
    if pmid:
        links.append(NamedLink("PubMed", f"https://pubmed.ncbi.nlm.nih.gov/{quote(pmid, safe='')}/"))
    return tuple(links)


def figure_links(iri: str, page: str, elsewhere: Iterable[str]) -> tuple[NamedLink, ...]:
    """Pages of a figure: at PMC, its record at PFOCR, and pathways drawn after it (`rdfs:seeAlso`)."""
    links = [NamedLink("Figure at PMC", page)] if _is_page(page) else []
    if iri.startswith("https://pfocr.wikipathways.org/"):
        links.append(NamedLink("Record at PFOCR", iri))
    for address in sorted(set(elsewhere)):
        if address.startswith(_WIKIPATHWAYS):
            pathway = quote(address.removeprefix(_WIKIPATHWAYS), safe="")
            links.append(NamedLink(f"WikiPathways {pathway}", f"https://www.wikipathways.org/pathways/{pathway}.html"))
        elif _is_page(address):
            links.append(NamedLink("NDEx" if "ndexbio.org" in address else "See also", address))
    return tuple(links)


def _is_page(address: str) -> bool:
    return address.startswith(("https://", "http://"))
