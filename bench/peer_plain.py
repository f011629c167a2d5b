"""The pipeline one would write with the plain libraries, as a yardstick for `kg export`.

PyYAML's SafeLoader reads the front matter, pyld expands its `schema-jsonld` (with the schema.org
context from disk), rdflib gathers the triples and writes Turtle, pyshacl checks them against the
project's shapes. It does the JSON-LD part only: no companion tables, so no genes, chemicals or
diseases, no papers, no repairs. That is far less than `kg export` does, so whatever it is slower
by is a lower bound.

    python bench/peer_plain.py SOURCE --limit 200 --output build/bench/peer.ttl

Prints one JSON object: counts, and seconds for each step, without the time to start Python.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyshacl
import yaml
from pyld import jsonld
from rdflib import Graph

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ROOT = Path(__file__).resolve().parents[1]
CONTEXT = ROOT / "kg" / "data" / "schemaorg.context.jsonld"
SHAPES = ROOT / "shapes"


def local_loader(context: Path) -> Callable[[str, dict[str, Any]], dict[str, Any]]:
    """Return a pyld document loader that answers schema.org from a file and refuses the rest."""
    document = json.loads(context.read_text(encoding="utf-8"))

    def load(url: str, _options: dict[str, Any]) -> dict[str, Any]:
        if not url.startswith(("https://schema.org", "http://schema.org")):
            message = f"not on disk: {url}"
            raise LookupError(message)
        return {
            "contentType": "application/ld+json",
            "contextUrl": None,
            "documentUrl": url,
            "document": document,
        }

    return load


def read_jsonld(record: Path) -> dict[str, Any] | None:
    """Return the JSON-LD of one record, or None when its front matter cannot be read."""
    text = record.read_text(encoding="utf-8", errors="replace")
    try:
        front = yaml.load(text.split("---\n")[1], Loader=yaml.SafeLoader)
        return dict(front["schema-jsonld"])
    except (yaml.YAMLError, IndexError, KeyError, TypeError, ValueError):
        return None


def expand(documents: list[dict[str, Any]], loader: Callable[[str, dict[str, Any]], dict[str, Any]]) -> Graph:
    """Return one graph of all documents."""
    graph = Graph()
    options = {"format": "application/n-quads", "documentLoader": loader}
    for document in documents:
        # Without named graphs, N-Quads are N-Triples.
        graph.parse(data=jsonld.to_rdf(document, options), format="nt")
    return graph


def check(graph: Graph, shapes: Sequence[Path]) -> bool | None:
    """Return whether the graph conforms, or None when there are no shapes."""
    if not shapes:
        return None
    shapes_graph = Graph()
    for path in shapes:
        shapes_graph.parse(path, format="turtle")
    conforms, _, _ = pyshacl.validate(graph, shacl_graph=shapes_graph, inference="none")
    return bool(conforms)


def run(records: list[Path], *, context: Path, shapes: list[Path], output: Path) -> dict[str, Any]:
    """Run the pipeline over the records and return its counts and times."""
    clock = [time.perf_counter()]
    documents = [doc for doc in map(read_jsonld, records) if doc is not None]
    clock.append(time.perf_counter())
    graph = expand(documents, local_loader(context))
    clock.append(time.perf_counter())
    conforms = check(graph, shapes)
    clock.append(time.perf_counter())
    graph.serialize(output, format="turtle", encoding="utf-8")
    clock.append(time.perf_counter())
    steps = zip(("read", "expand", "check", "write"), clock, clock[1:], strict=False)
    return {
        "figures": len(documents),
        "skipped": len(records) - len(documents),
        "triples": len(graph),
        "shapes": len(shapes),
        "conforms": conforms,
        "seconds": clock[-1] - clock[0],
        "steps": {name: end - start for name, start, end in steps},
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code: 0, or 2 when it cannot be done."""
    parser = argparse.ArgumentParser(prog="peer_plain.py", description="A plain-library export.")
    parser.add_argument("source", type=Path, help="folder with _figures")
    parser.add_argument("--limit", type=int, default=200, help="first so many records")
    parser.add_argument("--context", type=Path, default=CONTEXT, help="schema.org context file")
    parser.add_argument("--shapes", type=Path, default=SHAPES, help="folder of SHACL shapes")
    parser.add_argument("--output", type=Path, required=True, help="Turtle file to write")
    args = parser.parse_args(argv)
    records = sorted((args.source / "_figures").glob("*.md"))[: args.limit]
    shapes = sorted(args.shapes.glob("*.ttl"))
    try:
        result = run(records, context=args.context, shapes=shapes, output=args.output)
    except OSError as error:
        print(f"peer_plain.py: error: {error}", file=sys.stderr)
        return 2
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
