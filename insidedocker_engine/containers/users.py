"""Users and groups of a container's processes: names and numbers, looked up in the container's own
/etc/passwd and /etc/group."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ..files import safe_path
from ..runtime.contract import User

FILE_LIMIT = 4 << 20
"""Bytes read of a passwd or group file; an image may contain a huge one."""
HIGHEST_ID = (1 << 31) - 1


class UnknownUser(Exception):
    """An unknown user or group; the text is the Engine's."""


@dataclass(frozen=True)
class Account:
    """A user inside a container."""

    user: User
    home: str


def find(root: Path, text: str, extra_groups: Iterable[str] = ()) -> Account:
    """The account of `text`: "", user, uid, user:group, in any mix of names and numbers.

    Raises UnknownUser.
    """
    name, _, group = text.partition(":")
    passwd, groups = _records(root, "/etc/passwd", 7), _records(root, "/etc/group", 4)
    entry = _lookup(passwd, name or "0")
    if entry is not None:
        login, uid, gid, home = entry[0], int(entry[2]), _number(entry[3]) or 0, entry[5]
    elif name and _number(name) is None:
        raise UnknownUser(f"unable to find user {name}: no matching entries in passwd file")
    else:
        login, uid, gid, home = "", _number(name) or 0, 0, ""
    if group:
        gid = _group_id(groups, group)
        others: list[int] = []
    else:
        others = [int(found[2]) for found in groups if login and login in found[3].split(",")]
    others += [_group_id(groups, extra) for extra in extra_groups]
    return Account(User(uid, gid, tuple(dict.fromkeys(others))), home or "/")


def _group_id(groups: list[list[str]], name: str) -> int:
    entry = _lookup(groups, name)
    if entry is not None:
        return int(entry[2])
    number = _number(name)
    if number is None:
        raise UnknownUser(f"unable to find group {name}: no matching entries in group file")
    return number


def _lookup(records: list[list[str]], name: str) -> list[str] | None:
    """Find a record by name first, then by number."""
    for record in records:
        if record[0] == name:
            return record
    return next((record for record in records if record[2] == name), None)


def _records(root: Path, path: str, fields: int) -> list[list[str]]:
    """The lines of a passwd-like file with a valid number as id."""
    try:
        handle = safe_path.open_in(root, path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError:
        return []
    with os.fdopen(handle, "rb") as file:
        try:
            text = file.read(FILE_LIMIT).decode(errors="replace")
        except OSError:  # the path is a folder
            return []
    records = []
    for line in text.splitlines():
        record = line.strip().split(":")
        record += [""] * (fields - len(record))
        if record[0] and _number(record[2]) is not None:
            records.append(record)
    return records


def _number(text: str) -> int | None:
    if text.isascii() and text.isdigit() and int(text) <= HIGHEST_ID:
        return int(text)
    return None
