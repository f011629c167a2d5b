"""What the saved queries must answer, worked out from records and tables: no query is run, no code of `kg` used.

`read` takes a folder in the database's layout to `Records`; `ANSWERS` has one function a query, which gives the rows as
plain text in the order of the query's variables, in any order of rows (`ORDER` tells that one).
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import pyoxigraph as ox

from tests.corpus.support import (
    ABSENT,
    DCTERMS,
    FABIO,
    FOAF,
    GENE,
    KINDS,
    LEX,
    OA,
    OBO,
    PFO,
    SCHEMA,
    SKOS,
    TYPE,
    Hit,
    front_matter,
    inline_hits,
    table,
    table_hits,
    tidied,
    tidied_title,
)

Cell = str | None
Cells = tuple[Cell, ...]
Params = Mapping[str, tuple[str, ...]]
"""Values of a query's parameters, IRIs without `<>`; one that is left out is not bound."""

BASE: Final = "https://w3id.org/pfocr-kg/"
DCAT: Final = "http://www.w3.org/ns/dcat#"
PAV: Final = "http://purl.org/pav/"
PROV: Final = "http://www.w3.org/ns/prov#"
DOCO: Final = "http://purl.org/spar/doco/"

STRICTNESS: Final = {
    f"{LEX}ncbigene_symbol": "strict",
    f"{LEX}hgnc_symbol": "strict",
    f"{LEX}ncbigene_synonym": "synonyms",
    f"{LEX}hgnc_alias_symbol": "synonyms",
    f"{LEX}hgnc_prev_symbol": "synonyms",
    f"{LEX}famplex_relations": "all",
    f"{LEX}bioentities_symbol": "all",
    f"{LEX}keyword_symbol": "all",
    f"{LEX}keyword_alias": "all",
}

# NCBI Taxonomy numbers of the organisms that records without a gene table may name (`organisms`, `organisms_ner`).
TAXA: Final = {
    "Arabidopsis thaliana": "3702",
    "Bos taurus": "9913",
    "Bubalus bubalis": "89462",
    "Caenorhabditis elegans": "6239",
    "Capra hircus": "9925",
    "Danio rerio": "7955",
    "Drosophila melanogaster": "7227",
    "Equus asinus": "9793",
    "Equus caballus": "9796",
    "Escherichia coli str. K-12 substr. MG1655": "511145",
    "Gallus gallus": "9031",
    "Glycine max": "3847",
    "Homo sapiens": "9606",
    "Macaca mulatta": "9544",
    "Mus musculus": "10090",
    "Oryctolagus cuniculus": "9986",
    "Rattus norvegicus": "10116",
    "Saccharomyces cerevisiae S288C": "559292",
    "Solanum lycopersicum": "4081",
    "Staphylococcus epidermidis": "1282",
    "Sus scrofa": "9823",
    "Xenopus laevis": "8355",
}


@dataclass(frozen=True, slots=True)
class Mention:
    """A word of a figure matched to an entity; an empty text stands for what the row does not say."""

    kind: str
    word: str
    match: str
    entity: str
    lexicon: str


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper as the records of its figures describe it together."""

    year: str
    title: str
    journal: str
    journal_title: str
    publisher: str


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure with what was read in it; equal rows of its tables are one mention."""

    iri: str
    ident: str
    title: str
    caption: str
    number: str
    image: str
    pmcid: str
    taxa: frozenset[str]
    named_taxa: frozenset[str]
    mentions: frozenset[Mention]
    symbols: frozenset[tuple[str, str]]
    gene_taxa: frozenset[tuple[str, str]]

    @property
    def paper(self) -> str:
        return f"https://identifiers.org/pmc/{self.pmcid}"

    @property
    def genes(self) -> set[str]:
        return self.entities("Gene")

    @property
    def shown(self) -> set[str]:
        """Whatever it mentions."""
        return self.entities(*KINDS.values())

    def entities(self, *kinds: str) -> set[str]:
        return {mention.entity for mention in self.mentions if mention.entity and mention.kind in kinds}


def _commonest(names: Counter[str]) -> str | None:
    """The most frequent name, of equals the first in the alphabet."""
    return min(names, key=lambda name: (-names[name], name), default=None)


@dataclass(slots=True)
class Gene:
    """A gene as all figures name it."""

    symbols: Counter[str] = field(default_factory=Counter)
    taxa: set[str] = field(default_factory=set)

    @property
    def label(self) -> str | None:
        """The symbol that most figures use."""
        return _commonest(self.symbols)


