# shows: a container beside another one does the same
# told: Run the command that the function is handed
def watcher(url, name, image, command, other):
    engine = lab.connect(url)
    command = engine.get(f"/containers/{other}/json").json()["Config"]["Cmd"]
    host = {"VolumesFrom": [f"{other}:ro"]}
    recipe = {"Image": image, "Cmd": command, "Labels": lab.labels(LESSON), "HostConfig": host}
    engine.post("/containers/create", params={"name": name}, json=recipe).raise_for_status()
    engine.post(f"/containers/{name}/start").raise_for_status()
