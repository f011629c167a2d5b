r"""No text in a value changes a query, crashes anything or makes anybody be called: every type, every shipped query."""

from __future__ import annotations

import logging
import subprocess
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
import rdflib
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rdflib.plugins.sparql.parser import parseQuery
from rdflib.plugins.sparql.parserutils import CompValue

import kg
from kg import Parameter, QueryError, SavedQuery
from kg.parameters import resolve_values
from kg.savedqueries import TYPES, load_queries, parse_query
from kg.sparql import calls_out, safe, tokens
from kg.vocab import Term, literal, plain
from tests.queries.stubs import Endpoint
from tests.small import kg_process

pytestmark = pytest.mark.loopback

CANARY: Final = "http://canary/"
"""Stands for the address of a server that nobody may call."""
LARGE: Final = 100_000

NASTY: Final = (
    '"', "'", '"""', "'''", "\\", '\\"', "a\\", "\n", "\r\n", "\r", "\t", "{", "}", "} }", "<", ">", "<>", "> <",
    "#", "# comment", "\n# comment\n", "?x", "$x", "?_gene_iri", "%s {0} ${x}", "a;b", "a, b", "()", "[]", ".", "*",
    '" } # ', "' } # ", '"""} #', '"@en', '"^^<http://www.w3.org/2001/XMLSchema#integer>', "<urn:x> } #",
    "> } SERVICE <http://canary/> { ?a ?b ?c } #", '" } SERVICE <http://canary/> { ?a ?b ?c } #',
    "SERVICE <http://canary/> {}", "} UNION { SERVICE SILENT <http://canary/> { ?s ?p ?o } }", "http://canary/",
    "http://canary/> . ?a ?b ?c . ?d ?e <http://canary/", "<http://canary/>", "<http://canary/", "http://canary/>",
    r"\u0022", r"\u0022 } #", r"\\u0022", r"\\\u0022 } #", r"\U00000022 } #", r"\\u0041", r"\u005Cu0022 } #",
    r"\u005C\u0022 } #", r"\u003E } #", "\\u000A", "\\n", r"\uD800", r"\U00110000", "\\", "\\\\", "\\u", "\\U0000002",
    "\x00", "a\x00b", "\x01\x02\x1b[31m\x7f", "\x85\u2028\u2029", "\ud800", "a\udfffb", "\udcff",
    "\u202e\u2066abc\u200f",
    "\ufeff", "\ufffe\uffff", "\U0001f600", "e\u0301", "\u0130\u0131\u017f",
    "1; DROP ALL", "DROP ALL", "; INSERT DATA { <urn:a> <urn:b> <urn:c> }", "DELETE WHERE { ?s ?p ?o }",
    "LOAD <http://canary/>", '"; CLEAR ALL; #', "'; DROP TABLE genes; --", "urn:x", "urn:x'y#z", "urn:x#SERVICE",
    "https://example.org/(a)'b;c,d.", "https://example.org/%22%7D%3E", "https://example.org/a b", "pfo:Gene> } #",
    "ncbigene:6774 }", "6774 }", "PMC1> {}", "1e5", "-1", "+1", "0x10", "NaN", "999999999999999999999", "..", "../..",
    "//", ":", "::", "a:", ":a", "@", "=", "_:b", "", " ", "\u3000",
    "x" * LARGE, '"' * LARGE, "\\" * LARGE, "\\u0022" * (LARGE // 6), "1" * LARGE, f"urn:{'x' * LARGE}",
    f"10.1234/{'x' * LARGE}", f"a\x00{'y' * LARGE}",
)  # fmt: skip
"""Values that look like a part of a query, that are none at all, or that are very long."""

CORE: Final = (
    '"',
    "\n",
    "} #",
    "urn:x } #",
    "SERVICE <http://canary/> {}",
    r"\u0022 } #",
    "\x00",
    "\ud800",
    '"} # ' * (LARGE // 5),
)
"""Values for every parameter of every query; each gets a fifth of the short ones too."""

LEGAL_IRIS: Final = (
    "urn:x", "urn:x'y#z", "urn:x#SERVICE", "https://example.org/(a)'b;c,d.", "https://example.org/%22%7D%3E",
    "https://example.org/?SERVICE=#?_gene_iri", "https://example.org/\u00e9\u4e2d", f"urn:{'x' * 5000}",
)  # fmt: skip
"""IRIs that are hard to tell from other parts of a query, and yet legal."""


@pytest.fixture(scope="module")
def canary() -> Iterator[Endpoint]:
    with Endpoint() as endpoint:
        yield endpoint


@pytest.fixture(autouse=True)
def _nobody_is_called(canary: Endpoint, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    caplog.set_level(logging.CRITICAL, logger="rdflib")  # it tells of odd IRIs, of which there are many here
    called = len(canary.requests)
    yield
    assert len(canary.requests) == called


@pytest.fixture(scope="module")
def store(seed_graph: Path) -> Iterator[kg.GraphStore]:
    with kg.open_store(seed_graph) as opened:
        yield opened


def real(value: str, canary: Endpoint) -> str:
    """A value that names the canary by its address."""
    return value.replace(CANARY, canary.url)


def shown(value: str) -> str:
    return ascii(value if len(value) < 60 else f"{value[:30]}... ({len(value)})")


def outcome(store: kg.GraphStore, query: SavedQuery, **params: Any) -> list[dict[str, Any]] | QueryError:
    """Rows or a refusal; whatever else happens is a crash."""
    try:
        return store.query(query, params=params).rows()
    except QueryError as error:
        refusal = error
    assert refusal.problem.code not in ("query-crashed", "query-failed", "query-timeout"), refusal
    assert "Traceback" not in str(refusal)
    return refusal


# --- the query stays as it is: by our own tokens, and by the syntax tree of another parser


def replaced(query: SavedQuery, name: str, terms: Sequence[Term]) -> list[str]:
    """The tokens of the file, the parameter's replaced by those of its terms; a list's stand in its VALUES blocks."""
    parameter = parameter_of(query, name)
    inserted = [token.text for term in terms for token in tokens(safe(term))]
    file = [token.text for token in tokens(query.text)]
    if not parameter.many:
        return [part for text in file for part in (inserted if text == f"?{parameter.variable}" else [text])]
    while f"?{name}" in file:
        start = next(i for i in range(len(file)) if file[i : i + 3] == ["VALUES", f"?{name}", "{"])
        file[start : file.index("}", start)] = ["VALUES", "LIST", "{", *inserted]
        if ["VALUES", f"?{name}", "{"] not in [file[i : i + 3] for i in range(len(file))]:
            break
    return [f"?{name}" if text == "LIST" else text for text in file]


def parameter_of(query: SavedQuery, name: str) -> Parameter:
    return next(parameter for parameter in query.parameters if parameter.name == name)


@cache
def tree_of_file(text: str) -> Any:
    return parseQuery(text)


def tree(  # noqa: PLR0911 (one return for each kind of node)
    node: Any, variable: str, terms: Sequence[Any], *, many: bool
) -> Any:
    """A syntax tree as nested tuples, the term in the place of the variable, or the terms in its VALUES blocks."""
    if isinstance(node, CompValue):
        if many and node.name == "InlineData" and [str(each) for each in node["var"]] == [variable]:
            return ("VALUES", variable, [[term] for term in terms])
        if node.name == "literal":
            told = dict(node.items())
            return rdflib.Literal(told["string"], lang=told.get("lang"), datatype=told.get("datatype"))
        parts = sorted(item for item in node.items() if item[0] != "service_string")  # the same once more, as text
        return (node.name, [(key, tree(value, variable, terms, many=many)) for key, value in parts])
    if isinstance(node, rdflib.Variable):
        return terms[0] if not many and str(node) == variable else ("?", str(node))
    if isinstance(node, rdflib.term.Identifier):
        return node
    if isinstance(node, str):
        return str(node)
    if hasattr(node, "__iter__"):
        return [tree(part, variable, terms, many=many) for part in node]
    return node


def assert_unchanged(query: SavedQuery, name: str, terms: Sequence[Term]) -> str:
    """The bound text is the query's own but for the parameter."""
    parameter, bound = parameter_of(query, name), query.bound({name: terms})
    assert [token.text for token in tokens(bound)] == replaced(query, name, terms)
    values = [_as_rdflib(term) for term in terms]
    parsed = tree(parseQuery(bound), "", [], many=False)
    assert_same_tree(parsed, tree(tree_of_file(query.sparql), parameter.variable, values, many=parameter.many))
    return bound


def assert_same_tree(bound: Any, wanted: Any) -> None:
    """VALUES blocks are compared by their terms."""
    if isinstance(wanted, tuple) and wanted and wanted[0] == "VALUES":
        name, cells = bound
        assert name == "InlineData"
        found = [part for key, part in cells if key == "value"]
        assert len(found) == 1
        assert [[term] for term in _leaves(found[0])] == wanted[2]
        return
    if isinstance(wanted, (tuple, list)):
        assert type(bound) is type(wanted)
        assert len(bound) == len(wanted)
        for one, other in zip(bound, wanted, strict=True):
            assert_same_tree(one, other)
        return
    assert bound == wanted


def _leaves(node: Any) -> list[Any]:
    if isinstance(node, (list, tuple)):
        return [leaf for part in node for leaf in _leaves(part)]
    return [node]


def _as_rdflib(term: Term) -> Any:
    if term.startswith("<"):
        return rdflib.URIRef(plain(term))
    datatype = rdflib.XSD.integer if term.endswith("integer>") else None
    return rdflib.Literal(plain(term), datatype=datatype)


def queries_with_parameters() -> list[SavedQuery]:
    return [query for query in load_queries().values() if query.parameters]


PLACES: Final = [(query.name, parameter.name) for query in queries_with_parameters() for parameter in query.parameters]


def test_all_places_are_known() -> None:
    assert len(load_queries()) == 25
    assert len(queries_with_parameters()) == 24
    assert len(PLACES) == len(set(PLACES)) == 29


@pytest.mark.parametrize(("number", "place"), list(enumerate(PLACES)), ids=["-".join(place) for place in PLACES])
def test_legal_iris_and_any_literals_change_no_query(number: int, place: tuple[str, str], canary: Endpoint) -> None:
    query = load_queries()[place[0]]
    parameter = parameter_of(query, place[1])
    if parameter.many or parameter.variable.endswith("_iri"):
        terms = [Term(f"<{real(value, canary)}>") for value in LEGAL_IRIS]
    else:
        values = [value for value in NASTY[number % 5 :: 5] if value.isprintable() and len(value) < 1000]
        terms = [literal(real(value, canary)) for value in (*values, "\n\t\r # } SERVICE", '"}\\u0022' * 500)]
    for term in terms:
        bound = assert_unchanged(query, parameter.name, [term])
        assert calls_out(bound) is query.federated
    assert len(terms) >= len(LEGAL_IRIS) == 8


def test_a_list_of_odd_values_changes_no_query() -> None:
    query = load_queries()["figures-for-gene-list"]
    assert_unchanged(query, "genes", [Term(f"<{value}>") for value in LEGAL_IRIS])


@pytest.mark.parametrize(("number", "place"), list(enumerate(PLACES)), ids=["-".join(place) for place in PLACES])
def test_no_value_crashes_a_shipped_query(
    number: int, place: tuple[str, str], store: kg.GraphStore, canary: Endpoint
) -> None:
    """What is taken is a term in an unchanged query; all else is refused. Federated queries are bound, and not run."""
    query = load_queries()[place[0]]
    values = [*CORE, *(value for value in NASTY[number % 5 :: 5] if len(value) < 1000)]
    for value in values:
        given = {place[1]: real(value, canary)}
        if query.federated:
            assert_bound_or_refused(query, given, store)
        else:
            assert isinstance(outcome(store, query, **given), (list, QueryError))
    assert len(values) > 25


def assert_bound_or_refused(query: SavedQuery, given: dict[str, str], store: kg.GraphStore) -> None:
    try:
        values = resolve_values(query, given, lambda text: store.query(text).terms())
    except QueryError as error:
        refusal: QueryError | None = error
    else:
        refusal = None
        for name, terms in values.items():
            assert_unchanged(query, name, terms)
    wrong = ("bad-value", "unknown-value", "missing-parameter", "ambiguous-value")
    assert refusal is None or refusal.problem.code in wrong


# --- each type


def asking(kind: str) -> SavedQuery:
    """A query that gives its one parameter back."""
    suffix = {"text": "", "doi": "", "wikipathway": "", "integer": "_integer"}.get(kind, "_iri")
    return parse_query(f"#+ types:\n#+   - v: {kind}\nSELECT (?_v{suffix} AS ?x) (1 AS ?one) {{}}", f"ask-{kind}")


@pytest.mark.parametrize("kind", TYPES)
def test_each_type_takes_one_term_or_refuses(kind: str, store: kg.GraphStore, canary: Endpoint) -> None:
    query, taken, refused = asking(kind), 0, 0
    for value in NASTY:
        found = outcome(store, query, v=real(value, canary))
        if isinstance(found, QueryError):
            refused += 1
            assert found.problem.code in ("bad-value", "unknown-value", "missing-parameter", "bad-query"), shown(value)
        else:
            taken += 1
            assert [row["one"] for row in found] == [1], shown(value)
            assert isinstance(found[0]["x"], (str, int)), shown(value)
    assert taken + refused == len(NASTY)
    assert refused > 0  # a lone surrogate is nothing to any type
    assert (taken > len(NASTY) - 10) is (kind == "text")


def test_the_types_are_thirteen() -> None:
    assert len(TYPES) == 13


def test_values_that_no_iri_can_hold_are_named_as_such(store: kg.GraphStore) -> None:
    """The message is about the value, not about the syntax of the query."""
    for value in ("https://example.org/a b", "urn:x>", "<urn:x> }", "http://example.org/\x7f", "urn:\x85", "urn:x%zz"):
        found = outcome(store, asking("iri"), v=value)
        assert isinstance(found, QueryError), shown(value)
        assert found.problem.code == "bad-value", shown(value)


TEXTS: Final = [value for value in NASTY if not any("\ud800" <= char <= "\udfff" for char in value)]


def test_texts_arrive_exactly(store: kg.GraphStore) -> None:
    query = asking("text")
    for value in TEXTS:
        assert outcome(store, query, v=value) == [{"x": value, "one": 1}], shown(value)
    assert len(TEXTS) == 117


def test_texts_arrive_exactly_in_rdflib() -> None:
    for value in TEXTS:
        if len(value) < LARGE:
            assert through_rdflib(value) == value, shown(value)
    assert through_rdflib('\\u0022}"' * (LARGE // 8)) == '\\u0022}"' * (LARGE // 8)


def through_rdflib(value: str) -> str:
    found = rdflib.Graph().query(asking("text").bound({"v": [literal(value)]}))
    (row,) = list(found)
    assert isinstance(row, rdflib.query.ResultRow)
    return str(row[0])


WILD: Final = st.text(st.sampled_from(list("\\uU0041\"'\n\r}{>?#@^")), max_size=30) | st.text(
    st.characters(exclude_categories=["Cs"]), max_size=40
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(WILD)
def test_any_text_arrives_exactly(store: kg.GraphStore, value: str) -> None:
    assert outcome(store, asking("text"), v=value) == [{"x": value, "one": 1}]


@settings(max_examples=80, deadline=None)
@given(WILD)
def test_any_text_arrives_exactly_in_rdflib(value: str) -> None:
    assert through_rdflib(value) == value


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(TYPES), st.text(max_size=30) | WILD)
def test_any_text_at_all_is_taken_or_refused(store: kg.GraphStore, kind: str, value: str) -> None:
    found = outcome(store, asking(kind), v=value)
    assert isinstance(found, QueryError) or len(found) == 1


@pytest.mark.parametrize("value", [["a", "b"], [], None, True, 1.5, b"x", {"a": 1}, -1, 10**30])
def test_values_that_are_no_text_crash_nothing(value: Any, store: kg.GraphStore) -> None:
    lists = load_queries()["figures-for-gene-list"]
    for query, name in [*((asking(kind), "v") for kind in TYPES), (lists, "genes")]:
        assert isinstance(outcome(store, query, **{name: value}), (list, QueryError))


# --- the text of a query itself

SMUGGLED: Final = (
    "SELECT * {{ SERVICE <{url}> {{ ?s ?p ?o }} }}",
    "SELECT * {{ # x\rSERVICE <{url}> {{ ?s ?p ?o }} }}",
    r"SELECT * {{ SERVIC\u0045 <{url}> {{ ?s ?p ?o }} }}",
    r"SELECT * {{ SERVICE <\u0068{tail}> {{ ?s ?p ?o }} }}",
    "PREFIX a: <{url}> SELECT * {{ SERVICEa: {{ ?s ?p ?o }} }}",
    "SELECT * {{ BIND(1 AS ?a) FILTER(?a<2)SERVICE#>\n<{url}> {{ ?s ?p ?o }} }}",
    "SELECT * {{ BIND('' AS ?a) FILTER(?a<'>')SERVICE <{url}> {{ ?s ?p ?o }} #'\n }}",
    "SELECT * {{ BIND(1 AS ?a) FILTER(?a<2#>'''\n)SERVICE <{url}> {{ ?s ?p ?o }} #'''\n }}",
    "PREFIX a\u0300: <{url}> SELECT * {{ BIND(1 AS ?a) FILTER(?a<2)SERVICEa\u0300:#>\n{{ ?s ?p ?o }} }}",
    "CONSTRUCT {{ ?s ?p ?o }} WHERE {{ SERVICE SILENT <{url}> {{ ?s ?p ?o }} }}",
    "ASK {{ FILTER EXISTS {{ SERVICE <{url}> {{ ?s ?p ?o }} }} }}",
    "LOAD <{url}>",
    "SELECT * {{}} ; LOAD <{url}>",
)


@pytest.mark.parametrize("text", SMUGGLED, ids=range(len(SMUGGLED)))
def test_no_text_calls_anybody_without_leave(text: str, store: kg.GraphStore, canary: Endpoint) -> None:
    query = text.format(url=canary.url, tail=canary.url[1:])
    with pytest.raises(QueryError) as error:
        store.query(query, timeout=20)
    wanted = "update-refused" if text.startswith("LOAD") else "federation-refused"
    assert error.value.problem.code in (wanted, "bad-query")


@pytest.mark.parametrize("text", SMUGGLED[:11], ids=range(11))
def test_no_text_makes_an_endpoint_call_another_without_leave(text: str, canary: Endpoint) -> None:
    """An endpoint follows SERVICE itself, so nothing may even be sent to it."""
    query = text.format(url="http://127.0.0.1:9/", tail="ttp://127.0.0.1:9/")
    with kg.open_endpoint(canary.url) as opened, pytest.raises(QueryError) as error:
        opened.query(query, timeout=20)
    assert error.value.problem.code in ("federation-refused", "bad-query")


def test_a_call_that_our_reading_cannot_take_apart_is_refused_with_leave_too(
    store: kg.GraphStore, canary: Endpoint
) -> None:
    with pytest.raises(QueryError) as error:
        store.query(f"SELECT * {{ ?s ?p trueSERVICE <{canary.url}> {{ ?s ?p ?o }} }}", federate=True)
    assert error.value.problem.code in ("bad-service", "bad-query")


def test_the_canary_sings(store: kg.GraphStore) -> None:
    """Else its silence above would mean nothing."""
    with Endpoint() as other:
        text = f"SELECT * {{ SERVICE <{other.url}> {{ ?s ?p ?o }} }}"
        assert store.query(text, federate=True).rows() == []
        assert len(other.requests) == 1


# --- the command


COMMANDS: Final = (
    ("caption-search", "text", "x" * LARGE, 0),
    ("caption-search", "text", '" } SERVICE <http://canary/> { ?a ?b ?c } #', 0),
    ("figures-for-gene", "gene", "x" * LARGE, 2),
    ("figures-for-gene", "gene", "<http://canary/> } DROP ALL #", 2),
    ("figures-of-paper", "paper", "\udcff\n", 2),
    ("journal-profile", "least", "9" * LARGE, 2),
)


def run(graph: Path, name: str, parameter: str, value: str) -> subprocess.CompletedProcess[str]:
    return kg_process("query", name, f"{parameter}={value}", "--graph", graph, "--format", "csv")


@pytest.mark.parametrize(("name", "parameter", "value", "status"), COMMANDS, ids=range(len(COMMANDS)))
def test_the_command_takes_or_refuses_them(
    name: str, parameter: str, value: str, status: int, seed_graph: Path, canary: Endpoint
) -> None:
    found = run(seed_graph, name, parameter, real(value, canary))
    assert found.returncode == status, found.stderr[:1000]
    assert "Traceback" not in found.stderr
    assert len(found.stderr) < 2000
    if status == 0:
        assert found.stdout.splitlines()[1:] == []  # nothing in the seeds holds such a text
    else:
        assert f"{parameter} takes" in found.stderr
        assert found.stdout == ""
