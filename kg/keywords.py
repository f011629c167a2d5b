"""Keywords of a record to genes, chemicals and diseases where no table tells: the grounding rules.

PFOCR writes a record's keywords as the distinct symbols of its genes, then the distinct words of its chemicals, then
those of its diseases. A table always wins; what it explains is not looked up. For the rest:

* The genes end behind the last keyword that is, letter by letter, an official symbol of one of the record's organisms;
  before the second occurrence of any keyword, which can only be the first of another kind; and before the words of
  a chemical or disease table (the last occurrence of one that stands twice).
* Among the genes, an official symbol is linked in every organism of the record that has it. A previous symbol or an
  alias is taken when it means one gene, and only if the lexicon has all the record's organisms: the keyword may else
  be the symbol of a gene that it does not know. Another letter case is taken where there is only one organism.
* Behind them a word that could be a gene is not guessed, unless its place forbids that it is one (the second and third
  of these ends). Other words are looked up as chemicals and diseases.

bench/ground.py measures these rules against the tables.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from kg.errors import Problem
from kg.lexicon import TERMS, Lexicons, Name
from kg.lexiconfile import FAMILY, KINDS, SORT_NAMES, SYMBOL, kind_of
from kg.record import KEYWORD_LEXICON, KEYWORDS, Entity, Figure, Findings, Kind, Mention, present
from kg.tables import KINDS as TABLES
from kg.taxa import HUMAN, TAXON_IDS

__all__ = ["ground_keywords", "keywords_of"]

_SHORT: Final = 5
"""Names with fewer characters are codes (NO, LPA, Me): their letter case counts."""

_LIKE_A_SYMBOL: Final = re.compile(r"\S{1,4}|\S*\d\S*")
"""What a gene of an organism that no lexicon has could be called: short, or with a digit, and in one word."""


def keywords_of(jsonld: object) -> list[str]:
    """The keywords of a record's JSON-LD in order, absent ones as empty text so that positions stay."""
    nodes = jsonld if isinstance(jsonld, list) else [jsonld]
    found: object = next((node["keywords"] for node in nodes if isinstance(node, dict) and "keywords" in node), [])
    items = found if isinstance(found, list) else [found]
    return [present(item.strip()) and item if isinstance(item, str) else "" for item in items]


@dataclass(frozen=True, slots=True)
class _Organisms:
    """Taxa of a record whose genes are known, and whether these are all its organisms."""

    taxa: tuple[int, ...]
    complete: bool


@dataclass(frozen=True, slots=True)
class _Found:
    """What a keyword means: the names found for it, one for each gene or one term; or why it means nothing."""

    names: tuple[Name, ...] = ()
    reason: str = ""


def ground_keywords(figure: Figure, lexicons: Lexicons, findings: Findings | None = None) -> Figure:
    """The figure with mentions for those keywords that no table explains and that a lexicon knows.

    Args:
        figure: a record with what its tables say.
        lexicons: names are looked up in.
        findings: receives the keywords that are not linked, each with the reason, and their numbers as notes.
    """
    missing = {kind for table, kind in TABLES.items() if table not in figure.tables}
    terms = [kind for kind in KINDS if kind in missing and lexicons.of_kind(kind)]
    if "gene" not in missing and not terms:
        return figure
    keywords = keywords_of(figure.jsonld)
    if not any(keywords):
        return figure
    grounder = _Grounder(figure, lexicons, missing, terms)
    found = grounder.found(keywords)
    if findings is not None:
        findings.notes.update(result.reason for _, result in found if result.reason)
        findings.unlinked += (
            _unlinked(place, keywords[place], result.reason, figure) for place, result in found if result.reason
        )
    return _with_mentions(figure, keywords, found, lexicons)


class _Grounder:
    """Applies the rules to one record."""

    def __init__(self, figure: Figure, lexicons: Lexicons, missing: set[Kind], terms: Sequence[str]) -> None:
        self.lexicons, self.genes, self.terms = lexicons, "gene" in missing, terms
        self.organisms = _organisms(figure, lexicons)
        self.symbols = {name for e in figure.entities if e.kind == "gene" for name in e.names}
        self.words = {mention.word for mention in figure.mentions if mention.kind != "gene"}

    def found(self, keywords: Sequence[str]) -> list[tuple[int, _Found]]:
        """What each keyword means that no table explains, with its position."""
        limit = self._limit_of_genes(keywords)
        is_gene = self._is_symbol if self.genes else self.symbols.__contains__
        end = next((place for place in range(limit, 0, -1) if is_gene(keywords[place - 1])), 0)
        results = []
        for place, keyword in enumerate(keywords):
            name = " ".join(keyword.split())
            if place < end:
                if name and self.genes:
                    results.append((place, self._gene(name)))
            elif name and keyword not in self.words:
                guarded = self.genes and place < limit
                results.append((place, self._guarded_term(name) if guarded else self._term(name)))
        return results

    def _limit_of_genes(self, keywords: Sequence[str]) -> int:
        """The first position that cannot be a gene's: the second of two equal keywords, or a word of another table."""
        seen: set[str] = set()
        limit = len(keywords)
        for place, keyword in enumerate(keywords):
            if keyword and keyword in seen:
                limit = place
                break
            seen.add(keyword)
        last = {keyword: place for place, keyword in enumerate(keywords)}
        return min([limit, *(last[word] for word in self.words if word in last)])

    def _is_symbol(self, keyword: str) -> bool:
        return any(
            name.sort == SYMBOL and name.text == keyword
            for taxon in self.organisms.taxa
            for name in self.lexicons.names(keyword, taxon)
        )

    def _gene(self, keyword: str) -> _Found:
        names = [name for taxon in self.organisms.taxa for name in self.lexicons.names(keyword, taxon)]
        official = [name for name in names if name.sort == SYMBOL and name.text == keyword]
        if official:
            by_taxon = {taxon: [name for name in official if name.taxon == taxon] for taxon in self.organisms.taxa}
            single = tuple(found[0] for found in by_taxon.values() if len(found) == 1)
            return _Found(single, "" if single else "keyword-ambiguous")
        if not self.organisms.complete:
            return _Found(reason="keyword-uncovered")
        known = [name for name in names if name.sort < FAMILY]
        exact = [name for name in known if name.text == keyword]
        if len(self.organisms.taxa) > 1:  # their letter case tells species apart: Pfas of the fly, PFAS of humans
            return _only(exact, "keyword-unknown")
        # A name of one gene that is, but for its case, the symbol of another means either.
        symbols = [name for name in known if name.sort == SYMBOL]
        return _only(exact + symbols or known, "keyword-unknown")

    def _guarded_term(self, keyword: str) -> _Found:
        """A term where a gene could stand as well: nothing that could be one is taken."""
        if any(self.lexicons.names(keyword, taxon) for taxon in self.organisms.taxa):
            return _Found(reason="keyword-not-guessed")
        if not self.organisms.complete and _LIKE_A_SYMBOL.fullmatch(keyword):
            return _Found(reason="keyword-uncovered")
        return self._term(keyword)

    def _term(self, keyword: str) -> _Found:
        names = [name for name in self.lexicons.names(keyword, TERMS) if kind_of(name.sort) in self.terms]
        if len(keyword) < _SHORT:
            names = [name for name in names if name.text == keyword]
        if len({kind_of(name.sort) for name in names}) > 1:
            return _Found(reason="keyword-ambiguous")
        # MeSH, whose ids the graph prefers, speaks for what other databases call the same.
        mesh = [name for name in names if "_" not in name.ident]
        return _only(_best_terms(mesh or names, keyword), "keyword-unknown")


