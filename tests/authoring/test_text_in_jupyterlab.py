"""A lesson's text, opened as a notebook in JupyterLab and saved, keeps its form."""

import shutil

from jupyter_server.services.contents.largefilemanager import LargeFileManager
from jupytext.sync_contentsmanager import build_sync_jupytext_contents_manager_class

from insidedocker.course import Course
from tests.authoring.conftest import Edit
from tests.authoring.taste import LESSON, ROOT


def test_saving_changes_nothing_but_the_edit(course: Course, edit: Edit) -> None:
    shutil.copy(ROOT / "jupytext.toml", course.root)
    before = course.text(LESSON).read_text()
    contents = build_sync_jupytext_contents_manager_class(LargeFileManager)()
    contents.root_dir = str(course.root)
    path = f"notebooks/{LESSON}/{LESSON}.md"
    model = contents.get(path, type="notebook", content=True)
    notebook = model["content"]
    notebook["metadata"]["language_info"] = {"name": "python", "pygments_lexer": "ipython3"}
    for cell in notebook["cells"]:
        cell["metadata"]["editable"] = True
        cell["metadata"]["slideshow"] = {"slide_type": ""}
        if cell["cell_type"] == "code":
            cell["metadata"]["execution"] = {"iopub.execute_input": "2026-01-01T00:00:00Z"}
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "hello"}]
    notebook["cells"][0]["source"] += "\n\nOne more line."
    contents.save(model, path)
    assert course.text(LESSON).read_text() == before.replace(
        "- **Points:** 5\n", "- **Points:** 5\n\nOne more line.\n"
    )
    assert [each.name for each in (course.notebooks / LESSON).glob("*.ipynb")] == []
