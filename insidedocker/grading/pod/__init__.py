"""Code that runs inside a grading pod, behind the wall that a reviewer sees. All other packages of
`grading` run outside.

pod_init         the first process: mounts, the learner's sandbox, then becomes the checker
checker_main     the checker process: runs the checks, writes an event for each cell
learner_main     the learner's process, in the inner sandbox: runs the learner's cells
learner_proxy    the learner's process as the checker sees it: runs cells, calls functions
codec            plain data as JSON lines, for the socket between checker and learner's process
setup_values     values of set-up cells, sent from the checker to the learner's process
cells            runs cells as plain Python, and captures what descriptors 1 and 2 get
ipython_cells    runs cells in a bare IPython, for notebooks that need magics or `display`
names            the names that code sets and needs, read from its text
outputs          a cell's outputs in nbformat's form, bounded in size
verdict          the points and the error of one test cell
learner_page     the part of a check's words that learners may read
own_faults       tells failures of the course's own side from those of the learner's work
submission_text  text and names from a submission, made safe for files, databases and pages
"""
