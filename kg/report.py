"""What an export did: counts, repairs, problems, records left out, files written."""

from __future__ import annotations

import io
import json
import tempfile
import weakref
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from kg.errors import Problem, printable
from kg.keywords import unlinked_problem
from kg.node import Linked
from kg.output import AtomicFile, Written, disk_errors
from kg.record import KEYWORDS, Findings, Unlinked

__all__ = ["Counts", "ExportReport", "PartLog", "ProblemLog", "write_report"]

_IN_MEMORY = 1 << 20


class ProblemLog:
    """All problems of a run in order; beyond a megabyte they lie in a temporary file, so memory stays flat."""

    def __init__(self, listener: Callable[[Problem], None] | None = None) -> None:
        self.counts: Counter[str] = Counter()
        self.severities: dict[str, str] = {}
        self.left_out: Counter[str] = Counter()
        self._listener = listener
        self._file: IO[str] = io.StringIO()

    def add(self, problem: Problem, *, left_out: bool = False) -> None:
        """Note one problem; `left_out` says that its record does not stand in the graph."""
        self.counts[problem.code] += 1
        self.severities[problem.code] = problem.severity
        if left_out:
            self.left_out[problem.code] += 1
        self._write(json.dumps(problem.to_json() | ({"left_out": True} if left_out else {})) + "\n")
        if self._listener:
            self._listener(problem)

    def keep(self, unlinked: Sequence[Unlinked], path: str, figid: str) -> None:
        """Keep notes of keywords, which are counted already; nobody is told of them as they come."""
        if unlinked:
            self._write(json.dumps({"unlinked": unlinked, "path": printable(path), "figid": figid}) + "\n")

    def extend(self, part: PartLog) -> None:
        """Note what another part of the run noted, in its order."""
        for event in part.events:
            if isinstance(event[0], Problem):
                self.add(event[0], left_out=event[1])
            else:
                self.keep(*event)
        self.count(part.notes)

    def _write(self, line: str) -> None:
        self._file.seek(0, io.SEEK_END)
        self._file.write(line)
        if isinstance(self._file, io.StringIO) and self._file.tell() > _IN_MEMORY:
            held = self._file.getvalue()
            self._file = tempfile.TemporaryFile("w+", encoding="utf-8", newline="\n")  # noqa: SIM115 (closed with the log)
            weakref.finalize(self, self._file.close)
            self._file.write(held)

    def count(self, notes: Counter[str]) -> None:
        """Add things that are only counted."""
        for code, number in notes.items():
            self.counts[code] += number
            self.severities.setdefault(code, "note")

    @property
    def errors(self) -> int:
        """How many problems are errors."""
        return sum(n for code, n in self.counts.items() if self.severities[code] == "error")

    def records(self) -> Iterator[dict[str, Any]]:
        """The problems as JSON mappings, in the order in which they came."""
        place = 0
        while True:  # somebody else may read or write between two lines
            self._file.seek(place)
            line = self._file.readline()
            if not line:
                return
            place = self._file.tell()
            record = json.loads(line)
            if "unlinked" in record:
                for one in record["unlinked"]:
                    yield unlinked_problem(Unlinked(*one), record["path"], record["figid"]).to_json()
            else:
                yield record

    def __iter__(self) -> Iterator[Problem]:
        for record in self.records():
            record.pop("left_out", None)
            yield Problem(**{"why": "", "mend": "", **record, "key": tuple(record.get("key", ()))})


class PartLog:
    """The problems and notes of a part of a run, to be taken over by a `ProblemLog`."""

    def __init__(self) -> None:
        self.events: list[tuple[Problem, bool] | tuple[list[Unlinked], str, str]] = []
        self.notes: Counter[str] = Counter()

    def add(self, problem: Problem, *, left_out: bool = False) -> None:
        """Note one problem; `left_out` says that its record does not stand in the graph."""
        self.events.append((problem, left_out))

    def keep(self, unlinked: list[Unlinked], path: str, figid: str) -> None:
        """Keep notes of keywords, which are counted already."""
        if unlinked:
            self.events.append((unlinked, path, figid))


@dataclass(slots=True)
class Counts:
    """What went into the graph: `figures` and `papers` are distinct nodes, `grounded` mentions that keywords gave."""

    figures: int = 0
    papers: int = 0
    mentions: Counter[str] = field(default_factory=Counter)
    grounded: Counter[str] = field(default_factory=Counter)
    repairs: Counter[str] = field(default_factory=Counter)

    def add(self, linked: Linked, findings: Findings) -> None:
        """Count a figure."""
        self.figures += 1
        for mentions in linked.mentions:
            kind, number = mentions.kind.removesuffix("-mention"), len(mentions.forms)
            self.mentions[kind] += number
            if mentions.table == KEYWORDS:
                self.grounded[kind] += number
        for name, number in findings.repairs.items():
            self.repairs[name] += number


