"""A peer of `kg export`: PyYAML, pyld, rdflib and pyshacl, put together as a careful user of theirs would.

    python bench/peers/plain.py SOURCE --output FILE.ttl

It makes the graph of docs/data-model.md from the records by a way of its own (`plain_read.py`, `plain_graph.py`), and
writes it as rdflib's Turtle: the same set of triples as `kg export`, but for what describes the run itself (the
layer `meta`: data set, VoID partitions, provenance). From the package it takes what is knowledge rather than work:
names and prefixes, the schema.org context, taxa, licence codes, how texts are tidied, strictness, and the lexicon with
the rules by which keywords are looked up.

What a careful user does, it does: pyld may keep the processed context, the shapes are parsed once, literals are kept
as they are spelt, and the namespaces do not grow (`Prefixes`). The whole graph is checked in one call, the quicker way:
9.8 s for 200 records and 39.4 s for 1,000, where a call for each record (`--by-record`) takes 22.8 s for 200, since it
reads the shapes anew. A record that breaks a shape is left out, and the graph made again without it.

Prints one line of JSON: counts, and seconds by step.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any, Final

import pyshacl
from rdflib import Graph, URIRef
from rdflib.namespace import SH, XSD, NamespaceManager

from bench.peers import plain_graph as made
from bench.peers.plain_read import (
    Entity,
    FastLoader,
    Paper,
    PureLoader,
    Record,
    SkippedError,
    find_records,
    read_record,
)
from kg.keywords import ground_keywords
from kg.lexicon import Lexicons
from kg.record import Entity as KgEntity
from kg.record import Figure
from kg.record import Mention as KgMention
from kg.record import Paper as KgPaper
from kg.vocab import Names

SHAPES: Final = Path(__file__).resolve().parents[2] / "shapes"
PLAIN_LOCAL: Final = re.compile(r"[A-Za-z0-9_]+")


class Clock:
    """Seconds by step."""

    def __init__(self) -> None:
        self.steps: dict[str, float] = defaultdict(float)

    @contextmanager
    def __call__(self, step: str) -> Iterator[None]:
        """Add the time of a block to a step."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.steps[step] += time.perf_counter() - start


def read_all(source: Path, loader: Any) -> tuple[list[Record], int]:
    """The records of a folder, of each figure the newest, ordered by paper and figure; and how many were left out."""
    best: dict[str, Record] = {}
    paths = find_records(source)
    for path in paths:
        try:
            record = read_record(path, loader)
        except SkippedError:
            continue
        other = best.get(record.figid)
        if other is None or rank(other) < rank(record):
            best[record.figid] = record
    records = sorted(best.values(), key=lambda record: (int(record.paper.pmcid[3:]), record.figid))
    return records, len(paths) - len(records)


def rank(record: Record) -> tuple[str, int, bytes]:
    """Of records of one figure the newest counts, then the one with more tables."""
    return record.generation, record.companions, record.digest


def ground(record: Record, lexicons: Lexicons) -> None:
    """Add mentions for keywords that no table explains: the package's rules, on its own types."""
    figure = ground_keywords(
        Figure(
            figid=record.figid,
            title="",
            caption="",
            paper=KgPaper(pmcid=record.paper.pmcid),
            generation=record.generation,
            organisms_ner=tuple(dict.fromkeys(record.recognised)),
            mentions=tuple(KgMention(*key, ()) for key in record.mentions),  # type: ignore[arg-type]
            entities=tuple(
                KgEntity(e.kind, e.ident, tuple(e.names), tuple(e.words), tuple(e.maps), tuple(e.taxa), 0)  # type: ignore[arg-type]
                for e in record.entities.values()
            ),
            tables=record.tables,
            jsonld=record.jsonld,
        ),
        lexicons,
    )
    for mention in figure.mentions:
        record.mentions.setdefault(mention[:5], 1)
    for e in figure.entities:
        entity = Entity(e.kind, e.ident, list(e.names), list(e.words), list(e.maps), list(e.taxa))
        record.entities.setdefault((e.kind, e.ident), entity)


