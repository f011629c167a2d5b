"""The commands `kg lexicon build`, `kg lexicon info` and `kg ground`."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

import kg
from kg.candidates import Candidate, ground
from kg.choices import TextOrJson
from kg.ending import ending_cleanly
from kg.errors import UsageError, printable
from kg.lexicon import Lexicon, LexiconInfo, Lexicons
from kg.lexiconfile import KINDS
from kg.progress import bytes_bar, problem_printer
from kg.tabletext import table_text
from kg.taxa import HUMAN, TAXON_IDS, TAXON_NAMES

_DIGITS = 18

__all__ = ["Embedded", "Ground", "LexiconFiles", "ground_command", "lexicon_app"]

lexicon_app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Names of genes, chemicals and diseases with their ids: build a lexicon from public files, or show one.",
)

LexiconFiles = Annotated[
    list[Path] | None,
    typer.Option(
        "--lexicon",
        help="File of `kg lexicon build`, asked instead of the embedded one for the organisms that it has; may be given "
        "again.",
    ),
]
Ground = Annotated[
    bool,
    typer.Option(
        "--ground/--no-ground",
        help="Link keywords of records without tables to genes, chemicals and diseases; --no-ground also leaves out "
        "the check of the tables' ids by the embedded lexicon.",
    ),
]
Embedded = Annotated[
    bool,
    typer.Option("--embedded-lexicon/--no-embedded-lexicon", help="With or without the embedded human gene lexicon."),
]


@lexicon_app.command(
    "build",
    epilog="Examples: `kg lexicon build hgnc_complete_set.txt relations.csv -o human.lexicon`; "
    "`kg lexicon build gene_info.gz gene_history.gz --taxon 9606 --taxon 'Mus musculus' -o genes.lexicon`; "
    "`kg lexicon build Homo_sapiens.gene_info.gz desc2026.xml.gz chebi.obo.gz doid.obo PMC-ids.csv.gz -o all.lexicon`",
)
def build_command(
    files: Annotated[
        list[Path],
        typer.Argument(
            help="NCBI gene_info, gene_history, PMC-ids; HGNC; FamPlex; MeSH XML; ChEBI; Disease Ontology. Plain or .gz; "
            "told by their content. Where two name one gene, the first has the say."
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The lexicon; a name in .zst is compressed (small ones only).")
    ],
    taxon: Annotated[
        list[str] | None,
        typer.Option("--taxon", help="Genes of this organism only, by NCBI Taxonomy id or name; may be given again."),
    ] = None,
    date: Annotated[
        str | None, typer.Option(help="Date (YYYY-MM-DD) of files that tell none; else when they were changed last.")
    ] = None,
) -> None:
    """Build one lexicon file from public databases' files. Nothing is fetched."""
    console = Console(stderr=True)

    with ending_cleanly():
        taxa = [_taxid(name) for name in taxon or ()]
        with bytes_bar(console, "read") as on_progress:
            info = kg.build_lexicon(
                files,
                output,
                taxa=taxa,
                date=date,
                on_problem=problem_printer(console, "are left out like these"),
                on_progress=on_progress,
            )
        _show(info, console)


@lexicon_app.command("info", epilog="Examples: `kg lexicon info`; `kg lexicon info genes.lexicon --format json`")
def info_command(
    file: Annotated[Path | None, typer.Argument(help="A lexicon; the embedded one by default.")] = None,
    form: Annotated[TextOrJson, typer.Option("--format", "-f", help="text or json.")] = TextOrJson.text,
) -> None:
    """Show what a lexicon is made of: sources with dates, licences and checksums, and counts."""
    with ending_cleanly():
        info = Lexicon(file).info()
        if form is TextOrJson.json:
            typer.echo(printable(json.dumps(info.to_json(), indent=2, ensure_ascii=False)))
        else:
            _show(info, Console())


def ground_command(
    words: Annotated[
        list[str], typer.Argument(help="Words as they stand in figures or lists; `-` reads lines of input.")
    ],
    taxon: Annotated[
        list[str] | None,
        typer.Option("--taxon", help="Organism, by NCBI Taxonomy id or name; human by default; may be given again."),
    ] = None,
    lexicon: LexiconFiles = None,
    embedded: Embedded = True,
    form: Annotated[TextOrJson, typer.Option("--format", "-f", help="text or json.")] = TextOrJson.text,
) -> None:
    """Show which genes, chemicals and diseases words may stand for, by which lexicon, and what was changed to find them.

    The exit status is 1 when no word is known.
    """
    with ending_cleanly():
        lexicons = Lexicons(lexicon or (), embedded=embedded)
        taxa = [_taxid(name) for name in taxon or ()]
        _check_covered(taxa, lexicons)
        taxa = taxa or [HUMAN]
        given = dict.fromkeys(line for word in words for line in (_input_lines() if word == "-" else [word]))
        found = ground(given, taxa=taxa, lexicons=lexicons)
        if form is TextOrJson.json:
            told = [
                {"word": word, "candidates": [one.to_json() for one in found if one.word == word]} for word in given
            ]
            typer.echo(printable(json.dumps(told, indent=2, ensure_ascii=False)))
        else:
            _print_candidates(given, found)
            unknown = [word for word in given if all(one.word != word for one in found)]
            if unknown and not any(lexicons.of_kind(kind) for kind in KINDS):
                typer.echo("no lexicon of chemicals or diseases was asked; --lexicon names one", err=True)
        if not found:
            raise typer.Exit(1)


