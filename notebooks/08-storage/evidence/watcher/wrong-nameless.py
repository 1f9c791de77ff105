# shows: a container's name goes into its recipe
# told: with the parameter name
def watcher(url, name, image, command, other):
    engine = lab.connect(url)
    host = {"VolumesFrom": [f"{other}:ro"]}
    labels = lab.labels(LESSON)
    recipe = {"Name": name, "Image": image, "Cmd": command, "Labels": labels, "HostConfig": host}
    made = engine.post("/containers/create", json=recipe).json()["Id"]
    engine.post(f"/containers/{made}/start").raise_for_status()
