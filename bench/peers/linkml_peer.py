"""Much of the same graph with LinkML: a schema, objects of its classes, and LinkML's own RDF dumper.

    ENV/bin/python bench/peers/linkml_peer.py SOURCE --output FILE.nt

`records.py` reads the records; the links between them, mention IRIs and counts are made in Python, as LinkML leaves
that to its users, and written as one JSON line for each node. Then LinkML takes over: Pydantic classes are generated
from `linkml.schema.yaml`, each node becomes an object (and is checked thereby), and `rdflib_dumper` puts the
objects into rdflib graphs, which are written as N-Triples. `linkml_rust.py` has the runtime in Rust do that instead.
Prints one JSON object.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import importlib
import itertools
import json
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from bench.peers.records import Record, read_records, table_rows

SCHEMA: Final = Path(__file__).resolve().with_name("linkml.schema.yaml")
BASE: Final = "https://w3id.org/pfocr-kg/"
OBO: Final = "http://purl.obolibrary.org/obo/"
MESH: Final = "http://id.nlm.nih.gov/mesh/"
NCBIGENE: Final = "https://identifiers.org/ncbigene/"
WIKIPATHWAYS: Final = "http://www.wikidata.org/entity/Q7999828"
ANNOTATION: Final = "http://www.w3.org/ns/oa#Annotation"
SCHEMA_ORG: Final = "http://schema.org/"
STRICTNESS: Final = {"ncbigene_symbol": "strict", "ncbigene_synonym": "synonyms", "famplex_relations": "all"}
BATCH: Final = 5000
"""Nodes in one rdflib graph: a graph of all would fill the memory and be no quicker."""

TERMS: Final = {"chemicals": ("Chemical", "chebi", "CHEBI_"), "diseases": ("Disease", "doid", "DOID_")}

_MESH_ID: Final = re.compile(r"[A-Z][0-9]{3,18}$", re.IGNORECASE)
_NUMBER: Final = re.compile(r"[0-9]+$")

Node = dict[str, Any]


class Nodes:
    """All nodes by IRI, each with its class, and what is counted over figures."""

    def __init__(self) -> None:
        self.of_class: dict[str, str] = {}
        self.facts: dict[str, Node] = {}
        self.figures: Counter[str] = Counter()
        self.names: dict[str, Counter[str]] = {}
        self.taxa: dict[str, str] = {}

    def add(self, kind: str, iri: str, **facts: Any) -> None:
        """Add a node, or to a known one: lists grow, other values stay as they were first."""
        known = self.facts.setdefault(iri, {"id": iri})
        if self.of_class.setdefault(iri, kind) == "Spelling":  # what was only mapped to may be mentioned later
            self.of_class[iri] = kind
        for slot, value in facts.items():
            if isinstance(value, list):
                known[slot] = list(dict.fromkeys([*known.get(slot, []), *value]))
            elif value not in {"", None}:
                known.setdefault(slot, value)

    def count(self, iri: str, names: Sequence[str]) -> None:
        """Count one figure for an entity or journal, and the names that the figure has for it."""
        self.figures[iri] += 1
        self.names.setdefault(iri, Counter()).update(name for name in dict.fromkeys(names) if name)

    def counted(self) -> Iterator[tuple[str, Node]]:
        """Yield class and facts of all nodes, with labels (the most frequent name first) and counts."""
        for iri, facts in self.facts.items():
            kind = self.of_class[iri]
            if "types" in facts:  # LinkML writes the class by itself
                facts["types"] = [other for other in facts["types"] if other != f"{BASE}vocab#{kind}"]
            names = sorted(self.names.get(iri, {}).items(), key=lambda pair: (-pair[1], pair[0]))
            if iri in self.figures:
                facts["figure_count"] = self.figures[iri]
            if names and kind == "Journal":
                facts["title"] = names[0][0]
            elif names:
                facts["label"] = names[0][0]
                facts["other_labels"] = [name for name, _ in names[1:]] if kind in {"Gene", "Taxon"} else []
            yield kind, facts


def add_record(nodes: Nodes, source: Path, record: Record) -> None:
    """Add a record's figure, paper, mentions and entities."""
    figure = record["figure"]
    add_figure(nodes, record)
    add_paper(nodes, record)
    named: dict[str, list[str]] = {}
    add_genes(nodes, figure, list(table_rows(source, record, "genes")), named)
    for table in TERMS:
        add_terms(nodes, figure, table, list(table_rows(source, record, table)), named)
    for iri, names in named.items():
        nodes.count(iri, names)
    nodes.add("Figure", figure, mentions=list(named))


