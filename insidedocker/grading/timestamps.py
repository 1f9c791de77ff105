"""The time of handing in, which a learner's folder says: read without following, waiting for, or
believing anything.

nbgrader reads it in two places, and there one learner's file stops the whole list of Formgrader's,
or the collecting of everybody's work.
"""

from __future__ import annotations

import os
import stat
from datetime import datetime
from pathlib import Path
from typing import Any

from nbgrader.utils import parse_utc

FILE = "timestamp.txt"


def parsed(content: bytes) -> datetime | None:
    """The time that a file's content says, in UTC; None where it says none."""
    try:
        found: datetime | None = parse_utc(content[:100].decode().strip())
    except Exception:  # whatever the parser of dates makes of a stranger's text
        return None
    # At the ends of the calendar, showing a time in another zone fails.
    return found if found and 1970 <= found.year < 2500 else None


def in_folder(folder: str | Path) -> datetime | None:
    """The time that a folder's file says; None where there is none."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY
    try:
        descriptor = os.open(Path(folder, FILE), flags)
    except (OSError, ValueError):
        return None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        return parsed(os.read(descriptor, 100))
    except OSError:
        return None
    finally:
        os.close(descriptor)


def read_so_everywhere() -> None:
    """Have nbgrader read times in this way."""
    from nbgrader.apps.api import NbGraderAPI
    from nbgrader.coursedir import CourseDirectory

    def submitted(self: Any, assignment_id: str, student_id: str) -> datetime | None:
        course = self.coursedir
        return in_folder(course.format_path(course.submitted_directory, student_id, assignment_id))

    CourseDirectory.get_existing_timestamp = lambda _self, folder: in_folder(folder)
    NbGraderAPI.get_submitted_timestamp = submitted
