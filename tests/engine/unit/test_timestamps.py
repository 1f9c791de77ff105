"""Moments and durations as clients write them."""

import time

import pytest

from insidedocker_engine.base import errors, timestamps

SECOND = 10**9


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("0", 0),
        ("1136073600", 1136073600 * SECOND),
        ("1136073600.000000001", 1136073600 * SECOND + 1),
        ("1136073600.5", 1136073600 * SECOND + SECOND // 2),
        ("2006-01-01", 1136073600 * SECOND),
        ("2006-01-01T00", 1136073600 * SECOND),
        ("2006-01-01T00:00", 1136073600 * SECOND),
        ("2006-01-01T00:00:00Z", 1136073600 * SECOND),
        ("2006-01-01T01:00:00+01:00", 1136073600 * SECOND),
        ("2006-01-01T00:00:00.123456789Z", 1136073600 * SECOND + 123456789),
    ],
)
def test_forms_of_a_moment(text: str, moment: int) -> None:
    assert timestamps.parse(text) == moment


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("10m", 600 * SECOND),
        ("1h30m", 5400 * SECOND),
        ("1.5s", 3 * SECOND // 2),
        ("100ms", SECOND // 10),
        ("5us", 5000),
        ("-5us", -5000),
    ],
)
def test_durations_count_back_from_now(text: str, length: int) -> None:
    assert timestamps.duration(text) == length
    assert abs(timestamps.parse(text) - (time.time_ns() - length)) < SECOND


@pytest.mark.parametrize(
    "text", ["", "x", "1 m", "10", "m", "1h30", "2024-13-01", "2024-01-01T25:00", "9" * 30, "1.2.3"]
)
def test_what_is_neither(text: str) -> None:
    if text != "10":
        with pytest.raises(errors.BadRequest, match="invalid time"):
            timestamps.parse(text)
    assert timestamps.duration(text) is None


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (1136073600 * SECOND + 500_000_000, "2006-01-01T00:00:00.5Z"),
        (1136073600 * SECOND + 1, "2006-01-01T00:00:00.000000001Z"),
    ],
)
def test_text_of_a_moment(moment: int, text: str) -> None:
    assert timestamps.text(moment) == text
    assert timestamps.parse(text) == moment
