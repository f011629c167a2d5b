"""Real records alone, grounded by the embedded lexicon, against an independent reading of their tables."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any, Final, NamedTuple

import pyoxigraph as ox
import pytest
import yaml

import kg
from bench.ground import compare
from tests.variants.records import Graph, expand

HUMAN: Final = "9606"
NCBI: Final = "https://identifiers.org/ncbigene/"
TAXON: Final = expand("obo:NCBITaxon_")
INLINE: Final = ("genes", "chemicals", "diseases")

Genes = set[tuple[str, str, str]]
"""Figure id, NCBI Taxonomy id, NCBI Gene id."""


def front_matter(path: Path) -> dict[str, Any]:
    """A record's fields, all scalars as text."""
    text = path.read_text(encoding="utf-8").removeprefix("---\n")
    fields = yaml.load(text[: text.index("\n---")], Loader=yaml.BaseLoader)  # noqa: S506 (makes text only)
    assert isinstance(fields, dict)
    return fields


def rejected(fields: dict[str, Any]) -> bool:
    return "REJECT" in (fields.get("figtitle"), fields.get("number"))


class Records(NamedTuple):
    """Records by their file's path below the corpus, and what their tables say."""

    fields: dict[Path, dict[str, Any]]
    genes: Genes
    with_genes: set[str]
    human_only: set[str]


def gene_rows(folder: Path, fields: dict[str, Any]) -> list[tuple[str, str]] | None:
    """Taxon and id of each row of a record's gene table; None where it has no table."""
    figid = fields["figid"]
    for stem in (figid, figid.replace(".", "_")):
        path = folder / "_data" / f"{stem}-genes.tsv"
        if path.is_file():
            with path.open(encoding="utf-8", newline="") as file:
                rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
            return [(row["organism_id"], row["ncbigene_id"].strip()) for row in rows]
    inline = fields.get("genes")
    return None if inline is None else [(HUMAN, row["entrez"]) for row in inline]


def records_of(folders: list[Path]) -> Records:
    """All records of these folders but the rejected ones."""
    fields = {path: front_matter(path) for folder in folders for path in sorted((folder / "_figures").glob("*.md"))}
    fields = {path: front for path, front in fields.items() if not rejected(front)}
    found = Records(fields, set(), set(), set())
    for path, front in fields.items():
        rows = gene_rows(path.parents[1], front)
        if rows is None:
            continue
        found.with_genes.add(front["figid"])
        found.genes.update((front["figid"], taxon, ident) for taxon, ident in rows if ident.isdigit())
        if {taxon for taxon, _ in rows} <= {HUMAN}:
            found.human_only.add(front["figid"])
    return found


class Alone(NamedTuple):
    """Records that were exported without any table: report, graph, links of each to genes."""

    report: kg.ExportReport
    graph: Graph
    genes: Genes


def written_alone(folder: Path, fields: dict[Path, dict[str, Any]]) -> Path:
    """The records in a folder, without any table."""
    (folder / "_figures").mkdir(parents=True)
    for path, front in fields.items():
        bare = {key: value for key, value in front.items() if key not in INLINE}
        text = yaml.safe_dump(bare, sort_keys=False, allow_unicode=True)
        (folder / "_figures" / path.name).write_text(f"---\n{text}---\n", encoding="utf-8")
    return folder


def exported_alone(folder: Path, fields: dict[Path, dict[str, Any]]) -> Alone:
    """What an export makes of the records without any table."""
    written_alone(folder, fields)
    report = kg.export(folder, folder / "out.nt")
    graph = Graph(quad.triple for quad in ox.parse(path=folder / "out.nt", format=ox.RdfFormat.N_TRIPLES))
    figures = {graph.value(figure, "dcterms:identifier"): figure for figure in graph.subjects("pfo:PathwayFigure")}
    links: Genes = set()
    for figid, figure in figures.items():
        for body in graph.values(figure, "schema:mentions"):
            if body.startswith(NCBI):
                (taxon,) = graph.values(body, "obo:RO_0002162")
                links.add((figid, taxon.removeprefix(TAXON), body.removeprefix(NCBI)))
    return Alone(report, graph, links)


@pytest.fixture(scope="module")
def current(corpus: Path) -> Records:
    found = records_of([corpus])
    assert len(found.fields) >= 89
    assert len(found.with_genes) >= 50
    return found


@pytest.fixture(scope="module")
def alone(current: Records, tmp_path_factory: pytest.TempPathFactory) -> Alone:
    return exported_alone(tmp_path_factory.mktemp("alone"), current.fields)


def history_folders(corpus: Path) -> list[Path]:
    return sorted(path for path in (corpus / "history").iterdir() if path.is_dir())


def test_every_record_alone_exports_and_passes_the_check(current: Records, alone: Alone) -> None:
    assert alone.report.ok
    assert alone.report.figures == len(current.fields) == alone.report.records
    assert not alone.report.left_out


def test_grounding_alone_brings_no_warning_of_a_shape(current: Records, alone: Alone, tmp_path: Path) -> None:
    plain = kg.export(written_alone(tmp_path / "in", current.fields), tmp_path / "plain.nt", ground=False)
    more = alone.report.problems.counts - plain.problems.counts
    assert set(more) == {"keyword-unknown", "keyword-not-guessed", "keyword-uncovered", "keyword-ambiguous"}
    assert not plain.mentions


