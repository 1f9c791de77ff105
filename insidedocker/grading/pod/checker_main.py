"""The checker process: runs the checks, beside the learner's process and out of its reach.

Reads one job from stdin and writes an event for each cell. Test cells and set-up cells run here;
what set-up cells define is sent to the learner's process. All other cells run in the learner's
process, which answers requests for values and calls with plain data.

    python -I -c "…main()" SOCKET-DESCRIPTOR EVENTS-DESCRIPTOR < job
"""

from __future__ import annotations

import ast
import contextlib
import os
import signal
import socket
import sys
import traceback
from collections.abc import Callable
from typing import Any

from insidedocker.grading.pod import cells, codec, names, own_faults, setup_values
from insidedocker.grading.pod.learner_page import Page, hidden_lines, masked, visible
from insidedocker.grading.pod.learner_proxy import Gone, Learner
from insidedocker.grading.pod.outputs import (
    LONGEST,
    MOST,
    Done,
    Output,
    error_output,
    stream_output,
    within,
    words_of,
)
from insidedocker.grading.pod.verdict import Verdict


class NotStarted(Exception):
    """The learner's sandbox did not start."""


class Checker:
    """Runs one notebook's cells in order, each here or in the learner's process."""

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
        self.page = Page(mine, self.exported)
        self.learner.hidden = self.page.look
        self.failed: list[str] = []
        """One line for each of the author's own cells that failed."""
        self.faults: list[str] = []
        """One line for each failure of the course's own side."""

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
            event = (
                self._tests(number, cell) if cell["kind"] == "tests" else self._shown(number, cell)
            )
            self.tell({"cell": number, **event})
        told = {"notes": self.learner.notes, "failed": self.failed, "faults": self.faults}
        self.tell({"done": True, **told})

    def tell(self, event: dict[str, Any]) -> None:
        data = codec.dumps(event)
        while data:
            data = data[os.write(self.events, data) :]

    def _shown(self, number: int, cell: dict[str, Any]) -> dict[str, Any]:
        """Run a cell that is not a check.

        Returns its outputs, and under "learner" those that the learner sees; None: the same.
        """
        outputs = self._one(number, cell)
        return {"outputs": outputs, "learner": masked(outputs) if self.page.look() else None}

    def _one(self, number: int, cell: dict[str, Any]) -> list[Output]:
        if cell["kind"] == "locked":
            return self._set_up(cell["source"], number)
        if number in self.needed:  # checks need the released text; a changed one runs too
            outputs = self._set_up(cell["stub"], number)
            if cell["source"].strip() == cell["stub"].strip():
                return outputs
        return self._there(cell["source"])

    def _set_up(self, source: str, number: int) -> list[Output]:
        """Run a cell here, and send what it defines to the learner's process."""
        if names.needs(source) & set(self.exported):
            self._take_names()
        said, done = self._here(source)
        outputs = [*said.all(), *done.outputs]
        if done.error is not None:  # a check may use its names
            why = f"{type(done.error).__name__}: {words_of(done.error)}"[:200]
            self.failed.append(f"code cell {number + 1}, which is the lesson's own, failed ({why})")
            if fault := own_faults.fault(done.error):
                self.faults.append(f"code cell {number + 1}: {fault}")
            return outputs
        self._give(setup_values.packed(source, self.runner.names))
        return outputs

    def _give(self, made: dict[str, Any]) -> None:
        """Send `made` to the learner's process. If that has ended, the next question reports it."""
        if made["values"] or made["source"].strip():
            with contextlib.suppress(Gone):
                self.learner.take(made, self.job["cell_seconds"])

    def _there(self, source: str) -> list[Output]:
        try:
            return self.learner.run(source, self.job["cell_seconds"])
        except Gone as gone:
            return [error_output("Stopped", str(gone))]

    def _here(self, source: str) -> tuple[_Kept, Done]:
        """Run a cell in this process. Returns what it prints, on either stream, and its result."""
        said = _Kept(self.page.look)
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            return said, self.runner.run(source)

    def _tests(self, number: int, cell: dict[str, Any]) -> dict[str, Any]:
        """Run a test cell.

        Returns its verdict, all outputs of the learner's code and the check, and under "learner"
        the outputs that the learner is shown; None: the same.
        """
        source, most = cell["source"], cell["points"]
        gone = self._take_names()
        self.learner.during(self.job["call_seconds"])
        if gone is not None:  # a check could misread a missing name
            told = [self.page.told(gone, hidden=False)] if self.page.reached else None
            verdict = Verdict.failed(most, _failure(gone, source))
            return {"outputs": [], "learner": told, "verdict": verdict.told()}
        self.page.begin(source)
        said, done = self._here(source)
        error = done.error or _caught(done.outputs)
        hidden = self.page.end(error)
        printed, unseen = self.learner.printed()
        if error is None:
            verdict = Verdict.of_value(done.value, most)
        else:
            verdict = Verdict.failed(most, _failure(error, source))
            if fault := own_faults.fault(error):
                self.faults.append(f"the checks of code cell {number + 1}: {fault}")
        learner = None
        if self.page.reached:
            learner = within([*printed, *said.before()], LONGEST)[: MOST - 9]
            learner += self.page.lines(said.after())
            learner += [self.page.told(error, hidden)] if error else verdict.outputs()
        self._give({"source": setup_values.helpers(visible(source)), "values": {}})
        outputs = [*printed, *unseen, *said.all()]
        return {"outputs": outputs, "learner": learner, "verdict": verdict.told()}

    def _take_names(self) -> Gone | None:
        """Set the names of the stubs to what the learner's cells have made of them.

        If the learner's process does not answer, each name becomes a function that raises Gone,
        and that error is returned.
        """
        silent = None
        try:
            found = self.learner.names(self.exported)
        except Gone as gone:
            silent, found = gone, {name: _gone(str(gone)) for name in self.exported}
        for name in self.exported:
            if name in found:
                self.runner.names[name] = found[name]
            else:
                self.runner.names.pop(name, None)
        return silent

    def _import_as(self, stub: str) -> None:
        """Run a stub's imports here, so that the checks can use them too."""
        for node in names.imports(stub):
            with contextlib.suppress(Exception):
                exec(compile(ast.Module([node], []), "<stub>", "exec"), self.runner.names)


