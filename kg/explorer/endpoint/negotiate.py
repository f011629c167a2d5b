"""Content negotiation: what a client takes of what there is (RFC 9110, section 12.5.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import mimeparse

from kg.errors import QueryError
from kg.explorer.engine.media import BY_NAME, GRAPHS, RESULTS

__all__ = ["HTML", "accepted", "named_formats"]

HTML: Final = "text/html"
# A browser sends some 150 characters, SPARQLWrapper as many; nobody needs to make us read a book.
_LONGEST: Final = 4_000


def accepted(header: str | None, offers: Sequence[str]) -> list[str]:
    """The offers that a client takes, best first; of equal ones the server's favourite.

    Args:
        header: the value of `Accept`; None or nothing for a client that takes anything, and so for a broken one.
        offers: media types, the server's favourite first.

    >>> accepted("text/*;q=0.5, application/ld+json", ["text/turtle", "application/ld+json", "application/n-triples"])
    ['application/ld+json', 'text/turtle']
    """
    ranges = [part for part in (header or "")[:_LONGEST].lower().split(",") if part.strip()]
    try:
        parsed = [mimeparse.parse_media_range(part.strip()) for part in ranges]
    except mimeparse.MimeTypeParseException:
        return list(offers)
    if not parsed:
        return list(offers)
    liking = {offer: float(mimeparse.quality_parsed(offer, parsed)) for offer in offers}
    return sorted((offer for offer in offers if liking[offer] > 0), key=lambda offer: -liking[offer])


def named_formats(name: str) -> tuple[str, ...]:
    """The media types that `?format=` asks for: a short name, or a media type.

    Raises:
        QueryError: it is none of ours.

    >>> named_formats("csv"), named_formats("application/ld+json")
    (('text/csv',), ('application/ld+json',))
    """
    wanted = name.strip().lower()
    media = wanted.partition(";")[0].replace(" ", "+")  # a plus sign that was sent as such is a blank
    found = BY_NAME.get(media) or ((media,) if media in RESULTS or media in GRAPHS else ())
    if not found:
        raise QueryError.of(
            "not-acceptable",
            f"format is {name[:80]!r}",
            "",
            "use one of json, xml, csv, tsv for rows, of ttl, nt, rdf, jsonld for graphs",
        )
    return found
