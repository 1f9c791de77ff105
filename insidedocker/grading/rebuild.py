"""Rebuilds the notebook to be graded from the released one: a submission gives only the sources
and pasted pictures of answers and of the learner's own cells, and the source of the author's
unmarked code cells.

Knows notebooks as JSON, and nbgrader's checksum of a cell; no files.
"""

from __future__ import annotations

import copy
import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from nbformat import NotebookNode, from_dict
from nbformat.v4 import new_code_cell, new_markdown_cell
from nbgrader.utils import compute_checksum

from insidedocker.grading.pod.names import defined
from insidedocker.grading.pod.submission_text import plain
from insidedocker.grading.submission_folder import Finding, named

OURS = "insidedocker_grading"
"""Key of grading's own remarks in metadata."""

LONGEST = 32 << 20  # bytes of a notebook's file
MOST_CELLS = 2000
MOST_OWN = 200
LONGEST_SOURCE = 400_000
SKIPPING = {
    "skip-execution",
    "raises-exception",
    "remove_cell",
    "remove-cell",
    "injected-parameters",
}
PICTURES = ("image/png", "image/jpeg", "image/gif")


@dataclass
class Handed:
    """A cell of a submission, reduced to the fields that grading reads."""

    kind: str
    source: str
    grade_id: str | None
    cell_id: str | None
    pictures: dict[str, dict[str, str]]
    as_given: bool | None = None
    """True where the cell still has the checksum that nbgrader gave it at release; None without a
    checksum."""


@dataclass
class _Notebook:
    released: NotebookNode
    cells: list[Handed]
    findings: list[Finding]
    answers: dict[int, Handed] = field(default_factory=dict)
    own: dict[int, list[Handed]] = field(default_factory=dict)
    """Number of a released cell -> the learner's own cells before it."""

    def is_as_given(self, number: int, cell: Handed) -> bool:
        """Return True where the cell is unchanged since it was given out, in this version or in
        another one."""
        released = self.released.cells[number]
        now = digest_of(released.cell_type, _visible(released))
        return (
            cell.as_given is True
            or digest_of(cell.kind, cell.source) == now
            or self.is_known(cell, key_of(released))
        )

    def is_known(self, cell: Handed, key: str) -> bool:
        """Return True where a version that was given out has this cell under this key."""
        digest = digest_of(cell.kind, cell.source)
        return any(version.get(key) == digest for version in self.versions)

    @property
    def versions(self) -> list[dict[str, str]]:
        """Cell key -> digest, for each known version that was given out."""
        found: list[dict[str, str]] = self.released.metadata.get(OURS, {}).get("versions", [])
        return found


def rebuild(released: NotebookNode, handed_in: bytes | None) -> tuple[NotebookNode, list[Finding]]:
    """Return the notebook to be graded, and findings for a person. Never fails: a notebook that
    cannot be read has no answers. `released` holds the instructor's checks where they are known,
    and in its metadata the digests of the versions that were given out."""
    cells: list[Handed] = []
    if handed_in is None:
        findings = [Finding("there is no notebook of this assignment's name")]
    else:
        cells, findings = read(handed_in)
    work = _Notebook(released, cells, findings)
    if cells:
        _find_unmarked(work)
        _match(work)
    return _put_together(work), findings


def read(data: bytes) -> tuple[list[Handed], list[Finding]]:
    """Return the cells of a notebook of any format, and findings. Does not use nbformat: its
    reader trusts the version number or fails on it, and an attacker chooses that number."""
    if len(data) > LONGEST:
        return [], [Finding(f"the notebook is too large ({len(data)} bytes) and was not read")]
    try:
        notebook = json.loads(data)
    except (ValueError, RecursionError):
        return [], [Finding("the notebook is broken: its file is not readable JSON")]
    found = _cell_list(notebook)
    if found is None:
        return [], [Finding("the file is not a notebook: it has no list of cells")]
    findings: list[Finding] = []
    version = notebook.get("nbformat")
    if version not in (3, 4):
        findings.append(
            Finding(f"the notebook says it has format {str(version)[:20]!r}", look=False)
        )
    if len(found) > MOST_CELLS:
        findings.append(Finding(f"it has {len(found)} cells; all after {MOST_CELLS} were left out"))
    cells = [_cell(each, findings) for each in found[:MOST_CELLS]]
    return [each for each in cells if each], findings


