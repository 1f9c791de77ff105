"""Learners' Markdown as others read it: text, links and pictures, and nothing that runs."""

from pathlib import Path

import pytest
from nbconvert.exporters import HTMLExporter
from nbformat.v4 import new_markdown_cell, new_notebook

from insidedocker.authoring.release_notebooks import load_nbgrader_config
from insidedocker.grading.plugins.markdown import without_html

CONFIG = Path(__file__).parents[2] / "nbgrader_config.py"


def page(markdown: str) -> str:
    exporter = HTMLExporter(config=load_nbgrader_config(CONFIG))
    html, _ = exporter.from_notebook_node(new_notebook(cells=[new_markdown_cell(markdown)]))
    return str(html)


@pytest.mark.parametrize(
    "markdown",
    [
        "<script>alert(4711)</script>",
        "<img src=x onerror=alert(4711)>",
        "[x](javascript:alert(4711))",
        "[x](JaVaScRiPt:alert(4711))",
        "![x](javascript:alert(4711))",
        "<iframe srcdoc='<script>alert(4711)</script>'></iframe>",
        "<a href='data:text/html,<script>alert(4711)</script>'>x</a>",
    ],
)
def test_nothing_runs(markdown: str) -> None:
    html = page(markdown).lower()
    for sign in ("<script>alert(4711", "onerror=alert(4711)>", '="javascript:', "<iframe"):
        assert sign not in html


def test_text_links_and_pictures_stay() -> None:
    text = "**bold** `1 < 2` [docs](https://docs.docker.com) ![layers](layers.svg) $x < y$"
    html = without_html({}, text)
    for part in ("<strong>bold</strong>", "1 &lt; 2", 'href="https://docs.docker.com"', "<img"):
        assert part in html
