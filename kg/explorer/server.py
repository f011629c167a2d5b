"""The HTTP server: uvicorn, made strict with clients that send or read slowly, or too much.

uvicorn with httptools is the quickest of the ASGI servers that are kept up, and leaves such limits to a proxy in front
of it. The explorer runs without one, so its connections look after themselves: each is checked once a second.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import time
import webbrowser
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, Final

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from kg.errors import UsageError
from kg.explorer.app import build_app
from kg.explorer.context import Explorer
from kg.explorer.engine.workers import Workers

__all__ = ["CONNECTIONS", "address_of", "bind", "serve", "serve_async"]

CONNECTIONS: Final = 400
"""Connections at a time; one more, and the one that has waited longest without a request is closed."""
_LARGEST_HEAD: Final = 64 << 10
_LARGEST_REQUEST: Final = 17 << 20
_MOST_PIPELINED: Final = 16
_HEAD_SECONDS: Final = 10.0
_KEEP_ALIVE_SECONDS: Final = 30
_READ_SECONDS: Final = 30.0
"""How long a client may take for what is on its way to it (some 64 kB): 2 kB a second are enough."""
_GRACE_SECONDS: Final = 3
_TICK: Final = 1.0

_TOO_LARGE: Final = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: text/plain\r\ncontent-length: 0\r\n"
    b"connection: close\r\n\r\n"
)
_TOO_SLOW: Final = (
    b"HTTP/1.1 408 Request Timeout\r\ncontent-type: text/plain\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
)


class _Connection(HttpToolsProtocol):
    """A connection that is closed when its other end is too slow, or sends a head that has no end."""

    head_seconds = _HEAD_SECONDS
    read_seconds = _READ_SECONDS

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.idle_since: float | None = time.monotonic()
        self._head_since: float | None = self.idle_since
        self._waits_for_reader: float | None = None
        self._received = 0
        self._ticking = self.loop.call_later(_TICK, self._tick)
        if len(self.connections) > CONNECTIONS:
            self._longest_idle().transport.abort()

    def _longest_idle(self) -> _Connection:
        """The connection that has waited longest for a request; this one, where all the others are at work."""
        others = [each for each in self.connections if isinstance(each, _Connection) and each.idle_since is not None]
        return min(others, key=lambda each: each.idle_since or 0.0, default=self)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._ticking.cancel()

    def data_received(self, data: bytes) -> None:
        self._received += len(data)
        if self.idle_since is not None and self._head_since is None:
            self._head_since = time.monotonic()
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self.idle_since is not None and self._received > _LARGEST_HEAD:
            self._end(_TOO_LARGE)
        elif self._received > _LARGEST_REQUEST or len(self.pipeline) > _MOST_PIPELINED:
            self.transport.abort()

    def on_headers_complete(self) -> None:
        self.idle_since = self._head_since = None
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._received = 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.cycle.response_complete:  # else the next one is here already
            self.idle_since = time.monotonic()

    def resume_writing(self) -> None:
        self._waits_for_reader = None
        super().resume_writing()

    def _tick(self) -> None:
        now = time.monotonic()
        if not self.transport.get_write_buffer_size():
            self._waits_for_reader = None
        elif self._waits_for_reader is None:
            self._waits_for_reader = now
        if self._waits_for_reader is not None and now - self._waits_for_reader > self.read_seconds:
            self.transport.abort()
            return
        late = self._head_since is not None and now - self._head_since > self.head_seconds
        if late and not self.transport.is_closing():
            self._end(_TOO_SLOW)
        self._ticking = self.loop.call_later(_TICK, self._tick)

    def _end(self, last_words: bytes) -> None:
        if getattr(self.cycle, "response_complete", True):  # else they would stand in the midst of an answer
            self.transport.write(last_words)
        self.transport.close()


class _Server(uvicorn.Server):
    """Tells when it listens; at the end it stops the queries first, so that nobody is waited for."""

    def __init__(self, config: uvicorn.Config, workers: Workers, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._workers, self._on_ready = workers, on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self._workers.close()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        with super().capture_signals():
            try:
                yield
            finally:
                self._captured_signals.clear()  # a signal has done its work: it would interrupt the tidying up


def bind(host: str, port: int) -> socket.socket:
    """A socket that is bound to an address, and does not listen yet; port 0 takes a free one.

    Raises:
        UsageError: the port is in use or not allowed, or the host is not of this machine.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, where = found[0]
        # With the protocol's number, or asyncio does not switch Nagle's delay off: 40 ms for each answer.
        bound = socket.socket(family, kind, protocol)
    except (OSError, OverflowError, UnicodeError) as error:
        raise UsageError.of("bad-host", f"--host {host}: {error}", "", "name an address of this machine") from None
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(where)
    except OSError as error:
        bound.close()
        raise _not_bound(host, port, error) from None
    return bound


