"""Lexicons: names of genes, chemicals and diseases with their ids, looked up in files that `kg lexicon build` makes."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

import zstandard

from kg.errors import UsageError
from kg.lexiconfile import APPLICATION_ID, FAMILY, FORMAT_VERSION, KINDS, folded, kind_of
from kg.pmcids import PaperIds
from kg.resources import package_file
from kg.taxa import HUMAN

__all__ = ["HUMAN", "KINDS", "TERMS", "Lexicon", "LexiconInfo", "Lexicons", "Name", "WithdrawnId"]

TERMS: Final = 0
"""Stands where a taxon is asked for and names of chemicals and diseases are wanted."""

_EMBEDDED: Final = "human.lexicon.zst"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_SQLITE: Final = b"SQLite format 3\0"
_CACHED: Final = 1 << 16
_DAMAGE: Final = (sqlite3.DatabaseError, UnicodeDecodeError, zstandard.ZstdError)
_MAPPED: Final = 1 << 32
"""Bytes of a file that are read where the system holds them, without a copy of SQLite's own."""


class Name(NamedTuple):
    """One name: its sort (`kg.lexiconfile`), taxon (0 for terms), local id, and its text as the lexicon writes it."""

    sort: int
    taxon: int
    ident: str
    text: str


class WithdrawnId(NamedTuple):
    """An id that is no longer used, the id in its place (empty where there is none), and its last name."""

    ident: str
    successor: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LexiconInfo:
    """What a lexicon is: where it lies, its version (a digest of what it was made from), sources and counts."""

    path: str
    version: str
    made_with: str
    sources: Sequence[dict[str, Any]]
    taxa: dict[int, int]
    counts: dict[str, int]

    def to_json(self) -> dict[str, Any]:
        """The same as a mapping that `json` can write."""
        return {
            "path": self.path,
            "version": self.version,
            "made_with": self.made_with,
            "counts": self.counts,
            "taxa": {str(taxon): genes for taxon, genes in self.taxa.items()},
            "sources": list(self.sources),
        }


