"""The process that hands out work holds little of it, however many records there are."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.small import ROOT, environment

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

RECORDS: Final = 3000
MOST: Final = 200
"""MiB, with Python, its libraries and the shapes."""
MORE: Final = 20
"""MiB more for all records than for a third of them, which are more than can be under way at once."""

_MEASURE: Final = """\
import json, re, sys
import kg
report = kg.export(sys.argv[1], "g.ttl", jobs=2)
peak = re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())
print(json.dumps([report.records, report.figures, int(peak[1]) / 1024]))
"""


def peak(records: int, folder: Path) -> float:
    """The most memory that an export of so many records took at once in the process that was called, in MiB."""
    made = folder / str(records)
    command = [sys.executable, str(ROOT / "bench" / "make_corpus.py"), "--records", str(records), "--out", str(made)]
    subprocess.run([*command, "--source", str(ROOT / "seeds")], check=True, capture_output=True, env=environment())
    done = subprocess.run(
        [sys.executable, "-c", _MEASURE, str(made)],
        cwd=folder, env=environment(), capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    read, figures, most = json.loads(done.stdout)
    assert read == figures == records
    assert isinstance(most, float)
    return most


def test_memory_grows_little_with_the_number_of_records(tmp_path: Path) -> None:
    few, many = peak(RECORDS // 3, tmp_path), peak(RECORDS, tmp_path)
    assert many < MOST
    assert many - few < MORE
