"""`kg.lexicon`: the embedded lexicon and files given by name, opened late, and refused in clear words."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import pytest
import zstandard

import kg
import kg.lexicon
from kg.errors import UsageError
from kg.lexicon import TERMS, Lexicon, Lexicons
from kg.lexiconfile import FAMILY, FORMAT_VERSION, PREVIOUS, SYMBOL
from kg.taxa import HUMAN
from tests.conftest import ROOT
from tests.lexicon import made
from tests.lexicon.made import AKT, ATP, CANCER, JAK2, MAN, MOUSE, MOUSE_TP53, TP53, G
from tests.small import chemicals, genes, good, kg_run, record, write

DATA: Final = ROOT / "kg" / "data"
EMBEDDED: Final = DATA / "human.lexicon.zst"
CC0: Final = "https://creativecommons.org/publicdomain/zero/1.0/"


# The embedded one


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    facts: dict[str, Any] = json.loads((DATA / "human-lexicon.json").read_text(encoding="utf-8"))
    return facts


def test_the_embedded_file_is_the_one_that_is_told_of(told: dict[str, Any]) -> None:
    data = EMBEDDED.read_bytes()
    assert told["file"] == EMBEDDED.name
    assert told["size"] == len(data)
    assert told["sha256"] == hashlib.sha256(data).hexdigest()


def test_what_is_told_of_the_embedded_file_is_what_it_holds(told: dict[str, Any]) -> None:
    info = Lexicon().info()
    assert told["version"] == info.version
    assert info.path == EMBEDDED.name
    assert len(told["sources"]) == len(info.sources) >= 1
    for facts, source in zip(told["sources"], info.sources, strict=True):
        for key in ("title", "home", "licence", "date", "sha256"):
            assert facts[key] == source[key], key
    if "counts" in told:
        assert told["counts"] == info.counts


def test_every_source_of_the_embedded_file_is_free_to_ship() -> None:
    assert {source["licence"] for source in Lexicon().info().sources} == {CC0}


def test_the_counts_of_the_embedded_file_are_true() -> None:
    """Seen by plain SQLite; all of it is human."""
    found, info = made.tables(EMBEDDED), Lexicon().info()
    assert info.counts["genes"] == len(found["gene"]) > 40_000
    assert info.counts["gene names"] == sum(row[2] < FAMILY for row in found["name"])
    assert info.counts["families"] == len({row[0] for row in found["member"]}) > 500
    assert info.taxa == {HUMAN: len(found["gene"])}
    assert {row[1] for row in found["name"]} == {HUMAN}
    assert found["term"] == found["paper"] == []


def test_the_embedded_file_knows_genes_symbols_and_families() -> None:
    lexicon = Lexicon()
    assert lexicon.gene("3717") == (HUMAN, "JAK2")
    assert [(n.sort, n.ident) for n in lexicon.names("tp53", HUMAN)] == [(SYMBOL, "7157")]
    assert any(n.sort == PREVIOUS for n in lexicon.names("kiaa0001", HUMAN) + lexicon.names("a1s9t", HUMAN))
    assert {"207", "208", "10000"} <= set(lexicon.members("AKT"))


def test_the_embedded_file_is_small_and_packed() -> None:
    assert EMBEDDED.stat().st_size < 2 * 10**6


# When it is opened


class Counted:
    """Counts how often the embedded lexicon is opened."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.opened: list[Path | None] = []
        opening = kg.lexicon._opened

        def watched(path: Path | None) -> sqlite3.Connection:
            self.opened.append(path)
            return opening(path)

        monkeypatch.setattr(kg.lexicon, "_opened", watched)


def with_all_tables(folder: Path) -> Path:
    figid = "PMC9900001__f1"
    return write(
        folder,
        {
            f"_figures/{figid}.md": record(figid),
            f"_data/{figid}-genes.tsv": genes(),
            f"_data/{figid}-chemicals.tsv": chemicals(),
        },
    )


def test_an_export_without_grounding_does_not_open_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counted = Counted(monkeypatch)
    report = kg.export(with_all_tables(tmp_path / "db"), tmp_path / "g.ttl", ground=False)
    assert report.ok
    assert counted.opened == []


def test_an_export_without_grounding_does_not_open_it_for_records_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = Counted(monkeypatch)
    write(tmp_path / "db", {"PMC9900001__f1.md": record()})
    assert kg.export(tmp_path / "db", tmp_path / "g.ttl", ground=False).ok
    assert counted.opened == []


def test_an_export_opens_it_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counted = Counted(monkeypatch)
    write(tmp_path / "db", {f"PMC990000{number}__f1.md": record(f"PMC990000{number}__f1") for number in range(1, 4)})
    assert kg.export(tmp_path / "db", tmp_path / "g.ttl").ok
    assert counted.opened == [None]


