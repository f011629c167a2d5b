"""A record's bytes, with its companion tables, to a `Figure`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from kg.errors import KgError, Problem, SourceError
from kg.figure import make_figure
from kg.frontmatter import MAX_RECORD_BYTES, decode, locate, parse_front_matter, split_front_matter
from kg.record import Figure, Findings
from kg.tables import KINDS, Read, read_inline, read_table

__all__ = ["RawRecord", "locate_problem", "read_record"]


@dataclass(frozen=True, slots=True)
class RawRecord:
    """A record as it lies in its source: paths for messages, bytes, and its tables by name (`genes`, ...)."""

    path: str
    data: bytes
    tables: Mapping[str, tuple[str, bytes]] = field(default_factory=dict)
    stem: str = ""


def read_record(raw: RawRecord, findings: Findings) -> Figure:
    """The figure that a record and its tables describe.

    Args:
        raw: the record's bytes and those of its companion tables.
        findings: receives warnings, notes and repairs; its `figid` is set as soon as it is known.

    Raises:
        SourceError: the record or a table cannot be read, or is a rejected figure.
    """
    findings.path = raw.path
    if len(raw.data) > MAX_RECORD_BYTES:
        raise SourceError.of(
            "record-too-large",
            f"the file has {len(raw.data)} bytes, at most {MAX_RECORD_BYTES} are read",
            "real records have 2 to 20 kB",
            "check that this is a record at all",
            path=raw.path,
        )
    text = decode(raw.data, raw.path)
    yaml_text, body = split_front_matter(text, raw.path)
    front = parse_front_matter(yaml_text, raw.path)
    findings.figid = str(front.get("figid", ""))
    if body.strip():
        findings.notes["body-text"] += 1
    read = Read()
    tables = {name: _read_table(name, raw, front, read, findings) for name in KINDS}
    figure = make_figure(
        front,
        mentions=list(read.mentions.values()),
        entities=list(read.entities.values()),
        organisms=list(read.organisms.values()),
        tables={name: path for name, path in tables.items() if path},
        findings=findings,
    )
    _compare_stem(raw, figure, findings)
    return figure


def _read_table(name: str, raw: RawRecord, front: Mapping[str, object], read: Read, findings: Findings) -> str:
    """Read one table into `read`; a companion file wins over the older inline list. Returns where it was."""
    inline = front.get(name)
    if name in raw.tables:
        path, data = raw.tables[name]
        if inline:
            findings.notes["inline-table-superseded"] += 1
        read_table(name, decode(data, path), read, path, findings)
        return path
    if inline is None:
        return ""
    before = len(findings.problems)
    read_inline(name, inline, read, raw.path, findings)
    findings.problems[before:] = [_inline_place(name, problem) for problem in findings.problems[before:]]
    return name


def _inline_place(name: str, problem: Problem) -> Problem:
    """A problem of an inline row: its `line` is a position in the list until `locate_problem` finds the real one."""
    if problem.line is None:
        return problem
    renamed = {"ncbigene_id": "entrez", "ncbigene_symbol": "hgnc_symbol", "match": "symbol"}
    column = renamed.get(str(problem.key[-1]), problem.key[-1])
    return replace(problem, line=None, key=(name, problem.line - 1, column))


def _compare_stem(raw: RawRecord, figure: Figure, findings: Findings) -> None:
    """A file may have any name, but one that looks like another figure's id is a mistake worth telling."""
    if raw.stem and raw.stem != figure.figid and raw.stem.startswith("PMC") and "__" in raw.stem:
        findings.warn(
            "file-name-differs",
            f"figid is {figure.figid!r}, the file is named for {raw.stem!r}",
            "companion tables are found by the file's name and by figid",
            "rename the file, or correct figid",
            key=("figid",),
        )


def locate_problem(raw: RawRecord, problem: Problem) -> Problem:
    """The problem with its line and column filled in, by looking at the record or table again."""
    if problem.line is not None and problem.column is not None:
        return problem
    table = next((data for path, data in raw.tables.values() if path == problem.path), None)
    try:
        if table is not None and problem.line is not None:
            return replace(problem, column=_cell_column(decode(table, ""), problem.line, problem.key))
        if problem.line is None and problem.key and problem.path in ("", raw.path):
            line, column = locate(decode(raw.data, ""), problem.key)
            return replace(problem, path=raw.path, line=line, column=column)
    except KgError:  # the file itself cannot be read: what is known of the place must do
        return problem
    return problem if problem.path else replace(problem, path=raw.path)


def _cell_column(text: str, line: int, key: tuple[str | int, ...]) -> int:
    """Where in its line the cell of a column begins, from 1, in code points."""
    lines = text.split("\n")
    columns = lines[0].split("\t")
    if not key or key[-1] not in columns:
        return 1
    cells = lines[line - 1].split("\t")[: columns.index(str(key[-1]))]
    return sum(len(cell) + 1 for cell in cells) + 1
