"""NCBI's `PMC-ids.csv[.gz]`: PMIDs, and DOIs that records lack, for just the papers that are asked for.

The file has some 10 million lines; it is streamed, and only lines whose PMC id is wanted are parsed.
"""

from __future__ import annotations

import csv
import gzip
import re
import zlib
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import NamedTuple, TextIO, cast

from kg.bulk.pmc_ids import NEEDED, PMC_IDS_IRI, checked_doi, checked_pmid
from kg.errors import UsageError

__all__ = ["PMC_IDS_IRI", "PaperIds", "read_pmc_ids"]

_PMCID = re.compile(r"(?:^|,)\"?PMC([0-9]+)\"?(?=,|\r?$)")


class PaperIds(NamedTuple):
    """PubMed id and DOI of a paper; empty text where the file has none."""

    pmid: str
    doi: str


def read_pmc_ids(path: Path, wanted: AbstractSet[int]) -> dict[int, PaperIds]:
    """PMID and DOI of the wanted papers, by the number of their PMC id.

    Args:
        path: NCBI's file, plain or gzip; columns are found by name.
        wanted: numbers of PMC ids.

    Raises:
        UsageError: the file cannot be read, is cut short, or lacks a column.
    """
    try:
        with _open(path) as file:
            return dict(_rows(file, wanted, path))
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise _refused(path, f"it is damaged or cut short: {error}", "fetch it again") from None
    except csv.Error as error:
        raise _refused(path, f"a line of it is no CSV: {error}", "fetch it again") from None
    except UnicodeDecodeError as error:
        raise _refused(path, f"it is not UTF-8: {error.reason}", "fetch it again") from None
    except OSError as error:
        raise _refused(path, str(error.strerror or error), "check the path") from None


def _open(path: Path) -> TextIO:
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    if packed:
        return cast("TextIO", gzip.open(path, "rt", encoding="utf-8-sig", newline=""))
    return path.open(encoding="utf-8-sig", newline="")


def _rows(file: TextIO, wanted: AbstractSet[int], path: Path) -> Iterator[tuple[int, PaperIds]]:
    header = next(csv.reader([file.readline()]), [])
    places = {name.strip(): number for number, name in enumerate(header)}
    missing = [name for name in NEEDED if name not in places]
    if missing:
        raise _refused(path, f"it has no column {', '.join(missing)}", f"give NCBI's PMC-ids.csv ({PMC_IDS_IRI})")
    pmcid, pmid, doi = (places[name] for name in NEEDED)
    for line in file:
        found = _PMCID.search(line)
        if found is None or int(found[1]) not in wanted:
            continue
        cells = next(csv.reader([line]))
        if len(cells) == len(header) and cells[pmcid] == f"PMC{found[1]}":
            yield int(found[1]), PaperIds(str(checked_pmid(cells[pmid]) or ""), checked_doi(cells[doi]))


def _refused(path: Path, what: str, mend: str) -> UsageError:
    return UsageError.of(
        "bad-pmc-ids",
        f"{path} cannot be used as a PMC-ids file: {what}",
        "PMIDs and missing DOIs come from it",
        mend,
    )
