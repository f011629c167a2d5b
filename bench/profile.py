"""Where the time of `kg export` goes, by step and by module.

    python -m bench.profile build/bench/1000
    python -m bench.profile build/bench/1000 --no-check

cProfile runs over one export in one process (`jobs=1`). What a function takes by itself goes to the module of ours, or
to the library, that it belongs to; the time of Python's own functions goes to those that call them, in proportion.
Modules that serve several steps (terms, tidying) are counted for the step that calls them. Profiling makes small
functions dearer than they are: read the shares, not the seconds. Prints two Markdown tables.
"""

from __future__ import annotations

import argparse
import cProfile
import dataclasses
import pstats
import re
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

import kg
from bench.measure import machine, machine_line, markdown

__all__ = ["Profile", "module_of", "shares"]

STEPS: Final[dict[str, tuple[str, ...]]] = {
    "read": ("kg.read", "kg.source", "kg.stores", "kg.pending", "kg.record", "kg.figure", "kg.records"),
    "yaml": ("kg.frontmatter", "kg.plainyaml", "yaml"),
    "tables": ("kg.tables", "kg.entities"),
    "grounding": ("kg.keywords", "kg.lexicon", "kg.lexiconfile", "kg.idcheck", "sqlite3"),
    "jsonld": ("kg.expand", "kg.jsonld", "kg.repair", "pyld", "c14n", "cachetools", "frozendict", "pyoxigraph"),
    "link": ("kg.link", "kg.node", "kg.shared", "kg.sharedtally", "kg.papers"),
    "check": ("kg.check", "kg.recordcheck", "kg.nodecheck", "kg.shapes", "shacl", "pyshacl", "rdflib"),
    "write": ("kg.write", "kg.sink", "kg.output", "kg.tally", "kg.describe", "zstandard"),
}
"""Each step with the modules and libraries that do nothing else."""

SERVING: Final = frozenset(("kg.vocab", "kg.tidy", "kg.taxa", "kg.errors", "kg.resources", "kg.choices"))
STEP_OF: Final = {module: step for step, modules in STEPS.items() for module in modules}
PACKAGE: Final = Path(kg.__file__).parent
PYTHON: Final = frozenset(sys.stdlib_module_names) - {"sqlite3"}
TYPE: Final = re.compile(r"<(?:method '.*' of '|built-in method )([A-Za-z_]\w*)\.")

Function = tuple[str, int, str]
Profile = dict[Function, tuple[int, int, float, float, dict[Function, tuple[int, int, float, float]]]]
"""What pstats holds: of each function its calls, its own and its whole time, and the same by caller."""


def module_of(function: Function, serving: frozenset[str] = frozenset()) -> str:
    """The module of ours or the library that a function belongs to; nothing for Python's own and the serving ones.

    >>> module_of(("~", 0, "<method 'validate_text' of 'shacl.Shapes' objects>"))
    'shacl'
    >>> module_of(("~", 0, "<method 'split' of 'str' objects>"))
    ''
    """
    file, _, name = function
    path = Path(file)
    if path.parent == PACKAGE or PACKAGE in path.parents:
        module = ".".join(("kg", *path.relative_to(PACKAGE).with_suffix("").parts))
    elif "site-packages" in path.parts:
        module = path.parts[path.parts.index("site-packages") + 1].removesuffix(".py")
    else:
        found = TYPE.match(name)
        module = found[1] if found and found[1] not in PYTHON else ""
    return "" if module in serving else module


def shares(profile: Profile, owner: Callable[[Function], str]) -> dict[str, float]:
    """Seconds by owner; what has none is its callers', each for the part of the time that it asked for."""
    known: dict[Function, dict[str, float]] = {}
    seconds: dict[str, float] = defaultdict(float)
    for function, (_, _, own, _, _) in profile.items():
        for name, share in _owners(function, profile, owner, known).items():
            seconds[name] += own * share
    return seconds


def _owners(
    function: Function, profile: Profile, owner: Callable[[Function], str], known: dict[Function, dict[str, float]]
) -> dict[str, float]:
    """Who a function works for, each with a share of 1."""
    if name := owner(function):
        return {name: 1.0}
    if function in known:
        return known[function]
    known[function] = {"(Python)": 1.0}  # for functions that call each other, and those that nobody called
    callers = profile[function][4]
    whole = sum(times[3] for times in callers.values())
    if whole:
        parts: dict[str, float] = defaultdict(float)
        for caller, times in callers.items():
            for name, share in _owners(caller, profile, owner, known).items():
                parts[name] += share * times[3] / whole
        known[function] = dict(parts)
    return known[function]


def profile_export(source: Path, **settings: Any) -> tuple[Profile, kg.ExportReport]:
    """The profile of one export, and its report."""
    names = {field.name for field in dataclasses.fields(kg.ExportOptions)}
    if "jobs" in names:
        settings["jobs"] = 1
    with tempfile.TemporaryDirectory() as folder:
        profiler = cProfile.Profile()
        report = profiler.runcall(kg.export, source, Path(folder) / "graph.ttl", **settings)
    stats: Any = pstats.Stats(profiler)
    return stats.stats, report


def step_of(function: Function) -> str:
    """The step that a function belongs to; nothing for those that serve several."""
    module = module_of(function, SERVING)
    return STEP_OF.get(module, "other" if module else "")


def to_table(head: str, seconds: dict[str, float], figures: int, names: Iterable[str]) -> str:
    """Seconds by name as Markdown."""
    whole = sum(seconds.values()) or 1.0
    times = [(name, seconds.get(name, 0.0)) for name in names]
    rows = [[name, f"{s:.2f}", f"{1000 * s / max(figures, 1):.3f}", f"{s / whole:.1%}"] for name, s in times]
    return markdown([head, "seconds", "ms/figure", "share"], rows)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="Where the time of kg export goes.")
    add = parser.add_argument
    add("source", type=Path, help="records, as kg export takes them")
    add("--no-check", dest="check", action="store_false", help="without the shapes")
    add("--no-ground", dest="ground", action="store_false", help="without links from keywords")
    add("--modules", type=int, default=20, metavar="N", help="how many modules to list (default: 20)")
    given = parser.parse_args()
    profile, report = profile_export(given.source, check=given.check, ground=given.ground)
    steps = shares(profile, step_of)
    modules = shares(profile, module_of)
    print(f"{machine_line(machine())}; {report.figures:,} figures, under cProfile.\n")
    print(to_table("step", steps, report.figures, [*STEPS, *sorted(steps.keys() - STEPS.keys())]))
    print()
    print(
        to_table(
            "module", modules, report.figures, sorted(modules, key=modules.__getitem__, reverse=True)[: given.modules]
        )
    )


if __name__ == "__main__":
    main()
