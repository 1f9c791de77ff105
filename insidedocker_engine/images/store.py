"""The images of an engine: their configs, layers and names, and their removal.

An image is a config (its digest is the image's id) and layers, all of them blobs. Names point to
ids. Independent of the API's JSON, of registries and of archives.

On disk, below the engine's root:
  blobs/sha256/<hex>     configs and uncompressed layers
  images/<hex>.json      one record for each image; an image exists when its record does
  repositories.json      name in full -> id, for tags and for digests
  distribution.json      diff id -> the compressed forms that registries have of it
  storage/<driver>/layers/<hex>  unpacked layers, made when first needed
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import os
import tempfile
import threading
import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from ..base import errors, timestamps
from ..base.errors import APIError
from ..base.events import Events
from ..base.kept_aside import KeptAside
from ..base.restrictions import Restrictions
from ..container.record import Container
from ..container.store import ContainerStore
from ..files import atomic_files, directory_trees
from ..files.tar_reader import SYMLINK, Corrupt, TarReader
from ..files.unsettled import Unsettled
from . import manifests, references
from .blobs import Blobs
from .manifests import Descriptor
from .references import Reference
from .registry_options import Options

if TYPE_CHECKING:
    from ..storage.contract import Driver

UNREADABLE = (
    OSError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    APIError,
    manifests.Malformed,
)
"""Errors of a record that another version wrote, or that is damaged."""

log = logging.getLogger(__name__)

HIGHEST = 125
"""Highest number of layers of an image made here, as with the Engine."""
RECORD = ("sizes", "parent", "tagged", "removed")
FORMS_KEPT = 8
"""Compressed forms remembered per layer."""


@dataclass
class Image:
    """One image. `sizes` are bytes of the files in each layer, lowest first."""

    id: str
    config: dict[str, Any]
    """The image config, unchanged."""
    diff_ids: list[str]
    sizes: list[int]
    parent: str = ""
    """Id of the image it was built from here; empty where unknown."""
    tagged: int = 0
    """Time of the last tag, in nanoseconds since 1970; 0 for never."""
    removed: bool = False
    """Deleted by force while a container used the image: only its layers are kept."""
    newer: dict[str, Any] = field(default_factory=dict)
    """Fields of its record that this version does not know."""

    @property
    def size(self) -> int:
        return sum(self.sizes)

    @cached_property
    def created(self) -> int | None:
        """Nanoseconds since 1970; None where the config has no valid time."""
        text = self.config.get("created")
        if not isinstance(text, str):
            return None
        try:
            return timestamps.parse(text)
        except errors.BadRequest:
            return None

    @property
    def settings(self) -> dict[str, Any]:
        """The settings that containers start from: Cmd, Env, …"""
        return self.config.get("config") or {}

    @property
    def labels(self) -> dict[str, str]:
        return self.settings.get("Labels") or {}

    @cached_property
    def chain(self) -> list[str]:
        """The chain id of each layer: a digest of the layer and all layers below."""
        found: list[str] = []
        for diff in self.diff_ids:
            link = hashlib.sha256(f"{found[-1]} {diff}".encode()).hexdigest() if found else ""
            found.append(f"sha256:{link}" if link else diff)
        return found

    @property
    def short(self) -> str:
        return self.id.removeprefix("sha256:")[:12]


@dataclass
class Names:
    """The names of images: tags, and the digests that registries know them by."""

    file: Path
    _ids: dict[Reference, str] = field(default_factory=dict)
    _names: dict[str, set[Reference]] = field(default_factory=dict)

    def load(self) -> None:
        """Read the names from disk. Raises OSError, ValueError and others where the file cannot be
        read."""
        with contextlib.suppress(FileNotFoundError):
            found = atomic_files.read_json(self.file).items()
            names = [(references.parse(text), identity) for text, identity in found]
            if not all(isinstance(identity, str) for _, identity in names):
                raise ValueError("a name without an image's id")
            for name, identity in names:
                self._put(name, identity)

    def forget(self, known: Collection[str]) -> None:
        """Drop the names of images that are not `known`."""
        for name in [name for name, identity in self._ids.items() if identity not in known]:
            self._drop(name)

    def get(self, name: Reference) -> str | None:
        if name.digest:
            return self._ids.get(name.with_digest(name.digest))
        return self._ids.get(name.tagged())

    def of(self, identity: str) -> list[Reference]:
        """Every name of an image, by repository, tags before digests."""
        return sorted(
            self._names.get(identity, ()), key=lambda name: (name.name, name.digest, name.tag)
        )

    def in_repository(self, repository: Reference) -> dict[str, str]:
        """Tag -> id."""
        return {
            name.tag: identity
            for name, identity in sorted(self._ids.items())
            if name.name == repository.name and name.tag
        }

    def set(self, name: Reference, identity: str) -> None:
        self._drop(name)
        self._put(name, identity)
        self._save()

    def remove(self, names: Iterable[Reference]) -> None:
        for name in names:
            self._drop(name)
        self._save()

    def _put(self, name: Reference, identity: str) -> None:
        self._ids[name] = identity
        self._names.setdefault(identity, set()).add(name)

    def _drop(self, name: Reference) -> None:
        identity = self._ids.pop(name, None)
        if identity is not None:
            self._names[identity].discard(name)

    def _save(self) -> None:
        atomic_files.write_json(
            self.file, {str(name): identity for name, identity in self._ids.items()}
        )


class Images:
    """The store of images. Use it only in the event loop's thread, except for the methods that
    block: call those in other threads."""

    def __init__(
        self,
        root: Path,
        *,
        driver: Driver,
        containers: ContainerStore,
        events: Events,
        restrictions: Restrictions,
        registries: Options,
        kept_aside: KeptAside,
    ) -> None:
        """`root` is the engine's root folder."""
        self._driver = driver
        self._containers = containers
        self._events = events
        self._restrictions = restrictions
        self.blobs = Blobs(root / "blobs")
        self.registries = registries
        """Registries to trust without TLS, and mirrors of Docker Hub."""
        self.names = Names(root / "repositories.json")
        self._records = root / "images"
        self._folders = driver.layers
        self._unsettled = Unsettled(driver.layers.with_name("unsettled-layers"))
        self.temporary = root / "tmp"
        self._forms_file = root / "distribution.json"
        self._forms: dict[str, list[tuple[str, Descriptor]]] = {}
        self._images: dict[str, Image] = {}
        self._kept_aside = kept_aside
        self._kept: set[str] = set()
        """Digests that unreadable images need."""
        self._doubt = False
        """True where it is not known what unreadable records need: then no blob is removed."""
        self._unpacking = threading.Lock()
        for folder in (self._records, self.temporary):
            folder.mkdir(mode=0o700, exist_ok=True)

    def load(self) -> None:
        """Read the images from disk, and remove the remains of interrupted work."""
        for file in self._records.glob("*.json"):
            identity = f"sha256:{file.stem}"
            try:
                image = self._read(identity, atomic_files.read_json(file))
            except UNREADABLE as error:
                self._kept_aside.note("the image", file, error)
                self._keep(identity)
                continue
            self._images[image.id] = image
        try:
            self.names.load()
        except UNREADABLE as error:
            self._kept_aside.move("the list of the images' names", self.names.file, error)
            self._doubt = True
        self.names.forget({*self._images, *self._kept})
        try:
            with contextlib.suppress(FileNotFoundError):
                for diff, forms in atomic_files.read_json(self._forms_file).items():
                    self._forms[diff] = [(where, Descriptor(*form)) for where, *form in forms]
        except UNREADABLE as error:  # it only saves uploads
            self._kept_aside.move("the list of compressed layers", self._forms_file, error)
        self._forget_doubtful_layers()
        self._sweep()

    def _forget_doubtful_layers(self) -> None:
        """Remove unpacked layers that a power failure may have emptied: their blobs are whole."""
        doubtful = self._unsettled.doubtful
        for name in doubtful:
            self._remove_folder(self._folders / name)
        if doubtful:
            atomic_files.sync_folder(self._folders)
        for name in doubtful:
            self._unsettled.settled(name)

    def _keep(self, identity: str) -> None:
        """Keep the blobs of an image whose record cannot be read; all blobs, where its own
        configuration does not tell which."""
        try:
            config = manifests.parse_config(self.blobs.read(identity))
            self._kept |= {identity, *manifests.diff_ids(config)}
        except UNREADABLE:
            self._doubt = True

    def _read(self, identity: str, record: dict[str, Any]) -> Image:
        config = manifests.parse_config(self.blobs.read(identity))
        diffs = manifests.diff_ids(config)
        for diff in diffs:
            if not self.blobs.has(diff):
                raise manifests.Malformed(f"its layer {diff} is missing")
        return Image(
            identity,
            config,
            diffs,
            list(record["sizes"]),
            record["parent"],
            record["tagged"],
            record["removed"],
            {name: each for name, each in record.items() if name not in RECORD},
        )

    def _write(self, image: Image) -> None:
        record = {
            **image.newer,
            "sizes": image.sizes,
            "parent": image.parent,
            "tagged": image.tagged,
            "removed": image.removed,
        }
        atomic_files.write_json(self._record(image.id), record)

    def _record(self, identity: str) -> Path:
        return self._records / f"{identity.removeprefix('sha256:')}.json"

    # Finding

    def get(self, name: str) -> Image:
        """Find an image by name, by id or by the first digits of an id. Raises NotFound,
        BadRequest."""
        image = self.find(name)
        if image is None:
            if references.identifier(name):
                raise errors.NotFound(f"No such image: {references.identifier(name)}")
            raise errors.NotFound(f"No such image: {references.parse(name).tagged().familiar}")
        return image

    def find(self, name: str) -> Image | None:
        """Like `get`, but None where the image is missing. Raises BadRequest."""
        identity = references.identifier(name)
        if identity is None:
            identity = self.names.get(references.parse(name)) or self._by_prefix(name)
        image = self._images.get(identity or "")
        return None if image is None or image.removed else image

    def base(self, identity: str) -> Image:
        """The image of a container, even if deleted by force meanwhile. Raises NotFound."""
        image = self._images.get(identity)
        if image is None:
            raise errors.NotFound(f"No such image: {identity}")
        return image

    def _by_prefix(self, text: str) -> str | None:
        digits = text.removeprefix("sha256:")
        if not digits or digits.strip("0123456789abcdef"):
            return None
        found = [image.id for image in self.all() if image.id[7:].startswith(digits)]
        return found[0] if len(found) == 1 else None

    def all(self) -> list[Image]:
        """All images, newest first."""
        here = [image for image in self._images.values() if not image.removed]
        return sorted(here, key=lambda image: image.created or 0, reverse=True)

    def children(self, identity: str) -> list[Image]:
        return [image for image in self.all() if image.parent == identity]

    def parents(self) -> set[str]:
        """The ids of all images that others were built from."""
        return {image.parent for image in self.all() if image.parent}

    def tags(self, identity: str) -> list[str]:
        """Tags of an image: busybox:latest, …"""
        return [name.familiar for name in self.names.of(identity) if name.tag]

    def digests(self, identity: str) -> list[str]:
        """Digests of an image in registries: busybox@sha256:…"""
        return [name.familiar for name in self.names.of(identity) if name.digest]

    def using(self, image: Image) -> list[Container]:
        """The containers made from an image, including those in the making."""
        return self._containers.using_image(image.id)

    def emit(self, action: str, image: Image, actor: str = "", name: str = "") -> None:
        """Emit an event of an image. `actor` is the name that the event concerns (pull, push), else
        the image's id; `name` is the event's name attribute (default: the actor)."""
        actor = actor or image.id
        self._events.emit("image", action, actor, {**image.labels, "name": name or actor})

    # Coming

    def measure(self, diff_id: str) -> int:
        """Bytes of the files in a layer. Raises BadRequest where it is not a tar. Blocking."""
        for image in list(self._images.values()):
            if diff_id in image.diff_ids:
                return image.sizes[image.diff_ids.index(diff_id)]
        with self.blobs.path(diff_id).open("rb") as file:
            return size_of_files(file)

    def layers_of(self, identity: str) -> list[str]:
        """The diff ids in a config in the blobs."""
        return manifests.diff_ids(manifests.parse_config(self.blobs.read(identity)))

    def add(self, identity: str, sizes: list[int], parent: str = "") -> Image:
        """Make an image of a config and layers that are in the blobs; `sizes` come from `measure`.
        Adding an image again changes nothing."""
        image = self._images.get(identity)
        if image is not None and not image.removed and (image.parent or not parent):
            return image
        self._restrictions.limit("images", len(self._images))
        config = manifests.parse_config(self.blobs.read(identity))
        tagged = image.tagged if image is not None else 0
        image = Image(identity, config, manifests.diff_ids(config), sizes, parent, tagged)
        self._write(image)
        self._images[identity] = image
        return image

    async def commit(self, config: dict[str, Any], parent: str = "") -> Image:
        """Make an image of `config`, whose layers are in the blobs (see `blobs.put_file`); used by
        import, build and commit. Raises BadRequest for too many layers."""
        diffs = manifests.diff_ids(config)
        if len(diffs) > HIGHEST:
            raise errors.BadRequest("max depth exceeded")
        with self.blobs.holding(diffs):
            sizes = await asyncio.to_thread(lambda: [self.measure(diff) for diff in diffs])
            return self.add(self.blobs.put(manifests.compact(config)), sizes, parent)

    def tag(self, image: Image, name: Reference) -> Image | None:
        """Name an image; returns the other image that had the name before, or None."""
        name = name.tagged()
        before = self.names.get(name)
        self.names.set(name, image.id)
        if name.tag:
            image.tagged = time.time_ns()
            self._write(image)
        return self._images.get(before) if before and before != image.id else None

    def forms(self, diff_id: str) -> list[tuple[str, Descriptor]]:
        """(full repository name, compressed blob) for each known copy of a layer."""
        return list(self._forms.get(diff_id, ()))

    def remember_forms(
        self, repository: Reference, forms: Iterable[tuple[str, Descriptor]]
    ) -> None:
        """Remember, after a pull or push, that `repository` has these (diff id, compressed
        blob)."""
        for diff, blob in forms:
            entry = (repository.name, blob)
            others = [known for known in self._forms.get(diff, ()) if known != entry]
            self._forms[diff] = [entry, *others][:FORMS_KEPT]
        self._save_forms()

    def _save_forms(self) -> None:
        value = {
            diff: [[where, blob.media_type, blob.digest, blob.size] for where, blob in forms]
            for diff, forms in self._forms.items()
        }
        atomic_files.write_json(self._forms_file, value)

    # Layers as folders

    def layer_folder(self, diff_id: str) -> Path:
        """The folder of an unpacked layer, present or not."""
        return self._folders / diff_id.removeprefix("sha256:")

    def layer_folders(self, image: Image) -> list[Path]:
        """The unpacked layers, lowest first. Raises BadRequest for a hostile layer. Blocking."""
        return [self._unpacked(diff) for diff in image.diff_ids]

    def _unpacked(self, diff_id: str) -> Path:
        folder = self.layer_folder(diff_id)
        with self._unpacking:
            if folder.exists():
                return folder
            self._unsettled.begin(folder.name)
            unfinished = Path(tempfile.mkdtemp(dir=self.temporary, prefix="layer-"))
            try:
                with self.blobs.path(diff_id).open("rb") as archive:
                    self._driver.unpack(archive, unfinished)
                unfinished.rename(folder)
            except BaseException:
                directory_trees.remove(unfinished)
                raise
            self._unsettled.done(folder.name)
        return folder

    # Going

    def untag(self, names: list[Reference]) -> None:
        self.names.remove(names)

    def drop(self, image: Image, keep_layers: bool) -> list[str]:
        """Forget an image without names; returns the chain ids of the layers that no other image
        has, highest first. With `keep_layers` a container still uses the layers: call
        `forget_unused` when that may have changed."""
        if keep_layers:
            image.removed = True
            self._write(image)
        else:
            del self._images[image.id]
            self._record(image.id).unlink(missing_ok=True)
            atomic_files.sync_folder(self._records)
        left = {link for other in self._images.values() for link in other.chain}
        return [link for link in reversed(image.chain) if link not in left]

    def forget_unused(self) -> None:
        """Forget images deleted by force that no container uses any more. Call it after the removal
        of a container."""
        for image in [image for image in self._images.values() if image.removed]:
            if not self.using(image):
                self.drop(image, keep_layers=False)
                self.free(image)

    def free(self, image: Image) -> None:
        """Remove the files of a dropped image that no other image needs. Blocks for a moment."""
        if self._doubt:
            return
        needed = {diff for other in self._images.values() for diff in other.diff_ids} | self._kept
        for diff in set(image.diff_ids) - needed:
            if self.blobs.remove(diff):
                self._remove_folder(self.layer_folder(diff))
                self._forms.pop(diff, None)
        if image.id not in {*self._images, *self._kept}:
            self.blobs.remove(image.id)
        self._save_forms()

    def _sweep(self) -> None:
        """Remove blobs and folders without an image: remains of an interrupted pull or deletion."""
        if self._doubt:
            return
        needed = {*self._images, *self._kept}
        for image in self._images.values():
            needed.update(image.diff_ids)
        for digest in list(self.blobs):
            if digest not in needed:
                self.blobs.remove(digest)
        for folder in list(self._folders.iterdir()):
            if f"sha256:{folder.name}" not in needed:
                self._remove_folder(folder)
        self._forms = {diff: forms for diff, forms in self._forms.items() if diff in needed}

    def _remove_folder(self, folder: Path) -> None:
        """Remove a layer's folder: moved aside in one step, so that half a layer is never seen."""
        aside = Path(tempfile.mkdtemp(dir=self.temporary, prefix="gone-"))
        try:
            folder.rename(aside / "layer")
        except FileNotFoundError:
            pass
        except OSError as error:
            log.warning("the unpacked layer %s cannot be removed: %s", folder, error)
        directory_trees.remove(aside)


def size_of_files(archive: BinaryIO) -> int:
    """Bytes of a layer's tar when unpacked, as the Engine counts: files, and the texts of symbolic
    links. Raises BadRequest."""
    try:
        return sum(
            len(os.fsencode(entry.link)) if entry.kind == SYMLINK else entry.size
            for entry in TarReader(archive)
        )
    except Corrupt as error:
        raise errors.BadRequest(f"a layer is no tar archive: {error}") from None
