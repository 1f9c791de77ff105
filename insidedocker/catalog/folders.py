"""The catalogue's folder: in the user's own cache unless INSIDEDOCKER_CATALOG names another."""

from __future__ import annotations

import os
from pathlib import Path

from insidedocker.catalog.errors import CatalogError
from insidedocker_engine.host import private


def cache() -> Path:
    """The catalogue's folder: ``$XDG_CACHE_HOME/insidedocker/catalog`` or below ``~/.cache``.

    INSIDEDOCKER_CATALOG names another folder, such as one that many accounts read and none writes.
    """
    named = os.environ.get("INSIDEDOCKER_CATALOG", "")
    if named.startswith("/"):
        return Path(named)
    base = os.environ.get("XDG_CACHE_HOME", "")
    # The XDG specification: a relative path is invalid and must be ignored.
    root = Path(base) if base.startswith("/") else Path.home() / ".cache"
    return root / "insidedocker" / "catalog"


def make() -> Path:
    """Return `cache()`, made where it is missing; unless INSIDEDOCKER_CATALOG names the folder,
    only this account can enter it. Raises CatalogError."""
    place = cache()
    try:
        if str(place) != os.environ.get("INSIDEDOCKER_CATALOG"):
            private.folder(place.parent)
        place.mkdir(parents=True, exist_ok=True)
    except private.NotPrivate as error:
        raise CatalogError(
            f"The images cannot be kept: {error}; or set XDG_CACHE_HOME to another folder of yours."
        ) from None
    return place
