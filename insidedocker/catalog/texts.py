"""The course's own files that go into images, from the folder `files`."""

from __future__ import annotations

import ast
import functools
import hashlib
from pathlib import Path

from insidedocker import parsing

_PACKAGE = Path(__file__).parent
_FILES = _PACKAGE / "files"
_BUILDERS = ("debian.py", "greeting.py", "image_archive.py", "layer.py", "build.py", "recipes.py")
_THE_SAME = {"96bda4bb9611b7d2"}
"""Editions of these same images from when the digest also covered names of modules."""


def text(name: str) -> bytes:
    """The bytes of the file `name`."""
    return (_FILES / name).read_bytes()


def edition() -> str:
    """16 hex digits that change with the course's own part of the images, so that an archive of an
    older course is recognised. A module's place, imports, docstrings and comments do not count:
    they change no image."""
    told = [path.name.encode() + b"\0" + path.read_bytes() for path in _FILES.iterdir()]
    told += [code_of((_PACKAGE / name).read_text(encoding="utf-8")) for name in _BUILDERS]
    return hashlib.sha256(b"\0".join(sorted(told))).hexdigest()[:16]


def is_current(found: str) -> bool:
    """True where a build of today would make the same image as the edition `found`."""
    return found in (_THE_SAME | {edition()})


@functools.cache
def code_of(source: str) -> bytes:
    """A module's lines without imports, docstrings, comment lines and blank lines."""
    left = dict(enumerate(source.splitlines(), 1))
    for node in ast.walk(parsing.tree(source)):
        if not isinstance(node, ast.Import | ast.ImportFrom | ast.Expr):
            continue
        if not isinstance(node, ast.Expr) or isinstance(node.value, ast.Constant):
            for number in range(node.lineno, (node.end_lineno or node.lineno) + 1):
                left.pop(number, None)
    kept = [line for line in left.values() if line.strip() and not line.lstrip().startswith("#")]
    return "\n".join(kept).encode()
