"""An assignment that an instructor made in nbgrader's own way, without a text."""

import base64
import shutil
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from insidedocker.authoring.release_notebooks import generate_release

PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def marks(grade_id: str, **more: Any) -> dict[str, Any]:
    kind = {"grade": False, "solution": False, "locked": False, "task": False, **more}
    return {"nbgrader": {"grade_id": grade_id, "schema_version": 3, **kind}}


def notebook(name: str, picture: bool = False) -> Any:
    """An answer with its checks, words, a task, and perhaps a pasted picture."""
    answer = f"def {name}(x):\n    ### BEGIN SOLUTION\n    return x\n    ### END SOLUTION"
    hidden = f"### BEGIN HIDDEN TESTS\nassert {name}(2) == 2\n### END HIDDEN TESTS"
    checks = f"assert {name}(1) == 1\n{hidden}"
    cells = [
        new_markdown_cell(f"# {name}\n\n![a picture](data.png)"),
        new_code_cell("import math", metadata=marks("setup", locked=True)),
        new_code_cell(answer, metadata=marks(name, solution=True)),
        new_code_cell(checks, metadata=marks(f"{name}_t", grade=True, locked=True, points=1.5)),
        new_markdown_cell("words", metadata=marks("w", grade=True, solution=True, points=2)),
        new_markdown_cell("a task", metadata=marks("t", task=True, points=3, locked=True)),
        new_code_cell("1 + 1", metadata={"tags": ["mine"]}),
    ]
    if picture:
        text = "look\n\n![pasted](attachment:my%20picture.png)"
        cells.insert(1, new_markdown_cell(text))
        shown = base64.b64encode(PICTURE).decode()
        cells[1]["attachments"] = {"my picture.png": {"image/png": shown}}
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    made = new_notebook(cells=cells, metadata={"kernelspec": spec})
    made.nbformat_minor = 4  # as older tools write them, without ids
    for cell in cells:
        del cell["id"]
    return made


def make(root: Path, name: str, notebooks: tuple[str, ...], **more: Any) -> Path:
    """source/NAME/ with these notebooks and two files beside them, and release/NAME/ of it."""
    folder = root / "source" / name
    (folder / "tables").mkdir(parents=True)
    for each in notebooks:
        nbformat.write(notebook(each.replace("-", "_"), **more), folder / f"{each}.ipynb")
    (folder / "data.png").write_bytes(PICTURE)
    (folder / "tables" / "data.csv").write_text("1,2\n")
    generate(root, name)
    return folder


def generate(root: Path, name: str) -> None:
    """As `nbgrader generate_assignment NAME --force --no-db`."""
    shutil.rmtree(root / "release" / name, ignore_errors=True)
    generate_release(root, root / "nbgrader_config.py", name)


def said(folder: Path) -> dict[str, Any]:
    """What every file of a folder says: a notebook by its cells."""
    found: dict[str, Any] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".ipynb":
            found[path.name] = [
                (cell.cell_type, cell.source, _marks(cell))
                for cell in nbformat.read(path, as_version=4).cells
            ]
        elif path.is_file():
            found[str(path.relative_to(folder))] = path.read_bytes()
    return found


def _marks(cell: Any) -> dict[str, Any]:
    marks_ = dict(cell.metadata.get("nbgrader", {}))
    marks_.pop("checksum", None)
    return marks_
