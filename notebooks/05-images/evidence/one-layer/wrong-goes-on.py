# shows: a step fails where any of its commands does
# told: after a command that failed
def one_layer(steps):
    return "FROM busybox\nRUN " + "; ".join(steps) + "\n"
