"""Versions of the Engine API that the embedded engine speaks; the newest is named here alone."""

OLDEST, NEWEST = "1.24", "1.51"
DESCRIBED = ("1.41", "1.45", NEWEST)
"""Versions with an OpenAPI description, by which answers are judged."""
SOME = (OLDEST, *DESCRIBED)
"""Versions between which answers differ."""
