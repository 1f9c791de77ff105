"""Images that a lesson needs: put on the engine from the catalogue, never pulled.

Knows the catalogue's images by name, not how an image is made.
"""

from __future__ import annotations

from insidedocker.lab import progress
from insidedocker.lab.engines.session import Engine
from insidedocker.lab.errors import SetupFailed


class ImageMissing(SetupFailed):
    """An image that a lesson needs is not available; the text says why and what to do."""


def need(engine: Engine, *names: str, quiet: bool = False) -> None:
    """Make sure that the engine has images of these names ("busybox", "hello-world").

    Missing images are loaded from the catalogue's archives, with progress shown unless `quiet`. An
    image that already has the name stays as it is: it may be a person's own. Raises ImageMissing.
    """
    missing = [name for name in names if engine.get(f"/images/{name}/json").status_code == 404]
    if not missing:
        return
    from insidedocker import catalog  # needed only for loading

    try:
        catalog.load(missing, engine.url, None if quiet else progress.shown())
    except catalog.CatalogError as error:
        raise ImageMissing(str(error)) from error
