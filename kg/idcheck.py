"""Ids that tables give, against the lexicons: withdrawn ones, and symbols or taxa that contradict their id.

What is wrong is reported and left as it is. An id or symbol that the lexicon does not know may be newer than the
lexicon and is no problem.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

from kg.lexicon import Lexicon, Lexicons, WithdrawnId
from kg.lexiconfile import FAMILY, SYMBOL, folded
from kg.origin import row_place
from kg.record import Entity, Figure, Findings

__all__ = ["IdChecker"]

_CACHED: Final = 1 << 17


class _Doubt(NamedTuple):
    """What is wrong with an id: problem code, column and text of the cell to blame, what, and how to mend."""

    code: str
    column: str
    text: str
    what: str
    mend: str


class IdChecker:
    """Checks the ids of one record after the other; a verdict once reached is kept.

    Args:
        lexicons: that know the ids.
    """

    def __init__(self, lexicons: Lexicons) -> None:
        self._lexicons = lexicons
        self._verdict = lru_cache(_CACHED)(self._doubts)

    def check(self, figure: Figure, findings: Findings) -> None:
        """Add a warning for each id of the figure's tables that is withdrawn or contradicted."""
        for entity in figure.entities:
            for doubt in self._verdict(entity.kind, entity.ident, entity.names, entity.maps, entity.taxa):
                _warn(doubt, entity, figure, findings)

    def _doubts(
        self, kind: str, ident: str, names: tuple[str, ...], maps: tuple[str, ...], taxa: tuple[str, ...]
    ) -> tuple[_Doubt, ...]:
        if kind != "gene":
            lexicon = self._lexicons.of_kind(kind)
            gone = (lexicon.withdrawn_term(one) for one in (ident, *maps)) if lexicon else ()
            return tuple(_withdrawn(one) for one in gone if one)
        asked = ((self._lexicons.of_taxon(int(taxon)), int(taxon)) for taxon in taxa)
        found = (_gene_doubt(lexicon, ident, names, taxon) for lexicon, taxon in asked if lexicon)
        return tuple(doubt for doubt in found if doubt)[:1]


def _gene_doubt(lexicon: Lexicon, ident: str, symbols: tuple[str, ...], taxon: int) -> _Doubt | None:
    gone = lexicon.withdrawn_gene(ident)
    if gone is not None:
        return _withdrawn(gone)
    known = lexicon.gene(ident)
    if known is None:
        return None
    if known[0] != taxon:
        return _Doubt(
            "taxon-contradicts-id",
            "organism_id",
            str(taxon),
            f"gene {ident} is {known[1]} of taxon {known[0]}, the row says taxon {taxon}",
            "correct ncbigene_id or organism_id",
        )
    wrong = next((symbol for symbol in symbols if _belongs_elsewhere(lexicon, ident, symbol, taxon)), None)
    if wrong is None:
        return None
    return _Doubt(
        "symbol-contradicts-id",
        "ncbigene_symbol",
        wrong,
        f"gene {ident} is {known[1]}, the row calls it {wrong!r}, which is a name of another gene only",
        "correct ncbigene_id or ncbigene_symbol",
    )


def _belongs_elsewhere(lexicon: Lexicon, ident: str, symbol: str, taxon: int) -> bool:
    """Whether a symbol is another gene's, and no name at all of this one."""
    names = [name for name in lexicon.names(folded(symbol), taxon) if name.sort < FAMILY]
    return bool(names) and all(name.ident != ident for name in names) and any(name.sort == SYMBOL for name in names)


def _withdrawn(gone: WithdrawnId) -> _Doubt:
    column, was = _cell(gone.ident)
    _, now = _cell(gone.successor)
    what = f"{was} was withdrawn" + (f"; {now} stands in its place" if now else "")
    mend = f"write {now}" if now else "find the id that is meant, or leave the cell NA"
    return _Doubt("withdrawn-id", column, gone.ident, what, f"{mend}; nothing is changed on its own")


def _cell(ident: str) -> tuple[str, str]:
    """The column that a local id stands in, and how the tables write it.

    >>> _cell("CHEBI_15422"), _cell("D000255"), _cell("6774")
    (('chebi', 'chebi:15422'), ('mesh', 'mesh:D000255'), ('ncbigene_id', '6774'))
    """
    database, _, number = ident.partition("_")
    if number:
        return database.lower(), f"{database.lower() if database == 'CHEBI' else database}:{number}"
    return ("mesh", f"mesh:{ident}") if ident[:1].isalpha() else ("ncbigene_id", ident)


def _warn(doubt: _Doubt, entity: Entity, figure: Figure, findings: Findings) -> None:
    table = figure.tables.get(f"{entity.kind}s", "")
    place = row_place(table, doubt.column, entity.row_of(doubt.text))
    findings.warn(
        doubt.code,
        doubt.what,
        "a wrong id links the figure to the wrong thing, or to nothing; the row stays as it is",
        doubt.mend,
        path=place.path or findings.path,
        line=place.line,
        key=place.key,
    )
