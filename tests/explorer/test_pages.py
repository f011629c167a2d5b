"""The pages over a made index: their contents, their tables, and texts that try to be markup."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterator
from typing import Any, cast

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from kg.errors import QueryError
from kg.explorer.context import Explorer
from kg.explorer.pages import routes as pages
from kg.explorer.pages.render import STATIC
from kg.explorer.settings import Settings
from tests.explorer.asking import TestClient
from tests.explorer.made import MadeIndex
from tests.explorer.markup import Markup, faults, read

HOSTILE = (
    "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"' {{ 7*7 }}"
    " \N{RIGHT-TO-LEFT OVERRIDE} &lt;b&gt; \\ =1"
)
PAGES = (
    "/",
    "/search",
    "/search?q=stat",
    "/search?q=stat&kind=disease",
    "/gene/6774",
    "/gene/6774?organism=9606&from=2001&to=2003&strictness=strict&sort=title&dir=asc",
    "/chemical/CHEBI_1",
    "/disease/D000544",
    "/organism/9606",
    "/genes",
    "/chemicals",
    "/diseases",
    "/organisms",
    "/figures",
    "/figure/PMC1__F1.jpg",
    "/figure/PMC1__F1.jpg?kind=gene&strictness=strict&text=b&doubts=only",
    "/paper/PMC1",
    "/gene-list",
    "/gene-list?genes=a+b+c",
    "/gene-list?genes=a",
    "/dataset",
    "/about",
    "/gene/1",
    "/nothing/here",
)


def app_of(index: MadeIndex, **settings: Any) -> Starlette:
    explorer = Explorer(
        settings=Settings(**settings), index=cast("Any", index), workers=cast("Any", None), name="made.ttl"
    )

    def fail(_: object) -> None:
        raise RuntimeError("a secret of ours")

    def refuse(_: object) -> None:
        raise QueryError.of("bad-query", "this is no query", "it has no verb", "begin with SELECT")

    return Starlette(
        routes=[
            *pages.routes(explorer), Route("/bug", fail), Route("/refuse", refuse),
            Mount("/static", StaticFiles(directory=STATIC)),
        ],
        exception_handlers=cast("Any", pages.error_handlers(explorer)),
    )  # fmt: skip


def client_of(index: MadeIndex, **settings: Any) -> TestClient:
    return TestClient(app_of(index, **settings), raise_server_exceptions=False)


@pytest.fixture(name="client")
def _client() -> Iterator[TestClient]:
    with client_of(MadeIndex(many=130)) as client:
        yield client


@pytest.fixture(name="hostile")
def _hostile() -> Iterator[TestClient]:
    with client_of(MadeIndex(text=HOSTILE, url="javascript:alert(1)")) as client:
        yield client


def page(client: TestClient, path: str, status: int = 200) -> Markup:
    answer = client.get(path, headers={"Accept": "text/html"})
    assert answer.status_code == status, path
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return read(answer.text)


@pytest.mark.parametrize("path", PAGES)
def test_pages_are_sound(client: TestClient, path: str) -> None:
    answer = client.get(path, headers={"Accept": "text/html"})
    assert answer.status_code in {200, 400, 404}
    assert faults(read(answer.text)) == []


@pytest.mark.parametrize("path", PAGES)
def test_text_from_the_graph_is_only_text(hostile: TestClient, path: str) -> None:
    answer = hostile.get(path, headers={"Accept": "text/html"})
    found = read(answer.text)
    assert faults(found) == []
    assert "<script>alert" not in answer.text
    assert "<img src=x" not in answer.text
    assert "49" not in found.one("main").text
    if answer.status_code == 200 and path not in {"/search", "/search?q=stat&kind=disease", "/about"}:
        assert "<script>alert(1)</script>" in found.one("main").text, "the text is not shown at all"


def test_text_from_the_address_is_only_text(client: TestClient) -> None:
    for path in (f"/search?q={HOSTILE}", f"/gene/{HOSTILE}", f"/figure/{HOSTILE}", f"/gene-list?genes={HOSTILE}"):
        answer = client.get(path, headers={"Accept": "text/html"})
        found = read(answer.text)
        assert faults(found) == []
        assert "<script>alert" not in answer.text
        assert "alert(1)" in answer.text


def test_the_title_of_each_page_is_its_own(client: TestClient) -> None:
    own = [
        "/",
        "/search",
        "/gene/6774",
        "/genes",
        "/figures",
        "/paper/PMC1",
        "/figure/PMC1__F1.jpg",
        "/gene-list",
        "/dataset",
        "/about",
    ]
    assert len({page(client, path).one("title").text for path in own}) == len(own)


def test_home_says_what_is_there_and_leads_on(client: TestClient) -> None:
    home = page(client, "/")
    assert home.one("input", id="q").get("name") == "q"
    assert {"/figure/PMC1__F0.jpg", "/gene-list", "/query", "/dataset", "/genes", "/about"} <= set(home.links())
    titles = [one.text.split("\n")[0].strip() for one in home.all("figcaption")]
    assert titles[:5] == [
        "Figures by year",
        "Genes drawn most",
        "Genes per figure",
        "Where words were found",
        "Organisms",
    ]
    assert home.within("lexicons") == [["Made text", "3", "75.0%"], ["other", "1", "25.0%"]]


def test_suggestions_are_json(client: TestClient) -> None:
    (hit,) = client.get("/suggest", params={"q": "made"}).json()
    assert hit == {
        "kind": "gene", "id": "6774", "label": "Made text", "path": "/gene/6774", "figures": 3, "matched": "Made text"
    }  # fmt: skip
    assert client.get("/suggest").json() == []


def test_a_search_without_a_hit_says_so(client: TestClient) -> None:
    assert "Nothing is called “nothing”" in page(client, "/search?q=nothing").one("main").text


def test_an_entity_has_figures_words_and_companions(client: TestClient) -> None:
    gene = page(client, "/gene/6774")
    assert len(gene.within("table")) == 25
    for name in ("words", "genes", "chemicals", "diseases"):
        assert len(gene.within(name)) == 20
    assert gene.within("years") == [["2001", "1"], ["2002", "2"]]
    assert {"?format=ttl", "?format=jsonld", "?format=nt"} <= {link.removeprefix("/gene/6774") for link in gene.links()}


def test_filters_keep_what_was_chosen(client: TestClient) -> None:
    gene = page(client, "/gene/6774?organism=9606&from=2020&to=2010&strictness=strict")
    chosen = [one.get("value") for one in gene.all("option") if "selected" in one.attributes]
    assert chosen == ["9606", "strict"]
    assert (gene.one("input", id="f-from").get("value"), gene.one("input", id="f-to").get("value")) == ("2010", "2020")
    assert all(int(row[1]) >= 2010 for row in gene.within("table"))
    assert "?#table" in gene.links()


def test_every_table_gives_its_csv(client: TestClient) -> None:
    tables = 0
    for path in PAGES:
        found = page(client, path, client.get(path).status_code)
        for link in found.all("a", **{"class": "csv small"}):
            answer = client.get(path.partition("?")[0] + link.get("href"))
            assert answer.status_code == 200
            assert answer.headers["content-type"] == "text/csv; charset=utf-8"
            rows = list(csv.reader(io.StringIO(answer.text, newline="")))
            assert len(rows) > 1
            assert len(set(rows[0])) == len(rows[0])
            assert {len(row) for row in rows} == {len(rows[0])}
            tables += 1
    assert tables >= 50


def test_csv_of_a_table_has_all_rows_of_all_pages(client: TestClient) -> None:
    rows = list(csv.DictReader(io.StringIO(client.get("/gene/6774?format=csv&sort=genes&dir=asc&page=3").text)))
    assert len(rows) == 130
    assert [row["genes"] for row in rows] == [str(place) for place in range(130)]
    shown = page(client, "/gene/6774?sort=genes&dir=asc&page=3").within("table")
    assert [row[4] for row in shown] == [row["genes"] for row in rows[50:75]]


def test_a_figure_shows_what_was_read_and_how_far_to_trust_it(client: TestClient) -> None:
    figure = page(client, "/figure/PMC1__F1.jpg")
    assert [row[0] for row in figure.within("table")] == ["b", "Made text", "Made text"]
    assert "Look twice" in figure.within("table")[1][-1]
    assert figure.within("table")[0][-1] == ""
    assert "https://doi.org/10.1/x%20y%3Cz%3E" in figure.links()
    assert len(figure.within("neighbours")) == 10
    drawn = json.loads(figure.one("div", id="network").get("data-network"))
    assert [node["kind"] for node in drawn["nodes"]] == ["figure", "gene", "chemical", *["near"] * 10]
    assert [node["doubt"] for node in drawn["nodes"][1:3]] == [False, True]
    assert ["near-0", "gene-6774"] in drawn["edges"]


@pytest.mark.parametrize(
    ("asked", "left"),
    [
        ("kind=chemical", 1),
        ("strictness=strict", 1),
        ("doubts=only", 2),
        ("text=ADE", 3),
        ("text=zzz", 0),
        ("kind=x", 3),
    ],
)
def test_what_was_read_can_be_filtered_without_scripts(client: TestClient, asked: str, left: int) -> None:
    assert len(page(client, f"/figure/PMC1__F1.jpg?{asked}").within("table")) == left


def test_pictures_come_from_europe_pmc_or_not_at_all() -> None:
    url = "https://europepmc.org/articles/PMC1/bin/x.jpg"
    with client_of(MadeIndex(url=url)) as client:
        image = page(client, "/figure/PMC1__F1").all("img", src=url)[0]
        assert (image.get("alt"), image.get("loading")) == ("Made text", "lazy")
        client.cookies.set("images", "off")
        assert page(client, "/figure/PMC1__F1").all("img", src=url) == []
    with client_of(MadeIndex(url=url), images=False) as client:
        found = page(client, "/figure/PMC1__F1")
        assert found.all("img", src=url) == []
        assert "is not fetched here" in found.one("main").text
        assert found.all("button", name="images") == []


def test_addresses_that_browsers_must_not_follow_are_no_links(hostile: TestClient) -> None:
    for path in ("/figure/PMC1__F1", "/paper/PMC1", "/gene/6774", "/dataset"):
        assert not [link for link in page(hostile, path).links() if "javascript" in link.lower()]


def test_the_gene_list_says_what_is_wrong_beside_the_field(client: TestClient) -> None:
    for genes, says in (
        ("", "holds nothing"),
        ("TP53", "holds 1 symbol."),
        ("a " * 2, "holds 1 symbol."),
        ("x" * 101 + " b c", "characters"),
    ):
        found = page(client, f"/gene-list?genes={genes}", 400)
        field = found.one("textarea", id="genes")
        assert field.get("aria-invalid") == "true"
        assert says in found.one("div", id="genes-error").text
        assert "genes-error" in field.get("aria-describedby").split()
        assert found.one("title").text.startswith("Error")
    many = " ".join(f"G{place}" for place in range(501))
    assert "501 symbols" in page(client, f"/gene-list?genes={many}", 400).one("div", id="genes-error").text


def test_a_gene_list_that_is_posted_can_be_shared(client: TestClient) -> None:
    answer = client.post(
        "/gene-list", data={"genes": "TP53,\nSTAT3; JAK2 TP53", "organism": "9606", "strictness": "strict"},
        follow_redirects=False,
    )  # fmt: skip
    assert answer.status_code == 303
    assert answer.headers["location"] == "/gene-list?genes=TP53+STAT3+JAK2&organism=9606&strictness=strict#result"
    found = page(client, answer.headers["location"])
    assert found.one("textarea").text == "TP53 STAT3 JAK2"
    assert "from 3 symbols" in found.one("main").text
    assert "Not found: TP53" in found.one("main").text
    assert len(found.within("result")) == 50


def test_forms_that_are_no_forms_are_refused(client: TestClient) -> None:
    assert client.post("/gene-list", content=b"{}", headers={"Content-Type": "application/json"}).status_code == 415
    assert client.post("/gene-list", data={"genes": "x" * 3_000_000}).status_code == 413
    many = {f"f{place}": "1" for place in range(200)}
    assert client.post("/settings", data=many).status_code == 400
    assert client.get("/settings").status_code == 405


def test_settings_are_kept_in_cookies_and_lead_back(client: TestClient) -> None:
    answer = client.post("/settings", data={"theme": "dark", "back": "/gene/6774?page=2"}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/gene/6774?page=2")
    assert "httponly" in answer.headers["set-cookie"].lower()
    assert "samesite=lax" in answer.headers["set-cookie"].lower()
    assert page(client, "/").one("html").get("data-theme") == "dark"
    client.cookies.set("theme", "<b>")
    assert page(client, "/about").one("html").get("data-theme") in {"auto", "dark"}


@pytest.mark.parametrize(
    "back", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/a\r\nX: 1"]
)
def test_nobody_is_sent_elsewhere(client: TestClient, back: str) -> None:
    answer = client.post("/settings", data={"theme": "dark", "back": back}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


@pytest.mark.parametrize(
    "path", ["/gene/1", "/chemical/x", "/disease/x", "/organism/x", "/figure/x/y", "/paper/x", "/nope", "/gene/"]
)
def test_what_is_not_there_offers_the_search(client: TestClient, path: str) -> None:
    found = page(client, path, 404)
    assert (
        found.one("input", id="q").get("value") == path.removeprefix("/figure/").rpartition("/")[2] or "/" in path[1:]
    )
    if not path.endswith("/"):
        assert "Did you mean" in found.one("main").text
        assert "/gene/6774" in found.links()


def test_a_bug_is_a_500_page_without_its_secrets(client: TestClient) -> None:
    found = page(client, "/bug", 500)
    assert "a fault of the explorer" in found.one("main").text
    assert "secret" not in client.get("/bug").text
    assert faults(found) == []


def test_our_own_errors_say_how_to_mend(client: TestClient) -> None:
    found = page(client, "/refuse", 400)
    assert "This is no query. It has no verb. Begin with SELECT." in found.one("main").text


@pytest.mark.parametrize(
    "path",
    ["/gene/6774?page=abc&sort=x&dir=y&from=zz&strictness=no&organism=%00", "/search?q=%FF%FE", "/genes?page=-5"],
)
def test_wrong_parameters_break_nothing(client: TestClient, path: str) -> None:
    assert faults(page(client, path)) == []


def test_pages_differ_by_reader_and_are_not_shared(client: TestClient) -> None:
    headers = client.get("/gene/6774").headers
    assert headers["cache-control"] == "private, no-cache"
    assert headers["vary"] == "Accept, Cookie"


def test_static_files_carry_their_content_in_their_address(client: TestClient) -> None:
    found = page(client, "/figure/PMC1__F1.jpg")
    addresses = [one.get("src") for one in found.all("script")] + [
        one.get("href") for one in found.all("link") if one.get("rel") != "alternate"
    ]
    assert len(addresses) == 6
    for address in addresses:
        path, _, version = address.partition("?v=")
        answer = client.get(path)
        assert hashlib.sha256(answer.content).hexdigest().startswith(version)
        assert len(version) == 12


def test_vendored_parts_are_as_their_list_says() -> None:
    listed = json.loads((STATIC / "vendor" / "vendor.json").read_text("utf-8"))
    files = {name: digest for part in listed for name, digest in part["files"].items()}
    present = {
        path.relative_to(STATIC / "vendor").as_posix() for path in (STATIC / "vendor").rglob("*") if path.is_file()
    }
    assert present - set(files) == {"vendor.json"}
    assert len(listed) >= 2
    for name, digest in files.items():
        assert hashlib.sha256((STATIC / "vendor" / name).read_bytes()).hexdigest() == digest
    assert all(any("LICENSE" in name.upper() for name in part["files"]) for part in listed)
