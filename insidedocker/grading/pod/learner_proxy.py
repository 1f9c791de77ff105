"""The learner's process as the checker sees it: runs cells, looks up names, calls functions.

Every answer is untrusted data. A missing or malformed answer ends the exchange for good (Gone); it
never becomes an error of the checker's own.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import select
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any

from insidedocker.grading.pod import codec
from insidedocker.grading.pod.outputs import (
    KINDS,
    LONGEST,
    MOST,
    Output,
    error_output,
    stream_output,
    within,
)
from insidedocker.grading.pod.submission_text import plain

START_SECONDS = 60.0
MOST_PRINTED = 10 * LONGEST  # characters, by a learner's functions in a check
AFTER_INTERRUPT_SECONDS = 10.0
TRUSTED = {
    *("requests.exceptions", "urllib3.exceptions", "docker.errors"),
    *("insidedocker.lab.errors", "insidedocker.errors"),
}
"""Modules whose exceptions the checks get by class, besides the standard library's."""
UNWANTED = StopIteration, StopAsyncIteration, BaseExceptionGroup
"""Exceptions not passed on by class: they have a meaning of their own to Python here, or their
constructor needs other arguments."""


class Gone(BaseException):
    """The learner's process has ended or does not answer; the text says why.

    Not an Exception, so that a check that expects an exception of the learner's does not catch it.
    """


class Left(BaseException):
    """A learner's function raised SystemExit, KeyboardInterrupt or the like.

    Not an Exception, as in the learner's process.
    """


class FromLearner:
    """Mixin of every exception that the learner's code has raised."""


class LearnerError(Exception):
    """Base of learners' exceptions whose own class is not known here."""


