"""Runs one notebook in a pod and watches over it: from cells to their outputs.

Knows cells by kind and sources; nothing of files of notebooks, of nbgrader or of a gradebook.
"""

from __future__ import annotations

import re
import select
import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from insidedocker.grading import cells, wire
from insidedocker.grading.cells import Output
from insidedocker.grading.other_process import well_formed
from insidedocker.grading.sandbox import MIB, Pod, Sandbox, SandboxUnavailable
from insidedocker.grading.verdict import Verdict

LOOK_SECONDS = 0.05
START_SECONDS = 60.0
OURS_MIB = 512  # for the checks and the engines themselves
MOST_OUTPUT = 4 * MIB  # of a notebook


@dataclass(frozen=True)
class Cell:
    """A code cell. `stub` is the author's text of an answer or of a cell that shows something;
    `points` are those of a test cell."""

    kind: Literal["tests", "locked", "answer", "shown", "own"]
    source: str
    stub: str = ""
    points: float = 0.0


@dataclass
class Ran:
    """What came of it: outputs by cell, and remarks for a person."""

    outputs: list[list[Output]]
    notes: list[str] = field(default_factory=list)
    complete: bool = False
    """Whether every cell was run in time: only then it would come out the same again."""
    failed: list[str] = field(default_factory=list)
    """The author's own cells that have failed."""
    faults: list[str] = field(default_factory=list)
    """What has failed on our side: points that are missing for it are not the learner's fault."""
    points: list[float | None] = field(default_factory=list)
    """By cell: those of a test cell's verdict."""
    learner: list[list[Output] | None] = field(default_factory=list)
    """By cell: what the learner is shown instead of the outputs, where that differs."""

    def __post_init__(self) -> None:
        self.points = self.points or [None] * len(self.outputs)
        self.learner = self.learner or [None] * len(self.outputs)


def run(notebook: Sequence[Cell], sandbox: Sandbox, files: Path | None = None) -> Ran:
    """Run code cells in order. `files` are put beside them, except notebooks, which may hold the
    checks. Where our own side fails, or one of the author's own cells, which may be the machine's
    fault, all of it is run once more; a person is told of what fails again. Raises
    SandboxUnavailable where the pod does not start; that is nobody's 0 points."""
    with tempfile.TemporaryDirectory(prefix="insidedocker-files-") as folder:
        beside = Path(folder) / "in"
        _copy(files, beside)

        def once() -> Ran:
            with sandbox.start(beside) as pod:
                return _Watch(pod, notebook, sandbox, _seed(beside)).run()

        ran = once()
        if ran.failed or ran.faults:
            ran = once()
            ran.notes += [*ran.failed, *(f"the machine failed: {each}" for each in ran.faults)]
            ran.complete = not ran.notes
        return ran


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
    """The seed of this learner's variants, as `lab.variant` keeps it; the checks need it, too."""
    try:
        with (files / "variant.txt").open(encoding="utf-8") as file:
            found = file.read(100).strip()
    except (OSError, ValueError):
        return ""
    return found if re.fullmatch("[0-9a-f]{32}", found) else ""


