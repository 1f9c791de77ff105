"""Replacements of nbgrader's own parts, which nbgrader_config.py sets by `grading.settings`.

exporter          exporters that wrap runs of autograde, generate_assignment, generate_feedback
preprocessors     runs a notebook in a sandbox, in place of nbgrader's Execute
marks             saves points, in place of nbgrader's SaveAutoGrades; keeps grades by hand
generated         checks that the gradebook and release/ are what source/ gives
collect           `nbgrader collect`, of plain files alone
giving            `nbgrader release_assignment` and `release_feedback`, with checks before them
release_feedback  `nbgrader release_feedback`, one learner after the other
markdown          learners' text and outputs on pages, without HTML or links into the server
"""
