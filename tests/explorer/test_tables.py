"""Tables: what the page shows and what the CSV holds come from one definition, and agree."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Sequence
from typing import cast

import pytest
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import StreamingResponse

from kg.explorer.model import Page
from kg.explorer.pages.tabular import Column, Listing, Wanted, asked_csv, csv_cell, in_memory

Row = tuple[str, int]

COLUMNS: Sequence[Column[Row]] = (
    Column(name="word", head="Word", value=lambda row: row[0]),
    Column(name="times", head="Times", value=lambda row: row[1], numeric=True),
    Column(name="secret", head="Only in CSV", value=lambda row: f"id-{row[1]}", only_csv=True, sorts=False),
)
ROWS: Sequence[Row] = [(f"w{place:04}", place * 7 % 1009) for place in range(1000)]


def request(query: str = "") -> Request:
    return Request({"type": "http", "method": "GET", "path": "/x", "query_string": query.encode(), "headers": []})


def listing(rows: Sequence[Row] = ROWS, name: str = "", size: int = 50) -> Listing[Row]:
    return Listing(
        caption="Words", columns=COLUMNS, source=in_memory(rows, COLUMNS), sort="times", name=name, size=size, file="w"
    )


def csv_of(table: Listing[Row], query: str = "") -> list[list[str]]:
    async def collect() -> bytes:
        answer = await table.csv(request(query))
        assert isinstance(answer, StreamingResponse)
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        assert answer.headers["content-disposition"] == 'attachment; filename="w.csv"'
        return b"".join([cast("bytes", part) async for part in answer.body_iterator])

    return list(csv.reader(io.StringIO(asyncio.run(collect()).decode(), newline="")))


def test_a_table_begins_as_its_definition_says() -> None:
    view = listing().view(request())
    assert (view.first, view.last, view.total) == (1, 50, 1000)
    assert [cell for _, cell in view.rows[0]][1] == "1,008"
    assert [head.order for head in view.heads] == ["", "descending"]


def test_heads_sort_and_turn_round() -> None:
    view = listing().view(request("kept=1&page=3"))
    word, times = view.heads
    assert word.href == "?kept=1&sort=word&dir=asc#table"
    assert times.href == "?kept=1&sort=times&dir=asc#table"
    ascending = listing().view(request("sort=word&dir=asc"))
    assert ascending.rows[0][0][1] == "w0000"
    assert listing().view(request("sort=word&dir=desc")).rows[0][0][1] == "w0999"


def test_a_named_table_has_parameters_of_its_own() -> None:
    view = listing(name="words").view(request("words-sort=word&sort=times&words-page=2"))
    assert view.rows[0][0][1] == "w0050"
    assert view.heads[1].href == "?sort=times&words-sort=times&words-dir=desc#words"
    assert view.csv == "?words-sort=word&sort=times&format=csv&table=words"


@pytest.mark.parametrize("query", ["page=abc", "page=-1", "page=0", "sort=secret", "sort=nothing", "dir=up", "page=٣"])
def test_what_makes_no_sense_is_as_at_first(query: str) -> None:
    assert listing().view(request(query)).rows == listing().view(request()).rows


def test_past_the_end_is_the_last_page() -> None:
    view = listing().view(request("page=999999999"))
    assert (view.first, view.last) == (951, 1000)
    assert [step.text for step in view.steps] == ["Previous", "1", "2", "…", "19", "20"]


def test_pages_hold_each_row_once() -> None:
    shown = [row[0][1] for page in range(1, 21) for row in listing().view(request(f"page={page}")).rows]
    assert len(shown) == 1000
    assert sorted(shown) == [word for word, _ in ROWS]


def test_csv_is_the_whole_table_in_the_order_of_the_page() -> None:
    query = "sort=word&dir=desc&page=7"
    rows = csv_of(listing(), query)
    assert rows[0] == ["word", "times", "secret"]
    assert len(rows) == 1001
    page = listing().view(request("sort=word&dir=desc&page=7")).rows
    assert [row[0] for row in rows[301:351]] == [row[0][1] for row in page]
    assert rows[1] == ["w0999", str(999 * 7 % 1009), f"id-{999 * 7 % 1009}"]


def test_csv_takes_many_parts() -> None:
    many = [(f"w{place}", place) for place in range(4_321)]
    asked: list[Wanted] = []

    def source(wanted: Wanted) -> Page[Row]:
        asked.append(wanted)
        return in_memory(many, COLUMNS)(wanted)

    table = Listing(caption="", columns=COLUMNS, source=source, sort="times", file="w")
    assert len(csv_of(table)) == 4_322
    assert len(asked) == 3


def test_csv_keeps_texts_and_defuses_formulas() -> None:
    odd = ['a,"b"\nc', "=HYPERLINK(1)", "+1", "-SH", "@x", "β-catenin", "\tx", "STAT3"]
    table = listing([(text, -1) for text in odd])
    rows = csv_of(table, "sort=times")[1:]
    assert [row[0] for row in rows] == [
        'a,"b"\nc',
        "'=HYPERLINK(1)",
        "'+1",
        "'-SH",
        "'@x",
        "β-catenin",
        "'\tx",
        "STAT3",
    ]
    assert {row[1] for row in rows} == {"-1"}
    assert csv_cell(-1.5) == -1.5


def test_an_address_asks_for_one_table() -> None:
    tables = [listing(), listing(name="words")]
    assert asked_csv(request(), tables) is None
    assert asked_csv(request("format=ttl"), tables) is None
    assert asked_csv(request("format=csv"), tables) is tables[0]
    assert asked_csv(request("format=csv&table=words"), tables) is tables[1]
    assert asked_csv(request("format=csv"), tables[1:]) is tables[1], "the first, where none is the main one"
    with pytest.raises(HTTPException, match="no table 'none' here; there is words"):
        asked_csv(request("format=csv&table=none"), tables)


def test_an_empty_table_says_so() -> None:
    view = listing([]).view(request("page=4"))
    assert (view.total, view.first, view.last, list(view.steps)) == (0, 0, 0, [])
    assert csv_of(listing([])) == [["word", "times", "secret"]]
