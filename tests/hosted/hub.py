"""A machine with a JupyterHub for a class: accounts, homes and folders of its own, which nobody
outside sees, and the hub of deploy/jupyterhub in it with the usual proxy.

The machine is a mount and process namespace: its /etc, /home, /srv and /tmp are new, its network is
this machine's loopback.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import requests

from insidedocker.catalog import store
from insidedocker.progress import Progress
from tests.hosted import hosting
from tests.support import patience
from tests.support.engines import need_root, own_folder
from tests.support.missing import Missing

INSTRUCTOR = "grace"
LEARNERS = ("ada", "alan")
PROXY, PROGRAM = "configurable-http-proxy@5.1.0", "configurable-http-proxy"

# Makes the machine and becomes its first program. Everything is bound into /srv before /tmp goes.
MACHINE = """
set -e
folder=$1 checkout=$2 programs=$3 proxy=$4 catalog=$5
mount --make-rprivate /
cp -a /etc "$folder/etc"
mkdir -p "$folder/home" "$folder/srv"
mount --bind "$folder/etc" /etc
mount --bind "$folder/home" /home
mount --bind "$folder/srv" /srv
mkdir /srv/programs /srv/proxy /srv/catalog /srv/class /srv/jupyterhub /srv/out
mount --bind "$programs" /srv/programs
mount --bind "$proxy" /srv/proxy
cp -a "$catalog/." /srv/catalog
cp -a "$checkout" /srv/class/course
mount --bind "$folder/out" /srv/out
mount -t tmpfs -o mode=1777 tmpfs /tmp
mount -t proc proc /proc
for account in grace ada alan; do
    useradd --create-home --shell /bin/bash "$account"
    echo "$account:$account's password" | chpasswd
    chmod 700 "/home/$account"
done
install -d -m 1777 /srv/nbgrader/exchange
chown -R grace: /srv/class
chmod 700 /srv/class
cd /srv/jupyterhub
shift 5
exec "$@"
"""


AT_HOME = 'cd && exec "$@"'


@dataclass
class Hub:
    """A running hub."""

    url: str
    init: int
    """The machine's first process, by its number outside."""
    log: Path

    def run(self, account: str, *command: str) -> "subprocess.CompletedProcess[str]":
        """Run a command on the machine as this account would by ssh."""
        enter = ["nsenter", f"--target={self.init}", "--mount", "--pid"]
        become = ["setpriv", f"--reuid={account}", f"--regid={account}", "--init-groups"]
        home = [f"HOME=/home/{account}", "PATH=/srv/programs/bin:/usr/bin:/bin", "LANG=C.UTF-8"]
        home.append("INSIDEDOCKER_CATALOG=/srv/catalog")
        return subprocess.run(
            # setpriv looks the account up: on the machine, not here
            [*enter, "--", *become, "--", "env", "-i", *home, "sh", "-c", AT_HOME, "sh", *command],
            capture_output=True,
            text=True,
            check=False,
        )


@contextlib.contextmanager
def hub() -> Iterator[Hub]:
    """Start the machine and wait until its hub answers; all of it goes at the end."""
    need_root("a machine with accounts")
    programs_, proxy = programs(), hosting.npm(PROXY, PROGRAM).parents[2]
    ports = _free_ports(3)
    with own_folder() as folder:
        (folder / "out").mkdir()
        checkout = folder / "checkout"
        for name in hosting.tracked_files():
            (checkout / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(hosting.ROOT / name, checkout / name)
        images = folder / "images"
        store.copy_to(images, ["busybox", "hello-world"], Progress())
        log = folder / "hub.log"
        url = f"http://127.0.0.1:{ports[0]}"
        command = [
            *("/srv/programs/bin/python", "-m", "jupyterhub"),
            *("--config", "/srv/class/course/deploy/jupyterhub/jupyterhub_config.py"),
            f"--JupyterHub.bind_url={url}",
            f"--JupyterHub.hub_port={ports[1]}",
            f"--ConfigurableHTTPProxy.api_url=http://127.0.0.1:{ports[2]}",
        ]
        environment = {
            "PATH": "/srv/programs/bin:/srv/proxy/node_modules/.bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "LANG": "C.UTF-8",
            "INSIDEDOCKER_INSTRUCTORS": INSTRUCTOR,
            "INSIDEDOCKER_LEARNERS": " ".join(LEARNERS),
            "INSIDEDOCKER_COURSE": "/srv/class/course",
            "INSIDEDOCKER_CATALOG": "/srv/catalog",
        }
        unshare = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--", "sh", "-c"]
        places = [str(each) for each in (folder, checkout, programs_, proxy, images)]
        with log.open("wb") as output:
            process = subprocess.Popen(
                [*unshare, MACHINE, "sh", *places, *command],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        try:
            _await(url, process, log)
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
            yield Hub(url, int(children.split()[0]), log)
        finally:
            _end(process)
            if target := os.environ.get("INSIDEDOCKER_ARTEFACTS"):
                shutil.copy(log, Path(target) / "jupyterhub.log")


def programs() -> Path:
    """The hub's environment, as docs/hosted/jupyterhub.md makes it."""
    environment = hosting.environment(
        hosting.ROOT / "locks/requirements-hub.lock", "/usr/bin/python3"
    )
    uv = [sys.executable, "-m", "uv", "--quiet", "pip", "install", "--no-deps", "--reinstall"]
    build = ["--build-constraints", str(hosting.ROOT / "locks/requirements-build.lock")]
    python = ["--python", str(environment / "bin/python")]
    done = subprocess.run(
        [*uv, *build, *python, str(hosting.ROOT)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Missing(f"the course cannot be installed for the hub: {done.stderr.strip()}")
    return environment


def _free_ports(number: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def _await(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + patience.START
    while process.poll() is None and time.monotonic() < until:
        with contextlib.suppress(requests.ConnectionError):
            if requests.get(f"{url}/hub/health", timeout=patience.EVENT).ok:
                return
        time.sleep(0.1)
    raise RuntimeError(f"the hub did not start:\n{log.read_text()[-4000:]}")


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGKILL)  # and with unshare its child, and all it has started
    process.wait()
