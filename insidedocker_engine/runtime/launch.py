"""Start a process through a launcher: its pipes, and errors in the Engine's words."""

from __future__ import annotations

import os
from collections.abc import Iterable

from . import launcher_messages as messages
from .client import Client, Failed, RunningProcess
from .contract import StartError

_WORDS = {
    messages.Start: "failed to create task for container: unable to start container process: ",
    messages.Exec: "OCI runtime exec failed: exec failed: unable to start container process: ",
}


async def launch(
    client: Client,
    request: messages.Start | messages.Exec,
    running: RunningProcess,
    extra: Iterable[int] = (),
) -> None:
    """Start a process; `running` gets its descriptors. The launcher gets the `extra` descriptors
    (which the caller keeps and closes) before the process' ends of the pipes. Raises StartError."""
    theirs: list[int] = []
    try:
        if not request.process.tty:
            _make_pipes(running, request.process.stdin, theirs)
        answer = await client.ask(request, [*extra, *theirs])
    except BaseException as error:
        client.give_up(running)
        close(running.stdin, running.stdout, running.stderr)
        if isinstance(error, Failed | OSError):
            raise start_error(request, error) from None
        raise
    finally:
        close(*theirs)
    for message, descriptors in answer.messages:
        running.take(message, descriptors)
    if request.process.tty and request.process.stdin:
        running.stdin = os.dup(running.stdout)


def _make_pipes(running: RunningProcess, with_stdin: bool, theirs: list[int]) -> None:
    """Make pipes: the engine's ends go to `running`, the process' ends (0, 1, 2) to `theirs`."""
    if with_stdin:
        stdin, running.stdin = os.pipe()
    else:
        stdin = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    theirs.append(stdin)
    running.stdout, stdout = os.pipe()
    theirs.append(stdout)
    running.stderr, stderr = os.pipe()
    theirs.append(stderr)


def start_error(request: messages.Start | messages.Exec, error: Failed | OSError) -> StartError:
    """A StartError in the Engine's words, with the exit code that the Engine derives from them."""
    reason = str(error.strerror if isinstance(error, OSError) else error)
    code = 128
    if "executable file not found" in reason or "no such file or directory" in reason:
        code = 127
    elif "permission denied" in reason:
        code = 126
    return StartError(f"{_WORDS[type(request)]}{reason}: unknown", code)


def close(*descriptors: int | None) -> None:
    for descriptor in descriptors:
        if descriptor is not None and descriptor >= 0:
            os.close(descriptor)
