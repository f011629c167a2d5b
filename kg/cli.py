"""The command `kg`: parse arguments, call the library, print.

What a single command needs is named as `kg.export` and imported when it is called (see `kg.__getattr__`).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

import kg
from kg.choices import Engine, ReportForm, TextOrJson
from kg.describe import SOURCE_IRI
from kg.ending import ending_cleanly
from kg.errors import UsageError, printable
from kg.explain import explain
from kg.garbage import collect_nothing_at_exit
from kg.lexiconcli import Embedded, Ground, LexiconFiles, ground_command, lexicon_app
from kg.link import IMAGE_URL
from kg.mergeparts import merge_parts
from kg.progress import bytes_bar, problem_printer, progress_bar
from kg.queriescli import queries_app
from kg.records import explain_record
from kg.report import write_report
from kg.resources import tool_version
from kg.servecli import serve_command
from kg.storecli import load_command, query_command, upload_command
from kg.vocab import BASE, Names
from kg.vocabulary import vocabulary_turtle

__all__ = ["app"]

app = typer.Typer(
    name="kg",
    help="Turn PFOCR records of published pathway figures into a checked knowledge graph.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)


_FEW_FILES = 12
_NOTHING_LEFT = "stopped; nothing was written"
_PARTS_LEFT = "stopped; there may be parts, but no manifest.json: the same command writes them anew"


def _version(asked: bool) -> None:  # noqa: FBT001 (Typer calls it so)
    if asked:
        typer.echo(f"kg {tool_version()}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[  # noqa: ARG001 (its callback uses it)
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Turn PFOCR records of published pathway figures into a checked knowledge graph."""
    collect_nothing_at_exit()


def _print_table(report: kg.ExportReport, console: Console) -> None:
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for label, value in report.rows():
        table.add_row(label, value)
    if len(report.files) > _FEW_FILES:
        table.add_row("wrote", f"{len(report.files):,} files ({sum(file.size for file in report.files):,} bytes)")
    for file in report.files if len(report.files) <= _FEW_FILES else ():
        table.add_row("wrote", escape(printable(f"{file.name} ({file.size:,} bytes)")))
    rate = report.records / report.seconds if report.seconds else 0
    table.add_row("time", f"{report.seconds:.1f} s ({rate:,.0f} figures/s)")
    console.print(table)


