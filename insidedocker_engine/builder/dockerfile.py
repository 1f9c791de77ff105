"""The parser of Dockerfiles: text -> stages of instructions. Checks form, not meaning."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

from ..base import errors

_DIRECTIVE = re.compile(r"#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+)")
_STAGE_NAME = re.compile(r"[a-z][a-z0-9-_.]*")
_HEREDOC = re.compile(r"\d*<<-?(['\"]?)([A-Za-z_]\w*)\1")
NAMES = (
    *("ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK"),
    *("LABEL", "MAINTAINER", "ONBUILD", "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME"),
    "WORKDIR",
)
BUILDKIT = (
    "requires BuildKit. Refer to https://docs.docker.com/go/buildkit/ to learn how to build "
    "images with BuildKit enabled"
)

TOO_FEW = (
    "{} requires at least two arguments, but only one was provided. "
    "Destination could not be determined"
)


class Mistake(errors.BadRequest):
    """An invalid line."""


@dataclass(frozen=True)
class Instruction:
    """One instruction: `COPY --chown=1 a b` has name COPY, flags [--chown=1], text `a b`."""

    name: str
    flags: dict[str, str]
    text: str
    source: str
    """The line as written, continuations joined."""
    line: int = 0

    def json(self) -> list[str] | None:
        """The words of the exec form; None for the shell form."""
        if not self.text.startswith("["):
            return None
        try:
            words = json.loads(self.text)
        except (ValueError, RecursionError):
            return None
        if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
            return None
        return words

    def words(self) -> list[str]:
        """The words of the exec form, else the text split at blanks."""
        listed = self.json()
        return self.text.split() if listed is None else listed


@dataclass
class Stage:
    """One FROM and the instructions that follow."""

    base: str
    name: str
    platform: str
    source: str
    instructions: list[Instruction] = field(default_factory=list)


@dataclass
class Dockerfile:
    """A parsed Dockerfile. `arguments` are the ARGs before the first FROM."""

    arguments: list[Instruction]
    stages: list[Stage]
    escape: str = "\\"
    gaps: list[str] = field(default_factory=list)
    """Instructions with empty lines inside, which cause a warning."""


def parse(text: str) -> Dockerfile:
    """Parse a Dockerfile. Raises BadRequest with the number of the wrong line."""
    text = text.removeprefix("\ufeff")
    escape = _escape(text)
    file = Dockerfile([], [], escape)
    for number, source, gap in _logical_lines(text, escape):
        try:
            _add(file, instruction(source, number))
        except Mistake as mistake:
            raise at_line(number, mistake) from None
        if gap:
            file.gaps.append(source)
    if not file.stages:
        if file.arguments:
            raise errors.BadRequest("no build stage in current context")
        raise errors.BadRequest("failed to parse Dockerfile: file with no instructions")
    return file


def at_line(number: int, mistake: Mistake) -> errors.BadRequest:
    return errors.BadRequest(f"dockerfile parse error on line {number}: {mistake.message}")


def _escape(text: str) -> str:
    """The escape character from the parser directives at the top; other directives are ignored."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        match = _DIRECTIVE.fullmatch(line.strip())
        if match is None:
            break
        name = match[1].lower()
        if name not in ("escape", "syntax", "check"):
            break
        if name in found:
            raise errors.BadRequest(f"only one {name} parser directive can be used")
        found[name] = match[2]
    escape = found.get("escape", "\\")
    if escape not in ("\\", "`"):
        raise errors.BadRequest(f"invalid ESCAPE '{escape}' does not match ` or \\")
    return escape


