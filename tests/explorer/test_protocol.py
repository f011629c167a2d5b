"""The SPARQL protocol as clients speak it: SPARQLWrapper, curl in every form, formats and status codes."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from urllib.error import HTTPError
from urllib.parse import quote, urlencode
from xml.etree import ElementTree as ET

import httpx
import pyoxigraph as ox
import pytest
import rdflib
import SPARQLWrapper

from kg.sparql import expanded
from tests.explorer.servers import get, options, running

pytestmark = [
    pytest.mark.loopback,
    # rdflib's reader of JSON-LD, and SPARQLWrapper, still make graphs of a class that rdflib takes leave of.
    pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Dataset.default_context is deprecated:DeprecationWarning"),
]

SELECT: Final = "SELECT ?label WHERE { <https://identifiers.org/ncbigene/6774> rdfs:label ?label }"
ASK: Final = "ASK { ?figure a pfo:PathwayFigure }"
CONSTRUCT: Final = "CONSTRUCT WHERE { <https://identifiers.org/ncbigene/6774> rdfs:label ?label }"
DESCRIBE: Final = "DESCRIBE <https://identifiers.org/ncbigene/6774>"
LABEL: Final = (
    rdflib.URIRef("https://identifiers.org/ncbigene/6774"),
    rdflib.RDFS.label,
    rdflib.Literal("STAT3"),
)

DIRECT: Final = "application/sparql-query"
JSON: Final = "application/sparql-results+json"
XML: Final = "application/sparql-results+xml"
CSV: Final = "text/csv"
TSV: Final = "text/tab-separated-values"
TURTLE: Final = "text/turtle"
NT: Final = "application/n-triples"
RDF: Final = "application/rdf+xml"
JSONLD: Final = "application/ld+json"
PARSERS: Final = {TURTLE: "turtle", NT: "nt", RDF: "xml", JSONLD: "json-ld"}


def media(response: httpx.Response) -> str:
    return response.headers["content-type"].partition(";")[0]


def labels(kind: str, data: bytes) -> list[str]:
    """The one column of a result, read by the standard library."""
    if kind == JSON:
        return [row["label"]["value"] for row in json.loads(data)["results"]["bindings"]]
    if kind == XML:
        return [
            node.text or ""
            for node in ET.fromstring(data).iter(  # noqa: S314 (our own)
                "{http://www.w3.org/2005/sparql-results#}literal"
            )
        ]
    rows = list(csv.reader(io.StringIO(data.decode()), delimiter="," if kind == CSV else "\t", quoting=csv.QUOTE_NONE))
    assert rows[0] == ["label" if kind == CSV else "?label"]
    return [row[0].strip('"') for row in rows[1:]]


# --- formats -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [JSON, XML, CSV, TSV])
@pytest.mark.parametrize("by", ["accept", "format"])
def test_rows_come_in_each_format(client: httpx.Client, kind: str, by: str) -> None:
    name = {JSON: "json", XML: "xml", CSV: "csv", TSV: "tsv"}[kind]
    asked = {"headers": {"Accept": kind}} if by == "accept" else {"params": {"format": name}}
    response = client.post("/sparql", data={"query": SELECT}, **asked)  # type: ignore[arg-type]
    assert response.status_code == 200
    assert media(response) == kind
    assert labels(kind, response.content) == ["STAT3"]
    assert "accept" in response.headers["vary"].lower()


@pytest.mark.parametrize("kind", [TURTLE, NT, RDF, JSONLD])
@pytest.mark.parametrize("query", [CONSTRUCT, DESCRIBE])
@pytest.mark.parametrize("by", ["accept", "format"])
def test_graphs_come_in_each_format(client: httpx.Client, kind: str, query: str, by: str) -> None:
    name = {TURTLE: "ttl", NT: "nt", RDF: "rdf", JSONLD: "jsonld"}[kind]
    params = {"query": query} | ({"format": name} if by == "format" else {})
    response = client.get("/sparql", params=params, headers={"Accept": kind} if by == "accept" else {})
    assert response.status_code == 200
    assert media(response) == kind
    assert LABEL in rdflib.Graph().parse(data=response.content, format=PARSERS[kind])


@pytest.mark.parametrize(
    ("accept", "query", "kind"),
    [
        ("*/*", SELECT, JSON),
        ("*/*", CONSTRUCT, TURTLE),
        ("", SELECT, JSON),
        ("text/*", SELECT, CSV),
        ("text/csv;q=0.5, application/sparql-results+xml;q=0.9", SELECT, XML),
        ("text/csv;q=0.5, */*;q=0.1", SELECT, CSV),
        ("application/json", SELECT, "application/json"),
        ("application/json", ASK, "application/json"),
        ("application/sparql-results+json;q=0, */*", SELECT, XML),
        ("TEXT/TURTLE", CONSTRUCT, TURTLE),
        ("text/turtle, application/sparql-results+xml", ASK, XML),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", SELECT, "application/xml"),
        ("text/turtle,*/*;q=0.9", SELECT, JSON),
        ("no media type", SELECT, JSON),
        ("," * 60_000, SELECT, JSON),
    ],
)
def test_what_a_client_likes_best_is_given(client: httpx.Client, accept: str, query: str, kind: str) -> None:
    response = client.get("/sparql", params={"query": query}, headers={"Accept": accept})
    assert (response.status_code, media(response)) == (200, kind)


@pytest.mark.parametrize(
    ("accept", "query"),
    [("image/png", SELECT), ("text/turtle", SELECT), ("text/csv", CONSTRUCT), ("*/*;q=0", ASK)],
)
def test_what_no_format_fits_is_refused_with_406(client: httpx.Client, accept: str, query: str) -> None:
    response = client.get("/sparql", params={"query": query}, headers={"Accept": accept})
    assert response.status_code == 406
    assert "accept one of" in response.text


def test_columns_of_a_star_stand_in_the_order_of_the_query(client: httpx.Client) -> None:
    query = "SELECT * WHERE { ?z a pfo:Gene ; rdfs:label ?name . OPTIONAL { ?z skos:altLabel ?also } } LIMIT 3"
    for name, first in (("csv", "z,name,also"), ("tsv", "?z\t?name\t?also")):
        text = client.get("/sparql", params={"query": query, "format": name}).text
        assert text.splitlines()[0] == first
    told = client.get("/sparql", params={"query": query}).json()
    assert told["head"]["vars"] == ["z", "name", "also"]
    assert len(told["results"]["bindings"]) == 3


def test_xml_stays_well_formed_whatever_stands_in_it(client: httpx.Client) -> None:
    query = r'SELECT ("\u0001a\rb\uFFFEc\uFEFF" AS ?label) {}'
    response = client.get("/sparql", params={"query": query, "format": "xml"})
    assert labels(XML, response.content) == ["\N{REPLACEMENT CHARACTER}a\rb\N{REPLACEMENT CHARACTER}c\ufeff"]


def test_a_graph_names_only_the_prefixes_that_it_uses(client: httpx.Client) -> None:
    text = client.get("/sparql", params={"query": CONSTRUCT}).text
    declared = [line.split()[1] for line in text.splitlines() if line.startswith("@prefix")]
    assert sorted(declared) == ["ncbigene:", "rdfs:"]


# --- status codes ------------------------------------------------------------------------------------------------

REFUSED: Final[dict[str, tuple[Callable[[httpx.Client], httpx.Response], int, str]]] = {
    "syntax": (lambda c: c.get("/sparql", params={"query": "SELECT *\nWHERE { ?s ?p }"}), 400, "2:16"),
    "no query form": (lambda c: c.get("/sparql", params={"query": "hello"}), 400, "SELECT, ASK, CONSTRUCT or DESCRIBE"),
    "empty query": (lambda c: c.get("/sparql", params={"query": ""}), 400, "no query form"),
    "no query": (lambda c: c.post("/sparql", data={"x": "y"}), 400, "no query"),
    "a dataset and no query": (lambda c: c.get("/sparql?default-graph-uri=urn:x"), 400, "no query"),
    "two queries": (lambda c: c.get(f"/sparql?query={quote(ASK)}&query={quote(ASK)}"), 400, "2 queries"),
    "a query in address and body": (
        lambda c: c.post(f"/sparql?query={quote(ASK)}", content=ASK, headers={"Content-Type": DIRECT}),
        400,
        "2 queries",
    ),
    "graph is no IRI": (
        lambda c: c.get("/sparql", params={"query": ASK, "default-graph-uri": "here"}), 400, "default-graph-uri",
    ),
    "graph is a bad IRI": (
        lambda c: c.get("/sparql", params={"query": ASK, "named-graph-uri": "http://[bad"}), 400, "IRI",
    ),
    "unknown format": (lambda c: c.get("/sparql", params={"query": ASK, "format": "pdf"}), 406, "json, xml, csv"),
    "bad UTF-8 in the address": (lambda c: c.get("/sparql?query=%ff%fe"), 400, "UTF-8"),
    "bad UTF-8 in a form": (
        lambda c: c.post(
            "/sparql", content=b"query=%c3%28", headers={"Content-Type": "application/x-www-form-urlencoded"}
        ),
        400,
        "UTF-8",
    ),
    "raw bad UTF-8 in a form": (
        lambda c: c.post(
            "/sparql", content=b"query=\xc3\x28", headers={"Content-Type": "application/x-www-form-urlencoded"}
        ),
        400,
        "UTF-8",
    ),
    "half a character": (lambda c: c.get("/sparql", params={"query": r"ASK { ?s ?p '\uD800' }"}), 400, "character"),
    "too many parameters": (lambda c: c.get("/sparql?" + "&".join(["a=b"] * 500)), 400, "parameters"),
    "update as an operation": (lambda c: c.post("/sparql", data={"update": "CLEAR ALL"}), 403, "only reads"),
    "update over GET": (lambda c: c.get("/sparql", params={"update": "CLEAR ALL"}), 403, "only reads"),
    "update as a body": (
        lambda c: c.post("/sparql", content="CLEAR ALL", headers={"Content-Type": "application/sparql-update"}),
        403,
        "only reads",
    ),
    "update as a query": (lambda c: c.get("/sparql", params={"query": "CLEAR ALL"}), 403, "CLEAR at 1:1"),
    "query and update": (lambda c: c.post("/sparql", data={"query": ASK, "update": "CLEAR ALL"}), 403, "only reads"),
    "PUT": (lambda c: c.put("/sparql", params={"query": ASK}), 405, "GET, HEAD, POST"),
    "DELETE": (lambda c: c.delete("/sparql"), 405, "GET, HEAD, POST"),
    "PATCH": (lambda c: c.patch("/sparql", content=ASK), 405, "GET, HEAD, POST"),
    "no content type": (lambda c: c.post("/sparql", content=ASK), 415, "application/sparql-query"),
    "wrong content type": (
        lambda c: c.post("/sparql", content=ASK, headers={"Content-Type": "text/plain"}), 415, "text/plain",
    ),
    "other charset": (
        lambda c: c.post(
            "/sparql", content=ASK.encode("utf-16"), headers={"Content-Type": "application/sparql-query;charset=UTF-16"}
        ),
        415,
        "utf-16",
    ),
    "a call of another endpoint": (
        lambda c: c.get("/sparql", params={"query": "ASK { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }"}),
        403,
        "--federate",
    ),
    "a query of 2 MB": (
        lambda c: c.post("/sparql", data={"query": f"ASK {{}} #{'x' * 2_000_000}"}), 413, "characters",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_wrong_is_told_with_the_right_status(client: httpx.Client, name: str) -> None:
    ask, status, says = REFUSED[name]
    response = ask(client)
    assert response.status_code == status, response.text
    assert says in response.text
    assert media(response) == "text/plain"
    assert response.headers["cache-control"] == "no-store"
    assert client.get("/sparql", params={"query": ASK}).json()["boolean"] is True


def test_other_methods_are_named(client: httpx.Client) -> None:
    assert client.put("/sparql").headers["allow"] == "GET, HEAD, POST, OPTIONS"
    answer = client.options("/sparql")
    assert (answer.status_code, answer.headers["allow"]) == (204, "GET, HEAD, POST, OPTIONS")
    assert "access-control-allow-origin" not in answer.headers


def test_head_gives_the_headers_of_get(client: httpx.Client) -> None:
    got, head = (client.request(method, "/sparql", params={"query": SELECT}) for method in ("GET", "HEAD"))
    assert head.status_code == 200
    assert head.content == b""
    assert head.headers["content-length"] == got.headers["content-length"] == str(len(got.content))
    assert client.get("/sparql", params={"query": ASK}).json()["boolean"] is True, "the connection is still good"


def test_a_query_of_every_kind_of_character_arrives_as_it_is(client: httpx.Client) -> None:
    text = 'β\N{GRINNING FACE}&+%="\\\n\t \N{NO-BREAK SPACE}'
    query = f"SELECT ({ox.Literal(text)} AS ?label) {{}}"
    for response in (
        client.get("/sparql", params={"query": query}),
        client.post("/sparql", data={"query": query}),
        client.post("/sparql", content=query.encode(), headers={"Content-Type": "application/sparql-query"}),
    ):
        assert labels(JSON, response.content) == [text]


def test_escapes_of_code_points_are_resolved_before_the_query_is_read(client: httpx.Client) -> None:
    query = r"\u0041SK { ?\u0073 a pfo:Gene }"
    assert expanded(query) == "ASK { ?s a pfo:Gene }"
    assert client.get("/sparql", params={"query": query}).json()["boolean"] is True


# --- the service -------------------------------------------------------------------------------------------------

SD: Final = rdflib.Namespace("http://www.w3.org/ns/sparql-service-description#")


@pytest.mark.parametrize("kind", [TURTLE, NT, RDF, JSONLD, "*/*"])
def test_without_a_query_the_service_is_described(client: httpx.Client, served: str, kind: str) -> None:
    response = client.get("/sparql", headers={"Accept": kind})
    assert response.status_code == 200
    found = rdflib.Graph().parse(data=response.content, format=PARSERS[media(response)])
    service = rdflib.URIRef(f"{served}/sparql")
    assert (service, rdflib.RDF.type, SD.Service) in found
    assert (service, SD.endpoint, service) in found
    assert (service, SD.supportedLanguage, SD.SPARQL11Query) in found
    assert len(list(found.objects(service, SD.resultFormat))) == 8
    dataset = found.value(service, SD.defaultDataset)
    assert (found.value(dataset, SD.defaultGraph), rdflib.RDF.type, SD.Graph) in found
    void = found.value(service, rdflib.VOID.inDataset)
    described = client.get("/sparql", params={"query": f"ASK {{ <{void}> a void:Dataset ; void:triples ?n }}"})
    assert described.json()["boolean"] is True


def test_people_are_sent_to_the_page_for_queries(client: httpx.Client) -> None:
    browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    response = client.get("/sparql", headers={"Accept": browser})
    assert (response.status_code, response.headers["location"]) == (303, "/query")


def test_other_sites_may_read_only_when_told_so(seed_graph: Path, explorer_cache: Path, client: httpx.Client) -> None:
    asked = {"Origin": "https://example.com", "Access-Control-Request-Method": "POST"}
    assert "access-control-allow-origin" not in client.get("/sparql", headers={"Origin": "https://example.com"}).headers
    with running(seed_graph, "--cors", "--workers", 1, cache=explorer_cache) as server:
        address = f"{server.url}/sparql"
        plain = get(address, params={"query": ASK}, headers={"Origin": "https://example.com"})
        assert plain.headers["access-control-allow-origin"] == "*"
        assert plain.headers["cross-origin-resource-policy"] == "cross-origin"
        before = options(address, headers=asked | {"Access-Control-Request-Headers": "content-type,x-requested-with"})
        assert before.status_code == 200
        assert before.headers["access-control-allow-origin"] == "*"
        assert "POST" in before.headers["access-control-allow-methods"]
        assert "content-type" in before.headers["access-control-allow-headers"]
        refused = get(address, params={"query": "ASK {"}, headers={"Origin": "https://example.com"})
        assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (400, "*")


# --- clients -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", [SPARQLWrapper.GET, SPARQLWrapper.POST])
@pytest.mark.parametrize("posted", [SPARQLWrapper.URLENCODED, SPARQLWrapper.POSTDIRECTLY])
@pytest.mark.parametrize("form", [SPARQLWrapper.JSON, SPARQLWrapper.XML, SPARQLWrapper.CSV, SPARQLWrapper.TSV])
def test_sparqlwrapper_reads_rows(served: str, method: str, posted: str, form: str) -> None:
    asking = _wrapped(served, SELECT, method, posted, form)
    found: Any = asking.query().convert()
    if form == SPARQLWrapper.JSON:
        assert [row["label"]["value"] for row in found["results"]["bindings"]] == ["STAT3"]
    elif form == SPARQLWrapper.XML:
        assert [node.firstChild.data for node in found.getElementsByTagName("literal")] == ["STAT3"]
    else:
        assert labels(CSV if form == SPARQLWrapper.CSV else TSV, found) == ["STAT3"]


@pytest.mark.parametrize("method", [SPARQLWrapper.GET, SPARQLWrapper.POST])
@pytest.mark.parametrize(
    "form", [SPARQLWrapper.TURTLE, SPARQLWrapper.N3, SPARQLWrapper.RDFXML, SPARQLWrapper.XML, SPARQLWrapper.JSONLD]
)
@pytest.mark.parametrize("query", [CONSTRUCT, DESCRIBE])
def test_sparqlwrapper_reads_graphs(served: str, method: str, form: str, query: str) -> None:
    found: Any = _wrapped(served, query, method, SPARQLWrapper.URLENCODED, form).query().convert()
    if isinstance(found, bytes):
        found = rdflib.Graph().parse(data=found, format="turtle")
    assert LABEL in found


def test_sparqlwrapper_asks(served: str) -> None:
    found: Any = (
        _wrapped(served, ASK, SPARQLWrapper.GET, SPARQLWrapper.URLENCODED, SPARQLWrapper.JSON).query().convert()
    )
    assert found["boolean"] is True


def test_sparqlwrapper_is_told_what_is_wrong(served: str) -> None:
    with pytest.raises(SPARQLWrapper.SPARQLExceptions.QueryBadFormed, match="no SPARQL"):
        _wrapped(served, "SELECT * WHERE {", SPARQLWrapper.GET, SPARQLWrapper.URLENCODED, SPARQLWrapper.JSON).query()
    with pytest.raises(HTTPError, match="403"):
        _wrapped(served, "CLEAR ALL", SPARQLWrapper.POST, SPARQLWrapper.URLENCODED, SPARQLWrapper.JSON).query()


def _wrapped(served: str, query: str, method: str, posted: str, form: str) -> Any:
    asking = SPARQLWrapper.SPARQLWrapper(f"{served}/sparql")
    asking.setQuery(query)
    asking.setMethod(method)
    asking.setRequestMethod(posted)
    asking.setReturnFormat(form)
    asking.setTimeout(30)
    return asking


CURL: Final[dict[str, tuple[list[str], int, str]]] = {
    "GET": (["--get", "--data-urlencode", f"query={SELECT}"], 200, JSON),
    "GET in the address": ([f"?{urlencode({'query': SELECT})}"], 200, JSON),
    "GET with a format": (["--get", "--data-urlencode", f"query={SELECT}", "-d", "format=csv"], 200, CSV),
    "POST of a form": (["--data-urlencode", f"query={SELECT}"], 200, JSON),
    "POST of a form, accept": (["--data-urlencode", f"query={SELECT}", "-H", f"Accept: {XML}"], 200, XML),
    "POST of a form with charset": (
        ["--data-urlencode", f"query={SELECT}", "-H", "Content-Type: application/x-www-form-urlencoded; charset=UTF-8"],
        200,
        JSON,
    ),
    "POST of a query": (["--data-binary", SELECT, "-H", "Content-Type: application/sparql-query"], 200, JSON),
    "POST of a query with charset": (
        ["--data-binary", SELECT, "-H", "Content-Type: application/sparql-query; charset=utf-8"], 200, JSON,
    ),
    "POST in chunks": (
        ["--data-binary", SELECT, "-H", "Content-Type: application/sparql-query", "-H", "Transfer-Encoding: chunked"],
        200,
        JSON,
    ),
    "POST after 100-continue": (
        ["--data-binary", SELECT, "-H", "Content-Type: application/sparql-query", "-H", "Expect: 100-continue"],
        200,
        JSON,
    ),
    "HTTP/1.0": (["--http1.0", "--get", "--data-urlencode", f"query={SELECT}"], 200, JSON),
    "a graph": (["--get", "--data-urlencode", f"query={CONSTRUCT}", "-H", f"Accept: {RDF}"], 200, RDF),
    "HEAD": (["--head", "--get", "--data-urlencode", f"query={SELECT}"], 200, JSON),
    "OPTIONS": (["-X", "OPTIONS"], 204, ""),
    "nothing": ([], 200, TURTLE),
    "PUT": (["-X", "PUT", "-d", f"query={SELECT}"], 405, "text/plain"),
    "a file": (["-F", f"query={SELECT}"], 415, "text/plain"),
    "an update": (["--data-urlencode", "update=CLEAR ALL"], 403, "text/plain"),
    "a wrong query": (["--get", "--data-urlencode", "query=SELECT"], 400, "text/plain"),
    "10 MB": (["--data-binary", "@-", "-H", "Content-Type: application/sparql-query"], 413, "text/plain"),
}  # fmt: skip


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize("name", CURL)
def test_curl_gets_its_answer(served: str, tmp_path: Path, name: str) -> None:
    arguments, status, kind = CURL[name]
    address = f"{served}/sparql"
    if arguments and arguments[0].startswith("?"):
        address, arguments = address + arguments[0], arguments[1:]
    body = tmp_path / "body"
    written = "%{http_code} %{content_type}"
    done = subprocess.run(
        [
            "curl",
            "--silent",
            "--show-error",
            "--noproxy",
            "*",
            "--max-time",
            "30",
            "-o",
            body,
            "-w",
            written,
            *arguments,
            address,
        ],
        capture_output=True,
        check=True,
        input=b"x" * 10_000_000 if name == "10 MB" else b"",
    )
    code, _, content_type = done.stdout.decode().partition(" ")
    assert (int(code), content_type.partition(";")[0]) == (status, kind), body.read_text()
    if kind in (JSON, XML, CSV) and name != "HEAD":
        assert labels(kind, body.read_bytes()) == ["STAT3"]
