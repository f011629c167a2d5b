"""Genes, chemicals, diseases and organisms, numbered and written to the index with all their names."""

from __future__ import annotations

import heapq
import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from kg.explorer.index.figures import Shown
from kg.explorer.index.graph import Graph
from kg.explorer.index.links import entity_links
from kg.explorer.index.mentions import Ints, Mentions
from kg.explorer.index.schema import LONGEST_START, comparable, fold, score
from kg.explorer.model import KINDS, EntityKind

__all__ = ["Entities", "entity_id", "read_entities", "write_entities", "write_names"]

_CLASSES: Final[Mapping[EntityKind, str]] = {
    "gene": "pfo:Gene",
    "chemical": "pfo:Chemical",
    "disease": "pfo:Disease",
    "organism": "pfo:Taxon",
}
_NAMES: Final = {"label": 0, "alias": 1, "family": 2, "word": 2}
_TOP: Final = 200
_LONGEST_NAME: Final = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Entities:
    """Entities by number: kind by kind, the most drawn first. `organisms` are those of genes, -1 for none."""

    kinds: Ints
    iris: Sequence[str]
    ids: Sequence[str]
    labels: Sequence[str]
    figures: Ints
    organisms: Ints
    numbers: Mapping[tuple[EntityKind, str], int]
    of_mention: Ints


def entity_id(kind: EntityKind, iri: str) -> str:
    """What stands for an entity in an address.

    >>> entity_id("gene", "https://identifiers.org/ncbigene/6774")
    '6774'
    >>> entity_id("organism", "http://purl.obolibrary.org/obo/NCBITaxon_9606")
    '9606'
    """
    local = iri.replace("#", "/").rpartition("/")[2]
    return local.removeprefix("NCBITaxon_") if kind == "organism" else local


def read_entities(graph: Graph, mentions: Mentions, shown: Shown) -> Entities:
    """All entities of a graph, those that are mentioned and have no class of their own among them."""
    labels, organisms = graph.firsts("rdfs:label"), graph.firsts("obo:RO_0002162")
    found = _counted(graph, mentions, shown, organisms)
    keys = sorted(found, key=lambda key: (KINDS.index(key[0]), -found[key], labels.get(key[1], ""), key[1]))
    numbers = {key: n for n, key in enumerate(keys)}
    taxon = [numbers.get(("organism", organisms.get(iri, "")), -1) if kind == "gene" else -1 for kind, iri in keys]
    return Entities(
        kinds=np.array([KINDS.index(kind) for kind, _ in keys], dtype=np.int64),
        iris=[iri for _, iri in keys],
        ids=[entity_id(kind, iri) for kind, iri in keys],
        labels=[labels.get(iri) or entity_id(kind, iri) for kind, iri in keys],
        figures=np.array([found[key] for key in keys], dtype=np.int64),
        organisms=np.array(taxon, dtype=np.int64),
        numbers=numbers,
        of_mention=_of_mentions(mentions, numbers),
    )


