"""Whatever the text, the YAML, the JSON-LD or the damage: the same meaning comes out, or an error that says why."""

from __future__ import annotations

import functools
import json
import re
import tempfile
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import pyoxigraph as ox
import pytest
import rdflib
import yaml
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from pyld import jsonld as pyld

import kg
from kg import jsonld as quick
from kg.expand import expand_jsonld, figure_iri
from kg.frontmatter import parse_front_matter
from kg.record import Findings
from kg.tidy import tidy
from kg.vocab import Names, Triple, encode_local, iri, literal, plain
from kg.write import TurtleWriter
from tests.conftest import ROOT
from tests.variants.records import (
    FIGID,
    Record,
    as_bytes,
    chemicals,
    diseases,
    export_source,
    front,
    gene,
    genes,
    jsonld,
    record,
    record_text,
    write_source,
)
from tests.variants.records import (
    figure_iri as address_of,
)

SETTINGS: Final = settings(derandomize=True, deadline=None, max_examples=100)
TEXT: Final = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
ADDRESS: Final = address_of()
SUBJECT: Final = figure_iri(FIGID)
PREDICATE: Final = iri("http://example.com/p")


# Text and IRIs


@SETTINGS
@given(TEXT)
@example("\x00\x01\x1f\x7f\x85\u2028\ufeff\ufffe\U0010ffff")
@example('"""\\\r\n\t\b\f\\u0041\\')
def test_any_text_is_read_back_by_both_libraries(text: str) -> None:
    term = literal(text)
    assert plain(term) == text
    lines = f"{SUBJECT} {PREDICATE} {term} .\n"
    turtle = TurtleWriter(Names()).text(SUBJECT, [(PREDICATE, term)], None)
    for data, form in ((lines, ox.RdfFormat.N_TRIPLES), (turtle, ox.RdfFormat.TURTLE)):
        (quad,) = ox.parse(data.encode(), format=form)
        assert quad.object == ox.Literal(text)
    for data, name in ((lines, "nt"), (turtle, "turtle")):
        ((_, _, value),) = rdflib.Graph().parse(data=data.encode(), format=name)
        assert str(value) == text


def as_lines(triples: Iterable[Sequence[str]]) -> bytes:
    """Triples as N-Triples."""
    return "".join(f"{' '.join(triple)} .\n" for triple in triples).encode()


def as_node(term: str) -> str:
    """The IRI that pyoxigraph reads where a term stands as subject and object."""
    ((quad),) = ox.parse(f"{term} {PREDICATE} {term} .".encode(), format=ox.RdfFormat.N_TRIPLES)
    assert quad.subject == quad.object
    assert isinstance(quad.object, ox.NamedNode)
    return quad.object.value


@SETTINGS
@given(TEXT)
@example("%")
@example("%2x%zz%41")
@example("[a]#b#c?d/../e")
@example("\ufffe\ue000\U000e0001\U0010fffd")
def test_any_text_can_be_part_of_an_iri(text: str) -> None:
    for term in (iri(f"http://e/{encode_local(text)}.html"), iri(f"http://e/f#{encode_local(text)}")):
        assert as_node(term) == term[1:-1]
    # A part stays a part: it opens no query or fragment, and encoding twice is encoding once.
    assert not set(encode_local(text)) & set("#?[] <>")
    assert encode_local(encode_local(text)) == encode_local(text)


@SETTINGS
@given(TEXT)
@example("http://e/a b%")
def test_any_text_as_an_id_of_the_json_ld_gives_readable_triples(text: str) -> None:
    check_readable(text)


# What may not stand where it does: brackets outside the host, a second `#`, letters for a port, digits for a scheme.
MISPLACED: Final = (
    "http://e/[1]",
    "http://e/a#b#c",
    "http://[::1/x",
    "http://e:port/",
    "a[1]",
    "#a#b",
    "//[",
    "12:30",
    ":x",
)


@pytest.mark.parametrize("text", MISPLACED)
def test_misplaced_signs_in_an_id_give_readable_triples(text: str) -> None:
    assert len(MISPLACED) == 9
    check_readable(text)


