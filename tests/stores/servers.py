"""Real triple stores for the tests, each started as a process of its own on loopback and stopped for sure."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from configparser import ConfigParser
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
import requests

START_SECONDS: Final = 60.0
STOP_SECONDS: Final = 10.0
LOAD_SECONDS: Final = 300.0
LOG: Final = "server.log"

_JARS: Final = Path("/usr/share/java")
# Named one by one: the folder's wildcard also brings logging bridges that refuse to start beside each other.
_JENA_JARS: Final = (
    "slf4j-api", "slf4j-simple", "jena-core", "jena-arq", "jena-base", "jena-iri", "jena-cmds", "jena-shacl",
    "jena-tdb", "jena-tdb2", "jena-rdfconnection", "jena-dboe-base", "jena-dboe-index", "jena-dboe-storage",
    "jena-dboe-trans-data", "jena-dboe-transaction", "commons-cli", "commons-codec", "commons-compress",
    "commons-csv", "commons-io", "commons-lang3", "commons-logging", "dexx.collection", "gson", "guava",
    "httpclient", "httpcore", "jackson-annotations", "jackson-core", "jackson-databind", "jsonld-java",
    "jakarta.json-api", "thrift", "protobuf", "titanium-json-ld",
)  # fmt: skip
_JAVA: Final = ("java", "-Xmx512m", "-XX:+UseSerialGC", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn")
_XERCES: Final = "org/apache/jena/ext/xerces/"

# No rows are cut (Debian's own file has ResultSetMaxRows 10000) and everything is reached from this machine only.
_VIRTUOSO_INI: Final = """\
[Database]
DatabaseFile = {folder}/virtuoso.db
ErrorLogFile = {folder}/virtuoso.log
LockFile = {folder}/virtuoso.lck
TransactionFile = {folder}/virtuoso.trx
xa_persistent_file = {folder}/virtuoso.pxa
FileExtend = 200
MaxCheckpointRemap = 2000

[TempDatabase]
DatabaseFile = {folder}/virtuoso-temp.db
TransactionFile = {folder}/virtuoso-temp.trx
MaxCheckpointRemap = 2000

[Parameters]
ServerPort = 127.0.0.1:{sql_port}
ServerThreads = 10
NumberOfBuffers = 10000
MaxDirtyBuffers = 6000
CheckpointInterval = 0
DirsAllowed = {folder}/bulk

[HTTPServer]
ServerPort = 127.0.0.1:{http_port}
ServerRoot = {folder}
ServerThreads = 5

[SPARQL]
ResultSetMaxRows = 0
"""


@dataclass(frozen=True, kw_only=True)
class Server:
    """A running store: where it answers and what it asks of its callers."""

    name: str
    query_url: str
    gsp_url: str | None
    update_url: str
    user: str = ""
    password: str = ""
    default_graph: bool = True  # whether a triple can be stored in no graph


def missing(name: str) -> str:
    """Say what is not installed for the named store; empty where it can be started."""
    return _MISSING[name]()


@contextmanager
def store_server(name: str, folder: Path) -> Iterator[Server]:
    """Run the named store; the test is skipped where it is not installed, except in CI, where it must be there."""
    if reason := missing(name):
        if os.environ.get("CI"):
            pytest.fail(f"{reason}, and CI must have it")
        pytest.skip(reason)
    with _STARTERS[name](folder) as server:
        yield server


@contextmanager
def oxigraph(folder: Path) -> Iterator[Server]:
    """Run the Oxigraph server on `folder`."""
    (port,) = _free_ports(1)
    root = f"http://127.0.0.1:{port}"
    server = Server(
        name="oxigraph", query_url=f"{root}/query", gsp_url=f"{root}/store", update_url=f"{root}/update"
    )  # fmt: skip
    command = [_oxigraph_command(), "serve", "--location", str(folder / "db"), "--bind", f"127.0.0.1:{port}"]
    with _running(command, folder, server):
        yield server


def oxigraph_load(folder: Path, files: Sequence[Path]) -> None:
    """Load files into the default graph by Oxigraph's own bulk loader; no server may run on `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    _run([_oxigraph_command(), "load", "--location", str(folder / "db"), "--file", *map(str, files)])


@contextmanager
def virtuoso(folder: Path) -> Iterator[Server]:
    """Run Virtuoso on `folder`; whoever writes is its administrator, by HTTP digest."""
    http_port, sql_port = _free_ports(2)
    (folder / "bulk").mkdir(parents=True, exist_ok=True)
    settings = folder / "virtuoso.ini"
    settings.write_text(_VIRTUOSO_INI.format(folder=folder.resolve(), http_port=http_port, sql_port=sql_port))
    root = f"http://127.0.0.1:{http_port}"
    server = Server(
        name="virtuoso",
        query_url=f"{root}/sparql",
        gsp_url=f"{root}/sparql-graph-crud-auth",
        update_url=f"{root}/sparql-auth",
        user="dba",
        password="dba",  # noqa: S106 # every new database has it
        default_graph=False,
    )
    with _running(["virtuoso-t", "+foreground", "+wait", "+configfile", str(settings)], folder, server):
        yield server


def virtuoso_bulk_load(server: Server, folder: Path, file: Path, graph: str) -> None:
    """Load a file into `graph` by the bulk loader of the Virtuoso that runs on `folder`."""
    inside = folder.resolve() / "bulk" / file.name  # the server reads files of its own folder only
    shutil.copyfile(file, inside)
    # The loader skips a file that it has in its list, and keeps its failures there.
    _isql(server, folder, "DELETE FROM DB.DBA.load_list")
    _isql(server, folder, f"ld_dir('{_sql(str(inside.parent))}', '{_sql(inside.name)}', '{_sql(graph)}')")
    _isql(server, folder, "rdf_loader_run()")
    _isql(server, folder, "checkpoint")
    if error := _isql(server, folder, "SELECT ll_error FROM DB.DBA.load_list WHERE ll_error IS NOT NULL").strip():
        raise RuntimeError(f"Virtuoso could not load {file}: {error}")


