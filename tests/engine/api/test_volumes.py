"""Volumes through the API: made, found, mounted, filled, kept and removed, in both runtimes."""

import json
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.support import patience
from tests.support.caller import Caller
from tests.support.engines import Engine
from tests.support.made_images import Made, tar
from tests.support.ordinary import give_away

pytestmark = pytest.mark.real


def make(api: Caller, name: str, **fields: Any) -> Any:
    return api.good("POST", "/volumes/create", {"Name": name, **fields})


def names(api: Caller, **filters: list[str]) -> list[str]:
    found = api.good("GET", f"/volumes?filters={json.dumps(filters)}")
    return [volume["Name"] for volume in found["Volumes"]]


def mounts(api: Caller, container: str) -> list[Any]:
    return list(api.good("GET", f"/containers/{container}/json")["Mounts"])


def binds(*texts: str) -> dict[str, Any]:
    return {"HostConfig": {"Binds": list(texts)}}


# Made, found, removed


def test_a_volume_is_told_in_full(api: Caller) -> None:
    made = make(api, "data", Labels={"a": "b"})
    assert {
        key: value for key, value in made.items() if key not in ("CreatedAt", "Mountpoint")
    } == {
        "Name": "data",
        "Driver": "local",
        "Labels": {"a": "b"},
        "Options": None,
        "Scope": "local",
    }
    assert made["Mountpoint"].endswith("/volumes/data/_data")
    assert api.good("GET", "/volumes/data") == made
    assert api.good("GET", "/volumes") == {"Volumes": [made], "Warnings": None}
    assert make(api, "data") == made  # the same again, not another one


def test_a_volume_without_a_name_gets_one_and_is_anonymous(api: Caller) -> None:
    made = api.good("POST", "/volumes/create", {})
    assert len(made["Name"]) == 64
    assert made["Labels"] == {"com.docker.volume.anonymous": ""}


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        (
            {"Name": "x"},
            400,
            "create x: volume name is too short, names should be at least two "
            "alphanumeric characters",
        ),
        (
            {"Name": "../up"},
            400,
            'create ../up: "../up" includes invalid characters for a local volume name, only '
            '"[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, '
            "use absolute path",
        ),
        (
            {"Name": "vv", "Driver": "nope"},
            404,
            'create vv: error looking up volume plugin nope: plugin "nope" not found',
        ),
        ({"Name": "vv", "DriverOpts": {"a": "b"}}, 400, 'create vv: invalid option: "a"'),
        (
            {"Name": "vv", "DriverOpts": {"type": "tmpfs"}},
            400,
            'create vv: the option "type" is not supported: the volumes of this engine are plain '
            "folders; use a bind mount or a tmpfs instead",
        ),
        ({"Name": 3}, 400, "invalid JSON: Name needs a string"),
        ({"Labels": ["a"]}, 400, "invalid JSON: Labels needs an object of strings"),
    ],
)
def test_what_no_volume_can_be_is_refused(
    api: Caller, body: dict[str, Any], status: int, message: str
) -> None:
    assert api.refused("POST", "/volumes/create", body) == (status, message)
    assert names(api) == []


def test_a_name_is_no_longer_than_a_file_s(api: Caller) -> None:
    make(api, "n" * 255)
    status, message = api.refused("POST", "/volumes/create", {"Name": "n" * 256})
    assert (status, "at most 255 characters" in message) == (400, True)


def test_filters_choose_volumes(api: Caller) -> None:
    make(api, "alpha", Labels={"tier": "db"})
    make(api, "beta")
    api.create(**binds("beta:/data"))
    assert names(api, name=["alph"]) == ["alpha"]
    assert names(api, label=["tier=db"]) == ["alpha"]
    assert names(api, driver=["local"]) == ["alpha", "beta"]
    assert names(api, driver=["other"]) == []
    assert names(api, dangling=["true"]) == ["alpha"]
    assert names(api, dangling=["0"]) == ["beta"]
    for filters, message in (
        ('{"nope":["1"]}', "invalid filter 'nope'"),
        ('{"dangling":["x"]}', "invalid filter 'dangling=[x]'"),
    ):
        assert api.refused("GET", f"/volumes?filters={filters}") == (400, message)


