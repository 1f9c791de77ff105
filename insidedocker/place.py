"""The folders of the running programs, and a check that they belong to the user's checkout."""

from __future__ import annotations

import sys
from pathlib import Path

import insidedocker_engine
from insidedocker.errors import UserError


def packages() -> list[Path]:
    """The folders of the course's own packages: the code that runs here besides libraries."""
    return [Path(__file__).parent, Path(insidedocker_engine.__file__).parent]


def need_own_programs() -> None:
    """Raise UserError in an environment that was copied or moved together with its checkout: the
    scripts and the editable installation still name the folder in which they were made."""
    script = Path(sys.argv[0]).absolute().parent.parent
    environment = script if (script / "pyvenv.cfg").is_file() else Path(sys.prefix)
    checkout, ours = environment.parent, Path(__file__).parent
    theirs = checkout / "insidedocker"
    if (theirs / "__init__.py").is_file() and not theirs.samefile(ours):
        raise UserError(
            f"{environment} was copied or moved here and still runs the programs of {ours.parent}. "
            f"Run make lab in {checkout}: it makes a new one, for this place."
        )
