"""The figures and papers of a graph, numbered and written to the index."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from kg.explorer.index.graph import Graph
from kg.explorer.index.links import figure_links, paper_links
from kg.explorer.index.schema import fold

__all__ = ["Papers", "Shown", "read_figures", "read_papers", "write_captions"]

_PMC: Final = "https://identifiers.org/pmc/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Papers:
    """Papers by number, 0 for none: IRIs, ids, years (0 where there is none), titles and journals."""

    numbers: Mapping[str, int]
    ids: Sequence[str]
    years: Sequence[int]
    titles: Sequence[str]
    journals: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The figures by number: IRIs, ids, titles and papers; `organisms` are IRIs of each figure's taxa."""

    iris: Sequence[str]
    ids: Sequence[str]
    titles: Sequence[str]
    papers: Sequence[int]
    organisms: Mapping[str, Sequence[str]]
    numbers: Mapping[str, int] = field(default_factory=dict)


def read_papers(graph: Graph, index: sqlite3.Connection) -> Papers:
    """Write the papers of a graph, and tell what figures need of them."""
    iris = graph.instances("fabio:JournalArticle")
    facts = _PaperFacts(graph)
    rows = [facts.row(n, iri) for n, iri in enumerate(iris, 1)]
    index.executemany("INSERT INTO papers VALUES (?, ?, ?, ?, ?, ?)", [(0, "", "", "", "", "{}"), *rows])
    index.executemany(
        "INSERT OR IGNORE INTO ids VALUES (?, 'paper', ?)",
        ((fold(name), row[0]) for row in rows for name in _paper_names(str(row[1]), json.loads(str(row[5])))),
    )
    index.executemany(
        "INSERT INTO paper_text(rowid, title) VALUES (?, ?)", ((row[0], fold(str(row[3]))) for row in rows)
    )
    return Papers(
        numbers={iri: n for n, iri in enumerate(iris, 1)},
        ids=["", *(str(row[1]) for row in rows)],
        years=[0, *(facts.year(iri) for iri in iris)],
        titles=["", *(str(row[3]) for row in rows)],
        journals=["", *(str(row[4]) for row in rows)],
    )


def _paper_names(id_: str, facts: Mapping[str, str]) -> Iterator[str]:
    yield id_
    if facts["doi"]:
        yield facts["doi"]
    if facts["pmid"]:
        yield facts["pmid"]


class _PaperFacts:
    """What the graph says of papers, by IRI."""

    def __init__(self, graph: Graph) -> None:
        self.titles = graph.firsts("dcterms:title")
        self.ids = graph.firsts("fabio:hasPubMedCentralId")
        self.dois = graph.firsts("prism:doi")
        self.pmids = graph.firsts("fabio:hasPubMedId")
        self.citations = graph.firsts("dcterms:bibliographicCitation")
        self.keywords = graph.all("prism:keyword")
        self.parents = graph.firsts("dcterms:isPartOf")
        self.publishers = graph.firsts("dcterms:publisher")
        self.names = graph.firsts("foaf:name")
        self.short_titles = graph.firsts("fabio:hasNLMJournalTitleAbbreviation")
        self._years = graph.firsts("fabio:hasPublicationYear")

    def year(self, iri: str) -> int:
        text = self._years.get(iri, "")[:4]
        return int(text) if text.isdecimal() and text.isascii() else 0

    def row(self, n: int, iri: str) -> tuple[object, ...]:
        journal = self.parents.get(iri, "")
        id_ = self.ids.get(iri) or iri.removeprefix(_PMC)
        doi, pmid = self.dois.get(iri, ""), self.pmids.get(iri, "")
        facts = {
            "year": self.year(iri),
            "doi": doi,
            "pmid": pmid,
            "publisher": self.names.get(self.publishers.get(iri, ""), ""),
            "citation": self.citations.get(iri, ""),
            "keywords": self.keywords.get(iri, []),
            "links": paper_links(id_, doi, pmid),
        }
        title = self.titles.get(journal) or self.short_titles.get(journal, "")
        return n, id_, iri, self.titles.get(iri, ""), title, json.dumps(facts, ensure_ascii=False)


def read_figures(graph: Graph, papers: Papers, index: sqlite3.Connection) -> Shown:
    """Write the figures of a graph, newest first, without their captions."""
    iris = graph.instances("pfo:PathwayFigure")
    ids, parents = graph.firsts("dcterms:identifier"), graph.firsts("dcterms:isPartOf")
    paper = {iri: papers.numbers.get(parents.get(iri, ""), 0) for iri in iris}
    named = {iri: ids.get(iri) or iri.rpartition("/")[2].removesuffix(".html") for iri in iris}
    iris.sort(key=lambda iri: (-papers.years[paper[iri]], named[iri], iri))
    titles = graph.firsts("dcterms:title")
    index.executemany(
        "INSERT INTO figures VALUES (?, ?, ?, ?, ?)",
        ((n, named[iri], iri, titles.get(iri, ""), paper[iri]) for n, iri in enumerate(iris)),
    )
    index.executemany(
        "INSERT OR IGNORE INTO ids VALUES (?, 'figure', ?)", ((fold(named[iri]), n) for n, iri in enumerate(iris))
    )
    return Shown(
        iris=iris,
        ids=[named[iri] for iri in iris],
        titles=[titles.get(iri, "") for iri in iris],
        papers=[paper[iri] for iri in iris],
        organisms=graph.all("wp:organism"),
        numbers={iri: n for n, iri in enumerate(iris)},
    )


_DETAILS: Final = {
    "number": "pfo:figureNumber",
    "figure_type": "pfo:figureType",
    "score": "pfo:pathwayScore",
    "image": "foaf:depiction",
    "page": "foaf:page",
    "license": "dcterms:license",
}


def write_captions(graph: Graph, shown: Shown, index: sqlite3.Connection) -> Counter[str]:
    """Write captions and what else only a figure's own page shows; returns how many figures have which licence."""
    facts = {name: graph.firsts(predicate) for name, predicate in _DETAILS.items()}
    rights = graph.firsts("dcterms:rights")
    organisms, elsewhere = graph.all("wp:organismName"), graph.all("rdfs:seeAlso")
    captions = graph.firsts("schema:description")

    def rows() -> Iterator[tuple[int, str, str]]:
        for n, iri in enumerate(shown.iris):
            told: dict[str, object] = {name: values.get(iri, "") for name, values in facts.items()}
            told["license"] = told["license"] or rights.get(iri, "")
            told["organisms"] = organisms.get(iri, [])
            told["links"] = figure_links(iri, str(told["page"]), elsewhere.get(iri, ()))
            yield n, captions.get(iri, ""), json.dumps(told, ensure_ascii=False)

    index.executemany("INSERT INTO details VALUES (?, ?, ?)", rows())
    index.executemany(
        "INSERT INTO figure_text(rowid, title, caption) VALUES (?, ?, ?)",
        ((n, fold(shown.titles[n]), fold(captions.get(iri, ""))) for n, iri in enumerate(shown.iris)),
    )
    return Counter(facts["license"].get(iri, "") for iri in shown.iris)
