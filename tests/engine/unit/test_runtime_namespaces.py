"""What keeps containers apart in the runtime `namespaces`, tried from inside as an ordinary user
runs it: processes, files, names, rights, system calls and networks."""

import contextlib
import os
import re
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.driven import Container, Driven, Refused, driven
from tests.support.missing import skip_missing


@pytest.fixture(scope="module")
def runtime() -> Iterator[Driven]:
    with contextlib.ExitStack() as stack:
        with skip_missing():
            made = stack.enter_context(driven("namespaces"))
        yield made


def out(runtime: Driven, script: str, **options: object) -> str:
    ended = runtime.run("sh", "-c", script, **options)
    return str(ended["stdout"] + ended["stderr"])


def net_names() -> set[str]:
    return {interface.name for interface in Path("/sys/class/net").iterdir()}


def test_only_its_own_processes(runtime: Driven) -> None:
    listing = out(runtime, "echo $$; for each in /proc/[0-9]*; do echo $each; done")
    assert listing.split() == ["1", "/proc/1"]


def test_only_its_own_files(runtime: Driven) -> None:
    assert out(runtime, "ls /; true").split() == ["bin", "dev", "etc", "proc", "sys", "tmp"]
    mounts = out(runtime, "cat /proc/self/mountinfo")
    assert str(runtime.folder) not in "".join(
        line.split(" - ")[0].split()[4] for line in mounts.splitlines()
    )
    assert "No such file" in out(runtime, "ls /proc/1/cwd/../../../../home")


def test_its_own_name(runtime: Driven) -> None:
    script = "hostname; cat /proc/sys/kernel/domainname"
    assert out(runtime, script, hostname="box", domainname="here").split() == ["box", "here"]
    assert out(runtime, "hostname", uts="host").strip() == socket.gethostname()


def test_its_own_network(runtime: Driven) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        script = f"ls /sys/class/net; nc -w 1 127.0.0.1 {port} || echo refused"
        said = out(runtime, script).split()
    assert said[0] == "lo"
    assert said[-1] == "refused"
    script = "nc -l -p 80 -e echo served & sleep 0.2; nc 127.0.0.1 80"
    assert out(runtime, script, user=[1000, 1000]).strip() == "served"  # a low port, not as root


def test_the_hosts_network_on_request(runtime: Driven) -> None:
    names = set(out(runtime, "ls /sys/class/net", network="host").split())
    assert names == net_names()


def test_what_is_hidden_and_read_only(runtime: Driven) -> None:
    script = "wc -c < /proc/keys; ls /proc/acpi /sys/firmware; echo 1 > /proc/sys/kernel/panic"
    said = out(runtime, script)
    assert said.splitlines()[0] == "0"
    assert "Read-only file system" in said
    assert "Read-only file system" in out(runtime, "mkdir /sys/fs/cgroup/x; touch /sys/x")


def test_read_only_root(runtime: Driven) -> None:
    mounts = [{"kind": "tmpfs", "target": "/scratch"}]
    script = "touch /etc/x; touch /scratch/x /dev/shm/x && echo written"
    said = out(runtime, script, read_only=True, mounts=mounts, cwd="/made")
    assert "touch: /etc/x: Read-only file system" in said
    assert said.startswith("written\n")


def test_read_only_bind(runtime: Driven) -> None:
    folder = runtime.folder / "read-only"
    folder.mkdir()
    folder.chmod(0o777)
    mounts = [
        {"kind": "bind", "source": str(folder), "target": "/data", "read_only": True},
        {"kind": "tmpfs", "target": "/data/../deep/er", "options": "size=1m,ro"},
    ]
    said = out(runtime, "touch /data/x; touch /deep/er/x", mounts=mounts)
    assert said.count("Read-only file system") == 2


def test_mounts_stay_inside(runtime: Driven) -> None:
    outside = runtime.folder / "outside"
    outside.mkdir()
    outside.chmod(0o777)
    rootfs = runtime.rootfs()
    (rootfs / "link").symlink_to("../../../../../../../../.." + str(outside))
    (rootfs / "magic").symlink_to("/proc/self/fd/3")
    mounts = [{"kind": "tmpfs", "target": "/link/made"}]
    with pytest.raises(Refused):  # what the link leads to does not exist inside
        runtime.run("true", rootfs=rootfs, mounts=mounts)
    with pytest.raises(Refused):
        runtime.run("true", rootfs=rootfs, mounts=[{"kind": "tmpfs", "target": "/magic/made"}])
    assert list(outside.iterdir()) == []


def test_a_source_that_is_missing(runtime: Driven) -> None:
    mounts = [{"kind": "bind", "source": "/no/such", "target": "/data"}]
    with pytest.raises(Refused, match="mounting /no/such to /data: No such file or directory"):
        runtime.run("true", mounts=mounts)


def capabilities(status: str) -> int:
    return int(next(line for line in status.splitlines() if "CapEff" in line).split()[1], 16)