def test_a_volume_in_use_stays(api: Caller) -> None:
    make(api, "used")
    made = api.create(**binds("used:/data"))
    for path in ("/volumes/used", "/volumes/used?force=1"):
        assert api.refused("DELETE", path) == (409, f"remove used: volume is in use - [{made}]")
    api.remove(made, volumes=True)
    assert names(api) == ["used"]  # a named one stays, whatever the removal asks for
    api.good("DELETE", "/volumes/used")
    assert api.refused("DELETE", "/volumes/used") == (404, "get used: no such volume")
    api.good("DELETE", "/volumes/used?force=1")
    assert api.refused("GET", "/volumes/used") == (404, "get used: no such volume")


def test_prune_takes_anonymous_volumes_or_all_that_are_unused(api: Caller) -> None:
    make(api, "named", Labels={"keep": "yes"})
    make(api, "used")
    api.create(**binds("used:/data"))
    unnamed = api.good("POST", "/volumes/create", {})["Name"]
    assert api.good("POST", "/volumes/prune")["VolumesDeleted"] == [unnamed]
    path = '/volumes/prune?filters={"all":["1"],"label!":["keep"]}'
    assert api.good("POST", path)["VolumesDeleted"] == []
    path = '/volumes/prune?filters={"all":["true"]}'
    assert api.good("POST", path)["VolumesDeleted"] == ["named"]
    make(api, "old")
    pruned = Caller(api.engine, "1.41").good("POST", "/volumes/prune")
    assert pruned["VolumesDeleted"] == ["old"]
    assert names(api) == ["used"]


def test_disk_usage_tells_sizes_and_users(api: Caller) -> None:
    made = api.start("sh", "-c", "printf 12345 > /data/file", **binds("sized:/data"))
    api.good("POST", f"/containers/{made}/wait")
    [found] = api.good("GET", "/system/df?type=volume")["Volumes"]
    assert (found["Name"], found["UsageData"]) == ("sized", {"Size": 5, "RefCount": 1})
    api.remove(made)
    [pruned] = [api.good("POST", '/volumes/prune?filters={"all":["1"]}')]
    assert pruned == {"VolumesDeleted": ["sized"], "SpaceReclaimed": 5}


# In containers


def test_what_is_written_outlives_the_container(api: Caller) -> None:
    api.output("sh", "-c", "echo kept > /data/file", **binds("data:/data"))
    assert api.output("cat", "/elsewhere/file", **binds("data:/elsewhere")) == "kept\n"


def test_two_containers_share_a_volume_while_they_run(api: Caller) -> None:
    first, second = (api.start(**binds("shared:/data")) for _ in range(2))
    api.exec(first, "sh", "-c", "echo here > /data/file")
    assert api.exec(second, "cat", "/data/file") == (0, "here\n")


def test_mounts_are_told(api: Caller) -> None:
    made = api.create(
        Volumes={"/unnamed": {}},
        HostConfig={
            "Binds": ["first:/first", "second:/second:ro"],
            "Mounts": [
                {
                    "Type": "volume",
                    "Source": "third",
                    "Target": "/third",
                    "ReadOnly": True,
                    "VolumeOptions": {"Labels": {"from": "mount"}},
                }
            ],
        },
    )
    found = {mount["Destination"]: mount for mount in mounts(api, made)}
    shown = {
        place: (mount["Type"], mount["Name"], mount["Driver"], mount["Mode"], mount["RW"])
        for place, mount in found.items()
    }
    unnamed = found["/unnamed"]["Name"]
    assert shown == {
        "/first": ("volume", "first", "local", "z", True),
        "/second": ("volume", "second", "local", "ro", False),
        "/third": ("volume", "third", "local", "z", False),
        "/unnamed": ("volume", unnamed, "local", "", True),
    }
    for mount in found.values():
        assert mount["Source"] == api.good("GET", f"/volumes/{mount['Name']}")["Mountpoint"]
        assert mount["Propagation"] == ""
    assert api.good("GET", "/volumes/third")["Labels"] == {"from": "mount"}
    assert "com.docker.volume.anonymous" in api.good("GET", f"/volumes/{unnamed}")["Labels"]


