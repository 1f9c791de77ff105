"""What runs inside a grading pod, behind its walls: the first process (`pod_init`), the checker
(`checker_main`) and the process with the learner's code (`learner_main`).

The two talk over one socket (`codec`): the checker holds a learner's functions as
`learner_proxy` objects. All else in `grading` runs outside.
"""
