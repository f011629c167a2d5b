"""Tables: one definition of columns gives the table of a page (sorted, paged) and the same as CSV.

A page may show several tables. The main one takes `sort`, `dir` and `page` from the address, a further one the same
after its name, `words-sort=figures`. `format=csv` gives the whole of the main table, with `table=words` of another.
"""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, NamedTuple, TypeVar
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from kg.explorer.model import Page
from kg.explorer.pages.params import choice, number

__all__ = ["Column", "Head", "Listing", "Step", "TableView", "Value", "Wanted", "asked_csv", "csv_cell", "in_memory"]

Row = TypeVar("Row")
Value = str | int | float

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_CSV_ROWS: Final = 2_000
"""Rows asked for at a time while a whole table is written."""


class Wanted(NamedTuple):
    """Which part of a table: sorted by which column, and which page of which size."""

    sort: str
    descending: bool
    page: int
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Column(Generic[Row]):
    """A column: its name in addresses and CSV, its head, its value, and how that is shown where it is not plain text.

    `only_csv` leaves it out of the page: ids and addresses that the page shows as links. `css` are classes of cells.
    A number is first sorted from the largest down, unless it `rises`.
    """

    name: str
    head: str
    value: Callable[[Row], Value]
    shown: Callable[[Row], Value] | None = None
    numeric: bool = False
    sorts: bool = True
    rises: bool = False
    only_csv: bool = False
    css: str = ""
    hint: str = ""

    def cell(self, row: Row) -> Any:
        """What the page shows: text, which the template escapes, or markup."""
        found = (self.shown or self.value)(row)
        return f"{found:,}" if isinstance(found, int) else found


class Head(NamedTuple):
    """The head of a column: its link sorts the table, `order` is how it is sorted now (`ascending`, ...)."""

    text: str
    href: str
    order: str
    css: str
    hint: str


