"""Measurements, side by side in one run, reported as ratios. None of them is a test."""
