"""Renders learners' text on feedback pages and in Formgrader as text, links and pictures.

HTML in the text is not interpreted, and no link leads into the server that shows the page.
nbgrader's page templates do not sanitise learners' text.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from typing import Any

import bleach
from jinja2 import pass_context
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbconvert.preprocessors import Preprocessor
from nbformat import NotebookNode

_ELSEWHERE = re.compile(
    r"(?:https?://(?P<host>(?:[a-z0-9-]+\.)+[a-z][a-z0-9-]*)(?::\d+)?(?:[/?#][^\s\\]*)?"
    r"|mailto:[^\s\\]+)",
    re.IGNORECASE,
)
"""URL by which a browser leaves the server that shows the page: absolute, with a full host name. A
relative URL, a numeric address or a bare name could be that server itself."""
_OWN_HOST = re.compile(r".*\.(?:localhost|local|internal)", re.IGNORECASE)
_BESIDE = re.compile(r"(?!.*\.\.)[\w][\w ./-]*\.(?:png|jpe?g|gif|webp|svg)", re.IGNORECASE)
"""Relative path of a picture beside the notebook, without ".."."""
_WITHIN = re.compile(r"data:image/(?:png|jpeg|gif);base64,[A-Za-z0-9+/=\s]*")
_TAGS = {
    *bleach.ALLOWED_TAGS,
    *("p", "br", "hr", "div", "span", "pre", "del", "h1", "h2", "h3", "h4", "h5", "h6"),
    *("table", "thead", "tbody", "tr", "th", "td", "dl", "dt", "dd"),
}
_SHOWN = ("image/png", "image/jpeg", "image/gif")


def leads_elsewhere(url: str, own_host: str = "") -> bool:
    """True where a link leads to another server than the one that shows the page, whatever its own
    name is; `own_host` is that name where it is known."""
    found = _ELSEWHERE.fullmatch(url)
    if not found:
        return False
    host = (found["host"] or "").lower()
    return not _OWN_HOST.fullmatch(host) and host != own_host.lower()


@pass_context
def without_html(context: Any, source: str) -> str:
    """Render Markdown: nbconvert's filter `markdown2html`, with HTML in the text shown as text."""
    attachments = (context.get("cell") or {}).get("attachments", {})
    renderer = _Renderer(attachments, _own_host(context))
    return str(MarkdownWithMath(renderer=renderer).render(source))


class _Renderer(IPythonRenderer):
    def __init__(self, attachments: Mapping[str, Mapping[str, str]], own_host: str) -> None:
        # No anchors at headings: their ids could equal those of the page's own elements.
        super().__init__(escape=True, allow_harmful_protocols=False, exclude_anchor_links=True)
        self.pasted = attachments
        self.own_host = own_host

    def link(self, text: str, url: str, title: str | None = None) -> str:
        if leads_elsewhere(url, self.own_host):
            return str(super().link(text, url, title))
        return f"{text} (<code>{html.escape(url)}</code>)"

    def image(self, text: str, url: str, title: str | None = None) -> str:
        picture = self._pasted(url) if url.startswith("attachment:") else url
        if _BESIDE.fullmatch(picture) or _WITHIN.fullmatch(picture):
            return str(super().image(text, picture, title))
        return self.link(text, url, title)

    def _pasted(self, url: str) -> str:
        data = self.pasted.get(url.removeprefix("attachment:"), {})
        found = next((kind for kind in _SHOWN if isinstance(data.get(kind), str)), None)
        return f"data:{found};base64,{data[found]}" if found else url

    def block_mermaidjs(self, code: str) -> str:
        """Render a diagram as any other code: nbconvert puts its text into the page unescaped."""
        return str(self.block_code(code))


@pass_context
def only_text(context: Any, source: Any) -> str:
    """Sanitise the HTML of outputs: nbconvert's filter `clean_html`, without links into the server
    and without attributes such as id, which elements of the page itself could have too."""

    def stays(_tag: str, name: str, value: str) -> bool:
        return name == "title" or (name == "href" and leads_elsewhere(value, _own_host(context)))

    text = source.decode() if isinstance(source, bytes) else str(source)
    return str(bleach.clean(text, tags=_TAGS, attributes=stays))


def _own_host(context: Any) -> str:
    return str(context.get("resources", {}).get("own_host", ""))


class PlainOutputs(Preprocessor):
    """Removes an output's metadata except the sizes of pictures: nbconvert writes other metadata
    into tags, partly unescaped."""

    def preprocess_cell(
        self, cell: NotebookNode, resources: Any, _index: int
    ) -> tuple[NotebookNode, Any]:
        for output in cell.get("outputs", []):
            output.pop("svg_filename", None)
            if "metadata" in output:
                output.metadata = NotebookNode(_sizes(output.metadata))
        return cell, resources


def _sizes(metadata: Any) -> dict[str, dict[str, int]]:
    found = {}
    for kind in _SHOWN:
        told = metadata.get(kind)
        if isinstance(told, Mapping):
            found[kind] = {
                name: told[name] for name in ("width", "height") if type(told.get(name)) is int
            }
    return found
