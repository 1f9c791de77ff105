"""The course "Inside Docker". `insidedocker_engine`, the engine, is a package of its own.

authoring   lessons as text: text, source notebook, release; the linter
catalog     the course's images as archives that every engine loads
demo        a class with sample submissions, from release to grades
grading     grading of submissions, in a sandbox
lab         what a lesson imports: engines, checks, questions, pictures, the tap
launch      opening the course: copies, engine, JupyterLab, the offline kit
teaching    an instructor's tools
cli         the `insidedocker` command
course      paths of a course's folders and files
errors      UserError, the exception that reaches a person as one sentence
moved       imports of modules by their older names
nbgrader    the classes that an nbgrader_config.py names
place       the folder of the running programs
progress    the progress of a long step, as bars or lines
"""

from insidedocker.moved import know_older_names

know_older_names()
