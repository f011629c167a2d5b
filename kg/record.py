"""What one record says, checked once and then trusted: `Figure`, `Paper`, `Mention`, `Entity`, `Organism`.

All front-matter scalars arrive as text and are converted here, on purpose.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal, NamedTuple

from kg.errors import Problem

__all__ = [
    "ABSENT",
    "KEYWORDS",
    "KEYWORD_LEXICON",
    "Entity",
    "Figure",
    "Findings",
    "Kind",
    "Mention",
    "Organism",
    "Paper",
    "Unlinked",
    "generation_of",
    "present",
]

Kind = Literal["gene", "chemical", "disease"]

ABSENT: Final = frozenset({"", "NA", "NaN", ".na.character", ".na", ".na.real"})
"""How tables and lists spell a missing value (R's several ways); case counts: `na` is a gene."""


KEYWORDS: Final = "schema-jsonld.keywords"
"""Stands for a table's path where the mentions of a kind were found among the record's keywords."""

KEYWORD_LEXICON: Final = "keyword_"
"""What the names of those lexicons begin with that this tool itself looked keywords up in."""


class Unlinked(NamedTuple):
    """A keyword that stays text: why (`kg.keywords.REASONS`), its position in the list from 0, and what it says."""

    reason: str
    place: int
    keyword: str


@dataclass(slots=True)
class Findings:
    """What was noticed about one record: problems with a place, notes and repairs as counts, keywords left as text."""

    path: str = ""
    figid: str = ""
    problems: list[Problem] = field(default_factory=list)
    notes: Counter[str] = field(default_factory=Counter)
    repairs: Counter[str] = field(default_factory=Counter)
    unlinked: list[Unlinked] = field(default_factory=list)

    def warn(self, code: str, what: str, why: str, mend: str, **where: object) -> None:
        """Add a problem that leaves the record usable; `where` are further fields of `Problem`."""
        base = Problem(severity="warning", code=code, what=what, why=why, mend=mend, path=self.path, figid=self.figid)
        self.problems.append(replace(base, **where) if where else base)  # type: ignore[arg-type]


class Mention(NamedTuple):
    """One word of the figure matched to one identifier by one lexicon.

    `ident` is the local id (`6774`, `D000255`, `CHEBI_15422`, `DOID_162`), empty where the row has no
    usable one; `match` and `lexicon` may be empty. `rows` are the line numbers of the table (or, for
    inline tables and keywords, the positions in the list, from 1) in which it stands.
    """

    kind: Kind
    word: str
    match: str
    ident: str
    lexicon: str
    rows: tuple[int, ...]


class Entity(NamedTuple):
    """What a record says of one gene, chemical or disease: names, words read for it, mapped ids, taxa, row.

    `row` is the first of its table that has it; `later` tells the rows that first gave a further name, id or taxon.
    """

    kind: Kind
    ident: str
    names: tuple[str, ...]
    words: tuple[str, ...]
    maps: tuple[str, ...]
    taxa: tuple[str, ...]
    row: int
    later: tuple[tuple[str, int], ...] = ()

    def row_of(self, text: str) -> int:
        """The row that first gave a name, mapped id or taxon."""
        return dict(self.later).get(text, self.row)


class Organism(NamedTuple):
    """An organism that the gene table names, with its distinct (direct, synonym, match) counts and first row."""

    taxid: str
    name: str
    groups: tuple[str, ...]
    counts: tuple[tuple[int | None, int | None, int | None], ...]
    row: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """The paper that a figure stands in, as its record describes it; empty text where it says nothing."""

    pmcid: str
    title: str = ""
    doi: str = ""
    year: str = ""
    citation: str = ""
    journal: str = ""
    journal_abbreviation: str = ""
    publisher: str = ""
    keywords: tuple[str, ...] = ()
    pmid: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One record: the figure, its paper, and what was read in it.

    `jsonld` is the record's `schema-jsonld` as text scalars, lists and mappings. `tables` tells where
    the mentions of each kind came from: a file's path, the front-matter key for older records, or `KEYWORDS`.
    `organism_names` are all names, `organisms_ner` those that PFOCR's recogniser predicted.
    """

    figid: str
    title: str
    caption: str
    paper: Paper
    generation: str
    path: str = ""
    number: str = ""
    figure_type: str = ""
    filename: str = ""
    page: str = ""
    score: str = ""
    alias: str = ""
    ndex: str = ""
    wpid: str = ""
    annotations: tuple[str, ...] = ()
    organism_names: tuple[str, ...] = ()
    organisms_ner: tuple[str, ...] = ()
    organisms: tuple[Organism, ...] = ()
    mentions: tuple[Mention, ...] = ()
    entities: tuple[Entity, ...] = ()
    tables: Mapping[str, str] = field(default_factory=dict)
    jsonld: object = None

    @property
    def pmcid(self) -> str:
        """PubMed Central id of the paper, `PMC` and digits."""
        return self.paper.pmcid


def present(value: str) -> str:
    """The value, or empty text where it is one of R's ways to say that there is none."""
    return "" if value in ABSENT else value


def generation_of(front: Mapping[str, object]) -> str:
    """The record's generation, A (2020) to E (2024-25), from which keys it has and where they stand."""
    keys = list(front)
    if "genes" in front or "annotations" in front or "pathway_score" in front:
        return "B" if "figid_alias" in front else "A"
    if "organisms_ner" in front and "figtype" in front:
        after_type = keys.index("organisms_ner") > keys.index("figtype")
        if after_type:
            return "C"
    return "D" if front.get("doi") in (None, "", ".na.character") else "E"
