"""What may cross between a learner's code and the checks."""

import collections
import enum
import http
from typing import Any

import pytest

from insidedocker.lab.plain_data import NotPlain, plain, same, show


class Liar(int):
    """Equal to everything, as a dishonest result might be."""

    def __eq__(self, _other: object) -> bool:
        return True

    def __index__(self) -> int:
        return 42

    __hash__ = int.__hash__


def test_subclasses_become_what_they_derive_from() -> None:
    colour = enum.IntEnum("colour", "RED")
    found = plain([http.HTTPStatus.OK, colour.RED, collections.OrderedDict(a=(1,))])
    assert found == [200, 1, {"a": (1,)}]
    assert [type(each) for each in found] == [int, int, dict]


def test_nothing_of_a_subclass_is_asked() -> None:
    assert plain(Liar(7)) == 7
    assert not same(plain(Liar(7)), 8)


@pytest.mark.parametrize("value", [object(), {1, 2}, [{"a": object()}], range(3)])
def test_what_is_not_plain_is_named(value: Any) -> None:
    with pytest.raises(NotPlain) as told:
        plain(value)
    assert str(told.value).startswith(("a ", "an "))


def test_a_place_inside_is_told() -> None:
    with pytest.raises(NotPlain, match=r"a set at \[0\]\['a'\]"):
        plain([{"a": set()}])


def test_endless_nesting_ends() -> None:
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(NotPlain, match="nested"):
        plain(loop)


@pytest.mark.parametrize(
    ("observed", "expected", "equal"),
    [
        ((1, [2]), [1, (2,)], True),
        (True, 1, False),
        (0, False, False),
        ({"a": True}, {"a": 1}, False),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True),
        ("1", 1, False),
        ([1], [1, 2], False),
    ],
)
def test_sameness(observed: Any, expected: Any, equal: bool) -> None:
    assert same(observed, expected) is equal


def test_long_values_are_cut() -> None:
    assert len(show("x" * 10_000)) < 500
