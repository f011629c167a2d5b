"""A Dask cluster of real processes on this machine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.small import ROOT, environment


def made_records(folder: Path, number: int = 400) -> Path:
    """So many records, made from the seeds."""
    maker = ROOT / "bench" / "make_corpus.py"
    command = [
        sys.executable,
        str(maker),
        "--records",
        str(number),
        "--out",
        str(folder),
        "--source",
        str(ROOT / "seeds"),
    ]
    subprocess.run(command, check=True, capture_output=True)
    return folder


class Cluster:
    """A scheduler and workers with one thread each."""

    def __init__(self, folder: Path, *, port: int = 0, **settings: str) -> None:
        self.folder, self.settings = folder, settings
        self.workers: list[subprocess.Popen[bytes]] = []
        folder.mkdir(parents=True, exist_ok=True)
        told = folder / "scheduler.json"
        told.unlink(missing_ok=True)
        self.scheduler = self._start("scheduler", "--port", str(port), "--scheduler-file", str(told))
        self.address = str(self._told(told)["address"])

    def _start(self, role: str, *words: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "dask", role, *words, "--host", "127.0.0.1", "--no-dashboard"]
        env = environment() | self.settings | {"DASK_TEMPORARY_DIRECTORY": str(self.folder)}
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(command, cwd=self.folder, env=env, stdout=log, stderr=log)

    def _told(self, file: Path) -> Mapping[str, Any]:
        end = time.monotonic() + 20
        while True:
            try:
                return dict(json.loads(file.read_text("utf-8")))
            except (OSError, ValueError):
                assert time.monotonic() < end, (self.folder / "log").read_text("utf-8")
                time.sleep(0.02)

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2])

    def add_workers(self, number: int = 2) -> None:
        """More workers; a client waits for the first one itself."""
        for _ in range(number):
            self.workers.append(self._start("worker", self.address, "--nthreads", "1", "--no-nanny"))

    def stop(self) -> None:
        for process in (*self.workers, self.scheduler):
            process.kill()
        for process in (*self.workers, self.scheduler):
            process.wait(10)


@contextmanager
def cluster(folder: Path, *, workers: int = 2, port: int = 0, **settings: str) -> Iterator[Cluster]:
    """A cluster for the length of a context; `settings` go to the environment of its processes."""
    running = Cluster(folder, port=port, **settings)
    try:
        running.add_workers(workers)
        yield running
    finally:
        running.stop()


def killed(process: subprocess.Popen[bytes]) -> None:
    """End a process as a machine that fails ends it."""
    os.kill(process.pid, signal.SIGKILL)
    process.wait(10)
