"""/etc/hosts and /etc/resolv.conf of containers: who knows whom, and which name servers."""

import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.support import engines
from tests.support.caller import Caller
from tests.support.engines import Engine
from tests.support.missing import skip_missing

pytestmark = pytest.mark.real

MANY = 12


def on(network: str) -> dict[str, Any]:
    return {"HostConfig": {"NetworkMode": network}}


def together(work: Callable[[str], Any], names: Iterable[str]) -> list[Any]:
    with ThreadPoolExecutor(MANY) as pool:
        return list(pool.map(work, names))


def unknown(api: Caller, container: str, names: list[str]) -> list[str]:
    """The names that a program in the container cannot resolve. Nothing listens at the port."""
    script = (
        f"for n in {' '.join(names)}; do "
        "wget -qO- http://$n:9/ 2>&1 | grep -q 'bad address' && echo $n; done; true"
    )
    code, said = api.exec(container, "sh", "-c", script)
    assert code == 0, said
    return said.split()


def hosts(api: Caller, container: str) -> Path:
    return Path(api.good("GET", f"/containers/{container}/json")["HostsPath"])


def test_containers_that_start_together_know_each_other(api: Caller) -> None:
    api.network("lan")
    names = [f"member{number}" for number in range(MANY)]
    for _ in range(2):  # again with the files of the last run
        together(lambda name: api.call("DELETE", f"/containers/{name}?force=1"), names)
        together(lambda name: api.create(name=name, **on("lan")), names)
        for _ in range(2):
            together(lambda name: api.good("POST", f"/containers/{name}/start"), names)
            lost = together(lambda name: unknown(api, name, names), names)
            assert lost == [[]] * MANY
            together(api.stop, names)


def test_a_new_name_is_known(api: Caller) -> None:
    api.network("lan")
    asker = api.start(name="asker", **on("lan"))
    api.start(name="before", **on("lan"))
    api.good("POST", "/containers/before/rename?name=after")
    assert unknown(api, asker, ["after", "before"]) == ["before"]


def faults(text: str) -> list[str]:
    """Signs of a file that is half written; empty lines may be there for a moment."""
    lines = text.split("\n")
    found = [] if lines[0] == "127.0.0.1\tlocalhost" else [f"begins with {lines[0]!r}"]
    found += [] if lines[-1] == "" else [f"ends with {lines[-1]!r}"]
    return found + [line for line in lines if line and len(line.split()) < 2]


@pytest.mark.parametrize("network", ["bridge", "lan"])
def test_hosts_are_whole_while_many_come_and_leave(api: Caller, network: str) -> None:
    if network == "lan":
        api.network("lan")
    names = [f"member{number}" for number in range(MANY)]
    for name in names:
        api.start(name=name, **on(network))
    linked: dict[str, Any] = {"NetworkMode": network}
    if network == "bridge":
        linked["Links"] = names
    watchers = [api.start(name=f"watcher{n}", HostConfig=linked) for n in range(2)]
    files = [hosts(api, watcher) for watcher in watchers]
    for watcher in watchers:
        api.exec(watcher, "sh", "-c", "echo 192.0.2.1 mine >> /etc/hosts")
    found: list[str] = []
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            for file in files:
                found.extend(faults(file.read_text()))
            time.sleep(0)

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        for _ in range(3):
            together(lambda name: api.good("POST", f"/containers/{name}/restart?t=0"), names)
        together(api.stop, names)
    finally:
        done.set()
        watching.join()
    assert found == []
    for file in files:
        text = file.read_text()
        assert "member" not in text
        assert "192.0.2.1 mine" in text
        assert "\n\n" not in text


@pytest.mark.slow
@pytest.mark.parametrize("runtime", ["namespaces", "proot"])
@pytest.mark.parametrize(
    ("host", "apart"),
    [
        (["127.0.0.1", "192.0.2.7"], ["192.0.2.7"]),
        (["127.0.0.53"], ["192.0.2.53"]),  # systemd-resolved's own; it asks another
        (["127.0.0.11"], []),  # the engine is in a container of Docker's
    ],
)
def test_name_servers_on_the_host_s_loopback_are_for_its_own_network(
    embedded: Callable[..., Engine],
    busybox: Path,
    runtime: str,
    host: list[str],
    apart: list[str],
) -> None:
    with skip_missing():
        engines.need_root("a file of its own at /etc/resolv.conf")
    lines = "".join(f"nameserver {address}\\n" for address in host)
    script = (
        "mount -t tmpfs own /run && mkdir -p /run/systemd/resolve && "
        "printf 'nameserver 192.0.2.53\\n' > /run/systemd/resolve/resolv.conf && "
        f"printf '{lines}' > /run/ours && mount --bind /run/ours /etc/resolv.conf && "
        'exec "$@"'
    )
    before = ("unshare", "--mount", "sh", "-c", script, "sh")
    api = Caller(embedded(runtime, images=(busybox,), before=before))
    api.network("lan")

    def servers(network: str) -> list[str]:
        said = api.output("cat", "/etc/resolv.conf", **on(network))
        words = [line.split() for line in said.splitlines()]
        return [line[1] for line in words if line[0] == "nameserver"]

    isolated = runtime == "namespaces"
    assert servers("host") == host
    assert servers("bridge") == (apart if isolated else host)
    assert servers("lan") == (["127.0.0.11"] if isolated else host)
