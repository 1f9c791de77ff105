"""Makes a submission harmless before nbgrader sees it: the result is a folder with rebuilt
notebooks and plain files, whatever the submission held.

Knows the course's folders and the released notebooks; runs nothing.
"""

from __future__ import annotations

import errno
import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from insidedocker.errors import UserError
from insidedocker.grading import timestamps
from insidedocker.grading.rebuild import OURS, Handed, belongs, is_worked_on, read, rebuild
from insidedocker.grading.submission_folder import Finding, Inode, named, take

FOLDER = ".grading"
"""Grading's own folder, in the course's folder."""
INTAKE = f"{FOLDER}/intake"
APPENDED = ("json", "txt")
"""Suffixes that browsers append to a notebook's name."""
OF_THEIR_SHAPE = {
    *(errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG),
    *(errno.EILSEQ, errno.EINVAL, errno.ELOOP),
}
"""Error numbers where a file's name keeps it from being written beside the others. Any other error
is the machine's fault."""


@dataclass(frozen=True)
class Assignment:
    """An assignment: name -> released notebook with the instructor's checks in it."""

    name: str
    notebooks: dict[str, NotebookNode]

    @classmethod
    def load(
        cls,
        folder: Path,
        checks: Mapping[str, Mapping[str, str]],
        versions: Mapping[str, list[dict[str, str]]] | None = None,
    ) -> Assignment:
        """Load an assignment from its released folder. Raises UserError where the folder holds no
        notebook that the gradebook knows.

        checks: notebook -> grade id -> source of a read-only cell, from the gradebook
        versions: notebook -> the versions that were given out, each cell key -> digest
        """
        notebooks = {}
        for path in sorted(folder.glob("*.ipynb")):
            if path.stem in checks:
                notebook = nbformat.read(path, as_version=4)
                _put_checks(notebook, checks[path.stem])
                notebook.metadata[OURS] = {"versions": (versions or {}).get(path.stem, [])}
                notebooks[path.stem] = notebook
        if not notebooks:
            raise UserError(
                f"{folder} holds no notebook that the gradebook knows: run "
                f"`nbgrader generate_assignment {folder.name} --force` first."
            )
        return cls(folder.name, notebooks)


def _put_checks(notebook: NotebookNode, checks: Mapping[str, str]) -> None:
    for cell in notebook.cells:
        marks = cell.metadata.get("nbgrader", {})
        source = checks.get(marks.get("grade_id", ""))
        if source is not None and not marks.get("solution") and source != cell.source:
            cell.metadata[OURS] = {"visible": cell.source}
            cell.source = source


@dataclass
class _Submission:
    """The parts of a submission that are taken in; `files`: path -> content."""

    findings: list[Finding] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    notebooks: dict[str, tuple[NotebookNode, list[Finding]]] = field(default_factory=dict)
    """Name -> the notebook to be graded, and the findings of this notebook only."""

    def tell(self, text: str, look: bool = True) -> None:
        if len(self.findings) < 40:
            self.findings.append(Finding(text, look))


def take_in(
    assignment: Assignment,
    handed_in: Path,
    into: Path,
    *,
    beside: Path,
    ignored: Sequence[str] = (),
    links: Mapping[Inode, int] | None = None,
) -> str:
    """Make the folder `into` from a submission; returns a digest of the folder's content.

    Files of the instructor's folder `beside` replace those of the same name; names that match one
    of the patterns `ignored` are left out. For `links` see `submission_folder.take`.

    The result can be graded, whatever the submission held: what cannot be read counts as not
    handed in. Raises OSError or MemoryError where the machine fails.
    """
    try:
        taken = _submission(assignment, handed_in, links)
    except (OSError, MemoryError):
        raise
    except Exception as error:  # a learner's folder may cause any error
        taken = _Submission()
        taken.tell(f"it could not be taken in: {named(f'{type(error).__name__}: {error}')}")
        for name, released in assignment.notebooks.items():
            taken.notebooks[name] = rebuild(released, None)
    _make_room(into)
    _write_timestamp(taken, into)
    _write_files(taken, into, _plain_files(beside), ignored)
    digest = _digest(taken.notebooks, taken.findings, into)
    for name, (notebook, own) in taken.notebooks.items():
        _write_notebook(into / f"{name}.ipynb", notebook, taken.findings + own, digest)
    return digest


def _submission(
    assignment: Assignment, folder: Path, links: Mapping[Inode, int] | None
) -> _Submission:
    found = take(folder, links=links)
    taken = _Submission(found.findings, found.files)
    own = {f"{name}.ipynb" for name in assignment.notebooks}
    others = {
        path: read(content)[0]
        for path, content in found.files.items()
        if path not in own and _is_notebook(path)
    }
    graded = []
    for name, released in assignment.notebooks.items():
        path = _graded(name, assignment, found.files, others)
        graded += [named(path)] * bool(path)
        taken.notebooks[name] = rebuild(released, found.files.get(path))
        if path in others:
            taken.tell(f"the notebook was named {named(path)}")
            del others[path]
    _tell_of_others(taken, assignment, others, ", ".join(graded) or "none")
    return taken


def _is_notebook(path: str) -> bool:
    """Return True for a notebook's name, also in capitals or with a suffix of APPENDED."""
    *_, name = path.split("/")
    parts = name.lower().split(".")
    if parts[-1] in APPENDED:
        del parts[-1]
    return len(parts) > 1 and parts[-1] == "ipynb"


