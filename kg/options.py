"""What an export can be told, in one place that checks itself; the command line and the library build the same."""

from __future__ import annotations

import datetime as dt
import os
import re
from dataclasses import dataclass
from pathlib import Path

from kg.check import ENGINES
from kg.describe import SOURCE_IRI
from kg.errors import UsageError
from kg.link import IMAGE_URL
from kg.output import COMPRESSIONS
from kg.vocab import BASE
from kg.write import FORMATS

__all__ = ["ExportOptions", "OutputKind", "check_date", "output_kind", "part_kind", "stem_of"]

_SUFFIXES = {form.suffix: form.name for form in FORMATS.values()} | {"json": "jsonld", "ntriples": "ntriples"}
_SCHEDULER = re.compile(r"[a-z]+://[^\s/]+")
_ABSOLUTE = re.compile(r"https?://[^\s<>\"{}|\\^`]+")


@dataclass(frozen=True, slots=True)
class OutputKind:
    """How the graph is written: format, compression, and whether as a folder with a file a layer."""

    form: str
    compression: str
    folder: bool

    @property
    def suffix(self) -> str:
        """The file suffix, such as `.ttl.gz`."""
        return "." + FORMATS[self.form].suffix + (f".{self.compression}" if self.compression else "")


def _parse_format(text: str) -> tuple[str, str]:
    """`ttl`, `turtle`, `nt.gz`, `jsonld.zst`: format name and compression."""
    name, _, compression = text.lower().lstrip(".").partition(".")
    form = name if name in FORMATS else _SUFFIXES.get(name)
    if form is None or compression not in COMPRESSIONS:
        known = ", ".join(form.suffix for form in FORMATS.values())
        raise UsageError.of(
            "unknown-format",
            f"{text!r} is no format",
            "",
            f"choose one of {known}, with .gz or .zst behind it where wanted",
        )
    return form, compression


def output_kind(output: Path, form: str | None) -> OutputKind:
    """How to write to a path: by `form` where it is given, else by the path's suffixes.

    A path without a suffix, or an existing folder, becomes a folder with one file a layer.

    Raises:
        UsageError: the suffix or format is not known.
    """
    parts = output.name.lower().split(".")
    compression = parts.pop() if len(parts) > 1 and parts[-1] in COMPRESSIONS else ""
    suffix = _SUFFIXES.get(parts[-1]) if len(parts) > 1 else None
    folder = output.is_dir() or (len(parts) == 1 and not compression)
    if form is not None:
        named, packed = _parse_format(form)
        return OutputKind(named, packed or ("" if folder else compression), folder)
    if folder:
        return OutputKind("turtle", "", folder=True)
    if suffix is None:
        raise UsageError.of(
            "unknown-format",
            f"{output.name!r} does not tell a format",
            "the format goes by the suffix",
            "end the name in .ttl, .nt, .nq, .trig or .jsonld (and .gz or .zst), or give --format",
        )
    return OutputKind(suffix, compression, folder=False)


def part_kind(form: str | None) -> OutputKind:
    """How to write a graph in parts: one after the other they must make the file that is not in parts.

    Raises:
        UsageError: the format is not known, or needs a frame around all of it.
    """
    named, packed = _parse_format(form or "ttl")
    if named in ("trig", "jsonld"):
        raise UsageError.of(
            "not-in-parts",
            f"{form} cannot be written in parts",
            "a file of it has a frame around all that it holds",
            "choose ttl, nt or nq, with .gz or .zst behind it where wanted",
        )
    return OutputKind(named, packed, folder=False)