def test_an_export_without_it_does_not_open_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counted = Counted(monkeypatch)
    write(tmp_path / "db", {"PMC9900001__f1.md": record()})
    assert kg.export(tmp_path / "db", tmp_path / "g.ttl", embedded=False).ok
    assert counted.opened == []


def test_a_lexicon_with_human_genes_stands_in_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = made.built(tmp_path, made.gene_info(G(900000001, "JAK2")))
    counted = Counted(monkeypatch)
    lexicons = Lexicons([path])
    assert [name.ident for name in lexicons.names("JAK2", HUMAN)] == ["900000001"]
    assert lexicons.names("TP53", HUMAN) == ()
    assert counted.opened == [path]
    assert [lexicon.path for lexicon in lexicons.used()] == [str(path)]


def test_it_is_opened_when_it_is_first_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    counted = Counted(monkeypatch)
    lexicons = Lexicons()
    assert lexicons.covers(HUMAN)
    assert not lexicons.covers(MOUSE)
    assert lexicons.of_kind("chemical") is None
    assert lexicons.names("Trp53", MOUSE) == ()
    assert not lexicons.has_papers
    assert (counted.opened, lexicons.used()) == ([], [])
    assert [name.ident for name in lexicons.names("JAK2", HUMAN)] == ["3717"]
    assert lexicons.names("TP53", HUMAN)
    assert counted.opened == [None]
    assert len(lexicons.used()) == 1


def test_lexicons_side_by_side_each_serve_what_they_have(tmp_path: Path) -> None:
    mouse = made.built(tmp_path / "mouse", made.gene_info(MOUSE_TP53), made.pmc_ids(("PMC1", "11", "10.1234/a")))
    terms = made.built(tmp_path / "terms", made.obo("chebi", ATP), made.pmc_ids(("PMC1", "12", ""), ("PMC2", "2", "")))
    more = made.built(tmp_path / "more", made.obo("doid", CANCER), made.obo("chebi", {**ATP, "name": "other"}))
    lexicons = Lexicons([mouse, terms, more])
    assert [name.ident for name in lexicons.names("trp53", MOUSE)] == ["22059"]
    assert [name.ident for name in lexicons.names("tp53", MAN)] == ["7157"]
    assert [name.text for name in lexicons.names("atp", TERMS)] == ["ATP"]
    assert lexicons.names("other", TERMS) == ()
    assert [name.ident for name in lexicons.names("cancer", TERMS)] == ["DOID_162"]
    assert lexicons.has_papers
    ids = [lexicons.paper(number) for number in (1, 2, 3)]
    assert [paper and paper.pmid for paper in ids] == ["11", "2", None]
    assert len(lexicons.used()) == 4
    lexicons.close()
    with pytest.raises((UsageError, sqlite3.ProgrammingError)):
        lexicons.used()[0].names("trp53", MOUSE)


def test_without_the_embedded_one_nothing_is_covered() -> None:
    lexicons = Lexicons(embedded=False)
    assert not lexicons.covers(HUMAN)
    assert lexicons.of_taxon(HUMAN) is None
    assert lexicons.names("JAK2", HUMAN) == ()


# Files that are refused


@pytest.fixture(scope="module")
def good_files(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, bytes]:
    """A lexicon, plain and packed."""
    folder = tmp_path_factory.mktemp("lexicon")
    contents = (made.gene_info(JAK2, TP53, *AKT), made.obo("chebi", ATP), made.relations(("AKT1", "AKT")))
    plain = made.built(folder, *contents)
    return plain.read_bytes(), made.built(folder, *contents, output="packed.zst").read_bytes()


def packed(data: bytes) -> bytes:
    return zstandard.ZstdCompressor(write_checksum=True).compress(data)


def later(data: bytes) -> bytes:
    return data[:60] + (FORMAT_VERSION + 1).to_bytes(4) + data[64:]


def of_somebody_else(data: bytes) -> bytes:
    return data[:68] + b"\0" * 4 + data[72:]


def flipped(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :]


