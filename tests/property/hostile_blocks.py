"""`schema-jsonld` blocks as nobody should write them: a real one changed at random, and JSON-LD's every oddity put in.

All leaves are texts, as front matter has no other. Everything comes from a seeded generator.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any, Final

from kg.expand import figure_iri
from kg.vocab import iri
from tests.variants.records import FIGID, FIGURES

PLAIN_KEYS: Final = (
    *("name", "description", "keywords", "creator", "about", "unknownThing", "HTML", "Größe", "odd key", "a1", "x-y"),
    *("constructor", "", " ", "\u200b", "name ", "NAME", "schema", "rdf", "xsd", "http", "id2", "vocab"),
)
COERCED_KEYS: Final = (
    *("license", "image", "url", "sameAs", "isPartOf", "isBasedOn", "datePublished", "dateModified", "expires"),
    *("usageInfo", "acquireLicensePage", "contentUrl", "dateCreated", "startTime"),
)
IRI_KEYS: Final = (
    *("schema:name", "schema:license", "schema:", "rdf:value", "rdf:type", "dct:title"),
    *("http://example.com/p", ":", "a:"),
    *(":b", "_:p", "_:", "http:", "https://schema.org/name", "http://schema.org/image", "urn:x:y", "a:b c"),
    *("//p", "#p"),
    *("mailto:x", "x:<y>", "http://e/ü", "http://e/[", "http://e/#a#b"),
)
KEYWORDS: Final = (
    *("@type", "type", "@id", "id", "@value", "@language", "@list", "@set", "@graph", "@reverse", "@included", "@nest"),
    *("@index", "@direction", "@json", "@foo", "@Foo", "@1", "@", "@context", "@base", "@vocab", "@container", "@none"),
    *("@propagate", "@version", "@import", "@protected", "@prefix"),
)
OWN: Final = figure_iri(FIGID)[1:-1]
TEXTS: Final = (
    *("CC0", "WikiPathways", "CreativeWork", "Dataset", "Organization", "AKT1", "NO", "null", "true", "1e5"),
    *("12", "NA"),
    *("", " ", " a", "a b", "α-β", "𝛽", "e\u0301", 'quote"back\\slash', "line\nbreak\ttab", "a\x00b", "\x85"),
    *("<b>", "&amp;"),
)
IRIS: Final = (
    *("https://example.com/x", "http://schema.org/Thing", "schema:Thing", "schema:", "rdf:type", "foo:bar"),
    *("p53:", "x:y"),
    *("http:", "http://", "https:", ":", ":x", "_:b", "_:b0", "_:b1", "_:", "#x", "#b0", "#", "?q", "../up"),
    *("../../..", "."),
    *("./", "/root", "//host/x", "a/b", "a b", "a<b>", "ü", "mailto:a@example.com", "urn:x:y", "http://e/#a#b"),
    *("http://e/[", "http://[::1]/", "http://e:x/", "http://e:80/", "http://e/%zz", "http://e/a|b", "%41", "HTTP://E/"),
    *("2025-01-01", "12:30:45", "tag:x", "data:,x", "http://e/\u00a0x", "Date", "@id", "@type", "@json"),
    *("@none", "@x", "@"),
    *("@vocab", "@1", "en", "EN-us", "x y", "ltr", "rtl", "id", "type", "HTML", "name", "license", OWN, f"{OWN}#b0"),
    *("PMC1234567__fig.g001.html", f"{FIGURES}--plan--", "--plan--", f"{FIGURES}other.html", "https://schema.org/"),
)
CONTEXTS: Final[tuple[Any, ...]] = (
    *("https://schema.org/", "https://schema.org", "http://schema.org/", "http://schema.org"),
    *([], ["https://schema.org/"], ["http://schema.org", "https://schema.org/"]),
)
FIGIDS: Final = (
    *(FIGID, "PMC1__a-b_c", "--plan--", "PMC1__a b", "PMC1__α", "PMC1__a#b", "PMC1__%41", "x", "PMC1:2"),
    *("PMC1__a/../b", "PMC1__'"),
)


Document = tuple[str, list[dict[str, Any]]]
"""A figure's id, and the nodes of a block about it."""


def hostile_documents(blocks: list[dict[str, Any]], count: int, seed: int) -> Iterator[Document]:
    """Documents with contexts that are allowed; a node is about the figure, all else is open."""
    draw = random.Random(seed)  # noqa: S311
    for _ in range(count):
        figid = FIGIDS[0] if draw.random() < 0.8 else draw.choice(FIGIDS)
        address = f"{FIGURES}{figid}.html"
        if iri(address) != figure_iri(figid):
            address = figure_iri(figid)[1:-1]
        node = dict(draw.choice(blocks)) if draw.random() < 0.5 else _usual(draw)
        node["@id"] = address
        for _ in range(draw.choice((0, 1, 1, 1, 2, 2, 3, 5))):
            node = draw.choice(_CHANGES)(node, draw)
        if draw.random() < 0.02 and "id" not in node:
            node["id"] = node.pop("@id")
        nodes = [node]
        if draw.random() < 0.06:
            other = _other(draw)
            nodes = draw.choice(([node, other], [other, node], [node, dict(node)], [node, other, {}]))
        yield figid, nodes


def _usual(draw: random.Random) -> dict[str, Any]:
    """A small block in the layout that records have."""
    return {
        "@context": draw.choice(CONTEXTS[:4]),
        "@id": "",
        "@type": "Dataset",
        "description": draw.choice(TEXTS),
        "license": "CC0",
        "name": "CreativeWork",
        "creator": {"@type": "Organization", "name": "WikiPathways"},
        "keywords": draw.choices(TEXTS + IRIS, k=draw.randrange(4)),
    }