def test_a_read_only_volume_cannot_be_written(api: Caller) -> None:
    if api.engine.runtime == "proot":
        pytest.skip("PRoot cannot make a mount read-only, and the engine says so")
    made = api.start(**binds("data:/data:ro"))
    code, said = api.exec(made, "touch", "/data/file")
    assert (code, "Read-only file system" in said) == (1, True)


@pytest.fixture
def filled(api: Caller, tmp_path: Path, busybox: Path) -> str:
    """An image with files at /data, and a volume of its own there."""
    layer = tar({"data/file": b"from the image\n", "data/deep/er": b"x", "plain/file": b"y"})
    image = Made([layer], {"Cmd": ["/none"], "Volumes": {"/data": {}}})
    api.engine.load(image.docker_archive(tmp_path / "image.tar", "filled:1"))
    return "filled:1"


def content(api: Caller, volume: str) -> list[str]:
    return api.output("find", "/look", "-type", "f", **binds(f"{volume}:/look")).split()


@pytest.fixture
def committed(api: Caller) -> str:
    """An image with programs, and with files of many modes at /own and at /other."""
    script = """
        mkdir -p /own/deep /own/shut /other /bare /real
        echo a > /own/file; echo b > /own/deep/er; ln /own/file /own/same; ln -s file /own/link
        echo c > /own/shut/in; echo d > /other/one; echo e > /other/two; echo f > /real/file
        ln -s /real /linked; echo g > /plain
        chown 7:8 /own /own/file; chmod 600 /own/file; chmod 555 /own/shut; chmod 1750 /own
        chmod 710 /bare
    """
    made = api.start("sh", "-c", script)
    assert api.good("POST", f"/containers/{made}/wait")["StatusCode"] == 0
    api.good("POST", f"/commit?container={made}&repo=committed")
    api.remove(made)
    return "committed"


def told(api: Caller, folder: str, **fields: Any) -> list[str]:
    """Mode, owner and name of everything in a folder of a new container."""
    script = f"cd {folder}; find . | sort | xargs stat -c '%A %u:%g %h %s %n'"
    return api.output("sh", "-c", script, **fields).splitlines()


def test_a_creation_fills_an_empty_volume_with_what_the_image_has_there(
    api: Caller, filled: str
) -> None:
    make(api, "existing")
    texts = ["copied:/data", "existing:/data/deep:ro", "plain:/plain:nocopy", "none:/missing"]
    body = {"Image": filled, "HostConfig": {"Binds": texts}}
    api.good("POST", "/containers/create", body)
    assert sorted(content(api, "copied")) == ["/look/deep/er", "/look/file"]
    assert content(api, "existing") == ["/look/er"]
    assert content(api, "plain") == []
    assert content(api, "none") == []


def test_modes_owners_and_links_are_copied(api: Caller, committed: str) -> None:
    for folder in ("/own", "/bare"):  # an empty one too: its own mode is the volume's
        volume = {"HostConfig": {"Binds": [f"copy-of{folder.replace('/', '-')}:{folder}"]}}
        wanted = told(api, folder, Image=committed)
        assert told(api, folder, Image=committed, **volume) == wanted
    assert content(api, "copy-of-bare") == []


def test_a_start_fills_nothing(api: Caller, committed: str) -> None:
    made = api.create(Image=committed, **binds("data:/other"))
    assert len(content(api, "data")) == 2
    api.output("sh", "-c", "rm /data/*", **binds("data:/data"))
    api.good("POST", f"/containers/{made}/start")
    api.good("POST", f"/containers/{made}/restart?t=0")
    assert content(api, "data") == []
    api.create(Image=committed, **binds("data:/other"))  # another creation, and it is empty
    assert len(content(api, "data")) == 2


def test_a_volume_with_files_stays_as_it_is(api: Caller, committed: str) -> None:
    api.output("touch", "/data/mine", **binds("data:/data"))
    api.create(Image=committed, **binds("data:/other"))
    assert content(api, "data") == ["/look/mine"]


