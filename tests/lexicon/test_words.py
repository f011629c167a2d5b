"""`kg.words` and `kg.candidates`: words as figures have them, to spellings, and to what these may stand for."""

from __future__ import annotations

import csv
import unicodedata
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kg
from kg.candidates import Candidate
from kg.lexicon import Lexicons
from kg.words import Spelling, spellings
from tests.lexicon import made
from tests.lexicon.made import ATP, CANCER, JAK2, MAN, MOUSE, MOUSE_TP53, TP53, G

# Word, a spelling of it, the changes that lead there, the step.
READINGS: Final = [
    ("p53", "p53", (), 0),
    ("  p53 ", "p53", (), 0),
    ("(IL-6", "IL-6", ("trimmed",), 0),
    ("(IL-6", "IL6", ("trimmed", "joined"), 0),
    ("*JAK2.", "JAK2", ("trimmed",), 0),
    ("_JAK2_", "JAK2", ("trimmed",), 0),
    ("NF-κB", "NF-KB", ("greek-letter",), 0),
    ("NF-κB", "NFKB", ("greek-letter", "joined"), 0),
    ("TNF-α", "TNFA", ("greek-letter", "joined"), 0),
    ("TGFβ1", "TGFB1", ("greek-letter",), 0),
    ("АКТ1", "AKT1", ("other-script",), 0),  # Cyrillic
    ("ΤΝF", "TNF", ("other-script",), 0),  # Greek
    ("ΙL-6", "IL6", ("other-script", "joined"), 0),  # Greek
    ("ВСL2", "BCL2", ("other-script",), 0),  # Cyrillic
    ("JÁK2", "JAK2", ("other-script",), 0),
    ("ＪＡＫ２", "JAK2", ("other-script",), 0),  # full width
    ("MKK1/2", "MKK1", ("part",), 1),
    ("MKK1/2", "MKK2", ("part",), 1),
    ("CAS-1,3,11", "CAS-1", ("part",), 1),
    ("CAS-1,3,11", "CAS3", ("part", "joined"), 1),
    ("CAS-1,3,11", "CAS-11", ("part",), 1),
    ("YAP/TAZ", "YAP", ("part",), 1),
    ("YAP/TAZ", "TAZ", ("part",), 1),
    ("YAP, TAZ", "TAZ", ("part",), 1),
    ("IFNA/B", "IFNB", ("part",), 1),
    ("JAK2+STAT3", "STAT3", ("part",), 1),
    ("JAK2..STAT3", "STAT3", ("part",), 1),
    ("(JAK1/2)", "JAK2", ("part",), 1),
    ("p-Smad3", "Smad3", ("phospho-prefix",), 2),
    ("P-AKT", "AKT", ("phospho-prefix",), 2),
    ("(p-Smad3)", "Smad3", ("trimmed", "phospho-prefix"), 2),
    ("p-MKK1/2", "MKK1", ("part", "phospho-prefix"), 2),
    ("RXRs", "RXR", ("plural",), 2),
    ("MMPs", "MMP", ("plural",), 2),
    ("Cl", "C1", ("look-alike",), 3),
    ("Cl", "CI", ("look-alike",), 3),
    ("AngII", "Ang2", ("look-alike",), 3),
    ("Sc02", "ScO2", ("look-alike",), 3),
    ("lL6", "IL6", ("look-alike",), 3),
    ("1L6", "IL6", ("look-alike",), 3),
    ("ABO", "AB0", ("look-alike",), 3),
]


@pytest.mark.parametrize(("word", "text", "changes", "step"), READINGS)
def test_a_word_can_be_read_so(word: str, text: str, changes: tuple[str, ...], step: int) -> None:
    assert Spelling(text, changes, step) in spellings(word)


@pytest.mark.parametrize(
    ("word", "never"),
    [
        ("gas", "ga"),  # too short for a plural
        ("p-", ""),
        ("psmad3", "smad3"),
        ("IL-6", "IL"),
        ("IL-6", "6"),
        ("()", ""),
        ("p38", "38"),
        ("JAK2", "JAK"),
    ],
)
def test_a_word_is_not_read_so(word: str, never: str) -> None:
    assert never not in {spelling.text for spelling in spellings(word)}


