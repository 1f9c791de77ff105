"""Operations on registries: pull into a folder of blobs, push from one, inspect, search, log in.

Built on `registry_client`. Independent of the engine: `download` uses it as well. All
calls block; set `cancel` to end one from another thread.
"""

from __future__ import annotations

import functools
import hashlib
import queue
import re
import threading
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import urlencode

from ..base import errors
from . import manifests, platforms
from .blobs import Blobs, WrongDigest, digest_of
from .compression import CompressionError, Decompressor
from .manifests import DOCKER_CONFIG, DOCKER_LAYER, DOCKER_MANIFEST, Descriptor, Index, Manifest
from .platforms import Platform
from .references import Reference
from .registry_client import (
    CHUNK,
    HUB,
    HUB_LOGIN,
    Cancelled,
    Client,
    Credentials,
    Options,
    RegistryError,
    base_url,
)

DOWNLOADS = 3
"""Layers downloaded at a time, as with the Engine."""


class Progress(Protocol):
    """Called with the state of a layer: `text` in the Engine's words, bytes done and bytes to
    do."""

    def __call__(self, identity: str, text: str, current: int = 0, total: int = 0) -> object: ...


@dataclass(frozen=True)
class Layer:
    """A layer: its blob in a registry, and `diff_id`, the digest of the uncompressed tar."""

    diff_id: str
    blob: Descriptor


@dataclass(frozen=True)
class Found:
    """A name resolved in its registry: `top` describes the manifest or index of the name's digest,
    `manifest` is the image chosen for the platform."""

    reference: Reference
    top: Descriptor
    manifest: Manifest


@dataclass(frozen=True)
class Pulled:
    """A pulled image: its config and layers are in the blobs."""

    digest: str
    """Digest of the manifest or index that the name means; `name@digest` stays the same image."""
    config: str
    """Digest of the image's config: the image's id."""
    layers: list[Layer]
    fetched: frozenset[str]
    """Diff ids of the layers that were missing before."""


def pull(
    reference: Reference,
    blobs: Blobs,
    progress: Progress,
    auth: Credentials | None = None,
    *,
    platform: Platform | None = None,
    options: Options = Options(),  # noqa: B008 (it is frozen)
    cancel: threading.Event | None = None,
    found: Callable[[Found], object] = lambda _found: None,
) -> Pulled:
    """Pull an image into `blobs`: its config unchanged, its layers uncompressed under their diff
    ids. Everything is checked against the digests and sizes that name it.

    `found` is called once, when the image is known to exist and before its layers come. Raises
    errors.NotFound or another errors.APIError with the Engine's words; Cancelled.
    """
    cancel = cancel or threading.Event()
    with Source(reference, auth, options, cancel) as source:
        here = source.find(platform or Platform.host(), given=platform is not None)
        found(here)
        return source.fetch(here, blobs, progress)


