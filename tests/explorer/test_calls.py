"""Finding `SERVICE` in a query: no parser sees a call where the tokens show none."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kg.errors import QueryError
from kg.explorer.engine.calls import calls_in_tree
from kg.sparql import calls_out, expanded

CALL = "SERVICE <http://example.com/> { ?s ?p ?o }"


@pytest.mark.parametrize(
    "query",
    [
        f"ASK {{ {CALL} }}",
        f"ask {{ {CALL.lower()} }}",
        f"SELECT * {{ ?a ?b ?c OPTIONAL {{ {CALL} }} }}",
        f"SELECT * {{ ?a ?b ?c MINUS {{ {CALL} }} }}",
        f"SELECT * {{ ?a ?b ?c FILTER NOT EXISTS {{ {CALL} }} }}",
        f"SELECT * {{ {{ SELECT * {{ {CALL} }} }} UNION {{ ?a ?b ?c }} }}",
        f"SELECT ?a {{ ?a ?b ?c }} GROUP BY ?a HAVING (EXISTS {{ {CALL} }})",
        f"SELECT (EXISTS {{ {CALL} }} AS ?x) {{}}",
        f"SELECT * {{ BIND(EXISTS {{ {CALL} }} AS ?x) }}",
        f"SELECT * {{ ?a ?b ?c }} ORDER BY (EXISTS {{ {CALL} }})",
        f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ {CALL} }}",
        f"DESCRIBE ?s WHERE {{ {CALL} }}",
        "ASK { SERVICE SILENT ?where { ?s ?p ?o } }",
        "PREFIX x: <http://example.com/> ASK { SERVICE x:y { ?s ?p ?o } }",
    ],
)
def test_a_call_is_seen_wherever_it_stands(query: str) -> None:
    assert calls_in_tree(query) is True
    assert calls_out(query)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT ?service { ?service ?p ?o }",
        "ASK { ?s ?p 'SERVICE <http://example.com/> { ?s ?p ?o }' }",
        f"ASK {{ ?s ?p ?o }} # {CALL}",
        "ASK { ?s <http://example.com/service> ?o }",
        "PREFIX service: <http://example.com/> ASK { ?s service:x ?o }",
        "ASK { ?s dcterms:service ?o }",
    ],
)
def test_the_word_alone_is_no_call(query: str) -> None:
    assert calls_in_tree(query) is False
    assert not calls_out(query)


def test_what_rdflib_cannot_read_is_left_to_the_tokens() -> None:
    assert calls_in_tree("ASK { service") is None
    assert calls_in_tree("ASK " + "{" * 5_000 + "}" * 5_000) is None


PARTS = [
    *("SELECT * ", "ASK ", "{", "}", "(", ")", "[", "]", "?a", "?b", "$service", "a", "<", ">", "<http://x/>", "<#>"),
    *(".", ";", ",", "SERVICE", "service", "SERVICE <http://x/> {", "x:service", "service:x", "service:", "SERVICE:"),
    *("FILTER", "FILTER(?a <", "?b < 1) ", "OPTIONAL", "MINUS", "UNION", "GRAPH", "BIND(1 AS ?c)", "VALUES ?a { 1 }"),
    *("'", '"', "'''", '"""', "#", "\n", "\\", "\\'", "\\u0053ERVICE", "@en", "^^", "_:b", "1", "1.5e3", "'x'", '"#"'),
    *("'<'", "&&", "||", "!", "=", "/", "*", "^", "PREFIX x: <http://x/>", "PREFIX service: <http://x/>"),
    *("BASE <http://x/>", "SILENT", "EXISTS", "NOT"),
]


@given(st.lists(st.sampled_from(PARTS), max_size=12), st.sampled_from(["", " "]))
@example(
    ["ASK ", "{", "?a", "<#>", "?b", ".", "FILTER(?a <", "?b < 1) ", "SERVICE <http://x/> {", "}", "#", "\n", "}"], ""
)
def test_no_call_that_rdflib_sees_escapes_the_tokens(parts: list[str], between: str) -> None:
    inside = between.join(parts)
    for query in (inside, f"SELECT * {{ ?s ?p ?o {inside} }}", f"ASK {{ {inside} {CALL} }}"):
        try:
            text = expanded(query)
        except QueryError:
            continue
        if calls_in_tree(text):
            assert calls_out(text), text
