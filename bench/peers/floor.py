"""The floor under every export: read the same files, parse the front matter, write as many bytes. Nothing else.

    ENV/bin/python bench/peers/floor.py SOURCE --output FILE --bytes N

Each record and each table of it is read once. The front matter is parsed by rapidyaml, the quickest YAML reader that
PyPI has for Python (17 microseconds a record, where PyYAML on libyaml takes ten times as long for its events
alone); its tree is made and never looked at. Then N bytes are written. Prints one line of JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path
from typing import Final

import ryml  # type: ignore[import-not-found]  # has an environment of its own

BLOCK: Final = 1 << 20


def read_bytes(path: str) -> bytes:
    """A file's bytes; plain descriptors take half the time of file objects."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        size = os.fstat(descriptor).st_size
        return os.read(descriptor, size)
    finally:
        os.close(descriptor)


def read_folder(folder: Path, suffix: str) -> list[bytes]:
    """The bytes of every file of a folder with that suffix."""
    with os.scandir(folder) as entries:
        return [read_bytes(entry.path) for entry in entries if entry.name.endswith(suffix)]


def parse(record: bytes) -> None:
    """Make a tree of a record's front matter; one that cannot be parsed costs its time all the same."""
    end = record.find(b"\n---", 3)
    try:
        ryml.parse_in_arena(record[4 : end + 1])
    except RuntimeError:
        return


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description="Read, parse and write, and nothing else.")
    parser.add_argument("source", type=Path, help="folder with _figures and _data")
    parser.add_argument("--output", type=Path, required=True, help="file to write")
    parser.add_argument("--bytes", type=int, default=0, metavar="N", help="how many bytes to write")
    parser.add_argument("--work", type=Path, help="not needed here; every peer takes it")
    given = parser.parse_args()
    clock = [time.perf_counter()]
    records = read_folder(given.source / "_figures", ".md")
    tables = read_folder(given.source / "_data", ".tsv") if (given.source / "_data").is_dir() else []
    clock.append(time.perf_counter())
    for record in records:
        parse(record)
    clock.append(time.perf_counter())
    with given.output.open("wb", buffering=0) as file:
        block = b"x" * BLOCK
        for at in range(0, given.bytes, BLOCK):
            file.write(block[: given.bytes - at])
    clock.append(time.perf_counter())
    steps = {name: end - start for name, start, end in zip(("read", "yaml", "write"), clock, clock[1:], strict=False)}
    print(json.dumps({"figures": len(records), "triples": 0, "tables": len(tables), "steps": steps}))


if __name__ == "__main__":
    main()