Maker = Callable[[bytes, bytes], bytes]
BAD: Final[dict[str, tuple[Maker, str]]] = {
    "empty": (lambda _p, _z: b"", "does not begin"),
    "text": (lambda _p, _z: b"#tax_id\tGeneID\n", "does not begin"),
    "cut plain": (lambda p, _z: p[: len(p) // 2], "cut short"),
    "cut by a byte": (lambda p, _z: p[:-1], "cut short"),
    "cut in the header": (lambda p, _z: p[:50], "cut short"),
    "cut packed": (lambda _p, z: z[: len(z) // 2], "cut short"),
    "packed, cut by a byte": (lambda _p, z: z[:-1], "cut short"),
    "packed, cut in the header": (lambda _p, z: z[:5], "cut short"),
    "packed, damaged": (lambda _p, z: flipped(z, len(z) // 2), "damaged"),
    "packed nothing": (lambda _p, _z: packed(b""), "no lexicon"),
    "packed text": (lambda _p, _z: packed(b"text " * 1000), "no"),
    "packed half": (lambda p, _z: packed(p[: len(p) // 2]), "cut short|damaged"),
    "another SQLite file": (lambda p, _z: of_somebody_else(p), "something else"),
    "another SQLite file, packed": (lambda p, _z: packed(of_somebody_else(p)), "something else"),
    "a later format": (lambda p, _z: later(p), f"format is {FORMAT_VERSION + 1}"),
    "a later format, packed": (lambda p, _z: packed(later(p)), f"format is {FORMAT_VERSION + 1}"),
}


def assert_refused(path: Path, what: str) -> None:
    """By the library and by each command, with the path, without a traceback."""
    with pytest.raises(UsageError, match=what) as caught:
        Lexicon(path).info()
    problem = caught.value.problem
    assert (problem.code, problem.path) == ("bad-lexicon", str(path))
    assert problem.mend
    for command in (("info", path), None):
        arguments = ("lexicon", *command) if command else ("ground", "JAK2", "--lexicon", path)
        result = kg_run(*arguments)
        assert result.exit_code == 2, arguments
        assert "error[bad-lexicon]" in result.stderr
        assert str(path) in result.stderr
        assert "Traceback" not in result.output


@pytest.mark.parametrize("what", BAD)
def test_a_file_that_is_no_whole_lexicon_is_refused(what: str, good_files: tuple[bytes, bytes], tmp_path: Path) -> None:
    make, message = BAD[what]
    assert_refused(made.written(tmp_path, "bad.lexicon", make(*good_files)), message)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    assert_refused(tmp_path / "none.lexicon", "No such file")


def test_a_folder_is_told(tmp_path: Path) -> None:
    assert_refused(tmp_path, "directory")


def test_a_damaged_embedded_file_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An installation may be broken as any file may."""
    for content in (None, b"", EMBEDDED.read_bytes()[:1000]):
        path = tmp_path / "human.lexicon.zst"
        if content is not None:
            path.write_bytes(content)
        monkeypatch.setattr(kg.lexicon, "package_file", lambda _name, path=path: path)
        with pytest.raises(UsageError) as caught:
            Lexicon()
        assert caught.value.problem.code == "bad-lexicon"


def test_an_export_with_a_bad_lexicon_writes_nothing(tmp_path: Path) -> None:
    bad = made.written(tmp_path, "bad.lexicon", b"x")
    result = kg_run("export", good(tmp_path / "db"), "-o", tmp_path / "g.ttl", "--lexicon", bad)
    assert result.exit_code == 2
    assert "error[bad-lexicon]" in result.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bad.lexicon", "db"]


def lookups(lexicon: Lexicon) -> None:
    """Every way to ask."""
    lexicon.info()
    for word in ("jak2", "tp53", "akt", "pkb", "adenosine triphosphate", "zzz", ""):
        lexicon.names(word, MAN)
        lexicon.names(word, TERMS)
    for ident in ("3717", "207", "1"):
        lexicon.gene(ident)
        lexicon.withdrawn_gene(ident)
    for ident in ("CHEBI_15422", "CHEBI_10789"):
        lexicon.term(ident)
        lexicon.withdrawn_term(ident)
        lexicon.maps(ident)
    lexicon.members("AKT")
    assert isinstance(lexicon.kinds, frozenset)
    assert isinstance(lexicon.has_papers, bool)
    lexicon.paper(1)


def test_damage_anywhere_gives_an_answer_or_a_clear_error(good_files: tuple[bytes, bytes], tmp_path: Path) -> None:
    """Single bytes turned over, and runs overwritten, all through the file: never another error."""
    plain, _ = good_files
    refused = 0
    for place in range(0, len(plain), 61):
        for damaged in (flipped(plain, place), plain[:place] + b"\xff" * 40 + plain[place + 40 :]):
            path = made.written(tmp_path, "damaged.lexicon", damaged[: len(plain)])
            try:
                lexicon = Lexicon(path)
                try:
                    lookups(lexicon)
                finally:
                    lexicon.close()
            except UsageError:
                refused += 1
    assert refused > 10


# Files that are used


@pytest.mark.parametrize(
    "name", ["a b.lexicon", "a?b.lexicon", "a#b", "a%20b%", "a&mode=rw", "β é.lexicon", "'q\"", "a\\b"]
)
def test_any_file_name_will_do(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "in ? # % &"
    for ending in ("", ".zst"):
        path = made.built(folder, made.gene_info(JAK2), output=name + ending)
        assert Lexicon(path).gene("3717") == (MAN, "JAK2")
        assert sorted(p.name for p in folder.iterdir()) == sorted(["bulk", *{name, path.name}])
        assert kg_run("ground", "JAK2", "--lexicon", path).exit_code == 0
        assert str(path) in kg_run("lexicon", "info", path).stdout


def test_a_name_that_is_no_utf8_will_do(tmp_path: Path) -> None:
    path = made.built(tmp_path, made.gene_info(JAK2), output="a\udcff.lexicon")
    assert Lexicon(path).gene("3717") == (MAN, "JAK2")
    for form in ("text", "json"):
        result = kg_run("lexicon", "info", path, "--format", form)
        assert result.exit_code == 0
        assert "udcff" in result.stdout


def test_a_relative_path_and_a_link_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made.built(tmp_path, made.gene_info(JAK2))
    (tmp_path / "link").symlink_to("made.lexicon")
    monkeypatch.chdir(tmp_path)
    for name in ("made.lexicon", "link", "./made.lexicon"):
        lexicon = Lexicon(Path(name))
        assert lexicon.gene("3717") == (MAN, "JAK2")
        assert lexicon.info().path == str(Path(name))


def test_a_read_only_file_in_a_read_only_folder_will_do(tmp_path: Path) -> None:
    path = made.built(tmp_path / "held", made.gene_info(JAK2))
    path.chmod(0o400)
    path.parent.chmod(0o500)
    before = path.read_bytes(), path.stat().st_mtime_ns
    lexicon = Lexicon(path)
    lookups(lexicon)
    with pytest.raises(UsageError):
        lexicon._rows("DELETE FROM gene")
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    assert sorted(p.name for p in path.parent.iterdir()) == ["bulk", "made.lexicon"]
    path.parent.chmod(0o700)


def test_the_name_of_a_packed_file_does_not_matter(tmp_path: Path) -> None:
    path = made.built(tmp_path, made.gene_info(JAK2), output="x.lexicon.zst")
    other = path.rename(tmp_path / "x.lexicon")
    assert Lexicon(other).gene("3717") == (MAN, "JAK2")


def test_a_lexicon_that_is_built_anew_does_not_disturb_one_that_is_open(tmp_path: Path) -> None:
    path = made.built(tmp_path, made.gene_info(JAK2))
    opened = Lexicon(path)
    made.built(tmp_path, made.gene_info(TP53))
    assert opened.gene("3717") == (MAN, "JAK2")
    assert Lexicon(path).gene("3717") is None


@pytest.mark.parametrize("kind", ["embedded", "plain", "packed"])
def test_threads_can_share_a_lexicon(kind: str, tmp_path: Path) -> None:
    output = {"plain": "x.lexicon", "packed": "x.zst"}.get(kind)
    genes_ = made.gene_info(*(G(number, f"GENE{number}") for number in range(1, 501)))
    path = made.built(tmp_path, genes_, output=output) if output else None
    lexicons = Lexicons([path] if path else [])
    words = [f"GENE{number}" for number in range(1, 501)] if path else ["JAK2", "TP53", "AKT", "MMP", "zzz"] * 100
    alone = [Lexicon(path).names(word.lower(), MAN) for word in words]
    with ThreadPoolExecutor(8) as pool:
        for found in pool.map(lambda _n: [list(lexicons.names(word, MAN)) for word in words], range(16)):
            assert found == alone


def test_letter_case_and_blanks_do_not_count(tmp_path: Path) -> None:
    lexicons = Lexicons([made.built(tmp_path, made.obo("chebi", {**ATP, "synonym": "Straße  of\tATP"}))])
    for word in ("STRASSE OF ATP", " straße of atp ", "Straße\n of  atp"):
        assert [name.ident for name in lexicons.names(word, TERMS)] == ["CHEBI_15422"], word
    assert lexicons.names("strasse ofatp", TERMS) == ()


def test_public_names() -> None:
    """What the documentation promises of lexicons."""
    for name in ("Lexicon", "LexiconInfo", "Lexicons", "Candidate", "build_lexicon", "ground"):
        assert name in kg.__all__
        assert getattr(kg, name).__module__.startswith("kg.")
    assert kg.Lexicon is Lexicon
    assert kg.Lexicon().info().taxa.keys() == {HUMAN}
    assert os.fspath(EMBEDDED).endswith(kg.Lexicon().path)
