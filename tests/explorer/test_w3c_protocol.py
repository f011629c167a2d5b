"""The query cases of the W3C's SPARQL 1.1 Protocol tests, by their names.

Source:
    https://w3c.github.io/rdf-tests/sparql/sparql11/protocol/: 12 cases of queries, 7 of bad queries. Its update cases
    ask for what the explorer refuses; they are here as such.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

import httpx
import pytest
import rdflib

from tests.explorer.inside import inside, loaded

pytestmark = pytest.mark.loopback

DATA: Final = "http://kasei.us/2009/09/sparql/data/data{}.rdf"
D0, D1, D2, D3 = (DATA.format(number) for number in range(4))
TYPE: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
DOCUMENT: Final = "http://xmlns.com/foaf/0.1/Document"
FORM: Final = "application/x-www-form-urlencoded"
QUERY: Final = "application/sparql-query"
UPDATE: Final = "application/sparql-update"

BOOLEAN: Final = ("application/sparql-results+json", "application/sparql-results+xml")
TABLE: Final = (*BOOLEAN, "text/csv", "text/tab-separated-values")
GRAPH: Final = ("text/turtle", "application/rdf+xml", "application/n-triples", "application/ld+json")

BOTH: Final = f"<{D1}> a ?type . <{D2}> a ?type ."
NAMED: Final = f"GRAPH ?g1 {{ <{D1}> a ?type }} GRAPH ?g2 {{ <{D2}> a ?type }}"


class Case(NamedTuple):
    """A request: method, parameters of the address, body, its type, and the media types that the answer may have."""

    method: str = "GET"
    address: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    kind: str = ""
    gives: tuple[str, ...] = BOOLEAN


def direct(query: str, *address: tuple[str, str], gives: tuple[str, ...] = BOOLEAN) -> Case:
    return Case("POST", address, query.encode(), QUERY, gives)


CASES: Final = {
    "query_post_form": Case("POST", (("default-graph-uri", D0),), b"query=ASK%20%7B%7D", FORM),
    "query_dataset_default_graphs_get": Case(
        address=(("query", f"ASK {{ {BOTH} }}"), ("default-graph-uri", D1), ("default-graph-uri", D2))
    ),
    "query_dataset_default_graphs_post": direct(
        f"ASK {{ {BOTH} }}", ("default-graph-uri", D1), ("default-graph-uri", D2)
    ),
    "query_dataset_named_graphs_post": direct(f"ASK {{ {NAMED} }}", ("named-graph-uri", D1), ("named-graph-uri", D2)),
    "query_dataset_named_graphs_get": Case(
        address=(("query", f"ASK {{ {NAMED} }}"), ("named-graph-uri", D1), ("named-graph-uri", D2))
    ),
    "query_dataset_full": direct(
        f"ASK {{ <{D3}> a ?type {NAMED} }}", ("default-graph-uri", D3), ("named-graph-uri", D1), ("named-graph-uri", D2)
    ),
    # The suite's own address runs both parameters together; here they are two, as its comment has them.
    "query_multiple_dataset": direct(
        f"ASK FROM <{D3}> {{ {NAMED} }}", ("named-graph-uri", D1), ("named-graph-uri", D2)
    ),
    "query_get": Case(address=(("query", "ASK {}"), ("default-graph-uri", D0))),
    "query_content_type_select": direct("SELECT (1 AS ?value) {}", ("default-graph-uri", D0), gives=TABLE),
    "query_content_type_ask": direct("ASK {}", ("default-graph-uri", D0)),
    "query_content_type_describe": direct(
        "DESCRIBE <http://example.org/>", ("default-graph-uri", D0), gives=GRAPH
    ),
    "query_content_type_construct": direct(
        "CONSTRUCT { <s> <p> 1 } WHERE {}", ("default-graph-uri", D0), gives=GRAPH
    ),
    "query_post_direct": direct("ASK {}"),
}  # fmt: skip

BAD: Final = {
    "bad_query_method": (Case("PUT", (("query", "ASK {}"), ("default-graph-uri", D0)), b"", FORM), 405),
    "bad_multiple_queries": (Case(address=(("query", "ASK {}"), ("query", "SELECT * {}"))), 400),
    "bad_query_wrong_media_type": (Case("POST", (), b"ASK {}", "text/plain"), 415),
    "bad_query_missing_form_type": (Case("POST", (), b"query=ASK%20%7B%7D"), 415),
    "bad_query_missing_direct_type": (Case("POST", (), b"ASK {}"), 415),
    "bad_query_non_utf8": (Case("POST", (), "ASK {}".encode("utf-16"), f"{QUERY}; charset=UTF-16"), 415),
    "bad_query_syntax": (Case(address=(("query", "ASK {"),)), 400),
    "bad_update_get": (Case(address=(("update", "CLEAR ALL"),)), 403),
    "bad_multiple_updates": (Case("POST", (), b"update=CLEAR%20NAMED&update=CLEAR%20DEFAULT", FORM), 403),
    "bad_update_wrong_media_type": (Case("POST", (), b"CLEAR NAMED", "text/plain"), 415),
    "bad_update_missing_form_type": (Case("POST", (), b"update=CLEAR%20NAMED"), 415),
    "bad_update_non_utf8": (Case("POST", (), "CLEAR NAMED".encode("utf-16"), f"{UPDATE}; charset=UTF-16"), 403),
    "bad_update_syntax": (Case("POST", (), b"update=CLEAR%20XYZ", FORM), 403),
    "bad_update_dataset_conflict": (
        Case("POST", (("using-named-graph-uri", "http://example/people"),), b"update=DROP%20ALL", FORM), 403,
    ),
    # Good ones there; the explorer only reads.
    "update_post_form": (Case("POST", (), b"update=CLEAR+ALL", FORM), 403),
    "update_post_direct": (Case("POST", (), b"CLEAR ALL", UPDATE), 403),
}  # fmt: skip


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """The suite's dataset: three graphs, each says that it is a document."""
    folder = tmp_path_factory.mktemp("w3c")
    quads = folder / "data.nq"
    quads.write_text("".join(f"<{graph}> <{TYPE}> <{DOCUMENT}> <{graph}> .\n" for graph in (D1, D2, D3)))
    with inside(loaded(quads, folder / "store")) as client:
        yield client


