# shows: the engine knows how long a program needs
# told: Hand your parameter on
def halt(url, name, seconds):
    engine = lab.connect(url)
    engine.post(f"/containers/{name}/stop")
    return engine.get(f"/containers/{name}/json").json()["State"]["ExitCode"]
