"""Builds records and tables of every generation from a few arguments, and runs them through an export.

All values are invented, in the form that the database has. Namespaces stand here as DATA_MODEL.md has them, so
that a slip in the package's own list is seen.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

import pyoxigraph as ox
import yaml

import kg

FIGID: Final = "PMC1234567__fig.g001"
FIGURES: Final = "https://pfocr.wikipathways.org/figures/"
ABSENT: Final = ("", "NA", "NaN", ".na.character", ".na", ".na.real")
GENERATIONS: Final = "ABCDE"

NAMESPACES: Final = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "schema": "http://schema.org/",
    "dcterms": "http://purl.org/dc/terms/",
    "doco": "http://purl.org/spar/doco/",
    "fabio": "http://purl.org/spar/fabio/",
    "prism": "http://prismstandard.org/namespaces/basic/2.0/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "oa": "http://www.w3.org/ns/oa#",
    "obo": "http://purl.obolibrary.org/obo/",
    "wp": "http://vocabularies.wikipathways.org/wp#",
    "wd": "http://www.wikidata.org/entity/",
    "wdt": "http://www.wikidata.org/prop/direct/",
    "ncbigene": "https://identifiers.org/ncbigene/",
    "mesh": "http://id.nlm.nih.gov/mesh/",
    "pmc": "https://identifiers.org/pmc/",
    "pfo": "https://w3id.org/pfocr-kg/vocab#",
    "lex": "https://w3id.org/pfocr-kg/lexicon/",
}

_BIBLIOGRAPHY: Final = ("doi", "journal_title", "journal_nlm_ta", "publisher_name", "keywords")
_OLD: Final = [
    "figid", "figlink", "number", "caption", "pmcid", "papertitle", "reftext", "pmc_ranked_result_index",
    "pathway_score", "filename", "figtitle", "year", "organisms", "ndex", "annotations", "seo",
    "schema-jsonld", "genes", "chemicals", "diseases",
]  # fmt: skip
_NEW: Final = [
    "figid", "figtitle", "organisms", "organisms_ner", "pmcid", "filename", "figlink", "number", "caption",
    "papertitle", "reftext", "year", "doi", "journal_title", "journal_nlm_ta", "publisher_name", "keywords",
    "automl_pathway", "figid_alias", "figtype", "redirect_from", "ndex", "seo", "schema-jsonld",
]  # fmt: skip


def _moved(names: Sequence[str], name: str, *, after: str) -> list[str]:
    rest = [other for other in names if other != name]
    place = rest.index(after) + 1
    return [*rest[:place], name, *rest[place:]]


_KEYS: Final = {
    "A": _OLD,
    "B": [*_OLD, "figid_alias", "redirect_from", "figtype"],
    # In generation C the recogniser's organisms stand after the figure's type, elsewhere after the organisms.
    "C": _moved(_NEW, "organisms_ner", after="figtype"),
    "D": _NEW,
    "E": _NEW,
}


def expand(name: str) -> str:
    """The IRI of a prefixed name; an IRI is given back as it is."""
    prefix, _, local = name.partition(":")
    return NAMESPACES[prefix] + local if prefix in NAMESPACES else name


def figure_iri(figid: str = FIGID) -> str:
    """The IRI of a figure whose id is plain."""
    return f"{FIGURES}{figid}.html"


def jsonld(figid: str = FIGID, *, context: object = "https://schema.org/", **changes: object) -> dict[str, object]:
    """A record's `schema-jsonld` as the generator writes it; a change to None takes the key out."""
    block: dict[str, object] = {
        "@context": context,
        "@id": figure_iri(figid),
        "@type": "Dataset",
        "description": "A signal runs to the nucleus.",
        "license": "CC0",
        "name": "CreativeWork",
        "creator": {"@type": "Organization", "name": "WikiPathways"},
        "keywords": ["AKT1", "JUN"],
    }
    return {key: value for key, value in (block | changes).items() if value is not None}


def front(generation: str = "E", figid: str = FIGID, *, schema: object = None, **changes: object) -> dict[str, object]:
    """The front matter of one generation, in its key order.

    A change to None takes the key out, a new key stands last; `schema` is the `schema-jsonld`.
    """
    pmcid, _, rest = figid.partition("__")
    filled = generation == "E"
    values: dict[str, object] = {
        "figid": figid,
        "figtitle": "Signalling by growth factors",
        "organisms": ["NA"] if filled else ["Homo sapiens"],
        "organisms_ner": ["Homo sapiens"],
        "pmcid": pmcid,
        "filename": f"{rest}.jpg",
        "figlink": f"/pmc/articles/{pmcid}/figure/F1/",
        "number": "F1" if generation != "A" else "Fig. 1",
        "caption": "A signal runs to the nucleus.",
        "papertitle": "How signals run",
        "reftext": "Ann Author, et al. J Signals. 2019 Oct;27(20):1-9.",
        "year": "2019",
        **(dict.fromkeys(_BIBLIOGRAPHY, ".na.character")),
        "automl_pathway": "0.75",
        "pathway_score": "0.75",
        "pmc_ranked_result_index": "98618",
        "figid_alias": f"{pmcid}__F1",
        "figtype": "Figure",
        "redirect_from": f"/figures/{pmcid}__F1",
        "ndex": "",
        "annotations": [],
        "seo": "CreativeWork",
        "schema-jsonld": jsonld(figid) if schema is None else schema,
        "genes": [],
        "chemicals": [],
        "diseases": [],
    }
    if filled:
        values |= {
            "doi": "10.1234/Sig.S42", "journal_title": "Journal of Signals", "journal_nlm_ta": "J Signals",
            "publisher_name": "Signal Press", "keywords": "signal | nucleus",
        }  # fmt: skip
    chosen = {key: values[key] for key in _KEYS[generation]} | changes
    return {key: value for key, value in chosen.items() if value is not None}