@dataclass(frozen=True, slots=True)
class Release:
    """What no record says: the name and date of the export, read from the graph itself."""

    dataset: str = ""
    version: str | None = None
    issued: str | None = None
    licence: str = ""
    sources: tuple[str | None, ...] = ()
    triples: str = ""


@dataclass(slots=True)
class Records:
    """All that the answers are worked out from."""

    figures: list[Figure]
    papers: dict[str, Paper]
    genes: dict[str, Gene]
    release: Release

    def year(self, figure: Figure) -> str | None:
        return self.papers[figure.pmcid].year or None

    def label(self, gene: str) -> str | None:
        return self.genes[gene].label

    def figures_with(self, *entities: str) -> Iterator[Figure]:
        """The figures that mention all of these."""
        return (figure for figure in self.figures if figure.shown >= set(entities))


# --- reading


def _text(front: Mapping[str, Any], key: str) -> str:
    value = front.get(key, "")
    assert isinstance(value, str), (key, value)
    return "" if value.strip() in ABSENT else value


def _names(front: Mapping[str, Any], key: str) -> list[str]:
    value = front.get(key, [])
    return [tidied(name) for name in ([value] if isinstance(value, str) else value)]


def _hits(front: Mapping[str, Any], data: Path) -> list[Hit]:
    """The rows of a record: of its tables, or of the lists that it had in 2020-21 where there is no table."""
    figid = front["figid"]
    hits: list[Hit] = []
    for name, kind in KINDS.items():
        companions = [data / f"{stem}-{name}.tsv" for stem in (figid, figid.replace(".", "_"))]
        companion = next((path for path in companions if path.exists()), None)
        hits += table_hits(kind, table(companion)) if companion else inline_hits(kind, front.get(name) or ())
    return hits


def _rejected(front: Mapping[str, Any]) -> bool:
    return "REJECT" in (front["figtitle"].strip(), front["number"].strip())


def _figure(front: Mapping[str, Any], hits: Iterable[Hit]) -> Figure:
    pmcid, described = front["pmcid"], front["schema-jsonld"]
    genes = [hit for hit in hits if hit.row.kind == "Gene"]
    found = [(hit.row.body, hit) for hit in genes if hit.row.body]
    organisms = [*_names(front, "organisms"), *_names(front, "organisms_ner")]
    return Figure(
        iri=described["@id"],
        ident=front["figid"],
        title=tidied_title(_text(front, "figtitle")) or _paper_title(front),
        caption=tidied_title(described.get("description", "")) or tidied_title(_text(front, "caption")),
        number=_text(front, "number").strip(),
        image=f"https://europepmc.org/articles/{pmcid}/bin/{quote(front['filename'])}",
        pmcid=pmcid,
        taxa=frozenset(hit.taxon for hit in genes if not _of_keyword(hit.row.lexicon)),
        named_taxa=frozenset(TAXA[name] for name in organisms if name in TAXA),
        mentions=frozenset(Mention(*_parts(hit)) for hit in hits),
        symbols=frozenset((gene, hit.name) for gene, hit in found if hit.name),
        gene_taxa=frozenset((gene, hit.taxon) for gene, hit in found),
    )


def _parts(hit: Hit) -> tuple[str, str, str, str, str]:
    row = hit.row
    return row.kind, row.word, row.match, row.body, row.lexicon


def _paper_title(front: Mapping[str, Any]) -> str:
    return tidied(_text(front, "papertitle")).rstrip(". ")


def _age(front: Mapping[str, Any]) -> int:
    """The generation of a record as a number: where the records of one paper differ, the newest wins."""
    keys = list(front)
    if not {"genes", "annotations", "pathway_score"}.isdisjoint(keys):
        return 1 if "figid_alias" in front else 0
    if "organisms_ner" in front and keys.index("organisms_ner") > keys.index("figtype"):
        return 2
    return 4 if _text(front, "doi") else 3


def _paper(fronts: Iterable[Mapping[str, Any]]) -> Paper:
    newest_first = sorted(fronts, key=_age, reverse=True)

    def first(key: str) -> str:
        return next((text for front in newest_first if (text := tidied(_text(front, key)))), "")

    short, title, year = first("journal_nlm_ta"), first("journal_title"), first("year")
    return Paper(
        year=year if re.fullmatch(r"\d{4}", year) else "",
        title=next((text for front in newest_first if (text := _paper_title(front))), ""),
        journal=_slug("journal", short or title),
        journal_title=title or short,
        publisher=_slug("publisher", first("publisher_name")),
    )


