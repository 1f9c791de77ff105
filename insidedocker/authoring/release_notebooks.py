"""Learners' notebooks from source notebooks, by nbgrader's own generator, in one process.

Works in any course folder (sync passes a temporary one) and makes no gradebook.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from insidedocker.errors import UserError


class Kept(logging.Handler):
    """Keeps nbgrader's error messages, so that the reason can be shown to a person."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())

    def reason(self) -> str:
        """The last line of the first traceback that nbgrader logged, else its first message."""
        for message in self.messages:
            if message.startswith("Traceback"):
                return message.strip().splitlines()[-1]
        return self.messages[0] if self.messages else "it gave no reason"


def load_nbgrader_config(path: Path) -> Any:
    """The course's nbgrader_config.py as a traitlets Config."""
    from traitlets.config.loader import ConfigFileNotFound, PyFileConfigLoader

    try:
        return PyFileConfigLoader(path.name, path=str(path.parent)).load_config()
    except ConfigFileNotFound as error:
        raise UserError(f"{path} is missing: restore it from the repository.") from error


def generate_release(root: Path, config_file: Path, name: str) -> None:
    """Make root/release/NAME/ from root/source/NAME/ under the rules of `config_file`.

    Raises UserError with nbgrader's reason where it refuses a notebook.
    """
    from nbgrader.converters import GenerateAssignment, NbGraderException
    from nbgrader.coursedir import CourseDirectory

    config = load_nbgrader_config(config_file)
    config.CourseDirectory.root = str(root)
    config.CourseDirectory.assignment_id = name
    config.GenerateAssignment.no_database = True
    config.SaveCells.enabled = False
    for part in ("header", "footer"):  # relative to the course's folder, not to `root`
        if place := config.IncludeHeaderFooter.get(part):
            config.IncludeHeaderFooter[part] = str(config_file.parent / place)
    kept = Kept()
    log = logging.Logger("insidedocker.release", logging.ERROR)
    log.addHandler(kept)
    converter = GenerateAssignment(
        coursedir=CourseDirectory(config=config, log=log), config=config, log=log
    )
    try:
        converter.start()
    except NbGraderException as error:
        raise UserError(f"{name}: nbgrader refused it: {kept.reason()}") from error
