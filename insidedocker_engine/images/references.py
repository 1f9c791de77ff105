"""Names of images as Docker reads and writes them: `busybox` means
`docker.io/library/busybox:latest`, and is shown as `busybox:latest`.

Handles the grammar of names only; `store` knows which images exist. Grammar: the distribution
project's reference specification.
"""

from __future__ import annotations

import fnmatch
import re
from dataclasses import dataclass, replace

from ..base import errors

DEFAULT_DOMAIN = "docker.io"
_LEGACY_DOMAIN = "index.docker.io"
_OFFICIAL = "library/"
_NAME_LIMIT = 255

_LABEL = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_DOMAIN = rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?"
_WORD = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_DIGEST = r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}"
_REFERENCE = re.compile(
    rf"((?:{_DOMAIN}/)?{_WORD}(?:/{_WORD})*)(?::(\w[\w.-]{{0,127}}))?(?:@({_DIGEST}))?", re.ASCII
)
_TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)
_HEX = re.compile(r"[0-9a-f]{64}")
_SHA256 = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True, order=True)
class Reference:
    """A full name: `domain`/`path`, with a tag, a digest, both or neither."""

    domain: str
    path: str
    tag: str = ""
    digest: str = ""

    @property
    def name(self) -> str:
        """The full repository name, e.g. docker.io/library/busybox."""
        return f"{self.domain}/{self.path}"

    @property
    def familiar_name(self) -> str:
        """The short repository name, e.g. busybox."""
        if self.domain != DEFAULT_DOMAIN:
            return self.name
        short = self.path.removeprefix(_OFFICIAL)
        return short if "/" not in short else self.path

    @property
    def familiar(self) -> str:
        """The short name with tag and digest, e.g. busybox:latest."""
        return self.familiar_name + self._suffix()

    def __str__(self) -> str:
        return self.name + self._suffix()

    def _suffix(self) -> str:
        return (f":{self.tag}" if self.tag else "") + (f"@{self.digest}" if self.digest else "")

    def with_tag(self, tag: str) -> Reference:
        """The name with this tag and no digest. Raises BadRequest for an invalid `tag`."""
        if not _TAG.fullmatch(tag):
            raise errors.BadRequest("invalid tag format")
        return replace(self, tag=tag, digest="")

    def with_digest(self, digest: str) -> Reference:
        """The name with this digest and no tag. Raises BadRequest for an invalid `digest`."""
        check_digest(digest)
        return replace(self, tag="", digest=digest)

    def repository(self) -> Reference:
        """The name without tag and digest."""
        return replace(self, tag="", digest="")

    def tagged(self) -> Reference:
        """The name with the tag `latest` where it has neither tag nor digest."""
        return self if self.tag or self.digest else replace(self, tag="latest")

    def matches(self, pattern: str) -> bool:
        """True where a filter's pattern matches: `busybox`, `busybox:*`, `*/mine`."""
        candidates = (self.familiar, self.familiar_name)
        return any(_glob(pattern, candidate) for candidate in candidates)


def parse(text: str) -> Reference:
    """Parse a name such as `busybox`, `me/app:1`, `127.0.0.1:5000/app@sha256:…`.

    Raises BadRequest with the Engine's words.
    """
    if _HEX.fullmatch(text):
        raise errors.BadRequest(
            f"invalid repository name ({text}), cannot specify 64-byte hexadecimal strings"
        )
    domain, rest = _split_domain(text)
    remote = rest.partition(":")[0]
    if remote != remote.lower():
        raise errors.BadRequest(
            f"invalid reference format: repository name ({remote}) must be lowercase"
        )
    match = _REFERENCE.fullmatch(f"{domain}/{rest}")
    if match is None or not re.fullmatch(_DOMAIN, domain):
        raise errors.BadRequest("invalid reference format")
    name, tag, digest = match.groups()
    if len(name) > _NAME_LIMIT:
        raise errors.BadRequest(f"repository name must not be more than {_NAME_LIMIT} characters")
    if digest:
        check_digest(digest)
    return Reference(domain, name[len(domain) + 1 :], tag or "", digest or "")


def identifier(text: str) -> str | None:
    """The digest of a whole id, with or without `sha256:`; None for any other text."""
    if _HEX.fullmatch(text):
        return f"sha256:{text}"
    return text if is_digest(text) else None


def is_digest(text: str) -> bool:
    return _SHA256.fullmatch(text) is not None


def check_digest(digest: str) -> None:
    """Raise BadRequest where `digest` is not `sha256:` and 64 lower-case hex digits."""
    if is_digest(digest):
        return
    algorithm, _, value = digest.partition(":")
    if algorithm != "sha256":
        raise errors.BadRequest("unsupported digest algorithm")
    if len(value) != 64:
        raise errors.BadRequest("invalid checksum digest length")
    raise errors.BadRequest("invalid checksum digest format")


def _split_domain(text: str) -> tuple[str, str]:
    head, slash, rest = text.partition("/")
    is_domain = slash and (
        "." in head or ":" in head or head == "localhost" or head != head.lower()
    )
    domain, path = (head, rest) if is_domain else (DEFAULT_DOMAIN, text)
    if domain == _LEGACY_DOMAIN:
        domain = DEFAULT_DOMAIN
    if domain == DEFAULT_DOMAIN and "/" not in path:
        path = _OFFICIAL + path
    return domain, path


def _glob(pattern: str, name: str) -> bool:
    """Match a shell pattern; a star does not cross a slash."""
    wanted, given = pattern.split("/"), name.split("/")
    return len(wanted) == len(given) and all(
        fnmatch.fnmatchcase(part, want) for part, want in zip(given, wanted, strict=True)
    )
