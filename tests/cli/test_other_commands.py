"""`kg explain`, `kg shapes`, `kg vocabulary`, `kg --version` and shell completion."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any, Final

import pytest
import rdflib

import kg
from tests.conftest import ROOT, SEEDS
from tests.small import good, kg_process, kg_run, record, write

SEED: Final = SEEDS / "_figures" / "PMC12080488__ITT-14-523-g0004.md"
GENES: Final = SEEDS / "_data" / "PMC12080488__ITT-14-523-g0004-genes.tsv"
CHEMICALS: Final = SEEDS / "_data" / "PMC12080488__ITT-14-523-g0004-chemicals.tsv"
OLD: Final = SEEDS / "_figures" / "PMC99000002__made-f2.md"
FIGURE: Final = "https://pfocr.wikipathways.org/figures/PMC12080488__ITT-14-523-g0004.html"
PAPER: Final = "https://identifiers.org/pmc/PMC12080488"
BASE: Final = "https://w3id.org/pfocr-kg/"


def explained(*arguments: object) -> dict[str, Any]:
    """What `kg explain` tells as JSON."""
    result = kg_run("explain", *arguments, "--format", "json")
    assert result.exit_code == 0, result.stderr
    told: dict[str, Any] = json.loads(result.stdout)
    return told


def places(told: dict[str, Any], subject: str, predicate: str, value: str = "") -> set[tuple[str, str]]:
    """Field and place of the triples with this subject, predicate and, where given, value."""
    return {
        (row["field"], row["place"])
        for node in told["nodes"]
        for row in node["triples"]
        if node["subject"] == subject and row["predicate"] == predicate and value in ("", row["value"])
    }


# --- explain -----------------------------------------------------------------------------------------------------


def as_graph(told: dict[str, Any], prefixes: dict[str, str]) -> rdflib.Graph:
    """The triples of an explanation, whose short forms are Turtle."""
    head = "".join(f"@prefix {prefix}: <{namespace}> .\n" for prefix, namespace in prefixes.items())
    body = "".join(
        f"<{node['subject']}> {row['predicate']} {row['value']} .\n"
        for node in told["nodes"]
        for row in node["triples"]
    )
    return rdflib.Graph().parse(data=head + body, format="turtle")


@pytest.mark.parametrize(
    "options",
    [(), ("--no-repair",), ("--base", "https://example.net/kg/"), ("--no-ground",), ("--no-embedded-lexicon",)],
)
def test_explain_has_exactly_the_triples_of_the_record(options: tuple[str, ...]) -> None:
    """For each seed the triples are those of the library's graph of the record, and each tells where it is from."""
    figures = list(kg.read_records(SEEDS))
    assert len(figures) == len(list((SEEDS / "_figures").iterdir())) == 7
    for figure in figures:
        told = explained(SEEDS, "--figure", figure.figid, *options)
        base = options[1] if "--base" in options else BASE
        if not {"--no-ground", "--no-embedded-lexicon"} & set(options):
            figure = kg.ground_keywords(figure, kg.Lexicons())  # noqa: PLW2901 (what is compared)
        graph = kg.record_graph(figure, repair="--no-repair" not in options, base=base)
        assert set(as_graph(told, {str(p): str(n) for p, n in graph.namespaces()})) == set(graph)
        assert len(graph) > 30
        rows = [row for node in told["nodes"] for row in node["triples"]]
        assert [row for row in rows if not row["field"]] == []


