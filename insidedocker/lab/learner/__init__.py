"""A learner's own files beside a notebook, and the progress that they show.

progress  what a learner has done so far, from notebooks and saved answers
table     the table of a learner's own progress
variant   values that differ from learner to learner
"""
