"""Every line of VARIANTS.md that names an anomaly: a record that has it, and what the graph must hold of it.

`ANOMALIES` maps each anomaly (section, a few words of the page) to its test. Where the page and DATA_MODEL.md
disagree on the export, DATA_MODEL.md wins.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

import kg
from tests.conftest import shared_folder
from tests.variants.records import (
    FIGID,
    FLY,
    GENERATIONS,
    HUMAN,
    MOUSE,
    Exported,
    Mention,
    Record,
    as_bytes,
    chemicals,
    diseases,
    expand,
    export,
    export_source,
    figure_iri,
    front,
    gene,
    genes,
    inline_gene,
    inline_term,
    jsonld,
    raw_text,
    record,
    record_text,
    terms_v1,
    write_source,
)

Run = Callable[..., Exported]

PAPER: Final = "pmc:PMC1234567"
FIGURE: Final = figure_iri()
UUID: Final = "c56421c0-ded7-11ea-99da-0ac135e8bacf"

ANOMALIES: Final[list[tuple[str, str, str]]] = [
    ("0", "a missing companion must never be an error", "test_missing_companions_are_no_error"),
    # 1. Generations
    ("1", "no `figid_alias`; inline `genes/chemicals/diseases`", "test_generation_a_is_read"),
    ("1", "`pmc_ranked_result_index` (string)", "test_ranked_index_is_left_out_unremarked"),
    ("1", '"Fig. 1", "Figure 3"', "test_numbers_of_2020_stay_as_they_are"),
    ("1", "rejected figures are published", "test_rejected_figures_are_reported_and_left_out"),
    ("1", "A + `figid_alias redirect_from figtype` **at the end**", "test_generation_b_is_read"),
    ("1", '`organisms` scalar ("Homo sapiens", "XXX")', "test_organisms_may_be_a_scalar"),
    ("1", 'list elsewhere ("unassigned")', "test_unassigned_is_a_name_without_taxon"),
    ("1", "`annotations` [] or [{type,value}]", "test_annotations_become_literals"),
    ("1", "`organisms_ner` **after** `figtype`", "test_generation_c_is_read"),
    ("1", "gene table has 10 columns", "test_gene_table_of_ten_columns"),
    ("1", "gene table 11 columns; chem/disease tables 5 columns", "test_generation_d_is_read"),
    ("1", "bibliographic fields filled, `organisms: [NA]` always", "test_generation_e_is_read"),
    ("1", "chem/disease mapped by ontology **name**", "test_terms_mapped_by_name_go_by_chebi_and_doid"),
    ("1", "`wpid`, when there, is the last key", "test_wpid_links_to_wikipathways"),
    ("1", "No unknown keys", "test_unknown_keys_are_told"),
    ("1", "no body text after the front matter", "test_body_text_is_counted_not_read"),
    ("1", "LF only", "test_other_line_ends_change_nothing"),
    ("1", "one final newline", "test_missing_final_newline_changes_nothing"),
    ("1", "no BOM", "test_bom_changes_nothing"),
    ("1", "Inline rows (A/B): genes", "test_inline_genes_are_human_with_hgnc_lexicons"),
    ("1", "source('MESH'|'') identifier(''|Dnnn|Cnnn)", "test_inline_terms_with_and_without_id"),
    ("1", 'leading blanks (" Fe2+") and apostrophes', "test_inline_words_keep_blanks_and_apostrophes"),
    # 2. Front matter, field by field
    ("2", "contain `.`", "test_figid_is_never_cut_at_a_dot"),
    ("2", "check file stem = figid = @id", "test_file_name_and_id_must_name_the_figure"),
    ("2", "equals file stem and `@id` always", "test_figure_under_anothers_iri_is_left_out"),
    ("2", "html `<bold>`", "test_title_is_tidied"),
    ("2", "entities `&bgr;`", "test_title_is_tidied"),
    ("2", "outer blanks (3), doubled blanks", "test_title_is_tidied"),
    ("2", 'leading ": " or "\\|"', "test_title_is_tidied"),
    ("2", "cut titles", "test_odd_titles_keep_their_words"),
    ("2", 'trailing "Copyright (c) 2009" run-on', "test_odd_titles_keep_their_words"),
    ("2", "Chinese (1), Greek/′/†/∆", "test_odd_titles_keep_their_words"),
    ("2", "27 equal the paper title", "test_title_may_equal_the_papers"),
    ("2", "plain, single- or double-quoted, always one paragraph", "test_caption_in_every_yaml_style"),
    ("2", "'Figure' (2), '.' (1)", "test_poor_captions_are_kept"),
    ("2", 'starts ". "', "test_caption_loses_the_residue_of_its_number"),
    ("2", "empty citation holes `[]` `[,,]` `()`", "test_odd_captions_keep_their_words"),
    ("2", "run on to the text (4, eLife)", "test_odd_captions_keep_their_words"),
    ("2", "non-ASCII 51", "test_odd_captions_keep_their_words"),
    ("2", "no `\\` (generator turns it to `/`)", "test_odd_captions_keep_their_words"),
    ("2", "equals `schema-jsonld.description` in 145/145, so emit once", "test_caption_is_stored_once"),
    ("2", "`[NA]` in 76", "test_organisms_na_alone_says_nothing"),
    ("2", "`NA` mixed with names", "test_na_among_organism_names_is_dropped"),
    ("2", "1-49 names, >20 in 8", "test_many_organisms"),
    ("2", "non-organisms (vectors, prion", "test_non_organisms_are_names_without_taxon"),
    ("2", "doubled blanks; false hits", "test_organism_names_are_tidied"),
    ("2", "list; `[NA]` in 22", "test_organisms_ner_na_says_nothing"),
    ("2", "in 46 records whose `organisms` lacks it", "test_recognised_organism_adds_its_taxon"),
    ("2", "| `pmcid` |", "test_paper_iri_is_made_of_pmcid"),
    ("2", "| `filename` |", "test_image_goes_by_template"),
    ("2", "`/pmc/articles/.../` 116", "test_figlink_forms"),
    ("2", "no leading slash", "test_figlink_forms"),
    ("2", "no trailing slash", "test_figlink_forms"),
    ("2", "points at **another paper**", "test_stale_figlink_makes_no_page"),
    ("2", "F1B, S1, SF1 (2), GA1, EV2", "test_number_variants_are_literals"),
    ("2", "schemes read as SF1", "test_number_variants_are_literals"),
    ("2", "not unique (figure supplements", "test_two_figures_one_number"),
    ("2", 'final "." dropped from 2024 on', "test_final_stop_makes_no_second_title"),
    ("2", '" ." ".." "?."', "test_paper_title_variants"),
    ("2", "doubled blanks (8)", "test_paper_title_variants"),
    ("2", "holds ESI text with a DOI", "test_paper_title_variants"),
    ("2", '"Correction: ..." and "ERRATUM."', "test_paper_title_variants"),
    ("2", "no authors (Correction", "test_reftext_variants"),
    ("2", 'no year ("...Rheumatol. ;5(4)"', "test_reftext_variants"),
    ("2", '"14(NA)"', "test_reftext_variants"),
    ("2", "trailing blank", "test_reftext_variants"),
    ("2", "| `''` (4) |", "test_year_is_four_digits_or_absent"),
    ("2", "`.na.character` 81 (all up to 2021)", "test_doi_na_character_makes_no_iri"),
    ("2", "upper-case letters occur", "test_doi_in_mixed_case_has_every_join_form"),
    ("2", "no URL form, no `''`, no `NA` met, accept all", "test_doi_spellings"),
    ("2", "otherwise omit", "test_text_that_is_no_doi_makes_none"),
    ("2", "percent-encoded doi", "test_doi_with_illegal_characters"),
    ("2", "publisher `''` once", "test_publisher_may_be_empty"),
    ("2", '"PLOS One"/"PLOS ONE"', "test_journal_spellings_are_not_merged_by_name"),
    ("2", '"Published by Elsevier Inc. on behalf of ..."', "test_publisher_names_stay_apart"),
    ("2", "`.na.character` 81, `''` 28, \"a \\| b \\| c\" 22", "test_author_keywords_are_split"),
    ("2", "**newline inside a term**", "test_newline_inside_an_author_keyword"),
    ("2", "keep apart from the JSON-LD keywords", "test_author_keywords_stay_apart"),
    ("2", "float 0.573-0.976, up to 7 digits", "test_score_formats"),
    ("2", "score with a named property", "test_bad_scores_are_told"),
    ("2", "(`pathway_score` in A/B)", "test_pathway_score_of_old_records"),
    ("2", "collisions possible", "test_two_figures_one_alias"),
    ("2", "unknown values kept", "test_figure_types_are_literals"),
    ("2", "`''` 94, UUID 37", "test_ndex_is_a_uuid_or_absent"),
    ("2", "key absent, not empty; accept '' too", "test_wpid_absent_empty_or_bad"),
    ("2", "| `seo` |", "test_seo_is_ignored"),
    ("2", "**name `CreativeWork` in 145/145** (template bug)", "test_name_and_licence_are_repaired"),
    ("2", "license → `https://creativecommons.org", "test_name_and_licence_are_repaired"),
    ("2", "`pmc_ranked_result_index` quoted int", "test_ranked_index_is_left_out_unremarked"),
    ("2", "**plain scalar** `keywords: Ca2+`", "test_keywords_may_be_a_scalar"),
    ("2", "the same string twice in 6 records", "test_same_keyword_as_gene_and_chemical"),
    ("2", "equal but for case in 69", "test_keywords_that_differ_in_case_stay_apart"),
    ("2", "`.na.character` in 4 (gene row without symbol): drop", "test_absent_keyword_is_dropped_and_counted"),
    ("2", "entries only in a companion", "test_keyword_only_in_a_companion"),
    ("2", "entries in no stored companion", "test_keyword_in_no_companion_stays_text"),
    ("2", "never from the string", "test_keywords_that_a_table_explains_make_no_entities"),
    ("2", "never from the string", "test_keywords_stay_text_beside_a_table_of_their_kind"),
    ("2", "never from the string", "test_keywords_make_no_entities_unless_looked_up"),
    ("2", "OCR junk", "test_keywords_stay_word_for_word"),
    ("2", "'Me  Me  Me '", "test_keywords_stay_word_for_word"),
    ("2", "(`'NO'`, `'N'`, `'On'`, `'[O]'` are quoted)", "test_keywords_like_yaml_words"),
    ("2", 'Plain `NA` → "NA" str in PyYAML', "test_absent_keyword_is_dropped_and_counted"),
    ("2", "Gene symbols that look missing or like words and must survive", "test_gene_names_like_words"),
    ("2", "Never use pandas' default NA list", "test_gene_names_like_words"),
    # 3. Companion tables
    ("3", "no quoting: read with QUOTE_NONE", "test_quotes_in_tables_are_text"),
    ("3", "`organism_name` (with strain)", "test_strain_names_and_groups"),
    ("3", "text glued to neighbours", "test_glued_words_stay_as_read"),
    ("3", "(missing in gen C)", "test_gene_table_of_ten_columns"),
    ("3", "`NA`/0 possible", "test_counts_na_and_zero"),
    ("3", "famplex = a family word expanded to all members", "test_family_word_matches_all_members"),
    ("3", "9606 Primates 1,872 rows", "test_orthologs_of_several_organisms"),
    ("3", "`ncbigene_symbol` NA 3 rows", "test_missing_symbol_leaves_the_id_valid"),
    ("3", "COX has id `NaN` too", "test_row_without_id_keeps_its_word"),
    ("3", "skip the row", "test_row_with_a_bad_id_keeps_its_word"),
    ("3", "are **real** text (gene na)", "test_word_and_match_na_are_real_text"),
    ("3", "pairs occur by several words", "test_one_gene_by_several_words"),
    ("3", "repeated with only count_direct changed", "test_block_repeated_with_other_counts"),
    ("3", "One symbol with two ids", "test_one_symbol_two_ids"),
    ("3", "123 words non-ASCII", "test_lookalike_words_stay_apart"),
    ("3", "one evidence node per distinct (word, match, source, taxon, id)", "test_repeated_rows_are_counted"),
    ("3", "one link per (taxon,id)", "test_rows_that_differ_in_one_column_stay_apart"),
    ("3", "one CRLF without final newline: accept", "test_old_term_table_with_crlf"),
    ("3", "`mesh:Dnnn` 196 / `mesh:Cnnn` 212 / NA 125", "test_mesh_prefix_is_stripped"),
    ("3", "both ids 187, neither 27", "test_chemical_with_both_or_neither_id"),
    ("3", "name NA although chebi present in 11", "test_chemical_without_a_name"),
    ("3", "46 exact duplicate rows", "test_repeated_rows_are_counted"),
    ("3", "both NA → keep the word as literal, no IRI", "test_chemical_with_both_or_neither_id"),
    ("3", "`match`/`name` sometimes swapped", "test_swapped_match_and_name"),
    ("3", "Names contain commas, quotes (5), brackets, braces", "test_names_with_signs"),
    ("3", "Wrong hits: BAs", "test_wrong_hits_are_kept_and_tellable"),
    ("3", "`DOID:n` 4 (2025), `doid:n` 1 (2023)", "test_doid_in_either_case"),
    ("3", "neither id 3", "test_disease_without_id_keeps_its_word"),
    ("3", "MeSH sometimes not a disease", "test_mesh_id_as_chemical_and_disease"),
    # 4. Generator, site, maps (what bears on records)
    ("4", "R NA strings are written `.na.character`", "test_na_character_everywhere"),
    ("4", "`F0` unknown", "test_number_variants_are_literals"),
    ("4", "two wpid lines use blanks instead of a tab", "test_other_files_of_the_database_are_no_records"),
    ("4", "three tables from `_data`", "test_table_that_belongs_to_no_record_is_told"),
    ("4", "Many figures can share one WP id", "test_two_figures_one_wikipathways_id"),
    # 5. Missing-value rule
    ("5", "Treat as missing: key absent, null", "test_missing_in_every_spelling"),
    ("5", "mesh, name, chebi, doid, counts", "test_missing_cells_of_tables"),
    ("5", "Not for: keywords 'NO'/'N'/'na', gene `word`/`match`", "test_missing_rule_spares_words"),
    ("5", "In chemical/disease tables `match`='NA' is missing", "test_match_na_of_terms_is_missing"),
    # 6. Not met
    ("6", "schema-jsonld as list", "test_jsonld_as_list"),
    ("6", "multi-paragraph captions", "test_caption_of_several_paragraphs"),
    ("6", "LaTeX", "test_odd_captions_keep_their_words"),
    ("6", '"RETRACTED" titles', "test_paper_title_variants"),
    ("6", "DOI as URL", "test_doi_spellings"),
    ("6", "numeric/date/boolean keywords", "test_keywords_like_yaml_words"),
    ("6", "figid with characters outside", "test_figid_with_odd_characters"),
    ("6", "tabs inside TSV cells", "test_tab_inside_a_cell_leaves_the_record_out"),
    ("6", "tabs inside TSV cells; records", "test_ragged_row_leaves_the_record_out"),
    ("6", "records without `pmcid`", "test_record_without_pmcid"),
    ("6", "duplicate keys", "test_duplicate_keys_leave_the_record_out"),
    ("6", "or a BOM", "test_bom_changes_nothing"),
]
"""Section (0: the head of the page), words of the page, test."""


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Exports records and gives the graph and the report."""
    return lambda *records, **settings: export(tmp_path, *records, **settings)


