"""The tests: a package, so that its modules import each other by name."""

import pytest

# Pytest shows what an assertion compared in test modules; the modules that they share are told here.
pytest.register_assert_rewrite("tests.support")
