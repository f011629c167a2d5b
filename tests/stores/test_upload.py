"""`kg upload`: what a store is sent, faults that pass and faults that stay, passwords, and the count at the end."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import pytest

import kg
from kg.errors import KgError, QueryError, SourceError, UsageError
from kg.upload import query_address
from tests.conftest import ROOT
from tests.stores import servers
from tests.stores.flaky import PASSWORD, USER, Fault, FlakyStore
from tests.stores.servers import Server

pytestmark = pytest.mark.loopback

EX: Final = "http://example.org/"
GRAPH: Final = f"{EX}graph"
WAITS: Final = [1, 2, 4, 8, 16]
PASSING: Final = (429, 502, 503, 504)
PERMANENT: Final = (400, 401, 403, 404, 405, 413, 415, 500, 501)
MEGABYTE: Final = 1 << 20


def triple(number: int) -> str:
    return f'<{EX}s{number}> <{EX}p> "{number}" .\n'


def write(path: Path, count: int) -> Path:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(map(triple, range(count)))
    return path


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """Ten triples."""
    return write(tmp_path / "small.nt", 10)


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """Three batches."""
    return write(tmp_path / "large.nt", 25_000)


@pytest.fixture(autouse=True)
def netrc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No password but what a test sets; the file is the one that NETRC names."""
    for name in ("KG_USER", "KG_PASSWORD", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    path = tmp_path / "netrc"
    path.touch(0o600)
    monkeypatch.setenv("NETRC", str(path))
    return path


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that an upload would have waited."""
    asked: list[float] = []
    clock = SimpleNamespace(sleep=asked.append, monotonic=time.monotonic, time=time.time)
    monkeypatch.setattr("kg.upload.time", clock)
    monkeypatch.setattr("urllib3.util.retry.time", clock)
    return asked


def sign_in(monkeypatch: pytest.MonkeyPatch, user: str = USER, password: str = PASSWORD) -> None:
    monkeypatch.setenv("KG_USER", user)
    monkeypatch.setenv("KG_PASSWORD", password)


def error_of(kind: type[KgError], run: Callable[[], object]) -> KgError:
    with pytest.raises(kind) as caught:
        run()
    assert PASSWORD not in str(caught.value)
    return caught.value


# --- what is sent


def test_batches_are_turtle_with_their_length_behind_a_prefix_line(large: Path) -> None:
    told: list[tuple[int, int]] = []
    with FlakyStore() as flaky:
        report = kg.upload_graph(large, flaky.gsp, on_progress=lambda done, size: told.append((done, size)))
        assert len(flaky.store) == 25_000
    assert report.counted == {"": (0, 25_000, 25_000)}
    assert (report.sent, report.requests, report.complete) == (25_000, 3, True)
    assert report.seconds > 0
    assert flaky.lines == ["DELETE /store", "GET /query", *["POST /store"] * 3, "GET /query"]
    batches = [seen for seen in flaky.requests if seen.method == "POST"]
    for seen in batches:
        assert seen.fields == {"default": ""}
        assert seen.headers["content-type"] == "text/turtle"
        assert int(seen.headers["content-length"]) == len(seen.body)
        assert "transfer-encoding" not in seen.headers
        assert seen.body.startswith(b"@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .\n<")
    assert [seen.body.count(b" .\n") - 1 for seen in batches] == [10_000, 10_000, 5_000]
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1] == (large.stat().st_size, large.stat().st_size)


def test_updates_hold_few_statements_and_their_length(tmp_path: Path) -> None:
    file = write(tmp_path / "some.nt", 2_500)
    with FlakyStore() as flaky:
        report = kg.upload_graph(file, flaky.update, update=True, graph_iri=GRAPH)
        assert len(flaky.store) == 2_500
    assert report.counted == {GRAPH: (0, 2_500, 2_500)}
    assert flaky.lines == ["POST /update", "GET /query", *["POST /update"] * 3, "GET /query"]
    clear, *inserts = [seen for seen in flaky.requests if seen.method == "POST"]
    assert clear.fields == {"update": f"CLEAR SILENT GRAPH <{GRAPH}>"}
    assert all(seen.fields["update"].startswith(f"INSERT DATA {{ GRAPH <{GRAPH}> {{ ") for seen in inserts)
    # Virtuoso stops at some 5,000.
    assert max(seen.fields["update"].count(" .\n") for seen in inserts) <= 2_000
    assert all(int(seen.headers["content-length"]) == len(seen.body) for seen in inserts)
    assert not any("transfer-encoding" in seen.headers for seen in inserts)


@pytest.mark.parametrize("update", [False, True], ids=["GSP", "update"])
def test_hard_literals_arrive_as_they_are(update: bool, tmp_path: Path) -> None:
    texts = [
        "",
        '\'"""\'',
        "\\",
        "a\nb\r\tc",
        "}{ } ; DROP ALL",
        "Ω𝄞′",
        "\x01\x7f\x85\ufeff",
        "@prefix",
        "# no comment",
    ]
    file = tmp_path / "hard.ttl"
    escaped = ["".join(f"\\U{ord(char):08X}" for char in text) for text in texts]
    lines = [f'<{EX}s{n}> <{EX}p> "{text}", "{text}"@de-DE .\n' for n, text in enumerate(escaped)]
    file.write_text("".join(lines), "utf-8")
    with FlakyStore() as flaky:
        report = kg.upload_graph(file, flaky.update if update else flaky.gsp, update=update)
        found = Counter(quad.object.value for quad in flaky.store)
    assert report.complete
    assert len(texts) == 9
    assert found == dict.fromkeys(texts, 2)


