"""What the explorer refuses: each with its status, and a code that docs/explorer.md names."""

from __future__ import annotations

import errno
import socket
from typing import Any

import httpx
import pytest

from kg.errors import UsageError
from kg.explorer.server import bind

pytestmark = pytest.mark.loopback

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
DIRECT = {"Content-Type": "application/sparql-query"}


@pytest.mark.parametrize(
    ("method", "path", "options", "status", "code"),
    [
        ("GET", "/sparql?query=ASK{}&query=ASK{}", {}, 400, "bad-request"),
        ("POST", "/sparql", {"content": b"query=%ff", "headers": FORM}, 400, "bad-request"),
        ("GET", "/sparql?query=ASK{", {}, 400, "bad-query"),
        ("GET", "/", {"headers": {"Host": "a b"}}, 400, "bad-host"),
        ("GET", "/", {"headers": {"Host": "example.com"}}, 421, "wrong-host"),
        ("POST", "/sparql", {"content": b"update=CLEAR+ALL", "headers": FORM}, 403, "update-refused"),
        ("GET", "/sparql?query=ASK{SERVICE<http://127.0.0.1:9/>{}}", {}, 403, "federation-refused"),
        ("GET", "/download/report.json", {}, 404, "no-file"),
        ("PUT", "/sparql", {"content": b"x"}, 405, "bad-method"),
        ("GET", "/sparql?query=ASK{}", {"headers": {"Accept": "image/png"}}, 406, "not-acceptable"),
        ("POST", "/sparql", {"content": b"ASK{}" + b" " * (2 << 20), "headers": DIRECT}, 413, "query-too-long"),
        ("POST", "/sparql", {"content": b" " * (5 << 20), "headers": DIRECT}, 413, "too-large"),
        ("GET", f"/sparql?query=ASK{{}}{'+' * 40_000}", {}, 414, "too-long"),
        ("POST", "/sparql", {"content": b"ASK{}", "headers": {"Content-Type": "text/plain"}}, 415, "bad-media-type"),
    ],
)  # fmt: skip
def test_a_refusal(
    client: httpx.Client, method: str, path: str, options: dict[str, Any], status: int, code: str
) -> None:
    answer = client.request(method, path, **options)
    assert (answer.status_code, f"[{code}]" in answer.text) == (status, True), answer.text
    assert client.get("/sparql?query=ASK{}").status_code == 200


def test_a_port_that_is_the_systems(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", refuse)
    with pytest.raises(UsageError) as raised:
        bind("127.0.0.1", 80)
    assert raised.value.problem.code == "port-not-allowed"
