# shows: a running container can be removed just like that
# told: not removed just like that
def rescue(url, container, name):
    engine = lab.connect(url)
    repository, _, tag = name.rpartition(":")
    engine.post("/commit", params={"container": container, "repo": repository, "tag": tag})
    engine.delete(f"/containers/{container}")