def lexicon(name: str) -> str:
    return expand(f"lex:{name}")


# The table itself


def test_every_anomaly_has_its_test() -> None:
    known = {name for name, value in globals().items() if name.startswith("test_") and callable(value)}
    assert [name for *_, name in ANOMALIES if name not in known] == []
    unlisted = known - {name for *_, name in ANOMALIES} - _OTHER_TESTS
    assert unlisted == set()
    assert len(set(ANOMALIES)) == len(ANOMALIES)
    sections = Counter(section for section, *_ in ANOMALIES)
    assert sections == {"0": 1, "1": 22, "2": 82, "3": 29, "4": 5, "5": 4, "6": 12}


def _sections(page: str) -> dict[str, str]:
    parts = re.split(r"^## (\d)\. ", page, flags=re.MULTILINE)
    return {"0": parts[0]} | dict(zip(parts[1::2], parts[2::2], strict=True))


def _anomalous_lines(text: str) -> list[str]:
    """Table rows (without head and rule) and list items of a section."""
    rows = [line for line in text.splitlines() if line.startswith(("| ", "* ", "**"))]
    return [line for line in rows if not line.startswith(("| gen ", "| field "))]


def test_every_line_of_the_page_is_quoted() -> None:
    page = (shared_folder("design") / "VARIANTS.md").read_text("utf-8")
    sections = _sections(page)
    assert set(sections) == set("0123456")
    assert [quote for section, quote, _ in ANOMALIES if quote not in sections[section].replace("\n", " ")] == []
    lines = [(section, line) for section in "1236" for line in _anomalous_lines(sections[section])]
    # Generations; fields, keywords and YAML words; genes, chemicals and diseases.
    assert len(lines) == 5 + (23 + 6 + 1) + (6 + 2 + 1)
    covered = [line for section, line in lines if any(s == section and quote in line for s, quote, _ in ANOMALIES)]
    bare = [line for _, line in lines if line not in covered]
    assert bare == []


_OTHER_TESTS: Final = frozenset({"test_every_anomaly_has_its_test", "test_every_line_of_the_page_is_quoted"})
"""Tests of the table itself."""


@pytest.mark.parametrize("ground", [True, False])
def test_missing_companions_are_no_error(run: Run, ground: bool) -> None:
    """Then the keywords tell the genes, or nothing does; in generations A and B an empty list tells of none."""
    figids = [f"PMC{n}__f{n}" for n in range(1, 6)]
    records = (record(generation, figid) for generation, figid in zip(GENERATIONS, figids, strict=True))
    result = run(*records, ground=ground)
    assert result.report.figures == 5
    assert not result.codes
    assert [result.graph.words("Gene", figid) for figid in figids] == [[]] * 2 + [["AKT1", "JUN"] if ground else []] * 3
    assert result.report.mentions.total() == (6 if ground else 0)


# 1. Generations

OLD_TABLES: Final[dict[str, Any]] = {
    "genes": [inline_gene("AKT1", "207")],
    "chemicals": [inline_term("ATP", "D000255")],
    "diseases": [inline_term("Cancer")],
}
NEW_TABLES: Final = {
    "genes": genes(gene("AKT1", "207")),
    "chemicals": chemicals(("ATP", "mesh:D000255", "NA", "NA", "NA")),
    "diseases": diseases(("Cancer", "NA", "cancer", "cancer", "DOID:162")),
}


def _words(result: Exported) -> list[list[str]]:
    return [result.graph.words(kind) for kind in ("Gene", "Chemical", "Disease")]


def test_generation_a_is_read(run: Run, tmp_path: Path) -> None:
    item = record("A", **OLD_TABLES)
    result = run(item)
    assert _words(result) == [["AKT1"], ["ATP"], ["Cancer"]]
    assert result.graph.value(FIGURE, "pfo:figureAlias") == ""
    assert next(kg.read_records(tmp_path / "source")).generation == "A"
    assert not set(result.codes) - {"row-without-id"}


def test_ranked_index_is_left_out_unremarked(run: Run) -> None:
    result = run(record("A"))
    assert "98618" not in result.graph.literals()
    assert not result.codes


@pytest.mark.parametrize("number", ["Fig. 1", "Figure 3"])
def test_numbers_of_2020_stay_as_they_are(run: Run, number: str) -> None:
    assert run(record("A", number=number)).graph.value(FIGURE, "pfo:figureNumber") == number


def test_rejected_figures_are_reported_and_left_out(run: Run) -> None:
    rejected: dict[str, Any] = dict.fromkeys(("figtitle", "number", "caption", "organisms"), "REJECT")
    result = run(record("A", **rejected), record("A", "PMC2__f2"), record("B", "PMC3__f3", number="REJECT"))
    assert result.graph.subjects("pfo:PathwayFigure") == {figure_iri("PMC2__f2")}
    assert result.report.left_out == {"rejected-figure": 2}
    assert "REJECT" not in result.graph.literals()
    # A rejected figure is no mistake of the user's.
    assert result.report.ok


def test_generation_b_is_read(run: Run, tmp_path: Path) -> None:
    result = run(record("B", **OLD_TABLES))
    assert _words(result) == [["AKT1"], ["ATP"], ["Cancer"]]
    assert result.graph.value(FIGURE, "pfo:figureAlias") == "PMC1234567__F1"
    assert next(kg.read_records(tmp_path / "source")).generation == "B"


