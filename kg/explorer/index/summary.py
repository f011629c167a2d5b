"""What the home page shows of the graph, counted once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from kg.explorer.index.entities import Entities
from kg.explorer.index.figures import Papers
from kg.explorer.index.mentions import Ints, Mentions
from kg.explorer.index.years import by_year
from kg.explorer.model import KINDS

__all__ = ["summary_facts"]

_TOP: Final = 20
_CLASSES: Final = ((0, 0), (1, 5), (6, 10), (11, 20), (21, 50), (51, 100))
_EXAMPLE: Final = "STAT3"


def summary_facts(
    entities: Entities, mentions: Mentions, arrays: Mapping[str, np.ndarray[Any, Any]], papers: Papers
) -> dict[str, Any]:
    """The fields of `Summary`; a count is label, number and path."""
    kinds = np.bincount(entities.kinds[entities.figures > 0], minlength=len(KINDS)).tolist()
    return {
        "figures": len(arrays["figure_year"]),
        "papers": len(papers.ids) - 1,
        "genes": kinds[0],
        "chemicals": kinds[1],
        "diseases": kinds[2],
        "organisms": kinds[3],
        "mentions": len(mentions.word) + len(mentions.unlinked),
        "years": _years(arrays["figure_year"]),
        "top_genes": _top(entities, 0),
        "top_chemicals": _top(entities, 1),
        "top_diseases": _top(entities, 2),
        "top_organisms": _top(entities, 3),
        "lexicons": _lexicons(mentions),
        "genes_per_figure": _classes(arrays["figure_genes"]),
        "example_gene": _example(entities),
    }


def _years(years: np.ndarray[Any, Any]) -> list[list[Any]]:
    return [[str(year), number, ""] for year, number in by_year(years)]


def _top(entities: Entities, kind: int) -> list[list[Any]]:
    """The most drawn ones of a kind, which come first in their numbers."""
    first = int(np.searchsorted(entities.kinds, kind))
    last = min(first + _TOP, int(np.searchsorted(entities.kinds, kind, side="right")))
    return [
        [entities.labels[n], int(entities.figures[n]), f"/{KINDS[kind]}/{entities.ids[n]}"]
        for n in range(first, last)
        if entities.figures[n]
    ]


def _lexicons(mentions: Mentions) -> list[list[Any]]:
    counts: Ints = np.bincount(mentions.lexicon, minlength=len(mentions.lexicons))
    named = [(iri.replace("#", "/").rpartition("/")[2], int(counts[n])) for iri, n in mentions.lexicons.numbers.items()]
    return [[name, number, ""] for name, number in sorted(named, key=lambda one: (-one[1], one[0])) if number]


def _classes(genes: np.ndarray[Any, Any]) -> list[list[Any]]:
    found: list[list[Any]] = []
    for first, last in _CLASSES:
        name = str(first) if first == last else f"{first}-{last}"
        found.append([name, int(((genes >= first) & (genes <= last)).sum()), ""])
    found.append(["101 and more", int((genes > _CLASSES[-1][1]).sum()), ""])
    return found


def _example(entities: Entities) -> str:
    """A gene that many know, where the graph has it, else the most drawn one."""
    genes = [n for n in range(len(entities.ids)) if entities.kinds[n] == 0 and entities.figures[n]]
    known = [n for n in genes if entities.labels[n] == _EXAMPLE]
    return entities.ids[(known or genes)[0]] if genes else ""
