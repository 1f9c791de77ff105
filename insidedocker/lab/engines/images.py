"""Images that a lesson needs: put on the engine from the catalogue, never pulled.

Knows that the catalogue has them by name; not how an image is made.
"""

from __future__ import annotations

from insidedocker.lab import progress
from insidedocker.lab.engines.session import Engine
from insidedocker.lab.errors import SetupFailed


class ImageMissing(SetupFailed):
    """An image a lesson needs cannot be had; the text says why and what to do."""


def need(engine: Engine, *names: str, quiet: bool = False) -> None:
    """See to it that the engine has images of these names ("busybox", "hello-world").

    What it lacks is loaded from the catalogue's archives, and shown meanwhile unless `quiet`. An
    image of that name which is there already stays as it is: it may be somebody's own. Raises
    ImageMissing.
    """
    missing = [name for name in names if engine.get(f"/images/{name}/json").status_code == 404]
    if not missing:
        return
    from insidedocker import catalog  # only where something has to be loaded

    try:
        catalog.load(missing, engine.url, None if quiet else progress.shown())
    except catalog.CatalogError as error:
        raise ImageMissing(str(error)) from error
