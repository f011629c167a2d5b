"""A progress bar with rate and time left on a terminal, nothing where output is piped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

__all__ = ["progress_bar"]


class _Rate(ProgressColumn):
    """Figures a second, over the last half minute."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:,.0f} figures/s" if task.speed else "")


@contextmanager
def progress_bar(console: Console) -> Iterator[Callable[[int, int], None]]:
    """A function to call with the records done and all records; it draws only on a terminal."""
    if not console.is_terminal:
        yield lambda _done, _all: None
        return
    columns = (
        TextColumn("records"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("export", total=None)

        def show(done: int, of_all: int) -> None:
            progress.update(task, completed=done, total=of_all)

        yield show
