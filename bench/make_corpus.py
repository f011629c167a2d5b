"""Make a corpus of any size out of the few real records at hand.

The records of a source folder (`_figures/FIGID.md` with `_data/FIGID-genes.tsv`,
`-chemicals.tsv` and `-diseases.tsv`) are repeated and renamed until there are as many as asked for,
so that every variant met in the real database stays in, in the same proportions:

    python bench/make_corpus.py --records 20000 --out build/bench/20000

A copy differs from its source only where its names stand: the file names, `figid`, `pmcid`,
`filename`, `figlink`, `figid_alias`, `redirect_from`, the JSON-LD `@id`, and a real DOI. The text
is edited, never parsed and dumped again, so odd quoting, odd characters and broken records survive.
A rejected record keeps its REJECT fields; a record with no such names in it is copied as it is,
under a new file name. Tables that belong to no record of the source are left out.

Real papers have several figures: 15 % of the copies belong to the paper of the previous copy of the
same source record (so the paper's fields agree). Any other copy is a paper of its own.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bench.varied import Varied

SHARED_PAPERS = 0.15
# The highest real PMC number is below 13 million, so no copy can be taken for a real paper.
FIRST_PMC = 20_000_001
TABLES = ("genes", "chemicals", "diseases")

_STEM = re.compile(r"(PMC\d+)__(.+)", re.DOTALL)
# The lines that hold a record's own names. Only `@id` is ever indented, so that a caption's folded
# lines never match. `redirect_from` is a list in Jekyll's own documentation, a scalar in PFOCR.
_NAMING = re.compile(
    rb"""^(?:(?:figid|pmcid|filename|figlink|figid_alias)[ ]*:.*
          |[ ]*['"]?@id['"]?[ ]*:.*
          |redirect_from[ ]*:.*(?:\n[ ]*-[ ].*)*)""",
    re.MULTILINE | re.VERBOSE,
)
_ALIAS = re.compile(rb"""^figid_alias[ ]*:[ ]*['"]?([^\s'"]+)""", re.MULTILINE)
_DOI = re.compile(rb"""^doi[ ]*:[ ]*['"]?[^\s'"]*?10\.\d+/[^\s'"]+""", re.MULTILINE)

Slot = Literal["pmc", "suffix", "doi"]


class CorpusError(Exception):
    """A corpus cannot be made; the message is one line for people."""


class Copy(NamedTuple):
    """One record to write: which template, which paper (from 0), which figure of it (from 1)."""

    template: int
    paper: int
    figure: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """A file name of a record, cut where a copy's own names go."""

    rest: str
    ending: str
    has_pmcid: bool

    def of_copy(self, copy: Copy) -> str:
        """Return the copy's file name."""
        if not self.has_pmcid:
            return f"{self.rest}-c{copy.paper}{_suffix(copy)}{self.ending}"
        return f"{_pmcid(copy)}__{self.rest}{_suffix(copy)}{self.ending}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """One source record, its text cut at every place where a copy differs."""

    name: Name
    texts: tuple[bytes, ...]
    slots: tuple[Slot, ...]
    tables: tuple[tuple[Name, bytes], ...]

    def render(self, copy: Copy) -> bytes:
        """Return the text of one copy."""
        fills: dict[Slot, bytes] = {
            "pmc": _pmcid(copy).encode(),
            "suffix": _suffix(copy).encode(),
            "doi": f"-c{copy.paper}".encode(),
        }
        pieces = [self.texts[0]]
        for slot, text in zip(self.slots, self.texts[1:], strict=True):
            pieces += (fills[slot], text)
        return b"".join(pieces)


def _pmcid(copy: Copy) -> str:
    return f"PMC{FIRST_PMC + copy.paper}"


def _suffix(copy: Copy) -> str:
    return "" if copy.figure == 1 else f"-{copy.figure}"


def default_source() -> Path:
    """Return the folder of real records beside the checkout, else the seeds inside it."""
    checkout = Path(__file__).resolve().parents[1]
    beside = checkout.parent / "shared" / "corpus"
    return beside if beside.is_dir() else checkout / "seeds"


def read_templates(source: Path) -> list[Template]:
    """Return the records of a folder as templates, in the order of their names.

    Raises:
        CorpusError: there is no such folder, or no record in it.

    """
    if not source.is_dir():
        message = f"source {str(source)!r} is not a folder"
        raise CorpusError(message)
    records = sorted((source / "_figures").glob("*.md"))
    if not records:
        message = f"source {str(source)!r} has no record: no file matches _figures/*.md"
        raise CorpusError(message)
    return [_read_template(record, source / "_data") for record in records]


def _read_template(record: Path, tables: Path) -> Template:
    text = record.read_bytes()
    texts, slots = _cut(text, _find_slots(text, record.stem))
    return Template(
        name=_name(record.stem, ".md"),
        texts=texts,
        slots=slots,
        tables=tuple(_read_tables(record.stem, tables)),
    )


def _read_tables(stem: str, folder: Path) -> Iterator[tuple[Name, bytes]]:
    # Some tables are named with `_` where the figid has `.`; their spelling is kept.
    for spelling in dict.fromkeys((stem, stem.replace(".", "_"))):
        for kind in TABLES:
            path = folder / f"{spelling}-{kind}.tsv"
            if path.is_file():
                yield _name(spelling, f"-{kind}.tsv"), path.read_bytes()


def _name(stem: str, ending: str) -> Name:
    found = _STEM.fullmatch(stem)
    return Name(rest=found[2] if found else stem, ending=ending, has_pmcid=found is not None)


def _find_slots(text: bytes, stem: str) -> list[tuple[int, int, Slot]]:
    """Return where a copy differs, as `(start, end, slot)` in byte offsets, in order."""
    found = _STEM.fullmatch(stem)
    if not found:
        return []
    pmcid = re.compile(rb"\b%s(?!\d)" % found[1].encode())
    figure = _figure_names(text, stem, found[2])
    slots: list[tuple[int, int, Slot]] = []
    for line in _NAMING.finditer(text):
        bounds = line.span()
        slots += ((*match.span(), "pmc") for match in pmcid.finditer(text, *bounds))
        slots += ((match.end(), match.end(), "suffix") for match in figure.finditer(text, *bounds))
    slots += ((match.end(), match.end(), "doi") for match in _DOI.finditer(text))
    return sorted(slots)


def _figure_names(text: bytes, stem: str, rest: str) -> re.Pattern[bytes]:
    # What tells two figures of a paper apart: the figid, the alias, and the image's file name.
    alias = _ALIAS.search(text)
    names = {os.fsencode(stem), *((alias[1],) if alias else ())}
    longest_first = sorted(names, key=lambda name: (-len(name), name))
    either = b"|".join(map(re.escape, longest_first))
    return re.compile(
        rb"(?:\b(?:%s)|^filename[ ]*:[ ]*['\"]?%s)(?![\w-])" % (either, re.escape(os.fsencode(rest))),
        re.MULTILINE,
    )


def _cut(text: bytes, slots: Sequence[tuple[int, int, Slot]]) -> tuple[tuple[bytes, ...], tuple[Slot, ...]]:
    texts: list[bytes] = []
    at = 0
    for start, end, _ in slots:
        texts.append(text[at:start])
        at = end
    return (*texts, text[at:]), tuple(slot for _, _, slot in slots)


def plan_copies(templates: int, *, records: int, seed: int) -> Iterator[Copy]:
    """Yield which copies to write.

    Templates are dealt like packs of cards: each pack holds every template once, in an order of its
    own; the last pack may be cut short.

    Args:
        templates: how many templates there are.
        records: how many copies are wanted.
        seed: the same seed gives the same plan.

    >>> [copy.template for copy in plan_copies(2, records=4, seed=1)]
    [0, 1, 1, 0]

    """
    rng = random.Random(seed)  # noqa: S311  (a repeatable shuffle, not a secret)
    order: list[int] = []
    while len(order) < records:
        order += rng.sample(range(templates), min(templates, records - len(order)))
    # The first pack has no previous copy to share a paper with.
    repeats = range(min(templates, records), records)
    shared = set(rng.sample(repeats, min(len(repeats), round(SHARED_PAPERS * records))))
    last: dict[int, Copy] = {}
    papers = 0
    for position, template in enumerate(order):
        if position in shared:
            copy = last[template]._replace(figure=last[template].figure + 1)
        else:
            copy = Copy(template, papers, 1)
            papers += 1
        last[template] = copy
        yield copy


def make_corpus(
    source: Path, out: Path, *, records: int, seed: int = 1, force: bool = False, varied: bool = False
) -> None:
    """Write `records` renamed copies of the records of `source` into `out`.

    Args:
        source: folder with `_figures` and, if there are tables, `_data`.
        out: folder to write, made if need be.
        records: how many records to write, no more and no fewer.
        seed: the same seed and source give the same bytes.
        force: replace the records and tables of a folder that is not empty.
        varied: give each record other genes than its source has.

    Raises:
        CorpusError: the source has no records, or the target is not empty or is the source.
        OSError: a file cannot be read or written.

    """
    templates = read_templates(source)
    figures, tables = _prepare(source, out, force=force)
    genes = _varied(seed) if varied else None
    with _opened(figures) as figures_at, _opened(tables) as tables_at:
        for copy in plan_copies(len(templates), records=records, seed=seed):
            template = templates[copy.template]
            change = genes.copy() if genes else bytes
            # Tables first: once all figures are there, the corpus is known to be whole.
            for name, table in template.tables:
                _write(name.of_copy(copy), change(table), tables_at)
            _write(template.name.of_copy(copy), change(template.render(copy)), figures_at)


def _varied(seed: int) -> Varied:
    from bench.varied import Varied  # noqa: PLC0415 (needs the lexicon, which making plain copies needs not)

    return Varied(seed)


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    """A descriptor of a folder, so that the system need not look up its path for each file."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _write(name: str, data: bytes, folder: int) -> None:
    # Three system calls a file, which is most of the time; `Path.write_bytes` takes twice as long.
    descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666, dir_fd=folder)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]
    finally:
        os.close(descriptor)