def test_steps_come_in_order_and_the_word_itself_first() -> None:
    for word, *_ in READINGS:
        found = spellings(word)
        assert found[0] == (word.strip(), (), 0)
        steps = [spelling.step for spelling in found]
        assert steps == sorted(steps)
        assert set(steps) <= {0, 1, 2, 3}


@pytest.mark.parametrize("word", ["", " ", "\n\t", "\u3000"])
def test_nothing_is_read_as_nothing(word: str) -> None:
    assert spellings(word) == []


def test_a_long_text_is_no_word() -> None:
    """A caption that recognition ran together is looked up as it stands, and not taken apart."""
    long = "JAK2/" * 13
    assert spellings(long) == [Spelling(long, (), 0)]
    assert len(spellings("JAK2/" * 12)) > 1


def test_of_a_long_list_the_first_parts_are_taken() -> None:
    found = spellings("A1" + ",2" * 29)
    assert {spelling.text for spelling in found if spelling.step == 1} >= {"A1", "A2"}
    assert len(found) < 200


WORDS: Final = st.text(max_size=70) | st.text("JAKilO01|IsSp-/,+.βΒВ ẞИıﬁ\u0301\u200d()_&;\\", max_size=70)


@given(WORDS)
@settings(max_examples=500, deadline=None)
def test_any_text_can_be_read(word: str) -> None:
    found = spellings(word)
    assert bool(found) == bool(word.strip())
    if found:
        assert found[0] == (word.strip(), (), 0)
    texts = [spelling.text for spelling in found]
    assert len(texts) == len(set(texts))
    assert all(texts)
    assert all(spelling.changes for spelling in found[1:])


@given(st.text("lIJA2/(,αp-s .\u0301", min_size=1, max_size=20), st.text(max_size=50))
@settings(max_examples=100, deadline=None)
def test_ten_thousand_characters_end(piece: str, end: str) -> None:
    word = (piece * 10_000)[:10_000] + end
    assert len(spellings(word)) <= (len(word.strip()) > 60) + 120 * (len(word.strip()) <= 60)
    assert len(word.strip()) <= 60 or kg.ground(word) == []


@given(st.text("JAKilO01|Iss-/,+. ", min_size=61, max_size=1_000))
@settings(max_examples=50, deadline=None)
def test_only_short_texts_are_taken_apart(word: str) -> None:
    if len(word.strip()) > 60:
        assert len(spellings(word)) == 1


def _pairs(corpus: Path) -> set[tuple[str, str]]:
    found = set()
    for path in [*corpus.glob("_data/*-genes.tsv"), *corpus.glob("history/*/_data/*-genes.tsv")]:
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
            found |= {(row["word"], row["match"]) for row in rows}
    return found


def test_the_words_of_the_tables_can_be_read_as_their_matches(corpus: Path) -> None:
    """Letter case apart, which the lookup does not mind: 98 of 100 pairs of `word` and `match`."""
    pairs = _pairs(corpus)
    assert len(pairs) > 500
    missed = sorted(pair for pair in pairs if pair[1].casefold() not in {s.text.casefold() for s in spellings(pair[0])})
    assert len(missed) <= 0.02 * len(pairs), missed


def test_no_word_of_the_tables_takes_many_spellings(corpus: Path) -> None:
    assert max(len(spellings(word)) for word, _ in _pairs(corpus)) < 120


# Words to candidates


@pytest.fixture(scope="module")
def lexicons(tmp_path_factory: pytest.TempPathFactory) -> Lexicons:
    folder = tmp_path_factory.mktemp("lexicon")
    path = made.built(
        folder,
        made.hgnc(
            JAK2,
            G(6935, "ZEB1", "AREB6|ZEB", previous="TCF8"),
            G(5604, "MAP2K1", "MKK1|MEK1"),
            G(5605, "MAP2K2", "MKK2"),
            G(4088, "SMAD3", "JV15-2"),
            G(6256, "RXRA", "NR2B1"),
            G(6257, "RXRB", "NR2B2"),
            G(3569, "IL6", "BSF2|Il-6"),
            G(1, "ALPHA", "SHARED"),
            G(2, "SHARED", "ALPHA"),
            TP53,
        ),
        made.gene_info(MOUSE_TP53, G(3, "Il6", "Il-6", MOUSE)),
        made.relations(("RXRA", "RXR"), ("RXRB", "RXR"), ("JAK2", "SHARED_family"), ("ALPHA", "SHARED_family")),
        made.obo("chebi", ATP, {"id": "CHEBI:2", "name": "Alpha", "synonym": "jak2"}),
        made.obo("doid", CANCER),
        made.mesh(("D000255", "Adenosine Triphosphate", "D03", ("ATP",))),
    )
    return Lexicons([path], embedded=False)


