"""text → source → release, one way: all files are made anew, compared, and only then moved.

An edit that is only in source/ is never overwritten: sync stops and names the way back. Files that
were not made from a text stay.
"""

from __future__ import annotations

import json
import stat
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from insidedocker.authoring.lesson import read_lesson
from insidedocker.authoring.release_notebooks import generate_release
from insidedocker.authoring.source_notebook import (
    MADE_FROM,
    Notebook,
    build_source,
    cells_of,
    digest,
    fingerprint,
    joined,
    made_as,
    made_from,
    made_with,
    read_notebook,
)
from insidedocker.course import Course
from insidedocker.errors import UserError
from insidedocker_engine.host import whole_files

CHECKPOINTS = ".ipynb_checkpoints"  # JupyterLab's own folder: sync never removes it


@dataclass(frozen=True)
class Plan:
    """The changes that sync would make: files to write with their bytes, files to remove."""

    write: Mapping[Path, bytes]
    remove: Sequence[Path]
    stray: Sequence[Path] = ()
    """Files in a lesson's folder that were not made from a text: sync leaves them, and the
    instructor should move them."""
    left: Sequence[Path] = ()
    """All other assignments and files that were not made from a text: sync leaves them alone."""

    @property
    def empty(self) -> bool:
        return not self.write and not self.remove


def plan_sync(
    course: Course, names: Sequence[str], *, force: bool = False, instead: Sequence[Path] = ()
) -> Plan:
    """Make the named lessons (all if `names` is empty) and return the differences from the
    folders. The notebooks in `instead`, from which a text was just made, are overwritten.

    Raises UserError where a lesson cannot be made, or where a file in source/ or release/ holds an
    edit that is not in the text and `force` is not given.
    """
    plan = drift(course, names)
    _guard_others_work(course, {k: v for k, v in plan.write.items() if k not in instead})
    if not force:
        _guard_edits(course, plan, instead)
    return plan


def drift(course: Course, names: Sequence[str]) -> Plan:
    """The differences between the texts and the folders, on whichever side the change was made."""
    chosen = course.chosen(names, assignments=True)
    made = make(course, chosen)
    write = {path: content for path, content in made.items() if not _holds(path, content)}
    folders = [area / name for area in (course.source, course.release) for name in chosen]
    if not names:
        folders = [course.source, course.release]
    others = [path for path in files_below(folders) if path not in made]
    proof = _Proof(course)
    proved = {path for path in others if proof.holds(path)}
    # An assignment without a text is removed or kept as a whole.
    kept = {_place(course, path)[0] for path in others if path not in proved} - set(chosen)
    remove = [path for path in others if path in proved and _place(course, path)[0] not in kept]
    others = [path for path in others if path not in remove]
    stray = [path for path in others if _place(course, path)[0] in chosen]
    return Plan(write, remove, stray, [path for path in others if path not in stray])


def _place(course: Course, path: Path) -> tuple[str, str]:
    """The assignment of a file of source/ or release/, and the file's name in it."""
    area = course.source if path.is_relative_to(course.source) else course.release
    name, *rest = path.relative_to(area).parts
    return name, "/".join(rest)


class _Proof:
    """Proof that a file on disk was made from a text and has not been changed since."""

    def __init__(self, course: Course) -> None:
        self.course = course
        self._released: dict[str, dict[str, bytes]] = {}

    def holds(self, path: Path) -> bool:
        """True where this file of source/ or release/ was made from a text and is unchanged."""
        name, rest = _place(self.course, path)
        source = self.course.source / name / rest
        if path != source:
            return self.holds(source) and self.is_released(path)
        if path.suffix == ".ipynb":
            notebook = _notebook(path)
            return (
                notebook is not None
                and made_as(notebook) == f"{name}/{rest}"
                and not edited_by_hand(path, self.course.short(path))
            )
        return path.is_file() and digest(path.read_bytes()) in _recorded(self.course, path)

    def is_released(self, path: Path) -> bool:
        """True where this file of release/ was made together with the files in source/, or nbgrader
        makes the same file from source/ as it is now."""
        name, rest = _place(self.course, path)
        if _content(path) in _recorded(self.course, path):
            return True
        if name not in self._released:
            self._released[name] = _released(self.course, name)
        made = self._released[name]
        return rest in made and _is_alike(path, made[rest])


