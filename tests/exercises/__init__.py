"""Tests of every lesson's exercises, on every engine.

evidence             the lessons, exercises and solutions to try
play                 a program: plays one lesson on one engine and writes a report
neighbour            other work on the same engine while a lesson is played
test_evidence        references, untouched lessons and solutions get the right points
slips                rules that make learners' slips out of right solutions
mutants              grades slips
test_mutants         a sample of slips is made and refused; benchmarks.mutants tries all
test_misconceptions  docs/misconceptions.md matches the evidence
"""
