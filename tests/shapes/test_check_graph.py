"""`kg check`: any RDF file, in any of its forms, against the shapes, and the report in three forms."""

from __future__ import annotations

import gzip
import json
import socket
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pyoxigraph as ox
import pytest
import rdflib
import zstandard
from rdflib import RDF, SH
from typer.testing import CliRunner
from typer.testing import Result as Said

import kg
from kg.check import ENGINES, Result
from kg.cli import app
from kg.errors import SourceError, UsageError
from kg.vocab import Term
from tests.conftest import SEEDS
from tests.shapes.cases import BASE, BASE_TEXT, CASES, damaged

TRIPLES: Final = len(BASE)
BY_SHAPE: Final = {
    "FigureShape": 2, "ImageShape": 2, "AgentShape": 1, "PaperShape": 2, "JournalShape": 2, "PublisherShape": 2,
    "GeneMentionShape": 2, "ChemicalMentionShape": 1, "DiseaseMentionShape": 1, "OrganismEvidenceShape": 1,
    "KeywordMentionShape": 1, "KeywordLexiconShape": 2,
    "GeneShape": 2, "ChemicalShape": 2, "DiseaseShape": 2, "TaxonShape": 2,
    "LexiconShape": 4, "LexiconSchemeShape": 2, "DatasetShape": 2, "ReleaseShape": 1,
}  # fmt: skip
"""Nodes of `base.ttl` by the shape of their class, counted by hand; those of two classes count twice."""
FOCUS_NODES: Final = sum(BY_SHAPE.values())

# A damage of each severity, far from each other.
_CHOSEN: Final = tuple(
    next(case for case in CASES if case.shape == name)
    for name in ("gene-entrez", "paper-title-missing", "gene-symbol-missing", "figure-number")
)
BAD: Final = damaged(*_CHOSEN)
_SERIALIZED: Final = {
    ".ttl": ox.RdfFormat.TURTLE,
    ".turtle": ox.RdfFormat.TURTLE,
    ".nt": ox.RdfFormat.N_TRIPLES,
    ".nq": ox.RdfFormat.N_QUADS,
    ".trig": ox.RdfFormat.TRIG,
    ".n3": ox.RdfFormat.N3,
    ".rdf": ox.RdfFormat.RDF_XML,
    ".xml": ox.RdfFormat.RDF_XML,
    ".owl": ox.RdfFormat.RDF_XML,
    ".jsonld": ox.RdfFormat.JSON_LD,
    ".json": ox.RdfFormat.JSON_LD,
}
_PACK: Final[dict[str, Callable[[bytes], bytes]]] = {
    "": lambda data: data,
    ".gz": gzip.compress,
    ".zst": lambda data: zstandard.ZstdCompressor().compress(data),
}


def serialized(ntriples: str, suffix: str, *, graph: str = "") -> bytes:
    """A graph in another form; in one named graph where the form has graphs and a name is given."""
    form = _SERIALIZED[suffix]
    triples = [quad.triple for quad in ox.parse(ntriples, format=ox.RdfFormat.N_TRIPLES)]
    name = ox.NamedNode(graph) if graph else ox.DefaultGraph()
    data = ox.serialize(
        [ox.Quad(t.subject, t.predicate, t.object, name) for t in triples] if form.supports_datasets else triples,
        format=form,
    )
    assert data
    return data


def run(*arguments: object) -> Said:
    said = CliRunner().invoke(app, ["check", *(str(argument) for argument in arguments)])
    assert "Traceback" not in said.output
    assert said.exception is None or isinstance(said.exception, SystemExit), said.exception
    return said


def write(path: Path, data: bytes | str) -> Path:
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> list[Result]:
    """What the bad graph must be told, in whichever form it comes."""
    path = write(tmp_path_factory.mktemp("bad") / "bad.nt", BAD)
    results = list(kg.check_graph(path).results)
    found = {(result.shape.rpartition("#")[2].rstrip(">"), result.severity) for result in results}
    assert found == {
        ("gene-entrez", "Violation"),
        ("figure-number", "Violation"),
        ("paper-title-missing", "Warning"),
        ("gene-symbol-missing", "Info"),
    }
    return results


