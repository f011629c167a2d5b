r"""Queries as tokens: what they ask, whom they call however that is hidden, and how values come into them."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any, Final

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib.plugins.sparql import prepareQuery
from rdflib.plugins.sparql.parserutils import CompValue

from kg import QueryError
from kg.sparql import Service, bind, calls_out, data_block, expanded, place, query_form, safe, services, tokens
from kg.vocab import Term, literal

NOBODY: Final = "urn:nobody"
"""An endpoint that no engine can reach: it names no host."""


@pytest.fixture(autouse=True)
def _quiet_rdflib(caplog: pytest.LogCaptureFixture) -> None:
    """Logs of rdflib tell of odd IRIs, of which there are many here."""
    caplog.set_level(logging.CRITICAL, logger="rdflib")


def kinds(text: str) -> list[tuple[str, str]]:
    return [(token.kind, token.text) for token in tokens(text)]


def code(error: pytest.ExceptionInfo[QueryError]) -> str:
    return error.value.problem.code


# --- tokens

ONE_TOKEN: Final = (
    ("string", '"a } b"'),
    ("string", r'"a \" b"'),
    ("string", "'it\\'s'"),
    ("string", "'''it's ''two'' lines\n'''"),
    ("string", '"""a "quoted" b\r\n"""'),
    ("string", "''"),
    ("string", '""'),
    ("string", '"\\\\"'),
    ("iri", "<http://example.com/a#b>"),
    ("iri", "<>"),
    ("variable", "?_gene_iri"),
    ("variable", "$x1"),
    ("language", "@en-GB"),
    ("name", "schema:mentions"),
    ("name", ":"),
    ("name", "a:b.c"),
    ("name", r"a:b\'c"),
    ("name", "obo:RO_0002162"),
    ("name", "a:b%41"),
    ("number", "12"),
    ("number", ".5"),
    ("number", "1.5e-3"),
    ("word", "SELECT"),
    ("other", "{"),
)


def test_terminals_are_one_token_each() -> None:
    assert [kinds(text) for _, text in ONE_TOKEN] == [[(kind, text)] for kind, text in ONE_TOKEN]
    assert len(ONE_TOKEN) == 24


SEVERAL: Final = (
    ("?s?p?o", ["?s", "?p", "?o"]),
    ("a:b.SERVICE", ["a:b.SERVICE"]),
    ("a:b. SERVICE", ["a:b", ".", "SERVICE"]),
    ("1e5SERVICE", ["1e5", "SERVICE"]),
    ("'a'SERVICE", ["'a'", "SERVICE"]),
    ("'''a''''b'", ["'''a'''", "'b'"]),
    ("# a\rASK#b\nx", ["ASK", "x"]),
    ("<a b>", ["<", "a", "b", ">"]),
    ('"a\nb"', ['"', "a", "b", '"']),
    (r'"x"^^xsd:int', ['"x"', "^", "^", "xsd:int"]),
    ("?a>=1", ["?a", ">", "=", "1"]),
)


def test_tokens_end_where_sparql_ends_them() -> None:
    assert [[t.text for t in tokens(text)] for text, _ in SEVERAL] == [wanted for _, wanted in SEVERAL]
    assert len(SEVERAL) == 11


@given(st.text(alphabet=st.sampled_from(list("<>'\"#\n\r\\?a:1 {}().@-e_\u0300")), max_size=40))
def test_tokens_never_overlap_and_leave_out_blanks_and_comments_only(text: str) -> None:
    done = 0
    for token in tokens(text):
        between = text[done : token.start]
        assert between.strip() == "" or "#" in between
        assert text[token.start : token.end] == token.text
        assert token.start >= done
        done = token.end
    assert text[done:].strip() == "" or "#" in text[done:]


def test_places_count_from_one() -> None:
    assert [place("ab\ncd", start) for start in (0, 1, 3, 4)] == [(1, 1), (1, 2), (2, 1), (2, 2)]


# --- escapes

ESCAPES: Final = (
    (r"\u0041SK {}", "ASK {}"),
    (r"\U00000041SK {}", "ASK {}"),
    (r"\U0001F600", "\U0001f600"),
    (r"\u005Cu0041", "A"),
    (r"\u005C\u0075\u0030\u0030\u0034\u0031", "A"),
    (r'"\\u0041"', r'"\\u0041"'),
    (r'"\\\u0041"', r'"\\A"'),
    (r"\u004", r"\u004"),
    (r"\x41", r"\x41"),
)


def test_code_point_escapes_are_resolved_before_anything_else() -> None:
    assert [expanded(text) for text, _ in ESCAPES] == [wanted for _, wanted in ESCAPES]
    assert len(ESCAPES) == 9


@pytest.mark.parametrize("text", [r"\uD800", r"\uDFFF", r"\U00110000", r"\UFFFFFFFF"])
def test_escapes_of_no_character_are_refused(text: str) -> None:
    with pytest.raises(QueryError, match="is no character") as error:
        expanded(text)
    assert code(error) == "bad-query"


# --- forms


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("select * {}", "SELECT"),
        ("ASK {}", "ASK"),
        ("Construct {} where {}", "CONSTRUCT"),
        ("DESCRIBE <urn:x>", "DESCRIBE"),
        ("PREFIX insert: <urn:delete> # DROP ALL\nBASE <urn:load> SELECT ?clear {}", "SELECT"),
        ("PREFIX : <urn:x#> ASK { :drop :add 'INSERT' }", "ASK"),
    ],
)
def test_forms_are_told_by_their_first_keyword(text: str, form: str) -> None:
    assert query_form(text) == form


UPDATES: Final = (
    "INSERT DATA { <urn:a> <urn:b> 1 }",
    "DELETE DATA { <urn:a> <urn:b> 1 }",
    "DELETE WHERE { ?s ?p ?o }",
    "DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }",
    "INSERT { ?s ?p 1 } WHERE { ?s ?p ?o }",
    "WITH <urn:g> DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }",
    "LOAD <http://127.0.0.1/>",
    "LOAD SILENT <http://127.0.0.1/> INTO GRAPH <urn:g>",
    "CLEAR ALL",
    "clear default",
    "DROP NAMED",
    "Create graph <urn:g>",
    "ADD <urn:g> TO DEFAULT",
    "MOVE <urn:g> TO DEFAULT",
    "COPY <urn:g> TO DEFAULT",
)


def test_updates_of_every_kind_are_refused_with_their_place() -> None:
    for update in UPDATES:
        with pytest.raises(QueryError, match=r"at 3:3 would change the graph") as error:
            query_form(f"# SELECT\nPREFIX select: <urn:ask>\n  {update}")
        assert code(error) == "update-refused"
    assert len(UPDATES) == 15


@pytest.mark.parametrize("text", ["", "# SELECT", "PREFIX a: <urn:select>", "SELEC * {}", "'SELECT'", "?select"])
def test_what_asks_nothing_is_no_query(text: str) -> None:
    with pytest.raises(QueryError, match="no query form") as error:
        query_form(text)
    assert code(error) == "bad-query"


# --- calls


HIDDEN: Final = {
    "plain": "SELECT * { SERVICE <urn:nobody> {} }",
    "letter case": "SELECT * { sErViCe <urn:nobody> {} }",
    "silent": "SELECT * { SERVICE SILENT <urn:nobody> {} }",
    "variable": "SELECT * { SERVICE ?x {} }",
    "no blanks": "SELECT*{SERVICE<urn:nobody>{}}",
    "after a comment that \\r ends": "SELECT * { # x\rSERVICE <urn:nobody> {} }",
    "after a comment that \\n ends": "SELECT * { # '\nSERVICE <urn:nobody> {} }",
    "comment behind the word": "SELECT * { SERVICE#'\n<urn:nobody> {} }",
    "glued to a number": "SELECT * { ?s ?p 1e5SERVICE <urn:nobody> {} }",
    "glued to a decimal": "SELECT * { ?s ?p 1.5SERVICE <urn:nobody> {} }",
    "glued to a boolean": "SELECT * { ?s ?p trueSERVICE <urn:nobody> {} }",
    "glued to a string": "SELECT * { ?s ?p 'x'SERVICE <urn:nobody> {} }",
    "glued to an IRI": "SELECT * { ?s ?p <urn:x>SERVICE <urn:nobody> {} }",
    "glued to silent": "SELECT * { SERVICESILENT<urn:nobody>{} }",
    "glued to a prefixed endpoint": "PREFIX a: <urn:x> SELECT * { SERVICEa:b {} }",
    "quote escaped in a name": "PREFIX a: <urn:x> SELECT * { ?s ?p a:b\\' SERVICE <urn:nobody> {} #'\n }",
    "quote escaped in a string": 'SELECT * { ?s ?p "\\\\" SERVICE <urn:nobody> {} #"\n }',
    "long string with quotes": "SELECT * { ?s ?p '''a''b'c''' SERVICE <urn:nobody> {} #'\n }",
    "empty string": "SELECT * { ?s ?p '' SERVICE <urn:nobody> {} #'\n }",
    "comparison, variable": "SELECT * { FILTER(?a<1)SERVICE?x#>\n{} }",
    "comparison, prefix": "PREFIX a: <urn:x> SELECT * { FILTER(?a<1)SERVICEa:#>\n{} }",
    "comparison, silent": "SELECT * { FILTER(?a<1)SERVICESILENT?x#>\n{} }",
    "comparison, IRI behind a comment": "SELECT * { FILTER(?a<1)SERVICE#>\n<urn:nobody> {} }",
    "comparison, silent behind a comment": "SELECT * { FILTER(?a<1)SERVICE#>\nSILENT <urn:nobody> {} }",
    "comparison, combining mark": "PREFIX a\u0300: <urn:x> SELECT * { FILTER(?a<1)SERVICEa\u0300:#>\n{} }",
    "comparison with a quoted >": "SELECT * { FILTER(?a<'>')SERVICE <urn:nobody> {} #'\n }",
    "comparison with a long quoted >": "SELECT * { FILTER(?a<'''>''')SERVICE <urn:nobody> {} #'''\n }",
    "comparison with a commented >": "SELECT * { FILTER(?a<1#>'''\n)SERVICE <urn:nobody> {} #'''\n }",
    "comparison with a commented > and quotes": 'SELECT * { FILTER(?a<1#>"""\n)SERVICE <urn:nobody> {} #"""\n }',
    "inside a sub-query": "SELECT * { { SELECT * { SERVICE <urn:nobody> {} } } }",
    "inside EXISTS": "SELECT * { FILTER EXISTS { SERVICE <urn:nobody> {} } }",
    "inside MINUS": "SELECT * { MINUS { SERVICE <urn:nobody> {} } }",
}


