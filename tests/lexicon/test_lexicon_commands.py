"""`kg lexicon build`, `kg lexicon info`, `kg ground`, and the lexicon options of `kg export` and `kg explain`."""

from __future__ import annotations

import gzip
import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest
from typer.testing import CliRunner, Result

from kg.cli import app
from kg.lexicon import Lexicon
from tests.lexicon import made
from tests.lexicon.made import AKT, ATP, CANCER, DATE, JAK2, MAN, MOUSE, MOUSE_TP53, TP53, G
from tests.small import environment, genes, good, kg_command, kg_process, kg_run, record, write

GENES: Final = made.gene_info(JAK2, TP53, *AKT, MOUSE_TP53)


def ok(*arguments: object) -> Result:
    result = kg_run(*arguments)
    assert result.exit_code == 0, result.output
    return result


def refused(code: str, *arguments: object) -> list[str]:
    """The lines that a wrong call gets: where and what, why, how to mend."""
    result = kg_run(*arguments)
    assert result.exit_code == 2, result.output
    assert f"error[{code}]: " in result.stderr
    assert result.stdout == ""
    return result.stderr.splitlines()


def in_order(text: str, *parts: str) -> None:
    place = 0
    for part in parts:
        assert part in text[place:], part
        place = text.index(part, place) + len(part)


def bulk(folder: Path, **contents: str) -> list[Path]:
    return [made.written(folder / "bulk", name, content) for name, content in contents.items()]


# kg lexicon build


def test_build_writes_one_file_and_tells_what_is_in_it(tmp_path: Path) -> None:
    files = bulk(tmp_path, gene_info=GENES, chebi=made.obo("chebi", ATP))
    result = ok("lexicon", "build", *files, "-o", tmp_path / "x.lexicon")
    assert result.stdout == ""  # there is no data: a summary goes where progress goes
    in_order(result.stderr, "version", "genes", "6", "chemicals", "1", "Homo sapiens (5)", "NCBI Gene", "ChEBI")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bulk", "x.lexicon"]
    assert Lexicon(tmp_path / "x.lexicon").taxa == {MAN: 5, MOUSE: 1}


@pytest.mark.parametrize("taxon", ["10090", "Mus musculus", "mus musculus"])
def test_build_takes_a_taxon_by_id_and_by_name(taxon: str, tmp_path: Path) -> None:
    (file,) = bulk(tmp_path, gene_info=GENES)
    ok("lexicon", "build", file, "-o", tmp_path / "x.lexicon", "--taxon", taxon)
    assert Lexicon(tmp_path / "x.lexicon").taxa == {MOUSE: 1}


def test_build_takes_several_taxa(tmp_path: Path) -> None:
    (file,) = bulk(tmp_path, gene_info=GENES + made.gene_info(G(1, "a", taxon=7227)).partition("\n")[2])
    ok("lexicon", "build", file, "-o", tmp_path / "x.lexicon", "--taxon", "Homo sapiens", "--taxon", "7227")
    assert Lexicon(tmp_path / "x.lexicon").taxa == {MAN: 5, 7227: 1}


@pytest.mark.parametrize("taxon", ["Mus", "0", "-1", "mus muscul", "", "١٠", "1.5", "9" * 5000])
def test_build_refuses_what_is_no_taxon(taxon: str, tmp_path: Path) -> None:
    (file,) = bulk(tmp_path, gene_info=GENES)
    command = ("lexicon", "build", file, "-o", tmp_path / "x.lexicon", f"--taxon={taxon}")
    result = kg_run(*command)
    assert result.exit_code == 2
    assert "error[" in result.stderr
    assert not (tmp_path / "x.lexicon").exists()


def test_build_tells_rows_that_cannot_be_used_and_goes_on(tmp_path: Path) -> None:
    (file,) = bulk(tmp_path, gene_info=made.gene_info(JAK2, G("x", "BAD"), TP53))
    result = ok("lexicon", "build", file, "-o", tmp_path / "x.lexicon")
    in_order(result.stderr, f"{file}:3", "warning[bad-bulk-row]", "'x'", "why:", "mend:")
    assert Lexicon(tmp_path / "x.lexicon").taxa == {MAN: 2}


