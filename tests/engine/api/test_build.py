"""Builds by an ordinary user's engine, in both runtimes, through the API and the real CLI."""

from __future__ import annotations

import io
import json
import re
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests
import requests_unixsocket

from tests.support import engines, patience
from tests.support.engines import Engine
from tests.support.made_images import small, tar
from tests.support.missing import skip_missing
from tests.support.registries import Fake

pytestmark = pytest.mark.real


@pytest.fixture(scope="module", params=["namespaces", "proot"])
def engine(request: pytest.FixtureRequest, busybox: Path) -> Iterator[Engine]:
    with skip_missing(), engines.embedded(request.param, images=(busybox,)) as started:
        yield started


@pytest.fixture(autouse=True)
def clean(engine: Engine) -> Iterator[None]:
    yield
    engine.clear()


class Built:
    """What a build answered."""

    def __init__(self, answer: requests.Response) -> None:
        assert answer.status_code == 200, answer.text
        self.lines: list[dict[str, Any]] = [
            json.loads(line) for line in answer.content.splitlines()
        ]
        self.text = "".join(line.get("stream", "") for line in self.lines)
        self.error = next((line for line in self.lines if "error" in line), {})

    @property
    def id(self) -> str:
        assert not self.error, self.text
        return str([line["aux"]["ID"] for line in self.lines if "aux" in line][-1])

    @property
    def plain(self) -> str:
        """Without ids and without warnings about this host."""
        text = re.sub(r" ---> \[Warning\] not isolated.*\n", "", self.text)
        return re.sub(r"\b[0-9a-f]{12}\b", "ID", text)


def send(engine: Engine, text: str, query: str = "", **files: bytes) -> requests.Response:
    """`_` in names of files stands for a dot."""
    named = {name.replace("_", "."): data for name, data in files.items()}
    body = tar({"Dockerfile": text.encode(), **named})
    headers = {"Content-Type": "application/x-tar"}
    return engine.request("POST", f"/build?{query}", data=body, headers=headers)


def build(engine: Engine, text: str, query: str = "", **files: bytes) -> Built:
    return Built(send(engine, text, query, **files))


def output(engine: Engine, image: str, *command: str) -> str:
    body = {"Image": image, **({"Cmd": list(command)} if command else {})}
    made = engine.request("POST", "/containers/create", json={**body, "Tty": True}).json()["Id"]
    assert engine.request("POST", f"/containers/{made}/start").status_code == 204
    engine.request("POST", f"/containers/{made}/wait")
    text = engine.request("GET", f"/containers/{made}/logs?stdout=1&stderr=1").text
    return text.replace("\r\n", "\n")


def test_what_is_told(engine: Engine) -> None:
    built = build(engine, "FROM busybox\nRUN echo hi >&2\nCMD hello\n", "t=told:1&t=told:2")
    assert built.plain == (
        "Step 1/3 : FROM busybox\n ---> ID\n"
        "Step 2/3 : RUN echo hi >&2\n ---> Running in ID\n\x1b[91mhi\n\x1b[0m"
        " ---> Removed intermediate container ID\n ---> ID\n"
        "Step 3/3 : CMD hello\n ---> Running in ID\n"
        " ---> Removed intermediate container ID\n ---> ID\n"
        "Successfully built ID\nSuccessfully tagged told:1\nSuccessfully tagged told:2\n"
    )
    image = engine.request("GET", "/images/told:1/json").json()
    assert image["Id"] == built.id
    assert image["Config"]["Cmd"] == ["/bin/sh", "-c", "hello"]
    steps = engine.request("GET", "/images/told:2/history").json()
    assert [step["CreatedBy"] for step in steps[:2]] == [
        '/bin/sh -c #(nop)  CMD ["/bin/sh" "-c" "hello"]',
        "/bin/sh -c echo hi >&2",
    ]
    layers = engine.request("GET", "/images/busybox/json").json()["RootFS"]["Layers"]
    assert image["RootFS"]["Layers"] == layers, "no layer where no file changed"
    assert engine.request("GET", "/containers/json?all=1").json() == []


