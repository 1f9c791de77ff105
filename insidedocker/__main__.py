"""`python -m insidedocker`, the same as the `insidedocker` command."""

import sys

from insidedocker.cli import main

sys.exit(main())
