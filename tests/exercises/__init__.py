"""Tests of every lesson's exercises, on every engine.

evidence             the lessons, exercises and solutions to try
play                 a program: plays one lesson on one engine and writes a report
neighbour            other work on the same engine while a lesson is played
test_evidence        references, untouched lessons and solutions get the right points
test_misconceptions  docs/misconceptions.md matches the evidence
"""
