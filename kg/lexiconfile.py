"""The file of a lexicon: one SQLite database, its tables, and the writer that fills them from rows of bulk files.

Everything is staged as it comes and settled by SQL at the end, so memory stays flat and the order of rows does
not show in the result. Where two files name one gene, the file given first says which symbol is the official one.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

from kg.bulk.rows import FamilyName, Gene, Member, PaperRow, Row, Term, WithdrawnGene, WithdrawnTerm
from kg.record import Kind
from kg.taxa import HUMAN

__all__ = [
    "ALIAS",
    "APPLICATION_ID",
    "CHEMICAL",
    "DISEASE",
    "FAMILY",
    "FORMAT_VERSION",
    "KINDS",
    "PREVIOUS",
    "SORT_NAMES",
    "SYMBOL",
    "LexiconWriter",
    "folded",
    "kind_of",
]

APPLICATION_ID: Final = 0x4B474C58
"""`KGLX`: marks the file as ours, in SQLite's own header."""

FORMAT_VERSION: Final = 1
"""Of the tables below, in SQLite's `user_version`."""

SYMBOL, PREVIOUS, ALIAS, FAMILY = range(4)
"""Sorts of gene names: official symbol, symbol that it had before, alias, name of a family that it belongs to."""

CHEMICAL, DISEASE = 10, 20
"""Sorts of names of terms; one more is a synonym."""

KINDS: Final[dict[Kind, int]] = {"chemical": CHEMICAL, "disease": DISEASE}
"""Kinds of terms and the sort of their main names."""

SORT_NAMES: Final = {
    SYMBOL: "symbol", PREVIOUS: "previous", ALIAS: "alias", FAMILY: "family",
    **{sort + place: name for sort in KINDS.values() for place, name in enumerate(("name", "synonym"))},
}  # fmt: skip
"""What each sort of names is called, in lexicons of keywords and in answers."""

_BATCH: Final = 20_000

_TABLES: Final = """
CREATE TABLE info (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE source (number INTEGER PRIMARY KEY, facts TEXT NOT NULL);
CREATE TABLE taxon (id INTEGER PRIMARY KEY, genes INTEGER NOT NULL);
CREATE TABLE gene (id INTEGER PRIMARY KEY, taxon INTEGER NOT NULL, symbol TEXT NOT NULL);
CREATE TABLE withdrawn_gene (
    id INTEGER PRIMARY KEY, taxon INTEGER NOT NULL, successor INTEGER NOT NULL, symbol TEXT NOT NULL
);
CREATE TABLE member (family TEXT, gene INTEGER, PRIMARY KEY (family, gene)) WITHOUT ROWID;
CREATE TABLE term (id TEXT, kind INTEGER, name TEXT NOT NULL, PRIMARY KEY (id, kind)) WITHOUT ROWID;
CREATE TABLE withdrawn_term (id TEXT, kind INTEGER, successor TEXT NOT NULL, PRIMARY KEY (id, kind)) WITHOUT ROWID;
CREATE TABLE mapping (id TEXT, other TEXT, PRIMARY KEY (id, other)) WITHOUT ROWID;
CREATE TABLE name (
    fold TEXT, taxon INTEGER, sort INTEGER, id, text TEXT, PRIMARY KEY (fold, taxon, sort, id, text)
) WITHOUT ROWID;
CREATE TABLE paper (pmc INTEGER PRIMARY KEY, pmid INTEGER NOT NULL, doi TEXT NOT NULL);
"""
_STAGING: Final = """
CREATE TEMP TABLE gene_in (source INTEGER, id INTEGER, taxon INTEGER, symbol TEXT);
CREATE TEMP TABLE term_in (source INTEGER, id TEXT, kind INTEGER, name TEXT);
CREATE TEMP TABLE name_in (fold TEXT, taxon INTEGER, sort INTEGER, id, text TEXT);
"""
_GENE: Final = "INSERT INTO gene_in VALUES (?, ?, ?, ?)"
_TERM: Final = "INSERT INTO term_in VALUES (?, ?, ?, ?)"
_NAME: Final = "INSERT INTO name_in VALUES (?, ?, ?, ?, ?)"
# Where a file contradicts itself, the result must not depend on the order of its rows: what says something goes
# before what does not, then the smaller. The first and the third take the fields of `WithdrawnGene` and `PaperRow`.
_WITHDRAWN_GENE: Final = """INSERT INTO withdrawn_gene (taxon, id, successor, symbol) VALUES (?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET taxon = min(taxon, excluded.taxon), symbol = max(symbol, excluded.symbol),
    successor = coalesce(min(nullif(successor, 0), nullif(excluded.successor, 0)), nullif(successor, 0),
        excluded.successor)"""