def _unlinked(place: int, keyword: str, reason: str, figure: Figure) -> Problem:
    return Problem(
        severity="note",
        code=reason,
        what=f"keyword {keyword!r} is not linked",
        why=_REASONS[reason],
        mend="",
        path=figure.path,
        figid=figure.figid,
        key=("schema-jsonld", "keywords", place),
    )


_REASONS: Final = {
    "keyword-ambiguous": "it may be one of several genes or terms",
    "keyword-not-guessed": "it stands where chemicals and diseases stand, yet could be a gene",
    "keyword-uncovered": "no lexicon has the genes of one of the record's organisms, and it may be one of these",
    "keyword-unknown": "no lexicon that was asked knows it",
}
"""Why a keyword stays text."""


def _best_terms(names: Sequence[Name], keyword: str) -> Sequence[Name]:
    """Main names before synonyms, and of these the ones in the keyword's own letter case."""
    main = [name for name in names if name.sort in KINDS.values()] or names
    return [name for name in main if name.text == keyword] or main


def _only(names: Iterable[Name], otherwise: str) -> _Found:
    """The one thing that some names mean, under the strictest of them."""
    best = min(names, key=lambda name: (name.sort, name.text), default=None)
    if best is None:
        return _Found(reason=otherwise)
    alone = all(name.ident == best.ident for name in names)
    return _Found((best,)) if alone else _Found(reason="keyword-ambiguous")


def _organisms(figure: Figure, lexicons: Lexicons) -> _Organisms:
    """The organisms that PFOCR recognised for the figure; human where it names none."""
    ids = [TAXON_IDS.get(name) for name in figure.organisms_ner]
    known = tuple(int(taxid) for taxid in ids if taxid and lexicons.covers(int(taxid)))
    return _Organisms(known, len(known) == len(ids)) if ids else _Organisms((HUMAN,), lexicons.covers(HUMAN))


def _with_mentions(
    figure: Figure, keywords: Sequence[str], found: Iterable[tuple[int, _Found]], lexicons: Lexicons
) -> Figure:
    mentions: dict[tuple[str, ...], Mention] = {}
    entities: dict[tuple[str, str], Entity] = {(e.kind, e.ident): e for e in figure.entities}
    for place, result in found:
        for name in result.names:
            kind = kind_of(name.sort)
            ident, maps = _identity(name, lexicons)
            row = place + 1
            mention = Mention(kind, keywords[place], name.text, ident, KEYWORD_LEXICON + SORT_NAMES[name.sort], (row,))
            mentions.setdefault(mention[:5], mention)
            label = lexicons.title(name, ident)
            taxa = (str(name.taxon),) if name.taxon else ()
            entities.setdefault((kind, ident), Entity(kind, ident, (label,), (keywords[place],), maps, taxa, row))
    if not mentions:
        return figure
    tables = {f"{mention.kind}s": KEYWORDS for mention in mentions.values()}
    return replace(
        figure,
        mentions=(*figure.mentions, *mentions.values()),
        entities=tuple(entities.values()),
        tables={**figure.tables, **tables},
    )


def _identity(name: Name, lexicons: Lexicons) -> tuple[str, tuple[str, ...]]:
    """The local id, and the one id of another database that means the same; MeSH goes first, as in the tables."""
    kind = kind_of(name.sort)
    lexicon = lexicons.of_kind(kind)
    others = lexicon.maps(name.ident) if lexicon else ()
    # One MeSH id can stand for a chemical and for a disease, and each has its own other database.
    maps = tuple(other for other in others if "_" not in other or other.startswith(_DATABASE[kind]))
    if len(maps) != 1:
        return name.ident, ()
    (other,) = maps
    return (other, (name.ident,)) if "_" in name.ident and "_" not in other else (name.ident, maps)


_DATABASE: Final = {"chemical": "CHEBI_", "disease": "DOID_"}