class Learner:
    """Sends requests to the learner's process over a socket, with a time limit for each answer."""

    def __init__(self, control: socket.socket) -> None:
        self.control = control
        self.notes: list[str] = []
        self.hidden: Callable[[], bool] = lambda: False
        """Function that returns True once a hidden check has begun; set by the checker."""
        self._received = b""
        self._gone = ""
        self._printed: list[Output] = []
        self._printed_unseen: list[Output] = []
        self._call_seconds = 60.0

    def start(self, sources: list[str], *, lab: bool) -> None:
        """Send the sources of all cells to come and whether the lesson uses the lab; wait until
        the process is ready. Raises Gone."""
        self._ask({"do": "start", "sources": sources, "lab": lab}, START_SECONDS)

    def run(self, source: str, seconds: float) -> list[Output]:
        """Run a cell there, return its outputs. Raises Gone."""
        answer = self._ask({"do": "run", "source": source}, seconds)
        printed, unseen = self.printed()
        printed += unseen
        if "error" in answer and "outputs" not in answer:
            told = _told(answer["error"])
            return [*printed, error_output(told[0], told[1])]
        return [*printed, *well_formed(answer.get("outputs"))]

    def take(self, made: dict[str, Any], seconds: float) -> None:
        """Send what a cell has defined here, as `setup_values.packed` gives it. Raises Gone."""
        self._ask({"do": "take", **made}, seconds)
        self.printed()

    def names(self, wanted: Iterable[str]) -> dict[str, Any]:
        """Name -> value in the learner's process: plain data itself, and for a callable a function
        that calls it there. Names that are not set are left out. Raises Gone."""
        answer = self._ask({"do": "names", "names": list(wanted)}, self._call_seconds)
        told = answer.get("names")
        found = {}
        for name in wanted:
            seen = told.get(name) if isinstance(told, dict) else None
            if not isinstance(seen, dict) or "missing" in seen:
                continue
            found[name] = self._function(name) if "callable" in seen else self._value(seen)
        return found

    def during(self, call_seconds: float) -> None:
        """Set the time limit of the calls to come; drop what was printed before."""
        self._call_seconds = call_seconds
        self.printed()

    def printed(self) -> tuple[list[Output], list[Output]]:
        """Take what the learner's code has printed since the last call: (before a hidden check had
        begun, after)."""
        found = self._printed, self._printed_unseen
        self._printed, self._printed_unseen = [], []
        return found

    def _value(self, seen: dict[str, Any]) -> Any:
        try:
            return codec.decode(seen.get("value"))
        except codec.Malformed:
            return codec.foreign("object")

    def _function(self, name: str) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            asked.clear()
            return self._call(name, arguments, named, asked)

        asked: set[str] = set()
        call.__name__ = call.__qualname__ = name
        call.has_limit = True  # type: ignore[attr-defined]
        call.asked = asked  # type: ignore[attr-defined]
        return call

    def _call(
        self, name: str, arguments: tuple[Any, ...], named: dict[str, Any], asked: set[str]
    ) -> Any:
        message = {
            "do": "call",
            "name": name,
            "arguments": [_plain(each) for each in arguments],
            "named": {key: _plain(each) for key, each in named.items()},
        }
        answer = self._ask(message, self._call_seconds)
        if answer.get("late"):  # its answer to the interrupt does not count
            raise Gone(f"a call of {name} took more than {self._call_seconds:g} s")
        told = answer.get("asked")
        asked |= (
            {each for each in told if isinstance(each, str)} if isinstance(told, list) else set()
        )
        if "error" in answer:
            if _left(answer["error"]):
                raise Left(f"{name} was left by {_told(answer['error'])[0]}")
            raise raised(answer["error"])
        try:
            return codec.decode(answer.get("value"))
        except codec.Malformed as error:
            raise Gone(self._end(f"{name} answered with {error}")) from None

    def _ask(self, message: dict[str, Any], seconds: float) -> dict[str, Any]:
        if self._gone:
            raise Gone(self._gone)
        # A random id, so that the learner's code cannot send an answer before its question.
        question = secrets.token_hex(8)
        hidden, late = self.hidden(), False
        try:
            self.control.sendall(codec.dumps({**message, "id": question}))
            line = self._line(time.monotonic() + seconds)
            if line is None:
                late = True
                self._signal(signal.SIGINT)
                line = self._line(time.monotonic() + AFTER_INTERRUPT_SECONDS)
                self.notes.append(f"stopped after {seconds:g} s: {_about(message)}")
            if line is None:
                raise Gone(self._end(f"{_about(message)} took more than {seconds:g} s"))
            answer = codec.loads(line)
            if answer.get("id") != question:
                raise codec.Malformed("an answer that was not asked for")
        except OSError:
            raise Gone(self._end("the notebook's process has ended")) from None
        except codec.Malformed as error:
            raise Gone(self._end(f"the notebook's process sent {error}")) from None
        printed = [
            each for each in well_formed(answer.get("printed")) if each["output_type"] == "stream"
        ]
        # Asked again: another thread of the check may have reached hidden lines meanwhile.
        seen = self._printed_unseen if hidden or self.hidden() else self._printed
        seen[:] = within(seen + printed, MOST_PRINTED)
        return {**answer, "late": late}

    def _line(self, deadline: float) -> bytes | None:
        """The next line; None where `deadline` (time.monotonic) passes first.

        Raises OSError at the end of the stream, Malformed for too long a line.
        """
        while b"\n" not in self._received:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.control], [], [], left)[0]:
                return None
            data = self.control.recv(1 << 20)
            if not data:
                raise OSError("end of stream")
            self._received += data
            if len(self._received) > codec.LONGEST + 1:
                raise codec.Malformed(f"a message of more than {codec.LONGEST} bytes")
        line, _, self._received = self._received.partition(b"\n")
        return line

    def _end(self, why: str) -> str:
        self._gone = f"{why}; what comes after it in the notebook was not run"
        self.notes.append(why)
        self._signal(signal.SIGKILL)
        return self._gone

    def _signal(self, number: int) -> None:
        """Send a signal to the Python process in the learner's sandbox. bubblewrap itself does not
        pass signals on."""
        for process in _learners():
            with contextlib.suppress(OSError):
                os.kill(process, number)


def _learners() -> list[int]:
    """Pids of the learner's Python: the only child of the inner bubblewrap's first process.

    INSIDEDOCKER_LEARNER is the pid of the process that was forked, INSIDEDOCKER_LEARNER_BELOW the
    number of generations below it.
    """
    outer = os.environ.get("INSIDEDOCKER_LEARNER", "")
    if not outer.isdigit():
        return []
    found = [int(outer)]
    for _generation in range(int(os.environ.get("INSIDEDOCKER_LEARNER_BELOW", "2"))):
        found = [child for parent in found for child in _children(parent)]
    return found


def _children(process: int) -> list[int]:
    try:
        with open(f"/proc/{process}/task/{process}/children") as file:  # noqa: PTH123 (pathlib: 5 ms)
            text = file.read()
    except OSError:
        return []
    return [int(each) for each in text.split()]


