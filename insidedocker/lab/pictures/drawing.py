"""A small SVG writer: boxes, lines and words that follow JupyterLab's theme.

Knows neither engines nor notebooks' cells. Lengths are SVG units, pixels at full size; a picture
shrinks with the available width while its words stay readable, and then scrolls sideways.
"""

from __future__ import annotations

import unicodedata
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

WIDTH = 640
"""Wide enough for four boxes, narrow enough for an 800 pixel page without its sidebar."""

LINE = 18
"""The distance between two lines of text."""

LETTER = {"code": 7.9, "strong": 7.8, "small": 6.6, "": 7.2}
"""Kind of text -> width of a letter: exact for code (in the widest of the usual typefaces),
approximate for other kinds."""

TIMES = "\N{MULTIPLICATION SIGN}"

Kind = Literal["", "code", "small", "strong"]

# JupyterLab's variables carry the theme; the fallback values are for a standalone SVG. The
# background is drawn, too: the colour behind a standalone SVG is unknown. At the minimum width the
# smallest words are nine pixels high.
_STYLE = """
svg.insidedocker { max-width: 100%; min-width: 480px; height: auto; display: block;
  --ink: var(--jp-ui-font-color0, #000); --ground: var(--jp-layout-color0, #fff);
  --edge: var(--jp-layout-color4, #757575); --lit: var(--jp-brand-color1, #1976d2) }
svg.insidedocker text { font: 13px var(--jp-ui-font-family, system-ui, sans-serif);
  fill: var(--ink) }
svg.insidedocker text.code { font-family: var(--jp-code-font-family, monospace) }
svg.insidedocker text.small { font-size: 12px }
svg.insidedocker text.strong { font-weight: 600 }
svg.insidedocker .ground { fill: var(--ground) }
svg.insidedocker .box { fill: var(--ground); stroke: var(--edge) }
svg.insidedocker .frame { fill: none; stroke: var(--edge); stroke-dasharray: 5 4 }
svg.insidedocker .line { fill: none; stroke: var(--edge); stroke-width: 1.5 }
svg.insidedocker .head { fill: var(--edge) }
svg.insidedocker .box.lit { fill: var(--lit); fill-opacity: .22 }
svg.insidedocker .box.lit, svg.insidedocker .line.lit { stroke: var(--lit); stroke-width: 3 }
svg.insidedocker .head.lit { fill: var(--lit) }
"""

Point = tuple[float, float]


@dataclass(frozen=True)
class Picture:
    """A picture and its text. A cell that ends with the picture shows it; `print`, its text."""

    title: str
    text: str
    svg: str

    def __repr__(self) -> str:
        return f"{self.title}\n\n{self.text}"

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {"text/html": self.html, "text/plain": repr(self)}

    @property
    def html(self) -> str:
        """The picture in a frame that scrolls. Inline SVG has the page's theme; image/svg+xml
        would become an <img>, which has no theme."""
        what = 'role="group" aria-label="a picture; it scrolls sideways on a narrow page"'
        return f'<div tabindex="0" {what} style="overflow-x: auto">{self.svg}</div>'


class Drawing:
    """Collects shapes from top to bottom, then writes them out as a picture."""

    def __init__(self) -> None:
        self._shapes: list[str] = []
        self._bottom = 0.0

    def box(self, x: float, y: float, width: float, height: float, kind: str = "box") -> None:
        """Add a rectangle; `kind` is "box", "box lit" or "frame"."""
        self._bottom = max(self._bottom, y + height)
        self._shapes.append(
            f'<rect class="{kind}" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" '
            'rx="4"/>'
        )

    def words(
        self, x: float, y: float, words: str, kind: Kind = "", *, room: float = WIDTH, at: str = ""
    ) -> None:
        """Add one line of text with its baseline at `y`. A text wider than `room` loses its middle,
        and a tooltip shows the whole. `at` is the anchor: "middle" or "end"."""
        self._bottom = max(self._bottom, y + 4)
        shown = shorten(words, room, kind)
        anchor = f' text-anchor="{at}"' if at else ""
        style = f' class="{kind}"' if kind else ""
        whole = f"<title>{_clean(words)}</title>" if shown != words else ""
        self._shapes.append(
            f'<text x="{x:g}" y="{y:g}"{anchor}{style}>{whole}{_clean(shown)}</text>'
        )

    def line(self, *points: Point, lit: bool = False, arrow: bool = True) -> None:
        """Add a line through points, with an arrowhead at its end."""
        style = " lit" if lit else ""
        path = " ".join(f"{x:g},{y:g}" for x, y in points)
        self._shapes.append(f'<polyline class="line{style}" points="{path}"/>')
        if arrow:
            self._shapes.append(f'<polygon class="head{style}" points="{_head(*points[-2:])}"/>')

    def picture(self, title: str, lines: Sequence[str]) -> Picture:
        """The finished picture; `lines` are its text, with the same facts."""
        name = f"picture-{uuid.uuid4().hex[:12]}"  # a page may show the same picture twice
        text = "\n".join(lines)
        height = self._bottom + 12
        svg = (
            '<svg xmlns="http://www.w3.org/2000/svg" class="insidedocker" role="img" '
            f'aria-labelledby="{name}-title {name}-text" '
            f'viewBox="0 0 {WIDTH} {height:g}" width="{WIDTH}" height="{height:g}">'
            f'<title id="{name}-title">{_clean(title)}</title>'
            f'<desc id="{name}-text">{_clean(text)}</desc>'
            f"<style>{_STYLE}</style>"
            f'<rect class="ground" width="{WIDTH}" height="{height:g}"/>'
            f"{''.join(self._shapes)}</svg>"
        )
        return Picture(title, text, svg)


def shorten(words: str, room: float, kind: Kind = "code") -> str:
    """The words, or as much of their beginning and end as fits into `room`."""
    if width(words, kind) <= room:
        return words
    front, back = words, words
    while front and width(front, kind) > room * 0.6:
        front = front[:-1]
    while back and width(front + "…" + back, kind) > room:
        back = back[1:]
    return f"{front}…{back}"


def width(words: str, kind: Kind = "code") -> float:
    """The approximate width of a line of text."""
    wide = sum(unicodedata.east_asian_width(each) in "WF" for each in words)
    return LETTER[kind] * (len(words) + wide)


def size(count: float) -> str:
    """A number of bytes in GB, MB, kB or B."""
    for unit, much in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= much:
            return f"{count / much:.1f} {unit}"
    return f"{count:.0f} B"


def _clean(words: str) -> str:
    """The words, escaped, without characters that XML cannot hold."""
    return escape("".join(each for each in words if each == "\n" or each.isprintable()))


def _head(before: Point, end: Point) -> str:
    """The three corners of an arrowhead; lines are horizontal or vertical."""
    (x, y), across, down = end, _sign(end[0] - before[0]), _sign(end[1] - before[1])
    base = (x - 9 * across, y - 9 * down)
    corners = [(x, y), (base[0] + 5 * down, base[1] + 5 * across)]
    corners.append((base[0] - 5 * down, base[1] - 5 * across))
    return " ".join(f"{a:g},{b:g}" for a, b in corners)


def _sign(number: float) -> int:
    return (number > 0) - (number < 0)
