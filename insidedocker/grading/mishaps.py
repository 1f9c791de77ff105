"""Turns each error of the gradebook or the disk into one sentence.

Knows the errors of SQLAlchemy, SQLite and the operating system. A bug of this code is not among
them, and keeps its traceback.
"""

from __future__ import annotations

import errno
import logging
import re
import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nbgrader.converters import NbGraderException
from sqlalchemy import make_url
from sqlalchemy.exc import DatabaseError, DBAPIError, OperationalError
from tornado.log import app_log

from insidedocker.errors import UserError

GRADEBOOK = {  # first part of SQLite's name of an error -> sentence
    "SQLITE_BUSY": "The gradebook is locked by another program: close what has it open "
    "(a database browser, a backup, another machine) and try again.",
    "SQLITE_LOCKED": "The gradebook is locked by another program: close what has it open "
    "(a database browser, a backup, another machine) and try again.",
    "SQLITE_READONLY": "The gradebook cannot be written: make the file gradebook.db and its "
    "folder writable for this account.",
    "SQLITE_FULL": "There is no space left for the gradebook: make room on its disk and try again.",
    "SQLITE_CORRUPT": "The gradebook is damaged: put a backup in its place.",
    "SQLITE_NOTADB": "The gradebook is not a database: put a backup in its place.",
    "SQLITE_CANTOPEN": "The gradebook cannot be opened: see that the file gradebook.db and its "
    "folder belong to this account.",
    "SQLITE_IOERR": "The gradebook cannot be read or written: its disk is full or broken.",
}
DISK = {
    errno.ENOSPC: "there is no space left on its disk: make room and try again.",
    errno.EDQUOT: "this account's share of its disk is used up: make room and try again.",
    errno.EROFS: "its disk is read-only.",
    errno.EACCES: "this account may not do that.",
    errno.EPERM: "this account may not do that.",
    errno.EIO: "its disk is broken.",
}


def sentence(error: BaseException | None) -> str | None:
    """Return the sentence for an error or one of its causes; None where neither the gradebook nor
    the disk caused the error."""
    while error is not None:
        if isinstance(error, DBAPIError):
            return _of_the_gradebook(error)
        if isinstance(error, OSError) and (number := _errno(error)) in DISK:
            return f"{error.filename or 'A file'} cannot be written or read: {DISK[number]}"
        error = error.__cause__ or error.__context__
    return None


def _errno(error: OSError) -> int:
    """Return an error's number, 0 without one. shutil.Error has the errors of a whole copy as
    texts: the first number in them counts."""
    if isinstance(error, shutil.Error):
        found = re.search(r"\[Errno (\d+)\]", str(error))
        return int(found[1]) if found else 0
    return error.errno or 0


def _of_the_gradebook(error: DBAPIError) -> str | None:
    name = getattr(error.orig, "sqlite_errorname", "")
    for beginning, told in GRADEBOOK.items():
        if name.startswith(beginning):
            return told
    said = (str(error.orig).strip() or type(error).__name__).splitlines()[0]
    if name == "SQLITE_ERROR":
        return (
            f"The gradebook is of another version of nbgrader ({said}): make a copy of it, "
            "then run `nbgrader db upgrade`."
        )
    if isinstance(error, OperationalError):
        return f"The gradebook's server does not answer ({said})."
    return f"The gradebook is damaged ({said})." if type(error) is DatabaseError else None


class _Rollbacks(logging.Filter):
    """A log filter against the traceback that nbgrader's gradebook writes into tornado's log before
    it raises an error that `sentence` explains."""

    def filter(self, record: logging.LogRecord) -> bool:
        return sentence(sys.exception()) is None


@contextmanager
def _without_rollbacks() -> Iterator[None]:
    rollbacks = _Rollbacks()
    app_log.addFilter(rollbacks)
    try:
        yield
    finally:
        app_log.removeFilter(rollbacks)


@contextmanager
def as_user_errors(addition: str = "") -> Iterator[None]:
    """Raise UserError with the sentence and an addition instead of an error that `sentence`
    explains."""
    try:
        with _without_rollbacks():
            yield
    except UserError:
        raise
    except Exception as error:
        told = sentence(error)
        if told is None:
            raise
        raise UserError(f"{told} {addition}".strip()) from None


def insist_there_is_one(db_url: str) -> None:
    """Raise UserError where the gradebook's file is missing: SQLAlchemy would make an empty one."""
    url = make_url(db_url)
    if url.get_backend_name() == "sqlite" and url.database and not Path(url.database).is_file():
        raise UserError(
            f"There is no gradebook ({url.database}): `nbgrader generate_assignment NAME --force` "
            "makes one; or put a backup there."
        )


class Heard(logging.Filter):
    """A log filter that notes, in `first`, the first error that `sentence` explains: nbgrader
    handles such an error itself, and only its log tells of it. `plainly` puts the sentence in place
    of the tracebacks. Hears only the thread that made it."""

    def __init__(self, *, plainly: bool = False) -> None:
        super().__init__()
        self.first: str | None = None
        self._plainly = plainly
        self._thread = threading.get_ident()

    def filter(self, record: logging.LogRecord) -> bool:
        if threading.get_ident() != self._thread:
            return True
        said, told = record.getMessage(), sentence(sys.exception())
        self.first = self.first or told
        if not self._plainly or self.first is None:
            return True
        if told and said.startswith("Traceback"):
            record.msg, record.args = told, ()
        # These lines point to the traceback, or to an upgrade that does not help here.
        return not said.startswith(
            ("Please see the ", "There was an error accessing the nbgrader database")
        )


@contextmanager
def told_plainly(log: logging.Logger) -> Iterator[None]:
    """Raise NbGraderException with the sentence instead of an error during a block that runs a
    command of nbgrader's: nbgrader shows this exception without a traceback."""
    heard = Heard(plainly=True)
    log.addFilter(heard)
    try:
        with _without_rollbacks():
            yield
    except NbGraderException:
        if heard.first is None:
            raise
        raise NbGraderException(heard.first) from None
    except Exception as error:
        told = str(error) if isinstance(error, UserError) else sentence(error)
        if told is None:
            raise
        log.error(told)
        raise NbGraderException(told) from None
    finally:
        log.removeFilter(heard)
