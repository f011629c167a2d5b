"""What takes long to import waits until it is needed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NEEDLESS = {"aiohttp", "asyncio", "distributed", "lxml", "pandas", "pyld", "pyshacl", "rdflib", "requests", "urllib3"}


def loaded(code: str) -> set[str]:
    """The modules that a new process holds after some code."""
    tell = "; import sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code + tell], cwd=ROOT, check=True, capture_output=True, text=True)
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize("module", ["kg", "kg.cli", "kg.pipeline", "kg.work"])
def test_an_import_loads_no_client_or_second_engine(module: str) -> None:
    assert not loaded(f"import {module}") & NEEDLESS


def test_an_export_of_usual_records_neither(tmp_path: Path) -> None:
    code = f"import kg; kg.export('seeds', {str(tmp_path / 'g.ttl')!r}, jobs=1)"
    assert not loaded(code) & NEEDLESS


def test_the_command_loads_the_export_when_it_is_called() -> None:
    assert "kg.pipeline" not in loaded("import kg.cli")
