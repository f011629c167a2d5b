"""HTTP to SPARQL endpoints: one session with credentials from the environment or netrc, retries and clear errors."""

from __future__ import annotations

import os
import re
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import quote_plus, urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase, HTTPBasicAuth, HTTPDigestAuth
from urllib3.connectionpool import ConnectionPool
from urllib3.exceptions import ReadTimeoutError
from urllib3.response import BaseHTTPResponse
from urllib3.util import Retry

from kg.errors import QueryError
from kg.resources import tool_version

__all__ = ["PASSWORD", "RESULTS", "USER", "ask_endpoint", "open_session", "refused", "require_url"]

USER: Final = "KG_USER"
PASSWORD: Final = "KG_PASSWORD"  # noqa: S105 (the name of a variable)
RESULTS: Final = "application/sparql-results+json"
_CONNECT_SECONDS: Final = 20
_LONGEST_WAIT: Final = 30
# The MeSH server cuts at this many rows without a word (https://hhs.github.io/meshrdf/sparql-and-uri-requests).
_ROW_LIMITS: Final = {"id.nlm.nih.gov": 1_000}
# Servers and proxies cut addresses at 2,000 characters and more; short queries stay cacheable GETs.
_LONGEST_GET: Final = 1_800


class _Digest(HTTPDigestAuth):
    """A digest password for one host only: redirects keep an auth's hooks."""

    def __init__(self, user: str, password: str, host: str) -> None:
        super().__init__(user, password)
        self.host = host

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Sign a request once the server has given what is needed for it."""
        if _host(request.url) != self.host:
            return request
        signed: requests.PreparedRequest = super().__call__(request)  # type: ignore[no-untyped-call]
        return signed

    def handle_401(self, r: requests.Response, **kwargs: Any) -> requests.Response:
        """Repeat a refused request with a digest where the server names that scheme."""
        if _host(r.url) != self.host:
            return r
        repeated: requests.Response = super().handle_401(r, **kwargs)  # type: ignore[no-untyped-call]
        return repeated


class _Credentials(AuthBase):
    """User and password for one host, in the way that it asks for: nothing is sent before it does."""

    def __init__(self, user: str, password: str, host: str) -> None:
        self.basic, self.digest, self.host = HTTPBasicAuth(user, password), _Digest(user, password, host), host
        self.takes_basic = False

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Sign a request as the host has asked for it before, else on demand."""
        if _host(request.url) != self.host:
            return request
        if self.takes_basic:
            self.basic(request)
            return request
        self.digest(request)
        request.register_hook("response", self._answer)  # type: ignore[no-untyped-call]
        return request

    def _answer(self, response: requests.Response, **kwargs: Any) -> requests.Response:
        """Repeat a refused request with a basic password where the host names that scheme."""
        wanted = re.search(r"\bbasic\b", response.headers.get("www-authenticate", ""), re.IGNORECASE)
        refused_here = response.status_code == requests.codes.unauthorized and _host(response.url) == self.host
        if not (refused_here and wanted) or "Authorization" in response.request.headers:
            return response
        _ = response.content  # the connection is free again once the body is read
        again = response.request.copy()
        self.basic(again)
        repeated: requests.Response = response.connection.send(again, **kwargs)
        repeated.history.append(response)
        self.takes_basic = repeated.status_code != requests.codes.unauthorized
        return repeated


def _host(url: str | None) -> str:
    """Host and port of an address."""
    return urlsplit(url or "").netloc.rpartition("@")[2].lower()


class _Retry(Retry):
    """Tries again what may pass; a server that hangs is not asked again, since it may hang for as long."""

    def increment(
        self,
        method: str | None = None,
        url: str | None = None,
        response: BaseHTTPResponse | None = None,
        error: Exception | None = None,
        _pool: ConnectionPool | None = None,
        _stacktrace: TracebackType | None = None,
    ) -> Self:
        """The policy for the next try, or the error where there is none."""
        if isinstance(error, ReadTimeoutError):
            raise error
        return super().increment(method, url, response, error, _pool, _stacktrace)


def open_session(url: str | None = None, *, retries: int = 4) -> requests.Session:
    """A session that retries what may pass (429, 502, 503, 504, a lost connection), ever more slowly.

    Args:
        url: the store or endpoint that the user names: user and password of the environment variables `KG_USER` and
            `KG_PASSWORD`, else of netrc, are for its host alone. Without it only netrc is read, which goes by host.
        retries: how often.
    """
    session = requests.Session()
    session.headers["User-Agent"] = f"pfocr-kg/{tool_version()} (https://w3id.org/pfocr-kg/)"
    policy = _Retry(
        total=retries,
        backoff_factor=0.5,
        status_forcelist=(429, 502, 503, 504),
        allowed_methods=None,  # all: what is sent twice adds the same triples once
        respect_retry_after_header=True,
        retry_after_max=_LONGEST_WAIT,
        raise_on_status=False,
    )
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(max_retries=policy))
    known = _known_to(url) if url else None
    if url and known:
        session.auth = _Credentials(*known, _host(url))
    return session


