"""After nbgrader has saved its points: each check has those of its verdict, whatever became of the
outputs from which nbgrader reads them."""

from __future__ import annotations

from typing import Any

from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.api import Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor

from insidedocker.grading.rebuild import OURS


class KeepToVerdicts(NbGraderPreprocessor):
    """Compares the gradebook with the verdicts. Where they differ the verdict counts, and a person
    is told; a check without one has no points."""

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        of = resources["nbgrader"]
        with Gradebook(of["db_url"]) as gradebook:
            for cell in nb.cells:
                if not (utils.is_grade(cell) and cell.cell_type == "code"):
                    continue
                if utils.is_solution(cell):  # a person grades it
                    continue
                name = cell.metadata.nbgrader.grade_id
                points = cell.metadata.get(OURS, {}).get("points", 0.0)
                grade = gradebook.find_grade(name, of["notebook"], of["assignment"], of["student"])
                if grade.auto_score != points:
                    grade.auto_score, grade.needs_manual_grade = points, True
                    nb.metadata.setdefault(OURS, NotebookNode()).setdefault("remarks", []).append(
                        f"nbgrader read other points from {name} than its checks came to"
                    )
            gradebook.db.commit()
        return nb, resources
