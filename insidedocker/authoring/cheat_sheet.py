"""The cheat sheet: a table of commands, requests and SDK calls, and the page made from the table.

python -m insidedocker.authoring.cheat_sheet        writes docs/cheat-sheet.md anew
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

from insidedocker.course import Course

TOP = """\
# Cheat sheet

<!-- Made from notebooks/cheat-sheet.yml by python -m insidedocker.authoring.cheat_sheet. -->

What a `docker` command asks of the engine, and the same in Python. Every row is run by a test, under the tap. A command may send more than the requests named here, a `HEAD /_ping` first of all; `{name}` takes a name or an id.

By request: `engine.get("/containers/json", params={"all": "true"})`, with `engine = lab.connect()`. By SDK: `client = docker.from_env()`, and `web = client.containers.get("web")`.
"""  # noqa: E501 - a paragraph of the page is a line

BOTTOM = """
| status | means |
|---|---|
| 200, 201, 204 | done; created; done, with nothing to say |
| 304 | it was so already (start, stop) |
| 400 | the request makes no sense |
| 404 | no such thing |
| 409 | not as things stand: the name is taken, it is in use, it does not run |
| 500 | the engine could not; the message says why |

Pulls, pushes and builds answer 200 before they know how they end: a line with `errorDetail` tells that they failed (`error` is deprecated since API 1.48).

`GET /system/df` has other fields since API 1.52: ask `/v1.44/system/df` for `LayersSize`, `Images`, `Containers` and `Volumes`. Of events read `Type`, `Action` and `Actor`. `POST /images/create` without a tag pulls all tags; the command adds `latest`.

`docker run` ends with its program's exit code, or with 125 (docker failed), 126 (the command cannot be started), 127 (there is no such command).

Since version 23.0 the `docker` command builds with BuildKit, which has requests of its own; with `DOCKER_BUILDKIT=0` it sends `POST /build`.
"""  # noqa: E501 - as above


@dataclass(frozen=True)
class Row:
    """A command, its main requests ("GET /images/{name}/json"), and the SDK's equivalent."""

    command: str
    calls: tuple[str, ...]
    sdk: str
    registry: bool = False


def read(path: Path) -> dict[str, list[Row]]:
    """Heading -> rows of the table."""
    groups = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {
        heading: [Row(**{**entry, "calls": tuple(entry["calls"])}) for entry in entries]
        for heading, entries in groups.items()
    }


def page(groups: dict[str, list[Row]]) -> str:
    """The page, as Markdown."""
    lines = [TOP]
    for heading, rows in groups.items():
        lines += [f"| {heading} | request | SDK |", "|---|---|---|"]
        for row in rows:
            calls = "<br>".join(f"`{call}`" for call in row.calls)
            lines.append(f"| `{row.command}` | {calls} | `{row.sdk}` |")
        lines.append("")
    return "\n".join(lines).rstrip("\n") + "\n" + BOTTOM


def table(course: Course) -> Path:
    """The path of the table."""
    return course.notebooks / "cheat-sheet.yml"


def target(course: Course) -> Path:
    """The path of the page."""
    return course.root / "docs" / "cheat-sheet.md"


if __name__ == "__main__":
    here = Course.find()
    target(here).write_text(page(read(table(here))), encoding="utf-8")
