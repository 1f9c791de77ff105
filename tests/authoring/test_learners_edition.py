"""The learner's edition: what learners need is in it, and nothing that tells an answer."""

import hashlib
import json
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[2]


def write(folder: Path, *more: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "insidedocker", "learners-edition", str(folder), *more],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def edition(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("edition") / "course"
    done = write(folder)
    assert done.returncode == 0, done.stderr
    return folder


def every_text(folder: Path) -> dict[str, str]:
    """What can be read in each file; a notebook's cells and its outputs as people see them."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            text = path.read_bytes().decode(errors="replace")
            if path.suffix == ".ipynb":
                text += "\n".join("".join(c["source"]) for c in json.loads(text)["cells"])
            found[path.relative_to(folder).as_posix()] = text
    return found


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def answers() -> list[tuple[str, str]]:
    """Solutions, hidden tests, model answers, keys and evidence, each with its place."""
    found = []
    region = re.compile(
        r"### BEGIN (SOLUTION|HIDDEN TESTS)\n(.*?)\s*### END \1", re.DOTALL | re.MULTILINE
    )
    for path in sorted((ROOT / "source").glob("*/*.ipynb")):
        for cell in nbformat.read(path, as_version=4).cells:
            marks = cell.metadata.get("nbgrader", {})
            parts = [match[2] for match in region.finditer(cell.source)]
            if marks.get("solution") and not parts:
                parts = [cell.source]
            found += [(f"{path.stem} {marks.get('grade_id')}", part) for part in parts]
    for path in sorted((ROOT / "notebooks").glob("*/evidence/*/*.py")):
        body = re.sub(r"^#.*\n", "", path.read_text(), flags=re.MULTILINE)
        if len(squeezed(body)) > 60:  # shorter ones are one expression, as many a shown line is
            found.append((str(path.relative_to(ROOT)), body))
    return found


def test_no_answer_of_any_lesson_is_in_it(edition: Path) -> None:
    texts = {name: squeezed(text) for name, text in every_text(edition).items()}
    hidden = answers()
    assert len(hidden) > 500
    told = [
        f"{place} in {name}"
        for place, secret in hidden
        for name, text in texts.items()
        if squeezed(secret) in text
    ]
    assert told == []


def test_no_page_decides_a_question(edition: Path) -> None:
    """Names of wrong options, and a quiz answer in code, tell which letter is right."""
    texts = every_text(edition)
    assert [n for n, text in texts.items() if re.search(r"/(wrong|right)-[\w-]+`", text)] == []
    key = re.compile(r"^\w+\.answer\(\"(?!…)", re.MULTILINE)
    assert [name for name, text in texts.items() if key.search(text)] == []


def test_it_holds_what_is_listed_and_no_folder_of_answers(edition: Path) -> None:
    assert sorted(path.name for path in edition.iterdir()) == [
        *("LICENSE", "LICENSE-lessons", "Makefile", "README.md", "bootstrap.py", "docs"),
        *("edition.json", "insidedocker", "insidedocker_engine", "locks", "pyproject.toml"),
        "release",
    ]
    packages = sorted(path.name for path in (edition / "insidedocker").iterdir() if path.is_dir())
    assert packages == ["catalog", "lab", "launch"]
    released = {p.relative_to(ROOT) for p in (ROOT / "release").rglob("*") if p.is_file()}
    assert {p.relative_to(edition) for p in (edition / "release").rglob("*") if p.is_file()} == {
        path for path in released if ".ipynb_checkpoints" not in path.parts
    }


def test_its_links_lead_somewhere(edition: Path) -> None:
    broken = [
        f"{path.name}: {link}"
        for path in edition.rglob("*.md")
        for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", path.read_text())
        if not (path.parent / link).exists()
    ]
    assert broken == []


def test_its_command_works_without_the_packages_that_stay_at_home(
    edition: Path, tmp_path: Path
) -> None:
    # With the libraries that are installed here, in an environment that is not this checkout's.
    place = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(place)], check=True)
    (packages,) = place.glob("lib/python3*/site-packages")
    (packages / "ours.pth").write_text(f"{sysconfig.get_path('purelib')}\n")

    def run(*words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [place / "bin/python", "-m", "insidedocker", *words],
            cwd=edition,
            env={
                "PATH": "/usr/bin:/bin",
                "PYTHONPATH": str(edition),
                "PYTHONDONTWRITEBYTECODE": "1",
                "HOME": str(edition.parent),
                "XDG_RUNTIME_DIR": str(tmp_path),
            },
            capture_output=True,
            text=True,
            check=False,
        )

    offered = re.findall(r"^  ([a-z]\S*)", run("--help").stdout, re.MULTILINE)
    assert {"lab", "doctor", "catalog", "engine"} <= set(offered)
    assert not {"grade", "sync", "items"} & set(offered)
    started = run("session", "python3", "-c", "print('served')")
    assert started.returncode == 0, started.stderr
    assert "13-quiz" in started.stdout
    assert (edition / "work/00-start-here/00-start-here.ipynb").is_file()
    shutil.rmtree(edition / "work")


def test_an_answer_that_is_shown_by_mistake_stops_it(tmp_path: Path) -> None:
    course = tmp_path / "course"
    for name in (
        *("insidedocker", "insidedocker_engine", "locks"),
        *("release", "source", "docs", "notebooks"),
    ):
        shutil.copytree(ROOT / name, course / name)
    for path in ROOT.iterdir():
        if path.is_file():
            shutil.copyfile(path, course / path.name)
    quiz = course / "release/13-quiz/13-quiz.ipynb"
    quiz.write_bytes((ROOT / "source/13-quiz/13-quiz.ipynb").read_bytes())
    done = write(tmp_path / "edition", "--course", str(course))
    assert done.returncode == 1
    assert "release/13-quiz/13-quiz.ipynb holds the solution of 13-quiz, daemon_role" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "edition").exists()


def test_an_earlier_edition_is_brought_up_to_date_and_nothing_else_lost(tmp_path: Path) -> None:
    folder = tmp_path / "edition"
    assert write(folder).returncode == 0
    (folder / "notes.txt").write_text("the instructor's own")
    (folder / "README.md").write_text("Our class: mail me.")
    (folder / "docs/glossary.md").unlink()
    mark = json.loads((folder / "edition.json").read_text())
    for name in ("gone.md", "kept.md"):  # of an earlier version, which had more
        (folder / name).write_text("of an earlier version")
    mark["files"]["kept.md"] = hashlib.sha256(b"what it held when it was written").hexdigest()
    mark["files"]["gone.md"] = hashlib.sha256(b"of an earlier version").hexdigest()
    (folder / "edition.json").write_text(json.dumps(mark))
    done = write(folder)
    assert done.returncode == 0, done.stderr
    assert (folder / "notes.txt").read_text() == "the instructor's own"
    assert (folder / "README.md").read_text() == "Our class: mail me."
    assert f"{folder / 'README.md'} was changed by somebody and left as it is" in done.stderr
    assert (folder / "docs/glossary.md").is_file()
    assert not (folder / "gone.md").exists()
    assert (folder / "kept.md").exists()


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    done = write(tmp_path)
    assert done.returncode == 1
    assert done.stderr == f"{tmp_path} holds something else: name a new folder, or an empty one.\n"
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.slow
def test_a_kit_of_it_holds_the_same_course(edition: Path, tmp_path: Path) -> None:
    """The course in the kit; packages and images are the kit's own tests' business."""
    from insidedocker.course import Course
    from insidedocker.launch import kit

    kit._pack(Course(edition).root, tmp_path / "course.tar")
    with tarfile.open(tmp_path / "course.tar") as packed:
        names = set(packed.getnames())
    here = {p.relative_to(edition).as_posix() for p in edition.rglob("*") if p.is_file()}
    here = {name for name in here if "__pycache__" not in name}
    assert names == here