@pytest.mark.parametrize("suffix", ["nt.gz", "nt.zst"])
def test_packed_files_and_folders_are_read(suffix: str, tmp_path: Path) -> None:
    import zstandard

    folder = tmp_path / "graph"
    folder.mkdir()
    data = "".join(map(triple, range(100))).encode()
    pack: dict[str, Callable[[bytes], bytes]] = {"nt.gz": gzip.compress, "nt.zst": zstandard.compress}
    (folder / f"a.{suffix}").write_bytes(pack[suffix](data))
    (folder / "b.ttl").write_text(f"<{EX}more> a <{EX}Thing> .", "utf-8")
    with FlakyStore() as flaky:
        assert kg.upload_graph(folder, flaky.gsp).counted == {"": (0, 101, 101)}


# --- graphs


@pytest.mark.parametrize("update", [False, True], ids=["GSP", "update"])
def test_a_graph_is_replaced_and_with_add_it_grows(update: bool, tmp_path: Path, small: Path) -> None:
    other = tmp_path / "other.ttl"
    other.write_text(f"<{EX}a> <{EX}p> 1, 2, 3 .", "utf-8")
    with FlakyStore() as flaky:
        to = flaky.update if update else flaky.gsp
        assert kg.upload_graph(small, to, update=update).counted == {"": (0, 10, 10)}
        assert kg.upload_graph(other, to, update=update, add=True).counted == {"": (10, 3, 13)}
        assert kg.upload_graph(other, to, update=update).counted == {"": (0, 3, 3)}
        again = kg.upload_graph(other, to, update=update, add=True)
        assert again.counted == {"": (3, 3, 3)}  # they were there already
        assert not again.complete
        kg.upload_graph(small, to, update=update, graph_iri=GRAPH)
        assert len(flaky.store) == 13  # the default graph is left alone
        kg.upload_graph(other, to, update=update, graph_iri=GRAPH)
        assert len(flaky.store) == 6


QUADS: Final = f"""\
<{EX}a> <{EX}p> 1 .
<{EX}g1> {{ <{EX}a> <{EX}p> 1, 2 }}
<{EX}g2> {{ <{EX}a> <{EX}p> 1, 2, 3 . <{EX}b> <{EX}p> 4 }}
"""


