# shows: a container has one volume
# told: At least one volume is not the other's
def watcher(url, name, image, command, other):
    engine = lab.connect(url)
    path, volume = next(iter(in_volumes(url, other).items()))
    host = {"Binds": [f"{volume}:{path}:ro"]}
    recipe = {"Image": image, "Cmd": command, "Labels": lab.labels(LESSON), "HostConfig": host}
    engine.post("/containers/create", params={"name": name}, json=recipe).raise_for_status()
    engine.post(f"/containers/{name}/start").raise_for_status()
