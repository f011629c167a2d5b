"""Records and their tables, read with PyYAML and `str.split` alone: the first half of `plain.py`."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import yaml

from kg.tidy import tidy, tidy_paper_title, tidy_title

__all__ = ["ABSENT", "Entity", "Organism", "Paper", "Record", "SkippedError", "find_records", "read_record"]

KINDS: Final = {"genes": "gene", "chemicals": "chemical", "diseases": "disease"}
ABSENT: Final = frozenset({"", "NA", "NaN", ".na.character", ".na", ".na.real"})
NO_VALUE: Final = ABSENT | {"~", "null", "Null", "NULL"}
REQUIRED: Final = {
    "genes": ({"organism_id", "word", "match", "ncbigene_symbol", "ncbigene_id", "source"},),
    "chemicals": ({"word", "mesh", "chebi"}, {"word", "source", "identifier"}),
    "diseases": ({"word", "mesh", "doid"}, {"word", "source", "identifier"}),
}
ORGANISM: Final = ("organism_id", "organism_name", "organism_group", "count_direct", "count_synonym", "count_match")
# Genes of 2020-21 stand in the front matter: their columns under today's names.
INLINE: Final = {
    "word": "word", "match": "symbol", "ncbigene_symbol": "hgnc_symbol", "ncbigene_id": "entrez", "source": "source",
}  # fmt: skip

GENE_ID: Final = re.compile(r"[1-9][0-9]{0,17}")
MESH_ID: Final = re.compile(r"(?:mesh:)?([a-z][0-9]{3,18})", re.IGNORECASE | re.ASCII)
OBO_ID: Final = {
    "chebi": re.compile(r"(?:chebi[:_])?([0-9]{1,18})", re.IGNORECASE | re.ASCII),
    "doid": re.compile(r"(?:doid[:_])?([0-9]{1,18})", re.IGNORECASE | re.ASCII),
}
PMCID: Final = re.compile(r"PMC[1-9][0-9]{0,14}")
DOI: Final = re.compile(r"10\.[0-9]{2,9}(?:\.[0-9]+)*/\S+")
DOI_PREFIX: Final = re.compile(r"^(?:https?://)?(?:(?:dx\.|www\.)?doi\.org/|doi:\s*)", re.IGNORECASE)
NUMBER: Final = re.compile(r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]{1,2})?")
UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class SkippedError(Exception):
    """A record that is broken or rejected, and left out whole."""


@dataclass
class Entity:
    """What a record's tables say of one gene, chemical or disease."""

    kind: str
    ident: str
    names: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    maps: list[str] = field(default_factory=list)
    taxa: list[str] = field(default_factory=list)


@dataclass
class Organism:
    """An organism of the gene table, with its distinct counts."""

    taxid: str
    name: str
    groups: list[str] = field(default_factory=list)
    counts: dict[str, list[int]] = field(default_factory=lambda: {"direct": [], "synonym": [], "match": []})


@dataclass
class Paper:
    """A paper as one record, or all its records together, describe it."""

    pmcid: str
    title: str
    doi: str
    year: str
    citation: str
    journal: str
    abbreviation: str
    publisher: str
    keywords: list[str]


@dataclass
class Record:
    """A figure, its paper, and what its tables say; a mention's key is kind, word, match, id and lexicon."""

    figid: str
    generation: str
    digest: bytes
    texts: dict[str, str]
    paper: Paper
    annotations: list[str]
    recognised: list[str]
    named: list[str]
    jsonld: Any
    tables: dict[str, str] = field(default_factory=dict)
    companions: int = 0
    mentions: dict[tuple[str, str, str, str, str], int] = field(default_factory=dict)
    entities: dict[tuple[str, str], Entity] = field(default_factory=dict)
    organisms: dict[str, Organism] = field(default_factory=dict)

    def entity(self, kind: str, ident: str) -> Entity:
        """The entity of that id, made when first asked for."""
        return self.entities.setdefault((kind, ident), Entity(kind, ident))