@pytest.mark.parametrize(("name", "taxa"), [("Homo sapiens", [expand("obo:NCBITaxon_9606")]), ("XXX", [])])
def test_organisms_may_be_a_scalar(run: Run, name: str, taxa: list[str]) -> None:
    graph = run(record("B", organisms=name)).graph
    assert graph.values(FIGURE, "wp:organismName") == [name]
    assert graph.values(FIGURE, "wp:organism") == taxa


def test_unassigned_is_a_name_without_taxon(run: Run) -> None:
    graph = run(record("B", organisms=["unassigned"])).graph
    assert graph.values(FIGURE, "wp:organismName") == ["unassigned"]
    assert graph.values(FIGURE, "wp:organism") == []


def test_annotations_become_literals(run: Run) -> None:
    none = run(record("B", annotations=[])).graph
    assert none.values(FIGURE, "pfo:annotation") == []
    some = run(record("B", annotations=[{"type": "Pathway Ontology", "value": "TGF-beta signalling"}])).graph
    (text,) = some.values(FIGURE, "pfo:annotation")
    assert "Pathway Ontology" in text
    assert "TGF-beta signalling" in text


def test_generation_c_is_read(run: Run, tmp_path: Path) -> None:
    tables = {
        "genes": genes(gene("AKT1", "207"), columns=10),
        "chemicals": terms_v1(("ATP", "MESH", "D000255")),
        "diseases": terms_v1(("Cancer", "MESH", "D009369")),
    }
    result = run(record("C", tables=tables))
    assert _words(result) == [["AKT1"], ["ATP"], ["Cancer"]]
    assert next(kg.read_records(tmp_path / "source")).generation == "C"
    assert not result.codes


def test_gene_table_of_ten_columns(run: Run) -> None:
    rows = [gene("AKT1", "207", counts=("4", "5", "6"))]
    ten, eleven = (run(record("C", tables={"genes": genes(*rows, columns=n)})).graph for n in (10, 11))
    assert (
        ten.mentions()
        == eleven.mentions()
        == [Mention("AKT1", "AKT1", expand("ncbigene:207"), lexicon("ncbigene_symbol"), "")]
    )
    evidence = f"{FIGURE}#t-9606"
    names = ("pfo:directCount", "pfo:synonymCount", "pfo:matchCount")
    assert [eleven.values(evidence, name) for name in names] == [["4"], ["5"], ["6"]]
    assert [ten.values(evidence, name) for name in names] == [["4"], [], ["6"]]


def test_generation_d_is_read(run: Run, tmp_path: Path) -> None:
    result = run(record("D", tables=NEW_TABLES))
    assert _words(result) == [["AKT1"], ["ATP"], ["Cancer"]]
    assert next(kg.read_records(tmp_path / "source")).generation == "D"
    assert not result.codes


def test_generation_e_is_read(run: Run, tmp_path: Path) -> None:
    result = run(record("E", tables=NEW_TABLES))
    assert _words(result) == [["AKT1"], ["ATP"], ["Cancer"]]
    assert result.graph.value(PAPER, "prism:doi") == "10.1234/Sig.S42"
    assert next(kg.read_records(tmp_path / "source")).generation == "E"
    assert not result.codes


def test_terms_mapped_by_name_go_by_chebi_and_doid(run: Run) -> None:
    tables = {
        "chemicals": chemicals(("MMP", "NA", "MMP", "methyl phosphate", "chebi:59761")),
        "diseases": diseases(("Cancer", "NA", "cancer", "cancer", "DOID:162")),
    }
    graph = run(record(tables=tables), ground=False).graph
    assert graph.mentioned() == [expand("obo:CHEBI_59761"), expand("obo:DOID_162")]
    assert graph.value("obo:CHEBI_59761", "rdfs:label") == "methyl phosphate"
    assert graph.values("obo:CHEBI_59761", "skos:exactMatch") == ["https://identifiers.org/chebi/CHEBI:59761"]
    assert "obo:DOID_162" not in graph.subjects("pfo:Chemical")


def test_wpid_links_to_wikipathways(run: Run) -> None:
    item = record("D", wpid="WP5382")
    assert as_bytes(item.text).splitlines()[-2] == b"wpid: WP5382"
    assert run(item).graph.values(FIGURE, "rdfs:seeAlso") == ["https://identifiers.org/wikipathways/WP5382"]


def test_unknown_keys_are_told(run: Run) -> None:
    result = run(record("D", shoe_size="44"))
    assert result.codes == {"unknown-field": 1}
    assert result.report.figures == 1
    assert "44" not in result.graph.literals()


def test_body_text_is_counted_not_read(run: Run) -> None:
    result = run(Record(text=record_text(front()) + "\nSome words below.\n", tables={}))
    assert result.codes == {"body-text": 1}
    assert result.report.figures == 1


def _triples(result: Exported) -> set[str]:
    """All that an export says of its records; what it says of itself (the digest of its input) is left out."""
    return {str(t) for t in result.graph.triples if "/dataset" not in t.subject.value + str(t.object)}  # type: ignore[union-attr]


def _changed(run: Run, change: Callable[[bytes], bytes]) -> tuple[Exported, Exported]:
    """A record with its tables, and the same with all bytes changed."""
    item = record("D", tables=NEW_TABLES)
    tables = {kind: change(as_bytes(text)) for kind, text in item.tables.items()}
    return run(item), run(Record(text=change(as_bytes(item.text)), tables=tables))


@pytest.mark.parametrize("end", [b"\r\n", b"\r"])
def test_other_line_ends_change_nothing(run: Run, end: bytes) -> None:
    plain, changed = _changed(run, lambda data: data.replace(b"\n", end))
    assert len(_triples(plain)) > 80
    assert _triples(changed) == _triples(plain)
    assert not changed.codes


def test_missing_final_newline_changes_nothing(run: Run) -> None:
    plain, changed = _changed(run, lambda data: data.removesuffix(b"\n"))
    assert _triples(changed) == _triples(plain)
    assert not changed.codes


def test_bom_changes_nothing(run: Run) -> None:
    plain, changed = _changed(run, lambda data: b"\xef\xbb\xbf" + data)
    assert _triples(changed) == _triples(plain)
    assert not changed.codes


def test_inline_genes_are_human_with_hgnc_lexicons(run: Run) -> None:
    strictness = {
        "hgnc_symbol": "strict", "hgnc_alias_symbol": "synonyms", "hgnc_prev_symbol": "synonyms",
        "bioentities_symbol": "all",
    }  # fmt: skip
    rows = [
        inline_gene(f"word{n}", str(200 + n), symbol=f"S{n}", source=source, hgnc=f"H{n}")
        for n, source in enumerate(strictness)
    ]
    graph = run(record("B", genes=rows)).graph
    assert graph.mentions() == [
        Mention(f"word{n}", f"S{n}", expand(f"ncbigene:{200 + n}"), lexicon(source), "")
        for n, source in enumerate(strictness)
    ]
    assert {name: graph.value(lexicon(name), "pfo:strictness") for name in strictness} == strictness
    for n in range(4):
        assert graph.value(f"ncbigene:{200 + n}", "rdfs:label") == f"H{n}"
        assert graph.values(f"ncbigene:{200 + n}", "obo:RO_0002162") == [expand("obo:NCBITaxon_9606")]


def test_inline_terms_with_and_without_id(run: Run) -> None:
    rows = [inline_term("ATP", "D000255"), inline_term("oh citrate", "C102006"), inline_term("glutamate")]
    result = run(record("B", chemicals=rows, diseases=[inline_term("Cancer")]))
    assert result.graph.mentions("Chemical") == [
        Mention("ATP", "", expand("mesh:D000255"), lexicon("mesh"), ""),
        Mention("glutamate", "", "", "", ""),
        Mention("oh citrate", "", expand("mesh:C102006"), lexicon("mesh"), ""),
    ]
    assert result.graph.mentions("Disease") == [Mention("Cancer", "", "", "", "")]
    assert result.codes == {"row-without-id": 2}


def test_inline_words_keep_blanks_and_apostrophes(run: Run) -> None:
    words = [" Fe2+", "3',5'-cyclic AMP"]
    rows = [inline_term(words[0], "C000503"), inline_term(words[1], "D000242")]
    assert run(record("A", chemicals=rows)).graph.words("Chemical") == words


# 2. Front matter, field by field


def test_figid_is_never_cut_at_a_dot(run: Run) -> None:
    figids = ["PMC1__pone.0312563.g001", "PMC2__research.0515.fig.007", "PMC3__JCI0113863.f1"]
    graph = run(*(record("D", figid) for figid in figids)).graph
    assert graph.subjects("pfo:PathwayFigure") == {figure_iri(figid) for figid in figids}
    assert [graph.value(figure_iri(figid), "dcterms:identifier") for figid in figids] == figids


def test_file_name_and_id_must_name_the_figure(run: Run) -> None:
    other = record("D", "PMC9__f9")
    misnamed = run(Record(text=other.text, tables={}, stem="PMC8__f8"))
    assert misnamed.codes == {"file-name-differs": 1}
    assert misnamed.graph.subjects("pfo:PathwayFigure") == {figure_iri("PMC9__f9")}


def test_figure_under_anothers_iri_is_left_out(run: Run) -> None:
    result = run(record("D", schema=jsonld("PMC9__f9")), record("D", "PMC2__f2"))
    assert result.report.left_out == {"identity-differs": 1}
    assert result.graph.subjects("pfo:PathwayFigure") == {figure_iri("PMC2__f2")}


TITLES: Final = [
    ("<bold>Role</bold> of TGF", "Role of TGF"),
    ("Role of TGF-&bgr; and &lt;i&gt;", "Role of TGF-β and <i>"),
    ("  Role of  TGF  ", "Role of TGF"),
    (": Role of TGF", "Role of TGF"),
    ("| Role of TGF", "Role of TGF"),
    ("|Role of TGF", "Role of TGF"),
]


@pytest.mark.parametrize(("raw", "tidy"), TITLES)
def test_title_is_tidied(run: Run, raw: str, tidy: str) -> None:
    result = run(record("D", figtitle=raw))
    assert result.graph.values(FIGURE, "dcterms:title") == [tidy]
    assert result.graph.values(FIGURE, "schema:name") == [tidy]
    assert result.repairs["text-tidied"] == 1


