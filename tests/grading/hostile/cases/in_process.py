"""In the process that runs the checks: answers that try to make checks pass without the work."""

from typing import Any

from tests.grading.hostile.case import Case

EQUAL_TO_ALL = """\
class Anything:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __bool__(self): return True
    def __hash__(self): return 0
    def __float__(self): return 1.0
    def __radd__(self, other): return other + 1
def double(value): return Anything()
limit = Anything()
def share(number): return Anything()
"""
SUBCLASS = """\
class Odd({base}):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    __hash__ = {base}.__hash__
def double(value): return Odd()
limit = Odd()
def share(number): return Odd()
"""
NO_ASSERTS = """\
import ast
class Drop(ast.NodeTransformer):
    def visit_Assert(self, node): return ast.Pass()
get_ipython().ast_transformers.append(Drop())
"""
FRAMES = """\
import sys
def double(value):
    frame = sys._getframe(1)
    while frame:
        for name, seen in list(frame.f_locals.items()) + list(frame.f_globals.items()):
            if name in ("cell", "raw_cell", "source") and "21 * " + chr(83) + "TEP" in str(seen):
                return 2 * value
        frame = frame.f_back
    import gc
    for each in gc.get_objects():
        try:
            if isinstance(each, (list, tuple, dict)) and "21 * " + chr(83) + "TEP" in str(each)[:5000]:
                return 2 * value
        except Exception: pass
"""
READ_NUMBER = """\
import re, gc, sys
class Late:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __getattr__(self, name): return Late()
def find():
    text = repr(list(globals().items()))
    text += repr(get_ipython().user_ns.get("In")) + repr(get_ipython().user_ns.get("_ih"))
    found = re.search(r"limit == (\\d+)", text)
    return int(found[1]) if found else None
class Lazy:
    def __eq__(self, other):
        frame = sys._getframe(1)
        return other == frame.f_globals.get("limit") or True
limit = find() or Lazy()
"""
FORGED_REPLY = """\
kernel = getattr(get_ipython(), "kernel", None)
if kernel is not None:
    kernel.do_execute_original = kernel.do_execute
    async def do_execute(code, *more, **named):
        if "assert" in code or "sum(" in code: code = "pass"
        return await kernel.do_execute_original(code, *more, **named)
    kernel.do_execute = do_execute
"""
CONTROL = """\
import os, threading, time, json
def flood():
    answers = [{"value": 4}, {"value": 42}, {"value": "abab"}, {"names": {}}, {"outputs": []},
               {"done": True}, {"cell": 4, "outputs": []}, {"started": True}]
    while True:
        for descriptor in range(3, 40):
            for each in answers:
                try: os.write(descriptor, json.dumps(each).encode() + b"\\n")
                except OSError: pass
        time.sleep(0.2)
threading.Thread(target=flood, daemon=True).start()
"""


def forged(name: str, *lines: str) -> Case:
    """A case of one cell of code; `double` is what it is put into."""
    return Case(name, "in the process", {"double": "\n".join(lines)})


def all_three(name: str, source: str) -> Case:
    return Case(name, "in the process", {"double": source, "limit": "pass", "share": "pass"})


FORGED_PRINTS = """\
import sys
points = {"output_type": "execute_result", "data": {"text/plain": "3"}, "metadata": {}}
for module in list(sys.modules.values()):
    printed = getattr(module, "Printed", None)
    if printed is not None:
        printed.take = lambda self: [points]
import gc, json, os
for descriptor in range(3, 40):
    try: os.write(descriptor, json.dumps({"outputs": [], "printed": [points]}).encode() + b"\\n")
    except OSError: pass
def share(number): return None
"""

CROWD = """\
import insidedocker.grading.pod.codec as w
old = w.dumps
crowd = [{{"output_type": "stream", "name": "stdout", "text": {text}}}] * {many}
w.dumps = lambda message: old({{**message, "printed": crowd, "outputs": crowd}})
"""


