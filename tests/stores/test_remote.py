"""Asking an endpoint: how the query is sent, and which answers are refused because they are none, or only a part."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final
from urllib.parse import quote

import pytest

import kg
from kg.errors import KgError, QueryError
from kg.remote import RESULTS, ask_endpoint, open_session, require_url
from tests.conftest import ROOT
from tests.stores import servers
from tests.stores.flaky import JSON_RESULTS, N_TRIPLES, PASSWORD, USER, Fault, FlakyStore
from tests.stores.servers import STORES, Server

pytestmark = pytest.mark.loopback

EX: Final = "http://example.org/"
GRAPH: Final = f"{EX}graph"
SIZE: Final = 10
ROWS: Final = "SELECT ?s ?o WHERE { ?s ?p ?o } ORDER BY ?o"
CONSTRUCT: Final = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"
TURTLE: Final = "".join(f"<{EX}s{number}> <{EX}p> {number} .\n" for number in range(SIZE))
ASKS: Final = {f"ASK {{ ?s <{EX}p> 3 }}": True, f"ASK {{ ?s <{EX}p> 99 }}": False, "# why\nask where { ?s ?p 3 }": True}


@pytest.fixture(autouse=True)
def netrc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No password but what a test sets; the file is the one that NETRC names."""
    for name in ("KG_USER", "KG_PASSWORD", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    path = tmp_path / "netrc"
    path.touch(0o600)
    monkeypatch.setenv("NETRC", str(path))
    return path


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that a session would have waited."""
    asked: list[float] = []
    monkeypatch.setattr("urllib3.util.retry.time", SimpleNamespace(sleep=asked.append, time=time.time))
    return asked


def filled(**options: Any) -> FlakyStore:
    """A store of ten triples."""
    flaky = FlakyStore(**options)
    flaky.store.update(f"INSERT DATA {{ {TURTLE} }}")
    return flaky


def ask(url: str, text: str = ROWS, *, retries: int = 0, **options: Any) -> bytes:
    with open_session(retries=retries) as session:
        return ask_endpoint(session, url, text, **options)


def error_of(run: Callable[[], object]) -> KgError:
    with pytest.raises(QueryError) as caught:
        run()
    assert PASSWORD not in str(caught.value)
    return caught.value


def answers(body: str, kind: str = JSON_RESULTS, status: int = 200, **headers: str) -> FlakyStore:
    """A server that always says the same; names of headers have `_` for `-`."""
    told = {name.replace("_", "-"): value for name, value in headers.items()} | {"Content-Type": kind}
    return FlakyStore(faults=[Fault(on=r"\w+ /query", times=None, status=status, body=body, headers=told)])


def results(rows: int) -> str:
    bindings = [{"n": {"type": "literal", "value": str(number)}} for number in range(rows)]
    return json.dumps({"head": {"vars": ["n"]}, "results": {"bindings": bindings}})


# --- how it is asked


@pytest.mark.parametrize(("length", "method"), [(200, "GET"), (1_500, "GET"), (1_800, "POST"), (100_000, "POST")])
def test_short_queries_are_get_and_long_ones_a_form(length: int, method: str) -> None:
    text = f"{ROWS} #".ljust(length, "x")
    assert len(text) == length
    with filled() as flaky:
        assert len(json.loads(ask(flaky.query, text))["results"]["bindings"]) == SIZE
    (seen,) = flaky.requests
    assert (seen.method, seen.fields, seen.headers["accept"]) == (method, {"query": text}, RESULTS)
    if method == "POST":
        assert seen.headers["content-type"] == "application/x-www-form-urlencoded"
        assert int(seen.headers["content-length"]) == len(seen.body)
        assert "transfer-encoding" not in seen.headers
    assert seen.headers["user-agent"].startswith("pfocr-kg/")


@pytest.mark.parametrize(
    "text", [f"{ROWS} #".ljust(1_700, "Ω"), "ASK { FILTER(" + "{ ?a < 1 } " * 100], ids=["Ω", "{}"]
)
def test_no_address_is_longer_than_servers_take(text: str) -> None:
    """Each character that is none of a plain address becomes three, or more."""
    assert len(text) < 1_800
    with answers(results(1)) as flaky:
        ask(flaky.query, text)
    (seen,) = flaky.requests
    address = f"{flaky.query}?query={quote(text)}"
    assert seen.method == "POST" or len(address) <= 2_000, len(address)


@pytest.mark.parametrize("length", [100, 5_000])
def test_parameters_of_the_address_are_kept(length: int) -> None:
    with filled() as flaky:
        ask(f"{flaky.query}?default-graph-uri={quote(GRAPH, safe='')}&x=1", f"{ROWS} #".ljust(length, "x"))
    (seen,) = flaky.requests
    assert seen.fields == {"default-graph-uri": GRAPH, "x": "1", "query": f"{ROWS} #".ljust(length, "x")}
    assert b"default-graph-uri" not in seen.body


# --- what is no answer


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("<html><body>Please log in</body></html>", "text/html; charset=utf-8"),
        ("<sparql/>", "application/sparql-results+xml"),
        ("s,o\n", "text/csv"),
        ("", ""),
    ],
    ids=["page", "xml", "csv", "nothing"],
)
def test_another_kind_of_answer_is_named(body: str, kind: str) -> None:
    with answers(body, kind) as flaky:
        error = error_of(lambda: ask(flaky.query))
    assert error.problem.code == "endpoint-failed"
    assert error.problem.what.startswith(f"{flaky.query} answered {kind.split(';', maxsplit=1)[0] or 'nothing'}")
    assert RESULTS in error.problem.what
    assert error.problem.why == ("Please log in" if "html" in kind else body.replace("<sparql/>", "").strip())


@pytest.mark.parametrize("kind", [JSON_RESULTS, "application/json", f"{JSON_RESULTS}; charset=utf-8", "text/plain"])
def test_the_kinds_that_servers_use_for_json_are_read(kind: str) -> None:
    with answers(results(2), kind) as flaky:
        assert json.loads(ask(flaky.query)) == json.loads(results(2))


BROKEN: Final = {
    "text": "the server is tired",
    "nothing": "",
    "no results": "{}",
    "list": "[]",
    "cut": results(3)[:-30],
    "cut value": '{"head": {"vars": ["n"]}, "results": {"bindings": [{"n": {"type": "lit',
}


@pytest.mark.parametrize("limit", [None, 1, 100])
@pytest.mark.parametrize("body", BROKEN.values(), ids=list(BROKEN))
def test_json_that_is_broken_is_an_error_of_the_endpoint(body: str, limit: int | None) -> None:
    with answers(body, "text/plain") as flaky, kg.open_endpoint(flaky.query) as endpoint:
        if limit == 1 and body == BROKEN["cut"]:
            assert len(endpoint.query(ROWS, limit=limit).rows()) == 1  # the rest is not read
            return
        error = error_of(lambda: endpoint.query(ROWS, limit=limit).rows())
    assert error.problem.code == "endpoint-failed"
    assert flaky.query in error.problem.what


def test_triples_that_are_broken_are_an_error_of_the_endpoint() -> None:
    with answers(f"<{EX}a> <{EX}p> oops .", N_TRIPLES) as flaky, kg.open_endpoint(flaky.query) as endpoint:
        error = error_of(lambda: list(endpoint.query(CONSTRUCT).terms()))
    assert error.problem.code == "endpoint-failed"
    assert flaky.query in error.problem.what


@pytest.mark.parametrize("status", [400, 401, 403, 404, 500])
def test_a_refusal_is_told_with_the_servers_words(status: int) -> None:
    with answers("<h1>Line 3:</h1>\n<p>no</p>", "text/html", status) as flaky:
        error = error_of(lambda: ask(flaky.query, retries=4))
    assert error.problem.code == "endpoint-failed"
    assert error.problem.what.startswith(f"{flaky.query} answered {status} ")
    assert error.problem.why == "Line 3: no"
    assert ("KG_PASSWORD" in error.problem.mend) is (status in {401, 403})
    assert len(flaky.requests) == 1


def test_a_long_answer_is_told_in_part() -> None:
    with answers("x" * 100_000, "text/plain", 400) as flaky:
        assert len(str(error_of(lambda: ask(flaky.query)))) < 1_000


# --- what is only a part


@pytest.mark.parametrize(
    ("status", "headers"),
    [(206, {}), (200, {"X_SPARQL_MaxRows": "10000"}), (200, {"X_SQL_State": "S1TAT"})],
    ids=["206", "rows", "time"],
)
@pytest.mark.parametrize("accept", [RESULTS, N_TRIPLES])
def test_an_answer_that_is_cut_off_is_refused(accept: str, status: int, headers: dict[str, str]) -> None:
    with answers(results(2), accept, status, **headers) as flaky:
        error = error_of(lambda: ask(flaky.query, accept=accept))
    assert error.problem.code == "endpoint-failed"
    assert error.problem.what == f"{flaky.query} cut its answer off"


def test_another_state_of_the_server_is_no_cut() -> None:
    with answers(results(2), X_SQL_State="00000") as flaky:
        assert json.loads(ask(flaky.query)) == json.loads(results(2))


@pytest.mark.parametrize(("rows", "cut"), [(0, False), (4, False), (5, True), (6, True)])
def test_hosts_that_cut_without_a_word_are_known(rows: int, cut: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kg.remote._ROW_LIMITS", {"127.0.0.1": 5})
    with answers(results(rows)) as flaky:
        if cut:
            assert "cut its answer off" in error_of(lambda: ask(flaky.query)).problem.what
        else:
            assert len(json.loads(ask(flaky.query))["results"]["bindings"]) == rows


def test_the_limit_of_the_mesh_server_is_known() -> None:
    from kg import remote

    assert remote._ROW_LIMITS == {"id.nlm.nih.gov": 1_000}


def test_virtuoso_tells_when_it_cuts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A limit of five rows: three are an answer, ten are not."""
    settings = servers._VIRTUOSO_INI
    assert "ResultSetMaxRows = 0" in settings
    monkeypatch.setattr(servers, "_VIRTUOSO_INI", settings.replace("ResultSetMaxRows = 0", "ResultSetMaxRows = 5"))
    with servers.store_server("virtuoso", tmp_path) as server, kg.open_endpoint(server.query_url) as endpoint:
        values = " ".join(map(str, range(10)))
        query = f"SELECT ?n WHERE {{ VALUES ?n {{ {values} }} FILTER(?n < %s) }}"
        assert len(endpoint.query(query % 3).rows()) == 3
        error = error_of(lambda: endpoint.query(query % 10))
    assert "cut its answer off" in error.problem.what


# --- what passes


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_passing_fault_is_tried_again_ever_more_slowly(status: int, waits: list[float]) -> None:
    with filled(faults=[Fault(on=r"\w+ /query", times=3, status=status)]) as flaky:
        assert len(json.loads(ask(flaky.query, retries=4))["results"]["bindings"]) == SIZE
    assert len(flaky.requests) == 4
    assert len(waits) >= 2
    assert waits == sorted(waits)
    assert waits[-1] > waits[0]


@pytest.mark.parametrize("length", [100, 5_000], ids=["GET", "POST"])
def test_a_query_is_sent_again_after_a_lost_connection(length: int, waits: list[float]) -> None:
    with filled(faults=[Fault(on=r"\w+ /query", times=2, drop="after")]) as flaky:
        assert ask(flaky.query, f"{ROWS} #".ljust(length, "x"), retries=4)
    assert len(flaky.requests) == 3
    assert len(waits) <= 2


@pytest.mark.parametrize(("asked", "waited"), [("7", 7), ("600", 30)])
def test_the_wait_that_a_server_asks_for_is_kept_up_to_half_a_minute(
    asked: str, waited: float, waits: list[float]
) -> None:
    with filled(faults=[Fault(on=r"\w+ /query", status=503, headers={"Retry-After": asked})]) as flaky:
        assert ask(flaky.query, retries=4)
    assert waits == [waited]


def test_a_fault_that_stays_is_told_with_its_status(waits: list[float]) -> None:
    with answers("closed today", "text/plain", 503) as flaky:
        error = error_of(lambda: ask(flaky.query, retries=4))
    assert error.problem.what == f"{flaky.query} answered 503 Service Unavailable"
    assert error.problem.why == "closed today"
    assert len(flaky.requests) == 5
    assert len(waits) >= 3


def test_a_server_that_is_gone_is_named_in_plain_words() -> None:
    with FlakyStore() as flaky:
        url = flaky.query
    error = error_of(lambda: ask(url))
    assert re.fullmatch(rf"{re.escape(url)} does not answer: \[Errno \d+\] Connection refused", error.problem.what)


def test_a_server_that_hangs_up_is_named_in_plain_words() -> None:
    with FlakyStore(faults=[Fault(on=r"\w+ /query", times=None, drop="after")]) as flaky:
        error = error_of(lambda: ask(flaky.query))
    assert error.problem.what.startswith(f"{flaky.query} does not answer: ")
    assert "ConnectionPool" not in error.problem.what
    assert "?query=" not in error.problem.what


# --- addresses and passwords


@pytest.mark.parametrize(
    "url",
    ["", "localhost:7878", "/query", "ftp://127.0.0.1/", "http://", "http:///query", "https:", "http://[::1", "x y"],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    for use in (require_url, kg.open_endpoint):
        assert error_of(lambda use=use: use(url)).problem.code == "bad-address"  # type: ignore[misc]


@pytest.mark.parametrize("scheme", ["http://", "htp://", "", "http://["], ids=["http", "slip", "none", "broken"])
def test_a_password_in_an_address_is_refused_and_not_shown(scheme: str) -> None:
    error = error_of(lambda: kg.open_endpoint(f"{scheme}{USER}:{PASSWORD}@127.0.0.1/query"))
    assert error.problem.code == "bad-address"


@pytest.mark.parametrize("way", ["environment", "netrc"])
@pytest.mark.parametrize("auth", ["basic", "digest"])
@pytest.mark.parametrize("length", [100, 5_000], ids=["GET", "POST"])
def test_the_password_comes_from_the_environment_or_netrc(
    length: int, auth: Any, way: str, netrc: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if way == "environment":
        monkeypatch.setenv("KG_USER", USER)
        monkeypatch.setenv("KG_PASSWORD", PASSWORD)
    else:
        netrc.write_text(f"machine 127.0.0.1 login {USER} password {PASSWORD}\n", "utf-8")
    with filled(auth=auth, reading=True) as flaky, kg.open_endpoint(flaky.query) as endpoint:
        assert len(endpoint.query(f"{ROWS} #".ljust(length, "x")).rows()) == SIZE


@pytest.mark.parametrize("auth", ["basic", "digest"])
def test_a_wrong_password_is_told_and_not_shown(auth: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KG_USER", USER)
    monkeypatch.setenv("KG_PASSWORD", "wr0ng-wOrd")
    with filled(auth=auth, reading=True) as flaky:
        error = error_of(lambda: ask(flaky.query))
    assert "answered 401" in error.problem.what
    assert "wr0ng-wOrd" not in str(error)
    assert len(flaky.requests) <= 3


def test_a_password_of_the_store_is_not_for_endpoints_that_a_query_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KG_USER", USER)
    monkeypatch.setenv("KG_PASSWORD", PASSWORD)
    with filled(auth="basic", reading=True) as flaky, open_session(retries=0) as session:
        assert "answered 401" in error_of(lambda: ask_endpoint(session, flaky.query, ROWS)).problem.what
    assert [seen.headers.get("authorization") for seen in flaky.requests] == [None]


# --- limit and time


@pytest.mark.parametrize(("limit", "rows"), [(None, 10), (0, 0), (3, 3), (50, 10)])
def test_no_more_rows_or_triples_than_asked_for(limit: int | None, rows: int) -> None:
    with filled() as flaky, kg.open_endpoint(flaky.query) as endpoint:
        found = endpoint.query(ROWS, limit=limit).rows()
        assert found == [{"s": f"{EX}s{number}", "o": number} for number in range(rows)]
        assert len(list(endpoint.query(CONSTRUCT, limit=limit).terms())) == rows
        assert endpoint.query("ASK {}", limit=limit).boolean is True


def test_a_server_that_hangs_is_named_when_the_time_is_up() -> None:
    hangs = Fault(on=r"\w+ /query", times=None, delay=30)
    with filled(faults=[hangs]) as flaky, kg.open_endpoint(flaky.query) as endpoint:
        started = time.monotonic()
        error = error_of(lambda: endpoint.query(ROWS, timeout=1.5))
        assert time.monotonic() - started < 4
        assert flaky.query in str(error)
        flaky.faults.clear()
        assert len(endpoint.query(ROWS).rows()) == SIZE  # the next query is answered


def test_a_server_that_takes_the_connection_and_says_nothing_is_named() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/query"
        error = error_of(lambda: ask(url, timeout=0.3))
    assert error.problem.what.startswith(f"{url} does not answer: Read timed out")


# --- the real stores


@dataclass(frozen=True, slots=True)
class Real:
    """A running store, and the address at which its ten triples are the default graph."""

    server: Server
    url: str


@pytest.fixture(scope="module", params=STORES)
def real(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Real]:
    folder = tmp_path_factory.mktemp(str(request.param))
    with servers.store_server(str(request.param), folder) as server, pytest.MonkeyPatch.context() as patch:
        file = folder / "ten.ttl"
        file.write_text(TURTLE, "utf-8")
        if server.user:
            patch.setenv("KG_USER", server.user)
            patch.setenv("KG_PASSWORD", server.password)
        assert server.gsp_url is not None
        graph = None if server.default_graph else GRAPH
        assert kg.upload_graph(file, server.gsp_url, graph_iri=graph).complete
        yield Real(server, server.query_url + (f"?default-graph-uri={quote(GRAPH, safe='')}" if graph else ""))


@pytest.mark.parametrize(("text", "expected"), ASKS.items(), ids=["yes", "no", "small letters"])
@pytest.mark.parametrize("padding", ["", f"# {'x' * 2_000}\n"], ids=["GET", "POST"])
def test_a_real_store_says_yes_or_no(padding: str, text: str, expected: bool, real: Real) -> None:
    with kg.open_endpoint(real.url) as endpoint:
        answer = endpoint.query(f"{padding}{text}")
        assert (answer.form, answer.boolean) == ("boolean", expected)


def test_a_real_store_says_yes_or_no_of_a_named_graph(real: Real) -> None:
    with kg.open_endpoint(real.server.query_url) as endpoint:
        there = not real.server.default_graph
        assert endpoint.query(f"ASK {{ GRAPH <{GRAPH}> {{ ?s ?p 3 }} }}").boolean is there


@pytest.mark.parametrize("limit", [None, 4])
def test_a_real_store_gives_rows_and_triples(limit: int | None, real: Real) -> None:
    rows = limit or SIZE
    with kg.open_endpoint(real.url) as endpoint:
        found = endpoint.query(ROWS, limit=limit).rows()
        assert found == [{"s": f"{EX}s{number}", "o": number} for number in range(rows)]
        triples = {row["subject"]: row["object"] for row in endpoint.query(CONSTRUCT, limit=limit)}
        assert len(triples) == rows
        assert triples.items() <= {f"{EX}s{number}": number for number in range(SIZE)}.items()
        described = list(endpoint.query(f"DESCRIBE <{EX}s1>").terms())
        assert described == [(f"<{EX}s1>", f"<{EX}p>", '"1"^^<http://www.w3.org/2001/XMLSchema#integer>')]


def test_a_real_store_tells_what_is_wrong_with_a_query(real: Real) -> None:
    with kg.open_endpoint(real.url) as endpoint:
        error = error_of(lambda: endpoint.query("SELECT ?s WHERE { ?s ?p }"))
    assert error.problem.code == "endpoint-failed"
    assert "answered 400" in error.problem.what
    assert error.problem.why


def test_the_command_asks_a_real_store(real: Real) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "kg", "query", ROWS, "--endpoint", real.url, "--format", "csv"],
        cwd=ROOT, env=os.environ, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["s,o", *(f"{EX}s{number},{number}" for number in range(SIZE))]
