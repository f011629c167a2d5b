"""`kg export`: formats, places, options, what it says and where."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import pty
import re
import subprocess
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final

import pyoxigraph as ox
import pytest
import zstandard

import kg
from tests.conftest import SEEDS
from tests.small import chemicals, environment, genes, good, kg_command, kg_process, kg_run, record, write

FORMATS: Final = {
    "ttl": ox.RdfFormat.TURTLE,
    "nt": ox.RdfFormat.N_TRIPLES,
    "nq": ox.RdfFormat.N_QUADS,
    "trig": ox.RdfFormat.TRIG,
    "jsonld": ox.RdfFormat.JSON_LD,
}
PFO: Final = "https://w3id.org/pfocr-kg/vocab#"
FIGURE: Final = "https://pfocr.wikipathways.org/figures/PMC9900001__f1.html"
PAPER: Final = "https://identifiers.org/pmc/PMC9900001"
LAYERS: Final = ("core", "genes", "links", "meta")


def unpacked(data: bytes, compression: str) -> bytes:
    """The bytes of a packed file."""
    if compression == "gz":
        return gzip.decompress(data)
    return zstandard.ZstdDecompressor().stream_reader(data).read() if compression == "zst" else data


def triples(path: Path) -> set[str]:
    """The triples of a plain file as N-Triples lines, graph names left out."""
    form = FORMATS[path.name.split(".")[1]]
    return {str(quad.triple) for quad in ox.parse(path.read_bytes(), format=form)}


def undescribed(lines: set[str]) -> set[str]:
    """The triples without those of the description, which differ by format."""
    return {line for line in lines if "/dataset/" not in line and "/graph/" not in line}


def about_records(path: Path) -> set[str]:
    """The same without the description of the graph itself, which tells of the export's options."""
    return {line for line in triples(path) if "/dataset/" not in line and "/graph/" not in line}


