"""The search box: names of entities, identifiers, and words of titles and captions."""

from __future__ import annotations

import heapq
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final
from urllib.parse import quote

from kg.explorer.index.db import Database
from kg.explorer.index.schema import LONGEST_START, comparable, fold, fts_query, score, squeezed
from kg.explorer.model import KINDS, Hit, Page

__all__ = ["Search"]

_LONGEST: Final = 200
_MOST_NAMES: Final = 2_000
_MOST: Final = 1_000
"""Hits of a kind that a search counts and pages through."""
_DOI: Final = re.compile(r"^(?:doi:|(?:https?://)?(?:dx\.)?doi\.org/)\s*(?=10\.)")
_ELSEWHERE: Final = re.compile(
    r"^(?:https?://)?(?:www\.)?(?:pmc\.ncbi\.nlm\.nih\.gov/articles/|ncbi\.nlm\.nih\.gov/pmc/articles/|europepmc\.org/articles/|"
    r"pubmed\.ncbi\.nlm\.nih\.gov/|pfocr\.wikipathways\.org/figures/|identifiers\.org/\w+/)"
)
_PREFIXES: Final = re.compile(r"^(?:pmid|pmcid|mesh|ncbigene|ncbi gene|entrez)\s*:\s*")
_END: Final = re.compile(r"(?:\.html|/)$")


