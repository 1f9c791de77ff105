# shows: a container's volumes are those that its image declares
# told: what is mounted is under Mounts
def in_volumes(url, name):
    config = lab.connect(url).get(f"/containers/{name}/json").json()["Config"]
    return {path: path for path in config["Volumes"] or {}}
