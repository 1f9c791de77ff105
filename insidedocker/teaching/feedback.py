"""nbgrader preprocessor that keeps hidden tests out of feedback pages: their lines, tracebacks
that quote them, the values that they pass to the learner's code, and those they expect."""

from __future__ import annotations

from typing import Any

from nbformat import NotebookNode, from_dict
from nbgrader import utils
from nbgrader.preprocessors import ClearHiddenTests

from insidedocker.grading.pod.learner_page import Words, hidden_lines, masked, told_plainly
from insidedocker.grading.rebuild import OURS


class HideHiddenTests(ClearHiddenTests):
    """Replaces nbgrader's ClearHiddenTests, which leaves outputs unchanged and fails on
    hidden-test marks in a learner's own cell.

    The outputs shown are those that grading made for the learner. In a notebook that plain
    nbgrader graded, nothing records when a hidden test began, so every output from the first
    cell with a hidden test on counts as hidden.
    """

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        code = [cell for cell in nb.cells if cell.cell_type == "code"]
        ours = any("points" in cell.metadata.get(OURS, {}) for cell in code)
        words = Words([cell.source for cell in code if _is_check(cell)])
        hidden = False
        for cell in code:
            if ours:
                cell.outputs = cell.metadata.get(OURS, {}).get("learner", cell.outputs)
                continue
            hidden |= _is_check(cell) and bool(hidden_lines(cell.source))
            if hidden:
                cell.outputs = _for_learner(cell, words)
        return super().preprocess(nb, resources)

    def preprocess_cell(
        self, cell: NotebookNode, resources: Any, cell_index: int
    ) -> tuple[NotebookNode, Any]:
        if not utils.is_grade(cell) or utils.is_solution(cell):
            return cell, resources
        if self.begin_test_delimeter in cell.source:
            for output in cell.get("outputs", []):
                if output.output_type == "error":
                    output.traceback = [f"{output.ename}: {output.evalue}".removesuffix(": ")]
        return super().preprocess_cell(cell, resources, cell_index)


def _is_check(cell: NotebookNode) -> bool:
    return bool(utils.is_grade(cell) and not utils.is_solution(cell))


def _for_learner(cell: NotebookNode, words: Words) -> list[NotebookNode]:
    """Return the outputs to show of a cell that plain nbgrader has run."""
    if not _is_check(cell):
        return [from_dict(each) for each in masked(cell.outputs)]
    return [
        from_dict(told_plainly(words, each.ename, each.evalue))
        for each in cell.outputs
        if each.output_type == "error"
    ]
