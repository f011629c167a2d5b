"""The quick paths give what the libraries give: text, IRIs, YAML, JSON-LD."""

from __future__ import annotations

import string
from typing import Any

import pyoxigraph as ox
import pytest
import rdflib
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pyld import jsonld

from kg import jsonld as ours
from kg.errors import ExpansionError, SourceError
from kg.expand import figure_iri
from kg.frontmatter import parse_front_matter
from kg.tidy import tidy
from kg.vocab import Names, encode_local, iri, literal, plain
from kg.write import TurtleWriter

SETTINGS = settings(derandomize=True, deadline=None, max_examples=150)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
FIGURE = "PMC1__f1"
SUBJECT = figure_iri(FIGURE)


@SETTINGS
@given(TEXT)
def test_any_text_survives_turtle_and_ntriples(text: str) -> None:
    term = literal(text)
    assert plain(term) == text
    block = TurtleWriter(Names()).text(SUBJECT, [(iri("http://e/p"), term)], None)
    for data, form in ((f"{SUBJECT} <http://e/p> {term} .", ox.RdfFormat.N_TRIPLES), (block, ox.RdfFormat.TURTLE)):
        (quad,) = ox.parse(data, format=form)
        assert isinstance(quad.object, ox.Literal)
        assert quad.object.value == text
    ((_, _, value),) = rdflib.Graph().parse(data=block, format="turtle")
    assert str(value) == text


@SETTINGS
@given(TEXT)
def test_any_text_makes_an_iri(text: str) -> None:
    bare = text.replace("[", "").replace("]", "")  # they may stand in an IRI, but in its host alone
    for term in (iri(f"http://e/{bare}".replace("#", "")), iri(f"http://e/{encode_local(text)}#x")):
        (quad,) = ox.parse(f"<http://e/s> <http://e/p> {term} .", format=ox.RdfFormat.N_TRIPLES)
        assert isinstance(quad.object, ox.NamedNode)
        assert quad.object.value == term[1:-1]
    assert iri(iri(f"http://e/{text}")[1:-1]) == iri(f"http://e/{text}")  # what is encoded stays as it is


SCALARS = st.one_of(
    st.sampled_from(
        [
            "NO",
            "on",
            "~",
            "null",
            "1_000",
            "1e5",
            "12:30:45",
            "2025-01-01",
            "0x1F",
            "",
            "NA",
            "'",
            '"',
            "a: b",
            "#",
            "- x",
        ]
    ),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=12),
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(string.ascii_letters, min_size=1, max_size=6), inner, max_size=4)
    ),
    max_leaves=12,
)


@SETTINGS
@given(st.dictionaries(st.text(string.ascii_letters + "@-", min_size=1, max_size=8), VALUES, min_size=1, max_size=6))
def test_front_matter_reads_as_pyyaml_reads_it(front: dict[str, Any]) -> None:
    for flow in (None, True, False):
        text = yaml.safe_dump(front, allow_unicode=True, default_flow_style=flow)
        assert parse_front_matter(text, "x") == yaml.load(text, Loader=yaml.CBaseLoader) == front  # noqa: S506 (text only)


# fmt: off
HOSTILE = [
    "a: &x [1, 2]\nb: *x\n", "a: !!int 7\nb: !foo bar\n", "<<: {a: 1}\nb: 2\n",
    "? a\n: b\n", "a: |\n  x\n  y\n",
    "a: >-\n  x\n\n  y\n",
    "a:\n- b\n- c: d\n", "a: 'it''s'\n", 'a: "\\u03b1\\n"\n',
    "a: b\n# c\n", "a: {}\nb: []\n", "a:\nb:\n",
    "%YAML 1.1\n---\na: b\n",
]
# fmt: on


@pytest.mark.parametrize("text", HOSTILE)
def test_odd_yaml_reads_as_pyyaml_reads_it(text: str) -> None:
    assert parse_front_matter(text, "x") == yaml.load(text, Loader=yaml.CBaseLoader)  # noqa: S506 (text only)


