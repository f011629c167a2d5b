"""What a query gave: rows or triples, as Python values, a data frame, an rdflib graph, or text in seven formats."""

from __future__ import annotations

import contextlib
import io
import re
import shutil
import threading
import weakref
from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

import pyoxigraph as ox
from rich.table import Table
from rich.text import Text

from kg.errors import UsageError, printable
from kg.tabletext import table_text
from kg.vocab import Names, Term

if TYPE_CHECKING:
    import pandas as pd
    import rdflib

__all__ = ["FORMS", "RESULT_FORMATS", "Answer", "Value", "short", "well_formed"]

Value = str | int | float | Decimal | bool | None
"""A cell as a Python value: an IRI or text as `str`, a number as `int`, `float` or `Decimal`, a year as `int`."""

FORMS: Final = ("table", "csv", "tsv", "json", "xml", "ttl", "md")
RESULT_FORMATS: Final = {
    "csv": ox.QueryResultsFormat.CSV,
    "tsv": ox.QueryResultsFormat.TSV,
    "json": ox.QueryResultsFormat.JSON,
    "xml": ox.QueryResultsFormat.XML,
}
_INTEGERS: Final = (
    "integer", "int", "long", "short", "byte", "nonNegativeInteger", "positiveInteger", "nonPositiveInteger",
    "negativeInteger", "unsignedInt", "unsignedLong", "unsignedShort", "unsignedByte", "gYear",
)  # fmt: skip
_TRUTH: Final = {"true": True, "1": True, "false": False, "0": False}
_MAKERS: Final[dict[str, Callable[[str], Value]]] = {
    **dict.fromkeys(_INTEGERS, int),
    "decimal": Decimal,
    "double": float,
    "float": float,
    "boolean": _TRUTH.__getitem__,
}
_XSD: Final = "http://www.w3.org/2001/XMLSchema#"
_TRIPLE: Final = ("subject", "predicate", "object")
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_MARKUP: Final = re.compile(r"[\\`*_\[\]|~!]")
# Signs that XML 1.0 has no place for, in UTF-8.
_NO_XML: Final = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf[\xbe\xbf]")
_NAMES: Final = Names()


