"""NCBI Gene's `gene_history`: gene ids that are no longer used, and the ids in their place."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import Final

from kg.bulk.files import BulkFile
from kg.bulk.format import Format
from kg.bulk.gene_info import column_names, iso_date, number, taxon_rows
from kg.bulk.rows import WithdrawnGene

__all__ = ["FORMAT"]

_NO_SYMBOL: Final = ("-", "NEWENTRY")
"""`NEWENTRY` stood for genes without a record; it is no name."""


def _rows(file: BulkFile, taxa: AbstractSet[int]) -> Iterator[WithdrawnGene]:
    latest = ""
    needed = ("tax_id", "geneid", "discontinued_geneid")
    optional = ("discontinued_symbol", "discontinue_date")
    for taxon, successor, ident, symbol, date in taxon_rows(file, taxa, needed, optional):
        latest = max(latest, date)
        if not (number(taxon) and number(ident) and (successor == "-" or number(successor))):
            what = f"tax_id is {taxon!r}, GeneID {successor!r} and Discontinued_GeneID {ident!r}, numbers are wanted"
            file.warn(what)
            continue
        name = symbol.strip()
        yield WithdrawnGene(number(taxon), number(ident), number(successor), "" if name in _NO_SYMBOL else name)
    file.date = iso_date(latest)


def _recognise(head: str) -> bool:
    names = column_names(head.partition("\n")[0].rstrip("\r"))
    return {"tax_id", "geneid", "discontinued_geneid"} <= set(names)


FORMAT: Final = Format(
    name="gene_history",
    title="NCBI Gene, gene_history",
    home="https://ftp.ncbi.nlm.nih.gov/gene/DATA/gene_history.gz",
    licence="https://www.ncbi.nlm.nih.gov/home/about/policies/",
    recognise=_recognise,
    rows=_rows,
)
