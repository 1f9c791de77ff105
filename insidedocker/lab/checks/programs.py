"""Programs in running containers, for checks and demonstrations.

Apart from the scenes in `fixtures`, which every lesson imports: lesson 06 asks its learners to
write `inside` themselves.
"""

from __future__ import annotations

import requests

from insidedocker.lab.engines.session import Engine
from insidedocker.lab.errors import SetupFailed
from insidedocker.lab.streams import text_of


def inside(engine: Engine, container: str, *command: str) -> tuple[int, str]:
    """Run a command in a running container; returns its exit code and its output."""
    body = {"Cmd": list(command), "AttachStdout": True, "AttachStderr": True}
    made = engine.post(f"/containers/{container}/exec", json=body)
    set_up(made)
    started = engine.post(f"/exec/{made.json()['Id']}/start", json={"Detach": False})
    code = engine.get(f"/exec/{made.json()['Id']}/json").json()["ExitCode"]
    return code, text_of(started.content)


def set_up(answer: requests.Response) -> None:
    """Raise SetupFailed where the engine refuses what a scene needs."""
    if not answer.ok:
        raise SetupFailed(
            f"The check could not be set up: {answer.request.method} {answer.request.path_url} "
            f"answered {answer.status_code} {answer.text.strip()}"
        )
