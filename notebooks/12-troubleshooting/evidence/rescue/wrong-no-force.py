# shows: a running container can be removed just like that
# told: removed with force=true
def rescue(url, container, name):
    engine = lab.connect(url)
    repository, tag = name.split(":")
    engine.post("/commit", params={"container": container, "repo": repository, "tag": tag})
    engine.delete(f"/containers/{container}")
