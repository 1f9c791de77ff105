"""Make a small root folder with the engine of an earlier release, for test_earlier_roots.py.

    python -m tests.engine.data.make_root REVISION [namespaces|proot]

Needs root, git with that revision, and busybox-static. The engine is the revision's own code, run
by an ordinary user, and is killed at the end; what it showed before is kept beside the archive.
"""

import contextlib
import gzip
import io
import json
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from insidedocker_engine.files import directory_trees
from tests.support import engines, patience
from tests.support.caller import Caller
from tests.support.engines import Engine
from tests.support.made_images import small, tar
from tests.support.ordinary import (
    as_ordinary_user,
    give_away,
    ordinary_python,
    remove_lasting_folders,
)
from tests.support.registries import Fake

ROOTS = Path(__file__).parent / "roots"
REPOSITORY = Path(__file__).parents[3]
BUSYBOX = "/bin/busybox:/bin/busybox:ro"
"""Bound into each container: an image with programs would be large."""


def main(revision: str, runtime: str) -> None:
    log = subprocess.run(
        ["git", "-C", REPOSITORY, "log", "-1", "--format=%cs-%h", "--abbrev=7", revision],
        check=True,
        capture_output=True,
        text=True,
    )
    name = f"{log.stdout.strip()}-{runtime}"
    folder = Path(tempfile.mkdtemp(prefix="idt-", dir="/tmp"))
    folder.chmod(0o755)
    give_away(folder)
    try:
        with running(folder, revision, runtime) as engine:
            found = fill(Caller(engine, "1.41"), folder)
            engine.process.kill()
            engine.process.wait()
        (ROOTS / f"{name}.json").write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")
        pack(folder / "state", ROOTS / f"{name}.tar.gz")
    finally:
        directory_trees.remove(folder)
        remove_lasting_folders()
    print(name)


@contextlib.contextmanager
def running(folder: Path, revision: str, runtime: str) -> Iterator[Engine]:
    """Run the engine of a revision."""
    code = folder / "code"
    code.mkdir(mode=0o755)
    packed = subprocess.run(
        ["git", "-C", REPOSITORY, "archive", revision], check=True, capture_output=True
    ).stdout
    subprocess.run(["tar", "-x", "-C", code], input=packed, check=True)
    modules = ("insidedocker_engine", "insidedocker.engine")
    module = next(each for each in modules if (code / each.replace(".", "/")).is_dir())
    command = [*as_ordinary_user(), ordinary_python(), "-m", module, "--root", f"{folder}/state"]
    command += ["--host", f"unix://{folder}/s", "--runtime", runtime]
    own = {"HOME": str(folder), "PYTHONPATH": str(code), "PYTHONDONTWRITEBYTECODE": "1"}
    with engines.running("embedded", folder, command, environment=own) as engine:
        yield engine


def fill(api: Caller, folder: Path) -> dict[str, Any]:
    """Make some of everything; returns what the engine shows of it."""
    image = small("small", Cmd=["/bin/busybox", "echo", "said"], Labels={"made": "for tests"})
    image.layers.append(tar({"bin/": b"", "bin/busybox": b"", "data/": b"", "data/file": b"of it"}))
    api.engine.load(image.docker_archive(folder / "small.tar", "small:one", "small:two"))
    with Fake() as registry:
        registry.serve(small("pulled"))
        told = api.call("POST", f"/images/create?fromImage={registry.host}/app&tag=1").text
        assert "error" not in told
    api.network("own", Labels={"made": "for tests"}, Options={"option": "kept"})
    api.good("POST", "/volumes/create", {"Name": "kept", "Labels": {"made": "for tests"}})
    ran = api.create(
        *("/bin/busybox", "sh", "-c", "echo said; echo kept > /volume/file; echo own > /written"),
        name="ran",
        Image="small:one",
        Env=["A=b"],
        HostConfig={
            "Binds": [BUSYBOX, "kept:/volume"],
            "NetworkMode": "own",
            "RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 3},
        },
        NetworkingConfig={"EndpointsConfig": {"own": {"Aliases": ["alias"]}}},
    )
    api.good("POST", f"/containers/{ran}/start")
    api.good("POST", f"/containers/{ran}/wait")
    api.good("POST", "/commit?container=ran&repo=committed&tag=1&comment=by+test", {})
    api.create("/bin/busybox", "echo", name="made", Image="small:two", Volumes={"/data": {}})
    api.create(*SLEEP, name="killed", Image="small:one", HostConfig={"Binds": [BUSYBOX]})
    found = shown(api)
    api.good("POST", "/containers/killed/start")
    patience.until(lambda: api.good("GET", "/containers/killed/json")["State"]["Running"])
    return {"folder": str(folder), **found}


def shown(api: Caller) -> dict[str, Any]:
    """What an engine shows of such a root, of fields that no release may lose."""
    images = [api.good("GET", f"/images/{e['Id']}/json") for e in api.good("GET", "/images/json")]
    containers = [api.good("GET", f"/containers/{name}/json") for name in CONTAINERS]
    log = api.good("GET", "/containers/ran/logs?stdout=1&timestamps=1")
    return {
        "images": [
            {
                **_some(each, "Id", "Parent", "Created", "Comment", "Size", "Config.Cmd"),
                "Names": sorted([*each["RepoTags"], *each["RepoDigests"]]),
                "Tagged": each["Metadata"]["LastTagTime"],
            }
            for each in sorted(images, key=lambda image: str(image["Id"]))
        ],
        "containers": [
            {
                **_some(each, "Id", "Name", "Created", "Image", "Path", "Args", "Mounts"),
                **_some(each, "State.Status", "State.ExitCode", "State.StartedAt", "Config.Env"),
                **_some(each, "HostConfig.Binds", "HostConfig.RestartPolicy"),
                "Networks": sorted(each["NetworkSettings"]["Networks"]),
            }
            for each in containers
        ],
        "networks": [
            _some(each, "Id", "Name", "Created", "Driver", "Labels", "Options", "IPAM")
            for each in sorted(api.good("GET", "/networks"), key=lambda each: str(each["Name"]))
        ],
        "volumes": [
            _some(each, "Name", "CreatedAt", "Labels", "Mountpoint")
            for each in api.good("GET", "/volumes")["Volumes"]
        ],
        "log": log.decode("latin-1"),
        "changes": api.good("GET", "/containers/ran/changes"),
    }


def _some(value: dict[str, Any], *names: str) -> dict[str, Any]:
    """Fields of an answer; "State.Status" is a field of a field."""
    found = {}
    for name in names:
        each: Any = value
        for part in name.split("."):
            each = each[part]
        found[name] = each
    return found


CONTAINERS = ("ran", "made", "killed")
SLEEP = ("/bin/busybox", "sleep", "1000")


def pack(root: Path, target: Path) -> None:
    """Pack a root folder, without owners and times of its files."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path in sorted(root.rglob("*")):
            if path.is_socket() or path.relative_to(root).parts[0] == "tmp":
                continue
            entry = archive.gettarinfo(path, str(path.relative_to(root)))
            entry.uid = entry.gid = entry.mtime = 0
            entry.uname = entry.gname = ""
            with path.open("rb") if entry.isreg() else contextlib.nullcontext() as file:
                archive.addfile(entry, file)
    target.write_bytes(gzip.compress(buffer.getvalue(), mtime=0))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "namespaces")
