"""How many cores this process may use: what the scheduler allows, and what a container's limits leave of it."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Final

__all__ = ["usable_cores"]

_CGROUPS: Final = Path("/sys/fs/cgroup")


def usable_cores(cgroups: Path = _CGROUPS) -> int:
    """Cores that this process may use, at least one; a container's quota of 1.5 cores counts as two.

    Args:
        cgroups: where Linux tells the limits of the process's control group.
    """
    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:  # not on Linux
        cores = os.cpu_count() or 1
    quota = _quota(cgroups)
    return max(1, min(cores, math.ceil(quota)) if quota else cores)


def _quota(cgroups: Path) -> float | None:
    """Cores that the control group grants (version 2, else version 1); None where there is no limit."""
    try:
        told, period = (cgroups / "cpu.max").read_text("ascii").split()
    except (OSError, ValueError):
        try:
            told, period = ((cgroups / "cpu" / f"cpu.cfs_{name}_us").read_text("ascii") for name in ("quota", "period"))
        except (OSError, ValueError):
            return None
    try:
        granted = int(told) / int(period)
    except (ValueError, ZeroDivisionError):  # "max": no limit
        return None
    return granted if granted > 0 else None
