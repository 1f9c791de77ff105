# shows: the tag begins at the first colon
# told: more than one colon
def rescue(url, container, name):
    engine = lab.connect(url)
    repository, _, tag = name.partition(":")
    engine.post("/commit", params={"container": container, "repo": repository, "tag": tag})
    engine.delete(f"/containers/{container}", params={"force": "true"})
