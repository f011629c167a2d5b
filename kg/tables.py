"""Companion tables and inline lists of genes, chemicals and diseases: text to mentions, entities, organisms.

Columns are found by name, cells stay text. A row without a usable id is kept as a mention without one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, NamedTuple

from kg.errors import SourceError
from kg.record import Entity, Findings, Kind, Mention, Organism, present

__all__ = ["KINDS", "Read", "read_inline", "read_table"]

KINDS: Final[dict[str, Kind]] = {"genes": "gene", "chemicals": "chemical", "diseases": "disease"}
"""A table's name in file names and front matter, and the kind of thing that it lists."""

_GENE_ORDER: Final = (
    "organism_id", "organism_name", "organism_group", "word", "match", "ncbigene_symbol", "ncbigene_id",
    "source", "count_direct", "count_synonym", "count_match",
)  # fmt: skip
"""The columns as all published gene tables have them."""

_CELL: Final = r"[^\t\n]*"
_GENE_ROW: Final = re.compile("\t".join(f"({_CELL}" + rf"\t{_CELL}" * (cells - 1) + ")" for cells in (3, 5, 3)) + "\n")
_GENE_COLUMNS: Final = frozenset(_GENE_ORDER)
_ORGANISM_COLUMNS: Final = (
    "organism_id", "organism_name", "organism_group", "count_direct", "count_synonym", "count_match"
)  # fmt: skip
_REMEMBERED: Final = 1 << 14
_REQUIRED: Final[dict[str, tuple[frozenset[str], ...]]] = {
    "genes": (_GENE_COLUMNS - {"organism_name", "organism_group", "count_direct", "count_synonym", "count_match"},),
    "chemicals": (frozenset({"word", "mesh", "chebi"}), frozenset({"word", "source", "identifier"})),
    "diseases": (frozenset({"word", "mesh", "doid"}), frozenset({"word", "source", "identifier"})),
}
_KNOWN: Final[dict[str, frozenset[str]]] = {
    "genes": _GENE_COLUMNS,
    "chemicals": frozenset(["word", "mesh", "match", "name", "chebi", "source", "identifier"]),
    "diseases": frozenset(["word", "mesh", "match", "name", "doid", "source", "identifier"]),
}
_SECOND: Final = {"chemicals": ("chebi", "CHEBI_"), "diseases": ("doid", "DOID_")}
_GENE_ID = re.compile(r"[1-9][0-9]{0,17}")
_NUMBER_ID: Final = {
    prefix: re.compile(rf"(?:{prefix[:-1]}[:_])?[0-9]{{1,18}}", re.IGNORECASE | re.ASCII)
    for _, prefix in _SECOND.values()
}
_MESH_ID = re.compile(r"(?:mesh:)?([A-Z][0-9]{3,18})", re.IGNORECASE | re.ASCII)


class _Meaning(NamedTuple):
    """What a row amounts to wherever it stands: its mention and entity without their places, and its taxon."""

    mention: tuple[Kind, str, str, str, str]
    entity: tuple[Kind, str, tuple[str, ...], tuple[str, ...], tuple[str, ...], tuple[str, ...]] | None
    taxon: str
    identity: tuple[Kind, str]


class Row(NamedTuple):
    """One row: its cells by column name, and its place (line number, or position in an inline list)."""

    cells: Mapping[str, str]
    place: int


@dataclass(slots=True)
class Read:
    """What the rows of a record's tables amount to, gathered kind by kind."""

    mentions: dict[tuple[str, ...], Mention] = field(default_factory=dict)
    entities: dict[tuple[str, str], Entity] = field(default_factory=dict)
    organisms: dict[str, Organism] = field(default_factory=dict)
    organism_cells: set[tuple[str, ...]] = field(default_factory=set)


