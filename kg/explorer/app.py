"""The explorer as an ASGI application: the endpoint, the pages, files, and the limits around all of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Scope

from kg.errors import KgError
from kg.explorer.context import Explorer
from kg.explorer.endpoint import linkeddata, protocol
from kg.explorer.endpoint.negotiate import HTML, accepted
from kg.explorer.endpoint.problems import problem_response
from kg.explorer.index.genelist import load_statistics
from kg.explorer.limits import Limits, SecurityHeaders
from kg.explorer.pages import routes as pages
from kg.explorer.pages.render import STATIC

__all__ = ["build_app"]

Handler = Callable[[Request, Exception], Awaitable[Response]]

_TEXT: Final = "text/plain"
_YEAR: Final = "public, max-age=31536000, immutable"


def build_app(explorer: Explorer) -> Starlette:
    """The application; its lifespan starts and ends the processes that answer queries.

    Args:
        explorer: what is served, and how.
    """
    routes: list[BaseRoute] = [
        *protocol.routes(explorer),
        *linkeddata.routes(explorer),
        *pages.routes(explorer),
        Mount("/static", _Static(directory=STATIC), name="static"),
    ]
    cross_origin = Middleware(
        CORSMiddleware,
        allow_origins=["*"],
        allow_methods=["GET", "HEAD", "POST"],
        allow_headers=["*"],
        expose_headers=["Retry-After"],
    )
    handlers = {kind: partial(_told, shown) for kind, shown in pages.error_handlers(explorer).items()}
    return _Application(
        explorer,
        routes=routes,
        middleware=[cross_origin] if explorer.settings.cors else [],
        exception_handlers=handlers,
        lifespan=partial(_lifespan, explorer),
    )


class _Application(Starlette):
    """Starlette, with limits and headers around all of it, so that no answer goes without."""

    def __init__(self, explorer: Explorer, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._settings = explorer.settings

    def build_middleware_stack(self) -> ASGIApp:
        inner = Limits(super().build_middleware_stack(), self._settings)
        return SecurityHeaders(inner, self._settings)


class _Static(StaticFiles):
    """Files that never change under one address: their content is in its query (`pages.render.static_url`)."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        if response.status_code == 200 and b"v=" in scope["query_string"]:
            response.headers["Cache-Control"] = _YEAR
        return response


@asynccontextmanager
async def _lifespan(explorer: Explorer, _app: Starlette) -> AsyncIterator[None]:
    async with explorer.workers:
        loading = asyncio.get_running_loop().run_in_executor(None, load_statistics)
        yield
        await loading


async def _told(shown: Handler, request: Request, error: Exception) -> Response:
    """An error as a page for people, as plain text for programs."""
    wanted = accepted(request.headers.get("accept"), [_TEXT, HTML])
    if wanted[:1] == [HTML]:
        return await shown(request, error)
    if isinstance(error, KgError):
        return problem_response(error)
    if isinstance(error, HTTPException):
        return PlainTextResponse(f"{error.detail}\n", error.status_code, error.headers)
    return PlainTextResponse("Internal Server Error\n", 500)
