r"""Words as character recognition reads them in figures, to the spellings that they may stand for.

Four steps, mildest first, inferred from the `word` and `match` columns of PFOCR's gene tables: the same letters
without what surrounds them, parts of a list, without what is said of the gene, and look-alike or dropped characters.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple

__all__ = ["Spelling", "spellings"]


class Spelling(NamedTuple):
    """A way to write a word, what was changed to get it, and the step that this belongs to, from 0."""

    text: str
    changes: tuple[str, ...]
    step: int


# Letters of other scripts that look like Latin ones; recognition takes one for the other.
_LOOKS_LATIN: Final = str.maketrans(
    "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧονАВЕЅІЈКМНОРСТУХҮаеорсухіјѕıſßẞ",
    "ABEZHIKMNOPTYXovABESIJKMHOPCTYXYaeopcyxijsisBB",
)
_GREEK: Final = str.maketrans("αβγδεζκλμµσω", "ABGDEZKLMMSW")
_OUTER: Final = re.compile(r"^[\W_]+|[\W_]+$")
_NOT_ALNUM: Final = re.compile(r"[\W_]+")
_NOT_ASCII: Final = re.compile(r"[^\x00-\x7f]")
_SEPARATOR: Final = re.compile(r"[,;/|+&\\\s]+|\.\.+")
_STEM: Final = re.compile(r"(.*?)([0-9]+|[A-Z])", re.DOTALL)
_SUFFIX: Final = re.compile(r"[0-9]+|[A-Za-z]")
_PHOSPHO: Final = re.compile(r"(?:[pP]|[Pp]hospho)-(?=\w)|[Pp]hospho(?=[A-Z])|p(?=[A-Z][A-Za-z0-9]{2})")
_GREEK_NAMES: Final = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta", "η": "eta", "θ": "theta",
    "κ": "kappa", "λ": "lambda", "μ": "mu", "µ": "mu", "σ": "sigma", "ω": "omega",
}  # fmt: skip
_FEWEST: Final = 2
"""Characters of a changed spelling; a single letter is a name of something in every lexicon."""
_LONGEST: Final = 60
_MOST_PARTS: Final = 30


def _latin(text: str) -> str:
    bare = unicodedata.normalize("NFKD", text.translate(_LOOKS_LATIN))
    return "".join(char for char in bare if not unicodedata.combining(char)).translate(_LOOKS_LATIN)


def _greek(text: str) -> str:
    return text.translate(_GREEK)


def _trimmed(text: str) -> str:
    return _OUTER.sub("", text)


def _joined(text: str) -> str:
    return _NOT_ALNUM.sub("", text)


_SAME_LETTERS: Final[tuple[tuple[str, Callable[[str], str]], ...]] = (
    ("other-script", _latin),
    ("greek-letter", _greek),
    ("trimmed", _trimmed),
    ("joined", _joined),
)


def _cleaned(start: Spelling) -> Iterator[Spelling]:
    """The spelling itself, then with each change of the first step on top of those before it."""
    yield start
    text, changes = start.text, start.changes
    for name, change in _SAME_LETTERS:
        changed = change(text)
        if changed != text and changed:
            text, changes = changed, tuple(dict.fromkeys((*changes, name)))
            yield Spelling(text, changes, start.step)


def _parts(word: str) -> Iterator[str]:
    """Parts of a list: `YAP/TAZ`, and `MKK1/2` or `CAS-1,3,11`, whose later parts go without the stem."""
    stem = ""
    pieces = [piece for piece in _SEPARATOR.split(word) if _trimmed(piece)]
    if len(pieces) < 2:
        return
    for piece in pieces[:_MOST_PARTS]:
        bare = _trimmed(piece)
        if stem and _SUFFIX.fullmatch(bare):
            yield stem + bare
            continue
        yield piece
        found = _STEM.fullmatch(bare)
        stem = found[1] if found else ""


def _unadorned(text: str) -> Iterator[tuple[str, str]]:
    if _PHOSPHO.match(text):
        yield _PHOSPHO.sub("", text, count=1), "phospho-prefix"
    if len(text) > 3 and text.endswith("s"):
        yield text[:-1], "plural"


def _look_alikes(text: str) -> Iterator[str]:
    """`Cl` for `C1`, `SCO2` for `Sc02`, `ANG2` for `AngII`."""
    yield text[0] + re.sub(r"[lI|]", "1", text[1:])
    yield re.sub(r"(?<=[A-Za-z])[lI|](?=[^A-Za-z]*$)", "1", text)
    yield re.sub(r"0(?=[0-9])", "O", text)
    yield re.sub(r"^[l1|](?=[A-Za-z])", "I", text)
    yield re.sub(r"II$", "2", text)
    yield text.replace("l", "I")
    yield re.sub(r"(?<=[A-Za-z])O(?=[0-9]*$)", "0", text)


def _as_it_stands(word: str) -> Iterator[Spelling]:
    yield from _cleaned(Spelling(word, (), 0))
    spelt = "".join(_GREEK_NAMES.get(char, char) for char in word)
    if spelt != word:
        yield from _cleaned(Spelling(spelt, ("greek-letter",), 0))


def _in_parts(word: str) -> Iterator[Spelling]:
    for part in _parts(word):
        yield from _cleaned(Spelling(part, ("part",), 1))


def _without_what_is_said(base: Spelling) -> Iterator[Spelling]:
    for text, change in _unadorned(base.text):
        yield from _cleaned(Spelling(text, (*base.changes, change), 2))


def _misread(base: Spelling) -> Iterator[Spelling]:
    for text in _look_alikes(base.text) if base.text else ():
        yield Spelling(text, (*base.changes, "look-alike"), 3)


def _dropped(word: str) -> Iterator[Spelling]:
    plain = _joined(_NOT_ASCII.sub("", word))
    if plain and plain != _joined(word):
        yield Spelling(plain, ("letters-dropped",), 3)


def spellings(word: str) -> list[Spelling]:
    """All ways to read a word, mildest first, each once.

    >>> [spelling.text for spelling in spellings("(IL-6") if spelling.step == 0]
    ['(IL-6', 'IL-6', 'IL6']
    >>> [(s.text, s.changes) for s in spellings("MKK4/5") if s.step == 1]
    [('MKK4', ('part',)), ('MKK5', ('part',))]
    """
    word = word.strip()
    if not word or len(word) > _LONGEST:
        return [Spelling(word, (), 0)] if word else []
    found: dict[str, Spelling] = {}

    def keep(new: Iterable[Spelling]) -> None:
        for spelling in new:
            if len(spelling.text) >= _FEWEST or not spelling.changes:
                found.setdefault(spelling.text, spelling)

    for step in (_as_it_stands, _in_parts):
        keep(step(word))
    for further in (_without_what_is_said, _misread):
        for base in list(found.values()):
            keep(further(base))
    keep(_dropped(word))
    return list(found.values())