def test_steps_are_images_of_their_own(engine: Engine) -> None:
    built = build(engine, "FROM busybox\nENV STEP=1\nENV STEP=2\n", "t=steps")
    parent = engine.request("GET", "/images/steps/json").json()["Parent"]
    assert "STEP=1" in engine.request("GET", f"/images/{parent}/json").json()["Config"]["Env"]

    def listed(query: str) -> list[str]:
        return [each["Id"] for each in engine.request("GET", f"/images/json{query}").json()]

    assert built.id in listed("")
    assert parent not in listed("")
    assert parent in listed("?all=1")


def test_cache(engine: Engine) -> None:
    text = "FROM busybox\nARG who\nCOPY a /a\nRUN date +%N%s > /when; echo $who\n"
    first = build(engine, text, a=b"1")
    assert "Using cache" not in first.text
    assert build(engine, text, a=b"1").id == first.id
    assert build(engine, text, a=b"2").id != first.id, "another file"
    given = "buildargs=" + json.dumps({"who": "me"})
    other = build(engine, text, given, a=b"1")
    assert other.text.count("Using cache") == 2, "the argument counts where it is used"
    assert build(engine, text, "nocache=1", a=b"1").id != first.id
    again = build(engine, text, 'cachefrom=["nosuch"]', a=b"1")
    assert "Using cache" not in again.text, "only from what is named"


def test_stages_copies_and_owners(engine: Engine) -> None:
    text = (
        "ARG base=busybox\nFROM $base AS first\nRUN echo one > /made && ln -s made /link\n"
        "FROM first AS second\nRUN echo two >> /made\n"
        "FROM busybox\nWORKDIR /in/here\nCOPY --from=second /made /link ./\n"
        "COPY --from=0 --chown=nobody:nogroup --chmod=640 /made /in/one\n"
        "COPY --from=busybox /etc/group /in/\n"
        "CMD cat here/made here/link; cat ../one; ls ..\nWORKDIR ..\n"
    )
    built = build(engine, text, "t=stages")
    assert not built.error, built.text
    assert output(engine, "stages").startswith("one\ntwo\none\ntwo\n")
    saved = engine.request("GET", f"/images/{built.id}/get").content
    with tarfile.open(fileobj=io.BytesIO(saved)) as archive:
        [entry] = json.loads(archive.extractfile("manifest.json").read())  # type: ignore[union-attr]
        found = {}
        for layer in entry["Layers"]:
            with tarfile.open(fileobj=archive.extractfile(layer)) as opened:
                found.update({each.name: each for each in opened})
    assert (found["in/one"].uid, found["in/one"].mode) == (65534, 0o640)
    assert found["in/here/made"].uid == 0


def test_copy_and_add(engine: Engine, tmp_path: Path) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:xz") as archive:
        entry = tarfile.TarInfo("inner/file")
        entry.size = 2
        archive.addfile(entry, io.BytesIO(b"in"))
    text = (
        "FROM busybox\nCOPY *.txt /texts/\nADD p.tar /added/\nCOPY p.tar /copied/\n"
        'COPY d /d\nCOPY ["a.txt", "/with space/"]\nENV to=/dollar\nCOPY a.txt $to\n'
        "RUN cat /texts/a.txt /texts/b.txt /added/inner/file /d/x '/with space/a.txt' /dollar"
        " && test -f /copied/p.tar\n"
    )
    files: dict[str, bytes] = {
        "a_txt": b"A",
        "b_txt": b"B",
        "p_tar": packed.getvalue(),
        "d/x": b"X",
    }
    assert "\nABinXAA" in build(engine, text, "", **files).text.replace("ID", "")


