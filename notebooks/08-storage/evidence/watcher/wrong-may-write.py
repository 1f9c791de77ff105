# shows: who only reads cannot do harm
# told: ReadOnly in each mount
def watcher(url, name, image, command, other):
    engine = lab.connect(url)
    host = {"VolumesFrom": [other]}
    recipe = {"Image": image, "Cmd": command, "Labels": lab.labels(LESSON), "HostConfig": host}
    engine.post("/containers/create", params={"name": name}, json=recipe).raise_for_status()
    engine.post(f"/containers/{name}/start").raise_for_status()
