"""How a command ends: errors as text without a traceback, exit statuses, and stops that leave nothing half-written."""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, NoReturn

import typer

from kg.errors import KgError, QueryError, ShapesError, UsageError

__all__ = ["ending_cleanly"]

_DISK: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO})
# A query that was fine but got no answer is no wrong call.
_NO_ANSWER: Final = frozenset({"query-timeout", "query-crashed", "query-failed", "endpoint-failed", "count-differs"})


def _fail(error: KgError) -> NoReturn:
    typer.echo(error.problem.text(), err=True)
    raise typer.Exit(_status(error))


def _status(error: KgError) -> int:
    """1 for problems of the data or of a server, 2 for a wrong call, 3 for broken shapes."""
    if isinstance(error, ShapesError):
        return 3
    wrong_call = isinstance(error, UsageError) or (
        isinstance(error, QueryError) and error.problem.code not in _NO_ANSWER
    )
    return 2 if wrong_call else 1


@contextmanager
def ending_cleanly(stopped: str = "stopped; nothing was written") -> Iterator[None]:
    """Show errors without a traceback, and let SIGTERM unwind like Ctrl-C so that nothing half-written stays.

    Args:
        stopped: what to say when the user stops the command.
    """

    def stop(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    previous = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    except KgError as error:
        _fail(error)
    except KeyboardInterrupt:
        typer.echo(stopped, err=True)
        raise typer.Exit(130) from None
    except BrokenPipeError:  # `kg explain ... | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(0) from None
    except OSError as error:
        if error.errno not in _DISK:  # a bug is to look like a bug
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        typer.echo(
            f"error[unwritable-output]: {error.strerror}\n    mend: free some space or name another disk", err=True
        )
        raise typer.Exit(2) from None
    finally:
        signal.signal(signal.SIGTERM, previous)