def _cell_list(notebook: Any) -> list[Any] | None:
    if not isinstance(notebook, dict):
        return None
    if isinstance(notebook.get("cells"), list):
        cells: list[Any] = notebook["cells"]
        return cells
    sheets = notebook.get("worksheets")  # format 3 and older
    if not isinstance(sheets, list):
        return None
    return [
        cell
        for sheet in sheets
        if isinstance(sheet, dict) and isinstance(sheet.get("cells"), list)
        for cell in sheet["cells"]
    ]


def _cell(cell: Any, findings: list[Finding]) -> Handed | None:
    if not isinstance(cell, dict):
        _tell(findings, "an entry in its list of cells is not a cell")
        return None
    source = cell.get("source", cell.get("input", ""))
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    metadata = cell.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    marks = metadata.get("nbgrader")
    grade_id = marks.get("grade_id") if isinstance(marks, dict) else None
    grade_id = grade_id if isinstance(grade_id, str) else None
    about = f"the cell {named(grade_id)}" if grade_id else "a cell"
    if not isinstance(source, str) or len(source) > LONGEST_SOURCE:
        _tell(findings, f"{about} has no readable text, or far too much, and counts as empty")
        source = ""
    tags = metadata.get("tags")
    if isinstance(tags, list) and grade_id:
        skipping = sorted(SKIPPING & {tag for tag in tags if isinstance(tag, str)})
        if skipping and skipping != ["raises-exception"]:
            _tell(findings, f"{about} had the tag {named(skipping[-1])}, which was ignored")
    cell_id = cell.get("id")
    kind = str(cell.get("cell_type"))[:20]
    return Handed(
        kind=kind,
        as_given=_is_as_given(kind, source, marks),
        source=plain(source),
        grade_id=grade_id,
        cell_id=cell_id if isinstance(cell_id, str) else None,
        pictures=_pictures(cell.get("attachments")),
    )


def _is_as_given(kind: str, source: str, marks: Any) -> bool | None:
    """Return whether a cell has its checksum; None without one. A forged checksum gains nothing:
    such a cell counts as untouched."""
    if not isinstance(marks, dict) or not isinstance(marks.get("checksum"), str):
        return None
    cell = {"cell_type": kind, "source": source, "metadata": {"nbgrader": marks}}
    try:
        return bool(compute_checksum(from_dict(cell)) == marks["checksum"])
    except Exception:  # a learner's metadata may cause any error
        return False


def _pictures(attachments: Any) -> dict[str, dict[str, str]]:
    """Return name -> type -> content of the pictures pasted into a text cell, at most 20; any
    other attachment is dropped."""
    found: dict[str, dict[str, str]] = {}
    for name, data in attachments.items() if isinstance(attachments, dict) else ():
        kept = {
            kind: plain(content)
            for kind, content in (data.items() if isinstance(data, dict) else ())
            if kind in PICTURES and isinstance(content, str) and len(content) < LONGEST // 4
        }
        if kept and len(found) < 20:
            found[plain(str(name))[:100]] = kept
    return found


def _find_unmarked(work: _Notebook) -> None:
    """Mark the answers of a notebook without metadata, which some tools drop. Where no cell has an
    answer's mark, the last cell with its cell id counts, else the last that sets its names."""
    marked = {cell.grade_id for cell in work.cells}
    graded = {_grade_id(cell) for cell in work.released.cells}
    unmarked = [cell for cell in work.cells if cell.grade_id not in graded]
    for cell in work.released.cells:
        if is_answer(cell) and _grade_id(cell) not in marked:
            by_id = [each for each in unmarked if each.cell_id and each.cell_id == cell.get("id")]
            names = defined(cell.source) if cell.cell_type == "code" else set()
            by_names = [
                each
                for each in unmarked
                if names and each.kind == "code" and names <= defined(each.source)
            ]
            if found := by_id or by_names:
                found[-1].grade_id = _grade_id(cell)
                _tell(work.findings, f"the cell {named(_grade_id(cell))} had lost its mark")


