"""Tables with a header line: cells by column name, whatever the order and letter case of the columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kg.bulk.files import BulkFile

__all__ = ["table"]


def table(
    file: BulkFile, needed: Sequence[str], optional: Sequence[str] = (), *, separator: str = "\t"
) -> Iterator[tuple[str, ...]]:
    """The cells of the needed columns, then those of the optional ones (empty text where there is no such column).

    Args:
        file: whose first line names the columns (a `#` before the first name is no part of it).
        needed: names of columns in lower case.
        optional: more of them.
        separator: between cells; quotes are text.

    Raises:
        UsageError: a needed column is missing, or a row has more or fewer cells than the header.
    """
    lines = file.lines()
    header = [name.strip().lower() for name in next(lines, "").removeprefix("#").split(separator)]
    missing = [name for name in needed if name not in header]
    if missing:
        raise file.refused(
            f"it has no column {', '.join(missing)}; its first line names {', '.join(header)[:200] or 'nothing'}",
            "give the file as its database publishes it",
            line=1,
            column=1,
        )
    width = len(header)
    absent = width  # an empty cell is put behind each row
    places = [header.index(name) if name in header else absent for name in (*needed, *optional)]
    for line in lines:
        cells = line.split(separator)
        if len(cells) != width:
            if not line:
                continue
            raise file.refused(
                f"row {file.line} has {len(cells)} cells, the header has {width}: it is cut short or damaged",
                line=file.line,
                column=1,
            )
        cells.append("")
        yield tuple([cells[place] for place in places])
