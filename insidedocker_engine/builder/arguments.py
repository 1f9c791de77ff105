"""Build arguments: ARG declarations and the values that a request gives."""

from __future__ import annotations

from collections.abc import Iterable

PREDEFINED = {
    each
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY")
    for each in (name, name.lower())
}
"""Names that need no ARG and are left out of the history."""


class Arguments:
    """The arguments of a whole build; `declared` is emptied at each stage."""

    def __init__(self, given: dict[str, str | None]) -> None:
        self.given = given
        self.before_stages: dict[str, str | None] = {}
        self.declared: dict[str, str | None] = {}
        self._used: set[str] = set(PREDEFINED)

    def begin_stage(self) -> None:
        self.declared = {}

    def declare(self, name: str, default: str | None) -> None:
        self.declared[name] = default
        self._used.add(name)

    def declare_before_stages(self, name: str, default: str | None) -> None:
        self.before_stages[name] = default

    def for_bases(self) -> dict[str, str]:
        """The arguments that a FROM may use."""
        return self._values(self.before_stages)

    def values(self, variables: dict[str, str]) -> dict[str, str]:
        """The arguments that the current stage sees: variables of the environment hide
        arguments."""
        found = self._values(self.declared)
        return {name: value for name, value in found.items() if name not in variables}

    def shown(self, names: Iterable[str]) -> list[str]:
        """The `names` that the history of a RUN shows."""
        return [name for name in names if name not in PREDEFINED or name in self.declared]

    def unused(self) -> list[str]:
        return sorted(name for name in self.given if name not in self._used)

    def _values(self, source: dict[str, str | None]) -> dict[str, str]:
        found = {}
        for name in sorted({*source, *PREDEFINED}):
            default = source.get(name)
            if default is None:
                default = self.before_stages.get(name) if name in source else None
            value = self.given.get(name, default)
            if value is not None:
                found[name] = value
        return found