def stated(block: object, *, repair: bool) -> list[Triple]:
    figure = figure_of(block)
    return expand_jsonld(figure, Findings(), repair=repair).triples(figure_iri(figure.figid))


def check_readable(text: str) -> None:
    """Either an error, or triples that pyoxigraph reads, none of a blank node."""
    block = block_of({"license": text, "image": {"@id": text, "name": "x"}})
    for repair in (True, False):
        try:
            triples = stated(block, repair=repair)
        except kg.KgError:
            continue
        quads = list(ox.parse(as_lines(triples), format=ox.RdfFormat.N_TRIPLES))
        assert len(quads) == len(triples) > 0
        assert not [q for q in quads if isinstance(q.object, ox.BlankNode) or isinstance(q.subject, ox.BlankNode)]


# YAML

LINES: Final = (
    "a: &x 1", "a: again", "b: *x", "c: &y [1, NO, {d: e}]", "d: *y", "d: &z {p: 1, q: 2}", "<<: *z", "<<: [*z, *z]",
    "e: {<<: *z, p: 3}", "f: !!int 7", "g: !foo bar", "h: !!binary aGk=", "i: !!set {a, b}", "i: !!omap [a: 1]",
    "j: !!python/object/apply:os.system [x]", "k: !!null ''", "? [k]\n: v", "? {k: v}\n: v", "? a\n: b", "? l",
    "*x : m",
    "&w n: 1", "o: *w", "p: [[[]], [[a], {}]]", "q:\n- r\n- - s\n  - t: u\n- v:\n  - w", "r: |\n  s\n   t\n",
    "r: >-\n  s\n\n  t",
    "s: 'it''s'", 't: "\\u263a\\n\\x41"', "u: &r [*r]", "v: *nowhere", "w: [1, 2", "x: {a: 1, a: 2}", "y: @x", "z: `x",
    "\taa: 1", "bb: a: b", "cc: #none", "---", "...", "%YAML 1.1", "# only a comment", "", "dd: ~", "ee: 12:30:45",
    "1: 2",
    "1: 3", "ff: !!str", "? !!str gg\n: hh", "ii: &x other",
)  # fmt: skip


def has_a_key_twice(node: yaml.Node | None, seen: set[int]) -> bool:
    """Whether any mapping of a composed document has a key twice, told by PyYAML's own nodes."""
    if not isinstance(node, yaml.CollectionNode) or id(node) in seen:
        return False
    seen.add(id(node))
    children: list[yaml.Node] = list(node.value)
    if isinstance(node, yaml.MappingNode):
        names = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        if len(set(names)) < len(names):
            return True
        children = [part for pair in node.value for part in pair]
    return any(has_a_key_twice(child, seen) for child in children)


@settings(SETTINGS, max_examples=300)
@given(st.lists(st.sampled_from(LINES), min_size=1, max_size=5))
def test_front_matter_is_what_pyyaml_makes_of_it(lines: list[str]) -> None:
    text = "\n".join(lines) + "\n"
    try:
        expected = yaml.load(text, Loader=yaml.CBaseLoader)  # noqa: S506 (all scalars stay text)
        twice = has_a_key_twice(yaml.compose(text, Loader=yaml.CBaseLoader), set())
    except yaml.YAMLError:
        expected, twice = None, False
    if twice or not isinstance(expected, dict):
        with pytest.raises(kg.SourceError) as caught:
            parse_front_matter(text, "x.md")
        assert caught.value.problem.code in {"bad-yaml", "duplicate-key", "not-a-mapping"}
        assert not twice or caught.value.problem.code == "duplicate-key" or "as a key" in caught.value.problem.what
    else:
        assert parse_front_matter(text, "x.md") == expected


def test_yaml_lines_meet_both_outcomes() -> None:
    """The lines above would prove little if nearly all of them were refused."""
    read = 0
    for line in LINES:
        try:
            read += bool(parse_front_matter(f"{line}\n", "x.md"))
        except kg.SourceError:
            continue
    assert (len(LINES), read) == (50, 28)


# JSON-LD