def _match(work: _Notebook) -> None:
    """Find the released cell of each cell that was handed in, or the place of a learner's own
    cell."""
    graded = {_grade_id(c): n for n, c in enumerate(work.released.cells) if _grade_id(c)}
    plain = [n for n, cell in enumerate(work.released.cells) if not _grade_id(cell)]
    by_id = {work.released.cells[n].get("id"): n for n in plain}
    by_source: dict[tuple[str, str], list[int]] = {}
    for n in plain:
        by_source.setdefault(_likeness(work.released.cells[n]), []).append(n)
    used: set[int] = set()
    pending: list[Handed] = []
    last = {cell.grade_id: n for n, cell in enumerate(work.cells) if _answers(work, graded, cell)}
    for n, cell in enumerate(work.cells):
        number = graded.get(cell.grade_id or "")
        if number is not None:
            if is_answer(work.released.cells[number]):
                if last.get(cell.grade_id, n) != n:
                    # A copy: it runs, but before the last one, which counts.
                    work.own.setdefault(number, []).append(cell)
                    _tell(work.findings, f"there are several cells {named(cell.grade_id or '')}")
                    continue
            elif number in used:
                _tell(work.findings, f"there are several cells {named(cell.grade_id or '')}")
                continue
        else:
            number = _plain_number(cell, by_id, by_source, used)
        if number is None:
            if not _is_of_another_version(work, cell):
                pending.append(cell)
            continue
        used.add(number)
        work.answers[number] = cell
        work.own.setdefault(number, []).extend(pending)
        pending = []
    work.own.setdefault(len(work.released.cells), []).extend(pending)
    _tell_of_changes(work, graded)


def _answers(work: _Notebook, graded: dict[str, int], cell: Handed) -> bool:
    """Return True for a cell with a released grade id that was worked on; among copies of an answer
    the last such cell counts."""
    number = graded.get(cell.grade_id or "")
    return number is not None and not work.is_as_given(number, cell)


def _is_of_another_version(work: _Notebook, cell: Handed) -> bool:
    """Return True for an instructor's text, or a marked cell as given out, that the released
    notebook no longer has. An instructor's unmarked code stays: an answer may need it."""
    if cell.grade_id:
        return cell.as_given is True or work.is_known(cell, cell.grade_id)
    digest = digest_of(cell.kind, cell.source)
    return cell.kind == "markdown" and any(digest in each.values() for each in work.versions)


def _plain_number(
    cell: Handed,
    by_id: dict[Any, int],
    by_source: dict[tuple[str, str], list[int]],
    used: set[int],
) -> int | None:
    number = by_id.get(cell.cell_id) if cell.cell_id else None
    if number is not None and number not in used:
        return number
    alike = by_source.get((cell.kind, cell.source.strip()), [])
    return next((each for each in alike if each not in used), None)


def _tell_of_changes(work: _Notebook, graded: dict[str, int]) -> None:
    for grade_id, number in graded.items():
        cell, handed = work.released.cells[number], work.answers.get(number)
        if handed is None:
            text = f"the cell {named(grade_id)} is missing"
            if any(grade_id not in version for version in work.versions):
                text += "; an earlier version of the notebook did not have it"
            _tell(work.findings, text, look=is_answer(cell))
        elif work.is_as_given(number, handed):
            continue
        elif handed.kind != cell.cell_type:
            _tell(work.findings, f"the cell {named(grade_id)} was made one of another type")
        elif not is_answer(cell):
            # Without a checksum, the cell may also come from a version that is no longer known.
            how = "differs from the released one" if handed.as_given is None else "was changed"
            text = f"the read-only cell {named(grade_id)} {how}; the original one is used"
            _tell(work.findings, text, look=False)


