"""A folder with some of everything: seeds, bad records, twins, papers of several figures, figures that papers share."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import kg
from kg.errors import KgError, Problem
from tests.small import ROOT, chemicals, genes, record, write

SEEDS: Final = ROOT / "seeds"
CASES: Final = ROOT / "tests" / "cases" / "reject"


def mixed(folder: Path) -> Path:
    """Write the folder: some 90 records, of which half are good; gives it back."""
    shutil.copytree(
        SEEDS, folder, dirs_exist_ok=True, ignore=lambda _folder, names: [n for n in names if n == "README.md"]
    )
    for path in sorted(CASES.iterdir()):
        if path.suffix == ".md":
            shutil.copyfile(path, folder / "_figures" / path.name)
        elif path.suffix == ".tsv":
            shutil.copyfile(path, folder / "_data" / path.name)
    for number in range(30, 50):
        add(folder, f"PMC{number}__f1", keywords=number % 3 == 0)
    for figure in range(1, 8):  # one paper, told differently
        add(folder, f"PMC60__f{figure}", {"papertitle": f"Title {figure % 3}", "year": f"'20{10 + figure}'"})
    shared_figures(folder)
    twins(folder)
    write(folder, {"_data/PMC77__nobody-genes.tsv": genes()})
    return folder


def add(folder: Path, figid: str, fields: Mapping[str, str | None] | None = None, *, keywords: bool = False) -> None:
    """Add one good record; with `keywords` it has no table, and its keywords are looked up."""
    number = sum(map(ord, figid))
    files = {f"_figures/{figid}.md": record(figid, fields)}
    if not keywords:
        files[f"_data/{figid}-genes.tsv"] = genes({}, {"word": f"W{number % 5}", "match": "JAK2"})
        files[f"_data/{figid}-chemicals.tsv"] = chemicals({"word": f"ATP{number % 4}"})
    write(folder, files)


def shared_figures(folder: Path) -> None:
    """Figure ids that two, three and four papers claim; the first record of one is bad."""
    for pmcid in (70, 71, 72):
        write(folder, {f"_figures/shared-{pmcid}.md": record("PMC71__s", {"pmcid": f"PMC{pmcid}"})})
    write(
        folder,
        {
            "_figures/bad-first.md": record("PMC30__b", {"caption": "[a, b"}),
            "_figures/good-second.md": record("PMC30__b", {"pmcid": "PMC33"}),
            "_figures/third.md": record("PMC30__b", {"pmcid": "PMC45"}),
            "_figures/fourth.md": record("PMC30__b", {"pmcid": "PMC49", "figtitle": "Other"}),
        },
    )


def twins(folder: Path) -> None:
    """Records of one figure: the same, another title, one with a table."""
    text = record("PMC80__t")
    write(folder, {"_figures/twin-1.md": text, "_figures/twin-2.md": text})
    write(
        folder, {"_figures/PMC80__t.md": record("PMC80__t", {"figtitle": "Other"}), "_data/PMC80__t-genes.tsv": genes()}
    )


def everything(source: object, folder: Path, name: str, **settings: Any) -> dict[str, Any]:
    """All that an export gives: bytes of each file, report without seconds, problems as told, quarantine, or error."""
    folder.mkdir(parents=True)
    told: list[Problem] = []
    quarantine = folder / "bad" if settings.pop("quarantine", False) else None
    found: dict[str, Any] = {}
    try:
        report = kg.export(
            source,  # type: ignore[arg-type]
            folder / name,
            on_problem=told.append,
            quarantine=quarantine,
            **settings,
        )
    except KgError as error:
        found["error"] = (error.problem, error.problem.text())
    else:
        found["report"] = {key: value for key, value in report.to_json().items() if key != "seconds"}
        found["report"]["files"] = json.loads(json.dumps(found["report"]["files"]).replace(str(folder), ""))
        found["rows"] = report.rows()
    found["told"] = told
    found["files"] = {
        str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }
    return found
