"""Learners' Markdown on feedback pages and in Formgrader: as text, links and pictures, without HTML
of its own. nbgrader's page templates do not sanitise it."""

from __future__ import annotations

from typing import Any

from jinja2 import pass_context
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath


@pass_context
def without_html(context: Any, source: str) -> str:
    """nbconvert's filter `markdown2html`, but that HTML in the text is shown and not obeyed."""
    attachments = (context.get("cell") or {}).get("attachments", {})
    path = context.get("resources", {}).get("metadata", {}).get("path", "")
    renderer = IPythonRenderer(
        escape=True, allow_harmful_protocols=False, attachments=attachments, path=path
    )
    return str(MarkdownWithMath(renderer=renderer).render(source))
