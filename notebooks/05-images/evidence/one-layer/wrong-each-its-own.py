# shows: steps of a build share one layer
# told: Do all commands in one step
def one_layer(steps):
    return "FROM busybox\n" + "".join(f"RUN {step}\n" for step in steps)