# --- forms of a graph -------------------------------------------------------------------------------------


@pytest.mark.parametrize("packing", list(_PACK))
@pytest.mark.parametrize("suffix", list(_SERIALIZED))
def test_every_form_is_read(suffix: str, packing: str, tmp_path: Path, expected: list[Result]) -> None:
    good = write(tmp_path / f"good{suffix}{packing}", _PACK[packing](serialized("\n".join(BASE), suffix)))
    bad = write(tmp_path / f"bad.of.2026{suffix}{packing}".upper(), _PACK[packing](serialized(BAD, suffix)))
    report = kg.check_graph(good)
    assert (report.conforms, report.results, report.triples, report.checked) == (True, [], TRIPLES, FOCUS_NODES)
    report = kg.check_graph(str(bad))
    assert not report.conforms
    assert report.results == expected
    assert [result.severity for result in report.violations] == ["Violation"] * 2


def test_turtle_as_people_write_it_is_read(tmp_path: Path) -> None:
    report = kg.check_graph(write(tmp_path / "base.ttl", BASE_TEXT))
    assert (report.conforms, report.triples, report.checked) == (True, TRIPLES, FOCUS_NODES)


@pytest.mark.parametrize("suffix", [".nq", ".trig"])
def test_named_graphs_are_checked_as_one(suffix: str, tmp_path: Path, expected: list[Result]) -> None:
    path = write(tmp_path / f"bad{suffix}", serialized(BAD, suffix, graph="https://w3id.org/pfocr-kg/graph/core"))
    assert kg.check_graph(path).results == expected


@pytest.mark.parametrize("suffix", [".nq", ".trig"])
def test_a_triple_in_two_graphs_counts_once(suffix: str, tmp_path: Path) -> None:
    data = b"".join(serialized("\n".join(BASE), suffix, graph=f"https://example.net/{name}") for name in "ab")
    report = kg.check_graph(write(tmp_path / f"twice{suffix}", data))
    assert report.results == []
    assert (report.triples, report.checked) == (TRIPLES, FOCUS_NODES)


def test_a_class_in_the_text_of_a_literal_is_no_focus_node(tmp_path: Path) -> None:
    line = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <https://w3id.org/pfocr-kg/vocab#Gene> ."
    path = write(tmp_path / "caption.nt", f'<https://example.net/f> <http://schema.org/description> "a {line} b" .\n')
    report = kg.check_graph(path)
    assert (report.triples, report.checked) == (1, 0)


@pytest.mark.parametrize("suffix", [".ttl", ".nt"])
def test_a_folder_of_layers_is_checked_as_one_graph(suffix: str, tmp_path: Path, expected: list[Result]) -> None:
    lines = BAD.splitlines()
    for number in range(3):
        part = "\n".join(lines[number::3]) + "\n"
        write(tmp_path / f"layer{number}{suffix}{'.gz' if number == 1 else ''}", _packed_second(part, suffix, number))
    write(tmp_path / "report.txt", "no RDF")
    assert kg.check_graph(tmp_path).results == expected


def _packed_second(part: str, suffix: str, number: int) -> bytes:
    data = serialized(part, suffix)
    return gzip.compress(data) if number == 1 else data


def test_an_exported_folder_of_layers_is_checked(tmp_path: Path) -> None:
    report = kg.export(SEEDS, tmp_path / "layers")
    checked = kg.check_graph(tmp_path / "layers")
    assert checked.violations == []
    assert checked.focus_nodes["FigureShape"] == report.figures > 0
    assert checked.triples == report.triples


