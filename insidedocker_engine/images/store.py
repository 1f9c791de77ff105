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
import secrets
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from ..base import bulk, errors, timestamps, uncancelled
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

    def forget(self, known: Collection[str]) -> bool:
        """Drop the names of images that are not `known`; True where there were some."""
        unknown = [name for name, identity in self._ids.items() if identity not in known]
        for name in unknown:
            self._drop(name)
        return bool(unknown)

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

    def encoded(self, gone: Iterable[Reference], new: Mapping[Reference, str]) -> bytes:
        """The file's content after a change."""
        without = set(gone)
        ids = {name: each for name, each in self._ids.items() if name not in without} | dict(new)
        return atomic_files.encode({str(name): identity for name, identity in ids.items()})

    def change(self, gone: Iterable[Reference], new: Mapping[Reference, str]) -> None:
        """Change the names in memory only."""
        for name in [*gone, *new]:
            self._drop(name)
        for name, identity in new.items():
            self._put(name, identity)

    def _put(self, name: Reference, identity: str) -> None:
        self._ids[name] = identity
        self._names.setdefault(identity, set()).add(name)

    def _drop(self, name: Reference) -> None:
        identity = self._ids.pop(name, None)
        if identity is not None:
            self._names[identity].discard(name)


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
        self._names_late = False
        """True where the file still names images that are gone: a full disk did not take it."""
        self._coming = 0
        """Number of pulls, loads, imports and commits under way."""
        self._come_to_nothing = False
        """True where one of them has failed."""
        self._coming_lock = threading.Lock()
        self._unpacking: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        """Diff id -> held while the layer is unpacked. A large layer does not hold up others."""
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
        self._names_late = self.names.forget({*(each.id for each in self.all()), *self._kept})
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

    def _change(
        self,
        records: Iterable[tuple[Image, dict[str, Any]]] = (),
        *,
        gone: Iterable[Image] = (),
        unnamed: Iterable[Reference] = (),
        named: Mapping[Reference, str] | None = None,
    ) -> None:
        """Change several records and names at once: on disk, then in memory. `records` are images,
        new or not, with fields to change. Raises OSError, and then everything is as before.

        The removal of images needs no room on the disk: their names go when there is room.
        """
        records, gone, unnamed, named = list(records), list(gone), list(unnamed), named or {}
        files = {
            self._record(image.id): atomic_files.encode(_plain(image, changed))
            for image, changed in records
        }
        last = {image.id for image in gone}
        only_theirs = all(self.names.get(name) in last for name in unnamed)
        late = bool(gone) and only_theirs and not files and not named
        if not late and (unnamed or named or self._names_late):
            files[self.names.file] = self.names.encoded(unnamed, named)
        atomic_files.write_together(files)
        for image in gone:
            self._record(image.id).unlink(missing_ok=True)
        if gone:
            atomic_files.sync_folder(self._records)
        self._names_late = late
        self.names.change(unnamed, named)
        for image, changed in records:
            for name, value in changed.items():
                setattr(image, name, value)
            self._images[image.id] = image
        for image in gone:
            del self._images[image.id]

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

    def known(self) -> list[Image]:
        """All images, including those deleted by force whose layers a container uses."""
        return list(self._images.values())

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

    @contextlib.contextmanager
    def coming(self) -> Iterator[None]:
        """Blobs of new images come meanwhile. Where that fails, those that no image needs are
        removed once nothing else is coming: the next try needs their room."""
        with self._coming_lock:
            self._coming += 1
        try:
            yield
        except BaseException:
            self._come_to_nothing = True
            raise
        finally:
            with self._coming_lock:
                self._coming -= 1
                if self._coming == 0 and self._come_to_nothing:
                    self._come_to_nothing = False
                    self._remove_blobs(self._needed())

    def add(
        self,
        identity: str,
        sizes: list[int],
        parent: str = "",
        names: Iterable[Reference] = (),
    ) -> Image:
        """Make an image of a config and layers that are in the blobs, and give it `names`, all or
        nothing; `sizes` come from `measure`. An image that is there already gets the names."""
        image = self._images.get(identity)
        if image is None or image.removed or (parent and not image.parent):
            self._restrictions.limit("images", len(self._images))
            config = manifests.parse_config(self.blobs.read(identity))
            tagged = image.tagged if image is not None else 0
            image = Image(identity, config, manifests.diff_ids(config), sizes, parent, tagged)
            self._name(image, names, new=True)
        else:
            self._name(image, names)
        return image

    def tag(self, image: Image, *names: Reference) -> None:
        """Name an image; another image that has the name loses it."""
        self._name(image, names)

    def _name(self, image: Image, names: Iterable[Reference], new: bool = False) -> None:
        named = {name.tagged(): image.id for name in names}
        changed = {"tagged": time.time_ns()} if any(name.tag for name in named) else {}
        self._change([(image, changed)] if new or changed else [], named=named)

    def named(self, name: Reference) -> Image | None:
        """The image that a name stands for."""
        return self._images.get(self.names.get(name) or "")

    async def commit(
        self, config: dict[str, Any], parent: str = "", names: Iterable[Reference] = ()
    ) -> Image:
        """Make an image of `config`, whose layers are in the blobs (see `blobs.put_file`); used by
        build and commit. Raises BadRequest for too many layers."""
        diffs = manifests.diff_ids(config)
        if len(diffs) > HIGHEST:
            raise errors.BadRequest("max depth exceeded")
        with self.coming(), self.blobs.holding(diffs):
            sizes = await asyncio.to_thread(lambda: [self.measure(diff) for diff in diffs])
            return self.add(self.blobs.put(manifests.compact(config)), sizes, parent, names)

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
        try:
            atomic_files.write_json(self._forms_file, value)
        except OSError as error:  # it only saves uploads
            log.warning("the list of compressed layers cannot be written: %s", error)

    # Layers as folders

    def layer_folder(self, diff_id: str) -> Path:
        """The folder of an unpacked layer, present or not."""
        return self._folders / diff_id.removeprefix("sha256:")

    def layer_folders(self, image: Image) -> list[Path]:
        """The unpacked layers, lowest first. Raises BadRequest for a hostile layer. Blocking."""
        return [self._unpacked(diff) for diff in image.diff_ids]

    def _unpacked(self, diff_id: str) -> Path:
        folder = self.layer_folder(diff_id)
        if folder.exists():
            return folder
        with self._unpacking[diff_id]:
            if folder.exists():  # another thread was quicker
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

    def remove(self, images: Iterable[Image], names: Iterable[Reference]) -> None:
        """Remove names, and images whose names all go; call `free` and `settle` later. A container
        still uses the layers of some: they are kept until `forget_unused`. Raises OSError, and
        then nothing has happened."""
        images = list(images)
        used = [image for image in images if self.using(image)]
        self._change(
            [(image, {"removed": True}) for image in used],
            gone=[image for image in images if not any(image is each for each in used)],
            unnamed=names,
        )

    def forget_unused(self) -> None:
        """Forget images deleted by force that no container uses any more. Call it after the removal
        of a container."""
        unused = [each for each in self._images.values() if each.removed and not self.using(each)]
        try:
            if unused:
                self._change(gone=unused)
        except OSError as error:  # the next call tries again
            log.warning("a deleted image cannot be forgotten: %s", error)
            return
        if unused:
            uncancelled.begin(self._free_all(unused))

    async def _free_all(self, images: list[Image]) -> None:
        for image in images:
            await bulk.run(self.free, image)
        self.settle()

    def free(self, image: Image) -> None:
        """Remove the files of an image that is gone, and that no other image needs. Blocking."""
        if self._doubt:
            return
        needed = self._needed()
        for diff in set(image.diff_ids) - needed:
            try:
                if self.blobs.remove(diff):
                    self._remove_folder(self.layer_folder(diff))
                    self._forms.pop(diff, None)
            except OSError as error:  # the next start tries again
                log.warning("the layer %s cannot be removed: %s", diff, error)
        if image.id not in needed:
            self.blobs.remove(image.id)

    def settle(self) -> None:
        """Write what removals have left to be written, now that they have made room."""
        self._save_forms()
        if self._names_late:
            try:
                self._change()
            except OSError as error:  # names of images that are gone mean nothing
                log.warning("the list of the images' names cannot be written: %s", error)

    def _needed(self) -> set[str]:
        """The digests of every blob that an image needs."""
        images = list(self._images.values())
        return {image.id for image in images}.union(
            self._kept, *(image.diff_ids for image in images)
        )

    def _remove_blobs(self, needed: set[str]) -> None:
        if self._doubt:
            return
        for digest in list(self.blobs):
            if digest not in needed:
                self.blobs.remove(digest)

    def _sweep(self) -> None:
        """Remove blobs and folders without an image: remains of an interrupted pull or deletion."""
        if self._doubt:
            return
        needed = self._needed()
        self._remove_blobs(needed)
        for folder in list(self._folders.iterdir()):
            if f"sha256:{folder.name}" not in needed:
                self._remove_folder(folder)
        self._forms = {diff: forms for diff, forms in self._forms.items() if diff in needed}

    def _remove_folder(self, folder: Path) -> None:
        """Remove a layer's folder: moved aside in one step, so that half a layer is never seen."""
        aside = self.temporary / f"gone-{secrets.token_hex(8)}"  # no new folder: it would need room
        try:
            folder.rename(aside)
        except FileNotFoundError:
            return
        except OSError as error:
            log.warning("the unpacked layer %s cannot be removed: %s", folder, error)
            return
        directory_trees.remove(aside)


def _plain(image: Image, changed: dict[str, Any]) -> dict[str, Any]:
    """An image's record on disk, with fields changed."""
    return {**image.newer, **{name: getattr(image, name) for name in RECORD}, **changed}


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