def _known_to(url: str) -> tuple[str, str] | None:
    """User and password for an address, from the environment, else from netrc."""
    if os.environ.get(USER):
        return os.environ[USER], os.environ.get(PASSWORD, "")
    found = requests.utils.get_netrc_auth(url)
    return (found[0], found[1]) if found else None


def require_url(url: str) -> str:
    """The address as given.

    Raises:
        QueryError: it is no http(s) address, or has a password in it.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        shown = re.sub(r"^.*@", "...@", url, flags=re.DOTALL)
        raise QueryError.of("bad-address", f"{shown!r} is no address", "", "write http://... or https://...")
    if parts.password:
        raise QueryError.of(
            "bad-address",
            "the address has a password in it",
            "what stands on the command line is seen by all users of a machine",
            f"set {USER} and {PASSWORD}, or use ~/.netrc",
        )
    return url


def ask_endpoint(
    session: requests.Session, url: str, text: str, *, accept: str = RESULTS, timeout: float | None = None
) -> bytes:
    """The answer of an endpoint to a query, by the SPARQL 1.1 Protocol (GET where short, else POST).

    Raises:
        QueryError: the endpoint cannot be reached, refuses, answers something else, or only a part.
    """
    arguments: dict[str, Any] = {"headers": {"Accept": accept}, "timeout": (_CONNECT_SECONDS, timeout)}
    try:
        if len(url) + len(quote_plus(text)) < _LONGEST_GET:
            answer = session.get(url, params={"query": text}, **arguments)
        else:
            answer = session.post(url, data={"query": text}, **arguments)
    except requests.RequestException as error:
        raise unreachable(url, error) from None
    if not answer.ok:
        raise refused(url, answer)
    _require_whole(url, answer)
    kind = answer.headers.get("Content-Type", "").split(";")[0].strip().lower()
    if kind not in (accept, "application/json", "text/plain"):
        raise QueryError.of(
            "endpoint-failed",
            f"{url} answered {kind or 'nothing that it names'}, {accept} was asked for",
            _excerpt(answer.text),
            "check that this is the address of a SPARQL 1.1 endpoint",
        )
    return answer.content


def _require_whole(url: str, answer: requests.Response) -> None:
    """Refuse an answer that the server says it has cut: rows that are missing make other rows wrong."""
    limit = _ROW_LIMITS.get(urlsplit(url).hostname or "")
    cut = (
        answer.status_code == requests.codes.partial_content
        or "X-SPARQL-MaxRows" in answer.headers
        or answer.headers.get("X-SQL-State") == "S1TAT"
        or (limit is not None and answer.content.count(b'"type"') >= limit and _rows_in(answer) >= limit)
    )
    if cut:
        raise QueryError.of(
            "endpoint-failed",
            f"{url} cut its answer off",
            "it limits rows or time, and a part of the rows would give a wrong result",
            "ask for less at a time, or use an endpoint without the limit (--service ENDPOINT=URL)",
        )


def _rows_in(answer: requests.Response) -> int:
    try:
        return len(answer.json()["results"]["bindings"])
    except (ValueError, LookupError, TypeError):
        return 0


def unreachable(url: str, error: Exception) -> QueryError:
    """The error for a server that does not answer."""
    return QueryError.of(
        "endpoint-failed",
        f"{url} does not answer: {_excerpt(_reason(error))}",
        "",
        "check the address, and that the server runs; give a slow one longer with --timeout SECONDS",
    )


def _reason(error: BaseException) -> str:
    """The innermost error's text, without the objects that the outer ones show."""
    inner: object = error
    while isinstance(inner, BaseException):
        error = inner
        causes = (getattr(error, "reason", None), *error.args)
        inner = next((cause for cause in causes if isinstance(cause, BaseException)), None)
    return str(error).rpartition(": ")[2].partition(" (read timeout")[0] or type(error).__name__


def refused(url: str, answer: requests.Response) -> QueryError:
    """The error for an answer that is none."""
    denied = answer.status_code in (requests.codes.unauthorized, requests.codes.forbidden)
    mend = "what the server says tells what to mend"
    if "read-only" in answer.text.lower():
        denied, mend = False, "start the server so that it may be written to"
    if "default graph" in answer.text.lower():
        mend = "the store may have no default graph: name one with --graph-iri"
    return QueryError.of(
        "endpoint-failed",
        f"{url} answered {answer.status_code} {answer.reason}",
        _excerpt(answer.text),
        f"set {USER} and {PASSWORD}, or use ~/.netrc" if denied else mend,
    )


def _excerpt(text: str) -> str:
    """The beginning of a server's message, on one line, without tags."""
    plain = " ".join(re.sub(r"<[^>]*>", " ", text).split())
    return plain[:300] + ("..." if len(plain) > 300 else "")
