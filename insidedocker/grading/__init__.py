"""What plugs into nbgrader, and the demonstration of the whole cycle."""
