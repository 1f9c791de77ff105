"""The context of a build as a folder: from an archive, or from a URL."""

from __future__ import annotations

import contextlib
import os
import posixpath
import shutil
from pathlib import Path
from typing import BinaryIO

from ..base import errors
from ..files import safe_path, tar_extract
from ..images import compression
from . import ignore
from .download import download

DOCKERFILE_LIMIT = 4 << 20
IGNORE = ".dockerignore"


def unpack(archive: BinaryIO, folder: Path) -> None:
    """Unpack the archive into `folder`. Raises BadRequest. Blocking."""
    tar_extract.extract(archive, folder)


def fetch(url: str, folder: Path, name: str) -> None:
    """Fetch `url` into `folder`: an archive is unpacked, anything else is the Dockerfile and is
    stored as `name`. Raises APIError. Blocking."""
    if not url.startswith(("http://", "https://")) or url.endswith(".git"):
        raise errors.BadRequest(
            f"{url}: this builder takes a context from an http or https address only; "
            "clone the repository and send it as the context"
        )
    fetched, _ = download(url, folder.parent, _nothing)
    try:
        plain = fetched.with_name(fetched.name + ".tar")
        with fetched.open("rb") as packed, plain.open("wb") as tar:
            compression.decompress(packed, tar)
        with plain.open("rb") as tar:
            tar.seek(257)
            is_archive = tar.read(5) == b"ustar"
            tar.seek(0)
            if is_archive:
                unpack(tar, folder)
            else:
                with (folder / name).open("wb") as dockerfile:
                    shutil.copyfileobj(tar, dockerfile)
    except compression.CompressionError as error:
        raise errors.BadRequest(f"{url}: {error}") from None
    finally:
        fetched.unlink(missing_ok=True)
        fetched.with_name(fetched.name + ".tar").unlink(missing_ok=True)


def _nothing(_text: str) -> None:
    pass


def read_dockerfile(folder: Path, name: str) -> str:
    """The text of the Dockerfile. Also removes it and .dockerignore from the context where the
    patterns exclude them. Raises APIError."""
    path, text = name or "Dockerfile", None
    if posixpath.normpath(path).startswith(".."):
        raise errors.BadRequest(f"forbidden path outside the build context: {path} ()")
    with contextlib.suppress(OSError):
        text = _read(folder, path)
    if text is None and not name:
        with contextlib.suppress(OSError):
            path, text = "dockerfile", _read(folder, "dockerfile")
    if text is None:
        raise errors.APIError(f"Cannot locate specified Dockerfile: {name or 'Dockerfile'}")
    if not text.strip():
        raise errors.BadRequest(f"the Dockerfile ({path}) cannot be empty")
    with contextlib.suppress(OSError):
        patterns = ignore.read(_read(folder, IGNORE))
        for each in (IGNORE, path):
            if ignore.excluded(each.lstrip("/"), patterns):
                with contextlib.suppress(OSError), safe_path.find(folder, each, False) as place:
                    os.unlink(place.name, dir_fd=place.folder)
    return text


def _read(folder: Path, path: str) -> str:
    handle = safe_path.open_in(folder, path, os.O_RDONLY | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as file:
        return file.read(DOCKERFILE_LIMIT).decode("utf-8", "replace")
