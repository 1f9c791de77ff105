"""Learners' slips, made out of right solutions: rules over the syntax tree.

A general mutation library (cosmic-ray, mutmut) was looked at and left: it turns operators and
numbers in a whole program and runs its tests, and knows nothing of the slips that count here: a
filter forgotten, the first of many taken, a name compared in part. The few general rules of use
are among these.
"""

from __future__ import annotations

import ast
import difflib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

OWN_ENGINE = "globals()['engine'].url"
"""The address of the engine that the lesson's own cells use, as an answer cell reaches it."""
SLEEP = "__import__('time').sleep(2)"
ADDRESSES = ("unix://", "tcp://", "http+unix://")
MOST_VALUES = 3  # of one parameter that take its place
MOST_TEXT = 2000  # characters of a value that takes a parameter's place

CALLED_INSTEAD = {
    "all": ["any"],
    "any": ["all"],
    "max": ["min"],
    "min": ["max"],
    "reversed": ["list"],
    "set": ["list"],
    "sorted": ["list"],
}
METHOD_INSTEAD = {
    "endswith": ["startswith", "__contains__"],
    "find": ["rfind"],
    "index": ["rindex"],
    "partition": ["rpartition"],
    "removeprefix": ["lstrip"],
    "removesuffix": ["rstrip"],
    "rfind": ["find"],
    "rindex": ["index"],
    "rpartition": ["partition"],
    "rsplit": ["split"],
    "split": ["rsplit"],
    "startswith": ["endswith", "__contains__"],
}
WITHOUT_LAST = {"get", "getattr", "next", "rsplit", "split", "splitlines"}
"""Functions whose last argument is easily forgotten."""
TRANSPARENT = {"casefold", "decode", "lower", "lstrip", "rstrip", "strip", "upper"}
"""Methods that give nearly the value that they are called on."""
CONVERTING = {"int", "float", "str"}
HARMLESS = {"encoding", "timeout", "version"}
"""Named arguments that make no difference where they are left out: the docker SDK negotiates."""
OUTPUTS = {"stdout": "stderr", "stderr": "stdout"}
CLOSED = re.compile(
    r"[A-Z_]+"  # methods, variables
    r"|/.*"  # paths of the API
    r"|running|exited|created|paused|dead"
    r"|(container|image|network|volume)s?"
    r"|attach|create|exec|json|logs|push|resize|start|stop|wait"
)
"""Words of closed vocabularies: none is a part of another, so to compare parts is no slip."""
BOUNDARY: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
}

Replacements = Iterable[ast.AST | None]  # None: the statement, or the node of a list, goes


@dataclass(frozen=True)
class Call:
    """A call of a learner's function by a check, as it was recorded: plain values only."""

    function: str
    arguments: list[Any]
    answer: Any = None


@dataclass(frozen=True)
class Slip:
    """A right solution with one slip in it."""

    rule: str
    source: str
    was: str  # the lines that changed
    now: str  # the lines in their place

    def __str__(self) -> str:
        return f"{self.rule}: {self.was or '(nothing)'}  →  {self.now or '(nothing)'}"


def slips(source: str, calls: Sequence[Call] = ()) -> Iterator[Slip]:
    """Yield each slip once; `calls` are those of the visible checks."""
    tree = ast.parse(source)
    plain = ast.unparse(tree)
    met = {plain}
    for rule, text in [*_by_rules(tree), *_by_calls(tree, calls)]:
        if text not in met:
            met.add(text)
            yield Slip(rule, text, *_changed(plain, text))


