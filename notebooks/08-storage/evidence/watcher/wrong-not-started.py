# shows: creating a container runs it
# told: Start it once it is created
def watcher(url, name, image, command, other):
    host = {"VolumesFrom": [f"{other}:ro"]}
    recipe = {"Image": image, "Cmd": command, "Labels": lab.labels(LESSON), "HostConfig": host}
    answer = lab.connect(url).post(f"/containers/create?name={name}", json=recipe)
    answer.raise_for_status()
