"""A learner's own files beside a notebook, and what they tell of progress."""
