"""Real parts for the tests: what `engines.py` needs to start engines of their own."""
