"""All formats of bulk files that can be read."""

from __future__ import annotations

from typing import Final

from kg.bulk import chebi, doid, famplex, gene_history, gene_info, hgnc, mesh, obo, pmc_ids
from kg.bulk.format import Format

__all__ = ["FORMATS"]

FORMATS: Final[tuple[Format, ...]] = (
    gene_info.FORMAT,
    gene_history.FORMAT,
    hgnc.FORMAT,
    *famplex.FORMATS,
    *mesh.FORMATS,
    *chebi.FORMATS,
    doid.FORMAT,
    obo.FORMAT,
    pmc_ids.FORMAT,
)
"""Told apart by the first lines of a file."""