@pytest.mark.parametrize("text", HIDDEN.values(), ids=HIDDEN)
def test_calls_are_seen_however_they_are_hidden(text: str) -> None:
    assert calls_out(text)


def test_each_hidden_call_but_the_endpoint_by_prefix_is_one_to_some_engine() -> None:
    """Else the cases above would test nothing."""
    seen = [name for name, text in HIDDEN.items() if oxigraph_calls(text) or rdflib_calls(text)]
    assert [name for name in HIDDEN if name not in seen] == []
    assert len(HIDDEN) == 32


@pytest.mark.parametrize(
    "text",
    [
        r"SELECT * { \u0053ERVICE <urn:nobody> {} }",
        r"SELECT * { SERVIC\U00000045 <urn:nobody> {} }",
        r"SELECT * { \u005Cu0053ERVICE <urn:nobody> {} }",
        r'SELECT * { ?s ?p "a\u0022 SERVICE <urn:nobody> {} #" }',
    ],
)
def test_calls_are_seen_behind_code_point_escapes(text: str) -> None:
    assert calls_out(expanded(text))


NO_CALLS: Final = (
    "SELECT ?service $SERVICE ?_service_iri {}",
    'SELECT * { ?s ?p \'SERVICE\', "service <urn:x> {}", \'\'\'a\nSERVICE\'\'\', """\nSERVICE "x" """ }',
    "PREFIX sd: <http://www.w3.org/ns/sparql-service-description#> SELECT * { ?s a sd:Service }",
    "SELECT * { ?s a <http://www.w3.org/ns/sparql-service-description#Service> ; ?p ?o }",
    "SELECT * { ?s <http://service.example/a#b> ?o . ?o <urn:x#y> ?z }",
    "PREFIX service: <urn:x> SELECT * { ?s service:SERVICE service: }",
    "PREFIX : <urn:x> SELECT * { ?s :service :a.service }",
    "SELECT * { ?s ?p 'x'@en-service }",
    "SELECT * { ?s ?p ?o } # SERVICE <urn:x> {}",
    "#+ summary: calls no SERVICE\nSELECT * { ?s ?p ?o }",
    "SELECT * { ?s ?p ?o FILTER(?o<5 && ?s>3) }",
    "SELECT * { ?s ?p _:service }",
    "SELECT * { ?s ?p 'it\\'s SERVICE' }",
)


