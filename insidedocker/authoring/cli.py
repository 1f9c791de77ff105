"""The authors' subcommands: read options, call the other modules, print."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from insidedocker import commands
from insidedocker.course import Course


def add_to(subparsers: Any) -> None:
    """Add this package's commands to the `insidedocker` parser."""
    from insidedocker.launch.cli import add_python

    sync = commands.add(
        subparsers,
        "sync",
        "make source/ and release/ from the lessons' texts in notebooks/",
        "insidedocker sync --check",
    )
    sync.add_argument("--check", action="store_true", help="change nothing, fail if they differ")
    sync.add_argument("--force", action="store_true", help="drop edits of what a text made")
    commands.add_course(sync)
    commands.add_lessons(sync, all_if_none=True)
    sync.set_defaults(run=run_sync)
    imported = commands.add(
        subparsers,
        "import",
        "take edits made in source/*.ipynb over into the lessons' texts",
        "insidedocker import 04-rest-api",
        aliases=("back",),  # its older name
    )
    imported.add_argument("--force", action="store_true", help="drop newer changes of the text")
    commands.add_course(imported)
    commands.add_lessons(imported, all_if_none=False)
    imported.set_defaults(run=run_import)
    form = commands.add(
        subparsers,
        "format",
        "bring lessons' texts into the common form",
        "insidedocker format 04-rest-api",
    )
    commands.add_course(form)
    commands.add_lessons(form, all_if_none=True)
    form.set_defaults(run=run_format)
    lint = commands.add(
        subparsers, "lint", "check the form of lessons", "insidedocker lint 04-rest-api"
    )
    commands.add_course(lint)
    commands.add_lessons(lint, all_if_none=True)
    lint.set_defaults(run=run_lint)
    coverage = commands.add(
        subparsers,
        "coverage",
        "show which lessons teach, show, practise and grade which objective",
        "insidedocker coverage --markdown",
    )
    coverage.add_argument("--markdown", action="store_true", help="as a Markdown table")
    commands.add_course(coverage)
    coverage.set_defaults(run=run_coverage)
    edition = commands.add(
        subparsers,
        "learners-edition",
        "write a folder with what learners need and nothing that tells an answer",
        "insidedocker learners-edition ../inside-docker-for-learners",
    )
    edition.add_argument("folder", type=Path, metavar="FOLDER", help="new, or an earlier edition")
    edition.add_argument(
        "--kit", type=Path, metavar="KIT", help="also write an offline kit of the edition there"
    )
    add_python(edition)
    commands.add_course(edition)
    edition.set_defaults(run=run_learners_edition)


def run_sync(options: argparse.Namespace) -> int:
    """Bring source/ and release/ up to date, or with --check list what is out of date."""
    from insidedocker.authoring.sync import apply, drift, left_alone, plan_sync

    course = Course.find(options.course)
    if options.check:
        plan = drift(course, options.names)
        for path in plan.write:
            print(f"{course.short(path)}: differs from its text", file=sys.stderr)
        for path in [*plan.remove, *plan.stray]:
            print(f"{course.short(path)}: no text makes it", file=sys.stderr)
        in_step = plan.empty and not plan.stray
        if not in_step:
            print("Run 'make sync' and commit what it changes.", file=sys.stderr)
    else:
        plan = plan_sync(course, options.names, force=options.force)
        apply(plan)
        in_step = True
        for path in plan.write:
            print(f"wrote {course.short(path)}")
        for path in plan.remove:
            print(f"removed {course.short(path)}")
        if plan.empty:
            print("source/ and release/ are up to date")
    for line in left_alone(course, plan):
        print(line)
    return 0 if in_step else 1


def run_import(options: argparse.Namespace) -> int:
    """Rewrite texts from edited source notebooks, then make source/ and release/ from the texts."""
    from insidedocker.authoring.adopt import adopt, is_adoptable
    from insidedocker.authoring.import_notebook import take_back
    from insidedocker.authoring.sync import apply, plan_sync

    course = Course.find(options.course)
    new = [name for name in options.names if is_adoptable(course, name)]
    known = [name for name in options.names if name not in new]
    taken: list[str] = []
    instead: list[Path] = []
    for name in course.chosen(known, assignments=True) if known else []:
        for text in course.texts(name):
            notebook = course.source / name / f"{text.stem}.ipynb"
            if take_back(course, text, notebook, force=options.force):
                taken.append(name)
                print(f"wrote {course.short(text)}")
                instead += [notebook] * options.force
            else:
                print(f"{course.short(notebook)} holds no edits")
    for name in new:
        for path in adopt(course, name):
            print(f"wrote {course.short(path)}")
        taken.append(name)
        instead += sorted((course.source / name).glob("*.ipynb"))
    if taken:
        apply(plan_sync(course, taken, instead=instead))
        print("source/ and release/ follow it: look at the difference, then commit all three")
    return 0


def run_format(options: argparse.Namespace) -> int:
    """Rewrite the texts that are not in the common form."""
    from insidedocker.authoring.lesson import read_lesson
    from insidedocker.authoring.lint.run import canonical
    from insidedocker.authoring.sync import replace

    course = Course.find(options.course)
    lessons = [read_lesson(course.text(name)) for name in course.chosen(options.names)]
    for name, text in canonical(course, lessons).items():
        replace(course.text(name), text.encode())
        print(f"formatted {course.short(course.text(name))}")
    return 0


def run_lint(options: argparse.Namespace) -> int:
    """Print the linter's findings on lessons; returns 1 if there are any."""
    from insidedocker.authoring.lint.run import lint

    course = Course.find(options.course)
    findings = lint(course, options.names)
    for each in findings:
        print(f"{course.short(each.path)}:{each.line}: {each.message}", file=sys.stderr)
    if not findings:
        print("the lessons are in good form")
    return 1 if findings else 0


def run_coverage(options: argparse.Namespace) -> int:
    """Print the coverage table."""
    from insidedocker.authoring.coverage import as_markdown, as_text, measure
    from insidedocker.authoring.lesson import read_lesson
    from insidedocker.authoring.objectives import read_objectives

    course = Course.find(options.course)
    lessons = [read_lesson(course.text(name)) for name in course.lesson_names()]
    table = measure(read_objectives(course.objectives), lessons)
    print(as_markdown(table) if options.markdown else as_text(table))
    return 0


def run_learners_edition(options: argparse.Namespace) -> int:
    """Write the learner's edition, and on request a kit of it."""
    from insidedocker.authoring import learners_edition
    from insidedocker.launch import kit
    from insidedocker.progress import for_stream

    folder = options.folder.absolute()
    for name in learners_edition.write(Course.find(options.course), folder):
        print(f"{folder / name} was changed by somebody and left as it is", file=sys.stderr)
    print(
        f"The learner's edition is in {folder}. It holds no answers; learners run make lab there."
    )
    if options.kit:
        kit.write(Course(folder), options.kit.absolute(), options.python, for_stream(sys.stderr))
        print(f"Its kit is in {options.kit.absolute()}.")
    return 0
