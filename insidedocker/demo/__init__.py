"""An instructor's whole cycle on sample submissions, in a scratch course.

cli      `insidedocker demo`
cycle    the cycle, with nbgrader's own commands and a real exchange
samples  sample submissions, made from a lesson's evidence
"""
