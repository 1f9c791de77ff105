"""What a hostile learner can put before an instructor: text, outputs and files of a submission that
is graded as every other, and links into the instructor's own server. In a real browser."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import quote, urljoin, urlsplit

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell
from nbgrader.api import Gradebook
from playwright.sync_api import Browser, BrowserContext, Dialog, Page, Request, expect

from tests.support import small_class
from tests.support.jupyterlab import LONG, SHORT, screenshot
from tests.support.small_class import ASSIGNMENT, SOLVED, Course

pytestmark = [pytest.mark.slow, pytest.mark.real]

READS = "fetch('/api/terminals?by=learner').then(a => a.text()).then(t => document.title = t)"
RUNS = f"<script>{READS}</script>"
PAGE = f'<!doctype html><title>work</title><body>{RUNS}<img src=x onerror="{READS}">'
SVG = f'<svg xmlns="http://www.w3.org/2000/svg"><script>{READS}</script></svg>'
FILES = {
    "evil.html": PAGE,
    "evil.htm": PAGE,
    "evil.xhtml": f'<html xmlns="http://www.w3.org/1999/xhtml"><script>{READS}</script></html>',
    "evil.svg": SVG,
    "evil.xml": SVG.replace("<svg", "<?xml version='1.0'?><svg", 1),
    "evil": PAGE,
    "evil.ipynb.html": PAGE,
    "nbgrader_config.py": "import pathlib; pathlib.Path(__file__).with_name('obeyed').touch()",
}
TARGETS = [
    *("evil.html", "./evil.html", "evil.svg", "evil.xhtml", "?x", "#x", "//127.0.0.1:1/x"),
    *(
        "/files/submitted/eve/50-small/evil.html",
        "/formgrader?path=/tmp",
        "/logout",
        "/api/terminals",
    ),
    *("/formgrader/manage_students/%3Cimg src=x onerror=1%3E".replace(" ", "%20"), "\\\\x", "/\\x"),
    *("javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\tscript:alert(1)", "vbscript:x"),
    *("data:text/html,<script>1</script>", "http:evil.html", "http:/evil.html", "https:evil.html"),
    *(
        "http://localhost:8888/lab",
        "http://127.1/",
        "http://2130706433/",
        "http://[::1]/",
        "file:///",
    ),
    *(
        "blob:x",
        "view-source:/lab",
        "filesystem:x",
        "http://a.example@127.0.0.1/",
        "http:\\\\x.com",
    ),
]
MARKDOWN = "\n\n".join(
    [
        *(f"[{number}](<{target}>)" for number, target in enumerate(TARGETS)),
        *(f"![{number}](<{target}>)" for number, target in enumerate(TARGETS)),
        "[by reference][here]\n\n[here]: /formgrader/gradebook",
        "<javascript:alert(1)> </evil.html> <http://localhost/x>",
        f'```mermaid\n<img src=x onerror="{READS}">\n```',
        f"```<img/src=x/onerror={READS}>\nx\n```",
        "![none](attachment:none.png)",
        f"# Heading\n\n<h1 id=main-table>{RUNS}</h1>",
        "<base href=//x/> <meta http-equiv=refresh content='0;url=/formgrader?path=/tmp'>",
        "<form action=/logout><button>a</button></form>",
        "<iframe srcdoc='<script>1</script>'></iframe>",
        f'<svg onload="{READS}"><math><mtext><style><img src=x onerror="{READS}"></style>',
        f'| <img src=x onerror="{READS}"> |\n|---|\n| [t](/lab) |',
        f'$<img src=x onerror="{READS}">$ and $$ {RUNS} $$ \\begin{{a}}{RUNS}\\end{{a}}',
        f'[<img src=x onerror="{READS}">](https://x.org \'"onmouseover="{READS}\')',
        f'![a"onerror="{READS}](plot.png)',
        "[docs](https://docs.docker.com/engine/) ![plot](plot.png)",
    ]
)
OUTPUTS = f"""\
from IPython.display import display
READS = {READS!r}
PAGE = {PAGE!r}
links = ''.join(f'<a href="{{each}}">x</a>' for each in {TARGETS!r})
for kind in ("text/html", "image/svg+xml", "text/markdown", "text/latex", "application/javascript",
             "application/vnd.jupyter.widget-view+json", "application/vnd.plotly.v1+json"):
    display({{kind: PAGE + links, "text/plain": "plain"}}, raw=True)
