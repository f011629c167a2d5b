"""The git commit of a source that is a checkout of its own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

__all__ = ["source_commit"]


def source_commit(paths: Sequence[Path]) -> tuple[str, str]:
    """Commit and its date (`YYYY-MM-DD`), where the one source is the top of a git work tree, or its `_figures/`.

    A folder somewhere inside another project's checkout has no commit of its own, and empty texts are given,
    as for archives, single files, several sources, and where git is missing.
    """
    if len(paths) != 1 or not paths[0].is_dir():
        return "", ""
    root = paths[0].resolve()
    root = root.parent if root.name == "_figures" else root
    if not (root / ".git").exists():
        return "", ""
    command = ["git", "-C", str(root), "log", "-1", "--format=%H %cs"]
    # Inside a git hook these would point to that repository and not to the source's.
    env = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=True, timeout=30)  # noqa: S603 (a fixed command)
    except (OSError, subprocess.SubprocessError):
        return "", ""
    commit, _, date = done.stdout.strip().partition(" ")
    return commit, date
