"""What does not start costs that submission alone; what does not start even when it is empty is the
machine's fault, and nobody's points."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from insidedocker.grading import sandbox
from insidedocker.grading.runner import Cell, Ran, run
from insidedocker.grading.sandbox import Limits, Sandbox, SandboxUnavailable

pytestmark = pytest.mark.usefixtures("walls")

RIGHT = [
    Cell("answer", "def f(x):\n    return x * 2", stub="def f(x):\n    pass"),
    Cell("tests", "assert f(3) == 6", points=1),
]
USES_ALL = [  # the lab, and an IPython
    Cell("locked", "from insidedocker import lab"),
    Cell("own", "# insidedocker\nimport insidedocker.lab\n%time pass"),
    *RIGHT,
]
LOOKED_FOR = """\
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if "." not in name: print(name)
sys.meta_path.append(Missing())
import insidedocker.lab
from insidedocker.grading.pod import cells
cells.runner(["%time pass"]).run("%time pass")
"""


def looked_for() -> set[str]:
    """Modules that ours, and what they use, would take if they were there."""
    said = subprocess.run(
        [sys.executable, "-I", "-c", LOOKED_FOR], capture_output=True, text=True, check=True
    )
    found = {each for each in said.stdout.split() if each.isidentifier()}
    assert "simplejson" in found
    return found | {"sitecustomize", "usercustomize", "chardet", "brotli", "zstandard", "orjson"}


def not_started(ran: Ran) -> str:
    """Why it was not checked."""
    (why,) = ran.notes
    assert why.startswith("the submission did not start, while an empty notebook does (")
    assert not ran.complete
    for outputs in ran.outputs:
        assert [each["ename"] for each in outputs] == ["NotChecked"]
        assert outputs[0]["evalue"] == why
    return why


def test_no_file_of_a_learner_runs_before_a_cell_does(tmp_path: Path) -> None:
    for name in looked_for():
        (tmp_path / f"{name}.py").write_text("import os\nos._exit(0)")
    ran = run(USES_ALL, Sandbox(), tmp_path)
    assert ran.complete, ran.notes
    assert ran.outputs[-1] == []


def test_files_that_do_not_fit_cost_that_submission_alone(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(bytes(3 << 20))
    why = not_started(run(RIGHT, Sandbox(limits=Limits(disk=1)), tmp_path))
    assert "its files cannot be put in place" in why
    assert "No space left on device" in why
    assert run(RIGHT, Sandbox(limits=Limits(disk=1))).complete


def test_a_notebook_that_is_too_much_to_read_costs_that_submission_alone() -> None:
    small = Sandbox(limits=Limits(memory=64, cpu_seconds=2))
    huge = Cell("own", "x = '" + "ä" * (12 << 20) + "'")
    ran = run([huge, *RIGHT], small)
    assert ran.notes
    assert [each["output_type"] for each in ran.outputs[-1]] == ["error"]
    assert run(RIGHT, small).complete


@pytest.mark.parametrize("text", ["\0", "\ud800", "(" * 100_000])
def test_odd_sources_do_not_keep_a_notebook_from_being_checked(text: str) -> None:
    ran = run([Cell("own", f"# {text}\n{text[:400_000]}"), *RIGHT], Sandbox())
    assert ran.outputs[-1] == []


def test_odd_names_and_modes_are_taken_along(tmp_path: Path) -> None:
    for name in ("-rf", "a b", "\u202e", "\n", "é" * 100, "*", "con.ipynb/x"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
        (tmp_path / name).chmod(0o400)
    assert run(RIGHT, Sandbox(), tmp_path).complete


def test_where_not_even_an_empty_notebook_starts_it_is_the_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sandbox, "_python", lambda: "/bin/false")
    with pytest.raises(SandboxUnavailable) as refused:
        run(RIGHT, Sandbox())
    assert str(refused.value).startswith("The sandbox does not start, not even for an empty")


def test_a_bad_moment_of_the_machine_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    whole, tries = sandbox._python, []

    def once_broken() -> str:
        tries.append(1)
        return "/bin/false" if len(tries) == 1 else whole()

    monkeypatch.setattr(sandbox, "_python", once_broken)
    assert run(RIGHT, Sandbox()).complete
