"""Archives loaded into an engine: POST /images/load for each image that the engine lacks."""

from __future__ import annotations

import json
import urllib.parse
from collections.abc import Iterable
from typing import Any

import requests
import requests_unixsocket

from insidedocker.catalog import store
from insidedocker.catalog.errors import CatalogError
from insidedocker.progress import Progress

_ANSWER_SECONDS = 300


def load(
    names: Iterable[str] | None,
    url: str,
    progress: Progress | None = None,
    *,
    replace: bool = False,
) -> None:
    """See `insidedocker.catalog.load`. Name and content (the Id) tell whether the engine has an
    image."""
    shown = progress or Progress()
    base = _base(url)
    with requests_unixsocket.Session() as session:
        session.trust_env = False  # a proxy is for the internet, never for an engine
        _ask_for_engine(session, base, url)
        images = store.ensure(store.names() if names is None else names, progress=shown)
        for image in images:
            there = _named(session, base, image)
            if there in map(_digits, (image.config, image.manifest)):
                shown.say(f"{image.reference} is there already.")
            elif there and not replace:
                shown.say(
                    f"{image.reference} is another image on this engine and was left as it is: "
                    "--replace gives its name to the course's."
                )
            else:
                _load(session, base, url, image, shown)
                shown.say(f"{image.reference} is loaded.")


def _base(url: str) -> str:
    scheme, _, rest = url.partition("://")
    if scheme == "unix" and rest.startswith("/"):
        return f"http+unix://{urllib.parse.quote(rest, safe='')}"
    if scheme == "tcp" and rest:
        return f"http://{rest.rstrip('/')}"
    if scheme in ("http", "https", "http+unix") and rest:
        return url.rstrip("/")
    raise CatalogError(
        f"{url!r} does not name an engine; write unix:///PATH/TO/SOCKET or tcp://HOST:PORT."
    )


def _ask_for_engine(session: requests.Session, base: str, url: str) -> None:
    try:
        answer = session.get(f"{base}/_ping", timeout=10)
    except requests.RequestException:
        raise CatalogError(
            f"No engine answers at {url}; start it, or name another with --host or DOCKER_HOST."
        ) from None
    if answer.status_code != 200:
        raise CatalogError(
            f"What answers at {url} is not an engine (/_ping: {answer.status_code})."
        )


def _named(session: requests.Session, base: str, image: store.Stored) -> str:
    """The digits of the Id of the engine's image with this image's name; empty without one."""
    answer = _call(session, "get", f"{base}/images/{image.reference}/json")
    return _digits(answer.json().get("Id", "")) if answer.status_code == 200 else ""


def _digits(digest: str) -> str:
    return digest.removeprefix("sha256:")


def _load(
    session: requests.Session, base: str, url: str, image: store.Stored, progress: Progress
) -> None:
    path = store.path_of(image)
    with path.open("rb") as stream:
        body = _Watched(stream, image.size, f"Loading {image.reference}", progress)
        answer = _call(
            session,
            "post",
            f"{base}/images/load",
            data=body,
            headers={"Content-Type": "application/x-tar"},
        )
    reason = _failure(answer)
    if reason:
        raise CatalogError(f"The engine at {url} does not load {image.reference}: {reason}.")


def _call(session: requests.Session, method: str, url: str, **options: Any) -> requests.Response:
    try:
        return session.request(method, url, timeout=_ANSWER_SECONDS, **options)
    except requests.RequestException as error:
        raise CatalogError(f"The engine broke off the conversation: {error}.") from None


def _failure(answer: requests.Response) -> str:
    """The engine's reason; empty on success. A load may fail after the engine has answered 200."""
    lines = []
    for line in answer.text.splitlines():
        try:
            lines.append(json.loads(line))
        except ValueError:
            continue
    for said in lines:
        reason = isinstance(said, dict) and (said.get("error") or said.get("message"))
        if reason:
            return str(reason).rstrip(".")
    return "" if answer.status_code == 200 else f"status {answer.status_code}"


class _Watched:
    """A file as a request's body, of known length; reports the amount that has been read."""

    def __init__(self, stream: Any, size: int, step: str, progress: Progress) -> None:
        self._stream = stream
        self._size = size
        self._step = step
        self._progress = progress
        self._done = 0

    def __len__(self) -> int:
        return self._size

    def read(self, size: int = -1) -> bytes:
        data: bytes = self._stream.read(size)
        self._done += len(data)
        self._progress.amount(self._step, self._done, self._size)
        return data