def test_the_volumes_of_another_container_are_not_filled(api: Caller, committed: str) -> None:
    api.create(name="owner", **binds("data:/other"))
    api.create(Image=committed, HostConfig={"VolumesFrom": ["owner"]})
    assert content(api, "data") == []


def test_the_working_folder_is_made_before_the_volume_is_filled(
    api: Caller, committed: str
) -> None:
    api.create(Image=committed, WorkingDir="/other/work/here", **binds("data:/other"))
    assert "./work/here" in api.output("sh", "-c", "cd /look; find .", **binds("data:/look"))


def test_creations_beside_each_other_fill_a_volume_once(api: Caller, committed: str) -> None:
    for number in range(5):
        volumes = [f"first{number}", f"second{number}"]

        def create(turn: int, volumes: list[str] = volumes) -> str:
            here, there = volumes if turn % 4 < 2 else volumes[::-1]
            folders = ("/own", "/other") if turn % 2 else ("/other", "/own")
            return api.create(
                Image=committed, **binds(f"{here}:{folders[0]}", f"{there}:{folders[1]}")
            )

        with ThreadPoolExecutor(8) as together:
            list(together.map(create, range(8)))
        for volume in volumes:  # one's files or the other's, never both
            assert sorted(content(api, volume)) in (
                ["/look/one", "/look/two"],
                ["/look/deep/er", "/look/file", "/look/same", "/look/shut/in"],
            )


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("/plain", "cannot mount volume over existing file, file exists /plain"),
        ("/plain/x", "lstat /plain/x: not a directory"),
    ],
)
def test_a_creation_that_fails_leaves_the_volumes_as_they_were(
    api: Caller, committed: str, place: str, message: str
) -> None:
    make(api, "old")
    began = time.time()
    body = {
        "Image": committed,
        "Volumes": {"/bare": {}},
        "HostConfig": {"Binds": ["new:/own", "old:/other", f"third:{place}"]},
    }
    for _ in range(2):  # its name is free again
        assert api.refused("POST", "/containers/create?name=one", body) == (500, message)
    assert names(api) == ["old"]
    assert content(api, "old") == []
    assert api.good("GET", "/containers/json?all=1") == []
    told = {event["Actor"]["ID"] for event in api.events("volume", began)}
    assert not told & {"new", "third"}
    api.create(Image=committed, **binds(f"third:{place}:nocopy"))


def test_a_volume_that_others_asked_for_outlives_a_creation_that_fails(
    api: Caller, committed: str
) -> None:
    """Whatever came first: what was answered is there."""

    def fail(_: int) -> None:
        body = {"Image": committed, "HostConfig": {"Binds": ["wanted:/own", "bad:/plain"]}}
        assert api.refused("POST", "/containers/create", body)[0] == 500

    with ThreadPoolExecutor(4) as together:
        for _ in range(20):
            failures = [together.submit(fail, turn) for turn in range(3)]
            make(api, "wanted")
            for each in failures:
                each.result()
            assert "wanted" in names(api)
            api.good("DELETE", "/volumes/wanted")


def test_an_image_s_volume_is_anonymous_and_goes_with_its_container(
    api: Caller, filled: str
) -> None:
    body = {"Image": filled}
    kept, gone = (api.good("POST", "/containers/create", body)["Id"] for _ in range(2))
    [mount] = mounts(api, kept)
    assert (mount["Destination"], len(mount["Name"])) == ("/data", 64)
    assert len(names(api)) == 2
    api.remove(gone, volumes=True)
    assert names(api) == [mount["Name"]]
    api.remove(kept)
    assert names(api) == [mount["Name"]]


def test_automatic_removal_takes_anonymous_volumes_along(api: Caller) -> None:
    made = api.create("true", Volumes={"/data": {}}, HostConfig={"AutoRemove": True})
    [volume] = names(api)
    api.good("POST", f"/containers/{made}/start")
    deadline = time.monotonic() + patience.EVENT
    while api.call("GET", f"/containers/{made}/json").status_code != 404:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert volume not in names(api)


