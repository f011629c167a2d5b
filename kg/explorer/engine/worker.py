"""The process in which a query of the explorer runs: killed when it takes too long, bound in memory and in output.

It speaks as `kg.queryworker` does: one JSON request a line, one line in answer to each, the result in a file. All text
of a query is looked at here, never in the server, so that a query made to be slow to read costs its own time only.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any, Final, cast

import pyoxigraph as ox

from kg.answer import RESULT_FORMATS, well_formed
from kg.errors import QueryError
from kg.explorer.engine.calls import calls_in_tree
from kg.explorer.engine.media import GRAPH_FORMATS, GRAPHS, RESULTS
from kg.queryworker import Local, read_only, serve, with_rows_of_services, write_first
from kg.savedqueries import with_prefixes
from kg.sparql import calls_out, expanded, query_form, star_variables, tokens
from kg.vocab import Names

__all__ = ["main"]

_WORD: Final = re.compile("service", re.IGNORECASE)
_FEW: Final = 5_000
_PATIENCE_OF_OTHERS: Final = 5
"""How nice a process of queries is to the server, which must answer all the while."""

Result = ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples


class _Served(Local):
    """A database whose queries come from anywhere."""

    def __init__(self, request: dict[str, Any]) -> None:
        super().__init__(read_only(request["path"]), union=request["union"])
        self.prefixes = Names(request["base"]).prefixes
        self.largest: int = request["largest_answer"]

    def answer(self, request: dict[str, Any], out: Path) -> dict[str, Any]:
        """Run a query and write its answer in the first of the media types asked for that fits."""
        how = self._how(request)
        text = self._allowed(request)
        result = self._in_order(text, self.query(text, **how), how)
        media = _fitting(result, request["media"])
        with self._bounded(out):
            self._write(result, media, request.get("limit"), out)
        return {"media": media, "peak": _peak()}

    def _how(self, request: dict[str, Any]) -> dict[str, Any]:
        """The engine's arguments: prefixes, base, and the dataset where the request names one."""
        how: dict[str, Any] = {"prefixes": self.prefixes, "base_iri": request.get("base")}
        default, named = request["default_graphs"], request["named_graphs"]
        if default or named:  # what is not named is not there (SPARQL 1.1 Protocol, section 2.1.4)
            how |= {
                "use_default_graph_as_union": False,
                "default_graph": _names(default),
                "named_graphs": _names(named),
            }
        return how

    def _allowed(self, request: dict[str, Any]) -> str:
        """The text to run: a query, not an update, and without a call of another endpoint."""
        text = expanded(request["text"])
        query_form(text)
        if not _WORD.search(text):  # then no parser sees the word
            return text
        if calls_out(text) or calls_in_tree(text):
            return with_rows_of_services(self, request | {"text": with_prefixes(text)})
        return text

    def _in_order(self, text: str, result: Result, how: dict[str, Any]) -> Result:
        """The columns of a `SELECT *` in order of appearance, which people expect; nothing has been worked out yet."""
        columns = star_variables(text) if isinstance(result, ox.QuerySolutions) else None
        if not columns or not isinstance(result, ox.QuerySolutions):
            return result
        given = [variable.value for variable in result.variables]
        shown = [name for name in columns if name in given]
        if shown == given or len(shown) != len(given):
            return result
        star = next(token for token in tokens(text) if token.text == "*")
        return self.query(f"{text[: star.start]}{' '.join(f'?{name}' for name in shown)}{text[star.end :]}", **how)

    def _write(self, result: Result, media: str, limit: int | None, out: Path) -> None:
        if isinstance(result, ox.QueryTriples):
            triples = islice(result, limit)
            form = GRAPH_FORMATS[GRAPHS[media]]
            first = list(islice(triples, _FEW))
            used = self._used(first) if len(first) < _FEW else self.prefixes
            with _Stream(out, xml=form is ox.RdfFormat.RDF_XML) as stream:
                ox.serialize(chain(first, triples), stream, format=form, prefixes=used)
        elif limit is not None and isinstance(result, ox.QuerySolutions):
            write_first(result, limit, out)
        else:
            results = RESULT_FORMATS[RESULTS[media]]
            with _Stream(out, xml=results is ox.QueryResultsFormat.XML) as stream:
                result.serialize(stream, format=results)

    def _used(self, triples: list[ox.Triple]) -> dict[str, str]:
        """The prefixes that a small graph uses."""
        text = "\n".join(map(str, triples))
        return {name: namespace for name, namespace in self.prefixes.items() if f"<{namespace}" in text}

    @contextmanager
    def _bounded(self, out: Path) -> Iterator[None]:
        """Tell an answer that met the limit of files from other failures to write."""
        try:
            yield
        except OSError:
            if out.stat().st_size < self.largest:
                raise
            raise QueryError.of(
                "answer-too-large",
                f"the answer has more than {self.largest >> 20} MiB",
                "the explorer keeps each answer on disk until it is sent",
                "ask for less at a time (LIMIT and OFFSET), or load the graph into a store of your own",
            ) from None


