"""What people do to a server: refused or limited, the server alive and its memory bounded after each."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

import httpx
import pytest

from kg.explorer import limits, server
from tests.explorer.inside import inside, loaded
from tests.explorer.servers import Server, delete, get, post, running

pytestmark = pytest.mark.loopback

RUNAWAY: Final = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
NUMBERS: Final = " ".join(map(str, range(100)))
LARGE: Final = "SELECT * { " + " ".join(f"VALUES ?{name} {{ {NUMBERS} }}" for name in "abc") + " }"
MOST_GROWTH: Final = 48 << 20
FORM: Final = "application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def attacked_server(seed_graph: Path, explorer_cache: Path) -> Iterator[Server]:
    with running(seed_graph, "--timeout", 1, "--workers", 2, cache=explorer_cache) as started:
        for _ in range(30):  # so that memory of the first requests is there before it is measured
            get(f"{started.url}/sparql", params={"query": "SELECT * { ?s ?p ?o } LIMIT 1000"})
        yield started


@pytest.fixture
def attacked(attacked_server: Server) -> Iterator[Server]:
    """A server that must be well after the test, too."""
    before, told = attacked_server.memory(), len(attacked_server.stderr)
    yield attacked_server
    answer = get(f"{attacked_server.url}/sparql", params={"query": "ASK { ?s a pfo:Gene }"}, timeout=20)
    assert answer.json()["boolean"] is True
    assert attacked_server.process.poll() is None
    assert attacked_server.memory() - before < MOST_GROWTH
    assert not [line for line in attacked_server.stderr[told:] if "Traceback" in line]


@pytest.fixture(scope="module")
def database(seed_graph: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return loaded(seed_graph, tmp_path_factory.mktemp("attacks") / "store")


def asked(attacked: Server, query: str) -> httpx.Response:
    return post(f"{attacked.url}/sparql", data={"query": query}, timeout=30)


def connected(attacked: Server) -> socket.socket:
    return socket.create_connection(("127.0.0.1", attacked.port), timeout=30)


def status(said: bytes) -> int:
    match = re.match(rb"HTTP/1.1 (\d+)", said)
    assert match, said[:200]
    return int(match[1])


def all_of(connection: socket.socket) -> bytes:
    """What comes until the other side hangs up, however it does that."""
    parts: list[bytes] = []
    with contextlib.suppress(ConnectionError):
        while part := connection.recv(65536):
            parts.append(part)
    return b"".join(parts)


# --- the network, and the data --------------------------------------------------------------------------------------


@pytest.fixture
def trap() -> Iterator[tuple[str, list[object]]]:
    """An address that nobody may connect to, and who did."""
    caught: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.05)
        over = threading.Event()

        def accept() -> None:
            while not over.is_set():
                with contextlib.suppress(TimeoutError):
                    connection, where = listening.accept()
                    connection.close()
                    caught.append(where)

        thread = threading.Thread(target=accept)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/x", caught
        over.set()
        thread.join()


CALLS: Final = {
    "SERVICE": "ASK {{ SERVICE <{trap}> {{ ?s ?p ?o }} }}",
    "SERVICE SILENT": "ASK {{ SERVICE SILENT <{trap}> {{ ?s ?p ?o }} }}",
    "in lower case": "ask {{ service<{trap}>{{ ?s ?p ?o }} }}",
    "by prefix": "PREFIX x: <{trap}> ASK {{ SERVICE x: {{ ?s ?p ?o }} }}",
    "by variable": "ASK {{ BIND(<{trap}> AS ?x) SERVICE ?x {{ ?s ?p ?o }} }}",
    "by values": "ASK {{ VALUES ?x {{ <{trap}> }} SERVICE ?x {{ ?s ?p ?o }} }}",
    "with escapes": "ASK {{ \\u0053ERVICE <{trap}> {{ ?s ?p ?o }} }}",
    "with escapes of escapes": "ASK {{ \\u005Cu0053ERVICE <{trap}> {{ ?s ?p ?o }} }}",
    "in a subquery": "ASK {{ {{ SELECT * {{ SERVICE <{trap}> {{ ?s ?p ?o }} }} }} }}",
    "in a filter": "ASK {{ ?a ?b ?c FILTER EXISTS {{ SERVICE <{trap}> {{ ?s ?p ?o }} }} }}",
    "in minus": "ASK {{ ?a ?b ?c MINUS {{ SERVICE <{trap}> {{ ?s ?p ?o }} }} }}",
    "behind a comparison": "SELECT * {{ ?a ?b ?c FILTER(?c < 1) SERVICE <{trap}> {{ ?s ?p ?o }} #> \n}}",
    "behind a false comment": "ASK {{ ?a ?b '#' . SERVICE <{trap}> {{ ?s ?p ?o }} }}",
    "behind a false text": "ASK {{ ?a ?b '''it's''' . SERVICE <{trap}> {{ ?s ?p ?o }} }}",
    "in a construct": "CONSTRUCT {{ ?s ?p ?o }} WHERE {{ SERVICE <{trap}> {{ ?s ?p ?o }} }}",
    "in a describe": "DESCRIBE ?s WHERE {{ SERVICE <{trap}> {{ ?s ?p ?o }} }}",
    "LOAD": "LOAD <{trap}>",
    "LOAD SILENT": "LOAD SILENT <{trap}> INTO GRAPH <urn:x>",
    "LOAD behind a query": "ASK {{}} ; LOAD <{trap}>",
    "INSERT by call": "INSERT {{ ?s ?p ?o }} WHERE {{ SERVICE <{trap}> {{ ?s ?p ?o }} }}",
    "FROM": "ASK FROM <{trap}> {{ ?s ?p ?o }}",
    "FROM NAMED": "ASK FROM NAMED <{trap}> {{ GRAPH ?g {{ ?s ?p ?o }} }}",
}


@pytest.mark.parametrize("name", CALLS)
def test_no_query_makes_the_server_call_anybody(attacked: Server, trap: tuple[str, list[object]], name: str) -> None:
    address, caught = trap
    response = asked(attacked, CALLS[name].format(trap=address))
    if name.startswith("FROM"):  # a graph of that name, which is not there
        assert response.json()["boolean"] is False
    else:
        assert response.status_code in (400, 403), response.text
    for parameter in ("default-graph-uri", "named-graph-uri", "using-graph-uri"):
        get(f"{attacked.url}/sparql", params={"query": "ASK { ?s ?p ?o }", parameter: address})
    time.sleep(0.1)
    assert caught == []


def test_the_trap_catches(trap: tuple[str, list[object]]) -> None:
    address, caught = trap
    with contextlib.suppress(httpx.HTTPError):
        get(address)
    time.sleep(0.1)
    assert len(caught) == 1


@pytest.mark.parametrize(
    "update",
    [
        "INSERT DATA { <urn:a> <urn:b> <urn:c> }",
        "DELETE WHERE { ?s ?p ?o }",
        "CLEAR ALL",
        "DROP SILENT ALL",
        "CREATE GRAPH <urn:g>",
        "COPY DEFAULT TO <urn:g>",
        "WITH <urn:g> DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }",
        "ASK {} ; CLEAR ALL",
        "PREFIX x: <urn:x> CLEAR ALL",
        "\\u0043LEAR ALL",
        "#comment\nCLEAR ALL",
    ],
)
def test_no_update_changes_anything(attacked: Server, update: str) -> None:
    count = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
    before = asked(attacked, count).json()
    address = f"{attacked.url}/sparql"
    answers = [
        get(address, params={"query": update}),
        get(address, params={"update": update}),
        post(address, data={"query": update}),
        post(address, data={"update": update}),
        post(address, content=update, headers={"Content-Type": "application/sparql-query"}),
        post(address, content=update, headers={"Content-Type": "application/sparql-update"}),
    ]
    assert {answer.status_code for answer in answers} <= {400, 403}
    assert asked(attacked, count).json() == before


# --- endless and giant queries ------------------------------------------------------------------------------------

HEAVY: Final = {
    "cross product": RUNAWAY,
    "long path": "SELECT (COUNT(*) AS ?n) { ?a (!<urn:x>|^(!<urn:x>))* ?b . ?c (!<urn:x>)* ?d . ?e (!<urn:y>)* ?f }",
    "slow pattern": f'ASK {{ ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(REGEX("{"a" * 5000}", "(a*)*b") && ?c = "no") }}',
    "nested groups": "ASK " + "{" * 50_000 + "}" * 50_000,
    "nested brackets": "ASK { FILTER(" + "(" * 50_000 + "1" + ")" * 50_000 + ") }",
    "nested groups and the word": "ASK " + "{" * 3_000 + "?service ?p ?o" + "}" * 3_000,
    "nested escapes": "ASK { ?s ?p '" + "\\u005C" + "u005C" * 150_000 + "' }",
    "many values": "SELECT * { VALUES ?x { " + "1 " * 400_000 + "} }",
    "many unions": "ASK { " + " UNION ".join(["{ ?s ?p ?o }"] * 20_000) + " }",
    "one long word": "SELECT ?" + "x" * 1_000_000 + " {}",
    "only brackets": "(" * 1_000_000,
    "only quotes": "'" * 999_999,
}


@pytest.mark.parametrize("name", HEAVY)
def test_a_query_made_to_be_heavy_ends(attacked: Server, name: str) -> None:
    start = time.monotonic()
    response = asked(attacked, HEAVY[name])
    assert response.status_code in (200, 400, 500), response.text
    assert time.monotonic() - start < 5


def test_a_flood_of_runaway_queries_is_turned_away_or_stopped(attacked: Server) -> None:
    answers: list[int] = []

    def ask() -> None:
        with contextlib.suppress(httpx.TimeoutException):
            answers.append(post(f"{attacked.url}/sparql", data={"query": RUNAWAY}, timeout=2).status_code)

    threads = [threading.Thread(target=ask) for _ in range(80)]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    page = get(f"{attacked.url}/sparql", timeout=5)
    assert page.status_code == 200, "what needs no query goes on"
    for thread in threads:
        thread.join()
    assert {*answers} <= {500, 503}
    assert 503 in answers
    time.sleep(0.5)
    assert len(attacked.workers()) <= 2


def test_clients_that_go_take_their_queries_along(attacked: Server) -> None:
    target = f"/sparql?{urlencode({'query': RUNAWAY})}"
    for _ in range(10):
        with connected(attacked) as connection:
            connection.sendall(f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            time.sleep(0.02)
    start = time.monotonic()
    assert asked(attacked, "ASK {}").status_code == 200
    assert time.monotonic() - start < 4


# --- requests too large ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [FORM, "application/sparql-query", "text/plain", "multipart/form-data; boundary=x"])
@pytest.mark.parametrize("path", ["/sparql", "/gene-list", "/settings", "/static/nothing", "/"])
def test_10_mb_are_refused(attacked: Server, path: str, kind: str) -> None:
    answer = post(f"{attacked.url}{path}", content=b"a" * 10_000_000, headers={"Content-Type": kind}, timeout=30)
    assert answer.status_code == 413


def test_a_body_without_end_is_cut_off(attacked: Server) -> None:
    sent = 0
    with connected(attacked) as connection:
        connection.sendall(b"POST /sparql HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            while sent < 200 << 20:
                connection.sendall(b"10000\r\n" + b"x" * 65536 + b"\r\n")
                sent += 65536
    assert sent < 64 << 20


def test_a_length_of_a_terabyte_is_refused_before_it_comes(attacked: Server) -> None:
    with connected(attacked) as connection:
        connection.sendall(b"POST /sparql HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000000\r\n\r\n")
        assert status(all_of(connection)) == 413


@pytest.mark.parametrize("length", ["-1", "1e3", "0x10", "5, 6", "\u0665", "99999999999999999999999999"], ids=ascii)
def test_a_length_that_is_none_is_refused(attacked: Server, length: str) -> None:
    with connected(attacked) as connection:
        connection.sendall(f"POST /sparql HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\nx".encode())
        assert status(all_of(connection)) in (400, 413)


def test_an_address_of_40_kb_is_refused(attacked: Server) -> None:
    answer = get(f"{attacked.url}/sparql?query={'x' * 40_000}")
    assert answer.status_code == 414
    assert "POST" in answer.text


def test_a_head_without_end_is_cut_off(attacked: Server) -> None:
    for first in (b"GET /", b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ", b"GET / HTTP/1.1\r\nHost: localhost\r\n"):
        sent = 0
        with connected(attacked) as connection:
            connection.sendall(first)
            with contextlib.suppress(ConnectionError):
                while sent < 50 << 20:
                    connection.sendall(b"X: yyyyyyyy\r\n" * 5_000 if first.endswith(b"\n") else b"x" * 65536)
                    sent += 65536
        assert sent < 8 << 20


def test_a_trailer_without_end_is_cut_off(attacked: Server) -> None:
    sent = 0
    with connected(attacked) as connection:
        connection.sendall(b"POST /sparql HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: ")
        with contextlib.suppress(ConnectionError):
            while sent < 200 << 20:
                connection.sendall(b"x" * 65536)
                sent += 65536
    assert sent < 64 << 20


def test_requests_piled_up_on_one_connection_are_cut_off(attacked: Server) -> None:
    one = f"GET /sparql?{urlencode({'query': RUNAWAY})} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    with connected(attacked) as connection, contextlib.suppress(ConnectionError):
        for _ in range(100):
            connection.sendall(one * 1_000)
        all_of(connection)


# --- slow clients ---------------------------------------------------------------------------------------------------


@pytest.fixture
def hasty(database: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[httpx.Client]:
    """A server whose patience is that of the real one, divided by twenty."""
    monkeypatch.setattr(server._Connection, "head_seconds", 0.5)
    monkeypatch.setattr(server._Connection, "read_seconds", 0.5)
    monkeypatch.setattr(server, "_TICK", 0.1)
    monkeypatch.setattr(limits.Limits, "body_seconds", 0.7)
    with inside(database) as client:
        yield client


def dripping(client: httpx.Client, first: bytes, drop: bytes) -> tuple[float, bytes]:
    """Seconds until the server has enough of a client that sends a drop at a time, and what it says then."""
    url = client.base_url
    with socket.create_connection((url.host, url.port or 0), timeout=10) as connection:
        start = time.monotonic()
        connection.sendall(first)
        connection.settimeout(0.05)
        said = b""
        while time.monotonic() - start < 8:
            try:
                part = connection.recv(65536)
            except TimeoutError:
                with contextlib.suppress(ConnectionError):
                    connection.sendall(drop)
                continue
            except ConnectionError:
                break
            if not part:
                break
            said += part
        return time.monotonic() - start, said


@pytest.mark.parametrize(
    ("first", "drop"),
    [(b"", b""), (b"G", b""), (b"GET / HTTP/1.1\r\n", b"X: y\r\n"), (b"GET /", b"x")],
    ids=["nothing", "a letter", "headers", "address"],
)
def test_a_head_that_drips_is_given_up(hasty: httpx.Client, first: bytes, drop: bytes) -> None:
    seconds, said = dripping(hasty, first, drop)
    assert 0.4 < seconds < 3
    assert status(said) == 408


def test_a_body_that_drips_is_given_up(hasty: httpx.Client) -> None:
    head = b"POST /sparql HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n"
    seconds, said = dripping(hasty, head, b"x")
    assert 0.6 < seconds < 3
    assert status(said) == 408


def test_a_second_request_that_drips_is_given_up(hasty: httpx.Client) -> None:
    seconds, said = dripping(hasty, b"GET /sparql HTTP/1.1\r\nHost: localhost\r\n\r\n", b"G")
    assert seconds < 4
    assert said.startswith(b"HTTP/1.1 200")


def test_a_reader_that_takes_nothing_is_given_up(hasty: httpx.Client) -> None:
    url = hasty.base_url
    target = f"/sparql?{urlencode({'query': LARGE, 'format': 'csv'})}"
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(10)
        connection.connect((url.host, url.port))
        connection.sendall(f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        time.sleep(1.3)
        taken = len(all_of(connection))
    whole = len(hasty.get(target).content)
    assert 0 < taken < whole


def test_a_reader_that_is_only_slow_gets_all(hasty: httpx.Client) -> None:
    with hasty.stream("GET", "/sparql", params={"query": LARGE, "format": "csv"}) as response:
        taken = 0
        for part in response.iter_raw(1 << 20):
            taken += len(part)
            time.sleep(0.1)
    assert taken == int(response.headers["content-length"]) > 9_000_000


def test_idle_connections_keep_nobody_out(attacked: Server) -> None:
    with contextlib.ExitStack() as stack:
        idle = [stack.enter_context(connected(attacked)) for _ in range(server.CONNECTIONS + 50)]
        assert len(idle) > server.CONNECTIONS
        for _ in range(5):
            assert asked(attacked, "ASK {}").status_code == 200


# --- addresses and names --------------------------------------------------------------------------------------------

SECRETS: Final = ("root:x:", "[project]", "import ", "pfocr-kg")


@pytest.mark.parametrize(
    "path",
    [
        "/static/../../../pyproject.toml",
        "/static/..%2f..%2f..%2fpyproject.toml",
        "/static/%2e%2e/%2e%2e/app.py",
        "/static/..%5c..%5capp.py",
        "/static//etc/passwd",
        "/static/%2fetc%2fpasswd",
        "/static/....//....//etc/passwd",
        "/static/%00",
        "/static/a%00.css",
        "/static/",
        "/figure/../../../etc/passwd",
        "/figure/..%2f..%2f..%2fetc%2fpasswd",
        "/figure/%00",
        "/figure/%ff%fe",
        "/download/../pyproject.toml",
        "/download/..%2fpyproject.toml",
        "/query/..%2f..%2fpyproject.toml",
        "/query/%2e%2e%2fREADME",
        "//etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
    ],
)
def test_no_address_leads_out_of_the_explorer(attacked: Server, path: str) -> None:
    with connected(attacked) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        said = all_of(connection)
    assert status(said) in (400, 404, 405), said[:300]
    body = said.partition(b"\r\n\r\n")[2].decode("utf-8", "replace")
    assert not [secret for secret in SECRETS if secret in body]


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:7878", "127.0.0.1.evil.example", "localhost.evil.example", "1.1.1.1", "8.8.8.8"],
)
def test_a_page_that_takes_our_address_for_its_own_gets_nothing(attacked: Server, host: str) -> None:
    answer = get(f"{attacked.url}/sparql", params={"query": "ASK {}"}, headers={"Host": host})
    assert answer.status_code == 421


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1:80", "[::1]", "[::1]:7878", "127.1.2.3"])
def test_this_machine_has_many_names(attacked: Server, host: str) -> None:
    answer = get(f"{attacked.url}/sparql", params={"query": "ASK {}"}, headers={"Host": host})
    assert answer.status_code == 200


@pytest.mark.parametrize("host", ["", "a b", "<script>", "a/b", "a@b", "\u00e4", "x" * 10_000])
def test_a_host_that_is_none_is_refused(attacked: Server, host: str) -> None:
    with connected(attacked) as connection:
        connection.sendall(f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        assert status(all_of(connection)) in (400, 421)


@pytest.mark.parametrize(
    "raw",
    [
        b"\x00\x01\x02\x03\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        b"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX\x00Y: z\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
)
def test_what_is_no_request_is_refused(attacked: Server, raw: bytes) -> None:
    with connected(attacked) as connection:
        connection.settimeout(15)
        connection.sendall(raw)
        connection.shutdown(socket.SHUT_WR)
        assert status(all_of(connection)) >= 400


# --- what browsers are told -----------------------------------------------------------------------------------------

WAYS: Final[dict[str, Callable[[str], httpx.Response]]] = {
    "an answer": lambda url: get(f"{url}/sparql?query=ASK%7B%7D"),
    "an error": lambda url: get(f"{url}/sparql?query=%3Cscript%3Ealert(1)%3C/script%3E"),
    "nothing": lambda url: get(f"{url}/nothing/%3Cscript%3E", headers={"Accept": "text/html"}),
    "nothing, for a program": lambda url: get(f"{url}/nothing/%3Cscript%3E"),
    "a redirect": lambda url: get(f"{url}/.well-known/void"),
    "too much": lambda url: post(f"{url}/sparql", content=b"x" * 5_000_000),
    "another host": lambda url: get(f"{url}/", headers={"Host": "evil.example"}),
    "another method": lambda url: delete(f"{url}/sparql"),
    "a download": lambda url: get(f"{url}/download/shapes.ttl"),
}


@pytest.mark.parametrize("way", WAYS)
def test_every_answer_is_strict_with_browsers(attacked: Server, way: str) -> None:
    answer = WAYS[way](attacked.url)
    told = answer.headers
    policy = dict(part.strip().partition(" ")[::2] for part in told["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == policy["form-action"] == "'self'"
    assert policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert "unsafe" not in told["content-security-policy"]
    assert told["x-content-type-options"] == "nosniff"
    assert told["referrer-policy"] == "same-origin"
    assert told["cross-origin-opener-policy"] == told["cross-origin-resource-policy"] == "same-origin"
    assert "server" not in told
    if "html" in told.get("content-type", ""):
        assert "<script>" not in answer.text


def test_pictures_come_from_europe_pmc_only_where_they_are_shown(attacked: Server, served: str) -> None:
    def pictures(answer: httpx.Response) -> bool:
        return "https://europepmc.org" in answer.headers["content-security-policy"]

    assert pictures(get(f"{attacked.url}/sparql"))
    assert not pictures(get(f"{attacked.url}/sparql", headers={"Cookie": "theme=dark; images=off"}))
    assert not pictures(get(f"{served}/sparql")), "--no-images"


def test_an_error_quotes_what_was_sent_as_plain_text(attacked: Server) -> None:
    answer = get(f"{attacked.url}/sparql", params={"query": "ASK { <script>alert(1)</script> }"})
    assert answer.headers["content-type"].startswith("text/plain")
    assert json.dumps(answer.text)


def test_half_characters_and_bad_utf8_are_refused(attacked: Server) -> None:
    for target in (
        "/sparql?query=%ff",
        "/sparql?query=%ed%a0%80",
        "/sparql?%ff=x",
        "/search?q=%ff%fe",
        "/gene/%ff",
    ):
        assert get(f"{attacked.url}{target}").status_code in (200, 400, 404)
    with connected(attacked) as connection:
        connection.sendall(b"GET /sparql?query=\xff\xfe HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert status(all_of(connection)) == 400
