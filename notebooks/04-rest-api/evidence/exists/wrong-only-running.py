# shows: a container exists only while it runs
# told: never started is a container too
def exists(url, name):
    engine = lab.connect(url)
    names = []
    for container in engine.get("/containers/json").json():
        names += container["Names"]
    return f"/{name}" in names