def _recorded(course: Course, path: Path) -> set[str]:
    """The digests of a file when sync wrote it, as recorded in the notebooks of source/."""
    name, rest = _place(course, path)
    key = rest if path.suffix != ".ipynb" else f"release/{rest}"
    found = [(each.name, _notebook(each)) for each in (course.source / name).glob("*.ipynb")]
    return {
        made_with(notebook)[key]
        for file, notebook in found
        if notebook and made_as(notebook) == f"{name}/{file}" and key in made_with(notebook)
    }


def _content(path: Path) -> str:
    """The digest of a file's bytes; for a notebook, of its contents as an author sees them."""
    notebook = _notebook(path) if path.suffix == ".ipynb" else None
    return digest(json.dumps(_said(notebook), sort_keys=True).encode() if notebook else _read(path))


def _notebook(path: Path) -> Notebook | None:
    """The notebook at `path`; None for a missing or unreadable notebook."""
    try:
        return read_notebook(path.read_bytes(), path.name)
    except (OSError, UserError):
        return None


def _released(course: Course, name: str) -> dict[str, bytes]:
    """Name -> bytes of the release that nbgrader makes from an assignment's present source/."""
    with tempfile.TemporaryDirectory(prefix="insidedocker-sync-") as folder:
        scratch = Course(Path(folder).resolve())
        for path in files_below([course.source / name]):
            _put(scratch.root / path.relative_to(course.root), path.read_bytes())
        if not scratch.source.is_dir():
            return {}
        try:
            generate_release(scratch.root, course.nbgrader_config, name)
        except UserError:
            return {}
        top = scratch.release / name
        return {str(path.relative_to(top)): path.read_bytes() for path in files_below([top])}


def _is_alike(path: Path, content: bytes) -> bool:
    """True where a file is the same as `content`: byte for byte, or in a notebook's cells."""
    if path.suffix != ".ipynb" or _holds(path, content):
        return _holds(path, content)
    found, other = _notebook(path), read_notebook(content, path.name)
    return found is not None and _said(found) == _said(other)


def _said(notebook: Notebook) -> list[Any]:
    return [
        (cell.get("cell_type"), joined(cell.get("source", "")), _marks(cell))
        for cell in notebook["cells"]
    ]


def _marks(cell: Any) -> Any:
    marks = cell.get("metadata", {}).get("nbgrader") or {}
    return {key: value for key, value in marks.items() if key != "checksum"}


def make(course: Course, names: Sequence[str]) -> dict[Path, bytes]:
    """Path -> bytes of every file of source/ and release/ for the named lessons."""
    made: dict[Path, bytes] = {}
    with tempfile.TemporaryDirectory(prefix="insidedocker-sync-") as folder:
        scratch = Course(Path(folder).resolve())
        for name in names:
            for path, content in _source_files(course, name).items():
                _put(scratch.source / name / path, content)
            generate_release(scratch.root, course.nbgrader_config, name)
            released = {
                f"release/{path.name}": _content(path)
                for path in (scratch.release / name).glob("*.ipynb")
            }
            for path, content in _source_files(course, name, released).items():
                _put(scratch.source / name / path, content)
        for area in (scratch.source, scratch.release):
            for path in files_below([area]):
                made[course.root / path.relative_to(scratch.root)] = path.read_bytes()
    return made


def _source_files(
    course: Course, name: str, released: Mapping[str, str] | None = None
) -> dict[Path, bytes]:
    """Path in source/NAME/ -> bytes. The notebooks record the digests of the files made with them:
    the files beside them, and their notebooks in release/."""
    folder = course.notebooks / name
    files = {path.relative_to(folder): path.read_bytes() for path in course.beside(name)}
    for path in files:
        if path.suffix == ".ipynb":
            raise UserError(
                f"{course.short(folder / path)}: a notebook beside the text would be graded "
                "as a lesson of its own: remove it."
            )
    beside = {path.as_posix(): digest(content) for path, content in files.items()}
    for text in course.texts(name):
        place, own = f"{text.stem}.ipynb", f"release/{text.stem}.ipynb"
        with_it = beside | ({own: released[own]} if released else {})
        files[Path(place)] = build_source(read_lesson(text), with_it)
    return files


def _put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def apply(plan: Plan) -> None:
    """Write and remove the plan's files; each file changes in one step or not at all."""
    # Notebooks are removed last: they prove the other files, also after an interrupted call.
    for path in sorted(plan.remove, key=lambda path: path.suffix == ".ipynb"):
        path.unlink(missing_ok=True)
        _remove_empty_folders(path.parent)
    for path, content in plan.write.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        replace(path, content)


