"""The command `serve`."""

from __future__ import annotations

import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Console

from kg.choices import DEFAULT_GRAPH, DEFAULT_STORE
from kg.ending import ending_cleanly
from kg.errors import UsageError
from kg.explorer.settings import TIMEOUT, Settings
from kg.progress import bytes_bar
from kg.savedqueries import load_queries

if TYPE_CHECKING:
    from kg.explorer.context import Explorer
    from kg.explorer.exportreport import ExportCounts
    from kg.explorer.index.prepare import Prepared

__all__ = ["serve_command"]

_PARTS: Final = ("uvicorn", "httptools", "starlette", "jinja2", "mimeparse", "scipy")
_PORT: Final = 7878
_MOST_SECONDS: Final = 86_400


def serve_command(
    graph: Annotated[
        Path | None,
        typer.Argument(
            metavar="[GRAPH|STORE]",
            help=f"An RDF file, or a store of `kg load`; {DEFAULT_STORE}, else {DEFAULT_GRAPH}, by default.",
        ),
    ] = None,
    host: Annotated[
        str, typer.Option(help="Address to listen at; others than this machine's own let others in.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", "-p", min=0, max=65535, help="Port to listen at; 0 for any that is free.")
    ] = _PORT,
    open_browser: Annotated[bool, typer.Option("--open", help="Show the home page in the browser.")] = False,
    timeout: Annotated[
        float, typer.Option(min=0.1, max=_MOST_SECONDS, help="Seconds after which a query is stopped.")
    ] = TIMEOUT,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes that answer queries.")] = Settings().workers,
    federate: Annotated[
        bool, typer.Option("--federate", help="Let queries call the other endpoints that they name (SERVICE).")
    ] = False,
    cors: Annotated[bool, typer.Option("--cors", help="Let pages of other sites read from here.")] = False,
    no_images: Annotated[
        bool, typer.Option("--no-images", help="Do not show figures as pictures, which browsers fetch from Europe PMC.")
    ] = False,
    cache: Annotated[
        Path | None, typer.Option(help="Folder for what is made of the graph; one beside it by default.")
    ] = None,
) -> None:
    """Show a graph in the browser, and answer SPARQL at /sparql, on this machine.

    The first start makes a database and an index of the graph; later ones use them again. Ctrl-C ends it.
    """
    with ending_cleanly("stopped"):
        _require_parts()
        settings = Settings(
            host=host,
            port=port,
            timeout=timeout,
            workers=workers,
            federate=federate,
            cors=cors,
            images=not no_images,
        )
        _serve(_source(graph), settings, cache=cache, open_browser=open_browser)


def _require_parts() -> None:
    """The libraries of the extra, which most users of the package do without.

    Raises:
        UsageError: one is missing.
    """
    missing = [name for name in _PARTS if find_spec(name) is None]
    if missing:
        raise UsageError.of(
            "missing-serve", f"{missing[0]} is not installed", "the explorer needs it", "pip install 'pfocr-kg[serve]'"
        )


def _source(given: Path | None) -> Path:
    """What is served: as told, else the store or the graph that `make export` and `kg load` leave."""
    if given is not None:
        return given
    for path in (DEFAULT_STORE, DEFAULT_GRAPH):
        if path.exists():
            return path
    raise UsageError.of(
        "unreadable-graph", f"there is neither {DEFAULT_STORE} nor {DEFAULT_GRAPH}", "one of them is served unless told otherwise",
        "run `make export`, or name a graph or a store",
    )  # fmt: skip


def _serve(source: Path, settings: Settings, *, cache: Path | None, open_browser: bool) -> None:
    from kg.explorer.exportreport import read_export_report  # noqa: PLC0415 (libraries of an extra)
    from kg.explorer.index.prepare import prepare  # noqa: PLC0415
    from kg.explorer.server import bind, serve  # noqa: PLC0415

    report = read_export_report(source)
    with bind(settings.host, settings.port) as bound:  # before the work, so that a port in use is told at once
        with bytes_bar(Console(stderr=True), "prepare") as on_progress:
            prepared = prepare(source, cache=cache, on_progress=on_progress)
        try:
            _warn(settings.host)
            serve(_explorer(prepared, settings, report), bound, on_ready=_tell, open_browser=open_browser)
        finally:
            prepared.close()


def _explorer(prepared: Prepared, settings: Settings, report: ExportCounts | None) -> Explorer:
    from kg.explorer.context import Explorer, stamp_of  # noqa: PLC0415 (libraries of an extra)
    from kg.explorer.engine.workers import Workers  # noqa: PLC0415
    from kg.explorer.index.graph import Graph  # noqa: PLC0415
    from kg.explorer.index.reader import Index  # noqa: PLC0415

    known = replace(settings, base=Graph(prepared.data).base)
    return Explorer(
        settings=known,
        index=Index(prepared.index),
        workers=Workers(prepared.data, known),
        name=prepared.name,
        graph_file=prepared.graph_file,
        queries=load_queries(),
        graph_stamp=stamp_of(prepared.graph_file),
        report=report,
    )


def _warn(host: str) -> None:
    """Say so where other machines are let in."""
    from kg.explorer.limits import is_loopback  # noqa: PLC0415 (libraries of an extra)

    if not is_loopback(host):
        typer.echo(
            f"warning: --host {host} lets other machines read this graph and run queries here; "
            "nothing asks them who they are",
            err=True,
        )


def _tell(address: str) -> None:
    typer.echo(f"{address} (Ctrl-C to stop)")
    sys.stdout.flush()