def test_volumes_of_another_container(api: Caller) -> None:
    owner = api.create("true", name="owner", Volumes={"/own": {}}, **binds("data:/data"))
    heir = api.create("true", HostConfig={"VolumesFrom": ["owner:ro"]})
    found = {mount["Destination"]: mount for mount in mounts(api, heir)}
    own = {mount["Destination"]: mount["Name"] for mount in mounts(api, owner)}
    assert {place: mount["Name"] for place, mount in found.items()} == own
    assert not any(mount["RW"] for mount in found.values())
    api.remove(heir, volumes=True)
    assert set(names(api)) == set(own.values())  # they are the owner's


def test_a_subfolder_of_a_volume_is_refused(api: Caller) -> None:
    mount = {"Type": "volume", "Source": "data", "Target": "/d", "VolumeOptions": {"Subpath": "s"}}
    body = {"Image": "busybox", "HostConfig": {"Mounts": [mount]}}
    assert api.refused("POST", "/containers/create", body) == (
        400,
        'invalid mount config for type "volume": this engine mounts whole volumes only',
    )
    assert names(api) == []


def test_events_tell_of_volumes(api: Caller) -> None:
    began = time.time()
    made = api.start(**binds("told:/data:ro"))
    api.remove(made)
    api.good("DELETE", "/volumes/told")
    found = [
        (event["Action"], event["Actor"]["ID"], event["Actor"]["Attributes"])
        for event in api.events("volume", began)
    ]
    mounted = {
        "container": made,
        "destination": "/data",
        "driver": "local",
        "propagation": "",
        "read/write": "false",
    }
    assert found == [
        ("create", "told", {"driver": "local"}),
        ("mount", "told", mounted),
        ("unmount", "told", {"container": made, "driver": "local"}),
        ("destroy", "told", {"driver": "local"}),
    ]


def test_volumes_outlive_an_engine_that_is_killed(
    embedded: Callable[..., Engine], busybox: Path, engine_folder: Path
) -> None:
    first = embedded(folder=engine_folder, images=(busybox,))
    before = Caller(first)
    made = make(before, "kept", Labels={"a": "b"})
    writer = before.start("sh", "-c", "echo safe > /d/f; sleep 1000", **binds("kept:/d"))
    before.exec(writer, "sh", "-c", "until [ -s /d/f ]; do sleep 0.02; done")
    (engine_folder / "state/volumes/half").mkdir()  # what a kill can leave
    first.process.send_signal(signal.SIGKILL)
    first.process.wait()
    (engine_folder / "r").unlink()  # the recorder's socket
    after = Caller(embedded(folder=engine_folder))
    assert after.good("GET", "/volumes")["Volumes"] == [made]
    assert after.output("cat", "/d/f", **binds("kept:/d")) == "safe\n"
    assert make(after, "half")["Name"] == "half"


def test_a_fill_that_a_kill_cuts_short_is_undone_or_finished(
    embedded: Callable[..., Engine], busybox: Path, engine_folder: Path
) -> None:
    first = embedded(folder=engine_folder, images=(busybox,))
    before = Caller(first)
    for name in ("copying", "moving"):
        make(before, name)
    first.process.send_signal(signal.SIGKILL)
    first.process.wait()
    (engine_folder / "r").unlink()  # the recorder's socket
    volumes = engine_folder / "state/volumes"
    (volumes / "copying/_data.filling/part").mkdir(parents=True)
    (volumes / "moving/_data.filled/deep").mkdir(parents=True)
    (volumes / "moving/_data/moved").touch()
    (volumes / "moving/_data.filled/deep/file").touch()
    (volumes / "moving/_data.filled").chmod(0o710)
    for path in volumes.rglob("*"):
        give_away(path)
    after = Caller(embedded(folder=engine_folder))
    assert content(after, "copying") == []
    assert sorted(content(after, "moving")) == ["/look/deep/file", "/look/moved"]
    assert {path.name for path in (volumes / "moving").iterdir()} == {"_data", "volume.json"}
    assert {path.name for path in (volumes / "copying").iterdir()} == {"_data", "volume.json"}
