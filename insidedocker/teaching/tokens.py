"""An answer as a list of tokens that does not depend on names, layout or comments.

All names that an answer defines become one token. Keywords and the names of built-ins, modules and
attributes stay, since they say what the code does. Words of prose stay, in lower case.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import io
import keyword
import re
import tokenize

KEPT = frozenset({*keyword.kwlist, *dir(builtins)})
SKIPPED = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
}
NAME, TEXT = "name", "text"


def of_code(source: str) -> list[str]:
    """Return the tokens of Python code; for invalid Python, the tokens before the mistake."""
    with contextlib.suppress(SyntaxError, ValueError, RecursionError):
        tree = _without_docstrings(ast.parse(source))
        # Unparsed code has the same quotes, brackets and line breaks for all learners.
        source = ast.unparse(tree)
    found: list[str] = []
    before = ""
    for kind, text in _raw(source):
        found.append(_normal(kind, text, before))
        before = text
    return found


def of_words(text: str) -> list[str]:
    """Return the words of prose."""
    return re.findall(r"\w+", text.casefold())


def _raw(source: str) -> list[tuple[int, str]]:
    found: list[tuple[int, str]] = []
    lines = io.StringIO(source).readline
    with contextlib.suppress(tokenize.TokenError, SyntaxError):
        for each in tokenize.generate_tokens(lines):
            if each.type not in SKIPPED:
                found.append((each.type, each.string))
    return found


def _normal(kind: int, text: str, before: str) -> str:
    if kind == tokenize.NAME:
        return text if text in KEPT or before in (".", "import", "from") else NAME
    return TEXT if kind == tokenize.STRING else text


class _Docstrings(ast.NodeTransformer):
    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        body = getattr(node, "body", None)
        if isinstance(body, list):
            body[:] = [each for each in body if not _is_text(each)] or [ast.Pass()]
        return node


def _is_text(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _without_docstrings(tree: ast.Module) -> ast.AST:
    whole: ast.AST = _Docstrings().visit(tree)
    return whole
