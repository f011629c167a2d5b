"""The pages of queries as the server makes them, without a script: forms, answers, files, errors, hostile text."""

from __future__ import annotations

import csv
import io
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest

from kg.explorer.app import build_app
from kg.explorer.context import Explorer
from kg.explorer.engine.workers import Workers
from kg.explorer.model import Entity, EntityKind, Figure, Hit, Paper
from kg.explorer.settings import Settings
from kg.savedqueries import SavedQuery, load_queries, parse_query
from tests.explorer.asking import TestClient
from tests.explorer.inside import loaded
from tests.explorer.made import MadeIndex
from tests.explorer.markup import Markup, faults, read

QUERIES = load_queries()
LOCAL = [name for name, query in QUERIES.items() if not query.federated]
FEDERATED = [name for name, query in QUERIES.items() if query.federated]
SEED = "PMC12080488__ITT-14-523-g0004"
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"' {{ 7*7 }}"


@dataclass(frozen=True)
class NamedIndex(MadeIndex):
    """Knows the names of a few entities; the rest of the graph is not there."""

    def entity(self, kind: EntityKind, id_: str) -> Entity | None:
        label = {("gene", "6774"): "STAT3", ("gene", "3717"): "JAK2", ("disease", "D000544"): "Alzheimer's disease"}
        found = label.get((kind, id_))
        return Entity(kind=kind, id=id_, iri="", label=found) if found else None

    def figure(self, id_: str) -> Figure | None:
        return super().figure("PMC1__x") if id_ == SEED else None

    def paper(self, id_: str) -> Paper | None:
        return super().paper("PMC1") if id_ == "PMC12080488" else None

    def search(self, text: str, *, limit: int = 10) -> list[Hit]:
        twins = [Hit("gene", "3717", "JAK2", "/gene/3717", 1), Hit("gene", "16452", "JAK2", "/gene/16452", 1)]
        return (twins if text == "JAK2" else [Hit("gene", "6774", "STAT3", "/gene/6774", 1)])[:limit]


