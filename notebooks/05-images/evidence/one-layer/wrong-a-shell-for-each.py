# shows: a cd in one shell counts in the next
# told: in the same shell
import shlex


def one_layer(steps):
    return "FROM busybox\nRUN " + " && ".join(f"sh -c {shlex.quote(step)}" for step in steps)
