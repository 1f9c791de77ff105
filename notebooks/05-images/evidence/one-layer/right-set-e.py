def one_layer(steps):
    lines = ["set -e", *steps]
    return "FROM busybox\nRUN " + "; \\\n    ".join(lines)