def test_capabilities(runtime: Driven) -> None:
    status = "cat /proc/self/status"
    assert capabilities(out(runtime, status)) == 0xA80425FB
    assert capabilities(out(runtime, status, capabilities=["CAP_KILL"])) == 1 << 5
    assert capabilities(out(runtime, status, user=[1000, 1000])) == 0
    assert capabilities(out(runtime, status, privileged=True)) & (1 << 21)
    container = runtime.start("sleep", "60")
    assert capabilities(container.execute("cat", "/proc/self/status")["stdout"]) == 0xA80425FB
    container.end()


def test_no_new_privileges(runtime: Driven) -> None:
    script = "grep NoNewPrivs /proc/self/status"
    assert out(runtime, script, no_new_privileges=True).split() == ["NoNewPrivs:", "1"]
    assert out(runtime, script).split() == ["NoNewPrivs:", "0"]


@pytest.mark.parametrize(
    "script",
    [
        "mount -t tmpfs x /tmp",
        "umount /dev/shm",
        "unshare -U true",
        "unshare -m true",
        "nsenter -t 1 -m true",
        "hostname other",
        "pivot_root /tmp /tmp",
        "swapoff /dev/null",
        "mknod /tmp/disk b 254 0",
        "ip link add name dummy0 type dummy",
    ],
)
def test_what_is_refused(runtime: Driven, script: str) -> None:
    ended = runtime.run("sh", "-c", script)
    assert ended["code"] != 0, ended
    assert re.search("not permitted|permission denied", ended["stderr"])


def test_privileged_may_more(runtime: Driven) -> None:
    script = "mount -t tmpfs x /tmp && hostname other && hostname"
    assert out(runtime, script, privileged=True) == "other\n"


def test_sysctls(runtime: Driven) -> None:
    name = "net.ipv4.ip_forward"
    script = "cat /proc/sys/net/ipv4/ip_forward"
    assert out(runtime, script, sysctls={name: "1"}).strip() == "1"
    with pytest.raises(Refused, match=r"setting sysctl kernel\.panic"):
        runtime.run("true", sysctls={"kernel.panic": "1"})


def test_shared_memory_has_a_size(runtime: Driven) -> None:
    assert "1024" in out(runtime, "df -k /dev/shm", shm_size=1 << 20)


def test_devices(runtime: Driven) -> None:
    script = "echo x > /dev/null; head -c 4 /dev/zero | wc -c; head -c 4 /dev/urandom | wc -c; tty"
    assert out(runtime, script).split()[:2] == ["4", "4"]
    assert out(runtime, "ls /dev/my", devices=["/dev/zero:/dev/my"]).strip() == "/dev/my"


def test_init_is_process_1(runtime: Driven) -> None:
    assert out(runtime, "echo $$; cat /proc/1/comm", init=True).split() == ["2", "docker-init"]


def test_joining_another_containers_namespaces(runtime: Driven) -> None:
    first = runtime.start("sleep", "60", hostname="first")
    joined = f"container:{first.name}"
    assert "sleep" in out(runtime, "ps", pid=joined)
    script = "readlink /proc/self/ns/net; readlink /proc/self/ns/ipc"
    theirs = first.execute("sh", "-c", script)["stdout"]
    assert out(runtime, script, network=joined, ipc=joined) == theirs
    assert out(runtime, script) != theirs
    first.execute("sh", "-c", "echo shared > /dev/shm/x")
    assert out(runtime, "cat /dev/shm/x", ipc=joined) == "shared\n"
    assert "No such file" in out(runtime, "cat /dev/shm/x")
    second = runtime.start("sh", "-c", "sleep 60 & read x", pid=joined, stdin=True)
    assert set(second.pids()).isdisjoint(first.pids()[:1])
    second.ask("close_input")
    second.wait()
    runtime.ask("call", name="forget", arguments=[second.name])
    assert second.pids() == []
    first.end()
    with pytest.raises(Refused, match="not running"):
        runtime.run("true", network=joined)


# Networks


@pytest.fixture
def bridge(runtime: Driven) -> Iterator[str]:
    assert runtime.ask("call", name="create_bridge", arguments=["br-one", "172.30.0.1/24"]) is None
    yield "br-one"
    assert runtime.ask("call", name="delete_bridge", arguments=["br-one"]) is None


def endpoint(bridge: str, number: int, interface: str = "eth0") -> dict[str, object]:
    return {
        "bridge": bridge,
        "interface": interface,
        "address": f"172.30.0.{number}/24",
        "mac": f"02:42:ac:1e:00:{number:02x}",
        "gateway": "172.30.0.1",
    }


def serve(runtime: Driven, number: int, bridge: str) -> Container:
    """A container that says its number to whoever connects."""
    script = f"echo up; exec nc -ll -p 80 -e echo number {number}"
    container = runtime.start("sh", "-c", script, endpoints=[endpoint(bridge, number)])
    container.ask("see", text="up")
    container.execute("sh", "-c", f"until nc 172.30.0.{number} 80; do sleep 0.02; done")
    return container


