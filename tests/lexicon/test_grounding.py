"""The grounding rules one by one on small lexicons, and all at once against an independent reading of them.

Every lexicon is built from files as the databases publish them, every record goes through a checked export.
"""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, NamedTuple
from xml.sax.saxutils import escape

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import kg
from kg.record import Findings
from tests.lexicon.oracle_keywords import (
    AMBIGUOUS,
    NOT_GUESSED,
    TAXA,
    UNCOVERED,
    UNKNOWN,
    Gene,
    Known,
    Link,
    Record,
    Term,
    is_mesh,
    meanings,
)
from tests.small import kg_run
from tests.variants import records as variants
from tests.variants.records import Graph, expand

HUMAN, MOUSE, FLY = "Homo sapiens", "Mus musculus", "Drosophila melanogaster"
REASONS: Final = (UNKNOWN, AMBIGUOUS, NOT_GUESSED, UNCOVERED)
OF_TABLES: Final = frozenset({"symbol-contradicts-id", "taxon-contradicts-id", "withdrawn-id"})

# Files of the databases


GENE_INFO: Final = (
    "#tax_id\tGeneID\tSymbol\tLocusTag\tSynonyms\tdbXrefs\tchromosome\tmap_location\tdescription\ttype_of_gene\t"
    "Symbol_from_nomenclature_authority\tFull_name_from_nomenclature_authority\tNomenclature_status\t"
    "Other_designations\tModification_date\tFeature_type\n"
)


def gene_info(genes: Iterable[Gene]) -> str:
    """NCBI's file: all further names are synonyms."""
    rows = (
        (str(gene.taxon), gene.ident, gene.symbol, "-", "|".join(_further(gene)) or "-", *["-"] * 9, "20240101", "-")
        for gene in genes
    )
    return GENE_INFO + "".join("\t".join(row) + "\n" for row in rows)


def _further(gene: Gene) -> list[str]:
    return [text for text in dict.fromkeys((*gene.previous, *gene.aliases)) if text != gene.symbol]


def hgnc(genes: Iterable[Gene]) -> str:
    """HGNC's complete set, with the columns that count, quoted as it is."""
    rows = [("hgnc_id", "symbol", "status", "alias_symbol", "prev_symbol", "date_modified", "entrez_id")]
    rows += [
        (f"HGNC:{gene.ident}", gene.symbol, "Approved", _quoted(gene.aliases), _quoted(gene.previous), "", gene.ident)
        for gene in genes
    ]
    return "".join("\t".join(row) + "\n" for row in rows)


def _quoted(names: Sequence[str]) -> str:
    joined = "|".join(names)
    return f'"{joined}"' if len(names) > 1 else joined


def famplex(genes: Iterable[Gene]) -> str:
    """FamPlex's relations: human genes by their symbol."""
    return "".join(
        f"HGNC,{gene.symbol},isa,FPLX,{family}\r\n" for gene in genes if gene.taxon == 9606 for family in gene.families
    )


def mesh(terms: Iterable[Term]) -> str:
    """MeSH's descriptors: the tree says what a term is."""
    records = "".join(
        f"<DescriptorRecord><DescriptorUI>{term.ident}</DescriptorUI><DescriptorName><String>{escape(term.name)}</String>"
        f"</DescriptorName><TreeNumberList><TreeNumber>{'D' if term.kind == 'chemical' else 'C'}02.355</TreeNumber>"
        "</TreeNumberList><ConceptList><Concept><TermList>"
        + "".join(f"<Term><String>{escape(text)}</String></Term>" for text in (term.name, *term.synonyms))
        + "</TermList></Concept></ConceptList></DescriptorRecord>\n"
        for term in terms
    )
    return f'<?xml version="1.0"?>\n<DescriptorRecordSet LanguageCode="eng">\n{records}</DescriptorRecordSet>\n'


def obo(name: str, terms: Iterable[Term], further: str = "") -> str:
    """ChEBI's or the Disease Ontology's file."""
    stanzas = "".join(
        f"\n[Term]\nid: {term.ident.replace('_', ':')}\nname: {term.name}\n"
        + "".join(f'synonym: "{text}" EXACT []\n' for text in term.synonyms)
        + (f"xref: MESH:{term.mesh}\n" if term.mesh else "")
        for term in terms
    )
    return f"format-version: 1.2\ndata-version: 245\nontology: {name}\n{stanzas}{further}"


def built(folder: Path, files: Mapping[str, str], name: str = "small.lexicon") -> Path:
    """The lexicon made from files of these names and texts."""
    (folder / "bulk").mkdir(parents=True, exist_ok=True)
    for file, text in files.items():
        (folder / "bulk" / file).write_bytes(text.encode())
    problems: list[Any] = []
    kg.build_lexicon([folder / "bulk" / file for file in files], folder / name, on_problem=problems.append)
    assert not problems
    return folder / name


def files_of(known: Known) -> dict[str, str]:
    """Files that tell all of it: human genes by HGNC, and by NCBI behind that; others by NCBI."""
    human = [gene for gene in known.genes if gene.taxon == 9606]
    others = [gene for gene in known.genes if gene.taxon != 9606]
    files = {"hgnc_complete_set.txt": hgnc(human)} if human else {}
    files |= {"gene_info.tsv": gene_info(others)} if others else {}
    files |= {"relations.csv": text} if (text := famplex(known.genes)) else {}
    of_mesh = [term for term in known.terms if is_mesh(term.ident)]
    files |= {"desc2026.xml": mesh(of_mesh)} if of_mesh else {}
    for name in ("chebi", "doid"):
        terms = [term for term in known.terms if term.ident.startswith(f"{name.upper()}_")]
        files |= {f"{name}.obo": obo(name, terms)} if terms else {}
    return files


# Records and what becomes of them


def figid(number: int) -> str:
    return f"PMC{7000001 + number}__f1"


def written(record: Record, number: int = 0, **changes: object) -> variants.Record:
    """The record as a file with its tables; ids of tables are of no gene or term that is known."""
    tables: dict[str, str] = {}
    if record.genes is not None:
        rows = [variants.gene(symbol, str(88_000_000 + place)) for place, symbol in enumerate(record.genes)]
        tables["genes"] = variants.genes(*rows)
    for name, words, make, letter in (
        ("chemicals", record.chemicals, variants.chemicals, "7"),
        ("diseases", record.diseases, variants.diseases, "8"),
    ):
        if words is not None:
            cells = ((word, f"mesh:D{letter}{place:05}", "NA", "NA", "NA") for place, word in enumerate(words))
            tables[name] = make(*cells)
    schema = variants.jsonld(figid(number), keywords=list(record.keywords))
    fields: dict[str, object] = {"organisms_ner": list(record.organisms) or ["NA"], "schema": schema, **changes}
    return variants.record("E", figid(number), tables=tables, **fields)


