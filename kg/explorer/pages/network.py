"""The network of a figure: what was read in it, and the nearest other figures, as nodes and edges for a script."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from kg.explorer.model import Entity, Figure, FigureRow, Mention
from kg.explorer.pages.cells import figure_path

__all__ = ["network"]

_MOST_ENTITIES: Final = 150
"""More cannot be told apart in a drawing; the table has them all."""

_LONGEST_TITLE: Final = 120


def network(figure: Figure, mentions: Sequence[Mention], neighbours: Sequence[FigureRow]) -> str:
    """The nodes (id, kind, label, path, whether in doubt) and edges (from, to) as JSON.

    The figure is joined to all that was read in it, a neighbour to the genes that it shares. Entities that neighbours
    share come first where there are too many to draw.
    """
    shared = {label for row in neighbours for label in row.shared_labels}
    entities = _entities(mentions, shared)
    genes = {one.label: one.id for one, _ in entities if one.kind == "gene"}
    nodes: list[dict[str, Any]] = [{"id": "figure", "kind": "figure", "label": "This figure", "path": ""}]
    nodes += [
        {
            "id": _key(one),
            "kind": one.kind,
            "label": one.label or one.id,
            "path": one.path,
            "doubt": doubt,
            "shared": one.kind == "gene" and one.label in shared,
        }
        for one, doubt in entities
    ]
    edges = [["figure", _key(one)] for one, _ in entities]
    for place, row in enumerate(neighbours):
        near = {"kind": "near", "label": row.paper, "title": _short(row), "path": figure_path(row.id)}
        nodes.append({"id": f"near-{place}"} | near)
        edges += [[f"near-{place}", f"gene-{genes[label]}"] for label in row.shared_labels if label in genes]
    return json.dumps({"title": figure.title, "nodes": nodes, "edges": edges}, separators=(",", ":"))


def _entities(mentions: Sequence[Mention], shared: set[str]) -> list[tuple[Entity, bool]]:
    """The distinct entities, each with whether all its mentions are in doubt."""
    found: dict[str, tuple[Entity, bool]] = {}
    for one in mentions:
        _, doubt = found.get(_key(one.entity), (one.entity, True))
        found[_key(one.entity)] = (one.entity, doubt and bool(one.doubts))
    ordered = sorted(found.values(), key=lambda pair: pair[0].label not in shared)
    return ordered[:_MOST_ENTITIES]


def _key(entity: Entity) -> str:
    return f"{entity.kind}-{entity.id}"


def _short(row: FigureRow) -> str:
    title = row.title or row.id
    return title if len(title) <= _LONGEST_TITLE else f"{title[: _LONGEST_TITLE - 1].rstrip()}…"
