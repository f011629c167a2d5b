"""Places named by a URL, such as `s3://bucket/folder`: reached through fsspec, which is loaded only for them."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from kg.errors import UsageError

__all__ = ["absolute", "as_place", "filesystem", "is_url", "remote_errors"]

_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_PACKAGES: Final = {"s3": "s3fs", "s3a": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "abfs": "adlfs", "az": "adlfs"}


def is_url(place: str | os.PathLike[str]) -> bool:
    """Whether a place is named by a URL; a `Path` never is, since it takes two slashes for one.

    >>> is_url("s3://bucket/folder"), is_url("folder"), is_url("C:/folder")
    (True, False, False)
    """
    return isinstance(place, str) and _SCHEME.match(place) is not None


def as_place(text: str | os.PathLike[str]) -> Path | str:
    """A path, or a URL without its last slash; `file://` names a path.

    >>> as_place("s3://bucket/folder/"), as_place("file:///a%20b/c").as_posix()
    ('s3://bucket/folder', '/a b/c')
    """
    if not isinstance(text, str) or not is_url(text):
        return Path(text)
    if text.lower().startswith("file://"):
        parts = urlsplit(text)
        if parts.netloc not in ("", "localhost"):
            raise UsageError.of(
                "bad-url", f"{text} names another machine", "a file:// address has three slashes", "write file:///PATH"
            )
        return Path(unquote(parts.path))
    return text.rstrip("/") if not text.endswith("://") else text


def absolute(place: str | os.PathLike[str]) -> Path | str:
    """The same place, as any process of any working folder finds it."""
    found = as_place(place)
    return found.absolute() if isinstance(found, Path) else found


def filesystem(url: str) -> tuple[Any, str]:
    """The fsspec file system of a URL, and its path there.

    Raises:
        UsageError: a package that it needs is missing, or nothing knows such addresses.
    """
    scheme = url.partition("://")[0].lower()
    try:
        import fsspec  # noqa: PLC0415 (only where an address is given)

        found, path = fsspec.core.url_to_fs(url)
    except ImportError as error:
        package = _PACKAGES.get(scheme, "")
        wanted = f"fsspec {package}".strip() if error.name == "fsspec" or not package else package
        raise UsageError.of(
            "missing-package",
            f"{url} cannot be reached: {error}",
            f"addresses of {scheme}:// are read and written through fsspec, which is not part of a plain installation",
            f"pip install {wanted}",
        ) from None
    except ValueError as error:
        raise UsageError.of(
            "bad-url", f"{url} cannot be reached: {error}", "", "name a path, or an address such as s3://BUCKET/FOLDER"
        ) from None
    except remote_errors() as error:
        raise UsageError.of("unreadable-source", f"{url}: {error}", "", "check the address and your rights") from None
    return found, path


def remote_errors() -> tuple[type[Exception], ...]:
    """What a far file system raises besides `OSError`, as far as its packages are loaded."""
    found: list[type[Exception]] = [OSError]
    for module, name in (
        ("botocore.exceptions", "BotoCoreError"),
        ("aiohttp", "ClientError"),
        ("gcsfs.retry", "HttpError"),
    ):
        if module in sys.modules:
            found.append(getattr(sys.modules[module], name))
    return tuple(found)
