"""Chromium, and pages that fail a test when they complain."""

from collections.abc import Callable, Iterator, Sequence

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Response, sync_playwright

from tests.support.jupyterlab import FLAGS, SHORT, screenshot
from tests.support.missing import skip_missing
from tests.support.newcomer import Newcomer, newcomer

OpenPage = Callable[..., Page]


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """One Chromium for a module's tests; each page has a profile of its own.

    Not for the whole session: Playwright keeps an event loop running in this thread.
    """
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield started
        started.close()


@pytest.fixture(scope="module")
def somebody() -> Iterator[Newcomer]:
    """Somebody with a course that is set up, and an empty HOME."""
    with skip_missing(), newcomer() as found:
        yield found


@pytest.fixture
def open_page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[OpenPage]:
    """Opens pages: `open_page(url, dark=True)`. Errors in a page's console, and answers that
    are errors, fail the test, but for those that have a text of `but`; a last picture is kept."""
    allowed: list[str] = []
    complaints: list[str] = []
    pages: list[Page] = []

    def on_console(message: ConsoleMessage) -> None:
        if message.type == "error":
            complaints.append(f"console: {message.text} ({message.location['url']})")

    def on_response(response: Response) -> None:
        if response.status >= 400:
            complaints.append(f"{response.status} for {response.url}")

    def open_one(url: str, *, dark: bool = False, but: Sequence[str] = ()) -> Page:
        allowed.extend(but)
        context = browser.new_context(
            viewport={"width": 1280, "height": 800}, color_scheme="dark" if dark else "light"
        )
        context.set_default_timeout(SHORT)
        page = context.new_page()
        pages.append(page)
        page.on("console", on_console)
        page.on("response", on_response)
        page.on("pageerror", lambda error: complaints.append(f"page: {error}"))
        page.goto(url)
        return page

    yield open_one
    for number, page in enumerate(pages):
        screenshot(page, f"last-{request.node.name}-{number}")
        page.context.close()
    assert [each for each in complaints if not any(text in each for text in allowed)] == []