def test_the_word_elsewhere_is_no_call() -> None:
    assert [text for text in NO_CALLS if calls_out(text)] == []
    assert [text for text in NO_CALLS if not oxigraph_takes(text)] == []  # each is a query, so the case is real
    assert len(NO_CALLS) == 13


# --- calls: the same in whole parsers, on texts nobody has thought of


def oxigraph_takes(text: str) -> bool:
    """Whether Oxigraph's parser takes a query; nothing is evaluated."""
    try:
        ox.Store().query(text)
    except SyntaxError:
        return False
    return True


def oxigraph_calls(text: str) -> bool:
    """Whether the word is part of the query to Oxigraph: spelled wrongly, it breaks it."""
    spellings = ("SERVICE", "service", "sErViCe")
    return oxigraph_takes(text) and any(
        word in text and not oxigraph_takes(text.replace(word, "SXRVICE")) for word in spellings
    )


def rdflib_calls(text: str) -> bool:
    """Whether rdflib takes a query and finds a call in it."""
    try:
        found = prepareQuery(text).algebra
    except Exception:  # noqa: BLE001 (rdflib raises bare exceptions)
        return False
    return any(node.name == "ServiceGraphPattern" for node in _nodes(found))


def _nodes(tree: Any) -> Iterator[CompValue]:
    if isinstance(tree, CompValue):
        yield tree
        for part in tree.values():
            yield from _nodes(part)
    elif isinstance(tree, (list, tuple)):
        for part in tree:
            yield from _nodes(part)


