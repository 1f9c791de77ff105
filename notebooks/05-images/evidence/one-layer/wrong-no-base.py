# shows: a build needs no image to start from
# told: which image to start from
def one_layer(steps):
    return "RUN " + " && ".join(steps) + "\n"
