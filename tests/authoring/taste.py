"""The small lesson that these tests work on, and where it lies."""

from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
LESSON = "04-taste"
