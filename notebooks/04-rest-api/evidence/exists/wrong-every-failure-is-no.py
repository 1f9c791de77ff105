# shows: every failure means that the thing is not there
# told: Only 404 means no
def exists(url, name):
    engine = lab.connect(url)
    return engine.get(f"/containers/{name}/json").ok