def stem_of(output: Path) -> str:
    """The name of an output file without the suffixes of its format and compression.

    >>> stem_of(Path("build/my.graph.nq.gz"))
    'my.graph'
    """
    known = {*_SUFFIXES, *COMPRESSIONS} - {""}
    name = output.name
    while (stem := Path(name).stem) != name and Path(name).suffix[1:].lower() in known:
        name = stem
    return name


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportOptions:
    """Settings of an export.

    Args:
        form: `ttl`, `nt`, `nq`, `trig`, `jsonld`, with `.gz` or `.zst` behind it; None goes by the output's suffix.
        data: further places in which companion tables are looked for first.
        pmc_ids: NCBI's `PMC-ids.csv[.gz]`, for PMIDs and missing DOIs.
        repair: False keeps the JSON-LD as it is, made safe.
        check: False leaves out the check against the shapes.
        engine: `shacl` (fast) or `pyshacl` (reference).
        shapes: folder of shapes to use instead of the shipped ones.
        strict: stop at the first error, writing nothing.
        quarantine: folder that bad records are copied to, with their problems.
        base: IRI that the project's own terms hang on, ending in `/`.
        image_url: template of image addresses with `{pmcid}` and `{filename}`.
        release: version of the result; None takes the source's commit, else a digest of the records.
        issued: date of issue, `YYYY-MM-DD`.
        source_iri: IRI of the database that the records come from.
        vocabulary: include the project's vocabulary in the graph.
        queries: include the shipped queries in the graph, as the layer `queries`.
        ground: link keywords that no table explains to what the lexicons know.
        lexicons: files of `kg lexicon build`, asked before the embedded one; ids in tables are checked against them.
        embedded: use the embedded lexicon of human genes where no other has any.
        jobs: processes that work on records; None takes the cores that this process may use. The result is the same.
        scheduler: address of a running Dask cluster, whose workers take the place of `jobs`. The result is the same.
        shards: write a file for each chunk of records, into a folder or to a URL, with a manifest.
    """

    form: str | None = None
    data: tuple[Path | str, ...] = ()
    pmc_ids: Path | None = None
    repair: bool = True
    check: bool = True
    engine: str = "shacl"
    shapes: Path | None = None
    strict: bool = False
    quarantine: Path | None = None
    base: str = BASE
    image_url: str = IMAGE_URL
    release: str | None = None
    issued: str | None = None
    source_iri: str = SOURCE_IRI
    vocabulary: bool = False
    queries: bool = False
    ground: bool = True
    lexicons: tuple[Path, ...] = ()
    embedded: bool = True
    jobs: int | None = 1
    scheduler: str | None = None
    shards: bool = False

    def __post_init__(self) -> None:
        if self.form is not None:
            _parse_format(self.form)
        if self.engine not in ENGINES:
            raise UsageError.of(
                "unknown-engine", f"there is no engine {self.engine!r}", "", f"choose one of {', '.join(ENGINES)}"
            )
        if not (_ABSOLUTE.fullmatch(self.base) and self.base.endswith("/")):
            raise UsageError.of(
                "bad-base",
                f"base {self.base!r} is no absolute IRI that ends in /",
                "own terms are made by adding names to it",
                "give one such as https://w3id.org/pfocr-kg/",
            )
        template = self.image_url.replace("{pmcid}", "").replace("{filename}", "")
        if "{filename}" not in self.image_url or not _ABSOLUTE.fullmatch(template):
            raise UsageError.of(
                "bad-image-url",
                f"image address {self.image_url!r} is no template",
                "each image needs an address of its own",
                "give an http(s) address with {pmcid} and {filename} in it",
            )
        if not _ABSOLUTE.fullmatch(self.source_iri):
            raise UsageError.of(
                "bad-source-iri", f"{self.source_iri!r} is no absolute IRI", "", "give the address of the database"
            )
        if self.release is not None and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", self.release):
            raise UsageError.of(
                "bad-release",
                f"release {self.release!r} cannot stand in an IRI",
                "the dataset's IRI ends in it",
                "use letters, digits, dots, underscores and hyphens",
            )
        if self.issued is not None:
            check_date(self.issued, "issued")
        self._check_machines()

    def _check_machines(self) -> None:
        if self.jobs is not None and self.jobs < 1:
            raise UsageError.of("bad-jobs", f"there cannot be {self.jobs} jobs", "", "give 1 or more")
        if self.scheduler is not None and not _SCHEDULER.fullmatch(self.scheduler):
            raise UsageError.of(
                "bad-scheduler",
                f"{self.scheduler!r} is no address of a Dask scheduler",
                "the scheduler tells its address when it starts",
                "give one such as tcp://HOST:8786",
            )
        if self.shards:
            part_kind(self.form)

    def told(self) -> str:
        """The options that shape the result, as on the command line."""
        words = [] if self.repair else ["--no-repair"]
        words += [] if self.check else ["--no-check"]
        words += ["--pmc-ids"] if self.pmc_ids else []
        words += ["--vocabulary"] if self.vocabulary else []
        words += ["--queries"] if self.queries else []
        words += [] if self.ground else ["--no-ground"]
        words += ["--lexicon"] if self.lexicons else []
        words += [] if self.embedded else ["--no-embedded-lexicon"]
        defaults = {"base": BASE, "image_url": IMAGE_URL}
        for name, default in defaults.items():
            if getattr(self, name) != default:
                words += [f"--{name.replace('_', '-')}", getattr(self, name)]
        return " ".join(os.fspath(word) for word in words)


def check_date(text: str, name: str) -> None:
    """Refuse what is no date.

    Raises:
        UsageError: the text is not `YYYY-MM-DD`.
    """
    try:
        if dt.date.fromisoformat(text).isoformat() == text:
            return
    except ValueError:
        pass
    raise UsageError.of("bad-date", f"{name} {text!r} is no date", "", "write YYYY-MM-DD")