def _not_bound(host: str, port: int, error: OSError) -> UsageError:
    if error.errno == errno.EADDRINUSE:
        return UsageError.of(
            "port-in-use", f"port {port} of {host} is in use",
            "another program listens there, perhaps another explorer",
            "name another one with --port, or --port 0 for any that is free",
        )  # fmt: skip
    if error.errno == errno.EACCES:
        return UsageError.of(
            "port-not-allowed", f"port {port} may not be used: {error.strerror}", "ports below 1024 are the system's",
            "name another one with --port",
        )  # fmt: skip
    return UsageError.of("bad-host", f"--host {host}: {error.strerror or error}", "", "name an address of this machine")


def address_of(bound: socket.socket) -> str:
    """The address of the home page, as a browser takes it."""
    host, port = bound.getsockname()[:2]
    if host in ("0.0.0.0", "::"):  # noqa: S104 (all addresses: this machine's own is one of them)
        host = "localhost"
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def serve(
    explorer: Explorer,
    bound: socket.socket,
    *,
    on_ready: Callable[[str], None],
    open_browser: bool = False,
) -> None:
    """Serve until Ctrl-C or SIGTERM.

    Args:
        explorer: what is served.
        bound: the socket, of `bind`; closed at the end.
        on_ready: told the address when requests are answered.
        open_browser: whether to show the home page then.

    Raises:
        QueryError: the database cannot be opened.
        UsageError: another program has begun to listen at the port.
    """
    address = address_of(bound)

    def ready() -> None:
        on_ready(address)
        if open_browser:
            asyncio.get_running_loop().run_in_executor(None, webbrowser.open, address)

    try:
        asyncio.run(serve_async(explorer, bound, ready))
    except KeyboardInterrupt:  # before all was ready
        return
    except OSError as error:
        if error.errno != errno.EADDRINUSE:  # a bug is to look like a bug
            raise
        raise _not_bound(explorer.settings.host, explorer.settings.port, error) from None
    finally:
        bound.close()


async def serve_async(explorer: Explorer, bound: socket.socket, on_ready: Callable[[], None]) -> None:
    """The same inside a running event loop: serve until cancelled, or until a signal comes.

    Args:
        explorer: what is served.
        bound: the socket, of `bind`.
        on_ready: called when requests are answered.

    Raises:
        QueryError: the database cannot be opened.
    """
    async with explorer.workers:  # before anything listens, so that a broken database is told as one
        config = uvicorn.Config(build_app(explorer), **_options())
        await _Server(config, explorer.workers, on_ready).serve(sockets=[bound])


def _options() -> dict[str, Any]:
    return {
        "http": _Connection,
        "ws": "none",
        "lifespan": "off",
        "server_header": False,
        "proxy_headers": False,
        "access_log": False,
        "log_level": "error",
        "timeout_keep_alive": _KEEP_ALIVE_SECONDS,
        "timeout_graceful_shutdown": _GRACE_SECONDS,
    }
