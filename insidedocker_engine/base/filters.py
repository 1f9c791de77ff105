"""The `filters` parameter that lists, prunes and events share."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

from . import errors, timestamps

Filters = dict[str, list[str]]


def parse(text: str) -> Filters:
    """Parse `{"name": ["a", "b"]}` or the older `{"name": {"a": true}}` into the first form.

    Raises BadRequest for anything else.
    """
    if not text:
        return {}
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise errors.BadRequest("invalid filter: it is not JSON") from None
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise errors.BadRequest("invalid filter: an object is needed")
    return {name: _values(name, values) for name, values in value.items()}


def _values(name: str, values: object) -> list[str]:
    if isinstance(values, dict) and all(isinstance(on, bool) for on in values.values()):
        return [key for key, on in values.items() if on]
    if isinstance(values, list) and all(isinstance(item, str) for item in values):
        return list(values)
    raise errors.BadRequest(f"invalid filter '{name}': a list of strings is needed")


def check(filters: Filters, known: set[str]) -> None:
    """Raise BadRequest where a filter is not among `known`."""
    for name in filters:
        if name not in known:
            raise errors.BadRequest(f"invalid filter '{name}'")


def flag(filters: Filters, name: str, default: bool = False) -> bool:
    """Read a boolean filter, such as dangling. Raises BadRequest for any other value."""
    values = filters.get(name)
    if not values:
        return default
    if all(value in ("1", "true") for value in values):
        return True
    if all(value in ("0", "false") for value in values):
        return False
    raise errors.BadRequest(f"invalid filter '{name}={values}'")


def labels_match(labels: dict[str, str], wanted: list[str]) -> bool:
    """True where `labels` has each of `wanted`: `name`, or `name=value`."""
    for text in wanted:
        name, equals, value = text.partition("=")
        if name not in labels or (equals and labels[name] != value):
            return False
    return True


def prunable(
    filters: Filters, known: Iterable[str] = ("until", "label", "label!")
) -> Callable[[dict[str, str], int], bool]:
    """Return the test of a prune: f(labels, created), `created` in nanoseconds since 1970.

    The test is true for an object that has every `label`, lacks at least one of the `label!`, and
    is older than every `until`. Raises BadRequest for a filter that is not `known`.
    """
    check(filters, set(known))
    until = min((timestamps.parse(text) for text in filters.get("until", [])), default=None)
    wanted, unwanted = filters.get("label", []), filters.get("label!", [])

    def passes(labels: dict[str, str], created: int) -> bool:
        return (
            (until is None or created <= until)
            and labels_match(labels, wanted)
            and not (unwanted and labels_match(labels, unwanted))
        )

    return passes