class Shared:
    """Nodes of many records, under the names that most records give them."""

    def __init__(self) -> None:
        self.figures: Counter[Any] = Counter()
        self.names: dict[Any, Counter[str]] = defaultdict(Counter)
        self.words: dict[Any, Counter[str]] = defaultdict(Counter)
        self.entities: dict[URIRef, dict[str, Entity]] = defaultdict(dict)
        self.groups: dict[str, set[str]] = defaultdict(set)
        self.abbreviations: dict[URIRef, set[str]] = defaultdict(set)
        self.publishers: set[str] = set()
        self.lexicons: set[str] = set()

    def add(self, record: Record) -> None:
        """Count what a figure mentions."""
        for entity in record.entities.values():
            iri = made.entity_iri(entity.kind, entity.ident)
            known = self.entities[iri].setdefault(entity.kind, Entity(entity.kind, entity.ident))
            known.maps = sorted({*known.maps, *entity.maps})
            known.taxa = sorted({*known.taxa, *entity.taxa})
            self.names[iri].update(entity.names)
            self.words[iri].update(entity.words)
        self.figures.update({made.entity_iri(*key) for key in record.entities})
        for taxid, (name, groups) in made.taxids_of(record).items():
            self.figures[taxid] += 1
            self.names[taxid].update([name] if name else [])
            self.groups[taxid].update(groups)
        self.lexicons.update(key[-1] for key in record.mentions if key[-1])

    def add_paper(self, paper: Paper, figures: int) -> None:
        """Count the figures of a paper's journal."""
        if paper.journal or paper.abbreviation:
            iri = made.journal_iri(paper)
            self.figures[iri] += figures
            self.names[iri][paper.journal or paper.abbreviation] += figures
            self.abbreviations[iri].update([paper.abbreviation] if paper.abbreviation else [])
        if paper.publisher:
            self.publishers.add(paper.publisher)

    def triples(self) -> Iterator[made.Triple]:
        """All shared nodes."""
        for iri, kinds in self.entities.items():
            for entity in kinds.values():
                yield from made.entity_triples(replace(entity, maps=self._maps(kinds)), self._labels(iri))
            yield self._count(iri, iri)
        for taxid, groups in self.groups.items():
            yield from made.taxon_triples(taxid, self._labels(taxid), groups)
            yield self._count(made.taxon_iri(taxid), taxid)
        for iri, abbreviations in self.abbreviations.items():
            yield from made.journal_triples(iri, self._labels(iri), abbreviations)
            yield self._count(iri, iri)
        # Of names that make one IRI, the last by alphabet.
        for name in {made.slug(name): name for name in sorted(self.publishers)}.values():
            yield from made.publisher_triples(name)
        yield from made.lexicon_triples(self.lexicons)

    def _maps(self, kinds: dict[str, Entity]) -> list[str]:
        return [other for entity in kinds.values() for other in entity.maps]

    def _count(self, iri: URIRef, key: Any) -> made.Triple:
        return iri, made.PFO.figureCount, made.typed(self.figures[key], XSD.integer)

    def _labels(self, key: Any) -> list[str]:
        names = by_frequency(self.names[key])
        return names or by_frequency(self.words[key])[:1]


def by_frequency(counts: Counter[str]) -> list[str]:
    """Texts, the most frequent first, then by alphabet."""
    return sorted(counts, key=lambda text: (-counts[text], text))


def merged_paper(records: list[Record]) -> Paper:
    """A paper as the newest of its records has it, gaps filled from the others."""
    newest, *others = (record.paper for record in sorted(records, key=attrgetter("generation"), reverse=True))
    paper = replace(newest)
    for other in others:
        for name, value in vars(other).items():
            if not getattr(paper, name):
                setattr(paper, name, value)
        paper.keywords = list(dict.fromkeys([*paper.keywords, *other.keywords]))
    return paper


class Prefixes(NamespaceManager):
    """The project's prefixes and no others.

    rdflib's own manager compares each IRI with every namespace that it has met. Here nearly each figure is one, so its
    Turtle takes 4 s for 200 figures and 127 s for 2,000; without that search it takes a time in proportion.
    """

    def __init__(self, graph: Graph) -> None:
        super().__init__(graph, bind_namespaces="none")
        self.known = {str(namespace): prefix for prefix, namespace in Names().prefixes.items()}
        for namespace, prefix in self.known.items():
            # rdflib has a `schema` of its own, which must give way.
            self.bind(prefix, namespace, replace=True)

    def compute_qname(self, uri: str, generate: bool = True) -> tuple[str, URIRef, str]:  # noqa: ARG002, FBT001, FBT002
        """Prefix, namespace and rest; a KeyError, upon which the IRI is written whole, where no prefix fits."""
        cut = max(uri.rfind("#"), uri.rfind("/")) + 1
        rest = uri[cut:]
        if not PLAIN_LOCAL.fullmatch(rest):
            raise KeyError(uri)
        return self.known[uri[:cut]], URIRef(uri[:cut]), rest


def new_graph() -> Graph:
    """An empty graph with the project's prefixes."""
    graph = Graph(bind_namespaces="none")
    graph.namespace_manager = Prefixes(graph)
    return graph


def record_graph(record: Record) -> Graph:
    """The graph of one record alone, for a check of its own."""
    shared = Shared()
    shared.add(record)
    shared.add_paper(record.paper, 1)
    return gathered([[record]], {record.figid: list(made.figure_triples(record))}, shared)