def test_build_does_not_flood_the_screen(tmp_path: Path) -> None:
    """As in an export, so many of one kind are shown and the others counted."""
    bad = [G("x", f"BAD{number}") for number in range(500)]
    (file,) = bulk(tmp_path, gene_info=made.gene_info(JAK2, *bad))
    result = ok("lexicon", "build", file, "-o", tmp_path / "x.lexicon")
    assert result.stderr.count("warning[bad-bulk-row]") < 100


def test_build_refuses_a_cut_file_with_its_line(tmp_path: Path) -> None:
    (file,) = bulk(tmp_path, gene_info=made.gene_info(JAK2, TP53)[:-60])
    lines = refused("bad-bulk-file", "lexicon", "build", file, "-o", tmp_path / "x.lexicon")
    assert lines[0].startswith(f"{file}:3:1: error[bad-bulk-file]: row 3 has ")
    assert lines[1].startswith("    why: ")
    assert lines[2].startswith("    mend: ")
    assert [p.name for p in tmp_path.iterdir()] == ["bulk"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"a\tb\n1\t2\n", ("format", "give one of")),
        (b"", ("format", "give one of")),
        (gzip.compress(GENES.encode() * 99)[:-20], ("cut short", "fetch it again")),
        (GENES.replace("\tSymbol\t", "\tname\t").encode(), ("format", "give one of")),
        (made.obo("go", {"id": "GO:1", "name": "x"}).encode(), ("OBO file of go", "give chebi.obo or doid.obo")),
    ],
)
def test_build_says_what_is_wrong_with_a_file_and_how_to_mend_it(
    content: bytes, words: tuple[str, str], tmp_path: Path
) -> None:
    file = made.written(tmp_path, "bulk", content)
    lines = refused("bad-bulk-file", "lexicon", "build", file, "-o", tmp_path / "x.lexicon")
    assert lines[0].startswith(str(file))
    assert words[0] in lines[0]
    assert words[1] in lines[2]
    assert [p.name for p in tmp_path.iterdir()] == ["bulk"]


def test_build_says_what_else_it_must_have(tmp_path: Path) -> None:
    (file,) = bulk(tmp_path, relations=made.relations(("AKT1", "AKT")))
    lines = refused("empty-lexicon", "lexicon", "build", file, "-o", tmp_path / "x.lexicon")
    assert lines[-1].startswith("    mend: ")


def test_build_needs_files_and_an_output(tmp_path: Path) -> None:
    (file,) = bulk(tmp_path, gene_info=GENES)
    assert kg_run("lexicon", "build", "-o", tmp_path / "x.lexicon").exit_code == 2
    assert kg_run("lexicon", "build", file).exit_code == 2


@pytest.mark.parametrize("output", ["none/x.lexicon", "bulk"])
def test_build_refuses_an_output_that_cannot_be(output: str, tmp_path: Path) -> None:
    (file,) = bulk(tmp_path, gene_info=GENES)
    refused("unwritable-output", "lexicon", "build", file, "-o", tmp_path / output)
    assert [p.name for p in tmp_path.iterdir()] == ["bulk"]


def test_build_takes_the_date_of_files_that_tell_none(tmp_path: Path) -> None:
    files = bulk(tmp_path, gene_info=GENES, relations=made.relations(("AKT1", "AKT")))
    ok("lexicon", "build", *files, "-o", tmp_path / "x.lexicon", "--date", DATE)
    dates = [source["date"] for source in Lexicon(tmp_path / "x.lexicon").info().sources]
    assert dates == ["2024-03-10", DATE]


@pytest.mark.parametrize("date", ["yesterday", "2024-13-01", "01.02.2024", "2024-1-1", "20240101"])
def test_build_refuses_what_is_no_date(date: str, tmp_path: Path) -> None:
    (file,) = bulk(tmp_path, gene_info=GENES)
    result = kg_run("lexicon", "build", file, "-o", tmp_path / "x.lexicon", "--date", date)
    assert result.exit_code == 2
    assert not (tmp_path / "x.lexicon").exists()


