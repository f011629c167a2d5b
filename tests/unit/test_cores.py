"""How many cores may be used: what the scheduler allows, less where a container's limits say so."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kg.cores import usable_cores
from tests.small import write


@pytest.fixture(autouse=True)
def _eight_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _process: set(range(8)), raising=False)


def version_1(quota: str, period: str = "100000\n") -> dict[str, str | bytes]:
    return {"cpu/cpu.cfs_quota_us": quota, "cpu/cpu.cfs_period_us": period}


@pytest.mark.parametrize(
    ("files", "cores"),
    [
        ({}, 8),
        ({"cpu.max": "max 100000\n"}, 8),
        ({"cpu.max": "200000 100000\n"}, 2),
        ({"cpu.max": "150000 100000\n"}, 2),
        ({"cpu.max": "100001 100000\n"}, 2),
        ({"cpu.max": "10000 100000\n"}, 1),
        ({"cpu.max": "9900000 100000\n"}, 8),
        ({"cpu.max": "0 100000\n"}, 8),
        ({"cpu.max": "-1 100000\n"}, 8),
        ({"cpu.max": "100000 0\n"}, 8),
        ({"cpu.max": "many 100000\n"}, 8),
        ({"cpu.max": ""}, 8),
        ({"cpu.max": "1 2 3\n"}, 8),
        ({"cpu.max": b"\xff\xfe"}, 8),
        (version_1("300000\n"), 3),
        (version_1("250000\n"), 3),
        (version_1("-1\n"), 8),
        (version_1("300000\n", "0\n"), 8),
        (version_1("", ""), 8),
        (version_1("many\n"), 8),
        ({"cpu/cpu.cfs_quota_us": b"\xff", "cpu/cpu.cfs_period_us": "100000\n"}, 8),
        ({"cpu/cpu.cfs_quota_us": "300000\n"}, 8),
        ({"cpu.max": "200000 100000\n", **version_1("500000\n")}, 2),
        ({"cpu.max": "nonsense\n", **version_1("500000\n")}, 5),
    ],
    ids=str,
)
def test_limits_of_a_container_count(files: dict[str, str | bytes], cores: int, tmp_path: Path) -> None:
    assert usable_cores(write(tmp_path / "cgroup", files)) == cores


def test_a_folder_in_place_of_a_file_is_no_limit(tmp_path: Path) -> None:
    (tmp_path / "cpu.max").mkdir()
    assert usable_cores(tmp_path) == 8


def test_affinity_counts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _process: {3}, raising=False)
    assert usable_cores(tmp_path) == 1
    write(tmp_path, {"cpu.max": "400000 100000\n"})
    assert usable_cores(tmp_path) == 1


@pytest.mark.parametrize(("counted", "cores"), [(6, 6), (None, 1)])
def test_without_affinity_the_cores_are_counted(
    counted: int | None, cores: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: counted)
    assert usable_cores(tmp_path) == cores


def test_here_there_is_at_least_one() -> None:
    assert usable_cores() >= 1
