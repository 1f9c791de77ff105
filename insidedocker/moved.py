"""Modules under their older names, for what was written before they moved: lessons that learners
have already begun, and configurations of instructors. Each name goes with the release after next.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

MOVED = {
    "insidedocker.grading.plug": "insidedocker.grading.plugins.exporter",
    "insidedocker.lab.registries": "insidedocker.lab.checks.registries",
    "insidedocker.lab.small_registry": "insidedocker.lab.engines.fake_registry",
    "insidedocker.lab.staging": "insidedocker.lab.checks.fixtures",
}


class _Finder(MetaPathFinder, Loader):
    """Gives the module of the new name for an import of the old one."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        return ModuleSpec(fullname, self) if fullname in MOVED else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = importlib.import_module(MOVED[spec.name])
        self._own = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self._own  # the import system has put the older name's there


def know_older_names() -> None:
    sys.meta_path.append(_Finder())
