"""Honest work, which must keep its points, and wrong work, which must get none."""

import json
from pathlib import Path
from typing import Any

from tests.grading.hostile.case import ASSIGNMENT, MOST, RIGHT, Case, Notebook, Scene, cell_of


def honest(name: str, most: float = MOST, **more: Any) -> Case:
    answers = {**RIGHT, **more.pop("answers", {})}
    return Case(name, "honest", answers, most=most, honest=True, **more)


def with_cells(*sources: str, at: int = 3) -> Any:
    def edit(notebook: Notebook) -> None:
        for number, source in enumerate(sources):
            cell = {"cell_type": "code", "metadata": {}, "source": source, "outputs": []}
            notebook["cells"].insert(at, {**cell, "execution_count": None, "id": f"mine{number}"})

    return edit


def old_format(notebook: Notebook) -> Notebook:
    """Format 3, as notebooks were until 2015."""
    cells = []
    for cell in notebook["cells"]:
        old = {"cell_type": cell["cell_type"], "metadata": cell["metadata"]}
        if cell["cell_type"] == "code":
            old |= {
                "input": cell["source"],
                "language": "python",
                "outputs": [],
                "collapsed": False,
            }
            old["prompt_number"] = 1
        else:
            old["source"] = cell["source"]
        cells.append(old)
    return {
        "nbformat": 3,
        "nbformat_minor": 0,
        "metadata": {"name": ""},
        "worksheets": [{"cells": cells}],
    }


def older_minor(notebook: Notebook) -> None:
    notebook["nbformat_minor"] = 2
    for cell in notebook["cells"]:
        cell.pop("id", None)


def lines(notebook: Notebook) -> None:
    for cell in notebook["cells"]:
        cell["source"] = cell["source"].splitlines(keepends=True)


def of_another_editor(notebook: Notebook) -> None:
    notebook["metadata"] = {
        "colab": {"provenance": []},
        "kernelspec": {"name": "python312", "display_name": "Python 3.12"},
    }
    for number, cell in enumerate(notebook["cells"]):
        cell["metadata"]["vscode"] = {"languageId": "python"}
        cell["metadata"]["ExecuteTime"] = {"start_time": "now"}
        cell["id"] = f"{number:08x}-vscode"


def of_colab(notebook: Notebook) -> None:
    """As Google Colab saves one: ids in the metadata, sources as lines."""
    notebook |= {"nbformat_minor": 0}
    notebook["metadata"] = {
        "colab": {"provenance": [], "toc_visible": True},
        "kernelspec": {"name": "python3", "display_name": "Python 3"},
        "accelerator": "GPU",
    }
    lines(notebook)
    for number, cell in enumerate(notebook["cells"]):
        del cell["id"]
        cell["metadata"] |= {"id": f"x{number}Ab_", "outputId": "0-1", "colab": {"height": 35}}


def stripped(notebook: Notebook) -> None:
    """As a filter for version control leaves one: no metadata at all."""
    notebook["metadata"] = {}
    for cell in notebook["cells"]:
        cell["metadata"] = {}


def without_marks_or_ids(notebook: Notebook) -> None:
    stripped(notebook)
    for cell in notebook["cells"]:
        cell.pop("id", None)


def foreign_kernel(notebook: Notebook) -> None:
    notebook["metadata"] = {
        "kernelspec": {"name": "conda-env-mine-py", "display_name": "mine", "language": "python"},
        "language_info": {"name": "python", "version": "2.7.18"},
    }


def named(name: str) -> Any:
    """The notebook under another name."""

    def rename(folder: Path, _scene: Scene) -> None:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / f"{ASSIGNMENT}.ipynb").rename(folder / name)

    return rename


def without_prose(notebook: Notebook) -> None:
    notebook["cells"] = [c for c in notebook["cells"] if c["cell_type"] == "code"]


def reordered(notebook: Notebook) -> None:
    notebook["cells"].insert(1, notebook["cells"].pop(7))
    notebook["cells"].append(notebook["cells"].pop(3))


def as_markdown(notebook: Notebook) -> None:
    cell = cell_of(notebook, "double")
    cell["cell_type"] = "markdown"
    del cell["outputs"], cell["execution_count"]


def tested_cell_changed(notebook: Notebook) -> None:
    cell_of(notebook, "double_test")["source"] += "\nprint(double(3))  # I wondered"


def copied(notebook: Notebook) -> None:
    stub = json.loads(json.dumps(cell_of(notebook, "double")))
    notebook["cells"].append(
        {**stub, "source": "# an old attempt\n" + stub["source"], "id": "copy"}
    )


