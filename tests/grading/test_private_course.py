"""No other account of the machine reads learners' work and marks, by whatever command they were
made, whatever the umask."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import small_class
from tests.support.small_class import ASSIGNMENT, SOLVED, Course

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("walls")]


def others(course: Course) -> list[str]:
    """What of learners' work and marks has bits for others, and no folder above that shuts off."""
    found = []
    for name in (".grading", "submitted", "autograded", "feedback", "gradebook.db", "canvas.csv"):
        path = course.root / name
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            found.append(name)
    return found


def test_work_and_marks_are_their_accounts_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        course = small_class.make(tmp_path / "course")
        course.hand_in("ada", {"sizes": SOLVED["sizes"]}, clicked="b")
        # As an older version left them.
        (course.root / "submitted").chmod(0o755)
        (course.root / "gradebook.db").chmod(0o644)
        course.ok("insidedocker", "grade", ASSIGNMENT)
        course.ok("nbgrader", "generate_feedback", ASSIGNMENT)
        canvas = "--exporter=insidedocker.teaching.exports.Canvas"
        course.ok("nbgrader", "export", canvas, "--to=canvas.csv")
        assert others(course) == []
        # A gradebook that nbgrader makes anew.
        (course.root / "gradebook.db").unlink()
        course.ok("nbgrader", "generate_assignment", ASSIGNMENT, "--force")
        assert others(course) == []
    finally:
        os.umask(before)


def test_a_group_of_instructors_keeps_its_rights(tmp_path: Path) -> None:
    course = small_class.make(tmp_path / "course")
    config = course.root / "nbgrader_config.py"
    text = config.read_text()
    assert "settings.keep_private(c, here)" in text
    last = "\nc.CourseDirectory.groupshared = True\nsettings.keep_private(c, here)\n"
    config.write_text(text.replace("\nsettings.keep_private(c, here)\n", last))
    (course.root / "gradebook.db").chmod(0o664)
    for name in ("submitted", "autograded"):
        (course.root / name).mkdir(exist_ok=True)
        (course.root / name).chmod(0o2775)
    script = "from insidedocker.authoring.release_notebooks import load_nbgrader_config as load;"
    script += "from pathlib import Path; load(Path('nbgrader_config.py'))"
    subprocess.run([sys.executable, "-c", script], cwd=course.root, check=True)
    assert stat.S_IMODE((course.root / "gradebook.db").stat().st_mode) == 0o660
    for name in ("submitted", "autograded"):
        assert stat.S_IMODE((course.root / name).stat().st_mode) == 0o2770