# Subject, predicate, value (or any), field, line of the record, and the text that begins there.
IN_RECORD: Final = [
    (FIGURE, "a", "schema:Dataset", "schema-jsonld.@type", 37, "Dataset"),
    (FIGURE, "schema:license", "", "schema-jsonld.license", 45, "CC0"),
    (FIGURE, "schema:description", "", "schema-jsonld.description", 38, "The figure illustrates"),
    (FIGURE, "schema:name", "", "figtitle", 3, "Figure illustrates"),
    (FIGURE, "dcterms:title", "", "figtitle", 3, "Figure illustrates"),
    (FIGURE, "dcterms:identifier", "", "figid", 2, "PMC12080488__ITT-14-523-g0004"),
    (FIGURE, "schema:keywords", '"STAT3"', "schema-jsonld.keywords.0", 51, "STAT3"),
    (FIGURE, "schema:keywords", '"MMP"', "schema-jsonld.keywords.68", 119, "MMP"),
    (FIGURE, "foaf:page", "", "figlink", 12, "/pmc/articles/PMC12080488/figure/F4/"),
    (FIGURE, "pfo:pathwayScore", "", "automl_pathway", 28, "0.7588863"),
    (FIGURE, "pfo:figureType", "", "figtype", 30, "Figure"),
    (FIGURE, "pfo:figureAlias", "", "figid_alias", 29, "PMC12080488__F4"),
    (FIGURE, "wp:organismName", "", "organisms_ner", 9, "- Homo sapiens"),
    (PAPER, "dcterms:title", "", "papertitle", 20, "JAK-STAT Signaling"),
    (PAPER, "fabio:hasPublicationYear", "", "year", 22, "'2025'"),
    (PAPER, "wdt:P356", "", "doi", 23, "10.2147/ITT.S485670"),
    (PAPER, "wdt:P932", "", "pmcid", 10, "PMC12080488"),
    (PAPER, "prism:keyword", '"cancer"', "keywords", 27, "JAK-STAT pathway |"),
    (PAPER, "dcterms:bibliographicCitation", "", "reftext", 21, "Sana Parveen"),
    (f"{BASE}journal/immunotargets-ther", "dcterms:title", "", "journal_title", 24, "ImmunoTargets and"),
    (f"{BASE}publisher/dove-press", "foaf:name", "", "publisher_name", 26, "Dove Press"),
    ("http://www.wikidata.org/entity/Q7999828", "schema:name", "", "schema-jsonld.creator", 48, "'@type'"),
]


def test_explain_places_in_the_record() -> None:
    """Line and column are where an editor finds the value; the lines were looked up in the record by hand."""
    assert len(IN_RECORD) == 22
    told, lines = explained(SEED), SEED.read_text("utf-8").split("\n")
    for subject, predicate, value, field, line, text in IN_RECORD:
        (found,) = places(told, subject, predicate, value)
        column = lines[line - 1].index(text) + 1
        assert found == (field, f"{SEED}:{line}:{column}"), predicate


# Subject, predicate, value, column of the table, its rows (lines of the file), and what stands there.
IN_TABLES: Final = [
    (FIGURE, "schema:mentions", "ncbigene:712", "ncbigene_id", GENES, 61, "712"),
    ("https://identifiers.org/ncbigene/6774", "rdfs:label", '"STAT3"', "ncbigene_symbol", GENES, 2, "STAT3"),
    ("https://identifiers.org/ncbigene/1029", "wdt:P351", '"1029"', "ncbigene_id", GENES, 44, "1029"),
    ("https://identifiers.org/ncbigene/6581", "obo:RO_0002162", "", "organism_id", GENES, 68, "9606"),
    ("http://purl.obolibrary.org/obo/CHEBI_59761", "rdfs:label", "", "name", CHEMICALS, 3, "methyl phosphate"),
    ("http://purl.obolibrary.org/obo/CHEBI_59761", "a", "", "chebi", CHEMICALS, 3, "chebi:59761"),
    # The first row's name is NA, so its label is the word that was read.
    ("http://purl.obolibrary.org/obo/CHEBI_32789", "rdfs:label", "", "word", CHEMICALS, 2, "Tyrosine residue"),
]


def cell(table: Path, line: int, column: str) -> str:
    """The cell of a table at a line of its file."""
    rows = [row.split("\t") for row in table.read_text("utf-8").split("\n")]
    return rows[line - 1][rows[0].index(column)]


def test_explain_places_in_tables() -> None:
    """Column and line of the row, and the value stands there."""
    assert len(IN_TABLES) == 7
    told = explained(SEED)
    for subject, predicate, value, column, table, line, text in IN_TABLES:
        (found,) = places(told, subject, predicate, value)
        assert (found[0], Path(found[1]).resolve()) == (column, Path(f"{table}:{line}").resolve()), predicate
        assert cell(table, line, column) == text


