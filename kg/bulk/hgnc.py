"""HGNC: approved symbols of human genes, the symbols that they had before, and aliases."""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import Final, NamedTuple

from kg.bulk.files import BulkFile
from kg.bulk.format import Format
from kg.bulk.gene_info import number
from kg.bulk.rows import Gene
from kg.bulk.table import table
from kg.taxa import HUMAN

__all__ = ["FORMAT"]

_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")

# Spellings of columns in custom downloads: those of today, then those of about 2016 and before.
_CURATED: Final = ("ncbi gene id", "entrez gene id")
_SUPPLIED: Final = ("ncbi gene id(supplied by ncbi)", "entrez gene id(supplied by ncbi)")
_ALIASES: Final = ("alias symbols", "synonyms")


class _Columns(NamedTuple):
    """How a generation of the file spells its columns; what stands between the names in a cell."""

    needed: tuple[str, ...]
    optional: tuple[str, ...]
    comma: str


def _rows(file: BulkFile, taxa: AbstractSet[int]) -> Iterator[Gene]:
    if taxa and HUMAN not in taxa:
        file.warn("it names human genes only (taxon 9606), and that taxon was not asked for", "leave the file out")
        return
    columns = _columns(_header(file.head()))
    latest = ""
    for cells in table(file, columns.needed, columns.optional):
        symbol, status, ident, previous, aliases, supplied, date = map(_unquoted, cells)
        latest = max(latest, date) if _DATE.match(date) else latest
        gene = _gene(file, symbol, status, ident or supplied)
        if gene:
            yield gene._replace(previous=_names(previous, columns.comma), aliases=_names(aliases, columns.comma))
    file.date = latest[: len("YYYY-MM-DD")]


def _gene(file: BulkFile, symbol: str, status: str, ident: str) -> Gene | None:
    if status.lower() != "approved":
        file.notes["withdrawn symbols and entries"] += 1
    elif not ident:
        file.notes["genes without an NCBI Gene id"] += 1
    elif not number(ident):
        file.warn(f"the NCBI Gene id of {symbol!r} is {ident!r}, a number is wanted")
    elif not symbol:
        file.warn(f"gene {ident} has no symbol")
    else:
        return Gene(HUMAN, number(ident), symbol)
    return None


def _columns(header: list[str]) -> _Columns:
    """Spellings of: symbol, status, NCBI Gene id, previous symbols, aliases; NCBI Gene id by NCBI, date of change."""
    if "approved symbol" not in header:
        needed = ("symbol", "status", "entrez_id", "prev_symbol", "alias_symbol")
        return _Columns(needed, ("entrez_id", "date_modified"), "|")
    supplied = _spelling(header, _SUPPLIED)
    ident = _spelling(header, (*_CURATED, supplied))
    needed = ("approved symbol", "status", ident, "previous symbols", _spelling(header, _ALIASES))
    return _Columns(needed, (supplied, "date modified"), ",")


def _spelling(header: list[str], names: tuple[str, ...]) -> str:
    """The first of the names that the header has; the first of all where it has none, for the error to name."""
    return next((name for name in names if name in header), names[0])


def _header(head: str) -> list[str]:
    return [name.strip().lower() for name in head.partition("\n")[0].split("\t")]


def _unquoted(cell: str) -> str:
    cell = cell.strip()
    if len(cell) > 1 and cell[0] == cell[-1] == '"':
        return cell[1:-1].replace('""', '"').strip()
    return cell


def _names(cell: str, comma: str) -> tuple[str, ...]:
    return tuple([name for part in cell.split(comma) if (name := part.strip())])


def _recognise(head: str) -> bool:
    header = set(_header(head))
    return {"hgnc_id", "symbol", "status"} <= header or {"hgnc id", "approved symbol"} <= header


FORMAT: Final = Format(
    name="hgnc",
    title="HGNC complete set",
    home="https://storage.googleapis.com/public-download-files/hgnc/tsv/tsv/hgnc_complete_set.txt",
    licence="https://creativecommons.org/publicdomain/zero/1.0/",
    recognise=_recognise,
    rows=_rows,
)
