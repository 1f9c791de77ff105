"""The filters parameter, in its two forms and in wrong ones."""

import sys

import pytest

from insidedocker_engine.base import errors, expressions, filters


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


def test_without_re2_plain_names_still_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "re2", None)
    expressions.compiled.cache_clear()
    assert expressions.found_in("web-1", "my-web-1") and not expressions.found_in("db", "web")
    assert expressions.found_in("web.1", "web.1")
    with pytest.raises(errors.NotImplementedHere, match="google-re2 is not installed"):
        expressions.found_in("^web", "web")