def add_figure(nodes: Nodes, record: Record) -> None:
    """Add the figure itself and its image."""
    pmcid, score = record["pmcid"], record["score"]
    image = f"https://europepmc.org/articles/{pmcid}/bin/{record['filename']}" if record["filename"] else ""
    _, found, rest = record["figlink"].partition(f"articles/{pmcid}/")
    links = (("https://identifiers.org/wikipathways/", "wpid"), ("https://www.ndexbio.org/viewer/networks/", "ndex"))
    nodes.add(
        "Figure",
        record["figure"],
        types=[f"{SCHEMA_ORG}Dataset", "http://purl.org/spar/doco/Figure"],
        identifiers=[record["figid"]],
        title=record["figtitle"],
        name=record["figtitle"],
        description=record["description"],
        creator=WIKIPATHWAYS,
        license=record["license"],
        stated_license=record["license"],
        part_of=f"https://identifiers.org/pmc/{pmcid}",
        keywords=record["keywords"],
        depiction=image,
        page=f"https://pmc.ncbi.nlm.nih.gov/{found}{rest}" if found else "",
        figure_number=record["number"],
        figure_type=record["figtype"],
        figure_alias=record["figid_alias"],
        pathway_score=score if not score or "." in score else f"{score}.0",
        organism_names=record["organisms"],
        see_also=[address + record[key] for address, key in links if record[key]],
    )
    nodes.add("Agent", WIKIPATHWAYS, name="WikiPathways")
    if image:
        nodes.add("Image", image, types=[f"{SCHEMA_ORG}ImageObject"])


def add_paper(nodes: Nodes, record: Record) -> None:
    """Add the paper with all forms of its DOI, its journal and its publisher."""
    pmcid, doi = record["pmcid"], record["doi"]
    short, publisher = record["journal_nlm_ta"], record["publisher_name"]
    journal = own("journal", short or record["journal_title"])
    nodes.add(
        "Paper",
        f"https://identifiers.org/pmc/{pmcid}",
        types=[f"{SCHEMA_ORG}ScholarlyArticle"],
        identifiers=[f"doi:{doi}"] if doi else [],
        title=record["papertitle"],
        year=record["year"],
        pmcid=pmcid,
        pmcid_digits=pmcid.removeprefix("PMC"),
        doi=doi,
        doi_capitals=doi.upper(),
        citation=record["reftext"],
        author_keywords=record["author_keywords"],
        part_of=journal,
        publisher=own("publisher", publisher),
        page=f"https://europepmc.org/articles/{pmcid}",
        exact_matches=[f"https://doi.org/{doi}", f"https://doi.org/{doi.lower()}"] if doi else [],
    )
    if journal:
        nodes.add("Journal", journal, abbreviation=short)
        nodes.count(journal, [record["journal_title"] or short])
    if publisher:
        nodes.add("Publisher", own("publisher", publisher), agent_name=publisher)


def own(folder: str, name: str) -> str:
    """The IRI of a journal or publisher, made of its name; empty for none."""
    parts = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    tail = "" if name.isascii() else f"-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
    return f"{BASE}{folder}/{parts or 'x'}{tail}" if name else ""


def add_genes(nodes: Nodes, figure: str, rows: list[dict[str, str]], named: dict[str, list[str]]) -> None:
    """Add gene mentions, genes, taxa and organism evidence of one table."""
    mentions: Counter[tuple[str, ...]] = Counter()
    organisms: dict[tuple[str, ...], None] = {}
    for row in rows:
        ident, taxid = row["ncbigene_id"], row["organism_id"]
        body = NCBIGENE + ident if ident else ""
        mentions[row["word"], row["match"], ident, row["source"], body] += 1
        organism = (taxid, *(row.get(key, "") for key in ("organism_name", "organism_group")))
        organisms[*organism, *(row.get(f"count_{key}", "") for key in ("direct", "synonym", "match"))] = None
        if ident:
            add_gene(nodes, ident, taxid)
            named.setdefault(body, []).append(row["ncbigene_symbol"])
    add_mentions(nodes, figure, "GeneMention", mentions)
    for taxid, name, group, *counts in organisms:
        taxon = f"{OBO}NCBITaxon_{taxid}"
        add_taxon(nodes, taxid, group)
        nodes.taxa[name] = taxon
        nodes.add("Figure", figure, organism_names=[name] if name else [], organisms=[taxon])
        numbers = [[int(count)] if count else [] for count in counts]
        slots = dict(zip(("direct_count", "synonym_count", "match_count"), numbers, strict=True))
        nodes.add("OrganismEvidence", f"{figure}#t-{taxid}", target=figure, organism=taxon, **slots)


