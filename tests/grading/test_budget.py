"""A submission has one budget of memory for all that it uses, whatever kind of memory it is: a
learner's cell tries each kind, and gets no more than a part of it."""

from __future__ import annotations

import pytest

from insidedocker.grading import sandbox
from insidedocker.grading.runner import Cell, Ran, run
from insidedocker.grading.sandbox import Limits, Sandbox

pytestmark = pytest.mark.usefixtures("walls")

LIMITS = Limits(memory=256, disk=32, cell_seconds=60)
TOO_MUCH = "the notebook used more than 256 MiB of memory"
TOGETHER = "notebook, engines and containers used more than 768 MiB of memory together"
TRIED = """\
import ctypes, mmap, os, socket, time
libc = ctypes.CDLL(None, use_errno=True)
MIB = 1 << 20
got, held = 0, []
try:
{}
except OSError as error:
    print(error.strerror)
print(got, "MiB")
"""
REFUSED = {
    # Kind of memory: what asks for 2 GB of it, and how many MiB of it there may be.
    "files in memory without a name": (
        "    for got in range(2048):\n"
        "        if got % 50 == 0:\n"
        "            file = os.memfd_create('hog')\n"
        "        os.write(file, bytes(MIB))",
        0,
    ),
    "empty files": (
        "    for folder in ('/tmp', '/submission', '/dev/shm'):\n"
        "        try:\n"
        "            for number in range(700_000):\n"
        "                os.close(os.open(f'{folder}/{number}', os.O_CREAT))\n"
        "                got += 1 / 1024\n"
        "        except OSError: pass\n"
        "    got = int(got)",
        64,
    ),
    "devices' folder": (
        "    with open('/dev/hog', 'wb') as file:\n"
        "        for got in range(2048): file.write(bytes(MIB))",
        0,
    ),
    "shared memory of System V": (
        "    while got < 2048:\n"
        "        if libc.shmget(0, 64 * MIB, 0o1600) < 0: break\n"
        "        got += 64",
        0,
    ),
    "messages of System V": (
        "    while got < 2048:\n        if libc.msgget(0, 0o1600) < 0: break\n        got += 1",
        0,
    ),
    "larger buffers of sockets": (
        "    with socket.socket() as one:\n"
        "        before = one.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)\n"
        "        one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 24)\n"
        "        got = one.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) // before - 1\n"
        "        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)\n"
        "        assert one.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)",
        0,
    ),
}
COUNTED = {
    # Kind of memory: what takes more and more of it until somebody ends it, and what is told.
    "mapped, then out of sight": (
        "    while True:\n"
        "        held.append(mmap.mmap(-1, 64 * MIB))\n"
        "        held[-1][:] = bytes(64 * MIB)\n"
        "        held[-1].madvise(mmap.MADV_DONTNEED)",
        TOO_MUCH,
    ),
    "of a process whose name is no text": (
        "    libc.prctl(15, b'\\xff\\xfe', 0, 0, 0)\n    while True: held.append(b'x' * 16 * MIB)",
        TOO_MUCH,
    ),
    "page tables": (
        "    while True:\n"
        "        flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000\n"
        "        held.append(mmap.mmap(-1, 1 << 34, flags=flags, prot=mmap.PROT_READ))\n"
        "        for place in range(0, 1 << 34, 2 * MIB): held[-1][place]",
        TOO_MUCH,
    ),
    "files and processes together": (
        "    for folder in ('/tmp', '/submission'):\n"
        "        for number in range(25):\n"
        "            with open(f'{folder}/{number}', 'wb') as file: file.write(bytes(MIB))\n"
        "    held.append(b'x' * 215 * MIB)\n"
        "    time.sleep(60)",
        TOO_MUCH,
    ),
    "pipes": (
        "    for _ in range(20):\n"
        "        if os.fork() == 0:\n"
        "            try:\n"
        "                while True: held.append(os.pipe())\n"
        "            except OSError: time.sleep(60)\n"
        "    time.sleep(60)",
        TOO_MUCH,
    ),
    "buffers of sockets": (
        "    for _ in range(20):\n"
        "        if os.fork() == 0:\n"
        "            try:\n"
        "                while True:\n"
        "                    held.append(socket.socketpair())\n"
        "                    held[-1][0].setblocking(False)\n"
        "                    held[-1][0].send(bytes(150_000))\n"
        "            except OSError: time.sleep(60)\n"
        "    time.sleep(60)",
        TOGETHER,
    ),
    "what waits in connections": (
        "    listening = socket.create_server(('127.0.0.1', 0), backlog=500)\n"
        "    while True:\n"
        "        held.append(socket.create_connection(listening.getsockname()))\n"
        "        held.append(listening.accept()[0])\n"
        "        for each in held[-2:]:\n"
        "            each.setblocking(False)\n"
        "            try:\n"
        "                while True: each.send(bytes(1_000_000))\n"
        "            except BlockingIOError: pass",
        TOGETHER,
    ),
}


