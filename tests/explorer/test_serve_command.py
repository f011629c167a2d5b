"""`kg serve` as people start and end it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Final

import httpx
import pytest

from tests.explorer.servers import ROOT, Server, command, get, running
from tests.queries.stubs import Endpoint

pytestmark = pytest.mark.loopback

ALL: Final = "0.0.0.0"  # noqa: S104 (what is tested)
RUNAWAY: Final = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"


def asked(server: Server, query: str) -> httpx.Response:
    return get(f"{server.url}/sparql", params={"query": query}, timeout=20)


def failed(*arguments: object, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments), capture_output=True, text=True, timeout=60, cwd=cwd, env={**os.environ, **environment},
        check=False,
    )  # fmt: skip


def listening(server: Server) -> list[str]:
    """The addresses that a port is bound to, as Linux writes them."""
    tables = [Path(f"/proc/{server.process.pid}/net/{name}") for name in ("tcp", "tcp6")]
    rows = [line.split() for table in tables if table.exists() for line in table.read_text().splitlines()[1:]]
    return [
        row[1].partition(":")[0] for row in rows if row[3] == "0A" and int(row[1].partition(":")[2], 16) == server.port
    ]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
@pytest.mark.parametrize("busy", [False, True], ids=["idle", "busy"])
def test_it_ends_cleanly_whatever_it_does(
    seed_graph: Path, explorer_cache: Path, tmp_path: Path, number: signal.Signals, busy: bool
) -> None:
    with running(seed_graph, cache=explorer_cache, TMPDIR=str(tmp_path)) as server:
        assert asked(server, "ASK {}").json()["boolean"] is True
        workers = server.workers()
        assert len(workers) == 4
        assert list(tmp_path.iterdir())
        threads = []
        if busy:
            threads = [threading.Thread(target=_asks_and_sees_it_end, args=(server,)) for _ in range(4)]
            for thread in threads:
                thread.start()
            time.sleep(0.5)
        start = time.monotonic()
        assert server.stop(number) == 0
        assert time.monotonic() - start < 8
        for thread in threads:
            thread.join()
    assert not [pid for pid in workers if Path(f"/proc/{pid}").exists()]
    assert list(tmp_path.iterdir()) == []
    assert server.stderr == [""], "nothing to complain about"


def _asks_and_sees_it_end(server: Server) -> None:
    try:
        assert asked(server, RUNAWAY).status_code in (500, 503)
    except httpx.HTTPError:
        return


def test_it_listens_on_this_machine_only_and_says_nothing_of_it(served_process: Server) -> None:
    assert listening(served_process) == ["0100007F"]
    assert served_process.url.startswith("http://127.0.0.1:")
    assert served_process.stderr == []


def test_an_answer_does_not_wait_for_the_clients_leave(client: httpx.Client) -> None:
    """Nagle's algorithm holds a second packet back until the first is confirmed, which takes 40 ms."""
    taken = []
    for _ in range(20):
        start = time.perf_counter()
        client.get("/sparql", params={"query": "ASK {}"})
        taken.append(time.perf_counter() - start)
    assert min(taken) < 0.03


def test_it_warns_where_others_are_let_in(seed_graph: Path, explorer_cache: Path) -> None:
    with running(seed_graph, "--host", ALL, "--workers", 1, cache=explorer_cache) as server:
        assert listening(server) == ["00000000"]
        port = server.port
        answer = get(f"http://127.0.0.1:{port}/sparql?query=ASK%7B%7D", headers={"Host": "graph.example"})
        assert answer.status_code == 200, "the names of this machine are not known here"
        (warning,) = [line for line in server.stderr if line]
        assert warning.startswith("warning: --host 0.0.0.0 lets other machines")


