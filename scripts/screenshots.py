"""Takes the README's pictures: a newcomer's course and an instructor's, in a real browser.

`python -m scripts.screenshots` writes them to docs/pictures/.
"""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from insidedocker import catalog
from insidedocker.catalog import folders
from tests.support.jupyterlab import FLAGS, LONG, Notebook
from tests.support.newcomer import Newcomer, newcomer
from tests.support.ordinary import give_away

PICTURES = Path(__file__).parents[1] / "docs/pictures"
START, RUN = "00-start-here", "10-docker-run"


def main() -> int:
    PICTURES.mkdir(exist_ok=True)
    chromium = shutil.which("chromium")
    if chromium is None:
        print("chromium is missing: apt install chromium", file=sys.stderr)
        return 1
    with newcomer() as somebody, sync_playwright() as playwright:
        bring_images(somebody)
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        lab = (".venv/bin/insidedocker", "lab", "--no-open", "--engine", "embedded")
        with somebody.terminal(*lab, "--work", str(somebody.home / "work")) as terminal:
            url = terminal.url()
            take(browser, url, first_request, "lesson.png")
            take(browser, url.replace(START, RUN), tapped_run, "tap.png")
        teach = (".venv/bin/insidedocker", "teach", "--no-open", "--engine", "embedded")
        with somebody.terminal(*teach) as terminal:
            take(browser, terminal.url(), formgrader, "formgrader.png")
        browser.close()
    return 0


def bring_images(somebody: Newcomer) -> None:
    """Give them the images of the course that were made here."""
    for name in ("busybox", "registry:2"):
        catalog.archive(name)
    cache = somebody.home / ".cache/insidedocker/catalog"
    shutil.copytree(folders.cache(), cache, ignore=shutil.ignore_patterns("apt", "tools"))
    for path in (somebody.home / ".cache", *(somebody.home / ".cache").rglob("*")):
        give_away(path)


def take(browser: Browser, url: str, show: Callable[[Page], None], name: str) -> None:
    """Open a page, bring it to where it is to be seen, and keep a picture."""
    page = browser.new_page(viewport={"width": 1280, "height": 800}, color_scheme="light")
    page.goto(url)
    show(page)
    page.screenshot(path=PICTURES / name)
    print(f"docs/pictures/{name}: {(PICTURES / name).stat().st_size // 1024} KiB")
    page.close()


def first_request(page: Page) -> None:
    """Lesson 00, from the machine check to the three parts of an answer."""
    notebook = Notebook(page)
    notebook.await_kernel()
    notebook.run_all_above(notebook.cell("def ping(url):"))
    shown = notebook.cell('answer = engine.get("/_ping")')
    shown.evaluate("each => each.scrollIntoView({block: 'center'})")
    expect(shown).to_contain_text("<Response [200]>", timeout=LONG)


def tapped_run(page: Page) -> None:
    """Lesson 10: docker run under the tap, without the file browser."""
    notebook = Notebook(page)
    notebook.await_kernel()
    page.keyboard.press("Control+B")
    page.set_viewport_size({"width": 1100, "height": 1000})
    notebook.run_all_above(notebook.cell("steps = lab.quiz.ordering("))
    shown = notebook.cell("tap.show(picture=True)").locator(".jp-Cell-outputArea")
    expect(shown.locator("details").first).to_be_visible(timeout=LONG)
    shown.locator("svg.insidedocker").evaluate("each => each.scrollIntoView({block: 'start'})")


def formgrader(page: Page) -> None:
    """The instructor's list of lessons, without the file browser."""
    page.set_viewport_size({"width": 1280, "height": 1000})
    page.locator(".lm-MenuBar-itemLabel").get_by_text("Nbgrader", exact=True).click()
    page.locator(".lm-Menu-itemLabel").get_by_text("Formgrader", exact=True).click()
    table = page.frame_locator("iframe").locator("#main-table")
    expect(table.locator("tr").filter(has_text=RUN)).to_contain_text("draft", timeout=LONG)
    page.locator('.jp-SideBar [data-id="filebrowser"]').click()  # Ctrl+B would go to the frame
    expect(page.locator("#jp-left-stack")).to_be_hidden()
    table.evaluate("each => each.scrollIntoView({block: 'end'})")


if __name__ == "__main__":
    sys.exit(main())
