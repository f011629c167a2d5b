"""The real records' graph, unchanged as Turtle, in three real stores: the same triples, and the same rows.

What is compared are whole terms, as multisets of rows. Two things differ by right, and only they are let pass:

* SPARQL leaves it to the store how many digits a quotient of decimals has (Oxigraph 18, Virtuoso 15, Jena 24), so
  `jaccard` is compared as a number;
* it leaves the order inside a GROUP_CONCAT open, so `symbols` is compared as a set.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

import pyoxigraph as ox
import pytest

import kg
from kg.graphstore import GraphStore
from kg.savedqueries import load_queries
from tests.queries import oracle
from tests.queries.oracle import ANSWERS, Params, Records
from tests.queries.test_local_queries import CASES, Case, keywords
from tests.stores import servers
from tests.stores.servers import STORES, Server

pytestmark = pytest.mark.loopback

GRAPH: Final = "http://example.org/corpus"
BULK: Final = "http://example.org/bulk"
PART: Final = "http://example.org/part"
PART_SIZE: Final = 2_500
LOCAL: Final = 16
COUNT: Final = "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }"
ALL: Final = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"
# A query longer than an address may be, so that it is sent by POST.
PADDING: Final = f"# {'long ' * 1_000}\n"
ORDERED: Final = re.compile(r"^ORDER BY ", re.MULTILINE)
ON_CORPUS: Final = tuple(case for case in CASES if "corpus" in case.graphs)

BULK_LOADERS: Final[Mapping[str, Callable[[Path, Sequence[Path]], None]]] = {
    "oxigraph": servers.oxigraph_load,
    "jena": servers.tdb2_load,
}
"""Loaders that fill a folder before a server runs on it; Virtuoso's runs inside the server."""

Row = tuple[str | frozenset[str] | None, ...]


# --- what is expected


@dataclass(frozen=True, slots=True)
class Expected:
    """The graph, its triples and its rows, as the library itself has them."""

    graph: Path
    triples: frozenset[str]
    records: Records
    store: GraphStore
    rows: dict[str, list[tuple[Row, float]]]

    def of(self, case: Case) -> list[tuple[Row, float]]:
        """The rows of a case, asked once for all stores."""
        key = f"{case.query}: {case.label}"
        if key not in self.rows:
            self.rows[key] = asked(self.store, case, self.records)
        return self.rows[key]


@pytest.fixture(scope="module")
def expected(corpus: Path, corpus_graph: Path) -> Iterator[Expected]:
    triples = frozenset(str(quad.triple) for quad in ox.parse(path=corpus_graph, format=ox.RdfFormat.TURTLE))
    with kg.open_store(corpus_graph) as store:
        yield Expected(corpus_graph, triples, oracle.read(corpus, corpus_graph), store, {})


def params_of(case: Case, records: Records) -> Mapping[str, str | list[str]]:
    """The parameters to give; none for the defaults."""
    if case.choose is None:
        return {}
    chosen: Params = case.choose(records)
    return keywords(case.query, chosen)


def asked(store: GraphStore, case: Case, records: Records) -> list[tuple[Row, float]]:
    """Rows in the order they come, each as its exact terms and its Jaccard index."""
    query = load_queries()[case.query]
    assert not query.federated  # Oxigraph's server would call whom the query names
    answer = store.query(query, params=params_of(case, records))
    assert answer.form == "rows"
    names = answer.variables
    return [comparable(dict(zip(names, row, strict=True))) for row in answer.terms()]


def comparable(row: Mapping[str, str | None]) -> tuple[Row, float]:
    exact: dict[str, str | frozenset[str] | None] = {k: v for k, v in row.items() if k != "jaccard"}
    if "symbols" in exact:
        exact["symbols"] = frozenset((row["symbols"] or "").strip('"').split(", "))
    jaccard = row.get("jaccard")
    if jaccard is None:
        return tuple(exact.values()), 0.0
    value, datatype = jaccard.rsplit("^^", 1)
    assert datatype == "<http://www.w3.org/2001/XMLSchema#decimal>"
    return tuple(exact.values()), float(value.strip('"'))


def in_some_order(rows: list[tuple[Row, float]]) -> list[tuple[Row, float]]:
    return sorted(rows, key=lambda row: (repr([sorted(c) if isinstance(c, frozenset) else c for c in row[0]]), row[1]))


def same(found: list[tuple[Row, float]], wanted: list[tuple[Row, float]]) -> bool:
    """Whether two lists of rows are the same in this order."""
    return [row for row, _ in found] == [row for row, _ in wanted] and all(
        math.isclose(one, two, abs_tol=1e-9) for (_, one), (_, two) in zip(found, wanted, strict=True)
    )


def labels(cases: Sequence[Case]) -> list[str]:
    return [f"{case.query}: {case.label}" for case in cases]


# --- the stores


@dataclass(frozen=True, slots=True)
class Loaded:
    """A running store that holds the graph, sent by the Graph Store Protocol."""

    server: Server
    folder: Path
    graph: str | None
    report: kg.UploadReport
    endpoint: GraphStore


def sign_in(patch: pytest.MonkeyPatch, server: Server) -> None:
    patch.delenv("KG_USER", raising=False)
    patch.delenv("KG_PASSWORD", raising=False)
    if server.user:
        patch.setenv("KG_USER", server.user)
        patch.setenv("KG_PASSWORD", server.password)


def query_url(server: Server, graph: str | None) -> str:
    """The address to ask: Virtuoso knows named graphs only, and this parameter makes one the default graph."""
    return server.query_url if graph is None else f"{server.query_url}?default-graph-uri={quote(graph, safe='')}"


