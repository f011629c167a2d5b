"""Records for library users: read them, see one's graph, see where its triples come from."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from kg.errors import KgError, Problem, SourceError, UsageError
from kg.expand import expand_jsonld, figure_iri
from kg.lexicon import Lexicons
from kg.link import Linker
from kg.process import Outcome, Processor
from kg.read import RawRecord, locate_problem, read_record
from kg.record import Figure, Findings
from kg.recordcheck import RecordChecker, ntriples
from kg.shapes import load_shapes
from kg.source import open_sources
from kg.vocab import Names

if TYPE_CHECKING:
    import rdflib

__all__ = ["PathLike", "as_paths", "explain_record", "read_records", "record_graph"]

PathLike = str | os.PathLike[str]


def as_paths(source: PathLike | Iterable[PathLike]) -> list[PathLike]:
    """One path or several as a list."""
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
    with open_sources(as_paths(source), data) as opened:
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
    nodes = Linker(names).link(figure, figure_iri(figure.figid), stated).nodes
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
    ground: bool = True,
    lexicons: Sequence[PathLike] = (),
    embedded: bool = True,
) -> Outcome:
    """One record of a source taken through the steps, checked, with all that was noticed on the way.

    Args:
        source: a record, or a folder or archive that holds it.
        figid: which one; may be left out where there is only one.
        data: further places in which companion tables are looked for first.
        repair: False keeps the JSON-LD as it is.
        base: IRI that the project's own terms hang on.
        ground: link keywords that no table explains.
        lexicons: files to look them up in before the embedded one.
        embedded: whether to use that.

    Raises:
        UsageError: the source cannot be read, or which record is meant is not clear.
        KgError: the record is broken or rejected.
    """
    names = Names(base) if base else Names()
    checker = RecordChecker(load_shapes(base=names.base), "shacl", names, whole=False)
    with open_sources([source], data) as opened:
        entries = [entry for entry in opened.entries if figid is None or entry.figid == figid]
        if len(entries) != 1:
            some = ", ".join(entry.figid for entry in islice(opened.entries, 3))
            raise UsageError.of(
                "which-record",
                f"{source} has {len(entries)} records{f' with figure id {figid!r}' if figid else ''}",
                "one record is explained at a time",
                f"name one with --figure, such as {some}",
            )
        asked = Lexicons(lexicons, embedded=embedded and ground)
        processor = Processor(Linker(names), checker, repair=repair, lexicons=asked, ground=ground)
        outcome = processor.run(opened.raw(entries[0]))
    if outcome.failure is not None:
        raise KgError(outcome.failure)
    return outcome