@pytest.mark.parametrize("graph_iri", [None, GRAPH])
@pytest.mark.parametrize("suffix", ["trig", "nq"])
def test_named_graphs_stay_and_other_triples_go_where_they_are_told(
    suffix: str, graph_iri: str | None, tmp_path: Path
) -> None:
    import pyoxigraph as ox

    file = tmp_path / f"quads.{suffix}"
    data: bytes = QUADS.encode()
    if suffix == "nq":
        data = ox.serialize(ox.parse(data, format=ox.RdfFormat.TRIG), format=ox.RdfFormat.N_QUADS) or b""
    file.write_bytes(data)
    with FlakyStore() as flaky:
        flaky.store.update(
            f"INSERT DATA {{ GRAPH <{EX}g1> {{ <{EX}old> <{EX}p> 1 }} GRAPH <{EX}g3> {{ <{EX}a> a 1 }} }}"
        )
        report = kg.upload_graph(file, flaky.gsp, graph_iri=graph_iri)
        graphs = Counter(getattr(quad.graph_name, "value", "") for quad in flaky.store)
    assert report.counted == {graph_iri or "": (0, 1, 1), f"{EX}g1": (0, 2, 2), f"{EX}g2": (0, 4, 4)}
    assert graphs == {graph_iri or "": 1, f"{EX}g1": 2, f"{EX}g2": 4, f"{EX}g3": 1}


def test_many_graphs_in_turn_are_sent_in_few_requests(tmp_path: Path) -> None:
    file = tmp_path / "mixed.nq"
    count = 30_000
    with file.open("w", encoding="utf-8") as out:
        out.writelines(f"<{EX}s{n}> <{EX}p> <{EX}o> <{EX}g{n % 3}> .\n" for n in range(count))
    with FlakyStore() as flaky:
        report = kg.upload_graph(file, flaky.gsp)
    assert report.counted == {f"{EX}g{n}": (0, 10_000, 10_000) for n in range(3)}
    assert report.requests <= 6


# --- what is refused


def test_a_blank_node_is_refused_before_anything_is_changed(tmp_path: Path) -> None:
    file = tmp_path / "blank.ttl"
    file.write_text(f"<{EX}a> <{EX}p> [ <{EX}q> 1 ] .", "utf-8")
    with FlakyStore() as flaky:
        error = error_of(SourceError, lambda: kg.upload_graph(file, flaky.gsp))
    assert error.problem.code == "blank-node"
    assert error.problem.path == str(file)
    assert flaky.lines == []


def test_a_graph_without_triples_is_refused_before_anything_is_changed(tmp_path: Path) -> None:
    file = tmp_path / "nothing.ttl"
    file.write_text("# nothing\n", "utf-8")
    with FlakyStore() as flaky:
        error = error_of(SourceError, lambda: kg.upload_graph(file, flaky.gsp))
    assert (error.problem.code, error.problem.path) == ("no-triples", str(file))
    assert flaky.lines == []


def test_a_blank_graph_name_is_refused(tmp_path: Path) -> None:
    """Its triples are of another graph than the default one."""
    file = tmp_path / "blank.nq"
    file.write_text(f"<{EX}a> <{EX}p> <{EX}o> _:graph .\n", "utf-8")
    with FlakyStore() as flaky:
        assert error_of(SourceError, lambda: kg.upload_graph(file, flaky.gsp)).problem.code == "blank-node"
        assert len(flaky.store) == 0


def test_a_syntax_error_is_told_with_its_line(tmp_path: Path) -> None:
    file = write(tmp_path / "broken.nt", 300)
    lines = file.read_text("utf-8").splitlines(keepends=True)
    lines[150] = f"<{EX}a> <{EX}p> oops .\n"
    file.write_text("".join(lines), "utf-8")
    with FlakyStore() as flaky:
        error = error_of(SourceError, lambda: kg.upload_graph(file, flaky.gsp))
    assert (error.problem.code, error.problem.path, error.problem.line) == ("bad-rdf", str(file), 151)
    assert flaky.lines == []


