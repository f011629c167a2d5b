"""`kg.lexiconbuild`: bulk files to one lexicon file, settled in one way, whole or not at all."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest

from kg.bulk.rows import FamilyName, Gene, Member, PaperRow, Term, WithdrawnGene, WithdrawnTerm
from kg.errors import Problem, UsageError
from kg.lexicon import TERMS, Lexicon, Name
from kg.lexiconbuild import build_lexicon
from kg.lexiconfile import ALIAS, APPLICATION_ID, CHEMICAL, DISEASE, FAMILY, FORMAT_VERSION, PREVIOUS, SYMBOL
from tests.lexicon import made
from tests.lexicon.made import AKT, ATP, CANCER, DATE, JAK2, MAN, MAPK, MOUSE, MOUSE_TP53, TP53, G
from tests.small import environment, kg_process

SAMPLE_FILES: Final = made.samples()
ADD_TO_OTHERS: Final = {
    "famplex_entities.csv", "famplex_grounding_map.csv", "famplex_relations.csv",  # of genes
    "chebi_names.tsv", "chebi_names_old.tsv", "chebi_accessions.tsv", "chebi_accessions_old.tsv",  # of compounds
}  # fmt: skip
"""Samples that only tell more of what other files name."""
EVERYTHING: Final = (
    made.gene_info(JAK2, TP53, *AKT, *MAPK, MOUSE_TP53),
    made.gene_history((51064, 8626), (105, "-")),
    made.hgnc(G(3717, "JAK2", "JAKII", previous="JTK10"), *AKT),
    made.relations(
        ("AKT1", "AKT"), ("AKT2", "AKT"), ("MAPK1", "ERK"), ("+ERK", "MAPK_family"), ("MAPK14", "MAPK_family")
    ),
    made.texts(("Akt kinases", "AKT"), ("p42/44", "ERK")),
    made.obo("chebi", ATP, {"id": "CHEBI:16761", "name": "ADP", "xref": "MESH:D000244"}),
    made.obo("doid", CANCER, {"id": "DOID:0050014", "name": "obsolete fever", "is_obsolete": "true"}),
    made.mesh(("D000244", "Adenosine Diphosphate", "D03.1", ("ADP",)), ("D009369", "Neoplasms", "C04", ("Tumors",))),
    made.pmc_ids(("PMC13900", "11250746", "10.1186/bcr271"), ("PMC2", "0", "")),
)


def codes(problem: UsageError) -> str:
    return problem.problem.code


# The samples


@pytest.mark.parametrize("name", sorted(SAMPLE_FILES))
def test_every_sample_builds_alone(name: str, tmp_path: Path) -> None:
    """All that its reader gives is there again, seen by SQLite alone."""
    output, problems = tmp_path / "one.lexicon", list[Problem]()
    if name in ADD_TO_OTHERS:
        with pytest.raises(UsageError, match="hold nothing") as caught:
            build_lexicon([SAMPLE_FILES[name]], output)
        assert codes(caught.value) == "empty-lexicon"
        assert list(tmp_path.iterdir()) == []
        return
    info = build_lexicon([SAMPLE_FILES[name]], output, date=DATE, on_problem=problems.append)
    rows, told = made.rows_of(SAMPLE_FILES[name])
    assert [p.what for p in problems] == [p.what for p in told]
    found = made.tables(output)
    assert {row[0] for row in found["gene"]} == {row.ident for row in rows if isinstance(row, Gene)}
    assert {row[0] for row in found["term"]} == {row.ident for row in rows if isinstance(row, Term) and row.name}
    assert {row[0] for row in found["withdrawn_gene"]} == {r.ident for r in rows if isinstance(r, WithdrawnGene)}
    assert {row[0] for row in found["paper"]} == {row.pmc for row in rows if isinstance(row, PaperRow)}
    (source,) = info.sources
    assert source["rows"] == len(rows)
    assert source["size"] == SAMPLE_FILES[name].stat().st_size


def test_the_samples_build_all_together(tmp_path: Path) -> None:
    info = build_lexicon(SAMPLE_FILES.values(), tmp_path / "all.lexicon", date=DATE)
    assert [source["file"] for source in info.sources] == list(SAMPLE_FILES)
    assert len(SAMPLE_FILES) >= 15
    rows = [row for path in SAMPLE_FILES.values() for row in made.rows_of(path)[0]]
    assert {type(row) for row in rows} >= {FamilyName, Gene, Member, PaperRow, Term, WithdrawnGene, WithdrawnTerm}
    found = made.tables(tmp_path / "all.lexicon")
    assert {row[0] for row in found["gene"]} == {row.ident for row in rows if isinstance(row, Gene)}
    names = {(str(row[3]), row[4]) for row in found["name"]}
    assert {
        (str(g.ident), n) for g in rows if isinstance(g, Gene) for n in (g.symbol, *g.previous, *g.aliases)
    } <= names
    known = {(row[0], row[1]) for row in found["term"]}
    kinds = {"chemical": CHEMICAL, "disease": DISEASE}
    for term in (row for row in rows if isinstance(row, Term) and (row.ident, kinds[row.kind]) in known):
        assert {(term.ident, name) for name in (term.name, *term.synonyms) if name} <= names
    counts = {
        "genes": len(found["gene"]),
        "gene names": sum(row[1] > 0 and row[2] < FAMILY for row in found["name"]),
        "withdrawn gene ids": len(found["withdrawn_gene"]),
        "families": len({row[0] for row in found["member"]}),
        "chemicals": sum(row[1] == CHEMICAL for row in found["term"]),
        "chemical names": sum(row[2] in (CHEMICAL, CHEMICAL + 1) for row in found["name"]),
        "diseases": sum(row[1] == DISEASE for row in found["term"]),
        "disease names": sum(row[2] in (DISEASE, DISEASE + 1) for row in found["name"]),
        "withdrawn term ids": len(found["withdrawn_term"]),
        "papers": len(found["paper"]),
    }
    assert info.counts == {what: number for what, number in counts.items() if number}


def test_the_lexicon_gives_what_the_file_has(tmp_path: Path) -> None:
    """Lookups, one of each kind, against the rows that plain SQLite reads."""
    path = made.built(tmp_path, *EVERYTHING)
    found, lexicon = made.tables(path), Lexicon(path)
    assert {row[0]: row[1] for row in found["taxon"]} == lexicon.taxa == {MAN: 8, MOUSE: 1}
    assert lexicon.kinds == {"chemical", "disease"}
    for ident, taxon, symbol in found["gene"]:
        assert lexicon.gene(str(ident)) == (taxon, symbol)
    for fold, taxon, sort, ident, text in found["name"]:
        assert Name(sort, taxon, str(ident), text) in lexicon.names(fold, taxon)
    for ident, kind, name in found["term"]:
        assert lexicon.term(ident) == name, kind
    for ident, other in found["mapping"]:
        assert other in lexicon.maps(ident)
        assert ident in lexicon.maps(other)
    assert found["paper"] == [(13900, 11250746, "10.1186/bcr271"), (2, 0, "")]
    assert lexicon.has_papers
    paper = lexicon.paper(13900)
    assert paper is not None
    assert (paper.pmid, paper.doi) == ("11250746", "10.1186/bcr271")
    unknown = lexicon.paper(2)
    assert unknown is not None
    assert (unknown.pmid, unknown.doi) == ("", "")
    assert lexicon.paper(3) is None
    assert lexicon.gene("1") is None
    assert lexicon.names("jak2", MOUSE) == []


def test_the_file_says_whose_it_is(tmp_path: Path) -> None:
    """Application id and format stand in SQLite's own header, where `file` finds them."""
    head = made.built(tmp_path, made.gene_info(JAK2)).read_bytes()[:100]
    assert int.from_bytes(head[68:72]) == APPLICATION_ID
    assert int.from_bytes(head[60:64]) == FORMAT_VERSION


