"""Checks tell observed, expected and what to try next, in plain Python and in a kernel."""

import contextlib
import socket
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import docker
import nbformat
import pytest
from nbclient import NotebookClient
from nbgrader.utils import determine_grade

from insidedocker.lab.checks import check
from insidedocker.lab.engines.stub_engine import Answer
from tests.support import patience


def told(function: Callable[..., Any], *args: Any, **options: Any) -> str:
    """The message of a check that must fail."""
    with pytest.raises(check.CheckFailed) as failure:
        function(*args, **options)
    return str(failure.value)


def test_a_difference_is_told_in_three_lines() -> None:
    assert told(check.equal, [1], [2], what="the list", try_next="look again.").splitlines() == [
        "Not yet: the list",
        "  Observed: [1]",
        "  Expected: [2]",
        "  Try next: look again.",
    ]


def test_what_is_equal_passes() -> None:
    check.equal((1, 2), [1, 2], what="a tuple for a list")
    check.that(True, what="this")


def test_the_first_hint_that_holds_says_what_to_try() -> None:
    hints = [
        (lambda seen: seen["missing"], "never, it cannot be tried"),
        (lambda seen: seen == 3, "three is too many"),
        (lambda seen: True, "too late"),
    ]
    assert "Try next: three is too many" in told(check.equal, 3, 2, what="n", hints=hints)


def test_an_untouched_function_is_told_what_is_missing() -> None:
    message = told(check.call, lambda url: None, "unix:///s")
    assert "ends without returning a value" in message
    assert "return" in message


@pytest.mark.parametrize("stubborn", [False, True])
def test_a_call_without_end_is_stopped_and_told(
    monkeypatch: pytest.MonkeyPatch, stubborn: bool
) -> None:
    monkeypatch.setattr(check, "CALL_SECONDS", 0.2)

    def endless() -> None:
        reading, _writing = socket.socketpair()
        if stubborn:
            with contextlib.suppress(BaseException):
                reading.recv(1)
        reading.recv(1)

    message = told(check.call, endless, none_counts=True)
    assert "endless had not come to its end after 0.2 seconds" in message
    assert "Try next: ask without stream" in told(
        check.call, endless, remedies={TimeoutError: "ask without stream"}
    )
    assert "had not come to its end" in told(check.raises, endless, what="endless()")


def test_a_call_in_a_thread_has_no_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "CALL_SECONDS", 0.001)
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(check.call, lambda: sum(range(100_000))).result() == 4999950000


def test_an_error_in_the_function_is_told_with_its_kind() -> None:
    def broken(parts: dict[str, int]) -> int:
        return parts["nothing"]

    message = told(check.call, broken, {"a": 1})
    assert "broken raised KeyError" in message
    assert "Traceback" not in message


def test_a_line_is_one_of_the_functions_own_cell() -> None:
    names: dict[str, Any] = {}
    exec(compile("def deploy():\n\n\n\n    raise ValueError", "<cell 1>", "exec"), names)
    exec(compile("def update():\n    deploy()", "<cell 2>", "exec"), names)
    assert "update raised ValueError in line 2 of its cell" in told(check.call, names["update"])


def test_what_is_not_a_function_is_told() -> None:
    assert "Expected: a function" in told(check.call, 5)


def test_arguments_are_copies_and_results_plain() -> None:
    given = [1, 2]

    def spoil(numbers: list[int]) -> tuple[int, ...]:
        numbers.clear()
        return (3,)

    assert check.call(spoil, given) == (3,)
    assert given == [1, 2]


def test_an_answer_of_requests_is_no_plain_data() -> None:
    assert "plain data" in told(check.call, object)


def test_warnings_go_to_stdout(capfd: pytest.CaptureFixture[str]) -> None:
    def noisy() -> int:
        import subprocess

        warnings.warn("old", stacklevel=1)
        subprocess.run(["sh", "-c", "echo from a process >&2"], check=True)
        return 1

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        showing = warnings.showwarning
        warnings.showwarning = lambda message, *_: print(message, file=__import__("sys").stderr)
        try:
            assert check.call(noisy) == 1
        finally:
            warnings.showwarning = showing
    written = capfd.readouterr()
    assert written.err == ""
    assert "from a process" in written.out and "old" in written.out


