"""The corpus maker of the benchmarks: as many records as asked for, each one sound."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from types import ModuleType

SCRIPT = Path(__file__).resolve().parents[2] / "bench" / "make_corpus.py"
RECORDS = 60

# A dotted figid with a table of each kind and a DOI.
DOTTED = """\
---
figid: PMC100__pone.01.g007
figtitle: 'One: "quoted", PMC100'
pmcid: PMC100
filename: pone.01.g007.jpg
figlink: /pmc/articles/PMC100/figure/F7
number: F7
caption: A caption that names PMC100 on a line
  figid: PMC100__pone.01.g007
doi: 10.1371/journal.pone.01
figid_alias: PMC100__F7
figtype: Figure
redirect_from: /figures/PMC100__F7
schema-jsonld:
  '@context': https://schema.org/
  '@id': https://pfocr.wikipathways.org/figures/PMC100__pone.01.g007.html
  '@type': Dataset
---
"""
# Without DOI; its alias is the beginning of its figid; its link is another paper's.
STALE = """\
---
figid: "PMC1001__F1_HTML"
pmcid: "PMC1001"
filename: "F1_HTML.jpg"
figlink: /pmc/articles/PMC149053/figure/fig7/
doi: .na.character
figid_alias: PMC1001__F1
redirect_from:
- /figures/PMC1001__F1
schema-jsonld:
  "@id": "https://pfocr.wikipathways.org/figures/PMC1001__F1_HTML.html"
---
"""
# Rejected, of 2020: no alias.
REJECTED = """\
---
figid: PMC10__gr1
number: REJECT
caption: REJECT \u00b5
pmcid: PMC10
filename: gr1.jpg
figlink: pmc/articles/PMC10/figure/F1/
schema-jsonld:
  '@id': https://pfocr.wikipathways.org/figures/PMC10__gr1.html
---
"""
SOURCES = {"PMC100__pone.01.g007": DOTTED, "PMC1001__F1_HTML": STALE, "PMC10__gr1": REJECTED}
TABLES = {
    "PMC100__pone.01.g007-genes.tsv": "word\tncbigene_id\nPMC100\t7157\n",
    "PMC100__pone.01.g007-chemicals.tsv": "word\tmesh\nNO\tNA\n",
    # Some tables are spelt with `_` where the figid has `.`.
    "PMC100__pone_01_g007-diseases.tsv": "word\tdoid\nflu\tNA\n",
    "PMC10__gr1-chemicals.tsv": "word\tsource\tidentifier\r\n",
    "PMC55__orphan-genes.tsv": "word\n",
}


@pytest.fixture(scope="module")
def maker() -> ModuleType:
    """Return the script as a module; `bench` is no package, so it is loaded by its path."""
    spec = importlib.util.spec_from_file_location("bench_make_corpus", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up there
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Return a folder of three records."""
    folder = tmp_path / "source"
    (folder / "_figures").mkdir(parents=True)
    (folder / "_data").mkdir()
    for stem, text in SOURCES.items():
        (folder / "_figures" / f"{stem}.md").write_bytes(text.encode())
    for name, text in TABLES.items():
        (folder / "_data" / name).write_bytes(text.encode())
    return folder


@pytest.fixture
def corpus(maker: ModuleType, source: Path, tmp_path: Path) -> dict[str, str]:
    """Return a made corpus, `{path: text}`."""
    maker.make_corpus(source, tmp_path / "out", records=RECORDS, seed=1)
    return read_all(tmp_path / "out")