def test_a_file_without_last_line_end_does_not_run_into_the_next(tmp_path: Path) -> None:
    lines = sorted(BASE)
    write(tmp_path / "a.nt", "\n".join(lines[:50]))
    write(tmp_path / "b.nt", "\n".join(lines[50:]))
    report = kg.check_graph(tmp_path)
    assert (report.conforms, report.triples) == (True, TRIPLES)


def test_blank_nodes_of_two_files_are_two_nodes(tmp_path: Path) -> None:
    for name in "ab":
        write(tmp_path / f"{name}.ttl", "_:gene a <https://w3id.org/pfocr-kg/vocab#Gene> .\n")
    report = kg.check_graph(tmp_path)
    kinds = [result for result in report.results if result.component == "NodeKindConstraintComponent"]
    assert len({result.focus for result in kinds}) == len(kinds) == 2


@pytest.mark.parametrize("engine", ENGINES)
def test_an_rdflib_graph_is_checked(engine: str, expected: list[Result]) -> None:
    graph = rdflib.Graph().parse(data=BAD, format="nt")
    report = kg.check_graph(graph, engine=engine)
    assert report.results == expected
    assert report.triples == len(graph)
    assert kg.check_graph(rdflib.Graph().parse(data=BASE_TEXT, format="turtle"), engine=engine).conforms


def test_a_record_of_the_library_is_checked() -> None:
    for figure in kg.read_records(SEEDS):
        assert kg.check_graph(kg.record_graph(figure)).violations == []


# --- what cannot be read ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text", "line", "column"),
    [
        ("x.ttl", "@prefix e: <urn:e:> .\ne:a e:b\n  e:c e:d .\n", 3, 7),
        ("x.nt", "<urn:a> <urn:b> <urn:c> .\n<urn:a> <urn:b> .\n", 2, 17),
        ("x.nq", "<urn:a> <urn:b> <urn:c> <urn:g> .\n\n<urn:a> b <urn:c> .\n", 3, 9),
        ("x.trig", "<urn:g> {\n<urn:a> <urn:b> }\n", 2, 17),
        (
            "x.rdf",
            "<?xml version='1.0'?>\n<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>\n<x>\n",
            0,
            0,
        ),
        ("x.jsonld", '{\n"@id": "urn:a",\n"@type": }\n', 3, 10),
    ],
)
def test_a_syntax_error_has_its_place(name: str, text: str, line: int, column: int, tmp_path: Path) -> None:
    path = write(tmp_path / name, text)
    with pytest.raises(SourceError) as error:
        kg.check_graph(path)
    problem = error.value.problem
    assert (problem.code, problem.path) == ("bad-rdf", str(path))
    if line:
        assert (problem.line, problem.column) == (line, column)
        assert problem.text().startswith(f"{path}:{line}:{column}: error[bad-rdf]: ")
    assert problem.what
    said = run(path)
    assert (said.exit_code, said.stdout, said.stderr) == (1, "", problem.text() + "\n")


def test_a_file_that_is_no_utf8_is_a_syntax_error(tmp_path: Path) -> None:
    path = write(tmp_path / "x.nt", b'<urn:a> <urn:b> "\xff" .\n')
    with pytest.raises(SourceError) as error:
        kg.check_graph(path)
    assert error.value.problem.path == str(path)


def test_a_syntax_error_in_a_layer_names_the_layer(tmp_path: Path) -> None:
    write(tmp_path / "a.nt", "\n".join(BASE))
    write(tmp_path / "b.nt", "<urn:a> .\n")
    with pytest.raises(SourceError) as error:
        kg.check_graph(tmp_path)
    assert error.value.problem.path == str(tmp_path / "b.nt")
    assert error.value.problem.line == 1


def unusable(path: Path, code: str, told: str, *options: str) -> None:
    """The library raises, the command says the same and exits with 2."""
    with pytest.raises(UsageError) as error:
        kg.check_graph(path, form=options[1] if options else None)
    problem = error.value.problem
    assert problem.code == code
    assert told in problem.what
    assert path.name in problem.what
    assert problem.mend
    said = run(path, *options)
    assert (said.exit_code, said.stdout) == (2, "")
    assert said.stderr == problem.text() + "\n"


