"""Reads a folder that a learner filled, and takes only its plain files.

Knows files, not notebooks. Follows no link, waits for no FIFO, and trusts no name, size or type.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

MIB = 1 << 20
IGNORED = ("__pycache__", ".ipynb_checkpoints", ".DS_Store")


@dataclass(frozen=True)
class Finding:
    """A remark about a submission; `look`: a person has to look at the submission."""

    text: str
    look: bool = True


@dataclass(frozen=True)
class Most:
    """Limits of a folder: number of files, depth in folders, bytes of a file and of all files."""

    files: int = 500
    depth: int = 8
    file: int = 32 * MIB
    together: int = 64 * MIB


@dataclass
class Taken:
    """The result of `take`; `files`: path below the folder -> content."""

    files: dict[str, bytes] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


Inode = tuple[int, int]
"""Device and inode number of a file."""


def take(folder: Path, most: Most | None = None, links: Mapping[Inode, int] | None = None) -> Taken:
    """Read a folder. Entries that are not plain files, cannot be read or exceed `most` are left
    out, with a finding.

    `links`: inode -> number of a file's names in all submissions together. A file with more names
    than that belongs to somebody else, and is left out.
    """
    walk = _Walk(most or Most(), links or {})
    try:
        top = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        walk.tell("the submission is not a folder of its own (a link, a file, or unreadable)")
        return walk.taken
    try:
        walk.folder(top, "", 0)
    finally:
        os.close(top)
    return walk.taken


class _Walk:
    def __init__(self, most: Most, links: Mapping[Inode, int]) -> None:
        self.most = most
        self.links = links
        self.taken = Taken()
        self.room = most.together
        self.full = False

    def tell(self, text: str) -> None:
        if len(self.taken.findings) < 20:
            self.taken.findings.append(Finding(text))

    def folder(self, descriptor: int, prefix: str, depth: int) -> None:
        try:
            names = sorted(os.listdir(descriptor))
        except OSError:
            self.tell(f"the folder {named(prefix)} cannot be read")
            return
        for name in names:
            if self.full:
                return
            if name not in IGNORED:
                self._entry(descriptor, name, prefix, depth)

    def _entry(self, above: int, name: str, prefix: str, depth: int) -> None:
        path = prefix + name
        try:
            path.encode()
            kind = os.lstat(name, dir_fd=above).st_mode
            if stat.S_ISDIR(kind):
                if depth >= self.most.depth:
                    self.tell(f"{named(path)} lies too deep and was left out")
                    return
                flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
                below = os.open(name, flags, dir_fd=above)
                try:
                    self.folder(below, f"{path}/", depth + 1)
                finally:
                    os.close(below)
            elif stat.S_ISREG(kind):
                self._file(above, name, path)
            else:
                self.tell(f"{named(path)} is {_kind(kind)} and was left out")
        except UnicodeEncodeError:
            self.tell(f"a file was left out, since its name is not text: {named(path)}")
        except OSError as error:
            self.tell(f"{named(path)} cannot be read ({error.strerror}) and was left out")

    def _file(self, above: int, name: str, path: str) -> None:
        if len(self.taken.files) >= self.most.files:
            self.full = True
            self.tell(f"there are more than {self.most.files} files; the rest was left out")
            return
        # NONBLOCK: if the file has become a FIFO by now, opening it does not wait for a writer.
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY
        descriptor = os.open(name, flags, dir_fd=above)
        try:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode):
                self.tell(f"{named(path)} is {_kind(found.st_mode)} and was left out")
            elif found.st_nlink > max(1, self.links.get((found.st_dev, found.st_ino), 1)):
                self.tell(f"{named(path)} is a hard link to another file and was left out")
            elif found.st_size > min(self.most.file, self.room):
                self.tell(f"{named(path)} is too large ({found.st_size} bytes) and was left out")
            else:
                if found.st_nlink > 1:  # the owner is not known: every submission keeps it
                    self.tell(f"{named(path)} is one and the same file in several submissions")
                with os.fdopen(os.dup(descriptor), "rb") as file:
                    content = file.read(found.st_size)
                self.room -= len(content)
                self.taken.files[path] = content
        finally:
            os.close(descriptor)


def count_links(folders: Iterable[Path], most: Most | None = None) -> Counter[Inode]:
    """Return inode -> number of names in these folders together, for each file with more than one
    name. Looks no deeper than `take` does."""
    found: Counter[Inode] = Counter()
    depth = (most or Most()).depth
    waiting = [(os.fspath(folder), 0) for folder in folders]
    while waiting:
        folder, level = waiting.pop()
        with contextlib.suppress(OSError):
            if not stat.S_ISDIR(os.lstat(folder).st_mode):
                continue
            for entry in list(os.scandir(folder)):
                if entry.is_dir(follow_symlinks=False):
                    if level < depth:
                        waiting.append((entry.path, level + 1))
                    continue
                seen = entry.stat(follow_symlinks=False)
                if stat.S_ISREG(seen.st_mode) and seen.st_nlink > 1:
                    found[seen.st_dev, seen.st_ino] += 1
    return found


def named(path: str) -> str:
    """Return a learner's name of a file or cell as safe Markdown code: letters, digits, blanks and
    `_./-`, at most 80 characters; any other character becomes a question mark."""
    return f"`{re.sub(r'[^A-Za-z0-9_./ -]', '?', path)[:80]}`"


def _kind(mode: int) -> str:
    if stat.S_ISLNK(mode):
        return "a link"
    if stat.S_ISFIFO(mode):
        return "a FIFO"
    if stat.S_ISSOCK(mode):
        return "a socket"
    return "a device" if stat.S_ISCHR(mode) or stat.S_ISBLK(mode) else "no plain file"
