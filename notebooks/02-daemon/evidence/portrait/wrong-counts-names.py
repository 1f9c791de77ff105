# shows: every name of an image is an image
# told: Take every entry from the answers
def portrait(url):
    engine = lab.connect(url)
    info = engine.get("/info").json()
    return {
        "api": engine.get("/version").json()["ApiVersion"],
        "driver": info["Driver"],
        "images": sum(len(each["RepoTags"]) for each in engine.get("/images/json").json()),
        "running": info["ContainersRunning"],
        "idle": info["Containers"] - info["ContainersRunning"],
    }