@functools.cache
def context() -> dict[str, Any]:
    """The shipped context, read without the package."""
    text = (ROOT / "kg" / "data" / "schemaorg.context.jsonld").read_text("utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def load(url: str, _options: object) -> dict[str, Any]:
    """What pyld gets for any address."""
    return {"contentType": "application/ld+json", "contextUrl": None, "documentUrl": url, "document": context()}


def figure_of(block: object) -> kg.Figure:
    """A figure with a `schema-jsonld`, and nothing else that matters here."""
    paper = kg.Paper(pmcid="PMC1234567")
    return kg.Figure(figid=FIGID, title="Title", caption="Caption", paper=paper, generation="E", jsonld=block)


def canonical(quads: list[ox.Quad]) -> set[str]:
    """The triples with blank nodes named by what they say."""
    dataset = ox.Dataset(ox.Quad(q.subject, q.predicate, q.object) for q in quads)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return {str(quad) for quad in dataset}


def pyld_term(part: dict[str, str]) -> ox.NamedNode | ox.BlankNode | ox.Literal:
    """One part of a triple in pyld's form."""
    if part["type"] == "IRI":
        return ox.NamedNode(part["value"])
    if part["type"] == "blank node":
        return ox.BlankNode(part["value"].removeprefix("_:"))
    if "language" in part:
        return ox.Literal(part["value"], language=part["language"])
    return ox.Literal(part["value"], datatype=ox.NamedNode(part["datatype"]))


def by_pyld(block: object) -> set[str] | None:
    """What pyld's own `to_rdf` makes of a block; None where it refuses, or trips, over it."""
    options = {"base": ADDRESS, "documentLoader": load, "processingMode": "json-ld-1.1"}
    try:
        dataset = pyld.to_rdf(block, options)
    except (pyld.JsonLdError, TypeError, AttributeError, KeyError):
        return None
    found = [
        [quad[name] for name in ("subject", "predicate", "object")] for graph in dataset.values() for quad in graph
    ]
    # An id in the form of a keyword ('@id': '@x') is none; pyld leaves a hole where it stood.
    terms = [[pyld_term(part) for part in parts] for parts in found if None not in parts]
    return canonical([ox.Quad(*parts) for parts in terms])  # type: ignore[arg-type]


def by_us(block: object) -> set[str] | None:
    """What `expand_jsonld` makes of it without repairs, its names for unnamed nodes turned back to blank nodes."""
    try:
        triples = stated(block, repair=False)
    except kg.ExpansionError:
        return None
    named = re.compile(rf"<{re.escape(ADDRESS)}#(b[0-9]+)>")
    renamed = ([named.sub(r"_:\1", term) if term[0] == "<" else term for term in triple] for triple in triples)
    return canonical(list(ox.parse(as_lines(renamed), format=ox.RdfFormat.N_TRIPLES)))


KEYS: Final = st.sampled_from((
    "name", "description", "keywords", "license", "creator", "image", "url", "sameAs", "datePublished", "dateModified",
    "about", "schema:name", "rdf:value", "http://example.com/p", "dct:title", "unknownThing", "odd key", "type", "HTML",
    ":", "a:", ":b", "@type", "@index", "@language", "@value", "@list", "@set", "@graph", "@reverse",
    "@included",
    "@nest", "@foo", "@id", "Größe",
))  # fmt: skip
VALUES: Final = st.sampled_from((
    "CC0", "WikiPathways", "CreativeWork", "Dataset", "Date", "https://example.com/x", "schema:Thing", "rdf:type",
    "x:y",
    "_:b0", "_:n", "", "#x", "?q", "../up", "./", "/root", "//host/x", "a/b", "@id", "@x", "@json", "@none", "en", "NA",
    "2025-01-01", "α-β", "mailto:a@example.com", "urn:x:y", "p53:", ADDRESS, "PMC1234567__fig.g001.html",
    "https://pfocr.wikipathways.org/figures/--plan--", "--plan--", "#bob", 'quote"back\\slash\nline',
))  # fmt: skip
DOCUMENTS: Final[st.SearchStrategy[Any]] = st.recursive(
    VALUES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


def block_of(body: dict[str, Any], head: str = "@id") -> dict[str, Any]:
    """A block about the figure, its id under either of its two names."""
    return {"@context": "https://schema.org/", head: ADDRESS, **{k: v for k, v in body.items() if k != "@id"}}


def has_odd_iri(found: set[str]) -> bool:
    """Whether a character was percent-encoded, where pyld leaves the triple out instead."""
    return any("%" in line for line in found)


@settings(SETTINGS, max_examples=400)
@given(st.dictionaries(KEYS, DOCUMENTS, max_size=5))
@example({"creator": [{"@type": "Organization", "name": "A"}, {"name": "B"}], "keywords": []})
@example({"creator": {"@id": "_:b0", "name": "A"}, "about": {"name": "B", "creator": {"@id": "_:b0"}}})
@example({"keywords": {"@list": ["a", "b"]}, "about": {"@list": []}})
@example({"license": ["CC0", "../up"], "image": {"@id": "#x", "url": "?q"}})
def test_unrepaired_expansion_is_pylds(body: dict[str, Any]) -> None:
    check_expansion(block_of(body))


def test_id_and_type_may_stand_without_their_at_sign() -> None:
    """The official context has `id` and `type` as other names of `@id` and `@type`."""
    check_expansion(block_of({"name": "CreativeWork", "type": "Dataset"}, head="id"))


def test_a_property_that_is_a_blank_node_is_dropped_or_refused() -> None:
    """RDF has none; JSON-LD 1.1 calls it obsolete, and pyld leaves such triples out."""
    check_expansion(block_of({"name": "CC0", "_:p": "CC0"}))


def check_expansion(block: dict[str, Any]) -> None:
    """Ours and pyld's triples are the same, or both refuse."""
    try:
        expected = by_pyld(block)
    except ValueError:  # pyld keeps an IRI that is none; ours must be readable all the same
        by_us(block)
        return
    found = by_us(block)
    if expected is None or found is None:
        assert found == expected
        return
    assert found == expected or (has_odd_iri(found) and expected <= found)


def by_plan(nodes: list[dict[str, Any]]) -> set[Triple] | None:
    found = quick.planned_parts(nodes, SUBJECT)
    if found is None:
        return None
    return {*found[0], *((SUBJECT, predicate, value) for predicate, values in found[1] for value in values)}


@settings(SETTINGS, max_examples=300)
@given(st.dictionaries(KEYS, DOCUMENTS, max_size=5))
def test_a_planned_expansion_is_the_one_that_pyld_makes(body: dict[str, Any]) -> None:
    nodes = [block_of(body)]
    try:
        planned = by_plan(nodes)
    except kg.ExpansionError:
        with pytest.raises(kg.ExpansionError):
            quick._by_pyld(nodes, SUBJECT, ADDRESS)
        return
    assume(planned is not None)
    assert planned is not None
    assert planned == set(quick._by_pyld(nodes, SUBJECT, ADDRESS))


# Tidy text

TAGS: Final = ("<b>", "</b>", "<bold>", "<sub>", "</SUP>", "<br/>", '<xref rid="a">', "<i >", "<ext-link x:y='z'>")
TAG_OR_TEXT: Final = st.one_of(
    st.tuples(st.just(""), st.sampled_from(TAGS)),
    st.tuples(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="<>&"), max_size=8), st.just("")),
    st.tuples(st.sampled_from([" < ", " > ", "p <0.05", " & ", "&", "a <c and d> e"]), st.just("")),
)


