"""What the tap shows: every byte of it is only text, also when it was sent to do harm, and a
notebook without a browser keeps the last state."""

import html.parser
import re
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from insidedocker.lab.tapping import Call, Event, timeline

HARM = "</pre><script>alert('x')</script><img src=x onerror=alert(1)>"
LONG_ID = "0123456789ab" + "c" * 52


class Tags(html.parser.HTMLParser):
    """The elements and attributes that a browser would see."""

    def __init__(self, shown: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.attributes: list[str] = []
        self.feed(shown)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes += [name for name, _ in attrs]


def test_whatever_was_sent_is_shown_as_text() -> None:
    call = Call(
        HARM,
        f"/{HARM}",
        version=HARM,
        query={HARM: [HARM, HARM]},
        seconds=0.1,
        status=200,
        request_headers={HARM: HARM},
        request_body=HARM,
        request_size=len(HARM),
        answer_headers={HARM: HARM},
        answer_body=HARM.encode() + b"\xff",
        answer_size=len(HARM) + 1,
        problem=HARM,
    )
    event = Event(0.2, HARM, HARM, HARM, {"name": HARM})
    tags = Tags(timeline.html([call], [event], 1.0))
    assert not {"script", "img"} & set(tags.names)
    assert not [name for name in tags.attributes if name.startswith("on")]
    assert tags.names.count("details") == tags.names.count("summary") == 1


def test_text_has_a_line_for_each_in_the_order_of_time() -> None:
    calls = [
        Call("GET", "/_ping", started=0.01, seconds=0.002, status=200),
        Call("POST", f"/containers/{LONG_ID}/wait", query={"a": "b"}, started=0.2, status=200),
        Call("GET", "/info", started=0.4, seconds=1.5, problem="no engine answered"),
    ]
    events = [Event(0.3, "container", "die", LONG_ID)]
    lines = timeline.text(calls, events, 2.0).splitlines()
    assert lines == [
        "3 calls, 1 event in 2.00 s",
        "   0.010 s  GET    /_ping  200  2 ms",
        "   0.200 s  POST   /containers/0123456789ab/wait?a=b  200  open",
        "   0.300 s         event: container die 0123456789ab",
        "   0.400 s  GET    /info  none  1.5 s  (no engine answered)",
    ]


def test_much_is_cut_and_said() -> None:
    calls = [Call("GET", "/_ping", started=number, seconds=0.0) for number in range(300)]
    calls[0].answer_body, calls[0].answer_size = "x" * 65536, 10**8
    assert timeline.text(calls, [], 300.0).splitlines()[-1] == (
        "… and 100 more: see .calls and .events"
    )
    shown = timeline.html(calls, [], 300.0)
    assert "100,000,000 bytes, the beginning" in shown
    assert len(shown) < 250_000


def test_the_picture_lights_up_with_the_calls(tmp_path: Path) -> None:
    code = (
        "from insidedocker import lab\n"
        "with lab.check.scripted_engine({'GET /_ping': (200, {}, b'OK')}) as engine:\n"
        "    with lab.tap(engine.url) as tap:\n"
        "        tap.show(picture=True)\n"
        "        tap.engine.get('/images/json')\n"
    )
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    NotebookClient(notebook, resources={"metadata": {"path": str(tmp_path)}}).execute()
    [live] = notebook.cells[0].outputs
    assert "where 1 call went" in live["data"]["text/plain"]
    assert live["data"]["text/html"].index("<svg") < live["data"]["text/html"].index("<summary")


def test_a_headless_notebook_keeps_the_last_state(tmp_path: Path) -> None:
    code = (
        "from insidedocker import lab\n"
        "with lab.check.scripted_engine({'GET /_ping': (200, {}, b'OK')}) as engine:\n"
        "    with lab.tap(engine.url) as tap:\n"
        "        tap.show()\n"
        "        tap.engine.get('/_ping')\n"
        "tap"
    )
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    NotebookClient(notebook, resources={"metadata": {"path": str(tmp_path)}}).execute()
    # What a busy machine makes the kernel complain of is no part of it.
    live, result = [each["data"] for each in notebook.cells[0].outputs if "data" in each]
    for shown in (live, result):
        assert re.match(r"1 call, 0 events .*\n.* GET    /_ping  200 ", shown["text/plain"])
        assert "<summary" in shown["text/html"]