def _check_covered(taxa: list[int], lexicons: Lexicons) -> None:
    """Refuse what no lexicon can answer: words would not be found, whatever they are."""
    for taxid in taxa:
        if not lexicons.covers(taxid):
            raise UsageError.of(
                "unknown-taxon",
                f"no lexicon has genes of taxon {taxid}",
                "words would not be found, whatever they are",
                "build one with `kg lexicon build gene_info.gz --taxon ...` and name it with --lexicon",
            )
    if not (lexicons.covers(HUMAN) or lexicons.used()):
        raise UsageError.of("no-lexicon", "there is no lexicon to look words up in", "", "name one with --lexicon")


def _input_lines() -> list[str]:
    stream = typer.get_text_stream("stdin", encoding="utf-8", errors="replace")
    return [line.strip() for line in stream if line.strip()]


def _taxid(name: str) -> int:
    """The NCBI Taxonomy id that a number or a name means."""
    ident = next((taxid for known, taxid in TAXON_IDS.items() if known.casefold() == name.casefold()), name)
    if len(ident) <= _DIGITS and ident.isascii() and ident.isdigit() and int(ident):
        return int(ident)
    raise UsageError.of(
        "unknown-taxon",
        f"{name!r} is no NCBI Taxonomy id, and no organism that is known by name",
        "",
        f"give the id, or one of {', '.join(sorted(TAXON_IDS))}",
    )


def _print_candidates(words: Iterable[str], found: list[Candidate]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("word", "id", "name", "organism", "match", "lexicon", "strictness", "changed"):
        table.add_column(name, overflow="fold")
    for word in words:
        rows = [candidate for candidate in found if candidate.word == word]
        for row in rows:
            organism = TAXON_NAMES.get(str(row.taxon), str(row.taxon)) if row.taxon else ""
            how = ", ".join(row.changes) + (f" (family {row.family})" if row.family else "")
            cells = (word, row.id, row.name, organism, row.match, row.lexicon, row.strictness, how.strip())
            table.add_row(*map(_cell, cells))
        if not rows:
            table.add_row(_cell(word), "-", "not known")
    _print(table, Console())


def _print(table: Table, console: Console) -> None:
    """A table; where no terminal sets the width, as wide as it is, without blanks at the ends of lines."""
    if console.is_terminal:
        console.print(table)
        return
    console.file.write(table_text(table))


def _cell(text: str) -> Text:
    """A cell as it is: neither marks of rich nor control characters, which could steer the terminal, take effect."""
    return Text("".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in printable(text)))


def _show(info: LexiconInfo, console: Console) -> None:
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    rows = [("lexicon", info.path), ("version", info.version), ("made with", info.made_with)]
    rows += [(what, f"{number:,}") for what, number in info.counts.items()]
    if info.taxa:
        rows.append(("genes of", _organisms(info.taxa)))
    for source in info.sources:
        rows += _source_rows(source)
    for label, value in rows:
        table.add_row(label, _cell(value))
    _print(table, console)


def _organisms(taxa: dict[int, int]) -> str:
    most = sorted(taxa, key=lambda taxon: -taxa[taxon])[:10]
    told = [f"{TAXON_NAMES.get(str(taxon), f'taxon {taxon}')} ({taxa[taxon]:,})" for taxon in most]
    return ", ".join(told) + (f" and {len(taxa) - len(most):,} more" if len(taxa) > len(most) else "")


def _source_rows(source: dict[str, Any]) -> list[tuple[str, str]]:
    version = f", release {source['version']}" if source["version"] else ""
    rows = [
        ("source", f"{source['title']}{version}, of {source['date']}"),
        ("  file", f"{source['file']} ({source['size']:,} bytes, sha256 {source['sha256']})"),
        ("  from", source["home"]),
        ("  licence", source["licence"]),
        ("  rows", f"{source['rows']:,}"),
    ]
    return rows + [(f"  {number:,}", f"passed over: {reason}") for reason, number in source["passed_over"].items()]
