"""A biologist's way through the explorer, in a real browser; a look at every page; and axe-core's word on each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.conftest import ROOT
from tests.explorer.browser import Watched, chromium, serious, watched

pytestmark = pytest.mark.loopback

SEED: Final = "PMC12080488__ITT-14-523-g0004"
SCREENS: Final = ROOT / "build" / "screens"
DESKTOP: Final = {"width": 1280, "height": 900}
PHONE: Final = {"width": 390, "height": 844}
PAGES: Final = {
    "home": "/",
    "search": "/search?q=stat",
    "nothing-found": "/search?q=zzzzqq",
    "gene": "/gene/6774",
    "chemical": "/chemical/CHEBI_59761",
    "disease": "/disease/D000544",
    "organism": "/organism/9606",
    "figure": f"/figure/{SEED}",
    "paper": "/paper/PMC12080488",
    "genes": "/genes",
    "chemicals": "/chemicals",
    "diseases": "/diseases",
    "organisms": "/organisms",
    "figures": "/figures",
    "gene-list": "/gene-list",
    "gene-list-result": "/gene-list?genes=JAK1,JAK2,STAT3,NOSUCHGENE",
    "dataset": "/dataset",
    "about": "/about",
    "query": "/query",
    "saved-query": "/query/figures-for-gene?gene=STAT3",
    "not-found": "/gene/0",
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def desktop(browser: Browser, served: str) -> Iterator[Watched]:
    """A window without pictures from elsewhere; whatever it logs or asks of others fails the test."""
    with watched(browser, viewport=DESKTOP, base_url=served) as seen:
        seen.context.add_cookies([{"name": "images", "value": "off", "url": served}])
        yield seen
    assert seen.said == []
    assert seen.hosts == {urlsplit(served).netloc}


def rows(page: Page, table: str) -> int:
    """How many rows of a table are shown."""
    return page.locator(f"{table} tbody tr:visible").count()


def test_from_a_gene_typed_to_its_figure(desktop: Watched) -> None:
    page = desktop.page()
    page.goto("/")
    box = page.get_by_role("combobox", name=re.compile("Gene, word")).first
    box.press_sequentially("STAT3", delay=20)
    page.get_by_role("option").filter(has_text="STAT3").first.click()
    expect(page).to_have_url(re.compile(r"/gene/6774$"))
    page.get_by_label("Read as").select_option("strict")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page).to_have_url(re.compile("strictness=strict"))
    page.locator(f"a[href*='{SEED}']").first.click()
    expect(page).to_have_url(re.compile(f"/figure/{SEED}"))
    page.get_by_label("Kind").select_option("gene")
    expect(page.locator("[data-told]")).to_contain_text("67")
    assert rows(page, "#table") == 67
    page.get_by_label("Strictness").select_option("strict")
    expect(page.locator("[data-told]")).to_contain_text("6 ")
    assert rows(page, "#table") == 6
    expect(
        page.locator(
            "a[href='https://doi.org/10.2147/itt.s485670'], a[href='https://doi.org/10.2147/ITT.S485670']"
        ).first
    ).to_be_visible()


def test_the_seeds_figure_is_three_clicks_from_home(desktop: Watched) -> None:
    page = desktop.page()
    page.goto("/")
    page.locator(f"main a[href='/figure/{SEED}']").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("JAK/STAT")
    assert page.locator("canvas").count() > 0, "the network was not drawn"
    colours = page.evaluate(
        """() => [...document.querySelectorAll('canvas')].flatMap(c =>
             [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]).filter(v => v).length"""
    )
    assert colours > 1000, "the network is blank"


@pytest.mark.parametrize(
    ("name", "parameter", "value", "wanted"),
    [
        ("figures-for-gene", "gene", "JAK2", SEED),
        ("figures-of-paper", "paper", "PMC99000001", "PMC99000001__made-g002"),
        ("genes-of-figure", "figure", "PMC99000002__made-f2", "AKT1"),
    ],
)
def test_a_saved_query_with_another_value(desktop: Watched, name: str, parameter: str, value: str, wanted: str) -> None:
    page = desktop.page()
    page.goto("/query")
    page.locator(f"a[href^='/query/{name}']").first.click()
    field = page.locator(f"[name='{parameter}']")
    assert field.input_value() != value
    field.fill(value)
    page.get_by_role("button", name=re.compile("^Run")).first.click()
    expect(page).to_have_url(re.compile(f"{parameter}={value}"))
    expect(page.locator("main table tbody")).to_contain_text(wanted)


def test_sparql_in_the_editor(desktop: Watched) -> None:
    page = desktop.page()
    page.goto("/query?query=" + "SELECT ?figure { ?figure a pfo:PathwayFigure }")
    page.locator(".yasqe_queryButton, .yasqe button").first.click()
    expect(page.locator(".yasr table tbody tr")).to_have_count(7)


def test_a_gene_list(desktop: Watched) -> None:
    page = desktop.page()
    page.goto("/gene-list")
    page.get_by_label(re.compile("symbols", re.IGNORECASE)).first.fill("JAK1\nJAK2 TYK2, STAT3\nNOSUCHGENE")
    page.get_by_role("button", name=re.compile("Rank|Find|Show")).first.click()
    expect(page.locator("main")).to_contain_text("NOSUCHGENE")
    expect(page.locator("main table tbody tr").first).to_contain_text("JAK/STAT")
    expect(page.locator("main")).to_contain_text(re.compile("human genes"))


def test_dark_is_kept(desktop: Watched) -> None:
    page = desktop.page()
    page.goto("/")
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_role("button", name="Dark").first.click()
    page.wait_for_load_state()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light
    page.goto("/gene/6774")
    assert page.locator("html").get_attribute("data-theme") == "dark"


def test_by_keyboard_alone(desktop: Watched) -> None:
    page = desktop.page()
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    box = page.get_by_role("combobox").first
    box.focus()
    page.keyboard.type("stat3", delay=20)
    expect(page.get_by_role("option").first).to_contain_text("STAT3")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/gene/6774$"))


def test_without_scripts(browser: Browser, served: str) -> None:
    """Search, a gene, its figure and a saved query, in a browser that runs no script."""
    with watched(browser, viewport=DESKTOP, base_url=served, java_script_enabled=False) as seen:
        page = seen.page()
        page.goto("/")
        page.locator("input[name='q']").last.fill("STAT3")
        page.get_by_role("button", name="Search").last.click()
        page.locator("main a[href='/gene/6774']").first.click()
        page.locator(f"main a[href='/figure/{SEED}']").first.click()
        assert rows(page, "#table") >= 67
        page.goto("/query/figures-for-gene?gene=JAK2")
        expect(page.locator("main table tbody")).to_contain_text(SEED)


@pytest.mark.parametrize(("size", "theme"), [(DESKTOP, "light"), (PHONE, "dark")], ids=["desktop", "phone"])
@pytest.mark.parametrize("name", PAGES)
def test_each_page(browser: Browser, served: str, name: str, size: dict[str, int], theme: str) -> None:
    """No page logs an error, asks another host, or scrolls sideways; axe-core finds nothing serious."""
    with watched(browser, viewport=size, base_url=served, bypass_csp=False) as seen:
        cookies = {"images": "off", "theme": theme}
        seen.context.add_cookies([{"name": key, "value": value, "url": served} for key, value in cookies.items()])
        page = seen.page()
        page.goto(PAGES[name], wait_until="networkidle")
        SCREENS.mkdir(parents=True, exist_ok=True)
        device = "phone" if size == PHONE else "desktop"
        page.screenshot(path=SCREENS / f"{name}-{device}-{theme}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0, "it scrolls sideways"
        assert [said for said in seen.said if "404" not in said] == []
        assert seen.hosts == {urlsplit(served).netloc}
        assert serious(page) == []
