# shows: a program has ended as soon as it was asked to
# told: a program to end is not its end
def halt(url, name, seconds):
    engine = lab.connect(url)
    engine.post(f"/containers/{name}/kill?signal=TERM")
    return engine.get(f"/containers/{name}/json").json()["State"]["ExitCode"]