def test_a_quiz_answer() -> None:
    check.answer("b", ["b"])
    check.answer("  Docker   IMAGES ", ["docker images"])
    check.answer(["a", "c"], [["a", "c"]])
    check.answer(False, [False])
    assert "no saved answer" in told(check.answer, None, ["b"])
    wrong = told(check.answer, "a", ["b"], remedies={"a": "think of layers."})
    assert "think of layers." in wrong
    assert "'b'" not in wrong, "the key must not be told"
    assert "Expected" not in wrong
    assert "all others" in told(check.answer, True, [False], otherwise="for all others")


def test_parts_of_an_answer_are_told_apart() -> None:
    order = {("start", "create"): "what is to be started must exist."}
    message = told(
        check.answer, ["start", "create"], [["create", "start"]], remedies=order, otherwise="no."
    )
    assert "must exist" in message and "Expected" not in message
    match = {("1", "b"): "that lists images."}
    assert "lists images" in told(check.answer, {"1": "b"}, [{"1": "a"}], remedies=match)
    some = {"a": "not a.", ("b", "c"): "not both."}
    assert "not a." in told(check.answer, ["a", "b"], [["b"]], remedies=some)
    assert "not both." in told(check.answer, ["b", "c"], [["b"]], remedies=some)


@pytest.mark.parametrize("half", [["a", ""], ["a", "a"], {"1": "a", "2": ""}])
def test_half_an_answer_is_told_in_the_visible_part_already(half: Any) -> None:
    assert "not whole yet" in told(check.answer, half)
    assert "not whole yet" in told(check.answer, half, [half]), "nor does it ever count"


def test_answers_of_a_script_are_given_and_remembered() -> None:
    from insidedocker import lab

    answers: dict[str, Answer] = {
        "GET /_ping": (503, {"Api-Version": "1.30"}, b"busy"),
        "GET /x": (200, {}, [1]),
    }
    with check.scripted_engine(answers) as engine:
        session = lab.connect(engine.url)
        assert session.get("/_ping").text == "busy"
        assert session.head("/v1.41/_ping").headers["api-version"] == "1.30"
        assert session.get("/x?a=1").json() == [1]
        assert session.post("/nothing", json={"a": 1}).status_code == 404
        assert engine.requests == ["GET /_ping", "HEAD /_ping", "GET /x", "POST /nothing"]


def test_every_client_can_greet_a_scripted_engine() -> None:
    from insidedocker import lab

    with check.scripted_engine({"GET /networks": (200, {}, [{"Id": "a"}])}) as engine:
        with contextlib.closing(docker.DockerClient(base_url=engine.url)) as client:
            assert client.ping()
            assert [each.id for each in client.networks.list()] == ["a"]
        with docker.APIClient(base_url=engine.url, version="auto") as low:
            assert low.networks() == [{"Id": "a"}]
            assert low.info()["ServerVersion"] == low.version()["Version"]
        with lab.connect(engine.url) as session:
            assert session.head("/_ping").headers["Api-Version"] == "1.41"
            assert session.head("/networks").status_code == 200


def test_a_notebook_shows_the_message_and_scores_by_it(in_kernel: Callable[..., Any]) -> None:
    """As nbgrader runs and scores a tests cell."""
    failing, noisy = in_kernel(
        "from insidedocker.lab import check\ncheck.equal(1, 2, what='one', try_next='add one.')",
        "import sys\n"
        "def learner():\n    print('careful', file=sys.stderr)\n    return 1\n"
        "check.equal(check.call(learner), 1, what='one')\ncheck.passed('Task 1')",
    )
    (error,) = failing.outputs
    assert "\n".join(error.traceback) == str(error.evalue)
    assert "Try next: add one." in error.evalue
    assert determine_grade(failing)[0] == 0
    assert determine_grade(noisy)[0] == 2


@pytest.fixture
def in_kernel() -> Callable[..., Any]:
    """Runs tests cells of 2 points in a kernel and returns them with their outputs."""

    def run(*sources: str) -> list[Any]:
        ng = {"grade": True, "solution": False, "locked": True, "points": 2, "schema_version": 3}
        cells = [
            nbformat.v4.new_code_cell(each, metadata={"nbgrader": {**ng, "grade_id": str(index)}})
            for index, each in enumerate(sources)
        ]
        notebook = nbformat.v4.new_notebook(cells=cells)
        NotebookClient(notebook, timeout=patience.EVENT, allow_errors=True).execute()
        return list(notebook.cells)

    return run
