"""FamPlex: protein families and complexes, their members, and texts that mean them.

Families are of no one taxon, so all rows are given whatever the taxa; members are symbols of human genes.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import Final

from kg.bulk.files import BulkFile
from kg.bulk.format import Format
from kg.bulk.rows import FamilyName, Member

__all__ = ["FORMATS"]

_FAMILY: Final = "FPLX"
_GENE: Final = "HGNC"
_RELATIONS: Final = ("isa", "partof")
_RELATION_CELLS: Final = 5
_IDENT: Final = re.compile(r"[\w.-]+", re.ASCII)
_WELL_KNOWN: Final = frozenset({"AKT", "ERK", "RAS"})
"""Families that a list of FamPlex ids is told by: it has no header, and these are symbols of no gene."""


def _members(file: BulkFile, _taxa: AbstractSet[int]) -> Iterator[Member]:
    for namespace, ident, relation, of, family in _cells(file, _RELATION_CELLS):
        if of != _FAMILY or relation not in _RELATIONS:
            file.notes["relations other than isa and partof of a family"] += 1
        elif namespace not in (_FAMILY, _GENE):
            file.notes["members that are neither a gene symbol nor a family"] += 1
        elif not (ident and family):
            file.warn("the member or its family has no id")
        else:
            yield Member(family, ident, namespace == _FAMILY)


def _texts(file: BulkFile, _taxa: AbstractSet[int]) -> Iterator[FamilyName]:
    for text, *groundings in _cells(file):
        families = [
            ident
            for namespace, ident in zip(groundings[::2], groundings[1::2], strict=False)
            if namespace == _FAMILY and ident
        ]
        if not families:
            file.notes["texts that mean something else than a family"] += 1
        elif not text:
            file.warn(f"there is no text for family {families[0]}")
        else:
            yield from (FamilyName(text, family) for family in families)


def _entities(file: BulkFile, _taxa: AbstractSet[int]) -> Iterator[FamilyName]:
    for (ident,) in _cells(file, 1):
        if ident:
            yield FamilyName(ident, ident)


def _cells(file: BulkFile, width: int = 0) -> Iterator[list[str]]:
    """Rows of trimmed cells, each of the given width, or else of that of the first row.

    FamPlex pads its rows: a shorter one is a damaged one.
    """
    try:
        for row in csv.reader(file.whole_lines(), strict=True):
            width = width or len(row)
            if row and len(row) != width:
                raise file.refused(
                    f"row {file.line} has {len(row)} cells, {width} are wanted: it is cut short or damaged",
                    line=file.line,
                    column=1,
                )
            if row:
                yield [cell.strip() for cell in row]
    except csv.Error as error:
        raise file.refused(f"it is damaged or cut short: {error}", line=file.line) from None


def _head_rows(head: str) -> list[list[str]]:
    """Rows of the head, without a last line that the head may have cut; none where it is no CSV."""
    whole = head[: head.rfind("\n") + 1] or head
    try:
        return [row for row in csv.reader(io.StringIO(whole, newline=""), strict=True) if row]
    except csv.Error:
        return []


def _are_relations(head: str) -> bool:
    rows = _head_rows(head)
    return bool(rows) and all(
        len(row) == _RELATION_CELLS and row[2] in _RELATIONS and row[3] == _FAMILY for row in rows
    )


def _are_texts(head: str) -> bool:
    """Whether text and groundings stand in rows of one width, and many groundings are families.

    Other maps of this form (INDRA has one of wrong groundings) hardly name a family.
    """
    rows = _head_rows(head)
    widths = {len(row) for row in rows}
    families = sum(_FAMILY in row[1::2] for row in rows)
    return len(widths) == 1 and min(widths) % 2 == 1 and families * 4 > len(rows) and not _are_relations(head)


def _are_entities(head: str) -> bool:
    rows = _head_rows(head)
    return all(len(row) == 1 and _IDENT.fullmatch(row[0]) for row in rows) and {row[0] for row in rows} >= _WELL_KNOWN


_HOME: Final = "https://raw.githubusercontent.com/sorgerlab/famplex/master/"
_LICENCE: Final = "https://creativecommons.org/publicdomain/zero/1.0/"

FORMATS: Final = (
    Format(
        name="famplex-relations",
        title="FamPlex, members of families",
        home=_HOME + "relations.csv",
        licence=_LICENCE,
        recognise=_are_relations,
        rows=_members,
    ),
    Format(
        name="famplex-texts",
        title="FamPlex, texts that mean families",
        home=_HOME + "grounding_map.csv",
        licence=_LICENCE,
        recognise=_are_texts,
        rows=_texts,
    ),
    Format(
        name="famplex-entities",
        title="FamPlex, families",
        home=_HOME + "entities.csv",
        licence=_LICENCE,
        recognise=_are_entities,
        rows=_entities,
    ),
)
