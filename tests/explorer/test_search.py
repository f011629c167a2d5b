"""The search box: what it finds, in which order, and that no text is more than text to it."""

from __future__ import annotations

import string
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from kg.explorer.index.prepare import prepare
from kg.explorer.index.reader import Index
from kg.explorer.index.schema import comparable, fold, fts_query, score
from kg.explorer.index.search import identifier
from tests.explorer.graphs import Fact, Read, figure_facts, mention_facts, write_graph

SEED = "PMC12080488__ITT-14-523-g0004"


@pytest.fixture(scope="module")
def seed(seed_graph: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    with closing(prepare(seed_graph, cache=tmp_path_factory.mktemp("search"))) as prepared:
        yield Index(prepared.index)


@pytest.fixture(scope="module")
def ranked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    """Genes AB1 to AB9, drawn in as many figures; AB9 has the alias XAB, and all were read as `family`."""
    folder = tmp_path_factory.mktemp("ranked")
    facts: list[Fact] = []
    for n in range(1, 10):
        facts += [(f"ncbigene:{n}", "rdf:type", "pfo:Gene"), (f"ncbigene:{n}", "rdfs:label", (f"AB{n}",))]
        facts += figure_facts(f"PMC{n}__f{n}", title=f"Abridged {n}", year=2000 + n)
        for gene in range(n, 10):
            facts += mention_facts(
                f"PMC{n}__f{n}", gene, Read("g", f"ncbigene:{gene}", "family", "", "famplex_relations")
            )
    facts += [("ncbigene:9", "skos:altLabel", ("XAB",)), ("ncbigene:10", "rdf:type", "pfo:Gene")]
    facts += [("ncbigene:10", "rdfs:label", ("XAB2",)), ("ncbigene:11", "rdf:type", "pfo:Gene")]
    facts += [("ncbigene:11", "rdfs:label", ("ab",)), ("lex:famplex_relations", "pfo:strictness", ("all",))]
    with closing(prepare(write_graph(facts, folder / "ranked.nt"), cache=folder / "cache")) as prepared:
        yield Index(prepared.index)


def first(index: Index, text: str) -> tuple[str, str, str]:
    hit = index.search(text)[0]
    return hit.kind, hit.label, hit.matched


@pytest.mark.parametrize("text", ["STAT3", "stat3", "  Stat3 ", "(STAT3)"])
def test_a_symbol_in_any_case(seed: Index, text: str) -> None:
    assert first(seed, text) == ("gene", "STAT3", "")
    assert seed.search(text)[0].path == "/gene/6774"


@pytest.mark.parametrize("length", range(2, 6))
def test_stat3_while_typing(seed: Index, length: int) -> None:
    assert "STAT3" in {hit.label for hit in seed.search("STAT3"[:length])}


def test_an_alias_or_a_word_as_read(seed: Index) -> None:
    kind, label, matched = first(seed, "p53")
    assert (kind, label, matched.casefold()) == ("gene", "TP53", "p53")
    assert first(seed, "IL-6")[1:] == ("IL6", "(IL-6")


@pytest.mark.parametrize(
    "text",
    [
        "10.2147/ITT.S485670", "10.2147/itt.s485670", "doi:10.2147/ITT.S485670", "https://doi.org/10.2147/ITT.S485670",
        "PMC12080488", "pmc12080488", "https://pmc.ncbi.nlm.nih.gov/articles/PMC12080488/",
        "https://europepmc.org/articles/PMC12080488",
    ],
)  # fmt: skip
def test_a_paper_by_any_of_its_ids(seed: Index, text: str) -> None:
    hit = seed.search(text)[0]
    assert (hit.kind, hit.id, hit.path, hit.matched) == ("paper", "PMC12080488", "/paper/PMC12080488", text)


@pytest.mark.parametrize("text", [SEED, SEED.lower(), f"https://pfocr.wikipathways.org/figures/{SEED}.html"])
def test_a_figure_by_its_id(seed: Index, text: str) -> None:
    hit = seed.search(text)[0]
    assert (hit.kind, hit.id, hit.path) == ("figure", SEED, f"/figure/{SEED}")


@pytest.mark.parametrize(
    ("text", "kind", "id_"),
    [
        ("6774", "gene", "6774"), ("CHEBI:59761", "chemical", "CHEBI_59761"),
        ("chebi_59761", "chemical", "CHEBI_59761"),
        ("D000544", "disease", "D000544"), ("mesh:D000544", "disease", "D000544"), ("9606", "organism", "9606"),
        ("DOID:1307", "disease", "DOID_1307"),
    ],
)  # fmt: skip
def test_an_entity_by_its_id(seed: Index, text: str, kind: str, id_: str) -> None:
    assert (kind, id_) in {(hit.kind, hit.id) for hit in seed.search(text)[:2]}


def test_labels_of_all_kinds(seed: Index) -> None:
    assert first(seed, "gluco")[:2] == ("chemical", "glucose")
    assert first(seed, "alzheimer")[:2] == ("disease", "Alzheimer's disease")
    assert first(seed, "homo sap")[:2] == ("organism", "Homo sapiens")
    assert any(hit.label == "methyl phosphate" for hit in seed.search_all("phosphate").rows)


def test_titles(seed: Index) -> None:
    assert {hit.kind for hit in seed.search("signaling pathway")} == {"figure"}
    assert ("paper", "PMC12080488") in {(hit.kind, hit.id) for hit in seed.search("autoimmunity and canc")}
    assert seed.search_all("red blood", kind="figure").total == 1
    assert seed.search_all("red blood", kind="paper").total == 0


def test_the_order_of_hits(ranked: Index) -> None:
    labels = [hit.label for hit in ranked.search("ab", limit=20) if hit.kind == "gene"]
    assert labels == ["ab", *(f"AB{n}" for n in range(9, 0, -1))]
    assert [(hit.label, hit.matched) for hit in ranked.search("xab")][:2] == [("XAB2", ""), ("AB9", "XAB")]
    assert [hit.label for hit in ranked.search("fami")] == [f"AB{n}" for n in range(9, 0, -1)]
    assert {hit.matched for hit in ranked.search("fami")} == {"family"}
    assert [hit.figures for hit in ranked.search("AB9")][:1] == [9]


def test_each_thing_once(ranked: Index) -> None:
    for text in ("a", "ab", "fam", "abridged", "9"):
        found = [(hit.kind, hit.id) for hit in ranked.search(text, limit=50)]
        assert found
        assert len(found) == len(set(found))


def test_the_limit(ranked: Index) -> None:
    for limit in (0, 1, 3, 50):
        assert len(ranked.search("ab", limit=limit)) <= limit
    assert len(ranked.search("ab", limit=3)) == 3


def test_pages_of_all_hits(ranked: Index) -> None:
    whole = ranked.search_all("ab", size=1000)
    assert whole.total == len(whole.rows) == 19
    parts = [hit for number in range(1, whole.total + 1) for hit in ranked.search_all("ab", page=number, size=1).rows]
    assert parts == list(whole.rows)
    kinds = [ranked.search_all("ab", kind=kind).total for kind in ("gene", "figure", "paper", "chemical")]
    assert sum(kinds) == whole.total


@pytest.mark.parametrize(
    "text",
    [
        "", " ", '"', '"*(', "*", "(", ")", "NOT", "AND OR", "NEAR(a b)", "title:x", "a*", "^a", "-a", "a -b", "%", "_",
        "'; DROP TABLE names; --", "\\", "\x00", "a\x00b", "\ud800", "\U0010ffff", "stat\U0010ffff", "stat\ud7ff", "ﷺ",
        "a" * 10_000,
        "a " * 5_000, "{title}: a", "+", "<script>", "10.", "doi:", "PMC", "\n\t", "١٢٣", "é" * 300,
    ],
)  # fmt: skip
def test_any_text_is_text(seed: Index, text: str) -> None:
    start = time.perf_counter()
    found = seed.search(text)
    assert len(found) <= 10
    assert seed.search_all(text).total >= 0
    assert time.perf_counter() - start < 2
    assert first(seed, "STAT3") == ("gene", "STAT3", "")


def test_every_letter_answers(seed: Index) -> None:
    found = {letter: seed.search(letter) for letter in string.ascii_lowercase + string.digits}
    assert sum(map(len, found.values())) > 50
    assert all(len(hits) <= 10 for hits in found.values())


def test_signs_of_the_query_language_mean_nothing() -> None:
    assert fts_query('title : "a" OR b*') == '"title" "a" "or" "b*"*'
    assert fts_query('"*(') == fts_query("") == ""


def test_how_texts_are_compared() -> None:
    assert fold("\N{FULLWIDTH LATIN CAPITAL LETTER A} \x00b") == "a b"
    assert comparable("(IL-6") == comparable("il-6.") == "il-6"
    assert comparable("+/-") == "+/-"
    assert identifier("https://pubmed.ncbi.nlm.nih.gov/123/") == identifier("PMID:123") == "123"
    names = (("a", 0), ("ab", 0), ("a", 1), ("a", 2), ("ab", 1), ("ab", 2))
    assert [score("a", name, tier) for name, tier in names] == [
        0, 1, 2, 3, 4, 5,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("STAT-3", ("gene", "6774")),
        ("stat 3", ("gene", "6774")),
        ("Akt_1", ("gene", "207")),
        ("12080488", ("paper", "PMC12080488")),
    ],
)
def test_spellings_of_others(seed: Index, text: str, wanted: tuple[str, str]) -> None:
    assert wanted in {(hit.kind, hit.id) for hit in seed.search(text)}
    assert wanted in {(hit.kind, hit.id) for hit in seed.search_all(text).rows}
