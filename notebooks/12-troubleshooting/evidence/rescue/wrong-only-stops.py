# shows: stop and remove are the same
# told: whether the old container is still there
def rescue(url, container, name):
    engine = lab.connect(url)
    repository, tag = name.split(":")
    engine.post("/commit", params={"container": container, "repo": repository, "tag": tag})
    engine.post(f"/containers/{container}/kill")
