"""Bad records with their problems, copied aside so that they can be mended and exported again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from kg.errors import Problem, UsageError
from kg.output import AtomicFile, disk_errors
from kg.read import RawRecord

__all__ = ["Quarantine"]


class Quarantine:
    """A folder in the database's own layout: `_figures/`, `_data/`, and `problems/` with what is wrong with each.

    Args:
        folder: where to; None keeps nothing.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self._taken: set[str] = set()
        if folder is not None and folder.exists() and not folder.is_dir():
            raise UsageError.of(
                "bad-quarantine", f"{folder} is no folder", "bad records are copied into it", "name a folder"
            )

    def add(self, raw: RawRecord, problems: Sequence[Problem]) -> None:
        """Copy a record, its tables and its problems, the one that left it out first.

        Raises:
            UsageError: the folder cannot be written.
        """
        if self.folder is None:
            return
        with disk_errors(self.folder):
            name = self._free_name(raw, problems[0])
            if raw.data:
                self._put("_figures", f"{name}.md", raw.data)
            for kind, (_, data) in raw.tables.items():
                self._put("_data", f"{name}-{kind}.tsv", data)
            self._put("problems", f"{name}.txt", "\n".join(p.text() for p in problems).encode() + b"\n")
            lines = json.dumps([p.to_json() for p in problems], indent=2, ensure_ascii=False)
            self._put("problems", f"{name}.json", lines.encode() + b"\n")

    def _free_name(self, raw: RawRecord, problem: Problem) -> str:
        stem = raw.stem or PurePosixPath(problem.path.replace("!", "/")).stem or "record"
        name, number = stem, 1
        while name in self._taken:
            number += 1
            name = f"{stem}-{number}"
        self._taken.add(name)
        return name

    def _put(self, folder: str, name: str, data: bytes) -> None:
        if self.folder is None:
            return
        path = self.folder / folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        file = AtomicFile(path)
        try:
            file.write_bytes(data)
            file.finish()
            file.commit()
        finally:
            file.abort()
