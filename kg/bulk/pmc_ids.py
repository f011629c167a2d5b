"""NCBI's `PMC-ids.csv[.gz]`: PMID and DOI of each paper in PubMed Central, some 10 million rows."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import Final

from kg.bulk.files import BulkFile
from kg.bulk.format import Format
from kg.bulk.rows import PaperRow, Row

__all__ = ["FORMAT", "NEEDED", "PMC_IDS_IRI", "checked_doi", "checked_pmid"]

PMC_IDS_IRI: Final = "https://ftp.ncbi.nlm.nih.gov/pub/pmc/PMC-ids.csv.gz"
"""Where NCBI publishes the file."""

NEEDED: Final = ("PMCID", "PMID", "DOI")
"""Columns that are read."""

_PMCID = re.compile(r"PMC([1-9][0-9]{0,17})")
_DOI = re.compile(r"10\.[0-9]{2,9}(?:\.[0-9]+)*/\S+")


def checked_doi(cell: str) -> str:
    """The DOI of a cell, empty text where it holds none.

    >>> checked_doi("10.1186/bcr271"), checked_doi(".na.character")
    ('10.1186/bcr271', '')
    """
    cell = cell.strip()
    return cell if _DOI.fullmatch(cell) else ""


def checked_pmid(cell: str) -> int:
    """The PMID of a cell, 0 where it holds none (NCBI writes 0 for papers that PubMed does not have).

    >>> checked_pmid("11250746"), checked_pmid("NA")
    (11250746, 0)
    """
    cell = cell.strip()
    return int(cell) if cell.isdigit() and cell.isascii() and len(cell) < 19 else 0


def _rows(file: BulkFile, _taxa: AbstractSet[int]) -> Iterator[Row]:
    lines = file.lines()
    header = _header(next(lines, ""))
    missing = [name for name in NEEDED if name not in header]
    if missing:
        raise file.refused(
            f"it has no column {', '.join(missing)}", f"give NCBI's PMC-ids.csv ({PMC_IDS_IRI})", line=1, column=1
        )
    width = len(header)
    pmcid, pmid, doi = (header.index(name) for name in NEEDED)
    broken = 0  # the line of a row of another width, until the row behind it shows that the file goes on
    for line in lines:
        cells = _cells(line) if '"' in line else line.split(",")
        if len(cells) != width:
            if line:
                broken = file.line
                file.warn(f"the row has {len(cells)} cells, the header {width}")
            continue
        broken = 0
        found = _PMCID.fullmatch(cells[pmcid].strip())
        if found is None:
            file.warn(f"{cells[pmcid]!r} is no PMC id", column=1)
            continue
        yield PaperRow(int(found[1]), checked_pmid(cells[pmid]), checked_doi(cells[doi]))
    if broken:
        raise file.refused(
            "its last row has another number of cells than the header: it is cut short", line=broken, column=1
        )


def _cells(line: str) -> list[str]:
    """The cells of a line with quotes; none where it is no CSV (a cell beyond the limit of the csv module)."""
    try:
        return next(csv.reader([line]), [])
    except csv.Error:
        return []


def _header(line: str) -> list[str]:
    return [name.strip() for name in _cells(line)]


FORMAT: Final = Format(
    name="pmc-ids",
    title="PubMed Central: ids of papers",
    home=PMC_IDS_IRI,
    licence="https://www.ncbi.nlm.nih.gov/home/about/policies/",
    recognise=lambda head: set(NEEDED).issubset(_header(head.partition("\n")[0])),
    rows=_rows,
)