def objects(path: Path, subject: str, predicate: str) -> list[str]:
    """The objects of a subject and predicate in a Turtle file, as N-Triples terms."""
    store = ox.Store()
    store.load(path=path, format=ox.RdfFormat.TURTLE)
    found = store.quads_for_pattern(ox.NamedNode(subject), ox.NamedNode(predicate), None)
    return sorted(str(quad.object) for quad in found)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Three good records with gene tables."""
    return good(tmp_path / "in")


# --- formats and places ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", FORMATS)
def test_format_by_suffix(suffix: str, source: Path, tmp_path: Path) -> None:
    """Each suffix gives its format; packed files hold the same bytes; the same triples are in all formats."""
    assert len(FORMATS) == 5
    for packing in ("", ".gz", ".zst"):
        result = kg_run("export", source, "-o", tmp_path / f"g.{suffix}{packing}")
        assert (result.exit_code, result.stdout) == (0, "")
    plain = (tmp_path / f"g.{suffix}").read_bytes()
    for packing in ("gz", "zst"):
        assert unpacked((tmp_path / f"g.{suffix}.{packing}").read_bytes(), packing) == plain
    kg.export(source, tmp_path / "other.nt", check=False)
    other = undescribed(triples(tmp_path / "other.nt"))
    assert undescribed(triples(tmp_path / f"g.{suffix}")) == other
    assert len(other) > 150


OPTIONS: Final = {
    "ttl": "ttl", "turtle": "ttl", ".ttl": "ttl", "TTL": "ttl", "nt": "nt", "ntriples": "nt", "nq": "nq",
    "nquads": "nq", "trig": "trig", "jsonld": "jsonld", "json": "jsonld", "nt.gz": "nt.gz", "turtle.zst": "ttl.zst",
}  # fmt: skip


@pytest.mark.parametrize("form", OPTIONS)
def test_format_by_option(form: str, source: Path, tmp_path: Path) -> None:
    """`--format` says what a suffix would, and wins over it."""
    assert len(OPTIONS) == 13
    kg_run("export", source, "-o", tmp_path / f"by.{OPTIONS[form]}", "--no-check")
    # The name has a suffix that tells another format, or none that is known.
    for name in ("out.nt", "out.graph"):
        result = kg_run("export", source, "-o", tmp_path / name, "--format", form, "--no-check")
        assert result.exit_code == 0, result.stderr
        assert (tmp_path / name).read_bytes() == (tmp_path / f"by.{OPTIONS[form]}").read_bytes()


def test_compression_of_the_name_with_a_plain_format(source: Path, tmp_path: Path) -> None:
    """`-o g.gz --format nt` is packed, as its name says."""
    assert kg_run("export", source, "-o", tmp_path / "g.gz", "-f", "nt").exit_code == 0
    kg.export(source, tmp_path / "g.nt")
    assert gzip.decompress((tmp_path / "g.gz").read_bytes()) == (tmp_path / "g.nt").read_bytes()


@pytest.mark.parametrize(
    ("form", "suffix"), [(None, "ttl"), ("nt.gz", "nt.gz"), ("jsonld", "jsonld"), ("trig.zst", "trig.zst")]
)
def test_folder(form: str | None, suffix: str, source: Path, tmp_path: Path) -> None:
    """A name without suffix becomes a folder with one file a layer, and no other file beside it."""
    options = ["--format", form] if form else []
    suffix = form or "ttl"
    result = kg_run("export", source, "-o", tmp_path / "layers", *options)
    assert result.exit_code == 0
    assert sorted(path.name for path in (tmp_path / "layers").iterdir()) == [f"{layer}.{suffix}" for layer in LAYERS]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "layers"]
    for layer in LAYERS:
        assert f"{layer}.{suffix} (" in result.stderr


def test_layers_together_are_the_graph(source: Path, tmp_path: Path) -> None:
    """The layers share no triple, and together they are the graph of one file, but for the description."""
    kg.export(source, tmp_path / "layers")
    kg.export(source, tmp_path / "g.ttl")
    parts = {layer: triples(tmp_path / "layers" / f"{layer}.ttl") for layer in LAYERS}
    assert sum(map(len, parts.values())) == len(set().union(*parts.values()))
    assert set().union(*(parts[layer] for layer in LAYERS[:3])) < triples(tmp_path / "g.ttl")
    assert any("oa#hasBody" in line for line in parts["genes"])
    assert any("P932" in line for line in parts["core"])
    assert any("NCBITaxon_9606" in line for line in parts["links"])


def test_folder_takes_the_place_of_an_older_one(source: Path, tmp_path: Path) -> None:
    """No layer of an older export stays, nor one in another format."""
    write(source, {"_data/PMC9900001__f1-chemicals.tsv": chemicals()})
    kg.export(source, tmp_path / "layers", form="nt")
    assert (tmp_path / "layers" / "chemicals.nt").exists()
    (source / "_data" / "PMC9900001__f1-chemicals.tsv").unlink()
    kg.export(source, tmp_path / "layers")
    assert sorted(path.name for path in (tmp_path / "layers").iterdir()) == [f"{layer}.ttl" for layer in LAYERS]


def test_default_output(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without `-o` the graph is `pfocr.ttl` in the working folder, with its description beside it."""
    monkeypatch.chdir(tmp_path)
    assert kg_run("export", source).exit_code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "pfocr.ttl", "pfocr.void.ttl"]


def test_output_replaces_an_older_one(source: Path, tmp_path: Path) -> None:
    """A second export to one name leaves only the second."""
    output = tmp_path / "g.ttl"
    output.write_text("older")
    kg.export(source, output)
    first = output.read_bytes()
    assert b"older" not in first
    kg.export(source / "_figures" / "PMC9900001__f1.md", output)
    assert len(output.read_bytes()) < len(first)


# --- what it says ------------------------------------------------------------------------------------------------


def table(text: str) -> dict[str, str]:
    """The table at the end of a run: value by label."""
    pairs = (re.split(r" {2,}", line.rstrip(), maxsplit=1) for line in text.splitlines())
    return {pair[0]: pair[1] for pair in pairs if len(pair) == 2 and pair[0] and not pair[0].startswith("wrote")}


def number(text: str) -> int:
    """A number as the table writes it."""
    return int(text.split(" ", maxsplit=1)[0].replace(",", ""))


