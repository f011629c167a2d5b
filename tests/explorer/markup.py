"""Reads the HTML of a page as a browser would, as far as tests ask: its elements, texts, links, and what is wrong."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser

__all__ = ["Element", "Markup", "faults", "read"]

_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
_FIELDS = {"input", "select", "textarea"}


@dataclass
class Element:
    """An element with its attributes and the text below it."""

    tag: str
    attributes: dict[str, str]
    text: str = ""
    parents: tuple[str, ...] = ()

    def get(self, name: str) -> str:
        return self.attributes.get(name, "")


@dataclass
class Markup(HTMLParser):
    """The elements of a page in their order; `badly_closed` are end tags that fit no start tag."""

    elements: list[Element] = field(default_factory=list)
    badly_closed: list[str] = field(default_factory=list)
    _open: list[Element] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        parents = tuple(one.tag for one in self._open)
        element = Element(tag, {name: value or "" for name, value in attrs}, parents=parents)
        self.elements.append(element)
        if tag not in _VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        if self._open and self._open[-1].tag == tag:
            self._open.pop()
        else:
            self.badly_closed.append(tag)

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text += data

    def all(self, tag: str, **attributes: str) -> list[Element]:
        """Elements of a tag with these attributes."""
        return [one for one in self.elements if one.tag == tag and attributes.items() <= one.attributes.items()]

    def one(self, tag: str, **attributes: str) -> Element:
        """The only such element."""
        (found,) = self.all(tag, **attributes)
        return found

    def within(self, id_: str) -> list[list[str]]:
        """The rows of the table in the element with an id, as texts of their cells."""
        start = next(place for place, one in enumerate(self.elements) if one.get("id") == id_)
        depth, rows = len(self.elements[start].parents), list[list[str]]()
        for one in self.elements[start + 1 :]:
            if len(one.parents) <= depth:
                break
            if one.tag == "tr":
                rows.append([])
            elif one.tag == "td":
                rows[-1].append(" ".join(one.text.split()))
        return [row for row in rows if row]

    def links(self) -> list[str]:
        """Where the links lead."""
        return [one.get("href") for one in self.all("a") if "href" in one.attributes]

    @property
    def open_at_end(self) -> list[str]:
        return [one.tag for one in self._open]


def read(text: str) -> Markup:
    """The elements of a page."""
    found = Markup()
    found.feed(text)
    found.close()
    return found


def faults(page: Markup) -> list[str]:
    """What no page may have: inline scripts and styles, nameless fields, ids twice, no language, more than one h1."""
    found = [f"badly closed: {tag}" for tag in page.badly_closed] + [f"left open: {tag}" for tag in page.open_at_end]
    found += [f"{len(page.all(tag))} {tag}" for tag in ("html", "h1", "main", "title") if len(page.all(tag)) != 1]
    if page.one("html").get("lang") != "en":
        found.append("no language")
    if "viewport" not in [one.get("name") for one in page.all("meta")]:
        found.append("no viewport")
    ids = Counter(one.get("id") for one in page.elements if "id" in one.attributes)
    found += [f"id {name} {times} times" for name, times in ids.items() if times > 1]
    for one in page.elements:
        found += [f"inline {name} of {one.tag}" for name in one.attributes if name == "style" or name.startswith("on")]
        found += _of_element(one, page, set(ids))
    return found


def _of_element(one: Element, page: Markup, ids: set[str]) -> list[str]:
    found = []
    if one.tag == "style" or (one.tag == "script" and (not one.get("src").startswith("/static/") or one.text.strip())):
        found.append(f"inline {one.tag}")
    if one.tag == "a" and one.get("href").split(":")[0].lower() in {"javascript", "data", "vbscript"}:
        found.append(f"link to {one.get('href')}")
    unlabelled = one.tag in _FIELDS and one.get("type") != "hidden" and "label" not in one.parents
    if unlabelled and one.get("id") not in {label.get("for") for label in page.all("label")}:
        found.append(f"{one.tag} {one.get('name')} has no label")
    if one.tag == "img" and "alt" not in one.attributes:
        found.append("img without alt")
    if one.tag == "th" and one.get("scope") not in {"col", "row"}:
        found.append("th without scope")
    if one.tag in {"a", "button"} and not (one.text.strip() or one.get("aria-label")):
        found.append(f"{one.tag} without a name")
    for name in ("aria-labelledby", "aria-describedby", "aria-controls", "for"):
        found += [f"{name}={id_} leads nowhere" for id_ in one.get(name).split() if id_ not in ids]
    return found
