"""Blocks to files: one file with all layers, or a folder with one file a layer; whole or not at all."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Final, Self, cast

from kg.node import Fact, Groups, Mentions, grouped
from kg.options import OutputKind
from kg.output import AtomicFile, AtomicFolder, Written
from kg.tally import Tally
from kg.vocab import Names, Term
from kg.write import FORMATS, make_writer

__all__ = ["LAYER_ORDER", "Blocks", "GraphSink", "Texts"]

LAYER_ORDER: Final = ("core", "genes", "chemicals", "diseases", "links", "meta", "queries")

Texts = Mapping[str, bytes]
"""Text in UTF-8 by layer; under the empty name where one file takes all layers as they come."""


def _layer_files() -> frozenset[str]:
    """Every name that a layer's file can have."""
    suffixes = [f".{form.suffix}{dot}" for form in FORMATS.values() for dot in ("", ".gz", ".zst")]
    return frozenset(layer + suffix for layer in LAYER_ORDER for suffix in suffixes)


class Blocks:
    """Turns nodes into text, layer by layer where the output has them apart, and counts them.

    Args:
        kind: of the output.
        names: the project's own terms.
    """

    def __init__(self, kind: OutputKind, names: Names) -> None:
        self.names, self.apart = names, kind.folder or kind.form == "trig"
        self.writer = make_writer(kind.form, names)
        self._graphs = {layer: self.graph(layer) if kind.form != "trig" else None for layer in LAYER_ORDER}
        self.clear()

    def clear(self) -> None:
        """Begin anew."""
        self.tally = Tally()
        self._texts: defaultdict[str, list[str]] = defaultdict(list)

    def put(self, layer: str, subject: Term, facts: Sequence[Fact]) -> None:
        """Add one subject's facts."""
        self.put_groups(layer, subject, grouped(facts))

    def put_groups(self, layer: str, subject: Term, groups: Groups) -> None:
        """The same, of values by predicate."""
        self.tally.add_groups(layer, groups)
        self._texts[layer if self.apart else ""].append(self.writer.groups(subject, groups, self._graphs[layer]))

    def put_mentions(self, layer: str, mentions: Mentions) -> None:
        """Add mentions of one figure."""
        self.tally.add_mentions(layer, mentions)
        self._texts[layer if self.apart else ""].append(self.writer.mentions(mentions, self._graphs[layer]))

    def write(self, layer: str, subject: Term, facts: Sequence[Fact]) -> None:
        """The same without counting, for the description that holds the counts."""
        self._texts[layer if self.apart else ""].append(self.writer.text(subject, facts, self._graphs[layer]))

    def graph(self, layer: str) -> Term:
        """The named graph of a layer."""
        return self.names.own(f"graph/{layer}")

    def taken(self) -> dict[str, bytes]:
        """The texts so far, which are then forgotten."""
        texts = {layer: "".join(parts).encode() for layer, parts in self._texts.items()}
        self._texts.clear()
        return texts


class GraphSink:
    """Takes text in order and makes the files.

    A single file gets it as it comes, so that a figure's blocks stand together; only TriG, which should have each
    graph once, collects its layers in temporary files first. `commit` makes the result appear; leaving the context
    without it removes every trace.
    """

    def __init__(self, output: Path, kind: OutputKind, names: Names) -> None:
        self.output, self.kind = output, kind
        self.blocks = Blocks(kind, names)
        self._stack = ExitStack()
        self._folder: AtomicFolder | None = None
        self._files: dict[str, AtomicFile] = {}
        self._begun: set[str] = set()
        self._spools: dict[str, IO[bytes]] = {}
        if kind.folder:
            self._folder = AtomicFolder(output, _layer_files())
            self._stack.callback(self._folder.abort)
        else:
            self._open("", output)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def append(self, texts: Texts) -> None:
        """Append what `Blocks.taken` gave, here or in another process."""
        for layer, text in texts.items():
            if self._folder is None and layer:
                self._spool(layer).write(text)
            elif text:
                file = self._files.get(layer) or self._layer_file(layer)
                joint = "" if layer in self._begun else self.blocks.writer.joint
                self._begun.add(layer)
                file.write_bytes(text.removeprefix(joint.encode()))

    def flush(self) -> None:
        """Append what `blocks` holds."""
        self.append(self.blocks.taken())

    def _open(self, layer: str, path: Path) -> AtomicFile:
        file = self._files[layer] = AtomicFile(path, self.kind.compression)
        self._stack.callback(file.abort)
        file.write(self.blocks.writer.head())
        return file

    def _layer_file(self, layer: str) -> AtomicFile:
        folder = cast("AtomicFolder", self._folder)
        return self._open(layer, folder.temporary / f"{layer}{self.kind.suffix}")

    def _spool(self, layer: str) -> IO[bytes]:
        spool = self._spools.get(layer)
        if spool is None:
            opened = tempfile.TemporaryFile(dir=self.output.parent)  # noqa: SIM115 (the exit stack closes it)
            spool = self._spools[layer] = self._stack.enter_context(opened)
        return spool

    def finish(self, *layers: str) -> list[Written]:
        """Close the files of some layers (all, where none is named) and tell what was written."""
        self.flush()
        if self._folder is not None:
            names = layers or tuple(self._files)
            return [self._finish_layer(name) for name in sorted(names, key=LAYER_ORDER.index) if name in self._files]
        self._unspool(self._files[""])
        self._files[""].write(self.blocks.writer.tail())
        return [self._files[""].finish()]

    def _finish_layer(self, layer: str) -> Written:
        file = self._files.pop(layer)
        file.write(self.blocks.writer.tail())
        written = file.finish()
        file.commit()
        return written

    def _unspool(self, file: AtomicFile) -> None:
        for layer in sorted(self._spools, key=LAYER_ORDER.index):
            spool = self._spools[layer]
            spool.seek(0)
            file.write(f"\n<{self.blocks.graph(layer)[1:-1]}> {{\n")
            while part := spool.read(1 << 20):
                file.write_bytes(part)
            file.write("}\n")

    def commit(self) -> None:
        """Make the result appear under its name."""
        if self._folder is not None:
            self._folder.commit()
        else:
            self._files[""].commit()
