"""The classes that an nbgrader_config.py may name, under stable names: a line such as
`c.AssignLatePenalties.plugin_class = "insidedocker.nbgrader.LatePolicy"` keeps working when a class
moves to another package.
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
    """Import a class on first use: a command that exports grades needs no GradingExporter."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    return getattr(import_module(_HOMES[name]), name)
