"""The project keeps its promises: README code runs, documents name what exists, the wheel ships what it needs."""

from __future__ import annotations

import ast
import contextlib
import hashlib
import io
import json
import re
import shlex
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

import kg
from kg.cli import app
from kg.querycheck import check_query
from kg.querydocs import queries_markdown
from kg.repair import REPAIRS
from tests.cli.test_bad_input import codes_of, is_asking
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text("utf-8")
LEXICON_FILES = ("human.lexicon.zst", "human-lexicon.json")
EXPLORER = (ROOT / "docs" / "explorer.md").read_text("utf-8")
MODEL = (ROOT / "docs" / "data-model.md").read_text("utf-8")


def python_block() -> str:
    blocks = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len(blocks) == 1
    return str(blocks[0])


def test_the_python_lines_of_the_readme_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "seeds").symlink_to(ROOT / "seeds")
    (tmp_path / "build").mkdir()
    monkeypatch.chdir(tmp_path)
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown):
        exec(compile(python_block(), "README.md", "exec"), {})  # noqa: S102 (that is the test)
    first, second, third, *grounded = shown.getvalue().splitlines()
    assert first.startswith("7 86 {")  # 82 rows of tables, 4 keywords of a record without
    triples, violations = second.split(" ", 1)
    assert int(triples) > 20
    assert violations == "[]"
    assert third == "https://pfocr.wikipathways.org/figures/PMC12080488__ITT-14-523-g0004.html 2025"
    assert grounded[:2] == [
        "Zeb1 ncbigene:6935 ZEB1 symbol ('letter-case',)",
        "(IL-6 ncbigene:3569 IL6 symbol ('trimmed', 'joined')",
    ]
    assert "p53 ncbigene:7157 TP53 alias ()" in grounded


def test_the_turtle_of_the_readme_is_in_the_seeds_graph(seed_graph: Path) -> None:
    import pyoxigraph as ox

    block = re.findall(r"```turtle\n(.*?)```", README, re.DOTALL)[0]
    prefixes = "".join(line for line in seed_graph.read_text("utf-8").splitlines(keepends=True) if line[0:1] == "@")
    shown = {str(quad) for quad in ox.parse(prefixes + block, format=ox.RdfFormat.TURTLE)}
    real = {str(quad) for quad in ox.parse(seed_graph.read_bytes(), format=ox.RdfFormat.TURTLE)}
    assert len(shown) == 17
    assert shown <= real


def commands() -> list[tuple[str, ...]]:
    """Every command as its words, those of groups included."""
    found: list[tuple[str, ...]] = [(str(command.name),) for command in app.registered_commands]
    for group in app.registered_groups:
        inner = group.typer_instance
        assert inner is not None
        found += [(str(group.name), str(command.name)) for command in inner.registered_commands]
    return found


def test_commands_of_the_readme_exist_and_have_help() -> None:
    runner = CliRunner()
    listed = set(re.findall(r"^kg (\w+)", README, re.MULTILINE))
    assert listed == {words[0] for words in commands()}
    assert len(commands()) == 17
    for words in commands():
        result = runner.invoke(app, [*words, "--help"])
        assert result.exit_code == 0
        assert "Example" in result.output


def test_options_of_the_documents_exist() -> None:
    documents = [
        README,
        *(
            (ROOT / "docs" / name).read_text("utf-8")
            for name in ("queries.md", "stores.md", "lexicons.md", "explorer.md")
        ),
    ]
    own = "\n".join(
        line for text in documents for line in text.splitlines() if re.match(r"kg |[^$]*`kg |[^$]*`--", line)
    )
    named = set(re.findall(r"(?<!\w)(--[a-z][a-z-]+)", own))
    assert len(named) >= 15
    text = "".join(CliRunner().invoke(app, [*words, "--help"], env={"COLUMNS": "200"}).output for words in commands())
    of_others = {"--union-default-graph"}
    assert {name for name in named - of_others if name not in text} == set()


QUERIES = (ROOT / "docs" / "queries.md").read_text("utf-8")


def test_the_table_of_queries_is_up_to_date() -> None:
    table = queries_markdown(kg.load_queries().values())
    assert table.count("\n") == 27
    assert table in QUERIES, "run `kg queries build --format md` and put its table into docs/queries.md"


