"""Readers of the bulk files of genes: NCBI gene_info and gene_history, HGNC, FamPlex."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Final

import pytest

from kg.bulk import famplex, gene_history, gene_info, hgnc
from kg.bulk.files import BulkFile
from kg.bulk.format import Format
from kg.bulk.rows import FamilyName, Gene, Member, WithdrawnGene
from kg.errors import Problem, UsageError

SAMPLES: Final = Path(__file__).parent / "samples"
RELATIONS, TEXTS, ENTITIES = famplex.FORMATS
FORMATS: Final = (gene_info.FORMAT, gene_history.FORMAT, hgnc.FORMAT, *famplex.FORMATS)
OF_FILE: Final = {
    "gene_info.tsv": gene_info.FORMAT,
    "gene_info_old.tsv": gene_info.FORMAT,
    "gene_history.tsv": gene_history.FORMAT,
    "hgnc_complete_set.txt": hgnc.FORMAT,
    "hgnc_custom.txt": hgnc.FORMAT,
    "famplex_relations.csv": RELATIONS,
    "famplex_grounding_map.csv": TEXTS,
    "famplex_entities.csv": ENTITIES,
}
MAN: Final = frozenset({9606})
ALL: Final = frozenset[int]()
TP53: Final = Gene(9606, 7157, "TP53", (), ("BCC7", "LFS1", "P53", "TRP53"))
THRL: Final = Gene(511145, 944742, "thrL", (), ("ECK0001", "b0001"))


class Reading:
    """What a reader gave of a file, and what it told of it."""

    def __init__(self, path: Path, form: Format, taxa: frozenset[int] = ALL) -> None:
        self.problems: list[Problem] = []
        self.file = BulkFile(path, self.problems.append)
        self.rows = list(form.rows(self.file, taxa))

    @property
    def told(self) -> list[str]:
        return [problem.what for problem in self.problems]


def sample(name: str, taxa: frozenset[int] = ALL) -> Reading:
    return Reading(SAMPLES / name, OF_FILE[name], taxa)


def text(name: str) -> str:
    return (SAMPLES / name).read_text(encoding="utf-8")


def written(folder: Path, content: str) -> Path:
    path = folder / "file.txt"
    path.write_bytes(content.encode())
    return path


def changed(folder: Path, name: str, old: str, new: str, taxa: frozenset[int] = ALL) -> Reading:
    """The reading of a sample in which a text, that stands there, is replaced by another."""
    content = text(name)
    assert old in content
    return Reading(written(folder, content.replace(old, new)), OF_FILE[name], taxa)


# What each format is told by


@pytest.mark.parametrize("name", OF_FILE)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_file_is_told_by_its_own_format_alone(name: str, end: str) -> None:
    head = text(name).replace("\n", end)
    assert [form.name for form in FORMATS if form.recognise(head)] == [OF_FILE[name].name]


@pytest.mark.parametrize(
    "head",
    [
        "",
        "\n",
        "<!DOCTYPE html>\n<html><head><title>404 Not Found</title></head></html>\n",
        '<?xml version="1.0"?>\n<!DOCTYPE DescriptorRecordSet SYSTEM "desc2026.dtd">\n',
        "format-version: 1.2\ndata-version: 245\n",
        "#tax_id\tGeneID\tEnsembl_gene_identifier\tRNA_nucleotide_accession.version\n9606\t1\tENSG1\tNM_1\n",
        "#tax_id\tGeneID\trelationship\tOther_tax_id\tOther_GeneID\n9606\t1\tOrtholog\t10090\t2\n",
        "HGNC_ID\tSTATUS\tWITHDRAWN_SYMBOL\tMERGED_INTO_REPORT(S) (i.e HGNC_ID|SYMBOL|STATUS)\n",
        "DB Class Key\tCommon Organism Name\tNCBI Taxon ID\tSymbol\tEntrezGene ID\tMouse MGI ID\tHGNC ID\n",
        "BEL,14-3-3 Family,p14_3_3\nBEL,ACAD Family,ACAD\n",  # FamPlex's equivalences
        "Pattern,Category,Notes\nAd-{Gene name},experimental context,adenoviral gene delivery\n",
        "baz1,HGNC,13006\nTGF,HGNC,11769\nPSD,HGNC,9507\nE1,HGNC,12469\nRas,FPLX,RAS\n",  # wrong groundings of INDRA
        "AKT1\nTP53\nSTAT3\n",  # a list of symbols
        "AKT family\nAKT\nERK\nRAS\n",
        'Journal Title,ISSN,eISSN,Year,Volume,Issue,Page,DOI,PMCID,PMID,Manuscript Id,Release Date\n"Cell,0092\n',
    ],
)
def test_other_files_are_told_by_no_format(head: str) -> None:
    assert [form.name for form in FORMATS if form.recognise(head)] == []


def test_a_head_that_ends_within_a_row_is_told_all_the_same() -> None:
    for name in ("famplex_relations.csv", "famplex_grounding_map.csv"):
        head = text(name)
        assert OF_FILE[name].recognise(head[: head.rindex(",")])


def test_each_format_tells_where_it_is_from_and_its_licence() -> None:
    assert len({form.name for form in FORMATS}) == len({form.home for form in FORMATS}) == len(FORMATS)
    assert all(form.home.startswith("https://") and form.licence.startswith("https://") for form in FORMATS)


# gene_info


def test_genes_of_all_taxa() -> None:
    reading = sample("gene_info.tsv")
    assert reading.rows == [
        TP53,
        Gene(9606, 4508, "ATP6", (), ("ATPase6", "MTATP6", "MT-ATP6")),
        Gene(9606, 7399, "USH2A"),
        Gene(63221, 6775074, "ATP6"),
        Gene(741158, 8923188, "ATP6"),
        THRL,
        Gene(559292, 851262, "TFC3", (), ("FUN24", "TSV115", "YAL001C")),
        Gene(559292, 851230, "YAL067W-A"),
    ]
    assert reading.file.notes == {"placeholders for papers on genes without a record (NEWENTRY)": 1}
    assert (reading.file.date, reading.told) == ("2024-05-01", [])


def test_genes_of_neanderthals_and_denisovans_are_not_human() -> None:
    reading = sample("gene_info.tsv", MAN)
    assert [row.ident for row in reading.rows if isinstance(row, Gene)] == [7157, 4508, 7399]
    assert reading.file.notes["rows of other taxa"] == 5
    assert reading.told == []


def test_the_date_is_the_latest_of_the_rows_asked_for() -> None:
    assert sample("gene_info.tsv", frozenset({559292})).file.date == "2024-01-20"


def test_a_taxon_without_genes_is_told_of() -> None:
    reading = sample("gene_info.tsv", frozenset({9606, 10090, 60}))
    assert reading.told == ["it has no gene of taxon 60", "it has no gene of taxon 10090"]
    assert len(reading.rows) == 3


def test_gene_info_of_older_years() -> None:
    reading = sample("gene_info_old.tsv", MAN)
    assert reading.rows[0] == TP53
    assert (len(reading.rows), reading.file.date) == (2, "2024-03-10")


def test_gene_info_without_its_last_columns(tmp_path: Path) -> None:
    rows = "".join("\t".join(line.split("\t")[:13]) + "\n" for line in text("gene_info.tsv").splitlines())
    reading = Reading(written(tmp_path, rows), gene_info.FORMAT, frozenset({511145}))
    assert (reading.rows, reading.file.date) == ([THRL], "")


def test_columns_are_found_by_name_whatever_their_order(tmp_path: Path) -> None:
    rows = "".join("\t".join(line.split("\t")[::-1]) + "\n" for line in text("gene_info.tsv").splitlines())
    reading = Reading(written(tmp_path, rows.replace("#tax_id", "tax_id")), gene_info.FORMAT, MAN)
    assert reading.rows == sample("gene_info.tsv", MAN).rows


def test_gene_info_as_gzip(tmp_path: Path) -> None:
    path = tmp_path / "gene_info.gz"
    path.write_bytes(gzip.compress((SAMPLES / "gene_info.tsv").read_bytes()))
    assert Reading(path, gene_info.FORMAT).rows == sample("gene_info.tsv").rows
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(UsageError, match="damaged or cut short"):
        Reading(path, gene_info.FORMAT)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("\t7157\t", "\tseven\t", "tax_id is '9606' and GeneID 'seven', numbers are wanted"),
        ("\t7157\t", "\t0\t", "tax_id is '9606' and GeneID '0', numbers are wanted"),
        ("\t7157\t", "\t٧\t", "tax_id is '9606' and GeneID '٧', numbers are wanted"),
        ("9606\t7157", "man\t7157", "tax_id is 'man' and GeneID '7157', numbers are wanted"),
        ("\t7157\tTP53\t", "\t7157\t-\t", "gene 7157 has no symbol"),
    ],
)
def test_a_gene_that_cannot_be_used_is_told_of(tmp_path: Path, old: str, new: str, told: str) -> None:
    reading = changed(tmp_path, "gene_info.tsv", old, new)
    assert reading.told == [told]
    assert reading.problems[0].line == 2
    assert reading.rows == sample("gene_info.tsv").rows[1:]


@pytest.mark.parametrize("taxa", [ALL, MAN, frozenset({559292})])
def test_gene_info_that_ends_within_a_row_is_refused(tmp_path: Path, taxa: frozenset[int]) -> None:
    whole = text("gene_info.tsv")
    with pytest.raises(UsageError) as caught:
        Reading(written(tmp_path, whole[: whole.index("thr operon")]), gene_info.FORMAT, taxa)
    assert caught.value.problem.code == "bad-bulk-file"
    assert caught.value.problem.what == "row 8 has 9 cells, the header has 16: it is cut short or damaged"
    assert caught.value.problem.line == 8


def test_gene_info_without_a_needed_column_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no column symbol; its first line names tax_id, geneid, name"):
        changed(tmp_path, "gene_info.tsv", "\tSymbol\t", "\tname\t")


def test_empty_lines_are_no_genes(tmp_path: Path) -> None:
    path = written(tmp_path, text("gene_info.tsv") + "\n\n")
    assert Reading(path, gene_info.FORMAT).rows == sample("gene_info.tsv").rows


# gene_history


def test_ids_no_longer_used_and_those_in_their_place() -> None:
    reading = sample("gene_history.tsv")
    assert reading.rows == [
        WithdrawnGene(9606, 51064, 8626, "TP53L"),
        WithdrawnGene(9606, 105, 0, "ADARP"),
        WithdrawnGene(9606, 900000004, 7157),
        WithdrawnGene(10090, 900000005, 22059),
    ]
    assert reading.file.date == "2020-09-12"


def test_withdrawn_ids_of_some_taxa() -> None:
    reading = sample("gene_history.tsv", frozenset({10090, 7955}))
    assert reading.rows == [WithdrawnGene(10090, 900000005, 22059)]
    assert reading.file.notes == {"rows of other taxa": 3}
    assert reading.told == []


@pytest.mark.parametrize(
    ("old", "new"), [("8626\t51064", "8626\tnone"), ("8626\t51064", "none\t51064"), ("8626\t51064", "8626\t-")]
)
def test_a_withdrawn_id_that_is_no_number_is_told_of(tmp_path: Path, old: str, new: str) -> None:
    reading = changed(tmp_path, "gene_history.tsv", old, new)
    successor, ident = new.split("\t")
    assert reading.told == [
        f"tax_id is '9606', GeneID '{successor}' and Discontinued_GeneID '{ident}', numbers are wanted"
    ]
    assert reading.rows == sample("gene_history.tsv").rows[1:]


def test_gene_history_of_older_years(tmp_path: Path) -> None:
    header, _, rows = text("gene_history.tsv").partition("\n")
    names = header.removeprefix("#").replace("\t", " ")
    head = f"#Format: {names} (tab is used as a separator, pound sign - start of a comment)"
    assert gene_history.FORMAT.recognise(head + "\n" + rows)
    reading = Reading(written(tmp_path, head + "\n" + rows), gene_history.FORMAT)
    assert reading.rows == sample("gene_history.tsv").rows


def test_gene_history_that_ends_within_a_row_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="row 5 has 4 cells, the header has 5"):
        Reading(written(tmp_path, text("gene_history.tsv")[: -len("\t20190304\n")]), gene_history.FORMAT, MAN)


# HGNC


def test_symbols_of_hgnc() -> None:
    reading = sample("hgnc_complete_set.txt", frozenset({9606, 10090}))
    assert reading.rows == [
        Gene(9606, 7157, "TP53", (), ("p53", "LFS1")),
        Gene(9606, 53947, "A4GALT", ("P1PK",), ("A14GALT", "Gb3S", "P(k)", "P1")),
        Gene(9606, 1, "A1BG"),
        Gene(9606, 900000002, "QUOTED", (), ('Q"1', "Q2, long")),
    ]
    assert reading.file.notes == {"withdrawn symbols and entries": 1, "genes without an NCBI Gene id": 1}
    assert (reading.file.date, reading.told) == ("2024-05-05", [])


def test_columns_in_another_order_and_another_letter_case_of_the_status(tmp_path: Path) -> None:
    rows = "".join("\t".join(line.split("\t")[::-1]) + "\n" for line in text("hgnc_complete_set.txt").splitlines())
    path = written(tmp_path, rows.replace("\tApproved\t", "\tapproved\t"))
    assert hgnc.FORMAT.recognise(path.read_text(encoding="utf-8"))
    assert Reading(path, hgnc.FORMAT).rows == sample("hgnc_complete_set.txt").rows


def test_a_custom_download_of_hgnc() -> None:
    reading = sample("hgnc_custom.txt", MAN)
    assert reading.rows == [
        Gene(9606, 503538, "A1BG-AS1", ("NCRNA00181", "A1BGAS", "A1BG-AS"), ("FLJ23569",)),
        Gene(9606, 29974, "A1CF", (), ("ACF", "ASP")),
    ]
    assert reading.file.notes == {"withdrawn symbols and entries": 1}
    assert reading.file.date == ""


def test_a_custom_download_of_older_years(tmp_path: Path) -> None:
    header, _, rows = text("hgnc_custom.txt").partition("\n")
    for today, then in (("symbol", "Symbol"), ("Alias Symbols", "Synonyms"), ("NCBI Gene", "Entrez Gene")):
        header = header.replace(today, then)
    assert "Approved Symbol\tApproved name\tStatus\tSynonyms\tEntrez Gene ID\tEntrez Gene ID(supplied" in header
    reading = Reading(written(tmp_path, f"{header}\n{rows}"), hgnc.FORMAT)
    assert reading.rows == sample("hgnc_custom.txt").rows


def test_an_id_supplied_by_ncbi_alone_will_do(tmp_path: Path) -> None:
    reading = changed(tmp_path, "hgnc_custom.txt", "\tNCBI Gene ID\t", "\tother\t")
    assert reading.rows == sample("hgnc_custom.txt").rows


def test_hgnc_has_nothing_of_other_taxa() -> None:
    reading = sample("hgnc_complete_set.txt", frozenset({10090}))
    assert reading.rows == []
    assert reading.told == ["it names human genes only (taxon 9606), and that taxon was not asked for"]


@pytest.mark.parametrize("ident", ["53947.0", "0", "²", "53947, 1"])
def test_an_ncbi_gene_id_that_is_no_number_is_told_of(tmp_path: Path, ident: str) -> None:
    reading = changed(tmp_path, "hgnc_complete_set.txt", "\t53947\t", f"\t{ident}\t")
    assert reading.told == [f"the NCBI Gene id of 'A4GALT' is '{ident}', a number is wanted"]
    assert reading.problems[0].line == 3
    assert len(reading.rows) == 3


@pytest.mark.parametrize(
    ("name", "old", "missing"),
    [
        ("hgnc_complete_set.txt", "entrez_id", "entrez_id"),
        ("hgnc_complete_set.txt", "prev_symbol", "prev_symbol"),
        ("hgnc_custom.txt", "NCBI Gene ID", "ncbi gene id"),
        ("hgnc_custom.txt", "Alias symbols", "alias symbols"),
    ],
)
def test_hgnc_without_a_needed_column_is_refused(tmp_path: Path, name: str, old: str, missing: str) -> None:
    with pytest.raises(UsageError, match=f"it has no column {missing};"):
        changed(tmp_path, name, old, "other")


def test_hgnc_that_ends_within_a_row_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="row 7 has 6 cells, the header has 54"):
        Reading(
            written(tmp_path, text("hgnc_complete_set.txt").rstrip().rpartition("\tEntry")[0] + "\tEntry"), hgnc.FORMAT
        )


# FamPlex


def test_members_of_families() -> None:
    reading = sample("famplex_relations.csv", MAN)
    assert reading.rows == [
        Member("AKT", "AKT1", nested=False),
        Member("AKT", "AKT2", nested=False),
        Member("AMPK", "AMPK_alpha", nested=True),
        Member("C1", "C1S", nested=False),
    ]
    assert reading.file.notes == {"members that are neither a gene symbol nor a family": 1}


def test_texts_that_mean_families() -> None:
    reading = sample("famplex_grounding_map.csv")
    assert reading.rows == [
        FamilyName("AMPK (alpha 1, beta 1, gamma 1)", "AMPK_A1B1G1"),
        FamilyName("Akt", "AKT"),
        FamilyName("glutamic acid decarboxylase", "GAD"),
        FamilyName("NF-κB", "NFkappaB"),
    ]
    assert reading.file.notes == {"texts that mean something else than a family": 1}


def test_families_are_named_by_their_ids() -> None:
    families = ["9_1_1", "AKT", "AMPK", "ERK", "RAS", "Wnt"]
    assert sample("famplex_entities.csv").rows == [FamilyName(family, family) for family in families]


@pytest.mark.parametrize("name", [name for name in OF_FILE if name.endswith(".csv")])
def test_line_ends_of_windows_as_famplex_has_them(tmp_path: Path, name: str) -> None:
    path = written(tmp_path, text(name).replace("\n", "\r\n") + "\r\n")
    assert Reading(path, OF_FILE[name]).rows == sample(name).rows


@pytest.mark.parametrize("name", [name for name in OF_FILE if name.endswith(".csv")])
def test_famplex_that_ends_within_a_cell_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="its last line has no end: it is cut short"):
        Reading(written(tmp_path, text(name)[:-2]), OF_FILE[name])


@pytest.mark.parametrize(
    ("name", "old", "new", "what"),
    [
        ("famplex_relations.csv", "HGNC,AKT2,isa,FPLX,AKT", "HGNC,AKT2,isa", "row 2 has 3 cells, 5 are wanted"),
        ("famplex_grounding_map.csv", "Akt,FPLX,AKT,,", "Akt,FPLX,AKT", "row 2 has 3 cells, 5 are wanted"),
        ("famplex_grounding_map.csv", "Akt,", '"Akt,', "damaged or cut short"),
        ("famplex_entities.csv", "AKT\n", "AKT,ERK\n", "row 2 has 2 cells, 1 are wanted"),
    ],
)
def test_damaged_famplex_is_refused(tmp_path: Path, name: str, old: str, new: str, what: str) -> None:
    with pytest.raises(UsageError, match=what) as caught:
        changed(tmp_path, name, old, new)
    assert caught.value.problem.line


def test_famplex_that_is_no_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "grounding_map.csv"
    path.write_bytes(text("famplex_grounding_map.csv").encode().replace("κ".encode(), b"\xff"))
    with pytest.raises(UsageError, match="not UTF-8"):
        Reading(path, TEXTS)


def test_relations_of_other_kinds_are_counted(tmp_path: Path) -> None:
    reading = changed(tmp_path, "famplex_relations.csv", "HGNC,AKT2,isa,FPLX,AKT", "HGNC,AKT2,isa,GO,AKT")
    assert reading.file.notes["relations other than isa and partof of a family"] == 1
    assert len(reading.rows) == 3
    reading = changed(tmp_path, "famplex_relations.csv", "HGNC,AKT2,isa,FPLX,AKT", "HGNC,AKT2,likes,FPLX,AKT")
    assert reading.file.notes["relations other than isa and partof of a family"] == 1


def test_members_and_texts_that_are_empty_are_told_of(tmp_path: Path) -> None:
    reading = changed(tmp_path, "famplex_relations.csv", "HGNC,AKT2,", "HGNC,,")
    assert (reading.told, len(reading.rows)) == (["the member or its family has no id"], 3)
    reading = changed(tmp_path, "famplex_grounding_map.csv", "Akt,", " ,")
    assert (reading.told, len(reading.rows)) == (["there is no text for family AKT"], 3)