@app.command(
    "export",
    epilog="Examples: `kg export seeds -o build/pfocr.ttl`; `kg export ~/pfocr-database -o graph.nq.gz --pmc-ids PMC-ids.csv.gz`; "
    "`kg export db.zip -o layers/ --report report.json --quarantine bad/`; "
    "`kg export s3://bucket/pfocr-database -o s3://bucket/run --shards --format nq.gz --scheduler tcp://HOST:8786`",
)
def export_command(
    source: Annotated[
        list[str],
        typer.Argument(
            help="Records: .md files, folders (flat, or with _figures/ and _data/), .zip, .tar, .tar.gz; or URLs of such."
        ),
    ],
    output: Annotated[
        str,
        typer.Option(
            "--output",
            "-o",
            help="File (.ttl, .nt, .nq, .trig, .jsonld, also .gz or .zst), or a folder for one file a layer; "
            "with --shards a folder or URL.",
        ),
    ] = "pfocr.ttl",
    form: Annotated[
        str | None,
        typer.Option(
            "--format",
            "-f",
            help="Format where the output's suffix does not tell: ttl, nt, nq, trig, jsonld, with .gz or .zst.",
        ),
    ] = None,
    data: Annotated[
        list[str] | None,
        typer.Option("--data", help="Where companion tables are looked for first; may be given again."),
    ] = None,
    pmc_ids: Annotated[
        Path | None, typer.Option("--pmc-ids", help="NCBI's PMC-ids.csv[.gz]: adds PMIDs, and DOIs that records lack.")
    ] = None,
    repair: Annotated[
        bool,
        typer.Option("--repair/--no-repair", help="Mend the constants of the records' JSON-LD, or keep it verbatim."),
    ] = True,
    check: Annotated[
        bool, typer.Option("--check/--no-check", help="Check every record against the SHACL shapes.")
    ] = True,
    engine: Annotated[Engine, typer.Option(help="SHACL engine: shacl is fast, pyshacl the reference.")] = Engine.shacl,
    shapes: Annotated[Path | None, typer.Option(help="Folder of shapes to use instead of the shipped ones.")] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Stop at the first broken record and write nothing.")
    ] = False,
    quarantine: Annotated[
        Path | None, typer.Option(help="Folder that broken records are copied to, with their problems.")
    ] = None,
    report: Annotated[Path | None, typer.Option(help="Write the report, with every problem, as JSON.")] = None,
    base: Annotated[str, typer.Option(help="IRI that the project's own terms hang on.")] = BASE,
    image_url: Annotated[str, typer.Option(help="Template of image addresses.")] = IMAGE_URL,
    release: Annotated[
        str | None, typer.Option(help="Version of the result; else the source's commit, else a digest of the records.")
    ] = None,
    issued: Annotated[
        str | None, typer.Option(help="Date of issue, YYYY-MM-DD; else the date of the source's commit.")
    ] = None,
    source_iri: Annotated[str, typer.Option(help="IRI of the database that the records come from.")] = SOURCE_IRI,
    vocabulary: Annotated[
        bool, typer.Option("--vocabulary", help="Include the project's vocabulary in the graph.")
    ] = False,
    queries: Annotated[
        bool, typer.Option("--queries", help="Include the saved queries in the graph, as a layer of their own.")
    ] = False,
    ground: Ground = True,
    lexicon: LexiconFiles = None,
    embedded: Embedded = True,
    jobs: Annotated[
        int | None,
        typer.Option("--jobs", "-j", min=1, help="Processes to work with; by default as many as cores may be used."),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(
            "--scheduler",
            help="Address of a running Dask cluster, such as tcp://HOST:8786, that works instead of --jobs. Records, "
            "lexicons, shapes and the folder of --shards must lie under the same path on all its machines.",
        ),
    ] = None,
    shards: Annotated[
        bool,
        typer.Option("--shards", help="Write many parts and a manifest to a folder or URL; `kg merge` joins them."),
    ] = False,
) -> None:
    """Convert records to a graph, checked against the shapes.

    Broken records are reported, left out and counted; the exit status is then 1. Nothing is ever fetched.
    """
    console = Console(stderr=True)
    with ending_cleanly(_PARTS_LEFT if shards else _NOTHING_LEFT):
        options = kg.ExportOptions(
            form=form, data=tuple(data or ()), pmc_ids=pmc_ids, repair=repair, check=check, engine=engine.value,
            shapes=shapes, strict=strict, quarantine=quarantine, base=base, image_url=image_url, release=release,
            issued=issued, source_iri=source_iri, vocabulary=vocabulary,
            queries=queries, ground=ground, lexicons=tuple(lexicon or ()), embedded=embedded,
            jobs=jobs, scheduler=scheduler, shards=shards,
        )  # fmt: skip
        if report is not None and not report.parent.is_dir():
            raise UsageError.of("unwritable-output", f"the folder of {report} does not exist", "", "make it first")
        with progress_bar(console) as on_progress:
            result = kg.export(
                source,
                output,
                options=options,
                on_problem=problem_printer(console, "are counted; --report FILE lists them all"),
                on_progress=on_progress,
            )
        if report is not None:
            write_report(result, report)
        _print_table(result, console)
        if not result.ok:
            raise typer.Exit(1)


@app.command(
    "merge",
    epilog="Examples: `kg merge parts/ -o graph.ttl`; `kg merge s3://bucket/run -o graph.nq.gz`",
)
def merge_command(
    parts: Annotated[str, typer.Argument(help="Folder or URL that `kg export --shards` wrote.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The file; its format is that of the parts, also with .gz or .zst.")
    ],
) -> None:
    """Join the parts of an export to one file, the same as an export without --shards writes.

    Sizes and checksums of the parts are checked against their manifest.
    """
    console = Console(stderr=True)
    with ending_cleanly(), bytes_bar(console, "parts") as on_progress:
        written = merge_parts(parts, output, on_progress=on_progress)
    console.print(f"wrote {written.name} ({written.size:,} bytes)", markup=False, highlight=False, soft_wrap=True)


@app.command("check", epilog="Examples: `kg check build/pfocr.ttl`; `kg check layers/ --report turtle > report.ttl`")
def check_command(
    graph: Annotated[
        Path,
        typer.Argument(
            help="RDF file (Turtle, N-Triples, N-Quads, TriG, N3, RDF/XML, JSON-LD; .gz, .zst), or a folder of them."
        ),
    ],
    report: Annotated[
        ReportForm, typer.Option("--report", help="Form of the report: text, json, or turtle (sh:ValidationReport).")
    ] = ReportForm.text,
    form: Annotated[
        str | None, typer.Option("--format", "-f", help="RDF format where the suffix does not tell.")
    ] = None,
    engine: Annotated[Engine, typer.Option(help="SHACL engine: shacl is fast, pyshacl the reference.")] = Engine.shacl,
    shapes: Annotated[Path | None, typer.Option(help="Folder of shapes to use instead of the shipped ones.")] = None,
    base: Annotated[str, typer.Option(help="IRI that the project's own terms hang on in this graph.")] = BASE,
    limit: Annotated[int | None, typer.Option(min=0, help="Show at most so many results as text.")] = None,
) -> None:
    """Check any RDF file against the shapes.

    The exit status is 1 when there are violations, or when the graph holds nothing that a shape is about.
    """
    with ending_cleanly():
        result = kg.check_graph(graph, engine=engine.value, shapes=shapes, form=form, base=base)
        if report is ReportForm.json:
            typer.echo(json.dumps(result.to_json(), indent=2, ensure_ascii=False))
        else:
            typer.echo(result.to_turtle() if report is ReportForm.turtle else result.text(limit))
        if not result.checked:
            typer.echo(f"{graph}: nothing was checked, no node is of a class that a shape is about", err=True)
        if result.violations or not result.checked:
            raise typer.Exit(1)