def _by_rules(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for parent, field, place, node in list(_places(tree)):
        for name, rule in RULES.items():
            for new in rule(node):
                with_slip = _with(tree, parent, field, place, new)
                if with_slip:
                    yield name, with_slip


def _places(tree: ast.AST) -> Iterator[tuple[ast.AST, str, int | None, ast.AST]]:
    """Every node with its place: parent, field, and index where the field is a list."""
    for parent in ast.walk(tree):
        for field, value in ast.iter_fields(parent):
            if isinstance(value, ast.AST):
                yield parent, field, None, value
            elif isinstance(value, list):
                for place, each in enumerate(value):
                    if isinstance(each, ast.AST):
                        yield parent, field, place, each


def _with(
    tree: ast.Module, parent: ast.AST, field: str, place: int | None, new: ast.AST | None
) -> str:
    """The program's text with another node in a place; empty where none may stand there."""
    if isinstance(parent, ast.JoinedStr) and not isinstance(new, ast.Constant):
        return ""
    kept = getattr(parent, field)
    if place is None:
        setattr(parent, field, new)
    else:
        rest = [*kept[:place], *([] if new is None else [new]), *kept[place + 1 :]]
        setattr(parent, field, rest or [ast.Pass()])
    try:
        return ast.unparse(ast.fix_missing_locations(tree))
    finally:
        setattr(parent, field, kept)


def _by_calls(tree: ast.Module, calls: Sequence[Call]) -> Iterator[tuple[str, str]]:
    """Slips of whole functions: a fixed value for a parameter, a fixed answer."""
    for function in tree.body:
        if not isinstance(function, ast.FunctionDef):
            continue
        mine = [call for call in calls if call.function == function.name]
        if not mine:
            continue
        names = [each.arg for each in function.args.args]
        for place, name in enumerate(names):
            values = _distinct(
                call.arguments[place] for call in mine if place < len(call.arguments)
            )
            if any(isinstance(each, str) and each.startswith(ADDRESSES) for each in values):
                first = f"{name} = {OWN_ENGINE}"
                yield "the lesson's own engine", _begun(tree, function, first)
            for value in values[:MOST_VALUES]:
                yield "a parameter ignored", _begun(tree, function, f"{name} = {value!r}")
        answers = _distinct(call.answer for call in mine)[:MOST_VALUES]
        for answer in _distinct([*answers, True, False, None, [], {}, "", 0]):
            yield "a fixed answer", _begun(tree, function, f"return {answer!r}")


def _distinct(values: Iterable[Any]) -> list[Any]:
    found = {repr(value): value for value in values}
    return [value for text, value in found.items() if len(text) <= MOST_TEXT]


def _begun(tree: ast.Module, function: ast.FunctionDef, statement: str) -> str:
    """The program's text with one more statement at the function's begin."""
    first = int(ast.get_docstring(function) is not None)
    kept = function.body
    within: Any = ast.parse(f"def f():\n    {statement}").body[0]
    function.body = [*kept[:first], *within.body]
    if not statement.startswith("return "):
        function.body += kept[first:]
    try:
        return ast.unparse(tree)
    finally:
        function.body = kept


def _changed(before: str, after: str) -> tuple[str, str]:
    lines = list(difflib.ndiff(before.splitlines(), after.splitlines()))
    was = [line[2:].strip() for line in lines if line.startswith("- ")]
    now = [line[2:].strip() for line in lines if line.startswith("+ ")]
    return "\n".join(was), "\n".join(now)


def _expression(template: str, **nodes: ast.AST) -> ast.AST:
    """An expression from its text; names in it stand for nodes."""

    class Filled(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.AST:
            return nodes.get(node.id, node)

    return Filled().visit(ast.parse(template, mode="eval").body)


def _copy(node: ast.AST, **changes: Any) -> ast.AST:
    return type(node)(**{**dict(ast.iter_fields(node)), **changes})


def _without(node: ast.AST, *fields: str) -> Iterator[ast.AST]:
    """Copies of a node, each without one member of these lists (of the same length)."""
    many = len(getattr(node, fields[0]))
    for place in range(many):
        kept = {f: [e for n, e in enumerate(getattr(node, f)) if n != place] for f in fields}
        yield _copy(node, **kept)


def _number(node: ast.AST) -> int | None:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        number = _number(node.operand)
        return None if number is None else -number
    is_number = isinstance(node, ast.Constant) and type(node.value) is int
    return node.value if is_number else None  # type: ignore[attr-defined]


def _test_dropped(node: ast.AST) -> Replacements:
    match node:
        case ast.If():
            yield _copy(node, test=ast.Constant(True))
            yield _copy(node, test=ast.Constant(False))
        case ast.IfExp(body=body, orelse=otherwise):
            yield body
            yield otherwise
        case ast.comprehension(ifs=[_, *_]):
            yield from _without(node, "ifs")
        case ast.BoolOp(values=[left, right]):
            yield left
            yield right
        case ast.BoolOp():
            yield from _without(node, "values")
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield operand


def _is_closed(value: object) -> bool:
    return not isinstance(value, str) or CLOSED.fullmatch(value) is not None


def _part_for_whole(node: ast.AST) -> Replacements:
    match node:
        case ast.Compare(left=a, ops=[ast.Eq() | ast.NotEq() as op], comparators=[b]):
            if any(isinstance(x, ast.Constant) and _is_closed(x.value) for x in (a, b)):
                return
            no = "not " if isinstance(op, ast.NotEq) else ""
            for text in ("str(b) in str(a)", "str(a) in str(b)", "str(a).startswith(str(b))"):
                yield _expression(no + text, a=a, b=b)
        case ast.Compare(comparators=[ast.List(elts=e) | ast.Tuple(elts=e) | ast.Set(elts=e)]) if (
            all(isinstance(each, ast.Constant) and _is_closed(each.value) for each in e)
        ):
            return
        case ast.Compare(left=a, ops=[ast.In()], comparators=[b]):
            yield _expression("any(str(a) in str(each) for each in b)", a=a, b=b)
        case ast.Compare(left=a, ops=[ast.NotIn()], comparators=[b]):
            yield _expression("not any(str(a) in str(each) for each in b)", a=a, b=b)


def _other_comparison(node: ast.AST) -> Replacements:
    """Another status accepted, a bound itself counted or not, empty taken for None."""
    match node:
        case ast.Compare(left=a, ops=[op], comparators=[b]):
            number = _number(b)
            if type(op) in BOUNDARY:
                yield _copy(node, ops=[BOUNDARY[type(op)]()])
            if number is None:
                return
            status = 100 <= number < 600
            if isinstance(op, ast.Eq | ast.NotEq):
                negated = isinstance(op, ast.NotEq)
                if status:
                    high = "a >= 400" if number >= 400 else "a < 400"
                    wide = f"a // 100 == {number // 100}"
                    for text in (high, wide):
                        yield _expression(f"not ({text})" if negated else text, a=a)
                else:
                    yield _expression(f"not (a >= {number})" if negated else f"a >= {number}", a=a)
            elif status:
                yield _expression(
                    "a >= 500" if isinstance(op, ast.GtE | ast.Gt) else "a == 200", a=a
                )
        case ast.Compare(left=a, ops=[ast.Is()], comparators=[ast.Constant(value=None)]):
            yield _expression("not a", a=a)
        case ast.Compare(left=a, ops=[ast.IsNot()], comparators=[ast.Constant(value=None)]):
            yield a


def _off_by_one(node: ast.AST) -> Replacements:
    """A neighbour, or the other end of a list."""
    match node:
        case ast.Subscript(slice=place) if _number(place) is not None:
            number = _number(place)
            other = 0 if number == -1 else -1 if number == 0 else number - 1  # type: ignore[operator]
            yield _copy(node, slice=ast.Constant(other))
        case ast.Slice(lower=lower, upper=upper):
            for field, bound in (("lower", lower), ("upper", upper)):
                number = _number(bound) if bound is not None else None
                if number is not None:
                    yield _copy(node, **{field: ast.Constant(number + 1)})
                    yield _copy(node, **{field: None})
        case ast.BinOp(op=ast.Add() | ast.Sub(), right=right) if _number(right) is not None:
            yield _copy(node, right=ast.Constant(_number(right) + 1))  # type: ignore[operator]


def _one_of_many(node: ast.AST) -> Replacements:
    if isinstance(node, ast.For | ast.comprehension):
        yield _copy(node, iter=_expression("list(a)[:1]", a=node.iter))
        yield _copy(node, iter=_expression("list(a)[-1:]", a=node.iter))
    if isinstance(node, ast.Break | ast.Continue):
        yield ast.Pass()


def _left_out(node: ast.AST) -> Replacements:
    """A query parameter, header, label, key, word or argument forgotten."""
    match node:
        case ast.Dict(keys=[_, *_]):
            yield from _without(node, "keys", "values")
        case (
            ast.List(elts=[_, _, *_], ctx=ast.Load())
            | ast.Tuple(elts=[_, _, *_], ctx=ast.Load())
            | ast.Set(elts=[_, _, *_])
        ):
            yield from _without(node, "elts")
        case ast.Call(func=function, args=args, keywords=keywords):
            for place, each in enumerate(keywords):
                if each.arg not in HARMLESS:
                    yield _copy(node, keywords=keywords[:place] + keywords[place + 1 :])
            name = getattr(function, "id", "") or getattr(function, "attr", "")
            if name in WITHOUT_LAST and args[1:]:
                yield _copy(node, args=args[:-1])
        case ast.Constant(value=str() as text) if "?" in text and "=" in text:
            path, _, query = text.partition("?")
            parts = query.split("&")
            for place in range(len(parts)):
                rest = "&".join(parts[:place] + parts[place + 1 :])
                yield ast.Constant(f"{path}?{rest}" if rest else path)


def _step_dropped(node: ast.AST) -> Replacements:
    """A statement, or a conversion in an expression."""
    match node:
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr="close"))):
            return  # Python closes it, too
        case ast.Expr(value=ast.Call() | ast.Yield()) | ast.AugAssign() | ast.Raise():
            yield None
        case ast.Call(func=ast.Attribute(attr=name, value=value)) if name in TRANSPARENT:
            yield value
        case ast.Call(func=ast.Name(id=name), args=[value]) if name in CONVERTING:
            yield value