def kept_stub(notebook: Notebook) -> None:
    """A stub that was copied before it was worked on, with its marks."""
    cell = cell_of(notebook, "double")
    notebook["cells"].append(
        {
            **json.loads(json.dumps(cell)),
            "source": "def double(value):\n    pass  # Your code goes here: replace this line.",
            "id": "kept",
        }
    )


def demo_changed(notebook: Notebook) -> None:
    notebook["cells"][2]["source"] = "shown = 99\nfactor = 2"


CASES = [
    honest("plain"),
    honest("a-scratch-cell-that-raises", edit=with_cells("1 / 0", "undefined_name")),
    honest("a-scratch-cell-with-a-syntax-error", edit=with_cells("this is no python")),
    honest(
        "helpers-in-own-cells",
        edit=with_cells("def twice(value):\n    return value + value"),
        answers={"double": "def double(value):\n    return twice(value)"},
    ),
    honest(
        "a-helper-after-the-answer",
        edit=with_cells("def twice(value):\n    return value + value", at=4),
        answers={"double": "def double(value):\n    return twice(value)"},
    ),
    honest(
        "an-import-in-an-own-cell",
        edit=with_cells("import operator"),
        answers={"double": "def double(value):\n    return operator.mul(value, 2)"},
    ),
    honest(
        "warnings-on-stderr",
        answers={
            "double": "import sys, warnings\ndef double(value):\n    warnings.warn('old', DeprecationWarning)\n    print('working', file=sys.stderr)\n    return value * 2"
        },
    ),
    honest(
        "logging",
        answers={
            "double": "import logging\ndef double(value):\n    logging.warning('doubling %s', value)\n    return value * 2"
        },
    ),
    honest(
        "prints",
        answers={
            "share": "def share(number):\n    print('sharing', number)\n    return number // 2"
        },
    ),
    honest("a-value-at-the-end", answers={"double": RIGHT["double"] + "\ndouble(4)"}),
    honest(
        "prints-a-number-in-a-check",
        answers={"double": "def double(value):\n    print(0)\n    return value * 2"},
    ),
    honest(
        "slow-but-allowed",
        answers={
            "double": "import time\ndef double(value):\n    time.sleep(0.4)\n    return value * 2"
        },
    ),
    honest("format-3", edit=old_format),
    honest("format-4.2-without-ids", edit=older_minor),
    honest("source-as-lines", edit=lines),
    honest("another-editor", edit=of_another_editor),
    honest("colab", edit=of_colab),
    honest("foreign-kernel", edit=foreign_kernel),
    honest("stripped-metadata", edit=stripped),
    honest("stripped-metadata-and-ids", edit=without_marks_or_ids),
    honest("asks-for-input", edit=with_cells("name = input('your name? ')")),
    honest("renamed-by-the-system", files=named(f"{ASSIGNMENT} (1).ipynb")),
    honest("renamed-by-the-browser", files=named(f"{ASSIGNMENT}.ipynb.json")),
    honest("renamed-by-the-learner", files=named("final, really.ipynb")),
    honest("in-a-folder-of-its-own", files=named(f"work/{ASSIGNMENT}.ipynb")),
    honest("no-time-of-handing-in", files=lambda f, s: (f / "timestamp.txt").unlink()),
    honest("prose-deleted", edit=without_prose),
    honest(
        "own-prose",
        edit=lambda n: n["cells"].insert(
            2, {"cell_type": "markdown", "metadata": {}, "source": "*my notes*", "id": "notes"}
        ),
    ),
    honest("cells-reordered", edit=reordered),
    honest("answer-became-markdown", edit=as_markdown),
    honest("a-test-cell-was-added-to", edit=tested_cell_changed),
    honest("a-copied-cell", edit=copied),
    honest("a-kept-stub", edit=kept_stub),
    honest(
        "a-demonstration-changed",
        edit=demo_changed,
        answers={"double": "def double(value):\n    return value * factor"},
    ),
    honest(
        "magics",
        edit=with_cells("%time sum(range(10))", "%%bash\necho hello", "!echo hello", "?len"),
    ),
    honest(
        "shell-in-an-answer",
        answers={
            "double": "import subprocess\nout = !echo hello\ndef double(value):\n    return value * 2"
        },
    ),
    honest(
        "await-at-the-top",
        edit=with_cells(
            "import asyncio\nawait asyncio.sleep(0)\nasync def nap(): return 2\nfactor = await nap()"
        ),
        answers={"double": "def double(value):\n    return value * factor"},
    ),
    honest(
        "an-int-of-its-own",
        answers={
            "share": "import enum\nclass Part(enum.IntEnum):\n    TWO = 2\n    THREE = 3\n    FOUR = 4\ndef share(number):\n    return Part(number // 2)"
        },
    ),
    honest(
        "a-str-of-its-own",
        answers={
            "double": "class Text(str): pass\ndef double(value):\n    return Text(value * 2) if isinstance(value, str) else value * 2"
        },
    ),
    honest("a-bool-for-a-number", answers={"limit": RIGHT["limit"] + " * True"}),
    honest("a-lambda", answers={"double": "double = lambda value: value * 2"}),
    honest(
        "a-partial",
        answers={
            "double": "import functools, operator\ndouble = functools.partial(operator.mul, 2)"
        },
    ),
    honest(
        "a-method",
        answers={
            "double": "class Doubler:\n    def double(self, value): return value * 2\ndouble = Doubler().double"
        },
    ),
    honest(
        "a-cached-function",
        answers={
            "share": "import functools\n@functools.cache\ndef share(number):\n    return number // 2"
        },
    ),
    honest(
        "recursive-work",
        answers={
            "share": "def share(number):\n    return 0 if number < 2 else 1 + share(number - 2)"
        },
    ),
    honest(
        "threads",
        answers={
            "double": "from concurrent.futures import ThreadPoolExecutor\ndef double(value):\n    with ThreadPoolExecutor() as pool:\n        return pool.submit(lambda: value * 2).result()"
        },
    ),
    honest(
        "a-child-process",
        answers={
            "double": "import subprocess\ndef double(value):\n    subprocess.run(['true'], check=True)\n    return value * 2"
        },
    ),
    honest(
        "typed",
        answers={
            "double": "from __future__ import annotations\ndef double(value: int | str) -> int | str:\n    return value * 2"
        },
    ),
    honest(
        "a-dataclass",
        edit=with_cells(
            "from dataclasses import dataclass\n@dataclass\nclass Two:\n    n: int = 2"
        ),
        answers={"double": "def double(value):\n    return value * Two().n"},
    ),
    honest(
        "a-file-beside-it",
        files=lambda f, s: (f / "factor.txt").write_text("2"),
        answers={"double": "def double(value):\n    return value * int(open('factor.txt').read())"},
    ),
    honest(
        "a-module-beside-it",
        files=lambda f, s: (f / "my_own_factor.py").write_text("FACTOR = 2"),
        answers={
            "double": "import sys, os\nsys.path.insert(0, os.getcwd())\nfrom my_own_factor import FACTOR\ndef double(value):\n    return value * FACTOR"
        },
    ),
    honest(
        "a-file-written",
        answers={
            "double": "def double(value):\n    with open('seen.txt', 'a') as file: file.write('x')\n    return value * 2"
        },
    ),
    honest(
        "a-temporary-file",
        answers={
            "double": "import tempfile\ndef double(value):\n    with tempfile.TemporaryFile() as file: file.write(b'x')\n    return value * 2"
        },
    ),
    honest("byte-order-mark", edit=lambda n: b"\xef\xbb\xbf" + json.dumps(n).encode()),
    honest(
        "umlauts",
        answers={
            "double": "größe = 2\ndef double(value):\n    '''verdoppelt – ja'''\n    return value * größe"
        },
    ),
    honest(
        "windows-lines",
        edit=lambda n: (
            [c.update(source=c["source"].replace("\n", "\r\n")) for c in n["cells"]] and None
        ),
    ),
    honest("two-of-three", 5.0, answers={"limit": "limit = 5"}),
    honest(
        "part-of-the-credit",
        5.0,
        answers={
            "share": "def share(number):\n    return 2 if number < 6 else number // 2 - (number == 8)"
        },
    ),
    Case("untouched", "wrong"),
    Case(
        "wrong-everywhere",
        "wrong",
        {
            "double": "def double(value):\n    return value + 2 if value != 2 else 5",
            "limit": "limit = 96",
            "share": "def share(number):\n    return -number",
        },
    ),
    Case(
        "right-when-seen-only", "wrong", {"double": "def double(value):\n    return {2: 4}[value]"}
    ),
    Case(
        "returns-nothing",
        "wrong",
        {
            "double": "def double(value):\n    print(value * 2)",
            "share": "def share(number):\n    print(number // 2)",
        },
    ),
]
