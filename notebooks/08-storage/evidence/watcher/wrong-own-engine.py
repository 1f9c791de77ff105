# shows: there is one engine
# told: asked another engine
def watcher(url, name, image, command, other):
    host = {"VolumesFrom": [f"{other}:ro"]}
    recipe = {"Image": image, "Cmd": command, "Labels": lab.labels(LESSON), "HostConfig": host}
    engine.post("/containers/create", params={"name": name}, json=recipe)
    engine.post(f"/containers/{name}/start")