def _logical_lines(text: str, escape: str) -> list[tuple[int, str, bool]]:
    """(number of the first line, text, True where empty lines were inside) for each instruction,
    without comments and continuations."""
    continued = re.compile(rf"([^{re.escape(escape)}])?{re.escape(escape)}[ \t]*$")
    found: list[tuple[int, str, bool]] = []
    whole: str | None = None
    start, gap = 0, False
    for number, raw in enumerate(text.splitlines(), 1):
        if raw.lstrip().startswith("#"):
            continue
        if not raw.strip():
            gap = gap or whole is not None
            continue
        if whole is None:
            whole, start, gap, line = "", number, False, raw.lstrip()
        else:
            line = raw
        match = continued.search(line)
        if match is not None and not line.rstrip().endswith(escape * 2):
            whole += line[: match.start()] + (match[1] or "")
            continue
        found.append((start, (whole + line).strip(), gap))
        whole = None
    if whole is not None and whole.strip():
        found.append((start, whole.strip(), gap))
    return found


def instruction(source: str, number: int = 0) -> Instruction:
    """Parse one instruction. Raises Mistake."""
    word, *others = source.split(None, 1)
    rest = others[0] if others else ""
    name = word.upper()
    if name not in NAMES:
        raise Mistake(f"unknown instruction: {word}")
    flags, text = _flags(rest.strip())
    if not text and name not in ("FROM", "CMD", "ENTRYPOINT", "RUN"):
        _check_arguments(name)
    if name in ("RUN", "ADD", "COPY") and any(map(_HEREDOC.fullmatch, text.split())):
        raise Mistake(f"the here-document {BUILDKIT}")
    return Instruction(name, flags, text, source.strip(), number)


def _check_arguments(name: str) -> None:
    exactly_one = ("MAINTAINER", "WORKDIR", "USER", "STOPSIGNAL")
    count = "exactly" if name in exactly_one else "at least"
    if name in ("ADD", "COPY"):
        raise Mistake(TOO_FEW.format(name))
    raise Mistake(f"{name} requires {count} one argument")


def _flags(text: str) -> tuple[dict[str, str], str]:
    found: dict[str, str] = {}
    while text.startswith("--"):
        word, *others = text.split(None, 1)
        rest = others[0] if others else ""
        if word == "--":
            return found, rest.strip()
        name, _, value = word[2:].partition("=")
        if name in found:
            raise Mistake(f"Duplicate flag specified: {name}")
        found[name] = value.strip("\"'")
        text = rest.strip()
    return found, text


def _add(file: Dockerfile, found: Instruction) -> None:
    if found.name == "FROM":
        file.stages.append(_stage(found))
    elif file.stages and found.name in ("ADD", "COPY") and len(found.words()) < 2:
        raise Mistake(TOO_FEW.format(found.name))
    elif file.stages:
        file.stages[-1].instructions.append(found)
    elif found.name == "ARG":
        file.arguments.append(found)
    else:
        raise errors.BadRequest("no build stage in current context")


def _stage(found: Instruction) -> Stage:
    words = found.text.split()
    for flag in found.flags:
        if flag != "platform":
            raise Mistake(f"unknown flag: {flag}")
    if len(words) == 1:
        return Stage(words[0], "", found.flags.get("platform", ""), found.source)
    if len(words) != 3 or words[1].lower() != "as":
        raise Mistake("FROM requires either one or three arguments")
    name = words[2].lower()
    if not _STAGE_NAME.fullmatch(name):
        raise Mistake(
            f'invalid name for build stage: "{words[2]}", name can\'t start with a number '
            "or contain symbols"
        )
    if name in {"scratch", "context"}:
        raise Mistake(f'invalid name for build stage: "{words[2]}", it is reserved')
    return Stage(words[0], name, found.flags.get("platform", ""), found.source)


def cut_at(file: Dockerfile, target: str) -> list[Stage]:
    """The stages up to `target` (a name or a number). Raises BadRequest."""
    if not target:
        return file.stages
    names = [stage.name for stage in file.stages]
    if target.lower() in names:
        return file.stages[: names.index(target.lower()) + 1]
    if target.isdigit() and int(target) < len(names):
        return file.stages[: int(target) + 1]
    raise errors.BadRequest(f'target stage "{target}" could not be found')


def label_instruction(name: str, value: str) -> Instruction:
    """A LABEL for the `labels` of a request; the pair is taken literally."""
    pair = f"{name}={value}"
    return Instruction("LABEL", {"literal": ""}, pair, f"LABEL {pair}")
