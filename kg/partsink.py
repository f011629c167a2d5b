"""Results to a graph in parts: notes the parts that others wrote, and writes the rest."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from typing import Final, Self

from kg.chunk import ChunkResult
from kg.options import OutputKind
from kg.output import Written
from kg.parts import SHARED, Part, PartFolder, PartWriter, part_name
from kg.sink import Blocks
from kg.vocab import Names

__all__ = ["PartsSink"]

_THREADS: Final = 4
"""Parts that are packed and sent at a time: packers and networks do not hold up Python."""


class PartsSink:
    """Makes the parts of one graph.

    A chunk's text comes here where this machine's processes made it; on a cluster the worker that made it has written
    it. The last part, `shared`, has the nodes that records share, and the description. Use as a context manager:
    nothing is complete without `complete`.
    """

    def __init__(self, folder: PartFolder, kind: OutputKind, names: Names) -> None:
        self.folder, self.kind = folder, kind
        self.blocks = Blocks(kind, names)
        self.writer = PartWriter(folder.place, kind.suffix, kind.compression, self.blocks.writer.head())
        self.parts: list[Part] = []
        self._of_parts = 0
        self._texts: list[bytes] = []
        self._number, self._triples, self._records = -1, 0, 0
        self._sent: deque[Future[Part]] = deque()
        self._stack = ExitStack()
        self._threads = self._stack.enter_context(ThreadPoolExecutor(_THREADS, "kg-parts"))

    def __enter__(self) -> Self:
        self.folder.begin()
        self._shared = self._stack.enter_context(self.writer.file(SHARED))
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        if kind is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)
        self._stack.__exit__(kind, *rest)  # type: ignore[arg-type]

    def add(self, result: ChunkResult) -> None:
        """Take the next result; several of one number (of a chunk that brought a process down) make one part."""
        if result.number != self._number:
            self._send()
        if result.part is not None:
            self.parts.append(result.part)
            return
        self._number = result.number
        self._texts += result.texts.values()
        self._triples += result.tally.triples
        self._records += result.records

    def _send(self) -> None:
        """Write what was taken of a chunk, in another thread."""
        if self._number >= 0:
            stem, text = part_name(self._number), b"".join(self._texts)
            put = self.writer.put
            self._sent.append(self._threads.submit(put, stem, text, triples=self._triples, records=self._records))
        self._texts = []
        self._number, self._triples, self._records = -1, 0, 0
        while len(self._sent) > _THREADS:
            self.parts.append(self._sent.popleft().result())

    def flush(self) -> None:
        """Append to the part of shared nodes what `blocks` holds."""
        for text in self.blocks.taken().values():
            self._shared.write_bytes(text)

    def finish(self) -> list[Written]:
        """Write the last parts and tell which files the graph is in."""
        self._send()
        self.parts += [future.result() for future in self._sent]
        self._sent.clear()
        self.flush()
        self._stack.close()
        written = self._shared.written
        assert written is not None
        self.parts.append(Part(*written, 0, 0))
        return [Written(*part[:3]) for part in sorted(self.parts)]

    def complete(self, described: str, manifest: Mapping[str, object]) -> list[Written]:
        """Write the description beside, and the manifest, by which all of it counts."""
        triples = manifest["triples"]
        assert isinstance(triples, int)
        own = triples - sum(part.triples for part in self.parts)
        parts = [*self.parts[:-1], self.parts[-1]._replace(triples=own)]
        form = {"head": self.writer.head, "format": self.kind.form, "compression": self.kind.compression}
        return self.folder.complete(parts, described, {**manifest, **form})
