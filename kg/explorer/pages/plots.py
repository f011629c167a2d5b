"""Plots: a table that is there for everybody, which a script draws as a chart where scripts run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from kg.explorer.model import Count
from kg.explorer.pages.cells import link
from kg.explorer.pages.tabular import Column, Listing, TableView, Value, in_memory

__all__ = ["Plot", "PlotKind", "counted", "shares"]

PlotKind = Literal["bars", "columns"]
"""`bars` lie, with long names at their left; `columns` stand, for years and classes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """A table to be drawn: its first column names what the column `value` (from 0) counts.

    `most` rows are drawn at most, all where it is 0; the table has them all.
    """

    kind: PlotKind
    title: str
    table: TableView
    note: str = ""
    value: int = 1
    most: int = 0


def counted(
    name: str, caption: str, counts: Sequence[Count], *, heads: tuple[str, str], columns: bool = False, file: str = ""
) -> Listing[Count]:
    """The table of counts under a plot.

    Args:
        name: of the table in addresses.
        caption: what is counted.
        counts: in the order of the plot.
        heads: of the two columns.
        columns: whether the order is that of the labels (years), not of the counts.
        file: name of the CSV file.
    """
    shown: Sequence[Column[Count]] = (
        Column(name="label", head=heads[0], value=_label, shown=_linked),
        Column(name="number", head=heads[1], value=lambda count: count.number, numeric=True),
    )
    return Listing(
        name=name,
        caption=caption,
        columns=shown,
        source=in_memory(counts, shown),
        sort="" if columns else "number",
        descending=not columns,
        size=200,
        file=file or name,
    )


def shares(name: str, caption: str, counts: Sequence[Count], *, heads: tuple[str, str]) -> Listing[Count]:
    """The same with each count's share of all."""
    total = sum(count.number for count in counts) or 1
    shown: Sequence[Column[Count]] = (
        Column(name="label", head=heads[0], value=_label, shown=_linked),
        Column(name="number", head=heads[1], value=lambda count: count.number, numeric=True),
        Column(
            name="share",
            head="Share",
            value=lambda count: round(count.number / total, 4),
            shown=lambda count: f"{count.number / total:.1%}",
            numeric=True,
        ),
    )
    source = in_memory(counts, shown)
    return Listing(name=name, caption=caption, columns=shown, source=source, sort="number", size=200, file=name)


def _label(count: Count) -> str:
    return count.label


def _linked(count: Count) -> Value:
    return link(count.path, count.label) if count.path else count.label
