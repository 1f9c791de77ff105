"""The learner's own copies of the released lessons. Nothing a learner changed is ever
overwritten: a lesson that changed on both sides arrives in a folder beside theirs.

It knows files, not notebooks.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from insidedocker.lab import answers, beside, variant

LEDGER = ".delivered.json"
"""In the root of the copies, never inside a lesson: nbgrader submits what lies there."""


@dataclass
class Delivery:
    """What an update did, by lesson name."""

    new: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    beside: list[tuple[str, Path]] = field(default_factory=list)
    afresh: list[tuple[str, list[str]]] = field(default_factory=list)
    """Lessons whose notebook was deleted, with the names that old answers are kept under."""

    def lines(self, work: Path) -> list[str]:
        """The update in words, one line each."""
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
        for name, kept in self.afresh:
            told.append(
                f"{name} starts afresh: its notebook was deleted. Your earlier answers are kept "
                f"in {work.name}/{name}/ as {', '.join(kept)}"
            )
        return told


def update(release: Path, work: Path) -> Delivery:
    """Bring every lesson of `release` into `work`; a kill half way is made good next time."""
    work.mkdir(parents=True, exist_ok=True)
    ledger = _read_ledger(work / LEDGER)
    delivery = Delivery()
    for lesson in sorted(path for path in release.iterdir() if path.is_dir()):
        files = {
            path.relative_to(lesson).as_posix(): _digest(path)
            for path in sorted(lesson.rglob("*"))
            if path.is_file() and ".ipynb_checkpoints" not in path.parts
        }
        if ledger.get(lesson.name) == files and (work / lesson.name).is_dir():
            _restore_missing(lesson, work / lesson.name, files, delivery)
            continue
        _deliver(lesson, work, files, ledger.get(lesson.name, {}), delivery)
        ledger[lesson.name] = files
        _write_ledger(work / LEDGER, ledger)
    return delivery


def _deliver(
    lesson: Path, work: Path, files: dict[str, str], before: dict[str, str], delivery: Delivery
) -> None:
    mine = work / lesson.name
    if not mine.exists():
        _copy_folder(lesson, mine)
        delivery.new.append(lesson.name)
        return
    changed = [name for name in files if _changed_by_learner(mine / name, files, before, name)]
    if changed:
        beside = _free_name(work, lesson.name)
        _copy_folder(lesson, beside)
        delivery.beside.append((lesson.name, beside))
        return
    _begin_afresh(mine, files, delivery)
    differing = [name for name in files if _digest(mine / name) != files[name]]
    for name in differing:
        _copy_file(lesson / name, mine / name)
    if differing:
        delivery.updated.append(lesson.name)


def _changed_by_learner(
    copy: Path, files: dict[str, str], before: dict[str, str], name: str
) -> bool:
    now = _digest(copy)
    return bool(now) and now != files[name] and now != before.get(name)


def _restore_missing(lesson: Path, mine: Path, files: dict[str, str], delivery: Delivery) -> None:
    """A file the learner deleted comes back fresh: deleting is the way to start again."""
    _begin_afresh(mine, files, delivery)
    for name in files:
        if not (mine / name).exists():
            _copy_file(lesson / name, mine / name)


def _begin_afresh(mine: Path, files: dict[str, str], delivery: Delivery) -> None:
    """A new notebook begins without the answers and values of the one that was deleted. Where
    there is another notebook, they are that one's."""
    if not any(name.endswith(".ipynb") for name in files) or any(mine.glob("*.ipynb")):
        return
    old = [mine / name for name in (answers.FILE, variant.FILE) if os.path.lexists(mine / name)]
    if kept := [beside.set_aside(path, "earlier").name for path in old]:
        delivery.afresh.append((mine.name, kept))


def _free_name(work: Path, lesson: str) -> Path:
    number = 1
    while (work / f"{lesson}-new-{number}").exists():
        number += 1
    return work / f"{lesson}-new-{number}"


def _copy_folder(source: Path, target: Path) -> None:
    """All of it or nothing: a folder that exists is a whole lesson."""
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


def _copy_file(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".arriving-")
    with os.fdopen(handle, "wb") as file:
        file.write(source.read_bytes())
    Path(name).chmod(0o644)
    Path(name).replace(target)


def _digest(path: Path) -> str:
    """Of a file's content; empty where there is no such file."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except (FileNotFoundError, IsADirectoryError):
        return ""


def _read_ledger(path: Path) -> dict[str, dict[str, str]]:
    """What was delivered last; empty where nothing was, or where the file cannot be read:
    then every differing copy counts as the learner's."""
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write_ledger(path: Path, ledger: dict[str, dict[str, str]]) -> None:
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps(ledger, indent=1, sort_keys=True))
    draft.replace(path)
