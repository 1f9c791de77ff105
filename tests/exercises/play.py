"""Plays one lesson on one engine with right and wrong solutions, and writes a report.

A separate program, so that an ordinary user can run it:

    python play.py LESSON REPORT.json [--solutions] [--once] [--reference] [--patience SECONDS]

DOCKER_HOST names the engine; SECONDS limits one cell.

One kernel plays everything; its names and the engine are restored between two solutions.
"""

import argparse
import contextlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
from jupyter_core.utils import run_sync
from nbclient import NotebookClient
from nbgrader.utils import determine_grade

from insidedocker import catalog
from insidedocker.catalog import store
from insidedocker.lab import Engine, clean_up, inventory
from insidedocker.lab.labels import NO_TAG

if TYPE_CHECKING or __package__:
    from tests.exercises.evidence import (
        Cell,
        Exercise,
        Lesson,
        Solution,
        grade_id,
        is_tests,
        points,
    )
else:  # a program of its own finds what lies beside it
    from evidence import Cell, Exercise, Lesson, Solution, grade_id, is_tests, points

ANSWERS = "answers.json"
HIDDEN = re.compile(
    r"^ *### BEGIN HIDDEN TESTS.*?^ *### END HIDDEN TESTS$", re.DOTALL | re.MULTILINE
)

# Code that saves the kernel's names before a solution is tried, and code that restores them.
KEEP = "import builtins; builtins.kept_names = dict(globals())"
PUT_BACK = """\
import builtins as b
(lambda names, kept: (names.clear(), names.update(kept)))(globals(), b.kept_names)
"""


