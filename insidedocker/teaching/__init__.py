"""Reports on a graded class, exports of its grades, and nbgrader plugins for instructors.

Reads nbgrader's gradebook and graded notebooks. Depends on grading; not on lessons or the engine.

    cli             `insidedocker items`, `similar` and `regrade`
    graded          the graded class as plain data
    items           item statistics: difficulty, discrimination, reliability
    misconceptions  check messages -> known misconceptions, from a lesson's evidence
    similarity      pairs of submissions that are too much alike
    side_by_side    the HTML page that shows such pairs
    tokens          an answer as tokens, without names, layout and comments
    regrade         grading again after checks changed, with a list of what changed
    tables          tables for a terminal
    exports         nbgrader exporters: Canvas, Moodle, CSV
    late            nbgrader late policy
    feedback        nbgrader preprocessor: feedback pages without hidden tests
    formgrader      nbgrader's Formgrader, hardened against scripts in learners' files
"""
