"""The syllabus: the objectives of notebooks/objectives.yml, which lessons name by their ids."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

from insidedocker.errors import UserError


@dataclass(frozen=True)
class Objective:
    """One thing that a learner must be able to say or do; `group` is the part of the syllabus."""

    id: str
    group: str
    says: str


def read_objectives(path: Path) -> list[Objective]:
    """All objectives, in the order of the file; raises UserError where the file is malformed."""
    try:
        groups = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise UserError(f"{path}: cannot be read ({' '.join(str(error).split())}).") from error
    if not isinstance(groups, dict):
        raise UserError(f"{path}: must hold groups of objectives.")
    found: list[Objective] = []
    for group, entries in groups.items():
        if not isinstance(entries, list):  # `next`, a sentence on what comes after the course
            continue
        for entry in entries:
            if not isinstance(entry, dict) or not {"id", "says"} <= set(entry):
                raise UserError(f"{path}: each entry of {group} needs an id and says.")
            found.append(Objective(str(entry["id"]), str(group), str(entry["says"])))
    ids = [objective.id for objective in found]
    if twice := sorted({each for each in ids if ids.count(each) > 1}):
        raise UserError(f"{path}: the id {twice[0]} stands there twice.")
    return found