class Grounded(NamedTuple):
    """What an export made of keywords: links of each record, reasons in all, graph and report."""

    links: list[set[Link]]
    reasons: Counter[str]
    graph: Graph
    report: kg.ExportReport


def exported(folder: Path, records: Sequence[variants.Record], *lexicons: Path, **settings: Any) -> Grounded:
    """The outcome of an export by these lexicons alone; every graph passes the check without a warning."""
    options = {"embedded": False, **settings}
    graph, report = variants.export(folder, *records, lexicons=lexicons, **options)
    assert report.ok
    assert report.figures == len(records)
    counts = report.problems.counts
    # Nothing but what keywords are counted by, and what is said of tables' ids: no shape warns.
    assert not set(counts) - {*REASONS, *OF_TABLES, "row-without-id", "repeated-row"}, counts
    links = [links_of(graph, record.stem) for record in records]
    return Grounded(links, Counter({reason: counts[reason] for reason in REASONS if counts[reason]}), graph, report)


def links_of(graph: Graph, figure: str) -> set[Link]:
    """The links that keywords of a figure have."""
    target, keyword = variants.figure_iri(figure), graph.subjects("pfo:KeywordMention")
    found = set()
    for kind in ("gene", "chemical", "disease"):
        for node in graph.subjects(f"pfo:{kind.capitalize()}Mention") & keyword:
            if target in graph.values(node, "oa:hasTarget"):
                body = graph.value(node, "oa:hasBody")
                assert body in graph.mentioned(figure)
                other = [value.rpartition("/")[2] for value in graph.values(body, "skos:closeMatch")]
                found.add(
                    Link(
                        kind,
                        graph.value(node, "pfo:word"),
                        graph.value(node, "pfo:match"),
                        body.rpartition("/")[2],
                        graph.value(node, "pfo:lexicon").removeprefix(expand("lex:")),
                        graph.value(body, "rdfs:label"),
                        " ".join(other),
                    )
                )
    return found


def gene(word: str, ident: str, lexicon: str = "symbol", match: str = "", label: str = "") -> Link:
    """A link to a gene; the match is the word, and the label the match, unless told."""
    return Link("gene", word, match or word, ident, f"keyword_{lexicon}", label or match or word)


KNOWN: Final = Known(
    genes=(
        Gene(9606, "7157", "TP53", ("BCC7",), ("p53", "LFS1"), ("p53_family",)),
        Gene(9606, "3717", "JAK2", ("JTK10",), ("SHARED", "TWIN1")),
        Gene(9606, "3718", "JAK3", ("OLDJAK",), ("SHARED", "JTK10")),
        Gene(9606, "847", "CAT"),
        Gene(9606, "4843", "NOS2", (), ("Nos", "INOS")),
        Gene(9606, "4846", "NOS3", ("NOS",), ("ENOS",)),
        Gene(9606, "900001", "TWICE"),
        Gene(9606, "900002", "TWICE"),
        Gene(9606, "900003", "SNORD1", (), ("Twin1",)),
        Gene(9606, "900004", "MIX1", (), ("Other1",)),
        Gene(9606, "900005", "OTHER1"),
        Gene(9606, "900006", "C1orf1", ("SAME",), ("SAME",)),
        Gene(9606, "900007", "MMP1", (), (), ("MMP",)),
        Gene(10090, "22059", "Trp53", (), ("p53", "Tp53")),
        Gene(10090, "12359", "Cat", (), ("Cas1",)),
        Gene(10090, "900011", "TWICE"),
        Gene(7227, "45338", "na", (), ("narrow",)),
        Gene(7227, "900021", "CAT", (), ("flycat",)),
    ),
    terms=(
        Term("chemical", "D000255", "Adenosine Triphosphate", ("ATP", "CaATP")),
        Term("chemical", "CHEBI_15422", "ATP", ("adenosine 5'-triphosphate",), "D000255"),
        Term("chemical", "D009569", "Nitric Oxide", ("NO", "Endothelium-Derived Nitric Oxide")),
        Term("chemical", "D014867", "Water", ("Hydrogen Oxide",)),
        Term("chemical", "CHEBI_15377", "water", ("dihydrogen oxide",)),
        Term("chemical", "CHEBI_29101", "sodium(1+)", ("Na+",), "D012964"),
        Term("chemical", "CHEBI_1", "twosome", ("Double name",)),
        Term("chemical", "CHEBI_2", "other twosome", ("Double name",)),
        Term("chemical", "D000001", "Rubella Essence", ("Calculi",)),
        Term("chemical", "D000002", "Trp53 Inhibitor", ("Tp53", "TP53")),
        Term("chemical", "D000003", "Catalase Stuff", ("CAT",)),
        Term("disease", "D003920", "Diabetes Mellitus", ("Diabetes",)),
        Term("disease", "DOID_9351", "diabetes mellitus", ("DM",), "D003920"),
        Term("disease", "DOID_162", "cancer", ("malignant tumor",), "D009369"),
        Term("disease", "DOID_5", "Fever of no kind", ("unmapped fever",)),
        Term("disease", "D000005", "Stones", ("Calculi", "Rubella Essence Syndrome")),
        Term("disease", "D000006", "Fatal CAT Disease", ("CAT",)),
    ),
)
GENES_ONLY: Final = Known(genes=KNOWN.genes)


@pytest.fixture(scope="module")
def genes_known(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("genes"), files_of(GENES_ONLY))


@pytest.fixture(scope="module")
def all_known(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("all"), files_of(KNOWN))


class Case(NamedTuple):
    """A rule: what stands in a record, the links that are made, reasons for the other keywords."""

    name: str
    record: Record
    links: set[Link]
    reasons: Mapping[str, int] = {}


def of(*keywords: str, organisms: Sequence[str] = (HUMAN,), **tables: tuple[str, ...]) -> Record:
    """A record with keywords; human unless told."""
    return Record(keywords, tuple(organisms), **tables)


TP53: Final = gene("TP53", "7157")
CAT: Final = gene("CAT", "847")

