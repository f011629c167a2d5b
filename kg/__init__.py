"""PFOCR records to a knowledge graph: read, expand, link, check, write."""

from kg.check import Result
from kg.errors import ExpansionError, KgError, Problem, ShapesError, SourceError, UsageError
from kg.graphcheck import CheckReport, check_graph
from kg.options import ExportOptions
from kg.pipeline import export
from kg.record import Entity, Figure, Mention, Organism, Paper
from kg.records import read_records, record_graph
from kg.report import ExportReport
from kg.resources import tool_version
from kg.shapes import PropertyShape, ShapesGraph, load_shapes

__version__ = tool_version()

__all__ = [
    "CheckReport",
    "Entity",
    "ExpansionError",
    "ExportOptions",
    "ExportReport",
    "Figure",
    "KgError",
    "Mention",
    "Organism",
    "Paper",
    "Problem",
    "PropertyShape",
    "Result",
    "ShapesError",
    "ShapesGraph",
    "SourceError",
    "UsageError",
    "check_graph",
    "export",
    "load_shapes",
    "read_records",
    "record_graph",
]