GADGETS: Final = (
    "BIND(1 AS ?a)", "FILTER(?a<1)", "FILTER(?a<'>')", "FILTER(?a<'#>')", 'FILTER(?a<">")', "FILTER(?a<1#>\n)",
    "FILTER(?a<1#>'\n)", "FILTER(?a<1#>'''\n)", 'FILTER(?a<1#>"""\n)', "FILTER(?a<?b&&?c>'x')", "FILTER(?a<b:c)",
    "FILTER(1<2||3>2)", "FILTER(?a<'x'@en)", "FILTER(?a<<urn:x>)", "?s ?p b:c\\'.", "?s ?p 'x'@en-service.",
    "?s ?p 1e5.", "?s ?p '''a''b'c'''.", "?s ?p '\\\\'.", '?s ?p "it\'s".', "?s<urn:p#'>?o.", "?s ?p<urn:#>.",
    "OPTIONAL{?s ?p true}", "FILTER EXISTS{?s ?p ?o}", "VALUES ?v{'>'}", "{}", "?s ?p b:service.",
    "?s ?p ?service.",
    "?s ?p '", "'.", "FILTER(", ")", "<", ">",
)  # fmt: skip
GLUE: Final = ("", " ", "\n", "#>\n", "#'\n", '#"\n', "#'''\n", "#<\n", "# {\n")
CALLS: Final = ("SERVICE", "service", "SERVICE SILENT", "SERVICESILENT", "SERVICE#>\n", "SERVICE#'\n", "SERVICE#>'''\n")
ENDPOINTS: Final = ("<urn:nobody>", " <urn:nobody> ", "?x", " ?x ", "b:x", "?x#>\n", "b:#>\n", "#>\n<urn:nobody>")
TAILS: Final = ("", "#'\n", '#"\n', "#'''\n", '#"""\n', "#>\n", "#>'\n", " ?s ?p '>'.", " FILTER(?z>'#')")