def record_text(fields: Mapping[str, object]) -> str:
    """The record as Markdown with YAML front matter."""
    block = yaml.safe_dump(dict(fields), sort_keys=False, allow_unicode=True)
    return f"---\n{block}---\n"


def raw_text(line: str, *, instead_of: str, generation: str = "E") -> str:
    """A record with one line of YAML written by hand, for what a dumper would never write."""
    text = record_text(front(generation))
    found = re.findall(rf"^{re.escape(instead_of)}:.*\n", text, re.MULTILINE)
    assert len(found) == 1, f"{instead_of} stands {len(found)} times on a line of its own"
    return text.replace(found[0], f"{line}\n")


HUMAN: Final = ("9606", "Homo sapiens", "Primates")
FLY: Final = ("7227", "Drosophila melanogaster", "Invertebrates")
MOUSE: Final = ("10090", "Mus musculus", "Rodents")

_GENE_COLUMNS: Final = (
    "organism_id", "organism_name", "organism_group", "word", "match", "ncbigene_symbol", "ncbigene_id", "source",
    "count_direct", "count_synonym", "count_match",
)  # fmt: skip


def gene(
    word: str,
    ident: str,
    *,
    symbol: str | None = None,
    match: str | None = None,
    source: str = "ncbigene_symbol",
    taxon: tuple[str, str, str] = HUMAN,
    counts: tuple[str, str, str] = ("1", "2", "3"),
) -> tuple[str, ...]:
    """One row of a gene table; symbol and match are the word unless told."""
    return (
        *taxon,
        word,
        match if match is not None else word,
        word if symbol is None else symbol,
        ident,
        source,
        *counts,
    )


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A tab-separated table, as R writes it without quotes."""
    return "".join("\t".join(cells) + "\n" for cells in (columns, *rows))


def genes(*rows: tuple[str, ...], columns: int = 11) -> str:
    """A gene table of 11 columns, or of 10 as generation C has it (no count_synonym)."""
    dropped = {11: (), 10: (9,)}[columns]
    kept = [place for place in range(11) if place not in dropped]
    return table([_GENE_COLUMNS[k] for k in kept], [[row[k] for k in kept] for row in rows])


def chemicals(*rows: tuple[str, str, str, str, str]) -> str:
    """A chemical table of today: word, mesh, match, name, chebi."""
    return table(("word", "mesh", "match", "name", "chebi"), rows)


def diseases(*rows: tuple[str, str, str, str, str]) -> str:
    """A disease table of today: word, mesh, match, name, doid."""
    return table(("word", "mesh", "match", "name", "doid"), rows)


def terms_v1(*rows: tuple[str, str, str]) -> str:
    """A chemical or disease table of generation C: word, source, identifier."""
    return table(("word", "source", "identifier"), rows)


def inline_gene(
    word: str, entrez: str, *, symbol: str = "", source: str = "hgnc_symbol", hgnc: str = ""
) -> dict[str, str]:
    """A gene row in the front matter of 2020-21."""
    return {"word": word, "symbol": symbol or word, "source": source, "hgnc_symbol": hgnc or word, "entrez": entrez}


def inline_term(word: str, identifier: str = "") -> dict[str, str]:
    """A chemical or disease row in the front matter of 2020-21."""
    return {"word": word, "source": "MESH" if identifier else "", "identifier": identifier}


@dataclass(frozen=True, kw_only=True)
class Record:
    """A record to be written: its text, its tables by kind, the stem of its file."""

    text: str | bytes
    tables: Mapping[str, str | bytes]
    stem: str = FIGID
    table_stem: str = ""


def record(
    generation: str = "E", figid: str = FIGID, *, tables: Mapping[str, str | bytes] | None = None, **changes: object
) -> Record:
    """A record of one generation with its tables."""
    return Record(text=record_text(front(generation, figid, **changes)), tables=tables or {}, stem=figid)


def write_source(folder: Path, *records: Record) -> Path:
    """The records in the database's layout, `_figures/` and `_data/`."""
    for name in ("_figures", "_data"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for item in records:
        (folder / "_figures" / f"{item.stem}.md").write_bytes(as_bytes(item.text))
        for kind, text in item.tables.items():
            (folder / "_data" / f"{item.table_stem or item.stem}-{kind}.tsv").write_bytes(as_bytes(text))
    return folder


def as_bytes(text: str | bytes) -> bytes:
    """Text as UTF-8, bytes as they are."""
    return text.encode() if isinstance(text, str) else text


class Mention(NamedTuple):
    """One mention as the graph has it; empty text where it says nothing."""

    word: str
    match: str
    body: str
    lexicon: str
    occurrences: str


class Graph:
    """A written graph, asked by prefixed names."""

    def __init__(self, triples: Iterable[ox.Triple]) -> None:
        self.triples = list(triples)
        self._by: dict[tuple[str, str], list[str]] = {}
        for triple in self.triples:
            assert isinstance(triple.subject, ox.NamedNode), f"no blank node may stand in the graph: {triple}"
            assert isinstance(triple.object, (ox.NamedNode, ox.Literal)), (
                f"no blank node may stand in the graph: {triple}"
            )
            self._by.setdefault((triple.subject.value, triple.predicate.value), []).append(triple.object.value)

    def values(self, subject: str, predicate: str) -> list[str]:
        """The texts and IRIs of a subject's property, sorted."""
        return sorted(self._by.get((expand(subject), expand(predicate)), []))

    def value(self, subject: str, predicate: str) -> str:
        """The only value of a property; empty text where there is none."""
        found = self.values(subject, predicate)
        assert len(found) <= 1, f"{predicate} of {subject} has {found}"
        return found[0] if found else ""

    def datatypes(self, subject: str, predicate: str) -> set[str]:
        """The datatypes of a property's literals."""
        pair = (expand(subject), expand(predicate))
        found = (t for t in self.triples if (t.subject, t.predicate) == (ox.NamedNode(pair[0]), ox.NamedNode(pair[1])))
        return {t.object.datatype.value for t in found if isinstance(t.object, ox.Literal)}

    def subjects(self, kind: str) -> set[str]:
        """The nodes of a class."""
        wanted = expand(kind)
        return {s for (s, p), values in self._by.items() if p == expand("rdf:type") and wanted in values}

    def mentions(self, kind: str = "Gene", figid: str = FIGID) -> list[Mention]:
        """The mentions of one kind (`Gene`, `Chemical`, `Disease`) in a figure, sorted."""
        target = figure_iri(figid)
        nodes = [node for node in self.subjects(f"pfo:{kind}Mention") if target in self.values(node, "oa:hasTarget")]
        properties = ("pfo:word", "pfo:match", "oa:hasBody", "pfo:lexicon", "pfo:occurrences")
        return sorted(Mention(*(self.value(node, name) for name in properties)) for node in nodes)

    def words(self, kind: str = "Gene", figid: str = FIGID) -> list[str]:
        """The words of a figure's mentions of one kind, sorted."""
        return [mention.word for mention in self.mentions(kind, figid)]

    def mentioned(self, figid: str = FIGID) -> list[str]:
        """What a figure mentions."""
        return self.values(figure_iri(figid), "schema:mentions")

    def literals(self) -> Counter[str]:
        """All literal texts."""
        return Counter(t.object.value for t in self.triples if isinstance(t.object, ox.Literal))


_REAL_TEXT: Final = frozenset(expand(name) for name in ("pfo:word", "pfo:match"))
"""Where `NA` may be real text: words and what they matched."""


def assert_safe(graph: Graph) -> None:
    """No relative, `file:` or `example.org` IRI, and no literal that spells 'missing'."""
    iris = {
        t
        for triple in graph.triples
        for t in (triple.subject, triple.predicate, triple.object)
        if isinstance(t, ox.NamedNode)
    }
    assert iris, "the graph is empty"
    for node in iris:
        assert re.match(r"https?://(?!example\.org)[^\s<>\"{}|\\^`]+$", node.value), node
        assert ".na." not in node.value, node
    for triple in graph.triples:
        if isinstance(triple.object, ox.Literal) and triple.predicate.value not in _REAL_TEXT:
            assert triple.object.value not in ABSENT, triple


class Exported(NamedTuple):
    """An export's graph and report."""

    graph: Graph
    report: kg.ExportReport

    @property
    def codes(self) -> Counter[str]:
        """Problems and notes by code."""
        return self.report.problems.counts

    @property
    def repairs(self) -> Counter[str]:
        """Repairs by name."""
        return self.report.repairs


def export(folder: Path, *records: Record, **settings: Any) -> Exported:
    """Write records, export them, and read the graph back; every graph is checked to be safe."""
    source = write_source(folder / "source", *records)
    return export_source(source, folder / "out.nt", **settings)


def export_source(source: Path, output: Path, **settings: Any) -> Exported:
    """Export what lies in a folder, and read the graph back."""
    report = kg.export(source, output, **settings)
    graph = Graph(quad.triple for quad in ox.parse(path=output, format=ox.RdfFormat.N_TRIPLES))
    assert_safe(graph)
    return Exported(graph, report)
