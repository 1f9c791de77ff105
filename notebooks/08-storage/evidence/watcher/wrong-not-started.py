# shows: creating a container runs it
# told: then start it
def watcher(url, name, image, command, other):
    recipe = {"Image": image, "Cmd": command, "HostConfig": {"VolumesFrom": [f"{other}:ro"]}}
    answer = lab.connect(url).post(f"/containers/create?name={name}", json=recipe)
    answer.raise_for_status()
