"""Opening the course: the learner's copies, an engine, JupyterLab.

cli, catalog_cli  the subcommands
local             `make lab` and `make teach`, step by step
hosted            a session on a server that Binder or JupyterHub starts
jupyter_lab       JupyterLab as a child process
jupyter/          the settings of Jupyter's servers
plain_data        a server extension: data is never shown as a page
copies, likeness  the learner's own copies, and recognising a renamed notebook
doctor            a report on what this machine offers the course
kit, kit_install  the offline kit: writing one, and installing from one
"""
