"""Words of an instruction: split as Docker does, variables replaced, quotes removed."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from typing import Any

from ..base import expressions
from .dockerfile import Mistake

_SPECIAL = "@*#!?-$"


def split(text: str, escape: str) -> list[str]:
    """Split at blanks outside of quotes; quotes and escapes are kept for `expand`."""
    words: list[str] = []
    word, quote, position = "", "", 0
    while position < len(text):
        letter = text[position]
        if not quote and letter.isspace():
            if word:
                words.append(word)
                word = ""
        elif letter == escape and quote != "'":
            word += text[position : position + 2]
            position += 1
        else:
            if letter in "\"'" and quote in ("", letter):
                quote = "" if quote else letter
            word += letter
        position += 1
    return [*words, word] if word else words


def expand(word: str, variables: Mapping[str, str], escape: str) -> str:
    """`word` with its variables replaced and its quotes removed. Raises Mistake."""
    try:
        return _Expansion(word, variables, escape).all()
    except Mistake as mistake:
        raise Mistake(f'failed to process "{word}": {mistake.message}') from None


def _pattern(text: str, greedy: bool) -> str:
    """A shell pattern as a regular expression."""
    star = ".*" if greedy else ".*?"
    known = {"*": star, "?": "."}
    return "".join(known.get(letter) or re.escape(letter) for letter in text)


def _search(pattern: str, text: str) -> Any:
    """The match of a regular expression in which `.` is any character."""
    return expressions.compiled(f"(?s){pattern}").search(expressions.searchable(text))


def _replaced(text: str, pattern: str, other: str, count: int) -> str:
    """The text with `other` instead of the first `count` matches (0: all)."""
    found, position = "", 0
    matches = expressions.compiled(f"(?s){pattern}").finditer(expressions.searchable(text))
    for match in itertools.islice(matches, count or None):
        found += text[position : match.start()] + other
        position = match.end()
    return found + text[position:]


class _Expansion:
    def __init__(self, word: str, variables: Mapping[str, str], escape: str) -> None:
        self.word = word
        self.variables = variables
        self.escape = escape
        self.position = 0

    def all(self) -> str:
        return self._until("")

    def _peek(self) -> str:
        return self.word[self.position : self.position + 1]

    def _next(self) -> str:
        letter = self._peek()
        self.position += 1
        return letter

    def _until(self, stop: str) -> str:
        """Read up to the letter `stop` and skip that letter; "" stands for the end of the word."""
        found = ""
        while letter := self._peek():
            if letter == stop:
                self._next()
                return found
            if letter == "'":
                found += self._single()
            elif letter == '"':
                found += self._double()
            elif letter == "$":
                found += self._variable()
            else:
                self._next()
                found += self._next() if letter == self.escape else letter
        if stop:
            raise Mistake(f"syntax error: missing '{stop}'")
        return found

    def _single(self) -> str:
        self._next()
        end = self.word.find("'", self.position)
        if end < 0:
            raise Mistake("unexpected end of statement while looking for matching single-quote")
        found = self.word[self.position : end]
        self.position = end + 1
        return found

    def _double(self) -> str:
        self._next()
        found = ""
        while letter := self._peek():
            if letter == '"':
                self._next()
                return found
            if letter == "$":
                found += self._variable()
                continue
            self._next()
            if letter == self.escape and self._peek() in ('"', "$", self.escape):
                letter = self._next()
            found += letter
        raise Mistake("unexpected end of statement while looking for matching double-quote")

    def _variable(self) -> str:
        self._next()
        if self._peek() != "{":
            name = self._name()
            return self.variables.get(name, "") if name else "$"
        self._next()
        if self._peek() in ("}", ""):
            raise Mistake("syntax error: bad substitution")
        name = self._name()
        mark = self._next()
        if mark == "}":
            return self.variables.get(name, "")
        colon = mark == ":"
        if colon:
            mark = self._next()
        if not colon and mark in ("#", "%", "/"):
            return self._cut(self.variables.get(name, ""), mark)
        if mark not in ("+", "-", "?") or not mark:
            shown = (":" if colon else "") + (mark or "\0")
            raise Mistake(f"unsupported modifier ({shown}) in substitution")
        other = self._until("}")
        value = self.variables.get(name)
        there = value not in (None, "") if colon else value is not None
        if mark == "+":
            return other if there else ""
        if mark == "?" and not there:
            raise Mistake(f"{name}: {other or 'not allowed to be unset'}")
        return (value or "") if there else other

    def _cut(self, value: str, mark: str) -> str:
        """Apply `#` or `%`: remove a pattern from the start or the end of the value (doubled: the
        longest match); or `/`: replace one match (doubled: every match)."""
        twice = self._peek() == mark
        if twice:
            self._next()
        if mark == "/":
            pattern, other = self._until("/"), self._until("}")
            return _replaced(value, _pattern(pattern, greedy=True), other, 0 if twice else 1)
        pattern = _pattern(self._until("}"), greedy=twice)
        if mark == "#":
            match = _search(f"^(?:{pattern})", value)
            return value[match.end() :] if match else value
        before = ".*?" if twice else ".*"
        match = _search(f"^({before})(?:{pattern})$", value)
        return value[: match.end(1)] if match else value

    def _name(self) -> str:
        first = self._peek()
        if first and (first in _SPECIAL or first.isdigit()):
            return self._next()
        found = ""
        while (letter := self._peek()) and (letter == "_" or letter.isalnum()):
            found += self._next()
        return found
