"""nbgrader's step that saves the points, which leaves alone what a person has done.

nbgrader puts everything that a person has graded back to "needs grading", each time. Here it needs
that only where the work has changed, or what the check says of it; the older points stay and count
until a person changes them. A submission that is to be looked at is asked for once.
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
"""The name under which the reason to look at a notebook is kept; others are those of cells."""


class SaveGrades(SaveAutoGrades):
    """In place of nbgrader's own; marks a submission for a person to look at, too, where intake
    or run have found a reason."""

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
        # Afterwards: whoever is killed in between is asked once more, never once too seldom.
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
        """Whether the outputs that nbgrader makes points of are not those of the verdict."""
        try:
            return bool(utils.determine_grade(cell, self.log)[0] != points)
        except ValueError:  # more than the most
            return True

    def _asks(self, waits: bool) -> bool:
        """Whether a person is to look: where there is a reason, and it is a new one or nobody has
        looked yet."""
        if not asks(self.ours):
            return False
        return waits or self.before.get(LOOK) != self.found[LOOK]


def points_of(cell: NotebookNode, log: logging.Logger) -> tuple[float | None, float]:
    """What a graded cell of a result comes to, and the most; None for a person to say. A check has
    the points of its verdict, whatever became of the outputs from which nbgrader reads them."""
    if cell.cell_type == "code" and not utils.is_solution(cell):
        return cell.metadata.get(OURS, {}).get("points", 0.0), float(cell.metadata.nbgrader.points)
    found: tuple[float | None, float] = utils.determine_grade(cell, log)
    return found


def asks(ours: dict[str, Any]) -> bool:
    """Whether a graded notebook, by our remarks in its metadata, asks for a person's look."""
    return bool(ours.get("look") or ours.get("remarks"))


def flagged_cell(notebook: Any) -> str:
    """The grade id of the cell that is marked where a notebook asks to be looked at."""
    graded = (
        marks.get("grade_id", "")
        for cell in notebook["cells"]
        if (marks := cell["metadata"].get("nbgrader", {})).get("grade")
    )
    return str(next(graded, ""))


def judged_by(notebook: NotebookNode, folder: Path) -> dict[str, Any]:
    """What points are given for, as a digest by graded cell: the answer itself, or the answers and
    own cells that a check comes after. And what there is to look at."""
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