def test_scratch(engine: Engine) -> None:
    text = (
        "FROM busybox AS b\nFROM scratch\nLABEL a=b\nCOPY --from=b /bin/busybox /\n"
        'CMD ["/busybox", "echo", "alone"]\n'
    )
    built = build(engine, text)
    assert output(engine, built.id) == "alone\n"
    assert len(engine.request("GET", f"/images/{built.id}/json").json()["RootFS"]["Layers"]) == 1
    assert build(engine, "FROM scratch\n").error["error"].startswith("No image was generated")


def test_triggers(engine: Engine) -> None:
    base = build(engine, "FROM busybox\nONBUILD COPY a /a\nONBUILD RUN cat /a\n", "t=trigger")
    assert engine.request("GET", f"/images/{base.id}/json").json()["Config"]["OnBuild"]
    built = build(engine, "FROM trigger\nRUN true\n", a=b"pulled\n")
    assert "# Executing 2 build triggers\n" in built.text
    assert "pulled\n" in built.text
    config = engine.request("GET", f"/images/{built.id}/json").json()["Config"]
    assert not config.get("OnBuild")


def test_labels_target_and_quiet(engine: Engine) -> None:
    text = "FROM busybox AS one\nENV A=1\nFROM one\nRUN false\n"
    built = build(engine, text, 'q=1&target=one&labels={"by":"me"}&t=quiet')
    [line] = built.lines
    image = engine.request("GET", "/images/quiet/json").json()
    assert line == {"stream": image["Id"] + "\n"}
    assert image["Config"]["Labels"]["by"] == "me"
    loud = build(engine, "FROM busybox\nRUN echo why; false\n", "q=1")
    assert "why\n" in loud.text, "a quiet build that fails tells everything"


def test_what_is_left_of_a_first_step_is_counted(engine: Engine) -> None:
    failed = build(engine, "FROM scratch\nRUN /true\n", "&rm=0")
    assert failed.error
    [left] = engine.request("GET", "/containers/json?all=1&size=1").json()
    assert left["SizeRootFs"] == left["SizeRw"]
    [found] = engine.request("GET", "/system/df").json()["Containers"]
    assert found["Id"] == left["Id"]
    assert engine.request("POST", "/containers/prune").json()["ContainersDeleted"] == [left["Id"]]


def test_a_run_that_fails(engine: Engine) -> None:
    failed = build(engine, "FROM busybox\nRUN exit 7\n", "t=never")
    message = "The command '/bin/sh -c exit 7' returned a non-zero code: 7"
    assert failed.lines[-1] == {
        "errorDetail": {"code": 7, "message": message},
        "error": message,
    }
    assert engine.request("GET", "/images/never/json").status_code == 404
    left = engine.request("GET", "/containers/json?all=1").json()
    assert [each["State"] for each in left] == ["exited"], "kept to look at"
    build(engine, "FROM busybox\nRUN exit 8\n", "forcerm=1")
    assert len(engine.request("GET", "/containers/json?all=1").json()) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("FROM busybox\nCOPY nope /\n", "COPY failed: file not found in build context"),
        ("FROM busybox\nCOPY n* /\n", "COPY failed: no source files were specified"),
        ("FROM busybox\nCOPY ../a /\n", "COPY failed: forbidden path outside the build context"),
        ("FROM busybox\nCOPY --from=0 /a /\n", "invalid from flag value 0: refers to current"),
        ("FROM busybox\nCOPY Dockerfile Dockerfile /x\n", "must be a directory and end with a /"),
        ("FROM busybox\nRUN --mount=type=tmpfs,target=/x ls\n", "the --mount option requires"),
        ("FROM ${none}\n", "base name (${none}) should not be blank"),
        ("FROM busybox\nCOPY --chown=who Dockerfile /\n", "no such user: who"),
    ],
)
def test_steps_that_cannot_be(engine: Engine, text: str, message: str) -> None:
    assert message in build(engine, text).error["error"]


