"""The commands `kg queries`: list, show, check and publish saved queries."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

import kg
from kg.choices import DEFAULT_GRAPH, BuildForm, QueriesFolder, TextOrJson
from kg.ending import ending_cleanly
from kg.errors import Problem, UsageError
from kg.graphstore import open_store
from kg.parameters import KINDS
from kg.querycheck import check_query
from kg.querydocs import queries_markdown, queries_turtle
from kg.savedqueries import SavedQuery, find_query, load_queries, query_files
from kg.vocab import BASE, is_iri

__all__ = ["queries_app"]

queries_app = typer.Typer(
    name="queries",
    help="List, show, check and publish saved queries.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)


@queries_app.command("list", epilog="Example: `kg queries list`")
def list_command(
    queries: QueriesFolder = None,
    tag: Annotated[str | None, typer.Option(help="Only queries with this tag.")] = None,
    form: Annotated[TextOrJson, typer.Option("--format", "-f", help="text or json.")] = TextOrJson.text,
) -> None:
    """List the saved queries, one a line."""
    problems: list[Problem] = []
    with ending_cleanly():
        found = [q for q in load_queries(queries, on_problem=problems.append).values() if tag is None or tag in q.tags]
        if form is TextOrJson.json:
            typer.echo(json.dumps([_described(query) for query in found], indent=2, ensure_ascii=False))
        else:
            width = max((len(query.name) for query in found), default=0)
            for query in found:
                typer.echo(f"{query.name:<{width}}  {query.summary}{' (federated)' if query.federated else ''}")
        for problem in problems:
            typer.echo(problem.text(), err=True)
        if problems:
            raise typer.Exit(1)


def _described(query: SavedQuery) -> dict[str, Any]:
    return {
        "name": query.name,
        "summary": query.summary,
        "description": query.description,
        "tags": list(query.tags),
        "endpoints": list(query.endpoints),
        "parameters": [
            {
                "name": p.name,
                "type": p.type,
                "wanted": KINDS[p.type].wanted,
                "list": p.many,
                "optional": p.optional,
                "default": list(p.default),
            }
            for p in query.parameters
        ],
    }


@queries_app.command("show", epilog="Example: `kg queries show figures-for-gene`")
def show_command(
    name: Annotated[str, typer.Argument(help="Name of a saved query.")],
    queries: QueriesFolder = None,
    plain: Annotated[
        bool, typer.Option("--plain", help="Only the SPARQL, with the defaults filled in, to run it elsewhere.")
    ] = False,
) -> None:
    """Show one saved query: what it asks, its parameters, its text."""
    with ending_cleanly():
        query = find_query(name, queries)
        if plain:
            typer.echo(query.with_defaults().strip())
            return
        typer.echo(query.summary)
        if query.description:
            typer.echo(query.description)
        for parameter in query.parameters:
            kind = KINDS[parameter.type]
            typer.echo(
                f"\n  {parameter.name}={kind.example.split(', ')[0]}"
                f"{',...' if parameter.many else ''}\n      {kind.wanted}, such as {kind.example}"
            )
            if parameter.optional:
                typer.echo(f"      may be left out; {parameter.name}= lifts it")
            if parameter.default:
                typer.echo(f"      default {', '.join(parameter.default)}")
        for endpoint in query.endpoints:
            typer.echo(f"\n  calls {endpoint}: needs --federate")
        typer.echo(f"\n{query.sparql.strip()}")


@queries_app.command(
    "check", epilog="Examples: `kg queries check`; `kg queries check my/query.rq --graph build/pfocr.ttl`"
)
def check_command(
    file: Annotated[list[Path] | None, typer.Argument(help="Query files; the shipped ones by default.")] = None,
    graph: Annotated[
        Path | None, typer.Option("--graph", "-g", help="Graph to run them on; that of the seeds by default.")
    ] = None,
    queries: QueriesFolder = None,
) -> None:
    """Check queries: header, SPARQL 1.1, and that the defaults find something.

    The parts of a query that call other endpoints are not run. The exit status is 1 when a query has a problem.
    """
    with ending_cleanly():
        paths = file or [Path(str(each)) for each in query_files(queries)]
        problems = 0
        with _check_graph(graph) as path, open_store(path) as store:
            for each in paths:
                for problem in check_query(each, store):
                    typer.echo(problem.text(), err=True)
                    problems += problem.severity == "error"
        typer.echo(f"{len(paths)} queries, {problems} problems")
        if problems:
            raise typer.Exit(1)


@contextmanager
def _check_graph(given: Path | None) -> Iterator[Path]:
    """The graph that queries are tried on: as told, else one made of the checkout's seeds, else the default graph."""
    seeds = Path(__file__).parents[1] / "seeds"
    if given is not None or not seeds.is_dir():
        yield given or DEFAULT_GRAPH
        return
    with tempfile.TemporaryDirectory(prefix="kg-seeds-") as folder:
        kg.export(seeds, Path(folder) / "seeds.ttl", check=False)
        yield Path(folder) / "seeds.ttl"


@queries_app.command("build", epilog="Examples: `kg queries build > queries.ttl`; `kg queries build --format md`")
def build_command(
    form: Annotated[
        BuildForm, typer.Option("--format", "-f", help="ttl (SIB's form) or md (a table).")
    ] = BuildForm.ttl,
    queries: QueriesFolder = None,
    target: Annotated[
        str | None, typer.Option(help="IRI of the endpoint that holds the graph, for schema:target.")
    ] = None,
    base: Annotated[str, typer.Option(help="IRI that the queries' own IRIs hang on.")] = BASE,
) -> None:
    """Write the saved queries as RDF (SIB's sh:SPARQLExecutable), or as a Markdown table."""
    with ending_cleanly():
        found = load_queries(queries)
        for option, given in (("--target", target), ("--base", base)):
            if given is not None and not is_iri(given):
                raise UsageError.of("bad-value", f"{option} {given!r} is no absolute IRI", "", "write https://...")
        if form is BuildForm.md:
            typer.echo(queries_markdown(found.values()), nl=False)
            return
        typer.echo(queries_turtle(found.values(), base=base, target=target), nl=False)
