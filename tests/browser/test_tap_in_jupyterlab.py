"""The tap's timeline and a terminal in JupyterLab, by mouse and by keyboard."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.support import patience
from tests.support.axe import serious
from tests.support.jupyterlab import LONG, Notebook, screenshot
from tests.support.newcomer import Newcomer

pytestmark = [pytest.mark.slow, pytest.mark.real]

SET_UP = "from insidedocker import lab"
BLOCK = """\
with lab.tap() as tap:
    tap.show()
    engine = tap.engine
    engine.get("/_ping")
    engine.post("/containers/create", json={"Image": "<b>none</b>"})
    network = engine.post("/networks/create", json={"Name": "tapped"}).json()["Id"]
    engine.delete(f"/networks/{network}")
    answer = input("go on? ")"""
SHOW = "tap  # once more"
TERMINAL = "lab.terminal()"
OUTSIDE = "with lab.tap() as outside:\n    input('type in the terminal now ')"
ASK = 'curl -s --unix-socket "${DOCKER_HOST#unix://}" http://localhost'
TYPED = "[call.path for call in outside.calls]"


@pytest.fixture(scope="module")
def url(somebody: Newcomer) -> Iterator[str]:
    """The address that `insidedocker lab` prints."""
    work = somebody.home / "work"
    command = (".venv/bin/insidedocker", "lab", "--no-open", "--engine", "embedded")
    with somebody.terminal(*command, "--work", str(work)) as terminal:
        yield terminal.url()


def write(somebody: Newcomer, name: str, *cells: str) -> Path:
    """A notebook of these cells in a folder of its own."""
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(each) for each in cells])
    made.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path = somebody.home / "work" / name / f"{name}.ipynb"
    somebody.write(path, nbformat.writes(made))
    return path


def address(url: str, name: str) -> str:
    """Where JupyterLab shows that notebook."""
    return re.sub(r"/lab/tree/[^?]*\??", f"/lab/tree/{name}/{name}.ipynb?reset&", url)


def rows(shown: Locator) -> Locator:
    """What of a timeline can be opened."""
    return shown.locator("details")


def is_open(row: Locator) -> None:
    expect(row).to_have_attribute("open", "")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_timeline_fills_opens_row_by_row_and_is_there_again(
    somebody: Newcomer, url: str, open_page: OpenPage, theme: str
) -> None:
    name = f"tap-{theme}"
    path = write(somebody, name, SET_UP, BLOCK, SHOW)
    # A page that is loaded anew may hear of what the one before had asked the kernel.
    page = open_page(address(url, name), dark=theme == "dark", but=["Comm not found"])
    notebook = Notebook(page)
    notebook.await_kernel()
    notebook.run(notebook.cell(SET_UP))

    block = notebook.cell("go on?")
    notebook.choose(block)
    notebook.press_shift_enter()
    live = block.locator(".jp-Cell-outputArea")
    expect(rows(live)).to_have_count(4, timeout=LONG)  # while the block still runs
    expect(live.get_by_text("event: network create tapped")).to_be_visible()
    screenshot(page, f"tap-live-{theme}")
    live.locator(".jp-Stdin-input").press("Enter")
    notebook.await_kernel()
    expect(rows(live)).to_have_count(4)

    shown = notebook.run(notebook.cell(SHOW))
    expect(rows(shown)).to_have_count(4)
    open_by_keyboard(page, rows(shown))
    create = rows(shown).filter(has_text="/containers/create")
    expect(create).to_contain_text("<b>none</b>")
    expect(create.locator("b", has_text="none")).to_have_count(0)
    for width in (1280, 800):
        page.set_viewport_size({"width": width, "height": 800})
        create.scroll_into_view_if_needed()
        screenshot(page, f"tap-{theme}-{width}")
        assert fits(shown)
        assert serious(page, f"tap-{theme}-{width}") == []
    page.set_viewport_size({"width": 1280, "height": 800})

    notebook.save()
    page.reload()
    notebook.await_kernel()
    expect(rows(shown)).to_have_count(4)
    unfold(rows(shown).nth(2))

    # In a notebook from somebody else JupyterLab takes the style away, and nothing else.
    stranger = f"{name}-of-somebody-else"
    saved = nbformat.read(path, as_version=4)
    saved.cells.append(nbformat.v4.new_markdown_cell("Written elsewhere."))
    somebody.write(path.parents[1] / stranger / f"{stranger}.ipynb", nbformat.writes(saved))
    other = Notebook(open_page(address(url, stranger), dark=theme == "dark"))
    other.await_kernel()
    shown = other.cell(SHOW).locator(".jp-Cell-outputArea")
    unfold(rows(shown).filter(has_text="/containers/create"))
    expect(shown.get_by_text("<b>none</b>").last).to_be_visible()
    screenshot(other.page, f"tap-untrusted-{theme}")


def unfold(row: Locator) -> None:
    """Open a row by clicks: a page that was just loaded may draw it anew after the first."""

    def opened() -> bool:
        if row.get_attribute("open") is None:
            row.locator("summary").click()
            return False
        return True

    patience.until(opened)


def open_by_keyboard(page: Page, found: Locator) -> None:
    """Open two rows and close the second again, from one to the next with Tab."""
    first, second = found.nth(0), found.nth(1)
    first.locator("summary").focus()
    page.keyboard.press("Enter")
    is_open(first)
    page.keyboard.press("Tab")
    if first.locator("pre:focus").count():  # a long body can be scrolled by keyboard
        page.keyboard.press("Tab")
    expect(second.locator("summary")).to_be_focused()
    page.keyboard.press("Space")
    is_open(second)
    page.keyboard.press("Space")
    expect(second).not_to_have_attribute("open", "")


def fits(shown: Locator) -> bool:
    """Whether nothing stands out to the right."""
    return bool(shown.evaluate("each => each.scrollWidth <= each.clientWidth + 1"))


def test_a_terminal_opens_and_leads_to_the_engine_and_through_a_tap(
    somebody: Newcomer, url: str, open_page: OpenPage
) -> None:
    write(somebody, "terminal", SET_UP, TERMINAL, OUTSIDE, TYPED)
    page = open_page(address(url, "terminal"))
    notebook = Notebook(page)
    notebook.await_kernel()
    notebook.run(notebook.cell(SET_UP))
    shown = notebook.run(notebook.cell(TERMINAL))
    shown.get_by_role("button", name="Open a terminal").click()
    terminal = page.locator(".jp-Terminal .xterm-screen")
    expect(terminal).to_be_visible(timeout=LONG)
    expect(shown).to_be_visible()  # the notebook stays above it
    # What it prints is a picture, not text of the page: files tell.
    home = somebody.home / "work"
    type_in(terminal, f"{ASK}/_ping > pinged; echo $DOCKER_HOST > told")
    patience.until(lambda: (home / "told").exists() and (home / "told").read_text().endswith("\n"))
    assert (home / "pinged").read_text() == "OK"
    assert (home / "told").read_text().strip() in shown.inner_text()
    for theme in ("dark", "light"):
        page.emulate_media(color_scheme=theme)
        light = "true" if theme == "light" else "false"
        expect(page.locator("body")).to_have_attribute("data-jp-theme-light", light)
        expect(page.locator("#jupyterlab-splash")).to_have_count(0)
        for width in (800, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            screenshot(page, f"terminal-{theme}-{width}")
            assert serious(page, f"terminal-{theme}-{width}") == []

    # The same terminal, while a tap is on.
    outside = notebook.cell("as outside")
    notebook.choose(outside)
    notebook.press_shift_enter()
    waiting = outside.locator(".jp-Stdin-input")
    expect(waiting).to_be_visible(timeout=LONG)
    type_in(terminal, f"{ASK}/info > informed; echo > typed")
    patience.until((home / "typed").exists)
    assert "ServerVersion" in (home / "informed").read_text()
    waiting.click()
    waiting.press("Enter")
    expect(notebook.run(notebook.cell("outside.calls]"))).to_contain_text("'/info'")
    screenshot(page, "terminal-through-a-tap")


def type_in(terminal: Locator, command: str) -> None:
    terminal.click()
    terminal.page.keyboard.insert_text(command)
    terminal.page.keyboard.press("Enter")
