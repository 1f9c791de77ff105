"""Pictures and progress in JupyterLab: in both of its themes, wide and narrow, all can be read,
and what was shown is still there when the notebook is opened again."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import nbformat
import pytest
from playwright.sync_api import Locator, expect

from insidedocker import catalog
from insidedocker.catalog import folders
from tests.browser.conftest import OpenPage
from tests.support.axe import serious
from tests.support.jupyterlab import Notebook, screenshot
from tests.support.newcomer import Newcomer
from tests.support.ordinary import give_away

pytestmark = [pytest.mark.slow, pytest.mark.real]

CELLS = [
    """
from insidedocker import lab
engine = lab.connect()
lab.need(engine, "busybox", "hello-world")
""",
    """
labels = lab.labels("pictures-in-a-browser")
engine.post("/networks/create", json={"Name": "shop", "Labels": labels})
host = {"NetworkMode": "shop", "PortBindings": {"80/tcp": [{"HostIp": "127.0.0.1"}]}}
recipe = {"Image": "busybox", "Cmd": ["sleep", "600"], "Labels": labels, "HostConfig": host}
for name in ("web", "a-database-with-a-long-name-" + "x" * 60):
    engine.post("/containers/create", params={"name": name}, json=recipe)
    engine.post(f"/containers/{name}/start")
""",
    "lab.pictures.networks(engine)",
    'lab.pictures.life_cycle(engine, "web")',
    'lab.pictures.layers(engine, "busybox", "hello-world")',
    'lab.pictures.architecture([("POST", "/containers/web/start")] * 3, engine)',
    """
saved = engine.get("/images/busybox/get").content
engine.delete("/containers/web?force=true")
for name in ("a-database-with-a-long-name-" + "x" * 60,):
    engine.delete(f"/containers/{name}?force=true")
engine.delete("/images/busybox?force=true")
head = {"Content-Type": "application/x-tar"}
told = lab.progress.show(engine.post("/images/load", data=saved, headers=head, stream=True))
""",
    'lab.clean_up(engine, "pictures-in-a-browser")',
]
PICTURES = CELLS[2:6]


@pytest.fixture(scope="module")
def url(somebody: Newcomer) -> Iterator[str]:
    """The address of a notebook with the pictures' cells."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(e) for e in CELLS])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    for name in ("busybox", "hello-world"):  # made here already, for all tests
        catalog.archive(name)
    cache = somebody.home / ".cache/insidedocker/catalog"
    shutil.copytree(folders.cache(), cache, ignore=shutil.ignore_patterns("apt", "tools"))
    for path in [somebody.home / ".cache", *(somebody.home / ".cache").rglob("*")]:
        give_away(path)
    work = somebody.home / "work"
    command = (".venv/bin/insidedocker", "lab", "--no-open", "--engine", "embedded")
    with somebody.terminal(*command, "--work", str(work)) as terminal:
        address = terminal.url()
        lesson = "00-start-here"
        somebody.write(work / "pictures" / "pictures.ipynb", nbformat.writes(notebook))
        address = address.replace(f"{lesson}/{lesson}.ipynb", "pictures/pictures.ipynb")
        yield address.replace("?", "?reset&")


def fits(picture: Locator) -> bool:
    """Whether all of a picture is inside what can be seen of its frame, or the frame scrolls; and
    the frame is inside its output, which does not."""
    return picture.evaluate(
        """svg => {
            const frame = svg.parentElement, output = svg.closest('.jp-OutputArea-output');
            const inner = svg.getBoundingClientRect(), outer = frame.getBoundingClientRect();
            const scrolls = getComputedStyle(frame).overflowX === 'auto' && frame.tabIndex === 0;
            return inner.left >= outer.left - 1 && (scrolls || inner.right <= outer.right + 1)
                && output.scrollWidth <= output.clientWidth + 1
                && outer.right <= window.innerWidth + 1;
        }"""
    )


def smallest_words(picture: Locator) -> float:
    """The size of a picture's smallest words, in pixels of the page."""
    return picture.evaluate(
        """svg => svg.getBoundingClientRect().width / svg.viewBox.baseVal.width * Math.min(
            ...[...svg.querySelectorAll('text')].map(
                text => parseFloat(getComputedStyle(text).fontSize)))"""
    )


def words_fit(picture: Locator) -> list[str]:
    """Words that stick out of the picture."""
    return picture.evaluate(
        """svg => [...svg.querySelectorAll('text')].filter(text => {
            const box = text.getBBox();
            return box.x < 0 || box.x + box.width > svg.viewBox.baseVal.width;
        }).map(text => text.textContent)"""
    )


def contrast(picture: Locator) -> float:
    """The least contrast of any words with the picture's ground, as WCAG counts it."""
    return picture.evaluate(
        """svg => {
            const light = colour => {
                const parts = colour.match(/[\\d.]+/g).slice(0, 3).map(Number).map(part => {
                    const value = part / 255;
                    return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
                });
                return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
            };
            const ground = light(getComputedStyle(svg.querySelector('.ground')).fill);
            return Math.min(...[...svg.querySelectorAll('text')].map(text => {
                const ink = light(getComputedStyle(text).fill);
                return (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05);
            }));
        }"""
    )


@pytest.mark.parametrize("width", [1280, 800])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pictures_in_a_notebook(url: str, open_page: OpenPage, theme: str, width: int) -> None:
    page = open_page(url, dark=theme == "dark")
    page.set_viewport_size({"width": width, "height": 900})
    notebook = Notebook(page)
    notebook.await_kernel()
    for code in CELLS[:2]:
        notebook.run(notebook.cell(code.strip().splitlines()[-1]))
    for number, code in enumerate(PICTURES):
        picture = notebook.run(notebook.cell(code)).locator("svg.insidedocker")
        expect(picture).to_be_visible()
        picture.scroll_into_view_if_needed()
        screenshot(page, f"picture-{number}-{theme}-{width}")
        assert fits(picture), code
        assert smallest_words(picture) >= 9, code
        assert words_fit(picture) == [], code
        assert contrast(picture) > 7, code
        named = page.get_by_role("img", name=picture.locator("title").first.text_content() or "?")
        expect(named.first).to_be_visible()
    told = notebook.run(notebook.cell("lab.progress.show"))
    expect(told).to_contain_text("Loaded image: busybox:latest")
    told.scroll_into_view_if_needed()
    screenshot(page, f"progress-{theme}-{width}")
    page.set_viewport_size({"width": width, "height": 4000})  # all cells at once
    expect(notebook.panel.locator("svg.insidedocker:visible")).to_have_count(len(PICTURES))
    assert serious(page, f"pictures-{theme}-{width}") == []
    page.set_viewport_size({"width": width, "height": 900})
    notebook.run(notebook.cell("lab.clean_up"))
    if (theme, width) == ("light", 1280):
        notebook.save()
        page.reload()
        notebook.await_kernel()
        expect(notebook.panel.locator("svg.insidedocker")).to_have_count(len(PICTURES))
        expect(notebook.panel.get_by_text("Loaded image: busybox:latest")).to_be_visible()
