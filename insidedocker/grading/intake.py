"""What is handed in, made harmless before nbgrader sees it: a folder with rebuilt notebooks and
plain files, whatever was in the one that was handed in.

Knows the course's folders and the released notebooks; runs nothing.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell
from nbgrader.utils import parse_utc

from insidedocker.errors import UserError
from insidedocker.grading.rebuild import OURS, rebuild
from insidedocker.grading.strangers_folder import Finding, Inode, Taken, named, take

FOLDER = ".grading"
"""Grading's own folder in the course's."""
INTAKE = f"{FOLDER}/intake"
TIMESTAMP = "timestamp.txt"


@dataclass(frozen=True)
class Assignment:
    """An assignment's released notebooks by name, with the instructor's checks in them."""

    name: str
    notebooks: dict[str, NotebookNode]

    @classmethod
    def load(
        cls,
        folder: Path,
        checks: Mapping[str, Mapping[str, str]],
        versions: Mapping[str, list[dict[str, str]]] | None = None,
    ) -> Assignment:
        """From the released folder, the sources of read-only cells by notebook and grade id, as
        the gradebook knows them, and by notebook the versions that were given out. Raises
        UserError where there is nothing released."""
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


def take_in(
    assignment: Assignment,
    handed_in: Path,
    into: Path,
    *,
    beside: Path,
    ignored: Sequence[str] = (),
    links: Mapping[Inode, int] | None = None,
) -> str:
    """Make the folder `into` from what was handed in; returns a digest of what is in it.

    Files of the instructor's folder `beside` take the place of those of the same name; names that
    fit one of the patterns `ignored` are left out. For `links` see `strangers_folder.take`.
    """
    taken = take(handed_in, links=links)
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir(parents=True)
    findings = list(taken.findings)
    notebooks = {
        name: rebuild(released, _notebook(taken, name, assignment, findings))
        for name, released in assignment.notebooks.items()
    }
    _write_timestamp(taken, into, findings)
    files = {**taken.files, **_plain_files(beside)}
    _write_files(files, into, ignored)
    digest = _digest(notebooks, findings, into)
    for name, (notebook, own) in notebooks.items():
        _write_notebook(into / f"{name}.ipynb", notebook, findings + own, digest)
    return digest


def _notebook(
    taken: Taken, name: str, assignment: Assignment, findings: list[Finding]
) -> bytes | None:
    """The notebook's file, or the only other one, which then was renamed by mistake."""
    wanted = f"{name}.ipynb"
    if wanted in taken.files:
        return taken.files[wanted]
    others = [path for path in taken.files if path.endswith(".ipynb") and "/" not in path]
    if len(others) == 1 and len(assignment.notebooks) == 1:
        findings.append(Finding(f"the notebook was named {named(others[0])}"))
        return taken.files[others[0]]
    return None


def _write_timestamp(taken: Taken, into: Path, findings: list[Finding]) -> None:
    """The time of handing in, if it is one; nbgrader would stop at another text."""
    text = taken.files.pop(TIMESTAMP, b"")
    if not text:
        return
    try:
        found = parse_utc(text[:100].decode().strip())
        written = f"{found:%Y-%m-%d %H:%M:%S.%f} UTC\n"
    except Exception:  # whatever the parser of dates makes of a stranger's text
        findings.append(Finding("its time of handing in is no time and was left out"))
        return
    if found > datetime.now(UTC).replace(tzinfo=None):
        findings.append(Finding("it says that it was handed in in the future"))
    (into / TIMESTAMP).write_text(written)


def _plain_files(folder: Path) -> dict[str, bytes]:
    """The instructor's own files, which are to be the same for all."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".ipynb"
    }


def _write_files(files: dict[str, bytes], into: Path, ignored: Sequence[str]) -> None:
    for name, content in files.items():
        parts = PurePosixPath(name).parts
        unwanted = any(fnmatch(part, pattern) for part in parts for pattern in ignored)
        if name.endswith(".ipynb") or unwanted:
            continue
        place = into / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)


def _digest(
    notebooks: dict[str, tuple[NotebookNode, list[Finding]]], findings: list[Finding], folder: Path
) -> str:
    """Of all that decides on the result: cells with their checks, files, and what was found."""
    sum_ = hashlib.sha256()
    for name, (notebook, own) in sorted(notebooks.items()):
        cells = [
            [cell.cell_type, cell.source, cell.metadata.get("nbgrader")] for cell in notebook.cells
        ]
        told = [[each.text, each.look] for each in findings + own]
        sum_.update(json.dumps([name, cells, told], sort_keys=True).encode())
    for path in sorted(folder.rglob("*")):
        if path.is_file():
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