class _Kept:
    """Text stream that keeps the first 2 * LONGEST characters written to it, in two parts: before
    and since `hidden()` is true."""

    encoding = "utf-8"

    def __init__(self, hidden: Callable[[], bool]) -> None:
        self._hidden = hidden
        self._before: list[str] = []
        self._after: list[str] = []
        self._room = 2 * LONGEST

    def write(self, text: str) -> int:
        kept = text[: self._room]
        self._room -= len(kept)
        (self._after if self._hidden() else self._before).append(kept)
        return len(text)

    def flush(self) -> None:
        pass

    def isatty(self) -> bool:
        return False

    def before(self) -> list[Output]:
        """Text written before `hidden()` was true, as outputs."""
        return _stream(self._before)

    def after(self) -> str:
        """Text written since `hidden()` is true."""
        return "".join(self._after)

    def all(self) -> list[Output]:
        return _stream([*self._before, *self._after])


def _stream(parts: list[str]) -> list[Output]:
    text = "".join(parts)
    return [stream_output(text)] if text else []


class Caught(Exception):
    """A check's error that a magic has shown and not raised."""


def _caught(outputs: list[Output]) -> Caught | None:
    for each in outputs:
        if each["output_type"] == "error":
            return Caught(f"{each['ename']}: {each['evalue']}")
    return None


def _gone(why: str) -> Any:
    def call(*_: Any, **__: Any) -> None:
        raise Gone(why)

    return call


def _failure(error: BaseException, source: str) -> Output:
    """Error output of a failed check, for the learner. A hidden line is not quoted."""
    name, text = type(error).__name__, words_of(error)
    if hasattr(error, "_render_traceback_"):
        return error_output(name, text, text.splitlines() or [name])
    lines = source.splitlines()
    numbers = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename.startswith("<") and frame.lineno and frame.lineno <= len(lines)
    ]
    where = []
    if numbers and numbers[0] not in hidden_lines(source):
        where = [f"in the check's line {numbers[0]}: {lines[numbers[0] - 1].strip()}"]
    return error_output(name, text, [f"{name}: {text}" if text else name, *where])


def main() -> None:
    control, events = socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2])
    job = codec.loads(sys.stdin.buffer.read())
    quiet = os.open(os.devnull, os.O_RDWR)
    os.dup2(quiet, 0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ["INSIDEDOCKER_VARIANT"] = job["variant"]  # the submission's file is not here
    if job["lab"]:
        with contextlib.suppress(ImportError):
            import insidedocker.lab  # noqa: F401
    try:
        Checker(job, Learner(control), events).run()
    except NotStarted as error:  # the log alone tells: no event, so no verdict
        sys.exit(str(error))


if __name__ == "__main__":
    main()
