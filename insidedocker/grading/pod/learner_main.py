"""The process in which a learner's cells run, inside the inner sandbox.

The checker sends requests over a socket: run a cell, take values, look up names, call a function.
Once learner's code has run here no answer can be trusted; the checker reads answers as data only.

    python -I -c "…main()" SOCKET-DESCRIPTOR OUT-DESCRIPTOR,ERROR-DESCRIPTOR SETTINGS-AS-JSON

The process starts once for every submission: modules that most of them do not need are imported
late.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import resource
import sys
from typing import Any

from insidedocker.grading.pod import cells, codec


def main() -> None:
    control = int(sys.argv[1])
    stdout, stderr = map(int, sys.argv[2].split(","))
    settings = json.loads(sys.argv[3])
    sys.argv = [""]
    _bound(settings["rlimits"])
    _put_in_place(settings["input"], settings["work"])
    printed = cells.Printed(stdout, stderr)
    reader = os.fdopen(control, "rb", closefd=False)
    first = codec.loads(reader.readline())
    runner = _start(first)
    # After all imports of ours, also optional ones, so that none is looked for among the learner's
    # files. At the end of the path, so that a file there shadows no installed module.
    os.chdir(settings["work"])
    sys.path.append(settings["work"])
    _send(control, codec.dumps({"id": first["id"]}))
    for line in reader:
        question = codec.loads(line)
        answer: dict[str, Any]
        try:
            answer = _do(runner, question)
        except BaseException as error:  # also a KeyboardInterrupt that came late
            answer = {"error": _told(error)}
        with contextlib.suppress(Exception):
            answer["printed"] = printed.take()
        _send(control, _message({**answer, "id": question["id"]}))


def _message(answer: dict[str, Any]) -> bytes:
    """Encode an answer as a line. One that is too large or cannot be encoded is replaced by a
    short answer that says so."""
    instead: dict[str, Any] = {"value": {"foreign": "too_large_a_value"}, "outputs": []}
    try:
        message = codec.dumps(answer)
    except (ValueError, RecursionError, MemoryError):
        message, instead = b"", {"error": {"kinds": [], "name": "ValueError", "text": ""}}
    if message and len(message) <= codec.LONGEST:
        return message
    return codec.dumps({**instead, "id": answer["id"]})


def _put_in_place(files: str, work: str) -> None:
    if any(os.scandir(files)):
        import shutil

        try:
            shutil.copytree(files, work, dirs_exist_ok=True)
        except OSError as error:
            first = error.args[0][0][-1] if isinstance(error, shutil.Error) else error
            sys.exit(f"its files cannot be put in place: {first}")


def _send(control: int, message: bytes) -> None:
    while message:
        message = message[os.write(control, message) :]


def _start(message: dict[str, Any]) -> cells.Runner:
    """Import what these cells need, before the time limit of the first cell starts."""
    if message["lab"]:
        with contextlib.suppress(ImportError):
            import insidedocker.lab  # noqa: F401
    return cells.runner(message["sources"])


def _bound(limits: dict[str, int]) -> None:
    for name, value in limits.items():
        number = getattr(resource, f"RLIMIT_{name}")
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(number, (value, value))


def _do(runner: cells.Runner, message: dict[str, Any]) -> dict[str, Any]:
    if message["do"] == "run":
        return {"outputs": runner.run(message["source"]).outputs}
    if message["do"] == "take":
        values = unpacked(message["values"])
        runner.names.update(values)  # the text may need them, and must not replace them: set twice
        runner.run(message["source"])
        runner.names.update(values)
        return {}
    if message["do"] == "names":
        return {"names": {name: _seen(runner, name) for name in message["names"]}}
    function = runner.names[message["name"]]
    arguments = [codec.decode(each) for each in message["arguments"]]
    named = {name: codec.decode(each) for name, each in message["named"].items()}
    asked = _asked_engines()
    asked.clear()
    answer: dict[str, Any]
    try:
        answer = {"value": codec.encode(function(*arguments, **named))}
    except BaseException as error:
        answer = {"error": _told(error)}
    return {**answer, "asked": sorted(asked)}


def _asked_engines() -> set[str]:
    """The addresses of the engines that the lab's sessions have asked."""
    session = sys.modules.get("insidedocker.lab.engines.session")
    return session.asked if session else set()


def unpacked(values: dict[str, str]) -> dict[str, Any]:
    """Unpickle the values that `setup_values` has packed. They come from the checker, which is
    trusted."""
    import pickle  # imported late: many notebooks have no values to take

    return {name: pickle.loads(base64.b64decode(value)) for name, value in values.items()}


def _seen(runner: cells.Runner, name: str) -> Any:
    if name not in runner.names:
        return {"missing": True}
    value = runner.names[name]
    if callable(value):
        return {"callable": True}
    return {"value": codec.encode(value)}


def _told(error: BaseException) -> dict[str, Any]:
    """Exception as data: "kinds" [[module, qualified name], …] of its classes, "name", "text", and
    "line", the line in the cell of the called function."""
    kinds = [[kind.__module__, kind.__qualname__] for kind in type(error).__mro__]
    try:
        text = str(error)
    except Exception:
        text = ""
    import traceback

    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.filename.startswith("<")]
    # The first of them is in the function's own cell; it may call a function of another cell.
    lines = [frame.lineno for frame in own if frame.filename == own[0].filename]
    line = lines[-1] if lines else None
    return {"kinds": kinds, "name": type(error).__name__, "text": text[:20_000], "line": line}


if __name__ == "__main__":
    main()
