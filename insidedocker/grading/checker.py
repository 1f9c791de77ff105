"""The process in which the checks run, beside the learner's and out of its reach.

Reads one job from stdin and writes an event for each cell. Test cells run here, and so do those
that set the scene: what they make is handed over. All others run in the learner's process, of
which this one asks values and calls as plain data.

    python -I checker.py SOCKET-DESCRIPTOR EVENTS-DESCRIPTOR < job
"""

from __future__ import annotations

import ast
import contextlib
import os
import signal
import socket
import sys
import traceback
from typing import Any

from insidedocker.grading import cells, handing_over, names, wire
from insidedocker.grading.cells import Output
from insidedocker.grading.other_process import Gone, Learner

HIDDEN_BEGIN, HIDDEN_END = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"


class NotStarted(Exception):
    """The learner's sandbox has not come up."""


class Checker:
    """One notebook: its cells in order, on the two sides of the border."""

    def __init__(self, job: dict[str, Any], learner: Learner, events: int) -> None:
        self.job = job
        self.learner = learner
        self.events = events
        self.needed = names.needed(job["cells"])
        mine = [cell["source"] for cell in job["cells"] if cell["kind"] in ("tests", "locked")]
        mine += [job["cells"][number]["stub"] for number in self.needed]
        self.runner = cells.runner(mine)
        self.stubs = [cell["stub"] for cell in job["cells"] if cell["kind"] == "answer"]
        self.exported = sorted({name for stub in self.stubs for name in names.defined(stub)})
        self.failed: list[str] = []
        """Which of the author's own cells have failed."""

    def run(self) -> None:
        try:
            sources = [each["source"] for each in self.job["cells"] if each["kind"] != "tests"]
            self.learner.start(sources, lab=self.job["lab"])
        except Gone as gone:
            raise NotStarted(f"the learner's process is not there ({gone})") from None
        self.tell({"started": True})
        for stub in self.stubs:
            self._import_as(stub)
        for number, cell in enumerate(self.job["cells"]):
            self.tell({"cell": number, "outputs": self._one(number, cell)})
        self.tell({"done": True, "notes": self.learner.notes, "failed": self.failed})

    def tell(self, event: dict[str, Any]) -> None:
        data = wire.dumps(event)
        while data:
            data = data[os.write(self.events, data) :]

    def _one(self, number: int, cell: dict[str, Any]) -> list[Output]:
        if cell["kind"] == "tests":
            outputs = self._tests(cell)
            self._give({"source": handing_over.helpers(visible(cell["source"])), "values": {}})
            return outputs
        if cell["kind"] == "locked":
            return self._set_up(cell["source"], number)
        if number in self.needed:  # as it was released; one that was changed runs besides
            outputs = self._set_up(cell["stub"], number)
            if cell["source"].strip() == cell["stub"].strip():
                return outputs
        return self._there(cell["source"])

    def _set_up(self, source: str, number: int) -> list[Output]:
        """Run a cell here, and hand over what it has made."""
        if names.needs(source) & set(self.exported):
            self._take_names()
        outputs, error = self._here(source)
        if error is not None:  # its names may be those of a check
            why = f"{type(error).__name__}: {cells.words(error)}"[:200]
            self.failed.append(f"code cell {number + 1}, which is the lesson's own, failed ({why})")
            return outputs
        self._give(handing_over.packed(source, self.runner.names))
        return outputs

    def _give(self, made: dict[str, Any]) -> None:
        """Hand something over; whoever has gone is told of at the next question."""
        if made["values"] or made["source"].strip():
            with contextlib.suppress(Gone):
                self.learner.take(made, self.job["cell_seconds"])

    def _there(self, source: str) -> list[Output]:
        try:
            return self.learner.run(source, self.job["cell_seconds"])
        except Gone as gone:
            return [cells.error("Stopped", str(gone))]

    def _here(self, source: str) -> tuple[list[Output], BaseException | None]:
        with contextlib.redirect_stdout(_Kept()) as kept, contextlib.redirect_stderr(kept):
            outputs, error = self.runner.run(source)
        printed = [cells.stream(kept.text())] if kept.text() else []
        return printed + outputs, error

    def _tests(self, cell: dict[str, Any]) -> list[Output]:
        """A test cell's outputs, of which nbgrader makes points: an error none, a number that
        many, anything else all. So the number is looked at here, and stderr counts as stdout."""
        self._take_names()
        self.learner.during(self.job["call_seconds"])
        outputs, error = self._here(cell["source"])
        printed = self.learner.printed()
        shown = [each for each in outputs if each["output_type"] == "stream"]
        if error is not None:
            return printed + shown + [_failure(error, cell["source"])]
        partial = [each for each in outputs if each["output_type"] == "execute_result"]
        return (
            printed + shown + [_within(each, cell["points"]) for each in partial if _number(each)]
        )

    def _take_names(self) -> None:
        """Give the checks what the learner's cells have made of the names in the stubs."""
        try:
            found = self.learner.names(self.exported)
        except Gone as gone:
            found = {name: _gone(str(gone)) for name in self.exported}
        for name in self.exported:
            if name in found:
                self.runner.names[name] = found[name]
            else:
                self.runner.names.pop(name, None)

    def _import_as(self, stub: str) -> None:
        """Imports that the author put into a stub are there for the checks, too."""
        for node in names.imports(stub):
            with contextlib.suppress(Exception):
                exec(compile(ast.Module([node], []), "<stub>", "exec"), self.runner.names)


