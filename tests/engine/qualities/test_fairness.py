"""One container, or one client, does not hold up the others: every request is answered, whatever
an expression, a program's output or a large tree of files asks of the engine."""

from __future__ import annotations

import contextlib
import functools
import io
import json
import statistics
import tarfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.support import engines, patience
from tests.support.caller import Caller
from tests.support.engines import Engine
from tests.support.made_images import Made, tar

pytestmark = [pytest.mark.real]

ENDLESS = "^(a+)+$"
"""Python's own `re` would try 2^60 ways to match it with NAME."""
NAME = "a" * 60 + "b"


@pytest.fixture
def api(embedded_namespaces: Engine, busybox: Path) -> Iterator[Caller]:
    embedded_namespaces.load(busybox)
    yield Caller(embedded_namespaces)
    embedded_namespaces.clear()


# Expressions


def listed(api: Caller, kind: str, expression: str) -> list[str]:
    """The names of the objects that a filter by name finds."""
    filters = quote(json.dumps({"name": [expression]}))
    path = {
        "containers": "/containers/json?all=1&",
        "networks": "/networks?",
        "volumes": "/volumes?",
    }
    found = api.good("GET", f"{path[kind]}filters={filters}")
    if kind == "containers":
        return sorted(each["Names"][0].removeprefix("/") for each in found)
    return sorted(each["Name"] for each in (found["Volumes"] if kind == "volumes" else found))


def make(api: Caller, kind: str, name: str) -> None:
    if kind == "containers":
        api.create(name=name)
    else:
        api.good("POST", f"/{kind}/create", {"Name": name})


@pytest.mark.parametrize("kind", ["containers", "networks", "volumes"])
def test_filters_by_name_are_expressions_in_bounded_time(api: Caller, kind: str) -> None:
    for name in (NAME, "aaaa", "web.1", "web-1"):
        make(api, kind, name)
    assert listed(api, kind, ENDLESS) == ["aaaa"]
    assert listed(api, kind, "^web.1$") == ["web-1", "web.1"]
    assert listed(api, kind, "web-") == ["web-1"]
    assert listed(api, kind, "^(web|aaaa)$") == ["aaaa"]
    # As with the Engine, what is no expression finds only that very name.
    for wrong in ("(", "web[", "(?=web)"):
        assert listed(api, kind, wrong) == []


def test_patterns_of_a_build_take_bounded_time(api: Caller) -> None:
    stars = "*a" * 40 + "*b"
    files = {
        "Dockerfile": f'FROM busybox\nARG N={"a" * 300}\nENV M="${{N%%{stars}}}"\nCOPY . /c\n',
        ".dockerignore": f"{stars}\n{'**/' * 20}{stars}\n",
        "a" * 200: "",
    }
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as context:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            context.addfile(entry, io.BytesIO(text.encode()))
    told = api.call(
        "POST",
        "/build?t=stars",
        data=archive.getvalue(),
        headers={"Content-Type": "application/x-tar"},
    )
    assert "Successfully tagged stars:latest" in told.text, told.text
    assert api.output("ls", "/c", Image="stars").split() == ["Dockerfile", "a" * 200]
    api.good("DELETE", "/images/stars?force=1")


def test_long_times_are_read_in_bounded_time(api: Caller) -> None:
    for text in ("1" * 500_000, "1h" * 100_000 + "x"):
        status, told = api.refused("GET", f"/events?until=0&since={text}")
        assert status == 400 and told.startswith("invalid time"), told[:200]


# Output


def log_files(api: Caller, container: str) -> dict[str, int]:
    """The names of a log's files, without what they share -> bytes. They are the engine's own."""
    log = Path(api.good("GET", f"/containers/{container}/json")["LogPath"])
    found = log.parent.glob(f"{log.name}*")
    return {path.name.removeprefix(log.name): path.stat().st_size for path in found}


def logged(options: dict[str, str]) -> dict[str, Any]:
    return {"HostConfig": {"LogConfig": {"Type": "json-file", "Config": options}}}


def lines(api: Caller, container: str, query: str = "") -> list[int]:
    found = api.good("GET", f"/containers/{container}/logs?stdout=1{query}")
    return [int(line) for line in found.split()]


def test_a_log_keeps_to_its_size(api: Caller) -> None:
    options = {"max-size": "20k", "max-file": "3"}
    made = api.start("seq", "5000", Tty=True, **logged(options))
    followed = lines(api, made, "&follow=1")
    api.good("POST", f"/containers/{made}/wait")
    files = log_files(api, made)
    assert set(files) == {"", ".1", ".2"}
    assert all(size < 20_100 for size in files.values()), files
    kept = lines(api, made)
    assert kept == list(range(5001 - len(kept), 5001)) and len(kept) > 500
    assert lines(api, made, "&tail=600") == kept[-600:]
    assert lines(api, made, "&tail=1") == [5000]
    assert followed == sorted(set(followed)) and followed[-1] == 5000
    api.good("POST", f"/containers/{made}/start")
    api.good("POST", f"/containers/{made}/wait")
    assert lines(api, made)[-1] == 5000
    assert set(log_files(api, made)) == {"", ".1", ".2"}


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"max-size": "ten"}, "invalid size: 'ten'"),
        ({"max-size": "0"}, "max-size must be a positive number"),
        ({"max-file": "0"}, "max-file cannot be less than 1"),
        ({"max-files": "2"}, "unknown log opt 'max-files' for json-file log driver"),
    ],
)
def test_options_of_a_log_that_make_no_sense(
    api: Caller, options: dict[str, str], told: str
) -> None:
    body = {"Image": "busybox", **logged(options)}
    assert api.refused("POST", "/containers/create", body) == (400, told)


