"""An instructor's whole cycle on sample submissions, in a scratch course."""