def found(lexicons: Lexicons, word: str, *taxa: int) -> list[Candidate]:
    return kg.ground(word, taxa=taxa or (MAN,), lexicons=lexicons)


def test_a_symbol_as_it_stands(lexicons: Lexicons) -> None:
    first, *more = found(lexicons, "JAK2")
    assert first == Candidate(
        word="JAK2", match="JAK2", kind="gene", id="ncbigene:3717", name="JAK2", taxon=MAN,
        lexicon="symbol", strictness="strict",
    )  # fmt: skip
    assert [(c.kind, c.id, c.changes) for c in more] == [("chemical", "CHEBI:2", ("letter-case",))]


def test_a_candidate_as_json(lexicons: Lexicons) -> None:
    told = found(lexicons, "p-smad3")[0].to_json()
    assert told == {
        "word": "p-smad3", "match": "SMAD3", "kind": "gene", "id": "ncbigene:4088", "name": "SMAD3", "taxon": 9606,
        "lexicon": "symbol", "strictness": "strict", "changes": ["phospho-prefix", "letter-case"], "family": "",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("word", "ids", "lexicon", "changes"),
    [
        ("Zeb1", {"6935"}, "symbol", ("letter-case",)),
        ("TCF8", {"6935"}, "previous", ()),
        ("AREB6", {"6935"}, "alias", ()),
        ("(IL6", {"3569"}, "symbol", ("trimmed",)),
        ("p53", {"7157"}, "alias", ("letter-case",)),
        ("ІL6", {"3569"}, "symbol", ("other-script",)),  # Cyrillic
        ("IL б", set(), "", ()),
        ("RXRs", {"6256", "6257"}, "family", ("plural",)),
        ("lL6", {"3569"}, "symbol", ("look-alike",)),
    ],
)
def test_genes(lexicons: Lexicons, word: str, ids: set[str], lexicon: str, changes: tuple[str, ...]) -> None:
    candidates = found(lexicons, word)
    assert {candidate.id for candidate in candidates} == {f"ncbigene:{ident}" for ident in ids}
    assert {(candidate.lexicon, candidate.changes) for candidate in candidates} <= {(lexicon, changes)}


def test_parts_each_have_their_candidate(lexicons: Lexicons) -> None:
    assert [(c.match, c.name) for c in found(lexicons, "MKK1/2")] == [("MKK1", "MAP2K1"), ("MKK2", "MAP2K2")]


def test_families_give_their_members(lexicons: Lexicons) -> None:
    assert [(c.id, c.name, c.match, c.family, c.strictness) for c in found(lexicons, "RXR")] == [
        ("ncbigene:6256", "RXRA", "RXR", "RXR", "all"),
        ("ncbigene:6257", "RXRB", "RXR", "RXR", "all"),
    ]


def test_a_milder_step_ends_the_search(lexicons: Lexicons) -> None:
    """`RXRs` is not read as a plural where something is called so."""
    assert {c.name for c in found(lexicons, "SMAD3")} == {"SMAD3"}
    assert all("part" not in c.changes for c in found(lexicons, "Il-6"))


def test_strict_names_come_before_synonyms_and_families(lexicons: Lexicons) -> None:
    """`SHARED` is one gene's symbol, another's alias, and a family of two."""
    candidates = found(lexicons, "SHARED")
    assert [(c.id, c.strictness) for c in candidates] == [
        ("ncbigene:2", "strict"), ("ncbigene:1", "synonyms"), ("ncbigene:3717", "all")
    ]  # fmt: skip
    assert [(c.kind, c.id, c.strictness) for c in found(lexicons, "ALPHA")] == [
        ("gene", "ncbigene:1", "strict"), ("chemical", "CHEBI:2", "strict"), ("gene", "ncbigene:2", "synonyms")
    ]  # fmt: skip