GENE_CASES: Final = (
    Case("official", of("TP53"), {TP53}),
    Case("previous", of("BCC7", "TP53"), {gene("BCC7", "7157", "previous", label="TP53"), TP53}),
    Case("alias", of("LFS1", "TP53"), {gene("LFS1", "7157", "alias", label="TP53"), TP53}),
    Case("alias-in-its-own-case", of("p53", "TP53"), {gene("p53", "7157", "alias", label="TP53"), TP53}),
    Case(
        "previous-and-alias-of-one-gene", of("SAME", "TP53"), {gene("SAME", "900006", "previous", label="C1orf1"), TP53}
    ),
    Case("symbol-folded", of("Tp53", "CAT"), {gene("Tp53", "7157", match="TP53"), CAT}),
    Case("alias-folded", of("Lfs1", "CAT"), {gene("Lfs1", "7157", "alias", "LFS1", "TP53"), CAT}),
    Case("previous-folded", of("bcc7", "CAT"), {gene("bcc7", "7157", "previous", "BCC7", "TP53"), CAT}),
    Case("symbol-with-small-letters", of("C1ORF1", "CAT"), {gene("C1ORF1", "900006", match="C1orf1"), CAT}),
    Case("alias-of-two", of("SHARED", "CAT"), {CAT}, {AMBIGUOUS: 1}),
    Case("previous-of-one-alias-of-another", of("JTK10", "CAT"), {CAT}, {AMBIGUOUS: 1}),
    Case("letter-case-tells-names-apart", of("NOS", "CAT"), {gene("NOS", "4846", "previous", label="NOS3"), CAT}),
    Case("folded-name-of-two", of("nos", "CAT"), {CAT}, {AMBIGUOUS: 1}),
    Case("alias-is-another-symbol-but-for-case", of("Other1", "CAT"), {CAT}, {AMBIGUOUS: 1}),
    Case("two-genes-of-one-symbol", of("TWICE", "CAT"), {CAT}, {AMBIGUOUS: 1}),
    Case(
        "two-genes-of-one-symbol-in-one-of-two-organisms",
        of("TWICE", organisms=(HUMAN, MOUSE)),
        {gene("TWICE", "900011")},
    ),
    Case("unknown", of("QQQQ", "CAT"), {CAT}, {UNKNOWN: 1}),
    Case("family-is-no-gene", of("MMP", "CAT"), {CAT}, {UNKNOWN: 1}),
    Case("no-organism-is-human", of("TP53", "Cat", "CAT", organisms=()), {TP53, CAT, gene("Cat", "847", match="CAT")}),
    Case(
        "mouse",
        of("Trp53", "p53", "Cat", organisms=(MOUSE,)),
        {gene("Trp53", "22059"), gene("p53", "22059", "alias", label="Trp53"), gene("Cat", "12359")},
    ),
    Case(
        "mouse-folded",
        of("CAT", "Trp53", organisms=(MOUSE,)),
        {gene("CAT", "12359", match="Cat"), gene("Trp53", "22059")},
    ),
    Case("symbol-in-two-organisms", of("CAT", organisms=(HUMAN, FLY)), {CAT, gene("CAT", "900021")}),
    Case("organism-tells-by-case", of("CAT", "Cat", organisms=(HUMAN, MOUSE)), {CAT, gene("Cat", "12359")}),
    Case("alias-in-two-organisms", of("p53", "CAT", organisms=(HUMAN, MOUSE)), {CAT}, {AMBIGUOUS: 1}),
    Case(
        "alias-in-one-of-two-organisms",
        of("Cas1", "CAT", organisms=(HUMAN, MOUSE)),
        {gene("Cas1", "12359", "alias", label="Cat"), CAT},
    ),
    Case("no-folding-with-two-organisms", of("lfs1", "jak2", "CAT", organisms=(HUMAN, MOUSE)), {CAT}, {UNKNOWN: 2}),
    Case("uncovered-organism-official", of("CAT", "TP53", organisms=(HUMAN, "Danio rerio")), {CAT, TP53}),
    Case(
        "uncovered-organism-no-alias",
        of("LFS1", "BCC7", "cat", "TP53", organisms=(HUMAN, "Danio rerio")),
        {TP53},
        {UNCOVERED: 3},
    ),
    Case("unknown-organism-name", of("LFS1", "TP53", organisms=(HUMAN, "Yeti nivalis")), {TP53}, {UNCOVERED: 1}),
    Case(
        "only-unknown-organisms",
        of("TP53", "tp53like", "yetilike", organisms=("Yeti nivalis",)),
        set(),
        {UNKNOWN: 1, UNCOVERED: 2},
    ),
    Case(
        "fly-gene-na",
        of("na", "flycat", "CAT", organisms=(FLY,)),
        {gene("na", "45338"), gene("flycat", "900021", "alias", label="CAT"), gene("CAT", "900021")},
    ),
    Case("absent-keywords", of(".na.character", "", "  ", "NA", "NaN", "TP53", ".na.character"), {TP53}),
    Case("blanks-count-not", of("TP53", "Tp53 ", "CAT"), {TP53, gene("Tp53 ", "7157", match="TP53"), CAT}),
    Case("no-keyword", of(), set()),
    Case("only-absent-keywords", of(".na.character", ""), set()),
    # Behind the last official symbol.
    Case("tail-alias-not-guessed", of("CAT", "LFS1"), {CAT}, {NOT_GUESSED: 1}),
    Case("tail-family-not-guessed", of("CAT", "MMP"), {CAT}, {NOT_GUESSED: 1}),
    Case("tail-folded-symbol-not-guessed", of("CAT", "tp53"), {CAT}, {NOT_GUESSED: 1}),
    Case("tail-unknown", of("CAT", "Tyrosine residue"), {CAT}, {UNKNOWN: 1}),
    Case("tail-short-unknown", of("CAT", "QQQQ"), {CAT}, {UNKNOWN: 1}),
    Case(
        "tail-short-of-unknown-organism",
        of("CAT", "QQQQ", "QQQQQ", organisms=(HUMAN, "Yeti nivalis")),
        {CAT},
        {UNCOVERED: 1, UNKNOWN: 1},
    ),
    Case("second-time-is-another-kind", of("CAT", "TP53", "CAT"), {CAT, TP53}, {UNKNOWN: 1}),
    Case("behind-a-second-time-is-no-gene", of("CAT", "CAT", "TP53"), {CAT}, {UNKNOWN: 2}),
    # Tables.
    Case("gene-table-wins", of("TP53", "LFS1", "CAT", genes=("TP53",)), set()),
    Case("header-only-gene-table-wins", of("TP53", "CAT", genes=()), set()),
    Case("words-of-a-chemical-table", of("TP53", "MMP", chemicals=("MMP",)), {TP53}),
    Case(
        "words-of-a-chemical-table-end-the-genes",
        of("TP53", "lactate", "CAT", chemicals=("lactate",)),
        {TP53},
        {UNKNOWN: 1},
    ),
    Case("gene-and-word-of-a-chemical-table", of("CAT", "TP53", "CAT", chemicals=("CAT",)), {CAT, TP53}),
    Case("header-only-chemical-table", of("TP53", "Water", chemicals=()), {TP53}, {UNKNOWN: 1}),
    Case("both-tables-of-terms", of("TP53", "Water", "Fever", chemicals=("Water",), diseases=("Fever",)), {TP53}),
)