def _plain(value: Any) -> Any:
    encoded = codec.encode(value)
    if "foreign" in str(encoded) and _has_foreign(encoded):
        raise TypeError(f"a check hands over a {type(value).__name__}, which is not plain data")
    return encoded


def _has_foreign(encoded: Any) -> bool:
    if isinstance(encoded, list):
        return any(map(_has_foreign, encoded))
    return isinstance(encoded, dict) and (
        "foreign" in encoded or any(map(_has_foreign, encoded.values()))
    )


def _about(message: dict[str, Any]) -> str:
    if message["do"] == "call":
        return f"a call of {message['name']}"
    words = {"run": "a cell", "take": "setting up", "start": "getting ready"}
    return words.get(message["do"], "looking at names")


def _told(error: Any) -> tuple[str, str]:
    if not isinstance(error, dict):
        return "Error", ""
    return _text(error.get("name"))[:80], _text(error.get("text"))[:20_000]


def _text(value: Any) -> str:
    """`value` as plain text; empty where it is not a text. str() is not tried: the value may be
    nested too deeply."""
    return plain(value) if isinstance(value, str) else ""


def raised(error: Any) -> Exception:
    """Make an exception from a learner's: of its nearest class that is known and allowed here, with
    its text. No code of the learner's and no constructor runs."""
    name, text = _told(error)
    kinds = error.get("kinds") if isinstance(error, dict) else None
    base: type[Exception] = next(
        (kind for kind in map(_known, kinds if isinstance(kinds, list) else []) if kind),
        LearnerError,
    )
    safe = name if name.isidentifier() else "Error"
    own = {"__str__": lambda _self: text, "__init__": _no_init}
    kind: Any = type(safe, (base, FromLearner), own)
    made: Exception = kind.__new__(kind)
    made.args = (text,)
    line = error.get("line") if isinstance(error, dict) else None
    made.line_in_cell = line if isinstance(line, int) else None  # type: ignore[attr-defined]
    return made


def _left(error: Any) -> bool:
    """True where the error is a BaseException but not an Exception."""
    kinds = error.get("kinds") if isinstance(error, dict) else None
    return (
        isinstance(kinds, list)
        and ["builtins", "BaseException"] in kinds
        and (["builtins", "Exception"] not in kinds)
    )


def _no_init(self: Exception, *_: Any) -> None:
    """Do nothing: the constructors of the network libraries' exceptions need more than a text."""


def _known(place: Any) -> type[Exception] | None:
    if not (isinstance(place, list) and len(place) == 2 and all(isinstance(p, str) for p in place)):
        return None
    module, name = place
    if module not in TRUSTED and module.partition(".")[0] not in sys.stdlib_module_names:
        return None
    kind = getattr(sys.modules.get(module), name, None)
    if not isinstance(kind, type) or not issubclass(kind, Exception):
        return None
    return None if issubclass(kind, UNWANTED) or _means_ours(kind) else kind


def _means_ours(kind: type[Exception]) -> bool:
    """True for the class that checks raise where the course's own side has failed, which a learner
    must not be able to raise."""
    failure = sys.modules.get("insidedocker.lab.errors")
    return failure is not None and issubclass(kind, failure.SetupFailed)


def well_formed(outputs: Any) -> list[Output]:
    """The outputs of a list that have nbformat's form, bounded in size; all others are dropped.

    The learner's process sends only well-formed outputs; others come from code that forges them.
    """
    found = []
    for each in outputs[:MOST] if isinstance(outputs, list) else []:
        if not isinstance(each, dict):
            continue
        kind, data = each.get("output_type"), each.get("data")
        if kind == "stream":
            name = "stderr" if each.get("name") == "stderr" else "stdout"
            found.append(stream_output(_text(each.get("text")), name))
        elif kind == "error":
            lines = each.get("traceback")
            shown = (
                [_text(line)[:LONGEST] for line in lines[:200]] if isinstance(lines, list) else []
            )
            found.append(error_output(_text(each.get("ename")), _text(each.get("evalue")), shown))
        elif kind in ("display_data", "execute_result") and isinstance(data, dict):
            kept = {
                k: _text(v)[: 10 * LONGEST]
                for k, v in data.items()
                if k in KINDS and isinstance(v, str)
            }
            extra = {"execution_count": 1} if kind == "execute_result" else {}
            found.append({"output_type": kind, "data": kept, "metadata": {}, **extra})
    return found
