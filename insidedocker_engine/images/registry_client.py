"""An HTTP client for one registry: the registry API v2 with its two ways of authentication. Bodies
are counted and hashed before they are trusted.

Handles requests and answers, not images (see `registry`). All calls block.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urljoin, urlsplit

from ..base import errors
from ..base.version import VERSION
from . import references
from .manifests import (
    DOCKER_LIST,
    DOCKER_MANIFEST,
    MANIFEST_LIMIT,
    OCI_INDEX,
    OCI_MANIFEST,
    Descriptor,
)
from .registry_options import Options

if TYPE_CHECKING:
    import requests

HUB = "docker.io"
HUB_HOST = "registry-1.docker.io"
HUB_LOGIN = "https://index.docker.io/v1/"
"""The server name under which clients keep credentials for Docker Hub."""
TIMEOUT = (10, 60)
"""Seconds to connect, and seconds to wait for the next bytes."""
CHUNK = 256 << 10
ATTEMPTS = 5
REDIRECTS = 5
TAGS_LIMIT = 10_000
_ERROR_LIMIT = 64 << 10
_ACCEPT = ", ".join((DOCKER_MANIFEST, DOCKER_LIST, OCI_MANIFEST, OCI_INDEX))
_URL_SAFE = bytes.maketrans(b"-_+/", b"+/  ")
"""Turns base64url into base64, and other base64 into none."""
_LOOPBACK = re.compile(r"(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?")


class Cancelled(Exception):
    """The caller has gone."""


class RegistryError(errors.APIError):
    """A registry refused, or could not be reached. `code` is the registry's error code, such as
    MANIFEST_UNKNOWN; empty where it gave none."""

    def __init__(self, message: str, code: str = "", http_status: int = 0) -> None:
        super().__init__(message)
        self.code = code
        self.http_status = http_status


@dataclass(frozen=True)
class Credentials:
    """Credentials of a client for a registry."""

    username: str = ""
    password: str = ""
    identity_token: str = ""
    """Replaces name and password at the token service."""
    registry_token: str = ""
    """Sent to the registry unchanged."""
    server: str = ""

    def __bool__(self) -> bool:
        return bool(self.username or self.identity_token or self.registry_token)

    @classmethod
    def of(cls, value: Any) -> Credentials:
        """Credentials from the API's AuthConfig. Raises BadRequest."""
        if not isinstance(value, dict):
            raise errors.BadRequest("invalid X-Registry-Auth header: an object is needed")
        texts = {name.lower(): text for name, text in value.items() if isinstance(text, str)}
        found = cls(
            texts.get("username", ""),
            texts.get("password", ""),
            texts.get("identitytoken", ""),
            texts.get("registrytoken", ""),
            texts.get("serveraddress", ""),
        )
        if not found.username and texts.get("auth"):
            with contextlib.suppress(ValueError):
                name, _, word = base64.b64decode(texts["auth"]).decode().partition(":")
                return cls(name, word, server=found.server)
        return found

    @classmethod
    def from_header(cls, text: str) -> Credentials:
        """Credentials from X-Registry-Auth. Unreadable headers count as empty, as with the
        Engine: clients send all kinds."""
        try:
            return cls.of(json_of_header(text))
        except (ValueError, RecursionError, errors.BadRequest):
            return cls()


def json_of_header(text: str) -> Any:
    """A header's JSON in base64url, with its padding: the Engine takes no other base64. Raises
    ValueError, RecursionError."""
    return json.loads(base64.b64decode(text.encode().translate(_URL_SAFE), validate=True))


def base_url(domain: str, options: Options) -> str:
    """The base URL of the registry for `domain`."""
    if domain == HUB:
        return f"https://{HUB_HOST}"
    plain = domain in options.insecure or _LOOPBACK.fullmatch(domain)
    return f"{'http' if plain else 'https'}://{domain}"


