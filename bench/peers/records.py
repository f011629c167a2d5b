"""Records as JSON and tables as rows: the step before any tool that reads neither Markdown nor front matter.

Each peer begins with this, and its time is told as `preparation_seconds`. It does what a mapping language cannot:
take YAML out of Markdown, clean text (tags, entities, doubled blanks), and leave out what spells "missing". Links,
forms of a DOI, mention IRIs and counts are left to the peers. Only PyYAML is needed.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

__all__ = ["TABLES", "Record", "read_records", "table_rows"]

Record = dict[str, Any]
"""One record: texts by key, lists under `keywords`, `organisms`, `annotations`; empty where it says nothing."""

TABLES: Final = ("genes", "chemicals", "diseases")

_ABSENT: Final = frozenset({"", "NA", "NaN", ".na.character", ".na", ".na.real", "~", "null"})
_TEXTS: Final = (
    "figid", "pmcid", "filename", "figlink", "number", "figtype", "figid_alias", "wpid", "ndex", "year", "doi",
)  # fmt: skip
_TIDIED: Final = ("reftext", "journal_title", "journal_nlm_ta", "publisher_name", "papertitle")
_TITLES: Final = ("figtitle", "caption")
_LICENCES: Final = {"CC0": "http://creativecommons.org/publicdomain/zero/1.0/"}
_CONTEXTS: Final = frozenset({"https://schema.org/", "https://schema.org", "http://schema.org/", "http://schema.org"})
# Plain English and mathematics hold "<" too, so only the tags that titles and captions are known to have go.
_TAGS: Final = "b|i|u|em|sub|sup|bold|italic|strong|span|sc|br|p|title|label|xref"
_TAG: Final = re.compile(rf"</?(?:{_TAGS})\b[^<>]*>", re.IGNORECASE)
_GREEK: Final = {"agr": "α", "bgr": "β", "ggr": "γ", "dgr": "δ", "kgr": "κ"}
_GREEK_ENTITY: Final = re.compile(f"&({'|'.join(_GREEK)});")
_NUMBER_RESIDUE: Final = re.compile(r"^[:|.]\s+|^[:|]")
_DOI_PREFIX: Final = re.compile(r"^(?:https?://)?(?:(?:dx\.|www\.)?doi\.org/|doi:\s*)", re.IGNORECASE)
_PMCID: Final = re.compile(r"PMC[1-9][0-9]*")

# The C loader is ten times as quick; the base one leaves `NO` and 2025-01-01 as the texts that they are.
_LOADER: Final = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


def read_records(source: Path) -> Iterator[Record]:
    """Yield the usable records of a folder, in order of their file names; broken ones are passed over."""
    for path in sorted((source / "_figures").glob("*.md")):
        try:
            yield _record(_front_matter(path))
        except (yaml.YAMLError, ValueError, KeyError, TypeError, AttributeError):
            continue


def _front_matter(path: Path) -> Record:
    start, found, rest = path.read_text(encoding="utf-8").partition("---\n")
    text, closed, _ = rest.partition("\n---")
    if start or not found or not closed:
        raise ValueError("no front matter")
    return dict(yaml.load(text, Loader=_LOADER))  # noqa: S506 - the base loader makes texts, lists and mappings only


def _record(front: Record) -> Record:
    """What the tools read of a front matter.

    Raises:
        ValueError: figure or paper is not clear, it was rejected, or its JSON-LD is not schema.org's.
    """
    jsonld = front["schema-jsonld"]
    texts = {key: _text(front, key) for key in _TEXTS}
    texts |= {key: _tidy(_text(front, key)) for key in _TIDIED}
    texts |= {key: _without_number(_tidy(_text(front, key))) for key in _TITLES}
    known = _PMCID.fullmatch(texts["pmcid"]) and str(jsonld["@id"]).endswith(f"/{texts['figid']}.html")
    if not known or jsonld.get("@context") not in _CONTEXTS or "REJECT" in {texts["figtitle"], texts["number"]}:
        raise ValueError("not a figure's record")
    described = _without_number(_tidy(str(jsonld.get("description", ""))))
    return texts | {
        "figure": str(jsonld["@id"]),
        "figtitle": texts["figtitle"] or texts["papertitle"],
        "papertitle": texts["papertitle"].rstrip(". "),
        "description": described or texts["caption"],
        "license": _LICENCES.get(str(jsonld.get("license", "")), ""),
        "keywords": _keywords(jsonld.get("keywords", [])),
        "author_keywords": _listed(_text(front, "keywords").replace("\n", " ").split(" | ")),
        "organisms": list(dict.fromkeys(_listed(front.get("organisms", [])) + _listed(front.get("organisms_ner", [])))),
        "score": _text(front, "automl_pathway") or _text(front, "pathway_score"),
        "doi": _DOI_PREFIX.sub("", texts["doi"]),
    }


def _text(front: Record, key: str) -> str:
    value = front.get(key, "")
    if not isinstance(value, str):
        raise TypeError(f"{key} is no text")
    return "" if value.strip() in _ABSENT else value.strip()


def _listed(value: object) -> list[str]:
    """The texts of a list, or the one text in its place, without those that are missing."""
    items = value if isinstance(value, list) else [value]
    return [text for item in items if (text := _tidy(str(item))) not in _ABSENT]


def _keywords(value: object) -> list[str]:
    """The keywords as they were read in the figure, blanks and all."""
    items = value if isinstance(value, list) else [value]
    return [text for item in items if (text := str(item)) not in _ABSENT - {"~", "null"}]


def _tidy(text: str) -> str:
    """The text on one line, without tags and entities."""
    if "<" in text:
        text = _TAG.sub("", text)
    if "&" in text:
        text = html.unescape(_GREEK_ENTITY.sub(lambda match: _GREEK[match[1]], text))
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    return " ".join(text.split())


def _without_number(text: str) -> str:
    """The text without what a cut-off figure number left in front of it."""
    return _NUMBER_RESIDUE.sub("", text).lstrip()


def table_rows(source: Path, record: Record, table: str) -> Iterator[dict[str, str]]:
    """Yield the rows of a record's table by column, with missing cells empty; none where it has no such table."""
    path = _table_path(source, record["figid"], table)
    if path is None:
        return
    header, *lines = path.read_text(encoding="utf-8").split("\n")
    columns = header.rstrip("\r").split("\t")
    # A word may really read NA, and so may the gene symbol that it was matched to.
    verbatim = {"word", "match"} if table == "genes" else {"word"}
    for line in lines:
        cells = line.rstrip("\r").split("\t")
        if len(cells) == len(columns):
            pairs = zip(columns, cells, strict=True)
            yield {name: cell if name in verbatim or cell not in _ABSENT else "" for name, cell in pairs}


def _table_path(source: Path, figid: str, table: str) -> Path | None:
    """The table's file: its name may have `_` where the figure id has a dot."""
    for stem in (figid, figid.replace(".", "_")):
        path = source / "_data" / f"{stem}-{table}.tsv"
        if path.is_file():
            return path
    return None
