"""The commands `load`, `query` and `upload`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

import kg
from kg.answer import Answer
from kg.choices import DEFAULT_GRAPH, DEFAULT_STORE, Form, QueriesFolder
from kg.ending import ending_cleanly
from kg.errors import QueryError, UsageError
from kg.graphstore import TIMEOUT, GraphStore, open_endpoint, open_store
from kg.progress import bytes_bar
from kg.savedqueries import SavedQuery, find_query, parse_query, read_query, with_prefixes
from kg.storefolder import META, read_meta

__all__ = ["load_command", "query_command", "upload_command"]

_TABLE_ROWS: Final = 100
_LARGE: Final = 50_000_000


StoreOption = Annotated[Path, typer.Option("--store", "-s", envvar="KG_STORE", help="Folder of the store.")]


def load_command(
    graph: Annotated[
        list[Path] | None,
        typer.Argument(
            help=f"RDF files in any format, also .gz or .zst, or folders of them; {DEFAULT_GRAPH} by default."
        ),
    ] = None,
    store: StoreOption = DEFAULT_STORE,
    add: Annotated[bool, typer.Option("--add", help="Keep what the store holds, and add to it.")] = False,
    form: Annotated[str | None, typer.Option("--format", "-f", help="Format where a suffix does not tell.")] = None,
) -> None:
    """Load a graph into a store on disk, so that queries start at once.

    The new store takes the place of the old one when it is whole: whoever stops a load keeps the old one. Layers of
    N-Quads and TriG become named graphs.
    """
    console = Console(stderr=True)
    with ending_cleanly("stopped; the store is as it was"):
        if not graph and not DEFAULT_GRAPH.exists():
            raise UsageError.of(
                "unreadable-graph", f"there is no {DEFAULT_GRAPH}", "it is what is loaded unless told otherwise",
                "run `make export`, or name a graph",
            )  # fmt: skip
        with bytes_bar(console, "load") as on_progress:
            report = kg.load_graph(graph or [DEFAULT_GRAPH], store, add=add, form=form, on_progress=on_progress)
        rate = report.triples / report.seconds if report.seconds else 0
        graphs = f" in {len(report.graphs)} named graphs" if report.graphs else ""
        console.print(
            f"{report.store}: {report.triples:,} triples{graphs}, {report.seconds:.1f} s ({rate:,.0f} triples/s)",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )


def query_command(
    query: Annotated[
        str, typer.Argument(help="Name of a saved query, a file ending in .rq, SPARQL text, or - for standard input.")
    ],
    values: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME=VALUE]...", help="Parameters: IRI, CURIE, or what people type.")
    ] = None,
    form: Annotated[
        Form, typer.Option("--format", "-f", case_sensitive=False, help="Format of the answer.")
    ] = Form.table,
    store: Annotated[
        Path | None,
        typer.Option(
            "--store", "-s", envvar="KG_STORE", help=f"Store to ask; {DEFAULT_STORE}, else {DEFAULT_GRAPH}, by default."
        ),
    ] = None,
    graph: Annotated[
        Path | None, typer.Option("--graph", "-g", help="RDF file to ask, read into memory; no store is needed.")
    ] = None,
    endpoint: Annotated[
        str | None,
        typer.Option("--endpoint", "-e", help="SPARQL endpoint to ask; KG_USER and KG_PASSWORD, or netrc, sign in."),
    ] = None,
    queries: QueriesFolder = None,
    federate: Annotated[
        bool, typer.Option("--federate", help="Let the query call the other endpoints that it names (SERVICE).")
    ] = False,
    service: Annotated[
        list[str] | None,
        typer.Option(
            "--service", metavar="ENDPOINT=URL", help="Ask this address in place of an endpoint, such as a mirror."
        ),
    ] = None,
    timeout: Annotated[
        float, typer.Option(min=0, help="Seconds after which the query is stopped; 0 for never.")
    ] = TIMEOUT,
    limit: Annotated[
        int | None,
        typer.Option(
            min=0, help=f"Rows at most; a table shows {_TABLE_ROWS} without it, other formats all. 0 for all."
        ),
    ] = None,
) -> None:
    """Ask a saved query, or any SPARQL query, of a store, a file or an endpoint.

    Queries only read. Nothing is sent anywhere without --endpoint or --federate.
    """
    with ending_cleanly("stopped"):
        given = _pairs(values or [], "a parameter", "gene=STAT3")
        saved = _the_query(query, queries)
        _tell_defaults(saved, given)
        with _opened(store, graph, endpoint, queries) as opened:
            answer = opened.query(
                saved,
                params=given,
                limit=limit or None,
                timeout=timeout or None,
                federate=federate,
                services=_pairs(
                    service or [], "--service", "https://sparql.uniprot.org/sparql=https://mirror.example/"
                ),
            )
            _show(answer, form.value, _TABLE_ROWS if limit is None and form is Form.table else None)


def _pairs(texts: list[str], what: str, example: str) -> dict[str, str]:
    """`NAME=VALUE` texts as a mapping; an address on the left may hold `=` itself, so it is split at `=http`."""
    found: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=http") if text.startswith("http") else text.partition("=")
        if not equals or not name:
            raise UsageError.of(
                "bad-parameter", f"{text!r} is not NAME=VALUE", f"{what} needs both", f"write {example}"
            )
        value = f"http{value}" if text.startswith("http") else value
        # A name that is given again makes a list: genes=STAT3 genes=JAK1.
        found[name] = f"{found[name]},{value}" if name in found else value
    return found


def _the_query(query: str, folder: Path | None) -> SavedQuery:
    if query == "-":
        return parse_query(with_prefixes(sys.stdin.read()))
    if query.endswith(".rq"):
        return read_query(Path(query))
    if any(sign in query for sign in " {\n"):
        return parse_query(with_prefixes(query))
    return find_query(query, folder)


def _tell_defaults(query: SavedQuery, given: Mapping[str, str]) -> None:
    """Say which values were not asked for."""
    for parameter in query.parameters:
        if parameter.default and parameter.name not in given:
            typer.echo(f"{parameter.name}={','.join(parameter.default)} (default)", err=True)


def _opened(store: Path | None, graph: Path | None, endpoint: str | None, queries: Path | None) -> GraphStore:
    """What is asked: as told, else the default store, else the default graph."""
    if graph is not None and endpoint is not None:
        raise UsageError.of("two-graphs", "--graph and --endpoint were both given", "", "give one of them")
    if endpoint is not None:
        return open_endpoint(endpoint, queries=queries)
    if graph is not None:
        return open_store(graph, queries=queries)
    if store is None and not (DEFAULT_STORE / META).exists() and DEFAULT_GRAPH.exists():
        if DEFAULT_GRAPH.stat().st_size > _LARGE:
            typer.echo(f"reading all of {DEFAULT_GRAPH}; `kg load` once makes this quick", err=True)
        return open_store(DEFAULT_GRAPH, queries=queries)
    chosen = store or DEFAULT_STORE
    _tell_stale(chosen)
    if not chosen.exists():
        raise QueryError.of(
            "no-store",
            f"there is no store {chosen}" + ("" if store else f", and no graph {DEFAULT_GRAPH}"),
            "a query needs a graph",
            "run `make export`, then `kg load`; or give --graph FILE, --store DIR or --endpoint URL",
        )
    return open_store(chosen, queries=queries)


def _tell_stale(store: Path) -> None:
    """Warn where a file has changed since it was loaded."""
    for source in (read_meta(store) or {}).get("sources", []):
        path = Path(source["path"])
        if path.exists() and (path.stat().st_size, path.stat().st_mtime_ns) != (source["size"], source["mtime"]):
            typer.echo(f"{path.name} has changed since it was loaded; `kg load` brings the store up to date", err=True)


def _show(answer: Answer, form: str, shown: int | None) -> None:
    width = Console().width if sys.stdout.isatty() else None
    whole = answer.write(form, sys.stdout.buffer, width=width, limit=shown)
    sys.stdout.buffer.flush()
    if not whole:
        typer.echo(f"the first {shown} rows; --limit 0 shows all, --format csv writes all", err=True)
    elif form == "table" and answer.form == "rows" and next(answer.terms(), None) is None:
        typer.echo("no rows", err=True)


def upload_command(
    graph: Annotated[Path, typer.Argument(help="RDF file in any format, also .gz or .zst, or a folder of them.")],
    to: Annotated[
        str,
        typer.Option(
            "--to", help="Address of the store's Graph Store Protocol; with --update, of its update endpoint."
        ),
    ],
    graph_iri: Annotated[
        str | None, typer.Option("--graph-iri", help="Named graph for triples that have none; else the default graph.")
    ] = None,
    update: Annotated[bool, typer.Option("--update", help="Send SPARQL Update (INSERT DATA) instead.")] = False,
    add: Annotated[
        bool, typer.Option("--add", help="Keep what the graphs hold; they are replaced without it.")
    ] = False,
    query_url: Annotated[
        str | None, typer.Option("--query-url", help="Where the store answers queries; known for common stores.")
    ] = None,
    form: Annotated[str | None, typer.Option("--format", "-f", help="Format where the suffix does not tell.")] = None,
) -> None:
    """Send a graph to a triple store over HTTP, and count what arrived.

    User and password come from the environment variables KG_USER and KG_PASSWORD, or from netrc.
    The exit status is 1 when the store counts something else than was sent.
    """
    console = Console(stderr=True)
    with ending_cleanly("stopped; the store holds a part of the graph"):
        with bytes_bar(console, "upload") as on_progress:
            report = kg.upload_graph(
                graph, to, graph_iri=graph_iri, update=update, add=add, query_url=query_url, form=form,
                on_progress=on_progress,
            )  # fmt: skip
        for name, (before, sent, after) in report.counted.items():
            held = f", {before:,} before" if before else ""
            typer.echo(f"{name or 'default graph'}: {sent:,} sent, the store counts {after:,}{held}", err=True)
        typer.echo(f"{report.sent:,} triples in {report.requests:,} requests, {report.seconds:.1f} s", err=True)
        if not report.complete:
            raise QueryError.of(
                "count-differs",
                "the store does not count what was sent",
                "the file repeats triples, the store held some of them already, or it dropped some",
                "look at the counts above; a graph that `kg export` wrote repeats nothing",
            )
