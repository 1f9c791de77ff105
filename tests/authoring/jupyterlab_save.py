"""What JupyterLab does to a notebook when somebody runs and saves it, edits apart."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat


def save_as_jupyterlab(path: Path, edit: Callable[[Any], None] = lambda _: None) -> None:
    """Open, run, edit and save a notebook the way JupyterLab and its server leave it."""
    notebook = nbformat.reads(path.read_text(), as_version=4)
    notebook.metadata.language_info = {
        "codemirror_mode": {"name": "ipython", "version": 3},
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "nbconvert_exporter": "python",
        "pygments_lexer": "ipython3",
        "version": "3.12.1",
    }
    notebook.metadata.widgets = {"application/vnd.jupyter.widget-state+json": {"state": {}}}
    for number, cell in enumerate(notebook.cells):
        cell.metadata.editable = True
        cell.metadata.slideshow = {"slide_type": ""}
        cell.metadata.setdefault("tags", [])
        if cell.cell_type == "code":
            cell.execution_count = number + 1
            cell.metadata.execution = {"iopub.execute_input": "2026-01-01T00:00:00Z"}
            cell.metadata.scrolled = True
            cell.metadata.jupyter = {"outputs_hidden": False}
            cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text="hello\n")]
    edit(notebook)
    notebook.cells.append(nbformat.v4.new_code_cell(""))  # running the last cell adds one
    path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n")