class Checked(NamedTuple):
    """All cases exported at once: by the name of a case its links, and the reasons that its record alone gives."""

    links: dict[str, set[Link]]
    reasons: dict[str, Counter[str]]


def run_cases(folder: Path, cases: Sequence[Case], known: Known) -> Checked:
    """One export of all cases; reasons of a record come from the library call, and their sum is the report's."""
    assert len({case.name for case in cases}) == len(cases)
    lexicon = built(folder, files_of(known))
    grounded = exported(folder, [written(case.record, place) for place, case in enumerate(cases)], lexicon)
    lexicons = kg.Lexicons([lexicon], embedded=False)
    by_figure: dict[str, Counter[str]] = {}
    for figure in kg.read_records(folder / "source"):
        findings = Findings()
        kg.ground_keywords(figure, lexicons, findings)
        by_figure[figure.figid] = findings.notes
    reasons = {case.name: by_figure[figid(place)] for place, case in enumerate(cases)}
    assert sum(reasons.values(), Counter()) == grounded.reasons
    return Checked({case.name: links for case, links in zip(cases, grounded.links, strict=True)}, reasons)


def check(case: Case, known: Known, checked: Checked) -> None:
    """The export, the case, and the oracle agree."""
    assert checked.links[case.name] == case.links
    assert checked.reasons[case.name] == Counter(case.reasons)
    (expected,) = meanings([case.record], known)
    assert (expected.links, expected.reasons) == (case.links, Counter(case.reasons)), "the oracle is wrong"


@pytest.fixture(scope="module")
def gene_cases(tmp_path_factory: pytest.TempPathFactory) -> Checked:
    return run_cases(tmp_path_factory.mktemp("genes"), GENE_CASES, GENES_ONLY)


@pytest.mark.parametrize("case", GENE_CASES, ids=[case.name for case in GENE_CASES])
def test_genes(case: Case, gene_cases: Checked) -> None:
    check(case, GENES_ONLY, gene_cases)


def term(word: str, ident: str, label: str, other: str = "", *, match: str = "", lexicon: str = "name") -> Link:
    """A link to a chemical or, by its id or label, a disease."""
    kind = "disease" if other.startswith("DOID") or ident in OF_DISEASES else "chemical"
    return Link(kind, word, match or word, ident, f"keyword_{lexicon}", label, other)


OF_DISEASES: Final = {found.ident for found in KNOWN.terms if found.kind == "disease"} | {"D009369"}
ATP: Final = "Adenosine Triphosphate"
DIABETES: Final = term("Diabetes", "D003920", "Diabetes Mellitus", "DOID_9351", lexicon="synonym")
WATER: Final = term("Water", "D014867", "Water")

TERM_CASES: Final = (
    Case("main-name", of("CAT", "Nitric Oxide"), {CAT, term("Nitric Oxide", "D009569", "Nitric Oxide")}),
    Case("synonym", of("CAT", "Hydrogen Oxide"), {CAT, term("Hydrogen Oxide", "D014867", "Water", lexicon="synonym")}),
    Case(
        "folded",
        of("CAT", "nitric OXIDE"),
        {CAT, term("nitric OXIDE", "D009569", "Nitric Oxide", match="Nitric Oxide")},
    ),
    Case(
        "blanks",
        of("CAT", " nitric  oxide"),
        {CAT, term(" nitric  oxide", "D009569", "Nitric Oxide", match="Nitric Oxide")},
    ),
    Case("short-by-exact-case", of("CAT", "NO"), {CAT, term("NO", "D009569", "Nitric Oxide", lexicon="synonym")}),
    Case("short-in-another-case", of("CAT", "No", "no"), {CAT}, {UNKNOWN: 2}),
    Case("mapped-mesh", of("CAT", ATP), {CAT, term(ATP, "D000255", ATP, "CHEBI_15422")}),
    Case(
        "synonym-of-mesh-goes-before-main-name-of-chebi",
        of("CAT", "ATP"),
        {CAT, term("ATP", "D000255", ATP, "CHEBI_15422", lexicon="synonym")},
    ),
    Case(
        "mapped-to-mesh-that-is-not-there",
        of("CAT", "sodium(1+)"),
        {CAT, term("sodium(1+)", "D012964", "sodium(1+)", "CHEBI_29101")},
    ),
    Case("chebi-alone", of("CAT", "twosome"), {CAT, term("twosome", "CHEBI_1", "twosome")}),
    Case("mesh-goes-before-chebi", of("CAT", "Water"), {CAT, WATER}),
    Case(
        "mesh-goes-before-chebi-in-any-case",
        of("CAT", "water"),
        {CAT, term("water", "D014867", "Water", match="Water")},
    ),
    Case(
        "chebi-synonym",
        of("CAT", "dihydrogen oxide"),
        {CAT, term("dihydrogen oxide", "CHEBI_15377", "water", lexicon="synonym")},
    ),
    Case("synonym-of-two", of("CAT", "Double name"), {CAT}, {AMBIGUOUS: 1}),
    Case("disease", of("CAT", "Diabetes"), {CAT, DIABETES}),
    Case(
        "disease-of-both-databases",
        of("CAT", "diabetes mellitus"),
        {CAT, term("diabetes mellitus", "D003920", "Diabetes Mellitus", "DOID_9351", match="Diabetes Mellitus")},
    ),
    Case(
        "disease-mapped-to-mesh-that-is-not-there",
        of("CAT", "cancer"),
        {CAT, term("cancer", "D009369", "cancer", "DOID_162")},
    ),
    Case(
        "doid-alone",
        of("CAT", "unmapped fever"),
        {CAT, term("unmapped fever", "DOID_5", "Fever of no kind", lexicon="synonym")},
    ),
    Case("chemical-and-disease", of("CAT", "Calculi"), {CAT}, {AMBIGUOUS: 1}),
    Case(
        "chemical-and-disease-with-a-disease-table",
        of("CAT", "Calculi", diseases=()),
        {CAT, term("Calculi", "D000001", "Rubella Essence", lexicon="synonym")},
    ),
    Case(
        "chemical-and-disease-with-a-chemical-table",
        of("CAT", "Calculi", chemicals=()),
        {CAT, term("Calculi", "D000005", "Stones", lexicon="synonym")},
    ),
    Case(
        "both-terms-have-tables", of("CAT", "Calculi", "Water", chemicals=(), diseases=("Water",)), {CAT}, {UNKNOWN: 1}
    ),
    Case(
        "no-gene-at-all",
        of("Water", "Diabetes", "Nitric Oxide"),
        {WATER, DIABETES, term("Nitric Oxide", "D009569", "Nitric Oxide")},
    ),
    Case("could-be-gene-not-guessed", of("CAT", "Tp53"), {CAT}, {NOT_GUESSED: 1}),
    Case("term-before-the-last-symbol", of("Water", "CAT"), {CAT}, {UNKNOWN: 1}),
    Case(
        "unknown-organism-short",
        of("CAT", "NO", "Water", organisms=(HUMAN, "Yeti nivalis")),
        {CAT, WATER},
        {UNCOVERED: 1},
    ),
    # With a gene table, the rest are terms, whatever genes there are.
    Case("gene-table", of("CAT", "Water", genes=("CAT",)), {WATER}),
    Case(
        "gene-table-and-word-that-could-be-gene",
        of("JAK2", "Tp53", genes=("JAK2",)),
        {term("Tp53", "D000002", "Trp53 Inhibitor", lexicon="synonym")},
    ),
    Case(
        "gene-table-and-second-time",
        of("TP53", "JAK2", "TP53", genes=("TP53", "JAK2")),
        {term("TP53", "D000002", "Trp53 Inhibitor", lexicon="synonym")},
    ),
    Case(
        "header-only-gene-table",
        of("TP53", "Water", genes=()),
        {term("TP53", "D000002", "Trp53 Inhibitor", lexicon="synonym"), WATER},
    ),
    Case("chemical-table-without-gene-table", of("TP53", "Water", "Diabetes", chemicals=("Water",)), {TP53, DIABETES}),
    # A word that stands twice is of two kinds: the second cannot be the gene.
    Case(
        "second-time-is-a-term",
        of("TP53", "CAT", "TP53"),
        {TP53, CAT, term("TP53", "D000002", "Trp53 Inhibitor", lexicon="synonym")},
    ),
    Case("second-time-is-two-kinds", of("TP53", "CAT", "CAT"), {TP53, CAT}, {AMBIGUOUS: 1}),
    Case(
        "second-time-with-a-disease-table",
        of("TP53", "CAT", "CAT", diseases=()),
        {TP53, CAT, term("CAT", "D000003", "Catalase Stuff", lexicon="synonym")},
    ),
    Case("twice-among-terms", of("CAT", "Water", "Water"), {CAT, WATER}),
    Case("all-tables", of("TP53", "Water", genes=("TP53",), chemicals=("Water",), diseases=()), set()),
)


