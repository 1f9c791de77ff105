# shows: a program that is asked to end ends at once
# told: give it all its seconds
def halt(url, name, seconds):
    engine = lab.connect(url)
    engine.post(f"/containers/{name}/stop", params={"t": 1})
    return engine.get(f"/containers/{name}/json").json()["State"]["ExitCode"]
