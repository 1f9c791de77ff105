"""A hub for one class on one machine: an instructor and learners with accounts of this machine, who
share an exchange. docs/hosted/jupyterhub.md leads through it.

    INSIDEDOCKER_INSTRUCTORS   accounts of the instructors, with spaces between
    INSIDEDOCKER_LEARNERS      accounts of the learners
    INSIDEDOCKER_COURSE        the course's folder, which the instructors may write
    NBGRADER_EXCHANGE          the exchange (default: /srv/nbgrader/exchange)
    INSIDEDOCKER_CATALOG       the images' archives, if they are made once for all
"""

import os
import sys
from pathlib import Path

c = get_config()  # noqa: F821  (JupyterHub provides it)

COURSE_ID = "insidedocker"
instructors = os.environ["INSIDEDOCKER_INSTRUCTORS"].split()
learners = os.environ["INSIDEDOCKER_LEARNERS"].split()
course = os.environ["INSIDEDOCKER_COURSE"]
exchange = os.environ.get("NBGRADER_EXCHANGE", "/srv/nbgrader/exchange")
programs = Path(sys.executable).parent

# What each of them may use, all processes together; the embedded engine and what runs on it are
# among these.
MEMORY = "2G"
PROCESSORS = 1.0
PROCESSES = 400

# Whoever has a password on this machine and is named above.
c.Authenticator.allowed_users = {*instructors, *learners}
c.PAMAuthenticator.open_sessions = False

# nbgrader asks the hub who is in which course; each server may ask about its own user only.
c.JupyterHub.load_groups = {
    f"formgrade-{COURSE_ID}": {"users": instructors},
    f"nbgrader-{COURSE_ID}": {"users": [*learners, *instructors]},
}
c.JupyterHub.load_roles = [
    {
        "name": "server",
        "scopes": [
            *("users:activity!user", "access:servers!server"),
            *("read:users:name!user", "read:users:groups!user"),
        ],
    }
]

c.Spawner.environment = {"NBGRADER_EXCHANGE": exchange, "PATH": f"{programs}:/usr/bin:/bin"}
if catalog := os.environ.get("INSIDEDOCKER_CATALOG"):
    c.Spawner.environment["INSIDEDOCKER_CATALOG"] = catalog
c.Spawner.env_keep = ["LANG", "LC_ALL"]
c.Spawner.default_url = "/lab"


def session(spawner):
    """Who teaches gets the course with Formgrader; who learns a folder with what is released."""
    program = str(programs / "insidedocker")
    server = str(programs / "jupyterhub-singleuser")
    if spawner.user.name in instructors:
        role = ["--role", "teacher", "--folder", course]
    else:
        role = ["--role", "class"]
    spawner.cmd = [*bounds, program, "session", *role, server]


c.Spawner.pre_spawn_hook = session

bounds: list[str] = []
if Path("/run/systemd/system").is_dir():
    # Control groups for everything a person runs, and a /tmp of their own.
    c.JupyterHub.spawner_class = "systemd"
    c.SystemdSpawner.mem_limit = MEMORY
    c.SystemdSpawner.cpu_limit = PROCESSORS
    c.SystemdSpawner.isolate_tmp = True
    # Delegated, so that an engine can set limits to its containers, too.
    c.SystemdSpawner.unit_extra_properties = {
        "TasksMax": str(PROCESSES),
        "Delegate": "yes",
        "ProtectProc": "invisible",
    }
else:
    # Without systemd: processes are counted for each account, memory for each process only.
    c.JupyterHub.spawner_class = "localprocess"
    bounds = ["prlimit", f"--nproc={PROCESSES}", f"--data={2 << 30}", "--core=0"]

# Who closes the browser and goes leaves nothing running for long.
c.JupyterHub.load_roles.append(
    {
        "name": "idle-culler",
        "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
        "services": ["idle-culler"],
    }
)
c.JupyterHub.services = [
    {
        "name": "idle-culler",
        "command": [sys.executable, "-m", "jupyterhub_idle_culler", "--timeout=3600"],
    }
]