class Source:
    """A connection to the registry of `reference`, or to a mirror, for questions or a pull."""

    def __init__(
        self,
        reference: Reference,
        auth: Credentials | None,
        options: Options,
        cancel: threading.Event,
    ) -> None:
        self.reference = reference
        self._cancel = cancel
        own = Client(base_url(reference.domain, options), auth, cancel)
        mirrors = options.mirrors if reference.domain == HUB else ()
        self._clients = [*(Client(url.rstrip("/"), None, cancel) for url in mirrors), own]
        self._client = own

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *_: object) -> None:
        for client in self._clients:
            client.close()

    def tags(self) -> list[str]:
        """Every tag of the repository. Raises errors.APIError."""
        return self._from_first(lambda client: client.tags(self.reference.path))

    def top(self, plain: bool = False) -> tuple[bytes, Descriptor]:
        """The manifest or index that the name means, and its descriptor. Raises errors.APIError:
        with `plain` in the registry's own words, else in those of a pull."""
        which = self.reference.digest or self.reference.tag or "latest"
        return self._from_first(
            lambda client: client.manifest(self.reference.path, which), plain=plain
        )

    def find(self, platform: Platform, given: bool = False) -> Found:
        """The image for `platform`. If the user has `given` it, the image must match; else an image
        without an index is taken for any platform. Raises errors.APIError."""
        data, top = self.top()
        parsed = _parsed(data, top.media_type)
        if isinstance(parsed, Manifest):
            if given:
                self._check_platform(self.config(parsed), platform)
            return Found(self.reference, top, parsed)
        chosen = platforms.choose(parsed.entries, platform)
        if chosen is None:
            raise errors.NotFound(
                f"no matching manifest for {platform} in the manifest list entries"
            )
        data, inner = self._client.manifest(self.reference.path, chosen.digest)
        if inner.size != chosen.size:
            raise RegistryError(f"the manifest {chosen.digest} has not the size that was promised")
        parsed = _parsed(data, chosen.media_type)
        if isinstance(parsed, Index):
            raise RegistryError("an index within an index is not supported")
        return Found(self.reference, top, parsed)

    def config(self, manifest: Manifest) -> dict[str, Any]:
        data = self._client.small_blob(self.reference.path, manifest.config)
        return _config(data, len(manifest.layers))

    def _check_platform(self, config: dict[str, Any], wanted: Platform) -> None:
        actual = platforms.of(config)
        if not actual.suits(wanted):
            raise errors.NotFound(
                f"image with reference {self.reference.familiar} was found but does not match "
                f"the specified platform: wanted {wanted}, actual: {actual}"
            )

    def _from_first(self, ask: Callable[[Client], Any], plain: bool = False) -> Any:
        """Ask the mirrors, then the registry; keep the first that answers."""
        for client in self._clients:
            try:
                value = ask(client)
            except RegistryError as error:
                if client is self._clients[-1]:
                    raise translated(error, self.reference, plain) from None
                continue
            self._client = client
            return value
        raise AssertionError("there is always the registry itself")

    def fetch(self, found: Found, blobs: Blobs, progress: Progress) -> Pulled:
        """Fetch the config and the layers of `found` into `blobs`. Raises errors.APIError,
        Cancelled."""
        manifest = found.manifest
        try:
            data = self._client.small_blob(self.reference.path, manifest.config)
        except RegistryError as error:
            raise translated(error, self.reference) from None
        diffs = manifests.diff_ids(_config(data, len(manifest.layers)))
        layers = [Layer(*pair) for pair in zip(diffs, manifest.layers, strict=True)]
        with blobs.holding([*diffs, manifest.config.digest]):
            fetched: frozenset[str] = frozenset()
            if not all(map(blobs.has, [*diffs, manifest.config.digest])):
                fetched = self._fetch_layers(layers, blobs, progress)
            config = blobs.put(data)
        return Pulled(found.top.digest, config, layers, fetched)

    def _fetch_layers(
        self, layers: list[Layer], blobs: Blobs, progress: Progress
    ) -> frozenset[str]:
        """Fetch the missing layers; returns their diff ids."""
        missing: dict[str, Layer] = {}
        for layer in layers:
            if layer.diff_id in missing:
                continue
            if blobs.has(layer.diff_id):
                progress(short(layer.blob.digest), "Already exists")
                continue
            progress(short(layer.blob.digest), "Pulling fs layer")
            missing[layer.diff_id] = layer
        waiting = list(missing.values())
        for layer in waiting[DOWNLOADS:]:
            progress(short(layer.blob.digest), "Waiting")
        in_parallel(
            [functools.partial(self._fetch_layer, layer, blobs, progress) for layer in waiting],
            DOWNLOADS,
            self._cancel,
        )
        return frozenset(missing)

    def _fetch_layer(self, layer: Layer, blobs: Blobs, progress: Progress) -> None:
        name, blob = short(layer.blob.digest), layer.blob

        def tell(received: int) -> None:
            progress(name, "Downloading", received, blob.size)

        with blobs.writing() as writer:
            plain = Decompressor(writer)
            try:
                self._client.blob(self.reference.path, blob, plain.write, tell)
                progress(name, "Verifying Checksum")
                plain.close()
                writer.keep(layer.diff_id)
            except CompressionError as error:
                plain.abort()
                raise RegistryError(f"the layer {blob.digest} is no good: {error}") from None
            except WrongDigest as wrong:
                raise RegistryError(
                    f"the layer {blob.digest} does not match the image configuration: {wrong}"
                ) from None
            except BaseException:
                plain.abort()
                raise
        progress(name, "Download complete")


def short(digest: str) -> str:
    """The first twelve digits of a digest."""
    return digest.removeprefix("sha256:")[:12]


