"""The pages of queries in a real browser: editor and results, plots and networks, the keyboard, axe-core's word."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from kg.savedqueries import load_queries
from tests.explorer.browser import Watched, chromium, serious, watched

pytestmark = pytest.mark.loopback

DESKTOP: Final = {"width": 1280, "height": 900}
PHONE: Final = {"width": 390, "height": 844}
FIGURES: Final = "SELECT ?figure ?title { ?figure a pfo:PathwayFigure ; dcterms:title ?title } ORDER BY ?figure"
ENDLESS: Final = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l . ?m ?n2 ?o }"
PAINTED: Final = """() => [...document.querySelectorAll('canvas')].flatMap(c =>
    [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]).filter(v => v).length"""


@pytest.fixture(scope="module", name="browser")
def _browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(name="seen")
def _seen(browser: Browser, served: str) -> Iterator[Watched]:
    """A window; whatever it logs (a breach of the Content-Security-Policy, too) or asks of others fails the test."""
    with watched(browser, viewport=DESKTOP, base_url=served) as seen:
        yield seen
    assert seen.said == []
    assert seen.hosts == {urlsplit(served).netloc}


def editor(page: Page, query: str = "") -> Page:
    page.goto(f"/query?{urlencode({'run': 'no', 'query': query})}" if query else "/query")
    page.locator(".yasqe").wait_for()
    return page


def written(page: Page) -> str:
    found: str = page.evaluate("() => document.querySelector('.CodeMirror').CodeMirror.getValue()")
    return found


def typed(page: Page, text: str) -> None:
    page.locator(".CodeMirror").first.click()
    page.keyboard.press("Control+a")
    page.keyboard.type(text)


def test_a_query_in_the_editor(seen: Watched) -> None:
    page = editor(seen.page(), FIGURES)
    page.locator(".CodeMirror").first.click()
    page.keyboard.press("Control+Enter")
    expect(page.locator(".yasr tbody tr")).to_have_count(7)
    expect(page.locator("#told")).to_have_text("7 rows.")
    link = page.locator(".yasr a.iri").first
    assert link.get_attribute("href") == "/figure/PMC12080488__ITT-14-523-g0004"
    assert parse_qs(urlsplit(page.url).query)["query"] == [FIGURES], "the address can be shared"
    assert page.evaluate("Object.keys(localStorage).length + Object.keys(sessionStorage).length") == 0
    page.locator(".select_response").click()
    expect(page.locator(".yasr_results")).to_contain_text("bindings")
    page.reload()
    expect(page.locator("#result tbody tr")).to_have_count(7)


def test_completions_come_from_this_graph(seen: Watched) -> None:
    page = editor(seen.page())
    typed(page, "PREFIX pf")
    expect(page.locator(".CodeMirror-hints li").first).to_have_text("pfo: <https://w3id.org/pfocr-kg/vocab#>")
    assert page.locator(".CodeMirror-hints").get_attribute("aria-label") == "Completions"
    page.keyboard.press("Escape")
    typed(page, "SELECT * { ?f a pfo:Path")
    page.keyboard.press("Control+Space")
    expect(page.locator(".CodeMirror-hints li")).to_have_text(["pfo:PathwayFigure"])
    assert serious(page) == []
    page.keyboard.press("Enter")
    assert "pfo:PathwayFigure" in written(page)
    assert "PREFIX pfo: <https://w3id.org/pfocr-kg/vocab#>" in written(page)


def test_the_keyboard_is_not_trapped(seen: Watched) -> None:
    page = editor(seen.page())
    page.locator(".CodeMirror").first.click()
    before = written(page)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "run"
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "SPARQL query"
    assert written(page) == before
    page.keyboard.press("Shift+Tab")
    assert page.evaluate("document.activeElement.closest('.yasqe')") is None


def test_a_line_with_an_error_says_so(seen: Watched) -> None:
    page = editor(seen.page())
    typed(page, "SELECT foo")
    mark = page.locator(".parseErrorIcon")
    mark.hover()
    expect(mark).to_have_attribute("title", "A syntax error, or a prefix that is not declared")
    page.mouse.move(0, 0)


def test_a_refused_query_is_told(browser: Browser, served: str) -> None:
    """The browser itself logs the status; nothing else may be logged."""
    with watched(browser, viewport=DESKTOP, base_url=served) as seen:
        page = editor(seen.page(), "SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }")
        page.locator("#run").click()
        expect(page.locator(".yasr .errorResult")).to_contain_text("--federate")
        expect(page.locator("#told")).to_contain_text("failed")
        assert serious(page) == []
        assert seen.said == ["error: Failed to load resource: the server responded with a status of 403 (Forbidden)"]
        assert seen.hosts == {urlsplit(served).netloc}


def test_a_query_can_be_stopped(seen: Watched) -> None:
    page = editor(seen.page(), ENDLESS)
    page.locator("#run").click()
    expect(page.locator("#run")).to_have_text("Stop")
    page.locator("#run").click()
    expect(page.locator("#told")).to_have_text("Stopped.")
    expect(page.locator("#run")).to_have_text("Run the query")


def test_a_long_query_is_shared_behind_the_address(seen: Watched) -> None:
    page = seen.page()
    text = f"SELECT (7 AS ?seven) {{}} # {'x' * 7_000}"
    page.goto(f"/query#query={quote(text)}")
    expect(page.locator(".yasr tbody tr")).to_have_count(1)
    assert written(page) == text
    page.locator("#copy").click()
    expect(page.locator("#told")).to_contain_text("link")


def test_suggestions_fill_a_field(seen: Watched) -> None:
    page = seen.page()
    page.goto("/query/figures-for-gene")
    field = page.get_by_label("Gene", exact=True)
    field.fill("")
    field.press_sequentially("STA", delay=20)
    expect(page.locator("datalist option[value='STAT3']")).to_be_attached()


def test_a_plot_and_a_network_are_drawn(seen: Watched) -> None:
    page = seen.page()
    page.goto("/query/co-mentioned-genes?run=1&gene=STAT3&view=plot")
    page.locator("canvas").first.wait_for()
    page.wait_for_timeout(400)
    assert page.evaluate(PAINTED) > 1000, "the plot is blank"
    page.goto("/query/suspect-mentions?run=1&figure=&lexicon=&view=network")
    page.locator("#rows-network canvas").first.wait_for()
    page.wait_for_timeout(400)
    assert page.evaluate(PAINTED) > 1000, "the network is blank"
    assert "nodes" in (page.locator("#rows-network").get_attribute("aria-label") or "")


@pytest.mark.parametrize(("size", "theme"), [(DESKTOP, "light"), (PHONE, "dark")], ids=["desktop", "phone"])
def test_axe_finds_nothing_serious(browser: Browser, served: str, size: dict[str, int], theme: str) -> None:
    names = list(load_queries())
    paths = [f"/query/{name}" for name in (names if size is DESKTOP else names[5:8])] + [
        "/query/co-mentioned-genes?run=1&gene=STAT3",
        "/query/co-mentioned-genes?run=1&gene=STAT3&view=plot",
        "/query/suspect-mentions?run=1&figure=&view=network",
        f"/query?{urlencode({'query': 'SELECT * { ?s a pfo:PathwayFigure ; ?p ?o }'})}",
        "/query?query=ASK+%7B%7D",
    ]
    with watched(browser, viewport=size, base_url=served) as seen:
        seen.context.add_cookies([{"name": "theme", "value": theme, "url": served}])
        page = seen.page()
        for path in paths:
            page.goto(path, wait_until="networkidle")
            assert serious(page) == [], path
            assert page.evaluate("document.documentElement.scrollWidth") == size["width"], f"{path} scrolls sideways"
        editor(page, FIGURES)
        assert serious(page) == []
        page.locator(".yasqe_queryButton").click()
        page.locator(".yasr tbody tr").first.wait_for()
        assert serious(page) == []
        page.locator(".select_response").click()
        page.locator(".yasr .CodeMirror").wait_for()
        assert serious(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") == size["width"]
        assert seen.said == []
        assert seen.hosts == {urlsplit(served).netloc}
