"""Free text as people should read it: tags off, entities decoded, blanks collapsed, NFC.

The meaning stays: nothing is reworded, nothing cut but layout. Words read in figures never come here.
"""

from __future__ import annotations

import html
import re
import unicodedata
from functools import lru_cache
from typing import Final

__all__ = ["tidy", "tidy_paper_title", "tidy_title"]

# Inline elements of JATS and HTML that were met or that their tag sets allow in titles and captions. A
# closed list, because '<' is also a sign: "a <b and c> d" must stay as it is.
_TAGS: Final = (
    "abbrev|abbr|bold|break|br|b|ce:[a-z]+|code|div|email|em|ext-link|fixed-case|font|inline-formula|italic|i|"
    "label|monospace|named-content|overline|p|roman|sans-serif|sc|small-caps|small|span|strike|strong|"
    "styled-content|sub|sup|title|tt|underline|uri|u|xref"
)
_TAG = re.compile(rf"</?(?:{_TAGS})(?:\s+[A-Za-z_:][\w:.-]*\s*=[^<>]*)?\s*/?>", re.IGNORECASE)

_GREEK: Final = {
    "agr": "α", "bgr": "β", "ggr": "γ", "dgr": "δ", "egr": "ε", "zgr": "ζ", "eegr": "η", "thgr": "θ",
    "igr": "ι", "kgr": "κ", "lgr": "λ", "mgr": "μ", "ngr": "ν", "xgr": "ξ", "ogr": "ο", "pgr": "π",
    "rgr": "ρ", "sgr": "σ", "sfgr": "ς", "tgr": "τ", "ugr": "υ", "phgr": "φ", "khgr": "χ", "psgr": "ψ",
    "ohgr": "ω", "Ggr": "Γ", "Dgr": "Δ", "THgr": "Θ", "Lgr": "Λ", "Xgr": "Ξ", "Pgr": "Π", "Sgr": "Σ",
    "PHgr": "Φ", "PSgr": "Ψ", "OHgr": "Ω",
}  # fmt: skip
"""ISO 8879 Greek names (entity set ISOgrk1); HTML does not know them, PMC209413 has `&bgr;`."""

_ISO_ENTITY = re.compile(f"&({'|'.join(_GREEK)});")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ufeff]")
_LEADING_RESIDUE = re.compile(r"^[:|.]\s+|^[:|]")


def tidy(text: str) -> str:
    """The text on one line, without tags, entities, control characters or doubled blanks.

    >>> tidy("  <bold>TGF-&bgr;</bold>  and p&lt;0.05 ")
    'TGF-β and p<0.05'
    """
    if "<" in text:
        text = _TAG.sub("", text)
    if "&" in text:
        text = html.unescape(_ISO_ENTITY.sub(lambda m: _GREEK[m[1]], text))
    if not text.isprintable():
        text = _CONTROL.sub("", text)
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    return " ".join(text.split())


@lru_cache(maxsize=64)
def tidy_title(text: str) -> str:
    """A figure's title or caption: tidy, without the residue of a figure number in front (`: `, `|`, `. `).

    >>> tidy_title(": Model of the  pathway")
    'Model of the pathway'
    """
    return _LEADING_RESIDUE.sub("", tidy(text)).lstrip()


def tidy_paper_title(text: str) -> str:
    """A paper's title: tidy, without the full stop that records had until 2023 and later ones lack.

    Two figures of one paper from different years would otherwise give it two titles.

    >>> tidy_paper_title("Autophagy in worms .")
    'Autophagy in worms'
    """
    title = tidy(text)
    return (title.rstrip(". ") or title) if title.endswith(".") else title
