"""`kg explain` on every seed: all triples, each with a place that exists and says what the triple says."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.conftest import SEEDS
from tests.small import kg_run

FIGIDS: Final = sorted(path.stem for path in (SEEDS / "_figures").glob("*.md"))
TABLES: Final = sorted(path.name for path in (SEEDS / "_data").glob("*.tsv"))
# A table's name may have `_` where the figure id has `.`.
WITH_TABLES: Final = [
    figid for figid in FIGIDS if any(name.startswith((f"{figid}-", f"{figid.replace('.', '_')}-")) for name in TABLES)
]


def lines(figid: str) -> Iterator[dict[str, str]]:
    """Each triple of a seed's explanation, with the kind of its node."""
    result = kg_run("explain", SEEDS, "--figure", figid, "--format", "json")
    assert result.exit_code == 0, result.stderr
    told: dict[str, Any] = json.loads(result.stdout)
    return ({**line, "kind": node["kind"]} for node in told["nodes"] for line in node["triples"])


class Places:
    """Looks up what stands at the places that an explanation names."""

    def __init__(self) -> None:
        self.texts: dict[str, list[str]] = {}

    def rows(self, path: str) -> list[str]:
        """The lines of a file."""
        if path not in self.texts:
            self.texts[path] = Path(path).read_text("utf-8").split("\n")
        return self.texts[path]

    def cells(self, place: str, column: str) -> list[str]:
        """The cells of a column in the rows that a place names; in all rows where it names none."""
        path, _, numbers = place.rpartition(":") if re.search(r":[0-9,]+$", place) else (place, "", "")
        table = self.rows(path)
        at = table[0].split("\t").index(column)
        rows = [table[int(n) - 1] for n in numbers.split(",")] if numbers else [row for row in table[1:] if row]
        return [row.split("\t")[at] for row in rows]

    def text(self, place: str) -> str:
        """The rest of the line at a place in a record."""
        path, line, column = place.rsplit(":", 2)
        return self.rows(path)[int(line) - 1][int(column) - 1 :]


@pytest.mark.parametrize("figid", FIGIDS)
def test_every_triple_has_a_place_that_exists(figid: str) -> None:
    """A field that the record really has, or table rows with that column; constants say where they are from."""
    assert len(FIGIDS) >= 6
    places, seen = Places(), Counter[str]()
    for line in lines(figid):
        field, place = line["field"], line["place"]
        assert field, line
        if not place:
            assert " " in field, f"a field without a place: {line}"
            seen["words"] += 1
        elif ".tsv" in place:
            assert all(places.cells(place, field)), line
            seen["table"] += 1
        else:
            assert place.startswith(str(SEEDS)), line
            assert places.text(place).strip(), line
            seen["record"] += 1
    assert seen["record"] > 20
    assert seen["words"] < seen["record"]


# Predicates whose literal is the cell itself, and those whose object ends in the digits of the cell.
SAME: Final = frozenset((
    "pfo:word", "pfo:match", "rdfs:label", "pfo:organismGroup", "pfo:directCount", "pfo:synonymCount", "pfo:matchCount",
))  # fmt: skip
DIGITS: Final = frozenset((
    "oa:hasBody", "schema:mentions", "skos:exactMatch", "skos:closeMatch", "wdt:P351", "wp:organism", "pfo:organism",
))  # fmt: skip


@pytest.mark.parametrize("figid", WITH_TABLES)
def test_table_rows_say_what_their_triples_say(figid: str) -> None:
    """The value of each triple stands in the very cell that is named, in every row that is named."""
    assert len(WITH_TABLES) >= 4
    places, compared = Places(), Counter[str]()
    for line in lines(figid):
        value, predicate = line["value"], line["predicate"]
        if ".tsv" not in line["place"] or predicate not in SAME | DIGITS:
            continue
        cells = set(places.cells(line["place"], line["field"]))
        if predicate in SAME:
            assert {value.strip('"')} == cells, line
        else:
            number = re.search(r"([0-9]+)[>\"]?$", value)
            assert number is not None
            assert {re.sub("[^0-9]", "", cell) for cell in cells} == {number[1]}, line
        compared[predicate] += 1
    assert compared["pfo:word"] >= 1
    assert compared["schema:mentions"] >= 1
