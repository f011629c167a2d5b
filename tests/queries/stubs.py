"""SPARQL endpoints for the tests: HTTP servers on loopback that hold a small graph and note what they are asked."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NamedTuple, Self
from urllib.parse import parse_qs, urlsplit

import pyoxigraph as ox

JSON_RESULTS: Final = "application/sparql-results+json"
FORM: Final = "application/x-www-form-urlencoded"
QUERY: Final = "application/sparql-query"

_JSON_IS_WANTED: Final = re.compile(r"application/(sparql-results\+)?json|application/\*|\*/\*")
# What may hold the word in a query that calls no service: strings, IRIs, comments, variables and names with a colon.
_NO_KEYWORD: Final = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*"""|"(?:[^"\\\n]|\\.)*"|'
    r"'''(?:[^'\\]|\\.|'(?!''))*'''|'(?:[^'\\\n]|\\.)*'|"
    r"<[^<>\"{}|^`\\\s]*>|#[^\n]*|[?$]\w+|\w*:\w*"
)
_SERVICE: Final = re.compile(r"\bSERVICE\b", re.IGNORECASE)


def calls_service(query: str) -> bool:
    """Whether a query has a SERVICE clause: the word, outside strings, IRIs, comments and names."""
    return _SERVICE.search(_NO_KEYWORD.sub(" ", query)) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request as it came: header names in lower case, the query None where there was none to be found."""

    method: str
    path: str
    headers: dict[str, str]
    body: str
    query: str | None


class _Answer(NamedTuple):
    status: int
    content_type: str
    body: bytes


@dataclass(kw_only=True)
class Endpoint:
    """A SPARQL 1.1 endpoint on a free port of 127.0.0.1, for use in a `with` statement.

    Args:
        graph: Turtle or TriG to answer from; the default graph is the union of all, as at most public endpoints.
        status: another status than 200 makes every answer that status; below 400 with the rows, else with a short text.
        failures: only so many answers have that status, those after it are good.
        delay: seconds before each answer; closing the endpoint ends the wait.
        most_rows: answers are cut to so many rows without a word, as public endpoints do.
        page: sent as HTML with status 200 instead of any answer, as proxies and gateways do.
        headers: sent with every answer.
    """

    graph: Path | None = None
    status: int = 200
    failures: int | None = None
    delay: float = 0.0
    most_rows: int | None = None
    page: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        self._store = ox.Store()
        if self.graph is not None:
            self._store.load(path=self.graph)
        self._closing = threading.Event()
        self._server: _Server | None = None

    def __enter__(self) -> Self:
        self._server = _Server(self)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        """The address of the endpoint."""
        assert self._server is not None, "use the endpoint in a with statement"
        return f"http://127.0.0.1:{self._server.server_port}/sparql"

    @property
    def queries(self) -> list[str]:
        """The texts of the queries that came, in order."""
        return [request.query for request in self.requests if request.query is not None]

    def answer(self, request: Request) -> _Answer:
        """What is sent back for a request."""
        self._closing.wait(self.delay)
        status = self.status if self.failures is None or len(self.requests) <= self.failures else 200
        if status >= 400:
            return _text(status, f"the stub was told to answer {status}")
        answer = self._good_answer(request)
        return answer._replace(status=status) if answer.status == 200 else answer

    def _good_answer(self, request: Request) -> _Answer:
        if self.page is not None:
            return _Answer(200, "text/html; charset=utf-8", self.page.encode())
        if request.query is None:
            return _text(400, "no query")
        if _JSON_IS_WANTED.search(request.headers.get("accept", "*/*")) is None:
            return _text(406, f"only {JSON_RESULTS} is on offer")
        if calls_service(request.query):
            return _text(400, "this endpoint calls no service")
        return self._evaluated(request.query)

    def _evaluated(self, query: str) -> _Answer:
        try:
            found = self._store.query(query, use_default_graph_as_union=True)
            if not isinstance(found, ox.QuerySolutions | ox.QueryBoolean):
                return _text(400, "only SELECT and ASK")
            data = found.serialize(format=ox.QueryResultsFormat.JSON)
        except (SyntaxError, OSError) as error:
            return _text(400, str(error))
        assert data is not None
        return _Answer(200, JSON_RESULTS, self._cut(data))

    def _cut(self, data: bytes) -> bytes:
        if self.most_rows is None:
            return data
        document: dict[str, Any] = json.loads(data)
        if "results" in document:
            document["results"]["bindings"] = document["results"]["bindings"][: self.most_rows]
        return json.dumps(document).encode()


def _text(status: int, text: str) -> _Answer:
    return _Answer(status, "text/plain; charset=utf-8", text.encode())


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.endpoint = endpoint


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        self._serve("")

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", "0"))
        self._serve(self.rfile.read(length).decode("utf-8"))

    def _serve(self, body: str) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        query = _query_of(self.command, self.path, headers.get("content-type", ""), body)
        request = Request(method=self.command, path=self.path, headers=headers, body=body, query=query)
        endpoint = self.server.endpoint
        endpoint.requests.append(request)
        answer = endpoint.answer(request)
        # Who hangs up while waiting is a case under test, not a fault here.
        with suppress(ConnectionError):
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.content_type)
            for name, value in endpoint.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the name is the base class's)
        """Keeps the log off the terminal."""


def _query_of(method: str, path: str, content_type: str, body: str) -> str | None:
    """The query by the three ways of the SPARQL 1.1 protocol."""
    address = urlsplit(path)
    if address.path != "/sparql":
        return None
    media_type = content_type.partition(";")[0].strip().lower()
    if method == "POST" and media_type == QUERY:
        return body
    fields = parse_qs(body if method == "POST" else address.query)
    known = method == "GET" or media_type == FORM
    values = fields.get("query", []) if known else []
    return values[0] if len(values) == 1 else None