def letters(text: str) -> str:
    """The letters of a text, accents apart."""
    return "".join(char for char in unicodedata.normalize("NFD", text) if char.isalpha())


@settings(SETTINGS, max_examples=200)
@given(st.lists(TAG_OR_TEXT, max_size=8))
def test_tidying_is_done_once_and_keeps_all_letters(pieces: list[tuple[str, str]]) -> None:
    text = "".join(words + tag for words, tag in pieces)
    once = tidy(text)
    assert not any(tag in once for tag in TAGS)
    assert once == " ".join(once.split())
    assert tidy(once) == once
    assume("&" not in text)  # `&amp` is an entity, whatever was meant
    assert letters(once) == letters("".join(words for words, _ in pieces))


# Damage


@pytest.mark.parametrize("changes", [*({"license": text} for text in MISPLACED), {"_:p": "x"}])
def test_an_odd_iri_never_stops_the_run(tmp_path: Path, changes: dict[str, str]) -> None:
    fields = front("D", "PMC7__other", schema=jsonld("PMC7__other") | changes)
    odd = Record(text=record_text(fields), tables={}, stem="PMC7__other")
    result = export_source(write_source(tmp_path / "source", GOOD, odd), tmp_path / "out.nt")
    assert ADDRESS in result.graph.subjects("pfo:PathwayFigure")
    assert result.report.figures + result.report.left_out.total() == 2


