"""Plain data across the border, and what does not cross."""

from __future__ import annotations

import collections
import enum
import math
import tarfile
from typing import Any

import pytest

from insidedocker.grading.pod import codec
from insidedocker.grading.pod.learner_proxy import LearnerError, raised

VALUES: list[Any] = [
    *(None, True, False, 0, -1, 2**63, -(10**400), 1.5, -0.0, math.inf, "", "ä€😀", "\ud800", b""),
    *(b"\x00\xff", bytearray(b"x"), [], [1, [2]], (), (1, (2,)), {}, {1: {"a": None}}, {(1, 2): 3}),
    *({1, 2}, frozenset("a"), 1 + 2j, "foreign", {"foreign": "x"}, {"str": "41"}),
]


def crossed(value: Any) -> Any:
    return codec.decode(codec.loads(codec.dumps({"value": codec.encode(value)}))["value"])


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_plain_data_crosses_unharmed(value: Any) -> None:
    found = crossed(value)
    assert found == value
    assert type(found) is type(value)


def test_not_a_number_crosses() -> None:
    assert math.isnan(crossed(math.nan))


def test_subclasses_become_what_they_derive_from() -> None:
    class Odd(int):
        def __eq__(self, other: object) -> bool:
            return True

        __hash__ = int.__hash__

    class Colour(enum.IntEnum):
        RED = 3

    found = crossed([Odd(5), Colour.RED, collections.OrderedDict(a=1)])
    assert found == [5, 3, {"a": 1}]
    assert [type(each) for each in found] == [int, int, dict]


def test_what_is_not_plain_leaves_its_name() -> None:
    class Response:
        pass

    found = crossed({"answer": Response()})["answer"]
    assert type(found).__name__ == "Response"
    assert found != Response()


def test_round_and_deep_data_end_somewhere() -> None:
    round_: list[Any] = []
    round_.append(round_)
    assert isinstance(crossed(round_), list)


@pytest.mark.parametrize(
    "encoded",
    [
        *({"bytes": "?"}, {"int": "zz"}, {"float": "1"}, {"dict": [[1]]}, {"list": 5}, [1]),
        *({"a": 1, "b": 2}, {"evil": 1}, {"dict": [[{"list": []}, 1]]}, {"complex": [1]}),
        *({"str": "zz"}, {"set": [{"list": []}]}, {"frozenset": {}}, {"bytearray": None}),
    ],
    ids=repr,
)
def test_what_nobody_could_have_meant_is_refused(encoded: Any) -> None:
    with pytest.raises(codec.Malformed):
        codec.decode(encoded)


@pytest.mark.parametrize("line", [b"", b"{", b"[]", b"\xff\xfe", b"[" * 100_000], ids=repr)
def test_a_line_that_is_no_message_is_refused(line: bytes) -> None:
    with pytest.raises(codec.Malformed):
        codec.loads(line)


@pytest.mark.parametrize(
    ("place", "base"),
    [
        (["tarfile", "ReadError"], tarfile.ReadError),
        (["builtins", "KeyError"], KeyError),
        (["builtins", "StopIteration"], LearnerError),
        (["builtins", "ExceptionGroup"], LearnerError),
        (["builtins", "KeyboardInterrupt"], LearnerError),
        (["__main__", "Mine"], LearnerError),
        (["tarfile", "open"], LearnerError),
        (["no.such.module", "Error"], LearnerError),
        ("nonsense", LearnerError),
    ],
)
def test_an_exception_of_the_learners_is_of_a_class_that_the_checks_know(
    place: object, base: type[Exception]
) -> None:
    error = raised({"kinds": [place], "name": "Mine", "text": "so it is", "line": 3})
    assert type(error).__mro__[1] is base
    assert str(error) == "so it is"
