"""Lessons as text: text to source to release, the way back, the linter, the coverage table.

This room may import nothing of the engine, the catalogue, the lab or grading.
"""
