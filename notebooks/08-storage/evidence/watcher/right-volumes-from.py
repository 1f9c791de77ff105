def watcher(url, name, image, command, other):
    engine = lab.connect(url)
    recipe = {"Image": image, "Cmd": command, "Labels": lab.labels(LESSON)}
    recipe["HostConfig"] = {"VolumesFrom": [f"{other}:ro"]}
    created = engine.post("/containers/create", params={"name": name}, json=recipe).json()
    engine.post(f"/containers/{created['Id']}/start").raise_for_status()
