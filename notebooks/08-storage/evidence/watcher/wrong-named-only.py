# shows: only what has a name can be mounted
# told: one of them anonymous
def watcher(url, name, image, command, other):
    engine = lab.connect(url)
    asked = engine.get(f"/containers/{other}/json").json()["HostConfig"]["Mounts"]
    host = {"Mounts": [{**each, "ReadOnly": True} for each in asked]}
    recipe = {"Image": image, "Cmd": command, "Labels": lab.labels(LESSON), "HostConfig": host}
    engine.post("/containers/create", params={"name": name}, json=recipe).raise_for_status()
    engine.post(f"/containers/{name}/start").raise_for_status()