def test_nothing_of_the_staging_stays(tmp_path: Path) -> None:
    path = made.built(tmp_path, *EVERYTHING)
    assert sorted(made.tables(path)) == [
        "gene", "info", "mapping", "member", "name", "paper", "source", "taxon", "term", "withdrawn_gene",
        "withdrawn_term",
    ]  # fmt: skip
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bulk", "made.lexicon"]


# One result from the same input


def shuffled(content: str, seed: int) -> str:
    """The rows, or stanzas, in another order; header and footer stay."""
    start, end = 1, ""
    if "[Term]" in content:
        head, *rest = content.split("\n[Term]\n")
        return "\n[Term]\n".join((head, *_mixed(rest, seed)))
    lines = content.splitlines(keepends=True)
    if content.startswith("<?xml"):
        start, end = 2, lines.pop()
    if ",FPLX," in content:
        start = 0
    rows = lines[start:]
    return "".join((*lines[:start], *_mixed(rows, seed), end))


def _mixed(rows: list[str], seed: int) -> list[str]:
    return sorted(rows, key=lambda row: hashlib.sha256(f"{seed} {row}".encode()).digest())


def without_sums(path: Path) -> dict[str, list[Any]]:
    """All tables; of sources and info without what depends on the very bytes of the input."""
    found: dict[str, list[Any]] = dict(made.tables(path))
    sources = [json.loads(facts) for _, facts in found.pop("source")]
    found["source"] = [{k: v for k, v in source.items() if k not in ("sha256", "size", "file")} for source in sources]
    found["info"] = [(key, value) for key, value in found["info"] if key != "version"]
    return found


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_rows_does_not_show(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """But for the checksums of the input, which are made the same here, not a byte differs."""
    monkeypatch.setattr("kg.bulk.files.BulkFile.sha256", lambda _self: "0" * 64)
    other = [shuffled(content, seed) for content in EVERYTHING]
    assert sum(a != b for a, b in zip(EVERYTHING, other, strict=True)) >= 3
    first, second = made.built(tmp_path / "a", *EVERYTHING), made.built(tmp_path / "b", *other)
    assert first.read_bytes() == second.read_bytes()


CONTRADICTIONS: Final = {
    "a withdrawn gene id with two successors": made.gene_history((1, 2), (1, 3)),
    "a withdrawn gene id with and without successor": made.gene_history((1, 2), (1, "-")),
    "a gene with two symbols": made.gene_info(G(1, "AAA"), G(1, "BBB")),
    "a gene id of two HGNC entries": made.hgnc(G(1, "BBB"), G(1, "AAA")),
    "a paper with two PMIDs": made.pmc_ids(("PMC1", "1", ""), ("PMC1", "2", "10.1234/x")),
    "a term with two names": made.obo("doid", {"id": "DOID:1", "name": "b"}, {"id": "DOID:1", "name": "a"}),
    "an alternative id of two terms": made.obo(
        "doid", {"id": "DOID:1", "name": "a", "alt_id": "DOID:9"}, {"id": "DOID:2", "name": "b", "alt_id": "DOID:9"}
    ),
    "an alternative id that is obsolete too": made.obo(
        "doid", {"id": "DOID:1", "name": "a", "alt_id": "DOID:9"}, {"id": "DOID:9", "name": "b", "is_obsolete": "true"}
    ),
}


@pytest.mark.parametrize("what", CONTRADICTIONS)
def test_nor_does_it_where_a_file_contradicts_itself(what: str, tmp_path: Path) -> None:
    content = CONTRADICTIONS[what]
    seeds = (seed for seed in range(20) if shuffled(content, seed) != content)
    other = shuffled(content, next(seeds))
    first, second = made.built(tmp_path / "a", content), made.built(tmp_path / "b", other)
    assert without_sums(first) == without_sums(second)


def test_an_alternative_id_keeps_its_successor_where_the_file_calls_it_obsolete_too(tmp_path: Path) -> None:
    lexicon = made.lexicon(tmp_path, CONTRADICTIONS["an alternative id that is obsolete too"])
    gone = lexicon.withdrawn_term("DOID_9")
    assert gone is not None
    assert gone.successor == "DOID_1"


def test_the_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    first = made.built(tmp_path, *EVERYTHING, output="a.lexicon").read_bytes()
    second = made.built(tmp_path, *EVERYTHING, output="b.lexicon").read_bytes()
    assert first == second
    packed = made.built(tmp_path, *EVERYTHING, output="a.lexicon.zst").read_bytes()
    assert packed == made.built(tmp_path, *EVERYTHING, output="b.lexicon.zst").read_bytes()


def test_the_version_is_of_the_input(tmp_path: Path) -> None:
    """Other bytes, or other taxa, are another version; the name of the output is not."""
    info = made.gene_info(JAK2, MOUSE_TP53)
    versions = [
        made.lexicon(tmp_path / "a", info).info().version,
        made.lexicon(tmp_path / "b", made.gene_info(JAK2, MOUSE_TP53, TP53)).info().version,
        made.lexicon(tmp_path / "c", info, taxa=[MAN]).info().version,
        made.lexicon(tmp_path / "d", info, taxa=[MAN, MOUSE]).info().version,
    ]
    assert len(set(versions)) == 4
    assert all(len(version) == 12 for version in versions)
    assert made.lexicon(tmp_path / "e", info, output="other.lexicon").info().version == versions[0]
    assert made.lexicon(tmp_path / "f", info, taxa=[MOUSE, MAN, MAN]).info().version == versions[3]


def test_gzip_and_plain_give_the_same_but_for_the_facts_of_the_source(tmp_path: Path) -> None:
    packed = [gzip.compress(content.encode()) for content in EVERYTHING]
    plain, unpacked = made.built(tmp_path / "a", *EVERYTHING), made.built(tmp_path / "b", *packed)
    assert without_sums(plain) == without_sums(unpacked)
    sizes = [json.loads(facts)["size"] for _, facts in made.tables(unpacked)["source"]]
    assert sorted(sizes) == sorted(map(len, packed))


def test_several_gzip_members_are_one_file(tmp_path: Path) -> None:
    content = made.gene_info(JAK2, TP53, *AKT).encode()
    cut = content.index(b"7157")
    path = made.built(tmp_path, gzip.compress(content[:cut]) + gzip.compress(content[cut:]))
    assert Lexicon(path).taxa == {MAN: 5}


def test_zstd_output_is_the_plain_one_packed(tmp_path: Path) -> None:
    plain = made.built(tmp_path, *EVERYTHING)
    packed = made.built(tmp_path, *EVERYTHING, output="made.lexicon.zst")
    assert packed.read_bytes()[:4] == b"\x28\xb5\x2f\xfd"
    assert packed.stat().st_size < plain.stat().st_size / 3
    assert made.tables(packed) == made.tables(plain)
    first, second = Lexicon(plain).info().to_json(), Lexicon(packed).info().to_json()
    assert (first.pop("path"), second.pop("path")) == (str(plain), str(packed))
    assert first == second


def test_the_input_may_have_windows_line_ends_and_a_mark(tmp_path: Path) -> None:
    contents = [c for c in EVERYTHING if "<?xml" not in c]
    other = [b"\xef\xbb\xbf" + content.replace("\n", "\r\n").encode() for content in contents]
    assert without_sums(made.built(tmp_path / "a", *contents)) == without_sums(made.built(tmp_path / "b", *other))


# What is settled


def sorts(lexicon: Lexicon, fold: str, taxon: int = MAN) -> set[tuple[int, str, str]]:
    return {(name.sort, name.ident, name.text) for name in lexicon.names(fold, taxon)}


def test_the_first_file_has_the_say_on_a_symbol(tmp_path: Path) -> None:
    """NCBI calls the gene ATP6, HGNC MT-ATP6; the other symbol is an alias."""
    ncbi, hgnc = made.gene_info(G(4508, "ATP6")), made.hgnc(G(4508, "MT-ATP6", previous="ATP6"))
    first, second = made.lexicon(tmp_path / "a", ncbi, hgnc), made.lexicon(tmp_path / "b", hgnc, ncbi)
    assert first.gene("4508") == (MAN, "ATP6")
    assert sorts(first, "atp6") == {(SYMBOL, "4508", "ATP6")}
    assert sorts(first, "mt-atp6") == {(ALIAS, "4508", "MT-ATP6")}
    assert second.gene("4508") == (MAN, "MT-ATP6")
    assert sorts(second, "mt-atp6") == {(SYMBOL, "4508", "MT-ATP6")}
    assert sorts(second, "atp6") == {(PREVIOUS, "4508", "ATP6")}
    assert first.taxa == second.taxa == {MAN: 1}


def test_a_name_is_kept_once_under_its_best_sort(tmp_path: Path) -> None:
    lexicon = made.lexicon(tmp_path, made.hgnc(G(1, "AAA", "BBB|BBB|bbb|CCC", previous="BBB")))
    assert sorts(lexicon, "bbb") == {(PREVIOUS, "1", "BBB"), (ALIAS, "1", "bbb")}
    assert sorts(lexicon, "ccc") == {(ALIAS, "1", "CCC")}


def test_only_genes_of_the_taxa_are_taken(tmp_path: Path) -> None:
    content = made.gene_info(JAK2, MOUSE_TP53, G(1, "thrL", taxon=511145))
    assert made.lexicon(tmp_path / "a", content).taxa == {MAN: 1, MOUSE: 1, 511145: 1}
    lexicon = made.lexicon(tmp_path / "b", content, taxa=[MOUSE, 511145])
    assert lexicon.taxa == {MOUSE: 1, 511145: 1}
    assert lexicon.gene("3717") is None
    assert lexicon.names("jak2", MAN) == []
    (source,) = lexicon.info().sources
    assert (source["rows"], source["passed_over"]) == (2, {"rows of other taxa": 1})


def test_a_taxon_that_a_file_does_not_have_is_told(tmp_path: Path) -> None:
    problems: list[Problem] = []
    made.built(tmp_path, made.gene_info(JAK2), taxa=[MAN, 7955], on_problem=problems.append)
    assert any("7955" in problem.what for problem in problems)


def test_terms_and_papers_come_whatever_the_taxa(tmp_path: Path) -> None:
    lexicon = made.lexicon(tmp_path, *EVERYTHING, taxa=[MOUSE])
    assert lexicon.taxa == {MOUSE: 1}
    assert lexicon.kinds == {"chemical", "disease"}
    assert lexicon.has_papers
    assert lexicon.names("akt", MAN) == []


def test_withdrawn_ids_lead_to_the_end_of_their_chain(tmp_path: Path) -> None:
    history = made.gene_history((1, 2, "ONE"), (2, 3), (3, 3717), (4, 5), (5, "-"), (6, 999), (TP53.ident, JAK2.ident))
    lexicon = made.lexicon(tmp_path, made.gene_info(JAK2, TP53), history)
    assert lexicon.withdrawn_gene("1") == ("1", "3717", "ONE")
    assert lexicon.withdrawn_gene("3") == ("3", "3717", "OLD")
    assert lexicon.withdrawn_gene("4") == ("4", "", "OLD")
    assert lexicon.withdrawn_gene("6") == ("6", "999", "OLD")
    assert lexicon.withdrawn_gene("3717") is None
    # a live gene is not withdrawn, whatever an older or newer history says
    assert lexicon.withdrawn_gene("7157") is None


@pytest.mark.parametrize("cycle", [[(1, 1)], [(1, 2), (2, 1)], [(1, 2), (2, 3), (3, 1)], [(1, 2), (2, 3), (3, 2)]])
def test_a_cycle_of_withdrawn_ids_leads_nowhere(cycle: list[tuple[object, ...]], tmp_path: Path) -> None:
    """None of them is in use, so none can stand in another's place."""
    lexicon = made.lexicon(tmp_path, made.gene_info(JAK2), made.gene_history(*cycle))
    assert lexicon.withdrawn_gene("1") == ("1", "", "OLD")


def test_a_long_chain_is_followed_to_its_end(tmp_path: Path) -> None:
    steps = [(ident, ident + 1) for ident in range(10_000, 10_030)]
    lexicon = made.lexicon(tmp_path, made.gene_info(JAK2), made.gene_history(*steps))
    assert lexicon.withdrawn_gene("10000") == ("10000", "10030", "OLD")


def test_merged_and_obsolete_terms_have_successors(tmp_path: Path) -> None:
    chebi = made.obo(
        "chebi",
        ATP,
        {"id": "CHEBI:3", "name": "old", "is_obsolete": "true", "replaced_by": "CHEBI:15422"},
        {"id": "CHEBI:4", "is_obsolete": "true"},
    )
    lexicon = made.lexicon(tmp_path, chebi, made.obo("doid", CANCER))
    told = {ident: lexicon.withdrawn_term(ident) for ident in ("CHEBI_10789", "CHEBI_3", "CHEBI_4", "DOID_1000")}
    assert {ident: gone and gone.successor for ident, gone in told.items()} == {
        "CHEBI_10789": "CHEBI_15422", "CHEBI_3": "CHEBI_15422", "CHEBI_4": "", "DOID_1000": "DOID_162",
    }  # fmt: skip
    assert lexicon.withdrawn_term("CHEBI_15422") is None
    assert lexicon.withdrawn_term("CHEBI_5") is None
    assert lexicon.term("CHEBI_3") == ""
    assert lexicon.names("old", TERMS) == []


def test_a_chain_of_obsolete_terms_is_followed(tmp_path: Path) -> None:
    terms = made.obo(
        "chebi",
        {"id": "CHEBI:1", "name": "a", "is_obsolete": "true", "replaced_by": "CHEBI:2"},
        {"id": "CHEBI:2", "name": "b", "is_obsolete": "true", "replaced_by": "CHEBI:10789"},
        ATP,
    )
    gone = made.lexicon(tmp_path, terms).withdrawn_term("CHEBI_1")
    assert gone is not None
    assert gone.successor == "CHEBI_15422"


def test_a_cycle_of_obsolete_terms_ends(tmp_path: Path) -> None:
    terms = made.obo(
        "chebi",
        {"id": "CHEBI:1", "name": "a", "is_obsolete": "true", "replaced_by": "CHEBI:2"},
        {"id": "CHEBI:2", "name": "b", "is_obsolete": "true", "replaced_by": "CHEBI:1"},
        ATP,
    )
    gone = made.lexicon(tmp_path, terms).withdrawn_term("CHEBI_1")
    assert gone is not None
    assert gone.successor == ""


def test_families_have_the_genes_of_families_within_them(tmp_path: Path) -> None:
    lexicon = made.lexicon(
        tmp_path,
        made.gene_info(*AKT, *MAPK),
        made.relations(
            ("AKT1", "AKT"), ("AKT2", "AKT"), ("MAPK1", "ERK"), ("MAPK3", "ERK"), ("+ERK", "MAPK"), ("MAPK14", "MAPK"),
            ("+MAPK", "kinase_family"), ("+AKT", "kinase_family"), ("GONE1", "AKT"), ("+Nowhere", "AKT"),
        ),
    )  # fmt: skip
    assert lexicon.members("AKT") == ("207", "208")
    assert lexicon.members("ERK") == ("5594", "5595")
    assert lexicon.members("MAPK") == ("1432", "5594", "5595")
    assert lexicon.members("kinase_family") == ("207", "208", "1432", "5594", "5595")
    assert lexicon.members("Nowhere") == ()
    assert lexicon.info().counts["families"] == 4


def test_families_that_hold_each_other_end(tmp_path: Path) -> None:
    rows = (("+B", "A"), ("+C", "B"), ("+A", "C"), ("AKT1", "A"), ("AKT2", "B"), ("AKT3", "C"), ("+D", "D"))
    lexicon = made.lexicon(tmp_path, made.gene_info(*AKT), made.relations(*rows))
    for family in "ABC":
        assert lexicon.members(family) == ("207", "208", "10000")
    assert lexicon.members("D") == ()
    assert lexicon.names("d", MAN) == []


def test_deep_families_end(tmp_path: Path) -> None:
    rows = [(f"+F{number + 1}", f"F{number}") for number in range(3_000)]
    lexicon = made.lexicon(tmp_path, made.gene_info(*AKT), made.relations(*rows, ("AKT1", "F3000")))
    assert lexicon.members("F0") == ("207",)


def test_families_with_many_ways_to_one_member_end(tmp_path: Path) -> None:
    """Two ways at each of thirty steps are a thousand million ways in all."""
    rows = [
        (f"+{member}{number + 1}", f"{family}{number}") for number in range(30) for family in "AB" for member in "AB"
    ]
    genes = made.written(tmp_path, "genes", made.gene_info(*AKT))
    family = made.written(tmp_path, "family", made.relations(*rows, ("AKT1", "A30")))
    run = kg_process("lexicon", "build", genes, family, "-o", tmp_path / "x.lexicon", timeout=20)
    assert run.returncode == 0
    assert Lexicon(tmp_path / "x.lexicon").members("B0") == ("207",)


def test_a_family_is_found_as_figures_write_it(tmp_path: Path) -> None:
    lexicon = made.lexicon(
        tmp_path,
        made.gene_info(*AKT),
        made.relations(("AKT1", "Akt_like_family"), ("AKT2", "Growth_complex")),
        made.texts(("the Akts", "Akt_like_family"), ("nothing", "Unknown_family")),
    )
    for text in ("akt_like_family", "akt like family", "aktlikefamily", "akt_like", "akt like", "the akts"):
        assert {(n.sort, n.ident) for n in lexicon.names(text, MAN)} == {(FAMILY, "Akt_like_family")}, text
    assert {n.ident for n in lexicon.names("growth", MAN)} == {"Growth_complex"}
    assert lexicon.names("nothing", MAN) == []
    assert lexicon.names("akt like", MOUSE) == []


def test_a_family_without_a_gene_of_the_lexicon_is_no_name(tmp_path: Path) -> None:
    lexicon = made.lexicon(tmp_path, made.gene_info(JAK2), made.relations(("AKT1", "AKT")))
    assert lexicon.names("akt", MAN) == []
    assert lexicon.members("AKT") == ()
    assert "families" not in lexicon.info().counts


def test_names_of_compounds_that_no_file_has_are_dropped(tmp_path: Path) -> None:
    """ChEBI's names and accessions go on where the compound was dropped."""
    files = [SAMPLE_FILES[name] for name in ("chebi_names.tsv", "chebi_compounds.tsv", "chebi_accessions.tsv")]
    build_lexicon(files, tmp_path / "chebi.lexicon")
    found = made.tables(tmp_path / "chebi.lexicon")
    known = {row[0] for row in found["term"]}
    assert "CHEBI_90" in known
    assert "CHEBI_9" not in known
    assert {row[3] for row in found["name"]} == known
    assert {row[0] for row in found["mapping"]} == {"CHEBI_90"}
    lexicon = Lexicon(tmp_path / "chebi.lexicon")
    assert {name.ident for name in lexicon.names("epi-l-x", TERMS)} == {"CHEBI_90"}
    gone = lexicon.withdrawn_term("CHEBI_8")
    assert gone is not None
    assert gone.successor == "CHEBI_90"


def test_one_id_can_be_a_chemical_and_a_disease(tmp_path: Path) -> None:
    two = made.mesh(("D000001", "Thing", "D03.1", ("stuff",)), ("D000001", "Thing", "C04.1", ("stuff",)))
    lexicon = made.lexicon(tmp_path, two)
    assert {name.sort for name in lexicon.names("thing", TERMS)} == {CHEMICAL, DISEASE}
    assert {name.sort for name in lexicon.names("stuff", TERMS)} == {CHEMICAL + 1, DISEASE + 1}


def test_a_date_is_the_files_own_then_the_given_then_that_of_its_change(tmp_path: Path) -> None:
    family = made.relations(("AKT1", "AKT"))
    given = made.lexicon(tmp_path / "a", made.gene_info(*AKT), family).info()
    assert [source["date"] for source in given.sources] == ["2024-03-10", DATE]
    files = [made.written(tmp_path, "gi", made.gene_info(*AKT)), made.written(tmp_path, "fam", family)]
    os.utime(files[1], (86_400 * 366, 86_400 * 366))
    changed = build_lexicon(files, tmp_path / "b.lexicon")
    assert [source["date"] for source in changed.sources] == ["2024-03-10", "1971-01-02"]


# Files that cannot be used

HISTORY: Final = made.gene_history((1, 2))
GENES: Final = made.gene_info(JAK2, TP53)
BAD: Final[dict[str, tuple[str, bytes]]] = {
    "a row cut short": ("bad-bulk-file", GENES.encode()[:-60]),
    "a gzip cut short": ("bad-bulk-file", gzip.compress(GENES.encode() * 50)[:-12]),
    "a gzip with damage": ("bad-bulk-file", gzip.compress(GENES.encode())[:-8] + b"\0" * 8),
    "bytes that are no UTF-8": ("bad-bulk-file", GENES.replace("JTK10", "\udcff").encode(errors="surrogateescape")),
    "an unknown format": ("bad-bulk-file", b"a,b\n1,2\n"),
    "a page of HTML": ("bad-bulk-file", b"<!DOCTYPE html>\n<html><body>404 Not Found</body></html>\n"),
    "an OBO file of another ontology": ("bad-bulk-file", made.obo("go", {"id": "GO:1", "name": "x"}).encode()),
    "an empty file": ("bad-bulk-file", b""),
    "a lexicon": ("bad-bulk-file", b"SQLite format 3\0" + b"\0" * 100),
    "a zip": ("bad-bulk-file", b"PK\x03\x04" + b"\0" * 100),
}


def refusal(files: list[Path], output: Path) -> Problem:
    """Why a build fails; the error itself is gone on return, and with it what its traceback holds open."""
    try:
        build_lexicon(files, output)
    except UsageError as error:
        return error.problem
    pytest.fail("the build went through")


@pytest.mark.parametrize("place", ["alone", "first", "last"])
@pytest.mark.parametrize("what", BAD)
def test_a_bad_file_leaves_nothing_and_keeps_an_older_lexicon(what: str, place: str, tmp_path: Path) -> None:
    code, content = BAD[what]
    bad = made.written(tmp_path / "bulk", "bad.tsv", content)
    good = made.written(tmp_path / "bulk", "good.tsv", HISTORY)
    files = {"alone": [bad], "first": [bad, good], "last": [good, bad]}[place]
    output = tmp_path / "out" / "x.lexicon"
    output.parent.mkdir()
    for older in (None, b"an older one"):
        if older:
            output.write_bytes(older)
        problem = refusal(files, output)
        assert problem.code == code
        assert problem.path == str(bad)
        assert problem.what
        assert problem.mend
        assert [p.read_bytes() for p in output.parent.iterdir()] == ([older] if older else [])


def test_an_unknown_format_is_answered_with_those_that_can_be_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        made.built(tmp_path, "a,b\n1,2\n")
    mend = caught.value.problem.mend
    for title in ("gene_info", "gene_history", "HGNC", "FamPlex", "Medical Subject", "ChEBI", "Disease Ont", "PubMed"):
        assert title in mend
    assert "neither" not in mend  # that form is known in order to be refused


@pytest.mark.parametrize("contents", [[GENES], [GENES, made.hgnc(JAK2)]])
def test_nothing_of_the_taxon_is_an_error(contents: list[str], tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        made.built(tmp_path, *contents, taxa=[7955])
    problem = caught.value.problem
    assert problem.code == "empty-lexicon"
    assert "7955" in problem.why
    assert [p.name for p in tmp_path.iterdir()] == ["bulk"]


def test_a_missing_file_is_told_before_anything_is_written(tmp_path: Path) -> None:
    good = made.written(tmp_path, "good.tsv", GENES)
    with pytest.raises(UsageError) as caught:
        build_lexicon([good, tmp_path / "none.tsv"], tmp_path / "x.lexicon")
    assert (codes(caught.value), caught.value.problem.path) == ("bad-bulk-file", str(tmp_path / "none.tsv"))
    assert list(tmp_path.iterdir()) == [good]


def test_a_folder_is_no_bulk_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        build_lexicon([tmp_path], tmp_path / "x.lexicon")
    assert codes(caught.value) == "bad-bulk-file"
    assert list(tmp_path.iterdir()) == []


def test_no_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        build_lexicon([], tmp_path / "x.lexicon")
    assert codes(caught.value) == "no-bulk-file"


@pytest.mark.parametrize("name", ["none/x.lexicon", "file/x.lexicon", "folder"])
def test_an_output_that_cannot_be_is_told(name: str, tmp_path: Path) -> None:
    source = made.written(tmp_path, "file", GENES)
    (tmp_path / "folder").mkdir()
    with pytest.raises(UsageError) as caught:
        build_lexicon([source], tmp_path / name)
    assert codes(caught.value) == "unwritable-output"
    assert str(tmp_path / name) in caught.value.problem.what
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "folder"]
    assert list((tmp_path / "folder").iterdir()) == []


def test_a_protected_folder_is_told(tmp_path: Path) -> None:
    source, folder = made.written(tmp_path, "file", GENES), tmp_path / "protected"
    folder.mkdir()
    folder.chmod(0o500)
    if os.access(folder, os.W_OK):
        pytest.skip("this user may write everywhere")
    with pytest.raises(UsageError) as caught:
        build_lexicon([source], folder / "x.lexicon")
    assert codes(caught.value) == "unwritable-output"


def test_an_input_is_never_overwritten(tmp_path: Path) -> None:
    """`kg lexicon build gene_info -o gene_info` must not cost a download of hours."""
    source = made.written(tmp_path, "gene_info", GENES)
    with pytest.raises(UsageError):
        build_lexicon([source], source)
    assert source.read_text() == GENES


def test_a_stopped_build_leaves_nothing(tmp_path: Path) -> None:
    def stop(_done: int, _all: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        made.built(tmp_path, GENES, on_progress=stop)
    assert [p.name for p in tmp_path.iterdir()] == ["bulk"]


def test_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from kg.lexiconfile import LexiconWriter

    def full(_self: object, *_more: object) -> None:
        import sqlite3

        msg = "database or disk is full"
        raise sqlite3.OperationalError(msg)

    monkeypatch.setattr(LexiconWriter, "finish", full)
    with pytest.raises(UsageError) as caught:
        made.built(tmp_path, GENES)
    assert codes(caught.value) == "disk-full"
    assert [p.name for p in tmp_path.iterdir()] == ["bulk"]


HUGE: Final = "9" * 25


@pytest.mark.parametrize(
    "content",
    [
        made.gene_info(JAK2, G(HUGE, "HUGE")),
        made.gene_info(JAK2, G(1, "HUGE", taxon=HUGE)),
        made.hgnc(JAK2, G(HUGE, "HUGE")),
        made.gene_info(JAK2) + "\n",
        made.gene_history((1, 2), (HUGE, 2)),
        made.gene_history((1, 2), (3, HUGE)),
        made.gene_info(JAK2, G("9" * 5000, "HUGE")),
        made.pmc_ids(("PMC1", "1", ""), (f"PMC{HUGE}", HUGE, "")),
        made.obo("doid", CANCER, {"id": f"DOID:{HUGE}", "name": "huge"}),
    ],
)
def test_numbers_beyond_all_measure_end_no_build(content: str, tmp_path: Path) -> None:
    """Such a row is left out and told, or taken; it never ends the build with a traceback."""
    problems: list[Problem] = []
    lexicon = made.lexicon(tmp_path, content, on_problem=problems.append)
    assert sum(lexicon.info().counts.values()) > 0


# Progress and memory


def test_progress_only_grows_and_ends_at_all_bytes(tmp_path: Path) -> None:
    many = made.gene_info(*(G(number, f"GENE{number}") for number in range(1, 25_001)))
    contents: list[str | bytes] = [
        many,
        HISTORY,
        gzip.compress(many.replace("GENE", "ALSO").encode()),
        made.obo("doid", CANCER),
    ]
    told: list[tuple[int, int]] = []
    made.built(tmp_path, *contents, on_progress=lambda done, total: told.append((done, total)))
    size = sum(len(content) for content in contents)
    assert {total for _, total in told} == {size}
    assert told[-1] == (size, size)
    dones = [done for done, _ in told]
    assert dones == sorted(dones)
    assert len(set(dones)) > 3


def test_progress_ends_at_all_bytes_where_a_file_is_not_read_to_its_end(tmp_path: Path) -> None:
    """HGNC has human genes only: where others are asked for it is not read at all."""
    hgnc = made.hgnc(*(G(number, f"GENE{number}") for number in range(1, 25_001)))
    told: list[tuple[int, int]] = []
    made.built(tmp_path, made.gene_info(MOUSE_TP53), hgnc, taxa=[MOUSE], on_progress=lambda *both: told.append(both))
    assert told[-1][0] == told[-1][1]


MEASURED: Final = r"""
import re, sys
from kg.lexiconbuild import build_lexicon
info = build_lexicon([sys.argv[1]], sys.argv[2])
# Not ru_maxrss, which is at least that of the process which started this one.
print(info.counts["genes"], re.search(r"VmHWM:\s+(\d+)", open("/proc/self/status").read())[1])
"""


def test_memory_stays_flat(tmp_path: Path) -> None:
    """200,000 genes, with a handful of names each, take less than 200 MB."""
    source = tmp_path / "gene_info"
    with source.open("w") as file:
        file.write(made.gene_info())
        for number in range(1, 200_001):
            aliases = "|".join(f"ALIAS{number}X{further}" for further in range(4))
            file.write(made.gene_info(G(number, f"GENE{number}", aliases)).partition("\n")[2])
    command = [sys.executable, "-c", MEASURED, str(source), str(tmp_path / "x.lexicon")]
    run = subprocess.run(command, capture_output=True, text=True, check=True, env=environment())
    genes, peak = map(int, run.stdout.split())
    assert genes == 200_000
    assert peak * (1 if sys.platform == "darwin" else 1024) < 200 * 10**6