class Client:
    """A client of one registry, for one user. Safe to use from several threads."""

    def __init__(
        self,
        url: str,
        credentials: Credentials | None = None,
        cancel: threading.Event | None = None,
    ) -> None:
        import requests

        self.url = url
        self._credentials = credentials or Credentials()
        self._cancel = cancel or threading.Event()
        self._session = requests.Session()
        self._session.trust_env = not _LOOPBACK.fullmatch(urlsplit(url).netloc)
        self._session.auth = _no_auth  # else requests would read ~/.netrc
        self._session.headers["User-Agent"] = f"Inside-Docker-Engine/{VERSION} (linux)"
        self._session.headers["Accept-Encoding"] = "identity"
        self._introduced = False
        self._challenge: Challenge | None = None
        self._tokens: dict[str, str] = {}
        self._lock = threading.Lock()

    def close(self) -> None:
        self._session.close()

    # What a registry can be asked

    def ping(self) -> None:
        """Check access. Raises RegistryError where the registry does not let this user in."""
        with self._open("GET", "/v2/", ""):
            pass

    def manifest(self, repository: str, which: str) -> tuple[bytes, Descriptor]:
        """The manifest or index for a tag or digest, and its descriptor. The digest is checked."""
        with self._open(
            "GET", f"/v2/{repository}/manifests/{which}", _pull(repository), accept=_ACCEPT
        ) as response:
            data = self._read(response, MANIFEST_LIMIT, "the manifest")
            media_type = response.headers.get("Content-Type", "").partition(";")[0].strip()
            told = response.headers.get("Docker-Content-Digest", "")
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        for wanted in (which if references.is_digest(which) else "", told):
            if wanted and wanted != digest:
                raise RegistryError(f"manifest verification failed for digest {wanted}")
        return data, Descriptor(media_type, digest, len(data))

    def small_blob(self, repository: str, blob: Descriptor) -> bytes:
        """A config, kept in memory, its size and digest checked. Raises RegistryError."""
        data = bytearray()
        if blob.size > MANIFEST_LIMIT:
            raise RegistryError(f"the blob {blob.digest} is larger than {MANIFEST_LIMIT} bytes")
        self.blob(repository, blob, data.extend)
        return bytes(data)

    def blob(
        self,
        repository: str,
        blob: Descriptor,
        write: Callable[[bytes], object],
        progress: Callable[[int], object] = lambda _received: None,
    ) -> None:
        """Pass a blob to `write` piece by piece. A broken connection is resumed where it broke.
        Raises RegistryError where the data is not the blob; by then `write` has had part of it, or
        all of it wrong."""
        received = 0
        hasher = hashlib.sha256()
        for attempt in range(1, ATTEMPTS + 1):
            try:
                for data in self._pieces(repository, blob, received):
                    received += len(data)
                    if received > blob.size:
                        raise RegistryError(
                            f"the registry sent more than the {blob.size} bytes of {blob.digest}"
                        )
                    hasher.update(data)
                    write(data)
                    progress(received)
            except _Broken as broken:
                if attempt == ATTEMPTS:
                    raise RegistryError(str(broken)) from None
            if received == blob.size:
                break
        if received != blob.size:
            raise RegistryError(
                f"the registry sent {received} of the {blob.size} bytes of {blob.digest}"
            )
        if f"sha256:{hasher.hexdigest()}" != blob.digest:
            raise RegistryError(f"filesystem layer verification failed for digest {blob.digest}")

    def has_blob(self, repository: str, digest: str) -> int | None:
        """The size of a blob in bytes; None where the registry lacks it."""
        try:
            with self._open("HEAD", f"/v2/{repository}/blobs/{digest}", _push(repository)) as found:
                return int(found.headers.get("Content-Length") or 0)
        except RegistryError as error:
            if error.http_status == HTTPStatus.NOT_FOUND:
                return None
            raise

    def mount_blob(self, repository: str, digest: str, source: str) -> bool:
        """Mount a blob from another repository of this registry; False where it has to be uploaded
        instead."""
        query = urlencode({"mount": digest, "from": source})
        scope = f"{_push(repository)} {_pull(source)}"
        with self._open("POST", f"/v2/{repository}/blobs/uploads/?{query}", scope) as response:
            if response.status_code == HTTPStatus.CREATED:
                return True
            location = self._location(response)
        with contextlib.suppress(RegistryError), self._open("DELETE", location, _push(repository)):
            pass
        return False

    def upload(self, repository: str, pieces: Iterator[bytes], digest: Callable[[], str]) -> None:
        """Upload a blob; `digest` is called once `pieces` have been taken."""
        scope = _push(repository)
        with self._open("POST", f"/v2/{repository}/blobs/uploads/", scope) as response:
            location = self._location(response)
        octets = "application/octet-stream"
        with self._open("PATCH", location, scope, data=self._checked(pieces), kind=octets) as sent:
            location = self._location(sent)
        mark = "&" if urlsplit(location).query else "?"
        location += f"{mark}digest={quote(digest())}"
        with self._open("PUT", location, scope, data=b"", kind=octets):
            pass

    def put_manifest(self, repository: str, which: str, data: bytes, media_type: str) -> None:
        with self._open(
            "PUT",
            f"/v2/{repository}/manifests/{which}",
            _push(repository),
            data=data,
            kind=media_type,
        ):
            pass

    def tags(self, repository: str) -> list[str]:
        found: list[str] = []
        path: str | None = f"/v2/{repository}/tags/list?n=1000"
        while path is not None and len(found) < TAGS_LIMIT:
            with self._open("GET", path, _pull(repository)) as response:
                value = _json(self._read(response, MANIFEST_LIMIT, "the list of tags"))
                link = response.links.get("next", {}).get("url")
            page = value.get("tags") if isinstance(value, dict) else None
            found += [tag for tag in page or [] if isinstance(tag, str)]
            path = urljoin(self.url + path, link) if link and page else None
        return found

    def json(self, path: str) -> Any:
        """A small JSON answer; None for invalid JSON."""
        with self._open("GET", path, "") as response:
            return _json(self._read(response, MANIFEST_LIMIT, "the answer"))

    # How it is asked

    @contextlib.contextmanager
    def _open(
        self,
        method: str,
        place: str,
        scope: str,
        *,
        accept: str = "",
        data: Any = None,
        kind: str = "",
        start: int = 0,
    ) -> Iterator[requests.Response]:
        """Send a request with the authentication that the registry asks for. Raises RegistryError
        unless the answer is a success."""
        headers = {}
        if accept:
            headers["Accept"] = accept
        if kind:
            headers["Content-Type"] = kind
        if start:
            headers["Range"] = f"bytes={start}-"
        url = place if "://" in place else self.url + place
        if not self._introduced:
            self._introduce()
        authorization, fresh = self._authorization(scope)
        response = self._send(method, url, headers, data, authorization)
        if response.status_code == HTTPStatus.UNAUTHORIZED and self._same_host(url):
            challenge = Challenge.of(response.headers.get("WWW-Authenticate", ""))
            if challenge is not None and not fresh and not isinstance(data, Iterator):
                response.close()
                self._learn(challenge, scope, authorization, f'{method.title()} "{url}"')
                authorization, _ = self._authorization(scope)
                response = self._send(method, url, headers, data, authorization)
        with response:
            if not response.ok:
                raise self._refusal(method, url, response)
            yield response

    def _introduce(self) -> None:
        """Ask once whether the registry is there and which authentication it wants."""
        with self._send("GET", f"{self.url}/v2/", {}, None, "") as response:
            self._introduced = True
            if response.status_code == HTTPStatus.UNAUTHORIZED:
                found = Challenge.of(response.headers.get("WWW-Authenticate", ""))
                if found is not None and (found.scheme == "bearer" or self._credentials.username):
                    self._challenge = found

    def _learn(self, challenge: Challenge, scope: str, refused: str, asked: str) -> None:
        """Note a challenge for later requests, after the registry refused `refused`."""
        if challenge.scheme == "basic" and not self._credentials.username:
            raise RegistryError(
                f"{asked}: no basic auth credentials", "UNAUTHORIZED", HTTPStatus.UNAUTHORIZED
            )
        with self._lock:
            self._challenge = challenge
            if f"Bearer {self._tokens.get(scope)}" == refused:  # the token has expired
                del self._tokens[scope]

    def _send(
        self, method: str, url: str, headers: dict[str, str], data: Any, authorization: str
    ) -> requests.Response:
        """Send one request and follow its redirects. Credentials go to the registry's own host
        only."""
        for _ in range(REDIRECTS + 1):
            self._check()
            sent = dict(headers)
            if authorization and self._same_host(url):
                sent["Authorization"] = authorization
            with self._telling_failures(method, url):
                response = self._session.request(
                    method,
                    url,
                    headers=sent,
                    data=data,
                    stream=True,
                    timeout=TIMEOUT,
                    allow_redirects=False,
                )
            if not response.is_redirect or method not in ("GET", "HEAD"):
                return response
            target = urljoin(url, response.headers["Location"])
            response.close()
            if urlsplit(target).scheme not in ("https", urlsplit(self.url).scheme):
                raise RegistryError(f'{method.title()} "{url}": redirected to {target}: refused')
            url = target
        raise RegistryError(f'{method.title()} "{url}": stopped after {REDIRECTS} redirects')

    def _authorization(self, scope: str) -> tuple[str, bool]:
        """(Authorization header, final): "" for no header; `final` where a refusal with it cannot
        be repaired."""
        if self._credentials.registry_token:
            return f"Bearer {self._credentials.registry_token}", True
        with self._lock:
            challenge = self._challenge
            if challenge is None:
                return "", False
            if challenge.scheme == "basic":
                return _basic(self._credentials), True
            fresh = scope not in self._tokens
            if fresh:
                self._tokens[scope] = self._token(challenge, scope or challenge.scope)
            return f"Bearer {self._tokens[scope]}", fresh

    def _token(self, challenge: Challenge, scope: str) -> str:
        """Get a token from the registry's token service. Raises RegistryError."""
        if not challenge.realm.startswith(("https://", self.url + "/")) and not (
            self.url.startswith("http://") and challenge.realm.startswith("http://")
        ):
            raise RegistryError(f"the token service {challenge.realm!r} is not asked: no https")
        known = self._credentials
        fields = [("service", challenge.service)] if challenge.service else []
        headers = {}
        with self._telling_failures("Get", challenge.realm):
            if known.identity_token:
                fields += [("grant_type", "refresh_token"), ("client_id", "insidedocker")]
                fields += [("refresh_token", known.identity_token), ("scope", scope)]
                response = self._session.post(
                    challenge.realm, data=fields, timeout=TIMEOUT, stream=True
                )
            else:
                if known.username:
                    headers["Authorization"] = _basic(known)
                    fields.append(("account", known.username))
                fields += [("scope", one) for one in scope.split()]
                response = self._session.get(
                    challenge.realm,
                    params=fields,
                    headers=headers,
                    timeout=TIMEOUT,
                    stream=True,
                    allow_redirects=False,
                )
        with response:
            if response.status_code != HTTPStatus.OK:
                raise self._refusal("GET", challenge.realm, response)
            value = _json(self._read(response, _ERROR_LIMIT, "the token"))
        token = (value.get("token") or value.get("access_token")) if isinstance(value, dict) else ""
        if (
            not isinstance(token, str)
            or not token.isascii()
            or not token.isprintable()
            or not token
        ):
            raise RegistryError(f"authorization server {challenge.realm} did not include a token")
        return token

    def _pieces(self, repository: str, blob: Descriptor, start: int) -> Iterator[bytes]:
        """Yield the blob from byte `start` on. Raises _Broken where the connection breaks."""
        path = f"/v2/{repository}/blobs/{blob.digest}"
        with self._open("GET", path, _pull(repository), start=start) as response:
            skip = start if response.status_code != HTTPStatus.PARTIAL_CONTENT else 0
            for data in self._body(response):
                fresh = data[skip:]
                skip = max(0, skip - len(data))
                if fresh:
                    yield fresh

    def _body(self, response: requests.Response) -> Iterator[bytes]:
        import urllib3

        try:
            for data in response.raw.stream(CHUNK, decode_content=False):
                self._check()
                yield data
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise _Broken(f"the connection to {self.url} broke: {_reason(error)}") from None

    def _read(self, response: requests.Response, limit: int, what: str) -> bytes:
        """Read a small body. Raises RegistryError where it is longer than `limit` bytes."""
        data = bytearray()
        try:
            for piece in self._body(response):
                data += piece
                if len(data) > limit:
                    raise RegistryError(f"{what} is larger than {limit} bytes")
        except _Broken as broken:
            raise RegistryError(str(broken)) from None
        return bytes(data)

    def _refusal(self, method: str, url: str, response: requests.Response) -> RegistryError:
        """The registry's error in the Engine's form: `manifest unknown: …`."""
        status = response.status_code
        raw = b""
        with contextlib.suppress(RegistryError):
            raw = self._read(response, _ERROR_LIMIT, "the answer")
        value = _json(raw)
        if isinstance(value, dict):
            first = value.get("errors")
            first = first[0] if isinstance(first, list) and first else value
            if isinstance(first, dict) and isinstance(first.get("code"), str):
                code = first["code"].upper()
                word = code.lower().replace("_", " ")
                message = str(first.get("message") or word)
                return RegistryError(f"{word}: {message[:1000]}", code, status)
            if isinstance(value.get("details"), str):  # the form of token services
                return RegistryError(f"unauthorized: {value['details'][:1000]}", "", status)
        code = {401: "UNAUTHORIZED", 403: "DENIED", 429: "TOOMANYREQUESTS"}.get(status, "")
        words = {
            401: "unauthorized: authentication required",
            403: "denied: requested access to the resource is denied",
            429: "toomanyrequests: the registry asks to wait before trying again",
        }
        plain = f"{method.title()} {url}: unexpected status from the registry: {status} "
        return RegistryError(words.get(status, plain + (response.reason or "")), code, status)

    def _same_host(self, url: str) -> bool:
        one, other = urlsplit(url), urlsplit(self.url)
        return (one.scheme, one.netloc) == (other.scheme, other.netloc)

    def _location(self, response: requests.Response) -> str:
        location = response.headers.get("Location", "")
        if not location:
            raise RegistryError("the registry did not say where to upload to")
        return urljoin(response.url, location)

    def _checked(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            self._check()
            yield piece

    def _check(self) -> None:
        if self._cancel.is_set():
            raise Cancelled

    @contextlib.contextmanager
    def _telling_failures(self, method: str, url: str) -> Iterator[None]:
        import requests
        import urllib3

        try:
            yield
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            reason = _reason(error)
            if reason.startswith("connect"):
                parts = urlsplit(url)
                reason = f"dial tcp {parts.hostname}:{parts.port or parts.scheme}: {reason}"
            raise RegistryError(f'{method.title()} "{url}": {reason}') from None


class _Broken(Exception):
    """The connection ended in the middle of a body."""


@dataclass(frozen=True)
class Challenge:
    """A parsed WWW-Authenticate header."""

    scheme: str
    """basic or bearer."""
    realm: str = ""
    service: str = ""
    scope: str = ""

    @classmethod
    def of(cls, header: str) -> Challenge | None:
        scheme, _, rest = header.strip().partition(" ")
        fields = {
            name.lower(): quoted or bare
            for name, quoted, bare in re.findall(r'(\w+)=(?:"([^"]*)"|([^",\s]+))', rest)
        }
        if scheme.lower() == "basic":
            return cls("basic", fields.get("realm", ""))
        if scheme.lower() == "bearer" and fields.get("realm"):
            return cls(
                "bearer", fields["realm"], fields.get("service", ""), fields.get("scope", "")
            )
        return None


def _no_auth(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _basic(credentials: Credentials) -> str:
    pair = f"{credentials.username}:{credentials.password}".encode()
    return f"Basic {base64.b64encode(pair).decode()}"


def _pull(repository: str) -> str:
    return f"repository:{repository}:pull"


def _push(repository: str) -> str:
    return f"repository:{repository}:pull,push"


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None


def _reason(error: BaseException) -> str:
    """The innermost reason of a chain of exceptions, in the Engine's words."""
    chain: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in chain:
        chain.append(current)
        inner = [value for value in current.args if isinstance(value, BaseException)]
        reason = getattr(current, "reason", None)
        current = (
            reason
            if isinstance(reason, BaseException)
            else (inner[0] if inner else current.__cause__ or current.__context__)
        )
    for found in reversed(chain):
        name = type(found).__name__
        if "Timeout" in name or isinstance(found, TimeoutError):
            return "no answer in time"
        if name in ("gaierror", "NameResolutionError"):
            return "dial tcp: lookup of the host failed: no such host"
        if isinstance(found, OSError) and found.errno and found.strerror:
            verb = "connect" if isinstance(found, ConnectionRefusedError) else "dial"
            return f"{verb}: {found.strerror.lower()}"
    return str(chain[-1]) or type(chain[-1]).__name__
