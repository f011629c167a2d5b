"""NCBI Gene's `gene_info`: genes of one group of species, or of all (some 60 million rows)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from operator import itemgetter
from typing import Final

from kg.bulk.files import BulkFile
from kg.bulk.format import Format
from kg.bulk.rows import Gene

__all__ = ["FORMAT", "column_names", "iso_date", "number", "taxon_rows"]

_EMPTY: Final = "-"
_PLACEHOLDER: Final = "NEWENTRY"
_DIGITS: Final = 18


def column_names(header: str) -> list[str]:
    r"""The names of columns, in lower case, that the first line of a file of NCBI Gene gives.

    >>> column_names("#tax_id\tGeneID\tSymbol")
    ['tax_id', 'geneid', 'symbol']

    In older files the line is a comment, with blanks between the names though the rows have tabs:

    >>> column_names("#Format: tax_id GeneID (tab is used as a separator, pound sign - start of a comment)")
    ['tax_id', 'geneid']
    """
    header = header.removeprefix("#")
    if header.startswith("Format:"):
        return header.removeprefix("Format:").partition("(")[0].lower().split()
    return [name.strip().lower() for name in header.split("\t")]


def taxon_rows(
    file: BulkFile, taxa: AbstractSet[int], needed: Sequence[str], optional: Sequence[str] = ()
) -> Iterator[tuple[str, ...]]:
    """The cells of rows of the taxa (all rows where none is given), of a file of NCBI Gene.

    Of other rows only the taxon is looked at, and whether all cells are there.

    Args:
        file: whose first line names the columns.
        taxa: NCBI Taxonomy ids.
        needed: names of columns in lower case.
        optional: more of them; `-` stands in their place where there is no such column.

    Raises:
        UsageError: a needed column is missing, or a row has more or fewer cells than the header has names.
    """
    lines = file.lines()
    names = column_names(next(lines, ""))
    missing = [name for name in ("tax_id", *needed) if name not in names]
    if missing:
        raise file.refused(
            f"it has no column {', '.join(missing)}; its first line names {', '.join(names)[:200] or 'nothing'}",
            "give the file as NCBI Gene publishes it",
            line=1,
            column=1,
        )
    tabs = len(names) - 1
    place = names.index("tax_id")
    pick = itemgetter(*(names.index(name) if name in names else tabs + 1 for name in (*needed, *optional)))
    wanted = {str(taxon) for taxon in taxa}
    others = 0
    for line in lines:
        if line.count("\t") != tabs:
            if not line:
                continue
            cells = line.count("\t") + 1
            raise file.refused(
                f"row {file.line} has {cells} cells, the header has {len(names)}: it is cut short or damaged",
                line=file.line,
                column=1,
            )
        if wanted and line.split("\t", place + 1)[place] not in wanted:
            others += 1
            continue
        yield pick([*line.split("\t"), _EMPTY])
    if others:
        file.notes["rows of other taxa"] += others


def number(text: str) -> int:
    """The id that is written so; 0, which is no id, for what is no number or beyond all ids."""
    return int(text) if len(text) <= _DIGITS and text.isascii() and text.isdecimal() else 0


def iso_date(text: str) -> str:
    """The date with hyphens.

    >>> iso_date("20230621"), iso_date("-")
    ('2023-06-21', '')
    """
    return f"{text[:4]}-{text[4:6]}-{text[6:]}" if len(text) == len("YYYYMMDD") and text.isdecimal() else ""


def _rows(file: BulkFile, taxa: AbstractSet[int]) -> Iterator[Gene]:
    latest, found = "", set[int]()
    needed = ("tax_id", "geneid", "symbol", "synonyms")
    optional = ("locustag", "symbol_from_nomenclature_authority", "modification_date")
    for taxon, ident, symbol, synonyms, tag, authority, date in taxon_rows(file, taxa, needed, optional):
        latest = max(latest, date)
        gene = _gene(file, taxon, ident, symbol.strip(), f"{synonyms}|{tag}|{authority}")
        if gene:
            found.add(gene.taxon)
            yield gene
    # Only the rows that were asked for: a date is then of the taxa, at worst older than the file.
    file.date = iso_date(latest)
    for absent in sorted(taxa - found):
        file.warn(f"it has no gene of taxon {absent}", "check the taxon, or give the file of its group of species")


def _gene(file: BulkFile, taxon: str, ident: str, symbol: str, names: str) -> Gene | None:
    if symbol == _PLACEHOLDER:
        file.notes["placeholders for papers on genes without a record (NEWENTRY)"] += 1
        return None
    taxon_number, gene_number = number(taxon), number(ident)
    if not (taxon_number and gene_number):
        file.warn(f"tax_id is {taxon!r} and GeneID {ident!r}, numbers are wanted")
        return None
    if symbol in ("", _EMPTY):
        file.warn(f"gene {ident} has no symbol")
        return None
    aliases = [name for part in names.split("|") if (name := part.strip()) not in ("", _EMPTY, symbol)]
    return Gene(taxon_number, gene_number, symbol, (), tuple(aliases))


def _recognise(head: str) -> bool:
    names = column_names(head.partition("\n")[0].rstrip("\r"))
    return {"tax_id", "geneid", "symbol", "synonyms"} <= set(names)


FORMAT: Final = Format(
    name="gene_info",
    title="NCBI Gene, gene_info",
    home="https://ftp.ncbi.nlm.nih.gov/gene/DATA/gene_info.gz",
    licence="https://www.ncbi.nlm.nih.gov/home/about/policies/",
    recognise=_recognise,
    rows=_rows,
)