class Search:
    """Finds what a text names."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def hits(self, text: str, limit: int) -> list[Hit]:
        """The best hits for what has been typed so far: things with this id, then names, then titles."""
        text = text[:_LONGEST]
        if limit < 1 or not fold(text):
            return []
        found = list(self._by_id(text))
        found += self._named(text, limit) or self._respelt(text, limit)
        if len(comparable(text)) > 1:
            room = max(2, limit - len(found))
            found += self._titled(text, "figure", room)
            found += self._titled(text, "paper", room)
        return _once(found)[:limit]

    def all(self, text: str, *, kind: str, page: int, size: int) -> Page[Hit]:
        """All hits of a kind, or of all kinds: entities by name, then figures and papers, the newest first."""
        text = text[:_LONGEST]
        found: list[Hit] = []
        if fold(text):
            found += self._by_id(text)
            if kind in ("", *KINDS):
                found += self._named(text, _MOST) or self._respelt(text, _MOST)
                found += self._labelled(text, _MOST)
            for place in ("figure", "paper"):
                if kind in ("", place):
                    found += self._titled(text, place, _MOST)
        found = [hit for hit in _once(found) if kind in ("", hit.kind)]
        first = max(0, page - 1) * size
        return Page(rows=tuple(found[first : first + size]), total=len(found), number=page, size=size)

    def _by_id(self, text: str) -> Iterator[Hit]:
        """What has exactly this identifier, in any of the ways in which people write it."""
        id_ = identifier(text)
        ids = (id_, f"pmc{id_}") if id_.isdecimal() else (id_, id_)
        rows = self.database.rows("SELECT kind, n FROM ids WHERE id IN (?, ?) LIMIT 20", ids)
        order = ("gene", "paper", "figure", "chemical", "disease", "organism")
        for kind, n in sorted(rows, key=lambda row: (order.index(row[0]), row[1])):
            if kind in KINDS:
                yield from self._entities([(n, text.strip())])
            elif kind == "paper":
                yield from self._papers([n], text.strip())
            else:
                yield from self._figures([n], text.strip())

    def _respelt(self, text: str, limit: int) -> list[Hit]:
        """Entities with the name that a text is without blanks and signs in it."""
        bare = squeezed(text)
        return self._named(bare, limit) if bare != comparable(text) else []

    def _named(self, text: str, limit: int) -> list[Hit]:
        """Entities that have a name that begins with a text, the best first."""
        typed = comparable(text)
        names = self._names(typed)
        best: dict[int, tuple[int, int, str, str]] = {}
        figures = self.database.figures
        for name, entity, tier, shown in names:
            rank = score(typed, name, tier), -int(figures[entity]), name, shown if tier else ""
            if entity not in best or rank < best[entity]:
                best[entity] = rank
        chosen = heapq.nsmallest(limit, best.items(), key=lambda one: (one[1][:3], one[0]))
        return self._entities([(entity, rank[3]) for entity, rank in chosen])

    def _names(self, typed: str) -> Sequence[Sequence[Any]]:
        if len(typed) <= LONGEST_START:
            row = self.database.row("SELECT hits FROM tops WHERE start = ?", (typed,))
            found: Sequence[Sequence[Any]] = json.loads(row[0]) if row else []
            return found
        return self.database.rows(
            "SELECT name, entity, tier, shown FROM names WHERE name >= ? AND name < ? ORDER BY name LIMIT ?",
            (typed, typed + "\U0010ffff", _MOST_NAMES),
        )

    def _labelled(self, text: str, limit: int) -> list[Hit]:
        """Entities with words that begin so anywhere in their label."""
        rows = self._matching("entity_text", text, limit)
        return self._entities([(n, "") for n in sorted(rows, key=lambda n: (-int(self.database.figures[n]), n))])

    def _titled(self, text: str, kind: str, limit: int) -> list[Hit]:
        """Figures or papers with these words in the title, or else the caption, the newest first."""
        if kind == "paper":
            return self._papers(self._matching("paper_text", text, limit))
        found = self._matching("figure_text", text, limit, column="title")
        if len(found) < limit:
            found += [n for n in self._matching("figure_text", text, limit) if n not in set(found)]
        return self._figures(found[:limit])

    def _matching(self, table: str, text: str, limit: int, *, column: str = "") -> list[int]:
        query = fts_query(text)
        if not query:
            return []
        query = f"{column} : ({query})" if column else query
        rows = self.database.rows(
            f"SELECT rowid FROM {table} WHERE {table} MATCH ? ORDER BY rowid LIMIT ?",  # noqa: S608 (our own names)
            (query, limit),
        )
        return [row[0] for row in rows]

    def _entities(self, found: Sequence[tuple[int, str]]) -> list[Hit]:
        entities = self.database.entities(n for n, _ in found)
        return [
            Hit(
                entity.kind, entity.id, entity.label, entity.path, entity.figures,
                "" if fold(matched) == fold(entity.label) else matched,
            )
            for entity, (_, matched) in zip(entities, found, strict=True)
        ]  # fmt: skip

    def _figures(self, numbers: Sequence[int], matched: str = "") -> list[Hit]:
        rows = self._by_number("SELECT n, id, title FROM figures WHERE n IN (SELECT value FROM json_each(?))", numbers)
        return [Hit("figure", id_, title, f"/figure/{quote(id_, safe='')}", 1, matched) for id_, title in rows]

    def _papers(self, numbers: Sequence[int], matched: str = "") -> list[Hit]:
        rows = self._by_number(
            "SELECT n, id, title, (SELECT COUNT(*) FROM figures f WHERE f.paper = p.n) FROM papers p"
            " WHERE n IN (SELECT value FROM json_each(?))",
            numbers,
        )
        return [Hit("paper", id_, title, f"/paper/{quote(id_, safe='')}", many, matched) for id_, title, many in rows]

    def _by_number(self, statement: str, numbers: Sequence[int]) -> list[Any]:
        rows = self.database.rows(statement, (json.dumps(numbers),))
        found = {row[0]: row[1:] for row in rows}
        return [found[n] for n in numbers]


def identifier(text: str) -> str:
    """A DOI, PMC id, PMID, figure id or an entity's id, as the index has it.

    >>> identifier("https://doi.org/10.2147/ITT.S485670"), identifier("PMID: 123"), identifier("pmc12080488")
    ('10.2147/itt.s485670', '123', 'pmc12080488')
    """
    bare = fold(text)
    for pattern in (_DOI, _ELSEWHERE, _PREFIXES):
        bare = pattern.sub("", bare)
    return _END.sub("", bare)


def _once(found: Iterable[Hit]) -> list[Hit]:
    """Each thing once, at its first place."""
    distinct: dict[tuple[str, str], Hit] = {}
    for hit in found:
        distinct.setdefault((hit.kind, hit.id), hit)
    return list(distinct.values())
