# shows: a build needs no image to start from
# told: FROM busybox in the first line
def one_layer(steps):
    return "RUN " + " && ".join(steps) + "\n"
