"""A front matter to a `Figure`: each field converted from text, on purpose, with a problem where it cannot be."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final

from kg.errors import SourceError
from kg.record import ABSENT, Entity, Figure, Findings, Mention, Organism, Paper, generation_of
from kg.tidy import tidy, tidy_paper_title, tidy_title

__all__ = ["make_figure"]

_ABSENT_FIELD: Final = ABSENT | {"~", "null", "Null", "NULL"}
"""In a front-matter field a YAML null is missing too; as a keyword `~` stays text."""

_FIGID = re.compile(r"\S(?:.*\S)?")
_PMCID = re.compile(r"PMC[1-9][0-9]{0,14}")
_DOI = re.compile(r"10\.[0-9]{2,9}(?:\.[0-9]+)*/\S+")
_DOI_PREFIX = re.compile(r"^(?:https?://)?(?:(?:dx\.|www\.)?doi\.org/|doi:\s*)", re.IGNORECASE)
_DECIMAL = re.compile(r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]{1,2})?")
_YEAR = re.compile(r"[0-9]{4}")
_WPID = re.compile(r"WP[0-9]+")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

_KNOWN_KEYS: Final = frozenset((
    "figid", "figtitle", "organisms", "organisms_ner", "pmcid", "filename", "figlink", "number", "caption",
    "papertitle", "reftext", "year", "doi", "journal_title", "journal_nlm_ta", "publisher_name", "keywords",
    "automl_pathway", "figid_alias", "figtype", "redirect_from", "ndex", "wpid", "seo", "schema-jsonld",
    "annotations", "pathway_score", "pmc_ranked_result_index", "genes", "chemicals", "diseases",
))  # fmt: skip


class _Fields:
    """Reads one front matter key at a time; a list or mapping where text belongs is an error with a place."""

    def __init__(self, front: Mapping[str, object], findings: Findings) -> None:
        self.front, self.findings = front, findings

    def text(self, key: str) -> str:
        value = self.front.get(key, "")
        if not isinstance(value, str):
            raise SourceError.of(
                "bad-field-type",
                f"{key} is a {'list' if isinstance(value, list) else 'mapping'}, text is wanted",
                "the field holds one value in every generation of the database",
                f"write `{key}: text` on one line, quoted if it holds ': ' or ' #'",
                key=(key,),
            )
        return "" if value.strip() in _ABSENT_FIELD else value

    def trimmed(self, key: str) -> str:
        return self.text(key).strip()

    def tidied(self, key: str) -> str:
        value = self.text(key)
        result = tidy(value)
        if result != value:
            self.findings.repairs["text-tidied"] += 1
        return result

    def texts(self, key: str) -> list[str]:
        """A list of texts; a single one stands for a list of one (records of 2020)."""
        value = self.front.get(key, "")
        items = value if isinstance(value, list) else [value]
        if not all(isinstance(item, str) for item in items):
            raise SourceError.of(
                "bad-field-type",
                f"{key} holds a list or mapping, a list of texts is wanted",
                "names are read as text, one an item",
                f"write each item of {key} as `- text`",
                key=(key,),
            )
        return [name for item in items if (name := tidy(str(item))) not in _ABSENT_FIELD]

    def matching(self, key: str, pattern: re.Pattern[str], code: str, wanted: str, why: str) -> str:
        value = self.trimmed(key)
        if not value or pattern.fullmatch(value):
            return value
        self.findings.warn(
            code, f"{key} is {value!r}, {wanted} is wanted", why, f"correct {key} or leave it empty", key=(key,)
        )
        return ""


def _identity(fields: _Fields) -> tuple[str, str]:
    figid = fields.trimmed("figid")
    if not figid or not _FIGID.fullmatch(figid):
        raise SourceError.of(
            "missing-figid",
            "figid is missing or empty",
            "the figure's IRI is made of it",
            "add `figid: PMCnnn__name`, the file's name without .md",
            key=("figid",),
        )
    pmcid = fields.trimmed("pmcid")
    if not pmcid and _PMCID.fullmatch(figid.split("__")[0]):
        fields.findings.repairs["pmcid-from-figid"] += 1
        pmcid = figid.split("__")[0]
    if not _PMCID.fullmatch(pmcid):
        raise SourceError.of(
            "bad-pmcid",
            f"pmcid is {pmcid!r}, PMC and digits are wanted",
            "the paper's IRI is made of it",
            "write `pmcid: PMC12080488`",
            key=("pmcid",),
        )
    return figid, pmcid


def _check_rejected(fields: _Fields, figid: str) -> None:
    marks = [str(fields.front.get(key, "")).strip().upper() for key in ("figtitle", "number")]
    if "REJECT" in marks:
        error = SourceError.of(
            "rejected-figure",
            f"{figid} was published although its curators rejected it",
            "figtitle or number says REJECT: it is no pathway figure",
            "nothing to do; it stays out of the graph",
            key=("figtitle" if marks[0] == "REJECT" else "number",),
        )
        raise SourceError(replace(error.problem, severity="note"))


def _doi(fields: _Fields) -> str:
    value = fields.trimmed("doi")
    bare = _DOI_PREFIX.sub("", value)
    if bare != value:
        fields.findings.repairs["doi-bare"] += 1
    if bare and not _DOI.fullmatch(bare):
        fields.findings.warn(
            "bad-doi",
            f"doi is {value!r}, a DOI such as 10.2147/ITT.S485670 is wanted",
            "queries join papers on the DOI; a text that is none would join nothing",
            "write the bare DOI, or leave the field empty",
            key=("doi",),
        )
        return ""
    return bare


def _score(fields: _Fields) -> str:
    key = "automl_pathway" if fields.trimmed("automl_pathway") else "pathway_score"
    value = fields.matching(key, _DECIMAL, "bad-score", "a number", "scores are compared as numbers")
    if not value:
        return ""
    score = format(Decimal(value), "f").lstrip("+")
    return score if "." in score else f"{score}.0"


def _keywords(fields: _Fields) -> tuple[str, ...]:
    parts = (tidy(part) for part in fields.text("keywords").replace("\n", " ").split(" | "))
    return tuple(dict.fromkeys(part for part in parts if part and part not in ABSENT))


def _paper(fields: _Fields, pmcid: str) -> Paper:
    title = fields.text("papertitle")
    year = fields.matching("year", _YEAR, "bad-year", "a year of four digits", "it becomes an xsd:gYear")
    return Paper(
        pmcid=pmcid,
        title=tidy_paper_title(title),
        doi=_doi(fields),
        year=year,
        citation=fields.tidied("reftext"),
        journal=fields.tidied("journal_title"),
        journal_abbreviation=fields.tidied("journal_nlm_ta"),
        publisher=fields.tidied("publisher_name"),
        keywords=_keywords(fields),
    )


def _page(fields: _Fields, pmcid: str) -> str:
    """The figure's page at PMC, as a path from `articles/` on, where figlink really names this paper."""
    link = fields.trimmed("figlink")
    if not link:
        return ""
    _, found, rest = link.partition(f"articles/{pmcid}")
    if found and rest[:1] in ("", "/"):
        return found + rest
    fields.findings.warn(
        "foreign-figlink",
        f"figlink {link!r} does not name {pmcid}",
        "it leads to a figure of another paper (a stale default), so no link is made of it",
        f"write /pmc/articles/{pmcid}/figure/...",
        key=("figlink",),
    )
    return ""


