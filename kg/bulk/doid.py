"""The Disease Ontology's `doid.obo`."""

from __future__ import annotations

from typing import Final

from kg.bulk.format import Format
from kg.bulk.obo import Ontology, is_obo_of, read_obo

__all__ = ["FORMAT"]

_DOID: Final = Ontology(name="doid", prefix="DOID", kind="disease")

FORMAT: Final = Format(
    name="doid",
    title="Disease Ontology (OBO)",
    home="http://purl.obolibrary.org/obo/doid.obo",
    licence="https://creativecommons.org/publicdomain/zero/1.0/",
    recognise=lambda head: is_obo_of(head) == _DOID.name,
    rows=lambda file, _taxa: read_obo(file, _DOID),
)
