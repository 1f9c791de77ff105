"""Records on disk, as dataclasses: fields of a newer version are kept and written back."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any, Self


@dataclass(kw_only=True)
class Kept:
    """A dataclass that is written as a JSON object."""

    newer: dict[str, Any] = field(default_factory=dict)
    """Fields that this version does not know."""

    @classmethod
    def of(cls, value: dict[str, Any]) -> Self:
        """Read a record. Raises TypeError where a field is missing, AttributeError where `value` is
        not an object."""
        names = {each.name for each in dataclasses.fields(cls)} - {"newer"}
        known = {name: each for name, each in value.items() if name in names}
        newer = {name: each for name, each in value.items() if name not in names}
        return cls(**known, newer=newer)

    def plain(self) -> dict[str, Any]:
        """The record as a JSON object, its values not copied."""
        own = {name: each for name, each in vars(self).items() if name != "newer"}
        return {**self.newer, **own}
