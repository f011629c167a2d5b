"""A spooled answer as an HTTP response: its length is known, its parts are read as the client takes them."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from kg.explorer.engine.media import content_type
from kg.explorer.engine.workers import Spooled

__all__ = ["SpooledResponse"]


class SpooledResponse(Response):
    """Sends a spooled answer, and removes it when it is sent or the client has gone."""

    def __init__(self, spooled: Spooled, headers: Mapping[str, str] | None = None) -> None:
        self.spooled = spooled
        told = {"Content-Length": str(spooled.size), "Vary": "Accept", "Cache-Control": "no-cache"}
        super().__init__(None, 200, told | dict(headers or {}), media_type=content_type(spooled.media))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 (ASGI)
        """Send it."""
        with self.spooled as spooled:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            if scope["method"] != "HEAD":
                async for chunk in spooled:
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
