"""Front matter: bytes to a mapping of text, and a key path back to its line and column."""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from typing import Any, Final

import yaml

from kg.errors import Problem, SourceError
from kg.plainyaml import read_plain

__all__ = ["decode", "locate", "parse_front_matter", "split_front_matter"]

MAX_RECORD_BYTES: Final = 16 * 1024 * 1024
"""A real record has 2 to 20 kB; beyond this it is something else, and not worth the memory."""

MAX_DEPTH: Final = 100
"""Nested lists and mappings; libyaml's binding recurses in C and would bring the process down at some 10,000."""

MAX_VALUES: Final = 100_000
"""Values that YAML aliases may add up to; a real record has some hundred and no alias."""

_MAYBE_DEEP: Final = ("\n" + " " * 80, "- - - - ", "? ? ? ? ")

_BaseLoader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


_TAGS: Final = {
    yaml.ScalarNode: "tag:yaml.org,2002:str",
    yaml.SequenceNode: "tag:yaml.org,2002:seq",
    yaml.MappingNode: "tag:yaml.org,2002:map",
}


class _TextLoader(_BaseLoader):  # type: ignore[misc]
    """Every scalar as text: `NO` (nitric oxide), `12:30:45` and `1e5` stay what they are.

    The base loader does so too; asking it for the tag of each node costs a third of its time.
    """

    def resolve(self, kind: type[yaml.Node], _value: object, _implicit: object) -> str:
        return _TAGS[kind]


def _plain(node: yaml.Node, done: dict[int, object]) -> object:
    """A node as text, list or dict, as PyYAML's base constructor makes them, at half its cost.

    YAML forbids a key to stand twice, PyYAML takes the last one; here it is an error. `done` holds the
    collections met, so that an alias gives the same object again.
    """
    if isinstance(node, yaml.ScalarNode):
        return node.value
    key = id(node)
    if key in done:
        if done[key] is None:
            raise _error("a list or mapping stands inside itself", node)
        return done[key]
    done[key] = None
    is_list = isinstance(node, yaml.SequenceNode)
    made: object = [_plain(item, done) for item in node.value] if is_list else _mapping(node, done)
    done[key] = made
    return made


def _check_aliases(node: yaml.Node, sizes: dict[int, int]) -> int:
    """How many values a node stands for when every alias is written out; too many are an attack, not a record."""
    if isinstance(node, yaml.ScalarNode):
        return 1
    size = sizes.get(id(node))
    if size is None:
        sizes[id(node)] = 0  # one that holds itself is `_plain`'s to refuse
        children = node.value if isinstance(node, yaml.SequenceNode) else [part for pair in node.value for part in pair]
        size = sizes[id(node)] = 1 + sum(_check_aliases(child, sizes) for child in children)
        if size > MAX_VALUES:
            raise _error(f"aliases (*) make more than {MAX_VALUES} values of it", node)
    return size


def _mapping(node: yaml.Node, done: dict[int, object]) -> dict[str, object]:
    made: dict[str, object] = {}
    for name, value in node.value:
        if not isinstance(name, yaml.ScalarNode):
            raise _error("a list or mapping stands as a key", name)
        if name.value in made:
            raise _error(f"the key {name.value!r} stands twice", name)
        made[name.value] = _plain(value, done)
    return made


def _error(what: str, node: yaml.Node | yaml.Event) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=what, problem_mark=node.start_mark)  # type: ignore[arg-type]  # libyaml's own mark


def decode(data: bytes, path: str) -> str:
    """The text of a file: UTF-8 with or without BOM, any line ends.

    Raises:
        SourceError: not UTF-8; names line and column of the first bad byte.
    """
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start].decode().replace("\r\n", "\n").replace("\r", "\n")
        raise SourceError.of(
            "not-utf8",
            f"byte 0x{data[error.start]:02X} is not UTF-8",
            "records and tables are published as UTF-8; guessing another encoding would change names",
            "convert the file to UTF-8, for instance with `iconv -f latin1 -t utf-8`",
            path=path,
            line=before.count("\n") + 1,
            column=len(before) - before.rfind("\n"),
        ) from None
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def split_front_matter(text: str, path: str) -> tuple[str, str]:
    """The YAML between the two `---` lines, which starts on line 2, and whatever follows.

    Raises:
        SourceError: the first line is no `---`, or no second one follows.
    """
    first, _, rest = text.partition("\n")
    if first.rstrip() != "---":
        raise SourceError.of(
            "no-front-matter",
            f"the file begins with {first[:40]!r}, `---` is wanted",
            "a record is YAML front matter between two `---` lines",
            "put `---` on the first line, or leave the file out of the folder",
            path=path,
            line=1,
            column=1,
        )
    if rest.startswith("---"):
        return "", rest.partition("\n")[2]
    end = rest.find("\n---")
    while end >= 0:
        line_end = rest.find("\n", end + 1)
        line = rest[end + 1 : line_end if line_end >= 0 else len(rest)]
        if line.rstrip() == "---":
            return rest[: end + 1], rest[line_end + 1 :] if line_end >= 0 else ""
        end = rest.find("\n---", end + 1)
    raise SourceError.of(
        "open-front-matter",
        "the front matter is not closed by a `---` line",
        "the file was probably cut short",
        "fetch the record again, or add the closing `---`",
        path=path,
        line=text.count("\n") + (not text.endswith("\n")),
        column=1,
    )


