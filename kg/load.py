"""RDF files into a store on disk, all or nothing."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pyoxigraph as ox

from kg.errors import QueryError, UsageError
from kg.merge import merge_graphs
from kg.output import AtomicFile, disk_errors
from kg.rdffiles import RdfFile, bulk_load, rdf_files, readable
from kg.resources import tool_version
from kg.storefolder import META, current_data, loading, read_meta, remove_old

__all__ = ["LoadReport", "load_graph"]

_TELL_EVERY = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadReport:
    """What a load did: distinct triples in the store now, named graphs (IRIs), files, bytes read, seconds."""

    store: Path
    triples: int
    graphs: tuple[str, ...]
    files: tuple[str, ...]
    bytes_read: int
    seconds: float


def load_graph(
    graphs: Sequence[str | os.PathLike[str]] | str | os.PathLike[str],
    store: str | os.PathLike[str],
    *,
    add: bool = False,
    form: str | None = None,
    on_progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> LoadReport:
    """Make a store of RDF files; the layers of N-Quads and TriG become named graphs.

    The default graph holds the triples of all graphs, so that a query that names no graph sees each triple once.

    The new store takes the place of the old one at once, and only when all of it is on disk: whoever is killed on
    the way leaves the old store as it was. The same files give the same store again.

    Args:
        graphs: RDF files, plain, .gz or .zst, or folders of them.
        store: folder of the store; made where it is missing.
        add: keep what the store holds, and add to it.
        form: format where a suffix does not tell.
        on_progress: told bytes read and bytes in all.

    Raises:
        UsageError: a file cannot be read, the folder holds something else, or another load runs.
        SourceError: a syntax error, with line and column.
    """
    given = [graphs] if isinstance(graphs, (str, os.PathLike)) else list(graphs)
    started, folder = time.monotonic(), Path(store)
    files: list[RdfFile] = []
    for path in map(Path, given):
        with readable(path):
            files += rdf_files(path, form)
    sizes = [_size(file) for file in files]
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        _require_ours(folder)
    with disk_errors(folder), loading(folder):
        remove_old(folder)
        data = folder / f"data-{secrets.token_hex(4)}"
        sources = [_source(file) for file in files]
        try:
            triples, names = _fill(data, files, on_progress, sum(sizes), _earlier(folder) if add else None)
            _commit(folder, data, _meta(folder, data, sources, triples, names, add=add))
        except BaseException:
            named = read_meta(folder, broken_is_none=True) or {}
            if named.get("data") != data.name:  # a stop may come behind the commit
                shutil.rmtree(data, ignore_errors=True)
            raise
        remove_old(folder)
    return LoadReport(
        store=folder,
        triples=triples,
        graphs=tuple(names),
        files=tuple(str(file.path) for file in files),
        bytes_read=sum(sizes),
        seconds=time.monotonic() - started,
    )


def _size(file: RdfFile) -> int:
    with readable(file.path):
        return file.path.stat().st_size


def _require_ours(folder: Path) -> None:
    """Refuse a folder that holds something else than a store."""
    foreign = [p.name for p in folder.iterdir() if p.name not in (META, "load.lock") and not p.name.startswith("data-")]
    foreign = [name for name in foreign if not name.startswith(f".{META}.")]
    if foreign:
        raise UsageError.of(
            "folder-in-use",
            f"{folder} holds other files ({', '.join(sorted(foreign)[:3])}{', ...' if len(foreign) > 3 else ''})",
            "a store has a folder of its own",
            "name a new or empty folder, or one that `kg load` wrote",
        )


def _earlier(folder: Path) -> Path | None:
    if read_meta(folder) is None:
        return None
    data = current_data(folder)
    if not data.is_dir():
        raise QueryError.of("unreadable-store", f"{data} is gone", "", "load without --add")
    return data


def _fill(
    data: Path, files: Sequence[RdfFile], on_progress: Callable[[int, int], None], total: int, earlier: Path | None
) -> tuple[int, list[str]]:
    """A new database at `data`; returns its distinct triples and the names of its graphs."""
    if earlier is not None:
        ox.Store.read_only(str(earlier)).backup(str(data))  # hard links: files of the database are never changed
    target = ox.Store(str(data))
    done = 0
    for file in files:
        with readable(file.path), file.path.open("rb") as raw:
            counted = _Counted(raw, done, total, on_progress)
            _bulk_load(target, file, counted)  # type: ignore[arg-type]  # only `read` is asked for
        done += counted.read_bytes
    names = merge_graphs(target)
    target.flush()
    target.optimize()  # a fifth of the time of a load, for queries that take half as long or less
    return _count(target), names


def _count(target: ox.Store) -> int:
    """The triples of the default graph."""
    found = target.query("SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }")
    if not isinstance(found, ox.QuerySolutions):
        raise TypeError(found)
    return int(next(found)["n"].value)


def _bulk_load(target: ox.Store, file: RdfFile, raw: IO[bytes]) -> None:
    try:
        bulk_load(target, file, raw)
    except RuntimeError as error:
        raise UsageError.of("unwritable-output", f"the store refused: {error}", "", "check disk and folder") from None


class _Counted:
    """A stream that tells how far it was read; reading through Python also lets Ctrl-C stop a load."""

    def __init__(self, raw: IO[bytes], before: int, total: int, on_progress: Callable[[int, int], None]) -> None:
        self.raw, self.before, self.total, self.on_progress = raw, before, total, on_progress
        self.read_bytes, self._told = 0, 0

    def read(self, size: int = -1) -> bytes:
        """Bytes of the file."""
        data = self.raw.read(size)
        self.read_bytes += len(data)
        if self.read_bytes - self._told > _TELL_EVERY or not data:
            self._told = self.read_bytes
            self.on_progress(self.before + self.read_bytes, self.total)
        return data

    def __getattr__(self, name: str) -> Any:
        return getattr(self.raw, name)


def _source(file: RdfFile) -> dict[str, Any]:
    """A file as it is before it is read, so that a later change shows."""
    found = file.path.stat()
    return {"path": str(file.path.resolve()), "size": found.st_size, "mtime": found.st_mtime_ns}


def _meta(
    folder: Path, data: Path, sources: Sequence[dict[str, Any]], triples: int, names: Sequence[str], *, add: bool
) -> dict[str, Any]:
    earlier = (read_meta(folder) or {}).get("sources", []) if add else []
    by_path = {source["path"]: source for source in (*earlier, *sources)}
    return {
        "data": data.name,
        "triples": triples,
        "graphs": list(names),
        "sources": list(by_path.values()),
        "tool": f"pfocr-kg {tool_version()}",
        "engine": f"oxigraph {ox.__version__}",
    }


def _commit(folder: Path, data: Path, meta: dict[str, Any]) -> None:
    """Name the new data in `store.json`, once all of it is on disk."""
    _sync(data)
    file = AtomicFile(folder / META)
    try:
        file.write(json.dumps(meta, indent=2) + "\n")
        file.finish()
        file.commit()
    finally:
        file.abort()


def _sync(data: Path) -> None:
    """Have the system write out every file of the database before its name is given away."""
    if os.name == "posix":
        for path in (*data.iterdir(), data):
            handle = os.open(path, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
