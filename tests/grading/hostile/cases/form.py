"""Form of the notebook: what its file says it is."""

import json
from collections.abc import Callable
from typing import Any

from tests.grading.hostile.case import RIGHT, Case, Notebook, cell_of

TESTS = ("double_test", "limit_test", "share_test")


def form(name: str, edit: Callable[[Notebook], Any], most: float = 0.0, **more: Any) -> Case:
    return Case(name, "form of the notebook", edit=edit, most=most, **more)


def each_test(change: Callable[[dict[str, Any]], Any]) -> Callable[[Notebook], None]:
    """Change every test cell."""

    def edit(notebook: Notebook) -> None:
        for name in TESTS:
            change(cell_of(notebook, name))

    return edit


def marks(**values: Any) -> Callable[[Notebook], None]:
    return each_test(lambda cell: cell["metadata"]["nbgrader"].update(values))


def tags(*names: str) -> Callable[[Notebook], None]:
    return each_test(lambda cell: cell["metadata"].update(tags=list(names)))


def whole(**values: Any) -> Callable[[Notebook], None]:
    return lambda notebook: notebook.update(values)


def without_tests(notebook: Notebook) -> None:
    notebook["cells"] = [
        cell
        for cell in notebook["cells"]
        if cell["metadata"].get("nbgrader", {}).get("grade_id") not in TESTS
    ]


def tests_again(notebook: Notebook) -> None:
    for name in TESTS:
        notebook["cells"].append(
            {**json.loads(json.dumps(cell_of(notebook, name))), "source": "", "id": name[:5]}
        )


def tests_before(notebook: Notebook) -> None:
    for name in TESTS:
        notebook["cells"].insert(
            0, {**json.loads(json.dumps(cell_of(notebook, name))), "source": "", "id": name[:5]}
        )


def swapped(notebook: Notebook) -> None:
    for name in TESTS:
        test, answer = cell_of(notebook, name), cell_of(notebook, name.removesuffix("_test"))
        test["metadata"], answer["metadata"] = answer["metadata"], test["metadata"]


def one_test_for_all(notebook: Notebook) -> None:
    for name in TESTS:
        cell_of(notebook, name)["metadata"]["nbgrader"]["grade_id"] = "limit_test"
    cell_of(notebook, "limit")["source"] = "limit = None"


def foreign(notebook: Notebook) -> None:
    for number in range(100):
        marks = {"grade_id": f"foreign{number}", "grade": True, "points": 100, "solution": False}
        marks |= {"locked": True, "schema_version": 3, "task": False}
        notebook["cells"].append(
            {
                "cell_type": "code",
                "source": "",
                "outputs": [],
                "execution_count": None,
                "id": f"f{number}",
                "metadata": {"nbgrader": marks},
            }
        )


def forged_outputs(cell: dict[str, Any]) -> None:
    cell["outputs"] = [
        {
            "output_type": "execute_result",
            "execution_count": 1,
            "metadata": {},
            "data": {"text/plain": "3"},
        }
    ]
    cell["execution_count"] = 1


def skipped_by_magic(cell: dict[str, Any]) -> None:
    cell["source"] = "%%script true\n" + cell["source"]


def all_bytes(data: bytes) -> Callable[[Notebook], bytes]:
    return lambda _notebook: data


def as_text(change: Callable[[str], str]) -> Callable[[Notebook], bytes]:
    return lambda notebook: change(json.dumps(notebook)).encode("utf-8", "surrogatepass")


def first_cell(**values: Any) -> Callable[[Notebook], None]:
    return lambda notebook: notebook["cells"][1].update(values)


def many_cells(notebook: Notebook) -> None:
    notebook["cells"] += [
        {
            "cell_type": "code",
            "source": "x = 1",
            "metadata": {},
            "outputs": [],
            "execution_count": None,
            "id": f"m{n}",
        }
        for n in range(20_000)
    ]


