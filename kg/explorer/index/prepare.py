"""What the explorer serves, made once of a graph and kept beside it: a database and an index.

CACHE/prepared.json                   what it was made of, and the names of its parts; written last
CACHE/store/                          a store as `kg load` makes it: the graph, the saved queries, the prefixes
CACHE/explorer-data-0f3a9c12.sqlite   the index of that store's data
CACHE/prepare.lock                    held by whoever makes them

A store is taken over with hard links, so that it costs no room, and is never changed.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final

import pyoxigraph as ox

from kg.errors import QueryError, UsageError
from kg.explorer.index.build import build_index
from kg.explorer.index.graph import base_of
from kg.explorer.index.schema import FORMAT
from kg.load import load_graph
from kg.merge import merge_graphs
from kg.output import AtomicFile, disk_errors
from kg.querydocs import queries_turtle
from kg.rdffiles import rdf_files, readable
from kg.resources import tool_version
from kg.savedqueries import load_queries
from kg.storefolder import META, current_data, hold, read_meta, remove_old
from kg.vocab import BASE, PREFIXES, Names

__all__ = ["Prepared", "prepare"]

_PREPARED: Final = "prepared.json"
_INDEX_SHARE: Final = 0.4
"""Part of the whole work that the index takes, for the progress that is told."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What is served; it stays on disk as long as this object lives, or until `close`.

    `data` is the folder of the Oxigraph database, `name` the source as people know it, `graph_file` the RDF file where
    it is one.
    """

    data: Path
    index: Path
    name: str
    graph_file: Path | None
    held: IO[bytes] | None = None
    folder: tempfile.TemporaryDirectory[str] | None = field(default=None, repr=False)

    def close(self) -> None:
        """Let the data go: another start may then replace them."""
        if self.held is not None:
            self.held.close()
        if self.folder is not None:
            self.folder.cleanup()


def prepare(source: Path, *, cache: Path | None = None, on_progress: Progress = lambda _done, _all: None) -> Prepared:
    """The database and the index of a graph: those of an earlier start where nothing has changed, else new ones.

    Args:
        source: an RDF file, a folder of them, a store of `kg load`, or a database of Oxigraph.
        cache: folder for what is made; by default one beside the source, or a temporary one where that cannot be.
        on_progress: told how much is done, and how much there is in all, in bytes of the source.

    Raises:
        UsageError: the source cannot be read, or the cache not written.
        QueryError: a store is broken.
        SourceError: a syntax error in a file.
    """
    if not source.exists():
        raise UsageError.of(
            "unreadable-graph", f"{source} does not exist", "", "make a graph with `kg export`, or name another"
        )
    temporary = None
    folder = cache or _beside(source)
    if cache is None and not _writable(folder):
        temporary = tempfile.TemporaryDirectory(prefix="kg-explorer-")
        folder = Path(temporary.name)
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        _require_ours(folder)
        with _alone(folder):
            made_of = _made_of(source)
            data, index = _current(folder, made_of) or _make(source, folder, made_of, on_progress)
            held = hold(data)  # before anybody else may make newer ones
    return Prepared(
        data=data,
        index=index,
        name=source.name or str(source),
        graph_file=source if source.is_file() else None,
        held=held,
        folder=temporary,
    )


def _beside(source: Path) -> Path:
    whole = source.resolve()
    return whole.with_name(f"{whole.name}.explorer")


def _writable(folder: Path) -> bool:
    return os.access(folder if folder.exists() else folder.parent, os.W_OK | os.X_OK)


def _require_ours(folder: Path) -> None:
    """Refuse a folder of somebody else, in which files would be replaced."""
    known = (_PREPARED, "prepare.lock", "store")
    ours = [path.name for path in folder.iterdir() if path.name.startswith(("explorer-", "."))]
    foreign = sorted({path.name for path in folder.iterdir()} - {*known, *ours})
    if foreign:
        raise UsageError.of(
            "folder-in-use", f"{folder} holds other files ({', '.join(foreign[:3])})", "a cache is a folder of its own",
            "name a new or empty folder with --cache",
        )  # fmt: skip


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Wait until nobody else makes something in this folder."""
    with (folder / "prepare.lock").open("ab") as file:
        if sys.platform != "win32":
            import fcntl  # noqa: PLC0415 (POSIX only)

            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _is_store(source: Path) -> bool:
    return source.is_dir() and ((source / META).exists() or (source / "CURRENT").exists())


def _made_of(source: Path) -> dict[str, Any]:
    """What decides about the cache: the source as it is now, and the versions of all that makes something of it."""
    queries = queries_turtle(load_queries().values())
    return {
        "source": str(source.resolve()),
        "parts": _store_parts(source) if _is_store(source) else _file_parts(source),
        "tool": tool_version(),
        "engine": ox.__version__,
        "index": FORMAT,
        "queries": hashlib.sha256(queries.encode()).hexdigest(),
    }


def _file_parts(source: Path) -> list[list[Any]]:
    with readable(source):
        files = [file.path for file in rdf_files(source)]
        return [[path.name, path.stat().st_size, path.stat().st_mtime_ns] for path in files]


