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
from functools import lru_cache
from typing import Final
from weakref import WeakKeyDictionary, proxy

from kg.errors import Problem
from kg.lexicon import TERMS, Lexicons, Name
from kg.lexiconfile import FAMILY, KINDS, SORT_NAMES, SYMBOL, kind_of
from kg.record import KEYWORD_LEXICON, KEYWORDS, Entity, Figure, Findings, Kind, Mention, Unlinked, present
from kg.tables import KINDS as TABLES
from kg.taxa import HUMAN, TAXON_IDS

__all__ = ["REASONS", "ground_keywords", "keywords_of", "unlinked_problem"]

_KEPT: Final = 1 << 13
_COMBINATIONS: Final = 256
"""How many keywords of how many combinations of organisms are remembered."""

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


Link = tuple[Mention, Entity]
"""What a keyword is linked to: mention and entity, without their place."""


@dataclass(frozen=True, slots=True)
class _Found:
    """What a keyword means: links, one for each gene or to one term; or why it means nothing."""

    links: tuple[Link, ...] = ()
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
    found = _Grounder(figure, lexicons, missing, tuple(terms)).found(keywords)
    if findings is not None:
        findings.notes.update([result.reason for _, result in found if result.reason])
        findings.unlinked += [
            Unlinked(result.reason, place, keywords[place]) for place, result in found if result.reason
        ]
    return _with_mentions(figure, [(place, result) for place, result in found if result.links])


class _Grounder:
    """Applies the rules to one record."""

    def __init__(self, figure: Figure, lexicons: Lexicons, missing: set[Kind], terms: tuple[Kind, ...]) -> None:
        self.genes = "gene" in missing
        self.meanings = _meanings(lexicons, _organisms(figure, lexicons), terms)
        self.symbols = {name for e in figure.entities if e.kind == "gene" for name in e.names}
        self.words = {mention.word for mention in figure.mentions if mention.kind != "gene"}

    def found(self, keywords: Sequence[str]) -> list[tuple[int, _Found]]:
        """What each keyword means that no table explains, with its position."""
        limit = self._limit_of_genes(keywords)
        means = self.meanings
        is_gene = means.is_symbol if self.genes else self.symbols.__contains__
        end = next((place for place in range(limit, 0, -1) if is_gene(keywords[place - 1])), 0)
        results = []
        for place, keyword in enumerate(keywords):
            if not keyword or keyword.isspace():
                continue
            if place < end:
                if self.genes:
                    results.append((place, means.gene(keyword)))
            elif keyword not in self.words:
                guarded = self.genes and place < limit
                results.append((place, means.guarded_term(keyword) if guarded else means.term(keyword)))
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


_Asked = dict[tuple["_Organisms", tuple[Kind, ...]], "_Meanings"]
_asked: WeakKeyDictionary[Lexicons, _Asked] = WeakKeyDictionary()


def _meanings(lexicons: Lexicons, organisms: _Organisms, terms: tuple[Kind, ...]) -> _Meanings:
    """What was found before, for the same lexicons, organisms and kinds of terms."""
    of_lexicons = _asked.setdefault(lexicons, {})
    key = (organisms, terms)
    if key not in of_lexicons:
        if len(of_lexicons) >= _COMBINATIONS:
            of_lexicons.clear()
        of_lexicons[key] = _Meanings(proxy(lexicons), organisms, terms)
    return of_lexicons[key]