@pytest.mark.parametrize("name", ["graph", "graph.txt", "graph.gz", "graph.zst", "graph.txt.gz", ".ttl.backup", "ttl"])
def test_an_unknown_format_is_wrong_usage(name: str, tmp_path: Path) -> None:
    data = "\n".join(BASE).encode()
    unusable(write(tmp_path / name, _PACK.get(Path(name).suffix, bytes)(data)), "unknown-format", "format")


def test_an_unknown_format_that_is_asked_for_is_wrong_usage(tmp_path: Path) -> None:
    unusable(write(tmp_path / "graph.ttl", BASE_TEXT), "unknown-format", "format", "--format", "hdt")


@pytest.mark.parametrize(
    ("name", "form"), [("graph.txt", "ttl"), ("graph", "turtle"), ("graph.nt", "ttl"), ("graph", "TTL")]
)
def test_a_format_that_is_asked_for_wins(name: str, form: str, tmp_path: Path) -> None:
    path = write(tmp_path / name, BASE_TEXT)
    assert kg.check_graph(path, form=form).triples == TRIPLES
    assert run(path, "--format", form).exit_code == 0


def test_a_format_that_is_asked_for_goes_for_packed_files(tmp_path: Path) -> None:
    path = write(tmp_path / "graph.gz", gzip.compress(BASE_TEXT.encode()))
    assert kg.check_graph(path, form="ttl").triples == TRIPLES


def test_a_missing_file_is_wrong_usage(tmp_path: Path) -> None:
    unusable(tmp_path / "nowhere.ttl", "unreadable-graph", "No such file")


def test_a_folder_without_graphs_is_wrong_usage(tmp_path: Path) -> None:
    write(tmp_path / "notes.txt", "nothing")
    unusable(tmp_path, "unknown-format", "no RDF file")


