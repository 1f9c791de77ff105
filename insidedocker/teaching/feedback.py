"""Feedback pages that hold no hidden test: neither its lines nor a traceback that quotes them."""

from __future__ import annotations

from typing import Any

from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.preprocessors import ClearHiddenTests


class HideHiddenTests(ClearHiddenTests):
    """In place of nbgrader's own, which leaves outputs as they are, and stops at the marks of
    hidden tests in a learner's own cell. What an error says stays."""

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
