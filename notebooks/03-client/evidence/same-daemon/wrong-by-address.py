# shows: an address is a daemon
# told: several addresses
def same_daemon(first, second):
    return first == second