_WITHDRAWN_TERM: Final = """INSERT INTO withdrawn_term VALUES (?, ?, ?)
    ON CONFLICT (id, kind) DO UPDATE SET successor = coalesce(
        min(nullif(successor, ''), nullif(excluded.successor, '')), nullif(successor, ''), excluded.successor)"""
_PAPER: Final = """INSERT INTO paper VALUES (?, ?, ?) ON CONFLICT (pmc) DO UPDATE SET
    pmid = coalesce(min(nullif(pmid, 0), nullif(excluded.pmid, 0)), nullif(pmid, 0), excluded.pmid),
    doi = coalesce(min(nullif(doi, ''), nullif(excluded.doi, '')), nullif(doi, ''), excluded.doi)"""
_MAPPING: Final = "INSERT OR IGNORE INTO mapping VALUES (?, ?)"
_INSERTS: Final = (_GENE, _TERM, _NAME, _WITHDRAWN_GENE, _PAPER, _WITHDRAWN_TERM, _MAPPING)
# What is staged becomes the tables; only our own numbers are filled in.
_SETTLE: Final = f"""
INSERT INTO gene SELECT id, taxon, symbol FROM
    (SELECT *, row_number() OVER (PARTITION BY id ORDER BY source, symbol, taxon) AS place FROM gene_in)
    WHERE place = 1 ORDER BY id;
UPDATE name_in SET sort = {ALIAS}
    WHERE sort = {SYMBOL} AND text IS NOT (SELECT symbol FROM gene WHERE gene.id = name_in.id);
INSERT INTO taxon SELECT taxon, count(*) FROM gene GROUP BY taxon ORDER BY taxon;
INSERT INTO term SELECT id, kind, name FROM
    (SELECT *, row_number() OVER (PARTITION BY id, kind ORDER BY source, name) AS place FROM term_in WHERE name <> '')
    WHERE place = 1 ORDER BY id, kind;
DELETE FROM mapping WHERE id NOT IN (SELECT id FROM term);
DELETE FROM withdrawn_gene WHERE id IN (SELECT id FROM gene);
DELETE FROM withdrawn_term WHERE (id, kind) IN (SELECT id, kind FROM term);
INSERT INTO name SELECT fold, taxon, min(sort), id, text FROM name_in
    WHERE sort < {CHEMICAL} OR EXISTS (SELECT 1 FROM term WHERE term.id = name_in.id AND kind = sort / 10 * 10)
    GROUP BY fold, taxon, sort / 10, id, text ORDER BY fold, taxon, min(sort), id, text
""".split(";")  # noqa: S608
_COUNTED: Final = {
    "genes": "gene",
    "gene names": f"name WHERE taxon > 0 AND sort < {FAMILY}",
    "withdrawn gene ids": "withdrawn_gene",
    "families": "(SELECT DISTINCT family FROM member)",
    "chemicals": f"term WHERE kind = {CHEMICAL}",
    "chemical names": f"name WHERE sort BETWEEN {CHEMICAL} AND {CHEMICAL + 1}",
    "diseases": f"term WHERE kind = {DISEASE}",
    "disease names": f"name WHERE sort BETWEEN {DISEASE} AND {DISEASE + 1}",
    "withdrawn term ids": "withdrawn_term",
    "papers": "paper",
}


def _family_texts(family: str) -> set[str]:
    """How figures write a family that FamPlex names `Growth_factor` or `p53_family`."""
    short = re.sub(r"_(?:family|complex)$", "", family)
    return {name.replace("_", between) for name in (family, short) for between in ("_", " ", "")}


def kind_of(sort: int) -> Kind:
    """What a name of a sort means: a gene, or a term of a kind."""
    return "gene" if sort < CHEMICAL else "chemical" if sort < DISEASE else "disease"


def folded(text: str) -> str:
    """The form that names are looked up by: letter case and runs of blanks do not count.

    >>> folded("Tumor  Necrosis Factor")
    'tumor necrosis factor'
    """
    return " ".join(text.casefold().split())


