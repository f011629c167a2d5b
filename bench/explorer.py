"""Measure `kg serve` on the graph of many figures: each page's first answer, search while typing, many clients at once.

    python -m bench.explorer                     # 20,000 figures
    python -m bench.explorer --records 2000 --seconds 5

The graph is that of a made corpus and the seeds (`bench.queries`). The server is a process of its own, as users start
it, and this process is its clients, on the loopback. A first answer is the time from the request to the last byte of
the HTML, for entities that nobody has asked for before: the ones that most figures mention, and as many drawn by
chance. Typing asks for each prefix of names, one letter after the other. Then so many clients ask pages at once, each
the next when it has the last, drawn by chance from all kinds. Prints Markdown tables, and a line of JSON for `--json`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Final
from urllib.parse import quote

import httpx

from bench.measure import MIB, BenchError, descendants, held_bytes, machine, machine_line, markdown
from bench.queries import make_graph

PFO: Final = "https://w3id.org/pfocr-kg/vocab#"
PATIENCE: Final = 60.0
START: Final = 900.0
"""Seconds for the first start, which loads the graph and makes the index."""
GENE_LIST: Final = "JAK1,JAK2,JAK3,TYK2,STAT1,STAT2,STAT3,STAT4,STAT5A,STAT5B,STAT6,SOCS1,SOCS3,IL6,IL6R"
NAMES: Final = ("stat3", "tp53", "interleukin", "glucose", "10.2147/itt", "pmc12080488", "signaling pathway", "mmp")


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Seconds that the answers of one kind took; `errors` counts those that were not 200."""

    what: str
    answers: int
    errors: int
    median: float
    p95: float
    worst: float


def summarised(what: str, seconds: Sequence[float], errors: int = 0) -> Latency:
    """Median, 95th percentile and maximum of some measurements, two at least."""
    ordered = sorted(seconds)
    return Latency(
        what=what,
        answers=len(ordered),
        errors=errors,
        median=statistics.median(ordered),
        p95=statistics.quantiles(ordered, n=20, method="inclusive")[-1],
        worst=ordered[-1],
    )


@contextmanager
def serving(graph: Path) -> Iterator[tuple[str, int, float]]:
    """A running server: its address, process id, and the seconds until it listened."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "kg", "serve", str(graph), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as server:
        try:
            assert server.stdout is not None
            yield _address(server.stdout, started), server.pid, time.perf_counter() - started
        finally:
            server.terminate()


def _address(lines: IO[str], started: float) -> str:
    told = []
    for line in lines:
        told.append(line)
        found = re.search(r"http://127\.0\.0\.1:\d+", line)
        if found:
            return found[0]
        if time.perf_counter() - started > START:
            break
    raise BenchError("kg serve did not start: " + "".join(told[-5:]))


def ask(client: httpx.Client, text: str) -> list[str]:
    """The first column of a query's answer."""
    answer = client.get("/sparql", params={"query": text}, headers={"Accept": "text/csv"})
    answer.raise_for_status()
    return [line for line in answer.text.splitlines()[1:] if line]


