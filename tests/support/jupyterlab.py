"""JupyterLab in a browser, driven by the elements that a person sees and presses. Knows no
lesson."""

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
# In milliseconds: for the page itself, and for an action that starts a program.
SHORT, LONG = patience.EVENT * 1000, patience.START * 1000
expect.set_options(timeout=SHORT)  # the default is 5 s


def screenshot(page: Page, name: str) -> None:
    """Save a screenshot among the artefacts, for people to look at."""
    folder = ARTEFACTS / "browser"
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=folder / f"{name}.png")


def formgrader(page: Page) -> FrameLocator:
    """Open Formgrader by the menu, with the file browser hidden to give Formgrader room."""
    page.locator(".lm-MenuBar-itemLabel").get_by_text("Nbgrader", exact=True).click()
    page.locator(".lm-Menu-itemLabel").get_by_text("Formgrader", exact=True).click()
    page.keyboard.press("Control+B")
    return page.frame_locator("iframe")


def press(frame: FrameLocator, column: str, row: str) -> None:
    """Press the button in a column of a row, wait for its success message, and close that."""
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
        """Wait until the kernel is idle."""
        # By the status bar: on a narrow page the notebook's toolbar has no room for the state.
        said = self.page.locator("#jp-main-statusbar").get_by_text(re.compile(r"\| Idle$"))
        expect(said).to_be_visible(timeout=LONG)

    def cell(self, text: str) -> Locator:
        """Return the first code cell whose code contains this text."""
        editor = self.page.locator(".jp-InputArea-editor").filter(has_text=text)
        return self.panel.locator(".jp-CodeCell").filter(has=editor).first

    def choose(self, cell: Locator) -> None:
        """Make a cell the current one, by a click on its prompt."""
        cell.scroll_into_view_if_needed()
        cell.locator(".jp-InputPrompt").click()

    def press_shift_enter(self) -> None:
        """Run the current cell and select the next."""
        self.page.keyboard.press("Shift+Enter")

    def run(self, cell: Locator) -> Locator:
        """Run a cell and wait for its end; returns its output area."""
        self.choose(cell)
        prompt = cell.locator(".jp-InputPrompt")
        # After a restart the new number may equal the old one, so blank the old one first.
        prompt.evaluate("each => each.textContent = ''")
        self.press_shift_enter()
        expect(prompt).to_have_text(re.compile(r"\[\d+\]:"), timeout=LONG)
        return cell.locator(".jp-Cell-outputArea")

    def run_all_above(self, cell: Locator) -> None:
        """Run all cells before this one, by the menu."""
        self.choose(cell)
        self.menu("Run", "Run All Above Selected Cell")
        self.await_kernel()

    def write(self, cell: Locator, code: str) -> None:
        """Replace a cell's code by typing."""
        cell.locator(".cm-content").click()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.press("Delete")
        # Inserted as if pasted: the editor would indent lines that are typed.
        self.page.keyboard.insert_text(code)

    def save(self) -> None:
        """Save, and wait until the tab no longer shows unsaved changes."""
        self.page.keyboard.press("Control+S")
        dirty = self.page.locator(".lm-DockPanel-tabBar .lm-mod-current.jp-mod-dirty")
        expect(dirty).to_have_count(0, timeout=SHORT)

    def restart_kernel(self) -> None:
        """Restart the kernel by the menu and confirm."""
        self.menu("Kernel", "Restart Kernel…")
        self.page.locator(".jp-Dialog .jp-mod-accept").click()
        self.await_kernel()

    def menu(self, name: str, entry: str) -> None:
        """Choose an entry of the menu bar."""
        self.page.locator(".lm-MenuBar-itemLabel").get_by_text(name, exact=True).click()
        self.page.locator(".lm-Menu-itemLabel").get_by_text(entry, exact=True).click()
