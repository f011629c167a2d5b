"""The index of a graph, made in one go from its database: `build_index`."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from kg.explorer.index.entities import Entities, read_entities, write_entities, write_names
from kg.explorer.index.figures import Papers, Shown, read_figures, read_papers, write_captions
from kg.explorer.index.graph import Graph
from kg.explorer.index.mentions import Ints, Mentions, read_mentions
from kg.explorer.index.release import release_facts
from kg.explorer.index.schema import FORMAT, LEVELS, TABLES, fold
from kg.explorer.index.summary import summary_facts

__all__ = ["build_index"]

_SPEED: Final = "PRAGMA page_size=8192; PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA temp_store=FILE;"
_MENTIONS: Final = 1 << 16


def build_index(data: Path, index: Path, *, on_progress: Callable[[int, int], None] = lambda _done, _all: None) -> None:
    """Write the index of a graph; a killed one leaves a file that is none.

    Args:
        data: folder of the Oxigraph database.
        index: file to write; it does not exist yet.
        on_progress: told how much is done, and how much there is in all.
    """
    graph = Graph(data)
    with closing(sqlite3.connect(index, isolation_level=None)) as connection:
        connection.executescript(_SPEED + TABLES)
        connection.execute("BEGIN")
        _fill(graph, connection, on_progress)
        connection.execute("COMMIT")
        connection.execute("ANALYZE")


def _fill(graph: Graph, index: sqlite3.Connection, on_progress: Callable[[int, int], None]) -> None:
    papers = read_papers(graph, index)
    shown = read_figures(graph, papers, index)
    write_captions(graph, shown, index)
    mentions = read_mentions(graph, shown.numbers, on_progress)
    lexicons = _write_lexicons(graph, mentions, index)
    entities = read_entities(graph, mentions, shown)
    pairs = _pairs(mentions, entities, lexicons, shown)
    write_entities(graph, entities, index)
    _write_mentions(mentions, entities, lexicons, index)
    write_names(graph, entities, mentions, lexicons, index)
    arrays = {
        **_figure_columns(shown, papers, entities, pairs),
        **_entity_columns(entities),
        **_both_ways(pairs, shown, entities),
    }
    index.executemany(
        "INSERT INTO arrays VALUES (?, ?, ?)",
        ((name, values.dtype.str, values.tobytes()) for name, values in arrays.items()),
    )
    summary = summary_facts(entities, mentions, arrays, papers)
    facts = {"format": FORMAT, "base": graph.base, "summary": summary, "release": release_facts(graph)}
    index.executemany("INSERT INTO facts VALUES (?, ?)", ((name, json.dumps(told)) for name, told in facts.items()))


def _write_lexicons(graph: Graph, mentions: Mentions, index: sqlite3.Connection) -> Ints:
    """The lexicons that were met; returns the level of each. One that states no strictness is of the last level."""
    strictness = graph.firsts("pfo:strictness")
    keyword = set(graph.instances("pfo:KeywordLexicon"))
    levels = [_level(strictness.get(iri, "")) for iri in mentions.lexicons.numbers]
    index.executemany(
        "INSERT INTO lexicons VALUES (?, ?, ?, ?)",
        (
            (n, iri.replace("#", "/").rpartition("/")[2], levels[n], iri in keyword)
            for iri, n in mentions.lexicons.numbers.items()
        ),
    )
    return np.array(levels, dtype=np.int64)


def _level(strictness: str) -> int:
    return LEVELS.index(strictness) if strictness in LEVELS else len(LEVELS) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pairs:
    """Each figure and entity that go together, once, by figure and then entity, with the strictest level."""

    figure: Ints
    entity: Ints
    level: Ints


def _pairs(mentions: Mentions, entities: Entities, lexicons: Ints, shown: Shown) -> _Pairs:
    figures, members = [mentions.figure], [entities.of_mention]
    levels = [lexicons[mentions.lexicon] if len(lexicons) else mentions.lexicon]
    organisms = [
        (n, entities.numbers["organism", taxon])
        for n, iri in enumerate(shown.iris)
        for taxon in shown.organisms.get(iri, ())
    ]
    if organisms:
        figures.append(np.array([n for n, _ in organisms], dtype=np.int64))
        members.append(np.array([entity for _, entity in organisms], dtype=np.int64))
        levels.append(np.zeros(len(organisms), dtype=np.int64))
    return _strictest(np.concatenate(figures), np.concatenate(members), np.concatenate(levels))


def _strictest(figure: Ints, entity: Ints, level: Ints) -> _Pairs:
    order = np.lexsort((level, entity, figure))
    figure, entity, level = figure[order], entity[order], level[order]
    first = np.ones(len(figure), dtype=bool)
    first[1:] = (figure[1:] != figure[:-1]) | (entity[1:] != entity[:-1])
    return _Pairs(figure=figure[first], entity=entity[first], level=level[first])


def _both_ways(pairs: _Pairs, shown: Shown, entities: Entities) -> dict[str, np.ndarray[Any, Any]]:
    """The pairs by figure and by entity: where each begins, and what it goes with."""
    order = np.lexsort((pairs.figure, pairs.entity))
    return {
        "figure_start": _starts(pairs.figure, len(shown.iris)),
        "figure_entity": pairs.entity.astype(np.int32),
        "figure_level": pairs.level.astype(np.int8),
        "entity_start": _starts(pairs.entity, len(entities.ids)),
        "entity_figure": pairs.figure[order].astype(np.int32),
        "entity_level": pairs.level[order].astype(np.int8),
    }


def _starts(values: Ints, many: int) -> Ints:
    return np.concatenate([[0], np.cumsum(np.bincount(values, minlength=many))]).astype(np.int64)


def _figure_columns(shown: Shown, papers: Papers, entities: Entities, pairs: _Pairs) -> dict[str, np.ndarray[Any, Any]]:
    years = [papers.years[paper] for paper in shown.papers]
    genes = np.bincount(pairs.figure[entities.kinds[pairs.entity] == 0], minlength=len(shown.iris))
    return {
        "figure_year": np.array(years, dtype=np.int16),
        "figure_genes": genes.astype(np.int32),
        "figure_paper": np.array(shown.papers, dtype=np.int32),
        "rank_title": _ranks([fold(title) for title in shown.titles]),
        "rank_journal": _ranks([fold(papers.journals[paper]) for paper in shown.papers]),
        "rank_paper": _ranks([_natural(papers.ids[paper]) for paper in shown.papers]),
    }


def _entity_columns(entities: Entities) -> dict[str, np.ndarray[Any, Any]]:
    return {
        "entity_kind": entities.kinds.astype(np.int8),
        "entity_figures": entities.figures.astype(np.int32),
        "entity_rank": _ranks([fold(label) for label in entities.labels]),
        "entity_organism": entities.organisms.astype(np.int32),
    }


def _natural(id_: str) -> tuple[str, int]:
    """PMC ids by their number."""
    digits = id_.removeprefix("PMC")
    return ("PMC", int(digits)) if digits.isdecimal() and digits.isascii() else (id_, 0)


def _ranks(values: Sequence[Any]) -> np.ndarray[Any, Any]:
    """The place of each value among all distinct ones."""
    places: Mapping[Any, int] = {value: place for place, value in enumerate(sorted(set(values)))}
    return np.array([places[value] for value in values], dtype=np.int32)


def _write_mentions(mentions: Mentions, entities: Entities, lexicons: Ints, index: sqlite3.Connection) -> None:
    """Write the mentions by figure, and by entity the words that led to it, the most frequent first."""
    index.executemany("INSERT INTO texts VALUES (?, ?)", ((n, text) for text, n in mentions.texts.numbers.items()))
    bare = np.unique(mentions.unlinked, axis=0)
    _insert(index, "unlinked", [bare[:, 0], _places(bare[:, 0]), bare[:, 1], bare[:, 2]])
    if not len(mentions.word):
        return
    entity, figure = entities.of_mention, mentions.figure
    word, match, lexicon = mentions.word, mentions.match, mentions.lexicon
    order = np.lexsort((match, word, entity, lexicons[lexicon], mentions.kind, figure))
    columns = [figure[order], _places(figure[order])]
    columns += [values[order] for values in (entity, word, match, lexicon, mentions.occurrences)]
    _insert(index, "mentions", columns)
    readings, inverse = np.unique(np.stack([entity, word, match, lexicon], axis=1), axis=0, return_inverse=True)
    together = np.unique(np.stack([inverse.reshape(-1), figure], axis=1), axis=0)[:, 0]
    counts = np.bincount(together, minlength=len(readings))
    order = np.lexsort((readings[:, 3], readings[:, 2], readings[:, 1], -counts, readings[:, 0]))
    sorted_ = readings[order]
    _insert(index, "entity_words", [sorted_[:, 0], _places(sorted_[:, 0]), *sorted_[:, 1:].T, counts[order]])


def _places(groups: Ints) -> Ints:
    """The place of each row in its group; the groups come together."""
    if not len(groups):
        return groups
    first = np.ones(len(groups), dtype=bool)
    first[1:] = groups[1:] != groups[:-1]
    begin = np.flatnonzero(first)
    return np.arange(len(groups)) - np.repeat(begin, np.diff([*begin, len(groups)]))


def _insert(index: sqlite3.Connection, table: str, columns: Sequence[Ints]) -> None:
    """Write columns of numbers as rows, some at a time."""
    marks = ", ".join("?" * len(columns))
    for first in range(0, len(columns[0]), _MENTIONS):
        part = [column[first : first + _MENTIONS].tolist() for column in columns]
        index.executemany(f"INSERT INTO {table} VALUES ({marks})", zip(*part, strict=True))  # noqa: S608 (our own names)
