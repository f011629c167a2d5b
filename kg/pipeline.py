"""The main job: records in, a checked graph out. The only place where the steps meet."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Final

from kg.chunk import Chunk, ChunkResult, chunks
from kg.commit import source_commit
from kg.cores import usable_cores
from kg.describe import Description, UsedLexicon, describe
from kg.elsewhere import figures_elsewhere
from kg.errors import KgError, Problem, UsageError
from kg.garbage import seldom_collected
from kg.lexicon import LexiconInfo
from kg.node import LAYERS, Node
from kg.nodecheck import node_problems
from kg.options import ExportOptions, output_kind, part_kind, stem_of
from kg.output import AtomicFile, Written
from kg.parts import PartFolder, place_errors
from kg.partsink import PartsSink
from kg.pending import fetched
from kg.pmcids import PMC_IDS_IRI, read_pmc_ids
from kg.pool import in_order
from kg.quarantine import Quarantine
from kg.querydocs import query_nodes
from kg.records import PathLike, as_paths
from kg.report import ExportReport, ProblemLog
from kg.resources import tool_version
from kg.savedqueries import load_queries
from kg.shared import SharedNodes
from kg.sharedtally import SharedTally
from kg.sink import LAYER_ORDER, GraphSink
from kg.source import Source, open_sources
from kg.urls import absolute, as_place
from kg.vocab import Names, Term
from kg.vocabulary import vocabulary_nodes
from kg.work import Worker
from kg.write import FORMATS, turtle_text

__all__ = ["export"]

Progress = Callable[[int, int], object]
"""Called with the number of records done and of all."""

_CHECK_BATCH: Final = 500
_CHUNK: Final = 100
"""Records that a process takes at a time: few enough to hold, enough to make handing them over cheap."""
_SLOW_CHUNK: Final = 16


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
        source: record files, folders or archives; or URLs of such, as fsspec knows them.
        output: a file, whose suffix tells the format, or a folder for one file a layer; with `shards` a folder or URL.
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
    if options.scheduler is not None:  # other machines have other working folders
        source = [absolute(place) for place in as_paths(source)]
        options = _absolute(options)
    with seldom_collected():
        run = _Run(options, as_place(output), ProblemLog(on_problem))
        with open_sources(as_paths(source), options.data) as opened:
            return run.run(opened, on_progress or (lambda _done, _all: None))


def _absolute(options: ExportOptions) -> ExportOptions:
    return replace(
        options,
        data=tuple(absolute(place) for place in options.data),
        lexicons=tuple(path.absolute() for path in options.lexicons),
        shapes=None if options.shapes is None else options.shapes.absolute(),
    )


_Sink = GraphSink | PartsSink


class _Run:
    """One export: hands records to the workers, takes in order what they make, and adds what all share."""

    def __init__(self, options: ExportOptions, output: Path | str, log: ProblemLog) -> None:
        self.options, self.output = options, output
        self.names = Names(options.base)
        self.report = ExportReport(problems=log)
        self.log = log
        self.kind = part_kind(options.form) if options.shards else output_kind(_file(output), options.form)
        # All that a worker must know of the output is what the names of its files end in.
        told = Path("layers" if self.kind.folder else f"g{self.kind.suffix}")
        self.worker = Worker(replace(options, form=self.kind.suffix[1:]), told)
        self.quarantine = Quarantine(options.quarantine)
        self.digest = hashlib.sha256()
        self.shared = SharedTally()

    def run(self, source: Source, on_progress: Progress) -> ExportReport:
        started = time.perf_counter()
        self.report.records = len(source.entries)
        with (
            place_errors(self.output),
            self._sink() as sink,
            closing(self._results(self._chunks(source), sink)) as results,
        ):
            done = 0
            for result in results:
                self._take(result, sink)
                done += result.records
                on_progress(done, self.report.records)
            self._orphans(source)
            self._shared_nodes(sink)
            self._finish(source, sink)
        self.report.seconds = time.perf_counter() - started
        return self.report

    def _sink(self) -> _Sink:
        if self.options.shards:
            return PartsSink(PartFolder(self.output), self.kind, self.names)
        return GraphSink(_file(self.output), self.kind, self.names)

    def _results(self, chunks: Iterator[Chunk], sink: _Sink) -> Generator[ChunkResult]:
        if self.options.scheduler is None:
            ready = (replace(chunk, records=fetched(chunk.records)) for chunk in chunks)
            return in_order(self.worker, ready, self._jobs())
        from kg.cluster import Setup, on_cluster  # noqa: PLC0415 (with asyncio, which others do without)

        parts = sink.writer if isinstance(sink, PartsSink) else None
        return on_cluster(self.options.scheduler, Setup(self.worker.options, self.worker.output, parts), chunks)

    def _jobs(self) -> int:
        jobs = usable_cores() if self.options.jobs is None else self.options.jobs
        return min(jobs, -(-self.report.records // self._chunk_size()))

    def _chunk_size(self) -> int:
        return _CHUNK if self.options.engine == "shacl" else _SLOW_CHUNK

    def _chunks(self, source: Source) -> Iterator[Chunk]:
        ids = None
        if self.options.pmc_ids is not None:
            ids = read_pmc_ids(self.options.pmc_ids, {entry.paper for entry in source.entries})
        elsewhere = figures_elsewhere(source, self.worker.processor)
        for number, records in enumerate(chunks(map(source.pending, source.entries), self._chunk_size())):
            papers = {record.paper for record in records}
            yield Chunk(
                number,
                records,
                ids=None if ids is None else {paper: ids[paper] for paper in papers if paper in ids},
                elsewhere={key: path for key, path in elsewhere.items() if key[0] in papers},
            )

    def _take(self, result: ChunkResult, sink: _Sink) -> None:
        """Add a chunk's result to the export."""
        for raw, problems in result.left_out:
            self.quarantine.add(raw, problems)
        self.log.extend(result.log)
        if result.failed is not None:
            raise KgError(result.failed)
        if isinstance(sink, PartsSink):
            sink.add(result)
        else:
            sink.append(result.texts)
        sink.blocks.tally.merge(result.tally)
        self.shared.merge(result.shared)
        self.report.count(result.counts)
        self.digest.update(result.digests)
        if result.embedded:
            self.worker.lexicons.use_embedded()

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

    def _shared_nodes(self, sink: _Sink) -> None:
        shared = SharedNodes(self.shared, self.worker.linker)
        nodes = shared.nodes()
        while batch := list(islice(nodes, _CHECK_BATCH)):
            for node in batch:
                sink.blocks.put(LAYERS[node.kind], node.subject, node.facts)
            sink.flush()
            self._check_nodes(batch, shared.targets(batch))
        if self.options.vocabulary:
            for subject, facts in vocabulary_nodes(self.options.base):
                sink.blocks.put("meta", subject, facts)
        if self.options.queries:
            for subject, facts in query_nodes(load_queries().values(), base=self.options.base):
                sink.blocks.put("queries", subject, facts)
        entities = shared.entities
        self.report.genes, self.report.chemicals, self.report.diseases = (
            len(entities[kind]) for kind in ("gene", "chemical", "disease")
        )
        self.report.taxa = len(shared.taxa)

    def _check_nodes(self, nodes: list[Node], targets: Iterable[Node] = ()) -> None:
        """Check nodes that are merged from many records, together with those that they point to."""
        if self.worker.checker is not None and nodes:
            for problem in node_problems(self.worker.checker, nodes, targets):
                self.log.add(problem)

    def _finish(self, source: Source, sink: _Sink) -> None:
        """Write the description, close the files, and make everything appear."""
        told = self._description(source)
        layers = (layer for layer in LAYER_ORDER if layer != "meta")
        written = sink.finish(*layers) if isinstance(sink, GraphSink) and self.kind.folder else []
        inside = self._with_layers(replace(told, files=written), sink)
        for subject, facts in inside:
            sink.blocks.write("meta", subject, facts)
        self.report.triples = sink.blocks.tally.triples + sum(len(facts) for _, facts in inside)
        self._check_description(inside)
        written += sink.finish()
        self.report.files = written
        self.report.version, self.report.commit = told.version, told.commit
        if self.kind.folder and isinstance(sink, GraphSink):
            sink.commit()
            return
        beside = self._with_layers(replace(told, files=written), sink)
        if isinstance(sink, PartsSink):
            self.report.files = [*written, *sink.complete(turtle_text(beside, self.names), self._manifest(told))]
            return
        side, described = _side_file(_file(self.output), beside, self.names)
        try:
            side.commit()
            sink.commit()
        finally:
            side.abort()
        self.report.files = [*written, described]

    def _manifest(self, told: Description) -> dict[str, object]:
        """What the manifest tells besides the files."""
        return {
            "commit": told.commit,
            "issued": told.issued,
            "options": told.options,
            "records": self.report.records,
            "tool": f"pfocr-kg {told.tool_version}",
            "triples": self.report.triples,
            "version": told.version,
        }

    def _description(self, source: Source) -> Description:
        here = [path for path in source.paths if isinstance(path, Path)]
        commit, date = source_commit(here if len(source.paths) == 1 else [])
        return Description(
            version=self.options.release or commit[:12] or self.digest.hexdigest()[:12],
            tool_version=tool_version(),
            source_iri=self.options.source_iri,
            commit=commit,
            issued=self.options.issued or date,
            options=self.options.told(),
            uses=(PMC_IDS_IRI,) if self.options.pmc_ids else (),
            lexicons=tuple(_used(lexicon.info()) for lexicon in self.worker.lexicons.used()),
            media_type=FORMATS[self.kind.form].media_type,
        )

    def _with_layers(self, told: Description, sink: _Sink) -> list[tuple[Term, list[tuple[Term, Term]]]]:
        """The description with the triples of each layer, its own (`meta`) included."""
        counted = sink.blocks.tally.layers
        layers = {layer: counted[layer] for layer in LAYER_ORDER if counted[layer] or layer == "meta"}
        own = sum(len(facts) for _, facts in describe(self.names, replace(told, layers=layers), sink.blocks.tally))
        layers["meta"] = counted["meta"] + own
        return describe(self.names, replace(told, layers=layers), sink.blocks.tally)

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


def _side_file(
    output: Path, blocks: list[tuple[Term, list[tuple[Term, Term]]]], names: Names
) -> tuple[AtomicFile, Written]:
    """The description in a file beside the graph, not yet under its name: it alone can hold the graph's checksum."""
    file = AtomicFile(output.with_name(f"{stem_of(output)}.void.ttl"))
    try:
        file.write(turtle_text(blocks, names))
        return file, file.finish()
    except BaseException:
        file.abort()
        raise


def _file(output: Path | str) -> Path:
    """The output where it must be a path.

    Raises:
        UsageError: it is a URL.
    """
    if isinstance(output, Path):
        return output
    raise UsageError.of(
        "far-output",
        f"{output} is a URL",
        "a single file or a folder of layers appears whole by a new name, which object stores do not have",
        "give --shards, which writes parts and a manifest to it, or name a file here",
    )