def test_explain_places_of_every_gene_mention() -> None:
    """The cells named by all 67 gene mentions hold the mentions' word, match, gene and lexicon; no row is left."""
    seen = set()
    for node in explained(SEED)["nodes"]:
        if node["kind"] != "gene-mention":
            continue
        for row in node["triples"]:
            table, _, line = row["place"].rpartition(":")
            assert Path(table).samefile(GENES)
            seen.add(int(line))
            if row["predicate"] in ("pfo:word", "pfo:match", "oa:hasBody", "pfo:lexicon"):
                value = row["value"].strip('"').removeprefix("ncbigene:").removeprefix("lex:")
                assert value == cell(GENES, int(line), row["field"])
    assert seen == set(range(2, 69))


def test_explain_places_of_inline_tables() -> None:
    """Records of 2020-21 have their genes in the front matter: entry, key, line and column."""
    told, lines = explained(OLD), OLD.read_text("utf-8").split("\n")
    label = '"SLC2A4"'
    (found,) = places(told, "https://identifiers.org/ncbigene/6517", "rdfs:label", label)
    line = lines.index("  hgnc_symbol: SLC2A4") + 1
    assert found == ("genes.4.hgnc_symbol", f"{OLD}:{line}:{len('  hgnc_symbol: ') + 1}")
    (score,) = places(told, FIGURE.replace("PMC12080488__ITT-14-523-g0004", OLD.stem), "pfo:pathwayScore")
    assert score == ("pathway_score", f"{OLD}:10:16")


def test_explain_as_text() -> None:
    """The text has the JSON's nodes, triples and repairs, one a line; long values are cut."""
    told, text = explained(SEED), kg_run("explain", SEED).stdout
    lines = text.splitlines()
    assert lines[0] == f"{SEED.stem}  ({SEED})"
    rows = [row for node in told["nodes"] for row in node["triples"]]
    assert len([line for line in lines if line.startswith("    ")]) == len(rows) > 1000
    assert [line for line in lines if re.match(r"[a-z-]+ <", line)] == [
        f"{node['kind']} <{node['subject']}>" for node in told["nodes"]
    ]
    assert '    wdt:P932 "12080488"  # pmcid (10:8)' in lines  # fmt: skip
    assert f'    rdfs:label "STAT3"  # ncbigene_symbol ({GENES.name}:2)' in lines  # fmt: skip
    repairs = {"creator-wikidata", "description-once", "license-iri", "name-from-figtitle"}
    assert set(told["repairs"]) == repairs
    assert {found[1] for line in lines if (found := re.match(r"repair (\S+) \(1\): \S", line))} == repairs


def test_explain_one_figure_of_a_folder(tmp_path: Path) -> None:
    """`--figure` picks a record of a folder; what is told is that of the record alone."""
    source = good(tmp_path / "in")
    one = kg_run("explain", source, "--figure", "PMC9900002__f1", "-f", "json")
    alone = kg_run("explain", source / "_figures" / "PMC9900002__f1.md", "-f", "json")
    assert one.exit_code == alone.exit_code == 0
    assert json.loads(one.stdout) == json.loads(alone.stdout)
    assert json.loads(one.stdout)["figid"] == "PMC9900002__f1"


def test_explain_shows_warnings_beside_the_triples(tmp_path: Path) -> None:
    """Problems go to stderr as text, and into the JSON."""
    source = write(tmp_path / "in", {"a.md": record(fields={"year": "'24'"})}) / "a.md"
    assert "warning[bad-year]" in kg_run("explain", source).stderr
    assert [problem["code"] for problem in explained(source)["problems"]] == ["bad-year"]


# --- shapes ------------------------------------------------------------------------------------------------------

SH: Final = rdflib.Namespace("http://www.w3.org/ns/shacl#")


