"""Pages for what went wrong: nothing at an address, a wrong call, a fault of ours. Each has the search box."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from http import HTTPStatus
from typing import Any, Final, cast

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from kg.errors import KgError
from kg.explorer.context import Explorer
from kg.explorer.endpoint.problems import status_of
from kg.explorer.model import Hit
from kg.explorer.pages.render import page

__all__ = ["error_handlers"]

Handler = Callable[[Request, Exception], Awaitable[Response]]

_SAYS: Final[Mapping[int, str]] = {
    400: "This could not be understood",
    404: "There is no such page",
    405: "This address cannot be used that way",
    413: "That is too much",
    415: "This kind of content is not taken here",
    500: "Something broke here",
    503: "Too busy just now",
}
_MOST_TRIED: Final = 100


def error_handlers(explorer: Explorer) -> dict[int | type[Exception], Handler]:
    """What an application answers with where a page fails, by exception."""
    return {
        HTTPException: partial(_refused, explorer),
        KgError: partial(_told, explorer),
        Exception: partial(_broken, explorer),
    }


async def _refused(explorer: Explorer, request: Request, error: Exception) -> Response:
    """Starlette's own errors, such as that there is no such address."""
    fault = cast("HTTPException", error)
    standard = HTTPStatus(fault.status_code).phrase
    detail = fault.detail if fault.detail != standard else ""
    answer = await _shown(explorer, request, fault.status_code, detail)
    answer.headers.update(fault.headers or {})
    return answer


async def _told(explorer: Explorer, request: Request, error: Exception) -> Response:
    """Our own errors, which say what is wrong and how to mend it."""
    fault = cast("KgError", error)
    problem = fault.problem
    says = " ".join(_sentence(part) for part in (problem.what, problem.why, problem.mend) if part)
    return await _shown(explorer, request, status_of(fault), says)


async def _broken(explorer: Explorer, request: Request, _: Exception) -> Response:
    """A bug. It is in the log; the reader only hears that it is not their fault."""
    return await _shown(
        explorer, request, 500, "This is a fault of the explorer, not of yours. The log has the details."
    )


async def _shown(explorer: Explorer, request: Request, status: int, detail: str) -> Response:
    tried = request.path_params.get("id") or request.url.path.rpartition("/")[2]

    def context() -> Mapping[str, Any]:
        return {
            "status": status,
            "says": _SAYS.get(status, HTTPStatus(status).phrase),
            "detail": detail,
            "tried": tried[:_MOST_TRIED] if status == HTTPStatus.NOT_FOUND else "",
            "hits": _near(explorer, tried[:_MOST_TRIED]) if status == HTTPStatus.NOT_FOUND else [],
        }

    return await page(explorer, request, "error.html", context, status=status)


def _near(explorer: Explorer, tried: str) -> list[Hit]:
    return explorer.index.search(tried, limit=5) if tried else []


def _sentence(text: str) -> str:
    """A text with a capital and a full stop.

    >>> _sentence("no such query")
    'No such query.'
    """
    whole = text[:1].upper() + text[1:]
    return whole if whole.endswith((".", "!", "?")) else f"{whole}."
