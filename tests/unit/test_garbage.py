"""Garbage is looked for seldom during an export, which makes next to none, and as before afterwards."""

from __future__ import annotations

import gc
from pathlib import Path

import kg
from kg.garbage import seldom_collected
from tests.small import record, write


def test_a_program_has_its_own_setting_back(tmp_path: Path) -> None:
    before = gc.get_threshold()
    during: list[int] = []
    source = write(tmp_path / "in", {"1.md": record("PMC20__a")})
    kg.export(source, tmp_path / "g.ttl", on_progress=lambda _done, _all: during.append(gc.get_threshold()[0]))
    assert min(during) > before[0]
    assert gc.get_threshold() == before


def test_collection_that_is_off_stays_off() -> None:
    before = gc.get_threshold()
    try:
        gc.set_threshold(0)
        with seldom_collected():
            assert gc.get_threshold()[0] == 0
    finally:
        gc.set_threshold(*before)


def test_records_leave_no_cycles(tmp_path: Path) -> None:
    """What cycles hold stays until the next collection, which is far off during an export."""
    files = {f"{n:03}.md": record(f"PMC{n}__a", {"pmcid": f"PMC{n}"}) for n in range(101, 351)}
    source = write(tmp_path / "in", files)
    found: list[int] = []
    kg.export(source, tmp_path / "g.ttl", jobs=1, on_progress=lambda _done, _all: found.append(gc.collect()))
    assert found[1] < 100