def _annotations(fields: _Fields) -> tuple[str, ...]:
    """`type: value` of each annotation that records of 2020-21 may carry."""
    value = fields.front.get("annotations", [])
    items: Iterable[object] = value if isinstance(value, list) else [value]
    texts: list[str] = []
    for item in items:
        if isinstance(item, dict):
            pair = [tidy(str(item.get(key, ""))) for key in ("type", "value")]
            texts.append(": ".join(part for part in pair if part))
        elif isinstance(item, str):
            texts.append(tidy(item))
    return tuple(text for text in dict.fromkeys(texts) if text not in _ABSENT_FIELD)


def _title(fields: _Fields, paper: Paper) -> str:
    raw = fields.text("figtitle")
    title = tidy_title(raw)
    if title != raw:
        fields.findings.repairs["text-tidied"] += 1
    if title in _ABSENT_FIELD and paper.title:
        fields.findings.warn(
            "missing-title",
            "figtitle is missing or empty, the paper's title stands in for it",
            "every figure needs a title to be found by",
            "add `figtitle: ...`",
            key=("figtitle",),
        )
        return paper.title
    return "" if title in _ABSENT_FIELD else title


def _note_unknown_keys(fields: _Fields) -> None:
    for key in fields.front.keys() - _KNOWN_KEYS:
        fields.findings.warn(
            "unknown-field",
            f"{key} is no field that this version knows; it was not read",
            "nothing of a record is to be lost unseen",
            "check its spelling, or tell the project of the new field",
            key=(key,),
        )


def make_figure(
    front: Mapping[str, object],
    *,
    mentions: Sequence[Mention] = (),
    entities: Sequence[Entity] = (),
    organisms: Sequence[Organism] = (),
    tables: Mapping[str, str] | None = None,
    findings: Findings,
) -> Figure:
    """The figure that a front matter describes, with what its tables say.

    Args:
        front: the front matter, all scalars as text.
        mentions: of all kinds, in table order.
        entities: one for each distinct identifier of the mentions.
        organisms: those that the gene table names.
        tables: where the mentions of each kind come from.
        findings: receives warnings, notes and repairs.

    Raises:
        SourceError: no usable figid or pmcid, a list where text belongs, or a rejected figure.
    """
    fields = _Fields(front, findings)
    figid, pmcid = _identity(fields)
    _check_rejected(fields, figid)
    _note_unknown_keys(fields)
    paper = _paper(fields, pmcid)
    recognised = fields.texts("organisms_ner")
    names = [*fields.texts("organisms"), *recognised]
    return Figure(
        figid=figid,
        title=_title(fields, paper),
        caption=tidy_title(fields.text("caption")),
        paper=paper,
        generation=generation_of(front),
        path=findings.path,
        number=fields.trimmed("number"),
        figure_type=fields.trimmed("figtype"),
        filename=fields.trimmed("filename"),
        page=_page(fields, pmcid),
        score=_score(fields),
        alias=fields.trimmed("figid_alias"),
        ndex=fields.matching("ndex", _UUID, "bad-ndex", "an NDEx UUID", "its page address is made of it"),
        wpid=fields.matching("wpid", _WPID, "bad-wpid", "WP and digits", "the pathway's IRI is made of it"),
        annotations=_annotations(fields),
        organism_names=tuple(dict.fromkeys(names)),
        organisms_ner=tuple(dict.fromkeys(recognised)),
        organisms=tuple(organisms),
        mentions=tuple(mentions),
        entities=tuple(entities),
        tables=tables or {},
        jsonld=front.get("schema-jsonld"),
    )
