# shows: stop and rm are the same
# told: Stopping and removing are two things
def halt(url, name, seconds):
    engine = lab.connect(url)
    engine.post(f"/containers/{name}/stop", params={"t": seconds})
    code = engine.get(f"/containers/{name}/json").json()["State"]["ExitCode"]
    engine.delete(f"/containers/{name}")
    return code
