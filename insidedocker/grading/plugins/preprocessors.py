"""Runs a notebook in a sandbox, in place of nbgrader's preprocessor Execute.

The same cells get the same kinds of outputs, and nbgrader's later steps stay as they are. The
verdict is made outside the sandbox of the learner's code.
"""

from __future__ import annotations

import functools
from dataclasses import fields
from pathlib import Path
from typing import Any

from nbformat import NotebookNode, from_dict
from nbgrader import utils
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Bool, Int, Unicode

from insidedocker.errors import UserError
from insidedocker.grading import cache
from insidedocker.grading.intake import FOLDER
from insidedocker.grading.rebuild import OURS
from insidedocker.grading.runner import Cell, Ran, run, uses_lab
from insidedocker.grading.sandbox import BUBBLEWRAP, Limits, Sandbox, insist

UNKEPT: dict[str, list[Ran]] = {}
"""cache.key -> results of runs that were cut short, so not kept on disk; each is used once."""


UNASKED = ("busybox", "hello-world")
"""Images that the lab's fixtures use."""


class SandboxedExecute(NbGraderPreprocessor):
    """Runs a notebook and writes outputs, points and remarks into its cells and metadata."""

    sandbox = Unicode(
        BUBBLEWRAP,
        help="'bubblewrap'; or 'processes', which walls nothing off, where that is impossible",
    ).tag(config=True)
    remember = Bool(True, help="keep what came of a run, and use it when the same is to run").tag(
        config=True
    )

    vars().update(
        (each.name, Int(getattr(Limits, each.name), help=each.metadata["help"]).tag(config=True))
        for each in fields(Limits)
    )

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        code = [cell for cell in nb.cells if cell.cell_type == "code"]
        ran = self._ran([as_cell(cell) for cell in code], Path(resources["metadata"]["path"]))
        found = zip(code, ran.outputs, ran.points, ran.learner, strict=True)
        for cell, outputs, points, learner in found:
            cell.outputs = [from_dict(output) for output in outputs]
            cell.execution_count = 1
            told = cell.metadata.setdefault(OURS, NotebookNode())
            if utils.is_grade(cell):
                told["points"] = points or 0.0
            told.pop("learner", None)
            if learner is not None:
                told["learner"] = from_dict(learner)
        ours = nb.metadata.setdefault(OURS, {})
        # Where the course's own side has failed, the next run grades the notebook again.
        ours["graded"] = not ran.faults
        ours["faults"] = ran.faults
        ours["remarks"] = ran.notes
        return nb, resources

    def _ran(self, cells: list[Cell], files: Path) -> Ran:
        course = Path(self.parent.parent.coursedir.root).resolve()
        if waiting := UNKEPT.get(cache.key(cells, files, self.chosen(course))):
            return waiting.pop()
        return execute(cells, self.chosen(course), files, self.kept(course))

    def chosen(self, course: Path) -> Sandbox:
        """Make the sandbox that these settings ask for; it never shows the folder `course`."""
        limits = Limits(**{each.name: getattr(self, each.name) for each in fields(Limits)})
        return Sandbox(self.sandbox, limits, never_shown=(course,))

    def kept(self, course: Path) -> Path | None:
        """Folder in which the results of runs are kept; None where they are not kept."""
        return course / FOLDER / "cache" if self.remember else None


def execute(
    cells: list[Cell],
    chosen: Sandbox,
    files: Path,
    kept: Path | None,
    *,
    again: bool = False,
) -> Ran:
    """Run a notebook's cells, or reuse the kept result of the very same run.

    `again`: run in any case. `kept`: the folder of kept results.
    """
    have_images(cells)  # first, since the result depends on the images too

    def here() -> Ran:
        insist_once(chosen.kind)
        return run(cells, chosen, files)

    return cache.remembered(here, cells, chosen, files, kept, again=again)


def as_cell(cell: NotebookNode) -> Cell:
    """Code cell of a rebuilt notebook -> the cell to run, with its kind."""
    ours = cell.metadata.get(OURS, {})
    if utils.is_grade(cell) and not utils.is_solution(cell):
        return Cell("tests", cell.source, points=float(cell.metadata.nbgrader.points))
    if utils.is_solution(cell):
        return Cell("answer", cell.source, stub=ours.get("stub", ""))
    if utils.is_locked(cell):
        return Cell("locked", cell.source)
    if "released" in ours:
        return Cell("shown", cell.source, stub=ours["released"])
    return Cell("own", cell.source)


@functools.cache
def insist_once(kind: str) -> None:
    """Call `sandbox.insist` once per process: its answer stays the same."""
    insist(kind)


def have_images(cells: list[Cell]) -> None:
    """Fetch the images that the lesson names and those that the lab's fixtures use (UNASKED): no
    image can be fetched inside the pod. Images that only a learner's code names are not fetched.

    Does nothing for a lesson without the lab. Raises UserError.
    """
    from insidedocker import catalog

    if not uses_lab(cells):
        return
    text = "\n".join(cell.released for cell in cells)
    for name in catalog.names():
        short = name.removesuffix(":latest")
        if short in UNASKED or f'"{short}' in text or f"'{short}" in text:
            _have_image(name)


@functools.cache
def _have_image(name: str) -> None:
    from insidedocker import catalog

    try:
        catalog.archive(name)
    except catalog.CatalogError as error:
        raise UserError(f"The checks need the image {name}: {error}") from error
