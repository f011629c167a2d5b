"""An independent reader of records, tables and graphs: it shares no code with `kg`, so that both can be compared."""

from __future__ import annotations

import csv
import html
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

import pyoxigraph as ox
import yaml

KINDS: Final = {"genes": "Gene", "chemicals": "Chemical", "diseases": "Disease"}
ABSENT: Final = frozenset({"", "NA", "NaN", ".na.character", ".na", ".na.real"})

RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS: Final = "http://www.w3.org/2000/01/rdf-schema#"
SCHEMA: Final = "http://schema.org/"
DCTERMS: Final = "http://purl.org/dc/terms/"
FOAF: Final = "http://xmlns.com/foaf/0.1/"
FABIO: Final = "http://purl.org/spar/fabio/"
PRISM: Final = "http://prismstandard.org/namespaces/basic/2.0/"
SKOS: Final = "http://www.w3.org/2004/02/skos/core#"
OA: Final = "http://www.w3.org/ns/oa#"
OBO: Final = "http://purl.obolibrary.org/obo/"
WP: Final = "http://vocabularies.wikipathways.org/wp#"
WDT: Final = "http://www.wikidata.org/prop/direct/"
WD: Final = "http://www.wikidata.org/entity/"
VOID: Final = "http://rdfs.org/ns/void#"
VOIDEXT: Final = "http://ldf.fi/void-ext#"
PFO: Final = "https://w3id.org/pfocr-kg/vocab#"
LEX: Final = "https://w3id.org/pfocr-kg/lexicon/"
GRAPH: Final = "https://w3id.org/pfocr-kg/graph/"
XSD: Final = "http://www.w3.org/2001/XMLSchema#"
GENE: Final = "https://identifiers.org/ncbigene/"
MESH: Final = "http://id.nlm.nih.gov/mesh/"
FIGURES: Final = "https://pfocr.wikipathways.org/figures/"
TYPE: Final = f"{RDF}type"

Term = ox.NamedNode | ox.BlankNode | ox.Literal


def front_matter(path: Path) -> dict[str, Any]:
    """The YAML front matter of a record, every scalar as text."""
    text = path.read_text(encoding="utf-8-sig")
    assert text.startswith("---\n")
    front = yaml.load(text[4:].split("\n---", 1)[0], Loader=yaml.BaseLoader)  # noqa: S506 (makes texts only)
    assert isinstance(front, dict)
    return front


def table(path: Path) -> list[dict[str, str]]:
    """The rows of a tab-separated table, cells as they are."""
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    assert all(len(row) == len(header) for row in rows), path.name
    return [dict(zip(header, row, strict=True)) for row in rows]


class Row(NamedTuple):
    """What a table's row asserts: a word matched to an entity (its IRI, empty without a usable id) by a lexicon."""

    kind: str
    word: str
    match: str
    body: str
    lexicon: str


class Hit(NamedTuple):
    """The further content of a row: the entity's name, its taxon, ids that it is mapped to, counts of the organism."""

    row: Row
    name: str
    taxon: str
    mapped: str
    counts: tuple[str, str, str]


def _given(value: str | None) -> str:
    return "" if value is None or value in ABSENT else value


def _count(value: str | None) -> str:
    return value if value is not None and value.isdigit() else ""


def gene_hit(cells: Mapping[str, str]) -> Hit:
    """A row of a gene table; its word and match may be the real text `NA`, its id and symbol may be absent."""
    ident = _given(cells["ncbigene_id"])
    row = Row("Gene", cells["word"], cells["match"], GENE + ident if ident else "", LEX + cells["source"])
    counts = tuple(_count(cells.get(f"count_{name}")) for name in ("direct", "synonym", "match"))
    return Hit(row, _given(cells["ncbigene_symbol"]), cells["organism_id"], "", (counts[0], counts[1], counts[2]))


def inline_gene_hit(cells: Mapping[str, str]) -> Hit:
    """A gene of a record of 2020-21: human, matched through HGNC."""
    row = Row("Gene", cells["word"], cells["symbol"], GENE + cells["entrez"], LEX + cells["source"])
    return Hit(row, cells["hgnc_symbol"], "9606", "", ("", "", ""))


def term_hit(kind: str, cells: Mapping[str, str]) -> Hit:
    """A row of a chemical or disease table, of either form: MeSH gives the entity, or else ChEBI or DOID does."""
    mesh = re.sub("^mesh:", "", _given(cells["mesh" if "mesh" in cells else "identifier"]))
    column = "chebi" if kind == "Chemical" else "doid"
    other = re.sub("^[A-Za-z]+:", f"{OBO}{column.upper()}_", _given(cells.get(column)))
    body, lexicon = (MESH + mesh, "mesh") if mesh else (other, column if other else "")
    row = Row(kind, cells["word"], _given(cells.get("match")), body, LEX + lexicon if lexicon else "")
    return Hit(row, _given(cells.get("name")), "", other if mesh else "", ("", "", ""))


def table_hits(kind: str, rows: Iterable[Mapping[str, str]]) -> list[Hit]:
    """The rows of a companion table."""
    return [gene_hit(cells) if kind == "Gene" else term_hit(kind, cells) for cells in rows]


def inline_hits(kind: str, rows: Iterable[Mapping[str, str]]) -> list[Hit]:
    """The rows of a table that stands in the front matter."""
    return [inline_gene_hit(cells) if kind == "Gene" else term_hit(kind, cells) for cells in rows]


