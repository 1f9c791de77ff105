"""Runs one notebook's cells in a pod, watches time and memory, and returns the outputs.

Knows cells by kind and source; nothing of notebook files, nbgrader or the gradebook.
"""

from __future__ import annotations

import re
import select
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from insidedocker.grading import processes, scratch
from insidedocker.grading.pod import codec
from insidedocker.grading.pod.learner_proxy import well_formed
from insidedocker.grading.pod.outputs import Output, error_output, within
from insidedocker.grading.pod.submission_text import plain
from insidedocker.grading.pod.verdict import Verdict
from insidedocker.grading.sandbox import MIB, Limits, Pod, Sandbox, SandboxUnavailable

LOOK_SECONDS = 0.05
START_SECONDS = 60.0
MOST_OUTPUT = 4 * MIB  # of a notebook


@dataclass(frozen=True)
class Cell:
    """A code cell. `stub`: the author's text of an answer or of a cell that shows something;
    `points`: the points of a test cell."""

    kind: Literal["tests", "locked", "answer", "shown", "own"]
    source: str
    stub: str = ""
    points: float = 0.0

    @property
    def released(self) -> str:
        """The author's text of the cell; empty for a learner's own cell."""
        return self.source if self.kind in ("tests", "locked") else self.stub


@dataclass
class Ran:
    """The result of a run: the outputs of each cell, and remarks for a person."""

    outputs: list[list[Output]]
    notes: list[str] = field(default_factory=list)
    complete: bool = False
    """True where every cell ran in time: only such a run gives the same result again."""
    failed: list[str] = field(default_factory=list)
    """The author's cells that failed."""
    faults: list[str] = field(default_factory=list)
    """Failures of the machine or of grading: points missing for them are not the learner's
    fault."""
    points: list[float | None] = field(default_factory=list)
    """Points by cell: those of a test cell's verdict; None for any other cell."""
    learner: list[list[Output] | None] = field(default_factory=list)
    """Outputs by cell that the learner is shown, where they differ from `outputs`; else None."""

    def __post_init__(self) -> None:
        self.points = self.points or [None] * len(self.outputs)
        self.learner = self.learner or [None] * len(self.outputs)


def run(notebook: Sequence[Cell], sandbox: Sandbox, files: Path | None = None) -> Ran:
    """Run code cells in order. The files of `files` are put beside them, except notebooks, which
    may hold the checks.

    Where grading itself or one of the author's cells fails, which may be the machine's fault, the
    whole notebook runs once more; a person is told of what fails again. A notebook that does not
    start, while an empty one does, is not checked, and a person is told. Raises SandboxUnavailable
    where an empty notebook does not start either: a learner gets no 0 points for a fault of the
    machine.
    """
    with scratch.made("files") as folder:
        beside = folder / "in"
        _copy(files, beside)

        def once() -> Ran:
            return _started(notebook, sandbox, beside)

        ran = once()
        if ran.failed or ran.faults:
            ran = once()
            ran.notes += [*ran.failed, *(f"the machine failed: {each}" for each in ran.faults)]
            ran.complete = not ran.notes
        return ran


class _NotStarted(Exception):
    """The pod ended, or sent no event in time, before a cell could run; the text says why."""


def _started(notebook: Sequence[Cell], sandbox: Sandbox, beside: Path) -> Ran:
    """Run a notebook; one that does not start is tried again if an empty one starts. Raises
    SandboxUnavailable where an empty one does not start."""
    try:
        return _watched(notebook, sandbox, beside)
    except _NotStarted:
        try:
            _watched([], sandbox)
        except _NotStarted as error:
            raise SandboxUnavailable(
                "The sandbox does not start, not even for an empty notebook, and so grading "
                f"stops here ({error})."
            ) from None
    try:
        return _watched(notebook, sandbox, beside)
    except _NotStarted as error:
        why = f"the submission did not start, while an empty notebook does ({error})"
        return _not_checked(Ran([[] for _ in notebook]), why, range(len(notebook)))


def _watched(notebook: Sequence[Cell], sandbox: Sandbox, files: Path | None = None) -> Ran:
    limits = sandbox.limits
    job = {
        "cells": [vars(cell) for cell in notebook],
        "lab": uses_lab(notebook),
        "cell_seconds": limits.cell_seconds,
        "call_seconds": limits.cell_seconds,
        "variant": _seed(files) if files else "",
    }
    with sandbox.start(codec.dumps(job), files) as pod:
        return _Watch(pod, notebook, limits).run()


def _not_checked(ran: Ran, why: str, numbers: Sequence[int]) -> Ran:
    """Give the cells of these numbers, which were not reached, an error that says why: test cells
    among them count as failed."""
    ran.notes.append(why)
    for number in numbers:
        ran.outputs[number] = [error_output("NotChecked", why)]
    return ran


def uses_lab(notebook: Sequence[Cell]) -> bool:
    """Return True where the author's text, not the learner's, names this course's package: the
    lesson uses the lab."""
    return any("insidedocker" in cell.released for cell in notebook)


def _copy(files: Path | None, beside: Path) -> None:
    if files is None:
        beside.mkdir()
        return
    skipped = shutil.ignore_patterns("*.ipynb", "timestamp.txt")
    shutil.copytree(files, beside, symlinks=True, ignore=skipped)
    for path in [beside, *beside.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() else 0o644)


def _seed(files: Path) -> str:
    """Return the seed of this learner's variants, which `lab.learner.variant` keeps in a file and
    the checks need, too; empty where the file holds none."""
    try:
        with (files / "variant.txt").open(encoding="utf-8-sig") as file:
            found = file.read(100).strip()
    except (OSError, ValueError):
        return ""
    return found if re.fullmatch("[0-9a-f]{32}", found) else ""