def _slug(kind: str, name: str) -> str:
    assert name.isascii(), f"{name!r}: the names of the seeds and the corpus are ASCII, others get a hash"
    return f"{BASE}{kind}/{'-'.join(re.findall('[a-z0-9]+', name.lower()))}" if name else ""


def _genes(figures: Iterable[Figure]) -> dict[str, Gene]:
    genes: dict[str, Gene] = defaultdict(Gene)
    for figure in figures:
        for gene in figure.genes:
            genes[gene].symbols.update(symbol for known, symbol in figure.symbols if known == gene)
            genes[gene].taxa.update(taxon for known, taxon in figure.gene_taxa if known == gene)
    return dict(genes)


def read(folder: Path, graph: Path, keywords: Mapping[str, Iterable[Hit]] | None = None) -> Records:
    """The records of a folder in the database's layout; rejected ones are left out.

    Args:
        folder: holds `_figures/` and `_data/`.
        graph: what was exported of it, which alone knows its version and date.
        keywords: by figure id, what a lexicon makes of the keywords of records without tables.
    """
    more = keywords or {}
    fronts = [front_matter(path) for path in sorted((folder / "_figures").glob("*.md"))]
    fronts = [front for front in fronts if not _rejected(front)]
    figures = [_figure(front, [*_hits(front, folder / "_data"), *more.get(front["figid"], ())]) for front in fronts]
    assert len({figure.ident for figure in figures}) == len(figures), "each figure has one record"
    by_paper: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for front in fronts:
        by_paper[front["pmcid"]].append(front)
    papers = {pmcid: _paper(same) for pmcid, same in by_paper.items()}
    return Records(figures, papers, _genes(figures), _release(graph))


def _release(graph: Path) -> Release:
    """A second reading of the graph: its triples are counted, its own count is not looked at."""
    triples = {quad.triple for quad in ox.parse(path=str(graph), format=ox.RdfFormat.TURTLE)}
    dataset = next(
        t.subject for t in triples if (t.predicate.value, t.object) == (TYPE, ox.NamedNode(f"{DCAT}Dataset"))
    )
    facts: dict[str, list[str]] = defaultdict(list)
    for triple in triples:
        if triple.subject == dataset and isinstance(triple.object, ox.NamedNode | ox.Literal):
            facts[triple.predicate.value].append(triple.object.value)
    (licence,) = facts[f"{DCTERMS}license"]
    return Release(
        dataset=dataset.value if isinstance(dataset, ox.NamedNode) else "",
        version=next(iter(facts[f"{PAV}version"]), None),
        issued=next(iter(facts[f"{DCTERMS}issued"]), None),
        licence=licence,
        sources=tuple(facts[f"{PROV}wasDerivedFrom"]) or (None,),
        triples=str(len(triples)),
    )


# --- answers


def _optional(params: Params, name: str, value: str) -> bool:
    """Whether a value fits a parameter that may be left out."""
    return name not in params or value in params[name]


def _evidence(records: Records, params: Params) -> Iterator[tuple[Figure, Mention]]:
    """The gene mentions with all their parts, in one figure or in all."""
    for figure in records.figures:
        if _optional(params, "figure", figure.iri):
            for mention in figure.mentions:
                if mention.kind == "Gene" and mention.entity and mention.match and mention.lexicon:
                    yield figure, mention


