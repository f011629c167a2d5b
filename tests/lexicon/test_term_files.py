"""Bulk files of terms and papers: MeSH, ChEBI, the Disease Ontology, PMC ids; whole, broken and mistaken ones."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

import pytest

from kg.bulk import chebi, doid, mesh, obo, pmc_ids
from kg.bulk.files import BulkFile
from kg.bulk.format import Format
from kg.bulk.rows import PaperRow, Row, Term, WithdrawnTerm
from kg.errors import Problem, UsageError

SAMPLES: Final = Path(__file__).parent / "samples"
FORMATS: Final = {form.name: form for form in (*mesh.FORMATS, *chebi.FORMATS, doid.FORMAT, obo.FORMAT, pmc_ids.FORMAT)}
FORMAT_OF: Final = {
    "desc2026.xml": "mesh-descriptors",
    "supp2019.xml": "mesh-supplement",
    "chebi.obo": "chebi-obo",
    "chebi_compounds_old.tsv": "chebi-compounds",
    "chebi_compounds.tsv": "chebi-compounds",
    "chebi_names_old.tsv": "chebi-names",
    "chebi_names.tsv": "chebi-names",
    "chebi_accessions_old.tsv": "chebi-accessions",
    "chebi_accessions.tsv": "chebi-accessions",
    "doid.obo": "doid",
    "PMC-ids.csv": "pmc-ids",
}


class Read:
    """What a reader made of a file."""

    def __init__(self, path: Path, form: Format) -> None:
        self.problems: list[Problem] = []
        self.file = BulkFile(path, self.problems.append)
        self.rows: list[Row] = list(form.rows(self.file, frozenset()))

    @property
    def lines(self) -> list[int | None]:
        return [problem.line for problem in self.problems]


def sample(name: str) -> Read:
    return Read(SAMPLES / name, FORMATS[FORMAT_OF[name]])


def read(folder: Path, name: str, data: bytes) -> Read:
    """Content read as the sample of that name would be."""
    (folder / name).write_bytes(data)
    return Read(folder / name, FORMATS[FORMAT_OF[name]])


def content(name: str) -> bytes:
    return (SAMPLES / name).read_bytes()


def refusal(folder: Path, name: str, data: bytes) -> Problem:
    with pytest.raises(UsageError) as caught:
        read(folder, name, data)
    assert caught.value.problem.code == "bad-bulk-file"
    assert caught.value.problem.path == str(folder / name)
    assert caught.value.problem.mend
    return caught.value.problem


def recognised(head: str) -> list[str]:
    return [name for name, form in FORMATS.items() if form.recognise(head)]


# Telling formats apart


def test_every_sample_is_used() -> None:
    assert set(FORMAT_OF) <= {path.name for path in SAMPLES.iterdir()}


@pytest.mark.parametrize("name", FORMAT_OF)
def test_a_sample_is_of_one_format(name: str) -> None:
    assert recognised(BulkFile(SAMPLES / name).head()) == [FORMAT_OF[name]]


@pytest.mark.parametrize(
    "head",
    [
        "",
        "<!DOCTYPE html>\n<html><body>503 DescriptorRecordSet, [Term], format-version: 1.2</body></html>",
        '<?xml version="1.0"?>\n<QualifierRecordSet LanguageCode="eng">',
        '<?xml version="1.0"?>\n<!DOCTYPE DescriptorRecordSetX SYSTEM "x"><DescriptorRecordSetX>',
        "#tax_id\tGeneID\tSymbol\n9606\t1\tA1BG\n",
        "compound_id\tformula\tcharge\n3\tH2O\t0\n",
        "ID\tCOMPOUND_ID\tTEXT\n1\t2\tx\n",
        "id\tname\turl\tprefix\n1\tKEGG\thttp\tkegg\n",
        "PMCID,PMID\nPMC1,1\n",
    ],
)
def test_what_is_none_of_them(head: str) -> None:
    assert recognised(head) == []


@pytest.mark.parametrize(
    ("head", "name"),
    [
        ("format-version: 1.2\nontology: go\n\n[Term]\nid: GO:1\n", "other-obo"),
        ("format-version: 1.2\n\n[Term]\nid: HP:1\n", "other-obo"),
        ("format-version: 1.4\n", "other-obo"),
        ("! a comment\nformat-version: 1.2\n\n[Term]\nid: DOID:1\n", "doid"),
        ("format-version: 1.2\nontology: http://purl.obolibrary.org/obo/chebi.owl\n", "chebi-obo"),
        ("format-version: 1.2\nontology: doid/doid-merged\n", "doid"),
        ('format-version: 1.2\r\nremark: "ontology: go"\r\nontology: chebi\r\n', "chebi-obo"),
    ],
)
def test_obo_files_go_by_their_ontology(head: str, name: str) -> None:
    assert recognised(head) == [name]


@pytest.mark.parametrize("root", ["DescriptorRecordSet", "SupplementalRecordSet"])
def test_xml_without_doctype_and_with_comment(root: str) -> None:
    kind = "mesh-descriptors" if root.startswith("D") else "mesh-supplement"
    assert recognised(f'<?xml version="1.0"?>\n<!-- a > b -->\n<{root} LanguageCode="eng">') == [kind]


# MeSH


def test_descriptors() -> None:
    """Names of qualifiers, actions and concepts are no names of the record; one record may be of both kinds."""
    got = sample("desc2026.xml")
    assert got.rows == [
        Term("chemical", "D000001", "Calcimycin", ("A-23187", "Antibiotic A23187", "A23187, Antibiotic")),
        Term("disease", "D000544", "Alzheimer Disease", ("Dementia, Alzheimer's",)),
        Term("disease", "D012459", "Both Kinds"),
        Term("chemical", "D012459", "Both Kinds"),
    ]
    assert (got.file.version, got.file.date) == ("2026", "2003-07-09")
    assert dict(got.file.notes) == {"descriptors outside the trees of diseases (C, F03) and chemicals (D)": 2}
    assert got.problems == []


def test_supplementary_concepts() -> None:
    got = sample("supp2019.xml")
    assert got.rows == [
        Term("chemical", "C000002", "bevonium", ("bevonium β-base",)),
        Term("disease", "C000598941", "Rare Syndrome"),
    ]
    assert (got.file.version, got.file.date) == ("2019", "2018-09-24")
    assert dict(got.file.notes) == {
        "supplementary concepts of a protocol": 1,
        "supplementary concepts of an organism": 1,
        "supplementary concepts of class 9": 1,
    }


def test_year_by_the_file_name_where_the_dtd_has_none(tmp_path: Path) -> None:
    data = content("desc2026.xml")
    assert read(tmp_path, "desc2026.xml", data.replace(b"_20260101", b"")).file.version == "2026"
    assert read(tmp_path, "desc2026.xml", data.replace(b"_20260101", b"_20250101")).file.version == "2025"


def test_a_record_that_lacks_its_id_is_told(tmp_path: Path) -> None:
    data = content("supp2019.xml").replace(b"C000002", b"X2")
    got = read(tmp_path, "supp2019.xml", data)
    assert [row.ident for row in got.rows if isinstance(row, Term)] == ["C000598941"]
    assert got.lines == [data[: data.index(b"</SupplementalRecord>")].count(b"\n") + 1]


DOCTYPE: Final = b'SYSTEM "https://www.nlm.nih.gov/databases/dtd/nlmdescriptorrecordset_20260101.dtd"'
BROKEN_XML: Final[dict[str, tuple[Callable[[bytes], bytes], str]]] = {
    "cut in a record": (lambda data: data[:3000], "cut short"),
    "cut behind a record": (lambda data: data[: data.rindex(b"</DescriptorRecordSet>")], "cut short"),
    "cut in its head": (lambda data: data[:30], "cut short"),
    "empty": (lambda _data: b"", "cut short"),
    "without records": (lambda _data: b"<DescriptorRecordSet/>", "no record"),
    "entity": (lambda data: data.replace(DOCTYPE, b'[<!ENTITY a "b">]'), "declares an entity"),
    "outside entity": (
        lambda data: data.replace(DOCTYPE, b'[<!ENTITY % p SYSTEM "file:///etc/hostname"> %p;]'),
        "declares an entity",
    ),
    "unknown entity": (lambda data: data.replace(b"Calcimycin", b"&alpha;-Calcimycin"), "does not declare"),
    "qualifiers": (lambda _data: b"<QualifierRecordSet/>", "another kind"),
    "html": (lambda _data: b"<html><body>Not here</body></html>", "another kind"),
    "plain text": (lambda _data: b"*NEWRECORD\nRECTYPE = D\n", "damaged"),
    "records of the other file": (lambda data: data.replace(b"DescriptorRecord ", b"SupplementalRecord "), "expected"),
    "encoding": (lambda data: data.replace(b'"1.0"', b'"1.0" encoding="utf-7"'), "encoding"),
    "bytes": (lambda data: data.replace(b"Calcimycin", b"Calcimyc\xefn"), "damaged"),
}


@pytest.mark.parametrize("name", BROKEN_XML)
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gz"])
def test_broken_xml(name: str, pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
    broken, what = BROKEN_XML[name]
    problem = refusal(tmp_path, "desc2026.xml", pack(broken(content("desc2026.xml"))))
    assert what in problem.what
    assert problem.line or what == "no record"


# OBO


def test_chebi_obo() -> None:
    got = sample("chebi.obo")
    assert got.rows == [
        Term(
            "chemical",
            "CHEBI_15422",
            "ATP",
            (
                "5'-(tetrahydrogen triphosphate)adenosine",
                "adenosine 5'-(tetrahydrogen triphosphate)",
                'said "H4atp", [in] two lines',
            ),
            ("D000255",),
            ("CHEBI_10789", "CHEBI_10841"),
        ),
        Term("chemical", "CHEBI_7", "1-{4-[(2{S})-oxo]}piperazine", (), ("C000591",)),
        WithdrawnTerm("chemical", "CHEBI_3", "CHEBI_7"),
        WithdrawnTerm("chemical", "CHEBI_4"),
        Term("chemical", "CHEBI_8", "kept"),
    ]
    assert (got.file.version, got.file.date) == ("227", "2023-11-28")
    assert dict(got.file.notes) == {
        "synonyms that are formulas or structures": 2,
        "terms without a name": 1,
        "terms of other ontologies": 1,
    }
    assert len(got.problems) == 1


def test_doid_obo() -> None:
    got = sample("doid.obo")
    assert got.rows == [
        Term("disease", "DOID_0001816", "angiosarcoma", ("hemangiosarcoma",), ("D006394",), ("DOID_267",)),
        WithdrawnTerm("disease", "DOID_0050014"),
    ]
    assert (got.file.version, got.file.date) == ("2024-05-29", "2024-05-29")
    assert got.problems == []


@pytest.mark.parametrize(
    ("version", "told"),
    [("releases/2016-02-19", "2016-02-19"), ("245", "245"), ("chebi/245", "245"), ("chebi/245/chebi.obo", "245")],
)
def test_versions_of_obo_files(version: str, told: str, tmp_path: Path) -> None:
    data = content("chebi.obo").replace(b"data-version: 227", f"data-version: {version}".encode())
    assert read(tmp_path, "chebi.obo", data).file.version == told


def test_obo_lines_may_end_in_crlf(tmp_path: Path) -> None:
    for name in ("chebi.obo", "doid.obo"):
        assert read(tmp_path, name, content(name).replace(b"\n", b"\r\n")).rows == sample(name).rows


def test_a_bad_id_is_told(tmp_path: Path) -> None:
    got = read(tmp_path, "doid.obo", content("doid.obo").replace(b"id: DOID:0001816", b"id: DOID:angio"))
    assert got.rows == [WithdrawnTerm("disease", "DOID_0050014")]
    assert ["DOID:angio" in problem.what for problem in got.problems] == [True]


HEADER: Final = b"format-version: 1.2\nontology: chebi\n\n"
BROKEN_OBO: Final[dict[str, tuple[bytes, str, int | None]]] = {
    "cut in a line": (HEADER + b"[Term]\nid: CHEBI:1\nname: wat", "no end", 6),
    "cut in a later line": (content("chebi.obo")[:700], "no end", 22),
    "cut behind an id": (HEADER + b"[Term]\nid: CHEBI:1\nname: water\n\n[Term]\nid: CHEBI:2\n", "no name", 8),
    "cut behind a stanza's head": (HEADER + b"[Term]\nid: CHEBI:1\nname: water\n\n[Term]\n", "no id", 8),
    "a term without id": (HEADER + b"[Term]\nname: water\n\n[Term]\nid: CHEBI:2\nname: x\n", "no id", 4),
    "header alone": (HEADER, "no term", None),
    "empty": (b"", "no term", None),
    "html": (b"<html>\n<body>404</body>\n", "no term", None),
    "latin-1": (HEADER + b"[Term]\nid: CHEBI:1\nname: caf\xe9ine\n", "not UTF-8", None),
    "another ontology": (HEADER.replace(b"chebi", b"go") + b"[Term]\nid: GO:1\nname: x\n", "OBO file of go", None),
}


@pytest.mark.parametrize("name", BROKEN_OBO)
def test_broken_obo(name: str, tmp_path: Path) -> None:
    data, what, line = BROKEN_OBO[name]
    problem = refusal(tmp_path, "chebi.obo", data)
    assert what in problem.what
    assert line is None or problem.line == line


def test_other_ontologies_are_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "go.obo"
    path.write_text("format-version: 1.2\nontology: go\n\n[Term]\nid: GO:0008150\nname: x\n", "utf-8")
    with pytest.raises(UsageError, match="this is the OBO file of go; ChEBI and DOID can be read"):
        Read(path, obo.FORMAT)
    with pytest.raises(UsageError, match="this is the OBO file of chebi"):
        Read(SAMPLES / "chebi.obo", doid.FORMAT)


# ChEBI's flat files


def test_compounds_of_the_old_generation() -> None:
    got = sample("chebi_compounds_old.tsv")
    assert got.rows == [
        Term("chemical", "CHEBI_15422", "ATP"),
        Term("chemical", "CHEBI_15422", "", ("adenosine triphosphate",), (), ("CHEBI_10789",)),
        WithdrawnTerm("chemical", "CHEBI_11"),
    ]
    assert got.file.date == "2020-02-03"
    assert dict(got.file.notes) == {"compounds without a name": 1}
    assert got.lines == [6]


def test_compounds_of_the_new_generation() -> None:
    got = sample("chebi_compounds.tsv")
    assert got.rows == [
        Term("chemical", "CHEBI_90", "(-)-epicatechin beta", ("(-)-epicatechin β",)),
        Term("chemical", "CHEBI_7", "(+)-car-3-ene"),
        Term("chemical", "CHEBI_90", "", ("child",), (), ("CHEBI_8",)),
    ]
    assert dict(got.file.notes) == {"compounds that are neither checked, ok nor submitted": 1}
    assert got.lines == [6]


def test_names_of_both_generations() -> None:
    old, new = sample("chebi_names_old.tsv"), sample("chebi_names.tsv")
    assert old.rows == [Term("chemical", "CHEBI_15422", "", ("Adenosine 5-triphosphate",))]
    assert dict(old.file.notes) == {"names in languages other than English and Latin": 1}
    assert new.rows == [
        Term("chemical", "CHEBI_90", "", ("epi-L-x",)),
        Term("chemical", "CHEBI_90", "", ('a "quoted" name',)),
        Term("chemical", "CHEBI_7", "", ("Mentha",)),
    ]
    assert dict(new.file.notes) == {"names that are neither checked, ok nor submitted": 1}
    assert (old.lines, new.lines) == ([], [5])


def test_accessions_of_both_generations() -> None:
    old, new = sample("chebi_accessions_old.tsv"), sample("chebi_accessions.tsv")
    assert old.rows == [Term("chemical", "CHEBI_15422", "", (), ("D000255",))]
    assert new.rows == [Term("chemical", "CHEBI_90", "", (), ("C000591",))]
    assert old.file.notes["accessions that are not said to be MeSH's"] == 1
    assert new.file.notes["accessions that are not said to be MeSH's"] == 1
    assert (old.lines, new.lines) == ([4], [])


FLAT: Final = [name for name in FORMAT_OF if name.startswith("chebi_")]


@pytest.mark.parametrize("name", FLAT)
def test_flat_files_go_by_column_names(name: str, tmp_path: Path) -> None:
    """Columns in any order, in any letter case, among others."""
    rows = [line.split("\t") for line in content(name).decode().splitlines()]
    turned = [[*row[::-1], "more"] for row in rows]
    turned[0] = [cell.swapcase() for cell in turned[0]]
    assert read(tmp_path, name, "".join("\t".join(row) + "\n" for row in turned).encode()).rows == sample(name).rows


@pytest.mark.parametrize("name", FLAT)
def test_a_flat_file_cut_in_a_row_is_refused(name: str, tmp_path: Path) -> None:
    data = content(name)
    last = data.rindex(b"\n", 0, -1) + 1
    problem = refusal(tmp_path, name, data[: data.index(b"\t", last)])
    assert "cut short" in problem.what
    assert problem.line == data.count(b"\n")


@pytest.mark.parametrize("name", FLAT)
def test_a_flat_file_without_its_columns_is_refused(name: str, tmp_path: Path) -> None:
    assert "no column" in refusal(tmp_path, name, b"<html>\n").what


# PMC ids

PAPERS: Final = [PaperRow(13900, 11250746, "10.1186/bcr271"), PaperRow(2, 0, "10.1159/a,b"), PaperRow(14900, 0, "")]


def test_papers() -> None:
    """A row with a stray comma and one without a PMC id are told and left out."""
    got = sample("PMC-ids.csv")
    assert got.rows == [*PAPERS, PaperRow(16, 5, "")]
    assert got.lines == [5, 6]


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.replace(b"\n", b"\r\n"),
        lambda data: b"\xef\xbb\xbf" + data,
        gzip.compress,
        lambda data: data.replace(b"\n", b"\n\n"),
        lambda data: data.removesuffix(b"\n"),
        lambda data: data.replace(b"Journal Title,ISSN", b'"Journal Title","ISSN"'),
        lambda data: data.replace(b"10.1186/bcr271,PMC13900,11250746", b'"10.1186/bcr271","PMC13900","11250746"'),
    ],
    ids=["crlf", "bom", "gz", "blank lines", "no end of line", "quoted header", "quoted row"],
)
def test_papers_in_other_packings(change: Callable[[bytes], bytes], tmp_path: Path) -> None:
    assert read(tmp_path, "PMC-ids.csv", change(content("PMC-ids.csv"))).rows == [*PAPERS, PaperRow(16, 5, "")]


def papers(folder: Path, cells: Iterable[str]) -> Read:
    return read(folder, "PMC-ids.csv", ("PMCID,PMID,DOI\n" + "".join(f"{row}\n" for row in cells)).encode())


@pytest.mark.parametrize("pmid", ["", "0", " ", "NA", "-5", "12a", "\u0661", "²", "9" * 5000])
def test_pmid_that_is_none(pmid: str, tmp_path: Path) -> None:
    assert papers(tmp_path, [f"PMC1,{pmid},10.1234/x"]).rows == [PaperRow(1, 0, "10.1234/x")]


@pytest.mark.parametrize("doi", ["", "NA", ".na.character", "11.1234/x", "10.1234/", "10.1234/a b"])
def test_doi_that_is_none(doi: str, tmp_path: Path) -> None:
    assert papers(tmp_path, [f"PMC1,7,{doi}"]).rows == [PaperRow(1, 7, "")]


@pytest.mark.parametrize("row", ["PMC,1,", "PMC0,1,", "1,1,", "pmc1,1,", "PMC1.2,1,", '"PMC1,1,', '"' + "x" * 200_000])
def test_a_row_that_cannot_be_used_is_told(row: str, tmp_path: Path) -> None:
    got = papers(tmp_path, [row, "PMC2,2,"])
    assert got.rows == [PaperRow(2, 2, "")]
    assert got.lines == [2]


BROKEN_CSV: Final[dict[str, tuple[Callable[[bytes], bytes], str]]] = {
    "cut in the last row": (lambda data: data[:-20], "cut short"),
    "cut in an earlier row": (lambda data: data[:200], "cut short"),
    "empty": (lambda _data: b"", "no column PMCID, PMID, DOI"),
    "no PMID": (lambda data: data.replace(b"PMID", b"PubMed"), "no column PMID"),
    "html": (lambda _data: b"<html>\n", "no column"),
    "latin-1": (lambda data: data.replace(b"Biol", b"Bi\xf6l"), "not UTF-8"),
    "gz cut short": (lambda data: gzip.compress(data)[:-9], "cut short"),
}


@pytest.mark.parametrize("name", BROKEN_CSV)
def test_broken_lists_of_papers(name: str, tmp_path: Path) -> None:
    broken, what = BROKEN_CSV[name]
    assert what in refusal(tmp_path, "PMC-ids.csv", broken(content("PMC-ids.csv"))).what


# All


@pytest.mark.parametrize("name", FORMAT_OF)
def test_packed_files_are_read_alike(name: str, tmp_path: Path) -> None:
    packed = read(tmp_path, name, gzip.compress(content(name)))
    assert packed.rows == sample(name).rows
    assert packed.file.done == packed.file.size


@pytest.mark.parametrize("name", FORMAT_OF)
def test_a_packed_file_that_is_cut_is_refused(name: str, tmp_path: Path) -> None:
    assert "cut short" in refusal(tmp_path, name, gzip.compress(content(name))[:-10]).what