@pytest.mark.parametrize(
    ("name", "code"),
    [("absent.ttl", "unreadable-graph"), ("odd.xyz", "unknown-format"), ("cut.nt.gz", "unreadable-graph")],
)
def test_files_that_cannot_be_read_change_nothing(name: str, code: str, tmp_path: Path) -> None:
    file = tmp_path / name
    if name.startswith("cut"):
        file.write_bytes(gzip.compress("".join(map(triple, range(50))).encode())[:-20])
    elif name.startswith("odd"):
        file.write_text("x", "utf-8")
    with FlakyStore() as flaky:
        assert error_of(UsageError, lambda: kg.upload_graph(file, flaky.gsp)).problem.code == code
    assert flaky.lines == []


@pytest.mark.parametrize(
    "to",
    [
        f"http://{USER}:{PASSWORD}@127.0.0.1:1/store",
        f"htp://{USER}:{PASSWORD}@127.0.0.1:1/store",
        f"{USER}:{PASSWORD}@127.0.0.1:1/store",
        f"http://{USER}:{PASSWORD}@[127.0.0.1/store",
    ],
    ids=["http", "slip", "no scheme", "broken"],
)
@pytest.mark.parametrize("where", ["to", "query_url"])
def test_a_password_in_an_address_is_refused_and_not_shown(
    to: str, where: str, small: Path, waits: list[float]
) -> None:
    with FlakyStore() as flaky:
        urls = {"to": flaky.gsp, "query_url": flaky.query} | {where: to}
        error = error_of(QueryError, lambda: kg.upload_graph(small, **urls))  # type: ignore[arg-type]
    assert error.problem.code == "bad-address"
    assert flaky.lines == []
    assert waits == []


# --- faults


@pytest.mark.parametrize("status", PASSING)
def test_a_passing_fault_is_waited_for_ever_longer(status: int, small: Path, waits: list[float]) -> None:
    with FlakyStore(faults=[Fault(times=5, status=status)]) as flaky:
        report = kg.upload_graph(small, flaky.gsp)
    assert report.counted == {"": (0, 10, 10)}
    assert flaky.lines.count("POST /store") == 6
    assert waits == WAITS
    assert len({seen.body for seen in flaky.requests if seen.method == "POST"}) == 1


@pytest.mark.parametrize("status", PASSING)
def test_a_fault_that_does_not_pass_is_told_in_the_end(status: int, small: Path, waits: list[float]) -> None:
    with FlakyStore(faults=[Fault(times=None, status=status, body="<p>come back\nlater</p>")]) as flaky:
        error = error_of(QueryError, lambda: kg.upload_graph(small, flaky.gsp))
    assert error.problem.code == "endpoint-failed"
    assert f"{flaky.gsp} answered {status} " in error.problem.what
    assert error.problem.why == "come back later"
    assert flaky.lines.count("POST /store") == 6
    assert waits == WAITS


@pytest.mark.parametrize("status", PERMANENT)
def test_a_permanent_fault_is_not_tried_again(status: int, small: Path, waits: list[float]) -> None:
    with FlakyStore(faults=[Fault(times=None, status=status)]) as flaky:
        error = error_of(QueryError, lambda: kg.upload_graph(small, flaky.gsp))
    assert f"answered {status} " in error.problem.what
    assert ("KG_PASSWORD" in error.problem.mend) is (status in {401, 403})
    assert flaky.lines.count("POST /store") == 1
    assert waits == []


@pytest.mark.parametrize(
    ("asked", "expected"),
    [("7", 7), ("600", 60), ("0", 1), ("Wed, 21 Oct 2065 07:28:00 GMT", 1), ("-5", 1), ("1e3", 1)],
)
def test_the_wait_that_a_store_asks_for_is_kept_up_to_a_minute(
    asked: str, expected: float, small: Path, waits: list[float]
) -> None:
    with FlakyStore(faults=[Fault(status=503, headers={"Retry-After": asked})]) as flaky:
        assert kg.upload_graph(small, flaky.gsp).complete
    assert waits == [expected]


