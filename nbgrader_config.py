"""nbgrader's settings for this course: read by its commands, by Formgrader and by `make sync`."""

import os
import sys
from pathlib import Path

from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor
from nbgrader.preprocessors import GetGrades

from insidedocker.errors import UserError
from insidedocker.grading import settings
from insidedocker.place import need_own_programs
from insidedocker.teaching.feedback import HideHiddenTests

c = get_config()  # noqa: F821  (nbgrader provides it)

here = Path(__file__).resolve().parent

try:
    need_own_programs()
except UserError as error:
    sys.exit(str(error))

c.CourseDirectory.course_id = "insidedocker"
c.CourseDirectory.root = str(here)

# nbgrader starts alembic by its bare name; in an environment that is not activated it is not found.
beside_python = str(Path(sys.executable).parent)
search_path = os.environ.get("PATH", os.defpath)
if beside_python not in search_path.split(os.pathsep):
    os.environ["PATH"] = os.pathsep.join([beside_python, search_path])

# What a learner sees in place of a solution: it runs without an error, and a function that holds
# nothing else returns None, which the checks explain.
c.ClearSolutions.code_stub = {"python": "pass  # Your code goes here: replace this line."}
c.ClearSolutions.text_stub = "*Your answer goes here: replace this line, in your own words.*"

# The mark that tells which text a source notebook was made from stays with the instructor.
c.NotebookExporter.preprocessors = ["insidedocker.nbgrader.DropMadeFrom"]

# The exchange is the user's own, so that nobody needs root; a class sharing one machine names a
# common folder in NBGRADER_EXCHANGE.
data_home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
c.Exchange.root = os.environ.get("NBGRADER_EXCHANGE") or str(
    Path(data_home) / "insidedocker" / "exchange"
)

# On a hub, its groups say who is in the course.
if "JUPYTERHUB_API_TOKEN" in os.environ:
    c.Authenticator.plugin_class = "nbgrader.auth.JupyterHubAuthPlugin"

# The gradebook is a file in this folder; INSIDEDOCKER_GRADEBOOK names a database server instead,
# as in postgresql+psycopg://grader@db.example.org/gradebook.
if gradebook := os.environ.get("INSIDEDOCKER_GRADEBOOK"):
    c.CourseDirectory.db_url = gradebook

# A file beside a submission must not stand in for an installed package.
c.Execute.extra_arguments = ["--IPKernelApp.ignore_cwd=True"]
c.Execute.timeout = 120
c.Execute.startup_timeout = 60

# One command at a time writes into the course, and none calls a success what it has left out.
settings.keep_in_order(c)

# Submissions are walled off and judged from outside (docs/security.md), by whatever button or
# command they are graded. Only INSIDEDOCKER_GRADING=plain has nbgrader run them in your account.
if settings.wanted():
    settings.keep_apart(c)

# Kernels talk over loopback: encrypted where ipykernel can.
c.KernelManager.transport_encryption = "auto"

# Feedback and Formgrader show what learners wrote: no scripts in it, and no ways into a server.
settings.show_as_text(c)

# Nor the hidden tests: those of a quiz hold its key.
c.GenerateFeedback.preprocessors = [GetGrades, HideHiddenTests, CSSHTMLHeaderPreprocessor]

# Grades go out whole, or one sentence says why not.
c.ExportApp.plugin_class = "insidedocker.nbgrader.Csv"

# Late work loses nothing unless c.LatePolicy.penalty_method says so (docs/instructors.md).
c.AssignLatePenalties.plugin_class = "insidedocker.nbgrader.LatePolicy"

# Nobody else on this machine reads learners' work and marks. Where instructors share the course by
# a group, c.CourseDirectory.groupshared = True goes before this line.
settings.keep_private(c, here)
