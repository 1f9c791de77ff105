"""Dockerfile instructions that commit and import apply to an image's settings."""

from typing import Any

import pytest

from insidedocker_engine.base import errors
from insidedocker_engine.builder import changes


@pytest.mark.parametrize(
    ("before", "lines", "after"),
    [
        ({}, ["CMD ls -l"], {"Cmd": ["/bin/sh", "-c", "ls -l"]}),
        ({"Cmd": ["x"]}, ['cmd ["ls", "-l"]'], {"Cmd": ["ls", "-l"]}),
        ({}, ['ENTRYPOINT ["/e"]'], {"Entrypoint": ["/e"]}),
        (
            {"Env": ["A=0", "B=1"]},
            ['ENV A=1 C="two words"'],
            {"Env": ["A=1", "B=1", "C=two words"]},
        ),
        ({}, ["ENV OLD some text"], {"Env": ["OLD=some text"]}),
        (
            {"Labels": {"a": "1"}},
            ["LABEL b=2 c='3 4'"],
            {"Labels": {"a": "1", "b": "2", "c": "3 4"}},
        ),
        (
            {"ExposedPorts": {"80/tcp": {}}},
            ["EXPOSE 53/udp 8000-8001"],
            {"ExposedPorts": {"80/tcp": {}, "53/udp": {}, "8000/tcp": {}, "8001/tcp": {}}},
        ),
        ({}, ['VOLUME ["/data", "/log"]'], {"Volumes": {"/data": {}, "/log": {}}}),
        ({}, ["USER me", "WORKDIR /a", "WORKDIR b"], {"User": "me", "WorkingDir": "/a/b"}),
        (
            {},
            ["# a comment\n\nSTOPSIGNAL SIGINT\nONBUILD RUN x"],
            {"StopSignal": "SIGINT", "OnBuild": ["RUN x"]},
        ),
    ],
)
def test_changes(before: dict[str, Any], lines: list[str], after: dict[str, Any]) -> None:
    changes.apply(before, lines)
    assert before == after


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("FROM x", "FROM is not a valid change command"),
        ("RUN x", "RUN is not a valid change command"),
        ("USER", "USER requires exactly one argument"),
        ("ENV A", "must have two arguments"),
        ("ENV A='x", "matching single-quote"),
        ("EXPOSE 70000", "Invalid containerPort: 70000"),
        ("EXPOSE x/tcp", "Invalid containerPort"),
    ],
)
def test_what_is_no_change(line: str, told: str) -> None:
    with pytest.raises(errors.BadRequest, match=told):
        changes.apply({}, [line])