@dataclass(slots=True, kw_only=True)
class ExportReport:
    """The result of an export.

    `figures` to `taxa` are distinct nodes of the graph, `grounded` those mentions that come from keywords, `triples`
    all that was written, `files` what lies on disk (the graph first). `problems` can be iterated; `left_out` counts
    records by the code of the reason.
    """

    problems: ProblemLog
    figures: int = 0
    papers: int = 0
    mentions: Counter[str] = field(default_factory=Counter)
    grounded: Counter[str] = field(default_factory=Counter)
    genes: int = 0
    chemicals: int = 0
    diseases: int = 0
    taxa: int = 0
    triples: int = 0
    repairs: Counter[str] = field(default_factory=Counter)
    records: int = 0
    seconds: float = 0.0
    version: str = ""
    commit: str = ""
    files: list[Written] = field(default_factory=list)

    @property
    def left_out(self) -> Counter[str]:
        """Records that do not stand in the graph, by the code of the reason."""
        return self.problems.left_out

    @property
    def ok(self) -> bool:
        """Whether no error was met."""
        return self.problems.errors == 0

    def count(self, counts: Counts) -> None:
        """Add what a part of the export counted."""
        self.figures += counts.figures
        self.papers += counts.papers
        self.mentions.update(counts.mentions)
        self.grounded.update(counts.grounded)
        self.repairs.update(counts.repairs)

    def rows(self) -> list[tuple[str, str]]:
        """The short table that ends a run: label and value."""
        rows = [
            ("figures", f"{self.figures:,} of {self.records:,} records"),
            ("papers", f"{self.papers:,}"),
            ("mentions", _told(self.mentions)),
            *([("from keywords", _told(self.grounded))] if self.grounded else []),
            ("genes", f"{self.genes:,}"),
            ("chemicals", f"{self.chemicals:,}"),
            ("diseases", f"{self.diseases:,}"),
            ("triples", f"{self.triples:,}"),
        ]
        rows += [(f"repair {name}", f"{n:,}") for name, n in sorted(self.repairs.items())]
        counts = self.problems.counts
        rows += [(f"{self.problems.severities[code]} {code}", f"{counts[code]:,}") for code in sorted(counts)]
        rows.append(("left out", f"{self.left_out.total():,}"))
        return rows

    def to_json(self) -> dict[str, Any]:
        """The report as a mapping that `json` can write, with every problem."""
        return self.summary() | {"problems": list(self.problems.records())}

    def summary(self) -> dict[str, Any]:
        """The report without the problems one by one, which can be as many as the keywords of all figures."""
        return {
            "version": self.version,
            "commit": self.commit,
            "records": self.records,
            "figures": self.figures,
            "papers": self.papers,
            "mentions": dict(sorted(self.mentions.items())),
            "grounded": dict(sorted(self.grounded.items())),
            "genes": self.genes,
            "chemicals": self.chemicals,
            "diseases": self.diseases,
            "taxa": self.taxa,
            "triples": self.triples,
            "repairs": dict(sorted(self.repairs.items())),
            "problem_counts": dict(sorted(self.problems.counts.items())),
            "left_out": dict(sorted(self.left_out.items())),
            "seconds": round(self.seconds, 3),
            "files": [file._asdict() for file in self.files],
        }


def _told(mentions: Counter[str]) -> str:
    """`88 (67 gene, 21 chemical)`."""
    kinds = ", ".join(f"{n:,} {kind}" for kind, n in sorted(mentions.items()))
    return f"{mentions.total():,}" + (f" ({kinds})" if kinds else "")


def write_report(report: ExportReport, path: Path) -> None:
    """Write a report as JSON, whole or not at all.

    Raises:
        UsageError: the file cannot be written.
    """
    with disk_errors(path):
        file = AtomicFile(path)
        try:
            summary = json.dumps(report.summary(), indent=2, ensure_ascii=False)
            file.write(summary.removesuffix("\n}") + ',\n  "problems": [')
            between = "\n    "
            for problem in report.problems.records():
                file.write(between + json.dumps(problem, ensure_ascii=False))
                between = ",\n    "
            file.write("\n  ]\n}\n")
            file.finish()
            file.commit()
        finally:
            file.abort()