class _Layout:
    """What is known of all tables with one header: the columns, and what rows amount to that were read before."""

    def __init__(self, name: str, header: str) -> None:
        self.name = name
        self.columns = tuple(header.split("\t"))
        self.usual = _KNOWN[name].issuperset(self.columns) and any(
            needed <= set(self.columns) for needed in _REQUIRED[name]
        )
        self.meaning = lru_cache(maxsize=_REMEMBERED)(self._meaning)

    def row(self, line: str, place: int) -> Row:
        return Row(dict(zip(self.columns, line.split("\t"), strict=True)), place)

    def parts(self, body: str) -> list[tuple[str, str, str]] | None:
        """Each row as organism, the rest of what it means, and counts; None where it must be read cell by cell."""
        if self.name != "genes":
            lines = body.split("\n")
            if not lines[-1]:
                lines.pop()
            return None if "" in lines else [("", line, "") for line in lines]
        if self.columns != _GENE_ORDER:
            return None
        rows = _GENE_ROW.findall(body if body.endswith("\n") else body + "\n")
        length = sum([len(organism) + len(rest) + len(counts) for organism, rest, counts in rows]) + 3 * len(rows)
        return rows if length in (len(body), len(body) + 1) else None

    def _meaning(self, organism: str, rest: str) -> _Meaning | None:
        """What a row amounts to: its counts are another in each figure, the rest comes again and again."""
        columns = self.columns if self.name != "genes" else _GENE_ORDER[:-3]
        cells = f"{organism}\t{rest}".split("\t") if organism or self.name == "genes" else rest.split("\t")
        if len(cells) != len(columns):
            return None
        read, findings = Read(), Findings()
        _read_row(self.name, Row(dict(zip(columns, cells, strict=True)), 0), read, "", findings)
        if findings.problems:
            return None  # what is wrong has a place, which is another each time
        (mention,) = read.mentions.values()
        entity = next((entity[:6] for entity in read.entities.values()), None)
        return _Meaning(mention[:5], entity, "".join(read.organisms), (mention.kind, mention.ident))


_layout = lru_cache(maxsize=32)(_Layout)


def read_table(name: str, text: str, read: Read, path: str, findings: Findings) -> None:
    r"""Add the rows of a tab-separated companion table; quotes are text, the first line names the columns.

    Args:
        name: `genes`, `chemicals` or `diseases`.
        text: the file's text, line ends already `\n`.
        read: is added to.
        path: of the table, for messages.
        findings: receives unknown columns and bad ids as warnings, rows without id and repeated rows as notes.

    Raises:
        SourceError: a needed column is missing, or a row has more or fewer cells than the header.
    """
    header, _, body = text.partition("\n")
    layout = _layout(name, header)
    if not layout.usual:
        _check_columns(name, layout.columns, path, findings)
    parts = layout.parts(body)
    if parts is None:
        _read_cells(layout, body.split("\n"), read, path, findings)
        return
    organisms: set[tuple[str, str]] = set()
    for number, (organism, rest, counts) in enumerate(parts, start=2):
        meaning = layout.meaning(organism, rest)
        if meaning is None:
            line = f"{organism}\t{rest}\t{counts}" if name == "genes" else rest
            _read_line(layout, line, number, read, path, findings)
            continue
        _add(meaning, number, read, findings)
        if meaning.taxon and (organism, counts) not in organisms:
            organisms.add((organism, counts))
            _note_organism(layout.row(f"{organism}\t{rest}\t{counts}", number), meaning.taxon, read, path, findings)


def _read_cells(layout: _Layout, lines: Sequence[str], read: Read, path: str, findings: Findings) -> None:
    for number, line in enumerate(lines, start=2):
        if line:
            _read_line(layout, line, number, read, path, findings)


def _read_line(layout: _Layout, line: str, number: int, read: Read, path: str, findings: Findings) -> None:
    cells = line.count("\t") + 1
    if cells != len(layout.columns):
        raise _cut_row(number, cells, len(layout.columns), path)
    _read_row(layout.name, layout.row(line, number), read, path, findings)


def _add(meaning: _Meaning, number: int, read: Read, findings: Findings) -> None:
    """Add a row that was read before, in this table or another."""
    key, entity, _, identity = meaning
    if key in read.mentions or not key[3]:
        _add_mention(read, tuple.__new__(Mention, (*key, (number,))), findings)
    else:
        read.mentions[key] = tuple.__new__(Mention, (*key, (number,)))
    if entity is not None:
        known = read.entities.get(identity)
        if known is None:
            read.entities[identity] = tuple.__new__(Entity, (*entity, number, ()))
        elif known[2:6] != entity[2:]:
            _add_entity(read, Entity(*entity, number))


def _cut_row(number: int, cells: int, width: int, path: str) -> SourceError:
    return SourceError.of(
        "bad-table-row",
        f"row {number} has {cells} cells, the header has {width}",
        "a cut or shifted row would put ids under the wrong name",
        "fetch the table again, or correct the row",
        path=path,
        line=number,
        column=1,
    )


