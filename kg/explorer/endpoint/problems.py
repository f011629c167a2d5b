"""Errors as answers to programs: a status code, and as plain text what is wrong, why, and how to mend it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.responses import PlainTextResponse

from kg.errors import KgError

__all__ = ["problem_response", "status_of"]

_STATUS: Final[Mapping[str, int]] = {
    # Asked for rightly, and refused: asking again will not help.
    "update-refused": 403,
    "federation-refused": 403,
    "bad-service": 403,
    "not-acceptable": 406,
    "bad-media-type": 415,
    "query-too-long": 413,
    # Not 503 or 504: clients repeat what failed so, and a query that was stopped once would be stopped again.
    "query-timeout": 500,
    "query-crashed": 500,
    "query-failed": 500,
    "answer-too-large": 500,
    "endpoint-failed": 502,
    "server-busy": 503,
}
_RETRY_SECONDS: Final = 5


def status_of(error: KgError) -> int:
    """The HTTP status that tells of an error: 400 unless it is no fault of the request's text."""
    return _STATUS.get(error.problem.code, 400)


def problem_response(error: KgError, status: int | None = None) -> PlainTextResponse:
    """The error as plain text, with its own status or another one."""
    code = status or status_of(error)
    headers = {"Cache-Control": "no-store", "Vary": "Accept"}
    if code == 503:
        headers["Retry-After"] = str(_RETRY_SECONDS)
    return PlainTextResponse(f"{error.problem.text()}\n", code, headers)
