"""A class on a real JupyterHub: an instructor and two learners with accounts of one machine, each
in a browser of their own, from the release of a lesson to its feedback; and what learners cannot
do."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from tests.hosted.hosting import ASKED_FOR
from tests.hosted.hub import INSTRUCTOR, LEARNERS, Hub, hub
from tests.support.jupyterlab import FLAGS, LONG, Notebook, formgrader, press, screenshot
from tests.support.missing import skip_missing

pytestmark = [
    pytest.mark.slow,
    pytest.mark.real,
    pytest.mark.skipif(not ASKED_FOR, reason="takes minutes: INSIDEDOCKER_MORE=hosted"),
    pytest.mark.timeout(900),
]

LESSON = "00-start-here"
STUB = "pass  # Your code goes here"
RIGHT = 'def ping(url):\n    return lab.connect(url).get("/_ping").text'
PROCESSES = 400


@pytest.fixture(scope="module")
def running() -> Iterator[Hub]:
    with skip_missing(), hub() as found:
        yield found


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield started
        started.close()


@pytest.fixture(scope="module")
def pages(running: Hub, browser: Browser) -> dict[str, Page]:
    """Everybody's JupyterLab, each in a browser that knows nothing of the others."""
    return {account: log_in(running, browser, account) for account in (INSTRUCTOR, *LEARNERS)}


def log_in(running: Hub, browser: Browser, account: str) -> Page:
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    page.set_default_timeout(LONG)
    page.goto(running.url)
    page.locator("#username_input").fill(account)
    page.locator("#password_input").fill(f"{account}'s password")
    page.locator("#login_submit").click()
    page.wait_for_url(re.compile(f"/user/{account}/lab"), timeout=LONG)
    expect(page.locator(".lm-MenuBar-itemLabel").get_by_text("Nbgrader", exact=True)).to_be_visible(
        timeout=LONG
    )
    return page


def open_assignments(page: Page) -> None:
    """nbgrader's list of assignments, by the menu, and up to date."""
    page.locator(".lm-MenuBar-itemLabel").get_by_text("Nbgrader", exact=True).click()
    page.locator(".lm-Menu-itemLabel").get_by_text("Assignment List", exact=True).click()
    page.locator("#refresh_assignments_list").click()


def assignment(page: Page, part: str) -> Locator:
    """The row of the lesson in a part of the list."""
    rows = page.locator(f"#{part}_assignments_list .list_item:not(.nested_list_item)")
    return rows.filter(has_text=LESSON)


def test_from_release_to_feedback(running: Hub, pages: dict[str, Page]) -> None:
    teacher = pages[INSTRUCTOR]
    frame = formgrader(teacher)
    row = frame.locator("#main-table tr").filter(has_text=LESSON)
    expect(row).to_be_visible(timeout=LONG)
    press(frame, "assign", LESSON)
    press(frame, "release", LESSON)

    for account in LEARNERS:
        page = pages[account]
        open_assignments(page)
        assignment(page, "released").get_by_role("button", name="Fetch").click()
        expect(assignment(page, "fetched")).to_be_visible(timeout=LONG)
        screenshot(page, f"hub-{account}-fetched")
        page.goto(f"{running.url}/user/{account}/lab/tree/{LESSON}/{LESSON}.ipynb")
        work(page, right=account == "ada")
        open_assignments(page)
        assignment(page, "fetched").get_by_role("button", name="Submit").click()
        expect(assignment(page, "submitted")).to_be_visible(timeout=LONG)

    press(frame, "collect", LESSON)
    expect(row.locator("td.num-submissions")).to_have_text("2")
    row.locator("td.num-submissions a").click()
    for account, score in (("ada", "1 / 4"), ("alan", "0 / 4")):
        submission = frame.locator("#main-table tr").filter(has_text=account)
        press(frame, "autograde", account)
        expect(submission.locator("td.score")).to_have_text(score)
    screenshot(teacher, "hub-formgrader")
    frame.get_by_text("Manage Assignments").first.click()
    press(frame, "generate-feedback", LESSON)
    press(frame, "release-feedback", LESSON)

    for account in LEARNERS:
        page = pages[account]
        open_assignments(page)
        page.get_by_role("button", name="Fetch Feedback").first.click()
        expect(page.get_by_text("view feedback").first).to_be_visible(timeout=LONG)
        screenshot(page, f"hub-{account}-feedback")
        found = running.run(account, "find", f"inside-docker/{LESSON}/feedback", "-name", "*.html")
        html = running.run(account, "cat", found.stdout.splitlines()[0]).stdout
        assert ("Score: 1.0 / 4.0" in html) == (account == "ada")


def work(page: Page, *, right: bool) -> None:
    """Run the open lesson up to its first task, and answer that."""
    notebook = Notebook(page)
    notebook.await_kernel()
    answer = notebook.cell(STUB)
    notebook.run_all_above(answer)
    if right:
        notebook.write(answer, RIGHT)
    notebook.save()


def test_each_learner_has_an_engine_of_their_own(running: Hub, pages: dict[str, Page]) -> None:
    engines = {}
    for account in LEARNERS:
        identity = running.run(account, "id", "-u").stdout.strip()
        socket = f"/tmp/insidedocker-{identity}/engine.sock"
        asked = running.run(account, "curl", "-s", "--unix-socket", socket, "http://e/info")
        assert '"DefaultRuntime"' in asked.stdout
        engines[account] = socket
    refused = running.run("alan", "curl", "-s", "--unix-socket", engines["ada"], "http://e/_ping")
    assert refused.returncode == 7  # cannot connect
    assert running.run("alan", "ls", "/tmp/insidedocker-1001").returncode != 0


def test_each_engine_is_limited(running: Hub, pages: dict[str, Page]) -> None:
    script = (
        "from insidedocker import lab\n"
        "engine = lab.connect()\n"
        "lab.need(engine, 'busybox', quiet=True)\n"
        "many = 'for i in $(seq 1000); do sleep 60 & done; wait'\n"
        "made = engine.post('/containers/create', json={'Image': 'busybox', "
        "'Cmd': ['sh', '-c', many]}).json()['Id']\n"
        "engine.post(f'/containers/{made}/start')\n"
        "print(engine.post(f'/containers/{made}/wait').json()['StatusCode'])\n"
        "print(lab.text_of(engine.get(f'/containers/{made}/logs?stderr=1&stdout=1').content))\n"
        "engine.delete(f'/containers/{made}?force=1')\n"
    )
    done = running.run("alan", "python", "-c", script)
    assert done.returncode == 0, done.stderr
    assert "can't fork" in done.stdout


def test_a_learner_can_read_nothing_of_another(running: Hub, pages: dict[str, Page]) -> None:
    exchange = "/srv/nbgrader/exchange/insidedocker"
    for path in ("/home/ada", f"{exchange}/inbound", f"{exchange}/feedback", "/srv/class/course"):
        assert running.run("alan", "ls", path).returncode != 0, path
    assert running.run("grace", "ls", f"{exchange}/inbound").stdout.count(LESSON) == 2
    # Nor what runs: a process's environment holds the token of its server.
    found = running.run("alan", "pgrep", "--euid", "ada", "--full", "jupyterhub-singleuser")
    for pid in found.stdout.split():
        assert running.run("alan", "cat", f"/proc/{pid}/environ").returncode != 0
    pages["alan"].goto(f"{running.url}/user/ada/lab")
    expect(pages["alan"].locator("body")).to_contain_text(re.compile("403|not.*(found|allowed)"))
    screenshot(pages["alan"], "hub-not-yours")