def _cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def _flipped(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes(byte ^ 0xFF for byte in data[middle : middle + 8]) + data[middle + 8 :]


@pytest.mark.parametrize("damage", [_cut, _flipped, lambda _: b"no archive"], ids=["cut", "flipped", "text"])
@pytest.mark.parametrize("packing", [".gz", ".zst"])
def test_a_damaged_archive_is_wrong_usage(packing: str, damage: Callable[[bytes], bytes], tmp_path: Path) -> None:
    # A checksum lets zstd notice flipped bytes, as gzip does always.
    pack = zstandard.ZstdCompressor(write_checksum=True).compress if packing == ".zst" else gzip.compress
    path = write(tmp_path / f"graph.nt{packing}", damage(pack("\n".join(BASE).encode())))
    unusable(path, "unreadable-graph", "")


@pytest.mark.parametrize("packing", [".gz", ".zst"])
def test_an_empty_archive_is_never_a_success(packing: str, tmp_path: Path) -> None:
    # What a broken download leaves behind.
    said = run(write(tmp_path / f"graph.nt{packing}", b""))
    assert said.exit_code != 0
    assert f"graph.nt{packing}" in said.stderr


def test_archives_of_several_frames_are_read_whole(tmp_path: Path) -> None:
    lines = sorted(BASE)
    halves = ["\n".join(part) + "\n" for part in (lines[:50], lines[50:])]
    for packing in (".gz", ".zst"):
        data = b"".join(_PACK[packing](half.encode()) for half in halves)
        assert kg.check_graph(write(tmp_path / f"g.nt{packing}", data)).triples == TRIPLES


@pytest.mark.parametrize("context", ["https://schema.org/", "http://example.net/context.jsonld", "context.jsonld"])
def test_a_remote_context_is_refused_and_not_fetched(
    context: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **_: asked.append(args))
    monkeypatch.setattr(socket.socket, "connect", lambda *args: asked.append(args))
    write(tmp_path / "context.jsonld", '{"@context": {"name": "http://schema.org/name"}}')
    path = write(tmp_path / "graph.json", json.dumps({"@context": context, "@id": "urn:a", "name": "a"}))
    with pytest.raises(SourceError) as error:
        kg.check_graph(path)
    assert "context" in error.value.problem.text().lower()
    said = run(path)
    assert (said.exit_code, said.stdout) == (1, "")
    assert asked == []


# --- reports ---------------------------------------------------------------------------------------------------


def test_the_text_names_node_severity_shape_and_mend(tmp_path: Path, expected: list[Result]) -> None:
    path = write(tmp_path / "bad.nt", BAD)
    text = kg.check_graph(path).text()
    shapes = {str(shape.iri): shape for shape in kg.load_shapes().properties.values()}
    lines = text.splitlines()
    assert len(lines) == 3 * len(expected) + 1
    for place, result in enumerate(expected):
        shape = shapes[result.shape]
        head, why, mend = lines[3 * place : 3 * place + 3]
        assert head.startswith(f"{result.focus[1:-1]}: {result.severity.lower()}[{shape.name}]: ")
        assert why == f"    why: guards {shape.comment}"
        assert mend == f"    mend: {shape.message}"
    kept = len(set(BAD.splitlines()))
    assert lines[-1] == f"{FOCUS_NODES} focus nodes, {kept} triples: 1 info, 2 violations, 1 warning"
    assert run(path).stdout == text + "\n"


def test_the_text_of_a_sound_graph_says_so(tmp_path: Path) -> None:
    text = kg.check_graph(write(tmp_path / "good.nt", "\n".join(BASE))).text()
    assert text == f"{FOCUS_NODES} focus nodes, {TRIPLES} triples: no problem"


def test_the_text_can_be_cut_short(tmp_path: Path, expected: list[Result]) -> None:
    path = write(tmp_path / "bad.nt", BAD)
    lines = run(path, "--limit", 1).stdout.splitlines()
    assert len(lines) == 3 + 2
    assert lines[3] == f"... and {len(expected) - 1} further results"


def test_the_json_holds_every_result(tmp_path: Path, expected: list[Result]) -> None:
    path = write(tmp_path / "bad.nt", BAD)
    said = run(path, "--report", "json")
    told: dict[str, Any] = json.loads(said.stdout)
    assert said.exit_code == 1
    assert told["conforms"] is False
    assert told["violations"] == 2
    assert told["triples"] == len(set(BAD.splitlines()))
    assert told["focus_nodes"] == BY_SHAPE
    assert [Result(**result) for result in told["results"]] == expected


def parsed(turtle: str) -> tuple[bool, Counter[Result]]:
    """A SHACL validation report as rdflib reads it: whether the graph conforms, and the results."""
    graph = rdflib.Graph().parse(data=turtle, format="turtle")
    (report,) = graph.subjects(RDF.type, SH.ValidationReport)
    (conforms,) = graph.objects(report, SH.conforms)
    results: Counter[Result] = Counter()
    for node in graph.objects(report, SH.result):
        assert (node, RDF.type, SH.ValidationResult) in graph
        results[_result(graph, node)] += 1
    assert len(list(graph.subjects(RDF.type, SH.ValidationResult))) == results.total()
    assert isinstance(conforms, rdflib.Literal)
    return conforms.toPython(), results


def _result(graph: rdflib.Graph, node: rdflib.term.Node) -> Result:
    said = {str(p).removeprefix(str(SH)): o for p, o in graph.predicate_objects(node)}

    def n3(key: str) -> str:
        value = said.get(key)
        return value.n3() if isinstance(value, rdflib.term.Identifier) else ""

    return Result(
        focus=Term(n3("focusNode")),
        path=n3("resultPath"),
        value=n3("value"),
        component=str(said["sourceConstraintComponent"]).removeprefix(str(SH)),
        shape=n3("sourceShape"),
        severity=str(said["resultSeverity"]).removeprefix(str(SH)),
        message=str(said["resultMessage"]),
    )


def test_the_turtle_is_a_validation_report(tmp_path: Path, expected: list[Result]) -> None:
    path = write(tmp_path / "bad.nt", BAD)
    said = run(path, "--report", "turtle")
    assert said.exit_code == 1
    assert parsed(said.stdout) == (False, Counter(expected))
    assert said.stdout.strip() == kg.check_graph(path).to_turtle().strip()


def test_the_turtle_of_a_sound_graph_conforms(tmp_path: Path) -> None:
    said = run(write(tmp_path / "good.nt", "\n".join(BASE)), "--report", "turtle")
    assert said.exit_code == 0
    assert parsed(said.stdout) == (True, Counter())


def test_the_turtle_of_every_damage_can_be_read_back(tmp_path: Path) -> None:
    # Quotes, line ends, language tags and datatypes in values, all at once.
    odd = [
        '"a \\"quoted\\" \\\\ line\\nend"@en',
        '"x"^^<urn:own>',
        "<https://example.net/a%20b>",
        '"\\u00e9\\U0001F9EC"@fr',
    ]
    figure = "<https://pfocr.wikipathways.org/figures/PMC100__x.1-g001.html>"
    lines = [f"{figure} <http://schema.org/keywords> {value} ." for value in odd]
    path = write(tmp_path / "odd.nt", "\n".join([*BASE, *lines]))
    report = kg.check_graph(path)
    conforms, results = parsed(report.to_turtle())
    assert not conforms
    assert {result.value for result in report.results} == {
        '"a \\"quoted\\" \\\\ line\\nend"@en', '"x"^^<urn:own>', "<https://example.net/a%20b>", '"é🧬"@fr',
    }  # fmt: skip
    # rdflib writes line ends in its own way, so the values are compared as terms.
    read = Counter(rdflib.util.from_n3(result.value) for result in results.elements())
    assert read == Counter(rdflib.util.from_n3(result.value) for result in report.results)


def test_reports_hold_blank_focus_nodes(tmp_path: Path) -> None:
    report = kg.check_graph(write(tmp_path / "g.ttl", "[] a <https://w3id.org/pfocr-kg/vocab#Gene> ."))
    _, results = parsed(report.to_turtle())
    assert results.total() == len(report.results) > 3
    assert len({result.focus for result in results}) == 1
    assert "_:" in report.text()


# --- exit codes -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ENGINES)
def test_a_sound_graph_exits_with_0(engine: str, tmp_path: Path) -> None:
    said = run(write(tmp_path / "good.ttl", BASE_TEXT), "--engine", engine)
    assert (said.exit_code, said.stderr) == (0, "")


@pytest.mark.parametrize("report", ["text", "json", "turtle"])
@pytest.mark.parametrize("engine", ENGINES)
def test_violations_exit_with_1(engine: str, report: str, tmp_path: Path) -> None:
    said = run(write(tmp_path / "bad.nt", BAD), "--engine", engine, "--report", report)
    assert (said.exit_code, said.stderr) == (1, "")
    assert said.stdout


def test_warnings_alone_exit_with_0(tmp_path: Path) -> None:
    warned = damaged(*(case for case in _CHOSEN if case.shape.endswith("-missing")))
    path = write(tmp_path / "warned.nt", warned)
    said = run(path)
    assert said.exit_code == 0
    assert said.stdout.endswith(": 1 info, 1 warning\n")
    # SHACL's own sh:conforms is false with any result.
    assert parsed(run(path, "--report", "turtle").stdout)[0] is False


@pytest.mark.parametrize("text", ["", "<urn:a> <urn:b> <urn:c> .\n", "<urn:a> a <http://schema.org/Person> .\n"])
@pytest.mark.parametrize("report", ["text", "json", "turtle"])
def test_a_graph_of_which_nothing_was_checked_exits_with_1(text: str, report: str, tmp_path: Path) -> None:
    path = write(tmp_path / "other.ttl", text)
    said = run(path, "--report", report)
    assert said.exit_code == 1
    assert "nothing was checked" in said.stderr
    assert str(path) in said.stderr
    assert "nothing was checked" not in said.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--report", "html", "x.ttl"],
        ["--engine", "jena", "x.ttl"],
        ["--limit", "-1", "x.ttl"],
        ["--nonsense"],
        ["a.ttl", "b.ttl"],
    ],
    ids=["none", "report", "engine", "limit", "option", "two"],
)
def test_wrong_usage_exits_with_2(arguments: list[str], tmp_path: Path) -> None:
    write(tmp_path / "x.ttl", BASE_TEXT)
    said = run(*(str(tmp_path / argument) if argument == "x.ttl" else argument for argument in arguments))
    assert said.exit_code == 2
    assert said.stderr
    assert said.stdout == ""


