"""HTML page that shows pairs of submissions side by side, for a person to judge: one file, without
scripts or external resources."""

from __future__ import annotations

from jinja2 import Environment
from markupsafe import Markup

from insidedocker.teaching import tokens
from insidedocker.teaching.graded import Exercise, GradedClass
from insidedocker.teaching.similarity import LEGEND, Alike, Pair

PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ assignment }}: submissions that are alike</title>
<style>
:root { color-scheme: light dark; --lit: #fff1a8; --line: #8886; }
@media (prefers-color-scheme: dark) { :root { --lit: #5a4a00; } }
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 100rem; }
body { padding: 0 1rem; }
.legend { white-space: pre-line; }
.both { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(20rem, 1fr)); }
figure { margin: 0; min-width: 0; }
pre { border: 1px solid var(--line); border-radius: 4px; overflow-x: auto; padding: .5rem; }
mark { background: var(--lit); color: inherit; }
</style>
</head>
<body>
<h1>{{ assignment }}: submissions that are alike</h1>
<p class="legend">{{ legend }}</p>
<p>Lit lines are in both, names aside, and not in the template.</p>
{% for pair in pairs %}
<section>
<h2>{{ pair.one }} and {{ pair.other }}</h2>
{% for alike in pair.alike %}
<h3>{{ alike.exercise.name }}: {{ "{:.0%}".format(alike.share) }} alike</h3>
<div class="both">
{% for student in (pair.one, pair.other) %}
<figure><figcaption>{{ student }}</figcaption>
<pre tabindex="0">{{ text(pair, alike, student) }}</pre></figure>
{% endfor %}
</div>
{% endfor %}
</section>
{% endfor %}
</body>
</html>
"""


def page(class_: GradedClass, pairs: list[Pair]) -> str:
    """Return the page's HTML."""

    def text(pair: Pair, alike: Alike, student: str) -> Markup:
        other = pair.other if student == pair.one else pair.one
        own, theirs = (class_.works[each][alike.exercise].answer for each in (student, other))
        return lit(own, theirs, alike.exercise)

    template = Environment(autoescape=True).from_string(PAGE)
    return template.render(assignment=class_.assignment, legend=LEGEND, pairs=pairs, text=text)


def lit(own: str, theirs: str, exercise: Exercise) -> Markup:
    """Return `own` with the lines marked that `theirs` has too and the template has not."""
    common = _lines(theirs, exercise.is_code) - _lines(exercise.stub, exercise.is_code)
    return Markup("\n").join(
        Markup("<mark>{}</mark>").format(line)
        if _line(line, exercise.is_code) in common
        else Markup("{}").format(line)
        for line in own.splitlines()
    )


def _lines(source: str, is_code: bool) -> set[tuple[str, ...]]:
    return {found for line in source.splitlines() if (found := _line(line, is_code))}


def _line(line: str, is_code: bool) -> tuple[str, ...]:
    return tuple(tokens.of_code(line.strip()) if is_code else tokens.of_words(line))
