"""The user's own store of image archives: found, verified, made where missing, listed.

index.json beside the archives holds the digest, size and origin of each. Archives and index are
written to a temporary file, synced and renamed, under one lock: neither a crash nor a second
builder leaves half a file.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from insidedocker.catalog import build, debian, folders, texts
from insidedocker.catalog.errors import CatalogError, Damaged, OutOfReach, UnknownImage
from insidedocker.catalog.image_archive import Contents, blob
from insidedocker.catalog.recipes import RECIPES, Kitchen
from insidedocker.progress import Progress
from insidedocker_engine import Platform
from insidedocker_engine.host import locks, whole_files

Source = Literal["auto", "hub", "debian"]


@dataclass(frozen=True)
class Stored:
    """One archive of the store. Digests are ``sha256:HEX``, `size` is in bytes.

    `config` and `manifest` are the two digests that an engine may give as the image's Id;
    `digest` is that of the archive itself. `origin` is "hub" or "debian", `details` the packages
    or the digest at the registry, `edition` the edition of the recipes that made the archive.
    """

    reference: str
    file: str
    digest: str
    size: int
    config: str
    manifest: str
    platform: str
    origin: str
    details: tuple[str, ...] = ()
    edition: str = ""


def names() -> list[str]:
    """The references of the course's images: "busybox:latest" and so on."""
    return list(RECIPES)


def resolve(name: str) -> str:
    """The full reference of `name`, which may lack its tag; raises `UnknownImage`."""
    for reference in RECIPES:
        if name in (reference, reference.partition(":")[0]):
            return reference
    raise UnknownImage(f"{name!r} is not an image of the course; these are: {', '.join(RECIPES)}.")


def stored() -> dict[str, Stored]:
    """Reference -> entry of the store's index. Does not look at the files."""
    return _listed(_index_path())


def _listed(index: Path) -> dict[str, Stored]:
    try:
        listed = json.loads(index.read_bytes())["images"]
        entries = [Stored(**{**one, "details": tuple(one["details"])}) for one in listed]
    except (OSError, ValueError, KeyError, TypeError):
        # A missing or broken index costs no more than a rebuild: the archives are made again.
        return {}
    return {entry.reference: entry for entry in entries}


def path_of(entry: Stored) -> Path:
    """The path of the archive of `entry`."""
    return folders.cache() / entry.file


def archive(name: str, progress: Progress | None = None) -> Path:
    """The path of the verified archive of the image `name`; a missing archive is made first."""
    [entry] = ensure([name], progress=progress)
    return path_of(entry)


def ensure(
    wanted: Iterable[str],
    source: Source = "auto",
    *,
    force: bool = False,
    progress: Progress | None = None,
) -> list[Stored]:
    """The archives of the images `wanted` (names with or without tags), each verified.

    Missing and damaged archives, and all with `force`, are made from `source`; "auto" asks Docker
    Hub first and takes Debian's packages where Docker Hub cannot be reached. Raises
    `CatalogError`.
    """
    references = list(dict.fromkeys(resolve(name) for name in wanted))
    shown = progress or Progress()
    if not force:
        there = _usable(references, source, Progress())
        if len(there) == len(references):
            return [there[reference] for reference in references]
    folder = folders.make()
    try:
        with locks.held(
            folder / "lock",
            on_wait=lambda: shown.say("Another build is under way; waiting for it."),
        ):
            # The process that held the lock may have made the archives meanwhile.
            there = {} if force else _usable(references, source, shown)
            maker = _Maker(source, shown)
            for reference in references:
                if reference not in there:
                    there[reference] = maker.make(reference)
            if maker.used_debian:
                debian.drop_indexes()
    except OSError as error:
        raise CatalogError(
            f"The images cannot be kept in {folder} ({error.strerror}); make room there, or set "
            "XDG_CACHE_HOME to another folder of yours."
        ) from None
    return [there[reference] for reference in references]


def copy_to(folder: Path, wanted: Iterable[str], progress: Progress) -> None:
    """Copy the archives of `wanted` to `folder`, with an index; missing archives are made first."""
    folder.mkdir(parents=True, exist_ok=True)
    entries = ensure(wanted, progress=progress)
    for entry in entries:
        _copy_whole(path_of(entry), folder / entry.file)
    _write_index(folder / "index.json", {entry.reference: entry for entry in entries})


