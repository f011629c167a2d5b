"""PFOCR records to a knowledge graph: read, expand, link, check, write; then load it and ask it."""

from importlib import import_module
from typing import TYPE_CHECKING

from kg.errors import ExpansionError, KgError, Problem, QueryError, ShapesError, SourceError, UsageError
from kg.resources import tool_version

if TYPE_CHECKING:
    from kg.answer import Answer
    from kg.candidates import Candidate, ground
    from kg.check import Result
    from kg.graphcheck import CheckReport, check_graph
    from kg.graphstore import GraphStore, open_endpoint, open_store
    from kg.keywords import ground_keywords
    from kg.lexicon import Lexicon, LexiconInfo, Lexicons
    from kg.lexiconbuild import build_lexicon
    from kg.load import LoadReport, load_graph
    from kg.options import ExportOptions
    from kg.pipeline import export
    from kg.record import Entity, Figure, Mention, Organism, Paper
    from kg.records import read_records, record_graph
    from kg.report import ExportReport
    from kg.savedqueries import Parameter, SavedQuery, load_queries
    from kg.shapes import PropertyShape, ShapesGraph, load_shapes
    from kg.upload import UploadReport, upload_graph

__version__ = tool_version()

__all__ = [
    "Answer",
    "Candidate",
    "CheckReport",
    "Entity",
    "ExpansionError",
    "ExportOptions",
    "ExportReport",
    "Figure",
    "GraphStore",
    "KgError",
    "Lexicon",
    "LexiconInfo",
    "Lexicons",
    "LoadReport",
    "Mention",
    "Organism",
    "Paper",
    "Parameter",
    "Problem",
    "PropertyShape",
    "QueryError",
    "Result",
    "SavedQuery",
    "ShapesError",
    "ShapesGraph",
    "SourceError",
    "UploadReport",
    "UsageError",
    "build_lexicon",
    "check_graph",
    "export",
    "ground",
    "ground_keywords",
    "load_graph",
    "load_queries",
    "load_shapes",
    "open_endpoint",
    "open_store",
    "read_records",
    "record_graph",
    "upload_graph",
]

# Where each name lives. A query's own process starts in a tenth of the time, since it needs few of them.
_HOMES = {
    "Answer": "answer",
    "Candidate": "candidates",
    "CheckReport": "graphcheck",
    "Entity": "record",
    "ExportOptions": "options",
    "ExportReport": "report",
    "Figure": "record",
    "GraphStore": "graphstore",
    "Lexicon": "lexicon",
    "LexiconInfo": "lexicon",
    "Lexicons": "lexicon",
    "LoadReport": "load",
    "Mention": "record",
    "Organism": "record",
    "Paper": "record",
    "Parameter": "savedqueries",
    "PropertyShape": "shapes",
    "Result": "check",
    "SavedQuery": "savedqueries",
    "ShapesGraph": "shapes",
    "UploadReport": "upload",
    "build_lexicon": "lexiconbuild",
    "check_graph": "graphcheck",
    "export": "pipeline",
    "ground": "candidates",
    "ground_keywords": "keywords",
    "load_graph": "load",
    "load_queries": "savedqueries",
    "load_shapes": "shapes",
    "open_endpoint": "graphstore",
    "open_store": "graphstore",
    "read_records": "records",
    "record_graph": "records",
    "upload_graph": "upload",
}


def __getattr__(name: str) -> object:
    """A public name, imported when it is first asked for."""
    if name not in _HOMES:
        msg = f"module 'kg' has no attribute {name!r}"
        raise AttributeError(msg)
    value: object = getattr(import_module(f"kg.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
