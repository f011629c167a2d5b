"""What an address or a form asks for: numbers, choices, texts, with defaults for what makes no sense."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, TypeVar
from urllib.parse import parse_qsl, urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request

__all__ = ["LARGEST_FORM", "choice", "form", "local_path", "number", "text", "year"]

LARGEST_FORM: Final = 2 << 20
"""Bytes of a form; 500 gene symbols take 4,000."""

_LONGEST_TEXT: Final = 300
_DIGITS: Final = re.compile(r"\d{1,9}", re.ASCII)

Chosen = TypeVar("Chosen", bound=str)


def number(asked: Mapping[str, str], name: str, *, default: int, least: int = 1, most: int = 1_000_000) -> int:
    """A whole number within limits; the default for anything else.

    >>> number({"page": "3"}, "page", default=1), number({"page": "abc"}, "page", default=1)
    (3, 1)
    """
    told = asked.get(name, "").strip()
    return min(max(int(told), least), most) if _DIGITS.fullmatch(told) else default


def year(asked: Mapping[str, str], name: str) -> int | None:
    """A year, or None.

    >>> year({"from": "2019"}, "from"), year({"from": "19"}, "from")
    (2019, None)
    """
    found = number(asked, name, default=0)
    return found if 1000 <= found <= 9999 else None


def choice(asked: Mapping[str, str], name: str, allowed: Sequence[Chosen], default: Chosen) -> Chosen:
    """One of what is allowed.

    >>> choice({"dir": "up"}, "dir", ("asc", "desc"), "asc")
    'asc'
    """
    told = asked.get(name, "")
    return next((one for one in allowed if one == told), default)


def text(asked: Mapping[str, str], name: str, *, longest: int = _LONGEST_TEXT) -> str:
    """A text without control characters, blanks at its ends, or endless length."""
    told = "".join(" " if char < " " or char == "\x7f" else char for char in asked.get(name, "")[:longest])
    return told.strip()


async def form(request: Request) -> dict[str, str]:
    """The fields of a form that was posted (`application/x-www-form-urlencoded`); of repeated ones the last.

    Raises:
        HTTPException: it is no such form (415), or larger than `LARGEST_FORM` (413).
    """
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != "application/x-www-form-urlencoded":
        raise HTTPException(415, "This address takes forms: application/x-www-form-urlencoded.")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_FORM:
            raise HTTPException(413, f"The form is larger than {LARGEST_FORM:,} bytes.")
    try:
        return dict(parse_qsl(body.decode("ascii", "replace"), keep_blank_values=True, max_num_fields=100))
    except ValueError:
        raise HTTPException(400, "The form has too many fields.") from None


def local_path(address: str) -> str:
    r"""The address if it is a path of this server, else the home page: nobody is sent elsewhere.

    >>> [local_path(a) for a in ("/gene/6774?page=2", "//evil.example", "/\\evil.example", "https://evil.example")]
    ['/gene/6774?page=2', '/', '/', '/']
    """
    try:
        parts = urlsplit(address)
    except ValueError:
        return "/"
    plain = address.isascii() and address.isprintable() and "\\" not in address
    return address if plain and not parts.scheme and not parts.netloc and address.startswith("/") else "/"
