"""Deletion of images by the Engine's rules: first names, then the image, then unneeded parents. An
image used by a container stays unless `force` is set.

Knows images and the containers that use them; of the API's JSON only the list of deleted items.
"""

from __future__ import annotations

from ..base import bulk, errors, filters
from . import references
from .references import Reference
from .store import Image, Images

Records = list[dict[str, str]]
"""`{"Untagged": name}` and `{"Deleted": id of an image, or chain id of a layer}`."""


class _Conflict(errors.Conflict):
    """The reason why an image stays. `hard`: also with force."""

    def __init__(self, image: Image, reason: str, hard: bool, used: bool = False) -> None:
        forced = "cannot be forced" if hard else "must be forced"
        super().__init__(f"conflict: unable to delete {image.short} ({forced}) - {reason}")
        self.used = used


class Deletion:
    """One request to delete: first everything is decided, then it happens at once, and only then it
    is told. `records` collects the deleted items."""

    def __init__(self, images: Images) -> None:
        self._images = images
        self.records: Records = []
        self._names: list[Reference] = []
        """The names to remove."""
        self._gone: list[Image] = []
        """The images to remove."""
        self._events: list[tuple[str, Image]] = []

    async def delete(self, name: str, force: bool, prune: bool) -> Records:
        """Delete `name`: one name of an image, or by id the image with all its names. With `prune`
        untagged parents are deleted too. Raises NotFound, Conflict, OSError."""
        self._decide(name, force, prune)
        self._images.remove(self._gone, self._names)
        for action, image in self._events:
            self._images.emit(action, image)
        for image in self._gone:
            await bulk.run(self._images.free, image)
        if self._gone:
            self._images.settle()
        return self.records

    def _decide(self, name: str, force: bool, prune: bool) -> None:
        image = self._images.get(name)
        by_name = not _is_prefix(image.id, name)
        if by_name:
            self._untag_one(image, references.parse(name), force)
            if self._names_of(image):
                return
        elif _single(self._names_of(image)):
            self._check(image, force, names=False)
            self._untag(image, self._names_of(image))
        self._remove(image, force, prune, quiet=by_name)

    def _untag_one(self, image: Image, name: Reference, force: bool) -> None:
        """Remove one name; with the last tag of a repository its digests are removed too. Raises
        Conflict."""
        names = self._names_of(image)
        used = self._images.using(image)
        if not force and _single(names) and used:
            raise errors.Conflict(
                f'conflict: unable to remove repository reference "{name.familiar}" (must force) '
                f"- container {used[0].id[:12]} is using its referenced image {image.short}"
            )
        gone = name.with_digest(name.digest) if name.digest else name.tagged()
        self._untag(image, [gone])
        left = [other for other in self._names_of(image) if other.name == name.name]
        if gone.tag and not any(other.tag for other in left):
            self._untag(image, left, tell=False)

    def _untag(self, image: Image, names: list[Reference], tell: bool = True) -> None:
        self._names += names
        for name in names:
            if tell:
                self._events.append(("untag", image))
            self.records.append({"Untagged": name.familiar})

    def _remove(self, image: Image, force: bool, prune: bool, quiet: bool) -> None:
        """Delete an image. `quiet`: an image that has to stay is no error, except a dangling image
        that is not in use."""
        try:
            self._check(image, force)
        except _Conflict as conflict:
            dangling = not self._names_of(image) and not self._children(image)
            if quiet and (not dangling or conflict.used):
                return
            raise
        self._untag(image, self._names_of(image))
        self._gone.append(image)
        self._events.append(("delete", image))
        self.records.append({"Deleted": image.id})
        if not self._images.using(image):
            self.records += [{"Deleted": link} for link in self._links_gone_with(image)]
        parent = self._images.find(image.parent) if image.parent else None
        if prune and parent is not None:
            self._remove(parent, force=False, prune=True, quiet=True)

    def _check(self, image: Image, force: bool, names: bool = True) -> None:
        """Raise _Conflict where the image has to stay."""
        if self._children(image):
            raise _Conflict(image, "image has dependent child images", hard=True)
        used = self._images.using(image)
        running = [container for container in used if container.record.state.running]
        if running:
            reason = f"image is being used by running container {running[0].id[:12]}"
            raise _Conflict(image, reason, hard=True, used=True)
        if force:
            return
        if names and self._names_of(image):
            raise _Conflict(image, "image is referenced in multiple repositories", hard=False)
        if used:
            reason = f"image is being used by stopped container {used[0].id[:12]}"
            raise _Conflict(image, reason, hard=False, used=True)

    # The images as they will be

    def _names_of(self, image: Image) -> list[Reference]:
        return [name for name in self._images.names.of(image.id) if name not in self._names]

    def _children(self, image: Image) -> list[Image]:
        gone = {each.id for each in self._gone}
        return [each for each in self._images.children(image.id) if each.id not in gone]

    def _links_gone_with(self, image: Image) -> list[str]:
        """The chain ids of the layers that no other image has, highest first."""
        gone = {each.id for each in self._gone}
        left = {link for each in self._images.known() if each.id not in gone for link in each.chain}
        return [link for link in reversed(image.chain) if link not in left]


async def prune(images: Images, wanted: filters.Filters) -> tuple[Records, int]:
    """Delete unused images: untagged ones only, or with `dangling=false` all. Returns the deleted
    items and the bytes of their layers. Raises BadRequest."""
    passes = filters.prunable(wanted, ("dangling", "label", "label!", "until"))
    dangling_only = filters.flag(wanted, "dangling", default=True)
    records: Records = []
    sizes: dict[str, int] = {}
    parents = images.parents()
    for image in images.all():
        names = images.names.of(image.id)
        if not names and image.id in parents:
            continue  # an intermediate step of another image
        if not passes(image.labels, image.created or 0):
            continue
        sizes |= dict(zip(image.chain, image.sizes, strict=True))
        if dangling_only and any(name.tag for name in names):
            continue
        for name in [str(name) for name in names] or [image.id]:
            try:
                records += await Deletion(images).delete(name, force=False, prune=True)
            except (errors.Conflict, errors.NotFound):
                continue  # in use, or already deleted
    reclaimed = sum(sizes.get(record.get("Deleted", ""), 0) for record in records)
    return records, reclaimed


def _is_prefix(identity: str, text: str) -> bool:
    return identity.startswith(text) or identity.removeprefix("sha256:").startswith(text)


def _single(names: list[Reference]) -> bool:
    """True for at most one tag, with all digests in one repository."""
    tags = [name for name in names if name.tag]
    return len(tags) <= 1 and len({name.name for name in names}) <= 1
