"""What stands in the cells of tables where it is more than text: links, tags, words as read. All of it escapes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final
from urllib.parse import quote

from markupsafe import Markup

from kg.explorer.model import Entity, FigureRow

__all__ = [
    "entity_link",
    "figure_link",
    "figure_path",
    "joined",
    "link",
    "paper_link",
    "paper_path",
    "tag",
    "words",
]

_MOST_SHOWN: Final = 6
_HUMAN: Final = "9606"


def figure_path(figure_id: str) -> str:
    """The page of a figure.

    >>> figure_path("PMC1__a b.jpg")
    '/figure/PMC1__a%20b.jpg'
    """
    return f"/figure/{quote(figure_id, safe='')}"


def paper_path(paper_id: str) -> str:
    """The page of a paper."""
    return f"/paper/{quote(paper_id, safe='')}"


def link(href: str, text: str) -> Markup:
    """A link; its text is the address where there is none."""
    return Markup('<a href="{}">{}</a>').format(href, text or href)


def figure_link(row: FigureRow) -> Markup:
    """A figure's title, or its id where it has none, as a link to its page."""
    return link(figure_path(row.id), row.title or row.id)


def paper_link(row: FigureRow) -> Markup:
    """A figure's paper as a link to its page."""
    return link(paper_path(row.paper), row.paper) if row.paper else Markup()


def entity_link(entity: Entity) -> Markup:
    """An entity's name as a link to its page; a gene of another organism than man says which, as symbols are alike."""
    found = link(entity.path, entity.label or entity.id)
    if entity.kind != "gene" or not entity.organism_name or entity.organism == _HUMAN:
        return found
    return Markup('{} <span class="muted small">{}</span>').format(found, entity.organism_name)


def tag(text: str) -> Markup:
    """A kind or a strictness as a small label."""
    return Markup('<span class="tag {}">{}</span>').format(text, text) if text else Markup()


def words(read: Sequence[str]) -> Markup:
    """Words as read in a figure, the first few of many."""
    return joined((Markup('<span class="words">{}</span>').format(word) for word in read[:_MOST_SHOWN]), len(read))


def joined(parts: Iterable[str], total: int) -> Markup:
    """Parts with commas between them, and how many more there are."""
    shown = list(parts)
    more = f" and {total - len(shown)} more" if total > len(shown) else ""
    return Markup(", ").join(shown) + more