def _other(draw: random.Random) -> dict[str, Any]:
    """A second node beside the figure's."""
    node = {"@context": "https://schema.org/"} if draw.random() < 0.8 else {}
    if draw.random() < 0.6:
        node["@id"] = draw.choice(IRIS)
    return node | _body(draw, 2)


def _body(draw: random.Random, depth: int) -> dict[str, Any]:
    return {_key(draw): _value(draw, depth) for _ in range(draw.choice((0, 1, 1, 2, 2, 3)))}


def _key(draw: random.Random) -> str:
    kinds = draw.choices((PLAIN_KEYS, COERCED_KEYS, IRI_KEYS, KEYWORDS), (4, 3, 2, 3))[0]
    return draw.choice(tuple(key for key in kinds if key != "@context"))


def _leaf(draw: random.Random) -> str:
    return draw.choice(TEXTS if draw.random() < 0.4 else IRIS)


def _value(draw: random.Random, depth: int) -> Any:
    """A text, a list or a node, the keywords of JSON-LD among its keys."""
    choice = draw.random()
    if depth == 0 or choice < 0.5:
        return _leaf(draw)
    if choice < 0.7:
        return [_value(draw, depth - 1 if draw.random() < 0.3 else 0) for _ in range(draw.randrange(4))]
    if choice < 0.85:
        return draw.choice(_OBJECTS)(draw, depth - 1)
    node = _body(draw, depth - 1)
    if draw.random() < 0.1:
        node["@context"] = draw.choice(CONTEXTS)
    return node


_OBJECTS: Final = (
    lambda draw, _: {"@value": _leaf(draw)},
    lambda draw, _: {"@value": _leaf(draw), "@type": draw.choice(IRIS)},
    lambda draw, _: {"@value": _leaf(draw), "@language": draw.choice(("en", "EN-us", "", "x y", "@x"))},
    lambda draw, _: {"@value": _leaf(draw), "@language": "en", "@direction": draw.choice(("ltr", "rtl", "up"))},
    lambda draw, _: {"@value": _leaf(draw), "@type": "@json"},
    lambda draw, _: {"@value": _leaf(draw), "@index": "i"},
    lambda draw, depth: {"@list": _value(draw, depth)},
    lambda draw, depth: {"@set": _value(draw, depth)},
    lambda draw, _: {"@id": _leaf(draw)},
    lambda draw, depth: {"@id": _leaf(draw), **_body(draw, depth)},
    lambda draw, depth: {"@type": draw.choice((_leaf(draw), [_leaf(draw), _leaf(draw)], [])), **_body(draw, depth)},
    lambda draw, depth: {"@graph": _value(draw, depth)},
    lambda draw, depth: {"@reverse": _body(draw, depth)},
    lambda draw, depth: {"@included": _value(draw, depth), "name": "x"},
    lambda draw, depth: {"@nest": _body(draw, depth)},
    lambda _draw, _: {"@language": "en"},
    lambda draw, _: {"@type": "Organization", "name": _leaf(draw)},
)


def _with_a_field(node: dict[str, Any], draw: random.Random) -> dict[str, Any]:
    key = _key(draw)
    return node if key in {"@id", "id"} else node | {key: _value(draw, 3)}


def _with_another_value(node: dict[str, Any], draw: random.Random) -> dict[str, Any]:
    key = draw.choice(list(node))
    return node if key in {"@id", "@context"} else node | {key: _value(draw, 2)}


def _with_plain_texts(node: dict[str, Any], draw: random.Random) -> dict[str, Any]:
    """As records differ from each other."""
    texts = [_leaf(draw) for _ in range(draw.randrange(5))]
    return node | {draw.choice(("keywords", "name", "description", "about")): draw.choice([texts, _leaf(draw)])}


def _with_another_key(node: dict[str, Any], draw: random.Random) -> dict[str, Any]:
    old, new = draw.choice(list(node)), _key(draw)
    if {old, new} & {"@id", "id", "@context"}:
        return node
    return {new if key == old else key: value for key, value in node.items()}


def _less(node: dict[str, Any], draw: random.Random) -> dict[str, Any]:
    out = draw.choice(list(node))
    return {key: value for key, value in node.items() if key != out or key in {"@id", "@context"}}


def _mixed(node: dict[str, Any], draw: random.Random) -> dict[str, Any]:
    return dict(draw.sample(list(node.items()), len(node)))


def _with_another_context(node: dict[str, Any], draw: random.Random) -> dict[str, Any]:
    return node | {"@context": draw.choice(CONTEXTS)}


def _with_a_list(node: dict[str, Any], draw: random.Random) -> dict[str, Any]:
    """A value as the one of a list; it means the same nearly everywhere."""
    key = draw.choice(list(node))
    return node if key in {"@id", "@context"} else node | {key: [node[key]]}


def _with_both_names(node: dict[str, Any], draw: random.Random) -> dict[str, Any]:
    """`id` and `type` are other names of `@id` and `@type`."""
    key = draw.choice(("id", "type", "@type"))
    return node | {key: draw.choice((_leaf(draw), node["@id"], [_leaf(draw)], []))}


_CHANGES: Final = (
    *(_with_a_field, _with_a_field, _with_a_field, _with_another_value, _with_plain_texts, _with_plain_texts),
    *(_with_another_key, _less, _mixed, _with_another_context, _with_a_list, _with_both_names),
)