def test_human_links_are_those_of_the_tables(current: Records, alone: Alone) -> None:
    wanted = {link for link in current.genes if link[1] == HUMAN}
    made = {link for link in alone.genes if link[0] in current.with_genes}
    assert all(taxon == HUMAN for _, taxon, _ in alone.genes)
    right = wanted & made
    assert len(wanted) > 1000
    assert len(right) / len(made) >= 0.99, sorted(made - wanted)
    assert len(right) / len(wanted) >= 0.97, sorted(wanted - made)


def test_the_bench_counts_the_same(corpus: Path, current: Records, alone: Alone) -> None:
    scores, _ = compare(corpus, kg.Lexicons(), history=False)
    wanted = {link for link in current.genes if link[1] == HUMAN}
    made = {link for link in alone.genes if link[0] in current.with_genes}
    human = scores[HUMAN]
    assert (human.right, len(human.wrong), len(human.missed)) == (
        len(wanted & made), len(made - wanted), len(wanted - made),
    )  # fmt: skip
    told = {tuple(line.split(": ")[0] for line in lines) for lines in (human.wrong, human.missed)}
    assert told == {
        tuple(sorted_by_figure(made - wanted, human.wrong)),
        tuple(sorted_by_figure(wanted - made, human.missed)),
    }
    for taxon in {link[1] for link in current.genes} - {HUMAN}:
        assert not scores[taxon].right
        assert len(scores[taxon].missed) == len({link for link in current.genes if link[1] == taxon})


def sorted_by_figure(links: Genes, told: list[str]) -> list[str]:
    """The figure ids of links, in the order of what was told of them."""
    figures = [line.split(": ")[0] for line in told]
    assert sorted(figures) == sorted(figid for figid, _, _ in links)
    return figures


def test_records_of_humans_alone_have_hardly_a_miss(current: Records, alone: Alone) -> None:
    wanted = {link for link in current.genes if link[0] in current.human_only}
    made = {link for link in alone.genes if link[0] in current.human_only}
    assert len(current.human_only) >= 10
    assert made <= wanted
    assert len(wanted - made) <= 5


def test_older_versions_have_all_links_and_no_other(corpus: Path, tmp_path: Path) -> None:
    right = missed = wrong = 0
    for folder in history_folders(corpus):
        records = records_of([folder])
        if not records.fields:
            continue
        alone = exported_alone(tmp_path / folder.name, records.fields)
        assert alone.report.ok
        assert alone.report.figures == len(records.fields)
        right += len(records.genes & alone.genes)
        missed += len(records.genes - alone.genes)
        wrong += len({link for link in alone.genes if link[0] in records.with_genes} - records.genes)
    assert (missed, wrong) == (0, 0)
    assert right >= 180


def test_the_bench_agrees_on_older_versions(corpus: Path) -> None:
    scores, _ = compare(corpus, kg.Lexicons(), history=True)
    assert scores.keys() == {HUMAN}
    assert (scores[HUMAN].precision, scores[HUMAN].recall) == (1.0, 1.0)
    wanted = sum(len(records_of([folder]).genes) for folder in history_folders(corpus))
    assert scores[HUMAN].right == wanted


def test_records_without_genes_have_no_gene_link(current: Records, alone: Alone) -> None:
    """The recogniser names organisms by genes alone: where it names none, all keywords are chemicals or diseases."""
    none = {front["figid"] for front in current.fields.values() if front.get("organisms_ner", ["NA"]) == ["NA"]}
    assert len(none) >= 14
    assert not none & current.with_genes
    assert not {link for link in alone.genes if link[0] in none}


def test_chemicals_that_explain_all_keywords_leave_none_for_genes(corpus: Path, current: Records, alone: Alone) -> None:
    found = 0
    for front in current.fields.values():
        words = chemical_words(corpus, front["figid"])
        keywords = front["schema-jsonld"]["keywords"]
        keywords = keywords if isinstance(keywords, list) else [keywords]
        if front["figid"] not in current.with_genes and words and set(keywords) <= words:
            found += 1
            assert not {link for link in alone.genes if link[0] == front["figid"]}
    assert found >= 10


def chemical_words(corpus: Path, figid: str) -> set[str]:
    paths = [corpus / "_data" / f"{stem}-chemicals.tsv" for stem in (figid, figid.replace(".", "_"))]
    return {
        line.split("\t")[0].removesuffix("\r")
        for path in paths
        if path.is_file()
        for line in path.read_text(encoding="utf-8").split("\n")[1:]
        if line
    }


def test_with_tables_no_keyword_is_linked_as_what_a_table_lists(corpus: Path, tmp_path: Path) -> None:
    """Of records with their tables, keywords are linked only where there is no gene table."""
    kg.export(corpus, tmp_path / "out.nt")
    graph = Graph(quad.triple for quad in ox.parse(path=tmp_path / "out.nt", format=ox.RdfFormat.N_TRIPLES))
    figures = {
        graph.value(node, "oa:hasTarget").removesuffix(".html").rpartition("/")[2]
        for node in graph.subjects("pfo:KeywordMention")
    }
    assert figures
    assert not figures & records_of([corpus]).with_genes