class Answer:
    """The answer to one query.

    `form` is `rows` (SELECT), `boolean` (ASK) or `graph` (CONSTRUCT, DESCRIBE). Nothing is held in memory but what is
    asked for; the answer lies in a temporary file, which goes when the object does.

    Args:
        path: a file of SPARQL 1.1 Query Results JSON, or of N-Triples for a graph; owned by this object from here on.
        graph: whether it is a graph.
    """

    def __init__(self, path: Path, *, graph: bool) -> None:
        self._file = path.open("rb")
        self._lock = threading.Lock()
        self._finalizer = weakref.finalize(self, _discard, self._file, path)
        with contextlib.suppress(PermissionError):  # where an open file cannot be removed, the finalizer does it
            path.unlink()
        self.boolean: bool | None = None
        self.variables: list[str] = list(_TRIPLE)
        self.form = "graph"
        if not graph:
            found = self._parsed()
            self.form = "rows" if isinstance(found, ox.QuerySolutions) else "boolean"
            if isinstance(found, ox.QuerySolutions):
                self.variables = [variable.value for variable in found.variables]
            else:
                self.boolean, self.variables = bool(found), ["boolean"]

    def _parsed(self) -> ox.QuerySolutions | ox.QueryBoolean:
        return ox.parse_query_results(self._stream(), format=ox.QueryResultsFormat.JSON)

    def _stream(self) -> IO[bytes]:
        """The file from its beginning, with a place of its own: several readers do not disturb each other."""
        return io.BufferedReader(_Reader(self._file, self._lock), 1 << 20)

    def _cells(self) -> Iterator[tuple[Any, ...]]:
        if self.form == "graph":
            seen: set[tuple[object, ...]] = set()
            for quad in ox.parse(self._stream(), format=ox.RdfFormat.N_TRIPLES):
                triple = (quad.subject, quad.predicate, quad.object)
                if triple not in seen:  # a graph is a set; engines may name a triple twice
                    seen.add(triple)
                    yield triple
            return
        found = self._parsed()
        if isinstance(found, ox.QuerySolutions):
            yield from (tuple(row) for row in found)
        else:
            yield (ox.Literal(bool(found)),)

    def terms(self) -> Iterator[tuple[Term | None, ...]]:
        """Rows of RDF terms in N-Triples syntax, in the order of `variables`; None where a variable has no value."""
        for row in self._cells():
            yield tuple(None if cell is None else Term(str(cell)) for cell in row)

    def __bool__(self) -> bool:
        """The answer to ASK; else whether there is any row or triple."""
        return self.boolean if self.boolean is not None else next(self._cells(), None) is not None

    def __repr__(self) -> str:
        """What it is, without its rows."""
        return f"<Answer: {self.form}, {', '.join(self.variables)}>"

    def __iter__(self) -> Iterator[dict[str, Value]]:
        for row in self._cells():
            yield {name: _value(cell) for name, cell in zip(self.variables, row, strict=True)}

    def rows(self) -> list[dict[str, Value]]:
        """All rows as mappings of variable to Python value."""
        return list(self)

    def to_pandas(self) -> pd.DataFrame:
        """The rows as a data frame, one column a variable.

        Raises:
            UsageError: pandas is not installed (`pip install pfocr-kg[pandas]`).
        """
        try:
            import pandas as pd  # noqa: PLC0415 (an extra that most users do without)
        except ImportError:
            raise UsageError.of(
                "missing-pandas", "pandas is not installed", "", "pip install 'pfocr-kg[pandas]'"
            ) from None
        return pd.DataFrame.from_records([tuple(map(_value, row)) for row in self._cells()], columns=self.variables)

    def to_graph(self) -> rdflib.Graph:
        """The triples of a CONSTRUCT or DESCRIBE query.

        Raises:
            UsageError: the query gave rows.
        """
        import rdflib  # noqa: PLC0415 (a fifth of a second that most queries do without)

        self._require_graph("an rdflib.Graph")
        graph = rdflib.Graph()
        for prefix, namespace in Names().prefixes.items():
            graph.bind(prefix, namespace, replace=True)
        return graph.parse(self._stream(), format="nt")

    def _require_graph(self, wanted: str) -> None:
        if self.form != "graph":
            raise UsageError.of(
                "rows-are-no-graph", f"{wanted} is for CONSTRUCT and DESCRIBE", "the query gives rows",
                "ask for table, csv, tsv, json, xml or md",
            )  # fmt: skip

    def write(self, form: str, out: IO[bytes], *, width: int | None = None, limit: int | None = None) -> bool:
        """Write the answer; tell whether that was all of it.

        Args:
            form: `table`, `csv`, `tsv`, `json`, `xml`, `md`, or for a graph `ttl`.
            out: a binary stream.
            width: of a table, in characters; as wide as needed where it is None.
            limit: rows that a table or md shows; None for all.

        Raises:
            UsageError: the format is unknown, or does not fit the answer.
        """
        if form not in FORMS:
            raise UsageError.of("unknown-format", f"{form!r} is no format", "", f"use one of {', '.join(FORMS)}")
        if form == "ttl":
            self._require_graph("ttl")
            self._write_turtle(out)
        elif form in RESULT_FORMATS:
            self._write_results(RESULT_FORMATS[form], out)
        else:
            rows = list(islice(self._cells(), None if limit is None else limit + 1))
            shown = rows if limit is None else rows[:limit]
            text = _markdown(self.variables, shown) if form == "md" else _table(self.variables, shown, width)
            out.write(printable(text).encode())
            return len(shown) == len(rows)
        return True

    def _write_turtle(self, out: IO[bytes]) -> None:
        text = self._stream().read().decode()
        prefixes = {name: iri for name, iri in Names().prefixes.items() if f"<{iri}" in text}
        triples = (quad.triple for quad in ox.parse(text, format=ox.RdfFormat.N_TRIPLES))
        out.write(ox.serialize(triples, format=ox.RdfFormat.TURTLE, prefixes=prefixes) or b"")

    def _write_results(self, form: ox.QueryResultsFormat, out: IO[bytes]) -> None:
        if self.form == "graph":
            data = self._rows_of_triples().serialize(format=form) or b""
            out.write(well_formed(data) if form is ox.QueryResultsFormat.XML else data)
        elif form is ox.QueryResultsFormat.JSON:
            shutil.copyfileobj(self._stream(), out)
        elif form is ox.QueryResultsFormat.XML:
            out.write(well_formed(self._parsed().serialize(format=form) or b""))
        else:
            self._parsed().serialize(output=out, format=form)
        if form in (ox.QueryResultsFormat.JSON, ox.QueryResultsFormat.XML):
            out.write(b"\n")

    def _rows_of_triples(self) -> ox.QuerySolutions:
        store = ox.Store()
        store.bulk_extend(ox.Quad(*triple) for triple in self._cells())
        found = store.query("SELECT ?subject ?predicate ?object { ?subject ?predicate ?object }")
        if not isinstance(found, ox.QuerySolutions):
            raise TypeError(found)
        return found

    def close(self) -> None:
        """Remove the temporary file."""
        self._finalizer()


