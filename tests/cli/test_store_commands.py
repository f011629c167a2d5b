"""`kg load`, `kg query` and `kg queries` as users call them: defaults, formats, streams and exit statuses."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

import pyoxigraph as ox
import pytest
from typer.testing import CliRunner, Result

import kg
from kg.cli import app
from tests.queries.stubs import Endpoint
from tests.small import environment, kg_command, kg_process, kg_run, write

GENE: Final = "figures-for-gene"
FIGURE: Final = "https://pfocr.wikipathways.org/figures/PMC12080488__ITT-14-523-g0004.html"
SMALL: Final = "<https://example.net/s> <https://example.net/p> 1, 2, 3 .\n"
VALUES: Final = "SELECT ?o { ?s ?p ?o } ORDER BY ?o"
GRAPH: Final = "CONSTRUCT { ?s ?p ?o } { ?s ?p ?o }"
RUNAWAY: Final = "SELECT (COUNT(*) AS ?n) { ?a ?p ?b . ?c ?q ?d . ?e ?r ?f FILTER(?b != ?d) }"


@pytest.fixture
def made(tmp_path: Path, seed_graph: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder as `make export` leaves it."""
    (tmp_path / "build").mkdir()
    shutil.copy(seed_graph, tmp_path / "build" / "pfocr.ttl")
    for name in ("KG_STORE", "KG_USER", "KG_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of three triples in the working folder."""
    monkeypatch.delenv("KG_STORE", raising=False)
    monkeypatch.chdir(tmp_path)
    return write(tmp_path, {"small.ttl": SMALL}) / "small.ttl"


def refused(result: Result, code: str, status: int = 2) -> str:
    """What a failed command says: on stderr alone, with the code, without a traceback."""
    assert (result.exit_code, result.stdout) == (status, ""), result.stderr
    assert "Traceback" not in result.stderr
    assert f"error[{code}]: " in result.stderr
    return result.stderr


def values(text: str) -> list[int]:
    """The values of the small graph in an answer of one column."""
    header, *rows = text.split()
    assert header == "o"
    return [int(row) for row in rows]


# --- after `make export` -----------------------------------------------------------------------------------------


def test_query_without_a_store(made: Path) -> None:
    """The seed's figure stands in a table, quickly, and nothing is written."""
    started = time.monotonic()
    done = kg_process("query", GENE, "gene=STAT3", cwd=made)
    assert time.monotonic() - started < 2
    assert (done.returncode, done.stderr) == (0, "")
    head, row = done.stdout.splitlines()
    assert head.split() == ["figure", "title", "year", "paper", "image"]
    assert row.startswith("pfocr:PMC12080488__ITT-14-523-g0004.html  Figure illustrates the JAK/STAT")
    assert "  2025  pmc:PMC12080488  https://europepmc.org/" in row
    assert [path.name for path in (made / "build").iterdir()] == ["pfocr.ttl"]


def test_load_and_query_without_options(made: Path) -> None:
    """`kg load` makes build/pfocr.store of build/pfocr.ttl; `kg query` uses it, also when the file is gone."""
    before = kg_run("query", GENE, "gene=STAT3")
    loaded = kg_run("load")
    assert (loaded.exit_code, loaded.stdout) == (0, "")
    assert loaded.stderr.startswith("build/pfocr.store: 3,")
    assert " triples, " in loaded.stderr
    assert loaded.stderr.count("\n") == 1
    assert (made / "build" / "pfocr.store" / "store.json").is_file()
    (made / "build" / "pfocr.ttl").unlink()
    after = kg_run("query", GENE, "gene=STAT3")
    assert (after.exit_code, after.stderr) == (0, "")
    assert after.stdout == before.stdout
    assert len(after.stdout.splitlines()) == 2


def test_load_tells_of_named_graphs(made: Path) -> None:
    """The line counts them."""
    text = 'GRAPH <https://example.net/g> { <https://example.net/s> <https://example.net/p> "1" }'
    write(made, {"g.trig": text})
    result = kg_run("load", "g.trig", "--store", "s")
    assert result.stderr.startswith("s: 1 triples in 1 named graphs, ")


def test_warning_of_a_file_that_changed(made: Path) -> None:
    """One line on stderr while the store is older than the file; the answer is still that of the store."""
    kg_run("load")
    graph = made / "build" / "pfocr.ttl"
    assert kg_run("query", GENE).stderr == "gene=https://identifiers.org/ncbigene/6774 (default)\n"
    graph.write_text(graph.read_text("utf-8") + "# changed\n", "utf-8")
    result = kg_run("query", GENE, "gene=STAT3")
    assert result.stderr == "pfocr.ttl has changed since it was loaded; `kg load` brings the store up to date\n"
    assert (result.exit_code, len(result.stdout.splitlines())) == (0, 2)
    os.utime(graph, ns=(1, 1))  # as old as a file may be: another one all the same
    assert "pfocr.ttl has changed" in kg_run("query", GENE, "gene=STAT3").stderr
    kg_run("load")
    assert kg_run("query", GENE, "gene=STAT3").stderr == ""


def test_added_again_and_no_warning(small: Path) -> None:
    """A file that was changed and added again is up to date: nothing is left to be done."""
    kg_run("load", small, "--store", "s")
    write(small.parent, {"small.ttl": SMALL.replace("3 .", "3, 4 .")})
    kg_run("load", small, "--store", "s", "--add")
    result = kg_run("query", VALUES, "--store", "s")
    assert (values(result.stdout), result.stderr) == ([1, 2, 3, 4], "")


def test_store_of_the_environment(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """KG_STORE names the store for both commands; --store goes before it."""
    write(small.parent, {"other.ttl": SMALL.replace("1, 2, 3", "7")})
    monkeypatch.setenv("KG_STORE", "mine")
    assert kg_run("load", small).exit_code == 0
    assert kg_run("load", "other.ttl", "--store", "others").exit_code == 0
    assert sorted(path.name for path in small.parent.iterdir()) == ["mine", "other.ttl", "others", "small.ttl"]
    assert values(kg_run("query", VALUES).stdout) == [1, 2, 3]
    assert values(kg_run("query", VALUES, "--store", "others").stdout) == [7]
    assert values(kg_run("query", VALUES, "--graph", "other.ttl").stdout) == [7]
    monkeypatch.setenv("KG_STORE", "missing")
    assert "there is no store missing" in refused(kg_run("query", VALUES), "no-store")


def test_nothing_to_ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a store and a graph the message says what to do."""
    monkeypatch.delenv("KG_STORE", raising=False)
    monkeypatch.chdir(tmp_path)
    told = refused(kg_run("query", GENE, "gene=STAT3"), "no-store")
    for word in ("build/pfocr.store", "build/pfocr.ttl", "make export", "kg load", "--graph", "--store", "--endpoint"):
        assert word in told
    told = refused(kg_run("load"), "unreadable-graph")
    assert "build/pfocr.ttl" in told
    assert "make export" in told
    assert list(tmp_path.iterdir()) == []


def test_failed_load_does_not_hide_the_graph(made: Path) -> None:
    """After a first load that failed, `kg query` still answers from build/pfocr.ttl."""
    write(made, {"bad.ttl": "oops"})
    assert "bad.ttl:1:1: " in refused(kg_run("load", "bad.ttl"), "bad-rdf", 1)
    result = kg_run("query", GENE, "gene=STAT3")
    assert (result.exit_code, len(result.stdout.splitlines())) == (0, 2), result.stderr


# --- what is asked, and where ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["s", "small.ttl", "small.ttl.gz", "folder"])
def test_places_of_a_graph(name: str, small: Path) -> None:
    """--graph and --store take stores and files alike."""
    import gzip

    kg_run("load", small, "--store", "s")
    write(small.parent, {"small.ttl.gz": gzip.compress(SMALL.encode()), "folder/a.ttl": SMALL})
    for option in ("--graph", "--store"):
        result = kg_run("query", VALUES, option, name)
        assert (values(result.stdout), result.stderr) == ([1, 2, 3], "")


@pytest.mark.loopback
def test_endpoint(small: Path) -> None:
    """An endpoint gives the same rows, and is asked what was written."""
    with Endpoint(graph=small) as endpoint:
        result = kg_run("query", VALUES, "--endpoint", endpoint.url)
        assert (values(result.stdout), result.stderr) == ([1, 2, 3], "")
        assert len(endpoint.queries) == 1
        assert "SELECT ?o" in endpoint.queries[0]


@pytest.mark.loopback
def test_saved_query_of_an_endpoint(made: Path) -> None:
    """What a person types is looked up at the endpoint too."""
    graph = made / "build" / "pfocr.ttl"
    with Endpoint(graph=graph) as endpoint:
        result = kg_run("query", GENE, "gene=STAT3", "--endpoint", endpoint.url, "--format", "csv")
        assert (result.exit_code, result.stderr) == (0, "")
        assert result.stdout == kg_run("query", GENE, "gene=STAT3", "--graph", graph, "--format", "csv").stdout
        assert len(endpoint.queries) == 2


@pytest.mark.loopback
@pytest.mark.parametrize("fault", ["status 400", "status 500", "page", "cut"])
def test_endpoint_that_fails(fault: str, small: Path) -> None:
    """Exit 1: the call was right; the message names the server and what it said."""
    kind, _, status = fault.partition(" ")
    stub = Endpoint(
        graph=small,
        status=int(status or 200),
        page="<html>Welcome</html>" if kind == "page" else None,
        headers={"X-SPARQL-MaxRows": "2"} if kind == "cut" else {},
    )
    with stub as endpoint:
        told = refused(kg_run("query", VALUES, "--endpoint", endpoint.url), "endpoint-failed", 1)
        assert endpoint.url in told
        assert {"status": f"answered {status}", "page": "text/html", "cut": "cut its answer off"}[kind] in told


@pytest.mark.loopback
def test_endpoint_that_is_not_there(small: Path) -> None:
    """A closed port is told as such."""
    with Endpoint(graph=small) as endpoint:
        url = endpoint.url
    assert f"{url} does not answer" in refused(kg_run("query", VALUES, "--endpoint", url), "endpoint-failed", 1)


WRONG: Final[dict[str, tuple[str, ...]]] = {
    "two-graphs": ("query", VALUES, "--graph", "small.ttl", "--endpoint", "http://127.0.0.1/"),
    "bad-address": ("query", VALUES, "--endpoint", "http://me:secret@127.0.0.1/sparql"),
    "bad-address: no scheme": ("query", VALUES, "--endpoint", "127.0.0.1/sparql"),
    "bad-address: file": ("query", VALUES, "--endpoint", "file:///etc/hosts"),
    "bad-parameter": ("query", GENE, "gene", "--graph", "small.ttl"),
    "bad-parameter: no name": ("query", GENE, "=STAT3", "--graph", "small.ttl"),
    "unknown-parameter": ("query", GENE, "genes=STAT3", "--graph", "small.ttl"),
    "unknown-value": ("query", GENE, "gene=NOSUCH", "--graph", "small.ttl"),
    "unknown-query": ("query", "figures-for-genes", "--graph", "small.ttl"),
    "unknown-query: show": ("queries", "show", "figures-for-genes"),
    "update-refused": ("query", "DELETE WHERE { ?s ?p ?o }", "--graph", "small.ttl"),
    "bad-query": ("query", "SELECT ?s { ?s", "--graph", "small.ttl"),
    "federation-refused": ("query", "SELECT * { SERVICE <http://127.0.0.1/> { ?s ?p ?o } }", "--graph", "small.ttl"),
    "federation-refused: saved": ("query", "wikipathways-missing-genes", "--graph", "small.ttl"),
    "rows-are-no-graph": ("query", VALUES, "--graph", "small.ttl", "--format", "ttl"),
    "unreadable-queries: file": ("query", "missing.rq", "--graph", "small.ttl"),
    "unreadable-queries: folder": ("query", GENE, "--queries", "missing", "--graph", "small.ttl"),
    "unreadable-queries: list": ("queries", "list", "--queries", "missing"),
    "no-store": ("query", VALUES, "--store", "missing"),
    "no-store: graph": ("query", VALUES, "--graph", "missing.ttl"),
    "unknown-format": ("query", VALUES, "--graph", "words.txt"),
    "unknown-format: load": ("load", "words.txt"),
    "unreadable-graph": ("load", "missing.ttl"),
    "folder-in-use": ("load", "small.ttl", "--store", "full"),
    "unwritable-output": ("load", "small.ttl", "--store", "words.txt"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_call(name: str, small: Path) -> None:
    """Exit 2, the code and one message on stderr, nothing on stdout, nothing written."""
    assert len(WRONG) == 25
    folder = write(small.parent, {"words.txt": "words", "full/mine.txt": "mine"})
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    told = refused(kg_run(*WRONG[name]), name.partition(":")[0])
    assert "secret" not in told
    assert "    mend: " in told
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


USAGE: Final[dict[str, tuple[str, ...]]] = {
    "no query": ("query",),
    "negative limit": ("query", VALUES, "--limit", "-1"),
    "negative timeout": ("query", VALUES, "--timeout", "-1"),
    "no time": ("query", VALUES, "--timeout", "soon"),
    "unknown format": ("query", VALUES, "--format", "xlsx"),
    "no name": ("queries", "show"),
    "no such command": ("queries", "run"),
    "unknown form of build": ("queries", "build", "--format", "csv"),
}


@pytest.mark.parametrize("name", USAGE)
def test_usage(name: str) -> None:
    """Options that make no sense are refused before anything is read."""
    assert len(USAGE) == 8
    result = kg_run(*USAGE[name])
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Error" in result.stderr
    assert "Traceback" not in result.stderr


def test_broken_graph(small: Path) -> None:
    """A graph with an error in it is a problem of the data: exit 1, with the place."""
    write(small.parent, {"bad.ttl": SMALL + "<https://example.net/s> oops"})
    for command in (("query", VALUES, "--graph", "bad.ttl"), ("load", "bad.ttl", "--store", "s")):
        assert "bad.ttl:2:25: " in refused(kg_run(*command), "bad-rdf", 1)


@pytest.mark.parametrize("given", ["text", "file", "stdin", "folder"])
def test_ways_to_give_a_query(given: str, small: Path) -> None:
    """SPARQL text, a file ending in .rq, - for standard input, and the user's own folder of saved queries."""
    header = "#+ summary: Values\n#+ types:\n#+   - least: integer\n#+ defaults:\n#+   - least: 2\n"
    text = f"{header}SELECT ?o {{ ?s ?p ?o FILTER(?o >= ?_least_integer) }} ORDER BY ?o\n"
    write(small.parent, {"mine/my-query.rq": text})
    argument = {"text": text, "file": "mine/my-query.rq", "stdin": "-", "folder": "my-query"}[given]
    more = ["--queries", "mine"] if given == "folder" else []
    command = ["query", argument, *more, "--graph", "small.ttl"]
    standard_input = text if given == "stdin" else None
    result = CliRunner().invoke(app, command, input=standard_input)
    assert (values(result.stdout), result.stderr) == ([2, 3], "least=2 (default)\n")
    result = CliRunner().invoke(app, [*command, "least=3"], input=standard_input)
    assert (values(result.stdout), result.stderr) == ([3], "")


def test_other_folder_has_other_queries(small: Path) -> None:
    """With --queries the shipped ones are not there; the message names what is."""
    write(small.parent, {"mine/figures-for-me.rq": f"#+ summary: Mine\n{VALUES}\n"})
    told = refused(kg_run("query", GENE, "--queries", "mine", "--graph", small), "unknown-query")
    assert "figures-for-me" in told
    assert values(kg_run("query", "figures-for-me", "--queries", "mine", "--graph", small).stdout) == [1, 2, 3]


def test_parameter_given_twice_makes_a_list(made: Path) -> None:
    """`genes=STAT3 genes=JAK1` is `genes=STAT3,JAK1`."""
    one = kg_run("query", "figures-for-gene-list", "genes=STAT3,JAK1", "--format", "csv")
    two = kg_run("query", "figures-for-gene-list", "genes=STAT3", "genes=JAK1", "--format", "csv")
    assert (one.exit_code, two.exit_code, made.is_dir()) == (0, 0, True)
    assert one.stdout == two.stdout
    assert len(one.stdout.splitlines()) > 1


# --- formats -----------------------------------------------------------------------------------------------------


def _csv(text: str) -> list[str]:
    return [row["o"] for row in csv.DictReader(io.StringIO(text))]


def _tsv(text: str) -> list[str]:
    head, *rows = text.splitlines()
    assert head == "?o"
    return rows


def _json(text: str) -> list[str]:
    return [row["o"]["value"] for row in json.loads(text)["results"]["bindings"]]


def _xml(text: str) -> list[str]:
    return [str(node.text) for node in ET.fromstring(text).iter("{http://www.w3.org/2005/sparql-results#}literal")]  # noqa: S314 (our own)


def _md(text: str) -> list[str]:
    head, rule, *rows = text.splitlines()
    assert (head, rule) == ("| o |", "| --- |")
    return [row.strip("| ") for row in rows]


FORMATS: Final[dict[str, Callable[[str], list[str]]]] = {
    "table": lambda text: text.split()[1:], "csv": _csv, "tsv": _tsv, "json": _json, "xml": _xml, "md": _md,
}  # fmt: skip


@pytest.mark.parametrize("form", FORMATS)
def test_formats(form: str, small: Path) -> None:
    """Each format holds the rows, all of them on stdout and nothing else anywhere."""
    assert len(FORMATS) == 6
    result = kg_run("query", VALUES, "--graph", small, "--format", form)
    assert (result.exit_code, result.stderr) == (0, "")
    assert FORMATS[form](result.stdout) == ["1", "2", "3"]
    assert result.stdout.endswith("\n")
    limited = kg_run("query", VALUES, "--graph", small, "--format", form, "--limit", "2")
    assert FORMATS[form](limited.stdout) == ["1", "2"]


@pytest.mark.parametrize("form", [*FORMATS, "ttl"])
def test_formats_of_a_graph(form: str, small: Path) -> None:
    """CONSTRUCT gives Turtle, or its triples as rows."""
    result = kg_run("query", GRAPH, "--graph", small, "--format", form)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.count("https://example.net/p") == (1 if form == "ttl" else {"md": 6}.get(form, 3))
    if form == "ttl":
        triples = {str(quad.triple) for quad in ox.parse(result.stdout, format=ox.RdfFormat.TURTLE)}
        assert len(triples) == 3
        assert triples == {str(quad.triple) for quad in ox.parse(path=small)}


@pytest.mark.parametrize(
    ("form", "text"), [("table", "true"), ("csv", "true"), ("json", '"boolean":true'), ("md", "true")]
)
def test_formats_of_a_truth(form: str, text: str, small: Path) -> None:
    """ASK answers in each format."""
    result = kg_run("query", "ASK { ?s ?p 3 }", "--graph", small, "--format", form)
    assert (result.exit_code, result.stderr) == (0, "")
    assert text in result.stdout.replace(" ", "")


def test_table_shows_a_hundred_rows(small: Path) -> None:
    """More are a line on stderr away; other formats have them all; --limit says how many there should be."""
    lines = "".join(f"<https://example.net/s> <https://example.net/p> {number} .\n" for number in range(150))
    write(small.parent, {"many.ttl": lines})

    def rows(*options: object) -> tuple[int, str]:
        result = kg_run("query", VALUES, "--graph", "many.ttl", *options)
        assert result.exit_code == 0
        return len(values(result.stdout)), result.stderr

    count, told = rows()
    assert count == 100
    assert told == "the first 100 rows; --limit 0 shows all, --format csv writes all\n"
    assert rows("--limit", "0") == (150, "")
    assert rows("--limit", "120") == (120, "")
    assert rows("--limit", "7") == (7, "")
    assert rows("--format", "csv") == (150, "")
    write(small.parent, {"many.ttl": lines[: lines.index(" 100 .")].rpartition("\n")[0]})
    assert rows() == (100, "")  # just a hundred is all of them


def test_no_rows(small: Path) -> None:
    """An empty answer has its header, and says so on stderr where people look."""
    query = "SELECT ?o { ?s <https://example.net/none> ?o }"
    result = kg_run("query", query, "--graph", small)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "o\n", "no rows\n")
    result = kg_run("query", query, "--graph", small, "--format", "csv")
    assert (result.exit_code, result.stdout.split(), result.stderr) == (0, ["o"], "")


def test_reader_goes_away(small: Path) -> None:
    """`kg query ... | head -1` ends in silence."""
    lines = "".join(f"<https://example.net/s> <https://example.net/p> {number} .\n" for number in range(10_000))
    write(small.parent, {"many.ttl": lines})
    for form in ("table", "csv", "json"):
        process = subprocess.Popen(
            kg_command("query", VALUES, "--graph", "many.ttl", "--format", form, "--limit", "0"),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=small.parent, env=environment(),
        )  # fmt: skip
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.read(1)
        process.stdout.close()
        assert (process.stderr.read(), process.wait(timeout=20)) == ("", 0), form
        process.stderr.close()


# --- time --------------------------------------------------------------------------------------------------------


def test_timeout(made: Path) -> None:
    """Exit 1 when the time is up: the call was right; the store stays usable."""
    kg_run("load")
    started = time.monotonic()
    told = refused(kg_run("query", RUNAWAY, "--timeout", "0.5"), "query-timeout", 1)
    assert time.monotonic() - started < 3
    assert "stopped after 0.5 s" in told
    assert "--timeout SECONDS" in told
    assert kg_run("query", GENE, "gene=STAT3").exit_code == 0
    assert made.is_dir()


@pytest.mark.parametrize("timeout", ["0", "86400", "inf", "1e12"])
def test_long_timeout(timeout: str, small: Path) -> None:
    """0 is for ever, and so is what no clock can count."""
    result = kg_run("query", VALUES, "--graph", small, "--timeout", timeout)
    assert (values(result.stdout), result.stderr) == ([1, 2, 3], "")


# --- kg queries --------------------------------------------------------------------------------------------------


def test_list() -> None:
    """One line for each of the 25, with its name and summary; the federated ones say so."""
    result = kg_run("queries", "list")
    lines = result.stdout.splitlines()
    assert (result.exit_code, result.stderr, len(lines)) == (0, "", 25)
    assert sum(line.endswith(" (federated)") for line in lines) == 9
    assert lines == sorted(lines, key=lambda line: (line.endswith(" (federated)"), line))
    (line,) = (line for line in lines if line.startswith(f"{GENE} "))
    assert line.split(None, 1)[1] == kg.load_queries()[GENE].summary


def test_list_as_json() -> None:
    """For programs: the same names, with parameters and what they take."""
    result = kg_run("queries", "list", "--format", "json")
    found = {query["name"]: query for query in json.loads(result.stdout)}
    assert len(found) == 25
    assert [parameter["name"] for parameter in found[GENE]["parameters"]] == ["gene"]
    assert found[GENE]["parameters"][0]["default"] == ["https://identifiers.org/ncbigene/6774"]
    assert sum(bool(query["endpoints"]) for query in found.values()) == 9


def test_list_by_tag() -> None:
    """Only what carries the tag."""
    wanted = [name for name, query in kg.load_queries().items() if "gene" in query.tags]
    names = [line.split()[0] for line in kg_run("queries", "list", "--tag", "gene").stdout.splitlines()]
    assert names == wanted
    assert 0 < len(names) < 25
    assert kg_run("queries", "list", "--tag", "no-such-tag").stdout == ""


def test_list_of_a_folder_with_a_broken_query(small: Path) -> None:
    """The good ones are listed, the broken one is told on stderr, and the exit status says so."""
    write(small.parent, {"mine/a.rq": f"#+ summary: Mine\n{VALUES}\n", "mine/b.rq": "#+ summary: [\nSELECT ?x {}\n"})
    result = kg_run("queries", "list", "--queries", "mine")
    assert (result.exit_code, result.stdout) == (1, "a  Mine\n")
    assert "b.rq" in result.stderr
    assert "Traceback" not in result.stderr


def test_show() -> None:
    """What it asks, what its parameters take, and its text as it lies in the file."""
    result = kg_run("queries", "show", GENE)
    assert (result.exit_code, result.stderr) == (0, "")
    query = kg.load_queries()[GENE]
    assert result.stdout.startswith(query.summary)
    assert "gene=STAT3" in result.stdout
    assert "ncbigene:6774" in result.stdout
    assert result.stdout.rstrip().endswith(query.sparql.strip())
    assert "needs --federate" not in result.stdout
    assert "needs --federate" in kg_run("queries", "show", "wikipathways-missing-genes").stdout


def test_check(made: Path) -> None:
    """The shipped queries have no problem; a broken file is told with its place, and exits 1."""
    result = kg_run("queries", "check", "--graph", "build/pfocr.ttl")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "25 queries, 0 problems\n", "")
    write(
        made,
        {"bad.rq": "#+ summary: Bad\nSELECT ?x {\n", "good.rq": f"#+ summary: Good\n#+ tags:\n#+   - x\n{VALUES}\n"},
    )
    result = kg_run("queries", "check", "bad.rq", "good.rq", "--graph", "build/pfocr.ttl")
    assert result.exit_code == 1
    assert result.stdout.startswith("2 queries, ")
    assert "bad.rq" in result.stderr
    assert "good.rq: error" not in result.stderr
    assert "Traceback" not in result.stderr


def test_build_turtle() -> None:
    """SIB's form: one sh:SPARQLExecutable for each query, the same bytes each time."""
    result = kg_run("queries", "build", "--target", "https://example.net/sparql")
    assert (result.exit_code, result.stderr) == (0, "")
    graph = ox.Store()
    graph.load(result.stdout.encode(), format=ox.RdfFormat.TURTLE)
    found = graph.query(
        "PREFIX sh: <http://www.w3.org/ns/shacl#> PREFIX schema: <http://schema.org/> "
        "SELECT DISTINCT ?q { ?q a sh:SPARQLExecutable ; schema:target <https://example.net/sparql> }"
    )
    assert isinstance(found, ox.QuerySolutions)
    assert len(list(found)) == 25
    assert kg_run("queries", "build", "--target", "https://example.net/sparql").stdout == result.stdout


def test_build_markdown() -> None:
    """A table with a row for each query."""
    result = kg_run("queries", "build", "--format", "md")
    assert (result.exit_code, result.stderr) == (0, "")
    rows = result.stdout.splitlines()[2:]
    assert len(rows) == 25
    assert all(row.startswith("| `") and row.endswith(" |") for row in rows)
