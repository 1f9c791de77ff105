"""Fetches the URLs of ADD and of a build's `remote`."""

from __future__ import annotations

import email.message
import email.utils
import os
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from ..base import errors
from . import sources

CHUNK = 1 << 20
TIMEOUT = 60.0
"""Seconds without data."""
LIMIT = 16 << 30
"""Bytes of one download."""


def download(url: str, folder: Path, say: Callable[[str], None]) -> tuple[Path, str]:
    """Download `url` into `folder`; returns the file, and the name from the server or the URL.
    Raises APIError. Blocking."""
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT) as answer:
            say(f"Downloading {url}\n")
            handle, path = tempfile.mkstemp(dir=folder)
            total = 0
            with os.fdopen(handle, "wb") as file:
                while data := answer.read(CHUNK):
                    total += len(data)
                    if total > LIMIT:
                        raise errors.BadRequest(f"{url} is larger than {LIMIT} bytes")
                    file.write(data)
            _set_time(path, answer.headers)
            name = answer.headers.get_filename() or sources.name_of_url(answer.url)
    except urllib.error.HTTPError as error:
        raise errors.APIError(f"{url}: {error.code} {error.reason}") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise errors.APIError(f"{url} cannot be fetched: {reason}") from None
    if not name.strip("/."):
        raise errors.BadRequest(f"cannot determine filename for source {url}")
    return Path(path), os.path.basename(name)  # noqa: PTH119 - a name given by a server


def _set_time(path: str, headers: email.message.Message) -> None:
    try:
        moment = email.utils.parsedate_to_datetime(headers["Last-Modified"] or "").timestamp()
    except (TypeError, ValueError):
        moment = 0
    os.utime(path, (moment, moment))