@pytest.fixture(scope="module")
def term_cases(tmp_path_factory: pytest.TempPathFactory) -> Checked:
    return run_cases(tmp_path_factory.mktemp("terms"), TERM_CASES, KNOWN)


@pytest.mark.parametrize("case", TERM_CASES, ids=[case.name for case in TERM_CASES])
def test_terms(case: Case, term_cases: Checked) -> None:
    check(case, KNOWN, term_cases)


# How keywords may be written, and older records


def test_a_single_keyword_needs_no_list(all_known: Path, tmp_path: Path) -> None:
    schema = variants.jsonld(figid(0), keywords="Water")
    grounded = exported(tmp_path, [written(Record(()), schema=schema)], all_known)
    assert grounded.links == [{WATER}]
    assert not grounded.reasons


def test_keywords_of_json_ld_in_a_list(all_known: Path, tmp_path: Path) -> None:
    schema = [variants.jsonld(figid(0), keywords=["TP53", "QQQQ", "Water"])]
    grounded = exported(tmp_path, [written(Record(()), schema=schema)], all_known)
    assert grounded.links == [{TP53, WATER}]


def test_keywords_of_the_second_node_in_a_list(all_known: Path, tmp_path: Path) -> None:
    first, second = variants.jsonld(figid(0), keywords=None), variants.jsonld(figid(0), keywords=["TP53"])
    grounded = exported(tmp_path, [written(Record(()), schema=[first, second])], all_known)
    assert grounded.links == [{TP53}]


def test_a_record_without_keywords(all_known: Path, tmp_path: Path) -> None:
    schema = variants.jsonld(figid(0), keywords=None)
    grounded = exported(tmp_path, [written(Record(()), schema=schema)], all_known)
    assert grounded.links == [set()]
    assert not grounded.reasons


@pytest.mark.parametrize("generation", ["A", "B"])
def test_inline_tables_win_even_where_they_are_empty(generation: str, all_known: Path, tmp_path: Path) -> None:
    schema = variants.jsonld(keywords=["TP53", "Water", "Diabetes"])
    empty = variants.record(generation, schema=schema)
    grounded = exported(tmp_path, [empty], all_known)
    assert grounded.links == [set()]
    assert not grounded.reasons


def test_inline_tables_that_are_absent_leave_their_kinds_to_the_lexicon(all_known: Path, tmp_path: Path) -> None:
    schema = variants.jsonld(keywords=["TP53", "JAK2", "Water", "Diabetes"])
    inline = [variants.inline_gene("p53", "7157", symbol="TP53", hgnc="TP53")]
    records = [
        variants.record(
            "B", figid(0), schema=schema | {"@id": variants.figure_iri(figid(0))}, genes=inline, diseases=None
        ),
        variants.record(
            "B", figid(1), schema=schema | {"@id": variants.figure_iri(figid(1))}, genes=None, chemicals=None
        ),
        variants.record("A", figid(2), schema=schema | {"@id": variants.figure_iri(figid(2))}, genes=None),
    ]
    grounded = exported(tmp_path, records, all_known)
    assert grounded.links == [{DIABETES}, {TP53, gene("JAK2", "3717"), WATER}, {TP53, gene("JAK2", "3717")}]
    # The keyword of a gene that the table does not list comes behind its last gene: no term is called so.
    # Where two tables are empty lists, nothing but genes can be found: the rest is unknown.
    assert grounded.reasons == Counter({UNKNOWN: 1 + 1 + 1 + 2})


def test_older_records_are_human(all_known: Path, tmp_path: Path) -> None:
    schema = variants.jsonld(keywords=["Cat", "CAT"])
    record = variants.record("B", schema=schema, genes=None, organisms=["Mus musculus"])
    assert exported(tmp_path, [record], all_known).links == [{CAT, gene("Cat", "847", match="CAT")}]


# Lexicons side by side


