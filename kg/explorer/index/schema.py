"""The index beside the database: one SQLite file, its tables, and how texts are made comparable.

Figures, papers and entities have numbers: figures from the newest on, entities kind by kind from the most drawn on. So
lists come in their usual order without sorting. Which entity is read in which figure stands twice, by figure and by
entity, in arrays that are small enough for memory: 10 bytes for each pair.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

__all__ = ["FORMAT", "LEVELS", "LONGEST_START", "TABLES", "comparable", "fold", "fts_query", "score", "squeezed"]

FORMAT: Final = 2
"""Changes whenever an index of an earlier version of this package would be read wrongly."""

LEVELS: Final = ("strict", "synonyms", "all")
"""Strictness by its number in the index."""

TABLES: Final = """
CREATE TABLE facts(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE arrays(name TEXT PRIMARY KEY, kind TEXT NOT NULL, data BLOB NOT NULL);
CREATE TABLE figures(n INTEGER PRIMARY KEY, id TEXT NOT NULL, iri TEXT NOT NULL, title TEXT NOT NULL,
    paper INTEGER NOT NULL);
CREATE INDEX figures_by_id ON figures(id);
CREATE INDEX figures_by_paper ON figures(paper);
CREATE TABLE details(figure INTEGER PRIMARY KEY, caption TEXT NOT NULL, facts TEXT NOT NULL);
CREATE TABLE papers(n INTEGER PRIMARY KEY, id TEXT NOT NULL, iri TEXT NOT NULL, title TEXT NOT NULL,
    journal TEXT NOT NULL, facts TEXT NOT NULL);
CREATE INDEX papers_by_id ON papers(id);
CREATE TABLE entities(n INTEGER PRIMARY KEY, kind INTEGER NOT NULL, id TEXT NOT NULL, iri TEXT NOT NULL,
    label TEXT NOT NULL, figures INTEGER NOT NULL, organism INTEGER, links TEXT NOT NULL);
CREATE TABLE texts(n INTEGER PRIMARY KEY, text TEXT NOT NULL);
CREATE TABLE lexicons(n INTEGER PRIMARY KEY, name TEXT NOT NULL, level INTEGER NOT NULL, keyword INTEGER NOT NULL);
CREATE TABLE mentions(figure INTEGER, place INTEGER, entity INTEGER NOT NULL, word INTEGER NOT NULL,
    match INTEGER, lexicon INTEGER NOT NULL, occurrences INTEGER NOT NULL, PRIMARY KEY(figure, place)) WITHOUT ROWID;
CREATE TABLE unlinked(figure INTEGER, place INTEGER, kind INTEGER NOT NULL, word INTEGER NOT NULL,
    PRIMARY KEY(figure, place)) WITHOUT ROWID;
CREATE TABLE entity_words(entity INTEGER, place INTEGER, word INTEGER NOT NULL, match INTEGER, lexicon INTEGER NOT NULL,
    figures INTEGER NOT NULL, PRIMARY KEY(entity, place)) WITHOUT ROWID;
CREATE TABLE names(name TEXT, entity INTEGER, tier INTEGER NOT NULL, shown TEXT NOT NULL,
    PRIMARY KEY(name, entity)) WITHOUT ROWID;
CREATE TABLE tops(start TEXT PRIMARY KEY, hits TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE ids(id TEXT, kind TEXT, n INTEGER, PRIMARY KEY(id, kind, n)) WITHOUT ROWID;
CREATE VIRTUAL TABLE figure_text USING fts5(title, caption, content='', columnsize=0, prefix='2 3',
    tokenize="unicode61 remove_diacritics 2");
CREATE VIRTUAL TABLE paper_text USING fts5(title, content='', columnsize=0, prefix='2 3',
    tokenize="unicode61 remove_diacritics 2");
CREATE VIRTUAL TABLE entity_text USING fts5(label, content='', columnsize=0, prefix='2 3',
    tokenize="unicode61 remove_diacritics 2");
"""

LONGEST_START: Final = 3
"""Beginnings of names up to this length have their best names in `tops`."""

_EXACT: Final = (0, 2, 3)
_BEGINNING: Final = (1, 4, 5)
_OUTER: Final = re.compile(r"^[\W_]+|[\W_]+$")
_JOINTS: Final = re.compile(r"[\s/_-]+")
_LETTER: Final = re.compile(r"[^\W_]")
_UNSAFE: Final = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_MOST_WORDS: Final = 12


def fold(text: str) -> str:
    r"""A text as letters of any case and form are compared.

    >>> fold("TNF-\N{GREEK CAPITAL LETTER ALPHA}  Receptor") == "tnf-\N{GREEK SMALL LETTER ALPHA} receptor"
    True
    """
    plain = _UNSAFE.sub(" ", text)  # neither SQLite nor its full-text queries take these
    return " ".join(unicodedata.normalize("NFKC", plain).casefold().split())


def comparable(text: str) -> str:
    """A name as it is looked up: folded, without signs around it, or those signs where there is nothing else.

    >>> comparable("(IL-6"), comparable("+/-")
    ('il-6', '+/-')
    """
    folded = fold(text)
    return _OUTER.sub("", folded) or folded


def squeezed(text: str) -> str:
    """A name without blanks and joining signs in it, as others may write it.

    >>> squeezed("STAT-3"), squeezed("akt 1"), squeezed("-")
    ('stat3', 'akt1', '-')
    """
    return _JOINTS.sub("", comparable(text)) or comparable(text)


def fts_query(text: str) -> str:
    """The words of a typed text as a full-text query, the last one as a beginning; empty where there are none.

    No sign of the query language has a meaning: each word is in quotes.

    >>> fts_query('"*( pathway NOT jak/si')
    '"pathway" "not" "jak/si"*'
    """
    words = [word for word in fold(text).replace('"', " ").split() if _LETTER.search(word)][:_MOST_WORDS]
    return " ".join(f'"{word}"' for word in words) + "*" if words else ""


def score(typed: str, name: str, tier: int) -> int:
    """How well a name answers what was typed; the lower the better.

    Exact symbols and labels come first, then their beginnings, exact aliases, exact words as read, beginnings of
    aliases, and beginnings of words.

    Args:
        typed: what was typed, as `comparable` gives it.
        name: the name found, which begins with it.
        tier: 0 for a label, 1 for an alias, 2 for a family or a word as read.
    """
    return (_EXACT if typed == name else _BEGINNING)[tier]
