"""The classes that an nbgrader_config.py may name, under names that stay: whatever package they
live in, `c.AssignLatePenalties.plugin_class = "insidedocker.nbgrader.LatePolicy"` goes on working.
"""

from __future__ import annotations

from importlib import import_module

_HOMES = {
    "Canvas": "insidedocker.teaching.exports",
    "Csv": "insidedocker.teaching.exports",
    "DropMadeFrom": "insidedocker.authoring.made_from_filter",
    "GradingExporter": "insidedocker.grading.plugins.exporter",
    "LatePolicy": "insidedocker.teaching.late",
    "Moodle": "insidedocker.teaching.exports",
}
__all__ = list(_HOMES)


def __getattr__(name: str) -> object:
    """Import a class when it is asked for: a command that exports grades needs no exporter."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    return getattr(import_module(_HOMES[name]), name)