ODD_TEXTS: Final = [
    "The role of TGF in F",
    "Signals of Smith et al",
    "The role of TGF. Copyright (c) 2009 by the authorsAll rights reserved",
    "中华医学 α-farnesene 5′ † ∆G",
    "p < 0.05 and a <b and c> d",
]


@pytest.mark.parametrize("text", ODD_TEXTS)
def test_odd_titles_keep_their_words(run: Run, text: str) -> None:
    result = run(record("D", figtitle=text))
    assert result.graph.values(FIGURE, "dcterms:title") == result.graph.values(FIGURE, "schema:name") == [text]
    assert "text-tidied" not in result.repairs


def test_title_may_equal_the_papers(run: Run) -> None:
    graph = run(record("D", figtitle="How signals run")).graph
    assert graph.value(FIGURE, "dcterms:title") == graph.value(PAPER, "dcterms:title") == "How signals run"


CAPTION_LINES: Final = [
    "caption: A caption in\n  two lines",
    "caption: 'A caption in\n  two lines'",
    'caption: "A caption in\\\n  \\ two lines"',
    "caption: >-\n  A caption in\n  two lines",
]


@pytest.mark.parametrize("lines", CAPTION_LINES)
def test_caption_in_every_yaml_style(run: Run, lines: str) -> None:
    text = raw_text(lines, instead_of="caption").replace(
        "description: A signal runs to the nucleus.", "license: CC0", 1
    )
    text = text.replace("  license: CC0\n  license: CC0\n", "  license: CC0\n")
    graph = run(Record(text=text, tables={})).graph
    assert graph.values(FIGURE, "schema:description") == ["A caption in two lines"]


def _captioned(generation: str, caption: str) -> Record:
    return record(generation, caption=caption, schema=jsonld(description=caption))


@pytest.mark.parametrize("caption", ["Figure", "."])
def test_poor_captions_are_kept(run: Run, caption: str) -> None:
    assert run(_captioned("D", caption)).graph.values(FIGURE, "schema:description") == [caption]


def test_caption_loses_the_residue_of_its_number(run: Run) -> None:
    graph = run(_captioned("D", ". A signal runs.")).graph
    assert graph.values(FIGURE, "schema:description") == ["A signal runs."]


ODD_CAPTIONS: Final = [
    "As described [] and [,,] before ().",
    "A signal runs.DOI: http://dx.doi.org/10.7554/eLife.00001.003A signal stops.",
    "Ca²⁺ → IκBα/β ⊣ 5′",
    "A signal runs / stops /alpha",
    r"The rate is $\alpha_{i} \leq 3$",
]


@pytest.mark.parametrize("caption", ODD_CAPTIONS)
def test_odd_captions_keep_their_words(run: Run, caption: str) -> None:
    graph = run(_captioned("E", caption)).graph
    assert graph.values(FIGURE, "schema:description") == [caption]
    # The address of the figure's own DOI is text: the paper's DOI comes from its field alone.
    assert graph.value(PAPER, "prism:doi") == "10.1234/Sig.S42"


def test_caption_is_stored_once(run: Run) -> None:
    result = run(_captioned("D", "Once  and <i>only</i> once"))
    assert result.graph.values(FIGURE, "schema:description") == ["Once and only once"]
    assert result.graph.literals()["Once and only once"] == 1
    assert result.repairs["description-once"] == 1


def test_organisms_na_alone_says_nothing(run: Run) -> None:
    graph = run(record("D", organisms=["NA"], organisms_ner=["NA"])).graph
    assert graph.values(FIGURE, "wp:organismName") == graph.values(FIGURE, "wp:organism") == []


def test_na_among_organism_names_is_dropped(run: Run) -> None:
    names = ["NA", "Mus musculus", "NA", "Some frog", "NA"]
    graph = run(record("D", organisms=names, organisms_ner=["NA"])).graph
    assert graph.values(FIGURE, "wp:organismName") == ["Mus musculus", "Some frog"]
    assert graph.values(FIGURE, "wp:organism") == [expand("obo:NCBITaxon_10090")]


def test_many_organisms(run: Run) -> None:
    names = [f"Species number{n:02}" for n in range(49)]
    graph = run(record("D", organisms=names, organisms_ner=["NA"])).graph
    assert graph.values(FIGURE, "wp:organismName") == names


def test_non_organisms_are_names_without_taxon(run: Run) -> None:
    names = ["H1N1 subtype", "PX clade", "Sar", "herbal medicine"]
    result = run(record("D", organisms=names, organisms_ner=["NA"]))
    assert result.graph.values(FIGURE, "wp:organismName") == names
    assert result.graph.values(FIGURE, "wp:organism") == []
    assert not result.codes


def test_organism_names_are_tidied(run: Run) -> None:
    graph = run(record("D", organisms=["Mus  musculus "], organisms_ner=["NA"])).graph
    assert graph.values(FIGURE, "wp:organismName") == ["Mus musculus"]
    assert graph.values(FIGURE, "wp:organism") == [expand("obo:NCBITaxon_10090")]


def test_organisms_ner_na_says_nothing(run: Run) -> None:
    graph = run(record("D", organisms=["Homo sapiens"], organisms_ner=["NA"])).graph
    assert graph.values(FIGURE, "wp:organismName") == ["Homo sapiens"]


def test_recognised_organism_adds_its_taxon(run: Run) -> None:
    item = record(
        "D", organisms=["Homo sapiens"], organisms_ner=[HUMAN[1], FLY[1]],
        tables={"genes": genes(gene("AKT1", "207"), gene("via", "36316", taxon=FLY))},
    )  # fmt: skip
    graph = run(item).graph
    assert graph.values(FIGURE, "wp:organismName") == ["Drosophila melanogaster", "Homo sapiens"]
    assert graph.values(FIGURE, "wp:organism") == [expand("obo:NCBITaxon_7227"), expand("obo:NCBITaxon_9606")]
    # Which organisms the recogniser found, and how often, is told apart from what the record names.
    assert graph.subjects("pfo:OrganismEvidence") == {f"{FIGURE}#t-7227", f"{FIGURE}#t-9606"}
    assert graph.value(f"{FIGURE}#t-7227", "pfo:organism") == expand("obo:NCBITaxon_7227")


def test_paper_iri_is_made_of_pmcid(run: Run) -> None:
    graph = run(record("D")).graph
    assert graph.values(FIGURE, "dcterms:isPartOf") == ["https://identifiers.org/pmc/PMC1234567"]
    assert graph.subjects("fabio:JournalArticle") == graph.subjects("schema:ScholarlyArticle") == {expand(PAPER)}
    assert graph.value(PAPER, "fabio:hasPubMedCentralId") == "PMC1234567"
    assert graph.value(PAPER, "wdt:P932") == "1234567"


def test_image_goes_by_template(run: Run) -> None:
    graph = run(record("D")).graph
    image = "https://europepmc.org/articles/PMC1234567/bin/fig.g001.jpg"
    assert graph.values(FIGURE, "foaf:depiction") == [image]
    assert graph.subjects("foaf:Image") == graph.subjects("schema:ImageObject") == {image}
    other = run(record("D"), image_url="https://example.com/{pmcid}/{filename}").graph
    assert other.values(FIGURE, "foaf:depiction") == ["https://example.com/PMC1234567/fig.g001.jpg"]


@pytest.mark.parametrize(
    "link",
    ["/pmc/articles/PMC1234567/figure/F1/", "pmc/articles/PMC1234567/figure/F1/", "/pmc/articles/PMC1234567/figure/F1"],
)
def test_figlink_forms(run: Run, link: str) -> None:
    result = run(record("D", figlink=link))
    (page,) = result.graph.values(FIGURE, "foaf:page")
    assert re.fullmatch(r"https://[a-z.]*ncbi\.nlm\.nih\.gov/(pmc/)?articles/PMC1234567/figure/F1/?", page)
    assert not result.codes


@pytest.mark.parametrize("link", ["/pmc/articles/PMC149053/figure/fig7/", "/pmc/articles/PMC12345678/figure/F1/"])
def test_stale_figlink_makes_no_page(run: Run, link: str) -> None:
    result = run(record("D", figlink=link))
    assert result.graph.values(FIGURE, "foaf:page") == []
    assert result.codes == {"foreign-figlink": 1}
    assert result.report.figures == 1


@pytest.mark.parametrize("number", ["F1B", "S1", "SF1", "GA1", "EV2", "F2a", "F0"])
def test_number_variants_are_literals(run: Run, number: str) -> None:
    graph = run(record("D", number=number, figid_alias="PMC1234567__x")).graph
    assert graph.values(FIGURE, "pfo:figureNumber") == [number]
    assert not [t for t in graph.triples if t.object.value.endswith(f"/{number}")]  # type: ignore[union-attr]


def test_two_figures_one_number(run: Run) -> None:
    figids = ["PMC5__elife-1-fig3", "PMC5__elife-1-fig3-figsupp1"]
    result = run(*(record("D", figid, number="F3") for figid in figids))
    assert [result.graph.value(figure_iri(figid), "pfo:figureNumber") for figid in figids] == ["F3", "F3"]
    assert result.report.papers == 1
    assert not result.codes


def test_final_stop_makes_no_second_title(run: Run) -> None:
    result = run(
        record("D", "PMC5__f1", papertitle="How signals run."), record("E", "PMC5__f2", papertitle="How signals run")
    )
    assert result.graph.values("pmc:PMC5", "dcterms:title") == ["How signals run"]
    assert "paper-differs" not in result.codes


PAPER_TITLES: Final = [
    ("How signals run .", "How signals run"),
    ("How signals run..", "How signals run"),
    ("How do signals run?.", "How do signals run?"),
    ("How  signals run", "How signals run"),
    ("Signals†Electronic supplementary information (ESI) available. See DOI: 10.1039/c7xx", None),
    ("Correction: How signals run", None),
    ("ERRATUM.", "ERRATUM"),
    ("RETRACTED: How signals run", None),
]


@pytest.mark.parametrize(("raw", "tidy"), PAPER_TITLES)
def test_paper_title_variants(run: Run, raw: str, tidy: str | None) -> None:
    result = run(record("D", papertitle=raw))
    assert result.graph.values(PAPER, "dcterms:title") == [tidy or raw]
    assert result.report.figures == 1
    # A DOI in a title is not the paper's.
    assert result.graph.values(PAPER, "prism:doi") == []