class _Kept:
    """A text stream that keeps the beginning of what is written to it."""

    encoding = "utf-8"

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._room = 2 * cells.LONGEST

    def write(self, text: str) -> int:
        self._parts.append(text[: self._room])
        self._room -= len(self._parts[-1])
        return len(text)

    def flush(self) -> None:
        pass

    def isatty(self) -> bool:
        return False

    def text(self) -> str:
        return "".join(self._parts)


def _gone(why: str) -> Any:
    def call(*_: Any, **__: Any) -> None:
        raise Gone(why)

    return call


def _failure(error: BaseException, source: str) -> Output:
    """What a learner reads of a failed check. A hidden line is not shown."""
    name, text = type(error).__name__, cells.words(error)
    if hasattr(error, "_render_traceback_"):
        return cells.error(name, text, text.splitlines() or [name])
    lines = source.splitlines()
    numbers = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename.startswith("<") and frame.lineno and frame.lineno <= len(lines)
    ]
    where = []
    if numbers and numbers[0] not in hidden_lines(source):
        where = [f"in the check's line {numbers[0]}: {lines[numbers[0] - 1].strip()}"]
    return cells.error(name, text, [f"{name}: {text}" if text else name, *where])


def hidden_lines(source: str) -> set[int]:
    """The numbers of the lines between the marks of hidden tests."""
    found, hidden = set(), False
    for number, line in enumerate(source.split("\n"), 1):
        if HIDDEN_BEGIN in line:
            hidden = True
        if hidden:
            found.add(number)
        if HIDDEN_END in line:
            hidden = False
    return found


def visible(source: str) -> str:
    """A check without its hidden lines, the others at their places."""
    hidden = hidden_lines(source)
    lines = source.split("\n")
    return "\n".join("" if n in hidden else line for n, line in enumerate(lines, 1))


def _number(output: Output) -> bool:
    try:
        float(output["data"]["text/plain"])
    except (KeyError, ValueError):
        return False
    return True


def _within(output: Output, points: float) -> Output:
    """Partial credit, if it is within the points of the cell; else an error, which is 0 points:
    a value that no author can have meant may have been the learner's."""
    if 0 <= float(output["data"]["text/plain"]) <= points:
        return {**output, "execution_count": 1}
    return cells.error("NoSuchCredit", f"the check gave {output['data']['text/plain'][:40]} points")


def main() -> None:
    control, events = socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2])
    job = wire.loads(sys.stdin.buffer.read())
    quiet = os.open(os.devnull, os.O_RDWR)
    os.dup2(quiet, 0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ["INSIDEDOCKER_VARIANT"] = job["variant"]  # the submission's file is not here
    if job["lab"]:
        with contextlib.suppress(ImportError):
            import insidedocker.lab  # noqa: F401
    try:
        Checker(job, Learner(control), events).run()
    except NotStarted as error:  # told by what is left in the log: no event, no verdict
        sys.exit(str(error))


if __name__ == "__main__":
    main()
