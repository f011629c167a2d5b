"""The folder of a store: which data in it is current, and locks, so that a load and a reader never meet.

STORE/store.json        what the store holds, and the name of its data; replaced at once by a load
STORE/data-0f3a9c12/    an Oxigraph database, never changed once it is named
STORE/data-0f3a9c12.lock   held (shared) by whoever reads it
STORE/load.lock         held by the load that runs
"""

from __future__ import annotations

import contextlib
import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

from kg.errors import QueryError, UsageError

__all__ = ["META", "current_data", "hold", "loading", "read_meta", "remove_old"]

META: Final = "store.json"


def read_meta(folder: Path, *, broken_is_none: bool = False) -> dict[str, Any] | None:
    """What `store.json` says, or None where there is no store yet.

    Args:
        folder: the store.
        broken_is_none: take a file that cannot be read for none: it is about to be replaced.

    Raises:
        QueryError: it cannot be read.
    """
    try:
        return _read_meta(folder)
    except QueryError:
        if broken_is_none:
            return None
        raise


def _read_meta(folder: Path) -> dict[str, Any] | None:
    try:
        found = json.loads((folder / META).read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        raise QueryError.of(
            "unreadable-store", f"{folder / META}: {error}", "", "load the graph again with `kg load`"
        ) from None
    if not isinstance(found, dict) or not isinstance(found.get("data"), str):
        raise QueryError.of(
            "unreadable-store", f"{folder / META} does not name the data", "", "load the graph again with `kg load`"
        )
    return found


def current_data(folder: Path) -> Path:
    """Where the current data lies; a plain Oxigraph database is its own data.

    Raises:
        QueryError: there is no store.
    """
    meta = read_meta(folder)
    if meta is not None:
        return folder / Path(meta["data"]).name
    if (folder / "CURRENT").exists():  # RocksDB's own pointer
        return folder
    raise QueryError.of("no-store", f"{folder} is no store", "", "make one with `kg load`")


def hold(data: Path) -> IO[bytes] | None:
    """Keep data from being removed until the returned file is closed; None where the system cannot."""
    if not (data.parent / META).exists():  # a plain Oxigraph database, which no load of ours replaces
        return None
    try:
        file = data.with_name(f"{data.name}.lock").open("ab")
    except OSError:  # a store on a read-only disk needs no lock
        return None
    if _lock(file, exclusive=False):
        return file
    file.close()
    return None


def _lock(file: IO[bytes], *, exclusive: bool) -> bool:
    """Whether the lock could be had; always, where the system has none."""
    if sys.platform == "win32":
        return True
    import fcntl  # noqa: PLC0415 (POSIX only)

    try:
        fcntl.flock(file, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


@contextmanager
def loading(folder: Path) -> Iterator[None]:
    """Keep other loads out.

    Raises:
        UsageError: another load runs.
    """
    with (folder / "load.lock").open("ab") as file:
        if not _lock(file, exclusive=True):
            raise UsageError.of(
                "store-busy", f"another load into {folder} is running", "", "wait for it, or name another --store"
            )
        yield


def remove_old(folder: Path) -> None:
    """Remove data that is no longer current and that nobody reads, leftovers of killed loads among it."""
    for part in folder.glob(f".{META}.*.part"):
        part.unlink(missing_ok=True)
    meta = read_meta(folder, broken_is_none=True)
    if meta is None and (folder / META).exists():
        return  # which data is current is not known; the next load's description tells
    keep = meta["data"] if meta else ""
    for data in folder.glob("data-*"):
        if not data.is_dir() or data.name == keep:
            continue
        lock = data.with_name(f"{data.name}.lock")
        with contextlib.suppress(OSError), lock.open("ab") as file:
            if _lock(file, exclusive=True):
                shutil.rmtree(data, ignore_errors=True)
                lock.unlink(missing_ok=True)