class UniqueKeys:
    """A mix-in for PyYAML's base loaders: of a key that stands twice they keep the last, here it is an error."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002
        """As PyYAML, but refuses a second value for a key."""
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        if len(set(keys)) < len(keys):
            raise yaml.constructor.ConstructorError(None, None, "a key stands twice", node.start_mark)
        made: dict[Hashable, Any] = super().construct_mapping(node, deep=deep)  # type: ignore[misc]
        return made


class PureLoader(UniqueKeys, yaml.BaseLoader):
    """All scalars as text; the loader of a plain installation."""


class FastLoader(UniqueKeys, getattr(yaml, "CBaseLoader", yaml.BaseLoader)):  # type: ignore[misc]
    """The same on libyaml (`--c-loader`)."""


def find_records(source: Path) -> list[Path]:
    """The records of a folder with `_figures`."""
    return sorted(source.glob("_figures/*.md"))


def read_text(path: Path) -> tuple[str, bytes]:
    """A file's text, line ends made one, and its digest."""
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise SkippedError(path) from None
    return text.replace("\r\n", "\n").replace("\r", "\n"), hashlib.sha256(data).digest()


def front_matter(text: str, loader: Any) -> dict[str, Any]:
    """The mapping between the first two `---` lines."""
    lines = text.split("\n")
    ends = [number for number, line in enumerate(lines) if line.rstrip() == "---"]
    if len(ends) < 2 or ends[0]:
        raise SkippedError("no front matter")
    try:
        front = yaml.load("\n".join(lines[1 : ends[1]]), Loader=loader)  # noqa: S506 (a base loader makes text only)
    except yaml.YAMLError as error:
        raise SkippedError(error) from None
    if not isinstance(front, dict):
        raise SkippedError("no mapping")
    return front


def read_record(path: Path, loader: Any) -> Record:
    """The record of a file and its tables.

    Raises:
        SkippedError: it is broken, or its curators rejected it.
    """
    text, digest = read_text(path)
    front = front_matter(text, loader)
    record = make_record(front)
    sums = [digest]
    for name in KINDS:
        table = find_table(path, record.figid, name)
        if table:
            content, table_digest = read_text(table)
            sums.append(table_digest)
            record.tables[name] = str(table)
            record.companions += 1
            read_rows(record, name, table_rows(name, content))
        elif front.get(name) is not None:
            record.tables[name] = name
            read_rows(record, name, inline_rows(name, front[name]))
    record.digest = hashlib.sha256(b"".join(sums)).digest()
    return record


def find_table(record: Path, figid: str, name: str) -> Path | None:
    """A companion table by figure id or the record's file name, some of which have `_` for `.`."""
    folder = record.parent.parent / "_data"
    for stem in dict.fromkeys((figid, record.stem)):
        for spelling in (stem, stem.replace(".", "_")):
            path = folder / f"{spelling}-{name}.tsv"
            if path.is_file():
                return path
    return None


def text_of(front: dict[str, Any], key: str) -> str:
    """A field as text, empty where it is missing or spells "missing"."""
    value = front.get(key, "")
    if not isinstance(value, str):
        raise SkippedError(f"{key} is no text")
    return "" if value.strip() in NO_VALUE else value


def texts_of(front: dict[str, Any], key: str) -> list[str]:
    """A field as a list of texts, tidied."""
    value = front.get(key, "")
    items = value if isinstance(value, list) else [value]
    if not all(isinstance(item, str) for item in items):
        raise SkippedError(f"{key} is no list of texts")
    return [text for text in map(tidy, items) if text not in NO_VALUE]


def matching(text: str, pattern: str | re.Pattern[str]) -> str:
    """The text where it has the form that is wanted, else nothing."""
    return text if re.fullmatch(pattern, text) else ""