@pytest.fixture(scope="module", params=STORES)
def loaded(
    request: pytest.FixtureRequest, expected: Expected, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Loaded]:
    folder = tmp_path_factory.mktemp(str(request.param))
    with ExitStack() as stack:
        server = stack.enter_context(servers.store_server(str(request.param), folder))
        sign_in(stack.enter_context(pytest.MonkeyPatch.context()), server)
        graph = None if server.default_graph else GRAPH
        assert server.gsp_url is not None
        report = kg.upload_graph(expected.graph, server.gsp_url, graph_iri=graph)
        endpoint = stack.enter_context(kg.open_endpoint(query_url(server, graph)))
        yield Loaded(server, folder, graph, report, endpoint)


def count(store: GraphStore, query: str = COUNT) -> int:
    (row,) = store.query(query).rows()
    assert isinstance(row["n"], int)
    return row["n"]


def triples(store: GraphStore, query: str = ALL) -> frozenset[str]:
    return frozenset(" ".join(map(str, row)) for row in store.query(query).terms())


# --- the tests


def test_the_graph_arrives_whole_and_unchanged(loaded: Loaded, expected: Expected) -> None:
    size = len(expected.triples)
    assert size > 10_000  # several batches
    assert loaded.report.counted == {loaded.graph or "": (0, size, size)}
    assert loaded.report.complete
    assert count(loaded.endpoint) == size
    found = triples(loaded.endpoint)
    assert found == expected.triples, (sorted(found - expected.triples)[:5], sorted(expected.triples - found)[:5])


def test_the_graph_takes_the_place_of_itself(loaded: Loaded, expected: Expected) -> None:
    """A second upload replaces the first one."""
    assert loaded.server.gsp_url is not None
    again = kg.upload_graph(expected.graph, loaded.server.gsp_url, graph_iri=loaded.graph)
    assert again.counted == loaded.report.counted


@pytest.mark.parametrize("case", ON_CORPUS, ids=labels(ON_CORPUS))
def test_rows_are_those_of_the_library(case: Case, loaded: Loaded, expected: Expected) -> None:
    wanted = expected.of(case)
    if case.choose is not None:
        assert bool(wanted) is not case.empty
    found = asked(loaded.endpoint, case, expected.records)
    assert same(in_some_order(found), in_some_order(wanted)), (found[:5], wanted[:5])
    if ORDERED.search(load_queries()[case.query].text):
        assert same(found, wanted), (found[:5], wanted[:5])


def test_each_local_query_runs_with_its_defaults_and_finds_rows_with_others(expected: Expected) -> None:
    local = {name for name, query in load_queries().items() if not query.federated}
    assert len(local) == LOCAL
    assert set(ANSWERS) == local
    assert {case.query for case in ON_CORPUS if case.choose is None} == local
    others = [case for case in ON_CORPUS if case.choose is not None and not case.empty]
    assert {case.query for case in others if expected.of(case)} == local
    assert len(ON_CORPUS) >= 3 * LOCAL


def test_the_stores_own_bulk_loader_gives_the_same_graph_and_rows(
    loaded: Loaded, expected: Expected, tmp_path: Path
) -> None:
    defaults = [case for case in ON_CORPUS if case.choose is None]
    assert len(defaults) == LOCAL
    with ExitStack() as stack:
        server, graph = loaded.server, None
        if server.name in BULK_LOADERS:
            BULK_LOADERS[server.name](tmp_path, [expected.graph])
            server = stack.enter_context(servers.store_server(server.name, tmp_path))
        else:
            graph = BULK
            servers.virtuoso_bulk_load(server, loaded.folder, expected.graph, graph)
        endpoint = stack.enter_context(kg.open_endpoint(query_url(server, graph)))
        assert count(endpoint) == len(expected.triples)
        assert triples(endpoint) == expected.triples
        differ = [
            case.query
            for case in defaults
            if not same(in_some_order(asked(endpoint, case, expected.records)), in_some_order(expected.of(case)))
        ]
    assert differ == []


def test_batches_by_sparql_update_give_the_same_triples(loaded: Loaded, expected: Expected, tmp_path: Path) -> None:
    part = sorted(expected.triples)[:: len(expected.triples) // PART_SIZE][:PART_SIZE]
    file = tmp_path / "part.nt"
    file.write_text("".join(f"{triple} .\n" for triple in part), "utf-8")
    server = loaded.server
    report = kg.upload_graph(file, server.update_url, graph_iri=PART, update=True, query_url=server.query_url)
    assert report.counted == {PART: (0, PART_SIZE, PART_SIZE)}
    assert report.requests == 3
    query = f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ GRAPH <{PART}> {{ ?s ?p ?o }} }}"
    # Not the endpoint of the other tests: an address with a default graph has no named ones.
    with kg.open_endpoint(server.query_url) as endpoint:
        assert triples(endpoint, query) == frozenset(part)


@pytest.mark.parametrize("padding", ["", PADDING], ids=["GET", "POST"])
def test_an_address_with_a_default_graph_keeps_it_in_short_and_long_queries(
    padding: str, loaded: Loaded, expected: Expected
) -> None:
    assert count(loaded.endpoint, f"{padding}{COUNT}") == len(expected.triples)
    if loaded.graph is not None:  # without it Virtuoso counts its own graphs, too
        with kg.open_endpoint(loaded.server.query_url) as all_graphs:
            assert count(all_graphs, f"{padding}{COUNT}") > len(expected.triples) + 1_000
