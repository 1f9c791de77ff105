# shows: the container is the one of the example
# told: two halves of the name
def rescue(url, container, name):
    engine = lab.connect(url)
    repository, _, tag = name.rpartition(":")
    engine.post("/commit", params={"container": "edited", "repo": repository, "tag": tag})
    engine.delete("/containers/edited", params={"force": "true"})
