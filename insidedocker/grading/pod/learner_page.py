"""Selects the output of checks that learners may read once a hidden check has begun.

From then on they read only the author's words, and nothing that comes from the learner's code,
which has been given hidden values by then. The author's words are the string literals of the
checks and of the modules of `lab.checks`; values between the pieces of an f-string are left out.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from types import FrameType, ModuleType, TracebackType
from typing import Any

from insidedocker.grading.pod import names
from insidedocker.grading.pod.learner_proxy import FromLearner, Gone, Left
from insidedocker.grading.pod.outputs import Output, error_output, stream_output, words_of

HIDDEN_BEGIN, HIDDEN_END = "BEGIN HIDDEN TESTS", "END HIDDEN TESTS"
"""Marks of hidden tests, nbgrader's own."""
HOLE = "…"
NOT_SHOWN = "(What came after a hidden check had run is shown to the instructor alone.)\n"
HIDDEN = "  (This check is hidden: what it saw and what it expected is not shown.)"
RUN_IT = "  (Run the check in your own notebook to see what it sees and what it expects.)"
OF_LEARNERS: tuple[tuple[type, str], ...] = (
    (FromLearner, "a function of yours raised an exception"),
    (Left, "a function of yours ended instead of returning a value"),
    (Gone, "your notebook's process gave no answer"),
)
LONGEST = 2000  # characters of a text that is compared with f-strings

Parts = tuple[str | None, ...]
"""Parts of an f-string: its literal pieces, and None for each value between them."""


def hidden_lines(source: str) -> set[int]:
    """Numbers (from 1) of the lines of hidden tests, those with the marks included."""
    found, hidden = set(), False
    for number, line in enumerate(source.split("\n"), 1):
        if HIDDEN_BEGIN in line:
            hidden = True
        if hidden:
            found.add(number)
        if HIDDEN_END in line:
            hidden = False
    return found


def visible(source: str) -> str:
    """Source of a check with its hidden lines emptied, so that the others keep their numbers."""
    hidden = hidden_lines(source)
    lines = source.split("\n")
    return "\n".join("" if n in hidden else line for n, line in enumerate(lines, 1))


class Words:
    """The author's words in these cells.

    A value in an f-string is shown where it is one of `known` or a string literal in the visible
    part of a check; all others are replaced by HOLE.
    """

    def __init__(self, sources: Iterable[str], known: Iterable[str] = ()) -> None:
        self.known = set(known)
        self.texts: set[str] = set()
        self.patterns: set[Parts] = set()
        self.raised: set[str] = set()
        self.raised_patterns: set[Parts] = set()
        for source in sources:
            tree = names.parsed(source)
            self._add(tree, self.texts, self.patterns)
            for node in ast.walk(tree):
                if isinstance(node, ast.Assert | ast.Raise):
                    said = node.msg if isinstance(node, ast.Assert) else node.exc
                    if said is not None:
                        self._add(said, self.raised, self.raised_patterns)
            for each in ast.walk(names.parsed(visible(source))):
                if isinstance(each, ast.Constant) and isinstance(each.value, str):
                    self.known.add(each.value)
        for module in ("check", "check_failed", "object_checks", "fixtures"):
            texts, patterns = _of_the_lab(module)
            self.texts |= texts
            self.patterns |= patterns

    @staticmethod
    def _add(tree: ast.AST, texts: set[str], patterns: set[Parts]) -> None:
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                texts.add(node.value)
            elif isinstance(node, ast.JoinedStr):
                patterns.add(_parts(node))

    def of(self, text: str) -> str:
        """The author's words in a text; empty where it has none."""
        return self._found(text, self.texts, self.patterns)

    def of_raised(self, text: str) -> str:
        """The author's words in an exception's text: only those of an `assert` or `raise`."""
        return self._found(text, self.raised, self.raised_patterns)

    def _found(self, text: str, texts: set[str], patterns: set[Parts]) -> str:
        if text in texts or len(text) > LONGEST:
            return text if text in texts else ""
        fitting = [parts for parts in patterns if _values(parts, text) is not None]
        # The one with the most literal text: others may fit by chance.
        best = max(fitting, key=lambda parts: sum(len(each or "") for each in parts), default=())
        values = iter(_values(best, text) or ())
        said = "".join(each if each is not None else self._value(next(values, "")) for each in best)
        return said if any(each and each.strip() for each in best) else ""

    def _value(self, value: str) -> str:
        return value if value in self.known else HOLE


def _parts(node: ast.JoinedStr) -> Parts:
    return tuple(
        each.value if isinstance(each, ast.Constant) and isinstance(each.value, str) else None
        for each in node.values
    )


def _values(parts: Parts, text: str) -> list[str] | None:
    """The values in an f-string that made this text; None where it cannot have made it.

    Reads from left to right without going back, so that the time grows only with the text.
    """
    found: list[str] = []
    place, hole = 0, False
    for number, part in enumerate(parts):
        if part is None:
            found.append("")
            hole = True
            continue
        last = number == len(parts) - 1
        at = text.rfind(part) if last and hole else text.find(part, place)
        if at < place or (not hole and at != place):
            return None
        if hole:
            found[-1] = text[place:at]
        place, hole = at + len(part), False
    if hole:
        found[-1] = text[place:]
        place = len(text)
    return found if place == len(text) else None