CITATIONS: Final = [
    "Correction, et al. Mol Med. 2008 Jul-Aug;14(7-8):538-538.",
    "Ann Author, et al. Int J Rheumatol. ;5(4):1-2.",
    "Ann Author, et al. Immunotargets Ther. 2025;14(NA).",
    "Ann Author, et al. J Signals. 2019. ",
]


@pytest.mark.parametrize("text", CITATIONS)
def test_reftext_variants(run: Run, text: str) -> None:
    graph = run(record("D", reftext=text, year="2020")).graph
    assert graph.values(PAPER, "dcterms:bibliographicCitation") == [text.strip()]
    # Nothing is read out of it.
    assert graph.values(PAPER, "fabio:hasPublicationYear") == ["2020"]


@pytest.mark.parametrize(("year", "held", "codes"), [("", [], {}), ("1998", ["1998"], {}), ("98", [], {"bad-year": 1})])
def test_year_is_four_digits_or_absent(run: Run, year: str, held: list[str], codes: dict[str, int]) -> None:
    result = run(record("D", year=year))
    assert result.graph.values(PAPER, "fabio:hasPublicationYear") == held
    assert result.graph.datatypes(PAPER, "fabio:hasPublicationYear") == ({expand("xsd:gYear")} if held else set())
    assert result.codes == codes


_DOI_PREDICATES: Final = ("prism:doi", "wdt:P356", "dcterms:identifier", "skos:exactMatch")


def _doi_forms(result: Exported) -> list[list[str]]:
    return [result.graph.values(PAPER, name) for name in _DOI_PREDICATES]


def test_doi_na_character_makes_no_iri(run: Run) -> None:
    result = run(record("D", doi=".na.character"))
    assert _doi_forms(result) == [[], [], [], []]
    assert not result.codes


def test_doi_in_mixed_case_has_every_join_form(run: Run) -> None:
    assert _doi_forms(run(record(doi="10.2147/ITT.s48"))) == [
        ["10.2147/ITT.s48"],
        ["10.2147/ITT.S48"],
        ["doi:10.2147/ITT.s48"],
        ["https://doi.org/10.2147/ITT.s48", "https://doi.org/10.2147/itt.s48"],
    ]


URL_DOIS: Final = [
    "https://doi.org/10.1234/Sig.S42", "http://dx.doi.org/10.1234/Sig.S42", "HTTPS://DOI.ORG/10.1234/Sig.S42",
    "doi:10.1234/Sig.S42", "DOI: 10.1234/Sig.S42", "doi.org/10.1234/Sig.S42",
]  # fmt: skip


@pytest.mark.parametrize("doi", [*URL_DOIS, "10.1234/Sig.S42", "", "NA"])
def test_doi_spellings(run: Run, doi: str) -> None:
    result = run(record(doi=doi))
    assert result.graph.values(PAPER, "prism:doi") == (["10.1234/Sig.S42"] if "10." in doi else [])
    assert result.repairs["doi-bare"] == (doi in URL_DOIS)
    assert not result.codes


def test_text_that_is_no_doi_makes_none(run: Run) -> None:
    result = run(record(doi="see the paper"))
    assert _doi_forms(result) == [[], [], [], []]
    assert result.codes == {"bad-doi": 1}


def test_doi_with_illegal_characters(run: Run) -> None:
    doi = "10.1002/(SICI)1097<1::AID-X>3.0.CO;2-#"
    text, capitals, identifier, links = _doi_forms(run(record(doi=doi)))
    assert (text, capitals, identifier) == ([doi], [doi.upper()], [f"doi:{doi}"])
    # Only what an IRI may not hold (and `#`, which would begin a fragment) is encoded.
    assert links == [
        "https://doi.org/10.1002/(SICI)1097%3C1::AID-X%3E3.0.CO;2-%23",
        "https://doi.org/10.1002/(sici)1097%3C1::aid-x%3E3.0.co;2-%23",
    ]


def test_publisher_may_be_empty(run: Run) -> None:
    result = run(record(publisher_name=""))
    assert result.graph.values(PAPER, "dcterms:publisher") == []
    assert result.graph.subjects("foaf:Organization") == set()
    assert not result.codes


def test_journal_spellings_are_not_merged_by_name(run: Run) -> None:
    fields = {"PMC1__a": ("PLOS One", "PLoS One"), "PMC2__b": ("PLOS ONE", "PLoS One"), "PMC3__c": ("Other", "Other J")}
    graph = run(
        *(record("E", figid, journal_title=title, journal_nlm_ta=short) for figid, (title, short) in fields.items())
    ).graph
    journals = {name: graph.value(f"pmc:{name[:4]}", "dcterms:isPartOf") for name in fields}
    # NLM's abbreviation is one a journal; that two titles differ only in case is not what joins them.
    assert journals["PMC1__a"] == journals["PMC2__b"] != journals["PMC3__c"]
    joined = journals["PMC1__a"]
    titles = graph.values(joined, "dcterms:title") + graph.values(joined, "dcterms:alternative")
    assert sorted(titles) == ["PLOS ONE", "PLOS One"]
    assert graph.values(joined, "fabio:hasNLMJournalTitleAbbreviation") == ["PLoS One"]


def test_publisher_names_stay_apart(run: Run) -> None:
    names = {
        "PMC1__a": "PLOS", "PMC2__b": "Public Library of Science", "PMC3__c": "Elsevier",
        "PMC4__d": "Published by Elsevier Inc. on behalf of Signals",
    }  # fmt: skip
    graph = run(*(record("E", figid, publisher_name=name) for figid, name in names.items())).graph
    nodes = {graph.value(f"pmc:{figid[:4]}", "dcterms:publisher"): name for figid, name in names.items()}
    assert len(nodes) == 4
    assert {node: graph.value(node, "foaf:name") for node in nodes} == nodes


@pytest.mark.parametrize(
    ("text", "held"),
    [(".na.character", []), ("", []), ("a | b | c", ["a", "b", "c"]), ("a|b", ["a|b"]), ("a | NA", ["a"])],
)
def test_author_keywords_are_split(run: Run, text: str, held: list[str]) -> None:
    assert run(record(keywords=text)).graph.values(PAPER, "prism:keyword") == held


def test_newline_inside_an_author_keyword(run: Run) -> None:
    text = raw_text("keywords: |-\n  ab initio | reaction\n  mechanism | kinetics", instead_of="keywords")
    graph = run(Record(text=text, tables={})).graph
    assert graph.values(PAPER, "prism:keyword") == ["ab initio", "kinetics", "reaction mechanism"]


def test_author_keywords_stay_apart(run: Run) -> None:
    graph = run(record(keywords="signal | nucleus")).graph
    assert graph.values(PAPER, "prism:keyword") == ["nucleus", "signal"]
    assert graph.values(FIGURE, "schema:keywords") == ["AKT1", "JUN"]


SCORES: Final = [
    ("0.573", "0.573"), ("0.9674478", "0.9674478"), ("1", "1"), ("5.7e-01", "0.57"), (".5", "0.5"), ("0.90", "0.9"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "value"), SCORES)
def test_score_formats(run: Run, text: str, value: str) -> None:
    result = run(Record(text=raw_text(f"automl_pathway: {text}", instead_of="automl_pathway"), tables={}))
    (held,) = result.graph.values(FIGURE, "pfo:pathwayScore")
    # xsd:decimal has no exponent.
    assert re.fullmatch(r"[+-]?[0-9]*\.?[0-9]+", held)
    assert float(held) == float(value)
    assert result.graph.datatypes(FIGURE, "pfo:pathwayScore") == {expand("xsd:decimal")}
    assert not result.codes


@pytest.mark.parametrize(
    ("text", "code"), [("high", "bad-score"), ("1e99999", "bad-score"), ("7.5", "figure-score-range")]
)
def test_bad_scores_are_told(run: Run, text: str, code: str) -> None:
    result = run(record("D", automl_pathway=text))
    assert result.codes == {code: 1}
    assert result.report.figures == 1


def test_pathway_score_of_old_records(run: Run) -> None:
    for generation in "AB":
        graph = run(record(generation, pathway_score="0.9674478")).graph
        assert graph.values(FIGURE, "pfo:pathwayScore") == ["0.9674478"]


def test_two_figures_one_alias(run: Run) -> None:
    figids = ["PMC5__elife-1-fig3", "PMC5__elife-1-fig3-figsupp1"]
    result = run(*(record("D", figid, figid_alias="PMC5__F3") for figid in figids))
    assert [result.graph.values(figure_iri(figid), "pfo:figureAlias") for figid in figids] == [["PMC5__F3"]] * 2
    assert not [t for t in result.graph.triples if "PMC5__F3" in t.subject.value]  # type: ignore[union-attr]
    assert result.report.figures == 2


@pytest.mark.parametrize(
    "kind", ["Figure", "Supplemental figure", "Scheme", "Graphical abstract", "Extended view", "Appendix figure", "Box"]
)
def test_figure_types_are_literals(run: Run, kind: str) -> None:
    result = run(record("D", figtype=kind))
    assert result.graph.values(FIGURE, "pfo:figureType") == [kind]
    assert not result.codes


@pytest.mark.parametrize(("text", "code"), [("", ""), ("NA", ""), (UUID, ""), ("not-a-uuid", "bad-ndex")])
def test_ndex_is_a_uuid_or_absent(run: Run, text: str, code: str) -> None:
    result = run(record("D", ndex=text))
    held = [f"https://www.ndexbio.org/viewer/networks/{UUID}"] if text == UUID else []
    assert result.graph.values(FIGURE, "rdfs:seeAlso") == held
    assert result.codes == ({code: 1} if code else {})


@pytest.mark.parametrize(
    ("text", "code"), [(None, ""), ("", ""), ("NA", ""), ("5382", "bad-wpid"), ("WPx", "bad-wpid")]
)
def test_wpid_absent_empty_or_bad(run: Run, text: str | None, code: str) -> None:
    result = run(record("D", wpid=text))
    assert result.graph.values(FIGURE, "rdfs:seeAlso") == []
    assert result.codes == ({code: 1} if code else {})


def test_seo_is_ignored(run: Run) -> None:
    result = run(record("D", seo="Some other thing"))
    assert "Some other thing" not in result.graph.literals()
    assert not result.codes


