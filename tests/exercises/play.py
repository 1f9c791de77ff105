"""Plays one lesson on one engine as learners would, right and wrong, and reports what happened.

Run as a program of its own, so that it can be an ordinary user's:

    python play.py LESSON REPORT.json [--solutions] [--once] [--reference] [--patience SECONDS]

DOCKER_HOST names the engine; the patience is for one cell.

One kernel plays everything; between two solutions its names and the engine are put back.
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

if TYPE_CHECKING:
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

# The names a learner's code may set, kept before a solution is tried and put back afterwards.
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
        """How many cells the kernel and the engine have been through."""
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
        self.client.nb.cells[0] = done  # a display that is updated is looked for there
        return self.client.execute_cell(done, 0)

    def quietly(self, code: str) -> None:
        """Run code that no lesson contains."""
        errors = messages(self.run(nbformat.v4.new_code_cell(code)))
        if errors:
            raise RuntimeError(errors)

    def all(self, cells: Iterable[Cell]) -> dict[str, Any]:
        """Run code cells in order: the scores of the tests and the errors of other cells."""
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
        """As a learner whose kernel is restarted in the middle of a lesson."""
        self.all(map(without_hidden_checks, self.source[: len(self.source) // 2]))
        kernel: Any = self.client.km  # asynchronous ones, which nbclient does not say
        talk: Any = self.client.kc
        run_sync(kernel.restart_kernel)(now=True)
        run_sync(talk.wait_for_ready)(timeout=self.patience)

    def state(self) -> dict[str, Any]:
        """What is on the engine, and what its containers are at."""
        containers = self.engine.get("/containers/json?all=1").json()
        running = sorted((each["Id"], each["State"]) for each in containers)
        return {**left_on(self.engine), "states": running, "own": self.left_on_own()}

    def left_on_own(self) -> str:
        """What is on the engine that the lesson works with, where it has taken another one."""
        code = f"engine.url == {self.engine.url!r} or print(sorted(lab.inventory(engine).items()))"
        outputs = self.run(nbformat.v4.new_code_cell(code)).outputs
        return "".join(each.text for each in outputs if each.output_type == "stream")

    def forget_answers(self) -> None:
        (self.folder / ANSWERS).unlink(missing_ok=True)

    def begin_again(self) -> None:
        """As a learner who has just opened the lesson."""
        clean_up(self.engine, self.lesson.name)
        self.forget_answers()
        self.reached = 0

    def up_to(self, end: int) -> None:
        """Bring kernel and engine to where a learner is who has done everything before `end`."""
        # Hidden checks take most of the time, and leave nothing behind that later cells need.
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
                clean_up(self.engine, self.lesson.name)  # undoes a deed, if nothing else was there
            if self.state() != before:
                self.begin_again()
                self.up_to(exercise.answer)
                before = self.state()
        return found

    @contextlib.contextmanager
    def engine_put_back(self) -> Iterator[None]:
        """Take away what a solution leaves, so that a deed late in a lesson need not cost the
        whole lesson each time. What was changed or removed stays for `up_to`. The engine is the
        test's own: whatever is new on it is the solution's."""
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
            for each in after[kind]:
                if each not in before[kind]:
                    self.engine.delete(path.format(each))

    def try_one(self, exercise: Exercise, solution: Solution) -> dict[str, Any]:
        if solution.saved:
            (self.folder / ANSWERS).write_text(json.dumps(solution.saved))
        answer = nbformat.from_dict(json.loads(json.dumps(self.source[exercise.answer])))
        answer.source = solution.source
        done = self.all([answer, *self.source[exercise.answer + 1 : exercise.last + 1]])
        return {
            "name": solution.name,
            "kind": solution.kind,
            "shows": solution.shows,
            "pattern": solution.told,
            **done,
        }


def without_hidden_checks(cell: Cell) -> Cell:
    """A tests cell as learners have it; any other cell as it is."""
    if not is_tests(cell):
        return cell
    seen = nbformat.from_dict(json.loads(json.dumps(cell)))
    seen.source = HIDDEN.sub("", cell.source)
    return seen


def messages(cell: Cell) -> str:
    """What a learner reads when a cell fails: errors, and anything on stderr."""
    found = []
    for output in cell.outputs:
        if output.output_type == "error":
            found.append("\n".join(output.traceback) or f"{output.ename}: {output.evalue}")
        elif output.output_type == "stream" and output.name == "stderr":
            found.append(output.text)
    return "\n".join(found)


def left_on(engine: Engine) -> dict[str, Any]:
    """The inventory without the catalogue's images: a lesson loads them, and they stay for the
    next one. One that bears another name besides is not left out; one whose name an image of
    another test has taken is."""
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
    """The report on a lesson: one run, or another after it, whose kernel was restarted in the
    middle; the untouched one; every solution if wanted. Of the reference alone: its runs.

    Hidden checks mostly make engines of their own, which are the same wherever a lesson is played:
    where no solutions are tried, they are run once.
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
