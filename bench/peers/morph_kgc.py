"""The same graph with Morph-KGC: an RML mapping over the records as JSON and the tables as TSV, both as Parquet.

    ENV/bin/python bench/peers/morph_kgc.py SOURCE --output FILE.nt

`records.py` makes one JSON line of each record and one TSV file of all tables of a kind, each row with its figure's
IRI. DuckDB, which comes with Morph-KGC, turns them into Parquet (`morph_kgc.sql`): the tool reads its source anew for
each of 115 rules, and Parquet gives it single columns. Then Morph-KGC's own command runs `morph_kgc.rml.ttl`, as a
process of its own, as its users start it (and this file would hide the package of the same name from an import).
Prints one JSON object.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from bench.peers.records import TABLES, read_records, table_rows

MAPPING: Final = Path(__file__).resolve().with_suffix(".rml.ttl")
STAGING: Final = Path(__file__).resolve().with_suffix(".sql")
COLUMNS: Final = {
    "genes": (
        "organism_id", "organism_name", "organism_group", "word", "match", "ncbigene_symbol", "ncbigene_id", "source",
        "count_direct", "count_synonym", "count_match",
    ),
    "chemicals": ("word", "mesh", "match", "name", "chebi", "source", "identifier"),
    "diseases": ("word", "mesh", "match", "name", "doid", "source", "identifier"),
}  # fmt: skip
"""All columns that a table of any year has; those it lacks are empty."""

# `nan` is a gene of the fly, so only empty cells are missing. What may stand in an IRI is not percent-encoded.
CONFIG: Final = """\
[CONFIGURATION]
output_file={output}
output_format=N-TRIPLES
na_values=
safe_percent_encoding=/:();,@!$$&'*+=~%
number_of_processes={processes}
mapping_partitioning={partitioning}
logging_level=WARNING

[PFOCR]
mappings={mapping}
"""


def prepare(source: Path, work: Path) -> int:
    """Write `records.json` and a TSV file for each kind of table, and return the number of figures."""
    figures = 0
    with contextlib.ExitStack() as files:
        records = files.enter_context((work / "records.json").open("w", encoding="utf-8"))
        tables = {
            name: files.enter_context((work / f"{name}.tsv").open("w", encoding="utf-8", newline="\n"))
            for name in TABLES
        }
        for name, table in tables.items():
            table.write("\t".join(("figure", *COLUMNS[name])) + "\n")
        for record in read_records(source):
            figures += 1
            records.write(json.dumps(record, ensure_ascii=False) + "\n")
            for name, table in tables.items():
                for row in table_rows(source, record, name):
                    cells = (row.get(column, "") for column in COLUMNS[name])
                    table.write("\t".join((record["figure"], *cells)) + "\n")
    return figures


def to_parquet(work: Path) -> None:
    """Turn the prepared files into the Parquet files that the mapping names."""
    duckdb = importlib.import_module("duckdb")
    with contextlib.chdir(work):
        duckdb.sql(STAGING.read_text(encoding="utf-8"))


def materialize(work: Path, *, processes: int, partitioning: str) -> Path:
    """Run Morph-KGC in the folder of the prepared files and return the N-Triples file that it wrote."""
    output = work / "graph.nt"
    settings = CONFIG.format(output=output.resolve(), mapping=MAPPING, processes=processes, partitioning=partitioning)
    (work / "config.ini").write_text(settings, encoding="utf-8")
    subprocess.run([sys.executable, "-m", "morph_kgc", "config.ini"], cwd=work, check=True)
    return output


def count_lines(path: Path) -> int:
    """Return the number of lines, each one triple."""
    with path.open("rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))


def run(source: Path, output: Path, work: Path, *, processes: int, partitioning: str) -> dict[str, float]:
    """Prepare, materialize, and return counts and seconds."""
    start = time.perf_counter()
    figures = prepare(source, work)
    to_parquet(work)
    prepared = time.perf_counter()
    graph = materialize(work, processes=processes, partitioning=partitioning)
    done = time.perf_counter()
    triples = count_lines(graph)
    shutil.move(graph, output)
    return {
        "figures": figures,
        "triples": triples,
        "preparation_seconds": prepared - start,
        "materialization_seconds": done - prepared,
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    parser = argparse.ArgumentParser(prog="morph_kgc.py", description="The graph with Morph-KGC and RML.")
    parser.add_argument("source", type=Path, help="folder with _figures and _data")
    parser.add_argument("--output", type=Path, required=True, help="N-Triples file to write")
    parser.add_argument("--work", type=Path, help="folder for what the tool reads (default: one that is removed)")
    parser.add_argument("--processes", type=int, default=2, help="processes of Morph-KGC (default: 2)")
    parser.add_argument("--partitioning", default="PARTIAL-AGGREGATIONS", help="MAXIMAL, PARTIAL-AGGREGATIONS or NO")
    args = parser.parse_args(argv)
    with contextlib.ExitStack() as stack:
        work = args.work or Path(stack.enter_context(tempfile.TemporaryDirectory(dir=args.output.parent)))
        work.mkdir(parents=True, exist_ok=True)
        told = run(args.source, args.output, work, processes=args.processes, partitioning=args.partitioning)
    print(json.dumps(told))
    return 0


if __name__ == "__main__":
    sys.exit(main())