def test_containers_on_one_bridge_reach_each_other(runtime: Driven, bridge: str) -> None:
    server = serve(runtime, 2, bridge)
    script = """
    ifconfig eth0 | grep -o 'addr:172[^ ]*\\|HWaddr [^ ]*'
    ping -c 1 -W 5 172.30.0.2 > /dev/null && echo pinged
    ping -c 1 -W 5 172.30.0.1 > /dev/null && echo gateway
    nc 172.30.0.2 80
    """
    said = out(runtime, script, endpoints=[endpoint(bridge, 3)])
    assert said.splitlines() == [
        "HWaddr 02:42:AC:1E:00:03",
        "addr:172.30.0.3",
        "pinged",
        "gateway",
        "number 2",
    ]
    server.end()


def test_two_bridges_are_apart(runtime: Driven, bridge: str) -> None:
    assert runtime.ask("call", name="create_bridge", arguments=["br-two", "172.31.0.1/24"]) is None
    server = serve(runtime, 2, bridge)
    place = endpoint("br-two", 3) | {"address": "172.31.0.3/24", "gateway": "172.31.0.1"}
    script = "ping -c 1 -W 1 172.30.0.2 > /dev/null || echo no way"
    assert out(runtime, script, endpoints=[place]) == "no way\n"
    server.end()
    assert runtime.ask("call", name="delete_bridge", arguments=["br-two"]) is None


def test_connecting_while_it_runs(runtime: Driven, bridge: str) -> None:
    server = serve(runtime, 2, bridge)
    late = runtime.start("sleep", "60")
    assert "eth5" not in late.execute("ls", "/sys/class/net")["stdout"]
    runtime.ask("endpoint", container=late.name, endpoint=endpoint(bridge, 4, "eth5"))
    said = late.execute("nc", "172.30.0.2", "80")["stdout"]
    assert said == "number 2\n"
    assert runtime.ask("call", name="detach", arguments=[late.name, "eth5"]) is None
    assert "eth5" not in late.execute("ls", "/sys/class/net")["stdout"]
    late.end()
    server.end()


def test_reaching_a_container_from_the_engine(runtime: Driven, bridge: str) -> None:
    server = serve(runtime, 2, bridge)
    for _ in range(20):  # more than are kept in store
        said = runtime.ask(
            "fetch", container=None, kind=socket.SOCK_STREAM, address=["172.30.0.2", 80]
        )
        assert said == "number 2\n"
    said = runtime.ask(
        "fetch", container=server.name, kind=socket.SOCK_STREAM, address=["127.0.0.1", 80]
    )
    assert said == "number 2\n"
    server.end()


def test_a_bridge_that_is_not_there(runtime: Driven) -> None:
    with pytest.raises(Refused, match="No such device"):
        runtime.run("true", endpoints=[endpoint("br-none", 2)])
    assert runtime.ask("call", name="delete_bridge", arguments=["br-none"]) is None


def test_no_trace_in_the_hosts_network(runtime: Driven, bridge: str) -> None:
    assert "br-one" not in net_names()


@pytest.mark.skipif(os.geteuid() != 0, reason="granting ids for the test needs root")
def test_several_users_where_the_host_grants_ids(tmp_path: Path) -> None:
    """With /etc/subuid and newuidmap every id is real: owners change, and rights end."""
    grants = tmp_path / "grants"
    grants.write_text("65534:200000:65536\n")
    granted = 'mount --bind "$0" /etc/subuid && mount --bind "$0" /etc/subgid && exec "$@"'
    mounted = ["unshare", "--mount", "sh", "-c", granted, str(grants)]
    for file in ("/etc/subuid", "/etc/subgid"):
        if not Path(file).exists():
            pytest.skip(f"{file} is missing: apt install uidmap")
    if subprocess.run([*mounted, "newuidmap"], capture_output=True, check=False).returncode > 1:
        pytest.skip("newuidmap is missing: apt install uidmap")
    with contextlib.ExitStack() as stack:
        with skip_missing():
            made = stack.enter_context(driven("namespaces", before=mounted))
        assert made.ask("about")["isolation"]["users"] is True
        script = "touch /tmp/f; chown 33:34 /tmp/f; stat -c %u:%g /tmp/f; chmod 600 /tmp/f"
        assert out(made, script) == "33:34\n"
        rootfs = made.rootfs()
        out(made, script, rootfs=rootfs)
        script = "id; cat /tmp/f; echo x > /dev/stdout"
        said = out(made, script, rootfs=rootfs, user=[1000, 1001, [5]])
        assert "uid=1000 gid=1001 groups=5" in said
        assert "can't open '/tmp/f': Permission denied" in said
        assert "\nx\n" in said
