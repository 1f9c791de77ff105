# shows: who only reads cannot do harm
# told: ReadOnly in each mount
def watcher(url, name, image, command, other):
    engine = lab.connect(url)
    recipe = {"Image": image, "Cmd": command, "HostConfig": {"VolumesFrom": [other]}}
    engine.post("/containers/create", params={"name": name}, json=recipe).raise_for_status()
    engine.post(f"/containers/{name}/start").raise_for_status()
