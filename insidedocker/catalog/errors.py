"""What can go wrong in the catalogue. Every message is one sentence a learner can act on."""

from __future__ import annotations

from insidedocker.errors import UserError


class CatalogError(UserError):
    """An image could not be built, fetched, read or loaded; the message says what to do."""


class Damaged(CatalogError):
    """A file of the store is not what was written; building it again repairs it."""


class OutOfReach(CatalogError):
    """A source of images (Docker Hub, Debian's mirror) does not answer or refuses us now."""
