"""A list of genes: which figures draw more of them than chance would."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np

from kg.errors import QueryError
from kg.explorer.index.db import Database, Numbers, places_of
from kg.explorer.index.lists import Lists
from kg.explorer.index.schema import LEVELS, comparable, squeezed
from kg.explorer.model import KINDS, Entity, GeneListResult, ListedFigure, Page, Strictness

__all__ = ["FEWEST", "MOST", "GeneList", "load_statistics"]

FEWEST: Final = 3
MOST: Final = 500
_CHOICES: Final = 20
_BACKGROUNDS: Final = 16
_TRUST: Final = {
    "strict": "official symbols only",
    "synonyms": "official symbols and synonyms",
    "all": "all mentions",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Resolved:
    genes: tuple[int, ...]
    unknown: tuple[str, ...]
    ambiguous: tuple[tuple[str, tuple[int, ...]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Background:
    """The genes that a list is drawn from: whether each entity is one, how many there are, and by figure."""

    inside: Numbers
    genes: int
    per_figure: Numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tested:
    """The figures that share a gene with the list: overlap, genes of the background, p and q."""

    figures: Numbers
    overlap: Numbers
    genes: Numbers
    p: Numbers
    q: Numbers
    number: int


def load_statistics() -> None:
    """Import what the first list needs; it takes a second, which nobody has to wait for after this."""
    import scipy.stats  # noqa: F401, PLC0415 (not while the program starts)


class GeneList:
    """Ranks figures by overlap with lists of genes."""

    def __init__(self, database: Database, lists: Lists) -> None:
        self.database, self.lists = database, lists
        self._background = lru_cache(maxsize=_BACKGROUNDS)(self._read_background)

    def ranked(
        self,
        texts: Sequence[str],
        *,
        organism: str,
        strictness: Strictness,
        order: tuple[str, bool | None],
        page: int,
        size: int,
    ) -> GeneListResult:
        """The figures that share a gene with a list.

        The test is hypergeometric (upper tail), and `q` is after Benjamini and Hochberg over all figures tested: those
        with a gene of the background; one without overlap counts with p = 1.

        Raises:
            QueryError: too few or too many texts, or an unknown strictness.
        """
        asked = _asked(texts)
        if strictness not in LEVELS:
            raise QueryError.of("bad-value", f"strictness is {strictness!r}", "", f"one of {', '.join(LEVELS)}")
        resolved = self._resolved(asked, organism)
        background = self._background(organism, LEVELS.index(strictness))
        tested = self._tested(resolved, background, LEVELS.index(strictness))
        return GeneListResult(
            asked=len(asked),
            genes=tuple(self.database.entities(resolved.genes)),
            unknown=resolved.unknown,
            ambiguous=tuple((text, tuple(self.database.entities(genes))) for text, genes in resolved.ambiguous),
            background=background.genes,
            background_name=self._name(background.genes, organism, strictness),
            tested=tested.number,
            rows=self._page(tested, resolved, LEVELS.index(strictness), order, page, size),
        )

    def _name(self, genes: int, organism: str, strictness: Strictness) -> str:
        label = next((name for taxon, name in self.database.organisms.values() if taxon == organism), organism)
        whose = "" if not organism else "human " if organism == "9606" else f"{label} "
        noun, verb = ("gene", "is") if genes == 1 else ("genes", "are")
        return f"{genes:,} {whose}{noun} that {verb} drawn in at least one figure of this graph ({_TRUST[strictness]})"

    def _resolved(self, asked: Sequence[str], organism: str) -> _Resolved:
        genes: dict[int, None] = {}
        unknown: list[str] = []
        ambiguous: list[tuple[str, tuple[int, ...]]] = []
        named, numbered = self._named(asked, organism), self._numbered(asked, organism)
        for text in asked:
            names = named.get(comparable(text)) or named.get(squeezed(text)) or ()
            found = _meant(text, names, numbered.get(_bare_id(text)))
            if len(found) == 1:
                genes[found[0]] = None
            elif found:
                ambiguous.append((text, tuple(found[:_CHOICES])))
            else:
                unknown.append(text)
        return _Resolved(genes=tuple(genes), unknown=tuple(unknown), ambiguous=tuple(ambiguous))

    def _named(self, asked: Sequence[str], organism: str) -> dict[str, list[tuple[int, str, int]]]:
        """The genes that have a text as a name: number, label, and what kind of name it is."""
        rows = self.database.rows(
            "SELECT s.name, e.n, e.label, s.tier FROM json_each(?) j CROSS JOIN names s ON s.name = j.value"
            " JOIN entities e ON e.n = s.entity WHERE e.kind = 0 ORDER BY e.n",
            (json.dumps(sorted({name for text in asked for name in (comparable(text), squeezed(text))})),),
        )
        found: dict[str, list[tuple[int, str, int]]] = {}
        for name, gene, label, tier in rows:
            if self._is_of(gene, organism):
                found.setdefault(name, []).append((gene, label, tier))
        return found

    def _numbered(self, asked: Sequence[str], organism: str) -> dict[str, int]:
        """The genes that have a text as NCBI Gene id."""
        rows = self.database.rows(
            "SELECT e.id, e.n FROM json_each(?) j CROSS JOIN entities e ON e.kind = 0 AND e.id = j.value",
            (json.dumps([_bare_id(text) for text in asked]),),
        )
        return {id_: gene for id_, gene in rows if self._is_of(gene, organism)}

    def _is_of(self, gene: int, organism: str) -> bool:
        taxon = int(self.database.organism[gene])
        return not organism or (taxon >= 0 and self.database.organisms[taxon][0] == organism)

    def _read_background(self, organism: str, level: int) -> _Background:
        database = self.database
        eligible = database.kind == KINDS.index("gene")
        if organism:
            number = database.number("organism", organism)
            eligible &= database.organism == (-2 if number is None else number)
        member = eligible[database.figure_entity] & (database.figure_level <= level)
        figure = np.repeat(np.arange(len(database.year)), np.diff(database.figure_start))
        inside = np.zeros(len(eligible), dtype=bool)
        inside[database.figure_entity[member]] = True
        per_figure = np.bincount(figure[member], minlength=len(database.year))
        return _Background(inside=inside, genes=int(inside.sum()), per_figure=per_figure)

    def _tested(self, resolved: _Resolved, background: _Background, level: int) -> _Tested:
        drawn = [gene for gene in resolved.genes if background.inside[gene]]
        overlap = np.zeros(len(self.database.year), dtype=np.int64)
        for gene in drawn:
            figures, levels = self.database.figures_of(gene)
            overlap[figures[levels <= level]] += 1
        figures = np.flatnonzero(overlap)
        genes = background.per_figure[figures]
        number = int((background.per_figure > 0).sum())
        p = _tail(overlap[figures], background.genes, genes, len(drawn))
        return _Tested(
            figures=figures, overlap=overlap[figures], genes=genes, p=p, q=_adjusted(p, number), number=number
        )

    def _page(
        self, tested: _Tested, resolved: _Resolved, level: int, order: tuple[str, bool | None], page: int, size: int
    ) -> Page[ListedFigure]:
        chosen = places_of(_order(tested, self.database.year[tested.figures], order), page, size)
        figures = [int(tested.figures[n]) for n in chosen]
        rows = self.lists.figure_rows(figures)
        shared = self._shared(figures, resolved, level)
        listed = [
            ListedFigure(
                figure=row, overlap=int(tested.overlap[n]), genes=int(tested.genes[n]), shared=shared[figure],
                p=float(tested.p[n]), q=float(tested.q[n]),
            )
            for n, figure, row in zip(chosen, figures, rows, strict=True)
        ]  # fmt: skip
        return Page(rows=tuple(listed), total=len(tested.figures), number=page, size=size)

    def _shared(self, figures: Sequence[int], resolved: _Resolved, level: int) -> dict[int, tuple[Entity, ...]]:
        """Of each figure, the genes of the list that it draws, in the order of the list."""
        entities = dict(zip(resolved.genes, self.database.entities(resolved.genes), strict=True))
        database, found = self.database, {}
        for figure in figures:
            part = slice(database.figure_start[figure], database.figure_start[figure + 1])
            members = set(database.figure_entity[part][database.figure_level[part] <= level].tolist())
            found[figure] = tuple(entity for gene, entity in entities.items() if gene in members)
        return found


def _bare_id(text: str) -> str:
    return text.removeprefix("NCBIGene:").removeprefix("ncbigene:")


def _meant(text: str, named: Sequence[tuple[int, str, int]], numbered: int | None) -> list[int]:
    """The genes that a text may be: by symbol as written, else in any case, else by id, else by alias."""
    for found in (
        [gene for gene, label, tier in named if tier == 0 and label == text],
        [gene for gene, _, tier in named if tier == 0],
        [] if numbered is None else [numbered],
        [gene for gene, _, tier in named if tier == 1],
    ):
        if found:
            return found
    families = [gene for gene, _, tier in named if tier > 1]
    return families if len(families) > 1 else []  # a word that was read once is no name


def _asked(texts: Sequence[str]) -> list[str]:
    """The texts, each once, without blanks around them.

    Raises:
        QueryError: there are too few or too many.
    """
    asked = list(dict.fromkeys(text.strip() for text in texts if text.strip()))
    if FEWEST <= len(asked) <= MOST:
        return asked
    few = len(asked) < FEWEST
    raise QueryError.of(
        "bad-value",
        f"the list has {len(asked):,} genes",
        "overlap of so few says nothing" if few else "nearly every figure overlaps with so many",
        f"give {FEWEST} to {MOST} symbols, aliases or NCBI Gene ids",
    )


def _tail(overlap: Numbers, background: int, genes: Numbers, drawn: int) -> Numbers:
    """The probability to share so many genes or more by chance."""
    from scipy.stats import hypergeom  # noqa: PLC0415 (half a second, for one page)

    # Figures with the same two numbers have the same p, and there are few such pairs.
    pairs, place = np.unique(np.stack([overlap, genes], axis=1), axis=0, return_inverse=True)
    p: Numbers = hypergeom.sf(pairs[:, 0] - 1, background, pairs[:, 1], drawn)
    return np.clip(p, 0.0, 1.0)[place.reshape(-1)]


def _adjusted(p: Numbers, number: int) -> Numbers:
    """Benjamini and Hochberg over all figures tested, of which those not given have p = 1."""
    from scipy.stats import false_discovery_control  # noqa: PLC0415

    whole = np.concatenate([p, np.ones(number - len(p))])
    q: Numbers = false_discovery_control(whole)[: len(p)] if number else p
    return q


def _order(tested: _Tested, years: Numbers, order: tuple[str, bool | None]) -> Numbers:
    """Places of the figures by a column. Ties: smaller p, more overlap, newer."""
    sort, descending = order
    columns: dict[str, Any] = {
        "q": tested.q, "p": tested.p, "overlap": tested.overlap, "genes": tested.genes, "year": years.astype(int),
    }  # fmt: skip
    column = columns.get(sort, tested.q)
    down = sort in ("overlap", "genes", "year") if descending is None else descending
    return np.lexsort((tested.figures, -tested.overlap, tested.p, -column if down else column))