def _put_together(work: _Notebook) -> NotebookNode:
    notebook = copy.deepcopy(work.released)
    cells: list[NotebookNode] = []
    count = 0
    for number in range(len(notebook.cells) + 1):
        for own in work.own.get(number, []):
            count += 1
            if count <= MOST_OWN and own.source.strip():
                cells.append(_own_cell(own, count))
        if number < len(notebook.cells):
            handed = work.answers.get(number)
            if handed is not None and work.is_as_given(number, handed):
                handed = None  # of any version: the learner wrote nothing of it
            cells.append(_filled(notebook.cells[number], handed))
    if count > MOST_OWN:
        work.findings.append(
            Finding(f"it has {count} own cells; all after {MOST_OWN} were left out")
        )
    for cell in cells:
        cell.metadata.get(OURS, {}).pop("visible", None)
    notebook.cells = cells
    return notebook


def _filled(cell: NotebookNode, handed: Handed | None) -> NotebookNode:
    if is_answer(cell):
        cell.metadata[OURS] = {"stub": cell.source}
    elif cell.cell_type == "code" and not _grade_id(cell):
        cell.metadata[OURS] = {"released": cell.source}
    if handed is not None and (is_answer(cell) or _is_plain_code(cell, handed)):
        cell.source = handed.source
        if handed.pictures and cell.cell_type == "markdown":
            cell.attachments = NotebookNode(handed.pictures)
    return cell


def _is_plain_code(cell: NotebookNode, handed: Handed) -> bool:
    return not _grade_id(cell) and cell.cell_type == "code" and handed.kind == "code"


def _own_cell(own: Handed, count: int) -> NotebookNode:
    metadata = {OURS: {"own": True}}
    if own.kind == "code":
        cell: NotebookNode = new_code_cell(own.source, metadata=metadata, id=f"own-{count}")
        return cell
    cell = new_markdown_cell(own.source, metadata=metadata, id=f"own-{count}")
    if own.pictures:
        cell.attachments = NotebookNode(own.pictures)
    return cell


def belongs(released: NotebookNode, cells: list[Handed]) -> bool:
    """Return True where one of the cells is from this notebook: it has the grade id of an answer or
    a check, or, where marks were lost, a check's text or a name that an answer defines."""
    ids, texts, answered = set(), set(), set()
    for cell in released.cells:
        if is_answer(cell) or cell.metadata.get("nbgrader", {}).get("grade"):
            ids.add(_grade_id(cell))
            if not is_answer(cell):
                texts.add(_text(_visible(cell)))
            elif cell.cell_type == "code":
                answered |= defined(cell.source)
    return any(
        cell.grade_id in ids
        or _text(cell.source) in texts - {""}
        or (cell.kind == "code" and answered and answered & defined(cell.source))
        for cell in cells
    )


def is_worked_on(released: NotebookNode, rebuilt: NotebookNode) -> bool:
    """Return True where an answer of the rebuilt notebook differs from the released stub."""
    stubs = {_grade_id(cell): cell.source for cell in released.cells if is_answer(cell)}
    return any(
        is_answer(cell) and _text(cell.source) != _text(stubs.get(_grade_id(cell), ""))
        for cell in rebuilt.cells
    )


def is_answer(cell: NotebookNode) -> bool:
    """Return True for a cell that the learner is asked to write in."""
    return bool(cell.metadata.get("nbgrader", {}).get("solution"))


def _grade_id(cell: NotebookNode) -> str:
    return str(cell.metadata.get("nbgrader", {}).get("grade_id") or "")


def key_of(cell: NotebookNode) -> str:
    """Return a cell's key, which is the same in all versions: its grade id, else its cell id."""
    return _grade_id(cell) or f"id:{cell.get('id', '')}"


def digest_of(kind: str, source: str) -> str:
    """Return the SHA-256 digest of a cell's type and text, which identifies its version."""
    return hashlib.sha256(f"{kind}\n{_text(source)}".encode("utf-8", "replace")).hexdigest()


def _visible(cell: NotebookNode) -> str:
    """Return a cell's source as learners see it."""
    return str(cell.metadata.get(OURS, {}).get("visible", cell.source))


def _text(source: str) -> str:
    return "\n".join(line.rstrip() for line in source.strip().splitlines())


def _likeness(cell: NotebookNode) -> tuple[str, str]:
    return cell.cell_type, cell.source.strip()


def _tell(findings: list[Finding], text: str, look: bool = True) -> None:
    if len(findings) < 40 and all(each.text != text for each in findings):
        findings.append(Finding(text, look))
