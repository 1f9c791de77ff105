"""The filters parameter, in its two forms and in wrong ones."""

import pytest

from insidedocker_engine.base import errors, filters


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", {}),
        ("{}", {}),
        ("null", {}),
        ('{"label": ["a", "b=c"]}', {"label": ["a", "b=c"]}),
        ('{"label": {"a": true, "b": false}}', {"label": ["a"]}),
        ('{"dangling": {"true": true}}', {"dangling": ["true"]}),
    ],
)
def test_forms(text: str, found: dict[str, list[str]]) -> None:
    assert filters.parse(text) == found


@pytest.mark.parametrize(
    "text",
    ["x", "[]", "1", '"a"', '{"a": 1}', '{"a": "b"}', '{"a": [1]}', '{"a": {"b": 1}}', "[" * 10**5],
)
def test_wrong_forms(text: str) -> None:
    with pytest.raises(errors.BadRequest, match="invalid filter"):
        filters.parse(text)


def test_names_that_are_not_known() -> None:
    filters.check({"label": []}, {"label"})
    with pytest.raises(errors.BadRequest, match="invalid filter 'colour'"):
        filters.check({"colour": ["red"]}, {"label"})


def test_flags() -> None:
    assert filters.flag({"dangling": ["true"]}, "dangling")
    assert not filters.flag({"dangling": ["0"]}, "dangling", True)
    assert filters.flag({}, "dangling", True)
    with pytest.raises(errors.BadRequest):
        filters.flag({"dangling": ["maybe"]}, "dangling")


@pytest.mark.parametrize(
    ("wanted", "matches"),
    [
        ([], True),
        (["a"], True),
        (["a=1"], True),
        (["a=1", "b"], True),
        (["b="], True),
        (["a=2"], False),
        (["c"], False),
        (["a", "c"], False),
    ],
)
def test_labels(wanted: list[str], matches: bool) -> None:
    assert filters.labels_match({"a": "1", "b": ""}, wanted) is matches
