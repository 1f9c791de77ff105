"""Grading: submissions are taken in, run in a sandbox, and given points through nbgrader.

cli                `insidedocker grade`
grade              grades a whole class: notebooks in parallel, then nbgrader's steps
settings           nbgrader's settings, which nbgrader_config.py applies
alone              the course's lock: one run at a time writes into a course
intake             makes an intake folder from a submission
submission_folder  reads the plain files of a learner's folder
rebuild            rebuilds a notebook from the released one and the learner's sources
timestamps         reads the time of handing in
runner             runs one notebook in a pod and watches its time and memory
sandbox            builds pods, and holds the limits of a submission
processes          a process tree and the memory that the tree uses
processors         the number of processors that this process may use
scratch            temporary folders, which a later run removes if their maker was killed
cache              results of runs, kept by what was run
cluster            runs notebooks on a Dask cluster
kept               grading's own table in the gradebook
mishaps            one sentence for each error of the gradebook or the disk
plugins/           classes that nbgrader's commands use
pod/               programs inside a pod: first process, checker, learner's process
"""
