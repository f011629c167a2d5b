"""The index of a graph, as the pages ask it: `Index`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from kg.explorer.index.db import Database
from kg.explorer.index.doubts import doubts, meanings
from kg.explorer.index.genelist import GeneList
from kg.explorer.index.lists import Lists
from kg.explorer.index.schema import LEVELS
from kg.explorer.index.search import Search
from kg.explorer.model import (
    KINDS,
    Count,
    Entity,
    EntityKind,
    Figure,
    FigureFilter,
    FigureRow,
    GeneListResult,
    Hit,
    Mention,
    NamedLink,
    Page,
    Paper,
    Release,
    Strictness,
    Summary,
    Together,
    Unlinked,
    WordRow,
)

__all__ = ["Index"]

_NEWEST = 6


class Index:
    """Answers quickly what the pages ask, from a file that `build_index` wrote. May be used from any thread.

    Ids that the graph has not give None or empty lists, never an error.

    Args:
        path: the index file.

    Raises:
        QueryError: the file is no index, or of another version.
    """

    def __init__(self, path: Path) -> None:
        self._database = Database(path)
        self._lists = Lists(self._database)
        self._search = Search(self._database)
        self._genes = GeneList(self._database, self._lists)
        self._summary = self._read_summary()

    def summary(self) -> Summary:
        """What is in the graph, for the home page."""
        return self._summary

    def _read_summary(self) -> Summary:
        facts = self._database.fact("summary")
        counts = {name: _counts(value) for name, value in facts.items() if isinstance(value, list)}
        newest = tuple(self._lists.figure_rows(range(min(_NEWEST, facts["figures"]))))
        return Summary(**{**facts, **counts}, newest=newest)

    def search(self, text: str, *, limit: int = 10) -> list[Hit]:
        """The best hits for what has been typed so far; any text is taken as it is."""
        return self._search.hits(text, limit)

    def search_all(self, text: str, *, kind: str = "", page: int = 1, size: int = 50) -> Page[Hit]:
        """All hits, at most a thousand of each kind."""
        return self._search.all(text, kind=kind, page=page, size=size)

    def entity(self, kind: str, id_: str) -> Entity | None:
        """An entity; None where the graph has none of this kind and id."""
        return self._lists.entity(kind, id_)

    def entities(
        self,
        kind: EntityKind,
        *,
        sort: Literal["figures", "label"] = "figures",
        descending: bool = True,
        page: int = 1,
        size: int = 50,
    ) -> Page[Entity]:
        """The entities of a kind."""
        return self._lists.entities(kind, sort=sort, descending=descending, page=page, size=size)

    def figures_of(self, kind: EntityKind, id_: str, wanted: FigureFilter) -> Page[FigureRow]:
        """The figures of an entity that pass a filter, with the words that led to it."""
        return self._lists.figures_of(kind, id_, wanted)

    def years_of(self, kind: EntityKind, id_: str) -> tuple[Count, ...]:
        """An entity's figures by year; years without figures between others count 0."""
        return self._lists.years_of(kind, id_)

    def organisms_of(self, kind: EntityKind, id_: str) -> tuple[Count, ...]:
        """An entity's figures by organism, the most frequent first."""
        return self._lists.organisms_of(kind, id_)

    def strictness_of(self, kind: EntityKind, id_: str) -> tuple[Count, ...]:
        """An entity's figures by how strictly it was read; each takes in the stricter ones."""
        return self._lists.strictness_of(kind, id_)

    def words_of(
        self,
        kind: EntityKind,
        id_: str,
        *,
        sort: str = "figures",
        descending: bool = True,
        page: int = 1,
        size: int = 50,
    ) -> Page[WordRow]:
        """The words that led to an entity; `sort` is a field of `WordRow`."""
        return self._lists.words_of(kind, id_, sort=sort, descending=descending, page=page, size=size)

    def together(
        self,
        kind: EntityKind,
        id_: str,
        other: EntityKind,
        *,
        sort: str = "shared",
        descending: bool = True,
        page: int = 1,
        size: int = 50,
    ) -> Page[Together]:
        """The entities of a kind that stand in the same figures; `sort` is `shared`, `label` or `figures`."""
        return self._lists.together(kind, id_, other, sort=sort, descending=descending, page=page, size=size)

    def figures(self, *, wanted: FigureFilter) -> Page[FigureRow]:
        """The figures of the graph that pass a filter."""
        return self._lists.figures(wanted)

    def figure(self, id_: str) -> Figure | None:
        """A figure; None where the graph has none of this FIGID."""
        number = self._figure_number(id_)
        if number is None:
            return None
        iri, title, paper, caption, told = self._database.row(
            "SELECT f.iri, f.title, f.paper, d.caption, d.facts FROM figures f JOIN details d ON d.figure = f.n"
            " WHERE f.n = ?",
            (number,),
        ) or ("", "", 0, "", "{}")
        facts = json.loads(told)
        members = self._database.entities_of(number)
        kinds = self._database.kind[members]
        counts = {kind: int((kinds == place).sum()) for place, kind in enumerate(KINDS)}
        return Figure(
            id=id_, iri=iri, title=title, caption=caption, number=facts["number"], figure_type=facts["figure_type"],
            score=facts["score"], image=facts["image"], page=facts["page"], license=facts["license"],
            paper=self._paper(paper), organism_names=tuple(facts["organisms"]),
            organisms=tuple(self._database.entities(members[kinds == KINDS.index("organism")])),
            links=_links(facts["links"]), genes=counts["gene"], chemicals=counts["chemical"],
            diseases=counts["disease"],
        )  # fmt: skip

    def _figure_number(self, id_: str) -> int | None:
        row = self._database.row("SELECT n FROM figures WHERE id = ?", (id_,))
        return None if row is None else int(row[0])

    def mentions(self, figure_id: str) -> tuple[Mention, ...]:
        """What was read in a figure: genes, chemicals, diseases, the most trusted first."""
        number = self._figure_number(figure_id)
        rows = self._database.rows(
            "SELECT m.entity, w.text, COALESCE(t.text, ''), l.name, l.level, m.occurrences, l.keyword FROM mentions m"
            " JOIN texts w ON w.n = m.word LEFT JOIN texts t ON t.n = m.match JOIN lexicons l ON l.n = m.lexicon"
            " WHERE m.figure = ? ORDER BY m.place",
            (number,),
        )
        entities = self._database.entities(row[0] for row in rows)
        pairs = list(zip(entities, rows, strict=True))
        several = meanings((row[1], entity.id, entity.label) for entity, row in pairs if entity.kind == "gene")
        return tuple(
            Mention(
                entity=entity, word=word, match=match, lexicon=lexicon, strictness=LEVELS[level],
                occurrences=occurrences, keyword=bool(keyword),
                doubts=doubts(word, match, several=several, gene=entity.kind == "gene"),
            )
            for entity, (_, word, match, lexicon, level, occurrences, keyword) in pairs
        )  # fmt: skip

    def unlinked(self, figure_id: str) -> tuple[Unlinked, ...]:
        """Words that were read in a figure, and for which the records give no identifier."""
        rows = self._database.rows(
            "SELECT u.kind, t.text FROM unlinked u JOIN texts t ON t.n = u.word WHERE u.figure = ? ORDER BY u.place",
            (self._figure_number(figure_id),),
        )
        return tuple(Unlinked(KINDS[kind], word) for kind, word in rows)

    def neighbours(self, figure_id: str, *, limit: int = 10) -> tuple[FigureRow, ...]:
        """The figures that share most genes with a figure."""
        number = self._figure_number(figure_id)
        return () if number is None else self._lists.neighbours(number, limit)

    def paper(self, id_: str) -> Paper | None:
        """A paper; None where the graph has none of this PMC id."""
        row = self._database.row("SELECT n FROM papers WHERE id = ? AND n > 0", (id_,))
        return None if row is None else self._paper(row[0])

    def _paper(self, number: int) -> Paper:
        """A paper by number; all empty for 0, the paper of figures that have none."""
        id_, iri, title, journal, told = self._database.row(
            "SELECT id, iri, title, journal, facts FROM papers WHERE n = ?", (number,)
        ) or ("", "", "", "", "{}")
        facts = {"year": 0, "doi": "", "pmid": "", "publisher": "", "citation": "", **json.loads(told)}
        return Paper(
            id=id_, iri=iri, title=title, year=facts["year"], doi=facts["doi"], pmid=facts["pmid"], journal=journal,
            publisher=facts["publisher"], citation=facts["citation"], keywords=tuple(facts.get("keywords", ())),
            links=_links(facts.get("links", ())),
        )  # fmt: skip

    def figures_of_paper(self, id_: str) -> tuple[FigureRow, ...]:
        """The figures of a paper, in the order of their ids."""
        rows = self._database.rows(
            "SELECT f.n FROM figures f JOIN papers p ON p.n = f.paper WHERE p.id = ? AND p.n > 0 ORDER BY f.id", (id_,)
        )
        return tuple(self._lists.figure_rows([row[0] for row in rows]))

    def gene_list(
        self,
        texts: Sequence[str],
        *,
        organism: str = "9606",
        strictness: Strictness = "all",
        sort: str = "q",
        descending: bool | None = None,
        page: int = 1,
        size: int = 50,
    ) -> GeneListResult:
        """The figures that share genes with a list, ranked.

        Args:
            texts: symbols, aliases or NCBI Gene ids, 3 to 500 different ones.
            organism: taxon id of the genes; empty for all.
            strictness: which mentions count.
            sort: `q`, `p`, `overlap`, `genes` or `year`.
            descending: which way; None for small `q` and `p`, and for the most of the others, first.
            page: number of the page, from 1.
            size: rows of a page.

        Raises:
            QueryError: too few or too many texts, or an unknown strictness.
        """
        return self._genes.ranked(
            texts, organism=organism, strictness=strictness, order=(sort, descending), page=page, size=size
        )

    def release(self) -> Release:
        """The dataset's description; empty where the graph does not describe itself."""
        facts: Mapping[str, Any] = self._database.fact("release") or {}
        empty = {"iri": "", "title": "", "version": "", "issued": "", "license": "", "source": "", "triples": 0}
        counts = {name: _counts(facts.get(name, ())) for name in ("classes", "properties", "linksets")}
        told = tuple((str(label), str(value)) for label, value in facts.get("facts", ()))
        return Release(**{**empty, **facts, **counts, "facts": told})


def _counts(told: Sequence[Sequence[Any]]) -> tuple[Count, ...]:
    return tuple(Count(*one) for one in told)


def _links(told: Sequence[Sequence[str]]) -> tuple[NamedLink, ...]:
    return tuple(NamedLink(*one) for one in told)