def _other_function(node: ast.AST) -> Replacements:
    match node:
        case ast.Call(func=ast.Name(id=name) as function, args=[first, *_]):
            for other in CALLED_INSTEAD.get(name, []):
                if other == "list":
                    if not isinstance(first, ast.Constant):
                        yield _expression("list(a)", a=first)
                else:
                    yield _copy(node, func=_copy(function, id=other))
        case ast.Call(func=ast.Attribute(attr="split" | "rsplit"), args=[] | [_], keywords=[]):
            return  # without a limit both give the same
        case ast.Call(func=ast.Attribute(attr=name) as function):
            for other in METHOD_INSTEAD.get(name, []):
                yield _copy(node, func=_copy(function, attr=other))


def _outputs(node: ast.AST) -> Replacements:
    """stdout and stderr swapped or joined."""
    match node:
        case ast.Dict(keys=keys, values=values):
            for key, value in zip(keys, values, strict=True):
                other = OUTPUTS.get(getattr(key, "value", None) or "")
                if other and all(getattr(each, "value", None) != other for each in keys):
                    more = [*keys, ast.Constant(other)]
                    yield _copy(node, keys=more, values=[*values, value])
        case ast.Call(keywords=keywords):
            for each in keywords:
                other = OUTPUTS.get(each.arg or "")
                if other and all(one.arg != other for one in keywords):
                    more_keywords = [*keywords, ast.keyword(other, ast.Constant(True))]
                    yield _copy(node, keywords=more_keywords)
        case ast.keyword(arg=str() as name) if name in OUTPUTS:
            yield _copy(node, arg=OUTPUTS[name])
        case ast.Constant(value=str() as text):
            for name, other in OUTPUTS.items():
                if name in text and other not in text:
                    yield ast.Constant(text.replace(name, other))
                    if f"{name}=" in text:
                        yield ast.Constant(f"{text}&{other}=1")