def in_parallel(jobs: list[Callable[[], object]], width: int, cancel: threading.Event) -> None:
    """Run every job, `width` at a time; the first failure stops the others and is raised."""
    todo: queue.SimpleQueue[Callable[[], object]] = queue.SimpleQueue()
    for job in jobs:
        todo.put(job)
    failures: list[BaseException] = []

    def work() -> None:
        while not failures:
            try:
                todo.get_nowait()()
            except queue.Empty:
                return
            except BaseException as error:
                failures.append(error)

    # Daemon threads: an engine that ends need not wait for a registry that does not answer.
    threads = [threading.Thread(target=work, daemon=True) for _ in range(min(width, len(jobs)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


@dataclass
class Outgoing:
    """A layer to push. `known` are its compressed forms from earlier pulls and pushes, each with
    the full name of the repository that has it; the push sets `sent`."""

    diff_id: str
    known: list[tuple[str, Descriptor]] = field(default_factory=list)
    sent: Descriptor | None = None


class Target:
    """A repository to push to."""

    def __init__(
        self,
        reference: Reference,
        auth: Credentials | None = None,
        options: Options = Options(),  # noqa: B008 (it is frozen)
        cancel: threading.Event | None = None,
    ) -> None:
        self._reference = reference.repository()
        self._client = Client(base_url(reference.domain, options), auth, cancel)

    def __enter__(self) -> Target:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def push(
        self, tag: str, config: str, layers: list[Outgoing], blobs: Blobs, progress: Progress
    ) -> Descriptor:
        """Send what the registry lacks, then the manifest under `tag`; returns the manifest's
        descriptor. Raises errors.APIError, Cancelled."""
        try:
            for layer in reversed(layers):
                progress(short(layer.diff_id), "Preparing")
            sent: dict[str, Descriptor] = {}
            for layer in layers:
                if layer.diff_id not in sent:
                    sent[layer.diff_id] = self._send(layer, blobs, progress)
                layer.sent = sent[layer.diff_id]
            data = blobs.read(config)
            if self._client.has_blob(self._reference.path, config) is None:
                self._client.upload(self._reference.path, iter([data]), lambda: config)
            manifest = manifests.write(
                Descriptor(DOCKER_CONFIG, config, len(data)),
                [sent[layer.diff_id] for layer in layers],
                DOCKER_MANIFEST,
            )
            self._client.put_manifest(self._reference.path, tag, manifest, DOCKER_MANIFEST)
        except RegistryError as error:
            raise errors.APIError(error.message) from None
        return Descriptor(DOCKER_MANIFEST, digest_of(manifest), len(manifest))

    def _send(self, layer: Outgoing, blobs: Blobs, progress: Progress) -> Descriptor:
        name, path = short(layer.diff_id), self._reference.path
        for repository, blob in layer.known:
            if repository == self._reference.name or self._same_registry(repository):
                size = self._client.has_blob(path, blob.digest)
                if size is not None:
                    progress(name, "Layer already exists")
                    return Descriptor(DOCKER_LAYER, blob.digest, blob.size)
        for repository, blob in layer.known:
            if repository != self._reference.name and self._same_registry(repository):
                source = repository.partition("/")[2]
                if self._client.mount_blob(path, blob.digest, source):
                    progress(name, f"Mounted from {source}")
                    return Descriptor(DOCKER_LAYER, blob.digest, blob.size)
        return self._upload(layer.diff_id, blobs, progress)

    def _upload(self, diff_id: str, blobs: Blobs, progress: Progress) -> Descriptor:
        packer = _Packer(blobs, diff_id, progress)
        self._client.upload(self._reference.path, packer.pieces(), lambda: packer.digest)
        progress(short(diff_id), "Pushed")
        return Descriptor(DOCKER_LAYER, packer.digest, packer.size)

    def _same_registry(self, repository: str) -> bool:
        return repository.partition("/")[0] == self._reference.domain


class _Packer:
    """Compresses a layer to push. The same layer always gives the same bytes."""

    def __init__(self, blobs: Blobs, diff_id: str, progress: Progress) -> None:
        self._blobs = blobs
        self._diff_id = diff_id
        self._progress = progress
        self.digest = ""
        self.size = 0

    def pieces(self) -> Iterator[bytes]:
        total, done = self._blobs.size(self._diff_id), 0
        hasher = hashlib.sha256()
        packer = zlib.compressobj(6, zlib.DEFLATED, zlib.MAX_WBITS | 16)
        with self._blobs.path(self._diff_id).open("rb") as file:
            while data := file.read(CHUNK):
                packed = packer.compress(data)
                hasher.update(packed)
                self.size += len(packed)
                done += len(data)
                self._progress(short(self._diff_id), "Pushing", done, total)
                if packed:  # an empty piece would end a chunked body
                    yield packed
        packed = packer.flush()
        hasher.update(packed)
        self.size += len(packed)
        self.digest = f"sha256:{hasher.hexdigest()}"
        yield packed


def look(
    reference: Reference,
    auth: Credentials | None = None,
    options: Options = Options(),  # noqa: B008 (it is frozen)
) -> tuple[Descriptor, list[dict[str, str]]]:
    """The descriptor of a name in its registry, and its platforms, without a pull. Raises
    errors.APIError."""
    with Source(reference, auth, options, threading.Event()) as source:
        data, top = source.top(plain=True)
        parsed = _parsed(data, top.media_type)
        if isinstance(parsed, Index):
            known = [platform for platform, _ in parsed.entries]
        else:
            known = [platforms.of(source.config(parsed))]
    listed = [
        {"architecture": one.architecture, "os": one.os}
        | ({"variant": one.variant} if one.variant else {})
        for one in known
    ]
    return top, listed


def log_in(credentials: Credentials, options: Options = Options()) -> str:  # noqa: B008
    """Try the credentials at their server; returns the Engine's message of success. Raises
    errors.Unauthorized or another errors.APIError."""
    server = credentials.server or HUB_LOGIN
    host = re.sub(r"^https?://", "", server).partition("/")[0]
    if not re.fullmatch(r"[\w.-]+(:\d+)?|\[[0-9a-fA-F:]+\](:\d+)?", host):
        raise errors.BadRequest(f"invalid registry address {server!r}")
    if host in ("index.docker.io", "registry-1.docker.io"):
        host = HUB
    url = base_url(host, options)
    client = Client(url, credentials)
    try:
        client.ping()
    except RegistryError as error:
        if error.http_status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            raise errors.Unauthorized(
                f"login attempt to {url}/v2/ failed with status: "
                f"{error.http_status} {HTTPStatus(error.http_status).phrase}"
            ) from None
        raise errors.APIError(error.message) from None
    finally:
        client.close()
    return "Login Succeeded"


def search(term: str, limit: int) -> list[dict[str, Any]]:
    """Search Docker Hub's index for `term`; no other registry has one. Raises errors.APIError where
    the index cannot be reached."""
    client = Client("https://index.docker.io")
    try:
        value = client.json(f"/v1/search?{urlencode({'q': term, 'n': limit})}")
    finally:
        client.close()
    results = value.get("results") if isinstance(value, dict) else None
    if not isinstance(results, list):
        raise errors.APIError("Docker Hub's index answered with something that is no result")
    return [item for item in results if isinstance(item, dict)]


def translated(error: RegistryError, reference: Reference, plain: bool = False) -> errors.APIError:
    """A registry's refusal of a pull in the Engine's words; `plain`: in the registry's own."""
    if plain:
        if error.code in ("UNAUTHORIZED", "DENIED"):
            return errors.Unauthorized(error.message)
        missing = error.http_status == HTTPStatus.NOT_FOUND
        return (errors.NotFound if missing else errors.APIError)(error.message)
    if error.code == "MANIFEST_UNKNOWN":
        return errors.NotFound(f"manifest for {reference.familiar} not found: {error.message}")
    if error.code == "NAME_UNKNOWN":
        return errors.NotFound(f"repository {reference.familiar_name} not found: {error.message}")
    if error.code == "DENIED":
        return errors.NotFound(
            f"pull access denied for {reference.familiar_name}, repository does not exist or "
            f"may require 'docker login': {error.message}"
        )
    if error.http_status == HTTPStatus.NOT_FOUND:
        return errors.NotFound(error.message)
    return errors.APIError(error.message)


def _parsed(data: bytes, media_type: str) -> Manifest | Index:
    try:
        return manifests.parse(data, media_type)
    except manifests.Malformed as error:
        raise RegistryError(str(error)) from None


def _config(data: bytes, layers: int) -> dict[str, Any]:
    try:
        return manifests.parse_config(data, layers)
    except manifests.Malformed as error:
        raise RegistryError(str(error)) from None


__all__ = ["Cancelled", "Credentials", "Options", "RegistryError", "pull"]
