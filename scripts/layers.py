"""Checks which module may import which, by the contracts in pyproject.toml; `make lint` runs it."""

import sys

from importlinter.cli import lint_imports

if __name__ == "__main__":
    sys.exit(lint_imports(no_logo=True, no_cache=True))
