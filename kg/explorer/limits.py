"""What a request may take, and what every answer says to browsers: an ASGI layer around the whole application.

A body is read here, whole and within limits of size and time, before anything else runs. While the answer is made, the
connection is watched: a client that goes away takes its query with it. (How slowly a request may come and an answer
be read is `kg.explorer.server`'s.)
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kg.errors import KgError, UsageError
from kg.explorer.endpoint.problems import problem_response
from kg.explorer.settings import Settings

__all__ = ["LARGEST_BODY", "LONGEST_ADDRESS", "Limits", "SecurityHeaders", "is_loopback"]

LARGEST_BODY: Final = 4 << 20
"""Bytes: a query of 1 MiB, percent-encoded in a form, still fits."""
LONGEST_ADDRESS: Final = 32 << 10
_THROWN_AWAY: Final = 16 << 20
"""Bytes of a body too large that are read on, unkept: most clients listen only when they have sent all."""
_BODY_SECONDS: Final = 20.0
_MOST_AT_WORK: Final = 200
"""Requests at a time; each may hold a body and a part of an answer."""
_HOST: Final = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::[0-9]{1,5})?", re.IGNORECASE)
_LOOPBACK: Final = re.compile(r"localhost|127(\.[0-9]{1,3}){3}|\[?::1\]?", re.IGNORECASE)
_IMAGES_OFF: Final = "off"


def is_loopback(host: str) -> bool:
    """Whether a name or address is this machine only.

    >>> is_loopback("127.0.0.1"), is_loopback("[::1]"), is_loopback("0.0.0.0"), is_loopback("127.0.0.1.example.com")
    (True, True, False, False)
    """
    return _LOOPBACK.fullmatch(host) is not None


class Limits:
    """Refuses what is too much, too slow, or meant for another host; ends the work for a client that has gone.

    Args:
        app: the application.
        settings: where it listens.
    """

    body_seconds = _BODY_SECONDS

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self._at_work = 0
        self._loopback = is_loopback(settings.host)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        self._at_work += 1
        try:
            await self._serve(scope, receive, send)
        finally:
            self._at_work -= 1

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            if self._at_work > _MOST_AT_WORK:
                raise _RefusedError.told(503, "server-busy", "too many requests at a time", "try again in a moment")
            self._require_host(Headers(scope=scope))
            _require_address(scope)
            body = await self._body(Headers(scope=scope), receive)
        except _RefusedError as refused:
            response = problem_response(refused, refused.status)
            response.headers["Connection"] = "close"
            await response(scope, receive, send)
            return
        if body is not None:
            await _watched(self.app, scope, body, receive, send)

    def _require_host(self, headers: Headers) -> None:
        """A page elsewhere may give its own name our address (DNS rebinding); then the name is not ours."""
        host = _HOST.fullmatch(headers.get("host", "localhost"))
        if host is None:
            raise _RefusedError.told(400, "bad-host", "the Host header is no host", "send a name or an address")
        if self._loopback and not is_loopback(host[1]):
            raise _RefusedError.told(
                421,
                "wrong-host",
                f"the request is for {host[1][:80]}",
                "use localhost or 127.0.0.1, or start the explorer with --host",
            )

    async def _body(self, headers: Headers, receive: Receive) -> bytes | None:
        """The body; None when the client has gone."""
        length = headers.get("content-length", "0")
        if length.isdecimal() and int(length) > _THROWN_AWAY:
            raise _too_large()
        parts: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(self.body_seconds):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return None
                    part = message.get("body", b"")
                    size += len(part)
                    if size <= LARGEST_BODY:
                        parts.append(part)
                    elif size > _THROWN_AWAY:
                        raise _too_large()
                    else:
                        parts.clear()
                    if not message.get("more_body", False):
                        break
        except TimeoutError:
            raise _RefusedError.told(
                408, "too-slow", f"the body was not here after {self.body_seconds:g} s", "send it faster"
            ) from None
        if size > LARGEST_BODY:
            raise _too_large()
        return b"".join(parts)


class _RefusedError(UsageError):
    """A request that is not served, with its status."""

    status = 400

    @classmethod
    def told(cls, status: int, code: str, what: str, mend: str) -> _RefusedError:
        error = cls.of(code, what, "", mend)
        error.status = status
        return error


def _too_large() -> KgError:
    return _RefusedError.told(
        413, "too-large", f"the body has more than {LARGEST_BODY >> 20} MiB", "send less at a time"
    )


def _require_address(scope: Scope) -> None:
    size = len(scope.get("raw_path") or b"") + len(scope["query_string"])
    if size > LONGEST_ADDRESS:
        raise _RefusedError.told(
            414, "too-long", f"the address has {size:,} characters", "send a query of that length with POST"
        )


async def _watched(app: ASGIApp, scope: Scope, body: bytes, receive: Receive, send: Send) -> None:
    """Run the application; cancel it when the client goes before it has its answer."""
    gone, answered, given = asyncio.Event(), False, False

    async def replay() -> Message:
        nonlocal given
        if not given:
            given = True
            return {"type": "http.request", "body": body, "more_body": False}
        await gone.wait()
        return {"type": "http.disconnect"}

    async def note(message: Message) -> None:
        nonlocal answered
        answered = answered or (message["type"] == "http.response.body" and not message.get("more_body", False))
        await send(message)

    async def watch() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    work, watching = asyncio.ensure_future(_run(app, scope, replay, note)), asyncio.create_task(watch())
    try:
        await asyncio.wait({work, watching}, return_when=asyncio.FIRST_COMPLETED)
        gone.set()
        if not work.done() and not answered:
            work.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await work
        else:
            await work
    finally:
        watching.cancel()
        work.cancel()


async def _run(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await app(scope, receive, send)


class SecurityHeaders:
    """Adds to each answer what browsers are to be strict about; an answer's own Content-Security-Policy stays."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app, self.settings = app, settings
        self._fixed = _fixed_headers(cors=settings.cors)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._fixed.items():
                    headers.setdefault(name, value)
                headers.setdefault("Content-Security-Policy", self._policy(scope))
            await send(message)

        await self.app(scope, receive, with_headers)

    def _policy(self, scope: Scope) -> str:
        pictures = " https://europepmc.org" if self.settings.images and not _images_off(scope) else ""
        return (
            "default-src 'none'; script-src 'self'; style-src 'self'; "
            f"img-src 'self' data:{pictures}; font-src 'self' data:; connect-src 'self'; form-action 'self'; "
            "base-uri 'none'; frame-ancestors 'none'"
        )


def _images_off(scope: Scope) -> bool:
    """Whether the reader wants no pictures from elsewhere (`pages.render.choices` reads the same cookie)."""
    try:
        images = SimpleCookie(Headers(scope=scope).get("cookie", "")).get("images")
    except CookieError:
        return False
    return images is not None and images.value == _IMAGES_OFF


def _fixed_headers(*, cors: bool) -> Mapping[str, str]:
    return {
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "cross-origin" if cors else "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
    }
