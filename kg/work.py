"""The work on one chunk of records: read, ground, expand, link, check, write. It runs in any process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import groupby, islice
from pathlib import Path
from typing import Final

from kg.chunk import Chunk, ChunkResult, LeftOut
from kg.errors import Problem, SourceError
from kg.lexicon import Lexicons
from kg.link import Linker
from kg.node import LAYERS
from kg.nodecheck import node_problems
from kg.options import ExportOptions, output_kind
from kg.papers import merge_papers
from kg.pending import Pending
from kg.pmcids import PaperIds
from kg.process import Outcome, Processor
from kg.read import RawRecord, locate_problem
from kg.record import Findings
from kg.recordcheck import RecordChecker
from kg.shapes import load_shapes
from kg.sink import Blocks
from kg.vocab import Names, Term

__all__ = ["Worker"]

_BATCH: Final = 32
"""Records that are checked in one call of the engine."""

_OWN: Final = frozenset(("image", "organism-evidence"))


class Worker:
    """Does chunks of one export, one after the other; holds what is made once: linker, compiled shapes, lexicons.

    Args:
        options: of the export.
        output: where it goes, which tells the format where the options do not.
        on_record: called with each record's path before the work on it begins.
    """

    def __init__(self, options: ExportOptions, output: Path, on_record: Callable[[str], object] | None = None) -> None:
        self.options, self.output = options, output
        self.on_record = on_record or (lambda _path: None)
        names = Names(options.base)
        self.linker = Linker(names, image_url=options.image_url)
        self.checker = _checker(options, names) if options.check else None
        # What is not grounded needs the embedded lexicon no more than the tables do.
        self.lexicons = Lexicons(options.lexicons, embedded=options.embedded and options.ground)
        self.processor = Processor(
            self.linker, self.checker, repair=options.repair, lexicons=self.lexicons, ground=options.ground
        )
        self.blocks = Blocks(output_kind(output, options.form), names)

    def run(self, chunk: Chunk) -> ChunkResult:
        """What becomes of a chunk."""
        self.blocks.clear()
        result = ChunkResult(chunk.number, len(chunk.records), tally=self.blocks.tally)
        self.processor.paper_ids = self._paper_ids(chunk)
        for _, of_paper in groupby(self._outcomes(chunk), key=lambda done: done[0].paper):
            kept: list[Outcome] = []
            for _, same in groupby(of_paper, key=lambda done: done[0].figid):
                found = list(same)
                before = chunk.elsewhere.get((found[0][0].paper, found[0][0].figid))
                kept += self._figure([outcome for _, outcome in found], before, result)
            if result.failed:
                break
            if len(kept) > 1:
                kept = self._of_one_iri_each(kept, result)
            if kept:
                self._paper(kept, result)
        result.texts = self.blocks.taken()
        result.shared.settle()
        result.embedded = self.lexicons.embedded_used
        return result

    def _paper_ids(self, chunk: Chunk) -> Callable[[int], PaperIds | None] | None:
        """PMIDs and missing DOIs: from NCBI's list where one is given, else from the lexicons."""
        if chunk.ids is not None:
            return chunk.ids.get
        return self.lexicons.paper if self.lexicons.has_papers else None

    def _outcomes(self, chunk: Chunk) -> Iterator[tuple[Pending, Outcome]]:
        """The checked outcomes of all records, in order; they are checked in batches."""
        records = iter(chunk.records)
        while batch := list(islice(records, _BATCH)):
            outcomes = [self._prepared(pending, chunk) for pending in batch]
            self.processor.check(outcomes)
            yield from zip(batch, outcomes, strict=True)

    def _prepared(self, pending: Pending, chunk: Chunk) -> Outcome:
        self.on_record(pending.path)
        problem = chunk.skipped.get(pending.path)
        try:
            if problem is None:
                return self.processor.prepare(pending.load())
        except SourceError as error:
            problem = error.problem
        raw = RawRecord(problem.path or pending.path, b"", {}, pending.stem)
        return Outcome(raw, Findings(), failure=_of_figure(problem, pending.figid))

    def _figure(self, outcomes: list[Outcome], elsewhere: str | None, result: ChunkResult) -> list[Outcome]:
        """The one outcome to keep of all records with a figure id, or none; the others are reported."""
        good = [outcome for outcome in outcomes if outcome.figure is not None]
        for outcome in outcomes:
            if outcome.failure is not None:
                self._leave_out(outcome, outcome.failure, result)
        if not good:
            return []
        best = good[0] if len(good) == 1 else max(good, key=_rank)
        for outcome in good:
            if elsewhere is not None:
                self._leave_out(outcome, _duplicate(outcome, elsewhere, same=False), result)
            elif outcome is not best:
                same = outcome.raw.data == best.raw.data
                self._leave_out(outcome, _duplicate(outcome, best.raw.path, same=same), result)
        return [best] if elsewhere is None else []

    def _of_one_iri_each(self, outcomes: list[Outcome], result: ChunkResult) -> list[Outcome]:
        """The outcomes without those whose figure id gives the IRI of one before (`a b` and `a%20b`)."""
        kept: dict[Term, Outcome] = {}
        for outcome in outcomes:
            if outcome.linked is not None:
                first = kept.setdefault(outcome.linked.figure, outcome)
                if first is not outcome:
                    self._leave_out(outcome, _duplicate(outcome, first.raw.path, same=False), result)
        return list(kept.values())

    def _leave_out(self, outcome: Outcome, problem: Problem, result: ChunkResult) -> None:
        if problem.severity == "error":
            if self.options.quarantine is not None:
                result.left_out.append(LeftOut(outcome.raw, [problem, *outcome.findings.problems]))
            if self.options.strict:
                result.failed = result.failed or problem
        result.log.add(problem, left_out=True)
        for further in outcome.findings.problems if outcome.failure else ():
            result.log.add(further)

    def _paper(self, kept: list[Outcome], result: ChunkResult) -> None:
        """Write a paper and its figures."""
        figures = [outcome.figure for outcome in kept if outcome.figure]
        findings = Findings()
        for pmcid, of_paper in groupby(figures, key=lambda figure: figure.pmcid):
            same = list(of_paper)
            paper, node = same[0].paper, kept[0].linked.paper if kept[0].linked else None
            if len(same) > 1 or node is None or self.processor.paper_ids is not None:
                paper = self.processor.with_ids(merge_papers(same, findings))
                node = self.linker.paper(paper)
            self.blocks.put("core", node.subject, node.facts)
            result.shared.add_paper(paper, len(same))
            result.counts.papers += 1
            if len(same) > 1 and self.checker is not None:
                for problem in node_problems(self.checker, [node, *self.linker.journal_nodes(paper)], [], pmcid):
                    result.log.add(problem)
        by_path = {outcome.raw.path: outcome.raw for outcome in kept}
        for problem in findings.problems:
            result.log.add(locate_problem(by_path[problem.path], problem))
        result.log.notes.update(findings.notes)
        for outcome in kept:
            self._write(outcome, result)

    def _write(self, outcome: Outcome, result: ChunkResult) -> None:
        figure, linked = outcome.figure, outcome.linked
        if figure is None or linked is None:
            return
        self.blocks.put_groups("core", linked.figure, linked.facts)
        own = f"{linked.figure[:-1]}#"
        for node in linked.own:
            if node.kind in _OWN:
                self.blocks.put(LAYERS[node.kind], node.subject, node.facts)
            elif node.kind == "part" and node.subject.startswith(own):
                self.blocks.put("core", node.subject, node.facts)
            elif node.kind == "part":
                result.shared.add_part(node)
        for mentions in linked.mentions:
            self.blocks.put_mentions(LAYERS[mentions.kind], mentions)
        result.shared.add(figure, linked)
        result.digests += outcome.digest()
        result.counts.add(linked, outcome.findings)
        result.log.notes.update(outcome.findings.notes)
        for problem in outcome.findings.problems:
            result.log.add(problem)
        result.log.keep(outcome.findings.unlinked, figure.path, figure.figid)


def _checker(options: ExportOptions, names: Names) -> RecordChecker:
    """The checker of an export; the reference engine and a user's own shapes always see whole graphs."""
    shapes = load_shapes(options.shapes, base=options.base)
    whole = options.shapes is not None or options.engine != "shacl"
    return RecordChecker(shapes, options.engine, names, whole=whole)


def _rank(outcome: Outcome) -> tuple[str, int, bytes]:
    """Of records with one figure id the newest generation wins, then the one with more tables, then a digest."""
    return (outcome.figure.generation if outcome.figure else "", len(outcome.raw.tables), outcome.digest())


def _of_figure(problem: Problem, figid: str) -> Problem:
    return problem if problem.figid else replace(problem, figid=figid)


def _duplicate(outcome: Outcome, other: str, *, same: bool) -> Problem:
    figid = outcome.figure.figid if outcome.figure else ""
    return Problem(
        severity="note" if same else "warning",
        code="duplicate-figure",
        what=f"{figid} stands in {other} too" + (", word for word" if same else ""),
        why="a figure is one node; the newest generation is kept, then the record with more tables",
        mend="nothing to do, or name only one of the two sources",
        path=outcome.raw.path,
        figid=figid,
    )
