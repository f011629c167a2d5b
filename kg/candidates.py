"""Words as read in figures to the genes, chemicals and diseases that they may stand for."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Final

from kg.lexicon import TERMS, Lexicons, Name
from kg.lexiconfile import FAMILY, SORT_NAMES, kind_of
from kg.taxa import HUMAN
from kg.words import Spelling, spellings

__all__ = ["Candidate", "ground"]

_STEPS: Final = 4
_STRICTNESS: Final = {
    "symbol": "strict", "previous": "synonyms", "alias": "synonyms", "family": "all",
    "name": "strict", "synonym": "synonyms",
}  # fmt: skip
"""How strict a match by each part of a lexicon is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """What a word may stand for.

    `word` is as given, `match` the lexicon's name that it was turned into by `changes` (none: as it stands), `id` a
    CURIE, `name` the official symbol or main name, `taxon` an NCBI Taxonomy id (0 for chemicals and diseases), `family`
    the family whose member a gene is, where the word names a family.
    """

    word: str
    match: str
    kind: str
    id: str
    name: str
    taxon: int
    lexicon: str
    strictness: str
    changes: tuple[str, ...] = ()
    family: str = ""

    def to_json(self) -> dict[str, Any]:
        """The same as a mapping that `json` can write."""
        return asdict(self) | {"changes": list(self.changes)}


def ground(
    words: str | Iterable[str],
    *,
    taxa: Sequence[int] = (HUMAN,),
    lexicons: Lexicons | str | os.PathLike[str] | Iterable[str | os.PathLike[str]] = (),
) -> list[Candidate]:
    """What words may stand for, best first for each word; none for a word that no lexicon knows.

    A word is looked up as it stands and without what surrounds it; if nothing is found in parts, then without a plural
    or phospho prefix, and at last with look-alike characters exchanged. All that the first such step finds is given:
    official symbols and main names before synonyms, these before families, less changed words before more changed.

    Args:
        words: one or more.
        taxa: NCBI Taxonomy ids of the organisms whose genes are looked up.
        lexicons: opened ones, or files to ask before the embedded one, which serves the organisms that they lack.

    Raises:
        UsageError: a lexicon cannot be used.
    """
    if not isinstance(lexicons, Lexicons):
        paths = [lexicons] if isinstance(lexicons, str | os.PathLike) else lexicons
        lexicons = Lexicons(paths)
    chosen = dict.fromkeys((*taxa, TERMS))
    given = [words] if isinstance(words, str) else words
    return [found for word in given for found in _of_word(word, chosen, lexicons)]


def _of_word(word: str, taxa: Iterable[int], lexicons: Lexicons) -> list[Candidate]:
    # Bytes of a command line that are no UTF-8 mean nothing, but must not end the run.
    ways = spellings(word.encode(errors="replace").decode())
    for step in range(_STEPS):
        now = [way for way in ways if way.step == step]
        found = [(way, name) for way in now for taxon in taxa for name in _names(way.text, taxon, lexicons)]
        if found:
            return _candidates(word, found, lexicons)
    return []


def _names(text: str, taxon: int, lexicons: Lexicons) -> list[Name]:
    names = [name for name in lexicons.names(text, taxon) if name.sort != FAMILY]
    return names + (lexicons.families(text, taxon) if taxon else [])


_Hit = tuple[Spelling, Name]


def _rank(hit: _Hit) -> tuple[int, int, bool, int]:
    way, name = hit
    return (_ORDER[_STRICTNESS[SORT_NAMES[name.sort]]], len(way.changes), name.text != way.text, name.sort)


_ORDER: Final = {"strict": 0, "synonyms": 1, "all": 2}


def _candidates(word: str, hits: list[_Hit], lexicons: Lexicons) -> list[Candidate]:
    """One candidate for each thing, under the best of its names."""
    found: dict[tuple[str, str], Candidate] = {}
    for way, name in sorted(hits, key=_rank):
        changes = way.changes + (("letter-case",) if name.text != way.text else ())
        for candidate in _of_name(word, name, changes, lexicons):
            found.setdefault((candidate.kind, candidate.id), candidate)
    return list(found.values())


def _of_name(word: str, name: Name, changes: tuple[str, ...], lexicons: Lexicons) -> Iterator[Candidate]:
    lexicon, kind = SORT_NAMES[name.sort], kind_of(name.sort)
    found = partial(
        Candidate, word=word, match=name.text, kind=kind, taxon=name.taxon, lexicon=lexicon,
        strictness=_STRICTNESS[lexicon], changes=changes,
    )  # fmt: skip
    if name.sort == FAMILY:
        for ident, symbol in lexicons.members(name.ident, name.taxon).items():
            yield found(id=f"ncbigene:{ident}", name=symbol, family=name.ident)
        return
    ident = f"ncbigene:{name.ident}" if kind == "gene" else _curie(name.ident)
    yield found(id=ident, name=lexicons.title(name))


def _curie(ident: str) -> str:
    """`D000255` as `mesh:D000255`, `CHEBI_15422` as `CHEBI:15422`."""
    return ident.replace("_", ":") if "_" in ident else f"mesh:{ident}"
