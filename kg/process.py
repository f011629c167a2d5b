"""One record through the steps: read, link its ids, expand, link, check."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from kg.check import Result
from kg.errors import KgError, Problem, ShapesError, UsageError
from kg.expand import expand_jsonld, figure_iri
from kg.idcheck import IdChecker
from kg.keywords import ground_keywords
from kg.lexicon import Lexicons
from kg.link import Linker
from kg.node import Linked, Node
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
    linked: Linked | None = None
    failure: Problem | None = None

    @property
    def nodes(self) -> list[Node] | None:
        """All nodes, the figure's own first."""
        return self.linked.nodes if self.linked else None

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
        outcome = self.prepare(raw)
        self.check([outcome])
        return outcome

    def prepare(self, raw: RawRecord) -> Outcome:
        """The outcome of one record that the shapes have not seen yet."""
        outcome = Outcome(raw, Findings(raw.path))
        findings = outcome.findings
        try:
            figure = self._grounded(read_record(raw, findings), findings)
            stated = expand_jsonld(figure, findings, repair=self.repair)
            # The figure keeps what its record says of the paper: a DOI from NCBI's list must not beat another record's.
            outcome.linked = self.linker.link(self._with_ids(figure), figure_iri(figure.figid), stated)
            outcome.figure = figure
        except (ShapesError, UsageError):  # no fault of the record's
            raise
        except KgError as error:
            failure = replace(error.problem, figid=findings.figid)
            outcome.failure = locate_problem(raw, failure)
        if findings.problems:
            findings.problems = [locate_problem(raw, problem) for problem in findings.problems]
        return outcome

    def check(self, outcomes: Sequence[Outcome]) -> None:
        """Hold outcomes against the shapes; one that breaks them keeps only its failure."""
        if self.checker is None:
            return
        found = [(outcome, outcome.linked) for outcome in outcomes if outcome.linked is not None]
        for place in self.checker.suspects([linked for _, linked in found]):
            self._check(found[place][0], self.checker)

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

    def _check(self, outcome: Outcome, checker: RecordChecker) -> None:
        figure, nodes, findings = outcome.figure, outcome.nodes, outcome.findings
        if figure is None or nodes is None:
            return
        problems = [_problem(result, nodes, figure, checker.shapes) for result in checker.check(nodes)]
        worst = next((problem for problem in problems if problem.severity == "error"), None)
        findings.problems += (
            locate_problem(outcome.raw, p) for p in problems if p is not worst and p.severity != "note"
        )
        findings.notes.update(problem.code for problem in problems if problem.severity == "note")
        if worst is not None:
            outcome.figure = outcome.linked = None
            outcome.failure = locate_problem(outcome.raw, replace(worst, figid=findings.figid))


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