class _Watch:
    """One run: takes the pod's events, and meanwhile watches time and memory."""

    def __init__(self, pod: Pod, notebook: Sequence[Cell], limits: Limits) -> None:
        self.pod = pod
        self.notebook = notebook
        self.limits = limits
        self.ran = Ran([[] for _ in notebook])
        self.done = 0
        self.room = MOST_OUTPUT
        self.ready = False
        self.deadline = time.monotonic() + START_SECONDS

    def run(self) -> Ran:
        received, ended, looked = b"", "", time.monotonic()
        while not ended:
            if select.select([self.pod.events], [], [], LOOK_SECONDS)[0]:
                data = self.pod.events.read1(1 << 20)  # type: ignore[attr-defined]
                *lines, received = (received + data).split(b"\n")
                try:
                    if any(self._event(codec.loads(line)) for line in lines):
                        return self.ran
                    if not data:
                        raise codec.Malformed("the checks ended early")
                except codec.Malformed as error:  # the checks' process runs only our code
                    ended = str(error)
                    if not self.pod.out_of_memory():
                        said = self._said() or "they said nothing"
                        self.ran.faults.append(f"{ended} ({said})")
            if self.ready and time.monotonic() >= looked + LOOK_SECONDS:
                ended, looked = ended or self._look(), time.monotonic()
            if time.monotonic() > self.deadline:
                ended = f"the notebook took more than {self.limits.notebook_seconds} s"
        if not self.ready:
            raise _NotStarted(self._said() or ended)
        if self.pod.out_of_memory():
            ended = self._too_much()
        return _not_checked(self.ran, ended, range(self.done, len(self.notebook)))

    def _event(self, event: dict[str, object]) -> bool:
        """Take one event; returns True for the last one. Raises codec.Malformed."""
        if "started" in event:
            self.ready, self.deadline = True, time.monotonic() + self.limits.notebook_seconds
        elif "done" in event:
            self._done(event)
            return True
        else:
            self._cell(event)
        return False

    def _cell(self, event: dict[str, object]) -> None:
        """Take a cell's outputs, cut to the room that is left; a test cell's verdict is a separate
        value and is added last. Raises codec.Malformed."""
        if event.get("cell") != self.done or self.done == len(self.notebook):
            raise codec.Malformed("a cell's outputs came out of turn")
        cell = self.notebook[self.done]
        shown = well_formed(event.get("outputs"))
        if cell.kind == "tests":
            verdict = Verdict.read(event.get("verdict"), cell.points)
            # nbgrader would take any output but text on stdout for the check's verdict.
            shown = [{**each, "name": "stdout"} for each in shown if "text" in each]
            self.ran.outputs[self.done] = [*self._room_for(shown), *verdict.outputs()]
            self.ran.points[self.done] = verdict.points
        else:
            self.ran.outputs[self.done] = self._room_for(shown)
        if event.get("learner") is not None:
            shown = well_formed(event["learner"])
            told = [each for each in shown[-1:] if each["output_type"] == "error"]
            kept = self._room_for(shown[: len(shown) - len(told)])
            self.ran.learner[self.done] = [*kept, *told]
        self.done += 1

    def _room_for(self, outputs: list[Output]) -> list[Output]:
        kept = within(outputs, self.room)
        self.room -= min(self.room, len(codec.dumps({"outputs": kept})))
        return kept

    def _done(self, event: dict[str, object]) -> None:
        """Take the checks' last event. Raises codec.Malformed where cells are missing."""
        if self.done < len(self.notebook):
            raise codec.Malformed("the checks ended early")
        self.ran.notes += _texts(event.get("notes"))
        self.ran.notes += [self._too_much()] * self.pod.out_of_memory()
        self.ran.failed += _texts(event.get("failed"))
        self.ran.faults += _texts(event.get("faults"))
        self.ran.complete = not self.ran.notes

    def _look(self) -> str:
        """Kill the learner's processes where they exceed a limit. Returns the reason to end the
        whole pod, where engines and containers exceed one; else an empty string."""
        learner = self.pod.learner()
        if processes.memory(learner) > self.limits.memory * MIB:
            self._end_learner(f"the notebook used more than {self.limits.memory} MiB of memory")
        elif len(learner) > self.limits.processes + 3:
            self._end_learner(f"the notebook started more than {self.limits.processes} processes")
        everything = self.pod.all()
        used = processes.memory(everything) + processes.sockets(everything)
        if used > self.limits.together * MIB:
            return self._too_much()
        if len(everything) - len(learner) > 2 * self.limits.processes:
            return "the containers started too many processes"
        return ""

    def _too_much(self) -> str:
        most = self.limits.together
        return f"notebook, engines and containers used more than {most} MiB of memory together"

    def _end_learner(self, why: str) -> None:
        self.pod.kill_learner()
        if why not in self.ran.notes:
            self.ran.notes.append(why)

    def _said(self) -> str:
        """Return the last two lines that the pod's first programs have printed, each cut to 200
        characters."""
        lines = (self.pod.private / "log").read_text(errors="replace").strip().splitlines()
        said = "; ".join(each[-200:] for each in lines[-2:])
        return "".join(each if each.isprintable() else " " for each in said)


def _texts(found: object) -> list[str]:
    many = found[:20] if isinstance(found, list) else []
    return [plain(each[:300]) for each in many if isinstance(each, str)]