def take_from(folder: Path, progress: Progress) -> None:
    """Add the archives that `copy_to` put into `folder` to the store, except those that the store
    has already. Raises `CatalogError` for a damaged archive."""
    with locks.held(folders.make() / "lock"):
        for entry in _listed(folder / "index.json").values():
            if _usable([entry.reference], "auto", Progress()):
                continue
            _verify(entry, folder / entry.file)
            _copy_whole(folder / entry.file, path_of(entry))
            _write_index(_index_path(), {**stored(), entry.reference: entry})
            progress.say(f"{entry.reference} is there now.")


def _usable(references: list[str], source: Source, progress: Progress) -> dict[str, Stored]:
    """Reference -> entry, for those of `references` that are stored, fit `source` and are whole."""
    entries, here, good = stored(), str(Platform.host()), {}
    for reference in references:
        entry = entries.get(reference)
        if entry is None or entry.platform != here or source not in ("auto", entry.origin):
            continue
        if entry.origin == "debian" and not texts.is_current(entry.edition):
            continue
        try:
            _verify(entry, path_of(entry))
        except Damaged as damage:
            progress.say(f"{damage} It is made again.")
            continue
        good[reference] = entry
    return good


def _verify(entry: Stored, path: Path) -> None:
    try:
        found = blob(path)
    except FileNotFoundError:
        raise Damaged(f"The archive {path} of {entry.reference} is gone.") from None
    if found.digest != entry.digest:
        raise Damaged(
            f"The archive {path} of {entry.reference} is damaged: its digest is {found.digest}, "
            f"not {entry.digest}."
        )


class _Maker:
    """Makes images for one call of `ensure`, and remembers whether Docker Hub answers."""

    def __init__(self, source: Source, progress: Progress) -> None:
        self._source = source
        self._progress = progress
        self._platform = Platform.host()
        self._kitchen = Kitchen(self._platform, progress)
        self._hub_answers = True
        self.used_debian = False

    def make(self, reference: str) -> Stored:
        if self._source == "debian":
            return self._from_debian(reference)
        if self._source == "hub":
            return self._from_hub(reference)
        if self._hub_answers:
            try:
                return self._from_hub(reference)
            except OutOfReach as trouble:
                self._hub_answers = False
                self._progress.say(f"{trouble} Debian's packages are used instead.")
        return self._from_debian(reference)

    def _from_hub(self, reference: str) -> Stored:
        from insidedocker.catalog import hub  # as in the package's `load`: HTTP only when needed

        self._progress.say(f"Fetching {reference} from Docker Hub.")
        path = _archive_path(reference)
        contents, digest = hub.save(reference, path, self._platform, progress=self._progress)
        return self._keep(path, contents, "hub", (digest,))

    def _from_debian(self, reference: str) -> Stored:
        self._progress.say(f"Building {reference} from Debian's packages.")
        path = _archive_path(reference)
        self.used_debian = True
        built = build.make(reference, path, self._kitchen)
        return self._keep(path, built.contents, "debian", built.packages, texts.edition())

    def _keep(
        self,
        path: Path,
        contents: Contents,
        origin: str,
        details: tuple[str, ...],
        edition: str = "",
    ) -> Stored:
        whole = blob(path)
        entry = Stored(
            contents.reference,
            path.name,
            whole.digest,
            whole.size,
            contents.config,
            contents.manifest,
            str(self._platform),
            origin,
            details,
            edition,
        )
        _write_index(_index_path(), {**stored(), entry.reference: entry})
        self._progress.say(f"{entry.reference}: {entry.size / 1e6:.1f} MB, {entry.config}")
        return entry


def _archive_path(reference: str) -> Path:
    return folders.cache() / f"{reference.replace(':', '_')}.tar"


def _index_path() -> Path:
    return folders.cache() / "index.json"


def _write_index(path: Path, entries: dict[str, Stored]) -> None:
    listed = [asdict(entries[reference]) for reference in RECIPES if reference in entries]
    whole_files.replace(path, json.dumps({"images": listed}, indent=1).encode() + b"\n", mode=0o644)


def _copy_whole(source: Path, target: Path) -> None:
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    shutil.copyfile(source, draft)
    draft.replace(target)
