"""The learner's own copies of the released lessons. A file that a learner changed is never
overwritten: a lesson that changed on both sides arrives in a folder beside theirs.

A learner may save at any moment, so checking a file before replacing it would be a race: the
file is first renamed aside, which takes whatever is there, and only then compared; a new file is
put only where no file is. Knows files only; `likeness` tells which of them is a lesson's notebook.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from insidedocker.lab.beside import set_aside
from insidedocker.lab.learner import variant
from insidedocker.lab.quiz import answers
from insidedocker.launch import likeness
from insidedocker_engine.host import locks, whole_files

LEDGER = ".delivered.json"
"""The record of what was delivered, in the root of the copies: nbgrader submits all files of a
lesson's folder."""
REPLACED = ".replaced"
"""The folder beside LEDGER for files that an update has replaced while a program had them open,
until the next update has checked whether that program wrote to them."""
NOTE = "note.json"
F_SETSIG = 10

Digests = dict[str, str]
"""Path in the lesson's folder -> digest of the file."""


@dataclass
class Delivery:
    """The outcome of an update, by lesson name."""

    new: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    beside: list[tuple[str, Path]] = field(default_factory=list)
    renamed: list[tuple[str, str, Path]] = field(default_factory=list)
    saved: list[Path] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)
    afresh: list[tuple[str, list[str]]] = field(default_factory=list)
    """Lessons whose notebook was deleted, each with the names under which old answers are kept."""

    def lines(self, work: Path) -> list[str]:
        """The outcome in words, one line for each lesson or file."""
        told = []
        if self.new:
            told.append(f"New in {work.name}/: {', '.join(self.new)}")
        if self.updated:
            told.append(f"Updated, you had not changed them: {', '.join(self.updated)}")
        for name, folder in self.beside:
            told.append(
                f"{name} has a newer version. Yours stays as it is; the new one is in "
                f"{work.name}/{folder.name}/"
            )
        for name, notebook, place in self.renamed:
            told.append(
                f"{name}: you have {notebook} as {place.relative_to(work / name)}. No fresh one is "
                f"put beside it; to start afresh, move yours out of {work.name}/{name}/"
            )
        for place in self.saved:
            told.append(
                f"You saved while an update came: what you saved is in "
                f"{work.name}/{place.relative_to(work)}"
            )
        for name, reason in self.failed:
            told.append(f"{name} could not be brought up to date: {reason}")
        for name, kept in self.afresh:
            told.append(
                f"{name} starts afresh: its notebook was deleted. Your earlier answers are kept "
                f"in {work.name}/{name}/ as {', '.join(kept)}"
            )
        return told


def update(release: Path, work: Path) -> Delivery:
    """Bring every lesson of `release` into `work`; the next update repairs a killed one."""
    work.mkdir(parents=True, exist_ok=True)
    delivery = Delivery()
    with locks.held(work, folder=True, needed=False):
        _look_after(release, work, delivery, last_time=True)
        ledger = _read_ledger(work / LEDGER)
        for lesson in sorted(path for path in release.iterdir() if path.is_dir()):
            files = {
                path.relative_to(lesson).as_posix(): _digest(path)
                for path in sorted(lesson.rglob("*"))
                if path.is_file() and ".ipynb_checkpoints" not in path.parts
            }
            try:
                _bring(lesson, work, files, ledger, delivery)
            except OSError as error:
                reason = f"{error.filename or work}: {error.strerror}"
                delivery.failed.append((lesson.name, reason))
        _look_after(release, work, delivery, last_time=False)
    return delivery


def _bring(
    lesson: Path, work: Path, files: Digests, ledger: dict[str, Digests], delivery: Delivery
) -> None:
    mine, before = work / lesson.name, ledger.get(lesson.name, {})
    if mine.is_dir():
        _begin_afresh(mine, files, delivery)
    if before == files and os.path.lexists(mine):
        if mine.is_dir():
            _restore_missing(lesson, mine, files, delivery)
        return
    if not os.path.lexists(mine):
        _copy_folder(lesson, mine)
        delivery.new.append(lesson.name)
    elif not (mine.is_dir() and _is_as_delivered(lesson, mine, files, before)) or not all(
        _replace(lesson / name, mine / name, before.get(name, ""), work)
        for name in files
        if _digest(mine / name) != files[name]
    ):
        delivery.beside.append((lesson.name, _deliver_beside(lesson, work)))
    else:
        delivery.updated.append(lesson.name)
    ledger[lesson.name] = files
    _write_ledger(work / LEDGER, ledger)


