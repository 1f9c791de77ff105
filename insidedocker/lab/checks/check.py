"""Checks that answer a learner: what was observed, what was expected, what to try next.

Ordinary functions for nbgrader's test cells. They check plain data and the engine's state; they
know nothing of points, of notebooks or of the origin of a learner's code.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NoReturn

import requests

from insidedocker.errors import UserError
from insidedocker.lab.checks import check_failed
from insidedocker.lab.checks.check_failed import CheckFailed, fail
from insidedocker.lab.checks.object_checks import (
    container,
    gone,
    image,
    network,
    port_answers,
    volume,
)
from insidedocker.lab.engines import embedded, session
from insidedocker.lab.engines.images import need
from insidedocker.lab.engines.session import Engine
from insidedocker.lab.engines.stub_engine import scripted as scripted_engine
from insidedocker.lab.plain_data import NotPlain, plain, same, show
from insidedocker.lab.quiz import answer_matching

__all__ = [
    "CheckFailed",
    "answer",
    "call",
    "container",
    "equal",
    "fail",
    "fresh_engine",
    "gone",
    "image",
    "network",
    "passed",
    "port_answers",
    "raises",
    "scripted_engine",
    "that",
    "volume",
]

Hint = tuple[Callable[[Any], object], str]
"""A test of the observed value, and what to try next where the test is true."""

NOTHING = "nothing (the function ends without returning a value)"

CALL_SECONDS = 20.0
"""Limit of one call of a learner's function, where the function runs in this process. In grading
the learner's own process has another limit."""


class _TookTooLong(BaseException):
    """Not an Exception: a learner's function must not catch it unknowingly."""


def equal(
    observed: Any,
    expected: Any,
    *,
    what: str,
    try_next: str = "",
    hints: Sequence[Hint] = (),
) -> None:
    """Compare `observed` with `expected`, both plain data (a tuple counts as a list).

    `what` names the checked thing. The first of `hints` whose test is true for `observed` says
    what to try next; else `try_next` does. Raises CheckFailed.
    """
    observed = _plain(observed, what)
    if not same(observed, expected):
        fail(
            what,
            observed=NOTHING if observed is None else show(observed),
            expected=show(expected),
            try_next=_remedy(observed, hints) or try_next,
        )


def that(
    condition: bool,
    *,
    what: str,
    observed: Any = "",
    expected: str = "",
    try_next: str = "",
    hints: Sequence[Hint] = (),
) -> None:
    """Raise CheckFailed where `condition` is false. `observed` is shown as is if it is a str, else
    as its repr; `hints` are tried on `observed`; `expected` is a description in words."""
    if condition:
        return
    fail(
        what,
        observed=observed if isinstance(observed, str) else show(observed),
        expected=expected,
        try_next=_remedy(observed, hints) or try_next,
    )


def call(
    function: Callable[..., Any],
    *args: Any,
    what: str = "",
    remedies: Mapping[type[Exception], str] | None = None,
    none_counts: bool = False,
    **kwargs: Any,
) -> Any:
    """Call a learner's function with copies of plain arguments; returns its answer as plain data.

    Every failure of the function becomes a CheckFailed: an exception (`remedies` maps a type of
    exception to what to try next; TimeoutError also stands for a call that takes too long), no
    returned value (as with an untouched task, unless `none_counts`), a value that is not plain
    data. The function's stderr goes to stdout: nbgrader
    counts any stderr in a test cell as a failure, and a warning is not a failure.
    """
    name = getattr(function, "__name__", "your function")
    what = what or f"{name}({', '.join(map(show, args))})"
    if not callable(function):
        fail(what, observed=f"{name} is {show(function)}", expected="a function")
    try:
        answer = _answer(function, args, kwargs)
    except CheckFailed:
        raise
    except _TookTooLong:
        _too_long(what, name, remedies or {})
    except Exception as error:
        _explain(error, what, name, remedies or {})
    if answer is None and not none_counts:
        fail(
            what,
            observed=NOTHING,
            expected="a value",
            try_next=f"for these arguments {name} came to its end without a `return`: write its "
            "body if it is not written yet, and let every way through it return a value.",
        )
    return _plain(answer, what)


def raises(function: Callable[..., Any], *args: Any, what: str, try_next: str = "") -> None:
    """Raise CheckFailed unless a learner's function raises an exception of any kind."""
    try:
        answer = _answer(function, args, {})
    except _TookTooLong:
        _too_long(what, getattr(function, "__name__", "your function"), {})
    except Exception:
        return
    fail(what, observed=show(answer), expected="an exception", try_next=try_next)


def passed(task: str = "") -> None:
    """Tell the learner that all checks above this line pass."""
    print(f"✓ {task or 'This task'}: the checks in this notebook pass.")


def answer(
    value: Any,
    right: Sequence[Any] = (),
    *,
    remedies: Mapping[Any, str] | None = None,
    otherwise: str = "",
) -> None:
    """Check one quiz answer without giving the key away.

    `right` lists the right values; without `right` any whole answer counts, as in the visible part.
    `remedies` maps a wrong value, or a part of one as `answer_matching.shows` reads it, to what to
    think of; `otherwise` is for all other values. The comparison of texts ignores case and doubled
    blanks.
    """
    value = _plain(value, "the answer")
    if value is None:
        fail(
            "this question has no saved answer",
            try_next="run the question's cell, then click an answer, or write it as code there.",
        )
    if answer_matching.half(value):
        fail(
            "this answer is not whole yet",
            observed=show(value),
            try_next="choose something in every list, and each step once.",
        )
    if not right:
        print("✓ Your answer is saved. Whether it is right comes with the grading.")
    elif not any(answer_matching.alike(value, each) for each in right):
        found = answer_matching.first_remedy(value, remedies or {})
        again = "read the lesson that this question is about again."
        fail("this answer is not right", observed=show(value), try_next=found or otherwise or again)