@pytest.mark.parametrize(
    ("text", "query", "message"),
    [
        ("FROM busybox\nFOO\n", "", "unknown instruction: FOO"),
        (" \n", "", "the Dockerfile (Dockerfile) cannot be empty"),
        ("FROM busybox\n", "version=2", "DOCKER_BUILDKIT=0"),
        ("FROM busybox\n", "t=No", "must be lowercase"),
        ("FROM busybox\n", "target=x", 'target stage "x" could not be found'),
        ("FROM busybox\n", "buildargs=x", "error reading buildargs"),
        ("FROM busybox\n", "remote=https://example.com/x.git", "clone the repository"),
    ],
)
def test_requests_that_cannot_be(engine: Engine, text: str, query: str, message: str) -> None:
    answer = send(engine, text, query)
    assert answer.status_code == 400
    assert message in answer.json()["message"]


def test_dockerfile_elsewhere_and_hidden(engine: Engine) -> None:
    text = "FROM busybox\nCOPY . /c\nRUN ls -a /c\n"
    listing = build(engine, "no", "dockerfile=d/Other", **{"d/Other": text.encode()}).text
    assert "Dockerfile\n" in listing
    ignored = {"_dockerignore": b"Dockerfile\n.dockerignore\n", "x": b""}
    hidden = build(engine, text, "", **ignored)
    assert "x\n" in hidden.text
    assert "ockerignore\n" not in hidden.text
    answer = send(engine, text, "dockerfile=nope")
    assert answer.json()["message"] == "Cannot locate specified Dockerfile: nope"


def test_hostile_contexts(engine: Engine) -> None:
    for name in ("../out", "/etc/out"):
        answer = engine.request(
            "POST",
            "/build",
            data=tar({"Dockerfile": b"FROM busybox\n", name: b""}),
        )
        assert answer.status_code == 400, name
    link = tarfile.TarInfo("link")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc"
    packed = io.BytesIO(tar({"Dockerfile": b"FROM busybox\nCOPY link/hostname /stolen\n"}))
    with tarfile.open(fileobj=packed, mode="a") as archive:
        archive.addfile(link)
    built = Built(engine.request("POST", "/build", data=packed.getvalue()))
    assert "file not found in build context" in built.error["error"]


def test_who_leaves_ends_the_build(engine: Engine) -> None:
    body = tar({"Dockerfile": b"FROM busybox\nRUN echo begun; sleep 100\n"})
    url = "http+unix://" + quote(str(engine.socket), safe="") + "/build?rm=1"
    with requests_unixsocket.Session() as session:
        answer = session.post(url, data=body, stream=True, timeout=patience.EVENT)
        lines = answer.iter_lines()
        while next(lines) != b'{"stream":"begun\\n"}':
            pass
        assert len(engine.request("GET", "/containers/json").json()) == 1
        answer.close()
    patience.until(lambda: engine.request("GET", "/containers/json?all=1").json() == [])
    tmp = engine.folder / "state/tmp"
    patience.until(lambda: not [*tmp.glob("context-*"), *tmp.glob("build-*")])


def test_what_is_fetched(engine: Engine) -> None:
    with Fake() as web:
        web.say("/some/file.txt", 200, b"fetched\n", Last_Modified="Tue, 02 Jan 2024 03:04:05 GMT")
        text = f"FROM busybox\nADD http://{web.host}/some/file.txt /in/\n"
        text += "RUN grep fetched /in/file.txt\nRUN stat -c '%a %Y' /in/file.txt\n"
        assert "600 1704164645\n" in build(engine, text).text
        web.say("/Dockerfile", 200, b"FROM busybox\nRUN echo from afar\n")
        web.say("/context", 200, tar({"Dockerfile": b"FROM busybox\nCOPY x /\n", "x": b""}))
        for path, told in (("Dockerfile", "from afar\n"), ("context", "Step 2/2 : COPY x /\n")):
            answer = engine.request("POST", f"/build?nocache=1&remote=http://{web.host}/{path}")
            assert told in Built(answer).text
        missing = build(engine, f"FROM busybox\nADD http://{web.host}/nope /\n").error["error"]
        assert "404" in missing


