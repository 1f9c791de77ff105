# shows: a step fails where any of its commands does
# told: the shell goes on whatever happened
def one_layer(steps):
    return "FROM busybox\nRUN " + "; ".join(steps) + "\n"
