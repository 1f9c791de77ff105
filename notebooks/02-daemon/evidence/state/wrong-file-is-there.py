# shows: a socket file means that the daemon runs
# told: no proof that an engine runs
def state(url):
    place = pathlib.Path(url.removeprefix("unix://"))
    return "running" if place.is_socket() else "no socket"