@contextlib.contextmanager
def fresh_engine(images: Sequence[str] = ()) -> Iterator[Engine]:
    """A new embedded engine with these images of the catalogue, for a `with` block.

    A check passes the session's `url` to learners' functions, and prepares and examines the
    engine's state with the session.
    """
    with embedded.fresh() as url, Engine(url, "a fresh one for a check") as engine:
        need(engine, *images, quiet=True)
        yield engine


def _plain(value: Any, what: str) -> Any:
    try:
        return plain(value)
    except NotPlain as error:
        fail(
            what,
            observed=str(error),
            expected="plain data (text, bytes, numbers, True or False, lists, dicts)",
            try_next="return the value itself: answer.text, answer.json(), dict(answer.headers) …",
        )


def _remedy(observed: Any, hints: Sequence[Hint]) -> str:
    """The advice of the first hint whose test is true; a test that raises counts as false."""
    for test, remedy in hints:
        with contextlib.suppress(TypeError, ValueError, LookupError, AttributeError):
            if test(observed):
                return remedy
    return ""


def _answer(function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """Call a learner's function with copies of plain arguments. Raises what it raises, and
    _TookTooLong."""
    given, named = plain(list(args)), plain(dict(kwargs))
    handed = {each for each in args if isinstance(each, str) and each.startswith("unix://")}
    check_failed.went_astray = False
    session.asked.clear()
    try:
        with _stderr_to_stdout(), _limited(function):
            return function(*given, **named)
    finally:
        asked = getattr(function, "asked", session.asked)  # another process tells its own
        check_failed.went_astray = bool(handed and asked) and handed.isdisjoint(asked)


@contextlib.contextmanager
def _limited(function: Callable[..., Any]) -> Iterator[None]:
    """Raise _TookTooLong in a block that lasts too long, and again every second if it is caught.

    A function that has a limit of its own is left alone, and so is every thread but the first,
    which alone gets signals.
    """
    own = getattr(function, "has_limit", False)
    if own or threading.current_thread() is not threading.main_thread():
        yield
        return

    def late(*_: object) -> NoReturn:
        raise _TookTooLong

    kept = signal.signal(signal.SIGALRM, late)
    try:
        signal.setitimer(signal.ITIMER_REAL, CALL_SECONDS, 1)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    finally:
        signal.signal(signal.SIGALRM, kept)


def _too_long(what: str, name: str, remedies: Mapping[type[Exception], str]) -> NoReturn:
    fail(
        what,
        observed=f"{name} had not come to its end after {CALL_SECONDS:g} seconds, and was stopped",
        expected="a returned value",
        try_next=remedies.get(TimeoutError)
        or f"call {name} yourself in a new cell, stop it with ■, and read in which line it waited: "
        "some answers of an engine do not end by themselves, nor does a loop whose condition "
        "stays true.",
    )


def _explain(
    error: Exception, what: str, name: str, remedies: Mapping[type[Exception], str]
) -> NoReturn:
    if isinstance(error, NotImplementedError):
        fail(
            what,
            observed=f"{name} is not written yet",
            try_next="replace the line that raises NotImplementedError by your own code.",
        )
    said = str(error).strip().splitlines()
    line = f" in line {number} of its cell" if (number := _line(error)) else ""
    fail(
        what,
        observed=f"{name} raised {type(error).__name__}{line}" + (f": {said[0]}" if said else ""),
        expected="a returned value",
        try_next=next(
            (text for kind, text in remedies.items() if isinstance(error, kind)),
            _next_for(error, name),
        ),
    )


def _next_for(error: Exception, name: str) -> str:
    if isinstance(error, requests.HTTPError):
        return "an answer with an error status is still an answer: read its status."
    if isinstance(error, UserError):
        return "use the address that the function is handed."
    if isinstance(error, NameError):
        return "run the notebook's cells from the top, and look for a misspelt name."
    if isinstance(error, KeyError | IndexError):
        return "print what the engine answered, and look at which keys and items it has."
    return f"call {name} yourself in a new cell and read the whole error."


def _line(error: Exception) -> int | None:
    """The line of the learner's own cell that raised the error; None if it came from elsewhere."""
    if hasattr(error, "line_in_cell"):  # it came from another process
        return getattr(error, "line_in_cell", None)
    frames = traceback.extract_tb(error.__traceback__)
    own = [each for each in frames if "ipykernel" in each.filename or each.filename.startswith("<")]
    # The first of them is in the function's own cell; it may call a function of another cell.
    lines = [each.lineno for each in own if each.filename == own[0].filename]
    return lines[-1] if lines else None


@contextlib.contextmanager
def _stderr_to_stdout() -> Iterator[None]:
    """Send stderr to stdout for a block: the descriptors, not only sys.stderr, so that child
    processes are included."""
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        os.dup2(1, 2)
        with contextlib.redirect_stderr(sys.stdout):
            yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