def addresses(client: httpx.Client, each: int, rng: random.Random) -> dict[str, list[str]]:
    """Pages to ask for, by kind: the busiest entities and some drawn by chance."""
    found = {"home": ["/"] * each}
    for kind, name in (("gene", "Gene"), ("chemical", "Chemical"), ("disease", "Disease"), ("organism", "Taxon")):
        ranked = ask(client, f"SELECT ?e {{ ?e a <{PFO}{name}> ; <{PFO}figureCount> ?n }} ORDER BY DESC(?n) ?e")
        found[kind] = [f"/{kind}/{_local(iri)}" for iri in _some(ranked, each, rng)]
    figures = ask(client, f"SELECT ?id {{ ?f a <{PFO}PathwayFigure> ; <http://purl.org/dc/terms/identifier> ?id }}")
    chosen = rng.sample(figures, min(each, len(figures)))
    found["figure"] = [f"/figure/{quote(figure)}" for figure in chosen]
    found["paper"] = [f"/paper/{figure.partition('__')[0]}" for figure in rng.sample(chosen, len(chosen))]
    found["search"] = [f"/search?q={quote(name[:length])}" for name in NAMES for length in (1, 3, len(name))][:each]
    found["gene list"] = [f"/gene-list?genes={quote(GENE_LIST)}&page={page}" for page in range(1, each // 2 + 1)]
    found["browse"] = [f"/{kind}?page={page}" for kind in ("genes", "figures") for page in range(1, each // 2 + 1)]
    found["dataset"] = ["/dataset"] * each
    return found


def _some(ranked: Sequence[str], each: int, rng: random.Random) -> list[str]:
    first = list(ranked[: each // 2])
    rest = list(ranked[each // 2 :])
    return first + rng.sample(rest, min(each - len(first), len(rest)))


def _local(iri: str) -> str:
    return re.split(r"[/_]", iri)[-1] if "NCBITaxon_" in iri else iri.rpartition("/")[2]


def first_answers(client: httpx.Client, pages: Mapping[str, Sequence[str]]) -> list[Latency]:
    """How long each kind of page takes, one after the other."""
    return [_timed(client, kind, paths) for kind, paths in pages.items()]


def _timed(client: httpx.Client, what: str, paths: Sequence[str]) -> Latency:
    seconds, errors = [], 0
    for path in paths:
        start = time.perf_counter()
        answer = client.get(path)
        seconds.append(time.perf_counter() - start)
        errors += answer.status_code != httpx.codes.OK
    return summarised(what, seconds, errors)


def typed(names: Sequence[str] = NAMES) -> list[str]:
    """What the search box asks while somebody types these names."""
    return [f"/suggest?q={quote(name[:length])}" for name in names for length in range(1, len(name) + 1)]


async def at_once(base: str, pages: Mapping[str, Sequence[str]], clients: int, seconds: float) -> Latency:
    """Many clients ask at once, each page a draw; errors are answers that are not 200, or none."""
    took: list[float] = []
    errors = 0
    kinds = [list(paths) for paths in pages.values()]
    limits = httpx.Limits(max_connections=clients)
    end = time.perf_counter() + seconds

    async def one(client: httpx.AsyncClient, number: int) -> None:
        nonlocal errors
        rng = random.Random(number)  # noqa: S311 (repeatable, no secret)
        while time.perf_counter() < end:
            start = time.perf_counter()
            try:
                answer = await client.get(rng.choice(rng.choice(kinds)))
                errors += answer.status_code != httpx.codes.OK
            except httpx.HTTPError:
                errors += 1
            took.append(time.perf_counter() - start)

    async with httpx.AsyncClient(base_url=base, limits=limits, timeout=PATIENCE) as client:
        await asyncio.gather(*(one(client, number) for number in range(clients)))
    return summarised(f"{clients} clients at once", took, errors)


def held(pid: int) -> int:
    """Bytes that the server and its workers hold, shared pages counted once."""
    return sum(map(held_bytes, descendants(pid)))


def table(rows: Sequence[Latency]) -> str:
    """Latencies for people, in milliseconds."""
    head = ("page", "answers", "errors", "median ms", "95th percentile ms", "slowest ms")
    return markdown(head, [_cells(row) for row in rows])


def _cells(row: Latency) -> list[str]:
    times = [f"{1000 * seconds:,.1f}" for seconds in (row.median, row.p95, row.worst)]
    return [row.what, f"{row.answers:,}", str(row.errors), *times]


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description="Measure the explorer.")
    parser.add_argument("--records", type=int, default=20_000)
    parser.add_argument("--each", type=int, default=40, help="pages of each kind (default: 40)")
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=30.0, help="how long they ask (default: 30)")
    parser.add_argument("--graph", type=Path, help="a graph to serve instead")
    parser.add_argument("--json", type=Path, help="file for the figures")
    given = parser.parse_args()
    graph = given.graph or make_graph(given.records)
    rng = random.Random(1)  # noqa: S311 (repeatable, no secret)
    with serving(graph) as (base, pid, started), httpx.Client(base_url=base, timeout=PATIENCE) as client:
        pages = addresses(client, given.each, rng)
        rows = [*first_answers(client, pages), _timed(client, "typing", typed())]
        before = held(pid)
        load = asyncio.run(at_once(base, pages, given.clients, given.seconds))
        after = held(pid)
    facts = machine()
    print(
        f"{machine_line(facts)}; {graph.name}, the first start took {started:.1f} s or read what an earlier one made\n"
    )
    print(table([*rows, load]))
    memory = f"{before / MIB:,.0f} MiB before, {after / MIB:,.0f} MiB after"
    print(f"\n{load.answers / given.seconds:,.0f} pages/s; memory {memory}")
    if given.json:
        told = {"machine": facts, "rows": [asdict(row) for row in (*rows, load)], "memory": [before, after]}
        given.json.write_text(json.dumps(told, indent=1), encoding="utf-8")
    sys.exit(any(row.errors for row in (*rows, load)))


if __name__ == "__main__":
    main()
