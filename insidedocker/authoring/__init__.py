"""Lessons as text: text to source to release, the way back, the linter, the coverage table.

    cli                           the authors' subcommands
    lesson                        a lesson's text: front matter and cells
    shorthand                     one line of shorthand to nbgrader's metadata, and back
    source_notebook               cells to nbgrader's source notebook, and back
    release_notebooks             source notebooks to learners' notebooks
    made_from_filter              keeps sync's marks out of learners' notebooks
    sync                          text to source to release
    import_notebook               edits of a source notebook, back into the text
    adopt                         an instructor's own assignment, turned into texts
    lint/                         the linter
    objectives, coverage          the syllabus, and the table of the lessons that cover it
    cheat_sheet                   the page of commands, requests and SDK calls
    learners_edition, edition/    the learner's edition, and its own README.md and Makefile

This package imports nothing of the engine, the catalogue, the lab or grading.
"""
