"""Moments as the Engine API writes and reads them: RFC 3339 text, and numbers of seconds."""

from __future__ import annotations

import datetime
import re
import time

from . import errors

NANO = 1_000_000_000
ZERO = "0001-01-01T00:00:00Z"
"""Go's zero time: the Engine's value for an event that has not happened."""
_UNITS = {"ns": 1, "us": 1000, "µs": 1000, "ms": 10**6, "s": NANO, "m": 60 * NANO, "h": 3600 * NANO}
_DURATION = re.compile(r"(\d{1,18}(?:\.\d{0,18})?|\.\d{1,18})(ns|us|µs|ms|s|m|h)")
_DATE = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:T(\d\d(?::\d\d(?::\d\d)?)?)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:\d\d)?$"
)


def text(nanoseconds: int) -> str:
    """Format as RFC 3339 in UTC with nanoseconds, without trailing zeros, as Go does."""
    seconds, rest = divmod(nanoseconds, NANO)
    whole = datetime.datetime.fromtimestamp(seconds, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S")
    fraction = f".{rest:09d}".rstrip("0").rstrip(".")
    return f"{whole}{fraction}Z"


def now() -> str:
    return text(time.time_ns())


def parse(value: str) -> int:
    """Nanoseconds since 1970 from `seconds[.fraction]`, a date, or a duration before now such
    as 10m or 1h30m. Raises BadRequest for anything else."""
    if re.fullmatch(r"-?\d{1,12}(\.\d{1,9})?", value):
        whole, _, fraction = value.partition(".")
        return int(whole) * NANO + int(fraction.ljust(9, "0") or 0)
    back = duration(value)
    if back is not None:
        return time.time_ns() - back
    match = _DATE.match(value)
    if match is None:
        raise errors.BadRequest(f'invalid time "{value}": seconds since 1970 or a date is needed')
    date, clock, fraction, zone = match.groups()
    clock = ((clock or "00") + ":00:00")[:8]
    zone = "+00:00" if zone in (None, "Z") else zone
    try:
        moment = datetime.datetime.fromisoformat(f"{date}T{clock}{zone}")
    except ValueError as error:
        raise errors.BadRequest(f'invalid time "{value}": {error}') from None
    return int(moment.timestamp()) * NANO + int((fraction or "").ljust(9, "0"))


def duration(value: str) -> int | None:
    """Nanoseconds of a Go duration (`1h30m`), or None where `value` is not a duration."""
    total, position = 0, int(value.startswith("-"))
    if position == len(value):
        return None
    while position < len(value):
        piece = _DURATION.match(value, position)
        if piece is None:
            return None
        total += int(float(piece[1]) * _UNITS[piece[2]])
        position = piece.end()
    return -total if value.startswith("-") else total
