# shows: a container without labels is cleaned up, too
# told: Labels go into the request
def watcher(url, name, image, command, other):
    engine = lab.connect(url)
    recipe = {"Image": image, "Cmd": command, "HostConfig": {"VolumesFrom": [f"{other}:ro"]}}
    engine.post("/containers/create", params={"name": name}, json=recipe).raise_for_status()
    engine.post(f"/containers/{name}/start").raise_for_status()
