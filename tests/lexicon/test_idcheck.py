"""`kg.idcheck`: ids in tables that a lexicon knows to be withdrawn, or to belong to something else."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

import kg
from kg.bulk.rows import Term, WithdrawnTerm
from kg.errors import Problem
from kg.lexiconfile import LexiconWriter
from tests.lexicon import made
from tests.lexicon.made import AKT, ATP, CANCER, JAK2, MOUSE_TP53, TP53, G
from tests.small import chemicals, genes, kg_run, record, write

FIGID: Final = "PMC9900001__f1"
CODES: Final = {"withdrawn-id", "taxon-contradicts-id", "symbol-contradicts-id"}
GENES: Final = made.gene_info(JAK2, TP53, *AKT, G(1, "SHARED"), G(2, "OTHER", "SHARED|ODD"), MOUSE_TP53)
HISTORY: Final = made.gene_history((51064, 3717, "OLDJAK"), (105, "-"), (11, 12), (12, 13), (13, 7157))


@pytest.fixture(scope="module")
def lexicon(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lexicon")
    chebi = made.obo(
        "chebi",
        ATP,
        {"id": "CHEBI:3", "name": "x", "is_obsolete": "true", "replaced_by": "CHEBI:15422"},
        {"id": "CHEBI:4", "is_obsolete": "true"},
    )
    doid = made.obo("doid", CANCER, {"id": "DOID:5", "name": "obsolete x", "is_obsolete": "true"})
    return made.built(folder, GENES, HISTORY, chebi, doid, made.hgnc(G(3717, "JAK2", "JTK10", previous="JAKPREV")))


def gene(symbol: str, ident: object, taxon: object = 9606, word: str = "") -> dict[str, str]:
    return {
        "ncbigene_symbol": symbol, "ncbigene_id": str(ident), "organism_id": str(taxon), "word": word or symbol,
        "match": symbol,
        "organism_name": {"9606": "Homo sapiens", "10090": "Mus musculus"}.get(str(taxon), "Danio rerio"),
        "organism_group": {"9606": "Primates", "10090": "Rodentia"}.get(str(taxon), "Fish"),
    }  # fmt: skip


def diseases(*rows: Mapping[str, str]) -> str:
    columns = ("word", "mesh", "match", "name", "doid")
    usual = ("cancer", "NA", "cancer", "cancer", "DOID:162")
    cells = ([row.get(column, value) for column, value in zip(columns, usual, strict=True)] for row in rows)
    return "".join("\t".join(line) + "\n" for line in (columns, *cells))


def problems(
    tmp_path: Path, lexicon: Path, tables: Mapping[str, str], fields: Mapping[str, str | None] | None = None
) -> list[Problem]:
    """What is told of a record's ids; the graph must be as it is without the lexicon."""
    files = {f"_figures/{FIGID}.md": record(FIGID, fields)}
    folder = write(tmp_path / "db", files | {f"_data/{FIGID}-{name}.tsv": text for name, text in tables.items()})
    found: list[Problem] = []
    report = kg.export(
        folder, tmp_path / "with.nt", lexicons=(lexicon,), embedded=False, ground=False, on_problem=found.append
    )
    assert report.ok
    assert kg.export(folder, tmp_path / "without.nt", embedded=False, ground=False).ok
    assert own(tmp_path / "with.nt") == own(tmp_path / "without.nt")
    return [problem for problem in found if problem.code in CODES]


def own(path: Path) -> list[str]:
    """The triples but for the description of the export, which names the lexicon."""
    lines = path.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if not line.startswith(("_:", "<https://w3id.org/pfocr-kg/"))]
    assert len(kept) > 20
    return kept


def of_genes(tmp_path: Path, lexicon: Path, *rows: dict[str, str]) -> list[Problem]:
    return problems(tmp_path, lexicon, {"genes": genes(*rows)})


@pytest.mark.parametrize(("ident", "successor"), [(51064, "3717"), (105, ""), (11, "7157"), (12, "7157"), (13, "7157")])
def test_a_withdrawn_gene_id(ident: int, successor: str, tmp_path: Path, lexicon: Path) -> None:
    (problem,) = of_genes(tmp_path, lexicon, gene("X1", ident))
    assert (problem.severity, problem.code) == ("warning", "withdrawn-id")
    assert (problem.line, problem.key) == (2, ("ncbigene_id",))
    assert problem.path.endswith(f"{FIGID}-genes.tsv")
    assert str(ident) in problem.what
    assert problem.why
    if successor:
        assert successor in problem.what
        assert f"write {successor}" in problem.mend
    else:
        assert "write" not in problem.mend


def test_a_symbol_that_is_another_genes(tmp_path: Path, lexicon: Path) -> None:
    (problem,) = of_genes(tmp_path, lexicon, gene("JAK2", 3717), gene("TP53", 207))
    assert (problem.severity, problem.code) == ("warning", "symbol-contradicts-id")
    assert (problem.line, problem.key) == (3, ("ncbigene_symbol",))
    assert "AKT1" in problem.what
    assert "'TP53'" in problem.what


