"""Blocks to files: one file with all layers, or a folder with one file a layer; whole or not at all."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Final, Self, cast

from kg.options import OutputKind
from kg.output import AtomicFile, AtomicFolder, Written
from kg.tally import Tally
from kg.vocab import Names, Term
from kg.write import FORMATS, BlockWriter, make_writer

__all__ = ["LAYER_ORDER", "GraphSink"]

LAYER_ORDER: Final = ("core", "genes", "chemicals", "diseases", "links", "meta", "queries")

Fact = tuple[Term, Term]


def _layer_files() -> frozenset[str]:
    """Every name that a layer's file can have."""
    suffixes = [f".{form.suffix}{dot}" for form in FORMATS.values() for dot in ("", ".gz", ".zst")]
    return frozenset(layer + suffix for layer in LAYER_ORDER for suffix in suffixes)


class GraphSink:
    """Takes blocks and counts them.

    A single file gets them in the order in which they come, so that a figure's blocks stand together; only
    TriG, which should have each graph once, collects its layers in temporary files first. `commit` makes the
    result appear; leaving the context without it removes every trace.
    """

    def __init__(self, output: Path, kind: OutputKind, names: Names) -> None:
        self.output, self.kind, self.names = output, kind, names
        self.tally = Tally()
        self._stack = ExitStack()
        self._folder: AtomicFolder | None = None
        self._file: AtomicFile | None = None
        self._files: dict[str, AtomicFile] = {}
        self._writers: dict[str, BlockWriter] = {}
        self._spools: dict[str, IO[str]] = {}
        if kind.folder:
            self._folder = AtomicFolder(output, _layer_files())
            self._stack.callback(self._folder.abort)
        else:
            self._file = AtomicFile(output, kind.compression)
            self._stack.callback(self._file.abort)
            self._writers[""] = make_writer(kind.form, names)
            self._writers[""].start(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def put(self, layer: str, subject: Term, facts: list[Fact], *, uniform: str = "") -> None:
        """Write one subject's facts into a layer; `uniform` as in `Tally.add`."""
        self.tally.add(layer, facts, uniform=uniform)
        self.write(layer, subject, facts)

    def write(self, layer: str, subject: Term, facts: Iterable[Fact]) -> None:
        """The same without counting, for the description that holds the counts."""
        if self._folder is not None:
            file = self._layer_file(layer)
            self._writers[layer].block(file, subject, facts, self.graph(layer))
        elif self.kind.form == "trig":
            self._writers[""].block(self._spool(layer), subject, facts, None)
        elif self._file is not None:
            self._writers[""].block(self._file, subject, facts, self.graph(layer))

    def graph(self, layer: str) -> Term:
        """The named graph of a layer."""
        return self.names.own(f"graph/{layer}")

    def _layer_file(self, layer: str) -> AtomicFile:
        file = self._files.get(layer)
        if file is None and self._folder is not None:
            path = self._folder.temporary / f"{layer}{self.kind.suffix}"
            file = self._files[layer] = AtomicFile(path, self.kind.compression)
            self._stack.callback(file.abort)
            writer = self._writers[layer] = make_writer(self.kind.form, self.names)
            writer.start(file)
        return cast("AtomicFile", file)

    def _spool(self, layer: str) -> IO[str]:
        spool = self._spools.get(layer)
        if spool is None:
            opened = tempfile.TemporaryFile("w+", encoding="utf-8", newline="\n", dir=self.output.parent)  # noqa: SIM115 (the exit stack closes it)
            spool = self._spools[layer] = self._stack.enter_context(opened)
        return spool

    def finish(self, *layers: str) -> list[Written]:
        """Close the files of some layers (all, where none is named) and tell what was written."""
        if self._folder is not None:
            names = layers or tuple(self._files)
            return [self._finish_layer(name) for name in sorted(names, key=LAYER_ORDER.index) if name in self._files]
        if self._file is None:
            return []
        self._unspool(self._file)
        self._writers[""].end(self._file)
        return [self._file.finish()]

    def _finish_layer(self, layer: str) -> Written:
        file = self._files.pop(layer)
        self._writers[layer].end(file)
        written = file.finish()
        file.commit()
        return written

    def _unspool(self, file: AtomicFile) -> None:
        for layer in sorted(self._spools, key=LAYER_ORDER.index):
            spool = self._spools[layer]
            spool.seek(0)
            file.write(f"\n<{self.graph(layer)[1:-1]}> {{\n")
            shutil.copyfileobj(spool, cast("IO[str]", file), 1 << 20)
            file.write("}\n")

    def commit(self) -> None:
        """Make the result appear under its name."""
        if self._folder is not None:
            self._folder.commit()
        elif self._file is not None:
            self._file.commit()