def test_a_thing_is_given_once_under_its_best_name(lexicons: Lexicons) -> None:
    for word in ("SHARED", "ATP", "MKK1/2", "RXRs", "Il-6", "JAK2/JAK2"):
        candidates = found(lexicons, word)
        assert candidates
        assert len({(c.kind, c.id) for c in candidates}) == len(candidates)
    # its symbol, with two changes, is better than its alias as it stands
    assert [(c.match, c.changes) for c in found(lexicons, "Il-6")] == [("IL6", ("joined", "letter-case"))]


def test_ids_are_curies(lexicons: Lexicons) -> None:
    assert {c.id for c in found(lexicons, "adenosine triphosphate")} == {"CHEBI:15422", "mesh:D000255"}
    assert [(c.id, c.kind, c.name, c.lexicon, c.taxon) for c in found(lexicons, "malignant tumor")] == [
        ("DOID:162", "disease", "cancer", "synonym", 0)
    ]


def test_taxa_are_asked_in_turn(lexicons: Lexicons) -> None:
    assert {(c.taxon, c.name) for c in found(lexicons, "il6", MAN, MOUSE)} == {(MAN, "IL6"), (MOUSE, "Il6")}
    assert {(c.taxon, c.name) for c in found(lexicons, "il6", MOUSE)} == {(MOUSE, "Il6")}
    assert found(lexicons, "il6", 7955) == []
    assert found(lexicons, "il6", MAN, MAN) == found(lexicons, "il6", MAN)


def test_several_words_are_answered_in_turn(lexicons: Lexicons) -> None:
    candidates = kg.ground(["TP53", "zzzz", "JAK2"], lexicons=lexicons)
    assert [c.word for c in candidates if c.kind == "gene"] == ["TP53", "JAK2"]
    assert candidates == [c for word in ("TP53", "zzzz", "JAK2") for c in found(lexicons, word)]
    assert kg.ground([], lexicons=lexicons) == kg.ground("", lexicons=lexicons) == []


def test_the_embedded_lexicon_serves_by_default() -> None:
    assert [c.id for c in kg.ground("JAK2")] == ["ncbigene:3717"]


def test_a_lexicon_may_be_named_by_its_path(tmp_path: Path) -> None:
    path = made.built(tmp_path, made.gene_info(MOUSE_TP53))
    for name in (path, str(path)):
        candidates = kg.ground("Trp53", taxa=[MOUSE, MAN], lexicons=[name])
        assert (candidates[0].id, candidates[0].taxon) == ("ncbigene:22059", MOUSE)


# The example words of PFOCR's own tables, by the embedded lexicon: word, a gene that its table has.
EXAMPLES: Final = [
    ("Zeb1", "6935", "strict"),
    ("(IL-6", "3569", "strict"),
    ("p53", "7157", "synonyms"),
    ("MMP", "4313", "all"),
    ("MKK1/2", "5604", "synonyms"),
    ("MKK1/2", "5605", "synonyms"),
    ("p-Smad3", "4088", "strict"),
    ("RXRs", "6256", "all"),
    ("AngII", "285", "synonyms"),
    ("АКТ1", "207", "strict"),
    ("ΤΝF", "7124", "strict"),
]


@pytest.mark.parametrize(("word", "ident", "strictness"), EXAMPLES)
def test_words_of_figures(word: str, ident: str, strictness: str) -> None:
    candidates = {c.id: c for c in kg.ground(word)}
    assert candidates[f"ncbigene:{ident}"].strictness == strictness


def test_one_look_alike_among_many_readings() -> None:
    """`Cl` is read as C1 and CI; what it says as a chemical's symbol only a lexicon of chemicals can tell."""
    candidates = kg.ground("Cl")
    assert {c.match for c in candidates} >= {"C1", "CI"}
    assert all("look-alike" in c.changes for c in candidates)


def test_a_letter_made_of_two_is_read_as_one() -> None:
    composed, taken_apart = "JÁK2", unicodedata.normalize("NFD", "JÁK2")
    assert composed != taken_apart
    assert {c.id for c in kg.ground(composed)} == {c.id for c in kg.ground(taken_apart)} == {"ncbigene:3717"}


@given(WORDS)
@settings(max_examples=200, deadline=None)
def test_any_text_can_be_looked_up(word: str) -> None:
    assert all(c.word == word for c in kg.ground(word))