@pytest.mark.parametrize(
    ("symbol", "ident"),
    [
        ("JAK2", 3717),
        ("jak2", 3717),
        ("JTK10", 3717),  # an alias
        ("JAKPREV", 3717),  # a previous symbol
        ("NEW1", 3717),  # newer than the lexicon
        ("SHARED", 2),  # its alias, though another's symbol
        ("ODD", 3717),  # another's alias only
        ("NA", 3717),
        ("TP53", 999),  # an id that the lexicon does not know
    ],
)
def test_no_problem(symbol: str, ident: int, tmp_path: Path, lexicon: Path) -> None:
    assert of_genes(tmp_path, lexicon, gene(symbol, ident)) == []


def test_an_id_of_another_taxon(tmp_path: Path, lexicon: Path) -> None:
    (problem,) = of_genes(tmp_path, lexicon, gene("TP53", 7157), gene("Trp53", 22059), gene("Trp53", 22059, 10090))
    assert (problem.severity, problem.code) == ("warning", "taxon-contradicts-id")
    assert (problem.line, problem.key) == (3, ("organism_id",))
    assert "22059" in problem.what
    assert "10090" in problem.what
    assert "9606" in problem.what


def test_a_taxon_that_the_lexicon_does_not_know(tmp_path: Path, lexicon: Path) -> None:
    assert of_genes(tmp_path, lexicon, gene("jak2a", 3717, 7955), gene("x", 51064, 7955)) == []


def test_a_human_lexicon_says_nothing_of_mice(tmp_path: Path) -> None:
    path = made.built(tmp_path, made.gene_info(JAK2))
    assert of_genes(tmp_path, path, gene("Jak2", 16452, 10090), gene("Trp53", 3717, 10090)) == []


def test_the_line_is_that_of_the_row_to_blame(tmp_path: Path, lexicon: Path) -> None:
    """Two rows with one id, of which the second has another gene's symbol."""
    (problem,) = of_genes(tmp_path, lexicon, gene("JAK2", 3717), gene("AKT2", 208), gene("TP53", 3717))
    assert problem.code == "symbol-contradicts-id"
    assert "'TP53'" in problem.what
    assert problem.line == 4


def test_the_line_is_that_of_the_row_with_the_other_taxon(tmp_path: Path, lexicon: Path) -> None:
    (problem,) = of_genes(tmp_path, lexicon, gene("JAK2", 3717), gene("JAK2", 3717, 10090))
    assert problem.code == "taxon-contradicts-id"
    assert problem.line == 3


def test_each_row_is_told_of_once(tmp_path: Path, lexicon: Path) -> None:
    """An id that stands in several rows is one problem; several ids are as many, each at its line."""
    rows = [gene("X", 51064, word="a"), gene("X", 51064, word="b"), gene("Y", 105), gene("TP53", 207), gene("Z", 11)]
    found = of_genes(tmp_path, lexicon, *rows)
    assert [(problem.code, problem.line) for problem in found] == [
        ("withdrawn-id", 2), ("withdrawn-id", 4), ("symbol-contradicts-id", 5), ("withdrawn-id", 6)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("cells", "column", "old", "new"),
    [
        ({"mesh": "NA", "chebi": "chebi:3"}, "chebi", "CHEBI_3", "CHEBI_15422"),
        ({"mesh": "NA", "chebi": "CHEBI:10789"}, "chebi", "CHEBI_10789", "CHEBI_15422"),
        ({"mesh": "NA", "chebi": "chebi:4"}, "chebi", "CHEBI_4", ""),
        # beside a MeSH id that nobody doubts
        ({"mesh": "mesh:D000255", "chebi": "chebi:3"}, "chebi", "CHEBI_3", "CHEBI_15422"),
    ],
)
def test_a_withdrawn_chemical(
    cells: dict[str, str], column: str, old: str, new: str, tmp_path: Path, lexicon: Path
) -> None:
    (problem,) = problems(tmp_path, lexicon, {"chemicals": chemicals({"word": "ok"}, {"word": "x"} | cells)})
    assert (problem.severity, problem.code, problem.line, problem.key) == ("warning", "withdrawn-id", 3, (column,))
    assert problem.path.endswith(f"{FIGID}-chemicals.tsv")
    number = old.removeprefix("CHEBI_")
    assert number in problem.what
    assert (new.removeprefix("CHEBI_") in problem.mend) if new else ("write" not in problem.mend)


def test_the_mend_is_written_as_the_table_writes_ids(tmp_path: Path, lexicon: Path) -> None:
    """A table wants `chebi:15422`, not the end of an IRI."""
    (problem,) = problems(tmp_path, lexicon, {"chemicals": chemicals({"mesh": "NA", "chebi": "chebi:3"})})
    assert "CHEBI_" not in problem.text()


