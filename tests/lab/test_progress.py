"""Progress: what an engine tells of a pull, push, load or build, in a notebook and outside."""

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import nbformat
import pytest
import requests
from nbclient import NotebookClient

from insidedocker import catalog, lab
from insidedocker.lab import StreamFailed, progress
from tests.support import engines

PULL: list[dict[str, Any]] = [
    {"status": "Pulling from library/web", "id": "1.0"},
    {"status": "Already exists", "progressDetail": {}, "id": "aaa"},
    {"status": "Pulling fs layer", "progressDetail": {}, "id": "bbb"},
    {"status": "Downloading", "progressDetail": {"current": 10, "total": 40}, "id": "bbb"},
    {"status": "Downloading", "progressDetail": {"current": 40, "total": 40}, "id": "bbb"},
    {"status": "Download complete", "progressDetail": {}, "id": "bbb"},
    {"status": "Extracting", "progressDetail": {"current": 20, "total": 40}, "id": "bbb"},
    {"status": "Pull complete", "progressDetail": {}, "id": "bbb"},
    {"status": "Status: Downloaded newer image for web:1.0"},
]


def answered(*messages: dict[str, Any] | bytes, status: int = 200) -> requests.Response:
    """An answer whose body are these messages, one a line."""
    lines = [each if isinstance(each, bytes) else json.dumps(each).encode() for each in messages]
    answer = requests.Response()
    answer.status_code = status
    answer.raw = io.BytesIO(b"\r\n".join(lines))
    return answer


class Screen(io.StringIO):
    """What stands on a terminal after all was written, as far as these bars need one."""

    def isatty(self) -> bool:
        return True

    def lines(self) -> list[str]:
        rows, row = [""], 0
        text = self.getvalue().replace("\x1b[1A", "\x11").replace("\x1b[K", "\x12")
        for each in text:
            if each == "\n":
                row += 1
                rows += [""] * (row + 1 - len(rows))
            elif each == "\x11":
                row -= 1
            elif each in "\r\x12":
                rows[row] = ""  # these bars never go to a line's start but to clear it
            else:
                rows[row] += each
        return [line for line in rows if line]


def test_piped_there_is_a_line_for_each_finished_layer() -> None:
    stream = io.StringIO()
    assert progress.show(answered(*PULL), catalog.Lines(stream)) == PULL
    assert stream.getvalue().splitlines() == [
        "1.0: Pulling from library/web",
        "aaa: Already exists",
        "bbb: Pull complete",
        "Status: Downloaded newer image for web:1.0",
    ]


def test_on_a_terminal_bars_move_and_finished_lines_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("insidedocker.progress._REDRAW_SECONDS", 0)
    screen = Screen()
    terminal = catalog.Terminal(screen)
    terminal.amount("aaa", 1, 2, "Downloading")
    terminal.amount("bbb", 0, 2, "Downloading")
    terminal.amount("ccc", 5_000_000, None)
    assert screen.lines() == [
        "aaa Downloading [==========>         ]  50 %",
        "bbb Downloading [>                   ]   0 %",
        "ccc 5.0 MB",
    ]
    terminal.finish("aaa", "Pull complete")
    terminal.say("A sentence.")
    terminal.amount("bbb", 2, 2, "Downloading")
    assert screen.lines() == ["aaa: Pull complete", "A sentence.", "ccc 5.0 MB"]
    terminal.amount("ccc", 6_000_000, 6_000_000)
    assert screen.lines() == ["aaa: Pull complete", "A sentence."]


def test_nothing_is_left_of_the_bars_on_a_terminal() -> None:
    screen = Screen()
    progress.show(answered(*PULL), catalog.Terminal(screen))
    assert screen.lines()[1:] == [
        "aaa: Already exists",
        "bbb: Pull complete",
        "Status: Downloaded newer image for web:1.0",
    ]


def test_a_build_is_told_line_by_line() -> None:
    stream = io.StringIO()
    pieces = ["Step 1/2 : FROM base\n", " ---> 1234\n", "Step 2/2 : RUN x\n", "half a", " line\n"]
    done: list[dict[str, Any]] = [
        {"aux": {"ID": "sha256:1"}},
        {"stream": "Successfully built 1234"},
    ]
    progress.show(answered(*({"stream": each} for each in pieces), *done), catalog.Lines(stream))
    assert stream.getvalue().splitlines() == [
        *("Step 1/2 : FROM base", " ---> 1234", "Step 2/2 : RUN x", "half a line"),
        "Successfully built 1234",
    ]


