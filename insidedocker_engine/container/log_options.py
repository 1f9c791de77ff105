"""The options of a container's log, as Docker's json-file driver has them: LogConfig.Config."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from ..base import errors

DRIVERS = ("json-file", "local")
"""Log drivers whose logs can be read back; both write the same files here."""
KEPT_ONLY = (
    *("compress", "env", "env-regex", "labels", "labels-regex"),
    *("max-buffer-size", "mode", "tag"),
)
"""Options of Docker's that change nothing here."""
_UNITS = {"k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12, "p": 10**15}
_TRUE = ("1", "t", "T", "true", "TRUE", "True")
_FALSE = ("0", "f", "F", "false", "FALSE", "False")


class Limits(NamedTuple):
    """The size of a log on disk."""

    size: int | None = None
    """Bytes of one file, after which a new one is begun; None for no end."""
    files: int = 1
    """Number of files; the oldest goes when there are more."""


NO_END = Limits()
DEFAULTS = {"json-file": NO_END, "local": Limits(20 << 20, 5)}


def check(config: Mapping[str, Any]) -> None:
    """Check a LogConfig. Raises BadRequest, with the Engine's words, which it says at the start."""
    driver, options = config["Type"], config["Config"]
    if driver == "none":
        return
    mode = options.get("mode", "")
    if mode not in ("", "blocking", "non-blocking"):
        raise errors.BadRequest(f"logger: logging mode not supported: {mode}")
    if "max-buffer-size" in options and mode != "non-blocking":
        raise errors.BadRequest(
            "logger: max-buffer-size option is only supported with 'mode=non-blocking'"
        )
    for name in options:
        if name not in (*KEPT_ONLY, "max-size", "max-file"):
            shown = "log driver local" if driver == "local" else f"{driver} log driver"
            raise errors.BadRequest(f"unknown log opt '{name}' for {shown}")
    found = limits(config)
    compress = options.get("compress", "false")
    if compress not in (*_TRUE, *_FALSE):
        raise errors.BadRequest(f'strconv.ParseBool: parsing "{compress}": invalid syntax')
    if compress in _TRUE and (found.files == 1 or found.size is None):
        raise errors.BadRequest(
            "compress cannot be true when max-file is less than 2 or max-size is not set"
        )


def default(texts: list[str]) -> dict[str, str]:
    """The options of `--log-opt`, each NAME=VALUE. Raises BadRequest."""
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise errors.BadRequest(f"invalid value '{text}': NAME=VALUE is needed")
        found[name] = value
    check({"Type": "json-file", "Config": found})
    return found


def limits(config: Mapping[str, Any]) -> Limits:
    """The limits that a LogConfig asks for. Raises BadRequest."""
    options, default = config["Config"], DEFAULTS.get(config["Type"], NO_END)
    size = default.size
    if "max-size" in options:
        size = _size(options["max-size"])
        if size <= 0:
            raise errors.BadRequest("max-size must be a positive number")
    files = default.files
    if "max-file" in options:
        text = options["max-file"]
        if not re.fullmatch(r"[+-]?[0-9]{1,9}", text):
            raise errors.BadRequest(f'strconv.Atoi: parsing "{text}": invalid syntax')
        files = int(text)
        if files < 1:
            raise errors.BadRequest("max-file cannot be less than 1")
    return Limits(size, files)


def of_record(config: Mapping[str, Any]) -> Limits:
    """The limits of a container; those of its driver where an earlier version took other words."""
    try:
        return limits(config)
    except errors.BadRequest:
        return DEFAULTS.get(config["Type"], NO_END)


def _size(text: str) -> int:
    """Bytes of a size in words: 10m, 1.5 GB, 512KiB; units are decimal. Raises BadRequest."""
    found = re.fullmatch(r"(\d{1,15}(?:\.\d{0,15})?|\.\d{1,15}) ?([a-zA-Z]*)", text, re.ASCII)
    if not found:
        raise errors.BadRequest(f"invalid size: '{text}'")
    unit = found[2].lower()
    if not re.fullmatch(r"|b|[kmgtp](?:i?b)?", unit):
        raise errors.BadRequest(f"invalid suffix: '{unit}'")
    return int(float(found[1]) * _UNITS.get(unit[:1], 1))