class _Meanings:
    """What single keywords mean, by the rules above; most stand in many records and are looked up once."""

    def __init__(self, lexicons: Lexicons, organisms: _Organisms, terms: tuple[Kind, ...]) -> None:
        self.lexicons, self.organisms, self.terms = lexicons, organisms, terms
        self.is_symbol = lru_cache(_KEPT)(self._is_symbol)
        self.gene = lru_cache(_KEPT)(self._gene)
        self.term = lru_cache(_KEPT)(self._term)
        self.guarded_term = lru_cache(_KEPT)(self._guarded_term)

    def _is_symbol(self, keyword: str) -> bool:
        return any(
            name.sort == SYMBOL and name.text == keyword
            for taxon in self.organisms.taxa
            for name in self.lexicons.names(keyword, taxon)
        )

    def _gene(self, keyword: str) -> _Found:
        name = _collapsed(keyword)
        names = [found for taxon in self.organisms.taxa for found in self.lexicons.names(name, taxon)]
        official = [found for found in names if found.sort == SYMBOL and found.text == name]
        if official:
            by_taxon = {taxon: [found for found in official if found.taxon == taxon] for taxon in self.organisms.taxa}
            single = [found[0] for found in by_taxon.values() if len(found) == 1]
            return self._found(keyword, single, "" if single else "keyword-ambiguous")
        if not self.organisms.complete:
            return _Found(reason="keyword-uncovered")
        known = [found for found in names if found.sort < FAMILY]
        exact = [found for found in known if found.text == name]
        if len(self.organisms.taxa) > 1:  # their letter case tells species apart: Pfas of the fly, PFAS of humans
            return self._only(keyword, exact)
        # A name of one gene that is, but for its case, the symbol of another means either.
        symbols = [found for found in known if found.sort == SYMBOL]
        return self._only(keyword, exact + symbols or known)

    def _guarded_term(self, keyword: str) -> _Found:
        """A term where a gene could stand as well: nothing that could be one is taken."""
        name = _collapsed(keyword)
        if any(self.lexicons.names(name, taxon) for taxon in self.organisms.taxa):
            return _Found(reason="keyword-not-guessed")
        if not self.organisms.complete and _LIKE_A_SYMBOL.fullmatch(name):
            return _Found(reason="keyword-uncovered")
        return self.term(keyword)

    def _term(self, keyword: str) -> _Found:
        name = _collapsed(keyword)
        names = [found for found in self.lexicons.names(name, TERMS) if kind_of(found.sort) in self.terms]
        if len(name) < _SHORT:
            names = [found for found in names if found.text == name]
        if len({kind_of(found.sort) for found in names}) > 1:
            return _Found(reason="keyword-ambiguous")
        # MeSH, whose ids the graph prefers, speaks for what other databases call the same.
        mesh = [found for found in names if "_" not in found.ident]
        return self._only(keyword, _best_terms(mesh or names, name))

    def _only(self, keyword: str, names: Iterable[Name]) -> _Found:
        """The one thing that some names mean, under the strictest of them."""
        best = min(names, key=lambda name: (name.sort, name.text), default=None)
        if best is None:
            return _Found(reason="keyword-unknown")
        alone = all(name.ident == best.ident for name in names)
        return self._found(keyword, [best]) if alone else _Found(reason="keyword-ambiguous")

    def _found(self, keyword: str, names: Iterable[Name], reason: str = "") -> _Found:
        return _Found(tuple(self._link(keyword, name) for name in names), reason)

    def _link(self, keyword: str, name: Name) -> Link:
        kind = kind_of(name.sort)
        ident, maps = _identity(name, self.lexicons)
        taxa = (str(name.taxon),) if name.taxon else ()
        return (
            Mention(kind, keyword, name.text, ident, KEYWORD_LEXICON + SORT_NAMES[name.sort], ()),
            Entity(kind, ident, (self.lexicons.title(name, ident),), (keyword,), maps, taxa, 0),
        )


def _collapsed(keyword: str) -> str:
    """A keyword on one line, its blanks single."""
    return " ".join(keyword.split())


def unlinked_problem(unlinked: Unlinked, path: str, figid: str) -> Problem:
    """The note that a keyword is not linked, and why; its place in the file is not looked up yet."""
    reason, place, keyword = unlinked
    return Problem(
        severity="note",
        code=reason,
        what=f"keyword {keyword!r} is not linked",
        why=REASONS[reason],
        mend="",
        path=path,
        figid=figid,
        key=("schema-jsonld", "keywords", place),
    )


REASONS: Final = {
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


def _organisms(figure: Figure, lexicons: Lexicons) -> _Organisms:
    """The organisms that PFOCR recognised for the figure; human where it names none."""
    ids = [TAXON_IDS.get(name) for name in figure.organisms_ner]
    known = tuple(int(taxid) for taxid in ids if taxid and lexicons.covers(int(taxid)))
    return _Organisms(known, len(known) == len(ids)) if ids else _Organisms((HUMAN,), lexicons.covers(HUMAN))


def _with_mentions(figure: Figure, found: Sequence[tuple[int, _Found]]) -> Figure:
    if not found:
        return figure
    mentions: dict[tuple[str, ...], Mention] = {}
    entities: dict[tuple[str, str], Entity] = {(e.kind, e.ident): e for e in figure.entities}
    for place, result in found:
        row = place + 1
        for mention, entity in result.links:
            key = mention[:5]
            if key not in mentions:
                mentions[key] = tuple.__new__(Mention, (*key, (row,)))
            if entity[:2] not in entities:
                entities[entity[:2]] = tuple.__new__(Entity, (*entity[:6], row, ()))
    tables = {f"{kind}s": KEYWORDS for kind in {mention[0] for mention in mentions.values()}}
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