def test_an_error_in_the_stream_is_one_sentence() -> None:
    stream = io.StringIO()
    gone = {"errorDetail": {"message": "disk is full"}, "error": "disk is full"}
    with pytest.raises(StreamFailed, match="gave up: disk is full") as failed:
        progress.show(answered(*PULL[:4], gone), catalog.Lines(stream))
    assert isinstance(failed.value, requests.HTTPError)
    assert stream.getvalue().splitlines()[-1] == "bbb: not finished"


def test_a_refusal_is_one_sentence() -> None:
    refused = answered({"message": "no such image"}, status=404)
    with pytest.raises(StreamFailed, match="refused with status 404: no such image"):
        progress.show(refused)
    with pytest.raises(StreamFailed, match="status 502: Bad Gateway"):
        progress.show(answered(b"Bad Gateway\n", status=502))


@pytest.mark.parametrize("strange", [b"", b"no json", b"[1]", b"null", b'{"status": 3, "id": {}}'])
def test_what_is_no_message_is_passed_over(strange: bytes) -> None:
    progress.show(answered(strange, *PULL), catalog.Lines(io.StringIO()))


NOTEBOOK = f"""
import io, json, requests
from insidedocker.lab import progress
answer = requests.Response()
answer.status_code = 200
answer.raw = io.BytesIO(b"\\n".join(json.dumps(each).encode() for each in {PULL!r}))
told = progress.show(answer)
"""


def test_in_a_notebook_the_last_state_stays(tmp_path: Path) -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(NOTEBOOK)])
    NotebookClient(notebook, kernel_name="python3").execute()
    (output,) = notebook.cells[0].outputs
    text, html = output.data["text/plain"], output.data["text/html"]
    assert text.splitlines() == [
        "1.0: Pulling from library/web",
        "Status: Downloaded newer image for web:1.0",
        "aaa Already exists",
        "bbb Pull complete",
    ]
    assert html.count('<progress aria-label="bbb" value="1" max="1"></progress>') == 1
    assert html.count("<progress ") == 2


def test_a_load_by_a_real_engine(any_engine: engines.Engine, busybox: Path) -> None:
    stream = io.StringIO()
    with lab.Engine(any_engine.url) as engine, busybox.open("rb") as body:
        head = {"Content-Type": "application/x-tar"}
        answer = engine.post("/images/load", data=body, headers=head, stream=True)
        messages = progress.show(answer, catalog.Lines(stream))
    assert "busybox:latest" in str(messages[-1])
    assert "busybox:latest" in stream.getvalue()


def test_a_pull_that_fails_on_a_real_engine(any_engine: engines.Engine) -> None:
    with lab.Engine(any_engine.url) as engine, pytest.raises(StreamFailed, match="engine"):
        where = {"fromImage": "localhost:1/nobody", "tag": "1"}
        answer = engine.post("/images/create", params=where, stream=True)
        progress.show(answer, catalog.Lines(io.StringIO()))


def test_a_build_by_a_real_engine(any_engine: engines.Engine, busybox: Path) -> None:
    any_engine.load(busybox)
    context = io.BytesIO()
    with tarfile.open(fileobj=context, mode="w") as tar:
        entry = tarfile.TarInfo("Dockerfile")
        written = b"FROM busybox\nENV A=b\n"
        entry.size = len(written)
        tar.addfile(entry, io.BytesIO(written))
    stream = io.StringIO()
    name = lab.repository("progress-test", "built")
    with lab.Engine(any_engine.url) as engine:
        head = {"Content-Type": "application/x-tar"}
        ask = {"t": f"{name}:1"}
        answer = engine.post(
            "/build", params=ask, data=context.getvalue(), headers=head, stream=True
        )
        progress.show(answer, catalog.Lines(stream))
        assert engine.delete(f"/images/{name}:1").ok
    assert "FROM busybox" in stream.getvalue()
