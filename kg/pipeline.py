"""The main job: records in, a checked graph out. The only place where the steps meet."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Final

from kg.commit import source_commit
from kg.describe import Description, UsedLexicon, describe
from kg.errors import KgError, Problem, SourceError
from kg.lexicon import LexiconInfo, Lexicons
from kg.link import LAYERS, Linker, Node
from kg.options import ExportOptions, output_kind, stem_of
from kg.output import AtomicFile, Written, disk_errors
from kg.papers import merge_papers
from kg.pmcids import PMC_IDS_IRI, PaperIds, read_pmc_ids
from kg.process import Outcome, Processor
from kg.quarantine import Quarantine
from kg.querydocs import query_nodes
from kg.read import RawRecord, locate_problem
from kg.record import Findings
from kg.recordcheck import RecordChecker, ntriples
from kg.records import PathLike, as_paths
from kg.report import ExportReport, ProblemLog
from kg.resources import tool_version
from kg.savedqueries import load_queries
from kg.shapes import load_shapes
from kg.shared import SharedNodes
from kg.sink import LAYER_ORDER, GraphSink
from kg.source import Entry, Source, open_sources
from kg.vocab import Names, Term
from kg.vocabulary import vocabulary_nodes
from kg.write import FORMATS, make_writer

__all__ = ["export"]

Progress = Callable[[int, int], object]
"""Called with the number of records done and of all."""

_CHECK_BATCH: Final = 500


def export(
    source: PathLike | Iterable[PathLike],
    output: PathLike,
    *,
    options: ExportOptions | None = None,
    on_problem: Callable[[Problem], None] | None = None,
    on_progress: Progress | None = None,
    **settings: object,
) -> ExportReport:
    """Convert records to a checked knowledge graph.

    Args:
        source: record files, folders or archives.
        output: a file, whose suffix tells the format, or a folder for one file a layer.
        options: settings; or give them one by one, as in `export(src, "g.ttl", strict=True)`.
        on_problem: called with each problem as it is met.
        on_progress: called with the records done and all records.
        settings: fields of `ExportOptions`.

    Returns:
        Counts, repairs, problems and the files written. Broken records are left out and reported.

    Raises:
        UsageError: source or output cannot be used as asked.
        ShapesError: the shapes are broken.
        KgError: the first error, with `strict`.
    """
    options = options or ExportOptions(**settings)  # type: ignore[arg-type]
    run = _Run(options, Path(output), ProblemLog(on_problem))
    with open_sources(as_paths(source), options.data) as opened:
        return run.run(opened, on_progress or (lambda _done, _all: None))


class _Run:
    """One export: holds the steps' machinery, the report and the sink."""

    def __init__(self, options: ExportOptions, output: Path, log: ProblemLog) -> None:
        self.options, self.output = options, output
        self.kind = output_kind(output, options.form)
        self.names = Names(options.base)
        self.linker = Linker(self.names, image_url=options.image_url)
        self.shared = SharedNodes(self.linker)
        self.report = ExportReport(problems=log)
        self.log = log
        self.checker = _checker(options, self.names) if options.check else None
        # What is not grounded needs the embedded lexicon no more than the tables do.
        self.lexicons = Lexicons(options.lexicons, embedded=options.embedded and options.ground)
        self.processor = Processor(
            self.linker, self.checker, repair=options.repair, lexicons=self.lexicons, ground=options.ground
        )
        self.quarantine = Quarantine(options.quarantine)
        self.digest = hashlib.sha256()
        self.seen: set[str] = set()

    def run(self, source: Source, on_progress: Progress) -> ExportReport:
        started = time.perf_counter()
        self.report.records = len(source.entries)
        self.processor.paper_ids = self._paper_ids(source)
        with disk_errors(self.output), GraphSink(self.output, self.kind, self.names) as sink:
            self._records(source, sink, on_progress)
            self._orphans(source)
            self._shared_nodes(sink)
            self._finish(source, sink)
        self.report.seconds = time.perf_counter() - started
        return self.report

    def _paper_ids(self, source: Source) -> Callable[[int], PaperIds | None] | None:
        """PMIDs and missing DOIs: from NCBI's list where one is given, else from the lexicons."""
        if self.options.pmc_ids is not None:
            return read_pmc_ids(self.options.pmc_ids, {entry.paper for entry in source.entries}).get
        return self.lexicons.paper if self.lexicons.has_papers else None

    def _records(self, source: Source, sink: GraphSink, on_progress: Progress) -> None:
        done = 0
        for _, of_paper in groupby(source.entries, key=lambda entry: entry.paper):
            kept: list[Outcome] = []
            for _, same in groupby(of_paper, key=lambda entry: entry.figid):
                entries = list(same)
                kept += self._figure(source, entries)
                done += len(entries)
                on_progress(done, self.report.records)
            if kept:
                self._paper(kept, sink)

    def _figure(self, source: Source, entries: list[Entry]) -> list[Outcome]:
        """The one outcome to keep of all records with a figure id, or none; the others are reported."""
        outcomes = [self._process(source, entry) for entry in entries]
        good = [outcome for outcome in outcomes if outcome.figure is not None]
        for outcome in outcomes:
            if outcome.failure is not None:
                self._leave_out(outcome, outcome.failure)
        if not good:
            return []
        best = max(good, key=_rank)
        for outcome in good:
            if outcome is not best or _figid(best) in self.seen:
                self._leave_out(outcome, _duplicate(outcome, best))
        if _figid(best) in self.seen:
            return []
        self.seen.add(_figid(best))
        return [best]

    def _process(self, source: Source, entry: Entry) -> Outcome:
        try:
            raw = source.raw(entry)
        except SourceError as error:
            empty = RawRecord(error.problem.path, b"")
            return Outcome(empty, Findings(), failure=replace(error.problem, figid=entry.figid))
        return self.processor.run(raw)

    def _leave_out(self, outcome: Outcome, problem: Problem) -> None:
        if problem.severity == "error":
            self.quarantine.add(outcome, problem)
            if self.options.strict:
                raise KgError(problem)
        self.log.add(problem, left_out=True)
        for further in outcome.findings.problems if outcome.failure else ():
            self.log.add(further)

    def _paper(self, kept: list[Outcome], sink: GraphSink) -> None:
        """Write a paper and its figures."""
        figures = [outcome.figure for outcome in kept if outcome.figure]
        findings = Findings()
        for pmcid, of_paper in groupby(figures, key=lambda figure: figure.pmcid):
            same = list(of_paper)
            paper = self.processor.with_ids(merge_papers(same, findings))
            node = self.linker.paper(paper)
            sink.put("core", node.subject, node.facts)
            self.shared.add_paper(paper, len(same))
            self.report.papers += 1
            if len(same) > 1:
                self._check_nodes([node, *self.linker.journal_nodes(paper)], pmcid)
        by_path = {outcome.raw.path: outcome.raw for outcome in kept}
        for problem in findings.problems:
            self.log.add(locate_problem(by_path[problem.path], problem))
        self.log.count(findings.notes)
        for outcome in kept:
            self._write(outcome, sink)

    def _write(self, outcome: Outcome, sink: GraphSink) -> None:
        figure, nodes = outcome.figure, outcome.nodes
        if figure is None or nodes is None:
            return
        own = f"{nodes[0].subject[:-1]}#"
        for node in nodes:
            if node.kind in _OWN:
                sink.put(LAYERS[node.kind], node.subject, node.facts, uniform=_UNIFORM.get(node.kind, ""))
            elif node.kind == "part" and node.subject.startswith(own):
                sink.put("core", node.subject, node.facts)
            elif node.kind == "part":
                self.shared.add_part(node)
        self.shared.add(figure, nodes)
        self.digest.update(outcome.digest())
        self.report.count_figure(figure, outcome.findings)
        for problem in outcome.findings.problems:
            self.log.add(problem)
        for problem in outcome.findings.unlinked:
            self.log.keep(problem)

    def _orphans(self, source: Source) -> None:
        for path in source.orphans():
            self.log.add(
                Problem(
                    severity="warning",
                    code="orphan-table",
                    what="there is no record for the table beside it",
                    why="its rows are not in the graph",
                    mend="add the record, or remove the table",
                    path=path,
                )
            )

    def _shared_nodes(self, sink: GraphSink) -> None:
        batch: list[Node] = []
        for node in self.shared.nodes():
            sink.put(LAYERS[node.kind], node.subject, node.facts)
            batch.append(node)
            if len(batch) >= _CHECK_BATCH:
                self._check_nodes(batch)
                batch = []
        self._check_nodes(batch)
        if self.options.vocabulary:
            for subject, facts in vocabulary_nodes(self.options.base):
                sink.put("meta", subject, facts)
        if self.options.queries:
            for subject, facts in query_nodes(load_queries().values(), base=self.options.base):
                sink.put("queries", subject, facts)
        entities = self.shared.entities
        self.report.genes, self.report.chemicals, self.report.diseases = (
            len(entities[kind]) for kind in ("gene", "chemical", "disease")
        )
        self.report.taxa = self.shared.taxa_count

    def _check_nodes(self, nodes: list[Node], what: str = "") -> None:
        """Check nodes that are merged from many records, together with the taxa that they point to."""
        if self.checker is None or not nodes:
            return
        subjects = {node.subject for node in nodes}
        for result in self.checker.full.check(ntriples([*nodes, *self.shared.targets(nodes)])):
            if result.focus not in subjects:
                continue
            shape = self.checker.shapes.properties.get(Term(result.shape))
            if result.severity == "Info":
                continue
            self.log.add(
                Problem(
                    severity="error" if result.severity == "Violation" else "warning",
                    code=shape.name if shape else "shape",
                    what=f"{result.focus} breaks {result.component.removesuffix('ConstraintComponent')} {result.value}",
                    why=f"guards {shape.comment}" if shape else "",
                    mend=result.message,
                    path=what,
                )
            )

    def _finish(self, source: Source, sink: GraphSink) -> None:
        """Write the description, close the files, and make everything appear."""
        told = self._description(source)
        written = sink.finish(*(layer for layer in LAYER_ORDER if layer != "meta")) if self.kind.folder else []
        inside = self._with_layers(replace(told, files=written), sink)
        for subject, facts in inside:
            sink.write("meta", subject, facts)
        self.report.triples = sink.tally.triples + sum(len(facts) for _, facts in inside)
        self._check_description(inside)
        written += sink.finish()
        self.report.files = written
        self.report.version, self.report.commit = told.version, told.commit
        if self.kind.folder:
            sink.commit()
            return
        beside = self._with_layers(replace(told, files=written), sink)
        side, described = _side_file(self.output, beside, self.names)
        try:
            side.commit()
            sink.commit()
        finally:
            side.abort()
        self.report.files = [*written, described]

    def _description(self, source: Source) -> Description:
        commit, date = source_commit(source.paths)
        return Description(
            version=self.options.release or commit[:12] or self.digest.hexdigest()[:12],
            tool_version=tool_version(),
            source_iri=self.options.source_iri,
            commit=commit,
            issued=self.options.issued or date,
            options=self.options.told(),
            uses=(PMC_IDS_IRI,) if self.options.pmc_ids else (),
            lexicons=tuple(_used(lexicon.info()) for lexicon in self.lexicons.used()),
            media_type=FORMATS[self.kind.form].media_type,
        )

    def _with_layers(self, told: Description, sink: GraphSink) -> list[tuple[Term, list[tuple[Term, Term]]]]:
        """The description with the triples of each layer, its own (`meta`) included."""
        counted = sink.tally.layers
        layers = {layer: counted[layer] for layer in LAYER_ORDER if counted[layer] or layer == "meta"}
        own = sum(len(facts) for _, facts in describe(self.names, replace(told, layers=layers), sink.tally))
        layers["meta"] = counted["meta"] + own
        return describe(self.names, replace(told, layers=layers), sink.tally)

    def _check_description(self, blocks: list[tuple[Term, list[tuple[Term, Term]]]]) -> None:
        self._check_nodes([Node(subject, "part", facts) for subject, facts in blocks])


