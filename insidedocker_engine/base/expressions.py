"""Regular expressions of clients and of Dockerfiles, by RE2 as with the Engine: the time of a
search grows with the text, whatever the expression. Python's own `re` can take for ever.

Works without the package google-re2 where an expression is plain text.
"""

from __future__ import annotations

import functools
import re
from typing import Any

from . import errors

_PLAIN = re.compile(r"[\w/ ,:=@-]*")
_SURROGATE = re.compile("[\ud800-\udfff]")
"""Bytes of a name that are no UTF-8."""
_MISSING = (
    "this engine has no regular expressions: the Python package google-re2 is not installed "
    "(there may be none for this Python or machine); plain names work"
)


class Invalid(Exception):
    """The text is not a regular expression."""


def found_in(expression: str, *texts: str) -> bool:
    """True where `expression` equals one of `texts` or matches in it. An invalid expression only
    equals, as with the Engine. Raises NotImplementedHere where google-re2 is missing."""
    if expression in texts:
        return True
    if _PLAIN.fullmatch(expression):
        return any(expression in text for text in texts)
    try:
        pattern = compiled(expression)
    except Invalid:
        return False
    return any(pattern.search(searchable(text)) for text in texts)


@functools.lru_cache(maxsize=128)
def compiled(expression: str) -> Any:
    """The compiled expression, with the methods of `re.Pattern`; search `searchable` texts. `.`
    matches all but a line feed. Raises Invalid; NotImplementedHere where google-re2 is missing."""
    try:
        import re2  # when needed: an engine should start quickly
    except ImportError:
        raise errors.NotImplementedHere(_MISSING) from None
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(searchable(expression), options)
    except re2.error as error:
        raise Invalid(_text(error)) from None


def searchable(text: str) -> str:
    """The text with one character for each byte that is no UTF-8, as Go reads it."""
    return _SURROGATE.sub("\ufffd", text)


def _text(error: Exception) -> str:
    told = error.args[0] if error.args else ""
    return told.decode(errors="replace") if isinstance(told, bytes) else str(told)
