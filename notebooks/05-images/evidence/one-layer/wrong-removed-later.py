# shows: deleting in a later layer removes a secret, and the size
# told: hides a file and takes nothing away
def one_layer(steps):
    *work, last = steps
    return "FROM busybox\nRUN " + " && ".join(work) + f"\nRUN {last}\n"
