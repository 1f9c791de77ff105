"""text → source → release, one way: everything is made anew, compared, and only then moved.

An edit that is only in source/ is never overwritten: sync stops and names the way back.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from insidedocker.authoring.course import Course
from insidedocker.authoring.lesson import read_lesson
from insidedocker.authoring.release_notebooks import generate_release
from insidedocker.authoring.source_notebook import (
    build_source,
    cells_of,
    fingerprint,
    made_from,
    read_notebook,
)
from insidedocker.errors import UserError

CHECKPOINTS = ".ipynb_checkpoints"  # JupyterLab's own, never ours to remove


@dataclass(frozen=True)
class Plan:
    """What sync would do: files to write with their bytes, files to remove."""

    write: Mapping[Path, bytes]
    remove: Sequence[Path]

    @property
    def empty(self) -> bool:
        return not self.write and not self.remove


def plan_sync(course: Course, names: Sequence[str], *, force: bool = False) -> Plan:
    """Make the named lessons (all if none is named) and say what differs from the folders.

    Raises UserError where a lesson cannot be made, or where a file in source/ holds an edit that
    is not in the text and `force` is not given.
    """
    chosen = course.chosen(names)
    made = make(course, chosen)
    write = {path: content for path, content in made.items() if not _holds(path, content)}
    folders = [area / name for area in (course.source, course.release) for name in chosen]
    if not names:
        folders = [course.source, course.release]
    remove = [path for path in _files(folders) if path not in made]
    if not force:
        _guard_edits(course, write, remove)
    return Plan(write, remove)


def make(course: Course, names: Sequence[str]) -> dict[Path, bytes]:
    """Every file of source/ and release/ for the named lessons, with its bytes."""
    made: dict[Path, bytes] = {}
    with tempfile.TemporaryDirectory(prefix="insidedocker-sync-") as folder:
        scratch = Course(Path(folder).resolve())
        for name in names:
            for path, content in _source_files(course, name).items():
                target = scratch.source / name / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
            generate_release(scratch.root, course.nbgrader_config, name)
        for area in (scratch.source, scratch.release):
            for path in _files([area]):
                made[course.root / path.relative_to(scratch.root)] = path.read_bytes()
    return made


def _source_files(course: Course, name: str) -> dict[Path, bytes]:
    """The files of source/NAME/, by their path within it."""
    folder = course.notebooks / name
    files = {path.relative_to(folder): path.read_bytes() for path in course.beside(name)}
    for path in files:
        if path.suffix == ".ipynb":
            raise UserError(
                f"{course.short(folder / path)}: a notebook beside the text would be graded "
                "as a lesson of its own: remove it."
            )
    lesson = read_lesson(course.text(name))
    return {**files, Path(f"{name}.ipynb"): build_source(lesson)}


def apply(plan: Plan) -> None:
    """Write and remove what the plan says; each file changes in one step or not at all."""
    for path, content in plan.write.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        replace(path, content)
    for path in plan.remove:
        path.unlink(missing_ok=True)
        _remove_empty_folders(path.parent)


def replace(path: Path, content: bytes) -> None:
    """Write a file so that nobody ever sees half of it."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(temporary).chmod(path.stat().st_mode if path.exists() else 0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _remove_empty_folders(folder: Path) -> None:
    while folder.name not in ("source", "release") and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


def _guard_edits(course: Course, write: Mapping[Path, bytes], remove: Sequence[Path]) -> None:
    """Refuse to overwrite or remove what somebody made in source/ by hand."""
    for path in [*write, *remove]:
        if not path.is_relative_to(course.source) or not path.exists():
            continue
        short = course.short(path)
        if path.suffix == ".ipynb":
            if edited_by_hand(path, short) and not _says_the_same(path, write.get(path), short):
                raise UserError(
                    f"{short} holds edits that are not in the text: take them home with "
                    f"'insidedocker back {path.parent.name}', or drop them with "
                    "'insidedocker sync --force'."
                )
        elif path in remove and not _came_by_sync(course, path):
            raise UserError(
                f"{short} is not beside the lesson's text: move it to notebooks/"
                f"{path.parent.relative_to(course.source)}/, or drop it with "
                "'insidedocker sync --force'."
            )


def edited_by_hand(path: Path, name: str) -> bool:
    """Whether a source notebook says something else than the text that it was made from."""
    notebook = read_notebook(path.read_bytes(), name)
    return made_from(notebook) != fingerprint(cells_of(notebook, name))


def _says_the_same(path: Path, new: bytes | None, name: str) -> bool:
    """Whether what would replace a notebook holds all its edits, as after `back`."""
    if new is None:
        return False
    return cells_of(read_notebook(path.read_bytes(), name), name) == cells_of(
        read_notebook(new, name), name
    )


def _came_by_sync(course: Course, path: Path) -> bool:
    """Whether the same file reached release/: then sync once brought it, and may remove it."""
    return _holds(course.release / path.relative_to(course.source), path.read_bytes())


def _holds(path: Path, content: bytes) -> bool:
    try:
        return path.read_bytes() == content
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return False


def _files(folders: Sequence[Path]) -> list[Path]:
    return sorted(
        path
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file() and CHECKPOINTS not in path.parts and path.name != ".gitkeep"
    )