def add_gene(nodes: Nodes, ident: str, taxid: str) -> None:
    """Add a gene in all its spellings."""
    spellings = (
        "http://identifiers.org/ncbigene/", "http://purl.uniprot.org/geneid/",
        "http://rdf.ncbi.nlm.nih.gov/pubchem/gene/GID", "https://www.ncbi.nlm.nih.gov/gene/",
    )  # fmt: skip
    taxa = [f"{OBO}NCBITaxon_{taxid}"]
    if NCBIGENE + ident in nodes.facts:
        nodes.add("Gene", NCBIGENE + ident, taxa=taxa)
        return
    nodes.add(
        "Gene",
        NCBIGENE + ident,
        types=[f"{SCHEMA_ORG}Gene"],
        identifiers=[ident],
        entrez=ident,
        taxa=taxa,
        exact_matches=[address + ident for address in spellings],
    )


def add_taxon(nodes: Nodes, taxid: str, group: str) -> None:
    """Add a taxon in all its spellings."""
    spellings = ("http://purl.uniprot.org/taxonomy/", "http://identifiers.org/taxonomy/")
    matches = [address + taxid for address in spellings]
    nodes.add("Taxon", f"{OBO}NCBITaxon_{taxid}", groups=[group] if group else [], exact_matches=matches)


def link_organisms(nodes: Nodes) -> None:
    """Give figures the taxa of all organisms that they name, where any table tells the id, and count them."""
    name_of = {taxon: name for name, taxon in nodes.taxa.items()}
    for iri in [iri for iri, kind in nodes.of_class.items() if kind == "Figure"]:
        names = nodes.facts[iri].get("organism_names", [])
        nodes.add("Figure", iri, organisms=[nodes.taxa[name] for name in names if name in nodes.taxa])
        for taxon in nodes.facts[iri]["organisms"]:
            nodes.count(taxon, [name_of.get(taxon, "")])


def add_terms(nodes: Nodes, figure: str, table: str, rows: list[dict[str, str]], named: dict[str, list[str]]) -> None:
    """Add the mentions and terms of a table of chemicals or diseases."""
    kind, column, prefix = TERMS[table]
    mentions: Counter[tuple[str, ...]] = Counter()
    for row in rows:
        mesh = _MESH_ID.search(row.get("mesh", "") + row.get("identifier", ""))
        number = _NUMBER.search(row.get(column, ""))
        second = f"{prefix}{number[0]}" if number else ""
        ident = mesh[0].upper() if mesh else second
        lexicon = "mesh" if mesh else column if second else row.get("source", "").lower()
        body = (MESH if mesh else OBO) + ident if ident else ""
        mentions[row["word"], row.get("match", ""), ident, lexicon, body] += 1
        if body:
            nodes.add(
                kind,
                body,
                types=[f"{BASE}vocab#{kind}"],
                exact_matches=[f"http://identifiers.org/mesh/{ident}"] if mesh else [],
                close_matches=[OBO + second] if mesh and second else [],
            )
            named.setdefault(body, []).append(row.get("name", "") or row["word"])
        if second.startswith("CHEBI_"):
            other = f"https://identifiers.org/chebi/{second.replace('_', ':')}"
            nodes.add("Spelling", OBO + second, exact_matches=[other])
    add_mentions(nodes, figure, f"{kind}Mention", mentions)


def add_mentions(nodes: Nodes, figure: str, kind: str, mentions: Counter[tuple[str, ...]]) -> None:
    """Add one mention for each (word, match, id, lexicon), under the digest of the four."""
    for (*parts, body), times in mentions.items():
        digest = hashlib.sha256("\t".join(parts).encode()).hexdigest()[:12]
        word, match, _, lexicon = parts
        if lexicon:
            scheme, strictness = f"{BASE}lexicon", STRICTNESS.get(lexicon, "")
            nodes.add("Lexicon", f"{scheme}/{lexicon}", pref_label=lexicon, scheme=scheme, strictness=strictness)
        nodes.add(
            kind,
            f"{figure}#{kind[0].lower()}-{digest}",
            types=[ANNOTATION],
            target=figure,
            body=body,
            word=word,
            match=match,
            lexicon=f"{BASE}lexicon/{lexicon}" if lexicon else "",
            occurrences=times if times > 1 else None,
        )


