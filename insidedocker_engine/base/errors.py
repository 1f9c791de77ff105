"""The errors an API answer can carry, each with its HTTP status.

Code below the API raises these; `server.http` turns them into ``{"message": ...}``.
"""

from __future__ import annotations


class APIError(Exception):
    """An answer other than success. `status` is the HTTP status code."""

    status = 500

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NotModified(APIError):
    """The object is already in the requested state (304; the answer has no body)."""

    status = 304


class BadRequest(APIError):
    status = 400


class Unauthorized(APIError):
    status = 401


class Forbidden(APIError):
    status = 403


class NotFound(APIError):
    status = 404


class Conflict(APIError):
    status = 409


class TooLarge(APIError):
    status = 413


class NotImplementedHere(APIError):
    """A part of the Engine API that this engine does not have."""

    status = 501


class Unavailable(APIError):
    """The service is not available (503): the Engine's answer where a node is not in a swarm."""

    status = 503
