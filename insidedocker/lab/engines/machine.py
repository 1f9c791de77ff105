"""A small table of what this machine has for the course, with advice where it falls short."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from dataclasses import dataclass
from html import escape
from pathlib import Path

from insidedocker.lab.engines.session import NAMES, Engine

PYTHON_WANTED = (3, 11)
API_WANTED = (1, 40)
DISK_WANTED = 2e9
"""Bytes for the course with all its images."""


@dataclass(frozen=True)
class Row:
    """One finding; `advice` is empty where all is fine."""

    what: str
    found: str
    advice: str = ""

    @property
    def mark(self) -> str:
        return "look" if self.advice else "ok"


class Machine:
    """The table of findings, shown as HTML in a notebook and as text elsewhere."""

    def __init__(self, rows: list[Row]) -> None:
        self.rows = rows

    @property
    def ready(self) -> bool:
        """True where every row is fine."""
        return not any(row.advice for row in self.rows)

    def __repr__(self) -> str:
        lines = [f"{row.what + ':':<18}{row.mark:<6}{row.found}" for row in self.rows]
        return "\n".join([*lines, "", *self._advice()])

    def _repr_html_(self) -> str:
        left = 'style="text-align: left"'
        head = "".join(f"<th {left}>{each}</th>" for each in ("What", "", "Found here"))
        cells = ([escape(row.what), row.mark, escape(row.found)] for row in self.rows)
        rows = "".join(
            f"<tr>{''.join(f'<td {left}>{each}</td>' for each in row)}</tr>" for row in cells
        )
        advice = "".join(f"<p>{escape(line)}</p>" for line in self._advice())
        return f"<table><tr>{head}</tr>{rows}</table>{advice}"

    def _advice(self) -> list[str]:
        if self.ready:
            return ["This machine has what the course needs."]
        return [f"{row.what}: {row.advice}" for row in self.rows if row.advice]


def machine(engine: Engine) -> Machine:
    """Check Python, the engine, its API version, the disk and this folder."""
    return Machine([_python(), _engine(engine), _api(engine), _disk(), _folder()])


def _python() -> Row:
    advice = "" if sys.version_info >= PYTHON_WANTED else "install Python 3.11 or newer."
    return Row("Python", platform.python_version(), advice)


def _engine(engine: Engine) -> Row:
    version = engine.get("/version").json().get("Version", "")
    runtime = engine.get("/info").json().get("DefaultRuntime", "")
    return Row(
        "Engine", f"{NAMES[engine.kind]} {version}" + (f", runtime {runtime}" if runtime else "")
    )


def _api(engine: Engine) -> Row:
    found = engine.get("/version").json().get("ApiVersion", "")
    numbers = tuple(int(part) for part in found.split(".") if part.isdigit())
    too_old = f"the lessons want {'.'.join(map(str, API_WANTED))} or newer: update the engine."
    return Row("API version", found or "not told", "" if numbers >= API_WANTED else too_old)


def _disk() -> Row:
    free = shutil.disk_usage(Path.home()).free
    advice = "" if free >= DISK_WANTED else "the course wants 2 GB: make some room first."
    return Row("Free disk", f"{free / 1e9:.1f} GB", advice)


def _folder() -> Row:
    writable = os.access(".", os.W_OK)
    advice = "" if writable else "your answers cannot be saved here: copy the lesson elsewhere."
    return Row("This folder", "can be written" if writable else "read-only", advice)
