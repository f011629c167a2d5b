r"""The plain, regular YAML that PFOCR's generators write, read by a few patterns; all else is PyYAML's.

`read_plain` answers only where the meaning of every character is certain: mappings of short names, lists, and plain or
quoted texts on one line or folded over several. For anything else (comments, anchors, tags, flow collections, literal
blocks, tabs, blank lines, trailing blanks, a key that stands twice, ...) it gives None, and PyYAML decides what the
text means or where it is wrong. So what the patterns do not take costs time, but never makes a wrong value. A test
compares the two.

No line can be taken for something else: a key or dash stands at exactly the indentation of its mapping or list, a text
goes on only over lines that are indented deeper than that, and what no pattern takes is refused.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

__all__ = ["read_plain"]

_MAX_INDENT: Final = 16
"""Records use 0 to 4; this also keeps recursion and the number of patterns small."""

_ODD: Final = r"\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff"
"""In a character class: what YAML refuses, tabs, and the line breaks of YAML 1.1; a text's own LF is `fold` below."""

_NAME: Final = "[A-Za-z][A-Za-z0-9_-]{0,99}+"
"""Far below the 1,024 characters that a key may have."""

_KEY: Final = f"{_NAME}|'@?{_NAME}'|\"@?{_NAME}\""

_PLAIN_START: Final = rf"(?:[^- ?:,\[\]{{}}#&*!|>'\"%@`{_ODD}]|-(?![ \n]))"

_ESCAPE: Final = r"""\\(?:["\\ ]|x[0-9A-Fa-f]{2}|u(?![dD][89A-Fa-f])[0-9A-Fa-f]{4}|U000[1-9A-Fa-f][0-9A-Fa-f]{4})"""
"""The escapes that libyaml writes, but for those with letters; no half of a surrogate pair."""

_FIND_FOLDS: Final = re.compile(r"\n +")
_FIND_ESCAPES: Final = re.compile(_ESCAPE)


class _UnsureError(Exception):
    """PyYAML is to read it."""


def read_plain(text: str) -> dict[str, object] | None:
    r"""The mapping that a text is in YAML 1.1 when every scalar stays text; None where PyYAML must read it.

    >>> read_plain("figid: a\nyear: '2001'\nkeywords:\n- NO\n- 'On'\n")
    {'figid': 'a', 'year': '2001', 'keywords': ['NO', 'On']}
    >>> read_plain("keywords: [a, b]\n") is None
    True
    """
    try:
        return _mapping(text, 0) if text else None
    except _UnsureError:
        return None


def _mapping(block: str, indent: int) -> dict[str, object]:
    made: dict[str, object] = {}
    entries = _entries(indent).findall(block)
    for key, value, texts, below, unsure in entries:
        name = key.strip("'\"")
        if value:
            made[name] = value if value[0] not in "'\"[" and "\n" not in value else _value(value)
        elif texts:
            made[name] = _texts(texts, indent)
        elif unsure:
            raise _UnsureError
        else:
            made[name] = _nested(below) if below else ""
    if len(made) < len(entries):  # a key stands twice
        raise _UnsureError
    return made


def _nested(block: str) -> object:
    """The list or mapping on the lines below a key; these are deeper, or begin with a dash."""
    depth = len(block) - len(block.lstrip(" "))
    if depth > _MAX_INDENT:
        raise _UnsureError
    return _list(block, depth) if block.startswith("- ", depth) else _mapping(block, depth)


def _list(block: str, indent: int) -> list[str] | list[dict[str, object]]:
    """A list whose dashes stand at this indentation: texts only, or mappings only."""
    if _only_texts(indent).fullmatch(block):
        return _texts(block, indent)
    made = []
    for item, unsure in _items(indent).findall(block):
        if unsure:
            raise _UnsureError
        made.append(_mapping(" " * (indent + 2) + item, indent + 2))  # a dash and a blank indent as two blanks do
    return made


def _texts(block: str, indent: int) -> list[str]:
    """The texts of a list without anything else; nearly always plain and one a line."""
    dash = " " * indent + "- "
    texts = block[len(dash) : -1].split("\n" + dash)
    if "'" in block or '"' in block or block.count("\n") > len(texts):
        return [_scalar(text) for text in texts]
    return texts


def _value(raw: str) -> str | list[object]:
    return [] if raw == "[]" else _scalar(raw)


def _scalar(raw: str) -> str:
    """A plain or quoted text as written, to what it says: a line's end and the blanks after it are one blank."""
    if "\n" in raw:
        raw = _FIND_FOLDS.sub(" ", raw)
    if raw[0] == "'":
        return raw[1:-1].replace("''", "'")
    if raw[0] == '"':
        return _FIND_ESCAPES.sub(_character, raw[1:-1])
    return raw


def _character(escape: re.Match[str]) -> str:
    code = escape[0][1:]
    return chr(int(code[1:], 16)) if len(code) > 1 else code


def _text(indent: int) -> str:
    """A plain or quoted text in a mapping or list of this indentation: it may go on over deeper lines.

    In a plain one, `: ` would make a key of what stands before it, and ` #` a comment of what follows.
    """
    fold = rf"(?<! )\n {{{indent + 1}}}"
    plain = rf"{_PLAIN_START}[^:#{_ODD}]*+(?:(?::(?![ \n])|(?<! )#|{fold})[^:#{_ODD}]*+)*+(?<! )"
    single = rf"'[^'{_ODD}]*+(?:(?:''|{fold})[^'{_ODD}]*+)*+'"
    double = rf'"[^"\\{_ODD}]*+(?:(?:{_ESCAPE}|{fold})[^"\\{_ODD}]*+)*+"'
    return f"{plain}|{single}|{double}"


@cache
def _only_texts(indent: int) -> re.Pattern[str]:
    return re.compile(rf"(?: {{{indent}}}- (?:{_text(indent)})\n)++")


@cache
def _entries(indent: int) -> re.Pattern[str]:
    """Key and text or `[]`; or key and list of texts; or key and lines below, if any; or the rest that is none."""
    margin = f" {{{indent}}}"
    value = rf" ++({_text(indent)}|\[\])\n"
    below = rf"\n(?:({_only_texts(indent).pattern})|((?:{margin}[ -][^\n]*+\n)*+))"
    return re.compile(rf"{margin}({_KEY}):(?:{value}|{below})|([\s\S]+)")


@cache
def _items(indent: int) -> re.Pattern[str]:
    """What follows a dash, with the deeper lines below; or the rest that is no list."""
    margin = f" {{{indent}}}"
    return re.compile(rf"{margin}- ([^\n]*+\n(?:{margin} [^\n]*+\n)*+)|([\s\S]+)")
