"""The catalogue's errors. Every message is one sentence that a learner can act on."""

from __future__ import annotations

from insidedocker.errors import UsageError, UserError


class CatalogError(UserError):
    """An image could not be built, fetched, read or loaded; the message says what to do."""


class Damaged(CatalogError):
    """A file of the store differs from what was written; building the image again repairs it."""


class UnknownImage(CatalogError, UsageError):
    """A name that is not of an image of the course."""


class OutOfReach(CatalogError):
    """A source of images (Docker Hub, Debian's mirror) does not answer, or refuses for now."""