def well_formed(xml: bytes) -> bytes:
    """XML without what it cannot hold, and with line ends that survive reading."""
    return _NO_XML.sub("\N{REPLACEMENT CHARACTER}".encode(), xml).replace(b"\r", b"&#13;")


class _Reader(io.RawIOBase):
    """Reads a shared file at a place of its own."""

    def __init__(self, file: IO[bytes], lock: threading.Lock) -> None:
        super().__init__()
        self._file, self._lock, self._place = file, lock, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        """Fill the buffer, or as much of it as there is."""
        with self._lock:
            self._file.seek(self._place)
            data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        self._place += len(data)
        return len(data)


def _discard(file: IO[bytes], path: Path) -> None:
    file.close()
    path.unlink(missing_ok=True)


def _value(term: Any) -> Value:
    """A term as a Python value; what its datatype cannot be stays text."""
    if term is None or not isinstance(term, ox.Literal):
        return None if term is None else str(getattr(term, "value", term))
    make = _MAKERS.get(term.datatype.value.removeprefix(_XSD), str)
    try:
        return make(term.value)
    except (ValueError, ArithmeticError, KeyError):
        return str(term.value)


def short(term: Any) -> str:
    """A term as people read it: a CURIE where a prefix is known, else the IRI; a literal's text."""
    if isinstance(term, ox.NamedNode):
        return _NAMES.curie(term.value)
    return "" if term is None else _CONTROLS.sub(_visible, str(getattr(term, "value", term)))


def _visible(match: re.Match[str]) -> str:
    """Nothing in a cell may move the cursor or colour a terminal."""
    return " " if match[0].isspace() else "\N{REPLACEMENT CHARACTER}"


def _table(variables: list[str], rows: list[tuple[Any, ...]], width: int | None) -> str:
    """A plain table; cells fold where the terminal is too narrow, and nothing is cut off."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column, name in enumerate(variables):
        numbers = bool(rows) and all(isinstance(_value(row[column]), (int, float, Decimal)) for row in rows)
        table.add_column(name, overflow="fold", justify="right" if numbers else "left")
    for row in rows:
        table.add_row(*(Text(short(cell)) for cell in row))
    return table_text(table, width)


def _markdown(variables: list[str], rows: list[tuple[Any, ...]]) -> str:
    """A Markdown table whose IRIs are links."""
    lines = [f"| {' | '.join(variables)} |", f"|{' --- |' * len(variables)}"]
    lines += [f"| {' | '.join(map(_markdown_cell, row))} |" for row in rows]
    return "".join(f"{line}\n" for line in lines)


def _markdown_cell(term: Any) -> str:
    text = _MARKUP.sub(r"\\\g<0>", short(term)).replace("&", "&amp;").replace("<", "&lt;")
    text = " ".join(text.split())
    if isinstance(term, ox.NamedNode) and term.value.startswith(("http://", "https://")):
        return f"[{text}](<{term.value}>)"
    return text