def test_name_and_licence_are_repaired(run: Run) -> None:
    result = run(record("D"))
    licence = "http://creativecommons.org/publicdomain/zero/1.0/"
    assert result.graph.values(FIGURE, "schema:name") == ["Signalling by growth factors"]
    assert result.graph.values(FIGURE, "schema:license") == result.graph.values(FIGURE, "dcterms:license") == [licence]
    assert result.graph.values(FIGURE, "schema:creator") == [expand("wd:Q7999828")]
    assert result.graph.value("wd:Q7999828", "schema:name") == "WikiPathways"
    assert "CreativeWork" not in result.graph.literals()
    names = ("creator-wikidata", "description-once", "license-iri", "name-from-figtitle")
    assert result.repairs == dict.fromkeys(names, 1)


def _with_keywords(keywords: object, generation: str = "E", **more: Any) -> Record:
    return record(generation, schema=jsonld(keywords=keywords), **more)


def test_keywords_may_be_a_scalar(run: Run) -> None:
    text = record_text(front("D")).replace("  keywords:\n  - AKT1\n  - JUN\n", "  keywords: Ca2+\n")
    graph = run(Record(text=text, tables={})).graph
    assert graph.values(FIGURE, "schema:keywords") == ["Ca2+"]


def test_same_keyword_as_gene_and_chemical(run: Run) -> None:
    tables = {"genes": genes(gene("LPA", "4018")), "chemicals": chemicals(("LPA", "mesh:C032881", "NA", "NA", "NA"))}
    graph = run(_with_keywords(["LPA", "LPA"], tables=tables)).graph
    assert graph.values(FIGURE, "schema:keywords") == ["LPA"]
    assert graph.words("Gene") == graph.words("Chemical") == ["LPA"]
    assert graph.mentioned() == [expand("mesh:C032881"), expand("ncbigene:4018")]


def test_keywords_that_differ_in_case_stay_apart(run: Run) -> None:
    names = ["MTOR", "Mtor", "Tor", "mtor"]
    assert run(_with_keywords(names)).graph.values(FIGURE, "schema:keywords") == names


def test_absent_keyword_is_dropped_and_counted(run: Run) -> None:
    result = run(_with_keywords(["AKT1", ".na.character", "NA"]))
    assert result.graph.values(FIGURE, "schema:keywords") == ["AKT1"]
    assert result.repairs["absent-keyword-dropped"] == 2


def test_keyword_only_in_a_companion(run: Run) -> None:
    graph = run(_with_keywords(["AKT1"], tables={"genes": genes(gene("AKT1", "207"), gene("JUN", "3725"))})).graph
    assert graph.words() == ["AKT1", "JUN"]
    assert graph.values(FIGURE, "schema:keywords") == ["AKT1"]


def test_keyword_in_no_companion_stays_text(run: Run) -> None:
    result = run(_with_keywords(["AKT1", "bombesin"], tables={"genes": genes(gene("AKT1", "207"))}))
    assert result.graph.values(FIGURE, "schema:keywords") == ["AKT1", "bombesin"]
    assert result.graph.words() == ["AKT1"]
    assert not result.codes


MMP: Final = {"chemicals": chemicals(("MMP", "NA", "MMP", "NA", "chebi:59761"))}


def test_keywords_that_a_table_explains_make_no_entities(run: Run) -> None:
    """`MMP` is a family of genes too, but the record's table says which it is here."""
    result = run(_with_keywords(["STAT3", "MMP"], tables=MMP))
    assert result.graph.mentioned() == [expand("obo:CHEBI_59761"), expand("ncbigene:6774")]
    assert result.graph.mentions() == [
        Mention("STAT3", "STAT3", expand("ncbigene:6774"), lexicon("keyword_symbol"), "")
    ]
    assert result.report.grounded == {"gene": 1}


def test_keywords_stay_text_beside_a_table_of_their_kind(run: Run) -> None:
    result = run(_with_keywords(["JUN", "STAT3"], tables={"genes": genes(gene("JUN", "3725"))}))
    assert result.graph.mentioned() == [expand("ncbigene:3725")]
    assert result.graph.subjects("pfo:KeywordMention") == set()
    assert not result.report.grounded


def test_keywords_make_no_entities_unless_looked_up(run: Run) -> None:
    result = run(_with_keywords(["STAT3", "MMP"], tables=MMP), ground=False)
    assert result.graph.mentioned() == [expand("obo:CHEBI_59761")]
    assert result.graph.subjects("pfo:Gene") == set()
    assert result.graph.values(FIGURE, "schema:keywords") == ["MMP", "STAT3"]
    assert not result.codes


JUNK: Final = [
    "yclic-isoprenes", "si:dkey-222f8.3", "l(3)mbt", "Su(H)", "GP ALPHA 1", "IFN1@", "E01A2.1", "TRA-TGC7-1", "[O]",
    "3',4'-Anhydrovinblastine", 'a "quoted" one', "back\\slash",
]  # fmt: skip


def test_keywords_stay_word_for_word(run: Run) -> None:
    held = run(_with_keywords([*JUNK, "Me  Me  Me "])).graph.values(FIGURE, "schema:keywords")
    # The same chemical's word in the table has the blanks too: the keyword equals the word, or neither joins.
    assert [" ".join(text.split()) for text in held] == sorted([*JUNK, "Me Me Me"])


YAML_WORDS: Final = [
    "NO", "N", "no", "On", "ON", "y", "true", "False", "~", "null", "1_000", "1e5", "0x1F", "12:30:45", "2025-01-01",
    "3.10", "0777", ".inf", "[O]", "na", "nan", "NULL",
]  # fmt: skip


@pytest.mark.parametrize("quote", ["", "'", '"'])
def test_keywords_like_yaml_words(run: Run, quote: str) -> None:
    words = [word for word in YAML_WORDS if quote or word != "[O]"]
    lines = "".join(f"  - {quote}{word}{quote}\n" for word in words)
    text = record_text(front("D")).replace("  - AKT1\n  - JUN\n", lines)
    assert lines in text
    assert run(Record(text=text, tables={})).graph.values(FIGURE, "schema:keywords") == sorted(words)


WORDLIKE: Final = [
    "na", "NO", "N", "On", "if", "as", "how", "oh", "hs", "run", "so", "de", "ha", "da", "oo", "be", "im", "SET", "CAT",
    "Ca",
    "nan", "null", "None", "NULL", "true", "n/a", "NaN", "NA",
]  # fmt: skip


def test_gene_names_like_words(run: Run) -> None:
    rows = [gene(word, str(45338 + n), taxon=FLY) for n, word in enumerate(WORDLIKE)]
    result = run(_with_keywords(WORDLIKE[:20], tables={"genes": genes(*rows)}))
    assert result.graph.values(FIGURE, "schema:keywords") == sorted(WORDLIKE[:20])
    assert [mention[:3] for mention in result.graph.mentions()] == sorted(
        (word, word, expand(f"ncbigene:{45338 + n}")) for n, word in enumerate(WORDLIKE)
    )
    labels = {word: result.graph.value(f"ncbigene:{45338 + n}", "rdfs:label") for n, word in enumerate(WORDLIKE)}
    # `NaN` and `NA` are no symbols, whatever the word is; all others are.
    assert labels == {word: word if word not in ("NaN", "NA") else "" for word in WORDLIKE}


# 3. Companion tables


def test_quotes_in_tables_are_text(run: Run) -> None:
    tables = {
        "genes": genes(gene('"AKT1', "207"), gene("JUN'", "3725")),
        "chemicals": chemicals(
            ('"', "NA", "NA", 'the "old" drug', "chebi:5"), ("ATP", "mesh:D000255", "NA", "NA", "NA")
        ),
    }
    graph = run(record(tables=tables)).graph
    assert graph.words() == ['"AKT1', "JUN'"]
    assert graph.words("Chemical") == ['"', "ATP"]
    assert graph.value("obo:CHEBI_5", "rdfs:label") == 'the "old" drug'


STRAINS: Final = [
    ("511145", "Escherichia coli str. K-12 substr. MG1655", "Bacteria"),
    ("559292", "Saccharomyces cerevisiae S288C", "Plants and Fungi"),
    ("3702", "Arabidopsis thaliana", "Plants and Fungi"),
]


def test_strain_names_and_groups(run: Run) -> None:
    rows = [gene("recA", str(947170 + n), taxon=taxon) for n, taxon in enumerate(STRAINS)]
    graph = run(record(organisms_ner=[t[1] for t in STRAINS], tables={"genes": genes(*rows)})).graph
    for number, (taxid, name, group) in enumerate(STRAINS):
        taxon = f"obo:NCBITaxon_{taxid}"
        assert graph.values(taxon, "rdfs:label") == [name]
        assert graph.values(taxon, "pfo:organismGroup") == [group]
        assert graph.values(f"ncbigene:{947170 + number}", "obo:RO_0002162") == [expand(taxon)]


def test_glued_words_stay_as_read(run: Run) -> None:
    words = ["RAS,BCK", "SMAD2/3", "p65)", "|IspD", "↓IL11"]
    graph = run(record(tables={"genes": genes(*(gene(w, str(n), match="X") for n, w in enumerate(words, 1)))})).graph
    assert graph.words() == words


@pytest.mark.parametrize(("cells", "held"), [(("NA", "0", "7"), [[], ["0"], ["7"]]), (("NaN", "", "NA"), [[], [], []])])
def test_counts_na_and_zero(run: Run, cells: tuple[str, str, str], held: list[list[str]]) -> None:
    graph = run(record(tables={"genes": genes(gene("AKT1", "207", counts=cells))})).graph
    names = ("pfo:directCount", "pfo:synonymCount", "pfo:matchCount")
    assert [graph.values(f"{FIGURE}#t-9606", name) for name in names] == held


def test_family_word_matches_all_members(run: Run) -> None:
    rows = [gene("COLLAGEN", str(1277 + n), symbol=f"COL{n}A1", source="famplex_relations") for n in range(42)]
    graph = run(record(tables={"genes": genes(*rows)})).graph
    mentions = graph.mentions()
    assert len(mentions) == len(graph.mentioned()) == 42
    assert {(m.word, m.lexicon, m.occurrences) for m in mentions} == {("COLLAGEN", lexicon("famplex_relations"), "")}
    assert graph.value(lexicon("famplex_relations"), "pfo:strictness") == "all"


