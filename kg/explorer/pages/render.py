"""Pages as HTML: the templates, what every page needs (addresses of static files, the reader's choices), the answer.

Text from the graph is only ever text: all templates escape it, and an address from the data becomes a link only where
it is http or https.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse

from kg.explorer.context import Explorer

__all__ = ["STATIC", "THEMES", "Choices", "choices", "page", "render", "safe_url", "static_url"]

STATIC: Final = Path(__file__).parents[1] / "static"
"""The folder that is served at `/static`."""

THEMES: Final = ("auto", "light", "dark")
"""Light and dark; `auto` is what the reader's system says."""

_LICENCE: Final = re.compile(
    r"https?://creativecommons\.org/(?:publicdomain|licenses)/(?P<kind>zero|by[a-z-]*)/(?P<version>[\d.]+)/?(?:legalcode)?"
)
_TEMPLATES: Final = Path(__file__).parents[1] / "templates"

Context = Mapping[str, Any] | Callable[[], Mapping[str, Any]]
"""What a template shows, or the function that finds it (in a thread of its own, since it asks the index)."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What the reader chose, kept in cookies: the theme, and whether figures are shown as pictures."""

    theme: str
    images: bool


def choices(explorer: Explorer, request: Request) -> Choices:
    """What the reader chose; pictures never where the explorer is served without them."""
    theme = request.cookies.get("theme", "auto")
    wanted = request.cookies.get("images", "on") != "off"
    return Choices(theme if theme in THEMES else "auto", images=explorer.settings.images and wanted)


def safe_url(url: str) -> str:
    """The address if a browser may follow it, else nothing: `javascript:` and the like come from data, too.

    >>> safe_url("https://doi.org/10.1/x"), safe_url("javascript:alert(1)"), safe_url("https://")
    ('https://doi.org/10.1/x', '', '')
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme in ("http", "https") and parts.netloc else ""


def licence_name(iri: str) -> str:
    """A Creative Commons licence as people call it; any other as it is.

    >>> licence_name("http://creativecommons.org/publicdomain/zero/1.0/")
    'CC0 1.0'
    >>> licence_name("https://creativecommons.org/licenses/by-sa/4.0/")
    'CC BY-SA 4.0'
    """
    found = _LICENCE.fullmatch(iri)
    if not found:
        return iri
    return f"CC0 {found['version']}" if found["kind"] == "zero" else f"CC {found['kind'].upper()} {found['version']}"


@cache
def static_url(path: str) -> str:
    """The address of a file below `/static`, with its content in the address, so that browsers may keep it for good."""
    digest = hashlib.sha256((STATIC / path).read_bytes()).hexdigest()[:12]
    return f"/static/{path}?v={digest}"


def render(explorer: Explorer, request: Request, template: str, context: Mapping[str, Any]) -> str:
    """The HTML of a page."""
    site = {
        "site": explorer.name,
        "settings": explorer.settings,
        "choices": choices(explorer, request),
        "here": _here(request),
        "path": request.url.path,
    }
    return _environment().get_template(template).render(site | dict(context))


async def page(
    explorer: Explorer, request: Request, template: str, context: Context | None = None, *, status: int = 200
) -> HTMLResponse:
    """The answer that shows a template; a context that has to be found is found off the event loop.

    Args:
        explorer: what is served.
        request: who asks for what.
        template: a file of `templates/`; it extends `base.html`.
        context: names that the template uses.
        status: of the answer.
    """

    def made() -> str:
        found = context() if callable(context) else context or {}
        return render(explorer, request, template, found)

    text = await run_in_threadpool(made)
    return HTMLResponse(text, status, {"Cache-Control": "private, no-cache", "Vary": "Accept, Cookie"})


def _here(request: Request) -> str:
    """Path and query of the page, to come back to it; a page that was posted to is its form again."""
    query = request.url.query
    return f"{quote(request.url.path)}?{query}" if query and request.method == "GET" else quote(request.url.path)


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals["static"] = static_url
    made.filters |= {
        "number": _number,
        "safe_url": safe_url,
        "licence": licence_name,
        "path": lambda text: quote(text, safe=""),
        "doi_path": lambda text: quote(text, safe="/:;()"),
        "query": lambda values: urlencode({key: value for key, value in values.items() if value not in ("", None)}),
    }
    return made


def _number(value: float) -> str:
    """A number as people read it: `12,345`."""
    return f"{value:,}"
