"""The main job: records in, a checked graph out. The only place where the steps meet."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kg.check import make_checker
from kg.commit import source_commit
from kg.describe import Description, describe
from kg.errors import KgError, Problem, SourceError, UsageError
from kg.expand import expand_jsonld, figure_iri
from kg.link import LAYERS, Linker, Node
from kg.options import ExportOptions, output_kind
from kg.output import AtomicFile, Written, disk_errors
from kg.papers import merge_papers
from kg.pmcids import PMC_IDS_IRI, read_pmc_ids
from kg.process import Outcome, Processor, ntriples
from kg.quarantine import Quarantine
from kg.read import RawRecord, locate_problem, read_record
from kg.record import Figure, Findings
from kg.report import ExportReport, ProblemLog
from kg.resources import package_file
from kg.shapes import load_shapes
from kg.shared import SharedNodes
from kg.sink import LAYER_ORDER, GraphSink
from kg.source import Entry, Source, open_sources
from kg.vocab import Names, Term
from kg.vocabulary import vocabulary_nodes
from kg.write import FORMATS, make_writer

if TYPE_CHECKING:
    import rdflib

__all__ = ["explain_record", "export", "read_records", "record_graph", "tool_version", "write_report"]

PathLike = str | os.PathLike[str]
Progress = Callable[[int, int], object]
"""Called with the number of records done and of all."""

_CHECK_BATCH: Final = 500


def tool_version() -> str:
    """The version of this package."""
    try:
        return version("pfocr-kg")
    except PackageNotFoundError:  # a bare checkout on the path
        return "0+unknown"


def _as_paths(source: PathLike | Iterable[PathLike]) -> list[PathLike]:
    return [source] if isinstance(source, (str, os.PathLike)) else list(source)


def read_records(
    source: PathLike | Iterable[PathLike],
    *,
    data: Sequence[PathLike] = (),
    problems: list[Problem] | None = None,
) -> Iterator[Figure]:
    """The figures of a record file, folder or archive (or several), ordered by paper and figure id.

    Args:
        source: what `kg export` takes.
        data: further places in which companion tables are looked for first.
        problems: receives the problems of broken records, which are then passed over, and warnings.

    Raises:
        UsageError: the source cannot be read or has no records.
        SourceError: a record is broken or rejected, and no list for problems was given.
    """
    with open_sources(_as_paths(source), data) as opened:
        for entry in opened.entries:
            findings = Findings()
            raw = RawRecord(opened.shown(entry), b"")
            try:
                raw = opened.raw(entry)
                figure = read_record(raw, findings)
            except SourceError as error:
                problem = locate_problem(raw, error.problem)
                if problems is None:
                    raise SourceError(problem) from None
                problems.append(problem)
                continue
            if problems is not None:
                problems += (locate_problem(raw, problem) for problem in findings.problems)
            yield figure


def record_graph(figure: Figure, *, repair: bool = True, base: str | None = None) -> rdflib.Graph:
    """One record's own triples as an `rdflib.Graph` with the project's prefixes, checked by nobody.

    Raises:
        ExpansionError: its JSON-LD cannot become triples.
    """
    import rdflib  # noqa: PLC0415 (a third of a second that only library users need)

    names = Names(base) if base else Names()
    stated = expand_jsonld(figure, Findings(), repair=repair)
    nodes = Linker(names).nodes(figure, figure_iri(figure.figid), stated)
    graph = rdflib.Graph(bind_namespaces="none")
    for prefix, namespace in names.prefixes.items():
        # rdflib knows another `schema` and would call ours `schema1` without `replace`.
        graph.bind(prefix, namespace, replace=True)
    return graph.parse(data=ntriples(nodes), format="nt")


def explain_record(
    source: PathLike,
    figid: str | None = None,
    *,
    data: Sequence[PathLike] = (),
    repair: bool = True,
    base: str | None = None,
) -> Outcome:
    """One record of a source taken through the steps, checked, with all that was noticed on the way.

    Args:
        source: a record, or a folder or archive that holds it.
        figid: which one; may be left out where there is only one.
        data: further places in which companion tables are looked for first.
        repair: False keeps the JSON-LD as it is.
        base: IRI that the project's own terms hang on.

    Raises:
        UsageError: the source cannot be read, or which record is meant is not clear.
        KgError: the record is broken or rejected.
    """
    names = Names(base) if base else Names()
    shapes = load_shapes(base=names.base)
    with open_sources([source], data) as opened:
        entries = [entry for entry in opened.entries if figid is None or entry.figid == figid]
        if len(entries) != 1:
            some = ", ".join(entry.figid for entry in opened.entries[:3])
            raise UsageError.of(
                "which-record",
                f"{source} has {len(entries)} records{f' with figure id {figid!r}' if figid else ''}",
                "one record is explained at a time",
                f"name one with --figure, such as {some}",
            )
        outcome = Processor(Linker(names), shapes, make_checker(shapes), repair=repair).run(opened.raw(entries[0]))
    if outcome.failure is not None:
        raise KgError(outcome.failure)
    return outcome


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
    with open_sources(_as_paths(source), options.data) as opened:
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
        self.shapes = load_shapes(options.shapes, base=options.base) if options.check else None
        self.checker = make_checker(self.shapes, options.engine) if self.shapes else None
        self.processor = Processor(self.linker, self.shapes, self.checker, repair=options.repair)
        self.quarantine = Quarantine(options.quarantine)
        self.digest = hashlib.sha256()
        self.seen: set[str] = set()

    def run(self, source: Source, on_progress: Progress) -> ExportReport:
        started = time.perf_counter()
        self.report.records = len(source.entries)
        if self.options.pmc_ids is not None:
            wanted = {entry.paper for entry in source.entries}
            self.processor.pmc_ids = read_pmc_ids(self.options.pmc_ids, wanted)
        with disk_errors(self.output), GraphSink(self.output, self.kind, self.names) as sink:
            self._records(source, sink, on_progress)
            self._orphans(source)
            self._shared_nodes(sink)
            self._finish(source, sink)
        self.report.seconds = time.perf_counter() - started
        return self.report

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
        self.log.add(problem, left_out=True)
        for further in outcome.findings.problems if outcome.failure else ():
            self.log.add(further)
        if problem.severity == "error":
            self.quarantine.add(outcome, problem)
            if self.options.strict:
                raise KgError(problem)

    def _paper(self, kept: list[Outcome], sink: GraphSink) -> None:
        """Write a paper and its figures."""
        figures = [outcome.figure for outcome in kept if outcome.figure]
        findings = Findings()
        for pmcid, of_paper in groupby(figures, key=lambda figure: figure.pmcid):
            same = list(of_paper)
            paper = merge_papers(same, findings)
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
                sink.put(LAYERS[node.kind], node.subject, node.facts)
            elif node.kind == "part" and node.subject.startswith(own):
                sink.put("core", node.subject, node.facts)
            elif node.kind == "part":
                self.shared.add_part(node)
        self.shared.add(figure, nodes)
        self.digest.update(outcome.digest())
        self.report.count_figure(figure, outcome.findings)
        for problem in outcome.findings.problems:
            self.log.add(problem)

    def _orphans(self, source: Source) -> None:
        for path in source.orphans():
            self.log.add(
                Problem(
                    severity="warning",
                    code="orphan-table",
                    what="the table belongs to no record of the source",
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
        entities = self.shared.entities
        self.report.genes, self.report.chemicals, self.report.diseases = (
            len(entities[kind]) for kind in ("gene", "chemical", "disease")
        )
        self.report.taxa = self.shared.taxa_count

    def _check_nodes(self, nodes: list[Node], what: str = "") -> None:
        """Check nodes that are merged from many records, together with the taxa that they point to."""
        if self.checker is None or not nodes:
            return
        known = self.shared.targets(nodes)
        for result in self.checker.check(ntriples([*nodes, *known])):
            if result.focus not in {node.subject for node in nodes}:
                continue
            shape = self.shapes.properties.get(Term(result.shape)) if self.shapes else None
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
            sink.commit()
            side.commit()
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


_OWN: Final = frozenset(
    ("figure", "image", "gene-mention", "chemical-mention", "disease-mention", "organism-evidence")
)


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


def _side_file(output: Path, blocks: list[tuple[Term, list[tuple[Term, Term]]]], names: Names) -> tuple[AtomicFile, Written]:
    """The description in a file beside a single-file graph, not yet under its name: it alone can hold the graph's checksum."""
    stem = output.name.split(".")[0] or output.name
    file = AtomicFile(output.with_name(f"{stem}.void.ttl"))
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


def write_report(report: ExportReport, path: Path) -> None:
    """Write a report as JSON, whole or not at all.

    Raises:
        UsageError: the file cannot be written.
    """
    with disk_errors(path):
        file = AtomicFile(path)
        try:
            file.write(json.dumps(report.to_json(), indent=2, ensure_ascii=False) + "\n")
            file.finish()
            file.commit()
        finally:
            file.abort()