def test_orthologs_of_several_organisms(run: Run) -> None:
    rows = [
        gene("MTOR", "2475"),
        gene("MTOR", "56717", symbol="Mtor", taxon=MOUSE),
        gene("MTOR", "47396", symbol="Tor", taxon=FLY),
    ]
    graph = run(record(organisms_ner=[HUMAN[1], MOUSE[1], FLY[1]], tables={"genes": genes(*rows)})).graph
    assert [m.body for m in graph.mentions()] == [expand(f"ncbigene:{n}") for n in ("2475", "47396", "56717")]
    taxa = {n: graph.values(f"ncbigene:{n}", "obo:RO_0002162") for n in ("2475", "56717", "47396")}
    assert taxa == {
        n: [expand(f"obo:NCBITaxon_{t}")] for n, t in (("2475", "9606"), ("56717", "10090"), ("47396", "7227"))
    }


def test_missing_symbol_leaves_the_id_valid(run: Run) -> None:
    result = run(record(tables={"genes": genes(gene("DL", "44819", symbol="NA", taxon=FLY))}))
    assert result.graph.mentioned() == [expand("ncbigene:44819")]
    assert result.graph.values("ncbigene:44819", "rdfs:label") == []
    assert not result.report.left_out


def test_row_without_id_keeps_its_word(run: Run) -> None:
    result = run(record(tables={"genes": genes(gene("COX", "NaN", symbol="NA"), gene("AKT1", "207"))}))
    assert result.graph.mentions() == [
        Mention("AKT1", "AKT1", expand("ncbigene:207"), lexicon("ncbigene_symbol"), ""),
        Mention("COX", "COX", "", lexicon("ncbigene_symbol"), ""),
    ]
    assert result.graph.mentioned() == [expand("ncbigene:207")]
    assert result.codes == {"row-without-id": 1}


@pytest.mark.parametrize("ident", ["12x", "-5", "0", "1.5"])
def test_row_with_a_bad_id_keeps_its_word(run: Run, ident: str) -> None:
    result = run(record(tables={"genes": genes(gene("COX", ident))}))
    assert [m[:3] for m in result.graph.mentions()] == [("COX", "COX", "")]
    assert result.codes == {"row-without-id": 1, "bad-id": 1}


def test_word_and_match_na_are_real_text(run: Run) -> None:
    rows = [
        gene("Na", "45338", match="NA", symbol="na", taxon=FLY),
        gene("NA", "45339", match="NA", symbol="nb", taxon=FLY),
    ]
    graph = run(record(tables={"genes": genes(*rows)})).graph
    assert [m[:3] for m in graph.mentions()] == [
        ("NA", "NA", expand("ncbigene:45339")),
        ("Na", "NA", expand("ncbigene:45338")),
    ]
    assert graph.value("ncbigene:45338", "rdfs:label") == "na"


def test_one_gene_by_several_words(run: Run) -> None:
    rows = [gene(word, "207", match="AKT", symbol="AKT1") for word in ("Akt", "AKT", "PKB")]
    graph = run(record(tables={"genes": genes(*rows)})).graph
    assert graph.words() == ["AKT", "Akt", "PKB"]
    assert graph.mentioned() == [expand("ncbigene:207")]
    assert graph.value("ncbigene:207", "pfo:figureCount") == "1"


def test_block_repeated_with_other_counts(run: Run) -> None:
    blocks = [
        gene(w, n, taxon=MOUSE, counts=(c, "5", "6")) for c in "34" for w, n in (("Akt1", "11651"), ("Jun", "16476"))
    ]
    result = run(record(tables={"genes": genes(*blocks)}))
    assert [(m.word, m.occurrences) for m in result.graph.mentions()] == [("Akt1", "2"), ("Jun", "2")]
    evidence = f"{FIGURE}#t-10090"
    assert result.graph.values(evidence, "pfo:directCount") == ["3", "4"]
    assert result.graph.values(evidence, "pfo:synonymCount") == ["5"]
    assert result.codes == {"repeated-row": 2, "organism-counts-differ": 1}


def test_one_symbol_two_ids(run: Run) -> None:
    taxon = STRAINS[2]
    rows = [gene("FLS2", ident, taxon=taxon) for ident in ("834676", "834677")]
    graph = run(record(organisms_ner=[taxon[1]], tables={"genes": genes(*rows)})).graph
    assert graph.mentioned() == [expand("ncbigene:834676"), expand("ncbigene:834677")]
    assert [graph.value(node, "rdfs:label") for node in graph.mentioned()] == ["FLS2", "FLS2"]
    assert len(graph.mentions()) == 2


def test_lookalike_words_stay_apart(run: Run) -> None:
    words = ["ACAD", "АCAD", "Tpk3", "Тpk3", "ΙκΒα"]
    graph = run(record(tables={"genes": genes(*(gene(word, "34", match="ACAD") for word in words))})).graph
    assert graph.words() == sorted(words)


def test_repeated_rows_are_counted(run: Run) -> None:
    tables = {
        "genes": genes(*[gene("AKT1", "207")] * 3, gene("JUN", "3725")),
        "chemicals": chemicals(*[("ATP", "mesh:D000255", "NA", "NA", "NA")] * 2),
    }
    result = run(record(tables=tables))
    assert [(m.word, m.occurrences) for m in result.graph.mentions()] == [("AKT1", "3"), ("JUN", "")]
    assert [(m.word, m.occurrences) for m in result.graph.mentions("Chemical")] == [("ATP", "2")]
    assert result.codes == {"repeated-row": 3}


def test_rows_that_differ_in_one_column_stay_apart(run: Run) -> None:
    rows = [
        gene("AKT", "207"), gene("AKT", "208"), gene("AKT", "207", match="AKT1"), gene("Akt", "207"),
        gene("AKT", "207", source="ncbigene_synonym"),
    ]  # fmt: skip
    result = run(record(tables={"genes": genes(*rows)}))
    assert len(result.graph.mentions()) == 5
    assert "repeated-row" not in result.codes


def test_old_term_table_with_crlf(run: Run) -> None:
    text = terms_v1(("PGE2", "MESH", "D015232"), ("Na", "MESH", "D012964"), ("sugar", "", ""))
    result = run(record("C", tables={"chemicals": text.replace("\n", "\r\n").removesuffix("\r\n")}))
    assert result.graph.mentions("Chemical") == [
        Mention("Na", "", expand("mesh:D012964"), lexicon("mesh"), ""),
        Mention("PGE2", "", expand("mesh:D015232"), lexicon("mesh"), ""),
        Mention("sugar", "", "", "", ""),
    ]
    assert result.codes == {"row-without-id": 1}


def test_mesh_prefix_is_stripped(run: Run) -> None:
    rows = [
        ("ATP", "mesh:D000255", "NA", "NA", "NA"),
        ("x", "mesh:C018381", "NA", "NA", "NA"),
        ("y", "NA", "y", "NA", "chebi:7"),
    ]
    graph = run(record(tables={"chemicals": chemicals(*rows)}), ground=False).graph
    assert graph.mentioned() == [expand(name) for name in ("mesh:C018381", "mesh:D000255", "obo:CHEBI_7")]
    assert graph.values("mesh:D000255", "skos:exactMatch") == ["http://identifiers.org/mesh/D000255"]


def test_chemical_with_both_or_neither_id(run: Run) -> None:
    rows = [("ATP", "mesh:D000255", "ATP", "ATP", "chebi:15422"), ("stuff", "NA", "NA", "NA", "NA")]
    result = run(record(tables={"chemicals": chemicals(*rows)}), ground=False)
    assert [m[:3] for m in result.graph.mentions("Chemical")] == [
        ("ATP", "ATP", expand("mesh:D000255")),
        ("stuff", "", ""),
    ]
    # The source's mapping is a close match; ChEBI's own two spellings are an exact one.
    assert result.graph.values("mesh:D000255", "skos:closeMatch") == [expand("obo:CHEBI_15422")]
    assert result.graph.values("obo:CHEBI_15422", "skos:exactMatch") == ["https://identifiers.org/chebi/CHEBI:15422"]
    assert result.graph.mentioned() == [expand("mesh:D000255")]
    assert result.codes == {"row-without-id": 1}


def test_chemical_without_a_name(run: Run) -> None:
    graph = run(
        record(tables={"chemicals": chemicals(("Tyrosine residue", "NA", "tyrosine", "NA", "chebi:32789"))})
    ).graph
    assert graph.mentions("Chemical") == [
        Mention("Tyrosine residue", "tyrosine", expand("obo:CHEBI_32789"), lexicon("chebi"), "")
    ]
    assert graph.value("obo:CHEBI_32789", "rdfs:label") == "Tyrosine residue"


def test_swapped_match_and_name(run: Run) -> None:
    rows = [("Estrogen", "mesh:D004967", "Estrogens", "estrogen", "chebi:50114")]
    graph = run(record(tables={"chemicals": chemicals(*rows)})).graph
    assert [m[:2] for m in graph.mentions("Chemical")] == [("Estrogen", "Estrogens")]
    assert graph.values("mesh:D004967", "rdfs:label") == ["estrogen"]


def test_names_with_signs(run: Run) -> None:
    names = ["N,N-dimethyl[2,3]{x}", 'so-called "Wonder" (acid)', "3',5'-cyclic AMP, 5%", "a \\ b"]
    rows = [("w", "NA", "m", name, f"chebi:{n}") for n, name in enumerate(names, start=1)]
    graph = run(record(tables={"chemicals": chemicals(*rows)})).graph
    assert [graph.value(f"obo:CHEBI_{n}", "rdfs:label") for n in range(1, 5)] == names


def test_wrong_hits_are_kept_and_tellable(run: Run) -> None:
    rows = [("BAs", "NA", "BaS", "barium sulfide", "chebi:32590"), ("MEK", "NA", "MEK", "butan-2-one", "chebi:28398")]
    tables = {
        "chemicals": chemicals(*rows),
        "genes": genes(gene("MEK", "5604", symbol="MAP2K1", source="famplex_relations")),
    }
    graph = run(record(tables=tables)).graph
    # One word, twice: the lexicon tells which hit to trust.
    assert [m.lexicon for m in graph.mentions("Chemical")] == [lexicon("chebi")] * 2
    assert [(m.word, m.lexicon) for m in graph.mentions()] == [("MEK", lexicon("famplex_relations"))]


@pytest.mark.parametrize("doid", ["DOID:162", "doid:162", "DOID_162", "162"])
def test_doid_in_either_case(run: Run, doid: str) -> None:
    tables = {"diseases": diseases(("Cancer", "NA", "cancer", "cancer", doid))}
    graph = run(record(tables=tables), ground=False).graph
    assert graph.mentioned() == [expand("obo:DOID_162")]
    assert graph.subjects("pfo:Disease") == {expand("obo:DOID_162")}


