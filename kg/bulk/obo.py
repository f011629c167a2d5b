"""OBO files of ontologies: terms as a stream, one stanza at a time.

A stanza that ends at the end of a cut file looks whole where the cut falls between two lines. What can be told is told:
a last line without its end, a stanza without an id, and a last term without a name refuse the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final, NamedTuple

from kg.bulk.files import BulkFile
from kg.bulk.format import Format
from kg.bulk.rows import Row, Term, TermKind, WithdrawnTerm
from kg.errors import UsageError

__all__ = ["FORMAT", "Ontology", "is_obo_of", "mesh_id", "read_obo"]

_READABLE: Final = ("chebi", "doid")
_TAGS: Final = frozenset({"id", "name", "synonym", "xref", "alt_id", "is_obsolete", "replaced_by"})
_NO_NAMES: Final = frozenset({"formula", "inchi", "inchikey", "smiles"})
"""Types of synonyms in lower case that are no names; ChEBI had them before it wrote structures as property values."""
_STANZA = re.compile(r"^\[(?:Term|Typedef|Instance)\]\s*$", re.MULTILINE)
_FIRST = re.compile(r"\s*(?:!.*\n\s*)*(?:format-version:|\[(?:Term|Typedef|Instance)\]\s*\n)")
_NAMED = re.compile(r"^ontology:\s*(\S+)", re.MULTILINE)
_FIRST_ID = re.compile(r"^\[Term\]\s*\nid:\s*([^\s:]+):", re.MULTILINE)
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"\s*(.*)')
# Names hold unescaped braces now and then, so only what looks like `{key="value"}` counts as modifiers.
_MODIFIERS = re.compile(r'\s\{[\w:.-]+\s*=\s*"[^{}]*\}$')
_COMMENT = re.compile(r"\s+!(?:\s.*)?$")
_ESCAPE = re.compile(r"\\(.)")
_SPACE = re.compile(r"\s+")
_VERSION_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_HEADER_DATE = re.compile(r"([0-9]{2}):([0-9]{2}):([0-9]{4})\b")
_MESH = re.compile(r"(?:mesh|msh):([CD][0-9]{6}(?:[0-9]{3})?)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ontology:
    """An ontology whose OBO file is read: its name in the header, the prefix of its ids, what its terms are."""

    name: str
    prefix: str
    kind: TermKind

    def ident(self, text: str) -> str:
        """The local id for `PREFIX:digits`, empty text for anything else."""
        prefix, _, number = text.partition(":")
        return f"{prefix}_{number}" if prefix == self.prefix and number.isascii() and number.isdigit() else ""


class _Stanza(NamedTuple):
    """Name of a stanza (empty for the header), line that it begins at, values of its tags."""

    name: str
    line: int
    tags: dict[str, list[str]]

    def first(self, tag: str) -> str:
        return self.tags.get(tag, [""])[0]


def is_obo_of(head: str) -> str:
    r"""Name of the ontology that a file's head belongs to, `?` where it has none, empty text where it is no OBO.

    >>> is_obo_of("format-version: 1.2\nontology: doid\n")
    'doid'
    """
    if not _FIRST.match(head):
        return ""
    header = _STANZA.split(head, maxsplit=1)[0]
    if found := _NAMED.search(header):
        return _ontology_name(found[1])
    first = _FIRST_ID.search(head)
    return first[1].lower() if first else "?"


def mesh_id(text: str) -> str:
    """The MeSH id that a cross-reference such as `MESH:D006394` names, empty text where it names none."""
    found = _MESH.fullmatch(text)
    return found[1].upper() if found else ""


def read_obo(file: BulkFile, ontology: Ontology) -> Iterator[Row]:
    """Terms and obsolete terms of an ontology; sets version and date of the file.

    Raises:
        UsageError: the file is of another ontology, is cut short, or has a stanza without an id.
    """
    last: _Stanza | None = None
    for stanza in _stanzas(file):
        if not stanza.name:
            _take_header(file, stanza, ontology)
        elif stanza.name == "Term":
            if "id" not in stanza.tags:
                raise file.refused("a term has no id: the file is damaged", line=stanza.line, column=1)
            yield from _rows(file, stanza, ontology)
            last = stanza
    if last is None:
        raise file.refused("it holds no term: it is cut short or no OBO file")
    if "name" not in last.tags and "is_obsolete" not in last.tags:
        raise file.refused("its last term has no name: it is cut short", line=last.line, column=1)


def _stanzas(file: BulkFile) -> Iterator[_Stanza]:
    """The header, then each stanza; of tags, those that rows are made of (all of the header)."""
    stanza = _Stanza("", 1, {})
    for line in (line.rstrip("\r\n") for line in file.whole_lines()):
        if line.startswith("["):
            yield stanza
            stanza = _Stanza(line.strip("[] \t"), file.line, {})
            continue
        tag, colon, value = line.partition(":")
        if colon and (tag in _TAGS or not stanza.name):
            stanza.tags.setdefault(tag, []).append(value.strip())
    yield stanza


def _take_header(file: BulkFile, header: _Stanza, ontology: Ontology) -> None:
    name = _ontology_name(header.first("ontology"))
    if name and name != ontology.name:
        raise _other(file, name)
    version = header.first("data-version")
    dated = _VERSION_DATE.search(version)
    # `doid/releases/2024-05-29/doid.obo`, `releases/2016-02-19`, `chebi/245`, `227`
    file.version = dated[0] if dated else version.removeprefix(f"{ontology.name}/").removesuffix("/chebi.obo")
    if found := _HEADER_DATE.match(header.first("date")):
        file.date = f"{found[3]}-{found[2]}-{found[1]}"
    elif dated:
        file.date = dated[0]


def _ontology_name(text: str) -> str:
    """`doid` for `doid`, `doid/doid-merged`, `http://purl.obolibrary.org/obo/doid.owl`."""
    text = text.lower().removeprefix("http://purl.obolibrary.org/obo/").removesuffix(".owl").removesuffix(".obo")
    return text.partition("/")[0] if "//" not in text else text


def _rows(file: BulkFile, stanza: _Stanza, ontology: Ontology) -> Iterator[Row]:
    curie = _bare(stanza.first("id"))
    ident = ontology.ident(curie)
    if not ident:
        if curie.startswith(f"{ontology.prefix}:"):
            file.warn(f"{curie!r} is no id of {ontology.name} (line {stanza.line})")
        else:
            file.notes["terms of other ontologies"] += 1
    elif _bare(stanza.first("is_obsolete")).lower() == "true":
        found = (ontology.ident(_bare(value)) for value in stanza.tags.get("replaced_by", ()))
        yield WithdrawnTerm(ontology.kind, ident, next(filter(None, found), ""))
    elif name := _name(stanza.first("name")):
        yield Term(
            ontology.kind,
            ident,
            name,
            tuple(_synonyms(file, stanza)),
            tuple(filter(None, (mesh_id(value.partition(" ")[0]) for value in stanza.tags.get("xref", ())))),
            tuple(filter(None, (ontology.ident(_bare(value)) for value in stanza.tags.get("alt_id", ())))),
        )
    else:
        # ChEBI's file has some stanzas of an id and alternative ids alone.
        file.notes["terms without a name"] += 1


def _synonyms(file: BulkFile, stanza: _Stanza) -> Iterator[str]:
    for value in stanza.tags.get("synonym", ()):
        found = _QUOTED.match(value)
        if found is None:
            file.warn(
                f"a synonym of {stanza.first('id')} is not in quotes: {value[:80]!r}",
                "nothing to do; this synonym is left out",
            )
            continue
        # Behind the text: scope, perhaps a type, sources in brackets.
        types = found[2].partition("[")[0].lower().split()[1:]
        if _NO_NAMES.isdisjoint(types):
            name = _unescaped(found[1])
            if name:
                yield name
        else:
            file.notes["synonyms that are formulas or structures"] += 1


def _name(value: str) -> str:
    return _unescaped(_bare(value))


def _bare(value: str) -> str:
    """A value without the comment and the modifiers behind it."""
    if "!" in value:
        value = _COMMENT.sub("", value)
    return _MODIFIERS.sub("", value).strip() if value.endswith("}") else value


def _unescaped(text: str) -> str:
    if "\\" in text:
        text = _ESCAPE.sub(lambda found: " " if found[1] in "nWt" else found[1], text)
    return _SPACE.sub(" ", text).strip()


def _other(file: BulkFile, name: str) -> UsageError:
    return file.refused(f"this is the OBO file of {name}; ChEBI and DOID can be read", "give chebi.obo or doid.obo")


def _refuse(file: BulkFile, _taxa: AbstractSet[int]) -> Iterator[Row]:
    raise _other(file, is_obo_of(file.head()).replace("?", "an ontology that it does not name"))


FORMAT: Final = Format(
    name="other-obo",
    title="An OBO file that is neither ChEBI's nor the Disease Ontology's (refused by name)",
    home="https://obofoundry.org/",
    licence="https://obofoundry.org/principles/fp-001-open.html",
    recognise=lambda head: is_obo_of(head) not in {"", *_READABLE},
    rows=_refuse,
)
"""Recognised so that such a file is refused by what it is, not as a file of no known form."""
