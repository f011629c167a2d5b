"""Each real triple store starts, keeps and gives back a few triples, loads in bulk, and leaves nothing behind."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
import requests
from requests.auth import HTTPDigestAuth

from tests.stores import servers
from tests.stores.servers import STORES, Server

pytestmark = pytest.mark.loopback

GRAPH: Final = "http://example.org/graph"
XSD: Final = "http://www.w3.org/2001/XMLSchema#"
TURTLE: Final = f"""\
@prefix ex: <http://example.org/> .
@prefix xsd: <{XSD}> .
ex:figure a ex:Figure ;
    ex:year "2004"^^xsd:gYear ;
    ex:score 0.9080843 ;
    ex:count 7 ;
    ex:title "PI3′K \\"signals\\"", "Signale"@de ;
    ex:mentions ex:a, ex:b, ex:c ;
    ex:paper ex:paper .
"""
TRIPLES: Final = 10
ALL: Final = f"SELECT ?p ?o WHERE {{ GRAPH <{GRAPH}> {{ <http://example.org/figure> ?p ?o }} }}"
COUNT: Final = f"SELECT (COUNT(*) AS ?n) WHERE {{ GRAPH <{GRAPH}> {{ ?s ?p ?o }} }}"
COUNT_DEFAULT: Final = "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }"
INSERT: Final = f"INSERT DATA {{ GRAPH <{GRAPH}> {{ <http://example.org/figure> <http://example.org/new> 'é' }} }}"

Row = dict[str, dict[str, str]]


def ask(server: Server, method: str, url: str, **options: Any) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        if server.user:
            session.auth = HTTPDigestAuth(server.user, server.password)
        return session.request(method, url, timeout=30, **options)


def select(server: Server, query: str) -> list[Row]:
    headers = {"Accept": "application/sparql-results+json"}
    answer = ask(server, "POST", server.query_url, data={"query": query}, headers=headers)
    assert answer.status_code == 200, answer.text
    rows: list[Row] = answer.json()["results"]["bindings"]
    return rows


def count(server: Server, query: str) -> int:
    (row,) = select(server, query)
    return int(row["n"]["value"])


def put(server: Server, turtle: str, where: str = f"graph={GRAPH}") -> requests.Response:
    headers = {"Content-Type": "text/turtle"}
    return ask(server, "PUT", f"{server.gsp_url}?{where}", data=turtle.encode(), headers=headers)


def is_open(url: str) -> bool:
    with socket.socket() as probe:
        try:
            probe.connect(("127.0.0.1", urlsplit(url).port))
        except ConnectionRefusedError:
            return False
        return True


def term(value: dict[str, str]) -> tuple[str, str]:
    return value["value"], value.get("xml:lang", value.get("datatype", ""))


@pytest.mark.parametrize("name", STORES)
def test_a_store_starts_keeps_triples_and_stops(name: str, tmp_path: Path) -> None:
    with servers.store_server(name, tmp_path) as server:
        assert server.name == name
        assert put(server, TURTLE).status_code in {200, 201, 204}
        assert count(server, COUNT) == TRIPLES
        literals = {term(row["o"]) for row in select(server, ALL) if row["o"]["type"] != "uri"}
        assert literals == {
            ("2004", f"{XSD}gYear"),
            ("0.9080843", f"{XSD}decimal"),
            ("7", f"{XSD}integer"),
            ('PI3′K "signals"', ""),
            ("Signale", "de"),
        }
        update = ask(server, "POST", server.update_url, data={"update": INSERT})
        assert update.status_code in {200, 204}, update.text
        assert count(server, COUNT) == TRIPLES + 1
        stored = put(server, TURTLE, "default").ok
        assert stored == server.default_graph == (name != "virtuoso")
        assert not stored or count(server, COUNT_DEFAULT) == TRIPLES
        assert is_open(server.query_url)
    assert not is_open(server.query_url)

    with servers.store_server(name, tmp_path) as again:  # the folder keeps what was stored
        assert count(again, COUNT) == TRIPLES + 1


@pytest.mark.parametrize("name", STORES)
def test_a_store_refuses_broken_turtle_and_stops_though_the_test_fails(name: str, tmp_path: Path) -> None:
    class StopHereError(Exception):
        pass

    seen: list[Server] = []

    def fail() -> None:
        with servers.store_server(name, tmp_path) as server:
            seen.append(server)
            # Virtuoso calls it a failure of its own, and tells no line.
            assert put(server, TURTLE + "oops").status_code == (500 if name == "virtuoso" else 400)
            raise StopHereError

    with pytest.raises(StopHereError):
        fail()
    assert len(seen) == 1
    assert not is_open(seen[0].query_url)


@pytest.mark.parametrize("name", ["virtuoso", "jena"])
def test_a_store_asks_no_other_server(name: str, tmp_path: Path) -> None:
    """Oxigraph has no switch for it: send it no query with SERVICE and no LOAD."""
    with servers.store_server(name, tmp_path) as server, socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        url = f"http://127.0.0.1:{other.getsockname()[1]}/"
        query = f"SELECT * WHERE {{ SERVICE <{url}> {{ ?s ?p ?o }} }}"
        refused = [ask(server, "POST", server.query_url, data={"query": query})]
        if name == "jena":  # Virtuoso's administrator may load what they like
            update = f"LOAD <{url}> INTO GRAPH <{GRAPH}>"
            refused.append(ask(server, "POST", server.update_url, data={"update": update}))
        assert [answer.ok for answer in refused] == [False] * len(refused)
        other.setblocking(False)
        with pytest.raises(BlockingIOError):  # nobody has called
            other.accept()


@pytest.mark.parametrize(
    ("name", "load"), [("oxigraph", servers.oxigraph_load), ("jena", servers.tdb2_load)], ids=["oxigraph", "jena"]
)
def test_the_stores_own_loader_fills_the_folder_that_is_then_served(
    name: str, load: Callable[[Path, list[Path]], None], tmp_path: Path
) -> None:
    if servers.missing(name) and not os.environ.get("CI"):
        pytest.skip(servers.missing(name))
    file = tmp_path / "ten.ttl"
    file.write_text(TURTLE, "utf-8")
    load(tmp_path / "store", [file])
    with servers.store_server(name, tmp_path / "store") as server:
        assert count(server, COUNT_DEFAULT) == TRIPLES
    file.write_text("broken", "utf-8")
    with pytest.raises(RuntimeError, match=r"ended with [1-9]"):
        load(tmp_path / "store", [file])


def test_virtuosos_own_loader_loads_a_file_again_and_tells_its_failures(tmp_path: Path) -> None:
    file = tmp_path / "it's ten.ttl"
    file.write_text(TURTLE, "utf-8")
    with servers.store_server("virtuoso", tmp_path / "store") as server:
        servers.virtuoso_bulk_load(server, tmp_path / "store", file, GRAPH)
        assert count(server, COUNT) == TRIPLES
        file.write_text(TURTLE + "ex:a ex:p ex:b .", "utf-8")
        servers.virtuoso_bulk_load(server, tmp_path / "store", file, GRAPH)
        assert count(server, COUNT) == TRIPLES + 1
        file.write_text("broken", "utf-8")
        with pytest.raises(RuntimeError, match=r"could not load .*it's ten\.ttl: .*syntax error"):
            servers.virtuoso_bulk_load(server, tmp_path / "store", file, GRAPH)


def test_a_store_that_cannot_start_says_what_it_wrote(tmp_path: Path) -> None:
    (tmp_path / "db").write_text("no folder")
    with pytest.raises(RuntimeError, match=r"oxigraph ended with \d+; the end of its log:\n.*db"):  # noqa: SIM117
        with servers.store_server("oxigraph", tmp_path):
            pytest.fail("it started")


@pytest.mark.parametrize("name", STORES)
def test_an_absent_store_is_skipped_by_name_and_fails_in_ci(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    named = {"oxigraph": "Oxigraph server", "virtuoso": "virtuoso-t, isql-vt", "jena": "java, javac"}
    assert named[name] in servers.missing(name)

    def start() -> None:
        with servers.store_server(name, tmp_path):
            pytest.fail("it started")

    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match=named[name]):
        start()
    monkeypatch.setenv("CI", "1")
    with pytest.raises(pytest.fail.Exception, match="CI must have it"):
        start()


def test_servers_end_with_the_process_that_started_them(tmp_path: Path) -> None:
    """A killed pytest leaves no server behind."""
    if not servers._tether():
        pytest.skip("setpriv is not installed")
    code = f"""
import os, pathlib, signal
from tests.stores import servers
with servers.store_server("oxigraph", pathlib.Path({str(tmp_path)!r})) as server:
    print(server.query_url, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == -9, done.stderr
    deadline = time.monotonic() + 5
    while is_open(done.stdout.strip()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_open(done.stdout.strip())
