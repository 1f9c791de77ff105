"""Saves points in place of nbgrader's SaveAutoGrades, and keeps what a person has graded.

nbgrader sets every cell that a person has graded back to "needs grading" in each run. This step
does so only where the learner's work or the check's points have changed; the older points stay and
count until a person changes them. A person is asked only once to look at a submission.
"""

from __future__ import annotations

import hashlib
import json
import logging
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.api import Gradebook
from nbgrader.preprocessors import SaveAutoGrades

from insidedocker.grading import kept
from insidedocker.grading.rebuild import OURS
from insidedocker.lab.quiz import answers

LOOK = ""
"""Key of the digest of a notebook's reasons to look at it; all other keys are grade ids."""


class SaveGrades(SaveAutoGrades):
    """Replaces nbgrader's SaveAutoGrades. Also marks a submission for a person to look at, where
    its intake or its run has found a reason."""

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        of = resources["nbgrader"]
        self.found = judged_by(nb, Path(resources["metadata"]["path"]))
        self.first = flagged_cell(nb)
        self.ours = nb.metadata.setdefault(OURS, {})
        self.ours["again"] = []
        with Gradebook(of["db_url"]) as gradebook:
            self.before = kept.get(gradebook, kept.JUDGED, of["assignment"], of["notebook"]).get(
                of["student"], {}
            )
        nb, resources = super().preprocess(nb, resources)
        # After the grades: if this process is killed between, a person is asked twice, not never.
        with Gradebook(of["db_url"]) as gradebook:
            kept.put(
                gradebook,
                kept.JUDGED,
                of["assignment"],
                self.found,
                notebook=of["notebook"],
                name=of["student"],
            )
            gradebook.db.commit()
        return nb, resources

    def _add_score(self, cell: NotebookNode, resources: Any) -> None:
        name = cell.metadata["nbgrader"]["grade_id"]
        grade = self.gradebook.find_grade(
            name, self.notebook_id, self.assignment_id, self.student_id
        )
        automatic, most = points_of(cell, self.log)
        self.found[name] = state = [self.found[name], automatic, most]
        by_hand = grade.manual_score is not None or grade.extra_credit is not None
        changed = by_hand and self.before.get(name) != state
        waited, given = grade.needs_manual_grade, grade.manual_score
        grade.auto_score = automatic
        lost = self._reads_otherwise(cell, automatic)
        if lost:
            self.ours.setdefault("remarks", []).append(
                f"nbgrader reads other points from {name} than its checks came to, which count"
            )
        grade.needs_manual_grade = (
            (given is None and automatic is None)
            or changed
            or (by_hand and waited)
            or (name == self.first and self._asks(waited))
            or lost
        )
        if changed:
            self.ours["again"].append(name)
            self.log.warning(
                "%s: %s was graded by hand and has changed since: the %s stays until a person "
                "looks at it",
                self.student_id,
                name,
                "extra credit" if given is None else f"{given:g} of {most:g}",
            )
        self.gradebook.db.commit()

    def _reads_otherwise(self, cell: NotebookNode, points: float | None) -> bool:
        """True where nbgrader reads other points from the outputs than those of the verdict."""
        try:
            return bool(utils.determine_grade(cell, self.log)[0] != points)
        except ValueError:  # more points than the cell has
            return True

    def _asks(self, waits: bool) -> bool:
        """True where a person is to look: there is a reason, and it is new or no person has looked
        yet (`waits`)."""
        if not asks(self.ours):
            return False
        return waits or self.before.get(LOOK) != self.found[LOOK]


def points_of(cell: NotebookNode, log: logging.Logger) -> tuple[float | None, float]:
    """(points, most points) of a graded cell of a result; points are None where a person grades.

    A check has the points of its verdict, whatever nbgrader would read from its outputs.
    """
    if cell.cell_type == "code" and not utils.is_solution(cell):
        return cell.metadata.get(OURS, {}).get("points", 0.0), float(cell.metadata.nbgrader.points)
    found: tuple[float | None, float] = utils.determine_grade(cell, log)
    return found


def asks(ours: dict[str, Any]) -> bool:
    """True where a graded notebook needs a person's look, by "look" or "remarks" in `ours`, its
    metadata under OURS."""
    return bool(ours.get("look") or ours.get("remarks"))


def flagged_cell(notebook: Any) -> str:
    """Grade id of the cell that is marked where a person is to look at a notebook: the first graded
    cell; empty where none is graded."""
    graded = (
        marks.get("grade_id", "")
        for cell in notebook["cells"]
        if (marks := cell["metadata"].get("nbgrader", {})).get("grade")
    )
    return str(next(graded, ""))


def judged_by(notebook: NotebookNode, folder: Path) -> dict[str, Any]:
    """Grade id -> digest of the work that the points are given for; LOOK -> digest of all work and
    of the reasons to look.

    The work of a graded answer is the answer itself. The work of a check is the answers and the
    learner's own cells above it, from the first answer after earlier checks on.
    """
    found: dict[str, Any] = {}
    everything: list[Any] = []
    above: list[Any] = []
    closed = False
    for cell in notebook.cells:
        graded, answer = utils.is_grade(cell), utils.is_solution(cell)
        if answer or cell.metadata.get(OURS, {}).get("own"):
            name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
            clicked = answers.read(name, folder) if answer else None
            work = [cell.cell_type, cell.source.strip(), clicked, cell.get("attachments")]
            if answer and closed:
                above, closed = [], False
            above.append(work)
            everything.append(work)
            if graded:
                found[name] = _digest(work)
        elif graded:
            found[cell.metadata.nbgrader.grade_id] = _digest(above)
            closed = True
    ours = notebook.metadata.get(OURS, {})
    found[LOOK] = _digest([everything, ours.get("findings"), ours.get("remarks")])
    return found


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
