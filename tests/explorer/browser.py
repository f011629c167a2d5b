"""A headless Chromium that watches itself: what pages log, and which hosts they ask."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

__all__ = ["AXE", "Watched", "chromium", "serious", "watched"]

AXE: Final = Path(__file__).parent / "vendor" / "axe-4.14.1.min.js"
_SWITCHES: Final = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
_RULES: Final = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
}


@dataclass
class Watched:
    """A browser context with all that its pages said and asked."""

    context: BrowserContext
    said: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)

    def page(self) -> Page:
        """A new page that is watched."""
        page = self.context.new_page()
        page.on("console", lambda message: self._note(message.type, message.text))
        page.on("pageerror", lambda error: self.said.append(f"uncaught: {error}"))
        page.on("request", lambda request: self.hosts.add(urlsplit(request.url).netloc))
        return page

    def _note(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.said.append(f"{kind}: {text}")


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium; a test that asks for it is skipped where there is none."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("Chromium is not installed (apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(_SWITCHES))
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def watched(browser: Browser, **options: Any) -> Iterator[Watched]:
    """A context of its own: cookies, storage and size are not shared with others."""
    context = browser.new_context(**options)
    context.set_default_timeout(15_000)
    try:
        yield Watched(context)
    finally:
        context.close()


def serious(page: Page) -> list[str]:
    """What axe-core calls serious or critical on a page, as rule and first place; the page must allow evaluation."""
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("rules => axe.run(document, rules)", _RULES)
    assert found["passes"], "axe-core looked at nothing"
    wrong = [one for one in found["violations"] if one["impact"] in ("serious", "critical")]
    return [f"{one['id']}: {one['help']}: {one['nodes'][0]['html'][:200]}" for one in wrong]