def _check_columns(name: str, columns: Sequence[str], path: str, findings: Findings) -> None:
    if not any(needed <= set(columns) for needed in _REQUIRED[name]):
        wanted = " or ".join(" ".join(sorted(needed)) for needed in _REQUIRED[name])
        raise SourceError.of(
            "bad-table-header",
            f"the columns are {' '.join(columns)!r}, needed are {wanted}",
            "columns are found by name",
            "fetch the table again, or correct its first line (tabs between names)",
            path=path,
            line=1,
            column=1,
        )
    for column in columns:
        if column not in _KNOWN[name]:
            findings.warn(
                "unknown-column",
                f"{column!r} is no column that this version knows; it was not read",
                "nothing of a table is to be lost unseen",
                "check its spelling, or tell the project of the new column",
                path=path,
                line=1,
                key=(column,),
            )


def _inline_rows(name: str, value: object) -> Iterator[Row]:
    """The rows under today's column names."""
    items = value if isinstance(value, list) else ([] if value == "" else [value])
    for place, item in enumerate(items, start=1):
        if not isinstance(item, dict) or not all(isinstance(cell, str) for cell in item.values()):
            raise SourceError.of(
                "bad-field-type",
                f"{name} holds something that is no row of texts",
                "an inline table is a list of `word: ...` mappings",
                "write each row as a mapping of texts",
                key=(name, place - 1),
            )
        yield Row(_modern(item) if name == "genes" else item, place)


def _modern(item: Mapping[str, str]) -> dict[str, str]:
    """A gene row of 2020-21 (human only, HGNC lexicons) under the columns of later tables."""
    return {
        "organism_id": "9606",
        "organism_name": "Homo sapiens",
        "word": item.get("word", ""),
        "match": item.get("symbol", ""),
        "ncbigene_symbol": item.get("hgnc_symbol", ""),
        "ncbigene_id": item.get("entrez", ""),
        "source": item.get("source", ""),
    }


def read_inline(name: str, value: object, read: Read, path: str, findings: Findings) -> None:
    """Add the rows of a table that stands in the front matter itself (records of 2020-21).

    Args:
        name: `genes`, `chemicals` or `diseases`.
        value: the field.
        read: is added to.
        path: of the record, for messages.
        findings: receives bad ids as warnings, rows without id and repeated rows as notes.

    Raises:
        SourceError: the field is no list of mappings from text to text.
    """
    for row in _inline_rows(name, value):
        _read_row(name, row, read, path, findings)


def _read_row(name: str, row: Row, read: Read, path: str, findings: Findings) -> None:
    if name == "genes":
        _read_gene(row, read, path, findings)
    else:
        _read_term(name, KINDS[name], row, read, path, findings)


def _read_gene(row: Row, read: Read, path: str, findings: Findings) -> None:
    cell = row.cells.get
    # word and match may be the real text "NA" (the fly gene na): only ids and symbols can be missing.
    word, match, lexicon = cell("word", ""), cell("match", ""), present(cell("source", ""))
    ident = _checked(row, "ncbigene_id", _GENE_ID, "an NCBI Gene number", path, findings)
    taxon = _checked(row, "organism_id", _GENE_ID, "an NCBI Taxonomy number", path, findings)
    _add_mention(read, Mention("gene", word, match, ident, lexicon, (row.place,)), findings)
    if ident:
        symbol = present(cell("ncbigene_symbol", ""))
        _add_entity(read, Entity("gene", ident, _one(symbol), (), (), _one(taxon), row.place))
    if taxon:
        _note_organism(row, taxon, read, path, findings)


def _note_organism(row: Row, taxon: str, read: Read, path: str, findings: Findings) -> None:
    told = tuple([row.cells.get(column, "") for column in _ORGANISM_COLUMNS])
    if told not in read.organism_cells:  # they repeat on every row of an organism
        read.organism_cells.add(told)
        _add_organism(row, taxon, read, path, findings)


