"""The instructions that change only an image's settings: their effect, and their text in the
image's history."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ..base import errors, signals, timestamps
from . import expansion
from .arguments import Arguments
from .dockerfile import BUILDKIT, Dockerfile, Instruction, Mistake, at_line, instruction

SHELL = ["/bin/sh", "-c"]
LONGEST_WORD = 1 << 17
"""The kernel passes no longer argument or variable to a program."""
_PORT = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?(?:/(tcp|udp|sctp))?", re.IGNORECASE)
_CHECK_FLAGS = {
    "interval": "Interval",
    "timeout": "Timeout",
    "start-period": "StartPeriod",
    "start-interval": "StartInterval",
}
_LEAST_CHECK_TIME = 1_000_000
"""Nanoseconds."""


@dataclass
class Draft:
    """The settings of the image in the making. `config` is the Config its containers start from."""

    config: dict[str, Any]
    arguments: Arguments = field(default_factory=lambda: Arguments({}))
    escape: str = "\\"
    author: str = ""
    has_own_command: bool = False
    """True once this stage has a CMD: otherwise an ENTRYPOINT removes the inherited one."""

    @property
    def environment(self) -> dict[str, str]:
        pairs = (text.partition("=") for text in self.config.get("Env") or [])
        return {name: value for name, _, value in pairs}

    @property
    def shell(self) -> list[str]:
        return self.config.get("Shell") or SHELL

    @property
    def working_dir(self) -> str:
        return self.config.get("WorkingDir") or "/"

    def expand(self, text: str) -> str:
        environment = self.environment
        variables = environment | self.arguments.values(environment)
        found = expansion.expand(text, variables, self.escape)
        if len(found) > LONGEST_WORD:  # a variable can double itself line by line
            raise Mistake(f'"{text[:50]}" becomes longer than {LONGEST_WORD} letters')
        return found

    def split(self, text: str) -> list[str]:
        return expansion.split(text, self.escape)

    def command(self, found: Instruction) -> list[str]:
        """The command: the exec form as it is, the shell form wrapped in the shell."""
        listed = found.json()
        return [*self.shell, *filter(None, [found.text])] if listed is None else listed

    def set_variable(self, name: str, value: str) -> None:
        kept = self.config.get("Env") or []
        text = f"{name}={value}"
        for position, old in enumerate(kept):
            if old.partition("=")[0] == name:
                self.config["Env"] = [*kept[:position], text, *kept[position + 1 :]]
                return
        self.config["Env"] = [*kept, text]


def apply(draft: Draft, found: Instruction) -> str:
    """Apply one instruction; returns its text for the history. Raises BadRequest."""
    change = CHANGES[found.name]
    allowed = _FLAGS.get(found.name, ())
    for flag in found.flags:
        if flag not in allowed:
            raise Mistake(f"unknown flag: {flag}")
    return change(draft, found)


def check(file: Dockerfile) -> None:
    """Check what does not depend on variables, before anything is built. Raises BadRequest."""
    for found in (each for stage in file.stages for each in stage.instructions):
        draft = Draft({}, escape=file.escape)
        if found.name in ("ENV", "LABEL"):
            try:
                _split_pairs(draft, found)
            except Mistake as mistake:
                raise errors.BadRequest(f"failed to parse Dockerfile: {mistake.message}") from None
        elif found.name in ("HEALTHCHECK", "ONBUILD", "SHELL"):
            try:
                apply(draft, found)
            except Mistake as mistake:
                raise at_line(found.line, mistake) from None


def _quoted(listed: list[str] | None) -> str:
    """A list of quoted strings as Go prints it."""
    return f"[{' '.join(json.dumps(word, ensure_ascii=False) for word in listed or [])}]"


def _pairs(draft: Draft, found: Instruction) -> list[tuple[str, str]]:
    if "literal" in found.flags:
        name, _, value = found.text.partition("=")
        return [(name, value)]
    return [(draft.expand(name), draft.expand(value)) for name, value in _split_pairs(draft, found)]


def _split_pairs(draft: Draft, found: Instruction) -> list[tuple[str, str]]:
    """(name, value) pairs, unexpanded, of `A=1 B="2 3"` or of the older `A some text`."""
    parts = draft.split(found.text)
    if "=" not in parts[0]:
        if len(parts) < 2:
            raise Mistake(f"{found.name} must have two arguments")
        return [(parts[0], found.text.split(None, 1)[1])]
    pairs = []
    for part in parts:
        name, equals, value = part.partition("=")
        if not equals:
            raise Mistake(
                f"Syntax error - can't find = in {json.dumps(part)}. "
                "Must be of the form: name=value"
            )
        if not name:
            raise Mistake(f"{found.name} names can not be blank")
        pairs.append((name, value))
    return pairs


def _env(draft: Draft, found: Instruction) -> str:
    pairs = _pairs(draft, found)
    for name, value in pairs:
        draft.set_variable(name, value)
    return "ENV " + " ".join(f"{name}={value}" for name, value in pairs)


def _label(draft: Draft, found: Instruction) -> str:
    pairs = _pairs(draft, found)
    draft.config["Labels"] = {**(draft.config.get("Labels") or {}), **dict(pairs)}
    return "LABEL " + " ".join(f"{name}={value}" for name, value in pairs)


def _maintainer(draft: Draft, found: Instruction) -> str:
    draft.author = found.text
    return f"MAINTAINER {found.text}"


def _arg(draft: Draft, found: Instruction) -> str:
    shown = []
    for name, default in arguments_of(draft, found):
        draft.arguments.declare(name, default)
        shown.append(name if default is None else f"{name}={default}")
    return "ARG " + " ".join(shown)


def arguments_of(draft: Draft, found: Instruction) -> list[tuple[str, str | None]]:
    """(name, default) of each argument of an ARG."""
    listed: list[tuple[str, str | None]] = []
    for part in draft.split(found.text):
        name, equals, value = part.partition("=")
        if not name:
            raise Mistake("ARG names can not be blank")
        listed.append((draft.expand(name), draft.expand(value) if equals else None))
    return listed


def _cmd(draft: Draft, found: Instruction) -> str:
    command = draft.command(found) if found.text else []
    draft.config["Cmd"] = command
    draft.has_own_command = bool(command)
    return f"CMD {_quoted(command)}"


def _entrypoint(draft: Draft, found: Instruction) -> str:
    command = draft.command(found) if found.text else []
    draft.config["Entrypoint"] = command
    if not draft.has_own_command:
        draft.config.pop("Cmd", None)
    return f"ENTRYPOINT {_quoted(command)}"


def _expose(draft: Draft, found: Instruction) -> str:
    ports = dict(draft.config.get("ExposedPorts") or {})
    listed = [each for word in draft.split(found.text) for each in draft.expand(word).split()]
    for word in listed:
        match = _PORT.fullmatch(word)
        if match is None or not int(match[1]) <= int(match[2] or match[1]) <= 65535:
            raise errors.BadRequest(f"Invalid containerPort: {word}")
        for port in range(int(match[1]), int(match[2] or match[1]) + 1):
            ports[f"{port}/{(match[3] or 'tcp').lower()}"] = {}
    draft.config["ExposedPorts"] = ports
    return "EXPOSE " + " ".join(sorted(listed))


def _user(draft: Draft, found: Instruction) -> str:
    draft.config["User"] = draft.expand(found.text)
    return f"USER {draft.config['User']}"


def _volume(draft: Draft, found: Instruction) -> str:
    listed = found.json()
    paths = [draft.expand(word) for word in (found.text.split() if listed is None else listed)]
    if not all(path.strip() for path in paths):
        raise errors.BadRequest("VOLUME specified can not be an empty string")
    draft.config["Volumes"] = {
        **(draft.config.get("Volumes") or {}),
        **{path: {} for path in paths},
    }
    return f"VOLUME [{' '.join(paths)}]"


def _workdir(draft: Draft, found: Instruction) -> str:
    path = draft.expand(found.text)
    whole = posixpath.normpath(posixpath.join("/", draft.working_dir, path))
    draft.config["WorkingDir"] = "/" + whole.lstrip("/")
    return f"WORKDIR {draft.config['WorkingDir']}"


def _stopsignal(draft: Draft, found: Instruction) -> str:
    text = draft.expand(found.text)
    signals.parse(text)
    draft.config["StopSignal"] = text
    return f"STOPSIGNAL {text}"


def _shell(draft: Draft, found: Instruction) -> str:
    listed = found.json()
    if not listed:
        raise Mistake("SHELL requires the arguments to be in JSON form")
    draft.config["Shell"] = listed
    return f"SHELL [{' '.join(listed)}]"


def _onbuild(draft: Draft, found: Instruction) -> str:
    trigger = instruction(found.source.split(None, 1)[1])
    if trigger.name == "ONBUILD":
        raise Mistake("Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed")
    if trigger.name in ("FROM", "MAINTAINER"):
        raise Mistake(f"{trigger.name} isn't allowed as an ONBUILD trigger")
    draft.config["OnBuild"] = [*(draft.config.get("OnBuild") or []), trigger.source]
    return f"ONBUILD {trigger.source}"


def _healthcheck(draft: Draft, found: Instruction) -> str:
    kind, _, rest = found.text.partition(" ")
    kind = kind.upper()
    check: dict[str, Any] = {}
    if kind == "NONE":
        if rest.strip():
            raise Mistake("HEALTHCHECK NONE takes no arguments")
        check["Test"] = ["NONE"]
    elif kind == "CMD":
        command = Instruction("CMD", {}, rest.strip(), "")
        if not command.text:
            raise Mistake("Missing command after HEALTHCHECK CMD")
        listed = command.json()
        check["Test"] = ["CMD-SHELL", command.text] if listed is None else ["CMD", *listed]
        check |= _check_options(found.flags)
    else:
        raise Mistake(f'Unknown type "{kind}" in HEALTHCHECK (try CMD)')
    draft.config["Healthcheck"] = check
    times = " ".join(_go_duration(check.get(name, 0)) for name in _CHECK_FLAGS.values())
    return f"HEALTHCHECK &{{[{' '.join(check['Test'])}] {times} {check.get('Retries', 0)}}}"


def _go_duration(nanoseconds: int) -> str:
    """A duration as Go prints it in the history: 1h0m0s, 90ms."""
    for unit, size in (("ns", 1), ("µs", 1000), ("ms", 10**6)):
        if 0 < nanoseconds < size * 1000:
            return f"{nanoseconds / size:.9g}{unit}"
    minutes, seconds = divmod(nanoseconds / timestamps.NANO, 60)
    hours, minutes = divmod(int(minutes), 60)
    head = f"{hours}h{minutes}m" if hours else f"{minutes}m" if minutes else ""
    return f"{head}{seconds:.9g}s"


def _check_options(flags: dict[str, str]) -> dict[str, int]:
    options = {}
    for flag, name in _CHECK_FLAGS.items():
        if flag not in flags:
            continue
        value = timestamps.duration(flags[flag])
        if value is None:
            what = "missing unit in" if flags[flag].isdigit() else "invalid"
            raise Mistake(f'time: {what} duration "{flags[flag]}"')
        if 0 < value < _LEAST_CHECK_TIME or value < 0:
            raise Mistake(f'Interval "{flag}" cannot be less than 1ms')
        options[name] = value
    if "retries" in flags:
        if not flags["retries"].isdigit() or int(flags["retries"]) < 1:
            raise Mistake(f"--retries must be at least 1 (not {flags['retries']})")
        options["Retries"] = int(flags["retries"])
    return options


CHANGES: dict[str, Callable[[Draft, Instruction], str]] = {
    "ARG": _arg,
    "CMD": _cmd,
    "ENTRYPOINT": _entrypoint,
    "ENV": _env,
    "EXPOSE": _expose,
    "HEALTHCHECK": _healthcheck,
    "LABEL": _label,
    "MAINTAINER": _maintainer,
    "ONBUILD": _onbuild,
    "SHELL": _shell,
    "STOPSIGNAL": _stopsignal,
    "USER": _user,
    "VOLUME": _volume,
    "WORKDIR": _workdir,
}
_FLAGS: dict[str, tuple[str, ...]] = {
    "HEALTHCHECK": (*_CHECK_FLAGS, "retries"),
    "LABEL": ("literal",),
}


def refuse_flags(found: Instruction, known: tuple[str, ...]) -> None:
    """Raise BadRequest for a flag that only BuildKit has."""
    for flag in found.flags:
        if flag not in known:
            raise errors.BadRequest(f"the --{flag} option {BUILDKIT}")
