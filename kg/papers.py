"""Figures of one paper: their records describe the paper each in its own words, the graph has it once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace

from kg.record import Figure, Findings, Paper

__all__ = ["merge_papers"]

_WEIGHTY = ("doi", "year", "title")


def merge_papers(figures: Sequence[Figure], findings: Findings) -> Paper:
    """The paper as the newest of its records has it, filled in from the older ones.

    Args:
        figures: of one paper, in order; later generations win, then the first.
        findings: receives a warning where DOI, year or title differ, a note for lesser fields.
    """
    ranked = sorted(figures, key=lambda figure: figure.generation, reverse=True)
    merged = ranked[0].paper
    for figure in ranked[1:]:
        changes: dict[str, object] = {}
        for item in fields(Paper):
            mine, theirs = getattr(merged, item.name), getattr(figure.paper, item.name)
            if item.name == "keywords":
                changes["keywords"] = tuple(dict.fromkeys((*mine, *theirs)))
            elif not mine:
                changes[item.name] = theirs
            elif theirs and theirs != mine:
                _differs(item.name, mine, theirs, figure, findings)
        merged = replace(merged, **changes)  # type: ignore[arg-type]
    return merged


def _differs(name: str, mine: str, theirs: str, figure: Figure, findings: Findings) -> None:
    if name not in _WEIGHTY:
        findings.notes["paper-field-differs"] += 1
        return
    findings.warn(
        "paper-differs",
        f"the {name} of {figure.pmcid} is {theirs!r} here and {mine!r} in another record of the same paper",
        "a paper has one; that of the newest record is used",
        "correct the record that is wrong",
        path=figure.path,
        figid=figure.figid,
        key=({"title": "papertitle"}.get(name, name),),
    )
