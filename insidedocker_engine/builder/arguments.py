"""Build arguments: what ARG declares and what a request gives for it."""

from __future__ import annotations

from collections.abc import Iterable

PREDEFINED = {
    each
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY")
    for each in (name, name.lower())
}
"""May be given without an ARG, and are left out of the history."""


class Arguments:
    """Those of a whole build; `declared` begins anew with each stage."""

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
        """What a FROM may name."""
        return self._values(self.before_stages)

    def values(self, variables: dict[str, str]) -> dict[str, str]:
        """What a stage sees now: variables of the environment hide arguments."""
        found = self._values(self.declared)
        return {name: value for name, value in found.items() if name not in variables}

    def shown(self, names: Iterable[str]) -> list[str]:
        """Of `names` those that a RUN's history tells."""
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