def _is_as_delivered(lesson: Path, mine: Path, files: Digests, before: Digests) -> bool:
    """True where the learner has changed none of the files and renamed no notebook."""
    known = {name: ("", files[name], before.get(name)) for name in files}
    return all(_digest(mine / name) in known[name] for name in files) and not _renamed(
        lesson, mine, files
    )


def _restore_missing(lesson: Path, mine: Path, files: Digests, delivery: Delivery) -> None:
    """Restore each file that the learner deleted: deleting is the way to start again. A notebook
    that they renamed is not restored: of two notebooks the fresh one would be graded."""
    renamed = _renamed(lesson, mine, files)
    for name in files:
        if name in renamed:
            delivery.renamed.append((lesson.name, name, renamed[name]))
        elif not os.path.lexists(mine / name):
            _put(lesson / name, mine / name)


def _begin_afresh(mine: Path, files: Digests, delivery: Delivery) -> None:
    """Set the answers and values of a deleted notebook aside, so that the new one begins without
    them. Where another notebook is left in the lesson, they belong to that one and stay."""
    left = (path for path in mine.rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts)
    if not any(name.endswith(".ipynb") for name in files) or any(left):
        return
    old = [mine / name for name in (answers.FILE, variant.FILE) if os.path.lexists(mine / name)]
    if kept := [set_aside(path, "earlier").name for path in old]:
        delivery.afresh.append((mine.name, kept))


def _renamed(lesson: Path, mine: Path, files: Digests) -> dict[str, Path]:
    """Name of a missing notebook -> the learner's file that has its cells."""
    missing = [name for name in files if name.endswith(".ipynb") and not (mine / name).exists()]
    found: dict[str, Path] = {}
    for name in missing:
        released = likeness.cells((lesson / name).read_text(encoding="utf-8"))
        for path in sorted(mine.rglob("*")):
            place = path.relative_to(mine)
            own = place.as_posix() not in files and not any(
                part.startswith(".") for part in place.parts
            )
            if own and path.is_file() and likeness.has_most(path, released):
                found[name] = path
                break
    return found


def _deliver_beside(lesson: Path, work: Path) -> Path:
    beside = _free_name(work, f"{lesson.name}-new")
    _copy_folder(lesson, beside)
    return beside


def _free_name(work: Path, name: str) -> Path:
    number = 1
    while os.path.lexists(work / f"{name}-{number}"):
        number += 1
    return work / f"{name}-{number}"