def test_of_each_taxon_the_first_lexicon_is_asked(tmp_path: Path) -> None:
    one = Known(genes=(Gene(9606, "1", "TP53"), Gene(9606, "2", "ONE")))
    two = Known(genes=(Gene(9606, "3", "TP53"), Gene(9606, "4", "TWO"), Gene(10090, "5", "Trp53")))
    paths = [built(tmp_path / name, files_of(known)) for name, known in (("one", one), ("two", two))]
    record = written(of("TP53", "TWO", "Trp53", "ONE", organisms=(HUMAN, MOUSE)))
    there = exported(tmp_path / "a", [record], *paths)
    back = exported(tmp_path / "b", [record], *reversed(paths))
    assert there.links == [{gene("TP53", "1"), gene("ONE", "2"), gene("Trp53", "5")}]
    assert back.links == [{gene("TP53", "3"), gene("TWO", "4"), gene("Trp53", "5")}]


def test_the_embedded_lexicon_serves_humans_where_no_other_does(tmp_path: Path) -> None:
    mouse = built(tmp_path, files_of(Known(genes=(Gene(10090, "22059", "Trp53", (), ("zzp44",)),))))
    record = written(of("TP53", "zzp44", "Trp53", organisms=(HUMAN, MOUSE)))
    grounded = exported(tmp_path, [record], mouse, embedded=True)
    assert grounded.links == [{TP53, gene("zzp44", "22059", "alias", label="Trp53"), gene("Trp53", "22059")}]
    versions = {kg.Lexicon(path).info().version for path in (mouse, None)}
    used = {iri.rpartition("/")[2] for iri in _used_lexicons(grounded.graph)}
    assert used == versions


def _used_lexicons(graph: Graph) -> list[str]:
    (run,) = graph.subjects("http://www.w3.org/ns/prov#Activity")
    return [iri for iri in graph.values(run, "http://www.w3.org/ns/prov#used") if "/lexicon-file/" in iri]


def test_terms_of_a_lexicon_without_genes_and_genes_of_the_embedded_one(tmp_path: Path) -> None:
    terms = built(tmp_path, files_of(Known(terms=KNOWN.terms)))
    grounded = exported(tmp_path, [written(of("TP53", "Water", "MMP"))], terms, embedded=True)
    assert grounded.links == [{TP53, WATER}]
    assert grounded.reasons == Counter({NOT_GUESSED: 1})


def test_terms_alone_without_any_genes(tmp_path: Path) -> None:
    terms = built(tmp_path, files_of(Known(terms=KNOWN.terms)))
    grounded = exported(tmp_path, [written(of("TP53", "Water", "NO"))], terms)
    # No organism's genes are known, so each short word may be one.
    assert grounded.links == [{WATER}]
    assert grounded.reasons == Counter({UNCOVERED: 2})


def test_of_two_files_the_first_names_the_official_symbol(tmp_path: Path) -> None:
    ncbi = gene_info([Gene(9606, "4508", "ATP6", (), ("MTATP6",)), Gene(9606, "7157", "TP53")])
    human = hgnc([Gene(9606, "4508", "MT-ATP6", ("ATP6OLD",), ())])
    record = written(of("ATP6", "MT-ATP6", "MTATP6", "ATP6OLD", "TP53"))
    files = {"gene_info": ncbi, "hgnc": human}
    for order, symbol, other in (
        (("gene_info", "hgnc"), "ATP6", "MT-ATP6"),
        (("hgnc", "gene_info"), "MT-ATP6", "ATP6"),
    ):
        lexicon = built(tmp_path / symbol, {name: files[name] for name in order})
        (links,) = exported(tmp_path / symbol, [record], lexicon).links
        assert links == {
            gene(symbol, "4508"),
            gene(other, "4508", "alias", label=symbol),
            gene("MTATP6", "4508", "alias", label=symbol),
            gene("ATP6OLD", "4508", "previous", label=symbol),
            TP53,
        }


def test_sub_taxa_do_not_make_human_symbols_ambiguous(tmp_path: Path) -> None:
    rows = gene_info([Gene(9606, "4508", "ATP6"), Gene(63221, "6775074", "ATP6"), Gene(741158, "8923188", "ATP6")])
    lexicon = built(tmp_path, {"gene_info": rows})
    assert exported(tmp_path, [written(of("ATP6"))], lexicon).links == [{gene("ATP6", "4508")}]


def test_withdrawn_terms_are_not_linked(tmp_path: Path) -> None:
    gone = "\n[Term]\nid: DOID:14\nname: obsolete swamp fever\nis_obsolete: true\nreplaced_by: DOID:5\n"
    gone += "\n[Term]\nid: DOID:15\nname: bog fever\nis_obsolete: true\n"
    live = Term("disease", "DOID_5", "marsh fever", ("bog fever of old",))
    lexicon = built(tmp_path, {"doid.obo": obo("doid", [live], gone)})
    record = written(of("obsolete swamp fever", "swamp fever", "bog fever", "marsh fever", genes=()))
    grounded = exported(tmp_path, [record], lexicon)
    assert grounded.links == [{Link("disease", "marsh fever", "marsh fever", "DOID_5", "keyword_name", "marsh fever")}]
    assert grounded.reasons == Counter({UNKNOWN: 3})


# What is told


def test_reasons_stand_in_the_report_and_on_the_terminal(genes_known: Path, tmp_path: Path) -> None:
    variants.write_source(tmp_path / "in", written(of("TP53", "SHARED", "QQQQ", "CAT", "LFS1", "unheard of")))
    options = ("--lexicon", genes_known, "--no-embedded-lexicon", "--report", tmp_path / "report.json")
    result = kg_run("export", tmp_path / "in", "-o", tmp_path / "out.ttl", *options)
    assert result.exit_code == 0, result.output
    told = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    counted = {name: number for name, number in _flat(told).items() if name in REASONS}
    assert counted == {UNKNOWN: 2, AMBIGUOUS: 1, NOT_GUESSED: 1}
    for reason in counted:
        assert reason in result.output
    kept = {problem["what"]: problem for problem in told["problems"]}
    assert [kept[f"keyword {word!r} is not linked"]["code"] for word in ("SHARED", "QQQQ", "LFS1", "unheard of")] == [
        AMBIGUOUS, UNKNOWN, NOT_GUESSED, UNKNOWN
    ]  # fmt: skip
    assert kept["keyword 'QQQQ' is not linked"]["key"] == ["schema-jsonld", "keywords", 2]
    assert "is not linked" not in result.output  # by the million, in a large export


def _flat(told: Mapping[str, Any]) -> dict[str, Any]:
    """All entries of nested mappings by their last name."""
    found: dict[str, Any] = {}
    for name, value in told.items():
        found |= _flat(value) if isinstance(value, dict) else {name: value}
    return found