@pytest.fixture
def no_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on hosts that grant no control groups, where what is counted is all there is."""
    monkeypatch.setattr(sandbox, "_groups", lambda: None)


counted = pytest.mark.usefixtures("no_groups")


def tried(source: str) -> Ran:
    return run([Cell("own", TRIED.format(source))], Sandbox(limits=LIMITS))


@counted
@pytest.mark.parametrize("kind", REFUSED)
def test_memory_that_nobody_could_count_is_not_given(kind: str) -> None:
    source, most = REFUSED[kind]
    ran = tried(source)
    assert ran.complete, ran.notes
    (told,) = ran.outputs[0]
    assert int(told["text"].split()[-2]) <= most, told


@counted
@pytest.mark.parametrize("kind", COUNTED)
def test_memory_of_every_kind_is_counted(kind: str) -> None:
    source, told = COUNTED[kind]
    assert told in tried(source).notes


ENGINE = """\
from insidedocker import lab
engine = lab.connect()
lab.need(engine, "busybox")
"""
CONTAINERS = """\
def hold(name, script, **host):
    labels = {"org.insidedocker.course": "budget"}
    body = {"Image": "busybox", "Labels": labels, "HostConfig": host}
    body["Cmd"] = ["sh", "-c", script + "; sleep 100"]
    made = engine.post(f"/containers/create?name={name}", json=body)
    made.raise_for_status()
    engine.post(f"/containers/{name}/start").raise_for_status()
fill = "dd if=/dev/zero of=%s/hog bs=1M count=%d"
"""
THROUGH_THE_ENGINE = {
    "file systems in memory and layers": (
        'hold("one", fill % ("/a", 200), Tmpfs={"/a": "size=200m"})\n'
        'hold("two", fill % ("/a", 200), Mounts=[{"Type": "tmpfs", "Target": "/a",'
        ' "TmpfsOptions": {"SizeBytes": 200 << 20}}])\n'
        'hold("three", fill % ("/root", 400))\n'
    ),
    "volumes": (
        "for name in ('box' + str(n) for n in range(8)):\n"
        '    hold(name, fill % ("/data", 150), Binds=[name + ":/data"])\n'
    ),
    "processes": (
        "for name in ('box' + str(n) for n in range(8)):\n"
        '    hold(name, "x=$(yes | head -c 100000000)")\n'
    ),
}


@counted
@pytest.mark.parametrize("kind", THROUGH_THE_ENGINE)
def test_what_containers_hold_counts_with_it(kind: str) -> None:
    wait = "import time\ntime.sleep(60)"
    source = f"{CONTAINERS}\n{THROUGH_THE_ENGINE[kind]}\n{wait}"
    cells = [Cell("locked", ENGINE), Cell("own", source)]
    ran = run(cells, Sandbox(limits=LIMITS))
    assert TOGETHER in ran.notes, ran


def test_where_the_kernel_bounds_it_that_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    if sandbox._groups() is None:
        pytest.skip("this host grants no control groups")
    monkeypatch.setattr("insidedocker.grading.processes.memory", lambda _: 0)
    ran = tried(
        "    for _ in range(4):\n"
        "        if os.fork() == 0:\n"
        "            held.append(b'x' * 300 * MIB)\n"
        "            time.sleep(60)\n"
        "    os.wait()"
    )
    assert TOGETHER in ran.notes
    assert not ran.complete
