# shows: whoever looks at volumes is made of the same image
# told: of the image that the function is handed
def watcher(url, name, image, command, other):
    engine = lab.connect(url)
    image = engine.get(f"/containers/{other}/json").json()["Image"]
    host = {"VolumesFrom": [f"{other}:ro"]}
    recipe = {"Image": image, "Cmd": command, "Labels": lab.labels(LESSON), "HostConfig": host}
    engine.post("/containers/create", params={"name": name}, json=recipe).raise_for_status()
    engine.post(f"/containers/{name}/start").raise_for_status()