CASES = [
    form("tests-emptied", each_test(lambda cell: cell.update(source=""))),
    form("tests-passing", each_test(lambda cell: cell.update(source="3"))),
    form("tests-deleted", without_tests),
    form("tests-again-and-empty", tests_again),
    form("tests-before-and-empty", tests_before),
    form("tests-and-answers-swapped", swapped),
    form("one-test-for-all", one_test_for_all),
    form("tests-renamed", marks(grade_id="another")),
    form("tests-without-id", each_test(lambda cell: cell["metadata"]["nbgrader"].pop("grade_id"))),
    form("tests-unmarked", each_test(lambda cell: cell["metadata"].clear())),
    form(
        "tests-as-markdown",
        each_test(
            lambda cell: (
                cell.update(cell_type="markdown"),
                cell.pop("outputs", 0),
                cell.pop("execution_count", 0),
            )
        ),
    ),
    form(
        "tests-as-raw",
        each_test(
            lambda cell: (
                cell.update(cell_type="raw"),
                cell.pop("outputs", 0),
                cell.pop("execution_count", 0),
            )
        ),
    ),
    form("tests-of-unknown-type", each_test(lambda cell: cell.update(cell_type="heading"))),
    form("tests-by-magic", each_test(skipped_by_magic)),
    form("order-reversed", lambda notebook: notebook["cells"].reverse()),
    form("points-raised", marks(points=100)),
    form("points-negative", marks(points=-5)),
    form("points-words", marks(points="many")),
    form(
        "points-without-end",
        as_text(lambda text: text.replace('"points": 3', '"points": Infinity')),
    ),
    form("not-graded", marks(grade=False)),
    form("tests-as-manual-answers", marks(solution=True)),
    form(
        "tests-unlocked",
        each_test(
            lambda cell: (
                cell["metadata"]["nbgrader"].update(locked=False),
                cell.update(source="3"),
            )
        ),
    ),
    form("tests-as-tasks", marks(task=True)),
    form("tests-with-flags-of-no-kind", marks(grade="yes", solution=[], locked={})),
    form("tag-skip-execution", tags("skip-execution")),
    form("tag-raises-exception", tags("raises-exception")),
    form("tag-remove-cell", tags("remove_cell", "remove-cell")),
    form(
        "tags-of-no-kind",
        each_test(lambda cell: cell["metadata"].update(tags={"skip-execution": True})),
    ),
    form("outputs-forged", each_test(forged_outputs)),
    form("outputs-of-no-kind", each_test(lambda cell: cell.update(outputs={"text": "3"}))),
    form("checksum-forged", marks(checksum="0" * 32)),
    form(
        "another-kernel",
        lambda notebook: notebook["metadata"].update(
            kernelspec={"name": "bash", "display_name": "x", "language": "bash"}
        ),
    ),
    form(
        "no-such-kernel",
        lambda notebook: notebook["metadata"].update(
            kernelspec={"name": "../../evil", "display_name": "x"}
        ),
    ),
    form("format-99", whole(nbformat=99)),
    form("format-0", whole(nbformat=0)),
    form("format-text", whole(nbformat="four")),
    form("format-minor-absurd", whole(nbformat_minor=10**6)),
    form("format-missing", lambda notebook: notebook.pop("nbformat")),
    form("schema-of-the-future", marks(schema_version=99)),
    form("schema-of-the-past", marks(schema_version=1)),
    form("schema-text", marks(schema_version="three")),
    form("cells-missing", lambda notebook: notebook.pop("cells")),
    form("cells-null", whole(cells=None)),
    form("cells-of-no-kind", lambda notebook: notebook["cells"].extend([1, None, "cell", []])),
    form("metadata-null", whole(metadata=None)),
    form("cell-metadata-null", first_cell(metadata=None)),
    form("source-number", first_cell(source=5)),
    form("source-nested", first_cell(source=[["a"], {"b": 1}])),
    form("id-of-no-kind", first_cell(id={"a": 1})),
    form("grade-id-of-no-kind", marks(grade_id={"a": [1]})),
    form("grade-id-climbing", marks(grade_id="../../../etc/passwd")),
    form("foreign-ids", foreign),
    form("empty-file", all_bytes(b"")),
    form("no-json", all_bytes(b"\x00\xff\xfe\x80 not json")),
    form("a-list", all_bytes(b"[]")),
    form("truncated", as_text(lambda text: text[: len(text) // 2])),
    form("deeply-nested", all_bytes(b'{"cells": ' + b"[" * 200_000 + b"]" * 200_000 + b"}")),
    form(
        "deep-metadata",
        as_text(
            lambda text: text.replace(
                '"metadata": {}', '"metadata": {"a": ' + "[" * 900 + "]" * 900 + "}", 1
            )
        ),
    ),
    form(
        "very-large", as_text(lambda text: text[:-1] + ', "padding": "' + "x" * 40_000_000 + '"}')
    ),
    form("long-number", as_text(lambda text: text[:-1] + ', "number": ' + "9" * 6000 + "}")),
    form("lone-surrogates", first_cell(source="text = '\ud800'")),
    form("null-bytes", first_cell(source="text = '\0'")),
    form("twenty-thousand-cells", many_cells),
    form(
        "two-of-every-key", as_text(lambda text: text.replace('"cells"', '"cells": [], "cells"', 1))
    ),
    form(
        "attachment-with-script",
        lambda notebook: notebook["cells"][0].update(
            attachments={"a.svg": {"image/svg+xml": "<svg onload=alert(1)>"}}
        ),
    ),
    Case(
        "answer-twice",
        "form of the notebook",
        {"double": RIGHT["double"]},
        edit=lambda notebook: notebook["cells"].append(
            {**cell_of(notebook, "double"), "id": "again", "source": "def double(value): return 0"}
        ),
    ),
]
