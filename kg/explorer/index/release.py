"""What the graph says of itself (VoID, DCAT, PROV), as the page of the dataset shows it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from kg.explorer.index.graph import Graph
from kg.vocab import Names

__all__ = ["release_facts"]

_FACTS: Final = (
    ("Description", "dcterms:description"),
    ("Figures", "void:entities"),
    ("Figures' IRIs begin with", "void:uriSpace"),
    ("Vocabulary", "void:vocabulary"),
)


def release_facts(graph: Graph) -> dict[str, Any]:
    """The fields of `Release`; a count is label, number and path."""
    dataset = _dataset(graph)
    if not dataset:
        return {}
    source = graph.value(dataset, "prov:wasDerivedFrom")
    return {
        "iri": dataset,
        "title": graph.value(dataset, "dcterms:title"),
        "version": graph.value(dataset, "pav:version"),
        "issued": graph.value(dataset, "dcterms:issued"),
        "license": graph.value(dataset, "dcterms:license"),
        "source": source,
        "triples": _number(graph.value(dataset, "void:triples")),
        "facts": [*_facts(graph, dataset, source)],
        "classes": _partitions(graph, dataset, "void:classPartition", "void:class", "void:entities"),
        "properties": _partitions(graph, dataset, "void:propertyPartition", "void:property", "void:triples"),
        "linksets": _linksets(graph),
    }


def _dataset(graph: Graph) -> str:
    """The dataset that is described: the one with partitions, where there are several."""
    found = graph.instances("dcat:Dataset")
    return next((iri for iri in found if graph.values(iri, "void:classPartition")), found[0] if found else "")


def _facts(graph: Graph, dataset: str, source: str) -> Iterator[tuple[str, str]]:
    for label, predicate in _FACTS:
        for value in graph.values(dataset, predicate):
            yield label, value
    if commit := graph.value(source, "pav:version") if source else "":
        yield "Source commit", commit
    for run in graph.values(dataset, "prov:wasGeneratedBy"):
        yield from _run(graph, run, source)
    for layer in graph.values(dataset, "void:subset"):
        if graph.value(layer, "dcterms:title"):
            title = graph.value(layer, "dcterms:title").rpartition(": ")[2]
            yield f"Triples of {title}", graph.value(layer, "void:triples")


def _run(graph: Graph, run: str, source: str) -> Iterator[tuple[str, str]]:
    for tool in graph.values(run, "prov:wasAssociatedWith"):
        yield "Made by", f"{graph.value(tool, 'foaf:name')} {graph.value(tool, 'pav:version')}".strip()
    for options in graph.values(run, "pfo:options"):
        yield "Options", options
    for used in graph.values(run, "prov:used"):
        if used == source:
            continue
        title, version = graph.value(used, "dcterms:title"), graph.value(used, "pav:version")
        yield "Used", f"{title} ({version})" if title and version else title or used
        for licence in graph.values(used, "dcterms:license"):
            yield "Its licence", licence


def _partitions(graph: Graph, dataset: str, part: str, what: str, many: str) -> list[list[Any]]:
    names = Names(graph.base)
    found = [
        [names.curie(graph.value(node, what)), _number(graph.value(node, many)), ""]
        for node in graph.values(dataset, part)
    ]
    return sorted(found, key=lambda one: (-one[1], one[0]))


def _linksets(graph: Graph) -> list[list[Any]]:
    names = Names(graph.base)
    found = []
    for node in graph.instances("void:Linkset"):
        target = graph.value(node, "void:objectsTarget")
        title = (graph.value(target, "dcterms:title") if target else "") or target
        predicate = names.curie(graph.value(node, "void:linkPredicate"))
        found.append([f"{title} by {predicate}", _number(graph.value(node, "void:triples")), ""])
    return sorted(found, key=lambda one: (-one[1], one[0]))


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and text.isascii() else 0
