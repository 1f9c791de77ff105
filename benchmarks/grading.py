"""What becomes of hostile, unlucky and honest submissions here and on plain nbgrader, and how long
a class takes.

`python -m benchmarks.grading` prints a figure of each kind. `hostile` and `plain` grade all cases,
or those named, here and on plain nbgrader; `evidence` grades all evidence of all lessons, or of
those named; `throughput 100`, `large 1000` and `kills 50` say how many. On plain
nbgrader every case runs by itself, in what stands for a machine of its own (bubblewrap, with its
own processes, network and /tmp): many of them would end whatever runs beside them.
"""

from __future__ import annotations

import collections
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from insidedocker.grading import processors
from tests.exercises.evidence import Lesson, lessons
from tests.grading import graded_evidence
from tests.grading.hostile import killing
from tests.grading.hostile.case import ASSIGNMENT, RIGHT, Case, Scene, cell_of
from tests.grading.hostile.cases import CONTROLS
from tests.grading.hostile.cases import HOSTILE as ATTACKS
from tests.grading.hostile.judge import Outcome, grade, nbgrader, points_of, scene

NOT_ON_PLAIN = ("fork-bomb", "processes-without-end", "threads-without-end")
"""They would take this machine with them; they count as bad, unseen."""
CASE_SECONDS = 120.0
SAMPLE = 8
"""Of how many cases one is tried on plain nbgrader, where nothing else is said."""


def main() -> None:
    what, *words = sys.argv[1:] or ["all"]
    number = next((int(word) for word in words if word.isdigit()), 0)
    if what == "one":
        _print_one(words[0], Path(words[1]))
        return
    chosen = _chosen([word for word in words if not word.isdigit()])
    if what in ("all", "hostile"):
        _report("ours", _ours(chosen))
    if what in ("all", "plain"):
        some = chosen if what == "plain" else chosen[::SAMPLE]
        _report(f"plain nbgrader, {len(some)} of {len(chosen)}", _plain(some))
    if what in ("all", "evidence"):
        names = [each for each in lessons() if not words or each in words]
        _evidence(names if what == "evidence" else names[:1])
    if what in ("all", "throughput"):
        _throughput(number or 40)
    if what in ("all", "large"):
        _large(number or 100)
    if what in ("all", "kills"):
        _kills(number or 10)


def _chosen(names: list[str]) -> list[Case]:
    every = [*ATTACKS, *CONTROLS]
    return [case for case in every if not names or case.name in names or case.of in names]


def _report(who: str, outcomes: Iterable[Outcome]) -> None:
    bad: dict[str, list[Outcome]] = collections.defaultdict(list)
    count: collections.Counter[str] = collections.Counter()
    for each in outcomes:
        count[each.case.of] += 1
        if each.bad:
            bad[each.case.of].append(each)
    print(f"\n{who}")
    for kind, many in count.items():
        print(f"  {kind:<24}{len(bad[kind]):>4} bad of {many}")
        for each in bad[kind]:
            print(f"      {each.case.name}: {'; '.join(each.bad)[:120]}")
    hostile = sum(many for kind, many in count.items() if kind not in ("honest", "wrong"))
    attacks = sum(len(many) for kind, many in bad.items() if kind not in ("honest", "wrong"))
    print(f"  hostile and unlucky: {attacks} bad outcomes of {hostile}")
    print(f"  honest: {len(bad['honest'])} of {count['honest']} wronged", flush=True)


def _ours(chosen: list[Case]) -> list[Outcome]:
    with tempfile.TemporaryDirectory() as folder:
        return grade(chosen, Path(folder), "ours", 3600)


def _plain(chosen: list[Case]) -> list[Outcome]:
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        like = Path(folder)
        with scene(like, "plain") as (made, _):
            nbgrader(made, "autograde", ASSIGNMENT, "--student=victim")
        with ThreadPoolExecutor(processors.allowed()) as pool:
            return list(pool.map(lambda case: _plain_one(case, like), chosen))


def _plain_one(case: Case, like: Path) -> Outcome:
    """One case on plain nbgrader, in a bubblewrap that stands for a whole machine."""
    if case.name in NOT_ON_PLAIN:
        return Outcome(case, None, ["not tried: it would take the machine with it"])
    with tempfile.TemporaryDirectory() as folder:
        machine = [
            *(
                "bwrap",
                "--unshare-all",
                "--die-with-parent",
                "--new-session",
                "--ro-bind",
                "/",
                "/",
            ),
            *("--dev", "/dev", "--proc", "/proc", "--tmpfs", "/dev/shm", "--tmpfs", "/var/tmp"),
            *("--ro-bind", str(like), "/var/tmp/like"),
            *("--size", str(512 << 20), "--tmpfs", "/tmp", "--bind", folder, "/tmp/here", "--"),
            *("prlimit", f"--as={3 << 30}", "--nproc=400", f"--fsize={64 << 20}", "--"),
        ]
        command = [sys.executable, "-m", "benchmarks.grading", "one", case.name, "/tmp/here"]
        try:
            done = subprocess.run(
                [*machine, *command],
                cwd=Path(__file__).parents[1],
                capture_output=True,
                text=True,
                timeout=CASE_SECONDS + 60,
                check=False,
            )
            told = json.loads(done.stdout.strip().splitlines()[-1])
        except (subprocess.TimeoutExpired, ValueError, IndexError):
            return Outcome(case, None, ["the grader itself was stopped"])
        return Outcome(case, told["points"], told["bad"])


