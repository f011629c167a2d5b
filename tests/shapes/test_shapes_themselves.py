"""The shapes are checked themselves: a broken one is refused with a clear text, and a sound one says what it guards."""

from __future__ import annotations

import json
import os
import re
from functools import cache
from pathlib import Path
from typing import Final

import pytest
from typer.testing import CliRunner

import kg
from kg.cli import app
from kg.errors import ShapesError
from kg.shapes import load_shapes
from kg.vocab import BASE as BASE_IRI
from tests.conftest import ROOT
from tests.shapes.cases import BASE as SOUND

PROPERTY_SHAPES: Final = 110
NODE_SHAPES: Final = 20
CLASS_FILES: Final = 17
OTHER_BASE: Final = "https://data.example.net/pfocr/"

_HEAD: Final = """\
@prefix e: <https://example.net/shapes#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
"""
_SOUND: Final = """\
e:Node a sh:NodeShape ; sh:targetClass e:Thing ; sh:property e:name .
e:name a sh:PropertyShape ;
    sh:path rdfs:label ;
    sh:minCount 1 ;
    sh:severity sh:Violation ;
    sh:message "A thing has a name." ;
    rdfs:comment "name." .
"""


def folder(tmp_path: Path, text: str, name: str = "thing.ttl") -> Path:
    """A folder with one file of shapes."""
    (tmp_path / name).write_text(_HEAD + text, "utf-8")
    return tmp_path


def refused(place: Path) -> str:
    """The text with which a folder is refused by the library, which the command repeats with status 3."""
    with pytest.raises(ShapesError) as error:
        load_shapes(place)
    problem = error.value.problem
    assert (problem.severity, problem.code) == ("error", "bad-shapes")
    assert problem.mend, "a person must be told what to do"
    said = CliRunner().invoke(app, ["shapes", "--shapes", str(place)])
    assert (said.exit_code, said.stdout) == (3, "")
    assert said.stderr == problem.text() + "\n"
    assert "Traceback" not in said.output
    return problem.text()


def test_the_sound_folder_of_these_tests_is_sound(tmp_path: Path) -> None:
    (shape,) = load_shapes(folder(tmp_path, _SOUND)).properties.values()
    assert (shape.name, shape.node_shape, shape.severity) == ("name", "Node", "Violation")
    assert (shape.message, shape.comment) == ("A thing has a name.", "name.")
    assert (shape.target, shape.path) == (
        "<https://example.net/shapes#Thing>",
        "<http://www.w3.org/2000/01/rdf-schema#label>",
    )


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("sh:minCount 1", "sh:minCont 1", "sh:minCont"),
        ("sh:minCount 1", "sh:mincount 1", "sh:mincount"),
        ("sh:severity sh:Violation", "sh:severity sh:Error", "sh:Error"),
        ("sh:targetClass", "sh:target_class", "sh:target_class"),
        ("sh:minCount 1", "sh:nodeKind sh:Iri", "sh:Iri"),
        ("a sh:PropertyShape", "a sh:PropertShape", "sh:PropertShape"),
        ("sh:minCount 1", "sh:not [ sh:hasvalue 1 ]", "sh:hasvalue"),
    ],
)
def test_a_misspelt_term_is_refused(tmp_path: Path, right: str, wrong: str, told: str) -> None:
    # Engines skip what they do not know, so the constraint would silently be none.
    assert right in _SOUND
    text = refused(folder(tmp_path, _SOUND.replace(right, wrong)))
    assert re.search(rf"{re.escape(told)}\b", text)
    assert "spelling" in text


@pytest.mark.parametrize(
    ("line", "missing"),
    [
        ("    sh:path rdfs:label ;\n", "path"),
        ("    sh:severity sh:Violation ;\n", "severity"),
        ('    sh:message "A thing has a name." ;\n', "message"),
        ('    rdfs:comment "name." .\n', "comment"),
    ],
)
def test_a_shape_that_does_not_say_enough_is_refused(tmp_path: Path, line: str, missing: str) -> None:
    assert line in _SOUND
    text = refused(folder(tmp_path, _SOUND.replace(line, "    rdfs:label 'name' .\n" if line.endswith(".\n") else "")))
    assert "<https://example.net/shapes#name>" in text
    assert f"has no {missing}" in text


