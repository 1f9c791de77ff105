"""Root folders of earlier releases: today's engine goes on with all that is in them, and what it
writes there holds what the earlier engine knew. A folder of a newer format is left alone.

`tests/engine/data/make_root.py` has made the folders.
"""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from insidedocker_engine.root_format import FORMAT
from tests.engine.data.make_root import BUSYBOX, CONTAINERS, ROOTS, SLEEP, shown
from tests.support import patience
from tests.support.caller import Caller
from tests.support.engines import Engine
from tests.support.ordinary import UID, as_ordinary_user, give_away, ordinary_python

pytestmark = [pytest.mark.real, pytest.mark.slow]

NAMES = sorted(path.name.removesuffix(".tar.gz") for path in ROOTS.glob("*.tar.gz"))


def unpack(name: str, folder: Path) -> Any:
    """Put a root folder where an engine in `folder` looks for it; returns what its own engine
    showed. Records name the folder that they were made in: it is replaced."""
    root = folder / "state"
    root.mkdir()
    subprocess.run(["tar", "-xpzf", ROOTS / f"{name}.tar.gz", "-C", root], check=True)
    root.chmod(0o700)
    text = (ROOTS / f"{name}.json").read_text()
    before = json.loads(text)["folder"]
    for file in root.glob("containers/*/config.json"):
        file.write_text(file.read_text().replace(before, str(folder)))
    for path in [root, *root.rglob("*")]:
        if os.geteuid() == 0:
            os.lchown(path, UID, UID)
        os.utime(path, (0, 0), follow_symlinks=False)  # equal times: not changed in a container
    return json.loads(text.replace(before, str(folder)))


def without_end(found: Any) -> Any:
    """What is shown, without the state of the container that was killed with its engine."""
    containers = [
        {
            name: value
            for name, value in each.items()
            if each["Name"] != "/killed" or not name.startswith("State.")
        }
        for each in found["containers"]
    ]
    return {**found, "containers": containers, "folder": ""}


def records(root: Path) -> dict[str, Any]:
    """Every record of a root folder, by its path."""
    found = [*root.glob("*.json"), *root.glob("images/*.json"), *root.glob("networks/*.json")]
    found += [*root.glob("containers/*/config.json"), *root.glob("volumes/*/volume.json")]
    return {str(path.relative_to(root)): json.loads(path.read_text()) for path in found}


def assert_holds(new: Any, old: Any, where: str) -> None:
    """Every field of `old` is in `new`, with a value of the same type."""
    if isinstance(old, dict):
        assert isinstance(new, dict), where
        for name, value in old.items():
            assert name in new, f"{where} has no {name} any more"
            if value is not None and new[name] is not None:
                assert_holds(new[name], value, f"{where}: {name}")
    else:
        assert type(new) is type(old), where


@pytest.mark.usefixtures("busybox")  # containers of those roots mount this machine's
@pytest.mark.parametrize("name", NAMES)
def test_an_earlier_root_goes_on(
    name: str, engine_folder: Path, embedded: Callable[..., Engine]
) -> None:
    before = unpack(name, engine_folder)
    root, runtime = engine_folder / "state", name.rpartition("-")[2]
    old = records(root)
    engine = embedded(runtime, folder=engine_folder)
    api = Caller(engine)
    assert without_end(shown(api)) == without_end(before)
    assert json.loads((root / "format.json").read_text()) == {"format": FORMAT}
    warnings = api.good("GET", "/info")["Warnings"] or []
    assert not [each for each in warnings if "cannot be read" in each]
    killed = api.good("GET", "/containers/killed/json")["State"]
    assert (killed["Status"], killed["ExitCode"]) == ("exited", 137)

    for container in CONTAINERS:  # all of it works
        api.good("POST", f"/containers/{container}/start")
    assert api.good("POST", "/containers/ran/wait")["StatusCode"] == 0
    log = api.good("GET", "/containers/ran/logs?stdout=1&timestamps=1").decode("latin-1")
    assert log.startswith(before["log"]) and log.count("said") == 2
    assert api.good("GET", "/containers/ran/archive?path=/written")
    api.stop("killed")
    api.create(*SLEEP, name="new", Image="committed:1", HostConfig={"Binds": [BUSYBOX]})
    api.good("POST", "/networks/own/connect", {"Container": "new"})
    api.good("POST", "/containers/new/start")
    api.good("POST", "/images/small:one/tag?repo=small&tag=three")
    for container in CONTAINERS:
        api.good("POST", f"/containers/{container}/rename?name=new-{container}")
    pulled = next(each for each in before["images"] if len(each["Names"]) == 2)
    assert api.good("GET", f"/images/{pulled['Names'][1]}/json")["Id"] == pulled["Id"]

    engine.process.terminate()
    assert engine.process.wait(patience.EVENT) == 0
    new = records(root)
    for path, record in old.items():
        assert_holds(new[path], record, path)
    api = Caller(embedded(runtime, folder=engine_folder))
    assert api.good("GET", "/containers/new-ran/json")["Id"] == before["containers"][0]["Id"]
    assert "small:three" in api.good("GET", "/images/small:one/json")["RepoTags"]


def test_a_newer_root_is_left_alone(engine_folder: Path) -> None:
    root = engine_folder / "state"
    unpack(NAMES[-1], engine_folder)
    give_away(engine_folder)
    (root / "format.json").write_text(json.dumps({"format": FORMAT + 1, "more": "of it"}))
    (root / "format.json").chmod(0o644)

    def files() -> dict[Path, bytes]:
        found = [path for path in root.rglob("*") if path.is_file() and path.name != "engine.lock"]
        return {path: path.read_bytes() for path in found}

    before = files()
    command = [*as_ordinary_user(), ordinary_python(), "-m", "insidedocker_engine"]
    done = subprocess.run(
        [*command, "--root", str(root), "--host", f"unix://{engine_folder}/s"],
        capture_output=True,
        text=True,
        cwd=engine_folder,
        timeout=patience.START,
        check=False,
    )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "was written by a newer engine" in line and "--root" in line
    assert files() == before
