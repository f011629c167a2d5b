"""Made graphs in the form of an export, drawn by chance, and their databases: what the index is held against."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import pyoxigraph as ox

from kg.vocab import BASE, PREFIXES

__all__ = ["Fact", "Read", "asked", "figure_facts", "mention_facts", "random_graph", "write_graph"]

ALL: Final = {**PREFIXES, "pfo": f"{BASE}vocab#", "lex": f"{BASE}lexicon/"}
LEXICONS: Final = {
    "ncbigene_symbol": "strict", "ncbigene_synonym": "synonyms", "famplex_relations": "all", "mesh": "",
}  # fmt: skip
Fact = tuple[str, str, Any]


class Read(NamedTuple):
    """A mention: kind (`g`, `c`, `d`), the entity's CURIE, and what was read."""

    kind: str
    body: str
    word: str
    match: str = ""
    lexicon: str = "ncbigene_symbol"
    occurrences: int = 1


def _term(text: Any) -> Any:
    if isinstance(text, int):
        return ox.Literal(text)
    if isinstance(text, tuple):
        return ox.Literal(*text)
    prefix, _, local = text.partition(":")
    return ox.NamedNode(f"{ALL[prefix]}{local}" if prefix in ALL else text)


def write_graph(facts: Iterable[Fact], output: Path) -> Path:
    """Write facts as Turtle: subject and predicate are CURIEs or IRIs, an object also text in a tuple, or a number."""
    quads = (ox.Triple(_term(s), _term(p), _term(o)) for s, p, o in facts)
    ox.serialize(quads, str(output), format=ox.RdfFormat.N_TRIPLES)
    return output


def figure_facts(
    figid: str, *, title: str, year: int, organisms: Sequence[str] = (), caption: str = "", paper_title: str = ""
) -> list[Fact]:
    """A figure, its paper and journal."""
    figure, pmcid = f"https://pfocr.wikipathways.org/figures/{figid}.html", figid.partition("__")[0]
    paper = f"https://identifiers.org/pmc/{pmcid}"
    return [
        (figure, "rdf:type", "pfo:PathwayFigure"),
        (figure, "rdf:type", "doco:Figure"),
        (figure, "dcterms:identifier", (figid,)),
        (figure, "dcterms:title", (title,)),
        (figure, "schema:description", (caption or title,)),
        (figure, "dcterms:isPartOf", paper),
        *((figure, "wp:organism", f"obo:NCBITaxon_{taxon}") for taxon in organisms),
        (paper, "rdf:type", "fabio:JournalArticle"),
        (paper, "dcterms:title", (paper_title or f"Paper {pmcid}",)),
        (paper, "fabio:hasPubMedCentralId", (pmcid,)),
        *([(paper, "fabio:hasPublicationYear", (str(year),))] if year else []),
        (paper, "dcterms:isPartOf", f"{BASE}journal/{int(pmcid[3:]) % 7}"),
        (f"{BASE}journal/{int(pmcid[3:]) % 7}", "dcterms:title", (f"Journal {int(pmcid[3:]) % 7}",)),
    ]


def mention_facts(figid: str, number: int, read: Read) -> list[Fact]:
    """A mention in a figure."""
    figure = f"https://pfocr.wikipathways.org/figures/{figid}.html"
    node = f"{figure}#{read.kind}-{number:012x}"
    return [
        (node, "oa:hasTarget", figure),
        (node, "oa:hasBody", read.body),
        (node, "pfo:word", (read.word,)),
        *([(node, "pfo:match", (read.match,))] if read.match else []),
        (node, "pfo:lexicon", f"lex:{read.lexicon}"),
        *([(node, "pfo:occurrences", read.occurrences)] if read.occurrences > 1 else []),
    ]


def entity_facts() -> list[Fact]:
    """60 genes of two organisms, 12 chemicals, 6 diseases, the organisms and the lexicons."""
    facts: list[Fact] = []
    for n in range(1, 61):
        facts += [
            (f"ncbigene:{n}", "rdf:type", "pfo:Gene"),
            (f"ncbigene:{n}", "rdfs:label", (f"GEN{n}",)),
            (f"ncbigene:{n}", "obo:RO_0002162", f"obo:NCBITaxon_{9606 if n % 4 else 10090}"),
        ]
    for n in range(1, 13):
        facts += [(f"mesh:D{n:06}", "rdf:type", "pfo:Chemical"), (f"mesh:D{n:06}", "rdfs:label", (f"chemical {n}",))]
    for n in range(1, 7):
        facts += [(f"obo:DOID_{n}", "rdf:type", "pfo:Disease"), (f"obo:DOID_{n}", "rdfs:label", (f"disease {n}",))]
    for taxon, name in (("9606", "Homo sapiens"), ("10090", "Mus musculus")):
        facts += [
            (f"obo:NCBITaxon_{taxon}", "rdf:type", "pfo:Taxon"),
            (f"obo:NCBITaxon_{taxon}", "rdfs:label", (name,)),
        ]
    facts += [(f"lex:{name}", "pfo:strictness", (level,)) for name, level in LEXICONS.items() if level]
    return facts


def random_graph(output: Path, *, figures: int = 200, seed: int = 1) -> Path:
    """A graph whose genes stand in very different numbers of figures, with words that lead to several genes."""
    rng = random.Random(seed)  # noqa: S311 (repeatable, no secret)
    facts = entity_facts()
    for n in range(figures):
        figid = f"PMC{1000 + n // 2}__fig{n}.{rng.choice('abc')}"
        year = (0, *range(2005, 2025))[(n // 2 * 7) % 21]
        title = f"{rng.choice(('Signals', 'signals', 'Growth', 'Ünique'))} of figure {n}"
        organisms = rng.sample(("9606", "10090"), rng.choice((0, 1, 1, 1, 2)))
        facts += figure_facts(figid, title=title, year=year, organisms=organisms)
        for number, read in enumerate(_readings(rng)):
            facts += mention_facts(figid, number, read)
    return write_graph(facts, output)


def _readings(rng: random.Random) -> list[Read]:
    found = []
    for _ in range(rng.choice((0, 1, 3, 8, 20))):
        gene = min(60, int(rng.paretovariate(0.6)))
        lexicon = rng.choice(("ncbigene_symbol", "ncbigene_synonym", "famplex_relations"))
        word = rng.choice((f"GEN{gene}", f"Gen-{gene}", f"family{gene % 5}"))
        match = rng.choice((f"GEN{gene}", f"FAMILY{gene % 5}", ""))
        found.append(Read("g", f"ncbigene:{gene}", word, match, lexicon, rng.choice((1, 1, 2))))
    found += [Read("c", f"mesh:D{rng.randint(1, 11):06}", "chem", "", "mesh") for _ in range(rng.choice((0, 1, 2)))]
    found += [Read("d", f"obo:DOID_{rng.randint(1, 5)}", "ill", "ill", "mesh") for _ in range(rng.choice((0, 0, 1)))]
    return found


def asked(data: Path, query: str) -> list[tuple[str, ...]]:
    """The answer of the database to a SELECT, as texts."""
    prefixes = "".join(f"PREFIX {name}: <{namespace}>\n" for name, namespace in ALL.items())
    found = ox.Store.read_only(str(data)).query(prefixes + query)
    assert isinstance(found, ox.QuerySolutions)
    variables = [variable.value for variable in found.variables]
    return [tuple(row[name].value if row[name] is not None else "" for name in variables) for row in found]
