"""Graphs as sets of triples, so that what two programs wrote can be compared."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox

__all__ = ["export_triples", "hashed_triples"]


def hashed_triples(path: Path) -> set[int]:
    """A hash of 64 bits for each triple of a file, whichever graph it stands in: 10 million take half a gigabyte."""
    return {_hash(quad) for quad in ox.parse(path=path)}


def export_triples(path: Path) -> set[int]:
    """The same for the Turtle of `kg export`, without what it says of itself.

    A single file holds the description (layer `meta`) as well. `NAME.void.ttl` beside it has the same subjects, and
    nothing else in the graph is about these.
    """
    beside = path.with_name(f"{path.name.partition('.')[0]}.void.ttl")
    described = {quad.subject for quad in ox.parse(path=beside)}
    return {_hash(quad) for quad in ox.parse(path=path) if quad.subject not in described}


def _hash(quad: ox.Quad) -> int:
    return hash((str(quad.subject), str(quad.predicate), str(quad.object)))
