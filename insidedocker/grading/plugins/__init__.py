"""The classes that nbgrader_config.py puts into nbgrader's own commands, by `grading.settings`."""