def _store_parts(source: Path) -> list[list[Any]]:
    """A store's data never change under their name; a database's own files are never changed, only replaced."""
    meta = read_meta(source)
    if meta is not None:
        return [[meta["data"], meta.get("triples", 0), 0]]
    files = sorted(path for path in source.iterdir() if path.suffix == ".sst" or path.name.startswith(("CUR", "MANI")))
    return [[path.name, path.stat().st_size, path.stat().st_mtime_ns] for path in files]


def _current(folder: Path, made_of: dict[str, Any]) -> tuple[Path, Path] | None:
    """The data and index of an earlier start, where they are whole and made of the same."""
    try:
        found = json.loads((folder / _PREPARED).read_text("utf-8"))
        data, index = folder / "store" / found["data"], folder / found["index"]
        same = found["made_of"] == made_of and read_meta(folder / "store", broken_is_none=True) is not None
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return (data, index) if same and (data / "CURRENT").exists() and index.is_file() else None


def _make(source: Path, folder: Path, made_of: dict[str, Any], on_progress: Progress) -> tuple[Path, Path]:
    (folder / _PREPARED).unlink(missing_ok=True)
    whole = max(1, sum(part[1] for part in made_of["parts"]) if not _is_store(source) else _size(source))

    def loaded(done: int, of_all: int) -> None:
        on_progress(int(whole * (1 - _INDEX_SHARE) * done / max(1, of_all)), whole)

    def indexed(done: int, of_all: int) -> None:
        on_progress(int(whole * (1 - _INDEX_SHARE + _INDEX_SHARE * min(1.0, done / max(1, of_all)))), whole)

    if _is_store(source):
        data = _take_over(source, folder / "store")
    else:
        data = current_data(load_graph(source, folder / "store", on_progress=loaded).store)
    _add_queries(data)
    index = folder / f"explorer-{data.name}.sqlite"
    part = folder / f".{index.name}.part"
    part.unlink(missing_ok=True)
    build_index(data, part, on_progress=indexed)
    part.replace(index)
    _commit(folder, {"made_of": made_of, "data": data.name, "index": index.name})
    _remove_old(folder, keep=index)
    return data, index


def _size(source: Path) -> int:
    return sum(path.stat().st_size for path in current_data(source).iterdir() if path.is_file())


def _take_over(source: Path, store: Path) -> Path:
    """A store of our own with the same data; hard links where the disk has them."""
    store.mkdir(exist_ok=True)
    remove_old(store)
    data = store / f"data-{secrets.token_hex(4)}"
    original = current_data(source)
    held = hold(original)
    try:
        ox.Store.read_only(str(original)).backup(str(data))
        if read_meta(source) is None:  # a load of ours has merged all graphs into the default graph
            database = ox.Store(str(data))
            merge_graphs(database)
            database.flush()
        _write_json(store / META, {"data": data.name, "source": str(source)})
    except (OSError, RuntimeError) as error:
        shutil.rmtree(data, ignore_errors=True)
        raise QueryError.of(
            "unreadable-store", f"{source} cannot be opened: {error}", "it is no store, or one of another version",
            "load the graph again with `kg load`",
        ) from None  # fmt: skip
    finally:
        if held is not None:
            held.close()
    remove_old(store)
    return data


def _add_queries(data: Path) -> None:
    """Put the saved queries into the database in the form of SIB's, and the prefixes where the graph has none."""
    store = ox.Store(str(data))
    base = base_of(store)
    turtle = queries_turtle(load_queries().values(), base=base)
    store.load(turtle.encode(), ox.RdfFormat.TURTLE, to_graph=ox.DefaultGraph())
    prefix, namespace = (ox.NamedNode(f"{PREFIXES['sh']}{name}") for name in ("prefix", "namespace"))
    if next(iter(store.quads_for_pattern(None, prefix, None, ox.DefaultGraph())), None) is None:
        uri = ox.NamedNode(f"{PREFIXES['xsd']}anyURI")
        for name, address in Names(base or BASE).prefixes.items():
            node = ox.NamedNode(f"{base}prefix/{name}")
            store.add(ox.Quad(node, prefix, ox.Literal(name)))
            store.add(ox.Quad(node, namespace, ox.Literal(address, datatype=uri)))
    store.flush()


def _commit(folder: Path, told: dict[str, Any]) -> None:
    _write_json(folder / _PREPARED, told)


def _write_json(path: Path, told: dict[str, Any]) -> None:
    """Write a file that is there whole or not at all."""
    file = AtomicFile(path)
    try:
        file.write(json.dumps(told, indent=2) + "\n")
        file.finish()
        file.commit()
    finally:
        file.abort()


def _remove_old(folder: Path, *, keep: Path) -> None:
    """Remove indexes whose data are gone; what another explorer serves is held, and stays with its index."""
    remove_old(folder / "store")
    for path in folder.glob("explorer-data-*.sqlite"):
        data = folder / "store" / path.name.removeprefix("explorer-").removesuffix(".sqlite")
        if path != keep and not data.is_dir():
            path.unlink(missing_ok=True)