def make_record(front: dict[str, Any]) -> Record:
    """The record that a front matter describes, without its tables."""
    figid = text_of(front, "figid").strip()
    if not figid or "\n" in figid:
        raise SkippedError("no figid")
    pmcid = text_of(front, "pmcid").strip() or matching(figid.split("__")[0], PMCID)
    if not PMCID.fullmatch(pmcid):
        raise SkippedError("no pmcid")
    if "REJECT" in (str(front.get(key, "")).strip().upper() for key in ("figtitle", "number")):
        raise SkippedError("rejected")
    paper = make_paper(front, pmcid)
    recognised = texts_of(front, "organisms_ner")
    return Record(
        figid=figid,
        generation=generation_of(front),
        digest=b"",
        texts=figure_texts(front, paper),
        paper=paper,
        annotations=annotations_of(front),
        recognised=recognised,
        named=list(dict.fromkeys([*texts_of(front, "organisms"), *recognised])),
        jsonld=front.get("schema-jsonld"),
    )


def generation_of(front: dict[str, Any]) -> str:
    """When the record was made, A (2020) to E (2024-25), by its keys and their order."""
    keys = list(front)
    if {"genes", "annotations", "pathway_score"} & set(keys):
        return "B" if "figid_alias" in front else "A"
    if {"organisms_ner", "figtype"} <= set(keys) and keys.index("organisms_ner") > keys.index("figtype"):
        return "C"
    return "D" if front.get("doi") in (None, "", ".na.character") else "E"


def figure_texts(front: dict[str, Any], paper: Paper) -> dict[str, str]:
    """The figure's own single texts."""
    texts = {key: text_of(front, key).strip() for key in ("number", "figtype", "filename", "figid_alias")}
    title = tidy_title(text_of(front, "figtitle"))
    texts["title"] = paper.title if title in NO_VALUE else title
    texts["caption"] = tidy_title(text_of(front, "caption"))
    texts["page"] = page_of(text_of(front, "figlink").strip(), paper.pmcid)
    texts["score"] = score_of(front)
    texts["ndex"] = matching(text_of(front, "ndex").strip(), UUID)
    texts["wpid"] = matching(text_of(front, "wpid").strip(), "WP[0-9]+")
    return texts


def make_paper(front: dict[str, Any], pmcid: str) -> Paper:
    """The paper as a front matter describes it."""
    keywords = [tidy(part) for part in text_of(front, "keywords").replace("\n", " ").split(" | ")]
    return Paper(
        pmcid=pmcid,
        title=tidy_paper_title(text_of(front, "papertitle")),
        doi=matching(DOI_PREFIX.sub("", text_of(front, "doi").strip()), DOI),
        year=matching(text_of(front, "year").strip(), "[0-9]{4}"),
        citation=tidy(text_of(front, "reftext")),
        journal=tidy(text_of(front, "journal_title")),
        abbreviation=tidy(text_of(front, "journal_nlm_ta")),
        publisher=tidy(text_of(front, "publisher_name")),
        keywords=list(dict.fromkeys(word for word in keywords if word not in ABSENT)),
    )


def page_of(link: str, pmcid: str) -> str:
    """The figure's page below PMC's address, where the link names this paper."""
    _, found, rest = link.partition(f"articles/{pmcid}")
    return found + rest if found and rest[:1] in ("", "/") else ""


def score_of(front: dict[str, Any]) -> str:
    """The score as a decimal with a point, which no exponent has."""
    key = "automl_pathway" if text_of(front, "automl_pathway").strip() else "pathway_score"
    value = matching(text_of(front, key).strip(), NUMBER)
    if not value:
        return ""
    score = format(Decimal(value), "f")
    return score if "." in score else f"{score}.0"


def annotations_of(front: dict[str, Any]) -> list[str]:
    """`type: value` of each annotation of 2020-21."""
    value = front.get("annotations", [])
    found = []
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, dict):
            parts = [tidy(str(item.get(key, ""))) for key in ("type", "value")]
            found.append(": ".join(part for part in parts if part))
        elif isinstance(item, str):
            found.append(tidy(item))
    return [text for text in dict.fromkeys(found) if text not in NO_VALUE]