def test_a_shape_whose_message_is_empty_is_refused(tmp_path: Path) -> None:
    assert "has no message" in refused(folder(tmp_path, _SOUND.replace('"A thing has a name."', '""')))


def test_a_property_shape_without_iri_is_refused(tmp_path: Path) -> None:
    blank = _SOUND.replace("sh:property e:name .\ne:name a sh:PropertyShape ;", "sh:property [").replace(
        '"name." .', '"name." ] .'
    )
    text = refused(folder(tmp_path, blank))
    assert "no IRI" in text
    assert "<https://example.net/shapes#Node>" in text


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    assert "there is no property shape" in refused(tmp_path)


def test_a_folder_without_turtle_is_refused(tmp_path: Path) -> None:
    assert "there is no property shape" in refused(folder(tmp_path, _SOUND, "thing.shacl"))


def test_a_file_of_no_shapes_is_refused(tmp_path: Path) -> None:
    assert "there is no property shape" in refused(folder(tmp_path, "e:a e:b e:c .\n"))


def test_broken_turtle_is_refused_with_its_file_and_line(tmp_path: Path) -> None:
    text = refused(folder(tmp_path, _SOUND.replace("sh:minCount 1 ;", "sh:minCount ;")))
    assert "thing.ttl" in text
    # Three lines of prefixes, then the fourth line of the shapes.
    assert re.search(r"\b7\b", text)


def test_shapes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "thing.ttl").write_bytes(b"\xff\xfe\x00")
    assert "UTF-8" in refused(tmp_path)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    text = refused(tmp_path / "nowhere")
    assert str(tmp_path / "nowhere") in text
    assert "No such file" in text


def test_a_file_in_place_of_a_folder_is_refused(tmp_path: Path) -> None:
    place = folder(tmp_path, _SOUND) / "thing.ttl"
    assert "Not a directory" in refused(place)


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is unreadable to root")
def test_an_unreadable_folder_is_refused(tmp_path: Path) -> None:
    place = folder(tmp_path, _SOUND)
    place.chmod(0)
    try:
        assert "Permission denied" in refused(place)
    finally:
        place.chmod(0o700)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thing.ttl").mkdir()  # unreadable to root, too
    assert "Is a directory" in refused(tmp_path)


@pytest.mark.parametrize("engine", ["shacl", "pyshacl"])
def test_a_pattern_that_is_no_regular_expression_is_refused(tmp_path: Path, engine: str) -> None:
    place = folder(tmp_path, _SOUND.replace("sh:minCount 1", 'sh:pattern "("'))
    graph = tmp_path / "graph.nt"
    graph.write_text(
        "<urn:x> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <https://example.net/shapes#Thing> .\n"
        '<urn:x> <http://www.w3.org/2000/01/rdf-schema#label> "x" .\n',
        "utf-8",
    )
    said = CliRunner().invoke(app, ["check", str(graph), "--shapes", str(place), "--engine", engine])
    assert said.exit_code == 3, said.output
    assert "error[bad-shapes]" in said.stderr


# --- the shapes that ship -------------------------------------------------------------------------------


@cache
def texts() -> tuple[str, ...]:
    """The files of shapes."""
    return tuple(file.read_text("utf-8") for file in sorted((ROOT / "shapes").glob("*.ttl")))


def names_in_files() -> list[str]:
    """Names of the property shapes, found in the text itself."""
    return re.findall(r"^pfosh:(\S+) a sh:PropertyShape ;$", "".join(texts()), re.MULTILINE)


def test_the_listing_names_every_shape_of_the_files() -> None:
    names = names_in_files()
    assert len(names) == len(set(names)) == PROPERTY_SHAPES
    said = CliRunner().invoke(app, ["shapes"])
    assert said.exit_code == 0
    listed = re.findall(r"^  (\S+) +(Violation|Warning|Info) +(\S.*)\n +guards (\S.*)$", said.stdout, re.MULTILINE)
    assert sorted(name for name, *_ in listed) == sorted(names)
    for name, severity, message, comment in listed:
        shape = next(shape for shape in load_shapes().properties.values() if shape.name == name)
        assert (severity, message, comment) == (shape.severity, shape.message, shape.comment)


def test_the_listing_as_json_says_the_same() -> None:
    said = CliRunner().invoke(app, ["shapes", "--format", "json"])
    assert said.exit_code == 0
    rows = json.loads(said.stdout)
    assert sorted(row["name"] for row in rows) == sorted(names_in_files())
    for row in rows:
        assert set(row) == {"name", "node_shape", "target", "path", "severity", "message", "comment"}
        assert all(row.values())


