# shows: stop and kill are the same
# told: give it all its seconds
def halt(url, name, seconds):
    engine = lab.connect(url)
    engine.post(f"/containers/{name}/kill")
    return engine.post(f"/containers/{name}/wait").json()["StatusCode"]
