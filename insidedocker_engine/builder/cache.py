"""The build cache: finds the image that the same step made before on the same parent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..images.store import Image, Images

_NOT_COMPARED = ("Image", "Hostname", "ArgsEscaped")


class Cache:
    """Looks steps up for one build. After the first miss in a stage it stops looking: all later
    steps stand on a new image."""

    def __init__(self, images: Images, enabled: bool, sources: list[str]) -> None:
        self._images = images
        self._enabled = enabled
        self._named = bool(sources)
        found = [images.find(name) for name in sources]
        self._sources = [image for image in found if image is not None]
        self._missed = False

    def begin_stage(self) -> None:
        self._missed = False

    def look_up(self, parent: Image | None, step: dict[str, Any]) -> Image | None:
        """The image that `step` (the settings of its container) made on `parent`, or None."""
        if not self._enabled or self._missed:
            return None
        found = self._child(parent, step)
        if self._named and (found is None or not self._belongs(found)):
            found = self._in_sources(parent, step)
        self._missed = found is None
        return found

    def _child(self, parent: Image | None, step: dict[str, Any]) -> Image | None:
        wanted = _compared(step)
        for child in self._images.all():  # newest first
            here = child.parent == (parent.id if parent else "")
            made_by = child.config.get("container_config")
            if here and made_by and _compared(made_by) == wanted:
                return child
        return None

    def _belongs(self, image: Image) -> bool:
        """True where one of the named sources is `image` or was built from it."""
        for source in self._sources:
            at: Image | None = source
            while at is not None:
                if at.id == image.id:
                    return True
                at = self._images.find(at.parent) if at.parent else None
        return False

    def _in_sources(self, parent: Image | None, step: dict[str, Any]) -> Image | None:
        """A source whose history is the parent's plus this step."""
        done = _history(parent) if parent else []
        for source in self._sources:
            steps = _history(source)
            same = steps[: len(done)] == done
            if same and steps[len(done) :] == [" ".join(step["Cmd"])]:
                return source
        return None


def _history(image: Image) -> list[str]:
    return [item.get("created_by", "") for item in image.config.get("history") or []]


def _compared(step: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in step.items() if value and name not in _NOT_COMPARED}