def crowded(name: str, text: str, many: int) -> Case:
    return forged(name, CROWD.format(text=text, many=many), "def double(value): return None")


def after_much_output(notebook: Any) -> None:
    """Own cells that use up the room that a notebook's outputs have."""
    for number in range(60):
        source = "print('x' * 150_000)"
        cell = {"cell_type": "code", "source": source, "metadata": {}, "outputs": []}
        notebook["cells"].insert(2, {**cell, "execution_count": None, "id": f"much{number}"})


CASES = [
    crowded("prints-crowd-out-the-verdict", "'x'", 500),
    crowded("prints-stand-just-before-the-verdict", "'x'", 499),
    crowded("prints-without-end-before-the-verdict", "'x' * 40", 20_000),
    crowded("prints-as-large-as-the-room", "'x' * 100_000", 42),
    crowded("prints-as-large-as-a-message", "'x' * 100_000", 150),
    crowded("prints-that-are-no-text", "[[]] * 1000", 500),
    Case(
        "partial-credit-crowded-out",
        "in the process",
        {"share": CROWD.format(text="'x'", many=500) + "def share(number): return 2"},
        most=1.0,
    ),
    Case(
        "partial-credit-behind-much-output",
        "in the process",
        {"share": "def share(number): return 2"},
        edit=after_much_output,
        most=1.0,
    ),
    Case("failure-behind-much-output", "in the process", edit=after_much_output),
    forged("exception-with-a-lone-surrogate", "def double(value): raise ValueError('\\ud800')"),
    forged("cell-fails-with-a-lone-surrogate", "raise ValueError('\\ud800')"),
    forged(
        "displays-a-lone-surrogate",
        "from IPython.display import display",
        "display({'text/plain': '\\ud800', 'text/html': '\\udfff'}, raw=True)",
    ),
    forged(
        "answers-before-their-questions",
        "import insidedocker.grading.pod.codec as w",
        "old = w.dumps",
        "answers = b''.join(old({'value': each}) for each in (4, 42, 'abab'))",
        "def early(message):",
        "    return old(message) + (answers if 'names' in message else b'')",
        "w.dumps = early",
        "def double(value): pass",
    ),
    forged(
        "both-an-error-and-a-value",
        "import insidedocker.grading.pod.codec as w",
        "old = w.dumps",
        "w.dumps = lambda message: old({**message, 'error': None, 'value': None, 'outputs': []})",
        "def double(value): pass",
    ),
    all_three(
        "says-that-our-own-side-has-failed",
        "import errno\nfrom insidedocker.lab.errors import NoEngine, SetupFailed\n"
        "def double(value): raise SetupFailed('The check could not be set up')\n"
        "def share(number): raise OSError(errno.ENOSPC, 'No space left on device')\n"
        "def limit(): raise NoEngine('none')",
    ),
    Case("partial-forged-as-a-print", "in the process", {"share": FORGED_PRINTS}),
    all_three("equal-to-everything", EQUAL_TO_ALL),
    *(
        all_three(f"subclass-of-{base}", SUBCLASS.format(base=base))
        for base in ("int", "str", "list", "dict", "float")
    ),
    forged("asserts-dropped", NO_ASSERTS),
    forged(
        "input-transformer",
        "ip = get_ipython()",
        "ip.input_transformers_cleanup.append(",
        "    lambda lines: ['pass\\n'] if any('assert' in line for line in lines) else lines)",
    ),
    forged(
        "compile-hook",
        "import builtins",
        "old = builtins.compile",
        "def new(source, *a, **k):",
        "    if isinstance(source, str) and 'assert' in source: source = ''",
        "    return old(source, *a, **k)",
        "builtins.compile = new",
        "shell = get_ipython()",
        "shell.compile.ast_parse = lambda source, *a, **k: old('' if 'assert' in source else source,",
        "    '<x>', 'exec', 1024)",
    ),
    forged(
        "optimised-away",
        "ip = get_ipython()",
        "inner = ip.compile.__class__.__call__",
        "def call(self, tree, name, kind, flags=0, optimize=2):",
        "    return compile(tree, name, kind, optimize=2)",
        "ip.compile.__class__.__call__ = call",
    ),
    forged(
        "run-cell-replaced",
        "ip = get_ipython()",
        "old = ip.run_cell",
        "def run_cell(source, *a, **k):",
        "    return old('pass' if 'assert' in source or 'sum(' in source else source, *a, **k)",
        "ip.run_cell = run_cell",
    ),
    forged(
        "run-code-replaced",
        "ip = get_ipython()",
        "async def run_code(code, result=None, **k): return False",
        "ip.run_code = run_code",
    ),
    forged(
        "run-ast-nodes-replaced",
        "ip = get_ipython()",
        "async def nothing(*a, **k): return False",
        "ip.run_ast_nodes = nothing",
    ),
    forged("traceback-silenced", "get_ipython().showtraceback = lambda *a, **k: None"),
    forged("low-traceback-silenced", "get_ipython()._showtraceback = lambda *a, **k: None"),
    forged(
        "custom-exception-handler",
        "get_ipython().set_custom_exc((Exception,), lambda self, e, v, t, tb_offset=None: [])",
    ),
    forged("excepthook", "import sys", "sys.excepthook = lambda *a: None"),
    forged(
        "displayhook",
        "import sys",
        "get_ipython().displayhook.__class__.__call__ = lambda self, result=None: "
        "type(self).mro()[1].__call__(self, 3.0)",
    ),
    forged(
        "assertion-error-replaced",
        "import builtins",
        "class Quiet(Exception):",
        "    def __new__(cls, *a): raise SystemExit(0)",
        "builtins.AssertionError = Quiet",
    ),
    forged(
        "pre-run-hook",
        "ip = get_ipython()",
        "def before(info):",
        "    info.raw_cell = 'pass'",
        "    ip.user_ns['double'] = lambda v: v * 2 if v in (2, 21) else 'abab'",
        "ip.events.register('pre_run_cell', before)",
        "def double(value): raise SystemExit(0)",
    ),
    forged("kernel-executes-nothing", FORGED_REPLY),
    forged(
        "forged-iopub",
        "kernel = get_ipython().kernel",
        "old = kernel.session.send",
        "def send(stream, kind, content=None, *a, **k):",
        "    if kind == 'error' or (isinstance(content, dict) and content.get('status') == 'error'):",
        "        if kind == 'error': return None",
        "        content = {'status': 'ok', 'execution_count': 1, 'user_expressions': {}, 'payload': []}",
        "    return old(stream, kind, content, *a, **k)",
        "kernel.session.send = send",
    ),
    forged("forged-control-messages", CONTROL, "def double(value): return None"),
    forged(
        "two-answers-to-one-call",
        "import os, json",
        "def double(value):",
        "    for descriptor in range(3, 40):",
        "        try: os.write(descriptor, b'{\"value\": 4}\\n' * 9)",
        "        except OSError: pass",
    ),
    forged(
        "patched-sum",
        "import builtins",
        "builtins.sum = lambda *a: 3",
        "sum = lambda *a: 3",
    ),
    forged(
        "patched-builtins",
        "import builtins",
        "builtins.range = builtins.len = builtins.isinstance = lambda *a: True",
    ),
    Case(
        "exported-step",
        "in the process",
        {"double": "STEP = 0\ndef double(value): return 4 if value == 2 else 0"},
    ),
    Case(
        "exported-sum",
        "in the process",
        {"share": "def sum(values): return 3\ndef share(number): return None"},
    ),
    Case(
        "exported-true",
        "in the process",
        {"limit": "__builtins__ = {}\nHIDDEN = True\nlimit = NotImplemented"},
    ),
    forged("frames-and-garbage", FRAMES),
    Case("expected-value-read", "in the process", {"limit": READ_NUMBER}),
    forged(
        "thread-changes-things-later",
        "import threading, time",
        "def later():",
        "    while True:",
        "        globals().update(double=type('D', (), {'__eq__': lambda s, o: True, '__call__': lambda s, v: s})())",
        "        time.sleep(0.01)",
        "threading.Thread(target=later, daemon=True).start()",
    ),
    forged(
        "trace-function",
        "import sys",
        "def trace(frame, event, argument):",
        "    frame.f_trace_lines = True",
        "    return trace",
        "sys.settrace(trace)",
        "def double(value):",
        "    frame = sys._getframe(1)",
        "    raise SystemExit(0)",
    ),
    forged("exit-in-call", "def double(value): raise SystemExit(0)"),
    forged("interrupt-in-call", "def double(value): raise KeyboardInterrupt"),
    forged("generator-exit-in-call", "def double(value): raise GeneratorExit"),
    forged("stop-iteration-in-call", "def double(value): raise StopIteration"),
    Case(
        "stop-iteration-in-sum",
        "in the process",
        {"share": "def share(number): raise StopIteration"},
    ),
    forged(
        "exception-of-forged-class",
        "class AssertionError(BaseException):",
        "    def __str__(self): return '42'",
        "    def __eq__(self, other): return True",
        "AssertionError.__module__ = 'builtins'",
        "AssertionError.__qualname__ = 'KeyboardInterrupt'",
        "def double(value): raise AssertionError()",
    ),
    forged(
        "ctypes-makes-four-five",
        "import ctypes",
        "try:",
        "    for number in (42, 4):",
        "        ctypes.memmove(id(number) + 24, id(0) + 24, 4)",
        "except Exception: pass",
        "def double(value): return 0",
    ),
    Case("partial-nan", "in the process", {"share": "def share(number): return float('nan')"}),
    Case(
        "partial-infinite",
        "in the process",
        {
            "share": "class Big(int):\n    def __eq__(self, other): return float('inf')\ndef share(number): return Big()"
        },
    ),
    Case(
        "partial-negative",
        "in the process",
        {
            "share": "class Less(int):\n    def __eq__(self, other): return -5\ndef share(number): return Less()"
        },
    ),
    Case(
        "partial-too-much",
        "in the process",
        {
            "share": "class More(int):\n    def __eq__(self, other): return 99\ndef share(number): return More()"
        },
    ),
    Case(
        "partial-printed",
        "in the process",
        {
            "share": "from IPython.display import display\ndef share(number):\n    get_ipython().display_pub.publish({'text/plain': '3'})"
        },
    ),
    Case(
        "partial-no-number",
        "in the process",
        {
            "share": "class Text(int):\n    def __eq__(self, o): return self\n    def __radd__(self, o): return 'all points'\ndef share(number): return Text()"
        },
    ),
    forged(
        "pickles-and-reprs",
        "import os",
        "class Evil:",
        "    def __reduce__(self): return (os.system, ('true',))",
        "    def __repr__(self): return '42'",
        "    __str__ = __repr__",
        "    def __eq__(self, other): return repr(other) in ('42', '4', \"'abab'\") or True",
        "def double(value): return Evil()",
    ),
    forged(
        "results-of-dict-views",
        "class Same(dict):",
        "    def items(self): return [(1, 2)]",
        "    def keys(self): return []",
        "    def __eq__(self, other): return True",
        "def double(value): return Same()",
    ),
    forged(
        "requests-patched",
        "import sys, types, math",
        "fake = types.ModuleType('requests')",
        "sys.modules['requests'] = sys.modules['math'] = fake",
        "class Yes:",
        "    __eq__ = lambda s, o: True",
        "double = lambda value: Yes()",
    ),
    forged(
        "double-is-a-class",
        "class double:",
        "    def __init__(self, value): pass",
        "    def __eq__(self, other): return True",
    ),
    forged(
        "double-is-callable-object",
        "class Both:",
        "    def __call__(self, value): return self",
        "    def __eq__(self, other): return True",
        "double = Both()",
    ),
]
