"""The course's images as archives that every engine loads: from Docker Hub, or built without
root from Debian's packages. Other packages use `names`, `archive` and `load`.

    store           the user's archives: found, verified, made where missing
    loading         archives loaded into an engine
    hub             Docker Hub as a source
    debian, tools   Debian's packages, and programs from them, without root
    recipes, build  an image from Debian's packages: its steps, its archive
    layer           a layer as a set of files, and as a tar
    image_archive   an image in one tar file: written, and read back
    greeting        the program of hello-world
    texts           the files of `files/` that go into images, and the edition of the recipes
    folders         the catalogue's folder
    errors          CatalogError and its kinds
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
    """Load the images `names` (None: all) into the engine at `url`; make missing archives first.

    `url` is what DOCKER_HOST may hold: ``unix:///PATH``, ``tcp://HOST:PORT`` or ``http://…``.
    An image that the engine already has is passed over, and so is a name that another image bears
    there, unless `replace` gives the name to the course's image. Raises `CatalogError`, one clear
    sentence.
    """
    # The command line imports this package at every start; only loading and pulling need HTTP.
    from insidedocker.catalog import loading

    loading.load(names, url, progress, replace=replace)