@pytest.mark.parametrize(
    "text", ["", "no turtle", "@prefix sh: <http://www.w3.org/ns/shacl#> . <urn:a> sh:minCont 1 ."]
)
@pytest.mark.parametrize("engine", ENGINES)
def test_broken_shapes_exit_with_3(text: str, engine: str, tmp_path: Path) -> None:
    (tmp_path / "shapes").mkdir()
    write(tmp_path / "shapes" / "x.ttl", text)
    said = run(write(tmp_path / "g.ttl", BASE_TEXT), "--shapes", tmp_path / "shapes", "--engine", engine)
    assert (said.exit_code, said.stdout) == (3, "")
    assert said.stderr.startswith("error[bad-shapes]: ")


def test_a_missing_folder_of_shapes_exits_with_3(tmp_path: Path) -> None:
    said = run(write(tmp_path / "g.ttl", BASE_TEXT), "--shapes", tmp_path / "nowhere")
    assert said.exit_code == 3
    assert "nowhere" in said.stderr


# --- a user's own shapes ------------------------------------------------------------------------------------------

_OWN: Final = """\
@prefix e: <https://example.net/shapes#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
e:Node a sh:NodeShape ; TARGET ; sh:property e:name .
e:name a sh:PropertyShape ; sh:path PATH ; sh:minCount 1 ;
    sh:severity sh:Violation ; sh:message "It has a name." ; rdfs:comment "name." .
"""
_LABELLED: Final = '<urn:a> a <urn:C> ; <http://www.w3.org/2000/01/rdf-schema#label> "a" .\n<urn:b> a <urn:C> .\n'


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("target", "focus_nodes", "results"),
    [
        ("sh:targetClass <urn:C>", 2, 1),
        ("sh:targetClass <urn:C>, <urn:D>", 2, 1),
        ("sh:targetNode <urn:b>", 1, 1),
        ("sh:targetSubjectsOf rdfs:label", 1, 0),
        ("sh:targetObjectsOf <http://www.w3.org/1999/02/22-rdf-syntax-ns#type>", 1, 1),
    ],
)
def test_own_shapes_find_their_focus_nodes(
    target: str, focus_nodes: int, results: int, engine: str, tmp_path: Path
) -> None:
    (tmp_path / "shapes").mkdir()
    write(tmp_path / "shapes" / "own.ttl", _OWN.replace("TARGET", target).replace("PATH", "rdfs:label"))
    path = write(tmp_path / "g.ttl", _LABELLED)
    report = kg.check_graph(path, shapes=tmp_path / "shapes", engine=engine)
    assert (len(report.results), report.checked) == (results, focus_nodes)
    said = run(path, "--shapes", tmp_path / "shapes", "--engine", engine)
    assert said.exit_code == (1 if results else 0)
    assert "nothing was checked" not in said.stderr
