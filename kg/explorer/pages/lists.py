"""The tables that several pages show: figures, entities, words, and entities drawn with an entity."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, cast
from urllib.parse import unquote

from starlette.requests import Request

from kg.explorer.model import STRICTNESS, Count, Entity, FigureFilter, FigureRow, Page, Together, WordRow
from kg.explorer.pages.cells import entity_link, figure_link, joined, paper_link, tag, words
from kg.explorer.pages.params import choice, text, year
from kg.explorer.pages.tabular import Column, Listing, Wanted

__all__ = [
    "ENTITY_COLUMNS",
    "FIGURE_COLUMNS",
    "FOUND_COLUMNS",
    "PLURALS",
    "SHARING_COLUMNS",
    "TOGETHER_COLUMNS",
    "WORD_COLUMNS",
    "figure_filter",
    "figures",
    "options",
]

PLURALS: Final[Mapping[str, str]] = {
    "gene": "genes",
    "chemical": "chemicals",
    "disease": "diseases",
    "organism": "organisms",
    "figure": "figures",
    "paper": "papers",
}

FIGURE_COLUMNS: Final[tuple[Column[FigureRow], ...]] = (
    Column(name="title", head="Figure", value=lambda row: row.title, shown=figure_link, css="title"),
    Column(name="figure", head="Figure id", value=lambda row: row.id, only_csv=True, sorts=False),
    Column(
        name="year",
        head="Year",
        value=lambda row: row.year or "",
        shown=lambda row: str(row.year or ""),
        numeric=True,
    ),
    Column(name="paper", head="Paper", value=lambda row: row.paper, shown=paper_link),
    Column(name="journal", head="Journal", value=lambda row: row.journal),
    Column(name="genes", head="Genes", value=lambda row: row.genes, numeric=True),
    Column(
        name="organisms",
        head="Organisms",
        value=lambda row: "; ".join(row.organisms),
        shown=lambda row: joined(row.organisms[:2], len(row.organisms)),
        sorts=False,
    ),
)

FOUND_COLUMNS: Final[tuple[Column[FigureRow], ...]] = (
    *FIGURE_COLUMNS,
    Column(
        name="words",
        head="Words read",
        value=lambda row: "; ".join(row.words),
        shown=lambda row: words(row.words),
        sorts=False,
        hint="The words of the figure that led here",
    ),
    Column(
        name="strictness",
        head="Read as",
        value=lambda row: row.strictness,
        shown=lambda row: tag(row.strictness),
        sorts=False,
    ),
)

SHARING_COLUMNS: Final[tuple[Column[FigureRow], ...]] = (
    *(column for column in FIGURE_COLUMNS if column.name in ("title", "figure", "year", "paper")),
    Column(name="shared", head="Shared genes", value=lambda row: row.shared, numeric=True),
    Column(name="genes", head="Genes", value=lambda row: row.genes, numeric=True),
    Column(
        name="names",
        head="Such as",
        value=lambda row: "; ".join(row.shared_labels),
        shown=lambda row: joined(row.shared_labels[:6], row.shared),
        sorts=False,
        css="wide-cell",
    ),
)

WORD_COLUMNS: Final[tuple[Column[WordRow], ...]] = (
    Column(name="word", head="Word read", value=lambda row: row.word, css="words"),
    Column(name="match", head="Matched to", value=lambda row: row.match, css="words"),
    Column(name="lexicon", head="Lexicon", value=lambda row: row.lexicon),
    Column(
        name="strictness", head="Strictness", value=lambda row: row.strictness, shown=lambda row: tag(row.strictness)
    ),
    Column(name="figures", head="Figures", value=lambda row: row.figures, numeric=True),
)

TOGETHER_COLUMNS: Final[tuple[Column[Together], ...]] = (
    Column(name="label", head="Name", value=lambda row: row.entity.label, shown=lambda row: entity_link(row.entity)),
    Column(name="id", head="Id", value=lambda row: row.entity.id, only_csv=True, sorts=False),
    Column(name="shared", head="With both", value=lambda row: row.shared, numeric=True),
    Column(name="figures", head="In all", value=lambda row: row.entity.figures, numeric=True),
    Column(
        name="share",
        head="Share",
        hint="Of its figures, how many draw both",
        value=lambda row: round(row.shared / max(1, row.entity.figures), 4),
        shown=lambda row: _percent(row.shared / max(1, row.entity.figures)),
        numeric=True,
        sorts=False,
    ),
)

ENTITY_COLUMNS: Final[tuple[Column[Entity], ...]] = (
    Column(name="label", head="Name", value=lambda row: row.label, shown=entity_link),
    Column(name="id", head="Id", value=lambda row: row.id, sorts=False),
    Column(name="organism", head="Organism", value=lambda row: row.organism_name, sorts=False),
    Column(name="figures", head="Figures", value=lambda row: row.figures, numeric=True),
)


def figure_filter(request: Request, wanted: Wanted) -> FigureFilter:
    """Which figures the address asks for: `organism`, `from`, `to`, `strictness`, and the table's own parameters."""
    asked = request.query_params
    first, last = year(asked, "from"), year(asked, "to")
    if first and last and first > last:
        first, last = last, first
    return FigureFilter(
        organism=text(asked, "organism"),
        first_year=first,
        last_year=last,
        strictness=choice(asked, "strictness", STRICTNESS, "all"),
        sort=cast("Any", wanted.sort),  # a column that sorts
        descending=wanted.descending,
        page=wanted.page,
        size=wanted.size,
    )


def figures(
    request: Request,
    caption: str,
    found: Callable[[FigureFilter], Page[FigureRow]],
    *,
    columns: tuple[Column[FigureRow], ...] = FIGURE_COLUMNS,
    empty: str = "No figure fits. Take a filter away to see more.",
    file: str = "figures",
    size: int = 50,
) -> Listing[FigureRow]:
    """The main table of a page that lists figures, newest first."""
    return Listing(
        caption=caption,
        columns=columns,
        source=lambda wanted: found(figure_filter(request, wanted)),
        sort="year",
        empty=empty,
        file=file,
        size=size,
    )


def options(counts: Iterable[Count]) -> list[tuple[str, str]]:
    """Counts of entities as choices of a form: the entity's id, and its name with the number.

    >>> options([Count("Homo sapiens", 1700, "/organism/9606")])
    [('9606', 'Homo sapiens (1,700)')]
    """
    return [(unquote(one.path.rpartition("/")[2]), f"{one.label} ({one.number:,})") for one in counts if one.path]


def _percent(share: float) -> str:
    """A share as people read it.

    >>> _percent(0.5), _percent(0.001), _percent(0.0)
    ('50%', '<1%', '0%')
    """
    return "<1%" if 0 < share < 0.005 else f"{share:.0%}"
