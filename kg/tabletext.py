"""A table as plain text, for pipes, files and pagers."""

from __future__ import annotations

import io
from typing import Final

from rich.console import Console
from rich.table import Table

__all__ = ["table_text"]

_WIDE: Final = 100_000
"""Wider than any cell: nothing folds."""


def table_text(table: Table, width: int | None = None) -> str:
    """The lines of a table, without colours or blanks at their ends.

    Args:
        table: of plain or styled cells.
        width: in characters; as wide as needed where it is None.
    """
    buffer = io.StringIO()
    console = Console(file=buffer, width=width or _WIDE, force_terminal=False, color_system=None, highlight=False)
    console.print(table)
    return "".join(f"{line.rstrip()}\n" for line in buffer.getvalue().splitlines())
