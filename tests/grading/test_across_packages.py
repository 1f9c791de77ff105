"""What reaches from grading into other packages by name or by place, and would go on without a word
when those move."""

import importlib
import pkgutil
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from traitlets.utils.importstring import import_item

import insidedocker
from insidedocker.grading import sandbox
from insidedocker.grading.pod import learner_proxy
from insidedocker.grading.runner import Cell, run
from insidedocker.grading.sandbox import PROCESSES, Sandbox

TOP = Path(insidedocker.__file__).parents[1]
PACKAGES = ("insidedocker", "insidedocker_engine")
KNOWN = {
    "insidedocker.errors.UsageError",
    "insidedocker.errors.UserError",
    "insidedocker.lab.errors.EngineUnreachable",
    "insidedocker.lab.errors.NoPage",
    "insidedocker.lab.errors.StreamFailed",
}
"""What a learner's function may raise for a check to know it by class: nothing that a check itself
raises, and nothing that means that the course has failed."""
IN_CONFIGURATIONS = (
    "insidedocker.authoring.made_from_filter.DropMadeFrom",
    "insidedocker.grading.plug.GradingExporter",
    "insidedocker.teaching.exports.Canvas",
    "insidedocker.teaching.exports.Csv",
    "insidedocker.teaching.exports.Moodle",
    "insidedocker.teaching.late.LatePolicy",
)
"""Names that instructors have written into their nbgrader_config.py, or on a command line."""

DIGEST = "from insidedocker.grading import cache; print(cache._machine())"


def digest(place: Path) -> str:
    code = f"import sys; sys.path.insert(0, {str(place)!r}); {DIGEST}"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=place, capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("packages")
    for name in PACKAGES:
        shutil.copytree(TOP / name, place / name, ignore=shutil.ignore_patterns("__pycache__"))
    return place


@pytest.mark.parametrize(
    "name",
    [
        "insidedocker/grading/pod/checker_main.py",
        "insidedocker/lab/checks/check.py",
        "insidedocker_engine/api/images.py",
        "insidedocker_engine/runtime/tinyinit-x86_64.S",
    ],
)
def test_a_kept_verdict_is_for_this_engine_and_these_checks_alone(copy: Path, name: str) -> None:
    before = digest(copy)
    path = copy / name
    text = path.read_bytes()
    path.write_bytes(text + b"\n# Another one.\n")
    assert digest(copy) != before
    path.write_bytes(text)
    assert digest(copy) == before


def test_all_of_our_packages_are_there_in_a_pod() -> None:
    shown = sandbox.Sandbox._shown(sandbox.Sandbox.__new__(sandbox.Sandbox))
    for name in PACKAGES:
        assert any((TOP / name).is_relative_to(each) for each in shown), name


def test_no_exception_of_a_check_comes_from_a_learner() -> None:
    found = set()
    for package in PACKAGES:
        top = importlib.import_module(package)
        for each in pkgutil.walk_packages(top.__path__, f"{package}."):
            if each.name.endswith("__main__"):
                continue
            module = importlib.import_module(each.name)
            found |= {
                f"{each.name}.{name}"
                for name, kind in vars(module).items()
                if isinstance(kind, type) and issubclass(kind, BaseException)
                if kind.__module__ == each.name and learner_proxy._known([each.name, name])
            }
    assert found == KNOWN


@pytest.mark.parametrize("name", IN_CONFIGURATIONS)
def test_names_in_instructors_configurations_go_on_working(name: str) -> None:
    found = import_item(name)
    assert isinstance(found, type)
    assert found is import_item(f"insidedocker.nbgrader.{name.rpartition('.')[2]}")


def test_lessons_that_learners_have_begun_go_on_working() -> None:
    code = (
        "from insidedocker.lab import check, registries, staging\n"
        "from insidedocker.lab.small_registry import User, small_registry\n"
        "from insidedocker.lab.checks import fixtures\n"
        "assert staging is fixtures and staging.__spec__.name.endswith('fixtures')\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_answer_may_use_a_name_of_the_older_set_up() -> None:
    cells = [
        Cell("locked", "from insidedocker.lab.checks import fixtures"),
        Cell("answer", "def f():\n    return staging.new_name()", stub="def f():\n    pass"),
        Cell("tests", "assert f().startswith('check-')\nprint('fine')", points=1),
    ]
    ran = run(cells, Sandbox(PROCESSES))
    assert [each for each in ran.points if each is not None] == [1], ran
