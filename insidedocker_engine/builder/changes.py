"""`changes` of import and commit: a few Dockerfile instructions applied to an image's settings."""

from __future__ import annotations

from typing import Any

from ..base import errors

ALLOWED = (
    *("CMD", "ENTRYPOINT", "ENV", "EXPOSE", "HEALTHCHECK", "LABEL", "ONBUILD", "STOPSIGNAL"),
    *("USER", "VOLUME", "WORKDIR"),
)


def apply(settings: dict[str, Any], changes: list[str]) -> None:
    """Apply instructions such as `ENV DEBUG=1` or `CMD ["sh"]`, one a line. Raises BadRequest."""
    from . import dockerfile  # keeps the parser out of the engine's start
    from .settings import Draft
    from .settings import apply as apply_one

    draft = Draft(settings)
    for line in "\n".join(changes).splitlines():
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        word = text.split()[0].upper()
        if word not in ALLOWED:
            raise errors.BadRequest(f"{word} is not a valid change command")
        apply_one(draft, dockerfile.instruction(text))