def test_disease_without_id_keeps_its_word(run: Run) -> None:
    rows = [("Lipotoxicity", "NA", "NA", "NA", "NA"), ("Cancer", "mesh:D009369", "NA", "NA", "doid:162")]
    result = run(record(tables={"diseases": diseases(*rows)}))
    assert [m[:3] for m in result.graph.mentions("Disease")] == [
        ("Cancer", "", expand("mesh:D009369")),
        ("Lipotoxicity", "", ""),
    ]
    assert result.graph.values("mesh:D009369", "skos:closeMatch") == [expand("obo:DOID_162")]
    assert result.graph.values("mesh:D009369", "skos:exactMatch") == ["http://identifiers.org/mesh/D009369"]
    assert result.codes == {"row-without-id": 1}


def test_mesh_id_as_chemical_and_disease(run: Run) -> None:
    tables = {
        "chemicals": chemicals(("Protein", "mesh:D011488", "NA", "NA", "NA")),
        "diseases": diseases(("protein def", "mesh:D011488", "NA", "NA", "NA")),
    }
    result = run(record(tables=tables), ground=False)
    node = expand("mesh:D011488")
    assert node in result.graph.subjects("pfo:Chemical") & result.graph.subjects("pfo:Disease")
    assert result.graph.mentioned() == [node]
    assert result.graph.value(node, "pfo:figureCount") == "1"
    assert len(result.graph.values(node, "rdfs:label")) == 1
    assert not result.codes


# 4. Generator, site, maps


def test_na_character_everywhere(run: Run) -> None:
    names = [
        "figlink", "number", "reftext", "year", "doi", "journal_title", "journal_nlm_ta",
        "publisher_name", "keywords", "automl_pathway", "figid_alias", "figtype",
        "redirect_from", "ndex", "wpid", "filename",
    ]  # fmt: skip
    gone: dict[str, Any] = dict.fromkeys(names, ".na.character")
    result = run(record("D", **gone, organisms=[".na.character"], organisms_ner=[".na.character"]))
    assert result.report.figures == 1
    assert not result.codes
    assert not [t for t in result.graph.triples if ".na.character" in str(t)]


def test_other_files_of_the_database_are_no_records(tmp_path: Path) -> None:
    source = write_source(tmp_path / "source", record("D"))
    (source / "wpid_map.tsv").write_text("PMC5819904__x WP5382\n")
    (source / "README.md").write_text("# A database\n")
    for folder, name in (("_organisms", "human.md"), ("_browse", "wikipathways.md"), ("_layouts", "page.html")):
        (source / folder).mkdir()
        (source / folder / name).write_text("---\ncommon: Human\n---\n")
    result = export_source(source, tmp_path / "out.nt")
    assert (result.report.records, result.report.figures) == (1, 1)
    assert not result.codes


def test_two_figures_one_wikipathways_id(run: Run) -> None:
    figids = ["PMC1__a", "PMC2__b"]
    graph = run(*(record("D", figid, wpid="WP5382") for figid in figids)).graph
    links = [graph.values(figure_iri(figid), "rdfs:seeAlso") for figid in figids]
    assert links == [["https://identifiers.org/wikipathways/WP5382"]] * 2


def test_table_that_belongs_to_no_record_is_told(run: Run) -> None:
    stray = Record(text=record_text(front("D")), tables={"genes": genes(gene("AKT1", "207"))}, table_stem="PMC9__f9")
    result = run(stray, ground=False)
    assert result.codes == {"orphan-table": 1}
    assert result.graph.words() == []


# 5. Missing-value rule

_FIELDS: Final = {
    "doi": (PAPER, "prism:doi"),
    "journal_title": (PAPER, "dcterms:isPartOf"),
    "publisher_name": (PAPER, "dcterms:publisher"),
    "keywords": (PAPER, "prism:keyword"),
    "year": (PAPER, "fabio:hasPublicationYear"),
    "ndex": (FIGURE, "rdfs:seeAlso"),
    "wpid": (FIGURE, "rdfs:seeAlso"),
    "organisms": (FIGURE, "wp:organismName"),
    "organisms_ner": (FIGURE, "wp:organismName"),
}
MISSING: Final = [
    None, "", "~", "null", "''", "NA", "'NA'", "NaN", ".na.character", ".na", ".na.real", "' '", "[]",
    "[NA]", "[NA, '']",
]  # fmt: skip


@pytest.mark.parametrize("spelling", MISSING)
def test_missing_in_every_spelling(run: Run, spelling: str | None) -> None:
    lists = spelling is not None and spelling.startswith("[")
    names = [name for name in _FIELDS if not lists or name.startswith("organisms")]
    gone = dict.fromkeys([*names, "journal_nlm_ta"])
    kept = record_text(front("E", **gone))  # type: ignore[arg-type]
    lines = "" if spelling is None else "".join(f"{name}: {spelling}\n" for name in names)
    result = run(Record(text=kept.removesuffix("---\n") + lines + "---\n", tables={}))
    for name in names:
        assert result.graph.values(*_FIELDS[name]) == [], name
    assert not result.codes
    assert result.report.figures == 1


TABLE_CELLS: Final = ["", "NA", "NaN", ".na.character", ".na", ".na.real"]


@pytest.mark.parametrize("cell", TABLE_CELLS)
def test_missing_cells_of_tables(run: Run, cell: str) -> None:
    tables = {
        "genes": genes(gene("COX", cell, symbol=cell, counts=(cell, cell, cell))),
        "chemicals": chemicals(("stuff", cell, cell, cell, cell)),
        "diseases": diseases(("ailment", cell, cell, cell, cell)),
    }
    result = run(record(tables=tables))
    assert result.graph.mentioned() == []
    assert [result.graph.mentions(kind)[0][:3] for kind in ("Chemical", "Disease")] == [
        ("stuff", "", ""),
        ("ailment", "", ""),
    ]
    assert result.graph.mentions()[0][:3] == ("COX", "COX", "")
    assert result.codes == {"row-without-id": 3}


def test_missing_rule_spares_words(run: Run) -> None:
    tables = {"genes": genes(gene("NA", "45338", match="NA", symbol="na", taxon=FLY))}
    graph = run(_with_keywords(["NO", "N", "na"], tables=tables)).graph
    assert graph.values(FIGURE, "schema:keywords") == ["N", "NO", "na"]
    assert [m[:2] for m in graph.mentions()] == [("NA", "NA")]


def test_match_na_of_terms_is_missing(run: Run) -> None:
    tables = {
        "chemicals": chemicals(("NA", "mesh:D012964", "NA", "NA", "NA")),
        "diseases": diseases(("Cancer", "mesh:D009369", "NA", "NA", "NA")),
    }
    graph = run(record(tables=tables)).graph
    assert [m[:3] for m in graph.mentions("Chemical")] == [("NA", "", expand("mesh:D012964"))]
    assert [m[:3] for m in graph.mentions("Disease")] == [("Cancer", "", expand("mesh:D009369"))]


# 6. Not met


def test_jsonld_as_list(run: Run) -> None:
    plain, listed = (run(record("D", schema=block)) for block in (jsonld(), [jsonld()]))
    assert _triples(listed) == _triples(plain)
    assert listed.repairs == plain.repairs


def test_caption_of_several_paragraphs(run: Run) -> None:
    caption = "First paragraph.\n\nSecond one,\nin two lines."
    graph = run(_captioned("D", caption)).graph
    assert graph.values(FIGURE, "schema:description") == ["First paragraph. Second one, in two lines."]


ODD_FIGIDS: Final = {
    "PMC7__a b": "PMC7__a%20b",
    "PMC7__50%": "PMC7__50%25",
    "PMC7__a%20b": "PMC7__a%20b",
    "PMC7__<x>": "PMC7__%3Cx%3E",
    "PMC7__fig#1?": "PMC7__fig%231%3F",
    "PMC7__図１": "PMC7__図１",
    "PMC7__a(1)&b+c,d=e@f": "PMC7__a(1)&b+c,d=e@f",
}


@pytest.mark.parametrize(("figid", "local"), ODD_FIGIDS.items())
def test_figid_with_odd_characters(run: Run, figid: str, local: str) -> None:
    text = record_text(front("D", figid, schema=jsonld(local)))
    result = run(Record(text=text, tables={"genes": genes(gene("AKT1", "207"))}, stem="record"))
    assert result.graph.subjects("pfo:PathwayFigure") == {figure_iri(local)}
    assert result.graph.value(figure_iri(local), "dcterms:identifier") == figid
    assert result.report.figures == 1


@pytest.mark.parametrize("cell", ["AK\tT1", "AKT1\t\t"])
def test_tab_inside_a_cell_leaves_the_record_out(run: Run, cell: str) -> None:
    bad = record("D", tables={"genes": genes(gene(cell, "207"))})
    result = run(bad, record("D", "PMC2__f2", tables={"genes": genes(gene("JUN", "3725"))}))
    assert result.report.left_out == {"bad-table-row": 1}
    (problem,) = result.report.problems
    assert (Path(problem.path).name, problem.line) == (f"{FIGID}-genes.tsv", 2)
    assert result.graph.subjects("pfo:PathwayFigure") == {figure_iri("PMC2__f2")}


def test_ragged_row_leaves_the_record_out(run: Run) -> None:
    text = genes(gene("AKT1", "207"), gene("JUN", "3725"))
    result = run(record("D", tables={"genes": text[:-12]}), record("D", "PMC2__f2"))
    assert result.report.left_out == {"bad-table-row": 1}
    assert [problem.line for problem in result.report.problems] == [3]


def test_record_without_pmcid(run: Run) -> None:
    result = run(record("D", pmcid=None))
    assert result.graph.values(FIGURE, "dcterms:isPartOf") == [expand(PAPER)]
    assert result.repairs["pmcid-from-figid"] == 1


def test_duplicate_keys_leave_the_record_out(run: Run) -> None:
    text = record_text(front("D")).replace("number: F1\n", "number: F1\nnumber: F2\n")
    result = run(Record(text=text, tables={}), record("D", "PMC2__f2"))
    assert result.report.left_out == {"duplicate-key": 1}
    (problem,) = result.report.problems
    assert text.splitlines()[(problem.line or 0) - 1] == "number: F2"
    assert problem.column == 1