class _Stream:
    """A binary file, whose text stays well-formed where it is XML.

    The engine is given this, not the path: it would wait until the disk has the file, 4 ms for each answer.
    """

    def __init__(self, out: Path, *, xml: bool) -> None:
        self.out, self.xml, self.rest = out, xml, b""

    def __enter__(self) -> IO[bytes]:
        self.file = self.out.open("wb")
        return cast("IO[bytes]", self)  # the engine calls write and flush only

    def write(self, data: bytes) -> int:
        """Take a part of the text; a character that may be cut in two waits for its end."""
        if not self.xml:
            return self.file.write(data)
        held = self.rest + data
        cut = max(held.rfind(b"\xef", -2), -1)
        whole, self.rest = (held, b"") if cut < 0 else (held[:cut], held[cut:])
        self.file.write(well_formed(whole))
        return len(data)

    def flush(self) -> None:
        """Let the file do it when it is closed."""

    def __exit__(self, *_exception: object) -> None:
        with self.file:
            self.file.write(well_formed(self.rest))


def _names(graphs: list[str]) -> list[ox.NamedNode]:
    try:
        return [ox.NamedNode(graph) for graph in graphs]
    except ValueError as error:
        raise QueryError.of("bad-value", f"a graph's name is no IRI: {error}", "", "name it by its whole IRI") from None


def _fitting(result: Result, media: list[str]) -> str:
    """The first media type that can hold the result."""
    offered = GRAPHS if isinstance(result, ox.QueryTriples) else RESULTS
    found = next((each for each in media if each in offered), None)
    if found is None:
        kind = "a graph" if isinstance(result, ox.QueryTriples) else "rows, or yes or no"
        raise QueryError.of(
            "not-acceptable",
            f"the query gives {kind}, which none of the formats asked for can hold",
            "",
            f"accept one of {', '.join(offered)}",
        )
    return found


def _peak() -> int:
    """The most memory that this process has had so far, in bytes; 0 where the system does not tell."""
    if sys.platform == "win32":
        return 0
    import resource  # noqa: PLC0415 (POSIX only)

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _bind(memory: int, largest_answer: int) -> None:
    """Limit what this process may take; a query that wants more fails, or ends it, and the server goes on."""
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 (POSIX only)

    for kind, most in (
        (resource.RLIMIT_DATA, memory),
        (resource.RLIMIT_FSIZE, largest_answer),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(kind)
        resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
    os.nice(_PATIENCE_OF_OTHERS)


def _open(request: dict[str, Any]) -> _Served:
    served = _Served(request)
    _bind(request["memory"], request["largest_answer"])
    return served


def main() -> None:
    """Serve requests until the other side hangs up."""
    serve(_open)
