"""What the pages show: figures, papers, entities, and lists of them.

An entity is a gene, chemical, disease or organism. Its `id` is what stands in an address: the NCBI Gene id (`6774`),
the MeSH id (`D004317`), else `CHEBI_59761` or `DOID_1612`, and the NCBI taxon id (`9606`). A figure's is its FIGID, a
paper's its PMC id (`PMC12080488`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Generic, Literal, NamedTuple, TypeVar
from urllib.parse import quote

__all__ = [
    "KINDS",
    "STRICTNESS",
    "Count",
    "Entity",
    "EntityKind",
    "Figure",
    "FigureFilter",
    "FigureRow",
    "GeneListResult",
    "Hit",
    "ListedFigure",
    "Mention",
    "NamedLink",
    "Page",
    "Paper",
    "Release",
    "Strictness",
    "Summary",
    "Together",
    "Unlinked",
    "WordRow",
]

EntityKind = Literal["gene", "chemical", "disease", "organism"]
KINDS: Final[tuple[EntityKind, ...]] = ("gene", "chemical", "disease", "organism")

Strictness = Literal["strict", "synonyms", "all"]
STRICTNESS: Final[tuple[Strictness, ...]] = ("strict", "synonyms", "all")
"""How far to trust a mention: official symbols only; their synonyms too; families, keywords and all else too."""

Row = TypeVar("Row")


class Count(NamedTuple):
    """A bar of a plot: what is counted, how often, and the path of its page where it has one."""

    label: str
    number: int
    path: str = ""


class NamedLink(NamedTuple):
    """A link to another site."""

    label: str
    url: str


class Hit(NamedTuple):
    """A result of the search box.

    `kind` is an entity's kind, `figure`, `paper` or `word`; `path` its page here; `matched` the name that was found
    where it is not the label (an alias, a word as read in figures, a DOI).
    """

    kind: str
    id: str
    label: str
    path: str
    figures: int
    matched: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[Row]):
    """A part of a sorted list: its rows, how many the whole list has, the page's number from 1 and its size."""

    rows: Sequence[Row]
    total: int
    number: int = 1
    size: int = 50

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.total // self.size))


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """A gene, chemical, disease or organism with the number of figures that mention it.

    `organism` is a gene's, as an entity id (taxon) and name; both empty for others.
    """

    kind: EntityKind
    id: str
    iri: str
    label: str
    figures: int = 0
    organism: str = ""
    organism_name: str = ""
    links: tuple[NamedLink, ...] = ()

    @property
    def path(self) -> str:
        """Its page here."""
        return f"/{self.kind}/{quote(self.id, safe='')}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureRow:
    """A figure in a list.

    `year` is 0 where the graph has none; `words` are those that led to the entity asked for, `strictness` the strictest
    way; `shared` is the number of entities shared with the figure asked for, `shared_labels` are some of their names.
    """

    id: str
    title: str
    year: int
    paper: str
    journal: str
    genes: int
    organisms: tuple[str, ...] = ()
    strictness: str = ""
    words: tuple[str, ...] = ()
    shared: int = 0
    shared_labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureFilter:
    """Which figures of an entity to list: of an organism (taxon id), of years (inclusive), and how the entity was read.

    `strictness` takes in what is stricter: `synonyms` gives strict and synonyms. `sort` is a column of `SORTS`.
    """

    organism: str = ""
    first_year: int | None = None
    last_year: int | None = None
    strictness: Strictness = "all"
    sort: Literal["year", "title", "journal", "genes", "paper"] = "year"
    descending: bool = True
    page: int = 1
    size: int = 50


class WordRow(NamedTuple):
    """A word as read that led to an entity: what it was matched to, by which lexicon, in how many figures."""

    word: str
    match: str
    lexicon: str
    strictness: str
    figures: int


class Unlinked(NamedTuple):
    """A word that was read as a gene, chemical or disease, and linked to none."""

    kind: EntityKind
    word: str


class Together(NamedTuple):
    """An entity drawn in the same figures as another: in how many, of how many in all."""

    entity: Entity
    shared: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """A row of what was read in a figure.

    `lexicon` is the last part of its IRI; `keyword` tells that it was linked from a keyword; `doubts` are reasons to
    look twice, as sentences: one word that stands for several genes, signs that reading mixes up.
    """

    entity: Entity
    word: str
    match: str
    lexicon: str
    strictness: str
    occurrences: int = 1
    keyword: bool = False
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A paper: `doi` and `pmid` are empty where the graph has none, `year` is 0."""

    id: str
    iri: str
    title: str
    year: int
    doi: str
    pmid: str
    journal: str
    publisher: str
    citation: str
    keywords: tuple[str, ...]
    links: tuple[NamedLink, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure with what its page shows; `image` is the picture's address, `page` that of the figure at PMC."""

    id: str
    iri: str
    title: str
    caption: str
    number: str
    figure_type: str
    score: str
    image: str
    page: str
    license: str
    paper: Paper
    organisms: tuple[Entity, ...]
    organism_names: tuple[str, ...]
    links: tuple[NamedLink, ...]
    genes: int
    chemicals: int
    diseases: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What is in the graph, for the home page; counts are of figures unless they say otherwise."""

    figures: int
    papers: int
    genes: int
    chemicals: int
    diseases: int
    organisms: int
    mentions: int
    years: tuple[Count, ...]
    top_genes: tuple[Count, ...]
    top_chemicals: tuple[Count, ...]
    top_diseases: tuple[Count, ...]
    top_organisms: tuple[Count, ...]
    lexicons: tuple[Count, ...]
    """Mentions by lexicon."""
    genes_per_figure: tuple[Count, ...]
    """Figures by number of genes, in classes such as `1-5`."""
    newest: tuple[FigureRow, ...]
    example_gene: str
    """The id of a gene to try first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """What the graph says of itself; `facts` are label and value, links where they are IRIs."""

    iri: str
    title: str
    version: str
    issued: str
    license: str
    source: str
    triples: int
    facts: tuple[tuple[str, str], ...] = ()
    classes: tuple[Count, ...] = ()
    properties: tuple[Count, ...] = ()
    linksets: tuple[Count, ...] = ()
    downloads: tuple[NamedLink, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedFigure:
    """A figure ranked by its overlap with a list of genes.

    `p` is the probability to share `overlap` genes or more when as many genes as the list has were drawn from the
    background by chance (hypergeometric, upper tail); `q` is `p` after Benjamini and Hochberg over all figures tested.
    """

    figure: FigureRow
    overlap: int
    genes: int
    shared: tuple[Entity, ...]
    p: float
    q: float


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneListResult:
    """What a list of genes gave. `asked` counts what was pasted, `ambiguous` texts that stand for several genes."""

    asked: int
    genes: tuple[Entity, ...]
    unknown: tuple[str, ...]
    ambiguous: tuple[tuple[str, tuple[Entity, ...]], ...]
    background: int
    background_name: str
    tested: int
    rows: Page[ListedFigure] = field(default_factory=lambda: Page(rows=(), total=0))