@dataclass(frozen=True, slots=True)
class Record:
    """A record as it stands on disk: its file, front matter and table rows."""

    path: Path
    front: dict[str, Any]
    hits: list[Hit]

    @property
    def figid(self) -> str:
        return str(self.front["figid"])

    @property
    def subject(self) -> str:
        return str(self.front["schema-jsonld"]["@id"])

    @property
    def paper(self) -> str:
        return f"https://identifiers.org/pmc/{self.front['pmcid']}"


def corpus_records(root: Path) -> list[Record]:
    """The records of a folder in the database's layout with their companion tables."""
    records = []
    for path in sorted((root / "_figures").glob("*.md")):
        hits: list[Hit] = []
        for name, kind in KINDS.items():
            companion = root / "_data" / f"{path.stem}-{name}.tsv"
            hits += table_hits(kind, table(companion)) if companion.exists() else []
        records.append(Record(path, front_matter(path), hits))
    return records


def history_folders(root: Path) -> list[Path]:
    """The folders of older versions, one a commit."""
    return sorted(path.parent for path in (root / "history").glob("*/_figures"))


def history_records(folders: Iterable[Path]) -> list[Record]:
    """The older records, whose tables stand in the front matter."""
    records = []
    for path in (path for folder in folders for path in sorted((folder / "_figures").glob("*.md"))):
        front = front_matter(path)
        hits = [hit for name, kind in KINDS.items() for hit in inline_hits(kind, front[name])]
        records.append(Record(path, front, hits))
    return records


@dataclass(frozen=True, slots=True)
class Graph:
    """A graph by subject and predicate."""

    triples: list[ox.Triple]
    facts: dict[str, dict[str, set[Term]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(set)))

    def terms(self, subject: str, predicate: str) -> set[Term]:
        """The objects of a subject's predicate."""
        return self.facts.get(subject, {}).get(predicate, set())

    def values(self, subject: str, predicate: str) -> list[str]:
        """The same as texts, sorted: IRIs as `<...>`, literals by their lexical form."""
        return sorted(_text(term) for term in self.terms(subject, predicate))

    def iris(self, subject: str, predicate: str) -> set[str]:
        """The IRIs among the objects; there must be nothing else."""
        terms = self.terms(subject, predicate)
        assert all(isinstance(term, ox.NamedNode) for term in terms), (subject, predicate)
        return {_text(term)[1:-1] for term in terms}

    def one(self, subject: str, predicate: str) -> str:
        """The one object as text, IRIs in `<>`; empty where there is none, and more are an error."""
        values = self.values(subject, predicate)
        assert len(values) <= 1, (subject, predicate, values)
        return values[0] if values else ""

    def of_type(self, name: str) -> list[str]:
        """The subjects of a class, sorted."""
        return sorted(s for s, facts in self.facts.items() if ox.NamedNode(name) in facts.get(TYPE, ()))


def _text(term: Term) -> str:
    return f"<{term.value}>" if isinstance(term, ox.NamedNode) else term.value


def read_graph(path: Path) -> Graph:
    """The graph in a Turtle file."""
    triples = [quad.triple for quad in ox.parse(path=str(path), format=ox.RdfFormat.TURTLE)]
    graph = Graph(triples)
    for triple in triples:
        assert isinstance(triple.subject, ox.NamedNode), triple
        assert not isinstance(triple.object, ox.Triple), triple
        graph.facts[triple.subject.value][triple.predicate.value].add(triple.object)
    return graph


def graph_mentions(graph: Graph) -> Iterator[tuple[str, str, Row, int]]:
    """Each mention node of a graph: its IRI, its figure, what it says, and how many rows it stands for."""
    for kind in KINDS.values():
        for subject in graph.of_type(f"{PFO}{kind}Mention"):
            body, lexicon, figure = (
                graph.one(subject, name)[1:-1] for name in (f"{OA}hasBody", f"{PFO}lexicon", f"{OA}hasTarget")
            )
            word, match = (graph.one(subject, f"{PFO}{name}") for name in ("word", "match"))
            times = graph.one(subject, f"{PFO}occurrences")
            yield subject, figure, Row(kind, word, match, body, lexicon), int(times or 1)


def counted_rows(records: Iterable[Record]) -> dict[str, Counter[Row]]:
    """How often each row stands in the tables of each figure that has any."""
    return {record.subject: Counter(hit.row for hit in record.hits) for record in records if record.hits}


_TAG = re.compile(r"</?[a-z]+>")


def tidied(text: str) -> str:
    """A text as people should read it: tags off, entities decoded, blanks collapsed, NFC."""
    # The ISO names of Greek letters that the corpus has; HTML's own decoder does not know them.
    greek = {"&agr;": "α", "&bgr;": "β", "&ggr;": "γ", "&kgr;": "κ"}
    for name, letter in greek.items():
        text = text.replace(name, letter)
    return unicodedata.normalize("NFC", " ".join(html.unescape(_TAG.sub("", text)).split()))


def tidied_title(text: str) -> str:
    """The same for titles and captions, without the residue of a figure's number (`: `, `|`, `. `) in front."""
    return re.sub(r"^(?:[:|]\s*|\.\s+)", "", tidied(text))
