"""The tests: a package, so that its modules import each other by name."""

import pytest

# What an assertion compared is shown also for the modules that tests share.
pytest.register_assert_rewrite("tests.support")
