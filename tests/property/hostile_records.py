"""Front matter as nobody should write it: real records changed at random, and YAML made up from its signs.

Everything comes from a seeded generator, so that a failure can be had again.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from typing import Final

SIGNS: Final = (
    *(": ", ":", " #", "#", "'", '"', "''", "\\", "\t", "\n", "\n\n", " \n", "\n  ", "\n    ", " ", "  ", "-", "- "),
    *("\\x41", "\\u03b1", "\\ud83d", "\\U0001F600", "\\U00110000", "\\N", "\\_", "\\n", "\\ ", '\\"', "\\\n  ", "\\/"),
    *("\x85", "\u2028", "\u2029", "\xa0", "\u3000", "\ufeff", "\x00", "\x07", "\x0b", "\x1c", "\x7f", "\x80", "\ufffe"),
    *("😀", "𝛽", "α", "ﬁ", "é", "e\u0301", "\u200b"),
    *(
        "&a ",
        "*a",
        "!!str ",
        "!x ",
        "!",
        "|",
        "|-\n",
        ">",
        ">-\n",
        "[",
        "]",
        "{",
        "}",
        ",",
        "- - ",
        "? ",
        "?",
        "%",
        "@",
    ),
    *(
        "`",
        "~",
        "NO",
        "1e5",
        "12:30:45",
        "2001-01-01",
        "<<: ",
        "=",
        "null",
        "\n---\n",
        "\n...\n",
        "\n--- x\n",
        "\n%Y 1\n",
    ),
    *(
        "\n# c\n",
        " # c\n",
        "\n- x\n",
        "\n  - x\n",
        "\nk: v\n",
        "\n  k: v\n",
        "\nk:\n",
        "\n'k': v\n",
        '\n"k": v\n',
        "- k: v",
    ),
)
"""What YAML 1.1 gives a meaning to, and what it or PyYAML refuses."""

VALUES: Final = (
    *("NO", "1e5", "~", "null", "12:30:45", "2001-01-01", "-3", "--", "-", "--- x", "...", "a#b", "a #b", "#a", "a:b"),
    *("a: b", "a:", ":a", ":", "?a", "? a", "'a'", "'a''b'", "'a'b", "'a", "'a #b: c'", "''", "'", "''''", "'\\n'"),
    *('"a"', '""', '"', '"a\\"b"', '"a\\\\"', '"\\\\"', '"\\', '"\\x41"', '"\\x4"', '"\\u03B1x"', '"\\uD83D"', '"\\a"'),
    *('"\\U0001D6FD"', '"\\U00110000"', '"\\0\\e\\L\\P"', '"\\/"', '"a\\ b"', '"a # b: c"', '"a" b', '"it\'s"', "'\"'"),
    *(
        "[]",
        "[ ]",
        "[a]",
        "{}",
        "[",
        "]",
        "|",
        "|-",
        ">",
        "> x",
        "&a b",
        "*a",
        "!x y",
        "%a",
        "@a",
        "`a",
        ",a",
        "=",
        "<<",
    ),
    *("a  b", " a", "a ", "\xa0a", "a\xa0", "[15] x", "(a)", ".", "/x", "<b>", "$x", "a\tb", "\ta", "a\\b", "α", "😀"),
    *("a\n  b", "a\n b", "a\nb", "a\n\n  b", "a\n  #b", "a\n  b: c", "a\n  - b", "a\n  'b'", "a\n\n\n   b", "a \n  b"),
    *(
        "'a\n  b'",
        "'a\n\n  b'",
        "'a\nb'",
        "'a \n  b'",
        "'\n  a'",
        "'a\n  '",
        "'a\n  ''b'",
        "'a\n  #b: c'",
        "'a\n---\nb'",
    ),
    *('"a\n  b"', '"a\n\n  b"', '"a\\\n  b"', '"a\\\n  \\ b"', '"a\n  \\  b"', '"a\n  \\\\b"', '"\n\n"', '"a\n  "'),
    *(
        "|\n  a\n  b",
        "|-\n  a\n\n  b",
        ">\n  a\n  b",
        ">-\n  a",
        "|2\n    a",
        "\n  a",
        "\n  'a'",
        "\n- a",
        "\n  - a\n  - b",
    ),
    *(
        "\n  k: v",
        "\n  k:\n  - a",
        "\n  k:\n    - a",
        "\n- k: v\n  l: w",
        "\n-  k: v\n   l: w",
        "\n- k: v\n - l",
        "\n- - a",
    ),
    *(
        "\n- k:\n  - a\n  l: b",
        "\n- k:\n- l",
        "\n-\n  a",
        "\n- a\n  b",
        "\n- a\n  b: c",
        "\n- 'a\n  b'",
        "\n- a\n k: v",
    ),
    *("x" * 1100, f"'{'x' * 1100}'", "a: " + "x" * 1100),
)

KEYS: Final = (
    *("k", "figid", "figid ", "schema-jsonld", "'k'", '"k"', "'@id'", '"@id"', "@id", "'@@id'", "'k\"", "k'", "'k''l'"),
    *("K9", "9k", "a b", "k:l", "-k", "k#", "k #", "", "''", "é", "<<", "~", "null", "?", "[k]", "'k", "k\xa0", "k_-"),
    *("k" * 100, "k" * 101, "k" * 1024, "k" * 1025, f"'{'k' * 99}'", f"'{'k' * 1100}'", "k" * 5000),
)


def hostile_texts(records: list[str], count: int, seed: int) -> Iterator[str]:
    """Front matter to compare readers on; half of it records with one or a few changes, half of it made up."""
    draw = random.Random(seed)  # noqa: S311
    for _ in range(count):
        choice = draw.random()
        if choice < 0.6:
            yield _changed(_shortened(draw.choice(records), draw), draw)
        elif choice < 0.65:
            yield _changed(made_up(draw), draw)
        elif choice < 0.9:
            yield made_up(draw)
        else:
            yield (
                "k: v\n" * draw.randrange(2) + "".join(draw.choices(SIGNS + VALUES + KEYS, k=draw.randint(1, 8))) + "\n"
            )


def _shortened(record: str, draw: random.Random) -> str:
    """Some fields of a record, and some lines of its lists, so that small changes meet all kinds of lines."""
    fields = re.split(r"^(?=[a-z])", record, flags=re.MULTILINE)[1:]
    keep = draw.choice((0.2, 0.5, 1))
    kept = [field for field in fields if draw.random() < keep] or fields[-1:]
    lines = "".join(kept).splitlines(keepends=True)
    return "".join(line for line in lines if not line.lstrip().startswith("- ") or draw.random() < 0.3 or keep == 1)


def _changed(text: str, draw: random.Random) -> str:
    for _ in range(draw.choice((1, 1, 1, 1, 2, 3))):
        text = draw.choice(_CHANGES)(text, draw)
    return text


def _sign_put_in(text: str, draw: random.Random) -> str:
    at = draw.randint(0, len(text))
    return text[:at] + draw.choice(SIGNS) + text[at + draw.choice((0, 0, 1)) :]


def _sign_at_a_line(text: str, draw: random.Random) -> str:
    lines = text.split("\n")
    at = draw.randrange(len(lines))
    lines[at] = lines[at] + draw.choice(SIGNS) if draw.random() < 0.5 else draw.choice(SIGNS) + lines[at]
    return "\n".join(lines)


def _characters_cut(text: str, draw: random.Random) -> str:
    at = draw.randint(0, len(text))
    return text[:at] + text[at + draw.randint(1, 4) :]


def _other_lines(text: str, draw: random.Random) -> str:
    lines = text.splitlines(keepends=True) or ["\n"]
    at, to = draw.randrange(len(lines)), draw.randrange(len(lines))
    how = draw.randrange(5)
    if how == 0:
        del lines[at]
    elif how == 1:
        lines.insert(to, lines[at])
    elif how == 2:
        lines[at], lines[to] = lines[to], lines[at]
    elif how == 3:
        lines[at] = " " * draw.randint(1, 4) + lines[at]
    else:
        lines[at] = lines[at].removeprefix(" " * draw.randint(1, 4))
    return "".join(lines)


def _other_value(text: str, draw: random.Random) -> str:
    lines = text.split("\n")
    at = draw.randrange(len(lines))
    key, colon, _ = lines[at].partition(": ")
    if colon:
        lines[at] = key + colon + draw.choice(VALUES)
    elif lines[at].lstrip(" ").startswith("- "):
        lines[at] = lines[at][: lines[at].index("-") + 2] + draw.choice(VALUES)
    else:
        lines[at] += draw.choice(VALUES)
    return "\n".join(lines)


def _other_key(text: str, draw: random.Random) -> str:
    lines = text.split("\n")
    at = draw.randrange(len(lines))
    key, colon, value = lines[at].partition(":")
    if colon:
        margin = " " * (len(key) - len(key.lstrip(" ")))
        lines[at] = margin + draw.choice(KEYS) + colon + value
    return "\n".join(lines)


_CHANGES: Final = (_sign_put_in, _sign_at_a_line, _characters_cut, _other_lines, _other_lines, _other_value, _other_key)


# Made up: mappings and lists in all layouts, the odd ones among them

WORDS: Final = (
    *(
        "a",
        "NO",
        "p53",
        "TGF-β",
        "it's",
        "si:x",
        "Ca2+",
        "α",
        "(a)",
        "-3",
        "1e5",
        "x#y",
        ".na",
        "12:30",
        "~",
        "b\u00a0c",
    ),
    *('"q"', "[1]", "|", "𝛽", "\\"),
)


def made_up(draw: random.Random) -> str:
    return "".join(_mapping_lines(draw, 0, 0))


def _mapping_lines(draw: random.Random, indent: int, depth: int) -> Iterator[str]:
    names = [*"abcdefgh", "'@id'", '"@type"', "a-b", "'c'"]
    for name in draw.sample(names, draw.randint(1, 4)):
        yield f"{' ' * indent}{name}:{_node(draw, indent, depth)}"


def _node(draw: random.Random, indent: int, depth: int) -> str:
    """What follows a key's colon, in any layout."""
    choice = draw.random()
    if depth > 3 or choice < 0.6:
        return f"{' ' * draw.choice((1, 1, 1, 1, 2, 5))}{_text(draw, indent)}\n"
    deeper = indent + draw.choice((0, 2, 2, 2, 2, 2, 1, 3, 4))
    if choice < 0.8:
        return "\n" + "".join(f"{' ' * deeper}- {_text(draw, deeper)}\n" for _ in range(draw.randint(1, 4)))
    if choice < 0.9:
        return "\n" + "".join(_mapping_lines(draw, deeper, depth + 1))
    items = ("".join(_mapping_lines(draw, deeper + 2, depth + 1)) for _ in range(draw.randint(1, 3)))
    return "\n" + "".join(f"{' ' * deeper}- {item[deeper + 2 :]}" for item in items)


def _text(draw: random.Random, indent: int) -> str:
    if draw.random() < 0.02:
        return draw.choice(VALUES)
    text = " ".join(draw.choices(WORDS, k=draw.randint(1, 5)))
    style = draw.random()
    if style < 0.3:
        text = "'" + text.replace("'", "''") + "'"
    elif style < 0.45:
        text = '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if draw.random() < 0.2:
        text = text.replace(" ", "\n" + " " * (indent + draw.choice((0, 1, 2, 2, 2, 2, 2, 3, 6))), draw.randint(1, 3))
    return text
