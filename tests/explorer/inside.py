"""An explorer inside the test's own process, of any RDF: for graphs that no export makes."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import httpx

import kg
from kg.explorer.context import Explorer
from kg.explorer.engine.workers import Workers
from kg.explorer.server import address_of, bind, serve_async
from kg.explorer.settings import Settings
from tests.explorer.servers import NO_TLS

if TYPE_CHECKING:
    from kg.explorer.index.reader import Index

__all__ = ["inside", "loaded"]


def loaded(rdf: Path, folder: Path) -> Path:
    """An Oxigraph database of a file."""
    kg.load_graph(rdf, folder)
    data: str = json.loads((folder / "store.json").read_text("utf-8"))["data"]
    return folder / data


@contextmanager
def inside(data: Path, **settings: Any) -> Iterator[httpx.Client]:
    """A client of an explorer of a database; its pages have no index to ask."""
    chosen = Settings(**({"workers": 1, "timeout": 10.0, "port": 0} | settings))
    index = cast("Index", SimpleNamespace(release=lambda: SimpleNamespace(iri="")))
    explorer = Explorer(settings=chosen, index=index, workers=Workers(data, chosen), name=data.name)
    ready, over = threading.Event(), threading.Event()
    with bind(chosen.host, chosen.port) as bound:
        thread = threading.Thread(target=lambda: asyncio.run(_serve(explorer, bound, ready, over)))
        thread.start()
        try:
            assert ready.wait(20), "the explorer did not start"
            with httpx.Client(base_url=address_of(bound), timeout=30, verify=NO_TLS) as client:
                yield client
        finally:
            over.set()
            thread.join()


async def _serve(explorer: Explorer, bound: Any, ready: threading.Event, over: threading.Event) -> None:
    serving = asyncio.create_task(serve_async(explorer, bound, ready.set))
    await asyncio.to_thread(over.wait)
    serving.cancel()
    with suppress(asyncio.CancelledError):
        await serving
