"""Opening the course: the learner's copies, an engine, JupyterLab."""