def test_keywords_that_are_not_linked_stay_keywords(all_known: Path, tmp_path: Path) -> None:
    grounded = exported(tmp_path, [written(of("TP53", "SHARED", "CAT", "Calculi", "unheard of"))], all_known)
    figure = variants.figure_iri(figid(0))
    assert grounded.graph.values(figure, "schema:keywords") == sorted(
        ["TP53", "SHARED", "CAT", "Calculi", "unheard of"]
    )


def test_strict_mode_does_not_mind_unlinked_keywords(genes_known: Path, tmp_path: Path) -> None:
    record = written(of("TP53", "SHARED", "QQQQ", "CAT", "LFS1"))
    assert exported(tmp_path, [record], genes_known, strict=True).reasons.total() == 3


def test_no_ground_leaves_all_out(all_known: Path, tmp_path: Path) -> None:
    grounded = exported(tmp_path, [written(of("TP53", "Water", "SHARED"))], all_known, ground=False)
    assert grounded.links == [set()]
    assert not grounded.reasons
    assert not grounded.graph.subjects("pfo:KeywordMention")


def test_strictness_of_each_lexicon(all_known: Path, tmp_path: Path) -> None:
    record = written(of("BCC7", "LFS1", "TP53", "Water", "Hydrogen Oxide"))
    graph = exported(tmp_path, [record], all_known).graph
    strictness = {
        node.rpartition("/")[2]: graph.value(node, "pfo:strictness") for node in graph.subjects("pfo:KeywordLexicon")
    }
    assert strictness == {
        "keyword_symbol": "all",
        "keyword_previous": "all",
        "keyword_alias": "all",
        "keyword_name": "strict",
        "keyword_synonym": "synonyms",
    }


@pytest.mark.parametrize("engine", ["shacl", "pyshacl"])
def test_both_engines_pass_the_graph(engine: str, all_known: Path, tmp_path: Path) -> None:
    records = [
        written(of("LFS1", "TP53", "ATP", "sodium(1+)", "cancer")),
        written(of("CAT", organisms=(HUMAN, FLY)), 1),
    ]
    assert len(exported(tmp_path, records, all_known, engine=engine).links[0]) == 5


def test_a_mesh_id_of_both_kinds(tmp_path: Path) -> None:
    """Each kind is linked where only its table is missing, and mapped to its own database."""
    both = mesh([Term("chemical", "D000022", "Sickness Toxin")])
    both = both.replace("<TreeNumberList>", "<TreeNumberList><TreeNumber>C20.543</TreeNumber>")
    chebi = obo("chebi", [Term("chemical", "CHEBI_98", "toxin of sickness", (), "D000022")])
    doid = obo("doid", [Term("disease", "DOID_99", "sickness by toxin", (), "D000022")])
    lexicon = built(tmp_path, {"desc2026.xml": both, "chebi.obo": chebi, "doid.obo": doid})
    name = "Sickness Toxin"
    for table, kind, other in (("diseases", "chemical", "CHEBI_98"), ("chemicals", "disease", "DOID_99")):
        record = of(name, genes=(), **{table: ()})
        (links,) = exported(tmp_path / table, [written(record)], lexicon).links
        assert links == {Link(kind, name, name, "D000022", "keyword_name", name, other)}
    neither = exported(tmp_path / "both", [written(of(name, genes=()))], lexicon)
    assert neither.links == [set()]
    assert neither.reasons == Counter({AMBIGUOUS: 1})


def test_a_term_mapped_to_an_unknown_id_goes_by_its_main_name(all_known: Path, tmp_path: Path) -> None:
    """The label of a thing does not hang on which of its names a figure has."""
    for number, word in enumerate(("malignant tumor", "cancer")):
        (links,) = exported(tmp_path / str(number), [written(of(word, genes=()))], all_known).links
        assert {(link.ident, link.label) for link in links} == {("D009369", "cancer")}


# Where it comes from


def explained(path: Path, *options: object) -> list[dict[str, Any]]:
    result = kg_run("explain", path, "--format", "json", "--no-embedded-lexicon", *options)
    assert result.exit_code == 0, result.output
    nodes = json.loads(result.stdout)["nodes"]
    assert isinstance(nodes, list)
    return nodes


def places(nodes: Sequence[Mapping[str, Any]], kind: str, predicate: str) -> dict[str, str]:
    """Line and column by the value of a property, of all nodes of a kind."""
    return {
        triple["value"]: triple["place"].partition(".md:")[2]
        for node in nodes
        if node["kind"] == kind
        for triple in node["triples"]
        if triple["predicate"] == predicate
    }


def position(text: str, keyword: str, nth: int = 1) -> str:
    """Line and column of a keyword's item in the record's text."""
    lines = text.split("\n")
    found = [
        (number, line.index(keyword) + 1) for number, line in enumerate(lines, 1) if line.strip() == f"- {keyword}"
    ]
    line, column = found[nth - 1]
    return f"{line}:{column}"


def test_explain_gives_line_and_column_of_each_keyword(all_known: Path, tmp_path: Path) -> None:
    record = written(of(".na.character", "SHARED", "LFS1", "TP53", "CAT", "Water", "Diabetes"))
    source = variants.write_source(tmp_path, record) / "_figures" / f"{figid(0)}.md"
    text = source.read_text(encoding="utf-8")
    nodes = explained(source, "--lexicon", all_known)
    words = {'"LFS1"': "LFS1", '"TP53"': "TP53", '"CAT"': "CAT"}
    expected = {value: position(text, word) for value, word in words.items()}
    assert places(nodes, "gene-mention", "pfo:word") == expected
    assert places(nodes, "chemical-mention", "pfo:word") == {'"Water"': position(text, "Water")}
    assert places(nodes, "disease-mention", "pfo:word") == {'"Diabetes"': position(text, "Diabetes")}
    # A gene is told by the first keyword that means it.
    labels = places(nodes, "gene", "rdfs:label")
    assert labels == {'"TP53"': position(text, "LFS1"), '"CAT"': position(text, "CAT")}
    mentioned = places(nodes, "figure", "schema:mentions")
    assert mentioned["ncbigene:7157"] == position(text, "LFS1")
    assert mentioned["mesh:D014867"] == position(text, "Water")
    fields = {triple["field"] for node in nodes if node["kind"] == "gene-mention" for triple in node["triples"]}
    assert all(field.startswith("schema-jsonld.keywords") for field in fields), fields


def test_explain_of_a_keyword_without_a_list(all_known: Path, tmp_path: Path) -> None:
    schema = variants.jsonld(figid(0), keywords="TP53")
    source = variants.write_source(tmp_path, written(Record(()), schema=schema)) / "_figures" / f"{figid(0)}.md"
    lines = source.read_text(encoding="utf-8").split("\n")
    line = next(number for number, line in enumerate(lines, 1) if line == "  keywords: TP53")
    assert places(explained(source, "--lexicon", all_known), "gene-mention", "pfo:word") == {'"TP53"': f"{line}:13"}


