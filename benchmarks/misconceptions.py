"""How much a message tells of the misconception behind it: every wrong solution of the evidence is
tried, and what `insidedocker items` would say of it is held against what it is known to show.

`python -m benchmarks.misconceptions [LESSON …]` plays lessons (04-rest-api without words) on an
embedded engine, a minute or more each.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from insidedocker import lab
from insidedocker.teaching.misconceptions import Evidence

REPOSITORY = Path(__file__).parents[1]
PLAY = REPOSITORY / "tests" / "exercises" / "play.py"


def played(lesson: str, url: str) -> dict[str, list[dict[str, Any]]]:
    """Every solution of a lesson, and what it was told, by exercise."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [sys.executable, str(PLAY), lesson, str(report), "--solutions", "--once"]
        environment = {**os.environ, "DOCKER_HOST": url, "INSIDEDOCKER_ENGINE": "auto"}
        subprocess.run(command, env=environment, check=True)
        found: dict[str, list[dict[str, Any]]] = json.loads(report.read_text())["exercises"]
        return found


def main() -> int:
    print(f"{'lesson':<20} {'wrong':>6} {'named':>6} {'alone':>6}")
    for lesson in sys.argv[1:] or ["04-rest-api"]:
        evidence = Evidence(REPOSITORY, lesson)
        with lab.check.fresh_engine() as engine:
            exercises = played(lesson, engine.url)
        inferred = [
            (each["shows"], evidence.behind(name, tuple(filter(None, each["told"].values()))))
            for name, solutions in exercises.items()
            for each in solutions
            if each["kind"] == "wrong" and (evidence.folder / name / f"{each['name']}.py").exists()
        ]
        named = sum(shows in behind for shows, behind in inferred)
        alone = sum([shows] == behind for shows, behind in inferred)
        print(f"{lesson:<20} {len(inferred):>6} {named:>6} {alone:>6}")
    print("named: the misconception is among those inferred; alone: it is the only one.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
