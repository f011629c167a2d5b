"""The quick ways from JSON-LD to triples against pyld: the same triples, or a refusal by both."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import pyoxigraph as ox
import pytest
from cachetools import LRUCache
from pyld import ContextResolver
from pyld import jsonld as pyld

from kg import jsonld as ours
from kg.errors import ExpansionError
from kg.expand import figure_iri
from kg.frontmatter import decode, parse_front_matter, split_front_matter
from kg.jsonld import stated_triples
from kg.vocab import Term, Triple, iri, literal
from tests.conftest import SEEDS
from tests.property.hostile_blocks import Document, hostile_documents
from tests.property.test_properties import canonical, context
from tests.variants.records import FIGID


def documents(folder: Path) -> list[Document]:
    """Figure ids and `schema-jsonld` of a folder's records."""
    found = []
    for file in sorted(folder.rglob("_figures/*.md")):
        front: Any = parse_front_matter(split_front_matter(decode(file.read_bytes(), ""), "")[0], "")
        found.append((front["figid"], [front["schema-jsonld"]]))
    return found


def _load(url: str, _options: object) -> dict[str, Any]:
    """What pyld gets for any address; `static` lets it keep the context that it made of it."""
    answer = {"contentType": "application/ld+json", "contextUrl": None, "documentUrl": url, "document": context()}
    return answer | {"tag": "static"}


COUNT: Final = 20_000
RESOLVER: Final = ContextResolver(LRUCache(maxsize=16), _load)


def by_pyld(nodes: list[dict[str, Any]], base: str) -> list[Triple] | None:
    """What pyld's own `to_rdf` makes of a document; None where it refuses, or trips, over it."""
    options = {"base": base, "contextResolver": RESOLVER, "documentLoader": _load, "processingMode": "json-ld-1.1"}
    try:
        dataset = pyld.to_rdf(nodes, options)
    except (pyld.JsonLdError, TypeError, AttributeError, KeyError):
        return None
    quads = [
        [quad[name] for name in ("subject", "predicate", "object")] for graph in dataset.values() for quad in graph
    ]
    # An id in the form of a keyword ('@id': '@x') is none; pyld leaves a hole where it stood.
    triples = (map(_term, parts) for parts in quads if None not in parts)
    return [(subject, predicate, value) for subject, predicate, value in triples]


def _term(part: dict[str, str]) -> Term:
    """One part of a triple in pyld's form."""
    if part["type"] == "IRI":
        return iri(part["value"])
    if part["type"] == "blank node":
        return Term(part["value"])
    if "language" in part:
        return Term(f"{literal(part['value'])}@{part['language']}")
    return literal(part["value"], iri(part["datatype"]))


def with_blank_nodes(triples: Iterable[Triple], subject: Term) -> list[Triple]:
    """Our triples with our names for unnamed nodes turned back to blank nodes."""
    named = re.compile(rf"{re.escape(subject)[:-1]}#(b[0-9]+)>")

    def renamed(term: Term) -> Term:
        return Term(named.sub(r"_:\1", term)) if term[0] == "<" else term

    return [(renamed(about), predicate, renamed(value)) for about, predicate, value in triples]


def without_encoded(triples: Iterable[Triple]) -> list[Triple]:
    """The triples with no character encoded in an IRI; where we encode one, pyld may drop the triple."""
    return [triple for triple in triples if not any("%" in term for term in triple if term[0] != '"')]


def parsed(triples: Iterable[Triple]) -> list[ox.Quad]:
    """As an RDF reader takes them.

    Raises:
        SyntaxError: it does not.
    """
    return list(ox.parse("".join(f"{s} {p} {o} .\n" for s, p, o in triples), format=ox.RdfFormat.N_TRIPLES))


def same_graph(left: Iterable[Triple], right: Iterable[Triple]) -> bool:
    """Whether they are the same but for the names of blank nodes."""
    left, right = set(left), set(right)
    return left == right or canonical(parsed(left)) == canonical(parsed(right))


def outcome(function: Any, nodes: list[dict[str, Any]], subject: Term, own_id: str) -> set[Triple] | str:
    """The triples, or why there are none."""
    try:
        return set(function(nodes, subject, own_id))
    except ExpansionError as error:
        return error.problem.what


def check(figid: str, nodes: list[dict[str, Any]]) -> str:
    """Compare the three; what came of it."""
    subject = figure_iri(figid)
    own_id = next(str(own) for node in nodes for own in (node.get("@id", node.get("id")),) if iri(str(own)) == subject)
    found = outcome(stated_triples, nodes, subject, own_id)
    assert found == outcome(ours._by_pyld, nodes, subject, own_id), nodes
    if isinstance(found, str):
        assert "cannot be expanded" not in found or by_pyld(nodes, own_id) is None, nodes
        return "refused"  # or it holds what is no IRI or language, of which pyld drops some and keeps others
    assert len(parsed(found)) == len(found), nodes
    expected = by_pyld(nodes, own_id)
    assert expected is not None, nodes
    if "#b" in json.dumps(nodes):
        return "it has names like ours for unnamed nodes"
    mine = with_blank_nodes(found, subject)
    if same_graph(mine, expected):
        return "same"
    assert same_graph(without_encoded(mine), without_encoded(expected)), nodes
    return "same but for encoded IRIs"


def test_all_records_at_hand(corpus: Path) -> None:
    found = documents(corpus)
    assert Counter(check(*document) for document in found) == {"same": 89 + 14}


def test_the_seeds() -> None:
    assert {check(*document) for document in documents(SEEDS)} == {"same"}


def test_hostile_documents(monkeypatch: pytest.MonkeyPatch) -> None:
    """And how many of them did not go to pyld as they are, lest the comparison be about nothing."""
    seen: list[object] = []
    reference = ours._by_pyld

    def watched(nodes: list[dict[str, Any]], subject: Term, own_id: str) -> list[Triple]:
        seen.append(nodes)
        return reference(nodes, subject, own_id)

    monkeypatch.setattr(ours, "_by_pyld", watched)
    outcomes = Counter[str]()
    quick = 0
    for figid, nodes in hostile_documents([nodes[0] for _, nodes in documents(SEEDS)], COUNT, seed=1):
        seen.clear()
        outcomes[check(figid, nodes)] += 1
        quick += sum(one is nodes for one in seen) == 1  # the reference's own
    assert quick > COUNT * 0.4
    assert outcomes["same"] > COUNT * 0.7
    assert outcomes["refused"] > COUNT * 0.05


@pytest.mark.parametrize(
    "fields",
    [
        {"@context": []},
        {"@list": "a"},
        {"@nest": {"@list": "a"}},
        {"type": "@x"},
        {"about": {"@value": "a", "@language": "x y"}},
        {"about": {"@value": "a", "@language": ""}},
        {"about": {"@value": "a", "@type": "http://e/#a#b"}},
    ],
)
def test_what_was_mistaken_once(fields: dict[str, Any]) -> None:
    usual = {"@context": "https://schema.org/", "@id": figure_iri(FIGID)[1:-1], "@type": "Dataset", "keywords": ["A"]}
    check(FIGID, [usual | fields])


def test_the_usual_plan_is_what_pyld_makes() -> None:
    for rest, triples in ours._USUAL.items():
        assert ours._new_plan(rest) == triples
