"""The table of a learner's own progress: for each lesson tasks done, points, and the next task."""

from __future__ import annotations

import os
from html import escape
from pathlib import Path
from urllib.parse import quote

from insidedocker.lab import beside
from insidedocker.lab.learner import progress
from insidedocker.lab.learner.progress import Work

COLUMNS = ("Lesson", "State", "Points by checks", "Answers given", "Next")
AS_SAVED = (
    "As your notebooks were last saved (Ctrl+S). Checks passing here are the visible half; "
    "answers to questions are judged when the lesson is graded."
)
NOTHING = (
    "No lessons were found here. Open the start page from the folder with your copies of the "
    "lessons, or name that folder: lab.my_progress('…')."
)


class MyProgress:
    """The table of progress, shown as HTML in a notebook and as text elsewhere."""

    def __init__(self, lessons: list[Work], seen_from: Path) -> None:
        self.lessons = lessons
        self._seen_from = seen_from

    def __repr__(self) -> str:
        if not self.lessons:
            return NOTHING
        rows = [COLUMNS, *map(_row, self.lessons)]
        widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
        lines = [
            "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
            for row in rows
        ]
        return "\n".join([*lines, "", self._summary(), AS_SAVED])

    def _repr_html_(self) -> str:
        if not self.lessons:
            return f"<p>{escape(NOTHING)}</p>"
        left, short = 'style="text-align: left"', 'style="text-align: left; white-space: nowrap"'
        head = "".join(f'<th scope="col" {left}>{each}</th>' for each in COLUMNS)
        rows = []
        for lesson in self.lessons:
            name, *middle, following = _row(lesson)
            cells = [f"<td {short}>{escape(text)}</td>" for text in middle]
            at = lesson.next.cell if lesson.next else ""
            linked = self._link(lesson, following, at) if lesson.next else escape(following)
            rows.append(
                f'<tr><th scope="row" {left}>{self._link(lesson, name)}</th>{"".join(cells)}'
                f"<td {left}>{linked}</td></tr>"
            )
        return (
            f"<table><caption {left}>My progress</caption><thead><tr>{head}</tr></thead>"
            f"<tbody>{''.join(rows)}</tbody></table>"
            f"<p><b>{escape(self._summary())}</b></p><p>{escape(AS_SAVED)}</p>"
        )

    def _link(self, lesson: Work, text: str, cell: str = "") -> str:
        """A link that JupyterLab opens as a tab, at the cell with the id `cell` if given."""
        if lesson.problem:
            return escape(text)
        path = Path(os.path.relpath(lesson.notebook, self._seen_from)).as_posix()
        at = f"#cell-id={quote(cell)}" if cell else ""
        return f'<a href="{escape(quote(path) + at)}">{escape(text)}</a>'

    def _summary(self) -> str:
        done = sum(lesson.state == "done" for lesson in self.lessons)
        points = sum(lesson.points[0] for lesson in self.lessons)
        most = sum(lesson.points[1] for lesson in self.lessons)
        told = (
            f"{done} of {len(self.lessons)} lessons done, {points:g} of {most:g} points by checks."
        )
        # A lesson under way comes first; else the first lesson that is not done.
        open_ones = [each for each in self.lessons if each.next]
        begun = [each for each in open_ones if each.state == "under way"]
        for lesson in [*begun, *open_ones][:1]:
            told += f" Go on with {_title(lesson)}."
        return told


def my_progress(folder: str | os.PathLike[str] | None = None) -> MyProgress:
    """Your progress, from your own files: the lessons in `folder`, or without `folder` those in the
    notebook's folder, or beside that where it is a lesson's. Nothing is sent anywhere."""
    here = beside.FOLDER if folder is None else Path(folder)
    return MyProgress(progress.find(here), beside.FOLDER.absolute())


def _row(lesson: Work) -> tuple[str, ...]:
    (points, most), (given, asked) = lesson.points, lesson.answered
    following = lesson.problem or (lesson.next.heading or "its first task" if lesson.next else "")
    return (
        _title(lesson),
        lesson.state,
        f"{points:g} of {most:g}" if most else "",
        f"{given} of {asked}" if asked else "",
        following,
    )


def _title(lesson: Work) -> str:
    """The lesson's number and title; the folder's name where the lesson could not be read."""
    return f"{lesson.name[:2]} {lesson.title}" if lesson.title else lesson.name