@pytest.mark.parametrize("drop", ["before", "after"])
@pytest.mark.parametrize("update", [False, True], ids=["GSP", "update"])
def test_a_lost_connection_is_made_again_and_no_triple_counts_twice(
    update: bool, drop: Any, large: Path, waits: list[float]
) -> None:
    fault = Fault(on="POST /(store|update)", times=3, drop=drop)
    with FlakyStore(faults=[fault]) as flaky:
        report = kg.upload_graph(large, flaky.update if update else flaky.gsp, update=update)
    assert report.counted == {"": (0, 25_000, 25_000)}
    assert fault.times == 0
    assert waits == WAITS[:3]


def test_a_server_that_is_gone_is_named(small: Path, waits: list[float]) -> None:
    with FlakyStore() as flaky:
        to = flaky.gsp
    error = error_of(QueryError, lambda: kg.upload_graph(small, to))
    assert error.problem.code == "endpoint-failed"
    assert error.problem.what.startswith(f"{to} does not answer: ")
    assert "refused" in error.problem.what
    assert waits == WAITS


def test_each_batch_has_its_own_tries(large: Path, waits: list[float]) -> None:
    with FlakyStore(faults=[Fault(on="DELETE /store", status=503), Fault(times=4, status=429)]) as flaky:
        assert kg.upload_graph(large, flaky.gsp).complete
        flaky.faults = [Fault(times=4, status=429)]
        assert kg.upload_graph(large, flaky.gsp).complete
    assert waits == [1, *WAITS[:4], *WAITS[:4]]


def test_a_slow_store_is_waited_for(small: Path) -> None:
    with FlakyStore(faults=[Fault(delay=0.5)]) as flaky:
        assert kg.upload_graph(small, flaky.gsp).seconds >= 0.5


@pytest.mark.parametrize("status", PASSING)
def test_the_count_is_asked_again_where_the_fault_may_pass(status: int, small: Path, waits: list[float]) -> None:
    """Hours of upload must not end for one 503 at the count."""
    with FlakyStore(faults=[Fault(on="GET /query", times=2, status=status)]) as flaky:
        assert kg.upload_graph(small, flaky.gsp).complete
    assert flaky.lines.count("GET /query") == 4
    assert len(waits) >= 1


def test_a_lost_connection_at_the_count_is_made_again(small: Path, waits: list[float]) -> None:
    with FlakyStore(faults=[Fault(on="GET /query", times=2, drop="after")]) as flaky:
        assert kg.upload_graph(small, flaky.gsp).complete
    assert len(waits) >= 1


# --- the count


def test_a_store_that_drops_a_triple_is_found_out(large: Path) -> None:
    with FlakyStore(loses=1) as flaky:
        report = kg.upload_graph(large, flaky.gsp)
    assert report.counted == {"": (0, 25_000, 24_999)}
    assert not report.complete


def test_a_triple_that_is_there_twice_is_found_out(tmp_path: Path) -> None:
    file = tmp_path / "twice.nt"
    file.write_text(triple(1) * 2, "utf-8")
    with FlakyStore() as flaky:
        report = kg.upload_graph(file, flaky.gsp)
    assert (report.counted, report.complete) == ({"": (0, 2, 1)}, False)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("<html>welcome</html>", "text/html"),
        ("{}", "application/sparql-results+json"),
        ('{"head": {"vars": ["n"]}, "results": {"bindings": []}}', "application/sparql-results+json"),
        ("null", "application/json"),
    ],
    ids=["page", "empty", "no row", "null"],
)
def test_what_does_not_count_is_named(body: str, kind: str, small: Path) -> None:
    fault = Fault(on="GET /query", times=None, status=200, body=body, headers={"Content-Type": kind})
    with FlakyStore(faults=[fault]) as flaky:
        error = error_of(QueryError, lambda: kg.upload_graph(small, flaky.gsp))
    assert error.problem.code == "endpoint-failed"
    assert error.problem.what.startswith(flaky.query)