def test_every_property_shape_is_used_by_one_node_shape_of_its_file() -> None:
    # A property shape that no node shape names is never looked at.
    assert len(texts()) == CLASS_FILES
    for text in texts():
        lists = re.findall(r"sh:property (pfosh:.*?) \.$", text, re.MULTILINE | re.DOTALL)
        used = [name for names in lists for name in re.findall(r"pfosh:([\w-]+)", names)]
        assert sorted(used) == sorted(re.findall(r"^pfosh:(\S+) a sh:PropertyShape ;$", text, re.MULTILINE))
        assert len(lists) == text.count(" a sh:NodeShape ;") == text.count("sh:targetClass ")


def test_every_message_is_a_sentence() -> None:
    messages = re.findall(r'^\s+sh:message "((?:[^"\\]|\\.)*)"', "".join(texts()), re.MULTILINE)
    assert len(messages) == PROPERTY_SHAPES + NODE_SHAPES
    for message in messages:
        assert message.endswith("."), message
        assert message[0].isupper(), message
        assert len(message.split()) >= 4, message


_COLUMNS: Final = (
    "word match name mesh chebi doid identifier source ncbigene_id ncbigene_symbol organism_id organism_name "
    "organism_group count_direct count_synonym count_match"
)
_FIELDS: Final = (
    "figid figtitle caption organisms organisms_ner pmcid filename figlink number papertitle reftext year doi "
    "journal_title journal_nlm_ta publisher_name keywords automl_pathway pathway_score annotations figid_alias figtype "
    "ndex wpid schema-jsonld entrez hgnc_symbol"
)
_NO_FIELD: Final = {
    "lexicon-scheme-title": "Set by the export.",
    "keyword-lexicon-class": "Set by the export.",
    "dataset-title": "Set by the export.",
    "dataset-triples": "Counted by the export.",
    "dataset-license": "The records are CC0.",
    "dataset-activity": "Tool version and options.",
}
"""Comments of shapes that guard what no record says."""


def test_every_comment_names_the_field_that_its_shape_guards() -> None:
    # Columns and fields as VARIANTS.md lists them; else an option, NCBI's file, or what the export counts.
    known = {*_COLUMNS.split(), *_FIELDS.split()}
    assert len(known) == 43
    elsewhere = re.compile(r"^--[a-z]|PMC-ids file|^Counted by the export over all its records|^Identical rows of the ")
    silent = {}
    for shape in load_shapes().properties.values():
        words = {word.strip(".,;()\"'").partition(".")[0] for word in shape.comment.split()}
        if not words & known and not elsewhere.search(shape.comment):
            silent[shape.name] = shape.comment
    assert silent == _NO_FIELD


def test_property_shapes_are_rebased_with_the_graph() -> None:
    own, other = load_shapes(), load_shapes(base=OTHER_BASE)
    assert len(other.properties) == PROPERTY_SHAPES
    assert BASE_IRI not in other.ntriples
    assert other.ntriples.count(OTHER_BASE) == own.ntriples.count(BASE_IRI) > 0
    assert {shape.name for shape in other.properties.values()} == {shape.name for shape in own.properties.values()}


def test_a_graph_under_another_base_is_checked_with_shapes_of_that_base(tmp_path: Path) -> None:
    sound = tmp_path / "sound.nt"
    sound.write_text("\n".join(sorted(SOUND)).replace(BASE_IRI, OTHER_BASE), "utf-8")
    assert kg.check_graph(sound, base=OTHER_BASE).conforms
    with_default = kg.check_graph(sound)
    assert with_default.checked < kg.check_graph(sound, base=OTHER_BASE).checked
    broken = tmp_path / "broken.nt"
    kept = [line for line in sorted(SOUND) if "P351" not in line]
    broken.write_text("\n".join(kept).replace(BASE_IRI, OTHER_BASE), "utf-8")
    results = kg.check_graph(broken, base=OTHER_BASE).results
    assert {result.shape for result in results} == {f"<{OTHER_BASE}shapes#gene-entrez>"}
    said = CliRunner().invoke(app, ["check", str(broken), "--base", OTHER_BASE])
    assert said.exit_code == 1
    assert "violation[gene-entrez]" in said.stdout