def test_a_port_in_use_is_told_with_a_way_out(seed_graph: Path, explorer_cache: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = failed(seed_graph, "--port", port, "--cache", explorer_cache)
    assert done.returncode == 2
    assert f"error[port-in-use]: port {port} of 127.0.0.1 is in use" in done.stderr
    assert "--port 0" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("host", ["192.0.2.1", "no such host", "256.1.1.1"])
def test_a_host_that_is_not_ours_is_told(seed_graph: Path, explorer_cache: Path, host: str) -> None:
    done = failed(seed_graph, "--host", host, "--port", 0, "--cache", explorer_cache)
    assert done.returncode == 2
    assert "error[bad-host]" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_graph_that_is_not_there_is_told(tmp_path: Path) -> None:
    for arguments in ([tmp_path / "none.ttl"], []):
        done = failed(*arguments, "--port", 0, "--cache", tmp_path / "cache", cwd=tmp_path, PYTHONPATH=str(ROOT))
        assert done.returncode == 2
        assert "error[" in done.stderr
        assert "Traceback" not in done.stderr


def test_a_graph_that_is_broken_is_told(tmp_path: Path) -> None:
    (tmp_path / "broken.ttl").write_text("<urn:a> <urn:b> .")
    done = failed(tmp_path / "broken.ttl", "--port", 0, "--cache", tmp_path / "cache")
    assert done.returncode in (1, 2)
    assert "broken.ttl:1" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_graph_of_make_export_is_served_by_default(seed_graph: Path, tmp_path: Path) -> None:
    (tmp_path / "build").mkdir()
    (tmp_path / "build/pfocr.ttl").write_bytes(seed_graph.read_bytes())
    with subprocess.Popen(
        command("--port", 0, "--cache", tmp_path / "cache"),
        stdout=subprocess.PIPE, text=True, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as process:  # fmt: skip
        assert process.stdout is not None
        url = process.stdout.readline().split()[0]
        assert get(f"{url}download/graph").headers["content-disposition"].endswith('"pfocr.ttl"')
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0


def test_the_browser_is_opened_when_all_is_ready(seed_graph: Path, explorer_cache: Path, tmp_path: Path) -> None:
    browser, told = tmp_path / "browser", tmp_path / "told"
    browser.write_text(
        f"#!{sys.executable}\nimport os, sys, urllib.request\n"
        "status = urllib.request.urlopen(sys.argv[1] + 'sparql').status\n"
        f"with open('{told}.part', 'w') as file:\n    print(sys.argv[1], status, file=file)\n"
        f"os.rename('{told}.part', '{told}')\n"
    )
    browser.chmod(0o755)
    with running(seed_graph, "--open", "--workers", 1, cache=explorer_cache, BROWSER=str(browser)) as server:
        for _ in range(100):
            if told.exists():
                break
            time.sleep(0.1)
        assert told.read_text().split() == [f"{server.url}/", "200"]


@pytest.mark.parametrize("module", ["uvicorn", "jinja2", "starlette", "mimeparse", "scipy"])
def test_a_missing_library_is_told_with_the_command_that_brings_it(module: str) -> None:
    script = (
        f"import sys; sys.modules[{module!r}] = None; "
        "sys.argv = ['kg', 'serve', 'none.ttl', '--port', '0']; from kg.cli import app; app()"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 2
    assert f"error[missing-serve]: {module}" in done.stderr
    assert "pip install 'pfocr-kg[serve]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_other_endpoints_are_called_only_when_told_so(
    seed_graph: Path, explorer_cache: Path, served_process: Server
) -> None:
    with Endpoint(graph=seed_graph) as other:
        query = (
            f"SELECT ?label {{ SERVICE <{other.url}> {{ <https://identifiers.org/ncbigene/6774> rdfs:label ?label }} }}"
        )
        assert asked(served_process, query).status_code == 403
        assert other.requests == []
        with running(seed_graph, "--federate", "--workers", 1, cache=explorer_cache) as server:
            answer = asked(server, query)
            assert answer.json()["results"]["bindings"] == [{"label": {"type": "literal", "value": "STAT3"}}]
            assert len(other.requests) == 1
            hidden = asked(server, query.replace(f"<{other.url}>", "?x"))
            assert hidden.status_code == 403, "an endpoint is named by its IRI"
        described = get(f"{served_process.url}/sparql").text
        assert "BasicFederatedQuery" not in described