def read_all(folder: Path) -> dict[str, str]:
    """Return every file of a corpus by its path in it."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes().decode() for path in files}


def figures(corpus: dict[str, str]) -> dict[str, str]:
    """Return the figure records of a corpus by their file stem."""
    found = {Path(p): text for p, text in corpus.items() if p.startswith("_figures/")}
    return {path.name.removesuffix(".md"): text for path, text in found.items()}


def field(text: str, key: str) -> str:
    """Return the value of a front matter key, without its quotes."""
    found = re.search(rf"""^ *['"]?{key}['"]?:(?:\n-)? *['"]?([^\n'"]*)""", text, re.MULTILINE)
    assert found is not None, key
    return found[1]


def source_of(stem: str) -> str:
    """Return which source record a copy was made of."""
    rest = re.sub(r"-\d+$", "", stem.split("__", 1)[1])
    return next(name for name in SOURCES if name.endswith(f"__{rest}"))


def test_as_many_records_as_asked_for_in_equal_shares(corpus: dict[str, str]) -> None:
    shares = Counter(source_of(stem) for stem in figures(corpus))
    assert shares == dict.fromkeys(SOURCES, RECORDS // len(SOURCES))


def test_file_stem_figid_and_jsonld_id_are_one(corpus: dict[str, str]) -> None:
    for stem, text in figures(corpus).items():
        assert field(text, "figid") == stem
        assert field(text, "@id") == f"https://pfocr.wikipathways.org/figures/{stem}.html"
        assert stem == f"{field(text, 'pmcid')}__{field(text, 'filename').removesuffix('.jpg')}"


def test_aliases_are_of_the_paper_and_unique(corpus: dict[str, str]) -> None:
    texts = [text for text in figures(corpus).values() if "figid_alias" in text]
    aliases = {field(text, "figid_alias") for text in texts}
    assert len(aliases) == len(texts)
    for text in texts:
        assert field(text, "figid_alias").startswith(field(text, "pmcid") + "__F")
        assert field(text, "redirect_from") == f"/figures/{field(text, 'figid_alias')}"


def test_links_follow_their_paper_and_stale_links_stay(corpus: dict[str, str]) -> None:
    for stem, text in figures(corpus).items():
        paper = "PMC149053" if source_of(stem) == "PMC1001__F1_HTML" else field(text, "pmcid")
        assert f"pmc/articles/{paper}/figure/" in field(text, "figlink")


def test_a_doi_belongs_to_one_paper_and_a_missing_one_stays_missing(
    corpus: dict[str, str],
) -> None:
    papers: dict[str, str] = {}
    for text in figures(corpus).values():
        doi = field(text, "doi") if "\ndoi:" in text else ".na.character"
        if doi != ".na.character":
            assert doi.startswith("10.1371/journal.pone.01-c")
            assert papers.setdefault(doi, field(text, "pmcid")) == field(text, "pmcid")
    assert len(papers) == len(set(papers.values())) > 1


def test_nothing_but_names_is_changed(corpus: dict[str, str]) -> None:
    for stem, text in figures(corpus).items():
        original = SOURCES[source_of(stem)]
        undone = re.sub(r"PMC2\d{7}(?=\D)", source_of(stem).split("__")[0], text)
        undone = re.sub(r"(?<=pone\.01)-c\d+$", "", undone, flags=re.MULTILINE)
        undone = re.sub(r"(?<=g007|HTML|__F1|__F7|.gr1)-\d+", "", undone)
        assert undone == original
        assert "\n  figid: PMC100__pone.01.g007\n" in text or "caption: A" not in text


def test_tables_follow_their_record(corpus: dict[str, str]) -> None:
    expected = {}
    for stem in figures(corpus):
        pmcid, rest = stem.split("__", 1)
        origin, old_rest = source_of(stem).split("__", 1)
        for spelling in {old_rest, old_rest.replace(".", "_")}:
            new = rest.replace(old_rest, spelling)
            for kind in ("genes", "chemicals", "diseases"):
                text = TABLES.get(f"{origin}__{spelling}-{kind}.tsv")
                if text is not None:
                    expected[f"_data/{pmcid}__{new}-{kind}.tsv"] = text
    assert {p: text for p, text in corpus.items() if p.startswith("_data/")} == expected
    assert len(expected) == 4 * RECORDS // len(SOURCES)


def test_some_figures_share_a_paper_of_one_source(corpus: dict[str, str]) -> None:
    papers: dict[str, set[str]] = {}
    for stem in figures(corpus):
        papers.setdefault(stem.split("__")[0], set()).add(source_of(stem))
    assert len(papers) == RECORDS - round(0.15 * RECORDS)
    assert all(len(sources) == 1 for sources in papers.values())


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(
    maker: ModuleType, source: Path, corpus: dict[str, str], tmp_path: Path
) -> None:
    maker.make_corpus(source, tmp_path / "again", records=RECORDS, seed=1)
    maker.make_corpus(source, tmp_path / "other", records=RECORDS, seed=2)
    assert read_all(tmp_path / "again") == corpus
    assert read_all(tmp_path / "other") != corpus


def test_a_record_without_a_pmc_name_is_copied_as_it_is(maker: ModuleType, source: Path, tmp_path: Path) -> None:
    (source / "_figures" / "broken.md").write_bytes(b"---\nfigid: [\xff\n")
    maker.make_corpus(source, tmp_path / "out", records=8)
    copies = list((tmp_path / "out" / "_figures").glob("broken-c*.md"))
    assert [copy.read_bytes() for copy in copies] == [b"---\nfigid: [\xff\n"] * 2


def test_a_folder_that_is_not_empty_is_refused_unless_forced(
    maker: ModuleType,
    source: Path,
    corpus: dict[str, str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "out"
    command = ["--records", "4", "--source", str(source), "--out", str(out)]
    assert maker.main(command) == 2
    assert capsys.readouterr().err == (
        f"make_corpus.py: error: target {str(out)!r} is not empty (--force replaces its records)\n"
    )
    assert read_all(out) == corpus
    assert maker.main([*command, "--force"]) == 0
    assert len(figures(read_all(out))) == 4


@pytest.mark.parametrize(
    ("source_name", "out_name", "message"),
    [
        ("nowhere", "made", "is not a folder"),
        ("source/_data", "made", "no record"),
        ("source", "source/_figures/PMC10__gr1.md", "must not hold each other"),
        ("source", "source", "must not hold each other"),
        ("source", "a_file", "a_file"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    maker: ModuleType,
    source: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    source_name: str,
    out_name: str,
    message: str,
) -> None:
    (tmp_path / "a_file").touch()
    before = read_all(source)
    command = ["--source", str(tmp_path / source_name), "--out", str(tmp_path / out_name)]
    assert maker.main([*command, "--records", "4"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("make_corpus.py: error: ")
    assert message in error
    assert error.count("\n") == 1
    assert read_all(source) == before