@st.composite
def calling(draw: st.DrawFn) -> str:
    """A query that may call an endpoint, among what may hide it."""
    parts = draw(st.lists(st.tuples(st.sampled_from(GADGETS), st.sampled_from(GLUE)), max_size=3))
    before = "".join(gadget + glue for gadget, glue in parts)
    call, endpoint, tail = (draw(st.sampled_from(each)) for each in (CALLS, ENDPOINTS, TAILS))
    return f"PREFIX b: <urn:b>\nSELECT * {{ {before}{call}{endpoint}{{}}{tail}\n}}"


@settings(max_examples=400, deadline=None)
@given(calling())
def test_no_call_that_oxigraph_takes_is_missed(text: str) -> None:
    if oxigraph_calls(text):
        assert calls_out(text), text


@settings(max_examples=60, deadline=None)
@given(calling())
def test_no_call_that_rdflib_takes_is_missed(text: str) -> None:
    if rdflib_calls(text):
        assert calls_out(text), text


# --- SERVICE blocks


def only(text: str) -> Service:
    (service,) = services(text)
    return service


def test_a_service_block_is_told_with_its_places() -> None:
    text = "SELECT * { ?s ?p ?o . SERVICE SILENT <urn:nobody> { ?o ?q '}' { } } ?o ?z 1 } LIMIT 1"
    service = only(text)
    assert (service.endpoint, service.silent) == (NOBODY, True)
    assert text[service.start : service.end] == "SERVICE SILENT <urn:nobody> { ?o ?q '}' { } }"
    assert service.body == " ?o ?q '}' { } "
    assert service.outer == (service.start, service.end)
    assert text[slice(*service.group)] == " ?s ?p ?o . SERVICE SILENT <urn:nobody> { ?o ?q '}' { } } ?o ?z 1 "


@pytest.mark.parametrize(
    "outer",
    [
        "MINUS { SERVICE <urn:nobody> { ?s ?p ?o } }",
        "OPTIONAL { ?s ?q 1 . SERVICE <urn:nobody> { ?s ?p ?o } }",
        "FILTER NOT EXISTS { SERVICE <urn:nobody> { ?s ?p ?o } }",
        "FILTER EXISTS { { SERVICE <urn:nobody> { ?s ?p ?o } } }",
        "{ SELECT ?s { SERVICE <urn:nobody> { ?s ?p ?o } } }",
    ],
)
def test_the_element_around_a_service_block_is_told(outer: str) -> None:
    text = f"SELECT * {{ ?s ?a 1 . {outer} ?s ?b 2 }}"
    service = only(text)
    assert text[slice(*service.outer)] == outer
    assert text[slice(*service.group)] == f" ?s ?a 1 . {outer} ?s ?b 2 "
    assert service.body.strip() == "?s ?p ?o"


def test_service_blocks_come_in_order_and_inner_ones_belong_to_the_outer() -> None:
    found = services("SELECT * { SERVICE <urn:a> { SERVICE <urn:b> {} } SERVICE <urn:c> {} # SERVICE <urn:d> {}\n}")
    assert [service.endpoint for service in found] == ["urn:a", "urn:c"]
    assert services("SELECT ?service { ?s ?p 'SERVICE' }") == []


@pytest.mark.parametrize(
    ("text", "wanted", "message"),
    [
        ("SELECT * {\n SERVICE ?x {} }", "bad-service", "SERVICE at 2:2 names no endpoint"),
        ("PREFIX a: <urn:a> SELECT * { SERVICE a:b {} }", "bad-service", "names no endpoint"),
        ("SELECT * { SERVICE <urn:nobody> }", "bad-service", "names no endpoint"),
        ("SELECT * { SERVICE", "bad-service", "names no endpoint"),
        ("SERVICE <urn:nobody> {}", "bad-service", "names no endpoint"),
        ("SELECT * { SERVICE SILENT", "bad-service", "names no endpoint"),
        ("SELECT * { SERVICE <urn:nobody> { ?s ?p ?o ", "bad-query", "brace at 1:33 is never closed"),
        ("SELECT * { SERVICE <urn:nobody> { ?s ?p ?o } ", "bad-query", "brace at 1:10 is never closed"),
    ],
)
def test_a_broken_service_block_is_refused(text: str, wanted: str, message: str) -> None:
    with pytest.raises(QueryError, match=message) as error:
        services(text)
    assert code(error) == wanted