def replace(path: Path, content: bytes) -> None:
    """Write a file: a reader sees the old file or the new one, never half."""
    mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o644
    whole_files.replace(path, content, mode, lasting=False)


def _remove_empty_folders(folder: Path) -> None:
    while folder.name not in ("source", "release") and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


def _guard_others_work(course: Course, write: Mapping[Path, bytes]) -> None:
    """Raise UserError rather than overwrite a notebook that was not made from a text, even with
    `force`."""
    for path, new in write.items():
        if path.suffix != ".ipynb" or not path.is_relative_to(course.source):
            continue
        content, notebook, short = _read(path), _notebook(path), course.short(path)
        # An unreadable notebook may still be sync's: a merge has left conflict markers in it.
        ours = made_from(notebook) if notebook else MADE_FROM.encode() in content
        if content.strip() and not ours and not (notebook and _says_the_same(path, new, short)):
            raise UserError(
                f"{short} was not made from the text that is there: take it over with "
                f"'insidedocker import {path.parent.name} --force', or move it out of source/."
            )


def _guard_edits(course: Course, plan: Plan, instead: Sequence[Path]) -> None:
    """Raise UserError rather than overwrite a person's edit in source/ or release/, or leave a
    file where learners' work would be graded with it."""
    proof = _Proof(course)
    for path, content in plan.write.items():
        if path in instead or not path.exists():
            continue
        short = course.short(path)
        name, rest = _place(course, path)
        if path.is_relative_to(course.release):
            if not proof.is_released(path):
                raise UserError(
                    f"{short} is not what source/{name} makes: take what was changed there into "
                    "the text and remove the file, or drop it with 'insidedocker sync --force'."
                )
        elif path.suffix == ".ipynb":
            if edited_by_hand(path, short) and not _says_the_same(path, content, short):
                raise UserError(
                    f"{short} holds edits that are not in the text: take them home with "
                    f"'insidedocker import {name}', or drop them with 'insidedocker sync --force'."
                )
        elif digest(path.read_bytes()) not in _recorded(course, path):
            raise UserError(
                f"{short} is not what notebooks/{name}/{rest} was: take what was changed there, "
                "or drop it with 'insidedocker sync --force'."
            )
    for path in plan.stray:
        if path.is_relative_to(course.source):
            raise UserError(
                f"{course.short(path)} is not beside the lesson's text: move it to notebooks/"
                f"{path.parent.relative_to(course.source)}/, or out of source/."
            )


def insist_on_release(course: Course, name: str) -> None:
    """Raise UserError where release/NAME differs from what nbgrader makes from source/NAME."""
    proof = _Proof(course)
    for path in files_below([course.release / name]):
        if not proof.is_released(path):
            raise UserError(
                f"{course.short(path)} is not what source/{name} makes: run 'nbgrader "
                f"generate_assignment {name} --force', or move it out of release/."
            )


def left_alone(course: Course, plan: Plan) -> list[str]:
    """A line for each file or assignment that was not made from a text, with advice."""
    found = {}
    for path in [*plan.left, *plan.stray]:
        name, rest = _place(course, path)
        inside = path in plan.left and rest and (course.source / name).is_dir()
        found[course.short(course.source / name if inside else path)] = bool(inside)
    return [
        f"left alone: {short}, which no text made"
        + (f" ('insidedocker import {Path(short).name}' turns it into one)" if inside else "")
        for short, inside in found.items()
    ]


def edited_by_hand(path: Path, name: str) -> bool:
    """True where a source notebook differs from the text from which it was made."""
    notebook = read_notebook(path.read_bytes(), name)
    return made_from(notebook) != fingerprint(cells_of(notebook, name))


def _says_the_same(path: Path, new: bytes, name: str) -> bool:
    """True where the bytes that would replace a notebook hold all its edits, as after `import`."""
    return cells_of(read_notebook(path.read_bytes(), name), name) == cells_of(
        read_notebook(new, name), name
    )


def _holds(path: Path, content: bytes) -> bool:
    return path.is_file() and path.read_bytes() == content


def _read(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""


def files_below(folders: Sequence[Path]) -> list[Path]:
    return sorted(
        path
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file() and CHECKPOINTS not in path.parts and path.name != ".gitkeep"
    )