def prepare(source: Path, path: Path) -> int:
    """Write all nodes as JSON lines (class, facts) and return the number of figures."""
    nodes = Nodes()
    figures = 0
    for record in read_records(source):
        add_record(nodes, source, record)
        figures += 1
    link_organisms(nodes)
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(pair, ensure_ascii=False) + "\n" for pair in nodes.counted())
    return figures


def batches(path: Path) -> Iterator[list[tuple[str, Node]]]:
    """Yield the prepared nodes, some thousand at a time."""
    with path.open(encoding="utf-8") as file:
        while lines := list(itertools.islice(file, BATCH)):
            yield [json.loads(line) for line in lines]


def dump_with_rdflib(path: Path, output: Path) -> int:
    """Dump the nodes with LinkML's own dumper as N-Triples, and return the number of triples."""
    generator = importlib.import_module("linkml.generators.pydanticgen").PydanticGenerator
    view = importlib.import_module("linkml_runtime.utils.schemaview").SchemaView(str(SCHEMA))
    dumper = importlib.import_module("linkml_runtime.dumpers").rdflib_dumper
    new_graph = importlib.import_module("rdflib").Graph
    module = generator(str(SCHEMA)).compile_module()
    triples = 0
    with output.open("wb") as file:
        for nodes in batches(path):
            graph = new_graph(bind_namespaces="none")
            for kind, facts in nodes:
                # As children of one container they would be dumped by the same method, only linked to it.
                dumper.inject_triples(getattr(module, kind)(**facts), view, graph)
            graph.serialize(file, format="nt", encoding="utf-8")
            triples += len(graph)
    return triples


def dump_with_rust(path: Path, output: Path) -> int:
    """Dump the nodes with LinkML's runtime in Rust, and return the number of triples."""
    runtime = importlib.import_module("linkml_runtime_rust")
    view = runtime.make_schema_view(str(SCHEMA))
    classes: dict[str, Any] = {}
    with output.open("wb") as file:
        for nodes in batches(path):
            instances = []
            for kind, facts in nodes:
                if kind not in classes:
                    classes[kind] = view.get_class_view(kind)
                instance, problems = runtime.load_json(json.dumps(facts), view, classes[kind])
                if problems:
                    raise ValueError(f"{facts['id']}: {problems[0]}")
                instances.append(instance)
            runtime.export_ntriples(instances, view, file)
    with output.open("rb") as file:
        return sum(1 for _ in file)


DUMPS: Final[dict[str, Callable[[Path, Path], int]]] = {"rdflib": dump_with_rdflib, "rust": dump_with_rust}


def run(source: Path, output: Path, work: Path, engine: str) -> dict[str, float]:
    """Prepare, dump, and return counts and seconds."""
    start = time.perf_counter()
    figures = prepare(source, work / "nodes.jsonl")
    prepared = time.perf_counter()
    triples = DUMPS[engine](work / "nodes.jsonl", output)
    done = time.perf_counter()
    return {
        "figures": figures,
        "triples": triples,
        "preparation_seconds": prepared - start,
        "dump_seconds": done - prepared,
    }


def main(argv: Sequence[str] | None = None, *, engine: str = "rdflib") -> int:
    """Run the command with one of the two dumpers and return its exit code."""
    parser = argparse.ArgumentParser(prog=Path(sys.argv[0]).name, description="The graph with LinkML's RDF dumper.")
    parser.add_argument("source", type=Path, help="folder with _figures and _data")
    parser.add_argument("--output", type=Path, required=True, help="N-Triples file to write")
    parser.add_argument("--work", type=Path, help="folder for what the tool reads (default: one that is removed)")
    args = parser.parse_args(argv)
    with contextlib.ExitStack() as stack:
        work = args.work or Path(stack.enter_context(tempfile.TemporaryDirectory(dir=args.output.parent)))
        work.mkdir(parents=True, exist_ok=True)
        told = run(args.source, args.output, work, engine)
    print(json.dumps(told))
    return 0


if __name__ == "__main__":
    sys.exit(main())