def _sleep_for_wait(node: ast.AST) -> Replacements:
    if isinstance(node, ast.Expr) and "wait" in ast.unparse(node):
        yield _copy(node, value=_expression(SLEEP))


def _caught_too_much(node: ast.AST) -> Replacements:
    match node:
        case ast.ExceptHandler(type=ast.expr() as kind) if ast.unparse(kind) != "Exception":
            yield _copy(node, type=ast.Name("Exception"))
        case ast.Try(handlers=[_, _, *_]):
            yield from _without(node, "handlers")


def _other_value(node: ast.AST) -> Replacements:
    """A number in a command or a setting that is not the one that was asked for."""
    match node:
        case ast.Constant(value=str() as text):
            for number in set(re.findall(r"\b\d{2,}\b", text)):
                if text == number or f" {number}" in text:
                    yield ast.Constant(text.replace(number, "3"))


RULES: dict[str, Callable[[ast.AST], Replacements]] = {
    "a test dropped": _test_dropped,
    "a part for the whole": _part_for_whole,
    "another comparison": _other_comparison,
    "off by one": _off_by_one,
    "another value": _other_value,
    "one of many": _one_of_many,
    "left out": _left_out,
    "a step dropped": _step_dropped,
    "another function": _other_function,
    "outputs swapped or joined": _outputs,
    "a sleep for the wait": _sleep_for_wait,
    "caught too much": _caught_too_much,
}
"""Name of a slip -> the nodes that a learner may write instead of this one."""


def calls_from(text: str) -> list[Call]:
    """Read what `mutants.RECORD` has printed: an empty line where no function was called."""
    found = []
    for line in filter(None, text.splitlines()):
        function, arguments, answer = json.loads(line)
        found.append(
            Call(function, [ast.literal_eval(each) for each in arguments], ast.literal_eval(answer))
        )
    return found
