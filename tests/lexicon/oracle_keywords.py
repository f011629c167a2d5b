"""What keywords mean, worked out anew from the description of the rules, slowly and plainly; knows nothing of `kg`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

HUMAN: Final = 9606
TAXA: Final = {
    "Homo sapiens": HUMAN,
    "Mus musculus": 10090,
    "Drosophila melanogaster": 7227,
    "Danio rerio": 7955,
}
ABSENT: Final = ("", "NA", "NaN", ".na.character", ".na", ".na.real")
CODE: Final = 5
"""Chemicals and diseases with shorter names are codes, whose letter case counts."""

STRICTEST_FIRST: Final = ("symbol", "previous", "alias")
UNKNOWN, AMBIGUOUS, NOT_GUESSED = "keyword-unknown", "keyword-ambiguous", "keyword-not-guessed"
UNCOVERED = "keyword-uncovered"


@dataclass(frozen=True)
class Gene:
    """A gene with all its names; `families` are names of families that it belongs to."""

    taxon: int
    ident: str
    symbol: str
    previous: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    families: tuple[str, ...] = ()

    def names(self) -> list[tuple[str, str]]:
        """Its names with their sort, each text under the strictest."""
        found: dict[str, str] = {}
        for sort, texts in (("symbol", (self.symbol,)), ("previous", self.previous), ("alias", self.aliases)):
            for text in texts:
                found.setdefault(text, sort)
        return [(sort, text) for text, sort in found.items()]


@dataclass(frozen=True)
class Term:
    """A chemical or disease; `mesh` is the id that its own database maps it to."""

    kind: str
    ident: str
    name: str
    synonyms: tuple[str, ...] = ()
    mesh: str = ""

    def names(self) -> list[tuple[str, str]]:
        """Its names with their sort, each text under the strictest."""
        return [("name", self.name), *(("synonym", text) for text in dict.fromkeys(self.synonyms) if text != self.name)]


@dataclass(frozen=True)
class Known:
    """All genes and terms of the lexicons; an id stands once."""

    genes: tuple[Gene, ...] = ()
    terms: tuple[Term, ...] = ()


@dataclass(frozen=True)
class Record:
    """Keywords as written, the recogniser's organisms; of tables the gene symbols or words, None without a table."""

    keywords: tuple[str, ...]
    organisms: tuple[str, ...] = ()
    genes: tuple[str, ...] | None = None
    chemicals: tuple[str, ...] | None = None
    diseases: tuple[str, ...] | None = None


class Link(NamedTuple):
    """One mention, with what stands at its body: label, and the id in another database (empty: none)."""

    kind: str
    word: str
    match: str
    ident: str
    lexicon: str
    label: str
    other: str = ""


@dataclass
class Meaning:
    """All links of a record, and how many keywords have none by reason."""

    links: set[Link] = field(default_factory=set)
    reasons: Counter[str] = field(default_factory=Counter)


def alike(one: str, other: str) -> bool:
    """Whether two texts differ in letter case and blanks at most."""
    return one.casefold().split() == other.casefold().split()


def meaning(record: Record, known: Known) -> Meaning:
    """What the keywords of a record mean."""
    return _Reading(record, known).result()


