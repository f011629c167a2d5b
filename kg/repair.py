"""The named repairs of a record's JSON-LD: constants of its generator that no graph should repeat.

Each is counted by name in the report; `--no-repair` leaves them all out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final
from urllib.parse import unquote

from kg.record import ABSENT, Figure, Findings
from kg.tidy import tidy_title
from kg.vocab import (
    DCTERMS_RIGHTS,
    SCHEMA_CREATOR,
    SCHEMA_DESCRIPTION,
    SCHEMA_KEYWORDS,
    SCHEMA_LICENSE,
    SCHEMA_NAME,
    WIKIPATHWAYS,
    Term,
    Triple,
    iri,
    literal,
    plain,
)

__all__ = ["LICENSES", "REPAIRS", "Repairs", "licence_iri"]

LICENSES: Final = {
    "CC0": "http://creativecommons.org/publicdomain/zero/1.0/",
    "CC0-1.0": "http://creativecommons.org/publicdomain/zero/1.0/",
    "CC0 1.0": "http://creativecommons.org/publicdomain/zero/1.0/",
    "CC-BY-4.0": "http://creativecommons.org/licenses/by/4.0/",
    "CC BY 4.0": "http://creativecommons.org/licenses/by/4.0/",
    "CC-BY-SA-4.0": "http://creativecommons.org/licenses/by-sa/4.0/",
    "CC BY-SA 4.0": "http://creativecommons.org/licenses/by-sa/4.0/",
}
"""Licence codes and the IRIs that they stand for."""

REPAIRS: Final = {
    "license-iri": "a licence code (CC0) became the licence's IRI",
    "name-from-figtitle": "the constant name 'CreativeWork' became the figure's title",
    "creator-wikidata": "the unnamed organization 'WikiPathways' became wd:Q7999828",
    "description-once": "the copy of the caption was tidied and stored once",
    "absent-keyword-dropped": "a keyword that spells 'missing' (.na.character, NA) was dropped",
    "text-tidied": "tags, entities or doubled blanks were taken out of a text",
    "doi-bare": "a DOI given as URL or with a prefix was made bare",
    "pmcid-from-figid": "a missing pmcid was taken from the figure id",
}
"""Every repair by the name under which the report counts it."""


_ABSENT_TERMS: Final = frozenset(map(literal, ABSENT))


def _wikipathways_nodes(triples: Iterable[Triple], subject: Term) -> frozenset[Term]:
    """Unnamed creators that are called WikiPathways."""
    prefix = f"{subject[:-1]}#b"
    called = literal("WikiPathways")
    return frozenset(s for s, p, o in triples if p == SCHEMA_NAME and o == called and s.startswith(prefix))


def _code(value: Term, folder: str) -> str | None:
    """The licence code that an unknown licence spells: as text, or as an IRI relative to the record's folder."""
    if value.startswith(folder):
        return unquote(value[len(folder) : -1])
    return plain(value) if value.startswith('"') else None


def licence_iri(value: Term, subject: Term) -> Term | None:
    """The IRI of a figure's licence, whether or not its JSON-LD was repaired; None where it is not known."""
    code = _code(value, subject.rpartition("/")[0] + "/")
    if code is None:
        return value
    return iri(LICENSES[code]) if code in LICENSES else None


