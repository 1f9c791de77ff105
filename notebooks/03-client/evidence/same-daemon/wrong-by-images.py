# shows: the same images mean the same daemon
# told: only look alike
def same_daemon(first, second):
    one, other = lab.connect(first), lab.connect(second)
    return one.get("/images/json").json() == other.get("/images/json").json()