def test_shapes() -> None:
    """Every property shape of the folder is listed, with class, severity, message and the field it guards."""
    graph = rdflib.Graph()
    for path in sorted((ROOT / "shapes").glob("*.ttl")):
        graph.parse(path, format="turtle")
    wanted = {
        str(shape).rpartition("#")[2].rpartition("/")[2] for shape in graph.subjects(rdflib.RDF.type, SH.PropertyShape)
    }
    rows = json.loads(kg_run("shapes", "--format", "json").stdout)
    assert {row["name"] for row in rows} == wanted
    assert len(rows) == len(wanted) > 50
    assert {row["severity"] for row in rows} <= {"Violation", "Warning", "Info"}
    assert all(row["message"] and row["comment"] and row["path"] and row["target"] for row in rows)
    messages = {str(message) for message in graph.objects(None, SH.message)}
    assert {row["message"] for row in rows} <= messages
    text = kg_run("shapes").stdout
    assert all(re.search(rf"^  {row['name']} +{row['severity']} ", text, re.MULTILINE) for row in rows)
    assert all(f"guards {row['comment']}\n" in text for row in rows)


# --- vocabulary --------------------------------------------------------------------------------------------------

# Calls such as `names.pfo("word")`, keys such as "pfo:word".
_IN_CODE: Final = re.compile(r"""\bpfo\(["']([A-Za-z]+)["']\)|\bpfo:([A-Za-z]+)""")


def code_terms() -> set[str]:
    """The terms that the package names."""
    texts = [path.read_text("utf-8") for path in sorted((ROOT / "kg").glob("*.py"))]
    return {found[1] or found[2] for text in texts for found in _IN_CODE.finditer(text)}


def test_vocabulary_defines_every_own_term(seed_graph: Path) -> None:
    """Terms of the seeds' graph, of the shapes and of the code all have type, label and comment."""
    vocabulary = rdflib.Graph().parse(data=kg_run("vocabulary").stdout, format="turtle")
    pfo = f"{BASE}vocab#"
    defined = {
        str(term).removeprefix(pfo)
        for term in vocabulary.subjects(rdflib.RDF.type)
        if str(term).startswith(pfo) and vocabulary.value(term, rdflib.RDFS.label)
        and vocabulary.value(term, rdflib.RDFS.comment)
    }  # fmt: skip
    graph = rdflib.Graph().parse(seed_graph, format="turtle")
    for path in sorted((ROOT / "shapes").glob("*.ttl")):
        graph.parse(path, format="turtle")
    used = {str(t).removeprefix(pfo) for triple in graph for t in triple if str(t).startswith(pfo)}
    named = code_terms()
    assert {"GeneMention", "word", "figureCount"} <= used
    # Classes of mentions are made of their kind there, and stand in the graph.
    assert {"OrganismEvidence", "word", "options"} <= named
    # The namespace itself stands in the description (void:vocabulary).
    assert (used | named) - defined - {""} == set()


def test_vocabulary_under_another_base() -> None:
    """No term stays on the usual base."""
    usual, other = kg_run("vocabulary").stdout, kg_run("vocabulary", "--base", "https://example.net/kg/").stdout
    assert BASE in usual
    assert BASE not in other
    assert other == usual.replace(BASE, "https://example.net/kg/")


# --- the command itself ------------------------------------------------------------------------------------------


def test_version() -> None:
    """The version is the project's, and the library's."""
    told = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert "version" not in told.get("dynamic", [])
    done = kg_process("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"kg {told['version']}\n", "")
    assert kg.__version__ == told["version"]


@pytest.mark.parametrize("command", ["export", "check", "explain", "shapes", "vocabulary"])
def test_help_has_an_example(command: str) -> None:
    """Each command's help shows how it is called, and the main help lists it."""
    result = kg_run(command, "--help")
    assert result.exit_code == 0
    assert re.search(rf"Examples?: kg {command}\b", re.sub(r"\s+", " ", result.stdout))
    assert re.search(rf"\b{command} ", kg_run("--help").stdout)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shell_completion(shell: str) -> None:
    """Typer's completion script comes for each shell, here without a guess at the shell that runs the test."""
    done = subprocess.run(
        [sys.executable, "-m", "kg", "--show-completion", shell],
        env={**os.environ, "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "_KG_COMPLETE" in done.stdout
    assert f"complete_{shell}" in done.stdout


def test_completion_completes(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the bash script asks for: the commands that begin so, in a process of its own."""
    for name, value in {"_KG_COMPLETE": "complete_bash", "COMP_WORDS": "kg ex", "COMP_CWORD": "1"}.items():
        monkeypatch.setenv(name, value)
    done = kg_process()
    assert sorted(done.stdout.split()) == ["explain", "export"], done.stderr
