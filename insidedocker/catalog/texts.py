"""The files of our own that go into images, as they lie in the folder `files`."""

from __future__ import annotations

import ast
import hashlib
from pathlib import Path

_ROOM = Path(__file__).parent
_FILES = _ROOM / "files"
_BUILDERS = ("debian.py", "greeting.py", "image_archive.py", "layer.py", "build.py", "recipes.py")
_THE_SAME = {"96bda4bb9611b7d2"}
"""What these very images' editions were called when the digest held names of modules, too."""


def text(name: str) -> bytes:
    """The bytes of the file `name`."""
    return (_FILES / name).read_bytes()


def edition() -> str:
    """Changes with our own part of the images, so that an archive of an older course is told. Where
    a module lies, what it imports and what it says in prose make no other image."""
    told = [path.name.encode() + b"\0" + path.read_bytes() for path in _FILES.iterdir()]
    told += [code_of((_ROOM / name).read_text(encoding="utf-8")) for name in _BUILDERS]
    return hashlib.sha256(b"\0".join(sorted(told))).hexdigest()[:16]


def is_current(found: str) -> bool:
    """Whether an archive of this edition is what would be made today."""
    return found in (_THE_SAME | {edition()})


def code_of(source: str) -> bytes:
    """A module's lines without imports, docstrings, comments and blank lines."""
    left = dict(enumerate(source.splitlines(), 1))
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Import | ast.ImportFrom | ast.Expr):
            continue
        if not isinstance(node, ast.Expr) or isinstance(node.value, ast.Constant):
            for number in range(node.lineno, (node.end_lineno or node.lineno) + 1):
                left.pop(number, None)
    kept = [line for line in left.values() if line.strip() and not line.lstrip().startswith("#")]
    return "\n".join(kept).encode()
