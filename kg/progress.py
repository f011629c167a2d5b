"""What a command shows while it runs: problems as they come, and on a terminal a bar with rate and time left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.text import Text

from kg.errors import Problem

__all__ = ["bytes_bar", "problem_printer", "progress_bar"]

_SHOWN_PER_CODE = 20


def problem_printer(console: Console, rest: str) -> Callable[[Problem], None]:
    """Prints problems as they come, at most so many of one kind; `rest` says what becomes of the others."""
    shown: Counter[str] = Counter()

    def show(problem: Problem) -> None:
        shown[problem.code] += 1
        if shown[problem.code] <= _SHOWN_PER_CODE:
            console.print(problem.text(), markup=False, highlight=False, soft_wrap=True)
        elif shown[problem.code] == _SHOWN_PER_CODE + 1:
            console.print(f"... further {problem.code} {rest}", soft_wrap=True)

    return show


class _Rate(ProgressColumn):
    """Figures a second, over the last half minute."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:,.0f} figures/s" if task.speed else "")


@contextmanager
def progress_bar(console: Console) -> Iterator[Callable[[int, int], None]]:
    """A function to call with the records done and all records; it draws only on a terminal."""
    columns = (
        TextColumn("records"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with _bar(console, columns) as show:
        yield show


@contextmanager
def bytes_bar(console: Console, what: str) -> Iterator[Callable[[int, int], None]]:
    """A function to call with the bytes read and all bytes; it draws only on a terminal."""
    columns = (
        TextColumn(what),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with _bar(console, columns) as show:
        yield show


@contextmanager
def _bar(console: Console, columns: Sequence[ProgressColumn]) -> Iterator[Callable[[int, int], None]]:
    if not console.is_terminal:
        yield lambda _done, _all: None
        return
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=None)

        def show(done: int, of_all: int) -> None:
            progress.update(task, completed=done, total=of_all)

        yield show