class LexiconWriter:
    """Fills the database of a lexicon.

    Args:
        path: of a new file.
    """

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        # The file has a temporary name until it is whole: no journal is needed.
        self._db.executescript(f"""
            PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA temp_store = FILE; PRAGMA cache_size = -32768;
            PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {FORMAT_VERSION};
            {_TABLES} {_STAGING}""")
        self._db.execute("BEGIN")
        self._source = 0
        self._pending: dict[str, list[tuple[Any, ...]]] = {statement: [] for statement in _INSERTS}
        self._members: dict[str, list[Member]] = defaultdict(list)
        self._family_names: list[FamilyName] = []
        self._adders: dict[type, Callable[[Any], None]] = {
            Gene: self._gene,
            WithdrawnGene: self._pending[_WITHDRAWN_GENE].append,
            Term: self._term,
            WithdrawnTerm: self._withdrawn_term,
            Member: self._member,
            FamilyName: self._family_names.append,
            PaperRow: self._pending[_PAPER].append,
        }

    def add(self, rows: Iterable[Row]) -> int:
        """Stage the rows of one file; returns their number."""
        self._source += 1
        count = 0
        for count, row in enumerate(rows, start=1):
            self._adders[type(row)](row)
            if not count % _BATCH:
                self._flush()
        self._flush()
        return count

    def _gene(self, row: Gene) -> None:
        taxon, ident, symbol, previous, aliases = row
        self._pending[_GENE].append((self._source, ident, taxon, symbol))
        names = self._pending[_NAME]
        names.append((folded(symbol), taxon, SYMBOL, ident, symbol))
        names += [(folded(text), taxon, PREVIOUS, ident, text) for text in previous]
        names += [(folded(text), taxon, ALIAS, ident, text) for text in aliases]

    def _term(self, row: Term) -> None:
        kind = KINDS[row.kind]
        self._pending[_TERM].append((self._source, row.ident, kind, row.name))
        names = self._pending[_NAME]
        if row.name:
            names.append((folded(row.name), 0, kind, row.ident, row.name))
        names += [(folded(text), 0, kind + 1, row.ident, text) for text in row.synonyms]
        self._pending[_MAPPING] += ((row.ident, other) for other in row.maps)
        for old in row.merged:
            self._withdrawn_term(WithdrawnTerm(row.kind, old, row.ident))

    def _withdrawn_term(self, row: WithdrawnTerm) -> None:
        self._pending[_WITHDRAWN_TERM].append((row.ident, KINDS[row.kind], row.successor))

    def _member(self, row: Member) -> None:
        self._members[row.family].append(row)

    def _flush(self) -> None:
        for statement, rows in self._pending.items():
            self._db.executemany(statement, rows)
            rows.clear()

    def finish(self, info: dict[str, str], sources: Iterable[dict[str, Any]]) -> dict[str, int]:
        """Settle what was staged, describe it, and close the file; returns what it has, without what it has none of."""
        for statement in _SETTLE:
            self._db.execute(statement)
        self._families()
        counts = {what: self._count(table) for what, table in _COUNTED.items()}
        counts = {what: number for what, number in counts.items() if number}
        info = info | {"counts": json.dumps(counts)}
        self._db.executemany("INSERT INTO info VALUES (?, ?)", sorted(info.items()))
        facts = ((number, json.dumps(source, sort_keys=True)) for number, source in enumerate(sources, start=1))
        self._db.executemany("INSERT INTO source VALUES (?, ?)", facts)
        for table in ("gene_in", "term_in", "name_in"):
            self._db.execute(f"DROP TABLE {table}")
        self._db.execute("COMMIT")
        self._db.execute("VACUUM")
        self.close()
        return counts

    def _count(self, table: str) -> int:
        (number,) = self._db.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608 (ours)
        return int(number)

    def _families(self) -> None:
        """Members of families, those of families within them included, by the human symbols of this lexicon."""
        symbols = self._human_symbols()
        genes = {family: sorted(self._genes(family, symbols)) for family in sorted(self._members)}
        texts = {(text, family) for family in genes for text in _family_texts(family)}
        texts |= {(row.text, row.family) for row in self._family_names}
        self._db.executemany(
            "INSERT INTO member VALUES (?, ?)", ((family, gene) for family, ids in genes.items() for gene in ids)
        )
        self._db.executemany(
            "INSERT OR IGNORE INTO name VALUES (?, ?, ?, ?, ?)",
            sorted((folded(text), HUMAN, FAMILY, family, text) for text, family in texts if genes.get(family)),
        )

    def _human_symbols(self) -> dict[str, int]:
        """Ids by official symbol, and by previous ones of a single gene: a list of families may be older."""
        statement = """SELECT text, min(id) FROM name WHERE taxon = ? AND sort = ?
            GROUP BY text HAVING min(id) = max(id) OR sort = ?"""
        found: dict[str, int] = {}
        for sort in (PREVIOUS, SYMBOL) if self._members else ():
            found |= dict(self._db.execute(statement, (HUMAN, sort, SYMBOL)))
        return found

    def _genes(self, family: str, symbols: dict[str, int]) -> set[int]:
        seen, genes = {family}, set()
        waiting = [family]
        while waiting:
            for member in self._members.get(waiting.pop(), ()):
                if not member.nested:
                    genes.add(symbols.get(member.member, 0))
                elif member.member not in seen:
                    seen.add(member.member)
                    waiting.append(member.member)
        return genes - {0}

    def close(self) -> None:
        """Close the file, finished or not."""
        self._db.close()
