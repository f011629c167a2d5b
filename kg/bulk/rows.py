"""What the readers of bulk files give: one row for each gene, term, family member or paper.

Names come as the file has them, trimmed, without empty ones; the order tells nothing, and repeats may stand.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

__all__ = ["FamilyName", "Gene", "Member", "PaperRow", "Row", "Term", "TermKind", "WithdrawnGene", "WithdrawnTerm"]

TermKind = Literal["chemical", "disease"]


class Gene(NamedTuple):
    """A gene: NCBI Taxonomy id, NCBI Gene id, official symbol, symbols that it had before, aliases."""

    taxon: int
    ident: int
    symbol: str
    previous: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()


class WithdrawnGene(NamedTuple):
    """An NCBI Gene id that is no longer used: taxon, the id in its place (0 where there is none), last symbol."""

    taxon: int
    ident: int
    successor: int
    symbol: str = ""


class Term(NamedTuple):
    """A chemical or disease.

    `ident` is the local id as the graph has it (`D000255`, `C000591`, `CHEBI_15422`, `DOID_162`); `maps` are such ids
    of the same thing in another database, `merged` ids of the same database that now mean this term.
    """

    kind: TermKind
    ident: str
    name: str
    synonyms: tuple[str, ...] = ()
    maps: tuple[str, ...] = ()
    merged: tuple[str, ...] = ()


class WithdrawnTerm(NamedTuple):
    """An obsolete term and the id in its place (empty where there is none)."""

    kind: TermKind
    ident: str
    successor: str = ""


class Member(NamedTuple):
    """A member of a protein family or complex: `member` is a gene symbol, or a family where `nested`."""

    family: str
    member: str
    nested: bool


class FamilyName(NamedTuple):
    """A text that means a family."""

    text: str
    family: str


class PaperRow(NamedTuple):
    """A paper: the number of its PMC id, its PMID (0 where there is none), its DOI (empty where there is none)."""

    pmc: int
    pmid: int
    doi: str


Row = Gene | WithdrawnGene | Term | WithdrawnTerm | Member | FamilyName | PaperRow