def sent(client: httpx.Client, case: Case, **headers: str) -> Any:
    if case.kind:
        headers["Content-Type"] = case.kind
    address = f"/sparql/?{urlencode(case.address)}" if case.address else "/sparql/"
    return client.request(case.method, address, content=case.body, headers=headers)


@pytest.mark.parametrize("name", CASES)
def test_query(suite: httpx.Client, name: str) -> None:
    case = CASES[name]
    response = sent(suite, case)
    media = response.headers["content-type"].partition(";")[0]
    assert (response.status_code, media in case.gives) == (200, True), response.text
    if case.gives == BOOLEAN:
        assert response.json()["boolean"] is True
    elif case.gives == TABLE:
        assert response.json()["results"]["bindings"][0]["value"]["value"] == "1"
    elif "construct" in name:
        assert len(rdflib.Graph().parse(data=response.text, format="turtle")) == 1


@pytest.mark.parametrize("name", BAD)
def test_refused(suite: httpx.Client, name: str) -> None:
    case, status = BAD[name]
    response = sent(suite, case)
    assert response.status_code == status, response.text
    assert response.text.startswith("error[")


def test_no_case_is_missing() -> None:
    assert len([name for name in CASES if name.startswith("query_")]) == 13
    assert len([name for name in BAD if name.startswith("bad_query") or name == "bad_multiple_queries"]) == 7


# --- what the suite leaves open ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "address", "found"),
    [
        ("ASK { ?s a ?t }", [("default-graph-uri", D1)], True),
        (f"ASK {{ <{D2}> a ?t }}", [("default-graph-uri", D1)], False),
        (f"ASK {{ GRAPH <{D1}> {{ ?s a ?t }} }}", [("default-graph-uri", D1)], False),
        ("ASK { ?s a ?t }", [("named-graph-uri", D1)], False),
        (f"ASK {{ GRAPH <{D2}> {{ ?s a ?t }} }}", [("named-graph-uri", D1)], False),
        (f"ASK FROM <{D1}> {{ <{D1}> a ?t }}", [("default-graph-uri", D2)], False),
        (f"ASK FROM <{D1}> {{ <{D2}> a ?t }}", [("default-graph-uri", D2)], True),
        (f"ASK FROM <{D1}> {{ <{D1}> a ?t }}", [], True),
        (f"ASK FROM <{D1}> {{ <{D2}> a ?t }}", [], False),
        (f"ASK FROM NAMED <{D1}> {{ GRAPH ?g {{ <{D1}> a ?t }} }}", [], True),
        (f"ASK FROM NAMED <{D1}> {{ GRAPH ?g {{ <{D2}> a ?t }} }}", [], False),
        (f"ASK {{ <{D1}> a ?t . <{D3}> a ?t }}", [], True),
        (f"ASK {{ {NAMED} }}", [], True),
        ("ASK { ?s a ?t }", [("default-graph-uri", D0)], False),
    ],
)
@pytest.mark.parametrize("method", ["GET", "form", "direct"])
def test_the_dataset_is_the_one_that_is_named(
    suite: httpx.Client, query: str, address: list[tuple[str, str]], found: bool, method: str
) -> None:
    case = {
        "GET": Case("GET", (("query", query), *address)),
        "form": Case("POST", (), urlencode([("query", query), *address]).encode(), FORM),
        "direct": direct(query, *address),
    }[method]
    assert sent(suite, case).json()["boolean"] is found
