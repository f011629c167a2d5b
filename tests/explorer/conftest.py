"""A running explorer of the seeds for all tests of this folder, and clients to ask it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.explorer.servers import NO_TLS, Server, running


@pytest.fixture(scope="session")
def explorer_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where explorers of these tests keep what they make of a graph, so that each graph is prepared once."""
    return tmp_path_factory.mktemp("explorer-cache")


@pytest.fixture(scope="session")
def served_process(seed_graph: Path, explorer_cache: Path) -> Iterator[Server]:
    """An explorer of the seeds' graph, as people start it."""
    with running(seed_graph, "--no-images", cache=explorer_cache) as server:
        yield server


@pytest.fixture(scope="session")
def served(served_process: Server) -> str:
    """Its address, without a slash at the end."""
    return served_process.url


@pytest.fixture
def client(served: str) -> Iterator[httpx.Client]:
    """Asks it."""
    with httpx.Client(base_url=served, timeout=30, verify=NO_TLS) as asking:
        yield asking