@pytest.fixture(scope="module", name="data")
def _data(seed_graph: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return loaded(seed_graph, tmp_path_factory.mktemp("query-pages") / "store")


def client_of(data: Path, queries: Mapping[str, SavedQuery] = QUERIES, **settings: Any) -> TestClient:
    chosen = Settings(**({"workers": 1} | settings))
    explorer = Explorer(
        settings=chosen, index=cast("Any", NamedIndex()), workers=Workers(data, chosen), name="seeds", queries=queries
    )
    return TestClient(build_app(explorer), base_url="http://127.0.0.1", headers={"Accept": "text/html"})


@pytest.fixture(scope="module", name="client")
def _client(data: Path) -> Iterator[TestClient]:
    with client_of(data) as client:
        yield client


def page(client: TestClient, path: str, status: int = 200) -> Markup:
    answer = client.get(path)
    assert answer.status_code == status, answer.text[:2000]
    found = read(answer.text)
    assert faults(found) == []
    assert "unsafe" not in answer.headers["content-security-policy"]
    return found


def rows(client: TestClient, path: str) -> list[list[str]]:
    return page(client, path).within("rows")


def test_the_list_of_queries(client: TestClient) -> None:
    found = page(client, "/query")
    for name, query in QUERIES.items():
        assert f"/query/{name}" in found.links()
        assert query.summary in found.one("nav", **{"aria-label": "Saved queries"}).text
    assert "SELECT" in found.one("textarea", name="query").text
    assert found.all("section", id="result") == []
    told = json.loads(found.one("form", id="sparql").get("data-editor"))
    assert told["prefixes"]["pfo"] == "https://w3id.org/pfocr-kg/vocab#"


@pytest.mark.parametrize("name", LOCAL)
def test_a_form_that_answers_with_its_defaults(client: TestClient, name: str) -> None:
    query = QUERIES[name]
    found = page(client, f"/query/{name}")
    assert found.all("section", id="result") == [], "nothing is asked before one runs it"
    fields = [one for one in found.elements if one.tag in ("input", "textarea") and one.get("id").startswith("v-")]
    assert [one.get("name") for one in fields] == [parameter.name for parameter in query.parameters]
    values = {one.get("name"): one.text if one.tag == "textarea" else one.get("value") for one in fields}
    assert all(values[p.name] for p in query.parameters if p.default)
    asked = rows(client, f"/query/{name}?{urlencode({'run': 1, **values})}")
    whole = client.get(f"/query/{name}?{urlencode({'run': 1, **values, 'format': 'csv'})}")
    expected = list(csv.reader(io.StringIO(whole.text)))[1:]
    assert len(asked) == min(50, len(expected)) >= 1
    text = page(client, f"/query/{name}?{urlencode({'run': 1, **values})}").one("pre").text
    assert "?_" not in re.sub(r"\?__\w+", "", text)


@pytest.mark.parametrize("name", FEDERATED)
def test_a_query_that_calls_others_is_shown_and_not_run(client: TestClient, name: str) -> None:
    found = page(client, f"/query/{name}")
    assert "does not run here" in found.one("main").text
    assert found.all("input", name="run") == []
    assert "SERVICE" in found.one("pre").text
    refused = page(client, f"/query/{name}?run=1", 403)
    assert "--federate" in refused.one("div", role="alert").text
    file = client.get(f"/query/{name}?run=1&format=csv")
    assert file.status_code == 403


def test_a_query_that_calls_others_has_a_form_where_it_may(data: Path) -> None:
    with client_of(data, federate=True) as client:
        found = page(client, "/query/wikidata-topics-for-gene")
        assert found.one("input", name="gene").get("value") == "STAT3"
        assert "Values of this graph are sent there" in found.one("main").text


def test_other_values_give_other_rows(client: TestClient) -> None:
    stat3 = rows(client, "/query/figures-for-gene?run=1&gene=STAT3")
    app = rows(client, "/query/figures-for-gene?run=1&gene=APP")
    assert stat3[0][0] == SEED
    assert app
    assert app[0][0] != SEED
    assert rows(client, "/query/figures-for-gene?gene=stat3") == stat3, "an address without `run` asks, too"
    assert rows(client, "/query/figures-for-gene?gene=ncbigene:6774") == stat3
    one = rows(client, f"/query/suspect-mentions?run=1&figure={SEED}")
    every = rows(client, "/query/suspect-mentions?run=1&figure=")
    assert 0 < len(one) < len(every), "a field that was emptied is not the default again"


def test_defaults_are_names_where_these_are_of_one_thing(client: TestClient) -> None:
    two = page(client, "/query/figures-for-two-genes")
    assert two.one("input", name="a").get("value") == "STAT3"
    assert two.one("input", name="b").get("value") == "ncbigene:3717", "JAK2 names two genes of this index"
    assert page(client, "/query/genes-of-figure").one("input", name="figure").get("value") == SEED
    assert page(client, "/query/figures-of-paper").one("input", name="paper").get("value") == "PMC12080488"
    assert "ncbigene:3716" in page(client, "/query/figures-for-gene-list").one("textarea", name="genes").text


def test_defaults_are_things_of_the_graph(data: Path) -> None:
    """The shipped defaults name a figure of the seeds; another graph has others."""
    text = "#+ types:\n#+   - figure: figure\n#+   - paper: paper\n#+   - gene: gene\n#+ defaults:\n"
    text += "#+   - figure: https://pfocr.wikipathways.org/figures/PMC7__none.html\n"
    text += "#+   - paper: https://identifiers.org/pmc/PMC7\n#+   - gene: https://identifiers.org/ncbigene/7\n"
    text += "SELECT * { ?_figure_iri ?p ?_paper_iri . ?_gene_iri ?q ?r }"
    with client_of(data, {"other": parse_query(text, "other")}) as client:
        found = page(client, "/query/other")
        assert found.one("input", name="figure").get("value") == "PMC1__F0.jpg"
        assert found.one("input", name="paper").get("value") == "PMC1"
        assert found.one("input", name="gene").get("value") == "ncbigene:6774"
        partly = page(client, f"/query/other?figure={SEED}")
        assert partly.one("input", name="paper").get("value") == "PMC1", "what is shown is what is asked"
        assert "pmc/PMC1>" in partly.one("pre").text


def test_links_lead_to_pages_of_the_explorer(client: TestClient) -> None:
    links = page(client, "/query/figures-for-gene?run=1&gene=STAT3").all("a")
    hrefs = [one.get("href") for one in links]
    assert f"/figure/{SEED}" in hrefs
    assert "/paper/PMC12080488" in hrefs
    outside = [one for one in links if "europepmc.org" in one.get("href")]
    assert outside
    assert all("noopener" in one.get("rel") for one in outside)
    mesh = page(
        client, "/query?" + urlencode({"query": "SELECT ?d ?c { VALUES (?d ?c) { (mesh:D000544 mesh:D999) } }"})
    )
    assert "/disease/D000544" in mesh.links()
    assert "http://id.nlm.nih.gov/mesh/D999" in mesh.links(), "nobody knows what that is"


@pytest.mark.parametrize(
    ("path", "field", "says"),
    [
        ("figures-for-gene?run=1&gene=NOSUCH", "gene", "'NOSUCH'"),
        ("figures-for-gene?run=1&gene=", "gene", "needs a value"),
        ("figures-for-gene?run=1", "gene", "needs a value"),
        ("journal-profile?run=1&least=many", "least", "'many'"),
        ("figures-for-gene?run=1&gene=%3Cx+y%3E", "gene", "x y"),
        ("figures-for-gene-list?run=1&genes=STAT3,NOSUCH", "genes", "'NOSUCH'"),
        ("figures-of-paper?run=1&paper=10.1/x", "paper", "10.1/x"),
    ],
)
def test_a_wrong_value_is_told_at_its_field(client: TestClient, path: str, field: str, says: str) -> None:
    found = page(client, f"/query/{path}", 400)
    (wrong,) = [one for one in found.elements if one.get("aria-invalid") == "true"]
    assert wrong.get("name") == field
    told = found.one("div", id=wrong.get("aria-describedby").split()[1])
    assert says in told.text
    assert len(told.text.split(".")) > 1
    assert found.one("title").text.startswith("Error")
    assert found.all("section", id="result") == []


def test_each_wrong_value_is_told(client: TestClient) -> None:
    found = page(client, "/query/figures-for-two-genes?run=1&a=NOSUCH&b=", 400)
    assert len([one for one in found.elements if one.get("aria-invalid") == "true"]) == 2


def test_unknown_names_and_formats(client: TestClient) -> None:
    assert "no saved query" in page(client, "/query/nothing-of-that-name", 404).one("main").text
    assert "'pdf'" in page(client, "/query/gene-trend?run=1&gene=STAT3&format=pdf", 406).one("div", role="alert").text
    page(client, "/query?format=pdf&query=ASK+%7B%7D", 406)
    assert page(client, "/query/gene-trend?run=1&gene=STAT3&view=cube&rows-sort=no&rows-page=99").within("rows")


def test_a_query_that_takes_too_long(data: Path) -> None:
    endless = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
    queries = {"endless": parse_query(f"#+ summary: Endless\n{endless}", "endless")}
    with client_of(data, queries, timeout=1.0) as client:
        for path in ("/query/endless?run=1", f"/query?{urlencode({'query': endless})}"):
            found = page(client, path, 500)
            assert "1 s" in found.one("div", role="alert").text
            assert found.one("title").text.startswith("Error")
        assert page(client, "/query?query=ASK+%7B%7D").one("p", **{"class": "answer"}).text == "Yes"


def values_of(client: TestClient, path: str, form: str) -> list[list[str]]:
    answer = client.get(f"{path}&format={form}")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == f'attachment; filename="co-mentioned-genes.{form}"'
    if form == "json":
        told = answer.json()
        return [[row[name]["value"] for name in told["head"]["vars"]] for row in told["results"]["bindings"]]
    if form == "xml":
        space = "{http://www.w3.org/2005/sparql-results#}"
        found = ET.fromstring(answer.text).iter(f"{space}result")  # noqa: S314 (our own)
        return [[part[0].text or "" for part in one] for one in found]
    lines = list(csv.reader(io.StringIO(answer.text), delimiter="," if form == "csv" else "\t"))[1:]
    return [[re.sub(r"^[<\"]|[>\"]$", "", one) for one in line] for line in lines]


def test_formats_agree(client: TestClient) -> None:
    path = "/query/co-mentioned-genes?run=1&gene=STAT3"
    wanted = values_of(client, path, "json")
    assert len(wanted) == 66
    for form in ("csv", "tsv", "xml"):
        assert values_of(client, path, form) == wanted
    shown = rows(client, path) + rows(client, f"{path}&rows-page=2")
    assert [[row[1], row[2]] for row in shown] == [[row[1], row[2]] for row in wanted]


def test_an_answer_without_rows_is_told(client: TestClient) -> None:
    for path in ("/query/caption-search?run=1&text=zzzzz", "/query?query=SELECT+*+%7B+%3Fs+a+pfo:Nothing+%7D"):
        assert "Nothing in the graph fits" in page(client, path).one("section", id="result").text


def test_a_table_is_sorted_and_paged(client: TestClient) -> None:
    path = "/query/co-mentioned-genes?run=1&gene=STAT3"
    sorted_down = rows(client, f"{path}&rows-sort=symbol&rows-dir=desc")
    symbols = [row[1] for row in sorted_down]
    assert symbols == sorted(symbols, key=str.casefold, reverse=True)
    found = page(client, path)
    assert any("rows-page=2" in href and "gene=STAT3" in href for href in found.links())
    assert len(rows(client, f"{path}&rows-page=2")) == 16


def test_plots_and_networks_where_they_fit(client: TestClient) -> None:
    plot = page(client, "/query/co-mentioned-genes?run=1&gene=STAT3&view=plot")
    assert plot.one("figure").get("data-plot") == "bars"
    assert len(plot.within("rows")) == 30
    assert "The first 30 of 66" in plot.one("section", id="result").text
    network = page(client, "/query/suspect-mentions?run=1&figure=&view=network")
    told = json.loads(network.one("div", id="rows-network").get("data-network"))
    ids = {node["id"] for node in told["nodes"]}
    assert all(end in ids for edge in told["edges"] for end in edge)
    assert {node["kind"] for node in told["nodes"]} == {"near", "gene"}
    assert "CASZ1" in {node["label"] for node in told["nodes"]}
    neither = page(client, "/query/figures-for-gene?run=1&gene=STAT3&view=plot")
    assert neither.all("figure") == []
    assert neither.within("rows")


def test_a_query_by_address(client: TestClient) -> None:
    query = "SELECT ?figure { ?figure a pfo:PathwayFigure } ORDER BY ?figure"
    path = f"/query?{urlencode({'query': query})}"
    found = page(client, path)
    assert len(found.within("rows")) == 7
    assert found.one("textarea", name="query").text.strip() == query
    assert page(client, f"{path}&run=no").all("section", id="result") == []
    file = client.get(f"{path}&format=json")
    assert len(file.json()["results"]["bindings"]) == 7
    assert page(client, "/query?query=ASK+%7B+%3Fs+a+pfo:Nothing+%7D").one("p", **{"class": "answer"}).text == "No"
    graph = page(client, "/query?" + urlencode({"query": "CONSTRUCT WHERE { ?s a pfo:PathwayFigure }"}))
    assert len(graph.within("rows")) == 7
    assert client.get("/query?format=ttl&" + urlencode({"query": "CONSTRUCT WHERE { ?s a pfo:PathwayFigure }"})).text


@pytest.mark.parametrize(
    ("query", "status", "says"),
    [
        ("SELECT * {", 400, "no SPARQL"),
        ("DELETE WHERE { ?s ?p ?o }", 403, "update"),
        ("SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }", 403, "--federate"),
    ],
)
def test_a_query_that_is_not_run(client: TestClient, query: str, status: int, says: str) -> None:
    found = page(client, f"/query?{urlencode({'query': query})}", status)
    assert says in found.one("div", id="problem").text
    assert found.one("textarea", name="query").text.strip() == query, "what was typed is kept"


def test_the_form_without_scripts(client: TestClient) -> None:
    sent = client.post("/query", data={"query": "ASK {}"}, follow_redirects=False)
    assert sent.status_code == 303
    assert sent.headers["location"] == "/query?query=ASK+%7B%7D#result"
    file = client.post("/query", data={"query": "SELECT (1 AS ?x) {}", "format": "csv"})
    assert file.text.split() == ["x", "1"]
    long = client.post("/query", data={"query": "# " + "x" * 40_000})
    assert long.status_code == 413
    assert "/sparql" in read(long.text).one("div", id="problem").text
    assert client.post("/query", content=b"\xff", headers={"Content-Type": "text/plain"}).status_code == 415


def test_the_editor_opens_what_was_asked(client: TestClient) -> None:
    found = page(client, "/query/figures-for-gene?run=1&gene=JAK2")
    (link,) = [href for href in found.links() if href.startswith("/query?")]
    text = parse_qs(urlsplit(link).query)["query"][0]
    assert "<https://identifiers.org/ncbigene/3717>" in text
    opened = page(client, link)
    assert opened.one("textarea", name="query").text.strip() == text
    assert opened.all("section", id="result") == []


def test_an_answer_is_bounded(client: TestClient) -> None:
    values = " ".join(str(number) for number in range(220))
    text = f"SELECT ?a ?b {{ VALUES ?a {{ {values} }} VALUES ?b {{ {values} }} }}"
    found = page(client, f"/query?{urlencode({'query': text})}")
    told = found.one("section", id="result").text
    assert re.search(r"first 10.000 rows", told)
    assert len(found.within("rows")) == 50
    wide = f'SELECT ("{"x" * 5000}" AS ?x) {{}}'
    assert len(rows(client, f"/query?{urlencode({'query': wide})}")[0][0]) == 1501


def hostile(name: str, text: str, **changes: Any) -> dict[str, SavedQuery]:
    return {name: replace(parse_query(text, name), **changes)}


def test_hostile_queries_are_only_text(data: Path) -> None:
    text = f"#+ types:\n#+   - format: text\n#+ defaults:\n#+   - format: '{HOSTILE.replace(chr(39), chr(39) * 2)}'\n"
    text += "SELECT ?x { BIND(?_format AS ?x) }"
    queries = hostile(HOSTILE, text, summary=HOSTILE, description=HOSTILE, tags=(HOSTILE,))
    with client_of(data, queries) as client:
        path = f"/query/{quote(HOSTILE, safe='')}"
        found = [page(client, "/query"), page(client, path)]
        answered = page(client, f"{path}?{urlencode({'run': 1, 'p-format': HOSTILE})}")
        assert answered.within("rows") == [[HOSTILE]]
        wrong = page(client, f"{path}?{urlencode({'run': 1, 'p-format': HOSTILE, 'format': HOSTILE})}", 406)
        for one in [*found, answered, wrong]:
            assert one.all("img", src="x") == []
            assert HOSTILE in one.one("main").text
        file = client.get(f"{path}?{urlencode({'run': 1, 'p-format': HOSTILE, 'format': 'csv'})}")
        assert re.fullmatch(r'attachment; filename="[\w.-]+\.csv"', file.headers["content-disposition"])
        assert list(csv.reader(io.StringIO(file.text))) == [["x"], [HOSTILE]]


def test_hostile_rows_are_only_text(client: TestClient) -> None:
    literal = HOSTILE.replace('"', '\\"')
    text = f"""SELECT * {{ VALUES (?a ?b ?n) {{
        ("{literal}" <javascript:alert(1)> 1) ("x" <data:text/html,%3Cscript%3E> 2)
        ("y" <https://identifiers.org/ncbigene/1/../../evil> 3)
        ("z" <https://pfocr.wikipathways.org/figures/..%2Fx.html> 4)
    }} }}"""
    for view in ("table", "plot"):
        found = page(client, f"/query?{urlencode({'query': text, 'view': view})}")
        assert found.within("rows")[0][0] == HOSTILE
        assert found.all("img", src="x") == []
        main = [href for href in found.links() if "evil" in href or "javascript" in href or "figure/.." in href]
        assert all(href.startswith(("https://identifiers.org/", "/figure/..%2F", "?")) for href in main)