def _print_one(name: str, folder: Path) -> None:
    """Grade one case on plain nbgrader here, and print what came of it as JSON."""
    (case,) = _chosen([name])
    one, whole = grade([case], folder, "plain", CASE_SECONDS, Path("/var/tmp/like"))
    print(json.dumps({"points": one.points, "bad": [*one.bad, *whole.bad]}))


def _throughput(size: int) -> None:
    """A light notebook of twelve cells, many times, with our grading and nbgrader's own."""
    print(f"\n{size} submissions of a light notebook, {os.cpu_count()} processors")
    seconds = {who: _class_takes(who, size) for who in ("plain", "ours")}
    for who, each in seconds.items():
        print(f"  {who:<8}{each:7.1f} s, {each / size:.3f} s each")
    print(f"  ratio: {seconds['plain'] / seconds['ours']:.1f}", flush=True)


def _class_takes(who: str, size: int) -> float:
    with tempfile.TemporaryDirectory() as folder, scene(Path(folder), who) as (made, _):
        _hand_in(made, size)
        started = time.monotonic()
        if who == "plain":
            done = nbgrader(made, "autograde", ASSIGNMENT)
        else:
            done = subprocess.run(
                [sys.executable, "-m", "insidedocker", "grade", ASSIGNMENT],
                cwd=made.course,
                capture_output=True,
                text=True,
                check=False,
            )
        took = time.monotonic() - started
        most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
        print(f"  {who}: largest process so far {most} MiB")
        wrong = _wrong(made, size)
        if done.returncode or wrong:
            print(f"  {who}: {wrong} have wrong points; {done.stdout[-300:]}")
        return took


def _hand_in(made: Scene, size: int) -> None:
    for number in range(size):
        # Each a little different: equal ones would be run once.
        work = {**RIGHT, "double": f"# {number}\n{RIGHT['double']}"}
        Case(f"learner{number:04}", "class", work, edit=_twelve_cells).write(made)


def _wrong(made: Scene, size: int) -> int:
    return sum(points_of(made, f"learner{number:04}") != 6.0 for number in range(size))


def _large(size: int) -> None:
    """Whether time and memory grow with a large class as they should, and what the head of it
    all, the one process that does not end, comes to."""
    print(f"\n{size} submissions of a light notebook, {os.cpu_count()} processors")
    with tempfile.TemporaryDirectory() as folder, scene(Path(folder), "ours") as (made, _):
        _hand_in(made, size)
        began = time.monotonic()
        with subprocess.Popen(
            killing.GRADE, cwd=made.course, stdout=subprocess.PIPE, text=True
        ) as head:
            for line in head.stdout or ():
                found = re.match(r"\[ *(\d+)/", line)
                done = int(found[1]) if found else 0
                if done and done % max(1, size // 8) == 0:
                    took, memory = time.monotonic() - began, _most_memory(head.pid)
                    print(f"  {done:5}: {took:7.1f} s, {took / done:.3f} s each, {memory} MiB")
        print(f"  wrong points: {_wrong(made, size)} of {size}", flush=True)


def _most_memory(process: int) -> int:
    """The most memory that a process has ever used, in MiB."""
    found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{process}/status").read_text())
    return int(found[1]) // 1024 if found else 0


def _evidence(names: list[str]) -> None:
    """All solutions of these lessons, right and wrong, and the untouched lessons."""
    print("\nevidence of the lessons")
    for name in names:
        lesson = Lesson(name)
        handed_in = graded_evidence.submissions(lesson)
        solutions = sum(len(each.judged) for each in handed_in)
        with tempfile.TemporaryDirectory() as folder:
            wrongly = list(graded_evidence.problems(lesson, handed_in, Path(folder)))
        print(f"  {name:<24}{len(wrongly):>3} marked wrongly of {solutions}", flush=True)
        for each in wrongly:
            print(f"      {each[:300]}")


def _kills(times: int) -> None:
    """Grading a class of six, killed so many times, then done once."""
    with tempfile.TemporaryDirectory() as folder, scene(Path(folder), "ours") as (made, _):
        killing.hand_in(made)
        started = time.monotonic()
        subprocess.run(killing.GRADE, cwd=made.course, capture_output=True, check=True)
        killing.kill(made, times, time.monotonic() - started)
        subprocess.run(killing.GRADE, cwd=made.course, capture_output=True, check=True)
        found = killing.points(made)
    wrong = [name for name, points in killing.LEARNERS.items() if found[name] != points]
    print(f"\nkilled {times} times, then once more: {len(wrong)} of {len(found)} wrong", flush=True)


def _twelve_cells(notebook: dict[str, object]) -> None:
    cell_of(notebook, "words")["source"] = "In my own words."
    cells = notebook["cells"]
    assert isinstance(cells, list)
    for number in range(12 - sum(each["cell_type"] == "code" for each in cells)):
        cell = {"cell_type": "code", "metadata": {}, "source": f"x{number} = {number}"}
        cells.append({**cell, "outputs": [], "execution_count": None, "id": f"more{number}"})


if __name__ == "__main__":
    main()
