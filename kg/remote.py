"""HTTP to SPARQL endpoints: one session with credentials from the environment or netrc, retries and clear errors."""

from __future__ import annotations

import os
import re
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase, HTTPBasicAuth, HTTPDigestAuth
from urllib3.util import Retry

from kg.errors import QueryError
from kg.resources import tool_version

__all__ = ["PASSWORD", "RESULTS", "USER", "ask_endpoint", "open_session", "refused", "require_url"]

USER: Final = "KG_USER"
PASSWORD: Final = "KG_PASSWORD"  # noqa: S105 (the name of a variable)
RESULTS: Final = "application/sparql-results+json"
_GRAPHS: Final = "application/n-triples"
_CONNECT_SECONDS: Final = 20
_LONGEST_WAIT: Final = 30
# The MeSH server cuts at this many rows without a word (https://hhs.github.io/meshrdf/sparql-and-uri-requests).
_ROW_LIMITS: Final = {"id.nlm.nih.gov": 1_000}
# Servers and proxies cut addresses at 2,000 characters and more; short queries stay cacheable GETs.
_LONGEST_GET: Final = 1_800


class _Credentials(AuthBase):
    """User and password in the way that the server asks for: nothing is sent before it does."""

    def __init__(self, user: str, password: str) -> None:
        self.basic, self.digest = HTTPBasicAuth(user, password), HTTPDigestAuth(user, password)

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Sign a request: digest once a server has asked for it, else on demand."""
        self.digest(request)
        request.register_hook("response", self._answer)  # type: ignore[no-untyped-call]
        return request

    def _answer(self, response: requests.Response, **kwargs: Any) -> requests.Response:
        """Repeat a refused request with a basic password where the server names that scheme."""
        wanted = response.headers.get("www-authenticate", "").lower()
        if response.status_code != requests.codes.unauthorized or not wanted.startswith("basic"):
            return response
        if "Authorization" in response.request.headers:
            return response
        _ = response.content  # the connection is free again once the body is read
        again = response.request.copy()
        self.basic(again)
        repeated = response.connection.send(again, **kwargs)
        repeated.history.append(response)
        return repeated


def open_session(*, retries: int = 4, sign_in: bool = True) -> requests.Session:
    """A session that retries what may pass (429, 502, 503, 504, a lost connection), ever more slowly.

    Args:
        retries: how often.
        sign_in: use the environment variables `KG_USER` and `KG_PASSWORD`; they belong to the store that the user
            names, never to an endpoint that a query names. netrc, which goes by host, is always read.
    """
    session = requests.Session()
    session.headers["User-Agent"] = f"pfocr-kg/{tool_version()} (https://w3id.org/pfocr-kg/)"
    policy = Retry(
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
    if sign_in and os.environ.get(USER):
        session.auth = _Credentials(os.environ[USER], os.environ.get(PASSWORD, ""))
    return session


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
        raise QueryError.of("bad-address", f"{url!r} is no address", "", "write http://... or https://...")
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
        if len(text) < _LONGEST_GET:
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
    reason = re.sub(r"^.*?(?=\[Errno|timed out|Name or)", "", str(error), flags=re.DOTALL)
    return QueryError.of(
        "endpoint-failed",
        f"{url} does not answer: {_excerpt(reason)}",
        "",
        "check the address, and that the server runs",
    )


def refused(url: str, answer: requests.Response) -> QueryError:
    """The error for an answer that is none."""
    denied = answer.status_code in (requests.codes.unauthorized, requests.codes.forbidden)
    return QueryError.of(
        "endpoint-failed",
        f"{url} answered {answer.status_code} {answer.reason}",
        _excerpt(answer.text),
        f"set {USER} and {PASSWORD}, or use ~/.netrc" if denied else "what the server says tells what to mend",
    )


def _excerpt(text: str) -> str:
    """The beginning of a server's message, on one line, without tags."""
    plain = " ".join(re.sub(r"<[^>]*>", " ", text).split())
    return plain[:300] + ("..." if len(plain) > 300 else "")
