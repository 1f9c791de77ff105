"""Slips in right solutions, each graded by the checks as the evidence is: one kernel for a lesson,
each slip from the same state of the notebook and the engine.

A slip that loses no point is a hole in the checks, or makes no difference: then it stands in
notebooks/NN-name/evidence/ANSWER/equivalent.toml, with the reason.
"""

from __future__ import annotations

import shutil
import tempfile
import tomllib
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbgrader.utils import determine_grade

from insidedocker.lab import Engine, clean_up
from tests.exercises import play
from tests.exercises.evidence import Exercise, Lesson, is_tests, points
from tests.exercises.slips import Call, Slip, calls_from, slips

CELL_SECONDS = 240
CALL_SECONDS = 12
"""Limit of one call of a learner's function: a slip may make it endless."""
OURS = "SetupFailed", "NoEngine"
"""Errors of the checks' own side: they say nothing of a slip."""

RECORD = f"""\
def record():
    import json
    from insidedocker.lab.checks import check
    check.CALL_SECONDS = {CALL_SECONDS}
    check.recorded = []
    kept = getattr(check.call, "kept", check.call)
    def call(function, *args, **named):
        answer = kept(function, *args, **named)
        name = getattr(function, "__name__", "")
        check.recorded.append(json.dumps([name, [*map(repr, args)], repr(answer)]))
        return answer
    call.kept = kept
    check.call = call
    get_ipython().displayhook.cache_size = 10**6  # it warns where many more cells run
record()
"""
"""Code that has the checks' calls of learners' functions recorded from now on."""
RECORDED = """\
from insidedocker.lab.checks import check
print(*check.recorded, sep="\\n")
"""


@dataclass
class Outcome:
    """The slips of one exercise, each in one of three lists."""

    exercise: str
    refused: list[Slip] = field(default_factory=list)
    equivalent: list[Slip] = field(default_factory=list)
    survived: list[Slip] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)
    """Entries of equivalent.toml that no slip has met, or whose slip is refused."""
    never_varied: list[str] = field(default_factory=list)
    """Parameters that have the same value in every recorded call of the checks."""

    @property
    def made(self) -> int:
        return len(self.refused) + len(self.equivalent) + len(self.survived)


class Unjudged(Exception):
    """A right solution loses points here, or the checks could not be set up."""


def outcomes(lesson: Lesson, engine: Engine, wanted: Collection[str] = ()) -> Iterator[Outcome]:
    """Grade the slips of a lesson's exercises, of those named or of all, one after the other.

    DOCKER_HOST must name the engine. Questions are left out: the evidence tries every wrong answer.
    """
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / lesson.name
        shutil.copytree(lesson.folder, folder)
        player = play.Player(lesson, engine, folder, CELL_SECONDS)
        with player.client.setup_kernel():
            for exercise in lesson.exercises():
                files = _right(lesson, exercise)
                if files and (not wanted or exercise.name in wanted):
                    yield _Trial(player, exercise).outcome(files)
        clean_up(engine, lesson.name)


def _right(lesson: Lesson, exercise: Exercise) -> list[str]:
    """The right solutions of an exercise, the reference first; none of a question."""
    found = lesson.solutions(exercise)
    evidence = lesson.course / "notebooks" / lesson.name / "evidence" / exercise.name
    files = [each for each in found if (evidence / f"{each.name}.py").exists()]
    if len(files) < len(found) or not files:
        return []
    right = [each.source for each in files if each.kind == "right"]
    return [lesson.source()[exercise.answer].source, *right]


class _Trial:
    """One exercise in a kernel and on an engine that have run all cells before it."""

    def __init__(self, player: play.Player, exercise: Exercise) -> None:
        self.player = player
        self.exercise = exercise
        player.up_to(exercise.answer)
        self.before = player.state()

    def outcome(self, right: list[str]) -> Outcome:
        excuses = _excuses(self.player.lesson, self.exercise)
        found = Outcome(self.exercise.name)
        met: set[str] = set()
        used: set[tuple[str, str]] = set()
        every_call: list[Call] = []
        for source in right:
            visible, every = self._recorded(source, seen=True), self._recorded(source, seen=False)
            every_call += every
            for slip in slips(source, visible):
                if slip.source in met:
                    continue
                met.add(slip.source)
                if not self._full(slip.source):
                    found.refused.append(slip)
                elif (slip.was, slip.now) in excuses:
                    used.add((slip.was, slip.now))
                    found.equivalent.append(slip)
                else:
                    found.survived.append(slip)
        self._recorded(right[0], seen=False)  # the slips have not spoiled what they are judged by
        found.stale = [f"{was} → {now}" for was, now in sorted(excuses - used)]
        found.never_varied = _never_varied(every_call)
        return found

    def _recorded(self, source: str, *, seen: bool) -> list[Call]:
        """The checks' calls in grading a right solution; `seen`: of the visible checks alone."""
        self.player.quietly(RECORD)
        if told := self._lost(source, seen=seen):
            raise Unjudged(f"{self.exercise.name}: a right solution was told:\n{told}\n{source}")
        done = self.player.run(nbformat.v4.new_code_cell(RECORDED))
        self._put_back()
        return calls_from("".join(each.get("text", "") for each in done.outputs))

    def _full(self, source: str) -> bool:
        for _ in range(2):
            told = self._lost(source)
            self._put_back()
            if not any(each in told for each in OURS):
                return not told
        raise Unjudged(f"{self.exercise.name}: {told}\n{source}")

    def _lost(self, source: str, *, seen: bool = False) -> str:
        """What the first tests cell that loses a point says; empty without one."""
        player, exercise = self.player, self.exercise
        cells = player.source[exercise.answer : exercise.last + 1]
        with player.engine_put_back():
            player.run(play.with_source(cells[0], source))
            for cell in cells[1:]:
                if cell.cell_type != "code":
                    continue
                done = player.run(play.without_hidden_checks(cell) if seen else cell)
                if is_tests(cell) and (determine_grade(done)[0] or 0) < points(cell):
                    return play.messages(done) or "no full points"
        return ""

    def _put_back(self) -> None:
        player = self.player
        player.quietly(play.PUT_BACK)
        player.forget_answers()
        if player.state() != self.before:
            clean_up(player.engine, player.lesson.name)
        if player.state() != self.before:
            player.begin_again()
            player.up_to(self.exercise.answer)
            self.before = player.state()


def _excuses(lesson: Lesson, exercise: Exercise) -> set[tuple[str, str]]:
    """The slips that make no difference, as (was, now); `now` may be a list of several."""
    folder = lesson.course / "notebooks" / lesson.name / "evidence" / exercise.name
    path = folder / "equivalent.toml"
    if not path.exists():
        return set()
    listed = tomllib.loads(path.read_text(encoding="utf-8"))["slip"]
    for each in listed:
        if set(each) != {"was", "now", "because"} or not each["because"]:
            raise ValueError(f"{path}: each [[slip]] has was, now and because")
    several = [(e["was"], [e["now"]] if isinstance(e["now"], str) else e["now"]) for e in listed]
    return {(was.strip(), now.strip()) for was, many in several for now in many}


def _never_varied(calls: list[Call]) -> list[str]:
    """The parameters of functions that are called more than once and get one value only."""
    found = []
    for function in sorted({call.function for call in calls}):
        many = [call.arguments for call in calls if call.function == function]
        for place in range(max(map(len, many))):
            values = {repr(each[place]) for each in many if place < len(each)}
            if len(values) == 1:
                found.append(f"{function}, argument {place + 1}: {values.pop()}")
    return found