@cache
def _of_the_lab(module: str) -> tuple[frozenset[str], frozenset[Parts]]:
    """The words of one module of `lab.checks`, read from its file: it may not be imported."""
    texts: set[str] = set()
    patterns: set[Parts] = set()
    path = Path(__file__).parents[2] / "lab" / "checks" / f"{module}.py"
    Words._add(names.parsed(path.read_text(encoding="utf-8")), texts, patterns)
    return frozenset(texts), frozenset(patterns)


class Page:
    """Tells, for one notebook, when a hidden check has begun, and what the learner is shown from
    then on."""

    def __init__(self, sources: Sequence[str], known: Sequence[str]) -> None:
        self._sources, self._known = sources, known
        self._words: Words | None = None
        self._first = 0
        self.reached = False
        """True once a hidden line has run."""

    @property
    def words(self) -> Words:
        if self._words is None:
            self._words = Words(self._sources, self._known)
        return self._words

    def begin(self, source: str) -> None:
        """Note that a test cell is about to run."""
        self._first = _first_hidden(source)

    def end(self, error: BaseException | None) -> bool:
        """Note that the test cell has run, to its end or up to `error`.

        Returns True where it ended at its first hidden line or below.
        """
        place = sys.maxsize
        if isinstance(error, SyntaxError):
            place = 0
        elif error is not None:  # an error without a line may be in a hidden one
            place = _line_of(error.__traceback__) or sys.maxsize
        hidden = 0 < self._first <= place
        self.reached |= hidden
        self._first = 0
        return hidden

    def look(self) -> bool:
        """True while a hidden line runs, and once one has run. Looks at all threads."""
        if self._first and not self.reached:
            frames = sys._current_frames().values()
            self.reached = any(_line(frame) >= self._first for frame in frames)
        return self.reached

    def told(self, error: BaseException, hidden: bool) -> Output:
        """Error output of a failed check, for the learner; `hidden`: a hidden line failed."""
        more = HIDDEN if hidden else RUN_IT
        failed = _check_failed()
        if failed is not None and type(error) is failed:
            what, try_next = self.words.of(error.what), self.words.of(error.try_next)  # type: ignore[attr-defined]
            return _not_yet(what, try_next, more)
        said = next((said for kind, said in OF_LEARNERS if isinstance(error, kind)), "")
        return _not_yet(said or self.words.of_raised(words_of(error)), "", more)

    def lines(self, text: str) -> list[Output]:
        """Lines in the author's words of the text that a check has printed, as outputs."""
        kept = [said for line in text.splitlines() if (said := self.words.of(line))]
        return [stream_output("\n".join([*kept, ""]))] if kept else []


def told_plainly(words: Words, name: str, text: str) -> Output:
    """The same output as `Page.told`, made from the name and text of an error alone."""
    head, _, rest = text.partition("\n")
    if not head.startswith("Not yet: "):
        return _not_yet(words.of_raised(text), "", HIDDEN)
    rest = f"\n{rest}"
    what = text.removeprefix("Not yet: ")
    for label in ("Observed", "Expected", "Try next"):
        what = what.partition(f"\n  {label}:")[0]
    _, found, try_next = rest.rpartition("\n  Try next:")
    return _not_yet(words.of(what), words.of(try_next.strip()) if found else "", HIDDEN)


def _not_yet(what: str, try_next: str, more: str) -> Output:
    lines = [f"Not yet: {what or 'a check does not hold'}"]
    if try_next:
        lines.append(f"  Try next: {try_next}")
    text = "\n".join([*lines, more])
    return error_output("CheckFailed", text, text.splitlines())


def _check_failed() -> type[BaseException] | None:
    told: ModuleType | None = sys.modules.get("insidedocker.lab.checks.check_failed")
    return getattr(told, "CheckFailed", None)


def _first_hidden(source: str) -> int:
    """Number of the line from which a cell counts as hidden; 0 where no line is hidden.

    The first hidden line, or the first line of the statement that contains it.
    """
    hidden = hidden_lines(source)
    if not hidden:
        return 0
    if source.lstrip().startswith("%%"):  # the magic runs the lines under other numbers
        return 1
    first = mark = min(hidden)
    for node in ast.walk(names.parsed(source)):
        if isinstance(node, ast.stmt):
            body: Any = getattr(node, "body", None)
            end = body[0].lineno - 1 if body else node.end_lineno or node.lineno
            if node.lineno < mark <= end and not _only_a_comment(source, mark, end):
                first = min(first, node.lineno)
    return first


def _only_a_comment(source: str, mark: int, end: int) -> bool:
    """True where only comments stand from the mark to the end of a statement's head: the hidden
    part then begins with the statement's body."""
    lines = source.split("\n")[mark - 1 : end]
    return all(not line.strip() or line.strip().startswith("#") for line in lines)


def _line(frame: FrameType | None) -> int:
    """Line of a notebook's cell that a thread runs, by the outermost frame in a cell; 0 where no
    frame is in a cell."""
    found = 0
    while frame is not None:
        if _is_cell(frame.f_code.co_filename):
            found = frame.f_lineno
        frame = frame.f_back
    return found


def _line_of(trace: TracebackType | None) -> int:
    """Line of a notebook's cell in which an error came up, by the outermost frame; 0 for none."""
    while trace is not None:
        if _is_cell(trace.tb_frame.f_code.co_filename):
            return trace.tb_lineno
        trace = trace.tb_next
    return 0


def _is_cell(file: str) -> bool:
    return file.startswith(("<cell", "<ipython"))


def masked(outputs: list[Output]) -> list[Output]:
    """Outputs that replace those of a learner's cell: a note; none where it has shown nothing."""
    return [stream_output(NOT_SHOWN)] if outputs else []
