"""The course's images as archives that every engine loads: from Docker Hub, or built without
root from Debian's packages. `names`, `archive` and `load` are what other rooms need.
"""

from __future__ import annotations

from collections.abc import Iterable

from insidedocker.catalog.errors import CatalogError
from insidedocker.catalog.store import archive, names
from insidedocker.progress import Lines, Progress, Terminal

__all__ = ["CatalogError", "Lines", "Progress", "Terminal", "archive", "load", "names"]


def load(
    names: Iterable[str] | None,
    url: str,
    progress: Progress | None = None,
    *,
    replace: bool = False,
) -> None:
    """Load the images `names` (None: all) into the engine at `url`; made first where missing.

    `url` is what DOCKER_HOST may hold: ``unix:///PATH``, ``tcp://HOST:PORT`` or ``http://…``.
    What the engine already has is passed over, and so is a name that another image bears there,
    unless `replace` takes the name from it. Raises `CatalogError`, one clear sentence.
    """
    # The command line imports this room at every start; HTTP is for those who load or pull.
    from insidedocker.catalog import loading

    loading.load(names, url, progress, replace=replace)