class Repairs:
    """Puts the generator's constants right on one figure; what is said of other nodes stays as it is.

    Args:
        triples: what the JSON-LD states, besides texts under keys that the context does not coerce.
        subject: term of the figure.
        own_id: its `@id` as the document spells it.
        figure: the record, whose title and caption stand in.
        findings: receives each repair, once a record (keywords: once each).
    """

    def __init__(
        self, triples: Iterable[Triple], subject: Term, own_id: str, figure: Figure, findings: Findings
    ) -> None:
        self.subject, self.figure, self.findings = subject, figure, findings
        self.unnamed = _wikipathways_nodes(triples, subject)
        self.folder = f"<{own_id.rpartition('/')[0]}/"

    def triples(self, triples: Iterable[Triple]) -> list[Triple]:
        """Triples about any node, as they should be."""
        found = []
        for triple in triples:
            mended = triple if triple[0] != self.subject else self._one(triple)
            if mended is not None and triple[0] not in self.unnamed:
                found.append(mended)
        return found

    def texts(self, predicate: Term, values: list[Term]) -> Iterator[tuple[Term, list[Term]]]:
        """The figure's texts under one predicate, as they should be."""
        if predicate == SCHEMA_KEYWORDS:
            # Most of all texts are keywords, and nearly all of them are as they should be.
            absent = [] if _ABSENT_TERMS.isdisjoint(values) else [v for v in values if v in _ABSENT_TERMS]
            if absent:
                self.findings.repairs["absent-keyword-dropped"] += len(absent)
                values = [value for value in values if value not in _ABSENT_TERMS]
            yield predicate, values
            return
        if predicate not in _METHODS:
            yield predicate, values
            return
        for value in values:
            mended = self._one((self.subject, predicate, value))
            if mended is not None:
                yield mended[1], [mended[2]]

    def _one(self, triple: Triple) -> Triple | None:
        """What stands in the place of a triple about the figure, if anything."""
        method = _METHODS.get(triple[1])
        return method(self, triple) if method else triple

    def _count(self, name: str) -> None:
        self.findings.repairs[name] = 1

    def _keyword(self, triple: Triple) -> Triple | None:
        if triple[2][1:-1] not in ABSENT:
            return triple
        self.findings.repairs["absent-keyword-dropped"] += 1
        return None

    def _name(self, triple: Triple) -> Triple | None:
        if triple[2] != literal("CreativeWork"):
            return triple
        self._count("name-from-figtitle")
        return (self.subject, SCHEMA_NAME, literal(self.figure.title)) if self.figure.title else None

    def _creator(self, triple: Triple) -> Triple:
        if triple[2] not in self.unnamed:
            return triple
        self._count("creator-wikidata")
        return self.subject, SCHEMA_CREATOR, WIKIPATHWAYS

    def _description(self, triple: Triple) -> Triple | None:
        """The JSON-LD copies the caption; where it says something else, that is told, and it is what counts here."""
        if not triple[2].startswith('"'):
            return triple
        text = tidy_title(plain(triple[2]))
        if self.figure.caption and text != self.figure.caption:
            self.findings.notes["description-differs"] += 1
        self._count("description-once")
        return None if text in ABSENT else (self.subject, SCHEMA_DESCRIPTION, literal(text))

    def _license(self, triple: Triple) -> Triple:
        """A licence code resolved against the record's own address is no licence: map it, or keep it as text."""
        text = _code(triple[2], self.folder)
        if text is None:
            return triple
        if text in LICENSES:
            self._count("license-iri")
            return self.subject, SCHEMA_LICENSE, iri(LICENSES[text])
        self.findings.warn(
            "unknown-license",
            f"license is {text!r}, a licence's IRI or a code such as CC0 is wanted",
            "reuse hangs on it; it is kept as text (dcterms:rights)",
            f"write one of {', '.join(LICENSES)}, or the licence's full IRI",
            key=("schema-jsonld", "license"),
        )
        return self.subject, DCTERMS_RIGHTS, literal(text)


# Bound methods kept by each object would hold it, and its record, until the next garbage collection.
_METHODS: Final[dict[Term, Callable[[Repairs, Triple], Triple | None]]] = {
    SCHEMA_KEYWORDS: Repairs._keyword,  # noqa: SLF001 (of the class above)
    SCHEMA_NAME: Repairs._name,  # noqa: SLF001
    SCHEMA_CREATOR: Repairs._creator,  # noqa: SLF001
    SCHEMA_DESCRIPTION: Repairs._description,  # noqa: SLF001
    SCHEMA_LICENSE: Repairs._license,  # noqa: SLF001
}
