# shows: a volume at the same path is the same volume
# told: The same path does not make it
def watcher(url, name, image, command, other):
    engine = lab.connect(url)
    mounts = engine.get(f"/containers/{other}/json").json()["Mounts"]
    new = {each["Destination"]: {} for each in mounts}
    labels = lab.labels(LESSON)
    recipe = {"Image": image, "Cmd": command, "Labels": labels, "Volumes": new}
    engine.post("/containers/create", params={"name": name}, json=recipe).raise_for_status()
    engine.post(f"/containers/{name}/start").raise_for_status()
