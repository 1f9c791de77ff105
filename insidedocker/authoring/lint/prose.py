"""Headings, links and pictures of a Markdown cell, with their line numbers. Judges nothing."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

from insidedocker.authoring.lesson import Cell


@dataclass(frozen=True)
class Heading:
    level: int
    text: str
    line: int


@dataclass(frozen=True)
class Link:
    """A link or a picture; `target` is as a browser sees it."""

    target: str
    picture: bool
    alternative: str  # a picture's text for those who cannot see it
    line: int


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark").enable("table")


def headings(cell: Cell) -> list[Heading]:
    """The headings of a cell, outside code blocks."""
    if cell.kind != "markdown":
        return []
    tokens = _parser().parse(cell.source)
    return [
        Heading(int(opening.tag[1]), _plain(inline), _line(cell, opening))
        for opening, inline in itertools.pairwise(tokens)
        if opening.type == "heading_open"
    ]


def links(cell: Cell) -> Iterator[Link]:
    """The links and pictures of a cell, in Markdown and in HTML."""
    if cell.kind != "markdown":
        return
    for block in _parser().parse(cell.source):
        if block.type == "html_block":
            yield from _html_links(block.content, _line(cell, block))
        for token in block.children or []:
            if token.type == "link_open":
                yield Link(str(token.attrs["href"]), False, "", _line(cell, block))
            elif token.type == "image":
                yield Link(str(token.attrs["src"]), True, token.content, _line(cell, block))
            elif token.type == "html_inline":
                yield from _html_links(token.content, _line(cell, block))


_HTML_LINK = re.compile(r"""<(?P<tag>a|img)\b[^>]*?\b(?:href|src)=["'](?P<target>[^"']+)""", re.I)
_HTML_ALTERNATIVE = re.compile(r"""\balt=["'](?P<text>[^"']*)""", re.I)


def _html_links(html: str, line: int) -> Iterator[Link]:
    for match in _HTML_LINK.finditer(html):
        picture = match["tag"].lower() == "img"
        alternative = _HTML_ALTERNATIVE.search(html, match.start())
        yield Link(match["target"], picture, alternative["text"] if alternative else "", line)


def anchor(heading: Heading) -> str:
    """The anchor that JupyterLab gives a heading."""
    return heading.text.replace(" ", "-")


def _plain(inline: Token) -> str:
    """A heading's text as shown: without emphasis, code marks and link targets."""
    return "".join(token.content for token in inline.children or [])


def _line(cell: Cell, token: Token) -> int:
    return cell.source_line + (token.map[0] if token.map else 0)
