"""Where the files that ship with the package are: shapes, queries, context, vocabulary."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Literal

__all__ = ["data_dir", "package_file", "tool_version"]


def data_dir(kind: Literal["shapes", "queries"]) -> Traversable:
    """The folder of the shipped shapes or queries: inside the wheel, or the live one of a checkout."""
    packaged = files("kg") / "_data" / kind
    return packaged if packaged.is_dir() else Path(__file__).parents[1] / kind


def package_file(name: str) -> Traversable:
    """A file that lies in the package's own `data` folder."""
    return files("kg") / "data" / name


def tool_version() -> str:
    """The version of this package."""
    try:
        return version("pfocr-kg")
    except PackageNotFoundError:  # a bare checkout on the path
        return "0+unknown"
