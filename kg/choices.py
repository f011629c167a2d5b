"""What the options of the command line can be: engines and forms of output."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

__all__ = ["DEFAULT_GRAPH", "DEFAULT_STORE", "BuildForm", "Engine", "Form", "QueriesFolder", "ReportForm", "TextOrJson"]

DEFAULT_GRAPH: Final = Path("build/pfocr.ttl")
"""Where `make export` writes."""

DEFAULT_STORE: Final = Path("build/pfocr.store")
"""Where `kg load` writes."""

QueriesFolder = Annotated[
    Path | None, typer.Option("--queries", help="Folder of saved queries (NAME.rq) to use instead of the shipped ones.")
]
"""The option that names a folder of saved queries."""


class Engine(StrEnum):
    """SHACL engines."""

    shacl = "shacl"
    pyshacl = "pyshacl"


class TextOrJson(StrEnum):
    """Forms of a listing."""

    text = "text"
    json = "json"


class ReportForm(StrEnum):
    """Forms of a check's report."""

    text = "text"
    json = "json"
    turtle = "turtle"


class Form(StrEnum):
    """Formats of an answer."""

    table = "table"
    csv = "csv"
    tsv = "tsv"
    json = "json"
    xml = "xml"
    ttl = "ttl"
    md = "md"


class BuildForm(StrEnum):
    """Forms that saved queries are written in."""

    ttl = "ttl"
    md = "md"