@pytest.mark.parametrize(("ident", "new"), [("DOID:1000", "162"), ("DOID:5", "")])
def test_a_withdrawn_disease(ident: str, new: str, tmp_path: Path, lexicon: Path) -> None:
    (problem,) = problems(tmp_path, lexicon, {"diseases": diseases({}, {"doid": ident})})
    assert (problem.code, problem.line, problem.key) == ("withdrawn-id", 3, ("doid",))
    assert problem.path.endswith(f"{FIGID}-diseases.tsv")
    assert new in problem.mend


def test_a_withdrawn_mesh_id(tmp_path: Path) -> None:
    """No file of MeSH tells of these yet; the check does not ask where a lexicon knows it from."""
    path = tmp_path / "mesh.lexicon"
    writer = LexiconWriter(path)
    writer.add([Term("chemical", "D000001", "Thing"), WithdrawnTerm("chemical", "D000002", "D000001")])
    writer.finish({"version": "x", "made_with": "x"}, [])
    row = {"word": "x", "mesh": "mesh:D000002", "chebi": "NA"}
    (problem,) = problems(tmp_path, path, {"chemicals": chemicals({}, row)})
    assert (problem.code, problem.line, problem.key) == ("withdrawn-id", 3, ("mesh",))
    assert "D000001" in problem.mend


def test_terms_that_the_lexicon_does_not_know(tmp_path: Path, lexicon: Path) -> None:
    told = {"chemicals": chemicals({"mesh": "mesh:D999999", "chebi": "chebi:999"}), "diseases": diseases({"doid": "1"})}
    assert problems(tmp_path, lexicon, told) == []


INLINE: Final = (
    "\n- word: JAK2\n  symbol: JAK2\n  source: hgnc_symbol\n  hgnc_symbol: JAK2\n  entrez: '3717'"
    "\n- word: P53\n  symbol: TP53\n  source: hgnc_symbol\n  hgnc_symbol: TP53\n  entrez: '207'"
    "\n- word: OLD\n  symbol: OLD\n  source: hgnc_symbol\n  hgnc_symbol: OLD\n  entrez: '51064'"
)


def test_inline_tables_have_their_places_too(tmp_path: Path, lexicon: Path) -> None:
    """Line and column of the cell in the front matter."""
    found = problems(tmp_path, lexicon, {}, {"genes": INLINE})
    assert [problem.code for problem in found] == ["symbol-contradicts-id", "withdrawn-id"]
    lines = (tmp_path / "db" / "_figures" / f"{FIGID}.md").read_text(encoding="utf-8").splitlines()
    for problem, cell in zip(found, ("TP53", "'51064'"), strict=True):
        assert problem.path.endswith(f"{FIGID}.md")
        assert problem.line is not None
        assert problem.column is not None
        assert lines[problem.line - 1][problem.column - 1 :] == cell


def test_the_command_tells_of_it_and_ends_with_0(tmp_path: Path, lexicon: Path) -> None:
    folder = write(
        tmp_path / "db",
        {f"_figures/{FIGID}.md": record(FIGID), f"_data/{FIGID}-genes.tsv": genes({}, gene("TP53", 207))},
    )
    arguments = ("export", folder, "-o", tmp_path / "g.ttl", "--lexicon", lexicon)
    result = kg_run(*arguments)
    assert result.exit_code == 0
    table = folder / "_data" / f"{FIGID}-genes.tsv"
    lines = result.stderr.splitlines()
    (place,) = [number for number, line in enumerate(lines) if "warning[symbol-contradicts-id]" in line]
    assert lines[place].startswith(f"{table}:3:")
    assert "why: " in lines[place + 1]
    assert "mend: " in lines[place + 2]
    assert "207" in (tmp_path / "g.ttl").read_text(encoding="utf-8")
    assert kg_run(*arguments, "--strict").exit_code == 0


def test_the_embedded_lexicon_is_enough_for_human_symbols(tmp_path: Path) -> None:
    folder = write(
        tmp_path / "db",
        {f"_figures/{FIGID}.md": record(FIGID), f"_data/{FIGID}-genes.tsv": genes(gene("TP53", 207))},
    )
    report = kg.export(folder, tmp_path / "g.ttl")
    assert [problem.code for problem in report.problems if problem.code in CODES] == ["symbol-contradicts-id"]


def test_the_corpus_has_few_doubtful_ids(corpus: Path, tmp_path: Path) -> None:
    """The tables were made by a lexicon of their own, so what is told of must be rare."""
    report = kg.export(corpus, tmp_path / "g.ttl", check=False)
    doubtful = [problem for problem in report.problems if problem.code in CODES]
    assert len(doubtful) <= 5, [problem.what for problem in doubtful]
