"""Bulk files of public databases to one lexicon file."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import sqlite3
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import zstandard

from kg.bulk import obo
from kg.bulk.files import BulkFile
from kg.bulk.format import Format
from kg.bulk.formats import FORMATS
from kg.errors import Problem, UsageError
from kg.lexicon import Lexicon, LexiconInfo
from kg.lexiconfile import FORMAT_VERSION, LexiconWriter
from kg.options import check_date
from kg.output import AtomicFile, disk_errors
from kg.resources import tool_version

__all__ = ["build_lexicon"]

_COPY: Final = 1 << 20
_LEVEL: Final = 19


def build_lexicon(
    files: Iterable[Path | str],
    output: Path | str,
    *,
    taxa: Collection[int] = (),
    date: str | None = None,
    on_problem: Callable[[Problem], None] | None = None,
    on_progress: Callable[[int, int], object] | None = None,
) -> LexiconInfo:
    """Build a lexicon from bulk files.

    Args:
        files: NCBI gene_info and gene_history, HGNC complete set, FamPlex, MeSH XML, ChEBI, Disease Ontology,
            PMC-ids; plain or gzip, told by their content. Of two that name one gene, the first has the say.
        output: the lexicon; a name that ends in `.zst` is compressed (for small ones: it is read into memory).
        taxa: NCBI Taxonomy ids of the genes to take; all by default.
        date: of files that do not tell theirs, `YYYY-MM-DD`; their time of change by default.
        on_problem: called with each row that cannot be used.
        on_progress: called with the bytes read and all bytes.

    Returns:
        What was built.

    Raises:
        UsageError: a file is damaged, of no known format, or holds nothing that was asked for; nothing is written.
    """
    output = Path(output)
    if date is not None:
        check_date(date, "date")
    bulk = [BulkFile(Path(path), on_problem) for path in files]
    if not bulk:
        raise UsageError.of("no-bulk-file", "no file was named", "a lexicon is built from bulk files", "name some")
    _check_output(output, bulk)
    formats = [_format_of(file) for file in bulk]
    with disk_errors(output):
        target = AtomicFile(output)
        try:
            with tempfile.TemporaryDirectory(prefix=f".{output.name}.", dir=output.parent) as folder:
                made = Path(folder) / "lexicon"
                _fill(made, list(zip(bulk, formats, strict=True)), frozenset(taxa), date, _Progress(bulk, on_progress))
                _copy(made, target, packed=output.suffix == ".zst")
            target.finish()
            target.commit()
        except sqlite3.OperationalError as error:  # a full disk, under SQLite
            raise OSError(28, str(error)) from None
        finally:
            for file in bulk:
                file.close()
            target.abort()
    return Lexicon(output).info()


def _check_output(output: Path, files: Iterable[BulkFile]) -> None:
    if output.suffix == ".gz":
        raise UsageError.of(
            "unknown-format", f"a lexicon cannot be written as {output.name!r}", "", "end the name in .lexicon or .zst"
        )
    for file in files:
        if output.exists() and output.samefile(file.path):
            raise UsageError.of(
                "output-is-input",
                f"{output} is one of the files to read",
                "the lexicon would take its place",
                "give --output another name",
            )


def _format_of(file: BulkFile) -> Format:
    head = file.head()
    for form in FORMATS:
        if form.recognise(head):
            return form
    known = "; ".join(dict.fromkeys(form.title for form in FORMATS if form is not obo.FORMAT))
    raise file.refused("its format is not known", f"give one of: {known}")


def _copy(made: Path, target: AtomicFile, *, packed: bool) -> None:
    packer = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True).compressobj(size=made.stat().st_size)
    with made.open("rb") as file:
        while block := file.read(_COPY):
            target.write_bytes(packer.compress(block) if packed else block)
    if packed:
        target.write_bytes(packer.flush())


class _Progress:
    """Tells the bytes read of all files, now and then."""

    def __init__(self, files: Sequence[BulkFile], on_progress: Callable[[int, int], object] | None) -> None:
        self.files, self.tell = files, on_progress
        self.all = sum(file.size for file in files)

    def watch(self, rows: Iterator[Any]) -> Iterator[Any]:
        if self.tell is None:
            yield from rows
            return
        for number, row in enumerate(rows):
            if not number % 10_000:
                self.tell(sum(file.done for file in self.files), self.all)
            yield row

    def end(self) -> None:
        """All is done, also where a file was not read to its end because nothing of it was asked for."""
        if self.tell is not None:
            self.tell(self.all, self.all)


def _fill(
    path: Path, files: list[tuple[BulkFile, Format]], taxa: frozenset[int], date: str | None, progress: _Progress
) -> None:
    writer = LexiconWriter(path)
    try:
        sources: list[dict[str, Any]] = []
        for file, form in files:
            count = writer.add(progress.watch(form.rows(file, taxa)))
            sources.append(_source(file, form, count, date))
        progress.end()
        told = [[source["format"], source["sha256"]] for source in sources]
        made_from = json.dumps([FORMAT_VERSION, sorted(taxa), told])
        info = {
            "version": hashlib.sha256(made_from.encode()).hexdigest()[:12],
            "made_with": f"pfocr-kg {tool_version()}",
            "taxa_asked": json.dumps(sorted(taxa)),
        }
        if not writer.finish(info, sources):
            raise UsageError.of(
                "empty-lexicon",
                "the files hold nothing of what was asked for",
                f"genes of {', '.join(map(str, sorted(taxa)))} were asked for"
                if taxa
                else "names without genes or terms are not kept: families need gene_info or HGNC, names of ChEBI its "
                "compounds",
                "check the taxa, or give the files that these belong to",
            )
    finally:
        writer.close()


def _source(file: BulkFile, form: Format, rows: int, date: str | None) -> dict[str, Any]:
    changed = dt.datetime.fromtimestamp(file.path.stat().st_mtime, dt.UTC).date().isoformat()
    return {
        "format": form.name,
        "title": form.title,
        "home": form.home,
        "licence": form.licence,
        "date": file.date or date or changed,
        "version": file.version,
        "file": file.path.name,
        "size": file.size,
        "sha256": file.sha256(),
        "rows": rows,
        "passed_over": dict(sorted(file.notes.items())),
    }