def _copy_folder(source: Path, target: Path) -> None:
    """Copy a folder whole or not at all: a folder that exists is a whole lesson."""
    draft = Path(tempfile.mkdtemp(dir=target.parent, prefix=".arriving-"))
    try:
        shutil.copytree(
            source,
            draft / target.name,
            ignore=shutil.ignore_patterns(".ipynb_checkpoints"),
            copy_function=shutil.copyfile,
        )
        (draft / target.name).rename(target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


# One file, while the learner may save it


def _put(source: Path, target: Path) -> bool:
    """Put a copy of `source` at `target`; False where a file is at `target` by now."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".arriving-")
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(source.read_bytes())
        draft.chmod(0o644)
        return _move(draft, target)
    finally:
        draft.unlink(missing_ok=True)


def _move(path: Path, target: Path) -> bool:
    """Rename a file, but never over another file: False where `target` exists."""
    try:
        os.link(path, target, follow_symlinks=False)
    except FileExistsError:
        return False
    except OSError:  # a file system without links
        if path.is_dir():
            return not os.path.lexists(target) and bool(path.rename(target))
        data = path.read_bytes()
        try:
            with target.open("xb") as file:
                file.write(data)
        except FileExistsError:
            return False
    path.unlink()
    return True


def _replace(
    source: Path,
    target: Path,
    delivered: str,
    work: Path,
    *,
    put: Callable[[Path, Path], bool] = _put,
) -> bool:
    """Put `source` in the place of `target` if `target` still has the digest `delivered`. False
    where `target` has changed: then nothing that was saved is lost. The old file is kept: a
    program that has the file open may still write to it."""
    if not os.path.lexists(target):
        return put(source, target)
    (work / REPLACED).mkdir(mode=0o700, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=work / REPLACED))
    place = target.relative_to(work).as_posix()
    note = {"place": place, "delivered": delivered, "by": _digest(source)}
    (folder / NOTE).write_text(json.dumps(note))
    aside = folder / "file"
    with contextlib.suppress(FileNotFoundError):  # deleted just now
        target.rename(aside)
        if _digest(aside) != delivered:
            _move(aside, target)  # after one more save, `_look_after` keeps this file
            return False
    return put(source, target)


@dataclass(frozen=True)
class _Replaced:
    """A file that an update has put aside."""

    folder: Path
    place: Path
    """The path from which the file was put aside."""
    delivered: str
    """The file's digest when it was put aside; another digest now means a write since then."""
    by: str
    """The digest of the file that was put in its place."""

    @property
    def file(self) -> Path:
        return self.folder / "file"

    @classmethod
    def all(cls, work: Path) -> Iterator[_Replaced]:
        """The files that were really put aside: a kill may have come before the rename."""
        for folder in sorted((work / REPLACED).glob("*")):
            with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
                note = json.loads((folder / NOTE).read_text())
                yield cls(folder, work / note["place"], note["delivered"], note["by"])

    def clear(self) -> bool:
        """Remove the file if it is unchanged and no process has it open. A lease proves the latter;
        on a file system without leases nothing is proved and the file stays."""
        try:
            with self.file.open("rb") as file:
                fcntl.fcntl(file, F_SETSIG, signal.SIGURG)  # not SIGIO, which ends a process
                fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)
                if hashlib.sha256(file.read()).hexdigest() != self.delivered:
                    return False
                self.remove()
        except OSError:
            return False
        return True

    def remove(self) -> None:
        self.file.unlink(missing_ok=True)
        (self.folder / NOTE).unlink()
        self.folder.rmdir()


def _look_after(release: Path, work: Path, delivery: Delivery, *, last_time: bool) -> None:
    """Check the files that were put aside. A file that was written to since is the learner's and
    goes back. The others are removed once no process has them open, or with `last_time`."""
    for each in list(_Replaced.all(work)):
        lesson = each.place.relative_to(work).parts[0]
        try:
            if each.clear():
                continue
            if _digest(each.file) not in ("", each.delivered):
                _give_back(each, lesson, work, delivery)
                _also_beside(lesson, release, work, delivery)
            if last_time or not os.path.lexists(each.file):
                each.remove()
        except OSError as error:
            delivery.failed.append((lesson, f"{error.filename}: {error.strerror}"))
    with contextlib.suppress(OSError):
        (work / REPLACED).rmdir()


def _give_back(found: _Replaced, lesson: str, work: Path, delivery: Delivery) -> None:
    """Put the file back in its place if that is free or holds only the file's replacement; else
    put it into a folder beside the lesson."""
    place = found.place
    if place.parent.is_dir() and (
        _move(found.file, place)
        or (_digest(place) == found.by and _replace(found.file, place, found.by, work, put=_move))
    ):
        return
    saved = _free_name(work, f"{lesson}-saved")
    saved.mkdir()
    _move(found.file, saved / place.name)
    delivery.saved.append(saved / place.name)


def _also_beside(lesson: str, release: Path, work: Path, delivery: Delivery) -> None:
    """Deliver the new version of a lesson beside the learner's copy, which was not updated after
    all."""
    if lesson in delivery.updated:
        delivery.updated.remove(lesson)
    if all(lesson != name for name, _ in delivery.beside) and (release / lesson).is_dir():
        delivery.beside.append((lesson, _deliver_beside(release / lesson, work)))


def _digest(path: Path) -> str:
    """The digest of a file's content; "" for no file, "not a file" for a folder or an unreadable
    file."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return "not a file" if os.path.lexists(path) else ""


def _read_ledger(path: Path) -> dict[str, Digests]:
    """Lesson -> digests of what was delivered last. Empty where nothing was delivered or the file
    cannot be read: then every differing copy counts as the learner's."""
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    lessons = found.items() if isinstance(found, dict) else ()
    return {name: files for name, files in lessons if isinstance(files, dict)}


def _write_ledger(path: Path, ledger: dict[str, Digests]) -> None:
    text = json.dumps(ledger, indent=1, sort_keys=True)
    whole_files.replace(path, text.encode(), mode=0o644, lasting=False)