def compare(shown: Mapping[str, str], told: Mapping[str, Any]) -> None:
    """The table and the JSON report say the same."""
    for label in ("papers", "genes", "chemicals", "diseases", "triples"):
        assert number(shown[label]) == told[label], label
    assert shown["figures"] == f"{told['figures']:,} of {told['records']:,} records"
    assert number(shown["mentions"]) == sum(told["mentions"].values())
    assert number(shown.get("from keywords", "0")) == sum(told["grounded"].values())
    assert {
        label.removeprefix("repair "): number(n) for label, n in shown.items() if label.startswith("repair ")
    } == told["repairs"]
    counted = {
        label.split(" ")[1]: number(n) for label, n in shown.items() if re.match("(?:error|warning|note) ", label)
    }
    assert counted == told["problem_counts"]
    assert number(shown["left out"]) == sum(told["left_out"].values())


def test_report_says_what_the_table_says(source: Path, tmp_path: Path) -> None:
    """Every number of the table stands in the report; counts are those of the records, made by hand."""
    write(
        source,
        {
            "_figures/PMC9900002__f2.md": record("PMC9900002__f2", {"year": "'24'", "number": "F2"}),
            "_figures/PMC9900004__bad.md": record("PMC9900004__bad", {"year": "[1]"}),
            "_figures/PMC9900005__out.md": record("PMC9900005__out", {"number": "REJECT"}),
            "_figures/PMC9900006__f1.md": record("PMC9900006__f1").replace("  - JAK2\n", "  - Nonesuch\n  - JAK2\n"),
            "_data/PMC9900002__f2-genes.tsv": genes(
                {}, {}, {"ncbigene_id": "NaN", "word": "x"}, {"ncbigene_id": "7157", "ncbigene_symbol": "TP53"}
            ),
            "_data/PMC9900002__f2-chemicals.tsv": chemicals({}, {"word": "adenosine triphosphate"}),
        },
    )
    result = kg_run("export", source, "-o", tmp_path / "g.ttl", "--report", tmp_path / "r.json")
    told = json.loads((tmp_path / "r.json").read_text("utf-8"))
    compare(table(result.stderr), told)
    assert {key: told[key] for key in ("records", "figures", "papers", "genes", "chemicals", "diseases", "taxa")} == {
        "records": 7, "figures": 5, "papers": 4, "genes": 2, "chemicals": 1, "diseases": 0, "taxa": 1,
    }  # fmt: skip
    # Three tables of one row; one of four rows, of which two are the same; one keyword of two.
    assert told["mentions"] == {"chemical": 2, "gene": 7}
    assert told["grounded"] == {"gene": 1}
    assert told["problem_counts"] == {
        "bad-field-type": 1, "bad-year": 1, "keyword-unknown": 1, "rejected-figure": 1, "repeated-row": 1,
        "row-without-id": 1,
    }  # fmt: skip
    assert told["left_out"] == {"bad-field-type": 1, "rejected-figure": 1}
    assert told["triples"] == len(triples(tmp_path / "g.ttl"))
    for file in told["files"]:
        data = (tmp_path / file["name"]).read_bytes()
        assert (file["size"], file["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())
    assert [file["name"] for file in told["files"]] == ["g.ttl", "g.void.ttl"]
    problems = {(p["severity"], p["code"], p.get("figid")) for p in told["problems"]}
    assert problems == {
        ("error", "bad-field-type", "PMC9900004__bad"),
        ("note", "keyword-unknown", "PMC9900006__f1"),
        ("note", "rejected-figure", "PMC9900005__out"),
        ("warning", "bad-year", "PMC9900002__f2"),
    }
    assert all(p["what"] and p["path"] for p in told["problems"])
    # A keyword without a link is no fault: it has its position in the list, which costs no second look at the record.
    faults = [p for p in told["problems"] if p["code"] != "keyword-unknown"]
    assert all(p["mend"] and p["line"] and p["column"] for p in faults)


def test_report_of_the_corpus_says_what_the_table_says(corpus: Path, tmp_path: Path) -> None:
    """The same on real records, where notes and repairs of every kind are met."""
    result = kg_run("export", corpus, "-o", tmp_path / "g.nt.zst", "--report", tmp_path / "r.json", "--no-check")
    compare(table(result.stderr), json.loads((tmp_path / "r.json").read_text("utf-8")))


def test_quiet_when_piped(source: Path, tmp_path: Path) -> None:
    """Nothing on stdout; on stderr the table, without a bar, colour or cursor movement."""
    done = kg_process("export", source, "-o", tmp_path / "g.ttl")
    assert (done.returncode, done.stdout) == (0, "")
    assert "\x1b" not in done.stderr
    assert "\r" not in done.stderr
    assert not re.search(r"[━╸]|\d+/\d+|0:00:", done.stderr)
    assert "3 of 3 records" in done.stderr


def read_terminal(leader: int) -> str:
    """All that a program wrote to a pseudo-terminal, without colours and cursor movements."""
    data = b""
    while True:
        try:
            piece = os.read(leader, 1 << 16)
        except OSError:  # Linux's way to say that the program is gone
            break
        if not piece:
            break
        data += piece
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", data.decode("utf-8", "replace"))


def test_progress_bar_on_a_terminal(tmp_path: Path) -> None:
    """Records done and all, figures a second, and the time left."""
    source = tmp_path / "in"
    for count in range(2000):
        figid = f"PMC{5_000_000 + count}__f1"
        write(source, {f"{figid}.md": record(figid), f"{figid}-genes.tsv": genes()})
    leader, follower = pty.openpty()
    terminal = {**environment(), "TERM": "xterm-256color", "COLUMNS": "120", "LINES": "40"}
    terminal = {key: value for key, value in terminal.items() if key not in ("NO_COLOR", "FORCE_COLOR", "CI")}
    with subprocess.Popen(
        kg_command("export", source, "-o", tmp_path / "g.nt"), stdout=subprocess.PIPE, stderr=follower, env=terminal
    ) as process:
        os.close(follower)
        shown = read_terminal(leader)
        os.close(leader)
        assert process.stdout is not None
        assert process.stdout.read() == b""
    assert process.returncode == 0
    assert re.search(r"records +[━╸ ]+", shown)
    done = [int(found) for found in re.findall(r"(\d+)/2000 ", shown)]
    assert any(0 < number < 2000 for number in done), "the bar did not move before the end"
    assert done == sorted(done)
    assert re.search(r"[1-9][0-9,]* figures/s", shown)
    assert re.search(r"left +0:00:\d\d", shown)
    assert "2,000 of 2,000 records" in shown


# --- options -----------------------------------------------------------------------------------------------------


def test_no_check(tmp_path: Path) -> None:
    """Without the check a score beyond 1 is not noticed; the graph is the same but for the option that it names."""
    source = write(tmp_path / "in", {"a.md": record(fields={"automl_pathway": "1.5"})})
    checked = kg_run("export", source, "-o", tmp_path / "a.ttl")
    unchecked = kg_run("export", source, "-o", tmp_path / "b.ttl", "--no-check")
    assert (checked.exit_code, unchecked.exit_code) == (0, 0)
    assert "warning[figure-score-range]" in checked.stderr
    assert "warning" not in unchecked.stderr
    added = triples(tmp_path / "b.ttl") - triples(tmp_path / "a.ttl")
    assert any("--no-check" in line for line in added)
    assert undescribed(added) == set()


def test_reference_engine(tmp_path: Path) -> None:
    """`--engine pyshacl` finds the same and writes the same bytes."""
    files = {"a.md": record(fields={"automl_pathway": "1.5", "papertitle": "''"}), "a-genes.tsv": genes()}
    files["b.md"] = record("PMC9900002__f1").replace("    '@type': Organization\n    name: WikiPathways\n", "    x\n")
    source = write(tmp_path / "in", files)
    results = {}
    for engine in ("shacl", "pyshacl"):
        result = kg_run("export", source, "-o", tmp_path / f"{engine}.ttl", "--engine", engine)
        assert result.exit_code == 1
        results[engine] = re.findall(r"^.*(?:error|warning)\[.*$", result.stderr, re.MULTILINE)
    assert results["shacl"] == results["pyshacl"]
    assert sorted(re.findall(r"\[([a-z-]+)\]", "\n".join(results["shacl"]))) == [
        "figure-creator", "figure-score-range", "paper-title-missing",
    ]  # fmt: skip
    assert (tmp_path / "shacl.ttl").read_bytes() == (tmp_path / "pyshacl.ttl").read_bytes()


def test_base(source: Path, tmp_path: Path) -> None:
    """Every own term hangs on the base, none on the usual one, and the check knows it."""
    base = "https://example.net/kg/"
    result = kg_run("export", source, "-o", tmp_path / "g.ttl", "--base", base, "--vocabulary")
    assert result.exit_code == 0
    text = (tmp_path / "g.ttl").read_text("utf-8")
    assert "w3id.org/pfocr-kg" not in text
    assert f"@prefix pfo: <{base}vocab#> ." in text
    assert objects(tmp_path / "g.ttl", FIGURE, f"{base}vocab#figureNumber") == ['"F1"']
    assert kg_run("check", tmp_path / "g.ttl", "--base", base).exit_code == 0
    kg.export(source, tmp_path / "usual.ttl")
    kg.export(source, tmp_path / "based.ttl", base=base)
    usual = {line.replace("https://w3id.org/pfocr-kg/", base) for line in about_records(tmp_path / "usual.ttl")}
    assert usual == about_records(tmp_path / "based.ttl")


def test_image_url(source: Path, tmp_path: Path) -> None:
    """The template is filled with the paper's id and the file name, percent-encoded where need be."""
    write(source, {"_figures/PMC9900009__f1.md": record("PMC9900009__f1", {"filename": "a b#1.jpg"})})
    template = "https://example.net/{pmcid}/i/{filename}?w=1"
    assert kg_run("export", source, "-o", tmp_path / "g.ttl", "--image-url", template).exit_code == 0
    depiction = "http://xmlns.com/foaf/0.1/depiction"
    assert objects(tmp_path / "g.ttl", FIGURE, depiction) == ["<https://example.net/PMC9900001/i/f1.jpg?w=1>"]
    odd = FIGURE.replace("PMC9900001", "PMC9900009")
    assert objects(tmp_path / "g.ttl", odd, depiction) == ["<https://example.net/PMC9900009/i/a%20b%231.jpg?w=1>"]


def test_release_and_issued(source: Path, tmp_path: Path) -> None:
    """The dataset's IRI ends in the release, and its date is the one given."""
    result = kg_run("export", source, "-o", tmp_path / "g.ttl", "--release", "2025.1", "--issued", "2025-02-03")
    assert result.exit_code == 0
    dataset = "https://w3id.org/pfocr-kg/dataset/2025.1"
    assert objects(tmp_path / "g.ttl", dataset, "http://purl.org/pav/version") == ['"2025.1"']
    issued = '"2025-02-03"^^<http://www.w3.org/2001/XMLSchema#date>'
    assert objects(tmp_path / "g.ttl", dataset, "http://purl.org/dc/terms/issued") == [issued]


def test_no_date_is_made_up(source: Path, tmp_path: Path) -> None:
    """Without a date or a commit there is none, so that the same input gives the same bytes tomorrow."""
    kg.export(source, tmp_path / "g.ttl")
    text = (tmp_path / "g.ttl").read_text("utf-8") + (tmp_path / "g.void.ttl").read_text("utf-8")
    assert "dcterms:issued" not in text
    assert date.today().isoformat() not in text  # noqa: DTZ011 (any clock would do)


def test_source_iri(source: Path, tmp_path: Path) -> None:
    """The database that the records come from is named as asked."""
    kg_run("export", source, "-o", tmp_path / "g.ttl", "--source-iri", "https://example.net/db", "--release", "1")
    derived = "http://www.w3.org/ns/prov#wasDerivedFrom"
    assert objects(tmp_path / "g.ttl", "https://w3id.org/pfocr-kg/dataset/1", derived) == ["<https://example.net/db>"]


def test_no_repair(source: Path, tmp_path: Path) -> None:
    """The verbatim expansion: the constant name stays, which the check tells of; still no relative or `file:` IRI."""
    result = kg_run("export", source, "-o", tmp_path / "g.ttl", "--no-repair")
    assert result.exit_code == 0
    assert "warning[figure-name-constant]" in result.stderr
    assert '"CreativeWork"' in objects(tmp_path / "g.ttl", FIGURE, "http://schema.org/name")
    store = ox.Store()
    store.load(path=tmp_path / "g.ttl", format=ox.RdfFormat.TURTLE)
    terms = {term for quad in store for term in (quad.subject, quad.predicate, quad.object)}
    assert not any(isinstance(term, ox.BlankNode) for term in terms)
    assert all(re.match("https?://", term.value) for term in terms if isinstance(term, ox.NamedNode))


def own_terms(text: str) -> set[str]:
    """The terms of the project's vocabulary in a Turtle text."""
    return set(re.findall(r"\bpfo:([A-Za-z]+)", text)) | set(re.findall(rf"<{PFO}([A-Za-z]+)>", text))


def test_vocabulary_option(source: Path, tmp_path: Path) -> None:
    """With `--vocabulary` each own term is described in the graph itself, and the whole passes the check."""
    assert kg_run("export", source, "-o", tmp_path / "g.ttl", "--vocabulary").exit_code == 0
    assert kg_run("check", tmp_path / "g.ttl").exit_code == 0
    used = own_terms((tmp_path / "g.ttl").read_text("utf-8"))
    assert {"PathwayFigure", "GeneMention", "figureCount", "options"} <= used
    for term in used:
        assert objects(tmp_path / "g.ttl", PFO + term, "http://www.w3.org/2000/01/rdf-schema#label"), term
    kg.export(source, tmp_path / "without.ttl")
    assert not objects(tmp_path / "without.ttl", f"{PFO}PathwayFigure", "http://www.w3.org/2000/01/rdf-schema#label")


def test_data(source: Path, tmp_path: Path) -> None:
    """Tables under `--data` come first, in the order given; what they lack is found in the usual place."""
    name = "PMC9900001__f1-genes.tsv"
    for folder, ident in (("one", "7157"), ("two", "7422")):
        write(tmp_path / folder, {name: genes({"ncbigene_id": ident})})
    mentions = "http://schema.org/mentions"
    for order, ident in ((("one", "two"), "7157"), (("two", "one"), "7422")):
        options = [word for folder in order for word in ("--data", tmp_path / folder)]
        assert kg_run("export", source, "-o", tmp_path / "g.ttl", *options).exit_code == 0
        assert objects(tmp_path / "g.ttl", FIGURE, mentions) == [f"<https://identifiers.org/ncbigene/{ident}>"]
        other = FIGURE.replace("PMC9900001", "PMC9900002")
        assert objects(tmp_path / "g.ttl", other, mentions) == ["<https://identifiers.org/ncbigene/3717>"]


def test_several_sources(source: Path, tmp_path: Path) -> None:
    """Records of several sources in one graph; which is named first makes no difference."""
    other = write(tmp_path / "other", {"x.md": record("PMC9800001__f1"), "x-genes.tsv": genes({"ncbigene_id": "7157"})})
    one = kg_run("export", source, other, "-o", tmp_path / "one.ttl", "--report", tmp_path / "r.json")
    two = kg_run("export", other / "x.md", source, "-o", tmp_path / "two.ttl")
    assert (one.exit_code, two.exit_code) == (0, 0)
    assert json.loads((tmp_path / "r.json").read_text("utf-8"))["figures"] == 4
    assert (tmp_path / "one.ttl").read_bytes() == (tmp_path / "two.ttl").read_bytes()


def test_one_source_named_twice(source: Path, tmp_path: Path) -> None:
    """Records that come twice, word for word, are counted and change nothing."""
    twice = kg_run("export", source, source / "_figures", "-o", tmp_path / "twice.ttl")
    assert twice.exit_code == 0
    assert "note[duplicate-figure]" in twice.stderr
    kg.export(source, tmp_path / "once.ttl")
    assert (tmp_path / "twice.ttl").read_bytes() == (tmp_path / "once.ttl").read_bytes()


def test_pmc_ids(source: Path, tmp_path: Path) -> None:
    """`--pmc-ids` adds PMIDs, and names the file as a source of the graph."""
    (tmp_path / "ids.csv").write_text("PMCID,PMID,DOI\nPMC9900001,123,10.1/x\n")
    assert kg_run("export", source, "-o", tmp_path / "g.ttl", "--pmc-ids", tmp_path / "ids.csv").exit_code == 0
    assert objects(tmp_path / "g.ttl", PAPER, "http://purl.org/spar/fabio/hasPubMedId") == ['"123"']
    assert "https://ftp.ncbi.nlm.nih.gov/pub/pmc/PMC-ids.csv.gz" in (tmp_path / "g.ttl").read_text("utf-8")


def test_seeds_by_command_and_library(tmp_path: Path, seed_graph: Path) -> None:
    """The command in a process of its own writes the bytes that the library writes."""
    done = kg_process("export", SEEDS, "-o", tmp_path / "g.ttl", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "")
    assert (tmp_path / "g.ttl").read_bytes() == seed_graph.read_bytes()
