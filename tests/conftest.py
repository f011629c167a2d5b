"""What all tests share: sockets shut, the records that exist on developers' and CI's machines only, exported graphs."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import NoReturn

import pytest

import kg

ROOT = Path(__file__).parents[1]
SEEDS = ROOT / "seeds"
SHARED = ROOT.parent / "shared"


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing in the project may need the network: any connection attempt is a failure."""

    def refuse(*_args: object, **_kwargs: object) -> NoReturn:
        msg = "a test tried to reach the network"
        raise AssertionError(msg)

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


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
