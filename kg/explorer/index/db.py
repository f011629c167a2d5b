"""The index file, open for reading: a connection for each thread, and the columns that are kept in memory."""

from __future__ import annotations

import json
import sqlite3
import threading
import weakref
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from kg.errors import QueryError
from kg.explorer.index.schema import FORMAT
from kg.explorer.model import KINDS, Entity, EntityKind, NamedLink

__all__ = ["Database", "Numbers", "places_of", "slices"]

Numbers = NDArray[Any]


class Database:
    """An index of `build_index`. All methods may be called from any thread.

    Raises:
        QueryError: the file is no index of this version.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()
        try:
            if self.fact("format") != FORMAT:
                raise QueryError.of("bad-index", f"{path} is of another version", "", "remove it, and start again")
            self._load()
        except sqlite3.Error as error:
            raise QueryError.of(
                "bad-index", f"{path} is no index: {error}", "it was cut short or changed", "remove it, and start again"
            ) from None

    def _load(self) -> None:
        read = {
            name: np.frombuffer(data, dtype=kind)
            for name, kind, data in self.rows("SELECT name, kind, data FROM arrays")
        }
        self.year, self.genes, self.paper = read["figure_year"], read["figure_genes"], read["figure_paper"]
        self.ranks = {name: read[f"rank_{name}"] for name in ("title", "journal", "paper")}
        self.figure_start, self.figure_entity = read["figure_start"], read["figure_entity"]
        self.figure_level = read["figure_level"]
        self.entity_start, self.entity_figure = read["entity_start"], read["entity_figure"]
        self.entity_level = read["entity_level"]
        self.kind, self.figures = read["entity_kind"], read["entity_figures"]
        self.label_rank, self.organism = read["entity_rank"], read["entity_organism"]
        self.organisms: dict[int, tuple[str, str]] = {
            n: (id_, label)
            for n, id_, label in self.rows(
                "SELECT n, id, label FROM entities WHERE kind = ?", (KINDS.index("organism"),)
            )
        }

    def rows(self, statement: str, values: Sequence[Any] = ()) -> list[Any]:
        """All rows of a statement."""
        return self._connection().execute(statement, values).fetchall()

    def row(self, statement: str, values: Sequence[Any] = ()) -> Any | None:
        """The first row of a statement."""
        return self._connection().execute(statement, values).fetchone()

    def fact(self, name: str) -> Any:
        """A fact that was counted when the index was made."""
        row = self.row("SELECT value FROM facts WHERE name = ?", (name,))
        return None if row is None else json.loads(row[0])

    def _connection(self) -> sqlite3.Connection:
        found: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if found is None:
            address = f"{self.path.resolve().as_uri()}?mode=ro&immutable=1"
            found = sqlite3.connect(address, uri=True, check_same_thread=False)
            self._local.connection = found
            weakref.finalize(threading.current_thread(), found.close)
        return found

    def number(self, kind: str, id_: str) -> int | None:
        """The number of an entity; None where there is none."""
        if kind not in KINDS:
            return None
        row = self.row("SELECT n FROM entities WHERE kind = ? AND id = ?", (KINDS.index(kind), id_))
        return None if row is None else int(row[0])

    def entities(self, numbers: Iterable[int]) -> list[Entity]:
        """Entities by number, in the same order."""
        wanted = [int(n) for n in numbers]
        found = {
            row[0]: self._entity(*row[1:])
            for row in self.rows(
                "SELECT n, kind, id, iri, label, figures, organism, links FROM entities"
                " WHERE n IN (SELECT value FROM json_each(?))",
                (json.dumps(sorted(set(wanted))),),
            )
        }
        return [found[n] for n in wanted]

    def _entity(
        self, kind: int, id_: str, iri: str, label: str, figures: int, organism: int | None, links: str
    ) -> Entity:
        taxon, name = ("", "") if organism is None else self.organisms[organism]
        return Entity(
            kind=KINDS[kind], id=id_, iri=iri, label=label, figures=figures, organism=taxon, organism_name=name,
            links=tuple(NamedLink(*link) for link in json.loads(links)),
        )  # fmt: skip

    def figures_of(self, entity: int) -> tuple[Numbers, Numbers]:
        """The figures of an entity, and how strictly it was read in each."""
        part = slice(self.entity_start[entity], self.entity_start[entity + 1])
        return self.entity_figure[part], self.entity_level[part]

    def entities_of(self, figure: int) -> Numbers:
        """The entities of a figure."""
        return cast("Numbers", self.figure_entity[self.figure_start[figure] : self.figure_start[figure + 1]])

    def kind_range(self, kind: EntityKind) -> tuple[int, int]:
        """The first number of a kind, and the one behind its last."""
        place = KINDS.index(kind)
        return int(np.searchsorted(self.kind, place)), int(np.searchsorted(self.kind, place, side="right"))


def slices(start: Numbers, chosen: Numbers) -> Numbers:
    """The places of all members of some groups, one group after the other; `start` tells where each begins."""
    begin, lengths = start[chosen], start[chosen + 1] - start[chosen]
    total = int(lengths.sum())
    if not total:
        return np.empty(0, dtype=np.int64)
    ends = np.cumsum(lengths)
    places: Numbers = np.arange(total) + np.repeat(begin - (ends - lengths), lengths)
    return places


def places_of(order: Numbers, page: int, size: int) -> list[int]:
    """The numbers on a page of a sorted list; pages count from 1."""
    first = max(0, page - 1) * max(1, size)
    return [int(n) for n in order[first : first + max(1, size)]]