# --- values


def test_a_term_takes_the_place_of_every_occurrence_of_its_variable() -> None:
    text = "SELECT ?_v { ?s ?p ?_v . ?_v ?_vv '?_v' } # ?_v"
    assert bind(text, {"_v": [Term("<urn:x>")]}) == "SELECT <urn:x> { ?s ?p <urn:x> . <urn:x> ?_vv '?_v' } # ?_v"


def test_both_signs_of_a_variable_are_one() -> None:
    assert bind("ASK { ?s ?p $_v, ?_v }", {"_v": [Term('"a"')]}) == 'ASK { ?s ?p "a", "a" }'


def test_a_list_takes_the_place_of_the_rows_in_each_of_its_blocks() -> None:
    text = "SELECT ?g { VALUES ?g { <urn:a> <urn:b> } ?s ?p ?g { values ?g{} } VALUES ?h { <urn:c> } }"
    bound = bind(text, {"g": [Term("<urn:x>"), Term('"}"')]}, frozenset({"g"}))
    assert [t.text for t in tokens(bound)] == [
        t.text
        for t in tokens(
            'SELECT ?g { VALUES ?g { <urn:x> "}" } ?s ?p ?g { values ?g{ <urn:x> "}" } } VALUES ?h { <urn:c> } }'
        )
    ]


NO_TERMS: Final = (
    "", "?x", "<urn:x> ?y", "<urn:x", "<urn:a b>", '"a', '"a" }', '"a"; DROP ALL', "'a\n'", "a:b", "1", "true", "#",
    "<urn:x>#", '"a"^^xsd:int', "_:b", "{}", "<urn:x>> <urn:y>",
)  # fmt: skip


def test_what_is_no_single_term_is_never_put_into_a_query() -> None:
    for text in NO_TERMS:
        with pytest.raises(QueryError, match="would change the query") as error:
            bind("ASK { ?s ?p ?_v }", {"_v": [Term(text)]})
        assert code(error) == "bad-parameter"
    assert len(NO_TERMS) == 18


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_any_literal_leaves_the_other_tokens_alone(text: str) -> None:
    bound = bind("ASK{?s ?p ?_v.?_v ?q 'x'}", {"_v": [literal(text)]})
    read = [token.text for token in tokens(bound)]
    term = read[4]
    assert read == ["ASK", "{", "?s", "?p", term, ".", term, "?q", "'x'", "}"]


def test_terms_with_datatype_and_language_are_put_in() -> None:
    for term in ('"1"^^<urn:int>', '"a"@en-GB', "<urn:x>"):
        assert bind("ASK { ?s ?p ?_v }", {"_v": [Term(term)]}) == f"ASK {{ ?s ?p {term} }}"


def test_backslashes_before_u_are_safe_for_engines_that_resolve_escapes_first() -> None:
    assert safe(Term(r'"C:\\users\\Ulf\\new"')) == r'"C:\\\U00000075sers\\\U00000055lf\\new"'
    assert safe(Term(r'"\u0001b"')) == r'"\U00000001b"'
    for text in (r"\users", r"\\U", r"a\u0022b", "\x01b", r"\u", "\\"):
        assert [str(row[0]) for row in _values(f"SELECT ({safe(literal(text))} AS ?x) {{}}")] == [str(ox.Literal(text))]


def _values(text: str) -> list[Any]:
    found = ox.Store().query(text)
    assert isinstance(found, ox.QuerySolutions)
    return list(found)


def test_inline_data_is_read_back_as_it_was() -> None:
    rows = [(Term("<urn:x>"), None), (Term(r'"a } \\u0041"'), Term('"b"@en'))]
    found = _values(f"SELECT ?a ?b {{ {data_block(['a', 'b'], rows)} }}")
    assert [tuple(row) for row in found] == [
        (ox.NamedNode("urn:x"), None),
        (ox.Literal("a } \\u0041"), ox.Literal("b", language="en")),
    ]
    assert _values(f"SELECT ?a {{ {data_block(['a'], [])} }}") == []