class Lexicon:
    """One lexicon file, open for reading.

    Args:
        path: of the file, plain or zstd; None is the embedded human one.

    Raises:
        UsageError: the file cannot be read, is no lexicon, is cut short, or was made by a later version.
    """

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        self.path = _EMBEDDED if path is None else os.fspath(path)
        try:
            self._db = _opened(None if path is None else Path(path))
            (application,) = self._db.execute("PRAGMA application_id").fetchone()
            (version,) = self._db.execute("PRAGMA user_version").fetchone()
        except OSError as error:
            raise self._refused(str(error.strerror or error), "check the path") from None
        except _DAMAGE as error:
            raise self._refused(f"it is damaged or no lexicon: {error}") from None
        if application != APPLICATION_ID:
            raise self._refused("it is an SQLite file of something else")
        if version != FORMAT_VERSION:
            raise self._refused(f"its format is {version}, this version reads {FORMAT_VERSION}")

    def _refused(self, what: str, mend: str = "make it with `kg lexicon build`") -> UsageError:
        return UsageError.of(
            "bad-lexicon", f"it cannot be used as a lexicon: {what}", "names are looked up in it", mend, path=self.path
        )

    def _rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        try:
            return self._db.execute(statement, values).fetchall()
        except _DAMAGE as error:
            raise self._refused(f"it is damaged: {error}") from None

    @cached_property
    def taxa(self) -> dict[int, int]:
        """NCBI Taxonomy ids of its genes, with the number of these."""
        return dict(self._rows("SELECT id, genes FROM taxon"))

    @cached_property
    def kinds(self) -> frozenset[str]:
        """Kinds of terms that it has."""
        found = (kind for kind, sort in KINDS.items() if self._rows("SELECT 1 FROM term WHERE kind = ? LIMIT 1", sort))
        return frozenset(found)

    def info(self) -> LexiconInfo:
        """Version, sources and counts."""
        told = dict(self._rows("SELECT key, value FROM info"))
        sources = self._rows("SELECT facts FROM source ORDER BY number")
        try:
            return LexiconInfo(
                path=self.path,
                version=told["version"],
                made_with=told["made_with"],
                sources=[json.loads(facts) for (facts,) in sources],
                taxa=self.taxa,
                counts=json.loads(told["counts"]),
            )
        except (KeyError, ValueError) as error:
            raise self._refused(f"it is damaged: its description cannot be read ({error})") from None

    def names(self, fold: str, taxon: int) -> list[Name]:
        """Names with a folded form (`kg.lexiconfile.folded`), of the genes of a taxon or of terms (`TERMS`)."""
        rows = self._rows("SELECT sort, taxon, id, text FROM name WHERE fold = ? AND taxon = ?", fold, taxon)
        return [Name(sort, of, str(ident), text) for sort, of, ident, text in rows]

    def gene(self, ident: str) -> tuple[int, str] | None:
        """Taxon and official symbol of an NCBI Gene id; None where it is not known."""
        rows = self._rows("SELECT taxon, symbol FROM gene WHERE id = ?", int(ident))
        return rows[0] if rows else None

    def term(self, ident: str) -> str:
        """The main name of a chemical or disease, empty where it is not known."""
        rows = self._rows("SELECT name FROM term WHERE id = ? ORDER BY kind LIMIT 1", ident)
        return rows[0][0] if rows else ""

    def withdrawn_gene(self, ident: str) -> WithdrawnId | None:
        """What became of an NCBI Gene id that is no longer used, through all its successors."""
        found = self._rows("SELECT symbol FROM withdrawn_gene WHERE id = ?", int(ident))
        if not found:
            return None
        successor = self._successor("SELECT successor FROM withdrawn_gene WHERE id = ?", int(ident))
        return WithdrawnId(ident, str(successor or ""), found[0][0])

    def withdrawn_term(self, ident: str) -> WithdrawnId | None:
        """What became of a term's id that is no longer used, through all its successors."""
        statement = "SELECT successor FROM withdrawn_term WHERE id = ? ORDER BY kind LIMIT 1"
        if not self._rows(statement, ident):
            return None
        return WithdrawnId(ident, str(self._successor(statement, ident) or ""))

    def _successor(self, statement: str, ident: int | str) -> int | str | None:
        """The last id of a chain of successors; nothing for one that ends without or runs in a circle."""
        seen: set[object] = set()
        while rows := self._rows(statement, ident):
            seen.add(ident)
            ident = rows[0][0]
            if not ident or ident in seen:
                return None
        return ident

    def maps(self, ident: str) -> tuple[str, ...]:
        """Ids of the same thing in other databases, as its own database gives them, in both directions."""
        return tuple(
            other
            for (other,) in self._rows(
                "SELECT other FROM mapping WHERE id = ?1 UNION SELECT id FROM mapping WHERE other = ?1 ORDER BY 1",
                ident,
            )
        )

    def members(self, family: str) -> tuple[str, ...]:
        """NCBI Gene ids of a family's members."""
        return tuple(str(gene) for (gene,) in self._rows("SELECT gene FROM member WHERE family = ?", family))

    @cached_property
    def has_papers(self) -> bool:
        """Whether it knows ids of papers."""
        return bool(self._rows("SELECT 1 FROM paper LIMIT 1"))

    def paper(self, pmc: int) -> PaperIds | None:
        """PMID and DOI of a paper by the number of its PMC id; None for an unknown one."""
        rows = self._rows("SELECT pmid, doi FROM paper WHERE pmc = ?", pmc)
        return PaperIds(str(rows[0][0] or ""), rows[0][1]) if rows else None

    def close(self) -> None:
        """Close the file."""
        self._db.close()


def _opened(path: Path | None) -> sqlite3.Connection:
    if path is None:
        head = data = package_file(_EMBEDDED).read_bytes()
    else:
        with path.open("rb") as file:
            head = file.read(100)
            data = head + file.read() if head.startswith(_ZSTD) else b""
    if path is None or data:
        # Users may share a lexicon between threads; SQLite itself takes care of that.
        held = sqlite3.connect(":memory:", check_same_thread=False)
        held.deserialize(_unpacked(data))
        return held
    if not head.startswith(_SQLITE):
        raise sqlite3.DatabaseError("it does not begin as one")
    pages, page_size = int.from_bytes(head[28:32]), int.from_bytes(head[16:18])
    if path.stat().st_size < pages * (65536 if page_size == 1 else page_size):
        raise sqlite3.DatabaseError("it is cut short")
    opened = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False)
    opened.execute(f"PRAGMA mmap_size = {_MAPPED}")
    return opened


def _unpacked(data: bytes) -> bytes:
    unpacker = zstandard.ZstdDecompressor().decompressobj()
    unpacked = unpacker.decompress(data)
    if not unpacker.eof:
        raise zstandard.ZstdError("it is cut short")
    if not unpacked.startswith(_SQLITE):
        raise zstandard.ZstdError("what is packed in it does not begin as one")
    return unpacked