class _Reading:
    def __init__(self, record: Record, known: Known) -> None:
        self.record, self.known = record, known
        self.keywords = ["" if word.strip() in ABSENT else word for word in record.keywords]
        named = [TAXA.get(name) for name in record.organisms] or [HUMAN]
        covered = {gene.taxon for gene in known.genes}
        self.taxa = [taxon for taxon in named if taxon in covered]
        self.complete = len(self.taxa) == len(named)
        self.of_tables = {*(record.chemicals or ()), *(record.diseases or ())}
        has = {term.kind for term in known.terms}
        self.kinds = [
            kind
            for kind, table in (("chemical", record.chemicals), ("disease", record.diseases))
            if table is None and kind in has
        ]

    def result(self) -> Meaning:
        meaning = Meaning()
        if self.record.genes is not None and not self.kinds:
            return meaning  # there is nothing to look up
        for place, word in enumerate(self.keywords):
            links = self.at(place, word) if word else []
            if isinstance(links, str):
                meaning.reasons[links] += 1
            else:
                meaning.links.update(links)
        return meaning

    def at(self, place: int, word: str) -> list[Link] | str:
        if place < self.end():
            return self.gene(word) if self.record.genes is None else []
        if word in self.of_tables:
            return []
        sure = place >= self.last_possible()
        if self.record.genes is None and not sure:
            if self.could_be_gene(word):
                return NOT_GUESSED
            if self.could_be_another_gene(word):
                return UNCOVERED
        return self.term(word)

    # Where the genes end

    def last_possible(self) -> int:
        """Before what can be no gene: a keyword that stood before, the words of a table of terms."""
        places = [place for place, word in enumerate(self.keywords) if word and word in self.keywords[:place]]
        for word in self.of_tables:
            places += [place for place, other in enumerate(self.keywords) if other == word][-1:]
        return min(places, default=len(self.keywords))

    def end(self) -> int:
        before = range(self.last_possible())
        return max((place + 1 for place in before if self.is_symbol(self.keywords[place])), default=0)

    def is_symbol(self, word: str) -> bool:
        if self.record.genes is not None:
            return word in self.record.genes
        return any(gene.symbol == word for gene in self.of_record())

    # Genes

    def of_record(self) -> list[Gene]:
        return [gene for gene in self.known.genes if gene.taxon in self.taxa]

    def gene(self, word: str) -> list[Link] | str:
        official = [gene for gene in self.of_record() if gene.symbol == word]
        if official:
            numbers = Counter(gene.taxon for gene in official)
            links = [self.gene_link(word, gene, "symbol", word) for gene in official if numbers[gene.taxon] == 1]
            return links or AMBIGUOUS
        if not self.complete:
            return UNCOVERED
        all_names = [(gene, sort, text) for gene in self.of_record() for sort, text in gene.names()]
        exact = [name for name in all_names if name[2] == word]
        if len(self.taxa) > 1:
            return self.one_gene(word, exact)
        folded = [name for name in all_names if alike(name[2], word)]
        # Written so it is another name of one gene, written otherwise the symbol of another: it may be either.
        preferred = exact + [name for name in folded if name[1] == "symbol"]
        return self.one_gene(word, preferred or folded)

    def one_gene(self, word: str, names: Sequence[tuple[Gene, str, str]]) -> list[Link] | str:
        if not names:
            return UNKNOWN
        if len({gene.ident for gene, _, _ in names}) > 1:
            return AMBIGUOUS
        gene, sort, text = min(names, key=lambda name: (STRICTEST_FIRST.index(name[1]), name[2]))
        return [self.gene_link(word, gene, sort, text)]

    def gene_link(self, word: str, gene: Gene, sort: str, text: str) -> Link:
        return Link("gene", word, text, gene.ident, f"keyword_{sort}", gene.symbol)

    def could_be_gene(self, word: str) -> bool:
        texts = (text for gene in self.of_record() for text in (*(t for _, t in gene.names()), *gene.families))
        return any(alike(text, word) for text in texts)

    def could_be_another_gene(self, word: str) -> bool:
        # Of a gene that no lexicon has, only what symbols look like is known.
        looks_so = " " not in word and (len(word) < CODE or any(char.isdigit() for char in word))
        return not self.complete and looks_so

    # Chemicals and diseases

    def term(self, word: str) -> list[Link] | str:
        terms = [term for term in self.known.terms if term.kind in self.kinds]
        names = [(term, sort, text) for term in terms for sort, text in term.names() if self.same(text, word)]
        if not names:
            return UNKNOWN
        if len({term.kind for term, _, _ in names}) > 1:
            return AMBIGUOUS
        # MeSH, then main names, then those in the letter case of the word.
        names = [name for name in names if is_mesh(name[0].ident)] or names
        names = [name for name in names if name[1] == "name"] or names
        names = [name for name in names if name[2] == word] or names
        if len({term.ident for term, _, _ in names}) > 1:
            return AMBIGUOUS
        term, sort, text = min(names, key=lambda name: (name[1], name[2]))
        return [self.term_link(word, term, sort, text)]

    def same(self, text: str, word: str) -> bool:
        return text == word if len(word) < CODE else alike(text, word)

    def term_link(self, word: str, term: Term, sort: str, text: str) -> Link:
        ident, other = term.ident, ""
        if is_mesh(ident):
            mapped = {found.ident for found in self.known.terms if found.mesh == ident}
            other = next(iter(mapped)) if len(mapped) == 1 else ""
        elif term.mesh:
            ident, other = term.mesh, ident
        label = next((found.name for found in self.known.terms if found.ident == ident), term.name)
        return Link(term.kind, word, text, ident, f"keyword_{sort}", label, other)


def is_mesh(ident: str) -> bool:
    """Whether a local id is of MeSH; others have a prefix."""
    return "_" not in ident


def meanings(records: Iterable[Record], known: Known) -> list[Meaning]:
    """What the keywords of several records mean."""
    return [meaning(record, known) for record in records]
