r"""Saved queries: the shipped 25 are as they should be, and every fault of a query file is found by its own code."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pyoxigraph as ox
import pytest
import rdflib
from rdflib.namespace import RDF, RDFS, SH

import kg
from kg import Problem, QueryError, SavedQuery
from kg.parameters import KINDS
from kg.querycheck import check_query
from kg.querydocs import queries_markdown, queries_turtle
from kg.savedqueries import find_query, load_queries, parse_query
from kg.vocab import BASE
from tests.conftest import ROOT, SEEDS
from tests.small import kg_run, write

QUERIES: Final = ROOT / "queries"
SCHEMA: Final = rdflib.Namespace("http://schema.org/")
SPEX: Final = rdflib.Namespace("https://purl.expasy.org/sparql-examples/ontology#")
NAMES: Final = sorted(path.stem for path in QUERIES.glob("*.rq"))


@pytest.fixture(autouse=True)
def _quiet_rdflib(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, logger="rdflib")


@pytest.fixture(scope="module")
def store(seed_graph: Path) -> Iterator[kg.GraphStore]:
    with kg.open_store(seed_graph) as opened:
        yield opened


# --- the shipped ones


def test_the_shipped_queries_are_25_local_ones_first_each_part_sorted() -> None:
    found = load_queries()
    local = [name for name, query in found.items() if not query.federated]
    federated = [name for name, query in found.items() if query.federated]
    assert (len(local), len(federated)) == (16, 9)
    assert list(found) == sorted(local) + sorted(federated)
    assert sorted(found) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_query_tells_what_is_needed(name: str) -> None:
    query = find_query(name)
    assert query == load_queries()[name]
    assert query.summary
    assert not query.summary.endswith(".")
    assert query.tags
    assert ("federated" in query.tags) is query.federated is bool(query.endpoints)
    assert all(endpoint.startswith("https://") for endpoint in query.endpoints)
    for parameter in query.parameters:
        assert parameter.type in KINDS
        assert parameter.default or parameter.optional
        suffix = {"text": "", "doi": "", "wikipathway": "", "integer": "_integer"}.get(parameter.type, "_iri")
        wanted = f"{'__' if parameter.optional else '_'}{parameter.name}{suffix}"
        assert parameter.variable == (parameter.name if parameter.many else wanted)
    assert f"types:\n#+   - {query.parameters[0].name}: " in query.text if query.parameters else True
    assert query.sparql.count("\n") == query.text.count("\n")


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_query_passes_its_check(name: str, store: kg.GraphStore) -> None:
    assert check_query(QUERIES / f"{name}.rq", store) == []


def test_the_command_checks_them_all(seed_graph: Path) -> None:
    result = kg_run("queries", "check", "--graph", seed_graph)
    assert (result.exit_code, result.stdout) == (0, "25 queries, 0 problems\n")


def test_the_command_lists_them_one_a_line() -> None:
    lines = kg_run("queries", "list").stdout.splitlines()
    assert len(lines) == 25
    assert sum(line.endswith(" (federated)") for line in lines) == 9
    told = json.loads(kg_run("queries", "list", "--format", "json").stdout)
    assert [entry["name"] for entry in told] == [line.split()[0] for line in lines] == list(load_queries())
    tagged = kg_run("queries", "list", "--tag", "uniprot").stdout.splitlines()
    assert [line.split()[0] for line in tagged] == [q.name for q in load_queries().values() if "uniprot" in q.tags]
    assert len(tagged) == 2


@pytest.mark.parametrize("name", NAMES)
def test_the_command_shows_each(name: str) -> None:
    query, shown = find_query(name), kg_run("queries", "show", name).stdout
    assert shown.startswith(query.summary)
    assert query.sparql.strip() in shown
    assert all(f"  {parameter.name}=" in shown for parameter in query.parameters)
    assert all(f"calls {endpoint}: needs --federate" in shown for endpoint in query.endpoints)


# --- faults

GOOD: Final = """\
#+ summary: Figures of a gene
#+ tags:
#+   - gene
#+ types:
#+   - gene: gene
#+ defaults:
#+   - gene: https://identifiers.org/ncbigene/6774
PREFIX schema: <http://schema.org/>
SELECT ?figure WHERE { ?figure schema:mentions ?_gene_iri }
"""
LIST: Final = """\
#+ summary: Figures of some genes
#+ tags: [gene]
#+ types:
#+   - genes: gene list
#+ defaults:
#+   - genes: [https://identifiers.org/ncbigene/6774]
SELECT ?figure WHERE {
  VALUES ?genes { <https://identifiers.org/ncbigene/6774> }
  ?figure <http://schema.org/mentions> ?genes
}
"""
FEDERATED: Final = """\
#+ summary: Calls
#+ tags: [federated]
SELECT * { ?s a ?o SERVICE <https://example.org/sparql> { ?s ?p ?o } }
"""
WHERE: Final = "SELECT ?figure WHERE"

FAULTS: Final[dict[str, tuple[str, str, str]]] = {
    "no summary": ("bad-query-header", "there is no summary", GOOD.replace("#+ summary: Figures of a gene\n", "")),
    "empty summary": ("bad-query-header", "there is no summary", GOOD.replace("Figures of a gene", "")),
    "no tags": ("bad-query-header", "there are no tags", GOOD.replace("#+ tags:\n#+   - gene\n", "")),
    "no default": ("bad-query-header", "gene has no default", re.sub(r"#\+ defaults:\n.*\n", "", GOOD)),
    "no YAML": ("bad-query-header", "the header is no YAML", GOOD.replace("a gene\n", "a gene: or two\n", 1)),
    "no mapping": ("bad-query-header", "the header is no mapping", "#+ - a\nASK {}"),
    "unknown key": ("bad-query-header", "unknown key 'sumary'", GOOD.replace("summary", "sumary")),
    "types no list": ("bad-query-header", "types is no list", GOOD.replace("#+   - gene: gene", "#+   gene: gene")),
    "defaults no list": ("bad-query-header", "defaults is no list", GOOD.replace("   - gene: https", "   gene: https")),
    "tags no list": ("bad-query-header", "tags is no list", GOOD.replace("tags:\n#+   - gene", "tags: gene")),
    "bind-join no list": ("bad-query-header", "bind-join is no list", f"#+ bind-join: figure\n{GOOD}"),
    "list differs": (
        "bad-query-header", "the defaults of genes are not those of its VALUES block",
        LIST.replace("{ <https://identifiers.org/ncbigene/6774>", "{ <https://identifiers.org/ncbigene/1>"),
    ),
    "unknown type": ("bad-parameter-type", "gene is of type 'protein'", GOOD.replace("gene: gene", "gene: protein")),
    "unknown list type": ("bad-parameter-type", "genes is of type 'x'", LIST.replace("gene list", "x list")),
    "not in the query": (
        "bad-parameter-name", "the header names 'genes', the query does not", GOOD.replace("- gene: ", "- genes: "),
    ),
    "default not in the query": (
        "bad-parameter-name", "the header names 'x', the query does not", GOOD.replace("PREFIX", "#+   - x: y\nPREFIX"),
    ),
    "two spellings": (
        "bad-parameter-name", "are one parameter", GOOD.replace("?_gene_iri }", "?_gene_iri . ?figure ?p ?_gene }"),
    ),
    "list without VALUES": ("bad-parameter-name", "but no VALUES ?genes", LIST.replace("VALUES ?genes", "VALUES ?x")),
    "selected": (
        "bad-parameter-name", "?_gene_iri is selected or assigned", GOOD.replace(WHERE, "SELECT ?_gene_iri WHERE"),
    ),
    "selected in a sub-query": (
        "bad-parameter-name", "?_gene_iri is selected or assigned",
        GOOD.replace("{ ?figure", "{ { SELECT DISTINCT ?figure ?_gene_iri { ?figure ?p ?_gene_iri } } ?figure"),
    ),
    "assigned": (
        "bad-parameter-name", "?_gene_iri is selected or assigned",
        GOOD.replace("?_gene_iri }", "?_gene_iri BIND(1 AS ?_gene_iri) }"),
    ),
    "no SPARQL": ("bad-query", "the query is no SPARQL 1.1", GOOD.replace("?_gene_iri }", "?_gene_iri . . }")),
    "brace": ("bad-query", "the query is no SPARQL 1.1", GOOD.replace("?_gene_iri }", "?_gene_iri")),
    "prefix": ("bad-query", "a prefix is not declared", GOOD.replace("PREFIX schema: <http://schema.org/>\n", "")),
    "no form": ("bad-query", "no query form", "#+ summary: x\n#+ tags: [x]\n"),
    "escape": ("bad-query", "is no character", GOOD.replace("?figure s", "?figure \\uD800s")),
    "update": ("update-refused", "INSERT at 2:1 would change the graph", "#+ summary: x\nINSERT DATA {}"),
    "hidden update": ("update-refused", "DROP at 1:1 would change the graph", "DR\\u004FP ALL"),
    "service": ("bad-service", "names no endpoint", FEDERATED.replace("<https://example.org/sparql>", "?o")),
    "finds nothing": ("finds-nothing", "find nothing", GOOD.replace("/6774", "/999999999")),
    "bad default": ("bad-query-header", "the default of gene", GOOD.replace("/6774", "/67 74")),
}  # fmt: skip


def checked(folder: Path, text: str | bytes, store: kg.GraphStore) -> list[Problem]:
    return check_query(write(folder, {"query.rq": text}) / "query.rq", store)


@pytest.mark.parametrize(("code", "what", "text"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_found_by_its_code(code: str, what: str, text: str, tmp_path: Path, store: kg.GraphStore) -> None:
    problems = checked(tmp_path, text, store)
    assert code in {problem.code for problem in problems}, problems
    problem = next(problem for problem in problems if problem.code == code and what in problem.what)
    assert problem.path == str(tmp_path / "query.rq")
    assert problem.severity == "error"
    assert problem.mend or problem.why or code == "bad-query"


def test_the_files_with_faults_are_good_without_them(tmp_path: Path, store: kg.GraphStore) -> None:
    """Else a fault could be another than the one meant."""
    for number, text in enumerate((GOOD, LIST, FEDERATED)):
        assert checked(tmp_path / str(number), text, store) == []
    assert len(FAULTS) == 31


def test_a_fault_is_told_once(tmp_path: Path, store: kg.GraphStore) -> None:
    assert len(checked(tmp_path, FAULTS["no SPARQL"][2], store)) == 1


def test_several_faults_are_told_at_once(tmp_path: Path, store: kg.GraphStore) -> None:
    problems = checked(tmp_path, "ASK { ?s ?p ?_x }", store)
    assert [problem.what for problem in problems] == ["there is no summary", "there are no tags", "x has no default"]


def test_places_of_faults_are_those_in_the_file(tmp_path: Path, store: kg.GraphStore) -> None:
    (yaml,) = checked(tmp_path / "a", FAULTS["no YAML"][2], store)
    assert yaml.line == 1
    assert GOOD.splitlines()[0][: (yaml.column or 0) - 1].startswith("#+ summary: ")
    syntax = checked(tmp_path / "b", FAULTS["no SPARQL"][2], store)[0]
    assert syntax.line == 9
    (update,) = checked(tmp_path / "c", FAULTS["update"][2], store)
    assert "at 2:1" in update.what


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path, store: kg.GraphStore) -> None:
    (missing,) = check_query(tmp_path / "none.rq", store)
    assert (missing.code, missing.path) == ("unreadable-queries", str(tmp_path / "none.rq"))
    (binary,) = checked(tmp_path, b"ASK {} # \xff", store)
    assert binary.code == "unreadable-queries"


def test_the_command_tells_the_faults_and_ends_with_1(tmp_path: Path, seed_graph: Path) -> None:
    folder = write(tmp_path, {"a.rq": GOOD, "b.rq": FAULTS["update"][2]})
    result = kg_run("queries", "check", folder / "a.rq", folder / "b.rq", "--graph", seed_graph)
    assert (result.exit_code, result.stdout) == (1, "2 queries, 1 problems\n")
    assert f"{folder / 'b.rq'}: error[update-refused]" in result.stderr
    whole = kg_run("queries", "check", "--queries", folder, "--graph", seed_graph)
    assert (whole.exit_code, "update-refused" in whole.stderr) == (1, True)  # though the file cannot be listed


# --- folders


def refused(name: str, folder: Path) -> Problem:
    with pytest.raises(QueryError) as error:
        find_query(name, folder)
    return error.value.problem


def test_a_folder_of_ones_own_is_listed_and_asked(tmp_path: Path, seed_graph: Path) -> None:
    folder = write(tmp_path, {"mine.rq": GOOD, ".hidden.rq": "x", "notes.txt": "x", "plain.rq": "ASK {}"})
    assert list(load_queries(folder)) == ["mine", "plain"]
    with kg.open_store(seed_graph, queries=folder) as opened:
        assert len(opened.query("mine").rows()) == 1
        assert opened.query("plain").boolean is True
        with pytest.raises(QueryError, match="no saved query 'figures-for-gene'"):
            opened.query("figures-for-gene")
    shown = kg_run("queries", "list", "--queries", folder)
    assert [line.strip() for line in shown.stdout.splitlines()] == ["mine   Figures of a gene", "plain"]


def test_an_unknown_query_is_told_the_nearest_names(tmp_path: Path) -> None:
    problem = refused("figure-for-genes", QUERIES)
    assert problem.code == "unknown-query"
    assert "figures-for-gene" in problem.why
    assert problem.mend == "`kg queries list` shows them all"
    assert refused("zzz", write(tmp_path, {"a.rq": GOOD})).why == ""


def test_a_folder_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    for folder in (tmp_path / "none", write(tmp_path / "empty", {"x.txt": ""}), write(tmp_path, {"f": ""}) / "f"):
        with pytest.raises(QueryError) as error:
            load_queries(folder)
        assert error.value.problem.code == "unreadable-queries"
        assert str(folder) in error.value.problem.what


def test_a_broken_file_is_told_and_the_others_are_listed(tmp_path: Path) -> None:
    folder = write(tmp_path, {"a.rq": GOOD, "b.rq": FAULTS["update"][2], "c.rq": b"\xff"})
    problems: list[Problem] = []
    assert list(load_queries(folder, on_problem=problems.append)) == ["a"]
    assert [problem.code for problem in problems] == ["update-refused", "unreadable-queries"]
    with pytest.raises(QueryError, match="update-refused"):
        load_queries(folder)
    assert refused("b", folder).path == str(folder / "b.rq")


# --- headers


def test_headers_are_read_as_text() -> None:
    query = parse_query(
        "#+ summary: 'Yes: no'\n#+ description: >-\n#+   two\n#+   lines\n#+ tags: [on, 1.0]\n"
        "#+ defaults:\n#+   - n: 010\n#+   - t: no\n#+ endpoint: x\n#+ bind-join: [a]\n"
        "ASK { ?s ?_t ?_n_integer . ?s ?__o_iri $_l_literal }"
    )
    assert (query.summary, query.description, query.tags) == ("Yes: no", "two lines", ("on", "1.0"))
    assert query.bind_join == ("a",)
    told = [(p.name, p.variable, p.type, p.optional, p.default) for p in query.parameters]
    assert told == [
        ("t", "_t", "text", False, ("no",)),
        ("n", "_n_integer", "integer", False, ("010",)),
        ("o", "__o_iri", "iri", True, ()),
        ("l", "_l_literal", "text", False, ()),
    ]


def test_a_query_without_header_is_one_too() -> None:
    query = parse_query("ASK {}")
    assert (query.form, query.parameters, query.endpoints, query.federated, query.summary) == ("ASK", (), (), False, "")


def test_a_call_behind_an_escape_is_one() -> None:
    assert parse_query(r"ASK { SERVIC\u0045 <https://example.org/sparql> {} }").federated


# --- as RDF and as Markdown


@pytest.fixture(scope="module")
def sib() -> rdflib.Graph:
    return rdflib.Graph().parse(data=queries_turtle(load_queries().values()), format="turtle")


def node_of(query: SavedQuery) -> rdflib.URIRef:
    return rdflib.URIRef(f"{BASE}queries/{query.name}")


def test_each_query_is_an_executable_of_sib(sib: rdflib.Graph) -> None:
    assert set(sib.subjects(RDF.type, SH.SPARQLExecutable)) == {node_of(query) for query in load_queries().values()}
    assert len(set(sib.subjects(RDF.type, SH.SPARQLSelectExecutable))) == 25
    for query in load_queries().values():
        node = node_of(query)
        assert list(sib.objects(node, RDFS.comment)) == [rdflib.Literal(query.summary)]
        assert {str(tag) for tag in sib.objects(node, SCHEMA.keywords)} == set(query.tags)
        assert {str(iri) for iri in sib.objects(node, SPEX.federatesWith)} == set(query.endpoints)
        assert list(sib.objects(node, SCHEMA.target)) == [rdflib.URIRef(f"{BASE}sparql")]
        assert len(list(sib.objects(node, SH.select))) == 1


@pytest.mark.parametrize("name", NAMES)
def test_each_text_runs_as_it_stands_and_gives_the_same_rows(
    name: str, sib: rdflib.Graph, seed_graph: Path, store: kg.GraphStore
) -> None:
    from rdflib.plugins.sparql import prepareQuery

    query = find_query(name)
    text = str(sib.value(node_of(query), SH.select))
    prepareQuery(text)
    if query.federated:
        return
    plain = ox.Store()
    plain.bulk_load(path=seed_graph)
    found = plain.query(text)
    assert isinstance(found, ox.QuerySolutions)
    rows = [tuple(None if cell is None else str(cell) for cell in row) for row in found]
    answer = store.query(name)
    wanted = [tuple(row) for row in answer.terms()]
    assert [variable.value for variable in found.variables] == answer.variables
    assert sorted(rows, key=str) == sorted(wanted, key=str)
    assert wanted


def test_a_base_and_a_target_of_ones_own_are_taken() -> None:
    text = queries_turtle(load_queries().values(), base="https://example.org/kg/", target="https://example.org/sparql")
    graph = rdflib.Graph().parse(data=text, format="turtle")
    assert BASE not in text
    assert set(graph.objects(None, SCHEMA.target)) == {rdflib.URIRef("https://example.org/sparql")}
    assert all(str(node).startswith("https://example.org/kg/queries/") for node in set(graph.subjects()))
    assert len(set(graph.subjects())) == 25


def test_the_command_builds_both_forms(sib: rdflib.Graph) -> None:
    turtle = kg_run("queries", "build").stdout
    assert set(rdflib.Graph().parse(data=turtle, format="turtle")) == set(sib)
    assert kg_run("queries", "build", "--format", "md").stdout == queries_markdown(load_queries().values())


def test_the_markdown_table_has_a_row_for_each() -> None:
    from markdown_it import MarkdownIt

    text = queries_markdown(load_queries().values())
    kinds = [token.type for token in MarkdownIt("commonmark").enable("table").parse(text)]
    assert (kinds.count("tr_open"), kinds.count("td_open"), kinds.count("th_open")) == (26, 100, 4)
    for query, line in zip(load_queries().values(), text.splitlines()[2:], strict=True):
        assert line.startswith(f"| `{query.name}` | {query.summary} |")
        assert all(f"`{parameter.name}`" in line for parameter in query.parameters)
        assert all(endpoint.split("/")[2] in line for endpoint in query.endpoints)


# --- in the export


def test_the_export_holds_them_as_a_layer_of_their_own(tmp_path: Path, sib: rdflib.Graph) -> None:
    options: Any = kg.ExportOptions(queries=True, check=False)
    kg.export(SEEDS, tmp_path / "seeds.nq", options=options)
    dataset = ox.Store()
    dataset.bulk_load(path=tmp_path / "seeds.nq")
    layers = {str(graph) for graph in dataset.named_graphs() if str(graph).endswith("queries>")}
    assert len(layers) == 1
    (layer,) = (graph for graph in dataset.named_graphs() if str(graph) in layers)
    assert len(list(dataset.quads_for_pattern(None, None, None, layer))) == len(sib)
    outside = [
        quad for quad in dataset.quads_for_pattern(None, ox.NamedNode(str(SH.select)), None) if quad.graph_name != layer
    ]
    assert outside == []


def test_the_export_to_a_folder_has_a_file_of_them(tmp_path: Path, sib: rdflib.Graph) -> None:
    result = kg_run("export", SEEDS, "--output", tmp_path / "graph", "--queries", "--no-check")
    assert result.exit_code == 0, result.output
    (file,) = (tmp_path / "graph").rglob("queries.*")
    assert set(rdflib.Graph().parse(file)) == set(sib)


def test_the_export_leaves_them_out_unless_told(seed_graph: Path) -> None:
    assert "SPARQLExecutable" not in seed_graph.read_text("utf-8")