def test_build_in_a_process_of_its_own(tmp_path: Path) -> None:
    """No warnings, no colours, no bar where nobody looks."""
    files = bulk(tmp_path, gene_info=GENES)
    run = kg_process("lexicon", "build", *files, "-o", tmp_path / "x.lexicon")
    assert (run.returncode, run.stdout) == (0, "")
    assert "\x1b" not in run.stderr
    assert "Warning" not in run.stderr


# kg lexicon info


def test_info_as_text(tmp_path: Path) -> None:
    """Each fact whole, on one line: nobody wraps what is piped."""
    path = made.built(tmp_path, GENES, made.relations(("AKT1", "AKT")), made.gene_history((1, 2)))
    told = ok("lexicon", "info", path).stdout
    source = hashlib.sha256(GENES.encode()).hexdigest()
    in_order(
        told,
        *("lexicon", str(path), "version", Lexicon(path).info().version, "made with", "pfocr-kg"),
        *("genes", "6", "gene names", "withdrawn gene ids", "1", "families", "1"),
        *("Homo sapiens (5), Mus musculus (1)", "NCBI Gene, gene_info, of 2024-03-10", "0.txt"),
        *(f"sha256 {source}", "https://ftp.ncbi.nlm.nih.gov/gene/DATA/gene_info.gz", "licence", "FamPlex"),
    )


def test_info_as_json(tmp_path: Path) -> None:
    path = made.built(tmp_path, GENES, made.obo("doid", CANCER), taxa=[MOUSE])
    told: dict[str, Any] = json.loads(ok("lexicon", "info", path, "--format", "json").stdout)
    assert told == Lexicon(path).info().to_json()
    assert sorted(told) == ["counts", "made_with", "path", "sources", "taxa", "version"]
    assert told["taxa"] == {"10090": 1}
    assert told["counts"] == {
        "genes": 1, "gene names": 4, "diseases": 1, "disease names": 2, "withdrawn term ids": 1
    }  # fmt: skip
    assert sorted(told["sources"][0]) == [
        "date", "file", "format", "home", "licence", "passed_over", "rows", "sha256", "size", "title", "version",
    ]  # fmt: skip
    assert told["sources"][0]["passed_over"] == {"rows of other taxa": 5}
    assert (told["sources"][1]["version"], told["sources"][1]["date"]) == ("2024-05-29", "2024-05-29")


def test_info_of_the_embedded_lexicon() -> None:
    in_order(ok("lexicon", "info").stdout, "human.lexicon.zst", "genes", "Homo sapiens (", "HGNC", "publicdomain")
    assert json.loads(ok("lexicon", "info", "-f", "json").stdout)["taxa"].keys() == {"9606"}


def test_info_of_a_name_with_marks_of_the_terminal(tmp_path: Path) -> None:
    path = made.built(tmp_path, GENES, output="[bold]x[red].lexicon")
    assert "[bold]x[red].lexicon" in ok("lexicon", "info", path).stdout.replace("\n", "")


# kg ground