def _read_term(name: str, kind: Kind, row: Row, read: Read, path: str, findings: Findings) -> None:
    cell = row.cells.get
    column, prefix = _SECOND[name]
    mesh_column = "mesh" if "mesh" in row.cells else "identifier"
    mesh = _local_mesh(row, mesh_column, path, findings)
    second = _local_number(row, column, prefix, path, findings)
    lexicon = "mesh" if mesh else column if second else present(cell("source", "")).lower()
    word, match = cell("word", ""), present(cell("match", ""))
    ident = mesh or second
    _add_mention(read, Mention(kind, word, match, ident, lexicon, (row.place,)), findings)
    if ident:
        names = _one(present(cell("name", "")))
        words = _one(present(word))  # a word "NA" is real, but no name
        _add_entity(read, Entity(kind, ident, names, words, _one(second) if mesh else (), (), row.place))


def _one(text: str) -> tuple[str, ...]:
    return (text,) if text else ()


def _checked(row: Row, column: str, pattern: re.Pattern[str], wanted: str, path: str, findings: Findings) -> str:
    """The cell where it has the right form, else empty; a wrong form is a warning with its place."""
    value = row.cells.get(column, "")
    if pattern.fullmatch(value):
        return value
    value = present(value.strip())
    if not value or pattern.fullmatch(value):
        return value
    findings.warn(
        "bad-id",
        f"{column} is {value!r}, {wanted} is wanted",
        "no IRI can be made of it; the word stays in the graph, without an identifier",
        "correct the id in the table",
        path=path,
        line=row.place,
        key=(column,),
    )
    return ""


def _local_mesh(row: Row, column: str, path: str, findings: Findings) -> str:
    value = _checked(row, column, _MESH_ID, "a MeSH id such as mesh:D000255", path, findings)
    return value.rpartition(":")[2].upper()


def _local_number(row: Row, column: str, prefix: str, path: str, findings: Findings) -> str:
    """`chebi:15422`, `DOID:162` or the bare number, as the local name that OBO IRIs have."""
    value = _checked(row, column, _NUMBER_ID[prefix], f"{prefix[:-1]}: and a number", path, findings)
    return prefix + value.replace("_", ":").rpartition(":")[2] if value else ""


def _add_mention(read: Read, mention: Mention, findings: Findings) -> None:
    key = (mention.kind, mention.word, mention.match, mention.ident, mention.lexicon)
    known = read.mentions.get(key)
    if known:
        findings.notes["repeated-row"] += 1
        mention = known._replace(rows=known.rows + mention.rows)
    elif not mention.ident:
        findings.notes["row-without-id"] += 1
    read.mentions[key] = mention


def _add_entity(read: Read, entity: Entity) -> None:
    key = (entity.kind, entity.ident)
    known = read.entities.get(key)
    if known:
        told = {*known.names, *known.maps, *known.taxa}
        new = [text for text in (*entity.names, *entity.maps, *entity.taxa) if text not in told]
        entity = known._replace(
            names=_union(known.names, entity.names),
            words=_union(known.words, entity.words),
            maps=_union(known.maps, entity.maps),
            taxa=_union(known.taxa, entity.taxa),
            later=(*known.later, *((text, entity.row) for text in new)),
        )
    read.entities[key] = entity


def _union(known: tuple[str, ...], new: tuple[str, ...]) -> tuple[str, ...]:
    return known if set(new) <= set(known) else tuple(dict.fromkeys(known + new))


def _count(value: str) -> int | None:
    return int(value) if value.isascii() and value.isdigit() and len(value) < 18 else None


def _add_organism(row: Row, taxid: str, read: Read, path: str, findings: Findings) -> None:
    cell = row.cells.get
    direct, synonym, match = (_count(cell(f"count_{name}", "")) for name in ("direct", "synonym", "match"))
    counts = (direct, synonym, match)
    group = _one(present(cell("organism_group", "")))
    name = present(cell("organism_name", ""))
    known = read.organisms.get(taxid)
    if known is None:
        read.organisms[taxid] = Organism(taxid, name, group, (counts,), row.place)
        return
    if name != known.name:
        findings.warn(
            "organism-name-differs",
            f"organism {taxid} is {known.name!r} and {name!r} in one table",
            "one NCBI Taxonomy id has one name; the first is used",
            "correct organism_id or organism_name",
            path=path,
            line=row.place,
            key=("organism_name",),
        )
    if counts not in known.counts:
        # Whole blocks stand twice with another count_direct (PMC4026382): both counts are kept.
        findings.notes["organism-counts-differ"] += 1
        known = known._replace(counts=(*known.counts, counts))
    read.organisms[taxid] = known._replace(groups=_union(known.groups, group))