class Step(NamedTuple):
    """A step of the pager: a page's number or a word, and its address; none where one is already, or for a gap."""

    text: str
    href: str
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableView:
    """A table as a template shows it; `first` and `last` are the numbers of its rows in the whole table."""

    id: str
    caption: str
    heads: Sequence[Head]
    rows: Sequence[Sequence[tuple[str, Any]]]
    total: int
    first: int
    last: int
    steps: Sequence[Step]
    csv: str
    empty: str
    first_page: str
    sorted_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing(Generic[Row]):
    """A table that a page shows, and where its rows come from.

    Args:
        name: stands before its parameters in addresses; empty for a page's main table.
        caption: what the table shows.
        columns: from left to right.
        source: gives the rows that are wanted; called in a thread.
        sort: column it is sorted by at first.
        descending: which way.
        size: rows of a page.
        empty: what is shown in place of no rows.
        file: name of the CSV file, without its ending.
    """

    caption: str
    columns: Sequence[Column[Row]]
    source: Callable[[Wanted], Page[Row]]
    sort: str
    name: str = ""
    descending: bool = True
    size: int = 50
    empty: str = "Nothing to show."
    file: str = "table"

    @property
    def id(self) -> str:
        """The element's id on the page."""
        return self.name or "table"

    def wanted(self, request: Request) -> Wanted:
        """What the address asks for; what it does not say, or says wrongly, is as at first."""
        asked = request.query_params
        names = [column.name for column in self.columns if column.sorts]
        sort = choice(asked, self._key("sort"), names, self.sort)
        default = "desc" if self._begins_descending(sort) else "asc"
        descending = choice(asked, self._key("dir"), ("asc", "desc"), default) == "desc"
        return Wanted(sort, descending, number(asked, self._key("page"), default=1), self.size)

    def view(self, request: Request) -> TableView:
        """The table as the address wants it."""
        wanted = self.wanted(request)
        page = self.source(wanted)
        if not page.rows and page.total:  # past the end: the last page
            wanted = wanted._replace(page=max(1, -(-page.total // self.size)))
            page = self.source(wanted)
        columns = [column for column in self.columns if not column.only_csv]
        first = (wanted.page - 1) * self.size
        return TableView(
            id=self.id,
            caption=self.caption,
            heads=[self._head(request, column, wanted) for column in columns],
            rows=[[(_css(column), column.cell(row)) for column in columns] for row in page.rows],
            total=page.total,
            first=min(first + 1, page.total),
            last=min(first + len(page.rows), page.total),
            steps=self._steps(request, wanted.page, max(1, -(-page.total // self.size))),
            csv=self._csv_address(request),
            empty=self.empty,
            first_page=self._address(request, page=None),
        )

    async def csv(self, request: Request) -> Response:
        """The whole table as a CSV file, sorted as the page is."""
        wanted = self.wanted(request)._replace(page=1, size=_CSV_ROWS)
        page = await run_in_threadpool(self.source, wanted)  # before the answer begins: a fault is told as one
        return StreamingResponse(
            self._csv_parts(wanted, page),
            media_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{_file_name(self.file)}.csv"'},
        )

    async def _csv_parts(self, wanted: Wanted, page: Page[Row]) -> AsyncIterator[bytes]:
        yield _csv_lines([[column.name for column in self.columns]])
        told = 0
        while page.rows:
            yield await run_in_threadpool(self._csv_rows, page.rows)
            told += len(page.rows)
            if told >= page.total:
                return
            wanted = wanted._replace(page=wanted.page + 1)
            page = await run_in_threadpool(self.source, wanted)

    def _csv_rows(self, rows: Iterable[Row]) -> bytes:
        return _csv_lines([csv_cell(column.value(row)) for column in self.columns] for row in rows)

    def _key(self, name: str) -> str:
        return f"{self.name}-{name}" if self.name else name

    def _begins_descending(self, sort: str) -> bool:
        if sort == self.sort:
            return self.descending
        return any(column.numeric and not column.rises for column in self.columns if column.name == sort)

    def _head(self, request: Request, column: Column[Row], wanted: Wanted) -> Head:
        if not column.sorts:
            return Head(column.head, "", "", _head_css(column), column.hint)
        now = column.name == wanted.sort
        descending = not wanted.descending if now else self._begins_descending(column.name)
        href = self._address(request, sort=column.name, dir="desc" if descending else "asc", page=None)
        order = ("descending" if wanted.descending else "ascending") if now else ""
        return Head(column.head, href, order, _head_css(column), column.hint)

    def _steps(self, request: Request, here: int, pages: int) -> list[Step]:
        if pages == 1:
            return []
        shown = sorted({1, 2, here - 1, here, here + 1, pages} & set(range(1, pages + 1)))
        steps = [Step("Previous", self._page_address(request, here - 1))] if here > 1 else []
        before = 0
        for page in shown:
            if page > before + 1:
                steps.append(Step("…", ""))
            href = "" if page == here else self._page_address(request, page)
            steps.append(Step(str(page), href, f"Page {page}"))
            before = page
        return steps + ([Step("Next", self._page_address(request, here + 1))] if here < pages else [])

    def _page_address(self, request: Request, page: int) -> str:
        return self._address(request, page=str(page))

    def _address(self, request: Request, **changes: str | None) -> str:
        """The page's address with other parameters for this table; None takes one out."""
        named = {self._key(name): value for name, value in changes.items()}
        return f"{_with(request, named)}#{self.id}"

    def _csv_address(self, request: Request) -> str:
        return _with(request, {self._key("page"): None, "format": "csv", "table": self.name or None})


def asked_csv(request: Request, listings: Iterable[Listing[Any]]) -> Listing[Any] | None:
    """The table that the address wants as CSV, if it wants one: by its name, else the page's first.

    Raises:
        HTTPException: 404, the page has no table of that name.
    """
    if request.query_params.get("format") != "csv":
        return None
    tables, name = list(listings), request.query_params.get("table", "")
    found = next((listing for listing in tables if listing.name == name), None)
    if found is None and (name or not tables):
        there = ", ".join(listing.name for listing in tables if listing.name) or "none by name"
        raise HTTPException(404, f"There is no table {name[:80]!r} here; there is {there}.")
    return found or tables[0]


def in_memory(rows: Sequence[Row], columns: Sequence[Column[Row]]) -> Callable[[Wanted], Page[Row]]:
    """The source of a table whose rows are all at hand; rows that are alike in the column keep their order."""
    values = {column.name: column.value for column in columns}

    def source(wanted: Wanted) -> Page[Row]:
        value = values.get(wanted.sort)
        sorted_rows = sorted(rows, key=lambda row: _order(value(row)), reverse=wanted.descending) if value else rows
        start = (wanted.page - 1) * wanted.size
        part = sorted_rows[start : start + wanted.size]
        return Page(rows=part, total=len(rows), number=wanted.page, size=wanted.size)

    return source


def csv_cell(value: Value) -> Value:
    """A value as it stands in a CSV file; a text that spreadsheets would run as a formula gets an apostrophe.

    >>> csv_cell("=1+1"), csv_cell("STAT3"), csv_cell(-1)
    ("'=1+1", 'STAT3', -1)
    """
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _order(value: Value) -> tuple[bool, Value]:
    """Numbers before texts, texts in any letter case."""
    return (True, value.casefold()) if isinstance(value, str) else (False, value)


def _with(request: Request, changes: dict[str, str | None]) -> str:
    dropped = {*changes, "format", "table"}
    kept = [(key, value) for key, value in request.query_params.multi_items() if value and key not in dropped]
    asked = urlencode(kept + [(key, value) for key, value in changes.items() if value is not None])
    return f"?{asked}" if asked else "?"


def _css(column: Column[Any]) -> str:
    return f"n {column.css}".strip() if column.numeric else column.css


def _head_css(column: Column[Any]) -> str:
    return "n" if column.numeric else ""


def _csv_lines(rows: Iterable[Sequence[Value]]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode("utf-8", "replace")


def _file_name(text: str) -> str:
    """A name that any system takes."""
    return "".join(char if char.isascii() and (char.isalnum() or char in "-_.") else "_" for char in text)
