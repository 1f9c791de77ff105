# shows: a volume has its own path in each container
# told: at the path that it has there
def watcher(url, name, image, command, other):
    engine = lab.connect(url)
    binds = [f"{volume}:/watched{path}:ro" for path, volume in in_volumes(url, other).items()]
    recipe = {
        "Image": image,
        "Cmd": command,
        "Labels": lab.labels(LESSON),
        "HostConfig": {"Binds": binds},
    }
    engine.post("/containers/create", params={"name": name}, json=recipe).raise_for_status()
    engine.post(f"/containers/{name}/start").raise_for_status()