# --- where it is asked

ADDRESSES: Final = {
    "http://h:7878/store": "http://h:7878/query",
    "http://h:7878/store/": "http://h:7878/query",
    "http://h:7878/update": "http://h:7878/query",
    "http://h:3030/ds/data": "http://h:3030/ds/query",
    "http://h:3030/ds/update": "http://h:3030/ds/query",
    "http://h:8890/sparql-graph-crud": "http://h:8890/sparql",
    "http://h:8890/sparql-graph-crud-auth": "http://h:8890/sparql",
    "http://h:8890/sparql-auth": "http://h:8890/sparql",
    "http://h:7200/repositories/pfocr/rdf-graphs/service": "http://h:7200/repositories/pfocr",
    "http://h:7200/repositories/pfocr/statements": "http://h:7200/repositories/pfocr",
    "http://h:9999/blazegraph/namespace/kb/sparql": "http://h:9999/blazegraph/namespace/kb/sparql",
    "http://h:9999/bigdata/sparql": "http://h:9999/bigdata/sparql",
    "http://h:7001/": None,
    "http://h/elsewhere": None,
    "http://h/storekeeper": None,
    "http://h/mystore": None,
    "http://h/metadata": None,
}


@pytest.mark.parametrize(("to", "asked"), ADDRESSES.items(), ids=list(ADDRESSES))
def test_the_query_address_of_well_known_stores(to: str, asked: str | None) -> None:
    assert query_address(to) == asked


def test_an_unknown_address_needs_its_query_address(small: Path) -> None:
    error = error_of(UsageError, lambda: kg.upload_graph(small, "http://127.0.0.1:1/rdf"))
    assert error.problem.code == "unknown-query-url"
    assert "--query-url" in error.problem.mend
    with FlakyStore() as flaky, FlakyStore() as other:
        report = kg.upload_graph(small, flaky.gsp, query_url=other.query)
        assert report.counted == {"": (0, 10, 0)}
        assert other.lines == ["GET /query"] * 2
        assert "GET /query" not in flaky.lines


# --- redirects


@pytest.mark.parametrize("status", [307, 308])
def test_a_redirect_that_keeps_the_request_is_followed(status: int, small: Path) -> None:
    with FlakyStore() as new:
        moved = Fault(on=r"\w+ /store", times=None, status=status)
        with FlakyStore(faults=[moved]) as old:
            # Stores keep the address's parameters in what they tell.
            moved.headers = {"Location": f"{new.gsp}?default="}
            report = kg.upload_graph(small, old.gsp, query_url=new.query)
            assert len(new.store) == 10
    assert report.complete


@pytest.mark.parametrize("status", [301, 302, 303])
def test_a_redirect_that_turns_the_request_into_a_get_is_told(status: int, small: Path) -> None:
    """As from http to https: the batch would be lost, and the answer to the GET is a success."""
    with FlakyStore() as new:
        moved = Fault(times=None, status=status)
        with FlakyStore(faults=[moved, Fault(on="GET /store", times=None, status=200)]) as old:
            moved.headers = {"Location": f"{old.gsp}?default="}
            error = error_of(QueryError, lambda: kg.upload_graph(small, old.gsp, query_url=new.query))
            assert f"{status}" in error.problem.what
            assert old.gsp in str(error)


