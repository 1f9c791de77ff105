# shows: stop and remove are the same
# told: To stop and to remove are two things
def rescue(url, container, name):
    engine = lab.connect(url)
    repository, _, tag = name.rpartition(":")
    engine.post("/commit", params={"container": container, "repo": repository, "tag": tag})
    engine.post(f"/containers/{container}/kill")
