# shows: commit saves volumes
# told: the same image does not either
def watcher(url, name, image, command, other):
    engine = lab.connect(url)
    made = engine.post("/commit", params={"container": other}).json()["Id"]
    recipe = {"Image": made, "Cmd": command, "Labels": lab.labels(LESSON)}
    engine.post("/containers/create", params={"name": name}, json=recipe).raise_for_status()
    engine.post(f"/containers/{name}/start").raise_for_status()
