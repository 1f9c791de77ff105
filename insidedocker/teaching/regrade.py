"""`insidedocker regrade`: grades again after checks changed, and reports the changed points.

A file keeps the gradebook's earlier grades until the last learner is graded, so a repeated call
after an interrupted one still reports every change. Manual grades stay unchanged.
"""

from __future__ import annotations

import csv
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from insidedocker.errors import UserError
from insidedocker.grading import mishaps
from insidedocker.grading.alone import alone
from insidedocker.grading.cluster import Cluster
from insidedocker.grading.grade import Grading
from insidedocker.grading.intake import FOLDER
from insidedocker.teaching.graded import Grade, grades
from insidedocker.teaching.tables import table
from insidedocker_engine.host import private, whole_files

Grades = dict[str, dict[tuple[str, str], Grade]]


@dataclass(frozen=True)
class Change:
    """A change of one learner's points for one graded cell; None where the cell had, or has, no
    points."""

    student: str
    cell: str
    before: float | None
    after: float | None
    by_hand: float | None
    """The points that a person gave, which override the check's."""


@dataclass(frozen=True)
class Total:
    """A learner's total points before and after a regrade that changed them."""

    student: str
    before: float
    after: float


@dataclass(frozen=True)
class Changes:
    """The result of a regrade."""

    assignment: str
    goes_on: bool
    """True if this call continues one that was stopped."""
    learners: int
    graded_again: int
    changes: list[Change]
    totals: list[Total]
    failed: dict[str, str]
    faults: dict[str, str]
    """Learner -> reason, for points that are missing because the machine failed."""

    def as_text(self) -> str:
        """Return the report for a terminal."""
        higher = sum(each.after > each.before for each in self.totals)
        lower = len(self.totals) - higher
        lines = [
            f"{self.assignment}: {self.graded_again} of {self.learners} graded again. "
            f"More points: {higher}. Fewer: {lower}."
        ]
        if self.goes_on:
            lines.append("Compared with what was there before the call that was stopped.")
        if self.changes:
            rows = [("learner", "cell", "before", "after", "by hand")]
            rows += [
                (c.student, c.cell, _shown(c.before), _shown(c.after), _shown(c.by_hand))
                for c in self.changes
            ]
            lines += ["", table(rows, right=(2, 3, 4))]
        if any(each.by_hand is not None for each in self.changes):
            lines += ["", "What a person gave counts, whatever the checks say now: look at these."]
        if self.totals:
            rows_ = [("learner", "total before", "after")]
            rows_ += [(t.student, f"{t.before:g}", f"{t.after:g}") for t in self.totals]
            lines += ["", table(rows_, right=(1, 2))]
        lines += [f"Not graded: {student}: {why}" for student, why in self.failed.items()]
        lines += [
            f"The machine failed, not {student}: {why}. The next call grades {student} again."
            for student, why in self.faults.items()
        ]
        return "\n".join(lines)

    def write(self, path: Path) -> None:
        """Write the changed cells as CSV."""
        with open(path, "w", newline="", encoding="utf-8", opener=private.opener) as file:
            rows = csv.writer(file)
            rows.writerow(["student_id", "cell", "before", "after", "by_hand"])
            for each in self.changes:
                rows.writerow([each.student, each.cell, each.before, each.after, each.by_hand])


def run(
    root: Path, assignment: str, at_once: int | None = None, cluster: Cluster | None = None
) -> Changes:
    """Grade the learners again whose checks or work have changed, and compare their points.

    Raises UserError.
    """
    grading = Grading(root, assignment, cluster=cluster)
    with mishaps.as_user_errors(), alone(root):
        return _run(grading, root, assignment, at_once)


def _run(grading: Grading, root: Path, assignment: str, at_once: int | None) -> Changes:
    kept = root / FOLDER / f"before-regrading-{assignment}.json"
    stopped = _read(kept)
    before = stopped or grades(root, assignment)
    _write(kept, before)
    try:
        done = grading.run_alone(at_once)
    except BaseException as error:
        if stopped is None and isinstance(error, UserError):
            kept.unlink()
        raise
    after = grades(root, assignment)
    if not (done.failed or done.faults):
        kept.unlink()
    changes = [
        change
        for student in sorted(before.keys() | after.keys())
        for change in _changes(student, before.get(student, {}), after.get(student, {}))
    ]
    return Changes(
        assignment,
        stopped is not None,
        len(after),
        len(done.students),
        changes,
        _totals(before, after),
        done.failed,
        done.faults,
    )


def _changes(
    student: str, before: dict[tuple[str, str], Grade], after: dict[tuple[str, str], Grade]
) -> list[Change]:
    found = []
    for key in [*after, *(key for key in before if key not in after)]:
        was, now = (each[key].auto if key in each else None for each in (before, after))
        if was != now:
            by_hand = after[key].manual if key in after else None
            found.append(Change(student, key[1], was, now, by_hand))
    return found


def _totals(before: Grades, after: Grades) -> list[Total]:
    found = [
        Total(
            student,
            *(sum(each.score for each in side[student].values()) for side in (before, after)),
        )
        for student in sorted(before.keys() & after.keys())
    ]
    return [each for each in found if each.before != each.after]


def _read(path: Path) -> Grades | None:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return {
        student: {(notebook, cell): Grade(**grade) for notebook, cell, grade in cells}
        for student, cells in found.items()
    }


def _write(path: Path, found: Grades) -> None:
    """Write the grades; a reader sees the whole file or none."""
    private.folder(path.parent)
    as_lists = {
        student: [[*key, asdict(grade)] for key, grade in cells.items()]
        for student, cells in found.items()
    }
    whole_files.replace(path, json.dumps(as_lists).encode())


def _shown(points: float | None) -> str:
    return "-" if points is None else f"{points:g}"
