"""The embedded engine: the Docker Engine API over real, unprivileged containers.

It knows nothing of the course, of notebooks or of grading. `start` runs one as a process.
"""

from .process import Handle, StartFailed, start

__all__ = ["Handle", "StartFailed", "start"]