class Player:
    """A kernel in a folder with the lesson's files, talking to one engine."""

    def __init__(self, lesson: Lesson, engine: Engine, folder: Path, patience: int) -> None:
        self.lesson = lesson
        self.engine = engine
        self.folder = folder
        self.patience = patience
        self.source = lesson.source()
        self.reached = 0
        """Number of cells that the kernel and the engine have executed."""
        self.client = NotebookClient(
            nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell()]),
            timeout=patience,
            allow_errors=True,
            resources={"metadata": {"path": str(folder)}},
        )

    def run(self, cell: Cell) -> Cell:
        """Run a copy of a cell and return it with its outputs."""
        done = nbformat.from_dict(json.loads(json.dumps(cell)))
        done.outputs, done.execution_count = [], None
        self.client.nb.cells[0] = done  # nbclient looks here for a display to update
        return self.client.execute_cell(done, 0)

    def quietly(self, code: str) -> None:
        """Run code of the player's own. Raises RuntimeError with its messages."""
        errors = messages(self.run(nbformat.v4.new_code_cell(code)))
        if errors:
            raise RuntimeError(errors)

    def all(self, cells: Iterable[Cell]) -> dict[str, Any]:
        """Run code cells in order; returns the scores and messages of tests cells and the errors
        of other cells, each by grade id."""
        scores, errors, told = {}, {}, {}
        for index, cell in enumerate(cells):
            if cell.cell_type != "code":
                continue
            done = self.run(cell)
            if is_tests(done):
                scores[grade_id(done)] = [determine_grade(done)[0], points(done)]
                told[grade_id(done)] = messages(done)
            elif text := messages(done):
                errors[grade_id(done) or f"cell {index}"] = text
        return {"scores": scores, "errors": errors, "told": told}

    def half_and_a_new_kernel(self) -> None:
        """Play half of the lesson, then restart the kernel, as may happen to a learner."""
        self.all(map(without_hidden_checks, self.source[: len(self.source) // 2]))
        kernel: Any = self.client.km  # asynchronous ones, which nbclient does not say
        talk: Any = self.client.kc
        run_sync(kernel.restart_kernel)(now=True)
        run_sync(talk.wait_for_ready)(timeout=self.patience)

    def state(self) -> dict[str, Any]:
        """Return the engine's objects and its containers' states."""
        containers = self.engine.get("/containers/json?all=1").json()
        running = sorted((each["Id"], each["State"]) for each in containers)
        return {**left_on(self.engine), "states": running, "own": self.left_on_own()}

    def left_on_own(self) -> str:
        """Return the objects on the lesson's own engine, if the lesson has switched to another
        one; else an empty text."""
        code = f"engine.url == {self.engine.url!r} or print(sorted(lab.inventory(engine).items()))"
        outputs = self.run(nbformat.v4.new_code_cell(code)).outputs
        return "".join(each.text for each in outputs if each.output_type == "stream")

    def forget_answers(self) -> None:
        (self.folder / ANSWERS).unlink(missing_ok=True)

    def begin_again(self) -> None:
        """Return to the state of a learner who has just opened the lesson."""
        clean_up(self.engine, self.lesson.name)
        self.forget_answers()
        self.reached = 0

    def up_to(self, end: int) -> None:
        """Bring kernel and engine to the state after all cells before `end`."""
        # Hidden checks take most of the time, and later cells need none of their results.
        self.all(map(without_hidden_checks, self.source[self.reached : end]))
        self.reached = end
        self.quietly(KEEP)

    def try_all(self, exercise: Exercise) -> list[dict[str, Any]]:
        """Try every solution of an exercise, each from the same state."""
        self.up_to(exercise.answer)
        before = self.state()
        found = []
        for solution in self.lesson.solutions(exercise):
            with self.engine_put_back():
                found.append(self.try_one(exercise, solution))
            self.quietly(PUT_BACK)
            self.forget_answers()
            if self.state() != before:
                clean_up(self.engine, self.lesson.name)  # may restore an engine that was empty
            if self.state() != before:
                self.begin_again()
                self.up_to(exercise.answer)
                before = self.state()
        return found

    @contextlib.contextmanager
    def engine_put_back(self) -> Iterator[None]:
        """Remove the objects that a solution made on the engine, so that a solution late in a
        lesson need not cost a replay of the whole lesson.

        Objects that the solution changed or removed need that replay, by `up_to`. The engine
        belongs to the test, so every new object is the solution's.
        """
        before = inventory(self.engine)
        yield
        after = inventory(self.engine)
        for kind, path in (
            ("containers", "/containers/{}?force=true&v=true"),
            ("networks", "/networks/{}"),
            ("volumes", "/volumes/{}"),
            ("tags", "/images/{}?noprune=true"),
            ("images", "/images/{}?force=true&noprune=true"),
        ):
            new = [each for each in after[kind] if each not in before[kind]]
            while new:  # an image goes only after those that are built on it
                left = [each for each in new if not self.engine.delete(path.format(each)).ok]
                if len(left) == len(new):
                    break
                new = left

    def try_one(self, exercise: Exercise, solution: Solution) -> dict[str, Any]:
        if solution.saved:
            (self.folder / ANSWERS).write_text(json.dumps(solution.saved))
        answer = with_source(self.source[exercise.answer], solution.source)
        done = self.all([answer, *self.source[exercise.answer + 1 : exercise.last + 1]])
        return {
            "name": solution.name,
            "kind": solution.kind,
            "shows": solution.shows,
            "pattern": solution.told,
            **done,
        }


def without_hidden_checks(cell: Cell) -> Cell:
    """Return a tests cell without hidden checks, as learners have it; any other cell unchanged."""
    if not is_tests(cell):
        return cell
    return with_source(cell, HIDDEN.sub("", cell.source))


def with_source(cell: Cell, source: str) -> Cell:
    """Return a copy of a cell with another text."""
    found = nbformat.from_dict(json.loads(json.dumps(cell)))
    found.source = source
    return found


def messages(cell: Cell) -> str:
    """Return the text that a learner reads when a cell fails: errors and stderr."""
    found = []
    for output in cell.outputs:
        if output.output_type == "error":
            found.append("\n".join(output.traceback) or f"{output.ename}: {output.evalue}")
        elif output.output_type == "stream" and output.name == "stderr":
            found.append(output.text)
    return "\n".join(found)


def left_on(engine: Engine) -> dict[str, Any]:
    """Return the engine's inventory without the catalogue's images, which a lesson loads and the
    next one uses.

    A catalogue image with an additional name stays in the inventory. A catalogue image without a
    name, since another test's image took it, is left out.
    """
    found, names = inventory(engine), catalog.names()
    stored = {digest for each in store.stored().values() for digest in (each.config, each.manifest)}
    for image in engine.get("/images/json?all=1").json():
        tags = [tag for tag in image.get("RepoTags") or [] if tag != NO_TAG]
        if (tags or image["Id"] in stored) and all(tag.rpartition("/")[2] in names for tag in tags):
            found["images"].remove(image["Id"])
            found["tags"] = [tag for tag in found["tags"] if tag not in tags]
    return found


def play(
    lesson: Lesson, url: str, *, solutions: bool, once: bool, reference: bool, patience: int
) -> dict[str, Any]:
    """Play a lesson and return the report.

    The reference is run once; without `once` also a second time: half of it, then all in a new
    kernel. The untouched lesson follows, and with `solutions` every solution. With `reference` the
    report has only the reference's runs.

    Most hidden checks make their own engines, the same for every engine that a lesson is played
    on. So without `solutions` hidden checks run only once.
    """
    again = (lambda cell: cell) if solutions else without_hidden_checks
    with tempfile.TemporaryDirectory() as scratch, Engine(url) as engine:
        folder = Path(scratch) / lesson.name
        shutil.copytree(lesson.folder, folder)
        player = Player(lesson, engine, folder, patience)
        with player.client.setup_kernel():
            before = left_on(engine)
            runs = [player.all(player.source)]
            between = left_on(engine)
            if not once:
                player.half_and_a_new_kernel()
                runs.append(player.all(map(again, player.source)))
            after = left_on(engine)
            if reference:
                clean_up(engine, lesson.name)
                return {"runs": runs}
            player.forget_answers()
            player.quietly("%reset -f")
            untouched = player.all(map(again, lesson.untouched()))
            player.begin_again()
            tried = lesson.exercises() if solutions else []
            exercises = {each.name: player.try_all(each) for each in tried}
            clean_up(engine, lesson.name)
        return {
            "before": before,
            "between": between,
            "after": after,
            "runs": runs,
            "untouched": untouched,
            "exercises": exercises,
            "last": left_on(engine),
        }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("lesson", type=Lesson)
    parser.add_argument("report", type=Path)
    parser.add_argument("--solutions", action="store_true")
    parser.add_argument("--once", action="store_true")
    parser.add_argument("--reference", action="store_true")
    parser.add_argument("--patience", type=int, default=180)
    asked = vars(parser.parse_args())
    report: Path = asked.pop("report")
    report.write_text(json.dumps(play(url=os.environ["DOCKER_HOST"], **asked)))


if __name__ == "__main__":
    main()
