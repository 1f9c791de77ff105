"""Runs cells in a bare IPython, for notebooks that use what plain Python does not have: magics,
shell commands, `display`, `await` at the top level."""

from __future__ import annotations

import types
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Type
from traitlets.config import Config

from insidedocker.grading.pod.outputs import KINDS, LONGEST, Done, Output, error_output, words_of

MOST_SHOWN = 200  # outputs of a cell


class _Hook(DisplayHook):
    """Keeps a cell's value instead of printing it."""

    def write_output_prompt(self) -> None:
        pass

    def write_format_data(self, format_dict: Any, md_dict: Any = None) -> None:
        _shell().show("execute_result", format_dict)

    def finish_displayhook(self) -> None:
        pass


class _Publisher(DisplayPublisher):
    """Keeps what a cell displays."""

    def publish(self, data: Any, *_: Any, **__: Any) -> None:
        _shell().show("display_data", data)

    def clear_output(self, wait: bool = False) -> None:
        pass


class Shell(InteractiveShell):
    """IPython without a terminal; `shown` collects what the running cell shows."""

    displayhook_class = Type(_Hook)
    system = InteractiveShell.system_raw  # no terminal in between
    display_pub_class = Type(_Publisher)

    def __init__(self, **options: Any) -> None:
        self.shown: list[Output] = []
        super().__init__(**options)

    def show(self, kind: str, data: dict[str, Any]) -> None:
        kept = {
            name: data[name][:LONGEST]
            for name in KINDS
            if isinstance(data.get(name), str)
            and (len(data[name]) <= LONGEST or name == "text/plain")
        }
        if kept and len(self.shown) < MOST_SHOWN:
            self.shown.append({"output_type": kind, "data": kept, "metadata": {}})

    def _showtraceback(self, etype: Any, evalue: Any, stb: Any) -> None:
        lines = [str(line)[:LONGEST] for line in (stb or [])][-100:]
        self.shown.append(error_output(etype.__name__, words_of(evalue), lines))

    def init_virtualenv(self) -> None:
        """Do nothing: the sandbox has no virtual environment's folders."""


def _shell() -> Any:
    return InteractiveShell.instance()


class IPythonRunner:
    """Runs cells in a shell whose names are those of the module `main`."""

    def __init__(self, main: types.ModuleType) -> None:
        config = Config()
        config.HistoryManager.enabled = False
        config.HistoryManager.hist_file = ":memory:"
        config.InteractiveShell.colors = "nocolor"
        self.names = main.__dict__
        self.shell: Any = Shell.instance(user_module=main, user_ns=self.names, config=config)

    def run(self, source: str) -> Done:
        self.shell.shown = []
        result = self.shell.run_cell(source, store_history=False)
        error = result.error_before_exec or result.error_in_exec
        # As in cells._Plain; IPython looks for the `;` in its history, which is switched off.
        value = None if source.rstrip().endswith(";") else result.result
        return Done(self.shell.shown, error, value)
