"""The parts of containers that need no engine: what an image adds to a request, users, names,
signals, mounts, and times in words."""

from pathlib import Path
from typing import Any

import pytest

from insidedocker_engine.base import errors, signals
from insidedocker_engine.container import names
from insidedocker_engine.container.record import MountPoint
from insidedocker_engine.containers import create_request, listing, mounts, users
from insidedocker_engine.runtime.contract import User

VERSION = (1, 51)


def created(image: dict[str, Any] | None = None, **asked: Any) -> create_request.CreateRequest:
    made = create_request.read({"Image": "x", **asked}, VERSION)
    create_request.merge(
        made, {"Cmd": ["image-cmd"], "Entrypoint": ["image-entry"], **(image or {})}
    )
    return made


@pytest.mark.parametrize(
    ("asked", "command"),
    [
        ({}, ["image-entry", "image-cmd"]),
        ({"Cmd": ["own"]}, ["image-entry", "own"]),
        ({"Entrypoint": ["own"]}, ["own"]),
        ({"Entrypoint": ["own"], "Cmd": ["a", "b"]}, ["own", "a", "b"]),
        ({"Entrypoint": [""], "Cmd": ["a"]}, ["a"]),
        ({"Cmd": "one word"}, ["image-entry", "one word"]),
    ],
)
def test_entrypoint_and_command(asked: dict[str, Any], command: list[str]) -> None:
    assert created(**asked).command == command


def test_what_an_image_adds() -> None:
    image = {
        "Env": ["A=image", "B=image"],
        "Labels": {"a": "image", "b": "image"},
        "User": "web",
        "WorkingDir": "/srv",
        "ExposedPorts": {"80/tcp": {}},
        "StopSignal": "SIGQUIT",
        "Healthcheck": {"Test": ["CMD", "check"], "Retries": 7},
    }
    asked = {"Env": ["A=own"], "Labels": {"a": "own"}, "Healthcheck": {"Retries": 2}}
    config = created(image, **asked).config
    assert config["Env"] == ["A=own", "B=image"]
    assert config["Labels"] == {"a": "own", "b": "image"}
    assert (config["User"], config["WorkingDir"]) == ("web", "/srv")
    assert config["ExposedPorts"] == {"80/tcp": {}}
    assert config["StopSignal"] == "SIGQUIT"
    assert config["Healthcheck"] == {"Test": ["CMD", "check"], "Retries": 2}


def test_fields_are_taken_in_any_case() -> None:
    made = create_request.read({"image": "x", "hostconfig": {"autoremove": True}}, VERSION)
    assert made.config["Image"] == "x"
    assert made.host_config["AutoRemove"] is True


def planned(made: create_request.CreateRequest) -> list[MountPoint]:
    return mounts.plan(made.config, made.host_config, [])


def test_one_destination_for_each_mount() -> None:
    made = created(
        {"Volumes": {"/data": {}, "/other": {}}},
        HostConfig={"Binds": ["/tmp:/data:ro", "named:/cache"], "Tmpfs": {"/run": "size=1m"}},
    )
    points = {point.destination: point for point in planned(made)}
    assert {place: point.type for place, point in points.items()} == {
        "/data": "bind",
        "/cache": "volume",
        "/run": "tmpfs",
        "/other": "volume",
    }
    assert not points["/data"].writable
    assert points["/other"].anonymous
    twice = created(HostConfig={"Binds": ["/tmp:/a", "/var:/a/"]})
    with pytest.raises(errors.BadRequest, match="Duplicate mount point: /a"):
        planned(twice)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "etc").mkdir()
    passwd = "root:x:0:0:root:/root:/bin/sh\nweb:x:33:33::/srv:/bin/sh\nbroken\n"
    (tmp_path / "etc/passwd").write_text(passwd)
    (tmp_path / "etc/group").write_text("root:x:0:\nweb:x:33:\nlog:x:4:web,root\n")
    return tmp_path


@pytest.mark.parametrize(
    ("text", "user", "home"),
    [
        ("", User(0, 0, (4,)), "/root"),
        ("web", User(33, 33, (4,)), "/srv"),
        ("33", User(33, 33, (4,)), "/srv"),
        ("web:log", User(33, 4), "/srv"),
        ("1000", User(1000, 0), "/"),
        ("1000:1000", User(1000, 1000), "/"),
    ],
)
def test_users(root: Path, text: str, user: User, home: str) -> None:
    assert users.find(root, text) == users.Account(user, home)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nosuch", "unable to find user nosuch: no matching entries in passwd file"),
        ("web:nosuch", "unable to find group nosuch: no matching entries in group file"),
    ],
)
def test_users_that_are_not_there(root: Path, text: str, message: str) -> None:
    with pytest.raises(users.UnknownUser, match=message):
        users.find(root, text)


def test_users_of_an_image_without_any(tmp_path: Path) -> None:
    assert users.find(tmp_path, "") == users.Account(User(0, 0), "/")


def test_a_passwd_file_cannot_lead_out(root: Path) -> None:
    (root / "etc/passwd").unlink()
    (root / "etc/passwd").symlink_to("/../../../../etc/passwd")
    with pytest.raises(users.UnknownUser):
        users.find(root, "daemon")


@pytest.mark.parametrize(
    ("text", "number"),
    [("KILL", 9), ("SIGKILL", 9), ("sigterm", 15), ("9", 9), ("RTMIN+1", 35), ("CHLD", 17)],
)
def test_signals(text: str, number: int) -> None:
    assert signals.parse(text) == number


@pytest.mark.parametrize("text", ["FOO", "0", "65", "-1", "RTMIN+99", "_DFL", "", "³", "9" * 5000])
def test_signals_that_are_none(text: str) -> None:
    with pytest.raises(errors.BadRequest):
        signals.parse(text)


def test_invented_names_are_free_and_allowed() -> None:
    taken: set[str] = set()
    for _ in range(3000):
        name = names.invent(lambda each: each in taken)
        assert names.check(name) == name
        taken.add(name)
    assert len(taken) == 3000


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.4, "Less than a second"),
        (1, "1 second"),
        (59, "59 seconds"),
        (61, "About a minute"),
        (60 * 59, "59 minutes"),
        (3600, "About an hour"),
        (3600 * 47, "47 hours"),
        (3600 * 24 * 3, "3 days"),
        (3600 * 24 * 21, "3 weeks"),
        (3600 * 24 * 90, "3 months"),
        (3600 * 24 * 365 * 3, "3 years"),
    ],
)
def test_times_in_words(seconds: float, words: str) -> None:
    assert listing.lapse(seconds) == words


def test_health_checks_that_cannot_be() -> None:
    for wrong in ({"Interval": 5}, {"Retries": -1}, {"Test": "x"}, {"Timeout": "1s"}):
        with pytest.raises(errors.BadRequest):
            create_request.read({"Image": "x", "Healthcheck": wrong}, VERSION)