def _used(info: LexiconInfo) -> UsedLexicon:
    sources = info.sources
    return UsedLexicon(
        version=info.version,
        titles=tuple(dict.fromkeys(f"{source['title']} ({source['date']})" for source in sources)),
        homes=tuple(dict.fromkeys(source["home"] for source in sources)),
        licences=tuple(dict.fromkeys(source["licence"] for source in sources)),
    )


def _checker(options: ExportOptions, names: Names) -> RecordChecker:
    """The checker of an export; the reference engine and a user's own shapes always see whole graphs."""
    shapes = load_shapes(options.shapes, base=options.base)
    whole = options.shapes is not None or options.engine != "shacl"
    return RecordChecker(shapes, options.engine, names, whole=whole)


_OWN: Final = frozenset(("figure", "image", "gene-mention", "chemical-mention", "disease-mention", "organism-evidence"))


_UNIFORM: Final = {kind: kind for kind in ("gene-mention", "chemical-mention", "disease-mention")}
"""Kinds whose nodes are alike; what comes by the million is counted by form."""


def _figid(outcome: Outcome) -> str:
    return outcome.figure.figid if outcome.figure else ""


def _rank(outcome: Outcome) -> tuple[str, int, bytes]:
    """Of records with one figure id the newest generation wins, then the one with more tables, then a digest."""
    return (outcome.figure.generation if outcome.figure else "", len(outcome.raw.tables), outcome.digest())


def _duplicate(outcome: Outcome, best: Outcome) -> Problem:
    same = outcome.raw.data == best.raw.data
    return Problem(
        severity="note" if same else "warning",
        code="duplicate-figure",
        what=f"{_figid(outcome)} stands in {best.raw.path} too" + (", word for word" if same else ""),
        why="a figure is one node; the newest generation is kept, then the record with more tables",
        mend="nothing to do, or name only one of the two sources",
        path=outcome.raw.path,
        figid=_figid(outcome),
    )


def _side_file(
    output: Path, blocks: list[tuple[Term, list[tuple[Term, Term]]]], names: Names
) -> tuple[AtomicFile, Written]:
    """The description in a file beside the graph, not yet under its name: it alone can hold the graph's checksum."""
    file = AtomicFile(output.with_name(f"{stem_of(output)}.void.ttl"))
    try:
        writer = make_writer("turtle", names)
        writer.start(file)
        for subject, facts in blocks:
            writer.block(file, subject, facts, None)
        writer.end(file)
        return file, file.finish()
    except BaseException:
        file.abort()
        raise
