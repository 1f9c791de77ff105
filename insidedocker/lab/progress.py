"""The progress of a pull, push, load or build: bars in a notebook and in a terminal.

Knows the engine's stream of JSON lines; `insidedocker.progress` draws steps outside a notebook.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Iterator
from html import escape
from typing import Any

import requests

from insidedocker.lab.errors import StreamFailed
from insidedocker.progress import Progress, bar, for_stream

Message = dict[str, Any]

# The last words on a layer. "Download complete" is not among them: Docker unpacks the layer after
# that.
OVER = ("Pull complete", "Already exists", "Pushed", "Layer already exists", "Exists")
STEP = re.compile(r"Step (\d+)/(\d+) : ")
UPDATE_SECONDS = 0.2


def show(answer: requests.Response, progress: Progress | None = None) -> list[Message]:
    """Show the progress of a pull, push, load or build to its end; returns all messages of the
    engine.

        lab.progress.show(engine.post("/images/create", params={…}, stream=True))

    With `stream=True` in the request, messages are shown as they arrive. Raises StreamFailed, a
    `requests.HTTPError`, where the engine refuses or reports an error on the way.
    """
    _refuse(answer)
    told = _Told(progress or shown())
    messages = []
    try:
        for message in _messages(answer):
            messages.append(message)
            if reason := _error(message):
                raise StreamFailed(f"The engine gave up: {reason}", response=answer)
            told.hear(message)
        told.end()
    except requests.exceptions.ChunkedEncodingError as error:
        raise StreamFailed(
            "The engine broke off before it was done: look at its log, or ask again.",
            response=answer,
        ) from error
    finally:
        answer.close()
        told.end(whole=False)
    return messages


def shown() -> Progress:
    """Bars in a notebook, else the progress that suits stdout."""
    from IPython.core.getipython import get_ipython

    return Bars() if hasattr(get_ipython(), "kernel") else for_stream(sys.stdout)


class Bars(Progress):
    """Sentences and bars in a notebook's output; the saved notebook keeps the last state."""

    def __init__(self) -> None:
        self._said: list[str] = []
        self._steps: dict[str, tuple[int, int | None, str]] = {}
        self._output: Any = None
        self._updated_at = 0.0

    def say(self, text: str) -> None:
        self._said.append(text)
        self._update()

    def amount(self, step: str, done: int, total: int | None, note: str = "") -> None:
        self._steps[step] = (done, total, note)
        full = total is not None and done >= total
        if full or time.monotonic() - self._updated_at >= UPDATE_SECONDS:
            self._update()

    def finish(self, step: str, note: str, *, whole: bool = True) -> None:
        done, total, _ = self._steps.get(step, (0, 1, ""))
        self._steps[step] = (1, 1, note) if whole else (done, total, note)
        self._update()

    def _update(self) -> None:
        from IPython.display import display

        self._updated_at = time.monotonic()
        if self._output is None:
            self._output = display(self._bundle(), display_id=True, raw=True)
        else:
            self._output.update(self._bundle(), raw=True)

    def _bundle(self) -> dict[str, str]:
        rows, lines = [], list(self._said)
        for step, (done, total, note) in self._steps.items():
            share = f' value="{min(done, total)}" max="{total}"' if total else ""
            words = f"<code>{escape(step)}</code> {escape(note)}"
            rows.append(
                f'<div><progress aria-label="{escape(step)}"{share}></progress> {words}</div>'
            )
            over = total is not None and done >= total
            lines.append(f"{step} {note if over else f'{note} {bar(done, total)}'}".rstrip())
        said = "".join(f"<div>{escape(text)}</div>" for text in self._said)
        return {"text/plain": "\n".join(lines), "text/html": f"{said}{''.join(rows)}"}


class _Told:
    """Turns an engine's messages into steps: one for each layer, or for a build as a whole."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._open: dict[str, str] = {}  # layer under way -> its last status
        self._steps = 0
        self._text = ""

    def hear(self, message: Message) -> None:
        status, layer = str(message.get("status") or ""), str(message.get("id") or "")
        detail = message.get("progressDetail")
        if "stream" in message:
            self._hear_build(str(message["stream"]))
        elif layer and (isinstance(detail, dict) or layer in self._open or status in OVER):
            self._hear_layer(layer, status, detail or {})
        elif status:
            self._progress.say(f"{layer}: {status}" if layer else status)

    def _hear_layer(self, layer: str, status: str, detail: dict[str, Any]) -> None:
        if status in OVER:
            self._open.pop(layer, None)
            self._progress.finish(layer, status)
            return
        self._open[layer] = status
        if detail.get("current"):
            self._progress.amount(layer, detail["current"], detail.get("total") or None, status)

    def _hear_build(self, text: str) -> None:
        """Take a piece of a build's text, and handle each line that is complete."""
        *lines, self._text = (self._text + text).split("\n")
        for line in filter(None, map(str.rstrip, lines)):
            self._progress.say(line)
            if found := STEP.match(line):
                self._steps = int(found[2])
                self._progress.amount("build", int(found[1]) - 1, self._steps)

    def end(self, whole: bool = True) -> None:
        """Finish the steps that are still open; not `whole` where the stream broke off."""
        if self._text.strip():
            self._progress.say(self._text.rstrip())
        for layer, status in self._open.items():
            last = status if status.endswith("complete") else "done"
            self._progress.finish(layer, last if whole else "not finished", whole=whole)
        if self._steps and whole:
            self._progress.amount("build", self._steps, self._steps)
        elif self._steps:
            self._progress.finish("build", "not finished", whole=False)
        self._open, self._steps, self._text = {}, 0, ""


def _refuse(answer: requests.Response) -> None:
    if answer.status_code < 400:
        return
    try:
        reason = answer.json()["message"]
    except (ValueError, LookupError, TypeError):
        reason = answer.text.strip()
    raise StreamFailed(
        f"The engine refused with status {answer.status_code}: {reason}", response=answer
    )


def _messages(answer: requests.Response) -> Iterator[Message]:
    """The JSON objects of a stream, one for each line; other lines are passed over."""
    for line in answer.iter_lines(chunk_size=1):
        try:
            message = json.loads(line)
        except ValueError:
            continue
        if isinstance(message, dict):
            yield message


def _error(message: Message) -> str:
    """The reason for a failure in a message; empty for other messages."""
    detail = message.get("errorDetail")
    reason = detail.get("message") if isinstance(detail, dict) else ""
    return str(reason or message.get("error") or "").strip()
