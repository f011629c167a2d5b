"""Which IRIs of a graph have a page in the explorer, and how people read an IRI."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Final, NamedTuple
from urllib.parse import quote, unquote

from kg.vocab import FIGURE_BASE, PREFIXES, Names

__all__ = ["PLACES", "PMC_BASE", "Place", "place_of", "short"]

PMC_BASE: Final = "https://identifiers.org/pmc/"
"""Where papers have their IRIs."""

_OBO: Final = PREFIXES["obo"]
_CURIES: Final = Names()

PLACES: Final[Sequence[tuple[str, str, str]]] = (
    (PREFIXES["ncbigene"], r"(\d+)", "gene"),
    (PREFIXES["mesh"], r"([CD]\d+)", "chemical disease"),
    (_OBO, r"(CHEBI_\d+)", "chemical"),
    (_OBO, r"(DOID_\d+)", "disease"),
    (_OBO, r"NCBITaxon_(\d+)", "organism"),
    (PMC_BASE, r"(PMC\d+)", "paper"),
    (FIGURE_BASE, r"(.+)\.html", "figure"),
)
"""How IRIs begin and go on (the id in brackets), and the kinds of what they name; a script reads the same patterns."""


class Place(NamedTuple):
    """What an IRI names: a kind (or several, of which the graph knows which) and an id in addresses."""

    kinds: tuple[str, ...]
    id: str

    @property
    def kind(self) -> str:
        """The kind, or the first that it may be."""
        return self.kinds[0]

    def path(self, kind: str) -> str:
        """The page of it as a thing of a kind."""
        return f"/{kind}/{quote(self.id, safe='')}"


@cache
def _patterns() -> list[tuple[re.Pattern[str], tuple[str, ...]]]:
    return [(re.compile(re.escape(base) + local, re.ASCII), tuple(kinds.split())) for base, local, kinds in PLACES]


def place_of(iri: str) -> Place | None:
    """What an IRI of the graph names, by its form; None for anything that has no page here.

    >>> place_of("https://identifiers.org/ncbigene/6774")
    Place(kinds=('gene',), id='6774')
    >>> place_of("http://example.com/") is None
    True
    """
    for pattern, kinds in _patterns():
        match = pattern.fullmatch(iri)
        if match:
            return Place(kinds, unquote(match[1]))
    return None


def short(iri: str) -> str:
    """An IRI as people read it: a CURIE, or the id of a figure.

    >>> short("https://identifiers.org/ncbigene/6774"), short("https://pfocr.wikipathways.org/figures/PMC1__a.html")
    ('ncbigene:6774', 'PMC1__a')
    """
    place = place_of(iri)
    if place and place.kind in ("figure", "paper"):
        return place.id
    return _CURIES.curie(iri)
