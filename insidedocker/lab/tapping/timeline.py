"""Calls and events in order of time: as text, and as HTML with rows that open one by one.

No scripts: a reopened notebook shows the timeline, too, and where JupyterLab removes the style (in
an untrusted notebook) a plain list is left. No headings: JupyterLab would put them into the table
of contents.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape

from insidedocker.lab.tapping.calls import Call
from insidedocker.lab.tapping.events import Event
from insidedocker_engine.recording.proxy import CLIENT_LEFT

ROWS = 200
"""The number of rows that are shown; `calls` and `events` hold all."""

SHOWN = 4000  # characters of a body

STYLE = """\
.id-tap { color: var(--jp-ui-font-color1, inherit); font-size: var(--jp-code-font-size, 13px);
  line-height: 1.5; max-width: 75rem; container-type: inline-size; }
.id-tap .id-tap-list { list-style: none; margin: 0.3em 0; padding: 0; }
.id-tap .id-tap-list > li { margin: 0; padding: 0;
  border-top: 1px solid var(--jp-border-color2, #8884); }
.id-tap .id-tap-row { display: grid; align-items: baseline; column-gap: 0.9em;
  padding: 0.15em 0.3em; grid-template-columns:
  0.8em 4.6em 4.2em minmax(8em, 1fr) 3em 4.5em minmax(3em, 9em); }
div.id-tap summary.id-tap-row > code.id-tap-path {
  font-family: var(--jp-code-font-family, monospace); font-size: inherit; color: inherit;
  background: none; padding: 0; overflow-wrap: anywhere; }
.id-tap summary { cursor: pointer; list-style: none; }
.id-tap summary::-webkit-details-marker { display: none; }
.id-tap summary::before { content: "\\25B8"; }
.id-tap details[open] > summary::before { content: "\\25BE"; }
.id-tap summary:hover { background: var(--jp-layout-color2, #8882); }
.id-tap summary:focus-visible { outline: 2px solid var(--jp-brand-color1, #1976d2);
  outline-offset: -2px; }
.id-tap .id-tap-number { text-align: right; white-space: nowrap;
  font-variant-numeric: tabular-nums; }
.id-tap .id-tap-bad { font-weight: bold; text-decoration: underline 2px;
  text-decoration-color: var(--jp-error-color1, #d32f2f); text-underline-offset: 2px; }
.id-tap .id-tap-event { grid-column: 3 / 8; font-style: italic; }
.id-tap .id-tap-bar { position: relative; align-self: center; height: 0.6em; }
.id-tap .id-tap-bar span { position: absolute; top: 0; bottom: 0; min-width: 2px;
  border-radius: 2px; background: var(--jp-brand-color1, #1976d2); }
.id-tap .id-tap-inside { margin: 0.2em 0 0.7em 1.6em; }
.id-tap .id-tap-inside p { margin: 0.6em 0 0.2em; font-size: inherit; }
.id-tap .id-tap-inside pre { margin: 0; padding: 0.4em 0.6em; white-space: pre-wrap;
  font-family: var(--jp-code-font-family, monospace); font-size: inherit; color: inherit;
  overflow-wrap: anywhere; max-height: 22em; overflow-y: auto;
  background: var(--jp-layout-color2, #8882); }
@container (max-width: 34rem) {
  .id-tap .id-tap-row { grid-template-columns: 0.8em 4.6em 4.2em 3em 1fr; }
  div.id-tap summary.id-tap-row > code.id-tap-path { order: 1; grid-column: 2 / 6; }
  .id-tap .id-tap-event { grid-column: 3 / 6; }
  .id-tap .id-tap-bar { display: none; }
}
"""


def text(calls: Sequence[Call], events: Sequence[Event], seconds: float) -> str:
    """The timeline as text: one line for each row."""
    lines = [_title(calls, events, seconds)]
    rows, left = _rows(calls, events)
    for row in rows:
        if isinstance(row, Event):
            lines.append(f"{_time(row.at):>10}         event: {_words(row)}")
        else:
            lines.append(
                f"{_time(row.started):>10}  {row.method:<6} {_short(row)}  "
                f"{_status(row)}  {_took(row)}{_remark(row)}"
            )
    return "\n".join([*lines, *left])


def html(calls: Sequence[Call], events: Sequence[Event], seconds: float) -> str:
    """The timeline as an HTML list; a call opens with the Enter key or a click."""
    rows, left = _rows(calls, events)
    items = "".join(
        f"<li>{_event(row) if isinstance(row, Event) else _call(row, seconds)}</li>" for row in rows
    )
    more = "".join(f"<p>{escape(line)}</p>" for line in left)
    return (
        f'<style>{STYLE}</style><div class="id-tap">'
        f"<div><b>{escape(_title(calls, events, seconds))}</b></div>"
        f'<ol class="id-tap-list">{items}</ol>{more}</div>'
    )


def _rows(calls: Sequence[Call], events: Sequence[Event]) -> tuple[list[Call | Event], list[str]]:
    """The rows to show, and a line on the others, if any."""
    rows: list[Call | Event] = [*calls, *events]
    rows.sort(key=lambda row: row.at if isinstance(row, Event) else row.started)
    left = len(rows) - ROWS
    return rows[:ROWS], [f"… and {left} more: see .calls and .events"] if left > 0 else []


def _title(calls: Sequence[Call], events: Sequence[Event], seconds: float) -> str:
    return f"{_count(len(calls), 'call')}, {_count(len(events), 'event')} in {seconds:.2f} s"


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _time(seconds: float) -> str:
    return f"{seconds:.3f} s"


def _short(call: Call) -> str:
    """The call's line, with ids shortened as by the docker command."""
    return re.sub(r"\b([0-9a-f]{12})[0-9a-f]{52}\b", r"\1", _line(call))


def _line(call: Call) -> str:
    """The path with its query, decoded for people."""
    words = [
        f"{name}={value}"
        for name, values in call.query.items()
        for value in (values if isinstance(values, list) else [values])
    ]
    return call.path + (f"?{'&'.join(words)}" if words else "")


def _status(call: Call) -> str:
    if call.status:
        return str(call.status)
    return "…" if call.seconds is None else "none"


def _took(call: Call) -> str:
    if call.seconds is None:
        return "open"
    return f"{call.seconds:.1f} s" if call.seconds >= 1 else f"{call.seconds * 1000:.0f} ms"


def _remark(call: Call) -> str:
    kind = "taken over" if call.taken_over else "in chunks" if call.streamed else ""
    said = [each for each in (kind, call.problem) if each]
    return f"  ({'; '.join(said)})" if said else ""


def _failed(call: Call) -> bool:
    """True for a failed call. A client that hangs up is not a failure: that is the way to end a
    stream."""
    return call.status >= 400 or call.problem not in ("", CLIENT_LEFT)


def _words(event: Event) -> str:
    return f"{event.type} {event.action} {event.name}"


def _event(event: Event) -> str:
    return (
        '<div class="id-tap-row"><span></span>'
        f'<span class="id-tap-number">{_time(event.at)}</span> '
        f'<span class="id-tap-event">event: {escape(_words(event))}</span></div>'
    )


def _call(call: Call, seconds: float) -> str:
    bad = " id-tap-bad" if _failed(call) else ""
    return (
        '<details><summary class="id-tap-row">'
        f'<span class="id-tap-number">{_time(call.started)}</span> '
        f"<b>{escape(call.method)}</b> "
        f'<code class="id-tap-path">{escape(_short(call))}</code> '
        f'<span class="id-tap-number{bad}">{_status(call)}</span> '
        f'<span class="id-tap-number">{_took(call)}</span> {_bar(call, seconds)}'
        f'</summary><div class="id-tap-inside">{_inside(call)}</div></details>'
    )


def _bar(call: Call, seconds: float) -> str:
    """A bar for the call's start and duration within the block; the row's numbers say the same."""
    whole = max(seconds, 1e-9)
    start = min(100.0, 100 * call.started / whole)
    took = seconds - call.started if call.seconds is None else call.seconds
    width = max(0.0, min(100 - start, 100 * took / whole))
    style = f"left:{start:.2f}%;width:{width:.2f}%"
    return f'<span class="id-tap-bar" aria-hidden="true"><span style="{style}"></span></span>'


def _inside(call: Call) -> str:
    parts = []
    if call.problem:
        parts.append(f'<p class="id-tap-bad">{escape(call.problem)}</p>')
    version = f", API version {call.version}" if call.version else ""
    asked = [f"{call.method} {_line(call)}{version}", *_headers(call.request_headers)]
    parts += _part("Request", asked)
    parts += _body("Request body", call.request_body, call.request_size)
    if call.status:
        remark = _remark(call) if not call.problem else ""
        parts += _part("Answer", [f"{call.status}{remark}", *_headers(call.answer_headers)])
    body = "What came over the connection" if call.taken_over else "Answer body"
    parts += _body(body, call.answer_body, call.answer_size)
    return "".join(parts)


def _headers(headers: Mapping[str, str]) -> Iterable[str]:
    return (f"{name}: {value}" for name, value in headers.items())


def _part(title: str, lines: Iterable[str]) -> list[str]:
    return [f"<p><b>{title}</b></p>", f"<pre>{escape(chr(10).join(lines))}</pre>"]


def _body(title: str, body: str | bytes, size: int) -> list[str]:
    if not size:
        return []
    shown = _pretty(body)
    cut = len(shown) > SHOWN or size > len(body if isinstance(body, bytes) else body.encode())
    note = f" ({size:,} bytes{', the beginning' if cut else ''})"
    return _part(title + note, [shown[:SHOWN]])


def _pretty(body: str | bytes) -> str:
    """A body for display: JSON indented, bytes as their repr, other text unchanged."""
    if isinstance(body, bytes):
        return repr(body[:SHOWN])
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except ValueError:
        return body
