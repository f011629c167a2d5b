"""One record through the steps: read, link its ids, expand, link, check."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace

from kg.check import Result
from kg.errors import KgError, Problem, ShapesError, UsageError
from kg.expand import expand_jsonld, figure_iri
from kg.idcheck import IdChecker
from kg.keywords import ground_keywords
from kg.lexicon import Lexicons
from kg.link import Linker, Node
from kg.origin import field_of
from kg.pmcids import PaperIds
from kg.read import RawRecord, locate_problem, read_record
from kg.record import Figure, Findings, Paper
from kg.recordcheck import RecordChecker
from kg.shapes import ShapesGraph
from kg.vocab import Term, plain

__all__ = ["Outcome", "Processor"]


@dataclass(slots=True)
class Outcome:
    """What became of one record: its figure and nodes, or nothing and the problem that left it out."""

    raw: RawRecord
    findings: Findings
    figure: Figure | None = None
    nodes: list[Node] | None = None
    failure: Problem | None = None

    def digest(self) -> bytes:
        """SHA-256 of the record and its tables."""
        sums = [hashlib.sha256(data).digest() for data in (self.raw.data, *(d for _, d in self.raw.tables.values()))]
        return hashlib.sha256(b"".join(sums)).digest()


class Processor:
    """Takes records through the steps; holds what is made once: linker, compiled shapes, PMC ids.

    Args:
        linker: makes the nodes.
        checker: None leaves the check out.
        repair: False keeps the JSON-LD as it is.
        paper_ids: gives PMID and DOI by the number of a PMC id.
        lexicons: names and ids are looked up in; None leaves the check of the tables' ids out.
        ground: link keywords that no table explains.
    """

    def __init__(
        self,
        linker: Linker,
        checker: RecordChecker | None = None,
        *,
        repair: bool = True,
        paper_ids: Callable[[int], PaperIds | None] | None = None,
        lexicons: Lexicons | None = None,
        ground: bool = True,
    ) -> None:
        self.linker, self.checker = linker, checker
        self.repair, self.paper_ids = repair, paper_ids
        self.ids = IdChecker(lexicons) if lexicons else None
        self.lexicons = lexicons if ground else None

    def run(self, raw: RawRecord) -> Outcome:
        """The outcome of one record; problems have their place filled in."""
        outcome = Outcome(raw, Findings(raw.path))
        findings = outcome.findings
        try:
            figure = self._grounded(read_record(raw, findings), findings)
            stated = expand_jsonld(figure, findings, repair=self.repair)
            # The figure keeps what its record says of the paper: a DOI from NCBI's list must not beat another record's.
            nodes = self.linker.nodes(self._with_ids(figure), figure_iri(figure.figid), stated)
            self._check(nodes, figure, findings)
            outcome.figure, outcome.nodes = figure, nodes
        except (ShapesError, UsageError):  # no fault of the record's
            raise
        except KgError as error:
            failure = replace(error.problem, figid=findings.figid)
            outcome.failure = locate_problem(raw, failure)
        findings.problems = [locate_problem(raw, problem) for problem in findings.problems]
        return outcome

    def _grounded(self, figure: Figure, findings: Findings) -> Figure:
        """The figure with its tables' ids checked, and links for what has no table."""
        if self.ids is not None:
            self.ids.check(figure, findings)
        return ground_keywords(figure, self.lexicons, findings) if self.lexicons else figure

    def _with_ids(self, figure: Figure) -> Figure:
        """The figure with PMID, and DOI where its record has none, from NCBI's list."""
        return replace(figure, paper=self.with_ids(figure.paper)) if self.paper_ids else figure

    def with_ids(self, paper: Paper) -> Paper:
        """The paper with PMID, and DOI where it has none, from NCBI's list."""
        ids = self.paper_ids(int(paper.pmcid.removeprefix("PMC"))) if self.paper_ids else None
        return replace(paper, pmid=ids.pmid, doi=paper.doi or ids.doi) if ids else paper

    def _check(self, nodes: list[Node], figure: Figure, findings: Findings) -> None:
        if self.checker is None:
            return
        results = self.checker.check(nodes)
        problems = [_problem(result, nodes, figure, self.checker.shapes) for result in results]
        worst = next((problem for problem in problems if problem.severity == "error"), None)
        findings.problems += (p for p in problems if p is not worst and p.severity != "note")
        for problem in problems:
            if problem.severity == "note":
                findings.notes[problem.code] += 1
        if worst is not None:
            raise KgError(worst)


def _problem(result: Result, nodes: list[Node], figure: Figure, shapes: ShapesGraph) -> Problem:
    """A validation result in the words of the record: which field or row, what, why, how to mend."""
    shape = shapes.properties.get(Term(result.shape))
    node = next((n for n in nodes if n.subject == result.focus), None)
    place = field_of(node, result.path, figure, result.value) if node else None
    value = f": {plain(result.value)[:80]!r}" if result.value else ""
    severity = {"Violation": "error", "Warning": "warning"}.get(result.severity, "note")
    return Problem(
        severity=severity,  # type: ignore[arg-type]
        code=shape.name if shape else result.shape.rstrip(">").rpartition("#")[2] or "shape",
        what=f"{plain(result.focus)} breaks {result.component.removesuffix('ConstraintComponent')}{value}",
        why=f"guards {shape.comment}" if shape else "",
        mend=result.message,
        path=(place.path if place else "") or figure.path,
        line=place.line if place else None,
        figid=figure.figid,
        key=place.key if place else (),
    )