@app.command("explain", epilog="Example: `kg explain seeds/_figures/PMC12080488__ITT-14-523-g0004.md`")
def explain_command(
    record: Annotated[Path, typer.Argument(help="A record; or a folder or archive, with --figure.")],
    figure: Annotated[str | None, typer.Option("--figure", help="Figure id of the record to explain.")] = None,
    data: Annotated[
        list[Path] | None,
        typer.Option("--data", help="Where companion tables are looked for first; may be given again."),
    ] = None,
    form: Annotated[TextOrJson, typer.Option("--format", "-f", help="text or json.")] = TextOrJson.text,
    repair: Annotated[bool, typer.Option("--repair/--no-repair", help="With or without the repairs.")] = True,
    base: Annotated[str, typer.Option(help="IRI that the project's own terms hang on.")] = BASE,
    ground: Ground = True,
    lexicon: LexiconFiles = None,
    embedded: Embedded = True,
) -> None:
    """Show one record's triples, each with the field or table row that it comes from."""
    with ending_cleanly():
        outcome = explain_record(
            record, figure, data=data or (), repair=repair, base=base, ground=ground, lexicons=lexicon or (),
            embedded=embedded,
        )  # fmt: skip
        explanation = explain(outcome, Names(base))
        if form is TextOrJson.json:
            typer.echo(json.dumps(explanation.to_json(), indent=2, ensure_ascii=False))
            return
        for line in explanation.text():
            typer.echo(line)
        for problem in explanation.problems:
            typer.echo(problem.text(), err=True)


@app.command("shapes", epilog="Example: `kg shapes --format json`")
def shapes_command(
    folder: Annotated[
        Path | None, typer.Option("--shapes", help="Folder of shapes; the shipped ones by default.")
    ] = None,
    form: Annotated[TextOrJson, typer.Option("--format", "-f", help="text or json.")] = TextOrJson.text,
) -> None:
    """List the shapes: what each asks of which class, how severe a breach is, and the field it guards."""
    with ending_cleanly():
        shapes = kg.load_shapes(folder)
    rows = list(shapes.properties.values())
    if form is TextOrJson.json:
        fields = ("name", "node_shape", "target", "path", "severity", "message", "comment")
        typer.echo(json.dumps([{field: getattr(row, field) for field in fields} for row in rows], indent=2))
        return
    node_shape = ""
    for row in rows:
        if row.node_shape != node_shape:
            node_shape = row.node_shape
            typer.echo(f"\n{node_shape} ({row.target[1:-1]})")
        typer.echo(f"  {row.name:<28} {row.severity:<9} {row.message}\n{'':41}guards {row.comment}")


@app.command("vocabulary", epilog="Example: `kg vocabulary > vocabulary.ttl`")
def vocabulary_command(
    base: Annotated[str, typer.Option(help="IRI that the project's own terms hang on.")] = BASE,
) -> None:
    """Print the project's vocabulary as Turtle."""
    typer.echo(vocabulary_turtle(base), nl=False)


app.command(
    "load",
    epilog="Examples: `kg load`; `kg load build/all.nq.gz --store all.store`; `kg load more.ttl --add`",
)(load_command)
app.command(
    "query",
    epilog="Examples: `kg query figures-for-gene gene=STAT3`; "
    "`kg query genes-of-figure figure=PMC12080488__ITT-14-523-g0004 --format csv`; "
    "`kg query 'SELECT * { ?s ?p ?o } LIMIT 5' --graph build/pfocr.ttl`; "
    "`kg query uniprot-proteins-of-figure --federate`",
)(query_command)
app.command(
    "serve",
    epilog="Examples: `kg serve`; `kg serve build/pfocr.ttl --open`; `kg serve all.store --port 8000 --cors`",
)(serve_command)
app.command(
    "upload",
    epilog="Examples: `kg upload build/pfocr.ttl --to http://localhost:7878/store`; "
    "`kg upload build/pfocr.ttl --to http://localhost:8890/sparql-graph-crud-auth --graph-iri https://w3id.org/pfocr-kg/graph`",
)(upload_command)
app.add_typer(queries_app, name="queries")
app.command(
    "ground",
    epilog="Examples: `kg ground Zeb1 '(IL-6' p53`; `kg ground Trp53 --taxon 'Mus musculus' --lexicon genes.lexicon`; "
    "`kg ground - --format json < words.txt`",
)(ground_command)
app.add_typer(lexicon_app, name="lexicon")