def _yaml_problem(error: yaml.YAMLError, text: str, path: str) -> Problem:
    mark = getattr(error, "problem_mark", None)
    line, column = None, None
    if mark is not None:
        line, column = mark.line + 2, mark.column + 1
    elif isinstance(error, yaml.reader.ReaderError):
        before = text.encode()[: error.position].decode("utf-8", "replace")
        line, column = before.count("\n") + 2, len(before) - before.rfind("\n")
    what = getattr(error, "problem", None) or getattr(error, "reason", None) or "the YAML cannot be read"
    twice = "stands twice" in what
    return Problem(
        severity="error",
        code="duplicate-key" if twice else "bad-yaml",
        what=what,
        why="two values for one field: neither can be trusted" if twice else "the front matter must be YAML 1.1",
        mend="remove one of the two" if twice else "quote texts that hold ': ', ' #' or begin with a YAML sign",
        path=path,
        line=line,
        column=column,
    )


def _check_depth(text: str) -> None:
    """Refuse hostile nesting; the events are only counted where the text could be deep at all."""
    if text.count("[") + text.count("{") < MAX_DEPTH and not any(mark in text for mark in _MAYBE_DEEP):
        return
    depth = 0
    for event in yaml.parse(text, Loader=_BaseLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise _error(f"lists or mappings are nested more than {MAX_DEPTH} deep", event)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def parse_front_matter(text: str, path: str) -> dict[str, object]:
    """The front matter as a mapping; every scalar is text, nothing is converted.

    Raises:
        SourceError: not YAML, a key that stands twice, or no mapping; with line and column.
    """
    plain = read_plain(text)
    return _by_pyyaml(text, path) if plain is None else plain


def _by_pyyaml(text: str, path: str) -> dict[str, object]:
    """What any YAML means, and where it is wrong."""
    try:
        _check_depth(text)
        loader = _TextLoader(text)
        try:
            node = loader.get_single_node()
            if node is not None and "*" in text:
                _check_aliases(node, {})
            front = _plain(node, {}) if node is not None else None
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        raise SourceError(_yaml_problem(error, text, path)) from None
    if not isinstance(front, dict):
        raise SourceError.of(
            "not-a-mapping",
            "the front matter is not a mapping of fields",
            "a record is `field: value` lines",
            "write one `field: value` a line",
            path=path,
            line=2,
            column=1,
        )
    return front


def _child(node: yaml.Node, step: str | int) -> tuple[yaml.Node, yaml.Mark] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == step:
                return value, value.start_mark
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and 0 <= step < len(node.value):
        item = node.value[step]
        return item, item.start_mark
    if isinstance(node, yaml.SequenceNode) and isinstance(step, str):  # a `schema-jsonld` of several nodes
        return next((found for item in node.value if (found := _child(item, step))), None)
    return None


def locate(text: str, key: Sequence[str | int]) -> tuple[int, int]:
    r"""Line and column, from 1, of the value at a key path in a record's text; the nearest parent if it is not there.

    Args:
        text: the whole record, as `decode` gives it.
        key: field names and list positions (from 0), outermost first.

    >>> locate("---\nfigid: a\nkeywords:\n- x\n- y\n---\n", ("keywords", 1))
    (5, 3)
    """
    front, _ = split_front_matter(text, "")
    try:
        node = yaml.compose(front, Loader=_BaseLoader)
    except yaml.YAMLError:
        return (1, 1)
    line, column = 1, 1
    for step in key:
        found = _child(node, step) if node is not None else None
        if found is None:
            break
        node, mark = found
        line, column = mark.line + 2, mark.column + 1
    return line, column
