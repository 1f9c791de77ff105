# shows: the order of commands does not matter
# told: are the commands in their order
def one_layer(steps):
    return "FROM busybox\nRUN " + " && ".join(steps[::-1]) + "\n"