@pytest.fixture(scope="module")
def lexicon(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made.built(
        tmp_path_factory.mktemp("lexicon"),
        GENES,
        made.relations(("AKT1", "AKT"), ("AKT2", "AKT")),
        made.obo("chebi", ATP),
        made.obo("doid", CANCER),
    )


def grounded(*arguments: object) -> list[tuple[str, str]]:
    """Word and id of each candidate, from JSON."""
    told = json.loads(ok("ground", *arguments, "--format", "json").stdout)
    return [(one["word"], candidate["id"]) for one in told for candidate in one["candidates"]]


def test_ground_prints_a_table(lexicon: Path) -> None:
    result = ok("ground", "Jak2", "zzzz", "AKT", "malignant tumor", "--lexicon", lexicon)
    header, *rows = result.stdout.splitlines()
    assert header.split() == ["word", "id", "name", "organism", "match", "lexicon", "strictness", "changed"]
    assert [row.split()[:3] for row in rows] == [
        ["Jak2", "ncbigene:3717", "JAK2"],
        ["zzzz", "-", "not"],
        ["AKT", "ncbigene:207", "AKT1"],
        ["AKT", "ncbigene:208", "AKT2"],
        ["malignant", "tumor", "DOID:162"],
    ]
    in_order(rows[0], "Homo sapiens", "JAK2", "symbol", "strict", "letter-case")
    in_order(rows[1], "not known")
    in_order(rows[2], "family", "all", "(family AKT)")
    in_order(rows[4], "cancer", "malignant tumor", "synonym", "synonyms")


def test_ground_prints_json(lexicon: Path) -> None:
    told = json.loads(ok("ground", "Jak2", "-f", "json", "--lexicon", lexicon).stdout)
    candidate = {
        "word": "Jak2", "match": "JAK2", "kind": "gene", "id": "ncbigene:3717", "name": "JAK2", "taxon": 9606,
        "lexicon": "symbol", "strictness": "strict", "changes": ["letter-case"], "family": "",
    }  # fmt: skip
    assert told == [{"word": "Jak2", "candidates": [candidate]}]


@pytest.mark.parametrize("form", ["text", "json"])
def test_ground_of_unknown_words_ends_with_1(form: str, lexicon: Path) -> None:
    result = kg_run("ground", "zzzz", "", "--lexicon", lexicon, "--format", form)
    nothing = [{"word": "zzzz", "candidates": []}, {"word": "", "candidates": []}]
    assert result.exit_code == 1
    assert result.stderr == ""
    assert ("not known" in result.stdout) if form == "text" else json.loads(result.stdout) == nothing


def test_ground_of_known_and_unknown_words_ends_with_0(lexicon: Path) -> None:
    assert grounded("zzzz", "JAK2", "--lexicon", lexicon) == [("JAK2", "ncbigene:3717")]


@pytest.mark.parametrize("taxon", ["10090", "Mus musculus"])
def test_ground_takes_a_taxon_by_id_and_by_name(taxon: str, lexicon: Path) -> None:
    assert grounded("TRP53", "--taxon", taxon, "--lexicon", lexicon) == [("TRP53", "ncbigene:22059")]


def test_ground_takes_several_taxa(lexicon: Path) -> None:
    found = grounded("p53", "--taxon", "9606", "--taxon", "10090", "--lexicon", lexicon, "--no-embedded-lexicon")
    assert set(found) == {("p53", "ncbigene:7157"), ("p53", "ncbigene:22059")}


def test_ground_refuses_a_taxon_that_no_lexicon_has(lexicon: Path) -> None:
    lines = refused("unknown-taxon", "ground", "x", "--taxon", "7955", "--lexicon", lexicon)
    assert "7955" in lines[0]
    assert "kg lexicon build" in lines[-1]
    lines = refused("unknown-taxon", "ground", "x", "--taxon", "Mus")
    assert "'Mus'" in lines[0]
    assert "Mus musculus" in lines[-1]


def test_ground_finds_chemicals_where_the_lexicon_has_no_gene(tmp_path: Path) -> None:
    """No taxon was asked for: there is nothing to refuse."""
    path = made.built(tmp_path, made.obo("chebi", ATP))
    assert grounded("ATP", "--lexicon", path, "--no-embedded-lexicon") == [("ATP", "CHEBI:15422")]


def test_ground_without_any_lexicon_is_refused() -> None:
    result = kg_run("ground", "JAK2", "--no-embedded-lexicon")
    assert result.exit_code == 2
    assert "error[" in result.stderr


def test_ground_takes_several_lexicons(tmp_path: Path, lexicon: Path) -> None:
    mesh = made.built(tmp_path, made.mesh(("D009369", "Neoplasms", "C04", ("cancer",))))
    assert grounded("cancer", "--lexicon", mesh, "--lexicon", lexicon) == [("cancer", "mesh:D009369")]
    assert grounded("cancer", "--lexicon", lexicon, "--lexicon", mesh) == [("cancer", "DOID:162")]


def test_ground_reads_words_from_standard_input(lexicon: Path) -> None:
    arguments = ["ground", "AKT1", "-", "TP53", "--lexicon", str(lexicon), "--format", "json"]
    result = CliRunner().invoke(app, arguments, input="JAK2\r\n\n  malignant tumor  \nzzzz")
    assert result.exit_code == 0
    told = json.loads(result.stdout)
    assert [one["word"] for one in told] == ["AKT1", "JAK2", "malignant tumor", "zzzz", "TP53"]
    assert [one["word"] for one in told if not one["candidates"]] == ["zzzz"]


@pytest.mark.parametrize("given", ["", "\n \n"])
def test_ground_of_no_words_ends_with_1(given: str) -> None:
    result = CliRunner().invoke(app, ["ground", "-", "--format", "json"], input=given)
    assert (result.exit_code, json.loads(result.stdout)) == (1, [])


@pytest.mark.parametrize("form", ["text", "json"])
def test_ground_takes_bytes_that_are_no_utf8(form: str) -> None:
    """A list of words in Latin-1: no traceback, and the other words are found."""
    run = subprocess.run(
        kg_command("ground", "-", "--format", form), input=b"JAK2\nT\xe9st\n", capture_output=True, check=False,
        timeout=60, env=environment(),
    )  # fmt: skip
    assert b"Traceback" not in run.stderr
    assert run.returncode == 0
    assert b"ncbigene:3717" in run.stdout


def test_ground_takes_arguments_that_are_no_utf8() -> None:
    run = kg_process("ground", "JAK2", "T\udce9st")
    assert "Traceback" not in run.stderr
    assert run.returncode == 0
    assert "ncbigene:3717" in run.stdout


def test_ground_shows_words_as_they_are() -> None:
    """Neither the terminal's marks nor control characters in a word do anything."""
    run = kg_process("ground", "JAK2", "[red]JAK[/red]", "\x1b[31mJ", ":smile:", "a\tb")
    assert "[red]JAK[/red]" in run.stdout
    assert ":smile:" in run.stdout
    assert "\x1b" not in run.stdout


def test_ground_says_that_no_chemicals_were_asked() -> None:
    """With the embedded lexicon alone, ATP cannot be found."""
    result = kg_run("ground", "JAK2", "glucose")
    assert "no lexicon of chemicals or diseases was asked" in result.stderr
    assert kg_run("ground", "JAK2").stderr == ""


def test_ground_has_families_of_the_embedded_lexicon_beside_another(tmp_path: Path) -> None:
    path = made.built(tmp_path, made.gene_info(JAK2))
    found = grounded("JAK", "--lexicon", path)
    assert ("JAK", "ncbigene:3716") in found
    assert kg_run("ground", "JAK", "--lexicon", path, "--no-embedded-lexicon").exit_code == 1


def test_ground_leaves_no_blanks_at_the_ends_of_lines() -> None:
    lines = kg_process("ground", "JAK2", "zzzz").stdout.splitlines()
    assert len(lines) == 3
    assert all(line == line.rstrip() for line in lines)


def test_a_lexicon_is_not_written_as_gzip(tmp_path: Path) -> None:
    (tmp_path / "gene_info").write_text(made.gene_info(JAK2))
    result = kg_run("lexicon", "build", tmp_path / "gene_info", "-o", tmp_path / "a.lexicon.gz")
    assert (result.exit_code, "[unknown-format]" in result.stderr) == (2, True)


def test_ground_shows_each_word_once(lexicon: Path) -> None:
    result = ok("ground", "JAK2", "JAK2", "--lexicon", lexicon)
    assert result.stdout.count("ncbigene:3717") == 1


def test_ground_shows_long_words_whole_on_one_line(lexicon: Path) -> None:
    word = "JAK2-" * 30
    result = ok("ground", word, "JAK2", "--lexicon", lexicon)
    assert any(line.startswith(word) for line in result.stdout.splitlines())


# kg export and kg explain

ALONE: Final = {"PMC9900001__f1.md": record(fields={"organisms_ner": "[Homo sapiens]"})}
LINK: Final = "https://identifiers.org/ncbigene/"


def exported(tmp_path: Path, *options: object) -> str:
    write(tmp_path / "db", ALONE)
    ok("export", tmp_path / "db", "-o", tmp_path / "g.nt", *options)
    return (tmp_path / "g.nt").read_text(encoding="utf-8")


def test_export_links_keywords_by_the_embedded_lexicon(tmp_path: Path) -> None:
    graph = exported(tmp_path)
    assert f"{LINK}3717>" in graph
    assert "lexicon/keyword_symbol" in graph


@pytest.mark.parametrize("option", ["--no-ground", "--no-embedded-lexicon"])
def test_export_links_nothing_where_it_is_told_so(option: str, tmp_path: Path) -> None:
    graph = exported(tmp_path, option)
    assert f"{LINK}3717>" not in graph
    assert "lexicon/keyword_" not in graph


def test_export_asks_a_lexicon_that_is_given_first(tmp_path: Path) -> None:
    path = made.built(tmp_path, made.gene_info(G(900000001, "JAK2")))
    for options in ((), ("--no-embedded-lexicon",)):
        graph = exported(tmp_path, "--lexicon", path, *options)
        assert f"{LINK}900000001>" in graph
        assert f"{LINK}3717>" not in graph


def test_export_without_grounding_links_nothing_by_a_given_lexicon(tmp_path: Path) -> None:
    path = made.built(tmp_path, made.gene_info(JAK2))
    assert f"{LINK}3717>" not in exported(tmp_path, "--lexicon", path, "--no-ground")


def test_export_takes_ids_of_papers_from_a_lexicon(tmp_path: Path) -> None:
    path = made.built(tmp_path, made.pmc_ids(("PMC9900001", "12345678", "10.1234/other")))
    graph = exported(tmp_path, "--lexicon", path)
    assert "12345678" in graph
    assert "10.1234/Case.PMC9900001" in graph


@pytest.mark.parametrize("tables", [True, False])
def test_tables_win_over_any_lexicon(tables: bool, tmp_path: Path) -> None:
    path = made.built(tmp_path, made.gene_info(G(900000001, "JAK2")))
    table = {"PMC9900001__f1-genes.tsv": genes()} if tables else {}
    write(tmp_path / "db", ALONE | table)
    ok("export", tmp_path / "db", "-o", tmp_path / "g.nt", "--lexicon", path)
    graph = (tmp_path / "g.nt").read_text(encoding="utf-8")
    assert (f"{LINK}3717>" in graph) is tables
    assert (f"{LINK}900000001>" in graph) is not tables


def test_export_describes_the_lexicon_that_was_used(tmp_path: Path) -> None:
    path = made.built(tmp_path, made.gene_info(JAK2))
    assert Lexicon(path).info().version in exported(tmp_path, "--lexicon", path)
    assert Lexicon().info().version in exported(tmp_path)
    assert Lexicon().info().version not in exported(tmp_path, "--no-ground")


@pytest.mark.parametrize("command", ["export", "explain", "ground"])
def test_a_lexicon_that_is_none_is_refused(command: str, tmp_path: Path) -> None:
    db, bad = good(tmp_path / "db", 1), made.written(tmp_path, "bad", b"x")
    arguments = {
        "export": (db, "-o", tmp_path / "g.ttl"),
        "explain": (db,),
        "ground": ("JAK2",),
    }[command]
    lines = refused("bad-lexicon", command, *arguments, "--lexicon", bad)
    assert lines[0].startswith(f"{bad}: ")
    assert "why: " in lines[1]
    assert "kg lexicon build" in lines[2]
    lines = refused("bad-lexicon", command, *arguments, "--lexicon", tmp_path / "none")
    assert lines[0].startswith(f"{tmp_path / 'none'}: ")


def explained(tmp_path: Path, *options: object) -> str:
    folder = write(tmp_path / "db", ALONE)
    return ok("explain", folder / "PMC9900001__f1.md", *options).stdout


def test_explain_shows_where_keywords_lead(tmp_path: Path) -> None:
    told = explained(tmp_path)
    assert "ncbigene:3717" in told or f"{LINK}3717" in told
    assert "schema-jsonld.keywords.0" in told


def test_explain_takes_the_same_options(tmp_path: Path) -> None:
    path = made.built(tmp_path, made.gene_info(G(900000001, "JAK2")))
    assert "900000001" in explained(tmp_path, "--lexicon", path)
    for option in ("--no-ground", "--no-embedded-lexicon"):
        assert "3717" not in explained(tmp_path, option)


@pytest.mark.parametrize("command", [("lexicon", "build"), ("lexicon", "info"), ("ground",), ("lexicon",)])
def test_help_gives_examples(command: tuple[str, ...]) -> None:
    told = " ".join(ok(*command, "--help").stdout.split())
    assert "kg ground" in told or "kg lexicon" in told or command == ("lexicon",)