def test_default_options_of_logs(busybox: Path) -> None:
    """Of an engine on a disk that others share, and of a restricted one, which has an end."""
    with engines.embedded(options=("--log-opt", "max-size=10k"), images=(busybox,)) as started:
        own = Caller(started)
        made = own.start("seq", "5000")
        own.good("POST", f"/containers/{made}/wait")
        shown = own.good("GET", f"/containers/{made}/json")["HostConfig"]["LogConfig"]
        assert shown == {"Type": "json-file", "Config": {"max-size": "10k"}}
        assert list(log_files(own, made)) == [""]
        made = own.create(**logged({"max-size": "20k"}))
        shown = own.good("GET", f"/containers/{made}/json")["HostConfig"]["LogConfig"]
        assert shown["Config"] == {"max-size": "20k"}
    with engines.embedded(options=("--restricted",), images=(busybox,), recorded=False) as started:
        restricted = Caller(started)
        made = restricted.create()
        shown = restricted.good("GET", f"/containers/{made}/json")["HostConfig"]["LogConfig"]
        assert shown["Config"] == {"max-size": "1m", "max-file": "2"}
        body = {"Image": "busybox", **logged({"max-size": "1g"})}
        answer = (403, "this engine is restricted: it refuses a log of more than 8000000 bytes")
        assert restricted.refused("POST", "/containers/create", body) == answer


@contextlib.contextmanager
def heartbeat(api: Caller) -> Iterator[list[float]]:
    """The seconds that each ping takes meanwhile."""
    beats: list[float] = []
    stop = threading.Event()

    def beat() -> None:
        while not stop.is_set():
            began = time.monotonic()
            assert api.engine.request("GET", "/_ping").ok
            beats.append(time.monotonic() - began)

    with ThreadPoolExecutor(1) as pool:
        beating = pool.submit(beat)
        try:
            yield beats
        finally:
            stop.set()
            beating.result()


def test_programs_that_write_without_end_take_turns(api: Caller) -> None:
    """Their logs are bounded, a short program's output is there at its end, and pings take about
    as long as beside programs that are as busy and write nothing."""
    quiet = [api.start("sh", "-c", "yes > /dev/null") for _ in range(3)]
    with heartbeat(api) as usual:
        echoes(api)
    for container in quiet:
        api.good("POST", f"/containers/{container}/kill")
    options = {"max-size": "100k", "max-file": "2"}
    busy = [api.start("yes", **logged(options)) for _ in range(3)]
    with heartbeat(api) as beats:
        echoes(api)
        for container in busy:
            last = api.good("GET", f"/containers/{container}/logs?stdout=1&tail=3")
            assert last == 3 * b"\x01\0\0\0\0\0\0\x02y\n"
    for container in busy:
        assert sum(log_files(api, container).values()) < 250_000
        api.good("POST", f"/containers/{container}/kill")
    # With the encoding in the loop's thread a hundred times as long was usual.
    assert statistics.median(beats) < 30 * statistics.median(usual)


def echoes(api: Caller) -> None:
    for number in range(10):
        made = api.start("echo", str(number), Tty=True)
        api.good("POST", f"/containers/{made}/wait")
        assert lines(api, made) == [number]


# Trees of files

MANY = 20_000


@pytest.fixture
def large(api: Caller, tmp_path: Path) -> Iterator[str]:
    """An image with a layer of MANY files."""
    layer = tar({f"many/{number % 100}/{number}": b"" for number in range(MANY)})
    api.engine.load(Made([layer]).docker_archive(tmp_path / "large.tar", "large:1"))
    yield "large:1"
    api.call("DELETE", "/images/large:1?force=1")


def pings_during_removal(api: Caller, pattern: str, removal: Callable[[], object]) -> int:
    """The pings that are answered while the removed files are still being removed."""
    folder, count, seen = api.engine.folder / "state/tmp", 0, False

    def going_on() -> bool:
        return any(folder.glob(pattern))

    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(removal)
        deadline = time.monotonic() + patience.EVENT
        while not (asked.done() and seen and not going_on()):
            began = going_on()
            assert api.engine.request("GET", "/_ping").ok
            count += began and going_on()
            seen = seen or began
            assert time.monotonic() < deadline
        asked.result()
    return count


@pytest.mark.parametrize("how", ["image", "image that was forced", "volume"])
def test_requests_are_answered_while_many_files_are_removed(
    api: Caller, large: str, how: str
) -> None:
    if how == "volume":
        body = {"Image": large, "Cmd": ["x"], "HostConfig": {"Binds": ["large:/many"]}}
        made = api.good("POST", "/containers/create", body)["Id"]
        volume = Path(api.good("GET", "/volumes/large")["Mountpoint"])
        for number in range(MANY):
            (volume / str(number)).touch()
        api.remove(made)
        pattern = "volume-*"
        removal = functools.partial(api.good, "DELETE", "/volumes/large")
    else:
        made = api.good("POST", "/containers/create", {"Image": large, "Cmd": ["x"]})["Id"]
        pattern = "gone-*"
        if how == "image that was forced":
            api.good("DELETE", f"/images/{large}?force=1")
            removal = functools.partial(api.remove, made)
        else:
            api.remove(made)
            removal = functools.partial(api.good, "DELETE", f"/images/{large}")
    assert pings_during_removal(api, pattern, removal) > 2
