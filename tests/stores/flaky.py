"""A triple store on loopback that fails on command: Graph Store Protocol, SPARQL Update and queries."""

from __future__ import annotations

import hashlib
import re
import socket
import threading
from base64 import b64decode
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Final, Literal, NamedTuple, Self
from urllib.parse import parse_qsl, urlsplit
from urllib.request import parse_http_list, parse_keqv_list

import pyoxigraph as ox

JSON_RESULTS: Final = "application/sparql-results+json"
N_TRIPLES: Final = "application/n-triples"
USER: Final = "tester"
PASSWORD: Final = "s3cr3t-wOrd"  # noqa: S105 (of nothing but this server)
_REALM: Final = "flaky"
_NONCE: Final = "dcd98b7102dd2f0e8b11d0f600bfb0c093"


@dataclass(kw_only=True)
class Fault:
    """What goes wrong, with which requests and how often.

    Args:
        on: method and path of the requests it hits, as a regular expression for the whole of `POST /store`.
        times: how often; None for always.
        status: answered instead of doing what was asked; None does it.
        headers: sent along.
        body: the answer's text.
        drop: hang up before the body is read, or after the request was carried out.
        delay: seconds before the answer.
    """

    on: str = r"POST /store"
    times: int | None = 1
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = "told to fail"
    drop: Literal["", "before", "after"] = ""
    delay: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One request as it came; header names in lower case."""

    method: str
    path: str
    fields: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def line(self) -> str:
        """Method and path."""
        return f"{self.method} {self.path}"


class _Answer(NamedTuple):
    status: int
    body: bytes = b""
    content_type: str = "text/plain"
    headers: Mapping[str, str] = {}


@dataclass(kw_only=True)
class FlakyStore:
    """The store, for use in a `with` statement: `/store`, `/update` and `/query` on a free port of 127.0.0.1.

    Args:
        faults: what goes wrong; the first that fits a request is used.
        auth: what writers have to sign in by, with USER and PASSWORD.
        loses: triples of the first batches that are dropped without a word.
        forgets: triples are counted by their lines, and neither they nor bodies are kept, for large uploads.
        reading: whether queries ask for the password, too.
    """

    faults: list[Fault] = field(default_factory=list)
    auth: Literal["", "basic", "digest"] = ""
    loses: int = 0
    forgets: bool = False
    reading: bool = False
    store: ox.Store = field(default_factory=ox.Store, init=False)
    requests: list[Seen] = field(default_factory=list, init=False)
    forgotten: Counter[str] = field(default_factory=Counter, init=False)

    def __post_init__(self) -> None:
        self.closing = threading.Event()
        self._server = _Server(self)

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def root(self) -> str:
        """The address without a path."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def gsp(self) -> str:
        """The Graph Store Protocol's address."""
        return f"{self.root}/store"

    @property
    def update(self) -> str:
        """The address for SPARQL Update."""
        return f"{self.root}/update"

    @property
    def query(self) -> str:
        """The address for queries."""
        return f"{self.root}/query"

    @property
    def lines(self) -> list[str]:
        """Method and path of each request, in order."""
        return [seen.line for seen in self.requests]

    def fault_for(self, line: str) -> Fault | None:
        """The fault that hits a request, counted as used."""
        for fault in self.faults:
            if fault.times != 0 and re.fullmatch(fault.on, line):
                fault.times = None if fault.times is None else fault.times - 1
                return fault
        return None

    def carry_out(self, seen: Seen) -> _Answer:
        """Do what was asked."""
        if self.auth and (self.reading or seen.path != "/query") and not self._signed(seen):
            return _Answer(401, b"who are you?", headers={"WWW-Authenticate": self._challenge()})
        try:
            if seen.path == "/store":
                return self._graph_store(seen)
            if seen.path == "/update" and seen.method == "POST":
                self.store.update(seen.fields["update"])
                return _Answer(204)
            if seen.path == "/query":
                return self._answer(seen)
        except (SyntaxError, ValueError, KeyError) as error:
            return _Answer(400, str(error).encode())
        return _Answer(404, b"no such address")

    def _graph_store(self, seen: Seen) -> _Answer:
        name = seen.fields.get("graph", "")
        if not name and "default" not in seen.fields:
            return _Answer(400, b"which graph?")
        graph = ox.NamedNode(name) if name else ox.DefaultGraph()
        if seen.method == "DELETE":
            self.forgotten[name] = 0
            if name and graph not in set(self.store.named_graphs()):
                return _Answer(404, b"no such graph")
            self.store.clear_graph(graph)
            return _Answer(204)
        return self._post(seen, name, graph) if seen.method == "POST" else _Answer(405)

    def _post(self, seen: Seen, name: str, graph: ox.NamedNode | ox.DefaultGraph) -> _Answer:
        if self.forgets:
            self.forgotten[name] += sum(not line.startswith(b"@") for line in seen.body.splitlines())
            return _Answer(204)
        form = ox.RdfFormat.from_media_type(seen.headers.get("content-type", ""))
        if form is None:
            return _Answer(415, b"no known format")
        triples = [quad.triple for quad in ox.parse(seen.body, format=form)]
        lost = min(self.loses, len(triples))
        self.loses -= lost
        self.store.extend(ox.Quad(t.subject, t.predicate, t.object, graph) for t in triples[lost:])
        return _Answer(204)

    def _answer(self, seen: Seen) -> _Answer:
        if self.forgets:
            named = re.search(r"GRAPH <([^>]*)>", seen.fields["query"])
            count = self.forgotten[named[1] if named else ""]
            found: object = ox.Store().query(f"SELECT ({count} AS ?n) {{}}")
        else:
            found = self.store.query(seen.fields["query"])
        if isinstance(found, ox.QueryTriples):
            return _Answer(200, found.serialize(format=ox.RdfFormat.N_TRIPLES) or b"", N_TRIPLES)
        assert isinstance(found, ox.QuerySolutions | ox.QueryBoolean)
        return _Answer(200, found.serialize(format=ox.QueryResultsFormat.JSON) or b"", JSON_RESULTS)

    def _challenge(self) -> str:
        if self.auth == "basic":
            return f'Basic realm="{_REALM}"'
        return f'Digest realm="{_REALM}", nonce="{_NONCE}", qop="auth", algorithm=MD5'

    def _signed(self, seen: Seen) -> bool:
        scheme, _, rest = seen.headers.get("authorization", "").partition(" ")
        if scheme.lower() != self.auth:
            return False
        if self.auth == "basic":
            return b64decode(rest).decode() == f"{USER}:{PASSWORD}"
        told = parse_keqv_list(parse_http_list(rest))
        secret = _md5(f"{USER}:{_REALM}:{PASSWORD}")
        action = _md5(f"{seen.method}:{told['uri']}")
        wanted = _md5(f"{secret}:{_NONCE}:{told['nc']}:{told['cnonce']}:auth:{action}")
        return told["username"] == USER and told["response"] == wanted


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, flaky: FlakyStore) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.flaky = flaky

    def handle_error(self, request: object, client_address: object) -> None:
        """Who hangs up is a case under test, not a fault here."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def _serve(self) -> None:
        flaky, address = self.server.flaky, urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        fault = flaky.fault_for(f"{self.command} {address.path}")
        body = b""
        if fault is None or fault.drop != "before":
            body = self.rfile.read(int(headers.get("content-length", "0")))
        fields = dict(parse_qsl(address.query, keep_blank_values=True))
        if headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            fields |= dict(parse_qsl(body.decode(), keep_blank_values=True))
        seen = Seen(method=self.command, path=address.path, fields=fields, headers=headers, body=body)
        flaky.requests.append(replace(seen, body=b"") if flaky.forgets else seen)
        if fault is not None:
            flaky.closing.wait(fault.delay)
        if fault is not None and fault.drop == "before":
            self._hang_up()
            return
        if fault is not None and fault.status is not None:
            kind = fault.headers.get("Content-Type", "text/plain")
            answer = _Answer(fault.status, fault.body.encode(), kind, fault.headers)
        else:
            answer = flaky.carry_out(seen)
            answer = answer._replace(headers={**answer.headers, **(fault.headers if fault else {})})
        if fault is not None and fault.drop == "after":
            self._hang_up()
            return
        self._send(answer)

    def _send(self, answer: _Answer) -> None:
        with suppress(ConnectionError):
            self.send_response(answer.status)
            for name, value in {"Content-Type": answer.content_type, **answer.headers}.items():
                self.send_header(name, value)
            if answer.status != 204:
                self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

    def _hang_up(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the name is the base class's)
        """Keeps the log off the terminal."""
