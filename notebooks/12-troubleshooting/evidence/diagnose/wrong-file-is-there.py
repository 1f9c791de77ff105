# shows: a socket file means that the engine runs
# told: no proof that an engine runs
def diagnose(url):
    if not pathlib.Path(url.removeprefix("unix://")).exists():
        return "not running"
    return "healthy"
