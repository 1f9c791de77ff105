"""Verdict on a test cell: its points, and the error that says why some are missing.

Only the checker makes a verdict, separate from all that a cell shows. Outside the pod a verdict
becomes the one output from which nbgrader reads the points.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from insidedocker.grading.pod import codec
from insidedocker.grading.pod.outputs import Output, error_output

LONGEST = 20_000  # characters of an error's text
MOST_LINES = 100


@dataclass(frozen=True)
class Verdict:
    """Points out of `most`; `error` says why where a check failed, with 0 points."""

    points: float
    most: float
    error: Output | None = None

    @classmethod
    def of_value(cls, value: Any, most: float) -> Verdict:
        """Verdict on a check that ran to its end, by the value of its last line.

        A number is partial credit. False, and a number below 0 or above `most`, which may come from
        the learner, give 0 points with an error; any other value gives all points.
        """
        if value is False:
            return cls.failed(most, error_output("NoSuchCredit", "the check ends with False"))
        if isinstance(value, bool) or not isinstance(value, int | float):
            return cls(most, most)
        if not 0 <= value <= most:
            said = f"{float(value):g}" if abs(value) < 10**40 else "far too many"
            return cls.failed(most, error_output("NoSuchCredit", f"the check gave {said} points"))
        return cls(float(value), most)

    @classmethod
    def failed(cls, most: float, error: Output) -> Verdict:
        """Verdict of 0 points, with the error that says why, shortened."""
        return cls(0.0, most, _short(error))

    def told(self) -> dict[str, Any]:
        """Verdict as plain data for an event; `read` reads it."""
        return asdict(self)

    @classmethod
    def read(cls, told: Any, most: float) -> Verdict:
        """Read what `told` made.

        Raises codec.Malformed for anything that is not a verdict on a cell of `most` points.
        """
        if not isinstance(told, dict):
            raise codec.Malformed("a check without a verdict")
        points, error = told.get("points"), told.get("error")
        if isinstance(points, bool) or not isinstance(points, int | float):
            raise codec.Malformed("a verdict without points")
        if not 0 <= points <= most or (error is not None and points):
            raise codec.Malformed("a verdict that contradicts itself")
        if error is None:
            return cls(float(points), most)
        if not isinstance(error, dict) or not {"ename", "evalue"} <= error.keys():
            raise codec.Malformed("a verdict of no known form")
        lines = [str(line) for line in error.get("traceback") or []]
        return cls(0.0, most, error_output(str(error["ename"]), str(error["evalue"]), lines))

    def outputs(self) -> Iterator[Output]:
        """The output from which nbgrader reads the points: an error for 0, a number for some, none
        for all."""
        if self.error is not None:
            yield self.error
        elif self.points != self.most:
            data = {"text/plain": repr(self.points)}
            yield {
                **{"output_type": "execute_result", "data": data, "metadata": {}},
                "execution_count": 1,
            }


def _short(error: Output) -> Output:
    room, lines = LONGEST, []
    for line in error["traceback"][:MOST_LINES]:
        lines.append(line[:room])
        room -= len(lines[-1])
    return error_output(error["ename"], error["evalue"][:LONGEST], lines)