def _counted(
    graph: Graph, mentions: Mentions, shown: Shown, organisms: Mapping[str, str]
) -> dict[tuple[EntityKind, str], int]:
    """In how many figures each entity stands."""
    found = {(kind, iri): 0 for kind, class_ in _CLASSES.items() for iri in graph.instances(class_)}
    found |= {("organism", taxon): 0 for taxon in organisms.values()}
    bodies = list(mentions.bodies.numbers)
    for code, number in _figures_of_codes(mentions):
        found[KINDS[code % len(KINDS)], bodies[code // len(KINDS)]] = number
    for iri in shown.iris:
        for taxon in shown.organisms.get(iri, ()):
            found["organism", taxon] = found.get(("organism", taxon), 0) + 1
    return found


def _codes(mentions: Mentions) -> Ints:
    return mentions.body * len(KINDS) + mentions.kind


def _figures_of_codes(mentions: Mentions) -> Iterator[tuple[int, int]]:
    """Body and kind in one number, and the number of different figures."""
    many = int(mentions.figure.max(initial=0)) + 1
    pairs = np.unique(_codes(mentions) * many + mentions.figure)
    codes, counts = np.unique(pairs // many, return_counts=True)
    yield from zip(codes.tolist(), counts.tolist(), strict=True)


def _of_mentions(mentions: Mentions, numbers: Mapping[tuple[EntityKind, str], int]) -> Ints:
    codes, inverse = np.unique(_codes(mentions), return_inverse=True)
    bodies = list(mentions.bodies.numbers)
    known = [numbers[KINDS[code % len(KINDS)], bodies[code // len(KINDS)]] for code in codes.tolist()]
    return np.array(known, dtype=np.int64)[inverse] if known else np.empty(0, dtype=np.int64)


def write_entities(graph: Graph, entities: Entities, index: sqlite3.Connection) -> None:
    """Write the entities with the addresses of pages about them."""
    exact, close = graph.all("skos:exactMatch"), graph.all("skos:closeMatch")

    def rows() -> Iterator[tuple[Any, ...]]:
        for n, iri in enumerate(entities.iris):
            kind = KINDS[entities.kinds[n]]
            spellings = (iri, *exact.get(iri, ()), *close.get(iri, ()))
            links = entity_links(kind, entities.ids[n], entities.labels[n], spellings)
            organism = int(entities.organisms[n])
            yield (
                n, KINDS.index(kind), entities.ids[n], iri, entities.labels[n], int(entities.figures[n]),
                None if organism < 0 else organism, json.dumps(links, ensure_ascii=False),
            )  # fmt: skip

    index.executemany("INSERT INTO entities VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows())
    index.execute("CREATE UNIQUE INDEX entities_by_id ON entities(kind, id)")
    index.executemany(
        "INSERT OR IGNORE INTO ids VALUES (?, ?, ?)",
        (
            (fold(spelling), KINDS[entities.kinds[n]], n)
            for n, id_ in enumerate(entities.ids)
            for spelling in {id_, id_.replace("_", ":"), f"NCBITaxon:{id_}" if entities.kinds[n] == 3 else id_}
        ),
    )


def write_names(
    graph: Graph, entities: Entities, mentions: Mentions, lexicons: Ints, index: sqlite3.Connection
) -> None:
    """Write every name that leads to an entity: symbols and labels, aliases, terms of lexicons, words as read."""
    names: dict[tuple[str, int], tuple[int, str]] = {}

    def add(text: str, entity: int, tier: int) -> None:
        key = comparable(text)[:_LONGEST_NAME], entity
        if key[0] and (key not in names or tier < names[key][0]):
            names[key] = tier, text

    for n, label in enumerate(entities.labels):
        add(label, n, _NAMES["label"])
    others = graph.all("skos:altLabel")
    for n, iri in enumerate(entities.iris):
        for other in others.get(iri, ()):
            add(other, n, _NAMES["alias"])
    texts = list(mentions.texts.numbers)
    for entity, word, match, level in _readings(entities, mentions, lexicons):
        if match >= 0:
            add(texts[match], entity, _NAMES["alias"] if level < 2 or entities.kinds[entity] else _NAMES["family"])
        add(texts[word], entity, _NAMES["word"])
    index.executemany(
        "INSERT INTO names VALUES (?, ?, ?, ?)",
        ((name, entity, tier, shown) for (name, entity), (tier, shown) in sorted(names.items())),
    )
    index.executemany("INSERT INTO entity_text(rowid, label) VALUES (?, ?)", enumerate(map(fold, entities.labels)))
    _write_tops(names, entities, index)


def _readings(entities: Entities, mentions: Mentions, lexicons: Ints) -> Iterator[tuple[int, int, int, int]]:
    """Each different (entity, word, match, level)."""
    if not len(mentions.word):
        return
    columns = (entities.of_mention, mentions.word, mentions.match, lexicons[mentions.lexicon])
    for row in np.unique(np.stack(columns, axis=1), axis=0).tolist():
        yield row[0], row[1], row[2], row[3]


def _write_tops(
    names: Mapping[tuple[str, int], tuple[int, str]], entities: Entities, index: sqlite3.Connection
) -> None:
    """The best names for each beginning of few letters, which too many names share for a search."""
    figures = entities.figures.tolist()
    by_start: dict[str, list[tuple[str, int, int, int, str]]] = {}
    for (name, entity), (tier, shown) in names.items():
        one = (name, -figures[entity], entity, tier, shown)
        for length in range(1, min(len(name), LONGEST_START) + 1):
            by_start.setdefault(name[:length], []).append(one)
    rows = []
    for start, found in by_start.items():
        best = heapq.nsmallest(_TOP, found, key=lambda one: (score(start, one[0], one[3]), one[1], one[0], one[2]))
        rows.append((start, json.dumps([[name, entity, tier, shown] for name, _, entity, tier, shown in best])))
    index.executemany("INSERT INTO tops VALUES (?, ?)", rows)