display({{"text/html": links}}, raw=True, metadata={{"text/html": {{"isolated": True}}}})
display({{"text/markdown": "[a](/lab) [b](evil.html)"}}, raw=True)
for kind in ("image/png", "image/jpeg"):
    display({{kind: "AAAA"}}, raw=True,
            metadata={{kind: {{"width": "1 onerror=" + READS.replace(" ", "")}},
                      "filenames": {{kind: "/logout"}}}})
    display({{kind: 'AAAA" onerror="' + READS}}, raw=True)
print(PAGE, "\\x1b[31m" + PAGE)
"""
ERROR = f"raise type({RUNS!r}, (Exception,), {{}})({PAGE!r} + '\\x1b]8;;/lab\\x07x\\x1b[31m')"
NAME = f'<img src=x onerror="{READS}">'


@pytest.fixture(scope="module")
def course(walls: None, tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A class of one learner, graded and with feedback."""
    course = small_class.make(tmp_path_factory.mktemp("class") / "course")
    (course.root / "notebooks").mkdir(exist_ok=True)
    shutil.copy(small_class.REPOSITORY / "notebooks/objectives.yml", course.root / "notebooks")
    answers = {"sizes": SOLVED["sizes"], "words": MARKDOWN}
    course.hand_in("eve", answers, clicked="b")
    folder = course.submission("eve")
    notebook = nbformat.read(folder / f"{ASSIGNMENT}.ipynb", as_version=4)
    notebook.cells += [new_markdown_cell(MARKDOWN), new_code_cell(OUTPUTS), new_code_cell(ERROR)]
    nbformat.write(notebook, folder / f"{ASSIGNMENT}.ipynb")
    for name, text in FILES.items():
        (folder / name).write_text(text)
    course.grade()
    with Gradebook(f"sqlite:///{course.root}/gradebook.db") as gradebook:
        gradebook.update_or_create_student("eve", first_name=NAME, last_name=f"{NAME}</script>")
    assert course.api().generate_feedback(ASSIGNMENT, "eve")["success"]
    return course