def test_the_query_of_the_documents_is_right(tmp_path: Path, seed_graph: Path) -> None:
    (text,) = re.findall(r"```sparql\n(.*?)```", QUERIES, re.DOTALL)
    (tmp_path / "mine.rq").write_text(text, "utf-8")
    with kg.open_store(seed_graph) as store:
        assert check_query(tmp_path / "mine.rq", store) == []


@pytest.mark.parametrize("document", ["README.md", "docs/queries.md"])
def test_queries_of_the_documents_run(document: str, seed_graph: Path) -> None:
    """Every `kg query` line that needs no other machine gives rows on the seeds."""
    text = (ROOT / document).read_text("utf-8")
    lines = [shlex.split(line, comments=True) for line in re.findall(r"^kg query (?!NAME).*$", text, re.MULTILINE)]
    local = [words[2:] for words in lines if not {"--federate", "--endpoint", "--graph"} & set(words)]
    assert len(local) >= 3
    for words in local:
        wanted = words[: words.index(">")] if ">" in words else words
        result = CliRunner().invoke(app, ["query", *wanted, "--graph", str(seed_graph)])
        assert result.exit_code == 0, result.output
        assert len(result.stdout.splitlines()) > 1, words


LEXICONS = (ROOT / "docs" / "lexicons.md").read_text("utf-8")


def test_commands_of_the_page_of_lexicons_are_parsed() -> None:
    """Each `kg` line of the page names a command and options that there are; what it shows of `kg ground` is so."""
    lines = re.findall(r"^(?:\$ )?kg (.*)$", LEXICONS, re.MULTILINE)
    assert len(lines) >= 5
    paths = {" ".join(words) for words in commands()}
    for line in lines:
        words = shlex.split(line)
        assert " ".join(words[:2]) in paths or words[0] in paths, line
    ((given, shown),) = re.findall(r"^\$ kg (ground .*)\n((?:.+\n)+?)```$", LEXICONS, re.MULTILINE)
    result = CliRunner().invoke(app, shlex.split(given))
    assert result.exit_code == 0, result.output
    wanted = [line.split() for line in shown.splitlines()]
    assert len(wanted) > 5
    assert [line.split() for line in result.output.splitlines()] == wanted


def test_the_note_on_the_embedded_lexicon_is_right() -> None:
    """What `human-lexicon.json` tells of the file is what the file tells of itself."""
    told = json.loads((ROOT / "kg" / "data" / "human-lexicon.json").read_text("utf-8"))
    info = kg.Lexicon().info()
    assert (told["version"], told["counts"]) == (info.version, info.counts)
    names = ("title", "home", "licence", "date", "file", "sha256")
    assert told["sources"] == [{name: source[name] for name in names} for source in info.sources]
    assert f"{told['counts']['genes']:,}" in README


def test_every_public_name_has_its_home() -> None:
    assert set(kg._HOMES) <= set(kg.__all__)
    assert {name: getattr(kg, name).__module__ for name in kg._HOMES} == {
        name: f"kg.{home}" for name, home in kg._HOMES.items()
    }


def test_public_names_are_sorted_and_all_there() -> None:
    assert list(kg.__all__) == sorted(kg.__all__)
    assert all(hasattr(kg, name) for name in kg.__all__)
    assert all(getattr(kg, name).__doc__ for name in kg.__all__)


def codes_of_asking() -> set[str]:
    """Codes of the modules that load, ask, serve and upload."""
    return {
        code
        for path in (ROOT / "kg").rglob("*.py")
        if is_asking(path)
        for code in codes_of(ast.parse(path.read_text("utf-8")))
    }


def test_documents_and_tests_know_every_code_of_asking() -> None:
    codes = codes_of_asking()
    assert len(codes) > 30
    documents = QUERIES + MODEL + EXPLORER
    assert {code for code in codes if f"`{code}`" not in documents} == set()
    tests = "".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    assert {code for code in codes if f'"{code}"' not in tests and f"[{code}]" not in tests} == set()


def problem_codes() -> set[str]:
    """Codes that records and tables can cause, read from the calls that report them."""
    found: set[str] = set()
    for path in sorted((ROOT / "kg").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                found |= _code_of(node)
            if path.stem == "keywords" and isinstance(node, ast.Constant) and isinstance(node.value, str):
                found |= set(re.findall(r"\Akeyword-[a-z-]+\Z", node.value))
            if isinstance(node, ast.Subscript) and ast.unparse(node.value).endswith("findings.notes"):
                found |= (
                    {node.slice.value}
                    if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str)
                    else set()
                )
    return found


