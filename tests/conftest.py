"""What all tests share: sockets shut, the records that exist on developers' and CI's machines only, exported graphs."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

import pytest

import kg

ROOT = Path(__file__).parents[1]
SEEDS = ROOT / "seeds"
SHARED = ROOT.parent / "shared"


@pytest.fixture(autouse=True)
def _no_network(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing in the project may need the network: any connection attempt is a failure.

    Tests marked `loopback` may reach this machine's own servers.
    """
    loopback = request.node.get_closest_marker("loopback") is not None
    connect, getaddrinfo = socket.socket.connect, socket.getaddrinfo

    def refuse(host: object) -> None:
        if not (loopback and host in ("127.0.0.1", "localhost", "::1")):
            msg = f"a test tried to reach the network: {host!r}"
            raise AssertionError(msg)

    def guarded_connect(self: socket.socket, address: Any) -> None:
        if self.family != getattr(socket, "AF_UNIX", None):  # a file, by which processes of one program talk
            refuse(address[0] if isinstance(address, tuple) else address)
        connect(self, address)

    def guarded_getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        refuse(host)
        return getaddrinfo(host, *args, **kwargs)

    monkeypatch.setattr(socket.socket, "connect", guarded_connect)
    monkeypatch.setattr(socket, "getaddrinfo", guarded_getaddrinfo)


def shared_folder(name: str) -> Path:
    """A folder of `../shared`; skips where it is absent, except in CI, where it must be there."""
    folder = SHARED / name
    if not folder.is_dir():
        reason = f"../shared/{name} is not here"
        if os.environ.get("CI"):
            pytest.fail(f"{reason}, and CI must have it")
        pytest.skip(reason)
    return folder


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The real records, in the database's layout."""
    return shared_folder("corpus")


@pytest.fixture(scope="session")
def seed_graph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The seeds' graph as Turtle."""
    output = tmp_path_factory.mktemp("seeds") / "seeds.ttl"
    kg.export(SEEDS, output)
    return output


@pytest.fixture(scope="session")
def corpus_graph(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The corpus's graph as Turtle."""
    output = tmp_path_factory.mktemp("corpus") / "corpus.ttl"
    kg.export(corpus, output)
    return output


@pytest.fixture(scope="session")
def corpus_tables_graph(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The corpus's graph without what keywords add, for comparison with tables; its keywords are compared elsewhere."""
    output = tmp_path_factory.mktemp("corpus-tables") / "corpus.ttl"
    kg.export(corpus, output, ground=False)
    return output