GOOD: Final = record(tables={"genes": genes(gene("AKT1", "207"), gene("JUN", "3725"))})
OTHER: Final = record(
    "D", "PMC7__other", organisms=["Mus musculus", "NA"], wpid="WP5",
    tables={
        "genes": genes(gene("Akt1", "11651"), gene("Jun", "16476", counts=("NA", "0", "7"))),
        "chemicals": chemicals(("ATP", "mesh:D000255", "ATP", "ATP", "chebi:15422")),
        "diseases": diseases(("Cancer", "NA", "cancer", "cancer", "DOID:162")),
    },
)  # fmt: skip
PARTS: Final = ("record", "genes", "chemicals", "diseases")
HARM: Final = st.tuples(
    st.sampled_from(PARTS),
    st.sampled_from(["cut", "flip", "drop", "insert"]),
    st.floats(0, 1),
    st.integers(1, 255),
)  # fmt: skip


def harmed(data: bytes, how: str, where: float, value: int) -> bytes:
    """Bytes cut short, or with one of them changed, lost or added."""
    place = min(int(where * len(data)), len(data) - 1)
    head, byte, tail = data[:place], data[place], data[place + 1 :]
    return {
        "cut": head,
        "flip": head + bytes([byte ^ value]) + tail,
        "drop": head + tail,
        "insert": head + bytes([value, byte]) + tail,
    }[how]


def damaged(harm: tuple[str, str, float, int]) -> Record:
    """The other record with one of its files harmed."""
    part, how, where, value = harm
    files = {"record": as_bytes(OTHER.text), **{kind: as_bytes(text) for kind, text in OTHER.tables.items()}}
    files[part] = harmed(files[part], how, where, value)
    text = files.pop("record")
    return Record(text=text, tables=files, stem=OTHER.stem)


def about_the_good_one(lines: Path) -> list[str]:
    """What a graph says of the good record's figure, mentions and paper."""
    heads = (f"<{ADDRESS}", "<https://identifiers.org/pmc/PMC1234567>")
    return sorted(line for line in lines.read_text("utf-8").splitlines() if line.startswith(heads))


@pytest.fixture(scope="module")
def undamaged(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What the graph says of the good record beside a whole other one."""
    folder = tmp_path_factory.mktemp("whole")
    report = export_source(write_source(folder / "source", GOOD, OTHER), folder / "out.nt").report
    assert (report.figures, report.left_out.total()) == (2, 0)
    return about_the_good_one(folder / "out.nt")


@settings(SETTINGS, max_examples=40)
@given(HARM)
def test_damage_to_one_record_is_told_and_harms_no_other(
    undamaged: list[str], harm: tuple[str, str, float, int]
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # Reading the graph back also looks at every IRI and literal of it.
        result = export_source(write_source(folder / "source", GOOD, damaged(harm)), folder / "out.nt")
        assert about_the_good_one(folder / "out.nt") == undamaged
    assert len(undamaged) > 40
    assert result.report.records == 2
    assert result.report.figures + result.report.left_out.total() == 2
    assert result.report.ok == (not [p for p in result.report.problems if p.severity == "error"])


@SETTINGS
@given(HARM, st.booleans())
def test_library_raises_its_own_errors_only(harm: tuple[str, str, float, int], repair: bool) -> None:
    with tempfile.TemporaryDirectory() as name:
        source = write_source(Path(name), damaged(harm))
        try:
            for figure in kg.read_records(source):
                assert len(kg.record_graph(figure, repair=repair)) > 10
        except kg.KgError:
            return