def _code_of(call: ast.Call) -> set[str]:
    function = ast.unparse(call.func)
    names = {k.value.value for k in call.keywords if k.arg == "code" and isinstance(k.value, ast.Constant)}
    reports = function in ("SourceError.of", "ExpansionError.of", "refusal", "_Doubt") or function.endswith(
        (".warn", "_warn")
    )
    if reports and call.args and isinstance(call.args[0], ast.Constant):
        names.add(call.args[0].value)
    if function == "fields.matching" and len(call.args) > 2 and isinstance(call.args[2], ast.Constant):
        names.add(call.args[2].value)
    return {str(name) for name in names}


def test_documents_name_every_problem_code() -> None:
    codes = problem_codes() - {"bad-rdf", "shape"} - codes_of_asking()  # of `kg check`, and of foreign shapes
    assert len(codes) > 30
    assert codes >= {"withdrawn-id", "symbol-contradicts-id", "keyword-unknown", "keyword-ambiguous"}
    assert {code for code in codes if f"`{code}`" not in MODEL} == set()


def test_documents_name_every_shape_and_repair() -> None:
    shapes = {shape.name for shape in kg.load_shapes().properties.values()}
    assert len(shapes) > 100
    assert {name for name in shapes | set(REPAIRS) if f"`{name}`" not in MODEL} == set()


def test_documents_name_every_predicate_of_the_seeds(seed_graph: Path) -> None:
    text = seed_graph.read_text("utf-8").split("<https://w3id.org/pfocr-kg/dataset/")[0]
    used = set(re.findall(r"^    ([a-z]+:\w+) ", text, re.MULTILINE))
    assert len(used) > 30
    described_elsewhere = {"skos:inScheme", "skos:prefLabel", "foaf:name", "fabio:hasNLMJournalTitleAbbreviation"}
    assert {name for name in used if f"`{name}`" not in MODEL} <= described_elsewhere


def test_the_wheel_ships_shapes_context_vocabulary_and_types(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(ROOT)],
        check=True,
        capture_output=True,
    )
    wheel = next(tmp_path.glob("*.whl"))
    names = set(zipfile.ZipFile(wheel).namelist())
    shapes = {f"kg/_data/shapes/{path.name}" for path in (ROOT / "shapes").glob("*.ttl")}
    queries = {f"kg/_data/queries/{path.name}" for path in (ROOT / "queries").glob("*.rq")}
    assert (len(shapes), len(queries)) == (17, 25)
    data = {f"kg/data/{name}" for name in ("schemaorg.context.jsonld", "vocabulary.ttl", *LEXICON_FILES)}
    assert names >= shapes | queries | data | {"kg/py.typed"}
    assert {path.name for path in (ROOT / "kg" / "bulk").glob("*.py")} == {
        name.rpartition("/")[2] for name in names if name.startswith("kg/bulk/")
    }
    with zipfile.ZipFile(wheel) as opened:
        shipped = opened.read("kg/data/human.lexicon.zst")
        told = json.loads(opened.read("kg/data/human-lexicon.json"))
    assert (told["size"], told["sha256"]) == (len(shipped), hashlib.sha256(shipped).hexdigest())
    assert not [name for name in names if name.startswith(("tests", "bench", "seeds"))]


def test_nothing_names_a_machine() -> None:
    """No path of a developer's machine stands in what is committed."""
    done = subprocess.run(["git", "-C", str(ROOT), "ls-files"], check=False, capture_output=True, text=True)
    files = [ROOT / name for name in done.stdout.splitlines()]
    if not files:
        pytest.skip("this is no git checkout")
    assert len(files) > 50
    # A path begins behind what is no letter; behind one it is part of an address (`ncbi.nlm.nih.gov/...`).
    mark = re.compile(r"(?<!\w)/(?:root|work|home)/")
    assert mark.search('"/' + 'home/a"')
    assert mark.search("file:///" + "work/a")
    bad = [path.name for path in files if path.is_file() and mark.search(path.read_text("utf-8", "replace"))]
    assert bad == []
