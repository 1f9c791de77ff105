"""nbgrader's step that runs a notebook, done in a sandbox, with the verdict outside of it.

A preprocessor in place of nbgrader's Execute: the same cells get the same kinds of outputs, and
what nbgrader does with them stays as it is.
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
"""What came of runs that are not kept on disk, since they were cut short, until it is graded."""


UNASKED = ("busybox", "hello-world")
"""Images that the lab's fixtures use."""


class SandboxedExecute(NbGraderPreprocessor):
    """Runs the notebook and writes the outputs into its cells."""

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
        # Where our own side has failed, the next call grades it again.
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
        """The sandbox that these settings ask for."""
        limits = Limits(**{each.name: getattr(self, each.name) for each in fields(Limits)})
        return Sandbox(self.sandbox, limits, never_shown=(course,))

    def kept(self, course: Path) -> Path | None:
        """Where what came of runs is kept."""
        return course / FOLDER / "cache" if self.remember else None


def execute(
    cells: list[Cell],
    chosen: Sandbox,
    files: Path,
    kept: Path | None,
    *,
    again: bool = False,
) -> Ran:
    """Run a notebook's cells, or take what came of them when the very same was run before."""
    have_images(cells)  # at first: on the images, too, depends what comes of it

    def here() -> Ran:
        insist_once(chosen.kind)
        return run(cells, chosen, files)

    return cache.remembered(here, cells, chosen, files, kept, again=again)


def as_cell(cell: NotebookNode) -> Cell:
    """A code cell of a rebuilt notebook, as it is to be run."""
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
    """Once per process: the answer stays the same."""
    insist(kind)


def have_images(cells: list[Cell]) -> None:
    """See to it that the catalogue has what a lesson asks for, and what the lab's own parts use
    unasked: inside, nothing can be fetched. What a learner has written asks for nothing."""
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
