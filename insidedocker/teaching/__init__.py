"""What an instructor wants to know of a graded class, and to hand on.

Reads nbgrader's gradebook and graded notebooks. Knows grading; no lesson and no engine.
"""
