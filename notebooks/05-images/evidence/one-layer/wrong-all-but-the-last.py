# shows: what only cleans up may be left out
# told: hides a file and takes nothing away
def one_layer(steps):
    return "FROM busybox\nRUN " + " && ".join(steps[:-1]) + "\n"
