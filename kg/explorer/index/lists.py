"""Lists out of the index: figures, entities, words, and what is drawn together."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from kg.explorer.index.db import Database, Numbers, places_of, slices
from kg.explorer.index.schema import LEVELS
from kg.explorer.index.years import by_year
from kg.explorer.model import (
    KINDS,
    STRICTNESS,
    Count,
    Entity,
    EntityKind,
    FigureFilter,
    FigureRow,
    Page,
    Together,
    WordRow,
)

__all__ = ["Lists"]

_WORDS: Final = 6
_SHARED: Final = 12


class Lists:
    """The lists of an index."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def entity(self, kind: str, id_: str) -> Entity | None:
        """An entity; None where the graph has none of this kind and id."""
        number = self.database.number(kind, id_)
        return None if number is None else self.database.entities([number])[0]

    def entities(self, kind: EntityKind, *, sort: str, descending: bool, page: int, size: int) -> Page[Entity]:
        """The entities of a kind."""
        first, last = self.database.kind_range(kind)
        column = self.database.label_rank if sort == "label" else self.database.figures
        order = first + _sorted(column[first:last], self.database.label_rank[first:last], descending=descending)
        return _page(self.database.entities(places_of(order, page, size)), last - first, page, size)

    def figures(self, wanted: FigureFilter) -> Page[FigureRow]:
        """The figures of the graph that pass a filter; strictness says nothing without an entity."""
        chosen = self._filtered(np.arange(len(self.database.year)), wanted)
        return self._figure_page(chosen, wanted)

    def figures_of(self, kind: EntityKind, id_: str, wanted: FigureFilter) -> Page[FigureRow]:
        """The figures of an entity that pass a filter, with the words that led to it."""
        number = self.database.number(kind, id_)
        if number is None:
            return Page(rows=(), total=0, number=wanted.page, size=wanted.size)
        figures, levels = self.database.figures_of(number)
        chosen = self._filtered(figures[levels <= LEVELS.index(wanted.strictness)], wanted)
        return self._figure_page(chosen, wanted, entity=None if kind == "organism" else number)

    def _filtered(self, figures: Numbers, wanted: FigureFilter) -> Numbers:
        years = self.database.year
        if wanted.first_year is not None:
            figures = figures[years[figures] >= wanted.first_year]
        if wanted.last_year is not None:
            figures = figures[(years[figures] <= wanted.last_year) & (years[figures] > 0)]
        if wanted.organism:
            organism = self.database.number("organism", wanted.organism)
            inside = np.zeros(len(years), dtype=bool)
            if organism is not None:
                inside[self.database.figures_of(organism)[0]] = True
            figures = figures[inside[figures]]
        return figures

    def _figure_page(self, figures: Numbers, wanted: FigureFilter, *, entity: int | None = None) -> Page[FigureRow]:
        columns = {"year": self.database.year, "genes": self.database.genes, **self.database.ranks}
        column = columns.get(wanted.sort, self.database.year)
        order = figures[_sorted(column[figures], figures, descending=wanted.descending)]
        rows = self.figure_rows(places_of(order, wanted.page, wanted.size), entity=entity)
        return _page(rows, len(figures), wanted.page, wanted.size)

    def figure_rows(
        self, figures: Sequence[int], *, entity: int | None = None, shared: Mapping[int, Sequence[str]] | None = None
    ) -> list[FigureRow]:
        """Figures by number, in the same order.

        Args:
            figures: their numbers.
            entity: the number of the entity whose words are wanted.
            shared: of each figure, the names of what it shares with the figure asked for.
        """
        found = self.database.rows(
            "SELECT f.n, f.id, f.title, p.id, p.journal FROM figures f JOIN papers p ON p.n = f.paper"
            " WHERE f.n IN (SELECT value FROM json_each(?))",
            (json.dumps(list(figures)),),
        )
        texts = {row[0]: row[1:] for row in found}
        words = self._words(figures, entity)
        return [
            FigureRow(
                id=texts[n][0], title=texts[n][1], year=int(self.database.year[n]), paper=texts[n][2],
                journal=texts[n][3], genes=int(self.database.genes[n]), organisms=self.organisms_of_figure(n),
                strictness=words[n][0] if n in words else "", words=words[n][1] if n in words else (),
                shared=len(shared[n]) if shared else 0, shared_labels=tuple(shared[n][:_SHARED]) if shared else (),
            )
            for n in figures
        ]  # fmt: skip

    def organisms_of_figure(self, figure: int) -> tuple[str, ...]:
        """The names of a figure's organisms."""
        members = self.database.entities_of(figure)
        organisms = members[self.database.kind[members] == KINDS.index("organism")]
        return tuple(self.database.organisms[int(n)][1] for n in organisms)

    def _words(self, figures: Iterable[int], entity: int | None) -> dict[int, tuple[str, tuple[str, ...]]]:
        """Of each figure: the strictest way in which an entity was read there, and the words read."""
        if entity is None:
            return {}
        rows = self.database.rows(
            "SELECT m.figure, l.level, t.text FROM json_each(?) j CROSS JOIN mentions m ON m.figure = j.value"
            " JOIN lexicons l ON l.n = m.lexicon JOIN texts t ON t.n = m.word"
            " WHERE m.entity = ? ORDER BY m.figure, l.level, m.place",
            (json.dumps(list(figures)), entity),
        )
        found: dict[int, tuple[int, dict[str, None]]] = {}
        for figure, level, word in rows:
            found.setdefault(figure, (level, {}))[1][word] = None
        return {figure: (LEVELS[level], tuple(words)[:_WORDS]) for figure, (level, words) in found.items()}

    def years_of(self, kind: EntityKind, id_: str) -> tuple[Count, ...]:
        """An entity's figures by year."""
        number = self.database.number(kind, id_)
        years = self.database.year[self.database.figures_of(number)[0]] if number is not None else np.empty(0)
        return tuple(Count(str(year), many) for year, many in by_year(years))

    def organisms_of(self, kind: EntityKind, id_: str) -> tuple[Count, ...]:
        """An entity's figures by organism."""
        number = self.database.number(kind, id_)
        if number is None:
            return ()
        counts = self._together_counts(number)
        found = [(-int(counts[n]), label, taxon) for n, (taxon, label) in self.database.organisms.items() if counts[n]]
        return tuple(Count(label, -many, f"/organism/{taxon}") for many, label, taxon in sorted(found))

    def strictness_of(self, kind: EntityKind, id_: str) -> tuple[Count, ...]:
        """An entity's figures by how strictly it was read; each takes in the stricter ones."""
        number = self.database.number(kind, id_)
        levels = self.database.figures_of(number)[1] if number is not None else np.empty(0)
        return tuple(Count(name, int((levels <= place).sum())) for place, name in enumerate(STRICTNESS))

    def words_of(
        self, kind: EntityKind, id_: str, *, sort: str, descending: bool, page: int, size: int
    ) -> Page[WordRow]:
        """The words that led to an entity."""
        number = self.database.number(kind, id_)
        rows = self.database.rows(
            "SELECT w.text, COALESCE(m.text, ''), l.name, l.level, e.figures FROM entity_words e"
            " JOIN texts w ON w.n = e.word LEFT JOIN texts m ON m.n = e.match JOIN lexicons l ON l.n = e.lexicon"
            " WHERE e.entity = ? ORDER BY e.place",
            (number,),
        )
        found = [WordRow(word, match, lexicon, LEVELS[level], figures) for word, match, lexicon, level, figures in rows]
        keys: dict[str, Any] = {
            "word": lambda row: row.word.casefold(),
            "match": lambda row: row.match.casefold(),
            "lexicon": lambda row: row.lexicon,
            "strictness": lambda row: LEVELS.index(row.strictness),
        }
        found.sort(key=keys.get(sort, lambda row: row.figures), reverse=descending)
        return _page([found[n] for n in places_of(np.arange(len(found)), page, size)], len(found), page, size)

    def _together_counts(self, entity: int, *, first: int = 0, last: int | None = None) -> Numbers:
        """In how many figures of an entity each other one stands."""
        figures = self.database.figures_of(entity)[0]
        members = self.database.figure_entity[slices(self.database.figure_start, figures)]
        return np.bincount(members, minlength=len(self.database.kind))[first:last]

    def together(
        self, kind: EntityKind, id_: str, other: EntityKind, *, sort: str, descending: bool, page: int, size: int
    ) -> Page[Together]:
        """The entities of a kind that stand in the same figures as an entity, itself left out."""
        number = self.database.number(kind, id_)
        if number is None:
            return Page(rows=(), total=0, number=page, size=size)
        first, last = self.database.kind_range(other)
        shared = self._together_counts(number, first=first, last=last)
        if first <= number < last:
            shared[number - first] = 0
        found = np.flatnonzero(shared)
        ranks, figures = self.database.label_rank[first + found], self.database.figures[first + found]
        column = {"label": ranks, "figures": figures}.get(sort, shared[found])
        order = found[_sorted(column, ranks, descending=descending)]
        chosen = places_of(order, page, size)
        entities = self.database.entities(first + n for n in chosen)
        rows = [Together(entity, int(shared[n])) for entity, n in zip(entities, chosen, strict=True)]
        return _page(rows, len(found), page, size)

    def neighbours(self, figure: int, limit: int) -> tuple[FigureRow, ...]:
        """The figures that share most genes with a figure; the ones with fewer genes first where that is equal."""
        members = self.database.entities_of(figure)
        genes = members[self.database.kind[members] == KINDS.index("gene")]
        near = self.database.entity_figure[slices(self.database.entity_start, genes)]
        shared = np.bincount(near, minlength=len(self.database.year))
        shared[figure] = 0
        found = np.flatnonzero(shared)
        order = found[np.lexsort((found, self.database.genes[found], -shared[found]))][:limit].tolist()
        names = self._labels(genes.tolist())
        common = {n: [names[gene] for gene in self.database.entities_of(n).tolist() if gene in names] for n in order}
        return tuple(self.figure_rows(order, shared=common))

    def _labels(self, entities: Sequence[int]) -> dict[int, str]:
        rows = self.database.rows(
            "SELECT n, label FROM entities WHERE n IN (SELECT value FROM json_each(?))", (json.dumps(entities),)
        )
        return dict(rows)


def _sorted(values: Numbers, ties: Numbers, *, descending: bool) -> Numbers:
    """The order of values, the smaller of `ties` first where they are equal."""
    whole = values.astype(np.int64)
    return np.lexsort((ties, -whole if descending else whole))


def _page(rows: Sequence[Any], total: int, number: int, size: int) -> Page[Any]:
    return Page(rows=tuple(rows), total=total, number=number, size=size)