def test_a_base_that_has_to_be_pulled(engine: Engine) -> None:
    with Fake() as hub:
        hub.serve(small("from the registry"), "base", "2")
        name = f"{hub.host}/base:2"
        built = build(engine, f"FROM {name}\nLABEL a=b\n")
        assert next(line["status"] for line in built.lines if "status" in line).startswith(
            "Pulling"
        )
        assert engine.request("GET", f"/images/{name}/json").status_code == 200
        assert "Pulling" not in json.dumps(build(engine, f"FROM {name}\n").lines)
        assert "Pulling" in json.dumps(build(engine, f"FROM {name}\n", "pull=1").lines)
        refused = build(engine, f"FROM {hub.host}/nope\n")
        assert "manifest unknown" in refused.error["error"]


def test_a_prune_meanwhile_takes_nothing_away(engine: Engine) -> None:
    body = tar(
        {
            "Dockerfile": b"FROM busybox\nRUN echo 1 > /1\nCOPY Dockerfile /2\nRUN sleep 1\n"
            b"RUN cat /1 /2 > /3\n"
        }
    )
    url = "http+unix://" + quote(str(engine.socket), safe="") + "/build?rm=1"
    with requests_unixsocket.Session() as session:
        answer = session.post(url, data=body, stream=True, timeout=patience.EVENT)
        lines = []
        for line in filter(None, answer.iter_lines()):
            lines.append(json.loads(line))
            if "RUN sleep" in lines[-1].get("stream", ""):
                assert engine.request("POST", "/images/prune").status_code == 200
    assert "aux" in lines[-2], lines[-1]


def test_network_of_steps(engine: Engine) -> None:
    text = "FROM busybox\nRUN ls /sys/class/net; cat /etc/hosts\n"
    built = build(engine, text, "networkmode=none&extrahosts=other:10.0.0.9")
    assert "10.0.0.9\tother\n" in built.text


@pytest.mark.slow
def test_an_image_has_so_many_layers_at_most(engine: Engine) -> None:
    built = build(engine, "FROM busybox\n" + "".join(f"COPY x /{n}\n" for n in range(125)), x=b"")
    assert built.error["error"] == "max depth exceeded"
    assert "Step 125/126" in built.text


def test_prune(engine: Engine) -> None:
    answer = engine.request("POST", "/build/prune").json()
    assert answer == {"CachesDeleted": None, "SpaceReclaimed": 0}


@pytest.mark.slow
def test_with_every_cli(engine: Engine, every_docker_cli: list[str], tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/file").write_text("from the context\n")
    (tmp_path / "left-out").write_text("")
    (tmp_path / ".dockerignore").write_text("*-out\n")
    (tmp_path / "Dockerfile").write_text(
        "FROM busybox\nARG word\nCOPY . /c\nRUN echo $word; cat /c/sub/file; ls /c\n"
    )
    for program in every_docker_cli:
        done = subprocess.run(
            [program, "build", "-t", "cli:1", "--no-cache", "--build-arg", "word=said", "."],
            cwd=tmp_path,
            env={**engine.environment, "DOCKER_BUILDKIT": "0"},
            capture_output=True,
            text=True,
            timeout=patience.EVENT,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "said\nfrom the context\nDockerfile\nsub\n" in done.stdout
        assert "Successfully tagged cli:1" in done.stdout


def test_builds_side_by_side(engine: Engine) -> None:
    results: list[Built] = []

    def one(number: int) -> None:
        results.append(build(engine, f"FROM busybox\nRUN echo {number} > /n\nRUN cat /n\n"))

    threads = [threading.Thread(target=one, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({built.id for built in results}) == 4
