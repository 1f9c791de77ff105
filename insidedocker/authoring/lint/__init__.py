"""The linter for lessons: one module for each check.

run           all checks on the lessons asked for
finding       a finding: place and advice
prose         headings, links and pictures of a Markdown cell, for the checks
form          opening, closing, stated minutes and points
graded_cells  ids, points, objectives, markers, and tests for each answer
feedback      messages of failing checks; no key in a graded question
leaks         no solution, hidden test or output in what learners get
links         links and pictures inside the course
places        no paths of the author's machine
code_style    ruff on the code of lessons
"""
