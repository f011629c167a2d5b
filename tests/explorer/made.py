"""A made index: two figures of one paper, with texts of the test's choice in every place where the graph has text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from kg.explorer.model import (
    Count,
    Entity,
    EntityKind,
    Figure,
    FigureFilter,
    FigureRow,
    GeneListResult,
    Hit,
    ListedFigure,
    Mention,
    NamedLink,
    Page,
    Paper,
    Release,
    Summary,
    Together,
    Unlinked,
    WordRow,
)

__all__ = ["MadeIndex"]

Row = TypeVar("Row")


def _page(rows: Sequence[Row], number: int, size: int) -> Page[Row]:
    return Page(rows=rows[(number - 1) * size : number * size], total=len(rows), number=number, size=size)


@dataclass(frozen=True)
class MadeIndex:
    """Answers as `kg.explorer.index.reader.Index` does; `text` stands in titles, words, labels, captions and the like.

    Args:
        text: what stands in place of every text.
        url: what stands in place of every address of another site.
        many: how many figures, words and companions there are.
    """

    text: str = "Made text"
    url: str = "https://example.org/made"
    many: int = 3

    def _entity(self, kind: EntityKind = "gene", id_: str = "6774") -> Entity:
        return Entity(
            kind=kind, id=id_, iri="https://identifiers.org/ncbigene/6774", label=self.text, figures=self.many,
            organism="9606", organism_name=self.text, links=(NamedLink(self.text, self.url),),
        )  # fmt: skip

    def _row(self, place: int = 0) -> FigureRow:
        return FigureRow(
            id=f"PMC1__F{place}.jpg", title=f"{self.text} {place}", year=2000 + place % 25, paper="PMC1",
            journal=self.text, genes=place, organisms=(self.text,), strictness="strict", words=(self.text, "b"),
            shared=place, shared_labels=(self.text,),
        )  # fmt: skip

    def _rows(self) -> list[FigureRow]:
        return [self._row(place) for place in range(self.many)]

    def _counts(self, path: str = "/gene/6774") -> tuple[Count, ...]:
        return (Count(self.text, 3, path), Count("other", 1))

    def summary(self) -> Summary:
        counts = self._counts()
        return Summary(
            figures=self.many, papers=1, genes=2, chemicals=1, diseases=1, organisms=1, mentions=5, years=counts,
            top_genes=counts, top_chemicals=counts, top_diseases=counts, top_organisms=self._counts("/organism/9606"),
            lexicons=counts, genes_per_figure=counts, newest=tuple(self._rows()[:5]), example_gene="6774",
        )  # fmt: skip

    def search(self, _: str, *, limit: int = 10) -> list[Hit]:
        return [Hit("gene", "6774", self.text, "/gene/6774", 3, self.text)][:limit]

    def search_all(self, text: str, *, kind: str = "", page: int = 1, size: int = 50) -> Page[Hit]:
        return _page([] if kind == "disease" or text == "nothing" else self.search(text), page, size)

    def entity(self, kind: EntityKind, id_: str) -> Entity | None:
        return self._entity(kind, id_) if id_ in {"6774", "9606", "D000544", "CHEBI_1"} else None

    def entities(
        self, kind: EntityKind, *, sort: str = "figures", descending: bool = True, page: int = 1, size: int = 50
    ) -> Page[Entity]:
        rows = [replace(self._entity(kind), figures=place, label=f"{self.text} {place}") for place in range(self.many)]
        rows.sort(key=lambda row: row.figures if sort == "figures" else row.label, reverse=descending)
        return _page(rows, page, size)

    def figures_of(self, _: EntityKind, __: str, wanted: FigureFilter) -> Page[FigureRow]:
        return self.figures(wanted=wanted)

    def figures(self, *, wanted: FigureFilter) -> Page[FigureRow]:
        rows = [row for row in self._rows() if not wanted.first_year or row.year >= wanted.first_year]
        rows.sort(key=lambda row: getattr(row, wanted.sort), reverse=wanted.descending)
        return _page(rows, wanted.page, wanted.size)

    def years_of(self, _: EntityKind, __: str) -> tuple[Count, ...]:
        return (Count("2001", 1), Count("2002", 2))

    def organisms_of(self, _: EntityKind, __: str) -> tuple[Count, ...]:
        return self._counts("/organism/9606")

    def strictness_of(self, _: EntityKind, __: str) -> tuple[Count, ...]:
        return (Count("strict", 1), Count("synonyms", 2), Count("all", 3))

    def words_of(self, _: EntityKind, __: str, **wanted: Any) -> Page[WordRow]:
        rows = [WordRow(f"{self.text} {place}", self.text, self.text, "strict", place) for place in range(self.many)]
        return _page(rows, wanted["page"], wanted["size"])

    def together(self, _: EntityKind, __: str, other: EntityKind, **wanted: Any) -> Page[Together]:
        rows = [Together(self._entity(other), place) for place in range(self.many)]
        return _page(rows, wanted["page"], wanted["size"])

    def figure(self, id_: str) -> Figure | None:
        if not id_.startswith("PMC1__"):
            return None
        return Figure(
            id=id_, iri=f"https://pfocr.wikipathways.org/figures/{id_}.html", title=self.text, caption=self.text,
            number=self.text, figure_type=self.text, score="0.9", image=self.url, page=self.url, license=self.url,
            paper=self._paper(), organisms=(self._entity("organism", "9606"),), organism_names=(self.text,),
            links=(NamedLink(self.text, self.url),), genes=1, chemicals=1, diseases=0,
        )  # fmt: skip

    def _paper(self) -> Paper:
        return Paper(
            id="PMC1", iri="https://identifiers.org/pmc/PMC1", title=self.text, year=2020, doi="10.1/x y<z>",
            pmid="1", journal=self.text, publisher=self.text, citation=self.text, keywords=(self.text,),
            links=(NamedLink(self.text, self.url),),
        )  # fmt: skip

    def unlinked(self, _: str) -> tuple[Unlinked, ...]:
        return (Unlinked("chemical", self.text),)

    def mentions(self, _: str) -> tuple[Mention, ...]:
        gene, chemical = self._entity(), self._entity("chemical", "CHEBI_1")
        sure = Mention(entity=gene, word="b", match=self.text, lexicon="ncbigene_symbol", strictness="strict")
        doubt = replace(sure, word=self.text, strictness="all", doubts=(self.text, "Another doubt."))
        return (sure, doubt, replace(doubt, entity=chemical, occurrences=2, keyword=True))

    def neighbours(self, _: str, *, limit: int = 10) -> tuple[FigureRow, ...]:
        return tuple(self._rows()[:limit])

    def paper(self, id_: str) -> Paper | None:
        return self._paper() if id_ == "PMC1" else None

    def figures_of_paper(self, _: str) -> tuple[FigureRow, ...]:
        return tuple(self._rows())

    def gene_list(self, texts: Sequence[str], **wanted: Any) -> GeneListResult:
        rows = [
            ListedFigure(figure=self._row(place), overlap=2, genes=5, shared=(self._entity(),), p=0.01, q=0.02)
            for place in range(self.many)
        ]
        return GeneListResult(
            asked=len(texts), genes=(self._entity(),), unknown=(texts[0],), ambiguous=((self.text, (self._entity(),)),),
            background=20_000, background_name=self.text, tested=self.many,
            rows=_page(rows, wanted["page"], wanted["size"]),
        )  # fmt: skip

    def release(self) -> Release:
        counts = self._counts("")
        return Release(
            iri="https://w3id.org/pfocr-kg/dataset/1", title=self.text, version=self.text, issued=self.text,
            license=self.url, source=self.url, triples=10, facts=((self.text, self.url),), classes=counts,
            properties=counts, linksets=counts,
            downloads=(NamedLink(self.text, self.url),),
        )  # fmt: skip