def build(records: list[Record], clock: Clock, skipped: set[str]) -> Graph:
    """The graph of all records; those whose JSON-LD cannot be expanded are added to `skipped`."""
    own: dict[str, list[made.Triple]] = {}
    with clock("jsonld and triples"):
        for record in records:
            try:
                own[record.figid] = list(made.figure_triples(record))
            except SkippedError:
                skipped.add(record.figid)
    good = [record for record in records if record.figid in own]
    papers = [list(same) for _, same in groupby(good, key=lambda record: record.paper.pmcid)]
    shared = Shared()
    with clock("graph"):
        for record in good:
            shared.add(record)
        for same in papers:
            shared.add_paper(merged_paper(same), len(same))
        return gathered(papers, own, shared)


def gathered(papers: list[list[Record]], own: dict[str, list[made.Triple]], shared: Shared) -> Graph:
    """One graph of figures, papers and what they share."""
    graph = new_graph()
    for same in papers:
        add_all(graph, made.paper_triples(merged_paper(same)))
        for record in same:
            add_all(graph, own[record.figid])
    if (None, made.SCHEMA.creator, made.WIKIPATHWAYS) in graph:
        add_all(graph, made.wikipathways_triples())
    add_all(graph, shared.triples())
    return graph


def add_all(graph: Graph, triples: Iterable[made.Triple]) -> None:
    """Add triples to a graph."""
    for triple in triples:
        graph.add(triple)


def load_shapes() -> Graph:
    """All shapes, parsed once."""
    shapes = Graph()
    for path in sorted(SHAPES.glob("*.ttl")):
        shapes.parse(path, format="turtle")
    return shapes


def violations(graph: Graph, shapes: Graph) -> set[URIRef]:
    """The nodes that break a shape for good; warnings and notes are none."""
    _, report, _ = pyshacl.validate(graph, shacl_graph=shapes, inference="none", inplace=True)
    results = report.subjects(SH.resultSeverity, SH.Violation)
    return {node for result in results for node in report.objects(result, SH.focusNode)}


def bad_figures(graph: Graph, nodes: set[URIRef], records: list[Record]) -> set[str]:
    """The figures that some nodes belong to, or that mention them."""
    bad = set()
    for record in records:
        figure = made.figure_iri(record.figid)
        reached = {figure, *graph.objects(figure)}
        if any(node in reached or node.startswith(f"{figure}#") for node in nodes):
            bad.add(record.figid)
    return bad


def check(graph: Graph, records: list[Record], shapes: Graph, *, by_record: bool) -> set[str]:
    """The ids of figures that break a shape."""
    if by_record:
        return {record.figid for record in records if violations(record_graph(record), shapes)}
    nodes = violations(graph, shapes)
    return bad_figures(graph, nodes, records) if nodes else set()


def run(
    source: Path, output: Path, *, loader: Any = PureLoader, checked: bool = True, by_record: bool = False
) -> dict[str, Any]:
    """Records in, Turtle out; returns counts and seconds."""
    clock = Clock()
    with clock("read"):
        records, left_out = read_all(source, loader)
    with clock("keywords"):
        lexicons = Lexicons()
        for record in records:
            ground(record, lexicons)
    shapes = load_shapes()
    while True:
        skipped: set[str] = set()
        graph = build(records, clock, skipped)
        records = [record for record in records if record.figid not in skipped]
        with clock("check"):
            bad = check(graph, records, shapes, by_record=by_record) if checked else set()
        left_out += len(skipped) + len(bad)
        if not bad:
            break
        records = [record for record in records if record.figid not in bad]
    with clock("write"):
        graph.serialize(output, format="turtle", encoding="utf-8")
    return {"figures": len(records), "triples": len(graph), "left_out": left_out, "steps": dict(clock.steps)}


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description="The plain libraries' way to the graph of kg export.")
    add = parser.add_argument
    add("source", type=Path, help="folder with _figures and _data")
    add("--output", type=Path, required=True, help="Turtle file to write")
    add("--work", type=Path, help="not needed here; every peer takes it")
    add("--no-check", dest="checked", action="store_false", help="without pyshacl")
    add("--by-record", action="store_true", help="check each record's graph by itself, not the whole graph")
    add("--c-loader", action="store_true", help="PyYAML's binding of libyaml")
    given = parser.parse_args()
    if not find_records(given.source):
        sys.exit(f"{given.source}: no _figures/*.md in it")
    loader = FastLoader if given.c_loader else PureLoader
    print(json.dumps(run(given.source, given.output, loader=loader, checked=given.checked, by_record=given.by_record)))


if __name__ == "__main__":
    main()