@pytest.fixture(scope="module")
def server(course: Course, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address, with its token, that `insidedocker teach` prints."""
    place = tmp_path_factory.mktemp("home")
    own = {"HOME": str(place), "XDG_DATA_HOME": f"{place}/data", "JUPYTER_PREFER_ENV_PATH": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "insidedocker", "teach", "--no-open", "--engine", "embedded"],
        cwd=course.root,
        env={**os.environ, **own},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if found := re.search(r"JupyterLab: (http\S+)", line):
                yield found[1]
                break
        else:
            pytest.fail("the server did not start")
    finally:
        process.terminate()
        process.wait()


@pytest.fixture(scope="module")
def instructor(browser: Browser, server: str) -> Iterator[BrowserContext]:
    """A browser that is logged in."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(SHORT)
    page = context.new_page()
    page.goto(server)
    expect(page.locator(".lm-MenuBar-itemLabel").first).to_be_visible(timeout=LONG)
    assert page.evaluate("fetch('/api/terminals').then(a => a.status)") == 200
    page.close()
    yield context
    context.close()


@pytest.fixture
def page(instructor: BrowserContext) -> Iterator[Page]:
    page = instructor.new_page()
    yield page
    page.close()


@pytest.fixture(scope="module")
def origin(server: str) -> str:
    return "{0.scheme}://{0.netloc}".format(urlsplit(server))


@pytest.fixture(scope="module")
def submission(course: Course, origin: str) -> str:
    """The address of Formgrader's page of what was handed in."""
    with Gradebook(f"sqlite:///{course.root}/gradebook.db") as gradebook:
        found = gradebook.find_submission_notebook(ASSIGNMENT, ASSIGNMENT, "eve")
        return f"{origin}/formgrader/submissions/{found.id}/"


class Watched:
    """A page whose requests and complaints are kept."""

    def __init__(self, page: Page, origin: str) -> None:
        self.page, self.origin = page, origin
        self.asked: list[str] = []
        page.on("request", self._note)
        page.on("dialog", self._dismiss)

    def _note(self, request: Request) -> None:
        self.asked.append(request.url)

    def _dismiss(self, dialog: Dialog) -> None:
        self.asked.append("dialog")
        dialog.dismiss()

    def obeyed(self) -> list[str]:
        """What a learner's script would have asked for."""
        return [each for each in self.asked if "by=learner" in each or each == "dialog"]

    def own(self) -> set[str]:
        """Paths asked for on this server, but for nbgrader's own parts and the page itself."""
        paths = {urlsplit(each).path for each in self.asked if each.startswith(f"{self.origin}/")}
        return {each for each in paths if not re.match(r"/formgrader/(static|api)/", each)}


def test_a_submissions_page_obeys_nothing_and_leads_nowhere_here(
    page: Page, submission: str, origin: str
) -> None:
    watched = Watched(page, origin)
    page.goto(submission)
    expect(page.locator(".nbgrader_cell input.score").first).to_have_attribute(
        "placeholder", re.compile(r"\d"), timeout=LONG
    )
    screenshot(page, "learners-text")
    assert watched.obeyed() == []
    path = urlsplit(submission).path
    assert watched.own() == {path, f"{path}plot.png", f"{path}evil.svg"}  # as pictures
    container = page.locator("#notebook-container")
    links = container.locator("[href], [action], [formaction], area, base, meta, iframe, object")
    found = links.evaluate_all("all => all.map(each => each.href || each.outerHTML)")
    hosts = {urlsplit(urljoin(submission, each)).hostname for each in found}
    assert hosts == {"docs.docker.com", "x.org"}
    sources = container.locator("[src]").evaluate_all("all => all.map(each => each.src)")
    allowed = (
        f"{submission}plot.png",
        f"{submission}evil.svg",
        "data:image/png",
        "data:image/jpeg",
    )
    assert [each for each in sources if not each.startswith(allowed)] == []
    # Nothing of the learner's stands in for a part of the page.
    ids = container.locator("[id]").evaluate_all("all => all.map(each => each.id)")
    assert "main-table" not in ids
    assert len(ids) == len(set(ids))


def test_feedback_leads_nowhere_here(page: Page, course: Course) -> None:
    file = course.root / "feedback/eve" / ASSIGNMENT / f"{ASSIGNMENT}.html"
    watched = Watched(page, "file://")
    page.goto(file.as_uri())
    assert watched.obeyed() == []
    links = page.locator("#notebook-container [href]")
    found = links.evaluate_all("all => all.map(each => each.getAttribute('href'))")
    # nbgrader's own lead to the top.
    kept = {each for each in found if each != "#top"}
    assert kept == {"https://docs.docker.com/engine/", "https://x.org"}


@pytest.mark.parametrize(
    "way",
    [
        "/formgrader/submissions/{submission}/{name}",
        *(f"/files/{each}/eve/{ASSIGNMENT}/{{name}}" for each in ("submitted", "autograded")),
        f"/files/feedback/eve/{ASSIGNMENT}/{{name}}",
        f"/view/submitted/eve/{ASSIGNMENT}/{{name}}",
    ],
)
def test_a_file_is_no_page(
    instructor: BrowserContext, page: Page, submission: str, origin: str, way: str
) -> None:
    watched = Watched(page, origin)
    for name in FILES:
        url = origin + way.format(submission=submission.split("/")[-2], name=name)
        # Jupyter serves files to pages of its own.
        answer = instructor.request.get(url, headers={"Referer": f"{origin}/lab"})
        assert answer.status == 200
        if not way.startswith("/view/"):
            kind = answer.headers["content-type"].partition(";")[0]
            assert kind in ("text/plain", "application/octet-stream"), name
            rules = answer.headers["content-security-policy"].split("; ")
            assert "sandbox" in rules
            assert answer.headers["x-content-type-options"] == "nosniff"
        if answer.headers["content-type"] != "application/octet-stream":
            page.goto(url, referer=f"{origin}/lab")
            if not way.startswith("/view/"):
                assert page.evaluate("self.origin") == "null"
    assert watched.obeyed() == []


def test_a_notebook_converted_by_jupyter_runs_nothing(page: Page, origin: str) -> None:
    watched = Watched(page, origin)
    for folder in ("submitted", "autograded"):
        url = f"{origin}/nbconvert/html/{folder}/eve/{ASSIGNMENT}/{ASSIGNMENT}.ipynb"
        page.goto(url, referer=f"{origin}/lab")
        assert page.evaluate("self.origin") == "null"
    assert watched.obeyed() == []


@pytest.mark.parametrize(
    "path",
    [
        *("/formgrader/manage_students/{}", "/formgrader/manage_students/{}/{}"),
        *("/formgrader/manage_submissions/{}", "/formgrader/gradebook/{}"),
        *("/formgrader/gradebook/{}/{}", "/formgrader/submissions/{}"),
        *("/formgrader/submissions/{}/next", "/formgrader/submissions/{}/x.html"),
        *("/formgrader/api/submissions/{}", "/formgrader/api/student/{}"),
        *("/formgrader/api/grades?submission_id={}", "/formgrader?path={}"),
        *("/assignments?course_id={}", "/nbgrader_version?version={}", "/files/{}", "/view/{}"),
        *("/formgrader/api/students", "/formgrader/api/submissions/50-small"),
        *("/formgrader/manage_students", "/formgrader/manage_submissions/50-small"),
        "/formgrader/gradebook/50-small/50-small",
    ],
)
def test_no_address_is_obeyed(page: Page, origin: str, path: str) -> None:
    watched = Watched(page, origin)
    texts = (NAME, f'";{READS};"', f"</script>{RUNS}", "\\", f'\\";{READS}//')
    for text in texts if "{}" in path else ("",):
        page.goto(origin + path.replace("{}", quote(text, safe="")), referer=f"{origin}/lab")
        assert watched.obeyed() == []
    if "{}" not in path and "/api/" not in path:
        expect(page.locator("#main-table tr").first).not_to_contain_text("Loading")
        assert watched.obeyed() == []


def test_formgrader_takes_no_settings_from_a_folder_that_a_link_names(
    page: Page, course: Course, origin: str
) -> None:
    for each in ("submitted", "autograded"):
        folder = course.root / each / "eve" / ASSIGNMENT
        for name in ("", "/"):
            page.goto(f"{origin}/formgrader{name}?path={quote(str(folder))}")
            assert urlsplit(page.url).path == "/formgrader/manage_assignments"
        assert not (folder / "obeyed").exists()


def test_formgrader_runs_only_its_own_scripts(
    instructor: BrowserContext, submission: str, origin: str
) -> None:
    for url in (submission, f"{origin}/formgrader/manage_students"):
        told = instructor.request.get(url).headers["content-security-policy"]
        rules = dict(each.partition(" ")[::2] for each in told.split("; "))
        assert not {"'unsafe-inline'", "'self'", "*", "data:"} & set(rules["script-src"].split())
        assert rules["base-uri"] == rules["object-src"] == "'none'"
        assert rules["frame-ancestors"] == "'self'"


def test_grading_by_hand_works_as_ever(page: Page, course: Course, submission: str) -> None:
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text))
    page.goto(submission)
    answer = page.locator(".nbgrader_cell").filter(has=page.locator("#words-comment"))
    expect(answer.locator("input.needs_manual_grade")).to_be_visible(timeout=LONG)
    answer.locator("input.score").fill("1.5")
    answer.locator("input.score").press("Tab")
    answer.locator("textarea.comment").fill("Well said. <b>Really.</b>")
    answer.locator("textarea.comment").blur()
    expect(answer.locator(".score-saved")).to_be_visible()
    expect(answer.locator(".comment-saved")).to_be_visible()
    page.locator(".glyphicon-eye-open").click()
    expect(page.locator("a.name-shown")).to_contain_text(NAME)
    screenshot(page, "graded-by-hand")
    with Gradebook(f"sqlite:///{course.root}/gradebook.db") as gradebook:
        grade = gradebook.find_grade("words", ASSIGNMENT, ASSIGNMENT, "eve")
        comment = gradebook.find_comment("words", ASSIGNMENT, ASSIGNMENT, "eve")
        assert (grade.manual_score, comment.manual_comment) == (1.5, "Well said. <b>Really.</b>")
    page.locator(".breadcrumb").get_by_text(ASSIGNMENT, exact=True).last.click()
    page.get_by_text("Show All Names").click()
    expect(page.locator("#main-table tr").first).to_contain_text(NAME)
    for start, title in (("Students", "student"), ("Assignments", "assignment")):
        page.get_by_text(f"Manage {start}").first.click()
        page.get_by_role("link", name=f"Add new {title}").click()
        expect(page.locator(".modal.in")).to_be_visible()
        page.locator(".modal.in .modal-footer [data-dismiss]").click()
        expect(page.locator(".modal, .modal-backdrop")).to_have_count(0)
    # MathJax comes from the net, and the learner's pictures lead nowhere.
    allowed = ("MathJax", "Failed to load resource")
    assert [each for each in complaints if not any(text in each for text in allowed)] == []