def _graded(
    name: str, assignment: Assignment, files: Mapping[str, bytes], others: dict[str, list[Handed]]
) -> str:
    """Return the path of the notebook to be graded: the one of this name; else a renamed one,
    which is the only other notebook (in an assignment of one), or the only one that holds this
    notebook's cells. Empty where there is none."""
    if f"{name}.ipynb" in files:
        return f"{name}.ipynb"
    fitting = [p for p, cells in others.items() if belongs(assignment.notebooks[name], cells)]
    if len(assignment.notebooks) == 1 and len(others) == 1:
        fitting = list(others)
    return fitting[0] if len(fitting) == 1 else ""


def _tell_of_others(
    taken: _Submission, assignment: Assignment, others: dict[str, list[Handed]], graded: str
) -> None:
    """Tell of notebooks that hold cells of this assignment and are not graded: a person has to see
    which one was meant. Where no graded notebook was worked on, tell of any other notebook."""
    untouched = not any(
        is_worked_on(assignment.notebooks[name], notebook)
        for name, (notebook, _) in taken.notebooks.items()
    )
    for path, cells in others.items():
        holds = any(belongs(released, cells) for released in assignment.notebooks.values())
        if holds or (untouched and any(cell.source.strip() for cell in cells)):
            why = "holds cells of this assignment, too," if holds else "is another notebook"
            taken.tell(
                f"{named(path)} {why} and was not graded (graded: {graded}). "
                "A person will look at it"
            )


def _make_room(folder: Path) -> None:
    """Make an empty folder. What a killed run has left is removed; a link is not followed."""
    if folder.is_symlink() or folder.is_file():
        folder.unlink()
    elif folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)


def _write_timestamp(taken: _Submission, into: Path) -> None:
    """Write the time of handing in, if the text can be parsed: nbgrader would stop at any other
    text."""
    content = taken.files.pop(timestamps.FILE, b"")
    if not content:
        return
    found = timestamps.parsed(content)
    if found is None:
        taken.tell("its time of handing in cannot be read and was left out")
        return
    if found > datetime.now(UTC).replace(tzinfo=None):
        taken.tell("it says that it was handed in in the future")
    (into / timestamps.FILE).write_text(f"{found:%Y-%m-%d %H:%M:%S.%f} UTC\n")


def _plain_files(folder: Path) -> dict[str, bytes]:
    """Return path -> content of the instructor's files, which are the same for all learners."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".ipynb"
    }


def _write_files(
    taken: _Submission, into: Path, ours: dict[str, bytes], ignored: Sequence[str]
) -> None:
    """Write the instructor's files, then the learner's. A learner's file is left out where its name
    is that of an instructor's file, or one that nbgrader writes."""
    kept = {timestamps.FILE}
    for name in taken.notebooks:
        kept |= {f"{name}.html", f"{name}_files"}
        (into / f"{name}.ipynb").touch()
    for name, content in ours.items():
        if not _unwanted(name, ignored):
            _write(into / name, content)
    for name, content in taken.files.items():
        parts = PurePosixPath(name).parts
        if name in ours or name.endswith(".ipynb") or _unwanted(name, ignored):
            continue
        if parts[0] in kept or any(part.endswith(".ipynb") for part in parts):
            look = not name.endswith(".html")  # people like to export their notebook
            taken.tell(f"{named(name)} has a name that grading needs and was left out", look)
            continue
        try:
            _write(into / name, content)
        except OSError as error:
            if error.errno not in OF_THEIR_SHAPE:
                raise
            taken.tell(f"{named(name)} cannot lie beside the others ({error.strerror})")


def _write(place: Path, content: bytes) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.open("xb") as file:
        file.write(content)


def _unwanted(name: str, ignored: Sequence[str]) -> bool:
    parts = PurePosixPath(name).parts
    return any(fnmatch(part, pattern) for part in parts for pattern in ignored)


def _digest(
    notebooks: dict[str, tuple[NotebookNode, list[Finding]]], findings: list[Finding], folder: Path
) -> str:
    """Return a SHA-256 digest of all that determines the result: cells with their checks, files,
    and findings."""
    sum_ = hashlib.sha256()
    for name, (notebook, own) in sorted(notebooks.items()):
        cells = [
            [cell.cell_type, cell.source, cell.metadata.get("nbgrader")] for cell in notebook.cells
        ]
        told = [[each.text, each.look] for each in findings + own]
        sum_.update(json.dumps([name, cells, told], sort_keys=True).encode())
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix != ".ipynb":
            sum_.update(json.dumps(str(path.relative_to(folder))).encode())
            sum_.update(hashlib.sha256(path.read_bytes()).digest())
    return sum_.hexdigest()


def _write_notebook(
    path: Path, notebook: NotebookNode, findings: list[Finding], digest: str
) -> None:
    notebook.metadata[OURS] = {
        "digest": digest,
        "findings": [each.text for each in findings],
        "look": any(each.look for each in findings),
    }
    if findings:
        lines = ["**About this submission**, as it was taken in for grading:", ""]
        lines += [f"- {each.text}" for each in findings]
        report = new_markdown_cell("\n".join(lines), metadata={OURS: {"report": True}}, id="report")
        notebook.cells.insert(0, report)
    path.write_text(nbformat.writes(notebook, version=4), encoding="utf-8")