def _prepare(source: Path, out: Path, *, force: bool) -> tuple[Path, Path]:
    """Return the two folders to write into, made and empty of records."""
    here, there = source.resolve(), out.resolve()
    if here == there or here in there.parents or there in here.parents:
        message = f"target {str(out)!r} and source {str(source)!r} must not hold each other"
        raise CorpusError(message)
    if out.is_dir() and any(out.iterdir()) and not force:
        message = f"target {str(out)!r} is not empty (--force replaces its records)"
        raise CorpusError(message)
    folders = out / "_figures", out / "_data"
    for folder, pattern in zip(folders, ("*.md", "*.tsv"), strict=True):
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob(pattern):
            old.unlink()
    return folders


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


_positive.__name__ = "positive number"  # argparse quotes it in its message


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make_corpus.py", description="Make a corpus of any size from real records.")
    add = parser.add_argument
    add("--records", type=_positive, required=True, metavar="N", help="how many records to write")
    add("--out", type=Path, required=True, metavar="FOLDER", help="folder to write")
    add("--source", type=Path, default=default_source(), metavar="FOLDER", help="real records")
    add("--seed", type=int, default=1, help="same seed and source, same bytes (default: 1)")
    add("--stats", action="store_true", help="tell what the source and the made corpus consist of, side by side")
    add("--varied", action="store_true", help="give each record other genes, drawn by Zipf's law from 20,000")
    add("--force", action="store_true", help="replace the records of a folder that is not empty")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code: 0, or 2 when it cannot be done."""
    args = _parse(argv)
    try:
        make_corpus(args.source, args.out, records=args.records, seed=args.seed, force=args.force, varied=args.varied)
    except (CorpusError, OSError) as error:
        print(f"make_corpus.py: error: {error}", file=sys.stderr)
        return 2
    if args.stats:
        from bench.corpus_stats import side_by_side  # noqa: PLC0415 (needs libraries, which making needs not)

        print(side_by_side([args.source, args.out]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