@SETTINGS
@given(st.text("ab:-[]{}&*!|>'\"%@`#?, \n\t\\0~", max_size=30))
def test_what_pyyaml_refuses_is_refused(text: str) -> None:
    try:
        expected = yaml.load(text, Loader=yaml.CBaseLoader)  # noqa: S506 (text only)
    except yaml.YAMLError:
        with pytest.raises(SourceError):
            parse_front_matter(text, "x")
        return
    try:
        assert parse_front_matter(text, "x") == expected
    except SourceError as error:  # stricter than PyYAML in these ways only
        assert error.problem.code in ("not-a-mapping", "duplicate-key") or "as a key" in error.problem.what  # noqa: PT017


KEYS = st.sampled_from(
    [
        "name",
        "description",
        "keywords",
        "license",
        "creator",
        "image",
        "url",
        "datePublished",
        "schema:name",
        "http://e/p",
        "unknown",
        "dct:x",
        "@type",
        "about",
    ]
)
LEAVES = st.sampled_from(
    [
        "CC0",
        "WikiPathways",
        "https://e/x",
        "a b",
        "schema:Thing",
        "_:b",
        "",
        "#x",
        "../up",
        "NA",
        "Dataset",
        "?q",
        "α",
        "x:y",
        "--plan--",
        "@id",
    ]
)
JSONLD: st.SearchStrategy[Any] = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            KEYS | st.sampled_from(["@id", "@value", "@language", "@list", "@set", "@graph", "@reverse"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


def by_pyld(node: dict[str, Any]) -> set[tuple[str, str, str]] | None:
    """Pyld's own RDF with blank nodes masked; None where it refuses the document."""
    options = {"base": SUBJECT[1:-1], "documentLoader": ours._load, "processingMode": "json-ld-1.1"}
    try:
        dataset = jsonld.to_rdf(node, options)
    except (jsonld.JsonLdError, TypeError):  # it trips over some odd documents
        return None
    # pyld makes nothing of an @id that looks like a keyword: no part of such a triple is a term.
    quads = [
        [quad[part] for part in ("subject", "predicate", "object")] for graph in dataset.values() for quad in graph
    ]
    terms = ([_masked(ours._rdf_term(part, SUBJECT)) for part in quad] for quad in quads if None not in quad)
    return {(s, p, o) for s, p, o in terms}


def _masked(term: str) -> str:
    return "_" if term.startswith(f"{SUBJECT[:-1]}#b") else term


@settings(derandomize=True, deadline=None, max_examples=400)
@given(st.dictionaries(KEYS, JSONLD, max_size=6))
def test_json_ld_expands_as_pyld_expands_it(body: dict[str, Any]) -> None:
    node = {"@context": "https://schema.org/", "@id": SUBJECT[1:-1], **body}
    expected = by_pyld(node)
    try:
        found = ours.stated_triples([node], SUBJECT, SUBJECT[1:-1])
    except ExpansionError as error:
        assert expected is None or "is no IRI" in error.problem.what  # noqa: PT017
        return
    assert expected is not None
    # pyld drops IRIs that are no IRIs; we percent-encode what it would drop, or keep what it kept.
    assert expected <= {tuple(_masked(term) for term in triple) for triple in found}
    extra = {triple for triple in found if tuple(_masked(term) for term in triple) not in expected}
    assert all("%" in "".join(triple) for triple in extra)


def test_the_plan_is_used_for_real_records(corpus: Any) -> None:
    """Otherwise the comparison above would be about nothing."""
    from kg.records import read_records

    planned = total = 0
    for figure in read_records(corpus):
        node = figure.jsonld
        assert isinstance(node, dict)
        subject = figure_iri(figure.figid)
        found = ours.planned_parts([node], subject)
        total += 1
        if found is not None:
            planned += 1
            texts = {(subject, predicate, value) for predicate, values in found[1] for value in values}
            assert {*found[0], *texts} == set(ours._by_pyld([node], subject, node["@id"]))
    assert planned == total == 89


@SETTINGS
@given(TEXT)
def test_tidy_text_stays_tidy(text: str) -> None:
    once = tidy(text)
    assert tidy(once) == once or "&" in text or "<" in text  # an escaped tag or entity is text after the first time
    assert "  " not in once
    assert once == once.strip()
