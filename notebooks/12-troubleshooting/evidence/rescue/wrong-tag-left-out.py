# shows: an image's tag is chosen by the engine
# told: two halves of the name
def rescue(url, container, name):
    engine = lab.connect(url)
    repository, _, _tag = name.rpartition(":")
    engine.post("/commit", params={"container": container, "repo": repository})
    engine.delete(f"/containers/{container}", params={"force": "true"})
