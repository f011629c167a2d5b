"""MeSH in XML: `desc{YEAR}` (descriptors) and `supp{YEAR}` (supplementary concepts).

Entry terms that a program inverted (`IsPermutedTermYN="Y"`) stand beside the form they were made from, under the same
`TermUI`; so every term is taken as it stands and none is turned round here. The DTD is never fetched, and a file that
declares entities of its own is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import Final
from xml.parsers import expat

from kg.bulk.files import BulkFile
from kg.bulk.format import Format
from kg.bulk.rows import Row, Term, TermKind
from kg.errors import UsageError

__all__ = ["FORMATS"]

_CHUNK: Final = 1 << 18
_ROOTS: Final = {
    "DescriptorRecordSet": ("DescriptorRecord", "DescriptorUI", "DescriptorName"),
    "SupplementalRecordSet": ("SupplementalRecord", "SupplementalRecordUI", "SupplementalRecordName"),
}
"""Elements of a record, of its id and of its name, by the element that holds the records."""
_CLASSES: Final[dict[str, TermKind]] = {"1": "chemical", "3": "disease"}
_OTHER_CLASSES: Final = {"2": "a protocol", "4": "an organism", "5": "a population", "6": "an anatomical part"}
_DATES: Final = frozenset({"DateRevised", "DateCreated", "DateIntroduced"})
_IDENT = re.compile(r"[CD][0-9]{6}(?:[0-9]{3})?")
_DTD_YEAR = re.compile(r"((?:19|20)[0-9]{2})(?:[0-9]{4})?\b")
_FILE_YEAR = re.compile(r"(?:desc|supp)((?:19|20)[0-9]{2})", re.IGNORECASE)
_OPENING = re.compile(r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!DOCTYPE\s+)?(\w+)", re.DOTALL)
_SPACE = re.compile(r"\s+")


class _Reader:
    """Handlers for the parser's events; finished records gather in `rows`."""

    def __init__(self, file: BulkFile) -> None:
        self.file = file
        self.rows: list[Row] = []
        self.records = 0
        self.path: list[str] = []
        self.text: list[str] = []
        self.record = self.ui_element = self.name_element = ""
        self._begin({})
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.EntityDeclHandler = self._entity
        self.parser.SkippedEntityHandler = self._unknown_entity
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self.text.append

    def _begin(self, attributes: dict[str, str]) -> None:
        self.scr_class = attributes.get("SCRClass", "1")
        self.ident = self.name = ""
        self.terms: list[str] = []
        self.trees: list[str] = []
        self.date: list[str] = []

    def _doctype(self, _name: str, system: str | None, public: str | None, _inside: object) -> None:
        found = _DTD_YEAR.search(f"{system or ''} {public or ''}")
        if found:
            self.file.version = found[1]

    def _entity(self, name: str, *_rest: object) -> None:
        raise self.refused(
            f"it declares an entity ({name}); MeSH has none", "fetch it from the National Library of Medicine"
        )

    def _unknown_entity(self, name: str, *_rest: object) -> None:
        raise self.refused(f"it uses an entity ({name}) that it does not declare")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        depth = len(self.path)
        self.path.append(name)
        self.text.clear()
        if depth == 1:
            if name != self.record:
                raise self.refused(f"it holds an element {name} where {self.record} is expected")
            self._begin(attributes)
        elif depth == 0:
            if name not in _ROOTS:
                raise self.refused(
                    f"it is XML of another kind ({name})", "give MeSH's desc{YEAR}.gz or supp{YEAR}.gz in XML"
                )
            self.record, self.ui_element, self.name_element = _ROOTS[name]

    def _end(self, name: str) -> None:
        path = self.path
        path.pop()
        if name == "String":
            if path[-1] == "Term":
                self.terms.append(self._taken())
            elif len(path) == 3 and path[2] == self.name_element:
                self.name = self._taken()
        elif name == "TreeNumber":
            self.trees.append(self._taken())
        elif len(path) == 2:
            if name == self.ui_element:
                self.ident = self._taken()
            elif name in _DATES:
                self._take_date()
        elif len(path) == 3 and path[2] in _DATES:
            self.date.append(self._taken())
        elif len(path) == 1:
            self._finish()

    def _taken(self) -> str:
        return _SPACE.sub(" ", "".join(self.text)).strip()

    def _take_date(self) -> None:
        date = "-".join(part.zfill(2) for part in self.date)
        self.date.clear()
        if len(date) == len("2026-01-01"):
            self.file.date = max(self.file.date, date)

    def _finish(self) -> None:
        self.records += 1
        file = self.file
        file.line = self.parser.CurrentLineNumber
        if not _IDENT.fullmatch(self.ident) or not self.name:
            file.warn(f"a record has the id {self.ident!r} and the name {self.name!r}")
            return
        synonyms = tuple(term for term in dict.fromkeys(self.terms) if term and term != self.name)
        for kind in self._kinds():
            self.rows.append(Term(kind, self.ident, self.name, synonyms))

    def _kinds(self) -> tuple[TermKind, ...]:
        if self.record == "SupplementalRecord":
            if self.scr_class in _CLASSES:
                return (_CLASSES[self.scr_class],)
            what = _OTHER_CLASSES.get(self.scr_class, f"class {self.scr_class}")
            self.file.notes[f"supplementary concepts of {what}"] += 1
            return ()
        kinds: list[TermKind] = []
        if any(tree.startswith(("C", "F03")) for tree in self.trees):
            kinds.append("disease")
        if any(tree.startswith("D") for tree in self.trees):
            kinds.append("chemical")
        if not kinds:
            self.file.notes["descriptors outside the trees of diseases (C, F03) and chemicals (D)"] += 1
        return tuple(kinds)

    def refused(self, what: str, mend: str = "fetch it again") -> UsageError:
        parser = self.parser
        return self.file.refused(what, mend, line=parser.CurrentLineNumber, column=parser.CurrentColumnNumber + 1)


def _rows(file: BulkFile, _taxa: AbstractSet[int]) -> Iterator[Row]:
    if found := _FILE_YEAR.match(file.path.name):
        file.version = found[1]  # the DTD's year, where there is one, goes before it
    reader = _Reader(file)
    with file.stream() as stream:
        while True:
            chunk = stream.read(_CHUNK)
            try:
                reader.parser.Parse(chunk, not chunk)
            except expat.ExpatError as error:
                what = f"it is damaged or cut short: {expat.ErrorString(error.code)}"
                raise file.refused(what, line=error.lineno, column=error.offset + 1) from None
            except (LookupError, ValueError) as error:  # the XML declaration names an encoding that expat cannot use
                raise file.refused(f"its encoding cannot be read: {error}", line=1) from None
            yield from reader.rows
            reader.rows.clear()
            if not chunk:
                break
    if not reader.records:
        raise file.refused("it holds no record")


def _format(root: str, name: str, title: str) -> Format:
    return Format(
        name=name,
        title=f"Medical Subject Headings: {title} (XML)",
        home="https://nlmpubs.nlm.nih.gov/projects/mesh/MESH_FILES/xmlmesh/",
        licence="https://www.nlm.nih.gov/databases/download/terms_and_conditions_mesh.html",
        recognise=lambda head: (found := _OPENING.match(head)) is not None and found[1] == root,
        rows=_rows,
    )


FORMATS: Final = (
    _format("DescriptorRecordSet", "mesh-descriptors", "descriptors"),
    _format("SupplementalRecordSet", "mesh-supplement", "supplementary concepts"),
)