class _Watch:
    """One run: sends the job, takes the events, and looks at time and memory meanwhile."""

    def __init__(self, pod: Pod, notebook: Sequence[Cell], sandbox: Sandbox, seed: str) -> None:
        self.pod = pod
        self.seed = seed
        self.notebook = notebook
        self.limits = sandbox.limits
        self.ran = Ran([[] for _ in notebook])
        self.done = 0
        self.room = MOST_OUTPUT

    def run(self) -> Ran:
        self._send()
        started = time.monotonic()
        deadline = started + START_SECONDS
        received, ready, ended, looked = b"", False, "", started
        while not ended:
            if select.select([self.pod.events], [], [], LOOK_SECONDS)[0]:
                data = self.pod.events.read1(1 << 20)  # type: ignore[attr-defined]
                *lines, received = (received + data).split(b"\n")
                try:
                    for line in lines:
                        event = wire.loads(line)
                        if "started" in event:
                            ready, deadline = True, time.monotonic() + self.limits.notebook_seconds
                        elif "done" in event:
                            self._done(event)
                            return self.ran
                        else:
                            self._cell(event)
                    if not data:
                        raise wire.Malformed("the checks ended early")
                except wire.Malformed as error:  # of the checks' own process: ours to get right
                    ended = str(error)
                    self.ran.faults.append(f"{ended} ({self._said() or 'they said nothing'})")
            if ready and time.monotonic() >= looked + LOOK_SECONDS:
                ended, looked = ended or self._look(), time.monotonic()
            if time.monotonic() > deadline:
                ended = f"the notebook took more than {self.limits.notebook_seconds} s"
        if not ready:
            raise SandboxUnavailable(f"The sandbox did not start: {self._said() or ended}.")
        self._rest(ended)
        return self.ran

    def _send(self) -> None:
        job = {
            "cells": [vars(cell) for cell in self.notebook],
            "cell_seconds": self.limits.cell_seconds,
            "call_seconds": self.limits.cell_seconds,
            "variant": self.seed,
        }
        try:
            self.pod.job.write(wire.dumps(job))
            self.pod.job.flush()
        except BrokenPipeError:
            raise SandboxUnavailable(f"The sandbox did not start: {self._said()}.") from None

    def _cell(self, event: dict[str, object]) -> None:
        """Take what came of a cell. What is shown has its limits; a verdict comes by itself, and
        is added last. Raises wire.Malformed."""
        if event.get("cell") != self.done or self.done == len(self.notebook):
            raise wire.Malformed("a cell's outputs came out of turn")
        cell = self.notebook[self.done]
        shown = well_formed(event.get("outputs"))
        if cell.kind == "tests":
            verdict = Verdict.read(event.get("verdict"), cell.points)
            # Any other output among a check's would be taken for its verdict.
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
        kept = cells.within(outputs, self.room)
        self.room -= min(self.room, len(wire.dumps({"outputs": kept})))
        return kept

    def _done(self, event: dict[str, object]) -> None:
        """Take what the checks say in the end. Raises wire.Malformed where it is not the end."""
        if self.done < len(self.notebook):
            raise wire.Malformed("the checks ended early")
        self.ran.notes += _texts(event.get("notes"))
        self.ran.failed += _texts(event.get("failed"))
        self.ran.faults += _texts(event.get("faults"))
        self.ran.complete = not self.ran.notes

    def _look(self) -> str:
        """End a learner who takes too much. Where engines and containers do, say so: then the
        whole pod is to end."""
        learner = self.pod.learner()
        used = sum(each.memory for each in learner) // MIB
        if used > self.limits.memory:
            self._end_learner(f"the notebook used more than {self.limits.memory} MiB of memory")
        elif len(learner) > self.limits.processes + 3:
            self._end_learner(f"the notebook started more than {self.limits.processes} processes")
        others = self.pod.others(learner)
        if sum(each.memory for each in others) // MIB > 2 * self.limits.memory + OURS_MIB:
            return "the containers used too much memory"
        if len(others) > 2 * self.limits.processes:
            return "the containers started too many processes"
        return ""

    def _end_learner(self, why: str) -> None:
        self.pod.kill_learner()
        if why not in self.ran.notes:
            self.ran.notes.append(why)

    def _rest(self, why: str) -> None:
        """Test cells that were not reached count as failed, and say why."""
        self.ran.notes.append(why)
        for number in range(self.done, len(self.notebook)):
            self.ran.outputs[number] = [cells.error("NotChecked", why)]

    def _said(self) -> str:
        lines = (self.pod.private / "log").read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else ""


def _texts(found: object) -> list[str]:
    many = found[:20] if isinstance(found, list) else []
    return [cells.writable(each[:300]) for each in many if isinstance(each, str)]