def test_explain_of_json_ld_in_a_list(all_known: Path, tmp_path: Path) -> None:
    schema = [variants.jsonld(figid(0), keywords=["CAT", "TP53"])]
    source = variants.write_source(tmp_path, written(Record(()), schema=schema)) / "_figures" / f"{figid(0)}.md"
    text = source.read_text(encoding="utf-8")
    found = places(explained(source, "--lexicon", all_known), "gene-mention", "pfo:word")
    assert found == {'"CAT"': position(text, "CAT"), '"TP53"': position(text, "TP53")}


def test_explain_with_a_gene_table_tells_terms_by_keyword_and_genes_by_row(all_known: Path, tmp_path: Path) -> None:
    variants.write_source(tmp_path, written(of("TP53", "Water", genes=("TP53",))))
    source = tmp_path / "_figures" / f"{figid(0)}.md"
    nodes = explained(tmp_path, "--figure", figid(0), "--lexicon", all_known)
    text = source.read_text(encoding="utf-8")
    assert places(nodes, "chemical-mention", "pfo:word") == {'"Water"': position(text, "Water")}
    (row,) = [
        t["place"] for n in nodes if n["kind"] == "gene-mention" for t in n["triples"] if t["predicate"] == "pfo:word"
    ]
    assert row.endswith("-genes.tsv:2")


def test_explain_without_grounding(all_known: Path, tmp_path: Path) -> None:
    source = variants.write_source(tmp_path, written(of("TP53"))) / "_figures" / f"{figid(0)}.md"
    nodes = explained(source, "--lexicon", all_known, "--no-ground")
    assert not {node["kind"] for node in nodes} & {"gene", "gene-mention", "lexicon"}


# The oracle on what nobody thought of

NAMES: Final = (
    "CAT", "Cat", "cat", "LPA", "P53", "p53", "TP53", "Tp53", "Water", "water", "Fever", "Big Fever", "big  fever",
    "NO", "No",
)  # fmt: skip
SOME: Final = st.lists(st.sampled_from(NAMES), max_size=3, unique=True).map(tuple)
SOME_MORE: Final = st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True).map(tuple)
FAMILIES: Final = st.lists(st.sampled_from(("LPA", "Actin", "JAK")), max_size=1).map(tuple)


@st.composite
def lexicons(draw: st.DrawFn) -> Known:
    """Few names for many things, so that they clash."""
    genes = []
    for place in range(draw(st.integers(3, 9))):
        taxon = draw(st.sampled_from((9606, 9606, 9606, 10090, 7227)))
        symbol = draw(st.sampled_from([name for name in NAMES if " " not in name]))
        made = Gene(taxon, str(500 + place), symbol, (), draw(SOME_MORE))
        if taxon == 9606:
            made = replace(made, previous=draw(SOME), families=draw(FAMILIES))
        genes.append(made)
    terms = []
    for place in range(draw(st.sampled_from((0, 4, 7)))):
        kind = draw(st.sampled_from(("chemical", "disease")))
        # Ids do not clash, but mappings may: to a term that is there, to one that is not, two to one.
        mesh_ids = [f"D00{'1' if kind == 'chemical' else '2'}00{number}" for number in range(7)]
        if draw(st.booleans()):
            terms.append(Term(kind, mesh_ids[place], draw(st.sampled_from(NAMES)), draw(SOME)))
        else:
            prefix = "CHEBI" if kind == "chemical" else "DOID"
            to_mesh = draw(st.sampled_from(("", *mesh_ids[:4])))
            terms.append(Term(kind, f"{prefix}_{place + 1}", draw(st.sampled_from(NAMES)), draw(SOME), to_mesh))
    return Known(tuple(genes), tuple(_single_spaced(found) for found in terms))


def _single_spaced(found: Term) -> Term:
    """As the readers of MeSH and OBO give it."""
    return replace(
        found,
        name=" ".join(found.name.split()),
        synonyms=tuple(dict.fromkeys(" ".join(text.split()) for text in found.synonyms)),
    )


WORDS: Final = st.one_of(st.sampled_from(NAMES), st.sampled_from(("QQQQ", "unheard of", ".na.character", "", "JAK")))
ORGANISMS: Final = st.one_of(
    st.sampled_from(((), (HUMAN,), (MOUSE,), (HUMAN, MOUSE), (HUMAN, FLY))),
    st.lists(st.sampled_from((*TAXA, "Yeti nivalis")), max_size=3, unique=True).map(tuple),
)
RECORDS: Final = st.builds(
    Record,
    st.lists(WORDS, min_size=1, max_size=9).map(tuple),
    ORGANISMS,
    genes=st.none() | st.none() | SOME,
    chemicals=st.none() | st.none() | SOME,
    diseases=st.none() | st.none() | SOME,
)


@settings(max_examples=80, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@example(known=KNOWN, records=[case.record for case in TERM_CASES])
@example(known=KNOWN, records=[case.record for case in GENE_CASES])
@given(known=lexicons(), records=st.lists(RECORDS, min_size=2, max_size=8))
def test_any_keywords_mean_what_the_oracle_says(known: Known, records: list[Record]) -> None:
    with tempfile.TemporaryDirectory() as name:
        lexicon = built(Path(name), files_of(known))
        found = exported(Path(name), [written(record, place) for place, record in enumerate(records)], lexicon)
    expected = meanings(records, known)
    assert [_bare(links) for links in found.links] == [_bare(meaning.links) for meaning in expected]
    _compare_bodies(found.graph, {link for meaning in expected for link in meaning.links})
    assert found.reasons == sum((meaning.reasons for meaning in expected), Counter())


def _bare(links: Iterable[Link]) -> set[Link]:
    return {link._replace(label="", other="") for link in links}


def _compare_bodies(graph: Graph, expected: set[Link]) -> None:
    """What is linked has the labels and mappings of all its links."""
    bodies = {
        "gene": expand("ncbigene:"),
        "chemical": expand("mesh:"),
        "disease": expand("mesh:"),
    }
    for kind, ident in {(link.kind, link.ident) for link in expected}:
        body = (bodies[kind] if "_" not in ident else expand("obo:")) + ident
        same = [link for link in expected if (link.kind, link.ident) == (kind, ident)]
        labels = {*graph.values(body, "rdfs:label"), *graph.values(body, "skos:altLabel")}
        assert labels == {link.label for link in same}
        assert len(graph.values(body, "rdfs:label")) == 1
        mapped = {value.rpartition("/")[2] for value in graph.values(body, "skos:closeMatch")}
        assert mapped == {link.other for link in same} - {""}
