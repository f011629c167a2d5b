"""ChEBI: `chebi.obo`, and the flat files of compounds, names and accessions of both generations.

Flat files before release 245 have upper-case columns, letters for the status and `null` in empty cells; since then
columns are lower case, the status is a number, and names carry HTML marks beside a plain form (`ascii_name`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from typing import Final

from kg.bulk.files import BulkFile
from kg.bulk.format import Format
from kg.bulk.obo import Ontology, is_obo_of, mesh_id, read_obo
from kg.bulk.rows import Row, Term, WithdrawnTerm
from kg.bulk.table import table

__all__ = ["FORMATS"]

_CHEBI: Final = Ontology(name="chebi", prefix="CHEBI", kind="chemical")
_LICENCE: Final = "https://creativecommons.org/licenses/by/4.0/"
_FOLDER: Final = "https://ftp.ebi.ac.uk/pub/databases/chebi/"
_LIVE: Final = frozenset({"1", "3", "9", ""})
"""Status ids of the files since release 245: checked, ok, submitted."""
_GONE: Final = frozenset({"O", "D"})
"""Status letters before that: obsolete, deleted."""
_LANGUAGES: Final = frozenset({"", "en", "la"})
_NUMBER = re.compile(r"(?:CHEBI:)?([0-9]+)(?:\.0)?")
_MARK = re.compile(r"</?[A-Za-z]+/?>")
_SPACE = re.compile(r"\s+")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _compounds(file: BulkFile, _taxa: AbstractSet[int]) -> Iterator[Row]:
    columns = ("chebi_accession", "status", "status_id", "parent_id", "ascii_name", "modified_on")
    for number, name, accession, letter, status, parent, ascii_name, modified in table(file, ("id", "name"), columns):
        ident = _ident(number)
        if not ident or (accession and _ident(accession) != ident):
            file.warn(f"id {number!r} and accession {accession!r} are no ChEBI id")
            continue
        if (date := _DATE.match(modified)) and date[0] > file.date:
            file.date = date[0]
        names = _names(name, ascii_name)
        successor = _ident(parent)
        if letter.strip().upper() in _GONE:
            yield WithdrawnTerm("chemical", ident, successor)
        elif status.strip() not in _LIVE:
            file.notes["compounds that are neither checked, ok nor submitted"] += 1
        elif successor and successor != ident:
            yield Term("chemical", successor, "", names, (), (ident,))
        elif names:
            yield Term("chemical", ident, names[0], names[1:])
        else:
            file.notes["compounds without a name"] += 1


def _further_names(file: BulkFile, _taxa: AbstractSet[int]) -> Iterator[Row]:
    columns = ("status_id", "ascii_name", "language", "language_code")
    for number, name, status, ascii_name, language, code in table(file, ("compound_id", "name"), columns):
        ident = _ident(number)
        if not ident:
            file.warn(f"compound id {number!r} is no ChEBI id")
        elif status.strip() not in _LIVE:
            file.notes["names that are neither checked, ok nor submitted"] += 1
        elif _cell(language or code).lower() not in _LANGUAGES:
            file.notes["names in languages other than English and Latin"] += 1
        elif names := _names(name, ascii_name):
            yield Term("chemical", ident, "", names)


def _accessions(file: BulkFile, _taxa: AbstractSet[int]) -> Iterator[Row]:
    columns = ("type", "source", "source_id", "status_id")
    for number, accession, *told, status in table(file, ("compound_id", "accession_number"), columns):
        # Since release 245 sources are numbers, explained in another file; then only a type can name MeSH.
        if not any("mesh" in cell.lower() for cell in told):
            file.notes["accessions that are not said to be MeSH's"] += 1
            continue
        ident, mesh = _ident(number), mesh_id(f"MESH:{_cell(accession)}")
        if not ident or not mesh:
            file.warn(
                f"compound {number!r} with accession {accession!r}: one is no id of ChEBI, or the other none of MeSH"
            )
        elif status.strip() not in _LIVE:
            file.notes["accessions that are neither checked, ok nor submitted"] += 1
        else:
            yield Term("chemical", ident, "", (), (mesh,))


def _names(name: str, ascii_name: str) -> tuple[str, ...]:
    """The plain form of a name first, the other without its marks behind it where it differs."""
    return tuple(dict.fromkeys(filter(None, (_plain(ascii_name), _plain(name)))))


def _plain(cell: str) -> str:
    return _SPACE.sub(" ", _MARK.sub("", _cell(cell))).strip()


def _cell(cell: str) -> str:
    """A cell without quotes around it, empty for `null`."""
    cell = cell.strip()
    if len(cell) > 1 and cell[0] == cell[-1] == '"':
        inner = cell[1:-1]
        if '"' not in inner.replace('""', ""):
            cell = inner.replace('""', '"').strip()
    return "" if cell == "null" else cell


def _ident(cell: str) -> str:
    found = _NUMBER.fullmatch(cell.strip())
    return f"CHEBI_{found[1]}" if found else ""


def _has(*columns: str, without: str = "") -> Callable[[str], bool]:
    """Whether a head's first line names the columns."""

    def recognise(head: str) -> bool:
        named = {cell.strip().lower() for cell in head.partition("\n")[0].split("\t")}
        return named.issuperset(columns) and without not in named

    return recognise


FORMATS: Final = (
    Format(
        name="chebi-obo",
        title="ChEBI ontology (OBO)",
        home=f"{_FOLDER}ontology/chebi.obo.gz",
        licence=_LICENCE,
        recognise=lambda head: is_obo_of(head) == _CHEBI.name,
        rows=lambda file, _taxa: read_obo(file, _CHEBI),
    ),
    Format(
        name="chebi-compounds",
        title="ChEBI compounds (flat file)",
        home=f"{_FOLDER}flat_files/compounds.tsv.gz",
        licence=_LICENCE,
        recognise=_has("id", "name", "chebi_accession"),
        rows=_compounds,
    ),
    Format(
        name="chebi-names",
        title="ChEBI names (flat file)",
        home=f"{_FOLDER}flat_files/names.tsv.gz",
        licence=_LICENCE,
        recognise=_has("compound_id", "name", "type", without="accession_number"),
        rows=_further_names,
    ),
    Format(
        name="chebi-accessions",
        title="ChEBI accessions in other databases (flat file)",
        home=f"{_FOLDER}flat_files/database_accession.tsv.gz",
        licence=_LICENCE,
        recognise=_has("compound_id", "accession_number", "type"),
        rows=_accessions,
    ),
)