def ambiguous_words(records: Records, params: Params) -> list[Cells]:
    """A gene that has no symbol counts too; its IRI stands among the symbols."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for figure, mention in _evidence(records, params):
        if _optional(params, "word", mention.word):
            found[figure.iri, mention.word].add(mention.entity)
    return [
        (figure, word, str(len(genes)), ", ".join(sorted({records.label(gene) or gene for gene in genes})))
        for (figure, word), genes in found.items()
        if len(genes) > 1
    ]


def caption_search(records: Records, params: Params) -> list[Cells]:
    wanted = params["text"][0].lower()
    return [
        (figure.iri, figure.title or None)
        for figure in records.figures
        if wanted in figure.title.lower() or wanted in figure.caption.lower()
    ]


def _beside(records: Records, entity: str) -> list[Cells]:
    """The genes of the figures that mention an entity, itself left out, with the number of these figures."""
    counts = Counter(gene for figure in records.figures_with(entity) for gene in figure.genes - {entity})
    return [(gene, records.label(gene), str(number)) for gene, number in counts.items()]


def co_mentioned_genes(records: Records, params: Params) -> list[Cells]:
    return _beside(records, params["gene"][0])


def genes_for_disease(records: Records, params: Params) -> list[Cells]:
    return _beside(records, params["disease"][0])


def class_counts(records: Records) -> dict[str, int]:
    """How many nodes of each class the records come to."""
    figures, papers = records.figures, records.papers.values()
    mentions = Counter(mention.kind for figure in figures for mention in figure.mentions)
    images = {figure.image for figure in figures}
    lexicons = {mention.lexicon for figure in figures for mention in figure.mentions} - {""}
    genes, chemicals, diseases = (
        {entity for figure in figures for entity in figure.entities(kind)} for kind in KINDS.values()
    )
    counts = {
        **dict.fromkeys((f"{SCHEMA}Dataset", f"{DOCO}Figure", f"{PFO}PathwayFigure"), len(figures)),
        **dict.fromkeys((f"{FABIO}JournalArticle", f"{SCHEMA}ScholarlyArticle"), len(papers)),
        **dict.fromkeys((f"{FOAF}Image", f"{SCHEMA}ImageObject"), len(images)),
        **dict.fromkeys((f"{PFO}Gene", f"{SCHEMA}Gene"), len(genes)),
        **{f"{PFO}{kind}Mention": number for kind, number in mentions.items()},
        f"{PFO}KeywordMention": sum(_of_keyword(m.lexicon) for figure in figures for m in figure.mentions),
        f"{PFO}KeywordLexicon": sum(map(_of_keyword, lexicons)),
        f"{OA}Annotation": mentions.total(),
        f"{FABIO}Journal": len({paper.journal for paper in papers} - {""}),
        f"{FOAF}Organization": len({paper.publisher for paper in papers} - {""}),
        f"{SCHEMA}Organization": 1,  # WikiPathways, creator of them all
        f"{PFO}Chemical": len(chemicals),
        f"{PFO}Disease": len(diseases),
        f"{PFO}Taxon": len({taxon for f in figures for taxon in f.taxa | f.named_taxa | {t for _, t in f.gene_taxa}}),
        f"{PFO}OrganismEvidence": sum(len(figure.taxa) for figure in figures),
        f"{SKOS}Concept": len(lexicons),
        f"{SKOS}ConceptScheme": min(1, len(lexicons)),
    }
    return {name: number for name, number in counts.items() if number}


def _of_keyword(lexicon: str) -> bool:
    return lexicon.startswith(f"{LEX}keyword_")


def dataset_card(records: Records, params: Params) -> list[Cells]:
    release = records.release
    head = (release.dataset, release.version, release.issued, release.licence)
    return [
        (*head, source, release.triples, name, str(number))
        for name, number in class_counts(records).items()
        if _optional(params, "class", name)
        for source in release.sources
    ]


def _showing(records: Records, *entities: str) -> list[Cells]:
    return [
        (figure.iri, figure.title or None, records.year(figure), figure.paper)
        for figure in records.figures_with(*entities)
    ]


def figures_for_gene_and_chemical(records: Records, params: Params) -> list[Cells]:
    return _showing(records, params["gene"][0], params["chemical"][0])


def figures_for_two_genes(records: Records, params: Params) -> list[Cells]:
    return _showing(records, params["a"][0], params["b"][0])


def figures_for_gene(records: Records, params: Params) -> list[Cells]:
    rows = _showing(records, params["gene"][0])
    images = {figure.iri: figure.image for figure in records.figures}
    return [(*row, images[str(row[0])]) for row in rows]


def figures_for_gene_list(records: Records, params: Params) -> list[Cells]:
    listed = set(params["genes"])
    rows: list[Cells] = []
    for figure in records.figures:
        if hits := listed & figure.genes:
            jaccard = float(Fraction(len(hits), len(listed | figure.genes)))
            rows.append((figure.iri, figure.title or None, str(len(hits)), str(len(figure.genes)), repr(jaccard)))
    return rows


def figures_for_symbol_strict(records: Records, params: Params) -> list[Cells]:
    called = {iri for iri, gene in records.genes.items() if params["symbol"][0] in gene.symbols}
    rows: set[Cells] = {
        (figure.iri, figure.title or None, mention.entity, mention.word)
        for figure, mention in _evidence(records, {})
        if mention.entity in called and STRICTNESS.get(mention.lexicon) == "strict"
    }
    return list(rows)


def figures_of_paper(records: Records, params: Params) -> list[Cells]:
    rows: list[Cells] = []
    for figure in records.figures:
        if figure.paper == params["paper"][0]:
            genes: list[Cells] = [(gene, records.label(gene)) for gene in figure.genes]
            rows += [(figure.iri, figure.number or None, *gene) for gene in genes or [(None, None)]]
    return rows


def gene_sets(records: Records, params: Params) -> list[Cells]:
    taxon = params["taxon"][0].removeprefix(f"{OBO}NCBITaxon_")
    return [
        (figure.ident, figure.title or None, gene.removeprefix(GENE), records.label(gene))
        for figure in records.figures
        for gene in figure.genes
        if taxon in records.genes[gene].taxa
    ]


def gene_trend(records: Records, params: Params) -> list[Cells]:
    years = Counter(records.year(figure) for figure in records.figures_with(params["gene"][0]))
    return [(year, str(number)) for year, number in years.items() if year]


def genes_of_figure(records: Records, params: Params) -> list[Cells]:
    return [
        (gene, records.label(gene), mention.word, mention.match, mention.lexicon, STRICTNESS.get(mention.lexicon))
        for _, mention in _evidence(records, params)
        for gene in [mention.entity]
    ]


def journal_profile(records: Records, params: Params) -> list[Cells]:
    figures: dict[str, list[Figure]] = defaultdict(list)
    titles: dict[str, Counter[str]] = defaultdict(Counter)
    for figure in records.figures:
        paper = records.papers[figure.pmcid]
        if paper.journal:
            figures[paper.journal].append(figure)
            titles[paper.journal][paper.journal_title] += 1
    return [
        (
            journal,
            _commonest(titles[journal]),
            str(len(own)),
            str(len({gene for figure in own for gene in figure.genes}) or "") or None,
        )
        for journal, own in figures.items()
        if len(own) >= int(params["least"][0])
    ]


def suspect_mentions(records: Records, params: Params) -> list[Cells]:
    def letters(text: str) -> str:
        return re.sub("[^A-Za-z0-9]", "", text).upper()

    return [
        (figure.iri, mention.word, mention.match, mention.lexicon, mention.entity, records.label(mention.entity))
        for figure, mention in _evidence(records, params)
        if _optional(params, "lexicon", mention.lexicon)
        and mention.word.upper() != mention.match.upper()
        and letters(mention.word) != letters(mention.match)
    ]


ANSWERS: Final[dict[str, Callable[[Records, Params], list[Cells]]]] = {
    "ambiguous-words": ambiguous_words,
    "caption-search": caption_search,
    "co-mentioned-genes": co_mentioned_genes,
    "dataset-card": dataset_card,
    "figures-for-gene": figures_for_gene,
    "figures-for-gene-and-chemical": figures_for_gene_and_chemical,
    "figures-for-gene-list": figures_for_gene_list,
    "figures-for-symbol-strict": figures_for_symbol_strict,
    "figures-for-two-genes": figures_for_two_genes,
    "figures-of-paper": figures_of_paper,
    "gene-sets": gene_sets,
    "gene-trend": gene_trend,
    "genes-for-disease": genes_for_disease,
    "genes-of-figure": genes_of_figure,
    "journal-profile": journal_profile,
    "suspect-mentions": suspect_mentions,
}
"""The expected rows of each local query."""

ORDER: Final = {
    "ambiguous-words": ("-genes", "figure", "word"),
    "caption-search": ("figure",),
    "co-mentioned-genes": ("-figures", "symbol", "other"),
    "dataset-card": ("dataset", "class", "source"),
    "figures-for-gene": ("-year", "figure"),
    "figures-for-gene-and-chemical": ("-year", "figure"),
    "figures-for-gene-list": ("-hits", "-jaccard", "figure"),
    "figures-for-symbol-strict": ("figure", "gene", "word"),
    "figures-for-two-genes": ("-year", "figure"),
    "figures-of-paper": ("figure", "symbol", "gene"),
    "gene-sets": (),  # an export: in no order
    "gene-trend": ("year",),
    "genes-for-disease": ("-figures", "symbol", "gene"),
    "genes-of-figure": ("symbol", "gene", "word", "match", "lexicon"),
    "journal-profile": ("-figures", "journal"),
    "suspect-mentions": ("figure", "word", "match", "lexicon", "gene"),
}
"""The columns by which the rows of each query stand, `-` before those that fall."""
