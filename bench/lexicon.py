"""Building and asking a lexicon, beside the plain way: csv.DictReader into dictionaries at every start.

    python -m bench.lexicon               # 200,000 genes
    python -m bench.lexicon --genes 20000

A made `gene_info` (names of the lengths and numbers that human genes have) is built in a process of its own; then
random names, half of them in another letter case, are looked up: opened anew, for the first time, and again. Prints
Markdown tables.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from kg.lexicon import Lexicon, Lexicons

_COLUMNS = [
    "#tax_id",
    "GeneID",
    "Symbol",
    "LocusTag",
    "Synonyms",
    "dbXrefs",
    "chromosome",
    "map_location",
    "description",
    "type_of_gene",
    "Symbol_from_nomenclature_authority",
    "Full_name_from_nomenclature_authority",
    "Nomenclature_status",
    "Other_designations",
    "Modification_date",
    "Feature_type",
]
_LOOKUPS = 20_000
_BUILD = """
import json, resource, sys, time
from kg.lexiconbuild import build_lexicon
started = time.perf_counter()
build_lexicon([sys.argv[1]], sys.argv[2])
seconds = time.perf_counter() - started
print(json.dumps([seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
"""
_PLAIN = """
import json, resource, sys, time
from bench.lexicon import plain
started = time.perf_counter()
plain(sys.argv[1])
print(json.dumps([time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
"""


def make_gene_info(path: Path, genes: int, seed: int = 1) -> list[str]:
    """Write a gene_info of so many human genes; returns all names in it."""
    rng = random.Random(seed)  # noqa: S311 (names, no secrets)
    letters = "ABCDEFGHIKLMNPQRSTVWXYZ"
    names: list[str] = []
    with path.open("w", encoding="utf-8") as file:
        file.write("\t".join(_COLUMNS) + "\n")
        for ident in range(1, genes + 1):
            symbol = "".join(rng.choices(letters, k=rng.randint(2, 5))) + str(ident)
            aliases = [f"{symbol[:3]}-{rng.randint(1, 10**6)}" for _ in range(rng.choice((0, 0, 0, 1, 2)))]
            names += [symbol, *aliases]
            cells = ["9606", str(ident), symbol, "-", "|".join(aliases) or "-", "HGNC:HGNC:5|Ensembl:ENSG00000121410"]
            cells += ["19", "19q13.43", "a made gene of the usual length of text", "protein-coding", symbol]
            file.write("\t".join([*cells, "a made gene", "O", "made protein|another", "20260620", "-"]) + "\n")
    return names


def plain(path: str) -> dict[str, set[str]]:
    """The same lookups without a lexicon: every name in lower case to the ids that have it."""
    found: dict[str, set[str]] = defaultdict(set)
    with open(path, encoding="utf-8", newline="") as file:  # noqa: PTH123 (as people write it)
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            for name in (row["Symbol"], *row["Synonyms"].split("|")):
                if name != "-":
                    found[name.lower()].add(row["GeneID"])
    return found


def measured(code: str, *args: str) -> tuple[float, float]:
    """Seconds and peak memory (MiB) of a process of its own."""
    done = subprocess.run([sys.executable, "-c", code, *args], check=True, capture_output=True, text=True)
    seconds, memory = json.loads(done.stdout)
    return seconds, memory


def lookups(lexicons: Lexicons, words: list[str]) -> float:
    """Microseconds for a lookup."""
    started = time.perf_counter()
    for word in words:
        lexicons.names(word, 9606)
    return (time.perf_counter() - started) / len(words) * 1e6


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--genes", type=int, default=200_000)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        source, built = Path(folder) / "gene_info", Path(folder) / "built.lexicon"
        names = make_gene_info(source, args.genes)
        seconds, memory = measured(_BUILD, str(source), str(built))
        plain_seconds, plain_memory = measured(_PLAIN, str(source))
        words = random.Random(2).choices(names, k=_LOOKUPS)  # noqa: S311
        words = [word.swapcase() if place % 2 else word for place, word in enumerate(words)]
        started = time.perf_counter()
        Lexicon(built).names("tp53", 9606)
        opening = (time.perf_counter() - started) * 1e3
        lexicons = Lexicons([built], embedded=False)
        first, again = lookups(lexicons, words), lookups(lexicons, words)
        started = time.perf_counter()
        Lexicon().names("tp53", 9606)
        embedded = (time.perf_counter() - started) * 1e3
        size = built.stat().st_size / 1e6
    print(f"{args.genes:,} genes, {len(names):,} names; the lexicon has {size:.1f} MB\n")
    print("| run | seconds | peak memory, MiB |\n|---|--:|--:|")
    print(f"| `kg lexicon build`, once | {seconds:.1f} | {memory:.0f} |")
    print(f"| csv.DictReader into dictionaries, at every start | {plain_seconds:.1f} | {plain_memory:.0f} |\n")
    print("| lexicon | time |\n|---|--:|")
    print(f"| opened | {opening:.1f} ms |\n| embedded one opened | {embedded:.1f} ms |")
    print(f"| name looked up for the first time | {first:.1f} microseconds |\n| again | {again:.2f} microseconds |")


if __name__ == "__main__":
    main()
