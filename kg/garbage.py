"""Fewer garbage collections: while many objects are made, nearly all of which their counts free, and at the end."""

from __future__ import annotations

import atexit
import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

__all__ = ["collect_nothing_at_exit", "collect_seldom", "seldom_collected"]

_YOUNG: Final = 50_000
"""Objects made, and not freed, before Python looks for cycles among them; by default 700, a few records' worth."""


def collect_seldom() -> None:
    """Let this process collect seldom from now on."""
    young, *older = gc.get_threshold()
    if 0 < young < _YOUNG:  # 0 is off
        gc.set_threshold(_YOUNG, *older)


@contextmanager
def seldom_collected() -> Iterator[None]:
    """The same for a while; the program that called has its own setting back afterwards."""
    before = gc.get_threshold()
    collect_seldom()
    try:
        yield
    finally:
        gc.set_threshold(*before)


def collect_nothing_at_exit() -> None:
    """Leave what this process still holds at its end to the system, which is quicker than freeing it one by one."""
    atexit.register(gc.freeze)
