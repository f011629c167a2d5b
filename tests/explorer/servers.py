"""Explorers for the tests: `kg serve` in a process of its own, on a free port of the loopback."""

from __future__ import annotations

import os
import signal
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import IO, Final

import httpx

from bench.measure import descendants

__all__ = ["NO_TLS", "Server", "command", "delete", "get", "options", "post", "running"]

ROOT: Final = Path(__file__).parents[2]
_START_SECONDS: Final = 60

# All is plain HTTP on the loopback: without this, each request would read the certificates of the world first.
NO_TLS: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
get = partial(httpx.get, verify=NO_TLS, trust_env=False)
post = partial(httpx.post, verify=NO_TLS, trust_env=False)
delete = partial(httpx.delete, verify=NO_TLS, trust_env=False)
options = partial(httpx.options, verify=NO_TLS, trust_env=False)


def command(*arguments: object) -> list[str]:
    """The command line of `kg serve`."""
    return [sys.executable, "-m", "kg", "serve", *map(str, arguments)]


@dataclass(kw_only=True)
class Server:
    """A running explorer: its address (without a slash at the end), its process, and what it wrote to stderr."""

    url: str
    process: subprocess.Popen[str]
    stderr: list[str] = field(default_factory=list)

    @property
    def port(self) -> int:
        """The port that it listens at."""
        return int(self.url.rpartition(":")[2])

    def workers(self) -> list[int]:
        """The processes that answer its queries."""
        return [pid for pid in descendants(self.process.pid) if pid != self.process.pid]

    def memory(self) -> int:
        """Bytes that its own process holds, without those that answer queries."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS"))

    def stop(self, number: int = signal.SIGINT) -> int:
        """End it with a signal; its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise


@contextmanager
def running(graph: Path, *arguments: object, cache: Path, **environment: str) -> Iterator[Server]:
    """An explorer of a graph, with further arguments of `kg serve`."""
    process = subprocess.Popen(
        command(graph, "--port", 0, "--cache", cache, *arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, **environment},
    )
    assert process.stdout is not None
    assert process.stderr is not None
    out: SimpleQueue[str] = SimpleQueue()
    errors: list[str] = []
    readers = [
        threading.Thread(target=_read, args=(process.stdout, out.put)),
        threading.Thread(target=_read, args=(process.stderr, errors.append)),
    ]
    for reader in readers:
        reader.start()
    server = Server(url="", process=process, stderr=errors)
    try:
        server.url = _first_line(out, errors).split()[0].rstrip("/")
        yield server
    finally:
        server.stop()
        for reader in readers:
            reader.join(timeout=10)


def _read(stream: IO[str], take: object) -> None:
    assert callable(take)
    with stream:
        for line in stream:
            take(line)
    take("")


def _first_line(out: SimpleQueue[str], errors: list[str]) -> str:
    try:
        line = out.get(timeout=_START_SECONDS)
    except Empty:
        line = ""
    assert line, f"the explorer did not start: {''.join(errors)}"
    return line
