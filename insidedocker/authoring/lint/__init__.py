"""The linter for lessons: one module for each thing that is checked, `run` brings them together."""
