# shows: what a container has changed can be had after its removal
# told: the container has taken its changes along
def rescue(url, container, name):
    engine = lab.connect(url)
    repository, _, tag = name.rpartition(":")
    engine.delete(f"/containers/{container}", params={"force": "true"})
    engine.post("/commit", params={"container": container, "repo": repository, "tag": tag})