def table_rows(name: str, text: str) -> Iterator[dict[str, str]]:
    """Rows of a tab-separated table; quotes are text, so the csv module would only be in the way."""
    lines = text.split("\n")
    columns = lines[0].split("\t")
    if not any(wanted <= set(columns) for wanted in REQUIRED[name]):
        raise SkippedError("a table's header")
    for line in filter(None, lines[1:]):
        cells = line.split("\t")
        if len(cells) != len(columns):
            raise SkippedError("a table's row")
        yield dict(zip(columns, cells, strict=True))


def inline_rows(name: str, value: Any) -> Iterator[dict[str, str]]:
    """Rows that stand in the front matter itself."""
    for item in value if isinstance(value, list) else [value] if value else []:
        if not isinstance(item, dict) or not all(isinstance(cell, str) for cell in item.values()):
            raise SkippedError("an inline row")
        if name == "genes":
            modern = {column: item.get(old, "") for column, old in INLINE.items()}
            yield {**modern, "organism_id": "9606", "organism_name": "Homo sapiens"}
        else:
            yield item


def read_rows(record: Record, name: str, rows: Iterator[dict[str, str]]) -> None:
    """Add the rows of a table to the record."""
    blocks: set[tuple[str | None, ...]] = set()
    for row in rows:
        if name == "genes":
            read_gene(record, row, blocks)
        else:
            read_term(record, KINDS[name], row)


def cell(row: dict[str, str], column: str) -> str:
    """A cell, empty where it spells "missing"."""
    value = row.get(column, "")
    return "" if value in ABSENT else value


def ident_of(row: dict[str, str], column: str, pattern: re.Pattern[str]) -> str:
    """The last group (or all) of a cell with an id of the right form, else nothing."""
    value = row.get(column, "").strip()
    found = None if value in ABSENT else pattern.fullmatch(value)
    return found[pattern.groups] if found else ""


def add_new(texts: list[str], text: str) -> None:
    """Append a text that is there and is new."""
    if text and text not in texts:
        texts.append(text)


def read_gene(record: Record, row: dict[str, str], blocks: set[tuple[str | None, ...]]) -> None:
    """A row of a gene table; `NA` as a word is a gene."""
    ident, taxid = ident_of(row, "ncbigene_id", GENE_ID), ident_of(row, "organism_id", GENE_ID)
    key = ("gene", row.get("word", ""), row.get("match", ""), ident, cell(row, "source"))
    record.mentions[key] = record.mentions.get(key, 0) + 1
    if ident:
        gene = record.entity("gene", ident)
        add_new(gene.names, cell(row, "ncbigene_symbol"))
        add_new(gene.taxa, taxid)
    block = tuple(map(row.get, ORGANISM))
    if taxid and block not in blocks:
        blocks.add(block)
        read_organism(record, taxid, row)


def read_organism(record: Record, taxid: str, row: dict[str, str]) -> None:
    """The organism columns, which repeat on every row of an organism."""
    organism = record.organisms.setdefault(taxid, Organism(taxid, cell(row, "organism_name")))
    add_new(organism.groups, cell(row, "organism_group"))
    for name, numbers in organism.counts.items():
        text = row.get(f"count_{name}", "")
        if text.isascii() and text.isdigit() and len(text) < 18 and int(text) not in numbers:
            numbers.append(int(text))


def read_term(record: Record, kind: str, row: dict[str, str]) -> None:
    """A row of a chemical or disease table: a MeSH id, else one of the kind's own database."""
    column = "chebi" if kind == "chemical" else "doid"
    mesh = ident_of(row, "mesh" if "mesh" in row else "identifier", MESH_ID).upper()
    number = ident_of(row, column, OBO_ID[column])
    other = f"{column.upper()}_{number}" if number else ""
    lexicon = "mesh" if mesh else column if other else cell(row, "source").lower()
    ident = mesh or other
    key = (kind, row.get("word", ""), cell(row, "match"), ident, lexicon)
    record.mentions[key] = record.mentions.get(key, 0) + 1
    if ident:
        term = record.entity(kind, ident)
        add_new(term.names, cell(row, "name"))
        add_new(term.words, cell(row, "word"))
        add_new(term.maps, other if mesh else "")
