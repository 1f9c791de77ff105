# shows: the program's version is the API's
# told: The API has a version of its own
def portrait(url):
    engine = lab.connect(url)
    info = engine.get("/info").json()
    return {
        "api": engine.get("/version").json()["Version"],
        "driver": info["Driver"],
        "images": info["Images"],
        "running": info["ContainersRunning"],
        "idle": info["Containers"] - info["ContainersRunning"],
    }
