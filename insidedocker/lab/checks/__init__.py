"""Checks that answer a learner: `check` and `object_checks` for lessons, `fixtures` for what a
check needs on an engine, `check_failed` for what a learner then reads."""
