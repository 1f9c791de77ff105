"""Imports of modules by their older names, for lessons that learners have already begun and for
instructors' configurations. Each older name is removed with the release after next.
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

NAMES = {"staging": "insidedocker.lab.checks.fixtures"}
"""Names that set-up cells of older releases import: learners' answers may use them still."""


class _Finder(MetaPathFinder, Loader):
    """Answers the import of an older name with the module of the present name."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        return ModuleSpec(fullname, self) if fullname in MOVED else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = importlib.import_module(MOVED[spec.name])
        self._own = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self._own  # the import system has set the older name's spec


def older_names(sources: Sequence[str]) -> dict[str, ModuleType]:
    """The modules of NAMES that the texts of cells mention."""
    return {
        name: importlib.import_module(module)
        for name, module in NAMES.items()
        if any(name in source for source in sources)
    }


def know_older_names() -> None:
    """Let the import system find the modules in MOVED by their older names."""
    sys.meta_path.append(_Finder())