@pytest.mark.parametrize("auth", ["basic", "digest"])
def test_a_redirect_to_another_host_gets_no_password(auth: Any, small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sign_in(monkeypatch)
    with FlakyStore(auth=auth, reading=True) as thief:
        moved = Fault(on=r"\w+ /\w+", times=None, status=307)
        with FlakyStore(faults=[moved]) as old:
            moved.headers = {"Location": f"{thief.gsp}?default="}
            error_of(QueryError, lambda: kg.upload_graph(small, old.gsp))
    assert thief.requests
    assert [seen.headers.get("authorization") for seen in thief.requests] == [None] * len(thief.requests)


# --- who may


@pytest.mark.parametrize("update", [False, True], ids=["GSP", "update"])
@pytest.mark.parametrize("way", ["environment", "netrc"])
@pytest.mark.parametrize("auth", ["basic", "digest"])
def test_the_password_comes_from_the_environment_or_netrc(
    auth: Any, way: str, update: bool, small: Path, netrc: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if way == "environment":
        sign_in(monkeypatch)
    else:
        netrc.write_text(f"machine 127.0.0.1 login {USER} password {PASSWORD}\n", "utf-8")
    with FlakyStore(auth=auth, reading=True) as flaky:
        report = kg.upload_graph(small, flaky.update if update else flaky.gsp, update=update)
        assert len(flaky.store) == 10
    assert report.complete
    assert all(PASSWORD not in repr(seen) for seen in flaky.requests)


def test_basic_is_found_among_several_schemes(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sign_in(monkeypatch)
    several = {"WWW-Authenticate": 'Bearer realm="x", Basic realm="y"'}
    with FlakyStore(auth="basic", faults=[Fault(on=r"DELETE /store", status=401, headers=several)]) as flaky:
        assert kg.upload_graph(small, flaky.gsp).complete


@pytest.mark.parametrize("auth", ["basic", "digest"])
def test_once_signed_in_no_batch_is_sent_twice(auth: Any, large: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sign_in(monkeypatch)
    with FlakyStore(auth=auth) as flaky:
        assert kg.upload_graph(large, flaky.gsp).complete
    assert flaky.lines.count("POST /store") == 3


@pytest.mark.parametrize("auth", ["basic", "digest"])
@pytest.mark.parametrize("given", ["none", "wrong"])
def test_a_refused_password_is_told_at_once_and_never_shown(
    given: str, auth: Any, small: Path, monkeypatch: pytest.MonkeyPatch, waits: list[float]
) -> None:
    if given == "wrong":
        sign_in(monkeypatch, PASSWORD, "wr0ng-wOrd")
    with FlakyStore(auth=auth) as flaky:
        error = error_of(QueryError, lambda: kg.upload_graph(small, flaky.gsp))
    assert "answered 401" in error.problem.what
    assert "KG_USER and KG_PASSWORD" in error.problem.mend
    assert "wr0ng-wOrd" not in str(error)
    assert len(flaky.requests) <= 3
    assert waits == []


# --- memory

# Not `ru_maxrss`, which a process inherits from the one that starts it.
_STATUS: Final = Path("/proc/self/status")
_MEASURED: Final = f"""\
import re, sys
from pathlib import Path
import kg
report = kg.upload_graph(Path(sys.argv[1]), sys.argv[2])
assert report.complete, report
print(report.sent, re.search(r"VmHWM:\\s*([0-9]+) kB", Path("{_STATUS}").read_text())[1])
"""


def peak(file: Path, to: str) -> tuple[int, int]:
    """Triples sent by a process of its own, and the most memory it had, in bytes."""
    done = subprocess.run([sys.executable, "-c", _MEASURED, str(file), to], cwd=ROOT, capture_output=True, check=True)
    sent, kilobytes = done.stdout.split()
    return int(sent), int(kilobytes) * 1024


@pytest.mark.skipif(not _STATUS.exists(), reason="only Linux tells a process its largest size")
def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    small, large = write(tmp_path / "small.nt", 30_000), write(tmp_path / "large.nt", 300_000)
    with FlakyStore(forgets=True) as flaky:
        few, less = peak(small, flaky.gsp)
        many, more = peak(large, flaky.gsp)
    assert (few, many) == (30_000, 300_000)
    assert more < less + 12 * MEGABYTE, (less / MEGABYTE, more / MEGABYTE)


# --- the command


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "kg", "upload", *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_the_command_tells_what_it_did(large: Path) -> None:
    with FlakyStore() as flaky:
        first = run(str(large), "--to", flaky.gsp)
        second = run(str(large), "--to", flaky.update, "--update", "--graph-iri", GRAPH)
        third = run(str(large), "--to", flaky.gsp, "--graph-iri", GRAPH, "--add")
    assert first.returncode == 0, first.stderr
    assert "default graph: 25,000 sent, the store counts 25,000\n" in first.stderr
    assert "25,000 triples in 3 requests, " in first.stderr
    assert (first.stdout, second.stdout) == ("", "")
    assert second.returncode == 0, second.stderr
    assert f"{GRAPH}: 25,000 sent, the store counts 25,000\n" in second.stderr
    assert third.returncode == 1
    assert f"{GRAPH}: 25,000 sent, the store counts 25,000, 25,000 before\n" in third.stderr
    assert "error[count-differs]" in third.stderr


def test_the_command_ends_with_1_where_the_count_differs(small: Path) -> None:
    with FlakyStore(loses=1) as flaky:
        done = run(str(small), "--to", flaky.gsp)
    assert done.returncode == 1
    assert "default graph: 10 sent, the store counts 9\n" in done.stderr
    assert "error[count-differs]: " in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "status", "code"),
    [
        (("small.nt", "--to", "http://127.0.0.1:1/rdf"), 2, "unknown-query-url"),
        (("small.nt", "--to", "localhost:7878/store"), 2, "bad-address"),
        (("absent.nt", "--to", "STORE"), 2, "unreadable-graph"),
        (("blank.nt", "--to", "STORE"), 1, "blank-node"),
        (("small.nt", "--to", "STORE/nothing", "--query-url", "QUERY"), 1, "endpoint-failed"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_command_ends_with_the_status_of_its_error(
    arguments: tuple[str, ...], status: int, code: str, small: Path
) -> None:
    (small.parent / "blank.nt").write_text(f"_:a <{EX}p> _:b .\n", "utf-8")
    with FlakyStore() as flaky:
        file, *rest = (text.replace("STORE", flaky.gsp).replace("QUERY", flaky.query) for text in arguments)
        done = run(str(small.parent / file), *rest)
    assert (done.returncode, f"error[{code}]: " in done.stderr) == (status, True), done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture(scope="module", params=["oxigraph", "virtuoso"])
def real(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with servers.store_server(str(request.param), tmp_path_factory.mktemp(str(request.param))) as server:
        yield server


@pytest.mark.parametrize("update", [False, True], ids=["GSP", "update"])
def test_the_command_fills_a_real_store(update: bool, real: Server, small: Path) -> None:
    to = real.update_url if update else real.gsp_url
    assert to is not None
    options = ["--update"] if update else []
    signed = {"KG_USER": real.user, "KG_PASSWORD": real.password} if real.user else {}
    done = run(str(small), "--to", to, "--graph-iri", GRAPH, *options, **signed)
    assert done.returncode == 0, done.stderr
    assert f"{GRAPH}: 10 sent, the store counts 10\n" in done.stderr


@pytest.mark.parametrize("real", ["virtuoso"], indirect=True)
def test_a_real_store_without_the_password_or_the_graph_says_so(real: Server, small: Path) -> None:
    assert real.gsp_url is not None
    refused = run(str(small), "--to", real.gsp_url, "--graph-iri", GRAPH)
    assert refused.returncode == 1
    assert "answered 401" in refused.stderr
    assert "KG_USER and KG_PASSWORD" in refused.stderr
    nowhere = run(str(small), "--to", real.gsp_url, KG_USER=real.user, KG_PASSWORD=real.password)
    assert nowhere.returncode == 1
    assert "--graph-iri" in nowhere.stderr


@pytest.mark.parametrize("real", ["virtuoso"], indirect=True)
def test_a_real_store_signs_in_by_netrc(real: Server, small: Path, netrc: Path) -> None:
    assert real.gsp_url is not None
    netrc.write_text(f"machine 127.0.0.1 login {real.user} password {real.password}\n", "utf-8")
    done = run(str(small), "--to", real.gsp_url, "--graph-iri", GRAPH)
    assert done.returncode == 0, done.stderr
