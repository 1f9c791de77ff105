"""JupyterLab in a browser, by what a person sees and presses. Knows no lesson."""

from __future__ import annotations

import os
import re
from pathlib import Path

from playwright.sync_api import FrameLocator, Locator, Page, expect

from tests.support import patience

FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
HERE = Path(__file__).resolve().parent
ARTEFACTS = Path(os.environ.get("INSIDEDOCKER_ARTEFACTS") or HERE.parents[1] / "artefacts")
# In milliseconds: for the page itself, and for whatever starts a program.
SHORT, LONG = patience.EVENT * 1000, patience.START * 1000
expect.set_options(timeout=SHORT)  # by itself it waits for 5 s


def screenshot(page: Page, name: str) -> None:
    """Keep a picture of what is seen now, for people to look at."""
    folder = ARTEFACTS / "browser"
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=folder / f"{name}.png")


def formgrader(page: Page) -> FrameLocator:
    """Open Formgrader by the menu, with the file browser folded away to give it room."""
    page.locator(".lm-MenuBar-itemLabel").get_by_text("Nbgrader", exact=True).click()
    page.locator(".lm-Menu-itemLabel").get_by_text("Formgrader", exact=True).click()
    page.keyboard.press("Control+B")
    return page.frame_locator("iframe")


def press(frame: FrameLocator, column: str, row: str) -> None:
    """Press the button in a column of a row, wait until it has worked, and close the message."""
    frame.locator("tr").filter(has_text=row).locator(f"td.{column} a").click()
    message = frame.locator(".modal.in")
    expect(message).to_contain_text(re.compile("Success|Error"), timeout=LONG)
    expect(message).to_contain_text("Success")
    message.locator(".modal-footer button").click()
    expect(frame.locator(".modal, .modal-backdrop")).to_have_count(0)


class Notebook:
    """The one notebook that is open in a page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.panel = page.locator(".jp-NotebookPanel:visible")

    def await_kernel(self) -> None:
        """Until the kernel is there and has nothing to do."""
        # Said at the bottom: on a narrow page the notebook's own toolbar has no room for it.
        said = self.page.locator("#jp-main-statusbar").get_by_text(re.compile(r"\| Idle$"))
        expect(said).to_be_visible(timeout=LONG)

    def cell(self, text: str) -> Locator:
        """The code cell whose code has this text."""
        editor = self.page.locator(".jp-InputArea-editor").filter(has_text=text)
        return self.panel.locator(".jp-CodeCell").filter(has=editor).first

    def choose(self, cell: Locator) -> None:
        """Make it the current cell, by a click on its prompt."""
        cell.scroll_into_view_if_needed()
        cell.locator(".jp-InputPrompt").click()

    def press_shift_enter(self) -> None:
        """Run the current cell and go on to the next."""
        self.page.keyboard.press("Shift+Enter")

    def run(self, cell: Locator) -> Locator:
        """Run this cell and wait for its end; its output."""
        self.choose(cell)
        prompt = cell.locator(".jp-InputPrompt")
        # After a restart the new number may be the old one: only a blank one tells them apart.
        prompt.evaluate("each => each.textContent = ''")
        self.press_shift_enter()
        expect(prompt).to_have_text(re.compile(r"\[\d+\]:"), timeout=LONG)
        return cell.locator(".jp-Cell-outputArea")

    def run_all_above(self, cell: Locator) -> None:
        """Run everything before this cell, by the menu."""
        self.choose(cell)
        self.menu("Run", "Run All Above Selected Cell")
        self.await_kernel()

    def write(self, cell: Locator, code: str) -> None:
        """Replace a cell's code by typing."""
        cell.locator(".cm-content").click()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.press("Delete")
        # As if pasted: typed line by line, the editor would indent as well.
        self.page.keyboard.insert_text(code)

    def save(self) -> None:
        """Save, and wait until the tab says that nothing is unsaved."""
        self.page.keyboard.press("Control+S")
        dirty = self.page.locator(".lm-DockPanel-tabBar .lm-mod-current.jp-mod-dirty")
        expect(dirty).to_have_count(0, timeout=SHORT)

    def restart_kernel(self) -> None:
        """Restart the kernel by the menu and say yes."""
        self.menu("Kernel", "Restart Kernel…")
        self.page.locator(".jp-Dialog .jp-mod-accept").click()
        self.await_kernel()

    def menu(self, name: str, entry: str) -> None:
        """Choose an entry of the menu bar."""
        self.page.locator(".lm-MenuBar-itemLabel").get_by_text(name, exact=True).click()
        self.page.locator(".lm-Menu-itemLabel").get_by_text(entry, exact=True).click()