@contextmanager
def jena(folder: Path) -> Iterator[Server]:
    """Run Jena on the TDB2 database in `folder`, behind the small server beside this file."""
    (port,) = _free_ports(1)
    root = f"http://127.0.0.1:{port}"
    server = Server(name="jena", query_url=f"{root}/query", gsp_url=f"{root}/store", update_url=f"{root}/update")
    source = Path(__file__).with_name("TdbServer.java")
    with _running([*_jena_command(folder), str(source), str(port), str(_tdb2(folder))], folder, server):
        yield server


def tdb2_load(folder: Path, files: Sequence[Path]) -> None:
    """Load files into the default graph by Jena's own bulk loader; no server may run on `folder`."""
    _run([*_jena_command(folder), "tdb2.tdbloader", "--loc", str(_tdb2(folder)), *map(str, files)])


_STARTERS: Final[Mapping[str, Callable[[Path], AbstractContextManager[Server]]]] = {
    "oxigraph": oxigraph,
    "virtuoso": virtuoso,
    "jena": jena,
}
STORES: Final = tuple(_STARTERS)


def _oxigraph_command() -> str:
    beside = Path(sys.executable).with_name("oxigraph")
    return str(beside) if beside.is_file() else shutil.which("oxigraph") or ""


def _oxigraph_missing() -> str:
    return "" if _oxigraph_command() else "the Oxigraph server is not installed (pip install oxigraph)"


def _virtuoso_missing() -> str:
    absent = [command for command in ("virtuoso-t", "isql-vt") if not shutil.which(command)]
    return f"Virtuoso is not installed ({', '.join(absent)})" if absent else ""


def _jena_missing() -> str:
    # `java` starts the source file only where the compiler is, too.
    absent = [command for command in ("java", "javac") if not shutil.which(command)]
    absent += [f"{name}.jar" for name in _JENA_JARS if not (_JARS / f"{name}.jar").is_file()]
    return f"Jena is not installed ({', '.join(absent)})" if absent else ""


_MISSING: Final[Mapping[str, Callable[[], str]]] = {
    "oxigraph": _oxigraph_missing,
    "virtuoso": _virtuoso_missing,
    "jena": _jena_missing,
}


def _jena_command(folder: Path) -> list[str]:
    classes = folder / "classes"
    if not classes.is_dir():
        _mend_jena(classes)
    jars = (str(_JARS / f"{name}.jar") for name in _JENA_JARS)
    return [*_JAVA, "-cp", os.pathsep.join([str(classes), *jars])]


def _mend_jena(classes: Path) -> None:
    """Lay out the messages that Debian's jar has under another name than its classes ask for."""
    with zipfile.ZipFile(_JARS / "jena-core.jar") as jar:
        for name in jar.namelist():
            if name.startswith(_XERCES) and not name.endswith("/"):
                file = classes / "xerces" / name.removeprefix(_XERCES)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(jar.read(name))


def _tdb2(folder: Path) -> Path:
    database = folder / "db"
    database.mkdir(parents=True, exist_ok=True)
    return database


def _sql(text: str) -> str:
    return text.replace("'", "''")


def _isql(server: Server, folder: Path, statement: str) -> str:
    """Run one SQL statement and return its rows."""
    settings = ConfigParser()
    settings.read(folder / "virtuoso.ini")
    address = settings["Parameters"]["ServerPort"]
    options = ["BANNER=OFF", "VERBOSE=OFF", "PROMPT=OFF", "ERRORS=STDOUT", f"EXEC={statement};"]
    output = _run(["isql-vt", address, server.user, server.password, *options])
    if "*** Error" in output:  # isql-vt says so, and still ends with success
        raise RuntimeError(f"{statement}: {output.strip()}")
    return output


def _run(command: Sequence[str]) -> str:
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=LOAD_SECONDS)
    if done.returncode:
        raise RuntimeError(f"{Path(command[0]).name} ended with {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout


def _free_ports(count: int) -> list[int]:
    """Find ports that nobody uses; all are held open together, so that they differ."""
    with ExitStack() as stack:
        held = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in held:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in held]


@contextmanager
def _running(command: Sequence[str], folder: Path, server: Server) -> Iterator[None]:
    """Keep the process running for as long as the caller works, then stop it, whatever happened."""
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / LOG
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*_tether(), *command],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for pytest, which then stops the server
        )
    try:
        _wait_until_answering(process, server, log)
        yield
    finally:
        _stop(process)


def _tether() -> list[str]:
    """Have the kernel end the server with pytest, even where pytest itself is killed.

    The kernel watches the thread that starts the server: start servers in threads that live as long.
    """
    return ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []


def _wait_until_answering(process: subprocess.Popen[bytes], server: Server, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        if _answers(server):
            return
        time.sleep(0.05)
    state = "does not answer" if process.poll() is None else f"ended with {process.returncode}"
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
    raise RuntimeError(f"{server.name} {state}; the end of its log:\n{tail}")


def _answers(server: Server) -> bool:
    with requests.Session() as session:
        session.trust_env = False  # a proxy knows nothing of this machine's loopback
        try:
            return session.get(server.query_url, params={"query": "ASK {}"}, timeout=5).ok
        except requests.RequestException:
            return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