class Lexicons:
    """Lexicons side by side: of each taxon, and of each kind of term, the first that has any names is asked.

    So a lexicon with human genes takes the place of the embedded one for these; only families come from all.

    The embedded one comes last, serves human genes, and is opened when it is first asked.

    Args:
        paths: of lexicon files.
        embedded: whether the embedded one is among them.
    """

    def __init__(self, paths: Iterable[str | os.PathLike[str]] = (), *, embedded: bool = True) -> None:
        self._own = [Lexicon(path) for path in paths]
        self._embedded: Lexicon | Literal[False] | None = None if embedded else False
        self.names = lru_cache(_CACHED)(self._names)

    def used(self) -> list[Lexicon]:
        """Those that were given, and the embedded one where it was asked."""
        return [*self._own, *([self._embedded] if self._embedded else [])]

    @property
    def embedded_used(self) -> bool:
        """Whether the embedded one was asked."""
        return bool(self._embedded)

    def use_embedded(self) -> None:
        """Count the embedded one among those used; another process asked it."""
        self.of_taxon(HUMAN)

    def _of_taxon(self, taxon: int) -> Iterator[Lexicon]:
        """All that have genes of a taxon; the embedded one is opened when its turn comes."""
        yield from (lexicon for lexicon in self._own if taxon in lexicon.taxa)
        if taxon == HUMAN and self._embedded is not False:
            self._embedded = self._embedded or Lexicon()
            yield self._embedded

    def of_taxon(self, taxon: int) -> Lexicon | None:
        """The lexicon that has the genes of a taxon."""
        return next(self._of_taxon(taxon), None)

    def covers(self, taxon: int) -> bool:
        """Whether there are genes of a taxon; does not open the embedded lexicon."""
        return (taxon == HUMAN and self._embedded is not False) or any(taxon in lexicon.taxa for lexicon in self._own)

    def of_kind(self, kind: str) -> Lexicon | None:
        """The lexicon that has the terms of a kind."""
        return next((lexicon for lexicon in self._own if kind in lexicon.kinds), None)

    def _names(self, word: str, taxon: int) -> tuple[Name, ...]:
        """All names that a word could be, letter case apart, of a taxon's genes or of terms (`TERMS`)."""
        return tuple(self._found(folded(word), taxon))

    def _found(self, fold: str, taxon: int) -> Iterator[Name]:
        if taxon:
            lexicon = self.of_taxon(taxon)
            yield from lexicon.names(fold, taxon) if lexicon else ()
            return
        for kind, sort in KINDS.items():
            lexicon = self.of_kind(kind)
            found = lexicon.names(fold, TERMS) if lexicon else []
            yield from (name for name in found if sort <= name.sort <= sort + 1)

    def title(self, name: Name, ident: str = "") -> str:
        """The official symbol or main name of what a name means; of another id that it goes by, where one is given."""
        if name.taxon:
            genes = self.of_taxon(name.taxon)
            known = genes.gene(name.ident) if genes else None
            return known[1] if known else name.text
        terms = self.of_kind(kind_of(name.sort))
        return ((terms.term(ident or name.ident) or terms.term(name.ident)) if terms else "") or name.text

    def families(self, word: str, taxon: int) -> list[Name]:
        """Families that a word names, in whichever of the lexicons: few have any."""
        fold = folded(word)
        found = (name for lexicon in self._of_taxon(taxon) for name in lexicon.names(fold, taxon))
        return list(dict.fromkeys(name for name in found if name.sort == FAMILY))

    def members(self, family: str, taxon: int) -> dict[str, str]:
        """NCBI Gene ids and symbols of a family's members, from the first lexicon that has it."""
        for lexicon in self._of_taxon(taxon):
            if idents := lexicon.members(family):
                return {ident: (lexicon.gene(ident) or (0, ""))[1] for ident in idents}
        return {}

    @cached_property
    def has_papers(self) -> bool:
        """Whether any of them knows ids of papers."""
        return any(lexicon.has_papers for lexicon in self._own)

    def paper(self, pmc: int) -> PaperIds | None:
        """PMID and DOI of a paper, from the first lexicon that has it."""
        found = (lexicon.paper(pmc) for lexicon in self._own)
        return next((ids for ids in found if ids), None)

    def close(self) -> None:
        """Close all files."""
        for lexicon in self.used():
            lexicon.close()
